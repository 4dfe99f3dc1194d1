//! Bulk files: read a line at a time, decided and saved a chunk at a time.
//!
//! A file is known by its SHA-256 and its source. Each chunk is a command with an idempotency key made of both and its place,
//! so a repeat of a file that was cut off takes up where it stopped, and a repeat of one that was finished gives the first
//! result. A bad row never stops the others.

mod account;
mod bank;
mod company;
mod contested;
mod counted;
mod csv;
mod marks;
mod mirror;
mod new;
mod open;
mod pieces;
mod population;
mod promotion;
mod row;
mod saving;

pub use account::{AccountState, Accounts};
pub(crate) use account::{Asker, Terms, sender_is_known};
pub use bank::Banks;
pub use company::Companies;
pub use csv::{Line, Lines};
pub use mirror::{AsOf, RegisterChange, RegisterState};
pub(crate) use mirror::{Decided, save as save_mirror};
pub use new::AccountChange;
pub(crate) use new::{NewProposal, NewRow};
pub use pieces::{Piece, Pieces, take};
pub use population::Population;
pub use row::{AccountRow, Written};
pub(crate) use saving::{save as save_accounts, save_proposals, save_rows_of};

use crate::row_refusal::RowRefusal;
use kernel::journal::{self, Entry, Rows};
use kernel::merkle::Hash;
use kernel::{Actor, Command, Decision, Env, Error, Id, Once, Operation, Refusal, Refuse, Scope, Writer};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::ops::AddAssign;
use std::sync::mpsc;

/// Rows that become durable together. Large, because a chunk of rows in chance order touches most pages of the directory: the
/// larger the chunk, the fewer times each page is written.
const CHUNK_ROWS: usize = kernel::failpoint::chunk(1 << 18, 4);
/// Memory for the pages that a chunk changes.
const CHUNK_PAGES_BYTES: u64 = 1 << 30;
const READ_BYTES: usize = 1 << 20;

/// Why a file was refused as a whole.
#[derive(Debug, PartialEq, Eq)]
pub enum ImportRefusal {
    /// Its first line is not the header of this kind of file.
    Header(&'static [&'static str]),
    /// No bank of that name is in the directory.
    BankUnknown,
    /// It is not made of lines.
    Endless,
}

impl Refuse for ImportRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Header(_) => "import.header",
            Self::BankUnknown => "bank.unknown",
            Self::Endless => "row.malformed",
        }
    }
}

impl fmt::Display for ImportRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(header) => write!(f, "line 1 must be the header {}", header.join(",")),
            Self::BankUnknown => f.write_str("no bank of that name is in the bank directory"),
            Self::Endless => f.write_str("a line has no end"),
        }
    }
}

/// What a kind of file is about: its header, its rows, and what one more row makes of what is there.
pub trait Source: Sync {
    /// Its row of the policy.
    const OPERATION: Operation;
    /// Its columns, in this order.
    const HEADER: &'static [&'static str];
    /// How many of the last columns a file may be without, so many or none: it says nothing of them then.
    const MAY_LACK: &'static [usize] = &[];
    /// One row, read.
    type Row: Send;
    /// What deciding a chunk of rows needs to know.
    type State;
    /// What a row changes.
    type Change;

    /// Who sends the file: part of what the file is known by, and named in the journal.
    fn sender(&self) -> String;

    /// Reads one row. Pure.
    ///
    /// # Errors
    /// The row is not one.
    fn read(&self, fields: &[&str]) -> Result<Self::Row, RowRefusal>;

    /// Looks up what the rows of a chunk are about.
    ///
    /// # Errors
    /// The store's, or the file is refused as a whole.
    fn load(&self, scope: &Scope<'_>, rows: &[&Self::Row]) -> Result<Self::State, Error>;

    /// Decides one row, after those before it in the chunk. `None`: nothing changes. Pure.
    ///
    /// # Errors
    /// The row's refusal.
    fn decide(&self, state: &mut Self::State, row: &Self::Row, env: &Env) -> Result<Option<Self::Change>, RowRefusal>;

    /// Whether a change waits, and is not so yet.
    fn waits(_: &Self::Change) -> bool {
        false
    }

    /// Saves a chunk's changes.
    ///
    /// # Errors
    /// The store's.
    fn save(&self, scope: &Scope<'_>, changes: &[Self::Change], entry: Entry) -> Result<Vec<Rows>, Error>;
}

/// What became of a file's rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Data rows in the file.
    pub rows: u64,
    /// Those that changed something.
    pub changed: u64,
    /// Those that are proposed, and wait.
    #[serde(default)]
    pub held: u64,
    /// Those that said what is there already.
    pub unchanged: u64,
    /// Those that were refused.
    pub rejected: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.rows += other.rows;
        self.changed += other.changed;
        self.held += other.held;
        self.unchanged += other.unchanged;
        self.rejected += other.rejected;
    }
}

/// The row that a new row of a history follows: one in the store, or one that is saved with it and has no id yet.
enum Link<T> {
    None,
    Stored(Id<T>),
    /// Its place among the changes that are saved together.
    Pending(usize),
}

impl<T> Clone for Link<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Link<T> {}

impl<T> Link<T> {
    /// Its id, given those of the changes that are saved together.
    fn id(self, ids: &[Id<T>]) -> Option<Id<T>> {
        match self {
            Self::None => None,
            Self::Stored(id) => Some(id),
            Self::Pending(place) => Some(ids[place]),
        }
    }
}

/// A row that was refused: its line in the file and why.
pub type Reject = (u64, RowRefusal);

struct Chunk<'c, S: Source> {
    source: &'c S,
    file: &'c Hash,
    first_line: u64,
    rows: Vec<(u64, Result<S::Row, RowRefusal>)>,
}

/// What is kept of a chunk, so that a repeat gives the same answer.
#[derive(Serialize, Deserialize)]
struct Answer {
    counts: Counts,
    rejects: Vec<(u64, String)>,
}

impl<S: Source> Command for Chunk<'_, S> {
    const OPERATION: Operation = S::OPERATION;
    type State = S::State;
    type Change = S::Change;
    type Output = Answer;

    fn once(&self) -> Option<Once> {
        let key = Sha256::new()
            .chain_update(S::OPERATION.name)
            .chain_update([0])
            .chain_update(self.source.sender())
            .chain_update([0])
            .chain_update(self.file)
            .chain_update(self.first_line.to_be_bytes());
        Some(Once::by(key.finalize().into()))
    }

    fn load(&self, scope: &Scope<'_>) -> Result<S::State, Error> {
        let rows: Vec<&S::Row> = self.rows.iter().filter_map(|(_, row)| row.as_ref().ok()).collect();
        self.source.load(scope, &rows)
    }

    fn decide(&self, mut state: S::State, env: &Env) -> Result<Decision<S::Change, Answer>, Refusal> {
        // A repeat of the file gives the same ids, and another file others.
        let chance = self.file[..4].iter().fold(0, |chance, byte| chance << 8 | u32::from(*byte));
        let env = &Env::new(env.now, chance ^ self.first_line as u32);
        let mut changes = Vec::new();
        let mut counts = Counts { rows: self.rows.len() as u64, ..Counts::default() };
        let mut rejects = Vec::new();
        for (line, row) in &self.rows {
            match row.as_ref().map_err(|refusal| *refusal).and_then(|row| self.source.decide(&mut state, row, env)) {
                Ok(Some(change)) => changes.push(change),
                Ok(None) => counts.unchanged += 1,
                Err(refusal) => rejects.push((*line, refusal.code().to_owned())),
            }
        }
        counts.held = changes.iter().filter(|change| S::waits(change)).count() as u64;
        counts.changed = changes.len() as u64 - counts.held;
        counts.rejected = rejects.len() as u64;
        let refusals = journal::list_root(rejects.iter().map(|(line, code)| format!("{line},{code}")));
        let facts = serde_json::json!({
            "sender": self.source.sender(),
            "file": kernel::merkle::to_hex(self.file),
            "first_line": self.first_line,
            "counts": counts,
            "refusals": refusals,
        });
        Ok(Decision::of(changes, facts, Answer { counts, rejects }))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[S::Change], entry: Entry) -> Result<Vec<Rows>, Error> {
        self.source.save(scope, changes, entry)
    }
}

/// Imports a whole file: reading and the blind indexes on one thread, deciding and saving on this one.
///
/// # Errors
/// The file cannot be read or is refused as a whole, or the store failed; the chunks before that stand, and a repeat goes on
/// after them.
pub fn run<S: Source>(
    writer: &mut Writer,
    source: &S,
    mut file: File,
    actor: &Actor,
    env: &mut dyn FnMut() -> Env,
    progress: &mut dyn FnMut(u64),
) -> Result<(Counts, Vec<Reject>), Error> {
    let hash = sha256(&mut file)?;
    file.seek(SeekFrom::Start(0)).map_err(Error::io("the file could not be read again"))?;
    let mut lines = Lines::new(BufReader::with_capacity(READ_BYTES, file));
    if !lines.header_is(S::HEADER, S::MAY_LACK)? {
        return Err(ImportRefusal::Header(S::HEADER).into());
    }
    writer.connection.keep_in_memory(CHUNK_PAGES_BYTES)?;
    let mut counts = Counts::default();
    let mut rejects = Vec::new();
    std::thread::scope(|threads| {
        let (send, receive) = mpsc::sync_channel(1);
        threads.spawn(move || {
            loop {
                let chunk = read_rows(source, &mut lines, CHUNK_ROWS);
                let is_last = !matches!(&chunk, Ok(rows) if rows.len() == CHUNK_ROWS);
                if send.send(chunk).is_err() || is_last {
                    break;
                }
            }
        });
        for rows in receive {
            let rows = rows?;
            let Some((first_line, _)) = rows.first() else { break };
            let chunk = Chunk { source, file: &hash, first_line: *first_line, rows };
            let (counted, rejected) = answered(writer.execute(&chunk, actor, &env())?);
            counts += counted;
            rejects.extend(rejected);
            progress(counts.rows);
        }
        Ok((counts, rejects))
    })
}

fn answered(Answer { counts, rejects }: Answer) -> (Counts, Vec<Reject>) {
    let refusal = |code: &str| RowRefusal::from_code(code).unwrap_or(RowRefusal::Malformed);
    (counts, rejects.into_iter().map(|(line, code)| (line, refusal(&code))).collect())
}

type ReadRows<R> = Vec<(u64, Result<R, RowRefusal>)>;

/// The next rows, at most so many.
fn read_rows<S: Source>(source: &S, lines: &mut Lines<impl Read>, count_max: usize) -> Result<ReadRows<S::Row>, Error> {
    let mut rows = Vec::with_capacity(count_max);
    while rows.len() < count_max {
        let line = lines.next(|fields| {
            let lacks = S::HEADER.len().checked_sub(fields.len());
            let is_row = lacks.is_some_and(|lacks| lacks == 0 || S::MAY_LACK.contains(&lacks));
            if is_row { source.read(fields) } else { Err(RowRefusal::Malformed) }
        })?;
        match line {
            Line::Row(number, row) => rows.push((number, row)),
            Line::Malformed(number) => rows.push((number, Err(RowRefusal::Malformed))),
            Line::End => break,
        }
    }
    Ok(rows)
}

fn sha256(file: &mut File) -> Result<Hash, Error> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; READ_BYTES];
    loop {
        let read = file.read(&mut buffer).map_err(Error::io("the file could not be read"))?;
        if read == 0 {
            return Ok(hasher.finalize().into());
        }
        hasher.update(&buffer[..read]);
    }
}

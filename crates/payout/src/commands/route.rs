//! The main job: a payment file goes in, a completed file and a status report come out.

use super::accept::{Accept, Accepted};
use super::refuse::RefuseFile;
use super::render;
use crate::assemble::{Assembled, Assembly, Writing};
use crate::batch::{self, Batch, Counts};
use crate::gate::Gate;
use crate::index::{Bucket, Indexing};
use crate::judge::Judge;
use crate::message::{Cutter, Fault, StatusFile, Version};
use crate::outputs::{Outputs, PartFile, Parts};
use crate::pass::{KeptInput, Passed, Run};
use crate::payment::State;
use crate::store;
use crate::store::held::HeldPayment;
use crate::work::{Done, Rule, Setting, Stop, Writes};
use denmark::calendar::copenhagen_date;
use kernel::merkle::{Hash, Tree, to_hex};
use kernel::{
    Actor, Connection, Env, Error, Id, Once, Refuse, SWEPT_AFTER_SECONDS, Scope, StoreError, Timestamp, Tx, Writer,
    journal,
};
use registry::bucket::Unsettled;
use registry::payer::{NoAccount, Payer, PayerRefusal};
use registry::resolve;
use registry::terms::Release;
use registry::watch::{Notes, Watched};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};

/// Rows that are staged in one short transaction.
const STAGED_ROWS: usize = kernel::failpoint::chunk(16 * 1024, 8);
/// Such transactions in memory at a time.
const STAGES_IN_FLIGHT: usize = 6;
const READ_BYTES: usize = 1 << 20;
/// Pieces of input that are kept in one short transaction, when it turns out that it has to be.
const KEPT_PIECES: usize = 16;

/// A file to be routed.
pub struct Request<'r> {
    /// The file.
    pub file: &'r Path,
    /// The payer, by name.
    pub payer: &'r str,
    /// Where what is written goes.
    pub out: &'r Path,
    /// Whether everything is to wait for a release.
    pub hold_all: bool,
    /// What time it is: routing is long work.
    pub clock: &'r (dyn Fn() -> Timestamp + Sync),
}

/// A file that was accepted, now or before.
#[derive(Clone, Debug)]
pub struct Routed {
    /// Our name for it.
    pub batch: String,
    /// Whether it had come in before.
    pub duplicate: bool,
    /// What became of its payments.
    pub counts: Counts,
    /// The completed file, if any payment stands in it.
    pub completed: Option<PathBuf>,
    /// The status report.
    pub status: PathBuf,
}

/// A file that was refused as a whole.
#[derive(Clone, Debug)]
pub struct Refused {
    /// Our name for the attempt.
    pub batch: String,
    /// ISO 20022 status reason.
    pub code: &'static str,
    /// With line and place.
    pub text: String,
    /// The line, from 1.
    pub line: u64,
    /// The element, by the names of the schema.
    pub place: String,
    /// The status report, where a message id and a known version could be read.
    pub report: Option<Vec<u8>>,
    /// Where that was written, if it was.
    pub status: Option<PathBuf>,
}

/// Routes a file.
///
/// # Errors
/// The payer is unknown, the file or the folder cannot be used, or the store failed; then nothing has become visible. A file
/// that is refused as a whole is no error: see [`Refused`].
pub fn route(
    writer: &mut Writer,
    request: &Request<'_>,
    actor: &Actor,
    env: &Env,
    progress: &mut dyn FnMut(u64),
) -> Result<Result<Routed, Refused>, Error> {
    crate::policy::ROUTE.require(actor)?;
    let Request { file, payer, out, hold_all, clock } = *request;
    let payer = writer.read(|scope| resolve::payer_by_name(scope, payer))?.ok_or(PayerRefusal::Unknown)?;
    sweep_abandoned(writer, env.now)?;
    let source = Source::File(file);
    if let Some(found) = find_repeated(writer, &payer, &source)? {
        return render::again(writer, &found, file, out).map(Ok);
    }
    let batch: Id<Batch> = env.id();
    let outputs = Outputs::of(out, batch, 0)?;
    let work = Work { payer: &payer, batch, source, outputs: Some(&outputs), hold_all, clock, env, actor, once: None };
    let result = work.run(writer, progress);
    if !matches!(&result, Ok(Became::Real { .. })) {
        // Nobody can see what was staged; it need not lie there until it is swept. If it has to, what became of the file is
        // what is to be told.
        let _ = discard(writer, batch);
    }
    let again = |writer: &mut Writer, batch, duplicate| {
        let real = writer.read(|scope| super::find(scope, &batch::name(batch)))?;
        let routed = render::again(writer, &real, file, out)?;
        Ok(Ok(Routed { duplicate, ..routed }))
    };
    match result? {
        // What was written is not what was decided in the end.
        Became::Real { decided_again: true, .. } => again(writer, batch, false),
        Became::Real { counts, has_completed, .. } => {
            let Outputs { completed, status } = outputs;
            let completed = has_completed.then_some(completed);
            Ok(Ok(Routed { batch: batch::name(batch), duplicate: false, counts, completed, status }))
        }
        Became::Used(batch) => again(writer, batch, true),
        Became::Refused(refused) => Ok(Err(refused)),
    }
}

pub(super) fn open(path: &Path) -> Result<File, Error> {
    File::open(path).map_err(Error::io(format!("{} could not be opened", path.display())))
}

/// Where a file's bytes are: they can be read from the beginning as often as it takes.
pub(super) enum Source<'s> {
    /// At hand.
    File(&'s Path),
    /// Staged already, piece by piece.
    Staged {
        batch: Id<Batch>,
        /// Of the file.
        bytes: u64,
        /// Over the pieces.
        input: Tree,
    },
}

impl Source<'_> {
    fn open(&self, writer: &Writer) -> Result<Box<dyn Read + Send>, Error> {
        Ok(match self {
            Self::File(path) => Box::new(open(path)?),
            Self::Staged { batch, .. } => {
                Box::new(KeptInput::new(writer.store.vault().clone(), writer.store.lend()?, *batch))
            }
        })
    }

    fn hash(&self, writer: &Writer) -> Result<Hash, Error> {
        let mut hasher = Sha256::new();
        each_piece(self.open(writer)?, |read| {
            hasher.update(read);
            read.len()
        })?;
        Ok(hasher.finalize().into())
    }

    fn bytes(&self) -> Result<u64, Error> {
        match self {
            Self::File(path) => {
                let cannot = Error::io(format!("{} could not be read", path.display()));
                Ok(std::fs::metadata(path).map_err(cannot)?.len())
            }
            Self::Staged { bytes, .. } => Ok(*bytes),
        }
    }

    /// The line, from 1, that a byte stands in.
    fn line_of(&self, writer: &Writer, offset: u64) -> Result<u64, Error> {
        let (mut line, mut left) = (1, offset);
        each_piece(self.open(writer)?, |read| {
            let length = read.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            line += read[..length].iter().filter(|byte| **byte == b'\n').count() as u64;
            left -= length as u64;
            length
        })?;
        Ok(line)
    }
}

/// Gives what is read to `take`, piece by piece, until it takes nothing of one.
fn each_piece(source: impl Read, mut take: impl FnMut(&[u8]) -> usize) -> Result<(), Error> {
    let mut reader = BufReader::with_capacity(READ_BYTES, source);
    loop {
        let read = reader.fill_buf().map_err(crate::pass::unread)?;
        let taken = if read.is_empty() { 0 } else { take(read) };
        if taken == 0 {
            return Ok(());
        }
        reader.consume(taken);
    }
}

/// The batch that this very file has become before, if it has.
pub(super) fn find_repeated(writer: &mut Writer, payer: &Payer, source: &Source<'_>) -> Result<Option<Batch>, Error> {
    let head = source.open(writer)?;
    let Some(found) = find_by_head(writer, payer, head)? else { return Ok(None) };
    let hash = source.hash(writer)?;
    Ok(Some(found).filter(|found| found.file_hash == hash))
}

/// The batch of the message id with which a file begins, if this payer has used it.
fn find_by_head(writer: &mut Writer, payer: &Payer, file: impl Read) -> Result<Option<Batch>, Error> {
    let mut cutter = Cutter::new(file, 1);
    // A fault here is met again, and reported, when the whole file is read.
    let _ = cutter.next_chunk();
    let Some(message_id) = cutter.message_id().map(str::to_owned) else { return Ok(None) };
    drop(cutter);
    writer.read(|scope| {
        let key = store::batch::message_key(scope.vault, payer.id, &message_id);
        store::batch::find_by_message(scope, &key)
    })
}

pub(super) fn sweep_abandoned(writer: &mut Writer, now: Timestamp) -> Result<(), Error> {
    let before = now.minus_seconds(SWEPT_AFTER_SECONDS);
    for batch in writer.connection.read(|tx| store::staging::abandoned(tx, before))? {
        match discard(writer, batch) {
            // Somebody else sweeps it already.
            Err(Error::Conflict(_)) => {}
            other => other?,
        }
    }
    Ok(())
}

/// Removes what was staged for a batch that never became real, in short transactions.
pub(crate) fn discard(writer: &mut Writer, batch: Id<Batch>) -> Result<(), Error> {
    while writer.connection.stage(|tx| store::staging::sweep_some(tx, batch))? {}
    writer.connection.stage(|tx| store::staging::forget(tx, batch))
}

/// What became of a file.
pub(super) enum Became {
    /// A batch. `decided_again`: some payments are not what was written of them, so what was written was dropped.
    Real {
        counts: Counts,
        has_completed: bool,
        decided_again: bool,
    },
    /// This batch it was already.
    Used(Id<Batch>),
    Refused(Refused),
}

/// A file, and all that is to be known to make a batch of it.
pub(super) struct Work<'w> {
    pub(super) payer: &'w Payer,
    pub(super) batch: Id<Batch>,
    pub(super) source: Source<'w>,
    /// Where its files go; none are written without.
    pub(super) outputs: Option<&'w Outputs>,
    pub(super) hold_all: bool,
    pub(super) clock: &'w (dyn Fn() -> Timestamp + Sync),
    pub(super) env: &'w Env,
    pub(super) actor: &'w Actor,
    /// By what the request is known again, given the file's hash.
    pub(super) once: Option<&'w (dyn Fn(&Hash) -> Once + Sync)>,
}

impl Work<'_> {
    pub(super) fn run(&self, writer: &mut Writer, progress: &mut dyn FnMut(u64)) -> Result<Became, Error> {
        let mut was_inserted = matches!(self.source, Source::Staged { .. });
        let (vault, watched) = (writer.store.vault().clone(), Watched::recall(writer, self.env.now)?);
        let (next, banks, judge) = writer.connection.stage(|tx| {
            // What is there after that is this process's own: the answer to its commit was lost.
            if !was_inserted || !store::staging::is_there(tx, self.batch)? {
                store::staging::insert(tx, self.batch, self.env.now)?;
                was_inserted = true;
            }
            // Another process may have recorded something since this one read the clock: that holds already.
            let next = journal::next(tx, self.env.now)?;
            let gate = Gate::of_new(self.waits(), next.at);
            let judge = Judge::load(&Scope { tx, vault: &vault }, self.payer, gate, watched.clone(), next.at)?;
            Ok((next, resolve::banks_at(tx, next.number())?, Arc::new(judge)))
        })?;
        let since = next.number();
        let setting = Arc::new(Setting {
            vault,
            batch: self.batch,
            payer: self.payer.clone(),
            banks,
            today: Some(copenhagen_date(self.env.now.to_jiff())),
            rule: Rule::Fresh { judge: Arc::clone(&judge) },
            records: true,
            writes: if self.outputs.is_some() { Writes::BOTH } else { Writes::NONE },
        });
        let parts = self.outputs.map(Parts::create).transpose()?;
        let mut staged = Staged::new(self.batch, self.keeps_input(), !self.waits());
        let mut assembly =
            Assembly::new(Arc::clone(&setting), self.writing(parts.as_ref())?, Some(self.source.bytes()?));
        let passed = self.pass(writer, &setting, &mut assembly, &mut staged, progress)?;
        if let Some(stop) = &passed.stopped {
            // The refusal's own report takes the name.
            drop((assembly, parts));
            return self.refuse(writer, stop, passed.version, passed.message_id.as_deref(), &passed.hash);
        }
        self.accept(writer, assembly.end()?, parts, staged, passed.hash, (since, &judge))
    }

    /// Whether all of it waits to be let go: because it was brought to, or by the agreement.
    fn waits(&self) -> bool {
        self.hold_all || self.payer.agreement.terms.release != Release::AtOnce
    }

    /// Whether the input is kept as it goes by: something is likely to wait, the payer's bank fetches what is completed, or what
    /// comes back is ordered on from the payer's own account, which stands in the input alone.
    fn keeps_input(&self) -> bool {
        let agreement = &self.payer.agreement;
        let may_wait = self.waits() || agreement.no_account == NoAccount::Hold;
        let is_wanted = may_wait || agreement.bank.is_some() || agreement.returns_go_on_to().is_some();
        is_wanted && matches!(self.source, Source::File(_))
    }

    /// Keeps the input of a file of which something waits after all: few do, and they are read once more.
    fn keep_input(&self, writer: &mut Writer, file_hash: &Hash) -> Result<Tree, Error> {
        let vault = writer.store.vault().clone();
        let (mut tree, mut hasher) = (Tree::default(), Sha256::new());
        let mut reader = BufReader::with_capacity(READ_BYTES, self.source.open(writer)?);
        loop {
            let mut pieces = Vec::new();
            while pieces.len() < KEPT_PIECES {
                let read = reader.fill_buf().map_err(crate::pass::unread)?;
                let length = read.len();
                if length == 0 {
                    break;
                }
                hasher.update(read);
                let piece = tree.size() as i64;
                tree.push(store::input::leaf(self.batch, piece, read));
                pieces.push((piece, store::input::seal(&vault, self.batch, piece, read)?));
                reader.consume(length);
            }
            let Some((first, _)) = pieces.first() else { break };
            let now = (self.clock)();
            writer.connection.stage(|tx| {
                store::staging::touch(tx, self.batch, now)?;
                // What is there was this process's own: the answer to its commit was lost.
                if store::input::is_there(tx, self.batch, *first)? {
                    return Ok(());
                }
                store::input::insert_many(tx, self.batch, &pieces)
            })?;
        }
        let hash: Hash = hasher.finalize().into();
        if hash != *file_hash {
            return Err(StoreError::plain("the file was changed while it was read").into());
        }
        Ok(tree)
    }

    fn writing(&self, parts: Option<&Parts>) -> Result<Writing, Error> {
        let nothing = Writing::nothing(batch::name(self.batch), self.env.now.to_jiff());
        let Some(parts) = parts else { return Ok(nothing) };
        let [completed, status] = parts.outputs()?;
        let write_back = Some(parts.write_back()?);
        Ok(Writing { completed: Some(completed), status: Some(status), write_back, ..nothing })
    }

    fn pass(
        &self,
        writer: &mut Writer,
        setting: &Arc<Setting>,
        assembly: &mut Assembly,
        staged: &mut Staged,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Passed, Error> {
        let run = Run::new(self.source.open(writer)?, Arc::clone(setting), self.keeps_input());
        let connections = [writer.store.lend()?, writer.store.lend()?];
        let connection = &mut writer.connection;
        std::thread::scope(|threads| {
            // Staging waits for the disk on a thread of its own.
            let (stage, stages) = mpsc::sync_channel::<Waiting>(STAGES_IN_FLIGHT);
            let stager = threads.spawn(move || {
                stages.into_iter().try_for_each(|rows| rows.stage(connection, self.batch, (self.clock)()))
            });
            let passed = run.go(connections, |mut done| {
                assembly.take(&mut done)?;
                progress(done.chunk.offset + done.chunk.bytes.len() as u64);
                if let Some(full) = staged.take(&mut done) {
                    // Whoever does not listen any more has failed, and tells why below.
                    stage.send(full).map_err(|_| Stop::Error(StoreError::plain("staging stopped").into()))?;
                }
                Ok(done)
            });
            // When it does not listen any more, it tells why.
            let _ = stage.send(staged.rest());
            drop(stage);
            stager.join().unwrap_or_else(|_| Err(StoreError::plain("staging panicked").into()))?;
            passed
        })
    }

    fn accept(
        &self,
        writer: &mut Writer,
        assembled: Assembled,
        parts: Option<Parts>,
        staged: Staged,
        file_hash: Hash,
        (since, judge): (i64, &Judge),
    ) -> Result<Became, Error> {
        let Assembled { has_completed, tally, sent, payees, version, message_id, message_id_at, fault, .. } = assembled;
        let used = writer.read(|scope| {
            let key = store::batch::message_key(scope.vault, self.payer.id, &message_id);
            store::batch::find_by_message(scope, &key)
        })?;
        let is_new = used.as_ref().is_none_or(|used| used.file_hash == file_hash);
        if let Some(fault) = fault.filter(|_| is_new) {
            // The refusal's own report takes the name.
            drop(parts);
            return self.refuse(writer, &fault, Some(version), Some(&message_id), &file_hash);
        }
        if let Some(Parts { completed, status }) = &parts {
            // On the disk before the record says that they exist.
            if has_completed {
                completed.sync()?;
            }
            status.sync()?;
        }
        let mut input = match &self.source {
            Source::File(_) => staged.input,
            Source::Staged { input, .. } => Some(input.clone()),
        };
        if tally.of(State::Held) > 0 && input.is_none() {
            input = Some(self.keep_input(writer, &file_hash)?);
        }
        let mut notes = staged.notes;
        let watched = Watched::recall(writer, self.env.now)?;
        notes.take_over(writer.read(|scope| notes.find_outnamed(scope, &watched, self.env.now))?);
        let mut accept = Accept {
            batch: self.batch,
            payer: self.payer,
            message_id: &message_id,
            version,
            file_hash,
            since,
            hold_all: self.hold_all,
            waits: self.waits(),
            received: self.env.now,
            counts: tally.counts(),
            sent: sent.sent(),
            payees,
            judge,
            notes,
            rows: staged.rows,
            ids: staged.ids,
            input,
            writes_files: parts.is_some(),
            client: self.actor,
            once: self.once.map(|once| once(&file_hash)),
        };
        let mut accepted = writer.execute(&accept, self.actor, &self.env.at((self.clock)()))?;
        if matches!(accepted, Accepted::KeepInput) {
            accept.input = Some(self.keep_input(writer, &file_hash)?);
            accepted = writer.execute(&accept, self.actor, &self.env.at((self.clock)()))?;
        }
        match accepted {
            Accepted::KeepInput => Err(StoreError::plain("a batch whose input was kept asked for it").into()),
            Accepted::New { batch, counts, decided_again } if batch == self.batch.number() => {
                if let Some(Parts { completed, status }) = parts.filter(|_| !decided_again) {
                    if has_completed {
                        completed.place()?;
                    }
                    status.place()?;
                    writer.connection.stage(|tx| store::batch::delete_unwritten(tx, self.batch, 0))?;
                }
                Ok(Became::Real { counts, has_completed, decided_again })
            }
            // The very same request was answered before.
            Accepted::New { batch, .. } | Accepted::Used { batch, same_file: true } => Ok(Became::Used(Id::new(batch))),
            Accepted::Misses => {
                let facts = serde_json::json!({
                    "batch": batch::name(self.batch),
                    "payer": self.payer.agreement.name,
                    "code": Unsettled::Misses.code(),
                    "file": to_hex(&file_hash),
                });
                let refuse = RefuseFile { facts, charged: Some(self.actor) };
                writer.execute(&refuse, self.actor, &self.env.at((self.clock)()))?;
                Err(Unsettled::Misses.into())
            }
            Accepted::Used { same_file: false, .. } => {
                drop(parts);
                let fault = Fault {
                    code: "DU01",
                    offset: message_id_at,
                    place: "/Document/CstmrCdtTrfInitn/GrpHdr/MsgId".to_owned(),
                    text: "The message id was used before, for a file with other content.".to_owned(),
                };
                self.refuse(writer, &fault, Some(version), Some(&message_id), &file_hash)
            }
        }
    }

    /// Reports the refusal to the payer, where the file said enough to do so, and records it.
    fn refuse(
        &self,
        writer: &mut Writer,
        fault: &Fault,
        version: Option<Version>,
        message_id: Option<&str>,
        file_hash: &Hash,
    ) -> Result<Became, Error> {
        let line = self.source.line_of(writer, fault.offset)?;
        let batch = batch::name(self.batch);
        let report = version.zip(message_id).map(|(version, message_id)| {
            let place = format!("Line {line}, {}", fault.place);
            let sentences = [place.as_str(), &fault.text];
            StatusFile::refused(version, &batch, self.env.now.to_jiff(), message_id, fault.code, &sentences)
        });
        let mut status = None;
        if let (Some(report), Some(outputs)) = (&report, self.outputs) {
            let part = PartFile::create(&outputs.status)?;
            let cannot = Error::io(format!("{} could not be written", outputs.status.display()));
            part.handle()?.write_all(report).map_err(cannot)?;
            part.sync()?;
            status = Some(part);
        }
        let facts = serde_json::json!({
            "batch": batch,
            "payer": self.payer.agreement.name,
            "code": fault.code,
            "file": to_hex(file_hash),
        });
        writer.execute(&RefuseFile { facts, charged: None }, self.actor, self.env)?;
        let path = status.as_ref().map(|part| part.path().to_owned());
        status.map(PartFile::place).transpose()?;
        let text = format!("line {line}, {}: {}", fault.place, fault.text);
        let Fault { code, place, .. } = fault.clone();
        Ok(Became::Refused(Refused { batch, code, text, line, place, report, status: path }))
    }
}

/// Rows that wait to be staged together.
#[derive(Default)]
struct Waiting {
    rows: Vec<store::payment::PaymentRow>,
    ids: Vec<store::ids::SealedIds>,
    input: Vec<(i64, Vec<u8>)>,
    index: Vec<Bucket>,
    held: Vec<HeldPayment>,
}

impl Waiting {
    fn stage(&self, connection: &mut Connection, batch: Id<Batch>, now: Timestamp) -> Result<(), Error> {
        connection.stage(|tx| {
            store::staging::touch(tx, batch, now)?;
            if self.is_there(tx, batch)? {
                return Ok(());
            }
            store::payment::insert_many(tx, batch, &self.rows)?;
            store::ids::insert_many(tx, batch, &self.ids)?;
            store::held::insert_many(tx, batch, &self.held)?;
            store::input::insert_many(tx, batch, &self.input)?;
            store::index::insert_many(tx, &self.index)
        })
    }

    /// Whether these very rows were staged, all together, and the answer to the commit was lost: nobody else stages this batch.
    fn is_there(&self, tx: &Tx<'_>, batch: Id<Batch>) -> Result<bool, Error> {
        match (self.rows.first(), self.input.first(), self.index.first()) {
            (Some(row), ..) => store::payment::is_there(tx, batch, row.number),
            (None, Some((piece, _)), _) => store::input::is_there(tx, batch, *piece),
            (None, None, Some(bucket)) => store::index::is_there(tx, &bucket.place),
            (None, None, None) => Ok(false),
        }
    }
}

/// What was staged so far: the trees over it, and what waits.
struct Staged {
    batch: Id<Batch>,
    waiting: Waiting,
    pieces: i64,
    rows: Tree,
    ids: Tree,
    input: Option<Tree>,
    indexing: Indexing,
    /// Whether it is noted what waits for a reason of its own: not while all wait to be let go.
    notes_held: bool,
    /// What it comes to for accounts that are watched.
    notes: Notes,
}

impl Staged {
    fn new(batch: Id<Batch>, keeps_input: bool, notes_held: bool) -> Self {
        let input = keeps_input.then(Tree::default);
        let (waiting, rows, ids) = (Waiting::default(), Tree::default(), Tree::default());
        let (indexing, notes) = (Indexing::new(batch), Notes::default());
        Self { batch, waiting, pieces: 0, rows, ids, input, indexing, notes_held, notes }
    }

    /// Takes the rows of a chunk; gives what waited when it is enough for a transaction.
    fn take(&mut self, done: &mut Done) -> Option<Waiting> {
        if self.notes_held {
            // One whose id stands earlier in the file was refused since.
            let first = done.chunk.first_payment as i64;
            let waits = |held: &HeldPayment| {
                let row = usize::try_from(held.number - first).ok().and_then(|at| done.payments.get(at));
                row.is_some_and(|payment| payment.row.outcome.is_looked_at_again(false))
            };
            self.waiting.held.extend(done.held.drain(..).filter(waits));
        }
        for payment in done.payments.drain(..) {
            payment.note(&mut self.notes);
            let row = payment.row;
            self.rows.push(payment.leaf);
            self.indexing.take(row.number, row.payee.as_ref(), &row.end_to_end, &mut self.waiting.index);
            self.waiting.rows.push(row);
        }
        if let Some(sealed) = done.sealed_ids.take() {
            self.ids.push(sealed.leaf);
            self.waiting.ids.push(sealed);
        }
        if let (Some(input), Some(sealed)) = (&mut self.input, done.sealed_input.take()) {
            input.push(store::input::leaf(self.batch, self.pieces, &done.chunk.bytes));
            self.waiting.input.push((self.pieces, sealed));
            self.pieces += 1;
        }
        (self.waiting.rows.len() >= STAGED_ROWS).then(|| std::mem::take(&mut self.waiting))
    }

    /// What waits when there is no more to take.
    fn rest(&mut self) -> Waiting {
        self.indexing.end(&mut self.waiting.index);
        std::mem::take(&mut self.waiting)
    }
}

//! The main job: a payment file goes in, a completed file and a status report come out.

use super::accept::{Accept, Accepted};
use super::refuse::RefuseFile;
use super::render;
use crate::assemble::{Assembled, Assembly, Writing};
use crate::batch::{self, Batch, Counts};
use crate::message::{Cutter, Fault, StatusFile, Version};
use crate::outputs::{Outputs, PartFile};
use crate::pass::Run;
use crate::store;
use crate::work::{Done, Rule, Setting, Stop};
use denmark::calendar::copenhagen_date;
use kernel::merkle::{Hash, Tree, to_hex};
use kernel::{Actor, Connection, Env, Error, Id, StoreError, Timestamp, Tx, Writer, journal};
use registry::payer::{NoAccount, Payer, PayerRefusal};
use registry::resolve;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::mpsc;

/// Rows that are staged in one short transaction.
const STAGED_ROWS: usize = kernel::failpoint::chunk(16 * 1024, 8);
/// Such transactions in memory at a time.
const STAGES_IN_FLIGHT: usize = 6;
/// Staged work that nobody has touched for so long is abandoned: an hour, and one more, by which the clock of whoever touched it
/// may be behind.
const ABANDONED_AFTER_SECONDS: i64 = 2 * 3600;
const READ_BYTES: usize = 1 << 20;

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
    /// The status report, where a message id and a known version could be read.
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
    let payer = writer.read(|scope| resolve::payer_by_name(scope, request.payer))?.ok_or(PayerRefusal::Unknown)?;
    sweep_abandoned(writer, env.now)?;
    let mut file = open(request.file)?;
    if let Some(found) = find_repeated(writer, &payer, &mut file)? {
        return render::again(writer, &found, request.file, request.out).map(Ok);
    }
    let batch: Id<Batch> = env.id();
    let outputs = Outputs::of(request.out, batch, 0)?;
    let work = Work { payer: &payer, batch, request, env, outputs: &outputs };
    let result = work.run(writer, file, actor, progress);
    if !matches!(&result, Ok(Ok(Routed { duplicate: false, .. }))) {
        // Nobody can see what was staged; it need not lie there until it is swept. If it has to, what became of the file is
        // what is to be told.
        let _ = discard(writer, batch);
    }
    result
}

pub(super) fn open(path: &Path) -> Result<File, Error> {
    File::open(path).map_err(Error::io(format!("{} could not be opened", path.display())))
}

/// The batch that this very file has become before, if it has.
fn find_repeated(writer: &mut Writer, payer: &Payer, file: &mut File) -> Result<Option<Batch>, Error> {
    let mut cutter = Cutter::new(&mut *file, 1);
    // A fault here is met again, and reported, when the whole file is read.
    let _ = cutter.next_chunk();
    let message_id = cutter.message_id().map(str::to_owned);
    drop(cutter);
    let found = match message_id {
        None => None,
        Some(message_id) => writer.read(|scope| {
            let key = store::batch::message_key(scope.vault, payer.id, &message_id);
            store::batch::find_by_message(scope, &key)
        })?,
    };
    let cannot = || Error::io("the file could not be read");
    file.seek(SeekFrom::Start(0)).map_err(cannot())?;
    let Some(found) = found else { return Ok(None) };
    let mut hasher = Sha256::new();
    let mut reader = BufReader::with_capacity(READ_BYTES, &mut *file);
    loop {
        let read = reader.fill_buf().map_err(cannot())?;
        if read.is_empty() {
            break;
        }
        hasher.update(read);
        let length = read.len();
        reader.consume(length);
    }
    file.seek(SeekFrom::Start(0)).map_err(cannot())?;
    let hash: Hash = hasher.finalize().into();
    Ok(Some(found).filter(|found| found.file_hash == hash))
}

fn sweep_abandoned(writer: &mut Writer, now: Timestamp) -> Result<(), Error> {
    let before = now.minus_seconds(ABANDONED_AFTER_SECONDS);
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
fn discard(writer: &mut Writer, batch: Id<Batch>) -> Result<(), Error> {
    while writer.connection.stage(|tx| store::staging::sweep_some(tx, batch))? {}
    writer.connection.stage(|tx| store::staging::forget(tx, batch))
}

struct Work<'w> {
    payer: &'w Payer,
    batch: Id<Batch>,
    request: &'w Request<'w>,
    env: &'w Env,
    outputs: &'w Outputs,
}

impl Work<'_> {
    fn run(
        &self,
        writer: &mut Writer,
        file: File,
        actor: &Actor,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Result<Routed, Refused>, Error> {
        let mut was_inserted = false;
        let (next, banks) = writer.connection.stage(|tx| {
            // What is there after that is this process's own: the answer to its commit was lost.
            if !was_inserted || !store::staging::is_there(tx, self.batch)? {
                store::staging::insert(tx, self.batch, self.env.now)?;
                was_inserted = true;
            }
            let next = journal::next(tx, self.env.now)?;
            Ok((next, resolve::banks_at(tx, next.number())?))
        })?;
        let since = next.number();
        let vault = writer.store.vault().clone();
        let setting = Setting {
            vault: &vault,
            batch: self.batch,
            payer: self.payer,
            banks: &banks,
            today: Some(copenhagen_date(self.env.now.to_jiff())),
            // Another process may have recorded something since this one read the clock: that holds already.
            rule: Rule::Fresh { now: next.at, hold_all: self.request.hold_all },
            records: true,
        };
        let writing = Writing {
            completed: PartFile::create(&self.outputs.completed)?,
            status: PartFile::create(&self.outputs.status)?,
            new_message_id: None,
            status_id: batch::name(self.batch),
            created: self.env.now.to_jiff(),
        };
        let cannot = || Error::io(format!("{} could not be read", self.request.file.display()));
        let file_bytes = file.metadata().map_err(cannot())?.len();
        let keeps_input = self.request.hold_all || self.payer.agreement.no_account == NoAccount::Hold;
        let mut staged = Staged::new(self.batch, keeps_input);
        let mut assembly = Assembly::new(&setting, writing, Some(file_bytes))?;
        let run = Run::new(file, &setting, keeps_input);
        let connections = [writer.store.connect()?, writer.store.connect()?];
        let connection = &mut writer.connection;
        let head = std::thread::scope(|threads| {
            // Staging waits for the disk on a thread of its own.
            let (stage, stages) = mpsc::sync_channel::<Waiting>(STAGES_IN_FLIGHT);
            let stager = threads.spawn(move || {
                stages.into_iter().try_for_each(|rows| rows.stage(connection, self.batch, (self.request.clock)()))
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
            let _ = stage.send(std::mem::take(&mut staged.waiting));
            drop(stage);
            stager.join().unwrap_or_else(|_| Err(StoreError::plain("staging panicked").into()))?;
            passed
        })?;
        let (hash, stopped) = (head.hash, head.stopped);
        if let Some(stop) = stopped {
            // The refusal's own report takes the name.
            drop(assembly);
            return self.refuse(writer, actor, stop, head.version, head.message_id.as_deref(), &hash).map(Err);
        }
        let assembled = assembly.end()?;
        self.accept(writer, actor, assembled, staged, hash, since)
    }

    fn accept(
        &self,
        writer: &mut Writer,
        actor: &Actor,
        assembled: Assembled,
        staged: Staged,
        file_hash: Hash,
        since: i64,
    ) -> Result<Result<Routed, Refused>, Error> {
        let Assembled { writing, has_completed, tally, version, message_id, message_id_at, fault } = assembled;
        let used = writer.read(|scope| {
            let key = store::batch::message_key(scope.vault, self.payer.id, &message_id);
            store::batch::find_by_message(scope, &key)
        })?;
        let refuse = |writer: &mut Writer, fault| {
            self.refuse(writer, actor, fault, Some(version), Some(&message_id), &file_hash).map(Err)
        };
        let is_new = used.as_ref().is_none_or(|used| used.file_hash == file_hash);
        if let Some(fault) = fault.filter(|_| is_new) {
            // The refusal's own report takes the name.
            drop(writing);
            return refuse(writer, fault);
        }
        // On the disk before the record says that they exist.
        if has_completed {
            writing.completed.sync()?;
        }
        writing.status.sync()?;
        let accept = Accept {
            batch: self.batch,
            payer: self.payer,
            message_id: &message_id,
            file_hash,
            since,
            hold_all: self.request.hold_all,
            received: self.env.now,
            counts: tally.counts(),
            rows: staged.rows,
            ids: staged.ids,
            input: staged.input,
        };
        match writer.execute(&accept, actor, &self.env.at((self.request.clock)()))? {
            Accepted::New { counts, decided_again: false } => {
                let Outputs { completed, status } = self.outputs;
                let completed = has_completed.then(|| completed.clone());
                if has_completed {
                    writing.completed.place()?;
                }
                writing.status.place()?;
                writer.connection.stage(|tx| store::batch::delete_unwritten(tx, self.batch, 0))?;
                let batch = batch::name(self.batch);
                Ok(Ok(Routed { batch, duplicate: false, counts, completed, status: status.clone() }))
            }
            Accepted::New { decided_again: true, .. } => {
                // What was written is not what was decided in the end.
                drop(writing);
                let real = writer.read(|scope| super::find(scope, &batch::name(self.batch)))?;
                let routed = render::again(writer, &real, self.request.file, self.request.out)?;
                Ok(Ok(Routed { duplicate: false, ..routed }))
            }
            Accepted::Used { batch, same_file: true } => {
                drop(writing);
                let real = writer.read(|scope| super::find(scope, &batch::name(Id::new(batch))))?;
                render::again(writer, &real, self.request.file, self.request.out).map(Ok)
            }
            Accepted::Used { same_file: false, .. } => {
                drop(writing);
                let fault = Fault {
                    code: "DU01",
                    offset: message_id_at,
                    place: "/Document/CstmrCdtTrfInitn/GrpHdr/MsgId".to_owned(),
                    text: "The message id was used before, for a file with other content.".to_owned(),
                };
                refuse(writer, fault)
            }
        }
    }

    /// Reports the refusal to the payer, where the file said enough to do so, and records it.
    fn refuse(
        &self,
        writer: &mut Writer,
        actor: &Actor,
        fault: Fault,
        version: Option<Version>,
        message_id: Option<&str>,
        file_hash: &Hash,
    ) -> Result<Refused, Error> {
        let line = line_of(self.request.file, fault.offset)?;
        let text = format!("line {line}, {}: {}", fault.place, fault.text);
        let batch = batch::name(self.batch);
        let mut status = None;
        if let (Some(version), Some(message_id)) = (version, message_id) {
            let part = PartFile::create(&self.outputs.status)?;
            let created = self.env.now.to_jiff();
            let place = format!("Line {line}, {}", fault.place);
            let sentences = [place.as_str(), &fault.text];
            StatusFile::refused(part.handle()?, version, &batch, created, message_id, fault.code, &sentences)
                .map_err(Error::io(format!("{} could not be written", self.outputs.status.display())))?;
            part.sync()?;
            status = Some(part);
        }
        let facts = serde_json::json!({
            "batch": batch,
            "payer": self.payer.agreement.name,
            "code": fault.code,
            "file": to_hex(file_hash),
        });
        writer.execute(&RefuseFile { facts }, actor, self.env)?;
        let path = status.is_some().then(|| self.outputs.status.clone());
        status.map(PartFile::place).transpose()?;
        Ok(Refused { batch, code: fault.code, text, status: path })
    }
}

/// The line, from 1, that a byte of a file stands in.
fn line_of(path: &Path, offset: u64) -> Result<u64, Error> {
    let mut line = 1;
    let mut left = offset;
    let mut reader = BufReader::with_capacity(READ_BYTES, open(path)?);
    loop {
        let read = reader.fill_buf().map_err(Error::io("the file could not be read"))?;
        if read.is_empty() || left == 0 {
            return Ok(line);
        }
        let length = read.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        line += read[..length].iter().filter(|byte| **byte == b'\n').count() as u64;
        left -= length as u64;
        reader.consume(length);
    }
}

/// Rows that wait to be staged together.
#[derive(Default)]
struct Waiting {
    rows: Vec<store::payment::PaymentRow>,
    ids: Vec<store::ids::SealedIds>,
    input: Vec<(i64, Vec<u8>)>,
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
            store::input::insert_many(tx, batch, &self.input)
        })
    }

    /// Whether these very rows were staged, all together, and the answer to the commit was lost: nobody else stages this batch.
    fn is_there(&self, tx: &Tx<'_>, batch: Id<Batch>) -> Result<bool, Error> {
        match (self.rows.first(), self.input.first()) {
            (Some(row), _) => store::payment::is_there(tx, batch, row.number),
            (None, Some((piece, _))) => store::input::is_there(tx, batch, *piece),
            (None, None) => Ok(false),
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
}

impl Staged {
    fn new(batch: Id<Batch>, keeps_input: bool) -> Self {
        let input = keeps_input.then(Tree::default);
        Self { batch, waiting: Waiting::default(), pieces: 0, rows: Tree::default(), ids: Tree::default(), input }
    }

    /// Takes the rows of a chunk; gives what waited when it is enough for a transaction.
    fn take(&mut self, done: &mut Done) -> Option<Waiting> {
        for payment in done.payments.drain(..) {
            self.rows.push(payment.leaf);
            self.waiting.rows.push(payment.row);
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
}

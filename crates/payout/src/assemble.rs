//! Puts what was done of a payment file together, in its order: the completed file, the status report, the counts.

use crate::batch::{Counts, Tally};
use crate::foresight::Foresight;
use crate::message::{
    BlockHead, Chunk, CompletedFile, Fault, FileHead, GroupStatus, Output, Part, StatusFile, Version, write_removed,
};
use crate::outputs::WriteBack;
use crate::payment::{Decided, State, Verdict, carried_out};
use crate::reason::Reason;
use crate::seen::Seen;
use crate::store::ids::Ids;
use crate::store::payment::leaf;
use crate::work::{Completion, Done, Ruling, Setting, Stop, Worked, report};
use denmark::Decimal;
use jiff::Timestamp;
use kernel::merkle::Encoder;
use kernel::{Error, StoreError};
use std::io;
use std::sync::Arc;

/// The smallest payment that the schema allows has more bytes than this.
const PAYMENT_BYTES_MIN: u64 = 100;

/// What is written while the file goes by, if anything is.
pub(crate) struct Writing {
    pub(crate) completed: Option<Output>,
    pub(crate) status: Option<Output>,
    /// Our id of the completed file, where it is not the payer's own.
    pub(crate) new_message_id: Option<String>,
    /// Our id of the status report, and its date.
    pub(crate) status_id: String,
    pub(crate) created: Timestamp,
    /// When its payments leave, where that is not when their file came in: blocks whose date is past by then have another.
    pub(crate) left: Option<Timestamp>,
    /// What heads will say in the end: known of a batch that is recorded, and needed where they are taken before the end.
    pub(crate) foresight: Foresight,
    /// What brings it to the disk meanwhile.
    pub(crate) write_back: Option<WriteBack>,
}

impl Writing {
    /// Of a batch from which nothing is written now.
    pub(crate) fn nothing(status_id: String, created: Timestamp) -> Self {
        let foresight = Foresight::default();
        Self {
            completed: None,
            status: None,
            new_message_id: None,
            status_id,
            created,
            left: None,
            foresight,
            write_back: None,
        }
    }
}

/// A file that is being put together.
pub(crate) struct Assembly {
    setting: Arc<Setting>,
    writing: Writing,
    completed: Option<CompletedFile>,
    status: Option<StatusFile>,
    head: Option<Arc<FileHead>>,
    /// The block that is open, and where its head begins in the file.
    block: Option<(Arc<BlockHead>, u64)>,
    /// Only when a file comes in: later it is known that its ids differ.
    seen: Option<Seen>,
    /// To whom it goes now; only when a file comes in, too.
    payees: Option<Seen>,
    file_bytes: u64,
    in_file: Sums,
    in_block: Sums,
    tally: Tally,
    /// Of the payments that stand in the completed file.
    sent: Tally,
    count_fault: Option<Fault>,
    sum_fault: Option<Fault>,
}

/// What was counted, in the file as it came and in the file as it goes on.
#[derive(Clone, Copy)]
struct Sums {
    payments: u64,
    sum: Decimal,
    kept: u64,
    kept_sum: Decimal,
}

impl Sums {
    const NONE: Self = Self { payments: 0, sum: Decimal::ZERO, kept: 0, kept_sum: Decimal::ZERO };

    fn add(&mut self, amount: Option<Decimal>, kept: bool) {
        let amount = amount.unwrap_or(Decimal::ZERO);
        // 10^20 amounts of 18 digits would be needed to overflow.
        let plus = |sum: Decimal| sum.checked_add(amount).unwrap_or(sum);
        self.payments += 1;
        self.sum = plus(self.sum);
        if kept {
            self.kept += 1;
            self.kept_sum = plus(self.kept_sum);
        }
    }
}

/// What was put together. The files are whole but not synced, and have no names yet.
pub(crate) struct Assembled {
    /// Whether any payment stands in the completed file.
    pub(crate) has_completed: bool,
    pub(crate) tally: Tally,
    /// Of those payments.
    pub(crate) sent: Tally,
    /// To how many different payees a file that comes in goes now.
    pub(crate) payees: u64,
    pub(crate) version: Version,
    pub(crate) message_id: String,
    /// Where it stands in the file.
    pub(crate) message_id_at: u64,
    /// The first count, or else the first sum, that is not true.
    pub(crate) fault: Option<Fault>,
    /// What was written in memory and not taken yet.
    pub(crate) rest: Vec<u8>,
}

fn cannot(status_id: &str) -> impl FnOnce(io::Error) -> Error {
    let doing = format!("the completed file or the status report {status_id} could not be written");
    move |error| StoreError::new(doing, error).into()
}

impl Assembly {
    /// `file_bytes` is the length of the file that comes in; none for one that has come in before.
    pub(crate) fn new(setting: Arc<Setting>, mut writing: Writing, file_bytes: Option<u64>) -> Self {
        let completed = writing.completed.take().map(CompletedFile::new);
        Self {
            setting,
            writing,
            completed,
            status: None,
            head: None,
            block: None,
            seen: None,
            payees: None,
            file_bytes: file_bytes.unwrap_or(0),
            in_file: Sums::NONE,
            in_block: Sums::NONE,
            tally: Tally::default(),
            sent: Tally::default(),
            count_fault: None,
            sum_fault: None,
        }
    }

    /// Takes the next chunk. A payment whose end-to-end id was used before is refused here, where the order is known.
    pub(crate) fn take(&mut self, done: &mut Done) -> Result<(), Stop> {
        self.write(done).map_err(|stop| match stop {
            Failed::Stop(stop) => stop,
            Failed::Io(error) => Stop::Error(cannot(&self.writing.status_id)(error)),
        })
    }

    /// What was written in memory since it was taken last.
    pub(crate) fn written(&mut self) -> Vec<u8> {
        let mut written = self.completed.as_mut().map(|file| file.output().take()).unwrap_or_default();
        written.extend(self.status.as_mut().map(|report| report.output().take()).unwrap_or_default());
        written
    }

    fn write(&mut self, done: &mut Done) -> Result<(), Failed> {
        let mut next = 0;
        // Payments in a row are written together.
        let mut run = 0;
        let Done { chunk, payments, completed, status, ids, .. } = done;
        for part in &chunk.parts {
            if !matches!(part, Part::Payment { .. }) {
                self.flush(&payments[run..next], completed, status)?;
                run = next;
            }
            match part {
                Part::FileHead { span, head } => self.begin_file(&chunk.bytes[span.clone()], head)?,
                Part::BlockHead { span, head } => {
                    self.block = Some((Arc::clone(head), chunk.offset + span.start as u64));
                    self.in_block = Sums::NONE;
                    self.begin_block(&chunk.bytes[span.clone()], head)?;
                }
                Part::Payment { .. } => {
                    let payment = &mut payments[next];
                    if self.is_repeated(payment) {
                        self.flush(&payments[run..next], completed, status)?;
                        run = next;
                        let payment = &mut payments[next];
                        self.refuse_repeated(payment, chunk, completed, status, ids);
                        self.flush(&payments[next..=next], completed, status)?;
                        run += 1;
                    }
                    let payment = &payments[next];
                    let kept = !matches!(payment.ruling.completion, Completion::TakenOut);
                    self.in_file.add(payment.amount, kept);
                    self.in_block.add(payment.amount, kept);
                    let outcome = &payment.ruling.outcome;
                    self.tally.add(outcome.state, outcome.reason, payment.row.money);
                    if let (Some(payees), State::Routed | State::Waiting, Some(payee)) =
                        (&mut self.payees, outcome.state, &payment.row.payee)
                    {
                        payees.insert(payee);
                    }
                    if kept {
                        self.sent.add(outcome.state, None, payment.row.money);
                    }
                    next += 1;
                }
                Part::BlockTail { span } => self.end_block(&chunk.bytes[span.clone()])?,
                Part::FileTail { span } => {
                    self.check_file();
                    let Sums { kept, kept_sum, .. } = self.in_file;
                    if let Some(completed) = self.completed.as_mut().filter(|_| kept > 0) {
                        completed.end_file(&chunk.bytes[span.clone()], kept, kept_sum)?;
                    }
                }
            }
        }
        self.flush(&payments[run..next], completed, status)?;
        if let Some(write_back) = &mut self.writing.write_back {
            write_back.written(completed.len() + status.len());
        }
        Ok(())
    }

    fn begin_file(&mut self, part: &[u8], head: &Arc<FileHead>) -> Result<(), Failed> {
        let Writing { status, status_id, created, new_message_id, foresight, .. } = &mut self.writing;
        if let Some(completed) = &mut self.completed {
            completed.begin_file(part, head, new_message_id.as_deref())?;
            if let Some((count, sum)) = foresight.file {
                completed.foretell_file(count, sum)?;
            }
        }
        if let Some(output) = status.take() {
            let told = foresight.status.unwrap_or(GroupStatus::Accepted);
            let report = StatusFile::begin(output, head.version, status_id, *created, &head.message_id, told)?;
            self.status = Some(report);
        }
        if self.file_bytes > 0 {
            let declared = head.count.value.unwrap_or(0);
            let new = || Seen::new(declared, self.file_bytes / PAYMENT_BYTES_MIN);
            (self.seen, self.payees) = (Some(new()), Some(new()));
        }
        self.head = Some(Arc::clone(head));
        Ok(())
    }

    fn begin_block(&mut self, part: &[u8], head: &BlockHead) -> Result<(), Failed> {
        let Some(completed) = &mut self.completed else { return Ok(()) };
        let day = head.execution_date.value.ok().zip(self.writing.left).map(|(asked, left)| carried_out(asked, left));
        completed.begin_block(part, head, day)?;
        if let Some((count, sum)) = self.writing.foresight.blocks.get(&head.index) {
            completed.foretell_block(*count, *sum)?;
        }
        Ok(())
    }

    fn is_repeated(&mut self, payment: &Worked) -> bool {
        self.seen.as_mut().is_some_and(|seen| seen.insert(&payment.row.end_to_end) == Some(false))
    }

    /// Rules a payment anew. Its bytes and its report are put at the ends of the chunk's buffers.
    fn refuse_repeated(
        &self,
        payment: &mut Worked,
        chunk: &Chunk,
        completed: &mut Vec<u8>,
        status: &mut Vec<u8>,
        ids: &[u8],
    ) {
        let Setting { batch, payer, .. } = &*self.setting;
        payment.ruling = Ruling::of(Decided::of(Verdict::Reject(Reason::DuplicateEndToEndId)));
        payment.row.outcome = payment.ruling.outcome;
        let plain_ids = &ids[payment.ids.clone()];
        payment.leaf = leaf(&mut Encoder::default(), *batch, &payment.row, plain_ids);
        let from = completed.len();
        write_removed(completed, &chunk.bytes[payment.part.clone()], payment.start);
        payment.completed = from..completed.len();
        if let Some(ids) = Ids::from_bytes(plain_ids) {
            let from = status.len();
            report(status, payer, ids.end_to_end_id, ids.instruction_id, &payment.row.outcome);
            payment.status = from..status.len();
        }
    }

    /// Writes payments that stand in a row, in the buffers too.
    fn flush(&mut self, payments: &[Worked], completed: &[u8], status: &[u8]) -> Result<(), Failed> {
        let (Some(first), Some(last)) = (payments.first(), payments.last()) else { return Ok(()) };
        if let Some(file) = &mut self.completed {
            file.payments(&completed[first.completed.start..last.completed.end])?;
        }
        if let (Some(report), Some((block, _))) = (&mut self.status, &self.block) {
            report.entries(&block.payment_info_id, &status[first.status.start..last.status.end])?;
        }
        Ok(())
    }

    fn end_block(&mut self, part: &[u8]) -> Result<(), Failed> {
        let Sums { payments, sum, kept, kept_sum } = self.in_block;
        let place = "/Document/CstmrCdtTrfInitn/PmtInf";
        if let Some((block, at)) = self.block.clone() {
            if let Some(count) = &block.count {
                let at = at + count.span.start as u64;
                check_count(&mut self.count_fault, count.value, payments, ("AM20", at, place, "the block"));
            }
            if let Some(declared) = &block.sum {
                let at = at + declared.span.start as u64;
                check_sum(&mut self.sum_fault, declared.value, sum, ("AM17", at, place, "the block"));
            }
        }
        if let Some(completed) = &mut self.completed {
            completed.end_block(part, kept, kept_sum)?;
        }
        Ok(())
    }

    fn check_file(&mut self) {
        let Some(head) = self.head.clone() else { return };
        let Sums { payments, sum, .. } = self.in_file;
        let place = "/Document/CstmrCdtTrfInitn/GrpHdr";
        let at = head.count.span.start as u64;
        check_count(&mut self.count_fault, head.count.value, payments, ("AM19", at, place, "the file"));
        if let Some(declared) = &head.sum {
            let at = declared.span.start as u64;
            check_sum(&mut self.sum_fault, declared.value, sum, ("AM16", at, place, "the file"));
        }
    }

    /// Ends the files.
    pub(crate) fn end(mut self) -> Result<Assembled, Error> {
        let Some(head) = self.head.take() else {
            return Err(StoreError::plain("a payment file ended before it began").into());
        };
        let Writing { status_id, write_back, .. } = self.writing;
        write_back.map(WriteBack::end).transpose()?;
        let mut rest = Vec::new();
        if let Some(completed) = self.completed {
            rest.extend(completed.end().map_err(cannot(&status_id))?.take());
        }
        if let Some(report) = self.status {
            let status = group_status(&self.tally.counts());
            rest.extend(report.end(status).map_err(cannot(&status_id))?.take());
        }
        Ok(Assembled {
            has_completed: self.in_file.kept > 0,
            tally: self.tally,
            sent: self.sent,
            payees: self.payees.as_ref().map_or(0, Seen::count),
            rest,
            version: head.version,
            message_id: head.message_id.clone(),
            message_id_at: head.message_id_span.start as u64,
            fault: self.count_fault.or(self.sum_fault),
        })
    }
}

/// The status of the group, from what became of its payments.
pub(crate) fn group_status(counts: &Counts) -> GroupStatus {
    let Counts { held, rejected, cancelled, returned, .. } = *counts;
    match (counts.sent() > 0, held > 0, rejected + cancelled + returned > 0) {
        (true, false, false) => GroupStatus::Accepted,
        (false, true, false) => GroupStatus::Pending,
        (false, false, _) => GroupStatus::Rejected,
        _ => GroupStatus::Partial,
    }
}

type Where<'w> = (&'static str, u64, &'w str, &'w str);

/// Keeps the fault that comes first in the order of the codes: unreadable, then the file's, then a block's.
fn keep(first: &mut Option<Fault>, fault: Fault) {
    if first.as_ref().is_none_or(|first| fault.code < first.code) {
        *first = Some(fault);
    }
}

fn check_count(
    first: &mut Option<Fault>,
    declared: Result<u64, ()>,
    counted: u64,
    (code, offset, place, what): Where<'_>,
) {
    let place = format!("{place}/NbOfTxs");
    match declared {
        Err(()) => {
            let text = format!("The number of payments of {what} is not a number.");
            keep(first, Fault { code: "AM18", offset, place, text });
        }
        Ok(declared) if declared != counted => {
            let text = format!("NbOfTxs says {declared}, but the payments of {what} are {counted}.");
            keep(first, Fault { code, offset, place, text });
        }
        Ok(_) => {}
    }
}

fn check_sum(
    first: &mut Option<Fault>,
    declared: Result<Decimal, ()>,
    sum: Decimal,
    (code, offset, place, what): Where<'_>,
) {
    let place = format!("{place}/CtrlSum");
    match declared {
        Err(()) => {
            let text = format!("The control sum of {what} is not an amount.");
            keep(first, Fault { code: "AM10", offset, place, text });
        }
        Ok(declared) if declared != sum => {
            let text = format!("CtrlSum says {declared}, but the payments of {what} come to {sum}.");
            keep(first, Fault { code, offset, place, text });
        }
        Ok(_) => {}
    }
}

enum Failed {
    Stop(Stop),
    Io(io::Error),
}

impl From<Stop> for Failed {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

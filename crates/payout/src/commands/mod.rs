//! One file a command.

mod accept;
mod answered;
pub(crate) mod back;
mod cancel;
mod case;
mod confirm;
mod follow;
mod give_back;
mod recall;
mod recall_answers;
pub(crate) mod record;
mod refuse;
mod release;
pub(crate) mod render;
mod retry;
mod returned;
mod returns;
mod route;
mod settle;
mod stop;
mod stray_answers;
mod trace;
mod transfers;
mod upload;
mod waiting;

pub use cancel::{Cancel, cancel};
pub use case::{
    AskDisclosure, CaseRecall, CaseTrace, Close as CloseVictimCase, Closed as ClosedCase, Give, Opened, Opening,
    Reverting, case_of, close as close_case, open as open_case, recall_for_case, revert as revert_case, show_case,
    trace_case,
};
pub(crate) use case::{find as find_case, require_given};
pub use confirm::{ConfirmArrival, ConfirmedMoney, confirm_arrival};
pub use give_back::{GiveBack, give_back};
pub use recall::{NotRecalled, Recall, Recalled, SentRecall, payments_named, recall};
pub use recall_answers::{AnswerTaken, AnswersTaken, Unmatched, answer_recalls};
pub use release::{LetGo, Release, Released, release};
pub use retry::{NotRetried, Retried, Retry, retry};
#[cfg(feature = "testing")]
pub(crate) use returns::book as book_returns;
pub use returns::{ImportReturns, Imported, RETURN_FILE_BYTES_MAX, SettleReturn, import_returns, settle_return};
#[cfg(feature = "testing")]
pub(crate) use route::discard;
pub use route::{Refused, Request, Routed, route};
pub(crate) use settle::decide_anew;
pub use settle::{Settled, Settling, settle_some, write_unwritten};
pub use stop::{Stop, stop};
pub use stray_answers::SettleAnswer;
pub use trace::{Trace, trace};
pub use transfers::{TRANSFERS_MAX, Transfer, TransferRefused, TransfersTold, tell_transfers};
pub use upload::{PIECE_BYTES, Piece, Sealer, TakeIn, TakenIn, Upload};
pub use waiting::{LOOKED_AT_MAX, ORDERS_MAX, PaidOut, PaidRound, Span, pay_all_waiting, pay_waiting};

use crate::batch::{self, Batch, Counts, Sent};
use crate::gate::Gate;
use crate::store;
use crate::store::bank_file::BankFile;
use kernel::journal::{Entry, Rows};
use kernel::{Actor, Error, Id, Refuse, Scope};
use registry::import::ImportRefusal;
use registry::officer::Unfit;
use registry::payer::{Agreement, Payer};
use registry::queries::paying_authority;
use registry::resolve;
use std::collections::BTreeMap;
use std::fmt;

/// Why something about a batch was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchRefusal {
    /// There is no such batch.
    Unknown,
    /// Nothing in it is held.
    NothingHeld,
    /// It has no payment of that end-to-end id, or that one is not held.
    PaymentNotHeld,
    /// Nothing of it came back.
    NothingReturned,
    /// It has no payment of that end-to-end id, or that one did not come back.
    PaymentNotReturned,
    /// A bank has said that it gives the money back, and it is not there yet.
    Promised,
    /// Nobody has asked for the release that is to be approved, or it takes no two people.
    NotAsked,
    /// A release that takes two people takes people by name.
    Officer,
    /// Who asks for a release does not approve it.
    Own,
    /// What is to be resumed was not stopped.
    NotStopped,
    /// What is to be stopped was stopped already.
    Stopped,
    /// Not said why, in some words on one line.
    Why,
    /// It is not any more what the request is about.
    Changed,
    /// Nothing was done with it under that number.
    StageUnknown,
    /// No payment went on at that stage.
    NothingCompleted,
    /// The file that came in was not kept, so nothing can be made of it again.
    InputNotKept,
}

impl Refuse for BatchRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "batch.unknown",
            Self::NothingHeld => "batch.nothing_held",
            Self::PaymentNotHeld => "batch.payment_not_held",
            Self::NothingReturned => "batch.nothing_returned",
            Self::PaymentNotReturned => "batch.payment_not_returned",
            Self::Promised => "batch.promised",
            Self::NotAsked => "batch.not_asked",
            Self::Officer => "batch.officer",
            Self::Own => "batch.own",
            Self::NotStopped => "batch.not_stopped",
            Self::Stopped => "batch.stopped",
            Self::Why => "batch.why",
            Self::Changed => "precondition.failed",
            Self::StageUnknown => "batch.stage_unknown",
            Self::NothingCompleted => "batch.nothing_completed",
            Self::InputNotKept => "batch.input_not_kept",
        }
    }
}

impl fmt::Display for BatchRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "there is no batch of that name",
            Self::NothingHeld => "nothing in that batch is held",
            Self::PaymentNotHeld => "that batch holds no payment with that end-to-end id",
            Self::NothingReturned => "nothing of that batch came back",
            Self::PaymentNotReturned => "no payment of that batch with that end-to-end id came back",
            Self::Promised => {
                "a bank has said that it gives that money back, and it is not there yet: wait for it, or confirm that it has arrived"
            }
            Self::NotAsked => "nobody has asked for a release of that batch that takes a second person",
            Self::Officer => "that release takes two people: act as one by name",
            Self::Own => "who asks for a release does not approve it",
            Self::NotStopped => "that is not stopped",
            Self::Stopped => "that is stopped already; see why, and resume it first",
            Self::Why => "say why, in 1 to 500 characters on one line",
            Self::Changed => "something was done with that batch since it was looked at",
            Self::StageUnknown => "nothing was done with that batch under that number",
            Self::NothingCompleted => "no payment of that batch went on at that stage",
            Self::InputNotKept => {
                "the file came in at the agency's own console and was not kept; its payer and its bank got its files there"
            }
        })
    }
}

pub(crate) fn find(scope: &Scope<'_>, name: &str) -> Result<Batch, Error> {
    let found = match batch::parse_name(name) {
        Some(id) => store::batch::find(scope, id)?,
        None => None,
    };
    found.ok_or_else(|| BatchRefusal::Unknown.into())
}

/// The batch of this name, if it is somebody's to see and to do something about.
pub(crate) fn find_own(scope: &Scope<'_>, name: &str, actor: &Actor) -> Result<Batch, Error> {
    let batch = find(scope, name)?;
    require_own(scope, batch.owner, actor)?;
    Ok(batch)
}

/// Refuses a caseworker of another authority than the payer, to whom its batches are as if they were not there. Whatever is done about a
/// batch asks for it in the transaction that does it.
pub(crate) fn require_own(scope: &Scope<'_>, owner: Id<Payer>, actor: &Actor) -> Result<(), Error> {
    match paying_authority(scope, actor)? {
        Some(authority) if authority.id != owner => Err(BatchRefusal::Unknown.into()),
        _ => Ok(()),
    }
}

/// Every number that a payment can have.
pub(crate) const ALL_NUMBERS: std::ops::Range<i64> = 0..i64::MAX;

/// Payments whose changes are in memory at a time.
const PAGE: i64 = kernel::failpoint::chunk(4096, 8) as i64;

/// Visits the payments of a batch, in the order of the file, with what holds of them now.
pub(crate) fn each_payment(
    scope: &Scope<'_>,
    batch: Id<Batch>,
    mut visit: impl FnMut(store::payment::PaymentRow) -> Result<(), Error>,
) -> Result<(), Error> {
    each_payment_at(scope, batch, |row, _| visit(row))
}

/// The same, with the stage of the batch that decided it: 0 is the coming in.
pub(crate) fn each_payment_at(
    scope: &Scope<'_>,
    batch: Id<Batch>,
    mut visit: impl FnMut(store::payment::PaymentRow, i64) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut page = 0..PAGE;
    loop {
        let mut changes = BTreeMap::new();
        store::payment::each_change_of(scope.tx, batch, page.clone(), i64::MAX, |change| {
            changes.insert(change.number, (change.outcome, change.stage));
            Ok(())
        })?;
        let mut is_empty = true;
        store::payment::each_of(scope.tx, batch, page.clone(), |mut row| {
            is_empty = false;
            let mut stage = 0;
            if let Some(change) = changes.get(&row.number) {
                (row.outcome, stage) = *change;
            }
            visit(row, stage)
        })?;
        // Numbers have no gaps.
        if is_empty {
            return Ok(());
        }
        page = page.end..page.end + PAGE;
    }
}

/// What holds of a batch now: as it came in, when nothing happened since.
pub(crate) fn counts_now(scope: &Scope<'_>, batch: &Batch) -> Result<Counts, Error> {
    let last = store::batch::last_stage(scope, batch.id)?;
    Ok(last.map_or_else(|| batch.record.counts.clone(), |stage| stage.counts))
}

/// Where a batch stands, by its agreement and what was done about it.
pub(crate) fn gate_of(scope: &Scope<'_>, batch: &Batch, payer: &Payer) -> Result<Gate, Error> {
    Ok(Gate::of(&batch.record, &payer.agreement.terms, store::act::of_batch(scope, batch.id)?))
}

impl From<Unfit> for BatchRefusal {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::Nameless => Self::Officer,
            Unfit::Own => Self::Own,
        }
    }
}

/// How many stages a batch has had.
pub(crate) fn stages_of(scope: &Scope<'_>, batch: Id<Batch>) -> Result<i64, Error> {
    Ok(store::batch::last_stage(scope, batch)?.map_or(0, |last| last.stage))
}

/// Whether nothing was done with a batch since it had so many stages.
fn has_stages(scope: &Scope<'_>, batch: Id<Batch>, stages: i64) -> Result<bool, Error> {
    Ok(stages_of(scope, batch)? == stages)
}

/// Whether nothing was done with a batch, nor about it, since it had so many stages and acts.
fn is_untouched(scope: &Scope<'_>, batch: Id<Batch>, stages: i64, acts: usize) -> Result<bool, Error> {
    Ok(has_stages(scope, batch, stages)? && store::act::count_of(scope, batch)? == acts)
}

/// Refuses what is brought in the name of a bank that the bank directory lacks.
fn require_bank(scope: &Scope<'_>, bank: Option<&str>) -> Result<(), Error> {
    match bank {
        Some(bank) if !resolve::has_bank(scope.tx, bank)? => Err(ImportRefusal::BankUnknown.into()),
        _ => Ok(()),
    }
}

/// The stage that an entry adds to a batch that has had so many.
fn new_stage(stages: i64, entry: Entry, writes_file: bool, counts: Counts) -> store::batch::Stage {
    store::batch::Stage {
        stage: stages + 1,
        entry: entry.number(),
        at: entry.at,
        banks_at: entry.number(),
        writes_file,
        of_record: false,
        counts,
    }
}

/// The same of a stage whose files are made of what was recorded, and not of the input.
fn stage_of_record(stages: i64, entry: Entry, writes_file: bool, counts: Counts) -> store::batch::Stage {
    store::batch::Stage { of_record: true, ..new_stage(stages, entry, writes_file, counts) }
}

/// Notes that a stage's completed file is for the bank that fetches the payer's files, if one does.
fn insert_bank_file(
    scope: &Scope<'_>,
    payer: &Payer,
    (batch, stage): (Id<Batch>, i64),
    sent: &Sent,
    entry: Entry,
) -> Result<Option<Rows>, Error> {
    let file = bank_file(scope, payer, (batch, stage), sent);
    file.map(|file| store::bank_file::insert_many(scope, &[file], entry)).transpose()
}

/// What is noted of a stage's completed file for the bank that fetches the payer's files, if one does.
fn bank_file(scope: &Scope<'_>, payer: &Payer, (batch, stage): (Id<Batch>, i64), sent: &Sent) -> Option<BankFile> {
    let bank = payer.agreement.bank.as_ref().filter(|_| sent.payments > 0)?;
    let bank = Agreement::bank_key(scope.vault, bank);
    Some(BankFile { place: Id::new(0), bank, batch, stage, sent: sent.clone() })
}

//! What became of a file.

mod balance;
mod cases;
mod files;
mod find;
mod holds;
mod recalls;
mod stray_answers;
mod strays;
mod suspected;
mod waiting;

pub use balance::balance;
pub use cases::{
    ActView, AskedView, CASES_MAX, CaseAccount, CaseView, GIVEN_MAX, KnownCase, KnownPayment, ShownCase, asked_of,
    cases, known_case,
};
pub(crate) use cases::{doubted_at, in_doubt, newest_case, shown_case};
pub use files::{FileForBank, completed_for_bank, completed_of, files_for_bank_after, report_of, write_completed};
pub use find::{Destination, Found, FoundPage, FoundPayment, Left, Named, Search, Sought, find_payments};
pub(crate) use find::{find_alike, first_in};
pub use recalls::{
    AnswerReason, AnswerView, ConfirmedView, RecallDetails, RecallView, RecalledView, RecallsPage, Whose,
    batch_of_recall, is_open, recall, recall_message, recalls, transfer_recall_message, write_recall_files,
};
pub(crate) use recalls::{Asked, BackOf, Opening, agent_text, back_of, stands_of};
pub use stray_answers::{StrayAnswerView, StrayAnswersPage, stray_answers};
pub use strays::{STRAYS_MAX, StrayView, StraysPage, strays};
pub use suspected::suspected;
pub use waiting::{LedgerLine, LedgerPage, WaitingPage, WaitingView, each_waiting, ledger, ledger_page, waiting_page};

pub use holds::HoldView;

use crate::batch::{self, Batch, Counts};
use crate::commands::{BatchRefusal, counts_now, each_payment, find, find_own, gate_of, require_own, stages_of};
use crate::gate::Waits;
use crate::payment::News;
use crate::policy;
use crate::reason::Reason;
use crate::store;
use crate::store::ids::OpenIds;
use crate::store::payment::PaymentRow;
use crate::work::{is_told, recorded};
use denmark::Money;
use holds::{Hold, Holds};
use kernel::{Actor, Error, Id, Role, Scope, Timestamp, Writer};
use registry::payer::{Payer, PayerKind, PayerRefusal};
use registry::queries::paying_authority;
use registry::resolve;
use std::collections::BTreeMap;

/// One batch in a list.
#[derive(Clone, Debug)]
pub struct BatchView {
    /// Our name for it.
    pub batch: String,
    /// Its payer, by name.
    pub payer: String,
    /// The payer's message id.
    pub message_id: String,
    /// When it came in.
    pub received: String,
    /// What holds of its payments now.
    pub counts: Counts,
    /// How many releases and cancellations there were.
    pub stages: i64,
    /// What lets go what it holds: `release`, `approval` or `cut_off`; none where nothing is held, or it was let go.
    pub waits_for: Option<&'static str>,
    /// Until when, where that is a moment.
    pub waits_until: Option<String>,
    /// Who asked for its release, where somebody else has to approve that.
    pub asked_by: Option<String>,
    /// Who stopped all that it holds and that lies in the waiting account, where somebody did.
    pub stopped_by: Option<String>,
}

/// One payment of a batch.
#[derive(Clone, Debug)]
pub struct PaymentView {
    /// The payer's end-to-end id.
    pub end_to_end_id: String,
    /// `routed`, `passed`, `held`, `rejected`, `cancelled`, `returned` or `waiting`.
    pub state: &'static str,
    /// Why: the ISO 20022 code.
    pub code: Option<&'static str>,
    /// Why, in a sentence.
    pub sentence: Option<&'static str>,
    /// Of one that waits, or is kept in the waiting account though its payee has an account: why, who can do something about it, and what ends it.
    pub hold: Option<HoldView>,
    /// What is new of its account; of one that has left, what was when it did. A private payer is not told.
    pub news: Option<News>,
    /// How much of it a bank has said that it gives back, where that is not there yet: a decimal number.
    pub promised: Option<String>,
}

/// Of payments that are in memory at a time.
const PAGE: usize = 1_000;

fn view(scope: &Scope<'_>, batch: &Batch, now: Timestamp) -> Result<BatchView, Error> {
    let payer = resolve::payer_at(scope, batch.payer)?;
    let counts = counts_now(scope, batch)?;
    let gate = if counts.may_leave() { Some(gate_of(scope, batch, &payer)?) } else { None };
    // What lies in the waiting account was let go.
    let waits = gate.as_ref().filter(|_| counts.held > 0).and_then(|gate| gate.waits_in_part(now));
    let named = |by: Option<&str>| by.map(str::to_owned);
    Ok(BatchView {
        batch: batch::name(batch.id),
        payer: payer.agreement.name,
        message_id: batch.record.message_id.clone(),
        received: batch.record.received().to_string(),
        counts,
        stages: stages_of(scope, batch.id)?,
        waits_for: waits.map(Waits::name),
        waits_until: match waits {
            Some(Waits::CutOff(at)) => Some(at.to_string()),
            _ => None,
        },
        asked_by: named(gate.as_ref().filter(|_| waits == Some(Waits::Approval)).and_then(|gate| gate.asked_by())),
        stopped_by: named(gate.as_ref().and_then(|gate| gate.stopped_at(None)).map(|act| act.by.as_str())),
    })
}

/// What is shown of payments in a row.
fn payment_views(
    scope: &Scope<'_>,
    batch: &Batch,
    holds: &Holds,
    rows: &[PaymentRow],
    is_told: impl Fn(&PaymentRow) -> bool,
) -> Result<Vec<PaymentView>, Error> {
    let (mut held, mut ids, mut views) = (holds.of(scope, batch, rows)?, OpenIds::default(), Vec::new());
    let mut promised = BTreeMap::<i64, i64>::new();
    if let (Some(first), Some(last)) = (rows.first(), rows.last()) {
        store::arrived::each_promised(scope.tx, batch.id, first.number..last.number.saturating_add(1), |one| {
            *promised.entry(one.number).or_default() += one.amount;
        })?;
    }
    for row in rows.iter().filter(|row| is_told(row)) {
        let hold = held.remove(&row.number);
        let (reason, news, hold) = match hold {
            Some(Hold { reason, view, news }) => (reason, news, Some(view)),
            None => (row.outcome.reason, row.outcome.news, None),
        };
        views.push(PaymentView {
            end_to_end_id: ids.read(scope, batch.id, row.number)?.end_to_end_id.to_owned(),
            state: row.outcome.state.name(),
            code: reason.map(Reason::code),
            sentence: reason.map(Reason::sentence),
            hold,
            news: news.filter(|_| holds.kind() == PayerKind::Public),
            promised: promised
                .get(&row.number)
                .and_then(|minor| Some(Money { minor: *minor, ..row.money? }.decimal().to_string())),
        });
    }
    Ok(views)
}

/// The newest `limit` batches, given to `visit` one by one, from one snapshot; to a caseworker those of their authority.
///
/// # Errors
/// The policy's refusal, the store's, or those of `visit`.
pub fn list(
    writer: &mut Writer,
    limit: i64,
    now: Timestamp,
    actor: &Actor,
    mut visit: impl FnMut(BatchView) -> Result<(), Error>,
) -> Result<(), Error> {
    policy::READ.require(actor)?;
    writer.read(|scope| {
        let visit = |batch| visit(view(scope, &batch, now)?);
        match paying_authority(scope, actor)? {
            Some(payer) => store::batch::each_of_payer(scope, payer.id, i64::MAX, limit, visit),
            None => store::batch::each_before(scope, i64::MAX, limit, visit),
        }
    })
}

/// Some of a payer's batches.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The newest come first.
    pub batches: Vec<BatchView>,
    /// Where the next page begins; none after the last.
    pub next: Option<i64>,
}

/// The newest `limit` batches of one payer, of those before the place that an earlier page gave.
///
/// # Errors
/// The policy's refusal, or the store's.
pub fn page_of(
    writer: &mut Writer,
    payer: &str,
    before: Option<i64>,
    limit: usize,
    (actor, now): (&Actor, Timestamp),
) -> Result<Page, Error> {
    policy::READ.require(actor)?;
    writer.read(|scope| {
        let payer = own_payer(scope, payer, actor)?;
        let (mut batches, mut last) = (Vec::new(), None);
        let one_more = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let mut has_more = false;
        store::batch::each_of_payer(scope, payer.id, before.unwrap_or(i64::MAX), one_more, |batch| {
            has_more = batches.len() == limit;
            if !has_more {
                last = Some(batch.entry);
                batches.push(view(scope, &batch, now)?);
            }
            Ok(())
        })?;
        Ok(Page { batches, next: last.filter(|_| has_more) })
    })
}

/// The payer of this name, if whoever asks acts for it.
pub(crate) fn own_payer(scope: &Scope<'_>, name: &str, actor: &Actor) -> Result<Payer, Error> {
    let payer = resolve::payer_of(scope, name, actor)?;
    require_own(scope, payer.id, actor)?;
    Ok(payer)
}

/// Whose is meant: of the payer of this name, if whoever asks acts for it. Without a name it is of a caseworker's authority, and of the
/// agency everybody's.
pub(crate) fn whose(scope: &Scope<'_>, payer: Option<&str>, actor: &Actor) -> Result<Option<Id<Payer>>, Error> {
    if let Some(name) = payer {
        return Ok(Some(own_payer(scope, name, actor)?.id));
    }
    match (paying_authority(scope, actor)?, actor.role()) {
        (Some(authority), _) => Ok(Some(authority.id)),
        (None, Role::Console | Role::Operator) => Ok(None),
        (None, _) => Err(PayerRefusal::Unknown.into()),
    }
}

/// The batch of this name, if it is this payer's. Another's is as if it were not there.
pub(crate) fn find_of(scope: &Scope<'_>, payer: &str, name: &str, actor: &Actor) -> Result<Batch, Error> {
    let payer = own_payer(scope, payer, actor)?;
    let batch = find(scope, name)?;
    if payer.id == batch.owner { Ok(batch) } else { Err(BatchRefusal::Unknown.into()) }
}

/// One batch of this payer. Another's is as if it were not there.
///
/// # Errors
/// There is no such batch of this payer; the policy's refusal, or the store's.
pub fn one_of(writer: &mut Writer, payer: &str, name: &str, actor: &Actor, now: Timestamp) -> Result<BatchView, Error> {
    policy::READ.require(actor)?;
    writer.read(|scope| view(scope, &find_of(scope, payer, name, actor)?, now))
}

/// Whose a batch is, by name.
///
/// # Errors
/// There is no such batch; the store's.
pub fn payer_of_batch(scope: &Scope<'_>, name: &str) -> Result<String, Error> {
    Ok(resolve::payer_at(scope, find(scope, name)?.payer)?.agreement.name)
}

/// Some of a batch's payments.
#[derive(Clone, Debug)]
pub struct PaymentsPage {
    /// In the order of the file.
    pub payments: Vec<PaymentView>,
    /// Where the next page begins; none after the last.
    pub next: Option<i64>,
}

/// What a payer may know of `limit` payments in a row of one of its batches, from the `first` on: a private payer what its status
/// report tells, and nothing of those that went on.
///
/// # Errors
/// There is no such batch of this payer; the policy's refusal, or the store's.
pub fn payments_of(
    writer: &mut Writer,
    (payer, name): (&str, &str),
    first: i64,
    limit: usize,
    (actor, now): (&Actor, Timestamp),
) -> Result<PaymentsPage, Error> {
    policy::READ.require(actor)?;
    writer.read(|scope| {
        let batch = find_of(scope, payer, name, actor)?;
        let holds = Holds::load(scope, &batch, now)?;
        let recorded = recorded(scope.tx, batch.id, first, limit, i64::MAX)?;
        let (looked_at, mut outcomes) = (recorded.len(), recorded.into_iter());
        let mut rows = Vec::with_capacity(looked_at);
        store::payment::each_of(scope.tx, batch.id, first..first.saturating_add(looked_at as i64), |row| {
            rows.extend(outcomes.next().map(|recorded| PaymentRow { outcome: recorded.outcome, ..row }));
            Ok(())
        })?;
        let payments = payment_views(scope, &batch, &holds, &rows, |row| is_told(&row.outcome, holds.kind()))?;
        Ok(PaymentsPage { payments, next: (looked_at == limit).then_some(first.saturating_add(looked_at as i64)) })
    })
}

/// What holds of one batch now.
///
/// # Errors
/// There is no such batch; the policy's refusal, or the store's.
pub fn counts(writer: &mut Writer, name: &str, actor: &Actor) -> Result<Counts, Error> {
    policy::READ.require(actor)?;
    writer.read(|scope| counts_now(scope, &find_own(scope, name, actor)?))
}

/// One batch, in the snapshot that is being read.
pub struct Shown<'s> {
    /// What it is, and what holds of it.
    pub view: BatchView,
    batch: Batch,
    holds: Holds,
    scope: &'s Scope<'s>,
}

impl Shown<'_> {
    /// Gives each of its payments to `visit` one by one, in the order of the file.
    ///
    /// # Errors
    /// The store's, or those of `visit`.
    pub fn each_payment(&self, mut visit: impl FnMut(PaymentView) -> Result<(), Error>) -> Result<(), Error> {
        let Self { batch, holds, scope, .. } = self;
        let mut rows = Vec::with_capacity(PAGE);
        each_payment(scope, batch.id, |row| {
            rows.push(row);
            if rows.len() == PAGE {
                let views = payment_views(scope, batch, holds, &rows, |_| true)?;
                rows.clear();
                views.into_iter().try_for_each(&mut visit)?;
            }
            Ok(())
        })?;
        payment_views(scope, batch, holds, &rows, |_| true)?.into_iter().try_for_each(visit)
    }
}

/// Lets `read` see one batch and its payments.
///
/// # Errors
/// There is no such batch; the policy's refusal, the store's, or those of `read`.
pub fn show<T>(
    writer: &mut Writer,
    name: &str,
    actor: &Actor,
    now: Timestamp,
    read: impl FnOnce(&Shown<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    policy::READ.require(actor)?;
    writer.read(|scope| {
        let batch = find_own(scope, name, actor)?;
        let (view, holds) = (view(scope, &batch, now)?, Holds::load(scope, &batch, now)?.for_agency());
        read(&Shown { view, batch, holds, scope })
    })
}

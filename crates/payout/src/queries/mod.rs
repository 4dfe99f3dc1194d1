//! What became of a file.

mod balance;
mod files;
mod find;
mod suspected;

pub use balance::balance;
pub use files::{FileForBank, completed_for_bank, completed_of, files_for_bank_after, report_of, write_completed};
pub use find::{Destination, Found, FoundPage, FoundPayment, Left, Search, Sought, find_payments};
pub use suspected::suspected;

use crate::batch::{self, Batch, Counts};
use crate::commands::{BatchRefusal, counts_now, each_payment, find, stages_of};
use crate::policy;
use crate::reason::Reason;
use crate::store;
use crate::store::ids::{Ids, OpenIds};
use crate::store::payment::Outcome;
use crate::work::{is_told, recorded};
use kernel::{Actor, Error, Id, Scope, Writer};
use registry::resolve;

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
}

/// One payment of a batch.
#[derive(Clone, Debug)]
pub struct PaymentView {
    /// The payer's end-to-end id.
    pub end_to_end_id: String,
    /// `routed`, `passed`, `held`, `rejected` or `cancelled`.
    pub state: &'static str,
    /// Why: the ISO 20022 code.
    pub code: Option<&'static str>,
    /// Why, in a sentence.
    pub sentence: Option<&'static str>,
}

fn payment_view(outcome: &Outcome, ids: Ids<'_>) -> PaymentView {
    PaymentView {
        end_to_end_id: ids.end_to_end_id.to_owned(),
        state: outcome.state.name(),
        code: outcome.reason.map(Reason::code),
        sentence: outcome.reason.map(Reason::sentence),
    }
}

fn view(scope: &Scope<'_>, batch: &Batch) -> Result<BatchView, Error> {
    Ok(BatchView {
        batch: batch::name(batch.id),
        payer: resolve::payer_at(scope, batch.payer)?.agreement.name,
        message_id: batch.record.message_id.clone(),
        received: batch.record.received().to_string(),
        counts: counts_now(scope, batch)?,
        stages: stages_of(scope, batch.id)?,
    })
}

/// The newest `limit` batches, given to `visit` one by one, from one snapshot.
///
/// # Errors
/// The policy's refusal, the store's, or those of `visit`.
pub fn list(
    writer: &mut Writer,
    limit: i64,
    actor: &Actor,
    mut visit: impl FnMut(BatchView) -> Result<(), Error>,
) -> Result<(), Error> {
    policy::READ.require(actor)?;
    writer.read(|scope| store::batch::each_before(scope, i64::MAX, limit, |batch| visit(view(scope, &batch)?)))
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
    actor: &Actor,
) -> Result<Page, Error> {
    policy::READ.require(actor)?;
    writer.read(|scope| {
        let payer = resolve::payer_of(scope, payer, actor)?;
        let (mut batches, mut last) = (Vec::new(), None);
        let one_more = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let mut has_more = false;
        store::batch::each_of_payer(scope, payer.id, before.unwrap_or(i64::MAX), one_more, |batch| {
            has_more = batches.len() == limit;
            if !has_more {
                last = Some(batch.entry);
                batches.push(view(scope, &batch)?);
            }
            Ok(())
        })?;
        Ok(Page { batches, next: last.filter(|_| has_more) })
    })
}

/// The batch of this name, if it is this payer's. Another's is as if it were not there.
pub(crate) fn find_of(scope: &Scope<'_>, payer: &str, name: &str, actor: &Actor) -> Result<Batch, Error> {
    let payer = resolve::payer_of(scope, payer, actor)?;
    let batch = find(scope, name)?;
    if payer.id == batch.owner { Ok(batch) } else { Err(BatchRefusal::Unknown.into()) }
}

/// One batch of this payer. Another's is as if it were not there.
///
/// # Errors
/// There is no such batch of this payer; the policy's refusal, or the store's.
pub fn one_of(writer: &mut Writer, payer: &str, name: &str, actor: &Actor) -> Result<BatchView, Error> {
    policy::READ.require(actor)?;
    writer.read(|scope| view(scope, &find_of(scope, payer, name, actor)?))
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
    actor: &Actor,
) -> Result<PaymentsPage, Error> {
    policy::READ.require(actor)?;
    writer.read(|scope| {
        let batch = find_of(scope, payer, name, actor)?;
        let kind = resolve::payer_at(scope, batch.payer)?.agreement.kind;
        let (mut ids, mut payments, mut looked_at) = (OpenIds::default(), Vec::new(), 0);
        for (number, payment) in (first..).zip(recorded(scope.tx, batch.id, first, limit, i64::MAX)?) {
            looked_at += 1;
            if is_told(&payment.outcome, kind) {
                payments.push(payment_view(&payment.outcome, ids.read(scope, batch.id, number)?));
            }
        }
        Ok(PaymentsPage { payments, next: (looked_at == limit).then_some(first.saturating_add(looked_at as i64)) })
    })
}

/// What holds of one batch now.
///
/// # Errors
/// There is no such batch; the policy's refusal, or the store's.
pub fn counts(writer: &mut Writer, name: &str, actor: &Actor) -> Result<Counts, Error> {
    policy::READ.require(actor)?;
    writer.read(|scope| counts_now(scope, &find(scope, name)?))
}

/// One batch, in the snapshot that is being read.
pub struct Shown<'s> {
    /// What it is, and what holds of it.
    pub view: BatchView,
    batch: Id<Batch>,
    scope: &'s Scope<'s>,
}

impl Shown<'_> {
    /// Gives each of its payments to `visit` one by one, in the order of the file.
    ///
    /// # Errors
    /// The store's, or those of `visit`.
    pub fn each_payment(&self, mut visit: impl FnMut(PaymentView) -> Result<(), Error>) -> Result<(), Error> {
        let mut ids = OpenIds::default();
        each_payment(self.scope, self.batch, |row| {
            let ids = ids.read(self.scope, self.batch, row.number)?;
            visit(payment_view(&row.outcome, ids))
        })
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
    read: impl FnOnce(&Shown<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    policy::READ.require(actor)?;
    writer.read(|scope| {
        let batch = find(scope, name)?;
        read(&Shown { view: view(scope, &batch)?, batch: batch.id, scope })
    })
}

//! What became of a file.

use crate::batch::{self, Counts};
use crate::commands::{BatchRefusal, counts_now, each_payment, find};
use crate::policy;
use crate::reason::Reason;
use crate::store;
use crate::store::ids::OpenIds;
use kernel::{Actor, Error, Scope, Writer};
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
}

/// One payment of a batch.
#[derive(Clone, Debug)]
pub struct PaymentView {
    /// The payer's end-to-end id.
    pub end_to_end_id: String,
    /// `routed`, `passed`, `held`, `rejected` or `cancelled`.
    pub state: &'static str,
    /// Why.
    pub code: Option<&'static str>,
}

fn view(scope: &Scope<'_>, batch: &batch::Batch) -> Result<BatchView, Error> {
    Ok(BatchView {
        batch: batch::name(batch.id),
        payer: resolve::payer_at(scope, batch.payer)?.agreement.name,
        message_id: batch.record.message_id.clone(),
        received: batch.record.received().to_string(),
        counts: counts_now(scope, batch)?,
    })
}

/// The newest `limit` batches.
///
/// # Errors
/// The policy's refusal, or the store's.
pub fn list(writer: &mut Writer, limit: i64, actor: &Actor) -> Result<Vec<BatchView>, Error> {
    policy::READ.require(actor)?;
    writer.read(|scope| store::batch::page(scope, i64::MAX, limit)?.iter().map(|batch| view(scope, batch)).collect())
}

/// Some of a payer's batches.
#[derive(Clone, Debug)]
pub struct Page {
    /// The newest come first.
    pub batches: Vec<BatchView>,
    /// Where the next page begins; none after the last.
    pub next: Option<i64>,
}

/// Batches that are looked at for one page: all payers' stand in one list.
const SCANNED_MAX: i64 = 10_000;

/// The newest `limit` batches of one payer, of those before the place that an earlier page gave. A page can have fewer batches
/// than that, and even none, while there are more.
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
        let scanned = store::batch::page(scope, before.unwrap_or(i64::MAX), SCANNED_MAX)?;
        let is_last = (scanned.len() as i64) < SCANNED_MAX;
        let (mut batches, mut next) = (Vec::new(), scanned.last().map(|batch| batch.entry).filter(|_| !is_last));
        for batch in &scanned {
            if resolve::payer_at(scope, batch.payer)?.agreement.name != payer {
                continue;
            }
            if batches.len() == limit {
                // This one is the first of the next page.
                next = Some(batch.entry + 1);
                break;
            }
            batches.push(view(scope, batch)?);
        }
        Ok(Page { batches, next })
    })
}

/// One batch of this payer. Another's is as if it were not there.
///
/// # Errors
/// There is no such batch of this payer; the policy's refusal, or the store's.
pub fn one_of(writer: &mut Writer, payer: &str, name: &str, actor: &Actor) -> Result<BatchView, Error> {
    policy::READ.require(actor)?;
    writer.read(|scope| {
        let batch = find(scope, name)?;
        if resolve::payer_at(scope, batch.payer)?.agreement.name != payer {
            return Err(BatchRefusal::Unknown.into());
        }
        view(scope, &batch)
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

/// One batch, and each of its payments in the order of the file, given to `payment` one by one.
///
/// # Errors
/// There is no such batch; the policy's refusal, the store's, or those of `payment`.
pub fn show(
    writer: &mut Writer,
    name: &str,
    actor: &Actor,
    mut payment: impl FnMut(PaymentView) -> Result<(), Error>,
) -> Result<BatchView, Error> {
    policy::READ.require(actor)?;
    writer.read(|scope| {
        let batch = find(scope, name)?;
        let mut ids = OpenIds::default();
        each_payment(scope, batch.id, i64::MAX, |row| {
            let ids = ids.read(scope, batch.id, row.number)?;
            payment(PaymentView {
                end_to_end_id: ids.end_to_end_id.to_owned(),
                state: row.outcome.state.name(),
                code: row.outcome.reason.map(Reason::code),
            })
        })?;
        view(scope, &batch)
    })
}

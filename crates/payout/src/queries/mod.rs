//! What became of a file.

use crate::batch::{self, Batch, Counts};
use crate::commands::{BatchRefusal, counts_now, each_payment, find};
use crate::policy;
use crate::reason::Reason;
use crate::store;
use crate::store::ids::OpenIds;
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

fn view(scope: &Scope<'_>, batch: &Batch) -> Result<BatchView, Error> {
    Ok(BatchView {
        batch: batch::name(batch.id),
        payer: resolve::payer_at(scope, batch.payer)?.agreement.name,
        message_id: batch.record.message_id.clone(),
        received: batch.record.received().to_string(),
        counts: counts_now(scope, batch)?,
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
        let mut scanned = Vec::new();
        store::batch::each_before(scope, before.unwrap_or(i64::MAX), SCANNED_MAX, |batch| {
            scanned.push(batch);
            Ok(())
        })?;
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
            visit(PaymentView {
                end_to_end_id: ids.end_to_end_id.to_owned(),
                state: row.outcome.state.name(),
                code: row.outcome.reason.map(Reason::code),
            })
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

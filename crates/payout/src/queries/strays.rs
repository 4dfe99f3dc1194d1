//! The work list: what banks returned and nobody knows the payment of.

use crate::stray::Stray;
use crate::stray_return::StrayReturn;
use crate::{policy, store};
use kernel::{Actor, Error, Writer};
use serde::Serialize;

/// What one page of a work list has at most.
pub const STRAYS_MAX: usize = 1_000;

/// A return on the work list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StrayView {
    /// Its name.
    pub id: String,
    /// When it came.
    pub at: String,
    /// Which bank brought it; none where that was the agency.
    pub bank: Option<String>,
    /// The bank's id of the message.
    pub message_id: String,
    /// Its id of the return.
    pub reference: Option<String>,
    /// When it settles.
    pub settled: Option<String>,
    /// Of which payment the bank says that it is.
    pub end_to_end_id: Option<String>,
    /// What comes back.
    pub amount: Option<String>,
    /// In which currency.
    pub currency: Option<String>,
    /// The account that the bank says the payment went to.
    pub account: Option<String>,
    /// The bank's reason: an ISO code, or its own where that is none that is known here.
    pub reason: String,
    /// Why it is here, in a word.
    pub why: &'static str,
    /// And in a sentence.
    pub sentence: &'static str,
}

impl From<StrayReturn> for StrayView {
    fn from(stray: StrayReturn) -> Self {
        Self {
            id: stray.id.name(),
            at: stray.at.to_string(),
            bank: stray.said.bank,
            message_id: stray.said.message_id,
            reference: stray.said.reference,
            settled: stray.said.settled,
            end_to_end_id: stray.end_to_end_id,
            amount: stray.money.map(|money| money.decimal().to_string()),
            currency: stray.money.map(|money| money.currency.as_str().to_owned()),
            account: stray.said.account,
            reason: stray.said.code.unwrap_or(stray.reason),
            why: stray.why.name(),
            sentence: stray.why.sentence(),
        }
    }
}

/// Some of the work list.
#[derive(Clone, Debug, Default)]
pub struct StraysPage {
    /// The oldest come first.
    pub returns: Vec<StrayView>,
    /// Where the next page begins; none after the last.
    pub next: Option<i64>,
}

/// Those returns about which nobody has decided, at most `limit` of them and [`STRAYS_MAX`], after a place.
///
/// # Errors
/// The policy's refusal, or the store's.
pub fn strays(writer: &mut Writer, after: Option<i64>, limit: usize, actor: &Actor) -> Result<StraysPage, Error> {
    policy::LIST_RETURNS.require(actor)?;
    let (returns, next) = open::<StrayReturn>(writer, after, limit)?;
    Ok(StraysPage { returns: returns.into_iter().map(StrayView::from).collect(), next })
}

/// What nobody has decided about of a work list, at most `limit` of it and [`STRAYS_MAX`], after a place; and where the next page begins.
pub(super) fn open<S: Stray>(
    writer: &mut Writer,
    after: Option<i64>,
    limit: usize,
) -> Result<(Vec<S>, Option<i64>), Error> {
    let limit = limit.min(STRAYS_MAX);
    let mut found = writer.read(|scope| {
        let one_more = i64::try_from(limit + 1).unwrap_or(i64::MAX);
        store::stray::open_after::<S>(scope, after.unwrap_or(-1), one_more)
    })?;
    let has_more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().map(|stray| stray.id().number()).filter(|_| has_more);
    Ok((found, next))
}

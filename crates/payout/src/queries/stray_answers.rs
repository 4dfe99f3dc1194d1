//! The work list: what banks answered to recalls and nobody knows what it is about.

use crate::policy;
use crate::stray_answer::{Names, StrayAnswer};
use kernel::{Actor, Error, Writer};
use serde::Serialize;

/// An answer on the work list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StrayAnswerView {
    /// Its name.
    pub id: String,
    /// When it came.
    pub at: String,
    /// By whom it was brought.
    pub by: String,
    /// Which bank that was; none where it was the agency.
    pub bank: Option<String>,
    /// The bank's id of the message.
    pub message_id: String,
    /// The line of the message that it stands in, from 1.
    pub line: u64,
    /// The bank's id of the answer.
    pub answer_id: Option<String>,
    /// What it says that it is about.
    #[serde(flatten)]
    pub names: Names,
    /// The status, as the bank gave it.
    pub status: Option<String>,
    /// What comes back, where the bank said so.
    pub amount: Option<String>,
    /// In which currency.
    pub currency: Option<String>,
    /// When, where it said so.
    pub on: Option<String>,
    /// Its reasons: a code, and what it adds.
    pub reasons: Vec<super::AnswerReason>,
    /// Why it is here, in a word.
    pub why: &'static str,
    /// And in a sentence.
    pub sentence: &'static str,
}

impl From<StrayAnswer> for StrayAnswerView {
    fn from(stray: StrayAnswer) -> Self {
        let record = stray.record;
        let reasons = record.reasons.into_iter().map(|(code, text)| super::AnswerReason { code, text });
        Self {
            id: stray.id.name(),
            at: stray.at.to_string(),
            by: record.by,
            bank: stray.bank,
            message_id: record.assignment_id,
            line: stray.line,
            answer_id: record.answer_id,
            names: stray.names,
            status: record.status,
            amount: stray.money.map(|money| money.decimal().to_string()),
            currency: stray.money.map(|money| money.currency.as_str().to_owned()),
            on: record.on,
            reasons: reasons.collect(),
            why: stray.why.code(),
            sentence: stray.why.sentence(),
        }
    }
}

/// Some of the work list.
#[derive(Clone, Debug, Default)]
pub struct StrayAnswersPage {
    /// The oldest come first.
    pub answers: Vec<StrayAnswerView>,
    /// Where the next page begins; none after the last.
    pub next: Option<i64>,
}

/// Those answers at which nobody has looked, at most `limit` of them and [`super::STRAYS_MAX`], after a place.
///
/// # Errors
/// The policy's refusal, or the store's.
pub fn stray_answers(
    writer: &mut Writer,
    after: Option<i64>,
    limit: usize,
    actor: &Actor,
) -> Result<StrayAnswersPage, Error> {
    policy::LIST_ANSWERS.require(actor)?;
    let (answers, next) = super::strays::open::<StrayAnswer>(writer, after, limit)?;
    Ok(StrayAnswersPage { answers: answers.into_iter().map(StrayAnswerView::from).collect(), next })
}

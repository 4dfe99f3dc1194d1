//! What banks answer to recalls, and what of that nobody knows what it is about.

use super::{Reason, SCOPE, bank_of};
use crate::page_of::{self, PageOf};
use crate::problem::Problem;
use crate::route::{Answer, Call, Done, Json, Nothing, Route};
use crate::stream::Arriving;
use kernel::Env;
use payout::commands::{AnswersTaken, SettleAnswer, answer_recalls};
use payout::policy;
use payout::queries::{self, StrayAnswerView};
use payout::stray_answer::Names;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::io::Cursor;

/// Which list a cursor is of.
const LIST: &str = "recalls.answers";
/// A longer message of answers is not read.
const ANSWERS_BYTES_MAX: usize = 16 << 20;

pub fn routes() -> Vec<Route> {
    vec![
        Route::post("/v1/recalls/answers", "recalls.answers", "Answer recalls (camt.029): the same again does nothing")
            .token(policy::ANSWER_RECALLS, SCOPE)
            .refuses(&["bank.unknown", "recall.file", "recall.too_many", "request.timeout"])
            .by(answers),
        Route::get(
            "/v1/recalls/answers",
            "recalls.stray_answers",
            "The work list: answers of which nobody knows what they are about, the oldest first",
        )
        .token(policy::LIST_ANSWERS, SCOPE)
        .by(stray_answers),
        Route::post("/v1/recalls/answers/{answer}/settle", "recalls.settle_answer", "Say what one of them was about")
            .token(policy::SETTLE_ANSWER, SCOPE)
            .repeatable()
            .refuses(&["recall.answer_unknown", "recall.answer_settled", "recall.why"])
            .by(settle_answer),
    ]
}

/// What became of answers.
#[derive(Serialize, JsonSchema)]
struct Taken {
    /// How many answers there are in the message.
    answers: usize,
    /// Those that were taken before.
    known: usize,
    /// What is new.
    taken: Vec<TakenOne>,
    /// Those that are about nothing that you were asked for.
    unmatched: Vec<Unmatched>,
    /// How many of these are new, and were put on the agency's work list.
    listed: usize,
}

/// What was answered about one payment, and where it stands now.
#[derive(Serialize, JsonSchema)]
struct TakenOne {
    /// The recall.
    recall: String,
    /// The payer's end-to-end id.
    end_to_end_id: String,
    /// `accepted`, `refused`, `partial`, `pending` or `other`.
    status: String,
    /// Where it stands.
    standing: String,
    /// What was booked as come back by it.
    booked: Option<String>,
    /// In which currency.
    currency: String,
    /// Whether something else had been said before. The last word holds; what is booked stays.
    contradicts: bool,
}

/// An answer that is about nothing that is known.
#[derive(Serialize, JsonSchema)]
struct Unmatched {
    /// The line of the message that it stands in, from 1.
    line: u64,
    /// Why, in a word.
    code: String,
    /// The same in a sentence.
    text: String,
}

async fn answers(call: Call<Arriving>) -> Answer<Json<Taken>> {
    let (bank, actor) = (bank_of(&call)?, call.caller.actor());
    let place = call.edge.transfers.enter(&call.caller.name)?;
    let (mut body, mut message) = (call.body, Vec::new());
    while let Some(piece) = body.next().await? {
        if message.len() + piece.len() > ANSWERS_BYTES_MAX {
            return Err(Problem::of("body.too_large"));
        }
        message.extend_from_slice(&piece);
    }
    let now = (call.edge.clock)();
    let taken = call.edge.core.file(move |writer| {
        let _place = place;
        let env = Env::sample(now, &mut writer.secrets)?;
        answer_recalls(writer, Cursor::new(message), bank.as_deref(), None, (&actor, &env))
    });
    let AnswersTaken { answers, known, taken, unmatched, listed, .. } = taken.await?;
    let one = |taken: payout::commands::AnswerTaken| {
        let payout::commands::AnswerTaken { recall, end_to_end_id, status, standing, booked, currency, contradicts } =
            taken;
        TakenOne { recall, end_to_end_id, status, standing, booked, currency, contradicts }
    };
    let not = |payout::commands::Unmatched { line, code, text }| Unmatched { line, code, text };
    let (taken, unmatched) = (taken.into_iter().map(one).collect(), unmatched.into_iter().map(not).collect());
    Ok(Json(Taken { answers, known, taken, unmatched, listed }))
}

/// A page of the work list.
#[derive(Serialize, JsonSchema)]
struct StrayAnswers {
    /// The oldest come first.
    answers: Vec<Stray>,
    /// The cursor of the next page; none after the last.
    next: Option<String>,
}

/// An answer of which nobody knows what it is about.
#[derive(Serialize, JsonSchema)]
struct Stray {
    /// Its name.
    id: String,
    /// When it came (RFC 3339).
    at: String,
    /// Who brought it.
    by: String,
    /// Which bank that was; null where it was the agency.
    bank: Option<String>,
    /// The bank's id of the message.
    message_id: String,
    /// The line of the message that it stands in, from 1.
    line: u64,
    /// The bank's id of the answer.
    answer_id: Option<String>,
    /// The case that it names.
    case_id: Option<String>,
    /// The cancellation that it names.
    cancellation_id: Option<String>,
    /// The message in which the payments stood, as it says.
    original_message_id: Option<String>,
    /// Their block.
    payment_info_id: Option<String>,
    /// The payer's end-to-end id.
    end_to_end_id: Option<String>,
    /// The payer's instruction id.
    instruction_id: Option<String>,
    /// The bank's id of the transfer.
    transaction_id: Option<String>,
    /// Its unique end-to-end transaction reference.
    uetr: Option<String>,
    /// The status, as the bank gave it.
    status: Option<String>,
    /// What comes back, where the bank said so.
    amount: Option<String>,
    /// In which currency.
    currency: Option<String>,
    /// When, where it said so.
    on: Option<String>,
    /// Its reasons.
    reasons: Vec<Reason>,
    /// Why it is here, in a word.
    why: &'static str,
    /// And in a sentence.
    sentence: &'static str,
}

impl From<StrayAnswerView> for Stray {
    fn from(view: StrayAnswerView) -> Self {
        let StrayAnswerView { id, at, by, bank, message_id, line, answer_id, names, .. } = view;
        let StrayAnswerView { status, amount, currency, on, reasons, why, sentence, .. } = view;
        let Names { case_id, cancellation_id, original_message_id, payment_info_id, .. } = names;
        let Names { end_to_end_id, instruction_id, transaction_id, uetr, .. } = names;
        Self {
            id,
            at,
            by,
            bank,
            message_id,
            line,
            answer_id,
            case_id,
            cancellation_id,
            original_message_id,
            payment_info_id,
            end_to_end_id,
            instruction_id,
            transaction_id,
            uetr,
            status,
            amount,
            currency,
            on,
            reasons: reasons.into_iter().map(Reason::from).collect(),
            why,
            sentence,
        }
    }
}

async fn stray_answers(call: Call<Nothing, Nothing, PageOf>) -> Answer<Json<StrayAnswers>> {
    let (after, limit, actor) = (call.query.after(LIST)?, call.query.limit()?, call.caller.actor());
    let page = call.edge.core.read(move |reader| queries::stray_answers(reader, after, limit, &actor)).await?;
    let next = page.next.map(|place| page_of::write(LIST, place));
    Ok(Json(StrayAnswers { answers: page.answers.into_iter().map(Stray::from).collect(), next }))
}

/// Which answer.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WhichAnswer {
    /// Our name for it.
    #[schemars(length(min = 13, max = 13))]
    answer: String,
}

/// What an answer was about.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Settled {
    /// What it was about: one line that is kept with it.
    #[schemars(length(min = 1, max = 500))]
    reason: String,
}

async fn settle_answer(call: Call<Json<Settled>, WhichAnswer>) -> Answer<Done> {
    let by = call.caller.actor().name().to_owned();
    let command = SettleAnswer { answer: call.path.answer.clone(), why: call.body.0.reason.clone(), by };
    call.once(&(&call.path.answer, &call.body.0), command).await?;
    Ok(Done)
}

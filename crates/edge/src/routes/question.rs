//! What questions about payees have in common.

use crate::caller::Caller;
use crate::core::Unanswered;
use crate::edge::Edge;
use crate::problem::{Problem, refused};
use crate::route::Answer;
use denmark::Account;
use kernel::{Error, Timestamp};
use registry::ask::Ask;
use registry::bucket::Exhausted;
use registry::commands::{AskMany, Client, Question};
use registry::legal_purpose::LegalPurpose;
use registry::payee::PayeeId;
use registry::purpose::BenefitKind;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serializer};

/// The names of legal purposes, for the description.
#[derive(JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "it is its names that are described")]
pub enum Purpose {
    Payment,
    Recovery,
    CreditAgreement,
    FraudPrevention,
    Law,
}

/// With what any question can be refused.
pub const REFUSALS: &[&str] = &[EXHAUSTED, "look_up.count", "look_up.purpose", "look_up.benefit"];

const EXHAUSTED: &str = "allowance.exhausted";

/// Who asks, as questions want it.
pub fn client(caller: &Caller) -> Client {
    Client { actor: caller.actor(), payer: caller.payer.clone() }
}

/// Asks about so many payees, unless the same was refused a moment ago.
///
/// # Errors
/// `allowance.exhausted`, or those of `asking`.
pub async fn unless_emptied<T>(
    edge: &Edge,
    caller: &Caller,
    purpose: LegalPurpose,
    count: usize,
    asking: impl Future<Output = Result<T, Unanswered>>,
) -> Result<T, Unanswered> {
    let actor = caller.actor();
    edge.emptied.admit(actor.name(), purpose, count, (edge.clock)())?;
    let answers = asking.await;
    if let Err(Unanswered::Failed(Error::Refused(refusal))) = &answers
        && let (EXHAUSTED, Some(seconds)) = (refusal.code, refusal.retry_after_seconds)
    {
        edge.emptied.keep(actor.name(), purpose, count, Exhausted { seconds }, (edge.clock)());
    }
    answers
}

/// Asks all of them at once; the answers are in the same order.
pub async fn ask_many<K>(
    edge: &Edge,
    caller: &Caller,
    purpose: LegalPurpose,
    questions: Vec<Question<K::Asked>>,
) -> Answer<Vec<K::Answer>>
where
    K: Ask<Asked: Send, Answer: Send> + 'static,
{
    let count = questions.len();
    let request = AskMany::<K>::new(&edge.vault, client(caller), purpose, questions).map_err(refused)?;
    let asking = edge.core.execute_jointly(request, caller.actor(), count);
    Ok(unless_emptied(edge, caller, purpose, count, asking).await?)
}

/// Asks one.
pub async fn ask_one<K>(
    edge: &Edge,
    caller: &Caller,
    purpose: LegalPurpose,
    question: Question<K::Asked>,
) -> Answer<K::Answer>
where
    K: Ask<Asked: Send, Answer: Send> + 'static,
{
    let mut answers = ask_many::<K>(edge, caller, purpose, vec![question]).await?;
    answers.pop().ok_or_else(|| Problem::failure("a question without an answer"))
}

pub fn payee<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PayeeId, D::Error> {
    parsed(deserializer, PayeeId::parse, "cpr:, cvr:, se: or p: and a number of that kind")
}

/// As a request is told from another, and nowhere else.
pub fn revealed<S: Serializer>(payee: &PayeeId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&payee.reveal())
}

pub fn account<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Account, D::Error> {
    parsed(deserializer, |text| Account::parse(text).ok(), "an IBAN, or a Danish account as RRRR-N")
}

pub fn purpose<'de, D: Deserializer<'de>>(deserializer: D) -> Result<LegalPurpose, D::Error> {
    parsed(deserializer, LegalPurpose::parse, "one of the legal purposes")
}

/// The form of a moment, for the description.
pub const MOMENT: &str = r"^[0-9]{4}-(0[1-9]|1[0-2])-([0-2][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$";

pub fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    parsed(deserializer, Timestamp::parse, "a moment of RFC 3339, such as 2026-11-20T08:30:00Z")
}

/// As a request is told from another.
pub fn micros<S: Serializer>(moment: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_i64(moment.micros())
}

pub fn benefit<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<BenefitKind>, D::Error> {
    let expected = "one word of at most 35 characters";
    Option::<String>::deserialize(deserializer)?
        .map(|text| BenefitKind::parse(&text).ok_or_else(|| invalid(expected)))
        .transpose()
}

/// Reads a text; it says what was expected, and not what came.
pub fn parsed<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    parse: impl FnOnce(&str) -> Option<T>,
    expected: &'static str,
) -> Result<T, D::Error> {
    parse(&String::deserialize(deserializer)?).ok_or_else(|| invalid(expected))
}

/// It says what was expected, and not what came.
fn invalid<E: serde::de::Error>(expected: &'static str) -> E {
    E::invalid_value(serde::de::Unexpected::Other("a text"), &expected)
}

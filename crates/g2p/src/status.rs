use crate::code::{Fault, HeaderReason, Operation};
use crate::envelope::{Envelope, TRANSACTION_ID_BYTES_MAX, from_str};
use crate::request::{ENTRIES_MAX, REFERENCE_ID_BYTES_MAX};
use crate::{Moment, Text};
use serde::Deserialize;

/// What became of an earlier message?
#[derive(Debug, PartialEq, Eq)]
pub struct StatusRequest<'a> {
    /// The question's own transaction, which is written back.
    pub transaction_id: Text<'a>,
    /// The question's own name, 1 to [`REFERENCE_ID_BYTES_MAX`] bytes.
    pub reference_id: Text<'a>,
    /// Which operation that was; never [`Operation::Status`].
    pub operation: Operation,
    /// Which message, or which entries.
    pub about: About<'a>,
}

/// By what a question names what it is about.
#[derive(Debug, PartialEq, Eq)]
pub enum About<'a> {
    /// The message with this `transaction_id`.
    Transaction(Text<'a>),
    /// The message that was answered with this `correlation_id`.
    Correlation(Text<'a>),
    /// The entries with these `reference_id`s: 1 to [`ENTRIES_MAX`].
    References(Vec<Text<'a>>),
}

#[derive(Deserialize)]
struct WireMessage<'a> {
    #[serde(borrow)]
    transaction_id: Text<'a>,
    #[serde(borrow)]
    txnstatus_request: OneOrMany<WireQuestion<'a>>,
}

#[derive(Deserialize)]
struct WireQuestion<'a> {
    #[serde(borrow)]
    reference_id: Text<'a>,
    #[serde(borrow)]
    timestamp: Option<Text<'a>>,
    #[serde(borrow)]
    txn_type: Text<'a>,
    #[serde(borrow)]
    attribute_type: Text<'a>,
    #[serde(borrow)]
    attribute_value: OneOrMany<Text<'a>>,
}

/// The standard has one question in a message, clients in use have a list; and a value is a text or a list of texts.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    fn into_list(self) -> Vec<T> {
        match self {
            OneOrMany::One(one) => vec![one],
            OneOrMany::Many(many) => many,
        }
    }
}

impl<'a> Envelope<'a> {
    /// Reads a question about an earlier message. One message asks one question: its answer may be as long as a message.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn status(&self) -> Result<StatusRequest<'a>, Fault> {
        self.check(Operation::Status)?;
        let message: WireMessage<'a> = from_str(self.message)?;
        let is_named = |text: &Text<'_>, bytes_max| (1..=bytes_max).contains(&text.as_str().len());
        let [question] = <[_; 1]>::try_from(message.txnstatus_request.into_list())
            .map_err(|_| Fault::Header(HeaderReason::TotalCountLimitExceeded, "A message asks one question."))?;
        if self.total_count() != 1 {
            return Err(Fault::Header(HeaderReason::TotalCountInvalid, "The total_count of a question is 1."));
        }
        if !is_named(&message.transaction_id, TRANSACTION_ID_BYTES_MAX) {
            return Err(Fault::bad("The transaction_id is empty or longer than 99 bytes."));
        }
        if !is_named(&question.reference_id, REFERENCE_ID_BYTES_MAX) {
            return Err(Fault::bad("The reference_id is empty or longer than 99 bytes."));
        }
        if question.timestamp.is_some_and(|timestamp| Moment::parse(timestamp.as_str()).is_none()) {
            return Err(Fault::bad("The timestamp is not a time as in ISO 8601."));
        }
        let operation = Operation::parse(question.txn_type.as_str())
            .filter(|&operation| operation != Operation::Status)
            .ok_or(Fault::bad("The txn_type is not link, update, unlink or resolve."))?;
        let values = question.attribute_value.into_list();
        if values.len() > ENTRIES_MAX || !values.iter().all(|value| is_named(value, TRANSACTION_ID_BYTES_MAX)) {
            return Err(Fault::bad("The attribute_value has an empty or too long id, or too many."));
        }
        let about = match (question.attribute_type.as_str(), <[_; 1]>::try_from(values)) {
            ("transaction_id", Ok([id])) => About::Transaction(id),
            ("correlation_id", Ok([id])) => About::Correlation(id),
            ("reference_id_list", Ok(id)) => About::References(id.into()),
            ("reference_id_list", Err(ids)) if !ids.is_empty() => About::References(ids),
            ("transaction_id" | "correlation_id" | "reference_id_list", Err(_)) => {
                return Err(Fault::bad("The attribute_value has not as many ids as the attribute_type wants."));
            }
            _ => return Err(Fault::bad("The attribute_type is not one of the standard's.")),
        };
        Ok(StatusRequest {
            transaction_id: message.transaction_id,
            reference_id: question.reference_id,
            operation,
            about,
        })
    }
}

//! Messages of a mapper's clients: what became of each entry, for as long as the client can ask. Pure.

use crate::ask::AnswerClass;
use kernel::{Id, Refusal};
use serde::{Deserialize, Serialize};

/// How long what became of a message can be asked for. What it did is in the journal for ever.
pub const MESSAGE_DAYS: i64 = 30;
/// An entry is looked for, by the client's name for it, in so many of its newest messages of a kind.
pub const MESSAGES_SOUGHT: i64 = 100;

/// What a message asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// Accounts, or whether there are any.
    Resolve,
    /// Accounts for payees that have none.
    Link,
    /// Other accounts.
    Update,
    /// Designations to end.
    Unlink,
}

impl MessageKind {
    /// As the store knows it.
    #[must_use]
    pub const fn code(self) -> i64 {
        self as i64
    }
}

/// What became of one entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was answered so.
    Told(AnswerClass),
    /// It is done, or all was so already.
    Done,
    /// It was held, under this name of the change.
    Held(String),
    /// It was refused.
    Refused {
        /// The stable code.
        code: String,
        /// A sentence.
        text: String,
    },
}

impl From<&Refusal> for Outcome {
    fn from(Refusal { code, text, .. }: &Refusal) -> Self {
        Self::Refused { code: (*code).to_owned(), text: text.clone() }
    }
}

/// A message, as it is remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The client's name for it.
    pub transaction: String,
    /// The client's name for each entry, and what became of it.
    pub entries: Vec<(String, Outcome)>,
}

/// Our name for a message: what its answer is correlated by.
pub type MessageId = Id<Message>;

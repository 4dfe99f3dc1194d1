//! Events of the registers: each request has one entry in the journal, and each event its own answer.

use crate::import::{Decided as Became, RegisterChange, RegisterState, save_mirror};
use crate::policy;
use crate::register_event::{Register, Registered};
use crate::row_refusal::RowRefusal;
use kernel::journal::Rows;
use kernel::{Decided, Decision, Env, Error, Joint, Once, Operation, Refusal, Refuse, Scope};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Events of one request.
pub const EVENTS_MAX: usize = 1000;

/// Why a request was refused as a whole.
#[derive(Debug, PartialEq, Eq)]
pub enum EventsRefusal {
    /// No event, or more than one request may hold.
    Count,
}

impl Refuse for EventsRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Count => "register.count",
        }
    }
}

impl fmt::Display for EventsRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a request holds 1 to {EVENTS_MAX} events")
    }
}

/// Events of one register, in the order in which they are to be recorded. A bad one stops no other.
pub struct RecordEvents {
    register: Register,
    events: Vec<Result<Registered, RowRefusal>>,
    once: Option<Once>,
}

impl RecordEvents {
    /// From events as they were read.
    ///
    /// # Errors
    /// [`EventsRefusal::Count`].
    pub fn new(
        register: Register,
        events: Vec<Result<Registered, RowRefusal>>,
        once: Option<Once>,
    ) -> Result<Self, EventsRefusal> {
        if (1..=EVENTS_MAX).contains(&events.len()) {
            Ok(Self { register, events, once })
        } else {
            Err(EventsRefusal::Count)
        }
    }
}

/// What became of one event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventAnswer {
    /// It was recorded.
    Done,
    /// It says what is known.
    Unchanged,
    /// It is older than what is known.
    Outdated,
    /// It was refused, with this code.
    Refused(String),
}

impl EventAnswer {
    /// As answers and the journal say it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Unchanged => "unchanged",
            Self::Outdated => "outdated",
            Self::Refused(_) => "refused",
        }
    }
}

impl Joint for RecordEvents {
    const OPERATION: Operation = policy::RECORD_EVENTS;
    const READS_JOURNAL: bool = false;
    type State = RegisterState;
    type Change = RegisterChange;
    /// One answer for each event, in their order.
    type Output = Vec<EventAnswer>;

    fn once(&self) -> Option<Once> {
        self.once
    }

    fn load(scope: &Scope<'_>, requests: &[&Self]) -> Result<RegisterState, Error> {
        RegisterState::load(scope, requests.iter().flat_map(|request| &request.events).flatten())
    }

    fn decide(
        &self,
        state: &mut RegisterState,
        env: &Env,
    ) -> Result<Decision<RegisterChange, Vec<EventAnswer>>, Refusal> {
        let mut changes = Vec::new();
        let mut became = |event: &Result<Registered, RowRefusal>| match event {
            Err(refusal) => Err(*refusal),
            Ok(event) => Ok(match state.decide(event, env)? {
                Became::Unchanged => EventAnswer::Unchanged,
                Became::Outdated => EventAnswer::Outdated,
                Became::Changed(change) => {
                    changes.push(change);
                    EventAnswer::Done
                }
            }),
        };
        let answers: Vec<EventAnswer> = self
            .events
            .iter()
            .map(|event| became(event).unwrap_or_else(|refusal| EventAnswer::Refused(refusal.code().to_owned())))
            .collect();
        let mut counts = BTreeMap::new();
        for answer in &answers {
            *counts.entry(answer.name()).or_insert(0_u64) += 1;
        }
        let facts = serde_json::json!({ "register": self.register.name(), "events": answers.len(), "answers": counts });
        Ok(Decision::of(changes, facts, answers))
    }

    fn save(scope: &Scope<'_>, decided: &[Decided<'_, Self>]) -> Result<Vec<Vec<Rows>>, Error> {
        let entries: Vec<_> = decided.iter().map(|decided| (decided.entry, decided.changes.as_slice())).collect();
        let mut rows = save_mirror(scope, &entries)?.into_iter();
        Ok(entries
            .iter()
            .map(|(_, changes)| if changes.is_empty() { vec![] } else { rows.next().into_iter().collect() })
            .collect())
    }
}

//! A batch: one payment file, what became of it, and how it is called.

use crate::message::Version;
use crate::payment::State;
use crate::reason::Reason;
use denmark::{Decimal, Money};
use kernel::{Id, Timestamp};
use registry::payer::{Payer, PayerVersion};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One payment file that was accepted.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Its id.
    pub id: Id<Self>,
    /// The journal entry that recorded it.
    pub entry: i64,
    /// Whose it is, with the agreement of that moment.
    pub payer: Id<PayerVersion>,
    /// Whose it is.
    pub owner: Id<Payer>,
    /// SHA-256 of the file.
    pub file_hash: [u8; 32],
    /// The bank directory that was used: that of a journal of this size.
    pub banks_at: i64,
    /// Whether the sealed input is kept: it came in over the network, something may be held, or a bank fetches what is completed.
    pub input_kept: bool,
    /// What else was recorded.
    pub record: Record,
}

/// What a batch keeps sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The payer's message id.
    pub message_id: String,
    /// In which version of the message it came, and went on.
    pub version: Version,
    /// When the file came in: the date of everything that is written of it, so that it can be written again byte for byte.
    pub received: i64,
    /// Whether the payer asked for the whole file to wait.
    pub hold_all: bool,
    /// What was decided when it came in.
    pub counts: Counts,
}

impl Record {
    /// When the file came in.
    #[must_use]
    pub const fn received(&self) -> Timestamp {
        Timestamp::from_micros(self.received)
    }
}

/// How many payments ended how.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// All.
    pub payments: u64,
    /// Completed and sent on.
    pub routed: u64,
    /// Sent on as they came.
    pub passed: u64,
    /// Waiting.
    pub held: u64,
    /// Gone back.
    pub rejected: u64,
    /// Cancelled while they waited.
    pub cancelled: u64,
    /// Sent on, and come back.
    pub returned: u64,
    /// In the waiting account.
    pub waiting: u64,
    /// How many went back for which reason.
    pub reasons: BTreeMap<String, u64>,
    /// What they come to, by what became of them (`routed`, `passed`, `held`, `returned`, `waiting`, or the
    /// reason's code) and currency.
    pub sums: BTreeMap<String, BTreeMap<String, String>>,
}

impl Counts {
    /// How many payments named somebody who is not there: in no register, or dead.
    #[must_use]
    pub fn misses(&self) -> u64 {
        [Reason::NotInRegister, Reason::Dead].iter().filter_map(|reason| self.reasons.get(reason.code())).sum()
    }

    /// How many payments were sent on, and have not come back.
    #[must_use]
    pub const fn sent(&self) -> u64 {
        self.routed + self.passed + self.waiting
    }

    /// Whether something waits that may yet leave by itself: here, or in the waiting account.
    #[must_use]
    pub const fn may_leave(&self) -> bool {
        self.held + self.waiting > 0
    }

    /// A payment that was in one state is in another now. Both are told by their names, and not by a reason.
    ///
    /// `None` if the counts do not have it.
    #[must_use]
    pub fn moved(mut self, money: Option<Money>, from: State, to: State) -> Option<Self> {
        let count = self.state_mut(from)?;
        *count = count.checked_sub(1)?;
        *self.state_mut(to)? += 1;
        let Some(money) = money else { return Some(self) };
        let currency = money.currency.as_str();
        let sums = self.sums.get_mut(from.name())?;
        let left = Decimal::parse(sums.get(currency)?).ok()?.checked_sub(money.decimal())?;
        if left.is_zero() {
            sums.remove(currency);
        } else {
            sums.insert(currency.to_owned(), left.to_string());
        }
        self.sums.retain(|_, sums| !sums.is_empty());
        let sum = self.sums.entry(to.name().to_owned()).or_default().entry(currency.to_owned()).or_default();
        let before = if sum.is_empty() { Decimal::ZERO } else { Decimal::parse(sum).ok()? };
        *sum = before.checked_add(money.decimal())?.to_string();
        Some(self)
    }

    fn state_mut(&mut self, state: State) -> Option<&mut u64> {
        match state {
            State::Routed => Some(&mut self.routed),
            State::Passed => Some(&mut self.passed),
            State::Held => Some(&mut self.held),
            State::Returned => Some(&mut self.returned),
            State::Waiting => Some(&mut self.waiting),
            State::Rejected | State::Cancelled => None,
        }
    }

    /// The batch's state, as people read it.
    #[must_use]
    pub fn state(&self) -> &'static str {
        if self.held > 0 {
            "held"
        } else if self.sent() > 0 {
            "completed"
        } else if self.returned > 0 {
            "returned"
        } else if self.cancelled > 0 {
            "cancelled"
        } else {
            "rejected"
        }
    }
}

/// What stands in a completed file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// How many payments.
    pub payments: u64,
    /// What they come to, by currency.
    pub sums: BTreeMap<String, String>,
}

/// Counts that are being made.
#[derive(Clone, Default)]
pub struct Tally {
    states: [u64; State::ALL.len()],
    reasons: BTreeMap<&'static str, u64>,
    sums: BTreeMap<(&'static str, [u8; 3]), Decimal>,
}

impl Tally {
    /// Counts one payment.
    pub fn add(&mut self, state: State, reason: Option<Reason>, money: Option<Money>) {
        self.states[state as usize] += 1;
        let gone_back = reason.filter(|_| matches!(state, State::Rejected | State::Cancelled));
        if let Some(reason) = gone_back {
            *self.reasons.entry(reason.code()).or_default() += 1;
        }
        if let Some(money) = money {
            let key = (gone_back.map_or(state.name(), Reason::code), currency_of(money));
            let sum = self.sums.entry(key).or_insert(Decimal::ZERO);
            // A file's amounts have at most 18 digits each, and 10^20 of them would be needed to overflow.
            *sum = sum.checked_add(money.decimal()).unwrap_or(*sum);
        }
    }

    /// Counts no more one payment that was counted so.
    pub fn remove(&mut self, state: State, reason: Option<Reason>, money: Option<Money>) {
        let count = &mut self.states[state as usize];
        *count = count.saturating_sub(1);
        let gone_back = reason.filter(|_| matches!(state, State::Rejected | State::Cancelled));
        if let Some(count) = gone_back.and_then(|reason| self.reasons.get_mut(reason.code())) {
            *count = count.saturating_sub(1);
        }
        if let Some(money) = money {
            let key = (gone_back.map_or(state.name(), Reason::code), currency_of(money));
            if let Some(sum) = self.sums.get_mut(&key) {
                *sum = sum.checked_sub(money.decimal()).unwrap_or(*sum);
            }
        }
        self.reasons.retain(|_, count| *count > 0);
        self.sums.retain(|_, sum| !sum.is_zero());
    }

    /// How many payments ended so.
    #[must_use]
    pub const fn of(&self, state: State) -> u64 {
        self.states[state as usize]
    }

    /// What of it goes on to the payees.
    #[must_use]
    pub fn sent(&self) -> Sent {
        let mut sums: BTreeMap<String, Decimal> = BTreeMap::new();
        for ((label, currency), amount) in &self.sums {
            if State::ALL.iter().any(|state| state.has_left() && state.name() == *label) {
                let sum = sums.entry(String::from_utf8_lossy(currency).into_owned()).or_insert(Decimal::ZERO);
                *sum = sum.checked_add(*amount).unwrap_or(*sum);
            }
        }
        let payments = State::ALL.into_iter().filter(|state| state.has_left()).map(|state| self.of(state)).sum();
        Sent { payments, sums: sums.into_iter().map(|(currency, sum)| (currency, sum.to_string())).collect() }
    }

    /// The counts.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let of = |state: State| self.of(state);
        let mut sums: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        for ((label, currency), sum) in &self.sums {
            let currency = String::from_utf8_lossy(currency).into_owned();
            sums.entry((*label).to_owned()).or_default().insert(currency, sum.to_string());
        }
        Counts {
            payments: self.states.iter().sum(),
            routed: of(State::Routed),
            passed: of(State::Passed),
            held: of(State::Held),
            rejected: of(State::Rejected),
            cancelled: of(State::Cancelled),
            returned: of(State::Returned),
            waiting: of(State::Waiting),
            reasons: self.reasons.iter().map(|(code, count)| ((*code).to_owned(), *count)).collect(),
            sums,
        }
    }
}

fn currency_of(money: Money) -> [u8; 3] {
    let mut currency = [b' '; 3];
    currency.copy_from_slice(money.currency.as_str().as_bytes());
    currency
}

/// A batch's id as people and file names write it: 13 letters and digits.
#[must_use]
pub fn name(id: Id<Batch>) -> String {
    id.name()
}

/// Reads what [`name`] wrote.
#[must_use]
pub fn parse_name(text: &str) -> Option<Id<Batch>> {
    Id::parse_name(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn names_read_back(number in 0..i64::MAX) {
            let id = Id::new(number);
            prop_assert_eq!(parse_name(&name(id)), Some(id));
        }

        #[test]
        fn no_text_stops_the_reader(text: String) {
            let _ = parse_name(&text);
        }
    }
}

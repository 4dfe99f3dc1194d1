//! Changes of accounts, one or many at a time: what a row of a bulk file says, asked for by itself.

use crate::designation::Channel;
use crate::import::{self, AccountChange, AccountRow, AccountState, HeldChange, ImportRefusal};
use crate::pending::{PendingChange, Unexpected};
use crate::policy;
use crate::row_refusal::RowRefusal;
use kernel::journal::{self, Rows};
use kernel::{Decided, Decision, Env, Error, Id, Joint, Once, Operation, Refusal, Refuse, Scope};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The most changes of one request.
pub const CHANGES_MAX: usize = 1000;

/// Why a request was refused as a whole.
#[derive(Debug, PartialEq, Eq)]
pub enum ChangeRefusal {
    /// No change, or too many.
    Count,
}

impl Refuse for ChangeRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Count => "change.count",
        }
    }
}

impl fmt::Display for ChangeRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a request has 1 to {CHANGES_MAX} changes")
    }
}

/// 1 to 1,000 changes of accounts by one channel. Each has its own answer, and one that is refused does not stop the others.
/// What one request did is one entry in the journal.
pub struct ChangeAccounts {
    channel: Channel,
    rows: Vec<Result<AccountRow, RowRefusal>>,
    unexpected: Unexpected,
    once: Option<Once>,
}

impl ChangeAccounts {
    /// Makes the request, with those of its changes that could not be read. Known again by `once`, it gives the
    /// same answers, and changes nothing twice.
    ///
    /// # Errors
    /// [`ChangeRefusal::Count`].
    pub fn new(
        channel: Channel,
        rows: Vec<Result<AccountRow, RowRefusal>>,
        unexpected: Unexpected,
        once: Option<Once>,
    ) -> Result<Self, ChangeRefusal> {
        if !(1..=CHANGES_MAX).contains(&rows.len()) {
            return Err(ChangeRefusal::Count);
        }
        Ok(Self { channel, rows, unexpected, once })
    }
}

/// What became of one change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeAnswer {
    /// It holds now.
    Done,
    /// All was so already.
    Unchanged,
    /// It waits for an officer, under this name.
    Held(String),
    /// It was refused.
    Refused(RowRefusal),
}

impl ChangeAnswer {
    const NAMES: [&str; 4] = ["done", "unchanged", "held", "refused"];

    /// In a word: one of four.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        let [done, unchanged, held, refused] = Self::NAMES;
        match self {
            Self::Done => done,
            Self::Unchanged => unchanged,
            Self::Held(_) => held,
            Self::Refused(_) => refused,
        }
    }
}

/// What is known of the payees of several requests, and which senders the bank directory does not name.
pub struct ChangeState {
    accounts: AccountState,
    unknown: BTreeSet<String>,
}

/// What one request changes.
#[derive(Default)]
pub struct Changed {
    designated: Vec<AccountChange>,
    held: Vec<HeldChange>,
}

impl ChangeAccounts {
    fn answer(
        &self,
        accounts: &mut AccountState,
        row: &AccountRow,
        changed: &mut Changed,
        env: &Env,
    ) -> Result<ChangeAnswer, RowRefusal> {
        match accounts.decide(&self.channel, row) {
            Ok(None) => Ok(ChangeAnswer::Unchanged),
            Ok(Some(change)) => {
                changed.designated.push(change);
                Ok(ChangeAnswer::Done)
            }
            Err(RowRefusal::ExpectsMissing) if self.unexpected == Unexpected::Hold => {
                // Ids in a row, from the one that this command has: the store refuses one that is given twice.
                let id = Id::new(env.id::<PendingChange>().number() + changed.held.len() as i64);
                changed.held.push(accounts.hold(&self.channel, row, id, env.now)?);
                Ok(ChangeAnswer::Held(id.name()))
            }
            Err(refusal) => Err(refusal),
        }
    }
}

impl Joint for ChangeAccounts {
    const OPERATION: Operation = policy::CHANGE_ACCOUNTS;
    const READS_JOURNAL: bool = false;
    type State = ChangeState;
    type Change = Changed;
    /// One answer for each change, in their order.
    type Output = Vec<ChangeAnswer>;

    fn once(&self) -> Option<Once> {
        self.once
    }

    fn load(scope: &Scope<'_>, requests: &[&Self]) -> Result<ChangeState, Error> {
        let senders: BTreeMap<String, &Channel> =
            requests.iter().map(|request| (request.channel.name(), &request.channel)).collect();
        let mut unknown = BTreeSet::new();
        for (sender, channel) in senders {
            if !import::sender_is_known(scope.tx, channel)? {
                unknown.insert(sender);
            }
        }
        let rows: Vec<&AccountRow> = requests.iter().flat_map(|request| request.rows.iter().flatten()).collect();
        Ok(ChangeState { accounts: AccountState::load(scope, &rows)?, unknown })
    }

    fn decide(&self, state: &mut ChangeState, env: &Env) -> Result<Decision<Changed, Vec<ChangeAnswer>>, Refusal> {
        let sender = self.channel.name();
        if state.unknown.contains(&sender) {
            return Err(ImportRefusal::BankUnknown.into());
        }
        let mut changed = Changed::default();
        let mut answers = Vec::with_capacity(self.rows.len());
        for row in &self.rows {
            let answer = match row {
                Ok(row) => self.answer(&mut state.accounts, row, &mut changed, env),
                Err(refusal) => Err(*refusal),
            };
            answers.push(answer.unwrap_or_else(ChangeAnswer::Refused));
        }
        let mut facts = serde_json::Map::from_iter([("sender".to_owned(), sender.into())]);
        for name in ChangeAnswer::NAMES {
            let count = answers.iter().filter(|answer| answer.name() == name).count();
            if count > 0 {
                facts.insert(name.to_owned(), count.into());
            }
        }
        let refused = answers.iter().enumerate().filter_map(|(at, answer)| match answer {
            ChangeAnswer::Refused(refusal) => Some(format!("{},{}", at + 1, refusal.code())),
            _ => None,
        });
        let mut refused = refused.peekable();
        if refused.peek().is_some() {
            facts.insert("refusals".to_owned(), journal::list_root(refused).into());
        }
        Ok(Decision::of(vec![changed], facts.into(), answers))
    }

    fn save(scope: &Scope<'_>, decided: &[Decided<'_, Self>]) -> Result<Vec<Vec<Rows>>, Error> {
        let changed = decided.iter().flat_map(|Decided { entry, changes, .. }| {
            changes.iter().map(|Changed { designated, held }| (*entry, designated.as_slice(), held.as_slice()))
        });
        import::save_accounts(scope, &changed.collect::<Vec<_>>())
    }
}

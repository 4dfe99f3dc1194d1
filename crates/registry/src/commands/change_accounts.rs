//! Changes of accounts, one or many at a time: what a row of a bulk file says, asked for by itself.

use crate::allowance::{self, Allowances, InUse};
use crate::ask::{AnswerClass, AskKind};
use crate::bucket::Limits;
use crate::designation::Channel;
use crate::import::{self, AccountChange, AccountRow, AccountState, Asker, ImportRefusal};
use crate::legal_purpose::LegalPurpose;
use crate::policy;
use crate::proposal::Unexpected;
use crate::row_refusal::RowRefusal;
use crate::store;
use crate::store::look_up::LookUpRow;
use kernel::journal::{self, Rows};
use kernel::{Actor, Blind, Decided, Decision, Env, Error, Joint, Once, Operation, Refusal, Refuse, Scope};
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
/// What one request did is one entry in the journal. What a client is told of somebody who is not its customer is a look-up: it is
/// logged and paid for.
pub struct ChangeAccounts {
    actor: Actor,
    channel: Channel,
    rows: Vec<Result<AccountRow, RowRefusal>>,
    unexpected: Unexpected,
    once: Option<Once>,
}

impl ChangeAccounts {
    /// From which bucket a client pays for what it learns by its changes: as if it had asked.
    pub const PURPOSE: LegalPurpose = LegalPurpose::Payment;

    /// Makes the request of `actor`, the same that gives the command, with those of its changes that could not be read. Known
    /// again by `once`, it gives the same answers, and changes nothing twice.
    ///
    /// # Errors
    /// [`ChangeRefusal::Count`].
    pub fn new(
        actor: Actor,
        channel: Channel,
        rows: Vec<Result<AccountRow, RowRefusal>>,
        unexpected: Unexpected,
        once: Option<Once>,
    ) -> Result<Self, ChangeRefusal> {
        if !(1..=CHANGES_MAX).contains(&rows.len()) {
            return Err(ChangeRefusal::Count);
        }
        Ok(Self { actor, channel, rows, unexpected, once })
    }

    /// What bounds the client that asks; none where it is the agency itself.
    const fn limits(&self) -> Option<Limits> {
        Limits::of(self.actor.role(), Self::PURPOSE)
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
    /// It is proposed, under this name, and waits.
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

    /// What it tells of a payee who need not be the bank's customer. What says only something of the change itself, or of what the
    /// bank has done now, tells nothing.
    const fn tells(&self) -> Option<AnswerClass> {
        match self {
            Self::Done | Self::Unchanged => None,
            Self::Held(_) => Some(AnswerClass::NoMatch),
            Self::Refused(refusal) => match refusal {
                RowRefusal::PayeeUnknown => Some(AnswerClass::Unknown),
                RowRefusal::PayeeDead => Some(AnswerClass::Dead),
                RowRefusal::NothingThere => Some(AnswerClass::None),
                RowRefusal::ExpectsMismatch
                | RowRefusal::ExpectsMissing
                | RowRefusal::Waiting
                | RowRefusal::BanChange => Some(AnswerClass::NoMatch),
                RowRefusal::Frozen => Some(AnswerClass::Frozen),
                RowRefusal::Locked | RowRefusal::Reason => Some(AnswerClass::NotPossible),
                _ => None,
            },
        }
    }
}

/// What is known of the payees of several requests, and which senders the bank directory does not name.
pub struct ChangeState {
    accounts: AccountState,
    unknown: BTreeSet<String>,
    allowances: Allowances,
}

/// What one request changes.
#[derive(Default)]
pub struct Changed {
    accounts: Vec<AccountChange>,
    /// Of whom a client was told something, and what.
    told: Vec<(Blind, AnswerClass)>,
    /// The client's bucket, where that cost something.
    used: Option<InUse>,
}

impl ChangeAccounts {
    fn answer(
        &self,
        accounts: &mut AccountState,
        row: &AccountRow,
        changed: &mut Changed,
        env: &Env,
    ) -> Result<ChangeAnswer, RowRefusal> {
        let (channel, by, unexpected) = (&self.channel, self.actor.name(), self.unexpected);
        let Some(change) = accounts.decide(Asker { channel, by, unexpected }, row, env)? else {
            return Ok(ChangeAnswer::Unchanged);
        };
        let answer = match &change {
            AccountChange::Takes(_) => ChangeAnswer::Done,
            AccountChange::Waits(new) => ChangeAnswer::Held(new.proposal().id.name()),
        };
        changed.accounts.push(change);
        Ok(answer)
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
        let clients = requests.iter().filter(|request| request.limits().is_some()).map(|request| request.actor.name());
        let allowances = Allowances::load(scope.tx, clients)?;
        let accounts = AccountState::load(scope, &rows)?.counting(scope, &rows)?;
        Ok(ChangeState { accounts, unknown, allowances })
    }

    fn decide(&self, state: &mut ChangeState, env: &Env) -> Result<Decision<Changed, Vec<ChangeAnswer>>, Refusal> {
        let sender = self.channel.name();
        if state.unknown.contains(&sender) {
            return Err(ImportRefusal::BankUnknown.into());
        }
        let bucket =
            self.limits().map(|limits| state.allowances.get(self.actor.name(), Self::PURPOSE, limits, env.now));
        if let (Some(limits), Some(used)) = (self.limits(), bucket) {
            used.bucket.admit(limits, 1)?;
        }
        let mut changed = Changed::default();
        let mut answers = Vec::with_capacity(self.rows.len());
        for row in &self.rows {
            answers.push(match row {
                Ok(row) => {
                    let answer = self.answer(&mut state.accounts, row, &mut changed, env);
                    let answer = answer.unwrap_or_else(ChangeAnswer::Refused);
                    changed.told.extend(answer.tells().filter(|_| bucket.is_some()).map(|class| (row.key(), class)));
                    answer
                }
                Err(refusal) => ChangeAnswer::Refused(*refusal),
            });
        }
        if let Some(mut used) = bucket.filter(|_| !changed.told.is_empty()) {
            used.bucket = used.bucket.charged(0, changed.told.len() as u64);
            state.allowances.put(self.actor.name(), Self::PURPOSE, used);
            changed.used = Some(used);
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
            changes.iter().map(|changed| (*entry, changed.accounts.as_slice()))
        });
        let mut saved = import::save_accounts(scope, &changed.collect::<Vec<_>>())?;
        let (mut told, mut buckets) = (Vec::new(), BTreeMap::new());
        for Decided { command, entry, changes } in decided {
            let client = command.actor.name();
            for changed in changes {
                buckets.extend(changed.used.map(|used| ((client, Self::PURPOSE), used)));
                for (at, (payee, answer)) in changed.told.iter().enumerate() {
                    let (id, payee, answer) = (entry.row(at)?, *payee, *answer);
                    told.push(LookUpRow { id, payee, client, purpose: Self::PURPOSE, kind: AskKind::Change, answer });
                }
            }
        }
        if told.is_empty() {
            return Ok(saved);
        }
        allowance::save(scope.tx, &buckets)?;
        let mut logged = store::look_up::insert_many(scope.tx, &told)?.into_iter();
        for (rows, Decided { changes, .. }) in saved.iter_mut().zip(decided) {
            if changes.iter().any(|changed| !changed.told.is_empty()) {
                rows.extend(logged.next());
            }
        }
        Ok(saved)
    }
}

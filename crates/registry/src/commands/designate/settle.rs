//! What is due: proposals whose time has come take effect, those that nobody decided about in time expire.

use super::{Loaded, Step, load_found, save, told, told_waiting};
use crate::designation::Action;
use crate::life::{Act, ActKind, BY_RULE, State};
use crate::proposal::Proposal;
use crate::{account, policy, store};
use kernel::journal::{Entry, Rows};
use kernel::{Blind, Command, Decision, Env, Error, Id, Operation, Refusal, Refuse, Scope, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The most proposals of one transaction.
pub const SETTLED_MAX: i64 = 200;
/// So long one that cannot be read is left alone until it is looked at again.
pub const UNREADABLE_SECONDS: i64 = 3_600;

/// Looks at what is due, and does what follows. Whoever does it decides nothing: it is what the proposals' own evidence, the controls and
/// the rule come to at that moment.
pub struct Settle {
    /// Up to when something counts as due: the moment at which the command is given.
    pub now: Timestamp,
}

/// How many proposals became what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// They took effect.
    pub in_force: u64,
    /// The rule refused them, as things stand now.
    pub refused: u64,
    /// Nobody did in time what they waited for.
    pub expired: u64,
    /// They wait for something else now.
    pub waiting: u64,
    /// The names of those that cannot be read, because the store is damaged: they stay as they are, and keep nobody else waiting.
    pub unreadable: Vec<String>,
    /// Whether there may be more.
    pub more: bool,
}

/// What is due.
#[derive(Default)]
pub struct Due {
    /// Each, and what it waited for.
    loaded: Vec<(Loaded, i64)>,
    unreadable: Vec<Id<Proposal>>,
}

/// What is done about what is due.
pub struct Settling {
    steps: Vec<Step>,
    /// What is left alone, and until when.
    put_off: (Vec<Id<Proposal>>, Timestamp),
}

impl Command for Settle {
    const OPERATION: Operation = policy::SETTLE_DESIGNATIONS;
    type State = Due;
    type Change = Settling;
    type Output = Settled;

    fn load(&self, scope: &Scope<'_>) -> Result<Due, Error> {
        let mut all = Due::default();
        for (id, waited) in store::proposal::due(scope.tx, self.now, SETTLED_MAX)? {
            let found = store::proposal::find(scope, id)
                .and_then(|found| found.map(|found| load_found(scope, found)).transpose());
            match Error::unless_damaged(found)? {
                Some(loaded) => all.loaded.extend(loaded.map(|loaded| (loaded, waited))),
                None => all.unreadable.push(id),
            }
        }
        Ok(all)
    }

    fn decide(&self, due: Due, env: &Env) -> Result<Decision<Settling, Settled>, Refusal> {
        let Due { loaded: due, unreadable } = due;
        let mut settled = Settled {
            unreadable: unreadable.iter().map(|id| id.name()).collect(),
            more: (due.len() + unreadable.len()) as i64 == SETTLED_MAX,
            ..Settled::default()
        };
        if due.is_empty() && unreadable.is_empty() {
            return Ok(Decision::unchanged(settled));
        }
        // Those to whom an account is given now count for the next who asks for it.
        let mut given: BTreeMap<String, BTreeSet<Blind>> = BTreeMap::new();
        let mut steps = Vec::with_capacity(due.len());
        for (mut loaded, waited) in due {
            let (payee, asked) = (loaded.proposal().payee, loaded.proposal().asked.account);
            let is_given = loaded.proposal().asked.action != Action::Unfreeze;
            let account = asked.map(|account| account::canonical(&account.account()));
            let payees = account.as_ref().and_then(|account| given.get(account));
            let others = payees.map_or(0, |payees| payees.len() - usize::from(payees.contains(&payee)));
            loaded.facts.payees += others as u64;
            let step = loaded.settle(waited, &mut settled, env.now);
            if let Some(account) = account.filter(|_| is_given && step.takes.is_some()) {
                given.entry(account).or_default().insert(payee);
            }
            steps.push(step);
        }
        let mut facts = serde_json::json!({
            "in_force": settled.in_force, "refused": settled.refused, "expired": settled.expired,
        });
        if !settled.unreadable.is_empty() {
            facts["unreadable"] = settled.unreadable.clone().into();
        }
        let put_off = (unreadable, env.now.minus_seconds(-UNREADABLE_SECONDS));
        Ok(Decision::of(vec![Settling { steps, put_off }], facts, settled))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Settling], entry: Entry) -> Result<Vec<Rows>, Error> {
        let [Settling { steps, put_off: (left, until) }] = changes else { return Ok(vec![]) };
        left.iter().try_for_each(|id| store::proposal::put_off(scope.tx, *id, *until))?;
        save(scope, steps, entry)
    }
}

impl Loaded {
    /// What becomes of it, which waited for something, as the store knows that.
    fn settle(self, waited: i64, settled: &mut Settled, now: Timestamp) -> Step {
        let state = self.state(now);
        let (proposal, mut step) = (self.found.proposal, Vec::new());
        let mut act = |kind, detail: &str| {
            step.push(Act::new(kind, now, BY_RULE, detail));
        };
        let (mut takes, mut waits) = (None, None);
        match state {
            State::Waiting(what) => {
                settled.waiting += 1;
                waits = Some((what, crate::life::due(&proposal, &self.found.evidence, what, now)));
            }
            State::Due => {
                let (mut accounts, row, follows, facts) = (self.accounts, self.row, self.follows, self.facts);
                let taken = if self.is_sender_known {
                    accounts.take_effect(&proposal, &row, follows, &facts, now).map_err(|refusal| refusal.code())
                } else {
                    Err(crate::import::ImportRefusal::BankUnknown.code())
                };
                match taken {
                    Ok(row) => {
                        takes = row;
                        act(ActKind::TookEffect, "");
                        settled.in_force += 1;
                    }
                    Err(code) => {
                        act(ActKind::Refused, code);
                        settled.refused += 1;
                    }
                }
            }
            State::Lapsed => {
                act(ActKind::Expired, "");
                settled.expired += 1;
            }
            State::Ended(_) => {}
        }
        let telling = match step.last() {
            Some(act) => told(&proposal, act.kind, State::Ended(act.kind)),
            None if waits.is_some_and(|(what, _)| what.code() != waited) => told_waiting(&proposal, state),
            None => None,
        };
        Step { proposal, acts: step, takes, waits, telling }
    }
}

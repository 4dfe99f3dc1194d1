//! Shows an officer a change that was held. It is about a person, so it is entered in the journal and logged before it is shown.

use super::look_up::log;
use crate::account::DesignatedAccount;
use crate::ask::{AnswerClass, AskKind};
use crate::designation::State;
use crate::policy;
use crate::queries;
use crate::resolve::Resolution;
use crate::store;
use denmark::BankDirectory;
use kernel::journal::{self, Entry, Rows};
use kernel::{Actor, Blind, Command, Decision, Env, Error, Operation, Refusal, Scope};
use serde::{Deserialize, Serialize};

/// Asks for everything about a change that was held.
pub struct ShowChange {
    /// Who asks: the same that gives the command.
    pub actor: Actor,
    /// The change, by name.
    pub change: String,
}

/// A change that was held, as an officer sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownChange {
    /// Its name.
    pub change: String,
    /// `held`, `lapsed`, `released`, `refused`, `withdrawn`.
    pub state: String,
    /// Whose account is to be changed.
    pub payee: String,
    /// The IBAN that was asked for.
    pub account: String,
    /// The IBAN that was in force when it was asked for.
    pub replaces: String,
    /// The IBAN that is in force now; frozen ones too.
    pub in_force: Option<String>,
    /// By which channel it came.
    pub channel: String,
    /// Who asked for it.
    pub asked_by: String,
    /// When.
    pub asked: String,
    /// Until when it waits, or waited at most.
    pub until: String,
    /// Why the bank asked for it.
    pub reason: Option<String>,
    /// How its customer consented.
    pub consent: Option<String>,
    /// When it was ended.
    pub ended: Option<String>,
    /// By whom.
    pub ended_by: Option<String>,
    /// Why, where an officer said so.
    pub why: Option<String>,
}

/// What there is to show of a change.
pub struct ShowState {
    pending: store::pending::Found,
    asked: journal::Account,
    ended: Option<journal::Account>,
    replaces: DesignatedAccount,
    in_force: Option<DesignatedAccount>,
    answer: AnswerClass,
    banks: BankDirectory,
}

impl Command for ShowChange {
    const OPERATION: Operation = policy::SHOW_CHANGE;
    type State = ShowState;
    type Change = (Blind, AnswerClass);
    type Output = ShownChange;

    fn load(&self, scope: &Scope<'_>) -> Result<ShowState, Error> {
        let pending = queries::find_change(scope, &self.change)?;
        let (mut in_force, mut answer) = (None, AnswerClass::Unknown);
        store::payee::find_many(scope, [&pending.change.payee], |_, payee| {
            answer = AnswerClass::of(Resolution::of(Some(payee.status), payee.designation.as_ref()));
            let standing = payee.designation.map(|designation| designation.standing);
            in_force = standing.filter(|standing| standing.state != State::Closed).map(|standing| standing.account);
            Ok(())
        })?;
        Ok(ShowState {
            asked: journal::read(scope, pending.entry)?,
            ended: pending.ended.as_ref().map(|ended| journal::read(scope, ended.entry)).transpose()?,
            replaces: store::designation::find(scope, pending.change.expects)?.standing.account,
            in_force,
            answer,
            banks: store::bank::directory(scope.tx)?,
            pending,
        })
    }

    fn decide(&self, state: ShowState, env: &Env) -> Result<Decision<Self::Change, ShownChange>, Refusal> {
        let ShowState { pending, asked, ended, replaces, in_force, answer, banks } = state;
        let iban = |account: DesignatedAccount| account.iban(&banks).as_str().to_owned();
        let change = &pending.change;
        let (payee, looked_up) = (change.asked.payee.reveal(), (change.payee, answer));
        let facts = serde_json::json!({ "change": change.id.name(), "payee": payee });
        let shown = ShownChange {
            change: change.id.name(),
            state: pending.state(env.now).name().to_owned(),
            payee,
            account: iban(change.asked.account),
            replaces: iban(replaces),
            in_force: in_force.map(iban),
            channel: change.asked.channel.name(),
            asked_by: asked.actor,
            asked: asked.at.to_string(),
            until: change.until.to_string(),
            reason: change.grounds.map(|grounds| grounds.reason.name().to_owned()),
            consent: change.grounds.map(|grounds| grounds.consent.name().to_owned()),
            ended: ended.as_ref().map(|ended| ended.at.to_string()),
            ended_by: ended.map(|ended| ended.actor),
            why: pending.ended.and_then(|ended| ended.why),
        };
        Ok(Decision::of(vec![looked_up], facts, shown))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Self::Change], entry: Entry) -> Result<Vec<Rows>, Error> {
        let [(payee, answer)] = changes else { return Ok(vec![]) };
        log(scope, entry, &self.actor, *payee, AskKind::Change, &[*answer])
    }
}

//! Shows somebody a proposal. It is about a person, so it is entered in the journal and logged before it is shown.

use super::{Loaded, Standing, is_for, load};
use crate::account::DesignatedAccount;
use crate::ask::{AnswerClass, AskKind};
use crate::commands::look_up::log;
use crate::designation::{Action, Designation, Fate, Standing as AccountStanding, State as AccountState};
use crate::life::{ActKind, Waits};
use crate::policy;
use crate::proposal::{ChangeId, LegalGround, ProposalRefusal};
use crate::queries::{self, StandingChange};
use crate::resolve::Resolution;
use crate::signals::ownership;
use crate::store;
use denmark::BankDirectory;
use kernel::journal::{Entry, Rows};
use kernel::{Actor, Blind, Command, Decision, Env, Error, Id, Operation, Refusal, Scope};
use serde::{Deserialize, Serialize};

/// Asks for everything about a proposal.
pub struct ShowProposal {
    /// Who asks: the same that gives the command.
    pub actor: Actor,
    /// The proposal, by name.
    pub proposal: String,
}

/// A proposal as an officer, or its payee, sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownProposal {
    /// Where it stands.
    #[serde(flatten)]
    pub standing: Standing,
    /// Whose account is to be changed.
    pub payee: String,
    /// The IBAN that was asked for; none to delete the account.
    pub account: Option<String>,
    /// The IBAN that was in force when it was asked for.
    pub replaces: Option<String>,
    /// The IBAN that is in force now; frozen ones too.
    pub in_force: Option<String>,
    /// The kind of benefit of a specific account.
    pub benefit: Option<String>,
    /// By which channel it came.
    pub channel: String,
    /// Who proposed it.
    pub proposed_by: String,
    /// When.
    pub proposed: String,
    /// Whose account it is said to be.
    pub holder: String,
    /// What its bank says to that; none while it is asked.
    pub ownership: Option<String>,
    /// What is to be done: `designate`, `close`, `unfreeze`, `revert`.
    pub action: String,
    /// The change that it reverts, if that was proposed.
    pub reverts: Option<String>,
    /// What came after the change that it reverts, and is undone with that; of a change that took effect, what would be if somebody
    /// reverted it now. The oldest first.
    pub undone_with_it: Vec<LaterChange>,
    /// Why, of what heals.
    pub why: Option<String>,
    /// Whether the account that stands is frozen.
    pub is_frozen: bool,
    /// On which law a caseworker stands.
    pub ground: Option<LegalGround>,
    /// Why a bank asked for it.
    pub reason: Option<String>,
    /// How its customer consented.
    pub consent: Option<String>,
    /// What speaks against it.
    pub signals: Vec<String>,
    /// What was done about it.
    pub acts: Vec<ShownAct>,
}

/// A change of the same account that came later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaterChange {
    /// Its name; none of what was no proposal, because it held at once.
    pub id: Option<String>,
    /// The IBAN that it put there; none where it closed the account.
    pub account: Option<String>,
    /// From when it held.
    pub from: String,
}

/// One thing that was done about a proposal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownAct {
    /// What.
    pub act: String,
    /// When.
    pub at: String,
    /// By whom.
    pub by: String,
    /// Why, where somebody said so.
    pub why: Option<String>,
}

/// What there is to show of a proposal.
pub struct ShowState {
    loaded: Loaded,
    replaces: Option<DesignatedAccount>,
    in_force: Option<AccountStanding>,
    /// What became of it since it took effect.
    fate: Option<Fate>,
    /// What is undone with it, or with what it reverts, the newest first.
    later: Vec<StandingChange>,
    answer: AnswerClass,
    banks: BankDirectory,
}

impl Command for ShowProposal {
    const OPERATION: Operation = policy::SHOW_DESIGNATION;
    type State = ShowState;
    type Change = (Blind, AnswerClass);
    type Output = ShownProposal;

    fn load(&self, scope: &Scope<'_>) -> Result<ShowState, Error> {
        let loaded = load(scope, &self.proposal, &self.actor)?;
        let fate = queries::fate(scope, &loaded.found)?;
        let proposal = loaded.proposal();
        let (mut newest, mut answer) = (None, AnswerClass::Unknown);
        store::payee::find_many(scope, [&proposal.payee], |_, payee| {
            answer = AnswerClass::of(Resolution::of(Some(payee.status), payee.designation.as_ref()));
            newest = payee.designation;
            Ok(())
        })?;
        if let Some(purpose) = &proposal.purpose {
            newest = store::designation::find_specific(scope, &proposal.payee, purpose)?;
        }
        let later = later(scope, &loaded, newest)?;
        let in_force = newest.map(|newest| newest.standing).filter(|standing| standing.state != AccountState::Closed);
        let replaces = match proposal.replaces {
            None => None,
            Some(row) => Some(store::designation::find(scope, row)?.standing),
        };
        let replaces = replaces.filter(|standing| standing.state != AccountState::Closed);
        Ok(ShowState {
            replaces: replaces.map(|standing| standing.account),
            in_force,
            fate,
            later,
            answer,
            banks: store::bank::directory(scope.tx)?,
            loaded,
        })
    }

    fn decide(&self, state: ShowState, env: &Env) -> Result<Decision<Self::Change, ShownProposal>, Refusal> {
        let ShowState { loaded, replaces, in_force, fate, later, answer, banks } = state;
        if !is_for(&loaded, &self.actor, None) {
            return Err(ProposalRefusal::Unknown.into());
        }
        let iban = |account: DesignatedAccount| account.iban(&banks).as_str().to_owned();
        let proposal = loaded.proposal();
        let asked = &proposal.asked;
        let evidence = &loaded.found.evidence;
        let took_effect = evidence.acts().iter().find(|act| act.kind == ActKind::TookEffect).map(|act| act.at);
        let payee = asked.payee.reveal();
        let state = loaded.state(env.now);
        let is_told_why = queries::is_told_why(&self.actor, evidence);
        let acts = evidence.acts().iter().map(|act| ShownAct {
            act: act.kind.name().to_owned(),
            at: act.at.to_string(),
            by: act.by.clone(),
            // What a code is known by, and a signature, are nobody's to read here.
            why: Some(act.detail.clone())
                .filter(|why| !why.is_empty() && !matches!(act.kind, ActKind::LetterMade | ActKind::Signed))
                .filter(|_| is_told_why || act.by == self.actor.name()),
        });
        let signals = if is_told_why { loaded.signals(env.now).names() } else { Vec::new() };
        let later = later.into_iter().rev().map(
            |StandingChange { row: Designation { standing, effective, .. }, proposal, .. }| {
                let account = Some(standing.account).filter(|_| standing.state != AccountState::Closed);
                LaterChange { id: proposal.map(Id::name), account: account.map(iban), from: effective.to_string() }
            },
        );
        let shown = ShownProposal {
            standing: Standing::of(proposal, state, took_effect).with(fate).told_to(&self.actor),
            payee: payee.clone(),
            account: asked.account.map(iban),
            replaces: replaces.map(iban),
            in_force: in_force.map(|standing| iban(standing.account)),
            is_frozen: in_force.is_some_and(|standing| standing.state.is_frozen()),
            action: asked.action.name().to_owned(),
            reverts: asked.reverts.and_then(ChangeId::proposal).map(Id::name),
            undone_with_it: later.collect(),
            why: asked.why.clone().filter(|_| is_told_why),
            benefit: asked.specific.as_ref().map(|of| of.benefit.as_str().to_owned()),
            channel: asked.channel.name(),
            proposed_by: asked.by.clone(),
            proposed: proposal.at.to_string(),
            holder: asked.holder.name().to_owned(),
            ownership: (state.waits() != Some(Waits::Ownership))
                .then(|| ownership(proposal, evidence).name().to_owned()),
            ground: asked.ground.clone(),
            reason: proposal.grounds.filter(|_| is_told_why).map(|grounds| grounds.reason.name().to_owned()),
            consent: proposal.grounds.map(|grounds| grounds.consent.name().to_owned()),
            signals: signals.into_iter().map(str::to_owned).collect(),
            acts: acts.collect(),
        };
        let facts = serde_json::json!({ "proposal": proposal.id.name(), "payee": payee });
        Ok(Decision::of(vec![(proposal.payee, answer)], facts, shown))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Self::Change], entry: Entry) -> Result<Vec<Rows>, Error> {
        let [(payee, answer)] = changes else { return Ok(vec![]) };
        log(scope, entry, &self.actor, *payee, AskKind::Change, &[*answer])
    }
}

/// What is undone with the change that a proposal was, or with the one that it wants to revert; the newest first.
fn later(scope: &Scope<'_>, loaded: &Loaded, newest: Option<Designation>) -> Result<Vec<StandingChange>, Error> {
    let (proposal, ended) = (loaded.proposal(), loaded.found.evidence.ended());
    let of = match ended {
        None if proposal.asked.action == Action::Revert => proposal.asked.reverts,
        Some(ended) if ended.kind == ActKind::TookEffect => Some(ChangeId::Proposed(proposal.id)),
        _ => None,
    };
    let Some((newest, of)) = newest.zip(of) else { return Ok(Vec::new()) };
    let Some(mut undone) = queries::undone(scope, newest, of)? else { return Ok(Vec::new()) };
    if of.proposal().is_none() {
        // It has no name by which it could be looked up.
        undone.later.push(undone.change);
    }
    Ok(undone.later)
}

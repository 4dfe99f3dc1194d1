//! Proposes an account: for oneself, or a company that one may sign for, by self-service; or for somebody else as a caseworker or the
//! operator.

use super::sign::require_signature;
use super::{Standing, Step, record};
use crate::caseworker::Remit;
use crate::controls::Control;
use crate::designation::Channel;
use crate::import::{self, AccountRow, AccountState, Asker, NewProposal, Terms};
use crate::life::{Act, ActKind, State};
use crate::notice::NoticeKind;
use crate::officer;
use crate::own::Voice;
use crate::policy;
use crate::proposal::{Holder, LegalGround, Ownership, ProposalRefusal, Unexpected};
use crate::purpose::Purpose;
use crate::queries::{self, acting_remit};
use crate::signals::Facts;
use crate::store;
use crate::telling::Telling;
use kernel::journal::{Entry, Rows};
use kernel::{Actor, Assurance, Command, Decision, Env, Error, Once, Operation, Refusal, Role, Scope};

/// Proposes to designate an account, or to delete a specific one. It takes effect when nothing is demanded of it, and waits until then.
pub struct ProposeDesignation {
    /// Who proposes: the same that gives the command.
    pub actor: Actor,
    /// What: the payee, the account, and what is believed to be in force.
    pub row: AccountRow,
    /// Whose account it is said to be.
    pub holder: Holder,
    /// What its bank says to that.
    pub ownership: Ownership,
    /// On which law a caseworker stands.
    pub ground: Option<LegalGround>,
    /// Whether the payee shall neither change nor delete a specific account.
    pub is_locked: bool,
    /// The payee's signature, where they have signed already.
    pub signature: Option<String>,
    /// By what the request is known when it is repeated.
    pub once: Option<Once>,
}

/// What proposing needs to know.
pub struct ProposeState {
    accounts: AccountState,
    facts: Facts,
    /// Of a specific account that is there: whether it is locked.
    is_specific_locked: Option<bool>,
    /// How far a citizen speaks for the payee.
    voice: Voice,
    /// By which channel the actor proposes, and what a caseworker may decide about.
    channel: Channel,
    remit: Option<Remit>,
}

/// A proposal, and what follows at once.
pub struct Proposed {
    new: NewProposal,
    steps: Vec<Step>,
}

impl Command for ProposeDesignation {
    const OPERATION: Operation = policy::PROPOSE_DESIGNATION;
    type State = ProposeState;
    type Change = Proposed;
    type Output = Standing;

    fn once(&self) -> Option<Once> {
        self.once
    }

    fn load(&self, scope: &Scope<'_>) -> Result<ProposeState, Error> {
        let accounts = AccountState::load(scope, &[&self.row])?;
        let (channel, remit) = match (acting_remit(scope, &self.actor)?, self.actor.role()) {
            (Some((channel, remit)), _) => (channel, Some(remit)),
            (None, Role::Citizen) => (Channel::SelfService, None),
            (None, _) => (Channel::Operator, None),
        };
        let purpose = accounts.purpose_key(&self.row);
        let (payee, newest) = (self.row.key(), accounts.newest(&self.row));
        let mut facts = queries::facts(scope, accounts.controls(), &payee, newest, self.row.account())?;
        let voice = queries::voice(scope, &self.actor, &payee)?;
        if let Some(person) = self.actor.payee().filter(|person| **person != payee && voice != Voice::None) {
            facts.identity = facts.identity.signed_by(store::identity::of(scope, person)?);
            let has_signed = self.signature.is_some() || !accounts.controls().has(Control::SignedAfresh);
            facts.lacks_signature = voice != Voice::Alone || !has_signed;
        }
        Ok(ProposeState {
            facts,
            voice,
            is_specific_locked: queries::is_specific_locked(scope, &payee, purpose.as_ref())?,
            channel,
            remit,
            accounts,
        })
    }

    fn decide(&self, state: ProposeState, env: &Env) -> Result<Decision<Proposed, Standing>, Refusal> {
        let ProposeState { mut accounts, facts, is_specific_locked, voice, channel, remit } = state;
        self.require_entitled(voice, remit.as_ref(), accounts.purpose_of(&self.row)?.as_ref(), is_specific_locked)?;
        if let Some(signature) = &self.signature {
            require_signature(&self.actor, signature)?;
        }
        let (channel, by, unexpected) = (&channel, self.actor.name(), Unexpected::Refuse);
        let terms = Terms {
            holder: self.holder,
            ownership: self.ownership,
            ground: self.ground.clone(),
            is_locked: self.is_locked,
            signed: self.signature.clone(),
        };
        let asker = Asker { channel, by, unexpected };
        let Some(mut weighed) = accounts.weigh(asker, &self.row, &terms, &facts, env)? else {
            // All is so already: there is nothing that waits, and nothing to be known by a name.
            let standing =
                Standing { id: String::new(), state: "in_force".to_owned(), waits_for: None, in_force_from: None };
            return Ok(Decision::unchanged(standing));
        };
        weighed.lapsed = accounts.room_for(&weighed.proposal, env.now)?;
        let proposal = &weighed.proposal;
        let state = match weighed.state {
            State::Due => State::Ended(ActKind::TookEffect),
            state => state,
        };
        let standing = Standing::of(proposal, state, (state == State::Ended(ActKind::TookEffect)).then_some(env.now));
        let mut acts = weighed.evidence.acts().to_vec();
        let (new, takes) = accounts.propose(channel, &self.row, weighed);
        if takes.is_some() {
            acts.push(Act { kind: ActKind::TookEffect, at: env.now, by: by.to_owned(), detail: String::new() });
        }
        let telling = match takes {
            Some(_) => Some(Telling::of(new.proposal(), NoticeKind::ChangeInForce, None)),
            None => new.telling(),
        };
        let step = Step { proposal: new.proposal().clone(), acts, takes, waits: new.waits(), telling };
        let mut journalled = step.facts();
        journalled["channel"] = channel.kind().name().into();
        let lapsed = new.lapsed().map(|lapsed| Step::expiring(lapsed.clone(), env.now));
        let steps = lapsed.into_iter().chain([step]).collect();
        Ok(Decision::of(vec![Proposed { new, steps }], journalled, standing))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Proposed], entry: Entry) -> Result<Vec<Rows>, Error> {
        let mut rows = Vec::new();
        for Proposed { new, steps } in changes {
            rows.extend(import::save_proposals(scope, &[(entry, new)], &[])?);
            if let Some(lapsed) = new.lapsed() {
                store::proposal::set_now(scope.tx, lapsed, None)?;
            }
            rows.extend(record(scope, steps, entry)?);
        }
        Ok(rows)
    }
}

impl ProposeDesignation {
    /// Refuses who may not propose this.
    fn require_entitled(
        &self,
        voice: Voice,
        remit: Option<&Remit>,
        specific: Option<&Purpose>,
        is_specific_locked: Option<bool>,
    ) -> Result<(), ProposalRefusal> {
        match (self.actor.role(), remit) {
            (Role::Citizen, _) => {
                if voice == Voice::None {
                    return Err(ProposalRefusal::Entitled);
                }
                if self.actor.login().is_none_or(|login| login.assurance < Assurance::Substantial) {
                    return Err(ProposalRefusal::Assurance);
                }
                match (specific, is_specific_locked) {
                    (Some(_), None) => Err(ProposalRefusal::Authority),
                    (Some(_), Some(true)) => Err(ProposalRefusal::SpecificLocked),
                    _ => Ok(()),
                }
            }
            (Role::Caseworker, Some(remit)) => {
                if !remit.covers(specific.map(|purpose| (purpose.payer, &purpose.benefit))) {
                    return Err(ProposalRefusal::Authority);
                }
                self.require_ground()
            }
            // The operator is no authority that pays.
            (Role::Operator | Role::Console, _) if specific.is_some() => Err(ProposalRefusal::Authority),
            (Role::Operator | Role::Console, _) => self.require_ground(),
            _ => Err(ProposalRefusal::Entitled),
        }
    }

    fn require_ground(&self) -> Result<(), ProposalRefusal> {
        let ground = self.ground.as_ref().ok_or(ProposalRefusal::Ground)?;
        officer::require_why(&ground.law)
            .and(officer::require_why(&ground.evidence))
            .map_err(|_| ProposalRefusal::Ground)
    }
}

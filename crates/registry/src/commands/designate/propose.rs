//! Proposes an account: for oneself by self-service, or for somebody else as a caseworker or the operator.

use super::sign::require_signature;
use super::{Standing, Step, save};
use crate::controls::Control;
use crate::designation::Channel;
use crate::import::{self, AccountRow, AccountState, Asker, NewProposal, Terms};
use crate::life::{Act, ActKind, ProposalRefusal, State};
use crate::policy;
use crate::proposal::{Holder, LegalGround, Ownership, Unexpected};
use crate::reason::require_why;
use crate::signals::Facts;
use crate::{queries, store};
use kernel::journal::{Entry, Rows};
use kernel::{Actor, Assurance, Command, Decision, Env, Error, Once, Operation, Refusal, Role, Scope, Timestamp};

/// Proposes to designate an account, or to delete a specific one. It takes effect when nothing is demanded of it, and waits until then.
pub struct Propose {
    /// Who proposes: the same that gives the command.
    pub actor: Actor,
    /// By which channel.
    pub channel: Channel,
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
    /// Until when a proposal for the same specific account waits.
    waits_until: Option<Timestamp>,
    /// Of a specific account that is there: whether it is locked.
    is_specific_locked: Option<bool>,
    is_sender_known: bool,
}

/// A proposal, and what follows at once.
pub struct Proposed {
    new: NewProposal,
    step: Step,
}

impl Command for Propose {
    const OPERATION: Operation = policy::PROPOSE_DESIGNATION;
    type State = ProposeState;
    type Change = Proposed;
    type Output = Standing;

    fn once(&self) -> Option<Once> {
        self.once
    }

    fn load(&self, scope: &Scope<'_>) -> Result<ProposeState, Error> {
        let accounts = AccountState::load(scope, &[&self.row])?;
        let purpose = accounts.purpose_key(&self.row);
        let payee = self.row.key();
        let waits_until = match &purpose {
            None => None,
            Some(purpose) => store::proposal::waits_until(scope.tx, &payee, purpose)?,
        };
        Ok(ProposeState {
            facts: queries::facts(scope, &payee, self.row.account(), purpose.as_ref())?,
            is_specific_locked: queries::is_specific_locked(scope, &payee, purpose.as_ref())?,
            is_sender_known: import::sender_is_known(scope.tx, &self.channel)?,
            waits_until,
            accounts,
        })
    }

    fn decide(&self, state: ProposeState, env: &Env) -> Result<Decision<Proposed, Standing>, Refusal> {
        let ProposeState { mut accounts, facts, waits_until, is_specific_locked, is_sender_known } = state;
        if !is_sender_known {
            return Err(import::ImportRefusal::BankUnknown.into());
        }
        self.require_entitled(is_specific_locked)?;
        if let Some(signature) = &self.signature {
            require_signature(&self.actor, signature)?;
        }
        let (channel, by, unexpected) = (&self.channel, self.actor.name(), Unexpected::Refuse);
        let terms = Terms {
            holder: self.holder,
            ownership: self.ownership,
            ground: self.ground.clone(),
            is_locked: self.is_locked,
            signed: self.signature.clone(),
        };
        let asker = Asker { channel, by, unexpected };
        let Some(weighed) = accounts.weigh(asker, &self.row, &terms, &facts, env)? else {
            // All is so already: there is nothing that waits, and nothing to be known by a name.
            let standing =
                Standing { id: String::new(), state: "in_force".to_owned(), waits_for: None, in_force_from: None };
            return Ok(Decision::unchanged(standing));
        };
        let (proposal, controls) = (&weighed.proposal, accounts.controls());
        let bans = [
            (Control::BanChange, !proposal.is_first, ProposalRefusal::BanChange),
            (Control::BanShared, facts.payees > 0, ProposalRefusal::BanShared),
            (Control::BanThirdParty, self.holder != Holder::Own, ProposalRefusal::BanThirdParty),
        ];
        if let Some((.., refusal)) = bans.into_iter().find(|(ban, concerns, _)| *concerns && controls.has(*ban)) {
            return Err(refusal.into());
        }
        let waits = match proposal.purpose {
            None => accounts.waits(&proposal.payee, env.now),
            Some(_) => waits_until.is_some_and(|until| env.now < until),
        };
        if waits {
            return Err(ProposalRefusal::Waiting.into());
        }
        let state = match weighed.state {
            State::Due => State::Ended(ActKind::TookEffect),
            state => state,
        };
        let standing = Standing::of(proposal, state, (state == State::Ended(ActKind::TookEffect)).then_some(env.now));
        let mut acts = weighed.evidence.acts().to_vec();
        let (new, takes) = accounts.propose(&self.channel, &self.row, weighed);
        if takes.is_some() {
            acts.push(Act { kind: ActKind::TookEffect, at: env.now, by: by.to_owned(), detail: String::new() });
        }
        let step = Step { proposal: new.proposal().clone(), acts, takes, waits: new.waits() };
        let mut journalled = step.facts();
        journalled["channel"] = self.channel.kind().name().into();
        Ok(Decision::of(vec![Proposed { new, step }], journalled, standing))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Proposed], entry: Entry) -> Result<Vec<Rows>, Error> {
        let mut rows = Vec::new();
        for Proposed { new, step } in changes {
            rows.extend(import::save_proposals(scope, &[(entry, new)], &[])?);
            if !step.acts.is_empty() {
                rows.extend(save(scope, std::slice::from_ref(step), entry)?);
            }
        }
        Ok(rows)
    }
}

impl Propose {
    /// Refuses who may not propose this.
    fn require_entitled(&self, is_specific_locked: Option<bool>) -> Result<(), ProposalRefusal> {
        let specific = self.row.specific_payer();
        match (&self.channel, self.actor.role()) {
            (Channel::SelfService, Role::Citizen) => {
                if self.actor.payee() != Some(&self.row.key()) {
                    return Err(ProposalRefusal::Entitled);
                }
                if !self.actor.login().is_some_and(|login| login.assurance >= Assurance::Substantial) {
                    return Err(ProposalRefusal::Assurance);
                }
                match (specific, is_specific_locked) {
                    (Some(_), None) => Err(ProposalRefusal::Authority),
                    (Some(_), Some(true)) => Err(ProposalRefusal::SpecificLocked),
                    _ => Ok(()),
                }
            }
            (Channel::Caseworker(authority), Role::Caseworker) => {
                if specific.is_some_and(|payer| payer != authority) {
                    return Err(ProposalRefusal::Authority);
                }
                self.require_ground()
            }
            (Channel::Operator, Role::Operator | Role::Console) => self.require_ground(),
            _ => Err(ProposalRefusal::Entitled),
        }
    }

    fn require_ground(&self) -> Result<(), ProposalRefusal> {
        let ground = self.ground.as_ref().ok_or(ProposalRefusal::Ground)?;
        require_why(&ground.law).and(require_why(&ground.evidence)).map_err(|_| ProposalRefusal::Ground)
    }
}

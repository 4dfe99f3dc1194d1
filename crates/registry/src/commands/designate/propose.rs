//! Proposes an account: for oneself, or a company that one may sign for, by self-service; or for somebody else as a caseworker or the
//! operator.

use super::sign::require_signature;
use super::{Standing, Step, note, record};
use crate::caseworker::Remit;
use crate::controls::Control;
use crate::designation::{Action, Channel};
use crate::import::{self, AccountRow, AccountState, Asker, NewProposal, Terms};
use crate::life::{Act, ActKind, State, Waits};
use crate::notice::NoticeKind;
use crate::officer;
use crate::own::Voice;
use crate::policy;
use crate::proposal::{Asked, Holder, LegalGround, Proposal, ProposalRefusal, Unexpected};
use crate::purpose::Purpose;
use crate::queries::{self, acting_remit};
use crate::row_refusal::RowRefusal;
use crate::signals::Facts;
use crate::store;
use crate::telling::Telling;
use kernel::journal::{Entry, Rows};
use kernel::{
    Actor, Assurance, Command, Decision, Env, Error, Id, Once, Operation, Refusal, Refuse, Role, Scope, Timestamp,
};
use std::fmt;

/// So many changes of a payee are proposed in a day before they propose none themselves: each is told to all their contact points, and
/// whoever has their login could drown the one that matters.
const PROPOSED_A_DAY_MAX: i64 = 20;

/// Proposes to designate an account, or to delete a specific one. It takes effect when nothing is demanded of it, and waits until then.
pub struct ProposeDesignation {
    /// Who proposes: the same that gives the command.
    pub actor: Actor,
    /// What: the payee, the account, and what is believed to be in force.
    pub row: AccountRow,
    /// Whose account it is said to be.
    pub holder: Holder,
    /// On which law a caseworker stands. A payee needs none, and gives none.
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
    /// Of what citizens ask for, the proposal before which as many came as come in a day.
    last_allowed: Option<Id<Proposal>>,
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
        let payee = self.row.key();
        let wanted = accounts.wanted(&self.row);
        let mut facts = queries::facts(scope, accounts.controls(), &payee, wanted, purpose.as_ref())?;
        facts.marked = accounts.marked(&self.row);
        if self.row.action() == Action::Designate {
            facts.lacks_address = queries::lacks_address(accounts.controls(), &channel, &facts.identity);
        }
        let is_own = self.actor.role() == Role::Citizen;
        let last_allowed =
            if is_own { store::proposal::newest_but(scope.tx, &payee, PROPOSED_A_DAY_MAX - 1)? } else { None };
        let voice = queries::voice(scope, &self.actor, &payee)?;
        if let Some(person) = self.actor.payee().filter(|person| **person != payee && voice != Voice::None) {
            facts.identity = facts.identity.signed_by(store::identity::of(scope, person)?);
            let has_signed = self.signature.is_some() || !accounts.controls().has(Control::SignedAfresh);
            facts.lacks_signature = voice != Voice::Alone || !has_signed;
        }
        Ok(ProposeState {
            facts,
            voice,
            last_allowed,
            is_specific_locked: queries::is_specific_locked(scope, &payee, purpose.as_ref())?,
            channel,
            remit,
            accounts,
        })
    }

    fn decide(&self, state: ProposeState, env: &Env) -> Result<Decision<Proposed, Standing>, Refusal> {
        let ProposeState { mut accounts, facts, is_specific_locked, voice, last_allowed, channel, remit } = state;
        // What freezes or unfreezes an account is no proposal of another one.
        if !matches!(self.row.action(), Action::Designate | Action::Close) {
            return Err(RowRefusal::Action.into());
        }
        self.require_entitled(voice, remit.as_ref(), accounts.purpose_of(&self.row)?.as_ref(), is_specific_locked)?;
        let yesterday: Id<Proposal> = Env::new(env.now.minus_days(1), 0).id();
        if last_allowed.is_some_and(|last| last > yesterday) {
            return Err(ProposalRefusal::TooOften.into());
        }
        // It keeps the payee from changing it: only whoever pays by law says so.
        if self.is_locked && self.actor.role() != Role::Caseworker {
            return Err(ProposalRefusal::Authority.into());
        }
        // What closes a default account is its bank's to say.
        if self.row.action() != Action::Designate && self.row.is_default() {
            return Err(ProposalRefusal::Authority.into());
        }
        if let Some(signature) = &self.signature {
            require_signature(&self.actor, signature, env.now)?;
        }
        let terms = Terms {
            holder: self.holder,
            ground: self.ground.clone(),
            is_locked: self.is_locked,
            signed: self.signature.clone(),
            ..Terms::by(&self.actor)
        };
        let asking = Asking { actor: &self.actor, channel: &channel, row: &self.row, terms, facts: &facts };
        asking.decide(&mut accounts, env)
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Proposed], entry: Entry) -> Result<Vec<Rows>, Error> {
        Ok(changes.iter().map(|proposed| proposed.save(scope, entry)).collect::<Result<Vec<_>, _>>()?.concat())
    }
}

/// Something that somebody asks for, who is entitled to it.
pub(super) struct Asking<'a> {
    pub(super) actor: &'a Actor,
    pub(super) channel: &'a Channel,
    pub(super) row: &'a AccountRow,
    pub(super) terms: Terms,
    pub(super) facts: &'a Facts,
}

impl Asking<'_> {
    /// What it comes to: a proposal that waits, or that takes effect at once.
    pub(super) fn decide(
        self,
        accounts: &mut AccountState,
        env: &Env,
    ) -> Result<Decision<Proposed, Standing>, Refusal> {
        let Self { actor, channel, row, terms, facts } = self;
        let asker = Asker { channel, by: actor.name(), unexpected: Unexpected::Refuse };
        let Some(mut weighed) = accounts.weigh(asker, row, &terms, facts, env)? else {
            // All is so already: there is nothing that waits, and nothing to be known by a name.
            let standing =
                Standing { id: String::new(), state: "in_force".to_owned(), waits_for: None, in_force_from: None };
            return Ok(Decision::unchanged(standing));
        };
        // Whoever could end what is in the way ends it by asking: the payee, who signs for it; and the agency, which says why, so that
        // what undoes a theft waits for nothing that a thief has asked for meanwhile. What an officer is to look at, and what heals, an
        // officer ends.
        let is_agency = matches!(actor.role(), Role::Operator | Role::Console);
        let is_signed = actor.role() == Role::Citizen && weighed.state != State::Waiting(Waits::Signature);
        let asked = &weighed.proposal.asked;
        let is_new = |other: &Asked| other.account != asked.account && !other.action.heals();
        let gives_way = match accounts.room_for(&weighed.proposal, env.now) {
            Ok(lapsed) => {
                weighed.lapsed = lapsed;
                None
            }
            // Who asks for the same twice has asked for it once.
            Err(other) if is_signed && !other.is_looked_at && is_new(&other.proposal.asked) => {
                Some(Step::giving_way(other.proposal.clone(), ActKind::Cancelled, actor, "", env.now))
            }
            Err(other) if is_agency && asked.reverts.is_some() && other.proposal.asked.reverts != asked.reverts => {
                let why = terms.why.as_deref().unwrap_or_default();
                Some(Step::giving_way(other.proposal.clone(), ActKind::Refused, actor, why, env.now))
            }
            Err(other) => return Err(Waiting::of(other.proposal, actor, channel).into()),
        };
        let proposal = &weighed.proposal;
        let state = match weighed.state {
            State::Due => State::Ended(ActKind::TookEffect),
            state => state,
        };
        let took_effect = (state == State::Ended(ActKind::TookEffect)).then_some(env.now);
        let standing = Standing::of(proposal, state, took_effect).told_to(actor);
        let mut acts = weighed.evidence.acts().to_vec();
        let (new, takes) = accounts.propose(channel, row, weighed);
        let proposal = new.proposal();
        let telling = if takes.is_some() {
            acts.push(Act::new(ActKind::TookEffect, env.now, actor, ""));
            Some(Telling::of(proposal, NoticeKind::in_force(proposal.asked.action), None))
        } else {
            new.telling()
        };
        let step = Step { proposal: proposal.clone(), acts, takes, waits: new.waits(), telling };
        let mut journalled = step.facts();
        journalled["channel"] = channel.kind().name().into();
        if row.action() != Action::Designate {
            journalled["action"] = row.action().name().into();
        }
        let lapsed = new.lapsed().map(|lapsed| Step::expiring(lapsed.clone(), env.now));
        let steps = lapsed.into_iter().chain(gives_way).chain([step]).collect();
        Ok(Decision::of(vec![Proposed { new, steps }], journalled, standing))
    }
}

impl Proposed {
    /// Saves it as part of an entry.
    pub(super) fn save(&self, scope: &Scope<'_>, entry: Entry) -> Result<Vec<Rows>, Error> {
        let mut rows = import::save_proposals(scope, &[(entry, &self.new)], &[])?;
        // What the new one waits for is noted with it.
        let others = self.steps.iter().filter(|step| step.proposal.id != self.new.proposal().id);
        note(scope, others)?;
        rows.extend(record(scope, &self.steps, entry)?);
        Ok(rows)
    }
}

/// Why something was not proposed: another proposal for the same account waits. Whoever may know it is told which.
#[derive(Debug)]
struct Waiting {
    by: &'static str,
    since: Timestamp,
    id: Option<String>,
}

impl Waiting {
    fn of(open: &Proposal, actor: &Actor, channel: &Channel) -> Self {
        // The payee's own, the agency's, and that of the caseworker's own authority.
        let is_theirs = actor.role() != Role::Caseworker || open.asked.channel == *channel;
        let by = open.asked.channel.kind().name();
        Self { by, since: open.at, id: is_theirs.then(|| open.id.name()) }
    }
}

impl Refuse for Waiting {
    fn code(&self) -> &'static str {
        RowRefusal::Waiting.code()
    }
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { by, since, id } = self;
        write!(f, "another change of this account waits: by {by}, since {since}")?;
        match id {
            Some(id) => write!(f, ", known as {id}"),
            None => f.write_str("; its payee cancels it, or an officer of the agency refuses it"),
        }
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
                // Officers read a ground as another officer's.
                if self.ground.is_some() {
                    return Err(ProposalRefusal::Ground);
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

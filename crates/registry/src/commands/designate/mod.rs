//! The life of a designation: one file for each thing that somebody does about a proposal. All of them load the same, and what
//! follows from one more act is decided in one place: [`Loaded::act`].

mod activate;
mod approve;
mod cancel;
mod confirm;
mod letter;
mod propose;
mod refuse;
mod settle;
mod show;
mod sign;
mod stop;

pub use activate::{Activate, Activation};
pub use approve::ApproveDesignation;
pub use cancel::CancelDesignation;
pub use confirm::Confirm;
pub use letter::{FollowLetter, LetterFacts, LetterFate, LetterState, MakeLetter};
pub use propose::ProposeDesignation;
pub use refuse::RefuseDesignation;
pub use settle::{SETTLED_MAX, Settle, Settled};
pub use show::{ShowProposal, ShownAct, ShownProposal};
pub use sign::Sign;
pub use stop::{StopProposal, Stopped};

use crate::caseworker::Remit;
use crate::controls::Controls;
use crate::designation::{Channel, State as AccountStanding};
use crate::import::{self, AccountRow, AccountState, NewRow};
use crate::life::{self, ACTS_MAX, Act, ActKind, State, Waits};
use crate::notice::NoticeKind;
use crate::own::{Signatories, Voice};
use crate::proposal::{Proposal, ProposalRefusal};
use crate::queries::{self, acting_remit};
use crate::signals::{Facts, Signals};
use crate::store;
use crate::store::proposal::Found;
use crate::telling::{self, Telling};
use kernel::journal::{Entry, Rows};
use kernel::merkle::Tree;
use kernel::{Actor, Assurance, Error, Refusal, Role, Scope, Timestamp};
use serde::{Deserialize, Serialize};

/// Where a proposal stands, as whoever did something about it is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Its name.
    pub id: String,
    /// `proposed`, `awaiting_approval`, `awaiting_activation`, `held`, `in_force`, `cancelled`, `refused`, `expired`.
    pub state: String,
    /// What it waits for: `signature`, `approval`, `check`, `letter`, `code`, `confirmation`, `time`.
    pub waits_for: Option<String>,
    /// From when it holds, or will if nothing comes between.
    pub in_force_from: Option<String>,
}

impl Standing {
    pub(crate) fn of(proposal: &Proposal, state: State, in_force_from: Option<Timestamp>) -> Self {
        let from = match state {
            State::Waiting(Waits::Time(from)) => Some(from),
            _ => in_force_from,
        };
        Self {
            id: proposal.id.name(),
            state: state.name().to_owned(),
            waits_for: state.waits().map(|waits| waits.name().to_owned()),
            in_force_from: from.map(|from| from.to_string()),
        }
    }
}

/// What deciding about a proposal needs to know.
pub struct Loaded {
    pub(super) found: Found,
    pub(super) facts: Facts,
    row: AccountRow,
    accounts: AccountState,
    is_sender_known: bool,
    /// Of a caseworker who acts.
    remit: Option<(Channel, Remit)>,
    /// Of a citizen who acts: how far they speak for the payee.
    voice: Voice,
    /// Who may sign for the payee, where it was asked for a company by one of them.
    signatories: Option<Signatories>,
}

/// One thing that was done, and what follows from it.
pub struct Step {
    proposal: Proposal,
    acts: Vec<Act>,
    /// The row of the history, if it takes effect and changes something.
    takes: Option<NewRow>,
    waits: Option<(Waits, Timestamp)>,
    /// What the payee is told of it.
    telling: Option<Telling>,
}

/// Loads the proposal of a name for somebody who acts.
pub(super) fn load(scope: &Scope<'_>, name: &str, actor: &Actor) -> Result<Loaded, Error> {
    let loaded = load_found(scope, queries::find_proposal(scope, name)?)?;
    let voice = queries::voice(scope, actor, &loaded.proposal().payee)?;
    Ok(Loaded { remit: acting_remit(scope, actor)?, voice, ..loaded })
}

pub(super) fn load_found(scope: &Scope<'_>, found: Found) -> Result<Loaded, Error> {
    let proposal = &found.proposal;
    let replaced = match proposal.replaces {
        None => None,
        Some(row) => Some(store::designation::find(scope, row)?.standing)
            .filter(|standing| standing.state != AccountStanding::Closed)
            .map(|standing| standing.account.account()),
    };
    let row = AccountRow::of(proposal, replaced);
    let accounts = AccountState::load_asked(scope, &row)?;
    let signatories = queries::signing(scope, proposal)?;
    Ok(Loaded {
        facts: queries::proposal_facts(
            scope,
            accounts.controls(),
            &found,
            accounts.newest(&row),
            signatories.as_ref(),
        )?,
        signatories,
        voice: Voice::None,
        accounts,
        is_sender_known: import::sender_is_known(scope.tx, &proposal.asked.channel)?,
        remit: None,
        row,
        found,
    })
}

impl Loaded {
    pub(super) fn proposal(&self) -> &Proposal {
        &self.found.proposal
    }

    pub(super) const fn controls(&self) -> &Controls {
        self.accounts.controls()
    }

    /// Since when a change of address, contact or authenticator counts as one that came shortly before.
    pub(super) fn recent_since(&self) -> Timestamp {
        Signals::recent_since(&self.found.proposal, self.controls())
    }

    /// What speaks against it.
    pub(super) fn signals(&self, now: Timestamp) -> Signals {
        Signals::of(&self.found.proposal, &self.facts, self.controls(), now)
    }

    /// Where it stands.
    pub(super) fn state(&self, now: Timestamp) -> State {
        life::state(&self.found.proposal, &self.found.evidence, &self.facts, self.controls(), now)
    }

    /// What it waits for.
    ///
    /// # Errors
    /// `proposal.ended`.
    pub(super) fn require_waiting(&self, now: Timestamp) -> Result<State, ProposalRefusal> {
        match self.state(now) {
            State::Ended(_) | State::Lapsed => Err(ProposalRefusal::Ended),
            state => Ok(state),
        }
    }

    /// What follows when somebody says, of a change that has taken effect, that it is not theirs: the account is frozen.
    ///
    /// Nothing, when it is not in force any more.
    ///
    /// # Errors
    /// It cannot be frozen.
    fn freeze(self, now: Timestamp) -> Result<Option<Step>, Refusal> {
        let Self { found, row, mut accounts, .. } = self;
        let proposal = found.proposal;
        let Some(takes) = accounts.freeze(&proposal, &row, now)? else { return Ok(None) };
        let act = Act { kind: ActKind::Stopped, at: now, by: "notice".to_owned(), detail: String::new() };
        let telling = Some(Telling::of(&proposal, NoticeKind::ChangeStopped, None));
        Ok(Some(Step { proposal, acts: vec![act], takes: Some(takes), waits: None, telling }))
    }

    /// What follows when somebody does one more thing: it goes on waiting, or it takes effect now.
    ///
    /// # Errors
    /// It takes effect, and the rule that all changes go by refuses it, as things stand now. Then nothing was done.
    pub(super) fn act(
        self,
        kind: ActKind,
        by: &str,
        detail: &str,
        now: Timestamp,
    ) -> Result<(Step, Standing), Refusal> {
        let Self { mut found, mut facts, row, mut accounts, is_sender_known, signatories, .. } = self;
        if matches!(kind, ActKind::LetterMade | ActKind::CodeWrong) && found.evidence.acts().len() >= ACTS_MAX {
            return Err(ProposalRefusal::TooMuch.into());
        }
        let act = Act { kind, at: now, by: by.to_owned(), detail: detail.to_owned() };
        found.evidence.add(act.clone());
        if let Some(signatories) = &signatories {
            facts.lacks_signature = queries::lacks_signature(&found, signatories, accounts.controls());
        }
        let proposal = found.proposal;
        let mut step = Step { proposal, acts: vec![act], takes: None, waits: None, telling: None };
        let proposal = &step.proposal;
        let mut state = life::state(proposal, &found.evidence, &facts, accounts.controls(), now);
        match state {
            State::Waiting(waits) => step.waits = Some((waits, life::due(proposal, &found.evidence, waits))),
            State::Due => {
                if !is_sender_known {
                    return Err(import::ImportRefusal::BankUnknown.into());
                }
                step.takes = accounts.take_effect(proposal, &row, &facts, now)?;
                step.acts.push(Act { kind: ActKind::TookEffect, at: now, by: by.to_owned(), detail: String::new() });
                state = State::Ended(ActKind::TookEffect);
            }
            // For what comes next it is too late.
            State::Lapsed => {
                step.acts.push(Act::expired(now));
                state = State::Ended(ActKind::Expired);
            }
            State::Ended(_) => {}
        }
        step.telling = told(proposal, kind, state);
        let from = (state == State::Ended(ActKind::TookEffect)).then_some(now);
        let standing = Standing::of(proposal, state, from);
        Ok((step, standing))
    }
}

/// What the payee is told of an act, after which the proposal stands so. What they do themselves on the way, they know.
fn told(proposal: &Proposal, act: ActKind, state: State) -> Option<Telling> {
    let (kind, from) = match (act, state) {
        (_, State::Ended(ActKind::TookEffect)) => (NoticeKind::ChangeInForce, None),
        (ActKind::Stopped | ActKind::Cancelled, _) => (NoticeKind::ChangeStopped, None),
        (ActKind::Refused, _) => (NoticeKind::ChangeRefused, None),
        (ActKind::Expired, _) | (_, State::Ended(ActKind::Expired)) => (NoticeKind::ChangeExpired, None),
        (ActKind::LetterReturned, _) => (NoticeKind::LetterReturned, None),
        (_, State::Waiting(Waits::Time(from))) => (NoticeKind::ChangeActivated, Some(from)),
        (_, State::Waiting(Waits::Check)) => (NoticeKind::ChangeHeld, None),
        _ => return None,
    };
    Some(Telling::of(proposal, kind, from))
}

impl Step {
    /// A proposal ends that nobody ended in time.
    fn expiring(proposal: Proposal, now: Timestamp) -> Self {
        let telling = told(&proposal, ActKind::Expired, State::Ended(ActKind::Expired));
        Self { proposal, acts: vec![Act::expired(now)], takes: None, waits: None, telling }
    }

    /// What the journal is told of it.
    pub(super) fn facts(&self) -> serde_json::Value {
        let acts: Vec<&str> = self.acts.iter().map(|act| act.kind.name()).collect();
        serde_json::json!({ "proposal": self.proposal.id.name(), "acts": acts })
    }
}

/// Saves steps as part of one entry.
pub(super) fn save(scope: &Scope<'_>, steps: &[Step], entry: Entry) -> Result<Vec<Rows>, Error> {
    for step in steps {
        store::proposal::set_now(scope.tx, &step.proposal, step.waits)?;
    }
    record(scope, steps, entry)
}

/// The same where it is noted already what their proposals wait for.
pub(super) fn record(scope: &Scope<'_>, steps: &[Step], entry: Entry) -> Result<Vec<Rows>, Error> {
    let mut tree = Tree::default();
    let mut rows = Vec::new();
    let taken: Vec<&NewRow> = steps.iter().filter_map(|step| step.takes.as_ref()).collect();
    if !taken.is_empty() {
        rows.extend(import::save_rows_of(scope, entry, &taken)?);
    }
    let mut ordinal = 0;
    for step in steps {
        for act in &step.acts {
            // The moment of the entry, which is never before that of the one that precedes it.
            let act = Act { at: entry.at, ..act.clone() };
            store::proposal::add_act(scope, entry.row(ordinal)?, &step.proposal, &act, &mut tree)?;
            ordinal += 1;
        }
    }
    if tree.size() > 0 {
        rows.push(store::proposal::acts(&tree));
    }
    let follows = |step: &Step| step.takes.as_ref().and_then(NewRow::then_telling);
    let told: Vec<Telling> =
        steps.iter().flat_map(|step| step.telling.clone().into_iter().chain(follows(step))).collect();
    rows.extend(telling::tell(scope, &[(entry, told)])?.into_iter().flatten());
    Ok(rows)
}

/// Refuses whoever does not decide about others' proposals: somebody without a name, or who has a part in it already.
///
/// # Errors
/// `proposal.officer`, `proposal.own`.
pub(super) fn require_other(loaded: &Loaded, officer: &Actor, is_synthetic: bool) -> Result<(), ProposalRefusal> {
    crate::officer::require_other(&loaded.found.proposal.asked.by, officer, is_synthetic)?;
    if loaded.found.evidence.has_part(officer.name()) { Err(ProposalRefusal::Own) } else { Ok(()) }
}

/// Whether a proposal is somebody's to do something about: the payee's own, one of a company that they may sign for, one of a caseworker's authority and remit, one of a bank's
/// channel; the agency's all. Others' are as if they were not there.
pub(super) fn is_for(loaded: &Loaded, actor: &Actor, bank: Option<&Channel>) -> bool {
    let proposal = &loaded.found.proposal;
    let asked = &proposal.asked;
    match actor.role() {
        Role::Citizen => {
            let is_logged_in = actor.login().is_some_and(|login| login.assurance >= Assurance::Substantial);
            is_logged_in && loaded.voice != Voice::None
        }
        Role::Console | Role::Operator => true,
        Role::Caseworker => loaded.remit.as_ref().is_some_and(|(channel, remit)| {
            *channel == asked.channel && remit.covers(asked.specific.as_ref().map(|of| (of.payer, &of.benefit)))
        }),
        _ => bank == Some(&asked.channel),
    }
}

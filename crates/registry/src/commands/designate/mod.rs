//! The life of a designation: one file for each thing that somebody does about a proposal. All of them load the same, and what
//! follows from one more act is decided in one place: [`Loaded::act`].

mod activate;
mod approve;
mod cancel;
mod confirm;
mod letter;
mod propose;
mod refuse;
mod revert;
mod settle;
mod show;
mod sign;
mod stop;
mod tell_ownership;
mod unfreeze;

pub use activate::{Activate, Activation};
pub use approve::ApproveDesignation;
pub use cancel::CancelDesignation;
pub use confirm::Confirm;
pub use letter::{FollowLetter, LetterFacts, LetterFate, LetterState, MakeLetter};
pub use propose::ProposeDesignation;
pub use refuse::RefuseDesignation;
pub use revert::{RevertChange, RevertDesignation};
pub use settle::{SETTLED_MAX, Settle, Settled, UNREADABLE_SECONDS};
pub use show::{LaterChange, ShowProposal, ShownAct, ShownProposal};
pub use sign::Sign;
pub use stop::{STOP_DAYS, StopProposal, Stopped};
pub use tell_ownership::TellOwnership;
pub use unfreeze::UnfreezeDesignation;

use super::SaidBefore;
use crate::caseworker::Remit;
use crate::controls::Controls;
use crate::designation::{Channel, Fate, State as AccountStanding};
use crate::import::{self, AccountRow, AccountState, NewRow};
use crate::life::{self, ACTS_MAX, Act, ActKind, By, NEVER, State, Waits};
use crate::notice::NoticeKind;
use crate::own::{Signatories, Voice};
use crate::proposal::{Proposal, ProposalRefusal};
use crate::queries::{self, acting_remit};
use crate::row_refusal::RowRefusal;
use crate::signals::{Facts, Signals};
use crate::store;
use crate::store::proposal::Found;
use crate::telling::{self, Telling};
use kernel::journal::{Entry, Rows};
use kernel::merkle::Tree;
use kernel::{Actor, Assurance, Error, Refusal, Role, Scope, Timestamp};
use serde::{Deserialize, Serialize};

/// By whom a notice's link stops something.
const BY_NOTICE: &str = "notice";

/// Where a proposal stands, as whoever did something about it is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Its name.
    pub id: String,
    /// `proposed`, `awaiting_approval`, `awaiting_activation`, `held`, `in_force`, `cancelled`, `refused`, `expired`; where it is asked
    /// after, also what became of one that took effect: `replaced`, `closed`, `reverted`.
    pub state: String,
    /// What it waits for: `signature`, `ownership`, `approval`, `check`, `letter`, `code`, `confirmation`, `time`, `unfreezing`.
    pub waits_for: Option<String>,
    /// From when it holds, or will if nothing comes between; none where nobody says yet.
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

    /// The same as somebody is told it. That a payee may be a victim only the agency's own officers know: whoever asked may be the thief.
    /// To all others it waits for time, and nobody says how long.
    pub(crate) fn told_to(self, actor: &Actor) -> Self {
        let is_agency = matches!(actor.role(), Role::Operator | Role::Console);
        let is_kept = !is_agency && self.waits_for.as_deref() == Some(Waits::Unfreezing.name());
        if is_kept { Self { waits_for: Some(Waits::Time(NEVER).name().to_owned()), ..self } } else { self }
    }

    /// The same with what became of it since it took effect.
    pub(crate) fn with(self, fate: Option<Fate>) -> Self {
        Self { state: fate.map_or(self.state, |fate| fate.name().to_owned()), ..self }
    }
}

/// What deciding about a proposal needs to know.
pub struct Loaded {
    pub(super) found: Found,
    pub(super) facts: Facts,
    row: AccountRow,
    accounts: AccountState,
    /// Whether what stands is what stood when it was asked for.
    follows: bool,
    is_sender_known: bool,
    /// Of a caseworker who acts.
    remit: Option<(Channel, Remit)>,
    /// Of a citizen who acts: how far they speak for the payee.
    voice: Voice,
    /// Who may sign for the payee, where it was asked for a company by one of them.
    signatories: Option<Signatories>,
    /// Whether somebody else has said the same before.
    is_second: bool,
}

impl SaidBefore for Loaded {
    fn said_by(self, _: &str) -> Self {
        Self { is_second: true, ..self }
    }
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
    let mut row = AccountRow::of(proposal, replaced);
    let accounts = AccountState::load_asked(scope, &row)?;
    let newest = accounts.newest(&row);
    let follows = match (newest, proposal.replaces) {
        (Some((newest, _)), Some(replaced)) => queries::is_left_alone(scope, newest, replaced)?,
        (None, None) => true,
        _ => false,
    };
    // Whoever moves to another bank closes the former account as well: what they asked for is theirs all the same.
    if follows && newest.is_some_and(|(_, standing)| standing.state == AccountStanding::Closed) {
        row = AccountRow::of(proposal, None);
    }
    let signatories = queries::signing(scope, proposal)?;
    let wanted = accounts.wanted(&row);
    Ok(Loaded {
        facts: queries::proposal_facts(scope, accounts.controls(), &found, wanted, signatories.as_ref())?,
        signatories,
        voice: Voice::None,
        accounts,
        follows,
        is_sender_known: import::sender_is_known(scope.tx, &proposal.asked.channel)?,
        remit: None,
        is_second: false,
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

    /// Whether an authenticator of the payee's changed so lately that a login proves little: none is known to be older than that.
    pub(super) fn has_new_authenticator(&self) -> bool {
        Signals::is_login_fresh(self.proposal(), &self.facts.identity, self.controls())
    }

    /// What speaks against it.
    pub(super) fn signals(&self, now: Timestamp) -> Signals {
        Signals::of(&self.found.proposal, &self.found.evidence, &self.facts, self.controls(), now)
    }

    /// Where it stands.
    pub(super) fn state(&self, now: Timestamp) -> State {
        life::state(&self.found.proposal, &self.found.evidence, &self.facts, self.controls(), now)
    }

    /// Whether a named officer proposed it, or has said yes to it: they do not send the letter as well.
    pub(super) fn is_decided_by(&self, officer: &Actor) -> bool {
        let decides = [ActKind::Approved, ActKind::Checked, ActKind::Confirmed];
        let mut acts = self.found.evidence.acts().iter();
        officer.role() == Role::Operator
            && (self.proposal().asked.by == officer.name()
                || acts.any(|act| decides.contains(&act.kind) && act.by == officer.name()))
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

    /// What follows when somebody says, of a change that has taken effect, that it is not theirs: the account is frozen. Of one that is
    /// contested they were told that it is.
    ///
    /// Nothing, when it is not in force any more.
    ///
    /// # Errors
    /// It cannot be frozen.
    fn freeze(self, now: Timestamp) -> Result<Option<Step>, Refusal> {
        let Self { found, row, mut accounts, .. } = self;
        let proposal = found.proposal;
        let Some(takes) = accounts.freeze(&proposal, &row, now)? else { return Ok(None) };
        let act = Act::new(ActKind::Stopped, now, BY_NOTICE, "");
        let telling = (!takes.is_contested()).then(|| Telling::of(&proposal, NoticeKind::AccountFrozen, None));
        Ok(Some(Step { proposal, acts: vec![act], takes: Some(takes), waits: None, telling }))
    }

    /// What follows when somebody does one more thing: it goes on waiting, or it takes effect now.
    ///
    /// # Errors
    /// It takes effect, and the rule that all changes go by refuses it, as things stand now. Then nothing was done.
    pub(super) fn act<'b>(
        mut self,
        kind: ActKind,
        by: impl Into<By<'b>>,
        detail: &str,
        now: Timestamp,
    ) -> Result<(Step, Standing), Refusal> {
        if matches!(kind, ActKind::LetterMade | ActKind::CodeWrong) && self.found.evidence.acts().len() >= ACTS_MAX {
            return Err(ProposalRefusal::TooMuch.into());
        }
        // What the rule refuses now, nobody need go on with: neither print its letter nor give its code.
        let goes_on =
            !matches!(kind, ActKind::Stopped | ActKind::Cancelled | ActKind::Refused | ActKind::LetterReturned);
        // Nor while nobody has said whether the payee is a victim: whoever gives the code may be the thief.
        if goes_on && life::stands_still(&self.found.proposal, &self.found.evidence) {
            return Err(RowRefusal::Frozen.into());
        }
        if goes_on && self.is_sender_known {
            self.accounts.judge_asked(&self.found.proposal, &self.row, self.follows)?;
        }
        let by = by.into();
        let (act, state) = self.add(kind, by, detail, now);
        let Self { found, facts, row, mut accounts, follows, is_sender_known, .. } = self;
        if state != State::Due {
            return Ok(Step::waiting(found, act, state));
        }
        if !is_sender_known {
            return Err(import::ImportRefusal::BankUnknown.into());
        }
        let takes = accounts.take_effect(&found.proposal, &row, follows, &facts, now)?;
        let took = Act::new(ActKind::TookEffect, now, by, "");
        let state = State::Ended(ActKind::TookEffect);
        let standing = Standing::of(&found.proposal, state, Some(now));
        let telling = told(&found.proposal, kind, state);
        Ok((Step { proposal: found.proposal, acts: vec![act, took], takes, waits: None, telling }, standing))
    }

    /// What follows when something comes to be known that nobody decided: it goes on waiting. What is due then is settled like all that
    /// is, so that what is known is never refused. The payee is told of it where it waits for something else now.
    pub(super) fn learn(mut self, kind: ActKind, by: &str, detail: &str, now: Timestamp) -> (Step, Standing) {
        let former = self.state(now);
        let (act, state) = self.add(kind, by, detail, now);
        let (mut step, standing) = Step::waiting(self.found, act, state);
        if state == State::Due {
            step.waits = Some((Waits::Time(now), now));
        }
        step.telling = step.telling.filter(|_| state != former);
        (step, standing)
    }

    /// One more thing was done; where it stands then.
    fn add<'b>(&mut self, kind: ActKind, by: impl Into<By<'b>>, detail: &str, now: Timestamp) -> (Act, State) {
        let act = Act::new(kind, now, by, detail);
        self.found.evidence.add(act.clone());
        if let Some(signatories) = &self.signatories {
            self.facts.lacks_signature = queries::lacks_signature(&self.found, signatories, self.controls());
        }
        (act, self.state(now))
    }
}

/// What the payee is told of an act, after which the proposal stands so. What they do themselves on the way, they know.
fn told(proposal: &Proposal, act: ActKind, state: State) -> Option<Telling> {
    let (kind, from) = match (act, state) {
        (_, State::Ended(ActKind::TookEffect)) => (NoticeKind::in_force(proposal.asked.action), None),
        (ActKind::Stopped | ActKind::Cancelled, _) => (NoticeKind::ChangeStopped, None),
        (ActKind::Refused, _) => (NoticeKind::ChangeRefused, None),
        (ActKind::Expired, _) | (_, State::Ended(ActKind::Expired)) => (NoticeKind::ChangeExpired, None),
        (ActKind::LetterReturned, _) => (NoticeKind::LetterReturned, None),
        _ => return told_waiting(proposal, state),
    };
    Some(Telling::of(proposal, kind, from))
}

/// What the payee is told of what their change waits for now.
fn told_waiting(proposal: &Proposal, state: State) -> Option<Telling> {
    match state {
        State::Waiting(Waits::Time(from)) => Some(Telling::of(proposal, NoticeKind::ChangeActivated, Some(from))),
        State::Waiting(Waits::Check) => Some(Telling::of(proposal, NoticeKind::ChangeHeld, None)),
        _ => None,
    }
}

impl Step {
    /// An act after which a proposal does not take effect.
    fn waiting(found: Found, act: Act, mut state: State) -> (Self, Standing) {
        let Found { proposal, evidence } = found;
        let (kind, at, mut acts) = (act.kind, act.at, vec![act]);
        // For what comes next it is too late.
        if state == State::Lapsed {
            acts.push(Act::expired(at));
            state = State::Ended(ActKind::Expired);
        }
        let waits = state.waits().map(|waits| (waits, life::due(&proposal, &evidence, waits, at)));
        let telling = told(&proposal, kind, state);
        let standing = Standing::of(&proposal, state, None);
        (Self { proposal, acts, takes: None, waits, telling }, standing)
    }

    /// A proposal ends that nobody ended in time.
    fn expiring(proposal: Proposal, now: Timestamp) -> Self {
        let telling = told(&proposal, ActKind::Expired, State::Ended(ActKind::Expired));
        Self { proposal, acts: vec![Act::expired(now)], takes: None, waits: None, telling }
    }

    /// A proposal ends that another one comes in the place of.
    fn giving_way(proposal: Proposal, kind: ActKind, to: &Actor, why: &str, now: Timestamp) -> Self {
        let telling = told(&proposal, kind, State::Ended(kind));
        Self { proposal, acts: vec![Act::new(kind, now, to, why)], takes: None, waits: None, telling }
    }

    /// What the journal is told of it.
    pub(super) fn facts(&self) -> serde_json::Value {
        let acts: Vec<&str> = self.acts.iter().map(|act| act.kind.name()).collect();
        serde_json::json!({ "proposal": self.proposal.id.name(), "acts": acts })
    }
}

/// Saves steps as part of one entry.
pub(super) fn save(scope: &Scope<'_>, steps: &[Step], entry: Entry) -> Result<Vec<Rows>, Error> {
    note(scope, steps)?;
    record(scope, steps, entry)
}

/// Notes what their proposals wait for now.
fn note<'s>(scope: &Scope<'_>, steps: impl IntoIterator<Item = &'s Step>) -> Result<(), Error> {
    let mut steps = steps.into_iter();
    steps.try_for_each(|step| store::proposal::set_now(scope.tx, &step.proposal, step.waits))
}

/// Saves all else of them.
fn record(scope: &Scope<'_>, steps: &[Step], entry: Entry) -> Result<Vec<Rows>, Error> {
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
pub(super) fn require_no_part(loaded: &Loaded, officer: &Actor, is_synthetic: bool) -> Result<(), ProposalRefusal> {
    crate::officer::require_other(&loaded.found.proposal.asked.by, officer, is_synthetic)?;
    if loaded.found.evidence.has_part(officer.name()) { Err(ProposalRefusal::Own) } else { Ok(()) }
}

/// Refuses whoever does not say yes to others' proposals: the same; and anybody where it was asked for at the console without a name.
/// Whoever sat there could be any of those who have one.
///
/// # Errors
/// `proposal.officer`, `proposal.own`.
pub(super) fn require_other(loaded: &Loaded, officer: &Actor, is_synthetic: bool) -> Result<(), ProposalRefusal> {
    require_no_part(loaded, officer, is_synthetic)?;
    let is_nobodys = loaded.found.proposal.asked.by == Actor::console().name() && !is_synthetic;
    if is_nobodys { Err(ProposalRefusal::Officer) } else { Ok(()) }
}

/// Whether a proposal is somebody's to do something about: the payee's own, one of a company that they may sign for, one of a
/// caseworker's authority and remit, one of a bank's channel; the agency's all. Others' are as if they were not there.
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

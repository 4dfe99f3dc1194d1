//! Which proposals wait, what became of one, and what is known that speaks against it.

use super::acting_remit;
use crate::account::DesignatedAccount;
use crate::commands::{LetterFacts, LetterState, Standing as Told};
use crate::controls::{Control, Controls, When};
use crate::designation::{Action, Channel, Designation, Fate, State as AccountStanding};
use crate::identity;
use crate::life::{self, ActKind, Evidence, Waits};
use crate::own::{self, Signatories};
use crate::payee::PayeeId;
use crate::proposal::{Asked, ChangeId, Proposal, ProposalRefusal};
use crate::register_event::Addressee;
use crate::signals::Facts;
use crate::store::proposal::{Found, Waiting};
use crate::{policy, store};
use denmark::BankDirectory;
use kernel::{Actor, Assurance, Blind, Error, Id, Role, Scope, Timestamp};
use serde::Serialize;
use std::collections::BTreeSet;

/// Rows of one page.
const PAGE_ROWS_MAX: usize = 1000;
/// Characters of a proposal's name.
const NAME_CHARS: usize = 13;
/// Rows of a history that are looked through. What lies further back is as if it were not there: nothing follows it, and none reverts it.
const HISTORY_ROWS_MAX: usize = 1000;

/// A proposal, without whom it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProposalView {
    /// Where it stands.
    #[serde(flatten)]
    pub standing: Told,
    /// By which channel it came.
    pub channel: String,
    /// When.
    pub proposed: String,
    /// When it must be looked at again at the latest; none where no time brings what it waits for.
    pub due: Option<String>,
    /// Why a bank asked for it.
    pub reason: Option<&'static str>,
    /// How its customer consented.
    pub consent: Option<&'static str>,
    /// When it ended.
    pub ended: Option<String>,
}

/// A page of proposals.
#[derive(Clone, Debug)]
pub struct ProposalPage {
    /// The oldest first.
    pub proposals: Vec<ProposalView>,
    /// Where the next page goes on; none after the last.
    pub next: Option<i64>,
}

/// What waits, of all channels or of one, and for anything or one thing: at most `limit` proposals after the place where the page
/// before ended. A caseworker sees those of their authority.
///
/// # Errors
/// The policy's refusal, or the store's.
pub fn waiting(
    scope: &Scope<'_>,
    actor: &Actor,
    channel: Option<&Channel>,
    waits_for: Option<Waits>,
    after: Option<i64>,
    limit: usize,
    now: Timestamp,
) -> Result<ProposalPage, Error> {
    policy::LIST_DESIGNATIONS.require(actor)?;
    let limit = limit.min(PAGE_ROWS_MAX);
    let house = acting_remit(scope, actor)?.map(|(channel, _)| channel);
    let channel = house.as_ref().or(channel);
    let of = match (channel, waits_for) {
        (Some(channel), _) => Waiting::Channel(channel),
        (None, Some(waits)) => Waiting::For(waits),
        (None, None) => Waiting::All,
    };
    let mut ids = store::proposal::waiting(scope, of, after, limit as i64 + 1)?;
    let has_more = ids.len() > limit;
    ids.truncate(limit);
    let next = ids.last().filter(|_| has_more).map(|last| last.number());
    let mut proposals = Vec::with_capacity(ids.len());
    for id in ids {
        let Some(view) = find_view(scope, actor, id, now)? else { continue };
        // What has lapsed waits no more, though nobody has settled it yet.
        let is_this = |waits: Waits| view.standing.waits_for.as_deref() == Some(waits.name());
        let is_asked_for = channel.is_none() || waits_for.is_none_or(is_this);
        if is_asked_for && view.standing.state != "expired" {
            proposals.push(view);
        }
    }
    Ok(ProposalPage { proposals, next })
}

/// What waits about a payee, whoever proposed it: for them, or for whoever may sign for them. The oldest come first.
///
/// # Errors
/// `citizen.other`, `citizen.assurance`, the policy's refusal, or the store's.
pub fn own_waiting(
    scope: &Scope<'_>,
    actor: &Actor,
    payee: &PayeeId,
    now: Timestamp,
) -> Result<Vec<ProposalView>, Error> {
    policy::LIST_OWN_DESIGNATIONS.require(actor)?;
    let payee = payee.key(scope.vault);
    own::require_part(actor, super::voice(scope, actor, &payee)?, Assurance::Substantial)?;
    let mut proposals = Vec::new();
    for id in store::proposal::waiting_of(scope.tx, [&payee])? {
        proposals.extend(find_view(scope, actor, id, now)?);
    }
    proposals.retain(|view| view.standing.waits_for.is_some());
    Ok(proposals)
}

/// What became of a proposal of a channel. That of another is as if it were not there.
///
/// # Errors
/// `proposal.unknown`, the policy's refusal, or the store's.
pub fn proposal(
    scope: &Scope<'_>,
    actor: &Actor,
    channel: &Channel,
    name: &str,
    now: Timestamp,
) -> Result<ProposalView, Error> {
    policy::LIST_DESIGNATIONS.require(actor)?;
    let found = find(scope, name)?;
    if found.proposal.asked.channel != *channel {
        return Err(ProposalRefusal::Unknown.into());
    }
    view(scope, actor, &found, now)
}

/// Whether a proposal is due: its time has come, or nobody did in time what it waits for.
///
/// # Errors
/// The store's.
pub fn is_due(scope: &Scope<'_>, now: Timestamp) -> Result<bool, Error> {
    Ok(!store::proposal::due(scope.tx, now, 1)?.is_empty())
}

/// Whether nobody but the operator has proposed anything yet: the registry is still loaded.
///
/// # Errors
/// The store's.
pub fn is_loading(scope: &Scope<'_>) -> Result<bool, Error> {
    Ok(!store::proposal::is_any_but(scope, &Channel::Operator)?)
}

/// What the letter of a proposal says that is made now.
///
/// # Errors
/// `proposal.unknown`, `proposal.not_this`, `proposal.ended`, `letter.address`, the policy's refusal; or the store's.
pub fn letter(scope: &Scope<'_>, actor: &Actor, name: &str, now: Timestamp) -> Result<LetterFacts, Error> {
    policy::MAKE_LETTERS.require(actor)?;
    Ok(LetterState::load(scope, name, actor)?.facts(now)?)
}

/// Whether the code in the letter of this number can still be given. That of another was never put on record, or is void.
///
/// # Errors
/// The policy's refusal, or the store's.
pub fn letter_counts(scope: &Scope<'_>, actor: &Actor, number: &str, now: Timestamp) -> Result<bool, Error> {
    policy::MAKE_LETTERS.require(actor)?;
    let parts = number.split_at_checked(NAME_CHARS).and_then(|(name, of)| Some((name, of.parse::<usize>().ok()?)));
    let Some((name, of)) = parts else { return Ok(false) };
    match LetterState::load(scope, name, actor) {
        Ok(state) => Ok(state.counts(of, now)),
        // There is no such proposal.
        Err(Error::Refused(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// To whom a letter without a code goes, as the register says it now; none where there is no address.
///
/// # Errors
/// The policy's refusal, or the store's.
pub fn addressee(scope: &Scope<'_>, actor: &Actor, payee: &Blind) -> Result<Option<Addressee>, Error> {
    policy::MAKE_LETTERS.require(actor)?;
    Ok(store::register::addressee(scope, payee)?.filter(Addressee::has_address))
}

/// The proposal of a name, or of the number of a letter: that is the name with two digits more.
pub(crate) fn find(scope: &Scope<'_>, name: &str) -> Result<Found, Error> {
    let name = name.get(..NAME_CHARS).filter(|_| name.len() == NAME_CHARS + 2).unwrap_or(name);
    let found = match Id::<Proposal>::parse_name(name) {
        Some(id) => store::proposal::find(scope, id)?,
        None => None,
    };
    found.ok_or_else(|| ProposalRefusal::Unknown.into())
}

/// Whether somebody is told what speaks against a proposal, and why others did what they did about it. Whoever has a payee's login may be
/// the thief: they do not read what is suspected of them until somebody else has ended it, or it took effect.
pub(crate) fn is_told_why(actor: &Actor, evidence: &Evidence) -> bool {
    let is_over = |kind: ActKind| kind != ActKind::Cancelled;
    actor.role() != Role::Citizen || evidence.ended().is_some_and(|ended| is_over(ended.kind))
}

/// One of a list; none where it cannot be read, which keeps nobody from seeing the others. Operators hear of it when it is settled.
fn find_view(
    scope: &Scope<'_>,
    actor: &Actor,
    id: Id<Proposal>,
    now: Timestamp,
) -> Result<Option<ProposalView>, Error> {
    let view = store::proposal::find(scope, id)
        .and_then(|found| found.map(|found| view(scope, actor, &found, now)).transpose());
    Ok(Error::unless_damaged(view)?.flatten())
}

fn view(scope: &Scope<'_>, actor: &Actor, found: &Found, now: Timestamp) -> Result<ProposalView, Error> {
    let Found { proposal, evidence } = found;
    let controls: Controls = store::controls::in_force(scope.tx)?;
    let wanted = wanted(scope, &controls, proposal.asked.account.as_ref())?;
    let facts = proposal_facts(scope, &controls, found, wanted, signing(scope, proposal)?.as_ref())?;
    let state = life::state(proposal, evidence, &facts, &controls, now);
    let ended = evidence.ended();
    let took_effect = ended.filter(|act| act.kind == ActKind::TookEffect).map(|act| act.at);
    // No time brings that.
    let due = state.waits().filter(|waits| *waits != Waits::Unfreezing);
    Ok(ProposalView {
        standing: Told::of(proposal, state, took_effect).with(fate(scope, found)?).told_to(actor),
        channel: proposal.asked.channel.name(),
        proposed: proposal.at.to_string(),
        due: due.map(|waits| life::due(proposal, evidence, waits, now).to_string()),
        reason: proposal.grounds.filter(|_| is_told_why(actor, evidence)).map(|grounds| grounds.reason.name()),
        consent: proposal.grounds.map(|grounds| grounds.consent.name()),
        ended: ended.map(|act| act.at.to_string()),
    })
}

/// Who may sign for the payee of a proposal now, where it came from one of those who sign for a company.
pub(crate) fn signing(scope: &Scope<'_>, proposal: &Proposal) -> Result<Option<Signatories>, Error> {
    let Asked { channel, payee, .. } = &proposal.asked;
    let is_signed_for = *channel == Channel::SelfService && matches!(payee, PayeeId::Cvr(_));
    if is_signed_for { super::signatories(scope, &proposal.payee).map(Some) } else { Ok(None) }
}

/// What is known that may speak against a proposal; of a company's, who may sign for it is given.
pub(crate) fn proposal_facts(
    scope: &Scope<'_>,
    controls: &Controls,
    found: &Found,
    wanted: Option<Wanted<'_>>,
    signatories: Option<&Signatories>,
) -> Result<Facts, Error> {
    let Found { proposal, evidence } = found;
    let Proposal { payee, purpose, asked, .. } = proposal;
    let mut facts = facts(scope, controls, payee, wanted, purpose.as_ref())?;
    if asked.action == Action::Designate {
        facts.lacks_address = lacks_address(controls, &asked.channel, &facts.identity);
    }
    // Whatever it is that brings the account into force.
    if let Some(account) = asked.account.filter(|_| asked.action != Action::Freeze) {
        facts.marked = super::mark_of(scope, &account)?;
    }
    if let Some(reverts) = asked.reverts {
        facts.is_doubted = is_doubted(scope, payee, purpose.as_ref(), reverts)?;
    }
    if let Some(signatories) = signatories {
        facts.lacks_signature = lacks_signature(found, signatories, controls);
        // Whoever has stolen the identity of one of them is the company's thief too.
        for person in signatories.named(|name| own::has_signed(evidence, &proposal.asked.by, false, name)) {
            facts.identity = facts.identity.signed_by(store::identity::of(scope, &person)?);
        }
    }
    Ok(facts)
}

/// Whether a letter is demanded of what comes by a channel, and no register has an address of the payee's.
pub(crate) fn lacks_address(controls: &Controls, channel: &Channel, identity: &identity::Facts) -> bool {
    controls.letter(channel.kind()) != When::Never && !identity.has_address
}

/// Whether what a revert would put back was not wanted before: somebody stopped it, or what is reverted undid it.
pub(crate) fn is_doubted(
    scope: &Scope<'_>,
    payee: &Blind,
    purpose: Option<&Blind>,
    reverts: ChangeId,
) -> Result<bool, Error> {
    let is_revert = |found: Found| found.proposal.asked.action == Action::Revert;
    if let Some(proposal) = reverts.proposal()
        && store::proposal::find(scope, proposal)?.is_some_and(is_revert)
    {
        return Ok(true);
    }
    let Some(newest) = newest(scope, payee, purpose)? else { return Ok(false) };
    let before = undone(scope, newest, reverts)?.and_then(|undone| undone.change.before);
    let Some(before) = before.filter(|row| row.standing.state != AccountStanding::Closed) else { return Ok(false) };
    let was_stopped = |found: Found| found.evidence.last_of(&[ActKind::Stopped]).is_some();
    match standing_change(scope, before)?.proposal {
        Some(id) => Ok(store::proposal::find(scope, id)?.is_some_and(was_stopped)),
        None => Ok(false),
    }
}

/// Whether not all have signed a company's proposal that may sign for it now. What somebody signed who has left does not count.
pub(crate) fn lacks_signature(found: &Found, signatories: &Signatories, controls: &Controls) -> bool {
    let (proposer, is_signed_afresh) = (&found.proposal.asked.by, controls.has(Control::SignedAfresh));
    let signed = signatories.named(|name| own::has_signed(&found.evidence, proposer, is_signed_afresh, name));
    !signatories.have_signed(&signed)
}

/// An account that is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'w> {
    pub(crate) account: &'w DesignatedAccount,
    /// Whether a place is registered where its bank can be asked whose it is.
    pub(crate) is_bank_asked: bool,
}

/// The account that a proposal asks for, with what is known of its bank. Where no control demands it, nobody looks that up.
pub(crate) fn wanted<'w>(
    scope: &Scope<'_>,
    controls: &Controls,
    account: Option<&'w DesignatedAccount>,
) -> Result<Option<Wanted<'w>>, Error> {
    let Some(account) = account else { return Ok(None) };
    let banks = match account.reg() {
        Some(reg) if controls.has(Control::OwnershipAsked) => {
            store::bank::directory_of(scope.tx, &BTreeSet::from([reg]))?
        }
        _ => BankDirectory::new(),
    };
    let is_bank_asked = !asked_banks(scope, controls, &banks, [account].into_iter())?.is_empty();
    Ok(Some(Wanted { account, is_bank_asked }))
}

/// Which banks of some accounts can be asked whose they are. Where no control demands it, nobody looks that up.
pub(crate) fn asked_banks<'a>(
    scope: &Scope<'_>,
    controls: &Controls,
    banks: &BankDirectory,
    accounts: impl Iterator<Item = &'a DesignatedAccount>,
) -> Result<BTreeSet<String>, Error> {
    let mut asked = BTreeSet::new();
    if !controls.has(Control::OwnershipAsked) {
        return Ok(asked);
    }
    let names: BTreeSet<&str> = accounts.filter_map(|account| Some(banks.get(account.reg()?)?.name.as_str())).collect();
    for name in names {
        if store::delivery::is_asked(scope, name)? {
            asked.insert(name.to_owned());
        }
    }
    Ok(asked)
}

/// What is known that may speak against an account for a payee, but whether it is marked. Its other payees are counted as far as the
/// controls ask.
pub(crate) fn facts(
    scope: &Scope<'_>,
    controls: &Controls,
    payee: &Blind,
    wanted: Option<Wanted<'_>>,
    purpose: Option<&Blind>,
) -> Result<Facts, Error> {
    let mut identity = super::known_identity(scope, payee)?;
    if controls.has(Control::LetterBox) {
        identity.letter_box_posted = super::letter_box_posted(scope, payee, &identity)?;
    }
    let Some(Wanted { account, is_bank_asked }) = wanted else { return Ok(Facts { identity, ..Facts::default() }) };
    let most = controls.get(Control::PayeesPerAccount).max(controls.get(Control::BanShared));
    let payees = if most == 0 { 0 } else { store::holder::others(scope.tx, &account.key(scope.vault), payee, most)? };
    Ok(Facts { identity, payees, is_bank_asked, ..account_facts(scope, payee, account, purpose)? })
}

/// The same of the account alone, without its other payees and its bank: all that counts where a bank or the operator asks for it, beside those.
pub(crate) fn account_facts(
    scope: &Scope<'_>,
    payee: &Blind,
    account: &DesignatedAccount,
    purpose: Option<&Blind>,
) -> Result<Facts, Error> {
    let collector_until = store::collector::approved_until(scope, &account.key(scope.vault))?;
    Ok(Facts { collector_until, left: left(scope, payee, account, purpose)?, ..Facts::default() })
}

/// The newest row of a history.
fn newest(scope: &Scope<'_>, payee: &Blind, purpose: Option<&Blind>) -> Result<Option<Designation>, Error> {
    if let Some(purpose) = purpose {
        return store::designation::find_specific(scope, payee, purpose);
    }
    let mut newest = None;
    store::payee::find_many(scope, [payee], |_, found| {
        newest = found.designation;
        Ok(())
    })?;
    Ok(newest)
}

/// When a payee last left an account for another one.
fn left(
    scope: &Scope<'_>,
    payee: &Blind,
    account: &DesignatedAccount,
    purpose: Option<&Blind>,
) -> Result<Option<Timestamp>, Error> {
    let mut next = newest(scope, payee, purpose)?;
    let mut until = None;
    for _ in 0..HISTORY_ROWS_MAX {
        let Some(row) = next else { break };
        if row.standing.state != AccountStanding::Closed && row.standing.account.is(&account.account()) {
            return Ok(until);
        }
        until = Some(row.effective);
        next = row.previous.map(|id| store::designation::find(scope, id)).transpose()?;
    }
    Ok(None)
}

/// Whether the specific account that is there is locked against its payee; none where there is none.
pub(crate) fn is_specific_locked(
    scope: &Scope<'_>,
    payee: &Blind,
    purpose: Option<&Blind>,
) -> Result<Option<bool>, Error> {
    let Some(purpose) = purpose else { return Ok(None) };
    let newest = store::designation::find_specific(scope, payee, purpose)?;
    let Some(live) = newest.filter(|row| row.standing.state != AccountStanding::Closed) else { return Ok(None) };
    Ok(Some(first_row(scope, live)?.1))
}

/// Whether nobody has designated another account since a row of a history, its newest row being given. That account may have been
/// frozen, unfrozen and closed; one that came back is not what was there: somebody has decided about it since.
pub(crate) fn is_left_alone(scope: &Scope<'_>, newest: Id<Designation>, since: Id<Designation>) -> Result<bool, Error> {
    let mut row = newest;
    for _ in 0..HISTORY_ROWS_MAX {
        if row == since {
            return Ok(true);
        }
        let Designation { standing, previous, .. } = store::designation::find(scope, row)?;
        let Some(previous) = previous else { break };
        let before = store::designation::find(scope, previous)?.standing;
        let came_back = before.state == AccountStanding::Closed && standing.state != AccountStanding::Closed;
        if came_back || before.account != standing.account {
            break;
        }
        row = previous;
    }
    Ok(false)
}

/// The change of which what stands in a history came.
pub(crate) struct StandingChange {
    /// The row that it made.
    pub(crate) row: Designation,
    /// The proposal that it was, where it was one.
    pub(crate) proposal: Option<Id<Proposal>>,
    /// What stood before it.
    pub(crate) before: Option<Designation>,
    /// Whether it lies further back than is looked: then neither the row nor what stood before is known.
    pub(crate) is_cut_off: bool,
}

impl StandingChange {
    /// By what it is known.
    pub(crate) fn id(&self) -> ChangeId {
        self.proposal.map_or(ChangeId::Recorded(self.row.id), ChangeId::Proposed)
    }
}

/// The change of which a history's newest row came. What was frozen and unfrozen since came of it as well.
pub(crate) fn standing_change(scope: &Scope<'_>, newest: Designation) -> Result<StandingChange, Error> {
    let (mut first, mut before, mut is_cut_off) = (newest, None, true);
    for _ in 0..HISTORY_ROWS_MAX {
        let Some(previous) = first.previous else {
            is_cut_off = false;
            break;
        };
        let previous = store::designation::find(scope, previous)?;
        if !previous.standing.is_the_same_account(&newest.standing) {
            (before, is_cut_off) = (Some(previous), false);
            break;
        }
        first = previous;
    }
    let proposal = store::designation::proposal_of(scope.tx, first.id)?;
    Ok(StandingChange { row: first, proposal, before, is_cut_off })
}

/// Which changes of a history a later revert undid, as it is walked through from the newest one.
#[derive(Default)]
pub(crate) struct Reverted {
    /// How far back the last revert that was met undid all.
    since: Option<ChangeId>,
}

impl Reverted {
    /// Whether the next change was undone, be it with another.
    pub(crate) fn has(&mut self, scope: &Scope<'_>, change: &StandingChange) -> Result<bool, Error> {
        if self.since.is_some() {
            self.since = self.since.filter(|since| change.id() != *since);
            return Ok(true);
        }
        let found = change.proposal.map(|id| store::proposal::find(scope, id)).transpose()?.flatten();
        self.since = found.and_then(|found| found.proposal.asked.reverts);
        Ok(false)
    }
}

/// A change that can be reverted.
pub(crate) struct Undone {
    pub(crate) change: StandingChange,
    /// What came after it and is undone with it, the newest first; without what was undone already.
    pub(crate) later: Vec<StandingChange>,
}

/// A change, if what stands in a history came after it. Who reverts the first of several changes by one thief
/// reverts them all at once: what the thief left is never put back. What was reverted already is not reverted again, nor what that undid
/// with it: what has come after is somebody's choice anew.
pub(crate) fn undone(scope: &Scope<'_>, mut newest: Designation, reverts: ChangeId) -> Result<Option<Undone>, Error> {
    let (mut later, mut reverted) = (Vec::new(), Reverted::default());
    for _ in 0..HISTORY_ROWS_MAX {
        let change = standing_change(scope, newest)?;
        if change.is_cut_off {
            return Ok(None);
        }
        let before = change.before;
        if !reverted.has(scope, &change)? {
            if change.id() == reverts {
                return Ok(Some(Undone { change, later }));
            }
            later.push(change);
        }
        let Some(before) = before else { return Ok(None) };
        newest = before;
    }
    Ok(None)
}

/// The row that designated an account that stands, and whether a specific account was locked by it. What was frozen and unfrozen since
/// is locked as it was, and so is what was put back.
pub(crate) fn first_row(scope: &Scope<'_>, live: Designation) -> Result<(Id<Designation>, bool), Error> {
    let StandingChange { row, proposal, .. } = standing_change(scope, live)?;
    let proposal = match proposal {
        Some(id) => store::proposal::find(scope, id)?,
        None => None,
    };
    let specific = proposal.and_then(|found| found.proposal.asked.specific);
    Ok((row.id, specific.is_some_and(|of| of.is_locked)))
}

/// Whether a specific account was locked that stood before a change that is to be reverted.
pub(crate) fn was_locked(scope: &Scope<'_>, payee: &Blind, purpose: &Blind, reverts: ChangeId) -> Result<bool, Error> {
    let Some(newest) = store::designation::find_specific(scope, payee, purpose)? else { return Ok(false) };
    match undone(scope, newest, reverts)?.and_then(|undone| undone.change.before) {
        Some(before) => Ok(first_row(scope, before)?.1),
        None => Ok(false),
    }
}

/// What became of a change since it took effect, by the history; none of one that did not.
pub(crate) fn fate(scope: &Scope<'_>, found: &Found) -> Result<Option<Fate>, Error> {
    let proposal = &found.proposal;
    if found.evidence.ended().is_none_or(|ended| ended.kind != ActKind::TookEffect) {
        return Ok(None);
    }
    let mut next = newest(scope, &proposal.payee, proposal.purpose.as_ref())?;
    let mut later = Vec::new();
    for _ in 0..HISTORY_ROWS_MAX {
        let Some(row) = next else { break };
        // What stood before it is not its own.
        if proposal.replaces.is_some_and(|replaced| row.id.number() <= replaced.number()) {
            break;
        }
        later.push((row.standing, store::designation::proposal_of(scope.tx, row.id)?));
        next = row.previous.map(|id| store::designation::find(scope, id)).transpose()?;
    }
    later.reverse();
    // The row that it made is the first of its own; what it froze afterwards comes later.
    let Some(made) = later.iter().position(|(_, of)| *of == Some(proposal.id)) else { return Ok(Some(Fate::InForce)) };
    let stood = later[made].0;
    let Some((after, _)) = later[made..].iter().find(|(standing, _)| !standing.is_the_same_account(&stood)) else {
        return Ok(Some(Fate::InForce));
    };
    let mut is_reverted = false;
    for by in later[made..].iter().filter_map(|(_, of)| *of) {
        let by = store::proposal::find(scope, by)?;
        is_reverted |= by.is_some_and(|by| by.proposal.asked.reverts == Some(ChangeId::Proposed(proposal.id)));
    }
    Ok(Some(Fate::of(after, is_reverted)))
}

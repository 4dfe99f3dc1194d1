//! Which proposals wait, what became of one, and what is known that speaks against it.

use super::acting_remit;
use crate::account::DesignatedAccount;
use crate::commands::{LetterFacts, LetterState, Standing};
use crate::controls::{Control, Controls};
use crate::designation::{Channel, Designation, State as AccountStanding};
use crate::life::{self, ActKind, Waits};
use crate::own::{self, Signatories};
use crate::payee::PayeeId;
use crate::proposal::{Asked, Proposal, ProposalRefusal};
use crate::signals::Facts;
use crate::store::proposal::{Found, Waiting};
use crate::{policy, store};
use kernel::{Actor, Blind, Error, Id, Scope, Timestamp};
use serde::Serialize;

/// Rows of one page.
const PAGE_ROWS_MAX: usize = 1000;
/// Characters of a proposal's name.
const NAME_CHARS: usize = 13;
/// Rows of a history that are looked through for an account that came back.
const HISTORY_ROWS_MAX: usize = 50;

/// A proposal, without whom it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProposalView {
    /// Where it stands.
    #[serde(flatten)]
    pub standing: Standing,
    /// By which channel it came.
    pub channel: String,
    /// When.
    pub proposed: String,
    /// When it must be looked at again at the latest.
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
        let Some(found) = store::proposal::find(scope, id)? else { continue };
        let view = view(scope, &found, now)?;
        // What has lapsed waits no more, though nobody has settled it yet.
        let is_this = |waits: Waits| view.standing.waits_for.as_deref() == Some(waits.name());
        let is_asked_for = channel.is_none() || waits_for.is_none_or(is_this);
        if is_asked_for && view.standing.state != "expired" {
            proposals.push(view);
        }
    }
    Ok(ProposalPage { proposals, next })
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
    view(scope, &found, now)
}

/// Whether a proposal is due: its time has come, or nobody did in time what it waits for.
///
/// # Errors
/// The store's.
pub fn is_due(scope: &Scope<'_>, now: Timestamp) -> Result<bool, Error> {
    Ok(!store::proposal::due(scope.tx, now, 1)?.is_empty())
}

/// What the letter of a proposal says that is made now.
///
/// # Errors
/// `proposal.unknown`, `proposal.not_this`, `proposal.ended`, `letter.address`, the policy's refusal; or the store's.
pub fn letter(scope: &Scope<'_>, actor: &Actor, name: &str, now: Timestamp) -> Result<LetterFacts, Error> {
    policy::MAKE_LETTERS.require(actor)?;
    Ok(LetterState::load(scope, name, actor)?.facts(now)?)
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

fn view(scope: &Scope<'_>, found: &Found, now: Timestamp) -> Result<ProposalView, Error> {
    let Found { proposal, evidence } = found;
    let controls: Controls = store::controls::in_force(scope.tx)?;
    let newest = newest(scope, &proposal.payee, proposal.purpose.as_ref())?;
    let facts = proposal_facts(scope, &controls, found, newest, signing(scope, proposal)?.as_ref())?;
    let state = life::state(proposal, evidence, &facts, &controls, now);
    let ended = evidence.ended();
    let took_effect = ended.filter(|act| act.kind == ActKind::TookEffect).map(|act| act.at);
    Ok(ProposalView {
        standing: Standing::of(proposal, state, took_effect),
        channel: proposal.asked.channel.name(),
        proposed: proposal.at.to_string(),
        due: state.waits().map(|waits| life::due(proposal, evidence, waits).to_string()),
        reason: proposal.grounds.map(|grounds| grounds.reason.name()),
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

/// What is known that may speak against a proposal; the newest row of the account's history is given, and of a company's who may sign
/// for it.
pub(crate) fn proposal_facts(
    scope: &Scope<'_>,
    controls: &Controls,
    found: &Found,
    newest: Option<Designation>,
    signatories: Option<&Signatories>,
) -> Result<Facts, Error> {
    let Found { proposal, evidence } = found;
    let mut facts = facts(scope, controls, &proposal.payee, newest, proposal.asked.account.as_ref())?;
    if let Some(signatories) = signatories {
        facts.lacks_signature = lacks_signature(found, signatories, controls);
        // Whoever has stolen the identity of one of them is the company's thief too.
        for person in signatories.named(|name| own::has_signed(evidence, &proposal.asked.by, false, name)) {
            facts.identity = facts.identity.signed_by(store::identity::of(scope, &person)?);
        }
    }
    Ok(facts)
}

/// Whether not all have signed a company's proposal that may sign for it now. What somebody signed who has left does not count.
pub(crate) fn lacks_signature(found: &Found, signatories: &Signatories, controls: &Controls) -> bool {
    let (proposer, is_signed_afresh) = (&found.proposal.asked.by, controls.has(Control::SignedAfresh));
    let signed = signatories.named(|name| own::has_signed(&found.evidence, proposer, is_signed_afresh, name));
    !signatories.have_signed(&signed)
}

/// What is known that may speak against an account for a payee, in the place of what the newest row of the history names. Its other payees are
/// counted as far as the controls ask.
pub(crate) fn facts(
    scope: &Scope<'_>,
    controls: &Controls,
    payee: &Blind,
    newest: Option<Designation>,
    account: Option<&DesignatedAccount>,
) -> Result<Facts, Error> {
    let identity = super::known_identity(scope, payee)?;
    let Some(account) = account else { return Ok(Facts { identity, ..Facts::default() }) };
    let most = controls.get(Control::PayeesPerAccount).max(controls.get(Control::BanShared));
    let payees = if most == 0 { 0 } else { store::holder::others(scope.tx, &account.key(scope.vault), payee, most)? };
    Ok(Facts { identity, payees, ..account_facts(scope, newest, account)? })
}

/// The same of the account alone, without its other payees: all that counts where a bank or the operator asks for it, beside those.
pub(crate) fn account_facts(
    scope: &Scope<'_>,
    newest: Option<Designation>,
    account: &DesignatedAccount,
) -> Result<Facts, Error> {
    let collector_until = store::collector::approved_until(scope, &account.key(scope.vault))?;
    Ok(Facts { collector_until, left: left(scope, newest, account)?, ..Facts::default() })
}

/// The newest row of an account's history.
pub(crate) fn newest(scope: &Scope<'_>, payee: &Blind, purpose: Option<&Blind>) -> Result<Option<Designation>, Error> {
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

/// When the history that ends with this row last left an account for another one.
fn left(
    scope: &Scope<'_>,
    newest: Option<Designation>,
    account: &DesignatedAccount,
) -> Result<Option<Timestamp>, Error> {
    let (mut next, mut until) = (newest, None);
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

/// The row that designated an account that stands, and whether a specific account was locked by it. What was frozen and unfrozen since
/// is locked as it was.
pub(crate) fn first_row(scope: &Scope<'_>, live: Designation) -> Result<(Id<Designation>, bool), Error> {
    let mut first = live;
    while let Some(previous) = first.previous {
        let previous = store::designation::find(scope, previous)?;
        if previous.standing.state == AccountStanding::Closed || previous.standing.account != live.standing.account {
            break;
        }
        first = previous;
    }
    let proposal = match store::designation::proposal_of(scope.tx, first.id)? {
        Some(id) => store::proposal::find(scope, id)?,
        None => None,
    };
    let specific = proposal.and_then(|found| found.proposal.asked.specific);
    Ok((first.id, specific.is_some_and(|of| of.is_locked)))
}

//! Suspicion reports: the work of who answers them, and what became of them for who reported.

use super::acting_remit;
use super::paged::Paged;
use crate::mark::masked;
use crate::own;
use crate::payee::PayeeId;
use crate::policy;
use crate::resolve::payer_of;
use crate::store;
use crate::store::suspicion::{Found, Of};
use crate::suspicion::{Act, ActKind, Answers, Source, State, Subject, Suspicion, SuspicionRefusal};
use kernel::{Actor, Assurance, Error, Id, Role, Scope, Timestamp};
use serde::Serialize;
use std::collections::BTreeMap;

/// As many reports at a time are shown.
pub const SUSPICIONS_MAX: usize = 1000;

/// A report, as far as whoever reported it may know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SuspicionView {
    /// Its name.
    pub id: String,
    /// `open`, `acknowledged`, `closed`.
    pub state: &'static str,
    /// `agreed`, `disagreed`, when it is closed.
    pub outcome: Option<&'static str>,
    /// `confirmed`, `unfounded`, `misunderstanding`, likewise.
    pub finding: Option<&'static str>,
    /// `change`, `payout`, `account`.
    pub about: &'static str,
    /// What is suspected.
    pub reason: &'static str,
    /// When it was reported.
    pub reported: String,
    /// When somebody said that they look at it.
    pub acknowledged: Option<String>,
    /// When somebody said what they found.
    pub closed: Option<String>,
    /// By when the next thing is to be done about it.
    pub due: Option<String>,
    /// Whether nobody has done it in time.
    pub overdue: bool,
}

/// A report that went to a payer, as far as its systems may know: what somebody wrote is for those who answer it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RoutedSuspicion {
    /// What its reporter sees.
    #[serde(flatten)]
    pub view: SuspicionView,
    /// The batch of the payment that it is about.
    pub batch: Option<String>,
    /// That payment.
    pub end_to_end_id: Option<String>,
}

/// A report, as whoever answers it sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SuspicionDetails {
    /// What its reporter sees.
    #[serde(flatten)]
    pub view: SuspicionView,
    /// Who suspects it: `bank:NAME`, `payer:NAME`, `police`, `review`.
    pub from: String,
    /// Who reported it.
    pub reported_by: String,
    /// In their own words.
    pub text: String,
    /// The payer that it was routed to; none where that is the agency.
    pub payer: Option<String>,
    /// To whom there, by name.
    pub contact: Option<String>,
    /// When that was recorded which tells them by e-mail.
    pub contact_told: Option<String>,
    /// The proposal that it is about.
    pub proposal: Option<String>,
    /// The batch of the payment that it is about.
    pub batch: Option<String>,
    /// That payment.
    pub end_to_end_id: Option<String>,
    /// The account, masked.
    pub account: Option<String>,
    /// Who looks at it.
    pub acknowledged_by: Option<String>,
    /// Who has said what was found.
    pub closed_by: Option<String>,
    /// Why.
    pub why: Option<String>,
}

fn view(Found { suspicion, acts }: &Found, now: Timestamp) -> SuspicionView {
    let state = State::of(acts);
    SuspicionView {
        id: suspicion.id.name(),
        state: state.name(),
        outcome: state.finding().map(|finding| finding.outcome()),
        finding: state.finding().map(|finding| finding.name()),
        about: suspicion.report.subject.about().name(),
        reason: suspicion.reason.name(),
        reported: suspicion.at.to_string(),
        acknowledged: acknowledged(acts).map(|act| act.at.to_string()),
        closed: closed(acts).map(|act| act.at.to_string()),
        due: state.due(suspicion.at).map(|due| due.to_string()),
        overdue: state.is_overdue(suspicion.at, now),
    }
}

fn acknowledged(acts: &[Act]) -> Option<&Act> {
    acts.iter().find(|act| act.kind == ActKind::Acknowledged)
}

fn closed(acts: &[Act]) -> Option<&Act> {
    acts.iter().find(|act| matches!(act.kind, ActKind::Closed(_)))
}

/// The payment that a report is about: its batch, and the payer's own id.
fn payout(subject: &Subject) -> (Option<String>, Option<String>) {
    match subject {
        Subject::Payout { batch, end_to_end_id } => (Some(batch.clone()), Some(end_to_end_id.clone())),
        Subject::Proposal(_) | Subject::Designation(_) | Subject::Account => (None, None),
    }
}

fn details(scope: &Scope<'_>, found: &Found, payer: Option<String>, now: Timestamp) -> Result<SuspicionDetails, Error> {
    let (report, acts) = (&found.suspicion.report, &found.acts);
    let (batch, end_to_end_id) = payout(&report.subject);
    let proposal = match &report.subject {
        Subject::Proposal(name) => Some(name.clone()),
        Subject::Payout { .. } | Subject::Designation(_) | Subject::Account => None,
    };
    Ok(SuspicionDetails {
        view: view(found, now),
        from: report.from.name(),
        reported_by: report.by.clone(),
        text: report.text.clone(),
        payer,
        contact: report.contact.as_ref().map(|contact| contact.name.clone()),
        contact_told: store::payer_word::told(scope.tx, found.suspicion.id)?.map(|told| told.to_string()),
        proposal,
        batch,
        end_to_end_id,
        account: report.account.as_ref().map(masked),
        acknowledged_by: acknowledged(acts).map(|act| act.by.clone()),
        closed_by: closed(acts).map(|act| act.by.clone()),
        why: closed(acts).map(|act| act.why.clone()),
    })
}

/// The report of a name.
pub(crate) fn find_suspicion(scope: &Scope<'_>, name: &str) -> Result<Found, Error> {
    let found = match Id::<Suspicion>::parse_name(name) {
        Some(id) => store::suspicion::find(scope, id)?,
        None => None,
    };
    found.ok_or_else(|| SuspicionRefusal::Unknown.into())
}

/// Which reports somebody in office sees.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    /// Those about this payee alone. They are an operator's to see.
    pub payee: Option<PayeeId>,
    /// Those that were closed too.
    pub closed: bool,
}

/// For whom an officer answers.
fn answers(scope: &Scope<'_>, actor: &Actor) -> Result<Answers, Error> {
    Ok(match acting_remit(scope, actor)? {
        Some((_, remit)) => Answers::Authority(remit.authority),
        None => Answers::Agency,
    })
}

/// The reports that somebody in office answers: a caseworker those of their authority, an operator all. At most `limit` after the place
/// where the page before ended.
///
/// # Errors
/// The policy's refusal, or the store's.
pub fn suspicions(
    scope: &Scope<'_>,
    actor: &Actor,
    wanted: Wanted,
    after: Option<i64>,
    limit: usize,
    now: Timestamp,
) -> Result<Paged<SuspicionDetails>, Error> {
    policy::LIST_SUSPICIONS.require(actor)?;
    let (limit, payee) = (limit.min(SUSPICIONS_MAX), wanted.payee.map(|payee| payee.key(scope.vault)));
    let of = match (answers(scope, actor)?, &payee) {
        (Answers::Authority(authority), _) => Of::Payer(authority),
        (Answers::Agency, Some(payee)) => Of::Payee(payee),
        (Answers::Agency, None) => Of::All,
    };
    let found = store::suspicion::page(scope, of, wanted.closed, after, limit as i64 + 1)?;
    let mut names = BTreeMap::new();
    Paged::of(found, limit, |found| found.suspicion.id.number()).try_map(|found| {
        let payer = match found.suspicion.payer {
            None => None,
            Some(payer) => Some(match names.get(&payer.number()) {
                Some(name) => String::clone(name),
                None => {
                    let name = name_of(scope, &found.suspicion)?.unwrap_or_default();
                    names.insert(payer.number(), name.clone());
                    name
                }
            }),
        };
        details(scope, &found, payer, now)
    })
}

fn name_of(scope: &Scope<'_>, suspicion: &Suspicion) -> Result<Option<String>, Error> {
    // A payer's id is that of its first version.
    let payer = suspicion.payer.map(|payer| store::payer::find(scope, Id::new(payer.number()))).transpose()?;
    Ok(payer.map(|payer| payer.agreement.name))
}

/// One report, to somebody in office who answers it.
///
/// # Errors
/// `suspicion.unknown`, the policy's refusal, or the store's.
pub fn suspicion(scope: &Scope<'_>, actor: &Actor, name: &str, now: Timestamp) -> Result<SuspicionDetails, Error> {
    policy::LIST_SUSPICIONS.require(actor)?;
    let found = find_suspicion(scope, name)?;
    if let Answers::Authority(authority) = answers(scope, actor)?
        && found.suspicion.payer != Some(authority)
    {
        return Err(SuspicionRefusal::Unknown.into());
    }
    details(scope, &found, name_of(scope, &found.suspicion)?, now)
}

/// The reports of a bank or payer, to its own systems, likewise.
///
/// # Errors
/// The policy's refusal, or the store's.
pub fn reported_suspicions(
    scope: &Scope<'_>,
    actor: &Actor,
    from: &Source,
    after: Option<i64>,
    limit: usize,
    now: Timestamp,
) -> Result<Paged<SuspicionView>, Error> {
    policy::LIST_REPORTED.require(actor)?;
    let (limit, key) = (limit.min(SUSPICIONS_MAX), from.key(scope.vault));
    let found = store::suspicion::page(scope, Of::Source(&key), true, after, limit as i64 + 1)?;
    Paged::of(found, limit, |found| found.suspicion.id.number()).try_map(|found| Ok(view(&found, now)))
}

/// One report, to the systems of who reported it. Others' are as if they were not there.
///
/// # Errors
/// `suspicion.unknown`, the policy's refusal, or the store's.
pub fn reported_suspicion(
    scope: &Scope<'_>,
    actor: &Actor,
    from: &Source,
    name: &str,
    now: Timestamp,
) -> Result<SuspicionView, Error> {
    policy::LIST_REPORTED.require(actor)?;
    let found = find_suspicion(scope, name)?;
    if found.suspicion.report.from != *from {
        return Err(SuspicionRefusal::Unknown.into());
    }
    Ok(view(&found, now))
}

/// The reports that went to a payer, to its own systems, likewise; those that were closed too, if wanted.
///
/// # Errors
/// `payer.unknown`, `payer.other_kind`, the policy's refusal, or the store's.
pub fn routed_suspicions(
    scope: &Scope<'_>,
    actor: &Actor,
    payer: &str,
    is_closed_wanted: bool,
    after: Option<i64>,
    limit: usize,
    now: Timestamp,
) -> Result<Paged<RoutedSuspicion>, Error> {
    policy::LIST_ROUTED.require(actor)?;
    let payer = payer_of(scope, payer, actor)?;
    let limit = limit.min(SUSPICIONS_MAX);
    let found = store::suspicion::page(scope, Of::Payer(payer.id), is_closed_wanted, after, limit as i64 + 1)?;
    Paged::of(found, limit, |found| found.suspicion.id.number()).try_map(|found| {
        let (batch, end_to_end_id) = payout(&found.suspicion.report.subject);
        Ok(RoutedSuspicion { view: view(&found, now), batch, end_to_end_id })
    })
}

/// What was reported about a payee and closed, to themselves. What is still looked at is told to nobody who may be the thief.
///
/// # Errors
/// `citizen.other`, `citizen.assurance`, the policy's refusal, or the store's.
pub fn own_suspicions(
    scope: &Scope<'_>,
    actor: &Actor,
    payee: &PayeeId,
    now: Timestamp,
) -> Result<Vec<SuspicionView>, Error> {
    policy::LIST_OWN_SUSPICIONS.require(actor)?;
    let key = payee.key(scope.vault);
    own::require_part(actor, super::voice(scope, actor, &key)?, Assurance::Substantial)?;
    let found = store::suspicion::page(scope, Of::Payee(&key), true, None, SUSPICIONS_MAX as i64)?;
    Ok(found.iter().filter(|found| State::of(&found.acts).finding().is_some()).map(|found| view(found, now)).collect())
}

/// The house for which somebody reports and reads: a caseworker's authority; of a client, the bank or payer that it acts for is given. Whose
/// word it is nobody says but an operator, who notes it.
///
/// # Errors
/// `suspicion.from`; the store's; or the caseworker's refusal.
pub fn suspicion_source(
    scope: &Scope<'_>,
    actor: &Actor,
    house: Option<&str>,
    noted: Option<Source>,
) -> Result<Source, Error> {
    let notes = matches!(actor.role(), Role::Operator | Role::Console);
    if noted.is_some() && !notes {
        return Err(SuspicionRefusal::From.into());
    }
    let of = |source: fn(String) -> Source| house.map(|name| source(name.to_owned()));
    let source = match actor.role() {
        Role::Bank => of(Source::Bank),
        Role::PublicPayer | Role::PrivatePayer => of(Source::Payer),
        Role::Caseworker => match acting_remit(scope, actor)? {
            Some((crate::designation::Channel::Caseworker(name), _)) => Some(Source::Payer(name)),
            _ => None,
        },
        Role::Operator | Role::Console => Some(noted.unwrap_or(Source::Review)),
        _ => None,
    };
    source.ok_or_else(|| SuspicionRefusal::Subject.into())
}

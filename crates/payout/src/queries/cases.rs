//! Cases of victims: as officers see them, and what is given to the police or a bank.

use super::find::{FoundPayment, Search, Sought, find_payments};
use super::stands_of;
use crate::case::{self, Act, ActKind, Case, CaseRefusal, Finding, Recipient, State};
use crate::commands::back::standing;
use crate::commands::{find_case, require_given};
use crate::payment::State as PaymentState;
use crate::policy;
use crate::recall::Standing;
use crate::store;
use crate::store::case::Found;
use kernel::{Actor, Error, Scope, Timestamp};
use registry::account::DesignatedAccount;
use registry::payee::PayeeId;
use registry::queries::{Doubted, account_states, cleared_account, doubted, registered_name};
use registry::resolve;
use serde::Serialize;

/// As many cases at a time are shown.
pub const CASES_MAX: usize = 1_000;
/// As many payments are given out at a time, the newest first. A victim has fewer.
pub const GIVEN_MAX: usize = 10_000;

/// A case as lists have it: without whom it is about, and what people wrote of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CaseView {
    /// Its name.
    pub id: String,
    /// `open`, `closed`.
    pub state: &'static str,
    /// `fraud`, `misunderstanding`, when it is closed.
    pub finding: Option<&'static str>,
    /// When it was opened.
    pub opened: String,
    /// By whom.
    pub opened_by: String,
    /// From when on the payee's accounts are in doubt.
    pub since: String,
    /// To whom somebody wants it given out, and nobody has; and when they said so, by which it is given.
    pub disclosures_asked: Vec<AskedView>,
}

/// What waits for another officer to give it out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AskedView {
    /// `police`, `bank:NAME`.
    pub to: String,
    /// When it was asked for.
    pub at: String,
    /// By whom.
    pub by: String,
}

/// One thing that was done under a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ActView {
    /// What: see `ActKind`.
    pub act: &'static str,
    /// When.
    pub at: String,
    /// By whom.
    pub by: String,
    /// What it is about, by name; or how many.
    pub about: Option<String>,
    /// Why, or on which law.
    pub why: Option<String>,
}

impl From<&Act> for ActView {
    fn from(act: &Act) -> Self {
        let said = |text: &String| (!text.is_empty()).then(|| text.clone());
        Self {
            act: act.kind.name(),
            at: act.at.to_string(),
            by: act.by.clone(),
            about: said(&act.about),
            why: said(&act.why),
        }
    }
}

fn asked(act: &Act) -> AskedView {
    AskedView { to: act.about.clone(), at: act.at.to_string(), by: act.by.clone() }
}

fn view(Found { case, acts }: &Found) -> CaseView {
    let state = State::of(acts);
    CaseView {
        id: case.id.name(),
        state: state.name(),
        finding: state.finding().map(Finding::name),
        opened: case.at.to_string(),
        opened_by: case.by.clone(),
        since: case.since.to_string(),
        disclosures_asked: case::asked(acts).into_iter().map(asked).collect(),
    }
}

/// A case, what was done under it, and where its payee's accounts stand now, masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ShownCase {
    /// The case.
    #[serde(flatten)]
    pub view: CaseView,
    /// Why it was opened.
    pub why: String,
    /// What was done under it, in order.
    pub acts: Vec<ActView>,
    /// The accounts.
    pub accounts: Vec<CaseAccount>,
}

/// One account of a case's payee.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CaseAccount {
    /// The account, masked.
    pub account: String,
    /// `in_force`, `frozen`, `closed`.
    pub state: &'static str,
}

/// The newest cases, or those before one: at most `limit`; and where the next page goes on.
///
/// # Errors
/// The policy's refusal, or the store's.
pub fn cases(
    scope: &Scope<'_>,
    actor: &Actor,
    before: Option<i64>,
    limit: usize,
) -> Result<(Vec<CaseView>, Option<i64>), Error> {
    policy::READ_CASES.require(actor)?;
    let limit = limit.min(CASES_MAX);
    let mut found = store::case::page(scope, before, limit as i64 + 1)?;
    let has_more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().map(|last| last.case.id.number()).filter(|_| has_more);
    Ok((found.iter().map(view).collect(), next))
}

/// The newest case of a payee; whoever is told has it logged.
pub(crate) fn newest_case(scope: &Scope<'_>, payee: &PayeeId) -> Result<Option<CaseView>, Error> {
    Ok(store::case::newest_of(scope, &payee.key(scope.vault))?.as_ref().map(view))
}

/// One case, likewise.
pub(crate) fn shown_case(scope: &Scope<'_>, found: &Found) -> Result<ShownCase, Error> {
    let states = account_states(scope, &found.case.payee)?.into_iter();
    let accounts = states.map(|(account, state)| CaseAccount { account, state }).collect();
    let (why, acts) = (found.case.why.clone(), found.acts.iter().map(ActView::from).collect());
    Ok(ShownCase { view: view(found), why, acts, accounts })
}

/// What waits to be given out of a case to somebody, as whoever asked for it is told.
///
/// # Errors
/// `case.unknown`, `case.not_asked`, the policy's refusal, or the store's.
pub fn asked_of(scope: &Scope<'_>, officer: &Actor, name: &str, to: &Recipient) -> Result<AskedView, Error> {
    policy::ASK_DISCLOSURE.require(officer)?;
    let acts = find_case(scope, name)?.acts;
    let of_it = case::asked(&acts).into_iter().find(|act| act.about == to.name());
    Ok(asked(of_it.ok_or(CaseRefusal::NotAsked)?))
}

/// All that is given out of a case.
pub struct KnownCase {
    /// The case.
    pub case: Case,
    /// What was done under it.
    pub acts: Vec<Act>,
    /// To whom it goes.
    pub to: Recipient,
    /// The asking by which it is given out.
    pub asking: Act,
    /// What the payee is called, where a register says so.
    pub name: Option<String>,
    /// The accounts of which anything else was designated since then, or that were deleted.
    pub accounts: Vec<Doubted>,
    /// What was paid to the payee since then, the newest first.
    pub payments: Vec<KnownPayment>,
    /// Whether there is more than is given out at a time.
    pub has_more: bool,
}

/// A payment, and where its recall stands if it was asked back.
pub struct KnownPayment {
    /// The payment.
    pub payment: FoundPayment,
    /// The recall.
    pub recall: Option<Standing>,
    /// How much of it came back since it was sent on last, in minor units.
    pub back: i64,
}

impl KnownCase {
    /// Where the case stands.
    #[must_use]
    pub fn state(&self) -> State {
        State::of(&self.acts)
    }
}

/// A case's accounts in doubt: what was designated since then, but for what turned out to be the payee's own, as somebody found that there
/// is nothing to its report.
pub(crate) fn in_doubt(scope: &Scope<'_>, Found { case, acts }: &Found) -> Result<Vec<Doubted>, Error> {
    let reports = acts.iter().filter(|act| act.kind == ActKind::Reported);
    let own = reports.map(|act| cleared_account(scope, &act.about)).collect::<Result<Vec<_>, _>>()?;
    let own: Vec<_> = own.into_iter().flatten().collect();
    doubted(scope, &case.payee, case.since, &own)
}

/// Those of them that are with a bank, and what stood before them there.
pub(crate) fn doubted_at(scope: &Scope<'_>, found: &Found, bank: &str) -> Result<Vec<Doubted>, Error> {
    let mut all = in_doubt(scope, found)?;
    let banks = resolve::banks_at(scope.tx, kernel::journal::ENTRIES_MAX)?;
    for doubted in &mut all {
        let is_theirs = |account: &DesignatedAccount| {
            account.reg().and_then(|reg| banks.get(reg)).is_some_and(|found| found.name == *bank)
        };
        doubted.accounts.retain(is_theirs);
        doubted.trusted = doubted.trusted.filter(|account| is_theirs(account));
    }
    all.retain(|doubted| !doubted.accounts.is_empty());
    Ok(all)
}

/// What is given out of a case to whom somebody else asked at a moment that it is. A bank is given the accounts in doubt with it, what went
/// to those, and what was done: nothing of what others are told, and nothing of what is paid to anybody lawfully.
///
/// # Errors
/// `case.unknown`, `case.state`, `case.not_asked`, `case.not_concerned`, `case.own`, `case.officer`, the policy's refusal, or the store's.
pub fn known_case(
    scope: &Scope<'_>,
    officer: &Actor,
    name: &str,
    (to, at): (&Recipient, Timestamp),
    is_synthetic: bool,
) -> Result<KnownCase, Error> {
    policy::GIVE_DISCLOSURE.require(officer)?;
    let found = find_case(scope, name)?;
    let asking = require_given(&found, (to, at), officer, is_synthetic)?.clone();
    let accounts = match to {
        Recipient::Police => in_doubt(scope, &found)?,
        Recipient::Bank(bank) => doubted_at(scope, &found, bank)?,
    };
    let Found { case, mut acts } = found;
    let search = Search { sought: Sought::Payee(case.payee), payer: None, since: Some(case.since), after: None };
    let page = find_payments(scope, &search, GIVEN_MAX)?;
    let (mut payments, has_more) = (page.payments, page.next.is_some());
    let name = match to {
        Recipient::Police => registered_name(scope, &case.payee)?,
        Recipient::Bank(_) => {
            if accounts.is_empty() {
                return Err(CaseRefusal::NotConcerned.into());
            }
            payments.retain(|payment| {
                let to = payment.sent.as_ref().and_then(|sent| sent.to.as_ref());
                to.is_some_and(|to| accounts.iter().any(|doubted| doubted.accounts.contains(&to.account)))
            });
            acts = acts.into_iter().filter_map(|act| told_to_bank(act, to)).collect();
            None
        }
    };
    let known = payments.into_iter().map(|mut payment| {
        // Of what came back from an account to the waiting account it is told that it was sent to the first.
        let is_back = payment.state == PaymentState::Waiting && payment.sent.is_some();
        payment.left = payment.sent.clone().or(payment.left);
        let (batch, number) = (payment.batch, payment.at.number);
        let paid = payment.money.map_or(0, |money| money.minor);
        // What was asked back of an earlier time that it left is over.
        let left = payment.left.as_ref().map(|left| left.stage);
        let last = store::recall::last_of(scope, batch, number)?.filter(|last| Some(last.stage) == left);
        let recall = last.map(|last| stands_of(scope, &last, number, paid)).transpose()?;
        let back = match payment.state {
            PaymentState::Returned => paid,
            PaymentState::Waiting if is_back => paid,
            _ => standing(scope, batch, number, None)?.filter(|now| now.state.has_left()).map_or(0, |now| now.back),
        };
        Ok(KnownPayment { payment, recall: recall.map(|stands| stands.standing), back })
    });
    let payments = known.collect::<Result<_, Error>>()?;
    Ok(KnownCase { case, acts, to: to.clone(), asking, name, accounts, payments, has_more })
}

/// An act as a bank is told of it: what became of the account, and not what officers thought or looked at; of what was asked back that it
/// was, and not of whom; and of what is given out only what is given to the bank itself.
fn told_to_bank(act: Act, bank: &Recipient) -> Option<Act> {
    let act = Act { why: String::new(), ..act };
    match act.kind {
        ActKind::Frozen | ActKind::Fraud => Some(act),
        ActKind::Reverting | ActKind::Recalled => Some(Act { about: String::new(), ..act }),
        ActKind::Asked | ActKind::Given if act.about == bank.name() => Some(act),
        _ => None,
    }
}

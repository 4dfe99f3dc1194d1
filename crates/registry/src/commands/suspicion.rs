//! Suspicion reports: somebody tells what they suspect, somebody at the paying authority says that they look at it, and what they found.

use super::log_look_up;
use super::tell_contacts::note;
use crate::account::DesignatedAccount;
use crate::ask::{AnswerClass, AskKind};
use crate::designation::{Channel, Designation};
use crate::payee::PayeeId;
use crate::payer::Payer;
use crate::payer_word::PayerWord;
use crate::proposal::ProposalRefusal;
use crate::suspicion::{
    Act, ActKind, Answers, Contact, Finding, OPEN_MAX, Reason, Report, Source, State, Subject, Suspicion,
    SuspicionRefusal, require_text,
};
use crate::{officer, policy, queries, store};
use denmark::Account;
use kernel::journal::{Entry, Rows};
use kernel::{Actor, Blind, Command, Decision, Env, Error, Id, Once, Operation, Refusal, Role, Scope};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Rows of a history in which a bank's account is looked for.
const HISTORY_ROWS_MAX: usize = 1000;

/// What somebody suspects, as they name it.
#[derive(Clone, PartialEq, Eq)]
pub enum Suspected {
    /// A proposal.
    Proposal(String),
    /// The newest change of this payee's default account, under way or made.
    ChangeOf(PayeeId),
    /// A payment, as whoever keeps payments has found it; none where there is no such payment.
    Payout(Option<SuspectedPayout>),
    /// An account.
    Account(Account),
}

/// A payment that somebody suspects.
#[derive(Clone, PartialEq, Eq)]
pub struct SuspectedPayout {
    /// Its batch, by name.
    pub batch: String,
    /// The payer's own id of it.
    pub end_to_end_id: String,
    /// Who pays.
    pub payer: Id<Payer>,
    /// To whom.
    pub payee: Option<Blind>,
    /// To which account.
    pub account: Option<DesignatedAccount>,
}

/// Reports a suspicion. It does nothing but tell somebody, and tells whoever reports it nothing that they do not know.
pub struct ReportSuspicion {
    /// Who reports it: the same that gives the command.
    pub actor: Actor,
    /// Which house suspects it: a client's and a caseworker's own; an operator notes whose it is.
    pub from: Source,
    /// What is suspected.
    pub suspected: Suspected,
    /// Of what.
    pub reason: Reason,
    /// In their own words.
    pub text: String,
    /// By what the request is known when it is repeated.
    pub once: Option<Once>,
}

/// Where a report stands, as whoever did something about it is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuspicionAnswer {
    /// Its name.
    pub id: String,
    /// `open`, `acknowledged`, `closed`.
    pub state: String,
    /// `agreed`, `disagreed`, when it is closed.
    pub outcome: Option<String>,
    /// `confirmed`, `unfounded`, `misunderstanding`, likewise.
    pub finding: Option<String>,
    /// By when the next thing is to be done about it.
    pub due: Option<String>,
}

impl SuspicionAnswer {
    fn of(id: Id<Suspicion>, state: State, at: kernel::Timestamp) -> Self {
        Self {
            id: id.name(),
            state: state.name().to_owned(),
            outcome: state.finding().map(|finding| finding.outcome().to_owned()),
            finding: state.finding().map(|finding| finding.name().to_owned()),
            due: state.due(at).map(|due| due.to_string()),
        }
    }
}

/// A suspected thing that is there, and is the reporter's to report.
struct Found {
    subject: Subject,
    payer: Option<Id<Payer>>,
    payee: Option<Blind>,
    account: Option<Account>,
}

/// What reporting needs to know.
pub struct ReportState {
    found: Found,
    contact: Option<Contact>,
    open: i64,
}

impl Command for ReportSuspicion {
    const OPERATION: Operation = policy::REPORT_SUSPICION;
    const READS_JOURNAL: bool = false;
    type State = ReportState;
    type Change = Suspicion;
    type Output = SuspicionAnswer;

    fn once(&self) -> Option<Once> {
        self.once
    }

    fn load(&self, scope: &Scope<'_>) -> Result<ReportState, Error> {
        let house = queries::acting_remit(scope, &self.actor)?.map(|(channel, _)| channel);
        let is_own = match (&house, &self.from, self.actor.role()) {
            (Some(Channel::Caseworker(authority)), Source::Payer(name), _) => authority == name,
            (Some(_), ..) => false,
            (None, Source::Bank(_), Role::Bank) => true,
            (None, Source::Payer(_), Role::PublicPayer | Role::PrivatePayer) => true,
            (None, _, role) => matches!(role, Role::Operator | Role::Console),
        };
        let found = if is_own { find(scope, &self.from, &self.suspected, &self.actor)? } else { None };
        let found = found.ok_or(SuspicionRefusal::Subject)?;
        let contact = match found.payer {
            Some(payer) => contact_of(scope, payer)?,
            None => None,
        };
        // A house's own flood keeps nobody at the agency from noting what it says.
        let is_noted = matches!(self.actor.role(), Role::Operator | Role::Console);
        if is_noted && !is_house(scope, &self.from)? {
            return Err(SuspicionRefusal::From.into());
        }
        let open = match self.from.is_outside() && !is_noted {
            true => store::suspicion::count_open(scope.tx, &self.from.key(scope.vault), OPEN_MAX)?,
            false => 0,
        };
        Ok(ReportState { found, contact, open })
    }

    fn decide(&self, state: ReportState, env: &Env) -> Result<Decision<Suspicion, SuspicionAnswer>, Refusal> {
        let ReportState { found, contact, open } = state;
        require_text(&self.text)?;
        if open >= OPEN_MAX {
            return Err(SuspicionRefusal::TooMany.into());
        }
        let Found { subject, payer, payee, account } = found;
        let report = Report {
            from: self.from.clone(),
            by: self.actor.name().to_owned(),
            subject,
            account,
            contact,
            text: self.text.clone(),
        };
        let suspicion = Suspicion { id: env.id(), at: env.now, payer, payee, reason: self.reason, report };
        let answer = SuspicionAnswer::of(suspicion.id, State::Open, env.now);
        let facts = serde_json::json!({
            "suspicion": answer.id,
            "about": suspicion.report.subject.about().name(),
            "reason": self.reason.name(),
        });
        Ok(Decision::of(vec![suspicion], facts, answer))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Suspicion], entry: Entry) -> Result<Vec<Rows>, Error> {
        let told = |suspicion| [(suspicion, PayerWord::Routed), (suspicion, PayerWord::Unanswered)];
        note(scope, entry, changes.iter().flat_map(told))?;
        changes.iter().map(|suspicion| store::suspicion::insert(scope, entry, suspicion)).collect()
    }
}

/// To whom a report goes at a payer: the contact that it has named, else a caseworker of its own, of whom one who is held to no kind of
/// benefit comes first.
fn contact_of(scope: &Scope<'_>, payer: Id<Payer>) -> Result<Option<Contact>, Error> {
    let mut caseworkers = store::caseworker::of_authority(scope, payer)?;
    caseworkers.sort_by_key(|caseworker| !caseworker.remit.benefits.is_empty());
    let first = caseworkers.into_iter().next().map(|caseworker| caseworker.remit.name);
    let has_caseworker = first.is_some();
    let named = store::payer::find_today(scope, payer)?.agreement.terms.contact.map(|contact| contact.name);
    Ok(named.or(first).map(|name| Contact { name, has_caseworker }))
}

/// What somebody suspects, if it is there and theirs to report: of what is not, nobody learns whether it is there.
fn find(scope: &Scope<'_>, from: &Source, suspected: &Suspected, actor: &Actor) -> Result<Option<Found>, Error> {
    let is_agencys = matches!(actor.role(), Role::Operator | Role::Console);
    match suspected {
        Suspected::Proposal(name) => {
            let found = match queries::find_proposal(scope, name) {
                Err(Error::Refused(refusal)) if refusal == Refusal::from(ProposalRefusal::Unknown) => return Ok(None),
                found => found?.proposal,
            };
            let asked = &found.asked;
            let payer = asked.specific.as_ref().map(|specific| specific.payer);
            let is_theirs = is_agencys
                || match from {
                    Source::Bank(bank) => {
                        asked.channel == Channel::Bank(bank.clone()) || is_at(scope, bank, asked.account.iter())?
                    }
                    Source::Payer(name) => {
                        asked.channel == Channel::Caseworker(name.clone()) || is_named(scope, payer, name)?
                    }
                    Source::Police | Source::Review => false,
                };
            let subject = Subject::Proposal(found.id.name());
            let account = asked.account.map(|account| account.account());
            Ok(is_theirs.then_some(Found { subject, payer, payee: Some(found.payee), account }))
        }
        Suspected::ChangeOf(payee) => {
            let key = payee.key(scope.vault);
            let mut directory = None;
            store::payee::find_many(scope, [&key], |_, found| {
                directory = Some((found.pending, found.designation));
                Ok(())
            })?;
            let Some((pending, newest)) = directory else { return Ok(None) };
            let proposed = match pending {
                Some(id) => store::proposal::find(scope, id)?.map(|found| found.proposal),
                None => None,
            };
            let is_theirs = is_agencys
                || match from {
                    Source::Bank(bank) => {
                        let mut accounts = history(scope, newest)?;
                        accounts.extend(proposed.as_ref().and_then(|proposal| proposal.asked.account));
                        is_at(scope, bank, accounts.iter())?
                    }
                    Source::Payer(_) | Source::Police | Source::Review => false,
                };
            let subject = match (&proposed, newest) {
                (Some(proposal), _) => Subject::Proposal(proposal.id.name()),
                (None, Some(row)) => Subject::Designation(row.id.number()),
                (None, None) => return Ok(None),
            };
            let asked = proposed.and_then(|proposal| proposal.asked.account);
            let account = asked.or(newest.map(|row| row.standing.account)).map(|account| account.account());
            Ok(is_theirs.then_some(Found { subject, payer: None, payee: Some(key), account }))
        }
        Suspected::Payout(None) => Ok(None),
        Suspected::Payout(Some(SuspectedPayout { batch, end_to_end_id, payer, payee, account })) => {
            let is_theirs = is_agencys
                || match from {
                    Source::Bank(bank) => is_at(scope, bank, account.iter())? || is_bank_of(scope, *payer, bank)?,
                    Source::Payer(name) => is_named(scope, Some(*payer), name)?,
                    Source::Police | Source::Review => false,
                };
            let subject = Subject::Payout { batch: batch.clone(), end_to_end_id: end_to_end_id.clone() };
            let account = account.map(|account| account.account());
            Ok(is_theirs.then_some(Found { subject, payer: Some(*payer), payee: *payee, account }))
        }
        Suspected::Account(account) => {
            let is_theirs = is_agencys
                || match (from, account) {
                    (Source::Bank(bank), Account::Danish(account)) => {
                        let banks = store::bank::directory_of(scope.tx, &BTreeSet::from([account.reg]))?;
                        banks.get(account.reg).is_some_and(|found| found.name == *bank)
                    }
                    _ => false,
                };
            Ok(is_theirs.then_some(Found {
                subject: Subject::Account,
                payer: None,
                payee: None,
                account: Some(*account),
            }))
        }
    }
}

/// Whether there is such a bank or payer, where a report is noted for one.
fn is_house(scope: &Scope<'_>, from: &Source) -> Result<bool, Error> {
    match from {
        Source::Bank(name) => store::bank::has_name(scope.tx, name),
        Source::Payer(name) => Ok(store::payer::find_by_name(scope, name)?.is_some()),
        Source::Police | Source::Review => Ok(true),
    }
}

/// The accounts of a history.
fn history(scope: &Scope<'_>, newest: Option<Designation>) -> Result<Vec<DesignatedAccount>, Error> {
    let (mut accounts, mut next) = (Vec::new(), newest);
    while let Some(row) = next.filter(|_| accounts.len() < HISTORY_ROWS_MAX) {
        accounts.push(row.standing.account);
        next = row.previous.map(|id| store::designation::find(scope, id)).transpose()?;
    }
    Ok(accounts)
}

/// Whether any of some accounts is at a bank.
fn is_at<'a>(
    scope: &Scope<'_>,
    bank: &str,
    accounts: impl Iterator<Item = &'a DesignatedAccount>,
) -> Result<bool, Error> {
    let regs: BTreeSet<_> = accounts.filter_map(DesignatedAccount::reg).collect();
    let banks = store::bank::directory_of(scope.tx, &regs)?;
    Ok(regs.into_iter().any(|reg| banks.get(reg).is_some_and(|found| found.name == bank)))
}

/// Whether a payer's files are fetched by a bank.
fn is_bank_of(scope: &Scope<'_>, payer: Id<Payer>, bank: &str) -> Result<bool, Error> {
    // A payer's id is that of its first version.
    let name = store::payer::find(scope, Id::new(payer.number()))?.agreement.name;
    let payer = store::payer::find_by_name(scope, &name)?;
    Ok(payer.and_then(|payer| payer.agreement.bank).is_some_and(|own| own == bank))
}

/// Whether a payer is called so.
fn is_named(scope: &Scope<'_>, payer: Option<Id<Payer>>, name: &str) -> Result<bool, Error> {
    let found = store::payer::find_by_name(scope, name)?.map(|found| found.id);
    Ok(payer.is_some() && payer == found)
}

/// A report that somebody answers, and for whom they answer.
pub struct AnswerState {
    found: store::suspicion::Found,
    who: Answers,
    /// Who said the same before, where two say it.
    said_by: Option<String>,
}

/// Says that one looks at a report.
pub struct AcknowledgeSuspicion {
    /// The report, by name.
    pub suspicion: String,
    /// Who: the same that gives the command.
    pub officer: Actor,
    /// Whether the store was made for synthetic people: only there the console is an officer.
    pub is_synthetic: bool,
}

/// Says what was found.
pub struct CloseSuspicion {
    /// The report, by name.
    pub suspicion: String,
    /// What was found.
    pub finding: Finding,
    /// Why, in 1 to 500 characters on one line.
    pub why: String,
    /// Who: the same that gives the command.
    pub officer: Actor,
    /// As in [`AcknowledgeSuspicion`].
    pub is_synthetic: bool,
}

fn load(scope: &Scope<'_>, name: &str, officer: &Actor) -> Result<AnswerState, Error> {
    let who = match queries::acting_remit(scope, officer)? {
        Some((_, remit)) => Answers::Authority(remit.authority),
        None => Answers::Agency,
    };
    Ok(AnswerState { found: queries::find_suspicion(scope, name)?, who, said_by: None })
}

impl AnswerState {
    /// What an act comes to, of somebody who may.
    fn answer(
        self,
        kind: ActKind,
        why: &str,
        (officer, is_synthetic): (&Actor, bool),
        env: &Env,
    ) -> Result<Decision<(Id<Suspicion>, Act), SuspicionAnswer>, Refusal> {
        let store::suspicion::Found { suspicion, mut acts } = self.found;
        let state = State::of(&acts);
        suspicion.require_answered_by(self.who, state, env.now)?;
        officer::require_named(officer, is_synthetic).map_err(SuspicionRefusal::from)?;
        let reported_by = suspicion.report.by.as_str();
        if [Some(officer.name()), self.said_by.as_deref()].into_iter().flatten().all(|one| one == reported_by) {
            return Err(SuspicionRefusal::Own.into());
        }
        state.require(kind)?;
        let act = Act { kind, at: env.now, by: officer.name().to_owned(), why: why.to_owned() };
        acts.push(act.clone());
        let answer = SuspicionAnswer::of(suspicion.id, State::of(&acts), suspicion.at);
        let mut facts = serde_json::json!({ "suspicion": answer.id });
        if let Some(finding) = &answer.finding {
            facts["finding"] = finding.as_str().into();
        }
        Ok(Decision::of(vec![(suspicion.id, act)], facts, answer))
    }
}

fn save(scope: &Scope<'_>, changes: &[(Id<Suspicion>, Act)], entry: Entry) -> Result<Vec<Rows>, Error> {
    let save = |(suspicion, act): &(Id<Suspicion>, Act)| {
        if act.kind == ActKind::Acknowledged {
            store::payer_word::forget(scope.tx, *suspicion)?;
        }
        store::suspicion::add_act(scope, entry, *suspicion, act)
    };
    changes.iter().map(save).collect()
}

impl Command for AcknowledgeSuspicion {
    const OPERATION: Operation = policy::ACKNOWLEDGE_SUSPICION;
    type State = AnswerState;
    type Change = (Id<Suspicion>, Act);
    type Output = SuspicionAnswer;

    fn load(&self, scope: &Scope<'_>) -> Result<AnswerState, Error> {
        load(scope, &self.suspicion, &self.officer)
    }

    fn decide(&self, state: AnswerState, env: &Env) -> Result<Decision<Self::Change, SuspicionAnswer>, Refusal> {
        state.answer(ActKind::Acknowledged, "", (&self.officer, self.is_synthetic), env)
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Self::Change], entry: Entry) -> Result<Vec<Rows>, Error> {
        save(scope, changes, entry)
    }
}

impl Command for CloseSuspicion {
    const OPERATION: Operation = policy::CLOSE_SUSPICION;
    type State = AnswerState;
    type Change = (Id<Suspicion>, Act);
    type Output = SuspicionAnswer;

    fn load(&self, scope: &Scope<'_>) -> Result<AnswerState, Error> {
        load(scope, &self.suspicion, &self.officer)
    }

    fn decide(&self, state: AnswerState, env: &Env) -> Result<Decision<Self::Change, SuspicionAnswer>, Refusal> {
        officer::require_why(&self.why).map_err(SuspicionRefusal::from)?;
        state.answer(ActKind::Closed(self.finding), &self.why, (&self.officer, self.is_synthetic), env)
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Self::Change], entry: Entry) -> Result<Vec<Rows>, Error> {
        save(scope, changes, entry)
    }
}

/// Enters that somebody in office asked for what is suspected of a payee, and logs it with the other look-ups of them.
pub struct LogSuspicions {
    /// Who asked: the same that gives the command.
    pub actor: Actor,
    /// Of whom.
    pub payee: PayeeId,
    /// Whether any report was found.
    pub is_any: bool,
}

impl Command for LogSuspicions {
    const OPERATION: Operation = policy::LIST_SUSPICIONS;
    type State = ();
    type Change = AnswerClass;
    type Output = ();

    fn load(&self, _: &Scope<'_>) -> Result<(), Error> {
        Ok(())
    }

    fn decide(&self, (): (), _: &Env) -> Result<Decision<AnswerClass, ()>, Refusal> {
        let answer = if self.is_any { AnswerClass::InForce } else { AnswerClass::None };
        let facts = serde_json::json!({ "payee": self.payee.reveal(), "answer": answer.name() });
        Ok(Decision::of(vec![answer], facts, ()))
    }

    fn save(&self, scope: &Scope<'_>, answers: &[AnswerClass], entry: Entry) -> Result<Vec<Rows>, Error> {
        log_look_up(scope, entry, &self.actor, self.payee.key(scope.vault), AskKind::Case, answers)
    }
}

/// What is told whoever decides that somebody else has said the same before.
pub trait SaidBefore {
    /// The same, where this one did, as the journal names them.
    #[must_use]
    fn said_by(self, other: &str) -> Self;
}

impl SaidBefore for AnswerState {
    fn said_by(self, other: &str) -> Self {
        Self { said_by: Some(other.to_owned()), ..self }
    }
}

/// What somebody else has said before: of the two it is enough that one is not who reported it, and who says no may have a part. Whoever
/// gives the command answers for it that the other said so.
pub struct OfTwo<C> {
    /// The answer.
    pub command: C,
    /// Who said the same before, as the journal names them.
    pub said_by: String,
}

impl<C: Command<State: SaidBefore>> Command for OfTwo<C> {
    const OPERATION: Operation = C::OPERATION;
    type State = C::State;
    type Change = C::Change;
    type Output = C::Output;

    fn load(&self, scope: &Scope<'_>) -> Result<C::State, Error> {
        Ok(self.command.load(scope)?.said_by(&self.said_by))
    }

    fn decide(&self, state: C::State, env: &Env) -> Result<Decision<C::Change, C::Output>, Refusal> {
        self.command.decide(state, env)
    }

    fn save(&self, scope: &Scope<'_>, changes: &[C::Change], entry: Entry) -> Result<Vec<Rows>, Error> {
        self.command.save(scope, changes, entry)
    }
}

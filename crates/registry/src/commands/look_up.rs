//! Looking one payee up, for the agency's own work. A look-up of a person is itself entered in the journal before its answer
//! leaves, and logged with those of other organisations, so that the payee is shown all of them.

use crate::ask::{AnswerClass, AskKind, Known};
use crate::designation::Designation;
use crate::grounds::Grounds;
use crate::known::Knowledge;
use crate::legal_purpose::LegalPurpose;
use crate::payee::PayeeId;
use crate::payer::{Payer, PayerRefusal};
use crate::proposal::{ChangeId, Holder, Proposal};
use crate::purpose::{self, BenefitKind};
use crate::resolve::{self, Found, Query, Resolution};
use crate::store::look_up::LookUpRow;
use crate::store::proposal::Found as FoundProposal;
use crate::{policy, store};
use denmark::BankDirectory;
use kernel::journal::{self, Entry, Rows};
use kernel::{Actor, Blind, Command, Decision, Env, Error, Id, Operation, Refusal, Refuse, Scope, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// Why a look-up was refused.
#[derive(Debug, PartialEq, Eq)]
pub enum LookUpRefusal {
    /// No register lists the payee, and no account was ever designated for it.
    PayeeUnknown,
}

impl Refuse for LookUpRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::PayeeUnknown => "payee.unknown",
        }
    }
}

impl fmt::Display for LookUpRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the payee is not in the register")
    }
}

/// Adds one look-up by the agency to the log. Operators' names are sealed everywhere: here stands what they are, and the entry says who.
///
/// # Errors
/// The store's.
pub fn log(
    scope: &Scope<'_>,
    entry: Entry,
    actor: &Actor,
    payee: Blind,
    kind: AskKind,
    answers: &[AnswerClass],
) -> Result<Vec<Rows>, Error> {
    let row = |(at, answer): (usize, &AnswerClass)| {
        let (id, purpose) = (entry.row(at)?, LegalPurpose::Operation);
        Ok(LookUpRow { id, payee, client: actor.role().name(), purpose, kind, answer: *answer })
    };
    let rows = answers.iter().enumerate().map(row).collect::<Result<Vec<_>, Error>>()?;
    store::look_up::insert_many(scope.tx, &rows)
}

/// Logs that what is known of a payee was given out, under the name of whom it was given to.
///
/// # Errors
/// The store's.
pub fn log_disclosure(scope: &Scope<'_>, entry: Entry, to: &str, payee: Blind) -> Result<Vec<Rows>, Error> {
    let (id, purpose, kind, answer) = (entry.row(0)?, LegalPurpose::Law, AskKind::Disclosure, AnswerClass::InForce);
    store::look_up::insert_many(scope.tx, &[LookUpRow { id, payee, client: to, purpose, kind, answer }])
}

/// Asks for the account of one payee.
pub struct LookUp {
    /// Who asks: the same that gives the command.
    pub actor: Actor,
    /// Whose.
    pub payee: PayeeId,
    /// For which payer and kind of benefit; the default account without.
    pub specific: Option<(String, BenefitKind)>,
    /// In force when; now without.
    pub as_of: Option<Timestamp>,
    /// As known when; now without.
    pub known_at: Option<Timestamp>,
}

impl LookUp {
    fn benefit(&self) -> Option<&BenefitKind> {
        self.specific.as_ref().map(|(_, benefit)| benefit)
    }
}

/// The account of one payee.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookUpAnswer {
    /// As it was asked for.
    pub payee: String,
    /// The IBAN.
    pub account: Option<String>,
    /// The bank's BIC, where it has one.
    pub bic: Option<String>,
    /// Since when the account has been this payee's.
    pub since: Option<String>,
    /// How many whole days before the moment that is asked about it took the place of another; none if it never did.
    pub changed_days_ago: Option<i64>,
    /// By which channel it did: `bank`, `operator`, `self_service`, `caseworker`.
    pub last_change_channel: Option<String>,
    /// Whether a change of it is proposed now, and does not hold yet; none where another moment is asked about.
    pub pending_change: Option<bool>,
    /// `in_force`, `frozen`, `closed`, `none`, or the register's `dead` or `dissolved`.
    pub state: String,
}

/// What a look-up found.
pub struct LookUpState {
    found: Found,
    banks: BankDirectory,
    /// For whose payments, where it is for a payer's.
    payer: Option<Id<Payer>>,
    /// What is known now, unless another moment is asked about.
    known: Option<Known>,
}

impl Command for LookUp {
    const OPERATION: Operation = policy::RESOLVE;
    type State = LookUpState;
    type Change = AnswerClass;
    type Output = LookUpAnswer;

    fn load(&self, scope: &Scope<'_>) -> Result<Self::State, Error> {
        let payer = match &self.specific {
            None => None,
            Some((payer, _)) => Some(store::payer::find_by_name(scope, payer)?.ok_or(PayerRefusal::Unknown)?.id),
        };
        let purpose = payer.zip(self.benefit()).map(|(payer, benefit)| purpose::key(scope.vault, payer, benefit));
        let query = Query { payee: self.payee.key(scope.vault), purpose };
        let entries = match self.known_at {
            None => journal::ENTRIES_MAX,
            Some(moment) => journal::size_at(scope.tx, moment)?,
        };
        let moment = self.as_of.unwrap_or(Timestamp::from_micros(i64::MAX));
        let found = resolve::resolve_at(scope, &query, moment, entries)?;
        let is_about_now = self.as_of.is_none() && self.known_at.is_none();
        let wanted = if is_about_now { vec![(query.payee, payer.is_some())] } else { Vec::new() };
        let known = Knowledge::load(scope, wanted, true)?.get(&query.payee).cloned();
        Ok(LookUpState { found, banks: store::bank::directory_at(scope.tx, entries)?, payer, known })
    }

    fn decide(&self, state: LookUpState, env: &Env) -> Result<Decision<AnswerClass, LookUpAnswer>, Refusal> {
        let LookUpState { found, banks, payer, known } = state;
        let (newest, moment) = (found.held.map(|held| held.newest), self.as_of.unwrap_or(env.now));
        let designation = newest.map(|row| row.standing);
        let waits = known.map(|known| known.has_pending(newest.as_ref(), payer.zip(self.benefit()), env.now));
        let state = match found.resolution {
            Resolution::NotInRegister if designation.is_none() => return Err(LookUpRefusal::PayeeUnknown.into()),
            Resolution::NotInRegister => "dissolved",
            Resolution::Dead => "dead",
            Resolution::NoAccount => "none",
            Resolution::Closed => "closed",
            Resolution::Frozen | Resolution::Contested => "frozen",
            Resolution::Account(..) => "in_force",
        };
        let output = LookUpAnswer {
            payee: self.payee.reveal(),
            account: designation.map(|standing| standing.account.iban(&banks).as_str().to_owned()),
            bic: designation.and_then(|standing| standing.account.bic(&banks)).map(|bic| bic.as_str().to_owned()),
            since: found.held.map(|held| held.since.to_string()),
            changed_days_ago: found.held.and_then(|held| held.changed_days_ago(moment)),
            last_change_channel: found.held.and_then(|held| held.last_change_channel()),
            pending_change: waits,
            state: state.to_owned(),
        };
        let facts = serde_json::json!({ "payee": self.payee.reveal(), "answer": state });
        Ok(Decision::of(vec![AnswerClass::of(found.resolution)], facts, output))
    }

    fn save(&self, scope: &Scope<'_>, answers: &[AnswerClass], entry: Entry) -> Result<Vec<Rows>, Error> {
        log(scope, entry, &self.actor, self.payee.key(scope.vault), AskKind::Resolve, answers)
    }
}

/// Asks for everything that was ever designated for one payee.
pub struct ReadHistory {
    /// Who asks: the same that gives the command.
    pub actor: Actor,
    /// Whose.
    pub payee: PayeeId,
}

/// One designation in a history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryRow {
    /// The payer of a specific account; none for the default account.
    pub payer: Option<String>,
    /// The kind of benefit of a specific account.
    pub benefit: Option<String>,
    /// The IBAN.
    pub account: String,
    /// `in_force`, `frozen`, `closed`.
    pub state: String,
    /// From when it held.
    pub from: String,
    /// Until when; open without.
    pub to: Option<String>,
    /// Who gave the command.
    pub by: String,
    /// Which channel it came by.
    pub channel: String,
    /// Why, where a bank said so.
    pub reason: Option<String>,
    /// How its customer consented.
    pub consent: Option<String>,
    /// Whose account it is said to be, of one that is designated; none where nobody said.
    pub holder: Option<String>,
    /// When it was recorded.
    pub recorded: String,
    /// The proposal that it comes of, where it was one.
    pub proposal: Option<String>,
    /// Whether that was reverted since.
    pub reverted: bool,
}

/// A designation and what there is to tell of it.
pub struct Recorded {
    row: Designation,
    /// The journal entry that recorded it.
    entry: journal::Account,
    channel: String,
    /// What it is for, unless it is the default account.
    purpose: Option<(String, BenefitKind)>,
    grounds: Option<Grounds>,
    holder: Option<Holder>,
    /// The proposal that it comes of, and which one that reverts.
    proposal: Option<(Id<Proposal>, Option<ChangeId>)>,
}

impl Recorded {
    fn load(scope: &Scope<'_>, row: Designation) -> Result<Self, Error> {
        let entry = journal::read(scope, journal::entry_of(row.id.number()))?;
        // What had to wait came by the channel of whoever proposed it, whoever did the last thing about it.
        let proposal = match store::designation::proposal_of(scope.tx, row.id)? {
            None => None,
            Some(id) => store::proposal::find(scope, id)?,
        };
        let channel = match &proposal {
            Some(found) => found.proposal.asked.channel.name(),
            None => entry.facts["sender"].as_str().unwrap_or_default().to_owned(),
        };
        let (purpose, grounds) = (resolve::purpose_of(scope, row.id)?, resolve::grounds_of(scope, row.id)?);
        let proposal = proposal.map(|FoundProposal { proposal, .. }| (proposal.id, proposal.asked.reverts));
        let holder = resolve::holder_of(scope, row.id)?;
        Ok(Self { row, entry, channel, purpose, grounds, holder, proposal })
    }
}

impl Command for ReadHistory {
    const OPERATION: Operation = policy::READ_HISTORY;
    type State = (Vec<Vec<Recorded>>, BankDirectory);
    type Change = AnswerClass;
    type Output = Vec<HistoryRow>;

    fn load(&self, scope: &Scope<'_>) -> Result<Self::State, Error> {
        let histories = resolve::history(scope, &self.payee.key(scope.vault))?.ok_or(LookUpRefusal::PayeeUnknown)?;
        let histories = histories
            .into_iter()
            .map(|rows| rows.into_iter().map(|row| Recorded::load(scope, row)).collect())
            .collect::<Result<Vec<Vec<Recorded>>, Error>>()?;
        Ok((histories, store::bank::directory(scope.tx)?))
    }

    fn decide(
        &self,
        (histories, banks): Self::State,
        _: &Env,
    ) -> Result<Decision<AnswerClass, Vec<HistoryRow>>, Refusal> {
        let mut rows = Vec::new();
        for history in &histories {
            let (mut to, mut reverted) = (None, BTreeSet::new());
            for Recorded { row, entry, channel, purpose, grounds, holder, proposal } in history {
                reverted.extend(proposal.and_then(|(_, reverts)| reverts));
                let id = proposal.map_or(ChangeId::Recorded(row.id), |(id, _)| ChangeId::Proposed(id));
                rows.push(HistoryRow {
                    payer: purpose.as_ref().map(|(payer, _)| payer.clone()),
                    benefit: purpose.as_ref().map(|(_, benefit)| benefit.as_str().to_owned()),
                    account: row.standing.account.iban(&banks).as_str().to_owned(),
                    state: row.standing.state.name().to_owned(),
                    from: row.effective.to_string(),
                    to: to.replace(row.effective.to_string()),
                    by: entry.actor.clone(),
                    channel: channel.clone(),
                    reason: grounds.map(|grounds| grounds.reason.name().to_owned()),
                    consent: grounds.map(|grounds| grounds.consent.name().to_owned()),
                    holder: holder.map(|holder| holder.name().to_owned()),
                    recorded: entry.at.to_string(),
                    proposal: proposal.map(|(id, _)| id.name()),
                    reverted: reverted.contains(&id),
                });
            }
        }
        // In a word: what the newest row of the default account says.
        let newest = histories.iter().flat_map(|history| history.first()).find(|newest| newest.purpose.is_none());
        let answer = AnswerClass::of_newest(newest.map(|newest| &newest.row));
        Ok(Decision::of(vec![answer], serde_json::json!({ "payee": self.payee.reveal() }), rows))
    }

    fn save(&self, scope: &Scope<'_>, answers: &[AnswerClass], entry: Entry) -> Result<Vec<Rows>, Error> {
        log(scope, entry, &self.actor, self.payee.key(scope.vault), AskKind::History, answers)
    }
}

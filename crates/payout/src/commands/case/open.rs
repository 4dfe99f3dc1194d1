//! Opens a case: all accounts of the payee are frozen in the same entry, and the accounts that were designated since then are reported as
//! suspected in the same transaction.

use super::{Under, envs};
use crate::case::{Act, ActKind, Case, CaseRefusal, SINCE_DAYS_MAX, State};
use crate::policy;
use crate::store;
use crate::store::case::Found;
use denmark::Account;
use kernel::journal::{Entry, Rows};
use kernel::{Actor, Command, Decision, Env, Error, Operation, Refusal, Scope, Timestamp, Writer};
use registry::ask::{AnswerClass, AskKind};
use registry::commands::{ContestAccounts, ContestState, Contested, ReportSuspicion, Suspected, log_look_up};
use registry::import::AccountChange;
use registry::officer;
use registry::payee::PayeeId;
use registry::queries::doubted;
use registry::suspicion::{Reason, Source};
use serde::{Deserialize, Serialize};

/// As many accounts are reported when a case is opened, at most.
const REPORTED_MAX: usize = 200;

/// What is known when a case is opened.
pub struct Opening<'o> {
    /// Whose accounts may have been taken.
    pub payee: PayeeId,
    /// From when on they are in doubt.
    pub since: Timestamp,
    /// Who says so.
    pub from: Source,
    /// What they say: one line.
    pub why: &'o str,
    /// Whether the store was made for synthetic people: only there the console is an officer.
    pub is_synthetic: bool,
}

/// A case that was opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// Its name.
    pub id: String,
    /// What became of the payee's accounts.
    pub accounts: Contested,
    /// The reports of the accounts that were designated since then, by name.
    pub reported: Vec<String>,
    /// How many more there were than are reported at a time: those are reported one by one.
    pub unreported: usize,
}

/// Opens a case.
///
/// # Errors
/// `case.open`, `case.since`, `case.why`, `case.officer`, `payee.unknown`, the policy's refusal, or the store's.
pub fn open(writer: &mut Writer, wanted: &Opening<'_>, officer: &Actor, env: &Env) -> Result<Opened, Error> {
    policy::OPEN_CASE.require(officer)?;
    let Opening { payee, is_synthetic, .. } = *wanted;
    let in_doubt = writer.read(|scope| in_doubt(scope, wanted))?;
    let command = OpenCase { wanted, officer, contest: ContestAccounts { payee }, in_doubt: &in_doubt };
    let accounts = &in_doubt[..in_doubt.len().min(REPORTED_MAX)];
    let envs = envs(writer, env, accounts.len())?;
    writer.execute_group(|group| {
        let mut opened = group.execute(&command, officer, env)??;
        let id = opened.id.clone();
        opened.unreported = in_doubt.len() - accounts.len();
        for (account, env) in accounts.iter().zip(&envs) {
            let report = ReportSuspicion {
                actor: officer.clone(),
                from: wanted.from.clone(),
                suspected: Suspected::Account(*account),
                reason: Reason::StolenIdentity,
                text: wanted.why.to_owned(),
                once: None,
            };
            let under = Under {
                holds: None,
                case: &id,
                kind: ActKind::Reported,
                about: |answer: &registry::commands::SuspicionAnswer| answer.id.clone(),
                why: "",
                officer,
                is_synthetic,
                command: report,
            };
            let answer = group.execute(&under, officer, env)??;
            opened.reported.push(answer.id);
        }
        Ok(opened)
    })
}

/// The accounts that were designated since then, each once.
fn in_doubt(scope: &Scope<'_>, Opening { payee, since, .. }: &Opening<'_>) -> Result<Vec<Account>, Error> {
    let mut accounts: Vec<Account> = Vec::new();
    for doubted in doubted(scope, &payee.key(scope.vault), *since, &[])? {
        for account in doubted.accounts.iter().map(registry::account::DesignatedAccount::account) {
            if !accounts.contains(&account) {
                accounts.push(account);
            }
        }
    }
    Ok(accounts)
}

struct OpenCase<'o> {
    wanted: &'o Opening<'o>,
    officer: &'o Actor,
    contest: ContestAccounts,
    /// The accounts that are reported with it, as they were found before the transaction.
    in_doubt: &'o [Account],
}

/// What opening a case needs to know.
struct OpenState {
    newest: Option<Found>,
    contest: ContestState,
    key: kernel::Blind,
}

/// A case, and what becomes of the payee's accounts.
struct New {
    case: Case,
    act: Act,
    accounts: Vec<AccountChange>,
}

impl Command for OpenCase<'_> {
    const OPERATION: Operation = policy::OPEN_CASE;
    type State = OpenState;
    type Change = New;
    type Output = Opened;

    fn load(&self, scope: &Scope<'_>) -> Result<OpenState, Error> {
        let key = self.wanted.payee.key(scope.vault);
        let contest = self.contest.load(scope)?;
        if in_doubt(scope, self.wanted)? != self.in_doubt {
            return Err(CaseRefusal::Meanwhile.into());
        }
        Ok(OpenState { newest: store::case::newest_of(scope, &key)?, contest, key })
    }

    fn decide(&self, state: OpenState, env: &Env) -> Result<Decision<New, Opened>, Refusal> {
        let Opening { payee: number, since, why, is_synthetic, .. } = *self.wanted;
        officer::require_named(self.officer, is_synthetic).map_err(CaseRefusal::from)?;
        officer::require_why(why).map_err(CaseRefusal::from)?;
        if since > env.now || since < env.now.minus_days(SINCE_DAYS_MAX) {
            return Err(CaseRefusal::Since.into());
        }
        if state.newest.is_some_and(|newest| State::of(&newest.acts) == State::Open) {
            return Err(CaseRefusal::Open.into());
        }
        let Decision { changes: accounts, facts, output } = self.contest.decide(state.contest, env)?;
        let by = self.officer.name().to_owned();
        let case = Case { id: env.id(), at: env.now, payee: state.key, number, since, by, why: why.to_owned() };
        let act = Act::new(ActKind::Frozen, env.now, self.officer.name(), accounts.len().to_string());
        let mut facts = facts.unwrap_or_default();
        facts["case"] = case.id.name().into();
        let opened = Opened { id: case.id.name(), accounts: output, reported: Vec::new(), unreported: 0 };
        Ok(Decision::of(vec![New { case, act, accounts }], facts, opened))
    }

    fn save(&self, scope: &Scope<'_>, new: &[New], entry: Entry) -> Result<Vec<Rows>, Error> {
        let mut rows = Vec::new();
        for New { case, act, accounts } in new {
            rows.extend(self.contest.save(scope, accounts, entry)?);
            rows.push(store::case::insert(scope, entry, case)?);
            let found = [AnswerClass::InForce];
            rows.extend(log_look_up(scope, entry, self.officer, case.payee, AskKind::Case, &found)?);
            rows.push(store::case::insert_act(scope, entry, case.id, act)?);
        }
        Ok(rows)
    }
}

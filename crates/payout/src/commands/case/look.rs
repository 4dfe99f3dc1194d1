//! Shows a case to an officer. It is entered, and logged with the other look-ups of the payee, before its answer leaves.

use super::find;
use crate::case::CaseRefusal;
use crate::policy;
use crate::queries::{CaseView, ShownCase, newest_case, shown_case};
use kernel::journal::{Entry, Rows};
use kernel::{Actor, Command, Decision, Env, Error, Operation, Refusal, Scope, Writer};
use registry::ask::{AnswerClass, AskKind};
use registry::commands::log_look_up;
use registry::officer;
use registry::payee::PayeeId;

/// Shows one case.
///
/// # Errors
/// `case.unknown`, `case.officer`, the policy's refusal, or the store's.
pub fn show_case(
    writer: &mut Writer,
    name: &str,
    officer: &Actor,
    env: &Env,
    is_synthetic: bool,
) -> Result<ShownCase, Error> {
    policy::READ_CASES.require(officer)?;
    officer::require_named(officer, is_synthetic).map_err(CaseRefusal::from)?;
    let (shown, payee) = writer.read(|scope| {
        let found = find(scope, name)?;
        Ok((shown_case(scope, &found)?, found.case.number))
    })?;
    writer.execute(&LogCase { payee, answer: AnswerClass::InForce, officer }, officer, env)?;
    Ok(shown)
}

/// The newest case of a payee, if there is one.
///
/// # Errors
/// `case.officer`, the policy's refusal, or the store's.
pub fn case_of(
    writer: &mut Writer,
    payee: PayeeId,
    officer: &Actor,
    env: &Env,
    is_synthetic: bool,
) -> Result<Option<CaseView>, Error> {
    policy::READ_CASES.require(officer)?;
    officer::require_named(officer, is_synthetic).map_err(CaseRefusal::from)?;
    let found = writer.read(|scope| newest_case(scope, &payee))?;
    let answer = if found.is_some() { AnswerClass::InForce } else { AnswerClass::None };
    writer.execute(&LogCase { payee, answer, officer }, officer, env)?;
    Ok(found)
}

/// Enters that somebody was told whether a payee has a case, or what became of it.
struct LogCase<'l> {
    payee: PayeeId,
    answer: AnswerClass,
    officer: &'l Actor,
}

impl Command for LogCase<'_> {
    const OPERATION: Operation = policy::READ_CASES;
    type State = ();
    type Change = AnswerClass;
    type Output = ();

    fn load(&self, _: &Scope<'_>) -> Result<(), Error> {
        Ok(())
    }

    fn decide(&self, (): (), _: &Env) -> Result<Decision<AnswerClass, ()>, Refusal> {
        let facts = serde_json::json!({ "payee": self.payee.reveal(), "answer": self.answer.name() });
        Ok(Decision::of(vec![self.answer], facts, ()))
    }

    fn save(&self, scope: &Scope<'_>, answers: &[AnswerClass], entry: Entry) -> Result<Vec<Rows>, Error> {
        log_look_up(scope, entry, self.officer, self.payee.key(scope.vault), AskKind::Case, answers)
    }
}

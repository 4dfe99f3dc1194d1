//! Lists what was paid to a case's payee since the accounts are in doubt. It is entered and logged like any other look-up of them.

use super::{Under, find};
use crate::case::{ActKind, CaseRefusal};
use crate::commands::trace::{LogTrace, Trace, search};
use crate::policy;
use crate::queries::{Found, FoundPage};
use kernel::{Actor, Env, Error, Writer};
use registry::officer;

/// Which payments are wanted.
pub struct CaseTrace<'t> {
    /// The case, by name.
    pub case: &'t str,
    /// Where the page before ended.
    pub after: Option<Found>,
    /// At most so many.
    pub limit: usize,
    /// Whether the store was made for synthetic people.
    pub is_synthetic: bool,
}

/// Finds the payments to a case's payee, and notes under the case that it was done.
///
/// # Errors
/// `case.unknown`, `case.state`, the policy's refusal, or the store's.
pub fn trace_case(writer: &mut Writer, wanted: &CaseTrace<'_>, officer: &Actor, env: &Env) -> Result<FoundPage, Error> {
    policy::ACT_ON_CASE.require(officer)?;
    policy::TRACE.require(officer)?;
    officer::require_named(officer, wanted.is_synthetic).map_err(CaseRefusal::from)?;
    let case = writer.read(|scope| Ok(find(scope, wanted.case)?.case))?;
    let (payee, since) = (case.number, case.since);
    let trace = Trace { payee, since, payer: None, after: wanted.after, limit: wanted.limit };
    let page = search(writer, &trace)?;
    let under = Under {
        holds: None,
        case: wanted.case,
        kind: ActKind::Traced,
        about: |found: &usize| found.to_string(),
        why: "",
        officer,
        is_synthetic: wanted.is_synthetic,
        command: LogTrace::of(&trace, &page, officer),
    };
    writer.execute(&under, officer, env)?;
    Ok(page)
}

//! Asks for what left back, of each payer's bank: what was paid to the payee since the accounts are in doubt, as a fraud.

use super::{Under, find};
use crate::batch::Batch;
use crate::case::{ActKind, CaseRefusal, require_second};
use crate::commands::recall::{MakeRecalls, Recall, Recalled};
use crate::message::bank::RecallReason;
use crate::payment::State;
use crate::policy;
use crate::queries::{GIVEN_MAX, Search, Sought, find_payments, in_doubt};
use kernel::{Actor, Env, Error, Id, Scope, Writer};

/// What is to be asked back.
pub struct CaseRecall<'r> {
    /// The case, by name.
    pub case: &'r str,
    /// Why, in words that no bank is told.
    pub why: &'r str,
    /// Whether the store was made for synthetic people.
    pub is_synthetic: bool,
}

/// Asks for those payments back that left for an account which is in doubt. What went to an account that is not, nobody stole.
///
/// # Errors
/// `case.nothing_left`; those of a recall; the policy's refusal, or the store's.
pub fn recall_for_case(
    writer: &mut Writer,
    wanted: &CaseRecall<'_>,
    officer: &Actor,
    env: &Env,
) -> Result<Recalled, Error> {
    policy::ACT_ON_CASE.require(officer)?;
    let plan = |scope: &Scope<'_>| -> Result<Vec<(Id<Batch>, i64)>, Error> {
        let found = find(scope, wanted.case)?;
        require_second(&found.case.by, &found.acts, officer.name())?;
        let (doubted, case) = (in_doubt(scope, &found)?, found.case);
        // An account that stood before may seem to be in doubt then.
        if doubted.iter().any(|doubted| doubted.is_cut_off) {
            return Err(CaseRefusal::TooManyChanges.into());
        }
        let theirs: Vec<_> = doubted.into_iter().flat_map(|doubted| doubted.accounts).collect();
        let search = Search { sought: Sought::Payee(case.payee), payer: None, since: Some(case.since), after: None };
        let found = find_payments(scope, &search, GIVEN_MAX)?.payments.into_iter();
        let left = found.filter(|payment| {
            let to = payment.left.as_ref().and_then(|left| left.to.as_ref());
            matches!(payment.state, State::Routed | State::Passed) && to.is_some_and(|to| theirs.contains(&to.account))
        });
        Ok(left.map(|payment| (payment.batch, payment.at.number)).collect())
    };
    let payments = writer.read(plan)?;
    if payments.is_empty() {
        return Err(CaseRefusal::NothingLeft.into());
    }
    let recall = Recall { payments: &payments, reason: RecallReason::Fraud, why: wanted.why, once: None };
    let names = |recalled: &Recalled| {
        let names: Vec<&str> = recalled.messages.iter().map(|sent| sent.recall.as_str()).collect();
        names.join(" ")
    };
    let holds = |scope: &Scope<'_>| Ok(plan(scope)? == payments);
    let under = Under {
        holds: Some(&holds),
        case: wanted.case,
        kind: ActKind::Recalled,
        about: names,
        why: wanted.why,
        officer,
        is_synthetic: wanted.is_synthetic,
        command: MakeRecalls::of_case(&recall, officer),
    };
    writer.execute(&under, officer, env)
}

//! Asks for the last accounts that are not in doubt to be put back: each by a proposal like any other revert, which another officer
//! approves.

use super::{Under, envs, find};
use crate::case::{ActKind, CaseRefusal};
use crate::policy;
use crate::queries::in_doubt;
use kernel::{Actor, Env, Error, Scope, Writer};
use registry::commands::{RevertChange, Standing};
use registry::queries::Doubted;

/// What is to be put back.
pub struct Reverting<'r> {
    /// The case, by name.
    pub case: &'r str,
    /// Why.
    pub why: &'r str,
    /// Whether the store was made for synthetic people.
    pub is_synthetic: bool,
}

/// Proposes to put back the last account that is not in doubt, of each account where another has taken its place or it was deleted. All of
/// them are proposed, or none.
///
/// # Errors
/// `case.nothing_changed`, those of a revert, the policy's refusal, or the store's.
pub fn revert(writer: &mut Writer, wanted: &Reverting<'_>, officer: &Actor, env: &Env) -> Result<Vec<Standing>, Error> {
    policy::ACT_ON_CASE.require(officer)?;
    let plan = |scope: &Scope<'_>| -> Result<Vec<Doubted>, Error> {
        let mut doubted = in_doubt(scope, &find(scope, wanted.case)?)?;
        if doubted.iter().any(|doubted| doubted.is_cut_off) {
            return Err(CaseRefusal::TooManyChanges.into());
        }
        doubted.retain(Doubted::is_to_be_put_back);
        Ok(doubted)
    };
    let planned = writer.read(plan)?;
    if planned.is_empty() {
        return Err(CaseRefusal::NothingChanged.into());
    }
    let first = |doubted: &Doubted| doubted.first.ok_or(CaseRefusal::NothingChanged);
    let changes = planned.iter().map(first).collect::<Result<Vec<_>, _>>()?;
    let payee = writer.read(|scope| Ok(find(scope, wanted.case)?.case.number))?;
    let envs = envs(writer, env, changes.len())?;
    // What goes with it counts too: whoever has put another account there meanwhile may have meant it.
    let holds = |scope: &Scope<'_>| Ok(plan(scope)? == planned);
    writer.execute_group(|group| {
        let mut standings = Vec::new();
        for ((doubted, change), env) in planned.iter().zip(&changes).zip(&envs) {
            let (actor, why, purpose) = (officer.clone(), wanted.why.to_owned(), doubted.purpose.clone());
            let command = RevertChange { payee, purpose, change: *change, why, actor };
            let under = Under {
                holds: Some(&holds),
                case: wanted.case,
                kind: ActKind::Reverting,
                about: |standing: &Standing| standing.id.clone(),
                why: wanted.why,
                officer,
                is_synthetic: wanted.is_synthetic,
                command,
            };
            standings.push(group.execute(&under, officer, env)??);
        }
        Ok(standings)
    })
}

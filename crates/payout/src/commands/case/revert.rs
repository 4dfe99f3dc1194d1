//! Asks for the last accounts that are not in doubt to be put back: each by a proposal like any other revert, which another officer
//! approves.

use super::{Under, envs, find};
use crate::case::{ActKind, CaseRefusal};
use crate::policy;
use kernel::{Actor, Env, Error, Scope, Writer};
use registry::commands::{RevertDesignation, Standing};
use registry::queries::doubted;

/// What is to be put back.
pub struct Reverting<'r> {
    /// The case, by name.
    pub case: &'r str,
    /// Why.
    pub why: &'r str,
    /// Whether the store was made for synthetic people.
    pub is_synthetic: bool,
}

/// Proposes to put back what stood before the first change since the accounts are in doubt, of each account of which there was one. All of
/// them are proposed, or none.
///
/// # Errors
/// `case.nothing_changed`, `case.no_proposal`, those of a revert, the policy's refusal, or the store's.
pub fn revert(writer: &mut Writer, wanted: &Reverting<'_>, officer: &Actor, env: &Env) -> Result<Vec<Standing>, Error> {
    policy::ACT_ON_CASE.require(officer)?;
    let doubted = writer.read(|scope| {
        let found = find(scope, wanted.case)?;
        doubted(scope, &found.case.payee, found.case.since)
    })?;
    if doubted.is_empty() {
        return Err(CaseRefusal::NothingChanged.into());
    }
    if doubted.iter().any(|doubted| doubted.is_cut_off) {
        return Err(CaseRefusal::TooManyChanges.into());
    }
    let first = |doubted: &registry::queries::Doubted| doubted.first.ok_or(CaseRefusal::NoProposal);
    let proposals = doubted.iter().map(first).collect::<Result<Vec<_>, _>>()?;
    let envs = envs(writer, env, proposals.len())?;
    let holds = |scope: &Scope<'_>| {
        let case = find(scope, wanted.case)?.case;
        Ok(registry::queries::doubted(scope, &case.payee, case.since)? == doubted)
    };
    writer.execute_group(|group| {
        let mut standings = Vec::new();
        for (proposal, env) in proposals.iter().zip(&envs) {
            let (actor, why) = (officer.clone(), wanted.why.to_owned());
            let command = RevertDesignation { proposal: proposal.name(), why, actor, once: None };
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

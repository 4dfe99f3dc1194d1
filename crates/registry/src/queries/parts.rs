//! Who had a part in a change of account, so that they let no payment go to it.

use crate::designation::Designation;
use crate::life::ActKind;
use crate::proposal::Proposal;
use crate::store;
use kernel::journal::{entry_of, read};
use kernel::{Error, Id, Scope};
use std::collections::BTreeMap;

/// Which of `names` had a part in each of these rows: asked for it, or did what let it take effect. Of a row that never waited it is who
/// gave the command that recorded it.
///
/// # Errors
/// The store's.
pub fn had_part(scope: &Scope<'_>, rows: &[Id<Designation>], names: &[&str]) -> Result<Vec<Vec<bool>>, Error> {
    let none = || vec![false; names.len()];
    if names.is_empty() {
        return Ok(rows.iter().map(|_| none()).collect());
    }
    let mut sorted = rows.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let mut come_of: BTreeMap<i64, Option<Id<Proposal>>> = BTreeMap::new();
    store::designation::proposals_of(scope.tx, sorted.iter().copied(), |at, proposal| {
        come_of.insert(sorted[at].number(), proposal);
    })?;
    let mut proposals: Vec<i64> = come_of.values().flatten().map(|proposal| proposal.number()).collect();
    proposals.sort_unstable();
    proposals.dedup();
    let mut of_proposal = BTreeMap::new();
    store::proposal::find_many(scope, proposals.iter().copied(), |found| {
        let notes = [ActKind::LetterMade, ActKind::LetterHandedOver, ActKind::LetterReturned, ActKind::TookEffect];
        let acts = found.evidence.acts().iter().filter(|act| !notes.contains(&act.kind));
        let took_part: Vec<&str> = acts.map(|act| act.by.as_str()).chain([found.proposal.asked.by.as_str()]).collect();
        let parts: Vec<bool> = names.iter().map(|name| took_part.contains(name)).collect();
        of_proposal.insert(found.proposal.id.number(), parts);
    })?;
    let mut of_entry: BTreeMap<i64, Vec<bool>> = BTreeMap::new();
    let mut parts = Vec::with_capacity(rows.len());
    for row in rows {
        parts.push(match come_of.get(&row.number()).copied().flatten() {
            Some(proposal) => of_proposal.get(&proposal.number()).cloned().unwrap_or_else(none),
            None => {
                let entry = entry_of(row.number());
                if !of_entry.contains_key(&entry) {
                    let actor = read(scope, entry)?.actor;
                    of_entry.insert(entry, names.iter().map(|name| *name == actor).collect());
                }
                of_entry.get(&entry).cloned().unwrap_or_else(none)
            }
        });
    }
    Ok(parts)
}

//! Who had a part in a change of account, so that they let no payment go to it.

use crate::designation::{Designation, State};
use crate::life::ActKind;
use crate::officer::may_be;
use crate::proposal::Proposal;
use crate::store;
use kernel::journal::{entry_of, read};
use kernel::{Error, Id, Scope};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// Which of `names` had a part in it that these rows' accounts are their payees': asked for it, or did what let it take effect, or froze or
/// unfroze it since. Of what never waited it is who gave the command that recorded it. Of the console, which is nobody by name, it is whether
/// any officer had: see [`may_be`].
///
/// # Errors
/// The store's.
pub fn had_part(scope: &Scope<'_>, rows: &[Id<Designation>], names: &[&str]) -> Result<Vec<Vec<bool>>, Error> {
    let mut parts = vec![vec![false; names.len()]; rows.len()];
    if names.is_empty() {
        return Ok(parts);
    }
    let chains = chains(scope, rows)?;
    let mut sorted: Vec<Id<Designation>> = chains.iter().map(|(row, _)| *row).collect();
    sorted.sort_unstable();
    sorted.dedup();
    let mut come_of = vec![None; sorted.len()];
    store::designation::proposals_of(scope.tx, sorted.iter().copied(), |at, proposal| come_of[at] = proposal)?;
    let of_proposals = parts_in_proposals(scope, come_of.iter().flatten(), names)?;
    let mut of_entries: BTreeMap<i64, Vec<bool>> = BTreeMap::new();
    for (row, of) in chains {
        let proposal = sorted.binary_search(&row).ok().and_then(|at| come_of[at]);
        let entry = entry_of(row.number());
        let found = match proposal {
            Some(proposal) => of_proposals.get(&proposal.number()),
            None => {
                let found = match of_entries.entry(entry) {
                    Entry::Occupied(found) => found.into_mut(),
                    Entry::Vacant(place) => {
                        let actor = read(scope, entry)?.actor;
                        place.insert(names.iter().map(|name| may_be(name, &actor)).collect())
                    }
                };
                Some(&*found)
            }
        };
        for (part, found) in parts[of].iter_mut().zip(found.into_iter().flatten()) {
            *part |= found;
        }
    }
    Ok(parts)
}

/// The rows of histories from these back to those by which their accounts became the payees', each with the place of the one that it is of.
fn chains(scope: &Scope<'_>, rows: &[Id<Designation>]) -> Result<Vec<(Id<Designation>, usize)>, Error> {
    let (mut chains, mut accounts) = (Vec::new(), vec![None; rows.len()]);
    let mut steps: Vec<(Id<Designation>, usize)> = rows.iter().copied().zip(0..).collect();
    while !steps.is_empty() {
        steps.sort_unstable();
        let mut next = Vec::new();
        store::designation::find_many(scope, steps.iter().map(|(row, _)| *row), |at, row| {
            let (id, of) = steps[at];
            let account = *accounts[of].get_or_insert(row.standing.account);
            if row.standing.state != State::Closed && row.standing.account == account {
                chains.push((id, of));
                next.extend(row.previous.map(|previous| (previous, of)));
            }
            Ok(())
        })?;
        steps = next;
    }
    Ok(chains)
}

/// Which of `names` had a part in each of these proposals.
fn parts_in_proposals<'p>(
    scope: &Scope<'_>,
    proposals: impl Iterator<Item = &'p Id<Proposal>>,
    names: &[&str],
) -> Result<BTreeMap<i64, Vec<bool>>, Error> {
    let mut ids: Vec<i64> = proposals.map(|proposal| proposal.number()).collect();
    ids.sort_unstable();
    ids.dedup();
    // That it took effect when its time had come was nobody's doing, nor is it that a letter was made, posted, or came back.
    let notes = [ActKind::LetterMade, ActKind::LetterHandedOver, ActKind::LetterReturned, ActKind::TookEffect];
    let mut found = BTreeMap::new();
    store::proposal::find_many(scope, ids.iter().copied(), |one| {
        let acts = one.evidence.acts().iter().filter(|act| !notes.contains(&act.kind)).map(|act| act.by.as_str());
        let by: Vec<&str> = acts.chain([one.proposal.asked.by.as_str()]).collect();
        found.insert(one.proposal.id.number(), names.iter().map(|name| by.iter().any(|by| may_be(name, by))).collect());
    })?;
    Ok(found)
}

//! What is known of many payees at once, for those who ask: one look-up for all of them, and one for each step back in their
//! histories.

use crate::ask::{Held, HeldFor, Known};
use crate::designation::{Designation, State};
use crate::proposal::SpecificPurpose;
use crate::store;
use kernel::{Blind, Error, Id, Scope};

/// A payee, and whether its specific accounts matter.
pub(crate) type Wanted = (Blind, bool);

/// The payees that were found, in the order of their keys.
#[derive(Default)]
pub(crate) struct Knowledge(Vec<(Blind, Known)>);

impl Knowledge {
    /// Looks payees up, in any order, each perhaps several times; what waits, too, where accounts are told.
    pub(crate) fn load(scope: &Scope<'_>, mut wanted: Vec<Wanted>, tells_accounts: bool) -> Result<Self, Error> {
        // Where the specific accounts matter to one of those who ask, they are wanted.
        wanted.sort_unstable_by(|(one, specific), (other, others)| (one, others).cmp(&(other, specific)));
        wanted.dedup_by_key(|(payee, _)| *payee);
        let mut found = Vec::with_capacity(wanted.len());
        let (mut with_specific, mut pending) = (Vec::new(), Vec::new());
        store::payee::find_many(scope, wanted.iter().map(|(payee, _)| payee), |at, payee| {
            let (key, wants_specific) = wanted[at];
            if wants_specific && payee.has_specific {
                with_specific.push(key);
            }
            pending.extend(payee.pending.filter(|_| tells_accounts).map(|proposal| (proposal, key)));
            let (status, default) = (payee.status, payee.designation.map(|newest| Held::begin(newest, None)));
            let (specific, pending_specific) = (Vec::new(), Vec::new());
            found.push((key, Known { status, default, specific, pending_until: None, pending_specific }));
            Ok(())
        })?;
        // A server gives what it finds in an order of its own.
        found.sort_unstable_by_key(|(key, _)| *key);
        let mut knowledge = Self(found);
        with_specific.sort_unstable();
        store::designation::newest_specifics(scope, &with_specific, |at, newest, payer, benefit| {
            if let Some(known) = knowledge.get_mut(&with_specific[at]) {
                let default = known.default.map(|default| default.newest.id);
                known.specific.push(HeldFor { payer, benefit, held: Held::begin(newest, default) });
            }
            Ok(())
        })?;
        pending.sort_unstable_by_key(|(proposal, _)| proposal.number());
        store::proposal::pending_until(scope.tx, pending.iter().map(|(proposal, _)| *proposal), |at, until| {
            if let Some(known) = knowledge.get_mut(&pending[at].1) {
                known.pending_until = Some(until);
            }
        })?;
        // A specific account can be proposed where there is none yet.
        wanted.retain(|(_, wants_specific)| *wants_specific && tells_accounts);
        let payees = wanted.iter().map(|(payee, _)| payee);
        store::proposal::specifics_pending_until(
            scope,
            payees,
            |at, SpecificPurpose { payer, benefit, .. }, _, until| {
                if let Some(known) = knowledge.get_mut(&wanted[at].0) {
                    known.pending_specific.push((payer, benefit, until));
                }
            },
        )?;
        knowledge.look_back(scope)?;
        Ok(knowledge)
    }

    /// What is known of a payee, if anything is.
    pub(crate) fn get(&self, payee: &Blind) -> Option<&Known> {
        self.0.binary_search_by_key(payee, |(key, _)| *key).ok().map(|at| &self.0[at].1)
    }

    fn get_mut(&mut self, payee: &Blind) -> Option<&mut Known> {
        self.0.binary_search_by_key(payee, |(key, _)| *key).ok().map(|at| &mut self.0[at].1)
    }

    /// What holds of all of them.
    pub(crate) fn held(&self) -> impl Iterator<Item = &Held> {
        self.0
            .iter()
            .flat_map(|(_, known)| known.default.iter().chain(known.specific.iter().map(|specific| &specific.held)))
    }

    /// Goes back in the histories of what is in force, to the row by which each account became the payee's.
    fn look_back(&mut self, scope: &Scope<'_>) -> Result<(), Error> {
        let all = self.0.iter_mut().flat_map(|(_, known)| {
            known.default.iter_mut().chain(known.specific.iter_mut().map(|specific| &mut specific.held))
        });
        look_back(scope, all.filter(|held| held.newest.standing.state == State::InForce))
    }
}

/// Goes back in histories to the rows by which accounts became their payees', one look for each step of all of them.
pub(crate) fn look_back<'h>(scope: &Scope<'_>, held: impl Iterator<Item = &'h mut Held>) -> Result<(), Error> {
    let mut steps: Vec<(Id<Designation>, &mut Held)> = held.filter_map(|held| Some((held.earlier()?, held))).collect();
    while !steps.is_empty() {
        steps.sort_unstable_by_key(|(id, _)| *id);
        let mut earlier = vec![None; steps.len()];
        let ids: Vec<Id<Designation>> = steps.iter().map(|(id, _)| *id).collect();
        store::designation::find_many(scope, ids, |at, row| {
            earlier[at] = Some(row);
            Ok(())
        })?;
        let mut next = Vec::new();
        for ((_, held), row) in steps.into_iter().zip(earlier) {
            let row = row.ok_or_else(|| kernel::StoreError::damaged("a history has a gap".to_owned()))?;
            held.look_back(&row);
            next.extend(held.earlier().map(|id| (id, held)));
        }
        steps = next;
    }
    Ok(())
}

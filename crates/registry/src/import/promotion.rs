//! Which specific account takes the place of a default account that is closed: the unlocked one that was designated last.

use crate::account::DesignatedAccount;
use crate::designation::{Standing, State};
use crate::mark::Marked;
use crate::queries;
use crate::signals::Facts;
use crate::store;
use kernel::{Blind, Error, Scope, Timestamp};
use std::collections::BTreeMap;

/// A specific account that is in force, and not locked.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    purpose: Blind,
    standing: Standing,
    /// Where the row stands that designated it.
    designated: i64,
    /// The account's mark, where it has one.
    marked: Option<Marked>,
}

/// Those of some payees.
#[derive(Debug, Default)]
pub(super) struct Promotable(BTreeMap<Blind, Vec<Candidate>>);

impl Promotable {
    /// Looks up those of payees.
    pub(super) fn load(scope: &Scope<'_>, mut payees: Vec<Blind>) -> Result<Self, Error> {
        payees.sort_unstable();
        payees.dedup();
        let mut found = Vec::new();
        store::designation::find_specifics(scope, &payees, |at, newest| {
            found.push((payees[at], newest));
            Ok(())
        })?;
        let mut candidates: BTreeMap<Blind, Vec<Candidate>> = BTreeMap::new();
        for (payee, newest) in found.into_iter().filter(|(_, newest)| newest.standing.state == State::InForce) {
            let (first, is_locked) = queries::first_row(scope, newest)?;
            if let Some(purpose) = newest.purpose.filter(|_| !is_locked) {
                let marked = store::mark::terms(scope.tx, &newest.standing.account.key(scope.vault))?;
                let candidate = Candidate { purpose, standing: newest.standing, designated: first.number(), marked };
                candidates.entry(payee).or_default().push(candidate);
            }
        }
        Ok(Self(candidates))
    }

    /// The payee's that was designated last. One that the same request has changed, as `stands` knows, is left where it is; so is one
    /// whose account is marked: nobody has looked.
    pub(super) fn of(
        &self,
        payee: &Blind,
        now: Timestamp,
        stands: impl Fn(&Blind) -> Option<Standing>,
    ) -> Option<DesignatedAccount> {
        let is_marked = |one: &Candidate| Facts { marked: one.marked, ..Facts::default() }.mark(now).is_some();
        let candidates = self.0.get(payee)?.iter().filter(|one| !is_marked(one));
        let unchanged = candidates.filter(|one| stands(&one.purpose).is_none_or(|now| now == one.standing));
        unchanged.max_by_key(|one| one.designated).map(|one| one.standing.account)
    }
}

//! How many payees the accounts have that a request names, with those to whom it gives one.

use super::row::AccountRow;
use crate::account::{self, DesignatedAccount};
use crate::controls::{Control, Controls};
use crate::signals::Facts;
use crate::store;
use jiff::civil::Date;
use kernel::{Blind, Error, Scope};
use std::collections::{BTreeMap, BTreeSet};

/// What is known of one account.
#[derive(Debug, Default)]
struct Known {
    payees: BTreeSet<Blind>,
    collector_until: Option<Date>,
}

/// The accounts, as they are written in one way.
#[derive(Debug, Default)]
pub(super) struct Counted(BTreeMap<String, Known>);

impl Counted {
    /// Looks up what may be asked about the accounts that are to be designated.
    pub(super) fn load(scope: &Scope<'_>, rows: &[&AccountRow], controls: &Controls) -> Result<Self, Error> {
        let limit = usize::from(controls.get(Control::PayeesPerAccount));
        if limit == 0 && !controls.has(Control::BanShared) {
            return Ok(Self::default());
        }
        let mut named: BTreeMap<Blind, (String, usize)> = BTreeMap::new();
        for account in rows.iter().filter_map(|row| row.designates()) {
            let (_, times) =
                named.entry(account.key(scope.vault)).or_insert_with(|| (account::canonical(&account.account()), 0));
            *times += 1;
        }
        let keys: Vec<Blind> = named.keys().copied().collect();
        let mut counted = BTreeMap::new();
        for ((key, (account, times)), payees) in named.into_iter().zip(store::holder::payees(scope.tx, &keys)?) {
            // Few are near the limit, and only of those it matters.
            let matters = payees.len() + times > limit;
            let collector_until = if matters { store::collector::approved_until(scope, &key)? } else { None };
            counted.insert(account, Known { payees, collector_until });
        }
        Ok(Self(counted))
    }

    /// What is known of an account that somebody asks for.
    pub(super) fn facts(&self, account: &DesignatedAccount, payee: &Blind) -> Facts {
        let Some(known) = self.0.get(&account::canonical(&account.account())) else { return Facts::default() };
        let others = known.payees.len() - usize::from(known.payees.contains(payee));
        Facts { payees: others as u64, collector_until: known.collector_until, ..Facts::default() }
    }

    /// It is one more payee's from now on. Whoever leaves an account in the same request counts for it until that is saved.
    pub(super) fn takes(&mut self, account: &DesignatedAccount, payee: Blind) {
        if let Some(known) = self.0.get_mut(&account::canonical(&account.account())) {
            known.payees.insert(payee);
        }
    }
}

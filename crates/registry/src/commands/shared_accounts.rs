//! Which accounts have many payees: looked at every day (NK-12). It is entered in the journal before it is shown.

use super::watch_accounts::account;
use crate::account::DesignatedAccount;
use crate::controls::Control;
use crate::policy;
use crate::store;
use denmark::calendar::copenhagen_date;
use denmark::{Account, Iban};
use kernel::journal::{Entry, Rows};
use kernel::{Actor, Command, Decision, Env, Error, Operation, Refusal, Scope};
use serde::{Deserialize, Serialize};

/// The most accounts of one look.
pub const SHARED_MAX: usize = 1000;
const SHOWN_AT_END: usize = 4;

/// What was found, and is not shown yet.
pub struct SharedAccounts {
    over: u16,
    found: Vec<Found>,
    has_more: bool,
}

struct Found {
    account: DesignatedAccount,
    payees: u64,
    collector_until: Option<jiff::civil::Date>,
}

impl SharedAccounts {
    /// Looks for the accounts with more payees than `over`, or than the control says, those with the most first; at most `limit` and
    /// [`SHARED_MAX`]. It reads every account once: not for a transaction that others wait for.
    ///
    /// # Errors
    /// The policy's refusal, or the store's.
    pub fn find(scope: &Scope<'_>, actor: &Actor, over: Option<u16>, limit: usize) -> Result<Self, Error> {
        policy::LIST_SHARED.require(actor)?;
        let over = match over {
            Some(over) => over,
            None => store::controls::in_force(scope.tx)?.get(Control::PayeesPerAccount),
        };
        let limit = limit.min(SHARED_MAX);
        let mut shared = store::holder::shared(scope.tx, over.into(), limit as i64 + 1)?;
        let has_more = shared.len() > limit;
        shared.truncate(limit);
        let mut found = Vec::with_capacity(shared.len());
        for (key, payees) in shared {
            let Some(account) = account(scope, &key)? else { continue };
            found.push(Found { account, payees, collector_until: store::collector::approved_until(scope, &key)? });
        }
        Ok(Self { over, found, has_more })
    }
}

/// Shows what was found.
pub struct ShowShared {
    /// What.
    pub found: SharedAccounts,
}

/// One account with many payees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedAccount {
    /// The account, masked.
    pub account: String,
    /// How many payees it is designated for.
    pub payees: u64,
    /// Whether it is a collector's: `in_force`, `overdue`; none of any other.
    pub collector: Option<String>,
}

/// The accounts with many payees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedShown {
    /// With more than how many.
    pub over: u16,
    /// Those with the most first.
    pub accounts: Vec<SharedAccount>,
    /// Whether there are more.
    pub more: bool,
}

impl Command for ShowShared {
    const OPERATION: Operation = policy::LIST_SHARED;
    type State = ();
    type Change = ();
    type Output = SharedShown;

    fn load(&self, _: &Scope<'_>) -> Result<(), Error> {
        Ok(())
    }

    fn decide(&self, (): (), env: &Env) -> Result<Decision<(), SharedShown>, Refusal> {
        let SharedAccounts { over, found, has_more } = &self.found;
        let today = copenhagen_date(env.now.to_jiff());
        let shown = |found: &Found| SharedAccount {
            account: masked(&found.account),
            payees: found.payees,
            collector: found
                .collector_until
                .map(|until| if today <= until { "in_force" } else { "overdue" }.to_owned()),
        };
        let accounts: Vec<_> = found.iter().map(shown).collect();
        let facts = serde_json::json!({ "over": over, "accounts": accounts.len() });
        Ok(Decision::of(vec![], facts, SharedShown { over: *over, accounts, more: *has_more }))
    }

    fn save(&self, _: &Scope<'_>, _: &[()], _: Entry) -> Result<Vec<Rows>, Error> {
        Ok(vec![])
    }
}

/// An account as whoever reviews it knows it again by: its bank and its last four digits.
pub(crate) fn masked(account: &DesignatedAccount) -> String {
    match account.account() {
        Account::Danish(account) => {
            let digits = account.number.digits();
            format!("{}-{}", account.reg, hidden(digits, 0))
        }
        Account::Foreign(iban) => hidden(Iban::as_str(&iban), 2),
    }
}

/// A text of ASCII without its middle.
fn hidden(text: &str, shown: usize) -> String {
    let end = text.len().saturating_sub(SHOWN_AT_END).max(shown);
    format!("{}{}{}", &text[..shown], "*".repeat(end - shown), &text[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_masked_in_the_middle() {
        let check = |text: &str, expected: &str| {
            assert_eq!(masked(&DesignatedAccount::from_text(text).unwrap()), expected);
        };
        check("0040-0440116243 DKK", "0040-******6243");
        check("DE89370400440532013000 COBADEFFXXX", "DE****************3000");
    }
}

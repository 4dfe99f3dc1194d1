//! Messages to banks: what one row of an account's history says to one of them. Pure.
//!
//! A message is never stored. It is what the row, the row before it and the bank directory say, whenever it is read.

use crate::account::DesignatedAccount;
use crate::designation::{Standing, State};

/// What happened, from where a bank stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The payee, who had no account, has this one with the bank.
    Registered,
    /// The payee's account with the bank took the place of another one with the bank.
    Changed,
    /// The payee's account with the bank took the place of one elsewhere.
    ChangedToYou,
    /// An account elsewhere took the place of the payee's with the bank.
    ChangedFromYou,
    /// The payee's account was closed, and nothing took its place.
    Closed,
    /// Nothing may be paid to the account for now.
    Frozen,
    /// It may be paid to again.
    Unfrozen,
}

impl Event {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Registered,
        Self::Changed,
        Self::ChangedToYou,
        Self::ChangedFromYou,
        Self::Closed,
        Self::Frozen,
        Self::Unfrozen,
    ];

    /// As banks read it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Changed => "changed",
            Self::ChangedToYou => "changed_to_you",
            Self::ChangedFromYou => "changed_from_you",
            Self::Closed => "closed",
            Self::Frozen => "frozen",
            Self::Unfrozen => "unfrozen",
        }
    }
}

/// What a bank is told of its own accounts. Another bank's is never in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// What happened.
    pub event: Event,
    /// To which account of the bank's.
    pub account: DesignatedAccount,
    /// Which other account of the bank's that one took the place of.
    pub replaces: Option<DesignatedAccount>,
}

/// What a bank is told when `now` holds after `former`; nothing if neither account is its own.
#[must_use]
pub fn tell(now: &Standing, former: Option<&Standing>, is_own: impl Fn(&DesignatedAccount) -> bool) -> Option<Told> {
    let live = former.filter(|former| former.state != State::Closed).map(|former| former.account);
    let about = |event, account| Told { event, account, replaces: None };
    let own = is_own(&now.account);
    match (now.state, live) {
        (State::Closed, _) => own.then(|| about(Event::Closed, now.account)),
        (State::Frozen | State::FrozenByBank | State::Contested, _) => own.then(|| about(Event::Frozen, now.account)),
        (State::InForce, None) => own.then(|| about(Event::Registered, now.account)),
        (State::InForce, Some(live)) if live == now.account => own.then(|| about(Event::Unfrozen, now.account)),
        (State::InForce, Some(live)) => match (own, is_own(&live)) {
            (true, true) => Some(Told { event: Event::Changed, account: now.account, replaces: Some(live) }),
            (true, false) => Some(about(Event::ChangedToYou, now.account)),
            (false, true) => Some(about(Event::ChangedFromYou, live)),
            (false, false) => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// North has the accounts that begin with 0040 and 0041, South those with 1020; one is abroad.
    fn account(word: &str) -> DesignatedAccount {
        DesignatedAccount::from_text(match word {
            "n1" => "0040-0000000001 DKK",
            "n1 in euro" => "0040-0000000001 EUR",
            "n2" => "0041-0000000002 DKK",
            "s1" => "1020-0000000001 DKK",
            "abroad" => "DE89370400440532013000 COBADEFFXXX",
            other => panic!("{other}"),
        })
        .unwrap()
    }

    fn is_of(bank: &str) -> impl Fn(&DesignatedAccount) -> bool {
        let regs: &[u16] = if bank == "North" { &[40, 41] } else { &[1020] };
        |account: &DesignatedAccount| account.reg().is_some_and(|reg| regs.contains(&reg.value()))
    }

    #[test]
    fn each_bank_is_told_of_its_own_accounts() {
        let check = |former: Option<(State, &str)>, now: (State, &str), north: &str, south: &str| {
            let standing = |(state, word): (State, &str)| Standing { state, account: account(word) };
            let (former, now) = (former.map(standing), standing(now));
            for (bank, expected) in [("North", north), ("South", south)] {
                let told = tell(&now, former.as_ref(), is_of(bank));
                let words = told.map_or(String::new(), |Told { event, account: of, replaces }| {
                    let own = is_of(bank);
                    assert!(own(&of) && replaces.as_ref().is_none_or(own), "{bank} is told of another's account");
                    let word = |account: DesignatedAccount| account.to_text()[..6].to_owned();
                    let replaces = replaces.map(|account| format!(" for {}", word(account))).unwrap_or_default();
                    format!("{} {}{replaces}", event.name(), word(of))
                });
                assert_eq!(words.replace("-0", ""), expected, "{former:?}, then {now:?}, to {bank}");
            }
        };
        use State::{Closed, Frozen, FrozenByBank, InForce};
        check(None, (InForce, "n1"), "registered 0040", "");
        check(None, (InForce, "abroad"), "", "");
        check(Some((Closed, "n1")), (InForce, "n1"), "registered 0040", "");
        // Whose account it was before it was closed is nothing to whoever has it now.
        check(Some((Closed, "n1")), (InForce, "s1"), "", "registered 1020");
        check(Some((InForce, "n1")), (InForce, "n2"), "changed 0041 for 0040", "");
        check(Some((InForce, "n1")), (InForce, "n1 in euro"), "changed 0040 for 0040", "");
        check(Some((InForce, "n1")), (InForce, "s1"), "changed_from_you 0040", "changed_to_you 1020");
        check(Some((InForce, "s1")), (InForce, "n2"), "changed_to_you 0041", "changed_from_you 1020");
        check(Some((InForce, "n1")), (InForce, "abroad"), "changed_from_you 0040", "");
        check(Some((InForce, "abroad")), (InForce, "n1"), "changed_to_you 0040", "");
        check(Some((InForce, "n1")), (Closed, "n1"), "closed 0040", "");
        check(Some((InForce, "abroad")), (Closed, "abroad"), "", "");
        for frozen in [Frozen, FrozenByBank] {
            check(Some((InForce, "n1")), (frozen, "n1"), "frozen 0040", "");
            check(Some((frozen, "s1")), (InForce, "s1"), "", "unfrozen 1020");
        }
        check(Some((FrozenByBank, "n1")), (Frozen, "n1"), "frozen 0040", "");
    }
}

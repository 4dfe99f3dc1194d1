//! Where the money of a payer's files is: what came in is delivered, held, waiting, returned or rejected, to the øre. Pure.

use crate::batch::Counts;
use crate::payment::State;
use denmark::{Currency, Money};
use std::collections::BTreeMap;

/// Where the money of a payment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whereabouts {
    /// Sent on to the payee's bank.
    Delivered,
    /// Here, until something is known or decided.
    Held,
    /// In the waiting account, as nobody knows where to.
    Waiting,
    /// Came back from the payee's bank.
    Returned,
    /// Went back to the payer before it was sent.
    Rejected,
}

impl Whereabouts {
    const ALL: [Self; 5] = [Self::Delivered, Self::Held, Self::Waiting, Self::Returned, Self::Rejected];

    /// Where the money of a payment is that is in this state.
    #[must_use]
    pub const fn of(state: State) -> Self {
        match state {
            State::Routed | State::Passed => Self::Delivered,
            State::Held => Self::Held,
            State::Waiting => Self::Waiting,
            State::Returned => Self::Returned,
            State::Rejected | State::Cancelled => Self::Rejected,
        }
    }

    /// As people read it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Held => "held",
            Self::Waiting => "waiting",
            Self::Returned => "returned",
            Self::Rejected => "rejected",
        }
    }
}

/// Sums of one currency, in its smallest unit: øre for DKK.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// What the files said that came in.
    pub came_in: i128,
    parts: [i128; Whereabouts::ALL.len()],
}

impl Sums {
    /// What of it is there.
    #[must_use]
    pub const fn at(&self, whereabouts: Whereabouts) -> i128 {
        self.parts[whereabouts as usize]
    }

    /// Whether all of what came in is somewhere, and no more.
    #[must_use]
    pub fn agree(&self) -> bool {
        self.came_in == self.parts.iter().sum()
    }

    /// Each sum with its name: `in`, then where it is.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, i128)> + '_ {
        let parts = Whereabouts::ALL.into_iter().map(|whereabouts| (whereabouts.name(), self.at(whereabouts)));
        [("in", self.came_in)].into_iter().chain(parts)
    }
}

/// A balance by currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balance {
    currencies: BTreeMap<Currency, Sums>,
}

impl Default for Balance {
    fn default() -> Self {
        Self { currencies: [(Currency::DKK, Sums::default())].into() }
    }
}

impl Balance {
    /// A file came in with these counts. `None` if they are not of the form in which they are recorded.
    #[must_use]
    pub fn come_in(&mut self, counts: &Counts) -> Option<()> {
        for (currency, sum) in counts.sums.values().flatten() {
            let currency = Currency::parse(currency).ok()?;
            self.of_mut(currency).came_in += minor(sum, usize::from(currency.decimals()))?;
        }
        Some(())
    }

    /// A payment is in this state now. So much of one that was sent on came back since, in its smallest unit; of one that is not
    /// there any more, none.
    pub fn count(&mut self, state: State, money: Money, back: i64) {
        let parts = &mut self.of_mut(money.currency).parts;
        let back = if state.has_left() { back } else { 0 };
        parts[Whereabouts::of(state) as usize] += i128::from(money.minor) - i128::from(back);
        parts[Whereabouts::Returned as usize] += i128::from(back);
    }

    fn of_mut(&mut self, currency: Currency) -> &mut Sums {
        self.currencies.entry(currency).or_default()
    }

    /// The sums of each currency, DKK always among them.
    pub fn currencies(&self) -> impl Iterator<Item = (Currency, &Sums)> {
        self.currencies.iter().map(|(currency, sums)| (*currency, sums))
    }

    /// The sums of DKK.
    #[must_use]
    pub fn kroner(&self) -> Sums {
        self.currencies.get(&Currency::DKK).copied().unwrap_or_default()
    }

    /// Whether the sums of every currency agree.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.currencies.values().all(Sums::agree)
    }
}

/// A sum as people write it.
#[must_use]
pub fn written(sum: i128, currency: Currency) -> String {
    let decimals = usize::from(currency.decimals());
    let digits = format!("{:0>1$}", sum.unsigned_abs(), decimals + 1);
    let (whole, fraction) = digits.split_at(digits.len() - decimals);
    let (sign, point) = (if sum < 0 { "-" } else { "" }, if decimals > 0 { "." } else { "" });
    format!("{sign}{whole}{point}{fraction}")
}

/// A sum as it is recorded, `1500.50`, in units of which `10^decimals` make one.
fn minor(sum: &str, decimals: usize) -> Option<i128> {
    let (whole, fraction) = sum.split_once('.').unwrap_or((sum, ""));
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > decimals {
        return None;
    }
    format!("{whole}{fraction:0<decimals$}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::Tally;
    use crate::reason::Reason;
    use proptest::prelude::*;

    #[test]
    fn sums_are_read_as_they_are_recorded() {
        let check = |sum: &str, decimals, expected| assert_eq!(minor(sum, decimals), expected, "{sum}");
        check("1500.50", 2, Some(150_050));
        check("1500.00", 0, Some(1_500));
        check("1.234", 3, Some(1_234));
        check("0.00", 2, Some(0));
        check("123456789012345678901234.56", 2, Some(12_345_678_901_234_567_890_123_456));
        check("1.234", 2, None);
        check("1500.50", 0, None);
        check("1,50", 2, None);
    }

    #[test]
    fn sums_are_written_as_people_do() {
        let check = |sum, currency, expected| assert_eq!(written(sum, Currency::parse(currency).unwrap()), expected);
        check(150_050, "DKK", "1500.50");
        check(5, "DKK", "0.05");
        check(-5, "DKK", "-0.05");
        check(0, "JPY", "0");
        check(1_500, "JPY", "1500");
        check(1_234, "KWD", "1.234");
    }

    fn payment() -> impl Strategy<Value = (State, Money)> {
        let currency = prop::sample::select(vec!["DKK", "EUR", "JPY", "KWD"]);
        (prop::sample::select(State::ALL.to_vec()), currency, 1..=i64::MAX)
            .prop_map(|(state, currency, minor)| (state, Money { minor, currency: Currency::parse(currency).unwrap() }))
    }

    proptest! {
        /// Whatever becomes of payments, they are somewhere; and one that is lost is missed.
        #[test]
        fn what_came_in_is_somewhere(
            payments in prop::collection::vec((payment(), prop::sample::select(State::ALL.to_vec())), 1..30),
        ) {
            let (mut tally, mut balance) = (Tally::default(), Balance::default());
            for ((state, money), _) in &payments {
                let reason = matches!(state, State::Rejected | State::Cancelled).then_some(Reason::Dead);
                tally.add(*state, reason, Some(*money));
            }
            balance.come_in(&tally.counts()).unwrap();
            for (at, ((_, money), now)) in payments.iter().enumerate() {
                prop_assert!(!balance.agrees(), "{at} of {}", payments.len());
                balance.count(*now, *money, money.minor / 3);
            }
            prop_assert!(balance.agrees());
            let named: i128 = balance.currencies().flat_map(|(_, sums)| sums.named().skip(1)).map(|(_, sum)| sum).sum();
            prop_assert_eq!(named, payments.iter().map(|((_, money), _)| i128::from(money.minor)).sum::<i128>());
        }
    }
}

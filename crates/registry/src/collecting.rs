//! Collecting accounts: those to which the money of many payees goes. How many are many, and within which time. Pure.
//!
//! A payee counts for an account while it is theirs, and for as long as the window is wide after they left it. So somebody who fetches
//! their money with ten payees at a time, and then with ten others, has twenty. Whoever was paid to it counts likewise: payees by the
//! registry had it then, and those whom files name beside it are more.

use crate::controls::{Control, Controls};
use kernel::Timestamp;

const SECONDS_PER_DAY: i64 = 86_400;
/// Fewer payees than this are nobody's business: couples, parents.
const FEW_MIN: u64 = 3;
/// More than this are never called few, however large the limits: nobody who looks would have expected more.
pub(crate) const FEW_MAX: u64 = 50;

/// Within which time payees are counted. The shortest comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Window {
    /// Three days.
    Days3,
    /// Thirty days.
    Days30,
    /// Six months, as 183 days.
    Months6,
}

impl Window {
    /// Every window.
    pub const ALL: [Self; 3] = [Self::Days3, Self::Days30, Self::Months6];
    /// The longest.
    pub const LONGEST: Self = Self::Months6;

    /// The control that is its limit.
    #[must_use]
    pub const fn control(self) -> Control {
        match self {
            Self::Days3 => Control::Payees3Days,
            Self::Days30 => Control::Payees30Days,
            Self::Months6 => Control::Payees6Months,
        }
    }

    /// As answers and the journal say it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Days3 => "3_days",
            Self::Days30 => "30_days",
            Self::Months6 => "6_months",
        }
    }

    const fn days(self) -> i64 {
        match self {
            Self::Days3 => 3,
            Self::Days30 => 30,
            Self::Months6 => 183,
        }
    }

    /// Who left an account, or was paid to it, after this moment counts at `now`.
    #[must_use]
    pub const fn since(self, now: Timestamp) -> Timestamp {
        now.minus_seconds(self.days() * SECONDS_PER_DAY)
    }
}

/// How many payees, within each window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures(pub [u64; Window::ALL.len()]);

impl Figures {
    /// Within one.
    #[must_use]
    pub const fn of(&self, window: Window) -> u64 {
        self.0[window as usize]
    }

    /// As the store keeps them.
    #[must_use]
    pub fn to_text(&self) -> String {
        let [days_3, days_30, months_6] = self.0;
        format!("{days_3} {days_30} {months_6}")
    }

    /// Reads what [`Figures::to_text`] wrote.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let mut figures = text.split(' ').map(str::parse);
        let read = [figures.next()?.ok()?, figures.next()?.ok()?, figures.next()?.ok()?];
        figures.next().is_none().then_some(Self(read))
    }
}

/// With more payees than so many within a window, an account is looked at before it is paid to; 0 switches a window off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits(Figures);

impl Limits {
    /// Those of the controls.
    #[must_use]
    pub fn of(controls: &Controls) -> Self {
        Self(Figures(Window::ALL.map(|window| u64::from(controls.get(window.control())))))
    }

    /// Whether any account can be over one.
    #[must_use]
    pub fn are_on(&self) -> bool {
        self.0.0.iter().any(|limit| *limit > 0)
    }

    /// Within one window; none where it is switched off.
    #[must_use]
    pub fn get(&self, window: Window) -> Option<u64> {
        Some(self.0.of(window)).filter(|limit| *limit > 0)
    }

    /// The shortest window within which an account has more payees than the limit.
    #[must_use]
    pub fn exceeded(&self, payees: &Figures) -> Option<Window> {
        let is_over = |window: &Window| self.get(*window).is_some_and(|limit| payees.of(*window) > limit);
        Window::ALL.into_iter().find(is_over)
    }

    /// From so many payees on an account is watched: half of what is allowed, so that it is known long before it matters who was paid
    /// to it.
    #[must_use]
    pub fn few(&self) -> u64 {
        let smallest = Window::ALL.into_iter().filter_map(|window| self.get(window)).min();
        smallest.map_or(FEW_MAX, |smallest| (smallest / 2).clamp(FEW_MIN, FEW_MAX))
    }

    /// As the store keeps them.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.0.to_text()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(figures: [u64; 3]) -> Limits {
        Limits(Figures(figures))
    }

    #[test]
    fn the_shortest_window_that_is_exceeded_is_named() {
        let check = |of: [u64; 3], payees: [u64; 3], expected: Option<Window>| {
            assert_eq!(limits(of).exceeded(&Figures(payees)), expected, "{of:?} {payees:?}");
        };
        check([10, 12, 20], [10, 12, 20], None);
        check([10, 12, 20], [11, 11, 11], Some(Window::Days3));
        check([10, 12, 20], [2, 13, 30], Some(Window::Days30));
        check([10, 12, 20], [2, 12, 21], Some(Window::Months6));
        check([0, 0, 20], [100, 100, 20], None);
        check([0, 0, 0], [100, 100, 100], None);
    }

    #[test]
    fn an_account_is_watched_from_half_of_the_smallest_limit_on() {
        let check = |of: [u64; 3], expected: u64| assert_eq!(limits(of).few(), expected, "{of:?}");
        check([10, 12, 20], 5);
        check([0, 12, 20], 6);
        check([2, 12, 20], 3);
        check([0, 0, 10_000], 50);
        check([0, 0, 0], 50);
        assert!(limits([0, 0, 1]).are_on() && !limits([0, 0, 0]).are_on());
    }

    #[test]
    fn figures_read_back() {
        let figures = Figures([1, 20, 300]);
        assert_eq!(Figures::from_text(&figures.to_text()), Some(figures));
        for text in ["", "1 2", "1 2 3 4", "1 2 x", "1  2 3"] {
            assert_eq!(Figures::from_text(text), None, "{text}");
        }
    }

    #[test]
    fn a_window_ends_where_it_is_wide() {
        let now = Timestamp::from_micros(1_700_000_000_000_000);
        assert_eq!(Window::Days3.since(now).micros(), now.micros() - 3 * 86_400_000_000);
        for window in Window::ALL {
            assert_eq!(Control::parse(&format!("payees_{}", window.name())), Some(window.control()));
        }
    }
}

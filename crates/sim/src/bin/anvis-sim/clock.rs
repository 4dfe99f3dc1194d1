//! Virtual time: a clock that goes on when it is told to, and may stand behind.

use denmark::calendar::copenhagen_date;
use jiff::civil::Date;
use kernel::Timestamp;

/// 2026-01-05T00:00:00Z, a Monday: the day on which every world begins.
const BEGIN_MICROS: i64 = 1_767_571_200 * SECOND_MICROS;
const SECOND_MICROS: i64 = 1_000_000;
const MINUTE_MICROS: i64 = 60 * SECOND_MICROS;
const DAY_MICROS: i64 = 24 * 60 * MINUTE_MICROS;
const BEHIND_MICROS: i64 = 60 * MINUTE_MICROS;

/// What the world's machines read. Each command has a moment of its own, and time stands still while it runs: whichever
/// thread asks, and how often, is told the same.
pub struct Clock {
    true_micros: i64,
    is_behind: bool,
}

impl Clock {
    /// At the beginning of the world.
    pub const fn new() -> Self {
        Self { true_micros: BEGIN_MICROS, is_behind: false }
    }

    /// Goes on to the minute of a day, counted from 0, unless it is later already.
    pub fn go_on_to(&mut self, day: u32, minute: i64) {
        let moment = BEGIN_MICROS + i64::from(day) * DAY_MICROS + minute * MINUTE_MICROS;
        self.true_micros = self.true_micros.max(moment);
    }

    /// From now on it shows an hour less than it is, or the right time.
    pub const fn set_behind(&mut self, is_behind: bool) {
        self.is_behind = is_behind;
    }

    /// The moment of the next command.
    pub const fn tick(&mut self) -> Timestamp {
        self.true_micros += SECOND_MICROS;
        self.read()
    }

    /// The moment that it shows.
    pub const fn read(&self) -> Timestamp {
        let behind = if self.is_behind { BEHIND_MICROS } else { 0 };
        Timestamp::from_micros(self.true_micros - behind)
    }

    /// Whether it shows an hour less than it is.
    pub const fn is_behind(&self) -> bool {
        self.is_behind
    }

    /// The date in Denmark.
    pub fn date(&self) -> Date {
        copenhagen_date(self.read().to_jiff())
    }
}

use crate::{Error, Secrets};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::marker::PhantomData;

/// Crockford's alphabet: no letter is taken for a digit.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const NAME_CHARS: usize = 13;

/// A day of 24 hours.
pub const DAY_MICROS: i64 = 86_400_000_000;

/// What has expired, or was left lying, is swept so long afterwards: an hour, by which the clocks of two processes may be apart,
/// and one more.
pub const SWEPT_AFTER_SECONDS: i64 = 2 * 3600;

/// A moment, in microseconds since 1970-01-01T00:00:00Z.
///
/// There is no `now()`: time is an argument, read once in the composition root.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment that lies `micros` microseconds after 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Reads a moment of RFC 3339; what is finer than a microsecond is cut off.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>().ok().map(Self::from)
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// The same moment for calendars and for people.
    #[must_use]
    pub fn to_jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0).unwrap_or(jiff::Timestamp::MAX)
    }

    /// This moment, `seconds` earlier.
    #[must_use]
    pub const fn minus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_sub(seconds.saturating_mul(1_000_000)))
    }

    /// This moment, so many times 24 hours earlier.
    #[must_use]
    pub const fn minus_days(self, days: i64) -> Self {
        Self(self.0.saturating_sub(days.saturating_mul(DAY_MICROS)))
    }

    /// This moment, so many times 24 hours later.
    #[must_use]
    pub const fn plus_days(self, days: i64) -> Self {
        Self(self.0.saturating_add(days.saturating_mul(DAY_MICROS)))
    }

    /// The day that it is in, counted from 1970-01-01 in UTC.
    #[must_use]
    pub const fn day(self) -> i64 {
        self.0.div_euclid(DAY_MICROS)
    }

    /// When a day of [`Timestamp::day`] begins.
    #[must_use]
    pub const fn of_day(day: i64) -> Self {
        Self(0).plus_days(day)
    }
}

impl From<jiff::Timestamp> for Timestamp {
    fn from(moment: jiff::Timestamp) -> Self {
        Self(moment.as_microsecond())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_jiff().fmt(f)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// As RFC 3339 writes it.
impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not a moment of RFC 3339"))
    }
}

/// The name of one `T`: ids of different things do not mix.
pub struct Id<T> {
    number: i64,
    of: PhantomData<fn() -> T>,
}

impl<T> Id<T> {
    /// The id that the store knows as `number`.
    #[must_use]
    pub const fn new(number: i64) -> Self {
        Self { number, of: PhantomData }
    }

    /// As the store knows it.
    #[must_use]
    pub const fn number(self) -> i64 {
        self.number
    }

    /// As people, files and addresses write it: 13 letters and digits.
    #[must_use]
    pub fn name(self) -> String {
        (0..NAME_CHARS).rev().map(|at| char::from(ALPHABET[(self.number >> (5 * at)) as usize & 31])).collect()
    }

    /// Reads what [`Id::name`] gives, in large letters or small.
    #[must_use]
    pub fn parse_name(text: &str) -> Option<Self> {
        if text.len() != NAME_CHARS {
            return None;
        }
        text.bytes()
            .try_fold(0_i64, |number, byte| {
                let digit = ALPHABET.iter().position(|letter| *letter == byte.to_ascii_uppercase())?;
                number.checked_mul(32)?.checked_add(digit as i64)
            })
            .map(Self::new)
    }
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Id<T> {}

impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl<T> Eq for Id<T> {}

impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.number.cmp(&other.number)
    }
}

impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.number)
    }
}

/// What a command may know of the world: the time, and chance for the ids that it gives. Sampled once per command, so that a
/// command which is run again after a conflict gives the same ids.
#[derive(Clone, Copy, Debug)]
pub struct Env {
    /// The moment at which the command counts as given.
    pub now: Timestamp,
    chance: u32,
}

impl Env {
    /// An environment of its own for one command. `chance` keeps apart ids that are given in the same millisecond.
    #[must_use]
    pub const fn new(now: Timestamp, chance: u32) -> Self {
        Self { now, chance }
    }

    /// The environment of one command that is given at `now`, with chance of its own.
    ///
    /// # Errors
    /// The source of secrets failed.
    pub fn sample(now: Timestamp, secrets: &mut Secrets) -> Result<Self, Error> {
        Ok(Self::new(now, u32::from_le_bytes(secrets.bytes()?)))
    }

    /// The same command at a later moment: for long work that becomes real at its end.
    #[must_use]
    pub const fn at(self, now: Timestamp) -> Self {
        Self { now, ..self }
    }

    /// A new id: 42 bits of milliseconds since 1970 and 21 bits of chance, so that ids sort by time and fit the store's
    /// integers. The store's unique key is what guarantees uniqueness; a clash is a [`crate::Conflict`].
    #[must_use]
    pub fn id<T>(&self) -> Id<T> {
        let milliseconds = self.now.micros().max(0) / 1000;
        Id::new(((milliseconds & ((1 << 42) - 1)) << 21) | i64::from(self.chance & ((1 << 21) - 1)))
    }
}

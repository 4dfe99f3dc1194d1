/// A moment, in microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Moment(i64);

const MICROS_PER_SECOND: i64 = 1_000_000;
const SECONDS_PER_DAY: i64 = 86_400;
const DAYS_IN_400_YEARS: i64 = 146_097;
/// Offsets on earth run from -12:00 to +14:00; ISO 8601 allows less than a day.
const OFFSET_HOURS_MAX: i64 = 23;

impl Moment {
    /// The moment that lies `micros` microseconds after 1970-01-01T00:00:00Z.
    pub const fn from_micros(micros: i64) -> Moment {
        Moment(micros)
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Reads `2026-11-24T10:00:00.123456+01:00` (ISO 8601, years 0001-9999): seconds and up to nine decimals of them, `Z` or
    /// an offset `+01:00`, `+0100`, `+01`. Decimals after the sixth are cut off.
    ///
    /// Clients in use write a space for the `T`, and no offset; such a time counts as UTC. If it was another zone's, the
    /// message is hours old or hours ahead, and the caller refuses it for that.
    ///
    /// `None` for any other shape, for a date that does not exist, and for a leap second.
    pub fn parse(text: &str) -> Option<Moment> {
        let mut rest = Bytes(text.as_bytes());
        let year = rest.number(4)?;
        rest.one_of(b"-")?;
        let month = rest.number(2)?;
        rest.one_of(b"-")?;
        let day = rest.number(2)?;
        rest.one_of(b"Tt ")?;
        let hour = rest.number(2)?;
        rest.one_of(b":")?;
        let minute = rest.number(2)?;
        rest.one_of(b":")?;
        let second = rest.number(2)?;
        if year < 1 || !(1..=12).contains(&month) || !(1..=days_in_month(year, month)).contains(&day) {
            return None;
        }
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let micros = if rest.one_of(b".,").is_some() { rest.decimals()? } else { 0 };
        let offset_seconds = rest.offset()?;
        let seconds = days_since_1970(year, month, day) * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second;
        Some(Moment((seconds - offset_seconds) * MICROS_PER_SECOND + micros))
    }

    /// `2026-11-24T09:00:00.123456Z`: always six decimals, always UTC. A moment outside the years 0001-9999 is written as
    /// the nearest one inside.
    pub fn to_text(self) -> String {
        let clamped = self.clamped();
        let (seconds, micros) = (clamped.div_euclid(MICROS_PER_SECOND), clamped.rem_euclid(MICROS_PER_SECOND));
        let of_day = seconds.rem_euclid(SECONDS_PER_DAY);
        let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
        format!("{}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z", self.to_date())
    }

    /// `2026-11-24`: the day that it is in UTC; as [`Moment::to_text`] otherwise.
    pub fn to_date(self) -> String {
        let (year, month, day) = date(self.clamped().div_euclid(SECONDS_PER_DAY * MICROS_PER_SECOND));
        format!("{year:04}-{month:02}-{day:02}")
    }

    /// In the years that have four digits.
    fn clamped(self) -> i64 {
        let first = days_since_1970(1, 1, 1) * SECONDS_PER_DAY * MICROS_PER_SECOND;
        let end = days_since_1970(10_000, 1, 1) * SECONDS_PER_DAY * MICROS_PER_SECOND;
        self.0.clamp(first, end - 1)
    }
}

/// What is still to be read.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn one_of(&mut self, allowed: &[u8]) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        allowed.contains(&first).then(|| self.0 = rest)?;
        Some(first)
    }

    /// Exactly this many digits.
    fn number(&mut self, digits: usize) -> Option<i64> {
        let (number, rest) = self.0.split_at_checked(digits)?;
        self.0 = rest;
        number.iter().try_fold(0, |value, byte| byte.is_ascii_digit().then(|| value * 10 + i64::from(byte - b'0')))
    }

    /// One to nine digits of a fraction, as microseconds.
    fn decimals(&mut self) -> Option<i64> {
        let length = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if !(1..=9).contains(&length) {
            return None;
        }
        let kept = length.min(6);
        let micros = self.number(kept)? * 10_i64.pow(6 - kept as u32);
        self.0 = &self.0[length - kept..];
        Some(micros)
    }

    /// What ends the text: `Z`, an offset in seconds, or nothing.
    fn offset(&mut self) -> Option<i64> {
        if self.0.is_empty() || matches!(self.0, [b'Z' | b'z']) {
            return Some(0);
        }
        let sign = if self.one_of(b"+-")? == b'+' { 1 } else { -1 };
        let hours = self.number(2)?;
        let minutes = match self.0 {
            [] => 0,
            [b':', _, _] => {
                self.0 = &self.0[1..];
                self.number(2)?
            }
            [_, _] => self.number(2)?,
            _ => return None,
        };
        (hours <= OFFSET_HOURS_MAX && minutes <= 59).then_some(sign * (hours * 3600 + minutes * 60))
    }
}

const fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

const fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Counted in years that begin in March, so that the leap day is the last of its year: then the days before a month follow
/// a straight line.
const fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    const DAYS_BEFORE_1970: i64 = 719_468;
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1 - DAYS_BEFORE_1970
}

/// The date of a day since 1970: the inverse of [`days_since_1970`], found from the year that the mean length of years gives,
/// which is off by one at most.
const fn date(days: i64) -> (i64, i64, i64) {
    let mut year = 1969 + (days * 400).div_euclid(DAYS_IN_400_YEARS);
    while days_since_1970(year + 1, 1, 1) <= days {
        year += 1;
    }
    let mut month = 1;
    while month < 12 && days_since_1970(year, month + 1, 1) <= days {
        month += 1;
    }
    (year, month, days - days_since_1970(year, month, 1) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_moment_is_written_in_many_ways() {
        let check = |text: &str, expected: &str| {
            assert_eq!(Moment::parse(text).map(Moment::to_text).as_deref(), Some(expected), "{text}");
        };
        check("2026-11-24T10:00:00Z", "2026-11-24T10:00:00.000000Z");
        check("2026-11-24T10:00:00+01:00", "2026-11-24T09:00:00.000000Z");
        check("2026-11-24T10:00:00+0100", "2026-11-24T09:00:00.000000Z");
        check("2026-11-24T10:00:00+01", "2026-11-24T09:00:00.000000Z");
        check("2022-12-04T17:20:07-04:00", "2022-12-04T21:20:07.000000Z");
        check("2026-11-24t10:00:00.5z", "2026-11-24T10:00:00.500000Z");
        check("2026-11-24T10:00:00.123456789Z", "2026-11-24T10:00:00.123456Z");
        check("2026-11-24 10:00:00.123456", "2026-11-24T10:00:00.123456Z");
        check("2026-11-24T10:00:00", "2026-11-24T10:00:00.000000Z");
        check("2024-02-29T23:59:59Z", "2024-02-29T23:59:59.000000Z");
        check("1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z");
        check("0001-01-01T00:00:00+23:59", "0001-01-01T00:00:00.000000Z");
        check("9999-12-31T23:59:59-23:59", "9999-12-31T23:59:59.999999Z");
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in [
            "",
            "now",
            "1795000000",
            "2026-11-24",
            "2026-11-24T10:00Z",
            "2026-11-24T10:00:00.Z",
            "2026-11-24T10:00:00.1234567890Z",
            "2026-11-24T10:00:00 +01:00",
            "2026-11-24T10:00:00+1:00",
            "2026-11-24T10:00:00+01:0",
            "2026-11-24T10:00:00+24:00",
            "2026-11-24T10:00:00+01:60",
            "2026-11-24T10:00:00ZZ",
            "2026-11-24T24:00:00Z",
            "2026-11-24T10:60:00Z",
            "2026-11-24T23:59:60Z",
            "2026-02-29T10:00:00Z",
            "2100-02-29T10:00:00Z",
            "2026-13-01T10:00:00Z",
            "2026-00-01T10:00:00Z",
            "2026-11-31T10:00:00Z",
            "2026-11-00T10:00:00Z",
            "0000-11-24T10:00:00Z",
            "+026-11-24T10:00:00Z",
            "２026-11-24T10:00:00Z",
            "Tue, 24 Nov 2026 10:00:00 GMT",
        ] {
            assert_eq!(Moment::parse(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in ".*") {
            let _ = Moment::parse(&text);
        }

        #[test]
        fn any_moment_is_read_back(micros in any::<i64>()) {
            let text = Moment::from_micros(micros).to_text();
            prop_assert_eq!(Moment::parse(&text).map(Moment::to_text), Some(text));
        }

        /// The calendar is somebody else's who keeps one.
        #[test]
        fn agrees_with_a_library(seconds in -62_135_596_800_i64..253_402_207_200, micros in 0_i64..1_000_000) {
            let micros = seconds * MICROS_PER_SECOND + micros;
            let theirs = jiff::Timestamp::from_microsecond(micros).unwrap();
            prop_assert_eq!(Moment::parse(&theirs.to_string()), Some(Moment::from_micros(micros)));
            let ours = Moment::from_micros(micros).to_text();
            prop_assert_eq!(ours.parse::<jiff::Timestamp>().unwrap(), theirs);
        }
    }
}

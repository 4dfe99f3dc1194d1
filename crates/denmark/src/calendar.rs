//! Days on which Danish banks work, and the date it is in Denmark.
//!
//! Source: the list of bank closing days of Denmark's central bank for 2026 and 2027, which the tests hold. That store
//! bededag ended with 2023 is common knowledge and not in that list.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use std::sync::LazyLock;

/// From the bundled database: the answer must not depend on what the machine has installed.
static COPENHAGEN: LazyLock<TimeZone> = LazyLock::new(|| {
    TimeZoneDatabase::bundled().get("Europe/Copenhagen").expect("the bundled time zone database has Copenhagen")
});

/// Store bededag, the fourth Friday after Easter, was a holiday for the last time in this year.
const STORE_BEDEDAG_LAST_YEAR: i16 = 2023;

/// Whether payments are settled on this date.
pub fn is_banking_day(date: Date) -> bool {
    !is_weekend(date) && !is_fixed_closing_day(date) && !is_moving_closing_day(date)
}

/// The date itself if it is a banking day, or else the next one. Ends as [`next_banking_day`] does.
pub fn banking_day_from(date: Date) -> Date {
    if is_banking_day(date) { date } else { next_banking_day(date) }
}

/// The first banking day strictly after this date.
///
/// Never fails: payment files do name the end of time, 9999-12-31. After the last banking day, that is the answer.
pub fn next_banking_day(date: Date) -> Date {
    let mut day = date;
    while let Ok(tomorrow) = day.tomorrow() {
        day = tomorrow;
        if is_banking_day(day) {
            break;
        }
    }
    day
}

/// The last of the next `days` banking days; zero days gives the date itself, banking day or not. Ends as
/// [`next_banking_day`] does.
pub fn add_banking_days(date: Date, days: u32) -> Date {
    let mut day = date;
    for _ in 0..days {
        if day == Date::MAX {
            break;
        }
        day = next_banking_day(day);
    }
    day
}

/// The same time of day, in Denmark, on the last of the next `days` banking days. A moment on a day that is none counts as the
/// beginning of the next banking day. Zero days give the moment itself.
pub fn after_banking_days(instant: Timestamp, days: u32) -> Timestamp {
    if days == 0 {
        return instant;
    }
    let at = COPENHAGEN.to_datetime(instant);
    let start = if is_banking_day(at.date()) { at } else { next_banking_day(at.date()).to_datetime(Time::midnight()) };
    let there = add_banking_days(start.date(), days).to_datetime(start.time());
    // A time of day that the change of clocks leaves out is an hour later; one that it repeats is the first of both.
    COPENHAGEN.to_ambiguous_timestamp(there).compatible().unwrap_or(Timestamp::MAX)
}

/// The first moment, not before an instant, at which it is this time of day in Denmark on a banking day.
pub fn next_cut_off(instant: Timestamp, time: Time) -> Timestamp {
    let mut day = copenhagen_date(instant);
    loop {
        // As above, of the days on which the clocks change.
        let cut_off = COPENHAGEN.to_ambiguous_timestamp(day.to_datetime(time)).compatible().unwrap_or(Timestamp::MAX);
        if is_banking_day(day) && cut_off >= instant || day == Date::MAX {
            return cut_off;
        }
        day = next_banking_day(day);
    }
}

/// Easter Sunday of the Gregorian calendar, by the algorithm of J.-M. Oudin (1940).
///
/// # Panics
/// The year is not one of the calendar's, -9999 to 9999.
pub fn easter_sunday(year: i16) -> Date {
    let wide_year = i32::from(year);
    let century = wide_year.div_euclid(100);
    let golden = wide_year.rem_euclid(19);
    let lunar_correction = (century - 17).div_euclid(25);
    let epact = (century - century.div_euclid(4) - (century - lunar_correction).div_euclid(3) + 19 * golden + 15)
        .rem_euclid(30);
    let full_moon = epact - (epact / 28) * (1 - (29 / (epact + 1)) * ((21 - golden) / 11));
    let weekday = (wide_year + wide_year.div_euclid(4) + full_moon + 2 - century + century.div_euclid(4)).rem_euclid(7);
    let sunday = full_moon - weekday;
    let month = 3 + (sunday + 40) / 44;
    let day = sunday + 28 - 31 * (month / 4);
    Date::constant(year, month as i8, day as i8)
}

/// When a date ends in Denmark.
pub fn end_of(date: Date) -> Timestamp {
    let next = date.tomorrow().unwrap_or(date).to_datetime(Time::midnight());
    COPENHAGEN.to_ambiguous_timestamp(next).compatible().unwrap_or(Timestamp::MAX)
}

/// The date in Denmark at an instant.
pub fn copenhagen_date(instant: Timestamp) -> Date {
    COPENHAGEN.to_datetime(instant).date()
}

/// What clocks in Denmark show at an instant.
pub fn copenhagen_clock(instant: Timestamp) -> DateTime {
    COPENHAGEN.to_datetime(instant)
}

/// The moment at which a date begins in Denmark.
pub fn copenhagen_midnight(date: Date) -> Timestamp {
    COPENHAGEN.to_ambiguous_timestamp(date.to_datetime(Time::midnight())).compatible().unwrap_or(Timestamp::MAX)
}

fn is_weekend(date: Date) -> bool {
    matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// New Year's Day, Constitution Day, Christmas Eve to the second day of Christmas, New Year's Eve.
fn is_fixed_closing_day(date: Date) -> bool {
    matches!((date.month(), date.day()), (1, 1) | (6, 5) | (12, 24..=26 | 31))
}

/// The days that move with Easter.
fn is_moving_closing_day(date: Date) -> bool {
    // None of them is outside these months, and most days of the year are.
    if !(3..=6).contains(&date.month()) {
        return false;
    }
    match date.day_of_year() - easter_sunday(date.year()).day_of_year() {
        // Maundy Thursday, Good Friday, Easter Monday.
        -3 | -2 | 1 => true,
        26 => date.year() <= STORE_BEDEDAG_LAST_YEAR,
        // Ascension Day, the Friday after it, Whit Monday.
        39 | 40 | 50 => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    #[test]
    fn banks_close_as_the_central_bank_lists() {
        // Every day of the year is asked. The list may leave out closing days that fall on a weekend.
        let check = |year: i16, closed: &str| {
            let days = date(year, 1, 1).series(jiff::Span::new().days(1)).take_while(|day| day.year() == year);
            for day in days {
                let listed = closed.split(' ').any(|listed| listed == day.strftime("%m-%d").to_string());
                assert_eq!(is_banking_day(day), !is_weekend(day) && !listed, "{day}");
            }
        };
        check(2026, "01-01 04-02 04-03 04-06 05-14 05-15 05-25 06-05 12-24 12-25 12-26 12-31");
        check(2027, "01-01 03-25 03-26 03-29 05-06 05-07 05-17 06-05 12-24 12-31");
    }

    #[test]
    fn store_bededag_ended_with_2023() {
        let check = |day: Date, open: bool| {
            assert_eq!(day.weekday(), Weekday::Friday);
            assert_eq!(is_banking_day(day), open, "{day}");
        };
        check(date(2022, 5, 13), false);
        check(date(2023, 5, 5), false);
        check(date(2024, 4, 26), true);
        check(date(2025, 5, 16), true);
    }

    #[test]
    fn a_wait_ends_at_the_same_time_of_day() {
        let check = |from: &str, days: u32, expected: &str| {
            let moment = |text: &str| text.parse::<Timestamp>().unwrap();
            assert_eq!(after_banking_days(moment(from), days), moment(expected), "{days} banking days after {from}");
        };
        // A Monday; a Friday; a Friday before summer time begins.
        check("2026-11-23T09:30:00Z", 1, "2026-11-24T09:30:00Z");
        check("2026-11-27T09:30:00Z", 2, "2026-12-01T09:30:00Z");
        check("2026-03-27T09:30:00Z", 1, "2026-03-30T08:30:00Z");
        // At night it is another day in Denmark: the first moment of Saturday, and the last of Friday.
        check("2026-11-27T23:00:00Z", 1, "2026-11-30T23:00:00Z");
        check("2026-11-27T22:59:59Z", 1, "2026-11-30T22:59:59Z");
        check("2026-11-28T12:00:00Z", 0, "2026-11-28T12:00:00Z");
        check("9999-12-30T12:00:00Z", 5, "9999-12-30T22:00:00.999999999Z");
    }

    #[test]
    fn a_cut_off_is_on_a_banking_day() {
        let check = |from: &str, time: Time, expected: &str| {
            let moment = |text: &str| text.parse::<Timestamp>().unwrap();
            assert_eq!(next_cut_off(moment(from), time), moment(expected), "{time} after {from}");
        };
        let half_past_two = Time::constant(14, 30, 0, 0);
        // A Friday, before, at and after; then the Monday. Over Easter, and over the change of the clocks.
        check("2026-11-27T13:29:59Z", half_past_two, "2026-11-27T13:30:00Z");
        check("2026-11-27T13:30:00Z", half_past_two, "2026-11-27T13:30:00Z");
        check("2026-11-27T13:30:01Z", half_past_two, "2026-11-30T13:30:00Z");
        check("2026-11-29T23:30:00Z", half_past_two, "2026-11-30T13:30:00Z");
        check("2026-04-01T13:00:00Z", half_past_two, "2026-04-07T12:30:00Z");
        check("2026-03-28T12:00:00Z", half_past_two, "2026-03-30T12:30:00Z");
        check("9999-12-30T22:00:00Z", half_past_two, "9999-12-30T22:00:00.999999999Z");
    }

    #[test]
    fn easter_falls_where_it_is_known_to() {
        let check = |year: i16, month: i8, day: i8| assert_eq!(easter_sunday(year), date(year, month, day));
        check(1818, 3, 22);
        check(1943, 4, 25);
        check(1954, 4, 18);
        check(1981, 4, 19);
        check(2000, 4, 23);
        check(2008, 3, 23);
        check(2024, 3, 31);
        check(2026, 4, 5);
        check(2027, 3, 28);
        check(2038, 4, 25);
        check(2049, 4, 18);
        check(2076, 4, 19);
    }

    #[test]
    fn counting_skips_the_days_banks_are_closed() {
        let check = |from: Date, days: u32, expected: Date| {
            assert_eq!(add_banking_days(from, days), expected, "{days} banking days after {from}");
        };
        check(date(2026, 4, 4), 0, date(2026, 4, 4));
        check(date(2026, 3, 30), 1, date(2026, 3, 31));
        // Over Easter, and over the end of the year.
        check(date(2026, 4, 1), 1, date(2026, 4, 7));
        check(date(2026, 4, 4), 1, date(2026, 4, 7));
        check(date(2026, 12, 23), 2, date(2026, 12, 29));
        check(date(2026, 12, 30), 1, date(2027, 1, 4));
        check(date(2026, 5, 13), 5, date(2026, 5, 22));
        check(date(9999, 12, 30), 1, Date::MAX);
        check(Date::MAX, 1, Date::MAX);
        check(date(9999, 1, 1), u32::MAX, Date::MAX);
    }

    #[test]
    fn a_banking_day_is_its_own_first() {
        let check = |from: Date, expected: Date| assert_eq!(banking_day_from(from), expected, "{from}");
        check(date(2026, 4, 1), date(2026, 4, 1));
        check(date(2026, 4, 2), date(2026, 4, 7));
        check(date(2026, 11, 28), date(2026, 11, 30));
        check(Date::MAX, Date::MAX);
    }

    #[test]
    fn denmark_is_ahead_by_one_hour_or_two() {
        let check = |instant: &str, expected: Date| {
            assert_eq!(copenhagen_date(instant.parse().unwrap()), expected, "{instant}");
        };
        check("2026-01-15T22:59:59Z", date(2026, 1, 15));
        check("2026-01-15T23:00:00Z", date(2026, 1, 16));
        check("2026-07-15T21:59:59Z", date(2026, 7, 15));
        check("2026-07-15T22:00:00Z", date(2026, 7, 16));
        // The clocks change on 29 March and 25 October 2026.
        check("2026-03-28T23:00:00Z", date(2026, 3, 29));
        check("2026-03-29T22:00:00Z", date(2026, 3, 30));
        check("2026-10-24T22:00:00Z", date(2026, 10, 25));
        check("2026-10-25T22:30:00Z", date(2026, 10, 25));
    }

    fn any_date() -> impl Strategy<Value = Date> {
        (-9999_i16..=9999, 1_i8..=12, 1_i8..=28).prop_map(|(year, month, day)| date(year, month, day))
    }

    proptest! {
        #[test]
        fn easter_is_a_sunday_in_spring(year in -9999_i16..=9999) {
            let easter = easter_sunday(year);
            prop_assert_eq!(easter.weekday(), Weekday::Sunday);
            prop_assert!((date(year, 3, 22)..=date(year, 4, 25)).contains(&easter));
        }

        #[test]
        fn the_next_banking_day_is_the_first_one_later(day in any_date()) {
            let next = next_banking_day(day);
            prop_assert!(next > day && next <= day.saturating_add(jiff::Span::new().days(6)));
            prop_assert!(is_banking_day(next) || next == Date::MAX);
            let mut between = day.tomorrow().unwrap();
            while between < next {
                prop_assert!(!is_banking_day(between));
                between = between.tomorrow().unwrap();
            }
        }

        #[test]
        fn days_add_up(day in any_date(), first in 0_u32..30, second in 0_u32..30) {
            let in_two_steps = add_banking_days(add_banking_days(day, first), second);
            prop_assert_eq!(in_two_steps, add_banking_days(day, first + second));
        }

        #[test]
        fn every_instant_has_a_date(second in Timestamp::MIN.as_second()..=Timestamp::MAX.as_second()) {
            let instant = Timestamp::from_second(second).unwrap();
            let utc = TimeZone::UTC.to_datetime(instant).date();
            prop_assert!([utc, utc.saturating_add(jiff::Span::new().days(1))].contains(&copenhagen_date(instant)));
        }
    }
}

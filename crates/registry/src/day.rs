//! A day as a number that grows with it, as the store keeps days: year, month and day in eight digits. Pure.

use jiff::civil::Date;

/// A day's number.
#[must_use]
pub(crate) fn number(date: Date) -> i64 {
    (i64::from(date.year()) * 100 + i64::from(date.month())) * 100 + i64::from(date.day())
}

/// The day of a number.
#[must_use]
pub(crate) fn read(number: i64) -> Option<Date> {
    let part = |number: i64| i8::try_from(number).ok();
    Date::new(i16::try_from(number / 10_000).ok()?, part(number / 100 % 100)?, part(number % 100)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn days_read_back_in_their_order() {
        let days = [date(2026, 12, 31), date(2027, 1, 1), date(2028, 2, 29)];
        assert!(days.map(number).is_sorted());
        for date in days {
            assert_eq!(read(number(date)), Some(date));
        }
        for number in [0, -1, 20_270_229, 20_271_301, i64::MAX] {
            assert_eq!(read(number), None, "{number}");
        }
    }
}

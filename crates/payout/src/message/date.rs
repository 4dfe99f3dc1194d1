//! Dates as XML Schema writes them.

use denmark::calendar::copenhagen_clock;
use jiff::civil::{Date, DateTime};
use jiff::{Timestamp, ToSpan};

/// Splits the zone off: `Z`, `+02:00`. Its offset in seconds, if there is one.
fn zone(text: &str) -> Option<(&str, Option<i32>)> {
    if let Some(text) = text.strip_suffix('Z') {
        return Some((text, Some(0)));
    }
    let Some((rest, zone)) = text.len().checked_sub(6).and_then(|at| text.split_at_checked(at)) else {
        return Some((text, None));
    };
    let sign = match zone.as_bytes().first() {
        Some(b'+') => 1,
        Some(b'-') if zone.as_bytes().get(3) == Some(&b':') => -1,
        _ => return Some((text, None)),
    };
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    let (hours, minutes) = (digits(hours, 2)?, digits(minutes, 2)?);
    let lawful = minutes < 60 && (hours < 14 || (hours == 14 && minutes == 0));
    lawful.then_some((rest, Some(sign * (hours * 3600 + minutes * 60))))
}

fn digits(text: &str, length: usize) -> Option<i32> {
    (text.len() == length && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

/// `YYYY-MM-DD`
fn plain_date(text: &str) -> Option<Date> {
    let mut fields = text.splitn(3, '-');
    let year = digits(fields.next()?, 4)?;
    let month = digits(fields.next()?, 2)?;
    let day = digits(fields.next()?, 2)?;
    if year == 0 {
        return None;
    }
    Date::new(year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?).ok()
}

/// `xs:date`: a zone is lawful, and does not change the day.
pub(super) fn date(text: &str) -> Option<Date> {
    plain_date(zone(text)?.0)
}

/// `xs:dateTime`: with a zone it is a point in time, at which clocks in Denmark show something.
pub(super) fn clock(text: &str) -> Option<DateTime> {
    let (text, offset) = zone(text)?;
    let (date, time) = text.split_once('T')?;
    let date = plain_date(date)?;
    let (time, fraction) = time.split_once('.').map_or((time, None), |(time, fraction)| (time, Some(fraction)));
    if fraction.is_some_and(|f| f.is_empty() || !f.bytes().all(|b| b.is_ascii_digit())) {
        return None;
    }
    let mut fields = time.splitn(3, ':');
    let hour = digits(fields.next()?, 2)?;
    let minute = digits(fields.next()?, 2)?;
    let second = digits(fields.next()?, 2)?;
    let is_midnight = hour == 24 && minute == 0 && second == 0 && fraction.is_none_or(|f| f.bytes().all(|b| b == b'0'));
    let time = if is_midnight {
        date.checked_add(1.day()).ok()?.at(0, 0, 0, 0)
    } else {
        let time = jiff::civil::Time::new(hour.try_into().ok()?, minute.try_into().ok()?, second.try_into().ok()?, 0);
        DateTime::from_parts(date, time.ok()?)
    };
    let Some(offset) = offset else { return Some(time) };
    let instant: Timestamp = jiff::tz::Offset::from_seconds(offset).ok()?.to_timestamp(time).ok()?;
    Some(copenhagen_clock(instant))
}

//! Long lists, page by page: `?cursor=…&limit=…`. A cursor is opaque to clients and checked here.

use crate::problem::Problem;
use schemars::JsonSchema;
use serde::Deserialize;

const LIMIT: u16 = 100;
const LIMIT_MAX: u16 = 1_000;
/// Begins every cursor: another form of it would get another letter.
const VERSION: &str = "a";
/// Of a number, and of what checks it.
const DIGITS: usize = 20;
const CURSOR_CHARS: usize = VERSION.len() + DIGITS;

/// Which page of a list is wanted.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PageOf {
    /// Where to go on: `next` of the page before. Without it, the list begins.
    #[serde(default)]
    #[schemars(length(max = 64))]
    cursor: Option<String>,
    /// At most so many rows; 100 unless it is said.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1_000))]
    limit: Option<u16>,
}

impl PageOf {
    /// The number after which the page begins.
    ///
    /// # Errors
    /// `cursor.invalid`.
    pub fn after(&self, list: &str) -> Result<Option<i64>, Problem> {
        self.cursor.as_deref().map(|cursor| after(list, cursor)).transpose()
    }

    /// How many rows it has at most.
    ///
    /// # Errors
    /// `request.query`.
    pub fn limit(&self) -> Result<usize, Problem> {
        limit(self.limit)
    }
}

/// The number after which the page begins that has this cursor.
///
/// # Errors
/// `cursor.invalid`.
pub fn after(list: &str, cursor: &str) -> Result<i64, Problem> {
    read(list, cursor).ok_or_else(|| Problem::of("cursor.invalid").because("use what the page before gave as next"))
}

/// How many rows a page has at most, of which so many were wanted.
///
/// # Errors
/// `request.query`.
pub fn limit(wanted: Option<u16>) -> Result<usize, Problem> {
    let limit = wanted.unwrap_or(LIMIT);
    if (1..=LIMIT_MAX).contains(&limit) {
        Ok(usize::from(limit))
    } else {
        Err(Problem::of("request.query").because(format!("limit is from 1 to {LIMIT_MAX}")))
    }
}

/// The same where a body says it.
///
/// # Errors
/// `body.field`.
pub fn limit_in_body(wanted: Option<u16>) -> Result<usize, Problem> {
    limit(wanted).map_err(|_| Problem::of("body.field").at("/limit").because(format!("it is from 1 to {LIMIT_MAX}")))
}

/// The cursor that goes on after this row of this list.
#[must_use]
pub fn write(list: &str, number: i64) -> String {
    format!("{VERSION}{number:016x}{:04x}", check_of(list, number))
}

/// The two numbers after which the page begins that has this cursor.
///
/// # Errors
/// `cursor.invalid`.
pub fn after_pair(list: &str, cursor: &str) -> Result<(i64, i64), Problem> {
    // What cannot be cut is none either.
    let (first, second) = cursor.split_at_checked(CURSOR_CHARS).unwrap_or((cursor, ""));
    Ok((after(list, first)?, after(list, second)?))
}

/// The cursor that goes on after the row of this list that two numbers name.
#[must_use]
pub fn write_pair(list: &str, (first, second): (i64, i64)) -> String {
    write(list, first) + &write(list, second)
}

fn read(list: &str, cursor: &str) -> Option<i64> {
    let digits = cursor.strip_prefix(VERSION).filter(|digits| digits.len() == DIGITS && digits.is_ascii())?;
    let number = i64::from_str_radix(&digits[..16], 16).ok()?;
    (write(list, number) == cursor).then_some(number)
}

/// Tells a cursor of another list, or a mistyped one, from a right one. It protects nothing: who may see what is asked anew.
fn check_of(list: &str, number: i64) -> u16 {
    let bytes = list.bytes().chain(number.to_be_bytes());
    bytes.fold(0x1d0f, |check, byte| check.rotate_left(5).wrapping_mul(31) ^ u16::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_read_back_and_others_do_not() {
        for number in [0, 1, 42, i64::MAX] {
            let cursor = write("payouts", number);
            assert_eq!(read("payouts", &cursor), Some(number));
            assert_eq!(read("feed", &cursor), None);
            assert_eq!(read("payouts", &cursor[1..]), None);
            assert_eq!(read("payouts", &cursor.to_uppercase()), None);
        }
        for cursor in ["", "a", "0", "aææææææææææ", "a00000000000000000000", "a+0000000000000000000", "' OR 1=1"]
        {
            assert_eq!(read("payouts", cursor), None, "{cursor}");
            assert!(after_pair("payouts", cursor).is_err(), "{cursor}");
        }
        let pair = write_pair("waiting", (i64::MAX, 3));
        assert!(pair.len() <= 64 && after_pair("waiting", &pair).is_ok_and(|read| read == (i64::MAX, 3)), "{pair}");
        for cursor in [&pair[..21], &pair[21..], &pair[1..], &pair.replace('3', "4")] {
            assert!(after_pair("waiting", cursor).is_err(), "{cursor}");
        }
    }
}

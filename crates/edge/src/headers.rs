//! Headers that mean something to several routes.

use crate::problem::Problem;
use hyper::header::{HeaderMap, HeaderName, HeaderValue, IF_MATCH};
use kernel::merkle::to_hex;
use kernel::{Actor, Once, Operation};
use serde::Serialize;
use sha2::{Digest, Sha256};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const IDEMPOTENCY_KEY_CHARS_MAX: usize = 128;
/// Of a digest, so many bytes tell two versions apart.
const TAG_BYTES: usize = 16;

/// The only value of a header; none where it is missing.
///
/// # Errors
/// `code`, where it stands twice or is not visible ASCII.
pub fn single<'h>(headers: &'h HeaderMap, name: &HeaderName, code: &'static str) -> Result<Option<&'h str>, Problem> {
    let mut values = headers.get_all(name).iter();
    let value = values.next();
    if values.next().is_some() {
        return Err(Problem::of(code).because(format!("the header {name} stands more than once")));
    }
    let text = value.map(HeaderValue::to_str).transpose();
    text.map_err(|_| Problem::of(code).because(format!("the header {name} is not visible ASCII")))
}

/// The caller's own name for a request, under which a repeated one gives the first answer.
#[derive(Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// Reads the header; none where it is missing.
    ///
    /// # Errors
    /// `idempotency.key`.
    pub fn read(headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        let Some(text) = single(headers, &IDEMPOTENCY_KEY, "idempotency.key")? else { return Ok(None) };
        let is_visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        if text.is_empty() || text.len() > IDEMPOTENCY_KEY_CHARS_MAX || !is_visible {
            return Err(Problem::of("idempotency.key").because(format!(
                "it has 1 to {IDEMPOTENCY_KEY_CHARS_MAX} visible characters of ASCII, without spaces"
            )));
        }
        Ok(Some(Self(text.to_owned())))
    }

    /// By what this actor's request is known when it is repeated. It is told from another by what it says, however it is written.
    #[must_use]
    pub fn once(&self, actor: &Actor, operation: &Operation, request: &impl Serialize) -> Once {
        let request = Sha256::digest(serde_json::to_vec(request).unwrap_or_default()).into();
        Once::of(actor, operation, &self.0, request)
    }

    /// As it was sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Which version of something an answer shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag(String);

impl Tag {
    /// That of what `shown` is written as.
    #[must_use]
    pub fn of(shown: &impl Serialize) -> Self {
        let digest: [u8; 32] = Sha256::digest(serde_json::to_vec(shown).unwrap_or_default()).into();
        Self(format!("\"{}\"", &to_hex(&digest)[..2 * TAG_BYTES]))
    }

    /// The value of the header `ETag`.
    #[must_use]
    pub fn header(&self) -> HeaderValue {
        HeaderValue::from_str(&self.0).expect("hexadecimal digits are visible")
    }

    /// Refuses a change of another version than this (RFC 9110 §13.1.1).
    ///
    /// # Errors
    /// `precondition.missing` without the header, `precondition.failed` where it names another version.
    pub fn require_match(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let Some(wanted) = single(headers, &IF_MATCH, "request.header")? else {
            return Err(Problem::of("precondition.missing").because("send the version's ETag as If-Match"));
        };
        let is_this = wanted.split(',').map(str::trim).any(|tag| tag == "*" || tag == self.0);
        if is_this { Ok(()) } else { Err(Problem::of("precondition.failed")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(&name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        headers
    }

    #[test]
    fn idempotency_keys() {
        let check = |values: &[&str], expected: Result<Option<&str>, &str>| {
            let read = IdempotencyKey::read(&headers(IDEMPOTENCY_KEY, values));
            let read = read.as_ref().map(|key| key.as_ref().map(IdempotencyKey::as_str)).map_err(Problem::code);
            assert_eq!(read, expected, "{values:?}");
        };
        check(&[], Ok(None));
        check(&["a-key"], Ok(Some("a-key")));
        check(&[&"k".repeat(128)], Ok(Some(&"k".repeat(128))));
        for values in [&[""] as &[_], &["two words"], &["æ"], &["a", "a"], &[&"k".repeat(129)]] {
            check(values, Err("idempotency.key"));
        }
    }

    #[test]
    fn versions() {
        let tag = Tag::of(&1);
        let check = |values: &[&str], expected: Result<(), &str>| {
            let matched = tag.require_match(&headers(IF_MATCH, values));
            assert_eq!(matched.as_ref().map_err(Problem::code).copied(), expected, "{values:?}");
        };
        check(&[], Err("precondition.missing"));
        check(&[&tag.0], Ok(()));
        check(&[&format!("\"other\", {}", tag.0)], Ok(()));
        check(&["*"], Ok(()));
        check(&["\"other\""], Err("precondition.failed"));
        check(&[&tag.0, &tag.0], Err("request.header"));
        assert_ne!(tag, Tag::of(&2));
    }
}

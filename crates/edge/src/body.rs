//! Bodies that are read whole: strictly, within bounds of size and time.

use crate::limits::Limits;
use crate::problem::Problem;
use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use std::fmt::Write;
use tokio::time::{Instant, timeout_at};

/// A key of an object that may be named in an answer: one of ours could be called so.
const KEY_CHARS_MAX: usize = 40;

/// Refuses a body that is not of this type, or is packed. A parameter is only let pass when it says UTF-8.
///
/// # Errors
/// `body.type`.
pub fn require_type(headers: &HeaderMap, expected: &str) -> Result<(), Problem> {
    if headers.get_all(CONTENT_ENCODING).iter().any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(Problem::of("body.type").because("send it as it is, without a content encoding"));
    }
    let mut given = headers.get_all(CONTENT_TYPE).iter();
    let is_expected = |value: &str| {
        let mut parts = value.split(';').map(str::trim);
        let is_type = parts.next().is_some_and(|part| part.eq_ignore_ascii_case(expected));
        is_type
            && parts.all(|part| {
                part.eq_ignore_ascii_case("charset=utf-8") || part.eq_ignore_ascii_case("charset=\"utf-8\"")
            })
    };
    match (given.next().and_then(|value| value.to_str().ok()), given.next()) {
        (Some(value), None) if is_expected(value) => Ok(()),
        _ => Err(Problem::of("body.type").because(format!("send {expected}, in UTF-8"))),
    }
}

/// Reads a whole body.
///
/// # Errors
/// `body.too_large`, before more than that is read; `request.timeout`; `body.cut_off`.
pub async fn read_whole(headers: &HeaderMap, body: Body, bytes_max: usize, limits: &Limits) -> Result<Bytes, Problem> {
    let too_large = || Problem::of("body.too_large").because(format!("{bytes_max} bytes are the most"));
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|announced| announced > bytes_max as u64) {
        return Err(too_large());
    }
    let deadline = Instant::now() + limits.body;
    let (mut body, mut first, mut more) = (body, Bytes::new(), BytesMut::new());
    loop {
        let frame = timeout_at(deadline, body.frame()).await.map_err(|_| Problem::of("request.timeout"))?;
        let Some(frame) = frame else { break };
        let Ok(data) = frame.map_err(|_| Problem::of("body.cut_off"))?.into_data() else { continue };
        if first.len() + more.len() + data.len() > bytes_max {
            return Err(too_large());
        }
        // Most bodies come in one piece, which is not copied.
        if first.is_empty() && more.is_empty() {
            first = data;
        } else {
            if more.is_empty() {
                more.extend_from_slice(&std::mem::take(&mut first));
            }
            more.extend_from_slice(&data);
        }
    }
    Ok(if more.is_empty() { first } else { more.freeze() })
}

/// Reads a JSON object strictly. Unknown and doubled fields are refused by the types, which a test of the interface's description holds
/// to; depth is bounded by the reader.
///
/// # Errors
/// `body.malformed`, `body.cut_off`, `body.field`. What was sent is not repeated in them.
pub fn read_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // A list of its fields' values would pass for an object.
    let is_list = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
    if is_list && serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok() {
        return Err(Problem::of("body.field").at("").because("expected an object"));
    }
    if has_nul(bytes) {
        return Err(Problem::of("body.field").because(NUL));
    }
    serde_json::from_slice(bytes).map_err(|error| match error.classify() {
        Category::Eof => Problem::of("body.cut_off").because("the JSON text ends too early"),
        Category::Syntax | Category::Io if is_no_json(bytes, &error) => {
            let (line, column) = (error.line(), error.column());
            let text = format!("no JSON from line {line}, column {column}, or nested too deeply");
            Problem::of("body.malformed").because(text)
        }
        Category::Data | Category::Syntax | Category::Io => {
            // The path costs time, and is only looked for where it is needed.
            let mut reader = serde_json::Deserializer::from_slice(bytes);
            let failed = serde_path_to_error::deserialize::<_, T>(&mut reader).err();
            let pointer = failed.as_ref().map(|failed| pointer(failed.path())).unwrap_or_default();
            let problem = Problem::of("body.field").at(pointer);
            match safe_part(&error.to_string()) {
                Some(text) => problem.because(text),
                None => problem,
            }
        }
    })
}

/// Reads a form, in which nothing that is known stands twice.
///
/// # Errors
/// `body.field`, `body.malformed`. What was sent is not repeated in them.
pub fn read_form<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    if has_encoded_nul(bytes) {
        return Err(Problem::of("body.field").because(NUL));
    }
    serde_urlencoded::from_bytes(bytes).map_err(|error| match safe_part(&error.to_string()) {
        Some(text) => Problem::of("body.field").because(text),
        None => Problem::of("body.malformed").because("the form cannot be read"),
    })
}

/// No text of ours has a use for U+0000, and PostgreSQL keeps none that has one.
const NUL: &str = "a text has the character U+0000";

/// Whether a text of this JSON has it. It can only stand there as an escape.
fn has_nul(json: &[u8]) -> bool {
    let begins_escape = |at: usize| json[..=at].iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1;
    json.windows(6).enumerate().any(|(at, bytes)| bytes == br"\u0000" && begins_escape(at))
}

/// Whether a query or a form has it.
pub fn has_encoded_nul(text: &[u8]) -> bool {
    text.windows(3).any(|bytes| bytes == b"%00") || text.contains(&0)
}

/// The reader calls a value of the wrong kind bad syntax where one of several words is expected.
fn is_no_json(bytes: &[u8], error: &serde_json::Error) -> bool {
    let is_too_deep = error.to_string().starts_with("recursion limit exceeded");
    is_too_deep
        || std::str::from_utf8(bytes).is_err()
        || serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_err()
}

/// The place in the body, as a JSON pointer (RFC 6901).
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        // Writing to a string cannot fail.
        let _ = match segment {
            Segment::Seq { index } => write!(pointer, "/{index}"),
            Segment::Map { key } if is_plain(key) => write!(pointer, "/{key}"),
            Segment::Map { .. } | Segment::Enum { .. } | Segment::Unknown => break,
        };
    }
    pointer
}

/// Whether a key could be a field of ours, and not somebody's number or name.
fn is_plain(key: &str) -> bool {
    key.len() <= KEY_CHARS_MAX && key.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'_'))
}

/// Of what the reader says, the part that comes from our own types and not from the body.
fn safe_part(text: &str) -> Option<String> {
    if text.starts_with("unknown field") {
        return Some("a field is not known here".to_owned());
    }
    let text = text.rsplit_once(" at line ").map_or(text, |(text, _)| text);
    if text.starts_with("missing field `") || text.starts_with("duplicate field `") {
        return Some(text.to_owned());
    }
    // What was found stands before the last of these words, and may be anything.
    text.rsplit_once(", expected ").map(|(_, expected)| format!("expected {expected}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Outer {
        name: String,
        count: u8,
        inner: Vec<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Inner {
        kind: Kind,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        One,
        Two,
    }

    #[test]
    fn what_is_wrong_is_named_and_never_repeated() {
        let check = |json: &str, code: &str, pointer: &str, detail: &str| {
            let problem = read_json::<Outer>(json.as_bytes()).unwrap_err();
            let shown = format!("{problem:?}");
            assert_eq!(problem.code(), code, "{json}: {shown}");
            assert!(shown.contains(&format!("pointer: {pointer}")), "{json}: {shown}");
            assert!(shown.contains(detail), "{json}: {shown}");
            assert!(!shown.contains("6101701234"), "{json}: {shown}");
        };
        let none = "None";
        check("", "body.cut_off", none, "too early");
        check(r#"{"name":"a","count":1,"inner":["#, "body.cut_off", none, "too early");
        check(r#"{"name":"6101701234}"#, "body.cut_off", none, "too early");
        check(r#"{"name":"a\u0000","count":1,"inner":[]}"#, "body.field", none, "U+0000");
        check(r#"{"name":"\\\u0000","count":1,"inner":[]}"#, "body.field", none, "U+0000");
        check(r#"{"name":"\\u0000","count":"6101701234"}"#, "body.field", "Some(\"/count\")", "expected u8");
        check("{name:1}", "body.malformed", none, "line 1, column 2");
        check("nil", "body.malformed", none, "column");
        check(r#"{"name":"a","count":1,"inner":[]} x"#, "body.malformed", none, "column 35");
        check("[]", "body.field", "Some(\"\")", "expected an object");
        check(" [\"a\",1,[]]", "body.field", "Some(\"\")", "expected an object");
        check("\"6101701234\"", "body.field", "Some(\"\")", "expected struct");
        check(r#"{"name":6101701234,"count":1,"inner":[]}"#, "body.field", "Some(\"/name\")", "expected a string");
        check(r#"{"name":"a","count":6101701234,"inner":[]}"#, "body.field", "Some(\"/count\")", "expected u8");
        check(r#"{"name":"a","count":1.5,"inner":[]}"#, "body.field", "Some(\"/count\")", "expected u8");
        check(r#"{"name":"a","count":1}"#, "body.field", "Some(\"\")", "missing field `inner`");
        check(r#"{"name":"a","name":"b","count":1,"inner":[]}"#, "body.field", "Some(\"\")", "duplicate field `name`");
        check(r#"{"6101701234":"a"}"#, "body.field", "Some(\"\")", "not known here");
        check(
            r#"{"name":"a","count":1,"inner":[{"kind":"6101701234, expected x"}]}"#,
            "body.field",
            "Some(\"/inner/0/kind\")",
            "one",
        );
        check(
            r#"{"name":"a","count":1,"inner":[{"kind":"one"},{"kind":7}]}"#,
            "body.field",
            "Some(\"/inner/1/kind",
            "",
        );
    }

    #[test]
    fn ten_thousand_nested_arrays_are_refused_where_the_reader_ends() {
        for (open, close) in [("[", "]"), ("{\"name\":", "}")] {
            for json in [open.repeat(10_000), open.repeat(10_000) + "1" + &close.repeat(10_000)] {
                let anything = read_json::<serde_json::Value>(json.as_bytes()).unwrap_err();
                assert!(["body.malformed", "body.cut_off", "body.field"].contains(&anything.code()));
                assert!(read_json::<Outer>(json.as_bytes()).is_err());
            }
        }
        let nested = |depth| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(read_json::<serde_json::Value>(nested(126).as_bytes()).is_ok());
        assert_eq!(read_json::<serde_json::Value>(nested(127).as_bytes()).unwrap_err().code(), "body.malformed");
    }

    #[test]
    fn types_of_bodies() {
        let check = |values: &[&'static str], is_right: bool| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(CONTENT_TYPE, HeaderValue::from_static(value));
            }
            assert_eq!(require_type(&headers, "application/json").is_ok(), is_right, "{values:?}");
        };
        check(&["application/json"], true);
        check(&["Application/JSON; charset=UTF-8"], true);
        check(&["application/json;charset=\"utf-8\""], true);
        check(&["application/json; charset=latin1"], false);
        check(&["application/json", "application/json"], false);
        check(&["text/json"], false);
        check(&[""], false);
        check(&[], false);
        let check = |coding: &'static str, is_right: bool| {
            let json = (CONTENT_TYPE, HeaderValue::from_static("application/json"));
            let headers = HeaderMap::from_iter([json, (CONTENT_ENCODING, HeaderValue::from_static(coding))]);
            assert_eq!(require_type(&headers, "application/json").is_ok(), is_right, "{coding}");
        };
        check("Identity", true);
        check("gzip", false);
        check("identity, gzip", false);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_stop_the_reader_nor_come_back(bytes: Vec<u8>, text in "[0-9]{10}") {
            let _ = read_json::<Outer>(&bytes);
            let json = serde_json::json!({ "name": "a", "count": text, "inner": [] }).to_string();
            let problem = read_json::<Outer>(json.as_bytes()).unwrap_err();
            let is_repeated = format!("{problem:?}").contains(&text);
            proptest::prop_assert!(!is_repeated);
        }
    }
}

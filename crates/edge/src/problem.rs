//! What is answered when something cannot be done: a problem document (RFC 9457), in the language that was asked for.

use crate::codes::{self, FAILURE};
use crate::core::Unanswered;
use axum::response::Response;
use http_body_util::Full;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use kernel::{Error, Refusal, Refuse};
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::Write;

/// Begins the type of each problem; the code follows.
const TYPE: &str = "urn:anvis:problem:";
/// After a crowd, and after somebody else was first.
const RETRY_SECONDS: u32 = 1;
/// After the store could not be reached.
const RETRY_STORE_SECONDS: u32 = 10;

/// Why something cannot be done.
#[derive(Debug)]
pub struct Problem {
    /// The stable code, of which [`codes`] has a row.
    code: &'static str,
    /// What is wrong here, in English; nothing personal.
    detail: Option<String>,
    /// Which part of the body, as a JSON pointer.
    pointer: Option<String>,
    headers: Vec<(HeaderName, HeaderValue)>,
    /// For the log, never for the client.
    cause: Option<String>,
}

impl Problem {
    /// A problem of this code.
    #[must_use]
    pub const fn of(code: &'static str) -> Self {
        Self { code, detail: None, pointer: None, headers: Vec::new(), cause: None }
    }

    /// A failure of ours, with what the log is to say.
    #[must_use]
    pub fn failure(cause: impl Into<String>) -> Self {
        Self { cause: Some(cause.into()), ..Self::of(FAILURE) }
    }

    /// The same, with one sentence on what is wrong. It must hold nothing that came with the request.
    #[must_use]
    pub fn because(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    /// The same, about this part of the body.
    #[must_use]
    pub fn at(self, pointer: impl Into<String>) -> Self {
        Self { pointer: Some(pointer.into()), ..self }
    }

    /// The same, with a header.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The same; it may be tried again after so many seconds.
    #[must_use]
    pub fn retry_after(self, seconds: u32) -> Self {
        self.with(header::RETRY_AFTER, seconds.into())
    }

    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// What is wrong here, if anything is said of it.
    pub(crate) fn detail(&self) -> Option<&str> {
        self.detail.as_deref()
    }

    pub(crate) fn headers(&self) -> &[(HeaderName, HeaderValue)] {
        &self.headers
    }

    /// The status of HTTP.
    #[must_use]
    pub fn status(&self) -> u16 {
        codes::find(self.code).status
    }

    /// For the log.
    #[must_use]
    pub fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }

    /// The answer to the request that is called `instance`.
    #[must_use]
    pub fn answer(self, language: Language, instance: &str) -> Response {
        let row = codes::find(self.code);
        let document = Document {
            kind: format!("{TYPE}{}", row.code),
            title: match language {
                Language::English => row.english,
                Language::Danish => row.danish,
            },
            status: row.status,
            detail: self.detail.as_deref().map(sentence),
            code: row.code,
            instance,
            pointer: self.pointer.as_deref(),
        };
        let body = serde_json::to_vec(&document).unwrap_or_default();
        let mut response = Response::new(axum::body::Body::new(Full::from(body)));
        *response.status_mut() = hyper::StatusCode::from_u16(row.status).unwrap_or_default();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::VARY, HeaderValue::from_static("accept-language"));
        headers.extend(self.headers);
        response
    }
}

/// As people write a sentence.
pub(crate) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let mut sentence: String = letters.next().map(|first| first.to_uppercase().collect()).unwrap_or_default();
    sentence.push_str(letters.as_str());
    if !sentence.ends_with('.') {
        sentence.push('.');
    }
    sentence
}

/// A problem document (RFC 9457).
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub(crate) struct Document<'d> {
    /// Which problem it is, as a URN that does not change.
    #[serde(rename = "type")]
    kind: String,
    /// What is wrong, in the language that was asked for.
    title: &'static str,
    /// The status of HTTP.
    status: u16,
    /// What is wrong here, in English.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    detail: Option<String>,
    /// The same as the type, for programs.
    code: &'static str,
    /// The name of the request, as in the log.
    instance: &'d str,
    /// Which part of the body it is about, as a JSON pointer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pointer: Option<&'d str>,
}

impl From<Refusal> for Problem {
    fn from(Refusal { code, text, retry_after_seconds }: Refusal) -> Self {
        if codes::find(code).code == code {
            let problem = Self::of(code).because(text);
            match retry_after_seconds {
                Some(seconds) => problem.retry_after(u32::try_from(seconds).unwrap_or(u32::MAX)),
                None => problem,
            }
        } else {
            Self::failure(format!("{text} [{code}]"))
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refusal) => refusal.into(),
            Error::Conflict(_) => Self::of("conflict").retry_after(RETRY_SECONDS),
            Error::Store(failure) => {
                let mut cause = failure.to_string();
                let mut source = std::error::Error::source(&failure).and_then(std::error::Error::source);
                while let Some(error) = source {
                    let _ = write!(cause, ": {error}");
                    source = error.source();
                }
                let code = codes::find(Error::Store(failure).code()).code;
                let problem = Self { cause: Some(cause), ..Self::of(code) };
                if problem.status() == 503 { problem.retry_after(RETRY_STORE_SECONDS) } else { problem }
            }
        }
    }
}

impl From<Unanswered> for Problem {
    fn from(unanswered: Unanswered) -> Self {
        match unanswered {
            Unanswered::Overloaded => Self::of("service.overloaded").retry_after(RETRY_SECONDS),
            Unanswered::Failed(error) => error.into(),
        }
    }
}

/// Refusals of the services, asked at the edge itself.
pub(crate) fn refused(refusal: impl Refuse) -> Problem {
    Refusal::from(refusal).into()
}

/// What answers are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// Unless something else is asked for.
    #[default]
    English,
    /// Dansk.
    Danish,
}

impl Language {
    /// What `Accept-Language` prefers of the two (RFC 9110 §12.5.4).
    #[must_use]
    pub fn preferred(headers: &HeaderMap) -> Self {
        let mut best = (0, Self::English);
        let listed = headers.get_all(header::ACCEPT_LANGUAGE);
        for range in listed.iter().filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(',')) {
            let (tag, parameter) = range.split_once(';').unwrap_or((range, "q=1"));
            let language = match tag.trim().split('-').next().unwrap_or_default().to_ascii_lowercase().as_str() {
                "da" => Self::Danish,
                "en" | "*" => Self::English,
                _ => continue,
            };
            let weight = thousandths(parameter.trim());
            if weight > best.0 {
                best = (weight, language);
            }
        }
        best.1
    }
}

/// Reads `q=0.7` as 700; what cannot be read weighs nothing.
fn thousandths(parameter: &str) -> u32 {
    let Some(weight) = parameter.strip_prefix("q=").or_else(|| parameter.strip_prefix("Q=")) else { return 0 };
    let (whole, decimals) = weight.split_once('.').unwrap_or((weight, ""));
    match (whole, format!("{decimals:0<3}").parse::<u32>()) {
        ("1", _) => 1_000,
        ("0", Ok(thousandths)) if decimals.len() <= 3 => thousandths,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages() {
        let check = |text: &'static str, expected| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static(text));
            assert_eq!(Language::preferred(&headers), expected, "{text}");
        };
        assert_eq!(Language::preferred(&HeaderMap::new()), Language::English);
        check("da", Language::Danish);
        check("da-DK, en;q=0.8", Language::Danish);
        check("en, da;q=0.9", Language::English);
        check("de, da;q=0.3, en;q=0.25", Language::Danish);
        check("da;q=0", Language::English);
        check("da;q=2.5;;,", Language::English);
        check("fr", Language::English);
    }

    #[test]
    fn sentences() {
        let check = |text, expected| assert_eq!(sentence(text), expected);
        check("the payee is not in the register", "The payee is not in the register.");
        check("Done.", "Done.");
        check("", ".");
    }
}

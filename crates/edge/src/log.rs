//! Lines of JSON on standard error: what was asked by its route's name, who asked, what became of it, how long it took. Never
//! a body, an address with its values, or anything of a person.

use crate::metrics::Metrics;
use serde_json::{Value, json};
use std::io::{BufWriter, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};

/// Lines that wait. Nobody waits for a log: what finds this full is counted and dropped.
const LINES: usize = 8_192;

enum Line {
    Text(String),
    /// All before it is written: then its sender is dropped.
    Flush(std::sync::mpsc::Sender<()>),
}

/// Where lines go.
#[derive(Clone)]
pub struct Log {
    lines: SyncSender<Line>,
    metrics: Arc<Metrics>,
}

impl Log {
    /// Writes to `target` on a thread of its own.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn start(target: impl Write + Send + 'static, metrics: Arc<Metrics>) -> Result<Self, kernel::Error> {
        let (lines, waiting) = sync_channel(LINES);
        let builder = std::thread::Builder::new().name("log".to_owned());
        builder.spawn(move || write(target, &waiting)).map_err(kernel::Error::io("a thread cannot be started"))?;
        Ok(Self { lines, metrics })
    }

    /// Tells of something that is no request.
    pub fn event(&self, at: kernel::Timestamp, event: &str, text: &str) {
        self.line(&json!({ "at": at.to_string(), "event": event, "text": text }));
    }

    pub(crate) fn line(&self, line: &Value) {
        if self.lines.try_send(Line::Text(line.to_string())).is_err() {
            self.metrics.log_line_dropped();
        }
    }

    /// Waits until all that was told is written.
    pub fn flush(&self) {
        let (written, wait) = channel();
        if self.lines.send(Line::Flush(written)).is_ok() {
            // Its other end is dropped.
            let _ = wait.recv();
        }
    }
}

fn write(target: impl Write, waiting: &Receiver<Line>) {
    let mut target = BufWriter::new(target);
    while let Ok(first) = waiting.recv() {
        let mut flushed = Vec::new();
        for line in std::iter::once(first).chain(waiting.try_iter().take(LINES)) {
            match line {
                // There is nowhere to say that the log cannot be written.
                Line::Text(line) => drop(writeln!(target, "{line}")),
                Line::Flush(written) => flushed.push(written),
            }
        }
        let _ = target.flush();
        drop(flushed);
    }
}

/// Names of requests: ours, or the caller's where it is well formed.
pub(crate) mod request_id {
    use hyper::header::{HeaderMap, HeaderName};

    pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-request-id");
    const CHARS: std::ops::RangeInclusive<usize> = 8..=64;

    /// More digits in a row could be somebody's number.
    const DIGITS_MAX: usize = 9;

    /// The caller's own name for the request: a UUID, or another plain word in which nobody's number can stand.
    pub(crate) fn given(headers: &HeaderMap) -> Option<&str> {
        let mut values = headers.get_all(HEADER).iter();
        let text = values.next().and_then(|value| value.to_str().ok())?;
        let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let parts: Vec<&str> = text.split('-').collect();
        // A date of birth and four digits.
        let is_cpr = |pair: &[&str]| pair[0].len() == 6 && pair[1].len() == 4 && digits(pair[0]) && digits(pair[1]);
        let is_long = |digits: &str| digits.len() > DIGITS_MAX;
        let has_number =
            text.split(|letter: char| !letter.is_ascii_digit()).any(is_long) || parts.windows(2).any(is_cpr);
        let is_uuid = parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])
            && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
        let is_good = is_uuid || (is_plain && CHARS.contains(&text.len()) && !has_number);
        (values.next().is_none() && is_good).then_some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::request_id;
    use hyper::header::{HeaderMap, HeaderValue};

    #[test]
    fn names_of_requests() {
        let check = |values: &[&'static str], expected| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(request_id::HEADER, HeaderValue::from_static(value));
            }
            assert_eq!(request_id::given(&headers), expected, "{values:?}");
        };
        check(&["0f8fad5b-d9cb-469f-a165-70867728950e"], Some("0f8fad5b-d9cb-469f-a165-70867728950e"));
        check(&["order-20261123-000017"], Some("order-20261123-000017"));
        check(&["6101701234"], None);
        check(&["cpr-610170-1234"], None);
        check(&["short"], None);
        check(&["with spaces in it"], None);
        check(&["{\"json\": true}"], None);
        check(&["request-one", "request-two"], None);
        check(&[], None);
    }
}

//! What people and scripts see: text or one JSON object, exit codes, progress.

use indicatif::{ProgressBar, ProgressStyle};
use kernel::Error;
use serde::Serialize;
use serde_json::{Value, json};
use std::io::{BufWriter, ErrorKind, IsTerminal, StdoutLock, Write};
use std::process::ExitCode;

/// Ours to mend.
const FAILED: u8 = 1;
/// The command line is wrong.
const USAGE: u8 = 2;
/// Refused as a whole.
const REFUSED: u8 = 3;

/// A wrong command line; help and version are not wrong.
pub fn usage(error: &clap::Error) -> ExitCode {
    let wants_json = std::env::args_os().any(|argument| argument == "--json");
    let discreet = without_value(error);
    if error.use_stderr() && wants_json {
        let text = discreet.unwrap_or_else(|| error.to_string());
        let text = text.strip_prefix("error: ").unwrap_or(&text);
        return print_json(&json!({ "code": "usage", "text": text.trim_end() }), USAGE);
    }
    match discreet {
        Some(text) => eprintln!("error: {text}"),
        // Nowhere is left to report a failure to print.
        None => drop(error.print()),
    }
    ExitCode::from(if error.use_stderr() { USAGE } else { 0 })
}

/// What is wrong with a value, without the value: it may be somebody's number, and what is printed ends up in logs.
fn without_value(error: &clap::Error) -> Option<String> {
    use clap::error::{ContextKind, ErrorKind};
    use std::error::Error;
    match error.kind() {
        ErrorKind::ValueValidation => {
            let argument = error.get(ContextKind::InvalidArg)?;
            Some(format!("{argument}: {}", error.source()?))
        }
        ErrorKind::UnknownArgument => {
            let argument = error.get(ContextKind::InvalidArg)?.to_string();
            (!argument.starts_with('-')).then(|| "there are more arguments than the command takes".to_owned())
        }
        _ => None,
    }
}

/// What a command has to say, for people and for scripts.
pub enum Answer {
    /// It is to be printed.
    Whole {
        /// For people.
        text: String,
        /// For scripts.
        json: Value,
        /// Whether the command refused what it was given as a whole.
        refused: bool,
    },
    /// It is to be printed, and what it shows is not as it has to be.
    Wrong {
        /// For people.
        text: String,
        /// For scripts.
        json: Value,
    },
    /// It was printed while it was made: see [`stream`].
    Printed,
}

impl Answer {
    /// It was done.
    pub fn done(text: impl Into<String>, json: &impl Serialize) -> Self {
        Self::Whole { text: text.into(), json: serde_json::to_value(json).unwrap_or(Value::Null), refused: false }
    }
}

/// Prints an answer to a command that goes on.
pub fn show(answer: &Answer, wants_json: bool) {
    if let Answer::Whole { text, json, .. } = answer {
        let text = if wants_json { &json.to_string() } else { text };
        print(text, 0);
    }
}

/// Prints what came of a command.
pub fn finish(result: Result<Answer, Error>, wants_json: bool) -> ExitCode {
    match result {
        Ok(Answer::Printed) => ExitCode::SUCCESS,
        Ok(Answer::Whole { text, json, refused }) => {
            let code = if refused { REFUSED } else { 0 };
            match (wants_json, refused) {
                (true, _) => print_json(&json, code),
                (false, true) => {
                    eprintln!("{text}");
                    ExitCode::from(code)
                }
                (false, false) => print(&text, code),
            }
        }
        Ok(Answer::Wrong { text, json }) => {
            let text = if wants_json { json.to_string() } else { text };
            print(&text, FAILED)
        }
        Err(error) => {
            let code = if matches!(error, Error::Refused(_)) { REFUSED } else { FAILED };
            if wants_json {
                print_json(&json!({ "code": error.code(), "text": error.to_string() }), code)
            } else {
                eprintln!("{error} [{}]", error.code());
                ExitCode::from(code)
            }
        }
    }
}

fn print_json(json: &Value, code: u8) -> ExitCode {
    print(&json.to_string(), code)
}

fn print(text: &str, code: u8) -> ExitCode {
    // A reader that has gone away (`| head`) is no failure of ours.
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{}", text.trim_end());
    ExitCode::from(code)
}

/// Prints an answer that may be too long to hold while `make` makes it. Whatever it fails with stands on a line of its own.
pub fn stream(make: impl FnOnce(&mut Out) -> Result<(), Error>) -> Result<Answer, Error> {
    let out = BufWriter::new(std::io::stdout().lock());
    let mut out = Out { out, held_back: String::new(), is_begun: false, has_reader: true };
    let made = make(&mut out);
    let ended = out.end();
    // A reader that has gone away (`| head`) is no failure of ours.
    if out.has_reader {
        made.and(ended)?;
    }
    Ok(Answer::Printed)
}

/// Where an answer is printed while it is made.
pub struct Out {
    out: BufWriter<StdoutLock<'static>>,
    /// White space, which is dropped where the answer ends.
    held_back: String,
    is_begun: bool,
    has_reader: bool,
}

impl Out {
    /// Prints what comes next.
    ///
    /// # Errors
    /// It cannot be printed; there is no use in going on.
    pub fn print(&mut self, text: &str) -> Result<(), Error> {
        let (told, rest) = text.split_at(text.trim_end().len());
        if !told.is_empty() {
            self.is_begun = true;
            let printed = write!(self.out, "{}{told}", self.held_back);
            self.held_back.clear();
            self.check(printed)?;
        }
        self.held_back.push_str(rest);
        Ok(())
    }

    /// Prints a JSON object whose member `list` is an empty list, with the items in it that `items` gives. No member before it
    /// has one of that name.
    ///
    /// # Errors
    /// Those of `items`; nothing is printed if the first item was not given then.
    pub fn object(
        &mut self,
        object: &Value,
        list: &str,
        items: impl FnOnce(&mut dyn FnMut(&Value) -> Result<(), Error>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let text = object.to_string();
        // In a text, its quotes would be escaped.
        let begin = format!("{}:[", json!(list));
        let (before, after) = text.split_at(text.find(&begin).map_or(text.len(), |at| at + begin.len()));
        let mut separator = before;
        items(&mut |item| {
            self.print(std::mem::replace(&mut separator, ","))?;
            self.print(&item.to_string())
        })?;
        if separator == before {
            self.print(before)?;
        }
        self.print(after)
    }

    fn end(&mut self) -> Result<(), Error> {
        let ended = if self.is_begun { writeln!(self.out).and_then(|()| self.out.flush()) } else { Ok(()) };
        self.check(ended)
    }

    fn check(&mut self, printed: std::io::Result<()>) -> Result<(), Error> {
        self.has_reader &= !printed.as_ref().is_err_and(|error| error.kind() == ErrorKind::BrokenPipe);
        printed.map_err(Error::io("the answer could not be printed"))
    }
}

/// A progress bar on a terminal, and none in a pipe.
pub struct Progress(Option<ProgressBar>);

impl Progress {
    /// `of` bytes or rows, whichever `unit` says.
    pub fn new(what: &str, of: u64, unit: Unit) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self(None);
        }
        let counts = match unit {
            Unit::Bytes => "{bytes} of {total_bytes}",
            Unit::Rows => "{human_pos}",
            Unit::Entries => "{human_pos} of {human_len}",
        };
        let bar = ProgressBar::new(of);
        if let Ok(style) = ProgressStyle::with_template(&format!("{{prefix:24}} {{wide_bar}} {counts}  {{elapsed}}")) {
            bar.set_style(style);
        }
        bar.set_prefix(what.to_owned());
        Self(Some(bar))
    }

    /// So much is done.
    pub fn at(&self, position: u64) {
        if let Some(bar) = &self.0 {
            bar.set_position(position);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

/// What a progress bar counts.
#[derive(Clone, Copy)]
pub enum Unit {
    /// Bytes of a file.
    Bytes,
    /// Rows of a file whose number is not known.
    Rows,
    /// Entries of the journal.
    Entries,
}

/// A count with its thousands set apart.
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands() {
        let check = |count, text: &str| assert_eq!(grouped(count), text);
        check(0, "0");
        check(999, "999");
        check(1000, "1,000");
        check(1_234_567, "1,234,567");
    }
}

//! What people and scripts see: text or one JSON object, exit codes, progress.

use indicatif::{ProgressBar, ProgressStyle};
use kernel::Error;
use serde::Serialize;
use serde_json::{Value, json};
use std::io::{IsTerminal, Write};
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
pub struct Answer {
    /// For people.
    pub text: String,
    /// For scripts.
    pub json: Value,
    /// Whether the command refused what it was given as a whole.
    pub refused: bool,
}

impl Answer {
    /// It was done.
    pub fn done(text: impl Into<String>, json: &impl Serialize) -> Self {
        Self { text: text.into(), json: serde_json::to_value(json).unwrap_or(Value::Null), refused: false }
    }
}

/// Prints what came of a command.
pub fn finish(result: Result<Answer, Error>, wants_json: bool) -> ExitCode {
    match result {
        Ok(Answer { text, json, refused }) => {
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

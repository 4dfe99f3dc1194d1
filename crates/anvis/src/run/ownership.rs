//! The questions to banks whose an account is; and who answers in their place while there are none: a file stands in.

use super::Session;
use crate::cli;
use crate::console::Answer;
use denmark::Account;
use edge::ownership::{Inquiries, StandIn};
use edge::rounds::Round;
use kernel::{Error, Refuse, StoreError};
use registry::account::canonical;
use registry::commands::{INQUIRIES_RETRIED_MAX, Inquirer, OwnershipQuestion, RetryInquiries};
use registry::ownership::{InquiryState, Ownership};
use registry::payee::PayeeId;
use registry::progress::Hold;
use registry::queries::{self, InquiryView};
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::path::Path;
use std::sync::Arc;

/// What banks would say: by account and payee.
type Answers = BTreeMap<(String, PayeeId), Ownership>;

/// Why the file was refused.
#[derive(Debug)]
struct Malformed;

impl Refuse for Malformed {
    fn code(&self) -> &'static str {
        "ownership.answers"
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the file of answers has lines ACCOUNT;PAYEE;ANSWER, where the answer is match, close_match, no_match or \
             not_possible",
        )
    }
}

/// Reads the file. Of what it does not name, nothing is known.
pub fn stand_in(path: &Path) -> Result<StandIn, Error> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| StoreError::new(format!("{} could not be read", path.display()), error))?;
    let answers = parse(&text).ok_or(Malformed)?;
    Ok(Arc::new(move |question: &OwnershipQuestion| said(&answers, question)))
}

fn said(answers: &Answers, question: &OwnershipQuestion) -> Ownership {
    let account = Account::parse(question.account.as_str()).map(|account| canonical(&account)).unwrap_or_default();
    answers.get(&(account, question.payee)).copied().unwrap_or(Ownership::NotPossible)
}

fn parse(text: &str) -> Option<Answers> {
    let mut answers = Answers::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let mut fields = line.split(';').map(str::trim);
        let (account, payee, answer) = (fields.next()?, fields.next()?, fields.next()?);
        let key = (canonical(&Account::parse(account).ok()?), PayeeId::parse(payee)?);
        let is_new = answers.insert(key, Ownership::parse(answer)?).is_none();
        if fields.next().is_some() || !is_new {
            return None;
        }
    }
    Some(answers)
}

impl Session {
    pub(super) fn ownership(&mut self, command: cli::Ownership) -> Result<Answer, Error> {
        match command {
            cli::Ownership::List { given_up, limit } => {
                let states = [InquiryState::Waiting, InquiryState::GivenUp];
                self.list_inquiries(if given_up { &states[1..] } else { &states[..] }, limit.into())
            }
            cli::Ownership::Ask => {
                // Whoever may not read them may not ask them either.
                self.list_inquiries(&[InquiryState::GivenUp], 1)?;
                let start = |means| Inquiries::start(means, self.stand_in.clone());
                let Round { done: answered, failed, given_up } =
                    self.once(start, async |inquiries| inquiries.round().await)?;
                let text =
                    format!("Answered {answered}; not answered {failed}, to be asked again; given up {given_up}.");
                Ok(Answer::done(text, &json!({ "answered": answered, "failed": failed, "given_up": given_up })))
            }
            cli::Ownership::Retry { id, reason, .. } => {
                let env = self.env()?;
                let command = RetryInquiries { proposal: id, why: reason };
                let count = self.writer.execute(&command, &self.actor, &env)?;
                let more = if count == INQUIRIES_RETRIED_MAX { " There may be more: say it again." } else { "" };
                Ok(Answer::done(format!("To be asked anew: {count}.{more}"), &json!({ "retried": count })))
            }
        }
    }

    fn list_inquiries(&mut self, states: &[InquiryState], limit: usize) -> Result<Answer, Error> {
        let actor = &self.actor;
        let mut all: Vec<InquiryView> = Vec::new();
        for state in states {
            let left = limit - all.len().min(limit);
            all.extend(self.writer.read(|scope| queries::inquiries(scope, actor, *state, left))?);
        }
        let mut text: String = all.iter().map(listed).collect();
        if all.is_empty() {
            text.push_str("None.");
        }
        Ok(Answer::done(text, &json!({ "questions": all })))
    }

    /// Has whoever stands in for banks answer what is due, before anything is settled.
    pub(super) fn ask_stand_in(&mut self) -> Result<(), Error> {
        let Some(stand_in) = self.stand_in.clone() else { return Ok(()) };
        let (now, holder) = (self.env()?.now, Hold::drawn(self.writer.secrets.bytes()?));
        Inquirer { holder }.ask(&mut self.writer, now, &mut |question| stand_in(question))?;
        Ok(())
    }
}

fn listed(view: &InquiryView) -> String {
    let InquiryView { id, bank, delivery, state, at, until, tries, .. } = view;
    let mut text = format!("{id}: {bank} by {delivery}, until {until}; {state} {at}, asked {tries} times\n");
    if let Some((moment, code)) = view.last_failure.as_ref().zip(view.last_code.as_ref()) {
        let status = view.last_status.map(|status| format!(" {status}")).unwrap_or_default();
        let _ = writeln!(text, "  last failure {moment}: {code}{status}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_banks_would_say() {
        let check = |text: &str, expected: Option<usize>| {
            assert_eq!(parse(text).map(|answers| answers.len()), expected, "{text}");
        };
        check("", Some(0));
        check("0040-20;cpr:6101701234;match\n\nDE89370400440532013000; cvr:13748136 ;no_match\r\n", Some(2));
        check("0040-20;cpr:6101701234;close_match\n0040-20;cpr:6101701235;not_possible", Some(2));
        check("0040-20;cpr:6101701234", None);
        check("0040-20;cpr:6101701234;match;", None);
        check("0040-20;cpr:6101701234;MTCH", None);
        check("0040-20;6101701234;match", None);
        check("account;payee;answer", None);
        check("0040-20;cpr:6101701234;match\nDK2000400000000020;cpr:6101701234;no_match", None);
    }
}

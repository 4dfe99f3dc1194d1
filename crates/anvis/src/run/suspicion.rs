//! Suspicion reports: told, answered, listed.

use super::Session;
use crate::cli::{Reported, Suspicion};
use crate::console::Answer;
use kernel::{Error, Role};
use registry::commands::{
    AcknowledgeSuspicion, CloseSuspicion, LogSuspicions, ReportSuspicion, Suspected, SuspicionAnswer,
};
use registry::queries::{self, SUSPICIONS_MAX, SuspicionDetails, SuspicionView, WantedSuspicions};
use registry::suspicion::SuspicionRefusal;
use serde_json::json;
use std::fmt::Write;

impl Session {
    pub(super) fn suspicion(&mut self, command: Suspicion) -> Result<Answer, Error> {
        let (env, is_synthetic, officer) = (self.env()?, self.writer.store.is_synthetic(), self.actor.clone());
        let now = env.now;
        match command {
            Suspicion::Report(reported) => self.report(*reported),
            Suspicion::Acknowledge { id: suspicion } => {
                let command = AcknowledgeSuspicion { suspicion, officer, is_synthetic };
                Ok(stands(&self.writer.execute(&command, &self.actor, &env)?))
            }
            Suspicion::Close { id: suspicion, finding, reason: why } => {
                let command = CloseSuspicion { suspicion, finding, why, officer, is_synthetic };
                Ok(stands(&self.writer.execute(&command, &self.actor, &env)?))
            }
            Suspicion::List { payee, .. } if officer.role() == Role::Citizen => {
                let payee = payee.ok_or(SuspicionRefusal::Unknown)?;
                let found = self.writer.read(|scope| queries::own_suspicions(scope, &officer, &payee, now))?;
                let text: String = found.iter().map(line).collect();
                Ok(Answer::done(or_none(text), &json!({ "suspicions": found })))
            }
            Suspicion::List { payee, closed } => {
                let wanted = WantedSuspicions { payee, closed };
                let (mut found, mut after) = (Vec::new(), None);
                loop {
                    let page = self
                        .writer
                        .read(|scope| queries::suspicions(scope, &officer, wanted, after, SUSPICIONS_MAX, now))?;
                    found.extend(page.rows);
                    after = page.next;
                    if after.is_none() {
                        break;
                    }
                }
                if let Some(payee) = payee {
                    let log = LogSuspicions { actor: officer.clone(), payee, is_any: !found.is_empty() };
                    self.writer.execute(&log, &officer, &env)?;
                }
                let text: String = found.iter().map(details).collect();
                Ok(Answer::done(or_none(text), &json!({ "suspicions": found })))
            }
            Suspicion::Show { id } => {
                let shown = self.writer.read(|scope| queries::suspicion(scope, &officer, &id, now))?;
                Ok(Answer::done(details(&shown), &shown))
            }
        }
    }

    fn report(&mut self, reported: Reported) -> Result<Answer, Error> {
        self.require_named()?;
        let Reported { proposal, change_of, batch, end_to_end_id, account, reason, text, from } = reported;
        let actor = self.actor.clone();
        let from = self.writer.read(|scope| queries::suspicion_source(scope, &actor, None, from))?;
        let suspected = match (proposal, change_of, batch.zip(end_to_end_id), account) {
            (Some(name), ..) => Suspected::Proposal(name),
            (_, Some(payee), ..) => Suspected::ChangeOf(payee),
            (_, _, Some((batch, id)), _) => {
                let found = self.writer.read(|scope| ::payout::queries::suspected(scope, &batch, &id))?;
                Suspected::Payout(found)
            }
            (.., Some(account)) => Suspected::Account(account),
            // One of them was said.
            _ => return Err(SuspicionRefusal::Subject.into()),
        };
        let env = self.env()?;
        let command = ReportSuspicion { actor, from, suspected, reason, text, once: None };
        Ok(stands(&self.writer.execute(&command, &self.actor, &env)?))
    }
}

fn stands(answer: &SuspicionAnswer) -> Answer {
    let SuspicionAnswer { id, state, outcome, finding, due } = answer;
    let mut text = format!("{id}: {state}");
    if let (Some(outcome), Some(finding)) = (outcome, finding) {
        let _ = write!(text, ", {outcome} ({finding})");
    }
    if let Some(due) = due {
        let _ = write!(text, ", due {due}");
    }
    Answer::done(text, answer)
}

fn or_none(text: String) -> String {
    if text.is_empty() { "No report.\n".to_owned() } else { text }
}

fn line(view: &SuspicionView) -> String {
    let SuspicionView { id, state, finding, about, reason, reported, due, overdue, .. } = view;
    let mut text = format!("{id}  {state}  {about}, {reason}, reported {reported}");
    if let Some(finding) = finding {
        let _ = write!(text, ", {finding}");
    }
    if let Some(due) = due {
        let _ = write!(text, ", {} {due}", if *overdue { "OVERDUE since" } else { "due" });
    }
    text + "\n"
}

fn details(details: &SuspicionDetails) -> String {
    let SuspicionDetails { view, from, reported_by, text: said, payer, contact, account, .. } = details;
    let mut text = line(view);
    let _ = writeln!(text, "  from {from}, by {reported_by}: {said}");
    let to = [payer, contact].into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(", ");
    let told = details.contact_told.as_ref().map(|told| format!(", told {told}")).unwrap_or_default();
    let _ = writeln!(text, "  to {}{told}", if to.is_empty() { "the agency" } else { &to });
    let subject = [&details.proposal, &details.batch, &details.end_to_end_id, account];
    for named in subject.into_iter().flatten() {
        let _ = writeln!(text, "  {named}");
    }
    if let (Some(by), Some(why)) = (&details.closed_by, &details.why) {
        let _ = writeln!(text, "  closed by {by}: {why}");
    }
    text
}

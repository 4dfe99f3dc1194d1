use super::Session;
use crate::cli::Change;
use crate::console::Answer;
use kernel::{Error, Timestamp};
use registry::commands::{RefuseChange, ReleaseChange, ShowChange, ShownChange};
use registry::queries::{self, ChangeView};
use serde_json::json;
use std::fmt::Write;

impl Session {
    pub(super) fn change(&mut self, command: Change) -> Result<Answer, Error> {
        let (env, is_synthetic) = (self.env()?, self.writer.store.is_synthetic());
        match command {
            Change::List { limit } => {
                let changes = self.waiting(usize::from(limit), env.now)?;
                let mut text: String = changes.iter().map(line).collect();
                if changes.is_empty() {
                    text.push_str("Nothing waits.");
                }
                Ok(Answer::done(text, &json!({ "changes": changes })))
            }
            Change::Show { change } => {
                let shown =
                    self.writer.execute(&ShowChange { actor: self.actor.clone(), change }, &self.actor, &env)?;
                Ok(Answer::done(shown_text(&shown), &shown))
            }
            Change::Release { change, reason } => {
                let command = ReleaseChange { change, why: reason, officer: self.actor.clone(), is_synthetic };
                let changed = self.writer.execute(&command, &self.actor, &env)?;
                let change = command.change.to_ascii_uppercase();
                let text = if changed {
                    format!("Released {change}: the account that was asked for is in force now.")
                } else {
                    format!("Released {change}: the account that was asked for was in force already.")
                };
                Ok(Answer::done(text, &json!({ "change": change, "state": "released", "changed": changed })))
            }
            Change::Refuse { change, reason } => {
                let command = RefuseChange { change, why: reason, officer: self.actor.clone(), is_synthetic };
                self.writer.execute(&command, &self.actor, &env)?;
                let change = command.change.to_ascii_uppercase();
                Ok(Answer::done(format!("Refused {change}."), &json!({ "change": change, "state": "refused" })))
            }
        }
    }

    /// What waits, from one snapshot.
    fn waiting(&mut self, limit: usize, now: Timestamp) -> Result<Vec<ChangeView>, Error> {
        let actor = &self.actor;
        self.writer.read(|scope| {
            let (mut changes, mut after) = (Vec::new(), None);
            loop {
                let page = queries::waiting(scope, actor, None, after, limit - changes.len(), now)?;
                changes.extend(page.changes);
                after = page.next;
                if after.is_none() || changes.len() >= limit {
                    return Ok(changes);
                }
            }
        })
    }
}

fn line(ChangeView { change, channel, asked, until, reason, consent, .. }: &ChangeView) -> String {
    let grounds = match (reason, consent) {
        (Some(reason), Some(consent)) => format!(", for {reason} (consent: {consent})"),
        _ => String::new(),
    };
    format!("{change}  {channel}  asked {asked}, waits until {until}{grounds}\n")
}

fn shown_text(shown: &ShownChange) -> String {
    let mut text = format!("{}  {}\n", shown.change, shown.state);
    let mut line = |label: &str, value: Option<&str>| {
        if let Some(value) = value {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "  {label:<12}  {value}");
        }
    };
    line("payee", Some(&shown.payee));
    line("account", Some(&shown.account));
    line("replaces", Some(&shown.replaces));
    line("in force", Some(shown.in_force.as_deref().unwrap_or("none")));
    line("channel", Some(&shown.channel));
    line("asked by", Some(&shown.asked_by));
    line("asked", Some(&shown.asked));
    line("until", Some(&shown.until));
    line("reason", shown.reason.as_deref());
    line("consent", shown.consent.as_deref());
    line("ended", shown.ended.as_deref());
    line("ended by", shown.ended_by.as_deref());
    line("why", shown.why.as_deref());
    text
}

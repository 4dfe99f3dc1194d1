use super::Session;
use super::motion::motion_line;
use crate::cli::Collector;
use crate::console::Answer;
use kernel::Error;
use registry::collector;
use registry::commands::{EndCollector, RemindCollectors};
use registry::queries::{self, CollectorMotion, CollectorTerms, CollectorView, CollectorsView};
use serde_json::json;

impl Session {
    pub(super) fn collector(&mut self, command: Collector) -> Result<Answer, Error> {
        match command {
            Collector::Propose { cvr, account, name, review_by, reason } => {
                self.propose(collector::Collector { cvr, account, name, review_by }, reason)
            }
            Collector::Approve { id } => self.approve::<collector::Collector>(id),
            Collector::Refuse { id, reason } => self.refuse::<collector::Collector>(id, reason),
            Collector::Withdraw { id } => self.withdraw::<collector::Collector>(id),
            Collector::End { id } => {
                let (env, is_synthetic) = (self.env()?, self.writer.store.is_synthetic());
                let command = EndCollector { id, officer: self.actor.clone(), is_synthetic };
                let (id, changed) = self.writer.execute(&command, &self.actor, &env)?;
                let text = if changed { "Ended the collector." } else { "The collector was ended before." };
                Ok(Answer::done(text, &json!({ "id": id, "state": "ended", "changed": changed })))
            }
            Collector::Remind => {
                let env = self.env()?;
                let reminded = self.writer.execute(&RemindCollectors { now: env.now }, &self.actor, &env)?;
                Ok(Answer::done(format!("Reminded {reminded} collectors."), &json!({ "reminded": reminded })))
            }
            Collector::Show { id } => {
                let (now, actor) = (self.env()?.now, &self.actor);
                let shown = self.writer.read(|scope| queries::collector_motion(scope, actor, &id, now))?;
                Ok(Answer::done(motion_text(&shown), &shown))
            }
            Collector::List => {
                let (now, actor) = (self.env()?.now, &self.actor);
                let all = self.writer.read(|scope| queries::collectors(scope, actor, now))?;
                Ok(Answer::done(list_text(&all), &all))
            }
        }
    }
}

fn list_text(CollectorsView { collectors, motions }: &CollectorsView) -> String {
    let mut text = String::new();
    for CollectorView { id, state, terms, since, proposed_by, approved_by, reason, reminded } in collectors {
        let by = match reason {
            Some(reason) => format!("proposed by {proposed_by}, approved by {approved_by}: {reason}"),
            None => format!("ended by {approved_by}"),
        };
        let reminded = reminded.as_ref().map(|reminded| format!("; reminded {reminded}")).unwrap_or_default();
        text.push_str(&format!("{id}  {state}  {}\n  since {since}, {by}{reminded}\n", terms_text(terms)));
    }
    if collectors.is_empty() {
        text.push_str("No collector is registered.\n");
    }
    for motion in motions {
        text.push_str(&motion_text(motion));
    }
    text
}

fn motion_text(CollectorMotion { motion, terms }: &CollectorMotion) -> String {
    format!("{}  {}\n", motion_line(motion), terms_text(terms))
}

fn terms_text(CollectorTerms { cvr, account, name, review_by }: &CollectorTerms) -> String {
    format!("{name} (cvr:{cvr}), {account}, review by {review_by}")
}

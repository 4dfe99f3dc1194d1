use super::Session;
use super::motion::motion_line;
use crate::cli::Controls;
use crate::console::Answer;
use kernel::Error;
use registry::commands::SetControls;
use registry::control_change::ControlChange;
use registry::queries::{self, ControlCostView, ControlMoved, ControlsMotion, ControlsView, CostsView};
use serde_json::json;
use std::fmt::Write;

impl Session {
    pub(super) fn controls(&mut self, command: Controls) -> Result<Answer, Error> {
        match command {
            Controls::Show { costs: true, since, .. } => {
                let actor = &self.actor;
                let costs = self.writer.read(|scope| queries::costs(scope, actor, since))?;
                Ok(Answer::done(costs_text(&costs), &costs))
            }
            Controls::Show { id: None, .. } => {
                let (now, actor) = (self.env()?.now, &self.actor);
                let shown = self.writer.read(|scope| queries::controls(scope, actor, now))?;
                Ok(Answer::done(shown_text(&shown), &shown))
            }
            Controls::Show { id: Some(id), .. } => {
                let (now, actor) = (self.env()?.now, &self.actor);
                let shown = self.writer.read(|scope| queries::controls_motion(scope, actor, &id, now))?;
                Ok(Answer::done(motion_text(&shown), &shown))
            }
            Controls::Propose { set, changes, reason } => {
                self.propose(ControlChange::new(set.as_deref(), &changes)?, reason)
            }
            Controls::Approve { id } => self.approve::<ControlChange>(id),
            Controls::Refuse { id, reason } => self.refuse::<ControlChange>(id, reason),
            Controls::Withdraw { id } => self.withdraw::<ControlChange>(id),
            Controls::Set { set, changes } => {
                let (env, is_synthetic) = (self.env()?, self.writer.store.is_synthetic());
                let command = SetControls { change: ControlChange::new(set.as_deref(), &changes)?, is_synthetic };
                let changed = self.writer.execute(&command, &self.actor, &env)?;
                let text = if changed { "The controls are set." } else { "The controls were set so already." };
                Ok(Answer::done(text, &json!({ "changed": changed })))
            }
        }
    }
}

fn costs_text(CostsView { since, channels, controls }: &CostsView) -> String {
    let mut text = since.as_ref().map_or_else(String::new, |since| format!("Of what was proposed since {since}.\n"));
    for (channel, cost) in channels {
        let days = |days: &Option<String>| days.clone().unwrap_or_else(|| "-".to_owned());
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{channel}: {} proposed, {} in force (days: half within {}, nine of ten within {}), {} waiting, {} expired, {} cancelled, {} refused",
            cost.proposed,
            cost.in_force,
            days(&cost.days_median),
            days(&cost.days_nine_of_ten),
            cost.waiting,
            cost.expired,
            cost.cancelled,
            cost.refused,
        );
    }
    for ControlCostView { control, figure, cost } in controls {
        let figures = [
            (cost.met, "met"),
            (cost.letters, "letters"),
            (cost.second_letters, "second letters"),
            (cost.returned_letters, "returned"),
            (cost.abandoned, "abandoned"),
            (cost.let_go_on, "looked at and let go on"),
            (cost.refused, "refused"),
            (cost.stopped, "stopped"),
            (cost.would_refuse, "would be refused"),
            (cost.payments_held, "payments held"),
            (cost.held_wrongly, "of them wrongly"),
        ];
        let mut said: Vec<String> =
            figures.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
        if let (Some(half), Some(most)) = (&cost.days_median, &cost.days_nine_of_ten) {
            said.push(format!("days: half within {half}, nine of ten within {most}"));
        }
        if !said.is_empty() {
            let _ = writeln!(text, "{control:<20} {figure:<8} {}", said.join(", "));
        }
    }
    if channels.is_empty() {
        text.push_str("Nothing was proposed.");
    }
    text
}

fn shown_text(ControlsView { equals, controls, motions, .. }: &ControlsView) -> String {
    let mut text = match equals.as_slice() {
        [] => "A set of its own.\n".to_owned(),
        names => format!("The set {}.\n", names.join(", ")),
    };
    for control in controls {
        let since = match (&control.since, &control.proposed_by, &control.approved_by) {
            (Some(since), Some(proposed), Some(approved)) if proposed == approved => {
                format!("since {since}, by {approved}")
            }
            (Some(since), Some(proposed), Some(approved)) => {
                format!("since {since}, proposed by {proposed}, approved by {approved}")
            }
            _ => "from the beginning".to_owned(),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{:<20} {:<8} {}; {since}", control.control, control.figure, control.does);
    }
    for motion in motions {
        text.push_str(&motion_text(motion));
    }
    text
}

fn motion_text(ControlsMotion { motion, changes, equals }: &ControlsMotion) -> String {
    let mut text = motion_line(motion);
    for ControlMoved { control, from, to } in changes {
        let _ = writeln!(text, "  {control}: {from} -> {to}");
    }
    if !equals.is_empty() {
        let _ = writeln!(text, "  that is the set {}", equals.join(", "));
    }
    text
}

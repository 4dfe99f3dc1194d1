//! Accounts that are marked, and the appeals of their owners.

use super::Session;
use super::motion::motion_line;
use crate::cli::Marks;
use crate::console::Answer;
use kernel::{Error, Id, Role};
use registry::commands::{AppealMark, DecideAppeal, MarkAnswer};
use registry::mark::{MarkChange, MarkRefusal};
use registry::queries::{self, AppealView, MarkMotion, MarkView, OwnMark};
use serde_json::json;
use std::fmt::Write;

/// As many are read at a time.
const PAGE_ROWS: usize = 1000;

impl Session {
    /// What is done about marks.
    pub(super) fn mark(&mut self, command: Marks) -> Result<Answer, Error> {
        let (env, is_synthetic, officer) = (self.env()?, self.writer.store.is_synthetic(), self.actor.clone());
        let now = env.now;
        match command {
            Marks::Mark { suspicion, until, reason } => {
                let suspicion = Id::parse_name(&suspicion).ok_or(MarkRefusal::Report)?;
                self.propose(MarkChange::Set { suspicion, until }, reason)
            }
            Marks::Unmark { id, reason } => {
                let mark = Id::parse_name(&id).ok_or(MarkRefusal::Unknown)?;
                self.propose(MarkChange::End { mark }, reason)
            }
            Marks::Approve { id } => self.approve::<MarkChange>(id),
            Marks::Refuse { id, reason } => self.refuse::<MarkChange>(id, reason),
            Marks::Withdraw { id } => self.withdraw::<MarkChange>(id),
            Marks::Appeal { id: mark, payee, text } => {
                let command = AppealMark { mark, actor: officer, payee, text, is_synthetic };
                Ok(stands(&self.writer.execute(&command, &self.actor, &env)?))
            }
            Marks::Decide { id: mark, appeal, lift: lifts, reason: why, .. } => {
                let command = DecideAppeal { mark, appeal, lifts, why, officer, is_synthetic };
                Ok(stands(&self.writer.execute(&command, &self.actor, &env)?))
            }
            Marks::List { payee, .. } if officer.role() == Role::Citizen => {
                let payee = payee.ok_or(MarkRefusal::Unknown)?;
                let marks = self.writer.read(|scope| queries::own_marks(scope, &officer, &payee, now))?;
                let text: String = marks.iter().map(own_line).collect();
                Ok(Answer::done(text, &json!({ "marks": marks })))
            }
            Marks::List { appealed, .. } => self.marks(appealed),
            Marks::Show { id } => {
                let mark = self.writer.read(|scope| queries::mark(scope, &officer, &id, now));
                match mark {
                    Err(error) if error.code() == "mark.unknown" => {
                        let shown = self.writer.read(|scope| queries::mark_motion(scope, &officer, &id, now))?;
                        Ok(Answer::done(motion_text(&shown), &shown))
                    }
                    mark => {
                        let mark = mark?;
                        Ok(Answer::done(mark_text(&mark), &mark))
                    }
                }
            }
        }
    }

    fn marks(&mut self, appealed: bool) -> Result<Answer, Error> {
        let (now, actor) = (self.env()?.now, self.actor.clone());
        let (mut marks, mut after) = (Vec::new(), None);
        loop {
            let of = if appealed { queries::appealed_marks } else { queries::marks };
            let page = self.writer.read(|scope| of(scope, &actor, after, PAGE_ROWS, now))?;
            marks.extend(page.rows);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let mut text: String = marks.iter().map(mark_text).collect();
        if appealed {
            let text = if marks.is_empty() { "No appeal waits.\n".to_owned() } else { text };
            return Ok(Answer::done(text, &json!({ "marks": marks })));
        }
        let motions = self.writer.read(|scope| queries::mark_motions(scope, &actor, None, PAGE_ROWS, now))?.rows;
        if marks.is_empty() {
            text.push_str("No account is or was marked.\n");
        }
        text.extend(motions.iter().map(motion_text));
        Ok(Answer::done(text, &json!({ "marks": marks, "motions": motions })))
    }
}

fn stands(answer: &MarkAnswer) -> Answer {
    let MarkAnswer { id, state, until, appeal } = answer;
    Answer::done(format!("{id}: {state} until {until}, {appeal}"), answer)
}

fn own_line(OwnMark { id, state, account, reason, until, appeal }: &OwnMark) -> String {
    let appeal = appeal.map(|appeal| format!(", {appeal}")).unwrap_or_default();
    format!("{id}  {state}  {account}, {reason}, until {until}{appeal}\n")
}

fn mark_text(mark: &MarkView) -> String {
    let MarkView { own, suspicion, since, proposed_by, approved_by, why, appeals } = mark;
    let mut text = own_line(own);
    let why = why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    let _ = writeln!(text, "  report {suspicion}, since {since}, by {proposed_by} and {approved_by}{why}");
    for AppealView { act, number, waits, at, by, why } in appeals {
        let waits = if *waits { ", waits" } else { "" };
        let _ = writeln!(text, "  {number} {act} {at} by {by}{waits}: {why}");
    }
    text
}

fn motion_text(MarkMotion { motion, change, account, suspicion, mark, stands_until }: &MarkMotion) -> String {
    let of = [account, suspicion, mark, stands_until].into_iter().flatten().map(String::as_str);
    format!("{}  {change} {}\n", motion_line(motion), of.collect::<Vec<_>>().join(", "))
}

use super::Session;
use crate::console::Answer;
use kernel::Error;
use registry::commands::{Approve, MotionAnswer, Propose, Refuse, Subject, Withdraw};
use registry::queries::MotionView;
use std::fmt::Write;
use std::marker::PhantomData;

/// What is decided by four eyes, whatever it is about.
impl Session {
    /// Proposes something for somebody else to approve.
    pub(super) fn propose<S: Subject>(&mut self, subject: S, reason: String) -> Result<Answer, Error> {
        let (env, is_synthetic) = (self.env()?, self.writer.store.is_synthetic());
        let command = Propose { subject, reason, officer: self.actor.clone(), is_synthetic };
        let answer = self.writer.execute(&command, &self.actor, &env)?;
        let until = answer.until.as_deref().unwrap_or_default();
        Ok(Answer::done(format!("Proposed {}: somebody else approves it until {until}.", answer.id), &answer))
    }

    /// Approves what somebody else proposed.
    pub(super) fn approve<S: Subject>(&mut self, motion: String) -> Result<Answer, Error> {
        let (env, is_synthetic) = (self.env()?, self.writer.store.is_synthetic());
        let command = Approve::<S> { motion, officer: self.actor.clone(), is_synthetic, about: PhantomData };
        let answer = self.writer.execute(&command, &self.actor, &env)?;
        Ok(Answer::done(format!("Approved {}: it is in force.", answer.id), &answer))
    }

    /// Refuses what somebody else proposed.
    pub(super) fn refuse<S: Subject>(&mut self, motion: String, why: String) -> Result<Answer, Error> {
        let (env, is_synthetic) = (self.env()?, self.writer.store.is_synthetic());
        let command = Refuse::<S> { motion, why, officer: self.actor.clone(), is_synthetic, about: PhantomData };
        let answer = self.writer.execute(&command, &self.actor, &env)?;
        Ok(ended("Refused", &answer))
    }

    /// Takes back what the actor proposed.
    pub(super) fn withdraw<S: Subject>(&mut self, motion: String) -> Result<Answer, Error> {
        let env = self.env()?;
        let command = Withdraw::<S> { motion, officer: self.actor.clone(), about: PhantomData };
        let answer = self.writer.execute(&command, &self.actor, &env)?;
        Ok(ended("Withdrew", &answer))
    }
}

fn ended(did: &str, answer: &MotionAnswer) -> Answer {
    Answer::done(format!("{did} {}.", answer.id), answer)
}

/// A motion in some lines, without what it proposes.
pub(super) fn motion_line(motion: &MotionView) -> String {
    let MotionView { id, state, proposed_by, proposed, reason, until, outdated, ended, ended_by, why } = motion;
    let mut text = format!("{id}  {state}  proposed by {proposed_by} {proposed}: {reason}\n");
    match (ended, ended_by) {
        (Some(ended), Some(by)) => {
            let why = why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
            let _ = writeln!(text, "  ended by {by} {ended}{why}");
        }
        _ if *outdated => text.push_str("  what it was proposed against has been changed since\n"),
        _ => {
            let _ = writeln!(text, "  waits until {until}");
        }
    }
    text
}

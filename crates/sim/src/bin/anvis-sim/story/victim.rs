//! What officers do for somebody who was robbed (NK-16): a case, by which their accounts are contested, what stood before is put back,
//! what was paid is traced and asked back, and the account that got it is marked.

use super::officers::{OFFICER, PRINTER, THIRD};
use super::stage::{Found, Stage};
use crate::world::differs;
use kernel::Error;
use payout::case::Finding;
use payout::commands::{
    CaseRecall, CaseTrace, CloseVictimCase, Opening, Recalled, Reverting, close_case, open_case, recall_for_case,
    revert_case, trace_case,
};
use payout::queries::{self, Whose};
use registry::commands::{Approve, ApproveDesignation};
use registry::mark::MarkChange;
use registry::suspicion::Source;
use std::marker::PhantomData;

impl Stage {
    /// Officers help somebody of whom it has come to light, in some way, that they were robbed: once.
    pub fn help(&mut self, who: usize, by: &'static str, because: Vec<String>) -> Result<(), Error> {
        let first = self.asked.iter().find(|asked| asked.of == who && !asked.is_lawful);
        let (Some(since), false) = (first.map(|asked| asked.at), self.helped.contains(&who)) else { return Ok(()) };
        self.helped.insert(who);
        let is_foreign = self.has_foreign_account(who)?;
        let (anna, bo, is_synthetic) = (self.officer(OFFICER)?, self.officer(PRINTER)?, self.is_synthetic());
        let (payee, why) = (self.people[who].id, "the payee knows nothing of the change");
        let env = self.world.env()?;
        let opening = Opening { payee, since, from: Source::Review, why, is_synthetic };
        let opened = open_case(&mut self.world.writer, &opening, &anna, &env);
        let Some(opened) = self.noted("officer", "victim.freeze", opened, |opened| {
            format!("{} contested, {} reported", opened.accounts.frozen.len(), opened.reported.len())
        })?
        else {
            return Ok(());
        };
        if is_foreign {
            self.found.entry(who).or_insert(Found { at: env.now, by, because });
        }
        let case = &*opened.id;
        let env = self.world.env()?;
        let wanted = Reverting { case, why, is_synthetic };
        let reverting = revert_case(&mut self.world.writer, &wanted, &anna, &env);
        let reverting = self.noted("officer", "victim.revert", reverting, |all| format!("{} proposed", all.len()))?;
        for standing in reverting.unwrap_or_default() {
            let (proposal, why, officer) = (standing.id, "the payee was asked".to_owned(), bo.clone());
            let _ = self.give("officer", &ApproveDesignation { proposal, why, officer, is_synthetic }, &bo)?;
        }
        let env = self.world.env()?;
        let wanted = CaseTrace { case, after: None, limit: 1_000, is_synthetic };
        let traced = trace_case(&mut self.world.writer, &wanted, &anna, &env);
        self.noted("officer", "victim.trace", traced, |page| format!("{} payments", page.payments.len()))?;
        let env = self.world.env()?;
        let recalled = recall_for_case(&mut self.world.writer, &CaseRecall { case, why, is_synthetic }, &bo, &env);
        let messages = |recalled: &Recalled| {
            let payments = recalled.messages.iter().map(|sent| sent.payments.len()).sum::<usize>();
            format!("{payments} payments, {} messages", recalled.messages.len())
        };
        if let Some(recalled) = self.noted("officer", "victim.recall", recalled, messages)? {
            for sent in &recalled.messages {
                let read =
                    |scope: &kernel::Scope<'_>| queries::recall_message(scope, &sent.recall, Whose::Everybodys, &anna);
                let message = self.world.writer.read(read)?;
                let text = String::from_utf8(message).map_err(|_| differs("a recall is no text"))?;
                self.world.files.write(&format!("{}.camt.055.xml", sent.recall), &text)?;
            }
            self.ask_back(recalled);
        }
        let env = self.world.env()?;
        let wanted = CloseVictimCase { case, finding: Finding::Fraud, why, mark_until: None, is_synthetic };
        let closed = close_case(&mut self.world.writer, &wanted, &bo, &env);
        let closed = self.noted("officer", "victim.close", closed, |_| "fraud".to_owned())?;
        for motion in closed.map(|closed| closed.motions).unwrap_or_default() {
            // Neither who opened the case nor who closed it.
            let (motion, third) = (motion.id, self.officer(THIRD)?);
            let approve = Approve::<MarkChange> { motion, officer: third.clone(), is_synthetic, about: PhantomData };
            let _ = self.give("officer", &approve, &third)?;
        }
        Ok(())
    }

    /// Officers act at once upon a bank's alarm: the case, by name.
    pub fn believe_bank(&mut self, who: usize) -> Result<Option<String>, Error> {
        let (anna, is_synthetic, env) = (self.officer(OFFICER)?, self.is_synthetic(), self.world.env()?);
        let from = Source::Bank(self.bank_of(&self.people[who].accounts[0])?);
        let (payee, since) = (self.people[who].id, env.now.minus_days(2));
        let opening = Opening { payee, since, from, why: "the bank suspects a stolen eID", is_synthetic };
        let opened = open_case(&mut self.world.writer, &opening, &anna, &env);
        let opened = self.noted("officer", "victim.freeze", opened, |opened| {
            format!("{} contested", opened.accounts.frozen.len())
        })?;
        Ok(opened.map(|opened| opened.id))
    }

    /// The payee was asked, and there was nothing to it: two officers say so.
    pub fn end_misunderstanding(&mut self, case: &str) -> Result<(), Error> {
        let (anna, bo, is_synthetic) = (self.officer(OFFICER)?, self.officer(PRINTER)?, self.is_synthetic());
        let now = self.world.clock.read();
        self.note(now, self.people[0].role, "call", "it was me".to_owned(), false);
        self.harm.calls += 1;
        let (why, finding) = ("the payee did it themselves", Finding::Misunderstanding);
        for officer in [anna, bo] {
            let env = self.world.env()?;
            let wanted = CloseVictimCase { case, finding, why, mark_until: None, is_synthetic };
            let closed = close_case(&mut self.world.writer, &wanted, &officer, &env);
            self.noted("officer", "victim.close", closed, |closed| {
                closed.waits_for.clone().unwrap_or_else(|| "misunderstanding".to_owned())
            })?;
        }
        Ok(())
    }

    /// Notes what became of what an officer did; none where it was refused.
    fn noted<T>(
        &mut self,
        who: &'static str,
        command: &'static str,
        result: Result<T, Error>,
        say: impl FnOnce(&T) -> String,
    ) -> Result<Option<T>, Error> {
        let now = self.world.clock.read();
        match result {
            Ok(done) => {
                self.note(now, who, command, say(&done), false);
                Ok(Some(done))
            }
            Err(Error::Refused(refusal)) => {
                self.note(now, who, command, refusal.code.to_owned(), true);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

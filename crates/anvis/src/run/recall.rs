//! Payments that are asked back.

use super::Session;
use crate::cli::Recall;
use crate::console::Answer;
use kernel::Error;
use payout::commands::{
    self, AnswersTaken, ConfirmArrival, ConfirmedMoney, NotRecalled, Recalled, SentRecall, SettleAnswer, TransfersTold,
    answer_recalls, confirm_arrival, payments_named, tell_transfers,
};
use payout::message::bank::RecallReason;
use payout::queries::{self, RecallDetails, RecallView, StrayAnswerView, Whose};
use payout::transfer_file::read_transfers;
use serde_json::{Value, json};
use std::fmt::Write;
use std::fs::File;
use std::path::{Path, PathBuf};

impl Session {
    pub(super) fn recall(&mut self, command: Recall) -> Result<Answer, Error> {
        match command {
            Recall::Send { batch, end_to_end, code, reason, out } => {
                self.send_recall(&batch, &end_to_end, code, &reason, out.as_deref())
            }
            Recall::List { payer, open, limit, before } => {
                let actor = self.actor.clone();
                let whose = payer.as_deref().map_or(Whose::Everybodys, Whose::Payers);
                let mut page =
                    self.writer.read(|scope| queries::recalls(scope, whose, before, usize::from(limit), &actor))?;
                if open {
                    let mut expected = Vec::with_capacity(page.recalls.len());
                    for view in page.recalls {
                        if self.writer.read(|scope| queries::is_open(scope, &view.recall, whose, &actor))? {
                            expected.push(view);
                        }
                    }
                    page.recalls = expected;
                }
                let mut text: String = page.recalls.iter().map(line).collect();
                if text.is_empty() {
                    text.push_str("Nothing was asked back.");
                }
                Ok(Answer::done(text, &json!({ "recalls": page.recalls, "next": page.next })))
            }
            Recall::Show { recall } => {
                let actor = self.actor.clone();
                let shown = self.writer.read(|scope| queries::recall(scope, &recall, Whose::Everybodys, &actor))?;
                Ok(Answer::done(details(&shown), &shown))
            }
            Recall::Write { recall, out } => {
                super::outside(&self.data, &out)?;
                let files = queries::write_recall_files(&mut self.writer, &recall, &out, &self.actor)?;
                Ok(Answer::done(listed(&files), &json!({ "files": files })))
            }
            Recall::Import { file, out } => {
                self.outside_of(out.as_deref())?;
                let env = self.env()?;
                let source = open(&file)?;
                let taken = answer_recalls(&mut self.writer, source, None, out.as_deref(), (&self.actor, &env))?;
                Ok(Answer::done(taken_text(&taken), &taken_json(&taken)))
            }
            Recall::Answers { limit } => {
                let page = queries::stray_answers(&mut self.writer, None, usize::from(limit), &self.actor)?;
                let mut text: String = page.answers.iter().map(stray_line).collect();
                if page.answers.is_empty() {
                    text.push_str("Nothing is on the work list.");
                } else if page.next.is_some() {
                    text.push_str("There are more.");
                }
                Ok(Answer::done(text, &json!({ "answers": page.answers, "more": page.next.is_some() })))
            }
            Recall::Settle { id, reason } => {
                self.require_named()?;
                let env = self.env()?;
                let text = format!("{id} is off the work list.");
                let command = SettleAnswer { answer: id.clone(), why: reason, by: self.actor.name().to_owned() };
                self.writer.execute(&command, &self.actor, &env)?;
                Ok(Answer::done(text, &json!({ "settled": id })))
            }
            Recall::Arrived { name, end_to_end, reason } => self.arrived(&name, &end_to_end, &reason),
            Recall::Transfers { file } => {
                let env = self.env()?;
                let (transfers, lines) = read_transfers(open(&file)?, self.actor.name())?;
                let told = tell_transfers(&mut self.writer, &transfers, None, &self.actor, &env)?;
                Ok(told_answer(&told, &lines))
            }
        }
    }

    fn send_recall(
        &mut self,
        batch: &str,
        end_to_end_ids: &[String],
        reason: RecallReason,
        why: &str,
        out: Option<&Path>,
    ) -> Result<Answer, Error> {
        self.outside_of(out)?;
        let env = self.env()?;
        let payments = self.writer.read(|scope| payments_named(scope, batch, end_to_end_ids, None))?;
        let wanted = commands::Recall { payments: &payments, reason, why, once: None };
        let Recalled { messages, left } = commands::recall(&mut self.writer, &wanted, &self.actor, &env)?;
        let (mut text, mut sent) = (String::new(), Vec::with_capacity(messages.len()));
        for SentRecall { recall, payer, batch, stage, to, bank, payments } in messages {
            let files = match out {
                Some(out) => queries::write_recall_files(&mut self.writer, &recall, out, &self.actor)?,
                None => Vec::new(),
            };
            let _ = writeln!(text, "{recall}  {} of {batch} asked back of {to}", payments.len());
            text.push_str(&listed(&files));
            sent.push(json!({
                "recall": recall,
                "payer": payer,
                "batch": batch,
                "stage": stage,
                "to": to,
                "bank": bank,
                "payments": payments.len(),
                "files": files,
            }));
        }
        for NotRecalled { number, code, text: why, .. } in &left {
            let _ = writeln!(text, "payment {}: {why} [{code}]", number + 1);
        }
        Ok(Answer::done(text, &json!({ "recalls": sent, "left": left })))
    }
}

impl Session {
    fn arrived(&mut self, name: &str, end_to_end_ids: &[String], why: &str) -> Result<Answer, Error> {
        self.require_named()?;
        let found = self.writer.read(|scope| queries::batch_of_recall(scope, name))?;
        let batch = found.unwrap_or_else(|| name.to_ascii_uppercase());
        self.writer.read(|scope| services::require_lets_go(scope, &batch, &self.actor))?;
        let env = self.env()?;
        let wanted = ConfirmArrival { batch: &batch, end_to_end_ids, why, once: None };
        let arrived = confirm_arrival(&mut self.writer, &wanted, &self.actor, &env)?;
        let line = |one: &ConfirmedMoney| format!("{}  {} {} is there\n", one.end_to_end_id, one.amount, one.currency);
        let text: String = arrived.iter().map(line).collect();
        Ok(Answer::done(text, &json!({ "batch": batch, "arrived": arrived })))
    }
}

fn stray_line(stray: &StrayAnswerView) -> String {
    let StrayAnswerView { id, at, message_id, line, status, sentence, .. } = stray;
    let status = status.as_deref().unwrap_or("-");
    format!("{id}  {at}  {message_id}, line {line}: {status}; {sentence}\n")
}

fn open(file: &Path) -> Result<File, Error> {
    File::open(file).map_err(Error::io(format!("{} could not be read", file.display())))
}

fn listed(files: &[PathBuf]) -> String {
    files.iter().fold(String::new(), |text, file| format!("{text}{}\n", file.display()))
}

fn told_answer(told: &TransfersTold, lines: &[u64]) -> Answer {
    let mut text = format!("{} told, {} known before, {} refused\n", told.told, told.known, told.refused.len());
    let refused = told.refused.iter().map(|refused| {
        let line = lines.get(refused.at).copied().unwrap_or_default();
        let _ = writeln!(text, "line {line}: {} [{}]", refused.text, refused.code);
        json!({ "line": line, "code": refused.code, "text": refused.text })
    });
    let refused: Vec<_> = refused.collect();
    Answer::done(text, &json!({ "told": told.told, "known": told.known, "refused": refused }))
}

fn taken_text(taken: &AnswersTaken) -> String {
    let AnswersTaken { answers, known, taken, unmatched, listed: new, reports, .. } = taken;
    let mut text = format!("{answers} answers, {known} of them known before, {new} new on the work list\n");
    for one in taken {
        let _ = write!(text, "{}  {}: {}, now {}", one.recall, one.end_to_end_id, one.status, one.standing);
        if let Some(booked) = &one.booked {
            let _ = write!(text, "; {booked} {} booked as come back", one.currency);
        }
        text.push_str(if one.contradicts { "; a bank had said otherwise before\n" } else { "\n" });
    }
    for one in unmatched {
        let _ = writeln!(text, "line {}: {} [{}]", one.line, one.text, one.code);
    }
    text + &listed(reports)
}

/// What was taken, without what only leads to the reports.
fn taken_json(taken: &AnswersTaken) -> Value {
    let AnswersTaken { answers, known, taken, unmatched, listed, reports, .. } = taken;
    json!({
        "answers": answers,
        "known": known,
        "taken": taken,
        "unmatched": unmatched,
        "listed": listed,
        "reports": reports,
    })
}

fn line(view: &RecallView) -> String {
    let RecallView { recall, payer, batch, at, reason, to, payments, .. } = view;
    format!("{recall}  {at}  {payer}: {payments} of {batch} asked back of {to} for {reason}\n")
}

fn details(shown: &RecallDetails) -> String {
    let RecallDetails { view, standings, contradicted, .. } = shown;
    let standings: Vec<String> = standings.iter().map(|(standing, count)| format!("{count} {standing}")).collect();
    let contradicted = if *contradicted { "; banks said one thing and then another" } else { "" };
    let mut text = line(view);
    let _ = writeln!(text, "in {}, by {}: {}", view.message_id, view.by, view.why);
    let _ = writeln!(text, "{}{contradicted}", standings.join(", "));
    for payment in &shown.recalled {
        let _ = write!(
            text,
            "  {}  {} {}: {}, {} came back",
            payment.end_to_end_id, payment.amount, payment.currency, payment.standing, payment.came_back
        );
        let is_there = payment.promised.bytes().all(|digit| matches!(digit, b'0' | b'.'));
        if !is_there {
            let _ = write!(text, "; {} is promised, and not there yet", payment.promised);
        }
        text.push('\n');
        for there in &payment.confirmed {
            let _ = writeln!(text, "    {} {} is there, by {}: {}", there.at, there.amount, there.by, there.why);
        }
        for answer in &payment.answers {
            let _ = write!(text, "    {} {} by {}", answer.at, answer.status, answer.by);
            for reason in &answer.reasons {
                let words = [&reason.code, &reason.text].into_iter().flatten();
                let _ = words.fold(&mut text, |text, word| {
                    let _ = write!(text, " {word}");
                    text
                });
            }
            text.push('\n');
        }
    }
    text
}

//! Payments that are asked back.

use super::Session;
use crate::cli::Recall;
use crate::console::Answer;
use kernel::Error;
use payout::commands::{
    self, AnswersTaken, NotRecalled, Recalled, SentRecall, TransfersTold, answer_recalls, payments_named,
    tell_transfers,
};
use payout::message::bank::RecallReason;
use payout::queries::{self, RecallDetails, RecallView, Whose};
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
                page.recalls.retain(|recall| recall.open || !open);
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
    let AnswersTaken { answers, known, taken, unmatched, reports, .. } = taken;
    let mut text = format!("{answers} answers, {known} of them known before\n");
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
    let AnswersTaken { answers, known, taken, unmatched, reports, .. } = taken;
    json!({ "answers": answers, "known": known, "taken": taken, "unmatched": unmatched, "reports": reports })
}

fn line(view: &RecallView) -> String {
    let RecallView { recall, payer, batch, at, reason, to, payments, standings, contradicted, .. } = view;
    let standings: Vec<String> = standings.iter().map(|(standing, count)| format!("{count} {standing}")).collect();
    let contradicted = if *contradicted { "; banks said one thing and then another" } else { "" };
    format!(
        "{recall}  {at}  {payer}: {payments} of {batch} asked back of {to} for {reason}; {}{contradicted}\n",
        standings.join(", ")
    )
}

fn details(shown: &RecallDetails) -> String {
    let mut text = line(&shown.view);
    let _ = writeln!(text, "in {}, by {}: {}", shown.view.message_id, shown.view.by, shown.view.why);
    for payment in &shown.recalled {
        let _ = writeln!(
            text,
            "  {}  {} {}: {}, {} came back",
            payment.end_to_end_id, payment.amount, payment.currency, payment.standing, payment.came_back
        );
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

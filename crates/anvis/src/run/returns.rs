//! Money that comes back from banks, and money that lies in waiting accounts.

use super::Session;
use crate::cli::{Return, Waiting};
use crate::console::{self, Answer};
use kernel::{Error, Timestamp};
use payout::commands::{
    GiveBack, ImportReturns, Imported, PaidOut, PaidRound, SettleReturn, Span, give_back, import_returns,
    pay_all_waiting, settle_return, write_unwritten,
};
use payout::queries::{self, LedgerLine, StrayView, WaitingView};
use serde_json::{Value, json};
use std::fmt::Write;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

impl Session {
    pub(super) fn returns(&mut self, command: Return) -> Result<Answer, Error> {
        match command {
            Return::Import { file, bank, out } => {
                self.outside_of(out.as_deref())?;
                self.settle()?;
                let env = self.env()?;
                let opened = File::open(&file).map_err(Error::io(format!("{} could not be read", file.display())))?;
                let wanted = ImportReturns {
                    file: BufReader::new(opened),
                    bank: bank.as_deref(),
                    out: out.as_deref(),
                    once: None,
                };
                let imported = import_returns(&mut self.writer, wanted, &self.actor, &env)?;
                Ok(Answer::done(imported_text(&imported), &imported_json(&imported)))
            }
            Return::List { limit } => {
                let page = queries::strays(&mut self.writer, None, usize::from(limit), &self.actor)?;
                let mut text: String = page.returns.iter().map(stray_line).collect();
                if page.returns.is_empty() {
                    text.push_str("Nothing is on the work list.");
                } else if page.next.is_some() {
                    text.push_str("There are more.");
                }
                Ok(Answer::done(text, &json!({ "returns": page.returns, "more": page.next.is_some() })))
            }
            Return::Settle { id, batch, end_to_end, not_ours: _, reason, out } => {
                self.require_named()?;
                self.outside_of(out.as_deref())?;
                let env = self.env()?;
                let payment = batch.as_deref().zip(end_to_end.as_deref());
                let (stray, why, out) = (id.as_str(), reason.as_str(), out.as_deref());
                let wanted = SettleReturn { stray, payment, why, out, once: None };
                let imported = settle_return(&mut self.writer, &wanted, &self.actor, &env)?;
                Ok(Answer::done(imported_text(&imported), &imported_json(&imported)))
            }
        }
    }

    pub(super) fn waiting_money(&mut self, command: Waiting) -> Result<Answer, Error> {
        match command {
            Waiting::List { payer } => {
                let Self { writer, actor, wants_json, .. } = self;
                console::stream(|out| {
                    if *wants_json {
                        return out.object(&json!({ "waiting": [] }), "waiting", |item| {
                            queries::each_waiting(writer, payer.as_deref(), actor, |one| item(&json!(one)))
                        });
                    }
                    let mut text = "Nothing lies in a waiting account.".to_owned();
                    queries::each_waiting(writer, payer.as_deref(), actor, |one| {
                        text.clear();
                        out.print(&waiting_line(&one))
                    })?;
                    out.print(&text)
                })
            }
            Waiting::Pay { payer, out } => {
                self.outside_of(out.as_deref())?;
                self.settle()?;
                let earlier = match &out {
                    Some(out) => write_unwritten(&mut self.writer, out)?,
                    None => Vec::new(),
                };
                let env = self.env()?;
                let to = (out.as_deref(), Span::WHOLE);
                let PaidRound { paid, .. } =
                    pay_all_waiting(&mut self.writer, payer.as_deref(), to, &self.actor, &env)?;
                let mut text: String = paid.iter().map(paid_text).collect();
                text.extend(earlier.iter().map(|path| format!("{}\n", path.display())));
                if paid.is_empty() {
                    text.push_str("Nothing could leave that lies in a waiting account.");
                }
                let json: Vec<Value> = paid.iter().map(paid_json).collect();
                Ok(Answer::done(text, &json!({ "paid": json, "earlier": earlier })))
            }
            Waiting::GiveBack { batch, end_to_end, reason, out } => {
                self.outside_of(out.as_deref())?;
                self.writer.read(|scope| services::require_lets_go(scope, &batch, &self.actor))?;
                let env = self.env()?;
                let wanted = GiveBack {
                    batch: &batch,
                    end_to_end_id: &end_to_end,
                    why: &reason,
                    stages: None,
                    out: out.as_deref(),
                    once: None,
                };
                let (stage, reports) = give_back(&mut self.writer, &wanted, &self.actor, &env)?;
                let mut text = format!("{batch}  stage {stage}\n");
                for path in &reports {
                    let _ = writeln!(text, "{}", path.display());
                }
                Ok(Answer::done(text, &json!({ "batch": batch, "stage": stage, "reports": reports })))
            }
            Waiting::Ledger { payer, since } => {
                let since = since.unwrap_or(Timestamp::from_micros(0));
                let lines = queries::ledger(&mut self.writer, &payer, since, &self.actor)?;
                let mut text: String = lines.iter().map(ledger_line).collect();
                if lines.is_empty() {
                    text.push_str("Nothing ever lay in that waiting account.");
                }
                Ok(Answer::done(text, &json!({ "payer": payer, "lines": lines })))
            }
        }
    }

    /// Where something is written is not where the store is.
    pub(super) fn outside_of(&self, out: Option<&Path>) -> Result<(), Error> {
        out.map_or(Ok(()), |out| super::outside(&self.data, out))
    }
}

fn imported_text(imported: &Imported) -> String {
    let Imported { returns, booked, known, listed, closed, questioned, unfollowed, stages, reports } = imported;
    let mut text = format!("{returns} returns: {booked} booked, {known} known before, {listed} on the work list\n");
    if closed + questioned > 0 {
        let _ = writeln!(text, "accounts: {closed} closed, {questioned} questioned");
    }
    if *unfollowed > 0 {
        let _ = writeln!(text, "accounts: {unfollowed} yet to be closed or questioned");
    }
    for (batch, stage) in stages {
        let _ = writeln!(text, "{batch}  stage {stage}");
    }
    for path in reports {
        let _ = writeln!(text, "{}", path.display());
    }
    text
}

fn imported_json(imported: &Imported) -> Value {
    let Imported { returns, booked, known, listed, closed, questioned, unfollowed, stages, reports } = imported;
    let stages: Vec<Value> = stages.iter().map(|(batch, stage)| json!({ "batch": batch, "stage": stage })).collect();
    json!({
        "returns": returns,
        "booked": booked,
        "known": known,
        "listed": listed,
        "closed": closed,
        "questioned": questioned,
        "unfollowed": unfollowed,
        "stages": stages,
        "reports": reports,
    })
}

fn stray_line(stray: &StrayView) -> String {
    let StrayView { id, at, end_to_end_id, amount, currency, reason, sentence, .. } = stray;
    let of = end_to_end_id.as_deref().unwrap_or("-");
    let amount = amount.as_deref().unwrap_or("-");
    let currency = currency.as_deref().unwrap_or_default();
    format!("{id}  {at}  {of}  {amount} {currency}  {reason}: {sentence}\n")
}

fn waiting_line(waiting: &WaitingView) -> String {
    let WaitingView { batch, payer, end_to_end_id, amount, currency, since } = waiting;
    format!("{batch}  {end_to_end_id}  {amount} {currency}  since {since}  {payer}\n")
}

pub(super) fn paid_text(PaidOut { batch, stage, sent, files }: &PaidOut) -> String {
    let sums: Vec<String> = sent.sums.iter().map(|(currency, sum)| format!("{sum} {currency}")).collect();
    let mut text = format!("{batch}  stage {stage}: {} payments, {}\n", sent.payments, sums.join(" + "));
    for path in files {
        let _ = writeln!(text, "{}", path.display());
    }
    text
}

pub(super) fn paid_json(PaidOut { batch, stage, sent, files }: &PaidOut) -> Value {
    json!({ "batch": batch, "stage": stage, "payments": sent.payments, "sums": sent.sums, "files": files })
}

fn ledger_line(line: &LedgerLine) -> String {
    let LedgerLine { at, batch, stage, currency, came_in, left, remains } = line;
    format!("{at}  {batch}-{stage}  in {came_in}  out {left}  {remains} {currency} of it left\n")
}

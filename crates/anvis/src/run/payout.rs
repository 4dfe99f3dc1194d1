use super::Session;
use crate::cli::Payout;
use crate::console::{self, Answer, Progress, Unit, grouped};
use kernel::Error;
use payout::batch::Counts;
use payout::commands::{Cancel, Refused, Release, Released, Request, Routed, cancel, release, route};
use payout::queries::{self, BatchView, PaymentView};
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::Path;

impl Session {
    pub(super) fn payout(&mut self, command: Payout) -> Result<Answer, Error> {
        match command {
            Payout::Route { file, payer, out, hold } => {
                super::outside(&self.data, &out)?;
                // A file is paid by what holds when it is routed: what was due until then holds.
                self.settle_first()?;
                let env = self.env()?;
                let claimed = self.claimed;
                let clock = move || claimed.unwrap_or_else(super::system_clock);
                let bytes = std::fs::metadata(&file).map_or(0, |metadata| metadata.len());
                let progress = Progress::new("Routing", bytes, Unit::Bytes);
                let request = Request { file: &file, payer: &payer, out: &out, hold_all: hold, clock: &clock };
                let result = route(&mut self.writer, &request, &self.actor, &env, &mut |at| progress.at(at))?;
                let routed = match result {
                    Ok(routed) => routed,
                    Err(refused) => return Ok(refusal(&refused)),
                };
                let mut text = summary(&routed);
                let mut json = routed_json(&routed);
                // What is told of a file that had come in before is its first result; that may be past.
                if routed.duplicate {
                    let now = queries::counts(&mut self.writer, &routed.batch, &self.actor)?;
                    if now != routed.counts {
                        let _ = write!(text, "now: {}\n{}", now.state(), counts_text(&now));
                        json["now"] = counts_json(&routed.batch, &now);
                    }
                }
                Ok(Answer::done(text, &json))
            }
            Payout::List { limit } => {
                let Self { writer, actor, wants_json, .. } = self;
                console::stream(|out| {
                    if *wants_json {
                        return out.object(&json!({ "batches": [] }), "batches", |item| {
                            queries::list(writer, limit, actor, |batch| item(&batch_json(&batch)))
                        });
                    }
                    let mut text = "No file has come in yet.".to_owned();
                    queries::list(writer, limit, actor, |batch| {
                        text.clear();
                        out.print(&batch_line(&batch))
                    })?;
                    out.print(&text)
                })
            }
            Payout::Show { batch } => console::stream(|out| {
                queries::show(&mut self.writer, &batch, &self.actor, |shown| {
                    let view = &shown.view;
                    if self.wants_json {
                        let mut json = batch_json(view);
                        json["payments"] = json!([]);
                        return out.object(&json, "payments", |item| {
                            shown.each_payment(|payment| item(&payment_json(&payment)))
                        });
                    }
                    out.print(&format!("{}  {}  {}\n", view.batch, view.counts.state(), view.payer))?;
                    shown.each_payment(|payment| out.print(&payment_line(&payment)))
                })
            }),
            Payout::Release { batch, out } => {
                super::outside(&self.data, &out)?;
                self.settle_first()?;
                let env = self.env()?;
                let wanted = Release { batch: &batch, out: Some(&out), stages: None, once: None };
                let released = release(&mut self.writer, &wanted, &self.actor, &env)?;
                let Released { batch, counts, completed, status, earlier } = &released;
                let mut text = format!("{batch}  {}\n{}", counts.state(), counts_text(counts));
                for path in earlier.iter().chain(completed).chain(status) {
                    let _ = writeln!(text, "{}", path.display());
                }
                let mut json = counts_json(batch, counts);
                json["completed"] = json!(completed);
                json["status"] = json!(status);
                json["earlier"] = json!(earlier);
                Ok(Answer::done(text, &json))
            }
            Payout::Cancel { batch, end_to_end } => {
                let env = self.env()?;
                let ids: Option<Vec<String>> = end_to_end.map(|id| vec![id]);
                let wanted = Cancel { batch: &batch, end_to_end_ids: ids.as_deref(), stages: None, once: None };
                let counts = cancel(&mut self.writer, &wanted, &self.actor, &env)?;
                let name = batch.to_ascii_uppercase();
                let report = if counts.held > 0 {
                    format!("The report of the next release tells it: 'anvis payout release {name} --out DIR'.")
                } else {
                    format!("'anvis payout release {name} --out DIR' writes the report that tells it.")
                };
                let text = format!("{name}  {}\n{}No file was written. {report}", counts.state(), counts_text(&counts));
                Ok(Answer::done(text, &counts_json(&name, &counts)))
            }
        }
    }
}

fn counts_json(batch: &str, counts: &Counts) -> Value {
    json!({
        "batch": batch,
        "state": counts.state(),
        "payments": counts.payments,
        "routed": counts.routed,
        "passed": counts.passed,
        "held": counts.held,
        "rejected": counts.rejected,
        "cancelled": counts.cancelled,
        "reasons": counts.reasons,
        "sums": counts.sums,
    })
}

fn routed_json(Routed { batch, duplicate, counts, completed, status }: &Routed) -> Value {
    let mut json = counts_json(batch, counts);
    json["duplicate"] = json!(duplicate);
    json["now"] = Value::Null;
    json["completed"] = json!(completed);
    json["status"] = json!(status);
    json
}

fn batch_json(BatchView { batch, payer, message_id, received, counts, .. }: &BatchView) -> Value {
    let mut json = counts_json(batch, counts);
    json["payer"] = json!(payer);
    json["message_id"] = json!(message_id);
    json["received"] = json!(received);
    json
}

fn batch_line(BatchView { batch, payer, received, counts, .. }: &BatchView) -> String {
    let payments = grouped(counts.payments);
    format!("{batch}  {received}  {:<10} {payments:>12}  {payer}\n", counts.state())
}

fn payment_line(PaymentView { end_to_end_id, state, code, .. }: &PaymentView) -> String {
    format!("{end_to_end_id:<35}  {state:<9}  {}\n", code.unwrap_or_default())
}

fn payment_json(PaymentView { end_to_end_id, state, code, .. }: &PaymentView) -> Value {
    json!({ "end_to_end_id": end_to_end_id, "state": state, "code": code })
}

fn refusal(Refused { batch, code, text, status, .. }: &Refused) -> Answer {
    Answer::Whole {
        text: format!("{text} [{code}]"),
        json: json!({ "code": code, "text": text, "batch": batch, "status": status }),
        refused: true,
    }
}

fn counts_text(counts: &Counts) -> String {
    let mut text = String::new();
    let mut line = |label: &str, count: u64, what: &str| {
        if count == 0 {
            return;
        }
        let sums = counts.sums.get(label).into_iter().flatten();
        let sums: Vec<String> = sums.map(|(currency, sum)| format!("{} {currency}", grouped_sum(sum))).collect();
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {:>12}  {:>24}  {what}", grouped(count), sums.join(" + "));
    };
    line("routed", counts.routed, "routed: completed with an account and sent on");
    line("passed", counts.passed, "passed on as they came");
    line("held", counts.held, "held");
    for (code, count) in &counts.reasons {
        let sentence = payout::reason::Reason::from_code(code).map_or("", payout::reason::Reason::sentence);
        line(code, *count, &format!("{code}  {sentence}"));
    }
    text
}

/// An amount with its thousands set apart.
fn grouped_sum(sum: &str) -> String {
    let (whole, decimals) = sum.split_once('.').unwrap_or((sum, "00"));
    whole.parse().map_or_else(|_| sum.to_owned(), |whole| format!("{}.{decimals}", grouped(whole)))
}

/// What became of a file, for people.
pub fn summary(Routed { batch, duplicate, counts, completed, status }: &Routed) -> String {
    let again = if *duplicate { " (this file had come in before: nothing is paid twice)" } else { "" };
    let mut text = format!("Batch {batch}: {} payments, {}{again}\n", grouped(counts.payments), counts.state());
    text.push_str(&counts_text(counts));
    let none = Path::new("none: no payment goes on");
    let _ = writeln!(text, "  completed file  {}", completed.as_deref().unwrap_or(none).display());
    let _ = writeln!(text, "  status report   {}", status.display());
    text
}

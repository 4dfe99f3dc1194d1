use super::Session;
use super::returns::{paid_json, paid_text};
use crate::cli::{self, Payout};
use crate::console::{self, Answer, Progress, Unit, grouped};
use denmark::Currency;
use jiff::civil::Date;
use kernel::{Actor, Error};
use payout::balance::{Balance, Sums, written};
use payout::batch::{self, Counts};
use payout::commands::{
    Cancel, LetGo, NotRetried, Refused, Release, Released, Request, Retried, Retry, Routed, Settling, Stop, Trace,
    cancel, release, retry, route, settle_some, stop, trace, write_unwritten,
};
use payout::gate::Waits;
use payout::queries::{self, BatchView, FoundPage, FoundPayment, HoldView, PaymentView};
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
                // So does what a bulk file made of an account's payees.
                self.count_payees()?;
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
                let now = self.env()?.now;
                let Self { writer, actor, wants_json, .. } = self;
                console::stream(|out| {
                    if *wants_json {
                        return out.object(&json!({ "batches": [] }), "batches", |item| {
                            queries::list(writer, limit, now, actor, |batch| item(&batch_json(&batch)))
                        });
                    }
                    let mut text = "No file has come in yet.".to_owned();
                    queries::list(writer, limit, now, actor, |batch| {
                        text.clear();
                        out.print(&batch_line(&batch))
                    })?;
                    out.print(&text)
                })
            }
            Payout::Show { batch } => {
                let now = self.env()?.now;
                console::stream(|out| {
                    queries::show(&mut self.writer, &batch, &self.actor, now, |shown| {
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
                })
            }
            Payout::Balance(cli::Balance { payer, day }) => {
                let balance = queries::balance(&mut self.writer, &payer, day, &self.actor)?;
                let (text, json) = (balance_text(&balance), balance_json(&payer, day, &balance));
                Ok(if balance.agrees() { Answer::done(text, &json) } else { Answer::Wrong { text, json } })
            }
            Payout::Trace(cli::Trace { payee, since, payer, limit, after }) => {
                let env = self.env()?;
                let wanted = Trace { payee, since, payer: payer.as_deref(), after, limit: usize::from(limit) };
                let page = trace(&mut self.writer, &wanted, &self.actor, &env)?;
                Ok(Answer::done(trace_text(&page), &trace_json(&page)))
            }
            Payout::Release { batch, out } => self.release(&batch, &out, LetGo::Ask),
            Payout::ApproveRelease { batch, out } => self.release(&batch, &out, LetGo::Approve),
            Payout::Stop { batch, end_to_end, reason } => self.stop(&batch, end_to_end, &reason, false),
            Payout::Resume { batch, end_to_end, reason } => self.stop(&batch, end_to_end, &reason, true),
            Payout::Retry { batch, end_to_end, out } => self.retry(&batch, end_to_end, out.as_deref()),
            Payout::Settle { out } => self.settle_payouts(out.as_deref()),
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

impl Session {
    fn release(&mut self, batch: &str, out: &Path, as_what: LetGo) -> Result<Answer, Error> {
        super::outside(&self.data, out)?;
        self.writer.read(|scope| services::require_lets_go(scope, batch, &self.actor))?;
        self.settle()?;
        let env = self.env()?;
        let wanted = Release { batch, as_what, out: Some(out), stages: None, once: None };
        let released = release(&mut self.writer, &wanted, &self.actor, &env)?;
        let mut text = released_text(&released);
        if let Some(waits) = released.waits {
            let _ = writeln!(text, "Nothing has left: it waits for {}.", waits_text(waits));
        }
        Ok(Answer::done(text, &released_json(&released)))
    }

    fn retry(&mut self, batch: &str, end_to_end: Option<String>, out: Option<&Path>) -> Result<Answer, Error> {
        if let Some(out) = out {
            super::outside(&self.data, out)?;
        }
        self.writer.read(|scope| services::require_lets_go(scope, batch, &self.actor))?;
        self.settle()?;
        let env = self.env()?;
        let ids: Option<Vec<String>> = end_to_end.map(|id| vec![id]);
        let wanted = Retry { batch, end_to_end_ids: ids.as_deref(), out, stages: None, once: None };
        let Retried { counts, released, left } = retry(&mut self.writer, &wanted, &self.actor, &env)?;
        let name = batch.to_ascii_uppercase();
        let (mut text, mut json) = match released {
            Some(released) => (released_text(&released), released_json(&released)),
            None => {
                let text = format!("{name}  {}\n{}Nothing has left yet.\n", counts.state(), counts_text(&counts));
                (text, counts_json(&name, &counts))
            }
        };
        for NotRetried { end_to_end_id, code, text: why } in &left {
            let _ = writeln!(text, "{end_to_end_id}: {why} [{code}]");
        }
        json["left"] = json!(left);
        Ok(Answer::done(text, &json))
    }

    fn stop(&mut self, batch: &str, end_to_end: Option<String>, why: &str, resumes: bool) -> Result<Answer, Error> {
        let env = self.env()?;
        let ids: Option<Vec<String>> = end_to_end.map(|id| vec![id]);
        let wanted = Stop { batch, end_to_end_ids: ids.as_deref(), why, resumes, stages: None, once: None };
        stop(&mut self.writer, &wanted, &self.actor, &env)?;
        let name = batch.to_ascii_uppercase();
        let counts = queries::counts(&mut self.writer, &name, &self.actor)?;
        let text = if resumes {
            "Resumed. What may leave leaves with the next release, or by 'anvis payout settle'."
        } else {
            "Stopped. Nothing lets it go until it is resumed."
        };
        Ok(Answer::done(text, &counts_json(&name, &counts)))
    }

    /// Releases what may leave by now, until all that waits has been looked at.
    fn settle_payouts(&mut self, out: Option<&Path>) -> Result<Answer, Error> {
        if let Some(out) = out {
            super::outside(&self.data, out)?;
        }
        self.settle()?;
        let earlier = out.map(|out| write_unwritten(&mut self.writer, out)).transpose()?.unwrap_or_default();
        let (mut settling, mut all, mut paid, mut reminded) = (Settling::default(), Vec::new(), Vec::new(), 0);
        loop {
            let env = self.env()?;
            let settled = settle_some(&mut self.writer, &mut settling, out, &Actor::console(), &env)?;
            paid.extend(settled.paid);
            reminded += settled.reminded;
            all.extend(settled.released.filter(|released| released.status.is_some() || released.has_moved));
            if settled.is_through {
                break;
            }
        }
        let mut text: String = all.iter().map(released_text).collect();
        text.extend(paid.iter().map(paid_text));
        text.extend(earlier.iter().map(|path| format!("{}\n", path.display())));
        if text.is_empty() {
            text.push_str("Nothing could leave that waits.");
        }
        let json: Vec<Value> = all.iter().map(released_json).collect();
        let paid: Vec<Value> = paid.iter().map(paid_json).collect();
        Ok(Answer::done(text, &json!({ "released": json, "paid": paid, "reminded": reminded, "earlier": earlier })))
    }
}

fn released_text(Released { batch, counts, completed, status, earlier, .. }: &Released) -> String {
    let mut text = format!("{batch}  {}\n{}", counts.state(), counts_text(counts));
    for path in earlier.iter().chain(completed).chain(status) {
        let _ = writeln!(text, "{}", path.display());
    }
    text
}

fn released_json(Released { batch, counts, waits, completed, status, earlier, .. }: &Released) -> Value {
    let mut json = counts_json(batch, counts);
    json["completed"] = json!(completed);
    json["status"] = json!(status);
    json["earlier"] = json!(earlier);
    json["waits_for"] = json!(waits.map(Waits::name));
    json
}

fn waits_text(waits: Waits) -> String {
    match waits {
        Waits::Release => "a release".to_owned(),
        Waits::Approval => "somebody else to approve that".to_owned(),
        Waits::CutOff(at) => format!("its cut-off at {at}"),
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
        "returned": counts.returned,
        "waiting": counts.waiting,
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

fn batch_json(view: &BatchView) -> Value {
    let BatchView { batch, payer, message_id, received, counts, waits_for, waits_until, asked_by, stopped_by, .. } =
        view;
    let mut json = counts_json(batch, counts);
    json["waits_for"] = json!(waits_for);
    json["waits_until"] = json!(waits_until);
    json["asked_by"] = json!(asked_by);
    json["stopped_by"] = json!(stopped_by);
    json["payer"] = json!(payer);
    json["message_id"] = json!(message_id);
    json["received"] = json!(received);
    json
}

fn batch_line(BatchView { batch, payer, received, counts, .. }: &BatchView) -> String {
    let payments = grouped(counts.payments);
    format!("{batch}  {received}  {:<10} {payments:>12}  {payer}\n", counts.state())
}

fn payment_line(PaymentView { end_to_end_id, state, code, hold, promised, .. }: &PaymentView) -> String {
    let mut line = format!("{end_to_end_id:<35}  {state:<9}  {}", code.unwrap_or_default());
    if let Some(HoldView { owner, ends, until, .. }) = hold {
        let until = until.as_deref().map(|until| format!(" {until}")).unwrap_or_default();
        let _ = write!(line, "  {owner}: {ends}{until}");
    }
    if let Some(promised) = promised {
        let _ = write!(line, "  {promised} is promised, and not there yet");
    }
    line + "\n"
}

fn payment_json(view: &PaymentView) -> Value {
    let PaymentView { end_to_end_id, state, code, hold, news, promised, .. } = view;
    let hold = hold.as_ref().map(|HoldView { reason, owner, ends, until, by }| {
        json!({ "reason": reason, "owner": owner, "ends": ends, "until": until, "by": by })
    });
    json!({
        "end_to_end_id": end_to_end_id,
        "state": state,
        "code": code,
        "hold": hold,
        "changed_days_ago": news.and_then(|news| news.changed).map(|(days, _)| days),
        "last_change_channel": news.and_then(|news| news.changed).map(|(_, channel)| channel.name()),
        "pending_change": news.is_some_and(|news| news.is_pending),
        "promised": promised,
    })
}

fn sums_json(sums: &Sums) -> serde_json::Map<String, Value> {
    sums.named().map(|(name, sum)| (name.to_owned(), json!(sum.to_string()))).collect()
}

fn balance_json(payer: &str, day: Date, balance: &Balance) -> Value {
    let mut json = sums_json(&balance.kroner());
    let others = balance.currencies().filter(|(currency, _)| *currency != Currency::DKK);
    let others =
        others.map(|(currency, sums)| (currency.as_str().to_owned(), Value::Object(sums_json(sums)))).collect();
    json.insert("currencies".to_owned(), Value::Object(others));
    json.insert("payer".to_owned(), json!(payer));
    json.insert("day".to_owned(), json!(day.to_string()));
    json.insert("agrees".to_owned(), json!(balance.agrees()));
    Value::Object(json)
}

fn balance_text(balance: &Balance) -> String {
    let mut text = String::new();
    for (currency, sums) in balance.currencies() {
        for (name, sum) in sums.named() {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "  {name:<9}  {:>26} {currency}", grouped_sum(&written(sum, currency)));
        }
        if !sums.agree() {
            let _ = writeln!(text, "What came in of {currency} is not what is anywhere.");
        }
    }
    text
}

pub(super) fn trace_json(FoundPage { payments, next }: &FoundPage) -> Value {
    let payment = |payment: &FoundPayment| {
        let left = payment.left.as_ref().map(|left| {
            json!({
                "stage": left.stage,
                "at": left.at.to_string(),
                "account": left.to.as_ref().map(|to| to.iban.as_str()),
                "bic": left.to.as_ref().and_then(|to| to.bic.as_ref()).map(|bic| bic.as_str()),
                "bank": left.to.as_ref().and_then(|to| to.bank.as_deref()),
            })
        });
        json!({
            "batch": batch::name(payment.batch),
            "number": payment.at.number,
            "payer": payment.payer.agreement.name,
            "message_id": payment.message_id,
            "end_to_end_id": payment.end_to_end_id,
            "amount": payment.money.map(|money| money.decimal().to_string()),
            "currency": payment.money.map(|money| money.currency.as_str().to_owned()),
            "state": payment.state.name(),
            "code": payment.reason.map(payout::reason::Reason::code),
            "received": payment.received.to_string(),
            "decided": payment.decided.1.to_string(),
            "left": left,
        })
    };
    json!({ "payments": payments.iter().map(payment).collect::<Vec<_>>(), "next": next.map(|next| next.to_string()) })
}

pub(super) fn trace_text(FoundPage { payments, next }: &FoundPage) -> String {
    let mut text = String::new();
    for FoundPayment { batch, payer, end_to_end_id, money, state, decided, left, .. } in payments {
        let money = money.map_or_else(|| "no amount".to_owned(), |money| money.to_string());
        let to = match left.as_ref().map(|left| &left.to) {
            None => "not sent on".to_owned(),
            Some(None) => "to an account that its file names".to_owned(),
            Some(Some(to)) => {
                let bank = to.bank.as_deref().or(to.bic.as_ref().map(|bic| bic.as_str())).unwrap_or("a bank unknown");
                format!("to {}, {bank}", to.iban.as_str())
            }
        };
        let (batch, payer, state) = (batch::name(*batch), &payer.agreement.name, state.name());
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}  {money:>20}  {state:<9}  {to}  {payer}  {batch} {end_to_end_id}", decided.1);
    }
    match next {
        Some(next) => text.push_str(&format!("There are more: --after {next}")),
        None if payments.is_empty() => text.push_str("Nothing was paid since then."),
        None => {}
    }
    text
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
    line("waiting", counts.waiting, "in the waiting account");
    line("held", counts.held, "held");
    line("returned", counts.returned, "returned by banks");
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

//! What came of a story, in words and as JSON.

use super::Setting;
use super::stage::{Asked, Stage};
use denmark::{Currency, Decimal};
use kernel::journal::Head;
use kernel::merkle::to_hex;
use kernel::{Error, Refuse, Timestamp};
use registry::RowRefusal;
use registry::commands::ShownProposal;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Somebody did something.
pub struct Step {
    pub at: String,
    pub who: &'static str,
    /// As the policy and the journal call it; beside it a few words for what no command is: `call`, `letter.take`.
    pub command: &'static str,
    /// The state that it answers, or the code of a refusal.
    pub answer: String,
    pub refused: bool,
}

/// What lawful users bear.
#[derive(Default)]
pub struct Harm {
    pub letters: u64,
    pub checks: u64,
    pub confirmations: u64,
    /// Payers and others who call to ask whether it was them.
    pub calls: u64,
    /// Payments that waited.
    pub payments_held: u64,
}

/// What became of the money, in øre.
#[derive(Clone, Copy, Default)]
pub struct Money {
    /// The thief got it, be it recovered later or not.
    pub stolen: i64,
    /// What of it came back.
    pub recovered: i64,
    /// What was kept from the thief, whose account its payee's was when it was to leave: it waited or went back instead.
    pub held: i64,
    /// What waited on its way and was not to go to a thief.
    pub delayed: i64,
    /// Its payees got it where they wanted it, be it late.
    pub paid: i64,
    /// Neither has it: it waits, or is its payer's again.
    pub open: i64,
}

/// An amount in whole kroner.
fn kroner(minor: i64) -> Decimal {
    denmark::Money { minor, currency: Currency::DKK }.decimal()
}

/// What became of notices.
#[derive(Default)]
pub struct Notices {
    pub sent: u64,
    /// They went where only a thief looks.
    pub kept_from_payee: u64,
    /// Things that a payee was told of.
    pub read: u64,
}

/// How a story ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    NotBothered,
    Bothered,
    Blocked,
    Stopped,
    StoppedLate,
    Succeeded,
}

impl Outcome {
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotBothered => "not_bothered",
            Self::Bothered => "bothered",
            Self::Blocked => "blocked",
            Self::Stopped => "stopped",
            Self::StoppedLate => "stopped_late",
            Self::Succeeded => "succeeded",
        }
    }
}

/// An attempt, and what stopped it.
#[derive(Clone)]
pub struct Ending {
    pub outcome: Outcome,
    /// The control that stopped it.
    pub by: Option<&'static str>,
    /// What spoke against it.
    pub because: Vec<String>,
    /// What it waited for when it was stopped; or the code with which it was refused.
    pub waited_for: Option<String>,
    /// How long after it began.
    pub days: Option<i64>,
    /// Of attempts on several people, how many each control stopped.
    pub stopped_by: BTreeMap<&'static str, usize>,
}

impl Ending {
    /// An attempt that nothing stopped.
    pub const fn succeeded() -> Self {
        Self {
            outcome: Outcome::Succeeded,
            by: None,
            because: Vec::new(),
            waited_for: None,
            days: None,
            stopped_by: BTreeMap::new(),
        }
    }

    fn stopped(outcome: Outcome, by: Option<&'static str>, because: Vec<String>, days: Option<i64>) -> Self {
        Self { outcome, by, because, days, ..Self::succeeded() }
    }
}

/// How attempts on several people ended together: as the worst did, by what stopped most of those.
pub fn together(endings: Vec<Ending>) -> Ending {
    let mut stopped_by: BTreeMap<&'static str, usize> = BTreeMap::new();
    for by in endings.iter().filter_map(|ending| ending.by) {
        *stopped_by.entry(by).or_default() += 1;
    }
    let worst = endings.iter().map(|ending| ending.outcome).max();
    let of_worst = endings.into_iter().filter(|ending| Some(ending.outcome) == worst);
    let often = |ending: &Ending| ending.by.and_then(|by| stopped_by.get(by)).copied().unwrap_or(0);
    let ending = of_worst.max_by_key(|ending| (often(ending), ending.by)).unwrap_or_else(Ending::succeeded);
    Ending { stopped_by, ..ending }
}

/// What one lawful person's wish came to.
pub struct Lawful {
    pub who: &'static str,
    pub outcome: Outcome,
    pub days_waiting: i64,
    pub is_wrongly_stopped: bool,
    /// With what it was refused.
    pub refused: Option<String>,
}

/// How many days a moment lies behind another, by the calendar.
const fn days_between(one: Timestamp, other: Timestamp) -> i64 {
    other.day() - one.day()
}

/// The control that a proposal waits for, when it waits for this.
pub fn control_of(shown: &ShownProposal, waits: &str) -> &'static str {
    let is_casework = shown.channel.starts_with("caseworker") || shown.channel == "operator";
    let has = |act: &str| shown.acts.iter().any(|found| found.act == act);
    match waits {
        "signature" => "signed_afresh",
        "approval" if shown.benefit.is_some() => "approver_specific",
        "approval" => "approver_default",
        _ if has("stopped") => "stop_link",
        "check" if shown.signals.is_empty() => "names_replaced",
        "check" => "manual_check",
        "letter" | "code" if is_casework => "letter_caseworker",
        "letter" | "code" => "letter_self_service",
        "confirmation" if shown.signals.iter().any(|signal| signal == "letter_box") => "letter_box",
        "confirmation" => "second_channel",
        _ if is_casework => "wait_caseworker",
        _ if shown.channel.starts_with("bank") => "wait_bank_replacing",
        _ => "wait_self_service",
    }
}

/// The code of what a row was refused for.
pub fn code_of(refusal: RowRefusal) -> &'static str {
    refusal.code()
}

/// The control that refuses with a code at once.
fn control_of_code(code: &str) -> Option<&'static str> {
    Some(match code {
        "designation.locked" => "owners_lock",
        "designation.expects_missing" => "names_replaced",
        "ban.change" => "ban_change",
        "ban.shared" => "ban_shared",
        "ban.third_party" => "ban_third_party",
        _ => return None,
    })
}

impl Stage {
    /// How an attempt ended, as the store tells it: a proposal of the cast, or the code with which proposing was refused.
    pub fn ending(
        &mut self,
        attempt: &Result<usize, &'static str>,
        victim: usize,
        began: Timestamp,
    ) -> Result<Ending, Error> {
        let late = if self.is_robbed_of_money(victim) { Outcome::StoppedLate } else { Outcome::Stopped };
        let at = match attempt {
            Ok(at) => *at,
            Err(code) => {
                let waited_for = Some((*code).to_owned());
                let (by, days) = (control_of_code(code), Some(days_between(began, self.world.clock.read())));
                return Ok(Ending { waited_for, ..Ending::stopped(Outcome::Stopped, by, vec![], days) });
            }
        };
        let shown = self.show(at)?;
        let act = |name: &str| shown.acts.iter().find(|act| act.act == name);
        let after = |moment: Timestamp| Some(days_between(began, moment));
        let in_force = act("took_effect").is_some();
        let stopped = act("stopped").and_then(|act| Timestamp::parse(&act.at));
        let Asked { waited_for, ended, .. } = &self.asked[at];
        Ok(match (in_force, stopped, self.found.get(&victim)) {
            (true, Some(moment), _) => Ending::stopped(late, Some("stop_link"), shown.signals, after(moment)),
            (true, None, Some(found)) => Ending::stopped(late, Some(found.by), found.because.clone(), after(found.at)),
            (true, None, None) => Ending::succeeded(),
            (false, ..) => {
                let by = control_of(&shown, &waited_for.clone().unwrap_or_default());
                let days = ended.as_ref().and_then(|ended| after(ended.at));
                let waited_for = waited_for.clone();
                Ending { waited_for, ..Ending::stopped(Outcome::Stopped, Some(by), shown.signals, days) }
            }
        })
    }

    /// What a lawful wish came to: with how much trouble, if at all.
    pub fn lawful(&mut self, who: &'static str, wish: &Result<usize, &'static str>) -> Result<Lawful, Error> {
        let at = match wish {
            Ok(at) => *at,
            Err(code) => {
                let refused = Some((*code).to_owned());
                let outcome = Outcome::Blocked;
                return Ok(Lawful { who, outcome, days_waiting: 0, is_wrongly_stopped: true, refused });
            }
        };
        let shown = if self.asked[at].id.is_empty() { None } else { Some(self.show(at)?) };
        let has = |act: &str| shown.iter().any(|shown| shown.acts.iter().any(|found| found.act == act));
        let asked = &self.asked[at];
        let now = self.world.clock.read();
        let until = asked.ended.as_ref().map_or(now, |ended| ended.at);
        let days_waiting = days_between(asked.at, until);
        let is_in_force = asked.ended.as_ref().is_some_and(|ended| ended.state == "in_force");
        let bothers = ["letter_made", "checked", "confirmed", "stopped"].iter().any(|act| has(act));
        let bothers = bothers || self.paid.iter().any(|paid| paid.who == asked.of && paid.has_waited);
        let outcome = match (is_in_force, bothers || days_waiting > 0) {
            (false, _) => Outcome::Blocked,
            (true, true) => Outcome::Bothered,
            (true, false) => Outcome::NotBothered,
        };
        Ok(Lawful { who, outcome, days_waiting, is_wrongly_stopped: !is_in_force || has("stopped"), refused: None })
    }
}

/// A story that was played.
pub struct Played {
    pub title: &'static str,
    /// Of an adversary's story.
    pub ending: Option<Ending>,
    pub lawful: Vec<Lawful>,
    pub stage: Stage,
    /// What the story cannot reach yet.
    pub not_reached: &'static [&'static str],
    pub head: Head,
}

impl Played {
    /// How it ended: an adversary's attempt; or, of lawful cases alone, the worst that befell one.
    pub fn outcome(&self) -> Outcome {
        let worst = self.lawful.iter().map(|lawful| lawful.outcome).max().unwrap_or(Outcome::NotBothered);
        self.ending.as_ref().map_or(worst, |ending| ending.outcome)
    }

    /// Removes the files that were exchanged; the store stays.
    ///
    /// # Errors
    /// They cannot be removed.
    pub fn remove_files(&self) -> Result<(), Error> {
        self.stage.world.files.remove()
    }

    /// As JSON, with keys that stay.
    pub fn to_json(&self, id: &str, setting: &Setting) -> Value {
        let Self { title, ending, lawful, stage, not_reached, head } = self;
        let Money { stolen, recovered, held, delayed, paid, open } = stage.money;
        let steps: Vec<Value> = stage
            .steps
            .iter()
            .map(|step| {
                let Step { at, who, command, answer, refused } = step;
                json!({ "at": at, "who": who, "command": command, "answer": answer, "refused": refused })
            })
            .collect();
        let people: Vec<Value> = lawful
            .iter()
            .map(|lawful| {
                let Lawful { who, outcome, days_waiting, is_wrongly_stopped, refused } = lawful;
                json!({
                    "who": who, "outcome": outcome.name(), "days_waiting": days_waiting,
                    "wrongly_stopped": is_wrongly_stopped, "refused": refused,
                })
            })
            .collect();
        let letters: Vec<Value> = stage.letters.iter().map(|(to, files)| json!({ "to": to, "files": files })).collect();
        json!({
            "story": id,
            "title": title,
            "controls": setting.set,
            "changes": setting.changes,
            "assumed": stage.shares.named().collect::<BTreeMap<_, _>>(),
            "seed": setting.seed,
            "outcome": self.outcome().name(),
            "by": ending.as_ref().and_then(|ending| ending.by),
            "because": ending.as_ref().map(|ending| ending.because.clone()).unwrap_or_default(),
            "waited_for": ending.as_ref().and_then(|ending| ending.waited_for.clone()),
            "days": ending.as_ref().and_then(|ending| ending.days),
            "stopped_by": ending.as_ref().map(|ending| ending.stopped_by.clone()).unwrap_or_default(),
            "robbed": (0..stage.people.len()).filter(|who| stage.is_robbed_of_money(*who)).count(),
            "kroner_stolen": kroner(stolen).to_string(),
            "kroner_recovered": kroner(recovered).to_string(),
            "kroner_held": kroner(held).to_string(),
            "kroner_delayed": kroner(delayed).to_string(),
            "kroner_paid": kroner(paid).to_string(),
            "kroner_open": kroner(open).to_string(),
            "lawful": people,
            "harm": {
                "letters": stage.harm.letters,
                "checks": stage.harm.checks,
                "confirmations": stage.harm.confirmations,
                "calls": stage.harm.calls,
                "payments_held": stage.harm.payments_held,
                "days_waiting": lawful.iter().map(|lawful| lawful.days_waiting).sum::<i64>(),
                "wrongly_stopped": lawful.iter().filter(|lawful| lawful.is_wrongly_stopped).count(),
            },
            "notices": {
                "sent": stage.notices.sent,
                "kept_from_payee": stage.notices.kept_from_payee,
                "told": stage.notices.read,
            },
            "letters": letters,
            "steps": steps,
            "not_reached": not_reached,
            "size": head.size,
            "root": to_hex(&head.root),
        })
    }

    /// For people.
    pub fn to_text(&self, id: &str, setting: &Setting) -> String {
        let json = self.to_json(id, setting);
        let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let mut text = format!("{id}: {}\ncontrols {}", self.title, setting.set);
        for change in &setting.changes {
            text.push_str(&format!(", {change}"));
        }
        for otherwise in &setting.shares {
            text.push_str(&format!(", {otherwise}"));
        }
        text.push_str(&format!(", seed {}\n\n", setting.seed));
        for step in &self.stage.steps {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{}  {:<10}  {:<22}  {}", step.at, step.who, step.command, step.answer);
        }
        let _ = write!(text, "\n{}", self.outcome().name());
        for (key, before) in [("by", " by "), ("waited_for", ", waiting for "), ("days", ", after days: ")] {
            if !json[key].is_null() {
                let _ = write!(text, "{before}{}", word(&json[key]));
            }
        }
        let _ = writeln!(
            text,
            "\nkroner: {} stolen, {} of it recovered; {} kept from the thief, {} delayed; {} paid, {} open",
            word(&json["kroner_stolen"]),
            word(&json["kroner_recovered"]),
            word(&json["kroner_held"]),
            word(&json["kroner_delayed"]),
            word(&json["kroner_paid"]),
            word(&json["kroner_open"])
        );
        for lawful in &self.lawful {
            let _ = writeln!(
                text,
                "{}: {}, {} days{}",
                lawful.who,
                lawful.outcome.name(),
                lawful.days_waiting,
                if lawful.is_wrongly_stopped { ", wrongly stopped" } else { "" }
            );
        }
        let harm = &self.stage.harm;
        let _ = writeln!(
            text,
            "lawful people: {} letters, {} checks, {} confirmations, {} calls, {} payments held",
            harm.letters, harm.checks, harm.confirmations, harm.calls, harm.payments_held
        );
        for (to, files) in &self.stage.letters {
            let _ = writeln!(text, "letter to {to}: {}", files.join(", "));
        }
        for missing in self.not_reached {
            let _ = writeln!(text, "not reached: {missing}");
        }
        let _ = write!(text, "{}:{}", self.head.size, to_hex(&self.head.root));
        text
    }
}

//! Money: what payers pay to the cast, what waits and is let go, who misses theirs, and where all of it is in the end, as the store
//! tells it.

use super::report::Money;
use super::stage::{Stage, chances};
use crate::check::completed_payments;
use crate::model::{Named, Payment, iban};
use crate::payouts::PaymentFile;
use crate::world::differs;
use denmark::Currency;
use denmark::calendar::copenhagen_date;
use jiff::civil::Date;
use kernel::{Actor, Error, Role, Timestamp};
use payout::balance::Whereabouts;
use payout::commands::{Retried, Retry, Settling, Trace, retry, settle_some, trace};
use payout::payment::State;
use payout::queries;
use registry::account::canonical;
use registry::payer::{Agreement, PayerKind};
use registry::resolve;
use sim::nation::Version;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Money is paid out on Thursdays.
const PAY_DAY: u32 = 3;
/// Somebody misses money that has not come after so many days, and at the latest so many later. Ours: nobody has counted them.
const MISSED_DAYS_FIRST: u64 = 5;
const MISSED_DAYS_SPAN: u64 = 10;
/// Payments of one payee that are traced at a time.
const TRACED_AT_ONCE: usize = 1_000;

/// What a public payer pays to everybody of the cast.
struct Benefit {
    /// Their place among the payers.
    payer: usize,
    /// Every so many weeks from the first pay day of a story on; once, without.
    weeks: Option<u32>,
    /// In øre: so much at least, and at most so much more.
    minor_first: u64,
    minor_span: u64,
}

/// A benefit each week, another each month, and the year's tax refund.
const BENEFITS: [Benefit; 3] = [
    Benefit { payer: 0, weeks: Some(1), minor_first: 300_000, minor_span: 900_000 },
    Benefit { payer: 1, weeks: Some(4), minor_first: 100_000, minor_span: 300_000 },
    Benefit { payer: 2, weeks: None, minor_first: 400_000, minor_span: 2_000_000 },
];

/// A payment to somebody of the cast.
pub struct Paid {
    pub batch: String,
    pub end_to_end_id: String,
    /// To whom: their place in the cast.
    pub who: usize,
    /// Its place in the file.
    pub number: i64,
    /// Whose: their place among the payers.
    payer: usize,
    pub minor: i64,
    day: u32,
    /// When the file came in, in Denmark.
    date: Date,
    /// The account that a completed file names, as an IBAN, and when it was sent on last.
    pub to: Option<(String, Timestamp)>,
    pub has_waited: bool,
    /// It was kept from the thief, whose account its payee's was when it was to leave, or was closed when it came there.
    pub is_kept: bool,
    /// What of it came back since it was sent on last, in øre.
    pub came_back: i64,
    pub bounced: Bounced,
}

/// Whether all of a payment came back by itself, since it was sent on last.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Bounced {
    Not,
    Back,
    /// Its payer has it tried again, and it has not left yet.
    TriedAgain,
}

/// After how many days somebody misses money.
pub fn misses_after(seed: u64, who: &str) -> u32 {
    let days = MISSED_DAYS_FIRST + chances(seed, &format!("{who} misses")).below(MISSED_DAYS_SPAN);
    u32::try_from(days).unwrap_or(u32::MAX)
}

impl Stage {
    /// What payers pay today, if it is a day on which they do.
    pub fn pay_benefits(&mut self) -> Result<(), Error> {
        let day = self.world.day;
        if day % 7 != PAY_DAY {
            return Ok(());
        }
        let first = self.first_day + (PAY_DAY + 7 - self.first_day % 7) % 7;
        let weeks_since = day.checked_sub(first).map(|days| days / 7);
        for Benefit { payer, weeks, minor_first, minor_span } in &BENEFITS {
            let is_due = match (weeks_since, weeks) {
                (Some(since), Some(weeks)) => since.is_multiple_of(*weeks),
                (since, None) => since == Some(0),
                (None, Some(weeks)) => *weeks == 1,
            };
            if is_due {
                let chance = &mut self.world.chance;
                let all = (0..self.people.len()).map(|who| (who, minor_first + chance.below(*minor_span))).collect();
                self.pay(*payer, all)?;
            }
        }
        Ok(())
    }

    /// A payer's file, routed as all files are: so many øre to each of these.
    pub fn pay(&mut self, payer: usize, to: Vec<(usize, u64)>) -> Result<(), Error> {
        let day = self.world.day;
        let payment = |(who, minor): &(usize, u64)| Payment {
            end_to_end_id: format!("E-{payer}-{day:04}-{who}"),
            named: Named::Payee(self.people[*who].at),
            minor: i64::try_from(*minor).unwrap_or_default(),
            currency: Currency::DKK,
            benefit: None,
            given: None,
            is_repeat: false,
            is_late: false,
        };
        let payments: Vec<Payment> = to.iter().map(payment).collect();
        let message_id = format!("M-{payer}-{day:04}");
        let file = PaymentFile { payer, message_id, version: Version::V09, hold_all: false, payments };
        let path = self.world.write_pain(&file, "true", None)?;
        let now = self.world.clock.read();
        let routed = self.world.route(&file, &path)?.map_err(|refused| differs(refused.text))?;
        for (number, ((who, _), payment)) in (0..).zip(to.iter().zip(&file.payments)) {
            self.paid.push(Paid {
                batch: routed.batch.clone(),
                end_to_end_id: payment.end_to_end_id.clone(),
                who: *who,
                number,
                payer,
                minor: payment.minor,
                day,
                date: copenhagen_date(now.to_jiff()),
                to: None,
                has_waited: false,
                is_kept: false,
                came_back: 0,
                bounced: Bounced::Not,
            });
        }
        let became = self.became(&routed.batch, routed.completed.as_deref(), now)?;
        self.note(now, "payer", "payout.route", became, false);
        Ok(())
    }

    /// What waited and waits no more leaves by itself, or goes back.
    pub fn settle_payments(&mut self) -> Result<(), Error> {
        let (mut settling, out) = (Settling::default(), self.world.files.folder().to_owned());
        loop {
            let env = self.world.env()?;
            let settled = settle_some(&mut self.world.writer, &mut settling, Some(&out), &Actor::console(), &env)?;
            if let Some(released) = settled.released.filter(|released| released.has_moved) {
                let became = self.became(&released.batch, released.completed.as_deref(), env.now)?;
                self.note(env.now, "registry", "payout.release", became, false);
            }
            if settled.is_through {
                return Ok(());
            }
        }
    }

    /// A payer's system has what came back of a batch tried again.
    pub fn retry(&mut self, batch: &str) -> Result<(), Error> {
        let payer = self.paid.iter().find(|paid| paid.batch == batch).map(|paid| paid.payer);
        let Some(Agreement { name, kind, .. }) = payer.map(|payer| &self.world.model.payers[payer]) else {
            return Err(differs(format!("nobody pays by the batch {batch}")));
        };
        let role = if *kind == PayerKind::Private { Role::PrivatePayer } else { Role::PublicPayer };
        let client = Actor::client(role, name);
        let (env, out) = (self.world.env()?, self.world.files.folder().to_owned());
        let mut ids = Vec::new();
        let is_back = |paid: &&mut Paid| paid.batch == batch && paid.bounced == Bounced::Back;
        for paid in self.paid.iter_mut().filter(is_back) {
            ids.push(paid.end_to_end_id.clone());
            (paid.came_back, paid.bounced) = (0, Bounced::TriedAgain);
        }
        let wanted = Retry { batch, end_to_end_ids: Some(&ids), out: Some(&out), stages: None, once: None };
        let Retried { released, .. } = retry(&mut self.world.writer, &wanted, &client, &env)?;
        let became = self.became(batch, released.and_then(|released| released.completed).as_deref(), env.now)?;
        self.note(env.now, "payer", "payout.retry", became, false);
        Ok(())
    }

    /// Reads what a completed file pays where, and says what became of a batch.
    fn became(&mut self, batch: &str, completed: Option<&Path>, now: Timestamp) -> Result<String, Error> {
        let read = |path: &Path| {
            std::fs::read_to_string(path).map_err(Error::io(format!("{} could not be read", path.display())))
        };
        let text = completed.map(read).transpose()?.unwrap_or_default();
        let sent: BTreeMap<&str, &str> = completed_payments(&text).into_iter().collect();
        let (mut became, mut held, mut kept) = (BTreeSet::new(), Vec::new(), Vec::new());
        for at in 0..self.paid.len() {
            let paid = &mut self.paid[at];
            let Some(to) = sent.get(&*paid.end_to_end_id).filter(|_| paid.batch == batch) else { continue };
            (paid.to, paid.bounced) = (Some(((*to).to_owned(), now)), Bounced::Not);
            became.insert(if self.is_loot(to) { "to the thief" } else { "to their payees" }.to_owned());
        }
        queries::show(&mut self.world.writer, batch, &Actor::console(), now, |shown| {
            shown.each_payment(|view| {
                let why = view.hold.map_or_else(|| view.code.unwrap_or_default(), |hold| hold.reason);
                if matches!(view.state, "held" | "rejected") {
                    became.insert(format!("{}: {why}", view.state));
                    kept.push(view.end_to_end_id.clone());
                }
                if view.state == "held" {
                    held.push(view.end_to_end_id);
                }
                Ok(())
            })
        })?;
        let victims: BTreeSet<usize> = (0..self.people.len()).filter(|who| self.is_victim(*who)).collect();
        let mut robbed = BTreeSet::new();
        for who in &victims {
            if self.is_thiefs(*who)? {
                robbed.insert(*who);
            }
        }
        for paid in self.paid.iter_mut().filter(|paid| paid.batch == batch && kept.contains(&paid.end_to_end_id)) {
            paid.is_kept |= robbed.contains(&paid.who);
            if !paid.has_waited && held.contains(&paid.end_to_end_id) {
                paid.has_waited = true;
                self.harm.payments_held += u64::from(!victims.contains(&paid.who));
            }
        }
        Ok(Vec::from_iter(became).join(", "))
    }

    /// Whether an IBAN is that of the thief's account.
    pub fn is_loot(&self, to: &str) -> bool {
        self.loot.is_some_and(|loot| iban(&self.world.nation, &loot).as_str() == to)
    }

    /// Whether the account that was designated last for somebody is the thief's, be it in force, contested or closed.
    fn is_thiefs(&mut self, who: usize) -> Result<bool, Error> {
        let Some(loot) = self.loot else { return Ok(false) };
        let payee = self.people[who].key;
        let histories = self.world.writer.read(|scope| resolve::history(scope, &payee))?;
        // The default account's history comes first, and the newest of it.
        let newest = histories.into_iter().flatten().flatten().next();
        let newest = newest.map(|newest| canonical(&newest.standing.account.account()));
        Ok(newest == Some(canonical(&loot.account())))
    }

    /// Whether an IBAN is that of an account of somebody.
    fn is_own(&self, who: usize, to: &str) -> bool {
        self.people[who].accounts.iter().any(|account| iban(&self.world.nation, account).as_str() == to)
    }

    /// Whether somebody else has proposed an account for them.
    pub fn is_victim(&self, who: usize) -> bool {
        self.asked.iter().any(|asked| asked.of == who && !asked.is_lawful)
    }

    /// Whether the thief has been paid what is somebody's.
    pub fn is_robbed_of_money(&self, who: usize) -> bool {
        self.paid.iter().any(|paid| paid.who == who && self.is_with_thief(paid))
    }

    /// Whether a payment went to the thief, and did not come back by itself.
    pub fn is_with_thief(&self, paid: &Paid) -> bool {
        paid.bounced == Bounced::Not && paid.to.as_ref().is_some_and(|(to, _)| self.is_loot(to))
    }

    /// Whoever waits too long for their money calls, once, and is helped.
    pub fn miss_money(&mut self) -> Result<(), Error> {
        for who in 0..self.people.len() {
            let (after, today) = (self.people[who].misses_after, self.world.day);
            let is_missed = |paid: &Paid| {
                let has_come = paid.to.as_ref().is_some_and(|(to, _)| self.is_own(who, to));
                paid.who == who && !has_come && paid.day + after <= today
            };
            if !self.people[who].has_missed && self.paid.iter().any(is_missed) {
                self.people[who].has_missed = true;
                let now = self.world.clock.read();
                self.note(now, self.people[who].role, "call", "my money has not come".to_owned(), false);
                self.help(who, "missed", vec![])?;
            }
        }
        Ok(())
    }

    /// Where all money is, payment by payment, as the store tells an officer; it must be what the completed files say. And every payer's
    /// sums of every day must agree.
    pub fn count_money(&mut self) -> Result<(), Error> {
        let officer = self.officer(super::officers::OFFICER)?;
        let mut money = Money::default();
        for who in 0..self.people.len() {
            let (env, payee) = (self.world.env()?, self.people[who].id);
            let wanted =
                Trace { payee, since: Timestamp::from_micros(0), payer: None, after: None, limit: TRACED_AT_ONCE };
            let page = trace(&mut self.world.writer, &wanted, &officer, &env)?;
            let mut paid: BTreeMap<(String, &str), &Paid> = BTreeMap::new();
            for one in self.paid.iter().filter(|paid| paid.who == who) {
                paid.insert((one.batch.clone(), &one.end_to_end_id), one);
            }
            for found in &page.payments {
                let one = paid.remove(&(payout::batch::name(found.batch), &*found.end_to_end_id));
                let one = one.ok_or_else(|| differs("a payment is traced that nobody made"))?;
                let to = found.left.as_ref().and_then(|left| left.to.as_ref()).map(|to| to.iban.as_str());
                if to != one.to.as_ref().map(|(to, _)| to.as_str()) {
                    return Err(differs(format!("{} was sent elsewhere than is traced", one.end_to_end_id)));
                }
                match found.state {
                    State::Routed | State::Passed | State::Returned if self.is_with_thief(one) => {
                        money.stolen += one.minor;
                        money.recovered += one.came_back;
                        continue;
                    }
                    State::Routed | State::Passed => money.paid += one.minor,
                    State::Held | State::Rejected | State::Cancelled | State::Returned | State::Waiting => {
                        money.open += one.minor;
                    }
                }
                if one.is_kept {
                    money.held += one.minor;
                } else if one.has_waited {
                    money.delayed += one.minor;
                }
            }
            if !paid.is_empty() {
                return Err(differs("a payment that was made is not traced"));
            }
        }
        let mut returned = 0;
        let days: BTreeSet<(usize, Date)> = self.paid.iter().map(|paid| (paid.payer, paid.date)).collect();
        for (payer, day) in days {
            let payer = self.world.model.payers[payer].name.clone();
            let balance = queries::balance(&mut self.world.writer, &payer, day, &Actor::console())?;
            if !balance.agrees() {
                return Err(differs(format!("the sums of {payer} on {day} do not agree")));
            }
            returned += balance.kroner().at(Whereabouts::Returned);
        }
        let came_back: i64 = self.paid.iter().map(|paid| paid.came_back).sum();
        if returned != i128::from(came_back) {
            return Err(differs(format!("{came_back} øre came back, and {returned} are booked")));
        }
        money.stolen += self.moved_on;
        money.paid -= self.moved_on;
        self.money = money;
        Ok(())
    }
}

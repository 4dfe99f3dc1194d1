//! What the store answers, held against what the world believes.

use crate::model::{Ruling, iban};
use crate::payouts::Batch;
use crate::world::{Remembered, World, differs, first_difference, operator};
use denmark::calendar::copenhagen_date;
use denmark::{Currency, Decimal};
use kernel::{Actor, Command, Error};
use payout::batch::Counts;
use payout::queries::{self, BatchView};
use registry::commands::{LookUp, LookUpAnswer};
use registry::payee::PayeeId;
use registry::purpose::{self, BenefitKind};
use registry::resolve::{self, Query, Resolution};
use sim::nation::Outcome;
use std::collections::BTreeMap;

const LOOK_UPS_A_DAY: u64 = 6;
/// More batches than any world has.
const BATCHES_MAX: i64 = 1 << 40;

/// Sums by two names.
pub type Sums = BTreeMap<String, BTreeMap<String, Decimal>>;

impl World {
    /// Some look-ups, as an operator makes them: each is itself in the journal.
    ///
    /// # Errors
    /// The store's, or an answer is not what is believed.
    pub fn look_up_some(&mut self) -> Result<(), Error> {
        if !self.remembered.is_empty() {
            let remembered = self.chance.below(self.remembered.len() as u64) as usize;
            self.look_back(&self.remembered[remembered].clone())?;
        }
        for _ in 0..LOOK_UPS_A_DAY.min(self.model.payees.len() as u64) {
            let at = self.chance.below(self.model.payees.len() as u64) as usize;
            let specifics: Vec<_> = self.model.payees[at].specific.keys().copied().collect();
            let is_default = specifics.is_empty() || self.chance.happens(300_000);
            let purpose = (!is_default).then(|| self.chance.pick(&specifics));
            self.look_up(at, purpose)?;
        }
        let nobody = PayeeId::Cpr(self.nation.unregistered_cpr(self.chance.next()));
        let command = LookUp { actor: Actor::console(), payee: nobody, specific: None, as_of: None, known_at: None };
        self.refuse(&command, "payee.unknown")
    }

    fn look_up(&mut self, at: usize, purpose: Option<(usize, &'static str)>) -> Result<(), Error> {
        let payee = &self.model.payees[at];
        let specific = purpose
            .and_then(|(payer, benefit)| Some((self.model.payers[payer].name.clone(), BenefitKind::parse(benefit)?)));
        let command = LookUp { actor: Actor::console(), payee: payee.id, specific, as_of: None, known_at: None };
        let standing = payee.standing(purpose);
        let state = match payee.account(purpose) {
            Ok(_) => "in_force",
            Err(Outcome::Dead) => "dead",
            Err(Outcome::NoAccount) => "none",
            Err(Outcome::Closed) => "closed",
            Err(Outcome::Frozen) => "frozen",
            // The registry does not tell a company that is gone and never had an account from one that never was.
            Err(_) if standing.is_none() => return self.refuse(&command, "payee.unknown"),
            Err(_) => "dissolved",
        };
        let account = standing.map(|standing| iban(&self.nation, &standing.account).as_str().to_owned());
        let env = self.env()?;
        let answer: LookUpAnswer = self.writer.execute(&command, &operator(), &env)?;
        self.count("commands", "look_up", 1);
        if (answer.state.as_str(), &answer.account) != (state, &account) {
            return Err(differs(format!("payee {at}: told is {}, and believed is {state}", answer.state)));
        }
        // While the clock is behind, its moments are not those of the journal.
        if purpose.is_none() && !self.clock.is_behind() {
            self.remembered.push(Remembered { at: env.now, payee: self.model.payees[at].id, answer });
        }
        Ok(())
    }

    /// What was told once is told again, when it is asked for as it was known then.
    fn look_back(&mut self, Remembered { at, payee, answer }: &Remembered) -> Result<(), Error> {
        let env = self.env()?;
        let command =
            LookUp { actor: Actor::console(), payee: *payee, specific: None, as_of: Some(*at), known_at: Some(*at) };
        let again = self.writer.execute(&command, &operator(), &env)?;
        self.count("commands", "look_back", 1);
        // What waits is told of the present alone.
        let answer = LookUpAnswer { pending_change: None, ..answer.clone() };
        if again == answer { Ok(()) } else { Err(differs("what was known once is not told again")) }
    }

    /// Gives a command that must be refused, which is an entry in the journal too.
    ///
    /// # Errors
    /// It was not refused, or for another reason.
    pub fn refuse<C: Command>(&mut self, command: &C, code: &'static str) -> Result<(), Error> {
        let env = self.env()?;
        let result = self.writer.execute(command, &operator(), &env);
        self.is_refused(result, code)
    }

    /// A command was refused with this code.
    ///
    /// # Errors
    /// It was not.
    pub fn is_refused<T>(&mut self, result: Result<T, Error>, code: &'static str) -> Result<(), Error> {
        match result {
            Err(Error::Refused(refusal)) if refusal.code == code => {
                self.count("commands_refused", code, 1);
                Ok(())
            }
            Err(other) => Err(other),
            Ok(_) => Err(differs(format!("a command was to be refused with {code}, and was not"))),
        }
    }

    /// Everybody's account, for every purpose that they have one for, and what every batch comes to.
    ///
    /// # Errors
    /// The store's, or something is not what is believed.
    pub fn check(&mut self) -> Result<(), Error> {
        let mut wanted = Vec::new();
        for (at, payee) in self.model.payees.iter().enumerate() {
            wanted.push((at, None));
            wanted.extend(payee.specific.keys().map(|purpose| (at, Some(*purpose))));
        }
        let (model, now) = (&self.model, kernel::Timestamp::from_micros(i64::MAX));
        let answers = self.writer.read(|scope| {
            let mut payers = Vec::new();
            for payer in &model.payers {
                payers.push(resolve::payer_by_name(scope, &payer.name)?.map(|payer| payer.id));
            }
            let query = |(at, purpose): &(usize, Option<(usize, &str)>)| Query {
                payee: model.payees[*at].id.key(scope.vault),
                purpose: purpose.and_then(|(payer, benefit)| {
                    Some(purpose::key(scope.vault, payers[payer]?, &BenefitKind::parse(benefit)?))
                }),
            };
            let queries: Vec<Query> = wanted.iter().map(query).collect();
            let mut answers = vec![Resolution::NotInRegister; queries.len()];
            resolve::resolve_many(scope, &queries, now, |index, resolution| {
                answers[index] = resolution;
                Ok(())
            })?;
            Ok(answers)
        })?;
        for ((at, purpose), answer) in wanted.into_iter().zip(answers) {
            let told = match answer {
                Resolution::Account(in_force) => Ok(in_force.account),
                Resolution::NotInRegister => Err(Outcome::Unregistered),
                Resolution::Dead => Err(Outcome::Dead),
                Resolution::NoAccount => Err(Outcome::NoAccount),
                Resolution::Closed => Err(Outcome::Closed),
                Resolution::Frozen | Resolution::Contested => Err(Outcome::Frozen),
            };
            let believed = self.model.payees[at].account(purpose).map_err(|outcome| match outcome {
                Outcome::Dissolved => Outcome::Unregistered,
                other => other,
            });
            if told != believed {
                return Err(differs(format!("the account of payee {at} is not the one that is believed")));
            }
        }
        let batches = self.list()?;
        let mut told: Vec<&str> = batches.iter().map(|view| view.batch.as_str()).collect();
        let mut believed: Vec<&str> = self.batches.iter().map(|batch| batch.name.as_str()).collect();
        told.sort_unstable();
        believed.sort_unstable();
        if told != believed {
            return Err(differs("the batches are not those that were accepted"));
        }
        let by_name: BTreeMap<&str, &Batch> = self.batches.iter().map(|batch| (batch.name.as_str(), batch)).collect();
        batches.iter().try_for_each(|view| self.check_counts(by_name[view.batch.as_str()], &view.counts))?;
        self.check_balance(&batches)
    }

    /// Of the last day on which files came in: all of their money is somewhere.
    fn check_balance(&mut self, batches: &[BatchView]) -> Result<(), Error> {
        let day_of = |view: &BatchView| view.received.parse().ok().map(copenhagen_date);
        let Some(day) = batches.iter().filter_map(day_of).max() else { return Ok(()) };
        let names: BTreeMap<&str, &str> = batches
            .iter()
            .filter(|view| day_of(view) == Some(day))
            .map(|view| (view.batch.as_str(), view.payer.as_str()))
            .collect();
        for payer in &self.model.payers {
            let mut believed: BTreeMap<Currency, i128> = BTreeMap::new();
            for batch in self.batches.iter().filter(|batch| names.get(batch.name.as_str()) == Some(&&*payer.name)) {
                for payment in batch.file.payments.iter().filter(|payment| payment.minor > 0) {
                    *believed.entry(payment.currency).or_default() += i128::from(payment.minor);
                }
            }
            let balance = queries::balance(&mut self.writer, &payer.name, day, &Actor::console())?;
            let told = balance.currencies().map(|(currency, sums)| (currency, sums.came_in));
            if !balance.agrees() || told.filter(|(_, sum)| *sum > 0).collect::<BTreeMap<_, _>>() != believed {
                return Err(differs(format!("{}: the money of {day} is not where it must be", payer.name)));
            }
        }
        Ok(())
    }

    fn list(&mut self) -> Result<Vec<BatchView>, Error> {
        let mut batches = Vec::new();
        let now = self.clock.read();
        queries::list(&mut self.writer, BATCHES_MAX, now, &Actor::console(), |batch| {
            batches.push(batch);
            Ok(())
        })?;
        Ok(batches)
    }

    /// Each payment of a batch, in the file's order, and the counts of all.
    ///
    /// # Errors
    /// The store's, or one is not what it must be.
    pub fn check_batch(&mut self, at: usize) -> Result<(), Error> {
        let mut told = Vec::new();
        let name = self.batches[at].name.clone();
        let now = self.clock.read();
        let view = queries::show(&mut self.writer, &name, &Actor::console(), now, |shown| {
            shown.each_payment(|payment| {
                told.push((payment.end_to_end_id, payment.state, payment.code));
                Ok(())
            })?;
            Ok(shown.view.clone())
        })?;
        let batch = &self.batches[at];
        let believed = batch.file.payments.iter().zip(&batch.rulings).map(|(payment, ruling)| {
            let (state, code) = ruling.told();
            (payment.end_to_end_id.clone(), state, code)
        });
        if let Some((believed, told)) = first_difference(believed, told) {
            let payment = |payment: Option<(String, &str, Option<&str>)>| match payment {
                Some((id, state, code)) => format!("{id} {state} {}", code.unwrap_or_default()),
                None => "no more".to_owned(),
            };
            let (told, believed) = (payment(told), payment(believed));
            return Err(differs(format!("{}: told is {told}, and believed is {believed}", batch.file.message_id)));
        }
        self.check_counts(batch, &view.counts)
    }

    /// What the payments of all files come to, by currency: as they were sent (`sent`), and as the store tells, by what
    /// became of them.
    ///
    /// # Errors
    /// The store's.
    pub fn totals(&mut self) -> Result<Sums, Error> {
        let mut totals = Sums::new();
        for payment in self.batches.iter().flat_map(|batch| &batch.file.payments) {
            add(&mut totals, payment.currency.as_str(), "sent", payment.decimal());
        }
        for view in self.list()? {
            for (label, currency, sum) in sums_of(&view.counts)? {
                let state = if view.counts.reasons.contains_key(label) { "went_back" } else { label };
                add(&mut totals, currency, state, sum);
            }
        }
        Ok(totals)
    }

    /// Counts and sums: all that came in is somewhere, once.
    ///
    /// # Errors
    /// One is not what it must be.
    pub fn check_counts(&self, batch: &Batch, counts: &Counts) -> Result<(), Error> {
        let id = &batch.file.message_id;
        let of = |wanted: &str| batch.rulings.iter().filter(|ruling| ruling.told().0 == wanted).count() as u64;
        let told = [
            counts.routed,
            counts.passed,
            counts.held,
            counts.rejected,
            counts.cancelled,
            counts.returned,
            counts.waiting,
        ];
        let believed = ["routed", "passed", "held", "rejected", "cancelled", "returned", "waiting"].map(of);
        if told != believed || counts.payments != told.iter().sum::<u64>() {
            return Err(differs(format!("{id}: the counts are {told:?}, and believed are {believed:?}")));
        }
        let mut reasons: BTreeMap<String, u64> = BTreeMap::new();
        let mut sums = Sums::new();
        for (payment, ruling) in batch.file.payments.iter().zip(&batch.rulings) {
            if matches!(ruling, Ruling::Rejected(_) | Ruling::Cancelled) {
                *reasons.entry(ruling.label().to_owned()).or_default() += 1;
            }
            // Nothing is no amount.
            if payment.minor > 0 {
                add(&mut sums, ruling.label(), payment.currency.as_str(), payment.decimal());
            }
        }
        let mut told = Sums::new();
        for (label, currency, sum) in sums_of(counts)? {
            add(&mut told, label, currency, sum);
        }
        if counts.reasons != reasons || told != sums {
            return Err(differs(format!("{id}: reasons or sums are not those of its payments")));
        }
        Ok(())
    }

    /// The completed file of a stage: it holds those payments of which the stage decided that they go on, each with the
    /// payee's account, and its own count and sum are true.
    ///
    /// # Errors
    /// It is not what it must be.
    pub fn check_completed(&self, batch: &Batch, decided: &[usize], text: Option<&str>) -> Result<(), Error> {
        let id = &batch.file.message_id;
        let mut sum = Decimal::ZERO;
        let mut believed = Vec::new();
        for index in decided {
            let payment = &batch.file.payments[*index];
            let account = match (batch.rulings[*index], payment.given) {
                (Ruling::Routed(account) | Ruling::Waiting(account), _) | (Ruling::Passed, Some(account)) => account,
                _ => continue,
            };
            sum = sum.checked_add(payment.decimal()).unwrap_or(sum);
            believed.push((payment.end_to_end_id.as_str(), iban(&self.nation, &account)));
        }
        let Some(text) = text else {
            return if believed.is_empty() { Ok(()) } else { Err(differs(format!("{id}: no completed file"))) };
        };
        let told = completed_payments(text);
        let believed_texts = believed.iter().map(|(id, iban)| (*id, iban.as_str()));
        if first_difference(believed_texts, told).is_some() || believed.is_empty() {
            return Err(differs(format!("{id}: the completed file does not pay what is believed")));
        }
        let count_is_true =
            between(text, "<NbOfTxs>", "<").and_then(|count| count.parse().ok()) == Some(believed.len());
        let sum_is_true = between(text, "<CtrlSum>", "<").and_then(|sum| Decimal::parse(sum).ok()) == Some(sum);
        if count_is_true && sum_is_true {
            return Ok(());
        }
        Err(differs(format!("{id}: count or sum of the completed file is not true")))
    }
}

/// The sums of a batch as the store tells them: of what, in which currency, how much.
fn sums_of(counts: &Counts) -> Result<Vec<(&str, &str, Decimal)>, Error> {
    let mut found = Vec::new();
    for (label, sums) in &counts.sums {
        for (currency, sum) in sums {
            let sum = Decimal::parse(sum).map_err(|_| differs("a sum is no amount"))?;
            found.push((label.as_str(), currency.as_str(), sum));
        }
    }
    Ok(found)
}

fn add(sums: &mut Sums, one: &str, other: &str, amount: Decimal) {
    let sum = sums.entry(one.to_owned()).or_default().entry(other.to_owned()).or_insert(Decimal::ZERO);
    *sum = sum.checked_add(amount).unwrap_or(*sum);
}

/// The payments of a completed file: end-to-end id and the payee's IBAN.
pub fn completed_payments(text: &str) -> Vec<(&str, &str)> {
    let payment = |part| {
        let account = between(part, "<CdtrAcct>", "</CdtrAcct>").unwrap_or_default();
        (between(part, "<EndToEndId>", "<").unwrap_or_default(), between(account, "<IBAN>", "<").unwrap_or_default())
    };
    text.split("<CdtTrfTxInf>").skip(1).map(payment).collect()
}

/// What stands between two texts, first.
fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    let rest = &text[text.find(before)? + before.len()..];
    rest.get(..rest.find(after)?)
}

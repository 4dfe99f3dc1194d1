//! What payers send on a day, and what is done later with what was held.

use crate::model::{Named, Payment, Ruling};
use crate::pain::Defect;
use crate::world::{World, differs, operator, releaser};
use denmark::Currency;
use denmark::calendar::add_banking_days;
use kernel::{Actor, Error};
use payout::batch::Counts;
use payout::commands::{Cancel, Refused, Release, Released, Request, Routed, cancel, release, route};
use registry::account::DesignatedAccount;
use registry::payer::NoAccount;
use sim::nation::{PUBLIC_PAYER_BENEFITS, Version};
use std::path::{Path, PathBuf};

const EXECUTED_AFTER_BANKING_DAYS: u32 = 2;
/// Of payments: what is wrong with them, or unusual.
const STRANGER_PER_MILLION: u64 = 30_000;
const IMPOSSIBLE_PER_MILLION: u64 = 20_000;
const ZERO_PER_MILLION: u64 = 20_000;
const REPEAT_PER_MILLION: u64 = 20_000;
const LATE_PER_MILLION: u64 = 20_000;
const GIVEN_PER_MILLION: u64 = 50_000;
const EUROS_PER_MILLION: u64 = 40_000;
const BENEFIT_PER_MILLION: u64 = 500_000;
/// Of payments: to somebody who has a specific account with this payer.
const TO_SPECIFIC_PER_MILLION: u64 = 100_000;
/// Of payments: to somebody without an account.
const TO_NO_ACCOUNT_PER_MILLION: u64 = 50_000;
/// Of files.
const HOLD_ALL_PER_MILLION: u64 = 200_000;
const DEFECT_PER_MILLION: u64 = 250_000;
const AGAIN_PER_MILLION: u64 = 250_000;
const OTHER_CONTENT_PER_MILLION: u64 = 250_000;

/// A file that a payer makes.
#[derive(Clone)]
pub struct PaymentFile {
    /// Their place among the payers.
    pub payer: usize,
    pub message_id: String,
    pub version: Version,
    /// The payer asks for all of it to wait.
    pub hold_all: bool,
    pub payments: Vec<Payment>,
}

/// A file that was accepted.
pub struct Batch {
    /// As the registry calls it.
    pub name: String,
    pub file: PaymentFile,
    /// Where the file is.
    pub path: PathBuf,
    /// What was agreed when it came in.
    pub no_account: NoAccount,
    /// What must have become of each payment by now, in the file's order.
    pub rulings: Vec<Ruling>,
    /// What the registry told when the file came in.
    pub first_counts: Counts,
    /// The completed file, as it was first.
    pub completed: Option<(PathBuf, String)>,
}

impl Batch {
    pub fn holds(&self) -> bool {
        self.rulings.iter().any(|ruling| matches!(ruling, Ruling::Held(_)))
    }
}

impl World {
    /// Each payer's file of the day, with its defects and repetitions.
    ///
    /// # Errors
    /// The store's, or a payment or file did not become what it must.
    pub fn pay(&mut self) -> Result<(), Error> {
        for payer in 0..self.model.payers.len() {
            let file = self.compose(payer);
            self.send(file)?;
            if self.chance.happens(AGAIN_PER_MILLION) {
                let batch = self.chance.below(self.batches.len() as u64) as usize;
                self.send_again(batch)?;
            }
            if self.chance.happens(OTHER_CONTENT_PER_MILLION) {
                self.send_other_content()?;
            }
        }
        Ok(())
    }

    fn compose(&mut self, payer: usize) -> PaymentFile {
        let count = (self.settings.payments / self.model.payers.len() as u64).max(2);
        let mut payments: Vec<Payment> = Vec::new();
        for number in 0..count {
            let mut payment = self.payment(payer, number);
            let earlier = payments.iter().rev().find(|earlier| !earlier.is_repeat);
            if let Some(earlier) = earlier.filter(|_| self.chance.happens(REPEAT_PER_MILLION)) {
                payment.end_to_end_id.clone_from(&earlier.end_to_end_id);
                payment.is_repeat = true;
                // In the same block, so that it stays behind the payment that it repeats.
                payment.is_late = earlier.is_late;
            }
            payments.push(payment);
        }
        // The blocks' order: what is late stands in the last one.
        payments.sort_by_key(|payment| payment.is_late);
        PaymentFile {
            payer,
            message_id: format!("M-{:04}-{}", self.day + 1, payer + 1),
            version: if self.chance.happens(500_000) { Version::V03 } else { Version::V09 },
            hold_all: self.chance.happens(HOLD_ALL_PER_MILLION),
            payments,
        }
    }

    fn payment(&mut self, payer: usize, number: u64) -> Payment {
        let chance = &mut self.chance;
        let payees = &self.model.payees;
        let first = chance.below(payees.len().max(1) as u64) as usize;
        let mut in_turn = (0..payees.len()).map(|step| (first + step) % payees.len());
        let mut benefit = chance.happens(BENEFIT_PER_MILLION).then(|| chance.pick(&PUBLIC_PAYER_BENEFITS));
        let of_payer = |at: &usize| payees[*at].specific.keys().find(|(of, _)| *of == payer);
        let mut at = first;
        if chance.happens(TO_SPECIFIC_PER_MILLION) {
            if let Some((found, kind)) = in_turn.find_map(|at| Some((at, of_payer(&at)?.1))) {
                (at, benefit) = (found, Some(kind));
            }
        } else if chance.happens(TO_NO_ACCOUNT_PER_MILLION) {
            at = in_turn.find(|at| payees[*at].default.is_none() && payees[*at].is_living()).unwrap_or(first);
        }
        let named = if chance.happens(STRANGER_PER_MILLION) || payees.is_empty() {
            Named::Nobody(self.nation.unregistered_cpr(chance.next()))
        } else if chance.happens(IMPOSSIBLE_PER_MILLION) {
            Named::Impossible(format!("611370{:04}", chance.below(10_000)))
        } else {
            Named::Payee(at)
        };
        let is_zero = chance.happens(ZERO_PER_MILLION);
        let minor = if is_zero { 0 } else { 1 + chance.below(2_000_000) as i64 };
        let is_in_euros = chance.happens(EUROS_PER_MILLION);
        let currency = if is_in_euros { Currency::parse("EUR").expect("it is one") } else { Currency::DKK };
        let is_late = chance.happens(LATE_PER_MILLION);
        let is_given = chance.happens(GIVEN_PER_MILLION);
        let given = is_given
            .then(|| DesignatedAccount::Domestic { account: self.nation.bureau_account(), currency: Currency::DKK });
        let end_to_end_id = format!("E-{:04}-{}-{number:06}", self.day + 1, payer + 1);
        Payment { end_to_end_id, named, minor, currency, benefit, given, is_repeat: false, is_late }
    }

    /// Sends a file; at times one with a defect first, which is refused and leaves the message id free.
    fn send(&mut self, file: PaymentFile) -> Result<(), Error> {
        if self.chance.happens(DEFECT_PER_MILLION) {
            let defect = self.chance.pick(&Defect::ALL);
            let path = self.write_pain(&file, "defect", Some(defect))?;
            match self.route(&file, &path)? {
                Err(refused) if refused.code == defect.code() => self.count_refused(&refused),
                other => return Err(differs(format!("{}: {defect:?} became {other:?}", file.message_id))),
            }
        }
        let path = self.write_pain(&file, "true", None)?;
        let routed = match self.route(&file, &path)? {
            Ok(routed) if !routed.duplicate => routed,
            other => return Err(differs(format!("{}: a true file became {other:?}", file.message_id))),
        };
        let no_account = self.model.payers[file.payer].no_account;
        let rule = |payment: &Payment| match self.model.rule(file.payer, &no_account, payment) {
            Ruling::Routed(_) | Ruling::Waiting(_) | Ruling::Passed if file.hold_all => Ruling::Held(None),
            ruling => ruling,
        };
        let rulings: Vec<Ruling> = file.payments.iter().map(rule).collect();
        let Routed { batch, counts, completed, .. } = routed;
        self.count("files", "routed", 1);
        self.count("payments", "sent", file.payments.len() as u64);
        for ruling in &rulings {
            self.count("payments_at_first", ruling.label(), 1);
        }
        let completed = completed.map(|path| Ok::<_, Error>((path.clone(), read(&path)?))).transpose()?;
        let all: Vec<usize> = (0..rulings.len()).collect();
        let batch = Batch { name: batch, file, path, no_account, rulings, first_counts: counts, completed };
        let text = batch.completed.as_ref().map(|(_, text)| text.as_str());
        self.check_completed(&batch, &all, text)?;
        self.check_counts(&batch, &batch.first_counts)?;
        self.batches.push(batch);
        self.check_batch(self.batches.len() - 1)
    }

    /// The very same file once more, on the same day or a later one: nobody is paid twice, and what was lost of the
    /// files comes back byte for byte.
    fn send_again(&mut self, at: usize) -> Result<(), Error> {
        let Batch { file, path, completed, first_counts, name, .. } = &self.batches[at];
        let (file, path, completed) = (file.clone(), path.clone(), completed.clone());
        let (first_counts, name) = (first_counts.clone(), name.clone());
        if let Some((path, _)) = &completed {
            std::fs::remove_file(path).map_err(Error::io(format!("{} could not be removed", path.display())))?;
        }
        let again = match self.route(&file, &path)? {
            Ok(routed) if routed.duplicate && routed.batch == name && routed.counts == first_counts => routed,
            other => return Err(differs(format!("{}: the same file became {other:?}", file.message_id))),
        };
        let text = again.completed.as_deref().map(read).transpose()?;
        if text.as_ref() != completed.as_ref().map(|(_, text)| text) {
            return Err(differs(format!("{}: the completed file is not what it was", file.message_id)));
        }
        self.count("files", "repeated", 1);
        Ok(())
    }

    /// A file under a message id that was used for another.
    fn send_other_content(&mut self) -> Result<(), Error> {
        let at = self.chance.below(self.batches.len() as u64) as usize;
        let mut file = self.batches[at].file.clone();
        file.payments.truncate(1);
        file.payments[0].minor += 1;
        let path = self.write_pain(&file, "other", None)?;
        match self.route(&file, &path)? {
            Err(refused) if refused.code == "DU01" => {
                self.count_refused(&refused);
                Ok(())
            }
            other => Err(differs(format!("{}: other content became {other:?}", file.message_id))),
        }
    }

    fn count_refused(&mut self, refused: &Refused) {
        self.count("files_refused", refused.code, 1);
    }

    /// Writes a payer's file, true or with a defect.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write_pain(&self, file: &PaymentFile, what: &str, defect: Option<Defect>) -> Result<PathBuf, Error> {
        let today = self.clock.date();
        let execution = add_banking_days(today, EXECUTED_AFTER_BANKING_DAYS);
        let name = format!("{:04}-{}-{what}.pain.001.xml", self.day + 1, file.message_id);
        self.files.write(&name, &self.pain(file, today, execution, defect))
    }

    /// Routes a file that was written; or why it is refused as a whole.
    ///
    /// # Errors
    /// The store's.
    pub fn route(&mut self, file: &PaymentFile, path: &Path) -> Result<Result<Routed, Refused>, Error> {
        let env = self.env()?;
        // The same for every thread that asks, whenever it does.
        let clock = || env.now;
        let request = Request {
            file: path,
            payer: &self.model.payers[file.payer].name,
            out: self.files.folder(),
            hold_all: file.hold_all,
            clock: &clock,
        };
        route(&mut self.writer, &request, &Actor::console(), &env, &mut |_| {})
    }

    /// What the payers and the operator do with what was held before today: of the first `batches`.
    ///
    /// # Errors
    /// The store's, or a payment did not become what it must.
    pub fn release_and_cancel(&mut self, batches: usize) -> Result<(), Error> {
        for at in 0..batches {
            if self.batches[at].holds() {
                match self.chance.below(8) {
                    0..=2 => self.release(at)?,
                    3 => self.cancel(at, false)?,
                    4 => self.cancel(at, true)?,
                    _ => {}
                }
            } else if self.chance.happens(50_000) {
                let (name, env) = (self.batches[at].name.clone(), self.env()?);
                let wanted = Cancel { batch: &name, end_to_end_ids: None, stages: None, once: None };
                let result = cancel(&mut self.writer, &wanted, &operator(), &env);
                self.is_refused(result, "batch.nothing_held")?;
            }
        }
        Ok(())
    }

    fn release(&mut self, at: usize) -> Result<(), Error> {
        let env = self.env()?;
        let name = self.batches[at].name.clone();
        let wanted = Release {
            batch: &name,
            as_what: payout::commands::LetGo::Ask,
            out: Some(self.files.folder()),
            stages: None,
            once: None,
        };
        let released = release(&mut self.writer, &wanted, &releaser(), &env)?;
        let Released { counts, completed, .. } = released;
        let batch = &mut self.batches[at];
        let mut decided = Vec::new();
        for (index, (payment, ruling)) in batch.file.payments.iter().zip(&mut batch.rulings).enumerate() {
            if !matches!(ruling, Ruling::Held(_)) {
                continue;
            }
            let new = match payment.given {
                Some(_) => Ruling::Passed,
                None => self.model.look_up(batch.file.payer, &batch.no_account, payment),
            };
            // What still cannot be paid waits as it did.
            if !matches!(new, Ruling::Held(_)) {
                *ruling = new;
                decided.push(index);
            }
        }
        self.count("commands", "release", 1);
        self.count("payments", "released", decided.len() as u64);
        let text = completed.as_deref().map(read).transpose()?;
        let batch = &self.batches[at];
        self.check_completed(batch, &decided, text.as_deref())?;
        self.check_counts(batch, &counts)?;
        self.check_batch(at)
    }

    fn cancel(&mut self, at: usize, all: bool) -> Result<(), Error> {
        let batch = &mut self.batches[at];
        let held = |ruling: &Ruling| matches!(ruling, Ruling::Held(_));
        let first = batch.rulings.iter().position(held);
        let ids: Option<Vec<String>> =
            first.filter(|_| !all).map(|first| vec![batch.file.payments[first].end_to_end_id.clone()]);
        let mut cancelled = 0;
        for (index, ruling) in batch.rulings.iter_mut().enumerate() {
            if held(ruling) && (all || Some(index) == first) {
                *ruling = Ruling::Cancelled;
                cancelled += 1;
            }
        }
        let name = batch.name.clone();
        let wanted = Cancel { batch: &name, end_to_end_ids: ids.as_deref(), stages: None, once: None };
        let env = self.env()?;
        let counts = cancel(&mut self.writer, &wanted, &Actor::console(), &env)?;
        self.count("commands", "cancel", 1);
        self.count("payments", "cancelled", cancelled);
        self.check_counts(&self.batches[at], &counts)?;
        self.check_batch(at)
    }
}

fn read(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(Error::io(format!("{} could not be read", path.display())))
}

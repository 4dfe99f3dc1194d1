//! What is believed: who has which account, what was agreed, what was done, and where each payment must be then. It never asks the store.

use crate::acts::{ACCOUNTS, PAYEES, PAYERS, Pay, To};
use crate::backing::Promise;
use denmark::calendar::{after_banking_days, copenhagen_date, next_cut_off};
use denmark::{Account, Country};
use jiff::civil::{Date, time};
use kernel::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

pub const CONSOLE: &str = "console";

/// What becomes of a payment whose payee has no account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoAccount {
    Rejects,
    Holds,
    PaysTo,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lets {
    AtOnce,
    ByHand,
    /// At 14:30.
    AtCutOff,
}

/// What a payer has agreed.
#[derive(Clone, Copy, Debug)]
pub struct Agreed {
    pub name: &'static str,
    pub is_public: bool,
    pub no_account: NoAccount,
    pub has_bank: bool,
    pub lets: Lets,
    pub two_above: Option<i64>,
    pub holds_pending: bool,
    pub days: u16,
    pub holds_frozen: bool,
    /// What comes back goes on to the waiting account.
    pub sends_on: bool,
}

const PLAIN: Agreed = Agreed {
    name: "Plain",
    is_public: true,
    no_account: NoAccount::Rejects,
    has_bank: false,
    lets: Lets::AtOnce,
    two_above: None,
    holds_pending: false,
    days: 0,
    holds_frozen: false,
    sends_on: false,
};

pub const AGREED: [Agreed; PAYERS] = [
    PLAIN,
    Agreed { name: "Patient", no_account: NoAccount::Holds, has_bank: true, holds_frozen: true, ..PLAIN },
    Agreed { name: "Elsewhere", no_account: NoAccount::PaysTo, ..PLAIN },
    Agreed { name: "Onward", no_account: NoAccount::PaysTo, has_bank: true, sends_on: true, ..PLAIN },
    Agreed { name: "Daily", no_account: NoAccount::Holds, lets: Lets::AtCutOff, holds_pending: true, days: 1, ..PLAIN },
    Agreed { name: "Manual", is_public: false, lets: Lets::ByHand, holds_frozen: true, ..PLAIN },
    Agreed { name: "Careful", lets: Lets::AtCutOff, two_above: Some(15_000), days: 2, holds_pending: true, ..PLAIN },
    Agreed {
        name: "Private",
        is_public: false,
        has_bank: true,
        no_account: NoAccount::Holds,
        holds_pending: true,
        ..PLAIN
    },
];

/// As a file of the operator says them; and as the last the one that is no payee's.
pub const ACCOUNT_TEXTS: [&str; ACCOUNTS + 1] = ["0040-1", "0040-2", "9860-3", "0040-4", "9860-5", ELSEWHERE];
/// Of a payer, for payees without an account.
pub const ELSEWHERE: &str = "0040-440116243";
/// In a file itself: the same.
pub const NAMED: &str = "DK5000400440116243";

pub fn iban(text: &str) -> String {
    Account::parse(text).unwrap().iban(Country::Denmark).as_str().to_owned()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    InForce,
    Frozen,
    /// Frozen for a payee who may be a victim: what is paid to it waits, whatever was agreed.
    Contested,
    Closed,
}

/// What holds of an account from a moment, and who had a part in that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub at: i64,
    pub standing: Standing,
    pub iban: String,
    pub by: BTreeSet<String>,
}

/// A change that waits.
#[derive(Clone, Debug)]
pub struct Proposal {
    pub id: String,
    pub by: BTreeSet<String>,
    /// Until it must be looked at again.
    pub until: i64,
}

#[derive(Clone, Debug, Default)]
pub struct Person {
    pub is_dead: bool,
    pub rows: Vec<Row>,
    pub proposal: Option<Proposal>,
}

/// Where a payment is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// For the reason that was recorded; none while its batch waits to be let go.
    Held(Option<&'static str>),
    /// To this account.
    Routed(String),
    Passed,
    /// To the account that the payer has for those without one.
    Waiting(String),
    Rejected(&'static str),
    Cancelled,
    /// All of it came back, for this reason.
    Returned(&'static str),
}

impl State {
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Held(_) => "held",
            Self::Routed(_) => "routed",
            Self::Passed => "passed",
            Self::Rejected(_) => "rejected",
            Self::Cancelled => "cancelled",
            Self::Waiting(_) => "waiting",
            Self::Returned(_) => "returned",
        }
    }

    pub const fn has_left(&self) -> bool {
        matches!(self, Self::Routed(_) | Self::Passed | Self::Waiting(_))
    }

    pub const fn is_held(&self) -> bool {
        matches!(self, Self::Held(_))
    }

    /// Whether it is here, or in the waiting account, and leaves when nothing keeps it.
    pub const fn may_leave(&self) -> bool {
        matches!(self, Self::Held(_) | Self::Waiting(_))
    }
}

#[derive(Clone, Debug)]
pub struct Payment {
    pub id: String,
    pub pay: Pay,
    /// Its id stands earlier in its file.
    pub is_double: bool,
    pub state: State,
    /// At which stages it left, and to which accounts.
    pub left: Vec<(usize, String)>,
    /// How often all of it came back, how often it was paid out of the waiting account, and how much came back since it left last.
    pub returned: usize,
    pub moved: usize,
    /// How often it lay in the waiting account once more.
    pub came_to_lie: usize,
    pub back: i64,
    /// What its bank has said that it gives back, and has not brought.
    pub promised: Vec<Promise>,
}

impl Payment {
    pub const fn currency(&self) -> &'static str {
        if self.pay.is_euro { "EUR" } else { "DKK" }
    }
}

/// How the payments of a batch stood after something was done with it.
#[derive(Clone, Debug)]
pub struct Stage {
    pub states: Vec<State>,
    /// Where money came back, or was paid out of the waiting account: which payments' of, and whether all of it; of what goes on from
    /// there to the waiting account it is not all the payer's.
    pub of_record: Option<BTreeMap<usize, bool>>,
}

/// What was asked back of a bank with one message.
#[derive(Clone, Debug)]
pub struct Recall {
    pub name: String,
    pub batch: usize,
    /// Of each payment how much came back since, and what its bank said at last that does.
    pub payments: BTreeMap<usize, (i64, Option<i64>)>,
    /// How much of each was there to ask for, and how often it had left by then.
    pub asked: BTreeMap<usize, i64>,
    pub times: BTreeMap<usize, usize>,
}

#[derive(Clone, Debug)]
pub struct Batch {
    pub name: String,
    pub payer: usize,
    pub received: i64,
    pub holds: bool,
    pub is_uploaded: bool,
    pub message_id: String,
    pub xml: String,
    pub needs_two: bool,
    pub payments: Vec<Payment>,
    /// Who asked for its release, and who approved that, in order.
    pub asked: Vec<String>,
    pub approved: Vec<String>,
    /// Who asked last, also by trying a payment again.
    pub asked_last: Option<String>,
    /// Of each payment that was tried again, how many had asked and approved by then.
    pub tried: BTreeMap<usize, (usize, usize)>,
    /// The same of when something went on last that did not.
    pub gone_on: Option<(usize, usize)>,
    /// The same of when all of it, or a payment, that had been stopped went on last.
    pub resumed: BTreeMap<Option<usize>, (usize, usize)>,
    pub is_stopped: bool,
    pub stopped: BTreeSet<usize>,
    pub stages: Vec<Stage>,
    /// The reasons that were recorded may be others: something was done at the same moment.
    pub is_blurred: bool,
}

/// What becomes of a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    Leaves(String),
    /// To the account that its payer has for those without one.
    LeavesElsewhere,
    AsItCame,
    /// None: for its batch to be let go.
    Waits(Option<&'static str>),
    GoesBack(&'static str),
}

impl Fate {
    fn state(self) -> State {
        match self {
            Self::Leaves(iban) => State::Routed(iban),
            Self::LeavesElsewhere => State::Waiting(iban(ELSEWHERE)),
            Self::AsItCame => State::Passed,
            Self::Waits(reason) => State::Held(reason),
            Self::GoesBack(code) => State::Rejected(code),
        }
    }
}

#[derive(Clone, Debug)]
pub struct Model {
    pub now: i64,
    pub persons: Vec<Person>,
    /// Through which day accounts are marked.
    pub marks: BTreeMap<String, Date>,
    pub batches: Vec<Batch>,
    pub recalls: Vec<Recall>,
    /// What is being booked: of which batches, which payments' money, and whether all of it.
    pub booked: BTreeMap<usize, BTreeMap<usize, bool>>,
    /// What goes on of it to the waiting account, and how much ever did.
    pub onward: BTreeMap<usize, BTreeSet<usize>>,
    pub sent_on: usize,
    /// The controls.
    pub holds_pending: bool,
    pub hold_days: u16,
    pub changes_wait: bool,
}

impl Batch {
    pub const fn agreed(&self) -> &'static Agreed {
        &AGREED[self.payer]
    }

    pub fn held(&self) -> usize {
        self.payments.iter().filter(|payment| payment.state.is_held()).count()
    }

    /// Whether its file was kept: it may be needed again.
    pub fn is_kept(&self) -> bool {
        let is_likely = self.agreed().no_account == NoAccount::Holds || self.agreed().has_bank || self.waits();
        is_likely || self.agreed().sends_on || self.is_uploaded || self.stages[0].states.iter().any(State::is_held)
    }

    /// Where it stands when its file has come in.
    fn waits(&self) -> bool {
        self.holds || self.agreed().lets != Lets::AtOnce
    }

    pub fn cut_off(&self) -> Option<i64> {
        let received = Timestamp::from_micros(self.received);
        (self.agreed().lets == Lets::AtCutOff && !self.holds && !self.needs_two)
            .then(|| Timestamp::from(next_cut_off(received.to_jiff(), time(14, 30, 0, 0))).micros())
    }

    /// Whether the agreement lets it go.
    fn is_agreed(&self, now: i64) -> bool {
        let at_once = self.agreed().lets == Lets::AtOnce && !self.holds;
        at_once || self.cut_off().is_some_and(|at| at <= now)
    }

    /// Whether enough of those have let it go who count; or a payment that the console tried again.
    fn is_let_go(&self, tried: Option<(usize, usize)>, counts: impl Fn(&str) -> bool) -> bool {
        let (asked, approved) = tried.unwrap_or_default();
        let tried = tried.map(|_| CONSOLE);
        let asked = self.asked[asked..].iter().map(String::as_str).chain(tried);
        let asked: Vec<&str> = asked.filter(|by| counts(by)).collect();
        let mut approved = self.approved[approved..].iter().filter(|by| counts(by));
        match self.needs_two {
            true => approved.any(|approver| asked.iter().any(|asker| asker != approver)),
            false => !asked.is_empty() || approved.next().is_some(),
        }
    }

    fn has_let_go(&self, number: usize, now: i64, counts: impl Fn(&str) -> bool) -> bool {
        match self.tried.get(&number) {
            Some(tried) => self.is_let_go(Some(*tried), counts),
            None => self.is_agreed(now) || self.is_let_go(None, counts),
        }
    }

    /// Whether nobody who does not count had a payment go on that was stopped, but for others who let it go since.
    fn was_resumed_by(&self, number: usize, counts: impl Fn(&str) -> bool) -> bool {
        let Some((asked, approved)) = self.resumed.get(&None).max(self.resumed.get(&Some(number))) else { return true };
        let mut since = self.asked[*asked..].iter().chain(&self.approved[*approved..]);
        counts(CONSOLE) || since.any(|by| counts(by))
    }

    /// Something goes on that did not.
    pub fn goes_on(&mut self) {
        self.gone_on = Some((self.asked.len(), self.approved.len()));
    }

    pub fn is_open(&self, now: i64) -> bool {
        self.is_agreed(now) || self.is_let_go(None, |_| true)
    }

    /// Whether it is to be noted that somebody lets it go.
    pub fn is_noted(&self, by: &str, approves: bool, now: i64) -> bool {
        let is_agreed = self.is_open(now) && self.asked.is_empty() && self.gone_on.is_none();
        let (asked, approved) = self.gone_on.unwrap_or_default();
        let said = if approves { &self.approved[approved..] } else { &self.asked[asked..] };
        !is_agreed && !said.iter().any(|said| said == by)
    }

    /// Notes who lets it go, if that is to be noted; whether it is.
    pub fn let_go(&mut self, by: &str, approves: bool, now: i64) -> bool {
        let is_noted = self.is_noted(by, approves, now);
        if is_noted {
            let said = if approves { &mut self.approved } else { &mut self.asked };
            said.push(by.to_owned());
            self.asked_last = (!approves).then(|| by.to_owned()).or(self.asked_last.take());
        }
        is_noted
    }
}

impl Model {
    /// That of a beginning.
    pub fn new(now: i64, persons: Vec<Person>) -> Self {
        Self {
            now,
            persons,
            marks: BTreeMap::new(),
            batches: Vec::new(),
            recalls: Vec::new(),
            booked: BTreeMap::new(),
            onward: BTreeMap::new(),
            sent_on: 0,
            holds_pending: false,
            hold_days: 0,
            changes_wait: false,
        }
    }

    pub fn today(&self) -> Date {
        copenhagen_date(Timestamp::from_micros(self.now).to_jiff())
    }

    pub fn is_marked(&self, iban: &str) -> bool {
        self.marks.get(iban).is_some_and(|until| self.today() <= *until)
    }

    pub fn is_elsewhere_marked(&self) -> bool {
        self.is_marked(&iban(ELSEWHERE))
    }

    pub fn after_banking_days(&self, since: i64, days: u16) -> i64 {
        match days {
            0 => since,
            _ => Timestamp::from(after_banking_days(Timestamp::from_micros(since).to_jiff(), days.into())).micros(),
        }
    }

    /// The registers can say of a person that they are dead.
    pub fn dies(&mut self, payee: usize) {
        if PERSONS[payee].starts_with("cpr:") {
            self.persons[payee].is_dead = true;
        }
    }

    /// By whom the account in force came there, and since when it is what took another's place.
    fn came_by(rows: &[Row]) -> (BTreeSet<&str>, Option<i64>) {
        let newest = rows.last().unwrap();
        let is_it = |row: &&Row| row.standing != Standing::Closed && row.iban == newest.iban;
        let of_it: Vec<&Row> = rows.iter().rev().take_while(is_it).collect();
        let since = (of_it.len() < rows.len()).then(|| of_it.last().unwrap().at);
        (of_it.iter().flat_map(|row| row.by.iter().map(String::as_str)).collect(), since)
    }

    /// What becomes of a payment, whoever lets it go.
    fn by_registry(&self, agreed: &Agreed, payment: &Payment) -> Fate {
        let is_euro = payment.pay.is_euro;
        match payment.pay {
            _ if payment.is_double => return Fate::GoesBack("DU04"),
            Pay { minor: 0, .. } => return Fate::GoesBack("AM01"),
            _ => {}
        }
        let person = match payment.pay.to {
            To::Named if self.is_marked(NAMED) => return Fate::Waits(Some("marked")),
            To::Named => return Fate::AsItCame,
            To::Nobody => return Fate::GoesBack("BE06"),
            To::Payee(payee) => &self.persons[payee],
        };
        if person.is_dead {
            return Fate::GoesBack("MD07");
        }
        let Some(newest) = person.rows.last() else {
            return match agreed.no_account {
                NoAccount::Rejects => Fate::GoesBack("AC03"),
                NoAccount::Holds => Fate::Waits(Some("no_account")),
                NoAccount::PaysTo if is_euro => Fate::GoesBack("AM03"),
                // What lies there already goes out of it as ever.
                NoAccount::PaysTo if self.is_elsewhere_marked() && !matches!(payment.state, State::Waiting(_)) => {
                    Fate::Waits(Some("marked"))
                }
                NoAccount::PaysTo => Fate::LeavesElsewhere,
            };
        };
        let is_pending = person.proposal.as_ref().is_some_and(|proposal| self.now < proposal.until);
        let days = agreed.days.max(self.hold_days);
        let is_recent = |since: i64| self.now < self.after_banking_days(since, days);
        match newest.standing {
            Standing::Closed => Fate::GoesBack("AC07"),
            Standing::Contested => Fate::Waits(Some("frozen")),
            Standing::Frozen if agreed.holds_frozen => Fate::Waits(Some("frozen")),
            Standing::Frozen => Fate::GoesBack("AC06"),
            Standing::InForce if is_euro => Fate::GoesBack("AM03"),
            Standing::InForce if self.is_marked(&newest.iban) => Fate::Waits(Some("marked")),
            Standing::InForce if is_pending && (agreed.holds_pending || self.holds_pending) => {
                Fate::Waits(Some("change_pending"))
            }
            Standing::InForce if Self::came_by(&person.rows).1.is_some_and(is_recent) => {
                Fate::Waits(Some("recent_change"))
            }
            Standing::InForce => Fate::Leaves(newest.iban.clone()),
        }
    }

    /// What becomes of a payment of a batch, if it is ruled now.
    pub fn fate(&self, batch: usize, number: usize) -> Fate {
        let batch = &self.batches[batch];
        let payment = &batch.payments[number];
        let fate = self.by_registry(batch.agreed(), payment);
        let is_stopped = batch.is_stopped || batch.stopped.contains(&number);
        let counts = |by: &str| match payment.pay.to {
            To::Payee(payee) if !self.persons[payee].rows.is_empty() => {
                let changed_by = Self::came_by(&self.persons[payee].rows).0;
                // Who leaves out their name may be any officer.
                let is_by_officer = changed_by.iter().any(|by| by.starts_with("operator:"));
                if by == CONSOLE { !is_by_officer } else { !changed_by.contains(by) }
            }
            // An account that the payer names is nobody's.
            To::Payee(_) | To::Nobody | To::Named => true,
        };
        match fate {
            Fate::GoesBack(_) => fate,
            _ if is_stopped => Fate::Waits(Some("stopped")),
            Fate::Waits(_) => fate,
            _ if !batch.is_open(self.now) => Fate::Waits(None),
            _ if !batch.has_let_go(number, self.now, |_| true) => Fate::Waits(None),
            _ if batch.has_let_go(number, self.now, counts) && batch.was_resumed_by(number, counts) => fate,
            _ => Fate::Waits(Some("own_change")),
        }
    }

    /// Rules what a batch holds, which makes a stage of it if something moves, or somebody `said` something; whether it did.
    pub fn rule(&mut self, batch: usize, said: bool) -> bool {
        let fates: Vec<(usize, Fate)> = (0..self.batches[batch].payments.len())
            .filter(|number| self.batches[batch].payments[*number].state.is_held())
            .map(|number| (number, self.fate(batch, number)))
            .collect();
        if !said && fates.iter().all(|(_, fate)| matches!(fate, Fate::Waits(_))) {
            return false;
        }
        let stage = self.batches[batch].stages.len();
        for (number, fate) in fates {
            self.become_of(batch, number, stage, fate);
        }
        self.end_stage(batch);
        true
    }

    pub fn become_of(&mut self, batch: usize, number: usize, stage: usize, fate: Fate) {
        let payment = &self.batches[batch].payments[number];
        // The rule that all others serve, said once more and plainly.
        if let (To::Payee(payee), Fate::Leaves(iban)) = (payment.pay.to, &fate) {
            let person = &self.persons[payee];
            let is_in_force =
                person.rows.last().is_some_and(|row| row.standing == Standing::InForce && row.iban == *iban);
            let is_elsewhere = person.rows.is_empty();
            assert!(!person.is_dead && (is_in_force || is_elsewhere), "{person:?}");
        }
        let to = match &fate {
            Fate::Leaves(iban) => Some(iban.clone()),
            Fate::LeavesElsewhere => Some(iban(ELSEWHERE)),
            Fate::AsItCame => Some(NAMED.to_owned()),
            Fate::Waits(_) | Fate::GoesBack(_) => None,
        };
        assert!(to.as_ref().is_none_or(|to| !self.is_marked(to)), "{fate:?}");
        let payment = &mut self.batches[batch].payments[number];
        if let Some(to) = to {
            assert_eq!(payment.left.len(), payment.returned + payment.moved, "paid twice: {payment:?}");
            assert_eq!(payment.owed(), 0, "paid in advance: {payment:?}");
            payment.left.push((stage, to));
            payment.back = 0;
        }
        payment.state = fate.state();
    }

    pub fn end_stage(&mut self, batch: usize) {
        let batch = &mut self.batches[batch];
        let states = batch.payments.iter().map(|payment| payment.state.clone()).collect();
        batch.stages.push(Stage { states, of_record: None });
    }

    /// What came back is tried again: from now on it waits like any other, and what may leave does.
    pub fn retry(&mut self, batch: usize, numbers: &[usize]) {
        let tried = &mut self.batches[batch];
        tried.goes_on();
        for number in numbers {
            tried.payments[*number].state = State::Held(None);
            tried.tried.insert(*number, (tried.asked.len(), tried.approved.len()));
        }
        tried.asked_last = Some(CONSOLE.to_owned());
        self.end_stage(batch);
    }

    /// What lies in the waiting account of a batch's payer for those who have an account by now is paid to it; whether something was.
    pub fn pay_waiting(&mut self, batch: usize) -> bool {
        let stage = self.batches[batch].stages.len();
        let mut paid = BTreeMap::new();
        for number in 0..self.batches[batch].payments.len() {
            let fate = self.fate(batch, number);
            let payment = &mut self.batches[batch].payments[number];
            // Not to where it came back from, nor before it is there.
            let is_there = payment.owed() == 0;
            let elsewhere = iban(ELSEWHERE);
            let last = payment.left.iter().rev().map(|(_, to)| to.clone()).find(|to| *to != elsewhere);
            let is_new = |to: &String| is_there && last.as_ref() != Some(to);
            if matches!((&payment.state, &fate), (State::Waiting(_), Fate::Leaves(to)) if is_new(to)) {
                payment.moved += 1;
                paid.insert(number, true);
                self.become_of(batch, number, stage, fate);
            }
        }
        let is_paid = !paid.is_empty();
        if is_paid {
            self.end_stage(batch);
            if let Some(stage) = self.batches[batch].stages.last_mut() {
                stage.of_record = Some(paid);
            }
        }
        is_paid
    }

    /// A file has come in; `batch` has no payment that was ruled.
    pub fn come_in(&mut self, batch: Batch) {
        let (at, waits) = (self.batches.len(), batch.waits());
        self.batches.push(batch);
        for number in 0..self.batches[at].payments.len() {
            let payment = &self.batches[at].payments[number];
            let fate = match self.by_registry(self.batches[at].agreed(), payment) {
                Fate::Leaves(_) | Fate::LeavesElsewhere | Fate::AsItCame if waits => Fate::Waits(None),
                other => other,
            };
            self.become_of(at, number, 0, fate);
        }
        let batch = &self.batches[at];
        let may_be_paid = |payment: &&Payment| payment.state.has_left() || payment.state.is_held();
        let paid: Vec<&Payment> = batch.payments.iter().filter(may_be_paid).collect();
        let sum: i64 = paid.iter().map(|payment| i64::from(payment.pay.minor)).sum();
        let is_more = |above: i64| sum > above || paid.iter().any(|payment| payment.pay.is_euro);
        self.batches[at].needs_two = batch.agreed().two_above.is_some_and(is_more);
        self.end_stage(at);
    }

    /// All that waits is looked at.
    pub fn settle(&mut self) {
        for batch in 0..self.batches.len() {
            if self.batches[batch].held() > 0 && self.batches[batch].is_open(self.now) {
                self.rule(batch, false);
            }
        }
        for batch in 0..self.batches.len() {
            self.pay_waiting(batch);
        }
    }

    /// Cancels these payments.
    pub fn cancel(&mut self, batch: usize, numbers: &[usize]) {
        for number in numbers {
            self.batches[batch].payments[*number].state = State::Cancelled;
        }
        self.end_stage(batch);
    }

    /// Where the money is of what came in from a payer on a day, by currency: in, delivered, held, waiting, returned, rejected.
    pub fn balance(&self, payer: usize, day: Date) -> BTreeMap<&'static str, [i128; 6]> {
        let mut sums: BTreeMap<&str, [i128; 6]> = [("DKK", [0; 6])].into();
        let is_its = |batch: &&Batch| {
            batch.payer == payer && copenhagen_date(Timestamp::from_micros(batch.received).to_jiff()) == day
        };
        for payment in self.batches.iter().filter(is_its).flat_map(|batch| &batch.payments) {
            let minor = i128::from(payment.pay.minor);
            if minor == 0 {
                continue;
            }
            let sums = sums.entry(payment.currency()).or_default();
            sums[0] += minor;
            sums[match payment.state {
                State::Routed(_) | State::Passed => 1,
                State::Held(_) => 2,
                State::Waiting(_) => 3,
                State::Returned(_) => 4,
                State::Rejected(_) | State::Cancelled => 5,
            }] += minor - i128::from(payment.back);
            sums[4] += i128::from(payment.back);
        }
        sums
    }
}

/// People and companies, as files of accounts name them.
pub const PERSONS: [&str; PAYEES] =
    ["cpr:6101701234", "cpr:6201701235", "cpr:6401701237", "cpr:6501701238", "cvr:13748136"];

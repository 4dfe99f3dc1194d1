//! Officers of the stories: each is registered with a key, and shows it whenever they act, as on the command line.

use super::report::Step;
use super::stage::{Person, Stage};
use denmark::calendar::copenhagen_date;
use jiff::ToSpan;
use kernel::{Actor, AddOperator, Error, OfficerRefusal, PublicKey, Timestamp, find_officer};
use registry::commands::{
    AddCaseworker, Approve, LeaveAlone, ListReviewPayees, Propose, SuspectAccount, find_collecting, fold_holders,
};
use registry::queries;
use sim::nation::PUBLIC_PAYER;
use std::collections::BTreeSet;
use std::marker::PhantomData;
use std::path::PathBuf;

/// Who looks at changes and speaks with payees.
pub const OFFICER: &str = "anna";
/// Who makes letters, and is the second one where two decide.
pub const PRINTER: &str = "bo";
/// Who designates accounts for others, and the colleague who approves them.
pub const CASEWORKER: &str = "ida";
pub const COLLEAGUE: &str = "karl";
/// A third operator, who has no other part but to approve marks.
pub const THIRD: &str = "ole";

/// So long waits a review for an officer.
const LOOKED_AT_DAYS: i64 = 2;
/// So long is an account left alone of which all know who have it.
const LEFT_ALONE_MONTHS: i32 = 12;

/// Private keys of people who do not exist.
const KEYS: [(&str, &str); 5] = [
    (OFFICER, "MC4CAQAwBQYDK2VwBCIEIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB"),
    (PRINTER, "MC4CAQAwBQYDK2VwBCIEIAICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIC"),
    (CASEWORKER, "MC4CAQAwBQYDK2VwBCIEIAMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMD"),
    (COLLEAGUE, "MC4CAQAwBQYDK2VwBCIEIAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"),
    (THIRD, "MC4CAQAwBQYDK2VwBCIEIAUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUF"),
];

impl Stage {
    fn key_of(&self, name: &str) -> Result<PathBuf, Error> {
        let key = KEYS.iter().find(|(of, _)| *of == name).map_or("", |(_, key)| key);
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{key}\n-----END PRIVATE KEY-----\n");
        self.world.files.write(&format!("{name}.pem"), &pem)
    }

    /// Registers the operators.
    pub fn open_office(&mut self) -> Result<(), Error> {
        [OFFICER, PRINTER, THIRD].into_iter().try_for_each(|name| self.employ(name))
    }

    /// Registers an operator.
    pub fn employ(&mut self, name: &str) -> Result<(), Error> {
        let key = PublicKey::of_private(&self.key_of(name)?)?;
        self.give_unseen(&AddOperator { name: name.to_owned(), key }, &Actor::console())?;
        Ok(())
    }

    /// Registers the two caseworkers, of the authority that pays.
    pub fn hire(&mut self) -> Result<(), Error> {
        for name in [CASEWORKER, COLLEAGUE] {
            let key = PublicKey::of_private(&self.key_of(name)?)?;
            let (name, authority, benefits) = (name.to_owned(), PUBLIC_PAYER.to_owned(), BTreeSet::new());
            self.give_unseen(&AddCaseworker { name, key, authority, benefits, in_person: true }, &Actor::console())?;
        }
        Ok(())
    }

    /// Somebody acts as an officer, and shows a key.
    fn shows(&mut self, name: &str, of: &str) -> Result<Actor, Error> {
        let shown = PublicKey::of_private(&self.key_of(of)?)?;
        let found = self.world.writer.read(|scope| find_officer(scope, name))?;
        Ok(found.ok_or(OfficerRefusal::Unknown)?.with_key(shown)?)
    }

    /// An officer who shows their own key.
    pub fn officer(&mut self, name: &str) -> Result<Actor, Error> {
        self.shows(name, name)
    }

    /// An officer would print a letter that is waited for.
    pub fn tries_to_print(&mut self, who: &'static str, asked: usize, officer: &Actor) -> Result<(), Error> {
        let (id, now) = (self.asked[asked].id.clone(), self.world.clock.read());
        let answer = match self.world.writer.read(|scope| queries::letter(scope, officer, &id, now)) {
            Ok(_) => "drawn",
            Err(Error::Refused(refusal)) => refusal.code,
            Err(error) => return Err(error),
        };
        self.note(now, who, "letter.make", answer.to_owned(), answer != "drawn");
        Ok(())
    }

    /// Accounts with more payees than the limits are found each day; two days later an officer asks whose money goes there. Whom it is
    /// taken from says so, and is helped.
    pub fn review_accounts(&mut self) -> Result<(), Error> {
        while fold_holders(&mut self.world.writer)? {}
        let now = self.world.clock.read();
        let opened = find_collecting(&mut self.world.writer, &Actor::console(), now)?;
        if opened > 0 {
            self.note(now, "registry", "review.open", format!("{opened} opened"), false);
        }
        let officer = self.officer(OFFICER)?;
        let open = self.world.writer.read(|scope| queries::reviews(scope, &officer, true, None, 100, now))?;
        for review in open.rows {
            let opened = Timestamp::parse(&review.opened).unwrap_or(now);
            if now.day() - opened.day() >= LOOKED_AT_DAYS {
                self.review_one(review.id, review.cause, &officer)?;
            }
        }
        Ok(())
    }

    fn review_one(&mut self, review: String, window: &str, officer: &Actor) -> Result<(), Error> {
        let by = ["payees_3_days", "payees_30_days", "payees_6_months"].into_iter().find(|by| by.ends_with(window));
        let now = self.world.clock.read();
        let list = ListReviewPayees { review: review.clone(), actor: officer.clone(), now };
        let listed = self.give_unseen(&list, officer)?.payees;
        let is_listed = |person: &Person| listed.iter().any(|payee| payee.payee == person.id.reveal());
        let asked: Vec<usize> = (0..self.people.len()).filter(|who| is_listed(&self.people[*who])).collect();
        self.note(now, "officer", "review.payees", format!("{} asked", asked.len()), false);
        let (mut robbed, others): (Vec<usize>, Vec<usize>) = asked.into_iter().partition(|who| self.is_victim(*who));
        self.harm.calls += others.len() as u64;
        // Where one of them knows nothing of it, who says otherwise is believed no more.
        let seen = robbed.iter().filter(|who| self.officer_sees(**who)).count();
        if seen == 0 {
            robbed.clear();
        }
        let is_synthetic = self.is_synthetic();
        if robbed.is_empty() {
            let until = copenhagen_date(now.to_jiff()).saturating_add(LEFT_ALONE_MONTHS.months());
            let (subject, reason) = (LeaveAlone::new(&review, until)?, "all know of it who were asked".to_owned());
            let propose = Propose { subject, reason, officer: officer.clone(), is_synthetic };
            let motion = self.give_unseen(&propose, officer)?.id;
            let second = self.officer(PRINTER)?;
            let approve = Approve::<LeaveAlone> { motion, officer: second.clone(), is_synthetic, about: PhantomData };
            let _ = self.give("officer", &approve, &second)?;
        } else {
            let why = "those who were asked know nothing of it".to_owned();
            let suspect = SuspectAccount { review, why, officer: officer.clone(), is_synthetic };
            let _ = self.give("officer", &suspect, officer)?;
        }
        robbed.into_iter().try_for_each(|who| self.help(who, by.unwrap_or("drawn"), vec![]))
    }

    /// Somebody acts in a colleague's name with the key that they have.
    pub fn borrows_name(&mut self, who: &'static str, name: &str, of: &str) -> Result<(), Error> {
        let answer = match self.shows(name, of) {
            Ok(_) => "believed".to_owned(),
            Err(Error::Refused(refusal)) => refusal.code.to_owned(),
            Err(error) => return Err(error),
        };
        let (at, refused) = (self.world.clock.read().to_string(), answer != "believed");
        self.steps.push(Step { at, who, command: "key.show", answer, refused });
        Ok(())
    }
}

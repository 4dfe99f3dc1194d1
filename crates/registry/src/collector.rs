//! Collectors: payroll bureaus and others to whose account many payees may lawfully have their money paid. Pure.

use crate::account;
use crate::motion::MotionRefusal;
use crate::payee::RegisterStatus;
use denmark::{Account, Cvr};
use jiff::ToSpan;
use jiff::civil::Date;
use kernel::{Id, Refusal, Refuse};
use std::fmt;

/// How far ahead a collector is looked at again, at most.
pub const REVIEW_MONTHS_MAX: i32 = 12;
/// So many days before a collector is to be looked at again, it is reminded.
pub const REMINDED_DAYS: i32 = 30;
const NAME_CHARS_MAX: usize = 200;

/// A lawful collector: whose account it is, and until when that counts.
#[derive(Clone, PartialEq, Eq)]
pub struct Collector {
    /// The company.
    pub cvr: Cvr,
    /// Its account.
    pub account: Account,
    /// What it is called.
    pub name: String,
    /// The last day on which it counts, unless it was looked at again.
    pub review_by: Date,
}

impl fmt::Debug for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collector").field("review_by", &self.review_by).finish_non_exhaustive()
    }
}

/// Marks ids of versions of collectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CollectorVersion;

/// A collector in the register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// The motion by which it came there first, which it is known by.
    pub id: Id<crate::motion::Motion>,
    /// This version.
    pub version: Id<CollectorVersion>,
    /// The motion by which this version came; none where it was ended.
    pub motion: Option<Id<crate::motion::Motion>>,
    /// Whether it was ended.
    pub is_ended: bool,
    /// Who it is.
    pub collector: Collector,
}

impl Registered {
    /// Where it stands: `in_force`, `overdue`, `ended`.
    #[must_use]
    pub fn state(&self, today: Date) -> &'static str {
        match () {
            () if self.is_ended => "ended",
            () if counts(self.collector.review_by, today) => "in_force",
            () => "overdue",
        }
    }
}

/// Whether a collector that is to be looked at again by some day still counts.
#[must_use]
pub fn counts(review_by: Date, today: Date) -> bool {
    today <= review_by
}

/// The last day of review of whoever is reminded now, once before each review.
#[must_use]
pub fn reminded_until(today: Date) -> Date {
    today.saturating_add(REMINDED_DAYS.days())
}

/// What a collector is decided from.
#[derive(Clone, Debug)]
pub struct Known {
    /// What the company register says of the company.
    pub company: Option<RegisterStatus>,
    /// Whether the account's bank is in the bank directory, or abroad.
    pub is_bank_known: bool,
    /// The newest version of whoever has the account in the register.
    pub holder: Option<Registered>,
}

impl Known {
    /// Who has the account in the register now.
    #[must_use]
    pub fn standing(&self) -> Option<&Registered> {
        self.holder.as_ref().filter(|holder| !holder.is_ended)
    }
}

impl Collector {
    /// Refuses what cannot be in the register, or is there already.
    ///
    /// # Errors
    /// [`CollectorRefusal`], [`MotionRefusal::Nothing`].
    pub fn check(&self, known: &Known, today: Date) -> Result<(), Refusal> {
        let length = self.name.chars().count();
        if !(1..=NAME_CHARS_MAX).contains(&length)
            || self.name.contains(char::is_control)
            || self.name.trim() != self.name
        {
            return Err(CollectorRefusal::Name.into());
        }
        let last = today.saturating_add(REVIEW_MONTHS_MAX.months());
        if !(today..=last).contains(&self.review_by) {
            return Err(CollectorRefusal::Review.into());
        }
        if known.company != Some(RegisterStatus::Active) {
            return Err(CollectorRefusal::Company.into());
        }
        if !known.is_bank_known {
            return Err(CollectorRefusal::Bank.into());
        }
        match known.standing() {
            Some(holder) if holder.collector.cvr != self.cvr => Err(CollectorRefusal::Taken.into()),
            Some(holder) if holder.collector == *self => Err(MotionRefusal::Nothing.into()),
            _ => Ok(()),
        }
    }

    /// As it is sealed: CVR number, account, review date and name on a line each.
    #[must_use]
    pub fn to_text(&self) -> String {
        let Self { cvr, account, name, review_by } = self;
        format!("{}\n{}\n{review_by}\n{name}", cvr.digits(), account::canonical(account))
    }

    /// Reads what [`Collector::to_text`] wrote.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let mut lines = text.splitn(4, '\n');
        Some(Self {
            cvr: Cvr::parse(lines.next()?).ok()?,
            account: Account::parse(lines.next()?).ok()?,
            review_by: lines.next()?.parse().ok()?,
            name: lines.next()?.to_owned(),
        })
    }
}

/// Why something about a collector was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CollectorRefusal {
    /// There is none of that name.
    Unknown,
    /// Its name cannot be one.
    Name,
    /// The company register does not know the company, or it is not in business.
    Company,
    /// The bank directory does not know the account's bank.
    Bank,
    /// Another company has the account in the register.
    Taken,
    /// It is to be looked at again too late, or has to be already.
    Review,
}

impl Refuse for CollectorRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "collector.unknown",
            Self::Name => "collector.name",
            Self::Company => "collector.company",
            Self::Bank => "collector.bank",
            Self::Taken => "collector.taken",
            Self::Review => "collector.review",
        }
    }
}

impl fmt::Display for CollectorRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "no collector of that name is in the register",
            Self::Name => "a collector's name has 1 to 200 characters, no control character, and no space around it",
            Self::Company => "the company is not in business, as far as the company register tells",
            Self::Bank => "the account must be with a bank in the bank directory, or abroad",
            Self::Taken => "another company is registered with that account: end it first",
            Self::Review => "the review date is today at the earliest, and twelve months from now at the latest",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    const TODAY: Date = date(2026, 11, 23);

    fn bureau() -> Collector {
        Collector {
            cvr: Cvr::parse("13748136").unwrap(),
            account: Account::parse("0040-1").unwrap(),
            name: "Lønbureauet A/S".to_owned(),
            review_by: date(2027, 6, 1),
        }
    }

    fn known() -> Known {
        Known { company: Some(RegisterStatus::Active), is_bank_known: true, holder: None }
    }

    fn held_by(collector: Collector, is_ended: bool) -> Known {
        let holder = Registered { id: Id::new(1), version: Id::new(2), motion: Some(Id::new(1)), is_ended, collector };
        Known { holder: Some(holder), ..known() }
    }

    #[test]
    fn a_collector_is_a_company_in_business_with_an_account_of_its_own() {
        let check = |collector: Collector, known: Known, expected: Option<&str>| {
            let refused = collector.check(&known, TODAY).err().map(|refusal| refusal.code);
            assert_eq!(refused, expected, "{collector:?} {known:?}");
        };
        let named = |name: &str| Collector { name: name.to_owned(), ..bureau() };
        let by = |review_by: Date| Collector { review_by, ..bureau() };
        let other = || Collector { cvr: Cvr::parse("25992180").unwrap(), ..bureau() };
        check(bureau(), known(), None);
        check(named(&"x".repeat(200)), known(), None);
        for name in ["", " Bureau", "Bureau ", "Bu\nreau", &"x".repeat(201)] {
            check(named(name), known(), Some("collector.name"));
        }
        check(by(TODAY), known(), None);
        check(by(date(2026, 11, 22)), known(), Some("collector.review"));
        check(by(date(2027, 11, 23)), known(), None);
        check(by(date(2027, 11, 24)), known(), Some("collector.review"));
        for company in [None, Some(RegisterStatus::Dissolved)] {
            check(bureau(), Known { company, ..known() }, Some("collector.company"));
        }
        check(bureau(), Known { is_bank_known: false, ..known() }, Some("collector.bank"));
        check(bureau(), held_by(other(), false), Some("collector.taken"));
        check(bureau(), held_by(other(), true), None);
        check(bureau(), held_by(bureau(), false), Some("motion.nothing"));
        check(bureau(), held_by(bureau(), true), None);
        check(bureau(), held_by(by(date(2026, 12, 1)), false), None);
    }

    #[test]
    fn it_counts_through_the_day_of_its_review() {
        let check = |is_ended: bool, today: Date, expected: &str| {
            let Known { holder: Some(holder), .. } = held_by(bureau(), is_ended) else { unreachable!() };
            assert_eq!(holder.state(today), expected, "{today}");
        };
        check(false, TODAY, "in_force");
        check(false, date(2027, 6, 1), "in_force");
        check(false, date(2027, 6, 2), "overdue");
        check(true, TODAY, "ended");
    }

    #[test]
    fn it_reads_back_and_shows_nothing_of_the_account() {
        for account in ["0040-1", "DE89370400440532013000", "FO2000400440116243"] {
            let Ok(account) = Account::parse(account) else { panic!("{account}") };
            let collector = Collector { account, ..bureau() };
            assert_eq!(Collector::from_text(&collector.to_text()).as_ref(), Some(&collector));
        }
        for text in ["", "13748136\n0040-1\n2027-06-01", "13748137\n0040-1\n2027-06-01\nA", "13748136\n0040-1\nsoon\nA"]
        {
            assert_eq!(Collector::from_text(text), None, "{text}");
        }
        let shown = format!("{:?}", bureau());
        assert_eq!(shown, "Collector { review_by: 2027-06-01, .. }");
    }
}

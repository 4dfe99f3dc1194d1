//! The nation: its banks, people and companies, the files their registers and banks send, and what a payer pays.
//!
//! Shares, of people and much alike of companies: see the constants `..._PER_MILLION`. Who is dead has no account row,
//! since a registry that knows of the death refuses it.

mod accounts;
mod bank;
mod payments;
mod registers;
mod words;

pub use accounts::{AccountSource, Sent};
pub use bank::Bank;
pub use payments::{Outcome, PaymentOrder, PaymentTotals, Version};

use crate::chance::{Draws, Key, Keys, Permutation};
use bank::Banks;
use denmark::{AccountNumber, Bic, Country, Cpr, Cvr, DanishAccount, Iban, PNumber, RegNumber, SeNumber};
use jiff::ToSpan;
use jiff::civil::Date;
use std::error::Error;
use std::fmt;

/// The payer that the specific accounts are for, under the name it is to be registered by.
pub const PUBLIC_PAYER: &str = "udbetaling";

/// The benefit kinds that [`PUBLIC_PAYER`] has specific accounts for.
pub const PUBLIC_PAYER_BENEFITS: [&str; 4] = ["NKSBOS", "NKSSOP", "NKSBFY", "NKSKOH"];

const BIRTH_DATE_FIRST: Date = Date::constant(1911, 1, 1);
/// 1911 to 2010.
const BIRTH_DAYS: u64 = 36_525;
/// As many as the tightest century rule leaves to a day: 0000-3999 before 2000, 4000-7999 from then on.
const SERIALS_PER_DAY: u64 = 4000;
const REPLACEMENT_DAY_OFFSET: i8 = 60;
const CPR_NUMBERS: u64 = BIRTH_DAYS * SERIALS_PER_DAY;

/// CVR numbers from 90000000 on, where few if any have been given out. Of the ten that share six digits and differ in
/// the seventh, at least nine have a check digit.
const CVR_PREFIX_FIRST: u32 = 900_000;
const CVR_PREFIXES: u64 = 100_000;
const CVR_NUMBERS_PER_PREFIX: u64 = 9;
const CVR_NUMBERS: u64 = CVR_PREFIXES * CVR_NUMBERS_PER_PREFIX;
const SE_FIRST: u64 = 80_000_000;
const SE_NUMBERS: u64 = 10_000_000;
const P_FIRST: u64 = 9_000_000_000;
const P_NUMBERS: u64 = 1_000_000_000;

/// When people die or emigrate and companies close: after the youngest was born, before any file is written.
const END_DATE_FIRST: Date = Date::constant(2015, 1, 1);
const END_DAYS: u64 = 3653;

const PROTECTED_PER_MILLION: u64 = 10_000;
const DEAD_PER_MILLION: u64 = 12_000;
const EMIGRATED_PER_MILLION: u64 = 10_000;
/// Of neighbours, so also of people.
const COUPLE_PER_MILLION: u64 = 60_000;
const FAROESE_PER_MILLION: u64 = 8_000;
const GREENLANDIC_PER_MILLION: u64 = 8_000;
const SPECIFIC_PER_MILLION: u64 = 3_000;
const DISSOLVED_PER_MILLION: u64 = 20_000;
const SE_PER_MILLION: u64 = 50_000;
const P_PER_MILLION: u64 = 30_000;
const PEOPLE_PER_BUREAU_CUSTOMER: u64 = 2000;
const BUREAU_CUSTOMERS_MIN: u64 = 3;
/// What befalls those who keep an account alone. Slightly more than of everyone, since couples and the dead are not
/// among them: 2 % of people are without an account, 1.5 % have a foreign one.
const NO_ACCOUNT_PER_MILLION: u64 = 21_500;
const FOREIGN_PER_MILLION: u64 = 16_150;
const CLOSED_PER_MILLION: u64 = 1_100;
const FROZEN_PER_MILLION: u64 = 1_100;

/// Account numbers are a permutation of slots, and each account has a slot of its own.
const ACCOUNT_NUMBERS: u64 = 10_000_000_000;
const SPECIFIC_SLOT_FIRST: u64 = 1 << 28;
const COMPANY_SLOT_FIRST: u64 = 1 << 29;
const COMPANY_SLOTS: u64 = 4;
const BUREAU_SLOT: u64 = 1 << 33;
const PAYER_SLOT: u64 = BUREAU_SLOT + 1;

/// Size and seed of a nation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Plan {
    /// Another seed, other people.
    pub seed: u64,
    /// At most [`Plan::PEOPLE_MAX`].
    pub people: u64,
    /// At most [`Plan::COMPANIES_MAX`].
    pub companies: u64,
}

impl Plan {
    /// More people would leave too few numbers that are nobody's.
    pub const PEOPLE_MAX: u64 = 100_000_000;
    /// So many CVR numbers can be made.
    pub const COMPANIES_MAX: u64 = CVR_NUMBERS;
}

/// The plan has more people or companies than there are numbers for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PlanTooLarge;

impl fmt::Display for PlanTooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "A nation has at most {} people and {} companies.", Plan::PEOPLE_MAX, Plan::COMPANIES_MAX)
    }
}

impl Error for PlanTooLarge {}

/// A nation. Holds its plan, its banks and some keys; nobody who lives in it.
pub struct Nation {
    plan: Plan,
    banks: Banks,
    cpr_order: Permutation,
    cvr_order: Permutation,
    se_order: Permutation,
    p_order: Permutation,
    account_order: Permutation,
    couple_key: Key,
    household_key: Key,
    person_key: Key,
    company_key: Key,
    payment_key: Key,
    bureau_account: DanishAccount,
    payer_account: DanishAccount,
}

/// Somebody.
#[derive(Clone, Debug)]
pub struct Person {
    /// In replacement form.
    pub cpr: Cpr,
    /// Women's and men's names follow the last digit of the number.
    pub name: PersonName,
    /// Abroad for those who emigrated.
    pub address: Address,
    /// Whether the address must not be told.
    pub is_protected: bool,
    /// What became of them.
    pub fate: Fate,
    /// Their default account.
    pub account: AccountKind,
    /// An account for one benefit of [`PUBLIC_PAYER`], beside a default account that is in force.
    pub specific: Option<SpecificAccount>,
}

/// What became of a person.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// Lives in the country.
    Active,
    /// Died.
    Dead {
        /// On this date.
        on: Date,
    },
    /// Left the country.
    Emigrated {
        /// On this date.
        on: Date,
    },
}

/// A person's name, displayed in full.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PersonName {
    first: &'static str,
    middle: Option<&'static str>,
    last: &'static str,
}

impl fmt::Display for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.first)?;
        if let Some(middle) = self.middle {
            f.write_str(" ")?;
            f.write_str(middle)?;
        }
        f.write_str(" ")?;
        f.write_str(self.last)
    }
}

/// Where somebody lives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Address {
    /// The street.
    pub street: &'static str,
    /// The number of the house.
    pub number: u16,
    /// Where in the house, unless it is all theirs.
    pub floor: Option<Floor>,
    /// As the post writes it.
    pub postcode: &'static str,
    /// The town.
    pub city: &'static str,
    /// Two letters of ISO 3166-1.
    pub country: &'static str,
}

/// A home in a house of several: `st. tv`, `3. th`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Floor {
    /// 0 is the ground floor.
    pub storey: u8,
    /// The door, as one comes up the stairs.
    pub door: &'static str,
}

impl fmt::Display for Floor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.storey {
            0 => write!(f, "st. {}", self.door),
            storey => write!(f, "{storey}. {}", self.door),
        }
    }
}

/// A payee's default account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AccountKind {
    /// None was ever designated.
    None,
    /// In Denmark, the Faroe Islands or Greenland: the bank tells of it.
    Domestic {
        /// The account.
        account: DanishAccount,
        /// Whose it is.
        holder: Holder,
        /// What became of it.
        state: AccountState,
    },
    /// Abroad: the operator tells of it.
    Foreign {
        /// The account.
        iban: Iban,
        /// Its bank.
        bic: Bic,
    },
}

/// Whose account a payee has had designated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Holder {
    /// Their own.
    Payee,
    /// Shared with the person they live with.
    Couple,
    /// The payroll bureau's.
    Bureau,
}

/// What became of a designated account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AccountState {
    /// Payouts go to it.
    InForce,
    /// The bank closed it.
    Closed,
    /// The bank froze it.
    Frozen,
}

/// An account for one benefit kind of [`PUBLIC_PAYER`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SpecificAccount {
    /// One of [`PUBLIC_PAYER_BENEFITS`].
    pub benefit: &'static str,
    /// In kroner.
    pub account: DanishAccount,
}

/// A company.
#[derive(Clone, Debug)]
pub struct Company {
    /// With a right check digit.
    pub cvr: Cvr,
    /// May hold commas and ampersands.
    pub name: String,
    /// Where it does business.
    pub address: Address,
    /// What became of it.
    pub fate: CompanyFate,
    /// The default account of its CVR number.
    pub account: AccountKind,
    /// A part with a tax number and an account of its own.
    pub se: Option<Unit<SeNumber>>,
    /// A place of production with an account of its own.
    pub production_unit: Option<Unit<PNumber>>,
    /// Who may sign for it: each way, of those who sign together. Nobody, where nobody lives.
    pub signatories: Vec<Vec<Cpr>>,
}

/// What became of a company.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CompanyFate {
    /// Does business.
    Active,
    /// Does not exist any more.
    Dissolved {
        /// Since this date.
        on: Date,
    },
}

/// A part of a company that is paid by a number of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unit<N> {
    /// Its number.
    pub number: N,
    /// In kroner.
    pub account: DanishAccount,
}

impl Nation {
    /// The nation of a plan.
    ///
    /// # Errors
    /// There are not enough numbers for so many.
    pub fn new(plan: Plan) -> Result<Nation, PlanTooLarge> {
        if plan.people > Plan::PEOPLE_MAX || plan.companies > Plan::COMPANIES_MAX {
            return Err(PlanTooLarge);
        }
        let mut keys = Keys::new(plan.seed);
        let banks = Banks::new();
        let account_order = Permutation::new(keys.next(), ACCOUNT_NUMBERS);
        let account_of_slot = |slot| account(banks.first().reg_at(0), account_order.at(slot));
        Ok(Nation {
            plan,
            cpr_order: Permutation::new(keys.next(), CPR_NUMBERS),
            cvr_order: Permutation::new(keys.next(), CVR_NUMBERS),
            se_order: Permutation::new(keys.next(), SE_NUMBERS),
            p_order: Permutation::new(keys.next(), P_NUMBERS),
            couple_key: keys.next(),
            household_key: keys.next(),
            person_key: keys.next(),
            company_key: keys.next(),
            payment_key: keys.next(),
            bureau_account: account_of_slot(BUREAU_SLOT),
            payer_account: account_of_slot(PAYER_SLOT),
            account_order,
            banks,
        })
    }

    /// What it was made from.
    pub const fn plan(&self) -> Plan {
        self.plan
    }

    /// Its banks, which are the same in every nation.
    pub fn banks(&self) -> &[Bank] {
        self.banks.all()
    }

    /// The bank that keeps an account of this nation.
    pub fn bank_of(&self, account: &DanishAccount) -> &Bank {
        self.banks.of(account.reg)
    }

    /// The account of the payroll bureau, which its customers have designated as theirs.
    pub const fn bureau_account(&self) -> DanishAccount {
        self.bureau_account
    }

    /// The account that payments are made from.
    pub const fn payer_account(&self) -> DanishAccount {
        self.payer_account
    }

    /// A CPR number of the right form that nobody in the nation has: another one for every `index` below ten million.
    pub fn unregistered_cpr(&self, index: u64) -> Cpr {
        self.cpr(self.plan.people + index % 10_000_000)
    }

    /// Somebody.
    ///
    /// # Panics
    /// `index` is not below the number of people.
    pub fn person(&self, index: u64) -> Person {
        assert!(index < self.plan.people, "there are only {} people", self.plan.people);
        let cpr = self.cpr(index);
        let is_couple = self.is_couple(index);
        let household = if is_couple { index & !1 } else { index };
        let mut shared = self.household_key.draws(household);
        let last = shared.pick(words::LAST_NAMES);
        let home = home_country(&mut shared);
        let mut address = address(&mut shared, home);
        let own_account = self.domestic(&mut shared, home, household);

        let mut own = self.person_key.draws(index);
        let first_names = if cpr.digits().ends_with(['1', '3', '5', '7', '9']) { words::MEN } else { words::WOMEN };
        let first = own.pick(first_names);
        let middle = own.happens(300_000).then(|| own.pick(words::MIDDLE_NAMES));
        let is_protected = own.happens(PROTECTED_PER_MILLION);
        let is_bureau_customer = self.is_bureau_customer(index);
        let fate = match own.below(1_000_000) {
            _ if is_bureau_customer => Fate::Active,
            chance if chance < DEAD_PER_MILLION => Fate::Dead { on: end_date(&mut own) },
            chance if chance < DEAD_PER_MILLION + EMIGRATED_PER_MILLION => {
                let town = own.pick(words::TOWNS_ABROAD);
                address = Address { postcode: town.postcode, city: town.name, country: town.country, ..address };
                Fate::Emigrated { on: end_date(&mut own) }
            }
            _ => Fate::Active,
        };
        let in_force = |account, holder| AccountKind::Domestic { account, holder, state: AccountState::InForce };
        let account = match fate {
            Fate::Dead { .. } => AccountKind::None,
            _ if is_bureau_customer => in_force(self.bureau_account, Holder::Bureau),
            _ if is_couple => in_force(own_account, Holder::Couple),
            _ => self.account_kind(&mut own, own_account, household),
        };
        let is_plain = account == in_force(own_account, Holder::Payee);
        let specific = (is_plain && own.happens(SPECIFIC_PER_MILLION)).then(|| SpecificAccount {
            benefit: own.pick(&PUBLIC_PAYER_BENEFITS),
            account: self.domestic(&mut own, Country::Denmark, SPECIFIC_SLOT_FIRST + index),
        });
        Person { cpr, name: PersonName { first, middle, last }, address, is_protected, fate, account, specific }
    }

    /// A company.
    ///
    /// # Panics
    /// `index` is not below the number of companies.
    pub fn company(&self, index: u64) -> Company {
        assert!(index < self.plan.companies, "there are only {} companies", self.plan.companies);
        let mut draws = self.company_key.draws(index);
        let name = company_name(&mut draws);
        let home = home_country(&mut draws);
        let address = address(&mut draws, home);
        let fate = if draws.happens(DISSOLVED_PER_MILLION) {
            CompanyFate::Dissolved { on: end_date(&mut draws) }
        } else {
            CompanyFate::Active
        };
        let slot = COMPANY_SLOT_FIRST + index * COMPANY_SLOTS;
        let own_account = self.domestic(&mut draws, home, slot);
        let account = match fate {
            CompanyFate::Dissolved { .. } => AccountKind::None,
            CompanyFate::Active => self.account_kind(&mut draws, own_account, slot),
        };
        let is_active = fate == CompanyFate::Active;
        let se = (is_active && draws.happens(SE_PER_MILLION)).then(|| Unit {
            number: SeNumber::parse(&(SE_FIRST + self.se_order.at(index)).to_string()).expect("eight digits"),
            account: self.domestic(&mut draws, home, slot + 1),
        });
        let production_unit = (is_active && draws.happens(P_PER_MILLION)).then(|| Unit {
            number: PNumber::parse(&(P_FIRST + self.p_order.at(index)).to_string()).expect("ten digits"),
            account: self.domestic(&mut draws, home, slot + 2),
        });
        let signatories = self.signatories(&mut draws);
        Company { cvr: self.cvr(index), name, address, fate, account, se, production_unit, signatories }
    }

    /// Most companies are one person's; of some, each of two signs, of others both together.
    fn signatories(&self, draws: &mut Draws) -> Vec<Vec<Cpr>> {
        if self.plan.people == 0 {
            return Vec::new();
        }
        let mut person = || self.cpr(draws.below(self.plan.people));
        let [one, other] = [person(), person()];
        match draws.below(5) {
            0 => vec![vec![one, other]],
            1 => vec![vec![one], vec![other]],
            _ => vec![vec![one]],
        }
    }

    /// The CPR number at a place of the shuffled list of all of them.
    fn cpr(&self, index: u64) -> Cpr {
        let place = self.cpr_order.at(index);
        let birth_date = BIRTH_DATE_FIRST
            .checked_add(((place / SERIALS_PER_DAY) as i64).days())
            .expect("a century is far from the end of time");
        let serial_first = if birth_date.year() < 2000 { 0 } else { SERIALS_PER_DAY };
        let mut text = [0; 10];
        put_digits(&mut text[..2], (birth_date.day() + REPLACEMENT_DAY_OFFSET) as u64);
        put_digits(&mut text[2..4], birth_date.month() as u64);
        put_digits(&mut text[4..6], (birth_date.year() % 100) as u64);
        put_digits(&mut text[6..], serial_first + place % SERIALS_PER_DAY);
        Cpr::parse(digits(&text)).expect("a date that exists and a serial number of its century")
    }

    fn cvr(&self, index: u64) -> Cvr {
        let place = self.cvr_order.at(index);
        let prefix = CVR_PREFIX_FIRST + (place / CVR_NUMBERS_PER_PREFIX) as u32;
        (0..10)
            .filter_map(|seventh| Cvr::with_check_digit(prefix * 10 + seventh))
            .nth((place % CVR_NUMBERS_PER_PREFIX) as usize)
            .expect("at most one of ten has no check digit")
    }

    /// Whether the person shares home and account with the next or the last.
    fn is_couple(&self, index: u64) -> bool {
        index | 1 < self.plan.people && self.couple_key.draws(index / 2).happens(COUPLE_PER_MILLION)
    }

    /// Spread evenly over the people, so that there are never fewer than planned.
    fn is_bureau_customer(&self, index: u64) -> bool {
        let customers = (self.plan.people / PEOPLE_PER_BUREAU_CUSTOMER).max(BUREAU_CUSTOMERS_MIN).min(self.plan.people);
        let stride = self.plan.people / customers;
        index % stride == stride / 2 && index / stride < customers
    }

    /// A domestic account with a bank of that country. The slot is the account's alone.
    fn domestic(&self, draws: &mut Draws, country: Country, slot: u64) -> DanishAccount {
        let bank = self.banks.pick(draws, country);
        account(bank.reg_at(draws.next()), self.account_order.at(slot))
    }

    /// What became of the account of somebody who would keep `own` alone.
    fn account_kind(&self, draws: &mut Draws, own: DanishAccount, slot: u64) -> AccountKind {
        const FOREIGN_BELOW: u64 = NO_ACCOUNT_PER_MILLION + FOREIGN_PER_MILLION;
        const CLOSED_BELOW: u64 = FOREIGN_BELOW + CLOSED_PER_MILLION;
        const FROZEN_BELOW: u64 = CLOSED_BELOW + FROZEN_PER_MILLION;
        let state = match draws.below(1_000_000) {
            0..NO_ACCOUNT_PER_MILLION => return AccountKind::None,
            NO_ACCOUNT_PER_MILLION..FOREIGN_BELOW => return foreign(draws, self.account_order.at(slot)),
            FOREIGN_BELOW..CLOSED_BELOW => AccountState::Closed,
            CLOSED_BELOW..FROZEN_BELOW => AccountState::Frozen,
            FROZEN_BELOW.. => AccountState::InForce,
        };
        AccountKind::Domestic { account: own, holder: Holder::Payee, state }
    }
}

fn end_date(draws: &mut Draws) -> Date {
    END_DATE_FIRST.checked_add((draws.below(END_DAYS) as i64).days()).expect("ten years are far from the end of time")
}

fn home_country(draws: &mut Draws) -> Country {
    match draws.below(1_000_000) {
        chance if chance < FAROESE_PER_MILLION => Country::FaroeIslands,
        chance if chance < FAROESE_PER_MILLION + GREENLANDIC_PER_MILLION => Country::Greenland,
        _ => Country::Denmark,
    }
}

fn address(draws: &mut Draws, home: Country) -> Address {
    let town = draws.pick(match home {
        Country::Denmark => words::DANISH_TOWNS,
        Country::FaroeIslands => words::FAROESE_TOWNS,
        Country::Greenland => words::GREENLANDIC_TOWNS,
    });
    Address {
        street: draws.pick(words::STREETS),
        number: 1 + draws.below(180) as u16,
        floor: draws.happens(450_000).then(|| Floor { storey: draws.below(6) as u8, door: draws.pick(words::DOORS) }),
        postcode: town.postcode,
        city: town.name,
        country: town.country,
    }
}

fn company_name(draws: &mut Draws) -> String {
    let stem = draws.pick(words::COMPANY_STEMS);
    let trade = draws.pick(words::COMPANY_TRADES);
    let form = draws.pick(words::COMPANY_FORMS);
    let owner = draws.pick(words::LAST_NAMES);
    match draws.below(10) {
        0 => format!("{stem}, {owner} & Søn, {trade} {form}"),
        1 => format!("{owner} & {stem} {trade} {form}"),
        2 => format!("{trade} \"{stem}\" v/{owner}"),
        _ => format!("{stem} {trade} {form}"),
    }
}

/// A bank abroad: the first digits of its IBANs, as no bank of that country begins, and its test BIC.
#[derive(Clone, Copy)]
struct BankAbroad {
    country: &'static str,
    bank_code: &'static str,
    number_digits: usize,
    bic: &'static str,
}

const BANKS_ABROAD: [BankAbroad; 3] = [
    BankAbroad { country: "DE", bank_code: "99012340", number_digits: 10, bic: "AUENDE20" },
    BankAbroad { country: "SE", bank_code: "999", number_digits: 17, bic: "SKARSE20" },
    BankAbroad { country: "PL", bank_code: "99900008", number_digits: 16, bic: "LIPOPL20" },
];

fn foreign(draws: &mut Draws, number: u64) -> AccountKind {
    let bank = draws.pick(&BANKS_ABROAD);
    let bban = format!("{}{number:0width$}", bank.bank_code, width = bank.number_digits);
    // ISO 7064 modulus 97-10: the country's letters, as numbers from ten on, and a check of 00 stand behind the account.
    let letters = bank.country.bytes().fold(0, |value, letter| value * 100 + u64::from(letter - b'A' + 10));
    let account = bban.bytes().fold(0, |rest, digit| (rest * 10 + u64::from(digit - b'0')) % 97);
    let check = 98 - (account * 1_000_000 + letters * 100) % 97;
    AccountKind::Foreign {
        iban: Iban::parse(&format!("{}{check:02}{bban}", bank.country)).expect("the check digits were computed"),
        bic: Bic::parse(bank.bic).expect("a test tries them all"),
    }
}

fn account(reg: RegNumber, number: u64) -> DanishAccount {
    let mut text = [0; 10];
    put_digits(&mut text, number);
    DanishAccount { reg, number: AccountNumber::parse(digits(&text)).expect("ten digits") }
}

/// Fills the place with the last digits of the number.
fn put_digits(place: &mut [u8], mut number: u64) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

fn digits(text: &[u8]) -> &str {
    std::str::from_utf8(text).expect("only ASCII digits were put there")
}

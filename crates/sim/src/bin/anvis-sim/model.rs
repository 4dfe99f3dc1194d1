//! What the world itself believes: who there is, whose account is which, and what must become of a payment. It knows
//! what was done and never asks the store, so that the two can be compared.

use denmark::{Currency, Decimal, Iban, Money};
use registry::account::DesignatedAccount;
use registry::designation::{Standing, State};
use registry::payee::PayeeId;
use registry::payer::{Agreement, NoAccount};
use sim::nation::{Company, CompanyFate, Fate, Nation, Outcome, Person};
use std::collections::BTreeMap;

/// What a register says of a payee.
#[derive(Clone)]
pub enum Listing {
    /// The population register.
    Person(Person),
    /// The company register.
    Company(Company),
    /// An SE or P number: no register lists it here.
    None,
}

/// One payee.
pub struct Payee {
    pub id: PayeeId,
    pub name: String,
    pub listing: Listing,
    pub default: Option<Standing>,
    /// By the payer's place and the kind of benefit.
    pub specific: BTreeMap<(usize, &'static str), Standing>,
}

impl Payee {
    pub fn is_living(&self) -> bool {
        match &self.listing {
            Listing::Person(person) => !matches!(person.fate, Fate::Dead { .. }),
            Listing::Company(company) => company.fate == CompanyFate::Active,
            Listing::None => true,
        }
    }

    /// The state of the default account.
    pub fn state(&self) -> Option<State> {
        self.default.map(|standing| standing.state)
    }

    /// The account that counts for a purpose: the specific one until it is closed, else the default one.
    pub fn standing(&self, purpose: Option<(usize, &'static str)>) -> Option<Standing> {
        let specific = purpose.and_then(|purpose| self.specific.get(&purpose)).copied();
        specific.filter(|standing| standing.state != State::Closed).or(self.default)
    }

    /// The account that a payment for a purpose goes to, or why there is none.
    pub fn account(&self, purpose: Option<(usize, &'static str)>) -> Result<DesignatedAccount, Outcome> {
        match &self.listing {
            Listing::Person(Person { fate: Fate::Dead { .. }, .. }) => return Err(Outcome::Dead),
            Listing::Company(Company { fate: CompanyFate::Dissolved { .. }, .. }) => return Err(Outcome::Dissolved),
            Listing::Person(_) | Listing::Company(_) | Listing::None => {}
        }
        match self.standing(purpose) {
            None => Err(Outcome::NoAccount),
            Some(Standing { state: State::InForce, account }) => Ok(account),
            Some(Standing { state: State::Closed, .. }) => Err(Outcome::Closed),
            Some(Standing { state: State::Frozen | State::FrozenByBank | State::Contested, .. }) => {
                Err(Outcome::Frozen)
            }
        }
    }
}

/// Whom a payment names.
#[derive(Clone)]
pub enum Named {
    /// The payee at this place.
    Payee(usize),
    /// A number of the right form that is nobody's.
    Nobody(denmark::Cpr),
    /// A number that cannot be one.
    Impossible(String),
}

/// What must have become of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling {
    Routed(DesignatedAccount),
    /// Lies in the payer's waiting account, which is this one.
    Waiting(DesignatedAccount),
    Passed,
    /// Waits; with a code where the payee has no account.
    Held(Option<&'static str>),
    Rejected(&'static str),
    Cancelled,
}

impl Ruling {
    /// The state and code as the store tells them.
    pub const fn told(&self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Routed(_) => ("routed", None),
            Self::Waiting(_) => ("waiting", None),
            Self::Passed => ("passed", None),
            Self::Held(code) => ("held", *code),
            Self::Rejected(code) => ("rejected", Some(code)),
            Self::Cancelled => ("cancelled", Some("DS02")),
        }
    }

    /// Under which label its amount is summed up.
    pub fn label(&self) -> &'static str {
        match self.told() {
            ("rejected" | "cancelled", Some(code)) => code,
            (state, _) => state,
        }
    }
}

/// One payment of a file.
#[derive(Clone)]
pub struct Payment {
    pub end_to_end_id: String,
    pub named: Named,
    /// In the smallest unit of its currency.
    pub minor: i64,
    pub currency: Currency,
    pub benefit: Option<&'static str>,
    /// The payer itself names this account.
    pub given: Option<DesignatedAccount>,
    /// It repeats the id of an earlier payment of its file.
    pub is_repeat: bool,
    /// It stands in a block whose execution date is past.
    pub is_late: bool,
}

impl Payment {
    /// Its amount, in whole units of its currency.
    pub fn decimal(&self) -> Decimal {
        Money { minor: self.minor, currency: self.currency }.decimal()
    }
}

/// Everything that is believed.
pub struct Model {
    pub payees: Vec<Payee>,
    /// With the agreements of today.
    pub payers: Vec<Agreement>,
}

impl Model {
    /// What must become of a payment of that payer that is routed now, when nothing is held on demand.
    pub fn rule(&self, payer: usize, no_account: &NoAccount, payment: &Payment) -> Ruling {
        let rejected = |outcome: Outcome| Ruling::Rejected(outcome.code().unwrap_or_default());
        if payment.is_repeat {
            return rejected(Outcome::DuplicateId);
        }
        if matches!(payment.named, Named::Impossible(_)) && payment.given.is_none() {
            return rejected(Outcome::ImpossibleNumber);
        }
        if payment.minor == 0 {
            return rejected(Outcome::ZeroAmount);
        }
        if payment.is_late {
            return Ruling::Rejected("CH04");
        }
        if payment.given.is_some() {
            return Ruling::Passed;
        }
        self.look_up(payer, no_account, payment)
    }

    /// The same for what the registry's answer alone decides: what is released is decided so again.
    pub fn look_up(&self, payer: usize, no_account: &NoAccount, payment: &Payment) -> Ruling {
        let Named::Payee(at) = payment.named else {
            return Ruling::Rejected(Outcome::Unregistered.code().unwrap_or_default());
        };
        let purpose = payment.benefit.map(|benefit| (payer, benefit));
        let (account, has_own) = match (self.payees[at].account(purpose), no_account) {
            (Ok(account), _) => (account, true),
            (Err(Outcome::NoAccount), NoAccount::Hold) => return Ruling::Held(Outcome::NoAccount.code()),
            (Err(Outcome::NoAccount), NoAccount::PayTo(account)) => (*account, false),
            (Err(outcome), _) => return Ruling::Rejected(outcome.code().unwrap_or_default()),
        };
        let takes = match account {
            DesignatedAccount::Domestic { currency, .. } => currency == payment.currency,
            DesignatedAccount::Foreign { .. } => true,
        };
        match (takes, has_own) {
            (true, true) => Ruling::Routed(account),
            (true, false) => Ruling::Waiting(account),
            (false, _) => Ruling::Rejected(Outcome::WrongCurrency.code().unwrap_or_default()),
        }
    }
}

/// The IBAN of an account, with the country of its bank.
pub fn iban(nation: &Nation, account: &DesignatedAccount) -> Iban {
    match account {
        DesignatedAccount::Domestic { account, .. } => account.iban(nation.bank_of(account).country),
        DesignatedAccount::Foreign { iban, .. } => *iban,
    }
}

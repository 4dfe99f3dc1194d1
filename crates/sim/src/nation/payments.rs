//! The payment file that a payer sends: pain.001, payees by number, mostly without an account.

use super::words::{self, BenefitKind};
use super::{AccountKind, AccountState, Address, Company, CompanyFate, Fate, Holder, Nation, Person};
use crate::chance::{Draws, Key, Permutation};
use denmark::{Bic, Country, Currency, Cvr, DanishAccount, Decimal, Money};
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::{self, Write};

/// Payments are handed on when so many bytes have gathered.
const GATHERED_BYTES: usize = 256 * 1024;

const ACCOUNT_GIVEN_PER_MILLION: u64 = 5_000;
const AGENT_GIVEN_PER_MILLION: u64 = 1_000;
const TO_COMPANY_PER_MILLION: u64 = 80_000;
/// Of payments to a company that has such a part.
const TO_UNIT_PER_MILLION: u64 = 500_000;

const PAYEE_FAULTS: &[Fault] = &[Fault::Unregistered, Fault::ImpossibleNumber];
/// Those of the payee, and those that take somebody who can be paid.
const FAULTS: &[Fault] =
    &[Fault::Unregistered, Fault::ImpossibleNumber, Fault::ZeroAmount, Fault::DuplicateId, Fault::WrongCurrency];
/// Of each kind, one for so many payments, and no fewer than one nor more than a handful.
const PAYMENTS_PER_FAULT: u64 = 20_000;
const FAULTS_PER_KIND_MAX: u64 = 5;

const ID_CHARS_MAX: usize = 35;
const NAME_CHARS_MAX: usize = 140;

/// The versions of pain.001 that payers send.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Version {
    /// pain.001.001.03
    V03,
    /// pain.001.001.09
    V09,
}

/// A file of payments to be written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PaymentOrder {
    /// At least one.
    pub payments: u64,
    /// Another seed, other payees and amounts.
    pub seed: u64,
    /// At most 35 characters. The end-to-end ids follow from it and the seed: other files have others.
    pub message_id: String,
    /// Which schema.
    pub version: Version,
    /// The payer, as the debtor is called in the file.
    pub payer_name: String,
    /// The payer's number.
    pub payer_cvr: Cvr,
    /// When the file was made, as `xs:dateTime`: `2026-04-19T08:00:00Z`.
    pub created: String,
    /// When to pay.
    pub execution_date: Date,
    /// A block has one of them, taken in turn: even blocks, counted from zero, say it in the block's category purpose,
    /// odd ones in each payment's first remittance text. None: no block has one.
    pub benefit_kinds: Vec<String>,
    /// How many blocks the payments are divided among; 1 if fewer, and no more than payments.
    pub blocks: u64,
    /// Whether a handful of payments is wrong.
    pub faults: bool,
}

/// What was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PaymentTotals {
    /// As the group header counts.
    pub payments: u64,
    /// As the group header sums up, across currencies.
    pub control_sum: Decimal,
    /// Bytes of the file.
    pub bytes: u64,
    /// How many payments there are of each outcome that occurs, if the nation's registers and all its account files
    /// have been read, and the execution date is one that the registry accepts.
    pub outcomes: BTreeMap<Outcome, u64>,
}

/// What should become of a payment.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Outcome {
    /// It goes to a designated account.
    Routed,
    /// It named an account already.
    Passed,
    /// An earlier payment of the file has its end-to-end id. The earlier one counts under its own outcome.
    DuplicateId,
    /// The payee's number cannot be one.
    ImpossibleNumber,
    /// There is nothing to pay.
    ZeroAmount,
    /// The number is nobody's.
    Unregistered,
    /// The person died.
    Dead,
    /// The company does not exist any more.
    Dissolved,
    /// No account was designated.
    NoAccount,
    /// The bank closed the account.
    Closed,
    /// The bank froze the account.
    Frozen,
    /// The account takes kroner only, and the payment is in another currency.
    WrongCurrency,
}

impl Outcome {
    /// The reason that the status report is to give; `None` where the payment goes on. A dissolved company is given that
    /// of a payee who is not in the register.
    pub const fn code(self) -> Option<&'static str> {
        match self {
            Outcome::Routed | Outcome::Passed => None,
            Outcome::DuplicateId => Some("DU04"),
            Outcome::ImpossibleNumber => Some("BE17"),
            Outcome::ZeroAmount => Some("AM01"),
            Outcome::Unregistered | Outcome::Dissolved => Some("BE06"),
            Outcome::Dead => Some("MD07"),
            Outcome::NoAccount => Some("AC03"),
            Outcome::Closed => Some("AC07"),
            Outcome::Frozen => Some("AC06"),
            Outcome::WrongCurrency => Some("AM03"),
        }
    }
}

impl AccountKind {
    /// What becomes of a payment in kroner to a living payee with this default account.
    pub const fn outcome(&self) -> Outcome {
        match self {
            AccountKind::None => Outcome::NoAccount,
            AccountKind::Foreign { .. } => Outcome::Routed,
            AccountKind::Domestic { state, .. } => match state {
                AccountState::InForce => Outcome::Routed,
                AccountState::Closed => Outcome::Closed,
                AccountState::Frozen => Outcome::Frozen,
            },
        }
    }
}

impl Person {
    /// What becomes of a payment in kroner.
    pub const fn outcome(&self) -> Outcome {
        match self.fate {
            Fate::Dead { .. } => Outcome::Dead,
            Fate::Active | Fate::Emigrated { .. } => self.account.outcome(),
        }
    }
}

impl Company {
    /// What becomes of a payment in kroner to its CVR number.
    pub const fn outcome(&self) -> Outcome {
        match self.fate {
            CompanyFate::Dissolved { .. } => Outcome::Dissolved,
            CompanyFate::Active => self.account.outcome(),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fault {
    Unregistered,
    ImpossibleNumber,
    ZeroAmount,
    DuplicateId,
    WrongCurrency,
}

/// The payee of one payment.
struct Payee {
    kind: NumberKind,
    number: String,
    name: String,
    address: Option<Address>,
    account: AccountKind,
    outcome: Outcome,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum NumberKind {
    Cpr,
    Cvr,
    Se,
    P,
}

impl Nation {
    /// The file of an order. Its counts and sums are true, for each block and for the whole.
    ///
    /// # Errors
    /// Writing fails. `InvalidInput`: the order has no payments, a text does not fit the schema, or the nation is empty.
    pub fn write_payments(&self, order: &PaymentOrder, out: &mut impl Write) -> io::Result<PaymentTotals> {
        check(order)?;
        if self.plan.people == 0 && self.plan.companies == 0 {
            return Err(invalid("nobody lives in the nation"));
        }
        let key = self.payment_key.with_number(order.seed);
        let faults = match order.faults {
            false => BTreeMap::new(),
            true if self.payable_person(&mut key.draws(0)).is_none() => faults(order, PAYEE_FAULTS, key),
            true => faults(order, FAULTS, key),
        };
        let plan = FilePlan {
            order,
            key,
            id_key: key.with_text(&order.message_id),
            faults,
            blocks: order.blocks.clamp(1, order.payments),
        };
        let mut file = File {
            nation: self,
            plan: &plan,
            xml: Xml { gathered: Vec::with_capacity(GATHERED_BYTES + 8192), written: 0, out },
            outcomes: BTreeMap::new(),
        };
        let control_sum = file.write()?;
        let File { mut xml, outcomes, .. } = file;
        xml.pass_on(0)?;
        xml.out.flush()?;
        Ok(PaymentTotals { payments: order.payments, control_sum, bytes: xml.written, outcomes })
    }

    /// Who is paid by the payment at a place in the file, where nothing is wrong with it.
    fn payee(&self, draws: &mut Draws) -> Payee {
        let has_choice = self.plan.people > 0 && self.plan.companies > 0;
        let is_company = draws.happens(TO_COMPANY_PER_MILLION) && has_choice || self.plan.people == 0;
        if is_company { self.company_payee(draws) } else { payee_of(&self.person(draws.below(self.plan.people))) }
    }

    fn company_payee(&self, draws: &mut Draws) -> Payee {
        let company = self.company(draws.below(self.plan.companies));
        let is_unit = draws.happens(TO_UNIT_PER_MILLION);
        let unit = match (company.se, company.production_unit) {
            (Some(unit), _) if is_unit => Some((NumberKind::Se, unit.number.digits().to_owned(), unit.account)),
            (_, Some(unit)) if is_unit => Some((NumberKind::P, unit.number.digits().to_owned(), unit.account)),
            _ => None,
        };
        let outcome = company.outcome();
        let address = Some(company.address);
        match unit {
            Some((kind, number, account)) => {
                let state = AccountState::InForce;
                let account = AccountKind::Domestic { account, holder: Holder::Payee, state };
                Payee { kind, number, name: company.name, address, account, outcome: Outcome::Routed }
            }
            None => {
                let number = company.cvr.digits().to_owned();
                Payee { kind: NumberKind::Cvr, number, name: company.name, address, account: company.account, outcome }
            }
        }
    }

    /// Somebody with a domestic account in force, so that a fault is all that is wrong with the payment; `None` where
    /// nobody has one.
    fn payable_person(&self, draws: &mut Draws) -> Option<Payee> {
        let people = self.plan.people;
        let first = if people > 0 { draws.below(people) } else { 0 };
        (0..people)
            .map(|step| self.person((first + step) % people))
            .find(|person| {
                person.outcome() == Outcome::Routed && matches!(person.account, AccountKind::Domestic { .. })
            })
            .map(|person| payee_of(&person))
    }

    fn faulty_payee(&self, fault: Fault, draws: &mut Draws) -> Payee {
        let (outcome, number) = match fault {
            Fault::Unregistered => (Outcome::Unregistered, self.unregistered_cpr(draws.next()).digits().to_owned()),
            // Either the month is the thirteenth, or a digit is missing.
            Fault::ImpossibleNumber if draws.happens(500_000) => {
                (Outcome::ImpossibleNumber, format!("611370{:04}", draws.below(10_000)))
            }
            Fault::ImpossibleNumber => (Outcome::ImpossibleNumber, format!("61017{:04}", draws.below(10_000))),
            Fault::ZeroAmount => return self.payable_payee(Outcome::ZeroAmount, draws),
            Fault::DuplicateId => return self.payable_payee(Outcome::DuplicateId, draws),
            Fault::WrongCurrency => return self.payable_payee(Outcome::WrongCurrency, draws),
        };
        let name = "Ukendt Modtager".to_owned();
        Payee { kind: NumberKind::Cpr, number, name, address: None, account: AccountKind::None, outcome }
    }

    fn payable_payee(&self, outcome: Outcome, draws: &mut Draws) -> Payee {
        let payee = self.payable_person(draws).expect("such faults are planned only where somebody has an account");
        Payee { outcome, ..payee }
    }
}

fn payee_of(person: &Person) -> Payee {
    Payee {
        kind: NumberKind::Cpr,
        number: person.cpr.digits().to_owned(),
        name: person.name.to_string(),
        address: (!person.is_protected).then_some(person.address),
        account: person.account,
        outcome: person.outcome(),
    }
}

fn invalid(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, why)
}

fn check(order: &PaymentOrder) -> io::Result<()> {
    let fits =
        |text: &str, max: usize| (1..=max).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    match order {
        _ if order.payments == 0 => Err(invalid("an order has at least one payment")),
        _ if !fits(&order.message_id, ID_CHARS_MAX) => Err(invalid("a message id has 1 to 35 characters")),
        _ if !fits(&order.payer_name, NAME_CHARS_MAX) => Err(invalid("a payer's name has 1 to 140 characters")),
        _ if !order.benefit_kinds.iter().all(|kind| fits(kind, ID_CHARS_MAX)) => {
            Err(invalid("a benefit kind has 1 to 35 characters"))
        }
        _ => Ok(()),
    }
}

/// Where in the file something is wrong, and what. A duplicate has something to repeat before it.
fn faults(order: &PaymentOrder, kinds: &[Fault], key: Key) -> BTreeMap<u64, Fault> {
    let per_kind = (order.payments / PAYMENTS_PER_FAULT).clamp(1, FAULTS_PER_KIND_MAX) as usize;
    let places = Permutation::new(key, order.payments);
    let mut faults: BTreeMap<u64, Fault> = (0..order.payments)
        .map(|index| places.at(index))
        .zip(kinds.iter().copied().cycle().take(kinds.len() * per_kind))
        .collect();
    let duplicates: Vec<u64> =
        faults.iter().filter(|&(_, &fault)| fault == Fault::DuplicateId).map(|(&place, _)| place).collect();
    for place in duplicates {
        if duplicated(&faults, place).is_none() {
            faults.insert(place, Fault::Unregistered);
        }
    }
    faults
}

/// The payment before it whose id it repeats: the nearest with nothing wrong.
fn duplicated(faults: &BTreeMap<u64, Fault>, place: u64) -> Option<u64> {
    (0..place).rev().find(|earlier| !faults.contains_key(earlier))
}

/// What is settled before the first byte is written.
struct FilePlan<'o> {
    order: &'o PaymentOrder,
    key: Key,
    id_key: Key,
    faults: BTreeMap<u64, Fault>,
    blocks: u64,
}

impl FilePlan<'_> {
    /// The first payment of a block; of the one after the last, the number of payments.
    fn block_start(&self, block: u64) -> u64 {
        (u128::from(self.order.payments) * u128::from(block) / u128::from(self.blocks)) as u64
    }

    fn fault(&self, place: u64) -> Option<Fault> {
        // Most files have none, and this is asked for every payment.
        if self.faults.is_empty() { None } else { self.faults.get(&place).copied() }
    }

    /// In øre, and the draws that come after it.
    fn amount_minor(&self, place: u64) -> (i64, Draws) {
        let mut draws = self.key.draws(place);
        let kroner = 100 + draws.below(400) * draws.below(100);
        let minor = if draws.happens(300_000) { draws.below(100) } else { 0 };
        let amount = if self.fault(place) == Some(Fault::ZeroAmount) { 0 } else { kroner * 100 + minor };
        (amount as i64, draws)
    }

    /// The sum of the block's payments, in hundredths: what `write` will write, since each depends on its place alone.
    fn sum_minor(&self, block: u64) -> i64 {
        (self.block_start(block)..self.block_start(block + 1)).map(|place| self.amount_minor(place).0).sum()
    }

    fn benefit_kind(&self, block: u64) -> Option<&str> {
        let kinds = &self.order.benefit_kinds;
        (!kinds.is_empty()).then(|| kinds[(block % kinds.len() as u64) as usize].as_str())
    }

    fn end_to_end_place(&self, place: u64) -> u64 {
        match self.fault(place) {
            Some(Fault::DuplicateId) => duplicated(&self.faults, place).unwrap_or(place),
            _ => place,
        }
    }
}

fn in_kroner(minor: i64) -> Decimal {
    Money { minor, currency: Currency::DKK }.decimal()
}

/// A file while it is written.
struct File<'a, W> {
    nation: &'a Nation,
    plan: &'a FilePlan<'a>,
    xml: Xml<W>,
    outcomes: BTreeMap<Outcome, u64>,
}

impl<W: Write> File<'_, W> {
    fn write(&mut self) -> io::Result<Decimal> {
        let plan = self.plan;
        let control_sum = in_kroner((0..plan.blocks).map(|block| plan.sum_minor(block)).sum());
        self.group_header(control_sum)?;
        for block in 0..plan.blocks {
            self.block_header(block)?;
            for place in plan.block_start(block)..plan.block_start(block + 1) {
                self.payment(block, place)?;
            }
            self.xml.raw("</PmtInf>\n");
        }
        self.xml.raw("</CstmrCdtTrfInitn>\n</Document>\n");
        Ok(control_sum)
    }

    fn group_header(&mut self, control_sum: Decimal) -> io::Result<()> {
        let order = self.plan.order;
        let xml = &mut self.xml;
        let version = match order.version {
            Version::V03 => "03",
            Version::V09 => "09",
        };
        xml.raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.001.001.");
        xml.raw(version).raw("\">\n<CstmrCdtTrfInitn>\n<GrpHdr>\n");
        xml.leaf("MsgId", &order.message_id).raw("\n").leaf("CreDtTm", &order.created).raw("\n");
        xml.raw("<NbOfTxs>").put(order.payments)?.raw("</NbOfTxs>\n");
        xml.raw("<CtrlSum>").put(control_sum)?.raw("</CtrlSum>\n<InitgPty>");
        xml.leaf("Nm", &order.payer_name);
        xml.organisation(NumberKind::Cvr, order.payer_cvr.digits()).raw("</InitgPty>\n</GrpHdr>\n");
        Ok(())
    }

    fn block_header(&mut self, block: u64) -> io::Result<()> {
        let plan = self.plan;
        let order = plan.order;
        let xml = &mut self.xml;
        let payments = plan.block_start(block + 1) - plan.block_start(block);
        xml.raw("<PmtInf>\n<PmtInfId>").put(format_args!("B{:08X}-{:06}", plan.id_key.tag(), block + 1))?;
        xml.raw("</PmtInfId>\n<PmtMtd>TRF</PmtMtd>\n<NbOfTxs>").put(payments)?;
        xml.raw("</NbOfTxs>\n<CtrlSum>").put(in_kroner(plan.sum_minor(block)))?.raw("</CtrlSum>\n");
        xml.raw("<PmtTpInf><SvcLvl><Cd>NURG</Cd></SvcLvl><LclInstrm><Prtry>NEMKONTO</Prtry></LclInstrm>");
        if let Some(kind) = plan.benefit_kind(block).filter(|_| says_kind_in_block(block)) {
            xml.raw("<CtgyPurp>").leaf("Prtry", kind).raw("</CtgyPurp>");
        }
        xml.raw("</PmtTpInf>\n<ReqdExctnDt>");
        match order.version {
            Version::V03 => xml.put(order.execution_date)?,
            Version::V09 => xml.raw("<Dt>").put(order.execution_date)?.raw("</Dt>"),
        };
        xml.raw("</ReqdExctnDt>\n<Dbtr>").leaf("Nm", &order.payer_name);
        xml.organisation(NumberKind::Cvr, order.payer_cvr.digits()).raw("</Dbtr>\n<DbtrAcct>");
        let account = self.nation.payer_account();
        xml.iban(account.iban(Country::Denmark).as_str()).raw("<Ccy>DKK</Ccy></DbtrAcct>\n<DbtrAgt>");
        let bank = self.nation.bank_of(&account);
        xml.agent(order.version, bank.bic, &account)?.raw("</DbtrAgt>\n");
        Ok(())
    }

    fn payment(&mut self, block: u64, place: u64) -> io::Result<()> {
        let plan = self.plan;
        let order = plan.order;
        let (amount, mut draws) = plan.amount_minor(place);
        let fault = plan.fault(place);
        let payee = match fault {
            None => self.nation.payee(&mut draws),
            Some(fault) => self.nation.faulty_payee(fault, &mut draws),
        };
        let has_account = payee.account != AccountKind::None;
        let is_passed = fault.is_none() && draws.happens(ACCOUNT_GIVEN_PER_MILLION) && has_account;
        let has_agent = fault.is_none() && draws.happens(AGENT_GIVEN_PER_MILLION) && has_account;
        let outcome = if is_passed { Outcome::Passed } else { payee.outcome };
        *self.outcomes.entry(outcome).or_default() += 1;

        let xml = &mut self.xml;
        let tag = plan.id_key.tag();
        xml.raw("<CdtTrfTxInf>\n  <PmtId>\n    <InstrId>");
        xml.put(format_args!("I{tag:08X}-{:06}-{place:012}", block + 1))?;
        xml.raw("</InstrId>\n    <EndToEndId>").put(format_args!("{tag:08X}-{:012}", plan.end_to_end_place(place)))?;
        xml.raw("</EndToEndId>\n  </PmtId>\n  <Amt><InstdAmt Ccy=\"");
        xml.raw(if fault == Some(Fault::WrongCurrency) { "EUR" } else { "DKK" });
        xml.raw("\">").put(format_args!("{}.{:02}", amount / 100, amount % 100))?;
        xml.raw("</InstdAmt></Amt>\n  <ChrgBr>SHAR</ChrgBr>\n  <UltmtDbtr>");
        xml.leaf("Nm", draws.pick(words::UNITS));
        xml.organisation(NumberKind::Cvr, order.payer_cvr.digits()).raw("</UltmtDbtr>\n");
        if is_passed || has_agent {
            xml.raw("  <CdtrAgt>");
            self.creditor_agent(&payee.account)?;
            self.xml.raw("</CdtrAgt>\n");
        }
        self.creditor(&payee)?;
        if is_passed {
            self.xml.raw("  <CdtrAcct>");
            self.creditor_account(&payee.account);
            self.xml.raw("</CdtrAcct>\n");
        }
        self.reason(block, order, &mut draws)?;
        self.xml.raw("</CdtTrfTxInf>\n");
        self.xml.pass_on(GATHERED_BYTES)
    }

    fn creditor(&mut self, payee: &Payee) -> io::Result<()> {
        let xml = &mut self.xml;
        xml.raw("  <Cdtr>\n    ").leaf("Nm", &payee.name).raw("\n");
        if let Some(address) = payee.address {
            xml.raw("    <PstlAdr>\n      ").leaf("StrtNm", address.street);
            xml.raw("\n      <BldgNb>").put(address.number)?.raw("</BldgNb>\n      ");
            if let (Some(floor), Version::V09) = (address.floor, self.plan.order.version) {
                xml.raw("<Flr>").put(floor)?.raw("</Flr>\n      ");
            }
            xml.leaf("PstCd", address.postcode).raw("\n      ").leaf("TwnNm", address.city).raw("\n      ");
            xml.leaf("Ctry", address.country).raw("\n");
            if let (Some(floor), Version::V03) = (address.floor, self.plan.order.version) {
                xml.raw("      <AdrLine>").put(floor)?.raw("</AdrLine>\n");
            }
            xml.raw("    </PstlAdr>\n");
        }
        xml.raw("    ");
        match payee.kind {
            NumberKind::Cpr => xml.person(&payee.number),
            kind => xml.organisation(kind, &payee.number),
        };
        xml.raw("\n  </Cdtr>\n");
        Ok(())
    }

    fn creditor_agent(&mut self, account: &AccountKind) -> io::Result<()> {
        let version = self.plan.order.version;
        match account {
            AccountKind::None => {}
            AccountKind::Foreign { bic, .. } => {
                self.xml.agent_bic(version, bic);
            }
            AccountKind::Domestic { account, .. } => {
                let bank = self.nation.bank_of(account);
                self.xml.agent(version, bank.bic, account)?;
            }
        }
        Ok(())
    }

    fn creditor_account(&mut self, account: &AccountKind) {
        match account {
            AccountKind::None => {}
            AccountKind::Foreign { iban, .. } => {
                self.xml.iban(iban.as_str());
            }
            AccountKind::Domestic { account, .. } => {
                self.xml.iban(account.iban(self.nation.bank_of(account).country).as_str());
            }
        }
    }

    /// Purpose and remittance texts: what the payee will read.
    fn reason(&mut self, block: u64, order: &PaymentOrder, draws: &mut Draws) -> io::Result<()> {
        let code = self.plan.benefit_kind(block);
        let kind = code
            .and_then(|code| words::BENEFIT_KINDS.iter().find(|kind| kind.code == code))
            .unwrap_or(&words::OTHER_BENEFIT_KIND);
        let BenefitKind { text, purpose, .. } = kind;
        let xml = &mut self.xml;
        xml.raw("  <Purp>").leaf("Cd", purpose).raw("</Purp>\n  <RmtInf>\n");
        if let Some(code) = code.filter(|_| !says_kind_in_block(block)) {
            xml.raw("    ").leaf("Ustrd", code).raw("\n");
        }
        let date = order.execution_date;
        let month = words::MONTHS[usize::from(date.month().unsigned_abs()) - 1];
        xml.raw("    <Ustrd>").put(format_args!("{text} for {month} {}", date.year()))?;
        xml.put(format_args!(", sag {:04}-{:07}", date.year(), draws.below(10_000_000)))?;
        xml.raw(
            "</Ustrd>\n    <Ustrd>Se afgørelsen i din digitale post, eller ring til os på hverdage mellem 10 og 15, hvis noget ikke er rigtigt",
        );
        xml.raw("</Ustrd>\n  </RmtInf>\n");
        Ok(())
    }
}

const fn says_kind_in_block(block: u64) -> bool {
    block.is_multiple_of(2)
}

/// XML on its way to the file.
struct Xml<W> {
    gathered: Vec<u8>,
    written: u64,
    out: W,
}

impl<W: Write> Xml<W> {
    /// What is XML already.
    fn raw(&mut self, xml: &str) -> &mut Self {
        self.gathered.extend_from_slice(xml.as_bytes());
        self
    }

    /// What holds no character that means something in XML.
    fn put(&mut self, value: impl Display) -> io::Result<&mut Self> {
        write!(self.gathered, "{value}")?;
        Ok(self)
    }

    fn leaf(&mut self, name: &str, text: &str) -> &mut Self {
        self.raw("<").raw(name).raw(">");
        self.escaped(text);
        self.raw("</").raw(name).raw(">")
    }

    fn escaped(&mut self, text: &str) {
        let mut rest = text;
        while let Some(at) = rest.find(['&', '<', '>']) {
            self.raw(&rest[..at]).raw(match rest.as_bytes()[at] {
                b'&' => "&amp;",
                b'<' => "&lt;",
                _ => "&gt;",
            });
            rest = &rest[at + 1..];
        }
        self.raw(rest);
    }

    fn person(&mut self, cpr: &str) -> &mut Self {
        self.raw("<Id><PrvtId><Othr><Id>").raw(cpr);
        self.raw("</Id><SchmeNm><Cd>NIDN</Cd></SchmeNm><Issr>CPR</Issr></Othr></PrvtId></Id>")
    }

    fn organisation(&mut self, kind: NumberKind, number: &str) -> &mut Self {
        self.raw("<Id><OrgId><Othr><Id>").raw(number).raw("</Id><SchmeNm><Cd>COID</Cd></SchmeNm><Issr>");
        self.raw(match kind {
            NumberKind::Cpr => "CPR",
            NumberKind::Cvr => "CVR",
            NumberKind::Se => "SE",
            NumberKind::P => "P",
        });
        self.raw("</Issr></Othr></OrgId></Id>")
    }

    fn iban(&mut self, iban: &str) -> &mut Self {
        self.raw("<Id><IBAN>").raw(iban).raw("</IBAN></Id>")
    }

    fn agent(&mut self, version: Version, bic: Option<Bic>, account: &DanishAccount) -> io::Result<&mut Self> {
        match bic {
            Some(bic) => Ok(self.agent_bic(version, &bic)),
            None => Ok(self
                .raw("<FinInstnId><ClrSysMmbId><MmbId>")
                .put(account.reg)?
                .raw("</MmbId></ClrSysMmbId></FinInstnId>")),
        }
    }

    fn agent_bic(&mut self, version: Version, bic: &Bic) -> &mut Self {
        let name = match version {
            Version::V03 => "BIC",
            Version::V09 => "BICFI",
        };
        self.raw("<FinInstnId>").leaf(name, bic.as_str()).raw("</FinInstnId>")
    }

    /// Hands on what has gathered, once it is as much as that.
    fn pass_on(&mut self, gathered_bytes: usize) -> io::Result<()> {
        if self.gathered.len() >= gathered_bytes {
            self.out.write_all(&self.gathered)?;
            self.written += self.gathered.len() as u64;
            self.gathered.clear();
        }
        Ok(())
    }
}

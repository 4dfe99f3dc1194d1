//! One payment, as far as Anvis must know it.

use std::borrow::Cow;
use std::ops::Range;

use denmark::{Account, Cpr, Currency, Cvr, Decimal, Money, MoneyError, PNumber, SeNumber};

use super::bank::BankAccount;
use super::cut::{OUTER_PAYMENT, TEXT_ID, is_text_id};
use super::head::BlockContext;
use super::schema::{Frame, Tag, payment_root};
use super::text::{survey, trim};
use super::walk::{Leaf, Visitor};
use super::xml::{Breach, Outcome, Reader, breach};
use super::{Fault, Version};

/// What is longer is no account: `Max34Text`.
const ACCOUNT_LENGTH_MAX: usize = 34;

/// What the payee is named by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PayeeNumber {
    /// A person.
    Cpr(Cpr),
    /// A company.
    Cvr(Cvr),
    /// A company's SE number.
    Se(SeNumber),
    /// A production unit.
    P(PNumber),
}

/// The payee of a payment, as the file names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payee {
    /// By a number of a right shape.
    Named(PayeeNumber),
    /// No identification that is recognised.
    Missing,
    /// A recognised identification of the wrong shape, or two that differ.
    Impossible,
}

/// Why an amount cannot be paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AmountFault {
    /// Nothing (AM01).
    Zero,
    /// Not a number, negative, too many decimals for the currency, too large, or no currency (AM12).
    Invalid,
}

/// One payment. Ranges and offsets count from the start of the part it was read from.
#[derive(Debug)]
pub struct Payment<'a> {
    /// The payer's instruction id.
    pub instruction_id: Option<Cow<'a, str>>,
    /// The payer's end-to-end id.
    pub end_to_end_id: Cow<'a, str>,
    /// The amount as it enters control sums; `Err` if it is no number.
    pub amount: Result<Decimal, ()>,
    /// The amount as it can be paid.
    pub money: Result<Money, AmountFault>,
    /// The currency to pay out, where the amount is an equivalent in another (`EqvtAmt/CcyOfTrf`).
    pub transfer_currency: Option<Currency>,
    /// Who is paid.
    pub payee: Payee,
    /// What they are called.
    pub name: Option<Cow<'a, str>>,
    /// The payment names the payee's account.
    pub has_account: bool,
    /// How it writes that, where that can be an account.
    pub account: Option<Cow<'a, str>>,
    /// The payment is a cheque.
    pub is_cheque: bool,
    /// The proprietary category purpose, trimmed: the benefit kind.
    pub category: Option<Cow<'a, str>>,
    /// The first unstructured remittance text, trimmed.
    pub first_remittance: Option<Cow<'a, str>>,
    /// The creditor agent that is there already.
    pub agent: Option<Range<usize>>,
    /// The account of that agent.
    pub agent_account: Option<Range<usize>>,
    /// Where a creditor agent belongs.
    pub agent_at: usize,
    /// Where a creditor account belongs.
    pub account_at: usize,
    /// The prefix of the payment's own element, without colon; mostly empty.
    pub prefix: &'a [u8],
    /// The version of the message.
    pub version: Version,
}

/// The account that a payment names so, where that can be told. It is read when it is asked for: hardly ever.
#[must_use]
pub fn named_account(text: &str) -> Option<Account> {
    match BankAccount::other(text) {
        BankAccount::Account(account) => Some(account),
        BankAccount::Other(_) => None,
    }
}

/// A name in one writing: whoever is called so is the same, in whatever order, case and punctuation their names are written.
#[must_use]
pub fn name_key(name: &str) -> String {
    let upper = name.to_uppercase();
    let mut words: Vec<&str> = upper.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    words.sort_unstable();
    words.join(" ")
}

/// Reads and checks one payment.
///
/// `part` and `start` are as cut; `offset` is where the part begins in the file.
///
/// # Errors
/// When the payment is not well-formed or not as the schema says: then the whole file is refused.
pub fn parse_payment<'a>(
    part: &'a [u8],
    start: usize,
    offset: u64,
    context: &'a BlockContext,
) -> Result<Payment<'a>, Fault> {
    parse(part, start, context).map_err(|breach| refused(*breach, offset))
}

#[cold]
fn refused(mut breach: Breach, offset: u64) -> Fault {
    if breach.ended {
        breach.text = Cow::Borrowed("The payment ends before it is complete.");
    }
    Fault::new(breach, offset, &OUTER_PAYMENT)
}

fn parse<'a>(part: &'a [u8], start: usize, context: &'a BlockContext) -> Outcome<Payment<'a>> {
    let unusual = survey(part, context.ascii_only)?.unusual;
    let mut reader = Reader::new(part, start, context.setting(), unusual);
    let mut notes = Notes::new(start);
    if part.get(start) != Some(&b'<') {
        return reader.wrong(start, "A payment is expected here.");
    }
    let tag = reader.start_tag()?;
    let element = reader.accept(&mut Frame::new(payment_root(context.version)), &tag)?;
    reader.element(element, &tag, &mut notes)?;
    if reader.at != part.len() {
        return breach(reader.at, "Something stands after the end of the payment.");
    }
    let Some(end_to_end_id) = notes.end_to_end_id else {
        return breach(start, "The element EndToEndId is missing.");
    };
    let (agent_at, account_at) = match (&notes.agent, &notes.agent_account, &notes.creditor) {
        (Some(agent), _, Some(creditor)) => (agent.start, creditor.end),
        (Some(agent), _, None) => (agent.start, agent.end),
        (None, Some(account), Some(creditor)) => (account.start, creditor.end),
        (None, Some(account), None) => (account.start, account.end),
        (None, None, Some(creditor)) => (creditor.start, creditor.end),
        (None, None, None) => (notes.earlier_end, notes.earlier_end),
    };
    Ok(Payment {
        instruction_id: notes.instruction_id,
        end_to_end_id,
        amount: notes.amount,
        money: notes.money,
        transfer_currency: notes.transfer_currency,
        payee: notes.payee,
        name: notes.name,
        has_account: notes.has_account,
        account: notes.account,
        is_cheque: notes.is_cheque,
        category: notes.category,
        first_remittance: notes.first_remittance,
        agent: notes.agent,
        agent_account: notes.agent_account,
        agent_at,
        account_at,
        prefix: tag.name.prefix(),
        version: context.version,
    })
}

/// What is noted while a payment is read.
struct Notes<'a> {
    instruction_id: Option<Cow<'a, str>>,
    end_to_end_id: Option<Cow<'a, str>>,
    amount: Result<Decimal, ()>,
    money: Result<Money, AmountFault>,
    transfer_currency: Option<Currency>,
    payee: Payee,
    name: Option<Cow<'a, str>>,
    has_account: bool,
    account: Option<Cow<'a, str>>,
    is_cheque: bool,
    category: Option<Cow<'a, str>>,
    first_remittance: Option<Cow<'a, str>>,
    agent: Option<Range<usize>>,
    agent_account: Option<Range<usize>>,
    creditor: Option<Range<usize>>,
    /// Where the last element ended that stands before the creditor agent.
    earlier_end: usize,
    /// Where the element began that is being read.
    began: usize,
    creditor_began: usize,
    id: Option<Cow<'a, str>>,
    scheme_code: Option<Cow<'a, str>>,
    scheme_proprietary: Option<Cow<'a, str>>,
    issuer: Option<Cow<'a, str>>,
}

impl<'a> Notes<'a> {
    fn new(start: usize) -> Self {
        Self {
            instruction_id: None,
            end_to_end_id: None,
            amount: Err(()),
            money: Err(AmountFault::Invalid),
            transfer_currency: None,
            payee: Payee::Missing,
            name: None,
            has_account: false,
            account: None,
            is_cheque: false,
            category: None,
            first_remittance: None,
            agent: None,
            agent_account: None,
            creditor: None,
            earlier_end: start,
            began: start,
            creditor_began: start,
            id: None,
            scheme_code: None,
            scheme_proprietary: None,
            issuer: None,
        }
    }

    fn read_amount(&mut self, leaf: &Leaf<'_>) {
        (self.amount, self.money) = amount(leaf);
    }

    /// One `Othr` was read: what it says of the payee, if its scheme is one of those that are recognised.
    fn read_identification(&mut self, is_person: bool) {
        let id = self.id.take().unwrap_or_default();
        let code = self.scheme_code.take().unwrap_or_default();
        let proprietary = self.scheme_proprietary.take().unwrap_or_default();
        let issuer = self.issuer.take().unwrap_or_default();
        let kind = match (trim(&proprietary), trim(&code)) {
            ("", "NIDN") if is_person => trim(&issuer),
            ("", "COID") if !is_person => trim(&issuer),
            (proprietary, "") => proprietary,
            _ => return,
        };
        let id = trim(&id);
        let number = match (is_person, kind) {
            (true, "CPR") => Cpr::parse(id).ok().map(PayeeNumber::Cpr),
            (false, "CVR") => Cvr::parse(id).ok().map(PayeeNumber::Cvr),
            (false, "SE") => SeNumber::parse(id).ok().map(PayeeNumber::Se),
            (false, "P") => PNumber::parse(id).ok().map(PayeeNumber::P),
            _ => return,
        };
        self.payee = match (std::mem::replace(&mut self.payee, Payee::Impossible), number) {
            (Payee::Missing, Some(number)) => Payee::Named(number),
            (Payee::Named(first), Some(number)) if first == number => Payee::Named(first),
            _ => Payee::Impossible,
        };
    }
}

/// An amount as it enters sums, and as it can be paid.
pub(super) fn amount(leaf: &Leaf<'_>) -> (Result<Decimal, ()>, Result<Money, AmountFault>) {
    let amount = Decimal::parse(trim(&leaf.text)).map_err(|_| ());
    let currency = leaf.currency.as_deref().and_then(|code| Currency::parse(code).ok());
    let money = match (amount, currency) {
        (Ok(amount), Some(currency)) => Money::from_decimal(amount, currency).map_err(|error| match error {
            MoneyError::Zero => AmountFault::Zero,
            MoneyError::TooManyDecimals | MoneyError::TooLarge => AmountFault::Invalid,
        }),
        (Ok(amount), None) if amount.is_zero() => Err(AmountFault::Zero),
        _ => Err(AmountFault::Invalid),
    };
    (amount, money)
}

fn trimmed(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(trim(text)),
        Cow::Owned(text) => Cow::Owned(trim(&text).to_owned()),
    }
}

impl<'a> Visitor<'a> for Notes<'a> {
    fn enter(&mut self, tag: Tag, at: usize) {
        self.began = at;
        if tag == Tag::Creditor {
            self.creditor_began = at;
        }
    }

    fn leaf(&mut self, tag: Tag, leaf: Leaf<'a>) -> Result<(), &'static str> {
        match tag {
            Tag::InstructionId | Tag::EndToEndId => {
                if !is_text_id(&leaf.text) {
                    return Err(TEXT_ID);
                }
                let id = if tag == Tag::EndToEndId { &mut self.end_to_end_id } else { &mut self.instruction_id };
                *id = Some(leaf.text);
            }
            Tag::InstructedAmount | Tag::EquivalentAmount => self.read_amount(&leaf),
            Tag::TransferCurrency => match Currency::parse(trim(&leaf.text)) {
                Ok(currency) => self.transfer_currency = Some(currency),
                Err(_) if self.money.is_ok() => self.money = Err(AmountFault::Invalid),
                Err(_) => {}
            },
            Tag::CategoryProprietary => self.category = Some(trimmed(leaf.text)),
            Tag::Iban | Tag::OtherAccount => {
                self.account = Some(trimmed(leaf.text)).filter(|text| text.len() <= ACCOUNT_LENGTH_MAX);
            }
            Tag::Name => self.name = Some(leaf.text),
            Tag::OtherId => self.id = Some(leaf.text),
            Tag::SchemeCode => self.scheme_code = Some(leaf.text),
            Tag::SchemeProprietary => self.scheme_proprietary = Some(leaf.text),
            Tag::Issuer => self.issuer = Some(leaf.text),
            Tag::Unstructured if self.first_remittance.is_none() => {
                self.first_remittance = Some(trimmed(leaf.text));
            }
            _ => {}
        }
        Ok(())
    }

    fn leave(&mut self, tag: Tag, end: usize) {
        match tag {
            Tag::Earlier => self.earlier_end = end,
            Tag::Cheque => {
                self.is_cheque = true;
                self.earlier_end = end;
            }
            Tag::CreditorAgent => self.agent = Some(self.began..end),
            Tag::CreditorAgentAccount => self.agent_account = Some(self.began..end),
            Tag::Creditor => self.creditor = Some(self.creditor_began..end),
            Tag::CreditorAccount => self.has_account = true,
            Tag::PrivateOther => self.read_identification(true),
            Tag::OrganisationOther => self.read_identification(false),
            _ => {}
        }
    }
}

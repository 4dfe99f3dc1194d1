//! What is given to the police or a bank of a victim's case: a PDF, the same for programs, and a seal over both by the key with which the
//! service signs. It is put on record before anybody has it.

use crate::case_file::{
    AccountAt, AccountInDoubt, BUNDLE_VERSION, CaseAct, CaseFile, CasePayee, GivenOut, JournalThen, MoneySum,
    PaymentMade, PaymentSent,
};
use denmark::{BankDirectory, Money};
use eid::jws::{self, Jws};
use eid::key::PublicKey;
use kernel::journal::{ENTRIES_MAX, size_and_root};
use kernel::merkle::to_hex;
use kernel::{Actor, Env, Error, Refuse, Scope, StoreError, Timestamp, Writer};
use letter::{CaseDeed, CasePayment, CaseReport, ChangedAccount, Deed, DrawError, Fate, Language, Number, Sender};
use payout::case::{Act, ActKind, Finding, Recipient, State as CaseState};
use payout::commands::Give;
use payout::payment::State;
use payout::queries::{FoundPayment, KnownCase, KnownPayment, known_case};
use payout::recall::Standing;
use registry::account::DesignatedAccount;
use registry::resolve;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt;

/// What a seal says that it is.
const SEAL_KIND: &str = "anvis-case+jws";

/// A file of a bundle.
pub struct BundleFile {
    /// Its name.
    pub name: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// What is given out.
pub struct Bundle {
    /// The case, by name.
    pub case: String,
    /// To whom.
    pub to: String,
    /// The PDF, the JSON and the seal, in this order.
    pub files: [BundleFile; 3],
}

/// How a bundle is made.
pub struct Wanted<'w> {
    /// The case, by name.
    pub case: &'w str,
    /// To whom.
    pub to: Recipient,
    /// Which asking: when it was made.
    pub asked: Timestamp,
    /// Who gives it, as its readers see it.
    pub sender: Option<Sender>,
    /// In which language the PDF is.
    pub language: Language,
    /// Whether the store was made for synthetic people.
    pub is_synthetic: bool,
}

/// Why a bundle is not what was given, or cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BundleRefusal {
    /// A file is missing, or the seal is none.
    Incomplete,
    /// The seal is not by any of the keys.
    Seal,
    /// A file is not the one that was sealed.
    Changed,
    /// It could not be drawn.
    Drawing(DrawError),
}

impl Refuse for BundleRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Incomplete => "bundle.incomplete",
            Self::Seal => "bundle.seal",
            Self::Changed => "bundle.changed",
            Self::Drawing(error) => error.code(),
        }
    }
}

impl fmt::Display for BundleRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Incomplete => {
                f.write_str("a case's PDF, its JSON and its seal lie together: one is missing, or is none")
            }
            Self::Seal => f.write_str("the seal is not by any of these keys"),
            Self::Changed => f.write_str("a file is not the one that was sealed"),
            Self::Drawing(error) => error.fmt(f),
        }
    }
}

/// Makes what somebody else asked for, and puts on record that it is given.
///
/// # Errors
/// Those of [`known_case`] and [`Give`]; `signing_key.none`; the store's.
pub fn bundle(writer: &mut Writer, wanted: &Wanted<'_>, officer: &Actor, env: &Env) -> Result<Bundle, Error> {
    let Wanted { case, ref to, asked, is_synthetic, .. } = *wanted;
    let file_id = writer.secrets.bytes()?;
    let (known, signers, banks, journal) = writer.read(|scope| {
        let known = known_case(scope, officer, case, (to, asked), is_synthetic)?;
        let (size, root) = size_and_root(scope.tx)?;
        let banks = resolve::banks_at(scope.tx, ENTRIES_MAX)?;
        Ok((Known::of(scope, known)?, eid::queries::signers(scope)?, banks, (size.to_string(), to_hex(&root))))
    })?;
    let name = known.case.case.id.name();
    let [pdf_name, json_name, seal_name] = file_names(&name);
    let given = Given { officer, at: env.now, journal: &journal, banks: &banks };
    let json = serde_json::to_vec_pretty(&known.file(&given, is_synthetic));
    let json = json.map_err(|error| StoreError::new("a case could not be written", error))?;
    let pdf = letter::draw_case(&known.report(&given, wanted, file_id)?).map_err(BundleRefusal::Drawing)?;
    let files = [(pdf_name, pdf), (json_name, json)];
    let digests: BTreeMap<&str, String> = files.iter().map(|(name, bytes)| (name.as_str(), digest(bytes))).collect();
    let claims = json!({ "case": name, "to": to.name(), "given": env.now.to_string(), "sha256": digests });
    let seal = jws::sign(signers.at(env.now)?, SEAL_KIND, &claims);
    let told: Vec<&str> = digests.values().map(String::as_str).collect();
    let (asking, digests, officer_too) = (known.case.asking.clone(), told.join(" "), officer.clone());
    let give = Give { case: name.clone(), to: to.clone(), asking, digests, officer: officer_too, is_synthetic };
    writer.execute(&give, officer, env)?;
    let seal = BundleFile { name: seal_name, bytes: seal.into_bytes() };
    let [pdf, json] = files.map(|(name, bytes)| BundleFile { name, bytes });
    Ok(Bundle { case: name, to: to.name(), files: [pdf, json, seal] })
}

/// What the files are called that are given of a case, to whomever: the PDF, the JSON and the seal.
#[must_use]
pub fn file_names(case: &str) -> [String; 3] {
    ["pdf", "json", "jws"].map(|kind| format!("case-{case}.{kind}"))
}

fn digest(bytes: &[u8]) -> String {
    to_hex(&<[u8; 32]>::from(Sha256::digest(bytes)))
}

/// What a seal says of a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The case, by name.
    pub case: String,
    /// To whom it was given.
    pub to: String,
    /// When.
    pub given: String,
    /// The key that sealed it, by its thumbprint.
    pub kid: String,
}

/// Checks that the files of a bundle are those that were sealed by one of these keys.
///
/// # Errors
/// [`BundleRefusal`].
pub fn check<'k>(
    seal: &str,
    file: impl Fn(&str) -> Option<Vec<u8>>,
    keys: impl IntoIterator<Item = &'k PublicKey>,
) -> Result<Checked, BundleRefusal> {
    let seal = Jws::parse(seal.trim()).map_err(|_| BundleRefusal::Incomplete)?;
    if seal.header.kind.as_deref() != Some(SEAL_KIND) {
        return Err(BundleRefusal::Incomplete);
    }
    let key = seal.verify(keys).map_err(|_| BundleRefusal::Seal)?;
    let text = |name: &str| seal.claims.get(name).and_then(Value::as_str).ok_or(BundleRefusal::Incomplete);
    let (case, to, given) = (text("case")?, text("to")?, text("given")?);
    let digests = seal.claims.get("sha256").and_then(Value::as_object).ok_or(BundleRefusal::Incomplete)?;
    let [pdf, json, _] = file_names(case);
    for name in [pdf, json] {
        let sealed = digests.get(&name).and_then(Value::as_str).ok_or(BundleRefusal::Incomplete)?;
        let bytes = file(&name).ok_or(BundleRefusal::Incomplete)?;
        if digest(&bytes) != sealed {
            return Err(BundleRefusal::Changed);
        }
    }
    Ok(Checked { case: case.to_owned(), to: to.to_owned(), given: given.to_owned(), kid: key.kid().to_owned() })
}

/// A case with the names that stand in other places.
struct Known {
    case: KnownCase,
    /// What accounts are for that are not for everything: the payer's name and the kind of benefit, account by account.
    purposes: Vec<Option<(String, String)>>,
}

/// By whom it is given, and what is the same for all of it.
struct Given<'g> {
    officer: &'g Actor,
    at: Timestamp,
    /// Size and root.
    journal: &'g (String, String),
    banks: &'g BankDirectory,
}

impl Given<'_> {
    fn bank(&self, account: &DesignatedAccount) -> Option<&str> {
        account.reg().and_then(|reg| self.banks.get(reg)).map(|bank| bank.name.as_str())
    }

    fn account(&self, account: &DesignatedAccount) -> AccountAt {
        AccountAt {
            account: account.iban(self.banks).as_str().to_owned(),
            bic: account.bic(self.banks).map(|bic| bic.as_str().to_owned()),
            bank: self.bank(account).map(str::to_owned),
        }
    }

    fn written(&self, account: &DesignatedAccount) -> String {
        let iban = account.iban(self.banks);
        self.bank(account).map_or_else(|| iban.as_str().to_owned(), |bank| format!("{}, {bank}", iban.as_str()))
    }
}

impl Known {
    fn of(scope: &Scope<'_>, case: KnownCase) -> Result<Self, Error> {
        let purposes = case.accounts.iter().map(|doubted| match &doubted.purpose {
            None => Ok(None),
            Some(purpose) => {
                // A payer's id is that of its first version.
                let payer = resolve::payer_at(scope, kernel::Id::new(purpose.payer.number()))?;
                Ok(Some((payer.agreement.name, purpose.benefit.as_str().to_owned())))
            }
        });
        let purposes = purposes.collect::<Result<_, Error>>()?;
        Ok(Self { case, purposes })
    }

    fn is_for_police(&self) -> bool {
        self.case.to == Recipient::Police
    }

    /// What was done, as far as whoever gets it is told.
    fn deeds(&self) -> impl Iterator<Item = (&Act, Deed)> {
        self.case.acts.iter().filter_map(|act| Some((act, deed(act.kind)?)))
    }

    /// The sums of the payments, by where the money is and by currency. What came back of one in part is counted as come back.
    fn sums(&self) -> Vec<(Fate, Money)> {
        let mut sums: Vec<(Fate, Money)> = Vec::new();
        let mut add = |fate, money: Money| match sums
            .iter_mut()
            .find(|(of, sum)| *of == fate && sum.currency == money.currency)
        {
            Some((_, sum)) => sum.minor = sum.minor.saturating_add(money.minor),
            None if money.minor > 0 => sums.push((fate, money)),
            None => {}
        };
        for known in &self.case.payments {
            let Some(money) = known.payment.money else { continue };
            let (rest, back) = match fate(known) {
                Fate::Part => (Fate::Left, Fate::Returned),
                Fate::Waiting => (Fate::Waiting, Fate::Waiting),
                fate => (fate, Fate::Returned),
            };
            add(rest, Money { minor: money.minor - known.back, ..money });
            add(back, Money { minor: known.back, ..money });
        }
        sums
    }

    fn file(&self, given: &Given<'_>, is_synthetic: bool) -> CaseFile {
        let KnownCase { case, acts, to, asking, name, accounts, payments, has_more } = &self.case;
        let is_for_police = self.is_for_police();
        let changed = accounts.iter().zip(&self.purposes).map(|(doubted, purpose)| {
            let (payer, benefit) = purpose.clone().filter(|_| is_for_police).unzip();
            AccountInDoubt {
                payer,
                benefit,
                before: doubted.trusted.as_ref().map(|account| given.account(account)),
                since: doubted.accounts.iter().map(|account| given.account(account)).collect(),
            }
        });
        let sums = self.sums().into_iter().map(|(fate, sum)| MoneySum {
            money: fate_name(fate).to_owned(),
            currency: sum.currency.as_str().to_owned(),
            sum: sum.decimal().to_string(),
        });
        let said = |text: &String| (!text.is_empty()).then(|| text.clone());
        let deeds = self.deeds().map(|(act, _)| CaseAct {
            act: act.kind.name().to_owned(),
            at: act.at.to_string(),
            by: act.by.clone(),
            about: said(&act.about),
            why: said(&act.why),
        });
        let (size, root) = given.journal.clone();
        CaseFile {
            version: BUNDLE_VERSION,
            synthetic: is_synthetic,
            case: case.id.name(),
            given: GivenOut {
                to: to.name(),
                at: given.at.to_string(),
                by: given.officer.name().to_owned(),
                asked_by: asking.by.clone(),
                law: asking.why.clone(),
            },
            payee: is_for_police.then(|| CasePayee { number: case.number.reveal(), name: name.clone() }),
            since: case.since.to_string(),
            opened: case.at.to_string(),
            why: is_for_police.then(|| case.why.clone()),
            finding: CaseState::of(acts).finding().map(|finding| finding.name().to_owned()),
            accounts: changed.collect(),
            payments: payments.iter().map(|known| payment_made(known, given)).collect(),
            more_payments: *has_more,
            sums: sums.collect(),
            acts: deeds.collect(),
            journal: JournalThen { size, root },
        }
    }

    fn report(&self, given: &Given<'_>, wanted: &Wanted<'_>, file_id: [u8; 16]) -> Result<CaseReport, Error> {
        let KnownCase { case, acts, to, asking, name, accounts, payments, has_more } = &self.case;
        let number = Number::parse(&case.id.name()).map_err(|_| StoreError::plain("a case's name cannot be read"))?;
        let is_for_police = self.is_for_police();
        let changed = accounts.iter().zip(&self.purposes).map(|(doubted, purpose)| ChangedAccount {
            purpose: match purpose {
                None => None,
                Some((payer, benefit)) if is_for_police => Some(format!("{payer}, {benefit}")),
                Some(_) => Some("–".to_owned()),
            },
            before: doubted.trusted.as_ref().map(|account| given.written(account)),
            since: doubted.accounts.iter().map(|account| given.written(account)).collect(),
        });
        Ok(CaseReport {
            language: wanted.language,
            sender: wanted.sender.clone(),
            number,
            given: given.at.to_jiff(),
            given_by: given.officer.name().to_owned(),
            asked_by: asking.by.clone(),
            bank: match to {
                Recipient::Police => None,
                Recipient::Bank(bank) => Some(bank.clone()),
            },
            law: asking.why.clone(),
            payee: is_for_police.then(|| (case.number.reveal(), name.clone())),
            since: case.since.to_jiff(),
            opened: case.at.to_jiff(),
            why: is_for_police.then(|| case.why.clone()),
            is_fraud: CaseState::of(acts).finding() == Some(Finding::Fraud),
            accounts: changed.collect(),
            payments: payments.iter().map(case_payment).collect(),
            sums: self.sums(),
            has_more: *has_more,
            deeds: self
                .deeds()
                .map(|(act, deed)| CaseDeed {
                    at: act.at.to_jiff(),
                    by: act.by.clone(),
                    deed,
                    about: act.about.clone(),
                })
                .collect(),
            journal: given.journal.clone(),
            file_id,
        })
    }
}

/// What the PDF says of an act; nothing of what only follows a misunderstanding, of which nothing is given out.
const fn deed(kind: ActKind) -> Option<Deed> {
    Some(match kind {
        ActKind::Frozen => Deed::Frozen,
        ActKind::Reported => Deed::Reported,
        ActKind::Reverting => Deed::Reverting,
        ActKind::Traced => Deed::Traced,
        ActKind::Recalled => Deed::Recalled,
        ActKind::Asked => Deed::Asked,
        ActKind::Given => Deed::Given,
        ActKind::Fraud => Deed::Fraud,
        ActKind::Marking => Deed::Marking,
        ActKind::Mistaken | ActKind::Misunderstanding | ActKind::Unfrozen | ActKind::Unreverting => return None,
    })
}

/// Where the money of a payment is.
const fn fate(known: &KnownPayment) -> Fate {
    match (known.payment.state, known.recall) {
        (State::Held, _) => Fate::Held,
        (State::Returned, _) => Fate::Returned,
        (State::Waiting, _) => Fate::Waiting,
        (State::Rejected | State::Cancelled, _) => Fate::Rejected,
        (State::Routed | State::Passed, None) => Fate::Left,
        (State::Routed | State::Passed, Some(Standing::Refused)) => Fate::Refused,
        (State::Routed | State::Passed, Some(Standing::CameBack)) => Fate::Part,
        (State::Routed | State::Passed, Some(_)) => Fate::Recalled,
    }
}

/// The same as the JSON says it.
const fn fate_name(fate: Fate) -> &'static str {
    match fate {
        Fate::Left => "left",
        Fate::Held => "held",
        Fate::Rejected => "rejected",
        Fate::Returned => "returned",
        Fate::Part => "returned_in_part",
        Fate::Waiting => "waiting",
        Fate::Recalled => "recalled",
        Fate::Refused => "recall_refused",
    }
}

fn payment_made(known: &KnownPayment, given: &Given<'_>) -> PaymentMade {
    let payment = &known.payment;
    let sent = payment.left.as_ref().map(|left| {
        let to = left.to.as_ref().map(|to| given.account(&to.account));
        let (account, bic, bank) = to.map_or((None, None, None), |to| (Some(to.account), to.bic, to.bank));
        PaymentSent { account, bic, bank, at: left.at.to_string() }
    });
    PaymentMade {
        payer: payment.payer.agreement.name.clone(),
        message_id: payment.message_id.clone(),
        end_to_end_id: payment.end_to_end_id.clone(),
        amount: payment.money.map(|money| money.decimal().to_string()),
        currency: payment.money.map(|money| money.currency.as_str().to_owned()),
        money: fate_name(fate(known)).to_owned(),
        recall: known.recall.map(|standing| standing.name().to_owned()),
        came_back: payment.money.map(|money| Money { minor: known.back, ..money }.decimal().to_string()),
        reason: payment.reason.map(|reason| reason.code().to_owned()),
        received: payment.received.to_string(),
        decided: payment.decided.1.to_string(),
        sent,
    }
}

fn case_payment(known: &KnownPayment) -> CasePayment {
    let payment: &FoundPayment = &known.payment;
    let to = payment.left.as_ref().and_then(|left| left.to.as_ref());
    let to = to.map(|to| match &to.bank {
        Some(bank) => format!("{}, {bank}", to.iban.as_str()),
        None => to.iban.as_str().to_owned(),
    });
    CasePayment {
        at: payment.left.as_ref().map_or(payment.decided.1, |left| left.at).to_jiff(),
        payer: payment.payer.agreement.name.clone(),
        amount: payment.money,
        to,
        fate: fate(known),
        reference: payment.end_to_end_id.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case_file::case_schema;

    #[test]
    fn where_money_can_be_is_described() {
        let schema = case_schema();
        let described = schema["$defs"]["PaymentMade"]["properties"]["money"]["enum"].as_array().unwrap();
        assert_eq!(described, Fate::ALL.map(fate_name).as_slice());
    }
}

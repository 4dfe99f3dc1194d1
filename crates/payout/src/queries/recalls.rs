//! What was asked back, where it stands, and the messages that ask for it.

use crate::back::How;
use crate::batch::{self, Batch};
use crate::commands::BatchRefusal;
use crate::commands::record::ordered_for;
use crate::message::{Version, named_account};

use crate::message::bank::{
    Party, RecalledPayment, RecalledTransfer, TransferRecall, write_recall, write_transfer_recall,
};
use crate::outputs::{message_id, write_for_bank};
use crate::payment::carried_out;
use crate::recall::{Heard, Recall, RecallRefusal, Standing, Stands, agent};
use crate::store::arrived::Confirmed;
use crate::store::batch::Stage;
use crate::store::ids::OpenIds;
use crate::store::recall_answer::Answered;
use crate::work::{Recorded, recorded};
use crate::{message, policy, store};
use denmark::calendar::copenhagen_date;
use denmark::{Account, BankDirectory, Currency, Decimal, Iban, Money};
use jiff::civil::Date;
use kernel::{Actor, Error, Id, Role, Scope, StoreError, Writer, journal};
use registry::account::{self, DesignatedAccount};
use registry::designation::Designation;
use registry::payer::{Agreement, Payer};
use registry::resolve;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// One recall, as it was asked for. Where its payments stand is shown of one at a time.
#[derive(Clone, Debug, Serialize)]
pub struct RecallView {
    /// Its name, which is the id of its message and its case.
    pub recall: String,
    /// Whose payments they are.
    pub payer: String,
    /// The batch that they are of, by name.
    pub batch: String,
    /// The stage at which they were sent on.
    pub stage: i64,
    /// The message id of the completed file that they stand in.
    pub message_id: String,
    /// When it was asked for.
    pub at: String,
    /// Why, as the bank is told: a code of ISO 20022.
    pub reason: &'static str,
    /// By whom.
    pub by: String,
    /// Why, in their words.
    pub why: String,
    /// The bank that was to make the payments: its BIC, or else its member number.
    pub to: String,
    /// The bank, or another intermediary, that fetches the message.
    pub bank: Option<String>,
    /// How many payments.
    pub payments: usize,
}

/// One payment of a recall.
#[derive(Clone, Debug, Serialize)]
pub struct RecalledView {
    /// The payer's end-to-end id.
    pub end_to_end_id: String,
    /// What was paid.
    pub amount: String,
    /// In which currency.
    pub currency: String,
    /// Where it stands: `asked`, `pending`, `accepted`, `refused` or `came_back`.
    pub standing: &'static str,
    /// What is to come back in all; none where a bank did not say how much.
    pub expected: Option<String>,
    /// What came back since it was asked for.
    pub came_back: String,
    /// What of that, and of what came back by an earlier recall, a bank has only said that it gives back: it is not there yet.
    pub promised: String,
    /// Whether a bank said one thing and then another.
    pub contradicted: bool,
    /// What banks answered, in order.
    pub answers: Vec<AnswerView>,
    /// Who has said of promised money that it is there.
    pub confirmed: Vec<ConfirmedView>,
}

/// That somebody has said of promised money that it is there.
#[derive(Clone, Debug, Serialize)]
pub struct ConfirmedView {
    /// When.
    pub at: String,
    /// By whom.
    pub by: String,
    /// Why, in their words.
    pub why: String,
    /// How much.
    pub amount: String,
}

/// What a bank answered about a payment.
#[derive(Clone, Debug, Serialize)]
pub struct AnswerView {
    /// When it was brought.
    pub at: String,
    /// By whom.
    pub by: String,
    /// `accepted`, `refused`, `partial`, `pending` or `other`.
    pub status: &'static str,
    /// The same, as the bank gave it.
    pub code: Option<String>,
    /// What comes back, where the bank said so.
    pub amount: Option<String>,
    /// When, where it said so.
    pub on: Option<String>,
    /// Its reasons.
    pub reasons: Vec<AnswerReason>,
}

/// Why, in a bank's words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AnswerReason {
    /// A code of the standard's list, or of the bank's own.
    pub code: Option<String>,
    /// What it adds.
    pub text: Option<String>,
}

/// A recall with its payments.
#[derive(Clone, Debug, Serialize)]
pub struct RecallDetails {
    /// The whole.
    #[serde(flatten)]
    pub view: RecallView,
    /// How many stand where.
    pub standings: BTreeMap<&'static str, usize>,
    /// What was paid, by currency.
    pub paid: BTreeMap<String, String>,
    /// What came back of it since, by currency.
    pub came_back: BTreeMap<String, String>,
    /// What of that a bank has only said that it gives back, by currency.
    pub promised: BTreeMap<String, String>,
    /// Whether anything is still expected.
    pub open: bool,
    /// Whether a bank said one thing of a payment and then another.
    pub contradicted: bool,
    /// The banks to which messages from bank to bank can be written (camt.056).
    pub transfers: Vec<String>,
    /// Each of its payments, in the order of their file.
    pub recalled: Vec<RecalledView>,
}

/// Some recalls.
#[derive(Clone, Debug)]
pub struct RecallsPage {
    /// The newest first; of a bank, in the order in which they came about.
    pub recalls: Vec<RecallView>,
    /// Where the next page begins; none after the last.
    pub next: Option<i64>,
}

/// Whose recalls somebody may see.
#[derive(Clone, Copy, Debug)]
pub enum Whose<'w> {
    /// Everybody's: the agency's own people.
    Everybodys,
    /// This payer's, by name.
    Payers(&'w str),
    /// Those that this bank fetches, by name.
    Banks(&'w str),
}

impl Whose<'_> {
    fn require(&self, actor: &Actor) -> Result<(), Error> {
        let operation = if matches!(self, Self::Banks(_)) { policy::FETCH_RECALLS } else { policy::READ_RECALLS };
        // A payer's own client is never shown everybody's.
        let is_own = matches!(actor.role(), Role::Console | Role::Operator) || !matches!(self, Self::Everybodys);
        operation.require(actor)?;
        if is_own { Ok(()) } else { Err(RecallRefusal::Unknown.into()) }
    }
}

/// Where the recall of a payment of `paid` stands.
pub(crate) fn stands_of(scope: &Scope<'_>, recall: &Recall, number: i64, paid: i64) -> Result<Stands, Error> {
    let heard = store::recall_answer::heard_of(scope.tx, recall.id, number)?;
    let BackOf { before, since } = back_of(scope, recall, number)?;
    Ok(Stands::of(paid.saturating_sub(before), &heard, since))
}

/// How much of a payment came back, in minor units.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct BackOf {
    /// Before it was asked for, of what was sent on then: that much cannot come back again.
    pub(crate) before: i64,
    /// Since then.
    pub(crate) since: i64,
}

/// What came back of the time that it was asked back of: until it left again, were it to the waiting account. What was given back out of
/// that is none of it.
pub(crate) fn back_of(scope: &Scope<'_>, recall: &Recall, number: i64) -> Result<BackOf, Error> {
    let (mut of, mut until) = (BackOf::default(), i64::MAX);
    store::payment::each_change_of(scope.tx, recall.batch, number..number + 1, i64::MAX, |change| {
        if change.stage > recall.stage && change.outcome.goes_on() {
            until = until.min(change.stage);
        }
        Ok(())
    })?;
    store::back::each_amount(scope.tx, recall.batch, number..number + 1, |back| {
        // The stage at which an order comes back to the waiting account is one at which it lies there again.
        if back.how == How::GivenBack || back.stage > until {
            return Ok(());
        }
        if back.place > recall.place {
            of.since = of.since.saturating_add(back.amount);
        } else if back.stage > recall.stage {
            of.before = of.before.saturating_add(back.amount);
        }
        Ok(())
    })?;
    Ok(of)
}

/// The recall of this name, if whoever asks may see it. Another's is as if it were not there.
fn find(scope: &Scope<'_>, name: &str, whose: Whose<'_>, actor: &Actor) -> Result<Recall, Error> {
    whose.require(actor)?;
    let id = Id::parse_name(name).ok_or(RecallRefusal::Unknown)?;
    let found = store::recall::find(scope, id)?.ok_or(RecallRefusal::Unknown)?;
    let is_seen = match whose {
        Whose::Everybodys => true,
        Whose::Payers(payer) => resolve::payer_of(scope, payer, actor)?.id == found.payer,
        Whose::Banks(bank) => found.bank.as_ref() == Some(&Agreement::bank_key(scope.vault, bank)),
    };
    if is_seen { Ok(found) } else { Err(RecallRefusal::Unknown.into()) }
}

/// Recalls: the newest before a place; of a bank, the first after it.
///
/// # Errors
/// The policy's refusal, or the store's.
pub fn recalls(
    scope: &Scope<'_>,
    whose: Whose<'_>,
    place: Option<i64>,
    limit: usize,
    actor: &Actor,
) -> Result<RecallsPage, Error> {
    whose.require(actor)?;
    let rows = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let before = place.unwrap_or(i64::MAX);
    let mut found = match whose {
        Whose::Everybodys => store::recall::before(scope, None, before, rows)?,
        Whose::Payers(payer) => {
            let payer = resolve::payer_of(scope, payer, actor)?.id;
            store::recall::before(scope, Some(payer), before, rows)?
        }
        Whose::Banks(bank) => {
            let bank = Agreement::bank_key(scope.vault, bank);
            store::recall::for_bank_after(scope, &bank, place.unwrap_or(-1), rows)?
        }
    };
    let has_more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().map(|last| last.place).filter(|_| has_more || matches!(whose, Whose::Banks(_)));
    let recalls = found.into_iter().map(|recall| Asked::of(scope, recall)?.view(scope));
    Ok(RecallsPage { recalls: recalls.collect::<Result<_, Error>>()?, next })
}

/// Whether anything is still expected of a recall.
///
/// # Errors
/// `recall.unknown`; the policy's refusal, or the store's.
pub fn is_open(scope: &Scope<'_>, name: &str, whose: Whose<'_>, actor: &Actor) -> Result<bool, Error> {
    let recall = find(scope, name, whose, actor)?;
    for number in store::recall::payments_of(scope.tx, recall.id)? {
        let paid = recorded(scope.tx, recall.batch, number, 1, recall.stage)?.pop().and_then(|paid| paid.money);
        if stands_of(scope, &recall, number, paid.map_or(0, |money| money.minor))?.standing.is_open() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The batch of which the recall of this name asks payments back, if there is one.
///
/// # Errors
/// The store's.
pub fn batch_of_recall(scope: &Scope<'_>, name: &str) -> Result<Option<String>, Error> {
    let Some(id) = Id::parse_name(name) else { return Ok(None) };
    Ok(store::recall::find(scope, id)?.map(|recall| batch::name(recall.batch)))
}

/// One recall, and its payments.
///
/// # Errors
/// `recall.unknown`; the policy's refusal, or the store's.
pub fn recall(scope: &Scope<'_>, name: &str, whose: Whose<'_>, actor: &Actor) -> Result<RecallDetails, Error> {
    Opened::new(scope, find(scope, name, whose, actor)?)?.details()
}

/// The message of a recall to the payer's bank, a camt.055.001.08: the same bytes whenever it is asked for.
///
/// # Errors
/// `recall.unknown`; the policy's refusal, or the store's.
pub fn recall_message(scope: &Scope<'_>, name: &str, whose: Whose<'_>, actor: &Actor) -> Result<Vec<u8>, Error> {
    Opened::new(scope, find(scope, name, whose, actor)?)?.message()
}

/// The message of a recall from the bank that made the payments to one that has the money, a camt.056.001.08, about those of which a
/// bank has told how it made them.
///
/// # Errors
/// `recall.unknown`, `recall.no_transfer`; the policy's refusal, or the store's.
pub fn transfer_recall_message(
    scope: &Scope<'_>,
    name: &str,
    to: &str,
    whose: Whose<'_>,
    actor: &Actor,
) -> Result<Vec<u8>, Error> {
    Opened::new(scope, find(scope, name, whose, actor)?)?.transfer_message(to)
}

/// Writes the messages of a recall into a folder, under `bank`: the one to the payer's bank, and one to each bank that has the money, where
/// it is known how the payments were made.
///
/// # Errors
/// `recall.unknown`; the policy's refusal, the store's, or the folder cannot be written.
pub fn write_recall_files(
    writer: &mut Writer,
    name: &str,
    folder: &Path,
    actor: &Actor,
) -> Result<Vec<PathBuf>, Error> {
    let files = writer.read(|scope| {
        let opened = Opened::new(scope, find(scope, name, Whose::Everybodys, actor)?)?;
        let id = opened.asked.recall.id.name();
        let mut files = vec![(format!("{id}.camt.055.xml"), opened.message()?)];
        for to in opened.transfers()?.into_keys() {
            files.push((format!("{id}-{to}.camt.056.xml"), opened.transfer_message(&to)?));
        }
        Ok(files)
    })?;
    files.into_iter().map(|(name, content)| write_for_bank(folder, &name, &content)).collect()
}

/// A recall and its batch: what is to be known to open its payments.
pub(crate) struct Asked {
    pub(crate) recall: Recall,
    pub(crate) batch: Batch,
    /// The later stage at which the payments left, if they did not when their file came in.
    left: Option<Stage>,
}

/// A recall with all that is to be known to show it, or to write its messages.
struct Opened<'s> {
    scope: &'s Scope<'s>,
    asked: Asked,
    payer: Payer,
    /// The bank directory of when it was asked for.
    banks: BankDirectory,
    payments: Vec<Opening>,
}

/// By the bank that has the money the payments, each with how it was made.
type Transfers<'o> = BTreeMap<String, Vec<(&'o Opening, store::interbank::Fact)>>;

/// One of its payments.
#[derive(Clone)]
pub(crate) struct Opening {
    pub(crate) number: i64,
    pub(crate) end_to_end_id: String,
    pub(crate) instruction_id: Option<String>,
    pub(crate) payment_info_id: String,
    execution_date: Option<Date>,
    pub(crate) money: Money,
    designation: Option<Id<Designation>>,
    /// The account that its file named itself.
    account: Option<String>,
}

/// Where a payment went, as messages name it; nothing of an account that cannot be told.
#[derive(Default)]
struct Went {
    /// The bank: none of an account abroad that its file named.
    agent: Option<String>,
    iban: Option<Iban>,
    /// As its file wrote it, where that is no IBAN.
    other: Option<String>,
}

impl Went {
    fn to(account: &DesignatedAccount, banks: &BankDirectory) -> Self {
        Self { agent: Some(agent_text(account, banks)), iban: Some(account.iban(banks)), other: None }
    }

    /// To an account that its file named.
    fn to_named(text: &str, currency: Currency, banks: &BankDirectory) -> Self {
        let went = match named_account(text) {
            Some(Account::Danish(account)) => Self::to(&DesignatedAccount::Domestic { account, currency }, banks),
            Some(Account::Foreign(iban)) => Self { iban: Some(iban), ..Self::default() },
            None => Self::default(),
        };
        match Iban::parse(text) {
            Ok(iban) => Self { iban: Some(iban), ..went },
            Err(_) => Self { other: Some(text.to_owned()), ..went },
        }
    }
}

impl Asked {
    pub(crate) fn of(scope: &Scope<'_>, recall: Recall) -> Result<Self, Error> {
        let batch = store::batch::find(scope, recall.batch)?.ok_or(BatchRefusal::Unknown)?;
        let left = store::batch::find_stage(scope, batch.id, recall.stage)?;
        Ok(Self { recall, batch, left })
    }

    /// That stage, where it is an order of our own, out of the waiting account.
    fn order(&self) -> Option<&Stage> {
        self.left.as_ref().filter(|stage| stage.of_record)
    }

    /// The message id of the completed file.
    pub(crate) fn message_id(&self) -> String {
        match self.recall.stage {
            0 => self.batch.record.message_id.clone(),
            stage => message_id(self.batch.id, stage),
        }
    }

    /// In which version of the message the completed file is.
    fn version(&self) -> Version {
        if self.order().is_some() { Version::V09 } else { self.batch.record.version }
    }

    /// The payments with these numbers, which are in order.
    pub(crate) fn open(&self, scope: &Scope<'_>, numbers: &[i64]) -> Result<Vec<Opening>, Error> {
        let (batch, stage) = (self.batch.id, self.recall.stage);
        let left = self.left.as_ref().map(|stage| stage.at.to_jiff());
        let order =
            self.order().map(|order| ordered_for(scope, &self.batch, (stage, order.at.to_jiff()))).transpose()?;
        let (mut ids, mut payments) = (OpenIds::default(), Vec::with_capacity(numbers.len()));
        for run in numbers.chunk_by(|one, next| one + 1 == *next) {
            let first = run.first().copied().unwrap_or_default();
            let found = recorded(scope.tx, batch, first, run.len(), stage)?;
            for (number, Recorded { outcome, money, .. }) in run.iter().zip(found) {
                let money = money.ok_or_else(|| StoreError::broken("payment", "amount", *number))?;
                let block = ids.block_of(scope, batch, *number)?;
                let asked = block.execution_date.and_then(|date| date.parse().ok());
                let execution_date = order.or(asked.map(|asked| left.map_or(asked, |left| carried_out(asked, left))));
                let ours = order.map(|_| message_id(batch, stage));
                let payment_info_id = ours.unwrap_or_else(|| block.payment_info_id.to_owned());
                let texts = ids.read(scope, batch, *number)?;
                payments.push(Opening {
                    number: *number,
                    end_to_end_id: texts.end_to_end_id.to_owned(),
                    instruction_id: texts.instruction_id.map(str::to_owned),
                    payment_info_id,
                    execution_date,
                    money,
                    designation: outcome.designation,
                    account: texts.account.map(str::to_owned),
                });
            }
        }
        Ok(payments)
    }

    fn view(&self, scope: &Scope<'_>) -> Result<RecallView, Error> {
        let Recall { id, batch, stage, at, reason, record, .. } = &self.recall;
        let Agreement { name, bank, .. } = resolve::payer_at(scope, self.batch.payer)?.agreement;
        Ok(RecallView {
            recall: id.name(),
            payer: name,
            batch: batch::name(*batch),
            stage: *stage,
            message_id: self.message_id(),
            at: at.to_string(),
            reason: reason.code(),
            by: record.by.clone(),
            why: record.why.clone(),
            to: record.to.clone(),
            bank,
            payments: store::recall::count_of(scope.tx, *id)?,
        })
    }
}

impl<'s> Opened<'s> {
    fn new(scope: &'s Scope<'s>, recall: Recall) -> Result<Self, Error> {
        let asked = Asked::of(scope, recall)?;
        let payer = resolve::payer_at(scope, asked.batch.payer)?;
        let banks = resolve::banks_at(scope.tx, journal::entry_of(asked.recall.place))?;
        let payments = asked.open(scope, &store::recall::payments_of(scope.tx, asked.recall.id)?)?;
        Ok(Self { scope, asked, payer, banks, payments })
    }

    fn went(&self, payment: &Opening) -> Result<Went, Error> {
        Ok(match (payment.designation, &payment.account) {
            (Some(designation), _) => Went::to(&resolve::account_of(self.scope, designation)?, &self.banks),
            (None, Some(account)) => Went::to_named(account, payment.money.currency, &self.banks),
            (None, None) => Went::default(),
        })
    }

    fn details(&self) -> Result<RecallDetails, Error> {
        let Self { scope, asked: Asked { recall, .. }, .. } = self;
        let mut recalled = Vec::with_capacity(self.payments.len());
        let (mut standings, mut paid, mut came_back) = (BTreeMap::new(), Sums::default(), Sums::default());
        let mut promised = Sums::default();
        for payment in &self.payments {
            let Opening { number, money, .. } = payment;
            let answers = store::recall_answer::of_payment(scope, recall.id, *number)?;
            let heard: Vec<Heard> = answers.iter().map(|answered| answered.heard).collect();
            let BackOf { before, since: back } = back_of(scope, recall, *number)?;
            let stands = Stands::of(money.minor.saturating_sub(before), &heard, back);
            let is_promised = store::arrived::promised_of(scope.tx, recall.batch, *number)?;
            let confirmed = store::arrived::confirmed_of(scope, recall.batch, *number)?;
            *standings.entry(stands.standing).or_default() += 1;
            paid.add(*money);
            came_back.add(Money { minor: back, ..*money });
            promised.add(Money { minor: is_promised, ..*money });
            recalled.push(payment.view(&stands, [back, is_promised], answers, confirmed));
        }
        Ok(RecallDetails {
            view: self.asked.view(scope)?,
            open: standings.keys().any(|standing: &Standing| standing.is_open()),
            standings: standings.into_iter().map(|(standing, count)| (standing.name(), count)).collect(),
            paid: paid.written(),
            came_back: came_back.written(),
            promised: promised.written(),
            contradicted: recalled.iter().any(|payment| payment.contradicted),
            transfers: self.transfers()?.into_keys().collect(),
            recalled,
        })
    }

    fn message(&self) -> Result<Vec<u8>, Error> {
        let Self { asked, payer, payments, .. } = self;
        let Asked { recall, batch, .. } = asked;
        let (id, file, cvr) = (recall.id.name(), asked.message_id(), payer.agreement.cvr.digits().to_owned());
        let received = copenhagen_date(batch.record.received().to_jiff());
        let written = payments.iter().map(|payment| self.written(payment)).collect::<Result<Vec<Written>, Error>>()?;
        // Those of one block stand together: in the file they do.
        let payments: Vec<RecalledPayment<'_>> = payments
            .iter()
            .zip(&written)
            .map(|(payment, written)| RecalledPayment {
                message_id: &file,
                version: asked.version(),
                payment_info_id: &payment.payment_info_id,
                cancellation_id: &written.cancellation_id,
                instruction_id: payment.instruction_id.as_deref(),
                end_to_end_id: &payment.end_to_end_id,
                amount: payment.money,
                execution_date: payment.execution_date.unwrap_or(received),
                agent: written.went.agent.as_deref().map(agent),
                account: written.went.iban,
                other_account: written.went.other.as_deref(),
            })
            .collect();
        Ok(write_recall(&message::bank::Recall {
            id: &id,
            created: recall.at.to_jiff(),
            from: Party { name: &payer.agreement.name, cvr: Some(&cvr) },
            to: agent(&recall.record.to),
            reason: recall.reason,
            sentences: sentences(recall),
            payments: &payments,
        }))
    }

    /// The payments of which a bank told how it made them, by the bank that has the money.
    fn transfers(&self) -> Result<Transfers<'_>, Error> {
        let mut transfers = BTreeMap::<String, Vec<_>>::new();
        for payment in &self.payments {
            let Some(fact) = store::interbank::last_of(self.scope, self.asked.batch.id, payment.number)? else {
                continue;
            };
            if let Some(agent) = self.went(payment)?.agent {
                transfers.entry(agent).or_default().push((payment, fact));
            }
        }
        Ok(transfers)
    }

    fn transfer_message(&self, to: &str) -> Result<Vec<u8>, Error> {
        let transfers = self.transfers()?.remove(to).ok_or(RecallRefusal::NoTransfer)?;
        let Asked { recall, batch, .. } = &self.asked;
        let case = recall.id.name();
        let written =
            transfers.iter().map(|(payment, _)| self.written(payment)).collect::<Result<Vec<Written>, Error>>()?;
        let received = copenhagen_date(batch.record.received().to_jiff());
        let payments: Vec<RecalledTransfer<'_>> = transfers
            .iter()
            .zip(&written)
            .map(|((payment, fact), written)| RecalledTransfer {
                cancellation_id: &written.cancellation_id,
                message_id: &fact.record.message_id,
                message_name: &fact.record.message_name,
                instruction_id: payment.instruction_id.as_deref(),
                end_to_end_id: &payment.end_to_end_id,
                transaction_id: fact.record.transaction_id.as_deref(),
                uetr: fact.record.uetr.as_deref(),
                amount: payment.money,
                settlement_date: fact.record.settled_on().unwrap_or(received),
                account: written.went.iban,
            })
            .collect();
        // Dated when the last of it was told: until more is, it is the same.
        let told = transfers.iter().map(|(_, fact)| fact.at).max().map_or(recall.at, |told| told.max(recall.at));
        Ok(write_transfer_recall(&TransferRecall {
            id: &format!("{case}-{to}"),
            created: told.to_jiff(),
            from: agent(&recall.record.to),
            to: agent(to),
            reason: recall.reason,
            sentences: sentences(recall),
            transfers: &payments,
        }))
    }

    fn written(&self, payment: &Opening) -> Result<Written, Error> {
        let cancellation_id = format!("{}-{}", self.asked.recall.id.name(), payment.number);
        Ok(Written { cancellation_id, went: self.went(payment)? })
    }
}

impl Opening {
    fn view(
        &self,
        stands: &Stands,
        [back, promised]: [i64; 2],
        answers: Vec<Answered>,
        confirmed: Vec<(Confirmed, i64)>,
    ) -> RecalledView {
        let written = |minor: i64| Money { minor, ..self.money }.decimal().to_string();
        let answers = answers.into_iter().map(|answered| AnswerView {
            at: answered.at.to_string(),
            by: answered.record.by,
            status: answered.heard.status.name(),
            code: answered.record.status,
            amount: answered.heard.amount.map(written),
            on: answered.record.on,
            reasons: answered.record.reasons.into_iter().map(|(code, text)| AnswerReason { code, text }).collect(),
        });
        let confirmed = confirmed.into_iter().map(|(Confirmed { at, text, .. }, amount)| {
            let (by, why) = text.split_once('\n').unwrap_or_default();
            ConfirmedView { at: at.to_string(), by: by.to_owned(), why: why.to_owned(), amount: written(amount) }
        });
        RecalledView {
            end_to_end_id: self.end_to_end_id.clone(),
            amount: written(self.money.minor),
            currency: self.money.currency.to_string(),
            standing: stands.standing.name(),
            expected: stands.expected.map(written),
            came_back: written(back),
            promised: written(promised),
            contradicted: stands.is_contradicted,
            answers: answers.collect(),
            confirmed: confirmed.collect(),
        }
    }
}

/// What a message says of a payment, beside what the payer wrote.
struct Written {
    cancellation_id: String,
    went: Went,
}

pub(crate) fn agent_text(account: &DesignatedAccount, banks: &BankDirectory) -> String {
    match account.agent(banks) {
        account::Agent::Bic(bic) => bic.as_str().to_owned(),
        account::Agent::Member(reg) => reg.to_string(),
    }
}

/// What a bank is told beside the code. Never about a person; and that it was fraud is said only where a case says so.
const fn sentences(recall: &Recall) -> &'static [&'static str] {
    if recall.record.is_of_case { &["The account was registered for the payee by fraud."] } else { &[] }
}

/// Sums by currency.
#[derive(Default)]
struct Sums(BTreeMap<String, Decimal>);

impl Sums {
    fn add(&mut self, money: Money) {
        let sum = self.0.entry(money.currency.to_string()).or_insert(Decimal::ZERO);
        *sum = sum.checked_add(money.decimal()).unwrap_or(*sum);
    }

    fn written(self) -> BTreeMap<String, String> {
        self.0
            .into_iter()
            .filter(|(_, sum)| !sum.is_zero())
            .map(|(currency, sum)| (currency, sum.to_string()))
            .collect()
    }
}

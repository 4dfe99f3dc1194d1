//! The files of stages that are made of what was recorded, without the input: what came back is told to its payer, and what leaves the
//! waiting account is ordered from there.

use super::BatchRefusal;
use super::back::onward_of;
use super::render::StageView;
use crate::assemble::group_status;
use crate::batch::Batch;
use crate::message::bank::{Order, OrderedPayment, Party, write_order};
use crate::message::{Agent, Entry, Output, Status, StatusFile};
use crate::outputs::{Outputs, PartFile, message_id};
use crate::payment::{State, carried_out};
use crate::store;
use crate::store::ids::OpenIds;
use crate::store::payment::Outcome;
use crate::work::{self, is_told};
use denmark::calendar::{banking_day_from, copenhagen_date, next_banking_day};
use denmark::{BankDirectory, Currency, Money};
use jiff::civil::Date;
use kernel::{Error, Id, Scope, StoreError, Writer};
use registry::account::{self, DesignatedAccount};
use registry::payer::NoAccount;
use registry::resolve;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};

/// What stands for a name that nobody knows: the standard's own word for what is not provided.
const NOT_PROVIDED: &str = "NOTPROVIDED";

/// The status report of such a stage.
pub(crate) fn report(scope: &Scope<'_>, batch: &Batch, view: &StageView) -> Result<Vec<u8>, Error> {
    let kind = resolve::payer_at(scope, batch.payer)?.agreement.kind;
    let (id, created) = (message_id(batch.id, view.stage), view.created);
    let (version, original) = (batch.record.version, batch.record.message_id.as_str());
    let cannot = || Error::io("a status report could not be put together");
    let status = group_status(&view.counts);
    let mut file = StatusFile::begin(Output::memory(), version, &id, created, original, status).map_err(cannot())?;
    let mut ids = OpenIds::default();
    let mut changes: BTreeMap<i64, Outcome> = BTreeMap::new();
    store::payment::each_change_at(scope.tx, batch.id, view.stage, |change| {
        changes.insert(change.number, change.outcome);
        Ok(())
    })?;
    // What was ordered on to the waiting account is there for the payer, and not back.
    let mut onward = BTreeSet::new();
    if let Some(stage) = onward_of(scope, batch.id, view.stage)? {
        store::payment::each_change_at(scope.tx, batch.id, stage, |change| {
            onward.insert(change.number);
            Ok(())
        })?;
    }
    // Of what came back in part, or to the waiting account, no reason stands with the change.
    let mut parts: BTreeMap<i64, Vec<String>> = BTreeMap::new();
    let mut backs = Vec::new();
    store::back::each_of_stage(scope, batch.id, view.stage, |row| {
        backs.push(row.back);
        Ok(())
    })?;
    let lies = |number: &i64, outcome: &Outcome| outcome.state == State::Waiting || onward.contains(number);
    let is_told_here = |number| changes.get(&number).is_none_or(|outcome| lies(&number, outcome));
    for back in backs.iter().filter(|back| is_told_here(back.number)) {
        let recorded = work::recorded(scope.tx, batch.id, back.number, 1, view.stage)?.pop();
        let currency = recorded.and_then(|recorded| recorded.money).map_or(Currency::DKK, |money| money.currency);
        let money = Money { minor: back.amount, currency };
        let told = parts.entry(back.number).or_default();
        told.push(format!("Of it, {money} came back ({}).", back.reason.code()));
        if onward.contains(&back.number) {
            told.push("It goes on to the waiting account.".to_owned());
        }
    }
    for (number, outcome) in &changes {
        if !is_told(outcome, kind) || parts.contains_key(number) {
            continue;
        }
        let block = ids.block_of(scope, batch.id, *number)?.payment_info_id.to_owned();
        let ids = ids.read(scope, batch.id, *number)?;
        let entry = Entry {
            instruction_id: ids.instruction_id,
            end_to_end_id: ids.end_to_end_id,
            status: if outcome.state == State::Returned { Status::Rejected } else { Status::Accepted },
            reason: outcome.reason.map(|reason| (reason.status_code(), reason.sentence())),
            more: &[],
        };
        file.entry(&block, &entry).map_err(cannot())?;
    }
    for (number, more) in &parts {
        let block = ids.block_of(scope, batch.id, *number)?.payment_info_id.to_owned();
        let ids = ids.read(scope, batch.id, *number)?;
        let (instruction_id, end_to_end_id) = (ids.instruction_id, ids.end_to_end_id);
        let entry = Entry { instruction_id, end_to_end_id, status: Status::Accepted, reason: None, more };
        file.entry(&block, &entry).map_err(cannot())?;
    }
    Ok(file.end(status).map_err(cannot())?.take())
}

/// The order of such a stage, to the bank that keeps the waiting account: from there to the payees' own accounts.
pub(crate) fn order(scope: &Scope<'_>, batch: &Batch, view: &StageView) -> Result<Vec<u8>, Error> {
    let payer = resolve::payer_at(scope, batch.payer)?.agreement;
    let banks = resolve::banks_at(scope.tx, view.banks_at)?;
    let NoAccount::PayTo(from) = payer.no_account else {
        return Err(StoreError::broken("batch", "payer_version", batch.id.number()).into());
    };
    let mut paid = Vec::new();
    store::payment::each_change_at(scope.tx, batch.id, view.stage, |change| {
        paid.extend(change.outcome.designation.map(|designation| (change.number, designation)));
        Ok(())
    })?;
    let (mut ids, mut payments) = (OpenIds::default(), Vec::with_capacity(paid.len()));
    for (number, designation) in paid {
        let mut row = None;
        store::payment::each_of(scope.tx, batch.id, number..number + 1, |found| {
            row = Some(found);
            Ok(())
        })?;
        let row = row.ok_or_else(gone)?;
        let name = row.payee.map(|payee| resolve::name_at(scope, &payee, view.banks_at)).transpose()?.flatten();
        let ids = ids.read(scope, batch.id, number)?;
        payments.push(Ordered {
            instruction_id: ids.instruction_id.map(str::to_owned),
            end_to_end_id: ids.end_to_end_id.to_owned(),
            amount: row.money.ok_or_else(gone)?,
            account: resolve::account_of(scope, designation)?,
            name: name.unwrap_or_else(|| NOT_PROVIDED.to_owned()),
        });
    }
    let agents: Vec<Named> = payments.iter().map(|payment| Named::of(&payment.account, &banks)).collect();
    let text = format!("{}, {}", payer.name, batch.record.message_id);
    let ordered: Vec<OrderedPayment<'_>> = payments
        .iter()
        .zip(&agents)
        .map(|(payment, agent)| OrderedPayment {
            instruction_id: payment.instruction_id.as_deref(),
            end_to_end_id: &payment.end_to_end_id,
            amount: payment.amount,
            agent: agent.agent(),
            name: &payment.name,
            account: payment.account.iban(&banks),
            payer: &payer.name,
            text: &text,
        })
        .collect();
    let id = message_id(batch.id, view.stage);
    Ok(write_order(&Order {
        id: &id,
        payment_info_id: &id,
        created: view.created,
        execution_date: ordered_for(scope, batch, (view.stage, view.created))?,
        debtor: Party { name: &payer.name, cvr: Some(payer.cvr.digits()) },
        account: from.iban(&banks),
        agent: Named::of(&from, &banks).agent(),
        payments: &ordered,
    }))
}

/// The day on which an order of ours is to be carried out: the first banking day on which the money of all its payments is in the waiting
/// account. That is the one after it was to be paid there, or came back to there.
pub(crate) fn ordered_for(
    scope: &Scope<'_>,
    batch: &Batch,
    (stage, created): (i64, jiff::Timestamp),
) -> Result<Date, Error> {
    let mut numbers = Vec::new();
    store::payment::each_change_at(scope.tx, batch.id, stage, |change| {
        numbers.push(change.number);
        Ok(())
    })?;
    let mut day = banking_day_from(copenhagen_date(created));
    let mut ids = OpenIds::default();
    for number in numbers {
        let lay = work::recorded(scope.tx, batch.id, number, 1, stage - 1)?.pop().ok_or_else(gone)?;
        let since = store::batch::find_stage(scope, batch.id, lay.of_stage)?;
        let at = since.as_ref().map_or(batch.record.received(), |stage| stage.at).to_jiff();
        let asked = ids.block_of(scope, batch.id, number)?.execution_date.and_then(|date| date.parse::<Date>().ok());
        let asked = asked.unwrap_or_else(|| copenhagen_date(at));
        let there = match since {
            // It was ordered there, by the payer's file or by a later one.
            Some(stage) if !stage.of_record => carried_out(asked, at),
            _ => asked.max(copenhagen_date(at)),
        };
        day = day.max(next_banking_day(there));
    }
    Ok(day)
}

/// A payment out of the waiting account.
struct Ordered {
    instruction_id: Option<String>,
    end_to_end_id: String,
    amount: Money,
    account: DesignatedAccount,
    name: String,
}

/// How a bank is named.
enum Named {
    Bic(String),
    Member(String),
}

impl Named {
    fn of(account: &DesignatedAccount, banks: &BankDirectory) -> Self {
        match account.agent(banks) {
            account::Agent::Bic(bic) => Self::Bic(bic.as_str().to_owned()),
            account::Agent::Member(reg) => Self::Member(reg.to_string()),
        }
    }

    fn agent(&self) -> Agent<'_> {
        match self {
            Self::Bic(bic) => Agent::Bic(bic),
            Self::Member(number) => Agent::Member(number),
        }
    }
}

/// What such a stage's files are: the order, if there is one, and the report.
pub(super) fn files(scope: &Scope<'_>, batch: &Batch, view: &StageView) -> Result<(Option<Vec<u8>>, Vec<u8>), Error> {
    let order = view.has_completed.then(|| order(scope, batch, view)).transpose()?;
    Ok((order, report(scope, batch, view)?))
}

/// Writes what is missing of the files of such a stage; all of their paths.
pub(super) fn write_files(writer: &mut Writer, id: Id<Batch>, stage: i64, out: &Path) -> Result<Vec<PathBuf>, Error> {
    let (order, report) = writer.read(|scope| {
        let batch = store::batch::find(scope, id)?.ok_or(BatchRefusal::Unknown)?;
        let view = StageView::find(scope, &batch, stage)?.ok_or(BatchRefusal::StageUnknown)?;
        files(scope, &batch, &view)
    })?;
    let Outputs { completed, status } = Outputs::of(out, id, stage)?;
    let mut paths = Vec::new();
    for (path, bytes) in [(completed, order), (status, Some(report))] {
        if let Some(bytes) = bytes {
            write_missing(&path, &bytes)?;
            paths.push(path);
        }
    }
    writer.connection.stage(|tx| store::batch::delete_unwritten(tx, id, stage))?;
    Ok(paths)
}

/// Writes a file, if it is not there: whether it was missing.
pub(super) fn write_missing(path: &Path, bytes: &[u8]) -> Result<bool, Error> {
    if path.exists() {
        return Ok(false);
    }
    let part = PartFile::create(path)?;
    part.handle()?.write_all(bytes).map_err(Error::io(format!("{} could not be written", path.display())))?;
    part.sync()?;
    part.place()?;
    Ok(true)
}

/// What is on record of a stage is gone.
pub(super) fn gone() -> Error {
    StoreError::damaged("a stage that is on record is gone".to_owned()).into()
}

//! The files of stages that are made of what was recorded, without the input: what came back is told to its payer.

use super::BatchRefusal;
use super::render::StageView;
use crate::assemble::group_status;
use crate::batch::Batch;
use crate::message::{Entry, Output, Status, StatusFile};
use crate::outputs::{Outputs, PartFile, message_id};
use crate::payment::State;
use crate::store;
use crate::store::ids::OpenIds;
use crate::store::payment::Outcome;
use crate::work::{self, is_told};
use denmark::{Currency, Money};
use kernel::{Error, Id, Scope, StoreError, Writer};
use registry::resolve;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

/// What stands for the id of a payment's block, which is not recorded: the standard's own words for what is not provided.
const NO_BLOCK: &str = "NOTPROVIDED";

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
    // Of what came back in part, nothing has changed but that.
    let mut parts: BTreeMap<i64, Vec<String>> = BTreeMap::new();
    let mut backs = Vec::new();
    store::back::each_of_stage(scope, batch.id, view.stage, |row| {
        backs.push(row.back);
        Ok(())
    })?;
    for back in backs.iter().filter(|back| !changes.contains_key(&back.number)) {
        let recorded = work::recorded(scope.tx, batch.id, back.number, 1, view.stage)?.pop();
        let currency = recorded.and_then(|recorded| recorded.money).map_or(Currency::DKK, |money| money.currency);
        let money = Money { minor: back.amount, currency };
        let told = parts.entry(back.number).or_default();
        told.push(format!("Of it, {money} came back ({}).", back.reason.code()));
    }
    for (number, outcome) in &changes {
        if !is_told(outcome, kind) {
            continue;
        }
        let ids = ids.read(scope, batch.id, *number)?;
        let entry = Entry {
            instruction_id: ids.instruction_id,
            end_to_end_id: ids.end_to_end_id,
            status: if outcome.state == State::Returned { Status::Rejected } else { Status::Accepted },
            reason: outcome.reason.map(|reason| (reason.status_code(), reason.sentence())),
            more: &[],
        };
        file.entry(NO_BLOCK, &entry).map_err(cannot())?;
    }
    for (number, more) in &parts {
        let ids = ids.read(scope, batch.id, *number)?;
        let (instruction_id, end_to_end_id) = (ids.instruction_id, ids.end_to_end_id);
        let entry = Entry { instruction_id, end_to_end_id, status: Status::Accepted, reason: None, more };
        file.entry(NO_BLOCK, &entry).map_err(cannot())?;
    }
    Ok(file.end(status).map_err(cannot())?.take())
}

/// Writes the report of such a stage, if it is not there.
pub(super) fn write_report(writer: &mut Writer, id: Id<Batch>, stage: i64, out: &Path) -> Result<PathBuf, Error> {
    let (batch, bytes) = writer.read(|scope| {
        let batch = store::batch::find(scope, id)?.ok_or(BatchRefusal::Unknown)?;
        let view = StageView::find(scope, &batch, stage)?.ok_or(BatchRefusal::StageUnknown)?;
        let bytes = report(scope, &batch, &view)?;
        Ok((batch, bytes))
    })?;
    let path = Outputs::of(out, batch.id, stage)?.status;
    write_missing(&path, &bytes)?;
    Ok(path)
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

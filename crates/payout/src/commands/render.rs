//! Writes the files of a batch again from what was recorded: byte for byte what they were.

use super::record;
use super::route::{Routed, open};
use crate::assemble::{Assembled, Assembly, Writing};
use crate::batch::{Batch, Counts};
use crate::foresight::Foresight;
use crate::outputs::{Outputs, Parts, message_id};
use crate::pass::{KeptInput, Run};
use crate::work::{Rule, Setting, Writes};
use crate::{batch, store};
use kernel::{Error, Scope, StoreError, Writer};
use registry::resolve;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One stage of a batch: when it was, what it used, and what became of the batch.
pub(crate) struct StageView {
    pub(crate) stage: i64,
    pub(crate) banks_at: i64,
    pub(crate) created: jiff::Timestamp,
    pub(crate) counts: Counts,
    pub(crate) has_completed: bool,
    /// Whether its files are made of what was recorded, and not of the input.
    pub(crate) of_record: bool,
}

impl StageView {
    /// The routing itself.
    pub(crate) fn first(batch: &Batch) -> Self {
        let counts = batch.record.counts.clone();
        Self {
            stage: 0,
            banks_at: batch.banks_at,
            created: batch.record.received().to_jiff(),
            has_completed: counts.sent() > 0,
            of_record: false,
            counts,
        }
    }

    /// The routing, or a later stage, if there is one of that number.
    pub(crate) fn find(scope: &Scope<'_>, batch: &Batch, stage: i64) -> Result<Option<Self>, Error> {
        if stage == 0 {
            return Ok(Some(Self::first(batch)));
        }
        let found = store::batch::find_stage(scope, batch.id, stage)?;
        Ok(found.map(|later| Self {
            stage,
            banks_at: later.banks_at,
            created: later.at.to_jiff(),
            counts: later.counts,
            has_completed: later.writes_file,
            of_record: later.of_record,
        }))
    }
}

/// Writes what is missing of the routing's files, from the file that came in again.
pub(super) fn again(writer: &mut Writer, batch: &Batch, file: &Path, out: &Path) -> Result<Routed, Error> {
    let outputs = Outputs::of(out, batch.id, 0)?;
    let Written { completed, status, .. } = stage(writer, batch, &StageView::first(batch), open(file)?, outputs)?;
    let counts = batch.record.counts.clone();
    Ok(Routed { batch: batch::name(batch.id), duplicate: true, counts, completed, status })
}

/// The files of one stage, all in their places.
pub(super) struct Written {
    /// If any payment stands in it.
    pub(super) completed: Option<PathBuf>,
    pub(super) status: PathBuf,
    /// One of them or both were not there before.
    pub(super) were_missing: bool,
}

impl Written {
    pub(super) fn paths(self) -> impl Iterator<Item = PathBuf> {
        self.completed.into_iter().chain([self.status])
    }
}

/// What is to be known to write files of a stage.
pub(crate) fn setting(
    writer: &mut Writer,
    batch: &Batch,
    view: &StageView,
    writes: Writes,
) -> Result<Arc<Setting>, Error> {
    let (payer, banks) = writer
        .read(|scope| Ok((resolve::payer_at(scope, batch.payer)?, resolve::banks_at(scope.tx, view.banks_at)?)))?;
    Ok(Arc::new(Setting {
        vault: writer.store.vault().clone(),
        batch: batch.id,
        payer,
        banks,
        today: None,
        rule: Rule::Recorded { stage: view.stage },
        records: false,
        writes,
    }))
}

/// Writes what is missing of one stage's files.
pub(super) fn stage(
    writer: &mut Writer,
    batch: &Batch,
    view: &StageView,
    input: impl Read + Send,
    outputs: Outputs,
) -> Result<Written, Error> {
    let setting = setting(writer, batch, view, Writes::BOTH)?;
    let parts = Parts::create(&outputs)?;
    let mut assembly = Assembly::new(Arc::clone(&setting), writing(batch, view, &parts)?, None);
    let passed = Run::new(input, setting, false).go([writer.store.lend()?, writer.store.lend()?], |mut done| {
        assembly.take(&mut done)?;
        Ok(done)
    })?;
    if passed.stopped.is_some() || passed.hash != batch.file_hash {
        return Err(other_input());
    }
    let Assembled { has_completed, .. } = assembly.end()?;
    let written = place(parts, has_completed, outputs)?;
    writer.connection.stage(|tx| store::batch::delete_unwritten(tx, batch.id, view.stage))?;
    Ok(written)
}

/// What was kept, or what was sent again, is not what was recorded.
pub(crate) fn other_input() -> Error {
    StoreError::plain("the input of the batch is not what it was").into()
}

pub(super) fn writing(batch: &Batch, view: &StageView, parts: &Parts) -> Result<Writing, Error> {
    let [completed, status] = parts.outputs()?;
    Ok(Writing {
        completed: Some(completed),
        status: Some(status),
        write_back: Some(parts.write_back()?),
        ..heads(batch, view, Foresight::default())
    })
}

/// What the heads of a stage's files say.
pub(crate) fn heads(batch: &Batch, view: &StageView, foresight: Foresight) -> Writing {
    let is_later = view.stage > 0;
    Writing {
        new_message_id: is_later.then(|| message_id(batch.id, view.stage)),
        left: is_later.then_some(view.created),
        foresight,
        ..Writing::nothing(message_id(batch.id, view.stage), view.created)
    }
}

/// Gives the files their names, where they are not there already.
fn place(parts: Parts, has_completed: bool, outputs: Outputs) -> Result<Written, Error> {
    let Parts { completed, status } = parts;
    let mut were_missing = false;
    for (part, is_wanted) in [(completed, has_completed), (status, true)] {
        if is_wanted && !part.path().exists() {
            part.sync()?;
            part.place()?;
            were_missing = true;
        }
    }
    Ok(Written { completed: has_completed.then_some(outputs.completed), status: outputs.status, were_missing })
}

/// Writes what is missing of one stage's files, from the input that was kept.
pub(super) fn from_kept_input(writer: &mut Writer, batch: &Batch, stage: i64, out: &Path) -> Result<Written, Error> {
    let view = writer.read(|scope| StageView::find(scope, batch, stage))?;
    let view = view.ok_or_else(record::gone)?;
    let outputs = Outputs::of(out, batch.id, stage)?;
    if view.of_record {
        return of_record(writer, batch, &view, outputs);
    }
    let input = KeptInput::new(writer.store.vault().clone(), writer.store.lend()?, batch.id);
    self::stage(writer, batch, &view, input, outputs)
}

/// Writes what is missing of the files of a stage that are made of what was recorded.
fn of_record(writer: &mut Writer, batch: &Batch, view: &StageView, outputs: Outputs) -> Result<Written, Error> {
    let (order, report) = writer.read(|scope| record::files(scope, batch, view))?;
    let Outputs { completed, status } = outputs;
    let mut were_missing = record::write_missing(&status, &report)?;
    if let Some(order) = &order {
        were_missing |= record::write_missing(&completed, order)?;
    }
    writer.connection.stage(|tx| store::batch::delete_unwritten(tx, batch.id, view.stage))?;
    Ok(Written { completed: order.map(|_| completed), status, were_missing })
}

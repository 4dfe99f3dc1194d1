//! Writes the files of a batch again from what was recorded: byte for byte what they were.

use super::route::{Routed, open};
use crate::assemble::{Assembled, Assembly, Writing};
use crate::batch::Batch;
use crate::outputs::{Outputs, PartFile, message_id};
use crate::pass::{KeptInput, Run};
use crate::work::{Rule, Setting};
use crate::{batch, store};
use kernel::{Error, Writer};
use registry::resolve;
use std::io::Read;
use std::path::{Path, PathBuf};

/// One stage of a batch: where its files are, when it was, and what it used.
pub(super) struct StageView {
    pub(super) stage: i64,
    pub(super) banks_at: i64,
    pub(super) created: jiff::Timestamp,
}

impl StageView {
    /// The routing itself.
    pub(super) fn first(batch: &Batch) -> Self {
        Self { stage: 0, banks_at: batch.banks_at, created: batch.record.received().to_jiff() }
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

/// Writes what is missing of one stage's files.
pub(super) fn stage(
    writer: &mut Writer,
    batch: &Batch,
    view: &StageView,
    input: impl Read + Send,
    outputs: Outputs,
) -> Result<Written, Error> {
    let (payer, banks) = writer
        .read(|scope| Ok((resolve::payer_at(scope, batch.payer)?, resolve::banks_at(scope.tx, view.banks_at)?)))?;
    let vault = writer.store.vault().clone();
    let setting = Setting {
        vault: &vault,
        batch: batch.id,
        payer: &payer,
        banks: &banks,
        today: None,
        rule: Rule::Recorded { stage: view.stage },
        records: false,
    };
    let writing = writing(batch, view, &outputs)?;
    let mut assembly = Assembly::new(&setting, writing, None)?;
    let passed =
        Run::new(input, &setting, false).go([writer.store.connect()?, writer.store.connect()?], |mut done| {
            assembly.take(&mut done)?;
            Ok(done)
        })?;
    if passed.stopped.is_some() || passed.hash != batch.file_hash {
        return Err(kernel::StoreError::plain("the input of the batch is not what it was").into());
    }
    let Assembled { writing, has_completed, .. } = assembly.end()?;
    let written = place(writing, has_completed, outputs)?;
    writer.connection.stage(|tx| store::batch::delete_unwritten(tx, batch.id, view.stage))?;
    Ok(written)
}

pub(super) fn writing(batch: &Batch, view: &StageView, outputs: &Outputs) -> Result<Writing, Error> {
    Ok(Writing {
        completed: PartFile::create(&outputs.completed)?,
        status: PartFile::create(&outputs.status)?,
        new_message_id: (view.stage > 0).then(|| message_id(batch.id, view.stage)),
        status_id: message_id(batch.id, view.stage),
        created: view.created,
    })
}

/// Gives the files their names, where they are not there already.
fn place(writing: Writing, has_completed: bool, outputs: Outputs) -> Result<Written, Error> {
    let Writing { completed, status, .. } = writing;
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
    let later = writer
        .read(|scope| Ok(store::batch::stages(scope.tx, batch.id)?.into_iter().find(|later| later.stage == stage)))?;
    let view = later.map_or_else(
        || StageView::first(batch),
        |later| StageView { stage, banks_at: later.banks_at, created: later.at.to_jiff() },
    );
    let outputs = Outputs::of(out, batch.id, stage)?;
    let vault = writer.store.vault().clone();
    let input = KeptInput::new(&vault, writer.store.connect()?, batch.id);
    self::stage(writer, batch, &view, input, outputs)
}

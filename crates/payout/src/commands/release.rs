//! Releases what a batch holds: each held payment is decided by what the registry holds at that moment.

use super::render::{self, Written};
use super::{BatchRefusal, counts_now, find, new_stage};
use crate::assemble::{Assembled, Assembly};
use crate::batch::{self, Batch, Counts};
use crate::outputs::Outputs;
use crate::pass::{KeptInput, Run};
use crate::payment::State;
use crate::policy;
use crate::store;
use crate::store::batch::Stage;
use crate::store::payment::Change;
use crate::work::{Rule, Setting};
use kernel::journal::{self, Entry, Rows};
use kernel::{
    Actor, Blind, Command, Conflict, Decision, Env, Error, Id, Operation, Refusal, Scope, StoreError, Timestamp, Writer,
};
use registry::resolve;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// How often a release is begun anew because payees changed while it ran.
const TRIES: usize = 5;

/// What a release did.
#[derive(Clone, Debug)]
pub struct Released {
    /// The batch.
    pub batch: String,
    /// What holds of it now.
    pub counts: Counts,
    /// The completed file of this release, if any payment stands in it.
    pub completed: Option<PathBuf>,
    /// The status report, unless nothing has happened.
    pub status: Option<PathBuf>,
    /// The files of earlier releases, and of the routing, that were missing or perhaps never told, and are in their places now.
    pub earlier: Vec<PathBuf>,
}

/// Releases what a batch holds. What is missing of the files of earlier releases is written again.
///
/// # Errors
/// There is no such batch, it never held anything, or the store failed.
pub fn release(writer: &mut Writer, name: &str, out: &Path, actor: &Actor, env: &Env) -> Result<Released, Error> {
    policy::RELEASE.require(actor)?;
    let mut earlier = BTreeMap::new();
    for _ in 0..TRIES {
        match try_release(writer, name, out, actor, env, &mut earlier) {
            Err(Error::Conflict(_)) => {}
            other => {
                let earlier = earlier.into_values().flat_map(Written::paths).collect();
                return other.map(|released| Released { earlier, ..released });
            }
        }
    }
    Err(Conflict("payees kept changing while their payments were released; try again".to_owned()).into())
}

/// `earlier` takes the files of earlier stages by stage.
fn try_release(
    writer: &mut Writer,
    name: &str,
    out: &Path,
    actor: &Actor,
    env: &Env,
    earlier: &mut BTreeMap<i64, Written>,
) -> Result<Released, Error> {
    let (batch, stages, counts) = writer.read(|scope| {
        let batch = find(scope, name)?;
        let stages = store::batch::stages(scope.tx, batch.id)?;
        let counts = counts_now(scope, &batch)?;
        Ok((batch, stages, counts))
    })?;
    if counts.held == 0 && stages.is_empty() {
        return Err(BatchRefusal::NothingHeld.into());
    }
    let name = batch::name(batch.id);
    let released = |counts, completed, status| Released { batch: name, counts, completed, status, earlier: Vec::new() };
    // What an earlier release or the routing completed must not be forgotten because something else is still held.
    for stage in writer.read(|scope| store::batch::unwritten(scope.tx, batch.id))? {
        earlier.insert(stage, render::from_kept_input(writer, &batch, stage, out)?);
    }
    if let (0, Some((last, former))) = (counts.held, stages.split_last()) {
        for Stage { stage, .. } in former {
            let written = render::from_kept_input(writer, &batch, *stage, out)?;
            if written.were_missing {
                earlier.insert(*stage, written);
            }
        }
        let Written { completed, status, .. } = render::from_kept_input(writer, &batch, last.stage, out)?;
        earlier.remove(&last.stage);
        return Ok(released(counts, completed, Some(status)));
    }
    let (pending, payer, banks) = writer.read(|scope| {
        let pending = journal::next(scope.tx, env.now)?;
        Ok((pending, resolve::payer_at(scope, batch.payer)?, resolve::banks_at(scope.tx, pending.number())?))
    })?;
    let stage = new_stage(&stages, pending, true).stage;
    let outputs = Outputs::of(out, batch.id, stage)?;
    let vault = writer.store.vault().clone();
    let setting = Setting {
        vault: &vault,
        batch: batch.id,
        payer: &payer,
        banks: &banks,
        // A payment that waited may be late; that is the payer's to decide.
        today: None,
        rule: Rule::Release { now: pending.at, stage },
        records: false,
    };
    let view = render::StageView { stage, banks_at: pending.number(), created: pending.at.to_jiff() };
    let mut assembly = Assembly::new(&setting, render::writing(&batch, &view, &outputs)?, None)?;
    let mut changes = Vec::new();
    let mut payees = BTreeSet::new();
    let input = KeptInput::new(&vault, writer.store.connect()?, batch.id);
    let passed =
        Run::new(input, &setting, false).go([writer.store.connect()?, writer.store.connect()?], |mut done| {
            assembly.take(&mut done)?;
            for payment in done.payments.iter().filter(|payment| payment.is_ruled) {
                payees.extend(payment.row.payee);
                if payment.ruling.outcome.state != State::Held {
                    changes.push(Change { number: payment.row.number, stage, outcome: payment.ruling.outcome });
                }
            }
            Ok(done)
        })?;
    if passed.stopped.is_some() || passed.hash != batch.file_hash {
        return Err(StoreError::plain("the input of the batch is not what it was").into());
    }
    let Assembled { writing, has_completed, tally, .. } = assembly.end()?;
    if changes.is_empty() {
        let is_unchanged = writer.read(|scope| Ok(store::batch::stages(scope.tx, batch.id)?.len() == stages.len()))?;
        if !is_unchanged {
            return Err(Conflict("the batch changed meanwhile".to_owned()).into());
        }
        return Ok(released(counts, None, None));
    }
    if has_completed {
        writing.completed.sync()?;
    }
    writing.status.sync()?;
    let command = Release {
        batch: batch.id,
        stages_before: stages.len(),
        since: pending.number(),
        at: pending.at,
        payees,
        changes,
        writes_file: has_completed,
        counts: tally.counts(),
    };
    writer.execute(&command, actor, env)?;
    let completed = has_completed.then(|| outputs.completed.clone());
    if has_completed {
        writing.completed.place()?;
    }
    writing.status.place()?;
    writer.connection.stage(|tx| store::batch::delete_unwritten(tx, batch.id, stage))?;
    Ok(released(command.counts, completed, Some(outputs.status)))
}

/// Makes a release real, unless the batch or one of its held payees changed since it was prepared.
struct Release {
    batch: Id<Batch>,
    stages_before: usize,
    /// The size of the journal when it was prepared, and the date that its files carry.
    since: i64,
    at: Timestamp,
    payees: BTreeSet<Blind>,
    changes: Vec<Change>,
    writes_file: bool,
    counts: Counts,
}

impl Command for Release {
    const OPERATION: Operation = policy::RELEASE;
    type State = ();
    type Change = ();
    type Output = ();

    fn load(&self, scope: &Scope<'_>) -> Result<(), Error> {
        let conflict = || Conflict("the batch or a payee changed meanwhile".to_owned());
        if store::batch::stages(scope.tx, self.batch)?.len() != self.stages_before {
            return Err(conflict().into());
        }
        resolve::changed_since(scope.tx, self.since, |payee| {
            if self.payees.contains(&payee) { Err(conflict().into()) } else { Ok(()) }
        })
    }

    fn decide(&self, (): (), _: &Env) -> Result<Decision<(), ()>, Refusal> {
        let facts = serde_json::json!({
            "batch": batch::name(self.batch),
            "released": self.changes.len(),
            "counts": self.counts,
        });
        Ok(Decision::of(vec![()], facts, ()))
    }

    fn save(&self, scope: &Scope<'_>, _: &[()], entry: Entry) -> Result<Vec<Rows>, Error> {
        let stages = store::batch::stages(scope.tx, self.batch)?;
        let stage = Stage { at: self.at, banks_at: self.since, ..new_stage(&stages, entry, self.writes_file) };
        store::batch::insert_unwritten(scope.tx, self.batch, stage.stage)?;
        Ok(vec![
            store::batch::insert_stage(scope.tx, self.batch, &stage)?,
            store::payment::insert_changes(scope.tx, self.batch, &self.changes)?,
        ])
    }
}

//! Releases what a batch holds: each held payment is decided by what the registry holds at that moment.

use super::render::{self, StageView, Written};
use super::{BatchRefusal, counts_now, find, has_stages, insert_bank_file, new_stage, stages_of};
use crate::assemble::{Assembled, Assembly, Writing};
use crate::batch::{self, Batch, Counts, Sent};
use crate::outputs::{Outputs, Parts};
use crate::pass::{KeptInput, Run};
use crate::payment::State;
use crate::policy;
use crate::seen::Seen;
use crate::store;
use crate::store::batch::Stage;
use crate::store::payment::Change;
use crate::work::{Rule, Setting, Writes};
use kernel::journal::{self, Entry, Rows};
use kernel::{
    Actor, Blind, Command, Conflict, Decision, Env, Error, Once, Operation, Refusal, Scope, Timestamp, Writer,
};
use registry::payer::Payer;
use registry::watch::{Notes, Watched};
use registry::{allowance, resolve};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

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
    /// The files of earlier releases, and of the routing, that were missing or perhaps never told, and are in their places now;
    /// while something is held, all files of earlier releases that are there.
    pub earlier: Vec<PathBuf>,
}

/// What is to be released.
pub struct Release<'r> {
    /// The batch, by name.
    pub batch: &'r str,
    /// Where files go; none are written without, and whoever wants them fetches them.
    pub out: Option<&'r Path>,
    /// How many stages the batch must have had by now, where that matters.
    pub stages: Option<i64>,
    /// By what the request is known again.
    pub once: Option<Once>,
}

/// Releases what a batch holds. What is missing of the files of earlier releases is written again.
///
/// # Errors
/// There is no such batch, it never held anything, or the store failed.
pub fn release(writer: &mut Writer, wanted: &Release<'_>, actor: &Actor, env: &Env) -> Result<Released, Error> {
    policy::RELEASE.require(actor)?;
    let mut earlier = BTreeMap::new();
    for _ in 0..TRIES {
        if let Some(released) = try_release(writer, wanted, actor, env, &mut earlier)? {
            let earlier = earlier.into_values().flatten().collect();
            return Ok(Released { earlier, ..released });
        }
    }
    Err(Conflict("payees kept changing while their payments were released; try again".to_owned()).into())
}

/// `None`: the batch or one of its payees changed meanwhile. `earlier` takes the files of earlier stages by stage.
fn try_release(
    writer: &mut Writer,
    wanted: &Release<'_>,
    actor: &Actor,
    env: &Env,
    earlier: &mut BTreeMap<i64, Vec<PathBuf>>,
) -> Result<Option<Released>, Error> {
    let (batch, stages, counts) = writer.read(|scope| {
        let batch = find(scope, wanted.batch)?;
        let (stages, counts) = (stages_of(scope, batch.id)?, counts_now(scope, &batch)?);
        Ok((batch, stages, counts))
    })?;
    let name = batch::name(batch.id);
    let released =
        |counts, completed, status| Some(Released { batch: name, counts, completed, status, earlier: Vec::new() });
    let refused = match wanted.stages {
        Some(seen) if seen != stages => Some(BatchRefusal::Changed),
        _ if counts.held == 0 && (stages == 0 || wanted.out.is_none()) => Some(BatchRefusal::NothingHeld),
        _ => None,
    };
    if let Some(refused) = refused {
        // Unless it is what this very request has done.
        let Some(once) = wanted.once else { return Err(refused.into()) };
        writer.execute(&Refused { refused, once }, actor, env)?;
        return Ok(released(counts, None, None));
    }
    if let Some(out) = wanted.out {
        // What an earlier release or the routing completed must not be forgotten because something else is still held.
        for stage in writer.read(|scope| store::batch::unwritten(scope.tx, batch.id))? {
            earlier.insert(stage, render::from_kept_input(writer, &batch, stage, out)?.paths().collect());
        }
        if counts.held == 0 {
            for stage in 1..stages {
                let written = render::from_kept_input(writer, &batch, stage, out)?;
                if written.were_missing {
                    earlier.insert(stage, written.paths().collect());
                }
            }
            let Written { completed, status, .. } = render::from_kept_input(writer, &batch, stages, out)?;
            earlier.remove(&stages);
            return Ok(released(counts, completed, Some(status)));
        }
        // Whoever says it again may not have heard the answer, whatever is released now. What was taken away was heard of.
        for stage in 1..=stages {
            let Outputs { completed, status } = Outputs::of(out, batch.id, stage)?;
            let are_there = || [completed, status].into_iter().filter(|path| path.exists()).collect();
            earlier.entry(stage).or_insert_with(are_there);
        }
    }
    let (pending, payer, banks) = writer.read(|scope| {
        let pending = journal::next(scope.tx, env.now)?;
        Ok((pending, resolve::payer_at(scope, batch.payer)?, resolve::banks_at(scope.tx, pending.number())?))
    })?;
    let watched = Watched::recall(writer, pending.at)?;
    let stage = stages + 1;
    let outputs = wanted.out.map(|out| Outputs::of(out, batch.id, stage)).transpose()?;
    let setting = Arc::new(Setting {
        vault: writer.store.vault().clone(),
        batch: batch.id,
        payer,
        banks,
        watched,
        // A payment that waited may be late; that is the payer's to decide.
        today: None,
        rule: Rule::Release { now: pending.at, stage },
        records: false,
        writes: if outputs.is_some() { Writes::BOTH } else { Writes::NONE },
    });
    let view = StageView {
        stage,
        banks_at: pending.number(),
        created: pending.at.to_jiff(),
        counts: Counts::default(),
        has_completed: false,
    };
    let parts = outputs.as_ref().map(Parts::create).transpose()?;
    let writing = match &parts {
        Some(parts) => render::writing(&batch, &view, parts)?,
        None => Writing::nothing(batch::name(batch.id), view.created),
    };
    let mut assembly = Assembly::new(Arc::clone(&setting), writing, None);
    let (mut changes, mut notes) = (Vec::new(), Notes::default());
    let (mut payees, mut paid) = (BTreeSet::new(), Seen::new(counts.held, counts.held));
    let input = KeptInput::new(writer.store.vault().clone(), writer.store.connect()?, batch.id);
    let connections = [writer.store.connect()?, writer.store.connect()?];
    let passed = Run::new(input, Arc::clone(&setting), false).go(connections, |mut done| {
        assembly.take(&mut done)?;
        for payment in done.payments.iter().filter(|payment| payment.is_ruled) {
            payees.extend(payment.row.payee);
            let state = payment.ruling.outcome.state;
            if let (State::Routed, Some(payee)) = (state, &payment.row.payee) {
                paid.insert(payee);
            }
            if state != State::Held {
                payment.ruling.note(payment.row.payee, &mut notes);
                changes.push(Change { number: payment.row.number, stage, outcome: payment.ruling.outcome });
            }
        }
        Ok(done)
    })?;
    if passed.stopped.is_some() || passed.hash != batch.file_hash {
        return Err(render::other_input());
    }
    let Assembled { has_completed, tally, sent, .. } = assembly.end()?;
    if changes.is_empty() {
        let is_as_it_was = writer.read(|scope| has_stages(scope, batch.id, stages))?;
        return Ok(released(counts, None, None).filter(|_| is_as_it_was));
    }
    if let Some(Parts { completed, status }) = &parts {
        if has_completed {
            completed.sync()?;
        }
        status.sync()?;
    }
    let command = MakeRelease {
        batch: &batch,
        payer: &setting.payer,
        stages_before: stages,
        since: pending.number(),
        at: pending.at,
        payees,
        changes,
        watched: &setting.watched,
        notes,
        sent: sent.sent(),
        paid: paid.count(),
        misses: tally.counts().misses().saturating_sub(counts.misses()),
        counts: tally.counts(),
        writes_files: parts.is_some(),
        client: actor,
        once: wanted.once,
    };
    if !writer.execute(&command, actor, env)? {
        return Ok(None);
    }
    let counts = command.counts;
    let (Some(Parts { completed, status }), Some(outputs)) = (parts, outputs) else {
        return Ok(released(counts, None, None));
    };
    if has_completed {
        completed.place()?;
    }
    status.place()?;
    writer.connection.stage(|tx| store::batch::delete_unwritten(tx, batch.id, stage))?;
    Ok(released(counts, has_completed.then_some(outputs.completed), Some(outputs.status)))
}

/// A release that cannot be done, unless it was done before.
struct Refused {
    refused: BatchRefusal,
    once: Once,
}

impl Command for Refused {
    const OPERATION: Operation = policy::RELEASE;
    type State = ();
    type Change = ();
    /// As of the release that it may be.
    type Output = bool;

    fn once(&self) -> Option<Once> {
        Some(self.once)
    }

    fn load(&self, _: &Scope<'_>) -> Result<(), Error> {
        Ok(())
    }

    fn decide(&self, (): (), _: &Env) -> Result<Decision<(), bool>, Refusal> {
        Err(self.refused.into())
    }

    fn save(&self, _: &Scope<'_>, _: &[()], _: Entry) -> Result<Vec<Rows>, Error> {
        Ok(vec![])
    }
}

/// Makes a release real, unless the batch or one of its held payees changed since it was prepared.
struct MakeRelease<'r> {
    batch: &'r Batch,
    payer: &'r Payer,
    stages_before: i64,
    /// The size of the journal when it was prepared, and the date that its files carry.
    since: i64,
    at: Timestamp,
    payees: BTreeSet<Blind>,
    changes: Vec<Change>,
    /// The accounts that were watched when it was prepared.
    watched: &'r Watched,
    /// What it comes to for those.
    notes: Notes,
    /// What stands in its completed file.
    sent: Sent,
    /// To how many different payees it goes.
    paid: u64,
    /// How many payments named somebody who is not there.
    misses: u64,
    counts: Counts,
    /// Whether files are written, which do not have their names yet.
    writes_files: bool,
    /// Who released it.
    client: &'r Actor,
    once: Option<Once>,
}

impl Command for MakeRelease<'_> {
    const OPERATION: Operation = policy::RELEASE;
    /// Whether nothing changed since.
    type State = bool;
    type Change = ();
    /// Whether it was made.
    type Output = bool;

    fn once(&self) -> Option<Once> {
        self.once
    }

    fn load(&self, scope: &Scope<'_>) -> Result<bool, Error> {
        let mut is_as_it_was = has_stages(scope, self.batch.id, self.stages_before)?;
        resolve::changed_since(scope.tx, self.since, |payee| {
            is_as_it_was &= !self.payees.contains(&payee);
            Ok(())
        })?;
        self.watched.renew(scope, |payee| is_as_it_was &= !self.payees.contains(&payee))?;
        Ok(is_as_it_was)
    }

    fn decide(&self, is_as_it_was: bool, _: &Env) -> Result<Decision<(), bool>, Refusal> {
        if !is_as_it_was {
            return Ok(Decision::unchanged(false));
        }
        let facts = serde_json::json!({
            "batch": batch::name(self.batch.id),
            "released": self.changes.len(),
            "counts": self.counts,
        });
        Ok(Decision::of(vec![()], facts, true))
    }

    fn save(&self, scope: &Scope<'_>, _: &[()], entry: Entry) -> Result<Vec<Rows>, Error> {
        let Self { batch, sent, .. } = self;
        let stage = Stage {
            at: self.at,
            banks_at: self.since,
            ..new_stage(self.stages_before, entry, sent.payments > 0, self.counts.clone())
        };
        if self.writes_files {
            store::batch::insert_unwritten(scope.tx, batch.id, stage.stage)?;
        }
        allowance::settle(scope, entry, self.client, self.paid, self.misses)?;
        self.notes.save(scope, entry)?;
        let mut rows = vec![
            store::batch::insert_stage(scope, batch.id, &stage)?,
            store::payment::insert_changes(scope.tx, batch.id, &self.changes)?,
        ];
        rows.extend(insert_bank_file(scope, self.payer, (batch.id, stage.stage), sent, entry)?);
        Ok(rows)
    }
}

//! Releases what a batch holds: each held payment is decided by what the registry holds at that moment, and by who lets it go.

use super::render::{self, StageView, Written};
use super::{
    BatchRefusal, counts_now, find_own, gate_of, insert_bank_file, is_untouched, new_stage, require_own, stages_of,
};
use crate::assemble::{Assembled, Assembly, Writing};
use crate::batch::{self, Batch, Counts, Sent, Tally};
use crate::gate::{Act, ActKind, Gate, Waits};
use crate::judge::{Asked, Judge, held_of};
use crate::outputs::{Outputs, Parts};
use crate::pass::{KeptInput, Run};
use crate::payment::{Decided, State, Verdict};
use crate::policy;
use crate::reason::Reason;
use crate::seen::Seen;
use crate::store;
use crate::store::batch::Stage;
use crate::store::held::HeldPayment;
use crate::store::ids::OpenIds;
use crate::store::payment::{Change, Outcome, PaymentRow};
use crate::work::{Rule, Ruling, Setting, Writes, recorded};
use kernel::journal::{self, Entry, Rows};
use kernel::{
    Actor, Blind, Command, Conflict, Decision, Env, Error, Once, Operation, Refusal, Role, Scope, StoreError,
    Timestamp, Writer,
};
use registry::payer::{Payer, PayerKind};
use registry::watch::{Notes, Outnamed, Watched, Whom};
use registry::{allowance, officer, resolve};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How often a release is begun anew because something was done with the batch while it ran.
const TRIES: usize = 5;

/// What a release did.
#[derive(Clone, Debug)]
pub struct Released {
    /// The batch.
    pub batch: String,
    /// What holds of it now.
    pub counts: Counts,
    /// What it waits for yet, if for anything.
    pub waits: Option<Waits>,
    /// Whether something has left by it, or gone back; also where no file was written.
    pub has_moved: bool,
    /// The completed file of this release, if any payment stands in it.
    pub completed: Option<PathBuf>,
    /// The status report, unless nothing has happened.
    pub status: Option<PathBuf>,
    /// The files of earlier releases, and of the routing, that were missing or perhaps never told, and are in their places now;
    /// while something is held, all files of earlier releases that are there.
    pub earlier: Vec<PathBuf>,
}

/// As what somebody lets a batch go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LetGo {
    /// They ask for it; where one person is enough, that is it.
    Ask,
    /// They approve that somebody else asked for it.
    Approve,
    /// Nobody does: what may leave by what was agreed and done before, leaves.
    Settle,
}

impl LetGo {
    /// What whoever acts so does about a batch; none where nothing is to be recorded.
    fn act(self, gate: &Gate, actor: &Actor, at: Timestamp) -> Option<Act> {
        let kind = match self {
            Self::Ask => ActKind::Asked,
            Self::Approve => ActKind::Approved,
            Self::Settle => return None,
        };
        let act = Act { kind, number: None, tried: Vec::new(), at, by: actor.name().to_owned(), why: String::new() };
        // Who has done so before, and what an agreement has let go, needs no one's word once more.
        (!gate.has_said(kind, &act.by) && !gate.is_nobodys(at)).then_some(act)
    }

    /// Whether somebody may.
    fn require(self, gate: &Gate, actor: &Actor, is_synthetic: bool) -> Result<(), BatchRefusal> {
        match self {
            Self::Ask if gate.needs_two() => Ok(officer::require_named(actor, is_synthetic)?),
            Self::Ask | Self::Settle => Ok(()),
            Self::Approve => {
                let asked_by = gate.asked_by().filter(|_| gate.needs_two()).ok_or(BatchRefusal::NotAsked)?;
                Ok(officer::require_other(asked_by, actor, is_synthetic)?)
            }
        }
    }
}

/// What is to be released.
pub struct Release<'r> {
    /// The batch, by name.
    pub batch: &'r str,
    /// As what.
    pub as_what: LetGo,
    /// Where files go; none are written without, and whoever wants them fetches them.
    pub out: Option<&'r Path>,
    /// How many stages the batch must have had by now, where that matters.
    pub stages: Option<i64>,
    /// By what the request is known again.
    pub once: Option<Once>,
}

/// Releases what a batch holds, or notes that somebody asks for it where it takes two, or that they let go what lies in the waiting
/// account. What is missing of the files of earlier releases is written again.
///
/// # Errors
/// There is no such batch, it never held anything, somebody else has to say so; or the store failed.
pub fn release(writer: &mut Writer, wanted: &Release<'_>, actor: &Actor, env: &Env) -> Result<Released, Error> {
    policy::RELEASE.require(actor)?;
    let (mut earlier, mut outnamed) = (BTreeMap::new(), Outnamed::default());
    for _ in 0..TRIES {
        if let Some(released) = try_release(writer, wanted, actor, env, &mut earlier, &mut outnamed)? {
            let earlier = earlier.into_values().flatten().collect();
            return Ok(Released { earlier, ..released });
        }
    }
    Err(Conflict("something kept being done with the batch while it was released; try again".to_owned()).into())
}

/// A batch as it is before a release.
struct Before {
    batch: Batch,
    payer: Payer,
    gate: Gate,
    stages: i64,
    counts: Counts,
    at: Timestamp,
}

impl Before {
    fn load(scope: &Scope<'_>, name: &str, actor: &Actor, now: Timestamp) -> Result<Self, Error> {
        let batch = find_own(scope, name, actor)?;
        let payer = resolve::payer_at(scope, batch.payer)?;
        let gate = gate_of(scope, &batch, &payer)?;
        let (stages, counts) = (stages_of(scope, batch.id)?, counts_now(scope, &batch)?);
        let at = journal::next(scope.tx, now)?.at;
        Ok(Self { batch, payer, gate, stages, counts, at })
    }

    /// What whoever acts so says of what lies in the waiting account, where nothing else is held: it leaves later and by itself, but not to
    /// an account that they alone changed who have let it go so far.
    fn said_of_waiting(&self, as_what: LetGo, actor: &Actor) -> Option<Act> {
        let lies = self.counts.held == 0 && self.counts.waiting > 0;
        as_what.act(&self.gate, actor, self.at).filter(|_| lies)
    }
}

/// `None`: something was done with the batch meanwhile, or it takes an account over a limit that must be known from the beginning: `outnamed`
/// takes that. `earlier` takes the files of earlier stages by stage.
fn try_release(
    writer: &mut Writer,
    wanted: &Release<'_>,
    actor: &Actor,
    env: &Env,
    earlier: &mut BTreeMap<i64, Vec<PathBuf>>,
    outnamed: &mut Outnamed,
) -> Result<Option<Released>, Error> {
    let is_synthetic = writer.store.is_synthetic();
    let before = writer.read(|scope| Before::load(scope, wanted.batch, actor, env.now))?;
    let said = before.said_of_waiting(wanted.as_what, actor);
    let Before { batch, payer, gate, stages, counts, .. } = before;
    let name = batch::name(batch.id);
    let released = |counts, waits, completed, status| {
        Some(Released { batch: name, counts, waits, has_moved: false, completed, status, earlier: Vec::new() })
    };
    let refused = match wanted.stages {
        Some(seen) if seen != stages => Some(BatchRefusal::Changed),
        _ if counts.held > 0 || said.is_some() => wanted.as_what.require(&gate, actor, is_synthetic).err(),
        _ if stages == 0 || wanted.out.is_none() => Some(BatchRefusal::NothingHeld),
        _ => None,
    };
    if let Some(refused) = refused {
        // Unless it is what this very request has done.
        let Some(once) = wanted.once else { return Err(refused.into()) };
        writer.execute(&Refused { refused, once }, actor, env)?;
        return Ok(released(counts, gate.waits(env.now), None, None));
    }
    let (acts_before, once) = (gate.acts().len(), wanted.once);
    let ask = |act| Ask { batch: &batch, actor, stages_before: stages, acts_before, act, once };
    if let Some(act) = said
        && writer.execute(&ask(act), actor, env)?.is_none()
    {
        return Ok(None);
    }
    if counts.held == 0 && (stages == 0 || wanted.out.is_none()) {
        return Ok(released(counts, None, None, None));
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
            return Ok(released(counts, None, completed, Some(status)));
        }
        // Whoever says it again may not have heard the answer, whatever is released now. What was taken away was heard of.
        for stage in 1..=stages {
            let Outputs { completed, status } = Outputs::of(out, batch.id, stage)?;
            let are_there = || [completed, status].into_iter().filter(|path| path.exists()).collect();
            earlier.entry(stage).or_insert_with(are_there);
        }
    }
    let watched = Watched::recall(writer, env.now)?.with(outnamed);
    let (pending, banks, judge, act) = writer.read(|scope| {
        let pending = journal::next(scope.tx, env.now)?;
        let act = wanted.as_what.act(&gate, actor, pending.at);
        let gate = act.clone().map_or_else(|| gate.clone(), |act| gate.with(act));
        let judge = Judge::load(scope, &payer, gate, watched, pending.at)?;
        Ok((pending, resolve::banks_at(scope.tx, pending.number())?, Arc::new(judge), act))
    })?;
    let waits = judge.gate.waits(pending.at);
    if waits.is_some() {
        // It is not enough yet: what was said is kept, and nothing leaves.
        if let Some(act) = act
            && writer.execute(&ask(act), actor, env)?.is_none()
        {
            return Ok(None);
        }
        return Ok(released(counts, waits, None, None));
    }
    let stage = stages + 1;
    let outputs = wanted.out.map(|out| Outputs::of(out, batch.id, stage)).transpose()?;
    let setting = Arc::new(Setting {
        vault: writer.store.vault().clone(),
        batch: batch.id,
        payer,
        banks,
        // A payment that waited may be late; that is the payer's to decide.
        today: None,
        rule: Rule::Release { judge: Arc::clone(&judge), stage },
        records: false,
        writes: if outputs.is_some() { Writes::BOTH } else { Writes::NONE },
    });
    let view = StageView {
        stage,
        banks_at: pending.number(),
        created: pending.at.to_jiff(),
        counts: Counts::default(),
        has_completed: false,
        of_record: false,
    };
    let parts = outputs.as_ref().map(Parts::create).transpose()?;
    let writing = match &parts {
        Some(parts) => render::writing(&batch, &view, parts)?,
        None => Writing::nothing(batch::name(batch.id), view.created),
    };
    let mut assembly = Assembly::new(Arc::clone(&setting), writing, None);
    let (mut changes, mut held, mut notes) = (Vec::new(), Vec::new(), Notes::default());
    let (mut payees, mut paid) = (Vec::new(), Seen::new(counts.held, counts.held));
    let input = KeptInput::new(writer.store.vault().clone(), writer.store.lend()?, batch.id);
    let connections = [writer.store.lend()?, writer.store.lend()?];
    let passed = Run::new(input, Arc::clone(&setting), false).go(connections, |mut done| {
        assembly.take(&mut done)?;
        for payment in done.payments.iter().filter(|payment| payment.is_ruled) {
            let number = payment.row.number;
            payees.extend(payment.row.payee.map(|payee| (payee, number)));
            if let (State::Routed | State::Waiting, Some(payee)) = (payment.ruling.outcome.state, &payment.row.payee) {
                paid.insert(payee);
            }
            if payment.is_new {
                payment.note(&mut notes);
                changes.push(Change { number, stage, outcome: payment.ruling.outcome });
            }
        }
        held.append(&mut done.held);
        Ok(done)
    })?;
    if passed.stopped.is_some() || passed.hash != batch.file_hash {
        return Err(render::other_input());
    }
    let Assembled { has_completed, tally, sent, .. } = assembly.end()?;
    let watched = Watched::recall(writer, pending.at)?.with(outnamed);
    let more = writer.read(|scope| notes.find_outnamed(scope, &watched, pending.at))?;
    if !more.is_empty() {
        outnamed.extend(more);
        return Ok(None);
    }
    notes.take_over(outnamed.clone());
    // That it waits because of its account is recorded, with whom it names: somebody is to look at that.
    let goes_on_waiting =
        |outcome: &Outcome| outcome.state == State::Held && outcome.reason != Some(Reason::Collecting);
    if act.is_none() && changes.iter().all(|change| goes_on_waiting(&change.outcome)) {
        // Nothing is to be told of it; what it waits for now is looked at again.
        let vault = writer.store.vault().clone();
        let is_as_it_was = writer.connection.stage(|tx| {
            let is_as_it_was = is_untouched(&Scope { tx, vault: &vault }, batch.id, stages, acts_before)?;
            if is_as_it_was {
                store::held::set_of(tx, batch.id, &held)?;
            }
            Ok(is_as_it_was)
        })?;
        return Ok(released(counts, judge.gate.waits_in_part(pending.at), None, None).filter(|_| is_as_it_was));
    }
    if let Some(Parts { completed, status }) = &parts {
        if has_completed {
            completed.sync()?;
        }
        status.sync()?;
    }
    payees.sort_unstable();
    let command = MakeRelease {
        batch: &batch,
        actor,
        payer: &setting.payer,
        judge: &judge,
        stages_before: stages,
        acts_before,
        act,
        since: pending.number(),
        at: pending.at,
        payees,
        changes,
        notes,
        held,
        sent,
        paid: paid.count(),
        misses_before: counts.misses(),
        tally,
        // What nobody has said where to write is written by the next release that somebody does say it of.
        writes_files: parts.is_some() || wanted.as_what == LetGo::Settle,
        once: wanted.once,
    };
    let Some(Made { counts, decided_again, has_moved }) = writer.execute(&command, actor, env)? else {
        return Ok(None);
    };
    let released = |counts, completed, status| {
        released(counts, None, completed, status).map(|released| Released { has_moved, ..released })
    };
    let (Some(Parts { completed, status }), Some(outputs), Some(out)) = (parts, outputs, wanted.out) else {
        return Ok(released(counts, None, None));
    };
    if decided_again {
        // What was written is not what was decided in the end.
        drop((completed, status));
        let Written { completed, status, .. } = render::from_kept_input(writer, &batch, stage, out)?;
        return Ok(released(counts, completed, Some(status)));
    }
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
    type Output = serde_json::Value;

    fn once(&self) -> Option<Once> {
        Some(self.once)
    }

    fn load(&self, _: &Scope<'_>) -> Result<(), Error> {
        Ok(())
    }

    fn decide(&self, (): (), _: &Env) -> Result<Decision<(), serde_json::Value>, Refusal> {
        Err(self.refused.into())
    }

    fn save(&self, _: &Scope<'_>, _: &[()], _: Entry) -> Result<Vec<Rows>, Error> {
        Ok(vec![])
    }
}

/// Notes that somebody asks for a release that takes one more, or lets go what lies in the waiting account.
struct Ask<'a> {
    batch: &'a Batch,
    actor: &'a Actor,
    stages_before: i64,
    acts_before: usize,
    act: Act,
    once: Option<Once>,
}

impl Command for Ask<'_> {
    const OPERATION: Operation = policy::RELEASE;
    /// Whether nothing was done with it, or about it, since.
    type State = bool;
    type Change = ();
    /// As of a release; none where something was done about it.
    type Output = Option<Made>;

    fn once(&self) -> Option<Once> {
        self.once
    }

    fn load(&self, scope: &Scope<'_>) -> Result<bool, Error> {
        require_own(scope, self.batch.owner, self.actor)?;
        is_untouched(scope, self.batch.id, self.stages_before, self.acts_before)
    }

    fn decide(&self, is_as_it_was: bool, _: &Env) -> Result<Decision<(), Option<Made>>, Refusal> {
        if !is_as_it_was {
            return Ok(Decision::unchanged(None));
        }
        let facts = serde_json::json!({ "batch": batch::name(self.batch.id), "act": self.act.kind.name() });
        let made = Made { counts: self.batch.record.counts.clone(), decided_again: false, has_moved: false };
        Ok(Decision::of(vec![()], facts, Some(made)))
    }

    fn save(&self, scope: &Scope<'_>, _: &[()], entry: Entry) -> Result<Vec<Rows>, Error> {
        Ok(vec![store::act::insert_many(scope, self.batch.id, std::slice::from_ref(&self.act), entry)?])
    }
}

/// What came of a release.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
struct Made {
    counts: Counts,
    /// Whether some payments are not what was written of them.
    decided_again: bool,
    /// Whether something leaves by it, or goes back.
    has_moved: bool,
}

/// Makes a release real, unless something was done with the batch since it was prepared. Payments whose payees changed since are
/// decided again here.
struct MakeRelease<'r> {
    batch: &'r Batch,
    actor: &'r Actor,
    payer: &'r Payer,
    judge: &'r Judge,
    stages_before: i64,
    acts_before: usize,
    /// What whoever releases it does about it.
    act: Option<Act>,
    /// The size of the journal when it was prepared, and the date that its files carry.
    since: i64,
    at: Timestamp,
    /// Whose payments were ruled, in order, with their numbers.
    payees: Vec<(Blind, i64)>,
    changes: Vec<Change>,
    /// What it comes to for accounts that are watched.
    notes: Notes,
    /// What waits yet for a reason of its own.
    held: Vec<HeldPayment>,
    /// What stands in its completed file.
    sent: Tally,
    /// To how many different payees it goes.
    paid: u64,
    /// How many payments named somebody who is not there before it.
    misses_before: u64,
    /// What the batch comes to.
    tally: Tally,
    /// Whether files are written, which do not have their names yet.
    writes_files: bool,
    once: Option<Once>,
}

/// A payment that was ruled, and what holds now.
struct Again {
    row: PaymentRow,
    held: HeldPayment,
    decided: Decided,
}

/// What is to be recorded.
struct Real {
    changes: Vec<Change>,
    notes: Notes,
    held: Vec<HeldPayment>,
    sent: Sent,
    counts: Counts,
    decided_again: bool,
}

impl MakeRelease<'_> {
    /// The payments of payees who changed since it was prepared, each decided anew; none where it is in doubt what becomes of others.
    fn look_again(&self, scope: &Scope<'_>) -> Result<Option<Vec<Again>>, Error> {
        let mut numbers = BTreeSet::new();
        let mut changed = |payee: Blind| {
            let first = self.payees.partition_point(|(of, _)| *of < payee);
            numbers.extend(self.payees[first..].iter().take_while(|(of, _)| *of == payee).map(|(_, number)| *number));
        };
        resolve::changed_since(scope, self.since, |payee| {
            changed(payee);
            Ok(())
        })?;
        let now = journal::next(scope.tx, self.at)?.at;
        let watched = self.judge.watched.renew(scope, now, &mut changed)?.with(self.notes.outnamed());
        let judge = Judge::load(scope, self.payer, self.judge.gate.clone(), watched, now)?;
        let doubts = self.judge.doubts(&judge);
        if self.changes.iter().any(|change| doubts.are_of(change.outcome.state)) {
            return Ok(None);
        }
        let (mut rows, mut asked, mut all_held) = (Vec::new(), Asked::default(), Vec::new());
        let mut ids = OpenIds::default();
        for number in numbers {
            let found = recorded(scope.tx, self.batch.id, number, 1, self.stages_before)?;
            store::payment::each_of(scope.tx, self.batch.id, number..number + 1, |row| {
                rows.extend(found.first().map(|found| PaymentRow { outcome: found.outcome, ..row }));
                Ok(())
            })?;
        }
        for row in &rows {
            let ids = ids.read(scope, self.batch.id, row.number)?;
            let held = held_of(scope.vault, self.payer.id, row, &ids);
            asked.push(&held);
            all_held.push(held);
        }
        let mut decided = vec![Decided::of(Verdict::Reject(Reason::NotInRegister)); rows.len()];
        judge.judge(scope, &asked, |at, one| decided[at] = one)?;
        let all = rows.into_iter().zip(all_held).zip(decided);
        Ok(Some(all.map(|((row, held), decided)| Again { row, held, decided }).collect()))
    }

    /// What is to be recorded, with what was decided again in the place of what was prepared.
    fn real(&self, again: Vec<Again>) -> Real {
        let stage = self.stages_before + 1;
        let (mut changes, mut all_held, mut decided_again) = (self.changes.clone(), self.held.clone(), false);
        let (mut tally, mut sent) = (self.tally.clone(), self.sent.clone());
        let (mut notes, payees): (_, BTreeSet<_>) =
            (self.notes.clone(), again.iter().filter_map(|again| again.row.payee).collect());
        notes.forget(|_, whom| matches!(whom, Whom::Registered(payee) if payees.contains(payee)));
        for Again { row: PaymentRow { number, payee, outcome: before, money, .. }, held, decided } in again {
            let ruling = Ruling::of(decided);
            let outcome = ruling.outcome;
            if outcome != before {
                ruling.note(payee.map(Whom::Registered), &mut notes);
            }
            let at = changes.binary_search_by_key(&number, |change| change.number);
            let prepared = at.map_or(before, |at| changes[at].outcome);
            if outcome == prepared {
                continue;
            }
            decided_again = true;
            tally.remove(prepared.state, prepared.reason, money);
            tally.add(outcome.state, outcome.reason, money);
            if prepared.state.has_left() {
                sent.remove(prepared.state, None, money);
            }
            if outcome.state.has_left() {
                sent.add(outcome.state, None, money);
            }
            match at {
                Ok(at) if outcome == before => drop(changes.remove(at)),
                Ok(at) => changes[at].outcome = outcome,
                Err(at) => changes.insert(at, Change { number, stage, outcome }),
            }
            all_held.retain(|held| held.number != number);
            if outcome.is_looked_at_again(self.judge.gate.was_tried(number)) {
                let lies_since = (outcome.state == State::Waiting).then_some(self.at);
                all_held.push(HeldPayment { lies_since, ..held });
            }
        }
        Real { changes, notes, held: all_held, sent: sent.sent(), counts: tally.counts(), decided_again }
    }
}

/// Who brought a batch: what of it is let go is given back to them, whoever lets it go.
fn brought_by(scope: &Scope<'_>, batch: &Batch, payer: &Payer) -> Result<Actor, Error> {
    let actor = journal::read(scope, batch.entry)?.actor;
    let role = match payer.agreement.kind {
        PayerKind::Public => Role::PublicPayer,
        PayerKind::Private => Role::PrivatePayer,
    };
    Ok(actor.strip_prefix("client:").map_or_else(Actor::console, |name| Actor::client(role, name)))
}

impl Command for MakeRelease<'_> {
    const OPERATION: Operation = policy::RELEASE;
    /// What is decided again; none where something was done with the batch since, or other things are demanded of it.
    type State = Option<Vec<Again>>;
    type Change = Real;
    /// What was made; none where something was done with the batch since.
    type Output = Option<Made>;

    fn once(&self) -> Option<Once> {
        self.once
    }

    fn load(&self, scope: &Scope<'_>) -> Result<Self::State, Error> {
        require_own(scope, self.batch.owner, self.actor)?;
        let is_as_it_was = is_untouched(scope, self.batch.id, self.stages_before, self.acts_before)?;
        if is_as_it_was { self.look_again(scope) } else { Ok(None) }
    }

    fn decide(&self, again: Self::State, _: &Env) -> Result<Decision<Real, Option<Made>>, Refusal> {
        let Some(again) = again else { return Ok(Decision::unchanged(None)) };
        let real = self.real(again);
        let released = real.changes.iter().filter(|change| change.outcome.state != State::Held).count();
        let facts = serde_json::json!({
            "batch": batch::name(self.batch.id),
            "act": self.act.as_ref().map(|act| act.kind.name()),
            "released": released,
            "counts": real.counts,
        });
        let (counts, decided_again) = (real.counts.clone(), real.decided_again);
        let made = Made { counts, decided_again, has_moved: released > 0 };
        Ok(Decision::of(vec![real], facts, Some(made)))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Real], entry: Entry) -> Result<Vec<Rows>, Error> {
        let [Real { changes, notes, held, sent, counts, decided_again }] = changes else {
            return Err(StoreError::plain("a release is made once").into());
        };
        let batch = self.batch;
        let stage = Stage {
            at: self.at,
            // What was decided again may name a bank that came in meanwhile.
            banks_at: if *decided_again { entry.number() } else { self.since },
            ..new_stage(self.stages_before, entry, sent.payments > 0, counts.clone())
        };
        if self.writes_files {
            store::batch::insert_unwritten(scope.tx, batch.id, stage.stage)?;
        }
        store::held::set_of(scope.tx, batch.id, held)?;
        let client = brought_by(scope, batch, self.payer)?;
        allowance::settle(scope, entry, &client, self.paid, counts.misses().saturating_sub(self.misses_before))?;
        let mut rows = vec![
            store::batch::insert_stage(scope, batch.id, &stage)?,
            store::payment::insert_changes(scope.tx, batch.id, changes)?,
        ];
        rows.extend(notes.save(scope, entry)?);
        if let Some(act) = &self.act {
            rows.push(store::act::insert_many(scope, batch.id, std::slice::from_ref(act), entry)?);
        }
        rows.extend(insert_bank_file(scope, self.payer, (batch.id, stage.stage), sent, entry)?);
        Ok(rows)
    }
}

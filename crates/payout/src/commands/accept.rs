//! The small transaction in which a staged batch becomes real.

use super::ALL_NUMBERS;
use super::{decide_anew, insert_bank_file};
use crate::batch::{Batch, Counts, Record, Sent, Tally};
use crate::gate::Gate;
use crate::judge::{Judge, held_of};
use crate::message::Version;
use crate::payment::{Decided, State};
use crate::reason::Reason;
use crate::seen::Seen;
use crate::store;
use crate::store::held::HeldPayment;
use crate::store::ids::OpenIds;
use crate::store::payment::{Outcome, PaymentRow};
use crate::work::Ruling;
use crate::{batch, policy};
use kernel::journal::{self, Entry, Rows};
use kernel::merkle::{Encoder, Tree};
use kernel::{Actor, Blind, Command, Decision, Env, Error, Id, Once, Operation, Refusal, Scope, StoreError, Timestamp};
use registry::allowance::{self, ForFiles};
use registry::bucket::Unsettled;
use registry::payer::Payer;
use registry::resolve;
use registry::watch::{Notes, Watched, Whom};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Makes a batch real, unless its message id was used before. Payments whose payees changed since the file was resolved are
/// decided again here.
pub(super) struct Accept<'a> {
    pub(super) batch: Id<Batch>,
    pub(super) payer: &'a Payer,
    pub(super) message_id: &'a str,
    pub(super) version: Version,
    pub(super) file_hash: [u8; 32],
    /// The size of the journal before anything was looked up.
    pub(super) since: i64,
    pub(super) hold_all: bool,
    /// Whether it waits to be let go: because it was brought to, or by the agreement.
    pub(super) waits: bool,
    pub(super) received: Timestamp,
    pub(super) counts: Counts,
    /// What stands in the completed file.
    pub(super) sent: Sent,
    /// To how many different payees it goes now.
    pub(super) payees: u64,
    /// By what it was ruled, as that was before anything was looked up.
    pub(super) judge: &'a Judge,
    /// What it comes to for accounts that are watched.
    pub(super) notes: Notes,
    /// Over the rows as they were staged.
    pub(super) rows: Tree,
    /// Over the payer's own texts.
    pub(super) ids: Tree,
    /// Over the sealed input, where it is kept.
    pub(super) input: Option<Tree>,
    /// Whether files are written, which do not have their names yet.
    pub(super) writes_files: bool,
    /// Who sent it: what of it finds nobody is paid for from their allowance.
    pub(super) client: &'a Actor,
    pub(super) once: Option<Once>,
}

/// What became of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Accepted {
    /// The batch is real. `decided_again`: some payments are not what was staged, so what was written of them is not true.
    New { batch: i64, counts: Counts, decided_again: bool },
    /// The payer has used the message id before.
    Used { batch: i64, same_file: bool },
    /// It is none yet: something of it has to wait now, and its input was not kept.
    KeepInput,
    /// It is none: more of its payees are not there than its sender has enough for.
    Misses,
}

/// What is to be recorded.
pub(super) struct Real {
    counts: Counts,
    sent: Sent,
    payees: u64,
    /// What it comes to for accounts that are watched, where some were decided again.
    notes: Option<Notes>,
    again: Vec<(i64, Outcome)>,
    /// Of those, what waits for a reason of its own.
    held: Vec<HeldPayment>,
    /// All rows as they are then, only when some were decided again.
    rows: Vec<PaymentRow>,
}

/// A payment that must be decided again, with what the registry says now.
pub(super) struct Again {
    /// Which of the rows it is.
    at: usize,
    held: HeldPayment,
    /// Who is paid, where the file names the account.
    named: Option<Blind>,
    decided: Decided,
}

pub(super) struct Found {
    used: Option<Batch>,
    again: Vec<Again>,
    /// All rows, only when some may be decided again: to count anew.
    rows: Vec<PaymentRow>,
    watched: Watched,
    allowance: ForFiles,
}

impl Command for Accept<'_> {
    const OPERATION: Operation = policy::ROUTE;
    type State = Found;
    type Change = Real;
    type Output = Accepted;

    fn once(&self) -> Option<Once> {
        self.once
    }

    fn load(&self, scope: &Scope<'_>) -> Result<Found, Error> {
        let key = store::batch::message_key(scope.vault, self.payer.id, self.message_id);
        let used = store::batch::find_by_message(scope, &key)?;
        let allowance = ForFiles::load(scope, self.client)?;
        let watched = self.judge.watched.clone();
        let mut found = Found { used, again: Vec::new(), rows: Vec::new(), watched, allowance };
        if found.used.is_some() {
            return Ok(found);
        }
        let mut changed: BTreeSet<Blind> = BTreeSet::new();
        resolve::changed_since(scope, self.since, |payee| {
            changed.insert(payee);
            Ok(())
        })?;
        // The changes may be dated after the file came in: what counts is what holds at this commit.
        let now = journal::next(scope.tx, self.received)?.at;
        let outnamed = self.notes.outnamed();
        let watched = self.judge.watched.renew(scope, now, |payee| changed.extend([payee]))?.with(outnamed);
        changed.extend(outnamed.payees(scope)?);
        let waits = outnamed.numbers();
        found.watched = watched.clone();
        let judge = Judge::load(scope, self.payer, Gate::of_new(self.waits, now), watched, now)?;
        let doubts = self.judge.with(outnamed).doubts(&judge);
        if changed.is_empty() && waits.is_empty() && !doubts.are_any() {
            return Ok(found);
        }
        let mut again = Vec::new();
        store::payment::each_of(scope.tx, self.batch, ALL_NUMBERS, |row| {
            let is_of_changed = row.payee.is_some_and(|payee| changed.contains(&payee));
            let is_of_changed = is_of_changed && was_looked_up(&row.outcome);
            if is_of_changed || doubts.are_of(row.outcome.state) || waits.contains(&row.number) {
                again.push(found.rows.len());
            }
            found.rows.push(row);
            Ok(())
        })?;
        let (mut held, mut named, mut open_ids) = (Vec::new(), Vec::new(), OpenIds::default());
        for row in again.iter().map(|at| &found.rows[*at]) {
            let ids = open_ids.read(scope, self.batch, row.number)?;
            held.push(held_of(scope.vault, self.payer.id, row, &ids));
            named.push(ids.named());
        }
        let decided = decide_anew(scope, &judge, &held.iter().collect::<Vec<_>>())?;
        let all = again.into_iter().zip(held).zip(named).zip(decided);
        found.again = all.map(|(((at, held), named), decided)| Again { at, held, named, decided }).collect();
        Ok(found)
    }

    fn decide(&self, found: Found, env: &Env) -> Result<Decision<Real, Accepted>, Refusal> {
        let Found { used, again: looked_up, mut rows, watched, allowance } = found;
        if let Some(used) = used {
            let same_file = used.file_hash == self.file_hash;
            return Ok(Decision::unchanged(Accepted::Used { batch: used.id.number(), same_file }));
        }
        let (mut again, mut held) = (Vec::new(), Vec::new());
        let mut notes = (!looked_up.is_empty()).then(|| self.notes.clone());
        if let Some(notes) = &mut notes {
            let payees: BTreeSet<Blind> = looked_up.iter().filter_map(|again| rows[again.at].payee).collect();
            let named: BTreeSet<_> = looked_up.iter().filter_map(|again| again.held.account.zip(again.named)).collect();
            notes.forget(|account, whom| match whom {
                Whom::Registered(payee) => payees.contains(payee),
                Whom::Named(payee) => named.contains(&(*account, *payee)),
            });
            notes.forget_named(&watched);
        }
        for Again { at, held: of_row, named, decided } in looked_up {
            let (row, ruling) = (&mut rows[at], Ruling::of(decided));
            let outcome = ruling.outcome;
            notes.iter_mut().for_each(|notes| ruling.note(Whom::of(row.payee, named), notes));
            if outcome != row.outcome {
                row.outcome = outcome;
                again.push((row.number, outcome));
                if outcome.is_looked_at_again(false) {
                    let lies_since = (outcome.state == State::Waiting).then_some(self.received);
                    held.push(HeldPayment { lies_since, ..of_row });
                }
            }
        }
        let (counts, sent, payees) =
            if again.is_empty() { (self.counts.clone(), self.sent.clone(), self.payees) } else { count(&rows) };
        if counts.held > 0 && self.input.is_none() {
            return Ok(Decision::unchanged(Accepted::KeepInput));
        }
        match allowance.admit(self.client, env.now, payees, counts.misses()) {
            Ok(()) => {}
            Err(Unsettled::Misses) => return Ok(Decision::unchanged(Accepted::Misses)),
            Err(exhausted) => return Err(exhausted.into()),
        }
        let facts = serde_json::json!({
            "batch": batch::name(self.batch),
            "payer": self.payer.agreement.name,
            "counts": counts,
            "decided_again": again.len(),
        });
        let decided_again = !again.is_empty();
        let real = Real { counts: counts.clone(), sent, payees, notes, again, held, rows };
        let batch = self.batch.number();
        Ok(Decision::of(vec![real], facts, Accepted::New { batch, counts, decided_again }))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Real], entry: Entry) -> Result<Vec<Rows>, Error> {
        let [Real { counts, sent, payees, notes, again, held, rows: decided }] = changes else {
            return Err(StoreError::plain("a batch becomes real once").into());
        };
        store::staging::delete(scope.tx, self.batch)?;
        store::payment::decide_again(scope.tx, self.batch, again)?;
        if self.waits && counts.held > 0 {
            store::held::insert_waiting(scope.tx, self.batch)?;
        }
        if !self.waits {
            store::held::delete(scope.tx, self.batch, again.iter().map(|(number, _)| *number))?;
            store::held::insert_many(scope.tx, self.batch, held)?;
        }
        let batch = Batch {
            id: self.batch,
            entry: entry.number(),
            payer: self.payer.version,
            owner: self.payer.id,
            file_hash: self.file_hash,
            // What was decided again may name a bank that came in meanwhile.
            banks_at: if again.is_empty() { self.since } else { entry.number() },
            input_kept: self.input.is_some(),
            record: Record {
                message_id: self.message_id.to_owned(),
                version: self.version,
                received: self.received.micros(),
                hold_all: self.hold_all,
                counts: counts.clone(),
            },
        };
        let key = store::batch::message_key(scope.vault, self.payer.id, self.message_id);
        if self.writes_files {
            store::batch::insert_unwritten(scope.tx, self.batch, 0)?;
        }
        allowance::settle(scope, entry, self.client, *payees, counts.misses())?;
        let mut rows = vec![store::batch::insert(scope, &batch, &key)?];
        rows.extend(notes.as_ref().unwrap_or(&self.notes).save(scope, entry)?);
        rows.push(if again.is_empty() {
            store::payment::claim(&self.rows)
        } else {
            store::payment::claim(&self.tree_of(scope, decided)?)
        });
        rows.push(store::ids::claim(&self.ids));
        if let Some(input) = &self.input {
            rows.push(store::input::claim(input));
            rows.extend(insert_bank_file(scope, self.payer, (self.batch, 0), sent, entry)?);
        }
        Ok(rows)
    }
}

impl Accept<'_> {
    fn tree_of(&self, scope: &Scope<'_>, rows: &[PaymentRow]) -> Result<Tree, Error> {
        let mut tree = Tree::default();
        let (mut encoder, mut ids) = (Encoder::default(), OpenIds::default());
        for row in rows {
            let ids = ids.of(scope, self.batch, row.number)?;
            tree.push(store::payment::leaf(&mut encoder, self.batch, row, ids));
        }
        Ok(tree)
    }
}

/// Whether the registry's answer, and nothing before it, decided this outcome.
fn was_looked_up(outcome: &Outcome) -> bool {
    outcome.reason.is_none_or(|reason| reason >= Reason::NotInRegister)
}

fn count(rows: &[PaymentRow]) -> (Counts, Sent, u64) {
    let (mut tally, room) = (Tally::default(), rows.len() as u64);
    let mut payees = Seen::new(room, room);
    for PaymentRow { outcome, money, payee, .. } in rows {
        tally.add(outcome.state, outcome.reason, *money);
        if let (State::Routed | State::Waiting, Some(payee)) = (outcome.state, payee) {
            payees.insert(payee);
        }
    }
    (tally.counts(), tally.sent(), payees.count())
}

//! Batches for tests and benches of much, put there without a file: their rows are what routing would make of one.

use crate::batch::{Batch, Record, Tally};
use crate::commands::{ImportReturns, book_returns, discard};
use crate::index::{Bucket, Indexing};
use crate::message::Version;
use crate::payment::State;
use crate::policy;
use crate::store;
use crate::store::ids::{BlockIds, Ids, SealedIds};
use crate::store::payment::{Outcome, PaymentRow};
use crate::work::end_to_end_key;
use denmark::Money;
use kernel::journal::{Entry, Rows};
use kernel::merkle::{Encoder, Tree};
use kernel::{
    Actor, Blind, Command, Decision, Env, Error, Id, Operation, Refusal, Scope, Timestamp, Tx, Vault, Writer,
};
use registry::designation::Designation;
use registry::payer::Payer;

/// Books returns as if the process were killed before anything follows from that.
///
/// # Errors
/// Those of [`crate::commands::import_returns`].
pub fn book_and_stop(
    writer: &mut Writer,
    wanted: ImportReturns<'_, impl std::io::Read>,
    actor: &Actor,
    env: &Env,
) -> Result<(), Error> {
    book_returns(writer, wanted, actor, env).map(|_| ())
}

/// Payments whose ids are sealed together, and rows that are staged together.
const SEALED_TOGETHER: usize = 2_048;
const STAGED_ROWS: usize = 16 * SEALED_TOGETHER;

/// A payment that was completed with an account.
pub struct Filled {
    /// Whose.
    pub payee: Blind,
    /// The payer's id for it.
    pub end_to_end_id: String,
    /// How much.
    pub money: Money,
    /// By what.
    pub designation: Option<Id<Designation>>,
}

/// Puts batches of a payer there, as if their files had come in at `env.now`: large ones, in a transaction for some of each one's rows.
///
/// # Errors
/// The store's.
pub fn fill(
    writer: &mut Writer,
    payer: &Payer,
    payments: impl Iterator<Item = Filled>,
    env: &Env,
) -> Result<Id<Batch>, Error> {
    let making = stage(writer, payments, env)?;
    let id = making.batch;
    let fill = Fill { payer, made: making.made(env.now), was_staged: true, rows: Vec::new() };
    writer.execute(&fill, &Actor::console(), env)?;
    Ok(id)
}

/// The same as far as a process came that was killed before the batch became real.
///
/// # Errors
/// The store's.
pub fn leave_staged(writer: &mut Writer, payments: impl Iterator<Item = Filled>, env: &Env) -> Result<(), Error> {
    stage(writer, payments, env).map(|_| ())
}

fn stage(writer: &mut Writer, payments: impl Iterator<Item = Filled>, env: &Env) -> Result<Making, Error> {
    let id = env.id();
    let vault = writer.store.vault().clone();
    let mut making = Making::new(id);
    writer.connection.stage(|tx| store::staging::insert(tx, id, env.now))?;
    let mut payments = payments.peekable();
    while payments.peek().is_some() {
        let piece = making.take(&vault, payments.by_ref().take(STAGED_ROWS))?;
        writer.connection.stage(|tx| piece.insert(tx, id))?;
    }
    let rest = making.end();
    writer.connection.stage(|tx| rest.insert(tx, id))?;
    Ok(making)
}

/// The same of many small ones, all in one transaction.
///
/// # Errors
/// The store's.
pub fn fill_small(
    writer: &mut Writer,
    payer: &Payer,
    batches: impl Iterator<Item = (Vec<Filled>, Env)>,
) -> Result<(), Error> {
    let vault = writer.store.vault().clone();
    let mut fills = Vec::new();
    for (payments, env) in batches {
        let mut making = Making::new(env.id());
        let pieces = vec![making.take(&vault, payments.into_iter())?, making.end()];
        fills.push((Fill { payer, made: making.made(env.now), was_staged: false, rows: pieces }, env));
    }
    let console = Actor::console();
    writer.execute_group(|group| {
        for (fill, env) in &fills {
            group.execute(fill, &console, env)?.map_err(Error::from)?;
        }
        Ok(())
    })
}

/// Writes the index alone of so many payments, as routing does it; nothing of it stays.
///
/// # Errors
/// The store's.
pub fn index_alone(
    writer: &mut Writer,
    payments: impl Iterator<Item = (Blind, Blind)>,
    env: &Env,
) -> Result<u64, Error> {
    let id = env.id();
    let (mut indexing, mut buckets, mut bytes) = (Indexing::new(id), Vec::new(), 0);
    let mut insert = |writer: &mut Writer, buckets: &mut Vec<Bucket>| {
        bytes += buckets.iter().map(|bucket| (bucket.marks.len() + bucket.place.as_bytes().len()) as u64).sum::<u64>();
        writer.connection.stage(|tx| store::index::insert_many(tx, buckets))?;
        buckets.clear();
        Ok::<(), Error>(())
    };
    writer.connection.stage(|tx| store::staging::insert(tx, id, env.now))?;
    for (number, (payee, end_to_end)) in (0..).zip(payments) {
        indexing.take(number, Some(&payee), &end_to_end, &mut buckets);
        if !buckets.is_empty() {
            insert(writer, &mut buckets)?;
        }
    }
    indexing.end(&mut buckets);
    insert(writer, &mut buckets)?;
    discard(writer, id)?;
    Ok(bytes)
}

/// Rows that are inserted together.
#[derive(Default)]
struct Piece {
    rows: Vec<PaymentRow>,
    ids: Vec<SealedIds>,
    index: Vec<Bucket>,
}

impl Piece {
    fn insert(&self, tx: &Tx<'_>, batch: Id<Batch>) -> Result<(), Error> {
        store::payment::insert_many(tx, batch, &self.rows)?;
        store::ids::insert_many(tx, batch, &self.ids)?;
        store::index::insert_many(tx, &self.index)
    }
}

/// A batch that is being made.
struct Making {
    batch: Id<Batch>,
    number: i64,
    indexing: Indexing,
    rows: Tree,
    ids: Tree,
    tally: Tally,
}

impl Making {
    fn new(batch: Id<Batch>) -> Self {
        let (rows, ids) = (Tree::default(), Tree::default());
        Self { batch, number: 0, indexing: Indexing::new(batch), rows, ids, tally: Tally::default() }
    }

    fn take(&mut self, vault: &Vault, payments: impl Iterator<Item = Filled>) -> Result<Piece, Error> {
        let (mut piece, mut encoder, mut texts) = (Piece::default(), Encoder::default(), Vec::new());
        let mut first = self.number;
        for Filled { payee, end_to_end_id, money, designation } in payments {
            let block = texts.is_empty().then_some(BlockIds {
                payment_info_id: "B-1",
                execution_date: None,
                debtor_agent: None,
            });
            let ids = Ids {
                end_to_end_id: &end_to_end_id,
                instruction_id: None,
                benefit: None,
                transfer_currency: None,
                account: None,
                creditor: None,
                block,
            };
            let place = ids.append_to(&mut texts);
            let row = PaymentRow {
                number: self.number,
                payee: Some(payee),
                end_to_end: end_to_end_key(vault, &end_to_end_id),
                money: Some(money),
                outcome: Outcome { state: State::Routed, reason: None, designation, news: None },
            };
            self.rows.push(store::payment::leaf(&mut encoder, self.batch, &row, &texts[place]));
            self.tally.add(State::Routed, None, row.money);
            self.indexing.take(row.number, row.payee.as_ref(), &row.end_to_end, &mut piece.index);
            piece.rows.push(row);
            self.number += 1;
            if (self.number - first) as usize == SEALED_TOGETHER {
                self.seal(vault, first, &mut texts, &mut piece)?;
                first = self.number;
            }
        }
        if !texts.is_empty() {
            self.seal(vault, first, &mut texts, &mut piece)?;
        }
        Ok(piece)
    }

    fn seal(&mut self, vault: &Vault, first: i64, texts: &mut Vec<u8>, piece: &mut Piece) -> Result<(), Error> {
        let sealed = SealedIds::seal(vault, self.batch, first, texts)?;
        texts.clear();
        self.ids.push(sealed.leaf);
        piece.ids.push(sealed);
        Ok(())
    }

    fn end(&mut self) -> Piece {
        let mut piece = Piece::default();
        self.indexing.end(&mut piece.index);
        piece
    }

    fn made(self, received: Timestamp) -> Made {
        let Self { batch, rows, ids, tally, .. } = self;
        let record = Record {
            message_id: format!("FILLED-{}", batch.number()),
            version: Version::V09,
            received: received.micros(),
            hold_all: false,
            counts: tally.counts(),
        };
        Made { batch, rows, ids, record }
    }
}

/// A batch that was made.
struct Made {
    batch: Id<Batch>,
    rows: Tree,
    ids: Tree,
    record: Record,
}

struct Fill<'f> {
    payer: &'f Payer,
    made: Made,
    was_staged: bool,
    /// Rows that are not there yet.
    rows: Vec<Piece>,
}

impl Command for Fill<'_> {
    const OPERATION: Operation = policy::ROUTE;
    type State = ();
    type Change = ();
    type Output = ();

    fn load(&self, _: &Scope<'_>) -> Result<(), Error> {
        Ok(())
    }

    fn decide(&self, (): (), _: &Env) -> Result<Decision<(), ()>, Refusal> {
        Ok(Decision::of(vec![()], serde_json::json!({}), ()))
    }

    fn save(&self, scope: &Scope<'_>, _: &[()], entry: Entry) -> Result<Vec<Rows>, Error> {
        let Made { batch, rows, ids, record } = &self.made;
        if self.was_staged {
            store::staging::delete(scope.tx, *batch)?;
        }
        for piece in &self.rows {
            piece.insert(scope.tx, *batch)?;
        }
        let key = store::batch::message_key(scope.vault, self.payer.id, &record.message_id);
        let batch = Batch {
            id: *batch,
            entry: entry.number(),
            payer: self.payer.version,
            owner: self.payer.id,
            file_hash: [0; 32],
            banks_at: entry.number(),
            input_kept: false,
            record: record.clone(),
        };
        Ok(vec![store::batch::insert(scope, &batch, &key)?, store::payment::claim(rows), store::ids::claim(ids)])
    }
}

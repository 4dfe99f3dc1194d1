//! A payment file that comes in piece by piece, from somebody who may be slow.

use super::accept::{Accept, Accepted};
use super::route::{Became, Refused, Source, Work, discard, find_repeated, sweep_abandoned};
use crate::batch::{self, Batch, Counts, Sent};
use crate::gate::Gate;
use crate::judge::Judge;
use crate::{policy, store};
use kernel::merkle::{Encoder, Hash, Tree};
use kernel::{Actor, Env, Error, Id, Once, StoreError, Timestamp, Vault, Writer, journal};
use registry::payer::Payer;
use registry::resolve;
use registry::watch::{Notes, Watched};

/// How large a piece should be: smaller ones compress worse, larger ones wait in memory for those who are slow.
pub const PIECE_BYTES: usize = kernel::failpoint::chunk(1 << 20, 512);
/// Pieces that are staged in one short transaction.
const STAGED_PIECES: usize = kernel::failpoint::chunk(16, 2);

/// A file that is coming in. What has come is compressed, sealed and staged, where nobody sees it; nothing is decided before
/// all of it is there, so that a slow sender holds neither a thread nor a view of the registry that grows old.
pub struct Upload {
    batch: Id<Batch>,
    payer: Payer,
    bytes: u64,
    input: Tree,
    waiting: Vec<(i64, Vec<u8>)>,
    /// Whether the work is known to the store.
    is_begun: bool,
    /// Whether it was tried to stage what waits: the answer to that may have been lost.
    was_tried: bool,
}

/// What makes pieces of an upload ready to be taken: any thread can, and several at once.
#[derive(Clone)]
pub struct Sealer {
    vault: Vault,
    batch: Id<Batch>,
}

/// A piece that is ready.
pub struct Piece {
    number: i64,
    bytes: u64,
    leaf: Hash,
    sealed: Vec<u8>,
}

impl Sealer {
    /// Compresses and seals a piece. They are numbered from 0.
    ///
    /// # Errors
    /// It is too long.
    pub fn seal(&self, number: i64, bytes: &[u8]) -> Result<Piece, Error> {
        let Self { vault, batch } = self;
        let (leaf, sealed) =
            (store::input::leaf(*batch, number, bytes), store::input::seal(vault, *batch, number, bytes)?);
        Ok(Piece { number, bytes: bytes.len() as u64, leaf, sealed })
    }
}

/// How a file is to be taken.
pub struct TakeIn<'r> {
    /// Whether everything is to wait for a release.
    pub hold_all: bool,
    /// The sender's own name for the request.
    pub key: Option<&'r str>,
    /// What time it is: routing is long work.
    pub clock: &'r (dyn Fn() -> Timestamp + Sync),
}

/// A file that was accepted, now or before.
#[derive(Clone, Debug)]
pub struct TakenIn {
    /// Our name for it.
    pub batch: String,
    /// Whether it had come in before.
    pub duplicate: bool,
}

impl Upload {
    /// Begins a file of this payer's.
    ///
    /// # Errors
    /// The policy's refusal, `payer.unknown`, `payer.other_kind`; or the store's.
    pub fn begin(writer: &mut Writer, payer: &str, actor: &Actor, env: &Env) -> Result<Self, Error> {
        policy::ROUTE.require(actor)?;
        let payer = writer.read(|scope| resolve::payer_of(scope, payer, actor))?;
        let (batch, input) = (env.id(), Tree::default());
        Ok(Self { batch, payer, bytes: 0, input, waiting: Vec::new(), is_begun: false, was_tried: false })
    }

    /// What makes its pieces ready.
    #[must_use]
    pub fn sealer(&self, writer: &Writer) -> Sealer {
        Sealer { vault: writer.store.vault().clone(), batch: self.batch }
    }

    /// Takes the next piece.
    ///
    /// # Errors
    /// The store's.
    pub fn take(&mut self, writer: &mut Writer, piece: Piece, now: Timestamp) -> Result<(), Error> {
        let Piece { number, bytes, leaf, sealed } = piece;
        if u64::try_from(number) != Ok(self.input.size()) {
            return Err(StoreError::plain("a piece of an upload was left out").into());
        }
        self.bytes += bytes;
        self.input.push(leaf);
        self.waiting.push((number, sealed));
        if self.waiting.len() < STAGED_PIECES { Ok(()) } else { self.stage(writer, now) }
    }

    fn stage(&mut self, writer: &mut Writer, now: Timestamp) -> Result<(), Error> {
        let Self { batch, waiting, is_begun, was_tried, .. } = self;
        let batch = *batch;
        writer.connection.stage(|tx| {
            // What is there at a second try is this upload's own: the answer to its commit was lost.
            let (is_again, mut missing) = (std::mem::replace(was_tried, true), waiting.as_slice());
            while is_again
                && let Some(((piece, _), later)) = missing.split_first()
                && store::input::is_there(tx, batch, *piece)?
            {
                missing = later;
            }
            if *is_begun || is_again && store::staging::is_there(tx, batch)? {
                store::staging::touch(tx, batch, now)?;
            } else {
                store::staging::insert(tx, batch, now)?;
            }
            store::input::insert_many(tx, batch, missing)
        })?;
        (self.is_begun, self.was_tried) = (true, false);
        self.waiting.clear();
        Ok(())
    }

    /// All of it is there: makes a batch of it, unless it is one already.
    ///
    /// # Errors
    /// `idempotency.reused`, `payout.misses`, `allowance.exhausted`; the store failed; then nothing has become visible. A file that is refused as a whole is no error.
    pub fn end(
        mut self,
        writer: &mut Writer,
        how: &TakeIn<'_>,
        actor: &Actor,
        env: &Env,
    ) -> Result<Result<TakenIn, Refused>, Error> {
        let batch = self.batch;
        let staged = sweep_abandoned(writer, env.now).and_then(|()| self.stage(writer, (how.clock)()));
        let result = staged.and_then(|()| self.settle(writer, how, actor, env));
        if !matches!(&result, Ok(Became::Real { .. })) {
            let _ = discard(writer, batch);
        }
        Ok(match result? {
            Became::Real { .. } => Ok(TakenIn { batch: batch::name(batch), duplicate: false }),
            Became::Used(batch) => Ok(TakenIn { batch: batch::name(batch), duplicate: true }),
            Became::Refused(refused) => Err(refused),
        })
    }

    fn settle(self, writer: &mut Writer, how: &TakeIn<'_>, actor: &Actor, env: &Env) -> Result<Became, Error> {
        let Self { batch, payer, bytes, input, .. } = self;
        let TakeIn { hold_all, key, clock } = *how;
        let once = key.map(|key| {
            let (payer, hold_all) = (payer.id.number(), i64::from(hold_all));
            move |hash: &Hash| {
                let mut encoder = Encoder::default();
                let request = encoder.start("upload").int(payer).int(hold_all).bytes(hash).leaf();
                Once::of(actor, &policy::ROUTE, key, request)
            }
        });
        let source = Source::Staged { batch, bytes, input };
        if let Some(found) = find_repeated(writer, &payer, &source)? {
            let once = once.map(|once| once(&found.file_hash));
            return known(writer, found, &payer, once, actor, env);
        }
        let once = once.as_ref().map(|once| once as &(dyn Fn(&Hash) -> Once + Sync));
        let work = Work { payer: &payer, batch, source, outputs: None, hold_all, clock, env, actor, once };
        work.run(writer, &mut |_| {})
    }

    /// It will not be finished: what has come is removed.
    ///
    /// # Errors
    /// The store's; then it is swept later.
    pub fn give_up(self, writer: &mut Writer) -> Result<(), Error> {
        if self.is_begun || self.was_tried { discard(writer, self.batch) } else { Ok(()) }
    }
}

/// A file that is a batch already. Where the sender gave the request a name, it must not be another request's.
fn known(
    writer: &mut Writer,
    found: Batch,
    payer: &Payer,
    once: Option<Once>,
    actor: &Actor,
    env: &Env,
) -> Result<Became, Error> {
    if once.is_none() {
        return Ok(Became::Used(found.id));
    }
    let gate = Gate::of_new(found.record.hold_all, env.now);
    let judge = writer.read(|scope| Judge::load(scope, payer, gate, Watched::default(), env.now))?;
    let again = Accept {
        batch: found.id,
        payer,
        message_id: &found.record.message_id,
        version: found.record.version,
        file_hash: found.file_hash,
        since: journal::ENTRIES_MAX,
        hold_all: found.record.hold_all,
        waits: found.record.hold_all,
        received: env.now,
        counts: Counts::default(),
        sent: Sent::default(),
        payees: 0,
        judge: &judge,
        notes: Notes::default(),
        rows: Tree::default(),
        ids: Tree::default(),
        input: None,
        writes_files: false,
        client: actor,
        once,
    };
    match writer.execute(&again, actor, env)? {
        Accepted::New { batch, .. } | Accepted::Used { batch, .. } => Ok(Became::Used(Id::new(batch))),
        // It had no misses: nothing is counted of it again.
        Accepted::Misses | Accepted::KeepInput => {
            Err(StoreError::plain("a batch that is there was weighed again").into())
        }
    }
}

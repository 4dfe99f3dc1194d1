//! The input of a batch, kept in pieces, each compressed and then sealed: a payment file says the same words over and over.

use crate::batch::Batch;
use kernel::journal::{self, Rows, Table};
use kernel::merkle::{Encoder, Hash, Tree};
use kernel::{Error, Id, Scope, StoreError, Tx, Value, Vault, statements};
use std::ops::Range;
use zeroize::Zeroizing;

statements! {
    INSERT = "kept_input.insert": "INSERT INTO kept_input (batch, piece, sealed) VALUES ($1, $2, $3)";
    FIND = "kept_input.find": "SELECT sealed FROM kept_input WHERE batch = $1 AND piece = $2";
    IS_THERE = "kept_input.is_there": "SELECT piece FROM kept_input WHERE batch = $1 AND piece = $2";
    RANGE = "kept_input.range":
        "SELECT b.entry, k.batch, k.piece, k.sealed FROM batch b JOIN kept_input k ON k.batch = b.id
         WHERE b.entry >= $1 AND b.entry < $2 ORDER BY b.entry, k.piece";
    COUNT = "kept_input.count": "SELECT COUNT(*) FROM kept_input WHERE batch NOT IN (SELECT batch FROM staging)";
}

const SEALED_COLUMN: &str = "kept_input.sealed";

/// Compresses and seals one piece; any thread can.
pub(crate) fn seal(vault: &Vault, batch: Id<Batch>, piece: i64, bytes: &[u8]) -> Result<Vec<u8>, Error> {
    vault.seal(SEALED_COLUMN, (batch.number(), piece), &lz4_flex::compress_prepend_size(bytes))
}

fn open(vault: &Vault, batch: Id<Batch>, piece: i64, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
    let compressed = vault.open(SEALED_COLUMN, (batch.number(), piece), sealed)?;
    // What could be opened is what was sealed, so the size that it begins with is ours.
    let bytes = lz4_flex::decompress_size_prepended(&compressed);
    Ok(bytes.map_err(|_| StoreError::broken("kept_input", "sealed", (batch.number(), piece)))?.into())
}

pub(crate) fn insert_many(tx: &Tx<'_>, batch: Id<Batch>, pieces: &[(i64, Vec<u8>)]) -> Result<(), Error> {
    tx.run_many(&INSERT, pieces.iter().map(|(piece, sealed)| [batch.into(), Value::Int(*piece), sealed.into()]))
}

/// Whether the batch has a piece of this number.
pub(crate) fn is_there(tx: &Tx<'_>, batch: Id<Batch>, piece: i64) -> Result<bool, Error> {
    Ok(tx.optional(&IS_THERE, &[batch.into(), piece.into()], |row| row.int(0))?.is_some())
}

/// Opens one piece; `None` after the last.
pub(crate) fn find(scope: &Scope<'_>, batch: Id<Batch>, piece: i64) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
    scope.tx.optional(&FIND, &[batch.into(), piece.into()], |row| open(scope.vault, batch, piece, row.bytes(0)?))
}

pub(crate) fn leaf(batch: Id<Batch>, piece: i64, bytes: &[u8]) -> Hash {
    Encoder::default().start(KeptInputTable.name()).int(batch.number()).int(piece).bytes(bytes).leaf()
}

pub(crate) fn claim(tree: &Tree) -> Rows {
    Rows::of(KeptInputTable.name(), tree)
}

pub(crate) struct KeptInputTable;

impl Table for KeptInputTable {
    fn name(&self) -> &'static str {
        "kept_input"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        scope.tx.each(&RANGE, &[entries.start.into(), entries.end.into()], |row| {
            let (batch, piece) = (Id::new(row.int(1)?), row.int(2)?);
            let bytes = open(scope.vault, batch, piece, row.bytes(3)?)?;
            visit(row.int(0)?, leaf(batch, piece, &bytes))
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT)
    }
}

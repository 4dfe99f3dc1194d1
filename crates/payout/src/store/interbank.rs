//! How banks made payments, as they told.

use crate::batch::Batch;
use crate::recall::Interbank;
use kernel::journal::{self, Entry, Rows, Table};
use kernel::merkle::{Encoder, Hash, Tree};
use kernel::{Error, Id, Row, Scope, StoreError, Timestamp, statements};
use std::ops::Range;

statements! {
    INSERT = "interbank_fact.insert":
        "INSERT INTO interbank_fact (place, batch, number, at, record) VALUES ($1, $2, $3, $4, $5)";
    LAST = "interbank_fact.last":
        "SELECT place, batch, number, at, record FROM interbank_fact
         WHERE batch = $1 AND number = $2 ORDER BY place DESC LIMIT 1";
    RANGE = "interbank_fact.range":
        "SELECT place, batch, number, at, record FROM interbank_fact
         WHERE place >= $1 AND place < $2 ORDER BY place";
    COUNT = "interbank_fact.count": "SELECT COUNT(*) FROM interbank_fact";
}

const RECORD_COLUMN: &str = "interbank_fact.record";

/// How a bank made one payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fact {
    pub(crate) batch: Id<Batch>,
    pub(crate) number: i64,
    pub(crate) at: Timestamp,
    pub(crate) record: Interbank,
}

/// Adds facts of one entry, in their order.
pub(crate) fn insert_many(scope: &Scope<'_>, facts: &[Fact], entry: Entry) -> Result<Rows, Error> {
    let (mut encoder, mut tree) = (Encoder::default(), Tree::default());
    for (ordinal, fact) in facts.iter().enumerate() {
        let place: Id<Fact> = entry.row(ordinal)?;
        let record = serde_json::to_vec(&fact.record)
            .map_err(|error| StoreError::new("what a bank told of a payment could not be written", error))?;
        let sealed = scope.vault.seal(RECORD_COLUMN, place, &record)?;
        let values = [place.into(), fact.batch.into(), fact.number.into(), entry.at.into(), (&sealed).into()];
        scope.tx.run(&INSERT, &values)?;
        tree.push(leaf(&mut encoder, place, &Fact { at: entry.at, ..fact.clone() }, &record));
    }
    Ok(Rows::of(FactTable.name(), &tree))
}

fn read(scope: &Scope<'_>, row: &Row<'_>) -> Result<(Id<Fact>, Fact, Vec<u8>), Error> {
    let place: Id<Fact> = Id::new(row.int(0)?);
    let opened = scope.vault.open(RECORD_COLUMN, place, row.bytes(4)?)?;
    let fact = Fact {
        batch: Id::new(row.int(1)?),
        number: row.int(2)?,
        at: Timestamp::from_micros(row.int(3)?),
        record: serde_json::from_slice(&opened).map_err(|_| row.broken(4))?,
    };
    Ok((place, fact, opened.to_vec()))
}

/// What was told last of a payment.
pub(crate) fn last_of(scope: &Scope<'_>, batch: Id<Batch>, number: i64) -> Result<Option<Fact>, Error> {
    scope.tx.optional(&LAST, &[batch.into(), number.into()], |row| Ok(read(scope, row)?.1))
}

fn leaf(encoder: &mut Encoder, place: Id<Fact>, fact: &Fact, record: &[u8]) -> Hash {
    encoder
        .start(FactTable.name())
        .int(place.number())
        .int(fact.batch.number())
        .int(fact.number)
        .int(fact.at.micros())
        .bytes(record)
        .leaf()
}

pub(crate) struct FactTable;

impl Table for FactTable {
    fn name(&self) -> &'static str {
        "interbank_fact"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut encoder = Encoder::default();
        scope.tx.each(&RANGE, &journal::row_range(entries), |row| {
            let (place, fact, record) = read(scope, row)?;
            visit(journal::entry_of(place.number()), leaf(&mut encoder, place, &fact, &record))
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT)
    }
}

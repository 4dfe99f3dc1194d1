//! What people did about what batches hold.

use crate::batch::Batch;
use crate::gate::{Act, ActKind};
use kernel::journal::{self, Entry, Rows, Table};
use kernel::merkle::{Encoder, Hash, Tree};
use kernel::{Error, Id, Row, Scope, Timestamp, statements};
use std::ops::Range;

statements! {
    INSERT = "batch_act.insert": "INSERT INTO batch_act (id, batch, kind, number, at, act) VALUES ($1, $2, $3, $4, $5, $6)";
    OF_BATCH = "batch_act.of_batch":
        "SELECT id, batch, kind, number, at, act FROM batch_act WHERE batch = $1 ORDER BY id LIMIT 100000";
    COUNT_OF = "batch_act.count_of": "SELECT COUNT(*) FROM batch_act WHERE batch = $1";
    RANGE = "batch_act.range":
        "SELECT id, batch, kind, number, at, act FROM batch_act WHERE id >= $1 AND id < $2 ORDER BY id";
    COUNT = "batch_act.count": "SELECT COUNT(*) FROM batch_act";
}

const ACT_COLUMN: &str = "batch_act.act";

/// Adds acts about a batch, in their order.
pub(crate) fn insert_many(scope: &Scope<'_>, batch: Id<Batch>, acts: &[Act], entry: Entry) -> Result<Rows, Error> {
    let (mut encoder, mut tree) = (Encoder::default(), Tree::default());
    for (ordinal, act) in acts.iter().enumerate() {
        let id: Id<Act> = entry.row(ordinal)?;
        let text = format!("{}\n{}", act.by, act.why);
        let sealed = scope.vault.seal(ACT_COLUMN, id, text.as_bytes())?;
        let values =
            [id.into(), batch.into(), act.kind.code().into(), act.number.into(), act.at.into(), (&sealed).into()];
        scope.tx.run(&INSERT, &values)?;
        tree.push(leaf(&mut encoder, id, batch, act, text.as_bytes()));
    }
    Ok(Rows::of(ActTable.name(), &tree))
}

/// An act as it is recorded: about which batch, and what is sealed of it.
struct Recorded {
    id: Id<Act>,
    batch: Id<Batch>,
    act: Act,
    text: Vec<u8>,
}

fn read(scope: &Scope<'_>, row: &Row<'_>) -> Result<Recorded, Error> {
    let id: Id<Act> = Id::new(row.int(0)?);
    let opened = scope.vault.open(ACT_COLUMN, id, row.bytes(5)?)?;
    let (by, why) =
        std::str::from_utf8(&opened).ok().and_then(|text| text.split_once('\n')).ok_or_else(|| row.broken(5))?;
    let act = Act {
        kind: ActKind::from_code(row.int(2)?).ok_or_else(|| row.broken(2))?,
        number: row.optional_int(3)?,
        at: Timestamp::from_micros(row.int(4)?),
        by: by.to_owned(),
        why: why.to_owned(),
    };
    Ok(Recorded { id, batch: Id::new(row.int(1)?), act, text: opened.to_vec() })
}

/// All that was done about a batch, in order.
pub(crate) fn of_batch(scope: &Scope<'_>, batch: Id<Batch>) -> Result<Vec<Act>, Error> {
    let mut acts = Vec::new();
    scope.tx.each(&OF_BATCH, &[batch.into()], |row| {
        acts.push(read(scope, row)?.act);
        Ok(())
    })?;
    Ok(acts)
}

/// How much was done about a batch.
pub(crate) fn count_of(scope: &Scope<'_>, batch: Id<Batch>) -> Result<usize, Error> {
    scope.tx.one(&COUNT_OF, &[batch.into()], |row| Ok(usize::try_from(row.int(0)?).unwrap_or(usize::MAX)))
}

fn leaf(encoder: &mut Encoder, id: Id<Act>, batch: Id<Batch>, act: &Act, text: &[u8]) -> Hash {
    encoder
        .start(ActTable.name())
        .int(id.number())
        .int(batch.number())
        .int(act.kind.code())
        .optional_int(act.number)
        .int(act.at.micros())
        .bytes(text)
        .leaf()
}

pub(crate) struct ActTable;

impl Table for ActTable {
    fn name(&self) -> &'static str {
        "batch_act"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut encoder = Encoder::default();
        scope.tx.each(&RANGE, &journal::row_range(entries), |row| {
            let Recorded { id, batch, act, text } = read(scope, row)?;
            visit(journal::entry_of(id.number()), leaf(&mut encoder, id, batch, &act, &text))
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT)
    }
}

//! What people did about what batches hold.

use crate::batch::Batch;
use crate::gate::{Act, ActKind};
use kernel::journal::{self, Entry, Rows, Table};
use kernel::merkle::{Encoder, Hash, Tree};
use kernel::{Error, Id, Row, Scope, Timestamp, statements};
use std::fmt::Write;
use std::ops::Range;

statements! {
    INSERT = "batch_act.insert": "INSERT INTO batch_act (id, batch, kind, number, at, act) VALUES ($1, $2, $3, $4, $5, $6)";
    OF_BATCH = "batch_act.of_batch":
        "SELECT id, batch, kind, number, at, act FROM batch_act WHERE batch = $1 AND id > $2 ORDER BY id LIMIT $3";
    COUNT_OF = "batch_act.count_of": "SELECT COUNT(*) FROM batch_act WHERE batch = $1";
    RANGE = "batch_act.range":
        "SELECT id, batch, kind, number, at, act FROM batch_act WHERE id >= $1 AND id < $2 ORDER BY id";
    COUNT = "batch_act.count": "SELECT COUNT(*) FROM batch_act";
}

const ACT_COLUMN: &str = "batch_act.act";
/// Acts that are read at a time.
const PAGE: usize = kernel::failpoint::chunk(10_000, 2);

/// What is sealed of an act: by whom, and why; and which payments were tried again, each by how far it is from the one before.
fn written(act: &Act) -> String {
    let mut text = format!("{}\n{}", act.by, act.why);
    let mut before = 0;
    for (at, number) in act.tried.iter().enumerate() {
        let _ = write!(text, "{}{}", if at == 0 { '\n' } else { ' ' }, number - before);
        before = *number;
    }
    text
}

/// By whom, why, and which payments were tried again.
fn parse(text: &str) -> Option<(&str, &str, Vec<i64>)> {
    let mut lines = text.splitn(3, '\n');
    let (by, why) = (lines.next()?, lines.next()?);
    let mut before = 0_i64;
    let far = lines.next().into_iter().flat_map(|tried| tried.split(' '));
    let number = |far: &str| {
        before = before.checked_add(far.parse().ok()?)?;
        Some(before)
    };
    Some((by, why, far.map(number).collect::<Option<_>>()?))
}

/// Adds acts about a batch, in their order.
pub(crate) fn insert_many(scope: &Scope<'_>, batch: Id<Batch>, acts: &[Act], entry: Entry) -> Result<Rows, Error> {
    let (mut encoder, mut tree) = (Encoder::default(), Tree::default());
    for (ordinal, act) in acts.iter().enumerate() {
        let id: Id<Act> = entry.row(ordinal)?;
        let text = written(act);
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
    let (by, why, tried) = std::str::from_utf8(&opened).ok().and_then(parse).ok_or_else(|| row.broken(5))?;
    let act = Act {
        kind: ActKind::from_code(row.int(2)?).ok_or_else(|| row.broken(2))?,
        number: row.optional_int(3)?,
        tried,
        at: Timestamp::from_micros(row.int(4)?),
        by: by.to_owned(),
        why: why.to_owned(),
    };
    Ok(Recorded { id, batch: Id::new(row.int(1)?), act, text: opened.to_vec() })
}

/// All that was done about a batch, in order.
pub(crate) fn of_batch(scope: &Scope<'_>, batch: Id<Batch>) -> Result<Vec<Act>, Error> {
    let (mut acts, mut last, mut is_more) = (Vec::new(), i64::MIN, true);
    // However many there are: what stops a payment may be the last of them.
    while is_more {
        let before = acts.len();
        scope.tx.each(&OF_BATCH, &[batch.into(), last.into(), (PAGE as i64).into()], |row| {
            let Recorded { id, act, .. } = read(scope, row)?;
            last = id.number();
            acts.push(act);
            Ok(())
        })?;
        is_more = acts.len() - before == PAGE;
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_of_an_act_is_read_again() {
        let check = |why: &str, tried: &[i64], expected: &str| {
            let (kind, at, why) = (ActKind::TriedAgain, Timestamp::from_micros(0), why.to_owned());
            let act = Act { kind, number: None, tried: tried.to_vec(), at, by: "operator:anna".to_owned(), why };
            let text = written(&act);
            assert_eq!(text, expected);
            assert_eq!(parse(&text), Some((&*act.by, &*act.why, act.tried.clone())));
        };
        check("so", &[], "operator:anna\nso");
        check("", &[0], "operator:anna\n\n0");
        check("", &[3, 4, 1_000_000], "operator:anna\n\n3 1 999996");
        for broken in ["", "anna", "anna\nso\n", "anna\nso\n1  2", "anna\nso\n1 x"] {
            assert_eq!(parse(broken), None, "{broken}");
        }
        // Of every payment of a large file it is some rows.
        let all: Vec<i64> = (0..10_000).map(|number| number * 100 + 7).collect();
        let act = Act {
            kind: ActKind::TriedAgain,
            number: None,
            tried: all,
            at: Timestamp::from_micros(0),
            by: String::new(),
            why: String::new(),
        };
        assert!(written(&act).len() < 64 << 10);
    }
}

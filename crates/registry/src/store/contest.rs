//! Whose accounts are contested, and what became of that.

use crate::contest::{Contests, Turn};
use crate::store;
use kernel::journal::{self, Entry, Rows, Table};
use kernel::merkle::{Encoder, Hash, Tree};
use kernel::{Blind, Error, Id, Row, Scope, Timestamp, Tx, statements};
use std::ops::Range;

statements! {
    INSERT = "contest.insert": "INSERT INTO contest (id, payee, turn, at) VALUES ($1, $2, $3, $4)";
    OF_PAYEE = "contest.of_payee": "SELECT id, payee, turn, at FROM contest WHERE payee = $1 ORDER BY id LIMIT 1000";
    RANGE = "contest.range": "SELECT id, payee, turn, at FROM contest WHERE id >= $1 AND id < $2 ORDER BY id";
    COUNT = "contest.count": "SELECT COUNT(*) FROM contest";
}

/// What became of one payee's accounts by one entry.
pub(crate) struct Turned {
    pub(crate) id: Id<Turned>,
    pub(crate) payee: Blind,
    pub(crate) turn: Turn,
    pub(crate) at: Timestamp,
}

fn read(row: &Row<'_>) -> Result<Turned, Error> {
    Ok(Turned {
        id: Id::new(row.int(0)?),
        payee: Blind::from_bytes(row.array(1)?),
        turn: Turn::from_code(row.int(2)?).ok_or_else(|| row.broken(2))?,
        at: Timestamp::from_micros(row.int(3)?),
    })
}

/// When a payee's accounts were contested.
pub(crate) fn of(tx: &Tx<'_>, payee: &Blind) -> Result<Contests, Error> {
    let mut turns = Vec::new();
    tx.each(&OF_PAYEE, &[payee.into()], |row| {
        let Turned { turn, at, .. } = read(row)?;
        turns.push((turn, at));
        Ok(())
    })?;
    Ok(Contests::of(turns))
}

/// Notes what becomes of a payee's accounts; nothing where it is so already. What waits is looked at anew.
pub(crate) fn turn(scope: &Scope<'_>, entry: Entry, payee: &Blind, turn: Turn) -> Result<Option<Rows>, Error> {
    let begins = turn == Turn::Begun;
    if of(scope.tx, payee)?.open().is_some() == begins {
        return Ok(None);
    }
    let turned = Turned { id: entry.row(0)?, payee: *payee, turn, at: entry.at };
    scope.tx.run(&INSERT, &[turned.id.into(), payee.into(), turn.code().into(), turned.at.into()])?;
    store::payee::set_contested(scope.tx, payee, begins.then_some(turned.id))?;
    store::proposal::look_again(scope.tx, Some(payee), entry.at)?;
    let mut tree = Tree::default();
    tree.push(leaf(&turned));
    Ok(Some(Rows::of(ContestTable.name(), &tree)))
}

/// All of them, in order.
pub(crate) fn links(tx: &Tx<'_>, mut found: impl FnMut(Turned)) -> Result<(), Error> {
    tx.each(&RANGE, &journal::row_range(0..journal::ENTRIES_MAX), |row| {
        found(read(row)?);
        Ok(())
    })
}

fn leaf(turned: &Turned) -> Hash {
    Encoder::default()
        .start(ContestTable.name())
        .int(turned.id.number())
        .bytes(turned.payee.as_bytes())
        .int(turned.turn.code())
        .int(turned.at.micros())
        .leaf()
}

pub(crate) struct ContestTable;

impl Table for ContestTable {
    fn name(&self) -> &'static str {
        "contest"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        scope.tx.each(&RANGE, &journal::row_range(entries), |row| {
            let turned = read(row)?;
            visit(journal::entry_of(turned.id.number()), leaf(&turned))
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT)
    }
}

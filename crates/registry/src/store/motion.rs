//! Motions, and how somebody ended that they wait.

use crate::motion::{Ending, Kind, Motion, State, first_waiting};
use kernel::journal::{self, Entry, Rows, Table};
use kernel::merkle::{Encoder, Hash, Tree};
use kernel::{Error, Id, Row, Scope, Timestamp, statements};
use std::ops::Range;

statements! {
    INSERT = "motion.insert":
        "INSERT INTO motion (id, entry, kind, base, until, content) VALUES ($1, $2, $3, $4, $5, $6)";
    FIND = "motion.find":
        "SELECT m.id, m.entry, m.kind, m.base, m.until, m.content, e.state, e.entry, e.why
         FROM motion m LEFT JOIN motion_ending e ON e.motion = m.id WHERE m.id = $1";
    WAITING = "motion.waiting":
        "SELECT m.id, m.entry, m.kind, m.base, m.until, m.content, e.state, e.entry, e.why
         FROM motion m LEFT JOIN motion_ending e ON e.motion = m.id
         WHERE m.id > $1 AND m.until > $2 AND m.kind = $3 AND e.motion IS NULL ORDER BY m.id LIMIT $4";
    RANGE = "motion.range":
        "SELECT id, entry, kind, base, until, content FROM motion WHERE entry >= $1 AND entry < $2 ORDER BY entry";
    COUNT = "motion.count": "SELECT COUNT(*) FROM motion";
    INSERT_ENDING = "motion_ending.insert":
        "INSERT INTO motion_ending (motion, entry, state, why) VALUES ($1, $2, $3, $4)";
    ENDING_RANGE = "motion_ending.range":
        "SELECT motion, entry, state, why FROM motion_ending WHERE entry >= $1 AND entry < $2 ORDER BY entry";
    COUNT_ENDINGS = "motion_ending.count": "SELECT COUNT(*) FROM motion_ending";
}

const CONTENT_COLUMN: &str = "motion.content";
const WHY_COLUMN: &str = "motion_ending.why";

/// A motion, and what became of it.
pub struct Found {
    pub(crate) motion: Motion,
    /// The entry that recorded it.
    pub(crate) entry: i64,
    pub(crate) ended: Option<Ended>,
}

/// How somebody ended that a motion waits.
pub(crate) struct Ended {
    pub(crate) ending: Ending,
    /// The entry that recorded it.
    pub(crate) entry: i64,
    /// Why, where it was refused.
    pub(crate) why: Option<String>,
}

impl Found {
    /// Where it stands.
    pub(crate) fn state(&self, now: Timestamp) -> State {
        State::of(self.motion.until, self.ended.as_ref().map(|ended| ended.ending), now)
    }
}

/// Adds a motion.
pub(crate) fn insert(scope: &Scope<'_>, entry: Entry, motion: &Motion) -> Result<Rows, Error> {
    let text = motion.to_text();
    let sealed = scope.vault.seal(CONTENT_COLUMN, motion.id, text.as_bytes())?;
    let kind = motion.kind.code().into();
    let values =
        [motion.id.into(), entry.number().into(), kind, motion.base.into(), motion.until.into(), (&sealed).into()];
    scope.tx.run(&INSERT, &values)?;
    let mut tree = Tree::default();
    tree.push(leaf(motion));
    Ok(Rows::of(MotionTable.name(), &tree))
}

/// Ends that a motion waits.
pub(crate) fn end(
    scope: &Scope<'_>,
    entry: Entry,
    motion: Id<Motion>,
    ending: Ending,
    why: Option<&str>,
) -> Result<Rows, Error> {
    let sealed = why.map(|why| scope.vault.seal(WHY_COLUMN, motion, why.as_bytes())).transpose()?;
    let values = [motion.into(), entry.number().into(), ending.code().into(), sealed.as_ref().into()];
    scope.tx.run(&INSERT_ENDING, &values)?;
    let mut tree = Tree::default();
    tree.push(ending_leaf(motion, ending, why));
    Ok(Rows::of(MotionEndingTable.name(), &tree))
}

/// The motion of this id.
pub(crate) fn find(scope: &Scope<'_>, id: Id<Motion>) -> Result<Option<Found>, Error> {
    scope.tx.optional(&FIND, &[id.into()], |row| read(scope, row))
}

/// What waits of a kind at a moment, the oldest first: at most `limit` after the one of this id.
pub(crate) fn waiting(
    scope: &Scope<'_>,
    kind: Kind,
    now: Timestamp,
    after: Option<i64>,
    limit: i64,
) -> Result<Vec<Found>, Error> {
    let mut found = Vec::new();
    // None that still waits is older.
    let after = after.unwrap_or(i64::MIN).max(first_waiting(now).number() - 1);
    scope.tx.each(&WAITING, &[after.into(), now.into(), kind.code().into(), limit.into()], |row| {
        found.push(read(scope, row)?);
        Ok(())
    })?;
    Ok(found)
}

/// Reads a motion from the first six columns of a row.
fn read_motion(scope: &Scope<'_>, row: &Row<'_>) -> Result<Motion, Error> {
    let id = Id::new(row.int(0)?);
    let opened = scope.vault.open(CONTENT_COLUMN, id, row.bytes(5)?)?;
    let text = std::str::from_utf8(&opened).ok().and_then(Motion::from_text);
    let (reason, content) = text.ok_or_else(|| row.broken(5))?;
    Ok(Motion {
        id,
        kind: Kind::from_code(row.int(2)?).ok_or_else(|| row.broken(2))?,
        base: row.optional_int(3)?,
        until: Timestamp::from_micros(row.int(4)?),
        reason,
        content,
    })
}

fn read(scope: &Scope<'_>, row: &Row<'_>) -> Result<Found, Error> {
    let motion = read_motion(scope, row)?;
    let ended = match row.optional_int(6)? {
        None => None,
        Some(state) => {
            let ending = Ending::from_code(state).ok_or_else(|| row.broken(6))?;
            Some(Ended { ending, entry: row.int(7)?, why: read_why(scope, row, motion.id, 8)? })
        }
    };
    Ok(Found { motion, entry: row.int(1)?, ended })
}

fn read_why(scope: &Scope<'_>, row: &Row<'_>, motion: Id<Motion>, column: usize) -> Result<Option<String>, Error> {
    let Some(sealed) = row.optional_bytes(column)? else { return Ok(None) };
    let opened = scope.vault.open(WHY_COLUMN, motion, sealed)?;
    Ok(Some(String::from_utf8(opened.to_vec()).map_err(|_| row.broken(column))?))
}

fn leaf(motion: &Motion) -> Hash {
    Encoder::default()
        .start(MotionTable.name())
        .int(motion.id.number())
        .int(motion.kind.code())
        .optional_int(motion.base)
        .int(motion.until.micros())
        .bytes(motion.to_text().as_bytes())
        .leaf()
}

fn ending_leaf(motion: Id<Motion>, ending: Ending, why: Option<&str>) -> Hash {
    Encoder::default()
        .start(MotionEndingTable.name())
        .int(motion.number())
        .int(ending.code())
        .bytes(why.unwrap_or_default().as_bytes())
        .leaf()
}

pub(crate) struct MotionTable;

impl Table for MotionTable {
    fn name(&self) -> &'static str {
        "motion"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        scope.tx.each(&RANGE, &[entries.start.into(), entries.end.into()], |row| {
            visit(row.int(1)?, leaf(&read_motion(scope, row)?))
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT)
    }
}

pub(crate) struct MotionEndingTable;

impl Table for MotionEndingTable {
    fn name(&self) -> &'static str {
        "motion_ending"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        scope.tx.each(&ENDING_RANGE, &[entries.start.into(), entries.end.into()], |row| {
            let motion = Id::new(row.int(0)?);
            let ending = Ending::from_code(row.int(2)?).ok_or_else(|| row.broken(2))?;
            let why = read_why(scope, row, motion, 3)?;
            visit(row.int(1)?, ending_leaf(motion, ending, why.as_deref()))
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT_ENDINGS)
    }
}

//! Changes that were held, and how somebody ended that they wait.

use crate::designation::Channel;
use crate::pending::{Asked, Ending, PendingChange, State, first_waiting};
use crate::store;
use crate::store::designation::read_grounds;
use kernel::journal::{self, Entry, Rows, Table};
use kernel::merkle::{Encoder, Hash, Tree};
use kernel::{Blind, Domain, Error, Id, Row, Scope, Timestamp, Tx, Vault, statements};
use std::ops::Range;

statements! {
    INSERT = "pending_change.insert":
        "INSERT INTO pending_change (id, entry, payee, channel_key, expects, until, reason, consent, asked)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    FIND = "pending_change.find":
        "SELECT p.id, p.entry, p.payee, p.channel_key, p.expects, p.until, p.reason, p.consent, p.asked,
                e.state, e.entry, e.why
         FROM pending_change p LEFT JOIN pending_ending e ON e.pending = p.id WHERE p.id = $1";
    WAITING = "pending_change.waiting":
        "SELECT p.id, p.entry, p.payee, p.channel_key, p.expects, p.until, p.reason, p.consent, p.asked,
                e.state, e.entry, e.why
         FROM pending_change p LEFT JOIN pending_ending e ON e.pending = p.id
         WHERE p.id > $1 AND p.until > $2 AND e.pending IS NULL ORDER BY p.id LIMIT $3";
    WAITING_OF_CHANNEL = "pending_change.waiting_of_channel":
        "SELECT p.id, p.entry, p.payee, p.channel_key, p.expects, p.until, p.reason, p.consent, p.asked,
                e.state, e.entry, e.why
         FROM pending_change p LEFT JOIN pending_ending e ON e.pending = p.id
         WHERE p.channel_key = $1 AND p.id > $2 AND p.until > $3 AND e.pending IS NULL ORDER BY p.id LIMIT $4";
    RANGE = "pending_change.range":
        "SELECT id, entry, payee, channel_key, expects, until, reason, consent, asked FROM pending_change
         WHERE entry >= $1 AND entry < $2 ORDER BY entry, id";
    LINKS = "pending_change.links":
        "SELECT p.id, p.payee, p.until, e.state FROM pending_change p LEFT JOIN pending_ending e ON e.pending = p.id
         WHERE p.entry >= $1 AND p.entry < $2 ORDER BY p.entry, p.id";
    COUNT = "pending_change.count": "SELECT COUNT(*) FROM pending_change";
    INSERT_ENDING = "pending_ending.insert":
        "INSERT INTO pending_ending (pending, entry, state, why) VALUES ($1, $2, $3, $4)";
    ENDING_RANGE = "pending_ending.range":
        "SELECT pending, entry, state, why FROM pending_ending WHERE entry >= $1 AND entry < $2 ORDER BY entry";
    COUNT_ENDINGS = "pending_ending.count": "SELECT COUNT(*) FROM pending_ending";
}

const ASKED_COLUMN: &str = "pending_change.asked";
const WHY_COLUMN: &str = "pending_ending.why";

/// The blind index of who asks by a channel.
fn channel_key(vault: &Vault, channel: &Channel) -> Blind {
    vault.blind(Domain("channel"), &channel.name())
}

/// Adds changes that were held, each entry's in the order of their ids; the rows of each entry.
pub(crate) fn insert_many(scope: &Scope<'_>, new: &[(Entry, PendingChange)]) -> Result<Vec<Rows>, Error> {
    let mut encoder = Encoder::default();
    let (mut rows, mut sealed) = (Vec::new(), Vec::with_capacity(new.len()));
    for of_entry in new.chunk_by(|(one, _), (other, _)| one == other) {
        let mut tree = Tree::default();
        for (_, change) in of_entry {
            let (key, asked) = (channel_key(scope.vault, &change.asked.channel), change.asked.to_text());
            sealed.push((key, scope.vault.seal(ASKED_COLUMN, change.id, asked.as_bytes())?));
            tree.push(leaf(&mut encoder, change, &key, asked.as_bytes()));
        }
        rows.push(Rows::of(PendingTable.name(), &tree));
    }
    scope.tx.run_many(
        &INSERT,
        new.iter().zip(&sealed).map(|((entry, change), (key, asked))| {
            [
                change.id.into(),
                entry.number().into(),
                (&change.payee).into(),
                key.into(),
                change.expects.into(),
                change.until.into(),
                change.grounds.map(|grounds| grounds.reason.code()).into(),
                change.grounds.map(|grounds| grounds.consent.code()).into(),
                asked.into(),
            ]
        }),
    )?;
    Ok(rows)
}

/// A change that was held, and what became of it.
pub struct Found {
    pub(crate) change: PendingChange,
    /// The entry that recorded it.
    pub(crate) entry: i64,
    pub(crate) ended: Option<Ended>,
}

/// How somebody ended that a change waits.
pub(crate) struct Ended {
    pub(crate) ending: Ending,
    /// The entry that recorded it.
    pub(crate) entry: i64,
    /// Why, where an officer said so.
    pub(crate) why: Option<String>,
}

impl Found {
    /// Where it stands.
    pub(crate) fn state(&self, now: Timestamp) -> State {
        State::of(self.change.until, self.ended.as_ref().map(|ended| ended.ending), now)
    }
}

/// Reads a change from the first nine columns of a row, with its channel's key and the text that was sealed.
fn read_change(scope: &Scope<'_>, row: &Row<'_>) -> Result<(PendingChange, Blind, String), Error> {
    let id = Id::new(row.int(0)?);
    let opened = scope.vault.open(ASKED_COLUMN, id, row.bytes(8)?)?;
    let text = String::from_utf8(opened.to_vec()).map_err(|_| row.broken(8))?;
    let change = PendingChange {
        id,
        payee: Blind::from_bytes(row.array(2)?),
        expects: Id::new(row.int(4)?),
        until: Timestamp::from_micros(row.int(5)?),
        grounds: read_grounds(row, 6)?,
        asked: Asked::from_text(&text).ok_or_else(|| row.broken(8))?,
    };
    Ok((change, Blind::from_bytes(row.array(3)?), text))
}

fn read(scope: &Scope<'_>, row: &Row<'_>) -> Result<Found, Error> {
    let (change, ..) = read_change(scope, row)?;
    let ended = match row.optional_int(9)? {
        None => None,
        Some(state) => {
            let ending = Ending::from_code(state).ok_or_else(|| row.broken(9))?;
            Some(Ended { ending, entry: row.int(10)?, why: read_why(scope, row, change.id, 11)? })
        }
    };
    Ok(Found { change, entry: row.int(1)?, ended })
}

fn read_why(scope: &Scope<'_>, row: &Row<'_>, id: Id<PendingChange>, column: usize) -> Result<Option<String>, Error> {
    let Some(sealed) = row.optional_bytes(column)? else { return Ok(None) };
    let opened = scope.vault.open(WHY_COLUMN, id, sealed)?;
    Ok(Some(String::from_utf8(opened.to_vec()).map_err(|_| row.broken(column))?))
}

pub(crate) fn find(scope: &Scope<'_>, id: Id<PendingChange>) -> Result<Option<Found>, Error> {
    scope.tx.optional(&FIND, &[id.into()], |row| read(scope, row))
}

/// What waits at a moment, the oldest first: the next `limit` changes after the one with the id `after`, of all channels or of one.
pub(crate) fn waiting(
    scope: &Scope<'_>,
    channel: Option<&Channel>,
    after: Option<i64>,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<Found>, Error> {
    // Those before have lapsed: they need not be read.
    let after = after.unwrap_or(0).max(first_waiting(now).number());
    let mut found = Vec::new();
    let visit = |row: &Row<'_>| {
        found.push(read(scope, row)?);
        Ok(())
    };
    match channel {
        None => scope.tx.each(&WAITING, &[after.into(), now.into(), limit.into()], visit)?,
        Some(channel) => {
            let key = channel_key(scope.vault, channel);
            let values = [(&key).into(), after.into(), now.into(), limit.into()];
            scope.tx.each(&WAITING_OF_CHANNEL, &values, visit)?;
        }
    }
    Ok(found)
}

/// Ends that a change waits.
pub(crate) fn end(
    scope: &Scope<'_>,
    entry: Entry,
    change: &PendingChange,
    ending: Ending,
    why: Option<&str>,
) -> Result<Rows, Error> {
    let sealed = why.map(|why| scope.vault.seal(WHY_COLUMN, change.id, why.as_bytes())).transpose()?;
    let values = [change.id.into(), entry.number().into(), ending.code().into(), sealed.as_ref().into()];
    scope.tx.run(&INSERT_ENDING, &values)?;
    store::payee::clear_pending(scope.tx, &change.payee, change.id)?;
    let mut tree = Tree::default();
    tree.push(ending_leaf(change.id, ending, why));
    Ok(Rows::of(EndingTable.name(), &tree))
}

/// What ties changes that were held to the directory, in the order in which they were recorded: id, payee, until when it waits, and
/// whether somebody ended it.
pub(crate) fn links(
    tx: &Tx<'_>,
    mut visit: impl FnMut(i64, Blind, i64, bool) -> Result<(), Error>,
) -> Result<(), Error> {
    tx.each(&LINKS, &[0.into(), journal::ENTRIES_MAX.into()], |row| {
        visit(row.int(0)?, Blind::from_bytes(row.array(1)?), row.int(2)?, row.optional_int(3)?.is_some())
    })
}

fn leaf(encoder: &mut Encoder, change: &PendingChange, channel_key: &Blind, asked: &[u8]) -> Hash {
    encoder
        .start(PendingTable.name())
        .int(change.id.number())
        .bytes(change.payee.as_bytes())
        .bytes(channel_key.as_bytes())
        .int(change.expects.number())
        .int(change.until.micros())
        .optional_int(change.grounds.map(|grounds| grounds.reason.code()))
        .optional_int(change.grounds.map(|grounds| grounds.consent.code()))
        .bytes(asked)
        .leaf()
}

fn ending_leaf(change: Id<PendingChange>, ending: Ending, why: Option<&str>) -> Hash {
    Encoder::default()
        .start(EndingTable.name())
        .int(change.number())
        .int(ending.code())
        .bytes(why.unwrap_or_default().as_bytes())
        .leaf()
}

pub(crate) struct PendingTable;

impl Table for PendingTable {
    fn name(&self) -> &'static str {
        "pending_change"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut encoder = Encoder::default();
        scope.tx.each(&RANGE, &[entries.start.into(), entries.end.into()], |row| {
            let (change, channel_key, asked) = read_change(scope, row)?;
            visit(row.int(1)?, leaf(&mut encoder, &change, &channel_key, asked.as_bytes()))
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT)
    }
}

pub(crate) struct EndingTable;

impl Table for EndingTable {
    fn name(&self) -> &'static str {
        "pending_ending"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        scope.tx.each(&ENDING_RANGE, &[entries.start.into(), entries.end.into()], |row| {
            let change = Id::new(row.int(0)?);
            let ending = Ending::from_code(row.int(2)?).ok_or_else(|| row.broken(2))?;
            let why = read_why(scope, row, change, 3)?;
            visit(row.int(1)?, ending_leaf(change, ending, why.as_deref()))
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT_ENDINGS)
    }
}

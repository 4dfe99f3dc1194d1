//! The journal: one RFC 6962 Merkle tree over what was done.
//!
//! An entry is a number, a moment, a kind and the digest of its payload. The payload (who, what, and the roots of the rows that
//! the entry recorded) is sealed in a table of its own, behind a salt that keeps the digest from being guessed. Because every
//! recorded row belongs to exactly one entry, and the entry holds the root over its rows, the tables can be held against the
//! journal: [`verify`].

use crate::merkle::{Encoder, Hash, Tree, leaf, to_hex};
use crate::{
    Actor, Env, Error, Id, Refuse, Scope, Secrets, Statement, StoreError, Timestamp, Tx, Value, Vault, statements,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

statements! {
    INSERT_HEAD = "journal_head.insert": "INSERT INTO journal_head (id, size, peaks, at) VALUES (1, $1, $2, $3)";
    HEAD = "journal_head.find": "SELECT size, peaks, at FROM journal_head WHERE id = 1";
    SET_HEAD = "journal_head.update": "UPDATE journal_head SET size = $1, peaks = $2, at = $3 WHERE id = 1";
    INSERT_ENTRY = "journal_entry.insert": "INSERT INTO journal_entry (number, at, kind, digest) VALUES ($1, $2, $3, $4)";
    INSERT_PAYLOAD = "journal_payload.insert": "INSERT INTO journal_payload (number, sealed) VALUES ($1, $2)";
    ENTRIES = "journal_entry.range":
        "SELECT e.number, e.at, e.kind, e.digest, p.sealed
         FROM journal_entry e LEFT JOIN journal_payload p ON p.number = e.number
         WHERE e.number >= $1 AND e.number < $2 ORDER BY e.number";
    ENTRY = "journal_entry.find":
        "SELECT e.at, p.sealed FROM journal_entry e JOIN journal_payload p ON p.number = e.number WHERE e.number = $1";
    SIZE_AT = "journal_entry.size_at":
        "SELECT COALESCE((SELECT number FROM journal_entry WHERE at <= $1 ORDER BY at DESC, number DESC LIMIT 1), -1) + 1";
    DIGEST = "journal_entry.digest": "SELECT number, digest FROM journal_entry WHERE number = $1";
    MOMENT = "journal_entry.moment": "SELECT at FROM journal_entry WHERE number = $1";
    COUNT_ENTRIES = "journal_entry.count": "SELECT COUNT(*) FROM journal_entry";
    COUNT_PAYLOADS = "journal_payload.count": "SELECT COUNT(*) FROM journal_payload";
    LAST = "journal_entry.last": "SELECT COALESCE(MAX(number), -1) FROM journal_entry";
}

const PAYLOAD_COLUMN: &str = "journal_payload.sealed";
const ENTRY_FORMAT: &str = "anvis.entry.1";
const SALT_BYTES: usize = 16;
/// Rows that one entry may record in one table: what is left of an id beside the entry's number.
pub const ROWS_PER_ENTRY_MAX: usize = 1 << ROW_BITS;
const ROW_BITS: u32 = 20;
/// The end of every range of entries: more than a journal can have.
pub const ENTRIES_MAX: i64 = i64::MAX >> ROW_BITS;
/// Entries whose claims are held in memory at a time when verifying.
const VERIFY_WINDOW: u64 = 20_000;

/// The entry that is being written: its number and its moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    number: i64,
    /// When it was recorded. Never before the entry that precedes it.
    pub at: Timestamp,
}

impl Entry {
    /// Its place in the journal, from 0.
    #[must_use]
    pub const fn number(self) -> i64 {
        self.number
    }

    /// The id of the `ordinal`-th row that it records in a table: where a row stands in the journal is its name.
    ///
    /// # Errors
    /// More rows than an entry may have.
    pub fn row<T>(self, ordinal: usize) -> Result<Id<T>, Error> {
        if ordinal >= ROWS_PER_ENTRY_MAX {
            return Err(StoreError::plain("an entry recorded too many rows").into());
        }
        Ok(Id::new(self.number << ROW_BITS | ordinal as i64))
    }
}

/// The number of the entry that recorded the row with this id.
#[must_use]
pub const fn entry_of(row: i64) -> i64 {
    row >> ROW_BITS
}

/// The first id that entry `number` can give.
#[must_use]
pub const fn first_row_of(number: i64) -> i64 {
    number << ROW_BITS
}

/// The ids that `entries` can give, as the two values of a range statement.
#[must_use]
pub fn row_range(entries: Range<i64>) -> [Value<'static>; 2] {
    [first_row_of(entries.start).into(), first_row_of(entries.end).into()]
}

/// The rows that an entry recorded in one table.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Rows {
    table: Cow<'static, str>,
    count: u64,
    root: String,
}

impl Rows {
    /// What the entry will claim for `table`, given the tree over its rows.
    #[must_use]
    pub fn of(table: &'static str, tree: &Tree) -> Self {
        Self { table: Cow::Borrowed(table), count: tree.size(), root: to_hex(&tree.root()) }
    }

    /// How many rows.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }
}

#[derive(Serialize, Deserialize)]
struct Payload<'p> {
    actor: Cow<'p, str>,
    rows: Cow<'p, [Rows]>,
    facts: Cow<'p, serde_json::Value>,
}

fn head(tx: &Tx<'_>) -> Result<(Tree, Timestamp), Error> {
    tx.one(&HEAD, &[], |row| {
        let size = u64::try_from(row.int(0)?).map_err(|_| row.broken(0))?;
        let tree = Tree::resume(size, row.bytes(1)?).ok_or_else(|| row.broken(1))?;
        Ok((tree, Timestamp::from_micros(row.int(2)?)))
    })
}

/// How many entries had been recorded by `moment`: what was known then is what they recorded.
///
/// # Errors
/// The store's.
pub fn size_at(tx: &Tx<'_>, moment: Timestamp) -> Result<i64, Error> {
    tx.one(&SIZE_AT, &[moment.into()], |row| row.int(0))
}

/// The size and the root of the tree as it stands.
///
/// # Errors
/// The store's.
pub fn size_and_root(tx: &Tx<'_>) -> Result<(u64, Hash), Error> {
    let (tree, _) = head(tx)?;
    Ok((tree.size(), tree.root()))
}

pub(crate) fn start(
    tx: &Tx<'_>,
    vault: &Vault,
    synthetic: bool,
    env: &Env,
    secrets: &mut Secrets,
) -> Result<(), Error> {
    tx.run(&INSERT_HEAD, &[0.into(), b"".as_slice().into(), env.now.into()])?;
    let facts = serde_json::json!({ "synthetic": synthetic });
    let mut appender = Appender::default();
    let entry = appender.next(tx, env.now)?;
    appender.append(vault, entry, "store.create", &Actor::console(), &[], &facts, &Salt::draw(secrets)?)?;
    appender.flush(tx)
}

/// The entry that comes next. Time never runs backwards in the journal, whatever the clocks say.
///
/// # Errors
/// The store's.
pub fn next(tx: &Tx<'_>, now: Timestamp) -> Result<Entry, Error> {
    let (tree, last) = head(tx)?;
    Ok(Entry { number: number_after(&tree)?, at: now.max(last) })
}

fn number_after(tree: &Tree) -> Result<i64, Error> {
    i64::try_from(tree.size()).map_err(|_| StoreError::plain("the journal is full").into())
}

/// What keeps an entry's digest from being guessed, and makes it unlike any other. Drawn before the transaction, so that a
/// command that is run again writes the same entry.
pub struct Salt([u8; SALT_BYTES]);

impl Salt {
    /// A new one.
    ///
    /// # Errors
    /// The source of secrets failed.
    pub fn draw(secrets: &mut Secrets) -> Result<Self, Error> {
        secrets.bytes().map(Self)
    }
}

/// An entry that was appended, if its transaction was committed.
pub(crate) struct Appended {
    number: i64,
    digest: Hash,
}

/// Whether the journal holds this very entry.
pub(crate) fn holds(tx: &Tx<'_>, appended: &Appended) -> Result<bool, Error> {
    let digest = tx.optional(&DIGEST, &[appended.number.into()], |row| row.array(1))?;
    Ok(digest == Some(appended.digest))
}

/// Appends entries in one transaction. The head is read once, inside it; entries and head are written when they are flushed.
#[derive(Default)]
pub(crate) struct Appender {
    head: Option<(Tree, Timestamp)>,
    /// The entry after the last one that was given out.
    next: i64,
    waiting: Vec<Waiting>,
}

/// An entry that is not written yet.
struct Waiting {
    entry: Entry,
    kind: &'static str,
    digest: Hash,
    sealed: Vec<u8>,
}

impl Appender {
    /// Gives out the next entry. All that are given out are to be appended, in their order.
    pub(crate) fn next(&mut self, tx: &Tx<'_>, now: Timestamp) -> Result<Entry, Error> {
        let (tree, last) = match &mut self.head {
            Some(head) => head,
            head => head.insert(self::head(tx)?),
        };
        let next = number_after(tree)?;
        let entry = Entry { number: next.max(self.next), at: now.max(*last) };
        *last = entry.at;
        self.next = entry.number + 1;
        Ok(entry)
    }

    /// Appends an entry.
    #[expect(clippy::too_many_arguments, reason = "what an entry is made of")]
    pub(crate) fn append(
        &mut self,
        vault: &Vault,
        entry: Entry,
        kind: &'static str,
        actor: &Actor,
        rows: &[Rows],
        facts: &serde_json::Value,
        salt: &Salt,
    ) -> Result<Appended, Error> {
        let Some((tree, _)) = self.head.as_mut().filter(|(tree, _)| number_after(tree).ok() == Some(entry.number))
        else {
            return Err(StoreError::plain("an entry was appended out of its turn").into());
        };
        let payload = Payload { actor: actor.name().into(), rows: rows.into(), facts: Cow::Borrowed(facts) };
        let mut content = salt.0.to_vec();
        serde_json::to_writer(&mut content, &payload)
            .map_err(|error| StoreError::new("a journal entry could not be written", error))?;
        let digest: Hash = Sha256::digest(&content).into();
        let sealed = vault.seal(PAYLOAD_COLUMN, Id::<Entry>::new(entry.number), &content)?;
        tree.push(entry_leaf(entry.number, entry.at, kind, &digest));
        self.waiting.push(Waiting { entry, kind, digest, sealed });
        Ok(Appended { number: entry.number, digest })
    }

    /// Writes what was appended, and moves the head.
    pub(crate) fn flush(&mut self, tx: &Tx<'_>) -> Result<(), Error> {
        let Some((tree, last)) = self.head.as_ref().filter(|_| !self.waiting.is_empty()) else { return Ok(()) };
        let size = number_after(tree)?;
        if size != self.next {
            return Err(StoreError::plain("an entry was given out and not appended").into());
        }
        tx.run_many(
            &INSERT_ENTRY,
            self.waiting.iter().map(|Waiting { entry, kind, digest, .. }| {
                [entry.number.into(), entry.at.into(), (*kind).into(), digest.as_slice().into()]
            }),
        )?;
        tx.run_many(
            &INSERT_PAYLOAD,
            self.waiting.iter().map(|waiting| [waiting.entry.number.into(), Value::Bytes(&waiting.sealed)]),
        )?;
        tx.run(&SET_HEAD, &[size.into(), (&tree.peaks()).into(), (*last).into()])?;
        self.waiting.clear();
        Ok(())
    }
}

fn entry_leaf(number: i64, at: Timestamp, kind: &str, digest: &Hash) -> Hash {
    Encoder::default().start(ENTRY_FORMAT).int(number).int(at.micros()).text(kind).bytes(digest).leaf()
}

fn open_payload(scope: &Scope<'_>, number: i64, sealed: &[u8]) -> Result<Vec<u8>, Error> {
    Ok(scope.vault.open(PAYLOAD_COLUMN, Id::<Entry>::new(number), sealed)?.to_vec())
}

fn read_payload(content: &[u8]) -> Option<Payload<'static>> {
    serde_json::from_slice(content.get(SALT_BYTES..)?).ok()
}

/// When an entry was recorded, who gave its command, and its facts.
pub struct Account {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// What.
    pub facts: serde_json::Value,
}

/// Reads one entry.
///
/// # Errors
/// There is none of that number, or the store is damaged.
pub fn read(scope: &Scope<'_>, number: i64) -> Result<Account, Error> {
    let (at, sealed) = scope.tx.one(&ENTRY, &[number.into()], |row| Ok((row.int(0)?, row.bytes(1)?.to_vec())))?;
    let payload = read_payload(&open_payload(scope, number, &sealed)?)
        .ok_or_else(|| StoreError::broken("journal_payload", "sealed", number))?;
    Ok(Account { at: Timestamp::from_micros(at), actor: payload.actor.into_owned(), facts: payload.facts.into_owned() })
}

/// When entries were recorded, by their sorted numbers; `found` gets the place of each number.
///
/// # Errors
/// Those of `found`, or the store's.
pub fn moments(
    tx: &Tx<'_>,
    numbers: impl IntoIterator<Item = i64>,
    mut found: impl FnMut(usize, Timestamp) -> Result<(), Error>,
) -> Result<(), Error> {
    let numbers = numbers.into_iter().map(Value::from);
    tx.look_up(&MOMENT, numbers, |at, row| found(at, Timestamp::from_micros(row.int(0)?)))
}

/// A table whose rows the journal answers for.
pub trait Table: Sync {
    /// Its name, as entries claim rows of it.
    fn name(&self) -> &'static str;

    /// Visits the rows that the given entries recorded, by entry and in the order they were recorded, with the leaf over each
    /// row's plain content.
    ///
    /// # Errors
    /// The store's: a value that does not open is damage.
    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error>;

    /// How many rows it has in all, but for those that are staged and that nobody can see: a row that no entry recorded would
    /// not be visited.
    ///
    /// # Errors
    /// The store's.
    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error>;
}

/// Counts the rows that a statement counts.
///
/// # Errors
/// The store's.
pub fn count_rows(scope: &Scope<'_>, statement: &'static Statement) -> Result<u64, Error> {
    let count = scope.tx.one(statement, &[], |row| row.int(0))?;
    u64::try_from(count).map_err(|_| StoreError::plain("a table cannot have fewer rows than none").into())
}

/// What [`verify`] found wrong.
#[derive(Debug, PartialEq, Eq)]
pub struct Mismatch(pub String);

impl Refuse for Mismatch {
    fn code(&self) -> &'static str {
        "journal.mismatch"
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A head that somebody kept: the journal must still begin with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// How many entries.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
}

/// Computes the tree again from its entries, opens every payload, and holds every row of `tables` against the root that its
/// entry claims. With `expected`, the journal must begin with the head that somebody kept.
///
/// # Errors
/// [`Mismatch`], naming what does not agree; or the store's.
pub fn verify(
    scope: &Scope<'_>,
    tables: &[&dyn Table],
    expected: Option<Head>,
    progress: &mut dyn FnMut(u64),
) -> Result<Head, Error> {
    scope.tx.wait_as_long_as_it_takes()?;
    let (kept, last_at) = head(scope.tx)?;
    let mut tree = Tree::default();
    let mut former_at = Timestamp::from_micros(i64::MIN);
    let check_expected = |tree: &Tree| match expected {
        Some(head) if head.size == tree.size() && head.root != tree.root() => {
            Err(Mismatch(format!("the first {} entries are not those of the expected root", head.size)))
        }
        _ => Ok(()),
    };
    check_expected(&tree)?;
    let entries = u64::try_from(scope.tx.one(&LAST, &[], |row| row.int(0))? + 1).unwrap_or(0);
    let mut first = 0;
    let mut visited = vec![0; tables.len()];
    while first < entries {
        let last = entries.min(first + VERIFY_WINDOW);
        let window = first as i64..last as i64;
        let mut claims = BTreeMap::new();
        scope.tx.each(&ENTRIES, &[window.start.into(), window.end.into()], |row| {
            let number = row.int(0)?;
            let at = Timestamp::from_micros(row.int(1)?);
            let digest: Hash = row.array(3)?;
            if u64::try_from(number) != Ok(tree.size()) {
                return Err(Mismatch(format!("entry {} is missing", tree.size())).into());
            }
            if at < former_at {
                return Err(Mismatch(format!("entry {number} is dated before the one that precedes it")).into());
            }
            former_at = at;
            let sealed =
                row.optional_bytes(4)?.ok_or_else(|| Mismatch(format!("the content of entry {number} is missing")))?;
            let content = open_payload(scope, number, sealed)
                .map_err(|_| Mismatch(format!("the content of entry {number} cannot be opened")))?;
            if <Hash>::from(Sha256::digest(&content)) != digest {
                return Err(Mismatch(format!("the content of entry {number} is not what was entered")).into());
            }
            let payload = read_payload(&content)
                .ok_or_else(|| Mismatch(format!("the content of entry {number} cannot be read")))?;
            // An entry that recorded nothing in a table has no rows there to find.
            let claimed = payload.rows.iter().filter(|rows| rows.count > 0);
            claims.extend(claimed.map(|rows| ((rows.table.to_string(), number), rows.clone())));
            tree.push(entry_leaf(number, at, row.text(2)?, &digest));
            check_expected(&tree)?;
            Ok(())
        })?;
        for (table, visited) in tables.iter().zip(&mut visited) {
            *visited += verify_table(scope, *table, window.clone(), &mut claims)?;
        }
        if let Some(((table, number), _)) = claims.first_key_value() {
            return Err(Mismatch(format!("entry {number} recorded rows in {table} that are not there")).into());
        }
        first = last;
        progress(first);
    }
    for (table, visited) in tables.iter().zip(visited) {
        let count = table.count(scope)?;
        if count != visited {
            let name = table.name();
            return Err(
                Mismatch(format!("{name} has {count} rows, and the journal's entries recorded {visited}")).into()
            );
        }
    }
    let (rows, payloads) = (count_rows(scope, &COUNT_ENTRIES)?, count_rows(scope, &COUNT_PAYLOADS)?);
    let size = tree.size();
    if rows != size {
        return Err(Mismatch(format!("there are {rows} rows of entries, and {size} entries")).into());
    }
    if payloads != size {
        return Err(Mismatch(format!("there are {payloads} contents of entries, and {size} entries")).into());
    }
    if tree != kept || former_at != last_at {
        return Err(
            Mismatch(format!("the head says {} entries, and the journal has {}", kept.size(), tree.size())).into()
        );
    }
    if let Some(head) = expected.filter(|head| head.size > tree.size()) {
        return Err(Mismatch(format!("the journal has {} entries; {} were expected", tree.size(), head.size)).into());
    }
    Ok(Head { size: tree.size(), root: tree.root() })
}

fn verify_table(
    scope: &Scope<'_>,
    table: &dyn Table,
    entries: Range<i64>,
    claims: &mut BTreeMap<(String, i64), Rows>,
) -> Result<u64, Error> {
    let name = table.name();
    let mut visited = 0;
    let mut current: Option<(i64, Tree)> = None;
    let mut close = |done: Option<(i64, Tree)>| -> Result<(), Error> {
        let Some((number, tree)) = done else { return Ok(()) };
        let claimed = claims.remove(&(name.to_owned(), number));
        if claimed.is_some_and(|rows| rows.count == tree.size() && rows.root == to_hex(&tree.root())) {
            return Ok(());
        }
        Err(Mismatch(format!("the rows of {name} that entry {number} recorded are not what was entered")).into())
    };
    let result = table.visit(scope, entries, &mut |number, row| {
        visited += 1;
        if current.as_ref().is_none_or(|(current, _)| *current != number) {
            close(current.replace((number, Tree::default())))?;
        }
        if let Some((_, tree)) = &mut current {
            tree.push(row);
        }
        Ok(())
    });
    // A value that does not open, or makes no sense, was edited or swapped.
    result.map_err(|error| match error {
        Error::Store(error) if error.is_damage() => Mismatch(format!("{name}: {error}")).into(),
        other => other,
    })?;
    close(current)?;
    Ok(visited)
}

/// The root over a list that is entered by its root alone, such as a file's refusals.
#[must_use]
pub fn list_root(items: impl IntoIterator<Item = impl AsRef<[u8]>>) -> String {
    let mut tree = Tree::default();
    for item in items {
        tree.push(leaf(item.as_ref()));
    }
    to_hex(&tree.root())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_bytes_stop_the_reader_of_payloads(bytes: Vec<u8>, text in "[{}\\[\\]\":,a-z0-9 ]{0,60}") {
            let _ = read_payload(&bytes);
            let salted = [&[0; SALT_BYTES], text.as_bytes()].concat();
            let _ = read_payload(&salted);
        }
    }

    #[test]
    fn payloads_read_back() {
        let facts = serde_json::json!({ "name": "Søren \"S\"", "count": 7 });
        let rows = [Rows { table: "thing".into(), count: 3, root: "00".repeat(32) }];
        let payload = Payload { actor: "operator:anna".into(), rows: rows[..].into(), facts: Cow::Borrowed(&facts) };
        let salted = [&[7; SALT_BYTES], serde_json::to_vec(&payload).unwrap().as_slice()].concat();
        let read = read_payload(&salted).unwrap();
        assert_eq!((read.actor.as_ref(), read.facts.as_ref()), ("operator:anna", &facts));
        assert_eq!((read.rows[0].table.as_ref(), read.rows[0].count), ("thing", 3));
        assert!(read_payload(&salted[..SALT_BYTES - 1]).is_none());
    }

    #[test]
    fn ids_tell_the_entry_that_recorded_them() {
        let entry = Entry { number: 12, at: Timestamp::from_micros(0) };
        let last = entry.row::<()>(ROWS_PER_ENTRY_MAX - 1).unwrap();
        assert_eq!((entry_of(entry.row::<()>(0).unwrap().number()), entry_of(last.number())), (12, 12));
        assert_eq!(first_row_of(13), last.number() + 1);
        assert!(entry.row::<()>(ROWS_PER_ENTRY_MAX).is_err());
    }
}

//! Lawful collectors, every version.

use crate::account;
use crate::collector::{Collector, CollectorVersion, Registered, counts};
use crate::day;
use crate::motion::Motion;
use crate::store;
use jiff::civil::Date;
use kernel::journal::{self, Entry, Rows, Table};
use kernel::merkle::{Encoder, Hash, Tree};
use kernel::{Blind, Error, Id, Row, Scope, statements};
use std::ops::Range;

statements! {
    INSERT = "collector.insert":
        "INSERT INTO collector (id, collector, motion, account_key, ended, review_by, record)
         VALUES ($1, $2, $3, $4, $5, $6, $7)";
    BY_ACCOUNT = "collector.by_account":
        "SELECT id, collector, motion, ended, record FROM collector WHERE account_key = $1 ORDER BY id DESC LIMIT 1";
    TERMS = "collector.terms":
        "SELECT id, ended, review_by FROM collector WHERE account_key = $1 ORDER BY id DESC LIMIT 1";
    BY_MOTION = "collector.by_motion":
        "SELECT n.id, n.collector, n.motion, n.ended, n.record FROM collector c JOIN collector n ON n.collector = c.collector
         WHERE c.motion = $1 ORDER BY n.id DESC LIMIT 1";
    PAGE = "collector.page":
        "SELECT c.id, c.collector, c.motion, c.ended, c.record FROM collector c
         WHERE c.collector > $1 AND NOT EXISTS (SELECT n.id FROM collector n WHERE n.collector = c.collector AND n.id > c.id)
         ORDER BY c.collector LIMIT $2";
    RANGE = "collector.range":
        "SELECT id, collector, motion, account_key, ended, review_by, record FROM collector
         WHERE id >= $1 AND id < $2 ORDER BY id";
    COUNT = "collector.count": "SELECT COUNT(*) FROM collector";
    TO_REMIND = "collector.to_remind":
        "SELECT c.id, c.collector, c.motion, c.ended, c.record FROM collector c
         WHERE c.review_by >= $1 AND c.review_by <= $2 AND NOT c.ended
             AND NOT EXISTS (SELECT n.id FROM collector n WHERE n.collector = c.collector AND n.id > c.id)
             AND NOT EXISTS (SELECT r.id FROM collector_reminder r WHERE r.version = c.id)
         ORDER BY c.id LIMIT $3";
    INSERT_REMINDER = "collector_reminder.insert": "INSERT INTO collector_reminder (id, version) VALUES ($1, $2)";
    REMINDER = "collector_reminder.of_version": "SELECT id FROM collector_reminder WHERE version = $1 ORDER BY id LIMIT 1";
    REMINDER_RANGE = "collector_reminder.range":
        "SELECT id, version FROM collector_reminder WHERE id >= $1 AND id < $2 ORDER BY id";
    COUNT_REMINDERS = "collector_reminder.count": "SELECT COUNT(*) FROM collector_reminder";
}

const RECORD_COLUMN: &str = "collector.record";

/// Reads `id, collector, motion, ended, record`.
fn read(scope: &Scope<'_>, row: &Row<'_>) -> Result<Registered, Error> {
    let version: Id<CollectorVersion> = Id::new(row.int(0)?);
    let opened = scope.vault.open(RECORD_COLUMN, version, row.bytes(4)?)?;
    let collector = std::str::from_utf8(&opened).ok().and_then(Collector::from_text).ok_or_else(|| row.broken(4))?;
    Ok(Registered {
        id: Id::new(row.int(1)?),
        version,
        motion: row.optional_int(2)?.map(Id::new),
        is_ended: row.bool(3)?,
        collector,
    })
}

/// Who has an account in the register, or had it last.
pub(crate) fn holder(scope: &Scope<'_>, account: &Blind) -> Result<Option<Registered>, Error> {
    scope.tx.optional(&BY_ACCOUNT, &[account.into()], |row| read(scope, row))
}

/// Whether an account is that of a collector who counts today.
pub(crate) fn is_approved(scope: &Scope<'_>, account: &Blind, today: Date) -> Result<bool, Error> {
    let approved = scope.tx.optional(&TERMS, &[account.into()], |row| {
        let review_by = day::read(row.int(2)?).ok_or_else(|| row.broken(2))?;
        Ok(!row.bool(1)? && counts(review_by, today))
    })?;
    Ok(approved.unwrap_or(false))
}

/// Until which date an account is an approved collector's; none of one that is nobody's in the register, or was ended.
pub(crate) fn approved_until(scope: &Scope<'_>, account: &Blind) -> Result<Option<Date>, Error> {
    let found = scope.tx.optional(&TERMS, &[account.into()], |row| {
        Ok((row.bool(1)?, day::read(row.int(2)?).ok_or_else(|| row.broken(2))?))
    })?;
    Ok(found.filter(|(is_ended, _)| !is_ended).map(|(_, review_by)| review_by))
}

/// The collector that came by a motion, or was renewed by it, as it is now.
pub(crate) fn by_motion(scope: &Scope<'_>, motion: Id<Motion>) -> Result<Option<Registered>, Error> {
    scope.tx.optional(&BY_MOTION, &[motion.into()], |row| read(scope, row))
}

/// Collectors as they are now, those that were ended too, in the order in which they were proposed: at most `limit` after the one of
/// this id.
pub(crate) fn page(scope: &Scope<'_>, after: Option<i64>, limit: i64) -> Result<Vec<Registered>, Error> {
    let mut found = Vec::new();
    scope.tx.each(&PAGE, &[after.unwrap_or(-1).into(), limit.into()], |row| {
        found.push(read(scope, row)?);
        Ok(())
    })?;
    Ok(found)
}

/// Adds a version of the collector that is known by the motion `id`: by a motion, or its end.
pub(crate) fn insert(
    scope: &Scope<'_>,
    entry: Entry,
    id: Id<Motion>,
    motion: Option<Id<Motion>>,
    collector: &Collector,
) -> Result<Rows, Error> {
    let version: Id<CollectorVersion> = entry.row(0)?;
    let account_key = account::key(&collector.account, scope.vault);
    let (is_ended, review_by, text) = (motion.is_none(), day::number(collector.review_by), collector.to_text());
    let sealed = scope.vault.seal(RECORD_COLUMN, version, text.as_bytes())?;
    scope.tx.run(
        &INSERT,
        &[
            version.into(),
            id.into(),
            motion.into(),
            (&account_key).into(),
            is_ended.into(),
            review_by.into(),
            (&sealed).into(),
        ],
    )?;
    // Whose account many may have counts for changes that wait, too; theirs are not known by the account.
    store::proposal::look_again(scope.tx, None, entry.at)?;
    store::watch::touch(scope.tx, &account_key)?;
    let mut tree = Tree::default();
    let motion = motion.map(Id::number);
    tree.push(leaf(version.number(), id.number(), motion, &account_key, is_ended, review_by, text.as_bytes()));
    Ok(Rows::of(CollectorTable.name(), &tree))
}

/// Collectors who are to be looked at again by a day between two, and were not reminded of it; at most `limit`.
pub(crate) fn to_remind(scope: &Scope<'_>, from: Date, to: Date, limit: i64) -> Result<Vec<Registered>, Error> {
    let mut found = Vec::new();
    scope.tx.each(&TO_REMIND, &[day::number(from).into(), day::number(to).into(), limit.into()], |row| {
        found.push(read(scope, row)?);
        Ok(())
    })?;
    Ok(found)
}

/// Marks ids of reminders.
struct Reminder;

/// Notes that collectors were reminded.
pub(crate) fn remind_many(scope: &Scope<'_>, entry: Entry, versions: &[Id<CollectorVersion>]) -> Result<Rows, Error> {
    let (mut rows, mut tree) = (Vec::with_capacity(versions.len()), Tree::default());
    for (at, version) in versions.iter().enumerate() {
        let id = entry.row::<Reminder>(at)?.number();
        tree.push(reminder_leaf(id, version.number()));
        rows.push((id, version.number()));
    }
    scope.tx.run_many(&INSERT_REMINDER, rows.iter().map(|(id, version)| [(*id).into(), (*version).into()]))?;
    Ok(Rows::of(ReminderTable.name(), &tree))
}

/// The entry by which the collector of a version was reminded, if they were.
pub(crate) fn reminded(scope: &Scope<'_>, version: Id<CollectorVersion>) -> Result<Option<i64>, Error> {
    let found = scope.tx.optional(&REMINDER, &[version.into()], |row| row.int(0))?;
    Ok(found.map(journal::entry_of))
}

fn reminder_leaf(id: i64, version: i64) -> Hash {
    Encoder::default().start(ReminderTable.name()).int(id).int(version).leaf()
}

pub(crate) struct ReminderTable;

impl Table for ReminderTable {
    fn name(&self) -> &'static str {
        "collector_reminder"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        scope.tx.each(&REMINDER_RANGE, &journal::row_range(entries), |row| {
            visit(journal::entry_of(row.int(0)?), reminder_leaf(row.int(0)?, row.int(1)?))
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT_REMINDERS)
    }
}

fn leaf(
    version: i64,
    collector: i64,
    motion: Option<i64>,
    account_key: &Blind,
    is_ended: bool,
    review_by: i64,
    record: &[u8],
) -> Hash {
    Encoder::default()
        .start(CollectorTable.name())
        .int(version)
        .int(collector)
        .optional_int(motion)
        .bytes(account_key.as_bytes())
        .int(i64::from(is_ended))
        .int(review_by)
        .bytes(record)
        .leaf()
}

pub(crate) struct CollectorTable;

impl Table for CollectorTable {
    fn name(&self) -> &'static str {
        "collector"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        scope.tx.each(&RANGE, &journal::row_range(entries), |row| {
            let version = row.int(0)?;
            let opened = scope.vault.open(RECORD_COLUMN, Id::<CollectorVersion>::new(version), row.bytes(6)?)?;
            let (collector, motion, account_key) =
                (row.int(1)?, row.optional_int(2)?, Blind::from_bytes(row.array(3)?));
            let leaf = leaf(version, collector, motion, &account_key, row.bool(4)?, row.int(5)?, &opened);
            visit(journal::entry_of(version), leaf)
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT)
    }
}

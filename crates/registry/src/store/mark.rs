//! Marks of accounts, every version, and the appeals against them.

use crate::account;
use crate::day;
use crate::mark::{Act, AppealAct, Mark, MarkVersion, Marked};
use crate::motion::Motion;
use crate::store;
use crate::suspicion::{Reason, Suspicion};
use denmark::Account;
use jiff::civil::Date;
use kernel::journal::{self, Entry, Rows, Table};
use kernel::merkle::{Encoder, Hash, Tree};
use kernel::{Blind, Error, Id, Row, Scope, Statement, Timestamp, Tx, Value, statements};
use std::collections::BTreeMap;
use std::ops::Range;

statements! {
    INSERT = "account_mark.insert":
        "INSERT INTO account_mark (id, mark, motion, at, account_key, suspicion, reason, ended, until, account)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    BY_ACCOUNT = "account_mark.by_account":
        "SELECT id, mark, motion, at, account_key, suspicion, reason, ended, until, account FROM account_mark
         WHERE account_key = $1 ORDER BY id DESC LIMIT 1";
    BY_MOTION = "account_mark.by_motion":
        "SELECT n.id, n.mark, n.motion, n.at, n.account_key, n.suspicion, n.reason, n.ended, n.until, n.account
         FROM account_mark m JOIN account_mark n ON n.mark = m.mark WHERE m.motion = $1 ORDER BY n.id DESC LIMIT 1";
    TERMS = "account_mark.terms":
        "SELECT at, ended, until FROM account_mark WHERE account_key = $1 ORDER BY id DESC LIMIT 1";
    LAST = "account_mark.last": "SELECT COALESCE(MAX(id), 0) FROM account_mark";
    VERSIONS = "account_mark.versions": "SELECT id, motion FROM account_mark WHERE mark = $1 ORDER BY id LIMIT 1000";
    REPORTS = "account_mark.reports":
        "SELECT DISTINCT suspicion FROM account_mark WHERE mark = $1 ORDER BY suspicion LIMIT 1000";
    PAGE = "account_mark.page":
        "SELECT m.id, m.mark, m.motion, m.at, m.account_key, m.suspicion, m.reason, m.ended, m.until, m.account
         FROM account_mark m
         WHERE m.mark > $1 AND NOT EXISTS (SELECT n.id FROM account_mark n WHERE n.mark = m.mark AND n.id > m.id)
         ORDER BY m.mark LIMIT $2";
    STANDING = "account_mark.standing":
        "SELECT m.id, m.mark, m.motion, m.at, m.account_key, m.suspicion, m.reason, m.ended, m.until, m.account
         FROM account_mark m
         WHERE m.until >= $1 AND m.ended = $2 AND m.id > $3
           AND NOT EXISTS (SELECT n.id FROM account_mark n WHERE n.account_key = m.account_key AND n.id > m.id)
         ORDER BY m.id LIMIT $4";
    COUNT_STANDING = "account_mark.count_standing":
        "SELECT COUNT(*) FROM (SELECT m.id FROM account_mark m
                               WHERE m.until >= $1 AND m.ended = $2
                                 AND NOT EXISTS (SELECT n.id FROM account_mark n
                                                 WHERE n.account_key = m.account_key AND n.id > m.id)
                               LIMIT $3) AS standing";
    CHANGED = "account_mark.changed":
        "SELECT DISTINCT account_key FROM account_mark WHERE id >= $1 ORDER BY account_key";
    RANGE = "account_mark.range":
        "SELECT id, mark, motion, at, account_key, suspicion, reason, ended, until, account FROM account_mark
         WHERE id >= $1 AND id < $2 ORDER BY id";
    COUNT = "account_mark.count": "SELECT COUNT(*) FROM account_mark";
    INSERT_ACT = "mark_act.insert":
        "INSERT INTO mark_act (id, mark, number, payee, kind, at, act) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    NEWEST_ACTS = "mark_act.newest":
        "SELECT id, mark, number, payee, kind, at, act FROM mark_act WHERE mark = $1 ORDER BY id DESC LIMIT 1000";
    ACTS_OF = "mark_act.of_payee":
        "SELECT id, mark, number, payee, kind, at, act FROM mark_act WHERE mark = $1 AND payee = $2
         ORDER BY id LIMIT 1000";
    WAITING = "mark_act.waiting":
        "SELECT a.id, a.mark, a.number, a.payee, a.kind, a.at, a.act FROM mark_act a
         WHERE a.mark = $1 AND a.kind = $2 AND a.number >= $3 AND a.number <= $4
           AND NOT EXISTS (SELECT n.id FROM mark_act n WHERE n.mark = a.mark AND n.payee = a.payee AND n.id > a.id)
         ORDER BY a.id LIMIT $5";
    LAST_NUMBER = "mark_act.last_number": "SELECT COALESCE(MAX(number), 0) FROM mark_act WHERE mark = $1";
    APPEALED = "mark_act.appealed":
        "SELECT DISTINCT a.mark FROM mark_act a
         WHERE a.mark > $1 AND a.kind = $2
           AND NOT EXISTS (SELECT n.id FROM mark_act n WHERE n.mark = a.mark AND n.payee = a.payee AND n.id > a.id)
         ORDER BY a.mark LIMIT $3";
    ACT_RANGE = "mark_act.range":
        "SELECT id, mark, number, payee, kind, at, act FROM mark_act WHERE id >= $1 AND id < $2 ORDER BY id";
    COUNT_ACTS = "mark_act.count": "SELECT COUNT(*) FROM mark_act";
}

const ACCOUNT_COLUMN: &str = "account_mark.account";
const ACT_COLUMN: &str = "mark_act.act";
/// Rows that are in memory at a time.
const PAGE_ROWS: i64 = 1000;

fn read(scope: &Scope<'_>, row: &Row<'_>) -> Result<Mark, Error> {
    let version: Id<MarkVersion> = Id::new(row.int(0)?);
    let opened = scope.vault.open(ACCOUNT_COLUMN, version, row.bytes(9)?)?;
    let account = std::str::from_utf8(&opened).ok().and_then(|text| Account::parse(text).ok());
    Ok(Mark {
        id: Id::new(row.int(1)?),
        version,
        motion: row.optional_int(2)?.map(Id::new),
        at: Timestamp::from_micros(row.int(3)?),
        suspicion: Id::new(row.int(5)?),
        reason: Reason::from_code(row.int(6)?).ok_or_else(|| row.broken(6))?,
        is_ended: row.bool(7)?,
        until: day::read(row.int(8)?).ok_or_else(|| row.broken(8))?,
        account: account.ok_or_else(|| row.broken(9))?,
    })
}

/// The mark that an account has, or had last.
pub(crate) fn of_account(scope: &Scope<'_>, account: &Blind) -> Result<Option<Mark>, Error> {
    scope.tx.optional(&BY_ACCOUNT, &[account.into()], |row| read(scope, row))
}

/// The mark that came by a motion, or was prolonged by it, as it is now.
pub(crate) fn by_motion(scope: &Scope<'_>, motion: Id<Motion>) -> Result<Option<Mark>, Error> {
    scope.tx.optional(&BY_MOTION, &[motion.into()], |row| read(scope, row))
}

/// The newest version of any mark; 0 where there never was one.
pub(crate) fn last(tx: &Tx<'_>) -> Result<i64, Error> {
    tx.one(&LAST, &[], |row| row.int(0))
}

/// The marks of accounts by their sorted keys, those that nobody has ended; `found` gets the place of each key that has one. Whether it
/// has expired is for whoever knows the day.
pub(crate) fn terms_of_many<'k>(
    tx: &Tx<'_>,
    accounts: impl IntoIterator<Item = &'k Blind>,
    mut found: impl FnMut(usize, Marked),
) -> Result<(), Error> {
    tx.look_up(&TERMS, accounts.into_iter().map(Into::into), |at, row| {
        if !row.bool(1)? {
            let until = day::read(row.int(2)?).ok_or_else(|| row.broken(2))?;
            found(at, Marked { since: Timestamp::from_micros(row.int(0)?), until });
        }
        Ok(())
    })
}

/// The same of one account.
pub(crate) fn terms(tx: &Tx<'_>, account: &Blind) -> Result<Option<Marked>, Error> {
    let mut terms = None;
    terms_of_many(tx, [account], |_, of_it| terms = Some(of_it))?;
    Ok(terms)
}

/// By what a version of a mark came: the entry, and the motion where it was one.
pub(crate) struct CameBy {
    pub(crate) entry: i64,
    pub(crate) motion: Option<Id<Motion>>,
}

/// By what a mark came, was prolonged and ended.
pub(crate) fn versions(tx: &Tx<'_>, mark: Id<Motion>) -> Result<Vec<CameBy>, Error> {
    let mut found = Vec::new();
    tx.each(&VERSIONS, &[mark.into()], |row| {
        found.push(CameBy { entry: journal::entry_of(row.int(0)?), motion: row.optional_int(1)?.map(Id::new) });
        Ok(())
    })?;
    Ok(found)
}

/// The reports on whose ground a mark was set and prolonged.
pub(crate) fn reports(tx: &Tx<'_>, mark: Id<Motion>) -> Result<Vec<Id<Suspicion>>, Error> {
    let mut found = Vec::new();
    tx.each(&REPORTS, &[mark.into()], |row| {
        found.push(Id::new(row.int(0)?));
        Ok(())
    })?;
    Ok(found)
}

/// Marks as they are now, those that have ended too, in the order in which they were proposed: at most `limit` after the one of this id.
pub(crate) fn page(scope: &Scope<'_>, after: Option<i64>, limit: i64) -> Result<Vec<Mark>, Error> {
    let mut found = Vec::new();
    scope.tx.each(&PAGE, &[after.unwrap_or(-1).into(), limit.into()], |row| {
        found.push(read(scope, row)?);
        Ok(())
    })?;
    Ok(found)
}

/// Every mark that stands on a day.
pub(crate) fn standing(scope: &Scope<'_>, today: Date) -> Result<Vec<Mark>, Error> {
    let (mut found, mut after) = (Vec::<Mark>::new(), -1);
    loop {
        let before = found.len();
        let values: [Value<'_>; 4] = [day::number(today).into(), false.into(), after.into(), PAGE_ROWS.into()];
        scope.tx.each(&STANDING, &values, |row| {
            found.push(read(scope, row)?);
            Ok(())
        })?;
        match found.last().filter(|_| found.len() > before) {
            Some(last) => after = last.version.number(),
            None => return Ok(found),
        }
    }
}

/// How many marks stand on a day, counted up to `most`.
pub(crate) fn count_standing(tx: &Tx<'_>, today: Date, most: i64) -> Result<i64, Error> {
    tx.one(&COUNT_STANDING, &[day::number(today).into(), false.into(), most.into()], |row| row.int(0))
}

/// The accounts that were marked, or whose mark was changed, since the journal had so many entries.
pub(crate) fn changed_since(tx: &Tx<'_>, entries: i64) -> Result<Vec<Blind>, Error> {
    let mut found = Vec::new();
    tx.each(&CHANGED, &[journal::first_row_of(entries).into()], |row| {
        found.push(Blind::from_bytes(row.array(0)?));
        Ok(())
    })?;
    Ok(found)
}

/// A version of a mark that comes now.
pub(crate) struct NewVersion<'n> {
    pub(crate) id: Id<Motion>,
    pub(crate) motion: Option<Id<Motion>>,
    pub(crate) is_ended: bool,
    pub(crate) until: Date,
    pub(crate) reason: Reason,
    pub(crate) suspicion: Id<Suspicion>,
    pub(crate) account: &'n Account,
}

impl<'n> NewVersion<'n> {
    /// The end of a mark, by a motion or without.
    pub(crate) const fn ending(mark: &'n Mark, motion: Option<Id<Motion>>) -> Self {
        let Mark { id, until, reason, suspicion, account, .. } = mark;
        Self { id: *id, motion, is_ended: true, until: *until, reason: *reason, suspicion: *suspicion, account }
    }
}

/// Adds a version of a mark.
pub(crate) fn insert(scope: &Scope<'_>, entry: Entry, new: &NewVersion<'_>) -> Result<Rows, Error> {
    let mark = Mark {
        id: new.id,
        version: entry.row(0)?,
        motion: new.motion,
        at: entry.at,
        is_ended: new.is_ended,
        until: new.until,
        reason: new.reason,
        suspicion: new.suspicion,
        account: *new.account,
    };
    let (key, text) = (account::key(new.account, scope.vault), account::canonical(new.account));
    let sealed = scope.vault.seal(ACCOUNT_COLUMN, mark.version, text.as_bytes())?;
    scope.tx.run(
        &INSERT,
        &[
            mark.version.into(),
            mark.id.into(),
            mark.motion.into(),
            mark.at.into(),
            (&key).into(),
            mark.suspicion.into(),
            mark.reason.code().into(),
            mark.is_ended.into(),
            day::number(mark.until).into(),
            (&sealed).into(),
        ],
    )?;
    // What waits is looked at anew: it is not known by its account.
    store::proposal::look_again(scope.tx, None, entry.at)?;
    let mut tree = Tree::default();
    tree.push(leaf(&mark, &key));
    Ok(Rows::of(MarkTable.name(), &tree))
}

/// Adds what was done about a mark by its owner, or about their appeal.
pub(crate) fn add_act(scope: &Scope<'_>, entry: Entry, mark: Id<Motion>, act: &Act) -> Result<Rows, Error> {
    let id: Id<Act> = entry.row(0)?;
    let text = act_text(act);
    let sealed = scope.vault.seal(ACT_COLUMN, id, text.as_bytes())?;
    let (number, payee) = (act.number as i64, payee_bytes(act.payee.as_ref()));
    scope.tx.run(
        &INSERT_ACT,
        &[
            id.into(),
            mark.into(),
            number.into(),
            payee.into(),
            act.kind.code().into(),
            entry.at.into(),
            (&sealed).into(),
        ],
    )?;
    let mut tree = Tree::default();
    tree.push(act_leaf((id, mark, number, payee), act.kind, entry.at, text.as_bytes()));
    Ok(Rows::of(MarkActTable.name(), &tree))
}

/// What was done about a mark, in order: the newest thousand acts, and of the appeals that wait the first thousand.
pub(crate) fn acts(scope: &Scope<'_>, mark: Id<Motion>) -> Result<Vec<Act>, Error> {
    let mut acts = read_waiting(scope, mark, None, PAGE_ROWS)?;
    acts.extend(read_acts(scope, &NEWEST_ACTS, &[mark.into()])?);
    Ok(acts.into_values().collect())
}

/// All that was done about one payee's appeals.
pub(crate) fn acts_of(scope: &Scope<'_>, mark: Id<Motion>, payee: Option<&Blind>) -> Result<Vec<Act>, Error> {
    let acts = read_acts(scope, &ACTS_OF, &[mark.into(), payee_bytes(payee).into()])?;
    Ok(acts.into_values().collect())
}

/// The first appeals against a mark that nobody has decided about, or the one of a number: at most `limit`.
pub(crate) fn waiting(
    scope: &Scope<'_>,
    mark: Id<Motion>,
    number: Option<usize>,
    limit: i64,
) -> Result<Vec<Act>, Error> {
    Ok(read_waiting(scope, mark, number, limit)?.into_values().collect())
}

/// The number of the last appeal against a mark; 0 where there is none.
pub(crate) fn last_number(tx: &Tx<'_>, mark: Id<Motion>) -> Result<usize, Error> {
    tx.one(&LAST_NUMBER, &[mark.into()], |row| read_number(row, 0))
}

/// Acts by their ids.
type Acts = BTreeMap<i64, Act>;

fn read_waiting(scope: &Scope<'_>, mark: Id<Motion>, number: Option<usize>, limit: i64) -> Result<Acts, Error> {
    let number = number.map(|number| i64::try_from(number).unwrap_or(i64::MAX));
    let (first, last) = (number.unwrap_or(0), number.unwrap_or(i64::MAX));
    let appealed = AppealAct::Appealed.code().into();
    read_acts(scope, &WAITING, &[mark.into(), appealed, first.into(), last.into(), limit.into()])
}

fn read_acts(scope: &Scope<'_>, statement: &'static Statement, values: &[Value<'_>]) -> Result<Acts, Error> {
    let mut acts = Acts::new();
    scope.tx.each(statement, values, |row| {
        let text = open_act(scope, row)?;
        let (by, why) = text.split_once('\n').ok_or_else(|| row.broken(6))?;
        let act = Act {
            number: read_number(row, 2)?,
            kind: read_kind(row)?,
            payee: if row.bytes(3)?.is_empty() { None } else { Some(Blind::from_bytes(row.array(3)?)) },
            at: Timestamp::from_micros(row.int(5)?),
            by: by.to_owned(),
            why: why.to_owned(),
        };
        acts.insert(row.int(0)?, act);
        Ok(())
    })?;
    Ok(acts)
}

fn read_number(row: &Row<'_>, column: usize) -> Result<usize, Error> {
    Ok(usize::try_from(row.int(column)?).map_err(|_| row.broken(column))?)
}

/// The marks against which an appeal waits, also those that stand no more: at most `limit` after the one of this id.
pub(crate) fn appealed(scope: &Scope<'_>, after: Option<i64>, limit: i64) -> Result<Vec<Id<Motion>>, Error> {
    let mut found = Vec::new();
    let values: [Value<'_>; 3] = [after.unwrap_or(-1).into(), AppealAct::Appealed.code().into(), limit.into()];
    scope.tx.each(&APPEALED, &values, |row| {
        found.push(Id::new(row.int(0)?));
        Ok(())
    })?;
    Ok(found)
}

/// Whose appeal it is, as the store has it.
fn payee_bytes(payee: Option<&Blind>) -> &[u8] {
    payee.map_or(&[], |payee| payee.as_bytes())
}

fn read_kind(row: &Row<'_>) -> Result<AppealAct, Error> {
    Ok(AppealAct::from_code(row.int(4)?).ok_or_else(|| row.broken(4))?)
}

fn open_act(scope: &Scope<'_>, row: &Row<'_>) -> Result<String, Error> {
    let opened = scope.vault.open(ACT_COLUMN, Id::<Act>::new(row.int(0)?), row.bytes(6)?)?;
    Ok(String::from_utf8(opened.to_vec()).map_err(|_| row.broken(6))?)
}

/// As it is sealed: by whom, and why.
fn act_text(act: &Act) -> String {
    format!("{}\n{}", act.by, act.why)
}

fn leaf(mark: &Mark, account_key: &Blind) -> Hash {
    Encoder::default()
        .start(MarkTable.name())
        .int(mark.version.number())
        .int(mark.id.number())
        .optional_int(mark.motion.map(Id::number))
        .int(mark.at.micros())
        .bytes(account_key.as_bytes())
        .int(mark.suspicion.number())
        .int(mark.reason.code())
        .int(i64::from(mark.is_ended))
        .int(day::number(mark.until))
        .bytes(account::canonical(&mark.account).as_bytes())
        .leaf()
}

/// Which act it is, about which mark, and about which appeal: whose.
type ActOf<'p> = (Id<Act>, Id<Motion>, i64, &'p [u8]);

fn act_leaf((id, mark, number, payee): ActOf<'_>, kind: AppealAct, at: Timestamp, act: &[u8]) -> Hash {
    Encoder::default()
        .start(MarkActTable.name())
        .int(id.number())
        .int(mark.number())
        .int(number)
        .bytes(payee)
        .int(kind.code())
        .int(at.micros())
        .bytes(act)
        .leaf()
}

pub(crate) struct MarkTable;

impl Table for MarkTable {
    fn name(&self) -> &'static str {
        "account_mark"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        scope.tx.each(&RANGE, &journal::row_range(entries), |row| {
            let mark = read(scope, row)?;
            visit(journal::entry_of(mark.version.number()), leaf(&mark, &Blind::from_bytes(row.array(4)?)))
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT)
    }
}

pub(crate) struct MarkActTable;

impl Table for MarkActTable {
    fn name(&self) -> &'static str {
        "mark_act"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        scope.tx.each(&ACT_RANGE, &journal::row_range(entries), |row| {
            let (id, at) = (Id::new(row.int(0)?), Timestamp::from_micros(row.int(5)?));
            let of = (id, Id::new(row.int(1)?), row.int(2)?, row.bytes(3)?);
            let leaf = act_leaf(of, read_kind(row)?, at, open_act(scope, row)?.as_bytes());
            visit(journal::entry_of(id.number()), leaf)
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT_ACTS)
    }
}

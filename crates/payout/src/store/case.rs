//! Cases of victims, and what was done under them.

use crate::case::{Act, ActKind, Case};
use kernel::journal::{self, Entry, Rows, Table};
use kernel::merkle::{Encoder, Hash, Tree};
use kernel::{Blind, Error, Id, Row, Scope, Statement, Timestamp, Value, statements};
use registry::payee::PayeeId;
use std::ops::Range;

statements! {
    INSERT = "victim_case.insert":
        "INSERT INTO victim_case (id, entry, at, payee, since, opened) VALUES ($1, $2, $3, $4, $5, $6)";
    FIND = "victim_case.find": "SELECT id, entry, at, payee, since, opened FROM victim_case WHERE id = $1";
    NEWEST_OF = "victim_case.newest_of":
        "SELECT id, entry, at, payee, since, opened FROM victim_case WHERE payee = $1 ORDER BY id DESC LIMIT 1";
    PAGE = "victim_case.page":
        "SELECT id, entry, at, payee, since, opened FROM victim_case WHERE id < $1 ORDER BY id DESC LIMIT $2";
    RANGE = "victim_case.range":
        "SELECT id, entry, at, payee, since, opened FROM victim_case WHERE entry >= $1 AND entry < $2 ORDER BY entry";
    COUNT = "victim_case.count": "SELECT COUNT(*) FROM victim_case";
    INSERT_ACT = "victim_case_act.insert":
        "INSERT INTO victim_case_act (id, victim_case, kind, at, act) VALUES ($1, $2, $3, $4, $5)";
    ACTS = "victim_case_act.of_case":
        "SELECT id, victim_case, kind, at, act FROM victim_case_act WHERE victim_case = $1 ORDER BY id LIMIT 2100";
    LISTED_ACTS = "victim_case_act.listed":
        "SELECT id, victim_case, kind, at, act FROM victim_case_act
         WHERE victim_case = $1 AND kind IN ($2, $3, $4, $5) ORDER BY id LIMIT 2100";
    ACT_RANGE = "victim_case_act.range":
        "SELECT id, victim_case, kind, at, act FROM victim_case_act WHERE id >= $1 AND id < $2 ORDER BY id";
    COUNT_ACTS = "victim_case_act.count": "SELECT COUNT(*) FROM victim_case_act";
}

// What closing brings is two acts at most for each of ACTS_MAX, and those that say what was found: all of a case is read.
const _: () = assert!(2 * crate::case::ACTS_MAX + 100 <= 2100);

const OPENED_COLUMN: &str = "victim_case.opened";
const ACT_COLUMN: &str = "victim_case_act.act";

/// A case, and what was done under it.
#[derive(Clone)]
pub struct Found {
    pub(crate) case: Case,
    pub(crate) acts: Vec<Act>,
}

/// Adds a case.
pub(crate) fn insert(scope: &Scope<'_>, entry: Entry, case: &Case) -> Result<Rows, Error> {
    let text = opened_text(case);
    let sealed = scope.vault.seal(OPENED_COLUMN, case.id, text.as_bytes())?;
    let values = [
        case.id.into(),
        entry.number().into(),
        entry.at.into(),
        (&case.payee).into(),
        case.since.into(),
        (&sealed).into(),
    ];
    scope.tx.run(&INSERT, &values)?;
    let mut tree = Tree::default();
    tree.push(leaf(&Case { at: entry.at, ..case.clone() }, text.as_bytes()));
    Ok(Rows::of(CaseTable.name(), &tree))
}

/// Adds what somebody did under a case.
pub(crate) fn insert_act(scope: &Scope<'_>, entry: Entry, case: Id<Case>, act: &Act) -> Result<Rows, Error> {
    let id: Id<Act> = entry.row(0)?;
    let text = act_text(act);
    let sealed = scope.vault.seal(ACT_COLUMN, id, text.as_bytes())?;
    let values = [id.into(), case.into(), act.kind.code().into(), entry.at.into(), (&sealed).into()];
    scope.tx.run(&INSERT_ACT, &values)?;
    let mut tree = Tree::default();
    tree.push(act_leaf(id, case, act.kind, entry.at, text.as_bytes()));
    Ok(Rows::of(CaseActTable.name(), &tree))
}

/// The case of this id.
pub(crate) fn find(scope: &Scope<'_>, id: Id<Case>) -> Result<Option<Found>, Error> {
    let case = scope.tx.optional(&FIND, &[id.into()], |row| read(scope, row))?;
    case.map(|case| with_acts(scope, case)).transpose()
}

/// The newest case of a payee.
pub(crate) fn newest_of(scope: &Scope<'_>, payee: &Blind) -> Result<Option<Found>, Error> {
    let case = scope.tx.optional(&NEWEST_OF, &[payee.into()], |row| read(scope, row))?;
    case.map(|case| with_acts(scope, case)).transpose()
}

/// The newest cases before the one of this id, at most `limit`.
pub(crate) fn page(scope: &Scope<'_>, before: Option<i64>, limit: i64) -> Result<Vec<Found>, Error> {
    let mut cases = Vec::new();
    scope.tx.each(&PAGE, &[before.unwrap_or(i64::MAX).into(), limit.into()], |row| {
        cases.push(read(scope, row)?);
        Ok(())
    })?;
    // Where each stands, and what waits to be given out: nothing else of them is opened.
    let kinds = [ActKind::Fraud, ActKind::Misunderstanding, ActKind::Asked, ActKind::Given].map(ActKind::code);
    let listed = |case: Case| {
        let [a, b, c, d] = kinds;
        let acts = acts(scope, &LISTED_ACTS, &[case.id.into(), a.into(), b.into(), c.into(), d.into()])?;
        Ok(Found { case, acts })
    };
    cases.into_iter().map(listed).collect()
}

fn with_acts(scope: &Scope<'_>, case: Case) -> Result<Found, Error> {
    let acts = acts(scope, &ACTS, &[case.id.into()])?;
    Ok(Found { case, acts })
}

fn acts(scope: &Scope<'_>, statement: &'static Statement, values: &[Value<'_>]) -> Result<Vec<Act>, Error> {
    let mut acts = Vec::new();
    scope.tx.each(statement, values, |row| {
        let text = open_act(scope, row)?;
        let mut lines = text.splitn(3, '\n').map(str::to_owned);
        let mut line = || lines.next().ok_or_else(|| row.broken(4));
        let (by, about, why) = (line()?, line()?, line()?);
        acts.push(Act { kind: read_kind(row)?, at: Timestamp::from_micros(row.int(3)?), by, about, why });
        Ok(())
    })?;
    Ok(acts)
}

fn read(scope: &Scope<'_>, row: &Row<'_>) -> Result<Case, Error> {
    let id = Id::new(row.int(0)?);
    let opened = scope.vault.open(OPENED_COLUMN, id, row.bytes(5)?)?;
    let text = std::str::from_utf8(&opened).map_err(|_| row.broken(5))?;
    let mut lines = text.splitn(3, '\n');
    let mut line = || lines.next().ok_or_else(|| row.broken(5));
    let (number, by, why) = (line()?, line()?, line()?);
    Ok(Case {
        id,
        at: Timestamp::from_micros(row.int(2)?),
        payee: Blind::from_bytes(row.array(3)?),
        number: PayeeId::parse(number).ok_or_else(|| row.broken(5))?,
        since: Timestamp::from_micros(row.int(4)?),
        by: by.to_owned(),
        why: why.to_owned(),
    })
}

fn read_kind(row: &Row<'_>) -> Result<ActKind, Error> {
    Ok(ActKind::from_code(row.int(2)?).ok_or_else(|| row.broken(2))?)
}

fn open_act(scope: &Scope<'_>, row: &Row<'_>) -> Result<String, Error> {
    let opened = scope.vault.open(ACT_COLUMN, Id::<Act>::new(row.int(0)?), row.bytes(4)?)?;
    Ok(String::from_utf8(opened.to_vec()).map_err(|_| row.broken(4))?)
}

/// As it is sealed: whose, by whom, and why.
fn opened_text(case: &Case) -> String {
    format!("{}\n{}\n{}", case.number.reveal(), case.by, case.why)
}

/// As it is sealed: by whom, about what, and why.
fn act_text(act: &Act) -> String {
    format!("{}\n{}\n{}", act.by, act.about, act.why)
}

fn leaf(case: &Case, opened: &[u8]) -> Hash {
    Encoder::default()
        .start(CaseTable.name())
        .int(case.id.number())
        .int(case.at.micros())
        .bytes(case.payee.as_bytes())
        .int(case.since.micros())
        .bytes(opened)
        .leaf()
}

fn act_leaf(id: Id<Act>, case: Id<Case>, kind: ActKind, at: Timestamp, act: &[u8]) -> Hash {
    Encoder::default()
        .start(CaseActTable.name())
        .int(id.number())
        .int(case.number())
        .int(kind.code())
        .int(at.micros())
        .bytes(act)
        .leaf()
}

pub(crate) struct CaseTable;

impl Table for CaseTable {
    fn name(&self) -> &'static str {
        "victim_case"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        scope.tx.each(&RANGE, &[entries.start.into(), entries.end.into()], |row| {
            let case = read(scope, row)?;
            visit(row.int(1)?, leaf(&case, opened_text(&case).as_bytes()))
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT)
    }
}

pub(crate) struct CaseActTable;

impl Table for CaseActTable {
    fn name(&self) -> &'static str {
        "victim_case_act"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        scope.tx.each(&ACT_RANGE, &journal::row_range(entries), |row| {
            let (id, at) = (Id::new(row.int(0)?), Timestamp::from_micros(row.int(3)?));
            let leaf = act_leaf(id, Id::new(row.int(1)?), read_kind(row)?, at, open_act(scope, row)?.as_bytes());
            visit(journal::entry_of(id.number()), leaf)
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT_ACTS)
    }
}

//! Suspicion reports, and what was done about them.

use crate::payer::Payer;
use crate::suspicion::{Act, ActKind, Reason, Report, Suspicion};
use kernel::journal::{self, Entry, Rows, Table};
use kernel::merkle::{Encoder, Hash, Tree};
use kernel::{Blind, Error, Id, Row, Scope, Statement, Timestamp, Tx, Value, statements};
use std::ops::Range;

statements! {
    INSERT = "suspicion.insert":
        "INSERT INTO suspicion (id, entry, at, source_key, payer, payee, reason, report) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    FIND = "suspicion.find":
        "SELECT id, entry, at, source_key, payer, payee, reason, report FROM suspicion WHERE id = $1";
    PAGE = "suspicion.page":
        "SELECT s.id, s.entry, s.at, s.source_key, s.payer, s.payee, s.reason, s.report FROM suspicion s
         WHERE s.id > $1 AND NOT EXISTS (SELECT a.id FROM suspicion_act a WHERE a.suspicion = s.id AND a.kind >= $2)
         ORDER BY s.id LIMIT $3";
    PAGE_OF_PAYER = "suspicion.page_of_payer":
        "SELECT s.id, s.entry, s.at, s.source_key, s.payer, s.payee, s.reason, s.report FROM suspicion s
         WHERE s.payer = $1 AND s.id > $2
           AND NOT EXISTS (SELECT a.id FROM suspicion_act a WHERE a.suspicion = s.id AND a.kind >= $3)
         ORDER BY s.id LIMIT $4";
    PAGE_OF_SOURCE = "suspicion.page_of_source":
        "SELECT s.id, s.entry, s.at, s.source_key, s.payer, s.payee, s.reason, s.report FROM suspicion s
         WHERE s.source_key = $1 AND s.id > $2
           AND NOT EXISTS (SELECT a.id FROM suspicion_act a WHERE a.suspicion = s.id AND a.kind >= $3)
         ORDER BY s.id LIMIT $4";
    PAGE_OF_PAYEE = "suspicion.page_of_payee":
        "SELECT s.id, s.entry, s.at, s.source_key, s.payer, s.payee, s.reason, s.report FROM suspicion s
         WHERE s.payee = $1 AND s.id > $2
           AND NOT EXISTS (SELECT a.id FROM suspicion_act a WHERE a.suspicion = s.id AND a.kind >= $3)
         ORDER BY s.id LIMIT $4";
    COUNT_OPEN = "suspicion.count_open":
        "SELECT COUNT(*) FROM (SELECT s.id FROM suspicion s
                               WHERE s.source_key = $1 AND NOT EXISTS (
                                   SELECT a.id FROM suspicion_act a WHERE a.suspicion = s.id AND a.kind >= $2)
                               LIMIT $3) AS open_ones";
    RANGE = "suspicion.range":
        "SELECT id, entry, at, source_key, payer, payee, reason, report FROM suspicion WHERE entry >= $1 AND entry < $2 ORDER BY entry";
    COUNT = "suspicion.count": "SELECT COUNT(*) FROM suspicion";
    INSERT_ACT = "suspicion_act.insert":
        "INSERT INTO suspicion_act (id, suspicion, kind, at, act) VALUES ($1, $2, $3, $4, $5)";
    ACTS = "suspicion_act.of_suspicion":
        "SELECT id, suspicion, kind, at, act FROM suspicion_act WHERE suspicion = $1 ORDER BY id LIMIT 10";
    ACT_RANGE = "suspicion_act.range":
        "SELECT id, suspicion, kind, at, act FROM suspicion_act WHERE id >= $1 AND id < $2 ORDER BY id";
    COUNT_ACTS = "suspicion_act.count": "SELECT COUNT(*) FROM suspicion_act";
}

const REPORT_COLUMN: &str = "suspicion.report";
const ACT_COLUMN: &str = "suspicion_act.act";
/// What closes a report has at least this code.
const CLOSES: i64 = 1;
/// No act has this code.
const NONE: i64 = i64::MAX;

/// A report, and what was done about it.
pub struct Found {
    pub(crate) suspicion: Suspicion,
    pub(crate) acts: Vec<Act>,
}

/// Whose reports.
#[derive(Clone, Copy)]
pub(crate) enum Of<'o> {
    /// Everybody's.
    All,
    /// Those that were routed to this payer.
    Payer(Id<Payer>),
    /// Those of whoever has this key.
    Source(&'o Blind),
    /// Those about this payee.
    Payee(&'o Blind),
}

/// Adds a report.
pub(crate) fn insert(scope: &Scope<'_>, entry: Entry, suspicion: &Suspicion) -> Result<Rows, Error> {
    let (key, text) = (suspicion.report.from.key(scope.vault), suspicion.report.to_text());
    let sealed = scope.vault.seal(REPORT_COLUMN, suspicion.id, text.as_bytes())?;
    scope.tx.run(
        &INSERT,
        &[
            suspicion.id.into(),
            entry.number().into(),
            entry.at.into(),
            (&key).into(),
            suspicion.payer.into(),
            suspicion.payee.as_ref().into(),
            suspicion.reason.code().into(),
            (&sealed).into(),
        ],
    )?;
    let mut tree = Tree::default();
    tree.push(leaf(&Suspicion { at: entry.at, ..suspicion.clone() }, &key, text.as_bytes()));
    Ok(Rows::of(SuspicionTable.name(), &tree))
}

/// Adds what somebody did about a report.
pub(crate) fn add_act(scope: &Scope<'_>, entry: Entry, suspicion: Id<Suspicion>, act: &Act) -> Result<Rows, Error> {
    let id: Id<Act> = entry.row(0)?;
    let text = act_text(act);
    let sealed = scope.vault.seal(ACT_COLUMN, id, text.as_bytes())?;
    let values = [id.into(), suspicion.into(), act.kind.code().into(), entry.at.into(), (&sealed).into()];
    scope.tx.run(&INSERT_ACT, &values)?;
    let mut tree = Tree::default();
    tree.push(act_leaf(id, suspicion, act.kind, entry.at, text.as_bytes()));
    Ok(Rows::of(SuspicionActTable.name(), &tree))
}

/// The report of this id.
pub(crate) fn find(scope: &Scope<'_>, id: Id<Suspicion>) -> Result<Option<Found>, Error> {
    let suspicion = scope.tx.optional(&FIND, &[id.into()], |row| read(scope, row))?;
    suspicion.map(|suspicion| with_acts(scope, suspicion)).transpose()
}

/// Reports in the order in which they came, at most `limit` after the one of this id; those that were closed too, if wanted.
pub(crate) fn page(
    scope: &Scope<'_>,
    of: Of<'_>,
    is_closed_wanted: bool,
    after: Option<i64>,
    limit: i64,
) -> Result<Vec<Found>, Error> {
    let (after, least) = (after.unwrap_or(-1), if is_closed_wanted { NONE } else { CLOSES });
    let (statement, of): (&'static Statement, Option<Value<'_>>) = match of {
        Of::All => (&PAGE, None),
        Of::Payer(payer) => (&PAGE_OF_PAYER, Some(payer.into())),
        Of::Source(key) => (&PAGE_OF_SOURCE, Some(key.into())),
        Of::Payee(payee) => (&PAGE_OF_PAYEE, Some(payee.into())),
    };
    let values: Vec<Value<'_>> = of.into_iter().chain([after.into(), least.into(), limit.into()]).collect();
    let mut found = Vec::new();
    scope.tx.each(statement, &values, |row| {
        found.push(read(scope, row)?);
        Ok(())
    })?;
    found.into_iter().map(|suspicion| with_acts(scope, suspicion)).collect()
}

/// How many reports of a source are open, counted up to `most`.
pub(crate) fn count_open(tx: &Tx<'_>, source: &Blind, most: i64) -> Result<i64, Error> {
    tx.one(&COUNT_OPEN, &[source.into(), CLOSES.into(), most.into()], |row| row.int(0))
}

fn with_acts(scope: &Scope<'_>, suspicion: Suspicion) -> Result<Found, Error> {
    let mut acts = Vec::new();
    scope.tx.each(&ACTS, &[suspicion.id.into()], |row| {
        let text = open_act(scope, row)?;
        let (by, why) = text.split_once('\n').ok_or_else(|| row.broken(4))?;
        acts.push(Act {
            kind: read_kind(row)?,
            at: Timestamp::from_micros(row.int(3)?),
            by: by.to_owned(),
            why: why.to_owned(),
        });
        Ok(())
    })?;
    Ok(Found { suspicion, acts })
}

fn read(scope: &Scope<'_>, row: &Row<'_>) -> Result<Suspicion, Error> {
    let id = Id::new(row.int(0)?);
    let opened = scope.vault.open(REPORT_COLUMN, id, row.bytes(7)?)?;
    let report = std::str::from_utf8(&opened).ok().and_then(Report::from_text).ok_or_else(|| row.broken(7))?;
    Ok(Suspicion {
        id,
        at: Timestamp::from_micros(row.int(2)?),
        payer: row.optional_int(4)?.map(Id::new),
        payee: row.optional_bytes(5)?.map(|_| row.array(5)).transpose()?.map(Blind::from_bytes),
        reason: Reason::from_code(row.int(6)?).ok_or_else(|| row.broken(6))?,
        report,
    })
}

fn read_kind(row: &Row<'_>) -> Result<ActKind, Error> {
    Ok(ActKind::from_code(row.int(2)?).ok_or_else(|| row.broken(2))?)
}

fn open_act(scope: &Scope<'_>, row: &Row<'_>) -> Result<String, Error> {
    let opened = scope.vault.open(ACT_COLUMN, Id::<Act>::new(row.int(0)?), row.bytes(4)?)?;
    Ok(String::from_utf8(opened.to_vec()).map_err(|_| row.broken(4))?)
}

/// As it is sealed: by whom, and why.
fn act_text(act: &Act) -> String {
    format!("{}\n{}", act.by, act.why)
}

fn leaf(suspicion: &Suspicion, source: &Blind, report: &[u8]) -> Hash {
    Encoder::default()
        .start(SuspicionTable.name())
        .int(suspicion.id.number())
        .int(suspicion.at.micros())
        .bytes(source.as_bytes())
        .optional_int(suspicion.payer.map(Id::number))
        .bytes(suspicion.payee.as_ref().map_or(&[], |payee| payee.as_bytes()))
        .int(suspicion.reason.code())
        .bytes(report)
        .leaf()
}

fn act_leaf(id: Id<Act>, suspicion: Id<Suspicion>, kind: ActKind, at: Timestamp, act: &[u8]) -> Hash {
    Encoder::default()
        .start(SuspicionActTable.name())
        .int(id.number())
        .int(suspicion.number())
        .int(kind.code())
        .int(at.micros())
        .bytes(act)
        .leaf()
}

pub(crate) struct SuspicionTable;

impl Table for SuspicionTable {
    fn name(&self) -> &'static str {
        "suspicion"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        scope.tx.each(&RANGE, &[entries.start.into(), entries.end.into()], |row| {
            let suspicion = read(scope, row)?;
            let source = Blind::from_bytes(row.array(3)?);
            visit(row.int(1)?, leaf(&suspicion, &source, suspicion.report.to_text().as_bytes()))
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT)
    }
}

pub(crate) struct SuspicionActTable;

impl Table for SuspicionActTable {
    fn name(&self) -> &'static str {
        "suspicion_act"
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

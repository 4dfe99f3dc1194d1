//! Notices, which are only added; and what became of each, which is a counter and not the journal's.

use crate::notice::{Language, Medium, NewNotice, Notice, NoticeKind};
use crate::notice_progress::{NoticeProgress, NoticeState};
use crate::progress::Failed;
use kernel::journal::{self, Entry, Rows, Table};
use kernel::merkle::{Encoder, Hash, Tree};
use kernel::{Blind, Error, Id, Row, Scope, Timestamp, Tx, Value, statements};
use std::ops::Range;

statements! {
    INSERT = "notice.insert":
        "INSERT INTO notice (id, payee, kind, language, said) VALUES ($1, $2, $3, $4, $5)";
    FIND = "notice.find": "SELECT id, payee, kind, language, said FROM notice WHERE id = $1";
    RANGE = "notice.range":
        "SELECT id, payee, kind, language, said FROM notice WHERE id >= $1 AND id < $2 ORDER BY id";
    COUNT = "notice.count": "SELECT COUNT(*) FROM notice";
    INSERT_PROGRESS = "notice_progress.insert":
        "INSERT INTO notice_progress (notice, medium, state, at, tries, holder, last_failure, last_code, last_status)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    FIND_PROGRESS = "notice_progress.find":
        "SELECT notice, medium, state, at, tries, holder, last_failure, last_code, last_status FROM notice_progress
         WHERE notice = $1";
    SET_PROGRESS = "notice_progress.update":
        "UPDATE notice_progress SET medium = $1, state = $2, at = $3, tries = $4, holder = $5, last_failure = $6,
             last_code = $7, last_status = $8
         WHERE notice = $9";
    DUE = "notice_progress.due":
        "SELECT notice FROM notice_progress WHERE state = $1 AND medium = $2 AND at <= $3 ORDER BY at, notice LIMIT $4";
    IN_STATE = "notice_progress.in_state":
        "SELECT n.id, n.payee, n.kind, n.language, n.said, p.medium, p.state, p.at, p.tries, p.holder, p.last_failure,
             p.last_code, p.last_status
         FROM notice_progress p JOIN notice n ON n.id = p.notice WHERE p.state = $1 AND p.notice > $2
         ORDER BY p.notice LIMIT $3";
    COUNT_STATE = "notice_progress.count": "SELECT COUNT(*) FROM notice_progress WHERE state = $1 AND medium = $2";
}

const SAID_COLUMN: &str = "notice.said";

/// Records the notices of one entry, at most as many as an entry may have rows. They are to be sent from now on.
///
/// # Errors
/// The store's.
pub(crate) fn insert_many(scope: &Scope<'_>, entry: Entry, new: &[NewNotice]) -> Result<Rows, Error> {
    let mut rows = insert_of_entries(scope, &[(entry, new)])?;
    Ok(rows.pop().unwrap_or_else(|| Rows::of(NoticeTable.name(), &Tree::default())))
}

/// The same for several entries at once; the rows of each.
///
/// # Errors
/// The store's.
pub(crate) fn insert_of_entries(scope: &Scope<'_>, new: &[(Entry, &[NewNotice])]) -> Result<Vec<Rows>, Error> {
    let mut encoder = Encoder::default();
    let (mut rows, mut written) = (Vec::with_capacity(new.len()), Vec::new());
    for (entry, notices) in new {
        let mut tree = Tree::default();
        for (at, notice) in notices.iter().enumerate() {
            let (id, text) = (entry.row(at)?, notice.to_text());
            let sealed = scope.vault.seal(SAID_COLUMN, id, text.as_bytes())?;
            tree.push(leaf(&mut encoder, id, notice, text.as_bytes()));
            written.push((id, entry.at, notice, sealed));
        }
        rows.push(Rows::of(NoticeTable.name(), &tree));
    }
    scope.tx.run_many(
        &INSERT,
        written.iter().map(|(id, _, notice, sealed)| {
            let (kind, language) = (notice.kind.code().into(), notice.language.code().into());
            [(*id).into(), (&notice.payee).into(), kind, language, sealed.into()]
        }),
    )?;
    let new = |(_, at, notice, _): &(_, Timestamp, &NewNotice, _)| NoticeProgress::new(notice.to.medium(), *at);
    let progress: Vec<_> = written.iter().map(new).collect();
    scope.tx.run_many(
        &INSERT_PROGRESS,
        written.iter().zip(&progress).map(|((id, ..), progress)| {
            let [medium, state, at, tries, holder, failure, code, status] = columns(progress);
            [(*id).into(), medium, state, at, tries, holder, failure, code, status]
        }),
    )?;
    Ok(rows)
}

fn leaf(encoder: &mut Encoder, id: Id<Notice>, notice: &NewNotice, said: &[u8]) -> Hash {
    encoder
        .start(NoticeTable.name())
        .int(id.number())
        .bytes(notice.payee.as_bytes())
        .int(notice.kind.code())
        .int(notice.language.code())
        .bytes(said)
        .leaf()
}

/// Reads a notice from the first five columns of a row, with the text that was sealed.
fn read(scope: &Scope<'_>, row: &Row<'_>) -> Result<(Notice, String), Error> {
    let id = Id::new(row.int(0)?);
    let kind = NoticeKind::from_code(row.int(2)?).ok_or_else(|| row.broken(2))?;
    let language = Language::from_code(row.int(3)?).ok_or_else(|| row.broken(3))?;
    let opened = scope.vault.open(SAID_COLUMN, id, row.bytes(4)?)?;
    let text = String::from_utf8(opened.to_vec()).map_err(|_| row.broken(4))?;
    let payee = Blind::from_bytes(row.array(1)?);
    let new = NewNotice::from_text(payee, kind, language, &text).ok_or_else(|| row.broken(4))?;
    Ok((Notice { id, new }, text))
}

/// The notice of this id.
pub(crate) fn find(scope: &Scope<'_>, id: Id<Notice>) -> Result<Option<Notice>, Error> {
    scope.tx.optional(&FIND, &[id.into()], |row| Ok(read(scope, row)?.0))
}

/// Reads what became of a notice from the columns that begin at `first`.
fn read_progress(row: &Row<'_>, first: usize) -> Result<NoticeProgress, Error> {
    let moment = Timestamp::from_micros;
    let failure = row.optional_int(first + 5)?.zip(row.optional_text(first + 6)?);
    let status = row.optional_int(first + 7)?;
    Ok(NoticeProgress {
        medium: Medium::from_code(row.int(first)?).ok_or_else(|| row.broken(first))?,
        state: NoticeState::from_code(row.int(first + 1)?).ok_or_else(|| row.broken(first + 1))?,
        at: moment(row.int(first + 2)?),
        tries: row.int(first + 3)?,
        holder: Id::new(row.int(first + 4)?),
        last_failure: failure.map(|(at, code)| Failed { at: moment(at), code: code.to_owned(), status }),
    })
}

/// What became of a notice.
pub(crate) fn progress(tx: &Tx<'_>, id: Id<Notice>) -> Result<Option<NoticeProgress>, Error> {
    tx.optional(&FIND_PROGRESS, &[id.into()], |row| read_progress(row, 1))
}

/// What has become of notices.
pub(crate) fn set_progress(tx: &Tx<'_>, changed: &[(Id<Notice>, NoticeProgress)]) -> Result<(), Error> {
    tx.run_many(
        &SET_PROGRESS,
        changed.iter().map(|(id, progress)| {
            let [medium, state, at, tries, holder, failure, code, status] = columns(progress);
            [medium, state, at, tries, holder, failure, code, status, (*id).into()]
        }),
    )
}

fn columns(progress: &NoticeProgress) -> [Value<'_>; 8] {
    let failure = progress.last_failure.as_ref();
    [
        progress.medium.code().into(),
        progress.state.code().into(),
        progress.at.into(),
        progress.tries.into(),
        progress.holder.into(),
        failure.map(|failure| failure.at).into(),
        failure.map(|failure| &failure.code).into(),
        failure.and_then(|failure| failure.status).into(),
    ]
}

/// Which notices of a medium are due, those that are due longest first.
pub(crate) fn due(tx: &Tx<'_>, medium: Medium, now: Timestamp, limit: usize) -> Result<Vec<Id<Notice>>, Error> {
    let mut found = Vec::new();
    let values = [NoticeState::Waiting.code().into(), medium.code().into(), now.into(), (limit as i64).into()];
    tx.each(&DUE, &values, |row| {
        found.push(Id::new(row.int(0)?));
        Ok(())
    })?;
    Ok(found)
}

/// Notices that stand somewhere, in the order in which they were recorded.
pub(crate) fn in_state(
    scope: &Scope<'_>,
    state: NoticeState,
    after: Option<i64>,
    limit: usize,
) -> Result<Vec<(Notice, NoticeProgress)>, Error> {
    let mut found = Vec::new();
    let values = [state.code().into(), after.unwrap_or(i64::MIN).into(), (limit as i64).into()];
    scope.tx.each(&IN_STATE, &values, |row| {
        found.push((read(scope, row)?.0, read_progress(row, 5)?));
        Ok(())
    })?;
    Ok(found)
}

/// How many notices of a medium stand somewhere.
pub(crate) fn count(tx: &Tx<'_>, state: NoticeState, medium: Medium) -> Result<i64, Error> {
    tx.one(&COUNT_STATE, &[state.code().into(), medium.code().into()], |row| row.int(0))
}

pub(crate) struct NoticeTable;

impl Table for NoticeTable {
    fn name(&self) -> &'static str {
        "notice"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut encoder = Encoder::default();
        scope.tx.each(&RANGE, &journal::row_range(entries), |row| {
            let (notice, text) = read(scope, row)?;
            visit(journal::entry_of(notice.id.number()), leaf(&mut encoder, notice.id, &notice.new, text.as_bytes()))
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT)
    }
}

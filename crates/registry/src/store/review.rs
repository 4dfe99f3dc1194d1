//! Reviews of accounts, and what was decided about them.

use crate::account::DesignatedAccount;
use crate::collecting::Figures;
use crate::day;
use crate::review::{Cause, Decided, Decision, Outcome, Review};
use kernel::journal::{self, Entry, Rows, Table};
use kernel::merkle::{Encoder, Hash, Tree};
use kernel::{Blind, Error, Id, Row, Scope, Tx, statements};
use std::ops::Range;

statements! {
    INSERT = "account_review.insert":
        "INSERT INTO account_review (id, entry, account_key, cause, payees, paid, account)
         VALUES ($1, $2, $3, $4, $5, $6, $7)";
    FIND = "account_review.find":
        "SELECT id, account_key, cause, payees, paid, account, entry FROM account_review WHERE id = $1";
    RANGE = "account_review.range":
        "SELECT id, account_key, cause, payees, paid, account, entry FROM account_review
         WHERE entry >= $1 AND entry < $2 ORDER BY entry, id";
    ALL = "account_review.page":
        "SELECT id, account_key, cause, payees, paid, account, entry FROM account_review WHERE id > $1 ORDER BY id LIMIT $2";
    OPEN = "account_review.open":
        "SELECT r.id, r.account_key, r.cause, r.payees, r.paid, r.account, r.entry FROM account_review r
         WHERE r.id > $1 AND NOT EXISTS (SELECT d.id FROM account_review_decision d WHERE d.review = r.id)
         ORDER BY r.id LIMIT $2";
    OPEN_OF = "account_review.open_of_account":
        "SELECT r.id FROM account_review r
         WHERE r.account_key = $1 AND NOT EXISTS (SELECT d.id FROM account_review_decision d WHERE d.review = r.id)
         ORDER BY r.id LIMIT 1";
    COUNT = "account_review.count": "SELECT COUNT(*) FROM account_review";
    INSERT_DECISION = "account_review_decision.insert":
        "INSERT INTO account_review_decision (id, review, account_key, outcome, until, payees, why)
         VALUES ($1, $2, $3, $4, $5, $6, $7)";
    NEWEST_OF_REVIEW = "account_review_decision.newest_of_review":
        "SELECT id, review, outcome, until, payees, why FROM account_review_decision WHERE review = $1 ORDER BY id DESC LIMIT 1";
    NEWEST_OF_ACCOUNT = "account_review_decision.newest_of_account":
        "SELECT id, review, outcome, until, payees FROM account_review_decision WHERE account_key = $1 ORDER BY id DESC LIMIT 1";
    DECISION_RANGE = "account_review_decision.range":
        "SELECT id, review, outcome, until, payees, why, account_key FROM account_review_decision
         WHERE id >= $1 AND id < $2 ORDER BY id";
    COUNT_DECISIONS = "account_review_decision.count": "SELECT COUNT(*) FROM account_review_decision";
}

const ACCOUNT_COLUMN: &str = "account_review.account";
const WHY_COLUMN: &str = "account_review_decision.why";

fn read(scope: &Scope<'_>, row: &Row<'_>) -> Result<Review, Error> {
    let id = Id::new(row.int(0)?);
    let opened = scope.vault.open(ACCOUNT_COLUMN, id, row.bytes(5)?)?;
    let account = std::str::from_utf8(&opened).ok().and_then(DesignatedAccount::from_text);
    Ok(Review {
        id,
        entry: row.int(6)?,
        key: Blind::from_bytes(row.array(1)?),
        cause: Cause::from_code(row.int(2)?).ok_or_else(|| row.broken(2))?,
        payees: Figures::from_text(row.text(3)?).ok_or_else(|| row.broken(3))?,
        paid: Figures::from_text(row.text(4)?).ok_or_else(|| row.broken(4))?,
        account: account.ok_or_else(|| row.broken(5))?,
    })
}

/// Adds reviews, in the order of their ids.
pub(crate) fn insert_many(scope: &Scope<'_>, entry: Entry, reviews: &[Review]) -> Result<Rows, Error> {
    let (mut encoder, mut tree) = (Encoder::default(), Tree::default());
    for review in reviews {
        let (payees, paid, account) = (review.payees.to_text(), review.paid.to_text(), review.account.to_text());
        let sealed = scope.vault.seal(ACCOUNT_COLUMN, review.id, account.as_bytes())?;
        let values = [
            review.id.into(),
            entry.number().into(),
            (&review.key).into(),
            review.cause.code().into(),
            (&payees).into(),
            (&paid).into(),
            (&sealed).into(),
        ];
        scope.tx.run(&INSERT, &values)?;
        tree.push(leaf(&mut encoder, review));
    }
    Ok(Rows::of(ReviewTable.name(), &tree))
}

/// The review of this id.
pub(crate) fn find(scope: &Scope<'_>, id: Id<Review>) -> Result<Option<Review>, Error> {
    scope.tx.optional(&FIND, &[id.into()], |row| read(scope, row))
}

/// Reviews, the oldest first, those that nobody has decided about or all: at most `limit` after the one of this id.
pub(crate) fn page(scope: &Scope<'_>, open_only: bool, after: i64, limit: i64) -> Result<Vec<Review>, Error> {
    let mut found = Vec::new();
    scope.tx.each(if open_only { &OPEN } else { &ALL }, &[after.into(), limit.into()], |row| {
        found.push(read(scope, row)?);
        Ok(())
    })?;
    Ok(found)
}

/// The review of an account that nobody has decided about, if there is one.
pub(crate) fn open_of(tx: &Tx<'_>, account: &Blind) -> Result<Option<Id<Review>>, Error> {
    tx.optional(&OPEN_OF, &[account.into()], |row| Ok(Id::new(row.int(0)?)))
}

/// Adds what was decided.
pub(crate) fn decide(
    scope: &Scope<'_>,
    entry: Entry,
    review: &Review,
    (outcome, payees): (Outcome, Option<u64>),
    why: &str,
) -> Result<Rows, Error> {
    let id: Id<Decision> = entry.row(0)?;
    let decided = Decided { id, review: review.id, outcome, payees };
    let sealed = scope.vault.seal(WHY_COLUMN, id, why.as_bytes())?;
    let values = [
        id.into(),
        review.id.into(),
        (&review.key).into(),
        outcome.code().into(),
        outcome.until().map(day::number).into(),
        decided.payees_code().into(),
        (&sealed).into(),
    ];
    scope.tx.run(&INSERT_DECISION, &values)?;
    // Payments to it go on, or do not any more.
    super::watch::note(scope, &review.key, &review.account)?;
    let mut tree = Tree::default();
    tree.push(decision_leaf(&decided, &review.key, why));
    Ok(Rows::of(DecisionTable.name(), &tree))
}

impl Decided {
    fn payees_code(&self) -> Option<i64> {
        self.payees.map(|payees| i64::try_from(payees).unwrap_or(i64::MAX))
    }
}

/// Reads `id, review, outcome, until, payees`.
fn read_decided(row: &Row<'_>) -> Result<Decided, Error> {
    let until = row.optional_int(3)?.map(|until| day::read(until).ok_or_else(|| row.broken(3))).transpose()?;
    let outcome = Outcome::from_code(row.int(2)?, until).ok_or_else(|| row.broken(2))?;
    let payees = row.optional_int(4)?.map(i64::unsigned_abs);
    Ok(Decided { id: Id::new(row.int(0)?), review: Id::new(row.int(1)?), outcome, payees })
}

fn read_why(scope: &Scope<'_>, row: &Row<'_>, id: Id<Decision>) -> Result<String, Error> {
    let opened = scope.vault.open(WHY_COLUMN, id, row.bytes(5)?)?;
    Ok(String::from_utf8(opened.to_vec()).map_err(|_| row.broken(5))?)
}

/// What was decided last about a review, and why.
pub(crate) fn decided(scope: &Scope<'_>, review: Id<Review>) -> Result<Option<(Decided, String)>, Error> {
    scope.tx.optional(&NEWEST_OF_REVIEW, &[review.into()], |row| {
        let decided = read_decided(row)?;
        Ok((decided, read_why(scope, row, decided.id)?))
    })
}

/// What was decided last about an account, by whichever review.
pub(crate) fn decided_of(tx: &Tx<'_>, account: &Blind) -> Result<Option<Decided>, Error> {
    tx.optional(&NEWEST_OF_ACCOUNT, &[account.into()], read_decided)
}

fn leaf(encoder: &mut Encoder, review: &Review) -> Hash {
    encoder
        .start(ReviewTable.name())
        .int(review.id.number())
        .bytes(review.key.as_bytes())
        .int(review.cause.code())
        .text(&review.payees.to_text())
        .text(&review.paid.to_text())
        .text(&review.account.to_text())
        .leaf()
}

fn decision_leaf(decided: &Decided, account: &Blind, why: &str) -> Hash {
    Encoder::default()
        .start(DecisionTable.name())
        .int(decided.id.number())
        .int(decided.review.number())
        .bytes(account.as_bytes())
        .int(decided.outcome.code())
        .optional_int(decided.outcome.until().map(day::number))
        .optional_int(decided.payees_code())
        .text(why)
        .leaf()
}

pub(crate) struct ReviewTable;

impl Table for ReviewTable {
    fn name(&self) -> &'static str {
        "account_review"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut encoder = Encoder::default();
        scope.tx.each(&RANGE, &[entries.start.into(), entries.end.into()], |row| {
            let review = read(scope, row)?;
            visit(review.entry, leaf(&mut encoder, &review))
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT)
    }
}

pub(crate) struct DecisionTable;

impl Table for DecisionTable {
    fn name(&self) -> &'static str {
        "account_review_decision"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        scope.tx.each(&DECISION_RANGE, &journal::row_range(entries), |row| {
            let decided = read_decided(row)?;
            let (why, account) = (read_why(scope, row, decided.id)?, Blind::from_bytes(row.array(6)?));
            visit(journal::entry_of(decided.id.number()), decision_leaf(&decided, &account, &why))
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT_DECISIONS)
    }
}

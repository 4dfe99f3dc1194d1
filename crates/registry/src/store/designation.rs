//! The history of designations, and where each specific account's begins.

use crate::account::DesignatedAccount;
use crate::designation::{ChannelKind, Designation, Standing, State};
use crate::grounds::{Consent, Grounds, Reason};
use crate::payer::Payer;
use crate::proposal::{Holder, Proposal};
use crate::purpose::{BenefitKind, Purpose};
use kernel::journal::{self, Rows, Table};
use kernel::merkle::{Encoder, Hash, Tree};
use kernel::{Blind, Error, Id, Row, Scope, Statement, Timestamp, Tx, Value, statements};
use std::ops::Range;

statements! {
    INSERT = "designation.insert":
        "INSERT INTO designation (id, payee, purpose, previous, state, effective, channel, account, reason, consent,
                                  proposal, holder)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    FIND = "designation.find":
        "SELECT id, previous, effective, state, account, purpose, channel, reason, consent, proposal, holder
         FROM designation WHERE id = $1";
    RANGE = "designation.range":
        "SELECT id, payee, purpose, previous, state, effective, channel, account, reason, consent, proposal, holder
         FROM designation WHERE id >= $1 AND id < $2 ORDER BY id";
    AFTER = "designation.after":
        "SELECT id, previous, effective, state, account, purpose, channel, reason, consent, payee, proposal, holder
         FROM designation WHERE id > $1 ORDER BY id LIMIT $2";
    BETWEEN = "designation.between":
        "SELECT id, previous, effective, state, account, purpose, channel, reason, consent, payee, proposal, holder
         FROM designation WHERE id > $1 AND id <= $2 ORDER BY id LIMIT $3";
    HAS_MORE_AFTER = "designation.has_more_after":
        "SELECT id FROM designation WHERE id > $1 ORDER BY id LIMIT 1 OFFSET $2";
    LAST = "designation.last": "SELECT COALESCE(MAX(id), 0) FROM designation";
    CHANGED_AFTER = "designation.changed_after":
        "SELECT id, payee FROM designation WHERE id > $1 ORDER BY id LIMIT $2";
    CHANGED_PAYEES = "designation.changed_payees": "SELECT id, payee FROM designation WHERE id >= $1 ORDER BY id";
    FIND_SPECIFIC = "specific_account.find":
        "SELECT d.id, d.previous, d.effective, d.state, d.account, d.purpose, d.channel
         FROM specific_account s JOIN designation d ON d.id = s.designation WHERE s.payee = $1 AND s.purpose = $2";
    SPECIFIC_OF_PAYEE = "specific_account.standing_of_payee":
        "SELECT d.id, d.previous, d.effective, d.state, d.account, d.purpose, d.channel
         FROM specific_account s JOIN designation d ON d.id = s.designation WHERE s.payee = $1";
    ALL_SPECIFIC = "specific_account.of_payee":
        "SELECT d.id, s.purpose FROM specific_account s JOIN designation d ON d.id = s.designation
         WHERE s.payee = $1 ORDER BY s.purpose LIMIT 10000";
    NEWEST_SPECIFIC = "specific_account.newest_of_payee":
        "SELECT d.id, d.previous, d.effective, d.state, d.account, d.purpose, d.channel
         FROM specific_account s JOIN designation d ON d.id = s.designation
         WHERE s.payee = $1 ORDER BY s.purpose LIMIT 10000";
    INSERT_SPECIFIC = "specific_account.insert":
        "INSERT INTO specific_account (payee, purpose, designation) VALUES ($1, $2, $3)";
    SET_SPECIFIC = "specific_account.update":
        "UPDATE specific_account SET designation = $1 WHERE payee = $2 AND purpose = $3";
    SPECIFIC_PAGE = "specific_account.page":
        "SELECT payee, purpose, designation FROM specific_account WHERE (payee, purpose) > ($1, $2)
         ORDER BY payee, purpose LIMIT $3";
    COUNT = "designation.count": "SELECT COUNT(*) FROM designation";
}

const ACCOUNT_COLUMN: &str = "designation.account";

/// Reads `state, account` from two columns of a row.
pub(crate) fn read_standing(
    scope: &Scope<'_>,
    row: &Row<'_>,
    id: Id<Designation>,
    column: usize,
) -> Result<Standing, Error> {
    let opened = scope.vault.open(ACCOUNT_COLUMN, id, row.bytes(column + 1)?)?;
    let account =
        std::str::from_utf8(&opened).ok().and_then(|text| text.lines().next()).and_then(DesignatedAccount::from_text);
    Ok(Standing {
        state: State::from_code(row.int(column)?).ok_or_else(|| row.broken(column))?,
        account: account.ok_or_else(|| row.broken(column + 1))?,
    })
}

fn purpose(row: &Row<'_>, column: usize) -> Result<Option<Blind>, Error> {
    Ok(row.optional_bytes(column)?.map(|_| row.array(column)).transpose()?.map(Blind::from_bytes))
}

fn read(scope: &Scope<'_>, row: &Row<'_>) -> Result<Designation, Error> {
    let id = Id::new(row.int(0)?);
    Ok(Designation {
        id,
        previous: row.optional_int(1)?.map(Id::new),
        effective: Timestamp::from_micros(row.int(2)?),
        standing: read_standing(scope, row, id, 3)?,
        purpose: purpose(row, 5)?,
        channel: read_channel(row, 6)?,
    })
}

/// Reads `channel` from a column of a row.
pub(crate) fn read_channel(row: &Row<'_>, column: usize) -> Result<ChannelKind, Error> {
    ChannelKind::from_code(row.int(column)?).ok_or_else(|| row.broken(column).into())
}

/// Reads `reason, consent` from two columns of a row.
pub(crate) fn read_grounds(row: &Row<'_>, column: usize) -> Result<Option<Grounds>, Error> {
    match (row.optional_int(column)?, row.optional_int(column + 1)?) {
        (None, None) => Ok(None),
        (Some(reason), Some(consent)) => Ok(Some(Grounds {
            reason: Reason::from_code(reason).ok_or_else(|| row.broken(column))?,
            consent: Consent::from_code(consent).ok_or_else(|| row.broken(column + 1))?,
        })),
        _ => Err(row.broken(column).into()),
    }
}

/// What a bank gave as its grounds for a row.
pub(crate) fn grounds_of(tx: &Tx<'_>, id: Id<Designation>) -> Result<Option<Grounds>, Error> {
    tx.one(&FIND, &[id.into()], |row| read_grounds(row, 7))
}

/// The proposal that a row comes of, where it had to wait.
pub(crate) fn proposal_of(tx: &Tx<'_>, id: Id<Designation>) -> Result<Option<Id<Proposal>>, Error> {
    tx.one(&FIND, &[id.into()], |row| Ok(row.optional_int(9)?.map(Id::new)))
}

/// The same of rows by their sorted ids; `found` gets the place of each.
pub(crate) fn proposals_of(
    tx: &Tx<'_>,
    ids: impl IntoIterator<Item = Id<Designation>>,
    mut found: impl FnMut(usize, Option<Id<Proposal>>),
) -> Result<(), Error> {
    tx.look_up(&FIND, ids.into_iter().map(Into::into), |at, row| {
        found(at, row.optional_int(9)?.map(Id::new));
        Ok(())
    })
}

/// Whose account a row says that it is; none where nobody said.
pub(crate) fn holder_of(tx: &Tx<'_>, id: Id<Designation>) -> Result<Option<Holder>, Error> {
    tx.one(&FIND, &[id.into()], |row| read_holder(row, 10))
}

fn read_holder(row: &Row<'_>, column: usize) -> Result<Option<Holder>, Error> {
    let code = row.optional_int(column)?;
    code.map(|code| Holder::from_code(code).ok_or_else(|| row.broken(column).into())).transpose()
}

/// One row of a history.
pub(crate) fn find(scope: &Scope<'_>, id: Id<Designation>) -> Result<Designation, Error> {
    scope.tx.one(&FIND, &[id.into()], |row| read(scope, row))
}

/// Rows of histories, by their sorted ids; `found` gets the place of each id.
pub(crate) fn find_many(
    scope: &Scope<'_>,
    ids: impl IntoIterator<Item = Id<Designation>>,
    mut found: impl FnMut(usize, Designation) -> Result<(), Error>,
) -> Result<(), Error> {
    scope.tx.look_up(&FIND, ids.into_iter().map(Into::into), |at, row| found(at, read(scope, row)?))
}

/// A row of a history, and whose it is.
pub(crate) struct Recorded {
    pub(crate) payee: Blind,
    pub(crate) designation: Designation,
    pub(crate) grounds: Option<Grounds>,
    /// What it comes of, where it had to wait.
    pub(crate) proposal: Option<Id<Proposal>>,
    /// Whose the account was said to be, where anybody said.
    pub(crate) holder: Option<Holder>,
}

/// The first rows of all histories after a place, at most `limit`, in the order in which they were recorded.
pub(crate) fn after(scope: &Scope<'_>, place: i64, limit: usize) -> Result<Vec<Recorded>, Error> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    recorded(scope, &AFTER, &[place.into(), limit.into()])
}

/// The same up to another place, and with it.
pub(crate) fn between(scope: &Scope<'_>, after: i64, last: i64, limit: i64) -> Result<Vec<Recorded>, Error> {
    recorded(scope, &BETWEEN, &[after.into(), last.into(), limit.into()])
}

fn recorded(scope: &Scope<'_>, statement: &'static Statement, values: &[Value<'_>]) -> Result<Vec<Recorded>, Error> {
    let mut rows = Vec::new();
    scope.tx.each(statement, values, |row| {
        let (payee, grounds) = (Blind::from_bytes(row.array(9)?), read_grounds(row, 7)?);
        let (proposal, holder) = (row.optional_int(10)?.map(Id::new), read_holder(row, 11)?);
        rows.push(Recorded { payee, designation: read(scope, row)?, grounds, proposal, holder });
        Ok(())
    })?;
    Ok(rows)
}

/// Whether more than so many rows were recorded after a place.
pub(crate) fn has_more_after(tx: &Tx<'_>, place: i64, rows: i64) -> Result<bool, Error> {
    Ok(tx.optional(&HAS_MORE_AFTER, &[place.into(), rows.into()], |row| row.int(0))?.is_some())
}

/// The place of the newest row; 0 where there is none.
pub(crate) fn last(tx: &Tx<'_>) -> Result<i64, Error> {
    tx.one(&LAST, &[], |row| row.int(0))
}

/// What a specific account is for: the payer, and the kind of benefit. It is sealed with the account.
pub(crate) fn purpose_of(scope: &Scope<'_>, id: Id<Designation>) -> Result<Option<(Id<Payer>, BenefitKind)>, Error> {
    scope.tx.one(&FIND, &[id.into()], |row| read_purpose(scope, row, id))
}

fn read_purpose(
    scope: &Scope<'_>,
    row: &Row<'_>,
    id: Id<Designation>,
) -> Result<Option<(Id<Payer>, BenefitKind)>, Error> {
    let opened = scope.vault.open(ACCOUNT_COLUMN, id, row.bytes(4)?)?;
    let text = std::str::from_utf8(&opened).map_err(|_| row.broken(4))?;
    let Some(line) = text.lines().nth(1) else { return Ok(None) };
    let parsed =
        line.split_once(' ').and_then(|(payer, kind)| Some((Id::new(payer.parse().ok()?), BenefitKind::parse(kind)?)));
    parsed.map(Some).ok_or_else(|| row.broken(4).into())
}

/// The newest rows of all specific accounts of some payees, by their sorted keys; `found` gets the place of each key.
pub(crate) fn newest_specifics<'k>(
    scope: &Scope<'_>,
    payees: impl IntoIterator<Item = &'k Blind>,
    mut found: impl FnMut(usize, Designation, Id<Payer>, BenefitKind) -> Result<(), Error>,
) -> Result<(), Error> {
    scope.tx.look_up(&NEWEST_SPECIFIC, payees.into_iter().map(Into::into), |at, row| {
        let newest = read(scope, row)?;
        let (payer, benefit) = read_purpose(scope, row, newest.id)?.ok_or_else(|| row.broken(4))?;
        found(at, newest, payer, benefit)
    })
}

/// The newest row of a specific account's history.
pub(crate) fn find_specific(scope: &Scope<'_>, payee: &Blind, purpose: &Blind) -> Result<Option<Designation>, Error> {
    scope.tx.optional(&FIND_SPECIFIC, &[payee.into(), purpose.into()], |row| read(scope, row))
}

/// Looks the specific accounts of many payees up by their sorted keys, calling `found` with the index of the key and the newest
/// row of each account's history. A payee has few of them.
pub(crate) fn find_specifics<'k>(
    scope: &Scope<'_>,
    payees: impl IntoIterator<Item = &'k Blind>,
    mut found: impl FnMut(usize, Designation) -> Result<(), Error>,
) -> Result<(), Error> {
    let payees = payees.into_iter().map(Into::into);
    scope.tx.look_up(&SPECIFIC_OF_PAYEE, payees, |index, row| found(index, read(scope, row)?))
}

/// The newest rows of all of a payee's specific accounts' histories.
pub(crate) fn specifics_of(tx: &Tx<'_>, payee: &Blind) -> Result<Vec<Id<Designation>>, Error> {
    let mut found = Vec::new();
    tx.each(&ALL_SPECIFIC, &[payee.into()], |row| {
        found.push(Id::new(row.int(0)?));
        Ok(())
    })?;
    Ok(found)
}

/// A row to be added to a history.
pub(crate) struct NewDesignation {
    pub(crate) id: Id<Designation>,
    pub(crate) payee: Blind,
    pub(crate) purpose: Option<Purpose>,
    pub(crate) previous: Option<Id<Designation>>,
    pub(crate) effective: Timestamp,
    pub(crate) standing: Standing,
    pub(crate) channel: ChannelKind,
    pub(crate) grounds: Option<Grounds>,
    pub(crate) proposal: Option<Id<Proposal>>,
    pub(crate) holder: Option<Holder>,
}

/// Adds rows, in the order of their ids; the rows of each entry.
pub(crate) fn insert_many(scope: &Scope<'_>, new: &[NewDesignation]) -> Result<Vec<Rows>, Error> {
    let mut encoder = Encoder::default();
    let mut accounts = Vec::with_capacity(new.len());
    let mut rows = Vec::new();
    for of_entry in new.chunk_by(|row, next| journal::entry_of(row.id.number()) == journal::entry_of(next.id.number()))
    {
        let mut tree = Tree::default();
        for row in of_entry {
            let mut account = row.standing.account.to_text();
            if let Some(Purpose { payer, benefit, .. }) = &row.purpose {
                account.push_str(&format!("\n{} {}", payer.number(), benefit.as_str()));
            }
            accounts.push(scope.vault.seal(ACCOUNT_COLUMN, row.id, account.as_bytes())?);
            tree.push(leaf(
                &mut encoder,
                row.id,
                &row.payee,
                row.purpose.as_ref().map(|purpose| &purpose.key),
                row.previous,
                row.effective,
                row.standing.state,
                row.channel,
                account.as_bytes(),
                row.grounds,
                row.proposal,
                row.holder,
            ));
        }
        rows.push(Rows::of(DesignationTable.name(), &tree));
    }
    scope.tx.run_many(
        &INSERT,
        new.iter().zip(&accounts).map(|(row, account)| {
            [
                row.id.into(),
                (&row.payee).into(),
                row.purpose.as_ref().map(|purpose| &purpose.key).into(),
                row.previous.into(),
                row.standing.state.code().into(),
                row.effective.into(),
                row.channel.code().into(),
                account.into(),
                row.grounds.map(|grounds| grounds.reason.code()).into(),
                row.grounds.map(|grounds| grounds.consent.code()).into(),
                row.proposal.into(),
                row.holder.map(Holder::code).into(),
            ]
        }),
    )?;
    Ok(rows)
}

/// A specific account's payee, purpose and newest row.
type Specific<'s> = (&'s Blind, &'s Blind, Id<Designation>);

/// Points new specific accounts at their first rows.
pub(crate) fn insert_specific<'s>(tx: &Tx<'_>, rows: impl IntoIterator<Item = Specific<'s>>) -> Result<(), Error> {
    tx.run_many(
        &INSERT_SPECIFIC,
        rows.into_iter().map(|(payee, purpose, id)| [payee.into(), purpose.into(), id.into()]),
    )
}

/// Points specific accounts at their newest rows.
pub(crate) fn set_specific<'s>(tx: &Tx<'_>, rows: impl IntoIterator<Item = Specific<'s>>) -> Result<(), Error> {
    tx.run_many(&SET_SPECIFIC, rows.into_iter().map(|(payee, purpose, id)| [id.into(), payee.into(), purpose.into()]))
}

/// The first rows of all histories after a place, at most `limit`, and whose they are.
pub(crate) fn changed_after(tx: &Tx<'_>, place: i64, limit: usize) -> Result<Vec<(Id<Designation>, Blind)>, Error> {
    let mut found = Vec::new();
    tx.each(&CHANGED_AFTER, &[place.into(), i64::try_from(limit).unwrap_or(i64::MAX).into()], |row| {
        found.push((Id::new(row.int(0)?), Blind::from_bytes(row.array(1)?)));
        Ok(())
    })?;
    Ok(found)
}

/// The payees whose accounts changed since the journal had `entries` entries.
pub(crate) fn changed_since(
    tx: &Tx<'_>,
    entries: i64,
    mut changed: impl FnMut(Blind) -> Result<(), Error>,
) -> Result<(), Error> {
    tx.each(&CHANGED_PAYEES, &[journal::first_row_of(entries).into()], |row| changed(Blind::from_bytes(row.array(1)?)))
}

/// The specific accounts after a place, in order: payee, purpose, newest row.
pub(crate) fn specific_page(tx: &Tx<'_>, after: (&[u8], &[u8]), limit: i64) -> Result<Vec<(Blind, Blind, i64)>, Error> {
    let mut found = Vec::new();
    tx.each(&SPECIFIC_PAGE, &[after.0.into(), after.1.into(), limit.into()], |row| {
        found.push((Blind::from_bytes(row.array(0)?), Blind::from_bytes(row.array(1)?), row.int(2)?));
        Ok(())
    })?;
    Ok(found)
}

/// What chains histories together, for comparing them with the directory.
pub(crate) struct DesignationLink {
    pub(crate) id: i64,
    pub(crate) payee: Blind,
    pub(crate) purpose: Option<Blind>,
    pub(crate) previous: Option<i64>,
    pub(crate) effective: Timestamp,
}

/// The links of all histories, in the order in which they were recorded.
pub(crate) fn links(tx: &Tx<'_>, mut visit: impl FnMut(&DesignationLink) -> Result<(), Error>) -> Result<(), Error> {
    tx.each(&RANGE, &journal::row_range(0..journal::ENTRIES_MAX), |row| {
        visit(&DesignationLink {
            id: row.int(0)?,
            payee: Blind::from_bytes(row.array(1)?),
            purpose: purpose(row, 2)?,
            previous: row.optional_int(3)?,
            effective: Timestamp::from_micros(row.int(5)?),
        })
    })
}

#[expect(clippy::too_many_arguments, reason = "one argument for each column of the row")]
fn leaf(
    encoder: &mut Encoder,
    id: Id<Designation>,
    payee: &Blind,
    purpose: Option<&Blind>,
    previous: Option<Id<Designation>>,
    effective: Timestamp,
    state: State,
    channel: ChannelKind,
    account: &[u8],
    grounds: Option<Grounds>,
    proposal: Option<Id<Proposal>>,
    holder: Option<Holder>,
) -> Hash {
    encoder
        .start(DesignationTable.name())
        .int(id.number())
        .bytes(payee.as_bytes())
        .bytes(purpose.map_or(&[], |purpose| purpose.as_bytes()))
        .optional_int(previous.map(Id::number))
        .int(effective.micros())
        .int(state.code())
        .int(channel.code())
        .bytes(account)
        .optional_int(grounds.map(|grounds| grounds.reason.code()))
        .optional_int(grounds.map(|grounds| grounds.consent.code()))
        .optional_int(proposal.map(Id::number))
        .optional_int(holder.map(Holder::code))
        .leaf()
}

pub(crate) struct DesignationTable;

impl Table for DesignationTable {
    fn name(&self) -> &'static str {
        "designation"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut encoder = Encoder::default();
        scope.tx.each(&RANGE, &journal::row_range(entries), |row| {
            let id = Id::new(row.int(0)?);
            let purpose = purpose(row, 2)?;
            let leaf = leaf(
                &mut encoder,
                id,
                &Blind::from_bytes(row.array(1)?),
                purpose.as_ref(),
                row.optional_int(3)?.map(Id::new),
                Timestamp::from_micros(row.int(5)?),
                State::from_code(row.int(4)?).ok_or_else(|| row.broken(4))?,
                read_channel(row, 6)?,
                &scope.vault.open(ACCOUNT_COLUMN, id, row.bytes(7)?)?,
                read_grounds(row, 8)?,
                row.optional_int(10)?.map(Id::new),
                read_holder(row, 11)?,
            );
            visit(journal::entry_of(id.number()), leaf)
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT)
    }
}

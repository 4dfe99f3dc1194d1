//! The directory: one row a payee, where a look-up begins.

use crate::designation::{Designation, State};
use crate::payee::{PayeeId, RegisterStatus};
use crate::proposal::Proposal;
use crate::store::contest::Turned;
use crate::store::designation::{read_channel, read_standing};
use crate::store::register::RegisterRow;
use kernel::{Blind, Error, Id, Row, Scope, Timestamp, Tx, statements};

statements! {
    FIND = "payee.find":
        "SELECT p.status, p.register_row, p.has_specific, d.id, d.previous, d.effective, d.state, d.account, d.channel,
                p.pending, p.contested
         FROM payee p LEFT JOIN designation d ON d.id = p.designation WHERE p.key = $1";
    INSERT = "payee.insert":
        "INSERT INTO payee (key, status, register_row, designation, has_specific, number)
         VALUES ($1, $2, $3, $4, $5, $6)";
    IS_KNOWN = "payee.is_known": "SELECT status FROM payee WHERE key = $1";
    NUMBER = "payee.number": "SELECT number FROM payee WHERE key = $1";
    SET_REGISTER_ROW = "payee.set_register_row": "UPDATE payee SET status = $1, register_row = $2 WHERE key = $3";
    SET_DESIGNATION = "payee.set_designation": "UPDATE payee SET designation = $1 WHERE key = $2";
    SET_PENDING = "payee.set_pending": "UPDATE payee SET pending = $1 WHERE key = $2";
    CLEAR_PENDING = "payee.clear_pending": "UPDATE payee SET pending = NULL WHERE key = $1 AND pending = $2";
    SET_CONTESTED = "payee.set_contested": "UPDATE payee SET contested = $1 WHERE key = $2";
    SET_SPECIFIC = "payee.set_specific": "UPDATE payee SET has_specific = $1 WHERE key = $2";
    PAGE = "payee.page":
        "SELECT key, status, register_row, designation, has_specific, pending, number, contested
         FROM payee WHERE key > $1 ORDER BY key LIMIT $2";
    STATES = "payee.states":
        "SELECT p.key, p.status, d.state FROM payee p LEFT JOIN designation d ON d.id = p.designation
         WHERE p.key > $1 ORDER BY p.key LIMIT $2";
}

const NUMBER_COLUMN: &str = "payee.number";

/// What the directory holds of one payee.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) status: RegisterStatus,
    pub(crate) register_row: Option<Id<RegisterRow>>,
    pub(crate) has_specific: bool,
    /// The newest row of the default account's history.
    pub(crate) designation: Option<Designation>,
    /// The newest proposal for the default account, unless it has ended.
    pub(crate) pending: Option<Id<Proposal>>,
    /// Whether the payee may be a victim, so that nothing takes effect.
    pub(crate) is_contested: bool,
}

/// Looks payees up by their sorted keys, calling `found` with the index of each key that is there.
pub(crate) fn find_many<'k>(
    scope: &Scope<'_>,
    keys: impl IntoIterator<Item = &'k Blind>,
    mut found: impl FnMut(usize, Found) -> Result<(), Error>,
) -> Result<(), Error> {
    scope.tx.look_up(&FIND, keys.into_iter().map(Into::into), |index, row| found(index, read(scope, row)?))
}

/// Whether a register lists the payee, or an account was ever designated.
pub(crate) fn is_known(scope: &Scope<'_>, key: &Blind) -> Result<bool, Error> {
    Ok(scope.tx.optional(&IS_KNOWN, &[key.into()], |_| Ok(()))?.is_some())
}

fn read(scope: &Scope<'_>, row: &Row<'_>) -> Result<Found, Error> {
    let designation = match row.optional_int(3)? {
        None => None,
        Some(id) => Some(Designation {
            id: Id::new(id),
            previous: row.optional_int(4)?.map(Id::new),
            purpose: None,
            effective: Timestamp::from_micros(row.int(5)?),
            standing: read_standing(scope, row, Id::new(id), 6)?,
            channel: read_channel(row, 8)?,
        }),
    };
    Ok(Found {
        status: RegisterStatus::from_code(row.int(0)?).ok_or_else(|| row.broken(0))?,
        register_row: row.optional_int(1)?.map(Id::new),
        has_specific: row.bool(2)?,
        designation,
        pending: row.optional_int(9)?.map(Id::new),
        is_contested: row.optional_int(10)?.is_some(),
    })
}

/// A payee that was not there before.
pub(crate) struct NewPayee<'n> {
    pub(crate) key: &'n Blind,
    pub(crate) status: RegisterStatus,
    pub(crate) register_row: Option<Id<RegisterRow>>,
    pub(crate) designation: Option<Id<Designation>>,
    pub(crate) has_specific: bool,
    /// The number itself, of a payee whom no register lists.
    pub(crate) number: Option<PayeeId>,
}

pub(crate) fn insert_many<'n>(scope: &Scope<'_>, payees: impl IntoIterator<Item = NewPayee<'n>>) -> Result<(), Error> {
    let seal = |payee: NewPayee<'n>| {
        let seal = |number: PayeeId| scope.vault.seal(NUMBER_COLUMN, payee.key, number.reveal().as_bytes());
        Ok((payee.number.map(seal).transpose()?, payee))
    };
    let payees = payees.into_iter().map(seal).collect::<Result<Vec<_>, Error>>()?;
    scope.tx.run_many(
        &INSERT,
        payees.iter().map(|(number, payee)| {
            [
                payee.key.into(),
                payee.status.code().into(),
                payee.register_row.into(),
                payee.designation.into(),
                payee.has_specific.into(),
                number.as_ref().into(),
            ]
        }),
    )
}

/// The numbers of those of these payees whom no register lists, by their sorted keys; `found` gets the place of each key.
pub(crate) fn numbers(
    scope: &Scope<'_>,
    keys: &[Blind],
    mut found: impl FnMut(usize, PayeeId) -> Result<(), Error>,
) -> Result<(), Error> {
    scope.tx.look_up(&NUMBER, keys.iter().map(Into::into), |at, row| match read_number(scope, row, 0, &keys[at])? {
        None => Ok(()),
        Some(number) => found(at, number),
    })
}

fn read_number(scope: &Scope<'_>, row: &Row<'_>, column: usize, key: &Blind) -> Result<Option<PayeeId>, Error> {
    let Some(sealed) = row.optional_bytes(column)? else { return Ok(None) };
    let opened = scope.vault.open(NUMBER_COLUMN, key, sealed)?;
    let number = std::str::from_utf8(&opened).ok().and_then(PayeeId::parse);
    // Under its key it is found; another number there would be told to a bank as somebody's.
    Ok(Some(number.filter(|number| number.key(scope.vault) == *key).ok_or_else(|| row.broken(column))?))
}

pub(crate) fn set_register_rows<'k>(
    tx: &Tx<'_>,
    rows: impl IntoIterator<Item = (&'k Blind, RegisterStatus, Id<RegisterRow>)>,
) -> Result<(), Error> {
    tx.run_many(
        &SET_REGISTER_ROW,
        rows.into_iter().map(|(key, status, row)| [status.code().into(), row.into(), key.into()]),
    )
}

pub(crate) fn set_designations<'k>(
    tx: &Tx<'_>,
    rows: impl IntoIterator<Item = (&'k Blind, Id<Designation>)>,
) -> Result<(), Error> {
    tx.run_many(&SET_DESIGNATION, rows.into_iter().map(|(key, designation)| [designation.into(), key.into()]))
}

pub(crate) fn set_has_specific<'k>(tx: &Tx<'_>, keys: impl IntoIterator<Item = &'k Blind>) -> Result<(), Error> {
    tx.run_many(&SET_SPECIFIC, keys.into_iter().map(|key| [true.into(), key.into()]))
}

/// Notes which proposal waits for each payee.
pub(crate) fn set_pending<'k>(
    tx: &Tx<'_>,
    rows: impl IntoIterator<Item = (&'k Blind, Id<Proposal>)>,
) -> Result<(), Error> {
    tx.run_many(&SET_PENDING, rows.into_iter().map(|(key, id)| [id.into(), key.into()]))
}

/// Notes that a proposal waits no more, unless another one has taken its place.
pub(crate) fn clear_pending(tx: &Tx<'_>, key: &Blind, id: Id<Proposal>) -> Result<(), Error> {
    tx.run(&CLEAR_PENDING, &[key.into(), id.into()]).map(|_| ())
}

/// Notes by what a payee's accounts are contested, or that they are not.
pub(crate) fn set_contested(tx: &Tx<'_>, key: &Blind, by: Option<Id<Turned>>) -> Result<(), Error> {
    tx.run(&SET_CONTESTED, &[by.into(), key.into()]).map(|_| ())
}

/// A row of the directory as it stands, for comparing it with the histories.
pub(crate) struct DirectoryRow {
    pub(crate) key: Blind,
    pub(crate) status: RegisterStatus,
    pub(crate) register_row: Option<i64>,
    pub(crate) designation: Option<i64>,
    pub(crate) has_specific: bool,
    pub(crate) pending: Option<i64>,
    pub(crate) contested: Option<i64>,
    /// Whether its number stands beside it.
    pub(crate) has_number: bool,
}

/// The next `limit` rows after `key`, in order.
pub(crate) fn page(scope: &Scope<'_>, after: &[u8], limit: i64) -> Result<Vec<DirectoryRow>, Error> {
    let mut rows = Vec::new();
    scope.tx.each(&PAGE, &[after.into(), limit.into()], |row| {
        let key = Blind::from_bytes(row.array(0)?);
        rows.push(DirectoryRow {
            key,
            has_number: read_number(scope, row, 6, &key)?.is_some(),
            status: RegisterStatus::from_code(row.int(1)?).ok_or_else(|| row.broken(1))?,
            register_row: row.optional_int(2)?,
            designation: row.optional_int(3)?,
            has_specific: row.bool(4)?,
            pending: row.optional_int(5)?,
            contested: row.optional_int(7)?,
        });
        Ok(())
    })?;
    Ok(rows)
}

/// A payee, with what the register says of it and the state of its default account.
pub(crate) struct StateRow {
    pub(crate) key: Blind,
    pub(crate) status: RegisterStatus,
    pub(crate) default: Option<State>,
}

/// The next `limit` payees after `key`, in order.
pub(crate) fn states(tx: &Tx<'_>, after: &[u8], limit: i64) -> Result<Vec<StateRow>, Error> {
    let mut rows = Vec::new();
    tx.each(&STATES, &[after.into(), limit.into()], |row| {
        let state = row.optional_int(2)?;
        rows.push(StateRow {
            key: Blind::from_bytes(row.array(0)?),
            status: RegisterStatus::from_code(row.int(1)?).ok_or_else(|| row.broken(1))?,
            default: state.map(|code| State::from_code(code).ok_or_else(|| row.broken(2))).transpose()?,
        });
        Ok(())
    })?;
    Ok(rows)
}

//! The mirror of the population register.

use super::{Link, Source};
use crate::payee::RegisterStatus;
use crate::policy;
use crate::row_refusal::RowRefusal;
use crate::store::register::RegisterRow;
use crate::store::{payee, register};
use denmark::Cpr;
use kernel::journal::{Entry, Rows};
use kernel::{Blind, Env, Error, Operation, Scope, Vault};
use std::collections::BTreeMap;
use zeroize::Zeroizing;

const FIELD_CHARS_MAX: usize = 200;

/// A file of people: `cpr,name,address,postcode,city,country,status,status_date,protected`.
pub struct Population {
    /// What gives the blind indexes.
    pub vault: Vault,
    /// Replacement numbers never occur in the register; a file that holds one is not the register's.
    pub refuse_replacement_numbers: bool,
}

/// What a register says of one payee: a row of its file.
pub struct Registered {
    payee: Blind,
    status: RegisterStatus,
    record: Zeroizing<Vec<u8>>,
}

impl Registered {
    pub(super) fn new(payee: Blind, status: RegisterStatus, fields: &[&str]) -> Result<Self, RowRefusal> {
        if fields.iter().any(|field| field.chars().count() > FIELD_CHARS_MAX) {
            return Err(RowRefusal::TooLong);
        }
        // A line break cannot occur inside a field: rows are lines.
        Ok(Self { payee, status, record: Zeroizing::new(fields.join("\n").into_bytes()) })
    }
}

/// Reads a date that may be left out.
pub(super) fn check_date(text: &str) -> Result<(), RowRefusal> {
    let is_date = || text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok();
    if text.is_empty() || is_date() { Ok(()) } else { Err(RowRefusal::Date) }
}

impl Source for Population {
    const OPERATION: Operation = policy::IMPORT_POPULATION;
    const HEADER: &'static [&'static str] =
        &["cpr", "name", "address", "postcode", "city", "country", "status", "status_date", "protected"];
    type Row = Registered;
    type State = RegisterState;
    type Change = RegisterChange;

    fn sender(&self) -> String {
        if self.refuse_replacement_numbers { "population, register numbers only" } else { "population" }.to_owned()
    }

    fn read(&self, fields: &[&str]) -> Result<Registered, RowRefusal> {
        let [cpr, name, .., status, status_date, protected] = fields else { return Err(RowRefusal::Malformed) };
        let cpr = Cpr::parse(cpr).map_err(|_| RowRefusal::Payee)?;
        if self.refuse_replacement_numbers && cpr.is_replacement() {
            return Err(RowRefusal::ReplacementNumber);
        }
        if name.is_empty() {
            return Err(RowRefusal::Empty);
        }
        let status = RegisterStatus::of_person(status).ok_or(RowRefusal::Status)?;
        check_date(status_date)?;
        if !matches!(*protected, "" | "true" | "false" | "0" | "1") {
            return Err(RowRefusal::Flag);
        }
        let mut kept = fields.to_vec();
        kept[0] = cpr.digits();
        Registered::new(crate::payee::PayeeId::Cpr(cpr).key(&self.vault), status, &kept)
    }

    fn load(&self, scope: &Scope<'_>, rows: &[&Registered]) -> Result<RegisterState, Error> {
        RegisterState::load(scope, rows)
    }

    fn decide(
        &self,
        state: &mut RegisterState,
        row: &Registered,
        _: &Env,
    ) -> Result<Option<RegisterChange>, RowRefusal> {
        Ok(state.decide(row))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[RegisterChange], entry: Entry) -> Result<Vec<Rows>, Error> {
        save(scope, changes, entry)
    }
}

/// What is known of the payees of a chunk, and how many versions the chunk has added.
pub struct RegisterState {
    known: BTreeMap<Blind, Known>,
    changes: usize,
}

struct Known {
    newest: Link<RegisterRow>,
    status: RegisterStatus,
    record: Zeroizing<Vec<u8>>,
}

/// A payee's new version.
pub struct RegisterChange {
    payee: Blind,
    previous: Link<RegisterRow>,
    status: RegisterStatus,
    record: Zeroizing<Vec<u8>>,
}

impl RegisterState {
    pub(super) fn load(scope: &Scope<'_>, rows: &[&Registered]) -> Result<Self, Error> {
        let mut keys: Vec<&Blind> = rows.iter().map(|row| &row.payee).collect();
        keys.sort_unstable();
        keys.dedup();
        let mut known = BTreeMap::new();
        register::find_many(scope, keys.iter().copied(), |index, register::Version { id, status, record }| {
            known.insert(*keys[index], Known { newest: Link::Stored(id), status, record });
            Ok(())
        })?;
        Ok(Self { known, changes: 0 })
    }

    /// One more row: a new version, unless it says what the newest one says.
    pub(super) fn decide(&mut self, row: &Registered) -> Option<RegisterChange> {
        let Registered { payee, status, record } = row;
        let known = self.known.get(payee);
        if known.is_some_and(|known| known.status == *status && known.record == *record) {
            return None;
        }
        let previous = known.map_or(Link::None, |known| known.newest);
        let newest = Link::Pending(self.changes);
        self.changes += 1;
        self.known.insert(*payee, Known { newest, status: *status, record: record.clone() });
        Some(RegisterChange { payee: *payee, previous, status: *status, record: record.clone() })
    }
}

pub(super) fn save(scope: &Scope<'_>, changes: &[RegisterChange], entry: Entry) -> Result<Vec<Rows>, Error> {
    let ids = (0..changes.len()).map(|ordinal| entry.row(ordinal)).collect::<Result<Vec<_>, _>>()?;
    let mut new = Vec::with_capacity(changes.len());
    // The newest version of each payee, in the directory's order.
    let mut newest = BTreeMap::new();
    for (change, id) in changes.iter().zip(&ids) {
        new.push(register::NewVersion {
            payee: change.payee,
            previous: change.previous.id(&ids),
            status: change.status,
            record: change.record.clone(),
        });
        let is_new = matches!(change.previous, Link::None);
        let row = (change.status, *id);
        newest.entry(change.payee).and_modify(|(_, latest)| *latest = row).or_insert((is_new, row));
    }
    let rows = register::insert_many(scope, entry, &new)?;
    let of_kind = |new: bool| {
        newest
            .iter()
            .filter(move |(_, (is_new, _))| *is_new == new)
            .map(|(key, (_, (status, row)))| (key, *status, *row))
    };
    payee::insert_many(
        scope,
        of_kind(true).map(|(key, status, row)| payee::NewPayee {
            key,
            status,
            register_row: Some(row),
            designation: None,
            has_specific: false,
            number: None,
        }),
    )?;
    payee::set_register_rows(scope.tx, of_kind(false))?;
    Ok(vec![rows])
}

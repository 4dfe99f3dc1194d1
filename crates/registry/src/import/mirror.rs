//! What the mirrors of both registers have in common.

use super::{Link, Source};
use crate::payee::RegisterStatus;
use crate::register_event::{Merged, Registered, has_address};
use crate::row_refusal::RowRefusal;
use crate::store::register::RegisterRow;
use crate::store::{payee, proposal, register};
use kernel::journal::{Entry, Rows};
use kernel::{Blind, Env, Error, Id, Operation, Scope, Timestamp};
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// What is known of the payees of a chunk or of events, and how many versions were added since.
pub struct RegisterState {
    known: BTreeMap<Blind, Known>,
    changes: usize,
}

struct Known {
    newest: Link<RegisterRow>,
    status: RegisterStatus,
    record: Zeroizing<String>,
}

/// A payee's new version.
pub struct RegisterChange {
    payee: Blind,
    previous: Link<RegisterRow>,
    status: RegisterStatus,
    record: Zeroizing<String>,
    /// Whether somebody who was known is to be written to, and was not before; or the other way round.
    concerns_letters: bool,
}

/// What became of a row or an event.
pub(crate) enum Decided {
    Changed(RegisterChange),
    Unchanged,
    Outdated,
}

impl Decided {
    pub(super) fn change(self) -> Option<RegisterChange> {
        match self {
            Self::Changed(change) => Some(change),
            Self::Unchanged | Self::Outdated => None,
        }
    }
}

impl RegisterState {
    pub(crate) fn load<'r>(scope: &Scope<'_>, rows: impl Iterator<Item = &'r Registered>) -> Result<Self, Error> {
        let mut keys: Vec<&Blind> = rows.map(|row| &row.payee).collect();
        keys.sort_unstable();
        keys.dedup();
        let mut known = BTreeMap::new();
        register::find_many(scope, keys.iter().copied(), |index, register::Version { id, status, record }| {
            known.insert(*keys[index], Known { newest: Link::Stored(id), status, record });
            Ok(())
        })?;
        Ok(Self { known, changes: 0 })
    }

    /// One more row or event: a new version, unless it says what is known, or what was known before that.
    pub(crate) fn decide(&mut self, row: &Registered, env: &Env) -> Result<Decided, RowRefusal> {
        let payee = row.payee;
        let known = self.known.get(&payee);
        let (record, status) = match row.over(known.map(|known| (known.record.as_str(), known.status)), env.now)? {
            Merged::Unchanged => return Ok(Decided::Unchanged),
            Merged::Outdated => return Ok(Decided::Outdated),
            Merged::New { record, status } => (record, status),
        };
        let previous = known.map_or(Link::None, |known| known.newest);
        let concerns_letters = known.is_some_and(|known| has_address(&known.record) != has_address(&record));
        let newest = Link::Pending(self.changes);
        self.changes += 1;
        self.known.insert(payee, Known { newest, status, record: record.clone() });
        Ok(Decided::Changed(RegisterChange { payee, previous, status, record, concerns_letters }))
    }
}

/// Saves what several entries changed; the rows of each entry that changed anything.
pub(crate) fn save(scope: &Scope<'_>, entries: &[(Entry, &[RegisterChange])]) -> Result<Vec<Rows>, Error> {
    let changes: Vec<(Id<RegisterRow>, &RegisterChange)> = entries
        .iter()
        .flat_map(|(entry, changes)| changes.iter().enumerate().map(|(at, change)| Ok((entry.row(at)?, change))))
        .collect::<Result<_, Error>>()?;
    let ids: Vec<Id<RegisterRow>> = changes.iter().map(|(id, _)| *id).collect();
    let mut new = Vec::with_capacity(changes.len());
    // The newest version of each payee, in the directory's order.
    let mut newest = BTreeMap::new();
    for (id, change) in changes {
        new.push(register::NewVersion {
            id,
            payee: change.payee,
            previous: change.previous.id(&ids),
            status: change.status,
            record: change.record.clone(),
        });
        let is_new = matches!(change.previous, Link::None);
        let row = (change.status, id);
        newest.entry(change.payee).and_modify(|(_, latest)| *latest = row).or_insert((is_new, row));
    }
    // What waits for somebody to write to, or for want of one for something else, is looked at again.
    for (entry, changes) in entries {
        for change in changes.iter().filter(|change| change.concerns_letters) {
            proposal::look_again(scope.tx, Some(&change.payee), entry.at)?;
        }
    }
    let rows = register::insert_many(scope, &new)?;
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
    Ok(rows)
}

/// A file that its register wrote at a known moment: what is known of later stays.
pub struct AsOf<S> {
    /// The file.
    pub source: S,
    /// When it was written.
    pub moment: Timestamp,
}

impl<S: Source<Row = Registered>> Source for AsOf<S> {
    const OPERATION: Operation = S::OPERATION;
    const HEADER: &'static [&'static str] = S::HEADER;
    const MAY_LACK: &'static [usize] = S::MAY_LACK;
    type Row = Registered;
    type State = S::State;
    type Change = S::Change;

    fn sender(&self) -> String {
        format!("{}, as of {}", self.source.sender(), self.moment)
    }

    fn read(&self, fields: &[&str]) -> Result<Registered, RowRefusal> {
        Ok(self.source.read(fields)?.written_at(self.moment))
    }

    fn load(&self, scope: &Scope<'_>, rows: &[&Registered]) -> Result<S::State, Error> {
        self.source.load(scope, rows)
    }

    fn decide(&self, state: &mut S::State, row: &Registered, env: &Env) -> Result<Option<S::Change>, RowRefusal> {
        self.source.decide(state, row, env)
    }

    fn save(&self, scope: &Scope<'_>, changes: &[S::Change], entry: Entry) -> Result<Vec<Rows>, Error> {
        self.source.save(scope, changes, entry)
    }
}

//! Deliveries, every version of their terms; and how far each is, which is a counter and not the journal's.

use crate::delivery::{Delivery, DeliveryVersion, Terms, What};
use crate::progress::{Failed, Hold, Progress};
use kernel::journal::{self, Entry, Rows, Table};
use kernel::merkle::{Encoder, Hash, Tree};
use kernel::{Blind, Domain, Error, Id, Row, Scope, Timestamp, Tx, Vault, statements};
use std::ops::Range;

statements! {
    INSERT = "delivery.insert":
        "INSERT INTO delivery (id, delivery, previous, name_key, asks, ended, terms)
         VALUES ($1, $2, $3, $4, $5, $6, $7)";
    BY_NAME = "delivery.by_name":
        "SELECT id, delivery, ended, terms FROM delivery WHERE name_key = $1 ORDER BY id DESC LIMIT 1";
    ASKS = "delivery.asks":
        "SELECT id, delivery, ended, terms FROM delivery WHERE asks = $1 ORDER BY id DESC LIMIT 1";
    NEWEST = "delivery.newest":
        "SELECT id, delivery, ended, terms FROM delivery WHERE delivery = $1 ORDER BY id DESC LIMIT 1";
    PAGE = "delivery.page":
        "SELECT d.id, d.delivery, d.ended, d.terms FROM delivery d
         WHERE d.delivery > $1 AND NOT EXISTS (SELECT n.id FROM delivery n WHERE n.delivery = d.delivery AND n.id > d.id)
         ORDER BY d.delivery LIMIT 1000";
    RANGE = "delivery.range":
        "SELECT id, delivery, previous, name_key, asks, ended, terms FROM delivery
         WHERE id >= $1 AND id < $2 ORDER BY id";
    COUNT = "delivery.count": "SELECT COUNT(*) FROM delivery";
    INSERT_PROGRESS = "delivery_progress.insert":
        "INSERT INTO delivery_progress (delivery, position, parcels, items, failures, next_try, last_success,
             last_failure, last_code, last_status, holder, held_until)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    FIND_PROGRESS = "delivery_progress.find":
        "SELECT position, parcels, items, failures, next_try, last_success, last_failure, last_code, last_status,
             holder, held_until
         FROM delivery_progress WHERE delivery = $1";
    SET_PROGRESS = "delivery_progress.update":
        "UPDATE delivery_progress SET position = $1, parcels = $2, items = $3, failures = $4, next_try = $5,
             last_success = $6, last_failure = $7, last_code = $8, last_status = $9, holder = $10, held_until = $11
         WHERE delivery = $12";
}

const TERMS_COLUMN: &str = "delivery.terms";

fn read(scope: &Scope<'_>, row: &Row<'_>) -> Result<Delivery, Error> {
    let version: Id<DeliveryVersion> = Id::new(row.int(0)?);
    let opened = scope.vault.open(TERMS_COLUMN, version, row.bytes(3)?)?;
    let terms = std::str::from_utf8(&opened).ok().and_then(Terms::from_text).ok_or_else(|| row.broken(3))?;
    Ok(Delivery { id: Id::new(row.int(1)?), version, is_ended: row.bool(2)?, terms })
}

/// The delivery with this name, as it is registered today.
pub(crate) fn find(scope: &Scope<'_>, name: &str) -> Result<Option<Delivery>, Error> {
    let key = Terms::name_key(scope.vault, name);
    scope.tx.optional(&BY_NAME, &[(&key).into()], |row| read(scope, row))
}

/// Where a bank is asked whose an account is, if it can be. Of all that were ever registered the newest counts, as only one is there at
/// a time.
pub(crate) fn asking(scope: &Scope<'_>, bank: &str) -> Result<Option<Delivery>, Error> {
    let key = asks_key(scope.vault, bank);
    let newest = scope
        .tx
        .optional(&ASKS, &[(&key).into()], |row| if row.bool(2)? { Ok(None) } else { read(scope, row).map(Some) })?;
    Ok(newest.flatten())
}

/// Whether there is one: all that deciding needs.
pub(crate) fn is_asked(scope: &Scope<'_>, bank: &str) -> Result<bool, Error> {
    let key = asks_key(scope.vault, bank);
    Ok(scope.tx.optional(&ASKS, &[(&key).into()], |row| row.bool(2))? == Some(false))
}

/// The delivery of this id, as it is registered today.
pub(crate) fn newest(scope: &Scope<'_>, id: Id<Delivery>) -> Result<Option<Delivery>, Error> {
    scope.tx.optional(&NEWEST, &[id.into()], |row| read(scope, row))
}

/// The blind index of a bank that is asked.
fn asks_key(vault: &Vault, bank: &str) -> Blind {
    vault.blind(Domain("delivery.asks"), bank)
}

/// Every delivery as it is registered today, in the order in which they were.
pub(crate) fn each(scope: &Scope<'_>, mut visit: impl FnMut(Delivery)) -> Result<(), Error> {
    let mut after: i64 = -1;
    loop {
        let mut last = None;
        scope.tx.each(&PAGE, &[after.into()], |row| {
            let delivery = read(scope, row)?;
            last = Some(delivery.id.number());
            visit(delivery);
            Ok(())
        })?;
        match last {
            None => return Ok(()),
            Some(last) => after = last,
        }
    }
}

/// Adds a version; the first one gives the delivery its id.
pub(crate) fn insert(
    scope: &Scope<'_>,
    entry: Entry,
    former: Option<&Delivery>,
    terms: &Terms,
    is_ended: bool,
) -> Result<(Id<Delivery>, Rows), Error> {
    let version: Id<DeliveryVersion> = entry.row(0)?;
    let delivery = former.map_or(Id::new(version.number()), |former| former.id);
    let previous = former.map(|former| former.version);
    let name_key = Terms::name_key(scope.vault, &terms.name);
    let text = terms.to_text();
    let sealed = scope.vault.seal(TERMS_COLUMN, version, text.as_bytes())?;
    let asks = (terms.what == What::Ownership).then(|| asks_key(scope.vault, &terms.whose));
    scope.tx.run(
        &INSERT,
        &[
            version.into(),
            delivery.into(),
            previous.into(),
            (&name_key).into(),
            asks.as_ref().into(),
            is_ended.into(),
            (&sealed).into(),
        ],
    )?;
    let mut tree = Tree::default();
    let previous = previous.map(Id::number);
    tree.push(leaf(
        version.number(),
        delivery.number(),
        previous,
        (&name_key, asks.as_ref()),
        is_ended,
        text.as_bytes(),
    ));
    Ok((delivery, Rows::of(DeliveryTable.name(), &tree)))
}

fn leaf(
    version: i64,
    delivery: i64,
    previous: Option<i64>,
    (name_key, asks): (&Blind, Option<&Blind>),
    is_ended: bool,
    terms: &[u8],
) -> Hash {
    Encoder::default()
        .start(DeliveryTable.name())
        .int(version)
        .int(delivery)
        .optional_int(previous)
        .bytes(name_key.as_bytes())
        .bytes(asks.map_or(&[], |asks| asks.as_bytes()))
        .int(i64::from(is_ended))
        .bytes(terms)
        .leaf()
}

/// How far a new delivery is.
pub(crate) fn insert_progress(tx: &Tx<'_>, delivery: Id<Delivery>, progress: &Progress) -> Result<(), Error> {
    let [position, parcels, items, failures, next_try, success, failure, code, status, holder, until] =
        columns(progress);
    let values =
        [delivery.into(), position, parcels, items, failures, next_try, success, failure, code, status, holder, until];
    tx.run(&INSERT_PROGRESS, &values).map(|_| ())
}

/// How far a delivery is.
pub(crate) fn progress(tx: &Tx<'_>, delivery: Id<Delivery>) -> Result<Progress, Error> {
    tx.one(&FIND_PROGRESS, &[delivery.into()], |row| {
        let moment = Timestamp::from_micros;
        let failure = row.optional_int(6)?.zip(row.optional_text(7)?);
        let status = row.optional_int(8)?;
        Ok(Progress {
            position: row.int(0)?,
            parcels: row.int(1)?,
            items: row.int(2)?,
            failures: row.int(3)?,
            next_try: moment(row.int(4)?),
            last_success: row.optional_int(5)?.map(moment),
            last_failure: failure.map(|(at, code)| Failed { at: moment(at), code: code.to_owned(), status }),
            hold: Hold { holder: Id::new(row.int(9)?), until: moment(row.int(10)?) },
        })
    })
}

/// A delivery is as far as this now.
pub(crate) fn set_progress(tx: &Tx<'_>, delivery: Id<Delivery>, progress: &Progress) -> Result<(), Error> {
    let [position, parcels, items, failures, next_try, success, failure, code, status, holder, until] =
        columns(progress);
    let values =
        [position, parcels, items, failures, next_try, success, failure, code, status, holder, until, delivery.into()];
    tx.run(&SET_PROGRESS, &values).map(|_| ())
}

fn columns(progress: &Progress) -> [kernel::Value<'_>; 11] {
    let failure = progress.last_failure.as_ref();
    [
        progress.position.into(),
        progress.parcels.into(),
        progress.items.into(),
        progress.failures.into(),
        progress.next_try.into(),
        progress.last_success.into(),
        failure.map(|failure| failure.at).into(),
        failure.map(|failure| &failure.code).into(),
        failure.and_then(|failure| failure.status).into(),
        progress.hold.holder.into(),
        progress.hold.until.into(),
    ]
}

pub(crate) struct DeliveryTable;

impl Table for DeliveryTable {
    fn name(&self) -> &'static str {
        "delivery"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        scope.tx.each(&RANGE, &journal::row_range(entries), |row| {
            let version = row.int(0)?;
            let opened = scope.vault.open(TERMS_COLUMN, Id::<DeliveryVersion>::new(version), row.bytes(6)?)?;
            let name_key = Blind::from_bytes(row.array(3)?);
            let asks = row.optional_bytes(4)?.map(|_| row.array(4)).transpose()?.map(Blind::from_bytes);
            let keys = (&name_key, asks.as_ref());
            let leaf = leaf(version, row.int(1)?, row.optional_int(2)?, keys, row.bool(5)?, &opened);
            visit(journal::entry_of(version), leaf)
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT)
    }
}

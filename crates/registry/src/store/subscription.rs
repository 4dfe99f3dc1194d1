//! Who is told what becomes of whose account, and which of that was ended before its time.

use crate::legal_purpose::LegalPurpose;
use crate::subscription::{Sees, Subscription};
use kernel::journal::{self, Entry, Rows, Table};
use kernel::merkle::{Encoder, Hash, Tree};
use kernel::{Blind, Env, Error, Id, Row, Scope, Timestamp, Tx, statements};
use std::ops::Range;

statements! {
    INSERT = "subscription.insert":
        "INSERT INTO subscription (id, entry, payee, client, purpose, sees, payer, until, said)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    FIND = "subscription.find":
        "SELECT s.id, s.entry, s.payee, s.client, s.purpose, s.sees, s.payer, s.until, s.said, e.entry
         FROM subscription s LEFT JOIN subscription_end e ON e.subscription = s.id WHERE s.id = $1";
    OF_PAYEE = "subscription.of_payee":
        "SELECT s.id, s.entry, s.payee, s.client, s.purpose, s.sees, s.payer, s.until, s.said, e.entry
         FROM subscription s LEFT JOIN subscription_end e ON e.subscription = s.id
         WHERE s.payee = $1 ORDER BY s.id DESC LIMIT 10000";
    OF_CLIENT = "subscription.of_client":
        "SELECT s.id, s.entry, s.payee, s.client, s.purpose, s.sees, s.payer, s.until, s.said, e.entry
         FROM subscription s LEFT JOIN subscription_end e ON e.subscription = s.id
         WHERE s.client = $1 AND s.id > $2 AND s.until > $3 AND e.entry IS NULL ORDER BY s.id LIMIT $4";
    FIRST = "subscription.first_of_client":
        "SELECT entry FROM subscription WHERE client = $1 AND id > $2 ORDER BY id LIMIT 1";
    RANGE = "subscription.range":
        "SELECT id, entry, payee, client, purpose, sees, payer, until, said FROM subscription
         WHERE entry >= $1 AND entry < $2 ORDER BY entry, id";
    COUNT = "subscription.count": "SELECT COUNT(*) FROM subscription";
    INSERT_END = "subscription_end.insert": "INSERT INTO subscription_end (subscription, entry) VALUES ($1, $2)";
    END_RANGE = "subscription_end.range":
        "SELECT subscription, entry FROM subscription_end WHERE entry >= $1 AND entry < $2 ORDER BY entry, subscription";
    COUNT_ENDS = "subscription_end.count": "SELECT COUNT(*) FROM subscription_end";
}

const SAID_COLUMN: &str = "subscription.said";

/// A subscription, and which entries recorded it, and that it was ended.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) subscription: Subscription,
    pub(crate) entry: i64,
    pub(crate) ended: Option<i64>,
}

/// Adds subscriptions, each entry's in the order of their ids; the rows of each entry.
pub(crate) fn insert_many(scope: &Scope<'_>, new: &[(Entry, Subscription)]) -> Result<Vec<Rows>, Error> {
    let (mut rows, mut sealed) = (Vec::new(), Vec::with_capacity(new.len()));
    let mut encoder = Encoder::default();
    for of_entry in new.chunk_by(|(one, _), (other, _)| one == other) {
        let mut tree = Tree::default();
        for (_, subscription) in of_entry {
            sealed.push(scope.vault.seal(SAID_COLUMN, subscription.id, subscription.said().as_bytes())?);
            tree.push(leaf(&mut encoder, subscription));
        }
        rows.push(Rows::of(SubscriptionTable.name(), &tree));
    }
    scope.tx.run_many(
        &INSERT,
        new.iter().zip(&sealed).map(|((entry, subscription), said)| {
            [
                subscription.id.into(),
                entry.number().into(),
                (&subscription.payee).into(),
                (&subscription.client).into(),
                subscription.purpose.code().into(),
                subscription.sees.code().into(),
                subscription.payer.into(),
                subscription.until.into(),
                said.into(),
            ]
        }),
    )?;
    Ok(rows)
}

/// Ends subscriptions, in the order of their ids.
pub(crate) fn end_many(tx: &Tx<'_>, entry: Entry, ids: &[Id<Subscription>]) -> Result<Rows, Error> {
    tx.run_many(&INSERT_END, ids.iter().map(|id| [(*id).into(), entry.number().into()]))?;
    let (mut tree, mut encoder) = (Tree::default(), Encoder::default());
    for id in ids {
        tree.push(end_leaf(&mut encoder, *id));
    }
    Ok(Rows::of(EndTable.name(), &tree))
}

/// Subscriptions of these sorted ids; `found` gets the place of each that is there.
pub(crate) fn find_many(
    scope: &Scope<'_>,
    ids: &[Id<Subscription>],
    mut found: impl FnMut(usize, Found),
) -> Result<(), Error> {
    scope.tx.look_up(&FIND, ids.iter().map(|id| (*id).into()), |at, row| {
        found(at, read(scope, row)?);
        Ok(())
    })
}

/// All that were ever made about a payee, the newest first.
pub(crate) fn of_payee(scope: &Scope<'_>, payee: &Blind, mut found: impl FnMut(Found)) -> Result<(), Error> {
    scope.tx.each(&OF_PAYEE, &[payee.into()], |row| {
        found(read(scope, row)?);
        Ok(())
    })
}

/// Of payees, by their sorted keys, what one client is told still: `found` gets the place of each payee, and the newest subscriptions
/// first. What others are told is not opened.
pub(crate) fn told_of_many<'k>(
    scope: &Scope<'_>,
    payees: impl IntoIterator<Item = &'k Blind>,
    client: &str,
    now: Timestamp,
    mut found: impl FnMut(usize, Found),
) -> Result<(), Error> {
    scope.tx.look_up(&OF_PAYEE, payees.into_iter().map(Into::into), |at, row| {
        if row.text(3)? != client || row.optional_int(9)?.is_some() {
            return Ok(());
        }
        let one = read(scope, row)?;
        if one.subscription.is_told(now) {
            found(at, one);
        }
        Ok(())
    })
}

/// A client's subscriptions that last, the oldest first: at most `limit` after the one of this id.
pub(crate) fn lasting(
    scope: &Scope<'_>,
    client: &str,
    after: i64,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<Found>, Error> {
    let mut found = Vec::new();
    scope.tx.each(&OF_CLIENT, &[client.into(), after.into(), now.into(), limit.into()], |row| {
        found.push(read(scope, row)?);
        Ok(())
    })?;
    Ok(found)
}

/// The id that everything has a greater one which began after a moment.
pub(crate) fn after_moment(moment: Timestamp) -> i64 {
    Env::new(moment, 0).id::<Subscription>().number() - 1
}

/// The entry by which a client first subscribed after a moment.
pub(crate) fn first_after(tx: &Tx<'_>, client: &str, moment: Timestamp) -> Result<Option<i64>, Error> {
    tx.optional(&FIRST, &[client.into(), after_moment(moment).into()], |row| row.int(0))
}

/// Reads a subscription from the first nine columns of a row.
fn read_subscription(scope: &Scope<'_>, row: &Row<'_>) -> Result<Subscription, Error> {
    let id = Id::new(row.int(0)?);
    let opened = scope.vault.open(SAID_COLUMN, id, row.bytes(8)?)?;
    let said = std::str::from_utf8(&opened).ok().and_then(Subscription::read_said);
    let (number, reference) = said.ok_or_else(|| row.broken(8))?;
    Ok(Subscription {
        id,
        payee: Blind::from_bytes(row.array(2)?),
        client: row.text(3)?.to_owned(),
        purpose: LegalPurpose::from_code(row.int(4)?).ok_or_else(|| row.broken(4))?,
        sees: Sees::from_code(row.int(5)?).ok_or_else(|| row.broken(5))?,
        payer: row.optional_int(6)?.map(Id::new),
        until: Timestamp::from_micros(row.int(7)?),
        number,
        reference,
    })
}

fn read(scope: &Scope<'_>, row: &Row<'_>) -> Result<Found, Error> {
    Ok(Found { subscription: read_subscription(scope, row)?, entry: row.int(1)?, ended: row.optional_int(9)? })
}

fn leaf(encoder: &mut Encoder, subscription: &Subscription) -> Hash {
    encoder
        .start(SubscriptionTable.name())
        .int(subscription.id.number())
        .bytes(subscription.payee.as_bytes())
        .text(&subscription.client)
        .int(subscription.purpose.code())
        .int(subscription.sees.code())
        .optional_int(subscription.payer.map(Id::number))
        .int(subscription.until.micros())
        .bytes(subscription.said().as_bytes())
        .leaf()
}

fn end_leaf(encoder: &mut Encoder, id: Id<Subscription>) -> Hash {
    encoder.start(EndTable.name()).int(id.number()).leaf()
}

pub(crate) struct SubscriptionTable;

impl Table for SubscriptionTable {
    fn name(&self) -> &'static str {
        "subscription"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut encoder = Encoder::default();
        scope.tx.each(&RANGE, &[entries.start.into(), entries.end.into()], |row| {
            visit(row.int(1)?, leaf(&mut encoder, &read_subscription(scope, row)?))
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT)
    }
}

pub(crate) struct EndTable;

impl Table for EndTable {
    fn name(&self) -> &'static str {
        "subscription_end"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut encoder = Encoder::default();
        scope.tx.each(&END_RANGE, &[entries.start.into(), entries.end.into()], |row| {
            visit(row.int(1)?, end_leaf(&mut encoder, Id::new(row.int(0)?)))
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT_ENDS)
    }
}

//! The server's own keys: their private halves sealed, and opened only to sign.

use crate::key::{Algorithm, PrivateKey, PublicKey};
use crate::signing_key::SigningKey;
use kernel::journal::{self, Entry, Rows, Table};
use kernel::merkle::{Encoder, Hash, Tree};
use kernel::{Error, Id, Row, Scope, Timestamp, Vault, statements};
use std::ops::Range;
use zeroize::Zeroizing;

statements! {
    INSERT = "signing_key.insert":
        "INSERT INTO signing_key (id, public, private, signs_from, former_until) VALUES ($1, $2, $3, $4, $5)";
    // Whichever are older are over.
    NEWEST = "signing_key.newest":
        "SELECT id, public, private, signs_from, former_until FROM signing_key ORDER BY id DESC LIMIT 16";
    RANGE = "signing_key.range":
        "SELECT id, public, private, signs_from, former_until FROM signing_key WHERE id >= $1 AND id < $2 ORDER BY id";
    COUNT = "signing_key.count": "SELECT COUNT(*) FROM signing_key";
}

const PRIVATE_COLUMN: &str = "signing_key.private";

fn read(row: &Row<'_>) -> Result<SigningKey, Error> {
    let public = PublicKey::from_sec1(row.bytes(1)?).ok_or_else(|| row.broken(1))?;
    Ok(SigningKey {
        id: Id::new(row.int(0)?),
        public,
        signs_from: Timestamp::from_micros(row.int(3)?),
        former_until: Timestamp::from_micros(row.int(4)?),
    })
}

/// The secret number of a key. To make the key of it takes as long as signing with it.
pub(crate) type Secret = Zeroizing<[u8; 32]>;

fn open(vault: &Vault, row: &Row<'_>) -> Result<Secret, Error> {
    let id: Id<SigningKey> = Id::new(row.int(0)?);
    let opened = vault.open(PRIVATE_COLUMN, id, row.bytes(2)?)?;
    Ok(Zeroizing::new(opened.as_slice().try_into().map_err(|_| row.broken(2))?))
}

/// The keys that are or will be of use, in the order in which they were made.
pub(crate) fn newest(scope: &Scope<'_>) -> Result<Vec<SigningKey>, Error> {
    let mut keys = Vec::new();
    scope.tx.each(&NEWEST, &[], |row| {
        keys.push(read(row)?);
        Ok(())
    })?;
    keys.reverse();
    Ok(keys)
}

/// Those of the keys that can be the one that signs, at any moment: the last two, with what they sign with.
pub(crate) fn last_two(scope: &Scope<'_>) -> Result<Vec<(SigningKey, Secret)>, Error> {
    let mut keys = Vec::new();
    scope.tx.each(&NEWEST, &[], |row| {
        if keys.len() < 2 {
            keys.push((read(row)?, open(scope.vault, row)?));
        }
        Ok(())
    })?;
    keys.reverse();
    Ok(keys)
}

pub(crate) fn insert(
    scope: &Scope<'_>,
    entry: Entry,
    key: &PrivateKey,
    signs_from: Timestamp,
    former_until: Timestamp,
) -> Result<Rows, Error> {
    let id: Id<SigningKey> = entry.row(0)?;
    let public = key.public().to_sec1();
    let sealed = scope.vault.seal(PRIVATE_COLUMN, id, &*key.secret())?;
    scope.tx.run(&INSERT, &[id.into(), (&public).into(), (&sealed).into(), signs_from.into(), former_until.into()])?;
    let mut tree = Tree::default();
    tree.push(leaf(id.number(), &public, signs_from.micros(), former_until.micros()));
    Ok(Rows::of(SigningKeyTable.name(), &tree))
}

/// The private half is not in it: it follows from the public one.
fn leaf(id: i64, public: &[u8], signs_from: i64, former_until: i64) -> Hash {
    Encoder::default().start(SigningKeyTable.name()).int(id).bytes(public).int(signs_from).int(former_until).leaf()
}

pub(crate) struct SigningKeyTable;

impl Table for SigningKeyTable {
    fn name(&self) -> &'static str {
        "signing_key"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        scope.tx.each(&RANGE, &journal::row_range(entries), |row| {
            // A private half of another key would sign what nobody can verify.
            let secret = open(scope.vault, row)?;
            let private = PrivateKey::from_bytes(Algorithm::Es256, &secret);
            let public = private.ok_or_else(|| row.broken(2))?.public().to_sec1();
            if public != row.bytes(1)? {
                return Err(row.broken(2).into());
            }
            visit(journal::entry_of(row.int(0)?), leaf(row.int(0)?, &public, row.int(3)?, row.int(4)?))
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT)
    }
}

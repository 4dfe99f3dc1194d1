use crate::journal::{Entry, Rows, Table};
use crate::merkle::{Encoder, Hash, Tree};
use crate::{
    Blind, Command, Decision, Domain, Env, Error, Id, Operation, Refusal, Refuse, Scope, StoreError, journal, policy,
    statements,
};
use ed25519_dalek::pkcs8::{DecodePrivateKey, DecodePublicKey};
use ed25519_dalek::{SigningKey, VerifyingKey};
use std::fmt;
use std::ops::Range;
use std::path::Path;

const NAME_CHARS_MAX: usize = 64;
const NAME_DOMAIN: Domain = Domain("operator");
const NAME_COLUMN: &str = "operator.name";

statements! {
    FIND = "operator.find": "SELECT public_key FROM operator WHERE name_key = $1";
    FIND_KEY = "operator.find_key": "SELECT name_key FROM operator WHERE public_key = $1";
    INSERT = "operator.insert": "INSERT INTO operator (id, name_key, name, public_key) VALUES ($1, $2, $3, $4)";
    RANGE = "operator.range":
        "SELECT id, name_key, name, public_key FROM operator WHERE id >= $1 AND id < $2 ORDER BY id";
    COUNT = "operator.count": "SELECT COUNT(*) FROM operator";
}

/// Why an operator was refused.
#[derive(Debug, PartialEq, Eq)]
pub enum OperatorRefusal {
    /// The name is empty, too long, or has characters that no name needs.
    Name,
    /// The file is not an Ed25519 key in PEM.
    Key,
    /// The name belongs to another key.
    NameTaken,
    /// The key belongs to another operator.
    KeyTaken,
    /// Nobody is registered under that name.
    Unknown,
    /// The private key is not the registered one's.
    WrongKey,
    /// An operator proves who they are with a private key.
    KeyNeeded,
}

impl Refuse for OperatorRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Name => "operator.name",
            Self::Key => "operator.key",
            Self::NameTaken => "operator.name_taken",
            Self::KeyTaken => "operator.key_taken",
            Self::Unknown => "operator.unknown",
            Self::WrongKey => "operator.wrong_key",
            Self::KeyNeeded => "operator.key_needed",
        }
    }
}

impl fmt::Display for OperatorRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name => "an operator's name has 1 to 64 letters, digits, dots, hyphens or underscores",
            Self::Key => "the file is not an Ed25519 key in PEM form",
            Self::NameTaken => "that name is registered with another key",
            Self::KeyTaken => "that key is registered for another operator",
            Self::Unknown => "no operator is registered under that name",
            Self::WrongKey => "that is not the key that is registered for this operator",
            Self::KeyNeeded => "acting as an operator needs their private key (--operator-key FILE)",
        })
    }
}

/// The Ed25519 public key that an operator is known by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// Reads a PEM file (SubjectPublicKeyInfo, as `openssl pkey -pubout` writes it).
    ///
    /// # Errors
    /// [`OperatorRefusal::Key`], or the file cannot be read.
    pub fn read(path: &Path) -> Result<Self, Error> {
        VerifyingKey::from_public_key_pem(&read_text(path)?)
            .map(|key| Self(key.to_bytes()))
            .map_err(|_| OperatorRefusal::Key.into())
    }

    /// The public half of a private key file (PKCS #8 PEM, as `openssl genpkey -algorithm ed25519` writes it).
    ///
    /// # Errors
    /// [`OperatorRefusal::Key`], or the file cannot be read.
    pub fn of_private(path: &Path) -> Result<Self, Error> {
        SigningKey::from_pkcs8_pem(&read_text(path)?)
            .map(|key| Self(key.verifying_key().to_bytes()))
            .map_err(|_| OperatorRefusal::Key.into())
    }
}

fn read_text(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::InvalidData => OperatorRefusal::Key.into(),
        _ => StoreError::new(format!("{} could not be read", path.display()), error).into(),
    })
}

/// The key that an operator is registered with.
///
/// # Errors
/// The store's.
pub fn find_operator(scope: &Scope<'_>, name: &str) -> Result<Option<PublicKey>, Error> {
    scope.tx.optional(&FIND, &[(&scope.vault.blind(NAME_DOMAIN, name)).into()], |row| Ok(PublicKey(row.array(0)?)))
}

/// Registers an operator.
pub struct AddOperator {
    /// The name they will act under.
    pub name: String,
    /// The key they will prove it with.
    pub key: PublicKey,
}

impl Command for AddOperator {
    const OPERATION: Operation = policy::ADD_OPERATOR;
    /// The key that the name is registered with, and whether the key is registered at all.
    type State = (Option<PublicKey>, bool);
    type Change = ();
    type Output = ();

    fn load(&self, scope: &Scope<'_>) -> Result<Self::State, Error> {
        let holder = scope.tx.optional(&FIND_KEY, &[self.key.0.as_slice().into()], |_| Ok(()))?;
        Ok((find_operator(scope, &self.name)?, holder.is_some()))
    }

    fn decide(&self, (registered, is_key_known): Self::State, _: &Env) -> Result<Decision<(), ()>, Refusal> {
        let lawful = |c: char| c.is_alphanumeric() || "._-".contains(c);
        if !(1..=NAME_CHARS_MAX).contains(&self.name.chars().count()) || !self.name.chars().all(lawful) {
            return Err(OperatorRefusal::Name.into());
        }
        match registered {
            None if is_key_known => Err(OperatorRefusal::KeyTaken.into()),
            None => Ok(Decision::of(vec![()], serde_json::json!({ "name": self.name }), ())),
            Some(key) if key == self.key => Ok(Decision::unchanged(())),
            Some(_) => Err(OperatorRefusal::NameTaken.into()),
        }
    }

    fn save(&self, scope: &Scope<'_>, _: &[()], entry: Entry) -> Result<Vec<Rows>, Error> {
        let id = entry.row::<Self>(0)?;
        let name_key = scope.vault.blind(NAME_DOMAIN, &self.name);
        let name = scope.vault.seal(NAME_COLUMN, id, self.name.as_bytes())?;
        scope.tx.run(&INSERT, &[id.into(), (&name_key).into(), (&name).into(), self.key.0.as_slice().into()])?;
        let mut tree = Tree::default();
        tree.push(row_leaf(id.number(), &name_key, self.name.as_bytes(), &self.key.0));
        Ok(vec![Rows::of(OperatorTable.name(), &tree)])
    }
}

fn row_leaf(id: i64, name_key: &Blind, name: &[u8], key: &[u8; 32]) -> Hash {
    Encoder::default().start(OperatorTable.name()).int(id).bytes(name_key.as_bytes()).bytes(name).bytes(key).leaf()
}

pub(crate) struct OperatorTable;

impl Table for OperatorTable {
    fn name(&self) -> &'static str {
        "operator"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        scope.tx.each(&RANGE, &journal::row_range(entries), |row| {
            let id = row.int(0)?;
            let name = scope.vault.open(NAME_COLUMN, Id::<AddOperator>::new(id), row.bytes(2)?)?;
            let leaf = row_leaf(id, &Blind::from_bytes(row.array(1)?), &name, &row.array(3)?);
            visit(journal::entry_of(id), leaf)
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT)
    }
}

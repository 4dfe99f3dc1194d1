//! Officers: operators of the agency, and caseworkers of authorities. Each is known by one name and one key, whatever they are:
//! four eyes are those of two people, and two keys stand for two.

use crate::journal::{Entry, Rows, Table};
use crate::merkle::{Encoder, Hash, Tree};
use crate::{
    Actor, Blind, Command, Decision, Domain, Env, Error, Id, Operation, Refusal, Refuse, Role, Row, Scope, StoreError,
    Vault, journal, policy, statements,
};
use ed25519_dalek::pkcs8::{DecodePrivateKey, DecodePublicKey};
use ed25519_dalek::{SigningKey, VerifyingKey};
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::path::Path;

const NAME_CHARS_MAX: usize = 64;
const NAME_DOMAIN: Domain = Domain("officer");
const NAME_COLUMN: &str = "officer.name";

statements! {
    FIND = "officer.find": "SELECT role, public_key FROM officer WHERE name_key = $1";
    FIND_KEY = "officer.find_key": "SELECT id FROM officer WHERE public_key = $1";
    INSERT = "officer.insert":
        "INSERT INTO officer (id, role, name_key, name, public_key) VALUES ($1, $2, $3, $4, $5)";
    PAGE = "officer.page":
        "SELECT id, role, name_key FROM officer \
         WHERE id > $1 AND NOT EXISTS (SELECT 1 FROM operator_end WHERE operator_end.name_key = officer.name_key) \
         ORDER BY id LIMIT 10000";
    RANGE = "officer.range":
        "SELECT id, role, name_key, name, public_key FROM officer WHERE id >= $1 AND id < $2 ORDER BY id";
    COUNT = "officer.count": "SELECT COUNT(*) FROM officer";
    FIND_END = "operator_end.find": "SELECT id FROM operator_end WHERE name_key = $1";
    INSERT_END = "operator_end.insert": "INSERT INTO operator_end (id, name_key) VALUES ($1, $2)";
    RANGE_ENDS = "operator_end.range": "SELECT id, name_key FROM operator_end WHERE id >= $1 AND id < $2 ORDER BY id";
    COUNT_ENDS = "operator_end.count": "SELECT COUNT(*) FROM operator_end";
}

/// Why an officer was refused.
#[derive(Debug, PartialEq, Eq)]
pub enum OfficerRefusal {
    /// The name is empty, too long, or has characters that no name needs.
    Name,
    /// The file is not an Ed25519 key in PEM.
    Key,
    /// The name is registered with another key, or for another role.
    NameTaken,
    /// The key belongs to somebody else.
    KeyTaken,
    /// Nobody is registered under that name.
    Unknown,
    /// They were an operator, and are not any more.
    Ended,
    /// The private key is not the registered one's.
    WrongKey,
    /// An officer proves who they are with a private key.
    KeyNeeded,
}

impl Refuse for OfficerRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Name => "operator.name",
            Self::Key => "operator.key",
            Self::NameTaken => "operator.name_taken",
            Self::KeyTaken => "operator.key_taken",
            Self::Unknown => "operator.unknown",
            Self::Ended => "operator.ended",
            Self::WrongKey => "operator.wrong_key",
            Self::KeyNeeded => "operator.key_needed",
        }
    }
}

impl fmt::Display for OfficerRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name => {
                "the name of an operator or caseworker has 1 to 64 letters, digits, dots, hyphens or underscores"
            }
            Self::Key => "the file is not an Ed25519 key in PEM form",
            Self::NameTaken => "that name is registered with another key, or for another role",
            Self::KeyTaken => "that key is registered for another operator or caseworker",
            Self::Unknown => "no operator or caseworker is registered under that name",
            Self::Ended => "this operator was ended; neither name nor key is used again",
            Self::WrongKey => "that is not the key that is registered under this name",
            Self::KeyNeeded => "acting as an operator or caseworker needs their private key (--operator-key FILE)",
        })
    }
}

/// The Ed25519 public key that an officer is known by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// Reads a PEM file (SubjectPublicKeyInfo, as `openssl pkey -pubout` writes it).
    ///
    /// # Errors
    /// [`OfficerRefusal::Key`], or the file cannot be read.
    pub fn read(path: &Path) -> Result<Self, Error> {
        VerifyingKey::from_public_key_pem(&read_text(path)?)
            .map(|key| Self(key.to_bytes()))
            .map_err(|_| OfficerRefusal::Key.into())
    }

    /// The key of these bytes (RFC 8032), which whoever has them found to be one.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The key itself (RFC 8032).
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The public half of a private key file (PKCS #8 PEM, as `openssl genpkey -algorithm ed25519` writes it).
    ///
    /// # Errors
    /// [`OfficerRefusal::Key`], or the file cannot be read.
    pub fn of_private(path: &Path) -> Result<Self, Error> {
        SigningKey::from_pkcs8_pem(&read_text(path)?)
            .map(|key| Self(key.verifying_key().to_bytes()))
            .map_err(|_| OfficerRefusal::Key.into())
    }
}

fn read_text(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::InvalidData => OfficerRefusal::Key.into(),
        _ => StoreError::new(format!("{} could not be read", path.display()), error).into(),
    })
}

/// An operator or caseworker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Officer {
    /// Which of the two.
    pub role: Role,
    /// The name that they act under.
    pub name: String,
    /// The key that they prove it with.
    pub key: PublicKey,
}

/// The officer who is registered under a name.
///
/// # Errors
/// The store's.
pub fn find_officer(scope: &Scope<'_>, name: &str) -> Result<Option<Officer>, Error> {
    scope.tx.optional(&FIND, &[(&Officer::name_key(scope.vault, name)).into()], |row| {
        Ok(Officer { role: read_role(row, 0)?, name: name.to_owned(), key: PublicKey(row.array(1)?) })
    })
}

/// Refuses an operator who was ended; nobody else. Whatever an operator does asks for it in the transaction that does it.
///
/// # Errors
/// [`OfficerRefusal::Ended`]; or the store's.
pub fn require_standing(scope: &Scope<'_>, actor: &Actor) -> Result<(), Error> {
    match actor.officer_name().filter(|_| actor.role() == Role::Operator) {
        Some(name) if is_ended(scope, name)? => Err(OfficerRefusal::Ended.into()),
        _ => Ok(()),
    }
}

fn is_ended(scope: &Scope<'_>, name: &str) -> Result<bool, Error> {
    let ended = scope.tx.optional(&FIND_END, &[(&Officer::name_key(scope.vault, name)).into()], |_| Ok(()))?;
    Ok(ended.is_some())
}

/// The blind indexes of the names of all operators who were not ended: who there is, without whom.
///
/// # Errors
/// The store's.
pub fn operators(scope: &Scope<'_>) -> Result<BTreeSet<Blind>, Error> {
    let (mut operators, mut after) = (BTreeSet::new(), -1);
    loop {
        let before = after;
        scope.tx.each(&PAGE, &[after.into()], |row| {
            after = row.int(0)?;
            if read_role(row, 1)? == Role::Operator {
                operators.insert(Blind::from_bytes(row.array(2)?));
            }
            Ok(())
        })?;
        if after == before {
            return Ok(operators);
        }
    }
}

fn read_role(row: &Row<'_>, column: usize) -> Result<Role, Error> {
    let name = row.text(column)?;
    let role = [Role::Operator, Role::Caseworker].into_iter().find(|role| role.name() == name);
    role.ok_or_else(|| row.broken(column).into())
}

/// What is registered of an officer's name and of their key.
pub struct Taken {
    by_name: Option<Officer>,
    is_ended: bool,
    is_key_known: bool,
}

impl Officer {
    /// The blind index of an officer's name.
    #[must_use]
    pub fn name_key(vault: &Vault, name: &str) -> Blind {
        vault.blind(NAME_DOMAIN, name)
    }

    /// What is registered of this name and this key.
    ///
    /// # Errors
    /// The store's.
    pub fn taken(&self, scope: &Scope<'_>) -> Result<Taken, Error> {
        let by_name = find_officer(scope, &self.name)?;
        let holder = scope.tx.optional(&FIND_KEY, &[self.key.0.as_slice().into()], |_| Ok(()))?;
        let is_ended = is_ended(scope, &self.name)?;
        Ok(Taken { by_name, is_ended, is_key_known: holder.is_some() })
    }

    /// Whether they are to be registered; if not, they are already.
    ///
    /// # Errors
    /// The name cannot be one, or the name or the key is somebody else's; or they were ended.
    pub fn is_new(&self, taken: &Taken) -> Result<bool, OfficerRefusal> {
        let lawful = |c: char| c.is_alphanumeric() || "._-".contains(c);
        if !(1..=NAME_CHARS_MAX).contains(&self.name.chars().count()) || !self.name.chars().all(lawful) {
            return Err(OfficerRefusal::Name);
        }
        match &taken.by_name {
            Some(registered) if registered == self && taken.is_ended => Err(OfficerRefusal::Ended),
            Some(registered) if registered == self => Ok(false),
            Some(_) => Err(OfficerRefusal::NameTaken),
            None if taken.is_key_known => Err(OfficerRefusal::KeyTaken),
            None => Ok(true),
        }
    }

    /// Registers them, as part of `entry`.
    ///
    /// # Errors
    /// The store's.
    pub fn insert(&self, scope: &Scope<'_>, entry: Entry) -> Result<Rows, Error> {
        let id = entry.row::<Self>(0)?;
        let name_key = Self::name_key(scope.vault, &self.name);
        let name = scope.vault.seal(NAME_COLUMN, id, self.name.as_bytes())?;
        let (role, key) = (self.role.name(), self.key.0);
        scope.tx.run(&INSERT, &[id.into(), role.into(), (&name_key).into(), (&name).into(), key.as_slice().into()])?;
        let mut tree = Tree::default();
        tree.push(row_leaf(id.number(), self.role, &name_key, self.name.as_bytes(), &key));
        Ok(Rows::of(OfficerTable.name(), &tree))
    }

    /// Who acts, once they have shown their key.
    ///
    /// # Errors
    /// [`OfficerRefusal::WrongKey`].
    pub fn with_key(&self, shown: PublicKey) -> Result<Actor, OfficerRefusal> {
        if shown == self.key { Ok(self.actor()) } else { Err(OfficerRefusal::WrongKey) }
    }

    /// Who acts. Whoever asks for it believes that it is them.
    #[must_use]
    pub fn actor(&self) -> Actor {
        if self.role == Role::Caseworker { Actor::caseworker(&self.name) } else { Actor::operator(&self.name) }
    }
}

/// Registers an operator.
pub struct AddOperator {
    /// The name they will act under.
    pub name: String,
    /// The key they will prove it with.
    pub key: PublicKey,
}

impl AddOperator {
    fn officer(&self) -> Officer {
        Officer { role: Role::Operator, name: self.name.clone(), key: self.key }
    }
}

impl Command for AddOperator {
    const OPERATION: Operation = policy::ADD_OPERATOR;
    type State = Taken;
    type Change = Officer;
    type Output = ();

    fn load(&self, scope: &Scope<'_>) -> Result<Taken, Error> {
        self.officer().taken(scope)
    }

    fn decide(&self, taken: Taken, _: &Env) -> Result<Decision<Officer, ()>, Refusal> {
        let officer = self.officer();
        if !officer.is_new(&taken)? {
            return Ok(Decision::unchanged(()));
        }
        Ok(Decision::of(vec![officer], serde_json::json!({ "name": self.name }), ()))
    }

    fn save(&self, scope: &Scope<'_>, new: &[Officer], entry: Entry) -> Result<Vec<Rows>, Error> {
        new.iter().map(|officer| officer.insert(scope, entry)).collect()
    }
}

/// Ends an operator: they act no more, and neither name nor key is used again.
pub struct EndOperator {
    /// Their name.
    pub name: String,
}

impl Command for EndOperator {
    const OPERATION: Operation = policy::END_OPERATOR;
    /// Whether they were ended before.
    type State = bool;
    type Change = ();
    /// Whether they had not been ended before.
    type Output = bool;

    fn load(&self, scope: &Scope<'_>) -> Result<bool, Error> {
        let found = find_officer(scope, &self.name)?.filter(|officer| officer.role == Role::Operator);
        found.ok_or(OfficerRefusal::Unknown)?;
        is_ended(scope, &self.name)
    }

    fn decide(&self, is_ended: bool, _: &Env) -> Result<Decision<(), bool>, Refusal> {
        if is_ended {
            return Ok(Decision::unchanged(false));
        }
        Ok(Decision::of(vec![()], serde_json::json!({ "name": self.name }), true))
    }

    fn save(&self, scope: &Scope<'_>, ended: &[()], entry: Entry) -> Result<Vec<Rows>, Error> {
        let end = |(): &()| {
            let (id, name_key) = (entry.row::<OperatorEndTable>(0)?, Officer::name_key(scope.vault, &self.name));
            scope.tx.run(&INSERT_END, &[id.into(), (&name_key).into()])?;
            let mut tree = Tree::default();
            tree.push(end_leaf(id.number(), &name_key));
            Ok(Rows::of(OperatorEndTable.name(), &tree))
        };
        ended.iter().map(end).collect()
    }
}

fn row_leaf(id: i64, role: Role, name_key: &Blind, name: &[u8], key: &[u8; 32]) -> Hash {
    Encoder::default()
        .start(OfficerTable.name())
        .int(id)
        .text(role.name())
        .bytes(name_key.as_bytes())
        .bytes(name)
        .bytes(key)
        .leaf()
}

pub(crate) struct OfficerTable;

impl Table for OfficerTable {
    fn name(&self) -> &'static str {
        "officer"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        scope.tx.each(&RANGE, &journal::row_range(entries), |row| {
            let id = row.int(0)?;
            let name = scope.vault.open(NAME_COLUMN, Id::<Officer>::new(id), row.bytes(3)?)?;
            let leaf = row_leaf(id, read_role(row, 1)?, &Blind::from_bytes(row.array(2)?), &name, &row.array(4)?);
            visit(journal::entry_of(id), leaf)
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT)
    }
}

fn end_leaf(id: i64, name_key: &Blind) -> Hash {
    Encoder::default().start(OperatorEndTable.name()).int(id).bytes(name_key.as_bytes()).leaf()
}

pub(crate) struct OperatorEndTable;

impl Table for OperatorEndTable {
    fn name(&self) -> &'static str {
        "operator_end"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        scope.tx.each(&RANGE_ENDS, &journal::row_range(entries), |row| {
            let id = row.int(0)?;
            visit(journal::entry_of(id), end_leaf(id, &Blind::from_bytes(row.array(1)?)))
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT_ENDS)
    }
}

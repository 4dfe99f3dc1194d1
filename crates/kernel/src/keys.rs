//! The keys: a master key outside the data, and the data keys that it wraps.

use crate::{
    Command, Decision, Error, Operation, Refusal, Refuse, Scope, Secrets, StoreError, files, journal, merkle, policy,
    statements,
};
use aes_gcm_siv::aead::AeadInOut;
use aes_gcm_siv::{Aes256GcmSiv, KeyInit};
use std::fmt;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

const FILE_HEADING: &str = "anvis-master-key-1:";
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;

statements! {
    FIND = "keyring.find": "SELECT synthetic, wrapped FROM keyring WHERE id = 1";
    INSERT = "keyring.insert": "INSERT INTO keyring (id, synthetic, wrapped) VALUES (1, $1, $2)";
    REPLACE = "keyring.replace": "UPDATE keyring SET wrapped = $1 WHERE id = 1";
}

/// Why keys were refused.
#[derive(Debug, PartialEq, Eq)]
pub enum KeyRefusal {
    /// There is no file of that name.
    Missing(PathBuf),
    /// Others than its owner can read it.
    TooOpen(PathBuf),
    /// It is not a master key.
    Malformed(PathBuf),
    /// It is a master key, but not this store's.
    Wrong(PathBuf),
}

impl Refuse for KeyRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Missing(_) => "key.missing",
            Self::TooOpen(_) => "key.too_open",
            Self::Malformed(_) => "key.malformed",
            Self::Wrong(_) => "key.wrong",
        }
    }
}

impl fmt::Display for KeyRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(path) => write!(f, "there is no master key at {}", path.display()),
            Self::TooOpen(path) => {
                write!(f, "{} can be read by others; give it mode 0600", path.display())
            }
            Self::Malformed(path) => write!(f, "{} is not a master key of Anvis", path.display()),
            Self::Wrong(path) => write!(f, "{} does not open this store; it is the key of another", path.display()),
        }
    }
}

/// The key that lies outside the data folder and opens it.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; 32]>);

impl MasterKey {
    /// A new one.
    ///
    /// # Errors
    /// The source of secrets failed.
    pub fn generate(secrets: &mut Secrets) -> Result<Self, Error> {
        Ok(Self(Zeroizing::new(secrets.bytes()?)))
    }

    /// Reads a key file, which only its owner may be able to read.
    ///
    /// # Errors
    /// [`KeyRefusal`], or the file cannot be read.
    pub fn read(path: &Path) -> Result<Self, Error> {
        use std::os::unix::fs::PermissionsExt;
        let cannot = || Error::io(format!("{} could not be read", path.display()));
        let metadata = match std::fs::metadata(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(KeyRefusal::Missing(path.to_owned()).into());
            }
            other => other.map_err(cannot())?,
        };
        if metadata.permissions().mode() & 0o077 != 0 {
            return Err(KeyRefusal::TooOpen(path.to_owned()).into());
        }
        let text = Zeroizing::new(std::fs::read(path).map_err(cannot())?);
        std::str::from_utf8(&text)
            .ok()
            .and_then(|text| merkle::from_hex(text.trim_end().strip_prefix(FILE_HEADING)?))
            .map(|key| Self(Zeroizing::new(key)))
            .ok_or_else(|| KeyRefusal::Malformed(path.to_owned()).into())
    }

    /// Writes a key file with mode 0600.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        let text = Zeroizing::new(format!("{FILE_HEADING}{}\n", merkle::to_hex(&*self.0)));
        files::write_private(path, text.as_bytes())
    }

    fn cipher(&self) -> Aes256GcmSiv {
        Aes256GcmSiv::new_from_slice(&*self.0).expect("the key has 32 bytes")
    }

    fn wrap(&self, keys: &DataKeys, synthetic: bool, secrets: &mut Secrets) -> Result<Vec<u8>, Error> {
        let nonce: [u8; NONCE_BYTES] = secrets.bytes()?;
        let mut wrapped = nonce.to_vec();
        wrapped.extend_from_slice(&*keys.0);
        let tag = self
            .cipher()
            .encrypt_inout_detached(&nonce.into(), purpose(synthetic), (&mut wrapped[NONCE_BYTES..]).into())
            .map_err(|_| StoreError::plain("the data keys could not be wrapped"))?;
        wrapped.extend_from_slice(&tag);
        Ok(wrapped)
    }

    fn unwrap(&self, wrapped: &[u8], synthetic: bool) -> Option<DataKeys> {
        let (nonce, rest) = wrapped.split_first_chunk::<NONCE_BYTES>()?;
        let (keys, tag) = rest.split_last_chunk::<TAG_BYTES>()?;
        let mut keys = DataKeys(Zeroizing::new(keys.try_into().ok()?));
        self.cipher()
            .decrypt_inout_detached(&(*nonce).into(), purpose(synthetic), keys.0.as_mut_slice().into(), &(*tag).into())
            .ok()?;
        Some(keys)
    }
}

/// Authenticated with the wrapped keys: nobody can turn a real store into a synthetic one by editing a row.
fn purpose(synthetic: bool) -> &'static [u8] {
    if synthetic { b"anvis keyring 1 synthetic" } else { b"anvis keyring 1" }
}

/// The key of the blind indexes and the key of the sealed values.
#[derive(Clone)]
pub(crate) struct DataKeys(Zeroizing<[u8; 64]>);

impl DataKeys {
    pub(crate) fn generate(secrets: &mut Secrets) -> Result<Self, Error> {
        Ok(Self(Zeroizing::new(secrets.bytes()?)))
    }

    #[cfg(test)]
    pub(crate) fn from_bytes(bytes: [u8; 64]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    pub(crate) fn blind(&self) -> &[u8] {
        &self.0[..32]
    }

    pub(crate) fn seal(&self) -> &[u8] {
        &self.0[32..]
    }
}

/// A store's keyring, opened.
#[derive(Clone)]
pub(crate) struct Keyring {
    pub(crate) keys: DataKeys,
    pub(crate) synthetic: bool,
}

impl Keyring {
    pub(crate) fn create(
        tx: &crate::Tx<'_>,
        master: &MasterKey,
        synthetic: bool,
        secrets: &mut Secrets,
    ) -> Result<Self, Error> {
        let keys = DataKeys::generate(secrets)?;
        let wrapped = master.wrap(&keys, synthetic, secrets)?;
        tx.run(&INSERT, &[synthetic.into(), (&wrapped).into()])?;
        Ok(Self { keys, synthetic })
    }

    /// Opens the keyring with the key at `path`. A rotation that was cut off after its commit left the new key beside it,
    /// under [`next_key_path`]: that one is then put in place. So whoever opens may finish a rotation, also who only reads, and
    /// who restores a backup or verifies a copy: each of them was shown that the key beside is the one that opens.
    pub(crate) fn open(tx: &crate::Tx<'_>, path: &Path) -> Result<Self, Error> {
        let (synthetic, wrapped) = tx.one(&FIND, &[], |row| Ok((row.bool(0)?, row.bytes(1)?.to_vec())))?;
        let read = MasterKey::read(path);
        if let Ok(master) = &read
            && let Some(keys) = master.unwrap(&wrapped, synthetic)
        {
            return Ok(Self { keys, synthetic });
        }
        let next = next_key_path(path);
        let keys_by_next = || MasterKey::read(&next).ok().and_then(|master| master.unwrap(&wrapped, synthetic));
        if let Some(keys) = keys_by_next() {
            // A rotation that is still under way puts its key in place itself.
            if let Some(_lock) = files::try_lock_folder_of(path)?
                && keys_by_next().is_some()
            {
                files::rename(&next, path)?;
            }
            return Ok(Self { keys, synthetic });
        }
        read?;
        Err(KeyRefusal::Wrong(path.to_owned()).into())
    }
}

/// Where a rotation keeps the new master key until the store has taken it.
#[must_use]
pub fn next_key_path(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".next");
    path.with_file_name(name)
}

/// Wraps the data keys with another master key. The former one opens nothing any more.
pub(crate) struct RotateMasterKey<'p> {
    /// Where the former one is.
    path: &'p Path,
    next: MasterKey,
    wrapped: Vec<u8>,
}

impl<'p> RotateMasterKey<'p> {
    pub(crate) fn new(path: &'p Path, keyring: &Keyring, secrets: &mut Secrets) -> Result<Self, Error> {
        let next = MasterKey::generate(secrets)?;
        let wrapped = next.wrap(&keyring.keys, keyring.synthetic, secrets)?;
        Ok(Self { path, next, wrapped })
    }
}

impl Command for RotateMasterKey<'_> {
    const OPERATION: Operation = policy::ROTATE_MASTER_KEY;
    type State = ();
    type Change = ();
    type Output = ();

    /// The former key must still be the one that opens the store: another machine that has a copy of it may have been first,
    /// and its new key would then open nothing. Nor is the next one written before that is known: what lies there may be of a
    /// rotation that was cut off, whose commit was still under way, and be all that opens the store.
    fn load(&self, scope: &Scope<'_>) -> Result<(), Error> {
        let (synthetic, wrapped) = scope.tx.one(&FIND, &[], |row| Ok((row.bool(0)?, row.bytes(1)?.to_vec())))?;
        match MasterKey::read(self.path)?.unwrap(&wrapped, synthetic) {
            Some(_) => self.next.write(&next_key_path(self.path)),
            None => Err(KeyRefusal::Wrong(self.path.to_owned()).into()),
        }
    }

    fn decide(&self, (): (), _: &crate::Env) -> Result<Decision<(), ()>, Refusal> {
        Ok(Decision::of(vec![()], serde_json::json!({}), ()))
    }

    fn save(&self, scope: &Scope<'_>, _: &[()], _: journal::Entry) -> Result<Vec<journal::Rows>, Error> {
        scope.tx.run(&REPLACE, &[(&self.wrapped).into()])?;
        Ok(vec![])
    }
}

use crate::keys::DataKeys;
use crate::{Error, Id, StoreError};
use aes_gcm_siv::aead::AeadInOut;
use aes_gcm_siv::{Aes256GcmSiv, KeyInit};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::fmt;
use zeroize::Zeroizing;

/// The format that a sealed value begins with, so that a later one can be told apart.
const FORMAT: u8 = 1;
const TAG_BYTES: usize = 16;

/// A keyed blind index: the same plaintext gives the same 16 bytes, and nobody without the key can tell which. It stays in
/// the store as a pseudonym.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Blind([u8; 16]);

impl Blind {
    /// As the store keeps it.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// What the store kept.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for Blind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Blind(…)")
    }
}

/// What kind of plaintext a blind index stands for: equal texts of different kinds never look alike.
#[derive(Clone, Copy, Debug)]
pub struct Domain(pub &'static str);

/// The identity of the row that a sealed value belongs to. It is authenticated with the value, so that values cannot be
/// swapped between rows, and its last twelve bytes are the nonce. The column is authenticated too.
#[derive(Clone, Copy)]
pub struct RowKey([u8; 16]);

impl<T> From<Id<T>> for RowKey {
    fn from(id: Id<T>) -> Self {
        Self::from((0, id.number()))
    }
}

impl From<(i64, i64)> for RowKey {
    fn from((first, second): (i64, i64)) -> Self {
        let mut key = [0; 16];
        key[..8].copy_from_slice(&first.to_be_bytes());
        key[8..].copy_from_slice(&second.to_be_bytes());
        Self(key)
    }
}

impl From<&Blind> for RowKey {
    fn from(blind: &Blind) -> Self {
        Self(blind.0)
    }
}

/// Seals and opens values, and gives blind indexes. Holds the data keys; has no `Debug` that shows them.
#[derive(Clone)]
pub struct Vault {
    blind: Hmac<Sha256>,
    cipher: Aes256GcmSiv,
}

impl Vault {
    pub(crate) fn new(keys: &DataKeys) -> Self {
        // Both take keys of exactly this length.
        let blind = <Hmac<Sha256> as KeyInit>::new_from_slice(keys.blind()).expect("HMAC takes any key");
        let cipher = Aes256GcmSiv::new_from_slice(keys.seal()).expect("the key has 32 bytes");
        Self { blind, cipher }
    }

    /// The blind index of a text: HMAC-SHA-256 over the domain and the text, the first 128 bits.
    #[must_use]
    pub fn blind(&self, domain: Domain, text: &str) -> Blind {
        let mut mac = self.blind.clone();
        mac.update(domain.0.as_bytes());
        mac.update(&[0]);
        mac.update(text.as_bytes());
        let full: [u8; 32] = mac.finalize().into_bytes().into();
        let mut blind = [0; 16];
        blind.copy_from_slice(&full[..16]);
        Blind(blind)
    }

    /// Seals a value for one column (`table.column`) of one row.
    ///
    /// AES-256-GCM-SIV (RFC 8452) with the row as nonce. A second value for the same row and column is safe in this mode; it
    /// shows only whether the two are equal.
    ///
    /// # Errors
    /// The value is longer than the cipher allows (2^36 bytes).
    pub fn seal(&self, column: &'static str, row: impl Into<RowKey>, value: &[u8]) -> Result<Vec<u8>, Error> {
        let (nonce, identity, length) = address(column, row.into());
        let mut sealed = Vec::with_capacity(1 + value.len() + TAG_BYTES);
        sealed.push(FORMAT);
        sealed.extend_from_slice(value);
        let tag = self
            .cipher
            .encrypt_inout_detached(&nonce.into(), &identity[..length], (&mut sealed[1..]).into())
            .map_err(|_| StoreError::plain(format!("a value for {column} is too long to seal")))?;
        sealed.extend_from_slice(&tag);
        Ok(sealed)
    }

    /// Opens what [`Vault::seal`] sealed for the same column and row.
    ///
    /// # Errors
    /// It is not what was sealed there: the store is damaged, or the key is another.
    pub fn open(
        &self,
        column: &'static str,
        row: impl Into<RowKey>,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let row = row.into();
        let broken = || StoreError::damaged(format!("{column} of row {row:?} cannot be opened"));
        let [FORMAT, sealed @ ..] = sealed else { return Err(broken().into()) };
        let (value, tag) = sealed.split_last_chunk::<TAG_BYTES>().ok_or_else(broken)?;
        let (nonce, identity, length) = address(column, row);
        let mut opened = Zeroizing::new(value.to_vec());
        self.cipher
            .decrypt_inout_detached(&nonce.into(), &identity[..length], opened.as_mut_slice().into(), &(*tag).into())
            .map_err(|_| broken())?;
        Ok(opened)
    }
}

/// The nonce and the associated data of a cell.
fn address(column: &'static str, row: RowKey) -> ([u8; 12], [u8; 64], usize) {
    let mut nonce = [0; 12];
    nonce.copy_from_slice(&row.0[4..]);
    let mut identity = [0; 64];
    identity[..16].copy_from_slice(&row.0);
    let length = 16 + column.len().min(48);
    identity[16..length].copy_from_slice(&column.as_bytes()[..length - 16]);
    (nonce, identity, length)
}

impl fmt::Debug for RowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::merkle::to_hex(&self.0))
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(seed: u8) -> Vault {
        Vault::new(&DataKeys::from_bytes([seed; 64]))
    }

    #[test]
    fn opens_only_in_its_own_cell() {
        let (vault, other) = (vault(1), vault(2));
        let row = (7, 9);
        let sealed = vault.seal("payee.name", row, b"Test Person").unwrap();
        assert_eq!(&**vault.open("payee.name", row, &sealed).unwrap(), b"Test Person");
        assert!(vault.open("payee.name", (7, 10), &sealed).is_err(), "another row");
        assert!(vault.open("payee.address", row, &sealed).is_err(), "another column");
        assert!(other.open("payee.name", row, &sealed).is_err(), "another key");
        for at in 0..sealed.len() {
            let mut edited = sealed.clone();
            edited[at] ^= 1;
            assert!(vault.open("payee.name", row, &edited).is_err(), "byte {at} edited");
            assert!(vault.open("payee.name", row, &sealed[..at]).is_err(), "cut to {at}");
        }
    }

    #[test]
    fn the_same_text_in_another_domain_is_another_index() {
        let vault = vault(1);
        assert_eq!(vault.blind(Domain("a"), "x"), vault.blind(Domain("a"), "x"));
        assert_ne!(vault.blind(Domain("a"), "x"), vault.blind(Domain("b"), "x"));
        assert_ne!(vault.blind(Domain("a"), "x"), vault.blind(Domain("a"), "y"));
    }
}

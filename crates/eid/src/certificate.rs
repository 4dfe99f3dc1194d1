//! The certificate that a client connects with, as much of it as is needed: which it is, whose it says it is, how long it holds.

use crate::key;
use kernel::{Refuse, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use x509_cert::Certificate as X509;
use x509_cert::der::{Decode, Document};

/// A longer file is none.
pub const PEM_BYTES_MAX: usize = 64 * 1024;
/// More certificates at a time are not needed to change them without a gap.
pub const CERTIFICATES_MAX: usize = 8;

/// Why a certificate was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateRefusal {
    /// The file is not one certificate in PEM form.
    Malformed,
    /// It has expired.
    Expired,
    /// None, too many, or one of them twice.
    Count,
}

impl Refuse for CertificateRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "certificate.malformed",
            Self::Expired => "certificate.expired",
            Self::Count => "certificate.count",
        }
    }
}

impl fmt::Display for CertificateRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => {
                "the file must be one X.509 certificate in PEM form: the client's own, without those that issued it"
            }
            Self::Expired => "the certificate has expired",
            Self::Count => "there must be a certificate, at most 8 of them, and none of them twice",
        })
    }
}

/// SHA-256 over a certificate's DER (RFC 8705 `x5t#S256`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Thumbprint([u8; 32]);

impl Thumbprint {
    /// That of a certificate in DER.
    #[must_use]
    pub fn of_der(der: &[u8]) -> Self {
        Self(Sha256::digest(der).into())
    }

    /// One that is known already.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads it as tokens write it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        key::decode(text)?.try_into().ok().map(Self)
    }
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&key::encode(&self.0))
    }
}

impl From<Thumbprint> for String {
    fn from(thumbprint: Thumbprint) -> Self {
        thumbprint.to_string()
    }
}

impl TryFrom<String> for Thumbprint {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("this is no thumbprint")
    }
}

/// A certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// Which it is.
    pub thumbprint: Thumbprint,
    /// Whose it says it is (RFC 4514).
    pub subject: String,
    /// Its last second, in seconds since 1970.
    expires: i64,
}

impl Certificate {
    /// Reads a file with one certificate in PEM form.
    ///
    /// # Errors
    /// [`CertificateRefusal::Malformed`].
    pub fn read(pem: &[u8]) -> Result<Self, CertificateRefusal> {
        let read = || {
            let text = std::str::from_utf8(pem).ok().filter(|text| text.len() <= PEM_BYTES_MAX)?;
            let (label, der) = Document::from_pem(text).ok()?;
            let certificate = X509::from_der(der.as_bytes()).ok().filter(|_| label == "CERTIFICATE")?;
            let tbs = certificate.tbs_certificate();
            Some(Self {
                thumbprint: Thumbprint::of_der(der.as_bytes()),
                subject: tbs.subject().to_string(),
                expires: i64::try_from(tbs.validity().not_after.to_unix_duration().as_secs()).ok()?,
            })
        };
        read().ok_or(CertificateRefusal::Malformed)
    }

    /// The end of its last second.
    #[must_use]
    pub const fn expires(&self) -> Timestamp {
        Timestamp::from_micros(self.expires.saturating_add(1).saturating_mul(1_000_000))
    }

    /// Refuses it once it has expired.
    ///
    /// # Errors
    /// [`CertificateRefusal::Expired`].
    pub fn require_current(&self, now: Timestamp) -> Result<(), CertificateRefusal> {
        if now < self.expires() { Ok(()) } else { Err(CertificateRefusal::Expired) }
    }
}

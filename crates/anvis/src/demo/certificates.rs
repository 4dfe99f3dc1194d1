//! Certificates for a demo that serves: an authority of its own, which nobody else trusts.

use jiff::tz::TimeZone;
use kernel::{Error, Timestamp, files};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};
use std::path::{Path, PathBuf};

/// Those who ask for a demo again after this long make a new one.
const VALID_DAYS: i64 = 30;

/// Who issues the demo's certificates. Its key is kept nowhere.
pub struct Authority<'f> {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: &'f Path,
    now: Timestamp,
}

/// A certificate and its private key, as files in PEM.
pub struct Issued {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl<'f> Authority<'f> {
    /// Makes one, whose certificate lies as `ca.pem` in the folder.
    pub fn new(folder: &'f Path, now: Timestamp) -> Result<Self, Error> {
        let mut params = params("Anvis demo", now);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().map_err(failed)?;
        let authority = Self { issuer: CertifiedIssuer::self_signed(params, key).map_err(failed)?, folder, now };
        write(&authority.certificate(), &authority.issuer.pem())?;
        Ok(authority)
    }

    /// Its own certificate.
    pub fn certificate(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    /// For the server at these names and addresses.
    pub fn issue_to_server(&self, names: &[&str]) -> Result<Issued, Error> {
        let mut params = params("server", self.now);
        params.subject_alt_names = names
            .iter()
            .map(|name| match name.parse() {
                Ok(address) => Ok(rcgen::SanType::IpAddress(address)),
                Err(_) => Ok(rcgen::SanType::DnsName((*name).try_into().map_err(failed)?)),
            })
            .collect::<Result<_, Error>>()?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.issue("server", params)
    }

    /// For a client.
    pub fn issue_to_client(&self, name: &str) -> Result<Issued, Error> {
        let mut params = params(name, self.now);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.issue(name, params)
    }

    fn issue(&self, name: &str, params: CertificateParams) -> Result<Issued, Error> {
        let key = KeyPair::generate().map_err(failed)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(failed)?;
        let issued = Issued {
            certificate: self.folder.join(format!("{name}.pem")),
            key: self.folder.join(format!("{name}.key")),
        };
        write(&issued.certificate, &certificate.pem())?;
        files::write_private(&issued.key, key.serialize_pem().as_bytes())?;
        Ok(issued)
    }
}

fn params(name: &str, now: Timestamp) -> CertificateParams {
    let mut params = CertificateParams::default();
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, name);
    params.distinguished_name = subject;
    let midnight = |days: i64| {
        let moment = now.plus_days(days).to_jiff();
        let date = TimeZone::UTC.to_datetime(moment).date();
        date_time_ymd(date.year().into(), date.month().unsigned_abs(), date.day().unsigned_abs())
    };
    // Whoever asks may have a clock that is a little behind.
    (params.not_before, params.not_after) = (midnight(-1), midnight(VALID_DAYS));
    params
}

fn write(path: &Path, pem: &str) -> Result<(), Error> {
    std::fs::write(path, pem).map_err(Error::io(format!("{} could not be written", path.display())))
}

fn failed(error: rcgen::Error) -> Error {
    Error::failed("a certificate could not be made")(error.into())
}

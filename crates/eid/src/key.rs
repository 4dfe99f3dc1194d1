//! Keys that sign and keys that verify: P-256 for ES256, Ed25519 for EdDSA, read and written as JWKs (RFC 7517, RFC 8037).
//!
//! ES256 is verified by ring, because that is done for every call; all else is done by the pure implementations, whose signatures
//! need no randomness: the same command signs the same way when it is run again.

use crate::json;
use base64ct::{Base64UrlUnpadded, Encoding};
use ed25519_dalek::pkcs8::DecodePrivateKey;
use ed25519_dalek::{Signer, VerifyingKey};
use kernel::{Error, Refuse, Secrets};
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::fmt;
use zeroize::Zeroizing;

/// A longer key file is none.
pub const JWK_BYTES_MAX: usize = 16 * 1024;
/// What another issuer publishes is no longer than this.
pub const JWKS_BYTES_MAX: usize = 256 * 1024;
/// More keys at a time are not needed to change them without a gap.
pub const KEYS_MAX: usize = 8;
const KID_CHARS_MAX: usize = 128;
/// Begins a key in PEM.
const PEM: &[u8] = b"-----BEGIN ";
const COORDINATE_BYTES: usize = 32;
/// Both algorithms' signatures.
pub const SIGNATURE_BYTES: usize = 64;

/// How a key signs. There are no others: what a token or a file says beside these is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Algorithm {
    /// ECDSA over P-256 with SHA-256 (RFC 7518 §3.4).
    Es256,
    /// Ed25519 (RFC 8037 §3.1).
    EdDsa,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Es256, Self::EdDsa];

    /// As headers and JWKs name it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// Reads its name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }
}

/// Why a key was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyRefusal {
    /// It is too long, or not one JSON object.
    Malformed,
    /// It has a member of a private key, or is a shared secret.
    Private,
    /// A private key was needed.
    Public,
    /// Another kind of key.
    Kind,
    /// A member that has no place in it, or that contradicts another.
    Member,
    /// The numbers are not those of a key.
    Point,
    /// Its `kid`.
    Kid,
    /// None, or too many.
    Count,
}

impl Refuse for KeyRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "jwk.malformed",
            Self::Private => "jwk.private",
            Self::Public => "jwk.public",
            Self::Kind => "jwk.kind",
            Self::Member => "jwk.member",
            Self::Point => "jwk.point",
            Self::Kid => "jwk.kid",
            Self::Count => "jwk.count",
        }
    }
}

impl fmt::Display for KeyRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "a key is one JSON object (JWK, RFC 7517) or a set of them, in at most 16 KiB; an officer's private one is of Ed25519, in PKCS #8 PEM",
            Self::Private => "that is a secret key: it has left the hands of its owner. Make a new one, and register only its public half",
            Self::Public => "that is the public half of a key; here the private key is needed",
            Self::Kind => "a key is of kty EC and crv P-256, or of kty OKP and crv Ed25519",
            Self::Member => "a key has kty, crv, x, y for P-256, and may have kid, alg (ES256 or EdDSA, as fits) and use (sig); nothing else",
            Self::Point => "the numbers of the key are not a point that a key can have",
            Self::Kid => "a kid has 1 to 128 printable ASCII characters, and no two keys have the same one",
            Self::Count => "there must be a key, and at most 8 of them",
        })
    }
}

/// A key that verifies.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    point: Point,
    kid: String,
}

#[derive(Clone, PartialEq, Eq)]
enum Point {
    /// Uncompressed: 4, x, y.
    P256([u8; 1 + 2 * COORDINATE_BYTES]),
    Ed25519(Box<VerifyingKey>),
}

impl Point {
    fn p256(key: &p256::ecdsa::VerifyingKey) -> Self {
        let mut point = [0; 1 + 2 * COORDINATE_BYTES];
        point.copy_from_slice(key.to_sec1_point(false).as_bytes());
        Self::P256(point)
    }

    const fn algorithm(&self) -> Algorithm {
        match self {
            Self::P256(_) => Algorithm::Es256,
            Self::Ed25519(_) => Algorithm::EdDsa,
        }
    }

    /// The members that RFC 7638 requires, in its order.
    fn members(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::P256(point) => {
                let (x, y) = point[1..].split_at(COORDINATE_BYTES);
                vec![("crv", "P-256".to_owned()), ("kty", "EC".to_owned()), ("x", encode(x)), ("y", encode(y))]
            }
            Self::Ed25519(key) => {
                vec![("crv", "Ed25519".to_owned()), ("kty", "OKP".to_owned()), ("x", encode(key.as_bytes()))]
            }
        }
    }

    fn thumbprint(&self) -> String {
        let members: Vec<String> =
            self.members().iter().map(|(name, value)| format!("\"{name}\":\"{value}\"")).collect();
        encode(&Sha256::digest(format!("{{{}}}", members.join(","))))
    }
}

impl PublicKey {
    /// Reads one public key. Without a `kid` it is known by its thumbprint.
    ///
    /// # Errors
    /// [`KeyRefusal`].
    pub fn from_jwk(members: &Map<String, Value>) -> Result<Self, KeyRefusal> {
        if members.contains_key("k") || is_private(members) {
            return Err(KeyRefusal::Private);
        }
        read(members).map(|(key, _)| key)
    }

    /// Reads a file with one public key, or with a set of them.
    ///
    /// # Errors
    /// [`KeyRefusal`].
    pub fn read_all(text: &[u8]) -> Result<Vec<Self>, KeyRefusal> {
        let members = read_object(text)?;
        let Some(keys) = members.get("keys") else { return Ok(vec![Self::from_jwk(&members)?]) };
        if members.len() > 1 {
            return Err(KeyRefusal::Member);
        }
        let keys = keys.as_array().ok_or(KeyRefusal::Malformed)?;
        keys.iter().map(|key| Self::from_jwk(key.as_object().ok_or(KeyRefusal::Malformed)?)).collect()
    }

    /// Reads what another issuer publishes (RFC 7517 §5): the keys that are of use here. Others, and what else is said of a key,
    /// are for others.
    ///
    /// # Errors
    /// [`KeyRefusal::Malformed`]; [`KeyRefusal::Count`] when none is of use.
    pub fn read_published(text: &[u8]) -> Result<Vec<Self>, KeyRefusal> {
        let members = (text.len() <= JWKS_BYTES_MAX).then(|| json::object(text)).flatten();
        let members = members.ok_or(KeyRefusal::Malformed)?;
        let keys = members.get("keys").and_then(Value::as_array).ok_or(KeyRefusal::Malformed)?;
        // What others can sign with says nothing.
        let keys = keys.iter().filter_map(Value::as_object).filter(|key| !is_private(key));
        let ours = |key: &Map<String, Value>| {
            let known = |name: &str| ["kty", "crv", "x", "y", "kid", "alg", "use"].contains(&name);
            let known = key.iter().filter(|(name, _)| known(name)).map(|(name, value)| (name.clone(), value.clone()));
            Self::from_jwk(&known.collect()).ok()
        };
        let keys: Vec<Self> = keys.filter_map(ours).collect();
        if keys.is_empty() { Err(KeyRefusal::Count) } else { Ok(keys) }
    }

    /// Reads a P-256 key as the store keeps it; it is known by its thumbprint.
    pub(crate) fn from_sec1(bytes: &[u8]) -> Option<Self> {
        let point = Point::p256(&p256::ecdsa::VerifyingKey::from_sec1_bytes(bytes).ok()?);
        let kid = point.thumbprint();
        Some(Self { point, kid })
    }

    /// The Ed25519 key of these bytes (RFC 8032), if they are one; it is known by its thumbprint.
    #[must_use]
    pub fn ed25519(bytes: &[u8; 32]) -> Option<Self> {
        let point = Point::Ed25519(Box::new(VerifyingKey::from_bytes(bytes).ok()?));
        let kid = point.thumbprint();
        Some(Self { point, kid })
    }

    /// What [`PublicKey::ed25519`] reads, of such a key.
    #[must_use]
    pub fn to_ed25519(&self) -> Option<[u8; 32]> {
        match &self.point {
            Point::P256(_) => None,
            Point::Ed25519(key) => Some(key.to_bytes()),
        }
    }

    /// As the store keeps it: of P-256, uncompressed SEC 1.
    pub(crate) fn to_sec1(&self) -> Vec<u8> {
        match &self.point {
            Point::P256(point) => point.to_vec(),
            Point::Ed25519(key) => key.to_bytes().to_vec(),
        }
    }

    /// What it is called in headers.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// How it signs.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.point.algorithm()
    }

    /// What it is, whatever it is called (RFC 7638, SHA-256).
    #[must_use]
    pub fn thumbprint(&self) -> String {
        self.point.thumbprint()
    }

    /// As it is published.
    #[must_use]
    pub fn to_jwk(&self) -> Value {
        let mut jwk = json!({ "kid": self.kid, "alg": self.algorithm().name(), "use": "sig" });
        for (name, value) in self.point.members() {
            jwk[name] = value.into();
        }
        jwk
    }

    /// Whether this key signed the message.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8; SIGNATURE_BYTES]) -> bool {
        match &self.point {
            Point::P256(point) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature).is_ok()
            }
            // Strictly: each message has one signature, and no key fits them all.
            Point::Ed25519(key) => key.verify_strict(message, &ed25519_dalek::Signature::from_bytes(signature)).is_ok(),
        }
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({} {})", self.algorithm().name(), self.thumbprint())
    }
}

/// A key that signs. It has no `Debug`, and is erased when it goes away.
pub struct PrivateKey {
    secret: Secret,
    public: PublicKey,
}

enum Secret {
    P256(Box<p256::ecdsa::SigningKey>),
    Ed25519(Box<ed25519_dalek::SigningKey>),
}

impl PrivateKey {
    /// A new one, known by its thumbprint.
    ///
    /// # Errors
    /// The source of secrets failed.
    pub fn generate(algorithm: Algorithm, secrets: &mut Secrets) -> Result<Self, Error> {
        loop {
            let bytes = Zeroizing::new(secrets.bytes()?);
            // One number in 2^32 is not a P-256 key.
            if let Some(key) = Self::from_bytes(algorithm, &bytes) {
                return Ok(key);
            }
        }
    }

    /// The key with this secret number, if that is one; it is known by its thumbprint.
    #[must_use]
    pub fn from_bytes(algorithm: Algorithm, bytes: &[u8; 32]) -> Option<Self> {
        let (secret, point) = match algorithm {
            Algorithm::Es256 => {
                let key = p256::ecdsa::SigningKey::from_slice(bytes).ok()?;
                let point = Point::p256(key.verifying_key());
                (Secret::P256(Box::new(key)), point)
            }
            Algorithm::EdDsa => {
                let key = ed25519_dalek::SigningKey::from_bytes(bytes);
                let point = Point::Ed25519(Box::new(key.verifying_key()));
                (Secret::Ed25519(Box::new(key)), point)
            }
        };
        let kid = point.thumbprint();
        Some(Self { secret, public: PublicKey { point, kid } })
    }

    /// Reads a file with one private key: a JWK; or an officer's, which is of Ed25519 and in PKCS #8 PEM.
    ///
    /// # Errors
    /// [`KeyRefusal`].
    pub fn read(text: &[u8]) -> Result<Self, KeyRefusal> {
        if text.starts_with(PEM) {
            let text = std::str::from_utf8(text).map_err(|_| KeyRefusal::Malformed)?;
            let key = ed25519_dalek::SigningKey::from_pkcs8_pem(text).map_err(|_| KeyRefusal::Malformed)?;
            return Self::from_bytes(Algorithm::EdDsa, key.as_bytes()).ok_or(KeyRefusal::Point);
        }
        let members = read_object(text)?;
        if !is_private(&members) {
            return Err(KeyRefusal::Public);
        }
        let (public, secret) = read(&members)?;
        let secret = Zeroizing::new(secret.ok_or(KeyRefusal::Public)?);
        let key = Self::from_bytes(public.algorithm(), &secret).ok_or(KeyRefusal::Point)?;
        // A public half of something else would make signatures that nobody can verify.
        if key.public.point != public.point {
            return Err(KeyRefusal::Point);
        }
        Ok(Self { public, ..key })
    }

    /// Its public half.
    #[must_use]
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Its secret number.
    #[must_use]
    pub fn secret(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(match &self.secret {
            Secret::P256(key) => key.to_bytes().into(),
            Secret::Ed25519(key) => key.to_bytes(),
        })
    }

    /// As a file holds it, for its owner alone.
    #[must_use]
    pub fn to_jwk(&self) -> Zeroizing<String> {
        let mut jwk = self.public.to_jwk();
        jwk["d"] = encode(&*self.secret()).into();
        Zeroizing::new(jwk.to_string())
    }

    /// Signs. The same message has the same signature, always (RFC 6979, RFC 8032).
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; SIGNATURE_BYTES] {
        match &self.secret {
            Secret::P256(key) => {
                let signature: p256::ecdsa::Signature = key.sign(message);
                signature.to_bytes().into()
            }
            Secret::Ed25519(key) => key.sign(message).to_bytes(),
        }
    }
}

/// Base64 for URLs, without padding (RFC 7515 §2).
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

/// Reads what [`encode`] wrote, and nothing that it would have written otherwise.
#[must_use]
pub fn decode(text: &str) -> Option<Vec<u8>> {
    Base64UrlUnpadded::decode_vec(text).ok()
}

fn read_object(text: &[u8]) -> Result<Map<String, Value>, KeyRefusal> {
    if text.len() > JWK_BYTES_MAX {
        return Err(KeyRefusal::Malformed);
    }
    json::object(text).ok_or(KeyRefusal::Malformed)
}

fn is_private(members: &Map<String, Value>) -> bool {
    ["d", "p", "q", "dp", "dq", "qi", "oth"].iter().any(|name| members.contains_key(*name))
}

/// The public key, and the secret number if there is one.
fn read(members: &Map<String, Value>) -> Result<(PublicKey, Option<[u8; 32]>), KeyRefusal> {
    let text = |name: &str| match members.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str())),
        Some(_) => Err(KeyRefusal::Member),
    };
    let number = |name: &str| match text(name)? {
        None => Ok(None),
        Some(text) => {
            let bytes = decode(text).and_then(|bytes| <[u8; COORDINATE_BYTES]>::try_from(bytes).ok());
            bytes.map(Some).ok_or(KeyRefusal::Point)
        }
    };
    let point = match (text("kty")?, text("crv")?) {
        (Some("EC"), Some("P-256")) => {
            let (x, y) = number("x")?.zip(number("y")?).ok_or(KeyRefusal::Member)?;
            let mut point = [4; 1 + 2 * COORDINATE_BYTES];
            point[1..=COORDINATE_BYTES].copy_from_slice(&x);
            point[1 + COORDINATE_BYTES..].copy_from_slice(&y);
            let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(&point).map_err(|_| KeyRefusal::Point)?;
            Point::p256(&key)
        }
        (Some("OKP"), Some("Ed25519")) => {
            let key = VerifyingKey::from_bytes(&number("x")?.ok_or(KeyRefusal::Member)?);
            let key = key.ok().filter(|key| !key.is_weak()).ok_or(KeyRefusal::Point)?;
            Point::Ed25519(Box::new(key))
        }
        _ => return Err(KeyRefusal::Kind),
    };
    let lawful = |name: &str| match name {
        "kty" | "crv" | "x" | "kid" | "alg" | "use" | "d" => true,
        "y" => matches!(point, Point::P256(_)),
        _ => false,
    };
    let is_consistent = text("alg")?.is_none_or(|name| name == point.algorithm().name())
        && text("use")?.is_none_or(|purpose| purpose == "sig");
    if !is_consistent || !members.keys().all(|name| lawful(name)) {
        return Err(KeyRefusal::Member);
    }
    let kid = text("kid")?.map_or_else(|| point.thumbprint(), str::to_owned);
    if !(1..=KID_CHARS_MAX).contains(&kid.len()) || !kid.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(KeyRefusal::Kid);
    }
    Ok((PublicKey { point, kid }, number("d")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thumbprint_is_that_of_the_rfcs() {
        // RFC 8037 A.3.
        let key = br#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
        let key = &PublicKey::read_all(key).unwrap()[0];
        assert_eq!(key.thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        assert_eq!(key.kid(), key.thumbprint());
        // The rule of RFC 7638 §3, over the key of RFC 7515 A.3.
        let (x, y) = ("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
        let ordered = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        let jwk = format!(r#"{{"use":"sig","y":"{y}","kid":"one","x":"{x}","crv":"P-256","alg":"ES256","kty":"EC"}}"#);
        let key = &PublicKey::read_all(jwk.as_bytes()).unwrap()[0];
        assert_eq!(key.thumbprint(), encode(&Sha256::digest(ordered)));
        assert_eq!(key.kid(), "one");
    }

    #[test]
    fn what_is_made_is_read_and_signs() {
        for algorithm in Algorithm::ALL {
            let mut secrets = Secrets::from_system();
            let key = PrivateKey::generate(algorithm, &mut secrets).unwrap();
            let other = PrivateKey::generate(algorithm, &mut secrets).unwrap();
            let read = PrivateKey::read(key.to_jwk().as_bytes()).unwrap();
            assert!(read.public() == key.public());
            let signature = read.sign(b"message");
            assert_eq!(signature, key.sign(b"message"));
            assert!(key.public().verifies(b"message", &signature));
            assert!(!key.public().verifies(b"massage", &signature));
            assert!(!other.public().verifies(b"message", &signature));
            let published = PublicKey::read_all(key.public().to_jwk().to_string().as_bytes()).unwrap();
            assert!(published == [key.public().clone()]);
            assert_eq!(PublicKey::read_all(key.to_jwk().as_bytes()), Err(KeyRefusal::Private));
            let public = key.public().to_jwk().to_string();
            assert_eq!(PrivateKey::read(public.as_bytes()).err(), Some(KeyRefusal::Public));
        }
    }

    #[test]
    fn of_what_others_publish_the_keys_of_use_are_taken() {
        let key = PrivateKey::from_bytes(Algorithm::Es256, &[7; 32]).unwrap();
        let lost = PrivateKey::from_bytes(Algorithm::Es256, &[8; 32]).unwrap();
        let mut ours = key.public().to_jwk();
        ours["x5c"] = json!(["MII"]);
        let mut encrypting = key.public().to_jwk();
        encrypting["use"] = json!("enc");
        let lost: Value = serde_json::from_str(&lost.to_jwk()).unwrap();
        let set = json!({ "keys": [{"kty": "RSA", "n": "AQAB", "e": "AQAB"}, ours, encrypting, lost, 7], "more": 1 });
        assert!(PublicKey::read_published(set.to_string().as_bytes()).unwrap() == [key.public().clone()]);
        let check = |text: &str, expected| {
            assert_eq!(PublicKey::read_published(text.as_bytes()).err(), Some(expected), "{text}");
        };
        check("", KeyRefusal::Malformed);
        check("{}", KeyRefusal::Malformed);
        check(&format!("{{\"keys\":[{}]}}", " ".repeat(JWKS_BYTES_MAX)), KeyRefusal::Malformed);
        check(r#"{"keys":[]}"#, KeyRefusal::Count);
        check(r#"{"keys":[{"kty":"RSA"}]}"#, KeyRefusal::Count);
    }

    #[test]
    fn keys_that_are_none() {
        let (x, y) = ("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
        let ed = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        let check = |jwk: &str, expected: KeyRefusal| {
            let jwk = jwk.replace("$x", x).replace("$y", y).replace("$e", ed);
            assert_eq!(PublicKey::read_all(jwk.as_bytes()).err(), Some(expected), "{jwk}");
        };
        check("", KeyRefusal::Malformed);
        check("[]", KeyRefusal::Malformed);
        check(r#"{"kty":"EC","kty":"EC","crv":"P-256","x":"$x","y":"$y"}"#, KeyRefusal::Malformed);
        check(&format!(r#"{{"kty":"{}"}}"#, "x".repeat(JWK_BYTES_MAX)), KeyRefusal::Malformed);
        check(r#"{"keys":{}}"#, KeyRefusal::Malformed);
        check(r#"{"keys":[1]}"#, KeyRefusal::Malformed);
        check(r#"{"keys":[],"more":1}"#, KeyRefusal::Member);
        check(r#"{"kty":"oct","k":"AAAA"}"#, KeyRefusal::Private);
        check(r#"{"kty":"EC","crv":"P-256","x":"$x","y":"$y","d":"$x"}"#, KeyRefusal::Private);
        check(r#"{"kty":"RSA","n":"AQAB","e":"AQAB","p":"AQAB"}"#, KeyRefusal::Private);
        check(r#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#, KeyRefusal::Kind);
        check(r#"{"kty":"EC","crv":"P-384","x":"$x","y":"$y"}"#, KeyRefusal::Kind);
        check(r#"{"kty":"OKP","crv":"X25519","x":"$e"}"#, KeyRefusal::Kind);
        check(r#"{"kty":"OKP","crv":"P-256","x":"$x","y":"$y"}"#, KeyRefusal::Kind);
        check(r#"{"crv":"P-256","x":"$x","y":"$y"}"#, KeyRefusal::Kind);
        check(r#"{"kty":1,"crv":"P-256","x":"$x","y":"$y"}"#, KeyRefusal::Member);
        check(r#"{"kty":"EC","crv":"P-256","x":"$x"}"#, KeyRefusal::Member);
        check(r#"{"kty":"EC","crv":"P-256","x":"$x","y":"$y","alg":"EdDSA"}"#, KeyRefusal::Member);
        check(r#"{"kty":"EC","crv":"P-256","x":"$x","y":"$y","use":"enc"}"#, KeyRefusal::Member);
        check(r#"{"kty":"EC","crv":"P-256","x":"$x","y":"$y","x5u":"https://one.example"}"#, KeyRefusal::Member);
        check(r#"{"kty":"OKP","crv":"Ed25519","x":"$e","y":"$y"}"#, KeyRefusal::Member);
        check(r#"{"kty":"EC","crv":"P-256","x":"$y","y":"$x"}"#, KeyRefusal::Point);
        check(r#"{"kty":"EC","crv":"P-256","x":"AQAB","y":"$y"}"#, KeyRefusal::Point);
        check(r#"{"kty":"EC","crv":"P-256","x":"$x=","y":"$y"}"#, KeyRefusal::Point);
        check(
            r#"{"kty":"EC","crv":"P-256","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","y":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#,
            KeyRefusal::Point,
        );
        // The neutral element: a signature by it verifies for any message.
        check(r#"{"kty":"OKP","crv":"Ed25519","x":"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#, KeyRefusal::Point);
        check(r#"{"kty":"EC","crv":"P-256","x":"$x","y":"$y","kid":""}"#, KeyRefusal::Kid);
        check(r#"{"kty":"EC","crv":"P-256","x":"$x","y":"$y","kid":"a b"}"#, KeyRefusal::Kid);
    }
}

//! Signed texts: compact JWS (RFC 7515), as much of it as is used here.

use crate::json;
use crate::key::{Algorithm, PrivateKey, PublicKey, SIGNATURE_BYTES, decode, encode};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

/// A longer one is not looked at.
pub const JWS_BYTES_MAX: usize = 8 * 1024;

/// What is wrong with a signed text. Whoever reads one has words of their own for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is too long.
    Size,
    /// It is not three parts of base64url, or the first two are not JSON objects in which no member stands twice.
    Malformed,
    /// It has no signature.
    Unsigned,
    /// Its algorithm is not one of ours, or not that of its key.
    Algorithm,
    /// It wants something understood that is not.
    Critical,
    /// It names a key that is not there.
    Key,
    /// The signature is not by its key.
    Signature,
}

/// What stands before the content.
#[derive(Debug)]
pub struct Header {
    /// How it says that it is signed.
    pub algorithm: Algorithm,
    /// The key that it names.
    pub kid: Option<String>,
    /// What kind of content it says there is.
    pub kind: Option<String>,
}

/// A signed text in its parts. Nothing that it says is believed before [`Jws::verify`].
#[derive(Debug)]
pub struct Jws<'t> {
    /// Its header.
    pub header: Header,
    /// Its claims.
    pub claims: Map<String, Value>,
    signed: &'t str,
    signature: [u8; SIGNATURE_BYTES],
}

impl<'t> Jws<'t> {
    /// Reads a text whose content is a JSON object.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn parse(text: &'t str) -> Result<Self, Fault> {
        let (header, content, signature) = parts(text)?;
        let header = Header::parse(header)?;
        let signature = parse_signature(signature)?;
        let claims = decode(content).and_then(|claims| json::object(&claims)).ok_or(Fault::Malformed)?;
        let signed = text.rsplit_once('.').map_or("", |(signed, _)| signed);
        Ok(Self { header, claims, signed, signature })
    }

    /// The one of these keys that signed it.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn verify<'k>(&self, keys: impl IntoIterator<Item = &'k PublicKey>) -> Result<&'k PublicKey, Fault> {
        verify(&self.header, self.signed.as_bytes(), &self.signature, keys)
    }
}

impl Header {
    fn parse(text: &str) -> Result<Self, Fault> {
        let members = decode(text).and_then(|header| json::object(&header)).ok_or(Fault::Malformed)?;
        let text = |name: &str| match members.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(Fault::Malformed),
        };
        // Whatever must be understood is not: nothing that is critical is used here.
        if members.contains_key("crit") || members.contains_key("b64") {
            return Err(Fault::Critical);
        }
        let algorithm = text("alg")?.ok_or(Fault::Malformed)?;
        if algorithm.eq_ignore_ascii_case("none") {
            return Err(Fault::Unsigned);
        }
        let algorithm = Algorithm::parse(&algorithm).ok_or(Fault::Algorithm)?;
        Ok(Self { algorithm, kid: text("kid")?, kind: text("typ")? })
    }
}

/// Verifies a signature that is apart from its content (RFC 7515 appendix F: `header..signature`).
///
/// # Errors
/// [`Fault`].
pub fn verify_detached<'k>(
    text: &str,
    content: &[u8],
    keys: impl IntoIterator<Item = &'k PublicKey>,
) -> Result<&'k PublicKey, Fault> {
    let (header, nothing, signature) = parts(text)?;
    if !nothing.is_empty() {
        return Err(Fault::Malformed);
    }
    let parsed = Header::parse(header)?;
    let signed = detached(header, content);
    verify(&parsed, signed.as_bytes(), &parse_signature(signature)?, keys)
}

/// Signs claims.
#[must_use]
pub fn sign(key: &PrivateKey, kind: &str, claims: &Value) -> String {
    let signed = format!("{}.{}", header(key, Some(kind)), encode(claims.to_string().as_bytes()));
    let signature = encode(&key.sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

/// Signs content that goes its own way.
#[must_use]
pub fn sign_detached(key: &PrivateKey, content: &[u8]) -> String {
    let header = header(key, None);
    let signature = encode(&key.sign(detached(&header, content).as_bytes()));
    format!("{header}..{signature}")
}

/// What is signed of content that goes its own way. None of it is secret, and it may be long: it is written by the encoder that is
/// the faster for not taking care of secrets.
fn detached(header: &str, content: &[u8]) -> String {
    let mut signed = String::with_capacity(header.len() + 1 + content.len().div_ceil(3) * 4);
    signed.push_str(header);
    signed.push('.');
    URL_SAFE_NO_PAD.encode_string(content, &mut signed);
    signed
}

fn header(key: &PrivateKey, kind: Option<&str>) -> String {
    let mut header = serde_json::json!({ "alg": key.public().algorithm().name(), "kid": key.public().kid() });
    if let Some(kind) = kind {
        header["typ"] = kind.into();
    }
    encode(header.to_string().as_bytes())
}

fn parts(text: &str) -> Result<(&str, &str, &str), Fault> {
    if text.len() > JWS_BYTES_MAX {
        return Err(Fault::Size);
    }
    let mut parts = text.split('.');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(header), Some(content), Some(signature), None) => Ok((header, content, signature)),
        _ => Err(Fault::Malformed),
    }
}

fn parse_signature(text: &str) -> Result<[u8; SIGNATURE_BYTES], Fault> {
    if text.is_empty() {
        return Err(Fault::Unsigned);
    }
    let bytes = decode(text).ok_or(Fault::Malformed)?;
    bytes.try_into().map_err(|_| Fault::Signature)
}

/// The key decides how it verifies; what the header says must only agree.
fn verify<'k>(
    header: &Header,
    signed: &[u8],
    signature: &[u8; SIGNATURE_BYTES],
    keys: impl IntoIterator<Item = &'k PublicKey>,
) -> Result<&'k PublicKey, Fault> {
    let mut fault = Fault::Key;
    for key in keys {
        if header.kid.as_ref().is_some_and(|kid| kid != key.kid()) {
            continue;
        }
        if key.algorithm() != header.algorithm {
            fault = if fault == Fault::Key { Fault::Algorithm } else { fault };
        } else if key.verifies(signed, signature) {
            return Ok(key);
        } else {
            fault = Fault::Signature;
        }
    }
    Err(fault)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Secrets;

    #[test]
    fn the_examples_of_the_rfcs() {
        let check = |key: &str, text: &str, content: &[u8]| {
            let key = PublicKey::read_all(key.as_bytes()).unwrap();
            let (header, _, signature) = parts(text).unwrap();
            let detached = format!("{header}..{signature}");
            assert_eq!(verify_detached(&detached, content, &key).map(PublicKey::kid), Ok(key[0].kid()));
            assert_eq!(verify_detached(&detached, b"another", &key), Err(Fault::Signature));
            assert_eq!(verify_detached(text, content, &key), Err(Fault::Malformed));
            assert_eq!(text.split('.').nth(1).and_then(decode).as_deref(), Some(content));
        };
        // RFC 7515 A.3.
        check(
            r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#,
            "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
            b"{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}",
        );
        // RFC 8037 A.4.
        check(
            r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
            "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
            b"Example of Ed25519 signing",
        );
    }

    #[test]
    fn the_private_keys_of_the_rfcs_sign() {
        // RFC 8037 A.1 and A.4: Ed25519 signs alike everywhere.
        let key = br#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
        let key = PrivateKey::read(key).unwrap();
        let signed = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        let expected = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
        assert_eq!(encode(&key.sign(signed)), expected);
        // RFC 6979 A.2.5, P-256 with SHA-256, "sample".
        let secret = kernel::merkle::from_hex("C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721");
        let key = PrivateKey::from_bytes(Algorithm::Es256, &secret.unwrap()).unwrap();
        let expected = "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716\
                        f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8";
        assert_eq!(kernel::merkle::to_hex(&key.sign(b"sample")), expected);
    }

    #[test]
    fn the_key_decides() {
        let mut secrets = Secrets::from_system();
        let keys: Vec<PrivateKey> = [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Es256]
            .map(|algorithm| PrivateKey::generate(algorithm, &mut secrets).unwrap())
            .into();
        let public: Vec<PublicKey> = keys.iter().map(|key| key.public().clone()).collect();
        let claims = serde_json::json!({ "a": 1 });
        let with_header = |key: &PrivateKey, header: Value| {
            let signed = format!("{}.{}", encode(header.to_string().as_bytes()), encode(b"{}"));
            format!("{signed}.{}", encode(&key.sign(signed.as_bytes())))
        };
        let check = |text: &str, keys: &[PublicKey], expected: Result<&str, Fault>| {
            let found = Jws::parse(text).and_then(|jws| jws.verify(keys).map(PublicKey::thumbprint));
            assert_eq!(found, expected.map(str::to_owned), "{text}");
        };
        for (private, public_key) in keys.iter().zip(&public) {
            let text = sign(private, "JWT", &claims);
            check(&text, &public, Ok(&public_key.thumbprint()));
            let unnamed = with_header(private, serde_json::json!({ "alg": public_key.algorithm().name() }));
            check(&unnamed, &public, Ok(&public_key.thumbprint()));
        }
        let text = sign(&keys[0], "JWT", &claims);
        check(&text, &public[1..], Err(Fault::Key));
        let kid = public[1].kid();
        check(&with_header(&keys[0], serde_json::json!({"alg": "ES256", "kid": kid})), &public, Err(Fault::Algorithm));
        let kid = public[2].kid();
        check(&with_header(&keys[0], serde_json::json!({"alg": "ES256", "kid": kid})), &public, Err(Fault::Signature));
        check(&with_header(&keys[1], serde_json::json!({"alg": "ES256"})), &public, Err(Fault::Signature));
        check(&with_header(&keys[0], serde_json::json!({"alg": "EdDSA"})), &public[..1], Err(Fault::Algorithm));
        for (header, fault) in [
            (serde_json::json!({"alg": "none"}), Fault::Unsigned),
            (serde_json::json!({"alg": "NoNe"}), Fault::Unsigned),
            (serde_json::json!({"alg": "HS256"}), Fault::Algorithm),
            (serde_json::json!({"alg": "RS256"}), Fault::Algorithm),
            (serde_json::json!({"alg": "es256"}), Fault::Algorithm),
            (serde_json::json!({"alg": 1}), Fault::Malformed),
            (serde_json::json!({}), Fault::Malformed),
            (serde_json::json!({"alg": "ES256", "kid": 1}), Fault::Malformed),
            (serde_json::json!({"alg": "ES256", "crit": ["exp"]}), Fault::Critical),
            (serde_json::json!({"alg": "ES256", "b64": false}), Fault::Critical),
        ] {
            check(&with_header(&keys[0], header), &public, Err(fault));
        }
        let (signed, signature) = text.rsplit_once('.').unwrap();
        check(&format!("{signed}."), &public, Err(Fault::Unsigned));
        check(signed, &public, Err(Fault::Malformed));
        check(&format!("{text}.{signature}"), &public, Err(Fault::Malformed));
        check(&format!("{text}="), &public, Err(Fault::Malformed));
        check(&format!("{signed}.{}", &signature[..84]), &public, Err(Fault::Signature));
        check(&format!("{text}{}", "A".repeat(JWS_BYTES_MAX)), &public, Err(Fault::Size));
        check("", &public, Err(Fault::Malformed));
        check("..", &public, Err(Fault::Malformed));
        // No signature has two texts: the bits that base64 leaves over are none.
        let last = signature.chars().last().unwrap();
        for other in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".chars() {
            if other != last {
                let edited = format!("{signed}.{}{other}", &signature[..signature.len() - 1]);
                let parsed = Jws::parse(&edited).and_then(|jws| jws.verify(&public).map(|_| ()));
                assert!(parsed.is_err(), "{edited}");
            }
        }
    }
}

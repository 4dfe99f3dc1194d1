//! Signatures over what is sent: HTTP Message Signatures (RFC 9421) over the address, the digest of the content (RFC 9530) and the
//! parcel's name. So whoever takes it can tell that it is from here, meant for them, and whole, and a large file is verified
//! while it comes in.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use eid::key::{Algorithm, PrivateKey};
use kernel::Timestamp;
use std::fmt::Write;

/// The name of the only signature.
const LABEL: &str = "sig";

/// What is signed of a request: the names of components, and their values.
pub(super) type Components<'c> = [(&'c str, &'c str)];

/// The values of the headers `Signature-Input` and `Signature`.
pub(super) fn sign(key: &PrivateKey, components: &Components<'_>, created: Timestamp) -> (String, String) {
    let algorithm = match key.public().algorithm() {
        Algorithm::Es256 => "ecdsa-p256-sha256",
        Algorithm::EdDsa => "ed25519",
    };
    let (created, kid) = (created.micros() / 1_000_000, key.public().kid());
    let parameters = format!("{};created={created};keyid=\"{kid}\";alg=\"{algorithm}\"", names(components));
    let signature = STANDARD.encode(key.sign(base(components, &parameters).as_bytes()));
    (format!("{LABEL}={parameters}"), format!("{LABEL}=:{signature}:"))
}

/// The value of the header `Content-Digest` for a content with this SHA-256.
pub(super) fn digest(hash: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(hash))
}

fn names(components: &Components<'_>) -> String {
    let names: Vec<String> = components.iter().map(|(name, _)| format!("\"{name}\"")).collect();
    format!("({})", names.join(" "))
}

/// The signature base (RFC 9421 §2.5).
fn base(components: &Components<'_>, parameters: &str) -> String {
    let mut base = String::new();
    for (name, value) in components {
        // Writing to a string cannot fail.
        let _ = writeln!(base, "\"{name}\": {value}");
    }
    let _ = write!(base, "\"@signature-params\": {parameters}");
    base
}

#[cfg(test)]
mod tests {
    use super::*;
    use eid::key::PublicKey;
    use kernel::Secrets;

    /// RFC 9421 appendix B.2.4, with the key of B.1.3.
    #[test]
    fn the_example_of_the_rfc() {
        let key = br#"{"kty":"EC","crv":"P-256","x":"qIVYZVLCrPZHGHjP17CTW0_-D9Lfw0EkjqF7xB4FivA","y":"Mc4nN9LTDOBhfoUeg8Ye9WedFRhnZXZJA12Qp0zZ6F0"}"#;
        let key = &PublicKey::read_all(key).unwrap()[0];
        let components = [
            ("@status", "200"),
            ("content-type", "application/json"),
            (
                "content-digest",
                "sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:",
            ),
            ("content-length", "23"),
        ];
        let parameters = format!("{};created=1618884473;keyid=\"test-key-ecc-p256\"", names(&components));
        let signature = "wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLgyahnzDnDAUy5eCdlYUEkLIj+32oiasw==";
        let signature = STANDARD.decode(signature).unwrap().try_into().unwrap();
        assert!(key.verifies(base(&components, &parameters).as_bytes(), &signature));
    }

    #[test]
    fn what_is_signed_is_verified_by_what_is_said_of_it() {
        let mut secrets = Secrets::from_system();
        for algorithm in Algorithm::ALL {
            let key = PrivateKey::generate(algorithm, &mut secrets).unwrap();
            let components = [("@method", "POST"), ("content-digest", &digest(&[7; 32]))];
            let (input, signature) = sign(&key, &components, Timestamp::from_micros(1_795_424_400_000_000));
            let parameters = input.strip_prefix("sig=").unwrap();
            assert!(parameters.starts_with("(\"@method\" \"content-digest\");created=1795424400;keyid=\""), "{input}");
            let signature = signature.strip_prefix("sig=:").and_then(|text| text.strip_suffix(':')).unwrap();
            let signature = STANDARD.decode(signature).unwrap().try_into().unwrap();
            assert!(key.public().verifies(base(&components, parameters).as_bytes(), &signature));
        }
    }
}

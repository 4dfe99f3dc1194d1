//! Who asks for a token.

use super::existing_file;
use clap::Args;
use std::path::PathBuf;

/// Who asks for a token, where, and for what.
#[derive(Args)]
pub struct Claim {
    /// The name that they are registered under.
    pub name: String,
    /// Their private key: a client's is a JWK, an officer's PKCS #8 PEM (Ed25519).
    #[arg(long, value_name = "FILE", value_parser = existing_file)]
    pub key: PathBuf,
    /// The server's URL, as clients know it.
    #[arg(long, env = "ANVIS_ISSUER", value_name = "URL")]
    pub issuer: String,
    /// What they ask for, set apart by spaces [default: all that their role has].
    #[arg(long)]
    pub scope: Option<String>,
}

/// What a token is bound to, and for whom.
#[derive(Args)]
pub struct Bound {
    /// The certificate that will be connected with (PEM).
    #[arg(long = "cert", value_name = "PEM", value_parser = existing_file)]
    pub certificate: PathBuf,
    /// Whom the token is for [default: the issuer].
    #[arg(long, env = "ANVIS_AUDIENCE", value_name = "TEXT")]
    pub audience: Option<String>,
}

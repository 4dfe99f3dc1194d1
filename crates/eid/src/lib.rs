//! Electronic identity: who comes in.
//!
//! Today these are organisations: each is an OAuth 2 client, and this is their authorization server.
//!
//! Promises:
//! - **No shared secrets.** A client proves who it is by a key that it alone has, and a token is worth nothing without the
//!   certificate that it was given over.
//! - **Nothing replays**: an assertion and a signed message are used once, on whichever process.
//! - **The algorithm is the key's**, never the token's: ES256 and EdDSA, and nothing else.
//! - **Nothing is deleted or changed**: a client's registration is a chain of versions. Only what has expired, and by that can
//!   no longer be used, goes away.
//! - Who has not shown a client's key writes nothing, whatever they send.

pub mod access;
pub mod assertion;
pub mod certificate;
pub mod client;
pub mod commands;
mod json;
pub mod jws;
pub mod key;
pub mod message;
pub mod permission;
pub mod phase_out;
pub mod policy;
pub mod queries;
pub mod server;
pub mod signing_key;
mod store;
pub mod token;

pub use store::{MIGRATIONS, STATEMENTS, TABLES};

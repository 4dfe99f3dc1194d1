//! A request whose content is signed by the server's key, so that whoever takes it can tell that it is from here.

use super::client::{self, NotTaken};
use super::{ours, sign};
use crate::codes::FAILURE;
use crate::core::pool::Pool;
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, USER_AGENT};
use hyper::http::request::Builder;
use kernel::Timestamp;
use registry::delivery::Endpoint;
use registry::progress::Failure;

/// What is signed of a request.
pub(crate) struct Parts<'p> {
    /// The content's type.
    pub kind: &'static str,
    /// By what it is known when it comes again.
    pub name: &'p str,
    /// The content's SHA-256.
    pub hash: [u8; 32],
    /// How many bytes it has.
    pub bytes: u64,
}

/// The request line and the headers of a request; its content follows.
pub(crate) async fn request(
    pool: &Pool,
    endpoint: &Endpoint,
    parts: &Parts<'_>,
    now: Timestamp,
) -> Result<Builder, NotTaken> {
    let (digest, length) = (sign::digest(&parts.hash), parts.bytes.to_string());
    let components = [
        ("@method", "POST"),
        ("@target-uri", endpoint.url.as_str()),
        ("content-digest", digest.as_str()),
        ("content-length", length.as_str()),
        ("content-type", parts.kind),
        ("idempotency-key", parts.name),
    ];
    let owned: Vec<(&'static str, String)> =
        components.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    let signed = pool.run(move |writer| {
        let signers = writer.read(eid::queries::signers)?;
        let components: Vec<(&str, &str)> = owned.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Ok(sign::sign(signers.at(now)?, &components, now))
    });
    let (input, signature) = signed.await.map_err(ours)?;
    Ok(client::request_to(&endpoint.url)
        .header(USER_AGENT, HeaderValue::from_static("anvis"))
        .header(CONTENT_TYPE, parts.kind)
        .header(CONTENT_LENGTH, parts.bytes)
        .header("content-digest", digest)
        .header("idempotency-key", parts.name)
        .header("signature-input", input)
        .header("signature", signature))
}

/// A request that could not be made.
pub(crate) fn unmade() -> NotTaken {
    Failure::Ours(FAILURE).into()
}

//! What cannot be done, in the words of the standard.

use crate::codes;
use crate::problem::Problem;
use crate::route::{JSON, content};
use axum::response::Response;
use g2p::TransportCode;
use hyper::StatusCode;

/// The standard's code for one of ours.
fn transport(code: &str, status: u16) -> TransportCode {
    match (code, status) {
        ("message.unsigned", _) => TransportCode::SignatureMissing,
        (
            "message.algorithm" | "message.critical" | "message.key" | "message.malformed" | "message.signature"
            | "message.size",
            _,
        ) => TransportCode::SignatureInvalid,
        ("mapper.sender", _) => TransportCode::SenderIdInvalid,
        ("mapper.encrypted", _) => TransportCode::EncryptionInvalid,
        (_, 401) => TransportCode::Unauthorized,
        (_, 403 | 410) => TransportCode::Forbidden,
        (_, 404) => TransportCode::NotFound,
        (_, 429) => TransportCode::TooManyRequests,
        // Somebody else was first, too: the same may succeed later.
        (_, 409 | 500..) => TransportCode::ServiceUnavailable,
        _ => TransportCode::BadRequest,
    }
}

/// The same, for the description.
pub(crate) fn code_of(row: &codes::Row) -> &'static str {
    transport(row.code, row.status).code()
}

/// The answer to a message that is turned away. Our own code stands in brackets behind the sentence.
pub(crate) fn turned_away(problem: &Problem) -> Response {
    let row = codes::find(problem.code());
    let text = match problem.detail() {
        Some(detail) => format!("{}: {detail} [{}]", row.english, row.code),
        None => format!("{} [{}]", row.english, row.code),
    };
    let mut response = content(JSON, g2p::transport_error(transport(row.code, row.status), &text));
    *response.status_mut() = StatusCode::from_u16(row.status).unwrap_or_default();
    response.headers_mut().extend(problem.headers().iter().cloned());
    response
}

//! The messages of the G2P Connect ID-account mapper, synchronous: what existing clients of that standard send, in plain
//! terms, and what they are answered.
//!
//! What this crate promises:
//! - **Pure.** Bytes in, values out; values in, bytes out. No clock, no store, no key, no network.
//! - **What is signed is what was sent.** [`Envelope::signed`] is the exact bytes of header and message, and so is
//!   [`Response::signed`]; nothing is written anew to be verified.
//! - **One bad entry is one bad answer.** What is wrong with an entry becomes that entry's rejection, with the standard's
//!   code; what is wrong with the message becomes a [`Fault`] of all of it.
//! - **Bounded.** A message has 1 to [`ENTRIES_MAX`] entries, every text that is kept has its most, and depth costs
//!   nothing: what nobody asked for is skipped without recursion.
//! - **Codes that clients know.** A client whose code list is closed fails on a code that is not on it. So an answer has a
//!   code of its operation's own list, or none; the reason in words is always there.
//!
//! ```
//! use g2p::{Envelope, Operation, PayeeNumber, Scope};
//!
//! let body = br#"{
//!   "signature": "",
//!   "header": {"message_id": "m-1", "message_ts": "2026-11-24T10:00:00+01:00", "action": "resolve",
//!              "sender_id": "payer.example.dk", "total_count": 1},
//!   "message": {"transaction_id": "t-1", "resolve_request": [
//!     {"reference_id": "r-1", "timestamp": "2026-11-24T10:00:00+01:00", "id": "cpr:6101701234@dk"}]}
//! }"#;
//! let envelope = Envelope::read(body)?;
//! // Here the caller verifies the signature over `envelope.signed()`, and uses the message id once.
//! envelope.check(Operation::Resolve)?;
//! let resolve = envelope.resolve()?;
//! let asked = resolve.entries[0].asked.as_ref().expect("a good entry");
//! assert!(matches!(asked.payee, PayeeNumber::Cpr(_)));
//! assert_eq!(asked.scope, Scope::YesNo);
//! # Ok::<(), g2p::Fault>(())
//! ```

mod account;
mod code;
mod envelope;
mod moment;
mod payee;
mod request;
mod response;
mod status;
mod text;

pub use account::{AccountForm, read_account};
pub use code::{Fault, HeaderReason, Operation, Reason, Rejection, TransportCode};
pub use envelope::{Envelope, MESSAGE_ID_BYTES_MAX, TRANSACTION_ID_BYTES_MAX, sorted};
pub use moment::Moment;
pub use payee::PayeeNumber;
pub use request::{Asked, Attributes, Change, ENTRIES_MAX, Entry, REFERENCE_ID_BYTES_MAX, Request, Scope, Unlink};
pub use response::{Answers, Attribute, Changed, Head, Provider, Resolved, Response, transport_error};
pub use status::{About, StatusRequest};
pub use text::Text;

//! Messages that carry their own signature, as those of G2P Connect do: whose it is, that it is fresh, that it comes once.

use crate::client::Registration;
use crate::jws::{self, Fault};
use crate::key::PublicKey;
use crate::token::SKEW_SECONDS;
use kernel::{Refuse, Timestamp};
use std::fmt;

/// How old a message may be, beside what clocks may be apart.
pub const MESSAGE_SECONDS_MAX: i64 = 300;
/// The longest name that a message can have.
pub const MESSAGE_ID_CHARS_MAX: usize = 128;

/// Why a message was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageRefusal {
    /// The signature cannot be read, or is not by a key of the client's.
    Fault(Fault),
    /// It is older than it may be, or from the future.
    Time,
    /// It has no name, or one that cannot be kept.
    Id,
    /// It came before.
    Replayed,
}

impl Refuse for MessageRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Fault(Fault::Size) => "message.size",
            Self::Fault(Fault::Malformed) => "message.malformed",
            Self::Fault(Fault::Unsigned) => "message.unsigned",
            Self::Fault(Fault::Algorithm) => "message.algorithm",
            Self::Fault(Fault::Critical) => "message.critical",
            Self::Fault(Fault::Key) => "message.key",
            Self::Fault(Fault::Signature) => "message.signature",
            Self::Time => "message.time",
            Self::Id => "message.id",
            Self::Replayed => "message.replayed",
        }
    }
}

impl fmt::Display for MessageRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fault(Fault::Size) => "the message's signature is longer than 8 KiB",
            Self::Fault(Fault::Malformed) => "the message's signature is not a detached JWS (RFC 7515 appendix F)",
            Self::Fault(Fault::Unsigned) => "the message is not signed",
            Self::Fault(Fault::Algorithm) => "a message is signed by ES256 or EdDSA, whichever its key is for",
            Self::Fault(Fault::Critical) => {
                "the signature's header names something critical, and nothing of that kind is understood"
            }
            Self::Fault(Fault::Key) => "the client has no key with that kid",
            Self::Fault(Fault::Signature) => {
                "the message's signature is not by a key that is registered for this client"
            }
            Self::Time => "the message's time is more than 5 minutes 30 seconds from now; is the clock right?",
            Self::Id => "a message's id has 1 to 128 characters",
            Self::Replayed => "a message with that id came before; each has an id of its own",
        })
    }
}

/// The key of the client's that signed these bytes. `signature` is a detached JWS.
///
/// # Errors
/// [`MessageRefusal::Fault`].
pub fn verify_message<'k>(
    client: &'k Registration,
    signature: &str,
    bytes: &[u8],
) -> Result<&'k PublicKey, MessageRefusal> {
    jws::verify_detached(signature, bytes, &client.keys).map_err(MessageRefusal::Fault)
}

/// Whether a message that says it was sent then is fresh; until when its id must be kept.
///
/// # Errors
/// [`MessageRefusal::Time`].
pub fn check_time(sent: Timestamp, now: Timestamp) -> Result<Timestamp, MessageRefusal> {
    let expires = sent.minus_seconds(-(MESSAGE_SECONDS_MAX + SKEW_SECONDS));
    if expires <= now || sent > now.minus_seconds(-(MESSAGE_SECONDS_MAX + SKEW_SECONDS)) {
        return Err(MessageRefusal::Time);
    }
    Ok(expires)
}

/// Whether a message can have this id.
///
/// # Errors
/// [`MessageRefusal::Id`].
pub fn check_id(id: &str) -> Result<(), MessageRefusal> {
    if (1..=MESSAGE_ID_CHARS_MAX).contains(&id.chars().count()) { Ok(()) } else { Err(MessageRefusal::Id) }
}

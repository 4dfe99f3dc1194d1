use std::error::Error;
use std::fmt;

/// What a message asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operation {
    /// An account is designated for a payee that has none.
    Link,
    /// A payee's account is replaced.
    Update,
    /// A designation ends.
    Unlink,
    /// Which account is it, or is it this one?
    Resolve,
    /// What became of an earlier message?
    Status,
}

impl Operation {
    /// What stands in `header.action` of a request, and in `txn_type` of a question.
    pub const fn action(self) -> &'static str {
        match self {
            Operation::Link => "link",
            Operation::Update => "update",
            Operation::Unlink => "unlink",
            Operation::Resolve => "resolve",
            Operation::Status => "txn-status",
        }
    }

    /// What stands in `header.action` of the answer. The four keep the request's, as servers in use do: the standard's own
    /// file has `on-search` there, which is a slip.
    pub const fn answer_action(self) -> &'static str {
        match self {
            Operation::Status => "txn-on-status",
            other => other.action(),
        }
    }

    /// What stands in `txn_type` of an answer to [`Operation::Status`].
    pub(crate) const fn on_action(self) -> &'static str {
        match self {
            Operation::Link => "on-link",
            Operation::Update => "on-update",
            Operation::Unlink => "on-unlink",
            Operation::Resolve => "on-resolve",
            Operation::Status => "on-status",
        }
    }

    /// The name of the list of answers.
    pub(crate) const fn answer_list(self) -> &'static str {
        match self {
            Operation::Link => "link_response",
            Operation::Update => "update_response",
            Operation::Unlink => "unlink_response",
            Operation::Resolve => "resolve_response",
            Operation::Status => "txnstatus_response",
        }
    }

    /// Reads `header.action` or `txn_type` of a request.
    pub(crate) fn parse(text: &str) -> Option<Operation> {
        match text {
            "link" => Some(Operation::Link),
            "update" => Some(Operation::Update),
            "unlink" => Some(Operation::Unlink),
            "resolve" => Some(Operation::Resolve),
            "txn-status" | "status" => Some(Operation::Status),
            _ => None,
        }
    }
}

/// Why one entry is rejected, in the standard's words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reason {
    /// `reference_id` is missing or too long.
    ReferenceIdInvalid,
    /// An earlier entry of the message has the same `reference_id`.
    ReferenceIdDuplicate,
    /// `timestamp` is missing or no moment.
    TimestampInvalid,
    /// `id` names no payee, or none that the registry knows.
    IdInvalid,
    /// `fa` is no account, or not one that may be designated here.
    FaInvalid,
    /// The question is of a kind that is not answered, to anybody or to this client.
    ResolveTypeNotSupported,
    /// Nothing is wrong with the entry: it may succeed later.
    UnknownRetry,
    /// Everything that the standard has no word for.
    Other,
}

impl Reason {
    /// The code, if this operation's list in the standard, or in the clients that are in use, has it. Those clients read
    /// answers against closed lists, so that one unknown code makes the whole answer unreadable: better none.
    pub const fn code(self, operation: Operation) -> Option<&'static str> {
        use Operation::{Link, Resolve, Status, Unlink, Update};
        match (self, operation) {
            (_, Status) => None,
            (Reason::ReferenceIdInvalid, _) => Some("rjct.reference_id.invalid"),
            (Reason::ReferenceIdDuplicate, _) => Some("rjct.reference_id.duplicate"),
            (Reason::TimestampInvalid, _) => Some("rjct.timestamp.invalid"),
            (Reason::IdInvalid, _) => Some("rjct.id.invalid"),
            (Reason::FaInvalid, _) => Some("rjct.fa.invalid"),
            (Reason::ResolveTypeNotSupported, Resolve) => Some("rjct.resolve_type.not_supported"),
            (Reason::UnknownRetry, Link) => Some("rjct.unknown.retry"),
            (Reason::Other | Reason::ResolveTypeNotSupported, Link) => Some("rjct.other.error"),
            (Reason::Other | Reason::UnknownRetry | Reason::ResolveTypeNotSupported, Update | Unlink | Resolve) => None,
        }
    }
}

/// Why one entry is rejected: for programs, in the standard's code and in ours, and for people. Nothing of the entry is in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rejection<'a> {
    /// In the standard's words.
    pub reason: Reason,
    /// The refusal's own stable code: `payee.unknown`.
    pub code: &'a str,
    /// A sentence.
    pub text: &'a str,
}

/// Why a message is rejected as a whole, after its sender is known. It is the answer's `header.status_reason_code`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HeaderReason {
    /// A version other than 1.
    VersionInvalid,
    /// The message id was used before. Found by the caller.
    MessageIdDuplicate,
    /// `message_ts` is no moment, or (found by the caller) not this one.
    MessageTimeInvalid,
    /// `action` is not one of the standard's.
    ActionInvalid,
    /// `action` is another operation than the one that was called.
    ActionNotSupported,
    /// `total_count` is not the number of entries, or there are none.
    TotalCountInvalid,
    /// There are more entries than a message may have.
    TotalCountLimitExceeded,
    /// The entries have more faults than the caller bears.
    ErrorsTooMany,
}

impl HeaderReason {
    /// The standard's code.
    pub const fn code(self) -> &'static str {
        match self {
            HeaderReason::VersionInvalid => "rjct.version.invalid",
            HeaderReason::MessageIdDuplicate => "rjct.message_id.duplicate",
            HeaderReason::MessageTimeInvalid => "rjct.message_ts.invalid",
            HeaderReason::ActionInvalid => "rjct.action.invalid",
            HeaderReason::ActionNotSupported => "rjct.action.not_supported",
            HeaderReason::TotalCountInvalid => "rjct.total_count.invalid",
            HeaderReason::TotalCountLimitExceeded => "rjct.total_count.limit_exceeded",
            HeaderReason::ErrorsTooMany => "rjct.errors.too_many",
        }
    }
}

/// Why a message is turned away before it counts as one: it cannot be read, or its sender is not known or not allowed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TransportCode {
    /// The bytes are no message of the standard.
    BadRequest,
    /// The client does not prove who it is.
    Unauthorized,
    /// The client's role may not do this.
    Forbidden,
    /// There is no such transaction, or it is another client's.
    NotFound,
    /// The client has used up what it may ask for.
    TooManyRequests,
    /// `sender_id` is not the client that signed.
    SenderIdInvalid,
    /// There is no signature.
    SignatureMissing,
    /// The signature is not the client's, or not over these bytes.
    SignatureInvalid,
    /// The message is encrypted; the connection already is.
    EncryptionInvalid,
    /// Nothing is wrong with the message: the same may succeed later.
    ServiceUnavailable,
}

impl TransportCode {
    /// The standard's code.
    pub const fn code(self) -> &'static str {
        match self {
            TransportCode::BadRequest => "err.request.bad",
            TransportCode::Unauthorized => "err.request.unauthorized",
            TransportCode::Forbidden => "err.request.forbidden",
            TransportCode::NotFound => "err.request.not_found",
            TransportCode::TooManyRequests => "err.request.too_many_requests",
            TransportCode::SenderIdInvalid => "err.sender_id.invalid",
            TransportCode::SignatureMissing => "err.signature.missing",
            TransportCode::SignatureInvalid => "err.signature.invalid",
            TransportCode::EncryptionInvalid => "err.encryption.invalid",
            TransportCode::ServiceUnavailable => "err.service.unavailable",
        }
    }
}

/// What is wrong with a message as a whole, and a sentence that repeats nothing of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// It is turned away: answer with [`crate::transport_error`].
    Transport(TransportCode, &'static str),
    /// It is rejected: answer with [`crate::Answers::rejected`].
    Header(HeaderReason, &'static str),
}

impl Fault {
    pub(crate) const fn bad(why: &'static str) -> Fault {
        Fault::Transport(TransportCode::BadRequest, why)
    }

    /// The standard's code.
    pub const fn code(self) -> &'static str {
        match self {
            Fault::Transport(code, _) => code.code(),
            Fault::Header(reason, _) => reason.code(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Transport(_, why) | Fault::Header(_, why) => f.write_str(why),
        }
    }
}

impl Error for Fault {}

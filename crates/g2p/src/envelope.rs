use crate::code::{Fault, HeaderReason, Operation, TransportCode};
use crate::{Moment, Text};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::fmt;

/// The standard sets no limit; an id that is kept against replay needs one.
pub const MESSAGE_ID_BYTES_MAX: usize = 99;
/// The standard's own limit, here in bytes.
pub const TRANSACTION_ID_BYTES_MAX: usize = 99;

/// A message whose header is read and whose entries are not: enough to find the client, verify its signature and refuse a
/// replay before anything in the message counts.
pub struct Envelope<'a> {
    signature: Text<'a>,
    header: Header<'a>,
    header_bytes: &'a str,
    pub(crate) message: &'a str,
}

#[derive(Deserialize)]
struct WireEnvelope<'a> {
    #[serde(borrow)]
    signature: Option<Text<'a>>,
    #[serde(borrow)]
    header: &'a RawValue,
    #[serde(borrow)]
    message: &'a RawValue,
}

#[derive(Deserialize)]
struct Header<'a> {
    #[serde(borrow)]
    version: Option<Text<'a>>,
    #[serde(borrow)]
    message_id: Text<'a>,
    #[serde(borrow)]
    message_ts: Text<'a>,
    #[serde(borrow)]
    action: Text<'a>,
    #[serde(borrow, default)]
    sender_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    receiver_id: Option<Text<'a>>,
    total_count: u64,
    // One client's older name for it.
    #[serde(alias = "is_encrypted")]
    is_msg_encrypted: Option<bool>,
    /// Clients put objects and texts here.
    #[serde(borrow)]
    meta: Option<&'a RawValue>,
}

/// What of the header's `meta` is ours.
#[derive(Deserialize)]
struct Meta<'a> {
    #[serde(borrow)]
    purpose: Option<Text<'a>>,
}

impl<'a> Envelope<'a> {
    /// Reads the outermost members and the header. Whoever sent it is not known yet.
    ///
    /// # Errors
    /// [`Fault::Transport`] alone: the bytes are no message of the standard, or the message id is empty or too long to be
    /// kept.
    pub fn read(body: &'a [u8]) -> Result<Envelope<'a>, Fault> {
        // Looked at once for all the texts in it.
        let body = str::from_utf8(body).map_err(|_| Fault::bad("The body is not UTF-8."))?;
        let wire: WireEnvelope<'a> = from_str(body)?;
        let header: Header<'a> = from_str(wire.header.get())?;
        if !(1..=MESSAGE_ID_BYTES_MAX).contains(&header.message_id.as_str().len()) {
            return Err(Fault::bad("The message_id is empty or longer than 99 bytes."));
        }
        Ok(Envelope {
            signature: wire.signature.unwrap_or_default(),
            header,
            header_bytes: wire.header.get(),
            message: wire.message.get(),
        })
    }

    /// Checks what the header says of the message: not encrypted, version 1, a time, this operation. Reading the entries
    /// checks it too.
    ///
    /// # Errors
    /// The first thing that is wrong, in this order.
    pub fn check(&self, operation: Operation) -> Result<(), Fault> {
        let refuse = |reason, why| Err(Fault::Header(reason, why));
        if self.header.is_msg_encrypted == Some(true) {
            return Err(Fault::Transport(TransportCode::EncryptionInvalid, "Encrypted messages are not read here."));
        }
        let version = self.header.version.as_ref().map_or("", Text::as_str);
        if !matches!(version, "" | "1") && !version.starts_with("1.") {
            return refuse(HeaderReason::VersionInvalid, "The version is not 1.");
        }
        self.message_ts()?;
        match Operation::parse(self.header.action.as_str()) {
            None => refuse(HeaderReason::ActionInvalid, "The action is not one of the standard's."),
            Some(action) if action != operation => {
                refuse(HeaderReason::ActionNotSupported, "The action is not the operation that was called.")
            }
            Some(_) => Ok(()),
        }
    }

    /// The `signature` member, empty where it is missing. How it is read is the caller's matter.
    pub fn signature(&self) -> &str {
        self.signature.as_str()
    }

    /// What the `signature` member signs: the header's bytes and then the message's, each from its opening brace to its
    /// closing one, as they were sent.
    pub fn signed(&self) -> [&'a [u8]; 2] {
        [self.header_bytes.as_bytes(), self.message.as_bytes()]
    }

    /// 1 to [`MESSAGE_ID_BYTES_MAX`] bytes. The caller lets each client use it once.
    pub fn message_id(&self) -> &str {
        self.header.message_id.as_str()
    }

    /// When the client says that it wrote the message. The caller checks that it is now.
    ///
    /// # Errors
    /// It is no moment.
    pub fn message_ts(&self) -> Result<Moment, Fault> {
        Moment::parse(self.header.message_ts.as_str())
            .ok_or(Fault::Header(HeaderReason::MessageTimeInvalid, "The message_ts is not a time as in ISO 8601."))
    }

    /// Who says that it sent this; may be empty. It proves nothing: the signature's key does, and the two must agree.
    pub fn sender_id(&self) -> &str {
        self.header.sender_id.as_ref().map_or("", Text::as_str)
    }

    /// For whom it is; may be empty.
    pub fn receiver_id(&self) -> &str {
        self.header.receiver_id.as_ref().map_or("", Text::as_str)
    }

    /// By what right the client asks: the member `purpose` of the header's `meta`, where that is an object; `None` where nothing
    /// is said.
    ///
    /// # Errors
    /// It is not a text, or stands twice: whatever was meant was not understood.
    pub fn purpose(&self) -> Result<Option<Text<'a>>, Fault> {
        let Some(meta) = self.header.meta.filter(|meta| meta.get().starts_with('{')) else { return Ok(None) };
        let meta: Meta<'a> = from_str(meta.get())?;
        Ok(meta.purpose.filter(|purpose| !purpose.is_empty()))
    }

    /// How many entries the header promises.
    pub(crate) const fn total_count(&self) -> u64 {
        self.header.total_count
    }
}

impl fmt::Debug for Envelope<'_> {
    /// Without the bytes: they hold people's numbers and accounts.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Envelope({} bytes)", self.message.len())
    }
}

/// The whole body as some clients sign it in the HTTP header `Signature`: without white space, members in the order of their
/// names, texts in UTF-8. `None` for what is not JSON, or is nested deeper than 128.
///
/// It costs several times what reading the entries does. Try the body as it was sent first: most clients sign that.
pub fn sorted(body: &[u8]) -> Option<Vec<u8>> {
    let mut value: Value = serde_json::from_slice(body).ok()?;
    value.sort_all_objects();
    serde_json::to_vec(&value).ok()
}

/// Reads an object. The library's own words are not passed on: they repeat what was sent.
pub(crate) fn from_str<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Fault> {
    // A derived reader takes a list for an object, member by member.
    if !text.trim_ascii_start().starts_with('{') {
        return Err(Fault::bad("The body, its header or its message is not a JSON object."));
    }
    serde_json::from_str(text).map_err(|error| fault(&error))
}

pub(crate) fn fault(error: &serde_json::Error) -> Fault {
    match error.classify() {
        serde_json::error::Category::Syntax => Fault::bad("The body is not JSON."),
        serde_json::error::Category::Eof => Fault::bad("The body ends too early."),
        serde_json::error::Category::Data => Fault::bad("A member is missing, repeated or of the wrong type."),
        serde_json::error::Category::Io => Fault::bad("The body could not be read."),
    }
}

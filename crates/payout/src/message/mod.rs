//! The messages of ISO 20022 that payments travel in: pain.001 is cut, read and completed, pain.002 is written. Those about
//! money that comes back are in [`bank`].
//!
//! Pure but for the files that are read and written; knows nothing of payees' accounts or of the store.
//!
//! 1. [`Cutter`] reads a file in order and cuts it into parts: every byte belongs to exactly one. It parses the heads and
//!    only finds where payments end.
//! 2. [`parse_payment`] checks one payment and tells what is to be known of it. It needs nothing but the part and its
//!    block's [`BlockContext`], so any thread can do it.
//! 3. [`write_payment`] copies a payment and splices agent and account in; [`CompletedFile`] puts parts together again and
//!    makes counts and sums true; [`StatusFile`] writes the pain.002.
//!
//! Invariants: what is not spliced is copied byte for byte; a file that is not well-formed, or not as the schema says down
//! to the containers that are read, never gets past 1 and 2; nothing here panics; no [`Fault`] repeats content of the file.

pub mod bank;
mod complete;
mod cut;
mod date;
mod head;
mod input;
mod output;
mod payment;
mod schema;
mod scope;
mod status;
#[cfg(test)]
mod tests;
mod text;
mod walk;
mod write;
mod xml;

use serde::{Deserialize, Serialize};
use std::fmt;

pub use complete::{Agent, CompletedFile, write_payment, write_removed};
pub use cut::{CHUNK_BYTES_MAX, Chunk, CutError, Cutter, HEAD_BYTES_MAX, PAYMENT_BYTES_MAX, Part, TEXT_ID_LENGTH_MAX};
pub use head::{BlockContext, BlockHead, Field, FileHead};
pub use output::Output;
pub use payment::{AmountFault, Payee, PayeeNumber, Payment, name_key, named_account, parse_payment};
pub use status::{Entry, GroupStatus, STATUS_TEXT_LENGTH_MAX, Status, StatusFile, write_entry};
pub use xml::{ATTRIBUTES_MAX, DEPTH_MAX};

/// The versions of the payment message that are read, each with the status message that answers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Version {
    /// pain.001.001.03, answered by pain.002.001.03.
    V03,
    /// pain.001.001.09, answered by pain.002.001.10.
    V09,
}

impl Version {
    /// Every version.
    pub const ALL: [Self; 2] = [Self::V03, Self::V09];

    /// The name of the payment message: `pain.001.001.03`.
    #[must_use]
    pub fn message_name(self) -> &'static str {
        match self {
            Self::V03 => "pain.001.001.03",
            Self::V09 => "pain.001.001.09",
        }
    }

    /// The name of the status message: `pain.002.001.03`.
    #[must_use]
    pub fn status_name(self) -> &'static str {
        match self {
            Self::V03 => "pain.002.001.03",
            Self::V09 => "pain.002.001.10",
        }
    }

    /// The namespace of the payment message.
    #[must_use]
    pub fn namespace(self) -> &'static str {
        match self {
            Self::V03 => "urn:iso:std:iso:20022:tech:xsd:pain.001.001.03",
            Self::V09 => "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09",
        }
    }

    /// The version that a namespace stands for.
    #[must_use]
    pub fn from_namespace(uri: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|version| version.namespace().as_bytes() == uri)
    }
}

/// Structure (names, order, occurrence), well-formedness and DTDs: the file as a whole is refused.
pub const CODE_STRUCTURE: &str = "FF01";

/// Why a file cannot be taken, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The reason code: `FF01`.
    pub code: &'static str,
    /// The byte in the file, counted from 0.
    pub offset: u64,
    /// `/Document/CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf/Amt`; names that the schema knows, never one from the file.
    pub place: String,
    /// A plain sentence, without any content of the file.
    pub text: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (byte {}, {})", self.text, self.offset, self.place)
    }
}

impl std::error::Error for Fault {}

impl Fault {
    fn new(breach: xml::Breach, base: u64, outer: &[&'static str]) -> Self {
        let names = outer.iter().chain(breach.place.iter().rev());
        let place = names.fold(String::new(), |place, name| place + "/" + name);
        Self {
            code: CODE_STRUCTURE,
            offset: base + breach.at as u64,
            place: if place.is_empty() { "/".into() } else { place },
            text: breach.text.into_owned(),
        }
    }
}

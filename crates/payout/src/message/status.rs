//! Writes the status report, pain.002, that answers a payment file.

use std::io;

use jiff::Timestamp;

use super::Version;
use super::output::Output;
use super::write::{cut, text};

/// A sentence of explanation may have so many characters; what is longer is cut.
pub const STATUS_TEXT_LENGTH_MAX: usize = 105;

/// The status of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// ACSP: completed and handed on.
    Accepted,
    /// PDNG: held.
    Pending,
    /// RJCT
    Rejected,
}

impl Status {
    /// The code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Accepted => "ACSP",
            Self::Pending => "PDNG",
            Self::Rejected => "RJCT",
        }
    }
}

/// The status of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GroupStatus {
    /// ACSP: all payments were handed on.
    Accepted,
    /// PART: some were.
    Partial,
    /// PDNG: none was yet.
    Pending,
    /// RJCT: none will be.
    Rejected,
}

impl GroupStatus {
    /// The code: four letters.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Accepted => "ACSP",
            Self::Partial => "PART",
            Self::Pending => "PDNG",
            Self::Rejected => "RJCT",
        }
    }
}

/// What is reported of one payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The payer's instruction id.
    pub instruction_id: Option<&'a str>,
    /// The payer's end-to-end id.
    pub end_to_end_id: &'a str,
    /// What became of it.
    pub status: Status,
    /// Why: a reason code and a plain sentence.
    pub reason: Option<(&'a str, &'a str)>,
    /// More sentences.
    pub more: &'a [String],
}

/// Appends why: a code, and sentences, as far as there are any.
fn reason<'s>(out: &mut Vec<u8>, code: Option<&str>, sentences: impl IntoIterator<Item = &'s str>) {
    out.extend_from_slice(b"<StsRsnInf>");
    if let Some(code) = code {
        out.extend_from_slice(b"<Rsn>");
        text(out, "Cd", code);
        out.extend_from_slice(b"</Rsn>");
    }
    for sentence in sentences.into_iter().filter(|sentence| !sentence.is_empty()) {
        text(out, "AddtlInf", cut(sentence, STATUS_TEXT_LENGTH_MAX));
    }
    out.extend_from_slice(b"</StsRsnInf>");
}

/// Appends what is reported of one payment: any thread can do it, [`StatusFile::entries`] takes it.
pub fn write_entry(out: &mut Vec<u8>, entry: &Entry<'_>) {
    out.extend_from_slice(b"<TxInfAndSts>");
    if let Some(id) = entry.instruction_id {
        text(out, "OrgnlInstrId", id);
    }
    text(out, "OrgnlEndToEndId", entry.end_to_end_id);
    text(out, "TxSts", entry.status.code());
    if entry.reason.is_some() || !entry.more.is_empty() {
        let sentences = entry.reason.map(|(_, sentence)| sentence).into_iter();
        reason(out, entry.reason.map(|(code, _)| code), sentences.chain(entry.more.iter().map(String::as_str)));
    }
    out.extend_from_slice(b"</TxInfAndSts>\n");
}

/// A status report that is being written. Nothing is synced.
#[derive(Debug)]
pub struct StatusFile {
    output: Output,
    /// Where the group status stands, and what it says.
    status_at: u64,
    told: GroupStatus,
    /// The block whose payments are being listed.
    block: Option<String>,
    scratch: Vec<u8>,
}

impl StatusFile {
    /// Begins a report in `output`, which must be empty. It says that its status is `foretold`: of an output from which that may be
    /// taken before its end, it must be right.
    ///
    /// # Errors
    /// When the file cannot be written; so everywhere below.
    pub fn begin(
        mut output: Output,
        version: Version,
        message_id: &str,
        created: Timestamp,
        original_message_id: &str,
        foretold: GroupStatus,
    ) -> io::Result<Self> {
        output.append(&head(version, message_id, created, original_message_id))?;
        let status_at = output.len();
        output.append(foretold.code().as_bytes())?;
        output.append(b"</GrpSts></OrgnlGrpInfAndSts>\n")?;
        Ok(Self { output, status_at, told: foretold, block: None, scratch: Vec::new() })
    }

    /// Where it is written.
    pub fn output(&mut self) -> &mut Output {
        &mut self.output
    }

    /// Appends what is reported of a payment of this block.
    ///
    /// # Errors
    /// See [`StatusFile::begin`].
    pub fn entry(&mut self, payment_info_id: &str, entry: &Entry<'_>) -> io::Result<()> {
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.clear();
        write_entry(&mut scratch, entry);
        let result = self.entries(payment_info_id, &scratch);
        self.scratch = scratch;
        result
    }

    /// Appends payments of this block, as [`write_entry`] made them; none are none.
    ///
    /// # Errors
    /// See [`StatusFile::begin`].
    pub fn entries(&mut self, payment_info_id: &str, entries: &[u8]) -> io::Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        if self.block.as_deref() != Some(payment_info_id) {
            self.end_block()?;
            let mut out = b"<OrgnlPmtInfAndSts>".to_vec();
            text(&mut out, "OrgnlPmtInfId", payment_info_id);
            out.push(b'\n');
            self.output.append(&out)?;
            self.block = Some(payment_info_id.to_owned());
        }
        self.output.append(entries)
    }

    fn end_block(&mut self) -> io::Result<()> {
        match self.block.take() {
            Some(_) => self.output.append(b"</OrgnlPmtInfAndSts>\n"),
            None => Ok(()),
        }
    }

    /// Ends the report, and gives back what it was written to: whole, and a file not synced.
    ///
    /// # Errors
    /// See [`StatusFile::begin`].
    pub fn end(mut self, status: GroupStatus) -> io::Result<Output> {
        self.end_block()?;
        self.output.append(TAIL)?;
        if status != self.told {
            self.output.replace(self.status_at, status.code().len(), status.code().as_bytes())?;
        }
        self.output.flush()?;
        Ok(self.output)
    }

    /// The whole report on a file that is refused.
    #[must_use]
    pub fn refused(
        version: Version,
        message_id: &str,
        created: Timestamp,
        original_message_id: &str,
        code: &str,
        sentences: &[&str],
    ) -> Vec<u8> {
        let mut out = head(version, message_id, created, original_message_id);
        out.extend_from_slice(GroupStatus::Rejected.code().as_bytes());
        out.extend_from_slice(b"</GrpSts>");
        reason(&mut out, Some(code), sentences.iter().copied());
        out.extend_from_slice(b"</OrgnlGrpInfAndSts>\n");
        out.extend_from_slice(TAIL);
        out
    }
}

const TAIL: &[u8] = b"</CstmrPmtStsRpt></Document>\n";

/// Everything up to the group status.
fn head(version: Version, message_id: &str, created: Timestamp, original_message_id: &str) -> Vec<u8> {
    let mut out = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_vec();
    out.extend_from_slice(b"<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:");
    out.extend_from_slice(version.status_name().as_bytes());
    out.extend_from_slice(b"\"><CstmrPmtStsRpt><GrpHdr>");
    text(&mut out, "MsgId", message_id);
    text(&mut out, "CreDtTm", &created.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    out.extend_from_slice(b"</GrpHdr><OrgnlGrpInfAndSts>");
    text(&mut out, "OrgnlMsgId", original_message_id);
    text(&mut out, "OrgnlMsgNmId", version.message_name());
    out.extend_from_slice(b"<GrpSts>");
    out
}

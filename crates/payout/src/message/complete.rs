//! Puts a payment file together again, completed.

use std::io;

use denmark::Decimal;
use jiff::civil::Date;

use super::Version;
use super::head::{BlockHead, Field, FileHead};
use super::output::Output;
use super::payment::Payment;
use super::text::{escape, trim_end};

/// How the payee's bank is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agent<'a> {
    /// By its BIC.
    Bic(&'a str),
    /// By its registration number, where it has no BIC.
    Member(&'a str),
}

/// Appends a payment as it was cut, with agent and account (an IBAN) spliced in if there are any.
///
/// An agent that is there already is replaced, its account taken out.
pub fn write_payment(out: &mut Vec<u8>, part: &[u8], payment: &Payment<'_>, completion: Option<(Agent<'_>, &str)>) {
    let Some((agent, iban)) = completion else {
        out.extend_from_slice(part);
        return;
    };
    const INSERTION_BYTES: usize = 256;
    out.reserve(part.len() + INSERTION_BYTES);
    let mut copied = 0;
    let mut copy = |out: &mut Vec<u8>, to: usize, resume: usize| {
        out.extend_from_slice(part.get(copied..to).unwrap_or_default());
        copied = resume;
    };
    let resume = payment.agent.as_ref().map_or(payment.agent_at, |old| old.end);
    copy(out, payment.agent_at, resume);
    write_agent(out, payment, agent);
    if let Some(old) = &payment.agent_account {
        copy(out, old.start, old.end);
    }
    copy(out, payment.account_at, payment.account_at);
    let mut tags = Tags { out, prefix: payment.prefix };
    tags.open("CdtrAcct");
    tags.open("Id");
    tags.text("IBAN", iban);
    tags.close("Id");
    tags.close("CdtrAcct");
    copy(out, part.len(), part.len());
}

fn write_agent(out: &mut Vec<u8>, payment: &Payment<'_>, agent: Agent<'_>) {
    let mut tags = Tags { out, prefix: payment.prefix };
    tags.open("CdtrAgt");
    tags.open("FinInstnId");
    match (agent, payment.version) {
        (Agent::Bic(bic), Version::V03) => tags.text("BIC", bic),
        (Agent::Bic(bic), Version::V09) => tags.text("BICFI", bic),
        (Agent::Member(number), _) => {
            tags.open("ClrSysMmbId");
            tags.text("MmbId", number);
            tags.close("ClrSysMmbId");
        }
    }
    tags.close("FinInstnId");
    tags.close("CdtrAgt");
}

struct Tags<'o, 'p> {
    out: &'o mut Vec<u8>,
    prefix: &'p [u8],
}

impl Tags<'_, '_> {
    fn tag(&mut self, opening: &[u8], name: &str) {
        self.out.extend_from_slice(opening);
        if !self.prefix.is_empty() {
            self.out.extend_from_slice(self.prefix);
            self.out.push(b':');
        }
        self.out.extend_from_slice(name.as_bytes());
        self.out.push(b'>');
    }

    fn open(&mut self, name: &str) {
        self.tag(b"<", name);
    }

    fn close(&mut self, name: &str) {
        self.tag(b"</", name);
    }

    fn text(&mut self, name: &str, text: &str) {
        self.open(name);
        escape(self.out, text);
        self.close(name);
    }
}

/// Appends what stays when a payment is taken out: the comments that stand before it. White space alone goes with it.
pub fn write_removed(out: &mut Vec<u8>, part: &[u8], start: usize) {
    out.extend_from_slice(trim_end(part.get(..start).unwrap_or_default()));
}

/// A completed file that is being written. The parts go in in the order in which they were cut.
///
/// Nothing is synced: that, and the file's final name, is the caller's.
#[derive(Debug)]
pub struct CompletedFile {
    output: Output,
    count: Option<Patch>,
    sum: Option<Patch>,
    block: Option<BlockPatches>,
}

/// Text in the file that may have to change.
#[derive(Debug)]
struct Patch {
    at: u64,
    length: usize,
    text: String,
    original: Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Value {
    Count(Option<u64>),
    Sum(Option<Decimal>),
}

#[derive(Debug)]
struct BlockPatches {
    /// The file is cut off here if the block has no payment left.
    begin: u64,
    count: Option<Patch>,
    sum: Option<Patch>,
    /// It was foretold that no payment is left: nothing of it is written.
    is_left_out: bool,
}

impl Patch {
    fn count(field: &Field<u64>, base: u64) -> Self {
        Self::new(field, base, Value::Count(field.value.ok()))
    }

    fn sum(field: &Field<Decimal>, base: u64) -> Self {
        Self::new(field, base, Value::Sum(field.value.ok()))
    }

    fn new<T>(field: &Field<T>, base: u64, original: Value) -> Self {
        Self { at: base + field.span.start as u64, length: field.span.len(), text: field.text.clone(), original }
    }

    fn apply(&mut self, output: &mut Output, value: Value) -> io::Result<()> {
        if value == self.original {
            return Ok(());
        }
        let new = match value {
            Value::Count(count) => fit_count(count.unwrap_or(0), self.length),
            Value::Sum(sum) => fit_sum(sum.unwrap_or(Decimal::ZERO), &self.text, self.length),
        };
        output.replace(self.at, self.length, new.as_bytes())?;
        (self.length, self.original) = (new.len(), value);
        Ok(())
    }
}

/// A number with leading zeros to fill the width, as far as the schema allows.
pub(super) fn fit_count(count: u64, width: usize) -> String {
    const DIGITS_MAX: usize = 15;
    let width = if width > DIGITS_MAX { 0 } else { width };
    format!("{count:0width$}")
}

/// A sum as wide as the original if it can be: with as many decimals if there is room, then leading zeros.
pub(super) fn fit_sum(sum: Decimal, original: &str, width: usize) -> String {
    let shown = sum.to_string();
    let (whole, decimals) = shown.split_once('.').unwrap_or((&shown, ""));
    let decimals = decimals.trim_end_matches('0');
    let wanted = original.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let needed = decimals.len();
    let room = width.saturating_sub(whole.len() + 1);
    let places = if needed == 0 && (wanted == 0 || room == 0) { 0 } else { needed.max(wanted.min(room)) };
    let text = if places == 0 { whole.to_owned() } else { format!("{whole}.{decimals:0<places$}") };
    format!("{text:0>width$}")
}

impl CompletedFile {
    /// Writes from the beginning of `output`.
    #[must_use]
    pub fn new(output: Output) -> Self {
        Self { output, count: None, sum: None, block: None }
    }

    /// Where it is written.
    pub fn output(&mut self) -> &mut Output {
        &mut self.output
    }

    /// Appends the file's head, with another message id if one is given.
    ///
    /// # Errors
    /// When the file cannot be written; so everywhere below.
    pub fn begin_file(&mut self, part: &[u8], head: &FileHead, new_message_id: Option<&str>) -> io::Result<()> {
        let base = self.output.len();
        let mut count = Patch::count(&head.count, base);
        let mut sum = head.sum.as_ref().map(|sum| Patch::sum(sum, base));
        match new_message_id {
            None => self.output.append(part)?,
            Some(id) => {
                let old = &head.message_id_span;
                let mut new = Vec::with_capacity(id.len());
                escape(&mut new, id);
                self.output.append(part.get(..old.start).unwrap_or_default())?;
                self.output.append(&new)?;
                self.output.append(part.get(old.end..).unwrap_or_default())?;
                // Count and sum stand behind the id.
                for patch in std::iter::once(&mut count).chain(&mut sum) {
                    patch.at = patch.at + new.len() as u64 - old.len() as u64;
                }
            }
        }
        self.count = Some(count);
        self.sum = sum;
        Ok(())
    }

    /// Appends a block's head, to be carried out on another day if that is not the day that it asks for.
    ///
    /// # Errors
    /// See [`CompletedFile::begin_file`].
    pub fn begin_block(&mut self, part: &[u8], head: &BlockHead, day: Option<Date>) -> io::Result<()> {
        let base = self.output.len();
        let asked = &head.execution_date;
        match day.filter(|day| asked.value != Ok(*day)) {
            None => self.output.append(part)?,
            // Count and sum stand before the date.
            Some(day) => {
                self.output.append(part.get(..asked.span.start).unwrap_or_default())?;
                self.output.append(asked.on(day).as_bytes())?;
                self.output.append(part.get(asked.span.end..).unwrap_or_default())?;
            }
        }
        let kept = trim_end(part.get(..head.start).unwrap_or_default());
        self.block = Some(BlockPatches {
            begin: base + kept.len() as u64,
            count: head.count.as_ref().map(|count| Patch::count(count, base)),
            sum: head.sum.as_ref().map(|sum| Patch::sum(sum, base)),
            is_left_out: false,
        });
        Ok(())
    }

    /// The file's count and sum will be these: for an output of which they may be taken before its end.
    ///
    /// # Errors
    /// See [`CompletedFile::begin_file`].
    pub fn foretell_file(&mut self, kept_count: u64, kept_sum: Decimal) -> io::Result<()> {
        patch(&mut self.output, &mut self.count, &mut self.sum, kept_count, kept_sum)
    }

    /// The same of the open block.
    ///
    /// # Errors
    /// See [`CompletedFile::begin_file`].
    pub fn foretell_block(&mut self, kept_count: u64, kept_sum: Decimal) -> io::Result<()> {
        let Some(block) = &mut self.block else { return Ok(()) };
        if kept_count == 0 {
            block.is_left_out = true;
            return self.output.truncate(block.begin);
        }
        patch(&mut self.output, &mut block.count, &mut block.sum, kept_count, kept_sum)
    }

    /// Appends payments of the open block, as [`write_payment`] and [`write_removed`] made them.
    ///
    /// # Errors
    /// See [`CompletedFile::begin_file`].
    pub fn payments(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.block.as_ref().is_some_and(|block| block.is_left_out) {
            return Ok(());
        }
        self.output.append(bytes)
    }

    /// Ends the open block: its count and sum become these. Without a payment it is taken out, and this is false.
    ///
    /// # Errors
    /// See [`CompletedFile::begin_file`].
    pub fn end_block(&mut self, part: &[u8], kept_count: u64, kept_sum: Decimal) -> io::Result<bool> {
        let Some(mut block) = self.block.take() else {
            return Err(io::Error::other("a block ends that did not begin"));
        };
        match (kept_count, block.is_left_out) {
            (0, true) => return Ok(false),
            (0, false) => {
                self.output.truncate(block.begin)?;
                return Ok(false);
            }
            (_, true) => return Err(io::Error::other("a block was left out that has payments")),
            (_, false) => {}
        }
        self.output.append(part)?;
        patch(&mut self.output, &mut block.count, &mut block.sum, kept_count, kept_sum)?;
        Ok(true)
    }

    /// Appends the file's tail; the file's count and sum become these. Everything is in the file then.
    ///
    /// # Errors
    /// See [`CompletedFile::begin_file`].
    pub fn end_file(&mut self, part: &[u8], kept_count: u64, kept_sum: Decimal) -> io::Result<()> {
        self.output.append(part)?;
        patch(&mut self.output, &mut self.count, &mut self.sum, kept_count, kept_sum)?;
        self.output.flush()
    }

    /// Gives back what it was written to: whole, and a file not synced.
    ///
    /// # Errors
    /// See [`CompletedFile::begin_file`].
    pub fn end(mut self) -> io::Result<Output> {
        self.output.flush()?;
        Ok(self.output)
    }
}

/// Makes a count and a sum what they are, where they are not.
fn patch(
    output: &mut Output,
    count: &mut Option<Patch>,
    sum: &mut Option<Patch>,
    new_count: u64,
    new_sum: Decimal,
) -> io::Result<()> {
    // The sum stands behind the count: if it has to move what follows, the count stays where it is.
    if let Some(patch) = sum {
        patch.apply(output, Value::Sum(Some(new_sum)))?;
    }
    if let Some(patch) = count {
        let before = patch.length;
        patch.apply(output, Value::Count(Some(new_count)))?;
        if let Some(sum) = sum {
            sum.at = sum.at + patch.length as u64 - before as u64;
        }
    }
    Ok(())
}

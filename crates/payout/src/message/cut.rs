//! Cuts a payment file into parts, in order and in one pass, without holding more of it than a chunk.

use std::io::{self, Read};
use std::ops::Range;
use std::sync::Arc;

use denmark::{Bic, Decimal};
use jiff::civil::Date;
use memchr::memmem::Finder;

use super::head::{
    BlockContext, BlockHead, Field, FileHead, count_field, date_field, is_cheque, sum_field, time_field,
};
use super::input::Input;
use super::schema::{Element, Frame, Tag, root};
use super::scope::Scope;
use super::text::{has_wide_characters, is_lawful, is_space, survey, trim};
use super::walk::{Deaf, Leaf, Visitor};
use super::xml::{Breach, Next, Outcome, Reader, Setting, breach};
use super::{Fault, Version};

/// The file's head, a block's head and the file's tail may each be so long.
pub const HEAD_BYTES_MAX: usize = 1 << 20;
/// A payment, with what stands before it, may be so long.
pub const PAYMENT_BYTES_MAX: usize = 1 << 20;
/// A chunk is closed when it has grown to this, whatever it holds; the last part may reach beyond.
pub const CHUNK_BYTES_MAX: usize = 4 << 20;
/// The ids of a payer are texts of 1 to so many characters.
pub const TEXT_ID_LENGTH_MAX: usize = 35;

pub(super) const BUFFER_BYTES_MIN: usize = 64 << 10;
pub(super) const BUFFER_BYTES: usize = 4 << 20;
/// So much lies in the buffer before a part is cut, if the file has so much.
pub(super) const LOOK_AHEAD_BYTES: usize = (1 << 20) + 1;
const _: () = assert!(LOOK_AHEAD_BYTES > HEAD_BYTES_MAX && LOOK_AHEAD_BYTES > PAYMENT_BYTES_MAX);

const PAYMENT_NAME: &str = "CdtTrfTxInf";
const OUTER: [&str; 3] = ["Document", "CstmrCdtTrfInitn", "PmtInf"];
/// What stands around a payment.
pub(super) const OUTER_PAYMENT: [&str; 3] = OUTER;
pub(super) const TEXT_ID: &str = "This id must have 1 to 35 characters.";
const METHOD: &str = "The payment method must be CHK, TRA or TRF.";

/// Whether a text can be an id of the payer's: `Max35Text`.
pub(super) fn is_text_id(text: &str) -> bool {
    !text.is_empty() && (text.len() <= TEXT_ID_LENGTH_MAX || text.chars().count() <= TEXT_ID_LENGTH_MAX)
}

/// A stretch of the file; `span` is its place in the chunk. Spans and offsets inside heads count from the part's start.
#[derive(Clone, Debug)]
pub enum Part {
    /// Everything before the first block.
    FileHead {
        /// The place in the chunk.
        span: Range<usize>,
        /// What it says.
        head: Arc<FileHead>,
    },
    /// A block up to the end of the last element before its payments.
    BlockHead {
        /// The place in the chunk.
        span: Range<usize>,
        /// What it says.
        head: Arc<BlockHead>,
    },
    /// White space, comments and processing instructions, then a payment.
    Payment {
        /// The place in the chunk.
        span: Range<usize>,
        /// Where the payment's element begins in the part.
        start: usize,
    },
    /// What follows the last payment of a block, to the end of its end tag.
    BlockTail {
        /// The place in the chunk.
        span: Range<usize>,
    },
    /// Everything after the last block.
    FileTail {
        /// The place in the chunk.
        span: Range<usize>,
    },
}

/// Consecutive parts.
#[derive(Debug, Default)]
pub struct Chunk {
    /// The bytes of all parts.
    pub bytes: Vec<u8>,
    /// Where they begin in the file.
    pub offset: u64,
    /// The parts, without gaps.
    pub parts: Vec<Part>,
    /// How many payments stand before this chunk in the file.
    pub first_payment: u64,
    /// How many stand in it.
    pub payments: u64,
    /// The block that is open where the chunk begins.
    pub block: Option<Arc<BlockHead>>,
}

/// Why no further chunk can be had.
#[derive(Debug)]
pub enum CutError {
    /// The file is to be refused.
    Fault(Fault),
    /// The file cannot be read.
    Read(io::Error),
}

impl std::fmt::Display for CutError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Fault(fault) => fault.fmt(f),
            Self::Read(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for CutError {}

impl From<io::Error> for CutError {
    fn from(error: io::Error) -> Self {
        Self::Read(error)
    }
}

/// What the head of the file leaves for the rest.
struct FileState {
    version: Version,
    ascii_only: bool,
    scope: Arc<Scope>,
    prefix: Vec<u8>,
    document_name: Vec<u8>,
    document: Frame,
    initiation_name: Vec<u8>,
    initiation: Frame,
}

impl FileState {
    fn setting(&self) -> Setting<'_> {
        Setting { uri: self.version.namespace().as_bytes(), prefix: &self.prefix, scope: &self.scope, depth: 2 }
    }
}

/// The block that is open.
struct BlockState {
    name: Vec<u8>,
    frame: Frame,
    head: Arc<BlockHead>,
    /// `<p:CdtTrfTxInf` and `</p:CdtTrfTxInf`, as the block's prefix has it.
    open: Vec<u8>,
    close: Vec<u8>,
}

enum Stage {
    Head,
    /// After a block, or before the first.
    Between(FileState),
    Block(FileState, BlockState),
    Done,
}

/// What could be read of a head even if it has a fault.
#[derive(Default)]
struct Seen {
    version: Option<Version>,
    message_id: Option<String>,
}

/// Cuts a file into parts.
pub struct Cutter<R> {
    input: Input<R>,
    payments_per_chunk: u64,
    stage: Stage,
    seen: Seen,
    payments: u64,
    blocks: u32,
    failed: Option<Fault>,
    spare: Vec<Chunk>,
    name: Finder<'static>,
}

/// Why a part could not be cut: the breach, and how many of [`OUTER`] are around it.
type Cut<T> = Result<T, (Box<Breach>, usize)>;

impl<R: Read> Cutter<R> {
    /// Cuts what `source` yields into chunks of at most so many payments (at least one).
    pub fn new(source: R, payments_per_chunk: usize) -> Self {
        Self {
            input: Input::new(source),
            payments_per_chunk: payments_per_chunk.max(1) as u64,
            stage: Stage::Head,
            seen: Seen::default(),
            payments: 0,
            blocks: 0,
            failed: None,
            spare: Vec::new(),
            name: Finder::new(PAYMENT_NAME),
        }
    }

    /// The version, as soon as it is known; also after a fault.
    #[must_use]
    pub fn version(&self) -> Option<Version> {
        self.seen.version
    }

    /// The payer's message id, as soon as it is known; also after a fault.
    #[must_use]
    pub fn message_id(&self) -> Option<&str> {
        self.seen.message_id.as_deref()
    }

    /// How many payments have been cut.
    #[must_use]
    pub fn payments(&self) -> u64 {
        self.payments
    }

    /// Gives a chunk's memory back.
    pub fn recycle(&mut self, mut chunk: Chunk) {
        const SPARE_MAX: usize = 16;
        if self.spare.len() < SPARE_MAX {
            chunk.bytes.clear();
            chunk.parts.clear();
            chunk.block = None;
            self.spare.push(chunk);
        }
    }

    /// The next chunk; `None` after the last.
    ///
    /// # Errors
    /// The same fault again and again, after the chunks before it.
    pub fn next_chunk(&mut self) -> Result<Option<Chunk>, CutError> {
        if let Some(fault) = &self.failed {
            return Err(CutError::Fault(fault.clone()));
        }
        let mut chunk = self.spare.pop().unwrap_or_default();
        chunk.offset = self.input.offset();
        chunk.first_payment = self.payments;
        chunk.block = match &self.stage {
            Stage::Block(_, block) => Some(Arc::clone(&block.head)),
            _ => None,
        };
        while !matches!(self.stage, Stage::Done)
            && self.payments - chunk.first_payment < self.payments_per_chunk
            && chunk.bytes.len() < CHUNK_BYTES_MAX
        {
            self.input.look_ahead()?;
            if let Err(fault) = self.cut(&mut chunk) {
                self.failed = Some(fault.clone());
                if chunk.parts.is_empty() {
                    return Err(CutError::Fault(fault));
                }
                break;
            }
        }
        chunk.payments = self.payments - chunk.first_payment;
        Ok(Some(chunk).filter(|chunk| !chunk.parts.is_empty()))
    }

    /// Hands all bytes that no chunk has held to `sink`, in order: to know the digest of a file that is refused.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn drain(&mut self, mut sink: impl FnMut(&[u8])) -> io::Result<()> {
        loop {
            sink(self.input.all());
            self.input.start = self.input.end;
            if self.input.at_end {
                return Ok(());
            }
            self.input.look_ahead()?;
        }
    }

    /// Cuts one part.
    fn cut(&mut self, chunk: &mut Chunk) -> Result<(), Fault> {
        let begin = chunk.bytes.len();
        match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Head => {
                let (view, complete) = self.input.view(HEAD_BYTES_MAX);
                let (head, state, length) = file_head(view, &mut self.seen)
                    .map_err(|at_fault| fault(at_fault, view, complete, self.input.offset(), "The head of the file"))?;
                self.input.take(length, &mut chunk.bytes);
                chunk.parts.push(Part::FileHead { span: begin..begin + length, head: Arc::new(head) });
                self.stage = Stage::Between(state);
            }
            Stage::Between(mut state) => {
                let (view, complete) = self.input.view(HEAD_BYTES_MAX);
                let explain = |at_fault, what| fault(at_fault, view, complete, self.input.offset(), what);
                match block_head(view, &mut state, self.blocks)
                    .map_err(|at_fault| explain(at_fault, "The head of a block"))?
                {
                    Some((block, length)) => {
                        self.blocks = self.blocks.saturating_add(1);
                        self.input.take(length, &mut chunk.bytes);
                        let head = Arc::clone(&block.head);
                        chunk.parts.push(Part::BlockHead { span: begin..begin + length, head });
                        self.stage = Stage::Block(state, block);
                    }
                    None => {
                        let length = file_tail(view, complete, &mut state)
                            .map_err(|at_fault| explain(at_fault, "The end of the file"))?;
                        self.input.take(length, &mut chunk.bytes);
                        chunk.parts.push(Part::FileTail { span: begin..begin + length });
                    }
                }
            }
            Stage::Block(state, mut block) => {
                let found = match self.next_payment(&block) {
                    Some(found) => found,
                    None => {
                        let (view, complete) = self.input.view(PAYMENT_BYTES_MAX);
                        payment_or_tail(view, &mut block)
                            .map_err(|at_fault| fault(at_fault, view, complete, self.input.offset(), "A payment"))?
                    }
                };
                match found {
                    Found::Payment { start, length } => {
                        self.payments += 1;
                        self.input.take(length, &mut chunk.bytes);
                        chunk.parts.push(Part::Payment { span: begin..begin + length, start });
                        self.stage = Stage::Block(state, block);
                    }
                    Found::Tail { length } => {
                        self.input.take(length, &mut chunk.bytes);
                        chunk.parts.push(Part::BlockTail { span: begin..begin + length });
                        self.stage = Stage::Between(state);
                    }
                }
            }
            Stage::Done => {}
        }
        Ok(())
    }

    /// Finds the end of a payment without reading it; `None` if that takes a closer look.
    ///
    /// The first end tag of the payment's name is the payment's own unless it stands in a comment or the like, or unless
    /// an element of that name is nested in it: then another tag of that name, or that markup, stands before.
    fn next_payment(&mut self, block: &BlockState) -> Option<Found> {
        let (view, _) = self.input.view(PAYMENT_BYTES_MAX);
        let start = view.iter().position(|&b| !is_space(b))?;
        let inside = view.get(start..)?.strip_prefix(&*block.open)?;
        if !matches!(inside.first(), Some(b'>' | b' ' | b'\t' | b'\r' | b'\n')) {
            return None;
        }
        let name_at = view.len() - inside.len() + self.name.find(inside)?;
        let end = name_at + PAYMENT_NAME.len();
        if !view.get(..end)?.ends_with(&block.close) {
            return None;
        }
        let closing = view.get(end..)?;
        let length = end + closing.iter().position(|&b| !is_space(b))? + 1;
        if view.get(length - 1) != Some(&b'>') || self.input.has_markup(length) {
            return None;
        }
        Some(Found::Payment { start, length })
    }
}

enum Found {
    Payment { start: usize, length: usize },
    Tail { length: usize },
}

#[cold]
fn fault((at_fault, level): (Box<Breach>, usize), view: &[u8], complete: bool, base: u64, what: &str) -> Fault {
    explained(*at_fault, OUTER.get(..level).unwrap_or_default(), view, complete, base, what)
}

/// What is wrong with `view`, which begins at the byte `base` inside the elements `outer`.
#[cold]
pub(super) fn explained(
    mut at_fault: Breach,
    outer: &[&'static str],
    view: &[u8],
    complete: bool,
    base: u64,
    what: &str,
) -> Fault {
    // What is not text at all is to be called so, even if it was only noticed as something else.
    let read = view.get(..=at_fault.at).unwrap_or(view);
    if let Err(earlier) = survey(read, false)
        && !is_cut_character(read, earlier.at)
        && !(outer.is_empty() && has_wide_characters(view))
    {
        at_fault = *earlier;
    } else if at_fault.ended && !complete {
        at_fault.text = format!("{what} is longer than {} bytes.", view.len()).into();
    } else if view.is_empty() && outer.is_empty() {
        at_fault.text = "The file is empty.".into();
    }
    Fault::new(at_fault, base, outer)
}

/// Whether the bytes from `at` are only the beginning of a character: then the file was cut off there.
fn is_cut_character(bytes: &[u8], at: usize) -> bool {
    let rest = bytes.get(at..).unwrap_or_default();
    std::str::from_utf8(rest).is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
}

/// Checks that an element that goes on in later parts may begin here.
fn opened(reader: &mut Reader<'_>, element: &Element, tag: &super::xml::StartTag<'_>) -> Outcome<Frame> {
    reader.check_attributes(element, tag)?;
    let frame = Frame::new(element.model());
    if tag.empty {
        return match frame.close() {
            Err(misfit) => breach(tag.at, misfit.sentence()),
            Ok(()) => breach(tag.at, "This element is empty."),
        };
    }
    reader.descend(tag.at)?;
    Ok(frame)
}

/// Everything before the first block.
fn file_head(view: &[u8], seen: &mut Seen) -> Cut<(FileHead, FileState, usize)> {
    let mut level = 0;
    let mut notes = GroupNotes::default();
    let result = read_file_head(view, seen, &mut level, &mut notes);
    // Of a head that is refused for its characters, only an id without such can be reported on.
    let id = notes.message_id.as_ref().map(|(id, _)| id.clone());
    seen.message_id = id.filter(|id| id.chars().all(is_lawful));
    result.map_err(|at_fault| (at_fault, level))
}

fn read_file_head(
    view: &[u8],
    seen: &mut Seen,
    level: &mut usize,
    notes: &mut GroupNotes,
) -> Outcome<(FileHead, FileState, usize)> {
    let nothing = Scope::default();
    let setting = Setting { uri: b"", prefix: b"", scope: &nothing, depth: 0 };
    let mut reader = Reader::new(view, 0, setting, true);
    let ascii_only = reader.declaration()?;
    match reader.next_outside()? {
        Some(Next::Start) => {}
        None => return reader.ended(),
        Some(_) => return reader.wrong(reader.at, "The file does not begin with an XML element."),
    }
    let document_tag = reader.start_tag()?;
    let uri = reader.namespace(&document_tag)?.unwrap_or_default();
    let is_document = document_tag.name.local() == b"Document";
    let Some(version) = Version::from_namespace(uri).filter(|_| is_document) else {
        let text = if is_document && uri.starts_with(b"urn:iso:std:iso:20022:tech:xsd:pain.001.") {
            "This version of the payment message is not supported: send pain.001.001.03 or pain.001.001.09."
        } else {
            "This is not a payment file: its root must be the Document of pain.001.001.03 or pain.001.001.09."
        };
        return breach(document_tag.at, text);
    };
    seen.version = Some(version);
    reader.set_namespace(version.namespace().as_bytes());
    let mut root = Frame::new(root(version));
    let element = reader.accept(&mut root, &document_tag)?;
    *level = 1;
    let mut document = opened(&mut reader, element, &document_tag)?;

    if !reader.more()? {
        return unfinished(&reader, &document);
    }
    let initiation_tag = reader.start_tag()?;
    let element = reader.accept(&mut document, &initiation_tag)?;
    *level = 2;
    let mut initiation = opened(&mut reader, element, &initiation_tag)?;

    let length = loop {
        if !reader.more()? {
            return unfinished(&reader, &initiation);
        }
        let mark = reader.mark();
        let before = initiation;
        let tag = reader.start_tag()?;
        let element = reader.accept(&mut initiation, &tag)?;
        if element.tag == Tag::Block {
            initiation = before;
            reader.leave(mark);
            break tag.at;
        }
        reader.element(element, &tag, notes)?;
        reader.leave(mark);
    };
    let part = view.get(..length).unwrap_or_default();
    survey(part, ascii_only)?;
    let prefix = initiation_tag.name.prefix().to_vec();
    let scope = Arc::new(Scope::default().with(reader.bindings()));
    let (Some((message_id, message_id_span)), Some(count)) = (notes.message_id.clone(), notes.count.take()) else {
        return breach(length, "The element GrpHdr is missing.");
    };
    let sum = notes.sum.take();
    let head = FileHead { version, prefix: prefix.clone(), message_id, message_id_span, count, sum };
    let state = FileState {
        version,
        ascii_only,
        scope,
        prefix,
        document_name: document_tag.name.whole.to_vec(),
        document,
        initiation_name: initiation_tag.name.whole.to_vec(),
        initiation,
    };
    Ok((head, state, length))
}

/// An end tag stands where the container still lacks something.
fn unfinished<T>(reader: &Reader<'_>, frame: &Frame) -> Outcome<T> {
    match frame.close() {
        Err(misfit) => breach(reader.at, misfit.sentence()),
        Ok(()) => breach(reader.at, "This element ends too early."),
    }
}

/// A block's head, if a block follows: with its length.
fn block_head(view: &[u8], state: &mut FileState, index: u32) -> Cut<Option<(BlockState, usize)>> {
    let mut level = 2;
    let mut initiation = state.initiation;
    let result = read_block_head(view, state, &mut initiation, index, &mut level);
    if matches!(result, Ok(Some(_))) {
        state.initiation = initiation;
    }
    result.map_err(|at_fault| (at_fault, level))
}

fn read_block_head(
    view: &[u8],
    state: &FileState,
    initiation: &mut Frame,
    index: u32,
    level: &mut usize,
) -> Outcome<Option<(BlockState, usize)>> {
    let mut reader = Reader::new(view, 0, state.setting(), true);
    if !reader.more()? {
        return Ok(None);
    }
    let block_tag = reader.start_tag()?;
    let element = reader.accept(initiation, &block_tag)?;
    if element.tag != Tag::Block {
        return Ok(None);
    }
    *level = 3;
    let mut frame = opened(&mut reader, element, &block_tag)?;
    let mut notes = BlockNotes::default();
    let mut length = reader.at;
    loop {
        if !reader.more()? {
            return unfinished(&reader, &frame);
        }
        let mark = reader.mark();
        let tag = reader.start_tag()?;
        let element = reader.accept(&mut frame, &tag)?;
        if element.tag == Tag::Payment {
            reader.leave(mark);
            break;
        }
        reader.element(element, &tag, &mut notes)?;
        reader.leave(mark);
        length = reader.at;
    }
    survey(view.get(..length).unwrap_or_default(), state.ascii_only)?;
    let prefix = block_tag.name.prefix().to_vec();
    let bindings = reader.bindings();
    let scope = if bindings.is_empty() { Arc::clone(&state.scope) } else { Arc::new(state.scope.with(bindings)) };
    let (Some(payment_info_id), Some(execution_date)) = (notes.payment_info_id, notes.execution_date) else {
        return breach(block_tag.at, "The element PmtInfId or ReqdExctnDt is missing.");
    };
    let head = BlockHead {
        index,
        start: block_tag.at,
        payment_info_id,
        is_cheque: notes.is_cheque,
        count: notes.count,
        sum: notes.sum,
        benefit: notes.benefit,
        execution_date,
        debtor_agent: notes.debtor_agent,
        context: BlockContext { version: state.version, prefix: prefix.clone(), scope, ascii_only: state.ascii_only },
    };
    let mut name = prefix;
    if !name.is_empty() {
        name.push(b':');
    }
    name.extend_from_slice(PAYMENT_NAME.as_bytes());
    let block = BlockState {
        name: block_tag.name.whole.to_vec(),
        frame,
        head: Arc::new(head),
        open: [b"<", &*name].concat(),
        close: [b"</", &*name].concat(),
    };
    Ok(Some((block, length)))
}

/// The next payment, or the end of the block, read with care.
fn payment_or_tail(view: &[u8], block: &mut BlockState) -> Cut<Found> {
    let mut read = || {
        let mut reader = Reader::new(view, 0, block.head.context.setting(), true);
        if reader.more()? {
            let tag = reader.start_tag()?;
            let element = reader.accept(&mut block.frame, &tag)?;
            reader.element(element, &tag, &mut Deaf)?;
            return Ok(Found::Payment { start: tag.at, length: reader.at });
        }
        reader.end_tag_of(&block.name)?;
        survey(view.get(..reader.at).unwrap_or_default(), block.head.context.ascii_only)?;
        Ok(Found::Tail { length: reader.at })
    };
    read().map_err(|at_fault| (at_fault, 3))
}

/// Everything after the last block.
fn file_tail(view: &[u8], complete: bool, state: &mut FileState) -> Cut<usize> {
    let mut level = 2;
    let mut initiation = state.initiation;
    let mut document = state.document;
    let mut read = || {
        let mut reader = Reader::new(view, 0, state.setting(), true);
        while reader.more()? {
            reader.child(&mut initiation, &mut Deaf)?;
        }
        if initiation.close().is_err() {
            return unfinished(&reader, &initiation);
        }
        reader.end_tag_of(&state.initiation_name)?;
        level = 1;
        while reader.more()? {
            reader.child(&mut document, &mut Deaf)?;
        }
        reader.end_tag_of(&state.document_name)?;
        level = 0;
        match reader.next_outside()? {
            None if complete => {}
            None => return reader.ended(),
            Some(_) => return breach(reader.at, "Something stands after the end of the message."),
        }
        survey(view, state.ascii_only)?;
        Ok(view.len())
    };
    let result = read();
    result.map_err(|at_fault| (at_fault, level))
}

/// What is noted of the group header.
#[derive(Default)]
struct GroupNotes {
    message_id: Option<(String, Range<usize>)>,
    count: Option<Field<u64>>,
    sum: Option<Field<Decimal>>,
}

impl<'a> Visitor<'a> for GroupNotes {
    fn leaf(&mut self, tag: Tag, leaf: Leaf<'a>) -> Result<(), &'static str> {
        match tag {
            Tag::MessageId if is_text_id(&leaf.text) => self.message_id = Some((leaf.text.into_owned(), leaf.span)),
            Tag::MessageId => return Err(TEXT_ID),
            Tag::Count => self.count = Some(count_field(&leaf)),
            Tag::Sum => self.sum = Some(sum_field(&leaf)),
            _ => {}
        }
        Ok(())
    }
}

/// What is noted of a block's head.
#[derive(Default)]
struct BlockNotes {
    payment_info_id: Option<String>,
    is_cheque: bool,
    count: Option<Field<u64>>,
    sum: Option<Field<Decimal>>,
    benefit: Option<String>,
    execution_date: Option<Field<Date>>,
    debtor_agent: Option<String>,
}

impl<'a> Visitor<'a> for BlockNotes {
    fn leaf(&mut self, tag: Tag, leaf: Leaf<'a>) -> Result<(), &'static str> {
        match tag {
            Tag::PaymentInfoId if is_text_id(&leaf.text) => self.payment_info_id = Some(leaf.text.into_owned()),
            Tag::PaymentInfoId => return Err(TEXT_ID),
            Tag::Method => self.is_cheque = is_cheque(&leaf.text).ok_or(METHOD)?,
            Tag::Count => self.count = Some(count_field(&leaf)),
            Tag::Sum => self.sum = Some(sum_field(&leaf)),
            Tag::CategoryProprietary => self.benefit = Some(trim(&leaf.text).to_owned()),
            Tag::Date => self.execution_date = Some(date_field(&leaf)),
            Tag::DateTime => self.execution_date = Some(time_field(&leaf)),
            Tag::Bic => self.debtor_agent = Bic::parse(&leaf.text).ok().map(|bic| bic.as_str().to_owned()),
            Tag::Member if self.debtor_agent.is_none() && is_text_id(&leaf.text) => {
                self.debtor_agent = Some(leaf.text.into_owned());
            }
            _ => {}
        }
        Ok(())
    }
}

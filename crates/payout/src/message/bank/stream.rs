//! Reads a message in order, an element at a time, without holding more of it than one such element.

use std::fmt;
use std::io::{self, Read};

use super::super::Fault;
use super::super::cut::{PAYMENT_BYTES_MAX, explained};
use super::super::input::Input;
use super::super::schema::{Element, Frame, Tag};
use super::super::scope::{Binding, Scope};
use super::super::text::survey;
use super::super::walk::Visitor;
use super::super::xml::{Breach, Next, Outcome, Reader, Setting, breach};
use super::schema::Message;

/// One element that is read as a whole, such as a returned payment, may be so long with what stands before it.
pub const ELEMENT_BYTES_MAX: usize = PAYMENT_BYTES_MAX;

/// Why nothing more can be read of a message.
#[derive(Debug)]
pub enum ReadError {
    /// The message is to be refused.
    Fault {
        /// What is wrong, and where.
        fault: Fault,
        /// The line of the file, from 1.
        line: u64,
    },
    /// The file cannot be read.
    Read(io::Error),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault { fault, line } => write!(f, "line {line}, {}: {}", fault.place, fault.text),
            Self::Read(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ReadError {}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self::Read(error)
    }
}

/// What was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// An element was begun whose children are the next steps.
    Began,
    /// One was read as a whole.
    Whole(Tag),
    /// One that was begun ended.
    Ended(Tag),
    /// The message is at its end.
    Done,
}

/// Where something stands in the file.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spot {
    /// From 1.
    pub line: u64,
    /// From 0.
    pub offset: u64,
}

/// An element whose children are read one by one.
struct Open {
    element: &'static Element,
    name: Vec<u8>,
    prefix: Vec<u8>,
    frame: Frame,
    /// So many declarations were in force around it.
    outer_bindings: usize,
}

/// What one step found, to be made so once nothing more is borrowed.
struct Found {
    step: Step,
    /// Where the tag stands.
    at: usize,
    length: usize,
    /// How far the container is now in which the step was made.
    frame: Option<Frame>,
    begun: Option<(Open, Vec<Binding>)>,
    ascii_only: bool,
}

pub(super) struct Stream<R> {
    input: Input<R>,
    message: &'static Message,
    ascii_only: bool,
    scope: Scope,
    open: Vec<Open>,
    /// The root element ended.
    is_closed: bool,
    is_over: bool,
    line: u64,
    began: Spot,
}

/// What may hold too much to be read as a whole.
fn is_gone_into(tag: Tag) -> bool {
    matches!(tag, Tag::Message | Tag::Details | Tag::Block)
}

impl<R: Read> Stream<R> {
    pub fn new(source: R, message: &'static Message) -> Self {
        Self {
            input: Input::new(source),
            message,
            ascii_only: false,
            scope: Scope::default(),
            open: Vec::new(),
            is_closed: false,
            is_over: false,
            line: 1,
            began: Spot::default(),
        }
    }

    /// Where the element of the last step began.
    pub fn began(&self) -> Spot {
        self.began
    }

    /// Takes one step, and tells `visitor` what was met.
    ///
    /// # Errors
    /// What is wrong with the message; afterwards it is at its end.
    pub fn step<V: for<'a> Visitor<'a>>(&mut self, visitor: &mut V) -> Result<Step, ReadError> {
        if self.is_over {
            return Ok(Step::Done);
        }
        self.input.look_ahead()?;
        let (view, complete) = self.input.view(ELEMENT_BYTES_MAX);
        let found = match self.look(view, complete, visitor) {
            Ok(found) => found,
            Err(at_fault) => {
                let error = self.refused(*at_fault, view, complete);
                self.is_over = true;
                return Err(error);
            }
        };
        let taken = view.get(..found.length).unwrap_or_default();
        let line = self.line + lines(view.get(..found.at).unwrap_or(taken));
        self.began = Spot { line, offset: self.input.offset() + found.at as u64 };
        self.line += lines(taken);
        self.input.skip(found.length);
        self.ascii_only = found.ascii_only;
        if let (Some(frame), Some(open)) = (found.frame, self.open.last_mut()) {
            open.frame = frame;
        }
        if let Some((open, bindings)) = found.begun {
            self.scope.bindings.extend(bindings);
            self.open.push(open);
        }
        match found.step {
            Step::Ended(_) => {
                if let Some(open) = self.open.pop() {
                    self.scope.bindings.truncate(open.outer_bindings);
                }
                self.is_closed = self.open.is_empty();
            }
            Step::Done => self.is_over = true,
            Step::Began | Step::Whole(_) => {}
        }
        Ok(found.step)
    }

    /// Refuses the message for more than its structure: for what stands in the element of this place, at that spot.
    pub fn fault(&mut self, code: &'static str, place: &str, spot: Spot, text: String) -> ReadError {
        self.is_over = true;
        let fault = Fault { code, offset: spot.offset, place: place.to_owned(), text };
        ReadError::Fault { fault, line: spot.line }
    }

    fn outer(&self) -> Vec<&'static str> {
        self.open.iter().map(|open| open.element.name).collect()
    }

    #[cold]
    fn refused(&self, at_fault: Breach, view: &[u8], complete: bool) -> ReadError {
        let base = self.input.offset();
        let fault = explained(at_fault, &self.outer(), view, complete, base, "An element");
        let before = usize::try_from(fault.offset.saturating_sub(base)).unwrap_or(usize::MAX);
        ReadError::Fault { line: self.line + lines(view.get(..before).unwrap_or(view)), fault }
    }

    fn look<V: for<'a> Visitor<'a>>(&self, view: &[u8], complete: bool, visitor: &mut V) -> Outcome<Found> {
        let setting = Setting {
            uri: self.message.namespace.as_bytes(),
            prefix: self.open.last().map(|open| &*open.prefix).unwrap_or_default(),
            scope: &self.scope,
            depth: self.open.len(),
        };
        let mut reader = Reader::new(view, 0, setting, true);
        let mut ascii_only = self.ascii_only;
        let mut frame = match self.open.last() {
            Some(open) => open.frame,
            None if self.is_closed => return self.tail(&mut reader, complete),
            None => {
                ascii_only = reader.declaration()?;
                self.root(&mut reader)?;
                Frame::new(self.message.root)
            }
        };
        if let Some(open) = self.open.last()
            && !reader.more()?
        {
            let at = reader.at;
            if let Err(misfit) = frame.close() {
                return breach(at, misfit.sentence());
            }
            reader.end_tag_of(&open.name)?;
            visitor.leave(open.element.tag, reader.at);
            return self.found(&reader, Step::Ended(open.element.tag), at, None, None, ascii_only);
        }
        let tag = reader.start_tag()?;
        let element = reader.accept(&mut frame, &tag)?;
        if !is_gone_into(element.tag) || tag.empty {
            reader.element(element, &tag, visitor)?;
            return self.found(&reader, Step::Whole(element.tag), tag.at, Some(frame), None, ascii_only);
        }
        reader.check_attributes(element, &tag)?;
        reader.descend(tag.at)?;
        visitor.enter(element.tag, tag.at);
        let open = Open {
            element,
            name: tag.name.whole.to_vec(),
            prefix: tag.name.prefix().to_vec(),
            frame: Frame::new(element.model()),
            outer_bindings: self.scope.bindings.len(),
        };
        self.found(&reader, Step::Began, tag.at, Some(frame), Some(open), ascii_only)
    }

    /// What was read must be text all through.
    fn found(
        &self,
        reader: &Reader<'_>,
        step: Step,
        at: usize,
        frame: Option<Frame>,
        begun: Option<Open>,
        ascii_only: bool,
    ) -> Outcome<Found> {
        survey(reader.bytes.get(..reader.at).unwrap_or_default(), ascii_only)?;
        let begun = begun.map(|open| (open, reader.bindings().to_vec()));
        Ok(Found { step, at, length: reader.at, frame, begun, ascii_only })
    }

    /// The root element stands here, and is the message's.
    fn root(&self, reader: &mut Reader<'_>) -> Outcome<()> {
        match reader.next_outside()? {
            Some(Next::Start) => {}
            None => return reader.ended(),
            Some(_) => return reader.wrong(reader.at, "The file does not begin with an XML element."),
        }
        let (at, mark) = (reader.at, reader.mark());
        let tag = reader.start_tag()?;
        let uri = reader.namespace(&tag)?.unwrap_or_default();
        let is_document = tag.name.local() == b"Document";
        if !is_document || uri != self.message.namespace.as_bytes() {
            let name = self.message.name;
            let text = if is_document && uri.starts_with(self.message.family.as_bytes()) {
                format!("This version of the message is not supported: send {name}.")
            } else {
                format!("This is another kind of file: its root must be the Document of {name}.")
            };
            return breach(at, text);
        }
        // It is read again, as any element is.
        reader.leave(mark);
        reader.at = at;
        Ok(())
    }

    /// What follows the root element.
    fn tail(&self, reader: &mut Reader<'_>, complete: bool) -> Outcome<Found> {
        match reader.next_outside()? {
            None if complete => self.found(reader, Step::Done, reader.at, None, None, self.ascii_only),
            None => reader.ended(),
            Some(_) => breach(reader.at, "Something stands after the end of the message."),
        }
    }
}

fn lines(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

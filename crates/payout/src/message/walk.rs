//! Reads an element with all that is in it, against its table, and tells a visitor what was met.

use std::borrow::Cow;
use std::ops::Range;

use super::schema::{Content, Element, Frame, Model, Tag};
use super::text::trim;
use super::xml::{Breach, Next, Outcome, Reader, StartTag, breach};

/// The text of an element that holds nothing else.
#[derive(Debug)]
pub(super) struct Leaf<'a> {
    pub text: Cow<'a, str>,
    /// Where to write another text instead; comments beside the text stay outside.
    pub span: Range<usize>,
    /// The attribute `Ccy`.
    pub currency: Option<Cow<'a, str>>,
}

impl Leaf<'_> {
    /// The text without white space around it, and where that stands.
    pub fn trimmed(&self) -> (&str, Range<usize>) {
        let text = trim(&self.text);
        let span = match &self.text {
            Cow::Borrowed(whole) if whole.len() == self.span.len() => {
                let lead = whole.len() - whole.trim_start_matches([' ', '\t', '\r', '\n']).len();
                let start = self.span.start + lead.min(whole.len() - text.len());
                start..start + text.len()
            }
            _ => self.span.clone(),
        };
        (text, span)
    }
}

/// Hears of the elements that the tables gave a tag.
pub(super) trait Visitor<'a> {
    /// An element that holds others, or that is not read, begins here.
    fn enter(&mut self, _tag: Tag, _at: usize) {}

    /// A text was read.
    ///
    /// # Errors
    /// A sentence that says why the text is not allowed.
    fn leaf(&mut self, _tag: Tag, _leaf: Leaf<'a>) -> Result<(), &'static str> {
        Ok(())
    }

    /// An element, of whatever kind, ended here.
    fn leave(&mut self, _tag: Tag, _end: usize) {}
}

/// Listens to nothing.
pub(super) struct Deaf;

impl Visitor<'_> for Deaf {}

impl<'a> Reader<'a> {
    /// Reads the child that stands here of the container that `frame` is at.
    ///
    /// # Errors
    /// When it may not stand there, or is not as its table says.
    pub fn child<V: Visitor<'a>>(&mut self, frame: &mut Frame, visitor: &mut V) -> Outcome<()> {
        let mark = self.mark();
        let tag = self.start_tag()?;
        let element = self.accept(frame, &tag)?;
        self.element(element, &tag, visitor)?;
        self.leave(mark);
        Ok(())
    }

    /// The table entry of an element whose start tag was read.
    #[inline]
    pub fn accept(&self, frame: &mut Frame, tag: &StartTag<'a>) -> Outcome<&'static Element> {
        if !self.is_ours(tag)? {
            return breach(tag.at, "An element of another namespace may not stand here.");
        }
        match frame.accept(&tag.name) {
            Ok(element) => Ok(element),
            Err(misfit) => breach(tag.at, misfit.sentence()),
        }
    }

    /// Reads an element whose start tag was read, to the end of its end tag.
    #[inline]
    pub fn element<V: Visitor<'a>>(
        &mut self,
        element: &'static Element,
        tag: &StartTag<'a>,
        visitor: &mut V,
    ) -> Outcome<()> {
        self.inside(element, tag, visitor).map_err(|breach| placed(breach, element))
    }

    fn inside<V: Visitor<'a>>(
        &mut self,
        element: &'static Element,
        tag: &StartTag<'a>,
        visitor: &mut V,
    ) -> Outcome<()> {
        self.descend(tag.at)?;
        self.check_attributes(element, tag)?;
        match element.content {
            Content::Text | Content::Amount => self.text_only(element, tag, visitor)?,
            Content::Node(model) => {
                if element.tag != Tag::None {
                    visitor.enter(element.tag, tag.at);
                }
                self.node(model, tag, visitor)?;
            }
            Content::Deep | Content::Any => {
                if element.tag != Tag::None {
                    visitor.enter(element.tag, tag.at);
                }
                self.deep(tag, matches!(element.content, Content::Any))?;
            }
        }
        if element.tag != Tag::None {
            visitor.leave(element.tag, self.at);
        }
        self.ascend();
        Ok(())
    }

    /// The schema gives amounts a currency, and no element any other attribute; those with a prefix are not ours.
    #[inline]
    pub fn check_attributes(&self, element: &Element, tag: &StartTag<'_>) -> Outcome<()> {
        let is_amount = matches!(element.content, Content::Amount);
        match (tag.stray, tag.currency) {
            (Some(at), _) => breach(at, "An attribute stands here that the schema does not know."),
            (None, Some(_)) if !is_amount => breach(tag.at, "The attribute Ccy may not stand here."),
            (None, None) if is_amount => breach(tag.at, "The attribute Ccy is missing."),
            _ => Ok(()),
        }
    }

    fn node<V: Visitor<'a>>(&mut self, model: &'static Model, tag: &StartTag<'a>, visitor: &mut V) -> Outcome<()> {
        let mut frame = Frame::new(model);
        if !tag.empty {
            while self.more()? {
                self.child(&mut frame, visitor)?;
            }
        }
        if let Err(misfit) = frame.close() {
            return breach(if tag.empty { tag.at } else { self.at }, misfit.sentence());
        }
        if !tag.empty {
            self.end_tag(&tag.name)?;
        }
        Ok(())
    }

    /// Skips what may stand between the elements of a container. Whether a start tag follows; else it is an end tag.
    #[inline]
    pub fn more(&mut self) -> Outcome<bool> {
        loop {
            self.skip_space();
            match self.next()? {
                Some(Next::Start) => return Ok(true),
                Some(Next::End) => return Ok(false),
                None => return self.ended(),
                Some(kind) => self.blank(kind)?,
            }
        }
    }

    /// White space that is written as a reference or a CDATA section is still white space; anything else is not.
    #[cold]
    fn blank(&mut self, kind: Next) -> Outcome<()> {
        let at = self.at;
        let range = if kind == Next::CData { self.cdata()? } else { self.text()? };
        let blank = match kind {
            Next::CData => trim(&self.literal(range)?).is_empty(),
            _ => self.is_blank(range),
        };
        if blank { Ok(()) } else { self.wrong(at, "Text stands where only elements may stand.") }
    }

    fn text_only<V: Visitor<'a>>(
        &mut self,
        element: &'static Element,
        tag: &StartTag<'a>,
        visitor: &mut V,
    ) -> Outcome<()> {
        if tag.empty {
            let leaf = Leaf { text: Cow::Borrowed(""), span: self.at..self.at, currency: None };
            return self.tell(element, tag, leaf, visitor);
        }
        let start = self.at;
        let run = self.text()?;
        if self.next()? == Some(Next::End) && self.at == run.end {
            self.end_tag(&tag.name)?;
            if element.tag == Tag::None || element.tag == Tag::Earlier {
                return Ok(());
            }
            let leaf = Leaf { text: self.decoded(run.clone())?, span: run, currency: None };
            return self.tell(element, tag, leaf, visitor);
        }
        self.mixed_text(start, element, tag, visitor)
    }

    /// A text with comments or CDATA sections in it.
    #[cold]
    fn mixed_text<V: Visitor<'a>>(
        &mut self,
        start: usize,
        element: &'static Element,
        tag: &StartTag<'a>,
        visitor: &mut V,
    ) -> Outcome<()> {
        self.at = start;
        let mut text = String::new();
        let mut only_run = None;
        let mut runs = 0;
        let end = loop {
            match self.next()? {
                None => return self.ended(),
                Some(Next::End) => break self.at,
                Some(Next::Start) => return breach(self.at, "An element stands where only text may stand."),
                Some(Next::CData) => {
                    let range = self.cdata()?;
                    text.push_str(&self.literal(range)?);
                    runs += 2;
                }
                Some(Next::Text) => {
                    let range = self.text()?;
                    let run = self.decoded(range.clone())?;
                    if !trim(&run).is_empty() {
                        runs += 1;
                        only_run = Some(range);
                    }
                    text.push_str(&run);
                }
            }
        };
        self.end_tag(&tag.name)?;
        let span = only_run.filter(|_| runs == 1).unwrap_or(start..end);
        self.tell(element, tag, Leaf { text: Cow::Owned(text), span, currency: None }, visitor)
    }

    fn tell<V: Visitor<'a>>(
        &self,
        element: &'static Element,
        tag: &StartTag<'a>,
        mut leaf: Leaf<'a>,
        visitor: &mut V,
    ) -> Outcome<()> {
        if element.tag == Tag::None {
            return Ok(());
        }
        if let Some(raw) = tag.currency {
            leaf.currency = Some(self.attribute(tag, raw)?);
        }
        let at = leaf.span.start;
        match visitor.leaf(element.tag, leaf) {
            Ok(()) => Ok(()),
            Err(sentence) => breach(at, sentence),
        }
    }

    /// Content that is not read: well-formed, and of the message's namespace unless `foreign` is allowed.
    fn deep(&mut self, tag: &StartTag<'a>, foreign: bool) -> Outcome<()> {
        if tag.empty {
            return Ok(());
        }
        loop {
            self.text()?;
            match self.next()? {
                None => return self.ended(),
                Some(Next::Text) => {}
                Some(Next::CData) => {
                    self.cdata()?;
                }
                Some(Next::End) => return self.end_tag(&tag.name),
                Some(Next::Start) => {
                    let mark = self.mark();
                    let inner = self.start_tag()?;
                    self.descend(inner.at)?;
                    if foreign {
                        self.namespace(&inner)?;
                    } else if !self.is_ours(&inner)? {
                        return breach(inner.at, "An element of another namespace may not stand here.");
                    }
                    self.deep(&inner, foreign)?;
                    self.ascend();
                    self.leave(mark);
                }
            }
        }
    }
}

#[cold]
fn placed(mut breach: Box<Breach>, element: &'static Element) -> Box<Breach> {
    breach.place.push(element.name);
    breach
}

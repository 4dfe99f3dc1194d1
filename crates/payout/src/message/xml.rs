//! Strict XML 1.0 with namespaces, over bytes in memory.
//!
//! A payment file is handed on byte for byte, so whatever Anvis lets through must be well-formed for every reader behind
//! it: common XML libraries are lax about references, comments, names and `]]>`, and one that repairs is of no use here.
//! Nothing is copied; positions are offsets into the part that is being read.

use std::borrow::Cow;
use std::ops::Range;

use super::scope::{Binding, Scope, find};
use super::text::{
    NAME, NAME_START, class, decode, has_wide_characters, is_name, is_name_start, is_space, reference, trim,
};

/// Elements nested deeper than this are refused: no message of the standard comes near.
pub const DEPTH_MAX: usize = 64;
/// Attributes of one element; the standard knows one.
pub const ATTRIBUTES_MAX: usize = 64;

const XML_URI: &[u8] = b"http://www.w3.org/XML/1998/namespace";
const XMLNS_URI: &[u8] = b"http://www.w3.org/2000/xmlns/";

/// What is wrong, and where in the part: a [`super::Fault`] in the making.
#[derive(Debug)]
pub(super) struct Breach {
    pub at: usize,
    pub text: Cow<'static, str>,
    /// Names of the elements around it that the tables know, innermost first.
    pub place: Vec<&'static str>,
    /// The bytes ended too early: the caller knows whether the file did, or a limit was met.
    pub ended: bool,
}

// Boxed: a fault is rare, and a small result is cheap to hand up through every level.
pub(super) type Outcome<T> = Result<T, Box<Breach>>;

#[cold]
pub(super) fn breach<T>(at: usize, text: impl Into<Cow<'static, str>>) -> Outcome<T> {
    Err(Box::new(Breach { at, text: text.into(), place: Vec::new(), ended: false }))
}

/// A name as it is written, with its prefix.
#[derive(Clone, Copy, Debug)]
pub(super) struct QName<'a> {
    pub whole: &'a [u8],
    local_at: usize,
    /// The [`key`] of the local name.
    pub key: u128,
}

/// A name of at most 16 bytes as a number, so that comparing names is comparing numbers; 0 for a longer one.
pub(super) const fn key(name: &[u8]) -> u128 {
    if name.len() > size_of::<u128>() {
        return 0;
    }
    let mut key = 0;
    let mut at = name.len();
    while at > 0 {
        at -= 1;
        key = (key << 8) | name[at] as u128;
    }
    key
}

/// [`key`] of `bytes[start..end]`, quickly where the bytes go on behind it.
#[inline]
fn key_of(bytes: &[u8], start: usize, end: usize) -> u128 {
    let length = end - start;
    match bytes.get(start..).and_then(|rest| rest.first_chunk::<16>()) {
        Some(_) if length > size_of::<u128>() => 0,
        Some(chunk) => u128::from_le_bytes(*chunk) & u128::MAX.checked_shr(128 - 8 * length as u32).unwrap_or(0),
        None => key(bytes.get(start..end).unwrap_or_default()),
    }
}

impl<'a> QName<'a> {
    #[inline]
    pub fn prefix(&self) -> &'a [u8] {
        self.whole.get(..self.local_at.saturating_sub(1)).unwrap_or_default()
    }

    #[inline]
    pub fn local(&self) -> &'a [u8] {
        self.whole.get(self.local_at..).unwrap_or_default()
    }
}

/// A start tag (or the tag of an empty element) that was read whole.
#[derive(Clone, Copy, Debug)]
pub(super) struct StartTag<'a> {
    /// Where its `<` stands.
    pub at: usize,
    pub name: QName<'a>,
    pub empty: bool,
    /// The raw value of an attribute `Ccy`.
    pub currency: Option<&'a [u8]>,
    /// Where the first attribute stands that has no prefix and is neither `Ccy` nor a namespace.
    pub stray: Option<usize>,
}

/// What comes next in content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Start,
    End,
    CData,
    Text,
}

/// What the reader of one part needs from the parts before.
#[derive(Clone, Copy)]
pub(super) struct Setting<'a> {
    /// The namespace of the message.
    pub uri: &'a [u8],
    /// A prefix that is bound to it by `scope`.
    pub prefix: &'a [u8],
    pub scope: &'a Scope,
    /// How many elements are open.
    pub depth: usize,
}

/// Reads one part of a file, strictly.
pub(super) struct Reader<'a> {
    pub bytes: &'a [u8],
    pub at: usize,
    setting: Setting<'a>,
    /// Namespace declarations made in this part by elements that are open.
    local: Vec<Binding>,
    /// Texts may hold references, `]]>` or carriage returns.
    unusual: bool,
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8], at: usize, setting: Setting<'a>, unusual: bool) -> Self {
        Self { bytes, at, setting, local: Vec::new(), unusual }
    }

    /// The message's namespace is known now.
    pub fn set_namespace(&mut self, uri: &'a [u8]) {
        self.setting.uri = uri;
    }

    /// The declarations of the elements that are open and began in this part.
    pub fn bindings(&self) -> &[Binding] {
        &self.local
    }

    #[inline]
    fn byte(&self, at: usize) -> u8 {
        // NUL is never lawful, so it can stand for the end.
        self.bytes.get(at).copied().unwrap_or(0)
    }

    #[inline]
    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn starts_with(&self, token: &[u8]) -> bool {
        self.rest().starts_with(token)
    }

    /// A fault at `at`, or the end of the bytes if that is what is there.
    #[cold]
    pub fn wrong<T>(&self, at: usize, text: impl Into<Cow<'static, str>>) -> Outcome<T> {
        if at >= self.bytes.len() { self.ended() } else { breach(at, text) }
    }

    /// The bytes ended.
    #[cold]
    pub fn ended<T>(&self) -> Outcome<T> {
        let text = Cow::Borrowed("The file ends before the message is complete.");
        Err(Box::new(Breach { at: self.bytes.len(), text, place: Vec::new(), ended: true }))
    }

    #[inline]
    pub fn skip_space(&mut self) {
        while is_space(self.byte(self.at)) {
            self.at += 1;
        }
    }

    fn qname(&mut self) -> Outcome<QName<'a>> {
        let start = self.at;
        let mut local_at = 0;
        if class(self.byte(start)) & NAME_START == 0 {
            self.odd_name_character(is_name_start)?;
        }
        loop {
            while class(self.byte(self.at)) & NAME != 0 {
                self.at += 1;
            }
            match self.byte(self.at) {
                b':' if local_at == 0 => {
                    self.at += 1;
                    local_at = self.at - start;
                    if class(self.byte(self.at)) & NAME_START == 0 {
                        self.odd_name_character(is_name_start)?;
                    }
                }
                b':' => return breach(self.at, "A name has more than one colon."),
                0x80.. => self.odd_name_character(is_name)?,
                _ => break,
            }
        }
        let whole = self.bytes.get(start..self.at).unwrap_or_default();
        Ok(QName { whole, local_at, key: key_of(self.bytes, start + local_at, self.at) })
    }

    /// One character of a name that is not an ASCII letter.
    #[cold]
    fn odd_name_character(&mut self, lawful: fn(char) -> bool) -> Outcome<()> {
        let bytes = self.bytes.get(self.at..self.bytes.len().min(self.at + 4)).unwrap_or_default();
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => std::str::from_utf8(bytes.get(..error.valid_up_to()).unwrap_or_default()).unwrap_or_default(),
        };
        match text.chars().next() {
            Some(c) if lawful(c) => {
                self.at += c.len_utf8();
                Ok(())
            }
            _ => self.wrong(self.at, "A name is expected here."),
        }
    }

    /// Reads the tag that starts here; its namespace declarations are in force from now on.
    #[inline]
    pub fn start_tag(&mut self) -> Outcome<StartTag<'a>> {
        let at = self.at;
        self.at += 1;
        let name = self.qname()?;
        let mut tag = StartTag { at, name, empty: false, currency: None, stray: None };
        match self.byte(self.at) {
            b'>' => self.at += 1,
            b'/' if self.byte(self.at + 1) == b'>' => {
                tag.empty = true;
                self.at += 2;
            }
            _ => match self.rest() {
                // Almost every attribute in a payment file.
                [b' ', b'C', b'c', b'y', b'=', b'"', a, b, c, b'"', b'>', ..]
                    if a.is_ascii_uppercase() && b.is_ascii_uppercase() && c.is_ascii_uppercase() =>
                {
                    tag.currency = self.bytes.get(self.at + 6..self.at + 9);
                    self.at += 11;
                }
                _ => self.attributes(&mut tag)?,
            },
        }
        Ok(tag)
    }

    #[cold]
    fn attributes(&mut self, tag: &mut StartTag<'a>) -> Outcome<()> {
        let declared = self.local.len();
        let mut seen: Vec<(QName<'a>, usize)> = Vec::new();
        loop {
            let before = self.at;
            self.skip_space();
            match self.byte(self.at) {
                b'>' => {
                    self.at += 1;
                    break;
                }
                b'/' if self.byte(self.at + 1) == b'>' => {
                    tag.empty = true;
                    self.at += 2;
                    break;
                }
                b'/' => return self.wrong(self.at + 1, "A tag is not closed properly."),
                _ if before == self.at => {
                    return self
                        .wrong(self.at, "A name or an attribute is followed by something that may not stand there.");
                }
                _ => {}
            }
            let at = self.at;
            let name = self.qname()?;
            if seen.len() >= ATTRIBUTES_MAX {
                return breach(at, format!("An element has more than {ATTRIBUTES_MAX} attributes."));
            }
            if seen.iter().any(|(other, _)| other.whole == name.whole) {
                return breach(at, "An element has the same attribute twice.");
            }
            let value = self.attribute_value()?;
            match (name.prefix(), name.local()) {
                (b"", b"xmlns") => self.declare(at, b"", value)?,
                (b"xmlns", prefix) => self.declare(at, prefix, value)?,
                (b"", b"Ccy") => tag.currency = Some(value),
                (b"", _) => tag.stray = tag.stray.or(Some(at)),
                _ => {}
            }
            seen.push((name, at));
        }
        // Prefixes may be declared by the same tag, after their use: so they are looked up last.
        let mut expanded: Vec<(&[u8], &[u8])> = Vec::new();
        for (name, at) in seen.iter().filter(|(name, _)| !matches!(name.prefix(), b"" | b"xmlns")) {
            let Some(uri) = self.find(name.prefix()) else {
                return breach(*at, "An attribute has a prefix that is not declared.");
            };
            if expanded.contains(&(uri, name.local())) {
                return breach(*at, "An element has the same attribute twice.");
            }
            expanded.push((uri, name.local()));
        }
        debug_assert!(self.local.len() >= declared, "declarations only grow within a tag");
        Ok(())
    }

    fn attribute_value(&mut self) -> Outcome<&'a [u8]> {
        self.skip_space();
        if self.byte(self.at) != b'=' {
            return self.wrong(self.at, "An attribute has no value.");
        }
        self.at += 1;
        self.skip_space();
        let quote = self.byte(self.at);
        if quote != b'"' && quote != b'\'' {
            return self.wrong(self.at, "An attribute's value must stand in quotation marks.");
        }
        self.at += 1;
        let start = self.at;
        loop {
            match self.byte(self.at) {
                b if b == quote => break,
                b'<' => return breach(self.at, "An attribute's value may not hold \"<\"."),
                b'&' => match reference(self.bytes, self.at) {
                    Some((_, end)) => self.at = end,
                    None => return self.wrong_reference(self.at),
                },
                0 => return self.wrong(self.at, "A control character stands here that XML does not allow."),
                _ => self.at += 1,
            }
        }
        let value = self.bytes.get(start..self.at).unwrap_or_default();
        self.at += 1;
        Ok(value)
    }

    fn declare(&mut self, at: usize, prefix: &[u8], raw: &[u8]) -> Outcome<()> {
        let Ok(raw) = std::str::from_utf8(raw) else { return breach(at, "The bytes here are not UTF-8.") };
        let uri = decode(raw);
        let uri = uri.as_bytes();
        let lawful = match prefix {
            b"xml" => uri == XML_URI,
            b"xmlns" => false,
            b"" => uri != XML_URI && uri != XMLNS_URI,
            _ => !uri.is_empty() && uri != XML_URI && uri != XMLNS_URI,
        };
        if !lawful {
            return breach(at, "This namespace declaration is not allowed.");
        }
        self.local.push(Binding { prefix: prefix.into(), uri: uri.into() });
        Ok(())
    }

    /// How many declarations are in force: to be given back to [`Reader::leave`] at the element's end.
    #[inline]
    pub fn mark(&self) -> usize {
        self.local.len()
    }

    /// Declarations made since `mark` end here.
    #[inline]
    pub fn leave(&mut self, mark: usize) {
        self.local.truncate(mark);
    }

    fn find(&self, prefix: &[u8]) -> Option<&[u8]> {
        if prefix == b"xml" {
            return Some(XML_URI);
        }
        find(&self.local, prefix).or_else(|| self.setting.scope.find(prefix))
    }

    /// The namespace of an element; `None` inside for no namespace.
    pub fn namespace(&self, tag: &StartTag<'_>) -> Outcome<Option<&[u8]>> {
        match self.find(tag.name.prefix()) {
            Some(uri) => Ok(Some(uri).filter(|uri| !uri.is_empty())),
            None if tag.name.prefix().is_empty() => Ok(None),
            None => breach(tag.at, "An element has a prefix that is not declared."),
        }
    }

    /// Whether an element belongs to the message's namespace.
    #[inline]
    pub fn is_ours(&self, tag: &StartTag<'_>) -> Outcome<bool> {
        let usual = self.setting.prefix;
        let prefix = tag.name.prefix();
        // Comparing two empty slices still calls memcmp, which can take 50 ns where their pointers dangle.
        let is_usual = if usual.is_empty() { prefix.is_empty() } else { prefix == usual };
        if is_usual && self.local.is_empty() {
            return Ok(true);
        }
        Ok(self.namespace(tag)? == Some(self.setting.uri))
    }

    /// One level deeper.
    #[inline]
    pub fn descend(&mut self, at: usize) -> Outcome<()> {
        self.setting.depth += 1;
        if self.setting.depth > DEPTH_MAX {
            return breach(at, format!("Elements are nested more than {DEPTH_MAX} deep."));
        }
        Ok(())
    }

    /// One level up again.
    #[inline]
    pub fn ascend(&mut self) {
        self.setting.depth = self.setting.depth.saturating_sub(1);
    }

    /// Reads the end tag that stands here; it must be the one of `name`.
    #[inline]
    pub fn end_tag(&mut self, name: &QName<'_>) -> Outcome<()> {
        let begin = self.at + 2;
        let end = begin + name.whole.len();
        let is_same = name.local_at == 0 && name.key != 0 && key_of(self.bytes, begin, end) == name.key;
        if is_same && self.byte(end) == b'>' {
            self.at = end + 1;
            return Ok(());
        }
        self.end_tag_of(name.whole)
    }

    /// [`Reader::end_tag`] for a name that was read in another part.
    pub fn end_tag_of(&mut self, name: &[u8]) -> Outcome<()> {
        let start = self.at;
        self.at += 2;
        if !self.starts_with(name) {
            return self.wrong_end(start);
        }
        self.at += name.len();
        if self.byte(self.at) != b'>' {
            if class(self.byte(self.at)) & NAME != 0 || matches!(self.byte(self.at), b':' | 0x80..) {
                return self.wrong_end(start);
            }
            self.skip_space();
            if self.byte(self.at) != b'>' {
                return self.wrong(self.at, "A tag is not closed properly.");
            }
        }
        self.at += 1;
        Ok(())
    }

    #[cold]
    fn wrong_end(&self, at: usize) -> Outcome<()> {
        // A tag cut off in the middle is the end of the file, not a wrong tag.
        match memchr::memchr(b'>', self.bytes.get(at..).unwrap_or_default()) {
            Some(_) => breach(at, "An end tag does not match the element that is open."),
            None => self.ended(),
        }
    }

    /// Skips comments and processing instructions, and tells what follows; `None` at the end of the bytes.
    #[inline]
    pub fn next(&mut self) -> Outcome<Option<Next>> {
        loop {
            if self.at >= self.bytes.len() {
                return Ok(None);
            }
            if self.byte(self.at) != b'<' {
                return Ok(Some(Next::Text));
            }
            match self.byte(self.at + 1) {
                b'/' => return Ok(Some(Next::End)),
                b'!' if self.starts_with(b"<![CDATA[") => return Ok(Some(Next::CData)),
                b'!' => self.comment()?,
                b'?' => self.instruction()?,
                0 if self.at + 1 == self.bytes.len() => return self.ended(),
                _ => return Ok(Some(Next::Start)),
            }
        }
    }

    /// What follows outside the root element, where only white space, comments and processing instructions may stand.
    pub fn next_outside(&mut self) -> Outcome<Option<Next>> {
        loop {
            self.skip_space();
            let next = self.next()?;
            if !is_space(self.byte(self.at)) {
                return Ok(next);
            }
        }
    }

    #[cold]
    fn comment(&mut self) -> Outcome<()> {
        let start = self.at;
        if self.starts_with(b"<!DOCTYPE") {
            return breach(start, "The file holds a document type definition (DTD), which is not allowed.");
        }
        if !self.starts_with(b"<!--") {
            // Cut off within "<!--" or "<![CDATA[" is the end of the file.
            let cut = [&b"<!--"[..], b"<![CDATA[", b"<!DOCTYPE"].iter().any(|token| token.starts_with(self.rest()));
            return if cut { self.ended() } else { breach(start, "This markup is not allowed.") };
        }
        self.at += 4;
        match memchr::memmem::find(self.rest(), b"--") {
            None => self.ended(),
            Some(found) => {
                self.at += found + 2;
                if self.byte(self.at) != b'>' {
                    return self.wrong(self.at, "A comment may not hold \"--\".");
                }
                self.at += 1;
                Ok(())
            }
        }
    }

    #[cold]
    fn instruction(&mut self) -> Outcome<()> {
        let start = self.at;
        self.at += 2;
        let target = self.qname()?;
        if target.local_at != 0 {
            return breach(start, "The name of a processing instruction may not hold a colon.");
        }
        if self.at < self.bytes.len() && target.whole.eq_ignore_ascii_case(b"xml") {
            return breach(start, "An XML declaration may stand only at the very start of the file.");
        }
        if !is_space(self.byte(self.at)) && !self.starts_with(b"?>") {
            let cut = self.starts_with(b"?") && self.at + 1 == self.bytes.len();
            return if cut { self.ended() } else { self.wrong(self.at, "A processing instruction is malformed.") };
        }
        match memchr::memmem::find(self.rest(), b"?>") {
            None => self.ended(),
            Some(found) => {
                self.at += found + 2;
                Ok(())
            }
        }
    }

    /// The raw text of the CDATA section that stands here.
    #[cold]
    pub fn cdata(&mut self) -> Outcome<Range<usize>> {
        self.at += b"<![CDATA[".len();
        let start = self.at;
        match memchr::memmem::find(self.rest(), b"]]>") {
            None => self.ended(),
            Some(found) => {
                self.at += found + 3;
                Ok(start..start + found)
            }
        }
    }

    /// Character data up to the next markup, checked; the range may be empty.
    #[inline]
    pub fn text(&mut self) -> Outcome<Range<usize>> {
        let start = self.at;
        match memchr::memchr(b'<', self.rest()) {
            Some(length) => self.at += length,
            None => self.at = self.bytes.len(),
        }
        if self.unusual && start < self.at {
            self.check_text(start..self.at)?;
        }
        Ok(start..self.at)
    }

    fn check_text(&self, range: Range<usize>) -> Outcome<()> {
        let text = self.bytes.get(..range.end).unwrap_or_default();
        let mut at = range.start;
        while let Some(found) = memchr::memchr2(b'&', b']', text.get(at..).unwrap_or_default()) {
            at += found;
            if self.byte(at) == b']' {
                if text.get(at..).unwrap_or_default().starts_with(b"]]>") {
                    return breach(at, "\"]]>\" may not stand in a text.");
                }
                at += 1;
            } else if let Some((_, end)) = reference(self.bytes, at) {
                at = end;
            } else {
                return self.wrong_reference(at);
            }
        }
        Ok(())
    }

    #[cold]
    fn wrong_reference<T>(&self, at: usize) -> Outcome<T> {
        // An ampersand right before the end: nobody knows what it would have become.
        let rest = self.bytes.get(at + 1..).unwrap_or_default();
        if rest.len() < 12 && rest.iter().all(|&b| b.is_ascii_alphanumeric() || b == b'#') {
            return self.ended();
        }
        breach(at, "An ampersand is not part of a reference that XML defines (&amp; &lt; &gt; &quot; &apos; &#...;).")
    }

    fn utf8(&self, range: Range<usize>) -> Outcome<&'a str> {
        let (start, end) = (range.start, range.end);
        match std::str::from_utf8(self.bytes.get(range).unwrap_or_default()) {
            Ok(text) => Ok(text),
            Err(error) if error.error_len().is_none() && end == self.bytes.len() => self.ended(),
            Err(error) => breach(start + error.valid_up_to(), "The bytes here are not UTF-8."),
        }
    }

    /// What raw character data says.
    pub fn decoded(&self, range: Range<usize>) -> Outcome<Cow<'a, str>> {
        let raw = self.utf8(range)?;
        Ok(if self.unusual { decode(raw) } else { Cow::Borrowed(raw) })
    }

    /// What a CDATA section says.
    pub fn literal(&self, range: Range<usize>) -> Outcome<Cow<'a, str>> {
        let raw = self.utf8(range)?;
        Ok(if raw.contains('\r') {
            Cow::Owned(raw.replace("\r\n", "\n").replace('\r', "\n"))
        } else {
            Cow::Borrowed(raw)
        })
    }

    /// What the value of an attribute says.
    pub fn attribute(&self, tag: &StartTag<'_>, raw: &'a [u8]) -> Outcome<Cow<'a, str>> {
        match std::str::from_utf8(raw) {
            Ok(raw) => Ok(decode(raw)),
            Err(_) => breach(tag.at, "The bytes here are not UTF-8."),
        }
    }

    /// Whether character data is white space only, also when it is written as references.
    pub fn is_blank(&self, range: Range<usize>) -> bool {
        self.decoded(range).is_ok_and(|text| trim(&text).is_empty())
    }

    /// Reads a byte order mark and an XML declaration, if there are any. Tells whether the file declares US-ASCII.
    pub fn declaration(&mut self) -> Outcome<bool> {
        if has_wide_characters(self.bytes) {
            return breach(self.at, "The file is written in UTF-16 or UTF-32; send it in UTF-8.");
        }
        if self.starts_with(b"\xEF\xBB\xBF") {
            self.at += 3;
        }
        if !self.starts_with(b"<?xml") || !is_space(self.byte(self.at + 5)) {
            return Ok(false);
        }
        self.at += 5;
        let mut ascii_only = false;
        // In this order, each at most once; the version is required.
        for (name, required) in [(&b"version"[..], true), (b"encoding", false), (b"standalone", false)] {
            let before = self.at;
            self.skip_space();
            let at = self.at;
            if name.starts_with(self.rest()) {
                return self.ended();
            }
            if before == at || !self.starts_with(name) {
                if required {
                    return self.wrong(at, "The XML declaration must begin with the version.");
                }
                self.at = before;
                continue;
            }
            self.at += name.len();
            let value = self.attribute_value()?;
            match name {
                b"version" if value == b"1.0" => {}
                b"version" => return breach(at, "Only XML 1.0 is supported."),
                b"encoding" if value.eq_ignore_ascii_case(b"utf-8") => {}
                b"encoding" if value.eq_ignore_ascii_case(b"us-ascii") || value.eq_ignore_ascii_case(b"ascii") => {
                    ascii_only = true;
                }
                b"encoding" => return breach(at, "The file declares another encoding than UTF-8; send it in UTF-8."),
                _ if value == b"yes" || value == b"no" => {}
                _ => return breach(at, "The XML declaration is malformed."),
            }
        }
        self.skip_space();
        if !self.starts_with(b"?>") {
            let cut = self.starts_with(b"?") && self.at + 1 == self.bytes.len();
            return if cut { self.ended() } else { self.wrong(self.at, "The XML declaration is malformed.") };
        }
        self.at += 2;
        Ok(ascii_only)
    }
}

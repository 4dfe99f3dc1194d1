//! Writes elements: whatever comes from outside is escaped, and no longer than the schema allows.

use denmark::Money;
use jiff::Timestamp;
use jiff::civil::Date;

use super::text::{escape, trim};

/// What stands for an id that there is none of: the standard's own word.
const NOT_PROVIDED: &str = "NOTPROVIDED";

/// Appends an element with a text.
pub(super) fn text(out: &mut Vec<u8>, name: &str, text: &str) {
    tag(out, b"<", name);
    escape(out, text);
    tag(out, b"</", name);
}

fn tag(out: &mut Vec<u8>, opening: &[u8], name: &str) {
    out.extend_from_slice(opening);
    out.extend_from_slice(name.as_bytes());
    out.push(b'>');
}

/// As much of a text as an element of so many characters holds.
pub(super) fn cut(text: &str, length_max: usize) -> &str {
    let end = text.char_indices().nth(length_max).map_or(text.len(), |(at, _)| at);
    text.get(..end).unwrap_or(text)
}

/// A message that is being written.
pub(super) struct Writer {
    out: Vec<u8>,
}

impl Writer {
    /// Writes a message whole: `name` is that of the standard, `pain.001.001.09`, `root` the element inside the document.
    pub fn message(name: &str, root: &str, content: impl FnOnce(&mut Self)) -> Vec<u8> {
        let mut writer = Self { out: b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_vec() };
        writer.out.extend_from_slice(b"<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:");
        writer.out.extend_from_slice(name.as_bytes());
        writer.out.extend_from_slice(b"\">");
        writer.node(root, content);
        writer.out.extend_from_slice(b"</Document>\n");
        writer.out
    }

    /// An element with others in it.
    pub fn node(&mut self, name: &str, content: impl FnOnce(&mut Self)) {
        tag(&mut self.out, b"<", name);
        content(self);
        tag(&mut self.out, b"</", name);
    }

    /// Elements that stand in each other, with a text in the innermost: `["Rsn", "Cd"]`.
    pub fn nested(&mut self, names: &[&str], content: &str) {
        match names {
            [] => {}
            [name] => text(&mut self.out, name, content),
            [name, inner @ ..] => self.node(name, |w| w.nested(inner, content)),
        }
    }

    /// An element with a text that is of our making, or was found right before.
    pub fn text(&mut self, name: &str, content: &str) {
        text(&mut self.out, name, content);
    }

    /// An id, which must be there: `Max35Text`.
    pub fn id(&mut self, name: &str, id: &str) {
        const LENGTH_MAX: usize = 35;
        let id = if trim(id).is_empty() { NOT_PROVIDED } else { id };
        text(&mut self.out, name, cut(id, LENGTH_MAX));
    }

    /// An id, if there is one.
    pub fn maybe_id(&mut self, name: &str, id: Option<&str>) {
        if let Some(id) = id.filter(|id| !trim(id).is_empty()) {
            self.id(name, id);
        }
    }

    /// A text of at most so many characters; an empty one is left out.
    pub fn bounded(&mut self, name: &str, content: &str, length_max: usize) {
        if !trim(content).is_empty() {
            text(&mut self.out, name, cut(content, length_max));
        }
    }

    /// An amount with the decimals of its currency.
    pub fn amount(&mut self, name: &str, money: Money) {
        let shown = money.to_string();
        let (number, currency) = shown.split_once(' ').unwrap_or((&shown, ""));
        self.out.push(b'<');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b" Ccy=\"");
        self.out.extend_from_slice(currency.as_bytes());
        self.out.extend_from_slice(b"\">");
        self.out.extend_from_slice(number.as_bytes());
        tag(&mut self.out, b"</", name);
    }

    /// A moment, to the second.
    pub fn moment(&mut self, name: &str, moment: Timestamp) {
        self.text(name, &moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    }

    /// A date.
    pub fn date(&mut self, name: &str, date: Date) {
        self.text(name, &date.to_string());
    }

    /// A number.
    pub fn count(&mut self, name: &str, count: usize) {
        self.text(name, &count.to_string());
    }

    /// The next element begins a line: whoever looks for a fault is told of lines.
    pub fn line(&mut self) {
        self.out.push(b'\n');
    }
}

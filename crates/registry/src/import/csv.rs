//! CSV, one line a row: a quote that is never closed spoils its own line and no other.

use csv_core::{ReadRecordResult, Reader};
use kernel::Error;
use std::io::{BufRead, BufReader, Read};

/// A longer line is refused; it cannot fill the memory.
const LINE_BYTES_MAX: usize = 64 << 10;
const FIELDS_MAX: usize = 32;

/// The lines of a file.
pub struct Lines<R> {
    input: BufReader<R>,
    number: u64,
    line: Vec<u8>,
    /// Made once: building its tables costs more than reading a line.
    reader: Reader,
    parsed: Vec<u8>,
    /// Whether a line without an end is none: of what comes bit by bit, it may be the half of one.
    must_end: bool,
}

/// One line that is not empty.
pub enum Line<T> {
    /// A data row, as `with` made it of its fields.
    Row(u64, T),
    /// A line that is not a row: too long, cut off, not UTF-8, too many fields, or a quote without end.
    Malformed(u64),
    /// The file has ended.
    End,
}

impl<R: Read> Lines<R> {
    /// Of a whole file.
    pub fn new(input: BufReader<R>) -> Self {
        Self { must_end: false, ..Self::after(0, input) }
    }

    /// Of a file of which so many lines came before, and which may have been cut off: its last line has an end too.
    pub(super) fn after(number: u64, input: BufReader<R>) -> Self {
        Self { input, number, line: Vec::new(), reader: Reader::new(), parsed: vec![0; LINE_BYTES_MAX], must_end: true }
    }

    /// Whether the first line is this header, or the same without one of these numbers of its last columns. A byte order mark before
    /// it is passed over.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn header_is(&mut self, header: &[&str], may_lack: &[usize]) -> Result<bool, Error> {
        let is = |fields: &[&str]| {
            let first = fields.first().map(|field| field.trim_start_matches('\u{feff}'));
            let is = |header: &[&str]| {
                fields.len() == header.len() && first == header.first().copied() && fields[1..] == header[1..]
            };
            is(header) || may_lack.iter().any(|lacks| is(&header[..header.len() - lacks]))
        };
        Ok(matches!(self.next(is)?, Line::Row(_, true)))
    }

    /// The next line that is not empty, its fields given to `with`.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn next<T>(&mut self, with: impl FnOnce(&[&str]) -> T) -> Result<Line<T>, Error> {
        loop {
            self.number += 1;
            match self.read_line()? {
                None => return Ok(Line::End),
                Some(false) => return Ok(Line::Malformed(self.number)),
                Some(true) if self.line.is_empty() => {}
                Some(true) => {
                    return Ok(match self.fields(with) {
                        Some(row) => Line::Row(self.number, row),
                        None => Line::Malformed(self.number),
                    });
                }
            }
        }
    }

    /// Reads one line without its end; `Some(false)` when it is too long, and then skips it, or lacks an end that it needs.
    fn read_line(&mut self) -> Result<Option<bool>, Error> {
        self.line.clear();
        let mut fits = true;
        let mut began = false;
        let mut has_ended = !self.must_end;
        loop {
            let available = self.input.fill_buf().map_err(Error::io("the file could not be read"))?;
            if available.is_empty() {
                break;
            }
            began = true;
            let end = available.iter().position(|byte| *byte == b'\n');
            let piece = &available[..end.unwrap_or(available.len())];
            fits &= self.line.len() + piece.len() <= LINE_BYTES_MAX;
            if fits {
                self.line.extend_from_slice(piece);
            }
            let consumed = piece.len() + usize::from(end.is_some());
            self.input.consume(consumed);
            if end.is_some() {
                has_ended = true;
                break;
            }
        }
        // The last line may end with half a line end.
        if self.line.last() == Some(&b'\r') {
            self.line.pop();
        }
        Ok(began.then_some(fits && has_ended))
    }

    fn fields<T>(&mut self, with: impl FnOnce(&[&str]) -> T) -> Option<T> {
        // No text of a register holds one, and not every store can.
        if self.line.contains(&0) {
            return None;
        }
        let reader = &mut self.reader;
        reader.reset();
        let mut ends = [0; FIELDS_MAX];
        let (result, read, _, count) = reader.read_record(&self.line, &mut self.parsed, &mut ends);
        // The whole line must have been taken as one row that ends where the line does, outside of quotes.
        if result != ReadRecordResult::InputEmpty || read != self.line.len() {
            return None;
        }
        let quotes = self.line.iter().filter(|byte| **byte == b'"').count();
        if quotes % 2 == 1 {
            return None;
        }
        let (result, _, _, last) = reader.read_record(&[], &mut self.parsed[LINE_BYTES_MAX..], &mut ends[count..]);
        if result != ReadRecordResult::Record {
            return None;
        }
        let mut fields = [""; FIELDS_MAX];
        let mut start = 0;
        for (field, end) in fields.iter_mut().zip(&ends[..count + last]) {
            *field = std::str::from_utf8(&self.parsed[start..*end]).ok()?;
            start = *end;
        }
        Some(with(&fields[..count + last]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The lines of a text: fields joined by `|`, `!` for a malformed line, each after its line number.
    fn read(text: &[u8]) -> Vec<String> {
        read_all(Lines::new(BufReader::with_capacity(3, text)))
    }

    fn read_all(mut lines: Lines<&[u8]>) -> Vec<String> {
        let mut seen = Vec::new();
        loop {
            match lines.next(|fields| fields.join("|")).unwrap() {
                Line::Row(number, fields) => seen.push(format!("{number} {fields}")),
                Line::Malformed(number) => seen.push(format!("{number} !")),
                Line::End => return seen,
            }
        }
    }

    #[test]
    fn lines() {
        let check = |text: &str, expected: &[&str]| assert_eq!(read(text.as_bytes()), expected, "{text:?}");
        check("", &[]);
        check("a,b", &["1 a|b"]);
        check("a,b\nc,d\n", &["1 a|b", "2 c|d"]);
        check("a,b\r\n\r\nc,\r\n", &["1 a|b", "3 c|"]);
        check("a,b\r\nc,d\r", &["1 a|b", "2 c|d"]);
        check(",\n", &["1 |"]);
        check("\"a,b\",c\n", &["1 a,b|c"]);
        check("\"a \"\"b\"\"\",c\n", &["1 a \"b\"|c"]);
        check("\"a,b\nc,d\n", &["1 !", "2 c|d"]);
        check("a\n\n\nb\n", &["1 a", "4 b"]);
        assert_eq!(read(b"\xff,b\nc,d\n"), ["1 !", "2 c|d"]);
        assert_eq!(read(b"a\0,b\nc,d\n"), ["1 !", "2 c|d"]);
        assert_eq!(read(&[vec![b'x'; LINE_BYTES_MAX + 1], b"\nc,d".to_vec()].concat()), ["1 !", "2 c|d"]);
        assert_eq!(read(",".repeat(FIELDS_MAX).as_bytes()), ["1 !"]);
    }

    #[test]
    fn of_a_file_that_may_be_cut_off_the_last_line_has_an_end() {
        let check = |text: &str, expected: &[&str]| {
            assert_eq!(read_all(Lines::after(5, BufReader::new(text.as_bytes()))), expected, "{text:?}");
        };
        check("a,b\nc,d\n", &["6 a|b", "7 c|d"]);
        check("a,b\nc,d", &["6 a|b", "7 !"]);
        check("a,b\nc,\r", &["6 a|b", "7 !"]);
        check("a,b\n\r", &["6 a|b", "7 !"]);
        check("", &[]);
    }

    proptest! {
        #[test]
        fn no_bytes_stop_the_reader(bytes: Vec<u8>) {
            let rows = read(&bytes);
            prop_assert!(rows.len() <= bytes.iter().filter(|byte| **byte == b'\n').count() + 1);
        }
    }
}

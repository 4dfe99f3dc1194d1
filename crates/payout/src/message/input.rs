//! The bytes of a file that lie ahead.

use std::io::{self, Read};

use super::cut::{BUFFER_BYTES, BUFFER_BYTES_MIN, LOOK_AHEAD_BYTES};

/// The bytes that were read and not yet handed out.
pub(super) struct Input<R> {
    source: R,
    buffer: Vec<u8>,
    pub(super) start: usize,
    pub(super) end: usize,
    /// Where the buffer's first byte stands in the file.
    base: u64,
    pub(super) at_end: bool,
    /// Up to here, in the file, markup other than tags was looked for.
    searched: u64,
    /// The first that was found there at or after the last place asked for.
    markup: Option<u64>,
}

impl<R: Read> Input<R> {
    pub(super) fn new(source: R) -> Self {
        Self { source, buffer: Vec::new(), start: 0, end: 0, base: 0, at_end: false, searched: 0, markup: None }
    }

    pub(super) fn offset(&self) -> u64 {
        self.base + self.start as u64
    }

    pub(super) fn look_ahead(&mut self) -> io::Result<()> {
        if self.at_end || self.end - self.start >= LOOK_AHEAD_BYTES {
            return Ok(());
        }
        self.buffer.copy_within(self.start..self.end, 0);
        self.base += self.start as u64;
        self.end -= self.start;
        self.start = 0;
        while self.end < BUFFER_BYTES {
            if self.end == self.buffer.len() {
                // A small file needs no large buffer.
                self.buffer.resize((2 * self.end).clamp(BUFFER_BYTES_MIN, BUFFER_BYTES), 0);
            }
            let free = self.buffer.get_mut(self.end..).unwrap_or_default();
            match self.source.read(free) {
                Ok(0) => {
                    self.at_end = true;
                    break;
                }
                Ok(count) => self.end += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    pub(super) fn all(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// At most `max` bytes, and whether the file ends with them.
    pub(super) fn view(&self, max: usize) -> (&[u8], bool) {
        let all = self.all();
        all.get(..max).map_or((all, self.at_end), |head| (head, self.at_end && head.len() == all.len()))
    }

    /// Whether a comment, CDATA section or processing instruction begins in the next `length` bytes.
    ///
    /// Looks at every byte of the file once, however often it is asked.
    pub(super) fn has_markup(&mut self, length: usize) -> bool {
        let from = self.offset();
        let to = from + length as u64;
        if self.markup.is_some_and(|at| at < from) {
            self.markup = None;
        }
        if self.markup.is_none() && self.searched < to {
            let begin = self.searched.max(from);
            let skipped = usize::try_from(begin - from).unwrap_or(0);
            let bytes = self.all();
            let ahead = bytes.get(skipped..).unwrap_or_default();
            let found = memchr::memchr2_iter(b'!', b'?', ahead)
                .find(|&at| (at + skipped).checked_sub(1).and_then(|before| bytes.get(before)) == Some(&b'<'));
            self.searched = from + bytes.len() as u64;
            self.markup = found.map(|at| begin + at as u64 - 1);
            if let Some(at) = self.markup {
                self.searched = at + 2;
            }
        }
        self.markup.is_some_and(|at| at < to)
    }

    /// Passes over the next `length` bytes.
    pub(super) fn skip(&mut self, length: usize) {
        self.start = (self.start + length).min(self.end);
    }

    /// Hands out the next `length` bytes.
    pub(super) fn take(&mut self, length: usize, into: &mut Vec<u8>) {
        let taken = self.all().get(..length).unwrap_or_default();
        into.extend_from_slice(taken);
        self.start += taken.len();
    }
}

//! What grows at its end and is amended afterwards: a file, or bytes that are handed on as they are taken.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

const BUFFER_BYTES: usize = 1 << 20;

/// Collects what is appended, and lets what was written before be changed: in a file all of it, in memory what was not taken yet.
#[derive(Debug)]
pub struct Output {
    /// None in memory.
    file: Option<File>,
    /// So much is in the file, or was taken; the rest is in the buffer.
    written: u64,
    buffer: Vec<u8>,
}

impl Output {
    /// Writes from the beginning of `file`: empty, and opened for reading too.
    #[must_use]
    pub fn file(file: File) -> Self {
        Self { file: Some(file), written: 0, buffer: Vec::with_capacity(BUFFER_BYTES) }
    }

    /// Keeps what is written until it is taken.
    #[must_use]
    pub fn memory() -> Self {
        Self { file: None, written: 0, buffer: Vec::new() }
    }

    /// What was written since something was taken last, if it is kept in memory.
    pub fn take(&mut self) -> Vec<u8> {
        if self.file.is_some() {
            return Vec::new();
        }
        self.written += self.buffer.len() as u64;
        std::mem::take(&mut self.buffer)
    }

    /// How long all of it is now.
    pub(super) fn len(&self) -> u64 {
        self.written + self.buffer.len() as u64
    }

    pub(super) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.buffer.len() + bytes.len() > BUFFER_BYTES {
            self.flush()?;
        }
        match &mut self.file {
            Some(file) if bytes.len() >= BUFFER_BYTES => {
                write_at(file, self.written, bytes)?;
                self.written += bytes.len() as u64;
            }
            _ => self.buffer.extend_from_slice(bytes),
        }
        Ok(())
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        if !self.buffer.is_empty() {
            write_at(file, self.written, &self.buffer)?;
            self.written += self.buffer.len() as u64;
            self.buffer.clear();
        }
        Ok(())
    }

    /// Everything from `len` on is gone.
    pub(super) fn truncate(&mut self, len: u64) -> io::Result<()> {
        match len.checked_sub(self.written) {
            Some(kept) => self.buffer.truncate(usize::try_from(kept).unwrap_or(usize::MAX)),
            None => {
                self.file.as_mut().ok_or_else(taken)?.set_len(len)?;
                self.buffer.clear();
                self.written = len;
            }
        }
        Ok(())
    }

    /// Puts `new` in the place of the `old` bytes at `at`; what follows moves if it must.
    pub(super) fn replace(&mut self, at: u64, old: usize, new: &[u8]) -> io::Result<()> {
        if let Some(from) = at.checked_sub(self.written).and_then(|from| usize::try_from(from).ok())
            && let Some(to) = from.checked_add(old).filter(|&to| to <= self.buffer.len())
        {
            self.buffer.splice(from..to, new.iter().copied());
            return Ok(());
        }
        self.flush()?;
        if new.len() != old {
            self.shift(at + old as u64, at + new.len() as u64)?;
        }
        write_at(self.file.as_mut().ok_or_else(taken)?, at, new)
    }

    /// Moves everything from `from` on to `to`.
    fn shift(&mut self, from: u64, to: u64) -> io::Result<()> {
        let file = self.file.as_mut().ok_or_else(taken)?;
        let mut block = vec![0; BUFFER_BYTES];
        let end = self.written;
        let total = end.saturating_sub(from);
        let mut moved = 0;
        while moved < total {
            let length = (total - moved).min(BUFFER_BYTES as u64);
            // To the right from the end, to the left from the start: so nothing is overwritten that has yet to move.
            let at = if to > from { total - moved - length } else { moved };
            let bytes = block.get_mut(..usize::try_from(length).unwrap_or(BUFFER_BYTES)).unwrap_or_default();
            file.seek(SeekFrom::Start(from + at))?;
            file.read_exact(bytes)?;
            write_at(file, to + at, bytes)?;
            moved += length;
        }
        self.written = to + total;
        file.set_len(self.written)
    }

    /// Writes what is left in the buffer, and gives the file back: not synced.
    ///
    /// # Errors
    /// It cannot be written, or there is none.
    pub fn into_file(mut self) -> io::Result<File> {
        self.flush()?;
        self.file.ok_or_else(|| io::Error::other("what is in memory has no file"))
    }
}

/// Where the file stands is never trusted to be where the last write left it: the handle may be shared.
fn write_at(file: &mut File, at: u64, bytes: &[u8]) -> io::Result<()> {
    file.seek(SeekFrom::Start(at))?;
    file.write_all(bytes)
}

/// What was handed on stands as it was: it should have been right.
fn taken() -> io::Error {
    io::Error::other("what was taken already cannot be changed")
}

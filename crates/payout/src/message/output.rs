//! A file that grows at its end and is amended afterwards.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

const BUFFER_BYTES: usize = 1 << 20;

/// Collects what is appended, and lets what was written before be changed, buffered or not.
#[derive(Debug)]
pub(super) struct Output {
    file: File,
    /// So much is in the file; the rest is in the buffer.
    written: u64,
    buffer: Vec<u8>,
}

impl Output {
    /// Writes from the beginning of `file`, which should be empty.
    pub fn new(file: File) -> Self {
        Self { file, written: 0, buffer: Vec::with_capacity(BUFFER_BYTES) }
    }

    pub fn len(&self) -> u64 {
        self.written + self.buffer.len() as u64
    }

    pub fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.buffer.len() + bytes.len() > BUFFER_BYTES {
            self.flush()?;
        }
        if bytes.len() >= BUFFER_BYTES {
            self.seek(self.written)?;
            self.file.write_all(bytes)?;
            self.written += bytes.len() as u64;
        } else {
            self.buffer.extend_from_slice(bytes);
        }
        Ok(())
    }

    fn seek(&mut self, at: u64) -> io::Result<()> {
        // Never trusted to stand where the last write left it: the handle may be shared.
        self.file.seek(SeekFrom::Start(at)).map(drop)
    }

    pub fn flush(&mut self) -> io::Result<()> {
        if !self.buffer.is_empty() {
            self.seek(self.written)?;
            self.file.write_all(&self.buffer)?;
            self.written += self.buffer.len() as u64;
            self.buffer.clear();
        }
        Ok(())
    }

    /// Everything from `len` on is gone.
    pub fn truncate(&mut self, len: u64) -> io::Result<()> {
        match len.checked_sub(self.written) {
            Some(kept) => self.buffer.truncate(usize::try_from(kept).unwrap_or(usize::MAX)),
            None => {
                self.buffer.clear();
                self.file.set_len(len)?;
                self.written = len;
            }
        }
        Ok(())
    }

    /// Puts `new` in the place of the `old` bytes at `at`; what follows moves if it must.
    pub fn replace(&mut self, at: u64, old: usize, new: &[u8]) -> io::Result<()> {
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
        self.seek(at)?;
        self.file.write_all(new)
    }

    /// Moves everything from `from` on to `to`.
    fn shift(&mut self, from: u64, to: u64) -> io::Result<()> {
        let mut block = vec![0; BUFFER_BYTES];
        let end = self.written;
        let total = end.saturating_sub(from);
        let mut moved = 0;
        while moved < total {
            let length = (total - moved).min(BUFFER_BYTES as u64);
            // To the right from the end, to the left from the start: so nothing is overwritten that has yet to move.
            let at = if to > from { total - moved - length } else { moved };
            let bytes = block.get_mut(..usize::try_from(length).unwrap_or(BUFFER_BYTES)).unwrap_or_default();
            self.seek(from + at)?;
            self.file.read_exact(bytes)?;
            self.seek(to + at)?;
            self.file.write_all(bytes)?;
            moved += length;
        }
        self.written = to + total;
        self.file.set_len(self.written)
    }

    pub fn file(&self) -> &File {
        &self.file
    }

    /// Writes what is left in the buffer, and gives the file back: not synced.
    pub fn into_file(mut self) -> io::Result<File> {
        self.flush()?;
        Ok(self.file)
    }
}

//! Rows on their way into a table, in COPY's binary form.

use crate::db::Value;
use ::postgres::CopyInWriter;
use bytes::BufMut;
use std::io::Write;

const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const TRAILER: &[u8] = &[0xff, 0xff];
/// What is sent at once.
const SENT_BYTES: usize = 256 << 10;

pub(super) struct Copying<'c> {
    writer: CopyInWriter<'c>,
    bytes: Vec<u8>,
    /// The writer wraps the driver's errors; what came of it is told at the end.
    is_listening: bool,
}

impl<'c> Copying<'c> {
    pub(super) fn new(writer: CopyInWriter<'c>) -> Self {
        let mut bytes = Vec::with_capacity(SENT_BYTES + SENT_BYTES / 4);
        bytes.extend_from_slice(HEADER);
        Self { writer, bytes, is_listening: true }
    }

    /// Takes a row; whether the server takes more.
    pub(super) fn row(&mut self, values: &[Value<'_>]) -> bool {
        self.bytes.put_i16(values.len() as i16);
        for value in values {
            self.bytes.put_i32(value.length());
            value.append_to(&mut self.bytes);
        }
        if self.bytes.len() >= SENT_BYTES {
            self.send();
        }
        self.is_listening
    }

    /// Ends it, and says why if the server did not take all of it.
    pub(super) fn finish(mut self) -> Result<(), ::postgres::Error> {
        self.bytes.extend_from_slice(TRAILER);
        self.send();
        self.writer.finish().map(|_| ())
    }

    fn send(&mut self) {
        self.is_listening = self.is_listening && self.writer.write_all(&self.bytes).is_ok();
        self.bytes.clear();
    }
}

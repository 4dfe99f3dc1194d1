//! Rows on their way into a table, in COPY's binary form.

use crate::db::Value;
use crate::{Error, StoreError};
use ::postgres::CopyInWriter;
use ::postgres::types::Type;
use bytes::BufMut;
use std::io::Write;

const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const TRAILER: &[u8] = &[0xff, 0xff];
/// What is sent at once.
const SENT_BYTES: usize = 256 << 10;

pub(super) struct Copying<'c> {
    writer: CopyInWriter<'c>,
    /// Those of the columns.
    types: &'c [Type],
    bytes: Vec<u8>,
    /// Whether the connection is still there. What the server refuses is told at the end alone: the driver sends on until then.
    is_listening: bool,
}

impl<'c> Copying<'c> {
    pub(super) fn new(writer: CopyInWriter<'c>, types: &'c [Type]) -> Self {
        let mut bytes = Vec::with_capacity(SENT_BYTES + SENT_BYTES / 4);
        bytes.extend_from_slice(HEADER);
        Self { writer, types, bytes, is_listening: true }
    }

    /// Takes a row; whether more are worth giving. The server takes any bytes of the right length for a value of its own type.
    pub(super) fn row(&mut self, values: &[Value<'_>]) -> Result<bool, Error> {
        self.bytes.put_i16(values.len() as i16);
        for (value, kind) in values.iter().zip(self.types) {
            if !value.fits(kind) {
                return Err(StoreError::plain(format!("a column takes a value of the type {kind}")).into());
            }
            self.bytes.put_i32(value.length());
            value.append_to(&mut self.bytes);
        }
        if self.bytes.len() >= SENT_BYTES {
            self.send();
        }
        Ok(self.is_listening)
    }

    /// Ends it, and says why if the server did not take all of it; or only that the connection is closed.
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

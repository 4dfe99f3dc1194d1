//! Bodies that are read or written piece by piece, by a thread of the core, which waits for pieces as for any file.

use crate::limits::Limits;
use crate::problem::Problem;
use axum::body::Body;
use bytes::{Buf, Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{self, Frame};
use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

/// How many pieces wait for whoever takes them.
const PIECES: usize = 8;
/// How large a piece of an answer is.
const PIECE_BYTES: usize = 64 * 1024;

/// A body that is read while it arrives.
pub struct Incoming {
    pieces: mpsc::Receiver<io::Result<Bytes>>,
    piece: Bytes,
    fault: Fault,
}

/// What was wrong with a body, told after reading it has failed.
#[derive(Clone, Default)]
pub struct Fault(Arc<OnceLock<&'static str>>);

impl Fault {
    /// The client's part in the failure, if it has any.
    #[must_use]
    pub fn problem(&self) -> Option<Problem> {
        self.0.get().copied().map(Problem::of)
    }
}

impl Incoming {
    /// Reads a body. A client that brings less than so many bytes a second, while we wait for it, is cut off; one that waits for
    /// us is not.
    #[must_use]
    pub fn of(body: Body, limits: &Limits) -> Self {
        let (sender, pieces) = mpsc::channel(PIECES);
        tokio::spawn(pump(body, sender, limits.patience, limits.bytes_per_second));
        Self { pieces, piece: Bytes::new(), fault: Fault::default() }
    }

    /// The next bytes, without a thread that waits for them; none at the end.
    ///
    /// # Errors
    /// The client's part in it: `body.cut_off`, `request.timeout`.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        self.pieces.recv().await.transpose().map_err(|error| Problem::of(code_of(&error)))
    }

    /// Where it can be asked afterwards what was wrong.
    #[must_use]
    pub fn fault(&self) -> Fault {
        self.fault.clone()
    }
}

fn code_of(error: &io::Error) -> &'static str {
    if error.kind() == io::ErrorKind::TimedOut { "request.timeout" } else { "body.cut_off" }
}

async fn pump(mut body: Body, sender: mpsc::Sender<io::Result<Bytes>>, patience: Duration, bytes_per_second: u32) {
    // What the client may still let us wait; what it brings adds to it.
    let mut allowance = patience;
    loop {
        let began = Instant::now();
        let piece = match timeout(allowance, body.frame()).await {
            Err(_) => Err(io::Error::from(io::ErrorKind::TimedOut)),
            Ok(None) => break,
            Ok(Some(Err(_))) => Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
            Ok(Some(Ok(frame))) => match frame.into_data() {
                Ok(data) => Ok(data),
                Err(_) => continue,
            },
        };
        let bytes = piece.as_ref().map_or(0, |piece| u32::try_from(piece.len()).unwrap_or(u32::MAX));
        let earned = Duration::from_secs(1) * bytes / bytes_per_second.max(1);
        allowance = (allowance.saturating_sub(began.elapsed()) + earned).min(patience);
        let is_last = piece.is_err();
        if sender.send(piece).await.is_err() || is_last {
            break;
        }
    }
}

impl io::Read for Incoming {
    /// Blocks: only for a thread that may.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.pieces.blocking_recv() {
                None => return Ok(0),
                Some(Ok(piece)) => self.piece = piece,
                Some(Err(error)) => {
                    // It fails once.
                    let _ = self.fault.0.set(code_of(&error));
                    return Err(error);
                }
            }
        }
        let count = self.piece.len().min(buffer.len());
        self.piece.copy_to_slice(&mut buffer[..count]);
        Ok(count)
    }
}

/// An answer that is written while it is taken. Without [`Outgoing::finish`] the client sees that it was cut off.
pub struct Outgoing {
    pieces: mpsc::Sender<Option<Bytes>>,
    piece: BytesMut,
}

/// The other end of an [`Outgoing`]: the body that the client takes.
pub struct Written {
    pieces: mpsc::Receiver<Option<Bytes>>,
    is_finished: bool,
}

/// Where an answer is written, and what is answered.
#[must_use]
pub fn outgoing() -> (Outgoing, Written) {
    let (sender, pieces) = mpsc::channel(PIECES);
    (Outgoing { pieces: sender, piece: BytesMut::with_capacity(PIECE_BYTES) }, Written { pieces, is_finished: false })
}

impl Outgoing {
    fn send(&mut self, piece: Option<Bytes>) -> io::Result<()> {
        // A client that takes nothing is cut off, and this is told then.
        self.pieces.blocking_send(piece).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    /// All of it is written.
    ///
    /// # Errors
    /// The client has gone away.
    pub fn finish(mut self) -> io::Result<()> {
        io::Write::flush(&mut self)?;
        self.send(None)
    }
}

impl io::Write for Outgoing {
    /// Blocks: only for a thread that may.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = bytes.len().min(PIECE_BYTES - self.piece.len());
        self.piece.extend_from_slice(&bytes[..count]);
        if self.piece.len() == PIECE_BYTES {
            io::Write::flush(self)?;
        }
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        let piece = std::mem::replace(&mut self.piece, BytesMut::with_capacity(PIECE_BYTES));
        if piece.is_empty() { Ok(()) } else { self.send(Some(piece.freeze())) }
    }
}

impl body::Body for Written {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.is_finished {
            return Poll::Ready(None);
        }
        self.pieces.poll_recv(context).map(|piece| match piece {
            Some(Some(piece)) => Some(Ok(Frame::data(piece))),
            Some(None) => {
                self.is_finished = true;
                None
            }
            // Whoever wrote it has stopped in the middle.
            None => Some(Err(io::ErrorKind::UnexpectedEof.into())),
        })
    }
}

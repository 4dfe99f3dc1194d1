//! Bodies that are taken or given piece by piece. A task does it, which needs no thread while it waits for the client.

use crate::limits::Limits;
use crate::problem::Problem;
use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{self, Frame};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

/// How many pieces of an answer wait for whoever takes them.
const PIECES: usize = 2;

/// A body that is taken while it arrives.
pub struct Arriving {
    body: Body,
    patience: Duration,
    bytes_per_second: u32,
    /// What the client may still let us wait; what it brings adds to it.
    allowance: Duration,
    /// What came beyond the last piece.
    rest: Bytes,
}

impl Arriving {
    /// Reads a body. Whoever brings less than so many bytes a second, while we wait for it, is cut off.
    #[must_use]
    pub fn of(body: Body, limits: &Limits) -> Self {
        let Limits { patience, bytes_per_second, .. } = *limits;
        Self { body, patience, bytes_per_second, allowance: patience, rest: Bytes::new() }
    }

    /// The next bytes, as they come; none at the end.
    ///
    /// # Errors
    /// `request.timeout`, `body.cut_off`.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        if !self.rest.is_empty() {
            return Ok(Some(std::mem::take(&mut self.rest)));
        }
        loop {
            let began = Instant::now();
            let data = match timeout(self.allowance, self.body.frame()).await {
                Err(_) => return Err(Problem::of("request.timeout")),
                Ok(None) => return Ok(None),
                Ok(Some(Err(_))) => return Err(Problem::of("body.cut_off")),
                Ok(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => data,
                    Err(_) => continue,
                },
            };
            let bytes = u32::try_from(data.len()).unwrap_or(u32::MAX);
            let earned = Duration::from_secs(1) * bytes / self.bytes_per_second.max(1);
            self.allowance = (self.allowance.saturating_sub(began.elapsed()) + earned).min(self.patience);
            return Ok(Some(data));
        }
    }

    /// The next piece: of this size, but for the last; none after that.
    ///
    /// # Errors
    /// `request.timeout`, `body.cut_off`.
    pub async fn piece(&mut self, bytes: usize) -> Result<Option<Bytes>, Problem> {
        let mut piece = BytesMut::with_capacity(bytes);
        while piece.len() < bytes
            && let Some(mut data) = self.next().await?
        {
            let count = data.len().min(bytes - piece.len());
            piece.extend_from_slice(&data.split_to(count));
            self.rest = data;
        }
        Ok(Some(piece.freeze()).filter(|piece| !piece.is_empty()))
    }
}

/// An answer that is given while it is taken. Without [`Outgoing::end`] the client sees that it was cut off.
pub struct Outgoing(mpsc::Sender<Option<Bytes>>);

/// The other end of an [`Outgoing`]: the body that the client takes.
pub struct Written {
    pieces: mpsc::Receiver<Option<Bytes>>,
    is_finished: bool,
}

/// Where an answer is given, and what is answered.
#[must_use]
pub fn outgoing() -> (Outgoing, Written) {
    let (sender, pieces) = mpsc::channel(PIECES);
    (Outgoing(sender), Written { pieces, is_finished: false })
}

impl Outgoing {
    /// Gives the next piece, when the client has taken of those before. One that takes nothing is cut off, and this is told then.
    ///
    /// # Errors
    /// The client has gone away.
    pub async fn give(&mut self, piece: Vec<u8>) -> io::Result<()> {
        if piece.is_empty() {
            return Ok(());
        }
        self.0.send(Some(piece.into())).await.map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    /// All of it is given.
    pub async fn end(self) {
        // A client that has gone away need not be told.
        let _ = self.0.send(None).await;
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

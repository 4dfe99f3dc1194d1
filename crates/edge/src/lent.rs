//! Bodies whose rest is read before a refusal is told. A client that is still sending hears no answer: over HTTP/2 its stream is reset,
//! over HTTP/1.1 its connection.

use crate::limits::Limits;
use axum::body::Body;
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::Request;
use hyper::body::{self, Body as _, Frame, SizeHint};
use hyper::header::EXPECT;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use tokio::time::timeout;

/// A body that comes back from whoever let go of it before its end.
struct Lent {
    body: Body,
    owner: Rest,
    /// Whether the client waits to be told to send: told nothing, it sends nothing.
    is_awaited: bool,
}

/// What was not read of a body.
#[derive(Clone, Default)]
pub(crate) struct Rest(Arc<Mutex<Option<Body>>>);

/// The request, with a body that comes back; and where it does.
pub(crate) fn lend(request: Request<Body>) -> (Request<Body>, Rest) {
    let rest = Rest::default();
    if request.body().is_end_stream() {
        return (request, rest);
    }
    let is_awaited = request.headers().contains_key(EXPECT);
    (request.map(|body| Body::new(Lent { body, owner: rest.clone(), is_awaited })), rest)
}

impl Rest {
    /// Reads on, and throws away: not much, and not for long. Whoever sends more, or slowly, is answered while they send; they are
    /// heard out as long again, since letting go of the body is what resets.
    pub(crate) async fn discard(self, limits: &Limits) {
        let Some(mut body) = self.0.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        let patience = limits.discard;
        let is_all = timeout(patience, throw_away(&mut body, limits.body_bytes)).await.unwrap_or(false);
        if !is_all {
            tokio::spawn(async move { timeout(patience, throw_away(&mut body, usize::MAX)).await });
        }
    }
}

/// Reads to the end, or until more than so many bytes have come; whether it was the end.
async fn throw_away(body: &mut Body, mut left: usize) -> bool {
    while let Some(Ok(frame)) = body.frame().await {
        left = match left.checked_sub(frame.data_ref().map_or(0, Bytes::len)) {
            Some(left) => left,
            None => return false,
        };
    }
    true
}

impl body::Body for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.is_awaited = false;
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if self.is_awaited {
            return;
        }
        let body = std::mem::take(&mut self.body);
        *self.owner.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(body);
    }
}

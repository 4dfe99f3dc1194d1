//! Gives what is due to other organisations' systems without their asking: in order, at least once, again and again until it is
//! taken.
//!
//! Each delivery is worked on by itself. What comes next is read from the store; whoever gives it holds the delivery, so that other
//! processes leave it alone meanwhile; only when it was taken does the delivery go on from there. A process that is killed
//! anywhere in between leaves the same to be given again.

pub(crate) mod client;
mod files;
mod folder;
mod messages;
mod sign;
pub(crate) mod signed;
pub(crate) mod stream;
mod subscriptions;

pub use client::Patience;

use crate::core::Unanswered;
use crate::metrics::Queue;
use crate::rounds::{Busy, Means, Rounds, finished};
use axum::body::Body;
use bytes::Bytes;
use client::NotTaken;
use files::Files;
use http_body_util::Full;
use hyper::body::{self, Frame, SizeHint};
use kernel::{Actor, Error, Id, StoreError, Writer};
use messages::Messages;
use registry::commands::Giver;
use registry::delivery::{Delivery, Endpoint, Place, Terms, What};
use registry::progress::{Failure, HELD_SECONDS, Progress};
use registry::queries;
use sha2::{Digest, Sha256};
use signed::Parts;
use std::collections::{BTreeMap, BTreeSet};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;
use stream::{Content, Next, Parcel, Pieces, Stream};
use subscriptions::Subscriptions;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::interval;

/// Threads that ask the store and write files.
const THREADS: usize = 2;
/// Steps that wait for them.
const STEPS_MAX: usize = 1_024;
/// How often is looked for what is due.
const EVERY: Duration = Duration::from_secs(1);
/// Rounds at once. Whatever is slow keeps no other waiting: it is busy, and the others are in the next round.
const AT_ONCE: usize = usize::MAX;
/// A sign of life is given so often.
const SIGN: Duration = Duration::from_secs(HELD_SECONDS.unsigned_abs() / 4);
/// Pieces of a content that wait to be sent.
const PIECES: usize = 4;

/// All deliveries of a store, as one process works on them.
pub type Deliveries = Rounds<Giving>;

/// What is known of deliveries while they are worked on.
pub struct Giving {
    /// What is being worked on.
    busy: Arc<Mutex<BTreeSet<Id<Delivery>>>>,
    /// How far was looked for each, where there was nothing to be given.
    looked: Mutex<BTreeMap<Id<Delivery>, i64>>,
    /// Payment files are long work: one at a time is made for a folder.
    making: Semaphore,
}

/// Something to be given, and from where it goes on.
struct Due {
    terms: Terms,
    position: i64,
    next: Next,
}

impl Deliveries {
    /// Starts the threads. It blocks: not for a thread that waits for others.
    ///
    /// # Errors
    /// The store cannot be opened, or a thread cannot be started.
    pub fn start(means: Means) -> Result<Arc<Self>, Error> {
        let giving = Giving { busy: Arc::default(), looked: Mutex::default(), making: Semaphore::new(1) };
        Self::with(means, Queue::Delivery, THREADS, STEPS_MAX, giving)
    }

    /// Gives what is due now, of each delivery until there is nothing more or it is not taken. To be called every second; what is
    /// being worked on already is left alone.
    pub async fn round(self: &Arc<Self>) {
        let (holder, now) = (self.holder, (self.clock)());
        let open = self.pool.run(move |writer| {
            let all = writer.read(|scope| queries::deliveries(scope, &Actor::console()))?;
            let live = all.into_iter().filter(|(delivery, _)| !delivery.is_ended && stream_of(delivery).is_some());
            Ok(live
                .map(|(delivery, progress)| (progress.failures, progress.is_open_to(holder, now), delivery))
                .collect())
        });
        let all: Vec<(i64, bool, Delivery)> = match open.await {
            Ok(all) => all,
            Err(unanswered) => return self.tell_failure(&unanswered),
        };
        let failing = all.iter().filter(|(failures, ..)| *failures > 0).count();
        self.metrics.deliveries(all.len() - failing, failing);
        let mut working = JoinSet::new();
        for (_, _, delivery) in all.into_iter().filter(|(_, is_open, _)| *is_open) {
            if let Some(busy) = Busy::begin(&self.own.busy, delivery.id) {
                let deliveries = self.clone();
                working.spawn(async move {
                    let _busy = busy;
                    deliveries.work(delivery.id).await;
                });
            }
        }
        finished(working).await;
    }

    /// Calls for rounds, one a second, until [`Rounds::begin_stop`]; then what is being given is finished.
    pub async fn run(self: Arc<Self>) {
        self.every(EVERY, AT_ONCE, |deliveries| async move { deliveries.round().await }).await;
    }

    async fn work(self: &Arc<Self>, delivery: Id<Delivery>) {
        while !self.is_stopping() && self.goes_on(self.step(delivery).await) {}
    }

    /// Gives the next parcel of a delivery; whether there may be more to be given now.
    async fn step(self: &Arc<Self>, delivery: Id<Delivery>) -> Result<bool, Unanswered> {
        let Some(Due { terms, position, next }) = self.due(delivery).await? else { return Ok(false) };
        let Next { parcel, reached, has_more } = next;
        let giver = Giver { delivery, holder: self.holder };
        let now = (self.clock)();
        let Some(parcel) = parcel else {
            self.own.looked.lock().expect("nothing panics while it is held").insert(delivery, reached);
            if !has_more {
                return Ok(false);
            }
            // Much was looked through for nothing: whoever begins anew need not do that again.
            let passed = move |writer: &mut Writer| giver.passed(&mut writer.connection, position, reached, now);
            return self.pool.run(passed).await;
        };
        if !self.pool.run(move |writer| giver.hold(&mut writer.connection, position, now)).await? {
            return Ok(false);
        }
        let (items, parcel) = (parcel.items, Arc::new(parcel));
        let outcome = self.give_and_hold(giver, position, &terms, &parcel).await;
        let now = (self.clock)();
        match outcome {
            Ok(()) => {
                self.metrics.delivered(terms.what, items);
                let taken = move |writer: &mut Writer| {
                    giver.taken(&mut writer.connection, position, reached, items, has_more, now)
                };
                Ok(self.pool.run(taken).await? && has_more)
            }
            Err(NotTaken { failure, retry_after }) => {
                self.metrics.not_delivered(terms.what);
                self.tell("failed", &format!("{}: {failure}", terms.name));
                let failed = move |writer: &mut Writer| {
                    let chance = u32::from_be_bytes(writer.secrets.bytes()?);
                    giver.failed(&mut writer.connection, position, failure, retry_after, now, chance)
                };
                self.pool.run(failed).await?;
                Ok(false)
            }
        }
    }

    /// What comes next, and where it is to go now; unless it was ended, others are at it, or it is not yet time.
    async fn due(&self, id: Id<Delivery>) -> Result<Option<Due>, Unanswered> {
        let (holder, now) = (self.holder, (self.clock)());
        let looked = self.own.looked.lock().expect("nothing panics while it is held").get(&id).copied();
        let find = move |writer: &mut Writer| {
            let all = writer.read(|scope| queries::deliveries(scope, &Actor::console()))?;
            let is_due = |delivery: &Delivery, progress: &Progress| {
                delivery.id == id && !delivery.is_ended && progress.is_open_to(holder, now)
            };
            let found = all.into_iter().find(|(delivery, progress)| is_due(delivery, progress));
            let Some((delivery, progress)) = found else { return Ok(None) };
            let Some(stream) = stream_of(&delivery) else { return Ok(None) };
            let terms = delivery.terms;
            let after = progress.position.max(looked.unwrap_or(i64::MIN));
            let next = stream.next(writer, &terms, after, now)?;
            Ok(Some(Due { position: progress.position, terms, next }))
        };
        self.pool.run(find).await
    }

    /// Gives a parcel, and shows others meanwhile that somebody is at it.
    async fn give_and_hold(
        self: &Arc<Self>,
        giver: Giver,
        position: i64,
        terms: &Terms,
        parcel: &Arc<Parcel>,
    ) -> Result<(), NotTaken> {
        let mut giving = pin!(self.give(terms, parcel));
        let mut signs = interval(SIGN);
        signs.tick().await;
        loop {
            tokio::select! {
                outcome = &mut giving => return outcome,
                _ = signs.tick() => {
                    let now = (self.clock)();
                    // If others have taken it over, what is given is given twice.
                    drop(self.pool.run(move |writer| giver.hold(&mut writer.connection, position, now)).await);
                }
            }
        }
    }

    async fn give(self: &Arc<Self>, terms: &Terms, parcel: &Arc<Parcel>) -> Result<(), NotTaken> {
        match &terms.place {
            Place::Folder(folder) => {
                let _making = match parcel.content {
                    Content::Whole(_) => None,
                    Content::Made(_) => Some(self.own.making.acquire().await),
                };
                self.put_into(folder, &terms.name, parcel.clone()).await
            }
            Place::Server(endpoint) => self.send(endpoint, parcel).await,
        }
    }

    async fn send(self: &Arc<Self>, endpoint: &Endpoint, parcel: &Arc<Parcel>) -> Result<(), NotTaken> {
        let (hash, bytes) = self.measure(parcel).await.map_err(ours)?;
        let parts = Parts { kind: parcel.kind, name: &parcel.name, hash, bytes };
        let request = signed::request(&self.pool, endpoint, &parts, (self.clock)()).await?;
        let request = request.body(self.body(parcel, bytes)).map_err(|_| signed::unmade())?;
        client::send(endpoint, request, bytes, &self.patience).await
    }

    /// The SHA-256 of a content, and how many bytes it has.
    async fn measure(&self, parcel: &Arc<Parcel>) -> Result<([u8; 32], u64), Unanswered> {
        let (mut hash, mut bytes) = (Sha256::new(), 0);
        let mut add = |piece: &[u8]| {
            hash.update(piece);
            bytes += piece.len() as u64;
        };
        match &parcel.content {
            Content::Whole(content) => add(content),
            Content::Made(_) => {
                let mut making = self.begin(parcel).await?;
                while let (rest, Some(piece)) = self.piece(making).await? {
                    making = rest;
                    add(&piece);
                }
            }
        }
        Ok((hash.finalize().into(), bytes))
    }

    /// A content as it is sent.
    fn body(self: &Arc<Self>, parcel: &Arc<Parcel>, bytes: u64) -> Body {
        if let Content::Whole(content) = &parcel.content {
            return Body::new(Full::from(content.clone()));
        }
        let (pieces, waiting) = mpsc::channel(PIECES);
        let (deliveries, parcel) = (self.clone(), parcel.clone());
        tokio::spawn(async move {
            let mut making = deliveries.begin(&parcel).await?;
            while let (rest, Some(piece)) = deliveries.piece(making).await? {
                making = rest;
                // Whoever takes it may have gone away.
                if !piece.is_empty() && pieces.send(Bytes::from(piece)).await.is_err() {
                    break;
                }
            }
            Ok::<_, Unanswered>(())
        });
        Body::new(Pumped { pieces: waiting, left: bytes })
    }

    async fn begin(&self, parcel: &Arc<Parcel>) -> Result<Box<dyn Pieces>, Unanswered> {
        let parcel = parcel.clone();
        let begin = move |writer: &mut Writer| match &parcel.content {
            Content::Whole(_) => Err(StoreError::plain("what is there already was to be made").into()),
            Content::Made(begin) => begin(writer),
        };
        self.pool.run(begin).await
    }

    /// The next piece, with what makes those after it.
    async fn piece(&self, mut making: Box<dyn Pieces>) -> Result<(Box<dyn Pieces>, Option<Vec<u8>>), Unanswered> {
        self.pool
            .run(move |_| {
                let piece = making.next()?;
                Ok((making, piece))
            })
            .await
    }
}

/// What there is to give; none where questions are asked, which is done elsewhere.
fn stream_of(delivery: &Delivery) -> Option<&'static dyn Stream> {
    match delivery.terms.what {
        What::Messages => Some(&Messages),
        What::Files => Some(&Files),
        What::Ownership => None,
        What::Subscriptions => Some(&Subscriptions),
    }
}

/// What comes to nothing.
pub(crate) fn ours(unanswered: Unanswered) -> NotTaken {
    NotTaken::from(Failure::Ours(match unanswered {
        Unanswered::Overloaded => "service.overloaded",
        Unanswered::Failed(error) => error.code(),
    }))
}

/// A content that is sent while it is made.
struct Pumped {
    pieces: mpsc::Receiver<Bytes>,
    left: u64,
}

impl body::Body for Pumped {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.pieces.poll_recv(context).map(|piece| match piece {
            Some(piece) => {
                self.left = self.left.saturating_sub(piece.len() as u64);
                Some(Ok(Frame::data(piece)))
            }
            None if self.left == 0 => None,
            // Whoever makes it has stopped in the middle.
            None => Some(Err(std::io::ErrorKind::UnexpectedEof.into())),
        })
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

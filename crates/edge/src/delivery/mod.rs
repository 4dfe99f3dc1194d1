//! Gives what is due to other organisations' systems without their asking: in order, at least once, again and again until it is
//! taken.
//!
//! Each delivery is worked on by itself. What comes next is read from the store; whoever gives it holds the delivery, so that other
//! processes leave it alone meanwhile; only when it was taken does the delivery go on from there. A process that is killed
//! anywhere in between leaves the same to be given again.

pub(crate) mod client;
mod files;
pub(crate) mod folder;
mod messages;
mod sign;
pub(crate) mod signed;
pub(crate) mod stream;
mod subscriptions;

pub use client::Patience;

use crate::core::pool::Pool;
use crate::core::{Clock, Unanswered};
use crate::log::Log;
use crate::metrics::{Metrics, Queue};
use axum::body::Body;
use bytes::Bytes;
use client::NotTaken;
use files::Files;
use folder::NotPut;
use http_body_util::Full;
use hyper::body::{self, Frame, SizeHint};
use kernel::{Actor, Error, Id, Secrets, Store, StoreError, Writer};
use messages::Messages;
use registry::commands::Giver;
use registry::delivery::{Delivery, Endpoint, Place, Terms, What};
use registry::progress::{Failure, HELD_SECONDS, Hold, Progress};
use registry::queries;
use sha2::{Digest, Sha256};
use signed::Parts;
use std::collections::{BTreeMap, BTreeSet};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc as channel};
use std::task::{Context, Poll};
use std::time::Duration;
use stream::{Content, Next, Parcel, Pieces, Stream};
use subscriptions::Subscriptions;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

/// Threads that ask the store and write files.
const THREADS: usize = 2;
/// Steps that wait for them.
const STEPS_MAX: usize = 1_024;
/// How often is looked for what is due.
const EVERY: Duration = Duration::from_secs(1);
/// A sign of life is given so often.
const SIGN: Duration = Duration::from_secs(HELD_SECONDS.unsigned_abs() / 4);
/// Pieces of a content that wait to be sent.
const PIECES: usize = 4;

/// All deliveries of a store, as one process works on them.
pub struct Deliveries {
    pool: Pool,
    ended: Mutex<channel::Receiver<()>>,
    clock: Clock,
    patience: Patience,
    metrics: Arc<Metrics>,
    log: Log,
    /// This process, as others see that it is at a delivery.
    holder: Id<Hold>,
    /// What is being worked on.
    busy: Mutex<BTreeSet<Id<Delivery>>>,
    /// How far was looked for each, where there was nothing to be given.
    looked: Mutex<BTreeMap<Id<Delivery>, i64>>,
    /// Payment files are long work: one at a time is made for a folder.
    making: Semaphore,
    is_stopping: AtomicBool,
}

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// There may be more to be given now.
    Again,
    /// There is nothing, or somebody else is at it, or it was not taken.
    Done,
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
    pub fn start(
        store: &Store,
        clock: Clock,
        patience: Patience,
        metrics: Arc<Metrics>,
        log: Log,
    ) -> Result<Arc<Self>, Error> {
        let open: Arc<dyn Fn() -> Result<Writer, Error> + Send + Sync> = {
            let store = store.clone();
            Arc::new(move || store.writer(Secrets::from_system()))
        };
        let (alive, ended) = channel::channel();
        let pool = Pool::start("delivery", Queue::Delivery, THREADS, STEPS_MAX, &open, &metrics, alive)?;
        // Nobody is 0.
        let holder = Id::new(i64::from_be_bytes(Secrets::from_system().bytes()?) | 1);
        Ok(Arc::new(Self {
            pool,
            ended: Mutex::new(ended),
            clock,
            patience,
            metrics,
            log,
            holder,
            busy: Mutex::default(),
            looked: Mutex::default(),
            making: Semaphore::new(1),
            is_stopping: AtomicBool::new(false),
        }))
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
            if let Some(busy) = Busy::begin(self, delivery.id) {
                working.spawn(async move { busy.deliveries.work(delivery.id).await });
            }
        }
        while working.join_next().await.is_some() {}
    }

    /// Calls for rounds, one a second, until `stop`; then what is being given is finished.
    pub async fn run(self: Arc<Self>, stop: impl Future<Output = ()>) {
        let (mut rounds, mut ticks, mut stop) = (JoinSet::new(), interval(EVERY), pin!(stop));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = &mut stop => break,
                // Whatever is slow keeps no other waiting: it is busy, and the others are in the next round.
                _ = ticks.tick() => {
                    let deliveries = self.clone();
                    rounds.spawn(async move { deliveries.round().await });
                }
                Some(_) = rounds.join_next() => {}
            }
        }
        while rounds.join_next().await.is_some() {}
    }

    /// From now on nothing more is begun.
    pub fn begin_stop(&self) {
        self.is_stopping.store(true, Ordering::Relaxed);
    }

    /// Ends the threads; whether they have ended within `grace`. It blocks.
    pub fn stop(&self, grace: Duration) -> bool {
        self.pool.stop();
        let ended = self.ended.lock().expect("nothing panics while it is held");
        matches!(ended.recv_timeout(grace), Err(channel::RecvTimeoutError::Disconnected))
    }

    fn tell_failure(&self, unanswered: &Unanswered) {
        if let Unanswered::Failed(error) = unanswered {
            self.log.event((self.clock)(), "delivery.unable", &error.to_string());
        }
    }

    async fn work(self: &Arc<Self>, delivery: Id<Delivery>) {
        while !self.is_stopping.load(Ordering::Relaxed) {
            match self.step(delivery).await {
                Ok(Step::Again) => {}
                Ok(Step::Done) => return,
                Err(unanswered) => return self.tell_failure(&unanswered),
            }
        }
    }

    /// Gives the next parcel of a delivery.
    async fn step(self: &Arc<Self>, delivery: Id<Delivery>) -> Result<Step, Unanswered> {
        let Some(Due { terms, position, next }) = self.due(delivery).await? else { return Ok(Step::Done) };
        let Next { parcel, reached, has_more } = next;
        let giver = Giver { delivery, holder: self.holder };
        let now = (self.clock)();
        let Some(parcel) = parcel else {
            self.looked.lock().expect("nothing panics while it is held").insert(delivery, reached);
            if !has_more {
                return Ok(Step::Done);
            }
            // Much was looked through for nothing: whoever begins anew need not do that again.
            let passed = move |writer: &mut Writer| giver.passed(&mut writer.connection, position, reached, now);
            return Ok(if self.pool.run(passed).await? { Step::Again } else { Step::Done });
        };
        if !self.pool.run(move |writer| giver.hold(&mut writer.connection, position, now)).await? {
            return Ok(Step::Done);
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
                let is_mine = self.pool.run(taken).await?;
                Ok(if is_mine && has_more { Step::Again } else { Step::Done })
            }
            Err(NotTaken { failure, retry_after }) => {
                self.metrics.not_delivered(terms.what);
                self.log.event(now, "delivery.failed", &format!("{}: {failure}", terms.name));
                let failed = move |writer: &mut Writer| {
                    let chance = u32::from_be_bytes(writer.secrets.bytes()?);
                    giver.failed(&mut writer.connection, position, failure, retry_after, now, chance)
                };
                self.pool.run(failed).await?;
                Ok(Step::Done)
            }
        }
    }

    /// What comes next, and where it is to go now; unless it was ended, others are at it, or it is not yet time.
    async fn due(&self, id: Id<Delivery>) -> Result<Option<Due>, Unanswered> {
        let (holder, now) = (self.holder, (self.clock)());
        let looked = self.looked.lock().expect("nothing panics while it is held").get(&id).copied();
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
                    Content::Made(_) => Some(self.making.acquire().await),
                };
                let (folder, part, parcel) = (folder.clone(), terms.name.clone(), parcel.clone());
                let put = self.pool.run(move |writer| Ok(folder::put(writer, &folder, &part, &parcel))).await;
                put.map_err(ours)?.map_err(|not_put| match not_put {
                    NotPut::Made(error) => ours(error.into()),
                    NotPut::Folder(error) => {
                        self.log.event((self.clock)(), "delivery.folder", &error.to_string());
                        Failure::Folder.into()
                    }
                })
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

/// A delivery that is being worked on by this process.
struct Busy {
    deliveries: Arc<Deliveries>,
    id: Id<Delivery>,
}

impl Busy {
    /// Unless it is already.
    fn begin(deliveries: &Arc<Deliveries>, id: Id<Delivery>) -> Option<Self> {
        let is_new = deliveries.busy.lock().expect("nothing panics while it is held").insert(id);
        is_new.then(|| Self { deliveries: deliveries.clone(), id })
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.deliveries.busy.lock().expect("nothing panics while it is held").remove(&self.id);
    }
}

//! The core's threads. What stands behind the edge is synchronous: a command or a query is run on a thread here, and whoever
//! waits for it at the edge is told by a channel.
//!
//! - One **writer** takes what waits and runs it as one group, with one sync for all of it.
//! - **Readers**, each with a connection of its own, answer what changes nothing.
//! - **Long work** has threads of its own, so that it is in nobody's way.
//! - **Files**: making a batch of one takes seconds to minutes, and has threads of its own again, so that nothing else waits for
//!   it.
//! - **Pieces** of files that come in or go out take milliseconds each, and nobody waits for a client on a thread. Pieces of
//!   registers' files take longer, since each is decided and saved at once, so of these there is one at a time.
//! - What is looked after every second (who was ended, which keys hold) has a thread that nobody else can fill. Folding in what was
//!   written has another: after much it takes long.
//!
//! Each has a bounded queue. What finds it full is turned away before anything of it is done; what was taken is done.

pub(crate) mod pool;
mod writer;

use crate::metrics::{Metrics, Queue};
use kernel::{Actor, Command, Error, Joint, Secrets, Store, StoreError, Timestamp, Writer};
use pool::Pool;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;
use tokio::sync::{Mutex, oneshot};
use writer::{Kind, OneByOne, Queued, Together};

/// Tells the present moment.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// How much is done at once, and how much may wait.
#[derive(Clone, Debug)]
pub struct Sizes {
    /// Commands that wait for the writer.
    pub write_queue: usize,
    /// What one group may weigh in all; a command weighs one unless it says otherwise.
    pub group_weight: usize,
    /// Threads that read.
    pub readers: usize,
    /// Queries that wait for one of them.
    pub read_queue: usize,
    /// Threads for long work.
    pub long: usize,
    /// Long work that waits for one of them.
    pub long_queue: usize,
    /// Threads that make batches of files, and release and cancel what they hold.
    pub files: usize,
    /// Files that wait for one of them: as many as can be on their way, so that what has come is not turned away.
    pub file_queue: usize,
    /// Threads for pieces of files.
    pub pieces: usize,
    /// Pieces that wait for one of them: likewise, and an upload gives up to three at a time.
    pub piece_queue: usize,
}

impl Default for Sizes {
    fn default() -> Self {
        Self {
            write_queue: 4_096,
            group_weight: 4_096,
            readers: 2,
            read_queue: 1_024,
            long: 2,
            long_queue: 16,
            files: 2,
            file_queue: 64,
            pieces: 2,
            piece_queue: 128,
        }
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub enum Unanswered {
    /// Too much waits already. Nothing was begun.
    Overloaded,
    /// The command's or the query's own error.
    Failed(Error),
}

impl<E: Into<Error>> From<E> for Unanswered {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// The way to the core's threads.
pub struct Core {
    writer: writer::Thread,
    readers: Pool,
    long: Pool,
    files: Pool,
    pieces: Pool,
    upkeep: Pool,
    folding: Pool,
    /// Who has it gives the only piece that decides and saves.
    turn: Mutex<()>,
    /// Ends when the last thread has ended.
    ended: std::sync::Mutex<mpsc::Receiver<()>>,
}

impl Core {
    /// Starts the threads, each with a connection to the store.
    ///
    /// # Errors
    /// The store cannot be opened, or a thread cannot be started.
    pub fn start(store: &Store, sizes: &Sizes, clock: Clock, metrics: Arc<Metrics>) -> Result<Self, Error> {
        let (alive, ended) = mpsc::channel();
        let open: Arc<dyn Fn() -> Result<Writer, Error> + Send + Sync> = {
            let store = store.clone();
            Arc::new(move || store.writer(Secrets::from_system()))
        };
        let beside: Arc<dyn Fn() -> Result<Writer, Error> + Send + Sync> = {
            let open = open.clone();
            Arc::new(move || {
                let mut reader = open()?;
                reader.read_beside_writers()?;
                Ok(reader)
            })
        };
        let readers =
            Pool::start("reader", Queue::Read, sizes.readers, sizes.read_queue, &beside, &metrics, alive.clone())?;
        let long = Pool::start("long", Queue::Long, sizes.long, sizes.long_queue, &open, &metrics, alive.clone())?;
        let files = Pool::start("file", Queue::File, sizes.files, sizes.file_queue, &open, &metrics, alive.clone())?;
        let pieces =
            Pool::start("piece", Queue::Piece, sizes.pieces, sizes.piece_queue, &open, &metrics, alive.clone())?;
        // Two may wait: at the end the last one meets that of every second.
        let upkeep = Pool::start("upkeep", Queue::Upkeep, 1, 2, &open, &metrics, alive.clone())?;
        let folding = Pool::start("folding", Queue::Folding, 1, 1, &open, &metrics, alive.clone())?;
        let writer = writer::Thread::start(open, sizes, clock, metrics, alive)?;
        let (turn, ended) = (Mutex::default(), std::sync::Mutex::new(ended));
        Ok(Self { writer, readers, long, files, pieces, upkeep, folding, turn, ended })
    }

    /// Whether commands can be given.
    pub fn is_alive(&self) -> bool {
        self.writer.is_alive()
    }

    /// Runs a command in the next group.
    ///
    /// # Errors
    /// [`Unanswered::Overloaded`] before it was taken, or the command's own.
    pub async fn execute<C>(&self, command: C, actor: Actor) -> Result<C::Output, Unanswered>
    where
        C: Command + Send + 'static,
        C::Output: Send + 'static,
    {
        self.queue::<OneByOne<C>>(command, actor, 1).await
    }

    /// Runs a command in the next group, together with all others of its kind there.
    ///
    /// # Errors
    /// As [`Core::execute`].
    pub async fn execute_jointly<C>(&self, command: C, actor: Actor, weight: usize) -> Result<C::Output, Unanswered>
    where
        C: Joint + Send + 'static,
        C::Output: Send + 'static,
    {
        self.queue::<Together<C>>(command, actor, weight).await
    }

    async fn queue<K: Kind>(&self, command: K::Command, actor: Actor, weight: usize) -> Result<K::Output, Unanswered> {
        let (reply, answer) = oneshot::channel();
        self.writer.offer(Box::new(Queued::<K> { command, actor, weight, reply }))?;
        answer.await.map_err(|_| lost())?.map_err(Unanswered::Failed)
    }

    /// Asks something on a reader's connection.
    ///
    /// # Errors
    /// [`Unanswered::Overloaded`] before it was taken, or those of `work`.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Writer) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Unanswered> {
        self.readers.run(work).await
    }

    /// Does something that takes long.
    ///
    /// # Errors
    /// As [`Core::read`].
    pub async fn take_long<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Writer) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Unanswered> {
        self.long.run(work).await
    }

    /// Does something with a whole file. Whoever asks holds one of the places of [`crate::Limits::transfers`].
    ///
    /// # Errors
    /// As [`Core::read`].
    pub(crate) async fn file<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Writer) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Unanswered> {
        self.files.run(work).await
    }

    /// Does something short with a piece of a file. Whoever asks holds one of the places of [`crate::Limits::transfers`].
    ///
    /// # Errors
    /// As [`Core::read`].
    pub(crate) async fn piece<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Writer) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Unanswered> {
        self.pieces.run(work).await
    }

    /// Decides and saves a piece of a file, when it is its turn. The writer's lock lets one of them through at a time; others would
    /// wait for it on the threads of short pieces.
    ///
    /// # Errors
    /// As [`Core::read`].
    pub(crate) async fn piece_in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Writer) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Unanswered> {
        let _turn = self.turn.lock().await;
        self.piece(work).await
    }

    /// Looks after something, whatever else waits.
    ///
    /// # Errors
    /// As [`Core::read`].
    pub(crate) async fn look_after<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Writer) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Unanswered> {
        self.upkeep.run(work).await
    }

    /// Folds what was written into the store, if it has become much.
    ///
    /// # Errors
    /// As [`Core::read`].
    pub(crate) async fn fold_in(&self) -> Result<(), Unanswered> {
        self.folding.run(Writer::fold_in).await
    }

    /// Finishes what was taken and ends the threads; whether all of them have ended within `grace`. It blocks.
    pub fn stop(&self, grace: Duration) -> bool {
        self.readers.stop();
        self.long.stop();
        self.files.stop();
        self.pieces.stop();
        self.upkeep.stop();
        self.folding.stop();
        self.writer.stop();
        let ended = self.ended.lock().expect("nothing panics while it is held");
        matches!(ended.recv_timeout(grace), Err(mpsc::RecvTimeoutError::Disconnected))
    }
}

/// A thread went down with what it was doing.
fn lost() -> Unanswered {
    StoreError::plain("the work was lost: its thread failed").into()
}

/// What a thread panicked with must not take the thread along: what came before is committed, and what was under way is
/// rolled back with its connection, or by the next transaction where there is no other connection to be had.
fn guard<T>(
    writer: &mut Writer,
    open: &dyn Fn() -> Result<Writer, Error>,
    work: impl FnOnce(&mut Writer) -> T,
) -> Option<T> {
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(writer))) {
        Ok(done) => Some(done),
        Err(_) => {
            if let Ok(anew) = open() {
                *writer = anew;
            }
            None
        }
    }
}

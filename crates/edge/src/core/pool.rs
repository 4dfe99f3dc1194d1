//! Threads that take work from one queue.

use super::{Unanswered, guard, lost};
use crate::metrics::{Metrics, Queue};
use kernel::{Error, Writer};
use std::sync::mpsc::{Receiver, Sender, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex};
use tokio::sync::oneshot;

type Work = Box<dyn FnOnce(&mut Writer) + Send>;

enum Message {
    Work(Work),
    Stop,
}

pub(crate) struct Pool {
    queue: SyncSender<Message>,
    threads: usize,
    which: Queue,
    metrics: Arc<Metrics>,
}

impl Pool {
    pub(crate) fn start(
        name: &str,
        which: Queue,
        threads: usize,
        may_wait: usize,
        open: &Arc<dyn Fn() -> Result<Writer, Error> + Send + Sync>,
        metrics: &Arc<Metrics>,
        alive: Sender<()>,
    ) -> Result<Self, Error> {
        let (queue, waiting) = sync_channel(may_wait);
        let waiting = Arc::new(Mutex::new(waiting));
        for number in 0..threads {
            let (waiting, metrics, open, alive) = (waiting.clone(), metrics.clone(), open.clone(), alive.clone());
            let mut writer = open()?;
            let body = move || {
                let _alive = alive;
                while let Some(work) = next(&waiting) {
                    metrics.left(which);
                    guard(&mut writer, &*open, work);
                }
            };
            let builder = std::thread::Builder::new().name(format!("{name}-{number}"));
            builder.spawn(body).map_err(Error::io("a thread cannot be started"))?;
        }
        Ok(Self { queue, threads, which, metrics: metrics.clone() })
    }

    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Writer) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Unanswered> {
        let (reply, answer) = oneshot::channel();
        let work = Box::new(move |writer: &mut Writer| {
            // Whoever asked may have gone away.
            let _ = reply.send(work(writer));
        });
        self.metrics.joined(self.which);
        match self.queue.try_send(Message::Work(work)) {
            Ok(()) => answer.await.map_err(|_| lost())?.map_err(Unanswered::Failed),
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                self.metrics.turned_away(self.which);
                Err(Unanswered::Overloaded)
            }
        }
    }

    pub(crate) fn stop(&self) {
        for _ in 0..self.threads {
            // Threads that are gone need not be told.
            let _ = self.queue.send(Message::Stop);
        }
    }
}

fn next(waiting: &Mutex<Receiver<Message>>) -> Option<Work> {
    match waiting.lock().expect("nothing panics while it is held").recv() {
        Ok(Message::Work(work)) => Some(work),
        Ok(Message::Stop) | Err(_) => None,
    }
}

//! The thread through which everything is written: what waits is run as one group.

use super::{Clock, Sizes, Unanswered, guard};
use crate::metrics::{Metrics, Queue};
use kernel::{Actor, Command, Env, Error, Group, Joint, Refusal, StoreError, Writer};
use std::any::{Any, TypeId};
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, sync_channel};
use tokio::sync::oneshot;

/// After so many commands in a row that failed by themselves in the same way, it is the store that fails.
const FAILURES_ALIKE_MAX: usize = 2;

/// How commands of one kind are run in a group.
pub(super) trait Kind: 'static {
    type Command: Send;
    type Output: Send;

    /// Runs all of them; it may be called again for the same commands.
    fn run(
        group: &mut Group<'_>,
        commands: &mut Vec<Self::Command>,
        givers: &[(Actor, Env)],
    ) -> Result<Vec<Result<Self::Output, Refusal>>, Error>;
}

/// One after the other.
pub(super) struct OneByOne<C>(PhantomData<C>);

impl<C: Command<Output: Send> + Send + 'static> Kind for OneByOne<C> {
    type Command = C;
    type Output = C::Output;

    fn run(
        group: &mut Group<'_>,
        commands: &mut Vec<C>,
        givers: &[(Actor, Env)],
    ) -> Result<Vec<Result<C::Output, Refusal>>, Error> {
        commands.iter().zip(givers).map(|(command, (actor, env))| group.execute(command, actor, env)).collect()
    }
}

/// Loaded and saved together.
pub(super) struct Together<C>(PhantomData<C>);

impl<C: Joint<Output: Send> + Send + 'static> Kind for Together<C> {
    type Command = C;
    type Output = C::Output;

    fn run(
        group: &mut Group<'_>,
        commands: &mut Vec<C>,
        givers: &[(Actor, Env)],
    ) -> Result<Vec<Result<C::Output, Refusal>>, Error> {
        let given = commands.drain(..).zip(givers).map(|(command, (actor, env))| (command, actor, env)).collect();
        let lent = Lent { given, back: commands };
        group.execute_jointly(&lent.given)
    }
}

/// Commands that are lent to a group: they come back whatever happens there, as they may have to be run again.
struct Lent<'l, C> {
    given: Vec<(C, &'l Actor, &'l Env)>,
    back: &'l mut Vec<C>,
}

impl<C> Drop for Lent<'_, C> {
    fn drop(&mut self) {
        self.back.extend(self.given.drain(..).map(|(command, ..)| command));
    }
}

/// A command that waits.
pub(super) struct Queued<K: Kind> {
    pub command: K::Command,
    pub actor: Actor,
    pub weight: usize,
    pub reply: oneshot::Sender<Result<K::Output, Error>>,
}

/// The same, of any kind.
pub(super) trait Job: Any + Send {
    fn kind(&self) -> TypeId;
    fn weight(&self) -> usize;
    /// An empty batch of its kind.
    fn batch(&self) -> Box<dyn Batch>;
}

impl<K: Kind> Job for Queued<K> {
    fn kind(&self) -> TypeId {
        TypeId::of::<K>()
    }

    fn weight(&self) -> usize {
        self.weight
    }

    fn batch(&self) -> Box<dyn Batch> {
        Box::new(BatchOf::<K> { commands: Vec::new(), givers: Vec::new(), replies: Vec::new(), results: Vec::new() })
    }
}

/// Commands of one kind in a group.
pub(super) trait Batch {
    /// Adds a job of this batch's kind.
    fn add(&mut self, job: Box<dyn Any>, env: Env);
    /// Runs them, and keeps what came of it.
    fn run(&mut self, group: &mut Group<'_>) -> Result<(), Error>;
    /// The group was committed: tells everyone.
    fn answer(self: Box<Self>);
    /// The same, one by one: who waits for each, and what runs it.
    fn apart(self: Box<Self>) -> Vec<Box<dyn Single>>;
}

/// One command in a group of its own.
pub(super) trait Single {
    /// Runs it, and answers; what failed, if that was neither done nor refused.
    fn run(self: Box<Self>, writer: &mut Writer, open: &dyn Fn() -> Result<Writer, Error>) -> Result<(), Error>;
    /// Answers that it failed as others did.
    fn fail(self: Box<Self>, failure: &Error);
}

struct BatchOf<K: Kind> {
    commands: Vec<K::Command>,
    givers: Vec<(Actor, Env)>,
    replies: Vec<oneshot::Sender<Result<K::Output, Error>>>,
    results: Vec<Result<K::Output, Refusal>>,
}

impl<K: Kind> Batch for BatchOf<K> {
    fn add(&mut self, job: Box<dyn Any>, env: Env) {
        let Queued::<K> { command, actor, reply, .. } = *job.downcast().expect("a batch is given its own kind");
        self.commands.push(command);
        self.givers.push((actor, env));
        self.replies.push(reply);
    }

    fn run(&mut self, group: &mut Group<'_>) -> Result<(), Error> {
        self.results = K::run(group, &mut self.commands, &self.givers)?;
        Ok(())
    }

    fn answer(self: Box<Self>) {
        for (reply, result) in self.replies.into_iter().zip(self.results) {
            // Whoever asked may have gone away.
            let _ = reply.send(result.map_err(Error::Refused));
        }
    }

    fn apart(self: Box<Self>) -> Vec<Box<dyn Single>> {
        let waiting = self.commands.into_iter().zip(self.givers).zip(self.replies);
        waiting.map(|((command, giver), reply)| Box::new(SingleOf::<K> { command, giver, reply }) as _).collect()
    }
}

struct SingleOf<K: Kind> {
    command: K::Command,
    giver: (Actor, Env),
    reply: oneshot::Sender<Result<K::Output, Error>>,
}

impl<K: Kind> Single for SingleOf<K> {
    fn run(self: Box<Self>, writer: &mut Writer, open: &dyn Fn() -> Result<Writer, Error>) -> Result<(), Error> {
        let Self { command, giver, reply } = *self;
        let (mut commands, givers) = (vec![command], [giver]);
        let result = guard(writer, open, |writer| {
            writer.execute_group(|group| {
                let mut results = K::run(group, &mut commands, &givers)?;
                results.pop().ok_or_else(|| StoreError::plain("one command has one result").into())
            })
        });
        let result = result.unwrap_or_else(|| Err(StoreError::plain("a command failed on its way").into()));
        let result = result.and_then(|result| result.map_err(Error::Refused));
        let failure = match &result {
            Ok(_) | Err(Error::Refused(_)) => Ok(()),
            Err(failure @ (Error::Conflict(_) | Error::Store(_))) => Err(also(failure)),
        };
        let _ = reply.send(result);
        failure
    }

    fn fail(self: Box<Self>, failure: &Error) {
        let _ = self.reply.send(Err(also(failure)));
    }
}

/// A failure, told to somebody else.
fn also(failure: &Error) -> Error {
    match failure {
        Error::Conflict(conflict) => conflict.clone().into(),
        other => StoreError::new("the store failed others, too", other.to_string()).with_code(other.code()).into(),
    }
}

enum Message {
    Job(Box<dyn Job>),
    Stop,
}

pub(super) struct Thread {
    queue: SyncSender<Message>,
    is_alive: Arc<AtomicBool>,
    metrics: Arc<Metrics>,
}

impl Thread {
    pub(super) fn start(
        open: Arc<dyn Fn() -> Result<Writer, Error> + Send + Sync>,
        sizes: &Sizes,
        clock: Clock,
        metrics: Arc<Metrics>,
        alive: Sender<()>,
    ) -> Result<Self, Error> {
        let (queue, waiting) = sync_channel(sizes.write_queue);
        let writer = open()?;
        let is_alive = Arc::new(AtomicBool::new(true));
        let mut work = Work { waiting, writer, open, clock, weight_max: sizes.group_weight, metrics: metrics.clone() };
        let flag = Flag(is_alive.clone());
        let body = move || {
            let _ends = (flag, alive);
            while work.next_group() {}
        };
        let builder = std::thread::Builder::new().name("writer".to_owned());
        builder.spawn(body).map_err(Error::io("a thread cannot be started"))?;
        Ok(Self { queue, is_alive, metrics })
    }

    pub(super) fn is_alive(&self) -> bool {
        self.is_alive.load(Ordering::Relaxed)
    }

    pub(super) fn offer(&self, job: Box<dyn Job>) -> Result<(), Unanswered> {
        self.metrics.joined(Queue::Write);
        self.queue.try_send(Message::Job(job)).map_err(|_| {
            self.metrics.turned_away(Queue::Write);
            Unanswered::Overloaded
        })
    }

    pub(super) fn stop(&self) {
        // A thread that is gone need not be told.
        let _ = self.queue.send(Message::Stop);
    }
}

/// Says that the thread has ended, however it did.
struct Flag(Arc<AtomicBool>);

impl Drop for Flag {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

/// What the thread has.
struct Work {
    waiting: Receiver<Message>,
    writer: Writer,
    open: Arc<dyn Fn() -> Result<Writer, Error> + Send + Sync>,
    clock: Clock,
    weight_max: usize,
    metrics: Arc<Metrics>,
}

impl Work {
    /// Waits for something to do, takes what else waits, and does it; whether more is to come.
    fn next_group(&mut self) -> bool {
        let Ok(Message::Job(first)) = self.waiting.recv() else { return false };
        let (mut weight, mut count, mut goes_on) = (0, 0, true);
        let mut batches: Vec<(TypeId, Box<dyn Batch>)> = Vec::new();
        let mut next = Some(first);
        while let Some(job) = next.take() {
            self.metrics.left(Queue::Write);
            weight += job.weight();
            // A command that gets no environment is not run: its channel closes, and whoever waits is told.
            if let Ok(env) = Env::sample((self.clock)(), &mut self.writer.secrets) {
                count += 1;
                let kind = job.kind();
                let at = batches.iter().position(|(of, _)| *of == kind).unwrap_or_else(|| {
                    batches.push((kind, job.batch()));
                    batches.len() - 1
                });
                batches[at].1.add(job, env);
            }
            if weight < self.weight_max {
                next = match self.waiting.try_recv() {
                    Ok(Message::Job(job)) => Some(job),
                    Ok(Message::Stop) => {
                        goes_on = false;
                        None
                    }
                    Err(_) => None,
                };
            }
        }
        self.metrics.group(count);
        self.run(batches.into_iter().map(|(_, batch)| batch).collect());
        goes_on
    }

    fn run(&mut self, mut batches: Vec<Box<dyn Batch>>) {
        let mut has_begun = false;
        let done = guard(&mut self.writer, &*self.open, |writer| {
            writer.execute_group(|group| {
                has_begun = true;
                batches.iter_mut().try_for_each(|batch| batch.run(group))
            })
        });
        let failure = match done {
            Some(Ok(())) => return batches.into_iter().for_each(|batch| batch.answer()),
            Some(Err(failure)) => Some(failure),
            None => None,
        };
        self.metrics.failed_group();
        let singles = batches.into_iter().flat_map(|batch| batch.apart());
        match failure {
            // What may have been done must not be done again: only whoever asked can find out. And nobody need wait again for a
            // store that let none of them in.
            Some(failure) if !has_begun || failure.code() == "store.unknown" => {
                singles.for_each(|single| single.fail(&failure));
            }
            // One of them may have failed all. By themselves, the others do not hang on it.
            _ => self.run_apart(singles),
        }
    }

    fn run_apart(&mut self, singles: impl Iterator<Item = Box<dyn Single>>) {
        let (mut alike, mut last) = (0, None);
        for single in singles {
            if let (FAILURES_ALIKE_MAX, Some(failure)) = (alike, &last) {
                single.fail(failure);
                continue;
            }
            match single.run(&mut self.writer, &*self.open) {
                Ok(()) => (alike, last) = (0, None),
                Err(failure) => {
                    let is_alike = last.as_ref().is_some_and(|last: &Error| last.code() == failure.code());
                    (alike, last) = (if is_alike { alike + 1 } else { 1 }, Some(failure));
                }
            }
        }
    }
}

//! One file of a batch, made piece by piece for whoever fetches it.

use crate::assemble::{Assembly, Writing, group_status};
use crate::batch::Batch;
use crate::commands::render::{StageView, heads, other_input, setting};
use crate::commands::{BatchRefusal, record};
use crate::foresight::{Foreseeing, Foresight};
use crate::message::{CutError, Cutter, Output};
use crate::pass::{CHUNK_PAYMENTS, KeptInput, unread};
use crate::work::{Buffers, Setting, Stop, Worker, Writes};
use kernel::{Error, Store, Writer};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// One file of a stage of a batch, made from the kept input as it is asked for. Between two pieces it holds connections and a
/// few megabytes, but no transaction and no thread: whoever takes it may be slow.
pub struct Rendering {
    store: Store,
    batch: Batch,
    view: StageView,
    setting: Arc<Setting>,
    doing: Doing,
}

enum Doing {
    /// Finding out what the heads will say.
    Foreseeing(Box<Foreseeing>),
    Writing(Box<Pass>),
    /// It is made of what was recorded, and is small.
    Whole(Vec<u8>),
    Done,
}

struct Pass {
    cutter: Cutter<KeptInput>,
    worker: Worker,
    assembly: Assembly,
    buffers: Buffers,
    hasher: Sha256,
}

impl Rendering {
    /// The completed file of a stage.
    pub(crate) fn completed(writer: &mut Writer, batch: Batch, stage: i64) -> Result<Self, Error> {
        let mut this = Self::new(writer, batch, stage, Writes { completed: true, status: false })?;
        if !this.view.has_completed {
            return Err(BatchRefusal::NothingCompleted.into());
        }
        if this.view.of_record {
            this.doing = Doing::Whole(writer.read(|scope| record::order(scope, &this.batch, &this.view))?);
            return Ok(this);
        }
        let foreseeing = Foreseeing::new(this.input()?, this.store.lend()?, this.batch.id, stage);
        this.doing = Doing::Foreseeing(Box::new(foreseeing));
        Ok(this)
    }

    /// The status report of a stage.
    pub(crate) fn report(writer: &mut Writer, batch: Batch, stage: i64) -> Result<Self, Error> {
        let mut this = Self::new(writer, batch, stage, Writes { completed: false, status: true })?;
        if this.view.of_record {
            this.doing = Doing::Whole(writer.read(|scope| record::report(scope, &this.batch, &this.view))?);
            return Ok(this);
        }
        let foresight = Foresight { status: Some(group_status(&this.view.counts)), ..Foresight::default() };
        this.doing = this.begin(foresight)?;
        Ok(this)
    }

    fn new(writer: &mut Writer, batch: Batch, stage: i64, writes: Writes) -> Result<Self, Error> {
        let view = writer.read(|scope| StageView::find(scope, &batch, stage))?.ok_or(BatchRefusal::StageUnknown)?;
        if !batch.input_kept && !view.of_record {
            return Err(BatchRefusal::InputNotKept.into());
        }
        let setting = setting(writer, &batch, &view, writes)?;
        Ok(Self { store: writer.store.clone(), batch, view, setting, doing: Doing::Done })
    }

    fn input(&self) -> Result<KeptInput, Error> {
        Ok(KeptInput::new(self.setting.vault.clone(), self.store.lend()?, self.batch.id))
    }

    fn begin(&self, foresight: Foresight) -> Result<Doing, Error> {
        let Writes { completed, status } = self.setting.writes;
        let writing = Writing {
            completed: completed.then(Output::memory),
            status: status.then(Output::memory),
            ..heads(&self.batch, &self.view, foresight)
        };
        Ok(Doing::Writing(Box::new(Pass {
            cutter: Cutter::new(self.input()?, CHUNK_PAYMENTS),
            worker: Worker::new(Arc::clone(&self.setting), self.store.lend()?, false),
            assembly: Assembly::new(Arc::clone(&self.setting), writing, None),
            buffers: Buffers::default(),
            hasher: Sha256::new(),
        })))
    }

    /// The next piece, which can be empty; none after the last.
    ///
    /// # Errors
    /// The store's, or the batch is not what was recorded: then what was given so far is no whole file.
    pub fn next_piece(&mut self) -> Result<Option<Vec<u8>>, Error> {
        match &mut self.doing {
            Doing::Done => Ok(None),
            Doing::Whole(bytes) => {
                let bytes = std::mem::take(bytes);
                self.doing = Doing::Done;
                Ok(Some(bytes))
            }
            Doing::Foreseeing(foreseeing) => {
                if let Some(foresight) = foreseeing.step()? {
                    self.doing = self.begin(foresight)?;
                }
                Ok(Some(Vec::new()))
            }
            Doing::Writing(pass) => match pass.step()? {
                Some(written) => Ok(Some(written)),
                None => {
                    let Doing::Writing(pass) = std::mem::replace(&mut self.doing, Doing::Done) else {
                        return Ok(None);
                    };
                    let hash: [u8; 32] = pass.hasher.finalize().into();
                    if hash != self.batch.file_hash {
                        return Err(other_input());
                    }
                    Ok(Some(pass.assembly.end()?.rest))
                }
            },
        }
    }
}

impl Pass {
    /// What the next chunk comes to; none after the last.
    fn step(&mut self) -> Result<Option<Vec<u8>>, Error> {
        let chunk = match self.cutter.next_chunk() {
            Ok(Some(chunk)) => chunk,
            Ok(None) => return Ok(None),
            Err(CutError::Read(error)) => return Err(unread(error)),
            Err(CutError::Fault(_)) => return Err(other_input()),
        };
        self.hasher.update(&chunk.bytes);
        let stopped = |stop| match stop {
            Stop::Error(error) => error,
            Stop::Fault(_) => other_input(),
        };
        let mut done = self.worker.work(chunk, std::mem::take(&mut self.buffers)).map_err(stopped)?;
        self.assembly.take(&mut done).map_err(stopped)?;
        let (chunk, buffers) = done.recycle();
        self.cutter.recycle(chunk);
        self.buffers = buffers;
        Ok(Some(self.assembly.written()))
    }
}

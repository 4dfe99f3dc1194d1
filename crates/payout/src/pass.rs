//! One pass over a payment file, whatever it is for: coming in, being written again, being released.

use crate::batch::Batch;
use crate::message::{Chunk, CutError, Cutter, Fault, Version};
use crate::parallel::in_order;
use crate::store;
use crate::work::{Buffers, Done, Setting, Stop, Worker};
use kernel::merkle::Hash;
use kernel::{Error, Id, Lent, Scope, Vault};
use sha2::{Digest, Sha256};
use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};
use zeroize::Zeroizing;

/// Payments that are looked up together.
pub(crate) const CHUNK_PAYMENTS: usize = kernel::failpoint::chunk(2048, 4);
/// Threads that read, decide and complete.
pub(crate) const WORKERS: usize = 2;
/// Chunks in memory at a time: about 4 MB each, with what becomes of them.
const IN_FLIGHT: usize = 6;

/// One pass over a file: cut on one thread, worked on others, taken in order by the caller.
pub(crate) struct Run<R> {
    input: R,
    setting: Arc<Setting>,
    seals_input: bool,
}

/// What the pass learnt of the file besides its payments.
pub(crate) struct Passed {
    pub(crate) hash: Hash,
    pub(crate) stopped: Option<Fault>,
    pub(crate) version: Option<Version>,
    pub(crate) message_id: Option<String>,
}

#[derive(Default)]
struct Cut {
    hasher: Sha256,
    version: Option<Version>,
    message_id: Option<String>,
}

impl<R: Read + Send> Run<R> {
    pub(crate) fn new(input: R, setting: Arc<Setting>, seals_input: bool) -> Self {
        Self { input, setting, seals_input }
    }

    /// Goes through the file, giving each chunk to `take`, which gives it back.
    pub(crate) fn go(
        self,
        connections: [Lent; WORKERS],
        take: impl FnMut(Done) -> Result<Done, Stop>,
    ) -> Result<Passed, Error> {
        let Self { input, setting, seals_input } = self;
        let learnt = Arc::new(Mutex::new(Cut::default()));
        let mut cutter = Cutter::new(input, CHUNK_PAYMENTS);
        let mut pieces = 0;
        let cut = {
            let learnt = Arc::clone(&learnt);
            move |spare: Option<Done>| {
                let mut buffers = Buffers::default();
                if let Some(done) = spare {
                    let (chunk, spare) = done.recycle();
                    cutter.recycle(chunk);
                    buffers = spare;
                }
                let result = cutter.next_chunk();
                let mut learnt = learnt.lock().unwrap_or_else(PoisonError::into_inner);
                learnt.version = cutter.version();
                learnt.message_id = cutter.message_id().map(str::to_owned);
                match result {
                    Ok(Some(chunk)) => {
                        learnt.hasher.update(&chunk.bytes);
                        pieces += 1;
                        Ok(Some((chunk, buffers, pieces - 1)))
                    }
                    Ok(None) => Ok(None),
                    Err(CutError::Fault(fault)) => {
                        cutter
                            .drain(|bytes| learnt.hasher.update(bytes))
                            .map_err(|error| Stop::Error(unread(error)))?;
                        Err(Stop::Fault(fault))
                    }
                    Err(CutError::Read(error)) => Err(Stop::Error(unread(error))),
                }
            }
        };
        let workers = connections
            .into_iter()
            .map(|connection| {
                let mut worker = Worker::new(Arc::clone(&setting), connection, true);
                let setting = Arc::clone(&setting);
                move |(chunk, buffers, piece): (Chunk, Buffers, i64)| -> Result<Done, Stop> {
                    let mut done = worker.work(chunk, buffers)?;
                    if seals_input {
                        let Setting { vault, batch, .. } = &*setting;
                        done.sealed_input = Some(store::input::seal(vault, *batch, piece, &done.chunk.bytes)?);
                    }
                    Ok(done)
                }
            })
            .collect();
        let stopped = match in_order(IN_FLIGHT, cut, workers, take) {
            Ok(()) => None,
            Err(Stop::Fault(fault)) => Some(fault),
            Err(Stop::Error(error)) => return Err(error),
        };
        let learnt = learnt.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Passed {
            hash: learnt.hasher.clone().finalize().into(),
            stopped,
            version: learnt.version,
            message_id: learnt.message_id.clone(),
        })
    }
}

/// Why the file cannot be read: what comes from the store fails as the store does.
pub(crate) fn unread(error: std::io::Error) -> Error {
    error.downcast().unwrap_or_else(Error::io("the file could not be read"))
}

/// Reads a batch's sealed input as the file that it was.
pub(crate) struct KeptInput {
    vault: Vault,
    connection: Lent,
    batch: Id<Batch>,
    next_piece: i64,
    piece: Zeroizing<Vec<u8>>,
    read: usize,
}

impl KeptInput {
    pub(crate) fn new(vault: Vault, connection: Lent, batch: Id<Batch>) -> Self {
        Self { vault, connection, batch, next_piece: 0, piece: Zeroizing::default(), read: 0 }
    }
}

impl Read for KeptInput {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        if self.read == self.piece.len() {
            let Self { vault, connection, batch, next_piece, .. } = self;
            let found = connection
                .read(|tx| store::input::find(&Scope { tx, vault }, *batch, *next_piece))
                .map_err(std::io::Error::other)?;
            let Some(found) = found else { return Ok(0) };
            (self.piece, self.read) = (found, 0);
            self.next_piece += 1;
        }
        let count = out.len().min(self.piece.len() - self.read);
        out[..count].copy_from_slice(&self.piece[self.read..self.read + count]);
        self.read += count;
        Ok(count)
    }
}

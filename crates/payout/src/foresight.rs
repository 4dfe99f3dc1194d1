//! What the heads of a completed file will say, found out before any of it is written: where what was written is taken at once,
//! nothing can be amended at the end.

use crate::batch::Batch;
use crate::message::{Chunk, CutError, Cutter, GroupStatus, Part};
use crate::pass::{CHUNK_PAYMENTS, KeptInput, unread};
use crate::work::recorded;
use denmark::Decimal;
use kernel::{Error, Id, Lent, StoreError};
use std::collections::BTreeMap;

/// How many payments, and their sum.
type Total = (u64, Decimal);

/// What is known beforehand.
#[derive(Default)]
pub(crate) struct Foresight {
    /// What stands in the completed file.
    pub(crate) file: Option<Total>,
    /// What stands there of those blocks, by number, of which not all payments are in one chunk. What is in one is written whole
    /// before any of it is taken.
    pub(crate) blocks: BTreeMap<u32, Total>,
    /// The group's status in the report.
    pub(crate) status: Option<GroupStatus>,
}

/// Goes through a batch's input once, chunk by chunk, cut as it will be when it is written.
pub(crate) struct Foreseeing {
    cutter: Cutter<KeptInput>,
    connection: Lent,
    batch: Id<Batch>,
    stage: i64,
    block: Option<(u32, Total)>,
    foresight: Foresight,
}

impl Foreseeing {
    pub(crate) fn new(input: KeptInput, connection: Lent, batch: Id<Batch>, stage: i64) -> Self {
        let foresight = Foresight { file: Some((0, Decimal::ZERO)), ..Foresight::default() };
        Self { cutter: Cutter::new(input, CHUNK_PAYMENTS), connection, batch, stage, block: None, foresight }
    }

    /// Looks at one more chunk; what is foreseen, when there are no more.
    pub(crate) fn step(&mut self) -> Result<Option<Foresight>, Error> {
        let chunk = match self.cutter.next_chunk() {
            Ok(Some(chunk)) => chunk,
            Ok(None) => return Ok(Some(std::mem::take(&mut self.foresight))),
            Err(CutError::Read(error)) => return Err(unread(error)),
            Err(CutError::Fault(_)) => {
                return Err(StoreError::damaged("the input of a batch is not what it was".to_owned()).into());
            }
        };
        self.count(&chunk)?;
        self.cutter.recycle(chunk);
        Ok(None)
    }

    fn count(&mut self, chunk: &Chunk) -> Result<(), Error> {
        let Self { connection, batch, stage, .. } = self;
        let payments = usize::try_from(chunk.payments).unwrap_or(usize::MAX);
        let payments = connection.read(|tx| recorded(tx, *batch, chunk.first_payment as i64, payments, *stage))?;
        let mut payments = payments.into_iter();
        // Whether the block that is open was so when the chunk began.
        let mut spans = self.block.is_some();
        for part in &chunk.parts {
            match part {
                Part::BlockHead { head, .. } => (self.block, spans) = (Some((head.index, (0, Decimal::ZERO))), false),
                Part::Payment { .. } => {
                    let Some(payment) = payments.next().filter(|payment| payment.goes_on_at(self.stage)) else {
                        continue;
                    };
                    let amount = payment.money.map_or(Decimal::ZERO, |money| money.decimal());
                    let totals = self.foresight.file.iter_mut().chain(self.block.as_mut().map(|(_, total)| total));
                    for (count, sum) in totals {
                        *count += 1;
                        *sum = sum.checked_add(amount).unwrap_or(*sum);
                    }
                }
                Part::BlockTail { .. } => {
                    if let Some((index, total)) = self.block.take().filter(|_| spans) {
                        self.foresight.blocks.insert(index, total);
                    }
                }
                Part::FileHead { .. } | Part::FileTail { .. } => {}
            }
        }
        Ok(())
    }
}

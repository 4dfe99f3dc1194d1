//! The files of a batch, for those who fetch them.

use super::find_of;
use crate::batch::{self, Batch, Sent};
use crate::commands::{BatchRefusal, find};
use crate::outputs::message_id;
use crate::rendering::Rendering;
use crate::{policy, store};
use kernel::{Actor, Error, Scope, Writer};
use registry::payer::Agreement;
use registry::resolve;
use std::io;

/// A completed file that a bank fetches.
#[derive(Clone, Debug)]
pub struct FileForBank {
    /// Its place in the order in which they came about.
    pub place: i64,
    /// The batch, by name.
    pub batch: String,
    /// 0 for what was completed when the file came in, and the number of a release else.
    pub stage: i64,
    /// The payer, by name.
    pub payer: String,
    /// The message id that stands in it.
    pub message_id: String,
    /// How many payments stand in it, and what they come to.
    pub sent: Sent,
}

/// The first `limit` completed files for a bank, by its name in the bank directory, after a place; in order. They are those of
/// payers whose agreement named this bank when their file came in.
///
/// # Errors
/// The store's.
pub fn files_for_bank_after(
    scope: &Scope<'_>,
    bank: &str,
    after: Option<i64>,
    limit: usize,
) -> Result<Vec<FileForBank>, Error> {
    let (key, limit) = (Agreement::bank_key(scope.vault, bank), i64::try_from(limit).unwrap_or(i64::MAX));
    let mut files = Vec::new();
    store::bank_file::each_after(scope, &key, after.unwrap_or(-1), limit, |file| {
        let batch = store::batch::find(scope, file.batch)?.ok_or(BatchRefusal::Unknown)?;
        files.push(FileForBank {
            place: file.place.number(),
            batch: batch::name(batch.id),
            stage: file.stage,
            payer: resolve::payer_at(scope, batch.payer)?.agreement.name,
            message_id: match file.stage {
                0 => batch.record.message_id,
                stage => message_id(batch.id, stage),
            },
            sent: file.sent,
        });
        Ok(())
    })?;
    Ok(files)
}

/// The completed file of a stage of a batch, if it is for this bank. Another's is as if it were not there.
///
/// # Errors
/// There is no such file for this bank; the policy's refusal, or the store's.
pub fn completed_for_bank(
    writer: &mut Writer,
    bank: &str,
    name: &str,
    stage: i64,
    actor: &Actor,
) -> Result<Rendering, Error> {
    policy::FETCH_FOR_BANK.require(actor)?;
    let batch = writer.read(|scope| {
        let batch = find(scope, name)?;
        let named = resolve::payer_at(scope, batch.payer)?.agreement.bank;
        if named.as_deref() == Some(bank) { Ok(batch) } else { Err(BatchRefusal::Unknown.into()) }
    })?;
    Rendering::completed(writer, batch, stage)
}

/// The completed file of a stage of one of this payer's batches.
///
/// # Errors
/// There is no such batch of this payer, or no such file; the policy's refusal, or the store's.
pub fn completed_of(
    writer: &mut Writer,
    payer: &str,
    name: &str,
    stage: i64,
    actor: &Actor,
) -> Result<Rendering, Error> {
    policy::FETCH.require(actor)?;
    // The policy lets public payers alone, and nobody who calls himself one acts for a private one.
    let batch = writer.read(|scope| find_of(scope, payer, name, actor))?;
    Rendering::completed(writer, batch, stage)
}

/// The status report of a stage of one of this payer's batches.
///
/// # Errors
/// There is no such batch of this payer, or no such stage; the policy's refusal, or the store's.
pub fn report_of(writer: &mut Writer, payer: &str, name: &str, stage: i64, actor: &Actor) -> Result<Rendering, Error> {
    policy::READ.require(actor)?;
    let batch = writer.read(|scope| find_of(scope, payer, name, actor))?;
    Rendering::report(writer, batch, stage)
}

/// Writes the completed file of a stage of a batch: for whoever brings it to the bank that it is for.
///
/// # Errors
/// There is no such file; the store's; or `out` cannot be written.
pub fn write_completed(writer: &mut Writer, batch: &str, stage: i64, out: &mut dyn io::Write) -> Result<(), Error> {
    let batch: Batch = writer.read(|scope| find(scope, batch))?;
    let mut rendering = Rendering::completed(writer, batch, stage)?;
    while let Some(piece) = rendering.next_piece()? {
        out.write_all(&piece).map_err(Error::io("the completed file could not be handed on"))?;
    }
    Ok(())
}

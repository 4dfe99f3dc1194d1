//! The file in which a bank tells how it made payments: a line each.

use crate::commands::Transfer;
use crate::recall::Interbank;
use kernel::Error;
use registry::import::{ImportRefusal, Line, Lines};
use std::io::{BufReader, Read};

const HEADER: &[&str] =
    &["batch", "end_to_end_id", "message_id", "message_name", "transaction_id", "uetr", "settlement_date"];

/// What a file says of transfers, as `by` tells it, each with the line that it stands in. A line that is no row says nothing, and is
/// refused as that ([`crate::commands::tell_transfers`]).
///
/// # Errors
/// `import.header`; or the file cannot be read.
pub fn read_transfers<R: Read>(source: R, by: &str) -> Result<(Vec<Transfer>, Vec<u64>), Error> {
    let mut lines = Lines::new(BufReader::new(source));
    if !lines.header_is(HEADER, &[])? {
        return Err(ImportRefusal::Header(HEADER).into());
    }
    let (mut transfers, mut numbers) = (Vec::new(), Vec::new());
    let none = || Transfer { batch: String::new(), end_to_end_id: String::new(), made: Interbank::default() };
    loop {
        let line = lines.next(|fields| {
            let [batch, end_to_end_id, message_id, message_name, transaction_id, uetr, settlement_date] = fields else {
                return none();
            };
            let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
            Transfer {
                batch: (*batch).to_owned(),
                end_to_end_id: (*end_to_end_id).to_owned(),
                made: Interbank {
                    message_id: (*message_id).to_owned(),
                    message_name: (*message_name).to_owned(),
                    transaction_id: some(transaction_id),
                    uetr: some(uetr),
                    settlement_date: (*settlement_date).to_owned(),
                    by: by.to_owned(),
                },
            }
        })?;
        let (number, transfer) = match line {
            Line::Row(number, transfer) => (number, transfer),
            Line::Malformed(number) => (number, none()),
            Line::End => return Ok((transfers, numbers)),
        };
        transfers.push(transfer);
        numbers.push(number);
    }
}

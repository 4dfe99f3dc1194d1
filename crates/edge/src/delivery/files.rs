//! Completed payment files, for the bank of their payer.

use super::stream::{Content, Next, Parcel, Pieces, Stream};
use kernel::{Actor, Error, Timestamp, Writer, journal};
use payout::queries::{completed_for_bank, files_for_bank_after};
use payout::rendering::Rendering;
use registry::delivery::Terms;

/// Each is a parcel of its own.
pub(super) struct Files;

impl Stream for Files {
    fn next(&self, writer: &mut Writer, terms: &Terms, after: i64, _: Timestamp) -> Result<Next, Error> {
        let after_entry = Some(journal::entry_of(after));
        // One more tells whether there is more.
        let files = writer.read(|scope| files_for_bank_after(scope, &terms.whose, after_entry, 2))?;
        let Some(file) = files.first() else {
            return Ok(Next { parcel: None, reached: after, has_more: false });
        };
        let (bank, batch, stage) = (terms.whose.clone(), file.batch.clone(), file.stage);
        let name = if stage == 0 { batch.clone() } else { format!("{batch}-{stage}") };
        let begin = move |writer: &mut Writer| {
            let rendering = completed_for_bank(writer, &bank, &batch, stage, &Actor::console())?;
            Ok(Box::new(rendering) as Box<dyn Pieces>)
        };
        let (extension, kind, content) = ("pain.001.xml", crate::route::XML, Content::Made(Box::new(begin)));
        Ok(Next {
            parcel: Some(Parcel { name, extension, kind, items: 1, content }),
            reached: journal::first_row_of(file.place),
            has_more: files.len() > 1,
        })
    }
}

impl Pieces for Rendering {
    fn next(&mut self) -> Result<Option<Vec<u8>>, Error> {
        self.next_piece()
    }
}

//! What is delivered: parcels, in order.

use bytes::Bytes;
use kernel::{Error, Timestamp, Writer};
use registry::delivery::Terms;

/// Something that comes about over time, for a bank or a client, in the order of places in the journal.
pub(crate) trait Stream: Send + Sync {
    /// The first parcel after a place, as it is at a moment.
    fn next(&self, writer: &mut Writer, terms: &Terms, after: i64, now: Timestamp) -> Result<Next, Error>;
}

/// What comes after a place.
pub(crate) struct Next {
    /// None, where there was nothing for it as far as was looked.
    pub parcel: Option<Parcel>,
    /// The place up to which the parcel reaches, or up to which was looked.
    pub reached: i64,
    /// Whether something may be there already.
    pub has_more: bool,
}

/// What is given and taken as a whole.
pub(crate) struct Parcel {
    /// The same whenever it is the same: whoever has had it knows it again.
    pub name: String,
    /// How the name of its file ends.
    pub extension: &'static str,
    /// Its type.
    pub kind: &'static str,
    /// How many messages or payment files are in it.
    pub items: i64,
    /// What is in it.
    pub content: Content,
}

/// What is in a parcel.
pub(crate) enum Content {
    /// This.
    Whole(Bytes),
    /// What is made piece by piece, the same each time that it is begun.
    Made(Box<Begin>),
}

/// Begins to make a content.
pub(crate) type Begin = dyn Fn(&mut Writer) -> Result<Box<dyn Pieces>, Error> + Send + Sync;

/// A content that is being made. Between two pieces it holds no thread and no transaction: whoever takes it may be slow.
pub(crate) trait Pieces: Send {
    /// The next piece, which can be empty; none after the last.
    fn next(&mut self) -> Result<Option<Vec<u8>>, Error>;
}

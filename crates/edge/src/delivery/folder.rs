//! Parcels in a folder, whose reader takes the files away. A file has its name only when it is whole and on the disk.

use super::client::NotTaken;
use super::ours;
use super::stream::{Content, Parcel};
use crate::rounds::Rounds;
use kernel::{Error, Writer, files};
use registry::progress::Failure;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

/// Why a parcel is not in its folder.
enum NotPut {
    /// The folder cannot be written to.
    Folder(Error),
    /// What was to be put there could not be made.
    Made(Error),
}

impl<W> Rounds<W> {
    /// Has a thread put a parcel into a folder.
    pub(crate) async fn put_into(
        &self,
        folder: &Path,
        part: &str,
        parcel: impl Into<Arc<Parcel>>,
    ) -> Result<(), NotTaken> {
        let (folder, part, parcel) = (folder.to_owned(), part.to_owned(), parcel.into());
        let put = self.pool.run(move |writer| Ok(put(writer, &folder, &part, &parcel))).await;
        put.map_err(ours)?.map_err(|not_put| match not_put {
            NotPut::Made(error) => ours(error.into()),
            NotPut::Folder(error) => {
                self.tell("folder", &error.to_string());
                Failure::Folder.into()
            }
        })
    }
}

/// Puts a parcel into a folder. The same parcel has the same name and content, however often it is put there; another one has
/// another name, so that none takes the place of one that is being read. Until it is whole it is called after `part`.
fn put(writer: &mut Writer, folder: &Path, part: &str, parcel: &Parcel) -> Result<(), NotPut> {
    let path = folder.join(format!("{}.{}", parcel.name, parcel.extension));
    // One for each delivery: what was left of a former attempt goes away.
    let part = folder.join(format!(".{part}.part"));
    let _lock = files::lock_folder_of(&part).map_err(NotPut::Folder)?;
    let cannot = |error| NotPut::Folder(Error::io(format!("{} could not be written", part.display()))(error));
    // Whoever may take files away there may also have put something in its place, such as a link to another file.
    match std::fs::remove_file(&part) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(cannot(error)),
        _ => {}
    }
    // It names people and accounts: for its owner, and a group that takes it away.
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o640).open(&part).map_err(cannot)?;
    match &parcel.content {
        Content::Whole(bytes) => file.write_all(bytes).map_err(cannot)?,
        Content::Made(begin) => {
            let mut pieces = begin(writer).map_err(NotPut::Made)?;
            while let Some(piece) = pieces.next().map_err(NotPut::Made)? {
                file.write_all(&piece).map_err(cannot)?;
            }
        }
    }
    files::sync(&file, &part).and_then(|()| files::rename(&part, &path)).map_err(NotPut::Folder)
}

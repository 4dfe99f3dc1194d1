//! Parcels in a folder, whose reader takes the files away. A file has its name only when it is whole and on the disk.

use super::stream::{Content, Parcel};
use kernel::{Error, Writer, files};
use registry::delivery::Terms;
use std::fs::File;
use std::io::Write;
use std::path::Path;

/// Puts a parcel into a folder. The same parcel has the same name and content, however often it is put there; another one has
/// another name, so that none takes the place of one that is being read.
pub(super) fn put(writer: &mut Writer, folder: &Path, terms: &Terms, parcel: &Parcel) -> Result<(), Error> {
    let path = folder.join(format!("{}.{}", parcel.name, parcel.extension));
    // One for each delivery: what was left of a former attempt is written over.
    let part = folder.join(format!(".{}.part", terms.name));
    let _lock = files::lock_folder_of(&part)?;
    let cannot = || Error::io(format!("{} could not be written", part.display()));
    let mut file = File::create(&part).map_err(cannot())?;
    match &parcel.content {
        Content::Whole(bytes) => file.write_all(bytes).map_err(cannot())?,
        Content::Made(begin) => {
            let mut pieces = begin(writer)?;
            while let Some(piece) = pieces.next()? {
                file.write_all(&piece).map_err(cannot())?;
            }
        }
    }
    files::sync(&file, &part)?;
    files::rename(&part, &path)
}

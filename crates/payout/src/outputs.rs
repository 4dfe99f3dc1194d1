//! The files that are written of a batch, under names of our own, and only when they are whole.

use crate::batch::{self, Batch};
use kernel::{Error, Id, StoreError, files};
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

const PART: &str = ".part";

/// Where the files of one stage of a batch go.
pub(crate) struct Outputs {
    /// For the payer's bank.
    pub(crate) completed: PathBuf,
    /// For the payer.
    pub(crate) status: PathBuf,
}

impl Outputs {
    /// Stage 0 is the routing; releases and cancellations follow. Makes the folders, and sweeps what a process that was killed
    /// left there.
    pub(crate) fn of(folder: &Path, batch: Id<Batch>, stage: i64) -> Result<Self, Error> {
        let place = |kind: &str, message: &str| -> Result<PathBuf, Error> {
            let folder = folder.join(kind);
            std::fs::create_dir_all(&folder)
                .map_err(Error::io(format!("the folder {} could not be made", folder.display())))?;
            sweep(&folder)?;
            Ok(folder.join(format!("{}.{message}.xml", message_id(batch, stage))))
        };
        Ok(Self { completed: place("bank", "pain.001")?, status: place("payer", "pain.002")? })
    }
}

/// Our id of what is written at a stage of a batch; the first stages's is the batch's own.
pub(crate) fn message_id(batch: Id<Batch>, stage: i64) -> String {
    match stage {
        0 => batch::name(batch),
        stage => format!("{}-{stage}", batch::name(batch)),
    }
}

/// A file that has its name only when it is whole and on the disk.
pub(crate) struct PartFile {
    path: PathBuf,
    part: PathBuf,
    /// Holds the lock by which [`sweep`] knows that it is not abandoned.
    file: File,
    is_placed: bool,
}

impl PartFile {
    pub(crate) fn create(path: &Path) -> Result<Self, Error> {
        let mut name = path.file_name().ok_or_else(|| StoreError::plain("a file needs a name"))?.to_owned();
        name.push(PART);
        let part = path.with_file_name(name);
        let cannot = || Error::io(format!("{} could not be written", part.display()));
        let file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&part).map_err(cannot())?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(kernel::Conflict("another process is writing the same batch".to_owned()).into());
            }
            Err(TryLockError::Error(error)) => return Err(cannot()(error)),
        }
        file.set_len(0).map_err(cannot())?;
        Ok(Self { path: path.to_owned(), part, file, is_placed: false })
    }

    /// The name that it will have.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A handle to write through.
    pub(crate) fn handle(&self) -> Result<File, Error> {
        self.file.try_clone().map_err(Error::io(format!("{} could not be written", self.part.display())))
    }

    /// Brings the content to the disk.
    pub(crate) fn sync(&self) -> Result<(), Error> {
        files::sync(&self.file, &self.part)
    }

    /// Gives the file its name. Its content has been synced.
    pub(crate) fn place(mut self) -> Result<(), Error> {
        files::rename(&self.part, &self.path)?;
        self.is_placed = true;
        Ok(())
    }
}

impl Drop for PartFile {
    fn drop(&mut self) {
        if !self.is_placed {
            // What cannot be removed now is swept later.
            let _ = std::fs::remove_file(&self.part);
        }
    }
}

/// Removes the part files of processes that are gone.
fn sweep(folder: &Path) -> Result<(), Error> {
    let cannot = || Error::io(format!("the folder {} could not be read", folder.display()));
    for entry in std::fs::read_dir(folder).map_err(cannot())? {
        let path = entry.map_err(cannot())?.path();
        let is_part = path.file_name().is_some_and(|name| name.as_encoded_bytes().ends_with(PART.as_bytes()));
        let Ok(file) = (if is_part { File::open(&path) } else { continue }) else { continue };
        if file.try_lock().is_ok() {
            // Another process may sweep at the same time.
            let _ = std::fs::remove_file(&path);
        }
    }
    Ok(())
}

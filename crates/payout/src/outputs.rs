//! The files that are written of a batch, under names of our own, and only when they are whole.

use crate::batch::{self, Batch};
use crate::message::Output;
use kernel::{Error, Id, StoreError, files};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, SyncSender};
use std::thread::JoinHandle;

const PART: &str = ".part";
/// Written bytes after which they are brought to the disk.
const WRITE_BACK_BYTES: usize = 64 << 20;

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

/// Writes one file for the payer's bank, and gives it its name when it is whole.
pub(crate) fn write_for_bank(folder: &Path, name: &str, content: &[u8]) -> Result<PathBuf, Error> {
    let folder = folder.join("bank");
    std::fs::create_dir_all(&folder)
        .map_err(Error::io(format!("the folder {} could not be made", folder.display())))?;
    sweep(&folder)?;
    let path = folder.join(name);
    let part = PartFile::create(&path)?;
    let written = part.handle()?.write_all(content);
    written.map_err(Error::io(format!("{} could not be written", path.display())))?;
    part.sync()?;
    part.place()?;
    Ok(path)
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
        loop {
            let mut options = OpenOptions::new();
            // They name people and accounts: for their owner, and a group that picks them up.
            options.read(true).write(true).create(true).truncate(false).mode(0o640);
            let file = options.open(&part).map_err(cannot())?;
            // Waits for a sweeper, or for a process that writes the same batch; and what was opened may be gone by then.
            file.lock().map_err(cannot())?;
            if is_at(&file, &part) {
                file.set_len(0).map_err(cannot())?;
                return Ok(Self { path: path.to_owned(), part, file, is_placed: false });
            }
        }
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

/// The two files of a stage, while they are written.
pub(crate) struct Parts {
    pub(crate) completed: PartFile,
    pub(crate) status: PartFile,
}

impl Parts {
    pub(crate) fn create(outputs: &Outputs) -> Result<Self, Error> {
        Ok(Self { completed: PartFile::create(&outputs.completed)?, status: PartFile::create(&outputs.status)? })
    }

    /// To write through: the completed file and the report.
    pub(crate) fn outputs(&self) -> Result<[Output; 2], Error> {
        Ok([Output::file(self.completed.handle()?), Output::file(self.status.handle()?)])
    }

    pub(crate) fn write_back(&self) -> Result<WriteBack, Error> {
        WriteBack::of([&self.completed, &self.status])
    }
}

/// Brings files to the disk while they are still being written, on a thread of its own, so that little is left to wait for at
/// the end.
pub(crate) struct WriteBack {
    kick: SyncSender<()>,
    thread: JoinHandle<Result<(), Error>>,
    bytes_since: usize,
}

impl WriteBack {
    pub(crate) fn of(parts: [&PartFile; 2]) -> Result<Self, Error> {
        let [first, second] = parts;
        let files = [(first.handle()?, first.part.clone()), (second.handle()?, second.part.clone())];
        let (kick, kicks) = mpsc::sync_channel(1);
        let thread = std::thread::spawn(move || {
            for () in kicks {
                for (file, path) in &files {
                    files::sync(file, path)?;
                }
            }
            Ok(())
        });
        Ok(Self { kick, thread, bytes_since: 0 })
    }

    /// So many more bytes were written.
    pub(crate) fn written(&mut self, bytes: usize) {
        self.bytes_since += bytes;
        if self.bytes_since >= WRITE_BACK_BYTES {
            self.bytes_since = 0;
            // When one is under way or has failed, the end will do or tell.
            let _ = self.kick.try_send(());
        }
    }

    /// Waits for what is under way. A sync that failed is never tried again: the files are then given up.
    pub(crate) fn end(self) -> Result<(), Error> {
        drop(self.kick);
        self.thread.join().unwrap_or_else(|_| Err(StoreError::plain("bringing files to the disk panicked").into()))
    }
}

/// Removes the part files of processes that are gone.
fn sweep(folder: &Path) -> Result<(), Error> {
    let cannot = || Error::io(format!("the folder {} could not be read", folder.display()));
    for entry in std::fs::read_dir(folder).map_err(cannot())? {
        let path = entry.map_err(cannot())?.path();
        let is_part = path.file_name().and_then(|name| name.to_str()).is_some_and(is_our_part);
        let Ok(file) = (if is_part { File::open(&path) } else { continue }) else { continue };
        if file.try_lock().is_ok() && is_at(&file, &path) {
            // Another process may sweep at the same time.
            let _ = std::fs::remove_file(&path);
        }
    }
    Ok(())
}

/// Whether the open file is the one that has this name now.
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino());
    let (open, named) = (file.metadata().map(identity), std::fs::metadata(path).map(identity));
    open.is_ok() && open.ok() == named.ok()
}

/// Whether a part file's name is one that we give.
fn is_our_part(name: &str) -> bool {
    name.ends_with(PART)
        && [".pain.00", ".camt.05"].iter().filter_map(|kind| name.split_once(kind)).any(|(id, _)| {
            // Of a batch, or of a recall.
            let named = id.split_once('-').map_or(id, |(named, _)| named);
            batch::parse_name(named).is_some()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_part_files_are_swept() {
        let check = |name: &str, ours| assert_eq!(is_our_part(name), ours, "{name}");
        check("38G9WMVY9KPEX.pain.001.xml.part", true);
        check("38G9WMVY9KPEX-2.pain.002.xml.part", true);
        check("38G9WMVY9KPEX-EKSBDK22.camt.056.xml.part", true);
        check("38G9WMVY9KPEX.pain.001.xml", false);
        check("movie.part", false);
        check("notes.pain.001.xml.part", false);
    }
}

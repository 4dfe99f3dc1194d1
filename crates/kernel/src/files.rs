//! Files that outlive a power cut: a name appears only when what it names is on the disk.

use crate::failpoint;
use crate::{Error, StoreError};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::Path;

/// Brings a file's content to the disk.
///
/// # Errors
/// The disk refused. A failed sync is never tried again: what the disk holds is then unknown.
pub fn sync(file: &File, path: &Path) -> Result<(), Error> {
    failpoint::reach();
    file.sync_data().map_err(Error::io(format!("{} could not be brought to the disk", path.display())))?;
    failpoint::reach();
    Ok(())
}

/// Gives a synced file its final name and brings the folder to the disk.
///
/// # Errors
/// The rename or the folder's sync failed.
pub fn rename(from: &Path, to: &Path) -> Result<(), Error> {
    failpoint::reach();
    #[expect(clippy::disallowed_methods, reason = "the one place that renames, and syncs the folder after it")]
    std::fs::rename(from, to).map_err(Error::io(format!("{} could not be put in place", to.display())))?;
    sync_folder_of(to)
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Keeps out other processes that ask for the same folder, until what is returned is dropped. Ask for one folder at a time.
///
/// # Errors
/// The folder is missing or cannot be read.
pub fn lock_folder_of(path: &Path) -> Result<File, Error> {
    let folder = folder_of(path);
    let cannot = || Error::io(format!("{} could not be locked", folder.display()));
    let opened = File::open(folder).map_err(cannot())?;
    opened.lock().map_err(cannot())?;
    Ok(opened)
}

/// As [`lock_folder_of`], unless another process has it now.
///
/// # Errors
/// The folder is missing or cannot be read.
pub fn try_lock_folder_of(path: &Path) -> Result<Option<File>, Error> {
    let folder = folder_of(path);
    let cannot = || Error::io(format!("{} could not be locked", folder.display()));
    let opened = File::open(folder).map_err(cannot())?;
    match opened.try_lock() {
        Ok(()) => Ok(Some(opened)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(cannot()(error)),
    }
}

/// Brings a folder's names to the disk.
pub(crate) fn sync_folder_of(path: &Path) -> Result<(), Error> {
    let folder = folder_of(path);
    failpoint::reach();
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(Error::io(format!("{} could not be brought to the disk", folder.display())))?;
    failpoint::reach();
    Ok(())
}

/// Writes a small file whole, or not at all, readable by its owner alone.
///
/// # Errors
/// The folder cannot be written, or the disk is full; the file's former content then stands.
pub fn write_private(path: &Path, content: &[u8]) -> Result<(), Error> {
    write_private_by(path, ".part", content)
}

/// The same where several processes may write the same file, each by a part file of its own: the last one stands.
///
/// # Errors
/// As [`write_private`].
pub fn write_private_alone(path: &Path, content: &[u8]) -> Result<(), Error> {
    write_private_by(path, &format!(".{}.part", std::process::id()), content)
}

fn write_private_by(path: &Path, suffix: &str, content: &[u8]) -> Result<(), Error> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut name = path.file_name().ok_or_else(|| StoreError::plain("a file needs a name"))?.to_owned();
    name.push(suffix);
    let part = path.with_file_name(name);
    let cannot = || format!("{} could not be written", part.display());
    // A former attempt's leftover may have wider permissions: never reuse it.
    if part.exists() {
        std::fs::remove_file(&part).map_err(Error::io(cannot()))?;
    }
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part).map_err(Error::io(cannot()))?;
    file.write_all(content).map_err(Error::io(cannot()))?;
    sync(&file, &part)?;
    rename(&part, path)
}

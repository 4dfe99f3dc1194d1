//! Where a world is: its store, and the folder of the files that it exchanges.

use kernel::{Env, Error, Location, Refuse, Secrets, Store};
use std::fmt;
use std::path::{Path, PathBuf};

/// What the key and the files are called by when the store is no folder beside which they could lie.
const NAME: &str = "anvis-world";
/// Where letters lie, in the folder of the files that are exchanged.
const LETTERS: &str = "letters";

/// Why a world cannot be where it was to be.
pub enum PlaceRefusal {
    /// The store's folder has no name of its own.
    Unnamed,
    /// Something is there already.
    Taken(PathBuf),
}

impl Refuse for PlaceRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Unnamed => "sim.unnamed",
            Self::Taken(_) => "sim.taken",
        }
    }
}

impl fmt::Display for PlaceRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unnamed => f.write_str("a store's folder needs a name of its own"),
            Self::Taken(path) => {
                write!(f, "{} is there already; a world begins in a place of its own", path.display())
            }
        }
    }
}

/// Makes the store at a place, for a nation that does not exist, and the folder of the files that it exchanges.
/// All that is there then is the world's own: a key that lay there before would be another's.
///
/// # Errors
/// [`PlaceRefusal`], or they cannot be made.
pub fn make(location: &Location, env: &Env, secrets: &mut Secrets) -> Result<(Store, Files), Error> {
    let folder = location.folder().unwrap_or(Path::new(NAME));
    let name = folder.file_name().ok_or(PlaceRefusal::Unnamed)?;
    let beside = |suffix: &str| {
        let mut name = name.to_owned();
        name.push(suffix);
        folder.with_file_name(name)
    };
    let (key, files) = (beside(".key"), beside("-files"));
    let theirs = location.folder().into_iter().chain([key.as_path(), files.as_path()]);
    if let Some(taken) = theirs.into_iter().find(|path| path.exists()) {
        return Err(PlaceRefusal::Taken(taken.to_owned()).into());
    }
    let migrations: Vec<_> = services::migrations().collect();
    let store = Store::create(location, &key, &migrations, true, env, secrets)?;
    std::fs::create_dir_all(&files).map_err(Error::io(format!("{} could not be made", files.display())))?;
    Ok((store, Files(files)))
}

/// The folder of the files that are exchanged.
pub struct Files(PathBuf);

impl Files {
    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// Writes a file that is sent to the registry.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, name: &str, text: &str) -> Result<PathBuf, Error> {
        let path = self.0.join(name);
        std::fs::write(&path, text).map_err(Error::io(format!("{} could not be written", path.display())))?;
        Ok(path)
    }

    /// Puts a letter where letters lie.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write_letter(&self, name: &str, pdf: &[u8]) -> Result<(), Error> {
        let path = self.0.join(LETTERS).join(name);
        let made = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        made.and_then(|()| std::fs::write(&path, pdf))
            .map_err(Error::io(format!("{} could not be written", path.display())))
    }

    /// Removes all of them; the store stays.
    ///
    /// # Errors
    /// They cannot be removed.
    pub fn remove(&self) -> Result<(), Error> {
        std::fs::remove_dir_all(&self.0).map_err(Error::io(format!("{} could not be removed", self.0.display())))
    }
}

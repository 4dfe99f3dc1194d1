//! Where a world is: its store, and the folder of the files that it exchanges.

use kernel::{Env, Error, Refuse, Secrets, Store, StoreRefusal};
use payout::schema;
use std::fmt;
use std::path::{Path, PathBuf};

const SQLITE: &str = "sqlite:";

/// Why a world cannot be where it was to be.
#[derive(Debug, PartialEq, Eq)]
pub enum PlaceRefusal {
    /// The store is not named as one.
    Url,
    /// Something is there already.
    Taken(PathBuf),
}

impl Refuse for PlaceRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Url => "sim.store",
            Self::Taken(_) => "sim.taken",
        }
    }
}

impl fmt::Display for PlaceRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url => f.write_str("a store is named sqlite:FOLDER"),
            Self::Taken(path) => {
                write!(f, "{} is there already; a world begins in a place of its own", path.display())
            }
        }
    }
}

/// Where a world is.
pub struct Place {
    folder: PathBuf,
    key: PathBuf,
    files: PathBuf,
}

impl Place {
    /// The place that a URL names. Nothing is made yet.
    ///
    /// # Errors
    /// [`PlaceRefusal::Url`].
    pub fn of(url: &str) -> Result<Self, Error> {
        let folder = Path::new(url.strip_prefix(SQLITE).ok_or(PlaceRefusal::Url)?);
        let name = folder.file_name().ok_or(PlaceRefusal::Url)?;
        let beside = |suffix: &str| {
            let mut name = name.to_owned();
            name.push(suffix);
            folder.with_file_name(name)
        };
        Ok(Self { folder: folder.to_owned(), key: beside(".key"), files: beside("-files") })
    }

    /// Makes the store, with a new master key, and the folder of the files. All that is there is the world's own:
    /// a key that lay there before would be another's.
    ///
    /// # Errors
    /// [`PlaceRefusal::Taken`], [`StoreRefusal::Exists`], or they cannot be made.
    pub fn make_store(&mut self, env: &Env, secrets: &mut Secrets) -> Result<Store, Error> {
        for path in [&self.key, &self.files] {
            if path.exists() {
                return Err(PlaceRefusal::Taken(path.clone()).into());
            }
        }
        if self.folder.exists() {
            return Err(StoreRefusal::Exists(self.folder.clone()).into());
        }
        let migrations: Vec<_> = schema::migrations().collect();
        let store = Store::create(&self.folder, &self.key, &migrations, true, env, secrets)?;
        std::fs::create_dir_all(&self.files)
            .map_err(Error::io(format!("{} could not be made", self.files.display())))?;
        Ok(store)
    }

    /// Where files are exchanged.
    pub fn files(&self) -> &Path {
        &self.files
    }

    /// Writes a file that is sent to the registry.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, name: &str, text: &str) -> Result<PathBuf, Error> {
        let path = self.files.join(name);
        std::fs::write(&path, text).map_err(Error::io(format!("{} could not be written", path.display())))?;
        Ok(path)
    }

    /// Removes the files that were exchanged; the store stays.
    ///
    /// # Errors
    /// They cannot be removed.
    pub fn remove_files(&self) -> Result<(), Error> {
        std::fs::remove_dir_all(&self.files)
            .map_err(Error::io(format!("{} could not be removed", self.files.display())))
    }
}

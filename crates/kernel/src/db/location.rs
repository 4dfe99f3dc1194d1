//! Where a store is, as people write it.

use super::postgres::Server;
use crate::Refuse;
use std::fmt;
use std::path::{Path, PathBuf};

/// Where a store is: a folder of this machine, or a database of a PostgreSQL server. Never shows a password.
#[derive(Clone, Debug)]
pub enum Location {
    /// `sqlite:DIR`
    Sqlite(PathBuf),
    /// `postgres://…`
    Postgres(Server),
}

impl Location {
    /// Reads `sqlite:DIR`, `postgres://USER@HOST/DATABASE` or `postgresql://…`.
    ///
    /// # Errors
    /// [`LocationRefusal::Url`].
    pub fn parse(text: &str) -> Result<Self, LocationRefusal> {
        match text.strip_prefix("sqlite:") {
            Some("") => Err(LocationRefusal::Url),
            Some(folder) => Ok(Self::Sqlite(folder.into())),
            None => Server::parse(text).map(Self::Postgres).ok_or(LocationRefusal::Url),
        }
    }

    /// The same store, whose tables are made and changed by the role that `owner` names.
    ///
    /// # Errors
    /// [`LocationRefusal::Owner`]: only a server has roles, and both must name the same database.
    pub fn owned_by(self, owner: Self) -> Result<Self, LocationRefusal> {
        match (self, owner) {
            (Self::Postgres(server), Self::Postgres(owner)) => {
                server.owned_by(owner).map(Self::Postgres).ok_or(LocationRefusal::Owner)
            }
            _ => Err(LocationRefusal::Owner),
        }
    }

    /// The data folder, where the store is one.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        match self {
            Self::Sqlite(folder) => Some(folder),
            Self::Postgres(_) => None,
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(folder) => folder.display().fmt(f),
            Self::Postgres(server) => server.fmt(f),
        }
    }
}

impl<P: AsRef<Path> + ?Sized> From<&P> for Location {
    fn from(folder: &P) -> Self {
        Self::Sqlite(folder.as_ref().to_owned())
    }
}

impl From<&Self> for Location {
    fn from(location: &Self) -> Self {
        location.clone()
    }
}

/// Why a place cannot be one of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LocationRefusal {
    /// It cannot be read. It is not repeated: it may hold a password.
    Url,
    /// The role that owns the tables was named for something else.
    Owner,
}

impl Refuse for LocationRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Url => "store.url",
            Self::Owner => "store.owner",
        }
    }
}

impl fmt::Display for LocationRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Url => "write a store as sqlite:DIR or postgres://USER@HOST/DATABASE",
            Self::Owner => "a role that migrates is for a PostgreSQL store; both URLs name a user, and the same server and database",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_are_of_the_same_database() {
        let check = |store: &str, owner: &str, is_one: bool| {
            let [store_place, owner_place] = [store, owner].map(|url| Location::parse(url).unwrap());
            let result = store_place.owned_by(owner_place).map(|_| ());
            assert_eq!(result, if is_one { Ok(()) } else { Err(LocationRefusal::Owner) }, "{store} {owner}");
        };
        check("postgres://app@host/anvis", "postgres://owner@host/anvis", true);
        check("postgres://app:a@host:5433/anvis", "postgresql://owner:o@host:5433/anvis?sslmode=disable", true);
        check("postgres://app@host/anvis", "postgres://owner@host:5432/anvis", true);
        check("postgres://app@/anvis?host=host", "postgres://owner@host:5432/anvis", true);
        check("postgres://app@one,two/anvis", "postgres://owner@/anvis?host=one&host=two&port=5432", true);
        check("postgres://app@one,two/anvis", "postgres://owner@/anvis?host=one&host=two&port=5432,5433", false);
        check("postgres://app@host/anvis", "postgres://owner@host/other", false);
        check("postgres://app@host/anvis", "postgres://owner@other/anvis", false);
        check("postgres://app@host/anvis", "postgres://owner@host:5433/anvis", false);
        check("postgres://host/anvis", "postgres://owner@host/anvis", false);
        check("postgres://app@host/anvis", "postgres://host/anvis", false);
        // A URL without a database names the one that is called like its user.
        check("postgres://app@host", "postgres://owner@host", false);
        check("postgres://app@host", "postgres://owner@host/app", true);
        check("sqlite:store", "postgres://owner@host/anvis", false);
        check("postgres://app@host/anvis", "sqlite:store", false);
    }
}

//! What was said on the command line, and what the environment has set.

use crate::cli::{Cli, Command, Owner, Store};
use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory, FromArgMatches};

impl Cli {
    /// Reads the command line, which goes before the environment: a data folder that is named there is the store, whatever
    /// store the environment names.
    pub fn read() -> Result<Self, clap::Error> {
        let mut matches = Self::command().try_get_matches()?;
        let mut cli = Self::from_arg_matches(&matches).map_err(|error| error.format(&mut Self::command()))?;
        let is_said = |matches: &ArgMatches, name| matches.value_source(name) == Some(ValueSource::CommandLine);
        if is_said(&matches, "data") && !is_said(&matches, "store") {
            cli.common.store = None;
        }
        if let Some(owner) = cli.command.owner_mut() {
            while let Some((_, inner)) = matches.remove_subcommand() {
                matches = inner;
            }
            owner.is_said = is_said(&matches, "migrate_store");
        }
        Ok(cli)
    }
}

impl Command {
    fn owner_mut(&mut self) -> Option<&mut Owner> {
        match self {
            Self::Init { owner, .. }
            | Self::Migrate(owner)
            | Self::Store(Store::Copy { owner, .. })
            | Self::Restore { owner, .. } => Some(owner),
            _ => None,
        }
    }
}

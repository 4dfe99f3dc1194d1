//! The binary: command line, composition, and nothing that decides.

mod cli;
mod console;
mod demo;
mod run;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::Cli::try_parse() {
        Ok(cli) => run::run(cli),
        Err(error) => console::usage(&error),
    }
}

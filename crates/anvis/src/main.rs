//! The binary: command line, composition, and nothing that decides.

mod cli;
mod console;
mod demo;
mod run;
mod said;

use mimalloc::MiMalloc;
use std::process::ExitCode;

/// Requests come and go on many threads, and each makes a hundred small things: the system's allocator took a seventh of the
/// service's time.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    match cli::Cli::read() {
        Ok(cli) => run::run(cli),
        Err(error) => console::usage(&error),
    }
}

//! `cargo xtask bench`: how fast, beside its floors.

use crate::run::cargo;

/// Runs the bench.
pub fn run(args: &[String]) -> Result<(), String> {
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    cargo(&["bench", "--package", "anvis", "--bench", "figures", "--"]).args(&args).succeed()
}

//! `cargo xtask bench`: how fast, beside its floors.

use crate::postgres::Cluster;
use crate::run::cargo;

/// As a server would be set up that has a machine of this size to itself.
const SETTINGS: &[&str] = &["shared_buffers = 4GB", "max_wal_size = 16GB", "checkpoint_timeout = 30min"];

/// Runs the bench; `http` is one of its own. With `--store postgres` on a PostgreSQL made for it, which syncs.
pub fn run(args: &[String]) -> Result<(), String> {
    let mut args: Vec<&str> = args.iter().map(String::as_str).collect();
    if args.first() == Some(&"http") {
        return cargo(&["bench", "--package", "anvis", "--bench", "http", "--"]).args(&args[1..]).succeed();
    }
    let mut cluster = None;
    for at in 1..args.len() {
        if args[at - 1..=at] == ["--store", "postgres"] {
            let cluster = cluster.insert(Cluster::start(SETTINGS)?);
            let url: &'static str = cluster.url().leak();
            args[at] = url;
        }
    }
    cargo(&["bench", "--package", "anvis", "--bench", "figures", "--"]).args(&args).succeed()
}

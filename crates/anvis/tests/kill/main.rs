//! The process is killed, everywhere and anywhere: nothing is lost, nothing doubled.
//!
//! With the feature `failpoints` it is killed before and after every sync, commit and rename in turn. Without, it is killed by
//! `SIGKILL` whenever it has got so far as a random number says; the binary of `ANVIS_TEST_BINARY`, `ANVIS_KILLS` times. Then
//! several processes at once; on PostgreSQL these are struck as often, and their connections are cut as well.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod chance;
mod commits;
mod crowd;
#[expect(dead_code, reason = "shared with the other integration tests, which use all of it")]
#[path = "../it/pain.rs"]
mod pain;
#[cfg(feature = "failpoints")]
mod points;
mod process;
mod races;
mod random;
#[expect(dead_code, reason = "shared with the tests of letters, which use all of it")]
#[path = "../../../letter/tests/it/reader.rs"]
mod reader;
#[expect(dead_code, reason = "shared with the other integration tests, which use all of it")]
#[path = "../it/support.rs"]
mod support;

use support::World;

/// The files of a world's outputs by name, with the name of its batch left out.
fn outputs(world: &World, batch: &str) -> Vec<(String, String)> {
    let read = |name: String| {
        let content = world.read(&name).replace(batch, "BATCH");
        (name.replace(batch, "BATCH"), content)
    };
    world.files("out").into_iter().map(read).collect()
}

fn count(world: &World, sql: &str) -> i64 {
    world.number(sql)
}

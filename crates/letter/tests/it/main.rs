//! Letters as whoever opens the file reads them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod cases;
mod drawing;
mod reader;
mod samples;

//! Letters as whoever opens the file reads them.

mod drawing;
mod reader;
mod samples;

//! The edge: HTTP before the registry, for other systems.
//!
//! Promises:
//! - **One table** ([`routes::all`]) makes the router, the check of who may, and the published description.
//! - **What cannot be taken is turned away before anything of it is done**; what was taken is done, and answered if the client
//!   is still there.
//! - **Nothing of a person stands in an address, a log, a figure or a problem document.**
//! - **Everything is bounded** ([`Limits`]): a slow client holds a connection for a while, and no thread.
//! - The core is synchronous; this is the only crate in which something waits without a thread.

pub mod body;
pub mod caller;
mod codes;
pub mod core;
pub mod delivery;
mod edge;
mod emptied;
pub mod headers;
pub mod identity;
mod lent;
mod limits;
mod log;
mod metrics;
pub mod notices;
mod openapi;
pub mod ownership;
mod page;
pub mod page_of;
pub mod phase_out;
mod problem;
pub mod rounds;
pub mod route;
pub mod routes;
pub mod server;
mod stop_page;
pub mod stream;
mod transfers;

pub use edge::{Edge, Parts, Peer, Service};
pub use limits::Limits;
pub use log::Log;
pub use metrics::{Metrics, Queue};
pub use openapi::document;
pub use problem::{Language, Problem};

//! How much of everything one client can make us hold, and how long it can let us wait.

use std::time::Duration;

/// Bounds of requests and connections.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections at once; further ones wait in the operating system's queue.
    pub connections: usize,
    /// Requests at once on one connection of HTTP/2.
    pub streams: u32,
    /// Headers of a request.
    pub headers: usize,
    /// All headers of a request.
    pub header_bytes: usize,
    /// The address of a request.
    pub uri_bytes: usize,
    /// A body that is read whole, unless its route says otherwise.
    pub body_bytes: usize,
    /// To agree on encryption.
    pub handshake: Duration,
    /// For the head of a request to arrive, the connection being open: so it is how long an idle connection is kept, too.
    pub idle: Duration,
    /// For a body that is read whole to arrive.
    pub body: Duration,
    /// For what is still coming of a body that is refused, up to as many bytes as one that is read whole; and once more for what
    /// comes after the answer: so it is heard.
    pub discard: Duration,
    /// For a body that is streamed: how long we wait in all, to which bytes add; and for an answer to be taken.
    pub patience: Duration,
    /// How fast a streamed body must arrive in the long run.
    pub bytes_per_second: u32,
    /// Files that come in or go out at once. Each takes a few megabytes of memory.
    pub transfers: usize,
    /// Of these, how many one client can have: whoever is slow keeps out nobody else.
    pub transfers_of_one: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4_096,
            streams: 128,
            headers: 64,
            header_bytes: 16 * 1024,
            uri_bytes: 2_048,
            body_bytes: 1024 * 1024,
            handshake: Duration::from_secs(10),
            idle: Duration::from_secs(30),
            body: Duration::from_secs(20),
            discard: Duration::from_secs(1),
            patience: Duration::from_secs(30),
            bytes_per_second: 16 * 1024,
            transfers: 24,
            transfers_of_one: 4,
        }
    }
}

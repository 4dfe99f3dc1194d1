//! Connections that go from hand to hand. To open one costs milliseconds, for the engine reads the whole schema and each statement is
//! prepared anew; that is more than a file of a few payments takes.

use crate::Connection;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};

/// So many wait at most: as many as one file of payments is worked on with, and the writer's.
const IDLE_MAX: usize = 4;

/// The connections of a store that nobody has.
#[derive(Clone, Default)]
pub(crate) struct Idle(Arc<Mutex<Vec<Connection>>>);

impl Idle {
    pub(crate) fn take(&self) -> Option<Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    pub(crate) fn give(&self, mut connection: Connection) {
        connection.rest();
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_MAX {
            idle.push(connection);
        }
    }

    pub(crate) fn lend(&self, connection: Connection) -> Lent {
        Lent { connection: Some(connection), idle: self.clone() }
    }
}

/// A connection that somebody else has afterwards.
pub struct Lent {
    connection: Option<Connection>,
    idle: Idle,
}

impl Deref for Lent {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection.as_ref().expect("it is there until it is dropped")
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut Connection {
        self.connection.as_mut().expect("it is there until it is dropped")
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        // Whoever panics may have left it as nobody expects it.
        if let Some(connection) = self.connection.take().filter(|_| !std::thread::panicking()) {
            self.idle.give(connection);
        }
    }
}

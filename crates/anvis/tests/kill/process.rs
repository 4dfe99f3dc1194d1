//! A command that is under way, and that others can strike meanwhile.

use crate::support::Answer;
use std::io::Read;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};

/// A process; whoever has a clone of it can kill it while another waits for its end.
#[derive(Clone)]
pub struct Process {
    args: String,
    id: u32,
    child: Arc<Mutex<Child>>,
}

impl Process {
    pub fn start(args: &str, mut command: Command) -> Self {
        let child = command.spawn().unwrap();
        Self { args: args.to_owned(), id: child.id(), child: Arc::new(Mutex::new(child)) }
    }

    pub const fn id(&self) -> u32 {
        self.id
    }

    pub fn is_over(&self) -> bool {
        self.child.lock().unwrap().try_wait().unwrap().is_some()
    }

    /// Kills it, unless it has ended by itself.
    pub fn kill(&self) {
        self.child.lock().unwrap().kill().unwrap();
    }

    /// Waits for its end, and lets it be killed until then.
    pub fn end(self) -> Answer {
        let (stdout, stderr) = {
            let mut child = self.child.lock().unwrap();
            (child.stdout.take().unwrap(), child.stderr.take().unwrap())
        };
        let read = |mut from: Box<dyn Read>| {
            let mut said = String::new();
            from.read_to_string(&mut said).unwrap();
            said
        };
        let (stdout, stderr) = (read(Box::new(stdout)), read(Box::new(stderr)));
        let status = self.child.lock().unwrap().wait().unwrap();
        // A process that was killed has no code.
        Answer { args: self.args, exit: status.code().unwrap_or(-1), stdout, stderr }
    }
}

//! A command that comes in a signed message: it is done once, on whichever process. Electronic identity knows the message, and
//! another service what it wants; both become durable together.

use eid::commands::{UseOnce, Used};
use kernel::journal::Rows;
use kernel::{Decided, Decision, Env, Error, Joint, Once, Operation, Refusal, Scope};
use serde_json::json;
use std::cell::Cell;

/// A command and the message that it came in. Whatever it decides, the message was used then; if it is refused, nothing was done,
/// and the message can come again.
pub struct InMessage<C> {
    /// The message.
    pub message: UseOnce,
    /// What it wants.
    pub command: C,
}

impl<C: Joint> Joint for InMessage<C> {
    const OPERATION: Operation = C::OPERATION;
    const READS_JOURNAL: bool = C::READS_JOURNAL;
    type State = (Used, C::State);
    /// The changes of the command, which are taken when it is saved.
    type Change = Cell<Vec<C::Change>>;
    type Output = C::Output;

    fn once(&self) -> Option<Once> {
        self.command.once()
    }

    fn load(scope: &Scope<'_>, all: &[&Self]) -> Result<Self::State, Error> {
        let used = Used::load(scope, all.iter().map(|sent| &sent.message))?;
        Ok((used, C::load(scope, &all.iter().map(|sent| &sent.command).collect::<Vec<_>>())?))
    }

    fn decide(
        &self,
        (used, state): &mut Self::State,
        env: &Env,
    ) -> Result<Decision<Self::Change, Self::Output>, Refusal> {
        used.check(&self.message, env.now)?;
        let Decision { changes, facts, output } = self.command.decide(state, env)?;
        used.take(&self.message, env.now)?;
        let mut facts = facts.unwrap_or_else(|| json!({}));
        facts["message"] = self.message.id().into();
        Ok(Decision::of(vec![Cell::new(changes)], facts, output))
    }

    fn save(scope: &Scope<'_>, decided: &[Decided<'_, Self>]) -> Result<Vec<Vec<Rows>>, Error> {
        Used::save(scope, decided.iter().map(|decided| &decided.command.message))?;
        let wanted = decided.iter().map(|Decided { command, entry, changes }| {
            let changes = changes.iter().flat_map(Cell::take).collect();
            Decided { command: &command.command, entry: *entry, changes }
        });
        C::save(scope, &wanted.collect::<Vec<_>>())
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::testing::TestPlace;
    use kernel::{Actor, Role, Secrets, Store, Timestamp, Writer};

    /// Refuses, changes nothing, or does something.
    #[derive(Clone, Copy)]
    enum Wanted {
        Refusal,
        Nothing,
        Something,
    }

    impl Joint for Wanted {
        const OPERATION: Operation = Operation { name: "test.want", roles: &[Role::Bank] };
        type State = ();
        type Change = u8;
        type Output = ();

        fn load(_: &Scope<'_>, _: &[&Self]) -> Result<(), Error> {
            Ok(())
        }

        fn decide(&self, (): &mut (), _: &Env) -> Result<Decision<u8, ()>, Refusal> {
            match self {
                Self::Refusal => Err(Refusal {
                    code: "test.refused",
                    text: "as the test wants it".to_owned(),
                    retry_after_seconds: None,
                }),
                Self::Nothing => Ok(Decision::unchanged(())),
                Self::Something => Ok(Decision::of(vec![7], json!({}), ())),
            }
        }

        fn save(_: &Scope<'_>, decided: &[Decided<'_, Self>]) -> Result<Vec<Vec<Rows>>, Error> {
            for Decided { command, changes, .. } in decided {
                let expected: &[u8] = if matches!(command, Self::Something) { &[7] } else { &[] };
                assert_eq!(changes, expected, "a command is given its own changes");
            }
            Ok(decided.iter().map(|_| vec![]).collect())
        }
    }

    const NOW: i64 = 1_800_000_000_000_000;

    fn run(writer: &mut Writer, messages: &[(&str, Wanted)]) -> Vec<Option<&'static str>> {
        let (actor, env) = (Actor::client(Role::Bank, "bank"), Env::new(Timestamp::from_micros(NOW), 0));
        let command = |(id, command): &(&str, Wanted)| {
            let expires = Timestamp::from_micros(if *id == "late" { NOW } else { NOW + 1 });
            let message = UseOnce::new(writer.store.vault(), "bank", id, expires).unwrap();
            (InMessage { message, command: *command }, &actor, &env)
        };
        let commands: Vec<_> = messages.iter().map(command).collect();
        let done = writer.execute_group(|group| group.execute_jointly(&commands)).unwrap();
        done.into_iter().map(|done| done.err().map(|refusal| refusal.code)).collect()
    }

    #[test]
    fn a_message_is_used_by_what_it_did() {
        let folder = tempfile::tempdir().unwrap();
        let migrations: Vec<_> = crate::migrations().collect();
        let (place, env) = (TestPlace::empty(folder.path()), Env::new(Timestamp::from_micros(NOW), 0));
        let (key, mut secrets) = (folder.path().join("key"), Secrets::from_system());
        let store = Store::create(place.location(), &key, &migrations, true, &env, &mut secrets).unwrap();
        let (mut one, mut other) = (store.writer(secrets).unwrap(), store.writer(Secrets::from_system()).unwrap());
        use Wanted::{Nothing, Refusal, Something};
        let (refused, replayed) = (Some("test.refused"), Some("message.replayed"));
        // Twice in one transaction, and again on another process.
        let sent =
            [("1", Something), ("2", Nothing), ("1", Something), ("2", Nothing), ("3", Refusal), ("3", Something)];
        assert_eq!(run(&mut one, &sent), [None, None, replayed, replayed, refused, None]);
        assert_eq!(run(&mut other, &sent[..5]), [replayed, replayed, replayed, replayed, replayed]);
        // What was refused did nothing, and can come again.
        assert_eq!(run(&mut one, &[("4", Refusal)]), [refused]);
        assert_eq!(run(&mut other, &[("4", Something), ("late", Something)]), [None, Some("message.time")]);
        let size = one.read(|scope| kernel::journal::size_and_root(scope.tx)).unwrap().0 as i64;
        let facts = one.read(|scope| kernel::journal::read(scope, size - 2)).unwrap().facts;
        assert_eq!(facts, json!({ "message": "4" }));
        one.read(|scope| crate::verify(scope, None, &mut |_| {})).unwrap();
    }
}

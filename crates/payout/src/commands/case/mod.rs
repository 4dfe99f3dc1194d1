//! What is done for a victim, a file each. All of it goes by the commands that there are, with their rules and their two people; that it
//! was done under the case stands in the same entry.

mod close;
mod give;
mod look;
mod open;
mod recall;
mod revert;
mod trace;

pub use close::{Close, Closed, close};
pub(crate) use give::require_given;
pub use give::{AskDisclosure, Give};
pub use look::{case_of, show_case};
pub use open::{Opened, Opening, open};
pub use recall::{CaseRecall, recall_for_case};
pub use revert::{Reverting, revert};
pub use trace::{CaseTrace, trace_case};

use crate::case::{Act, ActKind, Case, CaseRefusal, State, require_room};
use crate::store;
use crate::store::case::Found;
use kernel::journal::{Entry, Rows};
use kernel::{Actor, Blind, Command, Decision, Env, Error, Id, Operation, Refusal, Scope, Writer};
use registry::ask::{AnswerClass, AskKind};
use registry::commands::log_look_up;
use registry::officer;

/// Finds the case of a name.
pub(crate) fn find(scope: &Scope<'_>, name: &str) -> Result<Found, Error> {
    let found = match Id::<Case>::parse_name(name) {
        Some(id) => store::case::find(scope, id)?,
        None => None,
    };
    found.ok_or_else(|| CaseRefusal::Unknown.into())
}

/// Refuses what is not done where a case stands so, and whoever has no name.
fn require(found: &Found, kind: ActKind, officer: &Actor, is_synthetic: bool) -> Result<(), CaseRefusal> {
    officer::require_named(officer, is_synthetic)?;
    State::of(&found.acts).require(kind)?;
    require_room(&found.acts, kind)
}

/// Whether what something was planned from is still so.
type Holds<'h> = dyn Fn(&Scope<'_>) -> Result<bool, Error> + 'h;

/// A command that is done under a case: its entry has the act as well, or neither is there.
struct Under<'u, C: Command> {
    /// The case, by name.
    case: &'u str,
    kind: ActKind,
    /// Whether what it was planned from is still so, where it was planned before the transaction.
    holds: Option<&'u Holds<'u>>,
    /// What the act is about, by what came of the command.
    about: fn(&C::Output) -> String,
    why: &'u str,
    officer: &'u Actor,
    is_synthetic: bool,
    command: C,
}

/// What is changed under a case.
struct Done<Change> {
    case: Id<Case>,
    payee: Blind,
    act: Act,
    changes: Vec<Change>,
}

impl<C: Command> Command for Under<'_, C> {
    const OPERATION: Operation = C::OPERATION;
    const READS_JOURNAL: bool = C::READS_JOURNAL;
    type State = (Found, C::State);
    type Change = Done<C::Change>;
    type Output = C::Output;

    fn load(&self, scope: &Scope<'_>) -> Result<Self::State, Error> {
        if let Some(holds) = self.holds
            && !holds(scope)?
        {
            return Err(CaseRefusal::Meanwhile.into());
        }
        Ok((find(scope, self.case)?, self.command.load(scope)?))
    }

    fn decide(&self, (found, state): Self::State, env: &Env) -> Result<Decision<Self::Change, Self::Output>, Refusal> {
        require(&found, self.kind, self.officer, self.is_synthetic)?;
        let Decision { changes, facts, output } = self.command.decide(state, env)?;
        let Some(mut facts) = facts else { return Ok(Decision::unchanged(output)) };
        facts["case"] = found.case.id.name().into();
        let act = Act::new(self.kind, env.now, self.officer.name(), (self.about)(&output));
        let act = Act { why: self.why.to_owned(), ..act };
        Ok(Decision::of(vec![Done { case: found.case.id, payee: found.case.payee, act, changes }], facts, output))
    }

    fn save(&self, scope: &Scope<'_>, done: &[Self::Change], entry: Entry) -> Result<Vec<Rows>, Error> {
        let mut rows = Vec::new();
        for Done { case, payee, act, changes } in done {
            rows.extend(self.command.save(scope, changes, entry)?);
            if self.kind == ActKind::Recalled {
                // Whoever asks back learns what was paid.
                let found = [AnswerClass::InForce];
                rows.extend(log_look_up(scope, entry, self.officer, *payee, AskKind::Payments, &found)?);
            }
            rows.push(store::case::insert_act(scope, entry, *case, act)?);
        }
        Ok(rows)
    }
}

/// So many ids a command of a group may give.
const IDS_EACH: u32 = 16;

/// Environments for commands of one group, each with ids of its own: by one chance, so that no two of them clash.
fn envs(writer: &mut Writer, env: &Env, count: usize) -> Result<Vec<Env>, Error> {
    let first = u32::from_le_bytes(writer.secrets.bytes()?);
    Ok((0..count as u32).map(|at| Env::new(env.now, first.wrapping_add(at.wrapping_mul(IDS_EACH)))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::testing::TestPlace;
    use kernel::{Secrets, Store, Timestamp};

    /// What would be done under a case.
    struct Something;

    impl Command for Something {
        const OPERATION: Operation = crate::policy::ACT_ON_CASE;
        type State = ();
        type Change = ();
        type Output = ();

        fn load(&self, _: &Scope<'_>) -> Result<(), Error> {
            Ok(())
        }

        fn decide(&self, (): (), _: &Env) -> Result<Decision<(), ()>, Refusal> {
            Ok(Decision::unchanged(()))
        }

        fn save(&self, _: &Scope<'_>, _: &[()], _: Entry) -> Result<Vec<Rows>, Error> {
            Ok(vec![])
        }
    }

    #[test]
    fn what_was_planned_from_something_that_changed_is_not_done() {
        let folder = tempfile::tempdir().unwrap();
        let place = TestPlace::empty(folder.path());
        let migrations: Vec<_> =
            kernel::MIGRATIONS.iter().chain(registry::MIGRATIONS).chain(crate::MIGRATIONS).collect();
        let (env, key) = (Env::new(Timestamp::from_micros(0), 0), folder.path().join("key"));
        let mut secrets = Secrets::from_system();
        let store = Store::create(place.location(), &key, &migrations, true, &env, &mut secrets).unwrap();
        let (connection, officer) = (store.connect().unwrap(), Actor::operator("anna"));
        let mut writer = Writer { store, connection, secrets };
        let mut check = |is_so: bool, expected: &str| {
            let holds = move |_: &Scope<'_>| Ok(is_so);
            let under = Under {
                holds: Some(&holds),
                case: "0000000000001",
                kind: ActKind::Traced,
                about: |(): &()| String::new(),
                why: "",
                officer: &officer,
                is_synthetic: true,
                command: Something,
            };
            assert_eq!(writer.execute(&under, &officer, &env).unwrap_err().code(), expected);
        };
        check(false, "case.meanwhile");
        // Such a case there is none.
        check(true, "case.unknown");
    }
}

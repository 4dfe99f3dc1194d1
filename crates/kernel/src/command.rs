//! The one write path.

use crate::journal::{self, Appended, Appender, Entry, Rows, Salt, Table};
use crate::merkle::{Encoder, Hash, Tree};
use crate::officer::require_standing;
use crate::{Actor, Blind, Env, Error, Operation, Refusal, Refuse, Secrets, StoreError, Tx, Vault, Writer, statements};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

statements! {
    FIND_ANSWER = "answer.find": "SELECT sealed FROM answer WHERE key = $1";
    INSERT_ANSWER = "answer.insert": "INSERT INTO answer (key, entry, sealed) VALUES ($1, $2, $3)";
    RANGE = "answer.range": "SELECT entry, key, sealed FROM answer WHERE entry >= $1 AND entry < $2 ORDER BY entry";
    COUNT = "answer.count": "SELECT COUNT(*) FROM answer";
}

const ANSWER_COLUMN: &str = "answer.sealed";

/// What loading and saving see: the transaction and the vault.
pub struct Scope<'t> {
    /// The transaction under way.
    pub tx: &'t Tx<'t>,
    /// What seals and opens values.
    pub vault: &'t Vault,
}

/// What a command decided: data, saved afterwards.
pub struct Decision<Change, Output> {
    /// What is to be saved.
    pub changes: Vec<Change>,
    /// What the journal is to say of it; nothing when nothing happened.
    pub facts: Option<serde_json::Value>,
    /// The answer.
    pub output: Output,
}

impl<Change, Output> Decision<Change, Output> {
    /// Something happened: save it and journal it.
    pub fn of(changes: Vec<Change>, facts: serde_json::Value, output: Output) -> Self {
        Self { changes, facts: Some(facts), output }
    }

    /// All is as the command wants it already.
    pub fn unchanged(output: Output) -> Self {
        Self { changes: Vec::new(), facts: None, output }
    }
}

/// By what a repeated command is known: the same `key` gives the first answer again, and does nothing twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Once {
    /// Whoever repeats the command repeats this.
    pub key: Hash,
    /// What the command asks for: with another, the key was used for something else.
    pub request: Hash,
}

impl Once {
    /// The key says by itself what is asked for.
    #[must_use]
    pub const fn by(key: Hash) -> Self {
        Self { key, request: key }
    }

    /// The key is `word`, chosen by `actor` for this one `operation`. Others' words are other keys.
    #[must_use]
    pub fn of(actor: &Actor, operation: &Operation, word: &str, request: Hash) -> Self {
        let key = Encoder::default()
            .start("once")
            .bytes(actor.name().as_bytes())
            .bytes(operation.name.as_bytes())
            .bytes(word.as_bytes())
            .leaf();
        Self { key, request }
    }
}

/// An idempotency key that was used before, for another request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Reused;

impl Refuse for Reused {
    fn code(&self) -> &'static str {
        "idempotency.reused"
    }
}

impl fmt::Display for Reused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the idempotency key was used before, for another request")
    }
}

/// Something that may be done: load, decide, save.
pub trait Command {
    /// Its row of the policy, and the kind of its journal entries.
    const OPERATION: Operation;
    /// What deciding needs to know.
    type State;
    /// What saving is told.
    type Change;
    /// What the caller is told. It is kept, sealed, when the command is to be known again.
    type Output: Serialize + DeserializeOwned;

    /// By what it is known when it is repeated.
    fn once(&self) -> Option<Once> {
        None
    }

    /// Whether [`Command::load`] may look into the journal. In a group, what came before is written first then.
    const READS_JOURNAL: bool = true;

    /// Reads what [`Command::decide`] needs.
    ///
    /// # Errors
    /// The store's, or a refusal because something named is not there.
    fn load(&self, scope: &Scope<'_>) -> Result<Self::State, Error>;

    /// Decides. Pure: no store, no clock, no chance but `env`.
    ///
    /// # Errors
    /// The refusal.
    fn decide(&self, state: Self::State, env: &Env) -> Result<Decision<Self::Change, Self::Output>, Refusal>;

    /// Saves the changes as part of `entry`, and says which rows they made.
    ///
    /// # Errors
    /// The store's.
    fn save(&self, scope: &Scope<'_>, changes: &[Self::Change], entry: Entry) -> Result<Vec<Rows>, Error>;
}

/// A command that may come again: asked for once more under the same name, it gives the first answer, and does nothing twice.
pub struct Repeatable<C> {
    /// The command.
    pub command: C,
    /// By what it is known when it is repeated.
    pub once: Option<Once>,
}

impl<C: Command> Command for Repeatable<C> {
    const OPERATION: Operation = C::OPERATION;
    const READS_JOURNAL: bool = C::READS_JOURNAL;
    type State = C::State;
    type Change = C::Change;
    type Output = C::Output;

    fn once(&self) -> Option<Once> {
        self.once
    }

    fn load(&self, scope: &Scope<'_>) -> Result<C::State, Error> {
        self.command.load(scope)
    }

    fn decide(&self, state: C::State, env: &Env) -> Result<Decision<C::Change, C::Output>, Refusal> {
        self.command.decide(state, env)
    }

    fn save(&self, scope: &Scope<'_>, changes: &[C::Change], entry: Entry) -> Result<Vec<Rows>, Error> {
        self.command.save(scope, changes, entry)
    }
}

/// Commands of one kind that are loaded and saved together, and decided one after the other. Where each asks the store for
/// little, asking once for all is several times faster.
pub trait Joint: Sized {
    /// As in [`Command`].
    const OPERATION: Operation;
    /// As in [`Command`].
    const READS_JOURNAL: bool = true;
    /// What deciding needs to know of all of them, and what those before have decided.
    type State;
    /// As in [`Command`].
    type Change;
    /// As in [`Command`].
    type Output: Serialize + DeserializeOwned;

    /// As in [`Command`].
    fn once(&self) -> Option<Once> {
        None
    }

    /// Reads what [`Joint::decide`] needs. It refuses nothing: that would be everyone's refusal.
    ///
    /// # Errors
    /// The store's.
    fn load(scope: &Scope<'_>, commands: &[&Self]) -> Result<Self::State, Error>;

    /// Decides one, after those before it. Pure.
    ///
    /// # Errors
    /// The refusal; the state is as it was before.
    fn decide(&self, state: &mut Self::State, env: &Env) -> Result<Decision<Self::Change, Self::Output>, Refusal>;

    /// Saves what was decided, in that order, and says for each which rows its entry made.
    ///
    /// # Errors
    /// The store's.
    fn save(scope: &Scope<'_>, decided: &[Decided<'_, Self>]) -> Result<Vec<Vec<Rows>>, Error>;
}

/// What one of several commands changes.
pub struct Decided<'c, C: Joint> {
    /// The command.
    pub command: &'c C,
    /// The entry that records it.
    pub entry: Entry,
    /// Its changes.
    pub changes: Vec<C::Change>,
}

/// A command by itself.
struct Alone<'c, C>(&'c C);

impl<C: Command> Joint for Alone<'_, C> {
    const OPERATION: Operation = C::OPERATION;
    const READS_JOURNAL: bool = C::READS_JOURNAL;
    /// What was loaded, or why it was refused; until it is decided.
    type State = Option<Result<C::State, Refusal>>;
    type Change = C::Change;
    type Output = C::Output;

    fn once(&self) -> Option<Once> {
        self.0.once()
    }

    fn load(scope: &Scope<'_>, commands: &[&Self]) -> Result<Self::State, Error> {
        let [command] = commands else { return Err(StoreError::plain("a command by itself is one").into()) };
        match command.0.load(scope) {
            Err(Error::Refused(refusal)) => Ok(Some(Err(refusal))),
            loaded => Ok(Some(Ok(loaded?))),
        }
    }

    fn decide(&self, state: &mut Self::State, env: &Env) -> Result<Decision<C::Change, C::Output>, Refusal> {
        self.0.decide(state.take().expect("a command by itself is decided once")?, env)
    }

    fn save(scope: &Scope<'_>, decided: &[Decided<'_, Self>]) -> Result<Vec<Vec<Rows>>, Error> {
        decided.iter().map(|decided| decided.command.0.save(scope, &decided.changes, decided.entry)).collect()
    }
}

/// Runs one command in one transaction: idempotency look-up, policy, load, decide, save, journal, commit. A refusal changes
/// nothing but the journal, which tells of it.
///
/// # Errors
/// The command's refusal, a conflict, or the store's failure; then nothing has changed.
pub fn execute<C: Command>(writer: &mut Writer, command: &C, actor: &Actor, env: &Env) -> Result<C::Output, Error> {
    Ok(execute_group(writer, |group| group.execute(command, actor, env))??)
}

/// Runs several commands in one transaction: each finds what those before it did, and all become durable together. What syncs
/// the disk once for each command syncs it once for all of them.
///
/// `work` may be done again, as in [`crate::Connection::write`]; it must call for the same commands with the same [`Env`]s then.
///
/// # Errors
/// Those of `work`, a conflict, or the store's failure; then nothing of the group has changed. Whoever wants to know which
/// command it was runs each by itself.
pub fn execute_group<T>(
    writer: &mut Writer,
    mut work: impl FnMut(&mut Group<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    let Writer { store, connection, secrets } = writer;
    let mut salts = Salts { drawn: Vec::new(), used: 0 };
    let mut done: Option<(Option<Appended>, T)> = None;
    connection.write(|tx| {
        // When the answer to a commit was lost on the way, its last entry tells whether it was made.
        if let Some((Some(appended), _)) = &done
            && journal::holds(tx, appended).map_err(still_unknown)?
        {
            return Ok(());
        }
        salts.used = 0;
        let scope = Scope { tx, vault: store.vault() };
        let (journal, answers) = (Appender::default(), BTreeMap::new());
        let (secrets, salts) = (&mut *secrets, &mut salts);
        let mut group = Group { scope, secrets, salts, journal, answers, appended: None, is_spoiled: false };
        let output = work(&mut group)?;
        if group.is_spoiled {
            return Err(StoreError::plain("a group went on after one of its commands had failed").into());
        }
        group.flush()?;
        done = Some((group.appended, output));
        Ok(())
    })?;
    Ok(done.expect("the work was done, or nothing was written").1)
}

/// Until the journal tells, whoever is told of another failure would take it that nothing was done.
fn still_unknown(error: Error) -> Error {
    let text = "it could not be found out whether a change was made durable; repeat the command to find out";
    StoreError::new(text, error).with_code("store.unknown").into()
}

/// A transaction in which commands are run.
pub struct Group<'g> {
    scope: Scope<'g>,
    secrets: &'g mut Secrets,
    salts: &'g mut Salts,
    journal: Appender,
    /// Those that are not written yet: the key, and the entry and the sealed answer.
    answers: BTreeMap<Hash, (Entry, Vec<u8>)>,
    /// The last entry.
    appended: Option<Appended>,
    /// Whether a command failed: some of what it saved may be there, and must not become durable.
    is_spoiled: bool,
}

impl Group<'_> {
    /// Runs one command. A refusal is an answer: it is journalled, and the group goes on.
    ///
    /// # Errors
    /// The store's failure, or a conflict: the group cannot go on.
    pub fn execute<C: Command>(
        &mut self,
        command: &C,
        actor: &Actor,
        env: &Env,
    ) -> Result<Result<C::Output, Refusal>, Error> {
        let mut results = self.execute_jointly(&[(Alone(command), actor, env)])?;
        Ok(results.pop().expect("one command has one result"))
    }

    /// Runs commands of one kind, as if one after the other: each has its own answer, and its own entry in the journal.
    ///
    /// # Errors
    /// The store's failure, or a conflict: the group cannot go on.
    pub fn execute_jointly<C: Joint>(
        &mut self,
        commands: &[(C, &Actor, &Env)],
    ) -> Result<Vec<Result<C::Output, Refusal>>, Error> {
        let results = self.attempt(commands);
        self.is_spoiled |= results.is_err();
        results
    }

    fn attempt<C: Joint>(&mut self, commands: &[(C, &Actor, &Env)]) -> Result<Vec<Result<C::Output, Refusal>>, Error> {
        let onces: Vec<_> = commands.iter().map(|(command, ..)| command.once()).collect();
        let kept = self.find_answers(&onces)?;
        if C::READS_JOURNAL {
            self.flush()?;
        }
        let mut allowed = Vec::with_capacity(commands.len());
        for (_, actor, _) in commands {
            allowed.push(self.admit(&C::OPERATION, actor)?);
        }
        let new: Vec<&C> = commands
            .iter()
            .zip(kept.iter().zip(&allowed))
            .filter(|(_, (kept, allowed))| kept.is_none() && allowed.is_ok())
            .map(|((command, ..), _)| command)
            .collect();
        let mut state = if new.is_empty() { None } else { Some(C::load(&self.scope, &new)?) };

        let mut results = Vec::with_capacity(commands.len());
        let mut entries: Vec<Recorded<'_>> = Vec::new();
        let mut decided = Vec::new();
        for ((((command, actor, env), once), kept), allowed) in commands.iter().zip(&onces).zip(kept).zip(allowed) {
            // The same key may be there twice.
            let waiting = once.and_then(|once| self.answers.get(&once.key)).map(|(_, sealed)| sealed.clone());
            let repeated = match (once, kept.or(waiting)) {
                (Some(once), Some(sealed)) => Some(self.open_answer(once, &sealed)?),
                _ => None,
            };
            if let Some(Ok(output)) = repeated {
                results.push(Ok(output));
                continue;
            }
            let is_reused = repeated.is_some();
            let decision = allowed.and_then(|()| match is_reused {
                true => Err(Reused.into()),
                false => command.decide(state.as_mut().expect("loaded, as the policy lets this actor do it"), env),
            });
            match decision {
                Err(refusal) => {
                    let facts = serde_json::json!({ "operation": C::OPERATION.name, "code": refusal.code });
                    let entry = self.journal.next(self.scope.tx, env.now)?;
                    entries.push(Recorded { entry, actor, kind: "refused", facts, answer: None, change: None });
                    results.push(Err(refusal));
                }
                Ok(Decision { facts: None, output, .. }) => results.push(Ok(output)),
                Ok(Decision { changes, facts: Some(facts), output }) => {
                    let entry = self.journal.next(self.scope.tx, env.now)?;
                    let answer = once.map(|once| self.keep_answer(&once, entry, &output)).transpose()?;
                    let change = Some(decided.len());
                    decided.push(Decided { command, entry, changes });
                    entries.push(Recorded { entry, actor, kind: C::OPERATION.name, facts, answer, change });
                    results.push(Ok(output));
                }
            }
        }

        let mut rows = if decided.is_empty() { Vec::new() } else { C::save(&self.scope, &decided)? };
        for Recorded { entry, actor, kind, facts, answer, change } in entries {
            let mut rows = change.map(|change| std::mem::take(&mut rows[change])).unwrap_or_default();
            rows.extend(answer);
            let salt = self.salts.next(self.secrets)?;
            let appended = self.journal.append(self.scope.vault, entry, kind, actor, &rows, &facts, salt)?;
            self.appended = Some(appended);
        }
        Ok(results)
    }

    /// Whether the policy lets somebody do this, and they are still whom it lets: they may have been ended since they came in.
    fn admit(&self, operation: &Operation, actor: &Actor) -> Result<Result<(), Refusal>, Error> {
        if let Err(refusal) = operation.require(actor) {
            return Ok(Err(refusal.into()));
        }
        match require_standing(&self.scope, actor) {
            Err(Error::Refused(refusal)) => Ok(Err(refusal)),
            standing => standing.map(Ok),
        }
    }

    /// The sealed answers to those keys that have one.
    fn find_answers(&self, onces: &[Option<Once>]) -> Result<Vec<Option<Vec<u8>>>, Error> {
        let key = |once: &Option<Once>| once.map(|once| once.key);
        let mut found: Vec<_> = onces.iter().map(|once| Some(self.answers.get(&key(once)?)?.1.clone())).collect();
        let mut sought: Vec<(Hash, usize)> =
            onces.iter().enumerate().filter_map(|(at, once)| Some((key(once)?, at))).collect();
        sought.retain(|(_, at)| found[*at].is_none());
        sought.sort_unstable();
        self.scope.tx.look_up(&FIND_ANSWER, sought.iter().map(|(key, _)| key.as_slice().into()), |index, row| {
            found[sought[index].1] = Some(row.bytes(0)?.to_vec());
            Ok(())
        })?;
        Ok(found)
    }

    fn open_answer<Output: DeserializeOwned>(
        &self,
        once: &Once,
        sealed: &[u8],
    ) -> Result<Result<Output, Reused>, Error> {
        let opened = self.scope.vault.open(ANSWER_COLUMN, &answer_row(&once.key), sealed)?;
        let damaged = || StoreError::damaged("a kept answer does not say what it answers".to_owned());
        let (request, answer) = opened.split_first_chunk().ok_or_else(damaged)?;
        if *request != once.request {
            return Ok(Err(Reused));
        }
        let answer = serde_json::from_slice(answer);
        answer.map(Ok).map_err(|error| Error::failed("a kept answer could not be read")(error.into()))
    }

    fn keep_answer<Output: Serialize>(&mut self, once: &Once, entry: Entry, output: &Output) -> Result<Rows, Error> {
        let mut answer = once.request.to_vec();
        serde_json::to_writer(&mut answer, output)
            .map_err(|error| Error::failed("an answer could not be kept")(error.into()))?;
        let sealed = self.scope.vault.seal(ANSWER_COLUMN, &answer_row(&once.key), &answer)?;
        self.answers.insert(once.key, (entry, sealed));
        let mut tree = Tree::default();
        tree.push(answer_leaf(&once.key, &answer));
        Ok(Rows::of(AnswerTable.name(), &tree))
    }

    /// Writes the entries and answers that wait: many together are written faster.
    fn flush(&mut self) -> Result<(), Error> {
        let tx = self.scope.tx;
        let rows = self.answers.iter();
        tx.run_many(
            &INSERT_ANSWER,
            rows.map(|(key, (entry, sealed))| [key.as_slice().into(), entry.number().into(), sealed.into()]),
        )?;
        self.answers.clear();
        self.journal.flush(tx)
    }
}

/// An entry that is about to be appended.
struct Recorded<'c> {
    entry: Entry,
    actor: &'c Actor,
    kind: &'static str,
    facts: serde_json::Value,
    /// The row of the kept answer.
    answer: Option<Rows>,
    /// Which of the saved changes is its own.
    change: Option<usize>,
}

/// The salts of a group's entries: drawn when they are wanted, and the same when the work is done again.
struct Salts {
    drawn: Vec<Salt>,
    used: usize,
}

impl Salts {
    fn next(&mut self, secrets: &mut Secrets) -> Result<&Salt, Error> {
        if self.used == self.drawn.len() {
            self.drawn.push(Salt::draw(secrets)?);
        }
        self.used += 1;
        Ok(&self.drawn[self.used - 1])
    }
}

fn answer_row(key: &Hash) -> Blind {
    let mut row = [0; 16];
    row.copy_from_slice(&key[..16]);
    Blind::from_bytes(row)
}

fn answer_leaf(key: &Hash, answer: &[u8]) -> Hash {
    Encoder::default().start(AnswerTable.name()).bytes(key).bytes(answer).leaf()
}

pub(crate) struct AnswerTable;

impl Table for AnswerTable {
    fn name(&self) -> &'static str {
        "answer"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        scope.tx.each(&RANGE, &[entries.start.into(), entries.end.into()], |row| {
            let key: Hash = row.array(1)?;
            let answer = scope.vault.open(ANSWER_COLUMN, &answer_row(&key), row.bytes(2)?)?;
            visit(row.int(0)?, answer_leaf(&key, &answer))
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT)
    }
}

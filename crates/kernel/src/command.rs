//! The one write path.

use crate::journal::{self, Appended, Appender, Entry, Rows, Salt, Table};
use crate::merkle::{Encoder, Hash, Tree};
use crate::{Actor, Blind, Env, Error, Operation, Refusal, Secrets, StoreError, Tx, Vault, Writer, statements};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
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

/// Something that may be done: load, decide, save.
pub trait Command {
    /// Its row of the policy, and the kind of its journal entries.
    const OPERATION: Operation;
    /// What deciding needs to know.
    type State;
    /// What saving is told.
    type Change;
    /// What the caller is told. It is kept, sealed, when the command has an idempotency key.
    type Output: Serialize + DeserializeOwned;

    /// The same key gives the same answer and does nothing twice.
    fn idempotency_key(&self) -> Option<Hash> {
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
            && journal::holds(tx, appended)?
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
        let result = self.attempt(command, actor, env);
        self.is_spoiled |= result.is_err();
        result
    }

    fn attempt<C: Command>(
        &mut self,
        command: &C,
        actor: &Actor,
        env: &Env,
    ) -> Result<Result<C::Output, Refusal>, Error> {
        let key = command.idempotency_key();
        if let Some(answer) = key.map(|key| self.find_answer(&key)).transpose()?.flatten() {
            return Ok(Ok(answer));
        }
        if C::READS_JOURNAL {
            self.flush()?;
        }
        match self.decide(command, actor, env) {
            Err(Error::Refused(refusal)) => {
                let facts = serde_json::json!({ "operation": C::OPERATION.name, "code": refusal.code });
                self.journal.next(self.scope.tx, env.now)?;
                self.append("refused", actor, &[], &facts)?;
                Ok(Err(refusal))
            }
            Err(error) => Err(error),
            Ok(Decision { facts: None, output, .. }) => Ok(Ok(output)),
            Ok(Decision { changes, facts: Some(facts), output }) => {
                let entry = self.journal.next(self.scope.tx, env.now)?;
                let mut rows = command.save(&self.scope, &changes, entry)?;
                if let Some(key) = key {
                    rows.push(self.keep_answer(&key, entry, &output)?);
                }
                self.append(C::OPERATION.name, actor, &rows, &facts)?;
                Ok(Ok(output))
            }
        }
    }

    /// All that can refuse comes before anything is written.
    fn decide<C: Command>(
        &self,
        command: &C,
        actor: &Actor,
        env: &Env,
    ) -> Result<Decision<C::Change, C::Output>, Error> {
        C::OPERATION.require(actor)?;
        let state = command.load(&self.scope)?;
        Ok(command.decide(state, env)?)
    }

    fn append(
        &mut self,
        kind: &'static str,
        actor: &Actor,
        rows: &[Rows],
        facts: &serde_json::Value,
    ) -> Result<(), Error> {
        let salt = self.salts.next(self.secrets)?;
        self.appended = Some(self.journal.append(self.scope.vault, kind, actor, rows, facts, salt)?);
        Ok(())
    }

    fn find_answer<Output: DeserializeOwned>(&self, key: &Hash) -> Result<Option<Output>, Error> {
        let Scope { tx, vault } = self.scope;
        let sealed = match self.answers.get(key) {
            Some((_, sealed)) => Some(sealed.clone()),
            None => tx.optional(&FIND_ANSWER, &[key.as_slice().into()], |row| Ok(row.bytes(0)?.to_vec()))?,
        };
        let Some(sealed) = sealed else { return Ok(None) };
        let answer = vault.open(ANSWER_COLUMN, &answer_row(key), &sealed)?;
        serde_json::from_slice(&answer)
            .map(Some)
            .map_err(|error| Error::failed("a kept answer could not be read")(error.into()))
    }

    fn keep_answer<Output: Serialize>(&mut self, key: &Hash, entry: Entry, output: &Output) -> Result<Rows, Error> {
        let answer =
            serde_json::to_vec(output).map_err(|error| Error::failed("an answer could not be kept")(error.into()))?;
        let sealed = self.scope.vault.seal(ANSWER_COLUMN, &answer_row(key), &answer)?;
        self.answers.insert(*key, (entry, sealed));
        let mut tree = Tree::default();
        tree.push(answer_leaf(key, &answer));
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

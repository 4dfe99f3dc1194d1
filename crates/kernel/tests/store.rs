//! The one write path, the journal and the keys, in a real store.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use kernel::journal::{self, Entry, Head, Rows, Table};
use kernel::keys::{MasterKey, next_key_path};
use kernel::testing::TestPlace;
use kernel::{
    Actor, AddOperator, Command, Decided, Decision, EndOperator, Env, Error, Joint, Lent, Migration, Officer,
    OfficerRefusal, Once, Operation, PublicKey, Refusal, Role, Scope, Secrets, Store, StoreError, Timestamp, Value,
    Writer, execute_group, require_standing,
};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

struct Place {
    store: TestPlace,
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { store: TestPlace::empty(folder.path()), folder }
    }

    fn key(&self) -> PathBuf {
        self.folder.path().join("key")
    }

    fn create(&self, synthetic: bool) -> Result<Store, Error> {
        let migrations: Vec<_> = kernel::MIGRATIONS.iter().collect();
        Store::create(self.store.location(), &self.key(), &migrations, synthetic, &env(0), &mut seeded(7))
    }

    fn open(&self) -> Result<Store, Error> {
        let migrations: Vec<_> = kernel::MIGRATIONS.iter().collect();
        Store::open(self.store.location(), &self.key(), &migrations)
    }

    fn writer(&self) -> Writer {
        self.create(true).unwrap().writer(seeded(8)).unwrap()
    }

    /// A writer whose place lasts as long.
    fn with_writer() -> (Self, Writer) {
        let place = Self::new();
        let writer = place.writer();
        (place, writer)
    }
}

fn env(micros: i64) -> Env {
    Env::new(Timestamp::from_micros(micros), 0)
}

/// Secrets that come out alike each time: counting bytes.
#[expect(clippy::disallowed_methods, reason = "a test of what is written must know the salts")]
fn seeded(seed: u8) -> Secrets {
    let mut next = seed;
    Secrets::from_source(move |bytes| {
        for byte in bytes {
            *byte = next;
            next = next.wrapping_mul(5).wrapping_add(3);
        }
        Ok(())
    })
}

fn verify(writer: &mut Writer, expected: Option<Head>) -> Result<Head, Error> {
    let tables: Vec<&dyn Table> = kernel::TABLES.to_vec();
    writer.read(|scope| journal::verify(scope, &tables, expected, &mut |_| {}))
}

/// A command that does as it is told.
struct Note {
    text: &'static str,
    once: Option<Once>,
    refuses: bool,
    fails_to_save: bool,
}

impl Note {
    const fn new(text: &'static str) -> Self {
        Self { text, once: None, refuses: false, fails_to_save: false }
    }
}

impl Command for Note {
    const OPERATION: Operation = Operation { name: "note.take", roles: &[Role::Console] };
    type State = ();
    type Change = &'static str;
    type Output = String;

    fn once(&self) -> Option<Once> {
        self.once
    }

    fn load(&self, _: &Scope<'_>) -> Result<(), Error> {
        Ok(())
    }

    fn decide(&self, (): (), _: &Env) -> Result<Decision<&'static str, String>, Refusal> {
        if self.refuses {
            let text = "the note was refused".to_owned();
            return Err(Refusal { code: "note.refused", text, retry_after_seconds: None });
        }
        Ok(Decision::of(vec![self.text], serde_json::json!({ "text": self.text }), self.text.to_owned()))
    }

    fn save(&self, _: &Scope<'_>, _: &[&'static str], _: Entry) -> Result<Vec<Rows>, Error> {
        if self.fails_to_save { Err(StoreError::plain("nothing is saved").into()) } else { Ok(vec![]) }
    }
}

/// Notes that are taken together.
struct Joined(Note);

impl Joint for Joined {
    const OPERATION: Operation = Note::OPERATION;
    type State = usize;
    type Change = &'static str;
    type Output = String;

    fn once(&self) -> Option<Once> {
        self.0.once
    }

    fn load(_: &Scope<'_>, notes: &[&Self]) -> Result<usize, Error> {
        Ok(notes.len())
    }

    fn decide(&self, left: &mut usize, env: &Env) -> Result<Decision<&'static str, String>, Refusal> {
        *left = left.checked_sub(1).expect("only what was loaded for is decided");
        self.0.decide((), env)
    }

    fn save(scope: &Scope<'_>, decided: &[Decided<'_, Self>]) -> Result<Vec<Vec<Rows>>, Error> {
        decided.iter().map(|note| note.command.0.save(scope, &note.changes, note.entry)).collect()
    }
}

#[test]
fn commands_that_run_jointly_end_like_commands_one_after_the_other() {
    let notes = || {
        let once = Some(Once::by([7; 32]));
        [
            Note { once: Some(Once::by([8; 32])), ..Note::new("first, again") },
            Note { once, ..Note::new("second") },
            Note { refuses: true, ..Note::new("third") },
            Note { once, ..Note::new("second, again") },
            Note { once: Some(Once { request: [9; 32], ..Once::by([7; 32]) }), ..Note::new("something else") },
            Note::new("not allowed"),
            Note::new("last"),
        ]
    };
    let (console, anna) = (Actor::console(), Actor::operator("anna"));
    let actor = |note: &Note| if note.text == "not allowed" { &anna } else { &console };
    let env = env(5);
    let first = Note { once: Some(Once::by([8; 32])), ..Note::new("first") };

    let (_place, mut one_by_one) = Place::with_writer();
    one_by_one.execute(&first, &console, &env).unwrap();
    let told = notes().map(|note| one_by_one.execute(&note, actor(&note), &env).map_err(|error| error.code()));
    assert_eq!(told[0].as_deref(), Ok("first"));
    assert_eq!(told[3].as_deref(), Ok("second"));
    assert_eq!(told[4], Err("idempotency.reused"));
    assert_eq!(told[5], Err("policy.not_allowed"));

    let (_place, mut together) = Place::with_writer();
    together.execute(&first, &console, &env).unwrap();
    let joined: Vec<_> = notes().map(|note| (actor(&note), Joined(note))).into_iter().collect();
    let joined: Vec<_> = joined.into_iter().map(|(actor, note)| (note, actor, &env)).collect();
    let told_together = together.execute_group(|group| group.execute_jointly(&joined)).unwrap();
    let told_together: Vec<_> = told_together.into_iter().map(|told| told.map_err(|refusal| refusal.code)).collect();
    assert_eq!(told_together, told);

    let head = verify(&mut one_by_one, None).unwrap();
    assert_eq!(head.size, 7);
    assert_eq!(verify(&mut together, None).unwrap(), head);
}

fn size(writer: &mut Writer) -> u64 {
    writer.read(|scope| journal::size_and_root(scope.tx)).unwrap().0
}

#[test]
fn a_group_is_durable_whole_or_not_at_all() {
    let (_place, mut writer) = Place::with_writer();
    let once = Some(Once::by([7; 32]));
    let told = writer.execute_group(|group| {
        let mut run = |note: Note| group.execute(&note, &Actor::console(), &env(5));
        let first = run(Note { once, ..Note::new("first") })?;
        let refused = run(Note { refuses: true, ..Note::new("second") })?;
        let again = run(Note { once, ..Note::new("third") })?;
        Ok((first.unwrap(), refused.unwrap_err().code, again.unwrap()))
    });
    assert_eq!(told.unwrap(), ("first".to_owned(), "note.refused", "first".to_owned()));
    // The making of the store, the note and the refusal; the same key is the same answer, also within the group.
    assert_eq!(size(&mut writer), 3);
    // Whoever overlooks a failure does not make half of it durable.
    let overlooked = writer.execute_group(|group| {
        let mut run = |note: Note| group.execute(&note, &Actor::console(), &env(6));
        run(Note::new("fourth"))?.unwrap();
        let _ = run(Note { fails_to_save: true, ..Note::new("fifth") });
        Ok(())
    });
    assert_eq!((overlooked.unwrap_err().code(), size(&mut writer)), ("failure", 3));
}

#[test]
fn each_command_is_one_entry_that_says_who_when_and_what() {
    let (_place, mut writer) = Place::with_writer();
    writer.execute(&Note::new("first"), &Actor::console(), &env(5)).unwrap();
    let refused = writer.execute(&Note { refuses: true, ..Note::new("second") }, &Actor::console(), &env(6));
    assert_eq!(refused.unwrap_err().code(), "note.refused");
    let failed = writer.execute(&Note { fails_to_save: true, ..Note::new("third") }, &Actor::console(), &env(7));
    assert_eq!(failed.unwrap_err().code(), "failure");
    let forbidden = writer.execute(&Note::new("fourth"), &Actor::operator("anna"), &env(8));
    assert_eq!(forbidden.unwrap_err().code(), "policy.not_allowed");
    // The making of the store, the note, and two refusals; a failure of ours leaves nothing.
    assert_eq!(size(&mut writer), 4);
    let read = |writer: &mut Writer, number| {
        let entry = writer.read(|scope| journal::read(scope, number)).unwrap();
        (entry.at.micros(), entry.actor, entry.facts)
    };
    assert_eq!(read(&mut writer, 0), (0, "console".to_owned(), serde_json::json!({ "synthetic": true })));
    assert_eq!(read(&mut writer, 1), (5, "console".to_owned(), serde_json::json!({ "text": "first" })));
    let refusal = serde_json::json!({ "operation": "note.take", "code": "note.refused" });
    assert_eq!(read(&mut writer, 2), (6, "console".to_owned(), refusal));
    let refusal = serde_json::json!({ "operation": "note.take", "code": "policy.not_allowed" });
    assert_eq!(read(&mut writer, 3), (8, "operator:anna".to_owned(), refusal));
    assert!(writer.read(|scope| journal::read(scope, 4)).is_err());
    verify(&mut writer, None).unwrap();
}

#[test]
fn a_key_gives_the_first_answer_and_does_nothing_twice() {
    let (_place, mut writer) = Place::with_writer();
    let take = |writer: &mut Writer, text, key, request| {
        let note = Note { once: Some(Once { key: [key; 32], request: [request; 32] }), ..Note::new(text) };
        writer.execute(&note, &Actor::console(), &env(1)).map_err(|error| error.code())
    };
    assert_eq!(take(&mut writer, "first", 1, 1).as_deref(), Ok("first"));
    assert_eq!(take(&mut writer, "second", 1, 1).as_deref(), Ok("first"));
    assert_eq!(take(&mut writer, "third", 2, 1).as_deref(), Ok("third"));
    assert_eq!(size(&mut writer), 3);
    assert_eq!(take(&mut writer, "fourth", 1, 2), Err("idempotency.reused"));
    assert_eq!(take(&mut writer, "fifth", 1, 1).as_deref(), Ok("first"));
    assert_eq!(size(&mut writer), 4, "the refusal is entered");
    verify(&mut writer, None).unwrap();
}

#[test]
fn ones_own_word_is_nobody_elses_key() {
    let take = Note::OPERATION;
    let give = Operation { name: "note.give", ..take };
    let (anna, bert) = (Actor::operator("anna"), Actor::operator("bert"));
    let keys = [(&anna, &take, "one"), (&anna, &take, "two"), (&anna, &give, "one"), (&bert, &take, "one")]
        .map(|(actor, operation, word)| Once::of(actor, operation, word, [0; 32]).key);
    let different: std::collections::BTreeSet<_> = keys.iter().collect();
    assert_eq!(different.len(), keys.len());
}

kernel::statements! {
    OVERWRITE = "test.overwrite":
        "REPLACE INTO journal_entry (number, at, kind, digest) SELECT number, at + 1, kind, digest FROM journal_entry";
    PUT = "test.put": "INSERT INTO journal_entry (number, at, kind, digest) VALUES ($1, $2, $3, $4)";
    PUT_BEFORE = "test.put_before":
        "INSERT INTO journal_entry (number, at, kind, digest)
         SELECT -1, at, kind, digest FROM journal_entry WHERE number = 0";
    MOVE_HEAD = "test.move_head": "UPDATE journal_head SET size = size + 1";
}

/// It is no entry, but it is found by its moment.
#[test]
fn a_row_before_the_first_entry_is_found() {
    let (_place, mut writer) = Place::with_writer();
    writer.connection.stage(|tx| tx.run(&PUT_BEFORE, &[])).unwrap();
    assert_eq!(verify(&mut writer, None).unwrap_err().code(), "journal.mismatch");
}

#[test]
fn a_key_that_is_taken_is_somebody_elses_and_all_else_our_own() {
    let (_place, mut writer) = Place::with_writer();
    let mut put = |number: i64, digest: Value<'_>| {
        let values = [number.into(), 0.into(), "test".into(), digest];
        writer.connection.stage(|tx| tx.run(&PUT, &values)).unwrap_err().code()
    };
    assert_eq!(put(0, Value::Bytes(&[])), "conflict");
    assert_eq!(put(7, Value::Null), "failure");
}

/// Whoever goes on with the connection may have no other.
#[test]
fn what_was_under_way_in_a_panic_is_rolled_back_by_the_next_transaction() {
    let (_place, mut writer) = Place::with_writer();
    let went_down = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        writer.connection.write::<()>(|tx| {
            tx.run(&MOVE_HEAD, &[]).unwrap();
            panic!("in the middle")
        })
    }));
    assert!(went_down.is_err());
    writer.execute(&Note::new("after"), &Actor::console(), &env(1)).unwrap();
    assert_eq!(verify(&mut writer, None).unwrap().size, 2);
}

#[test]
fn what_one_has_begun_with_a_connection_is_nothing_to_the_next() {
    let (_place, mut writer) = Place::with_writer();
    let store = writer.store.clone();
    let entries = |lent: &mut Lent| lent.read(journal::size_and_root).unwrap().0;
    let mut lent = store.lend().unwrap();
    lent.hold_snapshot().unwrap();
    assert_eq!(entries(&mut lent), 1);
    writer.execute(&Note::new("since"), &Actor::console(), &env(1)).unwrap();
    assert_eq!(entries(&mut lent), 1, "its snapshot");
    drop(lent);
    assert_eq!(entries(&mut store.lend().unwrap()), 2, "one of its own");
}

#[test]
fn what_is_kept_cannot_be_written_over_on_sqlite() {
    kernel::testing::require_sqlite();
    let (_place, mut writer) = Place::with_writer();
    let refused = writer.connection.stage(|tx| tx.run(&OVERWRITE, &[])).unwrap_err();
    assert_eq!(refused.code(), "store.forbidden");
    verify(&mut writer, None).unwrap();
}

#[test]
fn time_never_runs_backwards_and_tells_what_was_known() {
    let (_place, mut writer) = Place::with_writer();
    for micros in [10, 30, 20, 40] {
        writer.execute(&Note::new("note"), &Actor::console(), &env(micros)).unwrap();
    }
    let at: Vec<i64> =
        (1..5).map(|number| writer.read(|scope| journal::read(scope, number)).unwrap().at.micros()).collect();
    assert_eq!(at, [10, 30, 30, 40]);
    let mut known = |micros| writer.read(|scope| journal::size_at(scope.tx, Timestamp::from_micros(micros))).unwrap();
    assert_eq!([-1, 0, 9, 10, 29, 30, 39, 40, 1000].map(&mut known), [0, 1, 1, 2, 2, 4, 4, 5, 5]);
    verify(&mut writer, None).unwrap();
}

#[test]
fn every_head_that_was_kept_is_found_again() {
    let (_place, mut writer) = Place::with_writer();
    let mut heads = Vec::new();
    for _ in 0..9 {
        heads.push(verify(&mut writer, None).unwrap());
        writer.execute(&Note::new("note"), &Actor::console(), &env(1)).unwrap();
    }
    for head in &heads {
        verify(&mut writer, Some(*head)).unwrap();
        let other = Head { root: heads[0].root, size: head.size };
        assert_eq!(verify(&mut writer, Some(other)).is_ok(), head.size == heads[0].size);
    }
    let later = Head { size: 11, root: heads[0].root };
    assert_eq!(verify(&mut writer, Some(later)).unwrap_err().code(), "journal.mismatch");
}

#[test]
fn the_same_seed_ends_with_the_same_head() {
    let run = || {
        let (_place, mut writer) = Place::with_writer();
        writer.execute(&Note::new("note"), &Actor::console(), &env(5)).unwrap();
        writer
            .execute(&Note { once: Some(Once::by([1; 32])), ..Note::new("kept") }, &Actor::console(), &env(6))
            .unwrap();
        verify(&mut writer, None).unwrap()
    };
    assert_eq!(run(), run());
}

#[test]
fn stores_are_made_once_and_found_again() {
    let place = Place::new();
    assert_eq!(place.open().err().unwrap().code(), "store.missing");
    assert!(place.create(false).unwrap().require_synthetic("--now").is_err());
    assert_eq!(place.create(false).err().unwrap().code(), "store.exists");
    assert!(!place.open().unwrap().is_synthetic());
    assert!(place.open().unwrap().require_synthetic("--now").is_err());
    std::fs::remove_file(place.key()).unwrap();
    assert_eq!(place.open().err().unwrap().code(), "key.missing");
}

#[test]
fn key_files() {
    let place = Place::new();
    let key = MasterKey::generate(&mut seeded(1)).unwrap();
    key.write(&place.key()).unwrap();
    let mode = || std::fs::metadata(place.key()).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(), 0o600);
    MasterKey::read(&place.key()).unwrap();
    let good = std::fs::read_to_string(place.key()).unwrap();
    let check = |content: &str, code: &str| {
        std::fs::write(place.key(), content).unwrap();
        let read = MasterKey::read(&place.key());
        assert_eq!(read.err().map_or("", |error| error.code()), code, "{content:?}");
    };
    check(&good, "");
    check(good.trim_end(), "");
    check(&good.to_uppercase(), "key.malformed");
    check(&good[1..], "key.malformed");
    check(&good.replacen(':', ":0", 1), "key.malformed");
    check(&good[..good.len() - 2], "key.malformed");
    check("", "key.malformed");
    check("anvis-master-key-1:", "key.malformed");
    std::fs::write(place.key(), [0xff, 0xfe]).unwrap();
    assert_eq!(MasterKey::read(&place.key()).err().unwrap().code(), "key.malformed");
    // A leftover of a former attempt, with wider permissions, is not written into.
    let part = place.key().with_file_name("key.part");
    std::fs::write(&part, "x").unwrap();
    std::fs::set_permissions(&part, PermissionsExt::from_mode(0o666)).unwrap();
    key.write(&place.key()).unwrap();
    assert_eq!((mode(), part.exists()), (0o600, false));
}

#[test]
fn a_rotation_that_was_cut_off_is_finished_by_whoever_opens_the_store() {
    let place = Place::new();
    let mut writer = place.writer();
    let former = std::fs::read(place.key()).unwrap();
    writer.rotate_master_key(&Actor::console(), &env(1)).unwrap();
    // As if it had been cut off after its commit: the new key beside, the former one in place.
    let next = next_key_path(&place.key());
    let new = std::fs::read(place.key()).unwrap();
    assert_ne!(new, former);
    let put = |path: &PathBuf, content: &[u8]| {
        std::fs::write(path, content).unwrap();
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o600)).unwrap();
    };
    put(&next, &new);
    put(&place.key(), &former);
    place.open().unwrap();
    assert_eq!((std::fs::read(place.key()).unwrap(), next.exists()), (new.clone(), false));
    // As if before: the new key opens nothing, and the one in place does.
    put(&next, &former);
    place.open().unwrap();
    assert_eq!(std::fs::read(place.key()).unwrap(), new);
    std::fs::remove_file(&next).unwrap();
    put(&place.key(), &former);
    assert_eq!(place.open().err().unwrap().code(), "key.wrong");
    // An operator may not.
    let refused = writer.rotate_master_key(&Actor::operator("anna"), &env(2));
    assert_eq!(refused.unwrap_err().code(), "policy.not_allowed");
}

#[test]
fn a_newer_programs_store_is_left_alone_also_where_all_that_is_new_is_a_service() {
    let place = Place::new();
    place.create(true).unwrap();
    let ours: Vec<&Migration> = kernel::MIGRATIONS.iter().collect();
    let more = Migration { service: "more", version: 1, sql: "CREATE TABLE more (id BIGINT NOT NULL PRIMARY KEY);" };
    let newer: Vec<&Migration> = ours.iter().copied().chain([&more]).collect();
    assert_eq!(Store::migrate(place.store.location(), &newer).unwrap(), 1);
    assert_eq!(place.open().err().unwrap().code(), "store.newer");
    assert_eq!(Store::migrate(place.store.location(), &ours).unwrap_err().code(), "store.newer");
    Store::open(place.store.location(), &place.key(), &newer).unwrap();
}

#[test]
fn operators_are_registered_with_one_key() {
    let place = Place::new();
    let mut writer = place.writer();
    let write = |name: &str, key: &str| {
        let path = place.folder.path().join(name);
        std::fs::write(&path, format!("-----BEGIN PUBLIC KEY-----\n{key}\n-----END PUBLIC KEY-----\n")).unwrap();
        PublicKey::read(&path)
    };
    // The public keys of RFC 8032 §7.1, tests 1 and 2.
    let first = write("first", "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=").unwrap();
    let second = write("second", "MCowBQYDK2VwAyEAPUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=").unwrap();
    assert_eq!(write("third", "MCowBQYDK2VwAyEA11qYAYKxCrfVS").unwrap_err().code(), "operator.key");
    let mut add = |name: &str, key| {
        let command = AddOperator { name: name.to_owned(), key };
        writer.execute(&command, &Actor::console(), &env(1)).map_err(|error| error.code())
    };
    let long = "x".repeat(64);
    assert_eq!(add("anna", first), Ok(()));
    assert_eq!(add("anna", first), Ok(()));
    assert_eq!(add("anna", second), Err("operator.name_taken"));
    assert_eq!(add("berit", first), Err("operator.key_taken"));
    assert_eq!(add("søren.b-2_x", second), Ok(()));
    assert_eq!(add(&long, second), Err("operator.key_taken"));
    for name in ["", "a b", "a\n", "a/b", "a:b", &format!("{long}x")] {
        assert_eq!(add(name, second), Err("operator.name"), "{name:?}");
    }
    let mut find = |name: &str| writer.read(|scope| kernel::find_officer(scope, name)).unwrap();
    let anna = Officer { role: Role::Operator, name: "anna".to_owned(), key: first };
    assert_eq!((find("anna"), find("Anna")), (Some(anna.clone()), None));
    assert_eq!(anna.with_key(first), Ok(Actor::operator("anna")));
    assert_eq!(anna.with_key(second), Err(OfficerRefusal::WrongKey));
    verify(&mut writer, None).unwrap();
}

#[test]
fn an_operator_who_was_ended_does_nothing_more() {
    let (_place, mut writer) = Place::with_writer();
    let [anna, bo, eve] = ["anna", "bo", "eve"].map(Actor::operator);
    let add = |writer: &mut Writer, name: &str, key: u8| {
        let command = AddOperator { name: name.to_owned(), key: PublicKey::from_bytes([key; 32]) };
        writer.execute(&command, &Actor::console(), &env(1)).map_err(|error| error.code())
    };
    let end = |writer: &mut Writer, name: &str, by: &Actor| {
        let command = EndOperator { name: name.to_owned() };
        writer.execute(&command, by, &env(2)).map_err(|error| error.code())
    };
    let standing = |writer: &mut Writer| {
        let there = writer.read(kernel::operators).unwrap();
        let vault = writer.store.vault().clone();
        ["anna", "bo", "eve"].map(|name| there.contains(&Officer::name_key(&vault, name)))
    };
    for (name, key) in [("anna", 1), ("bo", 2)] {
        add(&mut writer, name, key).unwrap();
    }
    assert_eq!(standing(&mut writer), [true, true, false]);
    for nobody in [Actor::caseworker("kim"), Actor::client(Role::Bank, "one")] {
        assert_eq!(end(&mut writer, "bo", &nobody), Err("policy.not_allowed"));
    }
    assert_eq!(end(&mut writer, "eve", &anna), Err("operator.unknown"));
    assert_eq!(end(&mut writer, "bo", &anna), Ok(true));
    assert_eq!(end(&mut writer, "bo", &anna), Ok(false));
    assert_eq!(standing(&mut writer), [true, false, false]);
    // Whatever the policy lets operators do. Nobody else is meant, whatever they are called.
    assert_eq!(end(&mut writer, "anna", &bo), Err("operator.ended"));
    assert_eq!(writer.rotate_master_key(&bo, &env(3)).unwrap_err().code(), "policy.not_allowed");
    let mut stands = |actor: &Actor| writer.read(|scope| require_standing(scope, actor)).map_err(|error| error.code());
    assert_eq!(stands(&bo), Err("operator.ended"));
    for other in [&anna, &eve, &Actor::caseworker("bo"), &Actor::client(Role::Bank, "bo"), &Actor::console()] {
        assert_eq!(stands(other), Ok(()), "{}", other.name());
    }
    // Neither name nor key comes back.
    assert_eq!(add(&mut writer, "bo", 2), Err("operator.ended"));
    assert_eq!(add(&mut writer, "bo", 3), Err("operator.name_taken"));
    assert_eq!(add(&mut writer, "eve", 2), Err("operator.key_taken"));
    // In one transaction too, what comes after the end finds it.
    let both = execute_group(&mut writer, |group| {
        let mut end = |name: &str| group.execute(&EndOperator { name: name.to_owned() }, &anna, &env(4));
        Ok([end("anna")?.map_err(|refusal| refusal.code), end("bo")?.map_err(|refusal| refusal.code)])
    });
    assert_eq!(both.unwrap(), [Ok(true), Err("operator.ended")]);
    assert_eq!(standing(&mut writer), [false; 3]);
    verify(&mut writer, None).unwrap();
}

/// The second machine has a copy of the key file of before.
#[test]
fn two_machines_that_rotate_do_not_lock_each_other_out() {
    let (place, mut writer) = Place::with_writer();
    let copy = place.folder.path().join("other").join("key");
    std::fs::create_dir(copy.parent().unwrap()).unwrap();
    std::fs::copy(place.key(), &copy).unwrap();
    let migrations: Vec<_> = kernel::MIGRATIONS.iter().collect();
    let mut other = Store::open(place.store.location(), &copy, &migrations).unwrap().writer(seeded(9)).unwrap();
    writer.rotate_master_key(&Actor::console(), &env(1)).unwrap();
    assert_eq!(other.rotate_master_key(&Actor::console(), &env(2)).unwrap_err().code(), "key.wrong");
    place.open().unwrap();
}

/// The first was cut off, and its commit was still on its way when the second opened the store.
#[test]
fn a_rotation_leaves_what_another_left() {
    let (place, mut first) = Place::with_writer();
    let mut second = place.open().unwrap().writer(seeded(9)).unwrap();
    let former = std::fs::read(place.key()).unwrap();
    first.rotate_master_key(&Actor::console(), &env(1)).unwrap();
    std::fs::copy(place.key(), next_key_path(&place.key())).unwrap();
    std::fs::write(place.key(), former).unwrap();
    assert_eq!(second.rotate_master_key(&Actor::console(), &env(2)).unwrap_err().code(), "key.wrong");
    place.open().unwrap();
}

//! Somebody edits the tables: the journal finds it.

use crate::designations::{FOURTH_PUBLIC_KEY, THIRD_PUBLIC_KEY};
use crate::pain::*;
use crate::recalling::answer;
use crate::support::*;
use kernel::testing::require_sqlite;
use kernel::{Actor, Env, Location, Role, Secrets, Store, Timestamp};
use registry::ask::Resolve;
use registry::commands::{AskMany, Client, Question};
use registry::legal_purpose::LegalPurpose;
use registry::payee::PayeeId;
use rusqlite::types::Value as Cell;
use rusqlite::{Connection, params_from_iter};
use std::path::Path;

/// A store with at least one row in every table that can have one.
fn full() -> World {
    let world = World::settled();
    world.write("anna.pub", "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n");
    world.run("operator add anna --key anna.pub").done();
    world.write("bo.pub", "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAPUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=\n-----END PUBLIC KEY-----\n");
    for (name, key) in [("ole", THIRD_PUBLIC_KEY), ("olga", FOURTH_PUBLIC_KEY)] {
        world.write("new.pub", key);
        world.run(&format!("operator add {name} --key new.pub")).done();
        world.run(&format!("operator end {name} --as anna")).done();
    }
    for benefit in ["NKSBOS", "NKSPEN"] {
        world.run(&format!("caseworker add bo --key bo.pub --authority {PUBLIC} --benefit {benefit}")).done();
    }
    for point in ["--sms +4520304050", "--email a@example.dk"] {
        world.run(&format!("contact add cpr:{ALICE} {point} --as anna --reason Letter")).done();
    }
    world.run(&format!("lock set cpr:{ALICE} --as bo --reason Letter")).done();
    for channel in ["bank", "operator"] {
        let seen = format!("--as anna --reason Counter --in-person Passport-{channel}");
        world.run(&format!("lock lift cpr:{ALICE} --channel {channel} {seen}")).done();
    }
    let payments =
        [cpr("E1", ALICE, "1.00"), cpr("E2", FRIDA, "2.00"), cpr("E3", NOBODY, "3.00"), cpr("E4", BENT, "4.00")];
    let routed = world.route(PUBLIC, simple("SIMPEL", &payments)).done();
    recall(&world, routed["batch"].as_str().unwrap());
    collect(&world);
    world.run(&format!("payer add {HOLDER} --cvr 13748136 --kind public --no-account hold --bank Nordbank")).done();
    world.route(HOLDER, simple("BANKEN", &payments)).done();
    world.write("payments.xml", simple("HOLDT", &payments));
    let held = world.run(&format!("payout route payments.xml --payer {HOLDER} --out out --hold")).done();
    let batch = held["batch"].as_str().unwrap();
    world.run(&format!("payout stop {batch} --reason Double")).done();
    world.run(&format!("payout resume {batch} --reason None")).done();
    world.run(&format!("payout cancel {batch} --end-to-end E1")).done();
    world.run(&format!("payout release {batch} --out out")).done();
    world.add_client("one", &format!("public-payer --payer {PUBLIC}"), CERTIFICATE);
    world.add_client("two", "authority", OTHER_CERTIFICATE);
    world.run("client rotate-key").done();
    world.run("client token one --key one.jwk --cert one.pem --issuer https://konto.example").done();
    world.run("client phase-out tls 1.2 2030-01-01").done();
    for name in ["north", "south"] {
        world.run(&format!("delivery add {name} --what messages --bank Nordbank --folder {name}")).done();
    }
    world.run("delivery end south").done();
    for payee in [ALICE, NOBODY] {
        let until = "--purpose payment --until 2026-12-01 --reference Payment";
        let begun = world.run(&format!("subscription add --client one --payee cpr:{payee} {until}")).done();
        let id = begun["subscriptions"][0]["id"].as_str().unwrap();
        world.run(&format!("subscription end --client one {id}")).done();
    }
    for to in ["sms:+4512345678", "sms:+4587654321"] {
        world.run(&format!("notices try {to}")).done();
    }
    ask(&world);
    give_back(&world);
    let company = format!("cvr:{COMPANY}");
    let payees = [BENT, HANS].map(|cpr| format!("cpr:{cpr}"));
    let waits = world.hold("Nordbank", &[(&payees[0], "0040-1"), (&payees[1], "0040-2"), (&company, "0041-3")]);
    world.run(&format!("designation approve {} --reason Called", waits[0])).done();
    world.run(&format!("designation refuse {} --reason Denied", waits[1])).done();
    propose(&world);
    mark(&world);
    ask_bank(&world);
    for moment in ["2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z"] {
        world.write("facts.json", format!(r#"{{"cpr:{ALICE}": {{"authenticator_changed": "{moment}"}}}}"#));
        world.run(&format!("contact list cpr:{ALICE} --identity-facts facts.json")).done();
    }
    // A second answer of each kind of table for those tests that swap two rows.
    world.run(&format!("resolve cpr:{ALICE}")).done();
    world
}

/// A file names an account that several payees have for somebody else, and again when it has one payee too many.
fn collect(world: &World) {
    world.run("controls set --change payees_3_days=3").done();
    let row = |number: u32| format!("register,p:{number},0040-79,,,,,\n");
    world.change(&(1_000_000_091..1_000_000_094).map(row).collect::<String>());
    let pay = |id: &str, name: &str| Pay {
        account: Some("DK6100400000000079"),
        ..pay(id, &format!("<Nm>{name}</Nm>"), "1.00")
    };
    let payments = [pay("E1", "Jens Hansen"), pay("E2", "Hans Jensen")];
    world.route(PUBLIC, simple("SAMLET", &payments)).done();
    world.change(&row(1_000_000_094));
    let held = world.route(PUBLIC, simple("FOR-MANGE", &payments)).done();
    assert_eq!(held["held"], 2);
}

/// Somebody proposes controls and collectors, and another decides about them; and reminds who has no account.
fn propose(world: &World) {
    let proposed = |what: &str| {
        let answer = world.run(&format!("{what} --reason So --as anna")).done();
        answer["id"].as_str().unwrap().to_owned()
    };
    let bureau = |account: &str| {
        let who = format!("--cvr {COMPANY} --account {account} --name Bureau --review-by 2026-12-15");
        proposed(&format!("collector propose {who}"))
    };
    let (first, second) = (bureau("0040-77"), bureau("0041-78"));
    let refused = ["controls propose --set 2021", "controls propose --set 2015"].map(proposed);
    for motion in &refused {
        world.run(&format!("controls refuse {motion} --reason Denied --as eve")).done();
    }
    for figure in [14, 21] {
        let motion = proposed(&format!("controls propose --change round_trip={figure}"));
        world.run(&format!("controls approve {motion} --as eve")).done();
    }
    for motion in [&first, &second] {
        world.run(&format!("collector approve {motion} --as eve")).done();
    }
    world.run(&format!("collector end {second} --as eve")).done();
    assert_eq!(world.run("collector remind --as anna").done()["reminded"], 1);
    world.run("payee without-account --remind --as eve").done();
    let drawn = world.run("review draw --seed 2018 --count 2 --over 0 --as anna").done();
    for at in 0..2 {
        let review = drawn["drawn"][at]["review"].as_str().unwrap().to_owned();
        world.run(&format!("review decide {review} --outcome suspicious --reason So --as eve")).done();
    }
}

/// Payments are asked back and come back, a bank tells how it made them, money comes that nobody knows of, and somebody is a victim.
fn give_back(world: &World) {
    let payments = ["E1", "E2", "E3", "E4"].map(|id| cpr(id, BENT, "1000.00"));
    let batch = world.route(PUBLIC, simple("TILBAGE", &payments)).done()["batch"].as_str().unwrap().to_owned();
    for id in ["E1", "E2"] {
        let asked = format!("recall send {batch} --end-to-end {id} --code FRAD --reason Theft");
        let recall = world.run(&asked).done()["recalls"][0]["recall"].as_str().unwrap().to_owned();
        world.write("answer.xml", answer(&format!("A-{id}"), &recall, "CNCL", "", ""));
        world.run("recall import answer.xml").done();
        // What was promised arrives.
        world.write("return.xml", returned(id, "FOCR"));
        assert_eq!(world.run("return import return.xml").done()["listed"], 0);
    }
    let header = "batch,end_to_end_id,message_id,message_name,transaction_id,uetr,settlement_date\n";
    let told = ["E1", "E2"].map(|id| format!("{batch},{id},BANK-1,pacs.008.001.08,,,2026-11-25\n"));
    world.write("told.csv", format!("{header}{}", told.concat()));
    world.run("recall transfers told.csv").done();
    for id in ["E8", "E9"] {
        world.write("return.xml", returned(id, "AC04"));
        assert_eq!(world.run("return import return.xml").done()["listed"], 1);
    }
    for stray in world.run("return list").done()["returns"].as_array().unwrap() {
        world.run(&format!("return settle {} --not-ours --reason So", stray["id"].as_str().unwrap())).done();
    }
    for payee in [JENS, KAJ] {
        let opened = world.run(&format!("victim freeze cpr:{payee} --since {NOW} --reason Rang --as anna")).done();
        let closing = "--finding misunderstanding --reason None --as eve";
        world.run(&format!("victim close {} {closing}", opened["id"].as_str().unwrap())).done();
    }
}

/// A bank returns a payment of 1,000 kroner.
fn returned(end_to_end: &str, reason: &str) -> String {
    format!(
        "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pacs.004.001.09\"><PmtRtr><GrpHdr><MsgId>R-{end_to_end}</MsgId>\
         <CreDtTm>2026-11-24T08:00:00Z</CreDtTm><NbOfTxs>1</NbOfTxs><SttlmInf><SttlmMtd>CLRG</SttlmMtd></SttlmInf></GrpHdr>\
         <TxInf><RtrId>R-1</RtrId><OrgnlEndToEndId>{end_to_end}</OrgnlEndToEndId>\
         <RtrdIntrBkSttlmAmt Ccy=\"DKK\">1000.00</RtrdIntrBkSttlmAmt><RtrRsnInf><Rsn><Cd>{reason}</Cd></Rsn></RtrRsnInf>\
         <OrgnlTxRef><CdtrAcct><Id><Othr><Id>50000000000012</Id></Othr></Id></CdtrAcct></OrgnlTxRef></TxInf></PmtRtr></Document>"
    )
}

/// Somebody suspects two accounts, both are marked for it, and their owners appeal.
fn mark(world: &World) {
    let id = |what: &str| world.run(what).done()["id"].as_str().unwrap().to_owned();
    for account in [ALICE_ACCOUNT, "0040-77"] {
        let report =
            id(&format!("suspicion report --account {account} --reason mule --text Strange --from police --as anna"));
        world.run(&format!("suspicion acknowledge {report} --as eve")).done();
        world.run(&format!("suspicion close {report} --finding confirmed --reason Seen --as eve")).done();
        let mark = id(&format!("account mark --suspicion {report} --until 2027-03-31 --reason So --as anna"));
        world.run(&format!("account approve {mark} --as eve")).done();
        world.run(&format!("account appeal {mark} --text Mine --as anna")).done();
        world.run(&format!("account decide {mark} --uphold --reason So --as carl")).done();
    }
}

/// Two payments are asked back, and a bank tells how it made them and gives some of each back.
fn recall(world: &World, batch: &str) {
    let mut told = "batch,end_to_end_id,message_id,message_name,transaction_id,uetr,settlement_date\n".to_owned();
    for id in ["E1", "E4"] {
        let wish = format!("recall send {batch} --end-to-end {id} --code FRAD --reason So");
        let sent = world.run(&wish).done();
        told += &format!("{batch},{id},BANK-{id},pacs.008.001.08,,,2026-11-25\n");
        let case = sent["recalls"][0]["recall"].as_str().unwrap();
        world.write("answer.xml", crate::recalling::given_in_part(case, "0.50"));
        assert!(world.run("recall import answer.xml").done()["taken"][0]["booked"].is_string());
        world.run(&format!("recall arrived {case} --end-to-end {id} --reason Seen")).done();
        world.write("answer.xml", answer(&format!("A-{id}"), "ANOTHER", "CNCL", "", ""));
        assert_eq!(world.run("recall import answer.xml").done()["listed"], 1);
    }
    for stray in world.run("recall answers").done()["answers"].as_array().unwrap() {
        world.run(&format!("recall settle {} --reason So", stray["id"].as_str().unwrap())).done();
    }
    world.write("told.csv", told);
    assert_eq!(world.run("recall transfers told.csv").done()["told"], 2);
}

/// A bank is asked whose an account is, where nobody is.
fn ask_bank(world: &World) {
    let motion = world.run("controls propose --change ownership_asked=on --reason So --as anna").done();
    world.run(&format!("controls approve {} --as eve", motion["id"].as_str().unwrap())).done();
    world.run("delivery add asked --what ownership --bank Sydbank --url http://127.0.0.1:1/").done();
    let wish = format!("cpr:{FRIDA} --account 1020-9 --expects none --holder own --signature jws");
    world.run(&format!("designation propose {wish} --as citizen:cpr:{FRIDA}")).done();
    assert_eq!(world.run("ownership ask").done()["failed"], 1);
}

/// Another organisation's system asks about some payees, twice.
fn ask(world: &World) {
    let migrations: Vec<_> = services::migrations().collect();
    let store = Store::open(Location::parse(world.url()).unwrap(), &world.path("store.key"), &migrations).unwrap();
    let mut writer = store.writer(Secrets::from_system()).unwrap();
    let authority = Actor::client(Role::Authority, "authority");
    let env = Env::new(Timestamp::from(NOW.parse::<jiff::Timestamp>().unwrap()), 0);
    let request = || {
        let payees = [ALICE, NOBODY].map(|cpr| PayeeId::parse(&format!("cpr:{cpr}")).unwrap());
        let questions = payees.map(|payee| Question { payee, benefit: None, asked: () });
        let client = Client { actor: authority.clone(), payer: None };
        let request = AskMany::<Resolve>::new(writer.store.vault(), client, LegalPurpose::Law, questions.into());
        (request.unwrap(), &authority, &env)
    };
    let requests = [request(), request()];
    let answers = writer.execute_group(|group| group.execute_jointly(&requests)).unwrap();
    assert!(answers.iter().all(Result::is_ok));
}

fn tables(database: &Connection) -> Vec<String> {
    column(database, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
}

fn column(database: &Connection, sql: &str) -> Vec<String> {
    database.prepare(sql).unwrap().query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

fn columns(database: &Connection, table: &str) -> Vec<(String, bool)> {
    let mut statement = database.prepare("SELECT name, pk FROM pragma_table_info(?1)").unwrap();
    statement
        .query_map([table], |row| Ok((row.get(0)?, row.get::<_, i64>(1)? > 0)))
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

/// Another value of the same kind.
fn edited(cell: &Cell) -> Cell {
    match cell {
        Cell::Null => Cell::Integer(7),
        Cell::Integer(value @ (0 | 1)) => Cell::Integer(1 - value),
        Cell::Integer(value) => Cell::Integer(value - 1),
        Cell::Real(value) => Cell::Real(value + 1.0),
        Cell::Text(text) => Cell::Text(if text == "EUR" {
            "DKK".to_owned()
        } else {
            text.replace(|c: char| c.is_alphabetic(), "X") + "X"
        }),
        Cell::Blob(bytes) => {
            let mut bytes = bytes.clone();
            match bytes.last_mut() {
                Some(last) => *last ^= 1,
                None => bytes.push(1),
            }
            Cell::Blob(bytes)
        }
    }
}

/// The rows of a table, each with the values of its key and of one column.
fn cells(database: &Connection, table: &str, keys: &[String], column: &str) -> Vec<(Vec<Cell>, Cell)> {
    let sql = format!("SELECT {column}, {} FROM {table} ORDER BY {}", keys.join(", "), keys.join(", "));
    let mut statement = database.prepare(&sql).unwrap();
    let rows = statement.query_map([], |row| {
        let key = (1..=keys.len()).map(|at| row.get(at)).collect::<Result<Vec<Cell>, _>>()?;
        Ok((key, row.get(0)?))
    });
    rows.unwrap().map(Result::unwrap).collect()
}

fn set(database: &Connection, table: &str, keys: &[String], column: &str, key: &[Cell], cell: &Cell) -> usize {
    let condition: Vec<String> = keys.iter().map(|key| format!("{key} IS ?")).collect();
    let sql = format!("UPDATE {table} SET {column} = ? WHERE {}", condition.join(" AND "));
    let values = std::iter::once(cell).chain(key);
    // An edit that a unique key forbids is none.
    database.execute(&sql, params_from_iter(values)).unwrap_or(0)
}

/// Copies the store's files, so that each edit begins with the same store.
struct Copies<'w> {
    world: &'w World,
}

impl<'w> Copies<'w> {
    fn of(world: &'w World) -> Self {
        world.verified();
        copy(&world.path("store"), &world.path("kept"));
        Self { world }
    }

    /// Whether verifying finds what `edit` does; it must be found to be fine before.
    fn finds(&self, edit: impl FnOnce(&Connection) -> usize) -> Option<bool> {
        std::fs::remove_dir_all(self.world.path("store")).unwrap();
        copy(&self.world.path("kept"), &self.world.path("store"));
        let database = self.world.database();
        database.execute_batch("PRAGMA foreign_keys = 0; PRAGMA ignore_check_constraints = 1").unwrap();
        // Whoever has the file can take away what refuses them.
        let triggers = "SELECT name FROM sqlite_schema WHERE type = 'trigger'";
        for trigger in column(&database, triggers) {
            database.execute_batch(&format!("DROP TRIGGER {trigger}")).unwrap();
        }
        let changed = edit(&database);
        drop(database);
        (changed > 0).then(|| self.world.run("journal verify").exit != 0)
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

/// Tables of which a row may change unnoticed, and why that does no harm.
const NOT_ANSWERED_FOR: &[(&str, &str)] = &[
    (
        "account_watch",
        "which accounts have too many payees: worked out anew of each that anybody takes or leaves, and of all every day",
    ),
    ("account_watch_pass", "when that was done last, of all"),
    ("payer_word", "what payers' contacts are still to be told: what was told is a notice"),
    ("staging", "work under way, of which nobody sees anything"),
    ("allowance", "counters of what may still be asked; what was asked is in the log and the journal"),
    ("unwritten_stage", "files that are still to be written, again byte for byte"),
    (
        "unfollowed_return",
        "of which returns an account is still to be looked at: what is forgotten was booked all the same",
    ),
    ("used_once", "assertions that are good for minutes more, over their clients' own connections"),
    ("interface_use", "counts of who came in how"),
    (
        "waiting_payment",
        "whose money lies in a waiting account, as its payments say: one that is forgotten waits for somebody to pay it",
    ),
    ("waiting_batch", "which batches are looked at whether they may leave: what is decided of them is found out anew"),
    (
        "held_payment",
        "which payments are looked at likewise: one that is forgotten leaves with the next release of its batch",
    ),
    ("mapper_message", "what became of a message, told to its client for a month; what was done is in the histories"),
    ("delivery_progress", "how far deliveries are: what was given is with its receiver, and the feed has all of it"),
    ("inquiry", "what became of a question to a bank: what it answered has its own row"),
    (
        "notice_progress",
        "what became of notices: what was told to whom is answered for, and at worst is sent twice or not at all",
    ),
];

/// Columns that may be edited unnoticed: what a proposal waits for, and when it is looked at again, is found out anew whenever
/// anybody does anything about it, and before it takes effect. An edit keeps it from being found in time, and changes no account.
const FOUND_OUT_ANEW: &[(&str, &str)] = &[
    ("proposal_now", "waits"),
    ("proposal_now", "due"),
    ("proposal_now", "look"),
    // The only row of its table, whatever its id.
    ("account_holder_place", "id"),
];

#[test]
fn on_sqlite_one_edited_cell_of_any_table() {
    require_sqlite();
    let world = full();
    let copies = Copies::of(&world);
    let database = world.database();
    let mut unnoticed = Vec::new();
    let mut tried = 0;
    for table in tables(&database) {
        let all = columns(&database, &table);
        let keys: Vec<String> = all.iter().filter(|(_, is_key)| *is_key).map(|(name, _)| name.clone()).collect();
        for (column, _) in &all {
            let rows = cells(&database, &table, &keys, column);
            let is_excused = NOT_ANSWERED_FOR.iter().any(|(name, _)| *name == table);
            assert!(!rows.is_empty() || is_excused, "{table} has no row to edit");
            // The first row and the last: an end may be looked at differently.
            for at in [0, rows.len().saturating_sub(1)] {
                let Some((key, cell)) = rows.get(at) else { continue };
                let found = copies.finds(|database| set(database, &table, &keys, column, key, &edited(cell)));
                tried += usize::from(found.is_some());
                let is_excused = is_excused || FOUND_OUT_ANEW.contains(&(table.as_str(), column.as_str()));
                if found == Some(false) && !is_excused {
                    unnoticed.push(format!("{table}.{column} of row {at}"));
                }
            }
        }
    }
    assert!(tried > 100, "only {tried} edits were tried");
    unnoticed.dedup();
    assert!(unnoticed.is_empty(), "these edits went unnoticed: {unnoticed:#?}");
}

#[test]
fn on_sqlite_one_row_taken_away_or_doubled() {
    require_sqlite();
    let world = full();
    let copies = Copies::of(&world);
    let database = world.database();
    let mut unnoticed = Vec::new();
    let is_excused = |table: &String| NOT_ANSWERED_FOR.iter().any(|(name, _)| name == table);
    for table in tables(&database).iter().filter(|table| !is_excused(table)) {
        let all = columns(&database, table);
        let keys: Vec<String> = all.iter().filter(|(_, is_key)| *is_key).map(|(name, _)| name.clone()).collect();
        let rows = cells(&database, table, &keys, &keys[0]);
        let condition: Vec<String> = keys.iter().map(|key| format!("{key} IS ?")).collect();
        let condition = condition.join(" AND ");
        for (at, (key, _)) in [(0, &rows[0]), (rows.len() - 1, rows.last().unwrap())] {
            let sql = format!("DELETE FROM {table} WHERE {condition}");
            if copies.finds(|database| database.execute(&sql, params_from_iter(key)).unwrap()) == Some(false) {
                unnoticed.push(format!("row {at} of {table} was deleted"));
            }
        }
        // The last row once more, under a key of its own.
        let last_key = &keys[keys.len() - 1];
        let others: Vec<String> = all
            .iter()
            .map(|(name, _)| match (name == last_key, table.as_str()) {
                (true, "schema_version") => format!("{name} || 'x'"),
                (true, "answer" | "payee" | "payment_index" | "specific_account") => "randomblob(16)".to_owned(),
                (true, _) => format!("{name} + 1000000000"),
                (false, _) if ["message_key", "name_key"].contains(&name.as_str()) && table != "payer" => {
                    "randomblob(16)".to_owned()
                }
                (false, _) if name == "public_key" && table == "officer" => "randomblob(32)".to_owned(),
                (false, "money_back" | "stray") if name == "key" => "randomblob(16)".to_owned(),
                (false, "recall_answer") if name == "answer" => "randomblob(16)".to_owned(),
                (false, "money_arrived" | "money_confirmed") if name == "back" => format!("{name} + 1000000000"),
                (false, "stray_end") if name == "stray" => format!("{name} + 1000000000"),
                (false, "recall") if name == "id" => format!("{name} + 1000000000"),
                (false, _)
                    if name == "entry"
                        && ["batch", "motion", "motion_ending", "proposal", "suspicion", "victim_case"]
                            .contains(&table.as_str()) =>
                {
                    format!("{name} + 1000000000")
                }
                (false, _) => name.clone(),
            })
            .collect();
        let sql = format!("INSERT INTO {table} SELECT {} FROM {table} WHERE {condition}", others.join(", "));
        let doubled =
            copies.finds(|database| database.execute(&sql, params_from_iter(&rows[rows.len() - 1].0)).unwrap());
        // Content of an entry that there is none of says nothing.
        if doubled == Some(false)
            && !["keyring", "journal_head", "journal_payload", "account_holder_place"].contains(&table.as_str())
        {
            unnoticed.push(format!("a row of {table} was doubled"));
        }
    }
    assert!(unnoticed.is_empty(), "{unnoticed:#?}");
}

#[test]
fn on_sqlite_two_sealed_values_swapped() {
    require_sqlite();
    let world = full();
    let copies = Copies::of(&world);
    let database = world.database();
    for (table, column) in [
        ("designation", "account"),
        ("proposal", "asked"),
        ("proposal_act", "act"),
        ("motion", "content"),
        ("motion_ending", "why"),
        ("collector", "record"),
        ("subscription", "said"),
        ("suspicion", "report"),
        ("suspicion_act", "act"),
        ("account_mark", "account"),
        ("mark_act", "act"),
        ("batch_act", "act"),
        ("register_row", "record"),
        ("recall", "record"),
        ("recall_answer", "record"),
        ("stray", "said"),
        ("stray_end", "why"),
        ("money_confirmed", "why"),
        ("interbank_fact", "record"),
        ("money_back", "said"),
        ("payment_ids", "sealed"),
        ("journal_payload", "sealed"),
        ("batch", "record"),
        ("payer", "agreement"),
        ("client", "registration"),
        ("signing_key", "private"),
        ("answer", "sealed"),
    ] {
        let all = columns(&database, table);
        let keys: Vec<String> = all.iter().filter(|(_, is_key)| *is_key).map(|(name, _)| name.clone()).collect();
        let mut rows = cells(&database, table, &keys, column);
        rows.retain(|(_, cell)| *cell != Cell::Null);
        let [(first_key, first), (second_key, second)] = [&rows[0], &rows[1]];
        let found = copies.finds(|database| {
            set(database, table, &keys, column, first_key, second)
                + set(database, table, &keys, column, second_key, first)
        });
        assert_eq!(found, Some(true), "{table}.{column}");
    }
    // Two rows of the directory that lead to each other's account.
    let found = copies.finds(|database| {
        let rows = cells(database, "payee", &["key".to_owned()], "designation");
        let mut rows = rows.iter().filter(|(_, designation)| *designation != Cell::Null);
        let (first, second) = (rows.next().unwrap(), rows.next().unwrap());
        let key = ["key".to_owned()];
        set(database, "payee", &key, "designation", &first.0, &second.1)
            + set(database, "payee", &key, "designation", &second.0, &first.1)
    });
    assert_eq!(found, Some(true));
    // A change that waits, and the directory does not say so; one that was ended, and it waits all the same.
    for sql in [
        "UPDATE payee SET pending = NULL WHERE pending IS NOT NULL",
        "UPDATE payee SET pending = (SELECT p.id FROM proposal p WHERE p.payee = payee.key)
         WHERE pending IS NULL AND key IN (SELECT payee FROM proposal)",
        "DELETE FROM proposal_now WHERE waits <> 0",
        "UPDATE proposal_now SET waits = 0 WHERE waits <> 0",
        "UPDATE proposal_now SET waits = 1 WHERE waits = 0",
    ] {
        assert_eq!(copies.finds(|database| database.execute(sql, []).unwrap()), Some(true), "{sql}");
    }
}

/// The tables as they are written down: the name of each, its first column, and what is refused to be done with its rows.
fn written_down() -> impl Iterator<Item = (&'static str, &'static str, Vec<&'static str>)> {
    include_str!("../../../../docs/schema.txt").split("\n\n").map(|table| {
        let mut lines = table.lines();
        let (name, column) = (lines.next().unwrap(), lines.next().unwrap().split_whitespace().next().unwrap());
        let refused = lines.find_map(|line| line.trim().strip_prefix("REFUSES "));
        (name, column, refused.map(|acts| acts.split(", ").collect()).unwrap_or_default())
    })
}

#[test]
fn rows_that_stay_cannot_be_changed_by_whoever_has_the_store() {
    let world = full();
    let mut refused = 0;
    for (table, column, acts) in written_down() {
        // Where there is no row, SQLite has nothing to refuse.
        let is_empty = world.number(&format!("SELECT COUNT(*) FROM {table}")) == 0;
        let is_excused = NOT_ANSWERED_FOR.iter().any(|(name, _)| *name == table);
        assert!(!is_empty || is_excused, "{table} has no row to change");
        for act in acts.into_iter().filter(|_| !is_empty) {
            let sql = match act {
                "DELETE" => format!("DELETE FROM {table}"),
                _ => format!("UPDATE {table} SET {column} = {column}"),
            };
            let told = world.change_store(&sql).unwrap_err();
            assert!(told.contains("rows of this table stay"), "{sql}: {told}");
            refused += 1;
        }
    }
    assert!(refused > 30, "only {refused} acts are refused");
    world.verified();
}

#[test]
#[ignore = "about PostgreSQL: cargo xtask test runs it"]
fn one_row_taken_away_behind_the_servers_back() {
    require_postgres();
    let world = full();
    let is_excused = |table: &str| NOT_ANSWERED_FOR.iter().any(|(name, _)| *name == table);
    for (table, ..) in written_down().filter(|(table, ..)| !is_excused(table)) {
        let edited = world.copy();
        let first = format!("DELETE FROM {table} WHERE ctid = (SELECT MIN(ctid) FROM {table})");
        edited.change_store(&format!("SET session_replication_role = replica; {first}")).unwrap();
        let told = edited.run("journal verify");
        assert_ne!(told.exit, 0, "{table}: {}", told.stdout);
    }
    world.verified();
}

#[test]
fn a_real_store_is_not_made_synthetic_by_an_edit() {
    let world = World::real();
    world.change_store("UPDATE keyring SET synthetic = TRUE").unwrap();
    world.run("journal head --now 2026-01-01").refused("key.wrong");
}

/// Takes the journal's last entries away, and makes the head that it had then.
#[test]
fn on_sqlite_a_tail_cut_off_so_that_all_agrees() {
    require_sqlite();
    let world = full();
    // The last entry is a look-up, which recorded one row: without both everything agrees but the head that somebody kept.
    let kept = world.verified();
    let before = kept.split(':').next().unwrap().parse::<u64>().unwrap() - 1;
    let copies = Copies::of(&world);
    // Without a new head it is found by itself.
    let cut = |database: &Connection| {
        database.execute("DELETE FROM journal_entry WHERE number >= ?1", [before as i64]).unwrap()
            + database.execute("DELETE FROM journal_payload WHERE number >= ?1", [before as i64]).unwrap()
            + database.execute("DELETE FROM look_up WHERE id >= ?1", [(before as i64) << 20]).unwrap()
    };
    assert_eq!(copies.finds(cut), Some(true));
    // With the head that there was.
    let consistent = |database: &Connection| {
        let (peaks, at) = head_of(database, before);
        cut(database)
            + database
                .execute("UPDATE journal_head SET size = ?1, peaks = ?2, at = ?3", (before as i64, peaks, at))
                .unwrap()
    };
    assert_eq!(copies.finds(consistent), Some(false), "the cut agrees with itself");
    let text = world.run(&format!("journal verify --expect {kept}")).refused("journal.mismatch");
    assert!(text.contains("expected"), "{text}");
    // Grown again to the same size with something else, it has another root.
    world.run(&format!("resolve cpr:{BENT}")).done();
    world.run("journal verify").done();
    world.run(&format!("journal verify --expect {kept}")).refused("journal.mismatch");
    world.run(&format!("resolve cpr:{BENT}")).done();
    world.run(&format!("journal verify --expect {kept}")).refused("journal.mismatch");
}

/// The right edge of the tree over the first entries, by the definition of RFC 6962, and the last moment.
fn head_of(database: &Connection, size: u64) -> (Vec<u8>, i64) {
    let mut statement = database.prepare("SELECT number, at, kind, digest FROM journal_entry ORDER BY number").unwrap();
    let mut tree = kernel::merkle::Tree::default();
    let mut last = 0;
    let mut rows = statement.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let (number, at): (i64, i64) = (row.get(0).unwrap(), row.get(1).unwrap());
        if number as u64 >= size {
            break;
        }
        let (kind, digest): (String, Vec<u8>) = (row.get(2).unwrap(), row.get(3).unwrap());
        let mut leaf = kernel::merkle::Encoder::default();
        tree.push(leaf.start("anvis.entry.1").int(number).int(at).text(&kind).bytes(&digest).leaf());
        last = at;
    }
    (tree.peaks(), last)
}

#[test]
fn heads_that_were_kept() {
    let world = World::settled();
    let mut kept = vec![world.verified()];
    for _ in 0..5 {
        world.run(&format!("resolve cpr:{ALICE}")).done();
        kept.push(world.verified());
    }
    for head in &kept {
        world.run(&format!("journal verify --expect {head}")).done();
        let (size, root) = head.split_once(':').unwrap();
        let other = root.replace(|c: char| c != '0', "0");
        world.run(&format!("journal verify --expect {size}:{other}")).refused("journal.mismatch");
    }
    let size: u64 = kept[5].split(':').next().unwrap().parse().unwrap();
    let root = kept[5].split(':').nth(1).unwrap();
    world.run(&format!("journal verify --expect {}:{root}", size + 1)).refused("journal.mismatch");
    // The empty tree begins every journal.
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    world.run(&format!("journal verify --expect 0:{empty}")).done();
    // The whole store put back to an older day agrees with itself, and not with the head that was kept.
    let older = World::settled();
    older.run("journal verify").done();
    older.run(&format!("journal verify --expect {}", kept[5])).refused("journal.mismatch");
}

#[test]
fn time_does_not_run_backwards() {
    let world = World::settled();
    world.run(&format!("resolve cpr:{ALICE} --now 2027-01-01T00:00:00Z")).done();
    world.run(&format!("resolve cpr:{ALICE} --now 2026-01-01T00:00:00Z")).done();
    world.verified();
}

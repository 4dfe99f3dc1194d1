//! What the embedded store allows by itself.

use crate::{CHUNK_PAYMENTS, timed};
use std::path::Path;
use std::time::Duration;

pub fn open(data: &Path) -> rusqlite::Connection {
    let connection = rusqlite::Connection::open(data.join("anvis.sqlite")).expect("the database");
    connection.pragma_update(None, "mmap_size", 64_i64 << 30).unwrap();
    connection
}

/// What look-ups cost by themselves: one snapshot, batches sorted by key.
pub fn look_up(connection: &rusqlite::Connection, keys: &[kernel::Blind]) -> Vec<(i64, Vec<u8>)> {
    let sql = "SELECT d.id, d.account FROM payee p LEFT JOIN designation d ON d.id = p.designation WHERE p.key = ?1";
    let mut statement = connection.prepare(sql).expect("prepares");
    connection.execute_batch("BEGIN").unwrap();
    let mut found = Vec::with_capacity(keys.len());
    for key in keys {
        let mut rows = statement.query([key.as_bytes().as_slice()]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            if let Some(id) = row.get::<_, Option<i64>>(0).unwrap() {
                found.push((id, row.get::<_, Vec<u8>>(1).unwrap()));
            }
        }
    }
    connection.execute_batch("COMMIT").unwrap();
    found
}

/// What inserting rows like a payment's costs by itself, in large transactions: one for each payment, and its texts with those
/// of its neighbours.
pub fn insert_rows(folder: &Path, rows: u64) -> Duration {
    let path = folder.join("floor.sqlite");
    let _ = std::fs::remove_file(&path);
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 20000;
             CREATE TABLE payment (batch BIGINT, number BIGINT, payee BYTEA, end_to_end BYTEA, designation BIGINT,
                 amount BIGINT, currency TEXT, state BIGINT, code TEXT, PRIMARY KEY (batch, number)) WITHOUT ROWID;
             CREATE TABLE payment_ids (batch BIGINT, first BIGINT, sealed BYTEA, PRIMARY KEY (batch, first))",
        )
        .unwrap();
    let (payee, ids) = ([7_u8; 16], vec![9_u8; 45 * CHUNK_PAYMENTS]);
    let (_, took) = timed(|| {
        let mut statement =
            connection.prepare("INSERT INTO payment VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)").unwrap();
        let mut of_many = connection.prepare("INSERT INTO payment_ids VALUES (?1, ?2, ?3)").unwrap();
        for number in 0..rows as i64 {
            if number % 100_000 == 0 {
                connection.execute_batch(if number == 0 { "BEGIN" } else { "COMMIT; BEGIN" }).unwrap();
            }
            let values = (1_i64 << 60, number, &payee, &payee, number << 20, 100_000_i64, "DKK", 0_i64, None::<&str>);
            statement.execute(values).unwrap();
            if number % CHUNK_PAYMENTS as i64 == 0 {
                of_many.execute((1_i64 << 60, number, &ids)).unwrap();
            }
        }
        connection.execute_batch("COMMIT").unwrap();
    });
    drop(connection);
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(folder.join(format!("floor.sqlite{suffix}")));
    }
    took
}

/// What the rows of whole lives cost by themselves, written by hand in transactions like theirs, five for each group, each synced: the
/// proposal and what it waits for, four acts, nine notices, a row of a history, four entries of a journal. Nothing is read, decided,
/// sealed or hashed, and no directory is moved.
pub fn write_lives(folder: &Path, lives: usize, group: usize) -> Duration {
    let path = folder.join("lives.sqlite");
    let _ = std::fs::remove_file(&path);
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 20000;
             CREATE TABLE proposal (id BIGINT PRIMARY KEY, entry BIGINT, payee BYTEA, channel BYTEA, asked BYTEA);
             CREATE INDEX proposal_entry ON proposal (entry, id);
             CREATE INDEX proposal_channel ON proposal (channel, id);
             CREATE TABLE act (id BIGINT PRIMARY KEY, proposal BIGINT, at BIGINT, act BYTEA) WITHOUT ROWID;
             CREATE INDEX act_proposal ON act (proposal, id);
             CREATE TABLE now (proposal BIGINT PRIMARY KEY, payee BYTEA, waits BIGINT, look BIGINT) WITHOUT ROWID;
             CREATE INDEX now_look ON now (look, proposal);
             CREATE INDEX now_payee ON now (payee, proposal);
             CREATE INDEX now_waits ON now (waits, proposal);
             CREATE TABLE notice (id BIGINT PRIMARY KEY, payee BYTEA, said BYTEA) WITHOUT ROWID;
             CREATE TABLE progress (id BIGINT PRIMARY KEY, state BIGINT, at BIGINT) WITHOUT ROWID;
             CREATE INDEX progress_due ON progress (state, at, id);
             CREATE TABLE designation (id BIGINT PRIMARY KEY, payee BYTEA, account BYTEA) WITHOUT ROWID;
             CREATE TABLE entry (number BIGINT PRIMARY KEY, digest BYTEA) WITHOUT ROWID;
             CREATE TABLE payload (number BIGINT PRIMARY KEY, sealed BYTEA) WITHOUT ROWID;",
        )
        .unwrap();
    let prepare = |sql: &str| connection.prepare(sql).unwrap();
    let (mut proposal, mut act) = (
        prepare("INSERT INTO proposal VALUES (?1, ?1, ?2, ?3, ?4)"),
        prepare("INSERT INTO act VALUES (?1, ?2, ?1, ?3)"),
    );
    let (mut now, mut set_now) = (
        prepare("INSERT INTO now VALUES (?1, ?2, 0, ?1)"),
        prepare("UPDATE now SET waits = ?1, look = ?2 WHERE proposal = ?3"),
    );
    let (mut notice, mut progress) =
        (prepare("INSERT INTO notice VALUES (?1, ?2, ?3)"), prepare("INSERT INTO progress VALUES (?1, 0, ?2)"));
    let (mut entry, mut payload) =
        (prepare("INSERT INTO entry VALUES (?1, ?2)"), prepare("INSERT INTO payload VALUES (?1, ?2)"));
    let mut designation = prepare("INSERT INTO designation VALUES (?1, ?2, ?3)");
    let payee = |life: i64| (life as u128).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).to_be_bytes();
    let bytes = [7_u8; 288];
    let (mut row, mut number) = (0_i64, 0_i64);
    let (_, took) = timed(|| {
        for first in (0..lives / group).map(|at| (at * group) as i64) {
            for phase in 0..5 {
                connection.execute_batch("BEGIN IMMEDIATE").unwrap();
                for life in first..first + group as i64 {
                    if phase == 0 {
                        proposal.execute((life, payee(life), &bytes[..16], &bytes[..227])).unwrap();
                        now.execute((life, payee(life))).unwrap();
                    } else {
                        act.execute((row, life, &bytes[..36])).unwrap();
                        set_now.execute((phase, row, life)).unwrap();
                    }
                    for _ in 0..if matches!(phase, 0 | 3 | 4) { 3 } else { 0 } {
                        row += 1;
                        notice.execute((row, payee(life), &bytes[..155])).unwrap();
                        progress.execute((row, number)).unwrap();
                    }
                    if phase == 4 {
                        designation.execute((row, payee(life), &bytes[..36])).unwrap();
                    } else {
                        number += 1;
                        entry.execute((number, &bytes[..32])).unwrap();
                        payload.execute((number, &bytes[..288])).unwrap();
                    }
                    row += 1;
                }
                connection.execute_batch("COMMIT").unwrap();
            }
        }
    });
    drop((proposal, act, now, set_now, notice, progress));
    drop((entry, payload, designation));
    drop(connection);
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(folder.join(format!("lives.sqlite{suffix}")));
    }
    took
}

/// What a look into the index of payments costs by itself: one bucket of each slice of each batch, wherever it lies in it.
pub fn probe_index(data: &Path) -> (usize, Duration) {
    let connection = open(data);
    let mut statement =
        connection.prepare("SELECT place FROM payment_index WHERE place >= ?1 ORDER BY place LIMIT 1").unwrap();
    let (mut places, mut from) = (Vec::new(), vec![0; 14]);
    while let Some(place) = statement.query([&from]).unwrap().next().unwrap() {
        let place: Vec<u8> = place.get(0).unwrap();
        // The next slice of this batch, or of the next one.
        from = place[..12].to_vec();
        for byte in from.iter_mut().rev() {
            *byte = byte.wrapping_add(1);
            if *byte != 0 {
                break;
            }
        }
        from.extend([0, 0]);
        places.push(place);
    }
    let mut statement = connection.prepare("SELECT marks FROM payment_index WHERE place = ?1").unwrap();
    connection.execute_batch("BEGIN").unwrap();
    let (bytes, took) = timed(|| {
        let mut bytes = 0;
        for place in &places {
            let marks = statement.query_row([place], |row| Ok(row.get_ref(0)?.as_blob()?.len())).unwrap();
            bytes += marks;
        }
        bytes
    });
    connection.execute_batch("COMMIT").unwrap();
    assert!(bytes > 0, "there are marks");
    (places.len(), took)
}

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

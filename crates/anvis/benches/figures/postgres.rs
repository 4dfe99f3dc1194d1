//! What PostgreSQL allows by itself, on a machine that it shares with its client: core time is that of the whole machine.

use crate::{CHUNK_PAYMENTS, machine_time, timed};
use ::postgres::{Client, NoTls};
use std::io::Write;
use std::time::Duration;

/// Rows that are in the tables of the bare transactions.
const BARE_ROWS: i64 = 100_000;

pub fn connect(url: &str) -> Client {
    let mut config: ::postgres::Config = url.parse().expect("a URL");
    config.options("-c search_path=anvis -c jit=off").connect(NoTls).expect("the server")
}

/// Core time of look-ups by lists of keys, in one snapshot.
pub fn look_up(client: &mut Client, keys: &[kernel::Blind]) -> Duration {
    let sql = "SELECT p.key, d.id, d.account FROM payee p LEFT JOIN designation d ON d.id = p.designation
               WHERE p.key = ANY($1)";
    let statement = client.prepare(sql).expect("prepares");
    let before = machine_time();
    let mut transaction = client.build_transaction().read_only(true).start().unwrap();
    for keys in keys.chunks(CHUNK_PAYMENTS) {
        let keys: Vec<&[u8]> = keys.iter().map(|key| key.as_bytes().as_slice()).collect();
        std::hint::black_box(transaction.query(&statement, &[&keys]).unwrap());
    }
    transaction.rollback().unwrap();
    machine_time() - before
}

/// Core time of copying rows like a payment's in, one for each payment, and its texts with those of its neighbours.
pub fn copy_rows(client: &mut Client, rows: u64) -> Duration {
    client
        .batch_execute(
            "CREATE SCHEMA floor;
             CREATE TABLE floor.payment (LIKE payment INCLUDING ALL);
             CREATE TABLE floor.payment_ids (LIKE payment_ids INCLUDING ALL);",
        )
        .expect("a schema for the floors");
    let before = machine_time();
    let texts = vec![9_u8; 45 * CHUNK_PAYMENTS];
    for from in (0..rows as i64).step_by(16 * 1024) {
        let numbers = from..(from + 16 * 1024).min(rows as i64);
        let mut transaction = client.transaction().unwrap();
        let columns = "batch, number, payee, end_to_end, designation, amount, currency, state, code";
        copy(&mut transaction, &format!("floor.payment ({columns})"), numbers.clone(), |number, row| {
            row.extend_from_slice(&9_i16.to_be_bytes());
            field(row, &(1_i64 << 60).to_be_bytes());
            field(row, &number.to_be_bytes());
            field(row, &[7; 16]);
            field(row, &[7; 16]);
            field(row, &(number << 20).to_be_bytes());
            field(row, &100_000_i64.to_be_bytes());
            field(row, b"DKK");
            field(row, &0_i64.to_be_bytes());
            row.extend_from_slice(&(-1_i32).to_be_bytes());
        });
        let pieces = numbers.step_by(CHUNK_PAYMENTS);
        copy(&mut transaction, "floor.payment_ids (batch, first, sealed)", pieces, |first, row| {
            row.extend_from_slice(&3_i16.to_be_bytes());
            field(row, &(1_i64 << 60).to_be_bytes());
            field(row, &first.to_be_bytes());
            field(row, &texts);
        });
        transaction.commit().unwrap();
    }
    let took = machine_time() - before;
    client.batch_execute("DROP SCHEMA floor CASCADE").unwrap();
    took
}

fn copy(
    transaction: &mut ::postgres::Transaction<'_>,
    into: &str,
    numbers: impl Iterator<Item = i64>,
    row: impl Fn(i64, &mut Vec<u8>),
) {
    let mut copying = transaction.copy_in(&format!("COPY {into} FROM STDIN (FORMAT binary)")).unwrap();
    let mut bytes = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0".to_vec();
    for number in numbers {
        row(number, &mut bytes);
        if bytes.len() > 256 << 10 {
            copying.write_all(&bytes).unwrap();
            bytes.clear();
        }
    }
    bytes.extend_from_slice(&[0xff, 0xff]);
    copying.write_all(&bytes).unwrap();
    copying.finish().unwrap();
}

fn field(row: &mut Vec<u8>, value: &[u8]) {
    row.extend_from_slice(&(value.len() as i32).to_be_bytes());
    row.extend_from_slice(value);
}

/// What one change of an account after the other takes in transactions written by hand: the statements that a change cannot do
/// without, prepared, on tables like the store's.
pub fn bare_changes(client: &mut Client, changes: u64) -> Duration {
    client
        .batch_execute(&format!(
            "CREATE SCHEMA floor;
             CREATE TABLE floor.payee (LIKE payee INCLUDING ALL);
             CREATE TABLE floor.designation (LIKE designation INCLUDING ALL);
             CREATE TABLE floor.answer (LIKE answer INCLUDING ALL);
             CREATE TABLE floor.journal_entry (LIKE journal_entry INCLUDING ALL);
             CREATE TABLE floor.journal_payload (LIKE journal_payload INCLUDING ALL);
             CREATE TABLE floor.journal_head AS SELECT * FROM journal_head;
             INSERT INTO floor.payee SELECT * FROM payee WHERE designation IS NOT NULL ORDER BY key LIMIT {BARE_ROWS};
             INSERT INTO floor.designation SELECT d.* FROM designation d JOIN floor.payee p ON p.designation = d.id;
             ANALYZE floor.payee; ANALYZE floor.designation;"
        ))
        .expect("tables for the floors");
    let keys: Vec<Vec<u8>> = client
        .query("SELECT key FROM floor.payee ORDER BY designation LIMIT $1", &[&(changes as i64)])
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect();
    let mut prepared = |sql: &str| client.prepare(sql).unwrap();
    let find_answer = prepared("SELECT sealed FROM floor.answer WHERE key = $1");
    let find = prepared(
        "SELECT p.status, d.id, d.state, d.account
         FROM floor.payee p LEFT JOIN floor.designation d ON d.id = p.designation WHERE p.key = $1",
    );
    let head = prepared("SELECT size, peaks, at FROM floor.journal_head");
    let insert = prepared(
        "INSERT INTO floor.designation (id, payee, purpose, previous, state, effective, channel, account)
         VALUES ($1, $2, NULL, $3, 0, $4, 0, $5)",
    );
    let point = prepared("UPDATE floor.payee SET designation = $1 WHERE key = $2");
    let answer = prepared("INSERT INTO floor.answer (key, entry, sealed) VALUES ($1, $2, $3)");
    let entry = prepared("INSERT INTO floor.journal_entry (number, at, kind, digest) VALUES ($1, $2, 'change', $3)");
    let payload = prepared("INSERT INTO floor.journal_payload (number, sealed) VALUES ($1, $2)");
    let set_head = prepared("UPDATE floor.journal_head SET size = $1, peaks = $2, at = $3");
    let (_, took) = timed(|| {
        for key in &keys {
            let mut transaction =
                client.build_transaction().isolation_level(::postgres::IsolationLevel::Serializable).start().unwrap();
            transaction.query_opt(&find_answer, &[key]).unwrap();
            let found = transaction.query_one(&find, &[key]).unwrap();
            let (id, account): (i64, Vec<u8>) = (found.get(1), found.get(3));
            let former = transaction.query_one(&head, &[]).unwrap();
            let (size, peaks, at): (i64, Vec<u8>, i64) = (former.get(0), former.get(1), former.get(2));
            transaction.execute(&insert, &[&(size << 20), key, &id, &(at + 1), &account]).unwrap();
            transaction.execute(&point, &[&(size << 20), key]).unwrap();
            transaction.execute(&answer, &[key, &size, &account]).unwrap();
            transaction.execute(&entry, &[&size, &(at + 1), key]).unwrap();
            transaction.execute(&payload, &[&size, &account]).unwrap();
            transaction.execute(&set_head, &[&(size + 1), &peaks, &(at + 1)]).unwrap();
            transaction.commit().unwrap();
        }
    });
    client.batch_execute("DROP SCHEMA floor CASCADE").unwrap();
    took
}

//! How many payees an account has, and what comes of too many.

use crate::place::{Place, grounded};
use kernel::{Actor, Env, Statement, Timestamp};
use registry::commands::{ApproveDesignation, ChangeAnswer, Settle, SharedAccounts, ShowShared, fold_holders};
use registry::designation::Channel;
use registry::life::Waits;
use registry::queries;

/// As many payees as rows are asked for.
fn payee(number: usize) -> String {
    format!("p:{}", 1_000_000_000 + number)
}

fn ask(place: &mut Place, bank: &str, row: &str) -> String {
    let bank = Channel::Bank(bank.to_owned());
    let row = place.read(&grounded(&bank, row));
    // Proposals are known by the millisecond.
    place.now += 1_000;
    match place.ask_together(vec![(bank, row)]).remove(0) {
        Ok(ChangeAnswer::Refused(refusal)) => kernel::Refuse::code(&refusal).to_owned(),
        Ok(answer) => answer.name().to_owned(),
        Err(code) => code.to_owned(),
    }
}

/// The accounts with more payees than so many.
fn shared(place: &mut Place, over: u16) -> Vec<(String, u64)> {
    while fold_holders(&mut place.writer).unwrap() {}
    let (console, env) = (Actor::console(), Env::new(Timestamp::from_micros(place.now), 0));
    let found = place.writer.read(|scope| SharedAccounts::find(scope, &console, Some(over), 10)).unwrap();
    let shown = place.writer.execute(&ShowShared { found }, &console, &env).unwrap();
    place.verify();
    let mut accounts: Vec<_> = shown.accounts.into_iter().map(|account| (account.account, account.payees)).collect();
    accounts.sort_unstable();
    accounts
}

#[test]
fn the_eleventh_payee_of_an_account_waits_for_somebody_who_looks() {
    let mut place = Place::new();
    place.control("2015", &["names_replaced=on", "payees_per_account=10", "manual_check=on_risk"]);
    for number in 0..10 {
        let row = format!("register,{},0040-1,,,,,", payee(number));
        assert_eq!(ask(&mut place, "North", &row), "done", "{number}");
    }
    assert_eq!(ask(&mut place, "North", &format!("register,{},0040-1,,,,,", payee(10))), "held");
    // Another account has none.
    assert_eq!(ask(&mut place, "North", &format!("register,{},0041-2,,,,,", payee(11))), "done");
    // Who has it does not count against themselves; frozen ones count, closed ones do not.
    assert_eq!(ask(&mut place, "North", &format!("freeze,{},,,,,,", payee(0))), "done");
    assert_eq!(ask(&mut place, "North", &format!("register,{},0040-1,,,,,", payee(12))), "held");
    assert_eq!(ask(&mut place, "North", &format!("close,{},,,,,,", payee(1))), "done");
    assert_eq!(ask(&mut place, "North", &format!("register,{},0040-1,,,,,", payee(13))), "done");
    assert_eq!(ask(&mut place, "North", &format!("register,{},0040-1,,,,,", payee(14))), "held");
    // One who goes to another account makes room.
    assert_eq!(ask(&mut place, "North", &format!("change,{},0041-2,,0040-1,,,", payee(2))), "done");
    assert_eq!(ask(&mut place, "North", &format!("register,{},0040-1,,,,,", payee(15))), "done");
    assert_eq!(shared(&mut place, 1), [("0040-******0001".to_owned(), 10), ("0041-******0002".to_owned(), 2)]);
    assert_eq!(shared(&mut place, 10), []);
}

#[test]
fn rows_of_one_request_count_for_each_other_and_so_do_those_of_a_small_file() {
    let mut place = Place::new();
    place.control("2015", &["names_replaced=on", "payees_per_account=3", "manual_check=on_risk"]);
    let rows: Vec<String> = (0..5).map(|number| format!("register,{},0040-1,,,,,", payee(number))).collect();
    let asked = rows.iter().map(|row| (Channel::Bank("North".to_owned()), place.read(row))).collect();
    let answers = place.ask_together(asked);
    let names: Vec<_> = answers.iter().map(|answer| answer.as_ref().unwrap().name()).collect();
    assert_eq!(names, ["done", "done", "done", "held", "held"]);
    let rows: Vec<String> = (5..10).map(|number| format!("register,{},0041-2,,,,,", payee(number))).collect();
    let (counts, _) = place.accounts(&Channel::Bank("North".to_owned()), &rows);
    assert_eq!((counts.changed, counts.held), (3, 2));
    assert_eq!(shared(&mut place, 2), [("0040-******0001".to_owned(), 3), ("0041-******0002".to_owned(), 3)]);
}

#[test]
fn proposals_that_take_effect_together_count_for_each_other() {
    let mut place = Place::new();
    let controls = ["names_replaced=on", "payees_per_account=2", "manual_check=on_risk", "wait_bank_replacing=1"];
    place.control("2015", &controls);
    for number in 0..4 {
        let row = format!("register,{},0041-{},,,,,", payee(number), number + 2);
        assert_eq!(ask(&mut place, "North", &row), "done");
    }
    for number in 0..4 {
        let row = format!("change,{},0040-1,,0041-{},,,", payee(number), number + 2);
        assert_eq!(ask(&mut place, "North", &row), "held", "as long as a bank's change waits");
    }
    place.now += 30 * 86_400_000_000 / 4;
    let now = Timestamp::from_micros(place.now);
    let settled = place.writer.execute(&Settle { now }, &Actor::console(), &Env::new(now, 0)).unwrap();
    assert_eq!((settled.in_force, settled.waiting, settled.refused, settled.expired), (2, 2, 0, 0));
    let console = Actor::console();
    let page = place.writer.read(|scope| queries::waiting(scope, &console, None, Some(Waits::Check), None, 9, now));
    let mut names: Vec<String> = page.unwrap().proposals.into_iter().map(|view| view.standing.id).collect();
    assert_eq!(names.len(), 2);
    // Somebody looks, and lets it go on: its time has come long ago, from then on.
    let (officer, why, is_synthetic) = (Actor::operator("anna"), "Called".to_owned(), true);
    let command = ApproveDesignation { proposal: names.remove(0), why, officer: officer.clone(), is_synthetic };
    let standing = place.writer.execute(&command, &officer, &Env::new(now, 0)).unwrap();
    assert_eq!(standing.waits_for.as_deref(), Some("time"));
    assert_eq!(shared(&mut place, 1), [("0040-******0001".to_owned(), 2)]);
}

#[test]
fn a_bulk_file_is_counted_afterwards() {
    let mut place = Place::new();
    place.control("2015", &["names_replaced=on", "payees_per_account=10", "manual_check=on_risk"]);
    let rows: Vec<String> = (0..1_001).map(|number| format!("register,{},0040-1,,,,,", payee(number))).collect();
    let (counts, _) = place.accounts(&Channel::Operator, &rows);
    assert_eq!((counts.changed, counts.held), (1_001, 0), "a bulk file is looked at afterwards");
    place.verify();
    assert_eq!(shared(&mut place, 1_000), [("0040-******0001".to_owned(), 1_001)]);
    assert_eq!(shared(&mut place, 1_001), []);
    assert_eq!(ask(&mut place, "North", &format!("register,{},0040-1,,,,,", payee(2_000))), "held");
}

#[test]
fn while_sharing_is_banned_an_account_is_the_first_ones() {
    let mut place = Place::new();
    place.control("2015", &["names_replaced=on", "ban_shared=on"]);
    assert_eq!(ask(&mut place, "North", &format!("register,{},0040-1,,,,,", payee(0))), "done");
    assert_eq!(ask(&mut place, "North", &format!("register,{},0040-1,,,,,", payee(1))), "ban.shared");
    assert_eq!(ask(&mut place, "North", &format!("change,{},0041-2,,0040-1,,,", payee(0))), "done");
    assert_eq!(ask(&mut place, "North", &format!("register,{},0040-1,,,,,", payee(1))), "done");
    place.control("2015", &["names_replaced=on", "ban_change=on"]);
    assert_eq!(ask(&mut place, "North", &format!("change,{},0041-3,,0041-2,,,", payee(0))), "ban.change");
    assert_eq!(ask(&mut place, "North", &format!("register,{},0041-3,,,,,", payee(2))), "done");
}

#[test]
fn what_is_noted_of_an_account_is_held_against_the_histories() {
    const CHANGES: [Statement; 3] = [
        Statement { name: "test.leave", sql: "UPDATE account_holder SET account_key = NULL" },
        Statement { name: "test.move", sql: "UPDATE account_holder SET payee = account_key" },
        Statement { name: "test.go_back", sql: "UPDATE account_holder_place SET position = position - 1" },
    ];
    for change in &CHANGES {
        let mut place = Place::new();
        assert_eq!(ask(&mut place, "North", &format!("register,{},0040-1,,,,,", payee(0))), "done");
        place.verify();
        place.writer.connection.write(|tx| tx.run(change, &[])).unwrap();
        let error = place.writer.read(registry::verify_directory).unwrap_err();
        assert_eq!(error.code(), "journal.mismatch", "{}", change.name);
    }
}

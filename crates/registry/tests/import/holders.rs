//! Whose an account is said to be: it is recorded, and one that is somebody else's is looked at, whoever says so.

use crate::place::Place;
use kernel::{Actor, Env, Role, Timestamp};
use registry::RowRefusal;
use registry::commands::{ChangeAccounts, ChangeAnswer, ReadHistory};
use registry::designation::Channel;
use registry::import::{AccountRow, Accounts, Written};
use registry::payee::PayeeId;
use registry::proposal::Unexpected;

const COLUMNS: &str = "action,payee,account,bic,expects,currency,payer,benefit,reason,consent,holder";

/// What the history of a payee says of each row, the newest first.
fn said(place: &mut Place, payee: &str) -> Vec<(String, String)> {
    let (actor, payee) = (Actor::console(), PayeeId::parse(payee).unwrap());
    let env = Env::new(Timestamp::from_micros(place.now), 0);
    let history = place.writer.execute(&ReadHistory { actor: actor.clone(), payee }, &actor, &env).unwrap();
    history.into_iter().map(|row| (row.state, row.holder.unwrap_or_else(|| "-".to_owned()))).collect()
}

#[test]
fn what_a_file_says_is_recorded_with_what_takes_effect_at_once() {
    let mut place = Place::new();
    let bank = Channel::Bank("North".to_owned());
    // The last columns of a file may be missing, and then say nothing.
    let mut check = |channel: &Channel, lacks: usize, row: &str, expected: Result<&[&str], RowRefusal>| {
        let columns: Vec<&str> = COLUMNS.split(',').collect();
        let content = format!("{}\n{row}\n", columns[..columns.len() - lacks].join(","));
        let vault = place.writer.store.vault().clone();
        let source = Accounts { channel: channel.clone(), by: "console".to_owned(), vault };
        let (counts, rejected) = place.import(&source, content.as_bytes());
        let refusal = rejected.first().map(|(_, refusal)| *refusal);
        assert_eq!((counts.changed, refusal), (u64::from(expected.is_ok()), expected.err()), "{row}");
        if let Ok(expected) = expected {
            let payee = row.split(',').nth(1).unwrap();
            let holders: Vec<String> = said(&mut place, payee).into_iter().map(|(_, holder)| holder).collect();
            assert_eq!(holders, expected, "{row}");
        }
    };
    check(&Channel::Operator, 0, "register,p:1000000001,0040-1,,,,,,,,joint", Ok(&["joint"]));
    check(&Channel::Operator, 0, "register,p:1000000002,0040-1,,,,,,,,", Ok(&["-"]));
    check(&Channel::Operator, 0, "register,p:1000000003,0040-1,,,,,,,,third_party", Ok(&["third_party"]));
    check(&Channel::Operator, 0, "register,p:1000000004,0040-1,,,,,,,,unknown", Ok(&["-"]));
    check(&Channel::Operator, 1, "register,p:1000000005,0040-1,,,,,,,", Ok(&["-"]));
    check(&Channel::Operator, 3, "register,p:1000000006,0040-1,,,,,", Ok(&["-"]));
    check(&bank, 0, "register,p:1000000007,0040-1,,,,,,,,", Ok(&["own"]));
    check(&bank, 3, "register,p:1000000008,0040-1,,,,,", Ok(&["own"]));
    check(&bank, 0, "register,p:1000000009,0040-1,,,,,,user_request,phone,joint", Ok(&["joint"]));
    // It is said of an account that is designated, and of each anew.
    check(&bank, 0, "freeze,p:1000000009,,,,,,,,,third_party", Ok(&["-", "joint"]));
    check(&bank, 0, "unfreeze,p:1000000009,,,,,,,,,", Ok(&["-", "-", "joint"]));
    let change = "change,p:1000000009,0041-2,,0040-1,,,,user_request,phone,own";
    check(&bank, 0, change, Ok(&["own", "-", "-", "joint"]));
    check(&Channel::Operator, 0, "register,p:1000000010,0040-1,,,,,,,,mine", Err(RowRefusal::Holder));
    check(&Channel::Operator, 0, "register,p:1000000010,0040-1,,,,Payer,,,,mine", Err(RowRefusal::Purpose));
    check(&bank, 0, "register,p:1000000010,0040-1,,,,,,whim,phone,mine", Err(RowRefusal::Reason));
    check(&bank, 0, "register,p:1000000010,1020-1,,,,,,,,mine", Err(RowRefusal::Holder));
    // A file is not without one of two columns that go together.
    check(&bank, 0, "register,p:1000000010,0040-1,,,,,,user_request", Err(RowRefusal::Malformed));
    place.verify();
}

#[test]
fn a_banks_word_that_an_account_is_somebody_elses_counts_like_anybodys() {
    let mut place = Place::with_default_controls();
    let (bank, client) = (Channel::Bank("North".to_owned()), Actor::client(Role::Bank, "North"));
    let mut check = |payee: &str, holder: &str, expected: &str| {
        place.now += 1_000;
        let written = Written { action: "register", payee, account: "0040-1", ..Written::default() };
        let vault = place.writer.store.vault();
        let row = AccountRow::read_from_bank(vault, &written, "user_request", "phone", Unexpected::Refuse)
            .and_then(|row| row.held_by(holder));
        let request = ChangeAccounts::new(client.clone(), bank.clone(), vec![row], Unexpected::Refuse, None).unwrap();
        let env = Env::new(Timestamp::from_micros(place.now), u32::try_from(place.now).unwrap());
        let given = [(request, &client, &env)];
        let answers = place.writer.execute_group(|group| group.execute_jointly(&given)).unwrap().remove(0);
        let answer = answers.map_err(|refusal| refusal.code).unwrap().remove(0);
        assert_eq!(answer.name(), expected, "{holder}");
        if answer == ChangeAnswer::Done {
            let holder = if holder.is_empty() { "own" } else { holder };
            assert_eq!(said(&mut place, payee), [("in_force".to_owned(), holder.to_owned())]);
        }
    };
    check("p:1000000001", "", "done");
    check("p:1000000002", "own", "done");
    check("p:1000000003", "joint", "done");
    check("p:1000000004", "third_party", "held");
    check("p:1000000005", "unknown", "held");
    check("p:1000000006", "mine", "refused");
    place.verify();
}

//! Files of chance rows, through the real import into a real store.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod changes;
mod holders;
mod place;
mod registers;
mod resolving;
mod waiting;

use denmark::Cvr;
use kernel::{Actor, Env, Statement, Timestamp};
use place::{Place, grounded};
use proptest::prelude::*;
use registry::RowRefusal;
use registry::commands::{AddPayer, ChangeAnswer, LookUp};
use registry::designation::Channel;
use registry::import::{Accounts, Banks, Companies, Counts, Population, Reject, Source};
use registry::payee::PayeeId;
use registry::payer::{Agreement, NoAccount, PayerKind};

/// The account of each payee, as a look-up tells it but for its moment.
fn told(place: &mut Place) -> Vec<String> {
    let env = Env::new(Timestamp::from_micros(place.now), 0);
    let mut told = Vec::new();
    for payee in PAYEES {
        let payee = PayeeId::parse(payee).unwrap();
        let command = LookUp { actor: Actor::console(), payee, specific: None, as_of: None, known_at: None };
        told.push(match place.writer.execute(&command, &Actor::console(), &env) {
            Ok(answer) => format!("{:?} {}", answer.account, answer.state),
            Err(error) => error.code().to_owned(),
        });
    }
    told
}

const PAYEES: [&str; 3] = ["se:11111111", "p:1000000001", "p:1000000002"];

fn row() -> impl Strategy<Value = String> {
    let action = prop_oneof![4 => Just("register"), 4 => Just("change"), 2 => Just("close"), 2 => Just("freeze"), 3 => Just("unfreeze"), 1 => Just("nothing")];
    let payee = proptest::sample::select(PAYEES.to_vec());
    let account = prop_oneof![2 => Just(""), 3 => Just("0040-1"), 3 => Just("0041-2"), 2 => Just("1020-3"), 1 => Just("9999-4"), 1 => Just("DE89370400440532013000")];
    let bic = prop_oneof![9 => Just(""), 1 => Just("NDEADKKK"), 1 => Just("COBADEFFXXX")];
    let expects = prop_oneof![2 => Just(""), 2 => Just("none"), 3 => Just("0040"), 3 => Just("0041"), 2 => Just("1020-3"), 1 => Just("?")];
    let currency = prop_oneof![9 => Just(""), 1 => Just("EUR")];
    (action, payee, account, bic, expects, currency).prop_map(|(action, payee, account, bic, expects, currency)| {
        format!("{action},{payee},{account},{bic},{expects},{currency},,")
    })
}

/// Adds a row to a history, below everything that would record it, and points the directory at it.
const FOLLOW: Statement = Statement {
    name: "test.follow",
    sql: "INSERT INTO designation (id, payee, purpose, previous, state, effective, channel, account)
          SELECT id + 1, payee, purpose, id, state, $1, channel, account FROM designation ORDER BY id DESC LIMIT 1",
};
const POINT_PAYEE: Statement = Statement {
    name: "test.point_payee",
    sql: "UPDATE payee SET designation = designation + 1
          WHERE designation = (SELECT previous FROM designation ORDER BY id DESC LIMIT 1)",
};
const POINT_SPECIFIC: Statement = Statement {
    name: "test.point_specific",
    sql: "UPDATE specific_account SET designation = designation + 1
          WHERE designation = (SELECT previous FROM designation ORDER BY id DESC LIMIT 1)",
};

#[test]
fn a_history_that_is_out_of_order_in_time_is_found() {
    let check = |purpose: &str| {
        let mut place = Place::new();
        let agreement = Agreement {
            name: "Payer".to_owned(),
            cvr: Cvr::parse("13748136").unwrap(),
            kind: PayerKind::Public,
            no_account: NoAccount::Reject,
            bank: None,
            terms: registry::terms::Terms::default(),
        };
        let env = Env::new(Timestamp::from_micros(place.now), 0);
        place.writer.execute(&AddPayer { agreement }, &Actor::console(), &env).unwrap();
        for row in ["register,p:1000000001,0040-1,,,", "freeze,p:1000000001,,,,", "unfreeze,p:1000000001,,,,"] {
            let (counts, _) = place.accounts(&Channel::Operator, &[format!("{row},{purpose}")]);
            assert_eq!(counts.changed, 1, "{row},{purpose}");
        }
        let newest = place.now;
        let mut follow = |effective: i64| {
            let added = place.writer.connection.write(|tx| {
                tx.run(&FOLLOW, &[effective.into()])?;
                Ok([tx.run(&POINT_PAYEE, &[])?, tx.run(&POINT_SPECIFIC, &[])?])
            });
            assert_eq!(added.unwrap().iter().sum::<u64>(), 1);
            place.writer.read(registry::verify_directory)
        };
        // Equal moments are in order: rows of one entry have them.
        follow(newest).unwrap();
        follow(newest + 1).unwrap();
        let error = follow(newest).unwrap_err();
        assert_eq!(error.code(), "journal.mismatch");
        assert!(error.to_string().contains("holds from before the one that it follows"), "{error}");
    };
    check(",");
    check("Payer,NKSBOS");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Rows mean the same in one file as each by itself, and a file that comes again changes nothing.
    #[test]
    fn how_rows_are_put_into_files_makes_no_difference(rows in proptest::collection::vec((row(), any::<bool>()), 1..16)) {
        let channel = |by_bank: bool| if by_bank { Channel::Bank("North".to_owned()) } else { Channel::Operator };
        let (mut together, mut apart, mut grouped) = (Place::new(), Place::new(), Place::new());
        let mut counts = [Counts::default(); 3];
        // Neighbours of one channel stand in one file.
        for group in rows.chunk_by(|(_, first), (_, second)| first == second) {
            // A number makes files of equal rows different files.
            let mut lines: Vec<String> = group.iter().map(|(row, _)| row.clone()).collect();
            lines.push(format!("numbered,{}", together.now));
            let (counted, rejects) = together.accounts(&channel(group[0].1), &lines);
            prop_assert_eq!(counted.rows, lines.len() as u64);
            prop_assert_eq!(counted.changed + counted.unchanged + counted.rejected, counted.rows);
            prop_assert_eq!(rejects.len() as u64, counted.rejected);
            prop_assert!(rejects.windows(2).all(|pair| pair[0].0 < pair[1].0));
            counts[0] += Counts { rows: counted.rows - 1, rejected: counted.rejected - 1, ..counted };
            for (row, by_bank) in group {
                counts[1] += apart.change(&channel(*by_bank), row);
            }
            let again = together.accounts(&channel(group[0].1), &lines);
            prop_assert_eq!(again, (counted, rejects));
        }
        let all: Vec<_> = rows.iter().map(|(row, by_bank)| (channel(*by_bank), row.clone())).collect();
        counts[2] = grouped.change_together(&all);
        prop_assert_eq!(counts, [counts[0]; 3]);
        prop_assert_eq!(told(&mut together), told(&mut apart));
        prop_assert_eq!(told(&mut together), told(&mut grouped));
        together.verify();
        grouped.verify();
        apart.verify();
    }

    /// Whatever the bytes are, every line is taken or refused, and the journal still agrees.
    #[test]
    fn any_bytes_are_a_file(bytes in proptest::collection::vec(prop_oneof![6 => proptest::sample::select(b"ceglnoprs,:\"\r\n0123456789-".to_vec()), 1 => any::<u8>()], 0..400)) {
        let mut place = Place::new();
        let vault = place.writer.store.vault().clone();
        let with = |header: &[&str]| [header.join(",").as_bytes(), b"\n", &bytes].concat();
        let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty() && *line != b"\r").count() as u64;
        let check = |(counts, _): (Counts, Vec<Reject>)| counts.rows == lines && counts.rows == counts.changed + counts.unchanged + counts.rejected;
        let companies = Companies { vault: vault.clone() };
        let population = Population { vault: vault.clone(), refuse_replacement_numbers: false };
        let accounts = Accounts { channel: Channel::Operator, by: "console".to_owned(), vault };
        let all = [
            check(place.import(&Banks, &with(Banks::HEADER))),
            check(place.import(&companies, &with(Companies::HEADER))),
            check(place.import(&population, &with(Population::HEADER))),
            check(place.import(&accounts, &with(Accounts::HEADER))),
        ];
        prop_assert_eq!(all, [true; 4]);
        place.verify();
    }
}

/// What counts is what the directory says last.
#[test]
fn a_bank_that_was_renamed_sends_under_its_new_name() {
    let mut place = Place::new();
    let sends = |place: &mut Place, name: &str, row: &str| {
        let bank = Channel::Bank(name.to_owned());
        let row = place.read(&grounded(&bank, row));
        place.ask_together(vec![(bank, row)]).remove(0)
    };
    assert_eq!(sends(&mut place, "South", "register,se:11111111,1020-3,,,,,"), Ok(ChangeAnswer::Done));
    place.import(&Banks, b"reg,bank,bic,country\n1020,West,,DK\n");
    assert_eq!(sends(&mut place, "South", "change,se:11111111,1020-4,,1020-3,,,"), Err("bank.unknown"));
    assert_eq!(sends(&mut place, "West", "change,se:11111111,1020-4,,1020-3,,,"), Ok(ChangeAnswer::Done));
    let refused = ChangeAnswer::Refused(RowRefusal::NothingThere);
    assert_eq!(sends(&mut place, "North", "close,se:11111111,,,1020-4,,,"), Ok(refused));
    place.verify();
}

//! The nation as its users see it: files and facts.

#![expect(clippy::unwrap_used, reason = "the helpers of tests are tests too")]

use denmark::{Account, Bic, Cpr, Decimal};
use jiff::civil::Date;
use sha2::{Digest, Sha256};
use sim::nation::{
    AccountKind, AccountSource, AccountState, Fate, Holder, Nation, Outcome, PUBLIC_PAYER, PUBLIC_PAYER_BENEFITS,
    PaymentOrder, PaymentTotals, Plan, Version,
};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

fn nation(seed: u64, people: u64, companies: u64) -> Nation {
    Nation::new(Plan { seed, people, companies }).unwrap()
}

fn order(payments: u64, version: Version) -> PaymentOrder {
    PaymentOrder {
        payments,
        seed: 7,
        message_id: "UDB-2026-04-19-<1>".to_owned(),
        version,
        payer_name: "Udbetaling & Tilskud (test)".to_owned(),
        payer_cvr: denmark::Cvr::parse("13748136").unwrap(),
        created: "2026-04-19T08:00:00Z".to_owned(),
        execution_date: Date::constant(2026, 4, 20),
        benefit_kinds: ["NKSBOS", "NKSSOP", "NKSBØT", "NKSNYT"].map(str::to_owned).to_vec(),
        blocks: 4,
        faults: true,
    }
}

fn payments(nation: &Nation, order: &PaymentOrder) -> (String, PaymentTotals) {
    let mut file = Vec::new();
    let totals = nation.write_payments(order, &mut file).unwrap();
    (String::from_utf8(file).unwrap(), totals)
}

fn rows(write: impl FnOnce(&mut Vec<u8>) -> io::Result<u64>) -> Vec<Vec<String>> {
    let mut file = Vec::new();
    let count = write(&mut file).unwrap();
    let rows: Vec<Vec<String>> = String::from_utf8(file).unwrap().lines().map(fields).collect();
    assert_eq!(rows.len() as u64, count + 1, "the header is not counted");
    for row in &rows {
        assert_eq!(row.len(), rows[0].len(), "{row:?}");
    }
    rows
}

/// The fields of a CSV line.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut is_quoted = false;
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if is_quoted && characters.peek() == Some(&'"') => {
                characters.next();
                fields.last_mut().unwrap().push('"');
            }
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => fields.push(String::new()),
            other => fields.last_mut().unwrap().push(other),
        }
    }
    assert!(!is_quoted, "{line}");
    fields
}

/// A digest of everything that a nation writes.
fn digest(seed: u64, order_seed: u64) -> [u8; 32] {
    let nation = nation(seed, 5000, 300);
    let mut hash = Sha256::new();
    let mut file = Vec::new();
    nation.write_banks(&mut file).unwrap();
    nation.write_population(&mut file).unwrap();
    nation.write_companies(&mut file).unwrap();
    nation.write_all_accounts(&mut file).unwrap();
    nation.write_payments(&PaymentOrder { seed: order_seed, ..order(2000, Version::V09) }, &mut file).unwrap();
    hash.update(&file);
    hash.finalize().into()
}

#[test]
fn the_seed_is_everything() {
    let first = digest(1, 1);
    assert_eq!(first, digest(1, 1));
    assert_ne!(first, digest(2, 1));
    assert_ne!(first, digest(1, 2));
    let hex: String = first.iter().map(|byte| format!("{byte:02x}")).collect();
    // Recorded, so that another machine or a newer dependency cannot quietly give other data for the same seed.
    assert_eq!(hex, "0f1f3c424b69a8b453d247a153ff0216867ec6266760c3fd68e2d547b04b0d2e");
}

#[test]
fn nobody_has_anothers_number_or_a_real_ones() {
    let nation = nation(3, 200_000, 0);
    let mut numbers = BTreeSet::new();
    let mut year_min_max = (i16::MAX, i16::MIN);
    for index in 0..nation.plan().people {
        let cpr = nation.person(index).cpr;
        assert!(cpr.is_replacement());
        assert_eq!(Cpr::parse(cpr.digits()), Ok(cpr));
        assert!(numbers.insert(cpr), "twice: person {index}");
        let year = cpr.birth_date().year();
        year_min_max = (year_min_max.0.min(year), year_min_max.1.max(year));
    }
    assert_eq!(year_min_max, (1911, 2010));
    for index in 0..1000 {
        let cpr = nation.unregistered_cpr(index);
        assert!(cpr.is_replacement());
        assert!(!numbers.contains(&cpr), "registered: {index}");
    }
}

#[test]
fn the_largest_nation_has_numbers_for_all() {
    let nation = nation(3, Plan::PEOPLE_MAX, Plan::COMPANIES_MAX);
    let last = nation.person(Plan::PEOPLE_MAX - 1);
    assert!(last.cpr.is_replacement());
    assert!(nation.unregistered_cpr(u64::MAX).is_replacement());
    assert!(nation.unregistered_cpr(9_999_999).is_replacement());
    let numbers: BTreeSet<_> = (0..Plan::COMPANIES_MAX).step_by(9).map(|index| nation.company(index).cvr).collect();
    assert_eq!(numbers.len() as u64, Plan::COMPANIES_MAX / 9);
    for (people, companies) in [(Plan::PEOPLE_MAX + 1, 0), (0, Plan::COMPANIES_MAX + 1), (u64::MAX, u64::MAX)] {
        assert!(Nation::new(Plan { seed: 1, people, companies }).is_err());
    }
}

#[test]
fn shares_are_as_promised() {
    let nation = nation(5, 100_000, 0);
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    let mut accounts: BTreeMap<String, (Holder, u64)> = BTreeMap::new();
    for index in 0..nation.plan().people {
        let person = nation.person(index);
        let mut count = |what, holds: bool| *counts.entry(what).or_default() += u64::from(holds);
        count("protected", person.is_protected);
        count("dead", matches!(person.fate, Fate::Dead { .. }));
        count("emigrated", matches!(person.fate, Fate::Emigrated { .. }));
        count("specific", person.specific.is_some());
        let is_dead = matches!(person.fate, Fate::Dead { .. });
        match person.account {
            AccountKind::None => count("none", !is_dead),
            AccountKind::Foreign { iban, bic } => {
                count("foreign", true);
                assert!(["DE", "SE", "PL"].contains(&iban.country_code()));
                assert_eq!(denmark::Iban::parse(iban.as_str()), Ok(iban));
                assert_eq!(bic.country_code(), iban.country_code());
            }
            AccountKind::Domestic { account, holder, state } => {
                count("closed", state == AccountState::Closed);
                count("frozen", state == AccountState::Frozen);
                count("couple", holder == Holder::Couple);
                count("bureau", holder == Holder::Bureau);
                let entry = accounts.entry(account.to_text()).or_insert((holder, 0));
                assert_eq!(entry.0, holder, "an account has one kind of holder");
                entry.1 += 1;
            }
        }
    }
    for (holder, sharing) in accounts.values() {
        let allowed = match holder {
            Holder::Payee => 1..=1,
            Holder::Couple => 1..=2,
            Holder::Bureau => 50..=50,
        };
        assert!(allowed.contains(sharing), "{holder:?} {sharing}");
    }
    let check = |what: &str, low: u64, high: u64| {
        let count = counts[what];
        assert!((low..=high).contains(&count), "{what}: {count}");
    };
    check("protected", 900, 1100);
    check("dead", 1100, 1300);
    check("emigrated", 900, 1100);
    check("couple", 5500, 6500);
    check("bureau", 50, 50);
    check("foreign", 1380, 1620);
    check("none", 1850, 2150);
    check("closed", 70, 140);
    check("frozen", 70, 140);
    check("specific", 220, 340);
}

#[test]
fn couples_share_name_home_and_account() {
    let nation = nation(5, 10_001, 0);
    let mut couples = 0;
    for index in (0..10_000).step_by(2) {
        let (one, other) = (nation.person(index), nation.person(index + 1));
        let AccountKind::Domestic { account, holder: Holder::Couple, .. } = one.account else { continue };
        let AccountKind::Domestic { account: others, holder: Holder::Couple, .. } = other.account else { continue };
        couples += 1;
        assert_eq!(account, others);
        assert_ne!(one.cpr, other.cpr);
        if one.fate == Fate::Active && other.fate == Fate::Active {
            assert_eq!(one.address, other.address);
        }
    }
    assert!(couples > 200, "{couples}");
}

#[test]
fn a_small_nation_has_a_bureau_too() {
    for people in 0..10 {
        let nation = nation(1, people, 0);
        let customers = (0..people)
            .filter(|&index| {
                matches!(nation.person(index).account, AccountKind::Domestic { account, .. }
                    if account == nation.bureau_account())
            })
            .count() as u64;
        assert_eq!(customers, people.min(3), "of {people}");
    }
}

#[test]
fn register_files_hold_what_the_facts_say() {
    let nation = nation(11, 20_000, 3000);
    let banks = rows(|out| nation.write_banks(out));
    assert_eq!(banks[0], ["reg", "bank", "bic", "country"]);
    assert!(banks[1..].iter().all(|row| row[0].len() == 4 && (row[2].is_empty() || Bic::parse(&row[2]).is_ok())));
    assert!(banks.iter().any(|row| row[2].is_empty()));

    let population = rows(|out| nation.write_population(out));
    assert_eq!(population[0].join(","), "cpr,name,address,postcode,city,country,status,status_date,protected");
    for (row, index) in population[1..].iter().zip(0..) {
        let person = nation.person(index);
        assert_eq!(row[0], person.cpr.digits());
        assert_eq!(row[1], person.name.to_string());
        let (status, date) = match person.fate {
            Fate::Active => ("active", String::new()),
            Fate::Dead { on } => ("dead", on.to_string()),
            Fate::Emigrated { on } => ("emigrated", on.to_string()),
        };
        assert_eq!((row[6].as_str(), &row[7], &row[8]), (status, &date, &person.is_protected.to_string()));
    }

    let companies = rows(|out| nation.write_companies(out));
    assert_eq!(companies[0].join(","), "cvr,name,status,status_date,address,postcode,city,country,signatories");
    let people: BTreeSet<&str> = population[1..].iter().map(|row| row[0].as_str()).collect();
    for row in &companies[1..] {
        assert!(!row[4].is_empty() && row[8].split([' ', '+']).all(|number| people.contains(number)), "{row:?}");
    }
    assert!(companies.iter().any(|row| row[8].contains('+')));
    let numbers: BTreeSet<&str> = companies[1..].iter().map(|row| row[0].as_str()).collect();
    assert_eq!(numbers.len(), 3000);
    assert!(numbers.iter().all(|number| denmark::Cvr::parse(number).is_ok()));
    assert!(companies.iter().any(|row| row[1].contains(',')) && companies.iter().any(|row| row[1].contains('"')));
    assert!(companies.iter().any(|row| row[2] == "dissolved"));
}

#[test]
fn account_rows_are_sent_by_who_may_send_them() {
    let nation = nation(11, 20_000, 3000);
    let all = rows(|out| nation.write_all_accounts(out));
    assert_eq!(all[0].join(","), "action,payee,account,bic,expects,currency,payer,benefit");
    let mut payee_kinds: BTreeSet<&str> = BTreeSet::new();
    for row in &all[1..] {
        let account = Account::parse(&row[2]).unwrap();
        payee_kinds.insert(row[1].split(':').next().unwrap());
        let is_specific = !row[6].is_empty();
        assert_eq!(is_specific, row[6] == PUBLIC_PAYER && PUBLIC_PAYER_BENEFITS.contains(&row[7].as_str()));
        assert_eq!(matches!(account, Account::Foreign(_)), !row[3].is_empty(), "a foreign account has a BIC");
        match row[0].as_str() {
            "register" => assert_eq!(row[4], "none"),
            action => assert!(matches!(action, "close" | "freeze") && row[4].is_empty(), "{row:?}"),
        }
    }
    assert_eq!(payee_kinds, BTreeSet::from(["cpr", "cvr", "p", "se"]));

    let folder = tempfile::tempdir().unwrap();
    let path = |source: &AccountSource| folder.path().join(format!("{}.csv", source.name()));
    let sent = nation.write_accounts_by_source(|source| fs::File::create_new(path(source))).unwrap();
    assert_eq!(sent.iter().map(|sent| sent.source).collect::<Vec<_>>(), nation.account_files());
    let mut in_files = Vec::new();
    for sent in &sent {
        let file = rows(|out| {
            out.write_all(&fs::read(path(&sent.source))?)?;
            Ok(sent.rows)
        });
        for row in &file[1..] {
            let account = Account::parse(&row[2]).unwrap();
            let is_own = match (sent.source, account) {
                (AccountSource::Bank(bank), Account::Danish(account)) => *nation.bank_of(&account) == bank,
                (AccountSource::Bank(_), Account::Foreign(_)) => false,
                (AccountSource::Operator, account) => matches!(account, Account::Foreign(_)) || !row[6].is_empty(),
            };
            assert!(is_own, "{} sent {row:?}", sent.source.name());
        }
        in_files.extend(file[1..].iter().cloned());
    }
    let mut all = all[1..].to_vec();
    all.sort();
    in_files.sort();
    assert_eq!(in_files, all);
}

/// The texts of an element, which holds no others of its name.
fn texts<'x>(xml: &'x str, name: &str) -> Vec<&'x str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    xml.split(&open).skip(1).map(|rest| rest.split(&close).next().unwrap()).collect()
}

fn sum_and_count(xml: &str) -> (Decimal, usize) {
    let amounts: Vec<Decimal> = xml
        .split("<InstdAmt Ccy=\"")
        .skip(1)
        .map(|rest| Decimal::parse(&rest[5..rest.find("</").unwrap()]).unwrap())
        .collect();
    (amounts.iter().fold(Decimal::ZERO, |sum, amount| sum.checked_add(*amount).unwrap()), amounts.len())
}

#[test]
fn counts_and_sums_are_true() {
    let nation = nation(1, 20_000, 1000);
    for (payments_, blocks) in [(1, 1), (1, 5), (7, 3), (5000, 4), (5000, 1)] {
        let order = PaymentOrder { blocks, ..order(payments_, Version::V09) };
        let (file, totals) = payments(&nation, &order);
        assert_eq!(totals.payments, payments_);
        assert_eq!(totals.bytes, file.len() as u64);
        assert_eq!(totals.outcomes.values().sum::<u64>(), payments_);
        let (header, body) = file.split_once("</GrpHdr>").unwrap();
        assert_eq!(sum_and_count(body), (totals.control_sum, payments_ as usize));
        assert_eq!(texts(header, "NbOfTxs"), [payments_.to_string()]);
        assert_eq!(texts(header, "CtrlSum"), [totals.control_sum.to_string()]);
        let in_blocks = texts(body, "PmtInf");
        assert_eq!(in_blocks.len() as u64, blocks.min(payments_));
        for block in in_blocks {
            let (sum, count) = sum_and_count(block);
            assert_eq!(texts(block, "NbOfTxs"), [count.to_string()]);
            assert_eq!(texts(block, "CtrlSum"), [sum.to_string()]);
        }
    }
}

#[test]
fn a_file_holds_the_faults_it_is_told_to() {
    let nation = nation(1, 20_000, 1000);
    let check = |payments_: u64, faults: bool, per_kind: u64| {
        let order = PaymentOrder { faults, ..order(payments_, Version::V03) };
        let (file, totals) = payments(&nation, &order);
        let count = |outcome: Outcome| totals.outcomes.get(&outcome).copied().unwrap_or(0);
        for outcome in [
            Outcome::Unregistered,
            Outcome::ImpossibleNumber,
            Outcome::ZeroAmount,
            Outcome::DuplicateId,
            Outcome::WrongCurrency,
        ] {
            assert_eq!(count(outcome), per_kind, "{outcome:?} of {payments_}");
        }
        let ids = texts(&file, "EndToEndId");
        let different: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!((ids.len() - different.len()) as u64, per_kind);
        assert_eq!(file.matches("Ccy=\"EUR\"").count() as u64, per_kind);
        assert_eq!(file.matches(">0.00</InstdAmt>").count() as u64, per_kind);
        let impossible = texts(&file, "PrvtId").iter().filter(|id| Cpr::parse(texts(id, "Id")[0]).is_err()).count();
        assert_eq!(impossible as u64, per_kind);
        assert_eq!(file.matches("<CdtrAcct>").count() as u64, count(Outcome::Passed));
        assert!(count(Outcome::Routed) * 100 > payments_ * 90 || payments_ < 100);
        totals
    };
    let totals = check(50_000, true, 2);
    for outcome in [Outcome::Dead, Outcome::Dissolved, Outcome::NoAccount, Outcome::Closed, Outcome::Frozen] {
        assert!(totals.outcomes.contains_key(&outcome), "{outcome:?}");
        assert!(outcome.code().is_some());
    }
    check(50_000, false, 0);
    check(20, true, 1);
}

#[test]
fn a_nation_of_few_is_paid_too() {
    for (people, companies) in [(1, 0), (0, 1), (2, 1), (20, 0)] {
        for payments_ in 1..8 {
            let order = PaymentOrder { benefit_kinds: Vec::new(), ..order(payments_, Version::V09) };
            let (_, totals) = payments(&nation(9, people, companies), &order);
            assert_eq!(totals.outcomes.values().sum::<u64>(), payments_);
        }
    }
    let refused = |order: PaymentOrder, people| {
        let error = nation(9, people, 0).write_payments(&order, &mut io::sink()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    };
    refused(order(1, Version::V09), 0);
    refused(order(0, Version::V09), 1);
    refused(PaymentOrder { message_id: "x".repeat(36), ..order(1, Version::V09) }, 1);
    refused(PaymentOrder { payer_name: String::new(), ..order(1, Version::V09) }, 1);
    refused(PaymentOrder { benefit_kinds: vec![String::new()], ..order(1, Version::V09) }, 1);
}

#[test]
fn other_files_have_other_ids() {
    let nation = nation(1, 1000, 0);
    let plain = PaymentOrder { faults: false, ..order(100, Version::V03) };
    let mut ids = BTreeSet::new();
    for (seed, message_id) in [(1, "A"), (2, "A"), (1, "B")] {
        let (file, _) = payments(&nation, &PaymentOrder { seed, message_id: message_id.to_owned(), ..plain.clone() });
        ids.extend(texts(&file, "EndToEndId").into_iter().map(str::to_owned));
    }
    assert_eq!(ids.len(), 300);
}

#[test]
fn a_payment_is_about_a_kilobyte() {
    let nation = nation(1, 20_000, 1000);
    for version in [Version::V03, Version::V09] {
        let (_, totals) = payments(&nation, &order(10_000, version));
        let bytes = totals.bytes / 10_000;
        assert!((950..1150).contains(&bytes), "{version:?}: {bytes}");
    }
}

/// Where the official schemas are, unless the test is told that there are none.
#[expect(clippy::disallowed_methods, reason = "a test has no command line that would read its settings")]
fn schemas() -> Option<PathBuf> {
    let folder = std::env::var("ANVIS_XSD_DIR").map_or_else(
        |_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference/iso20022/xsd"),
        PathBuf::from,
    );
    if folder.is_dir() {
        return Some(folder);
    }
    let is_excused = std::env::var("ANVIS_WITHOUT_XSD").is_ok_and(|value| value == "1");
    assert!(is_excused, "no schemas in {}: set ANVIS_XSD_DIR, or ANVIS_WITHOUT_XSD=1", folder.display());
    None
}

#[test]
fn files_are_valid_against_the_official_schemas() {
    let Some(schemas) = schemas() else { return };
    let folder = tempfile::tempdir().unwrap();
    let nation = nation(1, 20_000, 2000);
    for (version, schema) in [(Version::V03, "pain.001.001.03.xsd"), (Version::V09, "pain.001.001.09.xsd")] {
        for (payments, blocks, faults) in [(1, 1, false), (20_000, 5, true)] {
            let path = folder.path().join("payments.xml");
            let order = PaymentOrder { blocks, faults, ..order(payments, version) };
            nation.write_payments(&order, &mut fs::File::create(&path).unwrap()).unwrap();
            let checked = Command::new("xmllint")
                .args(["--nonet", "--noout", "--schema"])
                .args([&schemas.join(schema), &path])
                .output()
                .expect("xmllint is installed (package libxml2-utils)");
            assert!(checked.status.success(), "{schema}: {}", String::from_utf8_lossy(&checked.stderr));
        }
    }
}

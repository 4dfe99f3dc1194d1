//! Files that are refused as a whole.

use crate::pain::*;
use crate::support::*;
use serde_json::json;

fn input(version: Version) -> String {
    let blocks = [
        block("B1", [cpr("E1", ALICE, "1000.00"), cpr("E2", COMPANY, "500.50")]),
        block("B2", [cpr("E3", BENT, "1.00")]),
    ];
    file(version, "MSG-1", &blocks)
}

fn edited(version: Version, from: &str, to: &str) -> String {
    let input = input(version);
    assert!(input.contains(from), "{from} is not in {input}");
    input.replacen(from, to, 1)
}

/// The file is refused with this code; the sentence names the line and the place. With a report where `reports` says so.
#[track_caller]
fn check_refused(world: &World, content: impl AsRef<[u8]>, code: &str, words: &str, reports: bool) {
    let batches = world.run("payout list").done();
    let answer = world.route(PUBLIC, content);
    let text = answer.refused(code);
    assert!(text.contains(words), "{words}: {text}");
    assert!(text.starts_with("line ") && text.contains("/"), "line and place: {text}");
    let json = answer.json();
    assert_eq!(json["status"].is_string(), reports, "{json}");
    assert!(world.files("out/bank").is_empty(), "nothing goes on");
    let reported = world.files("out/payer");
    assert_eq!(reported.len(), usize::from(reports));
    if reports {
        let name = json["status"].as_str().unwrap();
        validate(&[world.path(name)]);
        let report = report(&world.read(name));
        let (reason, sentences) = report.reason.unwrap();
        assert_eq!((report.group.as_str(), reason.as_str(), report.entries.len()), ("RJCT", code, 0));
        assert!(sentences.starts_with("Line "), "{sentences}");
        std::fs::remove_file(world.path(name)).unwrap();
    }
    assert_eq!(world.run("payout list").done(), batches, "no batch came of it");
    world.verified();
}

/// Takes away what was written.
fn clear(world: &World) {
    for name in world.files("out") {
        std::fs::remove_file(world.path(&name)).unwrap();
    }
}

#[test]
fn structure_and_spelling() {
    let world = World::settled();
    for version in VERSIONS {
        let check =
            |from: &str, to: &str, words: &str| check_refused(&world, edited(version, from, to), "FF01", words, true);
        check("<PmtMtd>TRF</PmtMtd>", "", "PmtMtd is missing");
        check("<PmtMtd>TRF</PmtMtd>", "<PmtMtd>TRF</PmtMtd><PmtMtd>TRF</PmtMtd>", "more often");
        check("<PmtMtd>TRF</PmtMtd>", "<PmtMtd>DD</PmtMtd>", "PmtInf/PmtMtd: The payment method");
        check("<EndToEndId>E2</EndToEndId>", "", "EndToEndId is missing");
        check("<EndToEndId>E2</EndToEndId>", "<Nonsense/>", "does not know");
        check(
            "<InstrId>I-E2</InstrId><EndToEndId>E2</EndToEndId>",
            "<EndToEndId>E2</EndToEndId><InstrId>I</InstrId>",
            "wrong order",
        );
        check("</CdtTrfTxInf>", "</CdtTrfTx>", "");
        check("</Document>", "", "");
        check("Ccy=\"DKK\"", "Ccy='DKK", "");
        check("<Nm>Modtager</Nm>", "<Nm>A & B</Nm>", "");
        check("<Nm>Modtager</Nm>", "<Nm>&unknown;</Nm>", "");
        check("<Nm>Modtager</Nm>", "<Nm>\u{1}</Nm>", "");
        check("<Nm>Modtager</Nm>", &format!("<Nm>{}</Nm>", "<a>".repeat(1000)), "");
        // What comes before the message id leaves nothing to report on.
        let check =
            |from: &str, to: &str, code: &str| check_refused(&world, edited(version, from, to), code, "", false);
        check("<Document xmlns", "<!DOCTYPE x [<!ENTITY e \"x\">]><Document xmlns", "FF01");
        check("<MsgId>MSG-1</MsgId>", "", "FF01");
        check("<MsgId>MSG-1</MsgId>", &format!("<MsgId>{}</MsgId>", "x".repeat(36)), "FF01");
        check("<GrpHdr>", "<GrpHeader>", "FF01");
        check("encoding=\"UTF-8\"", "encoding=\"ISO-8859-1\"", "FF01");
        check(version.name(), "pain.001.001.08", "FF01");
        check(version.name(), "pain.008.001.02", "FF01");
        check(" xmlns=\"urn", " xmlns:x=\"urn", "FF01");
    }
    check_refused(&world, "", "FF01", "", false);
    check_refused(&world, "not XML at all", "FF01", "", false);
    check_refused(&world, [0; 4096], "FF01", "", false);
    check_refused(&world, "<a>".repeat(100_000), "FF01", "", false);
    let utf16: Vec<u8> = input(Version::V09).encode_utf16().flat_map(u16::to_le_bytes).collect();
    check_refused(&world, utf16, "FF01", "", false);
    let mut latin = input(Version::V09).replacen("<Nm>Modtager</Nm>", "<Nm>S@ren</Nm>", 1).into_bytes();
    let at = latin.iter().position(|byte| *byte == b'@').unwrap();
    latin[at] = 0xf8;
    check_refused(&world, latin, "FF01", "", true);
}

#[test]
fn a_file_that_was_cut_off_anywhere() {
    let world = World::settled();
    let input = input(Version::V09);
    let message_id_ends = input.find("</MsgId>").unwrap() + "</MsgId>".len();
    // Every place would take minutes; these are spread over the whole file.
    for length in (0..input.trim_end().len()).step_by(97) {
        check_refused(&world, &input[..length], "FF01", "", length >= message_id_ends);
    }
    // Nothing of it keeps the whole file from being routed.
    holds(&world.route(PUBLIC, &input).done(), &json!({ "duplicate": false, "payments": 3 }), "route");
}

#[test]
fn counts_and_sums_that_are_not_true() {
    let world = World::settled();
    for version in VERSIONS {
        let check = |from: &str, to: &str, code: &str, line: usize, words: &str| {
            let input = edited(version, from, to);
            let text = world.route(PUBLIC, &input).refused(code);
            assert!(text.starts_with(&format!("line {line}, /Document/CstmrCdtTrfInitn/")), "{text}");
            clear(&world);
            check_refused(&world, &input, code, words, true);
        };
        check("<NbOfTxs>3</NbOfTxs>", "<NbOfTxs>4</NbOfTxs>", "AM19", 8, "4");
        check("<NbOfTxs>3</NbOfTxs>", "<NbOfTxs>2</NbOfTxs>", "AM19", 8, "2");
        check("<NbOfTxs>3</NbOfTxs>", "<NbOfTxs>three</NbOfTxs>", "AM18", 8, "not a number");
        check("<NbOfTxs>2</NbOfTxs>", "<NbOfTxs>1</NbOfTxs>", "AM20", 15, "1");
        check("<NbOfTxs>2</NbOfTxs>", "<NbOfTxs>-2</NbOfTxs>", "AM18", 15, "not a number");
        check("<CtrlSum>1501.5</CtrlSum>", "<CtrlSum>1501.51</CtrlSum>", "AM16", 9, "1501.51");
        check("<CtrlSum>1501.5</CtrlSum>", "<CtrlSum>1501.49</CtrlSum>", "AM16", 9, "1501.49");
        check("<CtrlSum>1501.5</CtrlSum>", "<CtrlSum>a lot</CtrlSum>", "AM10", 9, "not an amount");
        check("<CtrlSum>1500.5</CtrlSum>", "<CtrlSum>1500.51</CtrlSum>", "AM17", 16, "1500.51");
        check("<CtrlSum>1500.5</CtrlSum>", "<CtrlSum>1,500.5</CtrlSum>", "AM10", 16, "not an amount");
    }
    // They may be left out, and a sum may be written in any way.
    let lawful = edited(Version::V09, "<CtrlSum>1501.5</CtrlSum>", "")
        .replacen("<NbOfTxs>2</NbOfTxs>", "", 1)
        .replacen("<CtrlSum>1500.5</CtrlSum>", "<CtrlSum>+1500.50000</CtrlSum>", 1);
    holds(&world.route(PUBLIC, lawful).done(), &json!({ "payments": 3 }), "route");
}

#[test]
fn the_first_reason_of_a_whole_file_is_given() {
    let world = World::settled();
    let count = |xml: String| xml.replacen("<NbOfTxs>3</NbOfTxs>", "<NbOfTxs>4</NbOfTxs>", 1);
    let block_count = |xml: String| xml.replacen("<NbOfTxs>2</NbOfTxs>", "<NbOfTxs>9</NbOfTxs>", 1);
    let sum = |xml: String| xml.replacen("<CtrlSum>1501.5</CtrlSum>", "<CtrlSum>7</CtrlSum>", 1);
    let block_sum = |xml: String| xml.replacen("<CtrlSum>1500.5</CtrlSum>", "<CtrlSum>7</CtrlSum>", 1);
    let bad_count = |xml: String| xml.replacen("<NbOfTxs>1</NbOfTxs>", "<NbOfTxs>x</NbOfTxs>", 1);
    let bad_sum = |xml: String| xml.replacen("<CtrlSum>1</CtrlSum>", "<CtrlSum>x</CtrlSum>", 1);
    let broken = |xml: String| xml.replacen("<Nm>Modtager</Nm>", "<Nm>Modtager", 1);
    let original = || input(Version::V09);
    let check = |xml: String, code: &str| check_refused(&world, xml, code, "", true);
    check(broken(count(sum(original()))), "FF01");
    check(bad_count(count(block_count(original()))), "AM18");
    check(count(block_count(original())), "AM19");
    check(block_count(bad_sum(sum(original()))), "AM20");
    check(bad_sum(sum(block_sum(original()))), "AM10");
    check(sum(block_sum(original())), "AM16");
    // A message id that was used stands before counts and sums, and after structure.
    world.route(PUBLIC, original()).done();
    clear(&world);
    check(count(sum(original())), "DU01");
    check(broken(original()), "FF01");
}

#[test]
fn a_message_id_is_used_once() {
    let world = World::settled();
    let first = world.route(PUBLIC, simple("BRUGT", &[cpr("E1", ALICE, "1.00")])).done();
    clear(&world);
    check_refused(&world, simple("BRUGT", &[cpr("E1", ALICE, "2.00")]), "DU01", "used before", true);
    check_refused(&world, simple("BRUGT", &[cpr("E1", ALICE, "1.00")]) + "\n", "DU01", "used before", true);
    // A refusal leaves the id free, and the first file is still known.
    check_refused(&world, edited(Version::V09, "<NbOfTxs>3", "<NbOfTxs>4"), "AM19", "", true);
    holds(&world.route(PUBLIC, input(Version::V09)).done(), &json!({ "duplicate": false }), "route");
    let again = world.route(PUBLIC, simple("BRUGT", &[cpr("E1", ALICE, "1.00")])).done();
    assert_eq!((&again["batch"], &again["duplicate"]), (&first["batch"], &json!(true)));
}

#[test]
fn a_refusal_is_on_record_and_shows_nothing_of_the_file() {
    let world = World::settled();
    let size = || world.run("journal head").done()["size"].as_u64().unwrap();
    let before = size();
    let secret = "Meget-Hemmelig";
    let content =
        edited(Version::V09, "<PmtMtd>TRF</PmtMtd>", &format!("<{secret} a=\"{secret}\">{secret}</{secret}>"));
    let answer = world.route(PUBLIC, content);
    answer.refused("FF01");
    assert!(!answer.stdout.contains(secret) && !answer.stderr.contains(secret), "{}", answer.stdout);
    assert_eq!(size(), before + 1);
    world.verified();
}

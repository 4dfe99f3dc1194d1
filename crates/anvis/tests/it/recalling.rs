//! Payments that are asked back after they have left: the messages, what banks answer, and the money that comes back.

use crate::pain::*;
use crate::support::*;
use serde_json::{Value, json};
use std::path::PathBuf;

const WHY: &str = "Stolen-identity";

/// A world in which a file of two blocks was paid, and its batch.
fn paid(version: Version) -> (World, String) {
    let world = World::settled();
    let blocks = [
        block("B1", [cpr("E1", ALICE, "1000.00"), cpr("E2", BENT, "200.00"), cpr("E3", NOBODY, "3.00")]),
        block("B2", [cpr("E4", GERD, "40.00"), Pay { account: Some(ALICE_IBAN), ..cpr("E5", ALICE, "5.00") }]),
    ];
    let routed = world.route(PUBLIC, file(version, "MSG-1", &blocks)).done();
    (world, routed["batch"].as_str().unwrap().to_owned())
}

fn send(world: &World, batch: &str, ids: &[&str]) -> Answer {
    let ids: String = ids.iter().map(|id| format!(" --end-to-end {id}")).collect();
    world.run(&format!("recall send {batch}{ids} --code FRAD --reason {WHY} --out out"))
}

/// Asks payments back that can be; the recall's name.
fn sent(world: &World, batch: &str, ids: &[&str]) -> String {
    let sent = send(world, batch, ids).done();
    sent["recalls"][0]["recall"].as_str().unwrap().to_owned()
}

/// A bank's message: what it says of a recall as a whole, and of payments.
pub fn answer(id: &str, case: &str, confirmation: &str, details: &str, more: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.029.001.09\"><RsltnOfInvstgtn>\n\
         <Assgnmt><Id>{id}</Id><Assgnr><Agt><FinInstnId><BICFI>SYBKDK22</BICFI></FinInstnId></Agt></Assgnr>\
         <Assgne><Pty><Nm>{PUBLIC}</Nm></Pty></Assgne><CreDtTm>2026-11-26T10:00:00Z</CreDtTm></Assgnmt>\n\
         <RslvdCase><Id>{case}</Id><Cretr><Pty><Nm>{PUBLIC}</Nm></Pty></Cretr></RslvdCase>\n\
         <Sts><Conf>{confirmation}</Conf></Sts>\n{details}\n{more}</RsltnOfInvstgtn></Document>\n"
    )
}

/// What is said of payments by their end-to-end ids, in blocks as they were ordered.
fn of_payments(payments: &[(&str, &str)]) -> String {
    let one = |(id, status): &(&str, &str)| {
        let reason = if *status == "RJCR" { "<CxlStsRsnInf><Rsn><Cd>CUST</Cd></Rsn></CxlStsRsnInf>" } else { "" };
        format!(
            "<TxInfAndSts><OrgnlEndToEndId>{id}</OrgnlEndToEndId><TxCxlSts>{status}</TxCxlSts>{reason}</TxInfAndSts>\n"
        )
    };
    let payments: String = payments.iter().map(one).collect();
    format!("<CxlDtls><OrgnlPmtInfAndSts><OrgnlPmtInfId>B1</OrgnlPmtInfId>\n{payments}</OrgnlPmtInfAndSts></CxlDtls>")
}

fn comes_back(amount: &str) -> String {
    format!("<RsltnRltdInf><IntrBkSttlmAmt Ccy=\"DKK\">{amount}</IntrBkSttlmAmt></RsltnRltdInf>")
}

/// A bank's answer: so much comes back of the one payment of a recall.
pub fn given_in_part(case: &str, amount: &str) -> String {
    answer(&format!("A-{case}"), case, "PECR", "", &comes_back(amount))
}

fn import(world: &World, message: &str) -> Value {
    world.write("answer.xml", message);
    validate(&[world.path("answer.xml")]);
    world.run("recall import answer.xml").done()
}

/// Of each payment of a recall: where it stands, and what came back.
fn standings(world: &World, recall: &str) -> Vec<(String, String, String)> {
    let shown = world.run(&format!("recall show {recall}")).done();
    let text = |payment: &Value, key: &str| payment[key].as_str().unwrap().to_owned();
    let payments = shown["recalled"].as_array().unwrap().iter();
    payments.map(|one| (text(one, "end_to_end_id"), text(one, "standing"), text(one, "came_back"))).collect()
}

fn balance(world: &World) -> [String; 2] {
    let shown = world.run(&format!("payout balance --payer {PUBLIC} --day 2026-11-23")).done();
    ["delivered", "returned"].map(|key| shown[key].as_str().unwrap().to_owned())
}

#[test]
fn a_recall_names_the_completed_file_and_the_bank_that_was_to_make_it() {
    for version in VERSIONS {
        let (world, batch) = paid(version);
        let sent = send(&world, &batch, &["E4", "E1", "E2", "E5"]).done();
        let recall = &sent["recalls"][0];
        let expected = json!({
            "payer": PUBLIC, "batch": batch, "stage": 0, "to": "SYBKDK22", "bank": null, "payments": 4,
        });
        holds(recall, &expected, "what was asked back");
        assert_eq!((sent["recalls"].as_array().unwrap().len(), &sent["left"]), (1, &json!([])));
        let name = recall["recall"].as_str().unwrap();
        let files: Vec<PathBuf> =
            recall["files"].as_array().unwrap().iter().map(|file| world.path(file.as_str().unwrap())).collect();
        assert_eq!(files, [world.path(&format!("out/bank/{name}.camt.055.xml"))]);
        validate(&files);
        let message = world.read(&format!("out/bank/{name}.camt.055.xml"));
        for part in [
            format!("<Case><Id>{name}</Id>"),
            "<Assgne><Agt><FinInstnId><BICFI>SYBKDK22</BICFI></FinInstnId></Agt></Assgne>".to_owned(),
            "<NbOfTxs>4</NbOfTxs><CtrlSum>1245.00</CtrlSum>".to_owned(),
            format!("<OrgnlMsgId>MSG-1</OrgnlMsgId><OrgnlMsgNmId>{}</OrgnlMsgNmId>", version.name()),
            "<OrgnlPmtInfId>B1</OrgnlPmtInfId>".to_owned(),
            "<OrgnlPmtInfId>B2</OrgnlPmtInfId>".to_owned(),
            format!("<CxlId>{name}-0</CxlId><OrgnlInstrId>I-E1</OrgnlInstrId><OrgnlEndToEndId>E1</OrgnlEndToEndId>"),
            format!("<OrgnlReqdExctnDt><Dt>{EXECUTION}</Dt></OrgnlReqdExctnDt>"),
            "<CxlRsnInf><Rsn><Cd>FRAD</Cd></Rsn>".to_owned(),
            format!("<BICFI>NDEADKKK</BICFI></FinInstnId></CdtrAgt><CdtrAcct><Id><IBAN>{ALICE_IBAN}</IBAN>"),
            "<MmbId>5000</MmbId>".to_owned(),
            format!("<IBAN>{GERD_IBAN}</IBAN>"),
        ] {
            assert!(message.contains(&part), "{part} in {message}");
        }
        assert!(!message.contains(WHY) && !message.contains(ALICE), "{message}");
        // Whenever it is written it is the same.
        world.run(&format!("recall write {} --out again", name.to_lowercase())).done();
        assert_eq!(message, world.read(&format!("again/bank/{name}.camt.055.xml")));
        let listed = world.run(&format!("recall list --payer {PUBLIC} --open")).done();
        let mut expected = json!({
            "recall": name, "message_id": "MSG-1", "reason": "FRAD", "why": WHY, "by": "console", "payments": 4,
        });
        holds(&listed["recalls"][0], &expected, "the list");
        let derived = json!({
            "standings": { "asked": 4 }, "paid": { "DKK": "1245.00" }, "came_back": {}, "promised": {}, "open": true,
            "contradicted": false,
        });
        expected.as_object_mut().unwrap().extend(derived.as_object().unwrap().clone());
        holds(&world.run(&format!("recall show {name}")).done(), &expected, "one of it");
        let text = world.say(&format!("recall show {name}"));
        assert!(text.contains("4 asked"), "{text}");
        world.verified();
    }
}

#[test]
fn what_has_not_left_or_was_asked_back_is_refused_with_what_to_do() {
    let (world, batch) = paid(Version::V09);
    let mixed = send(&world, &batch, &["E1", "E3"]).done();
    assert_eq!((&mixed["left"][0]["code"], &mixed["left"][0]["number"]), (&json!("recall.not_sent"), &json!(2)));
    send(&world, &batch, &["E1"]).refused("recall.open");
    send(&world, &batch, &["E3"]).refused("recall.not_sent");
    send(&world, &batch, &["E1", "E9"]).refused("recall.payment_unknown");
    send(&world, "0000000000000", &["E1"]).refused("batch.unknown");
    let held = world.route(HOLDER, simple("HELD", &[cpr("E1", FRIDA, "1.00")])).done();
    let said = send(&world, held["batch"].as_str().unwrap(), &["E1"]).refused("recall.held");
    assert!(said.contains("stop or cancel"), "{said}");
    world.run(&format!("recall send {batch} --end-to-end E2 --code FRAD --reason=")).refused("recall.why");
    world.run(&format!("recall send {batch} --end-to-end E2 --code FRED --reason x")).failed(2, "usage");
    world.run("recall show 0000000000000").refused("recall.unknown");
    world.verified();
}

#[test]
fn what_a_bank_answers_is_taken_once_and_moves_the_money() {
    let (world, batch) = paid(Version::V09);
    assert_eq!(balance(&world), ["124500", "0"]);
    let recall = sent(&world, &batch, &["E1", "E2", "E4"]);
    let taken = import(&world, &answer("A-1", &recall, "PDCR", "", ""));
    assert_eq!((&taken["answers"], &taken["taken"][2]["standing"]), (&json!(1), &json!("pending")));
    let second = answer("A-2", &recall, "PECR", &of_payments(&[("E1", "ACCR"), ("E2", "RJCR")]), "");
    let taken = import(&world, &second);
    let expected = json!([
        { "recall": recall, "end_to_end_id": "E1", "status": "accepted", "standing": "came_back", "booked": "1000.00",
          "currency": "DKK", "contradicts": false },
        { "recall": recall, "end_to_end_id": "E2", "status": "refused", "standing": "refused", "booked": null,
          "currency": "DKK", "contradicts": false },
    ]);
    assert_eq!(
        taken,
        json!({ "answers": 2, "known": 0, "taken": expected, "unmatched": [], "listed": 0, "reports": [] })
    );
    assert_eq!(balance(&world), ["24500", "100000"]);
    assert_eq!(world.fates(&json!({ "batch": batch }))["E1"].0, "returned");
    let head = world.run("journal head").done();
    let again = import(&world, &second);
    assert_eq!(again, json!({ "answers": 2, "known": 2, "taken": [], "unmatched": [], "listed": 0, "reports": [] }));
    assert_eq!(world.run("journal head").done(), head, "the same again does nothing");
    // The payer's report can be had at any time.
    let reported = world.run("recall import answer.xml --out out").done();
    let report = reported["reports"][0].as_str().unwrap();
    validate(&[world.path(report)]);
    let text = world.read(report);
    for part in ["<OrgnlPmtInfId>B1</OrgnlPmtInfId>", "<OrgnlEndToEndId>E1<", "<TxSts>RJCT</TxSts>", "<Cd>FOCR</Cd>"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let shown = world.run(&format!("recall show {recall}")).done();
    let reasons = &shown["recalled"][1]["answers"][1]["reasons"];
    assert_eq!(reasons, &json!([{ "code": "CUST", "text": null }]));
    // What came back is the payer's again, but it is not there before it is; what was refused can be asked for once more.
    let said = world.run(&format!("payout retry {batch}")).refused("batch.promised");
    assert!(said.contains("wait for it"), "{said}");
    for text in [world.say(&format!("recall show {recall}")), world.say(&format!("payout show {batch}"))] {
        assert!(text.contains("1000.00 is promised, and not there yet"), "{text}");
    }
    let lower = recall.to_lowercase();
    let arrived = world.run(&format!("recall arrived {lower} --end-to-end E1 --reason Seen")).done();
    let expected = json!([{ "end_to_end_id": "E1", "amount": "1000.00", "currency": "DKK" }]);
    assert_eq!(arrived, json!({ "batch": batch, "arrived": expected }));
    world.run(&format!("recall arrived {batch} --end-to-end E1 --reason Seen")).refused("recall.not_promised");
    assert!(world.say(&format!("recall show {recall}")).contains("1000.00 is there, by console: Seen"));
    send(&world, &batch, &["E1"]).refused("recall.came_back");
    send(&world, &batch, &["E4"]).refused("recall.open");
    let once_more = sent(&world, &batch, &["E2"]);
    assert_eq!(standings(&world, &once_more), [("E2".to_owned(), "asked".to_owned(), "0.00".to_owned())]);
    world.verified();
}

#[test]
fn a_part_that_comes_back_is_booked_and_the_rest_stays_delivered() {
    let (world, batch) = paid(Version::V09);
    let recall = sent(&world, &batch, &["E1"]);
    let check = |id: &str, confirmation: &str, more: &str, standing: (&str, &str), money: [&str; 2]| {
        let taken = import(&world, &answer(id, &recall, confirmation, "", more));
        let (at, back) = standing;
        assert_eq!(standings(&world, &recall), [("E1".to_owned(), at.to_owned(), back.to_owned())], "{id} {taken}");
        assert_eq!(balance(&world), money, "{id}");
        taken
    };
    // That it comes back in part, and nobody knows how much.
    check("A-1", "PECR", "", ("accepted", "0.00"), ["124500", "0"]);
    check("A-2", "PECR", &comes_back("400.00"), ("came_back", "400.00"), ["84500", "40000"]);
    assert_eq!(world.fates(&json!({ "batch": batch }))["E1"].0, "routed");
    // The last word holds, and what is booked stays.
    let taken = check("A-3", "RJCR", "", ("came_back", "400.00"), ["84500", "40000"]);
    assert_eq!(taken["taken"][0]["contradicts"], json!(true));
    check("A-4", "CNCL", "", ("came_back", "1000.00"), ["24500", "100000"]);
    assert_eq!(world.run(&format!("recall show {recall}")).done()["contradicted"], json!(true));
    assert_eq!(world.run("recall list --open").done()["recalls"], json!([]), "nothing more is expected");
    world.verified();
}

/// A bank's return of a payment of Alice's that was recalled.
fn given_back(amount: &str) -> String {
    format!(
        "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pacs.004.001.09\"><PmtRtr><GrpHdr><MsgId>RTR-1</MsgId>\
         <CreDtTm>2026-11-26T10:00:00Z</CreDtTm><NbOfTxs>1</NbOfTxs><SttlmInf><SttlmMtd>CLRG</SttlmMtd></SttlmInf></GrpHdr>\
         <TxInf><RtrId>R-1</RtrId><OrgnlEndToEndId>E1</OrgnlEndToEndId>\
         <OrgnlIntrBkSttlmAmt Ccy=\"DKK\">1000.00</OrgnlIntrBkSttlmAmt>\
         <RtrdIntrBkSttlmAmt Ccy=\"DKK\">{amount}</RtrdIntrBkSttlmAmt><RtrRsnInf><Rsn><Cd>FOCR</Cd></Rsn></RtrRsnInf>\
         <OrgnlTxRef><CdtrAcct><Id><IBAN>{ALICE_IBAN}</IBAN></Id></CdtrAcct></OrgnlTxRef></TxInf></PmtRtr></Document>"
    )
}

#[test]
fn the_same_money_is_booked_once_whether_it_is_answered_or_returned_first() {
    let check = |returned: &str, answered: &str, is_first: bool, expected: [&str; 2]| {
        let (world, batch) = paid(Version::V09);
        let recall = sent(&world, &batch, &["E1"]);
        let returns = || {
            world.write("return.xml", given_back(returned));
            validate(&[world.path("return.xml")]);
            let imported = world.run("return import return.xml").done();
            assert_eq!(imported["listed"], json!(0), "{imported}");
        };
        if is_first {
            returns();
        }
        import(&world, &answer("A-1", &recall, "PECR", "", &comes_back(answered)));
        if !is_first {
            returns();
            returns();
        }
        let standing = &standings(&world, &recall)[0];
        assert_eq!(
            (standing.1.as_str(), balance(&world)),
            ("came_back", expected.map(str::to_owned)),
            "{returned} {answered}"
        );
        world.verified();
    };
    check("1000.00", "1000.00", true, ["24500", "100000"]);
    check("1000.00", "1000.00", false, ["24500", "100000"]);
    check("400.00", "400.00", false, ["84500", "40000"]);
}

#[test]
fn what_was_not_asked_back_goes_on_to_the_waiting_account_where_that_is_agreed() {
    let world = World::settled();
    let agreed = format!("--cvr 13748136 --kind public --no-account pay-to:{STAND_IN_IBAN} --on-return waiting");
    world.run(&format!("payer add {STAND_IN} {agreed}")).done();
    let routed = world.route(STAND_IN, simple("ONWARD", &[cpr("E1", ALICE, "1000.00")])).done();
    world.write("return.xml", given_back("1000.00").replace("FOCR", "MS03"));
    let imported = world.run("return import return.xml --out out").done();
    assert_eq!(imported["stages"].as_array().unwrap().len(), 2, "{imported}");
    let files = imported["reports"].as_array().unwrap().iter();
    let files: Vec<PathBuf> = files.map(|path| world.path(path.as_str().unwrap())).collect();
    validate(&files);
    let order = files.iter().find(|path| path.to_str().unwrap().contains("pain.001")).unwrap();
    assert!(std::fs::read_to_string(order).unwrap().contains(STAND_IN_IBAN));
    let lying = world.run(&format!("waiting list --payer {STAND_IN}")).done();
    let expected = json!({ "batch": routed["batch"], "end_to_end_id": "E1", "amount": "1000.00", "currency": "DKK" });
    holds(&lying["waiting"][0], &expected, "waiting list");
    let ledger = world.run(&format!("waiting ledger --payer {STAND_IN}")).done();
    holds(&ledger["lines"][0], &json!({ "stage": 2, "came_in": "1000.00", "remains": "1000.00" }), "waiting ledger");
    assert_eq!(world.run(&format!("waiting pay --payer {STAND_IN}")).done()["paid"], json!([]));
    world.verified();
}

#[test]
fn an_answer_about_nothing_is_listed_and_never_guessed() {
    let (world, batch) = paid(Version::V09);
    let recall = sent(&world, &batch, &["E1", "E2"]);
    let check = |case: &str, confirmation: &str, details: &str, more: &str, code: &str| {
        let taken = import(&world, &answer("A-1", case, confirmation, details, more));
        assert_eq!((&taken["taken"], &taken["unmatched"][0]["code"]), (&json!([]), &json!(code)), "{taken}");
        assert!(taken["unmatched"][0]["line"].as_u64().unwrap() > 2, "{taken}");
        assert_eq!(taken["listed"], 1, "{taken}");
    };
    check("ANOTHER", "CNCL", "", "", "answer.case");
    check("0000000000000", "CNCL", "", "", "answer.case");
    check(&recall, "PECR", &of_payments(&[("E4", "ACCR")]), "", "answer.payment");
    check(&recall, "PECR", &of_payments(&[("E1", "ACCR")]), &comes_back("1000.01"), "answer.amount");
    let other = "<CxlDtls><OrgnlGrpInfAndSts><OrgnlMsgId>MSG-2</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>\
                 <GrpCxlSts>ACCR</GrpCxlSts></OrgnlGrpInfAndSts></CxlDtls>";
    check(&recall, "CNCL", other, "", "answer.payment");
    assert_eq!(balance(&world), ["124500", "0"]);
    world.write("answer.xml", answer("A-1", &recall, "CNCL", "", "").replace("camt.029.001.09", "camt.029.001.03"));
    world.run("recall import answer.xml").refused("recall.file");
    world.write("answer.xml", answer("A-1", &recall, "CNCL", &of_payments(&[("E1", "ACCR"), ("E2", "MAYB")]), ""));
    let said = world.run("recall import answer.xml").refused("recall.file");
    assert!(said.contains("line "), "{said}");
    assert!(standings(&world, &recall).iter().all(|(_, standing, _)| standing == "asked"), "all of it or nothing");
    let listed = world.run("recall answers --limit 4").done();
    let why: Vec<&str> = listed["answers"].as_array().unwrap().iter().map(|one| one["why"].as_str().unwrap()).collect();
    assert_eq!(
        (why, &listed["more"]),
        (vec!["answer.case", "answer.case", "answer.payment", "answer.amount"], &json!(true))
    );
    let amount = &listed["answers"][3];
    assert_eq!(
        (&amount["case_id"], &amount["end_to_end_id"], &amount["amount"]),
        (&json!(recall), &json!("E1"), &json!("1000.01"))
    );
    let id = amount["id"].as_str().unwrap();
    assert!(world.say("recall answers").contains(id));
    world.run(&format!("recall settle {id} --reason Typo")).done();
    world.run(&format!("recall settle {id} --reason Typo")).refused("recall.answer_settled");
    world.verified();
}

#[test]
fn from_bank_to_bank_it_is_asked_only_where_a_bank_told_how_it_paid() {
    const UETR: &str = "8a562c67-ca16-48ba-b074-65581be6f001";
    let (world, batch) = paid(Version::V09);
    let recall = sent(&world, &batch, &["E1", "E2", "E4"]);
    let header = "batch,end_to_end_id,message_id,message_name,transaction_id,uetr,settlement_date\n";
    let rows = format!(
        "{header}{batch},E1,BANK-1,pacs.008.001.08,T-1,{UETR},2026-11-25\n{batch},E4,BANK-1,pacs.008.001.08,,,2026-11-25\n\
         {batch},E9,BANK-1,pacs.008.001.08,,,2026-11-25\n{batch},E2,BANK-1,pacs.008.001.08,,,tomorrow\n\
         {batch},E3,BANK-1,pacs.008.001.08,,,2026-11-25\nhalf a row\n"
    );
    world.write("told.csv", &rows);
    let told = world.run("recall transfers told.csv").done();
    let codes: Vec<_> = told["refused"].as_array().unwrap().iter().map(|one| (&one["line"], &one["code"])).collect();
    let expected = [
        (&json!(4), &json!("transfer.unknown")),
        (&json!(5), &json!("transfer.malformed")),
        (&json!(6), &json!("transfer.not_sent")),
        (&json!(7), &json!("transfer.malformed")),
    ];
    assert_eq!((&told["told"], &codes[..]), (&json!(2), &expected[..]), "{told}");
    assert_eq!(world.run("recall transfers told.csv").done()["known"], json!(2));
    world.write("told.csv", "batch,payment\n");
    world.run("recall transfers told.csv").refused("import.header");
    let written = world.run(&format!("recall write {recall} --out out")).done();
    let files: Vec<PathBuf> =
        written["files"].as_array().unwrap().iter().map(|file| world.path(file.as_str().unwrap())).collect();
    let names = ["camt.055", "COBADEFFXXX.camt.056", "NDEADKKK.camt.056"];
    assert_eq!(files.len(), names.len(), "{written}");
    for (file, name) in files.iter().zip(names) {
        assert!(file.display().to_string().ends_with(&format!("{name}.xml")), "{}", file.display());
    }
    validate(&files);
    let message = world.read(&format!("out/bank/{recall}-NDEADKKK.camt.056.xml"));
    for part in [
        "<Assgnr><Agt><FinInstnId><BICFI>SYBKDK22</BICFI>".to_owned(),
        "<Assgne><Agt><FinInstnId><BICFI>NDEADKKK</BICFI>".to_owned(),
        "<OrgnlMsgId>BANK-1</OrgnlMsgId><OrgnlMsgNmId>pacs.008.001.08</OrgnlMsgNmId>".to_owned(),
        format!("<OrgnlTxId>T-1</OrgnlTxId><OrgnlUETR>{UETR}</OrgnlUETR>"),
        "<OrgnlIntrBkSttlmDt>2026-11-25</OrgnlIntrBkSttlmDt>".to_owned(),
        "<Cd>FRAD</Cd>".to_owned(),
    ] {
        assert!(message.contains(&part), "{part} in {message}");
    }
    // The bank that has the money answers by the names that it was told.
    let details = format!(
        "<CxlDtls><TxInfAndSts><OrgnlGrpInf><OrgnlMsgId>BANK-1</OrgnlMsgId><OrgnlMsgNmId>pacs.008.001.08</OrgnlMsgNmId>\
         </OrgnlGrpInf><OrgnlTxId>T-1</OrgnlTxId><OrgnlUETR>{UETR}</OrgnlUETR><TxCxlSts>ACCR</TxCxlSts>{}</TxInfAndSts></CxlDtls>",
        comes_back("250.00")
    );
    let taken = import(&world, &answer("A-1", &format!("{recall}-NDEADKKK"), "PECR", &details, ""));
    holds(&taken["taken"][0], &json!({ "end_to_end_id": "E1", "booked": "250.00", "standing": "came_back" }), "it");
    assert_eq!(balance(&world), ["99500", "25000"]);
    world.verified();
}

//! What is read of a payment and of heads, and how completed files look.

use std::fs;
use std::io::{self, Read};
use std::path::PathBuf;

use denmark::Decimal;
use jiff::civil::Date;
use payout::message::{CHUNK_BYTES_MAX, CutError, Cutter, Part, Payee, PayeeNumber, Payment, Version, parse_payment};

use crate::faults::{FILE, older};
use crate::support::{Decision, heads, pass, route, route_on};

/// The first payment of the small file with one piece replaced, shown as a line.
fn payment_of(from: &str, to: &str, show: impl Fn(&Payment<'_>) -> String) -> String {
    assert!(FILE.contains(from), "{from} is not in the file");
    let file = FILE.replacen(from, to, 1);
    let mut shown = None;
    route(file.as_bytes(), 1, None, |index, payment| {
        if index == 0 {
            shown = Some(show(payment));
        }
        Decision::Keep
    })
    .unwrap_or_else(|refused| panic!("{refused:?}"));
    shown.unwrap()
}

const PERSON: &str =
    "<PrvtId><Othr><Id>6101701234</Id><SchmeNm><Cd>NIDN</Cd></SchmeNm><Issr>CPR</Issr></Othr></PrvtId>";

#[test]
fn payees() {
    let check = |id: &str, expected: &str| {
        let shown = payment_of(PERSON, id, |payment| match &payment.payee {
            Payee::Named(PayeeNumber::Cpr(number)) => format!("cpr:{}", number.digits()),
            Payee::Named(PayeeNumber::Cvr(number)) => format!("cvr:{}", number.digits()),
            Payee::Named(PayeeNumber::Se(number)) => format!("se:{}", number.digits()),
            Payee::Named(PayeeNumber::P(number)) => format!("p:{}", number.digits()),
            Payee::Missing => "missing".into(),
            Payee::Impossible => "impossible".into(),
        });
        assert_eq!(shown, expected, "{id}");
    };
    let other = |id: &str, scheme: &str, issuer: &str| {
        let issuer = if issuer.is_empty() { String::new() } else { format!("<Issr>{issuer}</Issr>") };
        let scheme = if scheme.is_empty() { String::new() } else { format!("<SchmeNm>{scheme}</SchmeNm>") };
        format!("<Othr><Id>{id}</Id>{scheme}{issuer}</Othr>")
    };
    let person = |id: &str, scheme: &str, issuer: &str| format!("<PrvtId>{}</PrvtId>", other(id, scheme, issuer));
    let company = |id: &str, scheme: &str, issuer: &str| format!("<OrgId>{}</OrgId>", other(id, scheme, issuer));
    let (nidn, coid) = ("<Cd>NIDN</Cd>", "<Cd>COID</Cd>");
    let proprietary = |scheme: &str| format!("<Prtry>{scheme}</Prtry>");

    check(PERSON, "cpr:6101701234");
    check(&person("610170-1234", nidn, "CPR"), "cpr:6101701234");
    check(&person("6101701234", &proprietary("CPR"), ""), "cpr:6101701234");
    check(&person(" 6101701234\n", "<Cd> NIDN </Cd>", " CPR "), "cpr:6101701234");
    check(&person("<!-- a -->610<![CDATA[170]]>&#49;234", nidn, "CPR"), "cpr:6101701234");
    check(&company("13748136", coid, "CVR"), "cvr:13748136");
    check(&company("13748136", &proprietary("CVR"), ""), "cvr:13748136");
    check(&company("13748136", coid, "SE"), "se:13748136");
    check(&company("13748136", &proprietary("SE"), "anyone"), "se:13748136");
    check(&company("1003388394", coid, "P"), "p:1003388394");
    check(&company("1003388394", &proprietary("P"), ""), "p:1003388394");

    // Of the wrong shape.
    for id in ["6101701", "3213701234", "610170 1234", "61017O1234", "", "6101701234 6101701234"] {
        check(&person(id, nidn, "CPR"), "impossible");
    }
    check(&company("13748137", coid, "CVR"), "impossible");
    check(&company("1374813", coid, "SE"), "impossible");
    check(&company("0003388394", coid, "P"), "impossible");

    // Not recognised.
    check("<PrvtId/>", "missing");
    check("<OrgId/>", "missing");
    check("<OrgId><AnyBIC>NDEADKKKXXX</AnyBIC></OrgId>", "missing");
    check(&person("6101701234", nidn, ""), "missing");
    check(&person("6101701234", "", "CPR"), "missing");
    check(&person("6101701234", nidn, "cpr"), "missing");
    check(&person("6101701234", "<Cd>CUST</Cd>", "CPR"), "missing");
    check(&person("13748136", &proprietary("CVR"), ""), "missing");
    check(&company("6101701234", &proprietary("CPR"), ""), "missing");
    check(&company("13748136", nidn, "CVR"), "missing");
    check(&company("13748136", coid, "DUNS"), "missing");

    // Several: the first that is recognised counts, unless another disagrees.
    let two = |first: &str, second: &str| format!("<PrvtId>{first}{second}</PrvtId>");
    let known = other("6101701234", nidn, "CPR");
    check(&two(&other("x", "<Cd>CUST</Cd>", "y"), &known), "cpr:6101701234");
    check(&two(&known, &other("x", "<Cd>CUST</Cd>", "y")), "cpr:6101701234");
    check(&two(&known, &other("610170-1234", &proprietary("CPR"), "")), "cpr:6101701234");
    check(&two(&known, &other("6101701235", nidn, "CPR")), "impossible");
    check(&two(&known, &other("1", nidn, "CPR")), "impossible");
    check(&two(&other("1", nidn, "CPR"), &known), "impossible");
    let company_and_unit = other("13748136", coid, "CVR") + &other("1003388394", coid, "P");
    check(&format!("<OrgId>{company_and_unit}</OrgId>"), "impossible");

    let nobody = payment_of(&format!("<Id>{PERSON}</Id>"), "", |payment| format!("{:?}", payment.payee));
    assert_eq!(nobody, "Missing");
    let creditor = &FILE[FILE.find("<Cdtr>").unwrap()..FILE.find("</Cdtr>").unwrap() + 7];
    assert_eq!(payment_of(creditor, "", |payment| format!("{:?}", payment.payee)), "Missing");
}

#[test]
fn amounts() {
    let show = |payment: &Payment<'_>| {
        let amount = payment.amount.map_or("unreadable".into(), |amount| amount.to_string());
        let money = payment.money.map_or_else(|fault| format!("{fault:?}"), |money| money.to_string());
        let transfer = payment.transfer_currency.map_or("-".into(), |currency| currency.as_str().to_owned());
        format!("{amount} | {money} | {transfer}")
    };
    let check = |amount: &str, expected: &str| {
        assert_eq!(payment_of("<InstdAmt Ccy=\"DKK\">1000.00</InstdAmt>", amount, show), expected, "{amount}");
    };
    let instructed = |amount: &str, currency: &str| format!("<InstdAmt Ccy=\"{currency}\">{amount}</InstdAmt>");
    check(&instructed("1000.00", "DKK"), "1000.00 | 1000.00 DKK | -");
    check(&instructed(" 1000.5\n", "DKK"), "1000.50 | 1000.50 DKK | -");
    check(&instructed("1<!-- a -->0&#48;", "DKK"), "100.00 | 100.00 DKK | -");
    check(&instructed("1000", "JPY"), "1000.00 | 1000 JPY | -");
    check(&instructed("1000.5", "JPY"), "1000.50 | Invalid | -");
    check(&instructed("0.001", "DKK"), "0.001 | Invalid | -");
    check(&instructed("0", "DKK"), "0.00 | Zero | -");
    check(&instructed("0.00", "dkk"), "0.00 | Zero | -");
    check(&instructed("1", "dkk"), "1.00 | Invalid | -");
    check(&instructed("1", ""), "1.00 | Invalid | -");
    check(&instructed("1", "&#68;KK"), "1.00 | 1.00 DKK | -");
    check(&instructed("-1", "DKK"), "unreadable | Invalid | -");
    check(&instructed("1.000,00", "DKK"), "unreadable | Invalid | -");
    check(&instructed("1e3", "DKK"), "unreadable | Invalid | -");
    check(&instructed("", "DKK"), "unreadable | Invalid | -");
    check(&instructed("0.000001", "DKK"), "unreadable | Invalid | -");
    check(&instructed("999999999999999999", "DKK"), "999999999999999999.00 | Invalid | -");
    let equivalent = |amount: &str, currency: &str| {
        format!("<EqvtAmt><Amt Ccy=\"DKK\">{amount}</Amt><CcyOfTrf>{currency}</CcyOfTrf></EqvtAmt>")
    };
    check(&equivalent("100", "EUR"), "100.00 | 100.00 DKK | EUR");
    check(&equivalent("100", "EURO"), "100.00 | Invalid | -");
    check(&equivalent("0", "EURO"), "0.00 | Zero | -");
}

#[test]
fn the_rest_of_a_payment() {
    let show = |payment: &Payment<'_>| {
        let text = |text: &Option<std::borrow::Cow<'_, str>>| text.as_deref().unwrap_or("-").to_owned();
        format!(
            "{} {} {} {} {}{}{}",
            text(&payment.instruction_id),
            payment.end_to_end_id,
            text(&payment.category),
            text(&payment.first_remittance),
            if payment.has_account { "account " } else { "" },
            if payment.is_cheque { "cheque " } else { "" },
            if payment.agent.is_some() { "agent" } else { "" },
        )
        .trim_end()
        .to_owned()
    };
    let check = |from: &str, to: &str, expected: &str| assert_eq!(payment_of(from, to, show), expected, "{to}");
    check("I1", "I1", "I1 E2E-1 - NKSBOS");
    check("<InstrId>I1</InstrId>", "", "- E2E-1 - NKSBOS");
    check("E2E-1", " A&amp;<![CDATA[<]]>\r\nB ", "I1  A&<\nB  - NKSBOS");
    check("<Ustrd>NKSBOS</Ustrd>", "<Ustrd>\n NKSLEV </Ustrd><Ustrd>x</Ustrd>", "I1 E2E-1 - NKSLEV");
    check("<RmtInf><Ustrd>NKSBOS</Ustrd></RmtInf>", "<RmtInf/>", "I1 E2E-1 - -");
    check("<Ustrd>NKSBOS</Ustrd>", "<Ustrd/><Ustrd>x</Ustrd>", "I1 E2E-1 -");
    let purpose = |purpose: &str| format!("<PmtTpInf><CtgyPurp>{purpose}</CtgyPurp></PmtTpInf><Amt>");
    check("<Amt>", &purpose("<Prtry> NKSLEV</Prtry>"), "I1 E2E-1 NKSLEV NKSBOS");
    check("<Amt>", &purpose("<Cd>SSBE</Cd>"), "I1 E2E-1 - NKSBOS");
    check("<Amt>", "<PmtTpInf><LclInstrm><Prtry>NEMKONTO</Prtry></LclInstrm></PmtTpInf><Amt>", "I1 E2E-1 - NKSBOS");
    check("</Cdtr>", "</Cdtr><CdtrAcct><Id><IBAN>x</IBAN></Id></CdtrAcct>", "I1 E2E-1 - NKSBOS account");
    check("</Amt>", "</Amt><ChqInstr/>", "I1 E2E-1 - NKSBOS cheque");
    check("<Cdtr>", "<CdtrAgt><FinInstnId/></CdtrAgt><Cdtr>", "I1 E2E-1 - NKSBOS agent");
    // Names that stand elsewhere too mean nothing there.
    check(
        "</Amt>",
        "</Amt><UltmtDbtr><Id><PrvtId><Othr><Id>1</Id></Othr></PrvtId></Id></UltmtDbtr>",
        "I1 E2E-1 - NKSBOS",
    );
}

#[test]
fn heads_of_files_and_blocks() {
    let (head, blocks) = heads(FILE.as_bytes());
    assert_eq!((head.version, head.message_id.as_str(), head.prefix.as_slice()), (Version::V09, "MSG-1", &b""[..]));
    assert_eq!((head.count.value, head.count.text.as_str()), (Ok(2), "2"));
    assert_eq!(
        head.sum.as_ref().map(|sum| (sum.value, sum.text.as_str())),
        Some((Decimal::parse("1500.50").map_err(|_| ()), "1500.50"))
    );
    assert_eq!(&FILE[head.message_id_span.clone()], "MSG-1");
    assert_eq!(&FILE[head.sum.unwrap().span], "1500.50");
    let [block] = &blocks[..] else { panic!("{blocks:?}") };
    assert_eq!((block.index, block.payment_info_id.as_str(), block.is_cheque), (0, "PI-1", false));
    assert_eq!(block.execution_date.value.map(|date| date.to_string()), Ok("2021-04-26".into()));

    let with = |from: &str, to: &str| {
        assert!(FILE.contains(from));
        heads(FILE.replacen(from, to, 1).as_bytes())
    };
    let count = |to: &str| with("<NbOfTxs>2<", &format!("<NbOfTxs>{to}<")).0.count;
    assert_eq!(count("0002").value, Ok(2));
    assert_eq!(count("&#50;").value, Ok(2));
    for unreadable in ["", " 2", "two", "-2", "+2", "2.0", "1234567890123456"] {
        assert_eq!(count(unreadable).value, Err(()), "{unreadable}");
    }
    let sum = |to: &str| with("<CtrlSum>1500.50<", &format!("<CtrlSum>{to}<")).0.sum.unwrap();
    assert_eq!(sum(" 1500.50\n").value, Decimal::parse("1500.5").map_err(|_| ()));
    assert_eq!(sum(" 1500.50\n").text, "1500.50");
    assert_eq!(sum("1.500,50").value, Err(()));
    assert!(with("<CtrlSum>1500.50</CtrlSum>", "").0.sum.is_none());

    let block = |from: &str, to: &str| with(from, to).1.remove(0);
    for (method, is_cheque) in [("TRF", false), ("TRA", false), ("CHK", true), ("C<!-- -->HK", true)] {
        assert_eq!(block("<PmtMtd>TRF", &format!("<PmtMtd>{method}")).is_cheque, is_cheque, "{method}");
    }
    assert_eq!(
        block("<Dt>2021-04-26</Dt>", "<DtTm>2021-04-26T22:30:00Z</DtTm>").execution_date.value.unwrap().to_string(),
        "2021-04-27"
    );
    assert_eq!(block("<Dt>2021-04-26</Dt>", "<Dt>26-04-2021</Dt>").execution_date.value, Err(()));
    let purpose = "<CtgyPurp><Prtry>NKSBOS </Prtry></CtgyPurp></PmtTpInf>";
    assert_eq!(block("</PmtTpInf>", purpose).benefit.as_deref(), Some("NKSBOS"));
    assert_eq!(block("</PmtTpInf>", "<CtgyPurp><Cd>SSBE</Cd></CtgyPurp></PmtTpInf>").benefit, None);
}

/// Completes the first payment of the small file, drops the second, and shows the first and the numbers.
fn completed(from: &str, to: &str, first: Decision) -> String {
    assert!(FILE.contains(from), "{from} is not in the file");
    let file = FILE.replacen(from, to, 1);
    let routed = route(file.as_bytes(), 10, None, |index, _| if index == 0 { first } else { Decision::Drop }).unwrap();
    String::from_utf8(routed.completed.unwrap()).unwrap()
}

#[test]
fn agent_and_account_stand_where_the_schema_wants_them() {
    let check = |from: &str, to: &str, first: Decision, expected: &str| {
        let file = completed(from, to, first);
        assert!(file.contains(expected), "{expected}\n{file}");
    };
    let account = "<CdtrAcct><Id><IBAN>DK5000400440116243</IBAN></Id></CdtrAcct>";
    let agent = "<CdtrAgt><FinInstnId><BICFI>NDEADKKK</BICFI></FinInstnId></CdtrAgt>";
    let member = "<CdtrAgt><FinInstnId><ClrSysMmbId><MmbId>0040</MmbId></ClrSysMmbId></FinInstnId></CdtrAgt>";
    let (by_bic, by_member) = (Decision::CompleteByBic, Decision::CompleteByMember);
    check("I1", "I1", by_bic, &format!("</Amt>{agent}<Cdtr><Nm>Test Person"));
    check("I1", "I1", by_bic, &format!("</Cdtr>{account}<RmtInf><Ustrd>NKSBOS"));
    check("I1", "I1", by_member, &format!("</Amt>{member}<Cdtr><Nm>Test Person"));
    // What was there is replaced; what stands between stays.
    let old = "<CdtrAgt><FinInstnId><Nm>x</Nm></FinInstnId></CdtrAgt>";
    let old_account = "<CdtrAgtAcct><Id/></CdtrAgtAcct>";
    check("</Amt>", &format!("</Amt>\n{old}\n"), by_bic, &format!("</Amt>\n{agent}\n<Cdtr>"));
    check(
        "</Amt>",
        &format!("</Amt>{old}<!--a-->{old_account}<!--b-->"),
        by_bic,
        &format!("</Amt>{agent}<!--a--><!--b--><Cdtr>"),
    );
    check("</Amt>", &format!("</Amt>{old_account}"), by_member, &format!("</Amt>{member}<Cdtr>"));
    // Around comments and what stands next.
    check("</Amt>", "</Amt><!-- who --> ", by_bic, &format!("</Amt><!-- who --> {agent}<Cdtr>"));
    check("</Cdtr>", "</Cdtr> <UltmtCdtr/>", by_bic, &format!("</Cdtr>{account} <UltmtCdtr/>"));
    // The element's own prefix is used.
    let uri = Version::V09.namespace();
    let first = FILE.find("<CdtTrfTxInf>").unwrap();
    let prefixed = FILE[first..].split_inclusive("</CdtTrfTxInf>").next().unwrap();
    let own = prefixed.replace("</", "\0").replace('<', "<q:").replace('\0', "</q:").replacen(
        '>',
        &format!(" xmlns:q='{uri}'>"),
        1,
    );
    let file = completed(prefixed, &own, by_bic);
    assert!(
        file.contains(
            "</q:Amt><q:CdtrAgt><q:FinInstnId><q:BICFI>NDEADKKK</q:BICFI></q:FinInstnId></q:CdtrAgt><q:Cdtr>"
        ),
        "{file}"
    );
    assert!(
        file.contains("</q:Cdtr><q:CdtrAcct><q:Id><q:IBAN>DK5000400440116243</q:IBAN></q:Id></q:CdtrAcct>"),
        "{file}"
    );
    // Version 03 has another name for the BIC.
    let routed = route(older().as_bytes(), 1, None, |_, _| Decision::CompleteByBic).unwrap();
    let routed = String::from_utf8(routed.completed.unwrap()).unwrap();
    assert_eq!(routed.matches("<CdtrAgt><FinInstnId><BIC>NDEADKKK</BIC></FinInstnId></CdtrAgt>").count(), 2);
}

#[test]
fn counts_and_sums_are_made_true_in_their_place() {
    let check = |from: &str, to: &str, expected: &[&str]| {
        let file = completed(from, to, Decision::Keep);
        for expected in expected {
            assert!(file.contains(expected), "{expected}\n{file}");
        }
    };
    check(
        "I1",
        "I1",
        &[
            "<NbOfTxs>1</NbOfTxs><CtrlSum>1000.00</CtrlSum><InitgPty>",
            "<NbOfTxs>1</NbOfTxs><CtrlSum>1000.00</CtrlSum><PmtTpInf>",
        ],
    );
    check("<NbOfTxs>2", "<NbOfTxs>0002", &["<NbOfTxs>0001</NbOfTxs>"]);
    check("<NbOfTxs>2", "<NbOfTxs><!--a-->2<?b?>", &["<NbOfTxs><!--a-->1<?b?></NbOfTxs>"]);
    check("<CtrlSum>1500.50", "<CtrlSum>\n1500.50 ", &["<CtrlSum>\n1000.00 </CtrlSum>"]);
    check("<CtrlSum>1500.50", "<CtrlSum><![CDATA[1500.50]]>", &["<CtrlSum>0000000000001000.00</CtrlSum>"]);
    check(">1000.00<", ">1.00001<", &["<NbOfTxs>1</NbOfTxs><CtrlSum>1.00001</CtrlSum><InitgPty>"]);
    // It does not fit: what follows moves.
    check(
        ">1000.00<",
        ">1234567.89<",
        &["<NbOfTxs>1</NbOfTxs><CtrlSum>1234567.89</CtrlSum><InitgPty>", "<CtrlSum>1234567.89</CtrlSum><PmtTpInf>"],
    );
    check("<CtrlSum>1500.50", "<CtrlSum>9", &["<NbOfTxs>1</NbOfTxs><CtrlSum>1000</CtrlSum><InitgPty>"]);
    // True already: untouched.
    check("<CtrlSum>1500.50", "<CtrlSum>+1000.", &["<CtrlSum>+1000.</CtrlSum><InitgPty>"]);
    check("<CtrlSum>1500.50</CtrlSum><InitgPty>", "<InitgPty>", &["<NbOfTxs>1</NbOfTxs><InitgPty>"]);
}

#[test]
fn another_day_stands_in_the_place_of_the_one_that_was_asked_for() {
    let day = Date::constant(2021, 4, 28);
    // Beside a count and a sum that change, and move what follows.
    let larger = |file: &str| file.replacen(">1000.00<", ">1234567.89<", 1);
    let completed = |day: Option<Date>, file: &str| {
        let file = larger(file);
        let decide = |number, _: &Payment<'_>| if number == 0 { Decision::CompleteByBic } else { Decision::Drop };
        String::from_utf8(route_on(day, file.as_bytes(), 1, Some("A-1"), decide).unwrap().completed.unwrap()).unwrap()
    };
    let check = |file: &str, asked: &str, expected: &str| {
        let place = "<Dt>2021-04-26</Dt>";
        let file = if file.contains(place) { file.replace(place, asked) } else { file.replace("2021-04-26", asked) };
        let as_it_was = completed(None, &file);
        assert!(as_it_was.contains(asked), "{as_it_was}");
        assert_eq!(completed(Some(day), &file), as_it_was.replace(asked, expected), "{asked}");
    };
    check(FILE, "<Dt>2021-04-26</Dt>", "<Dt>2021-04-28</Dt>");
    check(FILE, "<Dt>\n2021-04-26+02:00 </Dt>", "<Dt>\n2021-04-28 </Dt>");
    check(FILE, "<Dt><!--a-->2021-04-26</Dt>", "<Dt><!--a-->2021-04-28</Dt>");
    check(FILE, "<Dt><![CDATA[2021-04-26]]></Dt>", "<Dt>2021-04-28</Dt>");
    // A point in time keeps its time of day, as clocks in Denmark show it.
    check(FILE, "<DtTm>2021-04-26T14:30:00</DtTm>", "<DtTm>2021-04-28T14:30:00</DtTm>");
    check(FILE, "<DtTm>2021-04-25T22:30:00.5Z</DtTm>", "<DtTm>2021-04-28T00:30:00</DtTm>");
    // It is that day already.
    for asked in ["<Dt>2021-04-28+02:00</Dt>", "<DtTm>2021-04-27T22:30:00Z</DtTm>"] {
        check(FILE, asked, asked);
    }
    check(&older(), "2021-04-26", "2021-04-28");
}

#[test]
fn what_is_taken_out_leaves_comments_only() {
    let block = |id: &str, lead: &str, payments: &[&str]| {
        let head = &FILE[FILE.find("<PmtInf>").unwrap() + 8..FILE.find("<CdtTrfTxInf>").unwrap()].trim();
        let payment = FILE[FILE.find("<CdtTrfTxInf>").unwrap()..].split_inclusive("</CdtTrfTxInf>").next().unwrap();
        let payments: String = payments.iter().map(|lead| format!("{lead}{payment}")).collect();
        format!("{lead}<PmtInf>{}{payments}\n</PmtInf>", head.replace("PI-1", id))
    };
    let file = |blocks: &[String]| {
        let (start, end) = (FILE.find("<PmtInf>").unwrap(), FILE.find("</PmtInf>").unwrap() + 9);
        format!("{}{}{}", &FILE[..start], blocks.concat(), &FILE[end..])
    };
    let input = file(&[
        block("A", "", &["\n <!-- one -->\n ", "\n "]),
        block("B", "\n", &["\n"]),
        block("C", "\n<!-- three --> \n", &["\n<!-- gone with its block -->"]),
        block("D", "\n", &["<!-- four -->", "", "\n"]),
    ]);
    let keep = [false, true, false, false, false, false, true];
    let routed =
        route(input.as_bytes(), 2, None, |index, _| if keep[index as usize] { Decision::Keep } else { Decision::Drop });
    let expected = file(&[
        block("A", "", &["\n <!-- one -->\n "]),
        "\n<!-- three -->".into(),
        block("D", "\n", &["<!-- four -->\n"]),
    ]);
    let output = String::from_utf8(routed.unwrap().completed.unwrap()).unwrap();
    let plain = |file: &str| {
        let mut text = file.to_owned();
        for number in [
            "<NbOfTxs>1</NbOfTxs>",
            "<NbOfTxs>2</NbOfTxs>",
            "<CtrlSum>1000.00</CtrlSum>",
            "<CtrlSum>2000.00</CtrlSum>",
            "<CtrlSum>1500.50</CtrlSum>",
        ] {
            text = text.replace(number, "");
        }
        text
    };
    assert_eq!(plain(&output), plain(&expected));
    assert_eq!(output.matches("<CtrlSum>1000.00</CtrlSum>").count(), 2);
    assert_eq!(output.matches("<CtrlSum>2000.00</CtrlSum>").count(), 1);

    let routed = route(input.as_bytes(), 2, None, |_, _| Decision::Drop).unwrap();
    assert_eq!((routed.completed, routed.kept, routed.payments), (None, 0, 7));
}

#[test]
fn a_later_file_of_a_batch_gets_an_id_of_its_own() {
    for (id, written) in [("BATCH-1-12345", "BATCH-1-12345"), ("B&<", "B&amp;&lt;"), ("B", "B")] {
        let routed =
            route(FILE.as_bytes(), 1, Some(id), |index, _| if index == 0 { Decision::Drop } else { Decision::Keep });
        let output = String::from_utf8(routed.unwrap().completed.unwrap()).unwrap();
        let head = format!(
            "<MsgId>{written}</MsgId><CreDtTm>2021-04-19T08:00:00Z</CreDtTm><NbOfTxs>1</NbOfTxs><CtrlSum>0500.50</CtrlSum>"
        );
        assert!(output.contains(&head), "{output}");
        assert_eq!(heads(output.as_bytes()).0.message_id, id);
    }
}

#[test]
fn a_large_file_is_cut_amended_and_shifted() {
    let payment = FILE[FILE.find("<CdtTrfTxInf>").unwrap()..].split_inclusive("</CdtTrfTxInf>").next().unwrap();
    let count = 20_000;
    let mut file = String::from(&FILE[..FILE.find("<CdtTrfTxInf>").unwrap()]).replace("<NbOfTxs>2<", "<NbOfTxs>20000<");
    // One sum is too short for what is left of it.
    file = file.replacen("1500.50", "20000000", 1).replacen("<CtrlSum>1500.50", "<CtrlSum>+20000000.000", 1);
    for index in 0..count {
        file += "\n";
        file += &payment.replacen("E2E-1", &format!("E2E-{index}"), 1);
        if index % 5_000 == 4_999 {
            // A comment now and then, so that both ways of cutting are taken.
            file += "<!-- </CdtTrfTxInf> -->";
        }
    }
    file += "\n</PmtInf>\n</CstmrCdtTrfInitn>\n</Document>\n";
    assert!(file.len() > CHUNK_BYTES_MAX);
    let file = file.into_bytes();
    let unchanged = route(&file, 1_000_000, None, |_, _| Decision::Keep).unwrap();
    assert!(unchanged.completed.as_deref() == Some(&file));

    let drop_one = |index, _: &Payment<'_>| if index == 7 { Decision::Drop } else { Decision::CompleteByBic };
    let one = route(&file, 1, None, drop_one).unwrap();
    let many = route(&file, 1_000_000, None, drop_one).unwrap();
    assert!(one == many);
    assert_eq!(one.kept, count - 1);
    let output = one.completed.unwrap();
    let (head, blocks) = heads(&output);
    assert_eq!((head.count.text.as_str(), head.sum.unwrap().text.as_str()), ("19999", "19999000"));
    assert_eq!(blocks[0].sum.as_ref().unwrap().text, "019999000.000");

    // A sum with decimals takes more room than the old one had: 8 MB move.
    let short = String::from_utf8(file).unwrap().replacen("20000000", "2", 1);
    let cents = short.replacen("1000.00", "1000.25", 1).into_bytes();
    let shifted = route(&cents, 1_000, None, |_, _| Decision::Keep).unwrap().completed.unwrap();
    let text = String::from_utf8(cents).unwrap().replacen(">2<", ">20000000.25<", 1);
    let text = text.replacen("+20000000.000", "020000000.250", 1);
    assert!(shifted == text.into_bytes());
}

#[test]
fn chunks_end_where_they_should() {
    let payment = FILE[FILE.find("<CdtTrfTxInf>").unwrap()..].split_inclusive("</CdtTrfTxInf>").next().unwrap();
    let head = &FILE[..FILE.find("<CdtTrfTxInf>").unwrap()];
    let file = format!("{head}{}</PmtInf></CstmrCdtTrfInitn></Document>", payment.repeat(10));
    let sizes = |payments_per_chunk| {
        let mut cutter = Cutter::new(file.as_bytes(), payments_per_chunk);
        let mut sizes = Vec::new();
        while let Some(chunk) = cutter.next_chunk().unwrap() {
            let starts_in_block = chunk.block.is_some();
            assert_eq!(starts_in_block, chunk.offset > 0);
            sizes.push(chunk.payments);
            cutter.recycle(chunk);
        }
        assert!(cutter.next_chunk().unwrap().is_none());
        sizes
    };
    assert_eq!(sizes(4), [4, 4, 2]);
    assert_eq!(sizes(5), [5, 5, 0]);
    assert_eq!(sizes(100), [10]);
    assert_eq!(sizes(0), [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0]);
}

#[test]
fn faults_come_after_what_was_good_and_again_and_again() {
    let file = FILE.replace("</PmtInf>", "</PmtIn>");
    let mut cutter = Cutter::new(file.as_bytes(), 100);
    let mut seen = Vec::new();
    let chunk = cutter.next_chunk().unwrap().unwrap();
    seen.extend_from_slice(&chunk.bytes);
    assert_eq!(chunk.payments, 2);
    let first = format!("{}", cutter.next_chunk().unwrap_err());
    assert_eq!(first, format!("{}", cutter.next_chunk().unwrap_err()));
    // The rest is there for whoever wants the digest of the whole.
    cutter.drain(|bytes| seen.extend_from_slice(bytes)).unwrap();
    assert_eq!(seen, file.as_bytes());
}

#[test]
fn a_source_may_be_slow_and_may_fail() {
    struct Drip<'a>(&'a [u8], usize);
    impl Read for Drip<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.1 += 1;
            if self.1.is_multiple_of(3) {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let length = self.0.len().min(buffer.len()).min(7);
            let (now, later) = self.0.split_at(length);
            buffer[..length].copy_from_slice(now);
            self.0 = later;
            Ok(length)
        }
    }
    let mut cutter = Cutter::new(Drip(FILE.as_bytes(), 0), 100);
    assert_eq!(cutter.next_chunk().unwrap().unwrap().bytes, FILE.as_bytes());

    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("broken"))
        }
    }
    let mut cutter = Cutter::new(FILE.as_bytes()[..500].chain(Broken), 100);
    assert!(matches!(cutter.next_chunk(), Err(CutError::Read(_))));
}

#[test]
fn a_part_that_is_no_payment_is_refused() {
    let mut cutter = Cutter::new(FILE.as_bytes(), 100);
    let chunk = cutter.next_chunk().unwrap().unwrap();
    let Some(Part::BlockHead { head, .. }) = chunk.parts.iter().find(|part| matches!(part, Part::BlockHead { .. }))
    else {
        panic!("no block")
    };
    let parts = [
        "",
        " ",
        "x",
        "<",
        "<a/>",
        "<CdtTrfTxInf",
        "<CdtTrfTxInf/>",
        "<CdtTrfTxInf></CdtTrfTxInf>",
        "</CdtTrfTxInf>",
        "<!---->",
    ];
    for part in parts {
        for start in 0..=part.len() + 1 {
            assert!(parse_payment(part.as_bytes(), start, 5, &head.context).is_err(), "{part} {start}");
        }
    }
}

#[test]
fn the_reference_examples() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference/iso20022/examples");
    // They are in the schema tests' file too, word for word, where the folder is missing.
    for name in ["pain.001.001.03_nemkonto_incomplete.xml", "pain.001.001.09_nemkonto_incomplete.xml"] {
        let Ok(file) = fs::read(folder.join(name)) else { continue };
        let routed = pass(&file).unwrap();
        assert_eq!(routed.payments, 2);
        assert!(routed.completed.unwrap() == file);
        let (head, blocks) = heads(&file);
        assert_eq!((head.message_id.as_str(), head.count.value), ("MSG-1", Ok(2)));
        assert_eq!(blocks[0].payment_info_id, "PI-1");
        let mut payees = Vec::new();
        route(&file, 1, None, |_, payment| {
            payees.push(matches!(payment.payee, Payee::Named(_)));
            Decision::CompleteByMember
        })
        .unwrap();
        assert_eq!(payees, [true, true]);
    }
}

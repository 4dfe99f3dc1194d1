//! What is refused, where, and in which words; and what is lawful though it looks odd.

use payout::message::{CODE_STRUCTURE, DEPTH_MAX, HEAD_BYTES_MAX, PAYMENT_BYTES_MAX, Version};

use crate::support::pass;

/// A small file of version 09.
pub const FILE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09">
<CstmrCdtTrfInitn>
<GrpHdr><MsgId>MSG-1</MsgId><CreDtTm>2021-04-19T08:00:00Z</CreDtTm><NbOfTxs>2</NbOfTxs><CtrlSum>1500.50</CtrlSum><InitgPty><Nm>Payer</Nm></InitgPty></GrpHdr>
<PmtInf>
<PmtInfId>PI-1</PmtInfId><PmtMtd>TRF</PmtMtd><NbOfTxs>2</NbOfTxs><CtrlSum>1500.50</CtrlSum><PmtTpInf><LclInstrm><Prtry>NEMKONTO</Prtry></LclInstrm></PmtTpInf><ReqdExctnDt><Dt>2021-04-26</Dt></ReqdExctnDt><Dbtr><Nm>Payer</Nm></Dbtr><DbtrAcct><Id><IBAN>DK5000400440116243</IBAN></Id></DbtrAcct><DbtrAgt><FinInstnId><BICFI>NDEADKKK</BICFI></FinInstnId></DbtrAgt>
<CdtTrfTxInf><PmtId><InstrId>I1</InstrId><EndToEndId>E2E-1</EndToEndId></PmtId><Amt><InstdAmt Ccy="DKK">1000.00</InstdAmt></Amt><Cdtr><Nm>Test Person</Nm><Id><PrvtId><Othr><Id>6101701234</Id><SchmeNm><Cd>NIDN</Cd></SchmeNm><Issr>CPR</Issr></Othr></PrvtId></Id></Cdtr><RmtInf><Ustrd>NKSBOS</Ustrd></RmtInf></CdtTrfTxInf>
<CdtTrfTxInf><PmtId><EndToEndId>E2E-2</EndToEndId></PmtId><Amt><InstdAmt Ccy="DKK">500.50</InstdAmt></Amt><Cdtr><Nm>Test Company</Nm><PstlAdr><Ctry>DK</Ctry></PstlAdr><Id><OrgId><Othr><Id>25992180</Id><SchmeNm><Cd>COID</Cd></SchmeNm><Issr>CVR</Issr></Othr></OrgId></Id></Cdtr><RmtInf><Strd><CdtrRefInf><Ref>1</Ref></CdtrRefInf></Strd></RmtInf></CdtTrfTxInf>
</PmtInf>
</CstmrCdtTrfInitn>
</Document>
"#;

/// The same in version 03.
pub fn older() -> String {
    FILE.replace("001.001.09", "001.001.03").replace("<Dt>2021-04-26</Dt>", "2021-04-26").replace("BICFI", "BIC")
}

/// The file with one piece replaced.
fn edited(from: &str, to: &str) -> String {
    assert!(FILE.contains(from), "{from} is not in the file");
    FILE.replacen(from, to, 1)
}

/// The file is refused in this place, with a sentence that has these words.
fn check(from: &str, to: &str, place: &str, words: &str) {
    let file = edited(from, to);
    refuses(file.as_bytes(), place, words);
}

fn refuses(file: &[u8], place: &str, words: &str) {
    let shown = || String::from_utf8_lossy(&file[..file.len().min(5000)]).into_owned();
    let refused = pass(file).expect_err(&format!("{words}\n{}", shown()));
    let fault = refused.fault;
    assert!(fault.text.contains(words), "{fault:?}\n{}", shown());
    assert_eq!(fault.place, place, "{fault:?}\n{}", shown());
    assert_eq!(fault.code, CODE_STRUCTURE);
    assert!(fault.offset <= file.len() as u64, "{fault:?}");
    assert!(fault.text.ends_with(['.', ')']), "a sentence: {fault:?}");
}

/// The file is taken, and handed on byte for byte.
fn lawful(from: &str, to: &str) {
    let file = edited(from, to);
    let routed = pass(file.as_bytes()).unwrap_or_else(|refused| panic!("{refused:?}\n{file}"));
    assert_eq!(routed.completed.as_deref(), Some(file.as_bytes()));
}

const ROOT: &str = "/Document";
const INITIATION: &str = "/Document/CstmrCdtTrfInitn";
const HEADER: &str = "/Document/CstmrCdtTrfInitn/GrpHdr";
const BLOCK: &str = "/Document/CstmrCdtTrfInitn/PmtInf";
const PAYMENT: &str = "/Document/CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf";

fn within(outer: &str, inner: &str) -> String {
    format!("{outer}/{inner}")
}

#[test]
fn order_and_occurrence() {
    lawful("MSG-1", "MSG-2");
    // The document.
    check("<CstmrCdtTrfInitn>", "<CstmrDrctDbtInitn>", ROOT, "does not know");
    check("</CstmrCdtTrfInitn>", "</CstmrCdtTrfInitn><CstmrCdtTrfInitn></CstmrCdtTrfInitn>", ROOT, "more often");
    check("</CstmrCdtTrfInitn>", "</CstmrCdtTrfInitn><GrpHdr/>", ROOT, "does not know");
    check("</Document>", "</Document><Document/>", "/", "after the end of the message");
    check("</Document>", "</Document>x", "/", "after the end of the message");
    check("</Document>", "</Document>&#32;", "/", "after the end of the message");
    check("</Document>", "</Document><![CDATA[ ]]>", "/", "after the end of the message");
    check("</Document>", "</Document></Document>", "/", "after the end of the message");
    // The group header.
    check("<GrpHdr>", "<GrpHdr/><GrpHdr>", HEADER, "MsgId is missing");
    check("<MsgId>MSG-1</MsgId>", "", HEADER, "MsgId is missing");
    check("<NbOfTxs>2</NbOfTxs>", "", HEADER, "NbOfTxs is missing");
    check("<InitgPty><Nm>Payer</Nm></InitgPty></GrpHdr>", "</GrpHdr>", HEADER, "InitgPty is missing");
    check("<MsgId>MSG-1</MsgId>", "<MsgId>MSG-1</MsgId><MsgId>MSG-1</MsgId>", HEADER, "MsgId occurs more often");
    check(
        "<CtrlSum>1500.50</CtrlSum>",
        "<CtrlSum>1</CtrlSum><CtrlSum>1</CtrlSum>",
        HEADER,
        "CtrlSum occurs more often",
    );
    check(
        "<CtrlSum>1500.50</CtrlSum>",
        "<CtrlSum>1</CtrlSum><CreDtTm>x</CreDtTm>",
        HEADER,
        "CreDtTm stands in the wrong",
    );
    check(
        "<NbOfTxs>2",
        "<Authstn><Cd>AUTH</Cd></Authstn><Authstn/><NbOfTxs>2",
        &within(HEADER, "Authstn"),
        "Cd is missing",
    );
    lawful("<NbOfTxs>2", "<Authstn><Cd>AUTH</Cd></Authstn><Authstn><Prtry>x</Prtry></Authstn><NbOfTxs>2");
    let three = "<Authstn><Cd>AUTH</Cd></Authstn>".repeat(3) + "<NbOfTxs>2";
    check("<NbOfTxs>2", &three, HEADER, "Authstn occurs more often");
    check("</GrpHdr>", "</GrpHdr><GrpHdr><MsgId>2</MsgId></GrpHdr>", INITIATION, "GrpHdr occurs more often");
    check("<GrpHdr>", "<PmtInf/><GrpHdr>", INITIATION, "GrpHdr is missing");
    check("<GrpHdr>", "<SplmtryData/><GrpHdr>", INITIATION, "GrpHdr is missing");
    // Blocks.
    check("<PmtInf>", "<PmtInf/><PmtInf>", BLOCK, "PmtInfId is missing");
    check("<PmtInfId>PI-1</PmtInfId>", "", BLOCK, "PmtInfId is missing");
    check("<PmtMtd>TRF</PmtMtd>", "", BLOCK, "PmtMtd is missing");
    check("<PmtMtd>TRF</PmtMtd>", "<PmtMtd>TRF</PmtMtd><CdtTrfTxInf/>", BLOCK, "ReqdExctnDt is missing");
    check(
        "<ReqdExctnDt><Dt>2021-04-26</Dt></ReqdExctnDt>",
        "<ReqdExctnDt/>",
        &within(BLOCK, "ReqdExctnDt"),
        "Dt is missing",
    );
    check("<Dt>2021-04-26</Dt>", "2021-04-26", &within(BLOCK, "ReqdExctnDt"), "only elements");
    check("<Dt>2021-04-26</Dt>", "<Dt>1</Dt><DtTm>2</DtTm>", &within(BLOCK, "ReqdExctnDt"), "excludes the one before");
    check("<Dbtr><Nm>Payer</Nm></Dbtr>", "", BLOCK, "Dbtr is missing");
    check("</PmtInf>", "<ChrgBr>SLEV</ChrgBr></PmtInf>", BLOCK, "ChrgBr stands in the wrong order");
    check("</PmtInf>", "<Unknown/></PmtInf>", BLOCK, "does not know");
    check("</PmtInf>", "</PmtInf><Unknown/>", INITIATION, "does not know");
    lawful("</PmtInf>", "</PmtInf><SplmtryData><PlcAndNm>x</PlcAndNm><Envlp><a/></Envlp></SplmtryData>");
    check("</PmtInf>", "</PmtInf><SplmtryData/>", &within(INITIATION, "SplmtryData"), "Envlp is missing");
    let late = "</PmtInf><SplmtryData><Envlp/></SplmtryData><PmtInf/>";
    check("</PmtInf>", late, INITIATION, "PmtInf stands in the wrong order");
    // Payments.
    check("<PmtId><EndToEndId>E2E-2</EndToEndId></PmtId>", "", PAYMENT, "PmtId is missing");
    check("<EndToEndId>E2E-2</EndToEndId>", "", &within(PAYMENT, "PmtId"), "EndToEndId is missing");
    check(
        "<InstrId>I1</InstrId><EndToEndId>E2E-1</EndToEndId>",
        "<EndToEndId>1</EndToEndId><InstrId>1</InstrId>",
        &within(PAYMENT, "PmtId"),
        "InstrId stands in the wrong order",
    );
    lawful("<EndToEndId>E2E-1</EndToEndId>", "<EndToEndId>E2E-1</EndToEndId><UETR>x</UETR>");
    check("<Amt>", "<Amt/><Amt>", &within(PAYMENT, "Amt"), "InstdAmt is missing");
    check("<Amt><InstdAmt Ccy=\"DKK\">1000.00</InstdAmt></Amt>", "", PAYMENT, "Amt is missing");
    check(
        "<InstdAmt Ccy=\"DKK\">1000.00</InstdAmt>",
        "<EqvtAmt><Amt Ccy=\"DKK\">1</Amt></EqvtAmt>",
        &within(PAYMENT, "Amt/EqvtAmt"),
        "CcyOfTrf is missing",
    );
    check(
        "<InstdAmt Ccy=\"DKK\">1000.00</InstdAmt>",
        "<InstdAmt>1</InstdAmt>",
        &within(PAYMENT, "Amt/InstdAmt"),
        "Ccy is missing",
    );
    check(
        "<InstdAmt Ccy=\"DKK\">1000.00</InstdAmt>",
        "<InstdAmt Ccy=\"DKK\">1<x/></InstdAmt>",
        &within(PAYMENT, "Amt/InstdAmt"),
        "only text",
    );
    check("</Amt><Cdtr>", "</Amt><Cdtr/><Cdtr>", PAYMENT, "Cdtr occurs more often");
    check("<Cdtr>", "<CdtrAcct><Id><IBAN>x</IBAN></Id></CdtrAcct><Cdtr>", PAYMENT, "Cdtr stands in the wrong order");
    check("<Cdtr>", "<CdtrAcct/><Cdtr>", &within(PAYMENT, "CdtrAcct"), "Id is missing");
    check("<Cdtr>", "<CdtrAgt/><Cdtr>", &within(PAYMENT, "CdtrAgt"), "FinInstnId is missing");
    check("<PrvtId>", "<OrgId/><PrvtId>", &within(PAYMENT, "Cdtr/Id"), "PrvtId excludes");
    check(
        "<Issr>CPR</Issr>",
        "<Issr>CPR</Issr><Issr>CPR</Issr>",
        &within(PAYMENT, "Cdtr/Id/PrvtId/Othr"),
        "Issr occurs more often",
    );
    check(
        "<Cd>NIDN</Cd>",
        "<Cd>NIDN</Cd><Prtry>CPR</Prtry>",
        &within(PAYMENT, "Cdtr/Id/PrvtId/Othr/SchmeNm"),
        "Prtry excludes",
    );
    check(
        "</RmtInf>",
        "<Ustrd/><Strd/><Ustrd/></RmtInf>",
        &within(PAYMENT, "RmtInf"),
        "Ustrd stands in the wrong order",
    );
    check("</RmtInf>", "</RmtInf><Purp><Cd>x</Cd></Purp>", PAYMENT, "Purp stands in the wrong order");
    let ten = "<RgltryRptg/>".repeat(10) + "<RmtInf>";
    lawful("<RmtInf>", &ten);
    let eleven = "<RgltryRptg/>".repeat(11) + "<RmtInf>";
    check("<RmtInf>", &eleven, PAYMENT, "RgltryRptg occurs more often");
    // Only text, only elements.
    check("<GrpHdr>", "<GrpHdr>x", HEADER, "only elements");
    check("<GrpHdr>", "x<GrpHdr>", INITIATION, "only elements");
    check("<PmtInf>", "x<PmtInf>", INITIATION, "only elements");
    check("</PmtInf>", "x</PmtInf>", BLOCK, "only elements");
    check("<CdtTrfTxInf>", "x<CdtTrfTxInf>", BLOCK, "only elements");
    check("<CdtTrfTxInf>", "<CdtTrfTxInf>x", PAYMENT, "only elements");
    check("<CdtTrfTxInf>", "<CdtTrfTxInf><![CDATA[x]]>", PAYMENT, "only elements");
    check("<CdtTrfTxInf>", "<CdtTrfTxInf>&#120;", PAYMENT, "only elements");
    lawful("<CdtTrfTxInf>", "<CdtTrfTxInf>&#32;<![CDATA[ \n]]> &#x9;");
    lawful("<CdtTrfTxInf>", "&#32;<CdtTrfTxInf>");
    check("MSG-1", "MSG<b>-1</b>", &within(HEADER, "MsgId"), "only text");
}

#[test]
fn names_and_attributes() {
    check("<GrpHdr>", "<GrpHdr a=\"1\">", HEADER, "An attribute");
    check("<PmtInf>", "<PmtInf a=\"1\">", BLOCK, "An attribute");
    check("<CdtTrfTxInf>", "<CdtTrfTxInf Ccy=\"DKK\">", PAYMENT, "Ccy may not");
    check("Ccy=\"DKK\"", "Ccy=\"DKK\" a=''", &within(PAYMENT, "Amt/InstdAmt"), "An attribute");
    lawful("Ccy=\"DKK\"", "\n Ccy = 'DKK'\t");
    lawful("<Document ", "<Document xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:schemaLocation='a b' ");
    lawful("<PmtInf>", "<PmtInf xml:lang='da'>");
    check("Ccy=\"DKK\"", "Ccy=\"DKK\" Ccy=\"DKK\"", &within(PAYMENT, "Amt"), "same attribute twice");
    check("Ccy=\"DKK\"", "Ccy=\"DKK\"a='1'", &within(PAYMENT, "Amt"), "may not stand there");
    check("Ccy=\"DKK\"", "Ccy=\"D<K\"", &within(PAYMENT, "Amt"), "\"<\"");
    check("Ccy=\"DKK\"", "Ccy=DKK", &within(PAYMENT, "Amt"), "quotation marks");
    check("Ccy=\"DKK\"", "Ccy", &within(PAYMENT, "Amt"), "no value");
    check("Ccy=\"DKK\"", "Ccy=\"&dkk;\"", &within(PAYMENT, "Amt"), "ampersand");
    check("Ccy=\"DKK\"", "/ ", &within(PAYMENT, "Amt"), "not closed properly");
    check("<PmtInf>", "<PmtInf a:b='1'>", INITIATION, "prefix that is not declared");
    let twice = "<PmtInf xmlns:a='urn:a' xmlns:b='urn:a' a:c='' b:c=''>";
    check("<PmtInf>", twice, INITIATION, "same attribute twice");
    lawful("<PmtInf>", "<PmtInf xmlns:a='urn:a' xmlns:b='urn:b' a:c='' b:c=''>");
    check("<CdtTrfTxInf>", "<CdtTrfTxInf><PmtId/", PAYMENT, "not closed properly");
    let many: String = (0..65).map(|n| format!(" x:a{n}=''")).collect();
    check("<PmtInf>", &format!("<PmtInf xmlns:x='x'{many}>"), INITIATION, "more than 64 attributes");
    // Names.
    check("<Nm>Test Person</Nm>", "<1/>", &within(PAYMENT, "Cdtr"), "A name is expected");
    check("<Nm>Test Person</Nm>", "<>", &within(PAYMENT, "Cdtr"), "A name is expected");
    check("<Nm>Test Person</Nm>", "< Nm/>", &within(PAYMENT, "Cdtr"), "A name is expected");
    check("<Ctry>DK</Ctry>", "<-a/>", &within(PAYMENT, "Cdtr/PstlAdr"), "A name is expected");
    check("<Ctry>DK</Ctry>", "<·a/>", &within(PAYMENT, "Cdtr/PstlAdr"), "A name is expected");
    lawful("<Ctry>DK</Ctry>", "<Ærø·1/>");
    check("<Ctry>DK</Ctry>", "<a×/>", &within(PAYMENT, "Cdtr/PstlAdr"), "A name is expected");
    check("<Ctry>DK</Ctry>", "<a:b:c/>", &within(PAYMENT, "Cdtr/PstlAdr"), "more than one colon");
    check("<Ctry>DK</Ctry>", "<:a/>", &within(PAYMENT, "Cdtr/PstlAdr"), "A name is expected");
    check("<Ctry>DK</Ctry>", "<a:/>", &within(PAYMENT, "Cdtr/PstlAdr"), "A name is expected");
    check("<Ctry>DK</Ctry>", "<a:1/>", &within(PAYMENT, "Cdtr/PstlAdr"), "A name is expected");
    check("<Ctry>DK</Ctry>", "<a$b/>", &within(PAYMENT, "Cdtr/PstlAdr"), "may not stand there");
    // Ends.
    check("</Ctry>", "</Ctr>", &within(PAYMENT, "Cdtr/PstlAdr"), "does not match");
    check("</Ctry>", "</Ctryy>", &within(PAYMENT, "Cdtr/PstlAdr"), "does not match");
    check("</Ctry>", "</ Ctry>", &within(PAYMENT, "Cdtr/PstlAdr"), "does not match");
    check("</Ctry>", "</Ctry a='1'>", &within(PAYMENT, "Cdtr/PstlAdr"), "not closed properly");
    lawful("</Ctry>", "</Ctry\n >");
    lawful("</CdtTrfTxInf>", "</CdtTrfTxInf\n >");
    check("</CdtTrfTxInf>", "</CdtTrfTxInf", PAYMENT, "not closed properly");
    check("</CdtTrfTxInf>", "", PAYMENT, "does not know");
    check("</CdtTrfTxInf>", "</CdtTrfTxInf></CdtTrfTxInf>", BLOCK, "does not match");
    check("</PmtInf>", "</PmtInf></PmtInf>", INITIATION, "does not match");
    check("</PmtInf>", "", BLOCK, "does not match");
    check("</CstmrCdtTrfInitn>", "", INITIATION, "does not match");
    check("<CdtTrfTxInf>", "<CdtTrfTxInf/><CdtTrfTxInf>", PAYMENT, "PmtId is missing");
    check("<CdtTrfTxInf>", "<CdtTrfTxInf/></CdtTrfTxInf><CdtTrfTxInf>", PAYMENT, "PmtId is missing");
    let empty = FILE.rfind("<CdtTrfTxInf>").map(|at| format!("{}<CdtTrfTxInf/></CdtTrfTxInf></PmtInf>", &FILE[..at]));
    refuses(empty.unwrap().as_bytes(), PAYMENT, "PmtId is missing");
}

#[test]
fn ids() {
    let long = "x".repeat(35);
    for (from, place) in [
        ("MSG-1", within(HEADER, "MsgId")),
        ("PI-1", within(BLOCK, "PmtInfId")),
        ("I1", within(PAYMENT, "PmtId/InstrId")),
        ("E2E-1", within(PAYMENT, "PmtId/EndToEndId")),
    ] {
        lawful(from, &long);
        // Characters, not bytes.
        lawful(from, &"ø".repeat(35));
        lawful(from, &"&amp;".repeat(35));
        lawful(from, " ");
        check(from, "", &place, "1 to 35 characters");
        check(from, &"ø".repeat(36), &place, "1 to 35 characters");
        check(from, &"&#48;".repeat(36), &place, "1 to 35 characters");
        check(from, "<!---->", &place, "1 to 35 characters");
    }
    for method in ["", "DD", "trf", " TRF", "TRF\n", "TRFX"] {
        check("<PmtMtd>TRF", &format!("<PmtMtd>{method}"), &within(BLOCK, "PmtMtd"), "must be CHK, TRA or TRF");
    }
    check("<MsgId>MSG-1</MsgId>", "<MsgId/>", &within(HEADER, "MsgId"), "1 to 35 characters");
}

#[test]
fn namespaces() {
    let uri = Version::V09.namespace();
    lawful("<GrpHdr>", &format!("<GrpHdr xmlns='{uri}'>"));
    lawful("<Ctry>DK</Ctry>", &format!("<a:Ctry xmlns:a='{uri}'>DK</a:Ctry>"));
    lawful("<Ctry>DK</Ctry>", "<Ctry xmlns:a='urn:other'>DK</Ctry>");
    lawful("<Nm>Test Person</Nm>", &format!("<a:Nm xmlns:a='{uri}'>Test Person</a:Nm>"));
    check("<Nm>Test Person</Nm>", "<Nm xmlns='urn:other'>x</Nm>", &within(PAYMENT, "Cdtr"), "another namespace");
    check("<Nm>Test Person</Nm>", "<Nm xmlns=''>x</Nm>", &within(PAYMENT, "Cdtr"), "another namespace");
    check("<Ctry>DK</Ctry>", "<Ctry xmlns='urn:other'/>", &within(PAYMENT, "Cdtr/PstlAdr"), "another namespace");
    check("<Ctry>DK</Ctry>", "<a:Ctry/>", &within(PAYMENT, "Cdtr/PstlAdr"), "prefix that is not declared");
    check("<PmtInf>", "<PmtInf xmlns='urn:other'>", INITIATION, "another namespace");
    check("<CdtTrfTxInf>", "<CdtTrfTxInf xmlns='urn:other'>", BLOCK, "another namespace");
    check("<GrpHdr>", "<GrpHdr xmlns:a=''>", INITIATION, "declaration is not allowed");
    check("<GrpHdr>", "<GrpHdr xmlns:xml='urn:a'>", INITIATION, "declaration is not allowed");
    check("<GrpHdr>", "<GrpHdr xmlns:xmlns='urn:a'>", INITIATION, "declaration is not allowed");
    check("<GrpHdr>", "<GrpHdr xmlns:a='http://www.w3.org/XML/1998/namespace'>", INITIATION, "declaration is not");
    lawful("<GrpHdr>", "<GrpHdr xmlns:xml='http://www.w3.org/XML/1998/namespace'>");
    // A declaration ends with its element.
    let inner = format!("<PstlAdr><a:Ctry xmlns:a='{uri}'/><a:Ctry/></PstlAdr>");
    check("<PstlAdr><Ctry>DK</Ctry></PstlAdr>", &inner, &within(PAYMENT, "Cdtr/PstlAdr"), "not declared");
    // Where anything may stand, prefixes must still be declared.
    let last = "</RmtInf></CdtTrfTxInf>";
    let with = |inner: &str| format!("</RmtInf><SplmtryData><Envlp>{inner}</Envlp></SplmtryData></CdtTrfTxInf>");
    lawful(last, &with("<a xmlns='urn:a' b='c'><CdtTrfTxInf/><CdtTrfTxInf>x</CdtTrfTxInf></a>"));
    lawful(last, &with("<b:CdtTrfTxInf xmlns:b='urn:b'>x</b:CdtTrfTxInf>"));
    check(last, &with("<a:b/>"), &within(PAYMENT, "SplmtryData/Envlp"), "not declared");
    check(last, &with("<CdtTrfTxInf></b>"), &within(PAYMENT, "SplmtryData/Envlp"), "does not match");
    // The root's namespace may be written in many ways, and must be one that is known.
    lawful("pain.001.001.09\"", "pain.001.001.0&#57;\"");
    for (to, words) in [
        ("urn:iso:std:iso:20022:tech:xsd:pain.001.001.08", "version"),
        ("urn:iso:std:iso:20022:tech:xsd:pain.001.001.3", "version"),
        ("urn:iso:std:iso:20022:tech:xsd:pain.008.001.02", "not a payment file"),
        ("", "not a payment file"),
    ] {
        let file = edited(uri, to);
        refuses(file.as_bytes(), "/", words);
        let refused = pass(file.as_bytes()).unwrap_err();
        assert_eq!((refused.version, refused.message_id), (None, None));
    }
    check("<Document xmlns", "<Document x='' xmlns", ROOT, "An attribute");
    check("<Document xmlns", "<Dokument xmlns", "/", "not a payment file");
    check("<Document xmlns", "<a:Document xmlns", "/", "prefix that is not declared");
    // In version 03 there is no supplementary data.
    let older = older();
    assert!(pass(older.as_bytes()).is_ok());
    refuses(older.replacen(last, &with("<a/>"), 1).as_bytes(), PAYMENT, "does not know");
    refuses(
        older.replacen("</EndToEndId>", "</EndToEndId><UETR>x</UETR>", 1).as_bytes(),
        &within(PAYMENT, "PmtId"),
        "does not know",
    );
}

#[test]
fn texts_and_references() {
    let place = within(PAYMENT, "Cdtr/Nm");
    for text in
        ["&amp;&lt;&gt;&quot;&apos;", "&#9;&#x10FFFF;&#xE000;", "<![CDATA[<&]] >]]>", "]] >", "a<!-- & ]]> -->b", ">"]
    {
        lawful("Test Person", text);
    }
    for text in ["&", "& ", "&;", "&nbsp;", "&AMP;", "&amp", "a&b;c", "&#;", "&#x;", "&#xG;", "&#+1;", "&# 1;", "&#0;"]
    {
        check("Test Person", text, &place, "ampersand");
    }
    for text in ["&#8;", "&#x1F;", "&#xD800;", "&#xFFFE;", "&#x110000;", "&#99999999999999999999;", "&#x41 ;", "&#X41;"]
    {
        check("Test Person", text, &place, "ampersand");
    }
    check("Test Person", "]]>", &place, "\"]]>\"");
    check("<Ctry>DK</Ctry>", "<Ctry>]]></Ctry>", &within(PAYMENT, "Cdtr/PstlAdr"), "\"]]>\"");
    check("<Ctry>DK</Ctry>", "<Ctry>&x;</Ctry>", &within(PAYMENT, "Cdtr/PstlAdr"), "ampersand");
    check("MSG-1", "&x;", &within(HEADER, "MsgId"), "ampersand");
    for control in ['\0', '\u{1}', '\u{8}', '\u{b}', '\u{c}', '\u{1f}'] {
        check("Test Person", &format!("Test{control}"), BLOCK, "control character");
        check(
            "<Nm>Payer</Nm>",
            &format!("<Nm>P{control}</Nm>"),
            BLOCK.trim_end_matches("/PmtInf"),
            "control character",
        );
        check("</Document>", &format!("</Document>{control}"), "/", "");
    }
    lawful("Test Person", "\u{7f}\u{80}\u{FFFD}\u{FDD0}\u{1FFFE}\u{FF0F}");
    check("Test Person", "\u{FFFE}", BLOCK, "does not allow");
    check("Test Person", "\u{FFFF}", BLOCK, "does not allow");
    // Bytes that are no characters.
    for bytes in [&b"\xE6\xF8\xE5"[..], b"\xC0\x80", b"\xED\xA0\x80", b"\xF5\x80\x80\x80", b"\xC3"] {
        for from in ["Test Person", "Payer", "MSG-1", "<Ctry>"] {
            let at = FILE.find(from).unwrap();
            let file = [&FILE.as_bytes()[..at], bytes, &FILE.as_bytes()[at + from.len()..]].concat();
            let refused = pass(&file).unwrap_err();
            assert!(refused.fault.text.contains("UTF-8"), "{from} {bytes:x?} {:?}", refused.fault);
            assert_eq!(refused.fault.offset, at as u64);
        }
    }
}

#[test]
fn comments_instructions_and_doctypes() {
    for text in
        ["<!---->", "<!-- - -->", "<!--\n</CdtTrfTxInf>-->", "<?a?>", "<?a b?c?>", "<?xml-stylesheet href='x'?>"]
    {
        for before in [
            "<Document ",
            "<GrpHdr>",
            "<MsgId>",
            "<PmtInf>",
            "<CdtTrfTxInf>",
            "<PmtId>",
            "<Ctry>",
            "</PmtInf>",
            "</Document>",
        ] {
            lawful(before, &format!("{text}{before}"));
        }
        lawful("</Document>\n", &format!("</Document>{text}\n{text}"));
    }
    check("<PmtId>", "<!-- a -- b --><PmtId>", PAYMENT, "\"--\"");
    check("<PmtId>", "<!-- a ---><PmtId>", PAYMENT, "\"--\"");
    check("<PmtInf>", "<!-- a ---><PmtInf>", INITIATION, "\"--\"");
    check("<PmtId>", "<!x><PmtId>", PAYMENT, "This markup is not allowed");
    check("<PmtId>", "<!-x--><PmtId>", PAYMENT, "This markup is not allowed");
    check("<PmtId>", "<!ENTITY a 'b'><PmtId>", PAYMENT, "This markup is not allowed");
    check("<PmtId>", "<?1?><PmtId>", PAYMENT, "A name is expected");
    check("<PmtId>", "<? a?><PmtId>", PAYMENT, "A name is expected");
    check("<PmtId>", "<?a:b?><PmtId>", PAYMENT, "colon");
    check("<PmtId>", "<?a+?><PmtId>", PAYMENT, "malformed");
    check("<PmtId>", "<?xml version='1.0'?><PmtId>", PAYMENT, "XML declaration");
    check("<PmtId>", "<?XML?><PmtId>", PAYMENT, "XML declaration");
    check("<CdtTrfTxInf>", "<?xml version='1.0'?><CdtTrfTxInf>", BLOCK, "XML declaration");
    check("<Document ", "<?xml version='1.0'?><Document ", "/", "XML declaration");
    let doctypes = ["<!DOCTYPE Document>", "<!DOCTYPE D [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>", "<!DOCTYPE"];
    for doctype in doctypes {
        check("<Document ", &format!("{doctype}<Document "), "/", "DTD");
        check("<GrpHdr>", &format!("{doctype}<GrpHdr>"), INITIATION, "DTD");
        check("<CdtTrfTxInf>", &format!("{doctype}<CdtTrfTxInf>"), BLOCK, "DTD");
        check("<PmtId>", &format!("{doctype}<PmtId>"), PAYMENT, "DTD");
        check("</Document>\n", &format!("</Document>{doctype}"), "/", "DTD");
    }
}

#[test]
fn declarations_and_encodings() {
    let declaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";
    for text in [
        "",
        "\u{FEFF}",
        "\n ",
        "<!-- a -->",
        "\u{FEFF}<?xml version='1.0'?>",
        "<?xml version = '1.0'\tencoding\n=\n'utf-8' ?>",
        "<?xml version='1.0' standalone='no'?>",
        "<?xml version='1.0' encoding='us-ascii' standalone=\"yes\" ?>",
    ] {
        lawful(declaration, text);
    }
    for (text, words) in [
        ("\n<?xml version='1.0'?>", "XML declaration"),
        ("<?xml?>", "XML declaration"),
        ("<?xml ?>", "begin with the version"),
        ("<?xml encoding='UTF-8'?>", "begin with the version"),
        ("<?xml version='1.1'?>", "XML 1.0"),
        ("<?xml version='2.0'?>", "XML 1.0"),
        ("<?xml version='1.0'encoding='UTF-8'?>", "malformed"),
        ("<?xml version='1.0' standalone='yes' encoding='UTF-8'?>", "malformed"),
        ("<?xml version='1.0' standalone='maybe'?>", "malformed"),
        ("<?xml version='1.0' x='y'?>", "malformed"),
        ("<?xml version='1.0' encoding='UTF-8'>", "malformed"),
        ("<?xml version='1.0' encoding='ISO-8859-1'?>", "another encoding"),
        ("<?xml version='1.0' encoding='UTF-16'?>", "another encoding"),
        ("<?xml version='1.0' encoding='windows-1252'?>", "another encoding"),
        ("<?xml version='1.0' encoding=''?>", "another encoding"),
        ("x", "does not begin with an XML element"),
        ("\u{FEFF}\u{FEFF}", "does not begin with an XML element"),
        ("</a>", "does not begin with an XML element"),
        ("<![CDATA[]]>", "does not begin with an XML element"),
    ] {
        check(declaration, text, "/", words);
    }
    let ascii = FILE.replace("UTF-8", "US-ASCII");
    assert!(pass(ascii.as_bytes()).is_ok());
    refuses(ascii.replace("Test Person", "Tøst").as_bytes(), BLOCK, "US-ASCII");
    refuses(ascii.replacen("Payer", "Pæyer", 1).as_bytes(), INITIATION, "US-ASCII");

    let wide: Vec<u16> = FILE.encode_utf16().collect();
    let little: Vec<u8> = wide.iter().flat_map(|unit| unit.to_le_bytes()).collect();
    let big: Vec<u8> = wide.iter().flat_map(|unit| unit.to_be_bytes()).collect();
    for file in [[b"\xFF\xFE", &*little].concat(), [b"\xFE\xFF", &*big].concat(), little, big] {
        refuses(&file, "/", "UTF-16");
    }
    refuses(b"", "/", "empty");
    refuses(b"PK\x03\x04", "/", "does not begin with an XML element");
    refuses(b"\x89PNG", "/", "UTF-8");
}

#[test]
fn limits() {
    let deep = |depth: usize| "<a>".repeat(depth) + &"</a>".repeat(depth);
    // Document, CstmrCdtTrfInitn, PmtInf, CdtTrfTxInf, Cdtr, PstlAdr.
    lawful("<Ctry>DK</Ctry>", &deep(DEPTH_MAX - 6));
    check("<Ctry>DK</Ctry>", &deep(DEPTH_MAX - 5), &within(PAYMENT, "Cdtr/PstlAdr"), "nested more than 64");
    check("<Ctry>DK</Ctry>", &deep(100_000), &within(PAYMENT, "Cdtr/PstlAdr"), "nested more than 64");
    check(
        "<InitgPty><Nm>Payer</Nm>",
        &format!("<InitgPty>{}", deep(61)),
        &within(HEADER, "InitgPty"),
        "nested more than 64",
    );

    let long = |bytes: usize| "x".repeat(bytes);
    let payment = FILE.find("<CdtTrfTxInf>").map(|at| FILE[at - 1..].find("</CdtTrfTxInf>").unwrap() + 14).unwrap();
    lawful("Test Person", &long(PAYMENT_BYTES_MAX - payment + "Test Person".len()));
    check(
        "Test Person",
        &long(PAYMENT_BYTES_MAX - payment + "Test Person".len() + 1),
        PAYMENT,
        "A payment is longer than 1048576 bytes",
    );
    check("Test Person", &long(20 << 20), &within(PAYMENT, "Cdtr/Nm"), "A payment is longer than 1048576 bytes");
    let space = " ".repeat(20 << 20);
    check("<CdtTrfTxInf>", &format!("{space}<CdtTrfTxInf>"), BLOCK, "The head of a block is longer");
    check("</RmtInf></CdtTrfTxInf>", &format!("</RmtInf></CdtTrfTxInf>{space}"), BLOCK, "A payment is longer");
    check(
        "<Nm>Payer</Nm>",
        &format!("<Nm>{}</Nm>", long(HEAD_BYTES_MAX)),
        &within(HEADER, "InitgPty"),
        "The head of the file is longer",
    );
    check("<Document", &format!("<!--{}--><Document", long(HEAD_BYTES_MAX)), "/", "The head of the file is longer");
    check("<PmtInf>\n", &format!("<PmtInf>{}", " ".repeat(HEAD_BYTES_MAX)), BLOCK, "The head of a block is longer");
    check(
        "</PmtInf>",
        &format!("</PmtInf>{}", " ".repeat(HEAD_BYTES_MAX + 1)),
        INITIATION,
        "The head of a block is longer",
    );
    check("</PmtInf>", &format!("{}</PmtInf>", " ".repeat(PAYMENT_BYTES_MAX)), BLOCK, "A payment is longer");
    check("</Document>", &format!("</Document>{}", "\n".repeat(HEAD_BYTES_MAX)), "/", "The end of the file is longer");
    lawful("</Document>", &format!("</Document>{}", "\n".repeat(HEAD_BYTES_MAX - 100)));
}

#[test]
fn a_head_is_known_as_far_as_it_was_read() {
    let check = |from: &str, to: &str, version: Option<Version>, message_id: Option<&str>| {
        let refused = pass(edited(from, to).as_bytes()).unwrap_err();
        assert_eq!((refused.version, refused.message_id.as_deref()), (version, message_id), "{:?}", refused.fault);
    };
    check("</CdtTrfTxInf>", "", Some(Version::V09), Some("MSG-1"));
    check("</PmtInf>", "", Some(Version::V09), Some("MSG-1"));
    check("<NbOfTxs>2</NbOfTxs>", "", Some(Version::V09), Some("MSG-1"));
    check("<MsgId>MSG-1</MsgId><CreDtTm>", "<MsgId>A&amp;B</MsgId><CreDtTm>&x;", Some(Version::V09), Some("A&B"));
    check("MSG-1", "", Some(Version::V09), None);
    check("MSG-1", "MSG\u{1}", Some(Version::V09), None);
    check("MSG-1", "MSG\u{FFFE}", Some(Version::V09), None);
    check("<GrpHdr>", "", Some(Version::V09), None);
    check("<Document ", "<!DOCTYPE x><Document ", None, None);
}

#[test]
fn a_file_that_is_cut_off_anywhere_is_refused() {
    let files = [
        FILE.to_owned(),
        FILE.replace("Test Person", "Sørén &amp; <![CDATA[ø]]><!-- ø --><?a ø?>").replace("<Issr>", "<Issr >"),
        FILE.replacen("</PmtInf>", "</PmtInf><SplmtryData><Envlp><a:b xmlns:a='c'/></Envlp></SplmtryData>", 1),
    ];
    for file in &files {
        assert!(pass(file.as_bytes()).is_ok());
        for length in 0..file.len() {
            match pass(&file.as_bytes()[..length]) {
                Ok(_) => assert!(file[length..].trim().is_empty(), "cut off at {length}"),
                Err(refused) => {
                    let words = if length == 0 { "empty" } else { "The file ends before" };
                    assert!(refused.fault.text.contains(words), "{length}: {:?}", refused.fault);
                    assert_eq!(refused.fault.offset, length as u64);
                }
            }
        }
    }
}

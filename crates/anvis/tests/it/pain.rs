//! Payment files as payers send them, and a naive reader that holds what comes out against what came in.

use crate::support::EXECUTION;
use std::collections::BTreeMap;
use std::fmt::Write;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Version {
    V03,
    V09,
}

pub const VERSIONS: [Version; 2] = [Version::V03, Version::V09];

/// One payment.
#[derive(Clone)]
pub struct Pay {
    pub id: String,
    /// As it is written.
    pub amount: String,
    pub currency: &'static str,
    /// `cpr:…`, `cvr:…`, `se:…`, `p:…`, or the XML of `Cdtr`'s content.
    pub payee: String,
    pub benefit: Option<&'static str>,
    pub remittance: Option<&'static str>,
    /// The BIC of an agent that is there already.
    pub agent: Option<&'static str>,
    pub account: Option<&'static str>,
    pub is_cheque: bool,
    /// An equivalent amount, to be paid out in this currency.
    pub transfer: Option<&'static str>,
}

/// A payment to somebody who is named as in the payers' convention.
pub fn pay(id: &str, payee: &str, amount: &str) -> Pay {
    Pay {
        id: id.to_owned(),
        amount: amount.to_owned(),
        currency: "DKK",
        payee: payee.to_owned(),
        benefit: None,
        remittance: None,
        agent: None,
        account: None,
        is_cheque: false,
        transfer: None,
    }
}

pub fn cpr(id: &str, number: &str, amount: &str) -> Pay {
    pay(id, &format!("cpr:{number}"), amount)
}

#[derive(Clone)]
pub struct Block {
    pub id: String,
    pub date: String,
    pub benefit: Option<&'static str>,
    pub method: &'static str,
    pub payments: Vec<Pay>,
}

pub fn block(id: &str, payments: impl Into<Vec<Pay>>) -> Block {
    Block { id: id.to_owned(), date: EXECUTION.to_owned(), benefit: None, method: "TRF", payments: payments.into() }
}

/// A whole file.
pub fn file(version: Version, message_id: &str, blocks: &[Block]) -> String {
    let all: Vec<&Pay> = blocks.iter().flat_map(|block| &block.payments).collect();
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <!-- From the payer's own system: kept as it is. -->\n\
         <Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:{}\">\n  <CstmrCdtTrfInitn>\n    <GrpHdr>\n      \
         <MsgId>{message_id}</MsgId>\n      <CreDtTm>2026-11-23T08:00:00Z</CreDtTm>\n      \
         <NbOfTxs>{}</NbOfTxs>\n      <CtrlSum>{}</CtrlSum>\n      <InitgPty><Nm>Udbetaler &amp; Co</Nm></InitgPty>\n    \
         </GrpHdr>\n",
        version.name(),
        all.len(),
        sum(&all),
    );
    for block in blocks {
        xml += &block_xml(version, block);
    }
    if version == Version::V09 {
        xml += "    <SplmtryData><Envlp><Note xmlns=\"urn:x-payer\">untouched</Note></Envlp></SplmtryData>\n";
    }
    xml + "  </CstmrCdtTrfInitn>\n</Document>\n"
}

/// A file with one block in version 09.
pub fn simple(message_id: &str, payments: &[Pay]) -> String {
    file(Version::V09, message_id, &[block("B1", payments)])
}

impl Version {
    pub fn name(self) -> &'static str {
        match self {
            Self::V03 => "pain.001.001.03",
            Self::V09 => "pain.001.001.09",
        }
    }
}

fn sum(payments: &[&Pay]) -> String {
    decimal(payments.iter().map(|pay| hundred_thousandths(&pay.amount).unwrap_or(0)).sum())
}

/// An amount in units of 0.00001; none if it is not a number.
fn hundred_thousandths(text: &str) -> Option<i128> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{decimals:0<5}").parse().ok()
}

fn decimal(value: i128) -> String {
    let text = format!("{}.{:05}", value / 100_000, value % 100_000);
    let trimmed = text.trim_end_matches('0');
    trimmed.strip_suffix('.').unwrap_or(trimmed).to_owned()
}

fn purpose(benefit: Option<&str>) -> String {
    let category = benefit.map(|kind| format!("<CtgyPurp><Prtry>{kind}</Prtry></CtgyPurp>")).unwrap_or_default();
    format!("<PmtTpInf><LclInstrm><Prtry>NEMKONTO</Prtry></LclInstrm>{category}</PmtTpInf>")
}

fn block_xml(version: Version, block: &Block) -> String {
    let Block { id, date, benefit, method, payments } = block;
    let (date, bic) = match version {
        Version::V03 => (date.clone(), "BIC"),
        Version::V09 => (format!("<Dt>{date}</Dt>"), "BICFI"),
    };
    let all: Vec<&Pay> = payments.iter().collect();
    let mut xml = format!(
        "    <PmtInf>\n      <PmtInfId>{id}</PmtInfId>\n      <PmtMtd>{method}</PmtMtd>\n      \
         <NbOfTxs>{}</NbOfTxs>\n      <CtrlSum>{}</CtrlSum>\n      {}\n      <ReqdExctnDt>{date}</ReqdExctnDt>\n      \
         <Dbtr><Nm>Udbetaler &amp; Co</Nm></Dbtr>\n      \
         <DbtrAcct><Id><IBAN>DK4010204811223344</IBAN></Id></DbtrAcct>\n      \
         <DbtrAgt><FinInstnId><{bic}>SYBKDK22</{bic}></FinInstnId></DbtrAgt>\n",
        all.len(),
        sum(&all),
        purpose(*benefit),
    );
    for pay in payments {
        let _ = writeln!(xml, "      {}", payment_xml(version, pay));
    }
    xml + "    </PmtInf>\n"
}

fn payment_xml(version: Version, pay: &Pay) -> String {
    let Pay { id, amount, currency, payee, benefit, remittance, agent, account, is_cheque, transfer } = pay;
    let bic = if version == Version::V03 { "BIC" } else { "BICFI" };
    let mut xml = format!("<CdtTrfTxInf><PmtId><InstrId>I-{id}</InstrId><EndToEndId>{id}</EndToEndId></PmtId>");
    if benefit.is_some() {
        xml += &purpose(*benefit);
    }
    match transfer {
        None => {
            let _ = write!(xml, "<Amt><InstdAmt Ccy=\"{currency}\">{amount}</InstdAmt></Amt>");
        }
        Some(transfer) => {
            let amount = format!("<Amt Ccy=\"{currency}\">{amount}</Amt><CcyOfTrf>{transfer}</CcyOfTrf>");
            let _ = write!(xml, "<Amt><EqvtAmt>{amount}</EqvtAmt></Amt>");
        }
    }
    if *is_cheque {
        xml += "<ChqInstr><ChqTp>BCHQ</ChqTp></ChqInstr>";
    }
    if let Some(agent) = agent {
        let _ = write!(xml, "<CdtrAgt><FinInstnId><{bic}>{agent}</{bic}></FinInstnId></CdtrAgt>");
    }
    let _ = write!(xml, "<Cdtr>{}</Cdtr>", creditor(payee));
    if let Some(account) = account {
        let _ = write!(xml, "<CdtrAcct><Id><IBAN>{account}</IBAN></Id></CdtrAcct>");
    }
    if let Some(text) = remittance {
        let _ = write!(xml, "<RmtInf><Ustrd>{text}</Ustrd></RmtInf>");
    }
    xml + "</CdtTrfTxInf>"
}

fn creditor(payee: &str) -> String {
    let other = |outer: &str, scheme: &str, issuer: &str, number: &str| {
        let scheme = format!("<SchmeNm><Cd>{scheme}</Cd></SchmeNm><Issr>{issuer}</Issr>");
        format!("<Nm>Modtager</Nm><Id><{outer}><Othr><Id>{number}</Id>{scheme}</Othr></{outer}></Id>")
    };
    match payee.split_once(':') {
        Some(("cpr", number)) => other("PrvtId", "NIDN", "CPR", number),
        Some(("cvr", number)) => other("OrgId", "COID", "CVR", number),
        Some(("se", number)) => other("OrgId", "COID", "SE", number),
        Some(("p", number)) => other("OrgId", "COID", "P", number),
        _ => payee.to_owned(),
    }
}

/// Gives every element of a file the prefix `p`.
pub fn prefixed(xml: &str) -> String {
    let mut out = String::new();
    let mut rest = xml;
    while let Some(at) = rest.find('<') {
        out += &rest[..at];
        let name = rest[at + 1..].trim_start_matches('/');
        out += &rest[at..rest.len() - name.len()];
        if name.starts_with(|c: char| c.is_ascii_alphabetic()) && !name.starts_with("Note") {
            out += "p:";
        }
        rest = name;
    }
    (out + rest).replacen("xmlns=\"urn:iso", "xmlns:p=\"urn:iso", 1)
}

/// What is to become of a payment in the completed file.
#[derive(Clone, Debug)]
pub enum Fate {
    /// With this agent (BIC, or registration number) and IBAN.
    Completed(String, String),
    AsItCame,
    TakenOut,
}

/// Splits a file at its payments: what stands before, between and after them, and the payments by end-to-end id.
fn split<'x>(xml: &'x str, prefix: &str) -> (Vec<&'x str>, Vec<(String, &'x str)>) {
    let (open, close) = (format!("<{prefix}CdtTrfTxInf>"), format!("</{prefix}CdtTrfTxInf>"));
    let (mut between, mut payments) = (Vec::new(), Vec::new());
    let mut rest = xml;
    while let Some(start) = rest.find(&open) {
        between.push(&rest[..start]);
        let end = rest.find(&close).unwrap() + close.len();
        let payment = &rest[start..end];
        payments.push((text_of(payment, prefix, "EndToEndId").unwrap().to_owned(), payment));
        rest = &rest[end..];
    }
    between.push(rest);
    (between, payments)
}

fn text_of<'x>(xml: &'x str, prefix: &str, name: &str) -> Option<&'x str> {
    let (_, rest) = xml.split_once(&format!("<{prefix}{name}"))?;
    let (_, rest) = rest.split_once('>')?;
    rest.split_once(&format!("</{prefix}{name}>")).map(|(text, _)| text)
}

/// Takes one element out; its text with all that is in it.
fn take(xml: &str, prefix: &str, name: &str) -> (String, Option<String>) {
    let (open, close) = (format!("<{prefix}{name}>"), format!("</{prefix}{name}>"));
    let Some(start) = xml.find(&open) else { return (xml.to_owned(), None) };
    let end = start + xml[start..].find(&close).unwrap() + close.len();
    (format!("{}{}", &xml[..start], &xml[end..]), Some(xml[start..end].to_owned()))
}

/// Takes the counts, sums and blank space out of what stands around payments.
fn skeleton(xml: &str, prefix: &str) -> String {
    let mut text = xml.to_owned();
    for name in ["NbOfTxs", "CtrlSum"] {
        loop {
            let (rest, found) = take(&text, prefix, name);
            text = rest;
            if found.is_none() {
                break;
            }
        }
    }
    text.lines().map(str::trim).collect()
}

/// Holds the completed file against the one that came in. Each payment's text must be what it was but for agent and account;
/// what stands around the payments too, but for counts, sums and the blank space where something was taken out; and the counts
/// and sums must be true.
#[track_caller]
pub fn check_completed(input: &str, output: &str, fates: &BTreeMap<String, Fate>) {
    let prefix = if input.contains("<p:Document") { "p:" } else { "" };
    let (_, came) = split(input, prefix);
    let (_, went) = split(output, prefix);
    let mut left = went.iter();
    for (id, before) in &came {
        let fate = &fates[id];
        if matches!(fate, Fate::TakenOut) {
            continue;
        }
        let (_, after) = left.next().filter(|(found, _)| found == id).unwrap_or_else(|| panic!("{id} is missing"));
        let Fate::Completed(agent, iban) = fate else {
            assert_eq!(before, after, "{id} goes on as it came");
            continue;
        };
        let (rest, inserted) = take(after, prefix, "CdtrAgt");
        let (rest, account) = take(&rest, prefix, "CdtrAcct");
        let (before, _) = take(before, prefix, "CdtrAgt");
        let (before, _) = take(&before, prefix, "CdtrAgtAcct");
        assert_eq!(before, rest, "{id} is what it was but for agent and account");
        let inserted = inserted.unwrap_or_default();
        let by_number = agent.len() == 4;
        let bic = text_of(&inserted, prefix, "BICFI").or(text_of(&inserted, prefix, "BIC"));
        let number = text_of(&inserted, prefix, "MmbId");
        let expected = if by_number { (None, Some(agent.as_str())) } else { (Some(agent.as_str()), None) };
        assert_eq!((bic, number), expected, "{id}: {inserted}");
        let account = account.unwrap_or_default();
        assert_eq!(text_of(&account, prefix, "IBAN"), Some(iban.as_str()), "{id}: {account}");
    }
    assert!(left.next().is_none(), "nothing else goes on");
    check_around(input, output, prefix, fates);
    check_numbers(output, prefix);
}

fn blocks<'x>(xml: &'x str, prefix: &str) -> (String, Vec<&'x str>) {
    let (open, close) = (format!("<{prefix}PmtInf>"), format!("</{prefix}PmtInf>"));
    let (mut around, mut blocks) = (String::new(), Vec::new());
    let mut rest = xml;
    while let Some(start) = rest.find(&open) {
        around += &rest[..start];
        let end = rest.find(&close).unwrap() + close.len();
        blocks.push(&rest[start..end]);
        rest = &rest[end..];
    }
    (around + rest, blocks)
}

fn check_around(input: &str, output: &str, prefix: &str, fates: &BTreeMap<String, Fate>) {
    let (around_before, before) = blocks(input, prefix);
    let (around_after, after) = blocks(output, prefix);
    assert_eq!(skeleton(&around_before, prefix), skeleton(&around_after, prefix));
    let stays = |block: &&str| split(block, prefix).1.iter().any(|(id, _)| !matches!(fates[id], Fate::TakenOut));
    let shape = |block: &str| skeleton(&split(block, prefix).0.concat(), prefix);
    let before: Vec<String> = before.into_iter().filter(stays).map(shape).collect();
    let after: Vec<String> = after.into_iter().map(shape).collect();
    assert_eq!(before, after);
}

/// The counts and sums of a file are true.
#[track_caller]
fn check_numbers(xml: &str, prefix: &str) {
    let check = |head: &str, payments: &[(String, &str)], what: &str| {
        let total: i128 = payments.iter().map(|(_, payment)| amount_of(payment, prefix)).sum();
        let count = text_of(head, prefix, "NbOfTxs").unwrap().trim();
        assert_eq!(count.parse(), Ok(payments.len()), "{what}");
        let declared = text_of(head, prefix, "CtrlSum").unwrap().trim();
        assert_eq!(hundred_thousandths(declared), Some(total), "{what}: {declared}");
    };
    check(xml, &split(xml, prefix).1, "the file");
    for block in blocks(xml, prefix).1 {
        check(block, &split(block, prefix).1, "a block");
    }
}

fn amount_of(payment: &str, prefix: &str) -> i128 {
    let text =
        text_of(payment, prefix, "InstdAmt").or_else(|| text_of(text_of(payment, prefix, "EqvtAmt")?, prefix, "Amt"));
    hundred_thousandths(text.unwrap()).unwrap_or(0)
}

/// A status report as a naive reader sees it.
pub struct Report {
    pub group: String,
    /// The reason of the whole file: code and sentences.
    pub reason: Option<(String, String)>,
    /// Status and reason code by end-to-end id, in the order of the file.
    pub entries: Vec<(String, String, Option<String>)>,
}

pub fn report(xml: &str) -> Report {
    let group = text_of(xml, "", "OrgnlGrpInfAndSts").unwrap();
    let all_info = |text: &str| {
        text.split("<AddtlInf>").skip(1).map(|rest| rest.split('<').next().unwrap()).collect::<Vec<_>>().join(" ")
    };
    let mut entries = Vec::new();
    for entry in xml.split("<TxInfAndSts>").skip(1) {
        let entry = entry.split("</TxInfAndSts>").next().unwrap();
        let text = |name| text_of(entry, "", name).map(str::to_owned);
        for sentence in entry.split("<AddtlInf>").skip(1) {
            assert!(sentence.split('<').next().unwrap().chars().count() <= 105, "{entry}");
        }
        entries.push((text("OrgnlEndToEndId").unwrap(), text("TxSts").unwrap(), text("Cd")));
    }
    Report {
        group: text_of(group, "", "GrpSts").unwrap().to_owned(),
        reason: text_of(group, "", "Cd").map(|code| (code.to_owned(), all_info(group))),
        entries,
    }
}

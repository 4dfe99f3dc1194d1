//! The official schemas as judge, by way of `xmllint`: of what comes out, and of our judgement of what comes in.

use std::fs;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::Command;

use jiff::Timestamp;
use payout::message::{Entry, GroupStatus, Output, Status, StatusFile, Version, write_entry};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use crate::faults::{FILE, older};
use crate::properties::{damage, damaged, file};
use crate::support::{Decision, pass, route};

/// The folder of the schemas; `None` only where going without was asked for.
#[expect(clippy::disallowed_methods, reason = "a test is told by the environment where the schemas are")]
pub fn schemas() -> Option<PathBuf> {
    let folder = std::env::var("ANVIS_XSD_DIR").map_or_else(
        |_| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference/iso20022/xsd"),
        PathBuf::from,
    );
    let has_tool = Command::new("xmllint").arg("--version").output().is_ok();
    if has_tool && folder.join("pain.001.001.03.xsd").exists() {
        return Some(folder);
    }
    assert!(
        std::env::var("ANVIS_WITHOUT_XSD").is_ok_and(|value| value == "1"),
        "xmllint or the schemas in {} are missing: install libxml2-utils and set ANVIS_XSD_DIR, or ANVIS_WITHOUT_XSD=1 to \
         go without",
        folder.display()
    );
    None
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Valid,
    WellFormed,
    Broken,
}

/// What xmllint says of each file.
pub fn judge(schema: &Path, files: &[Vec<u8>]) -> Vec<Verdict> {
    let folder = tempfile::tempdir().unwrap();
    let name = |index: usize| format!("{index:06}.xml");
    let mut verdicts = Vec::new();
    for (start, batch) in files.chunks(500).enumerate().map(|(number, batch)| (number * 500, batch)) {
        let mut command = Command::new("xmllint");
        command.current_dir(folder.path()).args(["--nonet", "--noout", "--schema"]).arg(schema);
        for (index, file) in batch.iter().enumerate() {
            fs::write(folder.path().join(name(start + index)), file).unwrap();
            command.arg(name(start + index));
        }
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        for index in start..start + batch.len() {
            let says = |what: &str| said.contains(&format!("{} {what}", name(index)));
            // Of a prefix that is not declared it complains, and goes on.
            let has_stray_prefix =
                said.lines().any(|line| line.starts_with(&name(index)) && line.contains("namespace error"));
            verdicts.push(match (says("validates"), says("fails to validate")) {
                (true, _) if !has_stray_prefix => Verdict::Valid,
                (false, false) => Verdict::Broken,
                _ => Verdict::WellFormed,
            });
        }
    }
    verdicts
}

pub fn assert_valid(schemas: &Path, name: &str, files: &[Vec<u8>]) {
    let verdicts = judge(&schemas.join(format!("{name}.xsd")), files);
    for (file, verdict) in files.iter().zip(verdicts) {
        assert_eq!(verdict, Verdict::Valid, "{}", String::from_utf8_lossy(file));
    }
}

#[test]
fn completed_files_are_valid() {
    let Some(schemas) = schemas() else { return };
    let mut runner = TestRunner::deterministic();
    for version in Version::ALL {
        let mut inputs = Vec::new();
        let mut outputs = Vec::new();
        while outputs.len() < 100 {
            let spec = file().new_tree(&mut runner).unwrap().current();
            if spec.version != version {
                continue;
            }
            let input = spec.input().into_bytes();
            let decisions: Vec<_> =
                spec.blocks.iter().flat_map(|block| &block.payments).map(|payment| payment.decision).collect();
            let id = (outputs.len() % 3 == 0).then_some("BATCH-7");
            let routed = route(&input, 3, id, |index, _| decisions[index as usize]).unwrap();
            inputs.push(input);
            outputs.extend(routed.completed);
        }
        assert_valid(&schemas, version.message_name(), &inputs);
        assert_valid(&schemas, version.message_name(), &outputs);
    }
}

#[test]
fn we_judge_as_the_schema_does() {
    let Some(schemas) = schemas() else { return };
    let schema = schemas.join("pain.001.001.09.xsd");
    let mut runner = TestRunner::deterministic();
    let damages = proptest::collection::vec(damage(), 1..3);
    let small = Strategy::boxed(proptest::strategy::Just(FILE.to_owned()));
    let random = file().prop_filter("version", |spec| spec.version == Version::V09).prop_map(|spec| spec.input());
    let either = proptest::prop_oneof![small, random.boxed()];
    let files: Vec<Vec<u8>> = std::iter::repeat_with(|| {
        let file = either.new_tree(&mut runner).unwrap().current();
        damaged(file, &damages.new_tree(&mut runner).unwrap().current())
    })
    .take(600)
    .collect();
    let verdicts = judge(&schema, &files);
    let mut taken = 0;
    for (file, verdict) in files.iter().zip(verdicts) {
        let ours = pass(file);
        taken += usize::from(ours.is_ok());
        let shown = || format!("{ours:?}\n{}", String::from_utf8_lossy(file));
        // What we let through is well-formed; what is valid we let through.
        assert!(!(ours.is_ok() && verdict == Verdict::Broken), "taken, but not well-formed: {}", shown());
        // To a tool written in C, NUL is the end.
        let is_refused = ours.is_err() && !file.contains(&0);
        assert!(!(is_refused && verdict == Verdict::Valid), "refused, but valid: {}", shown());
    }
    assert!((10..590).contains(&taken), "{taken} were taken: the damages are too mild or too strong");
}

const CREATED: &str = "2026-04-19T08:00:00.123456Z";

/// What is in a file that was written.
fn content(output: Output) -> Vec<u8> {
    let mut file = output.into_file().unwrap();
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(0)).unwrap();
    file.read_to_end(&mut bytes).unwrap();
    bytes
}

fn begin(version: Version) -> StatusFile {
    let created: Timestamp = CREATED.parse().unwrap();
    let output = Output::file(tempfile::tempfile().unwrap());
    StatusFile::begin(output, version, "BATCH-1", created, "MSG & 1", GroupStatus::Accepted).unwrap()
}

fn entry<'a>(end_to_end_id: &'a str, status: Status, reason: Option<(&'a str, &'a str)>) -> Entry<'a> {
    Entry { instruction_id: None, end_to_end_id, status, reason, more: &[] }
}

#[test]
fn a_status_report_says_what_became_of_each_payment() {
    let mut report = begin(Version::V09);
    let first = Entry { instruction_id: Some("I<1>"), ..entry("E&1", Status::Accepted, None) };
    report.entry("PI-1", &first).unwrap();
    report.entry("PI-1", &entry("E2", Status::Rejected, Some(("AC03", "The payee has no account.")))).unwrap();
    report.entries("PI-2", b"").unwrap();
    let mut entries = Vec::new();
    write_entry(&mut entries, &entry("E3\r\n", Status::Pending, Some(("AC03", ""))));
    report.entries("PI-3", &entries).unwrap();
    let text = String::from_utf8(content(report.end(GroupStatus::Partial).unwrap())).unwrap();
    assert_eq!(
        text,
        r#"<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"><CstmrPmtStsRpt><GrpHdr><MsgId>BATCH-1</MsgId><CreDtTm>2026-04-19T08:00:00Z</CreDtTm></GrpHdr><OrgnlGrpInfAndSts><OrgnlMsgId>MSG &amp; 1</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId><GrpSts>PART</GrpSts></OrgnlGrpInfAndSts>
<OrgnlPmtInfAndSts><OrgnlPmtInfId>PI-1</OrgnlPmtInfId>
<TxInfAndSts><OrgnlInstrId>I&lt;1&gt;</OrgnlInstrId><OrgnlEndToEndId>E&amp;1</OrgnlEndToEndId><TxSts>ACSP</TxSts></TxInfAndSts>
<TxInfAndSts><OrgnlEndToEndId>E2</OrgnlEndToEndId><TxSts>RJCT</TxSts><StsRsnInf><Rsn><Cd>AC03</Cd></Rsn><AddtlInf>The payee has no account.</AddtlInf></StsRsnInf></TxInfAndSts>
</OrgnlPmtInfAndSts>
<OrgnlPmtInfAndSts><OrgnlPmtInfId>PI-3</OrgnlPmtInfId>
<TxInfAndSts><OrgnlEndToEndId>E3&#13;
</OrgnlEndToEndId><TxSts>PDNG</TxSts><StsRsnInf><Rsn><Cd>AC03</Cd></Rsn></StsRsnInf></TxInfAndSts>
</OrgnlPmtInfAndSts>
</CstmrPmtStsRpt></Document>
"#
    );
}

#[test]
fn status_reports_are_valid() {
    let Some(schemas) = schemas() else { return };
    let long = "ø".repeat(200);
    for version in Version::ALL {
        let mut reports = Vec::new();
        for status in [GroupStatus::Accepted, GroupStatus::Partial, GroupStatus::Pending, GroupStatus::Rejected] {
            reports.push(content(begin(version).end(status).unwrap()));
            let mut report = begin(version);
            for block in ["A", "B & <C>", "B & <C>", "A"] {
                for status in [Status::Accepted, Status::Pending, Status::Rejected] {
                    report.entry(block, &entry("E2E", status, None)).unwrap();
                    report.entry(block, &entry("]]>", status, Some(("AC03", "Plain.")))).unwrap();
                    report.entry(block, &entry(&long[..70], status, Some(("DS02", &long)))).unwrap();
                }
            }
            reports.push(content(report.end(status).unwrap()));
        }
        for sentences in [&[][..], &["Line 1, byte 5."], &["", &long, "x"]] {
            let created = CREATED.parse().unwrap();
            let report = StatusFile::refused(version, "BATCH-1", created, "MSG-1", "FF01", sentences);
            assert!(String::from_utf8_lossy(&report).contains("<GrpSts>RJCT</GrpSts><StsRsnInf>"));
            reports.push(report);
        }
        // More than the buffer holds, so that the status is patched on disk.
        let mut report = begin(version);
        for _ in 0..20_000 {
            report
                .entry("PI", &entry("E2E", Status::Rejected, Some(("BE06", "The payee is not in the register."))))
                .unwrap();
        }
        let report = content(report.end(GroupStatus::Rejected).unwrap());
        assert!(report.len() > 2 << 20);
        assert!(String::from_utf8_lossy(&report[..1000]).contains("<GrpSts>RJCT</GrpSts>"));
        reports.push(report);
        assert_valid(&schemas, version.status_name(), &reports);
    }
}

#[test]
fn completion_of_the_small_file_is_valid() {
    let Some(schemas) = schemas() else { return };
    for version in Version::ALL {
        let file = match version {
            Version::V03 => older(),
            Version::V09 => FILE.to_owned(),
        };
        let outputs: Vec<_> = [Decision::Keep, Decision::CompleteByBic, Decision::CompleteByMember]
            .iter()
            .map(|&decision| route(file.as_bytes(), 1, None, |_, _| decision).unwrap().completed.unwrap())
            .collect();
        assert_valid(&schemas, version.message_name(), &outputs);
    }
}

//! What is written about money that comes back: the official schemas judge it, and our own readers read it.

use denmark::{Country, Currency, DanishAccount, Iban, Money};
use jiff::Timestamp;
use jiff::civil::{Date, date};
use payout::message::bank::{
    Order, OrderedPayment, Party, Recall, RecallReason, RecalledPayment, RecalledTransfer, ReturnReason,
    TransferRecall, write_order, write_recall, write_transfer_recall,
};
use payout::message::{
    Agent, Cutter, Entry, GroupStatus, Output, Part, Payee, STATUS_TEXT_LENGTH_MAX, Status, StatusFile, Version,
    parse_payment,
};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::schemas::{assert_valid, schemas};

const DAY: Date = date(2026, 4, 27);

fn created() -> Timestamp {
    "2026-04-27T08:00:00.123456Z".parse().unwrap()
}

fn iban() -> Iban {
    DanishAccount::parse("0040-440116243").unwrap().iban(Country::Denmark)
}

fn money(minor: i64, currency: &str) -> Money {
    Money { minor, currency: Currency::parse(currency).unwrap() }
}

const PARTY: Party<'_> = Party { name: "The <registry> & Co.", cvr: Some("13748136") };

fn recalled<'a>(message_id: &'a str, payment_info_id: &'a str, end_to_end_id: &'a str) -> RecalledPayment<'a> {
    RecalledPayment {
        message_id,
        version: Version::V09,
        payment_info_id,
        cancellation_id: "RECALL-1.1",
        instruction_id: None,
        end_to_end_id,
        amount: money(100_000, "DKK"),
        execution_date: DAY,
        agent: Some(Agent::Bic("NDEADKKK")),
        account: Some(iban()),
        other_account: None,
    }
}

fn recall<'a>(payments: &'a [RecalledPayment<'a>], sentences: &'a [&'a str]) -> Recall<'a> {
    Recall {
        id: "RECALL-1",
        created: created(),
        from: PARTY,
        to: Agent::Member("0040"),
        reason: RecallReason::Fraud,
        sentences,
        payments,
    }
}

#[test]
fn a_recall_names_what_the_bank_was_told() {
    let bare =
        RecalledPayment { agent: None, account: None, instruction_id: Some("I-3"), ..recalled("B-1", "PI-2", "E2E-3") };
    let written = RecalledPayment { other_account: Some("00400440116243"), ..recalled("B-2", "PI-1", "E2E-4") };
    let payments = [recalled("B-1", "PI-1", "E&1"), recalled("B-1", "PI-1", "E2E-2"), bare, written];
    let text = String::from_utf8(write_recall(&recall(&payments, &["Stolen identity.", ""]))).unwrap();
    assert_eq!(
        text,
        r#"<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.055.001.08"><CstmrPmtCxlReq><Assgnmt><Id>RECALL-1</Id><Assgnr><Pty><Nm>The &lt;registry&gt; &amp; Co.</Nm><Id><OrgId><Othr><Id>13748136</Id><SchmeNm><Cd>COID</Cd></SchmeNm><Issr>CVR</Issr></Othr></OrgId></Id></Pty></Assgnr><Assgne><Agt><FinInstnId><ClrSysMmbId><MmbId>0040</MmbId></ClrSysMmbId></FinInstnId></Agt></Assgne><CreDtTm>2026-04-27T08:00:00Z</CreDtTm></Assgnmt><Case><Id>RECALL-1</Id><Cretr><Pty><Nm>The &lt;registry&gt; &amp; Co.</Nm><Id><OrgId><Othr><Id>13748136</Id><SchmeNm><Cd>COID</Cd></SchmeNm><Issr>CVR</Issr></Othr></OrgId></Id></Pty></Cretr></Case><CtrlData><NbOfTxs>4</NbOfTxs><CtrlSum>4000.00</CtrlSum></CtrlData>
<Undrlyg><OrgnlGrpInfAndCxl><OrgnlMsgId>B-1</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId><NbOfTxs>3</NbOfTxs><GrpCxl>false</GrpCxl></OrgnlGrpInfAndCxl><OrgnlPmtInfAndCxl><PmtCxlId>RECALL-1</PmtCxlId><OrgnlPmtInfId>PI-1</OrgnlPmtInfId><OrgnlGrpInf><OrgnlMsgId>B-1</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId></OrgnlGrpInf><NbOfTxs>2</NbOfTxs><PmtInfCxl>false</PmtInfCxl>
<TxInf><CxlId>RECALL-1.1</CxlId><OrgnlEndToEndId>E&amp;1</OrgnlEndToEndId><OrgnlInstdAmt Ccy="DKK">1000.00</OrgnlInstdAmt><OrgnlReqdExctnDt><Dt>2026-04-27</Dt></OrgnlReqdExctnDt><CxlRsnInf><Rsn><Cd>FRAD</Cd></Rsn><AddtlInf>Stolen identity.</AddtlInf></CxlRsnInf><OrgnlTxRef><CdtrAgt><FinInstnId><BICFI>NDEADKKK</BICFI></FinInstnId></CdtrAgt><CdtrAcct><Id><IBAN>DK5000400440116243</IBAN></Id></CdtrAcct></OrgnlTxRef></TxInf>
<TxInf><CxlId>RECALL-1.1</CxlId><OrgnlEndToEndId>E2E-2</OrgnlEndToEndId><OrgnlInstdAmt Ccy="DKK">1000.00</OrgnlInstdAmt><OrgnlReqdExctnDt><Dt>2026-04-27</Dt></OrgnlReqdExctnDt><CxlRsnInf><Rsn><Cd>FRAD</Cd></Rsn><AddtlInf>Stolen identity.</AddtlInf></CxlRsnInf><OrgnlTxRef><CdtrAgt><FinInstnId><BICFI>NDEADKKK</BICFI></FinInstnId></CdtrAgt><CdtrAcct><Id><IBAN>DK5000400440116243</IBAN></Id></CdtrAcct></OrgnlTxRef></TxInf></OrgnlPmtInfAndCxl><OrgnlPmtInfAndCxl><PmtCxlId>RECALL-1</PmtCxlId><OrgnlPmtInfId>PI-2</OrgnlPmtInfId><OrgnlGrpInf><OrgnlMsgId>B-1</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId></OrgnlGrpInf><NbOfTxs>1</NbOfTxs><PmtInfCxl>false</PmtInfCxl>
<TxInf><CxlId>RECALL-1.1</CxlId><OrgnlInstrId>I-3</OrgnlInstrId><OrgnlEndToEndId>E2E-3</OrgnlEndToEndId><OrgnlInstdAmt Ccy="DKK">1000.00</OrgnlInstdAmt><OrgnlReqdExctnDt><Dt>2026-04-27</Dt></OrgnlReqdExctnDt><CxlRsnInf><Rsn><Cd>FRAD</Cd></Rsn><AddtlInf>Stolen identity.</AddtlInf></CxlRsnInf></TxInf></OrgnlPmtInfAndCxl></Undrlyg>
<Undrlyg><OrgnlGrpInfAndCxl><OrgnlMsgId>B-2</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId><NbOfTxs>1</NbOfTxs><GrpCxl>false</GrpCxl></OrgnlGrpInfAndCxl><OrgnlPmtInfAndCxl><PmtCxlId>RECALL-1</PmtCxlId><OrgnlPmtInfId>PI-1</OrgnlPmtInfId><OrgnlGrpInf><OrgnlMsgId>B-2</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId></OrgnlGrpInf><NbOfTxs>1</NbOfTxs><PmtInfCxl>false</PmtInfCxl>
<TxInf><CxlId>RECALL-1.1</CxlId><OrgnlEndToEndId>E2E-4</OrgnlEndToEndId><OrgnlInstdAmt Ccy="DKK">1000.00</OrgnlInstdAmt><OrgnlReqdExctnDt><Dt>2026-04-27</Dt></OrgnlReqdExctnDt><CxlRsnInf><Rsn><Cd>FRAD</Cd></Rsn><AddtlInf>Stolen identity.</AddtlInf></CxlRsnInf><OrgnlTxRef><CdtrAgt><FinInstnId><BICFI>NDEADKKK</BICFI></FinInstnId></CdtrAgt><CdtrAcct><Id><Othr><Id>00400440116243</Id></Othr></Id></CdtrAcct></OrgnlTxRef></TxInf></OrgnlPmtInfAndCxl></Undrlyg></CstmrPmtCxlReq></Document>
"#
    );
}

/// What comes from outside: ids and texts of every kind and length, amounts of several currencies.
#[derive(Clone, Debug)]
struct Outside {
    ids: Vec<String>,
    texts: Vec<String>,
    minor: i64,
    currency: &'static str,
    has_more: bool,
}

fn outside() -> impl Strategy<Value = Outside> {
    let id =
        prop_oneof![4 => "[A-Za-z0-9-]{1,35}", 1 => "\\PC{0,80}", 1 => "[<>&\"' \t\r\n]{0,50}", 1 => any::<String>()];
    let text = prop_oneof![3 => "\\PC{0,300}", 1 => any::<String>(), 1 => Just("\u{0}\u{FFFE}]]>".to_owned())];
    let minor = prop_oneof![1_i64..1_000_000_000_000, Just(1), Just(999_999_999_999_999_999)];
    let currency = proptest::sample::select(&["DKK", "EUR", "JPY", "KWD", "CLF"][..]);
    (proptest::collection::vec(id, 8), proptest::collection::vec(text, 3), minor, currency, any::<bool>())
        .prop_map(|(ids, texts, minor, currency, has_more)| Outside { ids, texts, minor, currency, has_more })
}

impl Outside {
    fn id(&self, at: usize) -> &str {
        &self.ids[at % self.ids.len()]
    }

    fn maybe(&self, at: usize) -> Option<&str> {
        self.has_more.then(|| self.id(at))
    }

    fn money(&self) -> Money {
        money(self.minor, self.currency)
    }

    fn party(&self) -> Party<'_> {
        Party { name: &self.texts[0], cvr: self.has_more.then_some("13748136") }
    }

    fn agent(&self) -> Agent<'_> {
        if self.has_more { Agent::Bic("EKSBDK22") } else { Agent::Member(self.id(7)) }
    }

    fn recall(&self) -> Vec<u8> {
        let payments: Vec<_> = (0..4)
            .map(|at| RecalledPayment {
                message_id: self.id(at / 2),
                version: if at < 2 { Version::V03 } else { Version::V09 },
                payment_info_id: self.id(at / 3),
                cancellation_id: self.id(3),
                instruction_id: self.maybe(at),
                end_to_end_id: self.id(at),
                amount: self.money(),
                execution_date: DAY,
                agent: self.has_more.then(|| self.agent()),
                account: self.has_more.then(iban),
                other_account: (at == 3).then_some("00400440116243"),
            })
            .collect();
        write_recall(&Recall {
            id: self.id(5),
            created: created(),
            from: self.party(),
            to: self.agent(),
            reason: RecallReason::ALL[self.ids[0].len() % RecallReason::ALL.len()],
            sentences: &[&self.texts[1], &self.texts[2]],
            payments: &payments,
        })
    }

    fn transfer_recall(&self) -> Vec<u8> {
        let transfers: Vec<_> = (0..3)
            .map(|at| RecalledTransfer {
                cancellation_id: self.id(at),
                message_id: self.id(at + 1),
                message_name: "pacs.008.001.08",
                instruction_id: self.maybe(at),
                end_to_end_id: self.id(at + 2),
                transaction_id: self.maybe(at + 3),
                uetr: Some(if self.has_more { "8a562c67-ca16-48ba-b074-65581be6f001" } else { self.id(at) }),
                amount: self.money(),
                settlement_date: DAY,
                account: self.has_more.then(iban),
            })
            .collect();
        write_transfer_recall(&TransferRecall {
            id: self.id(5),
            created: created(),
            from: self.agent(),
            to: Agent::Bic("DABADKKK"),
            reason: RecallReason::Duplicate,
            sentences: &[&self.texts[1]],
            transfers: &transfers,
        })
    }

    fn order(&self) -> Vec<u8> {
        let payments: Vec<_> = (0..3)
            .map(|at| OrderedPayment {
                instruction_id: self.maybe(at),
                end_to_end_id: self.id(at),
                amount: self.money(),
                agent: self.agent(),
                name: &self.texts[1],
                account: iban(),
                payer: &self.texts[2],
                text: &self.texts[0],
            })
            .collect();
        write_order(&Order {
            id: self.id(5),
            payment_info_id: self.id(6),
            created: created(),
            execution_date: DAY,
            debtor: self.party(),
            account: iban(),
            agent: Agent::Bic("NDEADKKK"),
            payments: &payments,
        })
    }
}

#[test]
fn what_is_written_is_valid_whatever_comes_from_outside() {
    let Some(schemas) = schemas() else { return };
    let mut runner = TestRunner::deterministic();
    let outside: Vec<_> =
        std::iter::repeat_with(|| outside().new_tree(&mut runner).unwrap().current()).take(150).collect();
    let write = |of: fn(&Outside) -> Vec<u8>| outside.iter().map(of).collect::<Vec<_>>();
    assert_valid(&schemas, "camt.055.001.08", &write(Outside::recall));
    assert_valid(&schemas, "camt.056.001.08", &write(Outside::transfer_recall));
    assert_valid(&schemas, "pain.001.001.09", &write(Outside::order));
    // A message of many payments.
    let payments: Vec<_> = (0..5_000).map(|_| recalled("B-1", "PI-1", "E2E")).collect();
    assert_valid(&schemas, "camt.055.001.08", &[write_recall(&recall(&payments, &[]))]);
}

#[test]
fn amounts_have_the_decimals_of_their_currency() {
    let check = |minor: i64, currency: &str, expected: &str| {
        let payments = [RecalledPayment { amount: money(minor, currency), ..recalled("B", "P", "E") }];
        let text = String::from_utf8(write_recall(&recall(&payments, &[]))).unwrap();
        assert!(text.contains(&format!("<OrgnlInstdAmt Ccy=\"{currency}\">{expected}</OrgnlInstdAmt>")), "{text}");
    };
    check(1, "DKK", "0.01");
    check(150_050, "DKK", "1500.50");
    check(1_500, "JPY", "1500");
    check(1_234, "KWD", "1.234");
    check(12_345, "CLF", "1.2345");
}

#[test]
fn what_we_order_we_can_read() {
    let payment = |end_to_end_id, minor| OrderedPayment {
        instruction_id: Some("W-1"),
        end_to_end_id,
        amount: money(minor, "DKK"),
        agent: Agent::Member("9860"),
        name: "Anna Prøve",
        account: iban(),
        payer: "The payer",
        text: "NKSBOS",
    };
    let payments = [payment("E&1", 100_000), payment("E2E-2", 50_050)];
    let order = Order {
        id: "WAIT-1",
        payment_info_id: "WAIT-1-1",
        created: created(),
        execution_date: DAY,
        debtor: PARTY,
        account: iban(),
        agent: Agent::Bic("NDEADKKK"),
        payments: &payments,
    };
    assert!(!format!("{order:?} {payments:?}").contains("Anna"));
    let written = write_order(&order);
    let mut cutter = Cutter::new(&*written, 10);
    let mut context = None;
    let mut read = Vec::new();
    while let Some(chunk) = cutter.next_chunk().unwrap() {
        for part in &chunk.parts {
            match part {
                Part::FileHead { head, .. } => {
                    assert_eq!((&*head.message_id, head.count.value), ("WAIT-1", Ok(2)));
                    assert_eq!(head.sum.as_ref().unwrap().text, "1500.50");
                }
                Part::BlockHead { head, .. } => {
                    assert_eq!((&*head.payment_info_id, head.is_cheque), ("WAIT-1-1", false));
                    assert_eq!(head.execution_date.value, Ok(DAY));
                    context = Some(head.context.clone());
                }
                Part::Payment { span, start } => {
                    let context = context.as_ref().unwrap();
                    let payment = parse_payment(&chunk.bytes[span.clone()], *start, chunk.offset, context).unwrap();
                    assert!(payment.has_account && payment.agent.is_some());
                    assert_eq!(payment.payee, Payee::Missing);
                    assert_eq!(payment.first_remittance.as_deref(), Some("NKSBOS"));
                    read.push((payment.end_to_end_id.into_owned(), payment.money.unwrap()));
                }
                _ => {}
            }
        }
    }
    assert_eq!(read, [("E&1".to_owned(), payments[0].amount), ("E2E-2".to_owned(), payments[1].amount)]);
}

#[test]
fn a_status_report_says_that_a_payment_came_back() {
    for version in Version::ALL {
        let mut reports = Vec::new();
        for reason in ReturnReason::all() {
            let mut report =
                StatusFile::begin(Output::memory(), version, "B-1-2", created(), "MSG-1", GroupStatus::Partial)
                    .unwrap();
            let (code, sentence) = reason.status();
            assert!(sentence.len() <= STATUS_TEXT_LENGTH_MAX);
            let entry = Entry {
                instruction_id: None,
                end_to_end_id: "E2E-1",
                status: Status::Rejected,
                reason: Some((code, sentence)),
                more: &[],
            };
            report.entry("PI-1", &entry).unwrap();
            let written = report.end(GroupStatus::Partial).unwrap().take();
            let text = String::from_utf8_lossy(&written);
            assert!(text.contains(&format!("<TxSts>RJCT</TxSts><StsRsnInf><Rsn><Cd>{code}</Cd></Rsn>")), "{text}");
            reports.push(written);
        }
        if let Some(schemas) = schemas() {
            assert_valid(&schemas, version.status_name(), &reports);
        }
    }
}

/// The standard's lists of codes, where they lie beside the schemas.
fn code_set(name: &str) -> Option<serde_json::Value> {
    let folder = schemas()?.parent()?.join("codesets");
    let text = std::fs::read(folder.join(format!("{name}.json"))).ok()?;
    Some(serde_json::from_slice::<serde_json::Value>(&text).unwrap()["codes"].take())
}

#[test]
fn every_code_is_one_of_the_standards() {
    let check = |set: &str, codes: &mut dyn Iterator<Item = &'static str>| {
        let Some(known) = code_set(set) else { return };
        for code in codes {
            assert!(known.get(code).is_some(), "{code} is not in {set}");
        }
    };
    check("external_return_reason_code", &mut ReturnReason::all().map(ReturnReason::code));
    check("external_status_reason_code", &mut ReturnReason::all().map(|reason| reason.status().0));
    check("external_cancellation_reason_code", &mut RecallReason::ALL.into_iter().map(RecallReason::code));
    for reason in RecallReason::ALL {
        assert_eq!(RecallReason::from_code(reason.code()), Some(reason));
    }
}

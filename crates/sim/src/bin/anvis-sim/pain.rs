//! A payer's file of payments, pain.001, true or with a defect.

use crate::model::{Named, Payment, iban};
use crate::payouts::PaymentFile;
use crate::world::World;
use denmark::Country;
use jiff::civil::Date;
use registry::payee::PayeeId;
use sim::nation::Version;
use std::fmt::Write;

/// What is wrong with a file as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// The file's sum is not that of its payments.
    WrongSum,
    /// The file's sum is no number.
    NoSum,
    /// The file's count is not that of its payments.
    WrongCount,
}

impl Defect {
    pub const ALL: [Self; 3] = [Self::WrongSum, Self::NoSum, Self::WrongCount];

    /// The reason that the payer must be given.
    pub const fn code(self) -> &'static str {
        match self {
            Self::WrongSum => "AM16",
            Self::NoSum => "AM10",
            Self::WrongCount => "AM19",
        }
    }
}

/// An amount with two decimals.
fn amount(minor: i64) -> String {
    format!("{}.{:02}", minor / 100, minor % 100)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

fn identification(id: &PayeeId) -> (&'static str, String) {
    let text = id.reveal();
    let number = text.split_once(':').map_or("", |(_, number)| number).to_owned();
    match id {
        PayeeId::Cpr(_) => ("CPR", number),
        PayeeId::Cvr(_) => ("CVR", number),
        PayeeId::Se(_) => ("SE", number),
        PayeeId::P(_) => ("P", number),
    }
}

impl World {
    /// The file as it is sent. `today` is when; payments that are late were to be paid the day before.
    pub fn pain(&self, file: &PaymentFile, today: Date, execution: Date, defect: Option<Defect>) -> String {
        let version = if file.version == Version::V03 { "03" } else { "09" };
        let payer = &self.model.payers[file.payer];
        let count = file.payments.len() + usize::from(defect == Some(Defect::WrongCount));
        let sum = file.payments.iter().map(|payment| payment.minor).sum::<i64>();
        let sum = match defect {
            Some(Defect::WrongSum) => amount(sum + 1),
            Some(Defect::NoSum) => "much".to_owned(),
            Some(Defect::WrongCount) | None => amount(sum),
        };
        let mut xml = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.001.001.{version}\"><CstmrCdtTrfInitn>\n\
             <GrpHdr><MsgId>{}</MsgId><CreDtTm>{today}T06:00:00Z</CreDtTm><NbOfTxs>{count}</NbOfTxs>\
             <CtrlSum>{sum}</CtrlSum><InitgPty><Nm>{}</Nm></InitgPty></GrpHdr>\n",
            file.message_id, payer.name
        );
        for (is_late, date) in [(false, execution), (true, today.yesterday().unwrap_or(today))] {
            let payments: Vec<&Payment> = file.payments.iter().filter(|payment| payment.is_late == is_late).collect();
            if !payments.is_empty() {
                self.write_block(&mut xml, file, is_late, date, &payments);
            }
        }
        xml.push_str("</CstmrCdtTrfInitn></Document>\n");
        xml
    }

    fn write_block(&self, xml: &mut String, file: &PaymentFile, is_late: bool, date: Date, payments: &[&Payment]) {
        let is_v03 = file.version == Version::V03;
        let payer = &self.model.payers[file.payer];
        let date = if is_v03 { date.to_string() } else { format!("<Dt>{date}</Dt>") };
        let account = self.nation.payer_account();
        let bic = self.nation.bank_of(&account).bic;
        let agent = match bic {
            Some(bic) if is_v03 => format!("<BIC>{}</BIC>", bic.as_str()),
            Some(bic) => format!("<BICFI>{}</BICFI>", bic.as_str()),
            None => format!("<ClrSysMmbId><MmbId>{}</MmbId></ClrSysMmbId>", account.reg),
        };
        let sum = payments.iter().map(|payment| payment.minor).sum::<i64>();
        // Writing to a string cannot fail.
        let _ = writeln!(
            xml,
            "<PmtInf><PmtInfId>{}-{}</PmtInfId><PmtMtd>TRF</PmtMtd><NbOfTxs>{}</NbOfTxs><CtrlSum>{}</CtrlSum>\n\
             <PmtTpInf><LclInstrm><Prtry>NEMKONTO</Prtry></LclInstrm></PmtTpInf><ReqdExctnDt>{date}</ReqdExctnDt>\n\
             <Dbtr><Nm>{}</Nm></Dbtr><DbtrAcct><Id><IBAN>{}</IBAN></Id></DbtrAcct>\
             <DbtrAgt><FinInstnId>{agent}</FinInstnId></DbtrAgt>",
            file.message_id,
            if is_late { "late" } else { "due" },
            payments.len(),
            amount(sum),
            payer.name,
            account.iban(Country::Denmark).as_str(),
        );
        for payment in payments {
            self.write_payment(xml, payment);
        }
        xml.push_str("</PmtInf>\n");
    }

    fn write_payment(&self, xml: &mut String, payment: &Payment) {
        let (scheme, number, name) = match &payment.named {
            Named::Payee(at) => {
                let payee = &self.model.payees[*at];
                let (scheme, number) = identification(&payee.id);
                (scheme, number, payee.name.as_str())
            }
            Named::Nobody(cpr) => ("CPR", cpr.digits().to_owned(), "Ukendt Modtager"),
            Named::Impossible(number) => ("CPR", number.clone(), "Ukendt Modtager"),
        };
        let (group, code) = if scheme == "CPR" { ("PrvtId", "NIDN") } else { ("OrgId", "COID") };
        // The two places in which payers say the kind, by turns.
        let says_in_text = payment.minor % 2 == 1;
        let benefit = payment.benefit.unwrap_or_default();
        let category = match payment.benefit {
            Some(_) if !says_in_text => format!("<PmtTpInf><CtgyPurp><Prtry>{benefit}</Prtry></CtgyPurp></PmtTpInf>"),
            _ => String::new(),
        };
        let kind_text = match payment.benefit {
            Some(_) if says_in_text => format!("<Ustrd>{benefit}</Ustrd>"),
            _ => String::new(),
        };
        let account = payment.given.map_or(String::new(), |account| {
            format!("<CdtrAcct><Id><IBAN>{}</IBAN></Id></CdtrAcct>", iban(&self.nation, &account).as_str())
        });
        // Writing to a string cannot fail.
        let _ = writeln!(
            xml,
            "<CdtTrfTxInf><PmtId><EndToEndId>{}</EndToEndId></PmtId>{category}\
             <Amt><InstdAmt Ccy=\"{}\">{}</InstdAmt></Amt>\
             <Cdtr><Nm>{}</Nm><Id><{group}><Othr><Id>{number}</Id><SchmeNm><Cd>{code}</Cd></SchmeNm>\
             <Issr>{scheme}</Issr></Othr></{group}></Id></Cdtr>{account}\
             <RmtInf>{kind_text}<Ustrd>Udbetaling</Ustrd></RmtInf></CdtTrfTxInf>",
            payment.end_to_end_id,
            payment.currency.as_str(),
            amount(payment.minor),
            escaped(name),
        );
    }
}

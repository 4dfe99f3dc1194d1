//! A tax refund: a payment file of one payment, and what becomes of it.

use denmark::calendar::{add_banking_days, copenhagen_date};
use denmark::{Country, Currency, Money};
use kernel::{Actor, Env, Error, StoreError, Timestamp, Writer};
use payout::commands::{Request, Routed, route};
use registry::payee::PayeeId;
use sim::nation::Nation;
use std::path::Path;

const EXECUTED_AFTER_BANKING_DAYS: u32 = 2;

/// What is refunded, and to whom.
pub struct Refund<'r> {
    pub payer: &'r str,
    pub message_id: &'r str,
    pub to: &'r PayeeId,
    /// In øre.
    pub minor: i64,
    pub now: Timestamp,
}

impl Refund<'_> {
    /// Writes the file, and routes it.
    pub fn route(&self, writer: &mut Writer, nation: &Nation, folder: &Path, env: &Env) -> Result<Routed, Error> {
        let file = folder.join(format!("{}.pain.001.xml", self.message_id));
        std::fs::write(&file, self.xml(nation))
            .map_err(Error::io(format!("{} could not be written", file.display())))?;
        let now = env.now;
        let clock = || now;
        let request = Request { file: &file, payer: self.payer, out: folder, hold_all: false, clock: &clock };
        route(writer, &request, &Actor::console(), env, &mut |_| {})?
            .map_err(|refused| StoreError::plain(format!("the refund's file was refused: {}", refused.text)).into())
    }

    fn xml(&self, nation: &Nation) -> String {
        let Self { payer, message_id, minor, .. } = self;
        let today = copenhagen_date(self.now.to_jiff());
        let execution = add_banking_days(today, EXECUTED_AFTER_BANKING_DAYS);
        let created = self.now.to_jiff().strftime("%Y-%m-%dT%H:%M:%SZ");
        let amount = Money { minor: *minor, currency: Currency::DKK }.decimal();
        let number = self.to.reveal();
        let number = number.split_once(':').map_or("", |(_, number)| number);
        let account = nation.payer_account();
        let iban = account.iban(Country::Denmark);
        let agent = match nation.bank_of(&account).bic {
            Some(bic) => format!("<BICFI>{}</BICFI>", bic.as_str()),
            None => format!("<ClrSysMmbId><MmbId>{}</MmbId></ClrSysMmbId>", account.reg),
        };
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.001.001.09\"><CstmrCdtTrfInitn>\n\
             <GrpHdr><MsgId>{message_id}</MsgId><CreDtTm>{created}</CreDtTm><NbOfTxs>1</NbOfTxs>\
             <CtrlSum>{amount}</CtrlSum><InitgPty><Nm>{payer}</Nm></InitgPty></GrpHdr>\n\
             <PmtInf><PmtInfId>{message_id}-1</PmtInfId><PmtMtd>TRF</PmtMtd>\
             <PmtTpInf><LclInstrm><Prtry>NEMKONTO</Prtry></LclInstrm></PmtTpInf>\
             <ReqdExctnDt><Dt>{execution}</Dt></ReqdExctnDt><Dbtr><Nm>{payer}</Nm></Dbtr>\
             <DbtrAcct><Id><IBAN>{}</IBAN></Id></DbtrAcct><DbtrAgt><FinInstnId>{agent}</FinInstnId></DbtrAgt>\n\
             <CdtTrfTxInf><PmtId><EndToEndId>{message_id}-E1</EndToEndId></PmtId>\
             <Amt><InstdAmt Ccy=\"DKK\">{amount}</InstdAmt></Amt>\
             <Cdtr><Id><PrvtId><Othr><Id>{number}</Id><SchmeNm><Cd>NIDN</Cd></SchmeNm><Issr>CPR</Issr></Othr></PrvtId></Id></Cdtr>\
             <RmtInf><Ustrd>Overskydende skat</Ustrd></RmtInf></CdtTrfTxInf>\n\
             </PmtInf></CstmrCdtTrfInitn></Document>\n",
            iban.as_str(),
        )
    }
}

//! What banks of the stories do about money that they have: answer when it is asked back, send back what they gave up, and what came for an
//! account that they have closed.

use super::money::{Bounced, Paid};
use super::shares::Share;
use super::stage::{Found, Stage};
use crate::world::differs;
use kernel::{Actor, Error, Timestamp};
use payout::commands::{ImportReturns, Imported, Recalled, SentRecall, answer_recalls, import_returns};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::io::Cursor;

/// A bank answers so long after it was asked.
const ANSWERED_AFTER_DAYS: u32 = 3;
/// And so long after it has answered the money comes.
const COMES_AFTER_DAYS: u32 = 1;

/// What banks are about to do.
#[derive(Default)]
pub struct AtBanks {
    /// Recalls that they have not answered, each with the day on which they do.
    recalls: Vec<(u32, Recalled)>,
    /// What they have promised and not sent yet, each with the day on which they do: a payment's place, and how much.
    promised: Vec<(u32, Vec<(usize, i64)>)>,
    /// The day of the story, counted from 0, from which on the account of the thief is closed at its bank.
    pub closed_on: Option<u32>,
}

/// Takes what is due by a day.
fn due<T>(all: &mut Vec<(u32, T)>, today: u32) -> Vec<T> {
    let (due, later): (Vec<_>, Vec<_>) = std::mem::take(all).into_iter().partition(|(on, _)| *on <= today);
    *all = later;
    due.into_iter().map(|(_, one)| one).collect()
}

/// An amount, as a message writes it.
fn kroner(minor: i64) -> String {
    format!("{}.{:02}", minor / 100, minor % 100)
}

impl Stage {
    /// A bank was asked to get payments back.
    pub fn ask_back(&mut self, recalled: Recalled) {
        self.at_banks.recalls.push((self.world.day + ANSWERED_AFTER_DAYS, recalled));
    }

    /// What banks do on a day.
    pub fn hear_banks(&mut self) -> Result<(), Error> {
        let today = self.world.day;
        for payments in due(&mut self.at_banks.promised, today) {
            self.send_promised(&payments)?;
        }
        for recalled in due(&mut self.at_banks.recalls, today) {
            recalled.messages.iter().try_for_each(|sent| self.answer(sent))?;
        }
        self.send_back_from_closed()
    }

    /// A bank answers a recall (camt.029): a little of each payment is there still.
    fn answer(&mut self, sent: &SentRecall) -> Result<(), Error> {
        let share = i64::try_from(self.shares.of(Share::MoneyLeft)).unwrap_or_default();
        let (mut payments, mut promised) = (String::new(), Vec::new());
        for (at, number) in sent.payments.iter().enumerate() {
            let is = |paid: &Paid| paid.batch == sent.batch && paid.number == *number;
            let place = self.paid.iter().position(is);
            let place = place.ok_or_else(|| differs("a payment is recalled that nobody made"))?;
            let paid = &mut self.paid[place];
            let there = paid.minor * share / 100;
            let (mut status, mut amount) = ("RJCR", String::new());
            if there > 0 {
                paid.came_back = there;
                promised.push((place, there));
                status = "ACCR";
                amount = format!(
                    "<RsltnRltdInf><IntrBkSttlmAmt Ccy=\"DKK\">{}</IntrBkSttlmAmt>\
                     <IntrBkSttlmDt>{}</IntrBkSttlmDt></RsltnRltdInf>",
                    kroner(there),
                    self.world.clock.date(),
                );
            }
            // Writing to a string cannot fail.
            let _ = writeln!(
                payments,
                "<TxInfAndSts><CxlStsId>S-{at}</CxlStsId><OrgnlEndToEndId>{}</OrgnlEndToEndId>\
                 <TxCxlSts>{status}</TxCxlSts>{amount}</TxInfAndSts>",
                paid.end_to_end_id,
            );
        }
        let conclusion = if promised.is_empty() { "RJCR" } else { "PECR" };
        let answer = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.029.001.09\"><RsltnOfInvstgtn>\n\
             <Assgnmt><Id>A-{0}</Id><Assgnr><Agt><FinInstnId><Nm>bank</Nm></FinInstnId></Agt></Assgnr>\
             <Assgne><Pty><Nm>registry</Nm></Pty></Assgne><CreDtTm>{1}</CreDtTm></Assgnmt>\n\
             <RslvdCase><Id>{0}</Id><Cretr><Pty><Nm>registry</Nm></Pty></Cretr></RslvdCase>\n\
             <Sts><Conf>{conclusion}</Conf></Sts>\n<CxlDtls>{payments}</CxlDtls></RsltnOfInvstgtn></Document>\n",
            sent.recall,
            self.world.clock.read(),
        );
        self.world.files.write(&format!("{}.camt.029.xml", sent.recall), &answer)?;
        let env = self.world.env()?;
        let taken = answer_recalls(&mut self.world.writer, Cursor::new(answer), None, None, (&Actor::console(), &env))?;
        if !taken.unmatched.is_empty() {
            return Err(differs("a bank's answer is about nothing"));
        }
        let booked: Vec<_> = taken.taken.iter().filter_map(|taken| taken.booked.as_deref()).collect();
        let said =
            if booked.is_empty() { "refused".to_owned() } else { format!("{} kr. come back", booked.join(" and ")) };
        self.note(env.now, "bank", "recall.import", said, false);
        if !promised.is_empty() {
            self.at_banks.promised.push((self.world.day + COMES_AFTER_DAYS, promised));
        }
        Ok(())
    }

    /// What a bank has promised comes: it was booked when the bank said so, and is not booked again.
    fn send_promised(&mut self, payments: &[(usize, i64)]) -> Result<(), Error> {
        let imported = self.send_back("FOCR", payments)?;
        if imported.booked + imported.listed > 0 {
            return Err(differs("what a bank had promised is booked twice, or nobody knows what it is"));
        }
        let now = self.world.clock.read();
        self.note(now, "bank", "return.import", format!("{} come as promised", imported.known), false);
        Ok(())
    }

    /// What came for an account that its bank has closed goes back on the next day. Nobody else knows of that before.
    fn send_back_from_closed(&mut self) -> Result<(), Error> {
        let Some(closed_on) = self.at_banks.closed_on else { return Ok(()) };
        let days_ago = |at: Timestamp| self.world.clock.read().day() - at.day();
        let is_closed_for = i64::from(self.world.day) - i64::from(self.first_day + closed_on);
        let is_due = |paid: &Paid| {
            let sent = paid.to.as_ref().map(|(_, at)| days_ago(*at));
            sent.is_some_and(|days| (1..=is_closed_for).contains(&days)) && self.is_with_thief(paid)
        };
        let due: Vec<(usize, i64)> =
            self.paid.iter().enumerate().filter(|(_, paid)| is_due(paid)).map(|(at, paid)| (at, paid.minor)).collect();
        if due.is_empty() {
            return Ok(());
        }
        let imported = self.send_back("AC04", &due)?;
        if imported.booked != due.len() {
            return Err(differs("a payment that came back was not booked"));
        }
        let now = self.world.clock.read();
        let Imported { booked, closed, .. } = imported;
        let became = if closed > 0 { ", and the account is closed" } else { "" };
        self.note(now, "bank", "return.import", format!("{booked} come back{became}"), false);
        for (at, minor) in due {
            let paid = &mut self.paid[at];
            (paid.came_back, paid.bounced, paid.is_kept) = (minor, Bounced::Back, true);
            self.found.entry(paid.who).or_insert(Found { at: now, by: "returned", because: Vec::new() });
        }
        Ok(())
    }

    /// A bank sends payments back (pacs.004), as `anvis return import` reads it: each by its place, and how much of it.
    fn send_back(&mut self, reason: &str, payments: &[(usize, i64)]) -> Result<Imported, Error> {
        let mut all = String::new();
        for (at, (place, minor)) in payments.iter().enumerate() {
            let paid = &self.paid[*place];
            let to = paid.to.as_ref().map_or("", |(to, _)| to.as_str());
            // Writing to a string cannot fail.
            let _ = writeln!(
                all,
                "<TxInf><RtrId>R-{at}</RtrId><OrgnlEndToEndId>{}</OrgnlEndToEndId>\
                 <OrgnlIntrBkSttlmAmt Ccy=\"DKK\">{}</OrgnlIntrBkSttlmAmt>\
                 <RtrdIntrBkSttlmAmt Ccy=\"DKK\">{}</RtrdIntrBkSttlmAmt>\
                 <RtrRsnInf><Rsn><Cd>{reason}</Cd></Rsn></RtrRsnInf>\
                 <OrgnlTxRef><CdtrAcct><Id><IBAN>{to}</IBAN></Id></CdtrAcct></OrgnlTxRef></TxInf>",
                paid.end_to_end_id,
                kroner(paid.minor),
                kroner(*minor),
            );
        }
        let now = self.world.clock.read();
        let id = format!("RTR-{}-{}", self.world.day, self.steps.len());
        let message = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pacs.004.001.09\"><PmtRtr><GrpHdr><MsgId>{id}</MsgId>\
             <CreDtTm>{now}</CreDtTm><NbOfTxs>{}</NbOfTxs><SttlmInf><SttlmMtd>CLRG</SttlmMtd></SttlmInf></GrpHdr>\n\
             {all}</PmtRtr></Document>\n",
            payments.len(),
        );
        self.world.files.write(&format!("{id}.pacs.004.xml"), &message)?;
        let (env, out) = (self.world.env()?, self.world.files.folder().to_owned());
        let wanted = ImportReturns { file: message.as_bytes(), bank: None, out: Some(&out), once: None };
        import_returns(&mut self.world.writer, wanted, &Actor::console(), &env)
    }

    /// Payers try again what came back, once its payee has an account of their own again.
    pub fn try_again(&mut self) -> Result<(), Error> {
        let mut batches: BTreeSet<String> = BTreeSet::new();
        for at in 0..self.paid.len() {
            if self.paid[at].bounced != Bounced::Back {
                continue;
            }
            let who = self.paid[at].who;
            if !self.has_foreign_account(who)? && self.in_force(who)? != "none" {
                batches.insert(self.paid[at].batch.clone());
            }
        }
        batches.into_iter().try_for_each(|batch| self.retry(&batch))
    }
}

//! Money that comes back: what banks return, and what they answer when they are asked for it.

use crate::acts::{Back, Disturbance, Fault, Part, REASONS, Says};
use crate::model::{NAMED, PERSONS, Payment, Recall, State};
use crate::place;
use crate::world::{Stray, World, console};
use payout::commands::{Retry, SettleReturn, pay_waiting, retry, settle_return};
use payout::queries::{STRAYS_MAX, strays};
use proptest::sample::Index;
use std::collections::BTreeSet;
use std::fmt::Write;

pub fn decimal(minor: i64) -> String {
    format!("{}.{:02}", minor / 100, minor % 100)
}

/// Money that a bank has said it gives back.
#[derive(Clone, Copy, Debug)]
pub struct Promise {
    /// Of which time that the payment left.
    pub time: usize,
    pub amount: i64,
    /// Whether somebody has said that it is there.
    pub is_there: bool,
}

/// What is written as an account and is none.
const UNREADABLE: &str = "DK6200400000000099";

impl Payment {
    /// How much is promised that is not there, as far as anybody knows.
    pub fn owed(&self) -> i64 {
        self.promised.iter().filter(|one| !one.is_there).map(|one| one.amount).sum()
    }

    /// How often it left or came to lie in the waiting account.
    pub fn times(&self) -> usize {
        self.left.len() + self.came_to_lie
    }

    /// The account that a return of it names.
    pub fn account_named(&self, fault: Fault) -> String {
        let (_, account) = self.left.last().unwrap();
        if fault == Fault::Account { UNREADABLE.to_owned() } else { account.clone() }
    }

    /// Whether a return from an account is of a time that is over: it lies in the waiting account, or went to another since.
    /// Of one that names none a person knows better.
    pub fn is_over(&self, account: &str) -> bool {
        match &self.state {
            _ if account == UNREADABLE => false,
            State::Waiting(there) => account != there,
            State::Routed(there) => self.left.len() > 1 && account != there,
            _ => false,
        }
    }

    /// What was promised comes, of the last time that it left or of any: one of it, or all of it together. Whether it was.
    pub fn arrives(&mut self, amount: i64, is_of_last: bool) -> bool {
        let times = self.left.len();
        let is_of = |one: &Promise| !is_of_last || one.time == times;
        let all: i64 = self.promised.iter().filter(|one| is_of(one)).map(|one| one.amount).sum();
        if let Some(at) = self.promised.iter().position(|one| is_of(one) && one.amount == amount) {
            self.promised.remove(at);
            return true;
        }
        let is_all = all == amount && all > 0;
        if is_all {
            self.promised.retain(|one| !is_of(one));
        }
        is_all
    }
}

impl World {
    /// A file of these returns, as a bank writes it.
    pub fn returned(&self, returns: &[(usize, usize, &str, Fault)], message_id: &str) -> String {
        let mut xml = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pacs.004.001.09\"><PmtRtr><GrpHdr><MsgId>{message_id}</MsgId>\
             <CreDtTm>2026-12-27T08:00:00Z</CreDtTm><NbOfTxs>{}</NbOfTxs><SttlmInf><SttlmMtd>CLRG</SttlmMtd></SttlmInf>\
             </GrpHdr>\n",
            returns.len()
        );
        for (at, (batch, number, reason, fault)) in returns.iter().enumerate() {
            let payment = &self.model.batches[*batch].payments[*number];
            let (currency, paid) = (payment.currency(), i64::from(payment.pay.minor));
            let (returned, paid) = (decimal(paid - i64::from(*fault == Fault::Amount && paid > 1)), decimal(paid));
            let (id, account) = (&payment.id, payment.account_named(*fault));
            // It names the file that the payment stood in last.
            let of = &self.model.batches[*batch];
            let file = match payment.left.last() {
                Some((0, _)) | None => of.message_id.clone(),
                Some((stage, _)) => format!("{}-{stage}", of.name),
            };
            let _ = writeln!(
                xml,
                "<TxInf><RtrId>{message_id}-{at}</RtrId><OrgnlGrpInf><OrgnlMsgId>{file}</OrgnlMsgId>\
                 <OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId></OrgnlGrpInf><OrgnlEndToEndId>{id}</OrgnlEndToEndId>\
                 <OrgnlIntrBkSttlmAmt Ccy=\"{currency}\">{paid}</OrgnlIntrBkSttlmAmt>\
                 <RtrdIntrBkSttlmAmt Ccy=\"{currency}\">{returned}</RtrdIntrBkSttlmAmt>\
                 <RtrRsnInf><Rsn><Cd>{reason}</Cd></Rsn></RtrRsnInf>\
                 <OrgnlTxRef><CdtrAcct><Id><IBAN>{account}</IBAN></Id></CdtrAcct></OrgnlTxRef></TxInf>"
            );
        }
        xml + "</PmtRtr></Document>\n"
    }

    pub fn take_returns(&mut self, backs: &[Back], disturbance: Disturbance) {
        let meant = backs.iter().filter_map(|back| {
            let (at, number) = self.sent(back.payment)?;
            Some((at, number, REASONS[back.reason], back.fault))
        });
        let returns: Vec<(usize, usize, &'static str, Fault)> = meant.collect();
        if returns.is_empty() {
            return;
        }
        let xml = self.returned(&returns, &format!("R{}", self.said.len()));
        let out = self.door.out();
        let told = self.give(disturbance, |writer, env| place::import_returns(writer, &xml, Some(&out), &env()));
        self.said.push((true, xml));
        let (mut booked, mut listed) = (0, 0);
        let payment = |(at, number, ..): &(usize, usize, _, _)| self.model.batches[*at].payments[*number].clone();
        let before: Vec<Payment> = returns.iter().map(payment).collect();
        for ((at, number, reason, fault), before) in returns.iter().zip(before) {
            let minor = i64::from(before.pay.minor);
            let amount = minor - i64::from(*fault == Fault::Amount && minor > 1);
            let is_known_there = *fault != Fault::Account;
            // What its bank has said that it gives back is no news when it comes.
            let payment = &mut self.model.batches[*at].payments[*number];
            let account = before.account_named(*fault);
            if is_known_there && payment.arrives(amount, true) {
                continue;
            }
            let is_right = is_known_there && amount == minor && !payment.is_over(&account);
            if is_right && self.model.take_back(*at, *number, amount, reason) {
                booked += 1;
            } else {
                self.strays.push(Stray { batch: *at, number: *number, amount, reason, account, times: before.times() });
                listed += 1;
            }
        }
        let went_on = self.model.end_booking();
        self.written.extend(went_on);
        if !told.was_struck {
            let told = (told.told.booked, told.told.listed);
            assert_eq!(told, (booked, listed), "{returns:?}");
        }
        // Banks close what they have closed.
        (0..PERSONS.len()).for_each(|payee| self.learn(payee, "console"));
    }

    /// A bank's message once more: nothing comes back twice.
    pub fn say_again(&mut self, index: Index, disturbance: Disturbance) {
        if self.said.is_empty() {
            return;
        }
        let (is_of_returns, xml) = self.said[index.index(self.said.len())].clone();
        self.give(disturbance, |writer, env| {
            if is_of_returns {
                assert_eq!(place::import_returns(writer, &xml, None, &env()).booked, 0);
            } else {
                assert_eq!(place::answer(writer, &xml, &env()).taken, []);
            }
        });
        (0..PERSONS.len()).for_each(|payee| self.learn(payee, "console"));
    }

    /// A person decides about a return of which nobody knew whose it was.
    pub fn explain(&mut self, index: Index, is_it: bool, disturbance: Disturbance) {
        let listed = strays(&mut self.writer, None, STRAYS_MAX, &console()).unwrap().returns;
        assert_eq!(listed.len(), self.strays.len(), "the work list");
        if listed.is_empty() {
            return;
        }
        let index = index.index(listed.len());
        let stray = self.strays[index].clone();
        let (at, number) = (stray.batch, stray.number);
        let (name, batch) = (listed[index].id.clone(), &self.model.batches[at]);
        let payment = is_it.then(|| (batch.name.clone(), batch.payments[number].id.clone()));
        let told = self.give(disturbance, |writer, env| {
            let payment = payment.as_ref().map(|(batch, id)| (batch.as_str(), id.as_str()));
            let wanted = SettleReturn { stray: &name, payment, why: "The bank was asked", out: None, once: None };
            place::code(settle_return(writer, &wanted, &console(), &env())).map(|_| ())
        });
        let is_booked = !is_it || self.is_explained(&stray);
        self.model.end_booking();
        let done_before = told.was_struck && told.told == Err("return.settled".to_owned());
        assert_eq!(told.told.is_ok() || done_before, is_booked, "{:?}", told.told);
        if is_booked {
            self.strays.remove(index);
        }
        (0..PERSONS.len()).for_each(|payee| self.learn(payee, "console"));
    }

    /// What a person says of a return: it brings what was promised, or more, or nothing of that.
    fn is_explained(&mut self, Stray { batch, number, amount, reason, account, times }: &Stray) -> bool {
        let payment = &mut self.model.batches[*batch].payments[*number];
        let is_asked_for = *reason == "FOCR";
        // It cannot be of a time after it came.
        let is_over = payment.times() > *times || payment.is_over(account);
        if is_over && !is_asked_for {
            return false;
        }
        if payment.arrives(*amount, !is_asked_for) {
            return true;
        }
        let last = payment.left.len();
        let of_last = payment.promised.iter().filter(|one| one.time == last).map(|one| one.amount).sum::<i64>();
        if is_over {
            return false;
        }
        if self.model.take_back(*batch, *number, *amount, reason) {
            return true;
        }
        // More than is left besides what was promised: it brings that as well.
        let brings_all =
            (1..*amount).contains(&of_last) && self.model.take_back(*batch, *number, amount - of_last, reason);
        if brings_all {
            self.model.batches[*batch].payments[*number].promised.retain(|one| one.time != last);
        }
        brings_all
    }

    pub fn retry(&mut self, index: Index, part: Part, to_files: bool, disturbance: Disturbance) {
        let is_back = |payment: &Payment| matches!(payment.state, State::Returned(_));
        let has_sent = |payment: &Payment| !payment.left.is_empty();
        let with = |is: &dyn Fn(&Payment) -> bool| -> Vec<usize> {
            let all = 0..self.model.batches.len();
            all.filter(|at| self.model.batches[*at].payments.iter().any(is)).collect()
        };
        let (with_back, with_sent) = (with(&is_back), with(&has_sent));
        let of = if with_back.is_empty() { with_sent } else { with_back };
        if of.is_empty() {
            return;
        }
        let at = of[index.index(of.len())];
        let batch = &self.model.batches[at];
        let numbers = |is: &dyn Fn(&Payment) -> bool| -> Vec<usize> {
            (0..batch.payments.len()).filter(|number| is(&batch.payments[*number])).collect()
        };
        let (back, sent) = (numbers(&is_back), numbers(&has_sent));
        let of = if back.is_empty() { sent } else { back };
        let only = part.map(|part| of[part.index(of.len())]);
        let (name, id) = (batch.name.clone(), only.map(|number| batch.payments[number].id.clone()));
        // What is only promised is not there to be paid, and what arrives right before it becomes real was not there when it was asked.
        let owed: Vec<i64> = batch.payments.iter().map(Payment::owed).collect();
        let (ids, out) = (id.as_ref().map(std::slice::from_ref), self.door.out());
        let told = self.give(disturbance, |writer, env| {
            let out = to_files.then_some(&*out);
            let wanted = Retry { batch: &name, end_to_end_ids: ids, out, stages: None, once: None };
            place::code(retry(writer, &wanted, &console(), &env())).map(|retried| retried.left.len())
        });
        let batch = &self.model.batches[at];
        let came_back: Vec<usize> = (0..batch.payments.len())
            .filter(|number| is_back(&batch.payments[*number]) && only.is_none_or(|only| only == *number))
            .collect();
        let numbers: Vec<usize> = came_back.iter().copied().filter(|number| owed[*number] == 0).collect();
        let left = came_back.len() - numbers.len();
        let nothing = if only.is_some() { "batch.payment_not_returned" } else { "batch.nothing_returned" };
        // A payment that was to wait until something else happened, right before, has had the file kept.
        let is_kept = batch.is_kept() || (batch.is_blurred && told.told.is_ok());
        let expected = match () {
            () if came_back.is_empty() => Err(nothing),
            () if numbers.is_empty() => Err("batch.promised"),
            () if !is_kept => Err("batch.input_not_kept"),
            () => Ok(left),
        };
        self.done.promised += left as u64;
        let nothing_more = if left > 0 { "batch.promised" } else { nothing };
        let done_before = told.was_struck && told.told == Err(nothing_more.to_owned());
        assert!(told.told == expected.map_err(str::to_owned) || (expected.is_ok() && done_before), "{:?}", told.told);
        if expected.is_err() {
            return;
        }
        self.model.retry(at, &numbers);
        if told.told.is_err() {
            // It was struck between: whoever looks next lets it go.
            return self.settle(to_files, Disturbance::None);
        }
        let stage = self.model.batches[at].stages.len();
        if self.model.batches[at].is_open(self.model.now) && self.model.rule(at, false) && to_files {
            self.written.insert((at, stage));
        }
    }

    /// Somebody says that promised money is there.
    pub fn confirm(&mut self, index: Index, disturbance: Disturbance) {
        let all = self.model.batches.iter().enumerate().flat_map(|(at, batch)| {
            let of_it = batch.payments.iter().enumerate();
            of_it.map(move |(number, payment)| (at, number, payment.owed(), payment.promised.len()))
        });
        let all: Vec<_> = all.collect();
        let owed: Vec<_> = all.iter().copied().filter(|(_, _, owed, promises)| owed + *promises as i64 > 0).collect();
        let of = if owed.is_empty() { all } else { owed };
        if of.is_empty() {
            return;
        }
        let (at, number, owed, _) = of[index.index(of.len())];
        let (name, id) = (self.model.batches[at].name.clone(), self.model.batches[at].payments[number].id.clone());
        // One that shares its id is known by the first of them.
        if self.model.batches[at].payments[number].is_double {
            return;
        }
        let told = self.give(disturbance, |writer, env| place::confirm(writer, &name, &id, &env()));
        let nothing = Err("recall.not_promised".to_owned());
        let expected = if owed > 0 { Ok(()) } else { nothing.clone() };
        assert!(told.told == expected || (told.was_struck && told.told == nothing), "{:?}", told.told);
        self.done.confirmed += u64::from(owed > 0);
        for promise in &mut self.model.batches[at].payments[number].promised {
            promise.is_there = true;
        }
    }

    pub fn pay_waiting(&mut self, index: Index, to_files: bool, disturbance: Disturbance) {
        if self.model.batches.is_empty() {
            return;
        }
        let at = index.index(self.model.batches.len());
        let (name, out) = (self.model.batches[at].name.clone(), self.door.out());
        let told = self.give(disturbance, |writer, env| {
            pay_waiting(writer, &name, to_files.then_some(&*out), &console(), &env()).unwrap().len()
        });
        let stage = self.model.batches[at].stages.len();
        let is_paid = self.model.pay_waiting(at);
        assert!(told.was_struck || (told.told > 0) == is_paid);
        if is_paid {
            self.written.insert((at, stage));
        }
    }

    pub fn recall(&mut self, index: Index, part: Part) {
        let has_sent = |at: &usize| self.model.batches[*at].payments.iter().any(|payment| !payment.left.is_empty());
        let batches: Vec<usize> = (0..self.model.batches.len()).filter(has_sent).collect();
        if batches.is_empty() {
            return;
        }
        let at = batches[index.index(batches.len())];
        let batch = &self.model.batches[at];
        let sent: Vec<usize> =
            (0..batch.payments.len()).filter(|number| !batch.payments[*number].left.is_empty()).collect();
        let meant = part.map_or_else(|| sent.clone(), |part| vec![sent[part.index(sent.len())]]);
        let ids: Vec<String> = meant.iter().map(|number| batch.payments[*number].id.clone()).collect();
        let name = batch.name.clone();
        let told = self.give(Disturbance::None, |writer, env| place::recall(writer, &name, &ids, &env())).told;
        let can_be = |number: &usize| {
            let state = &self.model.batches[at].payments[*number].state;
            matches!(state, State::Routed(_) | State::Passed) && !self.model.is_asked_back(at, *number)
        };
        let expected: BTreeSet<usize> = meant.into_iter().filter(can_be).collect();
        let asked: BTreeSet<usize> = told.iter().flat_map(|(_, numbers)| numbers.iter().copied()).collect();
        assert_eq!(asked, expected, "what is asked back of batch {at}");
        for (name, numbers) in told {
            let left = |number: &usize| {
                let payment = &self.model.batches[at].payments[*number];
                (*number, i64::from(payment.pay.minor) - payment.back)
            };
            let asked = numbers.iter().map(left).collect();
            let times = |number: &usize| (*number, self.model.batches[at].payments[*number].left.len());
            let times = numbers.iter().map(times).collect();
            let payments = numbers.into_iter().map(|number| (number, (0, None))).collect();
            self.model.recalls.push(Recall { name, batch: at, payments, asked, times });
        }
    }

    pub fn answer(&mut self, recall: Index, of: Index, says: Says, disturbance: Disturbance) {
        if self.model.recalls.is_empty() {
            return;
        }
        let at = recall.index(self.model.recalls.len());
        let Recall { name, batch, payments, .. } = &self.model.recalls[at];
        let number = *payments.keys().nth(of.index(payments.len())).unwrap();
        let payment = &self.model.batches[*batch].payments[number];
        let (paid, id, currency) = (i64::from(payment.pay.minor), &payment.id, payment.currency());
        let (status, amount) = match says {
            Says::Accepted => ("ACCR", Some(paid)),
            Says::Refused => ("RJCR", Some(0)),
            Says::Partly(hundredths) => ("ACCR", Some((paid * hundredths / 100).max(1))),
            Says::Pending => ("PDCR", None),
        };
        let comes_back = match (says, amount) {
            (Says::Partly(_), Some(amount)) => format!(
                "<RsltnRltdInf><IntrBkSttlmAmt Ccy=\"{currency}\">{}</IntrBkSttlmAmt></RsltnRltdInf>",
                decimal(amount)
            ),
            _ => String::new(),
        };
        let message_id = format!("A{}", self.said.len());
        let xml = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.029.001.09\"><RsltnOfInvstgtn><Assgnmt><Id>{message_id}</Id>\
             <Assgnr><Agt><FinInstnId><BICFI>EKSBDK22</BICFI></FinInstnId></Agt></Assgnr>\
             <Assgne><Agt><FinInstnId><BICFI>EKSBDK22</BICFI></FinInstnId></Agt></Assgne>\
             <CreDtTm>2026-12-27T08:00:00Z</CreDtTm></Assgnmt><Sts><Conf>PECR</Conf></Sts><CxlDtls><TxInfAndSts>\
             <RslvdCase><Id>{name}</Id><Cretr><Pty><Nm>The registry</Nm></Pty></Cretr></RslvdCase>\
             <OrgnlEndToEndId>{id}</OrgnlEndToEndId><TxCxlSts>{status}</TxCxlSts>{comes_back}</TxInfAndSts></CxlDtls>\
             </RsltnOfInvstgtn></Document>\n"
        );
        let told = self.give(disturbance, |writer, env| place::answer(writer, &xml, &env()));
        self.said.push((false, xml));
        let is_booked = amount.is_some_and(|amount| self.model.answer(at, number, amount));
        self.model.end_booking();
        if !told.was_struck {
            let [taken] = &*told.told.taken else { panic!("{:?}", told.told) };
            assert_eq!(taken.booked.is_some(), is_booked, "{taken:?}");
        }
    }
}

/// That the account which a file names itself is one.
const _: () = assert!(NAMED.len() == 18);

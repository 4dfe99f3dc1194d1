//! Does what people do, and says what must become of it.

use crate::acts::{Act, Change, Disturbance, File, Part, Pay, Step, To, Which, Who};
use crate::model::{ACCOUNT_TEXTS, AGREED, Batch, NAMED, PERSONS, Payment, Standing, State, iban};
use crate::place::{self, CameIn};
use crate::world::World;
use denmark::calendar::copenhagen_date;
use jiff::ToSpan;
use kernel::{Actor, Timestamp};
use payout::commands::{Cancel, LetGo, cancel};
use registry::commands::{ContestAccounts, RefuseDesignation, Settle};
use registry::payee::PayeeId;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

const HOUR: i64 = 3_600_000_000;

impl World {
    pub fn perform(&mut self, step: &Step) {
        let disturbance = step.disturbance;
        // These are done at once, or are not about payments: nothing comes between.
        let alone = if matches!(disturbance, Disturbance::Meanwhile(_)) { Disturbance::None } else { disturbance };
        match &step.act {
            Act::File(file) => self.bring(file, disturbance),
            Act::Again(index, other) => {
                if !self.model.batches.is_empty() {
                    self.bring_again(index.index(self.model.batches.len()), *other, alone);
                }
            }
            Act::Release(which, approves, who, to_files) => {
                if let Some(at) = self.which(*which) {
                    self.release(at, *approves, *who, *to_files, disturbance);
                }
            }
            Act::Settle(to_files) => self.settle(*to_files, disturbance),
            Act::Cancel(which, part) => self.cancel(*which, *part, disturbance),
            Act::Stop(which, part, resumes) => self.stop(*which, *part, *resumes, alone),
            Act::Change(change) => self.change(change, alone),
            Act::Refuse(payee) => self.refuse(*payee),
            Act::TakeEffect => self.take_effect(),
            Act::Die(payee) => {
                self.give(alone, |writer, env| place::die(writer, *payee, &env()));
                self.model.dies(*payee);
                self.learn(*payee, "");
            }
            Act::Contest(payee) => self.contest(*payee, alone),
            Act::Mark(account, days) => self.mark(*account, *days),
            Act::Unmark(account) => self.unmark(*account),
            Act::Controls(pending, days, waits) => self.control(*pending, *days, *waits),
            Act::WaitHours(hours) => self.model.now += hours * HOUR,
            Act::WaitCutOff(which, before) => {
                let cut_off = self.which(*which).and_then(|at| self.model.batches[at].cut_off());
                if let Some(at) = cut_off.filter(|at| *at > self.model.now) {
                    self.model.now = (at - i64::from(*before)).max(self.model.now);
                }
            }
            Act::Return(backs) => self.take_returns(backs, alone),
            Act::SayAgain(index) => self.say_again(*index, alone),
            Act::Retry(index, part, to_files) => self.retry(*index, *part, *to_files, disturbance),
            Act::Confirm(index) => self.confirm(*index, alone),
            Act::Explain(index, is_it) => self.explain(*index, *is_it, alone),
            Act::PayWaiting(index, to_files) => self.pay_waiting(*index, *to_files, alone),
            Act::Recall(index, part) => self.recall(*index, *part),
            Act::Answer(recall, of, says) => self.answer(*recall, *of, *says, alone),
            Act::Look => self.look(),
        }
    }

    fn bring(&mut self, file: &File, disturbance: Disturbance) {
        let number = self.model.batches.len();
        let (message_id, agreed) = (format!("M{number}"), &AGREED[file.payer]);
        let last = file.pays.len() - 1;
        let payment = |(at, pay): (usize, &Pay)| {
            let is_double = file.doubles && at == last && last > 0;
            let id = format!("E{number}-{}", if is_double { 0 } else { at });
            Payment {
                id,
                pay: *pay,
                is_double,
                state: State::Held(None),
                left: Vec::new(),
                returned: 0,
                moved: 0,
                came_to_lie: 0,
                back: 0,
                promised: Vec::new(),
            }
        };
        let payments: Vec<Payment> = file.pays.iter().enumerate().map(payment).collect();
        let xml = written(&message_id, &payments, self.model.now);
        let (door, how, meant) = (self.door.clone(), (file.holds, file.is_uploaded), self.done.meanwhile);
        let told = self.give(disturbance, |writer, env| place::bring(writer, &door, (agreed, &xml), how, &env()));
        let CameIn::Taken { batch: name, is_duplicate } = told.told else { panic!("{:?}", told.told) };
        assert!(told.was_struck || !is_duplicate);
        self.model.come_in(Batch {
            name,
            payer: file.payer,
            received: self.model.now,
            holds: file.holds,
            is_uploaded: file.is_uploaded,
            message_id,
            xml,
            needs_two: false,
            payments,
            asked: Vec::new(),
            approved: Vec::new(),
            asked_last: None,
            tried: BTreeMap::new(),
            gone_on: None,
            resumed: BTreeMap::new(),
            is_stopped: false,
            stopped: BTreeSet::new(),
            stages: Vec::new(),
            is_blurred: self.done.meanwhile > meant,
        });
        if !file.is_uploaded {
            self.written.insert((number, 0));
        }
        self.done.files += 1;
        self.done.payments += file.pays.len() as u64;
    }

    fn bring_again(&mut self, at: usize, other: bool, disturbance: Disturbance) {
        let Batch { name, payer, xml, holds, is_uploaded, .. } = &self.model.batches[at];
        let xml = if other { xml.replace("<Nm>Payer</Nm>", "<Nm>Other</Nm>") } else { xml.clone() };
        let (agreed, how, name, door) = (&AGREED[*payer], (*holds, *is_uploaded), name.clone(), self.door.clone());
        let told = self.give(disturbance, |writer, env| place::bring(writer, &door, (agreed, &xml), how, &env()));
        match told.told {
            CameIn::Taken { batch, is_duplicate: true } => assert_eq!((other, batch), (false, name)),
            CameIn::Refused(code) => assert_eq!((other, &*code), (true, "DU01")),
            told @ CameIn::Taken { .. } => panic!("{told:?}"),
        }
    }

    fn release(&mut self, at: usize, approves: bool, who: Who, to_files: bool, disturbance: Disturbance) {
        let batch = &self.model.batches[at];
        let (name, by, out) = (batch.name.clone(), place::actor(who, batch.agreed()), self.door.out());
        let (as_what, out) = (if approves { LetGo::Approve } else { LetGo::Ask }, to_files.then_some(&*out));
        let told = self.give(disturbance, |writer, env| place::let_go(writer, &name, as_what, (out, &by), &env()));
        let now = self.model.now;
        let batch = &mut self.model.batches[at];
        let (stages, held) = (batch.stages.len(), batch.held());
        // Of what lies in the waiting account, and nothing else is held, it is noted alone.
        let lies = batch.payments.iter().any(|payment| matches!(payment.state, State::Waiting(_)));
        let is_said = held > 0 || (lies && batch.is_noted(by.name(), approves, now));
        let expected = match () {
            () if !is_said && (stages == 1 || !to_files) => Err("batch.nothing_held"),
            () if !is_said || !approves => Ok(()),
            () if !batch.needs_two || batch.asked_last.is_none() => Err("batch.not_asked"),
            () if batch.asked_last.as_deref() == Some(by.name()) => Err("batch.own"),
            () => Ok(()),
        };
        let done_before = told.was_struck && told.told == Err("batch.nothing_held".to_owned());
        assert!(told.told == expected.map_err(str::to_owned) || (expected.is_ok() && done_before), "{:?}", told.told);
        if expected.is_ok() && is_said {
            let said = batch.let_go(by.name(), approves, now);
            if held > 0 && batch.is_open(now) && self.model.rule(at, said) && to_files {
                self.written.insert((at, stages));
            }
        }
    }

    pub fn settle(&mut self, to_files: bool, disturbance: Disturbance) {
        let out = self.door.out();
        let out = to_files.then_some(&*out);
        let meant = self.done.meanwhile;
        let mut looked_at = self.model.clone();
        self.give(disturbance, |writer, env| place::settle(writer, out, env));
        if self.done.meanwhile > meant {
            // What was looked at before that happened is looked at again.
            self.give(Disturbance::None, |writer, env| place::settle(writer, out, env));
        }
        // An account is closed for a return of which whoever booked it was killed.
        (0..PERSONS.len()).for_each(|payee| self.learn(payee, "console"));
        let before: Vec<usize> = self.model.batches.iter().map(|batch| batch.stages.len()).collect();
        if self.done.meanwhile > meant {
            // What could leave the waiting account was seen before that happened, and what goes back for it only after.
            for at in 0..looked_at.batches.len() {
                let batch = &looked_at.batches[at];
                let is_due = batch.held() > 0 && batch.is_open(looked_at.now) && looked_at.rule(at, false);
                if !is_due && looked_at.pay_waiting(at) {
                    self.model.pay_waiting(at);
                }
            }
        }
        self.model.settle();
        for (at, before) in before.into_iter().enumerate() {
            // Where nobody said where to, they are written at the end.
            self.written.extend((before..self.model.batches[at].stages.len()).map(|stage| (at, stage)));
        }
    }

    /// The payments that are meant, of which each is as it must be; and by which id.
    fn meant_of(&self, at: usize, part: Part, is: fn(&State) -> bool) -> (Vec<usize>, Option<String>) {
        let payments = &self.model.batches[at].payments;
        let id = part.map(|index| payments[index.index(payments.len())].id.clone());
        let is_meant = |number: &usize| {
            let payment = &payments[*number];
            is(&payment.state) && id.as_ref().is_none_or(|id| *id == payment.id)
        };
        ((0..payments.len()).filter(is_meant).collect(), id)
    }

    fn cancel(&mut self, which: Which, part: Part, disturbance: Disturbance) {
        let Some(at) = self.which(which) else { return };
        let (name, (_, id)) = (self.model.batches[at].name.clone(), self.meant_of(at, part, State::is_held));
        let ids = id.as_ref().map(std::slice::from_ref);
        let told = self.give(disturbance, |writer, env| {
            let wanted = Cancel { batch: &name, end_to_end_ids: ids, stages: None, once: None };
            place::code(cancel(writer, &wanted, &Actor::console(), &env())).map(|_| ())
        });
        let (numbers, _) = self.meant_of(at, part, State::is_held);
        let refusal = if id.is_some() { "batch.payment_not_held" } else { "batch.nothing_held" };
        let expected = if numbers.is_empty() { Err(refusal.to_owned()) } else { Ok(()) };
        let done_before = told.was_struck && told.told == Err(refusal.to_owned());
        assert!(told.told == expected || done_before, "{:?}", told.told);
        if expected.is_ok() {
            self.model.cancel(at, &numbers);
        }
    }

    fn stop(&mut self, which: Which, part: Part, resumes: bool, disturbance: Disturbance) {
        let Some(at) = self.which(which) else { return };
        let (name, (numbers, id)) = (self.model.batches[at].name.clone(), self.meant_of(at, part, State::may_leave));
        let told = self.give(disturbance, |writer, env| {
            place::stop(writer, &name, id.as_ref(), resumes, (&Actor::console(), &env()))
        });
        let batch = &mut self.model.batches[at];
        let is_stopped = match numbers.first().filter(|_| id.is_some()) {
            Some(number) => batch.stopped.contains(number),
            None => batch.is_stopped,
        };
        let so_already = if resumes { "batch.not_stopped" } else { "batch.stopped" };
        let expected = match () {
            () if numbers.is_empty() && id.is_some() => Err("batch.payment_not_held"),
            () if numbers.is_empty() => Err("batch.nothing_held"),
            () if is_stopped != resumes => Err(so_already),
            () => Ok(()),
        };
        let done_before = told.was_struck && told.told == Err(so_already.to_owned());
        assert!(told.told == expected.map_err(str::to_owned) || (expected.is_ok() && done_before), "{:?}", told.told);
        if expected.is_ok() {
            if resumes {
                let about = numbers.first().copied().filter(|_| id.is_some());
                batch.resumed.insert(about, (batch.asked.len(), batch.approved.len()));
            }
            match (id, resumes) {
                (None, _) => batch.is_stopped = !resumes,
                (Some(_), false) => batch.stopped.extend(numbers),
                (Some(_), true) => batch.stopped.retain(|number| !numbers.contains(number)),
            }
            if resumes {
                batch.goes_on();
            }
        }
    }

    fn change(&mut self, change: &Change, disturbance: Disturbance) {
        let number = self.chance;
        let told = self.give(disturbance, |writer, env| place::change(writer, change, number, &env()));
        let by = place::actor(change.by, &AGREED[0]);
        self.changed(change, told.told, by.name());
    }

    fn contest(&mut self, payee: usize, disturbance: Disturbance) {
        let (officer, id) = (Actor::operator("vera"), PayeeId::parse(PERSONS[payee]).unwrap());
        let told = self.give(disturbance, |writer, env| {
            let command = ContestAccounts { payee: id };
            place::code(writer.execute(&command, &officer, &env())).map(|contested| contested.frozen.len())
        });
        let standing = self.model.persons[payee].rows.last().map(|row| row.standing);
        self.learn(payee, officer.name());
        let is_frozen = standing == Some(Standing::InForce);
        let is_contested = is_frozen || standing == Some(Standing::Frozen);
        assert!(told.was_struck || told.told == Ok(usize::from(is_frozen)), "{:?} {standing:?}", told.told);
        let after = self.model.persons[payee].rows.last().map(|row| row.standing);
        assert_eq!(after, if is_contested { Some(Standing::Contested) } else { standing });
    }

    fn refuse(&mut self, payee: usize) {
        let Some(proposal) = self.model.persons[payee].proposal.clone() else { return };
        let (proposal, why, officer) = (proposal.id, "The payee was called".to_owned(), Actor::operator("otto"));
        let command = RefuseDesignation { proposal, why, officer: officer.clone(), is_synthetic: true };
        let _ = self.give(Disturbance::None, |writer, env| place::code(writer.execute(&command, &officer, &env())));
        self.learn(payee, "");
    }

    fn take_effect(&mut self) {
        let now = Timestamp::from_micros(self.model.now);
        self.give(
            Disturbance::None,
            |writer, env| {
                while writer.execute(&Settle { now }, &Actor::console(), &env()).unwrap().more {}
            },
        );
        (0..PERSONS.len()).for_each(|payee| self.learn(payee, ""));
    }

    fn mark(&mut self, account: usize, days: i64) {
        if !self.can_mark(account) {
            return;
        }
        let until = self.model.today().saturating_add(days.days());
        let name = self.give(Disturbance::None, |writer, env| place::mark(writer, account, until, env)).told;
        self.marks.insert(iban(ACCOUNT_TEXTS[account]), name);
        self.marked(account, Some(until));
    }

    fn unmark(&mut self, account: usize) {
        let iban = iban(ACCOUNT_TEXTS[account]);
        let nothing_waits = self.model.persons.iter().all(|person| person.proposal.is_none());
        if !nothing_waits || !self.model.is_marked(&iban) {
            return;
        }
        let mark = self.marks[&iban].clone();
        self.give(Disturbance::None, |writer, env| place::unmark(writer, &mark, env));
        self.marked(account, None);
    }

    fn control(&mut self, pending: bool, days: u16, waits: bool) {
        // What waits goes on waiting for what it was told.
        let nothing_waits = self.model.persons.iter().all(|person| person.proposal.is_none());
        let waits = if nothing_waits { waits } else { self.model.changes_wait };
        let changes = [
            format!("hold_pending={}", if pending { "always" } else { "never" }),
            format!("hold_after_change={days}"),
            format!("wait_caseworker={}", u8::from(waits)),
        ];
        self.give(Disturbance::None, |writer, env| place::control(writer, &changes, &env()));
        (self.model.holds_pending, self.model.hold_days, self.model.changes_wait) = (pending, days, waits);
    }
}

/// The file as a payer writes it.
fn written(message_id: &str, payments: &[Payment], now: i64) -> String {
    let decimal = |minor: u32| format!("{}.{:02}", minor / 100, minor % 100);
    let sum = decimal(payments.iter().map(|payment| payment.pay.minor).sum());
    let count = payments.len();
    let tomorrow = copenhagen_date(Timestamp::from_micros(now).to_jiff()).tomorrow().unwrap();
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.001.001.09\"><CstmrCdtTrfInitn>\n\
         <GrpHdr><MsgId>{message_id}</MsgId><CreDtTm>2026-12-22T08:00:00Z</CreDtTm><NbOfTxs>{count}</NbOfTxs>\
         <CtrlSum>{sum}</CtrlSum><InitgPty><Nm>Payer</Nm></InitgPty></GrpHdr>\n\
         <PmtInf><PmtInfId>B</PmtInfId><PmtMtd>TRF</PmtMtd><NbOfTxs>{count}</NbOfTxs><CtrlSum>{sum}</CtrlSum>\
         <ReqdExctnDt><Dt>{tomorrow}</Dt></ReqdExctnDt><Dbtr><Nm>Payer</Nm></Dbtr>\
         <DbtrAcct><Id><IBAN>DK5000400440116243</IBAN></Id></DbtrAcct>\
         <DbtrAgt><FinInstnId><BICFI>EKSBDK22</BICFI></FinInstnId></DbtrAgt>\n"
    );
    for payment in payments {
        let (id, amount, currency) = (&payment.id, decimal(payment.pay.minor), payment.currency());
        let _ = writeln!(
            xml,
            "<CdtTrfTxInf><PmtId><EndToEndId>{id}</EndToEndId></PmtId><Amt><InstdAmt Ccy=\"{currency}\">{amount}\
             </InstdAmt></Amt>{}</CdtTrfTxInf>",
            creditor(payment.pay.to)
        );
    }
    xml + "</PmtInf>\n</CstmrCdtTrfInitn></Document>\n"
}

fn creditor(to: To) -> String {
    let of = |element: &str, scheme: &str, issuer: &str, number: &str| {
        format!(
            "<Cdtr><Id><{element}><Othr><Id>{number}</Id><SchmeNm><Cd>{scheme}</Cd></SchmeNm>\
             <Issr>{issuer}</Issr></Othr></{element}></Id></Cdtr>"
        )
    };
    match to {
        To::Nobody => of("PrvtId", "NIDN", "CPR", "7201701235"),
        To::Named => format!("<Cdtr><Nm>Somebody</Nm></Cdtr><CdtrAcct><Id><IBAN>{NAMED}</IBAN></Id></CdtrAcct>"),
        To::Payee(payee) => match PERSONS[payee].split_once(':').unwrap() {
            ("cpr", number) => of("PrvtId", "NIDN", "CPR", number),
            (_, number) => of("OrgId", "COID", "CVR", number),
        },
    }
}

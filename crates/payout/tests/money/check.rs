//! Holds the store, the files and the sums against what is believed.

use crate::acts::{Disturbance, Who};
use crate::backing::decimal;
use crate::bank::{Completed, Order, Told, report};
use crate::model::{AGREED, Agreed, Batch, Fate, Payment, Stage, State};
use crate::place::{self, BANK};
use crate::world::{World, console};
use denmark::calendar::copenhagen_date;
use kernel::{Actor, Error, Role, Timestamp};
use payout::commands::LetGo;
use payout::queries::{HoldView, balance, completed_for_bank, files_for_bank_after, report_of, show, write_completed};
use payout::rendering::Rendering;
use std::collections::BTreeSet;

/// Who can do something about a payment that waits, and what ends it.
const HOLDS: [(&str, &str, &str, &str); 7] = [
    ("no_account", "AC03", "payee", "account_designated"),
    ("frozen", "AC06", "agency", "account_unfrozen_or_replaced"),
    ("marked", "FR01", "contact", "mark_ended"),
    ("change_pending", "NARR", "payee", "change_ended"),
    ("recent_change", "AC15", "agency", "time"),
    ("stopped", "MS02", "payer", "resumed_or_cancelled"),
    ("own_change", "DS0H", "payer", "released_by_another"),
];

fn hold(reason: &str) -> &'static (&'static str, &'static str, &'static str, &'static str) {
    HOLDS.iter().find(|(known, ..)| *known == reason).unwrap_or_else(|| panic!("{reason}"))
}

/// All of what is rendered.
fn whole(mut rendering: Rendering) -> String {
    let mut all = Vec::new();
    while let Some(piece) = rendering.next_piece().unwrap() {
        all.extend(piece);
    }
    String::from_utf8(all).unwrap()
}

impl Batch {
    /// Our id of what is written at a stage.
    fn written_as(&self, stage: usize) -> String {
        if stage == 0 { self.name.clone() } else { format!("{}-{stage}", self.name) }
    }

    /// What stands in the completed file of a stage.
    fn orders(&self, stage: usize) -> Vec<Order> {
        let order = |payment: &Payment| {
            let (_, iban) = payment.left.iter().find(|(at, _)| *at == stage)?;
            Some(Order {
                end_to_end_id: payment.id.clone(),
                currency: payment.currency().to_owned(),
                minor: payment.pay.minor.into(),
                iban: iban.clone(),
            })
        };
        self.payments.iter().filter_map(order).collect()
    }

    /// What the payer is told of a stage.
    fn told(&self, stage: usize) -> Vec<Told> {
        let Agreed { is_public, .. } = *self.agreed();
        let Stage { states, of_record } = &self.stages[stage];
        if let Some(of_record) = of_record {
            let told = |(number, whole): (&usize, &bool)| match &states[*number] {
                State::Returned(code) if *whole => {
                    (self.payments[*number].id.clone(), "RJCT".to_owned(), Some((*code).to_owned()))
                }
                _ => (self.payments[*number].id.clone(), "ACSP".to_owned(), None),
            };
            let all = of_record.iter().filter(|(_, whole)| **whole);
            let some = of_record.iter().filter(|(_, whole)| !**whole);
            return all.chain(some).map(told).collect();
        }
        let private = |reason: &'static str| {
            if !is_public && ["marked", "change_pending", "recent_change", "own_change"].contains(&reason) {
                "MS03"
            } else {
                hold(reason).1
            }
        };
        let told = |(payment, state): (&Payment, &State)| {
            let (status, code) = match state {
                State::Routed(_) | State::Waiting(_) if is_public => ("ACSP", None),
                State::Routed(_) | State::Waiting(_) | State::Passed => return None,
                State::Held(reason) => ("PDNG", reason.map(private)),
                State::Rejected(code) | State::Returned(code) => ("RJCT", Some(*code)),
                State::Cancelled => ("RJCT", Some("DS02")),
            };
            Some((payment.id.clone(), status.to_owned(), code.map(str::to_owned)))
        };
        self.payments.iter().zip(states).filter_map(told).collect()
    }
}

impl World {
    /// What holds of every payment, and what is new for the banks.
    pub fn check(&mut self) {
        for at in 0..self.model.batches.len() {
            self.check_batch(at);
        }
        self.take_written();
    }

    fn check_batch(&mut self, at: usize) {
        let (name, now) = (self.model.batches[at].name.clone(), Timestamp::from_micros(self.model.now));
        let (mut payments, mut stages) = (Vec::new(), 0);
        show(&mut self.writer, &name, &console(), now, |shown| {
            stages = usize::try_from(shown.view.stages).unwrap();
            shown.each_payment(|payment| {
                payments.push(payment);
                Ok(())
            })
        })
        .unwrap();
        let batch = &mut self.model.batches[at];
        if batch.is_blurred {
            // A stage was begun for what did not move in the end.
            while batch.stages.len() < stages + 1 {
                let states = batch.payments.iter().map(|payment| payment.state.clone()).collect();
                batch.stages.push(Stage { states, of_record: None });
            }
        }
        let batch = &self.model.batches[at];
        assert_eq!(stages + 1, batch.stages.len(), "stages of batch {at}");
        assert_eq!(payments.len(), batch.payments.len());
        for (number, (payment, told)) in batch.payments.iter().zip(payments).enumerate() {
            let context = || format!("payment {number} of batch {at}: {payment:?}, told {told:?}");
            assert_eq!((&told.end_to_end_id, told.state), (&payment.id, payment.state.name()), "{}", context());
            let owed = Some(payment.owed()).filter(|owed| *owed > 0).map(decimal);
            assert_eq!(told.promised, owed, "{}", context());
            let recorded = match &payment.state {
                State::Rejected(code) | State::Returned(code) => {
                    assert_eq!(told.code, Some(*code), "{}", context());
                    continue;
                }
                State::Held(recorded) => *recorded,
                State::Waiting(_) if matches!(self.model.fate(at, number), Fate::Waits(_)) => None,
                _ => {
                    assert_eq!(told.hold, None, "{}", context());
                    continue;
                }
            };
            let HoldView { reason, owner, ends, by, .. } = told.hold.as_ref().unwrap();
            let waits_for = match self.model.fate(at, number) {
                Fate::Waits(reason) => reason,
                // It leaves when somebody looks.
                _ if batch.is_blurred => continue,
                _ => recorded,
            };
            let Some(waits_for) = waits_for else {
                assert_eq!((*reason, *owner), ("release", "payer"), "{}", context());
                continue;
            };
            let (expected, _, owned_by, ended_by) = hold(waits_for);
            assert_eq!((reason, owner, ends), (expected, owned_by, ended_by), "{}", context());
            assert!(waits_for != "stopped" || recorded == Some("stopped") || by.is_some(), "{}", context());
        }
    }

    /// What a bank is given: what stands in it is what left then, and nothing that ever stood in it is another thing later.
    fn take(&mut self, at: usize, stage: usize, xml: String) {
        let batch = &self.model.batches[at];
        let completed = Completed::read(&xml);
        assert_eq!(completed.orders, batch.orders(stage), "the completed file of batch {at}, stage {stage}");
        let message_id = if stage == 0 { batch.message_id.clone() } else { batch.written_as(stage) };
        assert_eq!(completed.message_id, message_id);
        let before = self.given.entry((at, stage)).or_insert_with(|| xml.clone());
        assert!(*before == xml, "the completed file of batch {at}, stage {stage} is not what it was");
    }

    /// Takes what has its name in the folder for banks.
    fn take_written(&mut self) {
        let Ok(files) = std::fs::read_dir(self.door.out().join("bank")) else { return };
        for path in files.map(|file| file.unwrap().path()) {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let Some(written_as) = name.strip_suffix(".pain.001.xml") else { continue };
            let (batch, stage) = written_as.split_once('-').unwrap_or((written_as, "0"));
            let stage: usize = stage.parse().unwrap();
            let at = self.model.batches.iter().position(|known| known.name == batch);
            let at = at.unwrap_or_else(|| panic!("{name} is of no batch that anybody was told of"));
            if !self.given.contains_key(&(at, stage)) {
                self.take(at, stage, std::fs::read_to_string(path).unwrap());
            }
        }
    }

    /// The bank fetches its files, and payers ask where their money is.
    pub fn look(&mut self) {
        let fetched = self.fetched;
        let files = self.writer.read(|scope| files_for_bank_after(scope, BANK, fetched, 1_000)).unwrap();
        for file in files {
            self.fetched = Some(file.place);
            let (bank, stage) = (Actor::client(Role::Bank, BANK), usize::try_from(file.stage).unwrap());
            let rendering = completed_for_bank(&mut self.writer, BANK, &file.batch, file.stage, &bank).unwrap();
            let at = self.model.batches.iter().position(|batch| batch.name == file.batch).unwrap();
            assert_eq!(file.sent.payments as usize, self.model.batches[at].orders(stage).len());
            self.take(at, stage, whole(rendering));
        }
        self.balance();
    }

    fn balance(&mut self) {
        let day = |batch: &Batch| (batch.payer, copenhagen_date(Timestamp::from_micros(batch.received).to_jiff()));
        let days: BTreeSet<_> = self.model.batches.iter().map(day).collect();
        for (payer, day) in days {
            let client = place::actor(Who::Payer(false), &AGREED[payer]);
            let told = balance(&mut self.writer, AGREED[payer].name, day, &client).unwrap();
            let sums: Vec<_> = told
                .currencies()
                .map(|(currency, sums)| (currency.to_string(), sums.named().map(|(_, sum)| sum).collect::<Vec<i128>>()))
                .collect();
            let expected = self.model.balance(payer, day);
            let expected: Vec<_> =
                expected.into_iter().map(|(currency, sums)| (currency.to_owned(), sums.to_vec())).collect();
            assert_eq!(sums, expected, "{payer} {day}");
            assert!(told.agrees());
        }
    }

    /// All that can end has ended: then nothing waits that nothing keeps, every payment that left stands in one file that a bank has,
    /// and every report says what was recorded.
    pub fn end(&mut self) {
        self.settle(true, Disturbance::None);
        self.check();
        for at in 0..self.model.batches.len() {
            for (number, payment) in self.model.batches[at].payments.iter().enumerate() {
                let waits = matches!(self.model.fate(at, number), Fate::Waits(_));
                let is_open = self.model.batches[at].is_open(self.model.now);
                assert!(!payment.state.is_held() || waits || !is_open, "{payment:?}");
            }
        }
        self.write_all();
        self.look();
        self.take_all();
        self.verify();
        let payments = || self.model.batches.iter().flat_map(|batch| &batch.payments);
        self.done.left = payments().map(|payment| payment.left.len() as u64).sum();
        self.done.came_back = payments().map(|payment| payment.returned as u64).sum();
        self.done.sent_on = self.model.sent_on as u64;
        self.done.held_at_the_end = payments().filter(|payment| payment.state.is_held()).count() as u64;
        self.done.stages = self.model.batches.iter().map(|batch| batch.stages.len() as u64 - 1).sum();
    }

    /// What nobody has said where to write is written by whoever says so.
    fn write_all(&mut self) {
        let out = self.door.out();
        for at in 0..self.model.batches.len() {
            let name = self.model.batches[at].name.clone();
            let told = self.give(Disturbance::None, |writer, env| {
                place::let_go(writer, &name, LetGo::Settle, (Some(&out), &console()), &env())
            });
            let batch = &self.model.batches[at];
            let expected =
                if batch.held() == 0 && batch.stages.len() == 1 { Err("batch.nothing_held") } else { Ok(()) };
            assert_eq!(told.told, expected.map_err(str::to_owned));
        }
    }

    fn take_all(&mut self) {
        let out = self.door.out();
        for at in 0..self.model.batches.len() {
            for stage in 0..self.model.batches[at].stages.len() {
                let batch = self.model.batches[at].clone();
                let orders = batch.orders(stage);
                let path = out.join(format!("bank/{}.pain.001.xml", batch.written_as(stage)));
                let must_be_there = !orders.is_empty() && self.written.contains(&(at, stage));
                assert!(path.exists() || !must_be_there, "batch {at}, stage {stage} is not in its folder");
                let mut xml = Vec::new();
                let name = batch.name.clone();
                let told = write_completed(&mut self.writer, &name, i64::try_from(stage).unwrap(), &mut xml);
                match told {
                    Ok(()) => self.take(at, stage, String::from_utf8(xml).unwrap()),
                    Err(Error::Refused(refusal)) => match refusal.code {
                        "batch.nothing_completed" => assert!(orders.is_empty(), "{orders:?}"),
                        // Nothing ever waited.
                        "batch.input_not_kept" => assert_eq!(stage, 0),
                        code => panic!("{code}"),
                    },
                    Err(error) => panic!("{error}"),
                }
                if path.exists() {
                    self.take(at, stage, std::fs::read_to_string(path).unwrap());
                }
                self.check_report(at, stage);
            }
        }
        let given: Vec<Completed> = self.given.values().map(|xml| Completed::read(xml)).collect();
        let sent: Vec<&Order> = given.iter().flat_map(|completed| &completed.orders).collect();
        let payments = self.model.batches.iter().flat_map(|batch| &batch.payments);
        let mut left: Vec<&str> =
            payments.flat_map(|payment| payment.left.iter().map(|_| payment.id.as_str())).collect();
        let mut given: Vec<&str> = sent.iter().map(|order| order.end_to_end_id.as_str()).collect();
        left.sort_unstable();
        given.sort_unstable();
        assert_eq!(given, left, "what left is what a bank was given");
        // Net of what came back, nothing left twice.
        let payments = self.model.batches.iter().flat_map(|batch| &batch.payments);
        for payment in payments.filter(|payment| !payment.left.is_empty()) {
            let times = given.iter().filter(|id| **id == payment.id).count();
            assert_eq!(times - payment.returned - payment.moved, usize::from(payment.state.has_left()), "{payment:?}");
        }
    }

    fn check_report(&mut self, at: usize, stage: usize) {
        let batch = self.model.batches[at].clone();
        let client = place::actor(Who::Payer(false), batch.agreed());
        let told =
            report_of(&mut self.writer, batch.agreed().name, &batch.name, i64::try_from(stage).unwrap(), &client);
        let path = self.door.out().join(format!("payer/{}.pain.002.xml", batch.written_as(stage)));
        let written = std::fs::read_to_string(path).ok();
        let xml = match told {
            Ok(rendering) => {
                let xml = whole(rendering);
                assert!(written.is_none_or(|written| written == xml), "batch {at}, stage {stage}");
                xml
            }
            Err(error) => {
                assert_eq!(error.code(), "batch.input_not_kept");
                written.unwrap()
            }
        };
        if !batch.is_blurred {
            assert_eq!(report(&xml), batch.told(stage), "the report of batch {at}, stage {stage}");
        }
    }

    fn verify(&mut self) {
        let tables: Vec<_> = kernel::TABLES.iter().chain(registry::TABLES).chain(payout::TABLES).copied().collect();
        self.writer.read(|scope| kernel::journal::verify(scope, &tables, None, &mut |_| {})).unwrap();
        self.writer.read(payout::verify_index).unwrap();
    }
}

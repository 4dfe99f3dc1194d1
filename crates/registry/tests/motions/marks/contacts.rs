//! What the contact whom a payer has named is told of reports: once each, not too often, and nothing of whom or of what they are.

use super::*;
use kernel::{Id, Secrets};
use registry::commands::{Taken, Tried, tell_contacts};
use registry::payer_word::PERIOD_SECONDS;

const HOUR: i64 = PERIOD_SECONDS * 1_000_000;
const CARRIER: Carrier = Carrier { holder: Id::new(1) };
const NINA: &str = "email:nina@example.dk";

/// What was written to a contact: where, what, which report it names and how many others there are.
type Written = (String, NoticeKind, String, usize);

impl Town {
    fn name_contact(&mut self, payer: &str, contact: Option<&str>) {
        let named = self.0.writer.read(|scope| resolve::payer_by_name(scope, payer)).unwrap().unwrap().agreement;
        let terms = Terms { contact: contact.and_then(Contact::parse), ..named.terms.clone() };
        self.run(&AddPayer { agreement: Agreement { terms, ..named } }, &Actor::console()).unwrap();
    }

    /// The police suspect a payment of a payer to the mule's account.
    fn payment(&mut self, payer: &str, id: &str) -> String {
        let found = self.0.writer.read(|scope| resolve::payer_by_name(scope, payer)).unwrap().unwrap();
        let suspected = SuspectedPayout {
            batch: "0000000000001".to_owned(),
            end_to_end_id: id.to_owned(),
            payer: found.id,
            payee: Some(self.blind(BO)),
            account: registry::account::DesignatedAccount::from_text("0040-0000000077 DKK"),
        };
        self.report((operator("rita"), Source::Police), Suspected::Payout(Some(suspected))).unwrap()
    }

    /// What goes out to contacts now, and is taken.
    fn written(&mut self) -> Vec<Written> {
        let env = env(self.0.now);
        tell_contacts(&mut self.0.writer, &Actor::console(), &env).unwrap();
        let taken = CARRIER.take(&mut self.0.writer, Medium::Email, env.now, 100).unwrap();
        let tried: Vec<_> = taken.iter().map(|(id, _)| Tried { notice: *id, result: Ok(()) }).collect();
        CARRIER.tell(&mut self.0.writer, &tried, env.now).unwrap();
        let read = |(_, notice): Taken| {
            let new = notice.unwrap().new;
            let reports = new.details.reports.unwrap();
            assert_eq!((new.payee, new.details.account), (Blind::default(), None), "it is about nobody");
            (new.to.reveal(), new.kind, reports.first.name(), reports.others)
        };
        taken.into_iter().map(read).collect()
    }
}

fn to(contact: &str, kind: NoticeKind, report: &str, others: usize) -> Written {
    (contact.to_owned(), kind, report.to_owned(), others)
}

#[test]
fn a_payers_contact_is_told_what_waits_is_reminded_once_and_hears_of_the_mark() {
    use NoticeKind::{ReportMarkLifted, ReportMarked, ReportRouted, ReportUnanswered};
    let mut town = Town::new();
    town.name_contact("Authority", Some("Nina <nina@example.dk>"));
    // What goes to the agency, and to a payer that names nobody, is written to nobody.
    town.payment("Other", "E0");
    town.report((operator("rita"), Source::Police), Suspected::Account(account(MULE))).unwrap();
    assert_eq!(town.written(), []);
    let first = town.payment("Authority", "E1");
    assert_eq!(town.written(), [to(NINA, ReportRouted, &first, 0)]);
    town.0.now += 2 * HOUR;
    assert_eq!(town.written(), [], "it is told once");
    let shown =
        town.0.writer.read(|scope| queries::suspicion(scope, &operator("sven"), &first, Timestamp::from_micros(NOW)));
    assert!(shown.unwrap().contact_told.unwrap().starts_with("2026-11-23T09:00:00"), "and whoever answers sees when");
    let second = town.payment("Authority", "E2");
    assert_eq!(town.written(), [to(NINA, ReportRouted, &second, 0)]);
    let liv = Actor::caseworker("liv");
    town.acknowledge(&first, &liv).unwrap();
    // The next morning, of what nobody looks at: not before, and not again.
    town.0.now = NOW + DAY;
    assert_eq!(town.written(), []);
    town.0.now += 3 * HOUR;
    assert_eq!(town.written(), [to(NINA, ReportUnanswered, &second, 0)]);
    town.0.now += 7 * DAY;
    assert_eq!(town.written(), []);
    // What comes of it: the mark, that it lasts longer, and that it is lifted when its owner appeals.
    town.close(&first, Finding::Confirmed, &liv).unwrap();
    let mark = town.mark(&first, LATER, "anna").unwrap();
    assert_eq!(town.written(), [], "what is proposed marks nothing");
    town.approve(&mark, "bo").unwrap();
    assert_eq!(town.written(), [to(NINA, ReportMarked, &first, 0)]);
    town.0.now += 2 * HOUR;
    // Also when the agency's own report prolongs it, everybody whose report it came of hears of its end.
    let longer = town.found(MULE, Finding::Confirmed);
    let motion = town.mark(&longer, date(2027, 4, 1), "anna").unwrap();
    town.approve(&motion, "bo").unwrap();
    assert_eq!(town.written(), []);
    let bo = town.citizen(BO, Assurance::Substantial);
    for lifts in [false, true] {
        town.appeal(&mark, &bo).unwrap();
        town.decide(&mark, lifts, "cilla").unwrap();
    }
    assert_eq!(town.written(), [to(NINA, ReportMarkLifted, &first, 0)]);
    // And when two people end it.
    let again = town.mark(&first, LATER, "anna").unwrap();
    town.approve(&again, "bo").unwrap();
    town.0.now += 2 * HOUR;
    assert_eq!(town.written(), [to(NINA, ReportMarked, &first, 0)]);
    let end = town.propose(MarkChange::End { mark: Id::parse_name(&again).unwrap() }, "anna").unwrap();
    town.approve(&end, "bo").unwrap();
    assert_eq!(town.written(), [to(NINA, ReportMarkLifted, &first, 0)]);
    town.0.verify();
}

#[test]
fn many_reports_make_one_notice_an_hour_and_no_payer_waits_for_another() {
    use NoticeKind::{ReportRouted, ReportUnanswered};
    let mut town = Town::new();
    for (payer, contact) in [("Authority", "Nina <nina@example.dk>"), ("Other", "Ole <ole@example.dk>")] {
        town.name_contact(payer, Some(contact));
    }
    let first = town.payment("Authority", "E0");
    assert_eq!(town.written(), [to(NINA, ReportRouted, &first, 0)]);
    let flood: Vec<String> = (1..40).map(|at| town.payment("Authority", &format!("E{at}"))).collect();
    assert_eq!(town.written(), []);
    let others = town.payment("Other", "E0");
    assert_eq!(town.written(), [to("email:ole@example.dk", ReportRouted, &others, 0)]);
    town.0.now += HOUR / 2;
    // What somebody looks at meanwhile waits for nobody.
    town.acknowledge(&flood[0], &Actor::caseworker("kim")).unwrap();
    assert_eq!(town.written(), []);
    town.0.now += HOUR / 2;
    assert_eq!(town.written(), [to(NINA, ReportRouted, &flood[1], 37)]);
    town.0.now += 2 * HOUR;
    assert_eq!(town.written(), []);
    town.0.now += DAY;
    let reminded = town.written();
    let expected = [to(NINA, ReportUnanswered, &first, 38), to("email:ole@example.dk", ReportUnanswered, &others, 0)];
    assert_eq!(reminded, expected);
    town.0.now += 9 * DAY;
    assert_eq!(town.written(), []);
    town.0.verify();
}

#[test]
fn whoever_is_the_contact_then_is_told_and_nobody_where_there_is_none() {
    let mut town = Town::new();
    town.name_contact("Authority", Some("Nina <nina@example.dk>"));
    let first = town.payment("Authority", "E1");
    town.name_contact("Authority", Some("Ole <ole@example.dk>"));
    assert_eq!(town.written(), [to("email:ole@example.dk", NoticeKind::ReportRouted, &first, 0)]);
    town.name_contact("Authority", None);
    town.0.now += 2 * DAY;
    assert_eq!(town.written(), []);
    // What nobody was told is not told to whoever comes later: it may be long past.
    town.name_contact("Authority", Some("Nina <nina@example.dk>"));
    assert_eq!(town.written(), []);
    town.0.verify();
}

#[test]
fn of_many_processes_one_records_it() {
    let mut town = Town::new();
    town.name_contact("Authority", Some("Nina <nina@example.dk>"));
    let report = town.payment("Authority", "E1");
    let env = env(town.0.now);
    let writers: Vec<_> = (0..4).map(|_| town.0.writer.store.writer(Secrets::from_system()).unwrap()).collect();
    let told = |mut writer: kernel::Writer| move || tell_contacts(&mut writer, &Actor::console(), &env).unwrap();
    let threads: Vec<_> = writers.into_iter().map(|writer| std::thread::spawn(told(writer))).collect();
    let told: Vec<usize> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    assert_eq!(told.iter().sum::<usize>(), 1, "{told:?}");
    assert_eq!(town.written(), [to(NINA, NoticeKind::ReportRouted, &report, 0)]);
    town.0.verify();
}

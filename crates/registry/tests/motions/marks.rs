//! What somebody suspects, who answers it, which accounts are marked for it, and what their owners say.

use super::{DAY, code, env};
use crate::place::Place;
use denmark::{Account, Cvr};
use jiff::civil::{Date, date};
use kernel::{Actor, Assurance, Authenticator, Blind, Command, Login, PublicKey, Role, Timestamp, journal};
use registry::commands::{
    AcknowledgeSuspicion, AddCaseworker, AddPayer, AppealMark, Approve, ApproveDesignation, Carrier, ChangeAccounts,
    ChangeAnswer, CloseSuspicion, DecideAppeal, Propose, ReportSuspicion, Standing, Suspected, SuspectedPayout,
};
use registry::designation::Channel;
use registry::import::{Population, Source as _};
use registry::mark::MarkChange;
use registry::notice::{Medium, NoticeKind};
use registry::payee::PayeeId;
use registry::payer::{Agreement, NoAccount, PayerKind};
use registry::proposal::Unexpected;
use registry::queries::{self, WantedSuspicions};
use registry::resolve;
use registry::suspicion::{Finding, Reason, Source};
use registry::terms::{Contact, Terms};
use std::marker::PhantomData;

mod contacts;
mod histories;

const ANNA: &str = "cpr:6101701234";
const BO: &str = "cpr:6201701235";
const CARL: &str = "cpr:6301701236";
const WITHOUT: &str = "cpr:6401701237";
/// At the bank North, and no more than two people's.
const MULE: &str = "0040-77";
/// 2026-11-23T09:00:00Z, a Monday.
const NOW: i64 = 1_795_424_400_000_000;
const TODAY: Date = date(2026, 11, 23);
const LATER: Date = date(2027, 3, 31);

fn account(text: &str) -> Account {
    Account::parse(text).unwrap()
}

fn payee(text: &str) -> PayeeId {
    PayeeId::parse(text).unwrap()
}

fn operator(name: &str) -> Actor {
    Actor::operator(name)
}

fn bank(name: &str) -> (Actor, Source) {
    (Actor::client(Role::Bank, &format!("{name}'s system")), Source::Bank(name.to_owned()))
}

fn payer(name: &str) -> (Actor, Source) {
    (Actor::client(Role::PublicPayer, &format!("{name}'s system")), Source::Payer(name.to_owned()))
}

/// A town in which Bo and Carl have one account, and a thief may have asked for it.
struct Town(Place);

impl Town {
    fn new() -> Self {
        let mut place = Place::with_default_controls();
        let population = Population { vault: place.writer.store.vault().clone(), refuse_replacement_numbers: false };
        let rows: String = [ANNA, BO, CARL, WITHOUT]
            .map(|number| format!("{},Name,Vej 1,2100,By,DK,active,,\n", number.trim_start_matches("cpr:")))
            .concat();
        place.import(&population, format!("{}\n{rows}", Population::HEADER.join(",")).as_bytes());
        let rows = [(ANNA, "1020-1"), (BO, MULE), (CARL, MULE)];
        let rows = rows.map(|(payee, account)| format!("register,{payee},{account},,,,,"));
        let (counts, _) = place.accounts(&Channel::Operator, &rows);
        assert_eq!(counts.changed, 3);
        let mut town = Self(place);
        for name in ["Authority", "Other"] {
            let cvr = Cvr::parse("13748136").unwrap();
            let (kind, no_account) = (PayerKind::Public, NoAccount::Reject);
            let agreement =
                Agreement { name: name.to_owned(), cvr, kind, no_account, bank: None, terms: Terms::default() };
            town.run(&AddPayer { agreement }, &Actor::console()).unwrap();
        }
        for (byte, name, authority) in [(1, "kim", "Authority"), (2, "liv", "Authority"), (3, "max", "Other")] {
            let (name, authority, key) = (name.to_owned(), authority.to_owned(), PublicKey::from_bytes([byte; 32]));
            let add = AddCaseworker { name, key, authority, benefits: [].into(), in_person: byte == 1 };
            town.run(&add, &Actor::console()).unwrap();
        }
        town.0.now = NOW;
        town
    }

    fn run<C: Command>(&mut self, command: &C, actor: &Actor) -> Result<C::Output, &'static str> {
        self.0.now += 1000;
        let env = env(self.0.now);
        code(self.0.writer.execute(command, actor, &env))
    }

    fn report(&mut self, (actor, from): (Actor, Source), suspected: Suspected) -> Result<String, &'static str> {
        let (reason, text) = (Reason::StolenIdentity, "The customer rang".to_owned());
        let command = ReportSuspicion { actor: actor.clone(), from, suspected, reason, text, once: None };
        self.run(&command, &actor).map(|answer| answer.id)
    }

    fn acknowledge(&mut self, id: &str, officer: &Actor) -> Result<String, &'static str> {
        let command = AcknowledgeSuspicion { suspicion: id.to_owned(), officer: officer.clone(), is_synthetic: false };
        self.run(&command, officer).map(|answer| answer.state)
    }

    fn close(&mut self, id: &str, finding: Finding, officer: &Actor) -> Result<String, &'static str> {
        let (suspicion, why) = (id.to_owned(), "Rang them".to_owned());
        let command = CloseSuspicion { suspicion, finding, why, officer: officer.clone(), is_synthetic: false };
        self.run(&command, officer).map(|answer| answer.outcome.unwrap())
    }

    /// A report about an account, answered by two operators.
    fn found(&mut self, text: &str, finding: Finding) -> String {
        let id = self.report((operator("rita"), Source::Police), Suspected::Account(account(text))).unwrap();
        self.acknowledge(&id, &operator("sven")).unwrap();
        self.close(&id, finding, &operator("sven")).unwrap();
        id
    }

    fn propose(&mut self, change: MarkChange, who: &str) -> Result<String, &'static str> {
        let officer = operator(who);
        let command =
            Propose { subject: change, reason: "so".to_owned(), officer: officer.clone(), is_synthetic: false };
        self.run(&command, &officer).map(|answer| answer.id)
    }

    fn mark(&mut self, report: &str, until: Date, who: &str) -> Result<String, &'static str> {
        self.propose(MarkChange::Set { suspicion: kernel::Id::parse_name(report).unwrap(), until }, who)
    }

    fn approve(&mut self, motion: &str, who: &str) -> Result<String, &'static str> {
        let (motion, officer) = (motion.to_owned(), operator(who));
        let command =
            Approve::<MarkChange> { motion, officer: officer.clone(), is_synthetic: false, about: PhantomData };
        self.run(&command, &officer).map(|answer| answer.state)
    }

    /// Marks the account, by Anna and Bo.
    fn marked(&mut self, text: &str) -> String {
        let report = self.found(text, Finding::Confirmed);
        let mark = self.mark(&report, LATER, "anna").unwrap();
        self.approve(&mark, "bo").unwrap();
        mark
    }

    fn citizen(&self, of: &str, assurance: Assurance) -> Actor {
        let at = Timestamp::from_micros(NOW);
        Actor::citizen(&self.blind(of), Login { assurance, authenticator: Authenticator::named("first"), at })
    }

    fn blind(&self, of: &str) -> Blind {
        payee(of).key(self.0.writer.store.vault())
    }

    fn appeal(&mut self, mark: &str, actor: &Actor) -> Result<String, &'static str> {
        self.appeal_for(mark, actor, None)
    }

    fn appeal_for(&mut self, mark: &str, actor: &Actor, of: Option<&str>) -> Result<String, &'static str> {
        let (mark, text) = (mark.to_owned(), "It is my account".to_owned());
        let command = AppealMark { mark, actor: actor.clone(), payee: of.map(payee), text, is_synthetic: false };
        self.run(&command, actor).map(|answer| answer.appeal)
    }

    fn decide(&mut self, mark: &str, lifts: bool, who: &str) -> Result<String, &'static str> {
        self.decide_about(mark, None, lifts, who)
    }

    fn decide_about(
        &mut self,
        mark: &str,
        appeal: Option<usize>,
        lifts: bool,
        who: &str,
    ) -> Result<String, &'static str> {
        let (mark, why, officer) = (mark.to_owned(), "Heard them".to_owned(), operator(who));
        let command = DecideAppeal { mark, appeal, lifts, why, officer: officer.clone(), is_synthetic: false };
        self.run(&command, &officer).map(|answer| answer.state)
    }

    /// The marks against which an appeal waits, and the numbers of those.
    fn appealed(&mut self) -> Vec<(String, Vec<usize>)> {
        let (anna, now) = (operator("anna"), Timestamp::from_micros(self.0.now));
        let page = self.0.writer.read(|scope| queries::appealed_marks(scope, &anna, None, 10, now)).unwrap();
        let numbers = |view: &queries::MarkView| {
            view.appeals.iter().filter(|appeal| appeal.waits).map(|appeal| appeal.number).collect()
        };
        page.rows.iter().map(|view| (view.own.id.clone(), numbers(view))).collect()
    }

    /// The accounts to which payments are held on a day.
    fn held(&mut self, on: Date) -> Vec<Account> {
        let found = self.0.writer.read(|scope| queries::marked_accounts(scope, on)).unwrap();
        found.into_iter().map(|marked| marked.account).collect()
    }

    fn size(&mut self) -> i64 {
        self.0.writer.read(|scope| journal::size_and_root(scope.tx)).unwrap().0 as i64
    }

    /// Whose payments are decided again that were resolved when the journal had so many entries.
    fn changed_since(&mut self, entries: i64) -> Vec<Blind> {
        let mut changed = std::collections::BTreeSet::new();
        let found = self.0.writer.read(|scope| {
            resolve::changed_since(scope, entries, |payee| {
                changed.insert(payee);
                Ok(())
            })
        });
        found.unwrap();
        changed.into_iter().collect()
    }

    /// What a bank asks for, by its own system.
    fn bank_asks(&mut self, row: &str) -> Result<ChangeAnswer, &'static str> {
        // An id begins with the millisecond at which it was given.
        self.0.now += 2000;
        let row = self.0.read(&format!("{row},user_request,netbank"));
        let (actor, channel, env) = (bank("North").0, Channel::Bank("North".to_owned()), env(self.0.now));
        let request = ChangeAccounts::new(actor.clone(), channel, vec![row], Unexpected::Refuse, None).unwrap();
        let requests = [(request, &actor, &env)];
        let told = self.0.writer.execute_group(|group| group.execute_jointly(&requests)).unwrap();
        told.into_iter().next().unwrap().map(|mut answers| answers.remove(0)).map_err(|refusal| refusal.code)
    }

    /// An officer looks at a change, and lets it go on.
    fn look(&mut self, proposal: &str, who: &str) -> Result<Standing, &'static str> {
        let (proposal, why, officer) = (proposal.to_owned(), "Seen".to_owned(), operator(who));
        self.run(&ApproveDesignation { proposal, why, officer: officer.clone(), is_synthetic: false }, &officer)
    }

    /// What payees were told of marks, and has not been taken yet: to whom, and what.
    fn told(&mut self) -> Vec<(String, NoticeKind)> {
        use NoticeKind::{AccountMarked, MarkAppealed, MarkLifted, MarkUpheld};
        let (carrier, now) = (Carrier { holder: kernel::Id::new(1) }, env(self.0.now).now);
        let taken = carrier.take(&mut self.0.writer, Medium::DigitalPost, now, 100).unwrap();
        let mut told: Vec<_> = taken.into_iter().map(|(_, notice)| notice.unwrap().new).collect();
        told.retain(|new| [AccountMarked, MarkAppealed, MarkLifted, MarkUpheld].contains(&new.kind));
        let mut told: Vec<_> = told.into_iter().map(|new| (new.to.reveal(), new.kind)).collect();
        told.sort();
        told
    }
}

#[test]
fn a_report_that_was_a_misunderstanding_leaves_nothing_but_its_record() {
    let mut town = Town::new();
    // As a bank wrote in January 2019: a customer's account had been changed, with their identity it was feared.
    let id = town.report(bank("South"), Suspected::ChangeOf(payee(ANNA))).unwrap();
    assert!(town.held(TODAY).is_empty(), "what is reported holds nothing");
    let (actor, from) = bank("South");
    let now = Timestamp::from_micros(NOW + DAY);
    let told = |town: &mut Town| {
        let page =
            town.0.writer.read(|scope| queries::reported_suspicions(scope, &actor, &from, None, 10, now)).unwrap();
        let [view] = page.rows.as_slice() else { panic!("{:?}", page.rows) };
        assert_eq!((view.id.as_str(), view.about, view.overdue), (id.as_str(), "change", false));
        (view.state, view.outcome, view.finding)
    };
    assert_eq!(told(&mut town), ("open", None, None));
    assert_eq!(town.acknowledge(&id, &operator("sven")).unwrap(), "acknowledged");
    assert_eq!(told(&mut town), ("acknowledged", None, None));
    let citizen = town.citizen(ANNA, Assurance::Substantial);
    let own = |town: &mut Town| {
        town.0.writer.read(|scope| queries::own_suspicions(scope, &citizen, &payee(ANNA), now)).unwrap()
    };
    assert_eq!(own(&mut town).len(), 0, "whoever has the payee's login may be the thief");
    assert_eq!(town.close(&id, Finding::Misunderstanding, &operator("sven")).unwrap(), "disagreed");
    assert_eq!(told(&mut town), ("closed", Some("disagreed"), Some("misunderstanding")));
    let record = own(&mut town);
    assert_eq!((record.len(), record[0].finding), (1, Some("misunderstanding")));
    assert_eq!(town.mark(&id, LATER, "anna"), Err("mark.not_agreed"));
    assert!(town.held(TODAY).is_empty() && town.told().is_empty());
    town.0.verify();
}

#[test]
fn nobody_reports_what_is_not_theirs_or_learns_by_it_what_is_there() {
    let mut town = Town::new();
    let (asked, payout) =
        (town.bank_asks(&format!("change,{BO},0040-5,,{MULE},,,")).unwrap(), |payer: &str, town: &mut Town| {
            let payer = town.0.writer.read(|scope| resolve::payer_by_name(scope, payer)).unwrap().unwrap().id;
            Suspected::Payout(Some(SuspectedPayout {
                batch: "0000000000001".to_owned(),
                end_to_end_id: "E1".to_owned(),
                payer,
                payee: Some(town.blind(ANNA)),
                account: registry::account::DesignatedAccount::from_text("1020-0000000001 DKK"),
            }))
        });
    let ChangeAnswer::Held(proposal) = asked else { panic!("{asked:?}") };
    let authoritys = payout("Authority", &mut town);
    let caseworker = |name: &str, house: &str| (Actor::caseworker(name), Source::Payer(house.to_owned()));
    let agency = || (operator("rita"), Source::Police);
    let mut check = |who: (Actor, Source), suspected: Suspected, is_theirs: bool| {
        let said = format!("{:?}", who);
        let told = town.report(who, suspected).map(|_| ());
        assert_eq!(told, if is_theirs { Ok(()) } else { Err("suspicion.subject") }, "{said}");
    };
    let of = |text: &str| Suspected::ChangeOf(payee(text));
    let at = |text: &str| Suspected::Account(account(text));
    // A bank reports its own accounts, and changes and payouts of its own customers. It names no account of a rival.
    check(bank("North"), at(MULE), true);
    check(bank("North"), at("1020-1"), false);
    check(bank("North"), at("9999-1"), false);
    check(bank("North"), at("DE89370400440532013000"), false);
    check(bank("North"), of(BO), true);
    check(bank("North"), of(ANNA), false);
    check(bank("North"), of("cpr:7201701235"), false);
    check(bank("North"), Suspected::Proposal(proposal.clone()), true);
    check(bank("South"), Suspected::Proposal(proposal.clone()), false);
    check(bank("South"), Suspected::Proposal("0000000000000".to_owned()), false);
    check(bank("South"), authoritys.clone(), true);
    check(bank("North"), authoritys.clone(), false);
    // A payer reports its own payouts, and so does not learn who has which account, or that anybody has one.
    check(payer("Authority"), authoritys.clone(), true);
    check(payer("Other"), authoritys.clone(), false);
    check(payer("Authority"), Suspected::Payout(None), false);
    for suspected in [of(ANNA), of("cpr:7201701235"), at(MULE), at("9999-1"), Suspected::Proposal(proposal.clone())] {
        check(payer("Authority"), suspected, false);
    }
    check(caseworker("kim", "Authority"), authoritys.clone(), true);
    check(caseworker("kim", "Other"), authoritys.clone(), false);
    check(caseworker("max", "Other"), authoritys.clone(), false);
    // Nobody speaks for another house, or for the police.
    check((bank("North").0, Source::Bank("South".to_owned())), at(MULE), false);
    check((bank("North").0, Source::Police), at(MULE), false);
    check((payer("Authority").0, Source::Review), authoritys, false);
    for suspected in [of(ANNA), at(MULE), at("9999-1"), Suspected::Proposal(proposal)] {
        check(agency(), suspected, true);
    }
    check(agency(), of(WITHOUT), false);
    // What is noted for a house is noted for one that is there.
    for (from, expected) in [
        (bank("North").1, Ok(())),
        (bank("Nobody").1, Err("suspicion.from")),
        (payer("Authority").1, Ok(())),
        (payer("Nobody").1, Err("suspicion.from")),
    ] {
        assert_eq!(town.report((operator("rita"), from.clone()), at(MULE)).map(|_| ()), expected, "{from:?}");
    }
    // What is told is the same, whatever is there.
    let (actor, from) = bank("North");
    let page = town
        .0
        .writer
        .read(|scope| queries::reported_suspicions(scope, &actor, &from, None, 10, Timestamp::from_micros(NOW)));
    let shown = serde_json::to_string(&page.unwrap().rows).unwrap();
    assert!(!shown.contains("0040") && !shown.contains("6101701234"), "{shown}");
    let other = town.citizen(BO, Assurance::High);
    let own =
        town.0.writer.read(|scope| queries::own_suspicions(scope, &other, &payee(ANNA), Timestamp::from_micros(NOW)));
    assert_eq!(code(own.map(|own| own.len())), Err("citizen.other"));
    town.0.verify();
}

#[test]
fn the_paying_authority_answers_and_never_who_reported() {
    let mut town = Town::new();
    let authority = town.0.writer.read(|scope| resolve::payer_by_name(scope, "Authority")).unwrap().unwrap().id;
    let payout = |id: &str| {
        Suspected::Payout(Some(SuspectedPayout {
            batch: "0000000000001".to_owned(),
            end_to_end_id: id.to_owned(),
            payer: authority,
            payee: None,
            account: None,
        }))
    };
    let id = town.report((Actor::caseworker("kim"), Source::Payer("Authority".to_owned())), payout("E1")).unwrap();
    let [kim, liv, max] = ["kim", "liv", "max"].map(Actor::caseworker);
    let shown = |town: &mut Town, actor: &Actor| {
        let now = Timestamp::from_micros(town.0.now);
        let wanted = WantedSuspicions::default();
        town.0.writer.read(|scope| queries::suspicions(scope, actor, wanted, None, 10, now)).unwrap().rows
    };
    let details = shown(&mut town, &liv).remove(0);
    assert_eq!((details.payer.as_deref(), details.contact.as_deref()), (Some("Authority"), Some("kim")));
    assert!(shown(&mut town, &max).is_empty());
    for (who, expected) in [
        (&kim, "suspicion.own"),
        (&max, "suspicion.unknown"),
        (&operator("sven"), "suspicion.routed"),
        (&payer("Authority").0, "policy.not_allowed"),
        (&bank("North").0, "policy.not_allowed"),
        (&town.citizen(ANNA, Assurance::High), "policy.not_allowed"),
    ] {
        assert_eq!(town.acknowledge(&id, who), Err(expected), "{who:?}");
    }
    assert_eq!(town.close(&id, Finding::Unfounded, &liv), Err("suspicion.state"));
    town.acknowledge(&id, &liv).unwrap();
    assert_eq!(town.acknowledge(&id, &liv), Err("suspicion.state"));
    assert_eq!(town.close(&id, Finding::Confirmed, &kim), Err("suspicion.own"));
    assert_eq!(town.close(&id, Finding::Unfounded, &liv).unwrap(), "disagreed");
    assert_eq!(town.close(&id, Finding::Confirmed, &liv), Err("suspicion.state"));
    // What nobody there looks at in time, the agency does; but not the console, which is nobody by name.
    let late = town.report(payer("Authority"), payout("E2")).unwrap();
    town.0.now += 3 * DAY;
    assert!(shown(&mut town, &liv)[0].view.overdue);
    assert_eq!(town.acknowledge(&late, &Actor::console()), Err("suspicion.officer"));
    assert_eq!(town.acknowledge(&late, &operator("sven")).unwrap(), "acknowledged");
    // Whom the payer has named is told, and its caseworkers answer as before.
    let named = town.0.writer.read(|scope| resolve::payer_by_name(scope, "Authority")).unwrap().unwrap().agreement;
    let terms = Terms { contact: Contact::parse("Nina <nina@example.dk>"), ..named.terms.clone() };
    town.run(&AddPayer { agreement: Agreement { terms, ..named } }, &Actor::console()).unwrap();
    let third = town.report(payer("Authority"), payout("E3")).unwrap();
    assert_eq!(shown(&mut town, &liv).last().unwrap().contact.as_deref(), Some("Nina"));
    assert_eq!(town.acknowledge(&third, &operator("sven")), Err("suspicion.routed"));
    assert_eq!(town.acknowledge(&third, &liv).unwrap(), "acknowledged");
    // By the agency's own, two people.
    let own = town.report((operator("rita"), Source::Review), Suspected::Account(account(MULE))).unwrap();
    assert_eq!(town.acknowledge(&own, &operator("rita")), Err("suspicion.own"));
    town.0.verify();
}

#[test]
fn a_marked_account_is_looked_at_first_by_every_channel_and_payments_to_it_are_held() {
    let mut town = Town::new();
    let entries = town.size();
    assert!(town.changed_since(entries).is_empty());
    let mark = town.marked(MULE);
    assert_eq!(town.held(TODAY), [account(MULE)]);
    assert_eq!(town.held(LATER), [account(MULE)]);
    assert!(town.held(date(2027, 4, 1)).is_empty(), "it ends by itself");
    let mut both = [town.blind(BO), town.blind(CARL)];
    both.sort();
    assert_eq!(town.changed_since(entries), both, "no payment to it leaves that was resolved before");
    let after = town.size();
    assert!(town.changed_since(after).is_empty());
    let told = |kind| [(format!("digital_post:{BO}"), kind), (format!("digital_post:{CARL}"), kind)];
    assert_eq!(town.told(), told(NoticeKind::AccountMarked));

    // Under sets that demand nothing of anybody, too; and somebody's first account.
    town.0.control("2015", &[]);
    let longer = town.found(MULE, Finding::Confirmed);
    let motion = town.mark(&longer, date(2027, 3, 30), "anna").unwrap();
    assert_eq!(town.approve(&motion, "rita"), Err("motion.own"), "who reported it does not approve");
    town.approve(&motion, "bo").unwrap();
    assert_eq!(town.told(), told(NoticeKind::AccountMarked), "no control keeps it from them");
    let first = format!("register,{WITHOUT},{MULE},,,,,");
    let held = |town: &mut Town, row: &str| match town.bank_asks(row).unwrap() {
        ChangeAnswer::Held(id) => Some(id),
        ChangeAnswer::Done => None,
        other => panic!("{other:?}"),
    };
    let proposal = held(&mut town, &first).expect("a bank's first account waits");
    let view = town.0.writer.read(|scope| {
        let channel = Channel::Bank("North".to_owned());
        queries::proposal(scope, &operator("anna"), &channel, &proposal, Timestamp::from_micros(NOW + DAY))
    });
    assert_eq!(view.unwrap().standing.waits_for.as_deref(), Some("check"));
    let Account::Danish(danish) = account(MULE) else { panic!("a Danish account") };
    let iban = danish.iban(denmark::Country::FaroeIslands);
    let change = format!("change,{ANNA},{},,,,,", iban.as_str());
    assert!(held(&mut town, &change).is_some(), "however it is written");
    let rows = [format!("change,{ANNA},{MULE},,,,,")];
    let (counts, _) = town.0.accounts(&Channel::Operator, &rows);
    assert_eq!((counts.changed, counts.rejected), (0, 1), "one waits already");
    // An officer looks, and lets it go on: payments to it are held all the same.
    assert_eq!(town.look(&proposal, "cilla").unwrap().state, "in_force");
    assert_eq!(town.held(TODAY), [account(MULE)]);
    // Two people end it; then nobody looks any more.
    let id = kernel::Id::parse_name(&mark).unwrap();
    let end = town.propose(MarkChange::End { mark: id }, "anna").unwrap();
    assert_eq!(town.approve(&end, "anna"), Err("motion.own"));
    let entries = town.size();
    town.approve(&end, "cilla").unwrap();
    assert!(town.held(TODAY).is_empty());
    assert_eq!(town.changed_since(entries).len(), 3, "what was held for it is decided again");
    assert_eq!(town.propose(MarkChange::End { mark: id }, "anna"), Err("motion.nothing"));
    assert_eq!(held(&mut town, &format!("register,p:1000000042,{MULE},,,,,")), None);
    town.0.verify();
}

#[test]
fn what_waits_already_is_looked_at_when_its_account_is_marked() {
    let mut town = Town::new();
    let asked = town.bank_asks(&format!("change,{ANNA},{MULE},,1020-1,,,"));
    // A bank's change in the place of another account waits a banking day.
    let Ok(ChangeAnswer::Held(proposal)) = asked else { panic!("{asked:?}") };
    let waits = |town: &mut Town| {
        let channel = Channel::Bank("North".to_owned());
        let now = Timestamp::from_micros(town.0.now);
        let view = town.0.writer.read(|scope| queries::proposal(scope, &operator("anna"), &channel, &proposal, now));
        view.unwrap().standing.waits_for
    };
    assert_eq!(waits(&mut town).as_deref(), Some("time"));
    town.marked(MULE);
    assert_eq!(waits(&mut town).as_deref(), Some("check"));
    let settle = registry::commands::Settle { now: Timestamp::from_micros(town.0.now + 4 * DAY) };
    town.0.now += 4 * DAY;
    let settled = town.run(&settle, &Actor::console()).unwrap();
    assert_eq!((settled.in_force, settled.waiting), (0, 1));
    assert_eq!(town.look(&proposal, "dora").unwrap().waits_for.as_deref(), Some("time"));
    town.0.verify();
}

#[test]
fn the_owner_appeals_and_somebody_decides_who_had_no_part_in_the_mark() {
    let mut town = Town::new();
    let mark = town.marked(MULE);
    town.told();
    let bo = town.citizen(BO, Assurance::Substantial);
    let now = Timestamp::from_micros(NOW + DAY);
    let own = town.0.writer.read(|scope| queries::own_marks(scope, &bo, &payee(BO), now)).unwrap();
    assert_eq!((own.len(), own[0].id.as_str(), own[0].account.as_str()), (1, mark.as_str(), "0040-******0077"));
    for (who, expected) in [
        (town.citizen(ANNA, Assurance::High), "mark.unknown"),
        (town.citizen(BO, Assurance::Low), "citizen.assurance"),
        (Actor::caseworker("liv"), "caseworker.in_person"),
        (Actor::console(), "mark.officer"),
        (bank("North").0, "policy.not_allowed"),
    ] {
        assert_eq!(town.appeal(&mark, &who), Err(expected), "{who:?}");
    }
    assert_eq!(town.decide(&mark, true, "dora"), Err("mark.not_appealed"));
    assert_eq!(town.appeal(&mark, &bo).unwrap(), "appealed");
    assert_eq!(town.appeal_for(&mark, &Actor::caseworker("kim"), Some(BO)), Err("mark.appealed"));
    assert_eq!(town.appeal_for(&mark, &Actor::caseworker("kim"), Some(ANNA)), Err("mark.unknown"));
    // Nor do who reported the account, and who agreed to it.
    for marked_by in ["anna", "bo", "rita", "sven"] {
        assert_eq!(town.decide(&mark, true, marked_by), Err("mark.own"), "{marked_by}");
    }
    assert_eq!(town.decide(&mark, false, "dora").unwrap(), "in_force");
    assert_eq!(town.held(TODAY), [account(MULE)]);
    assert_eq!(town.decide(&mark, true, "dora"), Err("mark.not_appealed"));
    // An officer who wrote the appeal for somebody does not decide about it.
    town.appeal(&mark, &operator("dora")).unwrap();
    assert_eq!(town.decide(&mark, true, "dora"), Err("mark.own"));
    let entries = town.size();
    assert_eq!(town.decide(&mark, true, "cilla").unwrap(), "ended");
    assert!(town.held(TODAY).is_empty());
    assert_eq!(town.changed_since(entries).len(), 2);
    assert_eq!(town.appeal(&mark, &bo), Err("mark.ended"));
    use NoticeKind::{MarkAppealed, MarkLifted, MarkUpheld};
    let told = town.told();
    let both = [BO, CARL].map(|of| format!("digital_post:{of}"));
    let [bo_alone, all] = [&both[..1], &both[..]];
    // Bo's appeal is told to nobody else; the one without a payee, and that it is lifted, to all.
    for (kind, to) in [(MarkAppealed, &[bo_alone, all][..]), (MarkUpheld, &[bo_alone][..]), (MarkLifted, &[all][..])] {
        let mut expected: Vec<String> = to.concat();
        expected.sort();
        let told: Vec<String> = told.iter().filter(|(_, of)| *of == kind).map(|(to, _)| to.clone()).collect();
        assert_eq!(told, expected, "{kind:?}");
    }
    let view = town.0.writer.read(|scope| queries::mark(scope, &operator("anna"), &mark, now)).unwrap();
    let acts: Vec<&str> = view.appeals.iter().map(|appeal| appeal.act).collect();
    assert_eq!((view.own.state, acts), ("ended", vec!["appealed", "upheld", "appealed", "lifted"]));
    town.0.verify();
}

/// Two have the account, and one of them may be the thief.
#[test]
fn nobody_uses_up_what_another_payee_can_appeal() {
    let mut town = Town::new();
    let mark = town.marked(MULE);
    let thief = town.citizen(BO, Assurance::Substantial);
    assert_eq!(town.appealed(), []);
    for number in 1..=5 {
        assert_eq!(town.appeal(&mark, &thief).unwrap(), "appealed");
        assert_eq!(town.appeal(&mark, &thief), Err("mark.appealed"), "one waits");
        assert_eq!(town.appealed(), [(mark.clone(), vec![number])]);
        if number < 5 {
            town.decide(&mark, false, "dora").unwrap();
        }
    }
    // The other owner, by themselves; one who has left it, and one who never was its payee, before an officer.
    let carl = town.citizen(CARL, Assurance::Substantial);
    assert_eq!(town.appeal(&mark, &carl).unwrap(), "appealed");
    let kim = Actor::caseworker("kim");
    assert_eq!(town.appeal_for(&mark, &kim, Some(WITHOUT)), Err("mark.unknown"));
    assert_eq!(town.appeal(&mark, &kim).unwrap(), "appealed");
    assert_eq!(
        town.appeal(&mark, &operator("dora")),
        Err("mark.appealed"),
        "of those whom the text alone names one waits"
    );
    assert_eq!(town.appealed(), [(mark.clone(), vec![5, 6, 7])]);
    // Which is decided about is said by its number.
    assert_eq!(town.decide(&mark, false, "dora"), Err("mark.which"));
    assert_eq!(town.decide_about(&mark, Some(1), true, "dora"), Err("mark.not_appealed"));
    assert_eq!(town.decide_about(&mark, Some(8), true, "dora"), Err("mark.not_appealed"));
    town.decide_about(&mark, Some(5), false, "dora").unwrap();
    assert_eq!(town.appeal(&mark, &thief), Err("mark.appealed"), "five times");
    assert_eq!(town.appealed(), [(mark.clone(), vec![6, 7])]);
    let own = |town: &mut Town, citizen: &Actor, of: &str| {
        let now = Timestamp::from_micros(town.0.now);
        town.0.writer.read(|scope| queries::own_marks(scope, citizen, &payee(of), now)).unwrap()[0].appeal
    };
    assert_eq!((own(&mut town, &thief, BO), own(&mut town, &carl, CARL)), (Some("upheld"), Some("appealed")));
    // One that is lifted is lifted for all, and nobody waits any more.
    assert_eq!(town.decide_about(&mark, Some(6), true, "cilla").unwrap(), "ended");
    assert_eq!(town.appealed(), []);
    town.0.verify();
}

#[test]
fn who_left_an_account_appeals_too() {
    let mut town = Town::new();
    let (counts, _) = town.0.accounts(&Channel::Operator, &[format!("register,{WITHOUT},{MULE},,,,,")]);
    assert_eq!(counts.changed, 1);
    let (counts, _) = town.0.accounts(&Channel::Operator, &[format!("close,{WITHOUT},,,,,,")]);
    assert_eq!(counts.changed, 1);
    let mark = town.marked(MULE);
    let without = town.citizen(WITHOUT, Assurance::Substantial);
    let own = |town: &mut Town| {
        let now = Timestamp::from_micros(town.0.now);
        let own = town.0.writer.read(|scope| queries::own_marks(scope, &without, &payee(WITHOUT), now)).unwrap();
        own.into_iter().map(|own| (own.id, own.appeal)).collect::<Vec<_>>()
    };
    assert_eq!(own(&mut town), [(mark.clone(), None)], "they are shown what they can appeal against");
    assert_eq!(town.appeal(&mark, &without).unwrap(), "appealed");
    assert_eq!(own(&mut town), [(mark.clone(), Some("appealed"))]);
    // Another account of theirs takes nothing from that.
    town.0.control("2015", &[]);
    let (counts, _) = town.0.accounts(&Channel::Operator, &[format!("register,{WITHOUT},1020-9,,,,,")]);
    assert_eq!((counts.changed, own(&mut town).len()), (1, 1));
    let anna = town.citizen(ANNA, Assurance::Substantial);
    assert_eq!(town.appeal(&mark, &anna), Err("mark.unknown"));
    town.0.verify();
}

/// More payees have it, and appeal, than acts are read at a time.
#[test]
fn the_last_of_very_many_appeals_is_decided_about_like_the_first() {
    const MANY: usize = 1001;
    let mut town = Town::new();
    town.0.control("2015", &[]);
    let payees: Vec<String> = (0..MANY).map(|at| format!("p:{}", 1_000_000_000 + at)).collect();
    let rows: Vec<String> = payees.iter().map(|payee| format!("register,{payee},{MULE},,,,,")).collect();
    let (counts, _) = town.0.accounts(&Channel::Operator, &rows);
    assert_eq!(counts.changed, MANY as u64);
    let mark = town.marked(MULE);
    let dora = operator("dora");
    for payee in &payees {
        assert_eq!(town.appeal_for(&mark, &dora, Some(payee)), Ok("appealed".to_owned()), "{payee}");
    }
    assert_eq!(town.appealed()[0].1, Vec::from_iter(1..=MANY));
    assert_eq!(town.decide(&mark, false, "cilla"), Err("mark.which"));
    for number in [MANY, 1, 500] {
        assert_eq!(town.decide_about(&mark, Some(number), false, "cilla").unwrap(), "in_force", "{number}");
        assert_eq!(town.decide_about(&mark, Some(number), false, "cilla"), Err("mark.not_appealed"), "{number}");
    }
    let waits = Vec::from_iter((1..=MANY).filter(|number| ![MANY, 1, 500].contains(number)));
    assert_eq!(town.appealed()[0].1, waits);
    assert_eq!(town.appeal_for(&mark, &dora, payees.last().map(String::as_str)).unwrap(), "appealed");
    assert_eq!(town.decide_about(&mark, Some(MANY + 1), true, "cilla").unwrap(), "ended");
    town.0.verify();
}

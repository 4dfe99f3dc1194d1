//! A store of which a row cannot be read: whom it is about waits until somebody has mended it, and nobody else does.

use crate::town::{ANNA, BENT, LOOT, OWN, Town, north, south};
use kernel::{Actor, Assurance, Id, Timestamp};
use registry::commands::{
    AddDelivery, Asked, Inquirer, RetryInquiries, Settle, Settled, TakenInquiry, ToAsk, UNREADABLE_SECONDS,
};
use registry::delivery::{Delivery, Endpoint, Place, Terms, Url, What};
use registry::ownership::{InquiryState, Ownership};
use registry::progress::Failure;
use registry::proposal::Proposal;
use registry::queries;

/// What a bank says, or why it says nothing.
type Said = Result<Ownership, (Failure, Option<i64>)>;

const ANSWERED: Said = Ok(Ownership::Match);

fn id(name: &str) -> Id<Proposal> {
    Id::parse_name(name).unwrap()
}

impl Town {
    /// Rows of a table are changed behind the program's back.
    fn damage(&self, table: &str, change: &str) {
        self.0.0._store.damage(table, &format!("UPDATE {table} SET {change}"));
    }

    /// What was asked for by `name` is what stands in another's row.
    fn breaks(&self, name: &str, other: &str) {
        let (name, other) = (id(name).number(), id(other).number());
        self.damage("proposal", &format!("asked = (SELECT asked FROM proposal WHERE id = {other}) WHERE id = {name}"));
    }

    fn settled(&mut self) -> Settled {
        let now = Timestamp::from_micros(self.0.0.now);
        self.run(&Settle { now }, &Actor::console()).unwrap()
    }

    /// Anna's account and Bent's are to be changed by a bank, which takes a day. What Anna's is called, and Bent's.
    fn two_changes() -> (Self, String, String) {
        let mut town = Self::new();
        assert_eq!(town.ask(&north(), &format!("register,{BENT},0040-3,,none,,,")), "done");
        town.days(1);
        assert_eq!(town.ask(&south(), &format!("change,{ANNA},{LOOT},,{OWN},,,")), "held");
        assert_eq!(town.ask(&south(), &format!("change,{BENT},1020-4,,0040-3,,,")), "held");
        let waits = town.waits();
        let [anna, bent] = &waits[..] else { panic!("{waits:?}") };
        let (anna, bent) = (anna.clone(), bent.clone());
        (town, anna, bent)
    }

    /// Both want an account with a bank that can be asked whose it is. What Anna's change is called, and Bent's.
    fn two_questions() -> (Self, String, String) {
        let mut town = Self::new();
        town.0.0.control("anvis", &["ownership_asked=on"]);
        let place = Place::Server(Endpoint { url: Url::parse("http://localhost/").unwrap(), ca: None, identity: None });
        let terms = Terms { name: "asked".to_owned(), what: What::Ownership, whose: "South".to_owned(), place };
        town.run(&AddDelivery { terms, from_the_beginning: false }, &Actor::console()).unwrap();
        let anna = town.wants_loot(&town.anna());
        let other = town.citizen(BENT, Assurance::Substantial);
        let bent = town.proposes(&other, &format!("register,{BENT},1020-4,,none,,,")).unwrap();
        assert_eq!([&anna, &bent].map(|id| town.stands(id)), ["ownership", "ownership"]);
        (town, anna, bent)
    }

    fn begins(&mut self) -> ToAsk {
        let now = Timestamp::from_micros(self.0.0.now);
        INQUIRER.begin(&mut self.0.0.writer, now).unwrap()
    }

    fn takes(&mut self, place: Id<Delivery>) -> Vec<TakenInquiry> {
        let now = Timestamp::from_micros(self.0.0.now);
        INQUIRER.take(&mut self.0.0.writer, place, now, 10).unwrap()
    }

    fn tells(&mut self, asked: &[(&str, i64, Said)]) -> Vec<Option<InquiryState>> {
        let now = Timestamp::from_micros(self.0.0.now);
        let asked = asked.iter().map(|(name, round, result)| {
            ("South".to_owned(), Asked { proposal: id(name), round: *round, result: *result })
        });
        INQUIRER.tell(&mut self.0.0.writer, &asked.collect::<Vec<_>>(), now).unwrap()
    }

    /// Asks all that is due of who says yes to everything; how many were answered.
    fn asks(&mut self) -> u64 {
        let now = Timestamp::from_micros(self.0.0.now);
        INQUIRER.ask(&mut self.0.0.writer, now, &mut |_| Ownership::Match).unwrap()
    }

    /// The questions that wait: of which proposal, and how the last try failed.
    fn questions(&mut self) -> Vec<(String, Option<String>)> {
        let list =
            |scope: &kernel::Scope<'_>| queries::inquiries(scope, &Actor::operator("olga"), InquiryState::Waiting, 10);
        self.0.0.writer.read(list).unwrap().into_iter().map(|view| (view.id, view.last_code)).collect()
    }
}

const INQUIRER: Inquirer = Inquirer { holder: Id::new(1) };

#[test]
fn what_cannot_be_read_is_left_alone_and_all_else_takes_effect() {
    let check = |damage: &dyn Fn(&Town, &str, &str)| {
        let (mut town, anna, bent) = Town::two_changes();
        damage(&town, &anna, &bent);
        assert_eq!(town.waits(), [&*bent], "a list shows the others");
        town.days(9);
        let settled = town.settled();
        assert_eq!((settled.in_force, settled.refused, &settled.unreadable[..]), (1, 0, &[anna.clone()][..]));
        assert_eq!(town.stands(&bent), "in_force");
        // Nobody is busy with it all the time, and it is told again.
        assert_eq!(town.settled(), Settled::default());
        town.0.0.now += UNREADABLE_SECONDS * 1_000_000;
        assert_eq!(town.settled(), Settled { unreadable: vec![anna], ..Settled::default() });
    };
    // What was asked for, what it replaces, and where its payee is told.
    check(&|town, anna, bent| town.breaks(anna, bent));
    check(&|town, anna, bent| {
        let (anna, bent) = (id(anna).number(), id(bent).number());
        let replaced = format!("SELECT replaces FROM proposal WHERE id = {anna}");
        let other = format!("SELECT asked FROM proposal WHERE id = {bent}");
        town.damage("designation", &format!("account = ({other}) WHERE id = ({replaced})"));
    });
    check(&|town, anna, bent| {
        let (anna, bent) = (id(anna).number(), id(bent).number());
        let payee = format!("SELECT payee FROM proposal WHERE id = {anna}");
        let other = format!("SELECT asked FROM proposal WHERE id = {bent}");
        town.damage("contact", &format!("point = ({other}) WHERE payee = ({payee})"));
    });
    // Once it is mended, it goes on.
    let (mut town, anna, _) = Town::two_changes();
    town.damage("proposal", &format!("reason = 99 WHERE id = {}", id(&anna).number()));
    town.days(9);
    assert_eq!(town.settled().in_force, 1);
    town.damage("proposal", &format!("reason = 0 WHERE id = {}", id(&anna).number()));
    town.0.0.now += UNREADABLE_SECONDS * 1_000_000;
    assert_eq!((town.settled().in_force, town.pays()), (1, "to the thief".to_owned()));
}

#[test]
fn what_cannot_be_read_keeps_no_question_from_its_bank() {
    // Before it is asked: what was asked for, or what was done about it.
    for table in ["proposal", "proposal_act"] {
        let (mut town, anna, bent) = Town::two_questions();
        match table {
            "proposal" => town.breaks(&anna, &bent),
            table => town.damage(table, &format!("kind = 99 WHERE proposal = {}", id(&anna).number())),
        }
        let begun = town.begins();
        assert_eq!((begun.unreadable, begun.places.len()), (vec![id(&anna)], 1), "{table}");
        assert_eq!((town.asks(), town.stands(&bent)), (1, "letter".to_owned()), "{table}");
    }
    // When it is asked: it fails like one that nobody answers.
    let (mut town, anna, bent) = Town::two_questions();
    assert_eq!(town.begins().unreadable, []);
    town.breaks(&anna, &bent);
    assert_eq!(town.asks(), 1);
    assert_eq!(town.stands(&bent), "letter");
    assert_eq!(town.questions(), [(anna, Some("failure".to_owned()))]);
    // When its bank has answered.
    let (mut town, anna, bent) = Town::two_questions();
    let place = town.begins().places[0];
    assert!(town.takes(place).iter().all(|(_, _, question)| question.is_ok()));
    town.breaks(&anna, &bent);
    let told = town.tells(&[(&anna, 0, ANSWERED), (&bent, 0, ANSWERED)]);
    assert_eq!(told, [Some(InquiryState::Waiting), Some(InquiryState::Answered)]);
    assert_eq!(town.stands(&bent), "letter");
}

#[test]
fn what_a_bank_says_to_an_earlier_question_ends_no_later_one() {
    let (mut town, anna, bent) = Town::two_questions();
    let place = town.begins().places[0];
    assert_eq!(town.takes(place).iter().map(|(_, round, _)| *round).collect::<Vec<_>>(), [0, 0]);
    // It takes its time, and an operator has it asked anew.
    let again = RetryInquiries { proposal: Some(anna.clone()), why: "it was mended".to_owned() };
    assert_eq!(town.run(&again, &Actor::operator("olga")), Ok(1));
    let not = Err((Failure::Timeout, None));
    assert_eq!(town.tells(&[(&anna, 0, not), (&bent, 0, ANSWERED)]), [None, Some(InquiryState::Answered)]);
    assert_eq!(town.tells(&[(&anna, 0, Ok(Ownership::NoMatch))]), [None]);
    // What it said is known, and it is asked all the same.
    assert_eq!(town.stands(&anna), "check");
    assert_eq!(town.questions(), [(anna.clone(), None)]);
    let taken = town.takes(place);
    let [(of, round, question)] = &taken[..] else { panic!("{taken:?}") };
    assert_eq!((of, *round, &question.as_ref().unwrap().name), (&id(&anna), 1, &format!("{anna}-1")));
    assert_eq!(town.tells(&[(&anna, 1, ANSWERED)]), [Some(InquiryState::Answered)]);
    assert_eq!((town.stands(&anna), town.questions()), ("letter".to_owned(), vec![]));
}

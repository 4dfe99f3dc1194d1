//! What banks are asked, and what they say.

use crate::asking::is_with;
use crate::doing::New;
use crate::oracle::{Done, Life, Stand};
use crate::world::{ACCOUNTS, BANKS, PERSONS, World};
use kernel::{Actor, Id, Timestamp};
use registry::commands::{AddDelivery, EndDelivery, Inquirer, TellOwnership};
use registry::delivery::{Endpoint, Place, Terms, Url, What};
use registry::ownership::Ownership;
use registry::proposal::Proposal;

pub const SAID: [Ownership; 4] = [Ownership::Match, Ownership::NoMatch, Ownership::CloseMatch, Ownership::NotPossible];

impl World {
    /// A bank can be asked from now on, or no more.
    pub fn open_bank(&mut self, bank: usize) {
        let actor = Actor::console();
        if let Some(name) = self.places[bank].take() {
            assert_eq!(self.run(&EndDelivery { name }, &actor), Ok(true));
        } else {
            let (size, what) = (self.size(), What::Ownership);
            let name = format!("place-{size}");
            let url = Url::parse("http://localhost/").unwrap();
            let place = Place::Server(Endpoint { url, ca: None, identity: None });
            let terms = Terms { name: name.clone(), what, whose: BANKS[bank].0.to_owned(), place };
            assert_eq!(self.run(&AddDelivery { terms, from_the_beginning: false }, &actor), Ok(()));
            self.places[bank] = Some(name);
        }
        self.look_again(|_| true);
        self.check(New::new());
    }

    /// What becomes of a proposal of which a bank says something: it goes on waiting.
    fn learnt(&self, at: usize, bank: usize, answer: Ownership) -> Life {
        let mut life = self.lives[at].clone();
        if life.said.last().map(|(_, said)| *said) == Some(answer) {
            return life;
        }
        life.said.push((life.done.len(), answer));
        let by = format!("bank:{}", BANKS[bank].0);
        life.done.push(Done { what: "ownership_told", at: self.now(), by });
        let stand = self.stands(&life);
        life.note(&stand);
        match stand {
            // Whoever settles looks at it now.
            Stand::Due => (life.look, life.told_until) = (self.now(), i64::MAX),
            Stand::Expired => life.done.push(Done { what: "expired", at: self.now(), by: "rule".to_owned() }),
            _ => {}
        }
        life
    }

    fn bank_of(&self, at: usize) -> usize {
        let account = self.lives[at].asked.account.as_deref();
        (0..BANKS.len()).find(|bank| account.is_some_and(|account| is_with(*bank, account))).unwrap_or(0)
    }

    /// A bank says something of a proposal, whatever it waits for.
    pub fn say(&mut self, at: usize, answer: usize) {
        let (bank, answer, size) = (self.bank_of(at), SAID[answer], self.size());
        let life = &self.lives[at];
        let may = life.asked.account.is_some() && !self.stands(life).is_over();
        let expected = may.then(|| (self.learnt(at, bank, answer), None));
        let proposal = Id::<Proposal>::parse_name(&life.id).unwrap();
        let told = TellOwnership { proposal, bank: BANKS[bank].0.to_owned(), answer };
        let told = self.run(&told, &Actor::console()).map(Some);
        self.followed(at, expected, told, size);
    }

    /// Banks are asked about all that waits for them, and about nothing else.
    pub fn ask_banks(&mut self, answer: usize) {
        self.settle();
        let (now, answer) = (Timestamp::from_micros(self.now()), SAID[answer]);
        let mut asked = Vec::new();
        let inquirer = Inquirer { holder: Id::new(1) };
        let count = inquirer.ask(&mut self.place.writer, now, &mut |question| {
            asked.push(question.clone());
            answer
        });
        assert_eq!(count.unwrap(), asked.len() as u64);
        let waits = |at: &usize| self.stands(&self.lives[*at]).waits_for("ownership");
        let waiting: Vec<usize> = (0..self.lives.len()).filter(waits).collect();
        assert_eq!(asked.len(), waiting.len(), "{asked:?} {:?}", self.lives);
        for at in waiting {
            let (life, bank) = (&self.lives[at], self.bank_of(at));
            let question = asked.iter().find(|question| question.proposal.name() == life.id).unwrap();
            let account = denmark::Account::parse(question.account.as_str()).unwrap();
            assert_eq!(registry::account::canonical(&account), *life.asked.account.as_ref().unwrap());
            assert_eq!(
                (question.bank.as_str(), question.payee.reveal().as_str()),
                (BANKS[bank].0, PERSONS[life.asked.payee])
            );
            self.lives[at] = self.learnt(at, bank, answer);
        }
        self.check(New::new());
    }
}

/// All accounts are some bank's that can be asked.
#[test]
fn every_account_has_a_bank() {
    for account in ACCOUNTS {
        assert_eq!((0..BANKS.len()).filter(|bank| is_with(*bank, account)).count(), 1, "{account}");
    }
}

//! A store with an authority, its caseworker, and one payee.

use crate::place::{Place, grounded};
use denmark::Cvr;
use kernel::{Actor, Command, Env, PublicKey, Refuse, Timestamp};
use registry::commands::{AddCaseworker, AddPayer, ChangeAccounts, ChangeAnswer, LookUp, ProposeDesignation};
use registry::designation::Channel;
use registry::payee::PayeeId;
use registry::payer::{Agreement, NoAccount, PayerKind};
use registry::proposal::{Holder, LegalGround, Unexpected};

pub const PAYEE: &str = "p:1000000001";

/// Keys of caseworkers, of whom each has one.
const KEYS: [&str; 3] = [
    "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
    "MCowBQYDK2VwAyEAPUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=",
    "MCowBQYDK2VwAyEA/FHNjmIYoaONpH7QAjDwWAgW7RO6MwOsXeuRFUiQgCU=",
];

/// The key of a caseworker.
pub fn key(number: usize) -> PublicKey {
    let file = tempfile::NamedTempFile::new().unwrap();
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", KEYS[number]);
    std::fs::write(file.path(), pem).unwrap();
    PublicKey::read(file.path()).unwrap()
}

/// A store with two authorities and the caseworker Bo of one of them, and nothing demanded of anybody.
pub struct World(pub Place);

impl World {
    /// With one control besides.
    pub fn new(promote: &str) -> Self {
        let mut world = Self(Place::new());
        world.0.control("2015", &["names_replaced=on", promote]);
        for name in ["Authority", "Other"] {
            let (name, cvr) = (name.to_owned(), Cvr::parse("13748136").unwrap());
            let agreement = Agreement {
                name,
                cvr,
                kind: PayerKind::Public,
                no_account: NoAccount::Reject,
                bank: None,
                terms: registry::terms::Terms::default(),
            };
            world.run(&AddPayer { agreement }, &Actor::console()).unwrap();
        }
        let (name, authority) = ("bo".to_owned(), "Authority".to_owned());
        let command = AddCaseworker { name, key: key(0), authority, benefits: [].into(), in_person: false };
        world.run(&command, &Actor::console()).unwrap();
        world
    }

    /// Gives a command.
    pub fn run<C: Command>(&mut self, command: &C, actor: &Actor) -> Result<C::Output, &'static str> {
        self.0.now += 1_000;
        let env = Env::new(Timestamp::from_micros(self.0.now), 0);
        self.0.writer.execute(command, actor, &env).map_err(|error| error.code())
    }

    /// The caseworker proposes a specific account; the name and where it stands.
    pub fn propose(&mut self, benefit: &str, account: &str, is_locked: bool) -> (String, String) {
        let row = self.0.read(&format!("register,{PAYEE},{account},,,,Authority,{benefit}")).unwrap();
        let (actor, holder) = (Actor::caseworker("bo"), Holder::Own);
        let ground = Some(LegalGround { law: "§ 1".to_owned(), evidence: "1".to_owned() });
        let command = ProposeDesignation { actor, row, holder, ground, is_locked, signature: None, once: None };
        let standing = self.run(&command, &Actor::caseworker("bo")).unwrap();
        (standing.id, standing.state)
    }

    /// The bank or the operator asks for something.
    pub fn ask(&mut self, channel: Channel, row: &str) -> String {
        let row = self.0.read(&grounded(&channel, row));
        let request = ChangeAccounts::new(Actor::console(), channel, vec![row], Unexpected::Refuse, None).unwrap();
        self.0.now += 1_000;
        let (console, env) = (Actor::console(), Env::new(Timestamp::from_micros(self.0.now), 0));
        let given = [(request, &console, &env)];
        let mut answers = self.0.writer.execute_group(|group| group.execute_jointly(&given)).unwrap();
        match answers.remove(0).unwrap().remove(0) {
            ChangeAnswer::Refused(refusal) => refusal.code().to_owned(),
            answer => answer.name().to_owned(),
        }
    }

    /// The account that payments go to, without a purpose.
    pub fn default(&mut self) -> String {
        let payee = PayeeId::parse(PAYEE).unwrap();
        let command = LookUp { actor: Actor::console(), payee, specific: None, as_of: None, known_at: None };
        let told = self.run(&command, &Actor::console()).unwrap();
        self.0.verify();
        if told.state == "in_force" { told.account.unwrap() } else { told.state }
    }
}

//! FR-07 (report § 2.1): with a stolen eID a quick loan is taken in the victim's name. It is paid to the account that was changed before; or
//! to the one that was not, and the thief moves it on from the victim's netbank with the same eID.

use super::report::{Ending, Lawful};
use super::stage::Stage;
use super::thief::{Attempt, Plan, play_out};
use super::{Story, lawful_end, neighbour};
use crate::world::differs;
use kernel::{Actor, Error, Role, Timestamp};
use registry::ask::AnswerClass;
use registry::commands::{AddPayer, Client, Followed, Subscribe, Subscribed};
use registry::legal_purpose::LegalPurpose;
use registry::ownership::Ownership;
use registry::payer::{Agreement, NoAccount, PayerKind};
use registry::queries::{EventBounds, subscription_events};
use registry::subscription::Reference;
use registry::terms::Terms;

/// What is lent, in øre.
const LOAN_MINOR: u64 = 2_000_000;
/// The lender pays on the day after.
const PAID_AFTER_DAYS: u32 = 1;
/// So long after the thief's first step somebody lawful, who changed banks on that day, borrows as well.
const BORROWS_AFTER_DAYS: u32 = 8;
const SUBSCRIBED_DAYS: i64 = 7;
const LENDER: &str = "långiveren";

pub const STORY: Story = Story {
    id: "FR-07",
    title: "a quick loan in the victim's name, paid to the account that was changed before",
    play: |stage| changed(stage, false),
    not_reached: NOT_REACHED,
};

/// The same with a lender that asks the registry before it pays, and is told what becomes of the account until it has.
pub const ASKED: Story = Story {
    id: "FR-07-asked",
    title: "the same, from a lender that asks whether the account was changed of late",
    play: |stage| changed(stage, true),
    not_reached: NOT_REACHED,
};

pub const UNCHANGED: Story = Story {
    id: "FR-07-unchanged",
    title: "the loan is paid to the victim's own account, and moved on from their netbank",
    play: unchanged,
    not_reached: &[
        "the netbank and the eID, which alone could stop this: no account is changed, and the lender is told the truth",
        "the agreement on the loan: the lender takes the login for the borrower",
    ],
};

const NOT_REACHED: &[&str] = &[
    "the theft of the eID: the thief has it when the story begins",
    "the agreement on the loan: the lender takes the login for the borrower",
];

/// A loan that somebody asked for.
struct Loan {
    who: usize,
    /// On which day it is paid.
    on: u32,
    /// Whether the lender has to hear the borrower first.
    is_doubted: bool,
}

/// A private payer that lends.
struct Lender {
    payer: usize,
    /// Whether it asks the registry.
    asks: bool,
    loans: Vec<Loan>,
}

impl Lender {
    fn open(stage: &mut Stage, asks: bool) -> Result<Self, Error> {
        let cvr = stage.world.nation.company(0).cvr;
        let agreement = Agreement {
            name: LENDER.to_owned(),
            cvr,
            kind: PayerKind::Private,
            no_account: NoAccount::Reject,
            bank: None,
            terms: Terms::default(),
        };
        stage.give_unseen(&AddPayer { agreement: agreement.clone() }, &Actor::console())?;
        stage.world.model.payers.push(agreement);
        Ok(Self { payer: stage.world.model.payers.len() - 1, asks, loans: Vec::new() })
    }

    /// Somebody asks for a loan, and names the account that is in force for them.
    fn is_asked(&mut self, stage: &mut Stage, by: &'static str, who: usize) -> Result<(), Error> {
        let now = stage.world.clock.read();
        stage.note(now, by, "loan.ask", "to be paid by the registry".to_owned(), false);
        let is_doubted = if self.asks { self.subscribe(stage, who, now)? } else { false };
        self.loans.push(Loan { who, on: stage.world.day + PAID_AFTER_DAYS, is_doubted });
        Ok(())
    }

    /// Asks whether the account is the borrower's, and to be told what becomes of it. Whether the answer gives reason to doubt.
    fn subscribe(&self, stage: &mut Stage, who: usize, now: Timestamp) -> Result<bool, Error> {
        let named = stage.in_force(who)?;
        let account = denmark::Account::parse(&named).map_err(|_| differs("the borrower has no account to name"))?;
        let reference = Reference::parse(&format!("loan-{who}")).ok_or_else(|| differs("a loan has no name"))?;
        let actor = Actor::client(Role::PrivatePayer, "lender");
        let client = Client { actor: actor.clone(), payer: Some(LENDER.to_owned()) };
        let followed = vec![Followed { payee: stage.people[who].id, account: Some(account), reference }];
        let vault = stage.world.writer.store.vault().clone();
        let until = now.plus_days(SUBSCRIBED_DAYS);
        let request = Subscribe::new(&vault, client, LegalPurpose::CreditAgreement, until, followed, None)?;
        let env = stage.world.env()?;
        let given = [(request, &actor, &env)];
        let mut answers = stage.world.writer.execute_group(|group| group.execute_jointly(&given))?;
        let told = answers.remove(0).map_err(Error::Refused)?.remove(0);
        let Subscribed { answer, .. } = told;
        let changed = answer.changed_days_ago.map(|days| format!(", changed {days} days ago")).unwrap_or_default();
        stage.note(env.now, "lender", "subscription.add", format!("{}{changed}", answer.state.name()), false);
        Ok(answer.state != AnswerClass::Match || answer.changed_recently)
    }

    /// Whether the lender was told that the account became another since.
    fn has_heard(&self, stage: &mut Stage, who: usize) -> Result<bool, Error> {
        let (now, actor) = (stage.world.clock.read(), Actor::client(Role::PrivatePayer, "lender"));
        let bounds = EventBounds { events: 100, rows: 10_000 };
        let name = format!("loan-{who}");
        let events = stage
            .world
            .writer
            .read(|scope| subscription_events(scope, &actor, actor.name(), None, bounds, now))?
            .events;
        Ok(events.iter().any(|event| event.reference == name))
    }

    /// Pays what is due. Where there is doubt, the lender calls the borrower first, at a number that it finds itself.
    fn pay(&mut self, stage: &mut Stage, victim: usize) -> Result<(), Error> {
        let today = stage.world.day;
        let (due, later) = std::mem::take(&mut self.loans).into_iter().partition(|loan: &Loan| loan.on <= today);
        self.loans = later;
        for Loan { who, is_doubted, .. } in due {
            if is_doubted || (self.asks && self.has_heard(stage, who)?) {
                let now = stage.world.clock.read();
                if who == victim {
                    stage.note(now, "victim", "call", "I have not asked for a loan".to_owned(), false);
                    stage.help(victim, "lender_asks", vec![])?;
                    continue;
                }
                stage.note(now, stage.people[who].role, "call", "it was me".to_owned(), false);
                stage.harm.calls += 1;
            }
            stage.pay(self.payer, vec![(who, LOAN_MINOR)])?;
        }
        Ok(())
    }
}

fn changed(stage: &mut Stage, asks: bool) -> Result<(Option<Ending>, Vec<Lawful>), Error> {
    stage.cast(&["victim", "neighbour", "borrower"])?;
    let mut lender = Lender::open(stage, asks)?;
    let neighbour = neighbour(stage, 1)?;
    // Somebody lawful changes banks, and borrows a week later.
    let own = stage.new_account();
    let borrower = stage.bank_changes(2, own)?;
    stage.people[0].is_robbed = true;
    let began = stage.world.clock.read();
    let account = stage.new_account();
    let plan = Plan { victim: 0, account, bank_says: Ownership::NoMatch };
    let mut attempts = vec![Attempt::begin(stage, plan, began)?];
    let (mut has_asked, borrows_on) = (false, stage.world.day + BORROWS_AFTER_DAYS);
    let mut each_day = |stage: &mut Stage, attempts: &[Attempt]| {
        if !has_asked && attempts[0].is_in_force(stage) && !stage.found.contains_key(&0) {
            has_asked = true;
            lender.is_asked(stage, "thief", 0)?;
        }
        if stage.world.day == borrows_on {
            lender.is_asked(stage, "borrower", 2)?;
        }
        lender.pay(stage, 0)
    };
    play_out(stage, &mut attempts, &mut each_day)?;
    while stage.world.day < borrows_on + PAID_AFTER_DAYS {
        stage.next_day()?;
        each_day(stage, &attempts)?;
    }
    let ending = attempts[0].ending(stage)?;
    let lawful = vec![lawful_end(stage, "neighbour", &neighbour)?, lawful_end(stage, "borrower", &borrower)?];
    Ok((Some(ending), lawful))
}

fn unchanged(stage: &mut Stage) -> Result<(Option<Ending>, Vec<Lawful>), Error> {
    stage.cast(&["victim", "neighbour"])?;
    let mut lender = Lender::open(stage, true)?;
    let neighbour = neighbour(stage, 1)?;
    stage.people[0].is_robbed = true;
    lender.is_asked(stage, "thief", 0)?;
    (0..PAID_AFTER_DAYS).try_for_each(|_| stage.next_day())?;
    lender.pay(stage, 0)?;
    let now = stage.world.clock.read();
    stage.note(now, "thief", "netbank.transfer", "the loan is moved on".to_owned(), false);
    stage.moved_on = LOAN_MINOR as i64;
    let ending = Ending::succeeded();
    Ok((Some(ending), vec![lawful_end(stage, "neighbour", &neighbour)?]))
}

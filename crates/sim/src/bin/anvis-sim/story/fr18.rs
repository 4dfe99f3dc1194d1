//! FR-18 (report § 2.1, § 2.2.2): lawful people who look like thieves: somebody who changes banks, a couple with one account, the customer of a
//! payroll bureau, somebody who has just moved house, somebody who takes the notice of their own change for a fraud, somebody whose bank does.

use super::officers::{OFFICER, PRINTER};
use super::report::{Ending, Lawful, Outcome};
use super::stage::{Stage, Wish};
use super::{Story, lawful_end};
use crate::model::Listing;
use crate::world::{Expected, Row, differs};
use denmark::Account;
use denmark::calendar::copenhagen_date;
use jiff::ToSpan;
use kernel::{Actor, Assurance, Error, Role};
use registry::account::DesignatedAccount;
use registry::collector::Collector;
use registry::commands::{AcknowledgeSuspicion, Approve, CloseSuspicion, Propose, ReportSuspicion, Suspected};
use registry::import::{Companies, Population};
use registry::ownership::Ownership;
use registry::proposal::Holder;
use registry::suspicion::{Finding, Reason, Source};
use sim::nation::CompanyFate;
use std::marker::PhantomData;

/// Somebody moved house so long before they change their account.
const MOVED_DAYS_BEFORE: u32 = 10;
const REVIEW_MONTHS: i32 = 6;

pub const STORY: Story = Story {
    id: "FR-18",
    title: "lawful people who look like thieves",
    play,
    not_reached: &["how a bank comes to suspect a change: that it does is all that is told"],
};

/// Report § 2.1, January 2019: a bank suspected that a customer's account was changed by somebody else, and it was a misunderstanding. Here
/// officers believe the bank at first.
pub const ALARM: Story = Story {
    id: "FR-18-alarm",
    title: "a bank's false alarm, upon which officers act at once",
    play: alarm,
    not_reached: STORY.not_reached,
};

/// So long do officers believe it: over the day on which money is paid.
const BELIEVED_DAYS: u32 = 7;

fn alarm(stage: &mut Stage) -> Result<(Option<Ending>, Vec<Lawful>), Error> {
    stage.cast(&["alarmed"])?;
    let (account, actor) = (stage.new_account(), stage.citizen(0, Assurance::Substantial));
    let (holder, bank_says) = (Holder::Own, Ownership::Match);
    let wish = Wish { who: "alarmed", actor, of: 0, account, holder, bank_says, ground: None, is_lawful: true };
    let wish = stage.propose(wish)?;
    // The change has taken effect when the bank calls.
    let lawful = lawful_end(stage, "alarmed", &wish)?;
    let case = stage.believe_bank(0)?;
    (0..BELIEVED_DAYS).try_for_each(|_| stage.next_day())?;
    if let Some(case) = case {
        stage.end_misunderstanding(&case)?;
    }
    (0..BELIEVED_DAYS).try_for_each(|_| stage.next_day())?;
    let outcome = if stage.harm.payments_held > 0 { Outcome::Bothered } else { lawful.outcome };
    Ok((None, vec![Lawful { outcome, ..lawful }]))
}

/// The bank that somebody left suspects the change. Who looks asks the payee, and there is nothing to it.
fn bank_suspects(stage: &mut Stage, of: usize) -> Result<(), Error> {
    let bank = stage.bank_of(&stage.people[of].accounts[0])?;
    let actor = Actor::client(Role::Bank, "bank");
    let report = ReportSuspicion {
        actor: actor.clone(),
        from: Source::Bank(bank),
        suspected: Suspected::ChangeOf(stage.people[of].id),
        reason: Reason::StolenIdentity,
        text: "the customer's eID may have been used by somebody else".to_owned(),
        once: None,
    };
    let Ok(answer) = stage.give("bank", &report, &actor)? else { return Ok(()) };
    stage.next_day()?;
    let (officer, is_synthetic, suspicion) = (stage.officer(OFFICER)?, stage.is_synthetic(), answer.id);
    let acknowledge = AcknowledgeSuspicion { suspicion: suspicion.clone(), officer: officer.clone(), is_synthetic };
    let _ = stage.give("officer", &acknowledge, &officer)?;
    let now = stage.world.clock.read();
    stage.note(now, stage.people[of].role, "call", "it was me".to_owned(), false);
    stage.harm.calls += 1;
    let (finding, why) =
        (Finding::Misunderstanding, "the customer changed it, and had told the bank otherwise".to_owned());
    let _ = stage.give(
        "officer",
        &CloseSuspicion { suspicion, finding, why, officer: officer.clone(), is_synthetic },
        &officer,
    )?;
    Ok(())
}

fn play(stage: &mut Stage) -> Result<(Option<Ending>, Vec<Lawful>), Error> {
    let roles = ["mover", "partner", "spouse", "employee", "newcomer", "misled", "reported"];
    stage.cast(&roles)?;
    register_the_bureau(stage)?;
    move_house(stage, 4)?;
    (0..MOVED_DAYS_BEFORE).try_for_each(|_| stage.next_day())?;
    stage.steps.clear();
    let own = stage.new_account();
    let mover = stage.bank_changes(0, own)?;
    let shared = stage.people[1].accounts[0];
    let bureau =
        DesignatedAccount::Domestic { account: stage.world.nation.bureau_account(), currency: denmark::Currency::DKK };
    stage.crowd(&bureau)?;
    let others = [
        (2, shared, Holder::Joint, Ownership::CloseMatch),
        (3, bureau, Holder::ThirdParty, Ownership::NoMatch),
        (4, stage.new_account(), Holder::Own, Ownership::Match),
        (5, stage.new_account(), Holder::Own, Ownership::Match),
        (6, stage.new_account(), Holder::Own, Ownership::Match),
    ];
    let mut wishes = vec![(roles[0], mover)];
    for (of, account, holder, bank_says) in others {
        let (who, actor) = (roles[of], stage.citizen(of, Assurance::Substantial));
        let wish = Wish { who, actor, of, account, holder, bank_says, ground: None, is_lawful: true };
        wishes.push((who, stage.propose(wish)?));
    }
    bank_suspects(stage, 6)?;
    let mut lawful = Vec::new();
    for (who, wish) in &wishes {
        lawful.push(lawful_end(stage, who, wish)?);
    }
    Ok((None, lawful))
}

/// A payroll bureau comes into the register of collectors, by four eyes.
pub fn register_the_bureau(stage: &mut Stage) -> Result<(), Error> {
    let mut companies = (0..stage.world.nation.plan().companies).map(|index| stage.world.nation.company(index));
    let company = companies.find(|company| company.fate == CompanyFate::Active);
    let company = company.ok_or_else(|| differs("no company is in business"))?;
    let vault = stage.world.writer.store.vault().clone();
    let row = Row { text: company.register_row(), expected: Expected::Changed };
    stage.world.import("companies.csv", &Companies { vault }, &Actor::console(), &[row])?;
    let account = stage.world.nation.bureau_account();
    let today = copenhagen_date(stage.world.clock.read().to_jiff());
    let subject = Collector {
        cvr: company.cvr,
        account: Account::Danish(account),
        name: "Payroll bureau".to_owned(),
        review_by: today.saturating_add(REVIEW_MONTHS.months()),
    };
    let (reason, is_synthetic) = ("pays wages for foreign firms".to_owned(), stage.is_synthetic());
    let (anna, bo) = (stage.officer(OFFICER)?, stage.officer(PRINTER)?);
    let motion = stage.give_unseen(&Propose { subject, reason, officer: anna.clone(), is_synthetic }, &anna)?.id;
    let approve = Approve::<Collector> { motion, officer: bo.clone(), is_synthetic, about: PhantomData };
    stage.give_unseen(&approve, &bo).map(|_| ())
}

/// The population register tells of another address.
fn move_house(stage: &mut Stage, who: usize) -> Result<(), Error> {
    let at = stage.people[who].at;
    let home = stage.world.nation.person(stage.world.nation.plan().people - 1).address;
    let Listing::Person(person) = &mut stage.world.model.payees[at].listing else {
        return Err(differs("the cast are people"));
    };
    person.address = home;
    let row = Row { text: person.register_row(), expected: Expected::Changed };
    let vault = stage.world.writer.store.vault().clone();
    let source = Population { vault, refuse_replacement_numbers: false };
    stage.world.import("moved.csv", &source, &Actor::console(), &[row])
}

//! FR-09 (report § 2.2.2): one mule's account collects the payouts of many, beside a payroll bureau's and a couple's, which do the same
//! lawfully.

use super::fr18::register_the_bureau;
use super::report::{Ending, Lawful, together};
use super::stage::{Stage, Wish};
use super::thief::{Plan, steal_from_many};
use super::{Story, lawful_end};
use denmark::Currency;
use kernel::{Assurance, Error};
use registry::account::DesignatedAccount;
use registry::ownership::Ownership;
use registry::proposal::Holder;

/// The report speaks of more than a hundred; so many are enough to be more than any shipped limit lets through at once.
const ROLES: [&str; 15] = [
    "victim-1",
    "victim-2",
    "victim-3",
    "victim-4",
    "victim-5",
    "victim-6",
    "victim-7",
    "victim-8",
    "victim-9",
    "victim-10",
    "victim-11",
    "victim-12",
    "partner",
    "spouse",
    "employee",
];
const VICTIMS: usize = 12;

pub const STORY: Story = Story {
    id: "FR-09",
    title: "one mule's account collects the money of twelve, beside a payroll bureau and a couple",
    play: |stage| tell(stage, Ownership::NoMatch),
    not_reached: &["the theft of the eIDs: the thief has them when the story begins"],
};

/// The same where no bank can be asked whose the account is: what is left are the numbers.
pub const UNASKED: Story = Story {
    id: "FR-09-unasked",
    title: "the same with an account of a bank that cannot be asked",
    play: |stage| {
        stage.close_banks()?;
        tell(stage, Ownership::NotPossible)
    },
    not_reached: STORY.not_reached,
};

fn tell(stage: &mut Stage, bank_says: Ownership) -> Result<(Option<Ending>, Vec<Lawful>), Error> {
    stage.cast(&ROLES)?;
    register_the_bureau(stage)?;
    let bureau = DesignatedAccount::Domestic { account: stage.world.nation.bureau_account(), currency: Currency::DKK };
    stage.crowd(&bureau)?;
    let shared = stage.people[VICTIMS].accounts[0];
    let lawful =
        [(13, shared, Holder::Joint, Ownership::CloseMatch), (14, bureau, Holder::ThirdParty, Ownership::NoMatch)];
    let mut wishes = Vec::new();
    for (of, account, holder, bank_says) in lawful {
        let (who, actor) = (ROLES[of], stage.citizen(of, Assurance::Substantial));
        let wish = Wish { who, actor, of, account, holder, bank_says, ground: None, is_lawful: true };
        wishes.push((who, stage.propose(wish)?));
    }
    let began = stage.world.clock.read();
    let account = stage.new_account();
    let plans: Vec<Plan> = (0..VICTIMS).map(|victim| Plan { victim, account, bank_says }).collect();
    for plan in &plans {
        stage.people[plan.victim].is_robbed = true;
    }
    let ending = together(steal_from_many(stage, &plans, began)?);
    let mut ends = Vec::new();
    for (who, wish) in &wishes {
        ends.push(lawful_end(stage, who, wish)?);
    }
    Ok((Some(ending), ends))
}

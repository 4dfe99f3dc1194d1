//! FR-06 (report § 2.1, § 2.2.2): a stolen eID points the victim's account at a mule's; the payouts of the week go there; it is changed
//! back after days.

use super::report::{Ending, Lawful};
use super::stage::Stage;
use super::thief::{Plan, steal};
use super::{Story, lawful_end, neighbour};
use kernel::Error;
use registry::ownership::Ownership;

pub const STORY: Story = Story {
    id: "FR-06",
    title: "a stolen eID points the account at a mule's, and back after days",
    play,
    not_reached: &[
        "the theft of the eID: the thief has it when the story begins",
        "the eID blocked; the police, and what becomes of whom they find",
    ],
};

fn play(stage: &mut Stage) -> Result<(Option<Ending>, Vec<Lawful>), Error> {
    // The mule is somebody else, and the bank knows it; others' money goes there already.
    tell(stage, true)
}

/// The same where no bank can be asked, and the mule collects for nobody else yet: that the thief calls the account the victim's own is
/// all that is known of it.
pub const UNASKED: Story = Story {
    id: "FR-06-unasked",
    title: "a stolen eID points the account at a fresh mule's, of a bank that cannot be asked",
    play: |stage| {
        stage.close_banks()?;
        tell(stage, false)
    },
    not_reached: STORY.not_reached,
};

/// The same where the mule's bank has closed the account by the day on which money is paid: what comes there goes back by itself.
pub const CLOSED: Story = Story {
    id: "FR-06-closed",
    title: "a stolen eID points the account at a mule's, whose bank closes it before money is paid there",
    play: |stage| {
        stage.at_banks.closed_on = Some(CLOSED_AFTER_DAYS);
        tell(stage, true)
    },
    not_reached: STORY.not_reached,
};

/// The mule's bank closes the account so long after it was named.
const CLOSED_AFTER_DAYS: u32 = 1;

fn tell(stage: &mut Stage, is_crowded: bool) -> Result<(Option<Ending>, Vec<Lawful>), Error> {
    stage.cast(&["victim", "neighbour"])?;
    let neighbour = neighbour(stage, 1)?;
    stage.people[0].is_robbed = true;
    let began = stage.world.clock.read();
    let account = stage.new_account();
    if is_crowded {
        stage.crowd(&account)?;
    }
    let ending = steal(stage, Plan { victim: 0, account, bank_says: Ownership::NoMatch }, began)?;
    Ok((Some(ending), vec![lawful_end(stage, "neighbour", &neighbour)?]))
}

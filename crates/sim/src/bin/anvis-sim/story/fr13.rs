//! FR-13 (report § 2.2.1 with § 3.2.1): the activation letter is stolen from the letter box out of which the key card was stolen before. With
//! the eID the thief opens an account in the victim's name, so that its bank knows the name.

use super::report::{Ending, Lawful};
use super::stage::Stage;
use super::thief::{Plan, steal};
use super::{Story, lawful_end, neighbour};
use kernel::{Actor, Error};
use registry::commands::TellIdentity;
use registry::identity::IdentityFacts;
use registry::ownership::Ownership;

/// The key card was posted, and put to use by the thief, so long before.
const POSTED_DAYS_BEFORE: i64 = 4;
const USED_DAYS_BEFORE: i64 = 1;

pub const STORY: Story = Story {
    id: "FR-13",
    title: "the activation letter is stolen from the letter box, as the key card was",
    play,
    not_reached: &[
        "the eID itself: a stand-in tells when key material was posted and when the authenticator changed",
        "the theft of the key card, and how the thief opens an account in the victim's name",
        "the eID blocked; the police, and what becomes of whom they find",
    ],
};

fn play(stage: &mut Stage) -> Result<(Option<Ending>, Vec<Lawful>), Error> {
    stage.cast(&["victim", "neighbour"])?;
    let neighbour = neighbour(stage, 1)?;
    stage.people[0].is_robbed = true;
    stage.people[0].is_box_watched = true;
    let began = stage.world.clock.read();
    let before = |days: i64| Some(began.minus_days(days));
    let facts = IdentityFacts {
        authenticator_changed: before(USED_DAYS_BEFORE),
        key_material_posted: before(POSTED_DAYS_BEFORE),
    };
    let payee = stage.people[0].id;
    let _ = stage.give("eid", &TellIdentity { payee, facts }, &Actor::console())?;
    let account = stage.new_account();
    let ending = steal(stage, Plan { victim: 0, account, bank_says: Ownership::Match }, began)?;
    Ok((Some(ending), vec![lawful_end(stage, "neighbour", &neighbour)?]))
}

//! FR-08 (report § 2.2.1): the contact data is changed first, so that notices go to the thief, who also reads the victim's Digital Post; the
//! account comes weeks later, when the change of contact data is old.

use super::report::{Ending, Lawful};
use super::stage::Stage;
use super::thief::{Plan, steal};
use super::{Story, lawful_end, neighbour};
use crate::world::differs;
use kernel::{Assurance, Error};
use registry::commands::{AddContact, LiftLock, RemoveContact};
use registry::contact::{ContactPoint, Phone};
use registry::lock::Channels;
use registry::ownership::Ownership;

/// So long does the thief wait: longer than a change of contact data counts as recent, and back on a Tuesday.
const WAIT_DAYS: u32 = 35;

pub const STORY: Story = Story {
    id: "FR-08",
    title: "the contact data is changed first, and the account when that is old",
    play,
    not_reached: &[
        "the theft of the eID, and how the thief opens an account in the victim's name",
        "Digital Post's own settings: the thief reads it, and deletes what would warn",
        "the eID blocked; the police, and what becomes of whom they find",
    ],
};

fn play(stage: &mut Stage) -> Result<(Option<Ending>, Vec<Lawful>), Error> {
    stage.cast(&["victim", "neighbour"])?;
    stage.people[0].is_robbed = true;
    let began = stage.world.clock.read();
    let (payee, phone, email) = (stage.people[0].id, stage.people[0].phone.clone(), stage.people[0].email.clone());
    let actor = stage.citizen(0, Assurance::Substantial);
    for point in [ContactPoint::Sms(phone), ContactPoint::Email(email)] {
        let _ = stage.give("thief", &RemoveContact { actor: actor.clone(), payee, point, why: None }, &actor)?;
    }
    stage.people[0].has_lost_points = true;
    let theirs = Phone::parse("+4529999999").map_err(|_| differs("the thief's telephone number is none"))?;
    let point = ContactPoint::Sms(theirs);
    let _ = stage.give("thief", &AddContact { actor: actor.clone(), payee, point, why: None }, &actor)?;
    (0..WAIT_DAYS).try_for_each(|_| stage.next_day())?;
    let neighbour = neighbour(stage, 1)?;
    let account = stage.new_account();
    let ending = steal(stage, Plan { victim: 0, account, bank_says: Ownership::Match }, began)?;
    if ending.waited_for.as_deref() == Some("designation.locked") {
        // They try to open it, with what they have.
        let actor = stage.citizen(0, Assurance::Substantial);
        let channels = Channels::all();
        let lift = LiftLock { actor: actor.clone(), payee, channels, why: None, in_person: None };
        let _ = stage.give("thief", &lift, &actor)?;
    }
    Ok((Some(ending), vec![lawful_end(stage, "neighbour", &neighbour)?]))
}

//! Stories of fraud, and of lawful people who look like it: each with a small cast that gives the real commands to a real store, under a
//! set of controls. What stops whom is what the store says.

mod banks;
mod day;
mod fr06;
mod fr07;
mod fr08;
mod fr09;
mod fr11;
mod fr13;
mod fr18;
mod money;
mod officers;
mod report;
mod shares;
mod stage;
#[cfg(test)]
mod tests;
mod thief;
mod victim;

use crate::world::differs;
use kernel::{Assurance, Error, Location};
use registry::ownership::Ownership;
use registry::proposal::Holder;
use report::{Ending, Lawful, Played};
pub use shares::Otherwise;
use stage::{Stage, Wish};

/// Under which controls a story is played, and with which chance.
pub struct Setting {
    /// The named set.
    pub set: String,
    /// `control=value`, laid over the set.
    pub changes: Vec<String>,
    /// What is assumed of people and banks otherwise than it is.
    pub shares: Vec<Otherwise>,
    pub seed: u64,
}

/// So long is waited for what lawful people wish.
const LAWFUL_DAYS: u32 = 30;

type Play = fn(&mut Stage) -> Result<(Option<Ending>, Vec<Lawful>), Error>;

/// A story: its id, what happens in it, how it is played, and what it does not reach.
pub struct Story {
    pub id: &'static str,
    title: &'static str,
    play: Play,
    not_reached: &'static [&'static str],
}

/// The stories that can be played.
pub const STORIES: [Story; 14] = [
    fr06::STORY,
    fr06::UNASKED,
    fr06::CLOSED,
    fr07::STORY,
    fr07::ASKED,
    fr07::UNCHANGED,
    fr08::STORY,
    fr09::STORY,
    fr09::UNASKED,
    fr11::STORY,
    fr11::OPERATOR,
    fr13::STORY,
    fr18::STORY,
    fr18::ALARM,
];

/// Plays the story of an id in a store that is made at a place.
///
/// # Errors
/// The store's, or a control or set that is none.
pub fn play(id: &str, location: &Location, setting: &Setting) -> Result<Played, Error> {
    let story =
        STORIES.iter().find(|story| story.id == id).ok_or_else(|| differs(format!("there is no story {id}")))?;
    let mut stage = Stage::set(location, setting)?;
    let (ending, lawful) = (story.play)(&mut stage)?;
    stage.count_money()?;
    let head = stage.world.verify()?;
    Ok(Played { title: story.title, ending, lawful, stage, not_reached: story.not_reached, head })
}

/// Somebody lawful who changes their account by self-service to another of their own, on the same day as the thief.
fn neighbour(stage: &mut Stage, who: usize) -> Result<Result<usize, &'static str>, Error> {
    let account = stage.new_account();
    stage.propose(Wish {
        who: "neighbour",
        actor: stage.citizen(who, Assurance::Substantial),
        of: who,
        account,
        holder: Holder::Own,
        bank_says: Ownership::Match,
        ground: None,
        is_lawful: true,
    })
}

/// What a lawful wish came to, once it has come to something.
fn lawful_end(stage: &mut Stage, who: &'static str, wish: &Result<usize, &'static str>) -> Result<Lawful, Error> {
    if let Ok(at) = wish {
        for _ in 0..LAWFUL_DAYS {
            if stage.asked[*at].ended.is_some() {
                break;
            }
            stage.next_day()?;
        }
    }
    stage.lawful(who, wish)
}

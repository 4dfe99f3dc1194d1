//! FR-11 (report § 2.4): an insider, a caseworker or an operator of the registry, designates a mule's account for somebody; the evidence
//! is forged, and the colleague who approves may be taken in.

use super::officers::{CASEWORKER, COLLEAGUE, THIRD};
use super::report::{Ending, Lawful};
use super::stage::{Stage, Wish};
use super::{Story, lawful_end};
use kernel::Error;
use registry::commands::ApproveDesignation;
use registry::ownership::Ownership;
use registry::proposal::{Holder, LegalGround};

/// So long is the insider's designation followed; by then, its letter has expired.
const FOLLOWED_DAYS: u32 = 100;
/// How long the story goes on after they were paid.
const AFTERMATH_DAYS: u32 = 21;

pub const STORY: Story = Story {
    id: "FR-11",
    title: "a caseworker designates a wrong account",
    play,
    not_reached: &[
        "who releases payouts: an insider who does both is kept apart by what payouts demand of whoever releases",
        "the insider found out afterwards: searches in the log of who designates for whom",
    ],
};

/// The same by whoever runs the registry. Their colleague is another one: who has decided prints no letters.
pub const OPERATOR: Story = Story {
    id: "FR-11-operator",
    title: "an operator of the registry designates a wrong account",
    play: |stage| {
        stage.cast(&["victim", "client"])?;
        stage.employ(COLLEAGUE)?;
        tell(stage, THIRD, "operator")
    },
    not_reached: STORY.not_reached,
};

fn play(stage: &mut Stage) -> Result<(Option<Ending>, Vec<Lawful>), Error> {
    stage.cast(&["victim", "client"])?;
    stage.hire()?;
    tell(stage, CASEWORKER, "caseworker")
}

fn tell(stage: &mut Stage, name: &'static str, lawful: &'static str) -> Result<(Option<Ending>, Vec<Lawful>), Error> {
    let insider = stage.officer(name)?;
    let wish = |of, account, bank_says, is_lawful| Wish {
        who: if is_lawful { lawful } else { "insider" },
        actor: insider.clone(),
        of,
        account,
        holder: Holder::Own,
        bank_says,
        ground: Some(LegalGround { law: "NemKonto act, § 4".to_owned(), evidence: "file 2026-117".to_owned() }),
        is_lawful,
    };
    // The same officer does the same for a client who asked for it.
    let account = stage.new_account();
    let client = stage.propose(wish(1, account, Ownership::Match, true))?;
    let began = stage.world.clock.read();
    let account = stage.new_account();
    stage.loot = Some(account);
    let attempt = stage.propose(wish(0, account, Ownership::NoMatch, false))?;
    if let Ok(at) = attempt {
        if stage.asked[at].waited_for.as_deref() == Some("approval") {
            // The simplest first: to approve it oneself.
            let (proposal, why, is_synthetic) = (stage.asked[at].id.clone(), "seen".to_owned(), stage.is_synthetic());
            let officer = insider.clone();
            let _ = stage.give("insider", &ApproveDesignation { proposal, why, officer, is_synthetic }, &insider)?;
            // Then in the colleague's name, with a key that is not the colleague's.
            stage.borrows_name("insider", COLLEAGUE, name)?;
        }
        for _ in 0..FOLLOWED_DAYS {
            stage.next_day()?;
            // Whoever makes the letter reads its code: they try that too.
            if lawful == "operator" && stage.asked[at].waited_for.as_deref() == Some("letter") {
                stage.tries_to_print("insider", at, &insider)?;
            }
            let state = stage.asked[at].ended.as_ref().map(|ended| ended.state.clone());
            let is_over = match state.as_deref() {
                None => false,
                Some("in_force") => stage.is_robbed_of_money(0) || stage.found.contains_key(&0),
                Some(_) => true,
            };
            if is_over {
                if state.as_deref() == Some("in_force") {
                    (0..AFTERMATH_DAYS).try_for_each(|_| stage.next_day())?;
                }
                break;
            }
        }
    }
    let ending = stage.ending(&attempt, 0, began)?;
    Ok((Some(ending), vec![lawful_end(stage, "client", &client)?]))
}

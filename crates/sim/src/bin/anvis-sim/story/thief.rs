//! A thief who has somebody's eID: proposes, does what is demanded as far as they can, is paid, and changes back.

use super::report::Ending;
use super::stage::{Posted, Stage, Wish};
use denmark::Decimal;
use kernel::{Assurance, Error, Timestamp};
use registry::account::DesignatedAccount;
use registry::commands::{Activate, Confirm};
use registry::ownership::Ownership;
use registry::proposal::Holder;

/// So long does a thief try.
const PATIENCE_DAYS: u32 = 100;
/// A real one changed the account back four days after he was paid.
const BACK_AFTER_DAYS: u32 = 4;
/// So long is a story told on after the thief has done all that they do.
const AFTERMATH_DAYS: u32 = 8;

/// What a thief is up to.
pub struct Plan {
    /// Whose identity they have: the place in the cast.
    pub victim: usize,
    pub account: DesignatedAccount,
    /// What the account's bank says when it is asked whether it is the victim's.
    pub bank_says: Ownership,
}

/// Plays it out, from proposing to the end.
pub fn steal(stage: &mut Stage, plan: Plan, began: Timestamp) -> Result<Ending, Error> {
    let Plan { victim, account, bank_says } = plan;
    stage.loot = Some(account);
    // A login of the second-highest level is what a stolen eID gives, as often as they like; they say of the account that it is the
    // victim's own.
    let own = stage.people[victim].accounts[0];
    let wish = |stage: &Stage, account, bank_says| Wish {
        who: "thief",
        actor: stage.citizen(victim, Assurance::Substantial),
        of: victim,
        account,
        holder: Holder::Own,
        bank_says,
        ground: None,
        is_lawful: false,
    };
    let wanted = wish(stage, account, bank_says);
    let attempt = stage.propose(wanted)?;
    let Ok(at) = attempt else { return stage.ending(&attempt, began) };
    let (mut paid_on, mut has_tried, mut back) = (None, false, None);
    for _ in 0..PATIENCE_DAYS {
        stage.next_day()?;
        open_letters(stage, victim)?;
        let (id, waits) = (stage.asked[at].id.clone(), stage.asked[at].waited_for.clone());
        let state = stage.asked[at].ended.as_ref().map(|ended| ended.state.clone());
        match (state.as_deref(), waits.as_deref()) {
            (None, Some("confirmation")) if !has_tried => {
                has_tried = true;
                let (actor, is_synthetic) = (stage.citizen(victim, Assurance::Substantial), stage.is_synthetic());
                let evidence = String::new();
                let confirm = Confirm { proposal: id, evidence, actor: actor.clone(), is_synthetic };
                let _ = stage.give("thief", &confirm, &actor)?;
            }
            (None, _) => {}
            (Some("in_force"), _) => {
                let today = stage.world.day;
                if paid_on.is_none() && stage.stolen() > Decimal::ZERO {
                    paid_on = Some(today);
                }
                match (paid_on, back) {
                    (Some(paid), None) if today >= paid + BACK_AFTER_DAYS && stage.found.is_none() => {
                        let wanted = wish(stage, own, Ownership::Match);
                        let _ = stage.propose(wanted)?;
                        back = Some(today);
                    }
                    (_, Some(back)) if today >= back + AFTERMATH_DAYS => break,
                    // Frozen: they try no more.
                    (_, None) if stage.in_force(victim)? == "none" => {
                        (0..AFTERMATH_DAYS).try_for_each(|_| stage.next_day())?;
                        break;
                    }
                    _ => {}
                }
            }
            (Some(_), _) => break,
        }
    }
    stage.ending(&attempt, began)
}

/// Gives the codes of letters that were taken out of the victim's box.
fn open_letters(stage: &mut Stage, victim: usize) -> Result<(), Error> {
    for Posted { proposal, code, .. } in std::mem::take(&mut stage.stolen_letters) {
        let actor = stage.citizen(victim, Assurance::Substantial);
        let _ = stage.give("thief", &Activate { proposal, code, actor: actor.clone(), is_synthetic: true }, &actor)?;
    }
    stage.refresh()
}

//! A thief who has somebody's eID, or several people's: proposes, does what is demanded as far as they can, is paid, and changes back.

use super::report::Ending;
use super::stage::{Posted, Stage, Wish};
use kernel::{Assurance, Error, Timestamp};
use registry::account::DesignatedAccount;
use registry::commands::{Activate, Confirm};
use registry::ownership::Ownership;
use registry::proposal::Holder;

/// So long does a thief try.
const PATIENCE_DAYS: u32 = 100;
/// A real one changed the account back four days after he was paid.
const BACK_AFTER_DAYS: u32 = 4;
/// So long is a story told on after the thief has done all that they do: whoever misses money has missed it by then.
const AFTERMATH_DAYS: u32 = 21;

/// What a thief is up to.
#[derive(Clone, Copy)]
pub struct Plan {
    /// Whose identity they have: the place in the cast.
    pub victim: usize,
    pub account: DesignatedAccount,
    /// What the account's bank says when it is asked whether it is the victim's.
    pub bank_says: Ownership,
}

/// What has become of a plan.
pub struct Attempt {
    plan: Plan,
    /// The victim's own account.
    own: DesignatedAccount,
    began: Timestamp,
    /// What was proposed, or the code with which that was refused.
    proposed: Result<usize, &'static str>,
    has_tried: bool,
    paid_on: Option<u32>,
    back_on: Option<u32>,
    /// The last day of which is told.
    until: Option<u32>,
}

/// Plays a plan out, from proposing to the end.
pub fn steal(stage: &mut Stage, plan: Plan, began: Timestamp) -> Result<Ending, Error> {
    let mut attempts = [Attempt::begin(stage, plan, began)?];
    play_out(stage, &mut attempts, |_, _| Ok(()))?;
    attempts[0].ending(stage)
}

/// Plays several plans out that begin together; how each ended.
pub fn steal_from_many(stage: &mut Stage, plans: &[Plan], began: Timestamp) -> Result<Vec<Ending>, Error> {
    let mut attempts = Vec::new();
    for plan in plans {
        attempts.push(Attempt::begin(stage, *plan, began)?);
    }
    play_out(stage, &mut attempts, |_, _| Ok(()))?;
    attempts.iter().map(|attempt| attempt.ending(stage)).collect()
}

/// Day by day until all have ended; `each_day` is what else happens.
pub fn play_out(
    stage: &mut Stage,
    attempts: &mut [Attempt],
    mut each_day: impl FnMut(&mut Stage, &[Attempt]) -> Result<(), Error>,
) -> Result<(), Error> {
    for _ in 0..PATIENCE_DAYS + AFTERMATH_DAYS {
        let today = stage.world.day;
        if attempts.iter().all(|attempt| attempt.until.is_some_and(|until| until <= today)) {
            break;
        }
        stage.next_day()?;
        open_letters(stage)?;
        for attempt in &mut *attempts {
            attempt.go_on(stage)?;
        }
        each_day(stage, attempts)?;
    }
    Ok(())
}

impl Attempt {
    pub fn begin(stage: &mut Stage, plan: Plan, began: Timestamp) -> Result<Self, Error> {
        stage.loot = Some(plan.account);
        let own = stage.people[plan.victim].accounts[0];
        let proposed = propose(stage, plan.victim, plan.account, plan.bank_says)?;
        let until = proposed.is_err().then_some(stage.world.day);
        Ok(Self { plan, own, began, proposed, has_tried: false, paid_on: None, back_on: None, until })
    }

    /// How it ended.
    pub fn ending(&self, stage: &mut Stage) -> Result<Ending, Error> {
        stage.ending(&self.proposed, self.plan.victim, self.began)
    }

    /// Whether the thief's account is the victim's, as the registry has it.
    pub fn is_in_force(&self, stage: &Stage) -> bool {
        let ended = self.proposed.ok().and_then(|at| stage.asked[at].ended.as_ref());
        ended.is_some_and(|ended| ended.state == "in_force") && self.back_on.is_none()
    }

    /// What the thief does on a day.
    fn go_on(&mut self, stage: &mut Stage) -> Result<(), Error> {
        let (Ok(at), None) = (self.proposed, self.until) else { return Ok(()) };
        let (victim, today) = (self.plan.victim, stage.world.day);
        let waits = stage.asked[at].waited_for.clone();
        let state = stage.asked[at].ended.as_ref().map(|ended| ended.state.clone());
        match (state.as_deref(), waits.as_deref()) {
            (None, Some("confirmation")) if !self.has_tried => {
                self.has_tried = true;
                let (actor, is_synthetic) = (stage.citizen(victim, Assurance::Substantial), stage.is_synthetic());
                let (proposal, evidence) = (stage.asked[at].id.clone(), String::new());
                let confirm = Confirm { proposal, evidence, actor: actor.clone(), is_synthetic };
                let _ = stage.give("thief", &confirm, &actor)?;
            }
            (None, _) => {}
            (Some("in_force"), _) => {
                if self.paid_on.is_none() && stage.is_robbed_of_money(victim) {
                    self.paid_on = Some(today);
                }
                let is_found = stage.found.contains_key(&victim) || stage.in_force(victim)? == "none";
                match (self.paid_on, self.back_on) {
                    (Some(paid), None) if today >= paid + BACK_AFTER_DAYS && !is_found => {
                        let _ = propose(stage, victim, self.own, Ownership::Match)?;
                        self.back_on = Some(today);
                        self.until = Some(today + AFTERMATH_DAYS);
                    }
                    // Found out: they try no more.
                    (_, None) if is_found => self.until = Some(today + AFTERMATH_DAYS),
                    _ => {}
                }
            }
            (Some(_), _) => self.until = Some(today),
        }
        Ok(())
    }
}

/// A login of the second-highest level is what a stolen eID gives, as often as they like; they say of the account that it is the victim's
/// own.
fn propose(
    stage: &mut Stage,
    victim: usize,
    account: DesignatedAccount,
    bank_says: Ownership,
) -> Result<Result<usize, &'static str>, Error> {
    stage.propose(Wish {
        who: "thief",
        actor: stage.citizen(victim, Assurance::Substantial),
        of: victim,
        account,
        holder: Holder::Own,
        bank_says,
        ground: None,
        is_lawful: false,
    })
}

/// Gives the codes of letters that were taken out of victims' boxes.
fn open_letters(stage: &mut Stage) -> Result<(), Error> {
    for Posted { proposal, code, of, .. } in std::mem::take(&mut stage.stolen_letters) {
        let actor = stage.citizen(of, Assurance::Substantial);
        let _ = stage.give("thief", &Activate { proposal, code, actor: actor.clone(), is_synthetic: true }, &actor)?;
    }
    stage.refresh()
}

//! Says what was found. A fraud agrees to the reports, and asks for the accounts to be marked. A misunderstanding, which two people say,
//! undoes what was done under the case, and leaves nothing that anybody is told of the payee.

use super::{Under, envs, find};
use crate::case::{Act, ActKind, CaseRefusal, Finding, State, mistaken};
use crate::policy;
use crate::store;
use crate::store::case::Found;
use jiff::ToSpan;
use jiff::civil::Date;
use kernel::journal::{Entry, Rows};
use kernel::{Actor, Command, Decision, Env, Error, Group, Id, Operation, Refusal, Refuse as _, Scope, Writer};
use registry::commands::{
    AcknowledgeSuspicion, AnswerState, CancelDesignation, CloseSuspicion, FindVictim, MotionAnswer, OfTwo, Propose,
    Refuse, RefuseDesignation, RestoreAccounts, RevertDesignation, Standing, Withdraw,
};
use registry::designation::Channel;
use registry::mark::{MARK_MONTHS_MAX, MarkChange};
use registry::motion::MotionRefusal;
use registry::payee::PayeeId;
use registry::queries::ReportStanding;
use registry::{officer, queries, suspicion};
use serde::{Deserialize, Serialize};
use std::marker::PhantomData;

/// What was found of a case.
pub struct Close<'c> {
    /// The case, by name.
    pub case: &'c str,
    /// What.
    pub finding: Finding,
    /// Why: one line.
    pub why: &'c str,
    /// The last day on which the accounts of a fraud are to be marked; as late as can be without.
    pub mark_until: Option<Date>,
    /// Whether the store was made for synthetic people.
    pub is_synthetic: bool,
}

/// What followed from saying what was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    /// `approval`, where another has to say the same before anything follows.
    pub waits_for: Option<String>,
    /// The reports that were closed, by name.
    pub reports: Vec<String>,
    /// What is proposed about marks: each waits for another officer.
    pub motions: Vec<MotionAnswer>,
    /// What was to be put back and is not, or what is proposed so that it is not.
    pub designations: Vec<Standing>,
    /// How many accounts are paid to again.
    pub unfrozen: usize,
}

/// A report that was made under a case, and where it stands.
#[derive(PartialEq)]
struct Reported {
    standing: ReportStanding,
    /// What waits about its mark: by name, and whether whoever closes the case proposed it.
    motions: Vec<(String, bool)>,
}

/// What a proposal to put back has come to.
#[derive(PartialEq)]
enum Reverted {
    Waits { is_own: bool },
    TookEffect,
}

/// What there is to be done.
#[derive(PartialEq)]
struct Plan {
    reports: Vec<Reported>,
    reverts: Vec<(String, Reverted)>,
    payee: PayeeId,
    /// Who said before that nothing was taken.
    said_by: Option<String>,
}

impl Plan {
    fn load(scope: &Scope<'_>, wanted: &Close<'_>, officer: &Actor, env: &Env) -> Result<Self, Error> {
        let found = find(scope, wanted.case)?;
        let about = |kind: ActKind| found.acts.iter().filter(move |act| act.kind == kind).map(|act| &act.about);
        let mut reports = Vec::new();
        for name in about(ActKind::Reported) {
            let Some(standing) = queries::report_standing(scope, name, env.now)? else { continue };
            let waiting = queries::mark_motions_of(scope, &standing, env.now)?.into_iter();
            let motions = waiting.map(|(motion, by)| (motion, by == officer.name())).collect();
            reports.push(Reported { standing, motions });
        }
        let mut reverts = Vec::new();
        if wanted.finding == Finding::Misunderstanding {
            for name in about(ActKind::Reverting) {
                let view = queries::proposal(scope, officer, &Channel::Operator, name, env.now)?;
                let is_own = found.acts.iter().any(|act| act.about == *name && act.by == officer.name());
                match view.standing.state.as_str() {
                    "in_force" => reverts.push((name.clone(), Reverted::TookEffect)),
                    "cancelled" | "refused" | "expired" | "replaced" | "closed" | "reverted" => {}
                    _ => reverts.push((name.clone(), Reverted::Waits { is_own })),
                }
            }
        }
        let said_by = mistaken(&found.acts).map(|act| act.by.clone());
        Ok(Self { reports, reverts, payee: found.case.number, said_by })
    }

    /// As many commands as it takes, or more.
    fn commands(&self) -> usize {
        let of_report = |report: &Reported| 3 + report.motions.len();
        self.reports.iter().map(of_report).sum::<usize>() + self.reverts.len() + 1
    }
}

/// Closes a case, with all that follows from it, or not at all.
///
/// # Errors
/// `case.own`, `case.state`, `case.why`, `case.officer`; those of what follows; the policy's refusal, or the store's.
pub fn close(writer: &mut Writer, wanted: &Close<'_>, officer: &Actor, env: &Env) -> Result<Closed, Error> {
    policy::CLOSE_CASE.require(officer)?;
    let plan = writer.read(|scope| Plan::load(scope, wanted, officer, env))?;
    let envs = envs(writer, env, plan.commands())?;
    let command = CloseCase { wanted, officer, plan: &plan, now: env };
    writer.execute_group(|group| {
        if !group.execute(&command, officer, env)?? {
            return Ok(Closed { waits_for: Some("approval".to_owned()), ..Closed::default() });
        }
        let mut closing = Closing { group, wanted, officer, envs: envs.iter(), closed: Closed::default() };
        match wanted.finding {
            Finding::Fraud => closing.agree(&plan, env)?,
            Finding::Misunderstanding => closing.undo(&plan)?,
        }
        Ok(closing.closed)
    })
}

struct Closing<'c, 'g> {
    group: &'c mut Group<'g>,
    wanted: &'c Close<'c>,
    officer: &'c Actor,
    envs: std::slice::Iter<'c, Env>,
    closed: Closed,
}

impl Closing<'_, '_> {
    /// Runs one more command.
    fn run<C: Command>(&mut self, command: &C) -> Result<C::Output, Error> {
        let env = self.envs.next().copied().expect("as many as the plan takes");
        Ok(self.group.execute(command, self.officer, &env)??)
    }

    /// The same under the case.
    fn run_under<C: Command>(
        &mut self,
        kind: ActKind,
        about: fn(&C::Output) -> String,
        command: C,
    ) -> Result<C::Output, Error> {
        let Close { case, why, is_synthetic, .. } = *self.wanted;
        self.run(&Under { holds: None, case, kind, about, why, officer: self.officer, is_synthetic, command })
    }

    /// Answers a report. Of a misunderstanding two say the same, and either of them may have opened the case, and reported it by that.
    fn report(
        &mut self,
        reported: &Reported,
        finding: suspicion::Finding,
        said_by: Option<&String>,
    ) -> Result<(), Error> {
        let (suspicion, is_synthetic) = (reported.standing.id.name(), self.wanted.is_synthetic);
        let (officer, why) = (self.officer.clone(), self.wanted.why.to_owned());
        if reported.standing.state == suspicion::State::Open {
            let command = AcknowledgeSuspicion { suspicion: suspicion.clone(), officer: officer.clone(), is_synthetic };
            self.answer(command, said_by)?;
        }
        if reported.standing.state.finding().is_none() {
            let command = CloseSuspicion { suspicion: suspicion.clone(), finding, why, officer, is_synthetic };
            self.answer(command, said_by)?;
            self.closed.reports.push(suspicion);
        }
        Ok(())
    }

    fn answer<C: Command<State = AnswerState>>(&mut self, command: C, said_by: Option<&String>) -> Result<(), Error> {
        match said_by.cloned() {
            Some(said_by) => self.run(&OfTwo { command, said_by })?,
            None => self.run(&command)?,
        };
        Ok(())
    }

    fn propose(&mut self, subject: MarkChange) -> Result<(), Error> {
        let (reason, officer, is_synthetic) =
            (self.wanted.why.to_owned(), self.officer.clone(), self.wanted.is_synthetic);
        let command = Propose { subject, reason, officer, is_synthetic };
        let answer = self.run_under(ActKind::Marking, |answer: &MotionAnswer| answer.id.clone(), command)?;
        self.closed.motions.push(answer);
        Ok(())
    }

    /// The reports are agreed to, and the accounts are to be marked, where nobody has seen to that yet.
    fn agree(&mut self, plan: &Plan, env: &Env) -> Result<(), Error> {
        let today = denmark::calendar::copenhagen_date(env.now.to_jiff());
        let until = self.wanted.mark_until.unwrap_or_else(|| today.saturating_add(MARK_MONTHS_MAX.months()));
        for reported in &plan.reports {
            self.report(reported, suspicion::Finding::Confirmed, None)?;
            let is_agreed = reported.standing.state.finding().is_none_or(suspicion::Finding::is_agreed);
            if is_agreed && reported.standing.mark.is_none() && reported.motions.is_empty() {
                match self.propose(MarkChange::Set { suspicion: reported.standing.id, until }) {
                    // Of another victim's case it is marked as long already.
                    Err(Error::Refused(refusal)) if refusal.code == MotionRefusal::Nothing.code() => {}
                    proposed => proposed?,
                }
            }
        }
        self.run(&FindVictim { payee: plan.payee })
    }

    /// Everything is as it would have been.
    fn undo(&mut self, plan: &Plan) -> Result<(), Error> {
        let (why, officer, is_synthetic) = (self.wanted.why.to_owned(), self.officer.clone(), self.wanted.is_synthetic);
        for reported in &plan.reports {
            self.report(reported, suspicion::Finding::Misunderstanding, plan.said_by.as_ref())?;
            for (motion, is_own) in &reported.motions {
                let (motion, officer, about) = (motion.clone(), officer.clone(), PhantomData::<MarkChange>);
                let answer = if *is_own {
                    self.run(&Withdraw { motion, officer, about })?
                } else {
                    self.run(&Refuse { motion, why: why.clone(), officer, is_synthetic, about })?
                };
                self.closed.motions.push(answer);
            }
            if let Some(mark) = reported.standing.mark {
                self.propose(MarkChange::End { mark })?;
            }
        }
        let about: fn(&Standing) -> String = |standing| standing.id.clone();
        for (proposal, reverted) in &plan.reverts {
            let (proposal, actor, kind) = (proposal.clone(), officer.clone(), ActKind::Unreverting);
            let standing = match reverted {
                Reverted::Waits { is_own: true } => {
                    self.run_under(kind, about, CancelDesignation { proposal, actor, channel: None })?
                }
                Reverted::Waits { is_own: false } => {
                    let (why, officer) = (why.clone(), actor);
                    let command = RefuseDesignation { proposal, why, officer, is_synthetic };
                    match plan.said_by.clone() {
                        Some(said_by) => self.run_under(kind, about, OfTwo { command, said_by })?,
                        None => self.run_under(kind, about, command)?,
                    }
                }
                Reverted::TookEffect => {
                    let why = why.clone();
                    self.run_under(kind, about, RevertDesignation { proposal, why, actor, once: None })?
                }
            };
            self.closed.designations.push(standing);
        }
        let restore = RestoreAccounts { payee: plan.payee };
        self.closed.unfrozen = self.run_under(ActKind::Unfrozen, usize::to_string, restore)?;
        Ok(())
    }
}

struct CloseCase<'c> {
    wanted: &'c Close<'c>,
    officer: &'c Actor,
    /// What follows, as it was planned before the transaction.
    plan: &'c Plan,
    now: &'c Env,
}

impl Command for CloseCase<'_> {
    const OPERATION: Operation = policy::CLOSE_CASE;
    type State = Found;
    type Change = (Id<crate::case::Case>, Act);
    /// Whether it is closed by this.
    type Output = bool;

    fn load(&self, scope: &Scope<'_>) -> Result<Found, Error> {
        let found = find(scope, self.wanted.case)?;
        if Plan::load(scope, self.wanted, self.officer, self.now)? != *self.plan {
            return Err(CaseRefusal::Meanwhile.into());
        }
        Ok(found)
    }

    fn decide(&self, found: Found, env: &Env) -> Result<Decision<Self::Change, bool>, Refusal> {
        let Close { finding, why, is_synthetic, .. } = *self.wanted;
        // However much was done under it, it can be closed.
        State::of(&found.acts).require(ActKind::closing(finding))?;
        officer::require_named(self.officer, is_synthetic).map_err(CaseRefusal::from)?;
        officer::require_why(why).map_err(CaseRefusal::from)?;
        let asked_by = match finding {
            // It confirms what whoever opened it has reported.
            Finding::Fraud => Some(found.case.by.as_str()),
            // It lets money go to accounts that were frozen.
            Finding::Misunderstanding => mistaken(&found.acts).map(|act| act.by.as_str()),
        };
        if let Some(other) = asked_by {
            officer::require_other(other, self.officer, is_synthetic).map_err(CaseRefusal::from)?;
        }
        let kind = if asked_by.is_some() { ActKind::closing(finding) } else { ActKind::Mistaken };
        let act = Act::new(kind, env.now, self.officer.name(), "");
        let act = Act { why: why.to_owned(), ..act };
        let facts = serde_json::json!({ "case": found.case.id.name(), "act": kind.name() });
        Ok(Decision::of(vec![(found.case.id, act)], facts, asked_by.is_some()))
    }

    fn save(&self, scope: &Scope<'_>, acts: &[Self::Change], entry: Entry) -> Result<Vec<Rows>, Error> {
        acts.iter().map(|(case, act)| store::case::insert_act(scope, entry, *case, act)).collect()
    }
}

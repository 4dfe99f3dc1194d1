//! Designations: what is proposed, and what people do about it.

use super::Session;
use crate::cli::{Designation, Proposed};
use crate::console::Answer;
use kernel::{Env, Error, Timestamp};
use registry::commands::{
    Activate, ApproveDesignation, CancelDesignation, Confirm, LaterChange, ProposeDesignation, RefuseDesignation,
    RevertDesignation, Settle, Settled, ShowProposal, ShownProposal, Sign, Standing, StopProposal, Stopped,
    TellIdentity, UnfreezeDesignation, fold_holders,
};
use registry::import::{AccountRow, Written};
use registry::life::Waits;
use registry::notice::StopToken;
use registry::officer;
use registry::proposal::{LegalGround, ProposalRefusal};
use registry::queries::{self, ProposalView};
use serde_json::json;
use std::fmt::Write;

impl Session {
    pub(super) fn designation(&mut self, command: Designation) -> Result<Answer, Error> {
        self.tell_identities()?;
        let (env, is_synthetic, actor) = (self.env()?, self.writer.store.is_synthetic(), self.actor.clone());
        match command {
            Designation::Propose(proposed) => {
                self.require_named()?;
                self.propose_designation(*proposed, &env)
            }
            Designation::Revert { id: proposal, reason: why } => {
                self.require_named()?;
                let command = RevertDesignation { proposal, why, actor, once: None };
                Ok(stands(self.writer.execute(&command, &self.actor, &env)?))
            }
            Designation::Unfreeze { payee, payer, benefit, reason: why } => {
                self.require_named()?;
                let written = Written {
                    action: "unfreeze",
                    payee: &payee.reveal(),
                    payer: payer.as_deref().unwrap_or_default(),
                    benefit: benefit.as_ref().map_or("", |benefit| benefit.as_str()),
                    ..Written::default()
                };
                let row = AccountRow::read(self.writer.store.vault(), &written)?;
                let command = UnfreezeDesignation { actor, row, why, once: None };
                Ok(stands(self.writer.execute(&command, &self.actor, &env)?))
            }
            Designation::Sign { id: proposal, signature } => {
                let command = Sign { proposal, signature, actor };
                Ok(stands(self.writer.execute(&command, &self.actor, &env)?))
            }
            Designation::Approve { id: proposal, reason: why } => {
                let command = ApproveDesignation { proposal, why, officer: actor, is_synthetic };
                Ok(stands(self.writer.execute(&command, &self.actor, &env)?))
            }
            Designation::Refuse { id: proposal, reason: why } => {
                let command = RefuseDesignation { proposal, why, officer: actor, is_synthetic };
                Ok(stands(self.writer.execute(&command, &self.actor, &env)?))
            }
            Designation::Activate { id: proposal, code } => {
                let code = letter::Code::parse(&code).ok_or(ProposalRefusal::Code)?.digits().to_owned();
                let activation =
                    self.writer.execute(&Activate { proposal, code, actor, is_synthetic }, &self.actor, &env)?;
                // It is on record that a wrong one was given; to whoever gave it, it is a refusal.
                if activation.accepted { Ok(stands(activation.standing)) } else { Err(ProposalRefusal::Code.into()) }
            }
            Designation::Confirm { id: proposal, evidence } => {
                let command = Confirm { proposal, evidence, actor, is_synthetic };
                Ok(stands(self.writer.execute(&command, &self.actor, &env)?))
            }
            Designation::Cancel { id: proposal } => {
                let command = CancelDesignation { proposal, actor, channel: None };
                Ok(stands(self.writer.execute(&command, &self.actor, &env)?))
            }
            Designation::Stop { token } => {
                let token = StopToken::parse(&token).ok_or(ProposalRefusal::Unknown)?;
                let stopped = self.writer.execute(&StopProposal { token }, &self.actor, &env)?;
                let text = match stopped {
                    Stopped::Stopped => "Stopped: an officer looks at it.",
                    Stopped::Frozen => "It had taken effect: the account is frozen until an operator looks at it.",
                    Stopped::Already => "It was stopped before.",
                    Stopped::TooLate => "It took effect too long ago for the link: ring, or log in.",
                    Stopped::Gone => "It has ended, and changed nothing, or the account is another one by now.",
                };
                Ok(Answer::done(text, &json!({ "stopped": stopped })))
            }
            Designation::List { waits_for, limit } => {
                let proposals = self.waiting(waits_for, usize::from(limit), env.now)?;
                let mut text: String = proposals.iter().map(line).collect();
                if proposals.is_empty() {
                    text.push_str("Nothing waits.");
                }
                Ok(Answer::done(text, &json!({ "proposals": proposals })))
            }
            Designation::Show { id: proposal } => {
                let shown = self.writer.execute(&ShowProposal { actor, proposal }, &self.actor, &env)?;
                Ok(Answer::done(shown_text(&shown), &shown))
            }
            Designation::Settle => {
                let settled = self.settle()?;
                let Settled { in_force, refused, expired, unreadable, .. } = &settled;
                let mut text = format!("{in_force} took effect, {refused} were refused, {expired} expired.");
                if !unreadable.is_empty() {
                    let _ = write!(text, " The store is damaged: {} cannot be read.", unreadable.join(", "));
                }
                Ok(Answer::done(text, &settled))
            }
        }
    }

    /// Refuses who asks for something without a name, so that another one can answer for it.
    pub(super) fn require_named(&self) -> Result<(), Error> {
        let is_synthetic = self.writer.store.is_synthetic();
        Ok(officer::require_named(&self.actor, is_synthetic).map_err(ProposalRefusal::from)?)
    }

    fn propose_designation(&mut self, proposed: Proposed, env: &Env) -> Result<Answer, Error> {
        let Proposed { payee, account, delete, bic, currency, expects, .. } = &proposed;
        let row = AccountRow::read(
            self.writer.store.vault(),
            &Written {
                action: if *delete { "close" } else { "register" },
                payee: &payee.reveal(),
                account: account.as_deref().unwrap_or_default(),
                bic,
                expects,
                currency,
                payer: proposed.payer.as_deref().unwrap_or_default(),
                benefit: proposed.benefit.as_ref().map_or("", |benefit| benefit.as_str()),
            },
        )?;
        let command = ProposeDesignation {
            actor: self.actor.clone(),
            row,
            holder: proposed.holder,
            ground: proposed.law.zip(proposed.evidence).map(|(law, evidence)| LegalGround { law, evidence }),
            is_locked: proposed.locked,
            signature: proposed.signature,
            once: None,
        };
        Ok(stands(self.writer.execute(&command, &self.actor, env)?))
    }

    /// Does what is due, until nothing is.
    pub(super) fn settle(&mut self) -> Result<Settled, Error> {
        self.count_payees()?;
        self.ask_stand_in()?;
        let mut all = Settled::default();
        loop {
            let env = self.env()?;
            let settled = self.writer.execute(&Settle { now: env.now }, &kernel::Actor::console(), &env)?;
            all.in_force += settled.in_force;
            all.refused += settled.refused;
            all.expired += settled.expired;
            all.waiting += settled.waiting;
            all.unreadable.extend(settled.unreadable);
            if !settled.more {
                return Ok(all);
            }
        }
    }

    /// The same before something else is done. After a bulk file counting payees takes a while: where nothing is due, nobody waits for it.
    pub(super) fn settle_first(&mut self) -> Result<(), Error> {
        self.ask_stand_in()?;
        let now = self.env()?.now;
        if self.writer.read(|scope| queries::is_due(scope, now))? {
            self.settle()?;
        }
        Ok(())
    }

    /// Counts the payees of the accounts that were designated since they were last counted.
    pub(super) fn count_payees(&mut self) -> Result<(), Error> {
        while fold_holders(&mut self.writer)? {}
        Ok(())
    }

    /// Records what was told from outside, before anything is decided.
    pub(super) fn tell_identities(&mut self) -> Result<(), Error> {
        for (payee, facts) in self.outside.clone() {
            let env = self.env()?;
            self.writer.execute(&TellIdentity { payee, facts }, &kernel::Actor::console(), &env)?;
        }
        Ok(())
    }

    /// What waits, from one snapshot.
    pub(super) fn waiting(
        &mut self,
        waits_for: Option<Waits>,
        limit: usize,
        now: Timestamp,
    ) -> Result<Vec<ProposalView>, Error> {
        let actor = &self.actor;
        self.writer.read(|scope| {
            let (mut proposals, mut after) = (Vec::new(), None);
            loop {
                let page = queries::waiting(scope, actor, None, waits_for, after, limit - proposals.len(), now)?;
                proposals.extend(page.proposals);
                after = page.next;
                if after.is_none() || proposals.len() >= limit {
                    return Ok(proposals);
                }
            }
        })
    }
}

/// Where a proposal stands, in a sentence.
pub(super) fn stands(standing: Standing) -> Answer {
    let Standing { id, state, waits_for, in_force_from } = &standing;
    let mut text = if id.is_empty() { "All is so already.".to_owned() } else { format!("{id}  {state}") };
    if let Some(waits_for) = waits_for {
        text.push_str(&format!(", waits for {waits_for}"));
    }
    if let Some(from) = in_force_from {
        text.push_str(&format!(", in force from {from}"));
    }
    Answer::done(text, &standing)
}

fn line(view: &ProposalView) -> String {
    let ProposalView { standing, channel, proposed, due, .. } = view;
    let Standing { id, state, waits_for, .. } = standing;
    let waits_for = waits_for.as_deref().unwrap_or("-");
    let due = due.as_ref().map(|due| format!(", until {due}")).unwrap_or_default();
    format!("{id}  {state}  waits for {waits_for}  {channel}  proposed {proposed}{due}\n")
}

fn shown_text(shown: &ShownProposal) -> String {
    let Standing { id, state, waits_for, in_force_from } = &shown.standing;
    let mut text = format!("{id}  {state}\n");
    let mut line = |label: &str, value: Option<&str>| {
        if let Some(value) = value {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "  {label:<14}  {value}");
        }
    };
    line("waits for", waits_for.as_deref());
    line("in force from", in_force_from.as_deref());
    line("payee", Some(&shown.payee));
    line("is to", Some(shown.action.as_str()).filter(|action| *action != "designate"));
    line("reverts", shown.reverts.as_deref());
    // What a revert that waits takes with it; or what came after a change, and would go with it.
    let later = if shown.action == "revert" && waits_for.is_some() { "undone with it" } else { "came after it" };
    for LaterChange { id, account, from } in &shown.undone_with_it {
        let (account, id) = (account.as_deref().unwrap_or("none"), id.as_deref().unwrap_or("not proposed"));
        line(later, Some(&format!("{account} from {from}, {id}")));
    }
    line("why", shown.why.as_deref());
    line("account", Some(shown.account.as_deref().unwrap_or("none: the account is deleted")));
    line("benefit", shown.benefit.as_deref());
    line("replaces", shown.replaces.as_deref());
    line(if shown.is_frozen { "frozen" } else { "in force" }, Some(shown.in_force.as_deref().unwrap_or("none")));
    line("channel", Some(&shown.channel));
    line("proposed by", Some(&shown.proposed_by));
    line("proposed", Some(&shown.proposed));
    line("holder", Some(&shown.holder));
    line("ownership", shown.ownership.as_deref());
    line("law", shown.ground.as_ref().map(|ground| ground.law.as_str()));
    line("evidence", shown.ground.as_ref().map(|ground| ground.evidence.as_str()));
    line("reason", shown.reason.as_deref());
    line("consent", shown.consent.as_deref());
    for signal in &shown.signals {
        line("signal", Some(signal));
    }
    for act in &shown.acts {
        let why = act.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        line(&act.act.replace('_', " "), Some(&format!("{} by {}{why}", act.at, act.by)));
    }
    text
}

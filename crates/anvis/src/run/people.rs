//! People: who acts, operators, caseworkers, and what is a payee's own.

use super::{Session, clock};
use crate::cli::{Acting, Caseworker, Common, Contact, Lock, Operator, Own};
use crate::console::Answer;
use kernel::{
    Actor, AddOperator, Authenticator, EndOperator, Error, Login, OfficerRefusal, PublicKey, Writer, find_officer,
};
use registry::commands::{
    AddCaseworker, ChangeContact, EndCaseworker, LiftLock, ListContacts, ListedContacts, Locked, SetLock,
};
use registry::contact::ContactPoint;
use registry::queries::acting_caseworker;
use serde_json::json;

/// Who acts: an officer who has shown their key, or is believed in a synthetic store; a citizen in such a store alone.
pub(super) fn actor(writer: &mut Writer, common: &Common) -> Result<Actor, Error> {
    let actor = match &common.actor {
        None => return Ok(Actor::console()),
        Some(Acting::Citizen(payee)) => {
            writer.store.require_synthetic("--as citizen:…")?;
            let authenticator = Authenticator::named(&common.authenticator);
            let login = Login { assurance: common.assurance, authenticator, at: clock(common) };
            return Ok(Actor::citizen(&payee.key(writer.store.vault()), login));
        }
        Some(Acting::Officer(name)) => {
            let find = |writer: &mut Writer| writer.read(|scope| find_officer(scope, name));
            match &common.operator_key {
                None if writer.store.is_synthetic() => {
                    find(writer)?.map_or_else(|| Actor::operator(name), |officer| officer.actor())
                }
                None => return Err(OfficerRefusal::KeyNeeded.into()),
                Some(key) => {
                    let shown = PublicKey::of_private(key)?;
                    find(writer)?.ok_or(OfficerRefusal::Unknown)?.with_key(shown)?
                }
            }
        }
    };
    writer.read(|scope| acting_caseworker(scope, &actor))?;
    Ok(actor)
}

impl Session {
    pub(super) fn operator(&mut self, command: Operator) -> Result<Answer, Error> {
        let env = self.env()?;
        match command {
            Operator::Add { name, key } => {
                let command = AddOperator { name, key: PublicKey::read(&key)? };
                self.writer.execute(&command, &self.actor, &env)?;
                Ok(Answer::done("Registered the operator.", &json!({ "operator": command.name })))
            }
            Operator::End { name } => {
                let command = EndOperator { name };
                let changed = self.writer.execute(&command, &self.actor, &env)?;
                let text = if changed { "Ended the operator." } else { "The operator was ended before." };
                Ok(Answer::done(text, &json!({ "operator": command.name, "changed": changed })))
            }
        }
    }

    pub(super) fn caseworker(&mut self, command: Caseworker) -> Result<Answer, Error> {
        let env = self.env()?;
        match command {
            Caseworker::Add { name, key, authority, benefits, in_person } => {
                let benefits = benefits.into_iter().collect();
                let command = AddCaseworker { name, key: PublicKey::read(&key)?, authority, benefits, in_person };
                self.writer.execute(&command, &self.actor, &env)?;
                Ok(Answer::done("Registered the caseworker.", &json!({ "caseworker": command.name })))
            }
            Caseworker::End { name } => {
                let command = EndCaseworker { name };
                let changed = self.writer.execute(&command, &self.actor, &env)?;
                let text = if changed { "Ended the caseworker." } else { "The caseworker was ended before." };
                Ok(Answer::done(text, &json!({ "caseworker": command.name, "changed": changed })))
            }
        }
    }

    pub(super) fn contact(&mut self, command: Contact) -> Result<Answer, Error> {
        match command {
            Contact::Add { point, own } => self.change_contact::<true>(point.said(), own),
            Contact::Remove { point, own } => self.change_contact::<false>(point.said(), own),
            Contact::List { payee } => {
                let env = self.env()?;
                self.tell_identities()?;
                let command = ListContacts { actor: self.actor.clone(), payee };
                let listed = self.writer.execute(&command, &self.actor, &env)?;
                Ok(Answer::done(listed_text(&listed), &listed))
            }
        }
    }

    fn change_contact<const ADDS: bool>(&mut self, point: ContactPoint, own: Own) -> Result<Answer, Error> {
        let (env, kind) = (self.env()?, point.kind());
        let command = ChangeContact::<ADDS> { actor: self.actor.clone(), payee: own.payee, point, why: own.reason };
        let changed = self.writer.execute(&command, &self.actor, &env)?;
        let text = match (changed, ADDS) {
            (true, true) => "Added the contact point.",
            (true, false) => "Removed the contact point.",
            (false, true) => "The payee has the contact point already.",
            (false, false) => "The contact point was removed before.",
        };
        Ok(Answer::done(text, &json!({ "payee": own.payee.reveal(), "kind": kind, "changed": changed })))
    }

    pub(super) fn lock(&mut self, command: Lock) -> Result<Answer, Error> {
        let (env, actor) = (self.env()?, self.actor.clone());
        let (payee, locked) = match command {
            Lock::Set { own: Own { payee, reason }, channels } => {
                let command = SetLock { actor, payee, channels: channels.said(), why: reason };
                (payee, self.writer.execute(&command, &self.actor, &env)?)
            }
            Lock::Lift { own: Own { payee, reason }, channels, in_person } => {
                let command = LiftLock { actor, payee, channels: channels.said(), why: reason, in_person };
                (payee, self.writer.execute(&command, &self.actor, &env)?)
            }
        };
        let Locked { channels, changed } = &locked;
        let text = match channels.as_slice() {
            [] => "The account is not locked.".to_owned(),
            channels => format!("Locked for: {}.", channels.join(", ")),
        };
        Ok(Answer::done(text, &json!({ "payee": payee.reveal(), "channels": channels, "changed": changed })))
    }
}

fn listed_text(listed: &ListedContacts) -> String {
    let mut text = String::new();
    for point in &listed.points {
        let value = point.value.as_deref().map(|value| format!(" {value}")).unwrap_or_default();
        let until = point.until.as_deref().map(|until| format!(" until {until}")).unwrap_or_default();
        text.push_str(&format!("{}{value}, since {}{until}\n", point.kind, point.from));
    }
    if listed.points.is_empty() {
        text.push_str("There never was a contact point.\n");
    }
    let identity = &listed.identity;
    let mut line = |label: &str, moment: &Option<String>| {
        if let Some(moment) = moment {
            text.push_str(&format!("{label}: {moment}\n"));
        }
    };
    line("contact points last changed", &identity.contact_changed);
    line("address last changed", &identity.address_changed);
    line("authenticator last changed", &identity.authenticator_changed);
    line("key material last posted", &identity.key_material_posted);
    text
}

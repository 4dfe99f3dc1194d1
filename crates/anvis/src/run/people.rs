//! People: who acts, caseworkers, and what is a payee's own.

use super::{Session, clock};
use crate::cli::{Acting, Caseworker, Common};
use crate::console::Answer;
use kernel::{Actor, Error, Login, OfficerRefusal, PublicKey, Writer, find_officer};
use registry::commands::{AddCaseworker, EndCaseworker};
use registry::queries::acting_caseworker;
use serde_json::json;

/// Who acts: an officer who has shown their key, or is believed in a synthetic store; a citizen in such a store alone.
pub(super) fn actor(writer: &mut Writer, common: &Common) -> Result<Actor, Error> {
    let actor = match &common.actor {
        None => return Ok(Actor::console()),
        Some(Acting::Citizen(payee)) => {
            writer.store.require_synthetic("--as citizen:…")?;
            let login = Login { assurance: common.assurance, at: clock(common) };
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
    pub(super) fn caseworker(&mut self, command: Caseworker) -> Result<Answer, Error> {
        let env = self.env()?;
        match command {
            Caseworker::Add { name, key, authority, benefits } => {
                let benefits = benefits.into_iter().collect();
                let command = AddCaseworker { name, key: PublicKey::read(&key)?, authority, benefits };
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
}

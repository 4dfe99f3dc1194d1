use crate::client::{Client, ClientRefusal, Registration};
use crate::key::PublicKey;
use crate::{policy, store};
use kernel::journal::{Entry, Rows};
use kernel::{Command, Decision, Env, Error, Operation, Refusal, Scope};
use serde_json::json;

/// Registers a client, or gives one that is registered other keys and certificates.
pub struct AddClient {
    /// All that holds from now on.
    pub registration: Registration,
}

impl Command for AddClient {
    const OPERATION: Operation = policy::ADD_CLIENT;
    /// The one with this name, and all others that are not ended.
    type State = (Option<Client>, Vec<Client>);
    type Change = Option<Client>;
    type Output = ();

    fn load(&self, scope: &Scope<'_>) -> Result<Self::State, Error> {
        let mut others = Vec::new();
        store::client::each(scope, |client| {
            if !client.is_ended && client.registration.name != self.registration.name {
                others.push(client);
            }
        })?;
        Ok((store::client::find(scope, &self.registration.name)?, others))
    }

    fn decide(&self, (registered, others): Self::State, env: &Env) -> Result<Decision<Self::Change, ()>, Refusal> {
        let Registration { name, party, keys, certificates } = &self.registration;
        self.registration.check(env.now)?;
        match &registered {
            Some(client) if client.is_ended => return Err(ClientRefusal::Ended.into()),
            Some(client) if client.registration.party != *party => return Err(ClientRefusal::NameTaken.into()),
            Some(client) if client.registration == self.registration => return Ok(Decision::unchanged(())),
            _ => {}
        }
        for other in &others {
            self.registration.check_beside(&other.registration)?;
        }
        let facts = json!({
            "client": name,
            "role": party.role().name(),
            "is_new": registered.is_none(),
            "keys": keys.iter().map(PublicKey::thumbprint).collect::<Vec<_>>(),
            "certificates": certificates.iter().map(|one| one.thumbprint).collect::<Vec<_>>(),
        });
        Ok(Decision::of(vec![registered], facts, ()))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Self::Change], entry: Entry) -> Result<Vec<Rows>, Error> {
        let insert =
            |former: &Self::Change| store::client::insert(scope, entry, former.as_ref(), &self.registration, false);
        changes.iter().map(insert).collect()
    }
}

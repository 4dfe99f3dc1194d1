use crate::client::{Client, ClientRefusal};
use crate::{policy, store};
use kernel::journal::{Entry, Rows};
use kernel::{Command, Decision, Env, Error, Operation, Refusal, Scope};

/// Ends a client: it is given no token any more, and its signatures count for nothing. Tokens that it has expire within minutes.
pub struct EndClient {
    /// Its name.
    pub name: String,
}

impl Command for EndClient {
    const OPERATION: Operation = policy::END_CLIENT;
    type State = Option<Client>;
    type Change = Client;
    /// Whether it had not been ended before.
    type Output = bool;

    fn load(&self, scope: &Scope<'_>) -> Result<Self::State, Error> {
        store::client::find(scope, &self.name)
    }

    fn decide(&self, registered: Self::State, _: &Env) -> Result<Decision<Client, bool>, Refusal> {
        match registered {
            None => Err(ClientRefusal::Unknown.into()),
            Some(client) if client.is_ended => Ok(Decision::unchanged(false)),
            Some(client) => Ok(Decision::of(vec![client], serde_json::json!({ "client": self.name }), true)),
        }
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Client], entry: Entry) -> Result<Vec<Rows>, Error> {
        let end = |client: &Client| store::client::insert(scope, entry, Some(client), &client.registration, true);
        changes.iter().map(end).collect()
    }
}

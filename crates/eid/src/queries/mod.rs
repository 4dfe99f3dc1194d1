//! Who is registered, and who comes in how.

use crate::client::Client;
use crate::key::{Algorithm, PrivateKey};
use crate::phase_out::{PhaseOuts, Use};
use crate::signing_key::{Signers, SigningKey, SigningKeyRefusal};
use crate::{policy, store};
use kernel::{Actor, Error, Scope, Timestamp};

/// The client with this name, as it is registered today, whoever asks: to check a signature by it.
///
/// # Errors
/// The store's.
pub fn client(scope: &Scope<'_>, name: &str) -> Result<Option<Client>, Error> {
    store::client::find(scope, name)
}

/// The server's keys, for [`crate::signing_key::jwks`] and [`crate::signing_key::published`].
///
/// # Errors
/// The store's.
pub fn signing_keys(scope: &Scope<'_>) -> Result<Vec<SigningKey>, Error> {
    store::signing_key::newest(scope)
}

/// The server's keys with their secret halves, to sign what is answered.
///
/// # Errors
/// [`SigningKeyRefusal::None`] where a secret is not that of its key, or the store's.
pub fn signers(scope: &Scope<'_>) -> Result<Signers, Error> {
    let keys = store::signing_key::last_two(scope)?.into_iter().map(|(key, secret)| {
        let private = PrivateKey::from_bytes(Algorithm::Es256, &secret);
        // What is signed by another key than the published one is believed by nobody.
        let private = private.filter(|private| *private.public() == key.public).ok_or(SigningKeyRefusal::None)?;
        Ok((key, private))
    });
    keys.collect::<Result<_, Error>>().map(Signers::new)
}

/// Everything that has an end.
///
/// # Errors
/// The store's.
pub fn phase_outs(scope: &Scope<'_>) -> Result<PhaseOuts, Error> {
    store::phase_out::all(scope.tx)
}

/// Every client as it is registered today, those that were ended too.
///
/// # Errors
/// The policy's refusal, or the store's.
pub fn clients(scope: &Scope<'_>, actor: &Actor) -> Result<Vec<Client>, Error> {
    policy::READ_CLIENTS.require(actor)?;
    let mut clients = Vec::new();
    store::client::each(scope, |client| clients.push(client))?;
    Ok(clients)
}

/// One way in which one client came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    /// The client, by name.
    pub client: String,
    /// How.
    pub way: Use,
    /// The first day, at its beginning in UTC.
    pub first_day: Timestamp,
    /// The last day.
    pub last_day: Timestamp,
    /// How often.
    pub uses: i64,
    /// When a part of this way ends first, if one does.
    pub ends: Option<Timestamp>,
}

/// Who comes in how, client by client.
///
/// # Errors
/// The policy's refusal, or the store's.
pub fn usage(scope: &Scope<'_>, actor: &Actor) -> Result<Vec<Usage>, Error> {
    let clients = clients(scope, actor)?;
    let ends = phase_outs(scope)?;
    let mut usage = Vec::new();
    for client in clients {
        let counted = store::interface_use::of(scope, client.id)?;
        usage.extend(counted.into_iter().map(|counted| Usage {
            client: client.registration.name.clone(),
            ends: ends.first_end(&counted.way),
            first_day: Timestamp::of_day(counted.first_day),
            last_day: Timestamp::of_day(counted.last_day),
            way: counted.way,
            uses: counted.uses,
        }));
    }
    Ok(usage)
}

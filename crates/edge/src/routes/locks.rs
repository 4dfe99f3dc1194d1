//! The owner's lock.

use super::question::{payee, revealed};
use crate::route::{Answer, Call, Json, Route};
use registry::commands::{LiftLock, Locked, SetLock};
use registry::designation::ChannelKind;
use registry::lock::Channels;
use registry::payee::PayeeId;
use registry::policy;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const SCOPE: &str = "locks";
const REFUSALS: &[&str] = &["payee.unknown", "change.why", "citizen.other", "citizen.assurance"];

pub fn routes() -> Vec<Route> {
    vec![
        Route::post(
            "/v1/locks/set",
            "locks.set",
            "Forbid that a payee's account is changed, through all channels or some",
        )
        .token(policy::SET_LOCK, SCOPE)
        .repeatable()
        .refuses_as_all(REFUSALS)
        .by(set),
        Route::post(
            "/v1/locks/lift",
            "locks.lift",
            "Allow it again: with a login of High assurance, or for an owner who is there in person",
        )
        .token(policy::LIFT_LOCK, SCOPE)
        .repeatable()
        .refuses(&["lock.in_person", "caseworker.in_person"])
        .refuses_as_all(REFUSALS)
        .by(lift),
    ]
}

/// What is locked.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Locking {
    /// Whose account: `cpr:`, `cvr:`, `se:` or `p:` and a number of that kind.
    #[schemars(with = "String", regex(pattern = r"^(cpr|cvr|se|p):[0-9-]{8,11}$"), example = "cpr:6101701234")]
    #[serde(deserialize_with = "payee", serialize_with = "revealed")]
    payee: PayeeId,
    /// Which channels; all unless it is said.
    #[serde(default)]
    #[schemars(length(min = 1, max = 4))]
    channels: Option<Vec<LockedChannel>>,
    /// Why: one line of 1 to 500 characters that is kept in the journal. The owner need not say.
    #[serde(default)]
    #[schemars(length(min = 1, max = 500))]
    reason: Option<String>,
}

/// What is unlocked.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Unlocking {
    /// Whose account: `cpr:`, `cvr:`, `se:` or `p:` and a number of that kind.
    #[schemars(with = "String", regex(pattern = r"^(cpr|cvr|se|p):[0-9-]{8,11}$"), example = "cpr:6101701234")]
    #[serde(deserialize_with = "payee", serialize_with = "revealed")]
    payee: PayeeId,
    /// Which channels; all unless it is said.
    #[serde(default)]
    #[schemars(length(min = 1, max = 4))]
    channels: Option<Vec<LockedChannel>>,
    /// Why: one line of 1 to 500 characters that is kept in the journal. The owner need not say.
    #[serde(default)]
    #[schemars(length(min = 1, max = 500))]
    reason: Option<String>,
    /// Of an officer: by what they know the owner who stands before them, likewise. It is kept with the lock, sealed.
    #[serde(default)]
    #[schemars(length(min = 1, max = 500))]
    in_person: Option<String>,
}

/// A channel through which accounts are changed.
#[derive(Clone, Copy, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum LockedChannel {
    SelfService,
    Bank,
    Caseworker,
    Operator,
}

impl From<LockedChannel> for ChannelKind {
    fn from(channel: LockedChannel) -> Self {
        match channel {
            LockedChannel::SelfService => Self::SelfService,
            LockedChannel::Bank => Self::Bank,
            LockedChannel::Caseworker => Self::Caseworker,
            LockedChannel::Operator => Self::Operator,
        }
    }
}

fn said(channels: Option<&Vec<LockedChannel>>) -> Channels {
    channels.map_or_else(Channels::all, |channels| {
        let kinds: Vec<ChannelKind> = channels.iter().map(|channel| (*channel).into()).collect();
        Channels::of(&kinds)
    })
}

/// What is locked now.
#[derive(Serialize, JsonSchema)]
struct LockStanding {
    /// The channels through which no account is changed: `self_service`, `bank`, `caseworker`, `operator`.
    channels: Vec<String>,
    /// Whether anything changed.
    changed: bool,
}

impl From<Locked> for LockStanding {
    fn from(Locked { channels, changed }: Locked) -> Self {
        Self { channels, changed }
    }
}

async fn set(call: Call<Json<Locking>>) -> Answer<Json<LockStanding>> {
    let (actor, Json(asked)) = (call.caller.actor(), &call.body);
    let channels = said(asked.channels.as_ref());
    let command = SetLock { actor, payee: asked.payee, channels, why: asked.reason.clone() };
    Ok(Json(call.once(asked, command).await?.into()))
}

async fn lift(call: Call<Json<Unlocking>>) -> Answer<Json<LockStanding>> {
    let (actor, Json(asked)) = (call.caller.actor(), &call.body);
    let (channels, in_person) = (said(asked.channels.as_ref()), asked.in_person.clone());
    let command = LiftLock { actor, payee: asked.payee, channels, why: asked.reason.clone(), in_person };
    Ok(Json(call.once(asked, command).await?.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_have_the_names_that_the_registry_gives_them() {
        let all = [LockedChannel::SelfService, LockedChannel::Bank, LockedChannel::Caseworker, LockedChannel::Operator];
        for channel in all {
            assert_eq!(serde_json::to_value(channel).unwrap(), ChannelKind::from(channel).name());
        }
        assert_eq!(all.map(ChannelKind::from).len(), ChannelKind::ALL.len());
    }
}

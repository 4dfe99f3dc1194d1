//! Accounts, as banks register, change and close them for their customers.

use crate::caller::Caller;
use crate::page_of::{self, PageOf};
use crate::problem::{Problem, refused};
use crate::route::{Answer, Call, Json, Nothing, Route};
use crate::routes::designations::Whose;
use crate::routes::question::unless_emptied;
use kernel::{Refuse, Vault};
use registry::RowRefusal;
use registry::commands::{CancelDesignation, ChangeAccounts, ChangeAnswer, Standing};
use registry::designation::Channel;
use registry::import::{AccountRow, Written};
use registry::policy;
use registry::proposal::Unexpected;
use registry::queries::{self, ProposalView};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const SCOPE: &str = "accounts";
/// Which list a cursor is of.
const LIST: &str = "accounts.changes";

pub fn routes() -> Vec<Route> {
    vec![
        Route::post(
            "/v1/accounts",
            "accounts.change",
            "Register, change and close accounts of your customers with you, up to 1,000 at a time",
        )
        .token(policy::CHANGE_ACCOUNTS, SCOPE)
        .repeatable()
        .refuses(&["change.count", "bank.unknown", "allowance.exhausted"])
        .by(change),
        Route::get("/v1/accounts/changes", "accounts.list", "Your changes that wait, the oldest first")
            .token(policy::LIST_DESIGNATIONS, SCOPE)
            .by(list),
        Route::get(
            "/v1/accounts/changes/{change}",
            "accounts.show",
            "What became of a change of yours that had to wait",
        )
        .token(policy::LIST_DESIGNATIONS, SCOPE)
        .refuses(&["proposal.unknown"])
        .by(show),
        Route::post("/v1/accounts/changes/{change}/withdraw", "accounts.withdraw", "Take a change back that waits")
            .token(policy::CANCEL_DESIGNATION, SCOPE)
            .refuses(&["proposal.unknown", "proposal.ended"])
            .by(withdraw),
    ]
}

/// Changes of accounts. Each has its own answer; one that is refused does not stop the others.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AccountChanges {
    /// 1 to 1,000 of them. Each is decided after those before it.
    #[schemars(length(min = 1, max = 1_000))]
    changes: Vec<AccountChange>,
    /// Whether a change that does not say what it `expects`, where another account is in force, waits for an officer. Without it,
    /// it is refused.
    #[serde(default)]
    hold: bool,
}

/// One change.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AccountChange {
    /// `register` and `change` designate the account; `close`, `freeze` and `unfreeze` are about the one in force.
    #[schemars(with = "Action")]
    action: String,
    /// The payee: `cpr:`, `cvr:`, `se:` or `p:` and a number of that kind.
    #[schemars(regex(pattern = r"^(cpr|cvr|se|p):[0-9-]{8,11}$"), example = &"cpr:6101701234")]
    payee: String,
    /// The account, with you: an IBAN, or a registration number and account number as `RRRR-N`. Needed to designate it.
    #[serde(default)]
    #[schemars(length(max = 42), example = &"0040-1234567890")]
    account: Option<String>,
    /// Its bank's BIC, to be held against the bank directory.
    #[serde(default)]
    #[schemars(length(max = 11))]
    bic: Option<String>,
    /// The one currency that the account takes. Unless it is said: that of the account that is there, if it is this one; else DKK.
    #[serde(default)]
    #[schemars(length(max = 3))]
    currency: Option<String>,
    /// What you believe to be in force: `none`, or an account. A `change` needs it.
    #[serde(default)]
    #[schemars(length(max = 42), example = &"none")]
    expects: Option<String>,
    /// Why.
    #[serde(default)]
    #[schemars(with = "Option<Reason>")]
    reason: Option<String>,
    /// How your customer consented. With the reason `user_request` one of the ways; else `not_needed`.
    #[serde(default)]
    #[schemars(with = "Option<Consent>")]
    consent: Option<String>,
    /// Whose account it is; your customer's own unless it is said.
    #[serde(default)]
    #[schemars(with = "Option<Whose>")]
    holder: Option<String>,
}

/// The names of actions, for the description.
#[derive(JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "it is its names that are described")]
enum Action {
    Register,
    Change,
    Close,
    Freeze,
    Unfreeze,
}

/// The names of reasons.
#[derive(JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "it is its names that are described")]
enum Reason {
    UserRequest,
    AccountClosure,
    BranchTransfer,
    Reconciliation,
    Fraud,
}

/// The names of ways to consent.
#[derive(JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "it is its names that are described")]
enum Consent {
    NotNeeded,
    InPerson,
    SignedForm,
    Netbank,
    Phone,
}

impl AccountChange {
    fn read(&self, vault: &Vault, unexpected: Unexpected) -> Result<AccountRow, RowRefusal> {
        fn text(field: &Option<String>) -> &str {
            field.as_deref().unwrap_or_default()
        }
        let written = Written {
            action: &self.action,
            payee: &self.payee,
            account: text(&self.account),
            bic: text(&self.bic),
            expects: text(&self.expects),
            currency: text(&self.currency),
            ..Written::default()
        };
        AccountRow::read_from_bank(vault, &written, text(&self.reason), text(&self.consent), unexpected)?
            .held_by(text(&self.holder))
    }
}

/// What became of changes, in the order in which they were asked for.
#[derive(Serialize, JsonSchema)]
struct AccountAnswers {
    answers: Vec<AccountAnswer>,
}

/// What became of one change.
#[derive(Serialize, JsonSchema)]
struct AccountAnswer {
    /// `done`, `unchanged` (all was so already), `held` or `refused`.
    result: &'static str,
    /// Of one that is held, the name by which you ask after it.
    change: Option<String>,
    /// Of one that is refused, why: a code that does not change.
    code: Option<&'static str>,
    /// The same in one sentence.
    detail: Option<String>,
}

impl From<ChangeAnswer> for AccountAnswer {
    fn from(answer: ChangeAnswer) -> Self {
        let plain = Self { result: answer.name(), change: None, code: None, detail: None };
        match answer {
            ChangeAnswer::Done | ChangeAnswer::Unchanged => plain,
            ChangeAnswer::Held(name) => Self { change: Some(name), ..plain },
            ChangeAnswer::Refused(refusal) => {
                Self { code: Some(refusal.code()), detail: Some(refusal.to_string()), ..plain }
            }
        }
    }
}

async fn change(call: Call<Json<AccountChanges>>) -> Answer<Json<AccountAnswers>> {
    let (channel, actor, Json(asked)) = (channel(&call.caller)?, call.caller.actor(), call.body);
    let once = call.idempotency_key.map(|key| key.once(&actor, &policy::CHANGE_ACCOUNTS, &asked));
    let unexpected = if asked.hold { Unexpected::Hold } else { Unexpected::Refuse };
    let rows: Vec<_> = asked.changes.iter().map(|change| change.read(&call.edge.vault, unexpected)).collect();
    let weight = rows.len();
    let request = ChangeAccounts::new(actor.clone(), channel, rows, unexpected, once).map_err(refused)?;
    let asking = call.edge.core.execute_jointly(request, actor, weight);
    let answers = unless_emptied(&call.edge, &call.caller, ChangeAccounts::PURPOSE, 1, asking).await?;
    Ok(Json(AccountAnswers { answers: answers.into_iter().map(AccountAnswer::from).collect() }))
}

/// A page of changes that wait.
#[derive(Serialize, JsonSchema)]
struct HeldChanges {
    /// The oldest come first.
    changes: Vec<HeldChange>,
    /// The cursor of the next page; none after the last.
    next: Option<String>,
}

/// A change that had to wait.
#[derive(Serialize, JsonSchema)]
struct HeldChange {
    /// Our name for it.
    change: String,
    /// `awaiting_approval`, `held`; `in_force`, `cancelled`, `refused`; `expired`, when nobody decided in time.
    state: String,
    /// What it waits for: `check`, an officer who looks at it; `time`.
    waits_for: Option<String>,
    /// From when it holds, or will if nothing comes between (RFC 3339).
    in_force_from: Option<String>,
    /// When you asked for it.
    asked: String,
    /// When it takes effect, or expires.
    until: Option<String>,
    /// Your reason.
    reason: Option<&'static str>,
    /// How your customer consented.
    consent: Option<&'static str>,
    /// When it took effect, was refused or was cancelled.
    ended: Option<String>,
}

impl From<ProposalView> for HeldChange {
    fn from(view: ProposalView) -> Self {
        let ProposalView { standing, channel: _, proposed: asked, due: until, reason, consent, ended } = view;
        let Standing { id: change, state, waits_for, in_force_from } = standing;
        Self { change, state, waits_for, in_force_from, asked, until, reason, consent, ended }
    }
}

/// Which change.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Which {
    /// Our name for it: 13 letters and digits.
    #[schemars(length(min = 13, max = 13))]
    change: String,
}

async fn list(call: Call<Nothing, Nothing, PageOf>) -> Answer<Json<HeldChanges>> {
    let (channel, actor, now) = (channel(&call.caller)?, call.caller.actor(), (call.edge.clock)());
    let (after, limit) = (call.query.after(LIST)?, call.query.limit()?);
    let page = call.edge.core.read(move |reader| {
        reader.read(|scope| queries::waiting(scope, &actor, Some(&channel), None, after, limit, now))
    });
    let page = page.await?;
    let next = page.next.map(|last| page_of::write(LIST, last));
    Ok(Json(HeldChanges { changes: page.proposals.into_iter().map(HeldChange::from).collect(), next }))
}

async fn show(call: Call<Nothing, Which>) -> Answer<Json<HeldChange>> {
    let (channel, actor, now) = (channel(&call.caller)?, call.caller.actor(), (call.edge.clock)());
    let Which { change } = call.path;
    let view = call
        .edge
        .core
        .read(move |reader| reader.read(|scope| queries::proposal(scope, &actor, &channel, &change, now)));
    Ok(Json(view.await?.into()))
}

/// What a withdrawal did.
#[derive(Serialize, JsonSchema)]
struct Withdrawn {
    /// Our name for the change.
    change: String,
    /// `cancelled`.
    state: String,
}

async fn withdraw(call: Call<Nothing, Which>) -> Answer<Json<Withdrawn>> {
    let (channel, actor, Which { change }) = (channel(&call.caller)?, call.caller.actor(), call.path);
    let cancel = CancelDesignation { proposal: change, actor: actor.clone(), channel: Some(channel) };
    let Standing { id: change, state, .. } = call.edge.core.execute(cancel, actor).await?;
    Ok(Json(Withdrawn { change, state }))
}

/// The channel of the bank that a client acts for.
fn channel(caller: &Caller) -> Result<Channel, Problem> {
    caller.bank().map(Channel::Bank)
}

#[cfg(test)]
mod tests {
    use super::*;
    use registry::designation;
    use registry::grounds;
    use std::collections::BTreeSet;

    #[test]
    fn what_is_described_is_what_is_read() {
        fn described<T: JsonSchema>() -> BTreeSet<String> {
            serde_json::from_value(schemars::schema_for!(T).get("enum").unwrap().clone()).unwrap()
        }
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(described::<Reason>(), names(&grounds::Reason::ALL.map(grounds::Reason::name)));
        assert_eq!(described::<Consent>(), names(&grounds::Consent::ALL.map(grounds::Consent::name)));
        let actions = described::<Action>();
        assert!(actions.len() == 5 && actions.iter().all(|name| designation::Action::parse(name).is_some()));
    }
}

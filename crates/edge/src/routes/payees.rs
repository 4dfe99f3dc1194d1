//! Who has no account, and which accounts many have, as operators review it. Both are entered in the journal before they are told.

use super::question::parsed;
use crate::page_of;
use crate::route::{Answer, Call, Json, Route};
use kernel::Blind;
use registry::commands::{ListWithoutAccount, SharedAccounts, SharedShown, ShowShared, WithoutAccountPage};
use registry::{duty, policy};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

const SCOPE: &str = "payees";

pub fn routes() -> Vec<Route> {
    vec![
        Route::post(
            "/v1/payees/without-account",
            "payees.without-account",
            "People over 18, companies and associations that must have an account and have none",
        )
        .token(policy::LIST_WITHOUT_ACCOUNT, SCOPE)
        .by(without_account),
        Route::post(
            "/v1/payees/shared-accounts",
            "payees.shared-accounts",
            "The accounts with many payees, those with the most first",
        )
        .token(policy::LIST_SHARED, SCOPE)
        .by(shared_accounts),
    ]
}

/// Which page.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WithoutAccount {
    /// Where to go on: `next` of the page before. Without it, the list begins.
    #[serde(default, deserialize_with = "place")]
    #[schemars(with = "Option<String>", regex(pattern = r"^[0-9a-f]{32}$"))]
    cursor: Option<Blind>,
    /// At most so many payees; 100 unless it is said.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1_000))]
    limit: Option<u16>,
    /// Whether those among them are reminded who have not been within 90 days.
    #[serde(default)]
    remind: bool,
}

fn place<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Blind>, D::Error> {
    parsed(deserializer, |text| duty::read_place(text).map(Some), "the next of the page before")
}

/// A page of payees.
#[derive(Serialize, JsonSchema)]
struct PayeesWithout {
    /// Who, in the order of the directory. There can be none while there are more.
    payees: Vec<PayeeWithout>,
    /// How many of them are reminded by this.
    reminded: usize,
    /// The cursor of the next page; none after the last.
    next: Option<String>,
}

/// A payee who must have an account and has none.
#[derive(Serialize, JsonSchema)]
struct PayeeWithout {
    /// `cpr:` or `cvr:` and the number.
    payee: String,
    /// `none`, `closed`, `frozen`.
    state: String,
    /// When they were last reminded (RFC 3339).
    reminded: Option<String>,
}

impl From<WithoutAccountPage> for PayeesWithout {
    fn from(WithoutAccountPage { payees, reminded, next }: WithoutAccountPage) -> Self {
        let without = |payee: registry::commands::WithoutAccount| {
            let registry::commands::WithoutAccount { payee, state, reminded } = payee;
            PayeeWithout { payee, state, reminded }
        };
        Self { payees: payees.into_iter().map(without).collect(), reminded, next }
    }
}

async fn without_account(call: Call<Json<WithoutAccount>>) -> Answer<Json<PayeesWithout>> {
    let (actor, Json(WithoutAccount { cursor: after, limit, remind })) = (call.caller.actor(), call.body);
    let limit = page_of::limit_in_body(limit)?;
    let command = ListWithoutAccount { actor: actor.clone(), after, limit, remind };
    Ok(Json(call.edge.core.execute(command, actor).await?.into()))
}

/// Which accounts.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Shared {
    /// With more payees than this; as many as the control `payees_per_account` says, unless it is said.
    #[serde(default)]
    over: Option<u16>,
    /// At most so many accounts; 100 unless it is said.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1_000))]
    limit: Option<u16>,
}

/// Accounts with many payees.
#[derive(Serialize, JsonSchema)]
struct AccountsShared {
    /// With more payees than this.
    over: u16,
    /// Those with the most first.
    accounts: Vec<AccountShared>,
    /// Whether there are more.
    more: bool,
}

/// An account with many payees.
#[derive(Serialize, JsonSchema)]
struct AccountShared {
    /// The account, masked.
    account: String,
    /// How many payees it is designated for.
    payees: u64,
    /// Whether it is a collector's: `in_force`, `overdue`; none of any other.
    collector: Option<String>,
}

impl From<SharedShown> for AccountsShared {
    fn from(SharedShown { over, accounts, more }: SharedShown) -> Self {
        let shared = |account: registry::commands::SharedAccount| {
            let registry::commands::SharedAccount { account, payees, collector } = account;
            AccountShared { account, payees, collector }
        };
        Self { over, accounts: accounts.into_iter().map(shared).collect(), more }
    }
}

async fn shared_accounts(call: Call<Json<Shared>>) -> Answer<Json<AccountsShared>> {
    let (actor, Json(Shared { over, limit })) = (call.caller.actor(), call.body);
    let (limit, by) = (page_of::limit_in_body(limit)?, actor.clone());
    // It looks at every account once.
    let find =
        call.edge.core.take_long(move |reader| reader.read(|scope| SharedAccounts::find(scope, &by, over, limit)));
    let found = find.await?;
    Ok(Json(call.edge.core.execute(ShowShared { found }, actor).await?.into()))
}

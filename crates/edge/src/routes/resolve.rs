//! The account in force for one payee.

use super::question::{benefit, client, payee, purpose};
use crate::problem::refused;
use crate::route::{Answer, Call, Json, Route};
use registry::ask::{self, AccountAnswer};
use registry::commands::{AskMany, Question};
use registry::legal_purpose::LegalPurpose;
use registry::payee::PayeeId;
use registry::policy;
use registry::purpose::BenefitKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub fn routes() -> Vec<Route> {
    vec![
        Route::post("/v1/resolve", "resolve.one", "The account in force for one payee, now; every look-up is recorded")
            .client(policy::RESOLVE_MANY, "resolve")
            .refuses(&["allowance.exhausted", "look_up.purpose", "look_up.benefit", "payer.unknown"])
            .by(resolve),
    ]
}

/// Whose account is wanted, and by what right.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Resolve {
    /// The payee: `cpr:`, `cvr:`, `se:` or `p:` and a number of that kind.
    #[schemars(with = "String", regex(pattern = r"^(cpr|cvr|se|p):[0-9-]{8,11}$"), example = "cpr:6101701234")]
    #[serde(deserialize_with = "payee")]
    payee: PayeeId,
    /// What the law lets you ask for: `payment`, `recovery`, `credit_agreement`, `fraud_prevention`, `law`.
    #[schemars(with = "super::question::Purpose")]
    #[serde(deserialize_with = "purpose")]
    purpose: LegalPurpose,
    /// For a benefit of yours of this kind; without it, the default account.
    #[serde(default, deserialize_with = "benefit")]
    #[schemars(with = "Option<String>", length(max = 35))]
    benefit: Option<BenefitKind>,
}

/// The account of one payee.
#[derive(Serialize, JsonSchema)]
struct Resolved {
    /// Where it stands: `in_force`, `frozen`, `closed`, `none`, `dead` or `unknown`. An account is told only in force.
    state: &'static str,
    /// The IBAN.
    account: Option<String>,
    /// The bank's BIC, where it has one.
    bic: Option<String>,
    /// Since when the account has been this payee's (RFC 3339).
    since: Option<String>,
    /// How many whole days ago it took the place of another; none if it never did.
    changed_days_ago: Option<i64>,
    /// Whether a change is under way that does not hold yet.
    pending_change: bool,
    /// By which channel it took the place of another.
    last_change_channel: Option<String>,
}

impl From<AccountAnswer> for Resolved {
    fn from(answer: AccountAnswer) -> Self {
        Self {
            state: answer.state.name(),
            account: answer.account,
            bic: answer.bic,
            since: answer.since,
            changed_days_ago: answer.changed_days_ago,
            pending_change: answer.pending_change,
            last_change_channel: answer.last_change_channel,
        }
    }
}

async fn resolve(call: Call<Json<Resolve>>) -> Answer<Json<Resolved>> {
    let Json(Resolve { payee, purpose, benefit }) = call.body;
    let question = Question { payee, benefit, asked: () };
    let request = AskMany::<ask::Resolve>::new(&call.edge.vault, client(&call.caller), purpose, vec![question])
        .map_err(refused)?;
    let mut answers = call.edge.core.execute_jointly(request, call.caller.actor(), 1).await?;
    let answer = answers.pop().ok_or_else(|| crate::Problem::failure("a question without an answer"))?;
    Ok(Json(answer.into()))
}

//! The account in force for one payee, or for each of many.

use super::question::{REFUSALS, ask_many, ask_one, benefit, payee, purpose};
use crate::route::{Answer, Call, Json, Route};
use registry::ask::{self, AccountAnswer};
use registry::bucket::PAYEES_MAX;
use registry::commands::Question;
use registry::legal_purpose::LegalPurpose;
use registry::payee::PayeeId;
use registry::policy;
use registry::purpose::BenefitKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub fn routes() -> Vec<Route> {
    vec![
        Route::post("/v1/resolve", "resolve.one", "The account in force for one payee, now; every look-up is recorded")
            .token(policy::RESOLVE_MANY, "resolve")
            .refuses(REFUSALS)
            .by(resolve),
        Route::post(
            "/v1/resolve/many",
            "resolve.many",
            "The accounts in force for many payees, now; every look-up is recorded",
        )
        .token(policy::RESOLVE_MANY, "resolve")
        .refuses(REFUSALS)
        .by(resolve_many),
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
    #[schemars(with = "Option<String>", length(min = 1, max = 35))]
    benefit: Option<BenefitKind>,
}

/// Whose accounts are wanted, and by what right.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ResolveMany {
    /// What the law lets you ask for: `payment`, `recovery`, `credit_agreement`, `fraud_prevention`, `law`.
    #[schemars(with = "super::question::Purpose")]
    #[serde(deserialize_with = "purpose")]
    purpose: LegalPurpose,
    /// All of them; a public payer asks about 200 at most for `fraud_prevention`. One who is asked about twice counts twice.
    #[schemars(length(min = 1, max = PAYEES_MAX))]
    payees: Vec<ResolvePayee>,
}

/// One of those whose account is wanted.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ResolvePayee {
    /// The payee: `cpr:`, `cvr:`, `se:` or `p:` and a number of that kind.
    #[schemars(with = "String", regex(pattern = r"^(cpr|cvr|se|p):[0-9-]{8,11}$"), example = "cpr:6101701234")]
    #[serde(deserialize_with = "payee")]
    payee: PayeeId,
    /// For a benefit of yours of this kind; without it, the default account.
    #[serde(default, deserialize_with = "benefit")]
    #[schemars(with = "Option<String>", length(min = 1, max = 35))]
    benefit: Option<BenefitKind>,
}

/// The accounts of many payees.
#[derive(Serialize, JsonSchema)]
struct ResolvedMany {
    /// One for each payee, in their order.
    answers: Vec<Resolved>,
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
    /// Whether a change of it is proposed that does not hold yet.
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
    let answer = ask_one::<ask::Resolve>(&call.edge, &call.caller, purpose, question).await?;
    Ok(Json(answer.into()))
}

async fn resolve_many(call: Call<Json<ResolveMany>>) -> Answer<Json<ResolvedMany>> {
    let Json(ResolveMany { purpose, payees }) = call.body;
    let question = |ResolvePayee { payee, benefit }: ResolvePayee| Question { payee, benefit, asked: () };
    let questions = payees.into_iter().map(question).collect();
    let answers = ask_many::<ask::Resolve>(&call.edge, &call.caller, purpose, questions).await?;
    Ok(Json(ResolvedMany { answers: answers.into_iter().map(Resolved::from).collect() }))
}

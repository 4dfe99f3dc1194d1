//! Whether an account is a payee's.

use super::question::{account, benefit, client, payee, purpose};
use crate::problem::refused;
use crate::route::{Answer, Call, Json, Route};
use denmark::Account;
use registry::ask;
use registry::commands::{AskMany, Question};
use registry::legal_purpose::LegalPurpose;
use registry::payee::PayeeId;
use registry::policy;
use registry::purpose::BenefitKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub fn routes() -> Vec<Route> {
    vec![
        Route::post("/v1/verify", "verify.one", "Whether an account is the one that a payee has registered")
            .client(policy::VERIFY_MANY, "verify")
            .refuses(&["allowance.exhausted", "look_up.purpose", "look_up.benefit", "payer.unknown"])
            .by(verify),
    ]
}

/// Whose account it is said to be, and by what right you ask.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Verify {
    /// The payee: `cpr:`, `cvr:`, `se:` or `p:` and a number of that kind.
    #[schemars(with = "String", regex(pattern = r"^(cpr|cvr|se|p):[0-9-]{8,11}$"), example = "cpr:6101701234")]
    #[serde(deserialize_with = "payee")]
    payee: PayeeId,
    /// The account: an IBAN, or a Danish registration number and account number as `RRRR-N`.
    #[schemars(with = "String", length(min = 6, max = 42), example = "0040-1234567890")]
    #[serde(deserialize_with = "account")]
    account: Account,
    /// What the law lets you ask for: `payment`, `recovery`, `credit_agreement`, `fraud_prevention`, `law`.
    #[schemars(with = "super::question::Purpose")]
    #[serde(deserialize_with = "purpose")]
    purpose: LegalPurpose,
    /// For a benefit of yours of this kind.
    #[serde(default, deserialize_with = "benefit")]
    #[schemars(with = "Option<String>", length(max = 35))]
    benefit: Option<BenefitKind>,
}

/// The answer, which never holds an account.
#[derive(Serialize, JsonSchema)]
struct Verified {
    /// `match`, `no_match` or `not_possible`.
    result: &'static str,
    /// Whether an account that it could be took the place of another in the last 30 days.
    changed_recently: bool,
}

async fn verify(call: Call<Json<Verify>>) -> Answer<Json<Verified>> {
    let Json(Verify { payee, account, purpose, benefit }) = call.body;
    let question = Question { payee, benefit, asked: account };
    let request = AskMany::<ask::Verify>::new(&call.edge.vault, client(&call.caller), purpose, vec![question])
        .map_err(refused)?;
    let mut answers = call.edge.core.execute_jointly(request, call.caller.actor(), 1).await?;
    let answer = answers.pop().ok_or_else(|| crate::Problem::failure("a question without an answer"))?;
    Ok(Json(Verified { result: answer.result.name(), changed_recently: answer.changed_recently }))
}

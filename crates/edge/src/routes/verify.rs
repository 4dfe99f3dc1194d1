//! Whether an account is a payee's, of one or of many.

use super::question::{REFUSALS, account, ask_many, ask_one, benefit, payee, purpose};
use crate::route::{Answer, Call, Json, Route};
use denmark::Account;
use registry::ask::{self, VerifyAnswer};
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
        Route::post("/v1/verify", "verify.one", "Whether an account is the one that a payee has registered")
            .token(policy::VERIFY_MANY, "verify")
            .refuses(REFUSALS)
            .by(verify),
        Route::post("/v1/verify/many", "verify.many", "Whether accounts are those that many payees have registered")
            .token(policy::VERIFY_MANY, "verify")
            .refuses(REFUSALS)
            .by(verify_many),
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
    #[schemars(with = "Option<String>", length(min = 1, max = 35))]
    benefit: Option<BenefitKind>,
}

/// Whose accounts they are said to be, and by what right you ask.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct VerifyMany {
    /// What the law lets you ask for: `payment`, `recovery`, `credit_agreement`, `fraud_prevention`, `law`.
    #[schemars(with = "super::question::Purpose")]
    #[serde(deserialize_with = "purpose")]
    purpose: LegalPurpose,
    /// All of them; a private payer asks about 250 at most. One who is asked about twice counts twice.
    #[schemars(length(min = 1, max = PAYEES_MAX))]
    payees: Vec<VerifyPayee>,
}

/// One of those whose accounts are asked about.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct VerifyPayee {
    /// The payee: `cpr:`, `cvr:`, `se:` or `p:` and a number of that kind.
    #[schemars(with = "String", regex(pattern = r"^(cpr|cvr|se|p):[0-9-]{8,11}$"), example = "cpr:6101701234")]
    #[serde(deserialize_with = "payee")]
    payee: PayeeId,
    /// The account: an IBAN, or a Danish registration number and account number as `RRRR-N`.
    #[schemars(with = "String", length(min = 6, max = 42), example = "0040-1234567890")]
    #[serde(deserialize_with = "account")]
    account: Account,
    /// For a benefit of yours of this kind.
    #[serde(default, deserialize_with = "benefit")]
    #[schemars(with = "Option<String>", length(min = 1, max = 35))]
    benefit: Option<BenefitKind>,
}

/// The answers about many payees.
#[derive(Serialize, JsonSchema)]
struct VerifiedMany {
    /// One for each payee, in their order.
    answers: Vec<Verified>,
}

/// The answer, which never holds an account.
#[derive(Serialize, JsonSchema)]
struct Verified {
    /// `match`, `no_match` or `not_possible`.
    result: &'static str,
    /// Whether an account that it could be took the place of another in the last 30 days.
    changed_recently: bool,
    /// With `match`, by which channel the account took the place of another: `bank` or `operator`; `null` if it is the first.
    last_change_channel: Option<String>,
}

impl From<VerifyAnswer> for Verified {
    fn from(answer: VerifyAnswer) -> Self {
        let VerifyAnswer { result, changed_recently, last_change_channel } = answer;
        Self { result: result.name(), changed_recently, last_change_channel }
    }
}

async fn verify(call: Call<Json<Verify>>) -> Answer<Json<Verified>> {
    let Json(Verify { payee, account, purpose, benefit }) = call.body;
    let question = Question { payee, benefit, asked: account };
    let answer = ask_one::<ask::Verify>(&call.edge, &call.caller, purpose, question).await?;
    Ok(Json(answer.into()))
}

async fn verify_many(call: Call<Json<VerifyMany>>) -> Answer<Json<VerifiedMany>> {
    let Json(VerifyMany { purpose, payees }) = call.body;
    let question = |VerifyPayee { payee, account, benefit }: VerifyPayee| Question { payee, benefit, asked: account };
    let questions = payees.into_iter().map(question).collect();
    let answers = ask_many::<ask::Verify>(&call.edge, &call.caller, purpose, questions).await?;
    Ok(Json(VerifiedMany { answers: answers.into_iter().map(Verified::from).collect() }))
}

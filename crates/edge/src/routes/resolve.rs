//! The account in force for one payee.

use crate::problem::Problem;
use crate::route::{Answer, Call, Json, Route};
use kernel::Timestamp;
use registry::commands::{LookUp, LookUpAnswer};
use registry::payee::PayeeId;
use registry::policy;
use registry::purpose::BenefitKind;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

pub fn routes() -> Vec<Route> {
    vec![
        Route::post("/v1/resolve", "resolve.one", "The account in force for one payee, now; every look-up is recorded")
            .client(policy::RESOLVE, "resolve")
            .refuses(&["payee.unknown", "payer.unknown"])
            .by(resolve),
    ]
}

/// Whose account is wanted.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Resolve {
    /// The payee: `cpr:`, `cvr:`, `se:` or `p:` and a number of that kind.
    #[schemars(with = "String", regex(pattern = r"^(cpr|cvr|se|p):[0-9-]{8,11}$"))]
    #[serde(deserialize_with = "payee")]
    payee: PayeeId,
    /// For a benefit of yours of this kind; without it, the default account.
    #[serde(default, deserialize_with = "benefit")]
    #[schemars(with = "Option<String>", length(max = 35))]
    benefit: Option<BenefitKind>,
}

/// The account of one payee.
#[derive(Serialize, JsonSchema)]
struct Resolved {
    /// As it was asked for.
    payee: String,
    /// Where it stands: `in_force`, `frozen`, `closed`, `none`, or the register's `dead` or `dissolved`.
    state: String,
    /// The IBAN.
    account: Option<String>,
    /// The bank's BIC, where it has one.
    bic: Option<String>,
    /// Since when the account has been this payee's (RFC 3339).
    since: Option<String>,
}

impl From<LookUpAnswer> for Resolved {
    fn from(LookUpAnswer { payee, account, bic, since, state }: LookUpAnswer) -> Self {
        Self { payee, state, account, bic, since }
    }
}

async fn resolve(call: Call<Json<Resolve>>) -> Answer<Json<Resolved>> {
    let Json(Resolve { payee, benefit }) = call.body;
    let specific = match (benefit, &call.caller.payer) {
        (None, _) => None,
        (Some(benefit), Some(payer)) => Some((payer.clone(), benefit)),
        (Some(_), None) => {
            return Err(Problem::of("body.field").at("/benefit").because("only a payer has benefits"));
        }
    };
    let command = LookUp { payee, specific, as_of: None::<Timestamp>, known_at: None };
    let answer = call.edge.core.execute(command, call.caller.actor()).await?;
    Ok(Json(answer.into()))
}

fn payee<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PayeeId, D::Error> {
    parsed(deserializer, PayeeId::parse, "cpr:, cvr:, se: or p: and a number of that kind")
}

fn benefit<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<BenefitKind>, D::Error> {
    let expected = "one word of at most 35 characters";
    Option::<String>::deserialize(deserializer)?
        .map(|text| BenefitKind::parse(&text).ok_or_else(|| invalid(expected)))
        .transpose()
}

fn parsed<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    parse: impl FnOnce(&str) -> Option<T>,
    expected: &'static str,
) -> Result<T, D::Error> {
    parse(&String::deserialize(deserializer)?).ok_or_else(|| invalid(expected))
}

/// It says what was expected, and not what came.
fn invalid<E: serde::de::Error>(expected: &'static str) -> E {
    E::invalid_value(serde::de::Unexpected::Other("a text"), &expected)
}

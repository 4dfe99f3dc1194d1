//! Where the money is that came in on a day.

use super::{SCOPE, TO_CASEWORKERS, payer_of};
use crate::problem::Problem;
use crate::route::{Answer, Call, Json, Nothing, Route};
use denmark::Currency;
use jiff::civil::Date;
use payout::balance::{Sums, Whereabouts};
use payout::{policy, queries};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/v1/payouts/balance", "payouts.balance", "Where the money of a day's payment files is")
            .token(policy::BALANCE, SCOPE)
            .refuses_as_all(TO_CASEWORKERS)
            .by(show),
    ]
}

/// Of which day.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OfDay {
    /// The date in Denmark on which files came in: `2026-11-23`.
    #[schemars(length(max = 10))]
    day: String,
}

impl OfDay {
    fn date(&self) -> Result<Date, Problem> {
        let wrong = |_| Problem::of("request.query").because("day is a day, such as 2026-11-23");
        self.day.parse().map_err(wrong)
    }
}

/// What came in on a day, and where it is now.
#[derive(Serialize, JsonSchema)]
struct DayBalance {
    /// The day.
    day: String,
    /// Whether all of what came in is somewhere, and no more, in every currency.
    agrees: bool,
    /// Of DKK, in øre.
    #[serde(flatten)]
    kroner: Amounts,
    /// Of every other currency in which something came in, in its smallest unit.
    currencies: BTreeMap<String, Amounts>,
}

/// Sums in the smallest unit of a currency, as texts.
#[derive(Serialize, JsonSchema)]
struct Amounts {
    /// What the files said that came in.
    r#in: String,
    /// Sent on to the payees' banks.
    delivered: String,
    /// Held here.
    held: String,
    /// In the waiting account.
    waiting: String,
    /// Came back from the payees' banks.
    returned: String,
    /// Went back before it was sent, or was cancelled.
    rejected: String,
}

impl From<&Sums> for Amounts {
    fn from(sums: &Sums) -> Self {
        let at = |whereabouts| sums.at(whereabouts).to_string();
        Self {
            r#in: sums.came_in.to_string(),
            delivered: at(Whereabouts::Delivered),
            held: at(Whereabouts::Held),
            waiting: at(Whereabouts::Waiting),
            returned: at(Whereabouts::Returned),
            rejected: at(Whereabouts::Rejected),
        }
    }
}

async fn show(call: Call<Nothing, Nothing, OfDay>) -> Answer<Json<DayBalance>> {
    let (day, actor) = (call.query.date()?, call.caller.actor());
    let payer = payer_of(&call.edge, &call.caller).await?;
    // It goes through every payment of the day.
    let balance = call.edge.core.take_long(move |reader| queries::balance(reader, &payer, day, &actor)).await?;
    let others = balance.currencies().filter(|(currency, _)| *currency != Currency::DKK);
    Ok(Json(DayBalance {
        day: day.to_string(),
        agrees: balance.agrees(),
        kroner: (&balance.kroner()).into(),
        currencies: others.map(|(currency, sums)| (currency.as_str().to_owned(), sums.into())).collect(),
    }))
}

//! What banks return: they bring it, and people decide about what is not certain.

use crate::page_of::{self, PageOf};
use crate::problem::Problem;
use crate::route::{Answer, Call, Json, Nothing, Route};
use crate::stream::Arriving;
use kernel::{Env, Role};
use payout::commands::{ImportReturns, Imported, RETURN_FILE_BYTES_MAX, SettleReturn, import_returns, settle_return};
use payout::policy;
use payout::queries::{self, StrayView};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

const SCOPE: &str = "returns";
/// Which list a cursor is of.
const LIST: &str = "returns";
const PIECE_BYTES: usize = 1 << 20;

pub fn routes() -> Vec<Route> {
    vec![
        Route::post(
            "/v1/returns",
            "returns.import",
            "Bring payments that come back (pacs.004): all are booked or listed together, and the same file again books nothing again",
        )
        .token(policy::IMPORT_RETURNS, SCOPE)
        .repeatable()
        .refuses(&["bank.unknown", "return.file", "return.group", "return.too_many", "request.timeout"])
        .by(import),
        Route::get("/v1/returns", "returns.list", "The work list: what nobody knows the payment of, the oldest first")
            .token(policy::LIST_RETURNS, SCOPE)
            .by(list),
        Route::post(
            "/v1/returns/{return}/settle",
            "returns.settle",
            "Decide about one: it is of this payment, or of none of ours",
        )
        .token(policy::SETTLE_RETURN, SCOPE)
        .repeatable()
        .refuses(&[
            "return.unknown",
            "return.settled",
            "return.why",
            "return.no_amount",
            "return.currency",
            "return.amount",
            "return.part",
            "return.not_sent",
            "return.payment_unknown",
            "batch.unknown",
        ])
        .by(settle),
    ]
}

/// What became of returns.
#[derive(Serialize, JsonSchema)]
struct Booked {
    /// How many there were.
    returns: usize,
    /// How many were booked now.
    booked: usize,
    /// How many were known before.
    known: usize,
    /// How many are put on the agency's work list.
    listed: usize,
}

impl From<Imported> for Booked {
    fn from(imported: Imported) -> Self {
        let Imported { returns, booked, known, listed, .. } = imported;
        Self { returns, booked, known, listed }
    }
}

async fn import(mut call: Call<Arriving>) -> Answer<Json<Booked>> {
    let place = call.edge.transfers.enter(&call.caller.name)?;
    let actor = call.caller.actor();
    let bank = if actor.role() == Role::Bank { Some(call.caller.bank()?) } else { None };
    let mut file = Vec::new();
    while let Some(piece) = call.body.piece(PIECE_BYTES).await? {
        if file.len() + piece.len() > RETURN_FILE_BYTES_MAX {
            return Err(Problem::of("return.too_many"));
        }
        file.extend_from_slice(&piece);
    }
    let hash: [u8; 32] = Sha256::digest(&file).into();
    let once = call.idempotency_key.as_ref().map(|key| key.once(&actor, &policy::IMPORT_RETURNS, &hash));
    let now = (call.edge.clock)();
    let imported = call.edge.core.file(move |writer| {
        let _place = place;
        let env = Env::sample(now, &mut writer.secrets)?;
        let wanted = ImportReturns { file: file.as_slice(), bank: bank.as_deref(), out: None, once };
        import_returns(writer, wanted, &actor, &env)
    });
    Ok(Json(imported.await?.into()))
}

/// A page of the work list.
#[derive(Serialize, JsonSchema)]
struct Returns {
    /// The oldest come first.
    returns: Vec<Stray>,
    /// The cursor of the next page; none after the last.
    next: Option<String>,
}

/// A return of which nobody knows the payment.
#[derive(Serialize, JsonSchema)]
struct Stray {
    /// Its name.
    id: String,
    /// When it came (RFC 3339).
    at: String,
    /// Which bank brought it; none where that was the agency.
    bank: Option<String>,
    /// The bank's id of the message.
    message_id: String,
    /// The bank's id of the return.
    reference: Option<String>,
    /// The date on which it settles.
    settled: Option<String>,
    /// Of which payment the bank says that it is.
    end_to_end_id: Option<String>,
    /// What comes back.
    amount: Option<String>,
    /// In which currency.
    currency: Option<String>,
    /// The account that the bank says the payment went to.
    account: Option<String>,
    /// The bank's reason: the ISO 20022 code.
    reason: String,
    /// Why it is here, in a word.
    why: &'static str,
    /// And in a sentence.
    sentence: &'static str,
}

impl From<StrayView> for Stray {
    fn from(view: StrayView) -> Self {
        let StrayView { id, at, bank, message_id, reference, settled, end_to_end_id, .. } = view;
        let StrayView { amount, currency, account, reason, why, sentence, .. } = view;
        Self {
            id,
            at,
            bank,
            message_id,
            reference,
            settled,
            end_to_end_id,
            amount,
            currency,
            account,
            reason,
            why,
            sentence,
        }
    }
}

async fn list(call: Call<Nothing, Nothing, PageOf>) -> Answer<Json<Returns>> {
    let (after, limit, actor) = (call.query.after(LIST)?, call.query.limit()?, call.caller.actor());
    let page = call.edge.core.read(move |reader| queries::strays(reader, after, limit, &actor)).await?;
    let next = page.next.map(|place| page_of::write(LIST, place));
    Ok(Json(Returns { returns: page.returns.into_iter().map(Stray::from).collect(), next }))
}

/// Which return.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Which {
    /// Our name for it.
    #[schemars(length(min = 13, max = 13))]
    r#return: String,
}

/// What is decided about a return.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Decision {
    /// Of which payment it is; of none of ours without.
    #[serde(default)]
    payment: Option<PaymentMeant>,
    /// Why: one line that is kept with it.
    #[schemars(length(min = 1, max = 500))]
    reason: String,
}

/// One payment.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PaymentMeant {
    /// Its batch, by our name for it.
    #[schemars(length(min = 13, max = 13))]
    batch: String,
    /// The payer's own id of it.
    #[schemars(length(min = 1, max = 35))]
    end_to_end_id: String,
}

async fn settle(call: Call<Json<Decision>, Which>) -> Answer<Json<Booked>> {
    let (actor, now, stray) = (call.caller.actor(), (call.edge.clock)(), call.path.r#return);
    let Json(decision) = call.body;
    let asked = (&stray, &decision);
    let once = call.idempotency_key.as_ref().map(|key| key.once(&actor, &policy::SETTLE_RETURN, &asked));
    let settled = call.edge.core.file(move |writer| {
        let env = Env::sample(now, &mut writer.secrets)?;
        let payment = decision.payment.as_ref().map(|named| (named.batch.as_str(), named.end_to_end_id.as_str()));
        let wanted = SettleReturn { stray: &stray, payment, why: &decision.reason, out: None, once };
        settle_return(writer, &wanted, &actor, &env)
    });
    Ok(Json(settled.await?.into()))
}

//! What is given of a case, as programs read it: its fields are a contract, and their description (JSON Schema) follows from them.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The version of the JSON: what is added to it leaves it, what changes or goes makes another.
pub const BUNDLE_VERSION: u32 = 1;

/// What is known of a case, as far as whoever gets it is told. Moments are of RFC 3339; what is not known, or not theirs to know, is null.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseFile {
    /// The version of this form.
    #[schemars(extend("const" = BUNDLE_VERSION))]
    pub version: u32,
    /// Whether it is about people who do not exist.
    pub synthetic: bool,
    /// The case, by name: 13 letters and digits.
    pub case: String,
    /// How it was given.
    pub given: GivenOut,
    /// Whose accounts may have been taken: to the police.
    pub payee: Option<CasePayee>,
    /// From when on their accounts are in doubt.
    pub since: String,
    /// When the case was opened.
    pub opened: String,
    /// Why: to the police.
    pub why: Option<String>,
    /// What was found, if that was said.
    #[schemars(extend("enum" = ["fraud", null]))]
    pub finding: Option<String>,
    /// The accounts of which anything else was designated since then, or that were deleted; a bank is told of its own.
    pub accounts: Vec<AccountInDoubt>,
    /// What was paid since then, the newest first; a bank is told what went to accounts in doubt that are with it.
    pub payments: Vec<PaymentMade>,
    /// Whether there are more payments than are given out at a time.
    pub more_payments: bool,
    /// What the payments come to.
    pub sums: Vec<MoneySum>,
    /// What was done, in order.
    pub acts: Vec<CaseAct>,
    /// The journal when it was given, by which it can be told later what was known.
    pub journal: JournalThen,
}

/// How something was given out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GivenOut {
    /// To whom: `police`, `bank:NAME`.
    pub to: String,
    /// When.
    pub at: String,
    /// By whom.
    pub by: String,
    /// Who asked for it.
    pub asked_by: String,
    /// On which law.
    pub law: String,
}

/// Whose accounts may have been taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CasePayee {
    /// Their number: `cpr:`, `cvr:`, `se:` or `p:` before it.
    pub number: String,
    /// What a register calls them, if one does.
    pub name: Option<String>,
}

/// One of the payee's accounts, and what it was before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountInDoubt {
    /// For whose payments it is; none of one for everything, or where it is not told.
    pub payer: Option<String>,
    /// For which kind of benefit, likewise.
    pub benefit: Option<String>,
    /// What stood before; none if none did.
    pub before: Option<AccountAt>,
    /// What was designated since then, the newest first; nothing where it was only deleted.
    pub since: Vec<AccountAt>,
}

/// An account and its bank.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountAt {
    /// The IBAN.
    pub account: String,
    /// The bank's BIC, where it has one.
    pub bic: Option<String>,
    /// The bank's name, where the bank directory has it.
    pub bank: Option<String>,
}

/// A payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentMade {
    /// Who paid.
    pub payer: String,
    /// The payer's id for the file.
    pub message_id: String,
    /// The payer's id for the payment.
    pub end_to_end_id: String,
    /// How much, with a point; none where the file said no amount of its currency.
    pub amount: Option<String>,
    /// Of what: three letters.
    pub currency: Option<String>,
    /// Where the money is.
    #[schemars(extend("enum" = [
        "left", "held", "rejected", "returned", "returned_in_part", "waiting", "recalled", "recall_refused"
    ]))]
    pub money: String,
    /// Where its recall stands, if it was asked back.
    #[schemars(extend("enum" = ["asked", "pending", "accepted", "refused", "came_back", null]))]
    pub recall: Option<String>,
    /// How much of it came back.
    pub came_back: Option<String>,
    /// Why it stands so: a code of ISO 20022.
    pub reason: Option<String>,
    /// When its file came in.
    pub received: String,
    /// When it was last decided.
    pub decided: String,
    /// How it left, if it did.
    pub sent: Option<PaymentSent>,
}

/// How a payment left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentSent {
    /// To which IBAN; none where the file named the account itself.
    pub account: Option<String>,
    /// Its bank's BIC, where it has one.
    pub bic: Option<String>,
    /// Its bank's name, where the bank directory has it.
    pub bank: Option<String>,
    /// When.
    pub at: String,
}

/// What payments come to whose money is at one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MoneySum {
    /// Where, as of a payment.
    #[schemars(extend("enum" = ["left", "held", "rejected", "returned", "waiting", "recalled", "recall_refused"]))]
    pub money: String,
    /// Of what.
    pub currency: String,
    /// How much, with a point.
    pub sum: String,
}

/// One thing that was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseAct {
    /// What.
    #[schemars(extend("enum" = [
        "frozen", "reported", "reverting", "traced", "recalled", "disclosure_asked", "disclosed", "closed_as_fraud", "marking"
    ]))]
    pub act: String,
    /// When.
    pub at: String,
    /// By whom.
    pub by: String,
    /// About what, by name; or how many.
    pub about: Option<String>,
    /// Why, or on which law.
    pub why: Option<String>,
}

/// The journal at a moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JournalThen {
    /// How many entries it had.
    pub size: String,
    /// Its root, in hexadecimal digits.
    pub root: String,
}

/// The description of [`CaseFile`], as it stands in `docs/case.schema.json`.
#[must_use]
pub fn case_schema() -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    settings.into_generator().into_root_schema_for::<CaseFile>().to_value()
}

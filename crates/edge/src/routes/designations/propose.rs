//! Proposing an account.

use super::ProposalStanding;
use crate::problem::refused;
use crate::route::{Answer, Call, Json};
use kernel::Vault;
use registry::RowRefusal;
use registry::commands::ProposeDesignation;
use registry::import::{AccountRow, Written};
use registry::proposal::{Holder, LegalGround};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// With what it can be refused.
pub(super) const REFUSALS: &[&str] = &[
    "payee.malformed",
    "payee.unknown",
    "payee.dead",
    "account.malformed",
    "account.missing",
    "account.currency",
    "account.bic",
    "account.bic_country",
    "bank.bic",
    "bank.unknown",
    "payer.unknown",
    "designation.expects",
    "designation.expects_missing",
    "designation.expects_mismatch",
    "designation.frozen",
    "designation.locked",
    "designation.none",
    "designation.purpose",
    "designation.entitled",
    "designation.authority",
    "designation.ground",
    "designation.specific_locked",
    "change.waiting",
    "change.too_often",
    "proposal.why",
    "actor.assurance",
    "actor.login_age",
    "ban.change",
    "ban.shared",
    "ban.third_party",
];

/// What is proposed.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ProposedAccount {
    /// Whose account: `cpr:`, `cvr:`, `se:` or `p:` and a number of that kind.
    #[schemars(regex(pattern = r"^(cpr|cvr|se|p):[0-9-]{8,11}$"), example = &"cpr:6101701234")]
    payee: String,
    /// The account: an IBAN, or a registration number and account number as `RRRR-N`. Left out, the specific account of this payer
    /// and benefit is deleted.
    #[serde(default)]
    #[schemars(length(max = 42), example = &"0040-1234567890")]
    account: Option<String>,
    /// The BIC of a foreign account.
    #[serde(default)]
    #[schemars(length(max = 11))]
    bic: Option<String>,
    /// The one currency that the account takes; DKK unless it is said.
    #[serde(default)]
    #[schemars(length(max = 3))]
    currency: Option<String>,
    /// What you believe to be in force: `none`, or an account. Needed where one is.
    #[serde(default)]
    #[schemars(length(max = 42), example = &"none")]
    expects: Option<String>,
    /// Of a specific account, the authority that pays.
    #[serde(default)]
    #[schemars(length(max = 100))]
    payer: Option<String>,
    /// Of a specific account, the kind of benefit.
    #[serde(default)]
    #[schemars(length(max = 35))]
    benefit: Option<String>,
    /// Whether the payee shall neither change nor delete a specific account.
    #[serde(default)]
    locked: bool,
    /// Whose account it is said to be; `unknown` unless it is said.
    #[serde(default)]
    #[schemars(with = "Option<Whose>")]
    holder: Option<Holder>,
    /// Of a caseworker or operator: on which law it stands, in one line.
    #[serde(default)]
    #[schemars(length(max = 500))]
    law: Option<String>,
    /// Likewise, where the evidence is on file.
    #[serde(default)]
    #[schemars(length(max = 500))]
    evidence: Option<String>,
    /// The payee's signature, where they sign at once: one line.
    #[serde(default)]
    #[schemars(length(max = 8_192))]
    signature: Option<String>,
}

/// The names of holders, for the description.
#[derive(JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "it is its names that are described")]
pub(crate) enum Whose {
    Own,
    Joint,
    ThirdParty,
    Unknown,
}

impl ProposedAccount {
    fn read(&self, vault: &Vault) -> Result<AccountRow, RowRefusal> {
        fn text(field: &Option<String>) -> &str {
            field.as_deref().unwrap_or_default()
        }
        // Only a specific account can be left without another in its place.
        if self.account.is_none() && self.payer.is_none() {
            return Err(RowRefusal::AccountMissing);
        }
        let written = Written {
            action: if self.account.is_none() { "close" } else { "register" },
            payee: &self.payee,
            account: text(&self.account),
            bic: text(&self.bic),
            expects: text(&self.expects),
            currency: text(&self.currency),
            payer: text(&self.payer),
            benefit: text(&self.benefit),
        };
        AccountRow::read_from_person(vault, &written)
    }
}

pub(super) async fn propose(call: Call<Json<ProposedAccount>>) -> Answer<Json<ProposalStanding>> {
    let asked = &call.body.0;
    let command = ProposeDesignation {
        actor: call.caller.actor(),
        row: asked.read(&call.edge.vault).map_err(refused)?,
        holder: asked.holder.unwrap_or(Holder::Unknown),
        ground: asked.law.clone().zip(asked.evidence.clone()).map(|(law, evidence)| LegalGround { law, evidence }),
        is_locked: asked.locked,
        signature: asked.signature.clone(),
        once: None,
    };
    Ok(Json(call.once(asked, command).await?.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_described_is_what_is_read() {
        let schema = schemars::schema_for!(Whose);
        let names = schema.get("enum").and_then(serde_json::Value::as_array).unwrap();
        assert_eq!(names.len(), 4);
        assert!(names.iter().all(|name| Holder::parse(name.as_str().unwrap()).is_some()));
    }
}

//! Somebody confirms that money is there which a bank had only said it gives back: from then on it can leave anew.

use super::{find_own, require_own};
use crate::batch::{self, Batch};
use crate::policy;
use crate::queries::{Sought, first_in};
use crate::recall::{RECALLED_MAX, RecallRefusal};
use crate::store;
use crate::store::arrived::{Promised, each_promised};
use denmark::Money;
use kernel::journal::{Entry, Rows};
use kernel::{Actor, Command, Decision, Env, Error, Once, Operation, Refusal, Scope, Writer};
use registry::officer::require_why;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Whose money is there.
pub struct ConfirmArrival<'c> {
    /// The batch, by name.
    pub batch: &'c str,
    /// The payments; of each a bank must have promised some.
    pub end_to_end_ids: &'c [String],
    /// Why whoever confirms it knows.
    pub why: &'c str,
    /// By what the request is known again.
    pub once: Option<Once>,
}

/// Money of a payment that is there, by somebody's word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmedMoney {
    /// The payer's end-to-end id.
    pub end_to_end_id: String,
    /// How much: a decimal number.
    pub amount: String,
    /// In which currency.
    pub currency: String,
}

/// Confirms that all is there which banks have promised of these payments. A return that brings it later is known all the same.
///
/// # Errors
/// There is no such batch, or no such payment, or nothing of it is promised; not said why; the policy's refusal, or the store's.
pub fn confirm_arrival(
    writer: &mut Writer,
    wanted: &ConfirmArrival<'_>,
    actor: &Actor,
    env: &Env,
) -> Result<Vec<ConfirmedMoney>, Error> {
    policy::CONFIRM_ARRIVAL.require(actor)?;
    let batch = writer.read(|scope| find_own(scope, wanted.batch, actor))?;
    writer.execute(&Confirm { batch: &batch, wanted, actor }, actor, env)
}

struct Confirm<'c> {
    batch: &'c Batch,
    wanted: &'c ConfirmArrival<'c>,
    actor: &'c Actor,
}

/// What is promised of a payment.
struct OfPayment<'c> {
    end_to_end_id: &'c str,
    money: Option<Money>,
    promised: Vec<Promised>,
}

impl<'c> Command for Confirm<'c> {
    const OPERATION: Operation = policy::CONFIRM_ARRIVAL;
    type State = Vec<OfPayment<'c>>;
    type Change = Promised;
    type Output = Vec<ConfirmedMoney>;

    fn once(&self) -> Option<Once> {
        self.wanted.once
    }

    fn load(&self, scope: &Scope<'_>) -> Result<Self::State, Error> {
        require_own(scope, self.batch.owner, self.actor)?;
        let ids: BTreeSet<&String> = self.wanted.end_to_end_ids.iter().take(RECALLED_MAX + 1).collect();
        let of_payment = |end_to_end_id: &'c String| {
            let found = first_in(scope, self.batch, &Sought::end_to_end(scope, end_to_end_id))?;
            let found = found.ok_or(RecallRefusal::PaymentUnknown)?;
            let mut promised = Vec::new();
            each_promised(scope.tx, self.batch.id, found.number..found.number + 1, |one| promised.push(one))?;
            Ok(OfPayment { end_to_end_id, money: found.money, promised })
        };
        ids.into_iter().map(of_payment).collect()
    }

    fn decide(&self, payments: Self::State, _: &Env) -> Result<Decision<Promised, Vec<ConfirmedMoney>>, Refusal> {
        require_why(self.wanted.why).map_err(RecallRefusal::from)?;
        if payments.is_empty() || payments.len() > RECALLED_MAX {
            return Err(RecallRefusal::Payments.into());
        }
        let (mut confirmed, mut output) = (Vec::new(), Vec::with_capacity(payments.len()));
        for OfPayment { end_to_end_id, money, promised } in payments {
            let money = money.filter(|_| !promised.is_empty()).ok_or(RecallRefusal::NotPromised)?;
            let minor = promised.iter().fold(0_i64, |sum, one| sum.saturating_add(one.amount));
            output.push(ConfirmedMoney {
                end_to_end_id: end_to_end_id.to_owned(),
                amount: Money { minor, ..money }.decimal().to_string(),
                currency: money.currency.to_string(),
            });
            confirmed.extend(promised);
        }
        let facts = serde_json::json!({ "batch": batch::name(self.batch.id), "payments": output.len() });
        Ok(Decision::of(confirmed, facts, output))
    }

    fn save(&self, scope: &Scope<'_>, confirmed: &[Promised], entry: Entry) -> Result<Vec<Rows>, Error> {
        let text = format!("{}\n{}", self.actor.name(), self.wanted.why);
        let backs: Vec<_> = confirmed.iter().map(|one| one.back).collect();
        Ok(vec![store::arrived::insert_confirmed(scope, &backs, &text, entry)?])
    }
}

//! What the registry holds means for payments, and what of it lets them leave: asked when a file comes in, when it is accepted, when it is
//! released, and when it is looked at whether something of it could be.

use crate::gate::Gate;
use crate::payment::{Decided, Demands, Verdict, decide};
use crate::store::held::HeldPayment;
use crate::store::ids::Ids;
use crate::store::payment::PaymentRow;
use denmark::Currency;
use kernel::{Error, Id, Scope, Timestamp, Vault};
use registry::payer::Payer;
use registry::purpose::{self, BenefitKind};
use registry::queries::{controls_in_force, had_part};
use registry::resolve::{self, Query, Resolution};
use registry::watch::{Looked, Watched};

/// Everything by which the payments of a batch are ruled, at one moment.
pub(crate) struct Judge {
    demands: Demands,
    pub(crate) watched: Watched,
    pub(crate) gate: Gate,
    pub(crate) now: Timestamp,
}

/// Payments whose payees' accounts are wanted.
#[derive(Default)]
pub(crate) struct Asked {
    queries: Vec<Query>,
    payments: Vec<(i64, Option<Currency>)>,
}

impl Asked {
    /// A payment that names no payee is nobody's: see [`Judge::rule_passed`].
    pub(crate) fn push(&mut self, payment: &HeldPayment) {
        let HeldPayment { number, payee, purpose, currency, .. } = *payment;
        self.queries.push(Query { payee: payee.unwrap_or_default(), purpose });
        self.payments.push((number, currency));
    }
}

/// What is to be known to decide a payment anew, from its row and the payer's own texts.
pub(crate) fn held_of(vault: &Vault, payer: Id<Payer>, row: &PaymentRow, ids: &Ids<'_>) -> HeldPayment {
    let transferred = ids.transfer_currency.and_then(|currency| Currency::parse(currency).ok());
    let benefit = ids.benefit.and_then(BenefitKind::parse);
    HeldPayment {
        number: row.number,
        payee: row.payee,
        purpose: benefit.map(|kind| purpose::key(vault, payer, &kind)),
        currency: transferred.or(row.money.map(|money| money.currency)),
        lies_since: None,
    }
}

impl Judge {
    /// By what holds now.
    pub(crate) fn load(
        scope: &Scope<'_>,
        payer: &Payer,
        gate: Gate,
        watched: Watched,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let demands = Demands::of(&payer.agreement, &controls_in_force(scope)?);
        Ok(Self { demands, watched, gate, now })
    }

    /// What becomes of a payment that names its account itself.
    pub(crate) fn rule_passed(&self, number: i64) -> Decided {
        self.gate.rule(number, Decided::of(Verdict::Pass), self.now, |_| false)
    }

    /// What becomes of payments. `answer` gets the place of each, in no particular order.
    pub(crate) fn judge(
        &self,
        scope: &Scope<'_>,
        asked: &Asked,
        mut answer: impl FnMut(usize, Decided),
    ) -> Result<(), Error> {
        let people = self.gate.people(self.now);
        let rule = |at: usize, decided, parts: &[bool]| {
            let (number, _) = asked.payments[at];
            let had_part = |by: &str| people.iter().zip(parts).any(|(name, had_part)| *name == by && *had_part);
            self.gate.rule(number, decided, self.now, had_part)
        };
        // What people let go to an account, they had no part in changing.
        let (mut rows, mut let_go) = (Vec::new(), Vec::new());
        resolve::resolve_many(scope, &asked.queries, self.now, |at, resolution| {
            let (_, currency) = asked.payments[at];
            let looked = match &resolution {
                Resolution::Account(in_force) => self.watched.look(&in_force.account),
                _ => Looked::default(),
            };
            let decided = decide(resolution, currency, looked, &self.demands, self.now);
            match decided.verdict {
                Verdict::Route(Some(designation), _) if !people.is_empty() => {
                    rows.push(designation);
                    let_go.push((at, decided));
                }
                _ => answer(at, rule(at, decided, &[])),
            }
            Ok(())
        })?;
        for ((at, decided), parts) in let_go.into_iter().zip(had_part(scope, &rows, &people)?) {
            answer(at, rule(at, decided, &parts));
        }
        Ok(())
    }
}

//! What the registry holds means for payments, and what of it lets them leave: asked when a file comes in, when it is accepted, when it is
//! released, and when it is looked at whether something of it could be.

use crate::gate::Gate;
use crate::message::{Payee, Payment, name_key, named_account};
use crate::payment::{Decided, Demands, State, Verdict, decide, decide_named};
use crate::store::held::HeldPayment;
use crate::store::ids::Ids;
use crate::store::payment::PaymentRow;
use crate::work::payee_id;
use denmark::Currency;
use kernel::{Blind, Domain, Error, Id, Scope, Timestamp, Vault};
use registry::account;
use registry::payer::Payer;
use registry::purpose::{self, BenefitKind};
use registry::queries::{controls_in_force, had_part};
use registry::resolve::{self, Query, Resolution};
use registry::watch::{Looked, Outnamed, Watched};

/// Everything by which the payments of a batch are ruled, at one moment.
#[derive(Clone)]
pub(crate) struct Judge {
    demands: Demands,
    pub(crate) watched: Watched,
    pub(crate) gate: Gate,
    pub(crate) now: Timestamp,
}

/// Of which payments it is in doubt what becomes of them.
#[derive(Clone, Copy)]
pub(crate) struct Doubts {
    of_all: bool,
    /// Of those that name their accounts themselves, of which no payee's change tells.
    of_named: bool,
}

impl Doubts {
    /// Whether of any.
    pub(crate) const fn are_any(self) -> bool {
        self.of_all || self.of_named
    }

    /// Whether of one of which this was decided.
    pub(crate) fn are_of(self, state: State) -> bool {
        state.has_left() && (self.of_all || (self.of_named && state == State::Passed))
    }
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
        account: account_key(vault, ids.account),
        lies_since: None,
    }
}

/// The blind index of the account that a payment names so, where that can be told.
pub(crate) fn account_key(vault: &Vault, named: Option<&str>) -> Option<Blind> {
    named.and_then(named_account).map(|account| account::key(&account, vault))
}

/// Who is paid by a payment that names its account itself, blind: whom the file names by number, as the registry knows them; else whoever is
/// called so. So two who have an account together are two, and one who is paid by many files is one; all who are not named are one.
pub(crate) fn named_payee(vault: &Vault, payment: &Payment<'_>) -> Option<Blind> {
    payment.account.as_ref()?;
    Some(match &payment.payee {
        Payee::Named(number) => payee_id(number).key(vault),
        Payee::Missing | Payee::Impossible => {
            vault.blind(Domain("payment.creditor"), &name_key(payment.name.as_deref().unwrap_or_default()))
        }
    })
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
        let of_waiting_account = payer.agreement.waiting_account().map(|account| watched.look(&account));
        let controls = controls_in_force(scope)?;
        let demands = Demands::of(&payer.agreement, &controls, of_waiting_account.unwrap_or_default());
        Ok(Self { demands, watched, gate, now })
    }

    /// The same with what a batch makes of some accounts.
    pub(crate) fn with(&self, outnamed: &Outnamed) -> Self {
        Self { watched: self.watched.clone().with(outnamed), ..self.clone() }
    }

    /// The same of payments that lie in the payer's waiting account.
    pub(crate) fn of_lying(self) -> Self {
        Self { demands: self.demands.of_lying(), ..self }
    }

    /// What becomes of a payment that names its account itself.
    pub(crate) fn rule_passed(&self, number: i64, account: Option<&str>) -> Decided {
        let account = account.filter(|_| self.watched.are_some()).and_then(named_account);
        self.rule_named(number, account.map_or_else(Looked::default, |account| self.watched.look_at(&account)))
    }

    /// The same of one that waits.
    pub(crate) fn rule_held(&self, held: &HeldPayment) -> Decided {
        self.rule_named(
            held.number,
            held.account.map_or_else(Looked::default, |account| self.watched.look_by_key(&account)),
        )
    }

    fn rule_named(&self, number: i64, looked: Looked) -> Decided {
        self.gate.rule(number, decide_named(looked), self.now, |_| false)
    }

    /// Of which payments that leave it is in doubt what becomes of them, as other things are demanded now, or something is known of
    /// accounts that was not. What changed of payees is told elsewhere.
    pub(crate) fn doubts(&self, now: &Self) -> Doubts {
        let of_all = self.demands != now.demands || !self.watched.has_limits_of(&now.watched);
        Doubts { of_all, of_named: now.watched.knows_more(&self.watched) }
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

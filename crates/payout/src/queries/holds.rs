//! Why payments wait, who can do something about it, and what ends it: worked out when it is asked for, as it is when they are released.

use crate::batch::Batch;
use crate::commands::{decide_anew, gate_of};
use crate::gate::{Gate, Waits};
use crate::judge::{Judge, held_of};
use crate::payment::{Decided, News, State, Verdict};
use crate::reason::Reason;
use crate::store::ids::OpenIds;
use crate::store::payment::PaymentRow;
use kernel::{Error, Scope, Timestamp};
use registry::payer::{Payer, PayerKind};
use registry::resolve;
use registry::watch::Watched;
use std::cell::OnceCell;
use std::collections::BTreeMap;

/// Why a payment waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldView {
    /// In a word.
    pub reason: &'static str,
    /// Who can do something about it: `payer`, `payee`, `agency`, or the payer's `contact`.
    pub owner: &'static str,
    /// What ends it.
    pub ends: &'static str,
    /// When, where that is a moment.
    pub until: Option<String>,
    /// Who stopped it.
    pub by: Option<String>,
}

/// What a payment waits for now, and what is new of its account.
pub(super) struct Hold {
    pub(super) reason: Option<Reason>,
    pub(super) view: HoldView,
    pub(super) news: Option<News>,
}

/// What is to be known of a batch to say what its payments wait for.
pub(super) struct Holds {
    /// Made when there is something to judge: it takes all accounts that something speaks against.
    judge: OnceCell<Judge>,
    gate: Gate,
    now: Timestamp,
    payer: Payer,
    /// As which kind of payer whoever asks is told.
    kind: PayerKind,
}

impl Holds {
    /// As the payer is told.
    pub(super) fn load(scope: &Scope<'_>, batch: &Batch, now: Timestamp) -> Result<Self, Error> {
        let payer = resolve::payer_at(scope, batch.payer)?;
        let gate = gate_of(scope, batch, &payer)?;
        Ok(Self { judge: OnceCell::new(), gate, now, kind: payer.agreement.kind, payer })
    }

    /// As the agency's own people are told.
    pub(super) fn for_agency(self) -> Self {
        Self { kind: PayerKind::Public, ..self }
    }

    pub(super) const fn kind(&self) -> PayerKind {
        self.kind
    }

    /// What those of these payments wait for that do, by their numbers: what is held, and what lies in the waiting account though its payee has
    /// an account or somebody stopped it.
    pub(super) fn of(
        &self,
        scope: &Scope<'_>,
        batch: &Batch,
        rows: &[PaymentRow],
    ) -> Result<BTreeMap<i64, Hold>, Error> {
        let mut holds = BTreeMap::new();
        for state in [State::Held, State::Waiting] {
            let (mut ids, mut held) = (OpenIds::default(), Vec::new());
            for row in rows.iter().filter(|row| row.outcome.state == state) {
                let ids = ids.read(scope, batch.id, row.number)?;
                held.push((held_of(scope.vault, self.payer.id, row, &ids), row.outcome.reason));
            }
            if held.is_empty() {
                continue;
            }
            let (payments, judge): (Vec<_>, _) = (held.iter().map(|(held, _)| held).collect(), self.judge(scope)?);
            let decided = match state {
                State::Waiting => decide_anew(scope, &judge.clone().of_lying(), &payments)?,
                _ => decide_anew(scope, judge, &payments)?,
            };
            for ((held, recorded), decided) in held.iter().zip(decided) {
                // What lies there and waits for an account, or may leave, is told as it was.
                if state == State::Held || matches!(decided.verdict, Verdict::Hold(_)) {
                    holds.insert(held.number, self.hold(held.number, *recorded, &decided));
                }
            }
        }
        Ok(holds)
    }

    fn judge(&self, scope: &Scope<'_>) -> Result<&Judge, Error> {
        if let Some(judge) = self.judge.get() {
            return Ok(judge);
        }
        let watched = Watched::load(scope, self.now)?;
        let judge = Judge::load(scope, &self.payer, self.gate.clone(), watched, self.now)?;
        Ok(self.judge.get_or_init(|| judge))
    }

    fn hold(&self, number: i64, recorded: Option<Reason>, decided: &Decided) -> Hold {
        // What does not wait any more leaves when it is next looked at, and is told until then as it was.
        let reason = match decided.verdict {
            Verdict::Hold(reason) => reason,
            _ => recorded,
        };
        let told = reason.map(|reason| reason.told(self.kind()));
        let waits = self.gate.waits_of(number, self.now);
        let view = match told {
            None => HoldView {
                reason: "release",
                owner: "payer",
                ends: waits.map_or("settled", Waits::name),
                until: match waits {
                    Some(Waits::CutOff(at)) => Some(at.to_string()),
                    _ => None,
                },
                by: None,
            },
            Some(reason) => HoldView {
                reason: reason.name(),
                owner: reason.owner(),
                ends: reason.ends(),
                until: decided.until.filter(|_| reason != Reason::Checked).map(|until| until.to_string()),
                by: self.gate.stopped(number).filter(|_| reason == Reason::Stopped).map(|act| act.by.clone()),
            },
        };
        Hold { reason: told, view, news: decided.news }
    }
}

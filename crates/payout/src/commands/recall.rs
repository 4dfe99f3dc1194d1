//! Asks for payments back: one recall for each completed file, and each bank that was to make them.

use super::BatchRefusal;
use crate::batch::{self, Batch};
use crate::message::bank::RecallReason;
use crate::policy;
use crate::queries::{Sought, agent_text, find_of, first_in, stands_of};
use crate::recall::{self, RECALLED_MAX, RecallRecord, RecallRefusal, require_recallable};
use crate::store;
use crate::store::ids::OpenIds;
use crate::work::recorded;
use denmark::{BankDirectory, Money};
use kernel::journal::{ENTRIES_MAX, Entry, Rows};
use kernel::{Actor, Command, Decision, Env, Error, Id, Once, Operation, Refusal, Refuse, Scope, Writer};
use registry::officer::require_why;
use registry::payer::{Agreement, NoAccount, Payer};
use registry::resolve;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, btree_map};

/// What is to be asked back.
pub struct Recall<'r> {
    /// The payments, by their batches and numbers.
    pub payments: &'r [(Id<Batch>, i64)],
    /// Why, as the banks are told.
    pub reason: RecallReason,
    /// Why, in words that no bank is told.
    pub why: &'r str,
    /// By what the request is known again.
    pub once: Option<Once>,
}

/// What was asked back, and what was not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recalled {
    /// Each is a message to a bank (camt.055): see [`crate::queries::recall_message`].
    pub messages: Vec<SentRecall>,
    /// Those payments that cannot be asked back.
    pub left: Vec<NotRecalled>,
}

/// A recall that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentRecall {
    /// Its name, which is the id of its message and its case.
    pub recall: String,
    /// Whose payments they are.
    pub payer: String,
    /// The batch that they are of, by name.
    pub batch: String,
    /// The stage at which they were sent on.
    pub stage: i64,
    /// The bank that was to make them: its BIC, or else its member number.
    pub to: String,
    /// The bank, or another intermediary, that fetches the message; none where the payer brings it to its bank.
    pub bank: Option<String>,
    /// The numbers of the payments in their batch.
    pub payments: Vec<i64>,
}

/// A payment that is not asked back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotRecalled {
    /// Its batch, by name.
    pub batch: String,
    /// Its number in the batch.
    pub number: i64,
    /// Why not.
    pub code: String,
    /// The same in a sentence.
    pub text: String,
}

/// Asks for payments back, each of the bank that was to make it. Those that cannot be asked back are told; where none can, that is the
/// refusal.
///
/// # Errors
/// The first payment's refusal, where none can be asked back; `recall.payments`, `recall.why`; the policy's, or the store's.
pub fn recall(writer: &mut Writer, wanted: &Recall<'_>, actor: &Actor, env: &Env) -> Result<Recalled, Error> {
    writer.execute(&MakeRecalls::of(wanted, actor), actor, env)
}

/// The payments of a batch that have these end-to-end ids, as [`Recall::payments`] wants them. With a payer, it must be its batch.
///
/// # Errors
/// `batch.unknown`, `recall.payment_unknown`; the store's.
pub fn payments_named(
    scope: &Scope<'_>,
    name: &str,
    end_to_end_ids: &[String],
    payer: Option<(&str, &Actor)>,
) -> Result<Vec<(Id<Batch>, i64)>, Error> {
    let batch = match payer {
        Some((payer, actor)) => find_of(scope, payer, name, actor)?,
        None => super::find(scope, name)?,
    };
    let named = end_to_end_ids.iter().map(|id| {
        let number = first_in(scope, &batch, &Sought::end_to_end(scope, id))?.map(|row| row.number);
        Ok((batch.id, number.ok_or(RecallRefusal::PaymentUnknown)?))
    });
    named.collect()
}

pub(super) struct MakeRecalls<'r> {
    wanted: &'r Recall<'r>,
    by: &'r str,
    is_of_case: bool,
}

impl<'r> MakeRecalls<'r> {
    pub(super) fn of(wanted: &'r Recall<'r>, actor: &'r Actor) -> Self {
        Self { wanted, by: actor.name(), is_of_case: false }
    }

    /// The same under a victim's case.
    pub(super) fn of_case(wanted: &'r Recall<'r>, actor: &'r Actor) -> Self {
        Self { is_of_case: true, ..Self::of(wanted, actor) }
    }
}

/// What is to be known of a payment to ask for it back.
struct Known {
    batch: Id<Batch>,
    number: i64,
    /// The stage at which it was sent on, and the bank that was to make it.
    sent: Result<(i64, String), RecallRefusal>,
}

/// All payments, in the order of their batches, with those batches and their payers.
pub(super) struct Found {
    payments: Vec<Known>,
    batches: BTreeMap<Id<Batch>, Payer>,
}

/// A recall that is to be saved.
pub(super) struct Made {
    sent: SentRecall,
    id: Id<recall::Recall>,
    batch: Id<Batch>,
    payer: Payer,
}

impl Command for MakeRecalls<'_> {
    const OPERATION: Operation = policy::RECALL;
    const READS_JOURNAL: bool = false;
    type State = Found;
    type Change = Made;
    type Output = Recalled;

    fn once(&self) -> Option<Once> {
        self.wanted.once
    }

    fn load(&self, scope: &Scope<'_>) -> Result<Found, Error> {
        let mut looking = Looking {
            scope,
            ids: OpenIds::default(),
            banks: resolve::banks_at(scope.tx, ENTRIES_MAX)?,
            batches: BTreeMap::new(),
        };
        let payments: BTreeSet<_> = self.wanted.payments.iter().take(RECALLED_MAX + 1).copied().collect();
        let known = payments.into_iter().map(|(batch, number)| {
            let sent = looking.look_at(batch, number)?;
            Ok(Known { batch, number, sent })
        });
        let payments = known.collect::<Result<_, Error>>()?;
        Ok(Found { payments, batches: looking.batches })
    }

    fn decide(&self, found: Found, env: &Env) -> Result<Decision<Made, Recalled>, Refusal> {
        let Recall { payments, reason, why, .. } = self.wanted;
        require_why(why).map_err(RecallRefusal::from)?;
        if payments.is_empty() || payments.len() > RECALLED_MAX {
            return Err(RecallRefusal::Payments.into());
        }
        let (mut groups, mut left) = (BTreeMap::<_, Vec<i64>>::new(), Vec::new());
        let mut first_refusal = None;
        for Known { batch, number, sent } in found.payments {
            match sent {
                Ok((stage, to)) => groups.entry((batch, stage, to)).or_default().push(number),
                Err(refusal) => {
                    first_refusal.get_or_insert(refusal);
                    let (batch, code) = (batch::name(batch), refusal.code().to_owned());
                    left.push(NotRecalled { batch, number, code, text: refusal.to_string() });
                }
            }
        }
        let mut made = Vec::with_capacity(groups.len());
        for (at, ((batch, stage, to), payments)) in (0..).zip(groups) {
            // A payment that is found has a batch, and that has a payer.
            let Some(payer) = found.batches.get(&batch) else { continue };
            let id: Id<recall::Recall> = Id::new(env.id::<recall::Recall>().number() + at);
            let Agreement { name, bank, .. } = &payer.agreement;
            let sent = SentRecall {
                recall: id.name(),
                payer: name.clone(),
                batch: batch::name(batch),
                stage,
                to,
                bank: bank.clone(),
                payments,
            };
            made.push(Made { sent, id, batch, payer: payer.clone() });
        }
        match first_refusal {
            Some(refusal) if made.is_empty() => return Err(refusal.into()),
            _ => {}
        }
        let recalls = made.iter().map(|Made { sent, .. }| {
            serde_json::json!({ "recall": sent.recall, "batch": sent.batch, "payments": sent.payments.len() })
        });
        let facts = serde_json::json!({ "reason": reason.code(), "recalls": recalls.collect::<Vec<_>>() });
        let messages = made.iter().map(|made| made.sent.clone()).collect();
        Ok(Decision::of(made, facts, Recalled { messages, left }))
    }

    fn save(&self, scope: &Scope<'_>, made: &[Made], entry: Entry) -> Result<Vec<Rows>, Error> {
        let mut rows = Vec::with_capacity(made.len());
        for (ordinal, Made { sent, id, batch, payer }) in made.iter().enumerate() {
            let record = RecallRecord {
                by: self.by.to_owned(),
                why: self.wanted.why.to_owned(),
                to: sent.to.clone(),
                is_of_case: self.is_of_case,
            };
            let recall = recall::Recall {
                id: *id,
                place: entry.row::<recall::Recall>(ordinal)?.number(),
                payer: payer.id,
                batch: *batch,
                stage: sent.stage,
                bank: payer.agreement.bank.as_ref().map(|bank| Agreement::bank_key(scope.vault, bank)),
                at: entry.at,
                reason: self.wanted.reason,
                record,
            };
            rows.push((recall, sent.payments.as_slice()));
        }
        store::recall::insert_many(scope, &rows)
    }
}

/// Looks at payments, batch after batch.
struct Looking<'s> {
    scope: &'s Scope<'s>,
    ids: OpenIds,
    banks: BankDirectory,
    batches: BTreeMap<Id<Batch>, Payer>,
}

impl Looking<'_> {
    /// When and by which bank a payment was sent on; or why it cannot be asked back.
    fn look_at(&mut self, batch: Id<Batch>, number: i64) -> Result<Result<(i64, String), RecallRefusal>, Error> {
        let scope = self.scope;
        if let btree_map::Entry::Vacant(place) = self.batches.entry(batch) {
            let found = store::batch::find(scope, batch)?.ok_or(BatchRefusal::Unknown)?;
            place.insert(resolve::payer_at(scope, found.payer)?);
        }
        let Some(now) = recorded(scope.tx, batch, number, 1, i64::MAX)?.pop() else {
            return Ok(Err(RecallRefusal::PaymentUnknown));
        };
        let is_open = match store::recall::last_of(scope, batch, number)? {
            None => false,
            Some(last) => {
                stands_of(scope, &last, number, now.money.map_or(0, |money: Money| money.minor))?.standing.is_open()
            }
        };
        if let Err(refusal) = require_recallable(now.outcome.state, is_open) {
            return Ok(Err(refusal));
        }
        let to = match self.waiting_bank(batch, now.of_stage)? {
            Some(bank) => Some(bank),
            None => {
                let by_file = self.ids.block_of(scope, batch, number)?.debtor_agent.map(str::to_owned);
                by_file.or_else(|| self.bank_of(batch))
            }
        };
        Ok(to.map(|to| (now.of_stage, to)).ok_or(RecallRefusal::NoBank))
    }

    /// The bank that keeps the waiting account, of what was paid from there.
    fn waiting_bank(&self, batch: Id<Batch>, stage: i64) -> Result<Option<String>, Error> {
        let account = match self.batches.get(&batch).map(|payer| &payer.agreement.no_account) {
            Some(NoAccount::PayTo(account)) if stage > 0 => account,
            _ => return Ok(None),
        };
        let is_order = store::batch::find_stage(self.scope, batch, stage)?.is_some_and(|stage| stage.of_record);
        Ok(is_order.then(|| agent_text(account, &self.banks)))
    }

    /// The bank that fetches a payer's files, as messages name it.
    fn bank_of(&self, batch: Id<Batch>) -> Option<String> {
        let name = self.batches.get(&batch)?.agreement.bank.as_ref()?;
        let mut of_it = self.banks.iter().filter(|(_, bank)| bank.name == *name).peekable();
        let (reg, _) = of_it.peek().copied()?;
        let bic = of_it.find_map(|(_, bank)| bank.bic);
        Some(bic.map_or_else(|| reg.to_string(), |bic| bic.as_str().to_owned()))
    }
}

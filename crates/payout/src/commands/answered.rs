//! Which payments an answer to a recall is about. What is not certain is a person's to say.

use crate::message::bank::{Answer, AnswerTo, ReadError};
use crate::queries::{Asked, Opening, Sought, first_in};
use crate::recall::{Recall, RecallRefusal};
use crate::store;
use kernel::{Blind, Error, Id, Scope};
use std::collections::{BTreeMap, BTreeSet};

/// Answers of one message.
const ANSWERS_MAX: usize = 10_000;
/// Payments that the answers of one message are about, all counted.
const ANSWERED_MAX: usize = 100_000;
/// Answers that one transaction takes.
const ANSWERS_AT_ONCE: usize = kernel::failpoint::chunk(1_000, 2);
/// Payments that are looked at for them.
const LOOKED_AT_ONCE: usize = kernel::failpoint::chunk(20_000, 8);

/// The recall that an answer names: by the case, or else by the cancellation.
fn named(answer: &Answer) -> Option<Id<Recall>> {
    // A message from bank to bank adds the bank that it goes to.
    let id = |text: &Option<String>| Id::parse_name(text.as_deref()?.split('-').next()?);
    id(&answer.case_id).or_else(|| id(&answer.cancellation_id))
}

/// Whether all of a recall has to be opened to know which payment is meant.
fn opens_all(answer: &Answer) -> bool {
    answer.to != AnswerTo::Payment || answer.end_to_end_id.is_none()
}

/// How many answers of a message each transaction takes, so that none looks at more payments than one answer can be about.
///
/// # Errors
/// [`RecallRefusal::TooMany`]; the store's, or those of the message.
pub(super) fn shares(
    scope: &Scope<'_>,
    answers: impl Iterator<Item = Result<Answer, ReadError>>,
    cannot: impl Fn(ReadError) -> Error,
) -> Result<Vec<usize>, Error> {
    let mut sizes = BTreeMap::new();
    let (mut count, mut answered) = (0_usize, 0_usize);
    let (mut shares, mut share, mut looked_at, mut opened) = (Vec::new(), 0, 0, BTreeSet::new());
    for answer in answers {
        let answer = answer.map_err(&cannot)?;
        let size = match named(&answer) {
            None => 0,
            Some(id) => match sizes.get(&id) {
                Some(size) => *size,
                None => *sizes.entry(id).or_insert(store::recall::count_of(scope.tx, id)?),
            },
        };
        let about = if answer.to == AnswerTo::Payment { size.min(1) } else { size };
        (count, answered) = (count + 1, answered + about);
        if count > ANSWERS_MAX || answered > ANSWERED_MAX {
            return Err(RecallRefusal::TooMany.into());
        }
        let is_opened = |opened: &BTreeSet<_>| !opens_all(&answer) || opened.contains(&named(&answer));
        let more = about + if is_opened(&opened) { 0 } else { size };
        if share == ANSWERS_AT_ONCE || (share > 0 && looked_at + more > LOOKED_AT_ONCE) {
            shares.push(std::mem::take(&mut share));
            looked_at = 0;
            opened.clear();
        }
        looked_at += about;
        if !is_opened(&opened) {
            looked_at += size;
            opened.insert(named(&answer));
        }
        share += 1;
    }
    shares.extend(Some(share).filter(|share| *share > 0));
    Ok(shares)
}

/// The recalls that some answers name, with as much of their payments as they need.
pub(super) struct Cases<'s> {
    scope: &'s Scope<'s>,
    /// Blind: the bank whose recalls are known; all are without.
    bank: Option<Blind>,
    cases: BTreeMap<Id<Recall>, Option<Case>>,
}

impl<'s> Cases<'s> {
    pub(super) const fn new(scope: &'s Scope<'s>, bank: Option<Blind>) -> Self {
        Self { scope, bank, cases: BTreeMap::new() }
    }

    /// The recall that an answer names, if it is known.
    pub(super) fn of(&mut self, answer: &Answer) -> Result<Option<&mut Case>, Error> {
        let Some(id) = named(answer) else { return Ok(None) };
        if let std::collections::btree_map::Entry::Vacant(place) = self.cases.entry(id) {
            let found = store::recall::find(self.scope, id)?;
            let found = found.filter(|found| self.bank.is_none() || found.bank == self.bank);
            let asked = found.map(|found| Asked::of(self.scope, found)).transpose()?;
            place.insert(asked.map(|asked| Case { asked, whole: None }));
        }
        Ok(self.cases.get_mut(&id).and_then(Option::as_mut))
    }

    /// A recall that was named.
    pub(super) fn known(&self, id: Id<Recall>) -> Option<&Recall> {
        self.cases.get(&id)?.as_ref().map(|case| &case.asked.recall)
    }
}

/// One recall.
pub(super) struct Case {
    asked: Asked,
    whole: Option<Whole>,
}

/// All payments of a recall, and which of them have which ids.
struct Whole {
    payments: Vec<Opening>,
    by_block: BTreeMap<String, Vec<usize>>,
    by_instruction: BTreeMap<String, Vec<usize>>,
    /// By the transaction ids and the UETRs that banks told; once they were wanted.
    by_transfer: Option<[BTreeMap<String, Vec<usize>>; 2]>,
}

impl Case {
    pub(super) const fn recall(&self) -> &Recall {
        &self.asked.recall
    }

    /// Those of the recall's payments that an answer is about; none where it names one, and several are alike.
    pub(super) fn meant(&mut self, scope: &Scope<'_>, answer: &Answer) -> Result<Vec<Opening>, Error> {
        // Of a message from bank to bank it is another's id.
        let is_ours = answer.original_message_name.as_deref().is_none_or(|name| name.starts_with("pain."));
        let file = self.asked.message_id();
        if is_ours && answer.original_message_id.as_ref().is_some_and(|id| *id != file) {
            return Ok(Vec::new());
        }
        if let (AnswerTo::Payment, Some(id)) = (answer.to, &answer.end_to_end_id) {
            return self.by_end_to_end(scope, id);
        }
        let Self { asked, whole } = self;
        let whole = match whole {
            Some(whole) => whole,
            None => whole.insert(Whole::of(scope, asked)?),
        };
        if matches!(answer.to, AnswerTo::Recall | AnswerTo::Message) {
            return Ok(whole.payments.clone());
        }
        let alike = whole.alike(scope, asked, answer)?;
        if answer.to == AnswerTo::Payment && alike.len() > 1 {
            return Ok(Vec::new());
        }
        Ok(alike.into_iter().map(|at| whole.payments[at].clone()).collect())
    }

    fn by_end_to_end(&self, scope: &Scope<'_>, id: &str) -> Result<Vec<Opening>, Error> {
        let Asked { recall, batch, .. } = &self.asked;
        let found = first_in(scope, batch, &Sought::end_to_end(scope, id))?;
        match found {
            Some(row) if store::recall::asks_for(scope.tx, recall.id, row.number)? => {
                self.asked.open(scope, &[row.number])
            }
            _ => Ok(Vec::new()),
        }
    }
}

impl Whole {
    fn of(scope: &Scope<'_>, asked: &Asked) -> Result<Self, Error> {
        let payments = asked.open(scope, &store::recall::payments_of(scope.tx, asked.recall.id)?)?;
        let (mut by_block, mut by_instruction) = (BTreeMap::<_, Vec<_>>::new(), BTreeMap::<_, Vec<_>>::new());
        for (at, payment) in payments.iter().enumerate() {
            by_block.entry(payment.payment_info_id.clone()).or_default().push(at);
            if let Some(id) = &payment.instruction_id {
                by_instruction.entry(id.clone()).or_default().push(at);
            }
        }
        Ok(Self { payments, by_block, by_instruction, by_transfer: None })
    }

    /// Those of a block, or those with an id: by the first of these that the answer says.
    fn alike(&mut self, scope: &Scope<'_>, asked: &Asked, answer: &Answer) -> Result<Vec<usize>, Error> {
        let all = |by: &BTreeMap<String, Vec<usize>>, id: &Option<String>| {
            id.as_ref().and_then(|id| by.get(id)).cloned().unwrap_or_default()
        };
        if answer.to == AnswerTo::Block {
            return Ok(all(&self.by_block, &answer.payment_info_id));
        }
        if answer.instruction_id.is_some() {
            return Ok(all(&self.by_instruction, &answer.instruction_id));
        }
        let [by_transaction, by_uetr] = match &mut self.by_transfer {
            Some(known) => known,
            None => {
                let mut told = [BTreeMap::<String, Vec<usize>>::new(), BTreeMap::new()];
                for (at, payment) in self.payments.iter().enumerate() {
                    let Some(fact) = store::interbank::last_of(scope, asked.recall.batch, payment.number)? else {
                        continue;
                    };
                    for (by, id) in told.iter_mut().zip([fact.record.transaction_id, fact.record.uetr]) {
                        if let Some(id) = id {
                            by.entry(id).or_default().push(at);
                        }
                    }
                }
                self.by_transfer.insert(told)
            }
        };
        Ok(match answer.transaction_id {
            Some(_) => all(by_transaction, &answer.transaction_id),
            None => all(by_uetr, &answer.uetr),
        })
    }
}

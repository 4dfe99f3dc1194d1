//! Notes how banks made payments, as they tell: without that nothing can be asked from bank to bank.

use crate::batch::Batch;
use crate::payment::State;
use crate::queries::{Sought, first_in};
use crate::recall::Interbank;
use crate::store::interbank::Fact;
use crate::store::payment::PaymentRow;
use crate::work::recorded;
use crate::{batch, policy, store};
use kernel::journal::{Entry, Rows};
use kernel::{Actor, Command, Decision, Env, Error, Operation, Refusal, Scope, StoreError, Timestamp, Writer};
use registry::resolve;
use serde::{Deserialize, Serialize};

/// As many payments can be told of with one command.
pub const TRANSFERS_MAX: usize = 1_000;

/// How a bank made a payment.
#[derive(Clone, Debug)]
pub struct Transfer {
    /// The batch, by name.
    pub batch: String,
    /// The payer's id of the payment.
    pub end_to_end_id: String,
    /// As the bank made it.
    pub made: Interbank,
}

/// What became of what a bank told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransfersTold {
    /// How many payments are new, or told otherwise than before.
    pub told: usize,
    /// How many were known so.
    pub known: usize,
    /// Those that are refused, by their places, from 0.
    pub refused: Vec<TransferRefused>,
}

/// A payment of which nothing is noted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferRefused {
    /// Which of those that were told, from 0.
    pub at: usize,
    /// Why, in a word.
    pub code: String,
    /// The same in a sentence.
    pub text: String,
}

#[derive(Clone, Copy)]
enum Unfit {
    Malformed,
    Unknown,
    NotSent,
}

impl Unfit {
    fn at(self, at: usize) -> TransferRefused {
        let (code, text) = match self {
            Self::Malformed => {
                ("transfer.malformed", "an id is empty or too long, the UETR is none, or the date is not one")
            }
            Self::Unknown => ("transfer.unknown", "there is no such payment in a file that you fetch"),
            Self::NotSent => ("transfer.not_sent", "that payment was not sent on"),
        };
        TransferRefused { at, code: code.to_owned(), text: text.to_owned() }
    }
}

/// Notes how payments were made. With a bank's name, only the files that this bank fetches are known to it.
///
/// # Errors
/// The policy's refusal, or the store's.
pub fn tell_transfers(
    writer: &mut Writer,
    transfers: &[Transfer],
    bank: Option<&str>,
    actor: &Actor,
    env: &Env,
) -> Result<TransfersTold, Error> {
    policy::TELL_TRANSFERS.require(actor)?;
    let mut all = TransfersTold::default();
    for (page, transfers) in transfers.chunks(TRANSFERS_MAX).enumerate() {
        let told = writer.execute(&Tell { transfers, bank }, actor, env)?;
        all.told += told.told;
        all.known += told.known;
        let refused = told.refused.into_iter();
        all.refused.extend(refused.map(|refused| TransferRefused { at: refused.at + page * TRANSFERS_MAX, ..refused }));
    }
    Ok(all)
}

struct Tell<'t> {
    transfers: &'t [Transfer],
    bank: Option<&'t str>,
}

impl Tell<'_> {
    /// The payment that is meant, and whether just that is known of it.
    fn find(&self, scope: &Scope<'_>, transfer: &Transfer) -> Result<Result<(Fact, bool), Unfit>, Error> {
        let Transfer { batch: name, end_to_end_id, made } = transfer;
        if !made.is_lawful() {
            return Ok(Err(Unfit::Malformed));
        }
        let found: Option<Batch> = match batch::parse_name(name) {
            Some(id) => store::batch::find(scope, id)?,
            None => None,
        };
        let Some(batch) = found else { return Ok(Err(Unfit::Unknown)) };
        let fetches = resolve::payer_at(scope, batch.payer)?.agreement.bank;
        if self.bank.is_some() && fetches.as_deref() != self.bank {
            return Ok(Err(Unfit::Unknown));
        }
        let sought = Sought::end_to_end(scope, end_to_end_id);
        let Some(PaymentRow { number, .. }) = first_in(scope, &batch, &sought)? else { return Ok(Err(Unfit::Unknown)) };
        let state = recorded(scope.tx, batch.id, number, 1, i64::MAX)?.pop().map(|recorded| recorded.outcome.state);
        if !matches!(state, Some(State::Routed | State::Passed | State::Returned | State::Waiting)) {
            return Ok(Err(Unfit::NotSent));
        }
        let fact = Fact { batch: batch.id, number, at: Timestamp::from_micros(0), record: made.clone() };
        let last = store::interbank::last_of(scope, batch.id, number)?;
        let is_known = last.is_some_and(|last| Interbank { by: made.by.clone(), ..last.record } == *made);
        Ok(Ok((fact, is_known)))
    }
}

impl Command for Tell<'_> {
    const OPERATION: Operation = policy::TELL_TRANSFERS;
    const READS_JOURNAL: bool = false;
    type State = Vec<Result<(Fact, bool), Unfit>>;
    type Change = Vec<Fact>;
    type Output = TransfersTold;

    fn load(&self, scope: &Scope<'_>) -> Result<Self::State, Error> {
        self.transfers.iter().map(|transfer| self.find(scope, transfer)).collect()
    }

    fn decide(&self, found: Self::State, _: &Env) -> Result<Decision<Vec<Fact>, TransfersTold>, Refusal> {
        let (mut output, mut facts) = (TransfersTold::default(), Vec::new());
        for (at, found) in found.into_iter().enumerate() {
            match found {
                Err(unfit) => output.refused.push(unfit.at(at)),
                Ok((_, true)) => output.known += 1,
                Ok((fact, false)) => facts.push(fact),
            }
        }
        output.told = facts.len();
        if facts.is_empty() {
            return Ok(Decision::unchanged(output));
        }
        let told = serde_json::json!({ "told": facts.len(), "refused": output.refused.len() });
        Ok(Decision::of(vec![facts], told, output))
    }

    fn save(&self, scope: &Scope<'_>, told: &[Vec<Fact>], entry: Entry) -> Result<Vec<Rows>, Error> {
        let [facts] = told else { return Err(StoreError::plain("transfers are told together").into()) };
        Ok(vec![store::interbank::insert_many(scope, facts, entry)?])
    }
}

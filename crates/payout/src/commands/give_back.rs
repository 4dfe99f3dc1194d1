//! Gives what lies in a waiting account back to its payer, who waits no longer for the payee to have an account.

use super::back::{Booking, Books};
use super::{BatchRefusal, find_own, record, require_own, stages_of};
use crate::back::{BackRefusal, BankSaid, How, MoneyBack};
use crate::batch::Batch;
use crate::message::bank::ReturnReason;
use crate::payment::State;
use crate::queries::{Sought, first_in};
use crate::stray_return::{ReturnRefusal, require_why};
use crate::{policy, work};
use kernel::journal::{Entry, Rows};
use kernel::{Actor, Command, Decision, Domain, Env, Error, Id, Once, Operation, Refusal, Scope, Writer};
use registry::payer::Payer;
use std::path::{Path, PathBuf};

/// What is to be given back.
pub struct GiveBack<'g> {
    /// The batch, by name.
    pub batch: &'g str,
    /// Which payment of it.
    pub end_to_end_id: &'g str,
    /// Why.
    pub why: &'g str,
    /// How many stages the batch must have had by now, where that matters.
    pub stages: Option<i64>,
    /// Where the payer's report goes, if anywhere.
    pub out: Option<&'g Path>,
    /// By what the request is known again.
    pub once: Option<Once>,
}

/// Gives a payment that lies in the waiting account back to its payer: the stage by which that was booked, and its files.
///
/// # Errors
/// There is no such batch or payment, or it does not lie there; not said why; the policy's refusal, or the store's.
pub fn give_back(
    writer: &mut Writer,
    wanted: &GiveBack<'_>,
    actor: &Actor,
    env: &Env,
) -> Result<(i64, Vec<PathBuf>), Error> {
    policy::GIVE_BACK.require(actor)?;
    require_why(wanted.why)?;
    let command = writer.read(|scope| {
        let batch = find_own(scope, wanted.batch, actor)?;
        let found = first_in(scope, &batch, &Sought::end_to_end(scope, wanted.end_to_end_id))?;
        let found = found.ok_or(BackRefusal::Unknown).map_err(ReturnRefusal::from)?;
        let amount = found.money.map_or(0, |money| money.minor);
        let why = format!("{}\n{}", actor.name(), wanted.why);
        let (stages, once, number) = (wanted.stages, wanted.once, found.number);
        Ok(Give { batch: batch.id, owner: batch.owner, number, amount, why, stages, actor, once })
    })?;
    let stage = writer.execute(&command, actor, env)?;
    let files = match wanted.out {
        Some(out) => record::write_files(writer, command.batch, stage, out)?,
        None => Vec::new(),
    };
    Ok((stage, files))
}

struct Give<'g> {
    batch: Id<Batch>,
    owner: Id<Payer>,
    number: i64,
    amount: i64,
    /// By whom, and why.
    why: String,
    stages: Option<i64>,
    actor: &'g Actor,
    once: Option<Once>,
}

impl Command for Give<'_> {
    const OPERATION: Operation = policy::GIVE_BACK;
    /// What comes back if it lies there, what is to be known to book, and how many stages the batch has had.
    type State = (Option<MoneyBack>, Books, i64);
    type Change = Booking;
    /// The stage.
    type Output = i64;

    fn once(&self) -> Option<Once> {
        self.once
    }

    fn load(&self, scope: &Scope<'_>) -> Result<Self::State, Error> {
        require_own(scope, self.owner, self.actor)?;
        let now = work::recorded(scope.tx, self.batch, self.number, 1, i64::MAX)?.pop();
        let since = now.filter(|now| now.outcome.state == State::Waiting).map(|now| now.of_stage);
        let back = since.map(|since| MoneyBack {
            key: scope.vault.blind(Domain("give_back"), &format!("{}\n{}\n{since}", self.batch.number(), self.number)),
            batch: self.batch,
            number: self.number,
            amount: self.amount,
            how: How::GivenBack,
            reason: ReturnReason::WANTED,
            said: BankSaid { why: Some(self.why.clone()), ..BankSaid::default() },
        });
        let books = Books::load(scope, &back)?;
        Ok((back, books, stages_of(scope, self.batch)?))
    }

    fn decide(&self, (back, mut books, stages): Self::State, env: &Env) -> Result<Decision<Booking, i64>, Refusal> {
        if self.stages.is_some_and(|seen| seen != stages) {
            return Err(BatchRefusal::Changed.into());
        }
        let back = back.ok_or(BackRefusal::NotWaiting).map_err(ReturnRefusal::from)?;
        books.book(&back, env.now).map_err(ReturnRefusal::from)?;
        let facts = serde_json::json!({ "batch": crate::batch::name(self.batch), "given_back": 1 });
        Ok(Decision::of(vec![books.booking()], facts, stages + 1))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Booking], entry: Entry) -> Result<Vec<Rows>, Error> {
        let mut rows = Vec::new();
        for booking in changes {
            rows.extend(booking.save(scope, entry)?);
        }
        Ok(rows)
    }
}

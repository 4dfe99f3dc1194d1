//! What was paid to one payee since a moment, for the agency's own work. It is entered, and logged with the other look-ups of the
//! payee, before its answer leaves.

use crate::policy;
use crate::queries::{Found, FoundPage, Search, Sought, find_payments};
use kernel::journal::{Entry, Rows};
use kernel::{Actor, Command, Decision, Env, Error, Operation, Refusal, Scope, Timestamp, Writer};
use registry::ask::{AnswerClass, AskKind};
use registry::commands::log_look_up;
use registry::payee::PayeeId;
use registry::payer::PayerRefusal;
use registry::resolve;

/// Which payments are wanted.
pub struct Trace<'t> {
    /// To whom they went.
    pub payee: PayeeId,
    /// From when on they came in, or something of them was decided.
    pub since: Timestamp,
    /// Whose they are, by name; everybody's without.
    pub payer: Option<&'t str>,
    /// Where the page before ended.
    pub after: Option<Found>,
    /// At most so many.
    pub limit: usize,
}

/// Finds the payments to a payee, wherever they are. They are looked for in a snapshot, so that nobody waits for it.
///
/// # Errors
/// `payer.unknown`; the policy's refusal, or the store's.
pub fn trace(writer: &mut Writer, wanted: &Trace<'_>, actor: &Actor, env: &Env) -> Result<FoundPage, Error> {
    policy::TRACE.require(actor)?;
    let page = search(writer, wanted)?;
    writer.execute(&LogTrace::of(wanted, &page, actor), actor, env)?;
    Ok(page)
}

/// Finds them; whoever asks enters it.
pub(super) fn search(writer: &mut Writer, wanted: &Trace<'_>) -> Result<FoundPage, Error> {
    writer.read(|scope| {
        let payer = match wanted.payer {
            None => None,
            Some(name) => Some(resolve::payer_by_name(scope, name)?.ok_or(PayerRefusal::Unknown)?.id),
        };
        let sought = Sought::Payee(wanted.payee.key(scope.vault));
        let search = Search { sought, payer, since: Some(wanted.since), after: wanted.after };
        find_payments(scope, &search, wanted.limit)
    })
}

/// Enters that somebody was told what was paid to a payee; it gives how much was found.
pub(super) struct LogTrace<'t> {
    payee: PayeeId,
    since: Timestamp,
    payments: usize,
    answer: AnswerClass,
    actor: &'t Actor,
}

impl<'t> LogTrace<'t> {
    pub(super) fn of(wanted: &Trace<'_>, page: &FoundPage, actor: &'t Actor) -> Self {
        // In a word: whether any was found.
        let answer = if page.payments.is_empty() { AnswerClass::None } else { AnswerClass::InForce };
        Self { payee: wanted.payee, since: wanted.since, payments: page.payments.len(), answer, actor }
    }
}

impl Command for LogTrace<'_> {
    const OPERATION: Operation = policy::TRACE;
    type State = ();
    type Change = AnswerClass;
    type Output = usize;

    fn load(&self, _: &Scope<'_>) -> Result<(), Error> {
        Ok(())
    }

    fn decide(&self, (): (), _: &Env) -> Result<Decision<AnswerClass, usize>, Refusal> {
        let facts = serde_json::json!({
            "payee": self.payee.reveal(),
            "since": self.since.to_string(),
            "payments": self.payments,
        });
        Ok(Decision::of(vec![self.answer], facts, self.payments))
    }

    fn save(&self, scope: &Scope<'_>, answers: &[AnswerClass], entry: Entry) -> Result<Vec<Rows>, Error> {
        log_look_up(scope, entry, self.actor, self.payee.key(scope.vault), AskKind::Payments, answers)
    }
}

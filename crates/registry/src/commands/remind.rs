//! Reminds payees for whom money waits that they have no account, or one from which it came back: after 30, 90 and 180 days.

use crate::ask::AnswerClass;
use crate::duty;
use crate::notice::NoticeKind;
use crate::payee::PayeeId;
use crate::telling::{self, Telling};
use crate::{policy, queries, store};
use kernel::journal::{self, Entry, Rows};
use kernel::{Actor, Blind, Command, Decision, Env, Error, Operation, Refusal, Scope, Timestamp, Writer};
use std::collections::BTreeMap;

/// Since when the oldest money waits for whom, and what is known of their account: there is none, or it came back from the one in force.
pub type WaitsSince = BTreeMap<Blind, (Timestamp, AnswerClass)>;

/// Reminds those of these payees who are to be reminded now; how many that are.
///
/// # Errors
/// The policy's refusal, or the store's.
pub fn remind_waiting(writer: &mut Writer, waits: &WaitsSince, actor: &Actor, env: &Env) -> Result<usize, Error> {
    let due = writer.read(|scope| due(scope, waits, env.now))?;
    // What changes nothing is not begun: this is asked each second.
    if due.is_empty() { Ok(0) } else { writer.execute(&RemindWaiting { waits, now: env.now }, actor, env) }
}

struct RemindWaiting<'w> {
    waits: &'w WaitsSince,
    now: Timestamp,
}

/// Somebody who is to be reminded.
struct Reminded {
    payee: Blind,
    number: PayeeId,
    account: AnswerClass,
}

fn due(scope: &Scope<'_>, waits: &WaitsSince, now: Timestamp) -> Result<Vec<Reminded>, Error> {
    let keys: Vec<Blind> =
        waits.iter().filter(|(_, (since, _))| duty::waits_long(*since, now)).map(|(payee, _)| *payee).collect();
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let (mut reminded, mut newest) = (vec![None; keys.len()], Vec::new());
    store::reminder::newest(scope.tx, &keys, |at, id| {
        newest.push((journal::entry_of(id.number()), at));
        Ok(())
    })?;
    newest.sort_unstable();
    journal::moments(scope.tx, newest.iter().map(|(entry, _)| *entry), |at, moment| {
        reminded[newest[at].1] = Some(moment);
        Ok(())
    })?;
    let is_due = |(payee, reminded): (Blind, Option<Timestamp>)| {
        let (since, account) = *waits.get(&payee)?;
        duty::is_reminded_of_money(since, reminded, now).then_some((payee, account))
    };
    let due: Vec<(Blind, AnswerClass)> = keys.into_iter().zip(reminded).filter_map(is_due).collect();
    let mut numbers = queries::numbers(scope, due.iter().map(|(payee, _)| *payee).collect())?;
    let numbered =
        |(payee, account): (Blind, AnswerClass)| Some(Reminded { payee, number: numbers.remove(&payee)?, account });
    Ok(due.into_iter().filter_map(numbered).collect())
}

impl Command for RemindWaiting<'_> {
    const OPERATION: Operation = policy::REMIND_WAITING;
    type State = Vec<Reminded>;
    type Change = Reminded;
    /// How many are reminded.
    type Output = usize;

    fn load(&self, scope: &Scope<'_>) -> Result<Vec<Reminded>, Error> {
        due(scope, self.waits, self.now)
    }

    fn decide(&self, due: Vec<Reminded>, _: &Env) -> Result<Decision<Reminded, usize>, Refusal> {
        let reminded = due.len();
        if reminded == 0 {
            return Ok(Decision::unchanged(0));
        }
        Ok(Decision::of(due, serde_json::json!({ "reminded": reminded }), reminded))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Reminded], entry: Entry) -> Result<Vec<Rows>, Error> {
        let noted: Vec<_> = changes.iter().map(|reminded| (reminded.payee, reminded.account)).collect();
        let mut rows = vec![store::reminder::insert_many(scope.tx, entry, &noted)?];
        let telling = |reminded: &Reminded| {
            let kind = match reminded.account {
                AnswerClass::InForce => NoticeKind::ReminderAccount,
                _ => NoticeKind::ReminderNoAccount,
            };
            Telling::own(reminded.payee, reminded.number, kind)
        };
        let told = changes.iter().map(telling).collect();
        rows.extend(telling::tell(scope, &[(entry, told)])?.into_iter().flatten());
        Ok(rows)
    }
}

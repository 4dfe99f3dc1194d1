//! What banks return: read to its end, each return matched to one payment, all of it booked in one transaction. What is not certain
//! goes to the work list, where a person decides.

use super::back::{Booking, Books, onward_of};
use super::returned::{Clue, Meant, Said};
use super::{find, follow, record, render, require_bank};
use crate::back::{BackRefusal, BankSaid, How, MoneyBack};
use crate::batch::{self, Batch};
use crate::message::bank::{BankAccount, ReadError, Return, ReturnReason, read_returns};
use crate::policy;
use crate::queries::{FoundPayment, Search, Sought, find_alike, find_payments};
use crate::store;
use crate::store::arrived::Arrived;
use crate::store::stray::End;
use crate::stray_return::{ReturnRefusal, StrayReturn, Why, require_why};
use crate::work::end_to_end_key;
use denmark::{Account, Money};
use kernel::journal::{Entry, Rows};
use kernel::{
    Actor, Blind, Command, Decision, Domain, Env, Error, Id, Once, Operation, Refusal, Scope, Timestamp, Vault, Writer,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Returns of one file, which are booked together.
const RETURNS_MAX: usize = 5_000;
/// Bytes of one file that comes over the network.
pub const RETURN_FILE_BYTES_MAX: usize = 32 << 20;
/// Payments of one end-to-end id that are looked at. Payers that begin anew each month have some.
const ALIKE_MAX: usize = 200;
/// How long after a payment came in it can come back: it may have been ordered a year ahead.
const BACK_SECONDS: i64 = 500 * 24 * 60 * 60;

/// A file of returns.
pub struct ImportReturns<'i, R> {
    /// The file.
    pub file: R,
    /// Which bank brings it; none where the agency does.
    pub bank: Option<&'i str>,
    /// Where the payers' reports go; none are written without, and whoever wants them fetches them.
    pub out: Option<&'i Path>,
    /// By what the request is known again.
    pub once: Option<Once>,
}

/// What became of returns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// How many there were.
    pub returns: usize,
    /// How many were booked now.
    pub booked: usize,
    /// How many had been booked, or been put on the work list, before.
    pub known: usize,
    /// How many were put on the work list.
    pub listed: usize,
    /// How many accounts were closed for it.
    pub closed: usize,
    /// How many accounts are questioned for it.
    pub questioned: usize,
    /// Of how many it could not be done what follows for the account: it is tried again.
    pub unfollowed: usize,
    /// By which stages of which batches all of that was booked, now or before.
    pub stages: BTreeSet<(String, i64)>,
    /// The files that were written: reports, and orders of what goes on to waiting accounts.
    pub reports: Vec<PathBuf>,
}

/// Books what a bank returned. The same file again books nothing again, and does what was left undone.
///
/// # Errors
/// [`ReturnRefusal`], or the bank directory lacks the bank: nothing of it was booked; the policy's refusal, or the store's.
pub fn import_returns<R: Read>(
    writer: &mut Writer,
    wanted: ImportReturns<'_, R>,
    actor: &Actor,
    env: &Env,
) -> Result<Imported, Error> {
    let out = wanted.out;
    let (keys, imported) = book(writer, wanted, actor, env)?;
    follow_up(writer, &keys, out, imported, env)
}

/// Books what a bank returned, and no more: what follows from that is noted.
pub(crate) fn book<R: Read>(
    writer: &mut Writer,
    wanted: ImportReturns<'_, R>,
    actor: &Actor,
    env: &Env,
) -> Result<(Vec<Blind>, Imported), Error> {
    policy::IMPORT_RETURNS.require(actor)?;
    let ImportReturns { file, bank, once, .. } = wanted;
    let returns = read(file)?;
    let count = returns.len();
    let (placed, found) = writer.read(|scope| {
        require_bank(scope, bank)?;
        place(scope, returns, bank, env.now)
    })?;
    let made = writer.execute(&BookReturns { placed: &placed, found: &found, bank, once }, actor, env)?;
    let keys = placed.iter().map(|placed| placed.stray.key).collect();
    let (booked, listed, known) = (made.booked, made.listed, count - made.booked - made.listed);
    Ok((keys, Imported { returns: count, booked, listed, known, ..Imported::default() }))
}

/// Does what follows from what was booked: what is to become of the accounts, and what payers are told.
fn follow_up(
    writer: &mut Writer,
    keys: &[Blind],
    out: Option<&Path>,
    mut imported: Imported,
    env: &Env,
) -> Result<Imported, Error> {
    let booked = writer.read(|scope| {
        let found = keys.iter().map(|key| store::back::find_with_id(scope, key));
        found.filter_map(Result::transpose).collect::<Result<Vec<_>, Error>>()
    })?;
    for (id, row) in &booked {
        match follow::account(writer, *id, row, env.now) {
            Ok(Some(follow::Followed::Closed)) => imported.closed += 1,
            Ok(Some(follow::Followed::Questioned)) => imported.questioned += 1,
            Ok(None) => {}
            // It keeps nothing of the others from being done, and is looked at again.
            Err(Error::Refused(_) | Error::Conflict(_)) => imported.unfollowed += 1,
            Err(error) => return Err(error),
        }
    }
    let came_back: BTreeSet<(Id<Batch>, i64)> = booked.iter().map(|(_, row)| (row.back.batch, row.stage)).collect();
    for (id, stage) in came_back {
        let (batch, onward) = writer.read(|scope| {
            let batch = store::batch::find(scope, id)?.ok_or_else(record::gone)?;
            Ok((batch, onward_of(scope, id, stage)?))
        })?;
        for stage in [stage].into_iter().chain(onward) {
            if let Some(out) = out {
                imported.reports.extend(render::from_kept_input(writer, &batch, stage, out)?.paths());
            }
            imported.stages.insert((batch::name(id), stage));
        }
    }
    Ok(imported)
}

/// All returns of a file, which is read to its end before anything is done.
fn read(file: impl Read) -> Result<Vec<Return>, Error> {
    let fault = |error: ReadError| match error {
        ReadError::Fault { fault, line } => {
            Error::from(ReturnRefusal::File { code: fault.code, line, place: fault.place, text: fault.text })
        }
        ReadError::Read(error) => Error::io("the file of returns could not be read")(error),
    };
    let mut all = Vec::new();
    let returns = read_returns(file).map_err(fault)?;
    let is_group = returns.head().is_group;
    for one in returns {
        if all.len() == RETURNS_MAX {
            return Err(ReturnRefusal::TooMany.into());
        }
        all.push(one.map_err(fault)?);
    }
    if is_group && all.is_empty() { Err(ReturnRefusal::Group.into()) } else { Ok(all) }
}

/// A return, and by what its payment is found.
struct Placed {
    one: Return,
    account: Option<Account>,
    /// What goes to the work list if nobody knows whose it is, or it cannot be booked.
    stray: StrayReturn,
    /// Blind: the end-to-end id, where it says enough to be found.
    end_to_end: Option<Blind>,
}

/// Returns, and by their end-to-end ids the payments that they may be of.
type Placing = (Vec<Placed>, BTreeMap<Blind, Vec<FoundPayment>>);

fn place(scope: &Scope<'_>, returns: Vec<Return>, bank: Option<&str>, now: Timestamp) -> Result<Placing, Error> {
    let mut all: Vec<Placed> =
        returns.into_iter().enumerate().map(|(at, one)| placed(scope.vault, at, one, bank, now)).collect();
    let key = |placed: &Placed| {
        let id = placed.one.end_to_end_id.as_ref().filter(|_| placed.account.is_some() && placed.one.returned.is_ok());
        id.map(|id| end_to_end_key(scope.vault, id))
    };
    for placed in &mut all {
        placed.end_to_end = key(placed);
    }
    let ids = all.iter().filter_map(|placed| placed.end_to_end).collect();
    let found = find_alike(scope, &ids, now.minus_seconds(BACK_SECONDS), ALIKE_MAX)?;
    Ok((all, found))
}

fn placed(vault: &Vault, at: usize, one: Return, bank: Option<&str>, now: Timestamp) -> Placed {
    let account = match &one.creditor.account {
        Some(BankAccount::Account(account)) => Some(*account),
        _ => None,
    };
    let given = one.reason().and_then(|reason| reason.code.clone().or_else(|| reason.proprietary.clone()));
    let said = BankSaid {
        message_id: one.message_id.clone(),
        reference: one.return_id.clone(),
        settled: one.settlement_date.map(|date| date.to_string()),
        bank: bank.map(str::to_owned),
        account: account.as_ref().map(Account::to_text),
        code: given.filter(|code| code != one.known_reason().code()),
        is_owed: one.is_owed(),
        why: None,
    };
    let stray = StrayReturn {
        id: Id::new(0),
        at: now,
        key: key(vault, at, &one, &said),
        said,
        end_to_end_id: one.end_to_end_id.clone(),
        money: one.returned.ok(),
        reason: one.known_reason().code().to_owned(),
        why: Why::NoPayment,
    };
    Placed { one, account, stray, end_to_end: None }
}

/// What a return is known by. Banks need not give it an id of its own, and number their messages each for itself.
fn key(vault: &Vault, at: usize, one: &Return, said: &BankSaid) -> Blind {
    let amount = one.returned.map_or(0, |money| money.minor);
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let (own, end_to_end_id) = (text(&one.return_id), text(&one.end_to_end_id));
    let (bank, account) = (text(&said.bank), text(&said.account));
    // None of them can hold a line break.
    vault.blind(
        Domain("return"),
        &format!("{bank}\n{}\n{at}\n{own}\n{end_to_end_id}\n{account}\n{amount}", one.message_id),
    )
}

impl Placed {
    fn money_of(&self, payment: &FoundPayment) -> MoneyBack {
        MoneyBack {
            key: self.stray.key,
            batch: payment.batch,
            number: payment.at.number,
            amount: self.stray.money.map_or(0, |money| money.minor),
            how: How::Return,
            reason: self.one.known_reason(),
            said: self.stray.said.clone(),
        }
    }
}

/// How many returns were booked and listed.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Made {
    booked: usize,
    listed: usize,
}

/// Books what is certain, and lists the rest.
struct BookReturns<'r> {
    placed: &'r [Placed],
    found: &'r BTreeMap<Blind, Vec<FoundPayment>>,
    bank: Option<&'r str>,
    once: Option<Once>,
}

/// What a return comes to.
enum Is {
    /// It was booked, or is on the work list, or was.
    Known,
    Money(MoneyBack),
    /// What was expected, and booked before.
    Expected(Vec<Id<MoneyBack>>),
    Stray(Why),
}

/// What is to be saved.
struct ToBook {
    booking: Booking,
    arrived: Vec<Arrived>,
    strays: Vec<StrayReturn>,
}

impl Command for BookReturns<'_> {
    const OPERATION: Operation = policy::IMPORT_RETURNS;
    /// What each is, and what is to be known to book.
    type State = (Vec<Is>, Books);
    type Change = ToBook;
    type Output = Made;

    fn once(&self) -> Option<Once> {
        self.once
    }

    fn load(&self, scope: &Scope<'_>) -> Result<Self::State, Error> {
        let (mut all, mut taken) = (Vec::with_capacity(self.placed.len()), BTreeSet::new());
        for placed in self.placed {
            let Placed { one, account, stray, end_to_end } = placed;
            let found = end_to_end.and_then(|id| self.found.get(&id)).map_or(&[][..], Vec::as_slice);
            let is_known =
                store::stray::is_known(scope.tx, &stray.key)? || store::back::is_known(scope.tx, &stray.key)?;
            if is_known {
                all.push(Is::Known);
                continue;
            }
            let clue = Clue { one, account: *account, bank: self.bank, found, has_more: found.len() >= ALIKE_MAX };
            all.push(match clue.meant(scope, &taken)? {
                Ok(Meant::Money(payment)) => Is::Money(placed.money_of(payment)),
                Ok(Meant::Expected(rows)) => {
                    taken.extend(&rows);
                    Is::Expected(rows)
                }
                Err(why) => Is::Stray(why),
            });
        }
        let backs = all.iter().filter_map(|is| if let Is::Money(back) = is { Some(back) } else { None });
        let books = Books::load(scope, backs)?;
        Ok((all, books))
    }

    fn decide(&self, (all, mut books): Self::State, env: &Env) -> Result<Decision<ToBook, Made>, Refusal> {
        let (mut strays, mut arrived, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
        for (Placed { stray, .. }, is) in self.placed.iter().zip(all) {
            let why = match is {
                Is::Known => continue,
                _ if !seen.insert(stray.key) => continue,
                Is::Expected(rows) => {
                    arrived.extend(rows.into_iter().map(|back| Arrived { key: stray.key, back }));
                    continue;
                }
                // Another return of this file may have been of the same payment.
                Is::Money(back) => match books.book(&back, env.now) {
                    Ok(_) => continue,
                    Err(_) => Why::NoPayment,
                },
                Is::Stray(why) => why,
            };
            strays.push(StrayReturn { why, ..stray.clone() });
        }
        let booking = books.booking();
        let made = Made { booked: booking.len(), listed: strays.len() };
        if made.booked + made.listed + arrived.len() == 0 {
            return Ok(Decision::unchanged(made));
        }
        let facts = serde_json::json!({
            "bank": self.bank, "booked": made.booked, "onward": booking.onward(), "arrived": arrived.len(),
            "listed": made.listed,
        });
        Ok(Decision::of(vec![ToBook { booking, arrived, strays }], facts, made))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[ToBook], entry: Entry) -> Result<Vec<Rows>, Error> {
        let mut rows = Vec::new();
        for ToBook { booking, arrived, strays } in changes {
            rows.extend(booking.save(scope, entry)?);
            if !arrived.is_empty() {
                rows.push(store::arrived::insert_many(scope.tx, arrived, entry)?);
            }
            if !strays.is_empty() {
                rows.push(store::stray::insert_many(scope, strays, entry)?);
            }
        }
        Ok(rows)
    }
}

/// What somebody decides about a return on the work list.
pub struct SettleReturn<'s> {
    /// The return, by name.
    pub stray: &'s str,
    /// Of which payment it is: its batch by name, and its end-to-end id. None of ours without.
    pub payment: Option<(&'s str, &'s str)>,
    /// Why.
    pub why: &'s str,
    /// Where the payer's report goes, if anywhere.
    pub out: Option<&'s Path>,
    /// By what the request is known again.
    pub once: Option<Once>,
}

/// Decides about a return on the work list: books it for a payment, or says that it is none of ours.
///
/// # Errors
/// [`ReturnRefusal`]; there is no such payment; the policy's refusal, or the store's.
pub fn settle_return(
    writer: &mut Writer,
    wanted: &SettleReturn<'_>,
    actor: &Actor,
    env: &Env,
) -> Result<Imported, Error> {
    policy::SETTLE_RETURN.require(actor)?;
    require_why(wanted.why)?;
    let command = writer.read(|scope| {
        let id = Id::parse_name(wanted.stray).ok_or(ReturnRefusal::Unknown)?;
        let stray = store::stray::find(scope, id)?.ok_or(ReturnRefusal::Unknown)?;
        let (back, paid) = wanted.payment.map(|payment| named(scope, &stray, payment)).transpose()?.unzip();
        let (by, why) = (actor.name().to_owned(), wanted.why.to_owned());
        Ok(EndStray { stray, back, paid: paid.flatten(), by, why, once: wanted.once })
    })?;
    let booked = writer.execute(&command, actor, env)?;
    let imported = Imported { returns: 1, booked, ..Imported::default() };
    follow_up(writer, &[command.stray.key], wanted.out, imported, env)
}

/// What a person says that a return is of.
fn named(
    scope: &Scope<'_>,
    stray: &StrayReturn,
    (batch, end_to_end_id): (&str, &str),
) -> Result<(MoneyBack, Option<Money>), Error> {
    let batch = find(scope, batch)?;
    let money = stray.money.ok_or(ReturnRefusal::NoAmount)?;
    let sought = Sought::end_to_end(scope, end_to_end_id);
    let (mut after, mut found) = (None, None);
    while found.is_none() {
        let page = find_payments(scope, &Search { sought, payer: Some(batch.owner), since: None, after }, ALIKE_MAX)?;
        // Of those that share an id all but the first were refused.
        found = page.payments.into_iter().rfind(|payment| payment.batch == batch.id);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let found = found.ok_or(BackRefusal::Unknown).map_err(ReturnRefusal::from)?;
    if found.money.is_some_and(|paid| paid.currency != money.currency) {
        return Err(ReturnRefusal::Currency.into());
    }
    let back = MoneyBack {
        key: stray.key,
        batch: batch.id,
        number: found.at.number,
        amount: money.minor,
        how: How::Return,
        reason: ReturnReason::from_code(&stray.reason).unwrap_or(ReturnReason::UNSAID),
        said: stray.said.clone(),
    };
    Ok((back, found.money))
}

/// Takes a return off the work list.
struct EndStray {
    stray: StrayReturn,
    back: Option<MoneyBack>,
    /// What was paid.
    paid: Option<Money>,
    by: String,
    why: String,
    once: Option<Once>,
}

impl Command for EndStray {
    const OPERATION: Operation = policy::SETTLE_RETURN;
    /// Whether somebody has decided, what is to be known to book, and what is known of it if it is a payment's.
    type State = (bool, Books, Option<Said>);
    type Change = (Booking, Vec<Arrived>);
    /// How many bookings it is.
    type Output = usize;

    fn once(&self) -> Option<Once> {
        self.once
    }

    fn load(&self, scope: &Scope<'_>) -> Result<Self::State, Error> {
        let said = self.back.as_ref().map(|back| Said::load(scope, &self.stray, back, self.paid)).transpose()?;
        Ok((store::stray::has_ended(scope.tx, self.stray.id)?, Books::load(scope, &self.back)?, said))
    }

    fn decide(&self, state: Self::State, env: &Env) -> Result<Decision<Self::Change, usize>, Refusal> {
        let (has_ended, mut books, said) = state;
        if has_ended {
            return Err(ReturnRefusal::Settled.into());
        }
        let mut arrived = Vec::new();
        if let (Some(back), Some(Said { is_over, expected, of_last: (of_last, sum) })) = (&self.back, said) {
            // What was promised of an earlier time may still come.
            if is_over && (expected.is_none() || back.reason != ReturnReason::RECALLED) {
                return Err(ReturnRefusal::from(BackRefusal::NotSent).into());
            }
            // What its bank had said that it gives back was booked then.
            let brought = match expected {
                Some(expected) => expected,
                None => match books.book(back, env.now) {
                    Ok(_) => Vec::new(),
                    Err(BackRefusal::Amount) if (1..back.amount).contains(&sum) => {
                        let more = MoneyBack { amount: back.amount - sum, ..back.clone() };
                        books.book(&more, env.now).map_err(ReturnRefusal::from)?;
                        of_last
                    }
                    Err(refusal) => return Err(ReturnRefusal::from(refusal).into()),
                },
            };
            arrived.extend(brought.into_iter().map(|back| Arrived { key: self.stray.key, back }));
        }
        let booking = books.booking();
        let booked = booking.len();
        let facts = serde_json::json!({ "return": self.stray.id.name(), "booked": booked, "onward": booking.onward() });
        Ok(Decision::of(vec![(booking, arrived)], facts, booked))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Self::Change], entry: Entry) -> Result<Vec<Rows>, Error> {
        let payment = self.back.as_ref().map(|back| (back.batch, back.number));
        let end = End::of(self.stray.id, payment, &self.by, &self.why);
        let mut rows = vec![store::stray::insert_end(scope, &end, entry)?];
        for (booking, arrived) in changes {
            rows.extend(booking.save(scope, entry)?);
            if !arrived.is_empty() {
                rows.push(store::arrived::insert_many(scope.tx, arrived, entry)?);
            }
        }
        Ok(rows)
    }
}

//! What banks return: read to its end, each return matched to one payment, all of it booked in one transaction. What is not certain
//! goes to the work list, where a person decides.

use super::back::{Booking, Books};
use super::{find, follow, record};
use crate::back::{BankSaid, Booked, How, MoneyBack};
use crate::batch::{self, Batch};
use crate::message::bank::{BankAccount, ReadError, Return, ReturnReason, read_returns};
use crate::payment::State;
use crate::policy;
use crate::queries::{FoundPayment, Search, Sought, find_payments};
use crate::reason::Reason;
use crate::store;
use crate::store::stray::End;
use crate::stray::{ReturnRefusal, Stray, Why, require_why};
use denmark::Account;
use kernel::journal::{Entry, Rows};
use kernel::{
    Actor, Blind, Command, Decision, Domain, Env, Error, Id, Once, Operation, Refusal, Scope, Timestamp, Vault, Writer,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
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
    /// By which stages of which batches all of that was booked, now or before.
    pub stages: BTreeSet<(String, i64)>,
    /// The reports that were written.
    pub reports: Vec<PathBuf>,
}

/// Books what a bank returned. The same file again books nothing again, and does what was left undone.
///
/// # Errors
/// [`ReturnRefusal`], when nothing of it was booked; the policy's refusal, or the store's.
pub fn import_returns<R: Read>(
    writer: &mut Writer,
    wanted: ImportReturns<'_, R>,
    actor: &Actor,
    env: &Env,
) -> Result<Imported, Error> {
    policy::IMPORT_RETURNS.require(actor)?;
    let ImportReturns { file, bank, out, once } = wanted;
    let returns = read(file)?;
    let placed = writer.read(|scope| {
        let placed = returns.iter().enumerate().map(|(at, one)| place(scope, at, one, bank, env.now));
        placed.collect::<Result<Vec<Placed>, Error>>()
    })?;
    let made = writer.execute(&BookReturns { placed: &placed, bank, once }, actor, env)?;
    let keys: Vec<Blind> = placed.iter().map(|placed| placed.stray.key).collect();
    let imported = Imported {
        returns: returns.len(),
        booked: made.booked,
        listed: made.listed,
        known: returns.len() - made.booked - made.listed,
        ..Imported::default()
    };
    follow_up(writer, &keys, out, imported, env)
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
        let found = keys.iter().map(|key| store::back::find(scope, key));
        found.filter_map(Result::transpose).collect::<Result<Vec<_>, Error>>()
    })?;
    for row in &booked {
        match follow::account(writer, row, env.now)? {
            Some(follow::Followed::Closed) => imported.closed += 1,
            Some(follow::Followed::Questioned) => imported.questioned += 1,
            None => {}
        }
    }
    let stages: BTreeSet<(Id<Batch>, i64)> = booked.iter().map(|row| (row.back.batch, row.stage)).collect();
    for (batch, stage) in stages {
        if let Some(out) = out {
            imported.reports.extend(record::write_files(writer, batch, stage, out)?);
        }
        imported.stages.insert((batch::name(batch), stage));
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

/// A return, and which payment's it is if that is certain.
struct Placed {
    /// What goes to the work list if it is not, or cannot be booked.
    stray: Stray,
    payment: Option<MoneyBack>,
    /// That it was asked back was answered before, and booked then.
    is_booked: bool,
}

fn place(scope: &Scope<'_>, at: usize, one: &Return, bank: Option<&str>, now: Timestamp) -> Result<Placed, Error> {
    let money = one.returned.ok();
    let account = match &one.creditor.account {
        Some(BankAccount::Account(account)) => Some(*account),
        _ => None,
    };
    let said = BankSaid {
        message_id: one.message_id.clone(),
        reference: one.return_id.clone(),
        settled: one.settlement_date.map(|date| date.to_string()),
    };
    let mut stray = Stray {
        id: Id::new(0),
        at: now,
        key: key(scope.vault, at, one),
        said,
        end_to_end_id: one.end_to_end_id.clone(),
        money,
        account,
        reason: one.known_reason().code().to_owned(),
        bank: bank.map(str::to_owned),
        why: Why::NoPayment,
    };
    let found = match &one.end_to_end_id {
        Some(id) if account.is_some() && money.is_some() => {
            let since = Some(now.minus_seconds(BACK_SECONDS));
            let search = Search { sought: Sought::end_to_end(scope, id), payer: None, since, after: None };
            find_payments(scope, &search, ALIKE_MAX)?.payments
        }
        _ => Vec::new(),
    };
    let is_booked = one.known_reason() == ReturnReason::RECALLED && is_recalled(one, account, &found);
    let payment = match matched(one, account, &found, bank) {
        Ok(payment) => Some(MoneyBack {
            key: stray.key,
            batch: payment.batch,
            number: payment.at.number,
            amount: money.map_or(0, |money| money.minor),
            how: if one.known_reason() == ReturnReason::RECALLED { How::Recall } else { How::Return },
            reason: one.known_reason(),
            said: stray.said.clone(),
        }),
        Err(why) => {
            stray.why = why;
            None
        }
    };
    Ok(Placed { stray, payment, is_booked })
}

/// What a return is known by. Banks need not give it an id of its own, and number their messages each for itself.
fn key(vault: &Vault, at: usize, one: &Return) -> Blind {
    let amount = one.returned.map_or(0, |money| money.minor);
    let own = one.return_id.clone().unwrap_or_else(|| format!("#{at}"));
    let end_to_end_id = one.end_to_end_id.as_deref().unwrap_or_default();
    // None of them can hold a line break.
    vault.blind(Domain("return"), &format!("{}\n{own}\n{end_to_end_id}\n{amount}", one.message_id))
}

fn went_to(payment: &FoundPayment, account: Account) -> bool {
    let to = payment.left.as_ref().and_then(|left| left.to.as_ref());
    to.is_some_and(|to| to.account.is(&account))
}

/// Which payment's a return is.
fn matched<'f>(
    one: &Return,
    account: Option<Account>,
    found: &'f [FoundPayment],
    bank: Option<&str>,
) -> Result<&'f FoundPayment, Why> {
    if one.end_to_end_id.is_none() {
        return Err(Why::NoEndToEndId);
    }
    let returned = one.returned.ok().ok_or(Why::NoAmount)?;
    let account = account.ok_or(Why::NoAccount)?;
    let paid = match one.original {
        None => returned,
        Some(original) => original.ok().ok_or(Why::NoAmount)?,
    };
    let is_alike =
        |payment: &&FoundPayment| payment.state.has_left() && payment.money == Some(paid) && went_to(payment, account);
    let mut alike = found.iter().filter(is_alike);
    let (payment, more) = (alike.next().ok_or(Why::NoPayment)?, alike.next());
    if more.is_some() || found.len() >= ALIKE_MAX {
        return Err(Why::Several);
    }
    if let Some(bank) = bank {
        let is_payers = payment.payer.agreement.bank.as_deref() == Some(bank);
        let to = payment.left.as_ref().and_then(|left| left.to.as_ref());
        if !is_payers && to.and_then(|to| to.bank.as_deref()) != Some(bank) {
            return Err(Why::OtherBank);
        }
    }
    match returned {
        returned if returned == paid => Ok(payment),
        returned if returned.currency == paid.currency && returned.minor < paid.minor => Err(Why::Part),
        _ => Err(Why::NoPayment),
    }
}

/// Whether it is the money of a payment that a bank has said it gives back.
fn is_recalled(one: &Return, account: Option<Account>, found: &[FoundPayment]) -> bool {
    let (Some(account), Ok(returned)) = (account, one.returned) else { return false };
    found.iter().any(|payment| {
        (payment.state, payment.reason) == (State::Returned, Some(Reason::Returned(ReturnReason::RECALLED)))
            && payment.money == Some(returned)
            && went_to(payment, account)
    })
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
    bank: Option<&'r str>,
    once: Option<Once>,
}

impl Command for BookReturns<'_> {
    const OPERATION: Operation = policy::IMPORT_RETURNS;
    /// What is to be known to book, and which returns are on the work list, or were.
    type State = (Books, BTreeSet<Blind>);
    type Change = (Booking, Vec<Stray>);
    type Output = Made;

    fn once(&self) -> Option<Once> {
        self.once
    }

    fn load(&self, scope: &Scope<'_>) -> Result<Self::State, Error> {
        let mut listed = BTreeSet::new();
        for placed in self.placed {
            if store::stray::is_known(scope.tx, &placed.stray.key)? {
                listed.insert(placed.stray.key);
            }
        }
        let mut books = Books::load(scope, self.placed.iter().filter_map(|placed| placed.payment.as_ref()))?;
        for placed in self.placed {
            books.look_up(scope, &placed.stray.key)?;
        }
        Ok((books, listed))
    }

    fn decide(&self, state: Self::State, env: &Env) -> Result<Decision<Self::Change, Made>, Refusal> {
        let (mut books, mut listed) = state;
        let mut strays = Vec::new();
        for Placed { stray, payment, is_booked } in self.placed {
            if *is_booked || books.knows(&stray.key) || !listed.insert(stray.key) {
                continue;
            }
            // Somebody may have booked it meanwhile, or something else of its payment.
            let booked = payment.as_ref().map(|back| books.book(back));
            if !matches!(booked, Some(Ok(Booked::Whole | Booked::Part | Booked::Before))) {
                strays.push(Stray { at: env.now, ..stray.clone() });
            }
        }
        let booking = books.booking();
        let made = Made { booked: booking.len(), listed: strays.len() };
        if made.booked + made.listed == 0 {
            return Ok(Decision::unchanged(made));
        }
        let facts = serde_json::json!({ "bank": self.bank, "booked": made.booked, "listed": made.listed });
        Ok(Decision::of(vec![(booking, strays)], facts, made))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Self::Change], entry: Entry) -> Result<Vec<Rows>, Error> {
        let mut rows = Vec::new();
        for (booking, strays) in changes {
            rows.extend(booking.save(scope, entry)?);
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
        let back = wanted.payment.map(|payment| named(scope, &stray, payment)).transpose()?;
        let text = format!("{}\n{}", actor.name(), wanted.why);
        Ok(EndStray { stray, back, text, once: wanted.once })
    })?;
    let booked = writer.execute(&command, actor, env)?;
    let imported = Imported { returns: 1, booked, ..Imported::default() };
    follow_up(writer, &[command.stray.key], wanted.out, imported, env)
}

/// What a person says that a return is of.
fn named(scope: &Scope<'_>, stray: &Stray, (batch, end_to_end_id): (&str, &str)) -> Result<MoneyBack, Error> {
    let batch = find(scope, batch)?;
    let money = stray.money.ok_or(ReturnRefusal::NoAmount)?;
    let sought = Sought::end_to_end(scope, end_to_end_id);
    let (mut after, mut found) = (None, None);
    while found.is_none() {
        let page = find_payments(scope, &Search { sought, payer: Some(batch.owner), since: None, after }, ALIKE_MAX)?;
        // Of those that share an id all but the first were refused.
        found = page.payments.into_iter().filter(|payment| payment.batch == batch.id).last();
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let found = found.ok_or(crate::back::BackRefusal::Unknown).map_err(ReturnRefusal::from)?;
    if found.money.is_some_and(|paid| paid.currency != money.currency) {
        return Err(ReturnRefusal::Currency.into());
    }
    Ok(MoneyBack {
        key: stray.key,
        batch: batch.id,
        number: found.at.number,
        amount: money.minor,
        how: How::Return,
        reason: ReturnReason::from_code(&stray.reason).unwrap_or(ReturnReason::UNSAID),
        said: stray.said.clone(),
    })
}

/// Takes a return off the work list.
struct EndStray {
    stray: Stray,
    back: Option<MoneyBack>,
    /// By whom, and why.
    text: String,
    once: Option<Once>,
}

impl Command for EndStray {
    const OPERATION: Operation = policy::SETTLE_RETURN;
    /// Whether somebody has decided, and what is to be known to book.
    type State = (bool, Books);
    type Change = Booking;
    /// How many bookings it is.
    type Output = usize;

    fn once(&self) -> Option<Once> {
        self.once
    }

    fn load(&self, scope: &Scope<'_>) -> Result<Self::State, Error> {
        Ok((store::stray::has_ended(scope.tx, self.stray.id)?, Books::load(scope, &self.back)?))
    }

    fn decide(&self, state: Self::State, _: &Env) -> Result<Decision<Booking, usize>, Refusal> {
        let (has_ended, mut books) = state;
        if has_ended {
            return Err(ReturnRefusal::Settled.into());
        }
        if let Some(back) = &self.back {
            books.book(back).map_err(ReturnRefusal::from)?;
        }
        let booking = books.booking();
        let booked = booking.len();
        let facts = serde_json::json!({ "return": self.stray.id.name(), "booked": booked });
        Ok(Decision::of(vec![booking], facts, booked))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Booking], entry: Entry) -> Result<Vec<Rows>, Error> {
        let payment = self.back.as_ref().map(|back| (back.batch, back.number));
        let end = End { stray: self.stray.id, payment, text: self.text.clone() };
        let mut rows = vec![store::stray::insert_end(scope, &end, entry)?];
        for booking in changes {
            rows.extend(booking.save(scope, entry)?);
        }
        Ok(rows)
    }
}

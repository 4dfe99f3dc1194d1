//! Which payment a return is of, and of which time that it left. What is not certain is a person's to say.

use super::record::gone;
use crate::back::MoneyBack;
use crate::batch::Batch;
use crate::message::bank::{Return, ReturnReason};
use crate::outputs::message_id;
use crate::payment::State;
use crate::queries::{FoundPayment, Left};
use crate::store;
use crate::store::arrived::{Expected, expected};
use crate::store::payment::Outcome;
use crate::stray_return::{StrayReturn, Why};
use denmark::calendar::copenhagen_date;
use denmark::{Account, Money};
use jiff::civil::Date;
use kernel::journal::{ENTRIES_MAX, entry_of};
use kernel::{Error, Id, Scope};
use registry::resolve;
use std::collections::BTreeSet;

/// What a return is.
pub(super) enum Meant<'f> {
    /// Money of this payment.
    Money(&'f FoundPayment),
    /// What a bank had said that it gives back, and that was booked then.
    Expected(Vec<Id<MoneyBack>>),
}

/// What was expected that a return brings, or why that is not certain.
type Explained = Result<Vec<Id<MoneyBack>>, Why>;

/// What is to be known of a return to say what it is.
pub(super) struct Clue<'r> {
    pub(super) one: &'r Return,
    pub(super) account: Option<Account>,
    /// Which bank brings it.
    pub(super) bank: Option<&'r str>,
    /// The payments with its end-to-end id, and whether there may be more of them.
    pub(super) found: &'r [FoundPayment],
    pub(super) has_more: bool,
}

impl Clue<'_> {
    /// What it is. What is expected and is in `taken` was brought by another return.
    pub(super) fn meant(
        &self,
        scope: &Scope<'_>,
        taken: &BTreeSet<Id<MoneyBack>>,
    ) -> Result<Result<Meant<'_>, Why>, Error> {
        let is_there = |payment: &&FoundPayment| self.account.is_some_and(|account| went_to(payment, account));
        for payment in self.found.iter().filter(is_there) {
            // It was found in an earlier snapshot.
            if stage_now(scope, payment)? != payment.decided.0 {
                return Ok(Err(Why::TriedAgain));
            }
        }
        // Banks give back what they promised under other reasons than that they were asked for it.
        if let Some(expected) = self.expected(scope, taken)? {
            return Ok(expected.map(Meant::Expected));
        }
        let payment = match self.matched() {
            Ok(payment) => payment,
            Err(why) => return Ok(Err(why)),
        };
        Ok(match self.is_of_last(scope, payment)? {
            Some(true) => Ok(Meant::Money(payment)),
            _ => Err(Why::TriedAgain),
        })
    }

    /// Which payment's it is.
    fn matched(&self) -> Result<&FoundPayment, Why> {
        if self.one.end_to_end_id.is_none() {
            return Err(Why::NoEndToEndId);
        }
        let returned = self.one.returned.ok().ok_or(Why::NoAmount)?;
        if self.account.is_none() {
            return Err(Why::NoAccount);
        }
        let paid = self.paid().ok_or(Why::NoAmount)?;
        let mut alike = self.found.iter().filter(|payment| self.is_alike(payment));
        let (payment, more) = (alike.next().ok_or(Why::NoPayment)?, alike.next());
        if more.is_some() || self.has_more {
            return Err(Why::Several);
        }
        self.require_bank(payment, payment.left.as_ref().and_then(Left::bank))?;
        match returned {
            returned if returned == paid => Ok(payment),
            returned if returned.currency == paid.currency && returned.minor < paid.minor => Err(Why::Part),
            _ => Err(Why::NoPayment),
        }
    }

    /// What was paid, as it says: all of what comes back, where it says nothing else.
    fn paid(&self) -> Option<Money> {
        self.one.original.unwrap_or(self.one.returned).ok()
    }

    /// Whether all that it says is true of a payment that is with a bank.
    fn is_alike(&self, payment: &FoundPayment) -> bool {
        let is_there = self.account.is_some_and(|account| went_to(payment, account));
        payment.state.has_left() && is_there && payment.money.is_some_and(|money| self.paid() == Some(money))
    }

    /// Whether it says that it comes back because that was asked for.
    fn is_asked_for(&self) -> bool {
        self.one.known_reason() == ReturnReason::RECALLED
    }

    /// What it brings of what is expected; none where nothing like it is. What was promised of an account is brought from there, wherever the
    /// payment went since.
    fn expected(&self, scope: &Scope<'_>, taken: &BTreeSet<Id<MoneyBack>>) -> Result<Option<Explained>, Error> {
        let (Some(account), Ok(returned)) = (self.account, self.one.returned) else { return Ok(None) };
        let mut explained = None;
        let is_of_amount = |payment: &&FoundPayment| {
            self.is_asked_for() || self.one.original.is_none() || payment.money == self.paid()
        };
        for payment in self.found.iter().filter(is_of_amount) {
            let mut rows = expected(scope.tx, payment.batch, payment.at.number)?;
            rows.retain(|row| !taken.contains(&row.id));
            if rows.is_empty() {
                continue;
            }
            let sent = sent_of(scope, payment, account)?;
            let there: Vec<i64> = sent.iter().filter(|sent| sent.is_there).map(|sent| sent.stage).collect();
            let Some((left, earlier)) = there.split_last() else { continue };
            let told = self.is_of(scope, payment, (*left, earlier))?;
            rows.retain(|row| {
                let of = sent.iter().rfind(|sent| sent.stage < row.stage).filter(|sent| sent.is_there);
                of.is_some_and(|of| told.is_none_or(|is_last| is_last == (of.stage == *left)))
            });
            let Some(rows) = brought(rows, payment.money, returned) else { continue };
            if explained.is_some() || self.has_more {
                return Ok(Some(Err(Why::Several)));
            }
            explained = Some((payment, told, *left, rows));
        }
        let Some((payment, told, left, rows)) = explained else { return Ok(None) };
        let is_another = |alike: &&FoundPayment| {
            (alike.batch, alike.at.number) != (payment.batch, payment.at.number) && self.is_alike(alike)
        };
        if !self.is_asked_for() && self.found.iter().any(|alike| is_another(&alike)) {
            return Ok(Some(Err(Why::Several)));
        }
        let its_bank = match &payment.left {
            Some(left) if left.account() == Some(account) => left.bank().map(str::to_owned),
            _ => bank_of(scope, account)?,
        };
        if let Err(why) = self.require_bank(payment, its_bank.as_deref()) {
            return Ok(Some(Err(why)));
        }
        // It may be of a later time that it left, if that was asked back as well, or it does not say that it was asked for.
        if told.is_none() && rows.iter().all(|row| row.stage < left) {
            let asked = store::recall::last_of(scope, payment.batch, payment.at.number)?;
            if !self.is_asked_for() || asked.is_some_and(|recall| recall.stage == left) {
                return Ok(Some(Err(Why::TriedAgain)));
            }
        }
        Ok(Some(Ok(rows.into_iter().map(|row| row.id).collect())))
    }

    /// A bank brings what it has to do with.
    fn require_bank(&self, payment: &FoundPayment, its_bank: Option<&str>) -> Result<(), Why> {
        let Some(bank) = self.bank else { return Ok(()) };
        let is_payers = payment.payer.agreement.bank.as_deref() == Some(bank);
        if is_payers || its_bank == Some(bank) { Ok(()) } else { Err(Why::OtherBank) }
    }

    /// Whether it is of the last time that a payment left, if that can be told.
    fn is_of_last(&self, scope: &Scope<'_>, payment: &FoundPayment) -> Result<Option<bool>, Error> {
        let (Some(left), Some(account)) = (&payment.left, self.account) else { return Ok(None) };
        let sent = sent_of(scope, payment, account)?.into_iter();
        let earlier: Vec<i64> =
            sent.filter(|sent| sent.is_there && sent.stage < left.stage).map(|sent| sent.stage).collect();
        self.is_of(scope, payment, (left.stage, &earlier))
    }

    /// Whether it is of the stage at which a payment left and not of the earlier ones, if that can be told: of one that left to the same
    /// account before, by the file that it stood in, or by the day on which it was paid.
    fn is_of(
        &self,
        scope: &Scope<'_>,
        payment: &FoundPayment,
        (left, earlier): (i64, &[i64]),
    ) -> Result<Option<bool>, Error> {
        let (id, number) = (payment.batch, payment.at.number);
        let Some(last_earlier) = earlier.last() else { return Ok(Some(true)) };
        let file = |stage: i64| match stage {
            0 => payment.message_id.clone(),
            stage => message_id(id, stage),
        };
        if let Some(named) = &self.one.original_message_id {
            if *named == file(left) {
                return Ok(Some(true));
            }
            if earlier.iter().any(|stage| *named == file(*stage)) {
                return Ok(Some(false));
            }
        }
        let told = store::interbank::last_of(scope, id, number)?.filter(|fact| {
            let is = |one: &Option<String>, told: &Option<String>| one.is_some() && one == told;
            is(&self.one.uetr, &fact.record.uetr) || is(&self.one.transaction_id, &fact.record.transaction_id)
        });
        let Some(paid) = self.one.original_date.or_else(|| told.and_then(|fact| fact.record.settled_on())) else {
            return Ok(None);
        };
        let mut came_back = *last_earlier;
        store::back::each_amount(scope.tx, id, number..number + 1, |back| {
            if back.stage < left {
                came_back = back.stage.max(came_back);
            }
            Ok(())
        })?;
        let day = |stage: i64| -> Result<Date, Error> {
            let at = store::batch::find_stage(scope, id, stage)?.map_or(payment.received, |stage| stage.at);
            Ok(copenhagen_date(at.to_jiff()))
        };
        Ok(match (paid < day(left)?, paid > day(came_back)?) {
            (true, _) => Some(false),
            (false, true) => Some(true),
            (false, false) => None,
        })
    }
}

/// What of that which is expected of a payment comes to so much: one row, or all together.
fn brought(rows: Vec<Expected>, paid: Option<Money>, returned: Money) -> Option<Vec<Expected>> {
    if paid.is_none_or(|paid| paid.currency != returned.currency) {
        return None;
    }
    if let Some(row) = rows.iter().find(|row| row.amount == returned.minor) {
        return Some(vec![*row]);
    }
    let all = rows.iter().fold(0_i64, |sum, row| sum.saturating_add(row.amount));
    Some(rows).filter(|_| all == returned.minor && all > 0)
}

fn went_to(payment: &FoundPayment, account: Account) -> bool {
    payment.left.as_ref().and_then(Left::account) == Some(account)
}

/// The stage that decided what holds of a payment.
fn stage_now(scope: &Scope<'_>, payment: &FoundPayment) -> Result<i64, Error> {
    let (number, mut stage) = (payment.at.number, 0);
    store::payment::each_change_of(scope.tx, payment.batch, number..number + 1, i64::MAX, |change| {
        stage = change.stage;
        Ok(())
    })?;
    Ok(stage)
}

/// What an account's bank is called, where the bank directory has it.
fn bank_of(scope: &Scope<'_>, account: Account) -> Result<Option<String>, Error> {
    let Account::Danish(account) = account else { return Ok(None) };
    Ok(resolve::banks_at(scope.tx, ENTRIES_MAX)?.get(account.reg).map(|bank| bank.name.clone()))
}

/// A time that a payment was sent to a payee.
struct Sent {
    stage: i64,
    /// Whether to the account in question.
    is_there: bool,
}

/// When a payment was sent to an account of its payee's, or to the one that its file names, which is always the same; and when to another.
fn sent_of(scope: &Scope<'_>, payment: &FoundPayment, account: Account) -> Result<Vec<Sent>, Error> {
    let mut all = Vec::new();
    for (stage, outcome) in outcomes_of(scope, (payment.batch, payment.at.number))? {
        if outcome.is_sent() {
            let is_there = match outcome.designation {
                Some(designation) => resolve::account_of(scope, designation)?.is(&account),
                None => went_to(payment, account),
            };
            all.push(Sent { stage, is_there });
        }
    }
    Ok(all)
}

/// All that was decided of a payment, and at which stages.
fn outcomes_of(scope: &Scope<'_>, (batch, number): (Id<Batch>, i64)) -> Result<Vec<(i64, Outcome)>, Error> {
    let mut all = Vec::new();
    store::payment::each_of(scope.tx, batch, number..number + 1, |row| {
        all.push((0, row.outcome));
        Ok(())
    })?;
    store::payment::each_change_of(scope.tx, batch, number..number + 1, i64::MAX, |change| {
        all.push((change.stage, change.outcome));
        Ok(())
    })?;
    Ok(all)
}

/// What is to be known of a return of which a person says which payment it is.
pub(super) struct Said {
    /// It is of a time that is over: it came before the payment left last, or it names another account than the one to which the payment
    /// went last, and the payment has gone on from there, or lies in the waiting account. What it brings was booked when it went on.
    pub(super) is_over: bool,
    /// What it brings, if it comes to what was promised.
    pub(super) expected: Option<Vec<Id<MoneyBack>>>,
    /// What was promised of the last time, and how much that is: what it brings as well, if it is more than is left besides.
    pub(super) of_last: (Vec<Id<MoneyBack>>, i64),
}

impl Said {
    pub(super) fn load(
        scope: &Scope<'_>,
        stray: &StrayReturn,
        back: &MoneyBack,
        paid: Option<Money>,
    ) -> Result<Self, Error> {
        let mut left = outcomes_of(scope, (back.batch, back.number))?;
        left.retain(|(_, outcome)| outcome.goes_on());
        let last = left.last().copied();
        let promised = expected(scope.tx, back.batch, back.number)?;
        let mut of_last = promised.clone();
        of_last.retain(|row| last.is_none_or(|(stage, _)| row.stage > stage));
        // What does not say that it was asked for is of no time before the last.
        let any = if back.reason == ReturnReason::RECALLED { promised } else { of_last.clone() };
        let ids = |rows: Vec<Expected>| rows.into_iter().map(|row| row.id).collect();
        let sum = of_last.iter().fold(0_i64, |sum, row| sum.saturating_add(row.amount));
        let is_over = last.map(|last| is_over(scope, back, (last, left.len() > 1), stray)).transpose()?;
        Ok(Self {
            is_over: is_over.unwrap_or(false),
            expected: stray.money.and_then(|money| brought(any, paid, money)).map(ids),
            of_last: (ids(of_last), sum),
        })
    }
}

fn is_over(
    scope: &Scope<'_>,
    back: &MoneyBack,
    ((stage, last), was_sent_before): ((i64, Outcome), bool),
    stray: &StrayReturn,
) -> Result<bool, Error> {
    let batch = store::batch::find(scope, back.batch)?.ok_or_else(gone)?;
    let entry = match stage {
        0 => batch.entry,
        stage => store::batch::find_stage(scope, batch.id, stage)?.ok_or_else(gone)?.entry,
    };
    if entry >= entry_of(stray.id.number()) {
        return Ok(true);
    }
    let Some(named) = stray.said.account.as_deref().and_then(|named| Account::parse(named).ok()) else {
        return Ok(false);
    };
    let to = match last.designation {
        Some(designation) if was_sent_before => Some(resolve::account_of(scope, designation)?),
        None if last.state == State::Waiting => resolve::payer_at(scope, batch.payer)?.agreement.waiting_account(),
        _ => None,
    };
    Ok(to.is_some_and(|to| !to.is(&named)))
}

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
use crate::stray::Why;
use denmark::calendar::copenhagen_date;
use denmark::{Account, Money};
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
        if self.one.known_reason() == ReturnReason::RECALLED
            && let Some(expected) = self.expected(scope, taken)?
        {
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
        let account = self.account.ok_or(Why::NoAccount)?;
        let paid = match self.one.original {
            None => returned,
            Some(original) => original.ok().ok_or(Why::NoAmount)?,
        };
        let is_alike = |payment: &&FoundPayment| {
            payment.state.has_left() && payment.money == Some(paid) && went_to(payment, account)
        };
        let mut alike = self.found.iter().filter(is_alike);
        let (payment, more) = (alike.next().ok_or(Why::NoPayment)?, alike.next());
        if more.is_some() || self.has_more {
            return Err(Why::Several);
        }
        self.require_bank(payment)?;
        match returned {
            returned if returned == paid => Ok(payment),
            returned if returned.currency == paid.currency && returned.minor < paid.minor => Err(Why::Part),
            _ => Err(Why::NoPayment),
        }
    }

    /// A bank brings what it has to do with.
    fn require_bank(&self, payment: &FoundPayment) -> Result<(), Why> {
        let Some(bank) = self.bank else { return Ok(()) };
        let is_payers = payment.payer.agreement.bank.as_deref() == Some(bank);
        let its_bank = payment.left.as_ref().and_then(Left::bank);
        if is_payers || its_bank == Some(bank) { Ok(()) } else { Err(Why::OtherBank) }
    }

    /// What it brings of what is expected; none where nothing like it is.
    fn expected(&self, scope: &Scope<'_>, taken: &BTreeSet<Id<MoneyBack>>) -> Result<Option<Explained>, Error> {
        let (Some(account), Ok(returned)) = (self.account, self.one.returned) else { return Ok(None) };
        let mut explained = None;
        for payment in self.found.iter().filter(|payment| went_to(payment, account)) {
            let left = payment.left.as_ref().map_or(0, |left| left.stage);
            let told = self.is_of_last(scope, payment)?;
            let is_of = |row: &Expected| !taken.contains(&row.id) && told.is_none_or(|last| last == (row.stage > left));
            let place = (payment.batch, payment.at.number);
            let Some(rows) = expected_of(scope, place, payment.money, returned, is_of)? else { continue };
            if explained.is_some() || self.has_more {
                return Ok(Some(Err(Why::Several)));
            }
            explained = Some((payment, told, left, rows));
        }
        let Some((payment, told, left, rows)) = explained else { return Ok(None) };
        if let Err(why) = self.require_bank(payment) {
            return Ok(Some(Err(why)));
        }
        // It may be of a later time that it left, if that was asked back as well.
        if told.is_none() && rows.iter().all(|row| row.stage < left) {
            let asked = store::recall::last_of(scope, payment.batch, payment.at.number)?;
            if asked.is_some_and(|recall| recall.stage == left) {
                return Ok(Some(Err(Why::TriedAgain)));
            }
        }
        Ok(Some(Ok(rows.into_iter().map(|row| row.id).collect())))
    }

    /// Whether it is of the last time that a payment left, if that can be told: of one that left to the same account before, by the file
    /// that it stood in, or by the day on which it was paid.
    fn is_of_last(&self, scope: &Scope<'_>, payment: &FoundPayment) -> Result<Option<bool>, Error> {
        let (Some(left), Some(account)) = (&payment.left, self.account) else { return Ok(None) };
        let (id, number) = (payment.batch, payment.at.number);
        let earlier = earlier_stages(scope, payment, left.stage, account)?;
        let Some(last_earlier) = earlier.last() else { return Ok(Some(true)) };
        let file = |stage: i64| match stage {
            0 => payment.message_id.clone(),
            stage => message_id(id, stage),
        };
        if let Some(named) = &self.one.original_message_id {
            if *named == file(left.stage) {
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
            if back.stage < left.stage {
                came_back = back.stage.max(came_back);
            }
            Ok(())
        })?;
        let came_back = store::batch::find_stage(scope, id, came_back)?.map_or(payment.received, |stage| stage.at);
        Ok(match (paid < copenhagen_date(left.at.to_jiff()), paid > copenhagen_date(came_back.to_jiff())) {
            (true, _) => Some(false),
            (false, true) => Some(true),
            (false, false) => None,
        })
    }
}

/// What is expected of a payment that comes to so much: one row, or all together.
pub(super) fn expected_of(
    scope: &Scope<'_>,
    (batch, number): (Id<Batch>, i64),
    paid: Option<Money>,
    returned: Money,
    is_of: impl FnMut(&Expected) -> bool,
) -> Result<Option<Vec<Expected>>, Error> {
    if paid.is_none_or(|paid| paid.currency != returned.currency) {
        return Ok(None);
    }
    let mut rows = expected(scope.tx, batch, number)?;
    rows.retain(is_of);
    if let Some(row) = rows.iter().find(|row| row.amount == returned.minor) {
        return Ok(Some(vec![*row]));
    }
    let all = rows.iter().fold(0_i64, |sum, row| sum.saturating_add(row.amount));
    Ok(Some(rows).filter(|_| all == returned.minor && all > 0))
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

/// The stages before one at which a payment left to an account: of its payee's, or the one that its file names, which is always the same.
fn earlier_stages(scope: &Scope<'_>, payment: &FoundPayment, before: i64, account: Account) -> Result<Vec<i64>, Error> {
    let (batch, number) = (payment.batch, payment.at.number);
    let mut left = Vec::new();
    store::payment::each_of(scope.tx, batch, number..number + 1, |row| {
        left.push((0, row.outcome));
        Ok(())
    })?;
    store::payment::each_change_of(scope.tx, batch, number..number + 1, before - 1, |change| {
        left.push((change.stage, change.outcome));
        Ok(())
    })?;
    let mut stages = Vec::new();
    for (stage, outcome) in left.into_iter().filter(|(stage, outcome)| *stage < before && outcome.goes_on()) {
        let is_it = match outcome.designation {
            Some(designation) => resolve::account_of(scope, designation)?.is(&account),
            None => outcome.state == State::Passed,
        };
        if is_it {
            stages.push(stage);
        }
    }
    Ok(stages)
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

/// Whether a return that a person settles is of a time that is over: it names another account than the one to which its payment went last,
/// and the payment has gone on from there, or lies in the waiting account. What it brings was booked when it went on.
pub(super) fn is_over(
    scope: &Scope<'_>,
    (batch, number): (Id<Batch>, i64),
    named: Option<&str>,
) -> Result<bool, Error> {
    let Some(named) = named.and_then(|named| Account::parse(named).ok()) else { return Ok(false) };
    let mut left = outcomes_of(scope, (batch, number))?;
    left.retain(|(_, outcome)| outcome.goes_on());
    let Some((_, last)) = left.last() else { return Ok(false) };
    let to = match last.designation {
        Some(designation) if left.len() > 1 => Some(resolve::account_of(scope, designation)?),
        None if last.state == State::Waiting => {
            let of = store::batch::find(scope, batch)?.ok_or_else(gone)?;
            resolve::payer_at(scope, of.payer)?.agreement.waiting_account()
        }
        _ => None,
    };
    Ok(to.is_some_and(|to| !to.is(&named)))
}

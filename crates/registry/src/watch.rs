//! Accounts that are watched or marked, as whoever pays to many needs them: in memory, by the account in clear, in some 20 nanoseconds.
//!
//! What is noted of them in the store has versions, so that a process which goes on from what it knew reads only what has changed
//! since. They are few: those with more payees than couples and families have, and those of which a suspicion was agreed.

use crate::account::{self, DesignatedAccount};
use crate::collecting::{Limits, Window};
use crate::commands::{level_with, watch};
use crate::controls::Control;
use crate::review::Outcome;
use crate::{queries, store};
use denmark::Account;
use denmark::calendar::copenhagen_date;
use jiff::civil::Date;
use kernel::journal::{Entry, ROWS_PER_ENTRY_MAX, Rows};
use kernel::{Blind, Error, Scope, Timestamp, Writer};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Accounts of one file of which it is counted whom it names beside them.
const NAMED_ACCOUNTS_MAX: usize = kernel::failpoint::chunk(1 << 16, 8);

/// How closely an account is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// It has few payees by now.
    Not,
    /// It has more than a few payees: who is paid to it is noted.
    Watched,
    /// It has more than the limit within this window; or had, and somebody is to look at it still.
    Over(Window),
    /// The same, and half as many again as it had when officers said that it is left alone.
    Outgrown(Window),
}

impl Level {
    const ALL: [Self; 8] = [
        Self::Not,
        Self::Watched,
        Self::Over(Window::Days3),
        Self::Over(Window::Days30),
        Self::Over(Window::Months6),
        Self::Outgrown(Window::Days3),
        Self::Outgrown(Window::Days30),
        Self::Outgrown(Window::Months6),
    ];

    /// As the store knows it.
    #[must_use]
    pub const fn code(self) -> i64 {
        match self {
            Self::Not => 0,
            Self::Watched => 1,
            Self::Over(window) => window as i64 + 2,
            Self::Outgrown(window) => window as i64 + 5,
        }
    }

    /// What the store knows as `code`.
    #[must_use]
    pub fn from_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.code() == code)
    }

    /// Whether payments go on at this level that would wait at another.
    pub(crate) const fn lets_more_go_than(self, other: Self) -> bool {
        self.gravity() < other.gravity()
    }

    const fn gravity(self) -> u8 {
        match self {
            Self::Not | Self::Watched => 0,
            Self::Over(_) => 1,
            Self::Outgrown(_) => 2,
        }
    }
}

/// Why a payment to an account waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Against {
    /// It is marked: a suspicion about it was agreed.
    Marked,
    /// It is no lawful collector's, and has more payees than a limit and nobody who has looked leaves it alone; or whoever looked last
    /// found it suspicious.
    Collecting,
}

/// What is to be known of an account before a payment goes to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// The blind index by which it is noted who is paid to it, where that is.
    pub noted: Option<Blind>,
    /// Why the payment waits, if it does.
    pub against: Option<Against>,
}

/// What is known of one account that is watched.
#[derive(Clone, Copy, Debug)]
struct Known {
    key: Blind,
    level: Level,
    /// What officers decided about it last.
    decided: Option<Outcome>,
    /// Through which day it is a lawful collector's.
    collector_until: Option<Date>,
}

impl Known {
    fn load(scope: &Scope<'_>, key: Blind, level: Level) -> Result<Self, Error> {
        let decided = store::review::decided_of(scope.tx, &key)?.map(|decided| decided.outcome);
        Ok(Self { key, level, decided, collector_until: store::collector::approved_until(scope, &key)? })
    }
}

/// Accounts that a batch takes over a limit by whom it names beside them.
#[derive(Clone, Debug, Default)]
pub struct Outnamed(BTreeMap<Blind, Over>);

#[derive(Clone, Debug)]
struct Over {
    account: DesignatedAccount,
    /// What is known of it then.
    known: Known,
    /// Which payments name it.
    payments: Vec<i64>,
}

impl Outnamed {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The payments that name them, by their numbers.
    #[must_use]
    pub fn numbers(&self) -> BTreeSet<i64> {
        self.0.values().flat_map(|over| over.payments.iter().copied()).collect()
    }

    /// Those and others.
    pub fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// Whose they are by the registry.
    ///
    /// # Errors
    /// The store's.
    pub fn payees(&self, scope: &Scope<'_>) -> Result<BTreeSet<Blind>, Error> {
        let accounts: Vec<Blind> = self.0.keys().copied().collect();
        Ok(store::holder::payees(scope.tx, &accounts)?.into_iter().flatten().collect())
    }
}

/// All accounts that are watched or marked, as of a version of each.
#[derive(Clone, Debug, Default)]
struct Set {
    watched_version: i64,
    watched: HashMap<Account, Known>,
    marks_version: i64,
    /// With the last day of each mark.
    marked: HashMap<Account, Date>,
    /// Of all of them, by blind index; also of some that were.
    accounts: HashMap<Blind, Account>,
}

impl Set {
    /// With what changed since; `changed` is told which watched accounts did. Marks are few and seldom change: those are read anew.
    fn read_on(
        self: Arc<Self>,
        scope: &Scope<'_>,
        today: Date,
        mut changed: impl FnMut(Blind),
    ) -> Result<Arc<Self>, Error> {
        let (rows, marks_version) = (store::watch::since(scope, self.watched_version)?, queries::marks_version(scope)?);
        if rows.is_empty() && marks_version == self.marks_version {
            return Ok(self);
        }
        let mut set = Arc::unwrap_or_clone(self);
        for row in rows {
            changed(row.key);
            set.accounts.insert(row.key, row.account.account());
            let known = Known::load(scope, row.key, row.level)?;
            set.watched_version = row.version;
            if row.level == Level::Not && known.decided != Some(Outcome::Suspicious) {
                set.watched.remove(&row.account.account());
            } else {
                set.watched.insert(row.account.account(), known);
            }
        }
        if marks_version != set.marks_version {
            let marked = queries::marked_accounts(scope, today)?.into_iter();
            set.marked = marked.map(|marked| (marked.account, marked.until)).collect();
            set.accounts.extend(set.marked.keys().map(|account| (account::key(account, scope.vault), *account)));
            set.marks_version = marks_version;
        }
        Ok(Arc::new(set))
    }
}

/// The accounts that are watched or marked, under the controls and on the day of one batch.
#[derive(Clone, Debug, Default)]
pub struct Watched {
    set: Arc<Set>,
    today: Date,
    /// Whether there is a limit to payees. What was noted while one was says nothing when there is none.
    is_limited: bool,
    /// Whether lawful collectors are left alone.
    knows_collectors: bool,
}

impl Watched {
    /// As they are now.
    ///
    /// # Errors
    /// The store's.
    pub fn load(scope: &Scope<'_>, now: Timestamp) -> Result<Self, Error> {
        Self::read_on(scope, Arc::default(), now)
    }

    /// The same: what this process knew of them before is brought up to date, which is a hundred times faster.
    ///
    /// # Errors
    /// The store's.
    pub fn recall(writer: &mut Writer, now: Timestamp) -> Result<Self, Error> {
        let known = writer.store.remembered::<Set>().unwrap_or_default();
        let watched = writer.read(|scope| Self::read_on(scope, known, now))?;
        writer.store.remember(watched.set.clone());
        Ok(watched)
    }

    fn read_on(scope: &Scope<'_>, known: Arc<Set>, now: Timestamp) -> Result<Self, Error> {
        let (controls, today) = (store::controls::in_force(scope.tx)?, copenhagen_date(now.to_jiff()));
        let set = known.read_on(scope, today, |_| {})?;
        let knows_collectors = controls.has(Control::CollectorRegister);
        Ok(Self { set, today, is_limited: Limits::of(&controls).are_on(), knows_collectors })
    }

    /// As they are at this moment, in this transaction, where some were watched before; `changed` is told whose they are of which
    /// something changed that counts. Of marks, [`changed_since`](crate::resolve::changed_since) tells that.
    ///
    /// # Errors
    /// The store's.
    pub fn renew(&self, scope: &Scope<'_>, now: Timestamp, changed: impl FnMut(Blind)) -> Result<Self, Error> {
        let mut accounts = BTreeSet::new();
        let (known, today) = (self.set.clone(), copenhagen_date(now.to_jiff()));
        let set = known.read_on(scope, today, |account| accounts.extend([account]))?;
        let accounts: Vec<Blind> = accounts.into_iter().collect();
        store::holder::payees(scope.tx, &accounts)?.into_iter().flatten().for_each(changed);
        let controls = store::controls::in_force(scope.tx)?;
        let (is_limited, knows_collectors) = (Limits::of(&controls).are_on(), controls.has(Control::CollectorRegister));
        Ok(Self { set, today, is_limited, knows_collectors })
    }

    /// The same with what a batch makes of some accounts.
    #[must_use]
    pub fn with(mut self, outnamed: &Outnamed) -> Self {
        if !outnamed.0.is_empty() {
            let set = Arc::make_mut(&mut self.set);
            for (key, Over { account, known, .. }) in &outnamed.0 {
                set.watched.insert(account.account(), *known);
                set.accounts.insert(*key, account.account());
            }
        }
        self
    }

    /// Whether it is counted whom a file names beside accounts that are not watched.
    #[must_use]
    pub const fn are_limited(&self) -> bool {
        self.is_limited
    }

    /// Whether the controls are those of others, as far as they count here.
    #[must_use]
    pub fn has_limits_of(&self, other: &Self) -> bool {
        (self.is_limited, self.knows_collectors) == (other.is_limited, other.knows_collectors)
    }

    /// Whether something speaks against an account against which nothing did before, or it is noted who is paid to one of which it was not.
    #[must_use]
    pub fn knows_more(&self, before: &Self) -> bool {
        let is_more = |account: &Account| {
            let (now, then) = (self.look_at(account), before.look_at(account));
            (now.against.is_some() && then.against.is_none()) || (now.noted.is_some() && then.noted.is_none())
        };
        let mut accounts = self.set.marked.keys().chain(self.set.watched.keys());
        !Arc::ptr_eq(&self.set, &before.set) && accounts.any(is_more)
    }

    /// Whether there is anything to be known of any account.
    #[must_use]
    pub fn are_some(&self) -> bool {
        !self.set.marked.is_empty() || !self.set.watched.is_empty()
    }

    /// Why payments to an account wait, if they do.
    #[must_use]
    pub fn against(&self, account: &DesignatedAccount) -> Option<Against> {
        self.look(account).against
    }

    /// Whether it is noted who is paid to an account.
    #[must_use]
    pub fn is_watched(&self, account: &DesignatedAccount) -> bool {
        self.look(account).noted.is_some()
    }

    /// Both at once.
    #[must_use]
    pub fn look(&self, account: &DesignatedAccount) -> Looked {
        if self.are_some() { self.look_at(&account.account()) } else { Looked::default() }
    }

    /// The same of an account that is known by its blind index.
    #[must_use]
    pub fn look_by_key(&self, account: &Blind) -> Looked {
        self.set.accounts.get(account).map_or_else(Looked::default, |account| self.look_at(account))
    }

    /// The same of an account, whosoever it is.
    #[must_use]
    pub fn look_at(&self, account: &Account) -> Looked {
        let Set { watched, marked, .. } = &*self.set;
        let counts = |until: Option<Date>| until.is_some_and(|until| self.today <= until);
        let is_marked = counts(marked.get(account).copied());
        // Of a lawful collector's payees, who are many, nobody wants to know who was paid.
        let is_lawful = |known: &Known| self.knows_collectors && counts(known.collector_until);
        let known = watched.get(account).filter(|known| !is_lawful(known));
        let is_held = known.is_some_and(|known| match (known.decided, known.level) {
            (Some(Outcome::Suspicious), _) => true,
            (_, Level::Outgrown(_)) => self.is_limited,
            (decided, Level::Over(_)) => self.is_limited && !counts(decided.and_then(Outcome::until)),
            (_, Level::Not | Level::Watched) => false,
        });
        let against = match (is_marked, is_held) {
            (true, _) => Some(Against::Marked),
            (false, true) => Some(Against::Collecting),
            (false, false) => None,
        };
        let noted = known.filter(|known| self.is_limited && known.level != Level::Not);
        Looked { noted: noted.map(|known| known.key), against }
    }
}

/// Who is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Whom {
    /// A payee whose account the registry has.
    Registered(Blind),
    /// Whom a file names, as that names the account too.
    Named(Blind),
}

impl Whom {
    /// Whose account the registry has, else whom the file names.
    #[must_use]
    pub fn of(registered: Option<Blind>, named: Option<Blind>) -> Option<Self> {
        registered.map(Self::Registered).or(named.map(Self::Named))
    }

    const fn key(&self) -> &Blind {
        match self {
            Self::Registered(key) | Self::Named(key) => key,
        }
    }
}

/// Accounts by their blind indexes, and who is paid to them.
type Followed = (BTreeMap<Blind, DesignatedAccount>, Vec<(Blind, Blind)>);

/// What the payments of a batch come to for accounts that are watched: who is paid to them, and how many wait because of them.
#[derive(Clone, Debug, Default)]
pub struct Notes {
    /// By account.
    paid: BTreeSet<(Blind, Whom)>,
    held: BTreeMap<(Blind, Whom), u64>,
    /// Whom a file names beside accounts.
    named: BTreeMap<Account, Naming>,
    /// What that alone takes over a limit.
    outnamed: Outnamed,
}

/// Whom a file names beside an account that it pays.
#[derive(Clone, Debug, Default)]
struct Naming {
    /// Each, and whether they have not been counted before.
    payees: BTreeMap<Blind, bool>,
    /// By which payments, of those that have not been counted before.
    payments: Vec<i64>,
}

impl Notes {
    /// Somebody is paid to an account.
    pub fn pays(&mut self, account: Blind, whom: Whom) {
        self.paid.insert((account, whom));
    }

    /// A payment waits because of the account. Whom a file names beside that counts all the same: it is because of them.
    pub fn holds(&mut self, account: Blind, whom: Whom) {
        *self.held.entry((account, whom)).or_default() += 1;
        if matches!(whom, Whom::Named(_)) {
            self.paid.insert((account, whom));
        }
    }

    /// A file pays somebody to an account that it names itself, by a payment of this number, if that has not been counted before. Of a file
    /// that names very many accounts those count that it names first.
    pub fn names(&mut self, account: Account, payee: Blind, number: Option<i64>) {
        if self.named.len() < NAMED_ACCOUNTS_MAX || self.named.contains_key(&account) {
            let naming = self.named.entry(account).or_default();
            *naming.payees.entry(payee).or_default() |= number.is_some();
            naming.payments.extend(number);
        }
    }

    /// What was noted of these is not so: their payments are decided again.
    pub fn forget(&mut self, is_again: impl Fn(&Blind, &Whom) -> bool) {
        self.paid.retain(|(account, whom)| !is_again(account, whom));
        self.held.retain(|(account, whom), _| !is_again(account, whom));
    }

    /// Whom a file names beside accounts of which something is known by now is noted otherwise.
    pub fn forget_named(&mut self, watched: &Watched) {
        self.named.retain(|account, _| watched.look_at(account) == Looked::default());
    }

    /// The batch takes these over a limit, by whom it names beside them.
    pub fn take_over(&mut self, outnamed: Outnamed) {
        self.outnamed = outnamed;
    }

    /// What it takes over a limit.
    #[must_use]
    pub const fn outnamed(&self) -> &Outnamed {
        &self.outnamed
    }

    /// What it would take over a limit that is not, as things are known: what it pays there is to wait instead.
    ///
    /// # Errors
    /// The store's.
    pub fn find_outnamed(&self, scope: &Scope<'_>, watched: &Watched, now: Timestamp) -> Result<Outnamed, Error> {
        let limits = Limits::of(&store::controls::in_force(scope.tx)?);
        let mut found = BTreeMap::new();
        for (named, Naming { payees, payments }) in &self.named {
            let new: BTreeSet<Blind> = payees.iter().filter(|(_, is_new)| **is_new).map(|(payee, _)| *payee).collect();
            let is_few = (new.len() as u64) < limits.few() && watched.look_at(named).noted.is_none();
            let Some((key, account)) = followed(scope, named).filter(|_| limits.are_on() && !is_few && !new.is_empty())
            else {
                continue;
            };
            let level = level_with(scope, &limits, &key, &new, now)?;
            if matches!(level, Level::Over(_) | Level::Outgrown(_)) {
                let (known, payments) = (Known::load(scope, key, level)?, payments.clone());
                found.insert(key, Over { account, known, payments });
            }
        }
        // Some are left alone, or a lawful collector's.
        let then = watched.clone().with(&Outnamed(found.clone()));
        let is_more =
            |account: &DesignatedAccount| then.against(account).is_some() && watched.against(account).is_none();
        found.retain(|_, Over { account, .. }| is_more(account));
        Ok(Outnamed(found))
    }

    /// Keeps it, with the batch, as part of the entry that records it.
    ///
    /// # Errors
    /// The store's.
    pub fn save(&self, scope: &Scope<'_>, entry: Entry) -> Result<Vec<Rows>, Error> {
        let noted = self.paid.iter().map(|(account, whom)| (*account, *whom.key()));
        let (mut named, followed) = self.follow(scope, entry)?;
        let all: BTreeSet<(Blind, Blind)> = noted.chain(followed).collect();
        // No file is refused because its payees are too many to be counted.
        let paid: BTreeSet<_> = all.into_iter().take(ROWS_PER_ENTRY_MAX).collect();
        let mut held: BTreeMap<Blind, u64> = BTreeMap::new();
        for ((account, _), payments) in &self.held {
            *held.entry(*account).or_default() += payments;
        }
        let mut rows = Vec::new();
        if !paid.is_empty() {
            rows.push(store::paid::insert_many(scope.tx, &paid, entry)?);
        }
        // Payees by the registry had the account before they were paid. With whom a file names it has more than it had.
        let is_named = |(_, whom): &&(Blind, Whom)| matches!(whom, Whom::Named(_));
        let accounts: BTreeSet<Blind> = self.paid.iter().filter(is_named).map(|(account, _)| *account).collect();
        for account in accounts {
            named.extend(store::watch::account_of(scope, &account)?.map(|found| (account, found)));
        }
        if !named.is_empty() {
            watch(scope, &named, entry.at)?;
        }
        if !held.is_empty() {
            rows.push(store::paid::hold_many(scope.tx, &held, entry)?);
        }
        Ok(rows)
    }

    /// Has those accounts watched from now on beside which a file named as many as are more than a few; they, and whom it named.
    fn follow(&self, scope: &Scope<'_>, entry: Entry) -> Result<Followed, Error> {
        let (mut followed, mut paid) = (BTreeMap::new(), Vec::new());
        if self.named.is_empty() && self.outnamed.is_empty() {
            return Ok((followed, paid));
        }
        let (controls, today) = (store::controls::in_force(scope.tx)?, copenhagen_date(entry.at.to_jiff()));
        let limits = Limits::of(&controls);
        let is_many = |naming: &Naming| naming.payees.len() as u64 >= limits.few();
        for (named, naming) in self.named.iter().filter(|(_, naming)| limits.are_on() && is_many(naming)) {
            let Some((key, account)) = self::followed(scope, named) else { continue };
            let is_lawful = controls.has(Control::CollectorRegister)
                && store::collector::approved_until(scope, &key)?.is_some_and(|until| today <= until);
            if !is_lawful {
                followed.insert(key, account);
                paid.extend(naming.payees.keys().map(|payee| (key, *payee)));
            }
        }
        followed.extend(self.outnamed.0.iter().map(|(key, over)| (*key, over.account)));
        let keys: Vec<Blind> = followed.keys().copied().collect();
        let levels = store::watch::levels(scope.tx, &keys)?;
        let is_new = followed.iter().zip(levels).filter(|(_, level)| level.is_none());
        let new = is_new.map(|((key, account), _)| (*key, (Level::Watched, *account))).collect();
        store::watch::set_many(scope, &new, &BTreeMap::new())?;
        Ok((followed, paid))
    }
}

/// An account that a file names, as it is known here. One whose bank is not known by it is not followed.
fn followed(scope: &Scope<'_>, named: &Account) -> Option<(Blind, DesignatedAccount)> {
    DesignatedAccount::of_named(named).map(|account| (account.key(scope.vault), account))
}

/// What an entry noted of accounts that were watched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Noted {
    /// Accounts, and who was paid to each.
    pub paid: BTreeSet<(Blind, Blind)>,
    /// How many payments waited because of an account.
    pub held: u64,
}

impl Noted {
    /// What an entry noted, and in how many rows.
    ///
    /// # Errors
    /// The store's.
    pub fn at(scope: &Scope<'_>, entry: i64) -> Result<(Self, u64), Error> {
        let paid = store::paid::paid_at(scope.tx, entry)?;
        let held = store::paid::held_at(scope.tx, entry)?;
        let rows = (paid.len() + held.len()) as u64;
        Ok((Self { paid: paid.into_iter().collect(), held: held.into_iter().sum() }, rows))
    }

    /// How many rows all entries noted.
    ///
    /// # Errors
    /// The store's.
    pub fn count(scope: &Scope<'_>) -> Result<u64, Error> {
        store::paid::count(scope)
    }
}

//! The bulk channel: banks and the operator designate, close, freeze and unfreeze accounts.

use super::{ImportRefusal, Link, Source};
use crate::account::DesignatedAccount;
use crate::designation::{self, Action, Channel, ChannelKind, Designation, Expects, Request, Standing, State};
use crate::grounds::Grounds;
use crate::payee::{PayeeId, RegisterStatus};
use crate::pending::{self, Asked, PendingChange, Unexpected};
use crate::policy;
use crate::purpose::{self, BenefitKind, Purpose};
use crate::row_refusal::RowRefusal;
use crate::store;
use denmark::{Account, BankDirectory, Bic, Currency};
use kernel::journal::{Entry, Rows};
use kernel::{Blind, Env, Error, Id, Operation, Scope, StoreError, Timestamp, Tx, Vault};
use std::collections::{BTreeMap, BTreeSet};

/// A file of changes: `action,payee,account,bic,expects,currency,payer,benefit`.
pub struct Accounts {
    /// Who sends it.
    pub channel: Channel,
    /// What gives the blind indexes.
    pub vault: Vault,
}

/// One change as somebody writes it. What is left out is empty.
#[derive(Clone, Copy, Default)]
pub struct Written<'w> {
    /// `register`, `change`, `close`, `freeze` or `unfreeze`.
    pub action: &'w str,
    /// The payee, with its kind.
    pub payee: &'w str,
    /// The account.
    pub account: &'w str,
    /// The BIC of its bank.
    pub bic: &'w str,
    /// What is believed to be in force.
    pub expects: &'w str,
    /// The one currency that the account takes.
    pub currency: &'w str,
    /// The payer of a specific account.
    pub payer: &'w str,
    /// The kind of benefit of a specific account.
    pub benefit: &'w str,
}

/// One change, read.
#[derive(Clone)]
pub struct AccountRow {
    action: Action,
    payee: PayeeId,
    key: Blind,
    account: Option<DesignatedAccount>,
    says_currency: bool,
    /// The BIC that the row names, to be held against the directory's.
    bic: Option<Bic>,
    expects: Option<Expects>,
    specific: Option<(String, BenefitKind)>,
    grounds: Option<Grounds>,
    /// Whether it may take the place of another account at once.
    may_replace: bool,
}

impl AccountRow {
    /// Reads a change. The blind index is computed here, so that whoever writes to the store need not.
    ///
    /// # Errors
    /// It is not one.
    pub fn read(vault: &Vault, written: &Written<'_>) -> Result<Self, RowRefusal> {
        let Written { action, payee, account, bic, expects, currency, payer, benefit } = *written;
        let action = Action::parse(action).ok_or(RowRefusal::Action)?;
        let payee = PayeeId::parse(payee).ok_or(RowRefusal::Payee)?;
        let account = unless_empty(account, Account::parse, RowRefusal::Account)?;
        let bic = unless_empty(bic, Bic::parse, RowRefusal::Bic)?;
        let expects = unless_empty(expects, |text| Expects::parse(text).ok_or(()), RowRefusal::Expects)?;
        let currency = unless_empty(currency, Currency::parse, RowRefusal::Currency)?;
        // An account abroad takes any: there is none to be said.
        let says_currency = currency.is_some() || matches!(account, Some(Account::Foreign(_)));
        let account = match account {
            None => None,
            Some(Account::Danish(account)) => {
                Some(DesignatedAccount::Domestic { account, currency: currency.unwrap_or(Currency::DKK) })
            }
            Some(Account::Foreign(iban)) => {
                let bic = bic.ok_or(RowRefusal::AccountBic)?;
                if !iban.can_be_with(&bic) {
                    return Err(RowRefusal::BicCountry);
                }
                Some(DesignatedAccount::Foreign { iban, bic })
            }
        };
        let specific = match (payer.is_empty(), benefit.is_empty()) {
            (true, true) => None,
            (false, false) => Some((payer.to_owned(), BenefitKind::parse(benefit).ok_or(RowRefusal::Purpose)?)),
            _ => return Err(RowRefusal::Purpose),
        };
        let key = payee.key(vault);
        let (grounds, may_replace) = (None, true);
        Ok(Self { action, payee, key, account, says_currency, bic, expects, specific, grounds, may_replace })
    }

    /// The same as a bank asks for it, which gives its grounds, and says what a `change` takes the place of unless that may wait. What
    /// it expects is no account or a whole one: what stands for many can be guessed.
    ///
    /// # Errors
    /// It is not a change, or something is missing or does not fit.
    pub fn read_from_bank(
        vault: &Vault,
        written: &Written<'_>,
        reason: &str,
        consent: &str,
        unexpected: Unexpected,
    ) -> Result<Self, RowRefusal> {
        let row = Self::read(vault, written)?;
        if matches!(row.expects, Some(Expects::Reg(_) | Expects::Bic(_))) {
            return Err(RowRefusal::Expects);
        }
        let grounds = Grounds::read(row.action, reason, consent)?;
        if written.action == "change" && row.expects.is_none() && unexpected == Unexpected::Refuse {
            return Err(RowRefusal::ExpectsMissing);
        }
        Ok(Self { grounds: Some(grounds), ..row })
    }

    /// The same as a client of a mapper asks for it. Those in use give no grounds: then it takes the place of no account at once. Who
    /// gives some gives all.
    ///
    /// # Errors
    /// As [`AccountRow::read_from_bank`].
    pub fn read_from_mapper(
        vault: &Vault,
        written: &Written<'_>,
        reason: &str,
        consent: &str,
    ) -> Result<Self, RowRefusal> {
        if reason.is_empty() && consent.is_empty() {
            Ok(Self { may_replace: false, ..Self::read(vault, written)? })
        } else {
            Self::read_from_bank(vault, written, reason, consent, Unexpected::Hold)
        }
    }

    /// What an officer releases: the change that was asked for, in the place of the account that was in force then.
    pub(crate) fn released(change: &PendingChange, expects: Account) -> Self {
        Self {
            action: Action::Designate,
            payee: change.asked.payee,
            key: change.payee,
            account: Some(change.asked.account),
            says_currency: true,
            bic: None,
            expects: Some(Expects::Account(expects)),
            specific: None,
            grounds: change.grounds,
            may_replace: true,
        }
    }

    /// The blind index of its payee.
    pub(crate) const fn key(&self) -> Blind {
        self.key
    }
}

/// What is known of the payees of several changes, and what those before have decided.
pub struct AccountState {
    /// Of the accounts that are named or stand.
    banks: BankDirectory,
    /// What the specific accounts are for; none where the payer is not registered.
    purposes: BTreeMap<(String, BenefitKind), Option<Purpose>>,
    payees: BTreeMap<Blind, RegisterStatus>,
    histories: BTreeMap<(Blind, Option<Blind>), (Link<Designation>, Standing)>,
    /// Until when the change waits that was held for a payee.
    waiting: BTreeMap<Blind, Timestamp>,
    changes: usize,
}

/// A row to be added to one payee's history.
pub struct AccountChange {
    payee: Blind,
    purpose: Option<Purpose>,
    previous: Link<Designation>,
    standing: Standing,
    channel: ChannelKind,
    grounds: Option<Grounds>,
    /// The payee is known by this account alone, and was not before: an SE or P number.
    new_payee: Option<PayeeId>,
}

impl AccountChange {
    /// Whether it comes directly after this row of the history.
    pub(crate) fn follows(&self, row: Id<Designation>) -> bool {
        matches!(self.previous, Link::Stored(previous) if previous == row)
    }
}

/// A change that is to wait.
pub(crate) struct HeldChange {
    id: Id<PendingChange>,
    payee: Blind,
    expects: Link<Designation>,
    until: Timestamp,
    grounds: Option<Grounds>,
    asked: Asked,
}

fn unless_empty<T, E>(
    text: &str,
    parse: impl FnOnce(&str) -> Result<T, E>,
    refusal: RowRefusal,
) -> Result<Option<T>, RowRefusal> {
    if text.is_empty() { Ok(None) } else { parse(text).map(Some).map_err(|_| refusal) }
}

impl Source for Accounts {
    const OPERATION: Operation = policy::IMPORT_ACCOUNTS;
    const HEADER: &'static [&'static str] =
        &["action", "payee", "account", "bic", "expects", "currency", "payer", "benefit"];
    type Row = AccountRow;
    type State = AccountState;
    type Change = AccountChange;

    fn sender(&self) -> String {
        self.channel.name()
    }

    fn read(&self, fields: &[&str]) -> Result<AccountRow, RowRefusal> {
        let &[action, payee, account, bic, expects, currency, payer, benefit] = fields else {
            return Err(RowRefusal::Malformed);
        };
        AccountRow::read(&self.vault, &Written { action, payee, account, bic, expects, currency, payer, benefit })
    }

    fn load(&self, scope: &Scope<'_>, rows: &[&AccountRow]) -> Result<AccountState, Error> {
        if !sender_is_known(scope.tx, &self.channel)? {
            return Err(ImportRefusal::BankUnknown.into());
        }
        AccountState::load(scope, rows)
    }

    fn decide(&self, state: &mut AccountState, row: &AccountRow, _: &Env) -> Result<Option<AccountChange>, RowRefusal> {
        state.decide(&self.channel, row)
    }

    fn save(&self, scope: &Scope<'_>, changes: &[AccountChange], entry: Entry) -> Result<Vec<Rows>, Error> {
        Ok(save(scope, &[(entry, changes, &[])])?.into_iter().flatten().collect())
    }
}

/// Whether the bank directory, as it stands, names the bank that sends.
pub(crate) fn sender_is_known(tx: &Tx<'_>, channel: &Channel) -> Result<bool, Error> {
    match channel {
        Channel::Bank(name) => store::bank::has_name(tx, name),
        Channel::Operator => Ok(true),
    }
}

impl AccountState {
    /// Looks up what the rows are about.
    pub(crate) fn load(scope: &Scope<'_>, rows: &[&AccountRow]) -> Result<Self, Error> {
        let mut keys: Vec<&Blind> = rows.iter().map(|row| &row.key).collect();
        keys.sort_unstable();
        keys.dedup();
        let mut state = Self {
            banks: BankDirectory::new(),
            purposes: BTreeMap::new(),
            payees: BTreeMap::new(),
            histories: BTreeMap::new(),
            waiting: BTreeMap::new(),
            changes: 0,
        };
        store::payee::find_many(scope, keys.iter().copied(), |index, found| {
            state.payees.insert(*keys[index], found.status);
            if let Some(newest) = found.designation {
                state.histories.insert((*keys[index], None), (Link::Stored(newest.id), newest.standing));
            }
            if let Some(until) = found.pending_until {
                state.waiting.insert(*keys[index], until);
            }
            Ok(())
        })?;
        let mut wanted = BTreeSet::new();
        for row in rows {
            let Some(specific) = &row.specific else { continue };
            if !state.purposes.contains_key(specific) {
                let (payer, benefit) = specific;
                let purpose = store::payer::find_by_name(scope, payer)?.map(|payer| Purpose {
                    key: purpose::key(scope.vault, payer.id, benefit),
                    payer: payer.id,
                    benefit: benefit.clone(),
                });
                state.purposes.insert(specific.clone(), purpose);
            }
            if let Some(Some(Purpose { key, .. })) = state.purposes.get(specific) {
                wanted.insert((row.key, *key));
            }
        }
        let mut payees: Vec<&Blind> = wanted.iter().map(|(payee, _)| payee).collect();
        payees.dedup();
        store::designation::find_specifics(scope, payees.iter().copied(), |index, newest| {
            if newest.purpose.is_some_and(|purpose| wanted.contains(&(*payees[index], purpose))) {
                let standing = (Link::Stored(newest.id), newest.standing);
                state.histories.insert((*payees[index], newest.purpose), standing);
            }
            Ok(())
        })?;
        let named = rows.iter().filter_map(|row| row.account);
        let standing = state.histories.values().map(|(_, standing)| standing.account);
        let regs = named.chain(standing).filter_map(|account| account.reg()).collect();
        state.banks = store::bank::directory_of(scope.tx, &regs)?;
        Ok(state)
    }

    /// Decides one row, after those before it. `None`: nothing changes.
    pub(crate) fn decide(&mut self, channel: &Channel, row: &AccountRow) -> Result<Option<AccountChange>, RowRefusal> {
        let purpose = self.purpose(row)?;
        let Some(standing) = self.judge(channel, row, purpose.as_ref(), row.expects)? else { return Ok(None) };
        let history = (row.key, purpose.as_ref().map(|purpose| purpose.key));
        let newest = self.histories.get(&history);
        let replaces = newest.is_some_and(|(_, newest)| newest.state != State::Closed);
        if row.action == Action::Designate && replaces && !row.may_replace {
            return Err(RowRefusal::ExpectsMissing);
        }
        let previous = newest.map_or(Link::None, |(newest, _)| *newest);
        self.histories.insert(history, (Link::Pending(self.changes), standing));
        let is_new_payee = self.payees.insert(row.key, self.status(row).unwrap_or(RegisterStatus::Unlisted)).is_none();
        let new_payee = Some(row.payee).filter(|payee| is_new_payee && !payee.has_register());
        self.changes += 1;
        let (channel, grounds) = (channel.kind(), row.grounds);
        Ok(Some(AccountChange { payee: row.key, purpose, previous, standing, channel, grounds, new_payee }))
    }

    /// Holds a row that was refused for not saying which account it takes the place of, if nothing else is against it: as if it
    /// had named the one in force. `id` is for the change that waits then.
    pub(crate) fn hold(
        &mut self,
        channel: &Channel,
        row: &AccountRow,
        id: Id<PendingChange>,
        now: Timestamp,
    ) -> Result<HeldChange, RowRefusal> {
        let history = self.histories.get(&(row.key, None)).filter(|(_, standing)| standing.state != State::Closed);
        let (Some((newest, current)), Some(account), None) = (history, row.account, &row.specific) else {
            return Err(RowRefusal::ExpectsMissing);
        };
        let (newest, expects) = (*newest, Expects::Account(current.account.account()));
        self.judge(channel, row, None, Some(expects))?;
        if self.waiting.get(&row.key).is_some_and(|until| now < *until) {
            return Err(RowRefusal::Waiting);
        }
        let until = pending::until(now);
        self.waiting.insert(row.key, until);
        let asked = Asked { payee: row.payee, channel: channel.clone(), account };
        Ok(HeldChange { id, payee: row.key, expects: newest, until, grounds: row.grounds, asked })
    }

    /// What the rule says of a row.
    fn judge(
        &self,
        channel: &Channel,
        row: &AccountRow,
        purpose: Option<&Purpose>,
        expects: Option<Expects>,
    ) -> Result<Option<Standing>, RowRefusal> {
        if let (Some(bic), Some(account)) = (row.bic, row.account)
            && account.bic(&self.banks) != Some(bic)
        {
            return Err(RowRefusal::AccountBic);
        }
        let request = Request {
            channel,
            action: row.action,
            account: row.account,
            says_currency: row.says_currency,
            expects,
            is_specific: purpose.is_some(),
            grounds: row.grounds,
        };
        let current = self.histories.get(&(row.key, purpose.map(|purpose| purpose.key)));
        designation::decide(&request, self.status(row), current.map(|(_, standing)| standing), &self.banks)
    }

    /// What a row's specific account is for.
    fn purpose(&self, row: &AccountRow) -> Result<Option<Purpose>, RowRefusal> {
        let Some(specific) = &row.specific else { return Ok(None) };
        self.purposes.get(specific).cloned().flatten().map(Some).ok_or(RowRefusal::PayerUnknown)
    }

    fn status(&self, row: &AccountRow) -> Option<RegisterStatus> {
        let known = self.payees.get(&row.key).copied();
        known.or((!row.payee.has_register()).then_some(RegisterStatus::Unlisted))
    }
}

/// What one entry changes: rows of histories, and changes that wait.
pub(crate) type Changed<'c> = (Entry, &'c [AccountChange], &'c [HeldChange]);

/// Saves what several entries changed; the rows of each.
pub(crate) fn save(scope: &Scope<'_>, entries: &[Changed<'_>]) -> Result<Vec<Vec<Rows>>, Error> {
    let changes: Vec<(Entry, Id<Designation>, &AccountChange)> = entries
        .iter()
        .flat_map(|(entry, changes, _)| {
            changes.iter().enumerate().map(|(at, change)| Ok((*entry, entry.row(at)?, change)))
        })
        .collect::<Result<_, Error>>()?;
    let ids: Vec<Id<Designation>> = changes.iter().map(|(_, id, _)| *id).collect();
    let designated = save_changes(scope, changes, &ids)?;
    let held = save_held(scope, entries, &ids)?;
    let (mut designated, mut held) = (designated.into_iter(), held.into_iter());
    let rows = entries.iter().map(|(_, changes, waits)| {
        let designated = if changes.is_empty() { None } else { designated.next() };
        let held = if waits.is_empty() { None } else { held.next() };
        designated.into_iter().chain(held).collect()
    });
    Ok(rows.collect())
}

/// Saves rows of histories; the rows of each entry that has any.
fn save_changes(
    scope: &Scope<'_>,
    changes: Vec<(Entry, Id<Designation>, &AccountChange)>,
    ids: &[Id<Designation>],
) -> Result<Vec<Rows>, Error> {
    let mut new = Vec::with_capacity(changes.len());
    // The newest row of each history, in the directory's order.
    let mut newest: BTreeMap<(Blind, Option<Blind>), (bool, Id<Designation>)> = BTreeMap::new();
    let mut new_payees = BTreeMap::new();
    for (entry, id, change) in changes {
        new.push(store::designation::NewDesignation {
            id,
            payee: change.payee,
            purpose: change.purpose.clone(),
            previous: change.previous.id(ids),
            // The moment of the entry, which is never before that of the row that it follows.
            effective: entry.at,
            standing: change.standing,
            channel: change.channel,
            grounds: change.grounds,
        });
        newest
            .entry((change.payee, change.purpose.as_ref().map(|purpose| purpose.key)))
            .and_modify(|(_, latest)| *latest = id)
            .or_insert((matches!(change.previous, Link::None), id));
        new_payees.extend(change.new_payee.map(|number| (change.payee, number)));
    }
    let rows = store::designation::insert_many(scope, &new)?;
    store::payee::insert_many(
        scope,
        new_payees.iter().map(|(key, number)| store::payee::NewPayee {
            key,
            status: RegisterStatus::Unlisted,
            register_row: None,
            designation: None,
            has_specific: false,
            number: Some(*number),
        }),
    )?;
    let defaults = newest.iter().filter(|((_, purpose), _)| purpose.is_none());
    store::payee::set_designations(scope.tx, defaults.map(|((payee, _), (_, id))| (payee, *id)))?;
    let specific = |first: bool| {
        newest
            .iter()
            .filter(move |(_, (is_first, _))| *is_first == first)
            .filter_map(|((payee, purpose), (_, id))| Some((payee, purpose.as_ref()?, *id)))
    };
    store::designation::insert_specific(scope.tx, specific(true))?;
    store::designation::set_specific(scope.tx, specific(false))?;
    store::payee::set_has_specific(scope.tx, specific(true).map(|(payee, ..)| payee))?;
    Ok(rows)
}

/// Saves changes that wait; the rows of each entry that has any.
fn save_held(scope: &Scope<'_>, entries: &[Changed<'_>], ids: &[Id<Designation>]) -> Result<Vec<Rows>, Error> {
    let mut new = Vec::new();
    for (entry, _, held) in entries {
        for HeldChange { id, payee, expects, until, grounds, asked } in *held {
            // There is an account in force that it would take the place of.
            let expects =
                expects.id(ids).ok_or_else(|| StoreError::plain("a change that replaces nothing was held"))?;
            let (payee, until, grounds, asked) = (*payee, *until, *grounds, asked.clone());
            new.push((*entry, PendingChange { id: *id, payee, expects, until, grounds, asked }));
        }
    }
    let mut pending: Vec<_> = new.iter().map(|(_, change)| (&change.payee, change.id, change.until)).collect();
    pending.sort_unstable_by_key(|(payee, ..)| *payee);
    store::payee::set_pending(scope.tx, pending)?;
    store::pending::insert_many(scope, &new)
}

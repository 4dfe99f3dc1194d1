//! The bulk channel: banks and the operator designate, close, freeze and unfreeze accounts.

use super::{ImportRefusal, Link, Source};
use crate::account::DesignatedAccount;
use crate::designation::{self, Action, Channel, ChannelKind, Designation, Expects, Request, Standing};
use crate::payee::{PayeeId, RegisterStatus};
use crate::payer::Payer;
use crate::policy;
use crate::purpose::{self, BenefitKind, Purpose};
use crate::row_refusal::RowRefusal;
use crate::store;
use denmark::{Account, BankDirectory, Bic, Currency};
use kernel::journal::{Entry, Rows};
use kernel::{Blind, Env, Error, Id, Operation, Scope, Tx, Vault};
use std::collections::BTreeMap;

/// A file of changes: `action,payee,account,bic,expects,currency,payer,benefit`.
pub struct Accounts {
    /// Who sends it.
    pub channel: Channel,
    /// What gives the blind indexes.
    pub vault: Vault,
}

/// One row, read.
pub struct AccountRow {
    action: Action,
    payee: Blind,
    /// The payee's number, of a kind that no register lists.
    unlisted: Option<PayeeId>,
    account: Option<DesignatedAccount>,
    /// The BIC that the row names, to be held against the directory's.
    bic: Option<Bic>,
    expects: Option<Expects>,
    specific: Option<(String, BenefitKind)>,
}

/// What is known of the payees of a chunk.
pub struct AccountState {
    /// Of the accounts that are named or stand.
    banks: BankDirectory,
    payers: BTreeMap<String, Option<Id<Payer>>>,
    payees: BTreeMap<Blind, RegisterStatus>,
    histories: BTreeMap<(Blind, Option<Blind>), (Link<Designation>, Standing)>,
    changes: usize,
}

/// A row to be added to one payee's history.
pub struct AccountChange {
    payee: Blind,
    purpose: Option<Purpose>,
    previous: Link<Designation>,
    standing: Standing,
    channel: ChannelKind,
    /// The payee is known by this account alone, and was not before: an SE or P number.
    new_payee: Option<PayeeId>,
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
        let [action, payee, account, bic, expects, currency, payer, benefit] = fields else {
            return Err(RowRefusal::Malformed);
        };
        let action = Action::parse(action).ok_or(RowRefusal::Action)?;
        let payee = PayeeId::parse(payee).ok_or(RowRefusal::Payee)?;
        let account = unless_empty(account, Account::parse, RowRefusal::Account)?;
        let bic = unless_empty(bic, Bic::parse, RowRefusal::Bic)?;
        let expects = unless_empty(expects, |text| Expects::parse(text).ok_or(()), RowRefusal::Expects)?;
        let currency = unless_empty(currency, Currency::parse, RowRefusal::Currency)?;
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
            (false, false) => Some(((*payer).to_owned(), BenefitKind::parse(benefit).ok_or(RowRefusal::Purpose)?)),
            _ => return Err(RowRefusal::Purpose),
        };
        let unlisted = Some(payee).filter(|payee| !payee.has_register());
        Ok(AccountRow { action, payee: payee.key(&self.vault), unlisted, account, bic, expects, specific })
    }

    fn load(&self, scope: &Scope<'_>, rows: &[&AccountRow]) -> Result<AccountState, Error> {
        if !self.sender_is_known(scope.tx)? {
            return Err(ImportRefusal::BankUnknown.into());
        }
        AccountState::load(scope, rows)
    }

    fn decide(&self, state: &mut AccountState, row: &AccountRow, _: &Env) -> Result<Option<AccountChange>, RowRefusal> {
        let purpose = match &row.specific {
            None => None,
            Some((payer, benefit)) => {
                let payer = state.payers.get(payer).copied().flatten().ok_or(RowRefusal::PayerUnknown)?;
                let key = purpose::key(&self.vault, payer, benefit);
                Some(Purpose { key, payer, benefit: benefit.clone() })
            }
        };
        let purpose_key = purpose.as_ref().map(|purpose| purpose.key);
        if let (Some(bic), Some(account)) = (row.bic, row.account)
            && account.bic(&state.banks) != Some(bic)
        {
            return Err(RowRefusal::AccountBic);
        }
        let known = state.payees.get(&row.payee).copied();
        let status = known.or(row.unlisted.map(|_| RegisterStatus::Unlisted));
        let history = state.histories.get(&(row.payee, purpose_key));
        let request = Request {
            channel: &self.channel,
            action: row.action,
            account: row.account,
            expects: row.expects,
            is_specific: purpose.is_some(),
        };
        let current = history.map(|(_, standing)| standing);
        let Some(standing) = designation::decide(&request, status, current, &state.banks)? else { return Ok(None) };
        let previous = history.map_or(Link::None, |(newest, _)| *newest);
        state.histories.insert((row.payee, purpose_key), (Link::Pending(state.changes), standing));
        state.payees.insert(row.payee, status.unwrap_or(RegisterStatus::Unlisted));
        state.changes += 1;
        let (payee, channel) = (row.payee, self.channel.kind());
        let new_payee = row.unlisted.filter(|_| known.is_none());
        Ok(Some(AccountChange { payee, purpose, previous, standing, channel, new_payee }))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[AccountChange], entry: Entry) -> Result<Vec<Rows>, Error> {
        save(scope, &[(entry, changes)])
    }
}

impl Accounts {
    /// Whether the bank directory, as it stands, names the bank that sends.
    pub(crate) fn sender_is_known(&self, tx: &Tx<'_>) -> Result<bool, Error> {
        match &self.channel {
            Channel::Bank(name) => store::bank::has_name(tx, name),
            Channel::Operator => Ok(true),
        }
    }
}

impl AccountState {
    /// Looks up what the rows are about.
    pub(crate) fn load(scope: &Scope<'_>, rows: &[&AccountRow]) -> Result<Self, Error> {
        let mut keys: Vec<&Blind> = rows.iter().map(|row| &row.payee).collect();
        keys.sort_unstable();
        keys.dedup();
        let mut state = Self {
            banks: BankDirectory::new(),
            payers: BTreeMap::new(),
            payees: BTreeMap::new(),
            histories: BTreeMap::new(),
            changes: 0,
        };
        store::payee::find_many(scope, keys.iter().copied(), |index, found| {
            state.payees.insert(*keys[index], found.status);
            if let Some(newest) = found.designation {
                state.histories.insert((*keys[index], None), (Link::Stored(newest.id), newest.standing));
            }
            Ok(())
        })?;
        for row in rows {
            let Some((payer, benefit)) = &row.specific else { continue };
            if !state.payers.contains_key(payer) {
                let found = store::payer::find_by_name(scope, payer)?.map(|payer| payer.id);
                state.payers.insert(payer.clone(), found);
            }
            let Some(Some(payer)) = state.payers.get(payer) else { continue };
            let purpose = purpose::key(scope.vault, *payer, benefit);
            if let Some(newest) = store::designation::find_specific(scope, &row.payee, &purpose)? {
                state.histories.insert((row.payee, Some(purpose)), (Link::Stored(newest.id), newest.standing));
            }
        }
        let named = rows.iter().filter_map(|row| row.account);
        let standing = state.histories.values().map(|(_, standing)| standing.account);
        let regs = named.chain(standing).filter_map(|account| account.reg()).collect();
        state.banks = store::bank::directory_of(scope.tx, &regs)?;
        Ok(state)
    }
}

/// Saves what several entries changed; the rows of each entry that changed anything.
pub(crate) fn save(scope: &Scope<'_>, entries: &[(Entry, &[AccountChange])]) -> Result<Vec<Rows>, Error> {
    let changes: Vec<(Entry, Id<Designation>, &AccountChange)> = entries
        .iter()
        .flat_map(|(entry, changes)| {
            changes.iter().enumerate().map(|(at, change)| Ok((*entry, entry.row(at)?, change)))
        })
        .collect::<Result<_, Error>>()?;
    let ids: Vec<Id<Designation>> = changes.iter().map(|(_, id, _)| *id).collect();
    let mut new = Vec::with_capacity(changes.len());
    // The newest row of each history, in the directory's order.
    let mut newest: BTreeMap<(Blind, Option<Blind>), (bool, Id<Designation>)> = BTreeMap::new();
    let mut new_payees = BTreeMap::new();
    for (entry, id, change) in changes {
        new.push(store::designation::NewDesignation {
            id,
            payee: change.payee,
            purpose: change.purpose.clone(),
            previous: change.previous.id(&ids),
            // The moment of the entry, which is never before that of the row that it follows.
            effective: entry.at,
            standing: change.standing,
            channel: change.channel,
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

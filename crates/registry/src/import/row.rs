//! One change of an account, as a file or a request writes it.

use crate::account::DesignatedAccount;
use crate::designation::{Action, Channel, Expects};
use crate::grounds::Grounds;
use crate::payee::PayeeId;
use crate::proposal::{ChangeId, Holder, Proposal, Unexpected};
use crate::purpose::{BenefitKind, Purpose};
use crate::row_refusal::RowRefusal;
use denmark::{Account, Bic, Currency};
use kernel::{Blind, Vault};

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
    pub(super) action: Action,
    pub(super) payee: PayeeId,
    pub(super) key: Blind,
    pub(super) account: Option<DesignatedAccount>,
    pub(super) says_currency: bool,
    /// The BIC that the row names, to be held against the directory's.
    pub(super) bic: Option<Bic>,
    pub(super) expects: Option<Expects>,
    pub(super) specific: Option<Specific>,
    pub(super) grounds: Option<Grounds>,
    /// Whether it may take the place of another account at once.
    pub(super) may_replace: bool,
    /// The change that it reverts.
    pub(super) reverts: Option<ChangeId>,
    /// Whose account it is said to be.
    pub(super) holder: Option<Holder>,
}

/// What a specific account is for.
#[derive(Clone)]
pub(super) enum Specific {
    /// By the payer's name.
    Named(String, BenefitKind),
    /// As it was recorded.
    Known(Purpose),
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
            (false, false) => {
                Some(Specific::Named(payer.to_owned(), BenefitKind::parse(benefit).ok_or(RowRefusal::Purpose)?))
            }
            _ => return Err(RowRefusal::Purpose),
        };
        let key = payee.key(vault);
        let (grounds, may_replace, reverts, holder) = (None, true, None, None);
        Ok(Self {
            action,
            payee,
            key,
            account,
            says_currency,
            bic,
            expects,
            specific,
            grounds,
            may_replace,
            reverts,
            holder,
        })
    }

    /// The same with whose account it is said to be, in one of the words of [`Holder::name`]; empty says nothing.
    ///
    /// # Errors
    /// It is none of them.
    pub fn held_by(self, holder: &str) -> Result<Self, RowRefusal> {
        let holder = unless_empty(holder, |text| Holder::parse(text).ok_or(()), RowRefusal::Holder)?;
        Ok(Self { holder, ..self })
    }

    /// Whose account it is by what a file or a bank says. A bank answers for its customer; who loads a file has not been told.
    pub(super) fn holder(&self, channel: &Channel) -> Holder {
        let unsaid = if matches!(channel, Channel::Bank(_)) { Holder::Own } else { Holder::Unknown };
        self.holder.unwrap_or(unsaid)
    }

    /// The same as a person asks for it, or a bank: what they expect is no account or a whole one, since what stands for many can be
    /// guessed.
    ///
    /// # Errors
    /// It is not a change.
    pub fn read_from_person(vault: &Vault, written: &Written<'_>) -> Result<Self, RowRefusal> {
        let row = Self::read(vault, written)?;
        if matches!(row.expects, Some(Expects::Reg(_) | Expects::Bic(_))) { Err(RowRefusal::Expects) } else { Ok(row) }
    }

    /// The same as a bank asks for it, which gives its grounds, and says what a `change` takes the place of unless that may wait.
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
        let row = Self::read_from_person(vault, written)?;
        let grounds = Grounds::read(row.action, reason, consent)?;
        if written.action == "change" && row.expects.is_none() && unexpected == Unexpected::Refuse {
            return Err(RowRefusal::ExpectsMissing);
        }
        Ok(Self { grounds: Some(grounds), ..row })
    }

    /// The same as a row of a bank's file says it, where grounds can be left out unless it takes the place of what was there.
    ///
    /// # Errors
    /// It is not a change, or its grounds are none.
    pub(super) fn read_from_file(
        vault: &Vault,
        written: &Written<'_>,
        reason: &str,
        consent: &str,
        is_banks: bool,
    ) -> Result<Self, RowRefusal> {
        let row = Self::read(vault, written)?;
        if reason.is_empty() && consent.is_empty() {
            return Ok(row);
        }
        // Why a bank does something is no reason of the agency's.
        if !is_banks {
            return Err(RowRefusal::Reason);
        }
        Ok(Self { grounds: Some(Grounds::read(row.action, reason, consent)?), ..row })
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

    /// What takes effect of a proposal: what was asked for, in the place of the account that was in force then.
    pub(crate) fn of(proposal: &Proposal, replaced: Option<Account>) -> Self {
        let asked = &proposal.asked;
        let is_live = replaced.is_some() && !proposal.is_first;
        Self {
            action: asked.action,
            payee: asked.payee,
            key: proposal.payee,
            account: asked.account,
            says_currency: true,
            bic: None,
            expects: replaced.filter(|_| is_live).map(Expects::Account),
            reverts: asked.reverts,
            specific: asked
                .specific
                .as_ref()
                .zip(proposal.purpose)
                .map(|(of, key)| Specific::Known(Purpose { key, payer: of.payer, benefit: of.benefit.clone() })),
            grounds: proposal.grounds,
            may_replace: true,
            holder: Some(asked.holder),
        }
    }

    /// What is done to an account of a payee's as it stands: the default one, or one for a purpose.
    pub(crate) fn standing(action: Action, payee: PayeeId, key: Blind, purpose: Option<Purpose>) -> Self {
        let specific = purpose.map(Specific::Known);
        let (account, bic, expects, grounds, reverts, holder) = (None, None, None, None, None, None);
        let (says_currency, may_replace) = (false, true);
        Self {
            action,
            payee,
            key,
            account,
            says_currency,
            bic,
            expects,
            specific,
            grounds,
            may_replace,
            reverts,
            holder,
        }
    }

    /// What reverts a change of a payee's account: the default one, or one for a purpose.
    pub(crate) fn reverting(change: ChangeId, payee: PayeeId, key: Blind, purpose: Option<Purpose>) -> Self {
        Self { reverts: Some(change), ..Self::standing(Action::Revert, payee, key, purpose) }
    }

    /// Whether it is about the default account.
    pub(crate) const fn is_default(&self) -> bool {
        self.specific.is_none()
    }

    /// What is to be done.
    pub(crate) const fn action(&self) -> Action {
        self.action
    }

    /// The blind index of its payee.
    pub(crate) const fn key(&self) -> Blind {
        self.key
    }

    /// The account that it would designate.
    pub(super) fn designates(&self) -> Option<&DesignatedAccount> {
        self.account.as_ref().filter(|_| self.action == Action::Designate)
    }
}

fn unless_empty<T, E>(
    text: &str,
    parse: impl FnOnce(&str) -> Result<T, E>,
    refusal: RowRefusal,
) -> Result<Option<T>, RowRefusal> {
    if text.is_empty() { Ok(None) } else { parse(text).map(Some).map_err(|_| refusal) }
}

//! Designations: what one more act makes of the account in force. Pure.

use crate::account::DesignatedAccount;
use crate::payee::RegisterStatus;
use crate::row_refusal::RowRefusal;
use denmark::{Account, BankDirectory, Bic, RegNumber};
use kernel::{Blind, Id, Timestamp};

/// What holds of a designated account from a certain moment on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Payouts go to it.
    InForce,
    /// Payouts to it are refused until the operator unfreezes it.
    Frozen,
    /// It was closed, and nothing took its place.
    Closed,
    /// Payouts to it are refused until its bank, or the operator, unfreezes it.
    FrozenByBank,
}

impl State {
    /// As the store knows it.
    #[must_use]
    pub const fn code(self) -> i64 {
        self as i64
    }

    /// What the store knows as `code`.
    #[must_use]
    pub fn from_code(code: i64) -> Option<Self> {
        [Self::InForce, Self::Frozen, Self::Closed, Self::FrozenByBank].into_iter().find(|state| state.code() == code)
    }

    /// As people read it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::InForce => "in_force",
            Self::Frozen | Self::FrozenByBank => "frozen",
            Self::Closed => "closed",
        }
    }

    /// Whether nothing may be paid to it, or put in its place, for now.
    #[must_use]
    pub const fn is_frozen(self) -> bool {
        matches!(self, Self::Frozen | Self::FrozenByBank)
    }
}

/// An account and what holds of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// What holds.
    pub state: State,
    /// Of which account.
    pub account: DesignatedAccount,
}

/// One row of a payee's history: from `effective` on, `standing` holds. Rows are never changed; the newest recorded row whose
/// moment has come is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Designation {
    /// Its place in the journal.
    pub id: Id<Self>,
    /// The row recorded before it for the same payee and purpose.
    pub previous: Option<Id<Self>>,
    /// The payer and benefit of a specific account; none for the default account.
    pub purpose: Option<Blind>,
    /// From when.
    pub effective: Timestamp,
    /// What.
    pub standing: Standing,
}

/// What somebody asks to be done with a payee's account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Designate it: the first one, or in the place of another.
    Designate,
    /// It is closed.
    Close,
    /// Nothing may be paid to it for now.
    Freeze,
    /// It may be paid to again.
    Unfreeze,
}

impl Action {
    /// As a file says it. `register` and `change` are one act: what keeps them apart is what is expected to be there.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "register" | "change" => Some(Self::Designate),
            "close" => Some(Self::Close),
            "freeze" => Some(Self::Freeze),
            "unfreeze" => Some(Self::Unfreeze),
            _ => None,
        }
    }
}

/// What somebody who asks for a change believes to be in force: compare and swap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expects {
    /// No account.
    Nothing,
    /// An account with this registration number.
    Reg(RegNumber),
    /// An account with a bank of this BIC.
    Bic(Bic),
    /// This account.
    Account(Account),
}

impl Expects {
    /// Reads `none`, a registration number, a BIC or an account.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text == "none" {
            return Some(Self::Nothing);
        }
        if let Ok(reg) = RegNumber::parse(text) {
            return Some(Self::Reg(reg));
        }
        if let Ok(account) = Account::parse(text) {
            return Some(Self::Account(account));
        }
        Bic::parse(text).ok().map(Self::Bic)
    }

    fn holds(&self, current: Option<&DesignatedAccount>, banks: &BankDirectory) -> bool {
        match (self, current) {
            (Self::Nothing, current) => current.is_none(),
            (_, None) => false,
            (Self::Reg(reg), Some(current)) => current.reg() == Some(*reg),
            (Self::Bic(bic), Some(current)) => current.bic(banks) == Some(*bic),
            (Self::Account(account), Some(current)) => current.is(account),
        }
    }
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Channel {
    /// A bank, by the name that the bank directory gives it: its own accounts only.
    Bank(String),
    /// The registry's operator.
    Operator,
}

impl Channel {
    /// As the journal and the history say it.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Bank(name) => format!("bank:{name}"),
            Self::Operator => "operator".to_owned(),
        }
    }

    fn may_touch(&self, account: &DesignatedAccount, banks: &BankDirectory) -> bool {
        match self {
            Self::Operator => true,
            Self::Bank(name) => account.reg().and_then(|reg| banks.get(reg)).is_some_and(|bank| bank.name == *name),
        }
    }
}

/// One request, with everything that deciding it needs.
pub struct Request<'r> {
    /// Who asks.
    pub channel: &'r Channel,
    /// For what.
    pub action: Action,
    /// With which account. Closing, freezing and unfreezing may leave it out.
    pub account: Option<DesignatedAccount>,
    /// What is believed to be in force.
    pub expects: Option<Expects>,
    /// Whether it is for one payer's benefit rather than the default account.
    pub is_specific: bool,
}

/// Decides one request. `None`: all is as asked already.
///
/// The order of the refusals is that of the lines below, and each has a row in the tests.
///
/// # Errors
/// The first refusal that holds.
pub fn decide(
    request: &Request<'_>,
    payee: Option<RegisterStatus>,
    current: Option<&Standing>,
    banks: &BankDirectory,
) -> Result<Option<Standing>, RowRefusal> {
    let Request { channel, action, account, expects, is_specific } = request;
    let status = payee.ok_or(RowRefusal::PayeeUnknown)?;
    if *is_specific && matches!(channel, Channel::Bank(_)) {
        return Err(RowRefusal::SpecificByOperator);
    }
    // An account that was closed is no account: the next one is a first designation.
    let live = current.filter(|standing| standing.state != State::Closed);
    let next = match action {
        Action::Designate => {
            let account = account.ok_or(RowRefusal::AccountMissing)?;
            if account.reg().is_some_and(|reg| banks.get(reg).is_none()) {
                return Err(RowRefusal::BankUnknown);
            }
            if !channel.may_touch(&account, banks) {
                return Err(RowRefusal::OtherBank);
            }
            if !status.is_living() {
                return Err(RowRefusal::PayeeDead);
            }
            Standing { state: State::InForce, account }
        }
        Action::Close | Action::Freeze | Action::Unfreeze => {
            let Some(current) = current else { return Err(RowRefusal::NothingThere) };
            if !channel.may_touch(&current.account, banks) {
                return Err(RowRefusal::OtherBank);
            }
            if account.is_some_and(|named| named.to_text() != current.account.to_text()) {
                return Err(RowRefusal::ExpectsMismatch);
            }
            let state = match (action, channel) {
                // What the operator froze stays the operator's.
                (Action::Freeze, Channel::Bank(_)) if current.state == State::Frozen => State::Frozen,
                (Action::Freeze, Channel::Bank(_)) => State::FrozenByBank,
                (Action::Freeze, Channel::Operator) => State::Frozen,
                (Action::Close, _) => State::Closed,
                (Action::Designate | Action::Unfreeze, _) => State::InForce,
            };
            if current.state == State::Closed && state != State::Closed {
                return Err(RowRefusal::NothingThere);
            }
            // Closing would be a way around: an account that was closed can be replaced by anybody.
            let is_lifted_by_others = *action == Action::Unfreeze && matches!(channel, Channel::Bank(_));
            if (*action == Action::Close && current.state.is_frozen())
                || (is_lifted_by_others && current.state == State::Frozen)
            {
                return Err(RowRefusal::Frozen);
            }
            Standing { state, account: current.account }
        }
    };
    if current == Some(&next) {
        return Ok(None);
    }
    let live_account = live.map(|standing| &standing.account);
    match expects {
        Some(expects) if !expects.holds(live_account, banks) => return Err(RowRefusal::ExpectsMismatch),
        None if *action == Action::Designate && live.is_some() => return Err(RowRefusal::ExpectsMissing),
        _ => {}
    }
    if *action == Action::Designate && live.is_some_and(|standing| standing.state.is_frozen()) {
        return Err(RowRefusal::Frozen);
    }
    Ok(Some(next))
}

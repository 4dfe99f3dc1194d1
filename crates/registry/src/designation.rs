//! Designations: what one more act makes of the account in force. Pure.

use crate::account::DesignatedAccount;
use crate::grounds::Grounds;
use crate::payee::RegisterStatus;
use crate::row_refusal::RowRefusal;
use denmark::{Account, BankDirectory, Bic, RegNumber};
use kernel::{Blind, Id, Timestamp};

/// What holds of a designated account from a certain moment on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Payouts go to it.
    InForce,
    /// Payouts to it are refused until officers unfreeze it.
    Frozen,
    /// It was closed, and nothing took its place.
    Closed,
    /// Payouts to it are refused until its bank, or officers, unfreeze it.
    FrozenByBank,
    /// Its payee may be the victim of whoever put it there: payouts to it wait, whatever was agreed, until officers unfreeze it or put
    /// another in its place.
    Contested,
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
        let all = [Self::InForce, Self::Frozen, Self::Closed, Self::FrozenByBank, Self::Contested];
        all.into_iter().find(|state| state.code() == code)
    }

    /// As people read it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::InForce => "in_force",
            Self::Frozen | Self::FrozenByBank | Self::Contested => "frozen",
            Self::Closed => "closed",
        }
    }

    /// Whether nothing may be paid to it, or put in its place, for now.
    #[must_use]
    pub const fn is_frozen(self) -> bool {
        matches!(self, Self::Frozen | Self::FrozenByBank | Self::Contested)
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

impl Standing {
    /// Whether both are of one account that is there: frozen or not.
    #[must_use]
    pub fn is_the_same_account(&self, other: &Self) -> bool {
        let is_live = |standing: &Self| standing.state != State::Closed;
        is_live(self) == is_live(other) && self.account == other.account
    }
}

/// What became of a change that took effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// What came of it stands; also where it was frozen since.
    InForce,
    /// Another account took its place.
    Replaced,
    /// The account was closed.
    Closed,
    /// What stood before it was put back.
    Reverted,
}

impl Fate {
    /// By the row of the history that came after it.
    #[must_use]
    pub const fn of(after: &Standing, reverts_it: bool) -> Self {
        match after.state {
            _ if reverts_it => Self::Reverted,
            State::Closed => Self::Closed,
            State::InForce | State::Frozen | State::FrozenByBank | State::Contested => Self::Replaced,
        }
    }

    /// As answers say it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::InForce => "in_force",
            Self::Replaced => "replaced",
            Self::Closed => "closed",
            Self::Reverted => "reverted",
        }
    }
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
    /// By which kind of channel it came.
    pub channel: ChannelKind,
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
    /// What stood before a change that took effect is put back.
    Revert,
}

impl Action {
    const NAMES: [(Self, &'static str); 5] = [
        (Self::Designate, "designate"),
        (Self::Close, "close"),
        (Self::Freeze, "freeze"),
        (Self::Unfreeze, "unfreeze"),
        (Self::Revert, "revert"),
    ];

    /// Whether it gives an account to nobody anew: officers undo what was done to one.
    #[must_use]
    pub const fn heals(self) -> bool {
        matches!(self, Self::Unfreeze | Self::Revert)
    }

    /// As answers say it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        Self::NAMES[self as usize].1
    }

    /// Reads what [`Action::name`] gives.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(action, _)| *action)
    }

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
    /// The payee, or whoever is entitled to act for a company, by self-service.
    SelfService,
    /// A caseworker of the authority that is registered as a payer under this name.
    Caseworker(String),
}

impl Channel {
    /// As the journal and the history say it.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Bank(name) => format!("bank:{name}"),
            Self::Operator => "operator".to_owned(),
            Self::SelfService => "self_service".to_owned(),
            Self::Caseworker(authority) => format!("caseworker:{authority}"),
        }
    }

    /// Reads what [`Channel::name`] gives.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once(':') {
            Some(("bank", name)) => Some(Self::Bank(name.to_owned())),
            Some(("caseworker", authority)) => Some(Self::Caseworker(authority.to_owned())),
            None if text == "operator" => Some(Self::Operator),
            None if text == "self_service" => Some(Self::SelfService),
            _ => None,
        }
    }

    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> ChannelKind {
        match self {
            Self::Bank(_) => ChannelKind::Bank,
            Self::Operator => ChannelKind::Operator,
            Self::SelfService => ChannelKind::SelfService,
            Self::Caseworker(_) => ChannelKind::Caseworker,
        }
    }

    fn may_touch(&self, account: &DesignatedAccount, banks: &BankDirectory) -> bool {
        match self {
            Self::Operator | Self::SelfService | Self::Caseworker(_) => true,
            Self::Bank(name) => account.reg().and_then(|reg| banks.get(reg)).is_some_and(|bank| bank.name == *name),
        }
    }
}

/// A channel without the name of who used it: what whoever asks for an account is told of how it came there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelKind {
    /// The payee's bank.
    Bank,
    /// The registry's operator.
    Operator,
    /// The payee by self-service.
    SelfService,
    /// A caseworker of an authority.
    Caseworker,
}

impl ChannelKind {
    /// Every kind there is.
    pub const ALL: [Self; 4] = [Self::Bank, Self::Operator, Self::SelfService, Self::Caseworker];

    /// As the store knows it.
    #[must_use]
    pub const fn code(self) -> i64 {
        self as i64
    }

    /// What the store knows as `code`.
    #[must_use]
    pub fn from_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// As others read it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bank => "bank",
            Self::Operator => "operator",
            Self::SelfService => "self_service",
            Self::Caseworker => "caseworker",
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
    /// Whether the account's currency was said. Else the account that is there is meant, whatever its currency.
    pub says_currency: bool,
    /// What is believed to be in force.
    pub expects: Option<Expects>,
    /// What holds of it where it is for one payer's benefit rather than the default account.
    pub specific: Option<Specific>,
    /// Why, where a bank says so.
    pub grounds: Option<Grounds>,
    /// What is to be reverted.
    pub undone: Option<Undone>,
}

/// What holds of a specific account that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Specific {
    /// Whether the one that stands is locked.
    pub is_locked: bool,
    /// Whether the registry is being loaded: nobody but its operator has proposed anything yet.
    pub is_loading: bool,
}

/// A change that is to be reverted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Undone {
    /// Whether what stands came of it: also if it was frozen since.
    pub stands: bool,
    /// What stood before it.
    pub before: Option<Standing>,
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
    let Request { channel, action, account, says_currency, expects, specific, grounds, undone } = request;
    if specific.is_some() && matches!(channel, Channel::Bank(_)) {
        return Err(RowRefusal::SpecificByAuthority);
    }
    // An account that was closed is no account: the next one is a first designation.
    let live = current.filter(|standing| standing.state != State::Closed);
    if let (Some(specific), Channel::Operator) = (specific, channel) {
        // Who loads a registry designates what never was there. What was is the authority's that pays, and the payee's.
        let is_next = *action == Action::Designate && (current.is_some() || !specific.is_loading);
        if specific.is_locked && live.is_some() && (is_next || *action == Action::Close) {
            return Err(RowRefusal::SpecificLocked);
        }
        if is_next {
            return Err(RowRefusal::SpecificAuthority);
        }
    }
    let own = current.filter(|standing| channel.may_touch(&standing.account, banks));
    let account = account.map(|named| match current {
        Some(current) if !says_currency && current.account.is(&named.account()) => current.account,
        _ => named,
    });
    // What a request says by itself comes before what it asks about somebody: a refusal of that tells nothing of them.
    let next = match action {
        Action::Designate => {
            let account = account.ok_or(RowRefusal::AccountMissing)?;
            if account.reg().is_some_and(|reg| banks.get(reg).is_none()) {
                return Err(RowRefusal::BankUnknown);
            }
            if !channel.may_touch(&account, banks) {
                return Err(RowRefusal::OtherBank);
            }
            if !payee.ok_or(RowRefusal::PayeeUnknown)?.is_living() {
                return Err(RowRefusal::PayeeDead);
            }
            Standing { state: State::InForce, account }
        }
        Action::Close | Action::Freeze | Action::Unfreeze => {
            // A bank is not told whether somebody has no account, one with another bank, or is nobody.
            if !matches!(channel, Channel::Bank(_)) && payee.is_none() {
                return Err(RowRefusal::PayeeUnknown);
            }
            let Some(current) = own else { return Err(RowRefusal::NothingThere) };
            if account.is_some_and(|named| named != current.account) {
                return Err(RowRefusal::ExpectsMismatch);
            }
            let state = match (action, channel) {
                // What the operator froze stays the operator's, and what a payee contests stays so.
                (Action::Freeze, Channel::Bank(_)) if current.state == State::Frozen => State::Frozen,
                (Action::Freeze, _) if current.state == State::Contested => State::Contested,
                (Action::Freeze, Channel::Bank(_)) => State::FrozenByBank,
                (Action::Freeze, _) => State::Frozen,
                (Action::Close, _) => State::Closed,
                (Action::Designate | Action::Unfreeze | Action::Revert, _) => State::InForce,
            };
            if current.state == State::Closed && state != State::Closed {
                return Err(RowRefusal::NothingThere);
            }
            // Closing would be a way around: an account that was closed can be replaced by anybody.
            let is_lifted_by_others = *action == Action::Unfreeze && matches!(channel, Channel::Bank(_));
            if (*action == Action::Close && current.state.is_frozen())
                || (is_lifted_by_others && matches!(current.state, State::Frozen | State::Contested))
            {
                return Err(RowRefusal::Frozen);
            }
            Standing { state, account: current.account }
        }
        Action::Revert => {
            let Some((undone, current)) = undone.zip(current) else { return Err(RowRefusal::NothingThere) };
            if !undone.stands {
                return Err(RowRefusal::Superseded);
            }
            match undone.before.filter(|before| before.state != State::Closed) {
                None => Standing { state: State::Closed, account: current.account },
                Some(before) => {
                    if before.account.reg().is_some_and(|reg| banks.get(reg).is_none()) {
                        return Err(RowRefusal::BankUnknown);
                    }
                    if !payee.ok_or(RowRefusal::PayeeUnknown)?.is_living() {
                        return Err(RowRefusal::PayeeDead);
                    }
                    before
                }
            }
        }
    };
    if current == Some(&next) {
        return Ok(None);
    }
    // A bank that acts by itself replaces what is its own: nobody comes to another bank but by their own wish. What it expects is
    // not looked at before that: it would learn whether it guessed right.
    let is_by_itself = grounds.is_some_and(|grounds| !grounds.reason.is_the_customers());
    if *action == Action::Designate && is_by_itself && own.is_none() {
        return Err(RowRefusal::Reason);
    }
    let live_account = live.map(|standing| &standing.account);
    match expects {
        Some(expects) if !expects.holds(live_account, banks) => return Err(RowRefusal::ExpectsMismatch),
        None if *action == Action::Designate && live.is_some() => return Err(RowRefusal::ExpectsMissing),
        _ => {}
    }
    // Officers put another account in the place of one that is frozen, two of them: nobody else does.
    let is_officers = matches!(channel, Channel::Operator | Channel::Caseworker(_));
    if *action == Action::Designate && !is_officers && live.is_some_and(|standing| standing.state.is_frozen()) {
        return Err(RowRefusal::Frozen);
    }
    Ok(Some(next))
}

#[cfg(test)]
mod tests;

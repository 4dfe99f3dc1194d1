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

    /// Reads what [`Channel::name`] gives.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once(':') {
            Some(("bank", name)) => Some(Self::Bank(name.to_owned())),
            None if text == "operator" => Some(Self::Operator),
            _ => None,
        }
    }

    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> ChannelKind {
        match self {
            Self::Bank(_) => ChannelKind::Bank,
            Self::Operator => ChannelKind::Operator,
        }
    }

    fn may_touch(&self, account: &DesignatedAccount, banks: &BankDirectory) -> bool {
        match self {
            Self::Operator => true,
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
    /// Whether it is for one payer's benefit rather than the default account.
    pub is_specific: bool,
    /// Why, where a bank says so.
    pub grounds: Option<Grounds>,
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
    let Request { channel, action, account, says_currency, expects, is_specific, grounds } = request;
    if *is_specific && matches!(channel, Channel::Bank(_)) {
        return Err(RowRefusal::SpecificByOperator);
    }
    // An account that was closed is no account: the next one is a first designation.
    let live = current.filter(|standing| standing.state != State::Closed);
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
            if **channel == Channel::Operator && payee.is_none() {
                return Err(RowRefusal::PayeeUnknown);
            }
            let Some(current) = own else { return Err(RowRefusal::NothingThere) };
            if account.is_some_and(|named| named != current.account) {
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
    if *action == Action::Designate && live.is_some_and(|standing| standing.state.is_frozen()) {
        return Err(RowRefusal::Frozen);
    }
    Ok(Some(next))
}

#[cfg(test)]
mod tests {
    use super::*;
    use denmark::{Bank, Country};
    use kernel::Refuse;

    /// Two registration numbers of one bank, and one of another.
    fn banks() -> BankDirectory {
        let mut banks = BankDirectory::new();
        for (reg, name, bic) in [(40, "North", "NDEADKKK"), (41, "North", "NDEADKKK"), (1020, "South", "SYBKDK22")] {
            let bank = Bank { name: name.to_owned(), bic: Some(Bic::parse(bic).unwrap()), country: Country::Denmark };
            banks.insert(RegNumber::new(reg).unwrap(), bank);
        }
        banks
    }

    fn account(text: &str) -> DesignatedAccount {
        DesignatedAccount::from_text(&format!("{text} DKK")).unwrap()
    }

    /// What becomes of a request, in a word: the new state, `=` when all is so already, or the refusal's code.
    fn outcome(result: &Result<Option<Standing>, RowRefusal>) -> String {
        match result {
            Ok(None) => "=".to_owned(),
            Ok(Some(Standing { state: State::FrozenByBank, .. })) => "frozen by bank".to_owned(),
            Ok(Some(standing)) => standing.state.name().to_owned(),
            Err(refusal) => refusal.code().to_owned(),
        }
    }

    const CURRENT: &str = "0040-0000000001";

    #[test]
    fn each_action_on_each_state_by_each_channel() {
        let states = [None, Some(State::InForce), Some(State::Frozen), Some(State::FrozenByBank), Some(State::Closed)];
        let check = |action: &str, channel: &str, expected: [&str; 5]| {
            let channel = match channel {
                "operator" => Channel::Operator,
                bank => Channel::Bank(bank.to_owned()),
            };
            let action = Action::parse(action).unwrap();
            let wanted = (action == Action::Designate).then(|| account("0041-0000000002"));
            let found = states.map(|state| {
                let current = state.map(|state| Standing { state, account: account(CURRENT) });
                let is_live = state.is_some_and(|state| state != State::Closed);
                let expects = Expects::parse(if is_live { CURRENT } else { "none" });
                let request = Request {
                    channel: &channel,
                    action,
                    account: wanted,
                    says_currency: true,
                    expects,
                    is_specific: false,
                    grounds: None,
                };
                outcome(&decide(&request, Some(RegisterStatus::Active), current.as_ref(), &banks()))
            });
            assert_eq!(found, expected, "{action:?} by {channel:?}");
        };
        let frozen = "designation.frozen";
        let (none, other) = ("designation.none", "designation.other_bank");
        // Whoever has no account with the bank, for whatever reason: it is told alike.
        let nobodys = [none, none, none, none, none];
        //                            no account  in force          frozen         frozen by bank  closed
        check("change", "North", ["in_force", "in_force", frozen, frozen, "in_force"]);
        check("change", "South", [other, other, other, other, other]);
        check("change", "operator", ["in_force", "in_force", frozen, frozen, "in_force"]);
        check("close", "North", [none, "closed", frozen, frozen, "="]);
        check("close", "South", nobodys);
        check("close", "operator", [none, "closed", frozen, frozen, "="]);
        check("freeze", "North", [none, "frozen by bank", "=", "=", none]);
        check("freeze", "South", nobodys);
        check("freeze", "operator", [none, "frozen", "=", "frozen", none]);
        check("unfreeze", "North", [none, "=", frozen, "in_force", none]);
        check("unfreeze", "South", nobodys);
        check("unfreeze", "operator", [none, "=", "in_force", "in_force", none]);
    }

    /// A request that is refused for every reason at once, and what is put right, one reason after another.
    #[derive(Clone)]
    struct Asked {
        status: Option<RegisterStatus>,
        channel: Channel,
        account: Option<DesignatedAccount>,
        expects: Option<Expects>,
        is_specific: bool,
        current: State,
    }

    impl Asked {
        fn outcome(&self, action: Action) -> String {
            let Self { status, channel, account: wanted, expects, is_specific, current } = self;
            let current = Standing { state: *current, account: account(CURRENT) };
            let (wanted, expects, is_specific) = (*wanted, *expects, *is_specific);
            let says_currency = true;
            let request =
                Request { channel, action, account: wanted, says_currency, expects, is_specific, grounds: None };
            outcome(&decide(&request, *status, Some(&current), &banks()))
        }
    }

    #[test]
    fn refusals_of_a_designation_come_in_their_order() {
        let mut asked = Asked {
            status: None,
            channel: Channel::Bank("South".to_owned()),
            account: None,
            expects: None,
            is_specific: true,
            current: State::Frozen,
        };
        let check = |asked: &Asked, code: &str| assert_eq!(asked.outcome(Action::Designate), code);
        check(&asked, "designation.specific");
        asked.is_specific = false;
        check(&asked, "account.missing");
        asked.account = Some(account("9999-0000000002"));
        check(&asked, "bank.unknown");
        asked.account = Some(account("0041-0000000002"));
        check(&asked, "designation.other_bank");
        asked.channel = Channel::Bank("North".to_owned());
        check(&asked, "payee.unknown");
        asked.status = Some(RegisterStatus::Dead);
        check(&asked, "payee.dead");
        asked.status = Some(RegisterStatus::Dissolved);
        check(&asked, "payee.dead");
        asked.status = Some(RegisterStatus::Missing);
        check(&asked, "designation.expects_missing");
        asked.expects = Some(Expects::Nothing);
        check(&asked, "designation.expects_mismatch");
        asked.expects = Expects::parse("0041");
        check(&asked, "designation.expects_mismatch");
        asked.expects = Expects::parse("0040");
        check(&asked, "designation.frozen");
        asked.current = State::InForce;
        check(&asked, "in_force");
        // What is there already is so, whatever is expected.
        asked.account = Some(account(CURRENT));
        asked.expects = Some(Expects::Nothing);
        check(&asked, "=");
    }

    #[test]
    fn refusals_of_other_actions_come_in_their_order() {
        for action in [Action::Close, Action::Freeze] {
            let mut asked = Asked {
                status: None,
                channel: Channel::Bank("South".to_owned()),
                account: Some(account("0041-0000000002")),
                expects: Expects::parse("0041"),
                is_specific: true,
                current: State::InForce,
            };
            let check = |asked: &Asked, code: &str| assert_eq!(asked.outcome(action), code, "{action:?}");
            check(&asked, "designation.specific");
            asked.is_specific = false;
            // Whether the payee is unknown or has another bank's account.
            check(&asked, "designation.none");
            asked.status = Some(RegisterStatus::Active);
            check(&asked, "designation.none");
            asked.status = None;
            asked.channel = Channel::Operator;
            check(&asked, "payee.unknown");
            // The dead, too, have accounts to be closed.
            asked.status = Some(RegisterStatus::Dead);
            check(&asked, "designation.expects_mismatch");
            asked.account = Some(account(CURRENT));
            check(&asked, "designation.expects_mismatch");
            asked.expects = None;
            check(&asked, if action == Action::Close { "closed" } else { "frozen" });
        }
    }

    #[test]
    fn a_bank_that_acts_by_itself_replaces_what_is_its_own() {
        let check_expecting =
            |reason: &str, current: Option<(&str, State)>, expects: Option<Expects>, expected: &str| {
                let channel = Channel::Bank("North".to_owned());
                let current = current.map(|(text, state)| Standing { state, account: account(text) });
                let consent = if reason == "user_request" { "phone" } else { "not_needed" };
                let request = Request {
                    channel: &channel,
                    action: Action::Designate,
                    account: Some(account("0041-0000000002")),
                    says_currency: true,
                    expects,
                    is_specific: false,
                    grounds: Some(Grounds::read(Action::Designate, reason, consent).unwrap()),
                };
                let decided = decide(&request, Some(RegisterStatus::Active), current.as_ref(), &banks());
                assert_eq!(outcome(&decided), expected, "{reason} {current:?} {expects:?}");
            };
        let check = |reason: &str, current: Option<(&str, State)>, expected: &str| {
            let live = current.filter(|(_, state)| *state != State::Closed).map_or("none", |(text, _)| text);
            check_expecting(reason, current, Expects::parse(live), expected);
        };
        let (own, others) = (CURRENT, "1020-0000000003");
        for reason in ["account_closure", "branch_transfer", "reconciliation", "fraud"] {
            check(reason, Some((own, State::InForce)), "in_force");
            check(reason, Some((own, State::Closed)), "in_force");
            check(reason, Some((own, State::FrozenByBank)), "designation.frozen");
            for current in [None, Some((others, State::InForce)), Some((others, State::Closed))] {
                check(reason, current, "designation.reason");
                // Guessed wrongly it is told the same.
                for wrong in [None, Expects::parse("none"), Expects::parse("1020-4"), Expects::parse("0040")] {
                    check_expecting(reason, current, wrong, "designation.reason");
                }
            }
        }
        for current in
            [None, Some((own, State::InForce)), Some((others, State::InForce)), Some((others, State::Closed))]
        {
            check("user_request", current, "in_force");
        }
    }

    #[test]
    fn a_request_that_says_no_currency_means_the_account_whatever_its_currency() {
        let check = |action: &str, named: &str, says_currency: bool, state: State, expected: &str| {
            let channel = Channel::Bank("North".to_owned());
            let current = Standing { state, account: DesignatedAccount::from_text("0040-0000000001 EUR").unwrap() };
            let request = Request {
                channel: &channel,
                action: Action::parse(action).unwrap(),
                account: DesignatedAccount::from_text(named),
                says_currency,
                expects: None,
                is_specific: false,
                grounds: None,
            };
            let decided = decide(&request, Some(RegisterStatus::Active), Some(&current), &banks());
            assert_eq!(outcome(&decided), expected, "{action} {named} {says_currency}");
            let next = decided.ok().flatten().map_or(current.account, |next| next.account);
            assert_eq!(next, current.account, "{action} {named} {says_currency}");
        };
        let (unsaid, euros, kroner, other) =
            ("0040-0000000001 DKK", "0040-0000000001 EUR", "0040-0000000001 DKK", "0040-0000000002 DKK");
        let mismatch = "designation.expects_mismatch";
        for (action, expected) in [("register", "="), ("freeze", "frozen by bank"), ("close", "closed")] {
            check(action, unsaid, false, State::InForce, expected);
            check(action, euros, true, State::InForce, expected);
            let is_refused = if action == "register" { "designation.expects_missing" } else { mismatch };
            check(action, kroner, true, State::InForce, is_refused);
            check(action, other, false, State::InForce, is_refused);
        }
        check("register", unsaid, false, State::Closed, "in_force");
        check("unfreeze", unsaid, false, State::FrozenByBank, "in_force");
    }

    #[test]
    fn what_can_be_expected() {
        let banks = banks();
        let current = account(CURRENT);
        let foreign = DesignatedAccount::from_text("DE89370400440532013000 COBADEFFXXX").unwrap();
        let check = |text: &str, of_nothing: bool, of_current: bool, of_foreign: bool| {
            let expects = Expects::parse(text).unwrap();
            let found = [None, Some(&current), Some(&foreign)].map(|account| expects.holds(account, &banks));
            assert_eq!(found, [of_nothing, of_current, of_foreign], "{text}");
        };
        check("none", true, false, false);
        check("0040", false, true, false);
        check("0041", false, false, false);
        check("NDEADKKK", false, true, false);
        check("SYBKDK22", false, false, false);
        check("COBADEFFXXX", false, false, true);
        check("0040-1", false, true, false);
        check("0040-2", false, false, false);
        check("DE89370400440532013000", false, false, true);
        for text in ["", "40", "nothing", "None", "0040-", "DE89370400440532013001", "ND"] {
            assert_eq!(Expects::parse(text), None, "{text}");
        }
    }

    #[test]
    fn every_state_survives_the_store() {
        for state in [State::InForce, State::Frozen, State::Closed, State::FrozenByBank] {
            assert_eq!(State::from_code(state.code()), Some(state));
        }
        assert_eq!(State::from_code(99), None);
    }
}

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
                specific: None,
                grounds: None,
                undone: None,
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
    check("change", "operator", ["in_force"; 5]);
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

#[test]
fn another_account_takes_the_place_of_a_frozen_one_through_officers_alone() {
    let check = |channel: Channel, expected: &str| {
        for state in [State::Frozen, State::FrozenByBank] {
            let current = Standing { state, account: account(CURRENT) };
            let request = Request {
                channel: &channel,
                action: Action::Designate,
                account: Some(account("0041-0000000002")),
                says_currency: true,
                expects: Expects::parse(CURRENT),
                specific: None,
                grounds: None,
                undone: None,
            };
            let decided = decide(&request, Some(RegisterStatus::Active), Some(&current), &banks());
            assert_eq!(outcome(&decided), expected, "{channel:?} {state:?}");
        }
    };
    check(Channel::Operator, "in_force");
    check(Channel::Caseworker("SKAT".to_owned()), "in_force");
    check(Channel::SelfService, "designation.frozen");
    check(Channel::Bank("North".to_owned()), "designation.frozen");
}

#[test]
fn a_revert_puts_back_what_stood_before_also_where_what_stands_is_frozen() {
    let check = |current: Option<State>, before: Option<(State, &str)>, stands: bool, expected: &str| {
        let current = current.map(|state| Standing { state, account: account(CURRENT) });
        let before = before.map(|(state, text)| Standing { state, account: account(text) });
        let decide = |status| {
            let request = Request {
                channel: &Channel::Operator,
                action: Action::Revert,
                account: None,
                says_currency: true,
                expects: None,
                specific: None,
                grounds: None,
                undone: Some(Undone { stands, before }),
            };
            decide(&request, Some(status), current.as_ref(), &banks())
        };
        let decided = decide(RegisterStatus::Active);
        assert_eq!(outcome(&decided), expected, "{current:?} {before:?} {stands}");
        if let (Ok(Some(next)), Some(before)) = (decided, before.filter(|before| before.state != State::Closed)) {
            assert_eq!(next, before);
            assert_eq!(outcome(&decide(RegisterStatus::Dead)), "payee.dead");
        }
    };
    let former = "1020-0000000003";
    for state in [State::InForce, State::Frozen, State::FrozenByBank] {
        check(Some(state), Some((State::InForce, former)), true, "in_force");
        // What was frozen is put back as it stood.
        check(Some(state), Some((State::Frozen, former)), true, "frozen");
        check(Some(state), Some((State::FrozenByBank, former)), true, "frozen by bank");
        check(Some(state), Some((State::Closed, former)), true, "closed");
        check(Some(state), None, true, "closed");
        check(Some(state), Some((State::InForce, former)), false, "designation.superseded");
        check(Some(state), Some((State::InForce, "9999-1")), true, "bank.unknown");
    }
    // An account that was deleted.
    check(Some(State::Closed), Some((State::InForce, CURRENT)), true, "in_force");
    check(None, None, true, "designation.none");
}

#[test]
fn a_file_designates_a_specific_account_while_the_registry_is_loaded_and_touches_no_locked_one() {
    let check = |action: &str, is_loading: bool, is_locked: bool, expected: [&str; 4]| {
        let states = [None, Some(State::InForce), Some(State::Frozen), Some(State::Closed)];
        let found = states.map(|state| {
            let current = state.map(|state| Standing { state, account: account(CURRENT) });
            let action = Action::parse(action).unwrap();
            let request = Request {
                channel: &Channel::Operator,
                action,
                account: (action == Action::Designate).then(|| account("0041-0000000002")),
                says_currency: true,
                expects: None,
                specific: Some(Specific { is_locked, is_loading }),
                grounds: None,
                undone: None,
            };
            outcome(&decide(&request, Some(RegisterStatus::Active), current.as_ref(), &banks()))
        });
        assert_eq!(found, expected, "{action} {is_loading} {is_locked}");
    };
    let (authority, locked, none) = ("designation.authority", "designation.specific_locked", "designation.none");
    //                              never was    in force   frozen     closed
    check("change", true, false, ["in_force", authority, authority, authority]);
    check("change", false, false, [authority; 4]);
    check("change", true, true, ["in_force", locked, locked, authority]);
    check("change", false, true, [authority, locked, locked, authority]);
    check("close", false, false, [none, "closed", "designation.frozen", "="]);
    check("close", true, true, [none, locked, locked, "="]);
    for (is_loading, is_locked) in [(false, false), (true, true)] {
        check("freeze", is_loading, is_locked, [none, "frozen", "=", none]);
        check("unfreeze", is_loading, is_locked, [none, "=", "in_force", none]);
    }
}

#[test]
fn what_became_of_a_change_is_told_by_what_came_after_it() {
    let check = |state: State, reverts_it: bool, expected: &str| {
        let after = Standing { state, account: account(CURRENT) };
        assert_eq!(Fate::of(&after, reverts_it).name(), expected, "{state:?} {reverts_it}");
    };
    for state in [State::InForce, State::Frozen, State::FrozenByBank] {
        check(state, false, "replaced");
        check(state, true, "reverted");
    }
    check(State::Closed, false, "closed");
    check(State::Closed, true, "reverted");
}

#[test]
fn each_action_is_known_by_its_name() {
    for action in [Action::Designate, Action::Close, Action::Freeze, Action::Unfreeze, Action::Revert] {
        assert_eq!(Action::from_name(action.name()), Some(action));
    }
    assert_eq!((Action::parse("revert"), Action::from_name("change")), (None, None));
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
        let specific = is_specific.then_some(Specific { is_locked: false, is_loading: true });
        let request = Request {
            channel,
            action,
            account: *wanted,
            says_currency: true,
            expects: *expects,
            specific,
            grounds: None,
            undone: None,
        };
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
    let check_expecting = |reason: &str, current: Option<(&str, State)>, expects: Option<Expects>, expected: &str| {
        let channel = Channel::Bank("North".to_owned());
        let current = current.map(|(text, state)| Standing { state, account: account(text) });
        let consent = if reason == "user_request" { "phone" } else { "not_needed" };
        let request = Request {
            channel: &channel,
            action: Action::Designate,
            account: Some(account("0041-0000000002")),
            says_currency: true,
            expects,
            specific: None,
            undone: None,
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
    for current in [None, Some((own, State::InForce)), Some((others, State::InForce)), Some((others, State::Closed))] {
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
            specific: None,
            grounds: None,
            undone: None,
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

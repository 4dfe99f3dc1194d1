use super::*;
use crate::account::DesignatedAccount;
use crate::contest::Turn;
use crate::mark::Marked;
use crate::payee::PayeeId;
use crate::proposal::{Asked, ChangeId, Holder};
use kernel::{Blind, Id};

const PAYEE: &str = "citizen:1";
const BANK: &str = "client:north";

fn moment(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

/// A Monday morning.
fn monday() -> Timestamp {
    moment("2026-11-23T09:00:00Z")
}

fn proposal(channel: Channel, is_first: bool) -> Proposal {
    let asked = Asked {
        payee: PayeeId::parse("cpr:6101701234").unwrap(),
        by: match channel.kind() {
            ChannelKind::Bank => BANK.to_owned(),
            _ => PAYEE.to_owned(),
        },
        channel,
        authenticator: None,
        action: Action::Designate,
        reverts: None,
        why: None,
        account: DesignatedAccount::from_text("0040-0000000002 DKK"),
        specific: None,
        holder: Holder::Own,
        ground: None,
    };
    let (id, payee) = (Id::new(7), Blind::from_bytes([1; 16]));
    Proposal {
        id,
        at: monday(),
        payee,
        purpose: None,
        replaces: None,
        is_first,
        names_replaced: true,
        grounds: None,
        asked,
    }
}

/// Reads `signed 0; letter_made 1`: acts, and so many hours after the proposal.
fn evidence(text: &str) -> Evidence {
    let act = |text: &str| {
        let (name, hours) = text.trim().split_once(' ').unwrap();
        let (kind, _) = *ActKind::ALL.iter().find(|(_, known)| *known == name).unwrap();
        let at = monday().minus_seconds(-3600 * hours.parse::<i64>().unwrap());
        Act::new(kind, at, "somebody", "key")
    };
    Evidence::of(text.split(';').filter(|act| !act.trim().is_empty()).map(act).collect())
}

fn stands(proposal: &Proposal, acts: &str, facts: &Facts, controls: &Controls, hours: i64) -> String {
    let now = monday().minus_seconds(-3600 * hours);
    said(state(proposal, &evidence(acts), facts, controls, now))
}

fn said(state: State) -> String {
    match state.waits() {
        Some(Waits::Time(from)) => format!("held until {from}"),
        Some(waits) => format!("{} ({})", state.name(), waits.name()),
        None if state == State::Due => "due".to_owned(),
        None => state.name().to_owned(),
    }
}

#[test]
fn self_service_goes_through_every_demand_in_its_order() {
    let (proposal, facts, controls) = (proposal(Channel::SelfService, false), Facts::default(), Controls::anvis());
    let check = |acts: &str, hours: i64, expected: &str| {
        assert_eq!(stands(&proposal, acts, &facts, &controls, hours), expected, "{acts} after {hours} hours");
    };
    check("", 0, "proposed (signature)");
    check("signed 0", 1, "awaiting_activation (letter)");
    check("signed 0; letter_made 4", 5, "awaiting_activation (code)");
    check("signed 0; letter_made 4; letter_handed_over 6", 7, "awaiting_activation (code)");
    // On Wednesday at eleven; then two banking days.
    check("signed 0; letter_made 4; activated 50", 50, "held until 2026-11-27T11:00:00Z");
    check("signed 0; letter_made 4; activated 50", 97, "held until 2026-11-27T11:00:00Z");
    check("signed 0; letter_made 4; activated 50", 98, "due");
    check("signed 0; letter_made 4; activated 50; took_effect 98", 99, "in_force");
    // What ends it, ends it whenever it comes.
    check("cancelled 1", 2, "cancelled");
    check("signed 0; letter_made 4; activated 50; refused 60", 200, "refused");
    check("signed 0; expired 2200", 2300, "expired");
}

#[test]
fn a_code_is_good_for_sixty_days_and_three_attempts() {
    let (proposal, facts, controls) = (proposal(Channel::SelfService, false), Facts::default(), Controls::anvis());
    let check = |acts: &str, hours: i64, expected: &str| {
        assert_eq!(stands(&proposal, acts, &facts, &controls, hours), expected, "{acts} after {hours} hours");
    };
    let wrong = "signed 0; letter_made 4; code_wrong 5; code_wrong 6";
    check(wrong, 7, "awaiting_activation (code)");
    check(&format!("{wrong}; code_wrong 7"), 8, "awaiting_activation (letter)");
    // Another letter has attempts of its own.
    check(&format!("{wrong}; code_wrong 7; letter_made 9"), 10, "awaiting_activation (code)");
    // It was made on Monday at 13 in Denmark; its last day is a whole one, as the letter says.
    let last = 14 + CODE_DAYS * 24 - 1;
    check("signed 0; letter_made 4", last, "awaiting_activation (code)");
    check("signed 0; letter_made 4", last + 1, "expired");
    // A letter that came back: an officer looks, and then it takes another letter.
    let returned = "signed 0; letter_made 4; letter_handed_over 5; letter_returned 200";
    check(returned, 201, "awaiting_approval (check)");
    check(&format!("{returned}; checked 202"), 203, "awaiting_activation (letter)");
}

#[test]
fn nobody_decides_for_ever() {
    let (facts, controls) = (Facts::default(), Controls::anvis());
    let caseworker = || Channel::Caseworker("SKAT".to_owned());
    let check = |channel: Channel, acts: &str, days: i64, expected: &str| {
        let proposal = proposal(channel, false);
        assert_eq!(stands(&proposal, acts, &facts, &controls, days * 24 - 1), expected, "{acts} before {days} days");
        assert_eq!(stands(&proposal, acts, &facts, &controls, days * 24), "expired", "{acts} after {days} days");
    };
    check(Channel::SelfService, "", 30, "proposed (signature)");
    check(caseworker(), "", 30, "awaiting_approval (approval)");
    check(caseworker(), "approved 1", 90, "awaiting_activation (letter)");
}

#[test]
fn each_channel_by_each_set() {
    let facts = Facts::default();
    let check = |channel: Channel, is_first: bool, expected: [&str; 3]| {
        let proposal = proposal(channel, is_first);
        let found =
            ["2015", "2021", "anvis"].map(|set| stands(&proposal, "", &facts, &Controls::named(set).unwrap(), 0));
        assert_eq!(found, expected, "{proposal:?}");
    };
    let bank = || Channel::Bank("North".to_owned());
    let caseworker = || Channel::Caseworker("SKAT".to_owned());
    let (letter, approval) = ("awaiting_activation (letter)", "awaiting_approval (approval)");
    //                                2015   2021      anvis
    check(bank(), true, ["due", "due", "due"]);
    check(bank(), false, ["due", "due", "held until 2026-11-24T09:00:00Z"]);
    check(Channel::SelfService, true, ["due", letter, "proposed (signature)"]);
    check(Channel::SelfService, false, ["due", letter, "proposed (signature)"]);
    // What is not the bank's own system's, one person could have written.
    let handed_in = |is_first| {
        let proposal = proposal(bank(), is_first);
        Proposal { asked: Asked { by: "operator:anna".to_owned(), ..proposal.asked.clone() }, ..proposal }
    };
    let loading = Facts { is_loading: true, ..facts };
    for (is_first, facts, expected) in [(true, loading, "due"), (true, facts, approval), (false, loading, approval)] {
        assert_eq!(stands(&handed_in(is_first), "", &facts, &Controls::anvis(), 0), expected);
    }
    check(caseworker(), true, ["due", approval, approval]);
    check(caseworker(), false, ["due", approval, approval]);
    check(Channel::Operator, true, ["due", approval, approval]);
    check(Channel::Operator, false, ["due", approval, approval]);
    // The operator's replace an account by a letter like a caseworker's.
    assert_eq!(stands(&proposal(Channel::Operator, false), "approved 0", &facts, &Controls::anvis(), 0), letter);
    // Whose account it is, nobody has said who loads the files with which a registry begins.
    let mut loaded = proposal(Channel::Operator, true);
    loaded.asked.holder = Holder::Unknown;
    assert_eq!(stands(&loaded, "", &loading, &Controls::anvis(), 0), "due");
    loaded.is_first = false;
    assert_eq!(stands(&loaded, "approved 0", &facts, &Controls::anvis(), 0), "awaiting_approval (check)");
}

#[test]
fn what_speaks_against_a_change_demands_more() {
    let days_before = |days: i64| Some(monday().minus_days(days));
    let controls = Controls::anvis();
    let check = |facts: Facts, acts: &str, expected: &str| {
        let proposal = proposal(Channel::SelfService, false);
        assert_eq!(stands(&proposal, acts, &facts, &controls, 60), expected, "{facts:?} {acts}");
    };
    let (signed, activated) = ("signed 0", "signed 0; letter_made 4; activated 50");
    let held = "held until 2026-11-27T11:00:00Z";
    let (confirmation, check_by_officer) = ("awaiting_activation (confirmation)", "awaiting_approval (check)");
    let facts = Facts::default;
    let fresh = |set: &dyn Fn(&mut crate::identity::Facts)| {
        let mut facts = Facts::default();
        set(&mut facts.identity);
        facts
    };
    for days in [0, 30] {
        check(fresh(&|identity| identity.contact_changed = days_before(days)), activated, confirmation);
        check(fresh(&|identity| identity.address_changed = days_before(days)), activated, confirmation);
        check(fresh(&|identity| identity.authenticator_changed = days_before(days)), activated, confirmation);
    }
    // Also what changes after it was proposed.
    check(fresh(&|identity| identity.address_changed = days_before(-2)), activated, confirmation);
    check(fresh(&|identity| identity.address_changed = days_before(31)), activated, held);
    let confirmed = format!("{activated}; confirmed 50");
    check(fresh(&|identity| identity.contact_changed = days_before(3)), &confirmed, held);
    // No letter is worth anything then: none is made, and another channel alone counts.
    check(fresh(&|identity| identity.letter_box_posted = days_before(60)), signed, confirmation);
    check(fresh(&|identity| identity.letter_box_posted = days_before(61)), signed, "awaiting_activation (letter)");
    check(Facts { payees: 9, ..facts() }, signed, "awaiting_activation (letter)");
    check(Facts { payees: 10, ..facts() }, signed, check_by_officer);
    check(
        Facts { payees: 10, collector_until: Some(jiff::civil::date(2026, 11, 25)), ..facts() },
        signed,
        "awaiting_activation (letter)",
    );
    check(Facts { left: days_before(28), ..facts() }, signed, check_by_officer);
    check(Facts { left: days_before(29), ..facts() }, signed, "awaiting_activation (letter)");
}

#[test]
fn a_bank_that_says_whose_its_customers_account_is_has_answered_the_question() {
    let check = |holder: Holder, facts: Facts, acts: &str, expected: &str| {
        let mut proposal = proposal(Channel::Bank("North".to_owned()), true);
        proposal.asked.holder = holder;
        // No bank is asked about its own customer.
        let facts = Facts { is_bank_asked: true, ..facts };
        assert_eq!(stands(&proposal, acts, &facts, &Controls::anvis(), 1), expected, "{holder:?} {acts}");
        assert_eq!(stands(&proposal, acts, &facts, &Controls::named("2021").unwrap(), 1), "due", "{holder:?}");
    };
    let looked_at = "awaiting_approval (check)";
    let collectors = Facts { collector_until: Some(jiff::civil::date(2026, 11, 25)), ..Facts::default() };
    check(Holder::Own, Facts::default(), "", "due");
    check(Holder::Joint, Facts::default(), "", "due");
    for holder in [Holder::ThirdParty, Holder::Unknown] {
        check(holder, Facts::default(), "", looked_at);
        check(holder, Facts::default(), "checked 1", "due");
        check(holder, collectors, "", "due");
    }
}

#[test]
fn a_stop_waits_for_an_officer_who_has_seen_it() {
    let (facts, controls) = (Facts::default(), Controls::anvis());
    let proposal = proposal(Channel::Bank("North".to_owned()), false);
    let check = |acts: &str, hours: i64, expected: &str| {
        assert_eq!(stands(&proposal, acts, &facts, &controls, hours), expected, "{acts} after {hours} hours");
    };
    check("stopped 2", 3, "awaiting_approval (check)");
    check("checked 1; stopped 2", 3, "awaiting_approval (check)");
    // The waiting period begins anew.
    check("stopped 2; checked 4", 5, "held until 2026-11-24T13:00:00Z");
    check("stopped 2", 2 + DECISION_DAYS * 24, "expired");
    let unnamed = Proposal { names_replaced: false, ..proposal.clone() };
    assert_eq!(stands(&unnamed, "", &facts, &controls, 1), "awaiting_approval (check)");
    assert_eq!(stands(&unnamed, "", &facts, &Controls::NONE, 1), "due");
}

#[test]
fn what_heals_waits_for_another_officer_alone() {
    // All that speaks against an account, and demands more of a change.
    let facts = Facts { payees: 99, left: Some(monday()), ..Facts::default() };
    let check = |action: Action, channel: Channel, by: &str, acts: &str, expected: [&str; 3]| {
        let mut proposal = proposal(channel, false);
        (proposal.asked.action, proposal.asked.by, proposal.asked.holder) = (action, by.to_owned(), Holder::Unknown);
        proposal.names_replaced = false;
        let found =
            ["2015", "2021", "anvis"].map(|set| stands(&proposal, acts, &facts, &Controls::named(set).unwrap(), 1));
        assert_eq!(found, expected, "{action:?} by {by}: {acts}");
    };
    let caseworker = || Channel::Caseworker("SKAT".to_owned());
    let bank = || Channel::Bank("North".to_owned());
    let (approval, looked_at) = ("awaiting_approval (approval)", "awaiting_approval (check)");
    for (channel, by) in [(Channel::Operator, "operator:anna"), (caseworker(), "caseworker:bo")] {
        //                                                                2015      2021      anvis
        check(Action::Unfreeze, channel.clone(), by, "", ["due", approval, approval]);
        check(Action::Revert, channel.clone(), by, "", [approval; 3]);
        // Who is told of a revert has as long to stop it as an officer's change.
        let held = ["due", "due", "held until 2026-11-25T10:00:00Z"];
        for (action, then) in [(Action::Unfreeze, ["due"; 3]), (Action::Revert, held)] {
            check(action, channel.clone(), by, "approved 1", then);
            check(action, channel.clone(), by, "approved 1; stopped 1", [looked_at; 3]);
            check(action, channel.clone(), by, "approved 1; stopped 1; checked 1", then);
        }
    }
    // What a bank froze its own system unfreezes; a file one person could have written.
    check(Action::Unfreeze, bank(), BANK, "", ["due"; 3]);
    check(Action::Unfreeze, bank(), "operator:anna", "", ["due", approval, approval]);
}

#[test]
fn what_was_not_wanted_before_is_put_back_by_three() {
    let mut proposal = proposal(Channel::Operator, false);
    proposal.asked.action = Action::Revert;
    let check = |is_doubted: bool, acts: &str, expected: &str| {
        let facts = Facts { is_doubted, ..Facts::default() };
        assert_eq!(stands(&proposal, acts, &facts, &Controls::anvis(), 1), expected, "{is_doubted} {acts}");
    };
    check(true, "", "awaiting_approval (approval)");
    check(true, "approved 1", "awaiting_approval (check)");
    check(true, "approved 1; checked 1", "held until 2026-11-25T10:00:00Z");
    check(false, "approved 1", "held until 2026-11-25T10:00:00Z");
}

#[test]
fn where_no_letter_can_go_a_second_channel_confirms() {
    let check = |channel: Channel, change: &str, acts: &str, expected: &str| {
        let mut controls = Controls::anvis();
        controls.set(change).unwrap();
        let facts = Facts { lacks_address: true, ..Facts::default() };
        let found = stands(&proposal(channel.clone(), false), acts, &facts, &controls, 60);
        assert_eq!(found, expected, "{channel:?} {change} {acts}");
    };
    let (letter, confirmation) = ("awaiting_activation (letter)", "awaiting_activation (confirmation)");
    let (held, as_is) = ("held until 2026-11-27T11:00:00Z", "letter_self_service=always");
    let own = || Channel::SelfService;
    check(own(), as_is, "signed 0", confirmation);
    check(own(), as_is, "signed 0; confirmed 50", held);
    check(Channel::Operator, as_is, "approved 0", confirmation);
    check(Channel::Operator, as_is, "approved 0; confirmed 50", held);
    // Where no letter is demanded, nothing is demanded in its place.
    check(own(), "letter_self_service=never", "signed 50", held);
    check(own(), "letter_self_service=on_risk", "signed 50", held);
    check(Channel::Operator, "letter_caseworker=off", "approved 50", held);
    // A letter that is on its way goes on; another one has nowhere to go.
    check(own(), as_is, "signed 0; letter_made 4", "awaiting_activation (code)");
    check(own(), as_is, "signed 0; letter_made 4; activated 50", held);
    let wrong = "signed 0; letter_made 4; code_wrong 5; code_wrong 6; code_wrong 7";
    check(own(), as_is, wrong, confirmation);
    check(own(), as_is, "signed 0; letter_made 4; letter_returned 40; checked 41", confirmation);
    let found = stands(&proposal(own(), false), wrong, &Facts::default(), &Controls::anvis(), 60);
    assert_eq!(found, letter);
}

#[test]
fn nothing_takes_effect_while_accounts_are_contested_and_no_term_ends() {
    use Turn::{Begun, LetGo, Taken};
    let at = |hours: i64| monday().minus_seconds(-3600 * hours);
    let check = |(proposal, set): (&Proposal, &str), acts: &str, turns: &[(Turn, i64)], hours: i64, expected: &str| {
        let contests = Contests::of(turns.iter().map(|(turn, hours)| (*turn, at(*hours))));
        let (evidence, controls) = (evidence(acts).within(contests), Controls::named(set).unwrap());
        let state = state(proposal, &evidence, &Facts::default(), &controls, at(hours));
        assert_eq!(said(state), expected, "{acts} {turns:?} after {hours} hours");
        // Whatever stands still is looked at again in an hour at the earliest, and what waits in vain when it has; what waits for
        // nothing but that somebody says, when they have.
        let stands = stands_still(proposal, &evidence);
        let due = state.waits().map(|waits| due(proposal, &evidence, waits, at(hours)));
        assert!(due.is_none_or(|due| due >= at(hours + i64::from(stands))), "{acts} {turns:?} after {hours} hours");
        let is_far = due.is_some_and(|due| due > at(hours).plus_days(365_000));
        assert_eq!(is_far, state == State::Waiting(Waits::Unfreezing), "{acts} {turns:?} after {hours} hours");
    };
    let own = proposal(Channel::SelfService, false);
    let anvis = (&own, "anvis");
    // A code is good until then; and as many hours more as accounts were contested.
    let (letter, last) = ("signed 0; letter_made 4", 14 + CODE_DAYS * 24 - 1);
    check(anvis, letter, &[(Begun, 10)], last + 10_000, "awaiting_activation (code)");
    check(anvis, letter, &[(Begun, 10), (LetGo, 250)], last + 240, "awaiting_activation (code)");
    check(anvis, letter, &[(Begun, 10), (LetGo, 250)], last + 241, "expired");
    check(anvis, letter, &[(Begun, last + 1), (LetGo, last + 9)], last + 5, "expired");
    check(anvis, "", &[(Begun, 10)], 24 * 100, "proposed (signature)");
    // A waiting period goes on, and nothing after it.
    let given = "signed 0; letter_made 4; activated 50";
    check(anvis, given, &[(Begun, 60)], 97, "held until 2026-11-27T11:00:00Z");
    check(anvis, given, &[(Begun, 60)], 98, "held (unfreezing)");
    check(anvis, given, &[(Begun, 60), (LetGo, 99)], 99, "due");
    // Of a victim an officer looks at it, and has not before.
    let taken = [(Begun, 60), (Taken, 99)];
    check(anvis, given, &taken, 99, "awaiting_approval (check)");
    check(anvis, &format!("{given}; checked 70"), &taken, 99, "awaiting_approval (check)");
    check(anvis, &format!("{given}; checked 100"), &taken, 100, "held until 2026-12-01T13:00:00Z");
    check(anvis, given, &taken, 99 + DECISION_DAYS * 24 - 1, "awaiting_approval (check)");
    check(anvis, given, &taken, 99 + DECISION_DAYS * 24, "expired");
    // What was asked for after that is nobody's but theirs.
    check((&own, "2015"), "", &[(Begun, -20), (Taken, -10)], 0, "due");
    // Only the agency's officers know, and heal.
    let bank = || Channel::Bank("North".to_owned());
    for channel in [Channel::SelfService, bank(), Channel::Caseworker("SKAT".to_owned()), Channel::Operator] {
        let is_agencys = channel == Channel::Operator;
        let mut asked = proposal(channel, false);
        let (goes_on, held) = (if is_agencys { "due" } else { "held (unfreezing)" }, "held (unfreezing)");
        // Two of them, whatever the controls, and also when it has ended meanwhile.
        let [alone, later] = if is_agencys { ["awaiting_approval (approval)"; 2] } else { [held, "due"] };
        check((&asked, "2015"), "", &[(Begun, 0)], 1, alone);
        check((&asked, "2015"), "approved 1", &[(Begun, 0)], 1, goes_on);
        check((&asked, "2015"), "", &[(Begun, 1)], 2, held);
        check((&asked, "2015"), "", &[(Begun, 0), (LetGo, 1)], 2, later);
        check((&asked, "2015"), "", &[(Begun, -2), (LetGo, -1)], 2, "due");
        asked.asked.action = Action::Unfreeze;
        check((&asked, "2015"), "", &[(Begun, 0)], 1, alone);
        check((&asked, "2015"), "", &[(Begun, 1)], 2, alone);
        asked.asked.action = Action::Revert;
        check((&asked, "2015"), "approved 1", &[(Begun, 1)], 2, goes_on);
        check(
            (&asked, "2015"),
            "approved 1",
            &[(Begun, 1), (Taken, 2)],
            2,
            if is_agencys { "due" } else { "awaiting_approval (check)" },
        );
    }
}

#[test]
fn a_signature_is_known_by_the_authenticator_that_made_it() {
    let [app, passport] = ["app", "passport"].map(Authenticator::named);
    let act = |kind| Act { authenticator: Some(app), ..Act::new(kind, monday(), "citizen:1", "") };
    let evidence = Evidence::of(vec![act(ActKind::Signed)]);
    assert!(evidence.is_signed_with(app) && !evidence.is_signed_with(passport));
    assert!(!Evidence::of(vec![act(ActKind::Activated)]).is_signed_with(app));
}

#[test]
fn what_the_store_keeps_reads_back() {
    for (at, (kind, name)) in ActKind::ALL.iter().enumerate() {
        assert_eq!((*kind as usize, ActKind::from_code(kind.code()), kind.name()), (at, Some(*kind), *name));
    }
    assert_eq!(ActKind::from_code(99), None);
    let asked = proposal(Channel::Caseworker("SKAT".to_owned()), false).asked;
    let mut full = asked.clone();
    (full.action, full.reverts) = (Action::Revert, Some(ChangeId::Proposed(Id::new(9))));
    (full.why, full.authenticator) = (Some("not theirs".to_owned()), Some(Authenticator::named("app")));
    let of_row = Asked { reverts: Some(ChangeId::Recorded(Id::new(9))), ..full.clone() };
    for asked in [asked, full, of_row] {
        assert_eq!(Asked::from_text(&asked.to_text()), Some(asked));
    }
}

#[test]
fn a_marked_account_is_looked_at_by_every_channel_under_every_set() {
    let day = |text: &str| text.parse::<Date>().unwrap();
    let marked = |since: i64, until: &str| Facts {
        marked: Some(Marked { since: monday().minus_seconds(-3600 * since), until: day(until) }),
        is_loading: true,
        ..Facts::default()
    };
    let check = |proposal: &Proposal, acts: &str, facts: &Facts, set: &str, is_looked_at: bool| {
        let found = stands(proposal, acts, facts, &Controls::named(set).unwrap(), 5);
        assert_eq!(found == "awaiting_approval (check)", is_looked_at, "{set} {acts} {proposal:?}: {found}");
    };
    for set in Controls::SETS {
        for is_first in [true, false] {
            for channel in [Channel::Bank("North".to_owned()), Channel::Operator] {
                // What one person loads is looked at, and by another before it is approved where that is demanded.
                let proposal = proposal(channel, is_first);
                let acts = "approved 1";
                check(&proposal, acts, &marked(0, "2026-12-01"), set, true);
                check(&proposal, acts, &marked(0, "2026-11-23"), set, true);
                check(&proposal, acts, &marked(0, "2026-11-22"), set, false);
                check(&proposal, "approved 1; checked 2", &marked(0, "2026-12-01"), set, false);
                // Whoever looked before did not see it.
                check(&proposal, "approved 1; checked 2", &marked(3, "2026-12-01"), set, true);
            }
        }
        for action in [Action::Revert, Action::Unfreeze] {
            let mut heals = proposal(Channel::Operator, false);
            heals.asked.action = action;
            check(&heals, "approved 1", &marked(0, "2026-12-01"), set, true);
            check(&heals, "approved 1", &Facts::default(), set, false);
        }
    }
}

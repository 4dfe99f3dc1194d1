use super::*;
use denmark::Cvr;
use registry::payer::PayerKind;
use registry::terms::Terms;

fn at(text: &str) -> Timestamp {
    text.parse::<jiff::Timestamp>().unwrap().into()
}

fn agreement(no_account: NoAccount, change: impl FnOnce(&mut Terms)) -> Agreement {
    let mut terms = Terms::default();
    change(&mut terms);
    let cvr = Cvr::parse("13748136").unwrap();
    Agreement { name: "P".to_owned(), cvr, kind: PayerKind::Public, no_account, bank: None, terms }
}

fn account() -> DesignatedAccount {
    DesignatedAccount::from_text("0040-0000000001 DKK").unwrap()
}

fn in_force(changed: Option<&str>, pending: Pending) -> Resolution {
    let changed = changed.map(|since| (at(since), ChannelKind::SelfService));
    Resolution::Account(InForce { designation: Id::new(7), account: account(), changed, pending })
}

fn demands(figures: &[&str], change: impl FnOnce(&mut Terms)) -> Demands {
    let mut controls = Controls::NONE;
    for figure in figures {
        controls.set(figure).unwrap();
    }
    Demands::of(&agreement(NoAccount::Hold, change), &controls, Looked::default())
}

/// A Monday, noon in Denmark.
const NOW: &str = "2026-11-30T11:00:00Z";

#[test]
fn each_payment_ends_one_way() {
    let check = |resolution: Resolution, currency: &str, frozen: OnFrozen, expected: Verdict| {
        let demands = demands(&[], |terms| terms.frozen = frozen);
        let decided = decide(resolution, Currency::parse(currency).ok(), Looked::default(), &demands, at(NOW));
        assert_eq!(decided, Decided::of(expected), "{resolution:?}");
    };
    use OnFrozen::{Hold, Reject};
    let route = Verdict::Route(Some(Id::new(7)), account());
    check(Resolution::NotInRegister, "DKK", Reject, Verdict::Reject(Reason::NotInRegister));
    check(Resolution::Dead, "DKK", Hold, Verdict::Reject(Reason::Dead));
    check(Resolution::NoAccount, "DKK", Reject, Verdict::Hold(Some(Reason::NoAccount)));
    check(Resolution::Closed, "DKK", Hold, Verdict::Reject(Reason::Closed));
    check(Resolution::Frozen, "DKK", Reject, Verdict::Reject(Reason::Frozen));
    check(Resolution::Frozen, "DKK", Hold, Verdict::Hold(Some(Reason::Frozen)));
    check(in_force(None, Pending::Nothing), "DKK", Reject, route);
    check(in_force(None, Pending::Nothing), "EUR", Reject, Verdict::Reject(Reason::Currency));
    check(in_force(None, Pending::Nothing), "", Reject, Verdict::Reject(Reason::Currency));
}

#[test]
fn a_payment_waits_for_the_first_demand_that_is_not_met() {
    let check = |figures: &[&str],
                 terms: fn(&mut Terms),
                 against: Option<Against>,
                 changed: Option<&str>,
                 pending: Pending,
                 expected: Option<Reason>| {
        let demands = demands(figures, terms);
        let decided =
            decide(in_force(changed, pending), Some(Currency::DKK), Looked { noted: None, against }, &demands, at(NOW));
        let held = match decided.verdict {
            Verdict::Hold(reason) => reason,
            _ => None,
        };
        assert_eq!(held, expected, "{figures:?} {against:?} {changed:?} {pending:?}");
        assert_eq!(decided.until.is_some(), expected == Some(RecentChange));
    };
    let none = |_: &mut Terms| {};
    let (friday, earlier) = (Some("2026-11-27T11:00:01Z"), Some("2026-11-27T11:00:00Z"));
    use Pending::{Change, Contested, Nothing};
    use Reason::{ChangePending, Collecting, Marked, RecentChange};
    // What waits of the account.
    check(&[], none, None, None, Change, None);
    check(&[], none, None, None, Contested, None);
    check(&["hold_pending=on_risk"], none, None, None, Change, None);
    check(&["hold_pending=on_risk"], none, None, None, Contested, Some(ChangePending));
    check(&["hold_pending=always"], none, None, None, Change, Some(ChangePending));
    check(&["hold_pending=always"], none, None, None, Nothing, None);
    check(&[], |terms| terms.pending = OnPending::Hold, None, None, Change, Some(ChangePending));
    // What was changed: over a weekend, to the second; the stricter of both counts.
    check(&[], none, None, friday, Nothing, None);
    check(&["hold_after_change=1"], none, None, friday, Nothing, Some(RecentChange));
    check(&["hold_after_change=1"], none, None, earlier, Nothing, None);
    check(&["hold_after_change=1"], none, None, None, Nothing, None);
    check(&["hold_after_change=1"], |terms| terms.hold_after_change = 2, None, earlier, Nothing, Some(RecentChange));
    check(&["hold_after_change=2"], |terms| terms.hold_after_change = 1, None, earlier, Nothing, Some(RecentChange));
    // Which of them is told.
    check(&["hold_pending=always", "hold_after_change=1"], none, None, friday, Change, Some(ChangePending));
    check(&["hold_pending=always"], none, Some(Against::Marked), None, Change, Some(Marked));
    check(&["hold_after_change=1"], none, Some(Against::Collecting), friday, Nothing, Some(Collecting));
}

#[test]
fn what_would_go_to_a_waiting_account_waits_while_that_is_marked() {
    let to = NoAccount::PayTo(account());
    let check = |no_account: NoAccount, against: Option<Against>, currency: &str, expected: Verdict| {
        let looked = Looked { noted: None, against };
        let demands = Demands::of(&agreement(no_account, |_| {}), &Controls::NONE, looked);
        let decide = |demands: &Demands| {
            let currency = Currency::parse(currency).ok();
            decide(Resolution::NoAccount, currency, Looked::default(), demands, at(NOW)).verdict
        };
        assert_eq!(decide(&demands), expected, "{no_account:?} {against:?}");
        decide(&demands.of_lying())
    };
    let route = Verdict::Route(None, account());
    assert_eq!(check(to, None, "DKK", route), route);
    assert_eq!(check(to, Some(Against::Marked), "DKK", Verdict::Hold(Some(Reason::Marked))), route);
    check(to, Some(Against::Marked), "EUR", Verdict::Reject(Reason::Currency));
    check(to, Some(Against::Collecting), "DKK", route);
    check(NoAccount::Reject, Some(Against::Marked), "DKK", Verdict::Reject(Reason::NoAccount));
}

#[test]
fn the_end_of_a_wait_is_a_moment_on_a_banking_day() {
    let decided = decide(
        in_force(Some("2026-11-27T23:30:00Z"), Pending::Nothing),
        Some(Currency::DKK),
        Looked::default(),
        &demands(&["hold_after_change=1"], |_| {}),
        at("2026-11-29T12:00:00Z"),
    );
    // It took effect in the first hour of a Saturday: that counts as the beginning of Monday.
    assert_eq!(decided.until, Some(at("2026-11-30T23:00:00Z")));
    assert_eq!(decided.news, Some(News { changed: Some((1, ChannelKind::SelfService)), is_pending: false }));
}

#[test]
fn news_read_back_and_say_what_they_are() {
    let check = |changed: Option<(u8, ChannelKind)>, is_pending: bool, expected: &[&str]| {
        let news = News { changed, is_pending };
        assert_eq!(News::from_code(news.code()), Some(news));
        assert_eq!(news.sentences().collect::<Vec<_>>(), expected);
    };
    let changed = "The account took another's place 29 days ago; channel: self-service.";
    let pending = "A change of the account is proposed and not in force.";
    check(Some((29, ChannelKind::SelfService)), false, &[changed]);
    check(Some((29, ChannelKind::SelfService)), true, &[changed, pending]);
    check(Some((0, ChannelKind::Bank)), false, &["The account took another's place 0 days ago; channel: bank."]);
    check(None, true, &[pending]);
    let old = InForce {
        designation: Id::new(7),
        account: account(),
        changed: Some((at("2026-10-31T11:00:00Z"), ChannelKind::Bank)),
        pending: Pending::Nothing,
    };
    assert_eq!(News::of(&old, at(NOW)), None);
}

#[test]
fn a_day_that_is_past_is_the_next_on_which_banks_work() {
    let check = |asked: &str, left: &str, expected: &str| {
        let day = carried_out(asked.parse().unwrap(), left.parse().unwrap());
        assert_eq!(day.to_string(), expected, "{asked} {left}");
    };
    check("2027-01-06", "2027-01-05T12:00:00Z", "2027-01-06");
    check("2027-01-06", "2027-01-06T22:59:59Z", "2027-01-06");
    // By then it is Thursday in Denmark; then a Saturday, and before Easter.
    check("2027-01-06", "2027-01-06T23:00:00Z", "2027-01-07");
    check("2027-01-06", "2027-01-09T12:00:00Z", "2027-01-11");
    check("2027-01-06", "2027-03-25T12:00:00Z", "2027-03-30");
    // What is not past stays, banking day or not.
    check("2027-01-09", "2027-01-09T12:00:00Z", "2027-01-09");
}

//! Clients are told what becomes of the accounts of payees whom they are about to pay, or to lend to.

use crate::place::Place;
use crate::*;
use kernel::{Assurance, Authenticator, Login, Once, PublicKey};
use registry::ask::FollowAnswer;
use registry::commands::{
    AddCaseworker, ContestAccounts, EndSubscriptions, Followed, ListSubscribers, ProposeDesignation, RestoreAccounts,
    Subscribe, Subscribed, SubscriberView,
};
use registry::import::{AccountRow, Written};
use registry::proposal::{Holder, LegalGround};
use registry::queries::{
    EVENT_ROWS_MAX, EventBounds, SubscriptionEvent, SubscriptionEvents, subscription_events, subscriptions,
};
use registry::subscription::{ENDED_MAX, Reference, TOLD_DAYS};

/// A request of a client about payees, each with the account that is named; until so many days from now.
pub fn subscribe_once(
    place: &mut Place,
    client: Client,
    purpose: LegalPurpose,
    days: i64,
    payees: &[(&str, Option<&str>)],
    once: Option<Once>,
) -> Result<Vec<Subscribed>, Refusal> {
    let followed = payees.iter().map(|(payee, account)| Followed {
        payee: PayeeId::parse(payee).unwrap(),
        account: account.map(|account| Account::parse(account).unwrap()),
        reference: Reference::parse(&format!("Loan to {}", &payee[payee.len() - 2..])).unwrap(),
    });
    let until = Timestamp::from_micros(place.now + days * DAY);
    let vault = place.writer.store.vault().clone();
    let actor = client.actor.clone();
    let request = Subscribe::new(&vault, client, purpose, until, followed.collect(), once)?;
    // An id has milliseconds in it.
    place.now += 1000;
    let env = Env::new(Timestamp::from_micros(place.now), 0);
    let given = [(request, &actor, &env)];
    let mut answers = place.writer.execute_group(|group| group.execute_jointly(&given)).unwrap();
    answers.pop().unwrap()
}

fn subscribe(
    place: &mut Place,
    role: Role,
    days: i64,
    payees: &[(&str, Option<&str>)],
) -> Result<Vec<Subscribed>, Refusal> {
    subscribe_once(place, client(role), LegalPurpose::Payment, days, payees, None)
}

fn page(place: &mut Place, client: &Actor, after: Option<i64>, events: usize, rows: usize) -> SubscriptionEvents {
    let (bounds, now) = (EventBounds { events, rows }, Timestamp::from_micros(place.now));
    place.writer.read(|scope| subscription_events(scope, client, client.name(), after, bounds, now)).unwrap()
}

/// All that is told after a place, by pages of these bounds; and where that ends.
pub fn read_on(
    place: &mut Place,
    client: &Actor,
    mut after: Option<i64>,
    events: usize,
    rows: usize,
) -> (Vec<SubscriptionEvent>, Option<i64>) {
    let mut told = Vec::new();
    loop {
        let page = page(place, client, after, events, rows);
        let goes_on = Some(page.reached) > after;
        assert!(goes_on || (page.events.is_empty() && !page.has_more), "{page:?} after {after:?}");
        told.extend(page.events);
        after = Some(page.reached);
        if !page.has_more {
            return (told, after);
        }
    }
}

pub fn all(place: &mut Place, client: &Actor) -> Vec<SubscriptionEvent> {
    read_on(place, client, None, 1000, EVENT_ROWS_MAX).0
}

pub fn end(place: &mut Place, client: &Actor, ids: &[&str]) -> Result<usize, &'static str> {
    let subscriptions = ids.iter().map(|id| (*id).to_owned()).collect();
    let command = EndSubscriptions { client: client.name().to_owned(), subscriptions };
    let env = Env::new(Timestamp::from_micros(place.now), 0);
    place.writer.execute(&command, client, &env).map_err(|error| error.code())
}

#[test]
fn who_may_subscribe_for_which_purpose_and_how_long() {
    let mut place = nation();
    let mut check = |role: Role, purpose: LegalPurpose, days: i64, account: Option<&str>, expected: &str| {
        let asked = [(PLAIN, account)];
        let answered = subscribe_once(&mut place, client(role), purpose, days, &asked, None);
        let code = answered.map_or_else(|refusal| refusal.code, |_| "");
        assert_eq!(code, expected, "{role:?} {purpose:?} {days} {account:?}");
    };
    use LegalPurpose::{CreditAgreement, FraudPrevention, Law, Payment, Recovery};
    let own = Some("0040-1");
    let (public, private, bank) = (Role::PublicPayer, Role::PrivatePayer, Role::Bank);
    for (role, purpose, most, account) in [
        (public, Payment, 30, None),
        (private, Payment, 14, own),
        (private, CreditAgreement, 14, own),
        (bank, Payment, 30, own),
        (bank, CreditAgreement, 30, own),
    ] {
        check(role, purpose, most, account, "");
        check(role, purpose, most + 1, account, "subscription.until");
        check(role, purpose, 0, account, "subscription.until");
        check(role, purpose, -1, account, "subscription.until");
        // Whoever may not know which it is names one, and whoever may names none.
        check(role, purpose, 1, if account.is_some() { None } else { own }, "subscription.account");
    }
    for (role, purpose) in [
        (public, FraudPrevention),
        (public, CreditAgreement),
        (private, FraudPrevention),
        (bank, FraudPrevention),
        (bank, Law),
    ] {
        check(role, purpose, 1, None, "subscription.purpose");
    }
    for purpose in [Recovery, FraudPrevention, Law] {
        check(Role::Authority, purpose, 1, None, "policy.not_allowed");
    }
    let nobody = subscribe(&mut place, public, 1, &[]);
    assert_eq!(nobody.unwrap_err().code, "look_up.count");
    let many = vec![(PLAIN, own); 251];
    assert_eq!(subscribe(&mut place, private, 1, &many).unwrap_err().code, "look_up.count");
    let other = Client { payer: Some("Private".to_owned()), ..client(public) };
    let refused = subscribe_once(&mut place, other, Payment, 1, &[(PLAIN, None)], None);
    assert_eq!(refused.unwrap_err().code, "payer.other_kind");
    place.verify();
}

const EVERYBODY: [&str; 11] =
    [PLAIN, CHANGED, ANEW, FROZEN, CLOSED, SPECIFIC, ONLY_SPECIFIC, BACK, WITHOUT, DEAD, NOBODY];

/// What is told at once is what a look-up tells, and it costs the same: nobody learns by it what they could not ask.
#[test]
fn to_subscribe_tells_and_costs_what_a_look_up_does() {
    let mut place = nation();
    let named = |role: Role, name: &str| Client { actor: Actor::client(role, name), ..client(role) };
    let (public, private) = (Role::PublicPayer, Role::PrivatePayer);
    for payee in EVERYBODY {
        let told = subscribe(&mut place, public, 1, &[(payee, None)]).unwrap().remove(0).answer;
        let FollowAnswer { state, changed_recently, changed_days_ago, pending_change, last_change_channel } = told;
        let question = vec![about(payee, "", ())];
        let asked = ask::<Resolve>(&mut place, named(public, "asker"), LegalPurpose::Payment, question);
        let answer = asked.unwrap().remove(0);
        assert_eq!(
            (state, changed_days_ago, pending_change, last_change_channel),
            (answer.state, answer.changed_days_ago, answer.pending_change, answer.last_change_channel),
            "{payee}"
        );
        assert_eq!(changed_recently, changed_days_ago.is_some_and(|days| days < 30), "{payee}");
        for account in ["0040-1", "0041-22", "0040-8"] {
            let told = subscribe(&mut place, private, 1, &[(payee, Some(account))]).unwrap().remove(0).answer;
            let question = vec![about(payee, "", Account::parse(account).unwrap())];
            let asked = ask::<Verify>(&mut place, named(private, "asker"), LegalPurpose::Payment, question);
            let VerifyAnswer { result, changed_recently, last_change_channel } = asked.unwrap().remove(0);
            // How long ago, of the account alone that it is.
            assert_eq!(told.changed_days_ago.is_some(), last_change_channel.is_some(), "{payee} {account}");
            assert_eq!(
                (told.state, told.changed_recently, told.pending_change, told.last_change_channel),
                (result, changed_recently, false, last_change_channel),
                "{payee} {account}"
            );
        }
    }
    // Both have spent the same: they are refused after as much, and for as long.
    let mut left = |role: Role, name: &str| {
        let most = Limits::of(role, LegalPurpose::Payment).unwrap().payees_max();
        (0..10).find_map(|_| {
            let questions = (0..most).map(|_| about(PLAIN, "", Account::parse("0040-1").unwrap())).collect();
            let answers = ask::<Verify>(&mut place, named(role, name), LegalPurpose::Payment, questions);
            answers.err().map(|refused| (refused.code, refused.retry_after_seconds))
        })
    };
    for role in [public, private] {
        let refused = left(role, "system");
        assert!(refused.is_some_and(|(code, _)| code == "allowance.exhausted"), "{role:?}");
        assert_eq!(refused, left(role, "asker"), "{role:?}");
    }
    place.verify();
}

#[test]
fn whoever_subscribes_to_invented_numbers_is_stopped() {
    let mut place = nation();
    let nobodies = vec![(NOBODY, None); 100];
    for _ in 0..3 {
        subscribe(&mut place, Role::PublicPayer, 1, &nobodies).unwrap();
    }
    let refused = subscribe(&mut place, Role::PublicPayer, 1, &[(PLAIN, None)]).unwrap_err();
    assert_eq!((refused.code, refused.retry_after_seconds.is_some()), ("allowance.exhausted", true));
    // Nothing was written of it.
    let lists = subscriptions_of(&mut place, &Actor::client(Role::PublicPayer, "system"));
    assert_eq!(lists.len(), 300);
    place.verify();
}

/// Its name and payee, of each that lasts.
fn subscriptions_of(place: &mut Place, client: &Actor) -> Vec<(String, Option<String>)> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let now = Timestamp::from_micros(place.now);
        let read = |scope: &kernel::Scope<'_>| subscriptions(scope, client, client.name(), after, 7, now);
        let page = place.writer.read(read).unwrap();
        found.extend(page.rows.into_iter().map(|view| (view.id, view.payee)));
        after = page.next;
        if after.is_none() {
            return found;
        }
    }
}

/// The quick loan in somebody's name (FR-07): the account is moved between the application and the payment.
#[test]
fn a_lender_sees_that_the_account_was_changed_two_days_ago() {
    let mut place = nation();
    let lender = || client(Role::PrivatePayer);
    let asked = [(PLAIN, Some("0040-1"))];
    let begun = subscribe_once(&mut place, lender(), LegalPurpose::CreditAgreement, 14, &asked, None).unwrap();
    assert_eq!((begun[0].answer.state, begun[0].answer.changed_recently), (AnswerClass::Match, false));
    place.now += 3 * DAY;
    assert_eq!(all(&mut place, &lender().actor), vec![]);
    let counts = place.accounts(&Channel::Operator, &[format!("change,{PLAIN},1020-66,,0040-1,,,")]).0;
    assert_eq!(counts.changed, 1);
    place.now += 2 * DAY + HOUR;
    let told = all(&mut place, &lender().actor);
    let told: Vec<_> = told
        .iter()
        .map(|told| (told.event, told.payee.as_str(), told.reference.as_str(), told.channel, told.changed_days_ago))
        .collect();
    assert_eq!(told, [("changed", PLAIN, "Loan to 01", Some("operator"), Some(2))]);
    // And whoever comes only now is told so at once.
    let now = subscribe(&mut place, Role::Bank, 1, &[(PLAIN, Some("1020-66")), (PLAIN, Some("0040-1"))]).unwrap();
    let said = |at: usize| {
        let FollowAnswer { state, changed_recently, changed_days_ago, last_change_channel, .. } = &now[at].answer;
        (*state, *changed_recently, *changed_days_ago, last_change_channel.as_deref())
    };
    assert_eq!(said(0), (AnswerClass::Match, true, Some(2), Some("operator")));
    assert_eq!(said(1), (AnswerClass::NoMatch, true, None, None));
    place.verify();
}

/// The victim calls before the loan is paid out: the account is contested, which whoever is about to pay hears, and not why.
#[test]
fn whoever_is_about_to_pay_hears_that_the_payee_may_be_a_victim_and_when_that_is_over() {
    let mut place = nation();
    let named = |role: Role, name: &str| Client { actor: Actor::client(role, name), ..client(role) };
    let public = || named(Role::PublicPayer, "authority");
    let lender = || named(Role::PrivatePayer, "lender");
    for (client, purpose, account) in
        [(public(), LegalPurpose::Payment, None), (lender(), LegalPurpose::CreditAgreement, Some("0040-1"))]
    {
        subscribe_once(&mut place, client, purpose, 5, &[(PLAIN, account)], None).unwrap();
    }
    let payee = PayeeId::parse(PLAIN).unwrap();
    let told = |place: &mut Place, client: Client| {
        let told = all(place, &client.actor).into_iter();
        told.map(|told| (told.event, told.reference, told.channel)).collect::<Vec<_>>()
    };
    let of = |event: &'static str| (event, "Loan to 01".to_owned(), None);
    place.now += HOUR;
    let env = Env::new(Timestamp::from_micros(place.now), 0);
    let contested = place.writer.execute(&ContestAccounts { payee }, &Actor::console(), &env).unwrap();
    assert_eq!(contested.frozen.len(), 1);
    assert_eq!(told(&mut place, public()), [of("frozen")]);
    assert_eq!(told(&mut place, lender()), [of("not_payable")]);
    place.now += HOUR;
    let env = Env::new(Timestamp::from_micros(place.now), 0);
    assert_eq!(place.writer.execute(&RestoreAccounts { payee }, &Actor::console(), &env).unwrap(), 1);
    assert_eq!(told(&mut place, public()), [of("frozen"), of("payable")]);
    assert_eq!(told(&mut place, lender()), [of("not_payable"), of("payable")]);
    place.verify();
}

#[test]
fn the_same_request_again_subscribes_nobody_twice() {
    let mut place = nation();
    let actor = Actor::client(Role::PublicPayer, "system");
    let once = Once::of(&actor, &registry::policy::SUBSCRIBE, "word", [7; 32]);
    let payees = [(PLAIN, None), (NOBODY, None)];
    let mut again = || {
        let asked = client(Role::PublicPayer);
        subscribe_once(&mut place, asked, LegalPurpose::Payment, 5, &payees, Some(once)).unwrap()
    };
    let (first, second) = (again(), again());
    assert_eq!(first, second);
    assert_eq!(subscriptions_of(&mut place, &actor).len(), 2);
}

#[test]
fn a_payee_sees_who_is_told_and_the_log_says_who_asked() {
    let mut place = nation();
    let begun = subscribe(&mut place, Role::PrivatePayer, 14, &[(WITHOUT, Some("0040-1")); 2]).unwrap();
    let logged = log(&mut place, WITHOUT, None, 10);
    let said = |view: &LookUpView| format!("{} {} {} {}", view.client, view.purpose, view.kind, view.answer);
    assert_eq!(logged.iter().map(said).collect::<Vec<_>>(), ["client:system payment subscription not_possible"; 2]);
    let lender = Actor::client(Role::PrivatePayer, "system");
    assert_eq!(end(&mut place, &lender, &[&begun[0].id]), Ok(1));

    use Assurance::{Low, Substantial};
    let key = |place: &Place, number: &str| PayeeId::parse(number).unwrap().key(place.writer.store.vault());
    let citizen = |place: &Place, number: &str, assurance| {
        let login = Login { assurance, authenticator: Authenticator::named("first"), at: Timestamp::from_micros(0) };
        Actor::citizen(&key(place, number), login)
    };
    let [own, weak, other] =
        [(WITHOUT, Substantial), (WITHOUT, Low), (NOBODY, Substantial)].map(|(who, how)| citizen(&place, who, how));
    let mut check = |actor: Actor, expected: Result<(), &str>| {
        let command = ListSubscribers { actor: actor.clone(), payee: PayeeId::parse(WITHOUT).unwrap() };
        let env = Env::new(Timestamp::from_micros(place.now), 0);
        let listed = place.writer.execute(&command, &actor, &env).map_err(|error| error.code());
        let told = |view: &SubscriberView| {
            let SubscriberView { subscription, client, purpose, ended, .. } = view;
            (subscription.clone(), format!("{client} {purpose}"), ended.is_some())
        };
        let listed = listed.map(|listed| listed.subscribers.iter().map(told).collect::<Vec<_>>());
        let by = || "client:system payment".to_owned();
        let shown = || vec![(begun[1].id.clone(), by(), false), (begun[0].id.clone(), by(), true)];
        assert_eq!(listed, expected.map(|()| shown()), "{actor:?}");
    };
    check(own, Ok(()));
    check(weak, Err("citizen.assurance"));
    check(other, Err("citizen.other"));
    check(Actor::operator("olga"), Ok(()));
    check(Actor::caseworker("kim"), Err("policy.not_allowed"));
    check(lender, Err("policy.not_allowed"));
    // The agency's own look is logged, and the payee's is not.
    let logged = log(&mut place, WITHOUT, None, 10);
    assert_eq!(said(&logged[0]), "operator:olga operation subscribers in_force");
    assert_eq!(logged.len(), 3);
    place.verify();
}

#[test]
fn what_is_ended_is_told_no_more_and_only_by_whom_it_is() {
    let mut place = nation();
    let [own, other] = ["system", "other"].map(|name| Actor::client(Role::PublicPayer, name));
    let begun = subscribe(&mut place, Role::PublicPayer, 20, &[(PLAIN, None), (CHANGED, None), (PLAIN, None)]).unwrap();
    let [first, second, third] = [0, 1, 2].map(|at: usize| begun[at].id.as_str());
    place.accounts(&Channel::Operator, &[format!("freeze,{PLAIN},,,,,,"), format!("freeze,{CHANGED},,,,,,")]);
    let told = |place: &mut Place| {
        let told = all(place, &own);
        told.into_iter().map(|told| (told.event, told.payee, told.subscription)).collect::<Vec<_>>()
    };
    let expected = |by: &str| ("frozen", PLAIN.to_owned(), by.to_owned());
    let about_changed = ("frozen", CHANGED.to_owned(), second.to_owned());
    // Of several about one payee, the newest tells.
    assert_eq!(told(&mut place), [expected(third), about_changed.clone()]);
    assert_eq!(all(&mut place, &other), vec![]);
    for (client, ids, code) in [
        (&other, vec![first], "subscription.unknown"),
        (&own, vec![first, "0000000000000"], "subscription.unknown"),
        (&own, vec!["x"], "subscription.unknown"),
        (&own, vec![], "subscription.count"),
        (&own, vec![first; ENDED_MAX + 1], "subscription.count"),
    ] {
        assert_eq!(end(&mut place, client, &ids), Err(code), "{ids:?}");
    }
    assert_eq!(end(&mut place, &own, &[third, third]), Ok(1));
    assert_eq!(end(&mut place, &own, &[third]), Ok(0));
    assert_eq!(told(&mut place), [expected(first), about_changed.clone()]);
    assert_eq!(end(&mut place, &own, &[third, first]), Ok(1));
    assert_eq!(told(&mut place), std::slice::from_ref(&about_changed));
    // What lasts no more tells for some days still what was before.
    place.now += 20 * DAY;
    place.accounts(&Channel::Operator, &[format!("unfreeze,{CHANGED},,,,,,")]);
    assert_eq!(subscriptions_of(&mut place, &own), vec![]);
    assert_eq!(told(&mut place), [about_changed]);
    place.now += TOLD_DAYS * DAY;
    assert_eq!(told(&mut place), []);
    place.verify();
}

/// Accounts for benefits are told to the payer's own client: of what is proposed, and of what takes effect at once as of one change.
#[test]
fn a_public_payer_is_told_of_its_own_benefits_accounts_and_of_nobody_elses() {
    let mut place = nation();
    let public = PublicKey::from_bytes([1; 32]);
    let kim = Actor::caseworker("kim");
    let (name, authority, benefits) = ("kim".to_owned(), "Payer".to_owned(), [].into());
    let add = AddCaseworker { name, key: public, authority, benefits, in_person: false };
    let env = Env::new(Timestamp::from_micros(place.now), 0);
    place.writer.execute(&add, &Actor::console(), &env).unwrap();
    let other = || Client { actor: Actor::client(Role::PublicPayer, "other"), payer: Some("Other".to_owned()) };
    let lender = || Client { actor: Actor::client(Role::PrivatePayer, "lender"), ..client(Role::PrivatePayer) };
    let own = client(Role::PublicPayer).actor;
    for (client, account) in [(client(Role::PublicPayer), None), (other(), None), (lender(), Some("0040-1"))] {
        let asked = [(PLAIN, account), (SPECIFIC, account)];
        subscribe_once(&mut place, client, LegalPurpose::Payment, 10, &asked, None).unwrap();
    }
    let vault = place.writer.store.vault().clone();
    let propose = |place: &mut Place, chance: u32| {
        let (action, account, payer, benefit) = ("register", "1020-9", "Payer", "NKSSU");
        let written = Written { action, payee: PLAIN, account, expects: "none", payer, benefit, ..Written::default() };
        let row = AccountRow::read(&vault, &written).unwrap();
        let ground = Some(LegalGround { law: "§ 1".to_owned(), evidence: "1".to_owned() });
        let (actor, holder) = (kim.clone(), Holder::Own);
        let command = ProposeDesignation { actor, row, holder, ground, is_locked: false, signature: None, once: None };
        place.now += 1000;
        let env = Env::new(Timestamp::from_micros(place.now), chance);
        place.writer.execute(&command, &kim, &env).unwrap()
    };
    let frozen = format!("freeze,{SPECIFIC},,,,,Payer,NKSBOS");
    assert_eq!(place.accounts(&Channel::Operator, &[frozen]).0.changed, 1);
    place.control("anvis", &[]);
    let waits = propose(&mut place, 16);
    assert_eq!(waits.waits_for.as_deref(), Some("approval"));
    let cancel = CancelDesignation { proposal: waits.id, actor: kim.clone(), channel: None };
    let env = Env::new(Timestamp::from_micros(place.now), 32);
    place.writer.execute(&cancel, &kim, &env).unwrap();
    place.control("2015", &[]);
    assert_eq!(propose(&mut place, 48).state, "in_force");
    let told = |place: &mut Place, client: &Actor| {
        let told = all(place, client).into_iter().map(|told| (told.event, told.payee, told.benefit));
        told.collect::<Vec<_>>()
    };
    let of = |event, payee: &str, benefit: &str| (event, payee.to_owned(), Some(benefit.to_owned()));
    let expected = [
        of("frozen", SPECIFIC, "NKSBOS"),
        of("pending", PLAIN, "NKSSU"),
        of("pending_ended", PLAIN, "NKSSU"),
        of("registered", PLAIN, "NKSSU"),
    ];
    assert_eq!(told(&mut place, &own), expected);
    assert_eq!(told(&mut place, &other().actor), []);
    assert_eq!(told(&mut place, &lender().actor), []);
    place.verify();
}

//! Clients are told what becomes of the accounts of payees whom they are about to pay, or to lend to.

use crate::place::Place;
use crate::*;
use kernel::{Assurance, Authenticator, Login, Once};
use proptest::prelude::*;
use registry::ask::FollowAnswer;
use registry::commands::{EndSubscriptions, Followed, ListSubscribers, Subscribe, Subscribed, SubscriberView};
use registry::queries::{
    EVENT_ROWS_MAX, EventBounds, SubscriptionEvent, SubscriptionEvents, subscription_events, subscriptions,
};
use registry::subscription::{ENDED_MAX, Reference, TOLD_DAYS};
use std::collections::BTreeMap;

/// A request of a client about payees, each with the account that is named; until so many days from now.
fn subscribe_once(
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
fn read_on(
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

fn all(place: &mut Place, client: &Actor) -> Vec<SubscriptionEvent> {
    read_on(place, client, None, 1000, EVENT_ROWS_MAX).0
}

fn end(place: &mut Place, client: &Actor, ids: &[&str]) -> Result<usize, &'static str> {
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
    assert_eq!(told(&mut place), [about_changed.clone()]);
    // What lasts no more tells for some days still what was before.
    place.now += 20 * DAY;
    place.accounts(&Channel::Operator, &[format!("unfreeze,{CHANGED},,,,,,")]);
    assert_eq!(subscriptions_of(&mut place, &own), vec![]);
    assert_eq!(told(&mut place), [about_changed]);
    place.now += TOLD_DAYS * DAY;
    assert_eq!(told(&mut place), []);
    place.verify();
}

const PEOPLE: [&str; 4] = [WITHOUT, "cpr:6101701234", "p:1000000011", "p:1000000012"];
const ACCOUNTS: [&str; 3] = ["0040-101", "0040-102", "0041-103"];

#[derive(Clone, Debug)]
enum Act {
    /// What becomes of somebody's account, by a number that says which it is.
    Account(usize, u8, usize),
    /// Somebody dies, or was not dead.
    Dies(usize),
    /// A bank proposes another account, or takes that back.
    Proposes(usize),
    /// The public payer, or the lender, subscribes to somebody for so many days.
    Subscribes(bool, usize, i64),
    /// It ends one of them.
    Ends(bool, usize),
    /// So many days pass.
    Waits(i64),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let who = 0..PEOPLE.len();
    let act = prop_oneof![
        6 => (who.clone(), 0..5u8, 0..ACCOUNTS.len()).prop_map(|(who, what, account)| Act::Account(who, what, account)),
        1 => (0..2usize).prop_map(Act::Dies),
        2 => who.clone().prop_map(Act::Proposes),
        4 => (any::<bool>(), who, 1..=14i64).prop_map(|(public, who, days)| Act::Subscribes(public, who, days)),
        1 => (any::<bool>(), 0..8usize).prop_map(|(public, which)| Act::Ends(public, which)),
        2 => (1..5i64).prop_map(Act::Waits),
    ];
    prop::collection::vec(act, 1..60)
}

/// What the test believes of a payee.
#[derive(Clone, Default)]
struct Life {
    is_dead: bool,
    /// The account and whether it is frozen; the inner none, where it was closed.
    account: Option<Option<(usize, bool)>>,
    /// The proposal that waits, and since when.
    pending: Option<(String, i64)>,
}

impl Life {
    /// What a look-up would answer: a word, and the account that can be paid to.
    fn answer(&self) -> (&'static str, Option<usize>) {
        match self.account {
            _ if self.is_dead => ("dead", None),
            None => ("none", None),
            Some(None) => ("closed", None),
            Some(Some((_, true))) => ("frozen", None),
            Some(Some((account, false))) => ("payable", Some(account)),
        }
    }

    /// What whoever follows it is told of the step to another answer.
    fn told(&self, next: &Self) -> Option<&'static str> {
        let ((before, former), (after, account)) = (self.answer(), next.answer());
        if (before, former) == (after, account) {
            return None;
        }
        let is_new = self.account != next.account && self.account.flatten().map(|(account, _)| account) != account;
        Some(match (after, is_new) {
            ("none", _) => return None,
            ("payable", true) if self.account.is_none() => "registered",
            ("payable", true) => "changed",
            (word, _) => word,
        })
    }
}

struct Believed {
    id: String,
    is_public: bool,
    who: usize,
    until: i64,
    is_ended: bool,
}

struct Model {
    place: Place,
    lives: Vec<Life>,
    believed: Vec<Believed>,
    /// What each client must have been told: what, of whom, when, and by which of the above.
    told: BTreeMap<bool, Vec<(&'static str, usize, i64)>>,
    /// What each was told, as it read on, and where it is.
    read: BTreeMap<bool, (Vec<SubscriptionEvent>, Option<i64>)>,
    chance: u32,
}

impl Model {
    fn new() -> Self {
        let mut place = nation();
        let population = Population { vault: place.writer.store.vault().clone(), refuse_replacement_numbers: false };
        let person = format!("{}\n6101701234,Anna,,,,,active,,\n", Population::HEADER.join(","));
        place.import(&population, person.as_bytes());
        let lives = vec![Life::default(); PEOPLE.len()];
        Self { place, lives, believed: vec![], told: BTreeMap::new(), read: BTreeMap::new(), chance: 0 }
    }

    fn client(is_public: bool) -> Client {
        let lender = || Client { actor: Actor::client(Role::PrivatePayer, "lender"), ..client(Role::PrivatePayer) };
        if is_public { client(Role::PublicPayer) } else { lender() }
    }

    fn actor(is_public: bool) -> Actor {
        Self::client(is_public).actor
    }

    /// What is told now of a step, to whoever follows it. To the lender it is less.
    fn tells(&mut self, who: usize, event: &'static str, was_payable: bool) {
        let now = self.place.now;
        for is_public in [true, false] {
            let is_live =
                |one: &&Believed| one.is_public == is_public && one.who == who && !one.is_ended && now < one.until;
            if self.believed.iter().find(is_live).is_none() {
                continue;
            }
            let event = match (is_public, event) {
                (true, event) | (false, event @ "changed") => event,
                (false, "registered" | "payable") => "payable",
                (false, "pending" | "pending_ended") => continue,
                (false, _) if was_payable => "not_payable",
                (false, _) => continue,
            };
            self.told.entry(is_public).or_default().push((event, who, now));
        }
    }

    fn steps(&mut self, who: usize, next: Life) {
        let former = std::mem::replace(&mut self.lives[who], next);
        if let Some(event) = former.told(&self.lives[who]) {
            self.tells(who, event, former.answer().0 == "payable");
        }
    }

    /// The row that asks for it, and what becomes of the payee, if it can be done.
    fn row(&self, who: usize, what: u8, account: usize) -> Option<(String, Life)> {
        let life = &self.lives[who];
        let (payee, named) = (PEOPLE[who], ACCOUNTS[account]);
        if life.pending.is_some() {
            return None;
        }
        let is = |account| Life { account: Some(account), ..life.clone() };
        Some(match (what, life.account.flatten()) {
            (0 | 1, None) if !life.is_dead => {
                (format!("register,{payee},{named},,none,,,"), is(Some((account, false))))
            }
            (0 | 1, Some((current, false))) if !life.is_dead && current != account => {
                (format!("change,{payee},{named},,{},,,", ACCOUNTS[current]), is(Some((account, false))))
            }
            (2, Some((_, false))) => (format!("close,{payee},,,,,,"), is(None)),
            (3, Some((current, false))) => (format!("freeze,{payee},,,,,,"), is(Some((current, true)))),
            (_, Some((current, true))) => (format!("unfreeze,{payee},,,,,,"), is(Some((current, false)))),
            _ => return None,
        })
    }

    /// Several rows of one file, in one entry.
    fn accounts(&mut self, acts: &[(usize, u8, usize)]) {
        let (mut rows, mut steps) = (Vec::new(), Vec::new());
        let before = self.lives.clone();
        for (who, what, account) in acts {
            if let Some((row, next)) = self.row(*who, *what, *account) {
                rows.push(row);
                steps.push((*who, next.clone()));
                self.lives[*who] = next;
            }
        }
        self.lives = before;
        let count = rows.len() as u64;
        // The same file twice is one file: a row that is refused makes each another.
        rows.push(format!("wrong,{},,,,,,", self.place.now));
        assert_eq!(self.place.accounts(&Channel::Operator, &rows).0.changed, count, "{rows:?}");
        for (who, next) in steps {
            self.steps(who, next);
        }
    }

    fn dies(&mut self, who: usize) {
        let next = Life { is_dead: !self.lives[who].is_dead, ..self.lives[who].clone() };
        if next.pending.is_some() {
            return;
        }
        let vault = self.place.writer.store.vault().clone();
        let status = if next.is_dead { "dead" } else { "active" };
        // Any other name makes it another file.
        let (number, name) = (&PEOPLE[who][4..], self.place.now);
        let file = format!("{}\n{number},N{name},,,,,{status},,\n", Population::HEADER.join(","));
        self.place.import(&Population { vault, refuse_replacement_numbers: false }, file.as_bytes());
        self.steps(who, next);
    }

    fn proposes(&mut self, who: usize) {
        let actor = Actor::client(Role::Bank, "south");
        let south = Channel::Bank("South".to_owned());
        self.place.now += 1000;
        self.chance += 1000;
        let env = Env::new(Timestamp::from_micros(self.place.now), self.chance);
        let life = self.lives[who].clone();
        match &life.pending {
            Some((proposal, _)) => {
                let cancel =
                    CancelDesignation { proposal: proposal.clone(), actor: actor.clone(), channel: Some(south) };
                assert_eq!(self.place.writer.execute(&cancel, &actor, &env).unwrap().state, "cancelled");
                self.lives[who].pending = None;
                self.tells(who, "pending_ended", true);
            }
            None if life.answer().0 == "payable" => {
                let row = self.place.read(&format!("change,{},1020-9,,,,,,user_request,netbank", PEOPLE[who]));
                let hold = Unexpected::Hold;
                let request = ChangeAccounts::new(actor.clone(), south, vec![row], hold, None).unwrap();
                let given = [(request, &actor, &env)];
                let mut answers = self.place.writer.execute_group(|group| group.execute_jointly(&given)).unwrap();
                match answers.remove(0).unwrap().remove(0) {
                    ChangeAnswer::Held(name) => self.lives[who].pending = Some((name, self.place.now)),
                    answer => panic!("{answer:?}"),
                }
                self.tells(who, "pending", true);
            }
            None => {}
        }
    }

    fn subscribes(&mut self, is_public: bool, who: usize, days: i64) {
        let until = self.place.now + days * DAY;
        let account = if is_public { None } else { Some(ACCOUNTS[0]) };
        let (client, asked) = (Self::client(is_public), [(PEOPLE[who], account)]);
        match subscribe_once(&mut self.place, client, LegalPurpose::Payment, days, &asked, None) {
            Ok(begun) => {
                let id = begun[0].id.clone();
                self.believed.push(Believed { id, is_public, who, until, is_ended: false });
            }
            Err(refused) => assert_eq!(refused.code, "allowance.exhausted"),
        }
    }

    fn ends(&mut self, is_public: bool, which: usize) {
        let own: Vec<usize> = (0..self.believed.len()).filter(|at| self.believed[*at].is_public == is_public).collect();
        let Some(at) = own.get(which % own.len().max(1)) else { return };
        let Believed { id, is_ended, until, .. } = &self.believed[*at];
        let is_told = !is_ended && self.place.now - TOLD_DAYS * DAY < *until;
        let id = id.clone();
        assert_eq!(end(&mut self.place, &Self::actor(is_public), &[&id]), Ok(usize::from(is_told)));
        self.believed[*at].is_ended = true;
    }

    fn waits(&mut self, days: i64) {
        // Nobody decides about what waits: it is taken back before it lapses.
        for who in 0..PEOPLE.len() {
            if self.lives[who].pending.as_ref().is_some_and(|(_, since)| self.place.now - since > 20 * DAY) {
                self.proposes(who);
            }
        }
        self.place.now += days * DAY;
    }

    /// What each client reads on from where it is.
    fn read(&mut self, events: usize, rows: usize) {
        for is_public in [true, false] {
            let actor = Self::actor(is_public);
            let after = self.read.get(&is_public).and_then(|(_, after)| *after);
            let (told, reached) = read_on(&mut self.place, &actor, after, events, rows);
            // The same again from there.
            assert_eq!(read_on(&mut self.place, &actor, after, 1000, EVENT_ROWS_MAX).0, told);
            let read = self.read.entry(is_public).or_default();
            read.0.extend(told);
            read.1 = reached;
        }
    }

    fn check(&mut self) {
        for is_public in [true, false] {
            let (read, _) = self.read.get(&is_public).cloned().unwrap_or_default();
            let expected = self.told.get(&is_public).cloned().unwrap_or_default();
            let words = |told: &SubscriptionEvent| (told.event, told.payee.clone());
            let believed: Vec<_> = expected.iter().map(|(event, who, _)| (*event, PEOPLE[*who].to_owned())).collect();
            assert_eq!(read.iter().map(words).collect::<Vec<_>>(), believed, "public: {is_public}");
            assert!(read.is_sorted_by(|one, next| one.id < next.id), "{read:?}");
            let text = serde_json::to_string(&read).unwrap();
            for account in ACCOUNTS.iter().chain(&["1020-9"]) {
                let digits = account.split('-').next_back().unwrap();
                let iban = format!("{}{digits:0>10}", &account[..4]);
                assert!(!text.contains(&iban) && !text.contains(account), "{account} is told: {text}");
            }
            // Whoever reads all of it only now is told what is told still: the same, by the same names.
            let (now, believed) = (self.place.now, &self.believed);
            let is_told = |event: &&SubscriptionEvent| {
                let recorded = Timestamp::parse(&event.recorded).unwrap().micros();
                let since = Timestamp::parse(&event.recorded).unwrap();
                believed.iter().any(|one| {
                    one.is_public == is_public
                        && PEOPLE[one.who] == event.payee
                        && !one.is_ended
                        && recorded < one.until
                        && now - TOLD_DAYS * DAY < one.until
                        && began(&one.id) < since.micros()
                })
            };
            let expected: Vec<_> = read.iter().filter(is_told).map(|told| (&told.id, told.event)).collect();
            let late = all(&mut self.place, &Self::actor(is_public));
            assert_eq!(late.iter().map(|told| (&told.id, told.event)).collect::<Vec<_>>(), expected);
        }
        self.place.verify();
    }
}

/// The moment in an id, in microseconds.
fn began(id: &str) -> i64 {
    (kernel::Id::<()>::parse_name(id).unwrap().number() >> 21) * 1000
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_client_is_told_exactly_how_the_answers_change_that_it_follows(
        acts in acts(),
        events in 1..4usize,
        rows in 1..7usize,
        together in 1..4usize,
    ) {
        let mut model = Model::new();
        let is_account = |act: &Act| matches!(act, Act::Account(..));
        for run in acts.chunk_by(|one, next| is_account(one) && is_account(next)).flat_map(|run| run.chunks(together)) {
            let rows_of_file: Vec<(usize, u8, usize)> = run.iter().filter_map(|act| match act {
                Act::Account(who, what, account) => Some((*who, *what, *account)),
                _ => None,
            }).collect();
            match &run[0] {
                Act::Account(..) => model.accounts(&rows_of_file),
                Act::Dies(who) => model.dies(*who),
                Act::Proposes(who) => model.proposes(*who),
                Act::Subscribes(is_public, who, days) => model.subscribes(*is_public, *who, *days),
                Act::Ends(is_public, which) => model.ends(*is_public, *which),
                Act::Waits(days) => model.waits(*days),
            }
            model.read(events, rows);
        }
        model.check();
    }
}

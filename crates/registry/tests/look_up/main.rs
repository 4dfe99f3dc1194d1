//! Other organisations' systems ask about payees, in a real store.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod following;
mod messages;
mod paying;
#[path = "../import/place.rs"]
mod place;
mod subscriptions;
mod waiting;

use denmark::{Account, Cvr};
use kernel::journal::{self, size_and_root};
use kernel::{Actor, Env, Error, Refusal, Refuse, Role, Timestamp};
use place::Place;
use registry::allowance::{self, ForFiles};
use registry::ask::{AccountAnswer, AnswerClass, Ask, Map, MapAnswer, MapQuestion, Resolve, Verify, VerifyAnswer};
use registry::bucket::Limits;
use registry::commands::{
    AddPayer, AskMany, CancelDesignation, ChangeAccounts, ChangeAnswer, Client, LookUp, Question, ReadHistory,
    RefillClient,
};
use registry::designation::Channel;
use registry::import::{Population, Source};
use registry::legal_purpose::LegalPurpose;
use registry::life::DECISION_DAYS;
use registry::payee::PayeeId;
use registry::payer::{Agreement, NoAccount, PayerKind};
use registry::proposal::Unexpected;
use registry::purpose::BenefitKind;
use registry::queries::{LookUpView, look_ups};

const DAY: i64 = 86_400_000_000;
const HOUR: i64 = DAY / 24;

/// With an account since the first day.
const PLAIN: &str = "p:1000000001";
/// Whose account took the place of another on day 40, by the bank.
const CHANGED: &str = "p:1000000002";
/// Whose account was closed on day 30, and another designated by the operator on day 35; frozen and unfrozen since.
const ANEW: &str = "p:1000000003";
const FROZEN: &str = "p:1000000004";
const CLOSED: &str = "p:1000000005";
/// With a default account, and one for a benefit of one payer.
const SPECIFIC: &str = "p:1000000006";
/// With an account for a benefit alone.
const ONLY_SPECIFIC: &str = "p:1000000007";
/// Whose former account is their account again since day 45.
const BACK: &str = "p:1000000008";
const WITHOUT: &str = "cpr:6601701239";
const DEAD: &str = "cpr:6501701238";
const NOBODY: &str = "cpr:7201701235";

/// A registry in which something has happened in 50 days.
fn nation() -> Place {
    let mut place = Place::new();
    let payers = [
        ("Payer", "13748136", PayerKind::Public),
        ("Other", "25992180", PayerKind::Public),
        ("Private", "55133018", PayerKind::Private),
    ];
    for (name, cvr, kind) in payers {
        let cvr = Cvr::parse(cvr).unwrap();
        let agreement = Agreement {
            name: name.to_owned(),
            cvr,
            kind,
            no_account: NoAccount::Reject,
            bank: None,
            terms: registry::terms::Terms::default(),
        };
        let env = Env::new(Timestamp::from_micros(place.now), 0);
        place.writer.execute(&AddPayer { agreement }, &Actor::console(), &env).unwrap();
    }
    let vault = place.writer.store.vault().clone();
    let population = Population { vault, refuse_replacement_numbers: false };
    let people = "6601701239,Frida,,,,,active,,\n6501701238,Erik,,,,,active,,\n";
    place.import(&population, format!("{}\n{people}", Population::HEADER.join(",")).as_bytes());
    let bank = Channel::Bank("North".to_owned());
    let mut on = |day: i64, channel: &Channel, rows: &[&str]| {
        place.now = day * DAY;
        let rows: Vec<String> = rows.iter().map(|row| (*row).to_owned()).collect();
        let counts = place.accounts(channel, &rows).0;
        assert_eq!(counts.changed, rows.len() as u64, "{rows:?}");
    };
    on(
        1,
        &Channel::Operator,
        &[
            "register,p:1000000001,0040-1,,,,,",
            "register,p:1000000002,0040-2,,,,,",
            "register,p:1000000003,0040-3,,,,,",
            "register,p:1000000004,0040-4,,,,,",
            "register,p:1000000005,0040-5,,,,,",
            "register,p:1000000006,0040-6,,,,,",
            "register,p:1000000006,0041-66,,,,Payer,NKSBOS",
            "register,p:1000000007,0041-77,,,,Payer,NKSBOS",
            "register,p:1000000008,0040-8,,,,,",
            "register,cpr:6501701238,0040-9,,,,,",
            "freeze,p:1000000004,,,,,,",
        ],
    );
    on(30, &Channel::Operator, &["close,p:1000000003,,,,,,", "close,p:1000000005,,,,,,"]);
    on(35, &Channel::Operator, &["register,p:1000000003,1020-33,,none,,,"]);
    on(40, &bank, &["change,p:1000000002,0041-22,,0040,,,"]);
    on(41, &Channel::Operator, &["freeze,p:1000000003,,,,,,"]);
    on(42, &Channel::Operator, &["unfreeze,p:1000000003,,,,,,", "change,p:1000000008,0041-88,,0040,,,"]);
    on(45, &bank, &["change,p:1000000008,0040-8,,0041,,,"]);
    let dead = "6501701238,Erik,,,,,dead,,\n";
    place.import(&population, format!("{}\n{dead}", Population::HEADER.join(",")).as_bytes());
    place.now = 50 * DAY;
    place
}

fn client(role: Role) -> Client {
    let payer = match role {
        Role::PublicPayer => Some("Payer"),
        Role::PrivatePayer => Some("Private"),
        _ => None,
    };
    Client { actor: Actor::client(role, "system"), payer: payer.map(str::to_owned) }
}

fn purpose_of(role: Role) -> LegalPurpose {
    if role == Role::Authority { LegalPurpose::Law } else { LegalPurpose::Payment }
}

/// One request, by itself.
fn ask<K: Ask>(
    place: &mut Place,
    client: Client,
    purpose: LegalPurpose,
    questions: Vec<Question<K::Asked>>,
) -> Result<Vec<K::Answer>, Refusal> {
    let actor = client.actor.clone();
    let env = Env::new(Timestamp::from_micros(place.now), 0);
    let requests = [(AskMany::<K>::new(place.writer.store.vault(), client, purpose, questions)?, &actor, &env)];
    let mut answers = place.writer.execute_group(|group| group.execute_jointly(&requests)).unwrap();
    answers.pop().unwrap()
}

fn about<A>(payee: &str, benefit: &str, asked: A) -> Question<A> {
    Question { payee: PayeeId::parse(payee).unwrap(), benefit: BenefitKind::parse(benefit), asked }
}

/// One word for each part of an answer.
fn told(answer: &AccountAnswer) -> String {
    let AccountAnswer { state, account, bic, since, changed_days_ago, pending_change, last_change_channel } = answer;
    assert!(!pending_change);
    let days = changed_days_ago.map(|days| days.to_string());
    let parts = [account, bic, since, &days, last_change_channel];
    parts.iter().fold(state.name().to_owned(), |text, part| text + " " + part.as_deref().unwrap_or("-"))
}

#[test]
fn an_account_is_told_with_its_age() {
    let mut place = nation();
    let mut check = |payee: &str, benefit: &str, role: Role, expected: &str| {
        let questions = vec![about(payee, benefit, ())];
        let answers = ask::<Resolve>(&mut place, client(role), purpose_of(role), questions).unwrap();
        assert_eq!(told(&answers[0]), expected, "{payee} {benefit}");
    };
    let payer = Role::PublicPayer;
    check(PLAIN, "", payer, "in_force DK3300400000000001 NDEADKKK 1970-01-02T00:00:00.000001Z - -");
    check(PLAIN, "", Role::Authority, "in_force DK3300400000000001 NDEADKKK 1970-01-02T00:00:00.000001Z - -");
    check(CHANGED, "", payer, "in_force DK8300410000000022 NDEADKKK 1970-02-10T00:00:00.000001Z 9 bank");
    // Since it was designated, through being frozen; a closed account was another.
    check(ANEW, "", payer, "in_force DK0410200000000033 - 1970-02-05T00:00:00.000001Z 14 operator");
    check(BACK, "", payer, "in_force DK3800400000000008 NDEADKKK 1970-02-15T00:00:00.000001Z 4 bank");
    check(FROZEN, "", payer, "frozen - - - - -");
    check(CLOSED, "", payer, "closed - - - - -");
    check(WITHOUT, "", payer, "none - - - - -");
    check(DEAD, "", payer, "dead - - - - -");
    check(NOBODY, "", payer, "unknown - - - - -");
    // A specific account takes precedence for the benefit that it is for.
    let default = "in_force DK9200400000000006 NDEADKKK 1970-01-02T00:00:00.000001Z - -";
    check(SPECIFIC, "", payer, default);
    check(SPECIFIC, "NKSSU", payer, default);
    check(SPECIFIC, "NKSBOS", payer, "in_force DK5900410000000066 NDEADKKK 1970-01-02T00:00:00.000001Z - -");
    check(ONLY_SPECIFIC, "", payer, "none - - - - -");
    check(ONLY_SPECIFIC, "NKSBOS", payer, "in_force DK5300410000000077 NDEADKKK 1970-01-02T00:00:00.000001Z - -");
    place.verify();
}

#[test]
fn a_first_specific_account_takes_the_place_of_the_default_one() {
    let check = |payee: &str, rows: &[(i64, &str, &str)], since: i64, changed: Option<(i64, &str)>| {
        let mut place = nation();
        for (day, action, account) in rows {
            let (action, purpose) =
                action.split_once(' ').map_or((*action, ","), |(action, _)| (action, "Payer,NKSSU"));
            place.now = day * DAY;
            let row = format!("{action},{payee},{account},,{purpose}");
            assert_eq!(place.change(&Channel::Operator, &row).changed, 1, "{row}");
        }
        place.now = 60 * DAY + HOUR;
        let told = waiting::look_up(&mut place, payee, "NKSSU", None);
        let answers = ask::<Resolve>(
            &mut place,
            client(Role::PublicPayer),
            LegalPurpose::Payment,
            vec![about(payee, "NKSSU", ())],
        );
        let AccountAnswer { since: began, changed_days_ago, last_change_channel, .. } = answers.unwrap().remove(0);
        let began: jiff::Timestamp = began.unwrap().parse().unwrap();
        assert_eq!(began.as_microsecond() / DAY, since, "{payee} {rows:?}");
        let expected = (changed.map(|(days, _)| days), changed.map(|(_, channel)| channel.to_owned()));
        assert_eq!((changed_days_ago, last_change_channel), expected, "{payee} {rows:?}");
        assert_eq!((told.changed_days_ago, told.last_change_channel), expected, "{payee} {rows:?}");
    };
    let (first, default) = ("register specific", "change");
    check(PLAIN, &[(58, first, "1020-9,,")], 58, Some((2, "operator")));
    check(CLOSED, &[(58, first, "1020-9,,")], 58, Some((2, "operator")));
    // Frozen and unfrozen since; and where the default account has been changed since, or together with it.
    let (freeze, unfreeze) = ((59, "freeze specific", ",,"), (60, "unfreeze specific", ",,"));
    check(PLAIN, &[(58, first, "1020-9,,"), freeze, unfreeze], 58, Some((2, "operator")));
    check(
        PLAIN,
        &[(58, first, "1020-9,,"), (58, default, "1020-9,,0040"), (59, default, "1020-8,,1020")],
        58,
        Some((2, "operator")),
    );
    // Where it is the account that payments went to before, it has been the payee's as long as by default.
    check(PLAIN, &[(58, first, "0040-1,,")], 1, None);
    check(CHANGED, &[(58, first, "0041-22,,")], 40, Some((20, "bank")));
    check(CHANGED, &[(57, default, "1020-9,,0041"), (58, first, "0041-22,,")], 58, Some((2, "operator")));
    // Where nothing was before, it is the first.
    check(WITHOUT, &[(58, first, "1020-9,,")], 58, None);
    check(WITHOUT, &[(58, first, "1020-9,,"), (59, "register", "1020-8,,")], 58, None);
}

#[test]
fn a_change_that_waits_is_told_with_the_account_that_it_would_replace() {
    let mut place = nation();
    let rows = [PLAIN, SPECIFIC].map(|payee| place.read(&format!("register,{payee},1020-9,,,,,,user_request,netbank")));
    let held = place.now;
    let (actor, env) = (Actor::client(Role::Bank, "south"), Env::new(Timestamp::from_micros(held), 0));
    let south = Channel::Bank("South".to_owned());
    let request = ChangeAccounts::new(actor.clone(), south, rows.into(), Unexpected::Hold, None).unwrap();
    let given = [(request, &actor, &env)];
    let answers = place.writer.execute_group(|group| group.execute_jointly(&given)).unwrap().remove(0).unwrap();
    let names = answers.into_iter().map(|answer| match answer {
        ChangeAnswer::Held(name) => name,
        answer => panic!("{answer:?}"),
    });
    let names: Vec<String> = names.collect();
    let check = |place: &mut Place, payee: &str, benefit: &str, expected: [bool; 2]| {
        let told =
            ask::<Resolve>(place, client(Role::PublicPayer), LegalPurpose::Payment, vec![about(payee, benefit, ())]);
        let question = vec![about(payee, "", MapQuestion::Which)];
        let mapped = ask::<Map>(place, client(Role::PublicPayer), LegalPurpose::Payment, question).unwrap();
        let found = [told.unwrap()[0].pending_change, mapped[0].account.as_ref().unwrap().pending_change];
        assert_eq!(found, expected, "{payee} {benefit}");
    };
    check(&mut place, PLAIN, "", [true, true]);
    check(&mut place, SPECIFIC, "", [true, true]);
    check(&mut place, SPECIFIC, "NKSBOS", [false, true]);
    check(&mut place, CHANGED, "", [false, false]);
    let channel = Some(Channel::Bank("South".to_owned()));
    let cancel = CancelDesignation { proposal: names[1].clone(), actor: actor.clone(), channel };
    assert_eq!(place.writer.execute(&cancel, &actor, &env).unwrap().state, "cancelled");
    check(&mut place, SPECIFIC, "", [false, false]);
    place.now = held + DECISION_DAYS * DAY - 1;
    check(&mut place, PLAIN, "", [true, true]);
    place.now += 1;
    check(&mut place, PLAIN, "", [false, false]);
    place.verify();
}

#[test]
fn an_account_that_is_somebody_elses_benefit_is_not_told() {
    let mut place = nation();
    let other = |payer: &str| Client { payer: Some(payer.to_owned()), ..client(Role::PublicPayer) };
    let mut told_to = |client: Client| {
        let questions = vec![about(ONLY_SPECIFIC, "NKSBOS", ())];
        let answers = ask::<Resolve>(&mut place, client, LegalPurpose::Payment, questions);
        answers.map(|answers| answers[0].state).map_err(|refusal| refusal.code)
    };
    assert_eq!(told_to(other("Payer")), Ok(AnswerClass::InForce));
    assert_eq!(told_to(other("Other")), Ok(AnswerClass::None));
    assert_eq!(told_to(other("Nobody")), Err("payer.unknown"));
    assert_eq!(told_to(other("Private")), Err("payer.other_kind"));
    assert_eq!(told_to(Client { payer: None, ..client(Role::PublicPayer) }), Err("look_up.benefit"));
}

/// One word for each part of what a mapper's client is told.
fn mapped(answer: &MapAnswer) -> String {
    let account = answer.account.as_ref().map(|told| {
        let bank = told.bank.as_ref().map_or("-", |bank| bank.name.as_str());
        let days = told.changed_days_ago.map_or_else(|| "-".to_owned(), |days| days.to_string());
        format!(" {} {bank} {days}", told.account.to_text())
    });
    let recently = if answer.changed_recently { " recently" } else { "" };
    format!("{}{}{recently}", answer.state.name(), account.unwrap_or_default())
}

#[test]
fn a_mapper_tells_each_role_what_it_may_know() {
    let mut place = nation();
    let mut check = |role: Role, payee: &str, [which, whether, is]: [&str; 3]| {
        let own = Account::parse(if payee == CHANGED { "0041-22" } else { "0040-1" }).unwrap();
        let (other, none) = (Account::parse("0040-123").unwrap(), "not_possible");
        let questions = [MapQuestion::Which, MapQuestion::Whether, MapQuestion::Is(own), MapQuestion::Is(other)];
        let questions = questions.map(|question| about(payee, "", question)).into();
        let answers = ask::<Map>(&mut place, client(role), purpose_of(role), questions).unwrap();
        // An answer that is kept is the same when it comes back.
        let kept: Vec<MapAnswer> = serde_json::from_str(&serde_json::to_string(&answers).unwrap()).unwrap();
        assert_eq!(kept, answers);
        let is_not = match is {
            "match" => "no_match",
            "match recently" => "no_match recently",
            other => other,
        };
        let expected = if role == Role::Bank { [none, none, is, is_not] } else { [which, whether, is, is_not] };
        assert_eq!(answers.iter().map(mapped).collect::<Vec<_>>(), expected, "{role:?} {payee}");
    };
    for role in [Role::PublicPayer, Role::Authority] {
        check(role, PLAIN, ["in_force 0040-0000000001 DKK North -", "in_force", "match"]);
        check(role, CHANGED, ["in_force 0041-0000000022 DKK North 9", "in_force", "match recently"]);
        check(role, FROZEN, ["frozen"; 3]);
        check(role, CLOSED, ["closed"; 3]);
        check(role, WITHOUT, ["none"; 3]);
        check(role, DEAD, ["dead"; 3]);
        check(role, NOBODY, ["unknown"; 3]);
    }
    check(Role::Bank, PLAIN, ["", "", "match"]);
    check(Role::Bank, CHANGED, ["", "", "match recently"]);
    for payee in [FROZEN, CLOSED, WITHOUT, DEAD, NOBODY] {
        check(Role::Bank, payee, ["", "", "not_possible"]);
    }
    // Accounts for one payer's benefits are not a mapper's.
    check(Role::PublicPayer, ONLY_SPECIFIC, ["none"; 3]);
}

#[test]
fn a_verification_says_yes_or_no_and_nothing_else() {
    let mut place = nation();
    let mut check = |payee: &str, benefit: &str, account: &str, role: Role, expected: &str| {
        let questions = vec![about(payee, benefit, Account::parse(account).unwrap())];
        let answers = ask::<Verify>(&mut place, client(role), purpose_of(role), questions).unwrap();
        let VerifyAnswer { result, changed_recently, last_change_channel } = &answers[0];
        let by = last_change_channel.as_ref().map(|channel| format!(" by {channel}")).unwrap_or_default();
        let told = format!("{}{}{by}", result.name(), if *changed_recently { ", changed" } else { "" });
        assert_eq!(told, expected, "{payee} {benefit} {account} {role:?}");
    };
    let (public, private, bank) = (Role::PublicPayer, Role::PrivatePayer, Role::Bank);
    for role in [public, private, bank, Role::Authority] {
        check(PLAIN, "", "0040-1", role, "match");
        check(PLAIN, "", "DK3300400000000001", role, "match");
        check(PLAIN, "", "0041-1", role, "no_match");
        for payee in [FROZEN, CLOSED, WITHOUT, DEAD, NOBODY] {
            check(payee, "", "0040-4", role, "not_possible");
        }
    }
    check(CHANGED, "", "0041-22", private, "match, changed by bank");
    // The former account is an account like any other.
    check(CHANGED, "", "0040-2", private, "no_match, changed");
    check(ANEW, "", "1020-33", private, "match, changed by operator");
    // A specific account counts for the payer that it is for, and no other.
    check(SPECIFIC, "", "0041-66", public, "match");
    check(SPECIFIC, "", "0040-6", public, "match");
    check(SPECIFIC, "", "0041-66", bank, "no_match");
    check(SPECIFIC, "", "0040-6", bank, "match");
    check(SPECIFIC, "NKSBOS", "0041-66", public, "match");
    check(SPECIFIC, "NKSBOS", "0040-6", public, "no_match");
    check(SPECIFIC, "NKSSU", "0040-6", public, "match");
    check(ONLY_SPECIFIC, "", "0041-77", public, "match");
    check(ONLY_SPECIFIC, "", "0040-7", public, "no_match");
    check(ONLY_SPECIFIC, "", "0041-77", bank, "not_possible");
    place.verify();
}

#[test]
fn a_change_is_recent_for_thirty_days() {
    let mut place = nation();
    let mut check = |at: i64, expected: bool| {
        place.now = at;
        let questions = vec![about(CHANGED, "", Account::parse("0041-22").unwrap())];
        let answers = ask::<Verify>(&mut place, client(Role::Bank), LegalPurpose::Payment, questions).unwrap();
        assert_eq!(answers[0].changed_recently, expected, "{at}");
    };
    let changed = 40 * DAY + 1;
    check(50 * DAY, true);
    check(changed + 30 * DAY - 1, true);
    check(changed + 30 * DAY, false);
    // A clock that is behind does not make it long ago.
    check(39 * DAY, true);
}

/// Which kinds of question each role may ask, for which it has which purpose.
#[test]
fn who_may_ask_what_for_which_purpose() {
    let mut place = nation();
    let purposes = LegalPurpose::ALL;
    for role in Role::ALL.into_iter().filter(|role| role.is_client()) {
        let mut outcome = |kind: &str, purpose| {
            let client = client(role);
            let (payee, account) = (about(PLAIN, "", ()), Account::parse("0040-1").unwrap());
            let done = match kind {
                "resolve" => ask::<Resolve>(&mut place, client, purpose, vec![payee]).map(|_| ()),
                "map" => {
                    let question = about(PLAIN, "", MapQuestion::Is(account));
                    ask::<Map>(&mut place, client, purpose, vec![question]).map(|_| ())
                }
                _ => ask::<Verify>(&mut place, client, purpose, vec![about(PLAIN, "", account)]).map(|_| ()),
            };
            done.map_or_else(|refusal| refusal.code, |()| "ok")
        };
        let found = ["resolve", "verify", "map"].map(|kind| purposes.map(|purpose| outcome(kind, purpose)));
        let (no, lacks) = (["policy.not_allowed"; 6], "look_up.purpose");
        // payment, recovery, credit_agreement, fraud_prevention, law, operation
        let expected = match role {
            Role::PublicPayer => [["ok", lacks, lacks, "ok", lacks, lacks]; 3],
            Role::PrivatePayer => [no, ["ok", lacks, "ok", lacks, lacks, lacks], no],
            Role::Bank => [no, ["ok", lacks, "ok", "ok", lacks, lacks], ["ok", lacks, "ok", "ok", lacks, lacks]],
            Role::Authority => [[lacks, "ok", lacks, "ok", "ok", lacks]; 3],
            Role::Console | Role::Operator | Role::Caseworker | Role::Citizen | Role::RegisterFeed => [no; 3],
        };
        assert_eq!(found, expected, "{role:?}");
    }
}

#[test]
fn a_request_has_a_size() {
    let mut place = nation();
    let mut check = |role: Role, purpose: LegalPurpose, most: usize| {
        for count in [0, 1, most, most + 1, 1000, 1001] {
            let questions = (0..count).map(|_| about(PLAIN, "", Account::parse("0040-1").unwrap())).collect();
            let answers = ask::<Verify>(&mut place, client(role), purpose, questions);
            let told = answers.map(|answers| answers.len()).map_err(|refusal| (refusal.code, refusal.text));
            let refusal = || ("look_up.count", format!("a request for this purpose is about 1 to {most} payees"));
            let expected = if (1..=most).contains(&count) { Ok(count) } else { Err(refusal()) };
            assert_eq!(told, expected, "{role:?} {purpose:?} {count}");
            place.now += 50 * DAY;
        }
    };
    check(Role::Bank, LegalPurpose::Payment, 1000);
    check(Role::PublicPayer, LegalPurpose::Payment, 1000);
    // What a last request may cost more than there is must not be worth much.
    check(Role::PrivatePayer, LegalPurpose::Payment, 250);
    // Elsewhere it is no more than a full bucket has tokens for.
    check(Role::PrivatePayer, LegalPurpose::CreditAgreement, 250);
    check(Role::PublicPayer, LegalPurpose::FraudPrevention, 200);
}

fn log(place: &mut Place, payee: &str, before: Option<i64>, limit: usize) -> Vec<LookUpView> {
    let payee = PayeeId::parse(payee).unwrap();
    place.writer.read(|scope| look_ups(scope, &Actor::console(), &payee, before, limit)).unwrap()
}

#[test]
fn each_look_up_is_logged_also_one_of_nobody_and_a_request_has_one_entry() {
    let mut place = nation();
    let size = |place: &mut Place| place.writer.read(|scope| size_and_root(scope.tx)).unwrap().0;
    let before = size(&mut place);
    let questions = [PLAIN, NOBODY, PLAIN, DEAD].map(|payee| about(payee, "", ())).into();
    ask::<Resolve>(&mut place, client(Role::Authority), LegalPurpose::Recovery, questions).unwrap();
    assert_eq!(size(&mut place), before + 1);
    let entry = place.writer.read(|scope| journal::read(scope, before as i64)).unwrap();
    assert_eq!(entry.actor, "client:system");
    let facts = serde_json::json!({
        "purpose": "recovery", "payees": 4, "answers": { "in_force": 2, "unknown": 1, "dead": 1 },
    });
    assert_eq!(entry.facts, facts);
    place.now += HOUR;
    let question = about(PLAIN, "", Account::parse("0041-1").unwrap());
    ask::<Verify>(&mut place, client(Role::Bank), LegalPurpose::Payment, vec![question]).unwrap();

    let row = |at: &str, purpose, kind, answer| (at.to_owned(), "client:system".to_owned(), purpose, kind, answer);
    let rows = |rows: Vec<LookUpView>| -> Vec<_> {
        rows.into_iter().map(|row| (row.at, row.client, row.purpose, row.kind, row.answer)).collect()
    };
    let (first, second) = ("1970-02-20T00:00:00Z", "1970-02-20T01:00:00Z");
    let resolved = row(first, "recovery", "resolve", "in_force");
    let all = [row(second, "payment", "verify", "no_match"), resolved.clone(), resolved];
    assert_eq!(rows(log(&mut place, PLAIN, None, 10)), all);
    assert_eq!(rows(log(&mut place, NOBODY, None, 10)), [row(first, "recovery", "resolve", "unknown")]);
    assert_eq!(rows(log(&mut place, DEAD, None, 10)), [row(first, "recovery", "resolve", "dead")]);
    assert_eq!(log(&mut place, CHANGED, None, 10), []);
    // Page by page it is the same.
    let (mut paged, mut next) = (Vec::new(), None);
    while let [row] = log(&mut place, PLAIN, next, 1).as_slice() {
        next = Some(row.id);
        paged.push(row.clone());
    }
    assert_eq!(rows(paged), all);
    let payee = PayeeId::parse(PLAIN).unwrap();
    let others = Actor::client(Role::Bank, "system");
    let refused = place.writer.read(|scope| look_ups(scope, &others, &payee, None, 1)).unwrap_err();
    assert_eq!(refused.code(), "policy.not_allowed");
    place.verify();
}

#[test]
fn the_agencys_own_look_ups_are_logged_with_those_of_others() {
    let mut place = nation();
    ask::<Resolve>(&mut place, client(Role::PublicPayer), LegalPurpose::Payment, vec![about(FROZEN, "", ())]).unwrap();
    let operator = Actor::operator("kirsten");
    let env = Env::new(Timestamp::from_micros(place.now), 0);
    let payee = |payee: &str| PayeeId::parse(payee).unwrap();
    for text in [FROZEN, DEAD, WITHOUT] {
        let (actor, payee) = (operator.clone(), payee(text));
        let look_up = LookUp { actor: actor.clone(), payee, specific: None, as_of: None, known_at: None };
        place.writer.execute(&look_up, &operator, &env).unwrap();
        place.writer.execute(&ReadHistory { actor, payee }, &operator, &env).unwrap();
    }
    // Whoever is refused learns nothing of anybody.
    let (actor, payee) = (operator.clone(), payee(NOBODY));
    assert_eq!(
        place.writer.execute(&ReadHistory { actor, payee }, &operator, &env).unwrap_err().code(),
        "payee.unknown"
    );
    let mut check = |payee: &str, expected: &[(&str, &str, &str, &str)]| {
        let found = log(&mut place, payee, None, 10);
        let found: Vec<_> = found.iter().map(|row| (row.client.as_str(), row.purpose, row.kind, row.answer)).collect();
        assert_eq!(found, expected, "{payee}");
    };
    let by = |kind, answer| ("operator:kirsten", "operation", kind, answer);
    let others = ("client:system", "payment", "resolve", "frozen");
    check(FROZEN, &[by("history", "frozen"), by("resolve", "frozen"), others]);
    check(DEAD, &[by("history", "in_force"), by("resolve", "dead")]);
    check(WITHOUT, &[by("history", "none"), by("resolve", "none")]);
    check(NOBODY, &[]);
    place.verify();
}

#[test]
fn a_log_of_many_slices_is_read_to_its_end() {
    let mut place = nation();
    let request = |place: &mut Place, payee: &str, count: usize| {
        let questions = (0..count).map(|_| about(payee, "", ())).collect();
        ask::<Resolve>(place, client(Role::Authority), LegalPurpose::Law, questions).unwrap();
    };
    request(&mut place, CHANGED, 1);
    // More than two slices of 16,384.
    for _ in 0..34 {
        request(&mut place, PLAIN, 1000);
    }
    request(&mut place, CHANGED, 1);
    assert_eq!(log(&mut place, CHANGED, None, 10).len(), 2);
    let (mut ids, mut next) = (Vec::new(), None);
    loop {
        let page = log(&mut place, PLAIN, next, 1000);
        let Some(last) = page.last() else { break };
        next = Some(last.id);
        ids.extend(page.iter().map(|row| row.id));
    }
    assert_eq!(ids.len(), 34_000);
    assert!(ids.windows(2).all(|pair| pair[0] > pair[1]));
    place.verify();
}

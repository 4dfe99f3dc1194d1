//! What look-ups cost, what payments give back, and how far that goes.

use crate::*;

#[test]
fn whoever_asks_about_invented_numbers_is_stopped_and_waits() {
    let mut place = nation();
    let payer = || client(Role::PublicPayer);
    let nobodies = |count: usize| (0..count).map(|_| about(NOBODY, "", ())).collect::<Vec<_>>();
    let ask = |place: &mut Place, count| ask::<Resolve>(place, payer(), LegalPurpose::Payment, nobodies(count));
    // 5,000 tokens, of which each request of 100 costs 2,000; the third takes more than is left.
    for _ in 0..3 {
        ask(&mut place, 100).unwrap();
    }
    let logged = log(&mut place, NOBODY, None, 1000).len();
    assert_eq!(logged, 300);
    let refused = ask(&mut place, 1).unwrap_err();
    assert_eq!(refused.code, "allowance.exhausted");
    // 1,001 tokens at 100 a day.
    let seconds = 1001 * 864;
    assert_eq!(refused.retry_after_seconds, Some(seconds));
    assert_eq!(log(&mut place, NOBODY, None, 1000).len(), logged);
    place.now += (seconds as i64 - 1) * 1_000_000;
    ask(&mut place, 1).unwrap_err();
    place.now += 1_000_000;
    ask(&mut place, 1).unwrap();
    ask(&mut place, 1).unwrap_err();
    // Another purpose, and another client, have buckets of their own.
    let question = || vec![about(PLAIN, "", ())];
    self::ask::<Resolve>(&mut place, payer(), LegalPurpose::FraudPrevention, question()).unwrap();
    let other = Client { actor: Actor::client(Role::PublicPayer, "other"), payer: None };
    self::ask::<Resolve>(&mut place, other, LegalPurpose::Payment, question()).unwrap();
    place.verify();
}

/// What a payment file's transaction does beside its own work.
struct Pay<'a> {
    client: &'a Actor,
    payees: u64,
    misses: u64,
}

impl kernel::Command for Pay<'_> {
    const OPERATION: kernel::Operation = kernel::Operation { name: "test.pay", roles: &Role::ALL };
    type State = ();
    type Change = ();
    type Output = ();

    fn load(&self, _: &kernel::Scope<'_>) -> Result<(), Error> {
        Ok(())
    }

    fn decide(&self, (): (), _: &Env) -> Result<kernel::Decision<(), ()>, Refusal> {
        Ok(kernel::Decision::of(vec![], serde_json::json!({}), ()))
    }

    fn save(&self, scope: &kernel::Scope<'_>, _: &[()], entry: journal::Entry) -> Result<Vec<journal::Rows>, Error> {
        allowance::settle(scope, entry, self.client, self.payees, self.misses)?;
        Ok(vec![])
    }
}

#[test]
fn payees_who_are_paid_give_back_what_look_ups_cost_and_misses_cost_as_much() {
    let mut place = nation();
    let actor = Actor::client(Role::PrivatePayer, "system");
    let env = Env::new(Timestamp::from_micros(place.now), 0);
    let pays = |place: &mut Place, client: &Actor, payees, misses| {
        let now = Timestamp::from_micros(place.now);
        let allowance = place.writer.read(|scope| ForFiles::load(scope, client)).unwrap();
        allowance.admit(client, now, payees, misses).map_err(|unsettled| unsettled.code())?;
        place.writer.execute(&Pay { client, payees, misses }, client, &env).unwrap();
        Ok(())
    };
    let ask = |place: &mut Place, count: usize| {
        let questions = (0..count).map(|_| about(PLAIN, "", Account::parse("0040-1").unwrap())).collect();
        let answers = ask::<Verify>(place, client(Role::PrivatePayer), LegalPurpose::Payment, questions);
        answers.map(|_| ()).map_err(|refusal| refusal.retry_after_seconds.unwrap())
    };
    for _ in 0..20 {
        ask(&mut place, 250).unwrap();
    }
    assert_eq!(ask(&mut place, 1), Err(864));
    assert_eq!(pays(&mut place, &actor, 0, 0), Err("allowance.exhausted"));
    assert_eq!(pays(&mut place, &actor, 80, 55), Err("payout.misses"));
    // 200 payees give back 250 tokens.
    assert_eq!(pays(&mut place, &actor, 200, 0), Ok(()));
    ask(&mut place, 250).unwrap();
    assert_eq!(ask(&mut place, 1), Err(864));
    // The misses of a file cost as those of look-ups do: all that its payees give back.
    assert_eq!(pays(&mut place, &actor, 800, 50), Ok(()));
    assert_eq!(ask(&mut place, 1), Err(864));
    assert_eq!(pays(&mut place, &actor, 1_000_000, 1000), Ok(()));
    ask(&mut place, 250).unwrap();
    // What was used up the agency gives back, and says why.
    let refill = |place: &mut Place, by: &Actor, why: &str| {
        let refilled = place.writer.execute(&RefillClient { client: actor.clone(), why: why.to_owned() }, by, &env);
        refilled.map_err(|error| error.code())
    };
    while ask(&mut place, 250).is_ok() {}
    assert_eq!(refill(&mut place, &actor, "mishap"), Err("policy.not_allowed"));
    assert_eq!(refill(&mut place, &Actor::console(), " "), Err("change.why"));
    refill(&mut place, &Actor::operator("anna"), "mishap").unwrap();
    for _ in 0..20 {
        ask(&mut place, 250).unwrap();
    }
    assert_eq!(ask(&mut place, 1), Err(864));
    // An operator pays without a bucket.
    assert_eq!(pays(&mut place, &Actor::console(), 0, 1_000_000), Ok(()));
    place.verify();
}

#[test]
fn two_processes_draw_on_one_bucket() {
    let mut place = nation();
    let mut other = place.writer.store.writer(kernel::Secrets::from_system()).unwrap();
    let env = Env::new(Timestamp::from_micros(place.now), 0);
    let request = || {
        let questions = (0..50).map(|_| about(NOBODY, "", ())).collect();
        let vault = place.writer.store.vault();
        AskMany::<Resolve>::new(vault, client(Role::PublicPayer), LegalPurpose::Payment, questions).unwrap()
    };
    let actor = Actor::client(Role::PublicPayer, "system");
    let requests: Vec<_> = (0..6).map(|_| [(request(), &actor, &env)]).collect();
    let mut answered = 0;
    for (at, request) in requests.iter().enumerate() {
        let writer = if at % 2 == 0 { &mut place.writer } else { &mut other };
        let answers = writer.execute_group(|group| group.execute_jointly(request)).unwrap();
        answered += usize::from(answers[0].is_ok());
    }
    // Of 5,000 tokens each request takes 1,000.
    assert_eq!(answered, 5);
    place.verify();
}

#[test]
fn requests_that_are_answered_together_are_answered_as_one_after_the_other() {
    let payees = [PLAIN, CHANGED, ANEW, FROZEN, CLOSED, SPECIFIC, ONLY_SPECIFIC, BACK, WITHOUT, DEAD, NOBODY];
    let (mut together, mut apart) = (nation(), nation());
    let env = Env::new(Timestamp::from_micros(together.now), 0);
    let actors = [Role::PublicPayer, Role::Authority].map(|role| Actor::client(role, "system"));
    let requests = |place: &Place| -> Vec<(AskMany<Resolve>, &Actor, &Env)> {
        (0..50)
            .map(|number: usize| {
                let actor = &actors[usize::from(number.is_multiple_of(3))];
                let pays = actor.role() == Role::PublicPayer && number.is_multiple_of(2);
                let benefit = if pays { "NKSBOS" } else { "" };
                let asked = (0..=number * 2).map(|at| about(payees[(at + number) % payees.len()], benefit, ()));
                let vault = place.writer.store.vault();
                let (client, purpose) = (client(actor.role()), purpose_of(actor.role()));
                (AskMany::new(vault, client, purpose, asked.collect()).unwrap(), actor, &env)
            })
            .collect()
    };
    let all = requests(&together);
    let at_once = together.writer.execute_group(|group| group.execute_jointly(&all)).unwrap();
    let mut one_by_one = Vec::new();
    for request in requests(&apart) {
        let alone = [request];
        one_by_one.extend(apart.writer.execute_group(|group| group.execute_jointly(&alone)).unwrap());
    }
    assert_eq!(at_once, one_by_one);
    // Both: some were answered, and some came when the bucket was empty.
    assert!(at_once.iter().any(Result::is_ok) && at_once.iter().any(Result::is_err));
    for payee in payees {
        assert_eq!(log(&mut together, payee, None, 1000), log(&mut apart, payee, None, 1000));
    }
    together.verify();
    apart.verify();
}

/// How many a payer finds who asks for six weeks about 600,000 invented numbers, of which so many in a hundred are somebody's,
/// as soon as it is let in, for this purpose. To be told that it is another account is to find somebody.
fn sweep<K: Ask>(
    place: &mut Place,
    role: Role,
    purpose: LegalPurpose,
    asked: impl Fn() -> K::Asked,
    is_found: fn(&K::Answer) -> bool,
) -> usize {
    let (begin, size) = (place.now, 50);
    let (mut found, mut questions) = (0, 0);
    while questions < 600_000 && place.now <= begin + 42 * DAY {
        let about = (questions..questions + size).map(|at| about(&format!("p:{}", 2_000_000_000 + at), "", asked()));
        match ask::<K>(place, client(role), purpose, about.collect()) {
            Ok(answers) => {
                found += answers.iter().filter(|answer| is_found(answer)).count();
                questions += size;
            }
            Err(refusal) => place.now += refusal.retry_after_seconds.unwrap() as i64 * 1_000_000,
        }
    }
    found
}

#[test]
fn six_hundred_thousand_invented_numbers_find_a_thousand_at_most() {
    let purposes = |role| LegalPurpose::ALL.into_iter().filter(move |purpose| Limits::of(role, *purpose).is_some());
    for per_cent in [16, 45] {
        let mut place = nation();
        // As many as are ever reached.
        let somebody = (0..5_000).filter(|at| at * 37 % 100 < per_cent);
        let rows: Vec<String> =
            somebody.map(|at| format!("register,p:{},0040-{at},,,,,", 2_000_000_000 + at)).collect();
        place.accounts(&Channel::Operator, &rows);
        let role = Role::PublicPayer;
        let resolved: usize = purposes(role)
            .map(|purpose| {
                sweep::<Resolve>(&mut place, role, purpose, || (), |answer| answer.state == AnswerClass::InForce)
            })
            .sum();
        let (role, account) = (Role::PrivatePayer, Account::parse("0041-1").unwrap());
        let verified: usize = purposes(role)
            .map(|purpose| {
                let is_found = |answer: &VerifyAnswer| answer.result != AnswerClass::NotPossible;
                sweep::<Verify>(&mut place, role, purpose, || account, is_found)
            })
            .sum();
        for (found, what) in [(resolved, "resolved"), (verified, "verified")] {
            assert!((100..=1000).contains(&found), "{what} of {per_cent} in a hundred: {found}");
        }
        place.verify();
    }
}

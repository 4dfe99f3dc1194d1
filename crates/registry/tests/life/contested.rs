//! Payees who may be victims: while nobody has said whether they are, nothing that was asked for takes effect; and nobody who asked for it
//! lawfully loses it by that.

use crate::town::{ANNA, BENT, CODE, LOOT, OWN, Town, north, ok, payee, south};
use kernel::{Actor, Assurance, Role, Scope, Timestamp, journal};
use registry::commands::{
    ContestAccounts, FindVictim, LetterFate, LookUp, RestoreAccounts, RevertDesignation, ShowProposal,
};
use registry::designation::Channel;
use registry::life::Waits;
use registry::purpose::BenefitKind;
use registry::queries;

impl Town {
    /// Somebody rings: how many accounts are frozen by it, and how many were.
    fn rings(&mut self, of: &str) -> [usize; 2] {
        let contest = ContestAccounts { payee: payee(of) };
        let told = self.run(&contest, &Actor::operator("vera")).unwrap();
        [told.frozen.len(), told.already.len()]
    }

    /// It was a misunderstanding: how many accounts are paid to again.
    fn lets_go(&mut self, of: &str) -> usize {
        self.run(&RestoreAccounts { payee: payee(of) }, &Actor::operator("vera")).unwrap()
    }

    /// They are a victim.
    fn found(&mut self, of: &str) {
        self.run(&FindVictim { payee: payee(of) }, &Actor::operator("vera")).unwrap();
    }

    /// What holds of somebody's default account.
    fn state(&mut self, of: &str) -> String {
        let key = payee(of).key(self.0.0.writer.store.vault());
        let history = self.0.0.writer.read(|scope| registry::resolve::history(scope, &key)).unwrap().unwrap();
        format!("{:?}", history.into_iter().next().unwrap().remove(0).standing.state)
    }

    /// Where somebody's money goes, for everything or for rent.
    fn goes(&mut self, of: &str, is_rent: bool) -> String {
        let specific = is_rent.then(|| ("Authority".to_owned(), BenefitKind::parse("rent").unwrap()));
        let actor = Actor::console();
        let command = LookUp { actor: actor.clone(), payee: payee(of), specific, as_of: None, known_at: None };
        let told = self.run(&command, &actor).unwrap();
        self.0.0.verify();
        told.account.map_or(told.state, |account| account[account.len() - 10..].to_owned())
    }
}

impl Town {
    /// What whoever asked for a proposal is told that it waits for, from when it holds, and by when somebody looks at it.
    fn told_asker(&mut self, how: &str, id: &str) -> [Option<String>; 3] {
        let now = Timestamp::from_micros(self.0.0.now);
        let actor = match how {
            "the first one by a bank" => {
                let bank = Actor::client(Role::Bank, "South's system");
                let read = |scope: &Scope<'_>| queries::proposal(scope, &bank, &south(), id, now);
                let view = self.0.0.writer.read(read).unwrap();
                return [view.standing.waits_for, view.standing.in_force_from, view.due];
            }
            "the first one by oneself" => self.citizen(BENT, Assurance::High),
            _ => Actor::caseworker("eve"),
        };
        let shown = self.run(&ShowProposal { actor: actor.clone(), proposal: id.to_owned() }, &actor).unwrap();
        [shown.standing.waits_for, shown.standing.in_force_from, None]
    }

    fn entries(&mut self) -> i64 {
        self.0.0.writer.read(|scope| journal::size_and_root(scope.tx)).unwrap().0 as i64
    }
}

/// What is asked for while nothing is demanded of anybody, and by whom.
fn asks(town: &mut Town, how: &str) -> String {
    let told = match how {
        "specific by a caseworker" => {
            return town
                .proposes(&Actor::caseworker("eve"), &format!("register,{ANNA},{LOOT},,,,Authority,rent"))
                .unwrap();
        }
        "the first one by oneself" => {
            let bent = town.citizen(BENT, Assurance::High);
            return town.proposes(&bent, &format!("register,{BENT},{LOOT},,none,,,")).unwrap();
        }
        "the first one by a caseworker" => {
            return town.proposes(&Actor::caseworker("eve"), &format!("register,{BENT},{LOOT},,none,,,")).unwrap();
        }
        "the first one by a bank" => town.ask(&south(), &format!("register,{BENT},{LOOT},,none,,,")),
        how => panic!("{how}"),
    };
    assert_eq!(told, "held", "{how}");
    town.waits().pop().unwrap()
}

#[test]
fn what_a_thief_asks_for_during_a_case_waits_for_its_end() {
    for how in [
        "specific by a caseworker",
        "the first one by oneself",
        "the first one by a caseworker",
        "the first one by a bank",
    ] {
        let of = if how.starts_with("specific") { ANNA } else { BENT };
        let is_rent = of == ANNA;
        for is_victim in [false, true] {
            let mut town = Town::new();
            town.0.0.control("2015", &[]);
            town.rings(of);
            let before = town.goes(of, is_rent);
            let id = asks(&mut town, how);
            assert_eq!(town.stands(&id), "unfreezing", "{how}");
            // The thief does not learn by it that somebody rang, and is told as of any waiting period; but of none when it ends.
            assert_eq!(town.told_asker(how, &id), [Some("time".to_owned()), None, None], "{how}");
            assert_eq!(town.listed(Waits::Unfreezing), [&*id], "{how}");
            for days in [1, 39] {
                town.days(days);
                let entries = town.entries();
                assert_eq!(
                    (town.settles(), town.entries()),
                    ((0, 0), entries),
                    "{how}: nothing brings it but that it ends"
                );
            }
            assert_eq!(town.stands(&id), "unfreezing", "{how}");
            assert_eq!(town.goes(of, is_rent), before, "{how}");
            if is_victim {
                town.found(of);
                // What was asked for until then is looked at, by another.
                assert_eq!((town.settles(), town.stands(&id)), ((0, 0), "check".to_owned()), "{how}");
                assert_eq!(town.refuses(&id, &Actor::operator("otto")), ok("refused"));
                assert_eq!(town.goes(of, is_rent), before, "{how}");
            } else {
                town.lets_go(of);
                assert_eq!((town.settles(), town.goes(of, is_rent)), ((1, 0), "0000000002".to_owned()), "{how}");
            }
        }
    }
}

#[test]
fn officers_who_know_of_it_put_an_account_there() {
    let mut town = Town::new();
    town.0.0.control("2015", &[]);
    assert_eq!(town.rings(BENT), [0, 0]);
    // Two of them, though no control demands it.
    assert_eq!(town.ask(&Channel::Operator, &format!("register,{BENT},0040-3,,none,,,")), "held");
    let id = town.waits().pop().unwrap();
    assert_eq!((town.settles(), town.stands(&id)), ((0, 0), "approval".to_owned()));
    assert_eq!(town.approves(&id, &Actor::operator("olga")), Err("proposal.own"));
    assert_eq!(town.approves(&id, &Actor::operator("otto")), ok("in_force"));
    assert_eq!(town.goes(BENT, false), "0000000003");
    // After a misunderstanding as well.
    assert_eq!((town.lets_go(BENT), town.goes(BENT, false)), (0, "0000000003".to_owned()));
}

#[test]
fn nobody_unfreezes_a_contested_account_alone() {
    let mut town = Town::new();
    town.0.0.control("2015", &[]);
    town.rings(ANNA);
    assert_eq!(town.ask(&Channel::Operator, &format!("unfreeze,{ANNA},,,,,,")), "held");
    let id = town.waits().pop().unwrap();
    assert_eq!((town.stands(&id), town.state(ANNA)), ("approval".to_owned(), "Contested".to_owned()));
    assert_eq!(town.approves(&id, &Actor::operator("olga")), Err("proposal.own"));
    assert_eq!(town.approves(&id, &Actor::operator("otto")), ok("in_force"));
    assert_eq!(town.pays(), "to Anna");
}

/// By the link of a change that took effect, after somebody else has rung.
#[test]
fn who_says_during_a_case_that_a_change_is_not_theirs_is_heard() {
    let check = |is_frozen: bool| {
        let mut town = Town::new();
        town.0.0.control("2015", &[]);
        let thief = town.anna();
        let theft = town.wants_loot(&thief);
        if is_frozen {
            assert_eq!(town.ask(&south(), &format!("freeze,{ANNA},,,,,,")), "done");
        }
        town.rings(ANNA);
        assert_eq!((town.stops(&theft), town.stops(&theft)), (ok("Frozen"), ok("Already")));
        assert_eq!(town.state(ANNA), "Contested");
        assert_eq!(town.ask(&south(), &format!("unfreeze,{ANNA},,,,,,")), "designation.frozen");
        // Two say that it was a misunderstanding: the account is not paid to all the same.
        assert_eq!((town.lets_go(ANNA), town.state(ANNA)), (0, "Frozen".to_owned()));
        assert_eq!(town.pays(), "frozen");
        assert_eq!(town.ask(&south(), &format!("unfreeze,{ANNA},,,,,,")), "designation.frozen");
    };
    check(false);
    check(true);
}

#[test]
fn a_code_that_was_waited_for_is_given_after_the_case() {
    let check = |ends: fn(&mut Town), expected: Result<&str, &'static str>| {
        let mut town = Town::new();
        let (anna, olga) = (town.anna(), Actor::operator("olga"));
        let id = town.wants_loot(&anna);
        town.letter(&id, &olga, CODE).unwrap();
        town.days(10);
        assert_eq!(town.rings(ANNA), [1, 0]);
        // Whoever has stolen the letter gains nothing, not even what is wrong with their guess.
        for code in [CODE, "00000000"] {
            assert_eq!(town.gives(&id, code, &anna), Err("designation.frozen"));
        }
        assert_eq!(town.fate(&id, LetterFate::HandedOver, &olga), Err("designation.frozen"));
        for _ in 0..10 {
            town.days(10);
            assert_eq!((town.settles(), town.stands(&id)), ((0, 0), "code".to_owned()));
        }
        ends(&mut town);
        town.days(50);
        town.settles();
        assert_eq!(town.gives(&id, CODE, &anna), expected.map(str::to_owned));
        town.days(10);
        town.settles();
        let pays = if expected.is_ok() { "to the thief" } else { "frozen" };
        assert_eq!(town.pays(), pays);
    };
    // Of the 60 days ten had gone, and 50 go on afterwards: the last of them to its end.
    check(|town| assert_eq!(town.lets_go(ANNA), 1), Ok("time"));
    // Of a victim nothing goes on before an officer has looked.
    check(|town| town.found(ANNA), Err("proposal.ended"));
    // Nobody gives it for ever.
    let mut town = Town::new();
    let anna = town.anna();
    let id = town.wants_loot(&anna);
    town.letter(&id, &Actor::operator("olga"), CODE).unwrap();
    town.rings(ANNA);
    town.days(100);
    town.lets_go(ANNA);
    town.days(62);
    assert_eq!(town.gives(&id, CODE, &anna), Err("proposal.ended"));
}

#[test]
fn an_account_that_was_frozen_before_is_contested_too() {
    for (by, action) in [(north(), "freeze"), (Channel::Operator, "freeze")] {
        let mut town = Town::new();
        let ask = |town: &mut Town, by: &Channel, action: &str| town.ask(by, &format!("{action},{ANNA},,,,,,"));
        assert_eq!(ask(&mut town, &by, action), "done");
        assert_eq!(town.rings(ANNA), [0, 1]);
        assert_eq!(town.state(ANNA), "Contested", "{by:?}");
        assert_eq!(ask(&mut town, &north(), "unfreeze"), "designation.frozen", "{by:?}");
        // It is as it was afterwards: its bank's to unfreeze, if its bank froze it.
        assert_eq!(town.lets_go(ANNA), 0);
        let (before, unfrozen) = match by {
            Channel::Bank(_) => ("FrozenByBank", "done"),
            _ => ("Frozen", "designation.frozen"),
        };
        assert_eq!(town.state(ANNA), before, "{by:?}");
        assert_eq!(ask(&mut town, &north(), "unfreeze"), unfrozen, "{by:?}");
        town.pays();
    }
}

/// What was put back during a case that was none is taken away again, and what stood is as it was before anybody rang.
#[test]
fn an_account_that_was_put_back_by_mistake_is_not_contested_for_ever() {
    let check = |was_frozen: bool, is_victim: bool, expected: &str| {
        let mut town = Town::new();
        town.0.0.control("2015", &[]);
        let (anna, olga, otto) = (town.anna(), Actor::operator("olga"), Actor::operator("otto"));
        let lawful = town.wants_loot(&anna);
        if was_frozen {
            assert_eq!(town.ask(&south(), &format!("freeze,{ANNA},,,,,,")), "done");
        }
        town.rings(ANNA);
        let reverts = |town: &mut Town, proposal: &str| {
            let (proposal, why) = (proposal.to_owned(), "Stolen".to_owned());
            let revert = RevertDesignation { proposal, why, actor: olga.clone(), once: None };
            town.run(&revert, &olga).unwrap().id
        };
        let back = reverts(&mut town, &lawful);
        assert_eq!(town.approves(&back, &otto), ok("in_force"));
        assert_eq!(town.pays(), "to Anna");
        if is_victim {
            town.found(ANNA);
        }
        let again = reverts(&mut town, &back);
        if !is_victim {
            assert_eq!(town.lets_go(ANNA), 0);
        }
        assert_eq!(town.approves(&again, &otto), ok("check"));
        assert_eq!(town.approves(&again, &Actor::operator("oda")), ok("in_force"));
        assert_eq!(town.state(ANNA), expected);
        town.pays();
        // Whoever has it is not kept from it.
        if expected == "InForce" {
            let anna = town.anna();
            assert!(town.proposes(&anna, &format!("change,{ANNA},{OWN},,{LOOT},,,")).is_ok());
        }
    };
    check(false, false, "InForce");
    // What its bank had frozen is its bank's again.
    check(true, false, "FrozenByBank");
    // Of a victim it is as it was left.
    check(false, true, "Contested");
}

/// Under controls by which it waits two days, of which the payee is told.
#[test]
fn what_officers_put_back_takes_effect_while_the_case_is_open() {
    let mut town = Town::new();
    town.0.0.control("2015", &[]);
    let thief = town.anna();
    let theft = town.wants_loot(&thief);
    assert_eq!((town.stands(&theft), town.pays()), ("in_force".to_owned(), "to the thief".to_owned()));
    town.0.0.control("anvis", &[]);
    town.rings(ANNA);
    let (olga, why) = (Actor::operator("olga"), "Stolen".to_owned());
    let revert = RevertDesignation { proposal: theft, why, actor: olga.clone(), once: None };
    let id = town.run(&revert, &olga).unwrap().id;
    assert_eq!(town.approves(&id, &Actor::operator("otto")), ok("time"));
    // Meanwhile the thief asks again.
    assert_eq!(town.proposes(&thief, &format!("change,{ANNA},1020-3,,{LOOT},,,")), Err("designation.frozen"));
    town.days(5);
    assert_eq!((town.settles(), town.pays()), ((1, 0), "to Anna".to_owned()));
    // And once more, as the account is in force: it waits.
    let thief = town.anna();
    let again = town.proposes(&thief, &format!("change,{ANNA},1020-3,,{OWN},,,")).unwrap();
    assert_eq!(town.letter(&again, &olga, CODE), Err("designation.frozen"));
    town.found(ANNA);
    assert_eq!(town.stands(&again), "check");
    assert_eq!(town.refuses(&again, &Actor::operator("otto")), ok("refused"));
    assert_eq!(town.pays(), "to Anna");
}

//! What controls cost, as the store has it.

use crate::world::{PAYEE, World, key};
use kernel::{Actor, Timestamp};
use registry::commands::{AddCaseworker, ApproveDesignation, CancelDesignation, ProposeDesignation, RefuseDesignation};
use registry::designation::Channel;
use registry::proposal::{Holder, LegalGround};
use registry::queries;

#[test]
fn what_people_did_about_proposals_is_counted_by_control_and_channel() {
    let mut world = World::new("promote_specific=off");
    let show = |world: &mut World, since: Option<i64>| {
        let (console, since) = (Actor::console(), since.map(Timestamp::from_micros));
        world.0.writer.read(|scope| queries::costs(scope, &console, since)).unwrap()
    };
    assert!(show(&mut world, None).channels.is_empty());
    let (name, authority, benefits) = ("eve".to_owned(), "Authority".to_owned(), [].into());
    let eve = AddCaseworker { name, key: key(1), authority, benefits, in_person: false };
    world.run(&eve, &Actor::console()).unwrap();
    world.propose("NKSBOS", "0041-2", false);
    let before = world.0.now;
    world.0.control("2021", &[]);
    // Approved, given up while its letter was waited for; and refused.
    for (benefit, ends) in [("NKSPEN", "cancel"), ("NKSSUN", "refuse")] {
        let (proposal, _) = world.propose(benefit, "0041-3", false);
        let (officer, why, is_synthetic) = (Actor::caseworker("eve"), "So".to_owned(), true);
        if ends == "refuse" {
            let command = RefuseDesignation { proposal, why, officer: officer.clone(), is_synthetic };
            world.run(&command, &officer).unwrap();
        } else {
            let command =
                ApproveDesignation { proposal: proposal.clone(), why, officer: officer.clone(), is_synthetic };
            world.run(&command, &officer).unwrap();
            let bo = Actor::caseworker("bo");
            world.run(&CancelDesignation { proposal, actor: bo.clone(), channel: None }, &bo).unwrap();
        }
    }
    let shown = show(&mut world, None);
    let cost = &shown.channels["caseworker"];
    assert_eq!((cost.proposed, cost.in_force, cost.cancelled, cost.refused), (3, 1, 1, 1));
    assert_eq!(cost.days_median.as_deref(), Some("0.0"));
    let shown = show(&mut world, Some(before + 1));
    assert_eq!(shown.channels["caseworker"].proposed, 2);
    let cost = |name: &str| shown.controls.iter().find(|control| control.control == name).unwrap().cost.clone();
    let approver = cost("approver_specific");
    assert_eq!((approver.met, approver.refused, approver.abandoned), (1, 1, 0));
    assert_eq!((cost("letter_caseworker").abandoned, cost("letter_caseworker").letters), (1, 0));
    assert_eq!(shown.controls.len(), 28);
}

#[test]
fn what_each_ban_would_have_refused_is_counted_of_what_took_effect() {
    let mut world = World::new("promote_specific=on");
    let would_refuse = |world: &mut World, since: Option<i64>| {
        let (console, since) = (Actor::console(), since.map(Timestamp::from_micros));
        let shown = world.0.writer.read(|scope| queries::costs(scope, &console, since)).unwrap();
        ["ban_change", "ban_shared", "ban_third_party"]
            .map(|name| shown.controls.iter().find(|control| control.control == name).unwrap().cost.would_refuse)
    };
    let ask = |world: &mut World, bank: &str, row: &str| {
        assert_eq!(world.ask(Channel::Bank(bank.to_owned()), row), "done", "{row}");
    };
    let [alone, one, other, widow] = [2, 3, 4, 5].map(|number| format!("p:{}", 1_000_000_000 + number));
    // Somebody's first account, of their own, is nothing to any ban, nor that it is opened again.
    ask(&mut world, "North", &format!("register,{alone},0040-1,,,,,"));
    ask(&mut world, "North", &format!("freeze,{alone},,,,,,"));
    ask(&mut world, "North", &format!("unfreeze,{alone},,,,,,"));
    assert_eq!(would_refuse(&mut world, None), [0, 0, 0]);
    // A couple: the second of them shares.
    ask(&mut world, "North", &format!("register,{one},0040-2,,,,,"));
    let between = world.0.now + 1;
    ask(&mut world, "North", &format!("register,{other},0040-2,,,,,"));
    assert_eq!(would_refuse(&mut world, None), [0, 1, 0]);
    assert_eq!(would_refuse(&mut world, Some(between)), [0, 1, 0]);
    // Who has left it shares it with nobody, and has changed.
    ask(&mut world, "North", &format!("register,{widow},0040-2,,,,,"));
    assert_eq!(would_refuse(&mut world, None), [0, 2, 0]);
    ask(&mut world, "North", &format!("change,{widow},0041-9,,0040-2,,,"));
    assert_eq!(would_refuse(&mut world, None), [1, 1, 0]);
    // A benefit that goes to an account of somebody else's.
    let row = world.0.read(&format!("register,{PAYEE},0041-3,,,,Authority,NKSBOS")).unwrap();
    let (actor, holder) = (Actor::caseworker("bo"), Holder::ThirdParty);
    let ground = Some(LegalGround { law: "§ 1".to_owned(), evidence: "1".to_owned() });
    let command =
        ProposeDesignation { actor: actor.clone(), row, holder, ground, is_locked: false, signature: None, once: None };
    assert_eq!(world.run(&command, &actor).unwrap().state, "in_force");
    assert_eq!(would_refuse(&mut world, None), [1, 1, 1]);
    // It takes the place of a default account that is closed: nobody asked for that.
    ask(&mut world, "North", &format!("register,{PAYEE},0040-7,,,,,"));
    ask(&mut world, "North", &format!("close,{PAYEE},,,,,,"));
    assert_eq!(world.default(), "DK1400410000000003");
    assert_eq!(would_refuse(&mut world, None), [1, 1, 1]);
    // What a ban that is in force refuses never takes effect.
    world.0.control("2015", &["ban_change=on", "ban_shared=on"]);
    let refused = |world: &mut World, row: &str| world.ask(Channel::Bank("North".to_owned()), row);
    assert_eq!(refused(&mut world, &format!("register,{widow},0040-1,,0041-9,,,")), "ban.change");
    assert_eq!(refused(&mut world, "register,p:1000000006,0040-1,,,,,"), "ban.shared");
    assert_eq!(would_refuse(&mut world, None), [1, 1, 1]);
    let now = world.0.now;
    assert_eq!(would_refuse(&mut world, Some(now + 1)), [0, 0, 0]);
}

//! What controls cost, as the store has it.

use crate::world::{World, key};
use kernel::{Actor, Timestamp};
use registry::commands::{AddCaseworker, ApproveDesignation, CancelDesignation, RefuseDesignation};
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
    let cost = |name: &str| shown.controls.iter().find(|control| control.control == name).unwrap().cost;
    let approver = cost("approver_specific");
    assert_eq!((approver.met, approver.refused, approver.abandoned), (1, 1, 0));
    assert_eq!((cost("letter_caseworker").abandoned, cost("letter_caseworker").letters), (1, 0));
    assert_eq!(shown.controls.len(), 25);
}

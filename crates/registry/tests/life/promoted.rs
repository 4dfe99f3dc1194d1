//! What takes the place of a default account that is closed.

use crate::world::{PAYEE, World};
use kernel::Actor;
use registry::commands::ReadHistory;
use registry::designation::Channel;
use registry::payee::PayeeId;

const BENEFITS: [&str; 3] = ["NKSBOS", "NKSPEN", "NKSSUN"];

fn north() -> Channel {
    Channel::Bank("North".to_owned())
}

#[test]
fn the_unlocked_specific_account_that_was_designated_last_takes_the_place_of_a_default_account_that_is_closed() {
    let check = |promote: &str, specific: &[(&str, bool)], others: &[&str], expected: &str| {
        let mut world = World::new(promote);
        assert_eq!(world.ask(north(), &format!("register,{PAYEE},0040-1,,,,,")), "done");
        for ((account, is_locked), benefit) in specific.iter().zip(BENEFITS) {
            assert_eq!(world.propose(benefit, account, *is_locked).1, "in_force");
        }
        for row in others {
            assert_eq!(world.ask(Channel::Operator, row), "done", "{row}");
        }
        assert_eq!(world.ask(north(), &format!("close,{PAYEE},,,,,,")), "done");
        let found = world.default();
        assert!(found.ends_with(expected), "{specific:?} {others:?}: {found}, not {expected}");
        let history = world
            .run(&ReadHistory { actor: Actor::console(), payee: PayeeId::parse(PAYEE).unwrap() }, &Actor::console());
        let by: Vec<String> =
            history.unwrap().into_iter().filter(|row| row.payer.is_none()).map(|row| row.by).collect();
        assert!(by.windows(2).all(|pair| pair[0] == pair[1]), "whoever closed it: {by:?}");
    };
    let on = "promote_specific=on";
    check("promote_specific=off", &[("0041-2", false)], &[], "closed");
    check(on, &[], &[], "closed");
    check(on, &[("0041-2", false)], &[], "0000000002");
    check(on, &[("0041-2", true)], &[], "closed");
    check(on, &[("0041-2", false), ("0041-3", false), ("0041-4", true)], &[], "0000000003");
    // What was frozen and unfrozen since is locked as it was, and was designated when it was.
    let freeze =
        |benefit: &str| ["freeze", "unfreeze"].map(|action| format!("{action},{PAYEE},,,,,Authority,{benefit}"));
    let [frozen, unfrozen] = freeze("NKSBOS");
    check(on, &[("0041-2", true)], &[&frozen, &unfrozen], "closed");
    check(on, &[("0041-2", false), ("0041-3", false)], &[&frozen, &unfrozen], "0000000003");
    check(on, &[("0041-2", false)], &[&frozen], "closed");
    let closed = format!("close,{PAYEE},,,,,Authority,NKSPEN");
    check(on, &[("0041-2", false), ("0041-3", false)], &[&closed], "0000000002");
}

#[test]
fn what_takes_its_place_is_closed_and_replaced_like_any_other() {
    let mut world = World::new("promote_specific=on");
    let rows = [format!("register,{PAYEE},0040-1,,,,,"), format!("register,{PAYEE},0041-2,,,,Authority,NKSBOS")];
    let (counts, _) = world.0.accounts(&Channel::Operator, &rows);
    assert_eq!(counts.changed, 2);
    // In one file with what comes after it.
    let rows = [
        format!("close,{PAYEE},,,,,,"),
        format!("change,{PAYEE},0041-3,,0041-2,,,"),
        "register,p:1000000002,0041-3,,,,,".to_owned(),
    ];
    let (counts, rejects) = world.0.accounts(&Channel::Operator, &rows);
    assert_eq!((counts.changed, rejects), (3, vec![]));
    assert!(world.default().ends_with("0000000003"));
    // It is closed again, and the specific account is there still.
    assert_eq!(world.ask(Channel::Operator, &format!("close,{PAYEE},,,,,,")), "done");
    assert!(world.default().ends_with("0000000002"));
}

//! The five races, in which everybody is killed at the same point of their way, and then only every other.

use crate::races::{Round, Strike, world};

#[test]
fn everybody_at_each_point() {
    let world = world(1);
    let round = Round::prepare(&world, 0);
    for point in 1.. {
        let struck = [1, 2].map(|every| {
            let copy = world.copy();
            round.hold(&copy, |party| (party % every == 0).then_some(Strike::AtPoint(point)))
        });
        if struck[0] == 0 {
            assert!(point > 4, "only {} points", point - 1);
            println!("races: {} points", point - 1);
            return;
        }
    }
}

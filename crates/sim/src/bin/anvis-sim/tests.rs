//! What holds of every world, shown on small ones.

use crate::model::Ruling;
use crate::world::{Settings, World, live};
use denmark::Decimal;
use kernel::journal::{self, Head};
use kernel::{Error, Location, Timestamp};
use std::collections::BTreeMap;

const SEED: u64 = 5;
const DAYS: u32 = 3;

fn settings() -> Settings {
    Settings { seed: SEED, days: DAYS, people: 100, companies: 15, payments: 48, clock_behind_on: None }
}

/// A folder that vanishes, and the place of a store in it.
fn place() -> (tempfile::TempDir, Location) {
    let folder = tempfile::tempdir().unwrap();
    let location = Location::from(&folder.path().join("store"));
    (folder, location)
}

/// The moments of a world's journal, its head, and what happened.
fn lived(settings: Settings) -> (Vec<Timestamp>, Head, crate::world::Happened) {
    let (_folder, location) = place();
    let mut world = live(&location, settings, &mut |_| {}).unwrap();
    let head = world.verify().unwrap();
    let moment = |number| Ok(world.writer.read(|scope| journal::read(scope, number))?.at);
    let moments: Result<Vec<Timestamp>, Error> = (0..head.size as i64).map(moment).collect();
    (moments.unwrap(), head, world.happened)
}

#[test]
fn the_seed_is_everything() {
    let first = lived(settings());
    assert_eq!(first, lived(settings()));
    assert_ne!(first.1.root, lived(Settings { seed: SEED + 1, ..settings() }).1.root);
    assert_ne!(first.1.root, lived(Settings { payments: 54, ..settings() }).1.root);
}

#[test]
fn time_never_goes_backwards_in_the_journal() {
    let (moments, ..) = lived(settings());
    assert!(moments.is_sorted_by(|one, next| one < next), "each command has a moment of its own");
    let (moments, ..) = lived(Settings { clock_behind_on: Some(2), ..settings() });
    assert!(moments.is_sorted());
    let stands_still = moments.windows(2).filter(|pair| pair[0] == pair[1]).count();
    assert!(stands_still > 10, "the clock was behind during {stands_still} entries");
}

#[test]
fn all_that_was_sent_is_somewhere_once() {
    let (_folder, location) = place();
    let days = 2 * DAYS;
    let mut world = live(&location, Settings { days, ..settings() }, &mut |_| {}).unwrap();
    for (currency, sums) in world.totals().unwrap() {
        let found = sums.iter().filter(|(of, _)| *of != "sent");
        let found = found.fold(Decimal::ZERO, |total, (_, sum)| total.checked_add(*sum).unwrap());
        assert_eq!(sums["sent"], found, "{currency}");
    }
    let of = |name: &str| world.happened.get(name).cloned().unwrap_or_default();
    let all = |counts: &BTreeMap<&str, u64>| counts.values().sum::<u64>();
    let payers = world.model.payers.len() as u64;
    assert_eq!(of("files")["routed"], payers * u64::from(days));
    assert_eq!(of("payments")["sent"], all(&of("payments_at_first")));
    assert_eq!(of("people")["came"], world.people);
    assert!(world.people > world.settings.people, "there are newcomers");
    for (group, wanted) in [
        ("people", &["moved", "died", "emigrated", "protected"][..]),
        ("companies", &["dissolved"]),
        ("files", &["repeated"]),
        ("files_refused", &["DU01"]),
        ("commands", &["release", "look_up", "look_back"]),
        ("payments_at_first", &["routed", "passed", "held", "MD07", "BE06", "DU04"]),
        ("rows_refused", &["designation.other_bank", "payee.dead", "designation.expects_mismatch"]),
    ] {
        for what in wanted {
            assert!(of(group).contains_key(what), "no {what} of {group}");
        }
    }
}

/// What the world comes to believe wrongly, and what it must say.
#[test]
fn a_difference_names_seed_and_day() {
    let check = |what: &str, forget: &dyn Fn(&mut World)| {
        let (_folder, location) = place();
        let mut world = World::make(&location, settings()).unwrap();
        world.live_a_day().unwrap();
        forget(&mut world);
        let error = world.live_a_day().expect_err(what).to_string();
        assert!(error.starts_with(&format!("the world of seed {SEED}, day 2: ")), "{what}: {error}");
    };
    check("an account", &|world| {
        // Every account is somebody else's now.
        let accounts: Vec<_> = world.model.payees.iter().map(|payee| payee.default).collect();
        let others = accounts.iter().cycle().skip(1);
        world.model.payees.iter_mut().zip(others).for_each(|(payee, other)| payee.default = *other);
    });
    check("what became of a payment", &|world| world.batches[0].rulings[0] = Ruling::Rejected("AC07"));
    check("a batch", &|world| {
        world.batches.pop();
    });
    check("an answer", &|world| {
        world.remembered.iter_mut().for_each(|remembered| remembered.answer.state = "unheard of".to_owned());
    });
}

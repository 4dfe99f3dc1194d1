//! Files that come in piece by piece.

use crate::place::*;
use kernel::testing::relay::{Relay, Then, When};
use kernel::testing::{on_server, require_postgres};
use kernel::{Error, Location, Refuse, Secrets, Store, Timestamp, Writer};
use payout::commands::{Release, TakeIn, Upload, release};
use payout::policy;
use payout::queries::{counts, one_of};
use registry::allowance::ForFiles;

fn entries(place: &mut Place) -> u64 {
    place.writer.read(|scope| kernel::journal::size_and_root(scope.tx)).unwrap().0
}

#[test]
fn the_pieces_make_no_difference_and_the_same_file_is_one_batch() {
    let mut place = Place::new();
    let xml = file("MSG-1", &mixed());
    let expected = Place::new().route(PLAIN, &xml, false).counts;
    let taken = place.upload(PLAIN, &xml, 1 << 20, (false, Some("key"))).unwrap().unwrap();
    assert!(!taken.duplicate);
    assert_eq!(counts(&mut place.writer, &taken.batch, &client(PLAIN)).unwrap(), expected);
    let (before, rows) = (entries(&mut place), place.rows());
    for (piece_bytes, key) in [(xml.len(), None), (4_097, Some("key")), (99_991, Some("another"))] {
        let again = place.upload(PLAIN, &xml, piece_bytes, (false, key)).unwrap().unwrap();
        assert_eq!((&again.batch, again.duplicate), (&taken.batch, true), "{piece_bytes}");
    }
    assert_eq!(
        (entries(&mut place), place.rows()),
        (before, rows),
        "nothing was added, and what it cost is still owed"
    );
    // At the console too, and for nobody else.
    assert_eq!(place.route(PLAIN, &xml, false).batch, taken.batch);
    assert_ne!(place.uploaded(PUBLIC, &xml), taken.batch);
    place.verify();
}

#[test]
fn a_key_is_for_one_request() {
    let mut place = Place::new();
    let [first, second] = ["MSG-1", "MSG-2"].map(|id| file(id, &[vec![(ANNA, 100)]]));
    let taken = place.upload(PLAIN, &first, 500, (false, Some("key"))).unwrap().unwrap();
    let rows = place.rows();
    // Another file, the same with another wish, and one that is a batch by another key.
    for (xml, hold_all) in [(&second, false), (&first, true)] {
        let reused = place.upload(PLAIN, xml, 500, (hold_all, Some("key")));
        assert_eq!(reused.unwrap_err().code(), "idempotency.reused");
    }
    assert_eq!(place.rows(), rows);
    place.upload(PLAIN, &second, 500, (false, Some("second"))).unwrap().unwrap();
    let reused = place.upload(PLAIN, &second, 500, (false, Some("key")));
    assert_eq!(reused.unwrap_err().code(), "idempotency.reused");
    let again = place.upload(PLAIN, &first, 500, (false, Some("key"))).unwrap().unwrap();
    assert_eq!((again.batch, again.duplicate), (taken.batch, true));
}

#[test]
fn a_file_that_is_refused_leaves_its_refusal_and_nothing_else() {
    let mut place = Place::new();
    let good = file("MSG-1", &[vec![(ANNA, 100)]]);
    place.uploaded(PLAIN, &good);
    let (before, rows) = (entries(&mut place), place.rows());
    let check = |place: &mut Place, xml: &str, code: &str, line: u64, path: &str, is_reported: bool| {
        let refused = place.upload(PLAIN, xml, 700, (false, Some(code))).unwrap().unwrap_err();
        assert_eq!((refused.code, refused.line, &*refused.place), (code, line, path), "{}", refused.text);
        assert_eq!(refused.report.is_some(), is_reported, "{code}");
        let report = String::from_utf8(refused.report.unwrap_or_default()).unwrap();
        assert!(!is_reported || report.contains(&format!("<Cd>{code}</Cd>")), "{report}");
        assert_eq!(place.rows(), rows);
    };
    let head = "/Document/CstmrCdtTrfInitn/GrpHdr";
    let bad_count = good.replace("MSG-1", "MSG-2").replacen("<NbOfTxs>1", "<NbOfTxs>2", 1);
    check(&mut place, &bad_count, "AM19", 3, &format!("{head}/NbOfTxs"), true);
    check(&mut place, &good.replace(">1.00", ">2.00"), "DU01", 3, &format!("{head}/MsgId"), true);
    let cut = &good[..good.len() - 40];
    check(&mut place, cut, "FF01", 7, "/Document/CstmrCdtTrfInitn/PmtInf", true);
    check(&mut place, "", "FF01", 1, "/", false);
    check(&mut place, "not XML", "FF01", 1, "/", false);
    assert_eq!(entries(&mut place), before + 5);
    // The message id is free, and so is the key.
    place.upload(PLAIN, &good.replace("MSG-1", "MSG-2"), 700, (false, Some("AM19"))).unwrap().unwrap();
    place.verify();
}

#[test]
fn an_upload_that_is_given_up_leaves_nothing_and_one_that_is_forgotten_is_swept() {
    let mut place = Place::new();
    let (xml, actor) = (file("MSG-1", &mixed()), client(PLAIN));
    let before = entries(&mut place);
    let pieces = || xml.as_bytes().chunks(20_000);
    let begun = |place: &mut Place| {
        let env = place.env();
        let mut upload = Upload::begin(&mut place.writer, PLAIN, &actor, &env).unwrap();
        send(&mut place.writer, &mut upload, pieces(), NOW).unwrap();
        upload
    };
    let given_up = begun(&mut place);
    assert_eq!(place.rows(), [0; 6], "nobody sees it");
    given_up.give_up(&mut place.writer).unwrap();
    let forgotten = begun(&mut place);
    drop(forgotten);
    assert_eq!(entries(&mut place), before);
    // Whoever is next, two hours later, clears it away; whoever still works on it is told.
    let slow = begun(&mut place);
    let later = Timestamp::from_micros(NOW.micros() + 3 * 3_600_000_000);
    let env = kernel::Env::new(later, 1_000);
    let next = Upload::begin(&mut place.writer, PLAIN, &actor, &env).unwrap();
    let how = TakeIn { hold_all: false, key: None, clock: &|| later };
    assert_eq!(next.end(&mut place.writer, &how, &actor, &env).unwrap().unwrap_err().code, "FF01");
    let env = kernel::Env::new(later, 1_001);
    assert_eq!(slow.end(&mut place.writer, &how, &actor, &env).unwrap_err().code(), "conflict");
    assert_eq!(place.rows(), [0; 6]);
    place.uploaded(PLAIN, &xml);
    place.verify();
}

/// A place's store through a relay, and what loses the answer to its next commit, after which nobody is let in any more.
fn lose_an_answer(place: &Place) -> (Writer, impl Fn() + use<>) {
    let (url, key) = (&place.store.url, place.folder.path().join("key"));
    let relay = Relay::to(url, &place.folder.path().join("relay"), "lost");
    let migrations: Vec<_> = kernel::MIGRATIONS.iter().chain(registry::MIGRATIONS).chain(payout::MIGRATIONS).collect();
    let store = Store::open(Location::parse(&relay.url).unwrap(), &key, &migrations).unwrap();
    let database = url.rsplit('/').next().unwrap().split('?').next().unwrap().to_owned();
    let lose = move || {
        let shut = format!("ALTER DATABASE {database} ALLOW_CONNECTIONS false");
        relay.at(When::Commits(0), move || {
            on_server(&shut).unwrap();
            Then::LoseAnswer
        });
    };
    (store.writer(Secrets::from_system()).unwrap(), lose)
}

#[test]
#[ignore = "about PostgreSQL: cargo xtask test runs it"]
fn pieces_whose_answer_was_lost_are_found_and_the_others_follow() {
    require_postgres();
    let mut place = Place::new();
    let (xml, actor) = (file("MSG-1", &mixed()), client(PLAIN));
    let database = place.store.url.rsplit('/').next().unwrap().split('?').next().unwrap().to_owned();
    let open = || on_server(&format!("ALTER DATABASE {database} ALLOW_CONNECTIONS true")).unwrap();
    let (mut writer, lose) = lose_an_answer(&place);
    let pieces: Vec<&[u8]> = xml.as_bytes().chunks(xml.len() / 40).collect();
    let mut begin = |place: &mut Place| {
        let env = place.env();
        let mut upload = Upload::begin(&mut writer, PLAIN, &actor, &env).unwrap();
        lose();
        let told = send(&mut writer, &mut upload, pieces[..16].iter().copied(), NOW).unwrap_err();
        assert_eq!(told.code(), "store.unknown");
        open();
        upload
    };
    // The others follow.
    let mut upload = begin(&mut place);
    let sealer = upload.sealer(&place.writer);
    for (number, piece) in (0..).zip(&pieces).skip(16) {
        upload.take(&mut place.writer, sealer.seal(number, piece).unwrap(), NOW).unwrap();
    }
    let env = place.env();
    let how = TakeIn { hold_all: false, key: None, clock: &|| NOW };
    upload.end(&mut place.writer, &how, &actor, &env).unwrap().unwrap();
    // Or all of it is given up.
    begin(&mut place).give_up(&mut place.writer).unwrap();
    assert_eq!(place.store.number("SELECT COUNT(*) FROM staging"), 0);
    place.verify();
}

/// In how many seconds there is enough for a miss, if there is not now.
fn waits(place: &mut Place, payer: &str) -> Option<u64> {
    let actor = client(payer);
    let allowance = place.writer.read(|scope| ForFiles::load(scope, &actor)).unwrap();
    allowance.admit(&actor, NOW, 0, 0).err().map(|exhausted| exhausted.retry_after_seconds().unwrap())
}

/// Seconds for so many thousandths of a token.
const fn seconds(thousandths: u64) -> u64 {
    (thousandths * 864).div_ceil(1_000)
}

#[test]
fn a_file_with_more_misses_than_there_is_enough_for_is_refused_as_a_whole() {
    let mut place = Place::new();
    let pays = |hits: usize, misses: usize| {
        [vec![(ANNA, 1); hits], vec![(NOBODY, 1); misses / 2], vec![(DEAD, 1); misses - misses / 2]]
    };
    let code = |place: &mut Place, xml: &str, hold_all: bool| {
        let (before, rows) = (entries(place), place.rows());
        let refused = place.upload(PLAIN, xml, 99_991, (hold_all, Some("key"))).unwrap_err();
        assert_eq!((entries(place), place.rows()), (before + 1, rows));
        let Error::Refused(refusal) = refused else { panic!("{refused}") };
        assert!(!refusal.text.contains(|c: char| c.is_ascii_digit()) || refusal.retry_after_seconds.is_some());
        (refusal.code, refusal.retry_after_seconds)
    };
    // Held, so that nothing would be paid: nothing is told of it but that.
    let sweep = file("SWEEP", &pays(8_000, 12_000));
    assert_eq!(code(&mut place, &sweep, true), ("payout.misses", None));
    // Five thousand tokens were 250 misses, of which it has cost ten. However often one payee is paid, it is one.
    let taken = file("TAKEN", &pays(1_000, 239));
    let batch = place.upload(PLAIN, &taken, 99_991, (true, None)).unwrap().unwrap().batch;
    assert_eq!(waits(&mut place, PLAIN), None);
    assert_eq!(code(&mut place, &file("TWO", &pays(10_000, 2)), false), ("payout.misses", None));
    // Where there is not enough for one miss it makes no difference whether there is one. That was refused costs one more than
    // there was.
    for (id, misses, hold_all) in [("CLEAN", 0, true), ("ONE", 1, true), ("MANY", 1_000, true), ("ITSELF", 0, false)] {
        let told = code(&mut place, &file(id, &pays(1, misses)), hold_all);
        assert_eq!(told, ("allowance.exhausted", Some(seconds(40_000))), "{id}");
    }
    // What came before is known, another client has a bucket of its own, and the console has none. Message ids are free.
    let again = place.upload(PLAIN, &taken, 500, (true, None)).unwrap().unwrap();
    assert_eq!((again.batch, again.duplicate), (batch, true));
    place.uploaded(PUBLIC, &file("TAKEN", &pays(1, 1)));
    assert!(!place.route(PLAIN, &sweep, false).duplicate);
    place.verify();
}

#[test]
fn a_release_pays_back_for_each_payee_and_is_known_when_it_is_repeated() {
    let mut place = Place::new();
    let actor = client(PUBLIC);
    let held = file("MSG-1", &[vec![(ANNA, 100); 200], vec![(BO, 100); 200]]);
    let held = place.upload(PUBLIC, &held, 5_000, (true, None)).unwrap().unwrap().batch;
    place.uploaded(PUBLIC, &file("MISSES", &[vec![(NOBODY, 1); 250]]));
    assert_eq!(waits(&mut place, PUBLIC), Some(seconds(20_000)));
    let view = |place: &mut Place| one_of(&mut place.writer, PUBLIC, &held, &actor, NOW).unwrap();
    let seen = view(&mut place);
    assert_eq!((seen.counts.held, seen.stages), (400, 0));
    let attempt = |place: &mut Place, stages: i64, key: &str| {
        let request = kernel::merkle::Encoder::default().start("release").bytes(key.as_bytes()).leaf();
        let once = Some(kernel::Once::of(&actor, &policy::RELEASE, key, request));
        let env = place.env();
        let wanted =
            Release { batch: &held, as_what: payout::commands::LetGo::Ask, out: None, stages: Some(stages), once };
        release(&mut place.writer, &wanted, &actor, &env).map(|released| released.counts.routed)
    };
    assert_eq!(attempt(&mut place, 1, "early").unwrap_err().code(), "precondition.failed");
    assert_eq!(attempt(&mut place, 0, "key").unwrap(), 400);
    let before = entries(&mut place);
    // Its answer was lost: the version that it names is gone, and it is known all the same.
    assert_eq!(attempt(&mut place, 0, "key").unwrap(), 400);
    assert_eq!(entries(&mut place), before);
    assert_eq!(attempt(&mut place, 0, "other").unwrap_err().code(), "precondition.failed");
    assert_eq!(attempt(&mut place, 1, "third").unwrap_err().code(), "batch.nothing_held");
    assert_eq!(waits(&mut place, PUBLIC), Some(seconds(20_000 - 2 * 1_250)));
    place.verify();
}

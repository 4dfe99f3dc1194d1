//! A marked account that comes into force again, by whatever heals it: an officer looks first, under every set.

use super::*;
use denmark::Account;
use denmark::calendar::copenhagen_date;
use jiff::ToSpan;
use kernel::Id;
use registry::commands::{AcknowledgeSuspicion, Approve, CloseSuspicion, Propose, ReportSuspicion, Suspected};
use registry::mark::MarkChange;
use registry::suspicion::{Finding, Reason, Source as From};
use std::marker::PhantomData;

impl World {
    /// Two agree that an account is a mule's, and two others mark it for a month.
    pub(super) fn mark(&mut self, account: &str) {
        let [rita, sven, mona, nils] = ["rita", "sven", "mona", "nils"].map(Actor::operator);
        let (suspected, text) = (Suspected::Account(Account::parse(account).unwrap()), "It was seen".to_owned());
        let report = ReportSuspicion {
            actor: rita.clone(),
            from: From::Police,
            suspected,
            reason: Reason::Mule,
            text,
            once: None,
        };
        let suspicion = self.run(&report, &rita).unwrap().id;
        let (id, officer) = (Id::parse_name(&suspicion).unwrap(), sven.clone());
        let look = AcknowledgeSuspicion { suspicion: suspicion.clone(), officer, is_synthetic: false };
        self.run(&look, &sven).unwrap();
        let (finding, why, officer) = (Finding::Confirmed, "It is".to_owned(), sven.clone());
        self.run(&CloseSuspicion { suspicion, finding, why, officer, is_synthetic: false }, &sven).unwrap();
        let until = copenhagen_date(Timestamp::from_micros(self.place.now).to_jiff()).saturating_add(1.month());
        let (subject, reason, officer) = (MarkChange::Set { suspicion: id, until }, "so".to_owned(), mona.clone());
        let motion = self.run(&Propose { subject, reason, officer, is_synthetic: false }, &mona).unwrap().id;
        let approve = Approve::<MarkChange> { motion, officer: nils.clone(), is_synthetic: false, about: PhantomData };
        self.run(&approve, &nils).unwrap();
    }
}

#[test]
fn a_third_officer_looks_before_a_marked_account_is_opened_again() {
    World::new(&[]).story(
        "olga file 1: done
         olga file freeze: done
         rita mark 1: marked
         olga unfreeze: approval
         otto approve unfreeze: check
         olga stands: frozen 1
         olga shows unfreeze: awaiting_approval
         otto approve unfreeze: proposal.own
         oda approve unfreeze: in_force
         olga stands: in_force 1",
    );
    // Whoever approved it before it was marked has not looked.
    World::new(&[]).story(
        "olga file 1: done
         olga file freeze: done
         olga file unfreeze: held
         rita mark 1: marked
         otto approve file-unfreeze: check
         oda approve file-unfreeze: in_force",
    );
    // Another account's mark is nothing to it.
    World::new(&[]).story(
        "olga file 1: done
         olga file freeze: done
         rita mark 2: marked
         olga unfreeze: approval
         otto approve unfreeze: in_force",
    );
}

#[test]
fn nobody_opens_a_marked_account_alone_where_no_control_asks_for_a_second_one() {
    for (freezes, unfreezes) in [("file", "file"), ("file", ""), ("bank", "bank")] {
        let unfreeze = if unfreezes.is_empty() {
            "olga unfreeze: check\n otto approve unfreeze: in_force".to_owned()
        } else {
            format!("olga {unfreezes} unfreeze: held\n otto approve {unfreezes}-unfreeze: in_force")
        };
        let mut world = World::new(&["approver_default=off"]);
        world.story(&format!("olga file 1: done\n olga {freezes} freeze: done\n rita mark 1: marked\n {unfreeze}"));
        assert_eq!(world.stands(), "in_force 1");
    }
    // Both in one file.
    let mut world = World::new(&["approver_default=off"]);
    world.story("olga file 1: done\n rita mark 1: marked");
    let rows = ["freeze", "unfreeze"].map(|action| format!("{action},{PAYEE},,,,,,"));
    let (counts, _) = world.place.accounts(&Channel::Bank("North".to_owned()), &rows);
    assert_eq!((counts.changed, counts.held), (1, 1));
    assert_eq!(world.stands(), "frozen 1");
}

#[test]
fn a_third_officer_looks_before_a_marked_account_is_put_back() {
    let changed = "olga file 1: done
         olga propose 2: approval
         otto approve propose-2: in_force\n";
    World::new(&[]).story(&format!(
        "{changed}
         rita mark 1: marked
         olga revert propose-2: approval
         otto approve revert-propose-2: check
         olga stands: in_force 2
         oda approve revert-propose-2: in_force
         olga stands: in_force 1"
    ));
    // It was marked while it waited.
    World::new(&["wait_caseworker=2"]).story(
        "olga file 1: done
         anna propose 2 signed: in_force
         olga revert propose-2: approval
         otto approve revert-propose-2: time
         rita mark 1: marked
         olga waits 7: later
         olga settles: 0 0
         olga shows revert-propose-2: awaiting_approval
         oda approve revert-propose-2: time",
    );
    // What takes a marked account away waits for nobody.
    World::new(&[]).story(&format!(
        "{changed}
         rita mark 2: marked
         olga revert propose-2: approval
         otto approve revert-propose-2: in_force"
    ));
}

//! Cases of victims of whom there is much, and while somebody else does something about them.

use crate::place::*;
use crate::recalling::accepted;
use crate::returning::{Back, message, refused};
use denmark::Account;
use kernel::failpoint::meanwhile;
use kernel::{Actor, Env, Error, Role, Scope, Timestamp};
use payout::case::{Finding, Recipient};
use payout::commands::{
    AskDisclosure, CaseRecall, CloseVictimCase, ImportReturns, Opened, Opening, Reverting, answer_recalls, close_case,
    import_returns, open_case, pay_waiting, recall_for_case, revert_case,
};
use payout::queries::{KnownPayment, known_case};
use payout::recall::Standing;
use registry::commands::{
    AcknowledgeSuspicion, ApproveDesignation, ContestAccounts, ProposeDesignation, ReadHistory, RefuseDesignation,
    ReportSuspicion, RestoreAccounts, Standing as Proposal, Suspected,
};
use registry::import::{AccountRow, Written};
use registry::payee::PayeeId;
use registry::payer::{NoAccount, PayerKind};
use registry::proposal::{Holder, LegalGround};
use registry::queries::account_states;
use registry::suspicion::{OPEN_MAX, Reason, Source};
use registry::terms::{OnReturn, Terms};
use std::io::Cursor;

const BOS: &str = "9860-1234567";
const THIEFS: &str = "9860-77";

fn bo() -> PayeeId {
    PayeeId::parse(&format!("cpr:{BO}")).unwrap()
}

impl Place {
    fn later(&mut self) -> Timestamp {
        self.now = Timestamp::from_micros(self.now.micros() + 60_000_000);
        self.now
    }

    /// Somebody says that Bo's account was taken since then.
    fn open(&mut self, since: Timestamp, from: Source) -> Result<Opened, Error> {
        self.later();
        let env = self.env();
        let opening = Opening { payee: bo(), since, from, why: "Rang", is_synthetic: false };
        open_case(&mut self.writer, &opening, &Actor::operator("anna"), &env)
    }

    /// A thief has Bo's account changed, by a proposal that takes effect at once: since when it is in doubt.
    fn steal(&mut self) -> Timestamp {
        self.control(&[]);
        let since = self.later();
        self.later();
        self.change_to(THIEFS, BOS);
        since
    }

    fn change_to(&mut self, account: &str, expects: &str) {
        let payee = format!("cpr:{BO}");
        let written = Written { action: "change", payee: &payee, account, expects, ..Written::default() };
        let (row, actor) = (AccountRow::read(self.writer.store.vault(), &written).unwrap(), Actor::operator("otto"));
        let ground = Some(LegalGround { law: "§ 1".to_owned(), evidence: "1".to_owned() });
        let (holder, is_locked) = (Holder::Own, false);
        let command =
            ProposeDesignation { actor: actor.clone(), row, holder, ground, is_locked, signature: None, once: None };
        let env = self.env();
        assert_eq!(self.writer.execute(&command, &actor, &env).unwrap().state, "in_force");
    }
}

/// Bo's account is changed to so many others, one after another.
fn changes(accounts: impl Iterator<Item = String>) -> Vec<String> {
    let mut before = BOS.to_owned();
    let change = |account: String| {
        let row = format!("change,cpr:{BO},{account},,{before},,,");
        before = account;
        row
    };
    accounts.map(change).collect()
}

#[test]
fn a_house_that_floods_the_agency_keeps_nobody_from_freezing() {
    let mut place = Place::new();
    let since = place.steal();
    let (system, from) = (Actor::client(Role::Bank, "system"), Source::Bank(BANK.to_owned()));
    let suspected = || Suspected::Account(Account::parse("0040-0440116243").unwrap());
    let (reason, text) = (Reason::Other, "Seen".to_owned());
    let report =
        ReportSuspicion { actor: system.clone(), from: from.clone(), suspected: suspected(), reason, text, once: None };
    let now = place.now;
    // By chance two of so many could have one id.
    let envs: Vec<Env> = (1..=OPEN_MAX as u32).map(|number| Env::new(now, 16 * number)).collect();
    let flooded = place.writer.execute_group(|group| {
        envs.iter().try_for_each(|env| group.execute(&report, &system, env)?.map(|_| ()).map_err(Error::from))
    });
    flooded.unwrap();
    let env = place.env();
    refused(place.writer.execute(&report, &system, &env), "suspicion.too_many");
    let opened = place.open(since, from).unwrap();
    assert_eq!((opened.accounts.frozen.len(), opened.reported.len(), opened.unreported), (1, 1, 0));
    place.verify();
}

#[test]
fn of_very_many_accounts_it_is_said_how_many_are_not_reported() {
    let check = |count: usize, reported: usize| {
        let mut place = Place::new();
        place.control(&[]);
        let since = place.later();
        place.later();
        place.designate_all(&changes((0..count).map(|number| format!("9860-{}", 100 + number))));
        let opened = place.open(since, Source::Police).unwrap();
        assert_eq!((opened.reported.len(), opened.unreported), (reported, count - reported));
        place.verify();
    };
    check(25, 25);
    check(203, 200);
}

#[test]
fn of_an_account_that_changed_very_often_nothing_is_put_back_by_guessing() {
    let mut place = Place::new();
    place.control(&[]);
    let since = place.later();
    place.later();
    // What stood before the last thousand changes may be the thief's.
    place.designate_all(&changes((0..1_001).map(|number| format!("9860-{}", 77 + number % 2))));
    let case = place.open(since, Source::Police).unwrap().id;
    let (env, anna) = (place.env(), Actor::operator("anna"));
    let reverting = Reverting { case: &case, why: "Stolen", is_synthetic: false };
    refused(revert_case(&mut place.writer, &reverting, &anna, &env), "case.too_many_changes");
    let wanted = CaseRecall { case: &case, why: "Stolen", is_synthetic: false };
    refused(recall_for_case(&mut place.writer, &wanted, &Actor::operator("bo"), &env), "case.too_many_changes");
}

/// What is planned before a transaction and is otherwise when it begins is done by nobody; and then again by whoever looks again.
#[test]
fn what_changes_between_the_plan_and_the_deed_is_looked_at_again() {
    // Another account is put there while the case is opened.
    let mut place = Place::new();
    let since = place.steal();
    let (mut other, row, now) = (place.another(), format!("change,cpr:{BO},9860-78,,{THIEFS},,,"), place.now);
    let folder = place.folder.path().join("other");
    std::fs::create_dir(&folder).unwrap();
    let meant = Box::new(move || import_accounts(&mut other, &folder, &row, now));
    refused(meanwhile(meant, || place.open(since, Source::Police)), "case.meanwhile");
    let opened = place.open(since, Source::Police).unwrap();
    assert_eq!(opened.reported.len(), 2);

    // The case's report is acknowledged while the case is closed.
    let (mut other, now) = (place.another(), place.later());
    let (suspicion, carl) = (opened.reported[0].clone(), Actor::operator("carl"));
    let meant = Box::new(move || {
        let command = AcknowledgeSuspicion { suspicion, officer: carl.clone(), is_synthetic: false };
        other.execute(&command, &carl, &Env::new(now, 9_001)).unwrap();
    });
    let (case, finding) = (opened.id, Finding::Fraud);
    let closing = CloseVictimCase { case: &case, finding, why: "Seen", mark_until: None, is_synthetic: false };
    let (env, bo) = (place.env(), Actor::operator("bo"));
    refused(meanwhile(meant, || close_case(&mut place.writer, &closing, &bo, &env)), "case.meanwhile");
    let env = place.env();
    assert_eq!(close_case(&mut place.writer, &closing, &bo, &env).unwrap().reports.len(), 2);
    place.verify();
}

#[test]
fn what_is_asked_back_and_put_back_is_what_it_was_planned_from() {
    let mut place = Place::new();
    let since = place.steal();
    place.uploaded(PUBLIC, &file("MSG-1", &[vec![(BO, 100), (BO, 50)]]));
    let case = place.open(since, Source::Police).unwrap().id;
    // A payment comes back while it is asked for.
    let (mut other, now) = (place.another(), place.later());
    let xml = message("R-1", &[Back("1", "E0", "1.00", "1.00", "MS03", THIEFS)]);
    let meant = Box::new(move || {
        let wanted = ImportReturns { file: xml.as_bytes(), bank: None, out: None, once: None };
        assert_eq!(import_returns(&mut other, wanted, &Actor::console(), &Env::new(now, 9_001)).unwrap().booked, 1);
    });
    let (env, carl) = (place.env(), Actor::operator("carl"));
    let wanted = CaseRecall { case: &case, why: "Stolen", is_synthetic: false };
    refused(meanwhile(meant, || recall_for_case(&mut place.writer, &wanted, &carl, &env)), "case.meanwhile");
    let env = place.env();
    let asked = recall_for_case(&mut place.writer, &wanted, &carl, &env).unwrap();
    assert_eq!(asked.messages.iter().map(|sent| sent.payments.len()).sum::<usize>(), 1);

    // Officers put another account there while it is to be put back.
    let (mut other, row, now) = (place.another(), format!("change,cpr:{BO},9860-78,,{THIEFS},,,"), place.later());
    let folder = place.folder.path().join("other");
    std::fs::create_dir(&folder).unwrap();
    let meant = Box::new(move || {
        let (payee, vera, env) = (bo(), Actor::operator("vera"), |number| Env::new(now, number));
        other.execute(&RestoreAccounts { payee }, &vera, &env(9_002)).unwrap();
        import_accounts(&mut other, &folder, &row, now);
        other.execute(&ContestAccounts { payee }, &vera, &env(9_003)).unwrap();
    });
    let reverting = Reverting { case: &case, why: "Stolen", is_synthetic: false };
    let env = place.env();
    refused(meanwhile(meant, || revert_case(&mut place.writer, &reverting, &carl, &env)), "case.meanwhile");
    place.verify();
}

/// What came back from a thief's account was paid there: it is given out as that, though it lies in the waiting account by now.
#[test]
fn what_went_on_or_is_promised_stays_in_the_case() {
    const BANK_OF_THIEF: &str = "Andelskassen Eksempel";
    let mut place = Place::new();
    let to = NoAccount::parse("pay-to:DK0600400000000099").unwrap();
    let terms = Terms { on_return: OnReturn::Waiting, ..Terms::default() };
    place.agree_on("Ventekontorets", PayerKind::Public, to, Some(BANK), terms).unwrap();
    let since = place.steal();
    let batch = place.uploaded("Ventekontorets", &file("MSG-1", &[vec![(BO, 1_00), (BO, 50)]]));
    let import = |place: &mut Place, back: Back<'_>| {
        let (env, xml) = (place.env(), message("R-1", &[back]));
        let wanted = ImportReturns { file: xml.as_bytes(), bank: None, out: None, once: None };
        assert_eq!(import_returns(&mut place.writer, wanted, &Actor::console(), &env).unwrap().booked, 1);
    };
    // One is ordered on to another account of the thief's, and promised from there; the other lies there.
    import(&mut place, Back("1", "E0", "1.00", "1.00", "MS03", THIEFS));
    place.later();
    place.change_to("9860-78", THIEFS);
    let env = place.env();
    assert_eq!(pay_waiting(&mut place.writer, &batch, None, &Actor::console(), &env).unwrap().len(), 1);
    let case = place.open(since, Source::Police).unwrap().id;
    let wanted = CaseRecall { case: &case, why: "Stolen", is_synthetic: false };
    let env = place.env();
    let asked = recall_for_case(&mut place.writer, &wanted, &Actor::operator("bo"), &env).unwrap();
    let of_order = asked.messages.iter().find(|sent| sent.stage > 0).unwrap();
    let (env, answer) = (place.env(), Cursor::new(accepted(&of_order.recall)));
    answer_recalls(&mut place.writer, answer, None, None, (&Actor::console(), &env)).unwrap();
    assert_eq!(place.told(&batch), ["frozen account_unfrozen_or_replaced", "routed"]);
    for to in [Recipient::Police, Recipient::Bank(BANK_OF_THIEF.to_owned())] {
        let (at, env, anna) = (place.later(), place.env(), Actor::operator("anna"));
        let (law, is_synthetic) = ("§ 1, the police of Fyn".to_owned(), false);
        let asking = AskDisclosure { case: case.clone(), to: to.clone(), law, officer: anna.clone(), is_synthetic };
        place.writer.execute(&asking, &anna, &env).unwrap();
        let known = |scope: &Scope<'_>| known_case(scope, &Actor::operator("bo"), &case, (&to, at), false);
        let mut told: Vec<String> = Vec::new();
        for KnownPayment { payment, recall, back } in place.writer.read(known).unwrap().payments {
            let went = payment.left.unwrap().to.unwrap().account.account().to_text();
            told.push(format!("{} {went} {} {back}", payment.end_to_end_id, recall.map_or("", Standing::name)));
        }
        assert_eq!(told, ["E1 9860-0000000077 asked 0", "E0 9860-0000000078 came_back 100"], "{}", to.name());
    }
    place.verify();
}

/// What is to be put back waits for some days: who has approved it may say as well that it was all a misunderstanding.
#[test]
fn who_approved_that_it_is_put_back_can_be_the_second_to_say_that_it_was_none() {
    let mut place = Place::new();
    let since = place.steal();
    place.control(&["wait_caseworker=2"]);
    let case = place.open(since, Source::Police).unwrap().id;
    let [anna, bo] = ["anna", "bo"].map(Actor::operator);
    let (reverting, env) = (Reverting { case: &case, why: "Stolen", is_synthetic: false }, place.env());
    let proposal = revert_case(&mut place.writer, &reverting, &anna, &env).unwrap().remove(0).id;
    let (why, officer, is_synthetic) = ("Seen".to_owned(), bo.clone(), false);
    let approving = ApproveDesignation { proposal: proposal.clone(), why: why.clone(), officer, is_synthetic };
    let env = place.env();
    assert_eq!(place.writer.execute(&approving, &bo, &env).unwrap().waits_for.as_deref(), Some("time"));
    // By themselves they have a part in it.
    let (refusing, env) = (RefuseDesignation { proposal, why, officer: bo.clone(), is_synthetic }, place.env());
    refused(place.writer.execute(&refusing, &bo, &env), "proposal.own");
    let finding = Finding::Misunderstanding;
    let closing = CloseVictimCase { case: &case, finding, why: "Mistaken", mark_until: None, is_synthetic };
    let env = place.env();
    let said = close_case(&mut place.writer, &closing, &anna, &env).unwrap();
    assert_eq!(said.waits_for.as_deref(), Some("approval"));
    let env = place.env();
    let closed = close_case(&mut place.writer, &closing, &bo, &env).unwrap();
    assert_eq!((closed.designations[0].state.as_str(), closed.unfrozen), ("refused", 1));
    place.verify();
}

/// Bo's account is changed so, one after another; then a case is opened, and what stood before is put back.
fn put_back(changes: &[&dyn Fn(&mut Place)]) -> (Place, String) {
    let mut place = Place::new();
    place.control(&[]);
    let since = place.later();
    for change in changes {
        place.later();
        change(&mut place);
    }
    let case = place.open(since, Source::Police).unwrap().id;
    let (reverting, env) = (Reverting { case: &case, why: "Stolen", is_synthetic: false }, place.env());
    let proposed = revert_case(&mut place.writer, &reverting, &Actor::operator("anna"), &env).unwrap();
    assert!(proposed.iter().all(|standing| standing.waits_for.as_deref() == Some("approval")));
    for Proposal { id, .. } in proposed {
        let officer = Actor::operator("bo");
        let why = "Seen".to_owned();
        let approving = ApproveDesignation { proposal: id, why, officer: officer.clone(), is_synthetic: false };
        let env = place.env();
        assert_eq!(place.writer.execute(&approving, &officer, &env).unwrap().state, "in_force");
    }
    place.verify();
    place.writer.read(registry::verify_directory).unwrap();
    (place, case)
}

impl Place {
    /// Where Bo's accounts stand.
    fn accounts_of_bo(&mut self) -> Vec<(String, &'static str)> {
        let key = bo().key(self.writer.store.vault());
        self.writer.read(|scope| account_states(scope, &key)).unwrap()
    }

    /// Of Bo's default account, the newest first: what stood, and whether it was reverted.
    fn history_of_bo(&mut self) -> Vec<(String, bool)> {
        let (payee, actor, env) = (bo(), Actor::operator("anna"), self.env());
        let rows = self.writer.execute(&ReadHistory { payee, actor: actor.clone() }, &actor, &env).unwrap();
        let of_default = rows.into_iter().filter(|row| row.benefit.is_none());
        of_default.map(|row| (row.account[14..].to_owned(), row.reverted)).collect()
    }
}

#[test]
fn what_came_by_no_proposal_is_put_back_too() {
    let by_file = |row: &'static str| move |place: &mut Place| place.designate(row);
    let stolen = by_file("change,cpr:6201701235,9860-77,,9860-1234567,,,");
    let theirs = ("9860-******4567".to_owned(), "in_force");
    // A bank's own change, or one by a file.
    let (mut place, case) = put_back(&[&stolen]);
    assert_eq!(place.accounts_of_bo(), std::slice::from_ref(&theirs));
    let reverted: Vec<bool> = place.history_of_bo().into_iter().map(|(_, reverted)| reverted).collect();
    assert_eq!(reverted, [false, false, true, false], "what stands, the contest, the change, and what stood");
    // It was a misunderstanding: the reverse of it is proposed.
    let finding = Finding::Misunderstanding;
    let closing = CloseVictimCase { case: &case, finding, why: "Mistaken", mark_until: None, is_synthetic: false };
    for officer in ["anna", "bo"].map(Actor::operator) {
        let env = place.env();
        let closed = close_case(&mut place.writer, &closing, &officer, &env).unwrap();
        assert_eq!(closed.designations.len(), usize::from(closed.waits_for.is_none()));
    }
    // What went on from there goes with it, whatever came by a proposal and what did not.
    let on = by_file("change,cpr:6201701235,9860-78,,9860-77,,,");
    let proposed = |place: &mut Place| place.change_to(THIEFS, BOS);
    let proposed_on = |place: &mut Place| place.change_to("9860-78", THIEFS);
    for changes in [[&stolen as &dyn Fn(&mut Place), &on], [&stolen, &proposed_on], [&proposed, &on]] {
        assert_eq!(put_back(&changes).0.accounts_of_bo(), std::slice::from_ref(&theirs));
    }
    // One of several accounts, the one for a kind of benefit.
    let specific = by_file("register,cpr:6201701235,9860-79,,,,Kommunen,SSBE");
    let (mut place, _) = put_back(&[&proposed, &specific]);
    assert_eq!(place.accounts_of_bo(), [theirs, ("9860-******0079".to_owned(), "closed")]);
}

#[test]
fn what_was_closed_by_nobody_who_is_in_doubt_stays_closed() {
    let by_file = |row: &'static str| move |place: &mut Place| place.designate(row);
    let closed = by_file("close,cpr:6201701235,,,,,,");
    let stolen = by_file("register,cpr:6201701235,9860-77,,,,,");
    let stolen_on = by_file("change,cpr:6201701235,9860-78,,9860-77,,,");
    // The account was closed, and then a thief registered another, or several.
    let ends_closed = |changes: &[&dyn Fn(&mut Place)]| {
        assert_eq!(put_back(changes).0.accounts_of_bo()[0].1, "closed");
    };
    ends_closed(&[&closed, &stolen]);
    ends_closed(&[&closed, &stolen, &stolen_on]);
    ends_closed(&[&closed, &stolen, &closed, &stolen]);
    // A thief's account that was closed is no reason to leave nothing there.
    let change = by_file("change,cpr:6201701235,9860-77,,9860-1234567,,,");
    let theirs = [("9860-******4567".to_owned(), "in_force")];
    assert_eq!(put_back(&[&change, &closed, &stolen_on_closed]).0.accounts_of_bo(), theirs);
}

#[test]
fn what_was_the_payees_for_a_benefit_is_theirs_where_it_took_the_place_of_the_default_one() {
    let mut place = Place::new();
    place.control(&["promote_specific=on"]);
    place.designate("register,cpr:6201701235,9860-79,,,,Kommunen,SSBE");
    let since = place.later();
    place.later();
    place.designate("close,cpr:6201701235,,,,,,");
    let case = place.open(since, Source::Police).unwrap().id;
    let (reverting, env) = (Reverting { case: &case, why: "Stolen", is_synthetic: false }, place.env());
    refused(revert_case(&mut place.writer, &reverting, &Actor::operator("anna"), &env), "case.nothing_changed");
    assert_eq!(place.accounts_of_bo(), ["frozen"; 2].map(|state| ("9860-******0079".to_owned(), state)));
}

fn stolen_on_closed(place: &mut Place) {
    place.designate("register,cpr:6201701235,9860-78,,,,,");
}

#[test]
fn of_an_account_that_was_frozen_very_often_nothing_is_put_back_by_guessing() {
    let mut place = Place::new();
    place.control(&[]);
    let since = place.later();
    place.designate("change,cpr:6201701235,9860-77,,9860-1234567,,,");
    let rows = ["freeze", "unfreeze"].map(|action| format!("{action},cpr:6201701235,,,,,,"));
    place.designate_all(&rows.into_iter().cycle().take(1_040).collect::<Vec<_>>());
    let case = place.open(since, Source::Police).unwrap().id;
    let (reverting, env) = (Reverting { case: &case, why: "Stolen", is_synthetic: false }, place.env());
    refused(revert_case(&mut place.writer, &reverting, &Actor::operator("anna"), &env), "case.too_many_changes");
}

/// Its payer has agreed that what goes to a frozen account goes back: of somebody who may be a victim it waits, whoever froze it.
#[test]
fn what_is_paid_to_an_account_that_was_frozen_before_waits_too() {
    let mut place = Place::new();
    place.control(&[]);
    let since = place.later();
    place.designate(&format!("freeze,cpr:{BO},,,,,,"));
    let told = |place: &mut Place, id: &str| {
        let batch = place.uploaded(PUBLIC, &file(id, &[vec![(BO, 100)]]));
        (place.told(&batch), batch)
    };
    assert_eq!(told(&mut place, "MSG-1").0, ["rejected"]);
    let case = place.open(since, Source::Police).unwrap();
    assert_eq!((case.accounts.frozen.len(), case.accounts.already.len()), (0, 1));
    let (waits, batch) = told(&mut place, "MSG-2");
    assert_eq!(waits, ["frozen account_unfrozen_or_replaced"]);
    for officer in ["anna", "bo"] {
        let (env, officer, finding) = (place.env(), Actor::operator(officer), Finding::Misunderstanding);
        let closing =
            CloseVictimCase { case: &case.id, finding, why: "Mistaken", mark_until: None, is_synthetic: false };
        assert_eq!(close_case(&mut place.writer, &closing, &officer, &env).unwrap().unfrozen, 0);
    }
    // It is frozen as before.
    place.release(&batch, false);
    assert_eq!(
        (place.told(&batch), told(&mut place, "MSG-3").0),
        (vec!["rejected".to_owned()], vec!["rejected".to_owned()])
    );
    place.verify();
}

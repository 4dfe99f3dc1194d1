//! What banks ask for, held against a small model: a payee has one account, and at most one change of it waits.

use crate::place::Place;
use kernel::{Actor, Command, Env, Error, Role, Timestamp};
use proptest::prelude::*;
use registry::RowRefusal;
use registry::commands::{
    ApproveDesignation, CHANGES_MAX, CancelDesignation, ChangeAccounts, ChangeAnswer, LookUp, ReadHistory,
    RefuseDesignation, ShowProposal,
};
use registry::designation::Channel;
use registry::import::{AccountRow, Banks, Written};
use registry::life::DECISION_DAYS as WAITS_DAYS;
use registry::payee::PayeeId;
use registry::proposal::Unexpected;
use registry::queries;
use std::collections::BTreeMap;

const DAY: i64 = 86_400_000_000;

/// A store, and what banks and officers do with it.
struct Office {
    place: Place,
    given: u32,
}

impl Office {
    fn new() -> Self {
        Self { place: Place::new(), given: 0 }
    }

    /// Ids hang on chance, and so does each command.
    fn env(&mut self) -> Env {
        self.place.now += 1_000;
        self.given += 1_000;
        Env::new(Timestamp::from_micros(self.place.now), self.given)
    }

    fn row(&self, written: &Written<'_>, reason: &str, consent: &str) -> Result<AccountRow, RowRefusal> {
        AccountRow::read_from_bank(self.place.writer.store.vault(), written, reason, consent, Unexpected::Hold)
    }

    fn ask(
        &mut self,
        bank: &str,
        rows: Vec<Result<AccountRow, RowRefusal>>,
        unexpected: Unexpected,
    ) -> Result<Vec<ChangeAnswer>, Error> {
        let channel = Channel::Bank(bank.to_owned());
        let (actor, env) = (client(bank), self.env());
        let request = ChangeAccounts::new(actor.clone(), channel, rows, unexpected, None)?;
        let given = [(request, &actor, &env)];
        let mut answers = self.place.writer.execute_group(|group| group.execute_jointly(&given))?;
        answers.remove(0).map_err(Error::Refused)
    }

    fn give<C: Command>(&mut self, command: &C, actor: &Actor) -> Result<C::Output, &'static str> {
        let env = self.env();
        self.place.writer.execute(command, actor, &env).map_err(|error| error.code())
    }

    fn release(&mut self, change: &str) -> Result<(), &'static str> {
        let officer = Actor::operator("anna");
        let command = ApproveDesignation {
            proposal: change.to_owned(),
            why: "asked".to_owned(),
            officer: officer.clone(),
            is_synthetic: true,
        };
        self.give(&command, &officer).map(|_| ())
    }

    fn refuse(&mut self, change: &str) -> Result<(), &'static str> {
        let officer = Actor::operator("anna");
        let command = RefuseDesignation {
            proposal: change.to_owned(),
            why: "asked".to_owned(),
            officer: officer.clone(),
            is_synthetic: true,
        };
        self.give(&command, &officer).map(|_| ())
    }

    fn withdraw(&mut self, bank: &str, change: &str) -> Result<(), &'static str> {
        let (channel, actor) = (Some(Channel::Bank(bank.to_owned())), client(bank));
        let command = CancelDesignation { proposal: change.to_owned(), actor: actor.clone(), channel };
        self.give(&command, &actor).map(|_| ())
    }

    /// The names of what waits, the oldest first.
    fn waiting(&mut self, bank: Option<&str>) -> Vec<String> {
        let now = Timestamp::from_micros(self.place.now);
        let channel = bank.map(|bank| Channel::Bank(bank.to_owned()));
        let actor = bank.map_or_else(Actor::console, client);
        let mut names = Vec::new();
        let mut after = None;
        loop {
            let page =
                self.place.writer.read(|scope| queries::waiting(scope, &actor, channel.as_ref(), None, after, 2, now));
            let page = page.unwrap();
            names.extend(page.proposals.into_iter().map(|proposal| proposal.standing.id));
            after = page.next;
            if after.is_none() {
                return names;
            }
        }
    }

    fn told(&mut self, payee: &str) -> String {
        let command = LookUp {
            actor: Actor::console(),
            payee: PayeeId::parse(payee).unwrap(),
            specific: None,
            as_of: None,
            known_at: None,
        };
        match self.give(&command, &Actor::console()) {
            Ok(answer) => format!("{} {}", answer.state, answer.account.unwrap_or_default()),
            Err(code) => code.to_owned(),
        }
    }
}

fn client(bank: &str) -> Actor {
    Actor::client(Role::Bank, bank)
}

const PAYEES: [&str; 2] = ["se:11111111", "p:1000000001"];
/// Accounts and whose they are.
const ACCOUNTS: [(&str, &str); 4] =
    [("0040-1", "North"), ("0041-2", "North"), ("1020-3", "South"), ("1020-4", "South")];

#[derive(Clone, Debug)]
enum Act {
    /// Bank, payee, account, what is expected, whether it may wait.
    Designate(&'static str, usize, usize, Option<&'static str>, bool),
    Close(&'static str, usize, Option<&'static str>),
    /// The how-manieth change that was ever held.
    Release(usize),
    Refuse(usize),
    Withdraw(&'static str, usize),
    Days(i64),
}

fn act() -> impl Strategy<Value = Act> {
    let bank = || proptest::sample::select(vec!["North", "South"]);
    let expects =
        || proptest::option::of(proptest::sample::select(vec!["none", "0040-1", "0041-2", "1020-3", "1020-4"]));
    let change = 0..6_usize;
    prop_oneof![
        8 => (bank(), 0..PAYEES.len(), 0..ACCOUNTS.len(), expects(), proptest::bool::weighted(0.8))
            .prop_map(|(bank, payee, account, expects, hold)| Act::Designate(bank, payee, account, expects, hold)),
        2 => (bank(), 0..PAYEES.len(), expects()).prop_map(|(bank, payee, expects)| Act::Close(bank, payee, expects)),
        2 => change.clone().prop_map(Act::Release),
        1 => change.clone().prop_map(Act::Refuse),
        1 => (bank(), change).prop_map(|(bank, change)| Act::Withdraw(bank, change)),
        1 => (1..WAITS_DAYS).prop_map(Act::Days),
    ]
}

struct Waits {
    name: String,
    bank: &'static str,
    payee: usize,
    account: usize,
    /// How many rows the payee's history had.
    rows: usize,
    until: i64,
    ended: Option<&'static str>,
}

/// What is believed.
#[derive(Default)]
struct Model {
    /// The account of each payee, and whether it is in force; else it was closed.
    accounts: BTreeMap<usize, (usize, bool)>,
    /// How many rows each payee's history has.
    rows: BTreeMap<usize, usize>,
    held: Vec<Waits>,
}

impl Model {
    fn live(&self, payee: usize) -> Option<usize> {
        self.accounts.get(&payee).filter(|(_, is_live)| *is_live).map(|(account, _)| *account)
    }

    fn set(&mut self, payee: usize, account: usize, is_live: bool) {
        self.accounts.insert(payee, (account, is_live));
        *self.rows.entry(payee).or_default() += 1;
    }

    fn waits(&self, payee: usize, now: i64) -> bool {
        self.held.iter().any(|held| held.payee == payee && held.ended.is_none() && now < held.until)
    }

    fn expects(&self, payee: usize, expects: Option<&str>) -> bool {
        expects.is_none_or(|expects| expects == self.live(payee).map_or("none", |account| ACCOUNTS[account].0))
    }

    /// What a designation must be answered; a change that is to wait is `held`.
    fn designate(
        &mut self,
        bank: &str,
        (payee, account): (usize, usize),
        expects: Option<&str>,
        hold: bool,
        now: i64,
    ) -> &'static str {
        let live = self.live(payee);
        if ACCOUNTS[account].1 != bank {
            "designation.other_bank"
        } else if live == Some(account) {
            "unchanged"
        } else if !self.expects(payee, expects) {
            "designation.expects_mismatch"
        } else if expects.is_some() || live.is_none() {
            self.set(payee, account, true);
            "done"
        } else if !hold {
            "designation.expects_missing"
        } else if self.waits(payee, now) {
            "change.waiting"
        } else {
            "held"
        }
    }

    fn close(&mut self, bank: &str, payee: usize, expects: Option<&str>) -> &'static str {
        let Some((account, is_live)) = self.accounts.get(&payee).copied() else { return "designation.none" };
        if ACCOUNTS[account].1 != bank {
            "designation.none"
        } else if !is_live {
            "unchanged"
        } else if !self.expects(payee, expects) {
            "designation.expects_mismatch"
        } else {
            self.set(payee, account, false);
            "done"
        }
    }

    fn release(&mut self, change: usize, now: i64) -> Result<(), &'static str> {
        let held = &self.held[change];
        if held.ended.is_some() || now >= held.until {
            return Err("proposal.ended");
        }
        let (payee, account, live) = (held.payee, held.account, self.live(held.payee));
        if live != Some(account) {
            if self.rows[&payee] != held.rows {
                return Err("designation.expects_mismatch");
            }
            self.set(payee, account, true);
        }
        self.held[change].ended = Some("released");
        Ok(())
    }
}

fn word(answer: &ChangeAnswer) -> &'static str {
    use kernel::Refuse;
    match answer {
        ChangeAnswer::Refused(refusal) => refusal.code(),
        answer => answer.name(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn banks_touch_their_own_and_lose_no_change_of_others(acts in proptest::collection::vec(act(), 1..40)) {
        let (mut office, mut model) = (Office::new(), Model::default());
        for act in acts {
            let now = office.place.now + 1_000;
            match &act {
                Act::Designate(bank, payee, account, expects, hold) => {
                    let (action, named) = ("register", ACCOUNTS[*account].0);
                    let expects = *expects;
                    let written = Written {
                        action, payee: PAYEES[*payee], account: named, expects: expects.unwrap_or_default(), ..Written::default()
                    };
                    let row = office.row(&written, "user_request", "netbank");
                    let unexpected = if *hold { Unexpected::Hold } else { Unexpected::Refuse };
                    let answer = office.ask(bank, vec![row], unexpected).unwrap().remove(0);
                    let expected = model.designate(bank, (*payee, *account), expects, *hold, now);
                    prop_assert_eq!(word(&answer), expected, "{:?}", act);
                    if let ChangeAnswer::Held(name) = answer {
                        let (payee, account, until) = (*payee, *account, now + WAITS_DAYS * DAY);
                        let rows = model.rows[&payee];
                        model.held.push(Waits { name, bank, payee, account, rows, until, ended: None });
                    }
                }
                Act::Close(bank, payee, expects) => {
                    let written = Written {
                        action: "close", payee: PAYEES[*payee], expects: expects.unwrap_or_default(), ..Written::default()
                    };
                    let row = office.row(&written, "account_closure", "not_needed");
                    let answer = office.ask(bank, vec![row], Unexpected::Hold).unwrap().remove(0);
                    prop_assert_eq!(word(&answer), model.close(bank, *payee, *expects), "{:?}", act);
                }
                Act::Release(change) if *change < model.held.len() => {
                    let name = model.held[*change].name.clone();
                    prop_assert_eq!(office.release(&name), model.release(*change, now), "{:?}", act);
                }
                Act::Refuse(change) if *change < model.held.len() => {
                    let held = &mut model.held[*change];
                    let waits = held.ended.is_none() && now < held.until;
                    let expected = if waits { Ok(()) } else { Err("proposal.ended") };
                    held.ended = held.ended.or(waits.then_some("refused"));
                    prop_assert_eq!(office.refuse(&held.name), expected);
                }
                Act::Withdraw(bank, change) if *change < model.held.len() => {
                    let held = &mut model.held[*change];
                    let expected = match held.ended {
                        _ if held.bank != *bank => Err("proposal.unknown"),
                        Some("withdrawn") => Ok(()),
                        None if now < held.until => Ok(()),
                        _ => Err("proposal.ended"),
                    };
                    if expected == Ok(()) {
                        held.ended = Some("withdrawn");
                    }
                    prop_assert_eq!(office.withdraw(bank, &held.name), expected);
                }
                Act::Days(days) => office.place.now += days * DAY,
                Act::Release(_) | Act::Refuse(_) | Act::Withdraw(..) => {}
            }
            let now = office.place.now;
            let names = |bank: Option<&str>| -> Vec<String> {
                let waits = |held: &&Waits| held.ended.is_none() && now < held.until && bank.is_none_or(|bank| held.bank == bank);
                model.held.iter().filter(waits).map(|held| held.name.clone()).collect()
            };
            prop_assert_eq!(office.waiting(None), names(None));
            prop_assert_eq!(office.waiting(Some("South")), names(Some("South")));
            for (at, payee) in PAYEES.iter().enumerate() {
                let told = office.told(payee);
                let state = match model.accounts.get(&at) {
                    None => "payee.unknown",
                    Some((_, true)) => "in_force ",
                    Some((_, false)) => "closed ",
                };
                prop_assert!(told.starts_with(state), "{}: {}", payee, told);
                if let Some((account, _)) = model.accounts.get(&at) {
                    let (reg, number) = ACCOUNTS[*account].0.split_once('-').unwrap();
                    prop_assert!(told.ends_with(&format!("{reg}{number:0>10}")), "{}: {}", payee, told);
                }
            }
        }
        office.place.verify();
    }
}

#[test]
fn one_that_is_refused_stops_no_other_and_a_request_is_one_entry() {
    let mut office = Office::new();
    let written = |action, payee, account| Written { action, payee, account, ..Written::default() };
    let change = |office: &Office, action, payee, account, reason, consent| {
        office.row(&written(action, payee, account), reason, consent)
    };
    let rows = vec![
        change(&office, "register", "se:11111111", "0040-1", "user_request", "in_person"),
        change(&office, "register", "p:1000000001", "1020-3", "user_request", "in_person"),
        change(&office, "register", "cpr:6101701234", "0040-1", "user_request", "in_person"),
        change(&office, "register", "p:1000000001", "0040-x", "user_request", "in_person"),
        change(&office, "register", "p:1000000001", "0040-1", "whim", "in_person"),
        change(&office, "register", "p:1000000001", "0040-1", "user_request", ""),
        change(&office, "register", "p:1000000001", "0040-1", "reconciliation", "not_needed"),
        change(&office, "register", "se:11111111", "0040-1", "user_request", "phone"),
        change(&office, "register", "se:11111111", "0041-2", "user_request", "phone"),
        change(&office, "close", "se:11111111", "", "account_closure", "not_needed"),
        change(&office, "register", "se:11111111", "0041-2", "branch_transfer", "not_needed"),
    ];
    let entries = |office: &mut Office| {
        office.place.writer.read(|scope| Ok(kernel::journal::size_and_root(scope.tx)?.0)).unwrap()
    };
    let before = entries(&mut office);
    let answers = office.ask("North", rows, Unexpected::Refuse).unwrap();
    assert_eq!(entries(&mut office), before + 1);
    let words: Vec<_> = answers.iter().map(word).collect();
    assert_eq!(
        words,
        [
            "done",
            "designation.other_bank",
            "payee.unknown",
            "account.malformed",
            "designation.reason",
            "designation.consent_missing",
            "designation.reason",
            "unchanged",
            "designation.expects_missing",
            "done",
            "done",
        ]
    );
    let payee = PayeeId::parse("se:11111111").unwrap();
    let history = office.give(&ReadHistory { actor: Actor::console(), payee }, &Actor::console()).unwrap();
    let told: Vec<_> = history
        .iter()
        .map(|row| {
            let grounds = [&row.reason, &row.consent].map(|text| text.as_deref().unwrap_or("-"));
            (row.state.as_str(), grounds, row.by.as_str(), row.channel.as_str())
        })
        .collect();
    let by = |state, reason, consent| (state, [reason, consent], "client:North", "bank:North");
    assert_eq!(
        told,
        [
            by("in_force", "branch_transfer", "not_needed"),
            by("closed", "account_closure", "not_needed"),
            by("in_force", "user_request", "in_person"),
        ]
    );
    let count = |office: &mut Office, count| {
        let row = office.row(&written("close", "se:11111111", ""), "fraud", "not_needed");
        office.ask("North", vec![row; count], Unexpected::Refuse).map(|answers| answers.len()).map_err(|e| e.code())
    };
    assert_eq!(count(&mut office, 0), Err("change.count"));
    assert_eq!(count(&mut office, CHANGES_MAX + 1), Err("change.count"));
    assert_eq!(count(&mut office, CHANGES_MAX), Ok(CHANGES_MAX));
    assert_eq!(
        office.ask("Nobody", vec![Err(RowRefusal::Payee)], Unexpected::Refuse).unwrap_err().code(),
        "bank.unknown"
    );
    office.place.verify();
}

#[test]
fn many_wait_in_one_request_and_each_has_its_name() {
    let mut office = Office::new();
    let mut names = Vec::new();
    let payees: Vec<String> = (0..50).map(|number| format!("p:10000000{number:02}")).collect();
    for (bank, account) in [("South", "1020-3"), ("North", "0040-1")] {
        let rows = payees.iter().map(|payee| {
            let written = Written { action: "change", payee, account, ..Written::default() };
            office.row(&written, "user_request", "signed_form")
        });
        for answer in office.ask(bank, rows.collect(), Unexpected::Hold).unwrap() {
            names.extend(match answer {
                ChangeAnswer::Held(name) => Some(name),
                answer => {
                    assert_eq!((bank, answer), ("South", ChangeAnswer::Done));
                    None
                }
            });
        }
    }
    assert_eq!(names.len(), payees.len());
    assert_eq!(office.waiting(Some("North")), names);
    assert_eq!(office.waiting(Some("South")), [""; 0]);
    assert_eq!(office.release(&names[7]), Ok(()));
    let told = office.told(&payees[7]);
    assert!(told.starts_with("in_force") && told.ends_with("00400000000001"), "{told}");
    office.place.verify();
}

/// One change that waits, of the account `1020-3` to `0040-1`.
fn one_waits(office: &mut Office) -> String {
    let written = |account| Written { action: "register", payee: "se:11111111", account, ..Written::default() };
    let row = office.row(&written("1020-3"), "user_request", "phone");
    office.ask("South", vec![row], Unexpected::Hold).unwrap();
    let row = office.row(&written("0040-1"), "user_request", "phone");
    match office.ask("North", vec![row], Unexpected::Hold).unwrap().remove(0) {
        ChangeAnswer::Held(name) => name,
        answer => panic!("{answer:?}"),
    }
}

#[test]
fn what_is_released_is_decided_again_and_shown_with_its_grounds() {
    let mut office = Office::new();
    let name = one_waits(&mut office);
    let officer = Actor::operator("anna");
    let shown = office.give(&ShowProposal { actor: officer.clone(), proposal: name.to_lowercase() }, &officer).unwrap();
    assert_eq!(
        [&shown.standing.state, &shown.payee, &shown.channel, &shown.proposed_by],
        ["awaiting_approval", "se:11111111", "bank:North", "client:North"]
    );
    assert_eq!(shown.standing.waits_for.as_deref(), Some("check"));
    let [account, replaces] = [&shown.account, &shown.replaces].map(|iban| iban.as_ref().unwrap().split_at(4).1);
    assert_eq!([account, replaces], ["00400000000001", "10200000000003"]);
    assert_eq!(shown.in_force, shown.replaces);
    assert!(shown.acts.is_empty());
    // The bank's name counts as the directory says it when the change is released.
    office.place.import(&Banks, b"reg,bank,bic,country\n0040,West,,DK\n0041,West,,DK\n");
    assert_eq!(office.release(&name), Err("bank.unknown"));
    office.place.import(&Banks, b"reg,bank,bic,country\n0041,North,,DK\n");
    assert_eq!(office.release(&name), Err("designation.other_bank"));
    office.place.import(&Banks, b"reg,bank,bic,country\n0040,North,,DK\n");
    let row = "freeze,se:11111111,,,,,,";
    let freeze = |office: &mut Office, row| assert_eq!(office.place.change(&Channel::Operator, row).changed, 1);
    freeze(&mut office, row);
    assert_eq!(office.release(&name), Err("designation.frozen"));
    freeze(&mut office, "unfreeze,se:11111111,,,,,,");
    // It is the account that it was.
    assert_eq!(office.release(&name), Ok(()));
    assert_eq!(office.release(&name), Err("proposal.ended"));
    assert_eq!(office.withdraw("North", &name), Err("proposal.ended"));
    let shown = office.give(&ShowProposal { actor: officer.clone(), proposal: name.clone() }, &officer).unwrap();
    let of = |text: &Option<String>| text.clone().unwrap_or_default();
    assert_eq!((shown.standing.state.as_str(), &shown.standing.waits_for), ("in_force", &None));
    let acts: Vec<_> =
        shown.acts.iter().map(|act| (act.act.as_str(), act.by.as_str(), act.why.as_deref().unwrap_or("-"))).collect();
    assert_eq!(acts, [("checked", "operator:anna", "asked"), ("took_effect", "operator:anna", "-")]);
    let payee = PayeeId::parse("se:11111111").unwrap();
    let history = office.give(&ReadHistory { actor: Actor::console(), payee }, &Actor::console()).unwrap();
    let seen = office.place.writer.read(|scope| queries::look_ups(scope, &officer, &payee, None, 10)).unwrap();
    let seen: Vec<_> = seen.iter().map(|row| (row.client.as_str(), row.kind, row.answer)).collect();
    let [console, anna] = ["console", "operator:anna"];
    let shown = |answer| (anna, "change", answer);
    let told = ("client:North", "change", "no_match");
    assert_eq!(seen, [(console, "history", "in_force"), shown("in_force"), shown("in_force"), told]);
    let newest = &history[0];
    assert_eq!([&newest.by, &newest.channel], ["operator:anna", "bank:North"]);
    assert_eq!([of(&newest.reason), of(&newest.consent)], ["user_request", "phone"].map(str::to_owned));
    office.place.verify();
}

#[test]
fn an_account_that_came_back_is_not_the_one_that_a_change_was_asked_against() {
    let mut office = Office::new();
    let name = one_waits(&mut office);
    for (account, expects) in [("1020-4", "1020-3"), ("1020-3", "1020-4")] {
        let written = Written { action: "change", payee: "se:11111111", account, expects, ..Written::default() };
        let row = office.row(&written, "user_request", "phone");
        assert_eq!(office.ask("South", vec![row], Unexpected::Refuse).unwrap(), [ChangeAnswer::Done]);
        assert_eq!(office.release(&name), Err("designation.expects_mismatch"), "{account}");
    }
    office.place.verify();
}

#[test]
fn what_a_bank_is_told_of_others_customers_is_logged_and_paid_for() {
    const OWN: &str = "se:11111111";
    const OTHERS: &str = "p:1000000001";
    const NOBODY: &str = "cpr:6101701234";
    let mut office = Office::new();
    let one = |office: &mut Office, bank: &str, written: Written<'_>, reason: &str, consent: &str| {
        let row = office.row(&written, reason, consent);
        office.ask(bank, vec![row], Unexpected::Hold).map(|mut answers| answers.remove(0))
    };
    let seen = |office: &mut Office, payee: &str| {
        let payee = PayeeId::parse(payee).unwrap();
        let rows = office.place.writer.read(|scope| queries::look_ups(scope, &Actor::console(), &payee, None, 2_000));
        rows.unwrap().into_iter().map(|row| (row.client, row.purpose, row.kind, row.answer)).collect::<Vec<_>>()
    };
    let check = |office: &mut Office, fields: [&str; 4], reason: &str, expected: &str, told: Option<&str>| {
        let [action, payee, account, expects] = fields;
        let written = Written { action, payee, account, expects, ..Written::default() };
        let before = seen(office, payee).len();
        let consent = if reason == "user_request" { "phone" } else { "not_needed" };
        let answer = one(office, "North", written, reason, consent).unwrap();
        assert_eq!(word(&answer), expected, "{fields:?}");
        let now = seen(office, payee);
        assert_eq!(now.len() - before, usize::from(told.is_some()), "{fields:?}");
        if let Some(told) = told {
            assert_eq!(now[0], ("client:North".to_owned(), "payment", "change", told), "{fields:?}");
        }
    };
    let written = Written { action: "register", payee: OTHERS, account: "1020-3", ..Written::default() };
    assert_eq!(one(&mut office, "South", written, "user_request", "phone").unwrap(), ChangeAnswer::Done);
    let office = &mut office;
    let wish = "user_request";
    // What the bank does, and what is wrong with the change itself, tells nothing.
    check(office, ["register", OWN, "0040-1", ""], wish, "done", None);
    check(office, ["register", OWN, "0040-1", ""], wish, "unchanged", None);
    check(office, ["register", NOBODY, "1020-1", ""], wish, "designation.other_bank", None);
    check(office, ["register", NOBODY, "9999-1", ""], wish, "bank.unknown", None);
    check(office, ["register", NOBODY, "", ""], wish, "account.missing", None);
    for guess in ["1020", "SYBKDK22"] {
        check(office, ["change", OTHERS, "0040-1", guess], wish, "designation.expects", None);
    }
    check(office, ["register", NOBODY, "0040-1", ""], wish, "payee.unknown", Some("unknown"));
    for action in ["close", "freeze", "unfreeze"] {
        for payee in [NOBODY, "p:1000000002", OTHERS] {
            check(office, [action, payee, "", ""], wish, "designation.none", Some("none"));
        }
    }
    for guess in ["none", "1020-1", "1020-3"] {
        check(office, ["change", OTHERS, "0040-1", guess], "fraud", "designation.reason", Some("not_possible"));
    }
    for guess in ["none", "1020-1"] {
        let mismatch = "designation.expects_mismatch";
        check(office, ["change", OTHERS, "0040-1", guess], wish, mismatch, Some("no_match"));
    }
    check(office, ["change", OTHERS, "0040-1", ""], wish, "held", Some("no_match"));
    check(office, ["change", OTHERS, "0040-1", ""], wish, "change.waiting", Some("no_match"));
    check(office, ["freeze", OWN, "", ""], wish, "done", None);
    check(office, ["change", OWN, "0041-2", "0040-1"], wish, "designation.frozen", Some("frozen"));
    office.place.verify();
}

#[test]
fn a_bank_that_guesses_has_used_up_what_it_may_ask_before_long() {
    let mut office = Office::new();
    let written = |action, payee, expects| Written { action, payee, account: "0040-1", expects, ..Written::default() };
    let wish = |office: &Office, written: Written<'_>| office.row(&written, "user_request", "phone");
    let first = wish(&office, Written { account: "1020-3", ..written("register", "se:11111111", "") });
    assert_eq!(office.ask("South", vec![first], Unexpected::Hold).unwrap(), [ChangeAnswer::Done]);
    let wrong = wish(&office, written("change", "se:11111111", "1020-1"));
    let answers = office.ask("North", vec![wrong.clone(); CHANGES_MAX], Unexpected::Refuse).unwrap();
    assert!(answers.iter().all(|answer| word(answer) == "designation.expects_mismatch"));
    // A thousand look-ups in vain are all that a full bucket has: nothing more is done for now, whatever it is.
    let right = wish(&office, written("change", "se:11111111", "1020-3"));
    for rows in [vec![wrong.clone()], vec![right.clone()], vec![Err(RowRefusal::Payee)]] {
        let Err(Error::Refused(refused)) = office.ask("North", rows, Unexpected::Refuse) else {
            panic!("it is let in")
        };
        assert_eq!((refused.code, refused.retry_after_seconds), ("allowance.exhausted", Some(44)));
    }
    // Others are not bounded by that, and neither is the agency.
    let others = wish(&office, Written { account: "1020-4", ..written("change", "se:11111111", "1020-3") });
    assert_eq!(office.ask("South", vec![others], Unexpected::Refuse).unwrap(), [ChangeAnswer::Done]);
    assert_eq!(office.place.change(&Channel::Operator, "change,se:11111111,1020-3,,1020,,,").changed, 1);
    office.place.now += 44_000_000;
    assert_eq!(office.ask("North", vec![right], Unexpected::Refuse).unwrap(), [ChangeAnswer::Done]);
    // What one request owes counts for the next, also in one transaction.
    let (north, env) = (client("North"), office.env());
    let given = [(); 2].map(|()| {
        let rows = vec![wish(&office, Written { account: "", ..written("close", "cpr:6101701234", "") })];
        let channel = Channel::Bank("North".to_owned());
        (ChangeAccounts::new(north.clone(), channel, rows, Unexpected::Refuse, None).unwrap(), &north, &env)
    });
    let answers = office.place.writer.execute_group(|group| group.execute_jointly(&given)).unwrap();
    let told: Vec<_> =
        answers.into_iter().map(|answer| answer.map(|told| word(&told[0])).map_err(|no| no.code)).collect();
    assert_eq!(told, [Ok("designation.none"), Err("allowance.exhausted")]);
    office.place.verify();
}

#[test]
fn who_may_end_what_waits() {
    let mut office = Office::new();
    let name = one_waits(&mut office);
    let officer = Actor::operator("anna");
    let release = |why: &str, officer: &Actor| ApproveDesignation {
        proposal: name.clone(),
        why: why.to_owned(),
        officer: officer.clone(),
        is_synthetic: true,
    };
    let north = client("North");
    assert_eq!(office.give(&release("mine", &north), &north).err(), Some("policy.not_allowed"));
    assert_eq!(
        office.give(&ShowProposal { actor: north.clone(), proposal: name.clone() }, &north).err(),
        Some("policy.not_allowed")
    );
    assert_eq!(office.give(&release(" ", &officer), &officer).err(), Some("proposal.why"));
    let console = Actor::console();
    let nameless = ApproveDesignation { is_synthetic: false, ..release("called", &console) };
    assert_eq!(office.give(&nameless, &console).err(), Some("proposal.officer"));
    let ApproveDesignation { proposal, why, officer: nobody, is_synthetic } = nameless;
    assert_eq!(
        office.give(&RefuseDesignation { proposal, why, officer: nobody, is_synthetic }, &console).err(),
        Some("proposal.officer")
    );
    assert_eq!(office.withdraw("South", &name), Err("proposal.unknown"));
    for other in ["", "0000000000000", "nobody", &name[1..]] {
        assert_eq!(office.release(other), Err("proposal.unknown"), "{other}");
    }
    office.place.now += WAITS_DAYS * DAY;
    assert_eq!(office.release(&name), Err("proposal.ended"));
    assert_eq!(office.refuse(&name), Err("proposal.ended"));
    // What lapsed makes room.
    let written = Written { action: "register", payee: "se:11111111", account: "0041-2", ..Written::default() };
    let row = office.row(&written, "user_request", "phone");
    let answers = office.ask("North", vec![row.clone(), row], Unexpected::Hold).unwrap();
    assert_eq!([word(&answers[0]), word(&answers[1])], ["held", "change.waiting"]);
    // What took its place has ended it: a clock that goes backwards does not bring it back.
    let ChangeAnswer::Held(next) = answers[0].clone() else { panic!("it is not held") };
    office.place.now -= WAITS_DAYS * DAY;
    assert_eq!(office.refuse(&name), Err("proposal.ended"));
    assert_eq!(office.waiting(None), [next.as_str()]);
    office.place.verify();
    // An officer who asked for it is no other person.
    let written = Written { action: "register", payee: "p:1000000001", account: "0040-1", ..Written::default() };
    let ask = |office: &mut Office, account| {
        let row = AccountRow::read(office.place.writer.store.vault(), &Written { account, ..written });
        let request =
            ChangeAccounts::new(officer.clone(), Channel::Operator, vec![row], Unexpected::Hold, None).unwrap();
        let env = office.env();
        let given = [(request, &officer, &env)];
        let mut answers = office.place.writer.execute_group(|group| group.execute_jointly(&given)).unwrap();
        answers.remove(0).unwrap().remove(0)
    };
    assert_eq!(ask(&mut office, "0040-1"), ChangeAnswer::Done);
    let ChangeAnswer::Held(own) = ask(&mut office, "1020-3") else { panic!("it is not held") };
    assert_eq!(office.release(&own), Err("proposal.own"));
    assert_eq!(office.refuse(&own), Err("proposal.own"));
    let bo = Actor::operator("bo");
    let command =
        ApproveDesignation { proposal: own, why: "called".to_owned(), officer: bo.clone(), is_synthetic: true };
    assert_eq!(office.give(&command, &bo).map(|standing| standing.state).as_deref(), Ok("in_force"));
    office.place.verify();
}

//! What heals an account: it is unfrozen, or what stood before a change is put back. Two officers answer for either.

use crate::place::{Place, grounded};
use kernel::{Actor, Assurance, Authenticator, Command, Env, Login, Role, Timestamp};
use registry::commands::{
    ApproveDesignation, CancelDesignation, ChangeAccounts, ChangeAnswer, HistoryRow, LookUp, ProposeDesignation,
    ReadHistory, RefuseDesignation, RevertDesignation, Settle, ShowProposal, Sign, StopProposal, UnfreezeDesignation,
};
use registry::designation::Channel;
use registry::import::{AccountRow, Population, Source, Written};
use registry::notice::StopToken;
use registry::notice_progress::NoticeState;
use registry::payee::PayeeId;
use registry::proposal::{Holder, LegalGround, Proposal, Unexpected};
use registry::queries::notices;

mod marked;

const PAYEE: &str = "cpr:6101701234";
const DAY: i64 = 86_400_000_000;

/// A store with one person, in which all is demanded but letters, and nothing has to wait.
struct World {
    place: Place,
    chance: u32,
    /// The proposals, by what a story calls them.
    named: Vec<(String, String)>,
}

fn login(assurance: Assurance, at: i64) -> Login {
    Login { assurance, authenticator: Authenticator::named("app"), at: Timestamp::from_micros(at) }
}

impl World {
    fn new(controls: &[&str]) -> Self {
        let mut place = Place::new();
        let vault = place.writer.store.vault().clone();
        let population = Population { vault, refuse_replacement_numbers: false };
        let header = Population::HEADER.join(",");
        place.import(&population, format!("{header}\n6101701234,Anna,Vej 1,2100,By,DK,active,,\n").as_bytes());
        let mut all = vec![
            "letter_self_service=never",
            "letter_caseworker=off",
            "wait_self_service=0",
            "wait_caseworker=0",
            "wait_bank_replacing=0",
            "manual_check=never",
        ];
        all.extend(controls);
        place.control("anvis", &all);
        place.now = Timestamp::parse("2026-11-23T09:00:00Z").unwrap().micros();
        Self { place, chance: 0, named: vec![] }
    }

    fn payee() -> PayeeId {
        PayeeId::parse(PAYEE).unwrap()
    }

    fn citizen(&self) -> Actor {
        let key = Self::payee().key(self.place.writer.store.vault());
        Actor::citizen(&key, login(Assurance::High, self.place.now))
    }

    fn run<C: Command>(&mut self, command: &C, actor: &Actor) -> Result<C::Output, &'static str> {
        self.place.now += 1_000_000;
        self.chance += 16;
        let env = Env::new(Timestamp::from_micros(self.place.now), self.chance);
        self.place.writer.execute(command, actor, &env).map_err(|error| error.code())
    }

    fn row(&self, action: &str, account: &str, expects: &str) -> AccountRow {
        let written = Written { action, payee: PAYEE, account, expects, ..Written::default() };
        AccountRow::read(self.place.writer.store.vault(), &written).unwrap()
    }

    /// What stands: the account, or that none does.
    fn stands(&mut self) -> String {
        let command =
            LookUp { actor: Actor::console(), payee: Self::payee(), specific: None, as_of: None, known_at: None };
        let told = self.run(&command, &Actor::console()).unwrap();
        let account = told.account.unwrap_or_default();
        let last = account.chars().next_back().unwrap_or('-');
        format!("{} {last}", told.state)
    }

    fn id(&self, name: &str) -> String {
        self.named.iter().rfind(|(known, _)| known == name).unwrap().1.clone()
    }

    fn history(&mut self) -> Vec<HistoryRow> {
        self.run(&ReadHistory { actor: Actor::console(), payee: Self::payee() }, &Actor::console()).unwrap()
    }

    /// Where a proposal stands, as it is shown.
    fn shown(&mut self, name: &str) -> String {
        let (actor, proposal) = (Actor::operator("olga"), self.id(name));
        self.run(&ShowProposal { actor: actor.clone(), proposal }, &actor).unwrap().standing.state
    }

    /// What came after a change and is undone with it: which account, and by which proposal.
    fn undone_with(&mut self, name: &str) -> Vec<(String, Option<String>)> {
        let (actor, proposal) = (Actor::operator("olga"), self.id(name));
        let shown = self.run(&ShowProposal { actor: actor.clone(), proposal }, &actor).unwrap();
        let history: Vec<(String, String)> = self.history().into_iter().map(|row| (row.from, row.account)).collect();
        let later = shown.undone_with_it.into_iter().map(|later| {
            let account = later.account.unwrap_or_default();
            assert!(history.iter().any(|(from, put)| *from == later.from && (put.ends_with(&account))), "{history:?}");
            (account.chars().next_back().map(String::from).unwrap_or_default(), later.id)
        });
        later.collect()
    }

    /// Does one step of a story: who, what, and about which account or proposal. A proposal is called by the step that made it.
    fn step(&mut self, step: &str) -> String {
        let words: Vec<&str> = step.split_whitespace().collect();
        let (who, what, about) = (words[0], words[1], words.get(2).copied().unwrap_or_default());
        let actor = match who {
            "anna" => self.citizen(),
            "link" | "console" => Actor::console(),
            who => Actor::operator(who),
        };
        let why = "so".to_owned();
        let expects = self.stands();
        let expects = match expects.split_once(' ').unwrap() {
            ("in_force" | "frozen", last) => format!("0040-{last}"),
            _ => "none".to_owned(),
        };
        let account = format!("0040-{about}");
        let standing = match what {
            "file" | "bank" => {
                let channel = if what == "file" { Channel::Operator } else { Channel::Bank("North".to_owned()) };
                let row = match about {
                    "freeze" | "unfreeze" | "close" => format!("{about},{PAYEE},,,,,,"),
                    _ => format!("change,{PAYEE},{account},,{expects},,,"),
                };
                let row = self.place.read(&grounded(&channel, &row));
                let sender = if what == "bank" { Actor::client(Role::Bank, "North") } else { actor };
                let request =
                    ChangeAccounts::new(sender.clone(), channel, vec![row], Unexpected::Refuse, None).unwrap();
                self.place.now += 1_000_000;
                self.chance += 16;
                let env = Env::new(Timestamp::from_micros(self.place.now), self.chance);
                let given = [(request, &sender, &env)];
                let told = self.place.writer.execute_group(|group| group.execute_jointly(&given)).unwrap().remove(0);
                return match told.unwrap().remove(0) {
                    ChangeAnswer::Refused(refusal) => kernel::Refuse::code(&refusal).to_owned(),
                    ChangeAnswer::Held(id) => {
                        self.named.push((format!("{what}-{about}"), id));
                        "held".to_owned()
                    }
                    answer => answer.name().to_owned(),
                };
            }
            "propose" => {
                let ground = (who != "anna").then(|| LegalGround { law: "§ 1".to_owned(), evidence: "1".to_owned() });
                let signature = words.contains(&"signed").then(|| "signature".to_owned());
                let row = self.row("change", &account, &expects);
                let (holder, is_locked) = (Holder::Own, false);
                let command =
                    ProposeDesignation { actor: actor.clone(), row, holder, ground, is_locked, signature, once: None };
                self.run(&command, &actor)
            }
            "sign" => {
                let (proposal, signature) = (self.id(about), "signature".to_owned());
                self.run(&Sign { proposal, signature, actor: actor.clone() }, &actor)
            }
            "unfreeze" => {
                let row = self.row("unfreeze", "", "");
                self.run(&UnfreezeDesignation { actor: actor.clone(), row, why, once: None }, &actor)
            }
            "revert" => {
                let proposal = self.id(about);
                self.run(&RevertDesignation { proposal, why, actor: actor.clone(), once: None }, &actor)
            }
            "approve" => {
                let proposal = self.id(about);
                let command = ApproveDesignation { proposal, why, officer: actor.clone(), is_synthetic: false };
                self.run(&command, &actor)
            }
            "refuse" => {
                let proposal = self.id(about);
                let command = RefuseDesignation { proposal, why, officer: actor.clone(), is_synthetic: false };
                self.run(&command, &actor)
            }
            "cancel" => {
                let proposal = self.id(about);
                self.run(&CancelDesignation { proposal, actor: actor.clone(), channel: None }, &actor)
            }
            "stop" => {
                let id = kernel::Id::<Proposal>::parse_name(&self.id(about)).unwrap();
                let token = StopToken::of(self.place.writer.store.vault(), id);
                let told = self.run(&StopProposal { token }, &actor);
                return told.map_or_else(str::to_owned, |stopped| format!("{stopped:?}"));
            }
            "waits" => {
                self.place.now += about.parse::<i64>().unwrap() * DAY;
                return "later".to_owned();
            }
            "settles" => {
                let command = Settle { now: Timestamp::from_micros(self.place.now) };
                let settled = self.run(&command, &actor).unwrap();
                return format!("{} {}", settled.in_force, settled.refused);
            }
            "mark" => {
                self.mark(&account);
                return "marked".to_owned();
            }
            "shows" => return self.shown(about),
            "stands" => return self.stands(),
            what => panic!("nobody can {what}"),
        };
        match standing {
            Ok(standing) => {
                if !standing.id.is_empty() && standing.state != "in_force" || what == "propose" {
                    self.named.push((format!("{what}-{about}").trim_end_matches('-').to_owned(), standing.id));
                }
                standing.waits_for.unwrap_or(standing.state)
            }
            Err(code) => code.to_owned(),
        }
    }

    /// Goes through a story, a step a line: `who what about: what comes of it`.
    fn story(&mut self, story: &str) {
        for line in story.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (step, expected) = line.split_once(": ").unwrap();
            assert_eq!(self.step(step), expected, "{line}");
        }
        self.place.verify();
    }

    fn told(&mut self) -> Vec<&'static str> {
        let operator = Actor::operator("olga");
        let told = self.place.writer.read(|scope| notices(scope, &operator, NoticeState::Waiting, 100)).unwrap();
        told.into_iter().map(|notice| notice.kind).collect()
    }
}

#[test]
fn who_unfreezes_is_not_alone_and_the_payee_is_told() {
    let mut world = World::new(&[]);
    world.story(
        "olga file 1: done
         olga file freeze: done
         olga unfreeze: approval
         olga stands: frozen 1
         olga unfreeze: change.waiting
         olga approve unfreeze: proposal.own
         otto approve unfreeze: in_force
         olga stands: in_force 1
         olga shows unfreeze: in_force
         olga unfreeze: in_force",
    );
    assert_eq!(world.told(), ["unfreeze_proposed", "account_unfrozen"]);
    // By a file it is the same; what a bank froze its own system unfreezes, and what officers froze it does not.
    world.story(
        "olga file freeze: done
         olga file unfreeze: held
         olga bank unfreeze: designation.frozen
         otto approve file-unfreeze: in_force
         olga bank freeze: done
         olga bank unfreeze: done
         anna unfreeze: policy.not_allowed",
    );
    // Whoever gets the notice can stop it, before and after.
    world.story(
        "olga file freeze: done
         olga unfreeze: approval
         link stop unfreeze: Stopped
         otto approve unfreeze: check
         oda approve unfreeze: in_force
         link stop unfreeze: Frozen
         olga stands: frozen 1",
    );
    // Where no control asks for a second one, nobody has to.
    World::new(&["approver_default=off"]).story(
        "olga file 1: done
         olga file freeze: done
         olga file unfreeze: done
         olga file freeze: done
         olga unfreeze: in_force",
    );
}

#[test]
fn what_stood_before_a_change_is_put_back_by_two_officers() {
    let mut world = World::new(&[]);
    world.story(
        "olga file 1: done
         olga propose 2: approval
         olga revert propose-2: proposal.not_in_force
         otto approve propose-2: in_force
         olga shows propose-2: in_force
         olga revert propose-2: approval
         olga stands: in_force 2
         olga approve revert-propose-2: proposal.own
         otto approve revert-propose-2: in_force
         olga stands: in_force 1
         olga shows propose-2: reverted
         olga revert propose-2: designation.superseded",
    );
    let told = world.told();
    assert_eq!(told[told.len() - 2..], ["revert_proposed", "change_reverted"]);
    let history: Vec<(String, bool)> =
        world.history().into_iter().map(|row| (row.account[17..].to_owned(), row.reverted)).collect();
    let expected = [("1", false), ("2", true), ("1", false)].map(|(account, reverted)| (account.to_owned(), reverted));
    assert_eq!(history, expected);
}

/// Two officers who are corrupt, after the payee has got rid of a thief's account by themselves.
#[test]
fn nobody_puts_back_behind_the_payees_back_what_they_got_rid_of() {
    let own = "olga file 1: done
         anna propose 2 signed: in_force
         anna propose 1 signed: in_force
         olga revert propose-1: approval
         otto approve revert-propose-1: time
         olga stands: in_force 1";
    let mut world = World::new(&["wait_caseworker=2"]);
    world.story(own);
    let told = world.told();
    assert_eq!(told[told.len() - 2..], ["revert_proposed", "change_activated"]);
    // Whoever is told stops it, and then it takes a third officer, who asks the payee.
    world.story(
        "link stop revert-propose-1: Stopped
         olga approve revert-propose-1: proposal.own
         otto approve revert-propose-1: proposal.own
         olga waits 29: later
         olga settles: 0 0
         olga stands: in_force 1
         oda approve revert-propose-1: time",
    );
    // Also where the payee went to their bank, which changed it at once.
    World::new(&["wait_caseworker=2"]).story(
        "olga file 1: done
         anna propose 2 signed: in_force
         olga bank 3: done
         anna propose 4 signed: in_force
         olga revert propose-4: approval
         otto approve revert-propose-4: time
         olga waits 9: later
         olga settles: 1 0
         olga stands: in_force 3",
    );
}

#[test]
fn what_was_stopped_or_undone_is_put_back_by_three() {
    let mut world = World::new(&[]);
    world.story(
        "olga file 1: done
         anna propose 2 signed: in_force
         olga revert propose-2: approval
         otto approve revert-propose-2: in_force
         olga stands: in_force 1
         olga revert revert-propose-2: approval
         otto approve revert-revert-propose-2: check
         otto approve revert-revert-propose-2: proposal.own
         olga stands: in_force 1
         oda approve revert-revert-propose-2: in_force
         olga stands: in_force 2",
    );
    // What a link froze is put back frozen, and that takes three as well.
    World::new(&[]).story(
        "olga file 1: done
         anna propose 2 signed: in_force
         link stop propose-2: Frozen
         olga propose 3: approval
         otto approve propose-3: in_force
         olga revert propose-3: approval
         otto approve revert-propose-3: check
         oda approve revert-propose-3: in_force
         olga stands: frozen 2",
    );
}

#[test]
fn of_several_thefts_the_first_is_undone_and_all_that_came_of_it() {
    World::new(&[]).story(
        "olga file 1: done
         olga propose 2: approval
         otto approve propose-2: in_force
         olga propose 3: approval
         otto approve propose-3: in_force
         olga shows propose-2: replaced
         olga revert propose-2: approval
         otto approve revert-propose-2: in_force
         olga stands: in_force 1
         olga shows propose-2: reverted
         olga shows propose-3: replaced",
    );
    // Also where it was frozen meanwhile, and where there was nothing before.
    World::new(&[]).story(
        "anna propose 2 signed: in_force
         link stop propose-2: Frozen
         olga revert propose-2: approval
         otto approve revert-propose-2: in_force
         olga stands: closed 2
         olga shows propose-2: reverted",
    );
}

#[test]
fn who_moves_may_close_the_former_account_meanwhile() {
    let check = |meanwhile: &str, stands: &str, settles: &str| {
        World::new(&["wait_self_service=2", "names_replaced=off"]).story(&format!(
            "olga file 1: done
             anna propose 2 signed: time
             {meanwhile}
             olga waits 9: later
             olga settles: {settles}
             olga stands: {stands}"
        ));
    };
    check("north bank close: done", "in_force 2", "1 0");
    check("north bank freeze: done\nnorth bank unfreeze: done", "in_force 2", "1 0");
    // What is frozen nobody moves away from by themselves.
    check("north bank freeze: done", "frozen 1", "0 1");
    // An account that came back is not the one that was to be replaced: somebody has decided about it since.
    check("north bank close: done\nnorth bank 1: done", "in_force 1", "0 1");
    check("north bank 3: done", "in_force 3", "0 1");
}

#[test]
fn nobody_goes_on_with_what_the_rule_refuses_now() {
    World::new(&[]).story(
        "olga file 1: done
         anna propose 2: signature
         north bank 3: done
         anna sign propose-2: designation.expects_mismatch",
    );
}

#[test]
fn what_became_of_a_change_is_told() {
    let mut world = World::new(&[]);
    world.story(
        "anna propose 1 signed: in_force
         olga shows propose-1: in_force
         olga bank freeze: done
         olga shows propose-1: in_force
         olga bank unfreeze: done
         olga bank 2: done
         olga shows propose-1: replaced
         anna propose 3 signed: in_force
         olga bank close: done
         olga shows propose-3: closed",
    );
}

#[test]
fn a_frozen_account_is_replaced_by_two_officers_and_by_nobody_else() {
    World::new(&[]).story(
        "olga file 1: done
         olga file freeze: done
         anna propose 2 signed: designation.frozen
         olga bank 2: designation.frozen
         olga propose 2: approval
         otto approve propose-2: in_force
         olga stands: in_force 2",
    );
}

#[test]
fn a_link_ends_ninety_days_after_the_change_took_effect() {
    let check = |days: i64, expected: &str| {
        let mut world = World::new(&[]);
        world.story("olga file 1: done\nanna propose 2 signed: in_force");
        world.place.now += days * DAY - 10_000_000;
        world.story(&format!("link stop propose-2: {expected}"));
    };
    check(90, "Frozen");
    check(91, "TooLate");
}

/// Who waits, who asks, and what comes of it: whoever could end what is in the way ends it by asking.
#[test]
fn what_waits_keeps_others_out_but_not_its_payee() {
    let check = |waits: &str, asks: &str, expected: &str, then: &str| {
        let mut world = World::new(&["wait_bank_replacing=1", "wait_self_service=2"]);
        let (made, name) = waits.split_once(" as ").unwrap();
        world.story("olga file 1: done");
        for step in made.split("; ") {
            world.step(step);
        }
        assert_eq!(world.step(asks), expected, "{waits}; {asks}");
        assert_eq!(world.shown(name), then, "{waits}; {asks}");
        world.place.verify();
    };
    let draft = "anna propose 2 as propose-2";
    let signed = "anna propose 2 signed as propose-2";
    let banks = "olga bank 2 as bank-2";
    let officers = "olga propose 2 as propose-2";
    let stopped = "anna propose 2 signed; link stop propose-2 as propose-2";
    let waiting = "change.waiting";
    // Nobody has signed it: it keeps nobody out.
    check(draft, "anna propose 3", "signature", "expired");
    check(draft, "olga propose 3", "approval", "expired");
    check(draft, "olga bank 3", "held", "expired");
    // The payee's own comes in the place of any, if they have signed it.
    check(signed, "anna propose 3", waiting, "held");
    check(signed, "anna propose 3 signed", "time", "cancelled");
    check(signed, "anna propose 2 signed", waiting, "held");
    check(banks, "anna propose 3", waiting, "held");
    check(banks, "anna propose 3 signed", "time", "cancelled");
    check(officers, "anna propose 3 signed", "time", "cancelled");
    // What an officer is to look at stays until one has.
    check(stopped, "anna propose 3 signed", waiting, "awaiting_approval");
    // Nobody else comes in the place of anything; officers say why first.
    check(signed, "olga bank 3", waiting, "held");
    check(signed, "olga propose 3", waiting, "held");
    check(officers, "otto propose 3", waiting, "awaiting_approval");
    check(banks, "olga propose 3", waiting, "held");
}

/// Among real people, who asks for something without a name could be whoever says yes to it.
#[test]
fn what_nobody_by_name_asks_for_nobody_approves() {
    World::new(&[]).story(
        "olga file 1: done
         console propose 2: approval
         olga approve propose-2: proposal.officer
         console approve propose-2: proposal.officer
         console cancel propose-2: cancelled
         console file 3: held
         otto approve file-3: proposal.officer
         otto refuse file-3: refused
         olga stands: in_force 1",
    );
}

/// Otherwise two officers would take from the payee what they have chosen since, and name an old theft for it.
#[test]
fn what_was_undone_is_not_undone_again() {
    World::new(&[]).story(
        "olga file 1: done
         anna propose 2 signed: in_force
         anna propose 3 signed: in_force
         olga revert propose-2: approval
         olga revert propose-2: change.waiting
         otto revert propose-2: change.waiting
         otto approve revert-propose-2: in_force
         olga stands: in_force 1
         olga revert propose-2: designation.superseded
         olga revert propose-3: designation.superseded
         anna propose 4 signed: in_force
         olga revert propose-2: designation.superseded
         olga revert propose-3: designation.superseded
         olga stands: in_force 4
         olga revert revert-propose-2: approval
         otto approve revert-revert-propose-2: check
         oda approve revert-revert-propose-2: in_force
         olga stands: in_force 3
         olga revert propose-2: approval
         otto approve revert-propose-2: in_force
         olga stands: in_force 1",
    );
}

#[test]
fn who_approves_a_revert_is_told_what_else_goes() {
    let mut world = World::new(&[]);
    world.story(
        "olga file 1: done
         anna propose 2 signed: in_force
         anna propose 3 signed: in_force
         olga bank freeze: done
         olga bank unfreeze: done
         olga bank 4: done
         olga bank close: done
         olga bank 5: done",
    );
    let third = Some(world.id("propose-3"));
    let later = |all: &[(&str, &Option<String>)]| {
        all.iter().map(|(account, id)| ((*account).to_owned(), (*id).clone())).collect::<Vec<_>>()
    };
    // What was frozen and unfrozen since is no other account, and what a bank changed at once has no name.
    let of_third = later(&[("4", &None), ("", &None), ("5", &None)]);
    assert_eq!(world.undone_with("propose-3"), of_third);
    let of_second = later(&[("3", &third), ("4", &None), ("", &None), ("5", &None)]);
    assert_eq!(world.undone_with("propose-2"), of_second);
    world.story("olga revert propose-2: approval");
    assert_eq!(world.undone_with("revert-propose-2"), of_second);
    world.story(
        "otto approve revert-propose-2: in_force
         olga stands: in_force 1",
    );
    // It is undone, and all with it: there is nothing left to undo.
    for name in ["revert-propose-2", "propose-2", "propose-3"] {
        assert_eq!(world.undone_with(name), [], "{name}");
    }
    // What came before it is not named.
    world.story("anna propose 6 signed: in_force\nolga revert revert-propose-2: approval");
    let sixth = Some(world.id("propose-6"));
    assert_eq!(world.undone_with("revert-revert-propose-2"), later(&[("6", &sixth)]));
    // Nor is what was undone already; that it was is.
    let mut world = World::new(&[]);
    world.story(
        "olga file 1: done
         anna propose 2 signed: in_force
         anna propose 3 signed: in_force
         olga revert propose-3: approval
         otto approve revert-propose-3: in_force
         anna propose 4 signed: in_force",
    );
    let [reverted, fourth] = ["revert-propose-3", "propose-4"].map(|name| Some(world.id(name)));
    assert_eq!(world.undone_with("propose-2"), later(&[("2", &reverted), ("4", &fourth)]));
}

/// Whoever has the payee's login keeps nothing by it of what officers take back.
#[test]
fn a_login_ends_nothing_that_heals() {
    World::new(&["wait_caseworker=2"]).story(
        "olga file 1: done
         anna propose 2 signed: in_force
         olga revert propose-2: approval
         anna cancel revert-propose-2: proposal.not_own
         anna propose 3 signed: change.waiting
         otto approve revert-propose-2: time
         anna cancel revert-propose-2: proposal.not_own
         anna propose 3 signed: change.waiting
         olga cancel revert-propose-2: cancelled
         olga file freeze: done
         olga unfreeze: approval
         anna cancel unfreeze: proposal.not_own
         otto approve unfreeze: in_force",
    );
}

/// What undoes a theft waits for nothing that the thief has asked for meanwhile.
#[test]
fn a_revert_comes_in_the_place_of_what_waits() {
    World::new(&["wait_self_service=2"]).story(
        "olga file 1: done
         olga propose 2: approval
         otto approve propose-2: in_force
         anna propose 3 signed: time
         olga revert propose-2: approval
         olga shows propose-3: refused
         otto approve revert-propose-2: in_force
         olga stands: in_force 1",
    );
}

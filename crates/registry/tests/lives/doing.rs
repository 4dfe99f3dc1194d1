//! Does what chance says, in the store and in the facts beside it, and holds the one against the other.

use crate::acts::{Act, Until, Which, Who};
use crate::asking::How;
use crate::oracle::{Asked, Done, Held, Life, Moment, Row, Slot, Stand, Via, What};
use crate::world::{BANKS, CASEWORKERS, OPERATORS, PEOPLE, SEES_PEOPLE, World};
use kernel::{Actor, Assurance, Id, Role, Timestamp};
use registry::commands::{
    Activate, AddContact, ApproveDesignation, CancelDesignation, Confirm, FollowLetter, LetterFate, LiftLock,
    MakeLetter, RefuseDesignation, RemoveContact, STOP_DAYS, SetControls, SetLock, Settle, Sign, Standing,
    StopProposal, Stopped, TellIdentity,
};
use registry::contact::ContactPoint;
use registry::control_change::ControlChange;
use registry::controls::{Control, Controls, Kind};
use registry::designation::ChannelKind;
use registry::identity::IdentityFacts;
use registry::lock::Channels;
use registry::notice::StopToken;
use registry::proposal::{Holder, Proposal};
use registry::queries::letter;
use std::collections::{BTreeMap, BTreeSet};

const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const HOLDERS: [Holder; 4] = [Holder::Own, Holder::Own, Holder::ThirdParty, Holder::Unknown];

pub type New = Vec<((usize, Slot), Row)>;

impl Who {
    pub fn actor(self, world: &World) -> Actor {
        match self {
            Self::Citizen(payee, assurance, minutes) => {
                world.logged_in(payee, assurance, world.now() - minutes * MINUTE)
            }
            Self::Caseworker(at) => Actor::caseworker(CASEWORKERS[at].0),
            Self::Operator(at) => OPERATORS.get(at).map_or_else(Actor::console, |name| Actor::operator(name)),
            Self::Bank(at) => Actor::client(Role::Bank, BANKS[at].0),
        }
    }

    fn has(self, least: Assurance) -> bool {
        matches!(self, Self::Citizen(_, assurance, _) if assurance >= least)
    }

    /// Whether they logged in lately enough to sign.
    pub const fn signs(self) -> bool {
        matches!(self, Self::Citizen(_, _, minutes) if minutes <= 15)
    }

    /// Whether a proposal is theirs to do something about.
    pub fn concerns(self, life: &Life) -> bool {
        match self {
            Self::Citizen(payee, ..) => World::speaks(payee, life.asked.payee) && self.has(Assurance::Substantial),
            Self::Operator(_) => true,
            Self::Bank(bank) => life.asked.via == Via::Bank(bank),
            Self::Caseworker(at) => life.asked.via == Via::Authority(CASEWORKERS[at].1) && covers(at, life.asked.slot),
        }
    }

    pub const fn is_officer(self) -> bool {
        matches!(self, Self::Operator(_) | Self::Caseworker(_))
    }

    /// Whether they say yes to what others ask for: to what somebody with a name asked for.
    fn decides(self, world: &World, life: &Life) -> bool {
        self.refuses(world, life) && life.asked.by != Actor::console().name()
    }

    /// Whether they say no to what others ask for, whose own it is not: somebody with a name, who has no part in it.
    fn refuses(self, world: &World, life: &Life) -> bool {
        let has_name = !matches!(self, Self::Operator(at) if at >= OPERATORS.len());
        self.is_officer() && has_name && self.concerns(life) && !life.is_own(self.actor(world).name())
    }
}

/// What a caseworker may decide about: those held to a kind of benefit nothing but that.
pub fn covers(caseworker: usize, slot: Slot) -> bool {
    let (_, own, held_to) = CASEWORKERS[caseworker];
    match slot {
        Slot::Default => held_to.is_none(),
        Slot::Specific(authority, kind) => authority == own && held_to.is_none_or(|held| held == kind),
    }
}

impl World {
    fn which(&self, which: &Which) -> Option<usize> {
        let all: Vec<usize> = (0..self.lives.len()).collect();
        let waiting: Vec<usize> = all.iter().copied().filter(|at| !self.stands(&self.lives[*at]).is_over()).collect();
        let of = if which.of_all || waiting.is_empty() { all } else { waiting };
        (!of.is_empty()).then(|| of[which.index.index(of.len())])
    }

    /// One more thing is done about a proposal, if it may be: what follows at once.
    fn follow(&self, at: usize, what: &'static str, by: &str, may: bool) -> Option<(Life, Option<Row>)> {
        self.follow_as(at, what, by, None, may)
    }

    /// The same of somebody who signs, logged in so.
    fn follow_as(
        &self,
        at: usize,
        what: &'static str,
        by: &str,
        login: Option<Assurance>,
        may: bool,
    ) -> Option<(Life, Option<Row>)> {
        let mut life = self.lives[at].clone();
        if !may || life.is_full(what) {
            return None;
        }
        // What the rule refuses now, nobody goes on with: they can only end it.
        let ends = matches!(what, "stopped" | "cancelled" | "refused" | "letter_returned");
        if !ends && life.judged(&self.moment(&life.asked)).is_err() {
            return None;
        }
        life.done.push(Done { what, at: self.now(), by: by.to_owned() });
        life.signed.extend(login);
        let mut row = None;
        let stand = self.stands(&life);
        life.note(&stand);
        match stand {
            Stand::Due => {
                row = life.takes(&self.moment(&life.asked)).ok()?;
                life.row = row.as_ref().map(|_| self.history(life.asked.payee, life.asked.slot).len());
                life.done.push(Done { what: "took_effect", at: self.now(), by: by.to_owned() });
            }
            // For what comes next it is too late.
            Stand::Expired => life.done.push(Done { what: "expired", at: self.now(), by: "rule".to_owned() }),
            _ => {}
        }
        Some((life, row))
    }

    /// Holds what was told against what must follow.
    pub fn followed(
        &mut self,
        at: usize,
        expected: Option<(Life, Option<Row>)>,
        told: Result<Option<Standing>, String>,
        size: u64,
    ) {
        let (expected, told) = match (expected, told) {
            (None, Err(_)) => {
                assert!(self.size() <= size + 1, "a refusal is written down, and nothing else");
                return self.check(New::new());
            }
            (Some(expected), Ok(told)) => (expected, told),
            (expected, told) => {
                panic!("{:?} {:?}: {expected:?}, not {told:?}", self.lives[at], self.stands(&self.lives[at]))
            }
        };
        let (life, row) = expected;
        let key = (life.asked.payee, life.asked.slot);
        self.lives[at] = life.clone();
        let follows = row.as_ref().and_then(|row| self.follows(&life.asked, row));
        self.check(row.into_iter().chain(follows).map(|row| (key, row)).collect());
        if let Some(told) = told {
            self.require_answered(&life, &told);
        }
    }

    /// What takes the place of a default account that is closed by a row. Where what stood before is put back, and that was nothing,
    /// nothing does.
    fn follows(&self, asked: &Asked, row: &Row) -> Option<Row> {
        let is_closed = row.held == Held::Closed && asked.slot == Slot::Default;
        if is_closed && !matches!(asked.what, What::Revert(_)) { self.promoted(asked.payee) } else { None }
    }

    fn sign(&mut self, at: usize, who: Who) {
        let (actor, life) = (who.actor(self), &self.lives[at]);
        let may = matches!(who, Who::Citizen(..))
            && who.concerns(life)
            && self.stands(life).waits_for("signature")
            && who.has(Assurance::Substantial)
            && who.signs();
        let login = if let Who::Citizen(_, assurance, _) = who { Some(assurance) } else { None };
        let expected = self.follow_as(at, "signed", actor.name(), login, may);
        let (size, proposal) = (self.size(), self.lives[at].id.clone());
        let command = Sign { proposal, signature: "signature".to_owned(), actor: actor.clone() };
        let told = self.run(&command, &actor).map(Some);
        self.followed(at, expected, told, size);
    }

    fn approve(&mut self, at: usize, who: Who) {
        let (officer, life) = (who.actor(self), &self.lives[at]);
        let stand = self.stands(life);
        // What an authority gives, its own people answer for.
        let is_authoritys = life.asked.slot != Slot::Default && matches!(life.asked.via, Via::Authority(_));
        let (what, is_theirs) = if stand.waits_for("approval") {
            ("approved", !is_authoritys || matches!(who, Who::Caseworker(_)))
        } else {
            ("checked", stand.waits_for("check") && matches!(who, Who::Operator(_)))
        };
        let may = is_theirs && who.decides(self, life);
        let expected = self.follow(at, what, officer.name(), may);
        let (size, proposal) = (self.size(), self.lives[at].id.clone());
        let command =
            ApproveDesignation { proposal, why: "so".to_owned(), officer: officer.clone(), is_synthetic: false };
        let told = self.run(&command, &officer).map(Some);
        self.followed(at, expected, told, size);
    }

    fn refuse(&mut self, at: usize, who: Who) {
        let (officer, life) = (who.actor(self), &self.lives[at]);
        let may = who.refuses(self, life) && !self.stands(life).is_over();
        let expected = self.follow(at, "refused", officer.name(), may);
        let (size, proposal) = (self.size(), self.lives[at].id.clone());
        let command =
            RefuseDesignation { proposal, why: "no".to_owned(), officer: officer.clone(), is_synthetic: false };
        let told = self.run(&command, &officer).map(Some);
        self.followed(at, expected, told, size);
    }

    fn make_letter(&mut self, at: usize, operator: usize) {
        let (actor, life) = (Who::Operator(operator).actor(self), &self.lives[at]);
        let stand = self.stands(life);
        let is_wanted = stand.waits_for("letter") || stand.waits_for("code");
        let may = is_wanted && life.asked.payee < PEOPLE && !life.is_decided_by(actor.name());
        let expected = self.follow(at, "letter_made", actor.name(), may);
        let (size, id, now) = (self.size(), life_id(self, at), Timestamp::from_micros(self.now()));
        let code = format!("{:08}", 1 + size);
        let drawn = self.place.writer.read(|scope| letter(scope, &actor, &id, now));
        let told = match drawn {
            Err(error) => Err(error.code().to_owned()),
            Ok(drawn) => self.run(&MakeLetter { drawn, code: code.clone(), actor: actor.clone() }, &actor).map(Some),
        };
        if told.is_ok() {
            self.codes.insert(id, code);
        }
        self.followed(at, expected, told, size);
    }

    fn follow_letter(&mut self, at: usize, operator: usize, is_returned: bool) {
        let (actor, life) = (Who::Operator(operator).actor(self), &self.lives[at]);
        let is_theirs = is_returned || !life.is_decided_by(actor.name());
        let may = life.letter().is_some() && !self.stands(life).is_over() && is_theirs;
        let (what, fate) = if is_returned {
            ("letter_returned", LetterFate::Returned)
        } else {
            ("letter_handed_over", LetterFate::HandedOver)
        };
        let made = life.done.iter().rposition(|done| done.what == "letter_made").unwrap_or(0);
        let is_known = life.done[made..].iter().any(|done| done.what == what);
        let expected =
            if may && is_known { Some((life.clone(), None)) } else { self.follow(at, what, actor.name(), may) };
        let (size, proposal) = (self.size(), life_id(self, at));
        let told = self.run(&FollowLetter { proposal, fate, actor: actor.clone() }, &actor).map(Some);
        self.followed(at, expected, told, size);
    }

    fn code(&mut self, at: usize, who: Who, is_right: bool) {
        let (actor, life) = (who.actor(self), &self.lives[at]);
        let may = matches!(who, Who::Citizen(..) | Who::Operator(_))
            && who.concerns(life)
            && self.stands(life).waits_for("code")
            // Who takes it down for the payee has no other part in it, and the letter has left the house.
            && (matches!(who, Who::Citizen(..)) || (who.decides(self, life) && life.is_handed_over()));
        let code = self.codes.get(&life.id).filter(|_| is_right).cloned().unwrap_or_else(|| "00000000".to_owned());
        let what = if code == "00000000" { "code_wrong" } else { "activated" };
        let expected = self.follow(at, what, actor.name(), may);
        let (size, proposal) = (self.size(), life_id(self, at));
        let told = self.run(&Activate { proposal, code, actor: actor.clone(), is_synthetic: false }, &actor);
        let told = told.map(|told| {
            assert_eq!(told.accepted, what == "activated");
            Some(told.standing)
        });
        self.followed(at, expected, told, size);
    }

    fn confirm(&mut self, at: usize, who: Who) {
        let (actor, life) = (who.actor(self), &self.lives[at]);
        let signatory = self.signatory(life.asked.payee);
        let against = Moment { signatory, ..self.moment(&life.asked) }.against(life);
        let is_fit = match who {
            Who::Citizen(..) => {
                who.has(Assurance::High) && life.is_anothers(Assurance::High) && !against.new_authenticator
            }
            Who::Caseworker(at) => SEES_PEOPLE[at] && who.decides(self, life),
            Who::Operator(_) => who.decides(self, life),
            Who::Bank(_) => false,
        };
        let may = is_fit && who.concerns(life) && self.stands(life).waits_for("confirmation");
        let expected = self.follow(at, "confirmed", actor.name(), may);
        let (size, proposal) = (self.size(), life_id(self, at));
        let command =
            Confirm { proposal, evidence: "a passport".to_owned(), actor: actor.clone(), is_synthetic: false };
        let told = self.run(&command, &actor).map(Some);
        self.followed(at, expected, told, size);
    }

    fn stop(&mut self, at: usize, is_right: bool) {
        let size = self.size();
        let life = &self.lives[at];
        let asked = &life.asked;
        let newest = self.history(asked.payee, asked.slot).last();
        let is_there = newest.is_some_and(|row| {
            matches!(row.held, Held::InForce | Held::FrozenByBank) && Some(&row.account) == asked.account.as_ref()
        });
        let is_old = life.ended().is_some_and(|ended| ended.at <= self.now() - STOP_DAYS * DAY);
        let took_effect = self.stands(life) == Stand::Ended("in_force");
        let (expected, becomes) = match () {
            () if !is_right => (None, Stopped::Gone),
            () if life.is_stopped() => (Some((life.clone(), None)), Stopped::Already),
            () if took_effect && is_old => (Some((life.clone(), None)), Stopped::TooLate),
            // What came of it is frozen, if it is there still.
            () if took_effect && is_there => {
                let mut life = life.clone();
                life.row = life.row.or(Some(self.history(asked.payee, asked.slot).len()));
                life.done.push(Done { what: "stopped", at: self.now(), by: "notice".to_owned() });
                let row = newest.map(|row| Row { at: self.now(), held: Held::Frozen, account: row.account.clone() });
                (Some((life, row)), Stopped::Frozen)
            }
            () if self.stands(life).is_over() => (Some((life.clone(), None)), Stopped::Gone),
            () => (self.follow(at, "stopped", "notice", true), Stopped::Stopped),
        };
        let id = if is_right { Id::parse_name(&life.id).unwrap() } else { Id::new(7) };
        let token = StopToken::of(self.place.writer.store.vault(), id);
        let told = self.run(&StopProposal { token }, &Actor::console());
        if let Ok(told) = told {
            assert_eq!(told, becomes);
        }
        self.followed(at, expected, told.map(|_| None), size);
    }

    fn cancel(&mut self, at: usize, who: Who) {
        let (actor, life) = (who.actor(self), &self.lives[at]);
        let stand = self.stands(life);
        let expected = if who.concerns(life) && stand == Stand::Ended("cancelled") {
            Some((life.clone(), None))
        } else {
            // An officer takes back their own alone, and a payee nothing that heals.
            let is_theirs = match who {
                Who::Citizen(..) => !life.asked.what.heals(),
                Who::Bank(_) => true,
                Who::Caseworker(_) | Who::Operator(_) => life.asked.by == actor.name(),
            };
            let may = who.concerns(life) && is_theirs;
            self.follow(at, "cancelled", actor.name(), may && !stand.is_over())
        };
        let channel = if let Who::Bank(bank) = who { Some(World::channel(Via::Bank(bank))) } else { None };
        let (size, proposal) = (self.size(), life_id(self, at));
        let told = self.run(&CancelDesignation { proposal, actor: actor.clone(), channel }, &actor).map(Some);
        self.followed(at, expected, told, size);
    }

    fn go(&mut self, at: usize) {
        let life = &self.lives[at];
        let payee = life.asked.payee;
        let other = |who: &Who| who.decides(self, life);
        let operator = (0..OPERATORS.len()).map(Who::Operator).find(&other);
        let caseworker = (0..CASEWORKERS.len()).map(Who::Caseworker).find(&other);
        let anybody =
            caseworker.or(operator.filter(|_| life.asked.slot == Slot::Default || life.asked.via == Via::Operator));
        match self.stands(life) {
            Stand::Waits("signature", _) => self.sign(at, Who::Citizen(payee, Assurance::Substantial, 0)),
            Stand::Waits("approval", _) => {
                if let Some(who) = anybody {
                    self.approve(at, who);
                }
            }
            Stand::Waits("check", _) => {
                if let Some(who) = operator {
                    self.approve(at, who);
                }
            }
            Stand::Waits("ownership", _) => self.say(at, 0),
            Stand::Waits("letter", _) => {
                let sends = |at: &usize| !life.is_decided_by(Who::Operator(*at).actor(self).name());
                let operator = (0..OPERATORS.len()).rev().find(sends);
                if let Some(operator) = operator {
                    self.make_letter(at, operator);
                }
            }
            Stand::Waits("code", _) => self.code(at, Who::Citizen(payee, Assurance::Substantial, 0), true),
            Stand::Waits("confirmation", _) => {
                let signatory = self.signatory(payee);
                let against = Moment { signatory, ..self.moment(&life.asked) }.against(life);
                let own = Who::Citizen(payee, Assurance::High, 0);
                let is_fit = life.is_anothers(Assurance::High) && !against.new_authenticator;
                let who = if is_fit { Some(own) } else { operator };
                if let Some(who) = who {
                    self.confirm(at, who);
                }
            }
            Stand::Waits(_, until) => self.place.now = until,
            Stand::Due | Stand::Expired => self.settle(),
            Stand::Ended(_) => {}
        }
    }

    pub fn settle(&mut self) {
        let (mut new, now) = (New::new(), self.now());
        let mut expected = (0, 0, 0);
        // What is looked at, in the order in which it is.
        let mut due: Vec<usize> = (0..self.lives.len()).filter(|at| self.lives[*at].look <= now).collect();
        due.sort_by_key(|at| (self.lives[*at].look, Id::<Proposal>::parse_name(&self.lives[*at].id).unwrap().number()));
        let mut given: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
        for at in due {
            let asked = self.lives[at].asked.clone();
            // Those to whom an account is given now count for the next who asks for it.
            let before = asked.account.as_ref().and_then(|account| given.get(account));
            let before = before.map_or(0, |given| given.iter().filter(|payee| **payee != asked.payee).count());
            let mut moment = self.moment(&asked);
            moment.others += before;
            let stand = self.lives[at].stands(&moment);
            let takes = if stand == Stand::Due { Some(self.lives[at].takes(&moment)) } else { None };
            self.lives[at].note(&stand);
            match takes {
                Some(Ok(row)) => {
                    self.lives[at].row = row.as_ref().map(|_| self.history(asked.payee, asked.slot).len());
                    if let (Some(_), Some(account), true) = (&row, &asked.account, asked.what != What::Unfreeze) {
                        given.entry(account.clone()).or_default().insert(asked.payee);
                    }
                    let key = (asked.payee, asked.slot);
                    let follows = row.as_ref().and_then(|row| self.follows(&asked, row));
                    new.extend(row.into_iter().chain(follows).map(|row| (key, row)));
                    self.did(at, "took_effect", "rule");
                    expected.0 += 1;
                }
                Some(Err(())) => {
                    self.did(at, "refused", "rule");
                    expected.1 += 1;
                }
                None if stand == Stand::Expired => {
                    self.did(at, "expired", "rule");
                    expected.2 += 1;
                }
                None => {}
            }
        }
        let settled = self.run(&Settle { now: Timestamp::from_micros(now) }, &Actor::console()).unwrap();
        assert_eq!((settled.in_force, settled.refused, settled.expired), expected, "{:?}", self.lives);
        self.check(new);
    }

    fn set_controls(&mut self, set: Option<usize>, changes: &[(usize, u16)]) {
        let all: Vec<Control> = Control::all().collect();
        let lines: Vec<String> =
            changes.iter().map(|(control, figure)| line(all[control % all.len()], *figure)).collect();
        let change = ControlChange::new(set.map(|set| Controls::SETS[set]), &lines).unwrap();
        self.controls = change.over(&self.controls).unwrap();
        if self.run(&SetControls { change, is_synthetic: true }, &Actor::console()).unwrap() {
            self.look_again(|_| true);
        }
        self.check(New::new());
    }

    /// What waits is looked at again at once.
    pub fn look_again(&mut self, concerns: impl Fn(&Life) -> bool) {
        let now = self.now();
        for life in self.lives.iter_mut().filter(|life| life.ended().is_none() && concerns(life)) {
            life.look = now;
        }
    }

    fn contact(&mut self, payee: usize, point: usize, adds: bool) {
        let actor = self.citizen(payee, Assurance::Substantial);
        let point = ContactPoint::from_text(&format!("sms +452030405{point}")).unwrap();
        let (id, why) = (Self::payee(payee), None);
        let told = if adds {
            self.run(&AddContact { actor: actor.clone(), payee: id, point, why }, &actor)
        } else {
            self.run(&RemoveContact { actor: actor.clone(), payee: id, point, why }, &actor)
        };
        if told == Ok(true) {
            self.persons[payee].contact_changed = Some(self.now());
        }
        self.check(New::new());
    }

    fn told(&mut self, payee: usize, authenticator: bool, posted: bool, days: i64) {
        let moment = self.now() - days * DAY;
        let person = &mut self.persons[payee];
        // What is told last does not take back what happened last.
        person.authenticator_changed = person.authenticator_changed.max(authenticator.then_some(moment));
        if posted && person.key_material_posted.is_none_or(|former| former < moment) {
            person.key_material_posted = Some(moment);
            person.posted.push(moment);
        }
        let text = |moment: Option<i64>| moment.map(Timestamp::from_micros);
        let facts = IdentityFacts {
            authenticator_changed: text(authenticator.then_some(moment)),
            key_material_posted: text(posted.then_some(moment)),
        };
        if self.run(&TellIdentity { payee: Self::payee(payee), facts }, &Actor::console()).unwrap() {
            self.look_again(|life| life.asked.payee == payee);
        }
        self.check(New::new());
    }

    fn lock(&mut self, payee: usize, kind: usize, sets: bool) {
        let kind = ChannelKind::ALL[kind];
        let actor = self.citizen(payee, Assurance::High);
        let (id, channels, why) = (Self::payee(payee), Channels::of(&[kind]), None);
        let told = if sets {
            self.run(&SetLock { actor: actor.clone(), payee: id, channels, why }, &actor)
        } else {
            self.run(&LiftLock { actor: actor.clone(), payee: id, channels, why, in_person: None }, &actor)
        };
        if told.is_ok() {
            let locked = &mut self.persons[payee].locked;
            locked.retain(|locked| *locked != kind);
            locked.extend(sets.then_some(kind));
        }
        self.check(New::new());
    }

    fn wait(&mut self, until: &Until) {
        match until {
            Until::Hours(hours) => self.place.now += hours * HOUR,
            Until::Boundary(which, before) => {
                if let Some(at) = self.which(which)
                    && let Stand::Waits(_, until) = self.stands(&self.lives[at])
                {
                    self.place.now = self.now().max(until - i64::from(*before));
                }
            }
        }
        self.check(New::new());
    }

    /// Does one thing.
    pub fn perform(&mut self, act: &Act) {
        match act {
            Act::Propose(who, wish, holder, is_signed, is_locked) => {
                let via = match who {
                    Who::Citizen(..) => Via::Payee,
                    Who::Caseworker(at) => Via::Authority(CASEWORKERS[*at].1),
                    Who::Operator(_) | Who::Bank(_) => Via::Operator,
                };
                let how = How {
                    via,
                    by: who.actor(self).name().to_owned(),
                    login: if let Who::Citizen(_, assurance, _) = who { Some(*assurance) } else { None },
                    holder: HOLDERS[*holder],
                    is_signed: *is_signed && matches!(who, Who::Citizen(..)),
                    is_locked: *is_locked,
                    may_omit: !self.controls.has(Control::NamesReplaced),
                    in_bulk: false,
                };
                self.propose(*who, wish, how);
            }
            Act::Unfreeze(who, payee, slot) => self.unfreeze(*who, *payee, *slot),
            Act::Revert(index, who) => {
                let done = |at: &usize| self.stands(&self.lives[*at]) == Stand::Ended("in_force");
                let done: Vec<usize> = (0..self.lives.len()).filter(done).collect();
                if !done.is_empty() {
                    self.revert(done[index.index(done.len())], *who);
                }
            }
            Act::Change(bank, wish, holds) => self.change(*bank, wish, *holds),
            Act::File(bank, wishes) => self.file(*bank, wishes.clone()),
            Act::Sign(which, who) => self.about(which, |world, at| world.sign(at, *who)),
            Act::Approve(which, who) => self.about(which, |world, at| world.approve(at, *who)),
            Act::Refuse(which, who) => self.about(which, |world, at| world.refuse(at, *who)),
            Act::MakeLetter(which, operator) => self.about(which, |world, at| world.make_letter(at, *operator)),
            Act::Follow(which, operator, returned) => {
                self.about(which, |world, at| world.follow_letter(at, *operator, *returned))
            }
            Act::Code(which, who, right) => self.about(which, |world, at| world.code(at, *who, *right)),
            Act::Confirm(which, who) => self.about(which, |world, at| world.confirm(at, *who)),
            Act::Stop(which, right) => self.about(which, |world, at| world.stop(at, *right)),
            Act::Cancel(which, who) => self.about(which, |world, at| world.cancel(at, *who)),
            Act::Go(which) => self.about(which, Self::go),
            Act::Controls(set, changes) => self.set_controls(*set, changes),
            Act::Contact(payee, point, adds) => self.contact(*payee, *point, *adds),
            Act::Move(payee) => self.moves(*payee),
            Act::Die(payee) => self.dies(*payee),
            Act::Told(payee, authenticator, posted, days) => self.told(*payee, *authenticator, *posted, *days),
            Act::Lock(payee, kind) => self.lock(*payee, *kind, true),
            Act::Lift(payee, kind) => self.lock(*payee, *kind, false),
            Act::Wait(until) => self.wait(until),
            Act::Settle => self.settle(),
            Act::Ask => self.check_pending(),
            Act::Open(bank) => self.open_bank(*bank),
            Act::Say(which, answer) => self.about(which, |world, at| world.say(at, *answer)),
            Act::AskBanks(answer) => self.ask_banks(*answer),
        }
    }

    fn about(&mut self, which: &Which, act: impl FnOnce(&mut Self, usize)) {
        if let Some(at) = self.which(which) {
            act(self, at);
        }
    }
}

fn life_id(world: &World, at: usize) -> String {
    world.lives[at].id.clone()
}

/// A figure that the control can have.
fn line(control: Control, figure: u16) -> String {
    let one_of = |of: &[u16]| of[usize::from(figure) % of.len()].to_string();
    let figure = match control.kind() {
        Kind::Switch => ["off", "on"][usize::from(figure % 2)].to_owned(),
        Kind::When => ["never", "on_risk", "always"][usize::from(figure % 3)].to_owned(),
        Kind::BankingDays => (figure % 6).to_string(),
        Kind::Days => one_of(&[0, 1, 30, 60, 366]),
        Kind::Payees => one_of(&[0, 1, 2, 10]),
    };
    format!("{}={figure}", control.name())
}

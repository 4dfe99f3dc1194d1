//! Asks for accounts by every channel, and says what must become of that.

use crate::acts::{Names, Who, Wish};
use crate::doing::{New, covers};
use crate::oracle::{Asked, Done, Held, Life, Row, Slot, Stand, Via, What, forbidden, live};
use crate::world::{ACCOUNTS, AUTHORITIES, BANKS, CASEWORKERS, KINDS, OPERATORS, World, accounts};
use kernel::{Actor, Assurance, Timestamp};
use registry::RowRefusal;
use registry::commands::{
    ChangeAccounts, ChangeAnswer, ProposeDesignation, RevertDesignation, Standing, UnfreezeDesignation,
};
use registry::controls::Control;
use registry::import::{AccountRow, Written};
use registry::proposal::{Holder, LegalGround, Unexpected};
use registry::queries::waiting;

const DAY: i64 = 86_400_000_000;
const ASKED_A_DAY: usize = 20;

/// What must become of a wish.
enum Expected {
    Refused,
    Unchanged,
    /// Something that is so at once.
    Rows(Vec<Row>),
    /// A proposal, which may take effect at once.
    Life(Box<Life>),
}

/// How somebody asks.
pub struct How {
    pub via: Via,
    pub by: String,
    pub login: Option<Assurance>,
    pub holder: Holder,
    pub is_signed: bool,
    pub is_locked: bool,
    /// Whether it need not say what it replaces.
    pub may_omit: bool,
    /// Whether it comes of itself: a file's row, or a bank's.
    pub in_bulk: bool,
}

impl World {
    pub fn written(
        &self,
        wish: &Wish,
        write: impl FnOnce(&Written<'_>) -> Result<AccountRow, RowRefusal>,
    ) -> Result<AccountRow, RowRefusal> {
        let expects = match (wish.action, wish.names) {
            ("close", Names::Right) | (_, Names::Nothing) => String::new(),
            ("freeze" | "unfreeze", _) => String::new(),
            (_, Names::Wrong) => "1020-9999".to_owned(),
            (_, Names::Right) => {
                live(self.history(wish.payee, wish.slot)).map_or("none".to_owned(), |live| live.account.clone())
            }
        };
        let (payer, benefit) = match wish.slot {
            Slot::Default => ("", ""),
            Slot::Specific(authority, kind) => (AUTHORITIES[authority], KINDS[kind]),
        };
        let is_designation = wish.action == "change";
        write(&Written {
            action: if is_designation && expects.is_empty() { "register" } else { wish.action },
            payee: crate::world::PERSONS[wish.payee],
            account: if is_designation { ACCOUNTS[wish.account] } else { "" },
            expects: &expects,
            payer,
            benefit,
            ..Written::default()
        })
    }

    /// Whether the payee can neither change nor delete an account: what counts is the row that designated it, whatever was frozen and
    /// unfrozen since.
    pub fn is_slot_locked(&self, payee: usize, slot: Slot) -> bool {
        let rows = self.history(payee, slot);
        live(rows).is_some() && self.is_locked_at((payee, slot), rows.len() - 1)
    }

    fn is_locked_at(&self, key: (usize, Slot), at: usize) -> bool {
        self.begins(key, at).1.is_some_and(|life| life.asked.is_locked)
    }

    /// What must become of a wish, whoever has it; they are entitled to it.
    fn expect(&self, wish: &Wish, how: &How) -> Expected {
        let rows = self.history(wish.payee, wish.slot);
        let live = live(rows);
        let is_designation = wish.action == "change";
        let asked = Asked {
            what: match wish.action {
                "change" => What::Designate,
                "unfreeze" => What::Unfreeze,
                _ => What::Delete,
            },
            login: how.login,
            at: self.now(),
            payee: wish.payee,
            slot: wish.slot,
            via: how.via,
            by: how.by.clone(),
            account: is_designation.then(|| ACCOUNTS[wish.account].to_owned()),
            holder: how.holder,
            names: live.is_none() || (wish.names != Names::Nothing && (is_designation || wish.names == Names::Wrong)),
            // After one that was closed it is not the first.
            is_first: rows.is_empty(),
            is_loading: self.is_loading(),
            rows: rows.len(),
            is_locked: how.is_locked,
        };
        let moment = self.moment(&asked);
        let bank = if let Via::Bank(bank) = how.via { Some(bank) } else { None };
        if bank.is_some() && wish.slot != Slot::Default {
            return Expected::Refused;
        }
        // Once people propose, what is for a benefit is its authority's; and what that has locked is so from the beginning.
        let by_file = how.in_bulk && how.via == Via::Operator && wish.slot != Slot::Default;
        let is_next = is_designation && (!rows.is_empty() || !self.is_loading());
        let is_taken = wish.action == "close" && self.is_slot_locked(wish.payee, wish.slot);
        if by_file && (is_next || is_taken) {
            return Expected::Refused;
        }
        if !is_designation {
            return self.expect_other(wish, how, asked);
        }
        let account = ACCOUNTS[wish.account];
        let is_locked = self.controls.has(Control::OwnersLock) && moment.person.locked.contains(&how.via.kind());
        if is_locked || moment.person.is_dead || bank.is_some_and(|bank| !is_with(bank, account)) {
            return Expected::Refused;
        }
        if live.is_some_and(|live| live.held == Held::InForce && live.account == account) {
            return Expected::Unchanged;
        }
        let names_it = match wish.names {
            Names::Right => true,
            Names::Wrong => false,
            Names::Nothing => live.is_none() || how.may_omit,
        };
        let is_frozen = live.is_some_and(|live| live.held != Held::InForce);
        if !names_it || (is_frozen && !how.via.is_officers()) || forbidden(&asked, &moment).is_err() {
            return Expected::Refused;
        }
        self.expect_life(asked, how)
    }

    fn expect_life(&self, asked: Asked, how: &How) -> Expected {
        let (id, done, said) = (String::new(), Vec::new(), Vec::new());
        let (signed, row) = (Vec::new(), None);
        let mut life = Life { id, done, signed, row, said, asked, look: i64::MAX, told_until: i64::MIN };
        if how.is_signed {
            life.signed.extend(how.login);
            life.done.push(Done { what: "signed", at: self.now(), by: how.by.clone() });
        }
        match self.stands(&life) {
            // Nobody alone puts another account in the place of one that is frozen.
            Stand::Due if life.asked.what == What::Designate && self.is_frozen(life.asked.payee, life.asked.slot) => {
                Expected::Refused
            }
            Stand::Due if how.in_bulk => match life.takes(&self.moment(&life.asked)) {
                Ok(Some(row)) => Expected::Rows(vec![row]),
                Ok(None) => Expected::Unchanged,
                Err(()) => Expected::Refused,
            },
            stand if !self.has_room(&life, &stand) => Expected::Refused,
            _ => Expected::Life(Box::new(life)),
        }
    }

    fn is_frozen(&self, payee: usize, slot: Slot) -> bool {
        live(self.history(payee, slot)).is_some_and(|live| live.held != Held::InForce)
    }

    /// Whether nothing waits for the account that stays: what nobody has signed goes, and what the payee could end they end by asking
    /// for something else that they have signed, unless an officer is to look at it.
    fn has_room(&self, life: &Life, stand: &Stand) -> bool {
        let Some(other) = self.waiting(life.asked.payee, life.asked.slot) else { return true };
        let stands = self.stands(other);
        let is_payees = life.asked.via == Via::Payee && !stand.waits_for("signature");
        let undoes = matches!(life.asked.what, What::Revert(_)) && life.asked.via == Via::Operator;
        let undoes = undoes && other.asked.what != life.asked.what;
        other.is_draft(&stands)
            || undoes
            || (is_payees
                && !stands.waits_for("check")
                && !other.asked.what.heals()
                && other.asked.account != life.asked.account)
    }

    /// What must become of closing, freezing and unfreezing.
    fn expect_other(&self, wish: &Wish, how: &How, asked: Asked) -> Expected {
        let rows = self.history(wish.payee, wish.slot);
        let Some(current) = rows.last() else { return Expected::Refused };
        let bank = if let Via::Bank(bank) = how.via { Some(bank) } else { None };
        if bank.is_some_and(|bank| !is_with(bank, &current.account)) {
            return Expected::Refused;
        }
        let held = match (wish.action, bank) {
            ("close", _) => Held::Closed,
            ("freeze", Some(_)) if current.held == Held::Frozen => Held::Frozen,
            ("freeze", Some(_)) => Held::FrozenByBank,
            ("freeze", None) => Held::Frozen,
            _ => Held::InForce,
        };
        let is_frozen = matches!(current.held, Held::Frozen | Held::FrozenByBank);
        if (current.held == Held::Closed && held != Held::Closed)
            || (held == Held::Closed && is_frozen)
            || (wish.action == "unfreeze" && bank.is_some() && current.held == Held::Frozen)
        {
            return Expected::Refused;
        }
        if held == current.held {
            return Expected::Unchanged;
        }
        if wish.action == "close" && wish.names == Names::Wrong {
            return Expected::Refused;
        }
        if wish.action == "unfreeze" {
            let account = Some(current.account.clone());
            return self.expect_life(Asked { account, names: true, ..asked }, how);
        }
        if matches!(how.via, Via::Payee | Via::Authority(_)) {
            return self.expect_life(asked, how);
        }
        let row = Row { at: self.now(), held, account: current.account.clone() };
        let is_closed = held == Held::Closed && wish.slot == Slot::Default;
        let promoted = if is_closed { self.promoted(wish.payee) } else { None };
        Expected::Rows([row].into_iter().chain(promoted).collect())
    }

    /// Makes real what a proposal comes to that was just made.
    fn add_life(&mut self, id: &str, life: Life, new: &mut New) {
        let mut life = Life { id: id.to_owned(), ..life };
        let key = (life.asked.payee, life.asked.slot);
        let stand = self.stands(&life);
        life.note(&stand);
        if stand == Stand::Due {
            let row = life.takes(&self.moment(&life.asked)).expect("it was weighed");
            life.row = row.as_ref().map(|_| self.history(key.0, key.1).len());
            new.extend(row.map(|row| (key, row)));
            life.done.push(Done { what: "took_effect", at: self.now(), by: life.asked.by.clone() });
        }
        life.asked.is_loading = false;
        self.lives.push(life);
    }

    /// An officer asks for a frozen account to be opened again.
    pub fn unfreeze(&mut self, who: Who, payee: usize, slot: Slot) {
        let wish = Wish { payee, slot, action: "unfreeze", account: 0, names: Names::Nothing };
        let is_entitled = match who {
            Who::Caseworker(at) => covers(at, slot),
            Who::Operator(_) => true,
            Who::Citizen(..) | Who::Bank(_) => false,
        };
        let expected = if is_entitled { self.expect(&wish, &self.officers(who)) } else { Expected::Refused };
        let vault = self.place.writer.store.vault().clone();
        let row = self.written(&wish, |written| AccountRow::read(&vault, written)).unwrap();
        let actor = who.actor(self);
        let command = UnfreezeDesignation { actor: actor.clone(), row, why: "so".to_owned(), once: None };
        let size = self.size();
        let told = self.run(&command, &actor);
        self.proposed(expected, told, size, &format!("{who:?} {wish:?}"));
    }

    /// An officer asks for what stood before a change to be put back.
    pub fn revert(&mut self, at: usize, who: Who) {
        let life = &self.lives[at];
        let Asked { payee, slot, .. } = life.asked;
        let is_entitled = who.is_officer() && who.concerns(life);
        let took_effect = self.stands(life) == Stand::Ended("in_force");
        let (how, rows) = (self.officers(who), self.history(payee, slot));
        let before = self.before(at).filter(|_| is_entitled && took_effect);
        let expected = before.map_or(Expected::Refused, |before| {
            let before = before.filter(|at| rows[*at].held != Held::Closed);
            let asked = Asked {
                what: What::Revert(at),
                at: self.now(),
                payee,
                slot,
                via: how.via,
                by: how.by.clone(),
                login: None,
                account: before.map(|at| rows[at].account.clone()),
                holder: how.holder,
                names: true,
                is_first: false,
                is_loading: false,
                rows: rows.len(),
                is_locked: before.is_some_and(|at| self.is_locked_at((payee, slot), at)),
            };
            if self.persons[payee].is_dead && before.is_some() {
                return Expected::Refused;
            }
            let newest = &rows[rows.len() - 1];
            if before.map_or(newest.held == Held::Closed, |at| rows[at].is_same(newest)) {
                return Expected::Unchanged;
            }
            self.expect_life(asked, &how)
        });
        let (proposal, actor) = (self.lives[at].id.clone(), who.actor(self));
        let command = RevertDesignation { proposal, why: "so".to_owned(), actor: actor.clone(), once: None };
        let size = self.size();
        let told = self.run(&command, &actor);
        self.proposed(expected, told, size, &format!("{who:?} reverts {at}"));
    }

    /// How an officer asks for what heals.
    fn officers(&self, who: Who) -> How {
        How {
            via: if let Who::Caseworker(at) = who { Via::Authority(CASEWORKERS[at].1) } else { Via::Operator },
            by: who.actor(self).name().to_owned(),
            login: None,
            holder: Holder::Unknown,
            is_signed: false,
            is_locked: false,
            may_omit: true,
            in_bulk: false,
        }
    }

    pub fn propose(&mut self, who: Who, wish: &Wish, how: How) {
        let live = live(self.history(wish.payee, wish.slot));
        let is_entitled = match who {
            Who::Citizen(payee, assurance, _) => {
                Self::speaks(payee, wish.payee)
                    && assurance >= Assurance::Substantial
                    && (wish.slot == Slot::Default || (live.is_some() && !self.is_slot_locked(wish.payee, wish.slot)))
            }
            Who::Caseworker(at) => covers(at, wish.slot),
            Who::Operator(_) => wish.slot == Slot::Default,
            Who::Bank(_) => false,
        };
        // Only an authority's caseworker locks an account against its payee, and only its bank closes a default one.
        let closes_default = wish.action == "close" && wish.slot == Slot::Default;
        let is_entitled = is_entitled
            && !closes_default
            && (!how.is_locked || matches!(who, Who::Caseworker(_)))
            && may_sign(who, &how)
            && !(matches!(who, Who::Citizen(..)) && self.is_enough(wish.payee));
        let expected = if is_entitled { self.expect(wish, &how) } else { Expected::Refused };
        let vault = self.place.writer.store.vault().clone();
        let actor = who.actor(self);
        let command = ProposeDesignation {
            actor: actor.clone(),
            row: self.written(wish, |written| AccountRow::read(&vault, written)).unwrap(),
            holder: how.holder,
            ground: who.is_officer().then(|| LegalGround { law: "§ 1".to_owned(), evidence: "case 7".to_owned() }),
            is_locked: how.is_locked,
            signature: how.is_signed.then(|| "signature".to_owned()),
            once: None,
        };
        let size = self.size();
        let told = self.run(&command, &actor);
        self.proposed(expected, told, size, &format!("{who:?} {wish:?}"));
    }

    /// Whether so much was asked about a payee within a day that their login asks for nothing more.
    fn is_enough(&self, payee: usize) -> bool {
        let is_late = |life: &&Life| life.asked.payee == payee && life.asked.at >= self.now() - DAY;
        self.lives.iter().filter(is_late).count() >= ASKED_A_DAY
    }

    /// Holds what came of a proposal against what must.
    fn proposed(&mut self, expected: Expected, told: Result<Standing, String>, size: u64, what: &str) {
        let mut new = New::new();
        match (expected, told) {
            (Expected::Refused, Err(_)) => {
                assert!(self.size() <= size + 1, "a refusal is written down, and nothing else")
            }
            (Expected::Unchanged, Ok(told)) => assert_eq!((told.id.as_str(), self.size()), ("", size)),
            (Expected::Life(life), Ok(told)) => {
                self.add_life(&told.id, *life, &mut new);
                self.settle_lapsed(self.lives.len() - 1);
                self.check(new);
                let life = self.lives.last().unwrap().clone();
                return self.require_answered(&life, &told);
            }
            (expected, told) => panic!("{what}: {}, not {told:?}", name(&expected)),
        }
        self.check(new);
    }

    /// What a proposal comes in the place of is ended by it: what had lapsed, what nobody has signed, and else what the payee ends.
    fn settle_lapsed(&mut self, by: usize) {
        let asked = self.lives[by].asked.clone();
        for at in 0..by {
            let life = &self.lives[at];
            let is_it = (life.asked.payee, life.asked.slot) == (asked.payee, asked.slot) && life.ended().is_none();
            if !is_it {
                continue;
            }
            let stand = self.stands(life);
            if stand == Stand::Expired || life.is_draft(&stand) {
                self.did(at, "expired", "rule");
            } else {
                let how = if matches!(asked.what, What::Revert(_)) { "refused" } else { "cancelled" };
                self.did(at, how, &asked.by);
            }
            self.lives[at].note(&Stand::Expired);
        }
    }

    pub fn change(&mut self, bank: usize, wish: &Wish, holds: bool) {
        let via = Via::Bank(bank);
        let actor = Who::Bank(bank).actor(self);
        let unexpected = if holds { Unexpected::Hold } else { Unexpected::Refuse };
        let how = How {
            via,
            by: actor.name().to_owned(),
            login: None,
            holder: Holder::Own,
            is_signed: false,
            is_locked: false,
            may_omit: holds || !self.controls.has(Control::NamesReplaced),
            in_bulk: true,
        };
        let expected = self.expect(wish, &how);
        let vault = self.place.writer.store.vault().clone();
        let (reason, consent) =
            if wish.action.contains("freeze") { ("fraud", "not_needed") } else { ("user_request", "netbank") };
        let row =
            self.written(wish, |written| AccountRow::read_from_bank(&vault, written, reason, consent, unexpected));
        let request = ChangeAccounts::new(actor.clone(), World::channel(via), vec![row], unexpected, None).unwrap();
        let Ok(answers) = self.ask(request, &actor) else { return };
        let mut new = New::new();
        match (expected, &answers[0]) {
            (Expected::Refused, ChangeAnswer::Refused(_)) | (Expected::Unchanged, ChangeAnswer::Unchanged) => {}
            (Expected::Rows(rows), ChangeAnswer::Done) => {
                new.extend(rows.into_iter().map(|row| ((wish.payee, wish.slot), row)));
            }
            (Expected::Life(life), ChangeAnswer::Held(id)) => {
                self.add_life(id, *life, &mut new);
                self.settle_lapsed(self.lives.len() - 1);
            }
            (expected, told) => panic!("{wish:?} by {via:?}: {}, not {told:?}", name(&expected)),
        }
        self.check(new);
    }

    pub fn file(&mut self, bank: Option<usize>, mut wishes: Vec<Wish>) {
        // Each row is about somebody else.
        if let [one, other] = wishes.as_mut_slice()
            && one.payee == other.payee
        {
            other.payee = (other.payee + 1) % crate::acts::PAYEES;
        }
        let via = bank.map_or(Via::Operator, Via::Bank);
        let how = || How {
            via,
            by: Actor::operator(OPERATORS[0]).name().to_owned(),
            login: None,
            holder: if bank.is_some() { Holder::Own } else { Holder::Unknown },
            is_signed: false,
            is_locked: false,
            may_omit: !self.controls.has(Control::NamesReplaced),
            in_bulk: true,
        };
        let mut expected = Vec::new();
        for wish in &wishes {
            let comes = self.expect(wish, &how());
            // Who is given an account counts for the next who asks for it.
            if let Expected::Rows(rows) = &comes {
                let given = rows.iter().take(1).filter(|row| row.held == Held::InForce);
                self.given.extend(given.map(|row| (wish.payee, row.account.clone())));
            }
            expected.push(comes);
        }
        let mut lines = Vec::new();
        for wish in &wishes {
            let mut line = String::new();
            let _ = self.written(wish, |written| {
                let Written { action, payee, account, bic, expects, currency, payer, benefit } = written;
                line = [action, payee, account, bic, expects, currency, payer, benefit].map(|field| &**field).join(",");
                if bank.is_some() && wish.action == "change" {
                    line.push_str(",user_request,netbank");
                }
                Err(RowRefusal::Malformed)
            });
            lines.push(line);
        }
        let source = accounts(self, via);
        let (counts, _) = self.import(&source, &lines);
        let count = |is: &dyn Fn(&Expected) -> bool| expected.iter().filter(|expected| is(expected)).count() as u64;
        let found = (counts.changed, counts.held, counts.unchanged, counts.rejected - 1);
        let believed = (
            count(&|expected| matches!(expected, Expected::Rows(_))),
            count(&|expected| matches!(expected, Expected::Life(_))),
            count(&|expected| matches!(expected, Expected::Unchanged)),
            count(&|expected| matches!(expected, Expected::Refused)),
        );
        assert_eq!(found, believed, "changed, held, unchanged, refused: {wishes:?} by {via:?}");
        let (operator, now) = (Actor::operator(OPERATORS[0]), Timestamp::from_micros(self.now()));
        let page = self.place.writer.read(|scope| waiting(scope, &operator, None, None, None, 1000, now)).unwrap();
        let known = |id: &String| self.lives.iter().any(|life| life.id == *id);
        let mut ids: Vec<String> =
            page.proposals.into_iter().map(|view| view.standing.id).filter(|id| !known(id)).collect();
        ids.reverse();
        let mut new = New::new();
        for (wish, expected) in wishes.iter().zip(expected) {
            match expected {
                Expected::Rows(rows) => new.extend(rows.into_iter().map(|row| ((wish.payee, wish.slot), row))),
                Expected::Life(life) => {
                    self.add_life(&ids.pop().expect("it waits"), *life, &mut new);
                    self.settle_lapsed(self.lives.len() - 1);
                }
                Expected::Refused | Expected::Unchanged => {}
            }
        }
        self.given.clear();
        assert!(ids.is_empty(), "proposals that nobody asked for: {ids:?}");
        self.check(new);
    }
}

/// Whether whoever signs while they ask has logged in lately.
fn may_sign(who: Who, how: &How) -> bool {
    !how.is_signed || who.signs()
}

const fn name(expected: &Expected) -> &'static str {
    match expected {
        Expected::Refused => "a refusal is expected",
        Expected::Unchanged => "nothing is expected",
        Expected::Rows(_) => "it is expected to be so at once",
        Expected::Life(_) => "a proposal is expected",
    }
}

pub fn is_with(bank: usize, account: &str) -> bool {
    account.starts_with(BANKS[bank].1)
}

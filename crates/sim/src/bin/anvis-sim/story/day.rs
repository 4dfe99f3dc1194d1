//! What happens on a day without anybody of the story doing anything evil: what is due is done, letters are made and delivered, notices
//! are carried and read, officers look at what waits for them, people go on with what they asked for, and payers pay.

use super::officers::{COLLEAGUE, OFFICER, PRINTER};
use super::report::control_of;
use super::shares::Share;
use super::stage::{Answer, Asked, Posted, Stage};
use kernel::{Actor, Assurance, Error, Id, Timestamp};
use letter::{Language, Line, Sender};
use registry::commands::{
    Activate, ApproveDesignation, Carrier, Confirm, FollowLetter, LetterFate, RefuseDesignation, SetLock, Settle,
    StopProposal, Tried,
};
use registry::life::Waits;
use registry::lock::Channels;
use registry::notice::{Medium, Notice, NoticeKind, Recipient};
use registry::queries;
use services::letters::{Drawn, draw};
use std::collections::BTreeMap;

/// So long is a letter on its way.
const POST_DAYS: u32 = 2;
/// When the day ends, in minutes of the day.
const EVENING: i64 = 1140;

/// Something that was told, and to whom it came to be known.
pub struct Told {
    notice: Notice,
    /// Whether it came by telephone or e-mail.
    by_phone: bool,
}

/// Who writes the letters: nobody.
fn sender() -> Sender {
    Sender {
        name: "Anvis".to_owned(),
        lines: vec!["Postboks 1".to_owned(), "1000 København K".to_owned()],
        url: "anvis.example".to_owned(),
        telephone: "70 00 00 00".to_owned(),
    }
}

impl Stage {
    /// The next day.
    pub fn next_day(&mut self) -> Result<(), Error> {
        // What falls due in the course of the day that ends: the service looks each second.
        self.world.clock.go_on_to(self.world.day, EVENING);
        self.settle()?;
        self.settle_payments()?;
        self.go_to(self.world.day + 1);
        self.settle()?;
        self.refresh()?;
        self.deliver_letters()?;
        self.make_letters()?;
        self.officers_work()?;
        self.review_accounts()?;
        self.owners_go_on()?;
        let mut told = Vec::new();
        self.carry(&mut |stage, notice| stage.hear(notice, &mut told))?;
        self.react(told)?;
        self.refresh()?;
        self.hear_banks()?;
        self.try_again()?;
        self.settle_payments()?;
        self.pay_benefits()?;
        self.miss_money()
    }

    /// Does what is due, until nothing is.
    pub fn settle(&mut self) -> Result<(), Error> {
        loop {
            let env = self.world.env()?;
            let settled = self.world.writer.execute(&Settle { now: env.now }, &Actor::console(), &env)?;
            let answer = settled.answer();
            if !answer.is_empty() {
                self.note(env.now, "registry", "designation.settle", answer, false);
            }
            if !settled.more {
                return Ok(());
            }
        }
    }

    /// Makes the letters that are waited for, as the operator prints them each day: each is drawn, then on record, then in place.
    fn make_letters(&mut self) -> Result<(), Error> {
        let (now, printer) = (self.world.clock.read(), self.officer(PRINTER)?);
        let page = self
            .world
            .writer
            .read(|scope| queries::waiting(scope, &printer, None, Some(Waits::Letter), None, 1000, now))?;
        for view in page.proposals {
            let id = view.standing.id;
            let Some(asked) = self.asked.iter().position(|asked| asked.id == id) else { continue };
            let env = self.world.env()?;
            let facts = self.world.writer.read(|scope| queries::letter(scope, &printer, &id, env.now))?;
            let writer = &mut self.world.writer;
            let Drawn { number, postage, is_protected, sheets, make } =
                draw(facts, &sender(), Language::Danish, printer.clone(), &mut writer.secrets)?;
            let answer = writer.execute(&make, &printer, &env)?.answer();
            let mut files = Vec::new();
            for (sheet, pdf) in &sheets {
                let name = Line::of(&number, *sheet, postage, is_protected, pdf).path();
                self.world.files.write_letter(&name, pdf)?;
                files.push(name);
            }
            self.note(env.now, "operator", "letter.make", answer, false);
            let posted = FollowLetter { proposal: id.clone(), fate: LetterFate::HandedOver, actor: printer.clone() };
            self.give_unseen(&posted, &printer)?;
            let (of, code) = (self.asked[asked].of, make.code);
            self.letters.push((self.people[of].role, files));
            self.post.push(Posted { proposal: id, of, code, on: self.world.day + POST_DAYS });
            self.harm.letters += u64::from(self.asked[asked].is_lawful);
        }
        Ok(())
    }

    /// Delivers the letters of the day: to the box, out of which somebody else may take them.
    fn deliver_letters(&mut self) -> Result<(), Error> {
        let today = self.world.day;
        let (here, on_their_way) = std::mem::take(&mut self.post).into_iter().partition(|letter| letter.on <= today);
        self.post = on_their_way;
        let here: Vec<Posted> = here;
        for letter in here {
            let asked = self.asked.iter().position(|asked| asked.id == letter.proposal);
            let Some(asked) = asked.filter(|asked| self.asked[*asked].ended.is_none()) else { continue };
            let is_watched = self.people[letter.of].is_box_watched;
            match (self.asked[asked].is_lawful, is_watched) {
                (_, true) => {
                    let now = self.world.clock.read();
                    self.note(now, "thief", "letter.take", "out of the letter box".to_owned(), false);
                    self.stolen_letters.push(letter);
                }
                (true, false) => self.at_home.push(letter),
                // The owner of an account that they did not ask for never gives the code. Some call, too.
                (false, false) if self.reacts(letter.of) => self.call_about(asked)?,
                (false, false) => {}
            }
        }
        self.refresh()
    }

    fn reacts(&mut self, who: usize) -> bool {
        self.people[who].reacts.below(100) < self.shares.of(Share::OwnerReacts)
    }

    /// Whether an officer who looks at what a thief does in somebody's name sees through it: else they take the thief for the payee.
    pub fn officer_sees(&mut self, who: usize) -> bool {
        self.people[who].looked_at.below(100) < self.shares.of(Share::OfficerSees)
    }

    /// Whether somebody takes what they did themselves for a fraud: once.
    fn is_misled(&self, who: usize) -> bool {
        let role = self.people[who].role;
        let has_reacted =
            self.steps.iter().any(|step| step.who == role && ["call", "designation.stop"].contains(&step.command));
        role == "misled" && !has_reacted
    }

    /// Officers look at what came to their desk on an earlier day: they ask the payee, whom they reach.
    fn officers_work(&mut self) -> Result<(), Error> {
        for at in 0..self.asked.len() {
            let Asked { id, ended: None, waited_for: Some(waits), is_lawful, .. } = &self.asked[at] else { continue };
            let (id, is_lawful, waits) = (id.clone(), *is_lawful, waits.clone());
            let stamp = format!("{id} {waits}");
            if !matches!(&*waits, "check" | "approval" | "confirmation") || self.on_desk.insert(stamp) {
                continue;
            }
            match &*waits {
                "check" => self.check_one(at, id, is_lawful)?,
                "approval" => {
                    let colleague = self.officer(COLLEAGUE)?;
                    let sees_through = !is_lawful && self.colleague.below(100) < self.shares.of(Share::ColleagueSees);
                    self.decide(("colleague", &colleague), id, !sees_through, "the file is in order")?;
                }
                // In person, with a passport: the payee does; nobody else can.
                _ if is_lawful => {
                    let officer = self.officer(OFFICER)?;
                    let (evidence, is_synthetic) = ("passport shown in person".to_owned(), self.is_synthetic());
                    let confirm = Confirm { proposal: id, evidence, actor: officer.clone(), is_synthetic };
                    let _ = self.give("officer", &confirm, &officer)?;
                    self.harm.confirmations += 1;
                }
                _ => {}
            }
        }
        self.refresh()
    }

    fn check_one(&mut self, at: usize, id: String, is_lawful: bool) -> Result<(), Error> {
        let shown = self.show(at)?;
        let (officer, of) = (self.officer(OFFICER)?, self.asked[at].of);
        // Of one that its payee has stopped, the payee has said already that it is not theirs.
        let is_told = shown.acts.iter().any(|act| act.act == "stopped");
        let is_believed = is_lawful || !(is_told || self.officer_sees(of));
        self.decide(("officer", &officer), id, is_believed, "the payee was asked")?;
        self.harm.checks += u64::from(is_lawful);
        if is_believed {
            return Ok(());
        }
        // Whoever asks the payee hears also of an account that is not theirs and in force already.
        let by = control_of(&shown, "check");
        if self.has_foreign_account(of)? { self.help(of, by, shown.signals) } else { Ok(()) }
    }

    fn decide(
        &mut self,
        (who, officer): (&'static str, &Actor),
        proposal: String,
        says_yes: bool,
        why: &str,
    ) -> Result<(), Error> {
        let (officer, why, is_synthetic) = (officer.clone(), why.to_owned(), self.is_synthetic());
        let actor = officer.clone();
        if says_yes {
            let _ = self.give(who, &ApproveDesignation { proposal, why, officer, is_synthetic }, &actor)?;
        } else {
            let _ = self.give(who, &RefuseDesignation { proposal, why, officer, is_synthetic }, &actor)?;
        }
        Ok(())
    }

    /// Whether the account in force is one that the payee does not want.
    pub fn has_foreign_account(&mut self, of: usize) -> Result<bool, Error> {
        let in_force = self.in_force(of)?;
        let is_own = self.people[of].accounts.iter().any(|account| account.account().to_text() == in_force);
        Ok(in_force != "none" && !is_own)
    }

    /// Somebody calls about a change that is not theirs, and an officer says no to it, or freezes what is in force.
    fn call_about(&mut self, at: usize) -> Result<(), Error> {
        let now = self.world.clock.read();
        let (role, id) = (self.people[self.asked[at].of].role, self.asked[at].id.clone());
        self.note(now, role, "call", "this is not mine".to_owned(), false);
        let officer = self.officer(OFFICER)?;
        self.decide(("officer", &officer), id, false, "the payee says that it is not theirs")?;
        self.refresh()
    }

    /// People go on with what they asked for themselves: they give the code of the letter that came, as soon as it is waited for.
    fn owners_go_on(&mut self) -> Result<(), Error> {
        for letter in std::mem::take(&mut self.at_home) {
            let waits = self.asked.iter().find(|asked| asked.id == letter.proposal && asked.ended.is_none());
            if waits.is_some_and(|asked| asked.waited_for.as_deref() == Some("code")) {
                let actor = self.citizen(letter.of, Assurance::Substantial);
                let (proposal, code) = (letter.proposal, letter.code);
                let role = self.people[letter.of].role;
                let _ =
                    self.give(role, &Activate { proposal, code, actor: actor.clone(), is_synthetic: true }, &actor)?;
            } else if waits.is_some() {
                self.at_home.push(letter);
            }
        }
        self.refresh()
    }

    /// Carries the notices that are due, as the program's own carriers do, and hands each to `hear`.
    pub fn carry(&mut self, hear: &mut dyn FnMut(&mut Self, Notice)) -> Result<(), Error> {
        let carrier = Carrier { holder: Id::new(1) };
        for medium in Medium::ALL {
            loop {
                let now = self.world.clock.tick();
                let taken = carrier.take(&mut self.world.writer, medium, now, 1000)?;
                if taken.is_empty() {
                    break;
                }
                let tried: Vec<Tried> =
                    taken.iter().map(|(notice, _)| Tried { notice: *notice, result: Ok(()) }).collect();
                carrier.tell(&mut self.world.writer, &tried, now)?;
                for (_, notice) in taken {
                    hear(self, notice?);
                }
            }
        }
        Ok(())
    }

    /// Who reads a notice: the payee, unless it went where only a thief looks, or where a thief deletes it first.
    fn hear(&mut self, notice: Notice, told: &mut Vec<Told>) {
        self.notices.sent += 1;
        let is_robbed =
            |stage: &Self| stage.people.iter().any(|person| person.is_robbed && person.key == notice.new.payee);
        let reaches = match &notice.new.to {
            Recipient::DigitalPost(_) => !is_robbed(self),
            Recipient::Sms(phone) => self.people.iter().any(|person| person.phone == *phone),
            Recipient::Email(email) => self.people.iter().any(|person| person.email == *email),
            Recipient::Letter(_) => true,
        };
        if reaches {
            let by_phone = !matches!(notice.new.to, Recipient::DigitalPost(_) | Recipient::Letter(_));
            told.push(Told { notice, by_phone });
        } else {
            self.notices.kept_from_payee += 1;
        }
    }

    /// What people do about what they were told: of each thing, one draw for each who was told, however many notices it made.
    fn react(&mut self, told: Vec<Told>) -> Result<(), Error> {
        let mut events: BTreeMap<(usize, Timestamp, NoticeKind), Vec<Told>> = BTreeMap::new();
        for told in told {
            let new = &told.notice.new;
            let Some(who) = self.people.iter().position(|person| person.key == new.payee) else { continue };
            events.entry((who, new.details.at, new.kind)).or_default().push(told);
        }
        for ((who, at, kind), told) in events {
            let kinds = [
                NoticeKind::ChangeProposed,
                NoticeKind::ChangeActivated,
                NoticeKind::ChangeHeld,
                NoticeKind::ChangeInForce,
                NoticeKind::ContactChanged,
            ];
            if !kinds.contains(&kind) {
                continue;
            }
            self.notices.read += 1;
            let about = self.asked.iter().rposition(|asked| asked.of == who && asked.at <= at);
            let is_own = about.is_some_and(|about| self.asked[about].is_lawful);
            let is_contact = kind == NoticeKind::ContactChanged;
            // Whoever did it themselves is not surprised; but one takes it for a fraud, until that was cleared up.
            let reacts = match (is_own, is_contact || about.is_some()) {
                (true, _) => self.is_misled(who),
                (false, true) => self.reacts(who),
                (false, false) => false,
            };
            if !reacts {
                continue;
            }
            let token = told.iter().find_map(|told| told.notice.new.details.stop);
            match (token, about) {
                (Some(token), _) => {
                    let console = Actor::console();
                    let _ = self.give(self.people[who].role, &StopProposal { token }, &console)?;
                }
                _ if is_own => {
                    let now = self.world.clock.read();
                    self.note(now, self.people[who].role, "call", "it was theirs after all".to_owned(), false);
                    self.harm.checks += 1;
                }
                _ if is_contact => self.lock(who)?,
                (None, Some(about)) if self.asked[about].ended.is_none() => self.call_about(about)?,
                _ => {
                    let is_former = self.people[who].has_lost_points && told.iter().any(|told| told.by_phone);
                    let by = if is_former { "notice_former" } else { "notice_present" };
                    if self.has_foreign_account(who)? {
                        self.help(who, by, vec![])?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Somebody who did not change their contact points has the agency forbid every change.
    fn lock(&mut self, who: usize) -> Result<(), Error> {
        let officer = self.officer(OFFICER)?;
        let (payee, role) = (self.people[who].id, self.people[who].role);
        let now = self.world.clock.read();
        self.note(now, role, "call", "I have not changed this".to_owned(), false);
        let why = Some("the payee called: it was not them".to_owned());
        let set = SetLock { actor: officer.clone(), payee, channels: Channels::all(), why };
        let _ = self.give("officer", &set, &officer)?;
        Ok(())
    }
}

//! The second act: a thief with a stolen identity moves an account and collects a tax refund, under the controls of 2015; and tries the same
//! under ours. Nothing is decided here: it gives the commands that everybody gives, and tells what became of them.

use super::post;
use super::refund::Refund;
use crate::console::grouped;
use denmark::calendar::copenhagen_date;
use denmark::{Currency, Cvr, Decimal, Iban, Money};
use kernel::{Actor, Assurance, Authenticator, Command, Env, Error, Login, StoreError, Timestamp, Writer};
use payout::case::Finding;
use payout::commands::{
    CaseRecall, CaseTrace, CloseVictimCase, Opening, Reverting, Routed, Settling, Trace, close_case, open_case,
    recall_for_case, revert_case, settle_some, trace, trace_case,
};
use payout::queries::{self, FoundPage, Whose};
use registry::account::DesignatedAccount;
use registry::commands::{
    AcknowledgeSuspicion, AddContact, AddPayer, Approve, ApproveDesignation, ProposeDesignation, RefuseDesignation,
    ReportSuspicion, SetControls, Sign, Standing, StopProposal, Stopped, Suspected,
};
use registry::contact::{ContactPoint, EmailAddress, Phone};
use registry::control_change::ControlChange;
use registry::import::{AccountRow, Written};
use registry::mark::MarkChange;
use registry::payee::PayeeId;
use registry::payer::{Agreement, NoAccount, PayerKind};
use registry::proposal::Holder;
use registry::suspicion::{Reason, Source};
use registry::terms::{Contact, OnPending, Terms};
use serde_json::{Value, json};
use sim::nation::{AccountKind, AccountState, Fate, Holder as Owned, Nation, Person};
use std::fmt::Write;
use std::marker::PhantomData;
use std::path::PathBuf;

/// So long before it ends the demo begins.
pub const DAYS: i64 = 70;
const TAX: &str = "skatteforvaltningen";
const TAX_CVR_FIRST: u32 = 8_900_000;
/// A tax refund, in øre.
const REFUND_MINOR: i64 = 1_248_000;
/// The second victim's contact points are as old by then as they must be.
const SECOND_ATTEMPT_DAY: i64 = 42;

/// Somebody of the act.
struct Cast {
    id: PayeeId,
    name: String,
    account: DesignatedAccount,
    iban: Iban,
}

/// What the act came to.
pub struct Told {
    pub text: String,
    pub json: Value,
}

pub struct Act<'a> {
    writer: &'a mut Writer,
    /// When the demo began.
    begins: Timestamp,
    /// Where what comes of it lies.
    folder: PathBuf,
    text: String,
    now: Timestamp,
}

impl<'a> Act<'a> {
    pub fn new(writer: &'a mut Writer, begins: Timestamp, folder: PathBuf) -> Self {
        Self { writer, begins, folder, text: String::new(), now: begins }
    }

    /// Plays it; none in a nation of too few people.
    pub fn play(mut self, nation: &Nation) -> Result<Option<Told>, Error> {
        let Some([first, second, mule, other_mule]) = cast(nation) else { return Ok(None) };
        let notices = self.folder.join("notices");
        std::fs::create_dir_all(&notices).map_err(Error::io(format!("{} could not be made", notices.display())))?;
        self.prepare([&first, &second])?;
        self.text.push_str("Second act. Under the controls of 2015, whoever has the eID has the account:\n");
        let stolen = self.under_2015(nation, &first, &mule)?;
        self.text.push_str("\nThe same attempt, on somebody else, under the controls that Anvis ships:\n");
        let held = self.under_anvis(nation, &second, &other_mule)?;
        let _ = writeln!(self.text, "\nWhat came of it lies in {}.", self.folder.display());
        let json = json!({ "folder": self.folder, "under_2015": stolen, "under_anvis": held });
        Ok(Some(Told { text: self.text, json }))
    }

    /// Goes on to a day, counted from the beginning.
    fn day(&mut self, day: i64) {
        self.now = self.begins.plus_days(day);
    }

    /// A line of what happens.
    fn say(&mut self, what: &str) {
        let date = copenhagen_date(self.now.to_jiff()).strftime("%e %b");
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "  {date}  {what}");
    }

    fn env(&mut self) -> Result<Env, Error> {
        self.now = a_second_after(self.now);
        Env::sample(self.now, &mut self.writer.secrets)
    }

    fn give<C: Command>(&mut self, command: &C, actor: &Actor) -> Result<C::Output, Error> {
        let env = self.env()?;
        self.writer.execute(command, actor, &env)
    }

    fn controls(&mut self, set: &str) -> Result<(), Error> {
        let change = ControlChange::new(Some(set), &[])?;
        self.give(&SetControls { change, is_synthetic: true }, &Actor::console()).map(|_| ())
    }

    /// The tax authority, whose refunds wait while a change of account does; and where both victims can be told.
    fn prepare(&mut self, victims: [&Cast; 2]) -> Result<(), Error> {
        let cvr = (TAX_CVR_FIRST..).find_map(Cvr::with_check_digit).ok_or_else(|| plain("no CVR number"))?;
        let contact = Contact::parse("Fraud desk <fraud@tax.example>");
        let terms = Terms { pending: OnPending::Hold, contact, ..Terms::default() };
        let (name, kind, no_account) = (TAX.to_owned(), PayerKind::Public, NoAccount::Reject);
        let agreement = Agreement { name, cvr, kind, no_account, bank: None, terms };
        self.give(&AddPayer { agreement }, &Actor::console())?;
        for (at, victim) in victims.into_iter().enumerate() {
            let phone = Phone::parse(&format!("+452000000{at}")).map_err(|_| plain("no telephone number"))?;
            let email =
                EmailAddress::parse(&format!("victim{at}@post.example")).map_err(|_| plain("no e-mail address"))?;
            for point in [ContactPoint::DigitalPost, ContactPoint::Sms(phone), ContactPoint::Email(email)] {
                let actor = self.whoever_has_the_eid_of(victim);
                self.give(&AddContact { actor: actor.clone(), payee: victim.id, point, why: None }, &actor)?;
            }
        }
        post::send_notices(self.writer, a_second_after(self.now), &self.folder.join("notices"))?;
        Ok(())
    }

    fn whoever_has_the_eid_of(&self, victim: &Cast) -> Actor {
        let login =
            Login { assurance: Assurance::Substantial, authenticator: Authenticator::named("first"), at: self.now };
        Actor::citizen(&victim.id.key(self.writer.store.vault()), login)
    }

    /// The thief, logged in as the victim, proposes an account, and signs what is to be signed.
    fn propose(&mut self, victim: &Cast, from: &DesignatedAccount, to: &DesignatedAccount) -> Result<Standing, Error> {
        let actor = self.whoever_has_the_eid_of(victim);
        let row = AccountRow::read(
            self.writer.store.vault(),
            &Written {
                action: "change",
                payee: &victim.id.reveal(),
                account: &to.account().to_text(),
                expects: &from.account().to_text(),
                ..Written::default()
            },
        )?;
        let propose = ProposeDesignation {
            actor: actor.clone(),
            row,
            holder: Holder::Own,
            ground: None,
            is_locked: false,
            signature: None,
            once: None,
        };
        let standing = self.give(&propose, &actor)?;
        if standing.waits_for.as_deref() != Some("signature") {
            return Ok(standing);
        }
        let sign = Sign { proposal: standing.id, signature: "signed".to_owned(), actor: actor.clone() };
        self.give(&sign, &actor)
    }

    /// The tax authority refunds somebody.
    fn refund(&mut self, nation: &Nation, to: &Cast, message_id: &str) -> Result<Routed, Error> {
        let refund = Refund { payer: TAX, message_id, to: &to.id, minor: REFUND_MINOR, now: self.now };
        let env = self.env()?;
        refund.route(self.writer, nation, &self.folder, &env)
    }

    fn under_2015(&mut self, nation: &Nation, victim: &Cast, mule: &Cast) -> Result<Value, Error> {
        let (anna, bo, is_synthetic) = (Actor::operator("anna"), Actor::operator("bo"), true);
        self.day(1);
        self.controls("2015")?;
        let since = self.now;
        let standing = self.propose(victim, &victim.account, &mule.account)?;
        self.say(&format!(
            "a thief logs in with {}'s eID and names a mule's account: {}",
            victim.name,
            words(&standing.state)
        ));
        self.day(3);
        let routed = self.refund(nation, victim, "REFUND-1")?;
        let stolen = paid_to(&routed, &mule.iban)?;
        self.say(&format!(
            "the tax authority refunds {} kr.: {}",
            spoken(),
            if stolen { "to the mule" } else { "not to the mule" }
        ));
        self.day(7);
        let back = self.propose(victim, &mule.account, &victim.account)?;
        self.say(&format!("the thief changes back, so that nothing is to be seen: {}", words(&back.state)));
        self.day(14);
        self.say(&format!("{} misses the refund and calls", victim.name));
        let (env, why) = (self.env()?, "the payee knows nothing of the change");
        let opening = Opening { payee: victim.id, since, from: Source::Review, why, is_synthetic };
        let case = open_case(self.writer, &opening, &anna, &env)?.id;
        let env = self.env()?;
        for standing in revert_case(self.writer, &Reverting { case: &case, why, is_synthetic }, &anna, &env)? {
            let (proposal, why, officer) = (standing.id, why.to_owned(), bo.clone());
            self.give(&ApproveDesignation { proposal, why, officer, is_synthetic }, &bo)?;
        }
        let env = self.env()?;
        let wanted = CaseTrace { case: &case, after: None, limit: 100, is_synthetic };
        let page = trace_case(self.writer, &wanted, &anna, &env)?;
        let traced = self.write_trace("trace-2015.json", &page)?;
        self.say(&format!(
            "an officer contests the account, another has the last one put back; {} payment is traced: trace-2015.json",
            page.payments.len()
        ));
        let report = self.suspect(&routed.batch, "REFUND-1-E1", &anna)?;
        let env = self.env()?;
        let wanted = CaseRecall { case: &case, why, is_synthetic };
        let recalled = recall_for_case(self.writer, &wanted, &bo, &env)?;
        let mut files = Vec::new();
        for sent in &recalled.messages {
            let read =
                |scope: &kernel::Scope<'_>| queries::recall_message(scope, &sent.recall, Whose::Everybodys, &anna);
            let message = self.writer.read(read)?;
            files.push(self.write(&format!("{}.camt.055.xml", sent.recall), &message)?);
        }
        self.say("the tax authority's bank is asked for it back, as a fraud: a camt.055");
        let env = self.env()?;
        let wanted = CloseVictimCase { case: &case, finding: Finding::Fraud, why, mark_until: None, is_synthetic };
        for motion in close_case(self.writer, &wanted, &bo, &env)?.motions {
            let (motion, carl) = (motion.id, Actor::operator("carl"));
            let (officer, about) = (carl.clone(), PhantomData);
            self.give(&Approve::<MarkChange> { motion, officer, is_synthetic, about }, &carl)?;
        }
        self.say(
            "the mule's account is marked. Of what has left, little comes back: of the best of the kind, less than 7 %",
        );
        let told = post::send_notices(self.writer, a_second_after(self.now), &self.folder.join("notices"))?;
        self.say(&format!(
            "{}, whoever has the mule's account, and the tax authority's contact are told of it: {told} notices in notices/",
            victim.name
        ));
        // Who is told, says so: else they are reminded.
        let (suspicion, officer) = (report, bo.clone());
        self.give(&AcknowledgeSuspicion { suspicion, officer, is_synthetic }, &bo)?;
        Ok(json!({
            "stolen": if stolen { kroner() } else { "0.00".to_owned() },
            "traced": page.payments.len(),
            "trace": traced,
            "recalls": files,
        }))
    }

    /// The agency reports a payment of the tax authority's as suspected, whose contact is written to.
    fn suspect(&mut self, batch: &str, end_to_end_id: &str, officer: &Actor) -> Result<String, Error> {
        let found = self.writer.read(|scope| queries::suspected(scope, batch, end_to_end_id))?;
        let (actor, text) = (officer.clone(), "the payee knows nothing of the account".to_owned());
        let (from, suspected, reason) = (Source::Review, Suspected::Payout(found), Reason::StolenIdentity);
        Ok(self.give(&ReportSuspicion { actor, from, suspected, reason, text, once: None }, officer)?.id)
    }

    fn under_anvis(&mut self, nation: &Nation, victim: &Cast, mule: &Cast) -> Result<Value, Error> {
        let (anna, bo) = (Actor::operator("anna"), Actor::operator("bo"));
        self.day(SECOND_ATTEMPT_DAY);
        self.controls("anvis")?;
        let since = self.now;
        let standing = self.propose(victim, &victim.account, &mule.account)?;
        let waits = standing.waits_for.clone().unwrap_or_default();
        self.say(&format!(
            "a thief logs in with {}'s eID and names a mule's account: it waits for a {waits}",
            victim.name
        ));
        let sent = post::send_notices(self.writer, a_second_after(self.now), &self.folder.join("notices"))?;
        self.say(&format!("{} is told, at the points that stood before: {sent} notices in notices/", victim.name));
        self.day(SECOND_ATTEMPT_DAY + 1);
        let env = self.env()?;
        let letter = post::print(self.writer, &standing.id, &bo, &env, &self.folder)?;
        self.say(&format!("a letter with the code goes to their address in the population register: {letter}"));
        self.day(SECOND_ATTEMPT_DAY + 2);
        let routed = self.refund(nation, victim, "REFUND-2")?;
        let hold = self.hold(&routed.batch)?;
        let (reason, owner, ends) = &hold;
        self.say(&format!(
            "the tax authority refunds {} kr.: held, as its agreement says ({reason}; ends with: {ends})",
            spoken()
        ));
        let token = post::stop_link(&self.folder.join("notices"))?;
        let stopped = self.give(&StopProposal { token }, &Actor::console())?;
        let stopped = if stopped == Stopped::Stopped { "stopped" } else { "not stopped" };
        self.say(&format!("{} reads the message on their telephone and follows its link: {stopped}", victim.name));
        self.day(SECOND_ATTEMPT_DAY + 4);
        let (proposal, why, officer) = (standing.id, "the payee was asked: it was not them".to_owned(), anna.clone());
        let refused = self.give(&RefuseDesignation { proposal, why, officer, is_synthetic: true }, &anna)?;
        let released = self.settle()?;
        let is_own = released.as_deref().is_some_and(|text| text.contains(victim.iban.as_str()));
        self.say(&format!(
            "an officer asks them, and says no: {}. By that the hold has ended, and the refund goes to {}",
            refused.state,
            if is_own { "their own account" } else { "another account" }
        ));
        let env = self.env()?;
        let wanted = Trace { payee: victim.id, since, payer: None, after: None, limit: 100 };
        let page = trace(self.writer, &wanted, &anna, &env)?;
        let traced = self.write_trace("trace-anvis.json", &page)?;
        let is_robbed = page.payments.iter().any(|found| {
            let to = found.left.as_ref().and_then(|left| left.to.as_ref());
            to.is_some_and(|to| to.iban == mule.iban)
        });
        self.say("what was paid to them is traced, and nothing went elsewhere: trace-anvis.json");
        Ok(json!({
            "stolen": if is_robbed { kroner() } else { "0.00".to_owned() },
            "letter": self.folder.join(letter),
            "notices": sent,
            "hold": { "reason": reason, "owner": owner, "ends": ends },
            "stopped": stopped,
            "state": refused.state,
            "paid_to_own": is_own,
            "trace": traced,
        }))
    }

    /// Why the one payment of a batch waits, whose that is, and what ends it.
    fn hold(&mut self, batch: &str) -> Result<(String, String, String), Error> {
        let mut hold = None;
        queries::show(self.writer, batch, &Actor::console(), self.now, |shown| {
            shown.each_payment(|view| {
                hold = view.hold;
                Ok(())
            })
        })?;
        let hold = hold.ok_or_else(|| plain("the refund did not wait"))?;
        Ok((words(hold.reason), words(hold.owner), words(hold.ends)))
    }

    /// What waits for nothing any more leaves: the completed file.
    fn settle(&mut self) -> Result<Option<String>, Error> {
        let (mut settling, mut text) = (Settling::default(), None);
        loop {
            let env = self.env()?;
            let settled = settle_some(self.writer, &mut settling, Some(&self.folder), &Actor::console(), &env)?;
            if let Some(path) = settled.released.and_then(|released| released.completed) {
                text = Some(std::fs::read_to_string(&path).map_err(Error::io("a completed file could not be read"))?);
            }
            if settled.is_through {
                return Ok(text);
            }
        }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, Error> {
        let path = self.folder.join(name);
        std::fs::write(&path, bytes).map_err(Error::io(format!("{} could not be written", path.display())))?;
        Ok(path)
    }

    /// What was paid to somebody, for them and for whoever looks into it.
    fn write_trace(&self, name: &str, page: &FoundPage) -> Result<PathBuf, Error> {
        let payments: Vec<Value> = page
            .payments
            .iter()
            .map(|found| {
                let to = found.left.as_ref().and_then(|left| left.to.as_ref());
                json!({
                    "payer": found.payer.agreement.name,
                    "end_to_end_id": found.end_to_end_id,
                    "amount": found.money.map(|money| money.decimal().to_string()),
                    "state": found.state.name(),
                    "left": found.left.as_ref().map(|left| left.at.to_string()),
                    "account": to.map(|to| to.iban.as_str()),
                    "bank": to.and_then(|to| to.bank.clone()),
                })
            })
            .collect();
        self.write(name, json!({ "payments": payments }).to_string().as_bytes())
    }
}

const fn a_second_after(moment: Timestamp) -> Timestamp {
    moment.minus_seconds(-1)
}

/// A name as people read it.
fn words(name: &str) -> String {
    name.replace('_', " ")
}

fn plain(text: &str) -> Error {
    StoreError::plain(text).into()
}

/// The refund, as people read it.
fn spoken() -> String {
    let minor = REFUND_MINOR.unsigned_abs();
    format!("{}.{:02}", grouped(minor / 100), minor % 100)
}

/// The refund, in kroner.
fn kroner() -> String {
    let sum: Decimal = Money { minor: REFUND_MINOR, currency: Currency::DKK }.decimal();
    sum.to_string()
}

/// Whether a completed file pays to an account.
fn paid_to(routed: &Routed, iban: &Iban) -> Result<bool, Error> {
    let Some(path) = &routed.completed else { return Ok(false) };
    let text = std::fs::read_to_string(path).map_err(Error::io("a completed file could not be read"))?;
    Ok(text.contains(iban.as_str()))
}

/// Four people with accounts of their own in the country: two victims and two mules. The first that there is has another part.
fn cast(nation: &Nation) -> Option<[Cast; 4]> {
    let people = (0..nation.plan().people).map(|index| nation.person(index));
    let with_account = |person: Person| match person.account {
        AccountKind::Domestic { account, holder: Owned::Payee, state: AccountState::InForce }
            if person.fate == Fate::Active && !person.is_protected =>
        {
            Some((person, account))
        }
        _ => None,
    };
    let mut found = people.filter_map(with_account).skip(1);
    let mut next = || {
        let (person, account) = found.next()?;
        Some(Cast {
            id: PayeeId::Cpr(person.cpr),
            name: person.name.to_string(),
            account: DesignatedAccount::Domestic { account, currency: Currency::DKK },
            iban: account.iban(nation.bank_of(&account).country),
        })
    };
    Some([next()?, next()?, next()?, next()?])
}

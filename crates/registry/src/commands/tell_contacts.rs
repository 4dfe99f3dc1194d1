//! Tells payers' contacts of suspicion reports: that one waits for them, that it still does, and what became of its account.

use crate::contact::EmailAddress;
use crate::notice::{Details, Language, NamedReports, NewNotice, Recipient};
use crate::payer_word::{Noted, PayerWord, together};
use crate::suspicion::Suspicion;
use crate::{policy, store};
use kernel::journal::{Entry, Rows};
use kernel::{Actor, Blind, Command, Decision, Env, Error, Operation, Refusal, Scope, Timestamp, Writer};
use serde_json::json;
use std::collections::BTreeSet;

/// What is told by one entry, at most; more goes with the next.
const NOTED_MAX: usize = 1_000;

/// Notes what the contacts of those payers are to be told to whom reports went, in the entry of what it tells of.
pub(super) fn note<'s>(
    scope: &Scope<'_>,
    entry: Entry,
    told: impl IntoIterator<Item = (&'s Suspicion, PayerWord)>,
) -> Result<(), Error> {
    let mut noted: Vec<Noted> = Vec::new();
    for (suspicion, word) in told {
        let Some(payer) = suspicion.payer else { continue };
        if store::payer::find_today(scope, payer)?.agreement.terms.contact.is_some() {
            noted.push(Noted { id: entry.row(noted.len())?, payer, word, suspicion: suspicion.id });
        }
    }
    store::payer_word::insert_many(scope.tx, entry, &noted)
}

/// Records the notices that are due to contacts of payers; how many.
///
/// # Errors
/// The policy's refusal, or the store's.
pub fn tell_contacts(writer: &mut Writer, actor: &Actor, env: &Env) -> Result<usize, Error> {
    let due = writer.read(|scope| store::payer_word::due(scope.tx, env.now, 1))?;
    // What changes nothing is not begun: this is asked each second.
    if due.is_empty() { Ok(0) } else { writer.execute(&TellContacts { now: env.now }, actor, env) }
}

struct TellContacts {
    now: Timestamp,
}

/// What one payer's contact is told together; nobody, where the payer names none any more.
struct ToTell {
    noted: Vec<Noted>,
    contact: Option<EmailAddress>,
}

impl ToTell {
    fn notice(&self, at: Timestamp) -> Option<NewNotice> {
        let first = self.noted.first()?;
        let reports: BTreeSet<i64> = self.noted.iter().map(|noted| noted.suspicion.number()).collect();
        Some(NewNotice {
            // It is about no payee.
            payee: Blind::default(),
            kind: first.word.kind(),
            to: Recipient::Email(self.contact.clone()?),
            language: Language::Danish,
            details: Details {
                reports: Some(NamedReports { first: first.suspicion, others: reports.len() - 1 }),
                ..Details::at(at)
            },
        })
    }
}

impl Command for TellContacts {
    const OPERATION: Operation = policy::TELL_CONTACTS;
    const READS_JOURNAL: bool = false;
    type State = Vec<ToTell>;
    type Change = ToTell;
    /// How many notices it makes.
    type Output = usize;

    fn load(&self, scope: &Scope<'_>) -> Result<Vec<ToTell>, Error> {
        let due = store::payer_word::due(scope.tx, self.now, NOTED_MAX)?;
        let mut all = Vec::new();
        for noted in together(due) {
            let payer = noted.first().map(|first| store::payer::find_today(scope, first.payer)).transpose()?;
            let contact = payer.and_then(|payer| payer.agreement.terms.contact).map(|contact| contact.email);
            all.push(ToTell { noted, contact });
        }
        Ok(all)
    }

    fn decide(&self, all: Vec<ToTell>, _: &Env) -> Result<Decision<ToTell, usize>, Refusal> {
        if all.is_empty() {
            return Ok(Decision::unchanged(0));
        }
        let told = all.iter().filter(|one| one.contact.is_some()).count();
        Ok(Decision::of(all, json!({ "told": told }), told))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[ToTell], entry: Entry) -> Result<Vec<Rows>, Error> {
        for one in changes {
            match one.contact {
                Some(_) => store::payer_word::tell(scope.tx, entry.at, one.noted.iter())?,
                None => one.noted.iter().try_for_each(|noted| store::payer_word::forget(scope.tx, noted.suspicion))?,
            }
        }
        let notices: Vec<NewNotice> = changes.iter().filter_map(|one| one.notice(entry.at)).collect();
        if notices.is_empty() { Ok(vec![]) } else { Ok(vec![store::notice::insert_many(scope, entry, &notices)?]) }
    }
}

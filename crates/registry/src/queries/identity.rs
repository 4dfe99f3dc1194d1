//! How fresh what is known of a person's identity is.

use crate::contact::Stood;
use crate::identity::{self, Facts, Registered};
use crate::own::{Signatories, Voice};
use crate::register_event;
use crate::store;
use crate::store::register::{RegisterRow, Version};
use kernel::{Actor, Blind, Error, Id, Scope, StoreError, Timestamp, journal};

/// All that is known of a payee's identity: what the registry knows itself, and what it was told from outside.
///
/// # Errors
/// The store's.
pub fn known_identity(scope: &Scope<'_>, payee: &Blind) -> Result<Facts, Error> {
    known_identity_beside(scope, payee, &store::contact::of(scope, payee)?)
}

/// The same where all points that the payee ever had were read already.
pub(crate) fn known_identity_beside(scope: &Scope<'_>, payee: &Blind, points: &[Stood]) -> Result<Facts, Error> {
    Ok(Facts::of(points, registered(scope, payee)?, store::identity::of(scope, payee)?))
}

/// Who may sign for a payee now: for nobody but a company does anybody else.
///
/// # Errors
/// The store's.
pub fn signatories(scope: &Scope<'_>, payee: &Blind) -> Result<Signatories, Error> {
    let mut found = Signatories::default();
    store::register::find_many(scope, [payee], |_, version| {
        let text = register_event::signatories(&version.record);
        let read = text.map(|text| Signatories::read(text, scope.vault));
        found = read
            .unwrap_or(Some(Signatories::default()))
            .ok_or_else(|| StoreError::broken("register_row", "record", version.id.number()))?;
        Ok(())
    })?;
    Ok(found)
}

/// How far somebody who acts speaks for a payee: looked at anew each time.
///
/// # Errors
/// The store's.
pub fn voice(scope: &Scope<'_>, actor: &Actor, payee: &Blind) -> Result<Voice, Error> {
    match actor.payee() {
        Some(own) if own != payee => Ok(Voice::of(actor, payee, &signatories(scope, payee)?)),
        _ => Ok(Voice::of(actor, payee, &Signatories::default())),
    }
}

/// When key material was last posted to the letter box to which a letter to the payee goes now, whosever it was: who watches a letter
/// box does not look at names.
pub(crate) fn letter_box_posted(
    scope: &Scope<'_>,
    payee: &Blind,
    identity: &Facts,
) -> Result<Option<Timestamp>, Error> {
    let posted = |at: &Blind| store::identity::posted(scope, at);
    let there = identity.letter_box.as_ref().map(posted).transpose()?.flatten();
    // Nobody knows that what went to an unknown address went elsewhere.
    let unknown = identity.key_material_posted.map(|_| posted(payee)).transpose()?.flatten();
    Ok(there.max(unknown))
}

/// The letter box to which a letter to the payee went at a moment, by what was known then, or first: where there is no address, the
/// payee stands for it.
pub(crate) fn letter_box_at(scope: &Scope<'_>, payee: &Blind, moment: Timestamp) -> Result<Blind, Error> {
    let mut found = None;
    store::register::each_back(scope, payee, |version| {
        found = letter_box(scope, &version).or(found);
        Ok(recorded(scope, Some(version.id))?.is_some_and(|recorded| recorded > moment))
    })?;
    Ok(found.unwrap_or(*payee))
}

fn letter_box(scope: &Scope<'_>, version: &Version) -> Option<Blind> {
    identity::letter_box(register_event::address(&version.record)?, scope.vault)
}

/// When a version of a register's row was recorded.
fn recorded(scope: &Scope<'_>, id: Option<Id<RegisterRow>>) -> Result<Option<Timestamp>, Error> {
    let mut recorded = None;
    journal::moments(scope.tx, id.map(|id| journal::entry_of(id.number())), |_, moment| {
        recorded = Some(moment);
        Ok(())
    })?;
    Ok(recorded)
}

/// Where the payee's letters go; and when it was recorded that their address is another than before, and who signs for them. The first
/// that was known is no change.
fn registered(scope: &Scope<'_>, payee: &Blind) -> Result<Registered, Error> {
    let mut parts = [Changed::of(register_event::address), Changed::of(register_event::signatories)];
    let mut now = None;
    store::register::each_back(scope, payee, |version| {
        now.get_or_insert_with(|| (register_event::has_address(&version.record), letter_box(scope, &version)));
        parts.iter_mut().for_each(|part| part.look(&version));
        // A person has nobody who signs for them: of them, that part is told by the first version.
        Ok(parts.iter().any(|part| !part.is_told))
    })?;
    let [address, signatories] = parts.map(|part| part.since.filter(|_| part.has_changed).map(|version| version.id));
    let (address_changed, signatories_changed) = (recorded(scope, address)?, recorded(scope, signatories)?);
    let (has_address, letter_box) = now.unwrap_or_default();
    Ok(Registered { address_changed, signatories_changed, has_address, letter_box })
}

/// Since when a part of a register's row says what it says today.
struct Changed {
    part: fn(&str) -> Option<&str>,
    /// The oldest version with the part of today.
    since: Option<Version>,
    /// Whether there is one with another before it.
    has_changed: bool,
    is_told: bool,
}

impl Changed {
    const fn of(part: fn(&str) -> Option<&str>) -> Self {
        Self { part, since: None, has_changed: false, is_told: false }
    }

    /// One version more, which came before the others.
    fn look(&mut self, version: &Version) {
        if self.is_told {
            return;
        }
        let now = (self.part)(&version.record);
        self.has_changed = self.since.as_ref().is_some_and(|since| (self.part)(&since.record) != now);
        self.is_told = self.has_changed || now.is_none();
        if !self.has_changed {
            self.since = Some(version.clone());
        }
    }
}

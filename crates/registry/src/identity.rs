//! What is known of how fresh a person's identity is. What has just changed hands proves little: the commonest theft begins with
//! the address, the telephone or the authenticator. Pure.

use crate::contact::{self, Stood};
use kernel::Timestamp;
use serde::Serialize;

/// What whoever keeps identities tells of a person. It is asked before a command, and handed to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IdentityFacts {
    /// When an authenticator was last issued, replaced or reset.
    pub authenticator_changed: Option<Timestamp>,
    /// When something that gives access was last sent to the address by letter.
    pub key_material_posted: Option<Timestamp>,
}

impl IdentityFacts {
    /// These and those: of each, what happened last.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self {
            authenticator_changed: self.authenticator_changed.max(other.authenticator_changed),
            key_material_posted: self.key_material_posted.max(other.key_material_posted),
        }
    }
}

/// What a register's rows tell of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Registered {
    /// As in [`Facts`].
    pub address_changed: Option<Timestamp>,
    /// As in [`Facts`].
    pub signatories_changed: Option<Timestamp>,
}

/// All that is known, of inside and outside. Nothing is known to have happened where there is no moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// When a contact point was last added or removed.
    pub contact_changed: Option<Timestamp>,
    /// When the address in the register was last recorded to be another than before.
    pub address_changed: Option<Timestamp>,
    /// When others than before were last recorded to be those who sign for a company.
    pub signatories_changed: Option<Timestamp>,
    /// As in [`IdentityFacts`].
    pub authenticator_changed: Option<Timestamp>,
    /// As in [`IdentityFacts`].
    pub key_material_posted: Option<Timestamp>,
}

impl Facts {
    /// Puts together what the registry knows and what it was told.
    #[must_use]
    pub fn of(points: &[Stood], registered: Registered, outside: IdentityFacts) -> Self {
        let IdentityFacts { authenticator_changed, key_material_posted } = outside;
        let Registered { address_changed, signatories_changed } = registered;
        let contact_changed = contact::last_change(points);
        Self { contact_changed, address_changed, signatories_changed, authenticator_changed, key_material_posted }
    }

    /// The same of a company for which somebody signs of whom that is known.
    #[must_use]
    pub fn signed_by(self, person: IdentityFacts) -> Self {
        Self {
            authenticator_changed: self.authenticator_changed.max(person.authenticator_changed),
            key_material_posted: self.key_material_posted.max(person.key_material_posted),
            ..self
        }
    }

    /// As answers say it.
    #[must_use]
    pub fn view(&self) -> FactsView {
        let text = |moment: Option<Timestamp>| moment.map(|moment| moment.to_string());
        FactsView {
            contact_changed: text(self.contact_changed),
            address_changed: text(self.address_changed),
            signatories_changed: text(self.signatories_changed),
            authenticator_changed: text(self.authenticator_changed),
            key_material_posted: text(self.key_material_posted),
        }
    }
}

/// [`Facts`] in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct FactsView {
    /// When a contact point was last added or removed.
    pub contact_changed: Option<String>,
    /// When the address was last recorded to be another.
    pub address_changed: Option<String>,
    /// When others were last recorded to sign for a company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signatories_changed: Option<String>,
    /// When an authenticator was last issued, replaced or reset.
    pub authenticator_changed: Option<String>,
    /// When something that gives access was last sent by letter.
    pub key_material_posted: Option<String>,
}

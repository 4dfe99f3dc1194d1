//! What is known of how fresh a person's identity is. What has just changed hands proves little: the commonest theft begins with
//! the address, the telephone or the authenticator. Pure.

use crate::contact::{self, Stood};
use kernel::{Blind, Domain, Timestamp, Vault};
use serde::Serialize;
use zeroize::Zeroizing;

/// The country that a register may leave out.
const HOME: &str = "DK";

/// The blind index of the letter box at an address of a register, one field a line; none where there is no address. One register
/// leaves out the home country and another does not, and each has signs and spaces of its own. The city says no more than the
/// postcode.
#[must_use]
pub(crate) fn letter_box(address: &str, vault: &Vault) -> Option<Blind> {
    let mut fields = address.split('\n').map(words);
    let [street, postcode, city, country] = std::array::from_fn(|_| fields.next().unwrap_or_default());
    let place = if postcode.is_empty() { city } else { postcode };
    if street.is_empty() && place.is_empty() {
        return None;
    }
    let country = if country.eq_ignore_ascii_case(HOME) { "" } else { country.as_str() };
    let text = Zeroizing::new([street.as_str(), place.as_str(), country].join("\n"));
    Some(vault.blind(Domain("letter_box"), &text))
}

/// The letters and the numbers in a field, each run of them a word: `2.TH` is `2 th`.
fn words(field: &str) -> Zeroizing<String> {
    let mut words = Zeroizing::new(String::new());
    let mut before = None;
    for letter in field.chars() {
        let is_number = letter.is_alphanumeric().then(|| letter.is_numeric());
        if is_number.is_some() {
            if is_number != before && !words.is_empty() {
                words.push(' ');
            }
            words.extend(letter.to_lowercase());
        }
        before = is_number;
    }
    words
}

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
    /// As in [`Facts`].
    pub has_address: bool,
    /// As in [`Facts`].
    pub letter_box: Option<Blind>,
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
    /// Whether a register has an address for a letter to them.
    pub has_address: bool,
    /// The letter box to which their letters go.
    pub letter_box: Option<Blind>,
    /// When it was last sent to that letter box, whosever it was. It is known where a control asks.
    pub letter_box_posted: Option<Timestamp>,
}

impl Facts {
    /// Puts together what the registry knows and what it was told.
    #[must_use]
    pub fn of(points: &[Stood], registered: Registered, outside: IdentityFacts) -> Self {
        let IdentityFacts { authenticator_changed, key_material_posted } = outside;
        let Registered { address_changed, signatories_changed, has_address, letter_box } = registered;
        let contact_changed = contact::last_change(points);
        Self {
            contact_changed,
            address_changed,
            signatories_changed,
            authenticator_changed,
            key_material_posted,
            has_address,
            letter_box,
            letter_box_posted: None,
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_letter_box_however_a_register_writes_it() {
        let vault = kernel::testing::vault();
        let check = |other: [&str; 4], expected: bool| {
            let of = |address: [&str; 4]| letter_box(&address.join("\n"), &vault);
            let known = of(["Åvej 12A, 2. th.", "2100", "København Ø", ""]);
            assert_eq!(of(other) == known, expected, "{other:?}");
            assert!(known.is_some());
        };
        for same in [
            ["Åvej 12A, 2. th.", "2100", "København Ø", "DK"],
            ["ÅVEJ 12 a  2.TH", "2100", "Kbh. Ø", "dk"],
            ["åvej 12-A,2 th", " 2100", "", ""],
        ] {
            check(same, true);
        }
        for another in [
            ["Åvej 12A, 2. tv.", "2100", "København Ø", ""],
            ["Åvej 12A, 3. th.", "2100", "København Ø", ""],
            ["Åvej 1, 2A, 2. th.", "2100", "København Ø", ""],
            ["Åvej 12A, 2. th.", "2200", "København N", ""],
            ["Åvej 12A, 2. th.", "2100", "København Ø", "SE"],
            ["", "2100", "København Ø", ""],
            ["", "", "", ""],
        ] {
            check(another, false);
        }
        for (address, is_one) in [("", false), ("\n\n\nDK", false), ("\n\nNuuk\nGL", true), ("Vej 1", true)] {
            assert_eq!(letter_box(address, &vault).is_some(), is_one, "{address}");
        }
    }
}

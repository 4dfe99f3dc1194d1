//! What is known of people's identities elsewhere, while nobody tells it yet: a file stands in.

use kernel::{Error, Refuse, StoreError, Timestamp};
use registry::identity::IdentityFacts;
use registry::payee::PayeeId;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

/// By payee.
pub type Outside = BTreeMap<PayeeId, IdentityFacts>;

/// Why the file was refused.
#[derive(Debug)]
enum FactsRefusal {
    /// It is not what it should be.
    Malformed,
}

impl Refuse for FactsRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "identity.facts",
        }
    }
}

impl fmt::Display for FactsRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the file of identity facts is not JSON of the form \
             {\"cpr:N\": {\"authenticator_changed\": TIME, \"key_material_posted\": TIME}}, where each may be left out",
        )
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    authenticator_changed: Option<String>,
    key_material_posted: Option<String>,
}

/// Reads the file.
pub fn read(path: &Path) -> Result<Outside, Error> {
    let bytes =
        std::fs::read(path).map_err(|error| StoreError::new(format!("{} could not be read", path.display()), error))?;
    Ok(parse(&bytes).ok_or(FactsRefusal::Malformed)?)
}

fn parse(bytes: &[u8]) -> Option<Outside> {
    let told: BTreeMap<String, Told> = serde_json::from_slice(bytes).ok()?;
    let moment = |text: Option<String>| match text {
        None => Some(None),
        Some(text) => Timestamp::parse(&text).map(Some),
    };
    let read = |(payee, told): (String, Told)| {
        let facts = IdentityFacts {
            authenticator_changed: moment(told.authenticator_changed)?,
            key_material_posted: moment(told.key_material_posted)?,
        };
        Some((PayeeId::parse(&payee)?, facts))
    };
    told.into_iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told() {
        let check = |text: &str, expected: Option<usize>| {
            assert_eq!(parse(text.as_bytes()).map(|told| told.len()), expected, "{text}");
        };
        check("{}", Some(0));
        check(r#"{"cpr:6101701234": {}, "cvr:13748136": {"key_material_posted": null}}"#, Some(2));
        check("", None);
        check("[]", None);
        check(r#"{"6101701234": {}}"#, None);
        check(r#"{"cpr:6101701234": {"authenticator_changed": "yesterday"}}"#, None);
        check(r#"{"cpr:6101701234": {"authenticated": "2026-11-20T00:00:00Z"}}"#, None);
        let told = parse(br#"{"cpr:610170-1234": {"authenticator_changed": "2026-11-20T00:00:00Z"}}"#).unwrap();
        let facts = told[&PayeeId::parse("cpr:6101701234").unwrap()];
        assert_eq!(facts.authenticator_changed, Timestamp::parse("2026-11-20T00:00:00Z"));
        assert_eq!(facts.key_material_posted, None);
    }
}

//! What is asked and answered, as banks write it: the words of the EPC's Verification of Payee. Pure.

use registry::commands::OwnershipQuestion;
use registry::ownership::Ownership;
use registry::payee::PayeeId;
use serde::Deserialize;
use serde_json::json;

/// The most bytes of an answer: it has one word.
pub(super) const ANSWER_BYTES_MAX: usize = 4 * 1024;

/// A question.
pub(super) fn write(question: &OwnershipQuestion) -> String {
    let (of, scheme) = match &question.payee {
        PayeeId::Cpr(_) => ("privateId", "CPR"),
        PayeeId::Cvr(_) => ("organisationId", "CVR"),
        PayeeId::Se(_) => ("organisationId", "SE"),
        PayeeId::P(_) => ("organisationId", "P"),
    };
    let number = question.payee.reveal();
    let number = number.split_once(':').map_or(&*number, |(_, number)| number);
    json!({
        "requestId": question.name,
        "party": { "identification": {
            of: { "others": [{ "identification": number, "schemeNameProprietary": scheme }] },
        } },
        "partyAccount": { "iban": question.account.as_str() },
    })
    .to_string()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Answer {
    party_id_match: String,
}

/// What an answer says; none if it is not one. A name or anything else of a customer has no place in it.
pub(super) fn read(bytes: &[u8]) -> Option<Ownership> {
    let Answer { party_id_match } = serde_json::from_slice(bytes).ok()?;
    Ownership::from_code(&party_id_match)
}

#[cfg(test)]
mod tests {
    use super::*;
    use denmark::{Country, DanishAccount};
    use kernel::Id;
    use registry::delivery::{Endpoint, Url};

    #[test]
    fn questions() {
        let check = |payee: &str, expected: &str| {
            let question = OwnershipQuestion {
                proposal: Id::new(7),
                name: "0000000000007-0".to_owned(),
                bank: "North".to_owned(),
                account: DanishAccount::parse("0040-20").unwrap().iban(Country::Denmark),
                payee: PayeeId::parse(payee).unwrap(),
                endpoint: Endpoint { url: Url::parse("https://bank.example/").unwrap(), ca: None, identity: None },
            };
            let written: serde_json::Value = serde_json::from_str(&write(&question)).unwrap();
            assert_eq!(
                written["party"]["identification"],
                serde_json::from_str::<serde_json::Value>(expected).unwrap()
            );
            assert_eq!(written["requestId"], "0000000000007-0");
            assert_eq!(written["partyAccount"]["iban"], "DK0500400000000020");
            assert_eq!(written.as_object().unwrap().len(), 3);
        };
        check(
            "cpr:6101701234",
            r#"{"privateId": {"others": [{"identification": "6101701234", "schemeNameProprietary": "CPR"}]}}"#,
        );
        check(
            "cvr:13748136",
            r#"{"organisationId": {"others": [{"identification": "13748136", "schemeNameProprietary": "CVR"}]}}"#,
        );
    }

    #[test]
    fn answers() {
        let check = |text: &str, expected: Option<Ownership>| assert_eq!(read(text.as_bytes()), expected, "{text}");
        for (ownership, _, code) in Ownership::ALL {
            check(&format!(r#" {{"partyIdMatch": "{code}"}} "#), Some(ownership));
        }
        for wrong in [
            "",
            "{}",
            "[]",
            r#""MTCH""#,
            r#"{"partyIdMatch": "match"}"#,
            r#"{"partyIdMatch": "mtch"}"#,
            r#"{"partyIdMatch": null}"#,
            r#"{"partyIdMatch": ["MTCH"]}"#,
            r#"{"partyIdMatch": "NMTC", "partyIdMatch": "MTCH"}"#,
            r#"{"partyIdMatch": "CMTC", "matchedName": "Anna"}"#,
            r#"{"partyIdMatch": "MTCH"} {}"#,
        ] {
            check(wrong, None);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_stop_the_reader(bytes: Vec<u8>) {
            let _ = read(&bytes);
        }
    }
}

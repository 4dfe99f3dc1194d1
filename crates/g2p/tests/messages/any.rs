//! What holds for any message.

use crate::{NOON, bytes, head, message, read_back, rejections};
use g2p::{Answers, Changed, Envelope, Operation};
use proptest::prelude::*;
use serde_json::json;

proptest! {
    #[test]
    fn any_bytes_are_answered(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        for action in ["link", "update", "unlink", "resolve", "status"] {
            let _ = rejections(action, &body);
        }
        let _ = g2p::sorted(&body);
    }

    /// A good message with some bytes changed: most are not JSON any more, some are, and say something else.
    #[test]
    fn any_slip_is_answered(changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        for action in ["link", "update", "unlink", "resolve"] {
            let entry = json!({"reference_id": "r-1", "timestamp": NOON, "id": "cpr:6101701234@dk", "fa": "0040-1",
                               "scope": "details", "additional_info": [{"name": "expected_fa", "value": "0040-2"}]});
            let mut body = bytes(&message(action, &[entry]));
            for (at, byte) in &changes {
                let at = at.index(body.len());
                body[at] = *byte;
            }
            let _ = rejections(action, &body);
        }
    }

    #[test]
    fn any_text_comes_back_as_it_was_sent(
        reference in any::<String>(),
        id in any::<String>(),
        transaction in any::<String>(),
        text in any::<String>(),
    ) {
        let entry = json!({"reference_id": reference, "timestamp": NOON, "id": id});
        let mut message = message("unlink", &[entry]);
        message["message"]["transaction_id"] = json!(transaction);
        let body = bytes(&message);
        let envelope = Envelope::read(&body).unwrap();
        let Ok(request) = envelope.unlink() else {
            prop_assert!(transaction.is_empty() || transaction.len() > 99);
            return Ok(());
        };
        let mut answers = Answers::new(Operation::Unlink, request.transaction_id.as_str(), head(), 1);
        answers.changed(&request.entries[0], &Changed::Held { code: "a.b", text: &text });
        let body = read_back(&answers.finish().sign(&text));
        let answer = &body["message"]["unlink_response"][0];
        prop_assert_eq!(&body["message"]["transaction_id"], &json!(transaction));
        prop_assert_eq!(&body["signature"], &json!(text));
        prop_assert_eq!(&answer["status_reason_message"], &json!(format!("{text} [a.b]")));
        let expected = if reference.len() <= 99 { reference } else { String::new() };
        prop_assert_eq!(&answer["reference_id"], &json!(expected));
        if !id.is_empty() && id.len() <= 256 {
            prop_assert_eq!(&answer["id"], &json!(id));
        } else {
            prop_assert!(answer.get("id").is_none());
        }
    }
}

//! Contact points: where a payee is told of changes.

use super::question::{payee, revealed};
use crate::problem::{Problem, refused};
use crate::route::{Answer, Call, Json, Route};
use registry::commands::{ChangeContact, ListContacts, ListedContacts, PointView};
use registry::contact::{ContactPoint, EmailAddress, Phone};
use registry::identity::FactsView;
use registry::payee::PayeeId;
use registry::policy;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const SCOPE: &str = "contacts";
const REFUSALS: &[&str] = &["payee.unknown", "citizen.other", "citizen.assurance"];
/// With what changing them can be, besides.
const CHANGED: &[&str] = &["payee.unknown", "citizen.other", "citizen.assurance", "caseworker.in_person"];

pub fn routes() -> Vec<Route> {
    vec![
        Route::post("/v1/contacts/add", "contacts.add", "Add a contact point to a payee's")
            .token(policy::ADD_CONTACT, SCOPE)
            .repeatable()
            .refuses(&["change.why", "contact.phone", "contact.email", "contact.too_many", "contact.too_often"])
            .refuses_as_all(CHANGED)
            .by(change::<true>),
        Route::post(
            "/v1/contacts/remove",
            "contacts.remove",
            "Remove one: who is told of changes is told there for some time still",
        )
        .token(policy::REMOVE_CONTACT, SCOPE)
        .repeatable()
        .refuses(&["change.why", "contact.phone", "contact.email", "contact.unknown"])
        .refuses_as_all(CHANGED)
        .by(change::<false>),
        Route::post(
            "/v1/contacts/list",
            "contacts.list",
            "A payee's contact points, all that ever stood; masked, but for whom they belong to; every look is recorded",
        )
        .token(policy::LIST_CONTACTS, SCOPE)
        .refuses_as_all(REFUSALS)
        .by(list),
    ]
}

/// A contact point that is added or removed.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ContactChange {
    /// Whose: `cpr:`, `cvr:`, `se:` or `p:` and a number of that kind.
    #[schemars(with = "String", regex(pattern = r"^(cpr|cvr|se|p):[0-9-]{8,11}$"), example = "cpr:6101701234")]
    #[serde(deserialize_with = "payee", serialize_with = "revealed")]
    payee: PayeeId,
    /// What sort of point it is.
    kind: PointKind,
    /// The telephone number (`+4520304050`) or e-mail address; the others have none.
    #[serde(default)]
    #[schemars(length(min = 1, max = 254))]
    value: Option<String>,
    /// Why: one line of 1 to 500 characters that is kept in the journal. The payee need not say.
    #[serde(default)]
    #[schemars(length(min = 1, max = 500))]
    reason: Option<String>,
}

/// A sort of contact point. `digital_post` is found by the payee's number, `letter` is paper to the address in the register, and with
/// `english` all is told in English.
#[derive(Clone, Copy, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum PointKind {
    DigitalPost,
    Sms,
    Email,
    Letter,
    English,
}

impl ContactChange {
    fn point(&self) -> Answer<ContactPoint> {
        let value = || self.value.as_deref().unwrap_or_default();
        let word = match self.kind {
            PointKind::DigitalPost => ContactPoint::DigitalPost,
            PointKind::Letter => ContactPoint::Letter,
            PointKind::English => ContactPoint::English,
            PointKind::Sms => return Phone::parse(value()).map(ContactPoint::Sms).map_err(refused),
            PointKind::Email => return EmailAddress::parse(value()).map(ContactPoint::Email).map_err(refused),
        };
        match self.value {
            None => Ok(word),
            Some(_) => Err(Problem::of("body.field").because("this kind has no value").at("/value")),
        }
    }
}

/// What became of a contact point.
#[derive(Serialize, JsonSchema)]
struct ContactChanged {
    /// Whether anything changed.
    changed: bool,
}

async fn change<const ADDS: bool>(call: Call<Json<ContactChange>>) -> Answer<Json<ContactChanged>> {
    let (actor, Json(asked)) = (call.caller.actor(), &call.body);
    let command = ChangeContact::<ADDS> { actor, payee: asked.payee, point: asked.point()?, why: asked.reason.clone() };
    Ok(Json(ContactChanged { changed: call.once(asked, command).await? }))
}

/// Whose contact points are asked for.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ContactsOf {
    /// Whose: `cpr:`, `cvr:`, `se:` or `p:` and a number of that kind.
    #[schemars(with = "String", regex(pattern = r"^(cpr|cvr|se|p):[0-9-]{8,11}$"), example = "cpr:6101701234")]
    #[serde(deserialize_with = "payee")]
    payee: PayeeId,
}

/// A payee's contact points.
#[derive(Serialize, JsonSchema)]
struct Contacts {
    /// All that ever stood, the first one first.
    points: Vec<ContactShown>,
    /// When what is known of the payee's identity last changed.
    identity: IdentityShown,
}

/// A contact point.
#[derive(Serialize, JsonSchema)]
struct ContactShown {
    /// `digital_post`, `sms`, `email`, `letter`, `english`.
    kind: String,
    /// The number or address, in full for the payee alone.
    value: Option<String>,
    /// Since when it stood (RFC 3339).
    from: String,
    /// Until when; it stands without.
    until: Option<String>,
}

/// How fresh what is known of somebody's identity is (RFC 3339); none of what never changed.
#[derive(Serialize, JsonSchema)]
struct IdentityShown {
    /// When a contact point was last added or removed.
    contact_changed: Option<String>,
    /// When the address was last recorded to be another.
    address_changed: Option<String>,
    /// When others were last recorded to sign for a company.
    signatories_changed: Option<String>,
    /// When an authenticator was last issued, replaced or reset.
    authenticator_changed: Option<String>,
    /// When something that gives access was last sent by letter.
    key_material_posted: Option<String>,
}

impl From<ListedContacts> for Contacts {
    fn from(listed: ListedContacts) -> Self {
        let point = |PointView { kind, value, from, until }| ContactShown { kind, value, from, until };
        let FactsView {
            contact_changed,
            address_changed,
            signatories_changed,
            authenticator_changed,
            key_material_posted,
        } = listed.identity;
        let identity = IdentityShown {
            contact_changed,
            address_changed,
            signatories_changed,
            authenticator_changed,
            key_material_posted,
        };
        Self { points: listed.points.into_iter().map(point).collect(), identity }
    }
}

async fn list(call: Call<Json<ContactsOf>>) -> Answer<Json<Contacts>> {
    let (actor, payee) = (call.caller.actor(), call.body.0.payee);
    let listed = call.edge.core.execute(ListContacts { actor: actor.clone(), payee }, actor);
    Ok(Json(listed.await?.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn every_kind_is_described_and_read() {
        // Whoever adds one adds it here.
        let value = |kind: &ContactPoint| match kind {
            ContactPoint::Sms(phone) => Some(phone.reveal().to_owned()),
            ContactPoint::Email(address) => Some(address.reveal().to_owned()),
            ContactPoint::DigitalPost | ContactPoint::Letter | ContactPoint::English => None,
        };
        let points = [
            ContactPoint::DigitalPost,
            ContactPoint::Sms(Phone::parse("+4520304050").unwrap()),
            ContactPoint::Email(EmailAddress::parse("a@example.dk").unwrap()),
            ContactPoint::Letter,
            ContactPoint::English,
        ];
        let schema = schemars::schema_for!(PointKind);
        let names = schema.get("enum").and_then(Value::as_array).unwrap();
        assert_eq!(names, &points.each_ref().map(|point| json!(point.kind())));
        for point in &points {
            let body = json!({ "payee": "cpr:6101701234", "kind": point.kind(), "value": value(point) });
            let read: ContactChange = serde_json::from_value(body).unwrap();
            assert!(read.point().is_ok_and(|read| read.kind() == point.kind()), "{}", point.kind());
        }
    }
}

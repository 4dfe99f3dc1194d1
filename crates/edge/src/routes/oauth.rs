//! The authorization server (RFC 6749, 7523, 8414, 8705).

use crate::caller::Caller;
use crate::codes::{self, Row};
use crate::edge::{Edge, RefusedWith};
use crate::identity::Identity;
use crate::openapi::Schemas;
use crate::problem::Problem;
use crate::route::{Answer, Answered, Anyone, Call, Form, JSON, Nothing, Route, Text, content};
use axum::response::Response;
use eid::certificate::Thumbprint;
use eid::token::{Asker, IssuedToken, OFFICER_GRANT_TYPE, TokenRequest, oauth_error, oauth_error_of_officer};
use hyper::StatusCode;
use hyper::header::{self, HeaderValue};
use kernel::{Env, Secrets};
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What is phased out of it: its parts have the version of the standard.
pub(crate) const INTERFACE: (&str, &str) = ("oauth", "1");

pub fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/.well-known/oauth-authorization-server",
            "oauth.metadata",
            "What this authorization server can do",
        )
        .refuses(&["request.unknown"])
        .by(metadata),
        Route::get("/oauth/jwks", "oauth.jwks", "The keys that access tokens are signed with")
            .refuses(&["request.unknown"])
            .by(jwks),
        Route::post(
            "/oauth/token",
            "oauth.token",
            "An access token, for a client or an officer who signs an assertion",
        )
        .oauth()
        .refuses(&[
            "request.unknown",
            "client.unknown",
            "client.ended",
            "operator.ended",
            "caseworker.unknown",
            "caseworker.ended",
            "certificate.expired",
            "interface.ended",
            "signing_key.none",
        ])
        .by(token),
    ]
}

fn identity(edge: &Edge) -> Result<Arc<Identity>, Problem> {
    edge.identity.clone().ok_or_else(|| Problem::of("request.unknown"))
}

async fn metadata(call: Call<Nothing, Nothing, Nothing, Anyone>) -> Answer<Text> {
    let metadata = serde_json::to_vec(&identity(&call.edge)?.server().metadata());
    Ok(Text(JSON, metadata.map_err(|_| Problem::failure("the metadata cannot be written"))?.into()))
}

async fn jwks(call: Call<Nothing, Nothing, Nothing, Anyone>) -> Answer<Text> {
    let jwks = identity(&call.edge)?.jwks((call.edge.clock)());
    Ok(Text(JSON, jwks.to_string().into()))
}

/// What is asked for. What is unknown there is let pass, as the standard wants.
#[derive(Deserialize, JsonSchema)]
struct Wanted {
    /// `client_credentials` of a client; `urn:ietf:params:oauth:grant-type:jwt-bearer` of an operator or caseworker.
    grant_type: String,
    /// Of a client: `urn:ietf:params:oauth:client-assertion-type:jwt-bearer`.
    #[serde(default)]
    client_assertion_type: Option<String>,
    /// Of a client, the assertion: a JWT that it signed (RFC 7523 §2.2).
    #[serde(default)]
    client_assertion: Option<String>,
    /// Of an operator or caseworker, the same (RFC 7523 §2.1).
    #[serde(default)]
    assertion: Option<String>,
    /// The client's name; it may be left out.
    #[serde(default)]
    client_id: Option<String>,
    /// What is wanted; left out, all that they may.
    #[serde(default)]
    scope: Option<String>,
}

/// What the token endpoint answers (RFC 6749 §5.1).
enum Issued {
    Token(IssuedToken),
    /// An officer was refused: the standard has another word for that than of a client.
    Refused(Problem),
}

impl Answered for Issued {
    fn answer(self) -> Response {
        match self {
            Self::Token(token) => match serde_json::to_vec(&token) {
                Ok(token) => content(JSON, token),
                Err(_) => turned_away(&Problem::failure("the token cannot be written")),
            },
            Self::Refused(problem) => {
                let code = problem.code();
                let mut response = turned_away_as(&problem, error_of_officer(codes::find(code)));
                response.extensions_mut().insert(RefusedWith(code));
                response
            }
        }
    }

    fn describe(_: &mut Schemas) -> Option<(&'static str, Schema)> {
        Some((
            JSON,
            schemars::json_schema!({
                "type": "object",
                "properties": {
                    "access_token": { "type": "string" },
                    "token_type": { "const": "Bearer" },
                    "expires_in": { "type": "integer" },
                    "scope": { "type": "string" },
                },
                "required": ["access_token", "token_type", "expires_in", "scope"],
            }),
        ))
    }
}

/// Why no token is given (RFC 6749 §5.2).
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "OAuthError")]
pub(crate) struct Refused<'d> {
    /// In the words of the standard.
    error: &'static str,
    /// What is wrong here, in English.
    error_description: &'d str,
    /// Our own code.
    code: &'static str,
}

/// What the standard says of a code of ours, and the status that it wants; where it is told to a client, and to an officer.
pub(crate) fn errors_of(row: &Row) -> [(&'static str, u16); 2] {
    [error_of(row), error_of_officer(row)]
}

fn error_of(row: &Row) -> (&'static str, u16) {
    error(row, oauth_error(row.code))
}

fn error_of_officer(row: &Row) -> (&'static str, u16) {
    error(row, oauth_error_of_officer(row.code))
}

fn error(row: &Row, error: &'static str) -> (&'static str, u16) {
    let is_in_the_request = ["body.", "request."].iter().any(|prefix| row.code.starts_with(prefix));
    match error {
        "server_error" if is_in_the_request => ("invalid_request", row.status),
        "unauthorized_client" | "invalid_grant" => (error, StatusCode::BAD_REQUEST.as_u16()),
        _ => (error, row.status),
    }
}

/// Tells whoever asks for a token what cannot be done.
pub(crate) fn turned_away(problem: &Problem) -> Response {
    turned_away_as(problem, error_of(codes::find(problem.code())))
}

fn turned_away_as(problem: &Problem, (error, status): (&'static str, u16)) -> Response {
    let row = codes::find(problem.code());
    let text = problem.detail().unwrap_or(row.english);
    let body = serde_json::to_vec(&Refused { error, error_description: text, code: row.code }).unwrap_or_default();
    let mut response = content(JSON, body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    response.headers_mut().insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    response.headers_mut().extend(problem.headers().iter().cloned());
    response
}

async fn token(call: Call<Form<Wanted>, Nothing, Nothing, Anyone>) -> Answer<Issued> {
    let identity = identity(&call.edge)?;
    let Call { edge, peer, body: Form(wanted), .. } = call;
    let is_officer = wanted.grant_type == OFFICER_GRANT_TYPE;
    let (assertion, name) = match is_officer {
        true => (wanted.assertion, "assertion"),
        false => {
            wanted.client_assertion_type.as_ref().ok_or_else(|| missing("client_assertion_type"))?;
            (wanted.client_assertion, "client_assertion")
        }
    };
    let assertion = assertion.ok_or_else(|| missing(name))?;
    let now = (edge.clock)();
    let asked = edge.clone();
    let issued = edge.core.take_long(move |writer| {
        let request = TokenRequest {
            grant_type: &wanted.grant_type,
            assertion_type: wanted.client_assertion_type.as_deref(),
            assertion: &assertion,
            client_id: wanted.client_id.as_deref(),
            scope: wanted.scope.as_deref(),
            certificate: peer.certificate.map(Thumbprint::from_bytes),
        };
        let env = Env::sample(now, &mut Secrets::from_system())?;
        eid::commands::issue(writer, identity.server(), request, &env, |scope, grant| {
            // What a caseworker may, and whether they still are one, is the registry's to know.
            registry::queries::acting_caseworker(scope, &grant.asker.actor())?;
            let caller = match &grant.asker {
                Asker::Client(client) => Caller::client(grant.asker.role(), &client.registration.name),
                Asker::Officer(officer) => Caller::person(officer.actor()),
            };
            Ok(asked.require_open(INTERFACE, &peer, &caller.name, grant.proof.algorithm.name())?)
        })
    });
    match issued.await {
        Ok(token) => Ok(Issued::Token(token)),
        Err(unanswered) if is_officer => Ok(Issued::Refused(unanswered.into())),
        Err(unanswered) => Err(unanswered.into()),
    }
}

fn missing(field: &str) -> Problem {
    Problem::of("body.field").because(format!("missing field `{field}`")).at(format!("/{field}"))
}

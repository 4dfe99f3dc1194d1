//! The authorization server (RFC 6749, 7523, 8414, 8705).

use crate::edge::Edge;
use crate::identity::Identity;
use crate::openapi::Schemas;
use crate::problem::Problem;
use crate::route::{Answer, Answered, Anyone, Call, Form, JSON, Nothing, Route, Text, content};
use axum::response::Response;
use eid::certificate::Thumbprint;
use eid::token::{IssuedToken, TokenRequest, oauth_error};
use hyper::StatusCode;
use hyper::header::{self, HeaderValue};
use kernel::{Env, Error, Secrets};
use schemars::{JsonSchema, Schema};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

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
        Route::post("/oauth/token", "oauth.token", "An access token, for a client that signs an assertion")
            .refuses(&["request.unknown"])
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
    /// `client_credentials`.
    grant_type: String,
    /// `urn:ietf:params:oauth:client-assertion-type:jwt-bearer`.
    client_assertion_type: String,
    /// The assertion: a JWT that the client signed (RFC 7523).
    client_assertion: String,
    /// The client's name; it may be left out.
    #[serde(default)]
    client_id: Option<String>,
    /// What is wanted; left out, all that the client may.
    #[serde(default)]
    scope: Option<String>,
}

/// In the words of RFC 6749 §5.
enum Told {
    Issued(IssuedToken),
    Refused { error: &'static str, code: &'static str, text: String },
}

impl Answered for Told {
    fn answer(self) -> Response {
        match self {
            Self::Issued(token) => match serde_json::to_vec(&token) {
                Ok(token) => content(JSON, token),
                Err(_) => Told::Refused { error: "server_error", code: "failure", text: String::new() }.answer(),
            },
            Self::Refused { error, code, text } => {
                let body = json!({ "error": error, "error_description": text, "code": code }).to_string();
                let mut response = content(JSON, body);
                *response.status_mut() = match error {
                    "invalid_client" => StatusCode::UNAUTHORIZED,
                    "server_error" => StatusCode::SERVICE_UNAVAILABLE,
                    _ => StatusCode::BAD_REQUEST,
                };
                response.headers_mut().insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
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

async fn token(call: Call<Form<Wanted>, Nothing, Nothing, Anyone>) -> Answer<Told> {
    let identity = identity(&call.edge)?;
    let (Form(wanted), certificate, now) = (call.body, call.peer.certificate, (call.edge.clock)());
    let issued = call.edge.core.take_long(move |writer| {
        let request = TokenRequest {
            grant_type: &wanted.grant_type,
            assertion_type: &wanted.client_assertion_type,
            assertion: &wanted.client_assertion,
            client_id: wanted.client_id.as_deref(),
            scope: wanted.scope.as_deref(),
            certificate: certificate.map(Thumbprint::from_bytes),
        };
        let env = Env::sample(now, &mut Secrets::from_system())?;
        match eid::commands::issue(writer, identity.server(), request, &env) {
            Err(Error::Refused(refusal)) if oauth_error(refusal.code) != "server_error" => {
                let (code, text) = (refusal.code, refusal.text);
                Ok(Told::Refused { error: oauth_error(code), code, text })
            }
            issued => Ok(Told::Issued(issued?)),
        }
    });
    Ok(issued.await?)
}

//! The published description of the interface, OpenAPI 3.1, made of the table of routes and the types of their handlers.

use crate::codes;
use crate::problem;
use crate::route::{Access, JSON, Route, Shape};
use crate::routes::{mapper, oauth};
use eid::permission;
use kernel::Role;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

const PROBLEM: &str = "application/problem+json";
/// What any route can answer.
const ALWAYS: &[&str] = &["request.uri_too_long", "request.headers", "body.type", codes::FAILURE];
/// What a route that wants a token can, besides what can be wrong with that.
const WITH_TOKEN: &[&str] = &["policy.not_allowed", "interface.ended"];
/// What a route can that is for payers' clients.
const TO_PAYERS: &[&str] = &["payer.unknown", "payer.other_kind"];
/// What a route can that is for caseworkers, who may have been ended since they came in.
const TO_CASEWORKERS: &[&str] = &["caseworker.unknown", "caseworker.ended"];
/// Likewise, operators.
const TO_OPERATORS: &[&str] = &["operator.ended"];
/// What can be wrong with a token.
const TOKEN: &str = "token.";
/// What a route can that asks the core.
const FROM_THE_CORE: &[&str] =
    &["conflict", "service.overloaded", "store.full", "store.timeout", "store.unknown", "store.unreachable"];
const WITH_PATH: &[&str] = &["request.unknown"];
const WITH_QUERY: &[&str] = &["request.query", "cursor.invalid"];
const WITH_BODY: &[&str] = &["body.too_large", "body.malformed", "body.cut_off", "body.field", "request.timeout"];
const CONDITIONAL: &[&str] = &["precondition.missing", "precondition.failed", "request.header"];
/// What can be wrong with a request for a token.
const FOR_TOKENS: [&str; 2] = ["assertion.", "token_request."];
const REPEATABLE: &[&str] = &["idempotency.key", "idempotency.reused"];

/// Schemas of types, as they are collected.
pub struct Schemas {
    inputs: SchemaGenerator,
    outputs: SchemaGenerator,
}

impl Schemas {
    fn new() -> Self {
        let settings = || {
            SchemaSettings::draft2020_12().with(|settings| {
                settings.definitions_path = "/components/schemas".into();
                settings.meta_schema = None;
            })
        };
        Self {
            inputs: settings().for_deserialize().into_generator(),
            outputs: settings().for_serialize().into_generator(),
        }
    }

    pub(crate) fn input<T: JsonSchema>(&mut self) -> Schema {
        self.inputs.subschema_for::<T>()
    }

    pub(crate) fn output<T: JsonSchema>(&mut self) -> Schema {
        self.outputs.subschema_for::<T>()
    }

    /// The schema itself, and not where it stands.
    pub(crate) fn whole<T: JsonSchema>(&mut self) -> Schema {
        T::json_schema(&mut self.inputs)
    }

    fn into_definitions(mut self) -> Map<String, Value> {
        let mut all = self.outputs.take_definitions(true);
        all.extend(self.inputs.take_definitions(true));
        all
    }
}

/// Describes these routes.
#[must_use]
pub fn document(routes: &[Route]) -> Value {
    let mut schemas = Schemas::new();
    schemas.output::<problem::Document<'static>>();
    schemas.output::<mapper::Errors>();
    schemas.output::<oauth::Refused<'static>>();
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for route in routes {
        let shape = route.shape(&mut schemas);
        let operation = operation(route, shape);
        paths.entry(route.path).or_default().insert(route.method.as_str().to_lowercase(), operation);
    }
    let mut scopes: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for route in routes {
        if let Access::Token { scope, .. } = route.access {
            scopes.entry(scope).or_default().push(route.name);
        }
    }
    let scopes: BTreeMap<&str, String> = scopes.into_iter().map(|(scope, names)| (scope, names.join(", "))).collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Anvis",
            "version": "v1",
            "description": "The payee-account registry for other systems. Every request but those for this description \
                comes with an access token that is bound to the client's certificate, or is a message that the client \
                signed. No number of a person and no account stands in an address. Errors are problem documents \
                (RFC 9457) with a code that does not change, or in the words of the mapper's standard; their titles are in English or Danish, by Accept-Language.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas.into_definitions(),
            "securitySchemes": {
                "certificate": { "type": "mutualTLS", "description": "The certificate that is registered for the client" },
                "client": {
                    "type": "oauth2",
                    "flows": { "clientCredentials": { "tokenUrl": "/oauth/token", "scopes": scopes } },
                },
            },
        },
    })
}

fn operation(route: &Route, shape: Shape) -> Value {
    let mut operation = Map::new();
    let mut put = |name: &str, value: Value| drop(operation.insert(name.to_owned(), value));
    put("operationId", json!(route.name));
    put("summary", json!(route.summary));
    put("tags", json!([route.family()]));
    match route.access {
        Access::Token { operation, scope } => {
            put("security", json!([{ "client": [scope], "certificate": [] }]));
            put("x-operation", json!(operation.name));
            put("x-roles", roles(&operation, |role| permission::reaches(*role, scope)));
        }
        Access::Signed(operation) => {
            put("security", json!([{ "certificate": [] }]));
            put("x-operation", json!(operation.name));
            put("x-roles", roles(&operation, |role| role.is_client()));
        }
        Access::Anyone if route.is_oauth => put("security", json!([{ "certificate": [] }])),
        Access::Anyone => put("security", json!([])),
    }
    let mut responses = problems(route, &shape);
    let Shape { path, query, body, status, answer, is_tagged } = shape;
    let mut parameters = Vec::new();
    parameters.extend(path.iter().flat_map(|schema| parameters_of(schema, "path")));
    parameters.extend(query.iter().flat_map(|schema| parameters_of(schema, "query")));
    if route.is_repeatable {
        parameters.push(json!({
            "name": "Idempotency-Key",
            "in": "header",
            "required": false,
            "description": "Your own name for this request: sent again, it is answered as it was first.",
            "schema": { "type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!-~]+$" },
        }));
    }
    if route.is_conditional {
        parameters.push(json!({
            "name": "If-Match",
            "in": "header",
            "required": true,
            "description": "The ETag of the version that is to be changed, as it was shown; `*` for whichever there is.",
            "schema": { "type": "string", "minLength": 1 },
        }));
    }
    if !parameters.is_empty() {
        put("parameters", Value::Array(parameters));
    }
    if let Some((kind, schema)) = body {
        put("requestBody", json!({ "required": true, "content": { kind: { "schema": schema } } }));
    }
    let mut answered = json!({ "description": "Done" });
    if let Some((kind, schema)) = answer {
        answered["content"] = json!({ kind: { "schema": schema } });
    }
    if is_tagged {
        answered["headers"] =
            json!({ "ETag": { "description": "Which version this is", "schema": { "type": "string" } } });
    }
    responses.insert(status.as_u16().to_string(), answered);
    put("responses", json!(responses));
    Value::Object(operation)
}

/// Who may, of those who can come.
fn roles(operation: &kernel::Operation, can_come: impl Fn(&Role) -> bool) -> Value {
    operation.roles.iter().filter(|role| can_come(role)).map(|role| role.name()).collect()
}

fn parameters_of<'s>(schema: &'s Schema, place: &'s str) -> impl Iterator<Item = Value> + 's {
    let required: BTreeSet<&str> =
        schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    properties.map(move |(name, schema)| {
        json!({
            "name": name,
            "in": place,
            "required": place == "path" || required.contains(name.as_str()),
            "description": schema.get("description").cloned().unwrap_or_default(),
            "schema": schema,
        })
    })
}

/// Which codes a route can refuse with.
fn codes_of(route: &Route, shape: &Shape) -> Vec<&'static str> {
    let wants_token = matches!(route.access, Access::Token { .. });
    let is_payer = |role: &Role| matches!(role, Role::PublicPayer | Role::PrivatePayer);
    let is_for_payers = matches!(route.access, Access::Token { operation, .. } if operation.roles.iter().any(is_payer));
    let is_for = |role| matches!(route.access, Access::Token { operation, .. } if operation.roles.contains(&role));
    let is_signed = matches!(route.access, Access::Signed(_));
    let is_guarded = !matches!(route.access, Access::Anyone);
    let groups = [
        (true, ALWAYS),
        (wants_token, WITH_TOKEN),
        (is_for_payers, TO_PAYERS),
        (is_signed, mapper::REFUSALS),
        (is_guarded || route.is_oauth, FROM_THE_CORE),
        (shape.path.is_some(), WITH_PATH),
        (true, if shape.query.is_some() { WITH_QUERY } else { &WITH_QUERY[..1] }),
        (shape.body.is_some(), WITH_BODY),
        (route.is_repeatable, REPEATABLE),
        (route.is_conditional, CONDITIONAL),
        (true, route.refusals[0]),
        (true, route.refusals[1]),
        (is_for(Role::Caseworker), TO_CASEWORKERS),
        (is_for(Role::Operator), TO_OPERATORS),
    ];
    let tokens = codes::CODES.iter().map(|row| row.code).filter(|code| {
        wants_token && code.starts_with(TOKEN)
            || route.is_oauth && FOR_TOKENS.iter().any(|prefix| code.starts_with(prefix))
    });
    tokens.chain(groups.into_iter().filter(|(applies, _)| *applies).flat_map(|(_, codes)| codes).copied()).collect()
}

fn problems(route: &Route, shape: &Shape) -> Map<String, Value> {
    let mut by_status: BTreeMap<u16, Vec<&codes::Row>> = BTreeMap::new();
    for code in codes_of(route, shape) {
        let row = codes::find(code);
        let mut statuses = vec![row.status];
        if route.is_oauth {
            statuses = oauth::errors_of(row).map(|(_, status)| status).to_vec();
            statuses.dedup();
        }
        for status in statuses {
            by_status.entry(status).or_default().push(row);
        }
    }
    let described = by_status.into_iter().map(|(status, rows)| {
        let titles: Vec<_> = rows.iter().map(|row| format!("`{}`: {}", row.code, row.english)).collect();
        // Who signs messages or asks for tokens is told in the words of their standard.
        let (kind, schema, code): (_, _, fn(&codes::Row) -> &'static str) = match route.access {
            Access::Signed(_) => (JSON, "MapperErrors", mapper::code_of),
            Access::Anyone if route.is_oauth => (JSON, "OAuthError", |row| row.code),
            Access::Anyone | Access::Token { .. } => (PROBLEM, "Problem", |row| row.code),
        };
        let codes: BTreeSet<_> = rows.iter().map(|row| code(row)).collect();
        let schema = json!({ "$ref": format!("#/components/schemas/{schema}") });
        let described = json!({
            "description": titles.join("; "),
            "content": { kind: { "schema": schema } },
            "x-codes": codes,
        });
        (status.to_string(), described)
    });
    described.collect()
}

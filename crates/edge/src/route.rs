//! What a route is: one row of the table from which the router, the check of who may, and the published description are made.

use crate::body;
use crate::caller::Caller;
use crate::edge::{Edge, Peer};
use crate::headers::{IdempotencyKey, Tag};
use crate::openapi::Schemas;
use crate::problem::{Language, Problem};
use crate::routes::{mapper, oauth};
use crate::stream::{Arriving, Written};
use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, StatusCode};
use kernel::{Command, Operation, Repeatable};
use schemars::{JsonSchema, Schema};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

/// JSON in UTF-8.
pub const JSON: &str = "application/json";

/// Who may come in by a route.
#[derive(Clone, Copy, Debug)]
pub enum Access {
    /// Everyone: it tells nothing of anybody.
    Anyone,
    /// A client that connects with its certificate, and whose role the policy allows this. The handler finds whether what it sends
    /// is signed by it.
    Signed(Operation),
    /// Whoever shows a token that has the scope, and whose role the policy allows this: another organisation's system, or a person.
    Token {
        /// The row of the policy.
        operation: Operation,
        /// What the token must reach.
        scope: &'static str,
    },
}

/// One row of the table.
pub struct Route {
    /// The method of HTTP.
    pub method: Method,
    /// The path; what is in braces is one of our own names for something.
    pub path: &'static str,
    /// What it is called in logs, figures and the description: `payouts.list`. The family stands before the first dot.
    pub name: &'static str,
    /// What it does, in one line.
    pub summary: &'static str,
    /// Who may.
    pub access: Access,
    /// Whether a repeated request is known by the header `Idempotency-Key`.
    pub is_repeatable: bool,
    /// Whether a change names the version that it is about, by the header `If-Match`.
    pub is_conditional: bool,
    /// Whether it is told in the words of OAuth what cannot be done (RFC 6749 §5.2).
    pub is_oauth: bool,
    /// With what it can refuse, besides what every route can: on its own account, and as all do that end in the same.
    pub refusals: [&'static [&'static str]; 2],
    describe: fn(&mut Schemas) -> Shape,
    handler: Handler,
}

type Handler = Box<dyn Fn(Asked) -> Answering + Send + Sync>;
/// An answer that is being made.
pub(crate) type Answering = Pin<Box<dyn Future<Output = Result<Response, Problem>> + Send>>;

/// A request that was let in.
pub(crate) struct Asked {
    pub edge: Arc<Edge>,
    pub caller: Option<Arc<Caller>>,
    pub peer: Peer,
    pub path: Vec<(String, String)>,
    pub parts: Parts,
    pub body: Body,
    pub idempotency_key: Option<IdempotencyKey>,
}

/// What goes in and comes out.
pub(crate) struct Shape {
    pub path: Option<Schema>,
    pub query: Option<Schema>,
    pub body: Option<(&'static str, Schema)>,
    pub status: StatusCode,
    pub answer: Option<(&'static str, Schema)>,
    pub is_tagged: bool,
}

/// What a handler is given.
pub struct Call<B = Nothing, P = Nothing, Q = Nothing, W = Arc<Caller>> {
    /// The edge, with the way to the core.
    pub edge: Arc<Edge>,
    /// Who asks.
    pub caller: W,
    /// Where from, and how.
    pub peer: Peer,
    /// All headers.
    pub headers: HeaderMap,
    /// What stands in the path.
    pub path: P,
    /// What stands in the query.
    pub query: Q,
    /// What came.
    pub body: B,
    /// The client's own name for the request, on routes that take one.
    pub idempotency_key: Option<IdempotencyKey>,
}

impl<B, P, Q> Call<B, P, Q> {
    /// Does something for whoever asks: once, however often they ask for the same under one key.
    pub fn once<C, A>(
        &self,
        asked: &A,
        command: C,
    ) -> impl Future<Output = Answer<C::Output>> + Send + use<B, P, Q, C, A>
    where
        C: Command<Output: Send> + Send + 'static,
        A: Serialize,
    {
        let (edge, actor) = (self.edge.clone(), self.caller.actor());
        let once = self.idempotency_key.as_ref().map(|key| key.once(&actor, &C::OPERATION, asked));
        async move { Ok(edge.core.execute(Repeatable { command, once }, actor).await?) }
    }
}

/// What a handler answers.
pub type Answer<A> = Result<A, Problem>;

/// A part of a request that has nothing in it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// Nobody in particular asks.
pub struct Anyone;

/// Who asks, as the handler sees it.
pub trait Who: Send + Sized + 'static {
    /// Whether the route must be one by which somebody is known.
    const IS_KNOWN: bool;

    /// From what the gate found.
    fn of(caller: Option<Arc<Caller>>) -> Option<Self>;
}

impl Who for Arc<Caller> {
    const IS_KNOWN: bool = true;

    fn of(caller: Option<Arc<Caller>>) -> Option<Self> {
        caller
    }
}

impl Who for Anyone {
    const IS_KNOWN: bool = false;

    fn of(_: Option<Arc<Caller>>) -> Option<Self> {
        Some(Self)
    }
}

/// A row of the table that is being written.
pub struct Draft {
    method: Method,
    path: &'static str,
    name: &'static str,
    summary: &'static str,
    access: Access,
    is_repeatable: bool,
    is_conditional: bool,
    is_oauth: bool,
    refusals: [&'static [&'static str]; 2],
}

impl Route {
    /// Asks for something.
    #[must_use]
    pub const fn get(path: &'static str, name: &'static str, summary: &'static str) -> Draft {
        Draft::new(Method::GET, path, name, summary)
    }

    /// Does something, or asks for something that must not stand in an address.
    #[must_use]
    pub const fn post(path: &'static str, name: &'static str, summary: &'static str) -> Draft {
        Draft::new(Method::POST, path, name, summary)
    }

    /// The family that it belongs to, which is phased out as a whole: `payouts`.
    #[must_use]
    pub fn family(&self) -> &'static str {
        self.name.split('.').next().unwrap_or(self.name)
    }

    /// The version of the interface: `v1`, or none for what has no versions.
    #[must_use]
    pub fn version(&self) -> &'static str {
        let first = self.path.trim_start_matches('/').split('/').next().unwrap_or_default();
        if first.starts_with('v') && first[1..].bytes().all(|byte| byte.is_ascii_digit()) { first } else { "" }
    }

    /// The row of the policy that it stands on; none where it is for everyone.
    #[must_use]
    pub const fn operation(&self) -> Option<&'static str> {
        match self.access {
            Access::Anyone => None,
            Access::Signed(operation) | Access::Token { operation, .. } => Some(operation.name),
        }
    }

    /// Tells what cannot be done: to those who sign messages or ask for tokens, in the words of their standard.
    pub(crate) fn tell(&self, problem: Problem, language: Language, instance: &str) -> Response {
        match self.access {
            Access::Signed(_) => mapper::turned_away(&problem),
            Access::Anyone if self.is_oauth => oauth::turned_away(&problem),
            Access::Anyone | Access::Token { .. } => problem.answer(language, instance),
        }
    }

    pub(crate) fn shape(&self, schemas: &mut Schemas) -> Shape {
        (self.describe)(schemas)
    }

    pub(crate) fn answer(&self, asked: Asked) -> Answering {
        (self.handler)(asked)
    }
}

impl Draft {
    const fn new(method: Method, path: &'static str, name: &'static str, summary: &'static str) -> Self {
        Self {
            method,
            path,
            name,
            summary,
            access: Access::Anyone,
            is_repeatable: false,
            is_conditional: false,
            is_oauth: false,
            refusals: [&[], &[]],
        }
    }

    /// For whoever the policy allows this, by their role, with a token of this scope.
    #[must_use]
    pub const fn token(mut self, operation: Operation, scope: &'static str) -> Self {
        self.access = Access::Token { operation, scope };
        self
    }

    /// For whoever signs the message.
    #[must_use]
    pub const fn signed(mut self, operation: Operation) -> Self {
        self.access = Access::Signed(operation);
        self
    }

    /// A repeated request is known by its `Idempotency-Key`.
    #[must_use]
    pub const fn repeatable(mut self) -> Self {
        self.is_repeatable = true;
        self
    }

    /// A change names the version that it is about, by `If-Match`.
    #[must_use]
    pub const fn conditional(mut self) -> Self {
        self.is_conditional = true;
        self
    }

    /// What cannot be done is told in the words of OAuth.
    #[must_use]
    pub const fn oauth(mut self) -> Self {
        self.is_oauth = true;
        self
    }

    /// It can refuse with these codes.
    #[must_use]
    pub const fn refuses(mut self, refusals: &'static [&'static str]) -> Self {
        self.refusals[0] = refusals;
        self
    }

    /// So can all that end in the same, with these.
    #[must_use]
    pub const fn refuses_as_all(mut self, refusals: &'static [&'static str]) -> Self {
        self.refusals[1] = refusals;
        self
    }

    /// The row, with who answers.
    ///
    /// # Panics
    /// The handler wants to know who asks and the route does not ask, or the other way round.
    #[must_use]
    pub fn by<B, P, Q, W, A, F>(self, handler: fn(Call<B, P, Q, W>) -> F) -> Route
    where
        B: Content,
        P: Named,
        Q: Named,
        W: Who,
        A: Answered,
        F: Future<Output = Answer<A>> + Send + 'static,
    {
        let Self { method, path, name, summary, access, is_repeatable, is_conditional, is_oauth, refusals } = self;
        assert_eq!(!matches!(access, Access::Anyone), W::IS_KNOWN, "{name}: who asks?");
        let handler: Handler = Box::new(move |asked| {
            Box::pin(async move {
                let Asked { edge, caller, peer, path, parts, body, idempotency_key } = asked;
                let call = Call {
                    caller: W::of(caller).ok_or_else(|| Problem::failure("nobody was let in"))?,
                    path: P::read(path.iter().map(|(name, value)| (name.as_str(), value.as_str())))
                        .filter(|_| !path.iter().any(|(_, value)| value.contains('\0')))
                        .ok_or_else(|| Problem::of("request.unknown"))?,
                    query: query(&parts)?,
                    body: B::read(&parts.headers, body, &edge).await?,
                    headers: parts.headers,
                    edge,
                    peer,
                    idempotency_key,
                };
                Ok(handler(call).await?.answer())
            })
        });
        let describe = |schemas: &mut Schemas| Shape {
            path: P::describe(schemas),
            query: Q::describe(schemas),
            body: B::describe(schemas),
            status: A::STATUS,
            answer: A::describe(schemas),
            is_tagged: A::IS_TAGGED,
        };
        Route {
            method,
            path,
            name,
            summary,
            access,
            is_repeatable,
            is_conditional,
            is_oauth,
            refusals,
            describe,
            handler,
        }
    }
}

fn query<Q: Named>(parts: &Parts) -> Result<Q, Problem> {
    let text = parts.uri.query().unwrap_or_default();
    let read = if body::has_encoded_nul(text.as_bytes()) { None } else { serde_urlencoded::from_str(text).ok() };
    read.ok_or_else(|| {
        Problem::of("request.query").because("a parameter is unknown, stands twice, or has no value of its kind")
    })
}

/// Values with names: those of a path or a query.
pub trait Named: DeserializeOwned + JsonSchema + Send + 'static {
    /// From their texts.
    fn read<'p>(pairs: impl Iterator<Item = (&'p str, &'p str)>) -> Option<Self> {
        Self::deserialize(serde::de::value::MapDeserializer::<_, serde::de::value::Error>::new(pairs)).ok()
    }

    /// Their schema, if there are any.
    fn describe(schemas: &mut Schemas) -> Option<Schema> {
        let schema = schemas.whole::<Self>();
        schema.get("properties").is_some().then_some(schema)
    }
}

impl<T: DeserializeOwned + JsonSchema + Send + 'static> Named for T {}

/// What comes with a request.
pub trait Content: Send + Sized + 'static {
    /// Reads it.
    fn read(headers: &HeaderMap, body: Body, edge: &Edge) -> impl Future<Output = Result<Self, Problem>> + Send;

    /// Its type and schema, if there is any.
    fn describe(schemas: &mut Schemas) -> Option<(&'static str, Schema)>;
}

impl Content for Nothing {
    async fn read(headers: &HeaderMap, body: Body, edge: &Edge) -> Result<Self, Problem> {
        let bytes = body::read_whole(headers, body, 0, &edge.limits).await;
        bytes.map_err(|_| Problem::of("body.type").because("send no body"))?;
        Ok(Self {})
    }

    fn describe(_: &mut Schemas) -> Option<(&'static str, Schema)> {
        None
    }
}

/// A JSON text.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned + JsonSchema + Send + 'static> Content for Json<T> {
    async fn read(headers: &HeaderMap, body: Body, edge: &Edge) -> Result<Self, Problem> {
        body::require_type(headers, JSON)?;
        let bytes = body::read_whole(headers, body, edge.limits.body_bytes, &edge.limits).await?;
        body::read_json(&bytes).map(Self)
    }

    fn describe(schemas: &mut Schemas) -> Option<(&'static str, Schema)> {
        Some((JSON, schemas.input::<T>()))
    }
}

/// A form, as OAuth has it. What is unknown there is let pass, as that standard wants.
pub struct Form<T>(pub T);

const FORM: &str = "application/x-www-form-urlencoded";

impl<T: DeserializeOwned + JsonSchema + Send + 'static> Content for Form<T> {
    async fn read(headers: &HeaderMap, body: Body, edge: &Edge) -> Result<Self, Problem> {
        body::require_type(headers, FORM)?;
        let bytes = body::read_whole(headers, body, edge.limits.body_bytes, &edge.limits).await?;
        body::read_form(&bytes).map(Self)
    }

    fn describe(schemas: &mut Schemas) -> Option<(&'static str, Schema)> {
        Some((FORM, schemas.input::<T>()))
    }
}

/// The very bytes of a JSON text, for what is signed; `T` describes them.
pub struct Raw<T = serde_json::Map<String, serde_json::Value>>(pub Bytes, PhantomData<fn() -> T>);

impl<T: JsonSchema + 'static> Content for Raw<T> {
    async fn read(headers: &HeaderMap, body: Body, edge: &Edge) -> Result<Self, Problem> {
        body::require_type(headers, JSON)?;
        let bytes = body::read_whole(headers, body, edge.limits.body_bytes, &edge.limits).await?;
        Ok(Self(bytes, PhantomData))
    }

    fn describe(schemas: &mut Schemas) -> Option<(&'static str, Schema)> {
        Some((JSON, schemas.input::<T>()))
    }
}

/// XML.
pub const XML: &str = "application/xml";

/// An XML file, taken while it arrives.
impl Content for Arriving {
    async fn read(headers: &HeaderMap, body: Body, edge: &Edge) -> Result<Self, Problem> {
        body::require_type(headers, XML)?;
        Ok(Self::of(body, &edge.limits))
    }

    fn describe(_: &mut Schemas) -> Option<(&'static str, Schema)> {
        Some((XML, schemars::json_schema!({ "type": "string" })))
    }
}

/// A CSV file, taken while it arrives.
pub struct Csv(pub Arriving);

const CSV: &str = "text/csv";

impl Content for Csv {
    async fn read(headers: &HeaderMap, body: Body, edge: &Edge) -> Result<Self, Problem> {
        body::require_type(headers, CSV)?;
        Ok(Self(Arriving::of(body, &edge.limits)))
    }

    fn describe(_: &mut Schemas) -> Option<(&'static str, Schema)> {
        Some((CSV, schemars::json_schema!({ "type": "string" })))
    }
}

/// What goes out when all is well.
pub trait Answered: Send + 'static {
    /// The status.
    const STATUS: StatusCode = StatusCode::OK;
    /// Whether it says which version it shows.
    const IS_TAGGED: bool = false;

    /// As a response.
    fn answer(self) -> Response;

    /// Its type and schema, if there is any content.
    fn describe(schemas: &mut Schemas) -> Option<(&'static str, Schema)>;
}

impl<T: Serialize + JsonSchema + Send + 'static> Answered for Json<T> {
    fn answer(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(bytes) => content(JSON, bytes),
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response_without_body(),
        }
    }

    fn describe(schemas: &mut Schemas) -> Option<(&'static str, Schema)> {
        Some((JSON, schemas.output::<T>()))
    }
}

/// A thing that can be changed, with its version.
pub struct Tagged<T>(pub T);

impl<T: Serialize + JsonSchema + Send + 'static> Answered for Tagged<T> {
    const IS_TAGGED: bool = true;

    fn answer(self) -> Response {
        let tag = Tag::of(&self.0);
        TaggedAs(self.0, tag).answer()
    }

    fn describe(schemas: &mut Schemas) -> Option<(&'static str, Schema)> {
        Json::<T>::describe(schemas)
    }
}

/// What was done with a thing that can be changed, with the thing's version.
pub struct TaggedAs<T>(pub T, pub Tag);

impl<T: Serialize + JsonSchema + Send + 'static> Answered for TaggedAs<T> {
    const IS_TAGGED: bool = true;

    fn answer(self) -> Response {
        let Self(done, tag) = self;
        let mut response = Json(done).answer();
        response.headers_mut().insert(header::ETAG, tag.header());
        response
    }

    fn describe(schemas: &mut Schemas) -> Option<(&'static str, Schema)> {
        Json::<T>::describe(schemas)
    }
}

/// Nothing, which is good.
pub struct Done;

impl Answered for Done {
    const STATUS: StatusCode = StatusCode::NO_CONTENT;

    fn answer(self) -> Response {
        StatusCode::NO_CONTENT.into_response_without_body()
    }

    fn describe(_: &mut Schemas) -> Option<(&'static str, Schema)> {
        None
    }
}

/// An XML file, written while it is taken.
impl Answered for Written {
    fn answer(self) -> Response {
        let mut response = Response::new(Body::new(self));
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(XML));
        response
    }

    fn describe(_: &mut Schemas) -> Option<(&'static str, Schema)> {
        Some((XML, schemars::json_schema!({ "type": "string" })))
    }
}

/// An XML message that is at hand whole.
pub struct Xml(pub Vec<u8>);

impl Answered for Xml {
    fn answer(self) -> Response {
        content(XML, self.0)
    }

    fn describe(schemas: &mut Schemas) -> Option<(&'static str, Schema)> {
        Written::describe(schemas)
    }
}

/// A PDF, as a file of this name.
pub struct Pdf {
    /// Letters and digits.
    pub name: String,
    /// The file.
    pub bytes: Vec<u8>,
}

const PDF: &str = "application/pdf";

impl Answered for Pdf {
    fn answer(self) -> Response {
        let mut response = content(PDF, self.bytes);
        if let Ok(place) = HeaderValue::from_str(&format!("attachment; filename=\"{}.pdf\"", self.name)) {
            response.headers_mut().insert(header::CONTENT_DISPOSITION, place);
        }
        response
    }

    fn describe(_: &mut Schemas) -> Option<(&'static str, Schema)> {
        Some((PDF, schemars::json_schema!({ "type": "string", "contentMediaType": PDF })))
    }
}

/// A text that is the same for everybody.
pub struct Text(pub &'static str, pub Bytes);

impl Answered for Text {
    fn answer(self) -> Response {
        content(self.0, self.1)
    }

    fn describe(_: &mut Schemas) -> Option<(&'static str, Schema)> {
        Some(("*/*", schemars::json_schema!(true)))
    }
}

pub(crate) fn content(kind: &'static str, bytes: impl Into<Bytes>) -> Response {
    let mut response = Response::new(Body::new(Full::from(bytes.into())));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

trait WithoutBody {
    fn into_response_without_body(self) -> Response;
}

impl WithoutBody for StatusCode {
    fn into_response_without_body(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self;
        response
    }
}

//! What every request meets: its name, its bounds, who sends it, whether it may, and what is told of it afterwards.

use crate::caller::{Caller, Gate, Thumbprint, Tokens, out_of_scope};
use crate::core::{Clock, Core, Sizes};
use crate::delivery::{Deliveries, Patience};
use crate::emptied::Emptied;
use crate::headers::IdempotencyKey;
use crate::identity::Identity;
use crate::lent::lend;
use crate::limits::Limits;
use crate::log::{Log, request_id};
use crate::metrics::{Metrics, Stopwatch};
use crate::notices::{Notices, Transports};
use crate::openapi;
use crate::ownership::{Inquiries, StandIn};
use crate::phase_out::{Interfaces, Use, Uses};
use crate::problem::{Language, Problem, refused};
use crate::rounds::Means;
use crate::route::{Access, Asked, Route};
use crate::transfers::Transfers;
use axum::Router;
use axum::body::Body;
use axum::extract::RawPathParams;
use axum::response::Response;
use axum::routing::{MethodFilter, MethodRouter};
use bytes::Bytes;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::service::Service as _;
use hyper::{Method, Request};
use hyper_util::service::TowerToHyperService;
use kernel::{Actor, Env, Error, Operation, Refusal, Secrets, Store, Timestamp, Vault, Writer};
use registry::commands::{RemindCollectors, Settle, find_collecting, has_to_remind};
use serde_json::json;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::Poll;

/// So often a second some thousand rows are folded: a bulk file that is being read meanwhile hardly notices.
const FOLDS_A_SECOND: usize = 4;
/// Pages of what waits in payment files that are looked at in a second, or batches released: one file is enough for it.
const PAYOUT_STEPS_A_SECOND: usize = 4;
/// Set on every answer. Answers are for the one who asked; a page loads nothing from elsewhere.
const EVERYWHERE: [(HeaderName, HeaderValue); 5] = [
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        ),
    ),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
];
/// Only over TLS.
const TRANSPORT_SECURITY: HeaderValue = HeaderValue::from_static("max-age=31536000");
/// What the log calls a request that no route took.
const NO_ROUTE: &str = "none";

/// Where a request comes from, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The client's address.
    pub address: IpAddr,
    /// The version of TLS, or one of the other [`phase_out::TRANSPORTS`](crate::phase_out::TRANSPORTS).
    pub transport: &'static str,
    /// Of the client's certificate.
    pub certificate: Option<Thumbprint>,
}

/// What an edge is made of.
pub struct Parts {
    /// The store.
    pub store: Store,
    /// What is offered.
    pub routes: Vec<Route>,
    /// Who verifies tokens.
    pub tokens: Box<dyn Tokens>,
    /// What was ended, and who uses what.
    pub interfaces: Box<dyn Interfaces>,
    /// The authorization server, where it is this one.
    pub identity: Option<Arc<Identity>>,
    /// The present moment.
    pub clock: Clock,
    /// How much at once.
    pub sizes: Sizes,
    /// How much of everything.
    pub limits: Limits,
    /// Where notices go.
    pub notices: Transports,
    /// Who answers in the banks' place to the question whose an account is.
    pub stand_in: Option<StandIn>,
    /// Who writes letters; none, where none are made.
    pub sender: Option<letter::Sender>,
    /// Where log lines go.
    pub log: Box<dyn std::io::Write + Send>,
}

/// Everything between a connection and the core.
pub struct Edge {
    /// The way to the core's threads.
    pub core: Core,
    /// What gives blind indexes.
    pub vault: Vault,
    /// Bounds of requests and connections.
    pub limits: Limits,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// The present moment.
    pub clock: Clock,
    /// Where what happens is told.
    pub log: Log,
    /// What is given to others without their asking.
    pub deliveries: Arc<Deliveries>,
    /// What payees are told.
    pub notices: Arc<Notices>,
    /// What banks are asked.
    pub inquiries: Arc<Inquiries>,
    /// The description of all routes, as JSON and as a page.
    pub(crate) documents: Documents,
    pub(crate) identity: Option<Arc<Identity>>,
    /// Who writes letters.
    pub(crate) sender: Option<letter::Sender>,
    /// Who has used up what it may ask.
    pub(crate) emptied: Emptied,
    /// Places for files that come in and go out.
    pub(crate) transfers: Arc<Transfers>,
    gate: Gate,
    /// How far the looking at what waits in payment files has come.
    settling: Arc<std::sync::Mutex<payout::commands::Settling>>,
    interfaces: Box<dyn Interfaces>,
    uses: Uses,
    is_stopping: AtomicBool,
    /// The first part of the names that requests get here.
    process: u64,
    requests: AtomicU64,
}

pub(crate) struct Documents {
    pub openapi: Bytes,
    pub page: Bytes,
}

/// What the log is told of a request.
#[derive(Clone, Default)]
struct Outcome {
    caller: Option<Arc<Caller>>,
    code: Option<&'static str>,
    cause: Option<Arc<str>>,
}

/// The code of an answer that refuses in words of its own, for the log.
#[derive(Clone, Copy)]
pub(crate) struct RefusedWith(pub &'static str);

/// Known of a request before its route is.
#[derive(Clone)]
struct Context {
    id: Arc<str>,
    language: Language,
    peer: Peer,
}

impl Edge {
    /// Starts the core's threads, and puts the routes in their places. It blocks: not for a thread that waits for others.
    ///
    /// # Errors
    /// The store cannot be opened, or a thread cannot be started.
    pub fn start(parts: Parts) -> Result<(Arc<Self>, Service), Error> {
        let Parts { store, routes, tokens, interfaces, identity, clock, sizes, limits, notices, stand_in, sender, log } =
            parts;
        let metrics = Arc::new(Metrics::new(routes.iter().map(|route| route.name).chain([NO_ROUTE])));
        let core = Core::start(&store, &sizes, clock.clone(), metrics.clone())?;
        let log = Log::start(log, metrics.clone())?;
        let means = Means {
            store: store.clone(),
            clock: clock.clone(),
            patience: Patience::default(),
            metrics: metrics.clone(),
            log: log.clone(),
        };
        let deliveries = Deliveries::start(means.clone())?;
        let inquiries = Inquiries::start(means.clone(), stand_in)?;
        let notices = Notices::start(means, notices)?;
        let process = u64::from_be_bytes(Secrets::from_system().bytes()?);
        let document = openapi::document(&routes);
        let documents = Documents { openapi: document.to_string().into(), page: crate::page::page(&document).into() };
        let edge = Arc::new(Self {
            core,
            vault: store.vault().clone(),
            transfers: Arc::new(Transfers::new(&limits, metrics.clone())),
            limits,
            metrics,
            clock,
            log,
            deliveries,
            notices,
            inquiries,
            documents,
            identity,
            sender,
            emptied: Emptied::default(),
            gate: Gate::new(tokens),
            settling: Arc::default(),
            interfaces,
            uses: Uses::default(),
            is_stopping: AtomicBool::new(false),
            process,
            requests: AtomicU64::default(),
        });
        let router = router(&edge, routes);
        Ok((edge.clone(), Service { edge, router }))
    }

    /// From now on it is not ready for more.
    pub fn begin_stop(&self) {
        self.is_stopping.store(true, Ordering::Relaxed);
        self.deliveries.begin_stop();
        self.notices.begin_stop();
        self.inquiries.begin_stop();
    }

    /// Whether it is about to end.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Relaxed)
    }

    /// Learns what changed of clients, keys and interfaces, and keeps what was used. To be called every second.
    pub async fn refresh(self: &Arc<Self>) {
        let (edge, now) = (self.clone(), (self.clock)());
        let kept = self.core.look_after(move |writer| {
            edge.gate.refresh(writer)?;
            let uses = edge.uses.take();
            edge.interfaces
                .keep(&uses, now, writer)
                .inspect_err(|_| uses.iter().for_each(|(of, times)| edge.uses.add(of, *times)))
        });
        if let Err(crate::core::Unanswered::Failed(error)) = kept.await {
            self.log.event(now, "refresh.failed", &error.to_string());
        }
    }

    /// Lets take effect what has waited long enough, and expire what nobody decided about. To be called every second.
    pub async fn settle(&self) {
        loop {
            let now = (self.clock)();
            match self.core.read(move |reader| reader.read(|scope| registry::queries::is_due(scope, now))).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(unanswered) => return self.unsettled(&unanswered),
            }
            match self.core.execute(Settle { now }, Actor::console()).await {
                Ok(settled) => {
                    self.metrics.unreadable(settled.unreadable.len());
                    for id in &settled.unreadable {
                        self.log.event(now, "settle.unreadable", &format!("{id} cannot be read: the store is damaged"));
                    }
                    if !settled.more {
                        return;
                    }
                }
                Err(unanswered) => return self.unsettled(&unanswered),
            }
        }
    }

    /// Releases what waited in payment files for a moment, or for something that has come. To be called every second.
    pub async fn settle_payouts(&self) {
        for _ in 0..PAYOUT_STEPS_A_SECOND {
            let (now, settling) = ((self.clock)(), Arc::clone(&self.settling));
            let step = move |writer: &mut Writer| {
                let env = Env::sample(now, &mut writer.secrets)?;
                let mut settling = settling.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                payout::commands::settle_some(writer, &mut settling, None, &Actor::console(), &env)
            };
            match self.core.file(step).await {
                Ok(settled) if settled.is_through => return,
                Ok(_) => {}
                Err(unanswered) => return self.unsettled(&unanswered),
            }
        }
    }

    /// Counts the payees of the accounts that bulk files named, some thousand rows at a time, beside whatever else is done. To be called
    /// every second.
    pub async fn fold_holders(&self) {
        for _ in 0..FOLDS_A_SECOND {
            match self.core.look_after(registry::commands::fold_holders).await {
                Ok(true) => {}
                Ok(false) | Err(crate::core::Unanswered::Overloaded) => return,
                Err(crate::core::Unanswered::Failed(error)) => {
                    return self.log.event((self.clock)(), "holders.failed", &error.to_string());
                }
            }
        }
    }

    /// Finds accounts with too many payees, among all accounts once a day, and opens reviews of them; and reminds collectors who are to
    /// be looked at again soon. To be called every second.
    pub async fn review_accounts(&self) {
        let now = (self.clock)();
        let done = async {
            // It goes through all accounts once a day, and must not keep anything else waiting.
            let find = move |writer: &mut Writer| find_collecting(writer, &Actor::console(), now);
            self.core.take_long(find).await?;
            let is_any = move |reader: &mut Writer| reader.read(|scope| has_to_remind(scope, now));
            if self.core.read(is_any).await? {
                let reminded = self.core.execute(RemindCollectors { now }, Actor::console()).await?;
                self.log.event(now, "collectors.reminded", &format!("{reminded} are to be looked at again soon"));
            }
            Ok::<(), crate::core::Unanswered>(())
        };
        if let Err(crate::core::Unanswered::Failed(error)) = done.await {
            self.log.event((self.clock)(), "reviews.failed", &error.to_string());
        }
    }

    fn unsettled(&self, unanswered: &crate::core::Unanswered) {
        // Whoever else was first, or an end that is near, is no failure: the next second comes.
        if let crate::core::Unanswered::Failed(error) = unanswered {
            self.log.event((self.clock)(), "settle.failed", &error.to_string());
        }
    }

    /// Folds what was written into the store, if it has become much; whether that went well. To be called many times a second.
    pub async fn fold_in(&self) -> bool {
        let done = self.core.fold_in().await;
        if let Err(crate::core::Unanswered::Failed(error)) = &done {
            self.log.event((self.clock)(), "fold_in.failed", &error.to_string());
        }
        done.is_ok()
    }

    fn next_id(&self) -> Arc<str> {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        format!("{:016x}-{number:x}", self.process).into()
    }

    /// Who asks by this route, as far as they are known, and whether they may.
    fn let_in(&self, route: &Route, peer: &Peer, headers: &HeaderMap) -> (Option<Arc<Caller>>, Result<(), Problem>) {
        let now = (self.clock)();
        let (operation, scope) = match route.access {
            Access::Anyone => return (None, Ok(())),
            Access::Signed(operation) => return self.connected(&operation, peer, now),
            Access::Token { operation, scope } => (operation, scope),
        };
        let caller = match self.gate.caller(headers, peer.certificate.as_ref(), now, &self.metrics) {
            Ok(caller) => caller,
            Err(problem) => return (None, Err(problem)),
        };
        let may = if !caller.scopes.iter().any(|reached| reached == scope) {
            Err(out_of_scope(scope))
        } else if let Err(refusal) = operation.require(&caller.actor()) {
            Err(refused(refusal))
        } else {
            self.require_open((route.family(), route.version()), peer, &caller.name, caller.algorithm)
                .map_err(Into::into)
        };
        (Some(caller), may)
    }

    /// Who connects with their own certificate. That what they send is signed by them, the handler finds.
    fn connected(
        &self,
        operation: &Operation,
        peer: &Peer,
        now: Timestamp,
    ) -> (Option<Arc<Caller>>, Result<(), Problem>) {
        let Some(identity) = &self.identity else { return (None, Err(Problem::of("request.unknown"))) };
        match identity.connected(peer.certificate.as_ref(), now) {
            Err(refusal) => (None, Err(refusal.into())),
            Ok(caller) => {
                let may = operation.require(&caller.actor()).map_err(refused);
                (Some(Arc::new(caller)), may)
            }
        }
    }

    /// Refuses a form of the interface, named with its version, that was ended; its use is counted either way.
    pub(crate) fn require_open(
        &self,
        (interface, version): (&'static str, &'static str),
        peer: &Peer,
        client: &str,
        algorithm: &'static str,
    ) -> Result<(), Refusal> {
        let of = Use { client: client.to_owned(), interface, version, transport: peer.transport, algorithm };
        self.uses.add(&of, 1);
        self.interfaces.require_open(&of, (self.clock)())
    }

    async fn dispatch(
        self: Arc<Self>,
        route: Arc<Route>,
        path: Option<Vec<(String, String)>>,
        request: Request<Body>,
    ) -> Response {
        let (mut parts, body) = request.into_parts();
        let Some(Context { id, language, peer }) = parts.extensions.remove() else {
            return Problem::failure("a request without its context").answer(Language::English, "");
        };
        let (caller, may) = self.let_in(&route, &peer, &parts.headers);
        let mut outcome = Outcome { caller: caller.clone(), ..Outcome::default() };
        let asked = may.and_then(|()| {
            let path = path.ok_or_else(|| Problem::of("request.unknown"))?;
            let idempotency_key = if route.is_repeatable { IdempotencyKey::read(&parts.headers)? } else { None };
            Ok(Asked { edge: self, caller, peer, path, parts, body, idempotency_key })
        });
        let result = match asked {
            Ok(asked) => caught(route.answer(asked)).await,
            Err(problem) => Err(problem),
        };
        let mut response = result.unwrap_or_else(|problem| {
            outcome.code = Some(problem.code());
            outcome.cause = problem.cause().map(Into::into);
            route.tell(problem, language, &id)
        });
        if let Some(RefusedWith(code)) = response.extensions_mut().remove() {
            outcome.code = Some(code);
        }
        response.extensions_mut().insert(route.name);
        response.extensions_mut().insert(outcome);
        response
    }
}

/// What a handler panics with is a failure of that request alone.
async fn caught(mut answering: crate::route::Answering) -> Result<Response, Problem> {
    std::future::poll_fn(move |context| {
        let polled = std::panic::catch_unwind(AssertUnwindSafe(|| answering.as_mut().poll(context)));
        polled.unwrap_or_else(|_| Poll::Ready(Err(Problem::failure("a handler panicked"))))
    })
    .await
}

fn router(edge: &Arc<Edge>, routes: Vec<Route>) -> Router {
    let mut paths: BTreeMap<&'static str, MethodRouter> = BTreeMap::new();
    for route in routes {
        let (edge, path) = (edge.clone(), route.path);
        let filter = MethodFilter::try_from(route.method.clone()).expect("the methods in the table are those of HTTP");
        let route = Arc::new(route);
        let methods = paths.remove(path).unwrap_or_default();
        let answer = move |params: Result<RawPathParams, _>, request: Request<Body>| {
            let path = params.ok().map(|params: RawPathParams| {
                params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
            });
            edge.clone().dispatch(route.clone(), path, request)
        };
        paths.insert(path, methods.on(filter, answer));
    }
    let router = paths.into_iter().fold(Router::new(), |router, (path, methods)| router.route(path, methods));
    router
        .fallback(|request: Request<Body>| async move { elsewhere(&request, "request.unknown") })
        .method_not_allowed_fallback(|request: Request<Body>| async move { elsewhere(&request, "request.method") })
}

/// Tells what no route took, and the log.
fn turned_away(problem: Problem, language: Language, id: &str) -> Response {
    let outcome = Outcome { code: Some(problem.code()), ..Outcome::default() };
    let mut response = problem.answer(language, id);
    response.extensions_mut().insert(outcome);
    response
}

fn elsewhere(request: &Request<Body>, code: &'static str) -> Response {
    match request.extensions().get::<Context>() {
        Some(Context { id, language, .. }) => turned_away(Problem::of(code), *language, id),
        None => Problem::failure("a request without its context").answer(Language::English, ""),
    }
}

/// Answers requests.
#[derive(Clone)]
pub struct Service {
    edge: Arc<Edge>,
    router: Router,
}

impl Service {
    /// The edge behind it.
    #[must_use]
    pub const fn edge(&self) -> &Arc<Edge> {
        &self.edge
    }

    /// Answers one.
    pub async fn answer(self, request: Request<Body>, peer: Peer) -> Response {
        let Self { edge, router } = self;
        let watch = Stopwatch::start();
        let language = Language::preferred(request.headers());
        let id = request_id::given(request.headers()).map_or_else(|| edge.next_id(), Into::into);
        let method = request.method().clone();
        let is_encrypted = peer.transport != "none";
        let (mut request, rest) = lend(request);
        let mut response = match bounds(&request, &edge.limits) {
            Err(problem) => {
                drop(request);
                turned_away(problem, language, &id)
            }
            Ok(()) => {
                request.extensions_mut().insert(Context { id: id.clone(), language, peer });
                let Ok(response) = TowerToHyperService::new(router).call(request).await;
                response
            }
        };
        if response.status().is_client_error() || response.status().is_server_error() {
            rest.discard(&edge.limits).await;
        }
        let route = response.extensions_mut().remove::<&'static str>().unwrap_or(NO_ROUTE);
        let Outcome { caller, code, cause } = response.extensions_mut().remove().unwrap_or_default();
        let headers = response.headers_mut();
        for (name, value) in EVERYWHERE {
            headers.insert(name, value);
        }
        if is_encrypted {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, TRANSPORT_SECURITY);
        }
        if let Ok(id) = HeaderValue::from_str(&id) {
            headers.insert(request_id::HEADER, id);
        }
        let (status, took) = (response.status().as_u16(), watch.read());
        edge.metrics.request(route, status, took);
        edge.log.line(&json!({
            "at": (edge.clock)().to_string(),
            "event": "request",
            "id": &*id,
            "method": word(&method),
            "route": route,
            "status": status,
            "micros": u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            "client": caller.as_ref().map(|caller| &caller.name),
            "code": code,
            "cause": cause.as_deref(),
        }));
        response
    }
}

/// A method can be any word; only those of HTTP are told.
fn word(method: &Method) -> &str {
    if MethodFilter::try_from(method.clone()).is_ok() { method.as_str() } else { "other" }
}

fn bounds(request: &Request<Body>, limits: &Limits) -> Result<(), Problem> {
    let uri = request.uri();
    if uri.path().len() + uri.query().map_or(0, str::len) > limits.uri_bytes {
        return Err(Problem::of("request.uri_too_long").because(format!("{} bytes are the most", limits.uri_bytes)));
    }
    let headers = request.headers();
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if headers.len() > limits.headers || bytes > limits.header_bytes {
        let (count, bytes) = (limits.headers, limits.header_bytes);
        return Err(Problem::of("request.headers").because(format!("{count} headers and {bytes} bytes are the most")));
    }
    Ok(())
}

//! A message from its signature to that of its answer.

use crate::caller::Caller;
use crate::core::Unanswered;
use crate::edge::{Edge, RefusedWith};
use crate::identity::Identity;
use crate::openapi::Schemas;
use crate::problem::{Problem, refused};
use crate::route::{Answered, Call, JSON, Raw, content};
use axum::response::Response;
use eid::commands::UseOnce;
use eid::message::{MessageRefusal, check_time, verify_message};
use g2p::{Answers, Envelope, Fault, Head, HeaderReason, Moment, Operation, TransportCode};
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use kernel::{Error, Refuse, Scope, Timestamp};
use registry::commands::{Entries, Remembered, Reply};
use registry::message::{MessageKind, Outcome};
use schemars::{JsonSchema, Schema};
use serde::Deserialize;
use services::InMessage;
use std::marker::PhantomData;
use std::sync::Arc;

/// With what any message can be turned away.
pub(crate) const REFUSALS: &[&str] = &[
    "certificate.expired",
    "client.ended",
    "client.unknown",
    "interface.ended",
    "mapper.encrypted",
    "mapper.message",
    "mapper.sender",
    "message.algorithm",
    "message.critical",
    "message.key",
    "message.malformed",
    "message.signature",
    "message.size",
    "message.unsigned",
    "policy.not_allowed",
    "request.unknown",
    "signing_key.none",
    "token_request.certificate_needed",
];
/// The header in which some clients send their signature, and are sent ours.
const SIGNATURE: HeaderName = HeaderName::from_static("signature");
/// What this form of the interface is called when it is ended.
pub(crate) const INTERFACE: (&str, &str) = ("mapper", "1");

/// How a client wants to be told: it says so in the address that it is pointed to.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Told {
    /// In which form accounts are written; without it, in the standard's.
    pub(super) accounts: Option<Form>,
}

/// A form of accounts.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Form {
    /// `account:0440116243@0040`.
    Account,
    /// `iban:DK5000400440116243@dk`.
    Iban,
    /// `account_number:0440116243.branch_code:0040.…`, as G2P Bridge takes it apart.
    KeyValue,
}

/// Where the signature stands. The answer's stands in the same place.
#[derive(Clone, Copy)]
enum Place {
    Member,
    Header,
}

/// Why a message is not answered entry by entry.
pub(super) enum Stop {
    /// It is turned away.
    Away(Problem),
    /// It is rejected as a whole, in an answer of its own, for the log with a code of ours.
    Rejected(HeaderReason, String, &'static str),
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Self::Away(problem)
    }
}

impl From<MessageRefusal> for Stop {
    fn from(refusal: MessageRefusal) -> Self {
        let reason = match refusal {
            MessageRefusal::Replayed => HeaderReason::MessageIdDuplicate,
            MessageRefusal::Time => HeaderReason::MessageTimeInvalid,
            other => return Self::Away(refused(other)),
        };
        Self::Rejected(reason, refusal.to_string(), refusal.code())
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Header(reason, why) => Self::Rejected(reason, why.to_owned(), reason.code()),
            Fault::Transport(code, why) => Self::Away(unreadable(code, why)),
        }
    }
}

impl From<Unanswered> for Stop {
    fn from(unanswered: Unanswered) -> Self {
        match unanswered {
            Unanswered::Failed(Error::Refused(refusal)) if refusal.code == MessageRefusal::Replayed.code() => {
                MessageRefusal::Replayed.into()
            }
            Unanswered::Failed(Error::Refused(refusal)) if refusal.code == MessageRefusal::Time.code() => {
                MessageRefusal::Time.into()
            }
            other => Self::Away(other.into()),
        }
    }
}

fn unreadable(code: TransportCode, why: &str) -> Problem {
    let code = if code == TransportCode::EncryptionInvalid { "mapper.encrypted" } else { "mapper.message" };
    Problem::of(code).because(why)
}

/// A message whose client is known, and signed it.
pub(super) struct Signed<'m> {
    pub(super) edge: &'m Arc<Edge>,
    pub(super) caller: &'m Caller,
    pub(super) envelope: Envelope<'m>,
    identity: &'m Identity,
    place: Place,
}

impl<'m> Signed<'m> {
    /// Reads the envelope, and verifies that the client that connects signed what is in it.
    pub(super) fn open<T, Q>(call: &'m Call<Raw<T>, crate::route::Nothing, Q>) -> Result<Self, Problem> {
        let Call { edge, caller, peer, headers, body, .. } = call;
        let body = &body.0;
        let identity = edge.identity.as_ref().ok_or_else(|| Problem::of("request.unknown"))?;
        let envelope =
            Envelope::read(body).map_err(|fault| unreadable(TransportCode::BadRequest, &fault.to_string()))?;
        if !["", caller.name.as_str()].contains(&envelope.sender_id()) {
            return Err(Problem::of("mapper.sender").because("the sender_id is not the client that connects"));
        }
        let client = identity.registration(&caller.name)?;
        let (place, key) = match in_header(headers)? {
            Some(signature) => {
                let verified = verify_message(&client, signature, body).or_else(|refusal| {
                    // Most clients sign what they send; to write it anew costs more than to read it.
                    let sorted = g2p::sorted(body).filter(|_| refusal.code() == "message.signature").ok_or(refusal)?;
                    verify_message(&client, signature, &sorted)
                });
                (Place::Header, verified)
            }
            None if envelope.signature().is_empty() => return Err(Problem::of("message.unsigned")),
            None => (Place::Member, verify_message(&client, envelope.signature(), &envelope.signed().concat())),
        };
        let algorithm = key.map_err(refused)?.algorithm().name();
        edge.require_open(INTERFACE, peer, &caller.name, algorithm)?;
        Ok(Self { edge, caller, envelope, identity, place })
    }

    /// Has a command done that was made of the good entries of the message, of which `outcomes` has one row each, also of the others.
    /// `make` makes it on a reader's thread, from a snapshot; that the message came before is found there already.
    pub(super) async fn execute<C: Entries<Output: Send> + Send + 'static>(
        &self,
        once: UseOnce,
        kind: MessageKind,
        transaction: &str,
        outcomes: Vec<(String, Option<Outcome>)>,
        make: impl FnOnce(&Scope<'_>) -> Result<C, Error> + Send + 'static,
    ) -> Result<Reply<C::Output>, Unanswered> {
        let (actor, now, transaction, weight) =
            (self.caller.actor(), self.now(), transaction.to_owned(), outcomes.len());
        let client = actor.clone();
        let made = self.edge.core.read(move |reader| {
            let command = reader.read(|scope| {
                once.ask(scope, now)?;
                make(scope)
            })?;
            let command = Remembered::new(reader.store.vault(), command, &client, kind, &transaction, outcomes);
            Ok(InMessage { message: once, command })
        });
        self.edge.core.execute_jointly(made.await?, actor, weight).await
    }

    /// Checks what the header says of the message, that it is for this operation, and of now. What it is used up by.
    pub(super) fn fresh(&self, operation: Operation) -> Result<UseOnce, Stop> {
        self.envelope.check(operation)?;
        let sent = Timestamp::from_micros(self.envelope.message_ts()?.micros());
        let expires = check_time(sent, self.now())?;
        Ok(UseOnce::new(&self.edge.vault, &self.caller.name, self.envelope.message_id(), expires)?)
    }

    pub(super) fn now(&self) -> Timestamp {
        (self.edge.clock)()
    }

    /// What stands in the header of the answer; it is correlated by this.
    pub(super) fn head<'h>(&'h self, correlation_id: &'h str) -> Head<'h> {
        let issuer = self.identity.server().issuer();
        Head {
            message_id: self.envelope.message_id(),
            message_ts: Moment::from_micros(self.now().micros()),
            sender_id: issuer.split_once("://").map_or(issuer, |(_, host)| host),
            receiver_id: &self.caller.name,
            correlation_id,
        }
    }

    /// Signs the answer.
    pub(super) fn seal<T>(
        &self,
        operation: Operation,
        answer: Result<g2p::Response, Stop>,
    ) -> Result<Sealed<T>, Problem> {
        let (answer, refused_with) = match answer {
            Ok(answer) => (answer, None),
            Err(Stop::Away(problem)) => return Err(problem),
            Err(Stop::Rejected(reason, text, code)) => {
                let text = format!("{text} [{code}]");
                (Answers::rejected(operation, self.head(""), reason, &text), Some(code))
            }
        };
        let sign = |bytes: &[u8]| self.identity.sign(bytes, self.now()).map_err(refused);
        let (body, in_header) = match self.place {
            Place::Member => {
                let signature = sign(&answer.signed().concat())?;
                (answer.sign(&signature), None)
            }
            Place::Header => {
                let body = answer.unsigned();
                let signature = sign(&body)?;
                (body, HeaderValue::from_str(&signature).ok())
            }
        };
        Ok(Sealed { body, in_header, refused_with, of: PhantomData })
    }
}

/// The signature in the headers, if there is one.
fn in_header(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut values = headers.get_all(SIGNATURE).iter();
    let Some(value) = values.next() else { return Ok(None) };
    match (value.to_str(), values.next()) {
        (Ok(text), None) => Ok(Some(text)),
        _ => Err(Problem::of("message.malformed").because("the header Signature is one detached JWS")),
    }
}

/// An answer that is signed; `T` describes it.
pub(super) struct Sealed<T> {
    body: Vec<u8>,
    in_header: Option<HeaderValue>,
    refused_with: Option<&'static str>,
    of: PhantomData<fn() -> T>,
}

impl<T: JsonSchema + 'static> Answered for Sealed<T> {
    fn answer(self) -> Response {
        let mut response = content(JSON, self.body);
        if let Some(signature) = self.in_header {
            response.headers_mut().insert(SIGNATURE, signature);
        }
        if let Some(code) = self.refused_with {
            response.extensions_mut().insert(RefusedWith(code));
        }
        response
    }

    fn describe(schemas: &mut Schemas) -> Option<(&'static str, Schema)> {
        Some((JSON, schemas.output::<T>()))
    }
}

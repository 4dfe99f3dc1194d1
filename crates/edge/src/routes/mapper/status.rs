//! What became of an earlier message, as it is now.

use super::change::{HELD, reason};
use super::described::{StatusAnswer, StatusMessage};
use super::message::{Sealed, Signed, Stop, Told};
use super::resolve::told;
use crate::problem::{Problem, sentence};
use crate::route::{Answer, Call, Nothing, Raw};
use g2p::{About, Answers, Changed, Entry, Operation, Reason, Rejection, Resolved, Response, StatusRequest, Text};
use kernel::{Actor, Error, Scope, Timestamp};
use registry::designation::Channel;
use registry::message::{Message, MessageKind, Outcome};
use registry::queries::{self, MessageName};

pub(super) async fn status(call: Call<Raw<StatusMessage>, Nothing, Told>) -> Answer<Sealed<StatusAnswer>> {
    let message = Signed::open(&call)?;
    let answer = answers(&message).await;
    message.seal(Operation::Status, answer)
}

async fn answers(message: &Signed<'_>) -> Result<Response, Stop> {
    let once = message.fresh(Operation::Status)?;
    let question = message.envelope.status()?;
    let (kind, name) = (kind(&question)?, name(&question));
    let (actor, bank, now) = (message.caller.actor(), message.caller.bank.clone(), message.now());
    let asked = message.edge.core.read(move |reader| {
        reader.read(|scope| {
            once.ask(scope, now)?;
            let found = queries::message(scope, &actor, kind, &name)?;
            let found =
                found.map(|(id, message)| Ok::<_, Error>((id.name(), became(scope, &actor, bank, message, now)?)));
            Ok((once, found.transpose()?))
        })
    });
    let (once, found) = asked.await?;
    let (name, (transaction, entries)) = found.ok_or_else(|| Problem::of("mapper.unknown"))?;
    message.edge.core.execute(once, message.caller.actor()).await?;
    let mut written = Answers::to_question(&question, &transaction, message.head(&name), entries.len());
    for (reference, became) in &entries {
        let entry = Entry {
            reference_id: Text::from(reference.as_str()),
            id: Text::default(),
            fa: Text::default(),
            locale: Text::default(),
            asked: Ok(()),
        };
        match became {
            Became::Told(resolved) => written.resolved(&entry, resolved),
            Became::Done => written.changed(&entry, &Changed::Done),
            Became::Held => written.changed(&entry, &HELD),
            Became::Refused { code, text } => {
                let text = sentence(text);
                let rejection = Rejection { reason: standard(question.operation, code), code, text: &text };
                match question.operation {
                    Operation::Resolve => written.resolved(&entry, &Resolved::Rejected(rejection)),
                    _ => written.changed(&entry, &Changed::Rejected(rejection)),
                }
            }
        }
    }
    Ok(written.finish())
}

fn kind(question: &StatusRequest<'_>) -> Result<MessageKind, Problem> {
    Ok(match question.operation {
        Operation::Resolve => MessageKind::Resolve,
        Operation::Link => MessageKind::Link,
        Operation::Update => MessageKind::Update,
        Operation::Unlink => MessageKind::Unlink,
        // No message of this kind is remembered.
        Operation::Status => return Err(Problem::of("mapper.unknown")),
    })
}

fn name(question: &StatusRequest<'_>) -> MessageName {
    match &question.about {
        About::Transaction(name) => MessageName::Transaction(name.as_str().to_owned()),
        About::Correlation(name) => MessageName::Correlation(name.as_str().to_owned()),
        About::References(names) => {
            MessageName::References(names.iter().map(|name| name.as_str().to_owned()).collect())
        }
    }
}

/// What became of an entry.
enum Became {
    Told(Resolved<'static>),
    Done,
    Held,
    Refused { code: String, text: String },
}

/// The client's name for the message, and what became of its entries by now.
fn became(
    scope: &Scope<'_>,
    actor: &Actor,
    bank: Option<String>,
    message: Message,
    now: Timestamp,
) -> Result<(String, Vec<(String, Became)>), Error> {
    let channel = bank.map(Channel::Bank);
    let became = |outcome| -> Result<Became, Error> {
        Ok(match outcome {
            Outcome::Told(class) => Became::Told(told(class)),
            Outcome::Done => Became::Done,
            Outcome::Refused { code, text } => Became::Refused { code, text },
            Outcome::Held(name) => match &channel {
                Some(channel) => waited(&queries::proposal(scope, actor, channel, &name, now)?.standing.state),
                None => Became::Held,
            },
        })
    };
    let entries = message.entries.into_iter().map(|(reference, outcome)| Ok((reference, became(outcome)?)));
    Ok((message.transaction, entries.collect::<Result<_, Error>>()?))
}

/// What became of a change that was held, by its state.
fn waited(state: &str) -> Became {
    let (code, text) = match state {
        "in_force" => return Became::Done,
        "cancelled" => ("change.withdrawn", "it was taken back before it took effect"),
        "expired" => ("change.lapsed", "nobody decided about it in time"),
        "refused" => ("change.refused", "it was refused, by an officer of the registry or by what holds by now"),
        _ => return Became::Held,
    };
    Became::Refused { code: code.to_owned(), text: text.to_owned() }
}

/// The standard's word for the code of an entry that was refused.
fn standard(operation: Operation, code: &str) -> Reason {
    match code {
        "mapper.reference_id" => Reason::ReferenceIdInvalid,
        "mapper.reference_id_repeated" => Reason::ReferenceIdDuplicate,
        "mapper.timestamp" => Reason::TimestampInvalid,
        "mapper.id" => Reason::IdInvalid,
        "mapper.account" | "mapper.attribute" => Reason::FaInvalid,
        "mapper.by_account" | "mapper.scope" | "mapper.not_for_role" if operation == Operation::Resolve => {
            Reason::ResolveTypeNotSupported
        }
        other => reason(other),
    }
}

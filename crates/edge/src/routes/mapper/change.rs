//! Designations that a bank asks for, or ends.

use super::described::{ChangeAnswer as Described, ChangeMessage};
use super::message::{Sealed, Signed, Stop, Told};
use super::resolve::{outcomes, payee_id};
use crate::problem::{Problem, sentence};
use crate::route::{Answer, Call, Nothing, Raw};
use crate::routes::question::unless_emptied;
use denmark::{Account, Country};
use g2p::{Answers, Attributes, Change, Changed, Operation, PayeeNumber, Reason, Rejection, Request, Response, Unlink};
use kernel::{Refuse, Scope, Vault};
use registry::RowRefusal;
use registry::commands::{ChangeAccounts, ChangeAnswer, Reply};
use registry::designation::Channel;
use registry::import::{AccountRow, Written};
use registry::message::MessageKind;
use registry::proposal::Unexpected;

type Asked = Call<Raw<ChangeMessage>, Nothing, Told>;

pub(super) async fn link(call: Asked) -> Answer<Sealed<Described>> {
    let message = Signed::open(&call)?;
    let answer = designated(&message, Operation::Link, MessageKind::Link).await;
    message.seal(Operation::Link, answer)
}

pub(super) async fn update(call: Asked) -> Answer<Sealed<Described>> {
    let message = Signed::open(&call)?;
    let answer = designated(&message, Operation::Update, MessageKind::Update).await;
    message.seal(Operation::Update, answer)
}

pub(super) async fn unlink(call: Asked) -> Answer<Sealed<Described>> {
    let message = Signed::open(&call)?;
    let answer = ended(&message).await;
    message.seal(Operation::Unlink, answer)
}

/// What an entry asks for, in the words of the bank channel.
struct Row {
    action: &'static str,
    payee: String,
    account: String,
    expects: String,
    reason: String,
    consent: String,
}

impl Row {
    fn read(&self, vault: &Vault) -> Result<AccountRow, RowRefusal> {
        let Self { action, payee, account, expects, reason, consent } = self;
        let written = Written { action, payee, account, expects, ..Written::default() };
        AccountRow::read_from_mapper(vault, &written, reason, consent)
    }

    fn of(action: &'static str, payee: PayeeNumber, account: Option<&Account>, said: &Attributes<'_>) -> Self {
        Self {
            action,
            payee: payee_id(payee).reveal(),
            account: written(account),
            expects: written(said.expected.as_ref()),
            reason: said.reason.as_str().to_owned(),
            consent: said.consent.as_str().to_owned(),
        }
    }
}

async fn designated(message: &Signed<'_>, operation: Operation, kind: MessageKind) -> Result<Response, Stop> {
    let once = message.fresh(operation)?;
    let request = if operation == Operation::Link { message.envelope.link()? } else { message.envelope.update()? };
    let row = |change: &Change<'_>| Row::of("register", change.payee, Some(&change.account), &change.said);
    changed(message, once, operation, kind, &request, row).await
}

async fn ended(message: &Signed<'_>) -> Result<Response, Stop> {
    let once = message.fresh(Operation::Unlink)?;
    let request = message.envelope.unlink()?;
    let row = |unlink: &Unlink<'_>| Row::of("close", unlink.payee, unlink.account.as_ref(), &unlink.said);
    changed(message, once, Operation::Unlink, MessageKind::Unlink, &request, row).await
}

async fn changed<T>(
    message: &Signed<'_>,
    once: eid::commands::UseOnce,
    operation: Operation,
    kind: MessageKind,
    request: &Request<'_, T>,
    row: impl Fn(&T) -> Row,
) -> Result<Response, Stop> {
    let rows: Vec<Row> = request.entries.iter().filter_map(|entry| entry.asked.as_ref().ok()).map(row).collect();
    let transaction = request.transaction_id.as_str();
    // Of a message of which nothing is good nothing is kept: sent again, it is answered alike.
    let (name, answers) = if rows.is_empty() {
        Default::default()
    } else {
        let bank = message.caller.bank()?;
        let actor = message.caller.actor();
        let make = move |scope: &Scope<'_>| {
            let rows = rows.iter().map(|row| row.read(scope.vault)).collect();
            Ok(ChangeAccounts::new(actor, Channel::Bank(bank), rows, Unexpected::Hold, None)?)
        };
        let asking = message.execute(once, kind, transaction, outcomes(&request.entries), make);
        let purpose = ChangeAccounts::PURPOSE;
        let Reply { name, output } = unless_emptied(message.edge, message.caller, purpose, 1, asking).await?;
        (name, output)
    };
    let mut written = Answers::new(operation, transaction, message.head(&name), request.entries.len());
    let mut answers = answers.iter();
    for entry in &request.entries {
        match &entry.asked {
            Err(rejection) => written.changed(entry, &Changed::Rejected(*rejection)),
            Ok(_) => match answers.next() {
                Some(ChangeAnswer::Done | ChangeAnswer::Unchanged) => written.changed(entry, &Changed::Done),
                Some(ChangeAnswer::Held(_)) => written.changed(entry, &HELD),
                Some(ChangeAnswer::Refused(refusal)) => {
                    let (code, text) = (refusal.code(), sentence(&refusal.to_string()));
                    let rejection = Rejection { reason: reason(code), code, text: &text };
                    written.changed(entry, &Changed::Rejected(rejection));
                }
                None => return Err(Problem::failure("an entry without an answer").into()),
            },
        }
    }
    Ok(written.finish())
}

/// An entry that waits.
pub(super) const HELD: Changed<'static> = Changed::Held {
    code: "change.held",
    text: "It waits for its time to take effect; or, where another account is in force and the entry does not name it, or not why \
           it is replaced, for an officer of the registry who looks at it.",
};

/// The standard's word for one of our codes.
pub(super) fn reason(code: &str) -> Reason {
    match code {
        "payee.dead" | "designation.frozen" | "designation.locked" => Reason::Other,
        "change.waiting" => Reason::UnknownRetry,
        _ if code.starts_with("payee.") => Reason::IdInvalid,
        _ if ["account.", "bank.", "designation."].iter().any(|family| code.starts_with(family)) => Reason::FaInvalid,
        _ => Reason::Other,
    }
}

/// As the bank channel reads it; empty where there is none.
fn written(account: Option<&Account>) -> String {
    match account {
        None => String::new(),
        Some(Account::Danish(account)) => format!("{}-{}", account.reg, account.number.digits()),
        Some(account @ Account::Foreign(_)) => account.iban(Country::Denmark).as_str().to_owned(),
    }
}

//! Which accounts payees have, or whether accounts are theirs.

use super::described::{ResolveAnswer, ResolveMessage};
use super::message::{Form, Sealed, Signed, Stop, Told};
use crate::problem::Problem;
use crate::route::{Answer, Call, Nothing, Raw};
use crate::routes::question::{client, unless_emptied};
use denmark::{Account, Bic, Country};
use g2p::{
    AccountForm, Answers, Asked, Attribute, Entry, Moment, Operation, PayeeNumber, Provider, Reason, Rejection,
    Resolved, Response,
};
use kernel::{Role, Scope};
use registry::account::DesignatedAccount;
use registry::ask::{AnswerClass, Map, MapAnswer, MapQuestion, MappedAccount};
use registry::commands::{AskMany, Question, Reply};
use registry::legal_purpose::LegalPurpose;
use registry::message::{MessageKind, Outcome};
use registry::payee::PayeeId;

pub(super) async fn resolve(call: Call<Raw<ResolveMessage>, Nothing, Told>) -> Answer<Sealed<ResolveAnswer>> {
    let message = Signed::open(&call)?;
    let answer = answers(&message, call.query.accounts.unwrap_or(Form::Account)).await;
    message.seal(Operation::Resolve, answer)
}

async fn answers(message: &Signed<'_>, form: Form) -> Result<Response, Stop> {
    let once = message.fresh(Operation::Resolve)?;
    let purpose = purpose(message)?;
    let mut request = message.envelope.resolve()?;
    for entry in &mut request.entries {
        if entry.asked.as_ref().is_ok_and(|asked| !question(asked).is_for(message.caller.role())) {
            entry.asked = Err(NOT_FOR_ROLE);
        }
    }
    let asked = request.entries.iter().filter_map(|entry| entry.asked.as_ref().ok());
    let questions: Vec<_> = asked.map(|asked| (payee_id(asked.payee), question(asked))).collect();
    // Of a message of which nothing is good nothing is kept: sent again, it is answered alike.
    let (name, answers) = if questions.is_empty() {
        Default::default()
    } else {
        let (asker, count) = (message.caller.clone(), questions.len());
        let make = move |scope: &Scope<'_>| {
            let questions = questions.into_iter().map(|(payee, asked)| Question { payee, benefit: None, asked });
            let mut ask = AskMany::<Map>::new(scope.vault, client(&asker), purpose, questions.collect())?;
            ask.look_before(scope)?;
            Ok(ask)
        };
        let (transaction, outcomes) = (request.transaction_id.as_str(), outcomes(&request.entries));
        let asking = message.execute(once, MessageKind::Resolve, transaction, outcomes, make);
        let Reply { name, output } = unless_emptied(message.edge, message.caller, purpose, count, asking).await?;
        (name, output)
    };
    let (transaction, count) = (request.transaction_id.as_str(), request.entries.len());
    let mut written = Answers::new(Operation::Resolve, transaction, message.head(&name), count);
    let mut answers = answers.iter();
    for entry in &request.entries {
        match &entry.asked {
            Err(rejection) => written.resolved(entry, &Resolved::Rejected(*rejection)),
            Ok(_) => {
                let answer = answers.next().ok_or_else(|| Problem::failure("a question without an answer"))?;
                write(&mut written, entry, answer, form);
            }
        }
    }
    Ok(written.finish())
}

const NOT_FOR_ROLE: Rejection<'static> = Rejection {
    reason: Reason::ResolveTypeNotSupported,
    code: "mapper.not_for_role",
    text: "Clients in this role ask whether an account that they name is the payee's, and nothing else.",
};

/// By what right the client asks: what it says, or what clients in its role ask for.
fn purpose(message: &Signed<'_>) -> Result<LegalPurpose, Stop> {
    let purpose = match message.envelope.purpose()? {
        Some(text) => LegalPurpose::parse(text.as_str()),
        None if matches!(message.caller.role(), Role::PublicPayer | Role::Bank) => Some(LegalPurpose::Payment),
        None => None,
    };
    let text = "the header's meta has a member purpose: payment, recovery, credit_agreement, fraud_prevention or law";
    Ok(purpose.ok_or_else(|| Problem::of("mapper.purpose").because(text))?)
}

fn question(asked: &Asked) -> MapQuestion {
    match (asked.scope, asked.account) {
        (g2p::Scope::Details, _) => MapQuestion::Which,
        (g2p::Scope::YesNo, Some(account)) => MapQuestion::Is(account),
        (g2p::Scope::YesNo, None) => MapQuestion::Whether,
    }
}

pub(super) fn payee_id(number: PayeeNumber) -> PayeeId {
    match number {
        PayeeNumber::Cpr(number) => PayeeId::Cpr(number),
        PayeeNumber::Cvr(number) => PayeeId::Cvr(number),
        PayeeNumber::Se(number) => PayeeId::Se(number),
        PayeeNumber::P(number) => PayeeId::P(number),
    }
}

/// What is known of entries before they are decided.
pub(super) fn outcomes<T>(entries: &[Entry<'_, T>]) -> Vec<(String, Option<Outcome>)> {
    let refused = |Rejection { code, text, .. }: &Rejection<'_>| Outcome::Refused {
        code: (*code).to_owned(),
        text: (*text).to_owned(),
    };
    let outcome =
        |entry: &Entry<'_, T>| (entry.reference_id.as_str().to_owned(), entry.asked.as_ref().err().map(refused));
    entries.iter().map(outcome).collect()
}

fn write(written: &mut Answers<'_>, entry: &Entry<'_, Asked>, answer: &MapAnswer, form: Form) {
    let changed = [Attribute::Flag("changed_recently", answer.changed_recently)];
    match (&answer.account, answer.state) {
        (Some(account), _) => details(written, entry, account, form),
        (None, AnswerClass::Match) => written.resolved(entry, &Resolved::Match(&changed)),
        (None, AnswerClass::NoMatch) => written.resolved(entry, &Resolved::NoMatch(&changed)),
        (None, class) => written.resolved(entry, &told(class)),
    }
}

/// An answer that tells no account.
pub(super) const fn told(class: AnswerClass) -> Resolved<'static> {
    match class {
        AnswerClass::InForce => Resolved::Active(&[]),
        AnswerClass::Match => Resolved::Match(&[]),
        AnswerClass::NoMatch => Resolved::NoMatch(&[]),
        AnswerClass::None | AnswerClass::Frozen | AnswerClass::Closed | AnswerClass::Dead => Resolved::Inactive,
        AnswerClass::Unknown | AnswerClass::NotPossible => Resolved::NotFound,
    }
}

fn details(written: &mut Answers<'_>, entry: &Entry<'_, Asked>, told: &MappedAccount, form: Form) {
    let MappedAccount { account, bank, since_micros, changed_days_ago, pending_change } = told;
    let since = Moment::from_micros(*since_micros).to_date();
    let since = Attribute::Text("since", &since);
    let pending = Attribute::Flag("pending_change", *pending_change);
    let (with_days, without);
    let attributes: &[Attribute<'_>] = match changed_days_ago {
        Some(days) => {
            with_days = [since, Attribute::Number("changed_days_ago", *days), pending];
            &with_days
        }
        None => {
            without = [since, pending];
            &without
        }
    };
    let (account, bic) = match account {
        DesignatedAccount::Domestic { account, .. } => {
            (Account::Danish(*account), bank.as_ref().and_then(|bank| bank.bic))
        }
        DesignatedAccount::Foreign { iban, bic } => (Account::Foreign(*iban), Some(*bic)),
    };
    let reg = if let Account::Danish(account) = &account { account.reg.to_string() } else { String::new() };
    let provider = bank.as_ref().filter(|_| !matches!(form, Form::KeyValue)).map(|bank| Provider {
        name: &bank.name,
        code: bic.as_ref().map_or(&reg, Bic::as_str),
        subcode: Some(&reg),
    });
    let resolved = Resolved::Account {
        account: &account,
        form: match form {
            Form::Account => AccountForm::Account,
            Form::Iban => AccountForm::Iban,
            Form::KeyValue => AccountForm::KeyValue,
        },
        country: bank.as_ref().map_or(Country::Denmark, |bank| bank.country),
        bic: bic.as_ref(),
        provider,
        attributes,
    };
    written.resolved(entry, &resolved);
}

use crate::account::{AccountForm, write_account};
use crate::code::{HeaderReason, Operation, Rejection, TransportCode};
use crate::request::Entry;
use crate::text::write_json;
use crate::{Moment, StatusRequest};
use denmark::{Account, Bic, Country};
use std::io::Write;
use std::ops::Range;

const INFALLIBLE: &str = "memory takes what is written";
/// What an answer to one entry takes with room to spare, so that the buffer seldom grows.
const ANSWER_BYTES: usize = 320;

/// What stands in the header of an answer, besides what follows from its entries.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// The request's own: clients in use tell answers apart by it.
    pub message_id: &'a str,
    /// When the answer is written.
    pub message_ts: Moment,
    /// Who answers.
    pub sender_id: &'a str,
    /// Who asked.
    pub receiver_id: &'a str,
    /// The registry's own name for what was done; a later question may use it. At most 99 bytes.
    pub correlation_id: &'a str,
}

/// What a resolve entry is answered.
#[derive(Clone, Copy, Debug)]
pub enum Resolved<'a> {
    /// [`crate::Scope::Details`]: this account is in force.
    Account {
        /// The account.
        account: &'a Account,
        /// How it is written.
        form: AccountForm,
        /// Which of a Danish account's IBANs is printed.
        country: Country,
        /// The bank's, where it is known.
        bic: Option<&'a Bic>,
        /// The bank. Leave it out for [`AccountForm::KeyValue`]: its client takes the bank's name for the payee's.
        provider: Option<Provider<'a>>,
        /// What else this client may know: `since`, `changed_days_ago`, `pending_change`.
        attributes: &'a [Attribute<'a>],
    },
    /// [`crate::Scope::YesNo`], and the entry named no account: there is one in force.
    Active(&'a [Attribute<'a>]),
    /// [`crate::Scope::YesNo`]: the account of the entry is the one in force.
    Match(&'a [Attribute<'a>]),
    /// [`crate::Scope::YesNo`]: it is not.
    NoMatch(&'a [Attribute<'a>]),
    /// The payee is known, and nothing can be paid to an account: none is in force.
    Inactive,
    /// No such payee, or none that this client may know of.
    NotFound,
    /// The entry is rejected.
    Rejected(Rejection<'a>),
}

/// The bank of an account.
#[derive(Clone, Copy, Debug)]
pub struct Provider<'a> {
    /// As the bank calls itself.
    pub name: &'a str,
    /// Its BIC, or another code.
    pub code: &'a str,
    /// The branch's registration number.
    pub subcode: Option<&'a str>,
}

/// One member of `additional_info`.
#[derive(Clone, Copy, Debug)]
pub enum Attribute<'a> {
    /// A name and a text.
    Text(&'a str, &'a str),
    /// A name and a number.
    Number(&'a str, i64),
    /// A name, and whether it is so.
    Flag(&'a str, bool),
}

/// What a link, update or unlink entry is answered.
#[derive(Clone, Copy, Debug)]
pub enum Changed<'a> {
    /// It is done.
    Done,
    /// It waits: for the payee's word, for four eyes, for a date. The code and sentence say for what.
    Held {
        /// The stable code of what holds it.
        code: &'a str,
        /// A sentence.
        text: &'a str,
    },
    /// The entry is rejected.
    Rejected(Rejection<'a>),
}

/// The answers to one message, in the order of its entries.
///
/// The body grows in one buffer, with the message before the header, whose counts and status follow from the answers. The
/// order of members means nothing in JSON.
pub struct Answers<'a> {
    /// Whose codes the answers have.
    operation: Operation,
    /// What the header says was done.
    action: &'static str,
    head: Head<'a>,
    message_ts: String,
    body: Vec<u8>,
    /// What closes the message.
    end: &'static str,
    total: usize,
    completed: usize,
}

/// Where the message begins in every body.
const MESSAGE_START: usize = b"{\"message\":".len();

impl<'a> Answers<'a> {
    /// The answers to a message of this operation. `entries` is how many there will be, about.
    pub fn new(operation: Operation, transaction_id: &str, head: Head<'a>, entries: usize) -> Answers<'a> {
        let mut answers = Answers {
            operation,
            action: operation.answer_action(),
            head,
            message_ts: head.message_ts.to_text(),
            body: Vec::with_capacity(1024 + entries * ANSWER_BYTES),
            end: "]}",
            total: 0,
            completed: 0,
        };
        answers.body.extend_from_slice(b"{\"message\":");
        answers.begin_message(transaction_id);
        answers.push(",\"");
        answers.push(operation.answer_list());
        answers.push("\":[");
        answers
    }

    /// The answers to a question about the entries of an earlier message: what became of them, as it is now.
    /// `transaction_id` is that message's.
    pub fn to_question(
        question: &StatusRequest<'_>,
        transaction_id: &str,
        head: Head<'a>,
        entries: usize,
    ) -> Answers<'a> {
        let mut answers = Answers::new(question.operation, transaction_id, head, entries);
        answers.action = Operation::Status.answer_action();
        let inner = answers.body.split_off(MESSAGE_START);
        answers.begin_message(question.transaction_id.as_str());
        let (list, kind) = (Operation::Status.answer_list(), question.operation.on_action());
        write!(answers.body, ",\"{list}\":{{\"txn_type\":\"{kind}\",\"txn_status\":").expect(INFALLIBLE);
        answers.body.extend_from_slice(&inner);
        answers.end = "]}}}";
        answers
    }

    /// Answers a resolve entry. The account of the entry is written back only where the answer to it is yes, since clients
    /// in use take any account in an answer for the payee's.
    pub fn resolved<T>(&mut self, entry: &Entry<'_, T>, answer: &Resolved<'_>) {
        self.begin(entry);
        self.echo("id", entry.id.as_str());
        let (status, code, attributes): (_, _, &[Attribute<'_>]) = match answer {
            Resolved::Account { account, form, country, bic, provider, attributes } => {
                self.push(",\"fa\":\"");
                write_account(&mut self.body, account, *form, *country, *bic);
                self.push("\"");
                if let Some(provider) = provider {
                    self.provider(provider);
                }
                ("succ", Some("succ.id.active"), attributes)
            }
            Resolved::Active(attributes) => ("succ", Some("succ.id.active"), attributes),
            Resolved::Match(attributes) => {
                self.echo("fa", entry.fa.as_str());
                ("succ", Some("succ.fa.active"), attributes)
            }
            Resolved::NoMatch(attributes) => ("succ", Some("succ.fa.not_linked_to_id"), attributes),
            Resolved::Inactive => ("succ", Some("succ.id.inactive"), &[]),
            Resolved::NotFound => ("succ", Some("succ.id.not_found"), &[]),
            Resolved::Rejected(rejection) => ("rjct", rejection.reason.code(self.operation), &[]),
        };
        self.status(status, code);
        if let Resolved::Rejected(Rejection { text, code, .. }) = answer {
            self.sentence(text, code);
        }
        self.attributes(attributes);
        self.end(entry);
    }

    /// Answers a link, update or unlink entry. `id` and `fa` are written back as they came.
    pub fn changed<T>(&mut self, entry: &Entry<'_, T>, answer: &Changed<'_>) {
        self.begin(entry);
        self.echo("id", entry.id.as_str());
        self.echo("fa", entry.fa.as_str());
        match answer {
            Changed::Done => self.status("succ", None),
            Changed::Held { text, code } => {
                self.status("pdng", None);
                self.sentence(text, code);
                self.completed -= 1;
            }
            Changed::Rejected(Rejection { reason, text, code }) => {
                self.status("rjct", reason.code(self.operation));
                self.sentence(text, code);
            }
        }
        self.end(entry);
    }

    /// The whole answer. Its status is `succ` where every entry is decided, rejected ones too, and `pdng` where some wait.
    pub fn finish(self) -> Response {
        let status = if self.completed == self.total { "succ" } else { "pdng" };
        self.finish_with(status, None)
    }

    /// The answer to a message that is rejected as a whole: no entry of it was looked at, and the list is empty.
    pub fn rejected(operation: Operation, head: Head<'a>, reason: HeaderReason, text: &str) -> Response {
        Answers::new(operation, "", head, 0).finish_with("rjct", Some((reason, text)))
    }

    fn finish_with(mut self, status: &str, reason: Option<(HeaderReason, &str)>) -> Response {
        self.push(self.end);
        let message = MESSAGE_START..self.body.len();
        self.push(",\"header\":");
        let header_start = self.body.len();
        self.push("{\"version\":\"1.0.0\"");
        self.text("message_id", self.head.message_id);
        let (moment, action) = (&self.message_ts, self.action);
        write!(self.body, ",\"message_ts\":\"{moment}\",\"action\":\"{action}\",\"status\":\"{status}\"")
            .expect(INFALLIBLE);
        if let Some((reason, text)) = reason {
            self.text("status_reason_code", reason.code());
            self.text("status_reason_message", text);
        }
        let (total, completed) = (self.total, self.completed);
        write!(self.body, ",\"total_count\":{total},\"completed_count\":{completed}").expect(INFALLIBLE);
        self.text("sender_id", self.head.sender_id);
        self.text("receiver_id", self.head.receiver_id);
        self.push(",\"is_msg_encrypted\":false}");
        Response { header: header_start..self.body.len(), message, body: self.body }
    }

    fn begin_message(&mut self, transaction_id: &str) {
        self.push("{\"transaction_id\":");
        write_json(&mut self.body, transaction_id);
        self.text("correlation_id", self.head.correlation_id);
    }

    fn begin<T>(&mut self, entry: &Entry<'_, T>) {
        self.push(if self.total == 0 { "{\"reference_id\":" } else { ",{\"reference_id\":" });
        self.total += 1;
        self.completed += 1;
        write_json(&mut self.body, entry.reference_id.as_str());
        self.push(",\"timestamp\":\"");
        self.body.extend_from_slice(self.message_ts.as_bytes());
        self.push("\"");
    }

    /// A text of the entry, as it came; nothing where there was none.
    fn echo(&mut self, name: &str, text: &str) {
        if !text.is_empty() {
            self.text(name, text);
        }
    }

    fn status(&mut self, status: &str, code: Option<&str>) {
        self.text("status", status);
        if let Some(code) = code {
            self.text("status_reason_code", code);
        }
    }

    /// The sentence and our own code after it, as the command line prints them.
    fn sentence(&mut self, text: &str, code: &str) {
        self.text("status_reason_message", &format!("{text} [{code}]"));
    }

    fn provider(&mut self, provider: &Provider<'_>) {
        self.push(",\"account_provider_info\":{\"name\":");
        write_json(&mut self.body, provider.name);
        self.text("code", provider.code);
        if let Some(subcode) = provider.subcode {
            self.text("subcode", subcode);
        }
        self.push("}");
    }

    fn attributes(&mut self, attributes: &[Attribute<'_>]) {
        if attributes.is_empty() {
            return;
        }
        self.push(",\"additional_info\":[");
        for (at, attribute) in attributes.iter().enumerate() {
            let (Attribute::Text(name, _) | Attribute::Number(name, _) | Attribute::Flag(name, _)) = attribute;
            self.push(if at == 0 { "{\"name\":" } else { ",{\"name\":" });
            write_json(&mut self.body, name);
            self.push(",\"value\":");
            match attribute {
                Attribute::Text(_, text) => write_json(&mut self.body, text),
                Attribute::Number(_, number) => write!(self.body, "{number}").expect(INFALLIBLE),
                Attribute::Flag(_, flag) => write!(self.body, "{flag}").expect(INFALLIBLE),
            }
            self.push("}");
        }
        self.push("]");
    }

    fn end<T>(&mut self, entry: &Entry<'_, T>) {
        self.echo("locale", entry.locale.as_str());
        self.push("}");
    }

    /// A member that is not an object's first.
    fn text(&mut self, name: &str, text: &str) {
        self.push(",\"");
        self.push(name);
        self.push("\":");
        write_json(&mut self.body, text);
    }

    fn push(&mut self, json: &str) {
        self.body.extend_from_slice(json.as_bytes());
    }
}

/// An answer that is written and not yet signed.
pub struct Response {
    /// The body, without its last brace.
    body: Vec<u8>,
    header: Range<usize>,
    message: Range<usize>,
}

impl Response {
    /// What the `signature` member signs: the header's bytes and then the message's, as they will be sent.
    pub fn signed(&self) -> [&[u8]; 2] {
        [&self.body[self.header.clone()], &self.body[self.message.clone()]]
    }

    /// The body with this signature: the bytes to send, which must not be written anew.
    pub fn sign(mut self, signature: &str) -> Vec<u8> {
        self.body.extend_from_slice(b",\"signature\":");
        write_json(&mut self.body, signature);
        self.body.push(b'}');
        self.body
    }

    /// The body without a signature member, for an answer that is signed in an HTTP header or not at all.
    pub fn unsigned(mut self) -> Vec<u8> {
        self.body.push(b'}');
        self.body
    }
}

/// The body of an answer that turns a message away, as the standard has it for whatever stands before the mapper.
pub fn transport_error(code: TransportCode, text: &str) -> Vec<u8> {
    let mut body = Vec::with_capacity(128 + text.len());
    write!(body, "{{\"errors\":[{{\"code\":\"{}\",\"message\":", code.code()).expect(INFALLIBLE);
    write_json(&mut body, text);
    body.extend_from_slice(b"}]}");
    body
}

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
#[derive(Debug)]
pub struct Answers {
    operation: Operation,
    message_ts: String,
    /// The message, up to where the next answer goes.
    message: Vec<u8>,
    total: usize,
    completed: usize,
}

impl Answers {
    /// The answers to a message of this operation, which are written at `head.message_ts`. `entries` is how many there will
    /// be, about.
    pub fn new(operation: Operation, transaction_id: &str, head: &Head<'_>, entries: usize) -> Answers {
        let mut message = Vec::with_capacity(256 + entries * ANSWER_BYTES);
        message.extend_from_slice(b"{\"transaction_id\":");
        write_json(&mut message, transaction_id);
        message.extend_from_slice(b",\"correlation_id\":");
        write_json(&mut message, head.correlation_id);
        write!(message, ",\"{}\":[", operation.answer_list()).expect(INFALLIBLE);
        Answers { operation, message_ts: head.message_ts.to_text(), message, total: 0, completed: 0 }
    }

    /// Answers a resolve entry. The account of the entry is written back only where the answer to it is yes, since clients
    /// in use take any account in an answer for the payee's.
    pub fn resolved<T>(&mut self, entry: &Entry<'_, T>, answer: &Resolved<'_>) {
        self.begin(entry);
        self.echo("id", entry.id.as_str());
        let (status, code, attributes): (_, _, &[Attribute<'_>]) = match answer {
            Resolved::Account { account, form, country, bic, provider, attributes } => {
                self.message.extend_from_slice(b",\"fa\":\"");
                write_account(&mut self.message, account, *form, *country, *bic);
                self.message.push(b'"');
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
    pub fn finish(self, head: &Head<'_>) -> Response {
        let header = self.header(self.operation, head);
        Response::new(header, &[&self.message, b"]}"])
    }

    /// The whole answer to a question about these entries: what became of them, as it is now.
    pub fn finish_as_status(self, question: &StatusRequest<'_>, head: &Head<'_>) -> Response {
        let header = self.header(Operation::Status, head);
        let mut around = Vec::with_capacity(256);
        around.extend_from_slice(b"{\"transaction_id\":");
        write_json(&mut around, question.transaction_id.as_str());
        around.extend_from_slice(b",\"correlation_id\":");
        write_json(&mut around, head.correlation_id);
        let (list, kind) = (Operation::Status.answer_list(), question.operation.on_action());
        write!(around, ",\"{list}\":{{\"txn_type\":\"{kind}\",\"txn_status\":").expect(INFALLIBLE);
        Response::new(header, &[&around, &self.message, b"]}}}"])
    }

    /// The answer to a message that is rejected as a whole: no entry of it was looked at, and the list is empty.
    pub fn rejected(operation: Operation, head: &Head<'_>, reason: HeaderReason, text: &str) -> Response {
        let answers = Answers::new(operation, "", head, 0);
        let mut header = answers.begin_header(operation, head, "rjct");
        write!(header, ",\"status_reason_code\":\"{}\",\"status_reason_message\":", reason.code()).expect(INFALLIBLE);
        write_json(&mut header, text);
        end_header(&mut header, head, 0, 0);
        Response::new(header, &[&answers.message, b"]}"])
    }

    fn header(&self, operation: Operation, head: &Head<'_>) -> Vec<u8> {
        let status = if self.completed == self.total { "succ" } else { "pdng" };
        let mut header = self.begin_header(operation, head, status);
        end_header(&mut header, head, self.total, self.completed);
        header
    }

    fn begin_header(&self, operation: Operation, head: &Head<'_>, status: &str) -> Vec<u8> {
        let mut header = Vec::with_capacity(512);
        header.extend_from_slice(b"{\"version\":\"1.0.0\",\"message_id\":");
        write_json(&mut header, head.message_id);
        let (moment, action) = (&self.message_ts, operation.answer_action());
        write!(header, ",\"message_ts\":\"{moment}\",\"action\":\"{action}\",\"status\":\"{status}\"")
            .expect(INFALLIBLE);
        header
    }

    fn begin<T>(&mut self, entry: &Entry<'_, T>) {
        if self.total > 0 {
            self.message.push(b',');
        }
        self.total += 1;
        self.completed += 1;
        self.message.extend_from_slice(b"{\"reference_id\":");
        write_json(&mut self.message, entry.reference_id.as_str());
        self.message.extend_from_slice(b",\"timestamp\":\"");
        self.message.extend_from_slice(self.message_ts.as_bytes());
        self.message.push(b'"');
    }

    /// A text of the entry, as it came; nothing where there was none.
    fn echo(&mut self, name: &str, text: &str) {
        if !text.is_empty() {
            self.message.extend_from_slice(b",\"");
            self.message.extend_from_slice(name.as_bytes());
            self.message.extend_from_slice(b"\":");
            write_json(&mut self.message, text);
        }
    }

    fn status(&mut self, status: &str, code: Option<&str>) {
        self.message.extend_from_slice(b",\"status\":\"");
        self.message.extend_from_slice(status.as_bytes());
        self.message.push(b'"');
        if let Some(code) = code {
            self.message.extend_from_slice(b",\"status_reason_code\":\"");
            self.message.extend_from_slice(code.as_bytes());
            self.message.push(b'"');
        }
    }

    /// The sentence and our own code after it, as the command line prints them.
    fn sentence(&mut self, text: &str, code: &str) {
        self.message.extend_from_slice(b",\"status_reason_message\":");
        write_json(&mut self.message, &format!("{text} [{code}]"));
    }

    fn provider(&mut self, provider: &Provider<'_>) {
        self.message.extend_from_slice(b",\"account_provider_info\":{\"name\":");
        write_json(&mut self.message, provider.name);
        self.message.extend_from_slice(b",\"code\":");
        write_json(&mut self.message, provider.code);
        if let Some(subcode) = provider.subcode {
            self.message.extend_from_slice(b",\"subcode\":");
            write_json(&mut self.message, subcode);
        }
        self.message.push(b'}');
    }

    fn attributes(&mut self, attributes: &[Attribute<'_>]) {
        if attributes.is_empty() {
            return;
        }
        self.message.extend_from_slice(b",\"additional_info\":[");
        for (at, attribute) in attributes.iter().enumerate() {
            let (Attribute::Text(name, _) | Attribute::Number(name, _) | Attribute::Flag(name, _)) = attribute;
            self.message.extend_from_slice(if at == 0 { b"{\"name\":" } else { b",{\"name\":" });
            write_json(&mut self.message, name);
            self.message.extend_from_slice(b",\"value\":");
            match attribute {
                Attribute::Text(_, text) => write_json(&mut self.message, text),
                Attribute::Number(_, number) => write!(self.message, "{number}").expect(INFALLIBLE),
                Attribute::Flag(_, flag) => write!(self.message, "{flag}").expect(INFALLIBLE),
            }
            self.message.push(b'}');
        }
        self.message.push(b']');
    }

    fn end<T>(&mut self, entry: &Entry<'_, T>) {
        self.echo("locale", entry.locale.as_str());
        self.message.push(b'}');
    }
}

fn end_header(header: &mut Vec<u8>, head: &Head<'_>, total: usize, completed: usize) {
    write!(header, ",\"total_count\":{total},\"completed_count\":{completed},\"sender_id\":").expect(INFALLIBLE);
    write_json(header, head.sender_id);
    header.extend_from_slice(b",\"receiver_id\":");
    write_json(header, head.receiver_id);
    header.extend_from_slice(b",\"is_msg_encrypted\":false}");
}

/// An answer that is written and not yet signed.
#[derive(Debug)]
pub struct Response {
    /// The body, without its last brace.
    body: Vec<u8>,
    header: Range<usize>,
    message: Range<usize>,
}

impl Response {
    fn new(header: Vec<u8>, message: &[&[u8]]) -> Response {
        let mut body = Vec::with_capacity(header.len() + message.iter().map(|part| part.len()).sum::<usize>() + 512);
        body.extend_from_slice(b"{\"header\":");
        let header_start = body.len();
        body.extend_from_slice(&header);
        let header = header_start..body.len();
        body.extend_from_slice(b",\"message\":");
        let message_start = body.len();
        for part in message {
            body.extend_from_slice(part);
        }
        let message = message_start..body.len();
        Response { body, header, message }
    }

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

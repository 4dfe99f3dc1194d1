//! What messages and their answers look like, for the description alone: they are read and written by `g2p`. Members that are not
//! here are ignored, as the standard wants.
#![expect(dead_code, reason = "it is described, and never made")]

use schemars::JsonSchema;
use serde_json::Value;

/// A message: its header, what it asks, and a signature over both.
#[derive(JsonSchema)]
#[schemars(rename = "MapperMessage_{M}")]
pub(super) struct Message<M> {
    /// A detached JWS over the bytes of `header` and then of `message`. Left out where the header `Signature` signs the body.
    #[schemars(default)]
    signature: String,
    /// What the message is.
    header: Header,
    /// What it asks.
    message: M,
}

/// What a message is.
#[derive(JsonSchema)]
#[schemars(rename = "MapperHeader")]
struct Header {
    /// `1` or `1.…`.
    #[schemars(default, pattern(r"^1\.[0-9]\.[0-9]$"))]
    version: String,
    /// Your name for the message; each is used once.
    #[schemars(length(min = 1, max = 99), pattern(r"^[a-z0-9-]{20,36}$"))]
    message_id: String,
    /// Now, give or take five minutes and 30 seconds (ISO 8601 with its offset).
    #[schemars(example = "2026-11-24T10:00:00+01:00")]
    message_ts: String,
    /// The operation.
    action: Action,
    /// Your client's name, or empty.
    #[schemars(default, example = "")]
    sender_id: String,
    /// For whom it is.
    #[schemars(default)]
    receiver_id: String,
    /// How many entries there are, 1 to 1,000; of a question, 1.
    total_count: u64,
    /// Encrypted messages are refused.
    #[schemars(default)]
    is_msg_encrypted: bool,
    /// What stands beside it.
    #[schemars(default)]
    meta: Meta,
}

/// What stands beside a message.
#[derive(Default, JsonSchema)]
#[schemars(rename = "MapperMeta")]
struct Meta {
    /// The legal purpose. Payers and banks are taken to mean `payment`.
    #[schemars(default, with = "crate::routes::question::Purpose")]
    purpose: String,
}

#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "MapperAction")]
enum Action {
    Link,
    Update,
    Unlink,
    Resolve,
    TxnStatus,
}

/// A message that asks about payees.
pub(super) type ResolveMessage = Message<Resolve>;

/// What is asked about payees.
#[derive(JsonSchema)]
#[schemars(rename = "MapperResolve")]
pub(super) struct Resolve {
    /// Your name for all of it.
    #[schemars(length(min = 1, max = 99))]
    transaction_id: String,
    /// 1 to 1,000.
    resolve_request: Vec<ResolveEntry>,
}

/// A question about one payee.
#[derive(JsonSchema)]
#[schemars(rename = "MapperResolveEntry")]
struct ResolveEntry {
    /// Your name for it, once in the message.
    reference_id: String,
    /// When it was asked (ISO 8601).
    #[schemars(example = "2026-11-24T10:00:00+01:00")]
    timestamp: String,
    /// Whose account.
    #[schemars(example = "cpr:6101701234@dk")]
    id: String,
    /// The account that you ask about.
    #[schemars(default, example = "account:440116243@0040")]
    fa: String,
    /// How much you want to know; `yes_no` where nothing is said.
    #[schemars(default)]
    scope: Scope,
    /// Two or three small letters.
    #[schemars(default)]
    locale: String,
}

#[derive(Default, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "MapperScope")]
enum Scope {
    #[default]
    YesNo,
    Details,
}

/// A message that designates accounts or ends designations.
pub(super) type ChangeMessage = Message<Change>;

/// Which accounts are to be designated, or which designations ended; the list of the operation alone.
#[derive(JsonSchema)]
#[schemars(rename = "MapperChange")]
pub(super) struct Change {
    /// Your name for all of it.
    #[schemars(length(min = 1, max = 99))]
    transaction_id: String,
    /// 1 to 1,000, for `link`.
    #[schemars(default)]
    link_request: Vec<ChangeEntry>,
    /// 1 to 1,000, for `update`.
    #[schemars(default)]
    update_request: Vec<ChangeEntry>,
    /// 1 to 1,000, for `unlink`.
    #[schemars(default)]
    unlink_request: Vec<ChangeEntry>,
}

/// One payee, and an account.
#[derive(JsonSchema)]
#[schemars(rename = "MapperChangeEntry")]
struct ChangeEntry {
    /// Your name for it, once in the message.
    reference_id: String,
    /// When it was asked for (ISO 8601).
    #[schemars(example = "2026-11-24T10:00:00+01:00")]
    timestamp: String,
    /// Whose account.
    #[schemars(example = "cpr:6101701234@dk")]
    id: String,
    /// The account. To end a designation, it may be left out.
    #[schemars(default, example = "account:440116243@0040")]
    fa: String,
    /// `expected_fa`, `reason`, `consent`; others are ignored.
    #[schemars(default)]
    additional_info: Vec<ChangeAttribute>,
    /// Two or three small letters.
    #[schemars(default)]
    locale: String,
}

/// One thing that is said of a change.
#[derive(JsonSchema)]
#[schemars(rename = "MapperChangeAttribute")]
struct ChangeAttribute {
    name: String,
    value: String,
}

/// A question about an earlier message.
pub(super) type StatusMessage = Message<Question>;

/// A question about an earlier message.
#[derive(JsonSchema)]
#[schemars(rename = "MapperQuestion")]
pub(super) struct Question {
    /// Your name for the question.
    #[schemars(length(min = 1, max = 99))]
    transaction_id: String,
    /// What is asked.
    txnstatus_request: About,
}

/// What is asked about an earlier message.
#[derive(JsonSchema)]
#[schemars(rename = "MapperAbout")]
struct About {
    /// Your name for it.
    reference_id: String,
    /// When it was asked (ISO 8601).
    #[schemars(default, example = "2026-11-24T11:00:00+01:00")]
    timestamp: String,
    /// The operation of the earlier message: `link`, `update`, `unlink`, `resolve`.
    #[schemars(example = &"resolve")]
    txn_type: String,
    /// By what it is named: `transaction_id`, `correlation_id`, `reference_id_list`.
    #[schemars(example = &"transaction_id")]
    attribute_type: String,
    /// The name; several, of entries.
    #[schemars(with = "String")]
    attribute_value: Value,
}

/// An answer: what became of the message, entry by entry, and our signature over both.
#[derive(JsonSchema)]
#[schemars(rename = "MapperAnswer_{M}")]
pub(super) struct Answer<M> {
    /// A detached JWS as in the message; none where the message had its own in the header `Signature`, which ours has then, too.
    #[serde(skip_serializing_if = "String::is_empty")]
    signature: String,
    /// What became of the message.
    header: AnswerHeader,
    /// What became of its entries.
    message: M,
}

/// What became of a message.
#[derive(JsonSchema)]
#[schemars(rename = "MapperAnswerHeader")]
struct AnswerHeader {
    version: String,
    /// The message's own.
    message_id: String,
    message_ts: String,
    action: String,
    /// `succ`; `pdng` where something waits; `rjct` where the message was rejected as a whole.
    status: Status,
    /// Why it was rejected as a whole, in the standard's code.
    #[serde(skip_serializing_if = "String::is_empty")]
    status_reason_code: String,
    /// The same in words, with our own code in brackets.
    #[serde(skip_serializing_if = "String::is_empty")]
    status_reason_message: String,
    total_count: u64,
    completed_count: u64,
    sender_id: String,
    receiver_id: String,
    is_msg_encrypted: bool,
}

#[derive(JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "MapperStatus")]
enum Status {
    Succ,
    Pdng,
    Rjct,
}

/// The answers about payees.
pub(super) type ResolveAnswer = Answer<Resolved>;

/// The answers about payees.
#[derive(JsonSchema)]
#[schemars(rename = "MapperResolved")]
pub(super) struct Resolved {
    /// The message's own.
    transaction_id: String,
    /// Our name for the message, to ask about it.
    correlation_id: String,
    /// In the order of the message's entries.
    resolve_response: Vec<Entry>,
}

/// What became of designations.
pub(super) type ChangeAnswer = Answer<Changed>;

/// What became of designations: the list of the operation alone.
#[derive(JsonSchema)]
#[schemars(rename = "MapperChanged")]
pub(super) struct Changed {
    /// The message's own.
    transaction_id: String,
    /// Our name for the message, to ask about it.
    correlation_id: String,
    /// In the order of the message's entries.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    link_response: Vec<Entry>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    update_response: Vec<Entry>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unlink_response: Vec<Entry>,
}

/// What became of an earlier message.
pub(super) type StatusAnswer = Answer<Became>;

/// What became of an earlier message.
#[derive(JsonSchema)]
#[schemars(rename = "MapperStatusAnswer")]
pub(super) struct Became {
    /// The question's own.
    transaction_id: String,
    /// Our name for the earlier message.
    correlation_id: String,
    txnstatus_response: Value,
}

/// What became of one entry.
#[derive(JsonSchema)]
#[schemars(rename = "MapperEntry")]
struct Entry {
    /// The entry's own.
    reference_id: String,
    timestamp: String,
    /// As it came.
    #[serde(skip_serializing_if = "String::is_empty")]
    id: String,
    /// The account.
    #[serde(skip_serializing_if = "String::is_empty")]
    fa: String,
    /// Its bank.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Provider")]
    account_provider_info: Option<Provider>,
    status: Status,
    /// In the standard's code, where it has one for this operation.
    #[serde(skip_serializing_if = "String::is_empty")]
    status_reason_code: String,
    /// In words, with our own code in brackets.
    #[serde(skip_serializing_if = "String::is_empty")]
    status_reason_message: String,
    /// What else is known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    additional_info: Vec<Attribute>,
    /// The entry's own.
    #[serde(skip_serializing_if = "String::is_empty")]
    locale: String,
}

/// A bank.
#[derive(JsonSchema)]
#[schemars(rename = "MapperProvider")]
struct Provider {
    name: String,
    code: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    subcode: String,
}

/// One thing that is known: `since`, `changed_days_ago`, `pending_change`, `changed_recently`.
#[derive(JsonSchema)]
#[schemars(rename = "MapperAttribute")]
struct Attribute {
    name: String,
    value: Value,
}

/// Why a message was turned away.
#[derive(JsonSchema)]
#[schemars(rename = "MapperErrors")]
pub(crate) struct Errors {
    /// One.
    errors: Vec<Error>,
}

/// A reason.
#[derive(JsonSchema)]
#[schemars(rename = "MapperError")]
struct Error {
    /// The standard's code.
    code: String,
    /// In words, with our own code in brackets.
    message: String,
}

use crate::code::{Fault, HeaderReason, Operation, Reason, Rejection};
use crate::envelope::{Envelope, TRANSACTION_ID_BYTES_MAX, fault};
use crate::{Moment, PayeeNumber, Text, read_account};
use denmark::Account;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;
use std::marker::PhantomData;

/// The most entries of a message; the least is one.
pub const ENTRIES_MAX: usize = 1_000;
/// The standard sets no limit. What is longer is rejected, and not written back.
pub const REFERENCE_ID_BYTES_MAX: usize = 99;
/// An id or an account that is longer is rejected anyway, and not written back.
const ECHO_BYTES_MAX: usize = 256;
/// The most attributes of `additional_info` that are looked at.
const ATTRIBUTES_MAX: usize = 100;
/// The most that is kept of how a customer consented.
const CONSENT_BYTES_MAX: usize = 999;

/// A message's entries, in its order.
#[derive(Debug)]
pub struct Request<'a, T> {
    /// 1 to [`TRANSACTION_ID_BYTES_MAX`] bytes; unique by the client's word alone.
    pub transaction_id: Text<'a>,
    /// 1 to [`ENTRIES_MAX`].
    pub entries: Vec<Entry<'a, T>>,
}

/// One entry: what is written back to the client, and what it asks, in plain terms.
#[derive(Debug)]
pub struct Entry<'a, T> {
    /// The client's name for it; empty where that is the fault.
    pub reference_id: Text<'a>,
    /// `id` as it was sent; empty where it is missing or too long.
    pub id: Text<'a>,
    /// `fa` as it was sent; empty where it is missing or too long.
    pub fa: Text<'a>,
    /// `locale` as it was sent, where it is two or three letters; else empty.
    pub locale: Text<'a>,
    /// What is asked, or the first thing that is wrong with it.
    pub asked: Result<T, Rejection<'static>>,
}

/// What a resolve entry asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Whose account.
    pub payee: PayeeNumber,
    /// Is it this one? `None`: is there one, or which?
    pub account: Option<Account>,
    /// What the client wants to know.
    pub scope: Scope,
}

/// How much a resolve entry wants to know.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// Yes or no. What the standard takes for granted where nothing is said.
    YesNo,
    /// The account itself.
    Details,
}

/// What a link or update entry asks.
#[derive(Clone, Debug)]
pub struct Change<'a> {
    /// Whose account.
    pub payee: PayeeNumber,
    /// The new one.
    pub account: Account,
    /// What is said beside it.
    pub said: Attributes<'a>,
}

/// What an entry that changes something says in its `additional_info`.
#[derive(Clone, Debug, Default)]
pub struct Attributes<'a> {
    /// The account that the client expects to be in force: `expected_fa`.
    pub expected: Option<Account>,
    /// Why: `reason`, in the words of the bank channel; empty where nothing is said.
    pub reason: Text<'a>,
    /// How the customer consented: `consent`; empty where nothing is said.
    pub consent: Text<'a>,
}

/// What an unlink entry asks.
#[derive(Clone, Debug)]
pub struct Unlink<'a> {
    /// Whose designation ends.
    pub payee: PayeeNumber,
    /// The account that the client expects to be in force; `None` where it does not say.
    pub account: Option<Account>,
    /// What is said beside it.
    pub said: Attributes<'a>,
}

impl<'a> Envelope<'a> {
    /// Reads the entries of a resolve message.
    ///
    /// # Errors
    /// What is wrong with the message; what is wrong with an entry is in the entry.
    pub fn resolve(&self) -> Result<Request<'a, Asked>, Fault> {
        self.entries(Operation::Resolve, "resolve_request")
    }

    /// Reads the entries of a link message.
    ///
    /// # Errors
    /// As [`Envelope::resolve`].
    pub fn link(&self) -> Result<Request<'a, Change<'a>>, Fault> {
        self.entries(Operation::Link, "link_request")
    }

    /// Reads the entries of an update message.
    ///
    /// # Errors
    /// As [`Envelope::resolve`].
    pub fn update(&self) -> Result<Request<'a, Change<'a>>, Fault> {
        self.entries(Operation::Update, "update_request")
    }

    /// Reads the entries of an unlink message.
    ///
    /// # Errors
    /// As [`Envelope::resolve`].
    pub fn unlink(&self) -> Result<Request<'a, Unlink<'a>>, Fault> {
        self.entries(Operation::Unlink, "unlink_request")
    }

    fn entries<T: Understand<'a>>(&self, operation: Operation, list: &'static str) -> Result<Request<'a, T>, Fault> {
        let refuse = |reason, why| Err(Fault::Header(reason, why));
        self.check(operation)?;
        let promised = usize::try_from(self.total_count()).unwrap_or(usize::MAX);
        let message = Message { list, capacity: promised.min(ENTRIES_MAX), of: PhantomData };
        let mut json = serde_json::Deserializer::from_str(self.message);
        let (transaction_id, mut list) = message.deserialize(&mut json).map_err(|error| fault(&error))?;

        if !(1..=TRANSACTION_ID_BYTES_MAX).contains(&transaction_id.as_str().len()) {
            return Err(Fault::bad("The transaction_id is empty or longer than 99 bytes."));
        }
        if list.more > 0 || promised > ENTRIES_MAX {
            return refuse(HeaderReason::TotalCountLimitExceeded, "A message has at most 1,000 entries.");
        }
        if list.entries.is_empty() || list.entries.len() != promised {
            return refuse(
                HeaderReason::TotalCountInvalid,
                "The total_count is not the number of entries, 1 to 1,000.",
            );
        }
        reject_repeated(&mut list.entries);
        Ok(Request { transaction_id, entries: list.entries })
    }
}

/// The first entry of a name stands; those after it are rejected, since an answer could not be told from the other's.
fn reject_repeated<T>(entries: &mut [Entry<'_, T>]) {
    let mut order: Vec<usize> = (0..entries.len()).filter(|&at| !entries[at].reference_id.is_empty()).collect();
    order.sort_unstable_by_key(|&at| (entries[at].reference_id.as_str(), at));
    let repeated: Vec<usize> = order
        .windows(2)
        .filter(|pair| entries[pair[0]].reference_id == entries[pair[1]].reference_id)
        .map(|pair| pair[1])
        .collect();
    for at in repeated {
        entries[at].asked = reject(
            Reason::ReferenceIdDuplicate,
            "mapper.reference_id_repeated",
            "An earlier entry of the message has the same reference_id.",
        );
    }
}

/// An entry as it stands in the message. Members that are missing are that entry's fault; members that are repeated or of the
/// wrong type are the message's.
#[derive(Default)]
struct Wire<'a> {
    reference_id: Option<Text<'a>>,
    timestamp: Option<Text<'a>>,
    id: Option<Text<'a>>,
    fa: Option<Text<'a>>,
    scope: Option<Text<'a>>,
    locale: Option<Text<'a>>,
    /// Clients put lists, objects and texts here. It is skipped, and read where it says something.
    additional_info: Option<&'a RawValue>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Wire<'a> {
    /// By hand, since a derived reader takes a list for an object, member by member.
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Wire<'a>, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Wire<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an entry")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut members: M) -> Result<Wire<'de>, M::Error> {
                let mut wire = Wire::default();
                let mut seen = 0_u8;
                while let Some(name) = members.next_key::<Text<'de>>()? {
                    let (bit, text) = match name.as_str() {
                        "reference_id" => (1, Some(&mut wire.reference_id)),
                        "timestamp" => (2, Some(&mut wire.timestamp)),
                        "id" => (4, Some(&mut wire.id)),
                        "fa" => (8, Some(&mut wire.fa)),
                        "scope" => (16, Some(&mut wire.scope)),
                        "locale" => (32, Some(&mut wire.locale)),
                        "additional_info" => (64, None),
                        _ => {
                            members.next_value::<IgnoredAny>()?;
                            continue;
                        }
                    };
                    if seen & bit != 0 {
                        return Err(M::Error::custom("a member is repeated"));
                    }
                    seen |= bit;
                    match text {
                        Some(text) => *text = members.next_value()?,
                        None => wire.additional_info = members.next_value()?,
                    }
                }
                Ok(wire)
            }
        }

        from.deserialize_map(Members)
    }
}

/// From an entry as it stands to what it asks.
trait Understand<'a>: Sized {
    fn understand(wire: &Wire<'a>) -> Result<Self, Rejection<'static>>;
}

fn reject<T>(reason: Reason, code: &'static str, text: &'static str) -> Result<T, Rejection<'static>> {
    Err(Rejection { reason, code, text })
}

/// `None` where a member is missing or empty: clients in use write both.
fn said<'w>(text: &'w Option<Text<'_>>) -> Option<&'w str> {
    text.as_ref().map(Text::as_str).filter(|text| !text.is_empty())
}

fn payee(wire: &Wire<'_>) -> Result<PayeeNumber, Rejection<'static>> {
    let Some(id) = said(&wire.id) else { return reject(Reason::IdInvalid, "mapper.id", "There is no id.") };
    PayeeNumber::read(id).or_else(|why| reject(Reason::IdInvalid, "mapper.id", why))
}

fn account(text: Option<&str>) -> Result<Option<Account>, Rejection<'static>> {
    let Some(text) = text else { return Ok(None) };
    read_account(text).map(Some).or_else(|why| reject(Reason::FaInvalid, "mapper.account", why))
}

impl<'a> Understand<'a> for Asked {
    fn understand(wire: &Wire<'a>) -> Result<Asked, Rejection<'static>> {
        if said(&wire.id).is_none() && said(&wire.fa).is_some() {
            // Whose account it is, is nobody's to know.
            let why = "Nobody is found by an account: the entry has no id.";
            return reject(Reason::ResolveTypeNotSupported, "mapper.by_account", why);
        }
        let (payee, account) = (payee(wire)?, account(said(&wire.fa))?);
        let scope = match said(&wire.scope) {
            None | Some("yes_no") => Scope::YesNo,
            Some("details") => Scope::Details,
            Some(_) => {
                let why = "The scope is not yes_no or details.";
                return reject(Reason::ResolveTypeNotSupported, "mapper.scope", why);
            }
        };
        Ok(Asked { payee, account, scope })
    }
}

impl<'a> Understand<'a> for Change<'a> {
    fn understand(wire: &Wire<'a>) -> Result<Change<'a>, Rejection<'static>> {
        let payee = payee(wire)?;
        let Some(account) = account(said(&wire.fa))? else {
            return reject(Reason::FaInvalid, "mapper.account", "There is no financial address.");
        };
        Ok(Change { payee, account, said: Attributes::read(wire)? })
    }
}

impl<'a> Understand<'a> for Unlink<'a> {
    fn understand(wire: &Wire<'a>) -> Result<Unlink<'a>, Rejection<'static>> {
        Ok(Unlink { payee: payee(wire)?, account: account(said(&wire.fa))?, said: Attributes::read(wire)? })
    }
}

impl<'a> Attributes<'a> {
    fn read(wire: &Wire<'a>) -> Result<Self, Rejection<'static>> {
        let mut read = Self::default();
        for (name, value) in wire.additional_info.map(attributes).unwrap_or_default() {
            // Said and not understood is worse than not said: the client believes itself guarded.
            let text = value.and_then(|value| serde_json::from_str::<Text<'a>>(value.get()).ok());
            match (name.as_str(), text) {
                ("expected_fa", Some(text)) if read.expected.is_none() => {
                    read.expected = account(Some(text.as_str()))?;
                }
                ("reason", Some(text)) if read.reason.is_empty() && text.as_str().len() <= REFERENCE_ID_BYTES_MAX => {
                    read.reason = text;
                }
                ("consent", Some(text)) if read.consent.is_empty() && text.as_str().len() <= CONSENT_BYTES_MAX => {
                    read.consent = text;
                }
                ("expected_fa" | "reason" | "consent", _) => {
                    let why = "The attribute expected_fa, reason or consent is not a text, is too long or is repeated.";
                    return reject(Reason::FaInvalid, "mapper.attribute", why);
                }
                _ => {}
            }
        }
        Ok(read)
    }
}

/// The attributes of `additional_info` that have a name. What is not a list of them is somebody else's, and is ignored.
fn attributes(info: &RawValue) -> Vec<(Text<'_>, Option<&RawValue>)> {
    #[derive(Deserialize)]
    struct Named<'a> {
        #[serde(borrow)]
        name: Text<'a>,
        #[serde(borrow)]
        value: Option<&'a RawValue>,
    }
    let list: Vec<&RawValue> = serde_json::from_str(info.get()).unwrap_or_default();
    let named = list.into_iter().take(ATTRIBUTES_MAX).filter(|item| item.get().starts_with('{'));
    named
        .filter_map(|item| serde_json::from_str(item.get()).ok())
        .map(|item: Named<'_>| (item.name, item.value))
        .collect()
}

impl<'a, T: Understand<'a>> From<Wire<'a>> for Entry<'a, T> {
    fn from(wire: Wire<'a>) -> Entry<'a, T> {
        let has_reference = said(&wire.reference_id).is_some_and(|id| id.len() <= REFERENCE_ID_BYTES_MAX);
        let asked = if !has_reference {
            let why = "The reference_id is missing, empty or longer than 99 bytes.";
            reject(Reason::ReferenceIdInvalid, "mapper.reference_id", why)
        } else if said(&wire.timestamp).and_then(Moment::parse).is_none() {
            let why = "The timestamp is not a time as in ISO 8601.";
            reject(Reason::TimestampInvalid, "mapper.timestamp", why)
        } else {
            T::understand(&wire)
        };
        let kept = |text: Option<Text<'a>>, bytes_max| {
            text.filter(|text: &Text<'a>| text.as_str().len() <= bytes_max).unwrap_or_default()
        };
        let locale = wire.locale.filter(|locale| {
            matches!(locale.as_str().len(), 2 | 3) && locale.as_str().bytes().all(|byte| byte.is_ascii_lowercase())
        });
        Entry {
            reference_id: kept(wire.reference_id, REFERENCE_ID_BYTES_MAX),
            id: kept(wire.id, ECHO_BYTES_MAX),
            fa: kept(wire.fa, ECHO_BYTES_MAX),
            locale: locale.unwrap_or_default(),
            asked,
        }
    }
}

/// A message with a list of this name; its other members are ignored, as the standard wants.
struct Message<T> {
    list: &'static str,
    capacity: usize,
    of: PhantomData<fn() -> T>,
}

impl<'de, T: Understand<'de>> DeserializeSeed<'de> for Message<T> {
    type Value = (Text<'de>, List<'de, T>);

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de, T: Understand<'de>> Visitor<'de> for Message<T> {
    type Value = (Text<'de>, List<'de, T>);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut members: M) -> Result<Self::Value, M::Error> {
        let (mut transaction_id, mut list) = (None, None);
        while let Some(name) = members.next_key::<Text<'de>>()? {
            if name.as_str() == "transaction_id" {
                if transaction_id.replace(members.next_value()?).is_some() {
                    return Err(M::Error::duplicate_field("transaction_id"));
                }
            } else if name.as_str() == self.list {
                if list.replace(members.next_value_seed(List::new(self.capacity))?).is_some() {
                    return Err(M::Error::duplicate_field(self.list));
                }
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok((
            transaction_id.ok_or_else(|| M::Error::missing_field("transaction_id"))?,
            list.ok_or_else(|| M::Error::missing_field(self.list))?,
        ))
    }
}

/// Entries up to [`ENTRIES_MAX`], and how many more there were.
struct List<'a, T> {
    entries: Vec<Entry<'a, T>>,
    more: usize,
}

impl<T> List<'_, T> {
    fn new(capacity: usize) -> Self {
        List { entries: Vec::with_capacity(capacity), more: 0 }
    }
}

impl<'de, T: Understand<'de>> DeserializeSeed<'de> for List<'de, T> {
    type Value = List<'de, T>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self, D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de, T: Understand<'de>> Visitor<'de> for List<'de, T> {
    type Value = List<'de, T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of entries")
    }

    fn visit_seq<S: SeqAccess<'de>>(mut self, mut items: S) -> Result<Self, S::Error> {
        while self.entries.len() < ENTRIES_MAX {
            let Some(wire) = items.next_element::<Wire<'de>>()? else { return Ok(self) };
            self.entries.push(Entry::from(wire));
        }
        while items.next_element::<IgnoredAny>()?.is_some() {
            self.more += 1;
        }
        Ok(self)
    }
}

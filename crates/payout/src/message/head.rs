//! What the heads of a file and of a block say.

use std::ops::Range;
use std::sync::Arc;

use denmark::Decimal;
use jiff::civil::Date;

use super::Version;
use super::cut::OUTER_PAYMENT;
use super::date::{clock, date};
use super::scope::Scope;
use super::walk::Leaf;
use super::xml::Setting;

/// A value of a head that is made true when payments were taken out, or leave later than they were to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field<T> {
    /// The value; `Err` if it cannot be read.
    pub value: Result<T, ()>,
    /// As it is written, without white space around.
    pub text: String,
    /// Where that stands in the part.
    pub span: Range<usize>,
}

impl<T> Field<T> {
    fn read(leaf: &Leaf<'_>, parse: impl FnOnce(&str) -> Option<T>) -> Self {
        let (text, span) = leaf.trimmed();
        Self { value: parse(text).ok_or(()), text: text.to_owned(), span }
    }
}

/// `NbOfTxs`: white space is part of a text, so ` 2` is not a number.
pub(super) fn count_field(leaf: &Leaf<'_>) -> Field<u64> {
    const DIGITS_MAX: usize = 15;
    let is_number = (1..=DIGITS_MAX).contains(&leaf.text.len()) && leaf.text.bytes().all(|b| b.is_ascii_digit());
    Field::read(leaf, |text| text.parse().ok().filter(|_| is_number))
}

/// `PmtMtd`: whether it is by cheque; `None` if it is no code of the schema's, to which white space belongs.
pub(super) fn is_cheque(method: &str) -> Option<bool> {
    match method {
        "CHK" => Some(true),
        "TRA" | "TRF" => Some(false),
        _ => None,
    }
}

pub(super) fn sum_field(leaf: &Leaf<'_>) -> Field<Decimal> {
    Field::read(leaf, |text| Decimal::parse_control_sum(text).ok())
}

pub(super) fn date_field(leaf: &Leaf<'_>) -> Field<Date> {
    Field::read(leaf, date)
}

pub(super) fn time_field(leaf: &Leaf<'_>) -> Field<Date> {
    Field::read(leaf, |text| clock(text).map(|clock| clock.date()))
}

impl Field<Date> {
    /// Another day, written as this one is: of a point in time, with the time of day that it has in Denmark.
    pub(super) fn on(&self, day: Date) -> String {
        clock(&self.text).map_or_else(|| day.to_string(), |clock| day.to_datetime(clock.time()).to_string())
    }
}

/// What is to be known of the file.
#[derive(Clone, Debug)]
pub struct FileHead {
    /// The version of the message.
    pub version: Version,
    /// The prefix of the message's elements, without colon; mostly empty.
    pub prefix: Vec<u8>,
    /// The payer's id of the message.
    pub message_id: String,
    /// Where it stands in the part.
    pub message_id_span: Range<usize>,
    /// The number of payments, as declared.
    pub count: Field<u64>,
    /// The control sum, if declared.
    pub sum: Option<Field<Decimal>>,
}

/// What is to be known of a block of payments.
#[derive(Clone, Debug)]
pub struct BlockHead {
    /// Counts the blocks of the file from 0.
    pub index: u32,
    /// Where the block's element begins in the part: white space and comments stand before.
    pub start: usize,
    /// The payer's id of the block.
    pub payment_info_id: String,
    /// The payment method is cheque.
    pub is_cheque: bool,
    /// The number of payments, if declared.
    pub count: Option<Field<u64>>,
    /// The control sum, if declared.
    pub sum: Option<Field<Decimal>>,
    /// The proprietary category purpose, trimmed: the benefit kind, where a payment has none of its own.
    pub benefit: Option<String>,
    /// The requested execution date; of a point in time, its date in Denmark.
    pub execution_date: Field<Date>,
    /// Which bank is to make its payments (`DbtrAgt`): its BIC, or else its member number; none where neither is said.
    pub debtor_agent: Option<String>,
    /// What the block's payments need to be read.
    pub context: BlockContext,
}

/// What the payments of a block need to be read.
#[derive(Clone, Debug)]
pub struct BlockContext {
    /// The version of the message.
    pub version: Version,
    /// The prefix of the block's element, without colon.
    pub prefix: Vec<u8>,
    pub(super) scope: Arc<Scope>,
    pub(super) ascii_only: bool,
}

impl BlockContext {
    pub(super) fn setting(&self) -> Setting<'_> {
        Setting {
            uri: self.version.namespace().as_bytes(),
            prefix: &self.prefix,
            scope: &self.scope,
            depth: OUTER_PAYMENT.len(),
        }
    }
}

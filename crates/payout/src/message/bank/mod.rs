//! The messages about money that comes back: what banks say of it is read, what is asked of them is written.
//!
//! | message | what it is | here |
//! |---|---|---|
//! | pacs.004.001.09 | payments that banks return | [`read_returns`] |
//! | camt.029.001.09 | what banks answer to a recall | [`read_answers`] |
//! | camt.055.001.08 | a recall, to the payer's bank | [`write_recall`] |
//! | camt.056.001.08 | a recall, from bank to bank | [`write_transfer_recall`] |
//! | pain.001.001.09 | payments out of the waiting account | [`write_order`] |
//!
//! A status report (pain.002) on a payment that came back is one of [`super::StatusFile`], with [`super::Status::Rejected`] and
//! [`ReturnReason::status`].
//!
//! What is read is as strict as payment files are: well-formed, and in the names, order and occurrence of the schema down to
//! the containers that are read. A message of any length is read in bounded memory. What is written is valid; texts from
//! outside are escaped, and cut where the schema ends.

mod answers;
mod order;
mod parts;
mod read;
mod reason;
mod recall;
mod returns;
pub(super) mod schema;
mod stream;

pub use answers::{Answer, AnswerTo, Answers, AnswersHead, read_answers};
pub use order::{Order, OrderedPayment, write_order};
pub use parts::Party;
pub use read::{Amount, BankAccount, BankAgent, Reason, is_uetr};
pub use reason::{Bearing, RecallReason, RecallStatus, ReturnReason};
pub use recall::{Recall, RecalledPayment, RecalledTransfer, TransferRecall, write_recall, write_transfer_recall};
pub use returns::{Creditor, Return, Returns, ReturnsHead, read_returns};
pub use stream::{ELEMENT_BYTES_MAX, ReadError};

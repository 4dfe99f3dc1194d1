//! Payouts: a payment file that names payees goes in, the same file completed with their accounts comes out.
//!
//! Promises:
//! - **Byte for byte**: what is not completed or taken out is as it came.
//! - **Once**: a message id is used once per payer, for ever; the same file again gives the same files again.
//! - **Each payment ends one way, with one reason**, and the sums in the files are true.
//! - **Nothing is half-visible**: rows are staged where nobody sees them and become real in one small transaction; files have
//!   their names only when they are whole, on the disk, and on record.

mod assemble;
pub mod back;
pub mod balance;
pub mod batch;
pub mod case;
pub mod commands;
mod foresight;
pub mod gate;
mod index;
mod judge;
pub mod message;
mod outputs;
mod parallel;
mod pass;
pub mod payment;
pub mod policy;
pub mod queries;
pub mod reason;
pub mod recall;
pub mod rendering;
mod seen;
mod store;
mod stray;
pub mod stray_answer;
pub mod stray_return;
#[cfg(feature = "testing")]
pub mod testing;
pub mod transfer_file;
mod verify;
mod work;

pub use store::{MIGRATIONS, STATEMENTS, TABLES};
pub use verify::verify_index;

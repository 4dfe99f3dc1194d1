//! Danish facts that are true without a database: who a number names, which account a text means, which days banks
//! work.
//!
//! What this crate promises:
//! - **Parse once, at the edge.** A value of one of these types is well-formed; nothing downstream checks it again.
//! - **Nothing leaks by accident.** Numbers that name a person or an account have no `Display`, and their `Debug` is
//!   masked; an error never repeats the text that was refused. To read a number, call `digits()` or `as_str()`, where a
//!   reviewer sees it.
//! - **No input and no output, no clock, no chance.** The same arguments give the same answer on any day and any
//!   machine: even the time zone comes from the database bundled with the program, not from the machine's.
//! - **No allocation to parse.** Every accepted text is read into a `Copy` value; parsing runs for each payment.
//!
//! Another country would be another crate like this one.
//!
//! ```
//! use denmark::{Account, Country, Cpr};
//!
//! let cpr = Cpr::parse("610170-1234")?;
//! assert_eq!(format!("{cpr:?}"), "Cpr(……)");
//!
//! let account = Account::parse("0040-440116243")?;
//! assert_eq!(account, Account::parse("DK50 0040 0440 1162 43")?);
//! assert_eq!(account.iban(Country::FaroeIslands).as_str(), "FO2000400440116243");
//! # Ok::<(), denmark::FormatError>(())
//! ```

mod account;
mod bank;
mod bic;
pub mod calendar;
mod cpr;
mod currency;
mod cvr;
mod decimal;
mod digits;
mod error;
mod iban;
mod money;

pub use account::{Account, AccountNumber, Country, DanishAccount, RegNumber};
pub use bank::{Bank, BankDirectory};
pub use bic::Bic;
pub use cpr::Cpr;
pub use currency::Currency;
pub use cvr::{Cvr, PNumber, SeNumber};
pub use decimal::{Decimal, DecimalError};
pub use error::FormatError;
pub use iban::Iban;
pub use money::{Money, MoneyError};

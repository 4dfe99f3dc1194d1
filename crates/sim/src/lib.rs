//! A nation that does not exist, for demonstrations, benchmarks and tests.
//!
//! What this crate promises:
//! - **Nobody in it is real.** Every CPR number is in replacement form, which the population register never gives out;
//!   banks, streets, companies and accounts are made up, and BICs are in the form reserved for tests.
//! - **The seed is everything.** The same [`nation::Plan`] and [`nation::PaymentOrder`] give the same bytes on any
//!   machine, on any day. No clock is read, and no chance but the seed's is used.
//! - **Nothing is held.** Person `i` is computed from the seed and `i`, so that six million people are written in
//!   constant memory, and a payment can name any of them without having met them.
//!
//! ```
//! use sim::nation::{Nation, Plan};
//!
//! let nation = Nation::new(Plan { seed: 1, people: 1000, companies: 50 })?;
//! assert!(nation.person(17).cpr.is_replacement());
//!
//! let mut population = Vec::new();
//! assert_eq!(nation.write_population(&mut population)?, 1000);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod chance;
pub mod nation;

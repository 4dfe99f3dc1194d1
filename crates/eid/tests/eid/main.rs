//! Who comes in and who does not, against a store.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod assertions;
mod clients;
mod keeping;
mod parsers;
mod people;
mod place;
mod tokens;

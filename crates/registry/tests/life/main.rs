//! The life of designations, in a real store: what accounts have many payees, what takes the place of what is closed, what it all costs.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod abuses;
mod beginning;
mod collecting;
mod contested;
mod costs;
mod damaged;
mod heals;
#[path = "../import/place.rs"]
mod place;
mod promoted;
mod shared;
mod told;
mod town;
mod world;

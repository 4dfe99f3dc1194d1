//! The table of routes: everything that is offered.

mod accounts;
mod contacts;
mod designations;
mod documents;
pub(crate) mod feed;
mod health;
mod locks;
pub(crate) mod mapper;
pub(crate) mod oauth;
mod payouts;
mod question;
mod register;
mod resolve;
mod verify;

use crate::route::Route;

/// All of them, in the order in which they are described.
#[must_use]
pub fn all() -> Vec<Route> {
    [
        payouts::routes(),
        resolve::routes(),
        verify::routes(),
        register::routes(),
        mapper::routes(),
        accounts::routes(),
        feed::routes(),
        designations::routes(),
        locks::routes(),
        contacts::routes(),
        oauth::routes(),
        documents::routes(),
        health::routes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

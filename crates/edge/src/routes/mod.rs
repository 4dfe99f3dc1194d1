//! The table of routes: everything that is offered.

mod accounts;
mod documents;
pub(crate) mod feed;
mod health;
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
        oauth::routes(),
        documents::routes(),
        health::routes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

//! The table of routes: everything that is offered.

mod accounts;
mod cases;
mod collectors;
mod contacts;
mod controls;
mod designations;
mod documents;
pub(crate) mod feed;
mod health;
mod letters;
mod locks;
pub(crate) mod mapper;
mod marks;
mod motions;
mod notices;
pub(crate) mod oauth;
mod payees;
mod payouts;
mod proposals;
mod question;
mod recalls;
mod register;
mod resolve;
mod returns;
mod reviews;
pub(crate) mod subscriptions;
mod suspicions;
mod verify;
mod waiting;

use crate::route::Route;

/// All of them, in the order in which they are described.
#[must_use]
pub fn all() -> Vec<Route> {
    [
        payouts::routes(),
        returns::routes(),
        recalls::routes(),
        waiting::routes(),
        resolve::routes(),
        verify::routes(),
        subscriptions::routes(),
        register::routes(),
        mapper::routes(),
        accounts::routes(),
        feed::routes(),
        designations::routes(),
        locks::routes(),
        contacts::routes(),
        controls::routes(),
        collectors::routes(),
        suspicions::routes(),
        marks::routes(),
        reviews::routes(),
        cases::routes(),
        letters::routes(),
        notices::routes(),
        payees::routes(),
        oauth::routes(),
        documents::routes(),
        health::routes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

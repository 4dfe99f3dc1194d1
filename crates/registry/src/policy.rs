//! Who may do what in the registry.

use kernel::Operation;
use kernel::Role::{Authority, Bank, Caseworker, Citizen, Console, Operator, PrivatePayer, PublicPayer, RegisterFeed};

/// Brings the mirror of the population register up to date.
pub const IMPORT_POPULATION: Operation =
    Operation { name: "population.import", roles: &[Console, Operator, RegisterFeed] };
/// Brings the mirror of the company register up to date.
pub const IMPORT_COMPANIES: Operation = Operation { name: "company.import", roles: &[Console, Operator, RegisterFeed] };
/// Records what happened to people and companies, as their registers tell it.
pub const RECORD_EVENTS: Operation = Operation { name: "register.record", roles: &[RegisterFeed] };
/// Brings the bank directory up to date.
pub const IMPORT_BANKS: Operation = Operation { name: "bank.import", roles: &[Console, Operator] };
/// Designates, closes, freezes and unfreezes accounts in bulk.
pub const IMPORT_ACCOUNTS: Operation = Operation { name: "account.import", roles: &[Console, Operator] };
/// Designates, closes, freezes or unfreezes accounts, one or many; a bank its own.
pub const CHANGE_ACCOUNTS: Operation = Operation { name: "account.change", roles: &[Console, Operator, Bank] };
/// Reads which changes wait; a bank its own.
pub const LIST_CHANGES: Operation = Operation { name: "change.list", roles: &[Console, Operator, Bank] };
/// Reads whom a change that was held is about, and what it changes.
pub const SHOW_CHANGE: Operation = Operation { name: "change.show", roles: &[Console, Operator] };
/// Lets a change that waits take effect: somebody else than who asked for it.
pub const RELEASE_CHANGE: Operation = Operation { name: "change.release", roles: &[Console, Operator] };
/// Refuses a change that waits: somebody else than who asked for it.
pub const REFUSE_CHANGE: Operation = Operation { name: "change.refuse", roles: &[Console, Operator] };
/// Takes a change back that waits: a bank its own.
pub const WITHDRAW_CHANGE: Operation = Operation { name: "change.withdraw", roles: &[Bank] };
/// Registers a payer or changes its agreement.
pub const ADD_PAYER: Operation = Operation { name: "payer.add", roles: &[Console, Operator] };
/// Registers a caseworker and their key. It is kept for the console, as with operators: whoever could register people could be two.
pub const ADD_CASEWORKER: Operation = Operation { name: "caseworker.add", roles: &[Console] };
/// Ends a caseworker.
pub const END_CASEWORKER: Operation = Operation { name: "caseworker.end", roles: &[Console, Operator] };
/// Adds a contact point: the payee's own, or for them.
pub const ADD_CONTACT: Operation = Operation { name: "contact.add", roles: &[Operator, Caseworker, Citizen] };
/// Removes a contact point likewise.
pub const REMOVE_CONTACT: Operation = Operation { name: "contact.remove", roles: &[Operator, Caseworker, Citizen] };
/// Reads a payee's contact points.
pub const LIST_CONTACTS: Operation =
    Operation { name: "contact.list", roles: &[Console, Operator, Caseworker, Citizen] };
/// Forbids that a payee's account is changed: the owner, or for them.
pub const SET_LOCK: Operation = Operation { name: "lock.set", roles: &[Operator, Caseworker, Citizen] };
/// Allows it again likewise.
pub const LIFT_LOCK: Operation = Operation { name: "lock.lift", roles: &[Operator, Caseworker, Citizen] };
/// Looks up one payee's account.
pub const RESOLVE: Operation = Operation { name: "payee.resolve", roles: &[Console, Operator] };
/// Asks for the accounts of many payees.
pub const RESOLVE_MANY: Operation = Operation { name: "look_up.resolve", roles: &[PublicPayer, Authority] };
/// Asks whether accounts are those of many payees.
pub const VERIFY_MANY: Operation =
    Operation { name: "look_up.verify", roles: &[PublicPayer, PrivatePayer, Bank, Authority] };
/// Asks for the accounts of many payees, as a client of a mapper does; a bank may only name one and ask whether it is it.
pub const MAP_MANY: Operation = Operation { name: "look_up.map", roles: &[PublicPayer, Bank, Authority] };
/// Asks what became of an earlier message, its own, as a client of a mapper does.
pub const READ_MESSAGES: Operation =
    Operation { name: "message.status", roles: &[PublicPayer, PrivatePayer, Bank, Authority, RegisterFeed] };
/// Reads who looked a payee up.
pub const READ_LOOK_UPS: Operation = Operation { name: "look_up.list", roles: &[Console, Operator] };
/// Gives a client back what it may ask.
pub const REFILL_CLIENT: Operation = Operation { name: "client.refill", roles: &[Console, Operator] };
/// Reads what concerns a bank: its own customers' accounts with it.
pub const READ_FEED: Operation = Operation { name: "feed.read", roles: &[Console, Bank] };
/// Says what is given to another organisation's system without its asking, and where.
pub const ADD_DELIVERY: Operation = Operation { name: "delivery.add", roles: &[Console, Operator] };
/// Ends a delivery.
pub const END_DELIVERY: Operation = Operation { name: "delivery.end", roles: &[Console, Operator] };
/// Reads which deliveries there are, and how far each is.
pub const READ_DELIVERIES: Operation = Operation { name: "delivery.list", roles: &[Console, Operator] };
/// Reads the whole history of one payee's accounts.
pub const READ_HISTORY: Operation = Operation { name: "account.history", roles: &[Console, Operator] };

/// The registry's rows of the policy.
pub const POLICY: &[Operation] = &[
    IMPORT_POPULATION,
    IMPORT_COMPANIES,
    RECORD_EVENTS,
    IMPORT_BANKS,
    IMPORT_ACCOUNTS,
    CHANGE_ACCOUNTS,
    LIST_CHANGES,
    SHOW_CHANGE,
    RELEASE_CHANGE,
    REFUSE_CHANGE,
    WITHDRAW_CHANGE,
    ADD_PAYER,
    ADD_CASEWORKER,
    END_CASEWORKER,
    ADD_CONTACT,
    REMOVE_CONTACT,
    LIST_CONTACTS,
    SET_LOCK,
    LIFT_LOCK,
    RESOLVE,
    RESOLVE_MANY,
    VERIFY_MANY,
    MAP_MANY,
    READ_MESSAGES,
    READ_LOOK_UPS,
    REFILL_CLIENT,
    READ_FEED,
    ADD_DELIVERY,
    END_DELIVERY,
    READ_DELIVERIES,
    READ_HISTORY,
];

//! Who may do what in the registry.

use kernel::Operation;
use kernel::Role::{Authority, Bank, Console, Operator, PrivatePayer, PublicPayer, RegisterFeed};

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
/// Has a notice sent that tells nothing, to try whether it arrives.
pub const TRY_NOTICE: Operation = Operation { name: "notice.try", roles: &[Console, Operator] };
/// Reads which notices wait or were given up.
pub const READ_NOTICES: Operation = Operation { name: "notice.list", roles: &[Console, Operator] };
/// Has notices sent again that were not taken.
pub const RETRY_NOTICES: Operation = Operation { name: "notice.retry", roles: &[Console, Operator] };
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
    TRY_NOTICE,
    READ_NOTICES,
    RETRY_NOTICES,
    READ_HISTORY,
];

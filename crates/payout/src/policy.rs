//! Who may do what with payouts.

use kernel::Operation;
use kernel::Role::{Bank, Caseworker, Console, Operator, PrivatePayer, PublicPayer};

/// Whoever has a say in what a batch holds: its payer's systems, the caseworkers of an authority that pays, and the agency.
const SAY: &[kernel::Role] = &[Console, Operator, Caseworker, PublicPayer, PrivatePayer];

/// Takes a payer's file in and routes it.
pub const ROUTE: Operation = Operation { name: "payout.route", roles: &[Console, Operator, PublicPayer, PrivatePayer] };
/// Refuses a payer's file as a whole; recorded so that it can be told later.
pub const REFUSE: Operation =
    Operation { name: "payout.refuse", roles: &[Console, Operator, PublicPayer, PrivatePayer] };
/// Releases what is held. Where a payer has a system of its own, the agency's officers leave that to it.
pub const RELEASE: Operation = Operation { name: "payout.release", roles: SAY };
/// Cancels what is held.
pub const CANCEL: Operation = Operation { name: "payout.cancel", roles: SAY };
/// Stops what is held, or lets it go on.
pub const STOP: Operation = Operation { name: "payout.stop", roles: SAY };
/// Reads what became of a file.
pub const READ: Operation = Operation { name: "payout.read", roles: SAY };
/// Reads where the money is that came in from a payer on a day.
pub const BALANCE: Operation = Operation { name: "payout.balance", roles: SAY };
/// Reads what was paid to somebody, by whomever, and where it went.
pub const TRACE: Operation = Operation { name: "payout.trace", roles: &[Console, Operator] };
/// Has the completed file: an authority that pays. A private payer never has it, for it names the payees' accounts.
pub const FETCH: Operation = Operation { name: "payout.fetch", roles: &[PublicPayer] };
/// Has the completed files of the payers whose agreement names this bank.
pub const FETCH_FOR_BANK: Operation = Operation { name: "payout.fetch_for_bank", roles: &[Console, Bank] };

/// The payouts' rows of the policy.
pub const POLICY: &[Operation] = &[ROUTE, REFUSE, RELEASE, CANCEL, STOP, READ, BALANCE, TRACE, FETCH, FETCH_FOR_BANK];

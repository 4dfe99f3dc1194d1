//! Who may do what with payouts.

use kernel::Operation;
use kernel::Role::{Console, Operator, PrivatePayer, PublicPayer};

/// Takes a payer's file in and routes it.
pub const ROUTE: Operation = Operation { name: "payout.route", roles: &[Console, Operator] };
/// Refuses a payer's file as a whole; recorded so that it can be told later.
pub const REFUSE: Operation = Operation { name: "payout.refuse", roles: &[Console, Operator] };
/// Releases what is held.
pub const RELEASE: Operation = Operation { name: "payout.release", roles: &[Console, Operator] };
/// Cancels what is held.
pub const CANCEL: Operation = Operation { name: "payout.cancel", roles: &[Console, Operator] };
/// Reads what became of a file.
pub const READ: Operation = Operation { name: "payout.read", roles: &[Console, Operator, PublicPayer, PrivatePayer] };

/// The payouts' rows of the policy.
pub const POLICY: &[Operation] = &[ROUTE, REFUSE, RELEASE, CANCEL, READ];

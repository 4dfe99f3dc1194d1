//! Who may do what with payouts.

use kernel::Operation;
use kernel::Role::{Bank, Caseworker, Console, Operator, PrivatePayer, PublicPayer};

/// Whoever has a say in what a batch holds: its payer's systems, the caseworkers of an authority that pays, and the agency.
const SAY: &[kernel::Role] = &[Console, Operator, Caseworker, PublicPayer, PrivatePayer];
/// The same without private payers: what lies in a waiting account says who has none.
const SEE_WAITING: &[kernel::Role] = &[Console, Operator, Caseworker, PublicPayer];

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
/// Opens a case for a payee who may be a victim, and freezes their accounts.
pub const OPEN_CASE: Operation = Operation { name: "case.open", roles: &[Console, Operator] };
/// Does something under a case; what that is has a row of its own beside.
pub const ACT_ON_CASE: Operation = Operation { name: "case.act", roles: &[Console, Operator] };
/// Says what was found of a case: somebody else than who opened it.
pub const CLOSE_CASE: Operation = Operation { name: "case.close", roles: &[Console, Operator] };
/// Reads cases, and what was done under them.
pub const READ_CASES: Operation = Operation { name: "case.read", roles: &[Console, Operator] };
/// Asks that what is known of a case is given to the police or a bank.
pub const ASK_DISCLOSURE: Operation = Operation { name: "case.ask_disclosure", roles: &[Console, Operator] };
/// Gives it: somebody else than who asked.
pub const GIVE_DISCLOSURE: Operation = Operation { name: "case.disclose", roles: &[Console, Operator] };
/// Books what banks return: they bring it themselves, or the agency does for them.
pub const IMPORT_RETURNS: Operation = Operation { name: "return.import", roles: &[Console, Operator, Bank] };
/// Reads which returns nobody knows the payment of.
pub const LIST_RETURNS: Operation = Operation { name: "return.list", roles: &[Console, Operator] };
/// Decides about one of them.
pub const SETTLE_RETURN: Operation = Operation { name: "return.settle", roles: &[Console, Operator] };
/// Tries payments again that came back.
pub const RETRY: Operation = Operation { name: "payout.retry", roles: SAY };
/// Confirms that money is there which a bank has said it gives back. Where a payer has a system of its own, the agency's officers leave
/// that to it.
pub const CONFIRM_ARRIVAL: Operation = Operation { name: "payout.confirm_arrival", roles: SAY };
/// Reads what lies in waiting accounts.
pub const LIST_WAITING: Operation = Operation { name: "waiting.list", roles: SEE_WAITING };
/// Pays what lies there to the payees' own accounts, as soon as they have one.
pub const PAY_WAITING: Operation = Operation { name: "waiting.pay", roles: SEE_WAITING };
/// Takes back what lies there.
pub const GIVE_BACK: Operation = Operation { name: "waiting.give_back", roles: SAY };
/// Has the completed file: an authority that pays. A private payer never has it, for it names the payees' accounts.
pub const FETCH: Operation = Operation { name: "payout.fetch", roles: &[PublicPayer] };
/// Has the completed files of the payers whose agreement names this bank.
pub const FETCH_FOR_BANK: Operation = Operation { name: "payout.fetch_for_bank", roles: &[Console, Bank] };
/// Asks for payments back that have left. A private payer asks its bank itself: the message names the payees' accounts.
pub const RECALL: Operation = Operation { name: "payout.recall", roles: &[Console, Operator, PublicPayer] };
/// Reads what was asked back, what banks answered, and the messages to the banks.
pub const READ_RECALLS: Operation = Operation { name: "payout.read_recalls", roles: &[Console, Operator, PublicPayer] };
/// Has the recalls of the payers whose agreement names this bank.
pub const FETCH_RECALLS: Operation = Operation { name: "payout.fetch_recalls", roles: &[Bank] };
/// Brings what banks answer to recalls.
pub const ANSWER_RECALLS: Operation = Operation { name: "payout.answer_recalls", roles: &[Console, Operator, Bank] };
/// Reads which answers nobody knows the payment of.
pub const LIST_ANSWERS: Operation = Operation { name: "payout.list_answers", roles: &[Console, Operator] };
/// Says what one of them was about.
pub const SETTLE_ANSWER: Operation = Operation { name: "payout.settle_answer", roles: &[Console, Operator] };
/// Tells how a bank made payments.
pub const TELL_TRANSFERS: Operation = Operation { name: "payout.tell_transfers", roles: &[Console, Operator, Bank] };

/// The payouts' rows of the policy.
pub const POLICY: &[Operation] = &[
    ROUTE,
    REFUSE,
    RELEASE,
    CANCEL,
    STOP,
    READ,
    BALANCE,
    TRACE,
    OPEN_CASE,
    ACT_ON_CASE,
    CLOSE_CASE,
    READ_CASES,
    ASK_DISCLOSURE,
    GIVE_DISCLOSURE,
    FETCH,
    FETCH_FOR_BANK,
    RECALL,
    READ_RECALLS,
    FETCH_RECALLS,
    ANSWER_RECALLS,
    LIST_ANSWERS,
    SETTLE_ANSWER,
    TELL_TRANSFERS,
    IMPORT_RETURNS,
    LIST_RETURNS,
    SETTLE_RETURN,
    LIST_WAITING,
    PAY_WAITING,
    GIVE_BACK,
    RETRY,
    CONFIRM_ARRIVAL,
];

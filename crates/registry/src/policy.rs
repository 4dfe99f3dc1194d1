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
/// Proposes an account: the payee for themselves, a caseworker or operator for somebody else.
pub const PROPOSE_DESIGNATION: Operation =
    Operation { name: "designation.propose", roles: &[Console, Operator, Citizen, Caseworker] };
/// Proposes that a frozen account is paid to again.
pub const UNFREEZE_DESIGNATION: Operation =
    Operation { name: "designation.unfreeze", roles: &[Console, Operator, Caseworker] };
/// Proposes to put back what stood before a change.
pub const REVERT_DESIGNATION: Operation =
    Operation { name: "designation.revert", roles: &[Console, Operator, Caseworker] };
/// Reads which proposals wait; a bank and a caseworker those of their house.
pub const LIST_DESIGNATIONS: Operation =
    Operation { name: "designation.list", roles: &[Console, Operator, Bank, Caseworker] };
/// Reads which proposals wait that are about oneself, whoever proposed them.
pub const LIST_OWN_DESIGNATIONS: Operation = Operation { name: "designation.list_own", roles: &[Citizen] };
/// Reads whom a proposal is about, and what it changes; the payee their own.
pub const SHOW_DESIGNATION: Operation =
    Operation { name: "designation.show", roles: &[Console, Operator, Citizen, Caseworker] };
/// Signs a proposal afresh: the payee.
pub const SIGN_DESIGNATION: Operation = Operation { name: "designation.sign", roles: &[Citizen] };
/// Approves a proposal, or lets it go on after having looked at it: somebody else than who proposed it.
pub const APPROVE_DESIGNATION: Operation =
    Operation { name: "designation.approve", roles: &[Console, Operator, Caseworker] };
/// Refuses a proposal: somebody else than who proposed it.
pub const REFUSE_DESIGNATION: Operation =
    Operation { name: "designation.refuse", roles: &[Console, Operator, Caseworker] };
/// Gives the code of a letter: the payee, or the telephone service for them.
pub const ACTIVATE_DESIGNATION: Operation =
    Operation { name: "designation.activate", roles: &[Console, Operator, Citizen] };
/// Confirms a proposal by a second channel: the payee, or an officer before whom they stood.
pub const CONFIRM_DESIGNATION: Operation =
    Operation { name: "designation.confirm", roles: &[Console, Operator, Citizen, Caseworker] };
/// Stops a proposal by the link in a notice: whoever has it.
pub const STOP_DESIGNATION: Operation = Operation { name: "designation.stop", roles: &[Console, Operator, Citizen] };
/// Takes a proposal back that waits: the payee, or whoever proposed it.
pub const CANCEL_DESIGNATION: Operation =
    Operation { name: "designation.cancel", roles: &[Console, Operator, Citizen, Caseworker, Bank] };
/// Tells how fresh a person's identity is.
pub const TELL_IDENTITY: Operation = Operation { name: "identity.tell", roles: &[Console, Operator] };
/// Tells what an account's bank says to the question whose it is.
pub const TELL_OWNERSHIP: Operation = Operation { name: "ownership.tell", roles: &[Console, Operator] };
/// Reads which banks were asked whose an account is, and have not answered.
pub const READ_INQUIRIES: Operation = Operation { name: "ownership.list", roles: &[Console, Operator] };
/// Has a bank asked anew whose an account is.
pub const RETRY_INQUIRIES: Operation = Operation { name: "ownership.retry", roles: &[Console, Operator] };
/// Does what is due: what has waited long enough takes effect, what nobody decided about expires.
pub const SETTLE_DESIGNATIONS: Operation = Operation { name: "designation.settle", roles: &[Console, Operator] };
/// Makes letters, and notes what became of them.
pub const MAKE_LETTERS: Operation = Operation { name: "letter.make", roles: &[Console, Operator] };
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
/// Has a client told what becomes of payees' accounts whom it is about to pay, or to lend to; operators on its behalf.
pub const SUBSCRIBE: Operation =
    Operation { name: "subscription.add", roles: &[Console, Operator, PublicPayer, PrivatePayer, Bank] };
/// Ends that before its time.
pub const END_SUBSCRIPTION: Operation =
    Operation { name: "subscription.end", roles: &[Console, Operator, PublicPayer, PrivatePayer, Bank] };
/// Reads a client's subscriptions, and what became of those accounts.
pub const READ_SUBSCRIPTIONS: Operation =
    Operation { name: "subscription.read", roles: &[Console, Operator, PublicPayer, PrivatePayer, Bank] };
/// Reads who is told what becomes of a payee's account; a citizen of their own.
pub const LIST_SUBSCRIBERS: Operation = Operation { name: "subscription.about", roles: &[Console, Operator, Citizen] };
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
/// Reads which accounts have many payees.
pub const LIST_SHARED: Operation = Operation { name: "account.shared", roles: &[Console, Operator] };
/// Freezes all accounts of a payee who may be a victim.
pub const CONTEST_ACCOUNTS: Operation = Operation { name: "account.contest", roles: &[Console, Operator] };
/// Lets them be paid to again.
pub const RESTORE_ACCOUNTS: Operation = Operation { name: "account.restore", roles: &[Console, Operator] };
/// Reads the whole history of one payee's accounts.
pub const READ_HISTORY: Operation = Operation { name: "account.history", roles: &[Console, Operator] };
/// Reads which controls are in force, and which are proposed.
pub const SHOW_CONTROLS: Operation = Operation { name: "controls.show", roles: &[Console, Operator] };
/// Proposes other controls.
pub const PROPOSE_CONTROLS: Operation = Operation { name: "controls.propose", roles: &[Console, Operator] };
/// Approves controls: somebody else than who proposed them.
pub const APPROVE_CONTROLS: Operation = Operation { name: "controls.approve", roles: &[Console, Operator] };
/// Refuses controls: somebody else than who proposed them.
pub const REFUSE_CONTROLS: Operation = Operation { name: "controls.refuse", roles: &[Console, Operator] };
/// Takes back controls that one proposed oneself.
pub const WITHDRAW_CONTROLS: Operation = Operation { name: "controls.withdraw", roles: &[Console, Operator] };
/// Sets controls alone, in a store of synthetic people.
pub const SET_CONTROLS: Operation = Operation { name: "controls.set", roles: &[Console] };
/// Reads who is a lawful collector, and who is proposed.
pub const LIST_COLLECTORS: Operation = Operation { name: "collector.list", roles: &[Console, Operator] };
/// Proposes a collector, or a later review of one.
pub const PROPOSE_COLLECTOR: Operation = Operation { name: "collector.propose", roles: &[Console, Operator] };
/// Approves a collector: somebody else than who proposed it.
pub const APPROVE_COLLECTOR: Operation = Operation { name: "collector.approve", roles: &[Console, Operator] };
/// Refuses a collector: somebody else than who proposed it.
pub const REFUSE_COLLECTOR: Operation = Operation { name: "collector.refuse", roles: &[Console, Operator] };
/// Takes back a collector that one proposed oneself.
pub const WITHDRAW_COLLECTOR: Operation = Operation { name: "collector.withdraw", roles: &[Console, Operator] };
/// Takes a collector out of the register.
pub const END_COLLECTOR: Operation = Operation { name: "collector.end", roles: &[Console, Operator] };
/// Reports what somebody suspects: a client for its bank or payer, a caseworker for their authority, an operator for the police or the
/// agency's own review.
pub const REPORT_SUSPICION: Operation =
    Operation { name: "suspicion.report", roles: &[Console, Operator, Caseworker, PublicPayer, PrivatePayer, Bank] };
/// Says that one looks at a report: somebody else than who reported it.
pub const ACKNOWLEDGE_SUSPICION: Operation =
    Operation { name: "suspicion.acknowledge", roles: &[Console, Operator, Caseworker] };
/// Says what was found: somebody else than who reported it.
pub const CLOSE_SUSPICION: Operation = Operation { name: "suspicion.close", roles: &[Console, Operator, Caseworker] };
/// Reads reports, to answer them; a caseworker those of their authority.
pub const LIST_SUSPICIONS: Operation = Operation { name: "suspicion.list", roles: &[Console, Operator, Caseworker] };
/// Reads what became of the reports of its own bank or payer.
pub const LIST_REPORTED: Operation =
    Operation { name: "suspicion.list_reported", roles: &[PublicPayer, PrivatePayer, Bank] };
/// Reads which reports went to its own payer, and what became of them.
pub const LIST_ROUTED: Operation = Operation { name: "suspicion.list_routed", roles: &[PublicPayer, PrivatePayer] };
/// Tells payers' contacts of reports.
pub const TELL_CONTACTS: Operation = Operation { name: "suspicion.tell", roles: &[Console, Operator] };
/// Reads what was reported about oneself and closed.
pub const LIST_OWN_SUSPICIONS: Operation = Operation { name: "suspicion.list_own", roles: &[Citizen] };
/// Reads which accounts are marked, and what is proposed.
pub const LIST_MARKS: Operation = Operation { name: "mark.list", roles: &[Console, Operator] };
/// Reads which of one's own accounts are marked.
pub const LIST_OWN_MARKS: Operation = Operation { name: "mark.list_own", roles: &[Citizen] };
/// Proposes that the account of an agreed report is marked, for longer or no more.
pub const PROPOSE_MARK: Operation = Operation { name: "mark.propose", roles: &[Console, Operator] };
/// Approves it: somebody else than who proposed it.
pub const APPROVE_MARK: Operation = Operation { name: "mark.approve", roles: &[Console, Operator] };
/// Refuses it: somebody else than who proposed it.
pub const REFUSE_MARK: Operation = Operation { name: "mark.refuse", roles: &[Console, Operator] };
/// Takes back what one proposed oneself.
pub const WITHDRAW_MARK: Operation = Operation { name: "mark.withdraw", roles: &[Console, Operator] };
/// Appeals against a mark: the account's owner, or somebody in office before whom they stand.
pub const APPEAL_MARK: Operation = Operation { name: "mark.appeal", roles: &[Console, Operator, Caseworker, Citizen] };
/// Decides about an appeal: somebody who had no part in the mark.
pub const DECIDE_APPEAL: Operation = Operation { name: "mark.decide", roles: &[Console, Operator] };
/// Reminds collectors who are to be looked at again soon.
pub const REMIND_COLLECTORS: Operation = Operation { name: "collector.remind", roles: &[Console, Operator] };
/// Opens reviews of accounts with more payees than the limits.
pub const OPEN_REVIEWS: Operation = Operation { name: "review.open", roles: &[Console, Operator] };
/// Draws accounts with many payees, for a sample check.
pub const DRAW_REVIEWS: Operation = Operation { name: "review.draw", roles: &[Console, Operator] };
/// Reads which accounts are reviewed.
pub const LIST_REVIEWS: Operation = Operation { name: "review.list", roles: &[Console, Operator] };
/// Reads whose an account is that is reviewed.
pub const LIST_REVIEW_PAYEES: Operation = Operation { name: "review.payees", roles: &[Console, Operator] };
/// Finds an account suspicious that is reviewed.
pub const SUSPECT_REVIEW: Operation = Operation { name: "review.suspect", roles: &[Console, Operator] };
/// Proposes to leave an account alone that is reviewed.
pub const PROPOSE_REVIEW: Operation = Operation { name: "review.propose", roles: &[Console, Operator] };
/// Approves that: somebody else than who proposed it.
pub const APPROVE_REVIEW: Operation = Operation { name: "review.approve", roles: &[Console, Operator] };
/// Refuses that: somebody else than who proposed it.
pub const REFUSE_REVIEW: Operation = Operation { name: "review.refuse", roles: &[Console, Operator] };
/// Takes back what one proposed oneself about a review.
pub const WITHDRAW_REVIEW: Operation = Operation { name: "review.withdraw", roles: &[Console, Operator] };
/// Reads who must have an account and has none, and has them reminded.
pub const LIST_WITHOUT_ACCOUNT: Operation = Operation { name: "payee.without_account", roles: &[Console, Operator] };

/// Reminds payees for whom money waits that they have no account.
pub const REMIND_WAITING: Operation = Operation { name: "payee.remind", roles: &[Console, Operator] };

/// The registry's rows of the policy.
pub const POLICY: &[Operation] = &[
    IMPORT_POPULATION,
    IMPORT_COMPANIES,
    RECORD_EVENTS,
    IMPORT_BANKS,
    IMPORT_ACCOUNTS,
    CHANGE_ACCOUNTS,
    PROPOSE_DESIGNATION,
    UNFREEZE_DESIGNATION,
    REVERT_DESIGNATION,
    LIST_DESIGNATIONS,
    LIST_OWN_DESIGNATIONS,
    SHOW_DESIGNATION,
    SIGN_DESIGNATION,
    APPROVE_DESIGNATION,
    REFUSE_DESIGNATION,
    ACTIVATE_DESIGNATION,
    CONFIRM_DESIGNATION,
    STOP_DESIGNATION,
    CANCEL_DESIGNATION,
    TELL_IDENTITY,
    TELL_OWNERSHIP,
    READ_INQUIRIES,
    RETRY_INQUIRIES,
    SETTLE_DESIGNATIONS,
    MAKE_LETTERS,
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
    SUBSCRIBE,
    END_SUBSCRIPTION,
    READ_SUBSCRIPTIONS,
    LIST_SUBSCRIBERS,
    READ_FEED,
    ADD_DELIVERY,
    END_DELIVERY,
    READ_DELIVERIES,
    TRY_NOTICE,
    READ_NOTICES,
    RETRY_NOTICES,
    LIST_SHARED,
    CONTEST_ACCOUNTS,
    RESTORE_ACCOUNTS,
    READ_HISTORY,
    SHOW_CONTROLS,
    PROPOSE_CONTROLS,
    APPROVE_CONTROLS,
    REFUSE_CONTROLS,
    WITHDRAW_CONTROLS,
    SET_CONTROLS,
    LIST_COLLECTORS,
    PROPOSE_COLLECTOR,
    APPROVE_COLLECTOR,
    REFUSE_COLLECTOR,
    WITHDRAW_COLLECTOR,
    END_COLLECTOR,
    REPORT_SUSPICION,
    ACKNOWLEDGE_SUSPICION,
    CLOSE_SUSPICION,
    LIST_SUSPICIONS,
    LIST_REPORTED,
    LIST_ROUTED,
    TELL_CONTACTS,
    LIST_OWN_SUSPICIONS,
    LIST_MARKS,
    LIST_OWN_MARKS,
    PROPOSE_MARK,
    APPROVE_MARK,
    REFUSE_MARK,
    WITHDRAW_MARK,
    APPEAL_MARK,
    DECIDE_APPEAL,
    REMIND_COLLECTORS,
    OPEN_REVIEWS,
    DRAW_REVIEWS,
    LIST_REVIEWS,
    LIST_REVIEW_PAYEES,
    SUSPECT_REVIEW,
    PROPOSE_REVIEW,
    APPROVE_REVIEW,
    REFUSE_REVIEW,
    WITHDRAW_REVIEW,
    LIST_WITHOUT_ACCOUNT,
    REMIND_WAITING,
];

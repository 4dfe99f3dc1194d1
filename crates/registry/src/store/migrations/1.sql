-- The registry's tables. An id is the place in the journal at which its row was recorded (see kernel::journal::Entry::row).
-- Rows of payee, specific_account are where resolving begins, those of allowance and of progress are counters, and those of mapper_message expire;
-- everything else is only ever added to.

-- One row a payee, in the order of the blind index: where a look-up begins.
CREATE TABLE payee (
    key BYTEA NOT NULL PRIMARY KEY,
    status BIGINT NOT NULL,
    -- The newest row of the register's mirror; none for SE and P numbers.
    register_row BIGINT,
    -- The newest row of the default account's history.
    designation BIGINT,
    -- Or had any, or somebody proposed one.
    has_specific BOOLEAN NOT NULL,
    -- The number, sealed, where no register lists it: an SE or P number.
    number BYTEA,
    -- The newest proposal for the default account, unless it has ended.
    pending BIGINT,
    -- By which row of contest the payee's accounts are contested, if they are.
    contested BIGINT
) /*clustered*/ /*kept*/;

-- The newest row of a specific account's history: one payer, one kind of benefit.
CREATE TABLE specific_account (
    payee BYTEA NOT NULL,
    purpose BYTEA NOT NULL,
    designation BIGINT NOT NULL,
    PRIMARY KEY (payee, purpose)
) /*clustered*/ /*kept*/;

-- The mirrors of the population register and the company register, every version.
CREATE TABLE register_row (
    id BIGINT NOT NULL PRIMARY KEY,
    payee BYTEA NOT NULL,
    previous BIGINT,
    status BIGINT NOT NULL,
    record BYTEA NOT NULL
) /*append-only*/;

-- Every designation and what became of it.
CREATE TABLE designation (
    id BIGINT NOT NULL PRIMARY KEY,
    payee BYTEA NOT NULL,
    -- Null for the default account.
    purpose BYTEA,
    previous BIGINT,
    state BIGINT NOT NULL,
    effective BIGINT NOT NULL,
    channel BIGINT NOT NULL,
    account BYTEA NOT NULL,
    -- Why, and how the customer consented, where a bank said so.
    reason BIGINT,
    consent BIGINT,
    -- What it comes of, where it had to wait.
    proposal BIGINT,
    -- Whose account it is said to be, where it is designated and somebody said.
    holder BIGINT
) /*clustered*/ /*append-only*/;

-- Which account each history's newest row names, frozen ones too; null where it was closed: how many payees an account has. It is
-- folded from designation after the fact, and is as that was up to a place.
CREATE TABLE account_holder (
    payee BYTEA NOT NULL,
    -- Empty for the default account.
    purpose BYTEA NOT NULL,
    account_key BYTEA,
    PRIMARY KEY (payee, purpose)
) /*clustered*/ /*kept*/;
CREATE INDEX account_holder_account ON account_holder (account_key, payee);

-- Up to which place that was done: one row.
CREATE TABLE account_holder_place (
    id BIGINT NOT NULL PRIMARY KEY,
    position BIGINT NOT NULL
) /*clustered*/ /*kept*/;

-- That payees left accounts, by which row of their histories, and when: whose an account was. Folded with the two above.
CREATE TABLE account_left (
    account_key BYTEA NOT NULL,
    designation BIGINT NOT NULL,
    payee BYTEA NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (account_key, designation)
) /*clustered*/ /*append-only*/;
CREATE INDEX account_left_until ON account_left (until, account_key);

-- Who was paid to an account that is watched, by one batch, or is named beside it by what waits because of it. An id is a place in the journal.
CREATE TABLE account_paid (
    id BIGINT NOT NULL PRIMARY KEY,
    account_key BYTEA NOT NULL,
    payee BYTEA NOT NULL
) /*append-only*/;
CREATE INDEX account_paid_account ON account_paid (account_key, id);

-- How many payments of a file were held because of an account. An id is a place in the journal.
CREATE TABLE account_held (
    id BIGINT NOT NULL PRIMARY KEY,
    account_key BYTEA NOT NULL,
    payments BIGINT NOT NULL
) /*append-only*/;
CREATE INDEX account_held_account ON account_held (account_key, id);

-- Accounts with more than a few payees, and whether they have more than a limit. It follows from whose they are and were; versions
-- number what changed.
CREATE TABLE account_watch (
    account_key BYTEA NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL UNIQUE,
    level BIGINT NOT NULL,
    account BYTEA NOT NULL
) /*clustered*/ /*kept*/;
CREATE INDEX account_watch_level ON account_watch (level, account_key);

-- On which day all accounts were gone through last for that, and with which limits: one row.
CREATE TABLE account_watch_pass (
    id BIGINT NOT NULL PRIMARY KEY,
    day BIGINT NOT NULL,
    limits TEXT NOT NULL
) /*clustered*/ /*kept*/;

-- Accounts that somebody is to look at, because of their payees: why, and how many each had, within three windows. An id is given
-- before the entry is.
CREATE TABLE account_review (
    id BIGINT NOT NULL PRIMARY KEY,
    entry BIGINT NOT NULL,
    account_key BYTEA NOT NULL,
    cause BIGINT NOT NULL,
    payees TEXT NOT NULL,
    paid TEXT NOT NULL,
    account BYTEA NOT NULL
) /*append-only*/;
CREATE INDEX account_review_entry ON account_review (entry, id);
CREATE INDEX account_review_account ON account_review (account_key, id);

-- What was decided about them. The newest counts.
CREATE TABLE account_review_decision (
    id BIGINT NOT NULL PRIMARY KEY,
    review BIGINT NOT NULL,
    account_key BYTEA NOT NULL,
    outcome BIGINT NOT NULL,
    -- The last day on which it is left alone, in eight digits.
    until BIGINT,
    -- How many payees it had then.
    payees BIGINT,
    why BYTEA NOT NULL
) /*append-only*/;
CREATE INDEX account_review_decision_review ON account_review_decision (review, id);
CREATE INDEX account_review_decision_account ON account_review_decision (account_key, id);

-- What was proposed to be designated. An id is given before the entry is.
CREATE TABLE proposal (
    id BIGINT NOT NULL PRIMARY KEY,
    -- The entry that recorded it, and its moment.
    entry BIGINT NOT NULL,
    at BIGINT NOT NULL,
    payee BYTEA NOT NULL,
    -- Null for the default account.
    purpose BYTEA,
    channel_key BYTEA NOT NULL,
    -- The newest row of the account's history then; and whether an account was in force, and was named.
    replaces BIGINT,
    is_first BOOLEAN NOT NULL,
    names_replaced BOOLEAN NOT NULL,
    reason BIGINT,
    consent BIGINT,
    asked BYTEA NOT NULL
) /*append-only*/;
CREATE INDEX proposal_entry ON proposal (entry, id);
CREATE INDEX proposal_channel ON proposal (channel_key, id);

-- What was done about a proposal.
CREATE TABLE proposal_act (
    id BIGINT NOT NULL PRIMARY KEY,
    proposal BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    at BIGINT NOT NULL,
    -- By whom, and more of it.
    act BYTEA NOT NULL
) /*clustered*/ /*append-only*/;
CREATE INDEX proposal_act_proposal ON proposal_act (proposal, id);

-- What each proposal waits for, 0 for nothing any more, and until when. It follows from the two above. And when it is to be looked at:
-- then, or before, where what is demanded has changed.
CREATE TABLE proposal_now (
    proposal BIGINT NOT NULL PRIMARY KEY,
    payee BYTEA NOT NULL,
    waits BIGINT NOT NULL,
    due BIGINT NOT NULL,
    look BIGINT NOT NULL
) /*clustered*/ /*kept*/;
CREATE INDEX proposal_now_look ON proposal_now (look, proposal);
CREATE INDEX proposal_now_payee ON proposal_now (payee, proposal);
CREATE INDEX proposal_now_waits ON proposal_now (waits, proposal);

-- What one person proposed and another one decides about. An id is given before the entry is.
CREATE TABLE motion (
    id BIGINT NOT NULL PRIMARY KEY,
    -- The entry that recorded it, which says who proposed it.
    entry BIGINT NOT NULL UNIQUE,
    kind BIGINT NOT NULL,
    -- The version that it was made against; null where there was none.
    base BIGINT,
    until BIGINT NOT NULL,
    content BYTEA NOT NULL
) /*append-only*/;

-- How somebody ended that a motion waits.
CREATE TABLE motion_ending (
    motion BIGINT NOT NULL PRIMARY KEY,
    entry BIGINT NOT NULL UNIQUE,
    state BIGINT NOT NULL,
    why BYTEA
) /*append-only*/;

-- What the controls were set to, every version. The newest is in force.
CREATE TABLE controls (
    id BIGINT NOT NULL PRIMARY KEY,
    -- Null where the console set them alone, in a synthetic store.
    motion BIGINT,
    figures TEXT NOT NULL
) /*append-only*/;

-- Lawful collectors, every version. All versions of one are known by the motion by which it came here first.
CREATE TABLE collector (
    id BIGINT NOT NULL PRIMARY KEY,
    collector BIGINT NOT NULL,
    -- Null where it was ended.
    motion BIGINT,
    account_key BYTEA NOT NULL,
    ended BOOLEAN NOT NULL,
    -- The last day on which it counts, as year, month and day in eight digits.
    review_by BIGINT NOT NULL,
    record BYTEA NOT NULL
) /*append-only*/;
CREATE INDEX collector_account ON collector (account_key, id);
CREATE INDEX collector_versions ON collector (collector, id);
CREATE INDEX collector_motion ON collector (motion);

-- What somebody suspects. An id is given before the entry is.
CREATE TABLE suspicion (
    id BIGINT NOT NULL PRIMARY KEY,
    -- The entry that recorded it, and its moment.
    entry BIGINT NOT NULL UNIQUE,
    at BIGINT NOT NULL,
    source_key BYTEA NOT NULL,
    -- The payer that it was routed to; null where that is the agency.
    payer BIGINT,
    -- Null where it is about no payee.
    payee BYTEA,
    reason BIGINT NOT NULL,
    report BYTEA NOT NULL
) /*append-only*/;
CREATE INDEX suspicion_source ON suspicion (source_key, id);
CREATE INDEX suspicion_payer ON suspicion (payer, id);
CREATE INDEX suspicion_payee ON suspicion (payee, id);

-- What was done about it.
CREATE TABLE suspicion_act (
    id BIGINT NOT NULL PRIMARY KEY,
    suspicion BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    at BIGINT NOT NULL,
    act BYTEA NOT NULL
) /*append-only*/;
CREATE INDEX suspicion_act_suspicion ON suspicion_act (suspicion, id);

-- What the contacts of payers are to be told of reports, and when they were told; what they need not be told any more is taken away.
CREATE TABLE payer_word (
    id BIGINT NOT NULL PRIMARY KEY,
    payer BIGINT NOT NULL,
    word BIGINT NOT NULL,
    suspicion BIGINT NOT NULL,
    due BIGINT NOT NULL,
    told BIGINT
);
CREATE INDEX payer_word_due ON payer_word (told, due, id);
CREATE INDEX payer_word_told ON payer_word (payer, word, told);
CREATE INDEX payer_word_suspicion ON payer_word (suspicion);

-- Accounts that are marked, every version. All versions of one mark are known by the motion by which it came first.
CREATE TABLE account_mark (
    id BIGINT NOT NULL PRIMARY KEY,
    mark BIGINT NOT NULL,
    -- Null where an officer lifted it on appeal.
    motion BIGINT,
    at BIGINT NOT NULL,
    account_key BYTEA NOT NULL,
    suspicion BIGINT NOT NULL,
    reason BIGINT NOT NULL,
    ended BOOLEAN NOT NULL,
    -- The last day on which it stands, as year, month and day in eight digits.
    until BIGINT NOT NULL,
    account BYTEA NOT NULL
) /*append-only*/;
CREATE INDEX account_mark_account ON account_mark (account_key, id);
CREATE INDEX account_mark_versions ON account_mark (mark, id);
CREATE INDEX account_mark_motion ON account_mark (motion);
CREATE INDEX account_mark_until ON account_mark (until, id);

-- Appeals against them, and what was decided.
CREATE TABLE mark_act (
    id BIGINT NOT NULL PRIMARY KEY,
    mark BIGINT NOT NULL,
    -- Which appeal against the mark it is, or is about: they count from 1.
    number BIGINT NOT NULL,
    -- Whose appeal it is; empty where somebody in office wrote it for an owner for whom the account was never designated.
    payee BYTEA NOT NULL,
    kind BIGINT NOT NULL,
    at BIGINT NOT NULL,
    act BYTEA NOT NULL
) /*append-only*/;
CREATE INDEX mark_act_mark ON mark_act (mark, payee, id);

-- Collectors who were reminded that they are to be looked at again: of which version.
CREATE TABLE collector_reminder (
    id BIGINT NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL
) /*append-only*/;
CREATE INDEX collector_reminder_version ON collector_reminder (version, id);

-- Payees without an account who were reminded of it.
CREATE TABLE reminder (
    id BIGINT NOT NULL PRIMARY KEY,
    payee BYTEA NOT NULL,
    answer BIGINT NOT NULL
) /*append-only*/;
CREATE INDEX reminder_payee ON reminder (payee, id);

-- The bank directory, every version of every registration number.
CREATE TABLE bank (
    id BIGINT NOT NULL PRIMARY KEY,
    reg BIGINT NOT NULL,
    name TEXT NOT NULL,
    bic TEXT,
    country TEXT NOT NULL
) /*append-only*/;
CREATE INDEX bank_reg ON bank (reg, id);

-- Payers and their agreements, every version. All versions of one payer share the first one's id.
CREATE TABLE payer (
    id BIGINT NOT NULL PRIMARY KEY,
    payer BIGINT NOT NULL,
    name_key BYTEA NOT NULL,
    agreement BYTEA NOT NULL
) /*append-only*/;
CREATE INDEX payer_name ON payer (name_key, id);

-- What caseworkers may decide about, and for which payer: every version. Who they are stands in officer.
CREATE TABLE caseworker (
    id BIGINT NOT NULL PRIMARY KEY,
    previous BIGINT,
    name_key BYTEA NOT NULL,
    payer BIGINT NOT NULL,
    ended BOOLEAN NOT NULL,
    remit BYTEA NOT NULL
) /*append-only*/;
CREATE INDEX caseworker_name ON caseworker (name_key, id);
CREATE INDEX caseworker_payer ON caseworker (payer, id);

-- That contact points were added and removed.
CREATE TABLE contact (
    id BIGINT NOT NULL PRIMARY KEY,
    payee BYTEA NOT NULL,
    previous BIGINT,
    removed BOOLEAN NOT NULL,
    at BIGINT NOT NULL,
    point BYTEA NOT NULL
) /*append-only*/;
CREATE INDEX contact_payee ON contact (payee, id);

-- Whose accounts were contested, and what became of that.
CREATE TABLE contest (
    id BIGINT NOT NULL PRIMARY KEY,
    payee BYTEA NOT NULL,
    -- 0: they are contested, 1: they were let go, 2: the payee was a victim.
    turn BIGINT NOT NULL,
    at BIGINT NOT NULL
) /*append-only*/;
CREATE INDEX contest_payee ON contest (payee, id);

-- Through which channels an owner forbids that their account is changed: every version.
CREATE TABLE owner_lock (
    id BIGINT NOT NULL PRIMARY KEY,
    payee BYTEA NOT NULL,
    previous BIGINT,
    -- A bit for each kind of channel; none: it was lifted.
    channels BIGINT NOT NULL,
    at BIGINT NOT NULL,
    -- By what an officer knew the owner.
    evidence BYTEA
) /*append-only*/;
CREATE INDEX owner_lock_payee ON owner_lock (payee, id);

-- Every look-up of a payee, also of one who is not there.
CREATE TABLE look_up (
    id BIGINT NOT NULL PRIMARY KEY,
    -- The how-manieth of all look-ups it is, from 0; and which run of 2^14 of them that makes it part of.
    number BIGINT NOT NULL,
    slice BIGINT NOT NULL,
    payee BYTEA NOT NULL,
    client TEXT NOT NULL,
    purpose BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    answer BIGINT NOT NULL
) /*clustered*/ /*append-only*/;
-- By slice first: rows that are added together then touch few pages, however many there are.
CREATE INDEX look_up_payee ON look_up (slice, payee);

-- What a client may still ask for one purpose, in thousandths of a token, as it was at a moment.
CREATE TABLE allowance (
    client TEXT NOT NULL,
    purpose BIGINT NOT NULL,
    tokens BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (client, purpose)
) /*clustered*/ /*kept*/;

-- That a client is told what becomes of a payee's account until a moment. An id is given before the entry is.
CREATE TABLE subscription (
    id BIGINT NOT NULL PRIMARY KEY,
    -- The entry that recorded it.
    entry BIGINT NOT NULL,
    payee BYTEA NOT NULL,
    client TEXT NOT NULL,
    purpose BIGINT NOT NULL,
    -- How much it is told, and the payer whose specific accounts concern it.
    sees BIGINT NOT NULL,
    payer BIGINT,
    until BIGINT NOT NULL,
    -- The payee's number, and what the client calls what it plans.
    said BYTEA NOT NULL
) /*append-only*/;
CREATE INDEX subscription_entry ON subscription (entry, id);
CREATE INDEX subscription_payee ON subscription (payee, id);
CREATE INDEX subscription_client ON subscription (client, id);

-- Which of that was ended before its time.
CREATE TABLE subscription_end (
    subscription BIGINT NOT NULL PRIMARY KEY,
    entry BIGINT NOT NULL
) /*append-only*/;
CREATE INDEX subscription_end_entry ON subscription_end (entry, subscription);

-- What was told from outside of how fresh people's identities are, every version.
CREATE TABLE identity_told (
    id BIGINT NOT NULL PRIMARY KEY,
    payee BYTEA NOT NULL,
    authenticator_changed BIGINT,
    key_material_posted BIGINT,
    letter_box BYTEA
) /*append-only*/;
CREATE INDEX identity_told_payee ON identity_told (payee, id);
CREATE INDEX identity_told_letter_box ON identity_told (letter_box, key_material_posted);

-- Where something is given to other organisations' systems without their asking: every version. All versions of one share the
-- first one's id.
CREATE TABLE delivery (
    id BIGINT NOT NULL PRIMARY KEY,
    delivery BIGINT NOT NULL,
    previous BIGINT,
    name_key BYTEA NOT NULL,
    -- The bank, blind, where questions are what it is given; one place for each bank at a time.
    asks BYTEA,
    ended BOOLEAN NOT NULL,
    terms BYTEA NOT NULL
) /*append-only*/;
CREATE INDEX delivery_name ON delivery (name_key, id);
CREATE INDEX delivery_versions ON delivery (delivery, id);
CREATE INDEX delivery_asks ON delivery (asks, id);

-- How far each is. Moments are null where there was none.
CREATE TABLE delivery_progress (
    delivery BIGINT NOT NULL PRIMARY KEY,
    -- The place in the journal up to which all was taken.
    position BIGINT NOT NULL,
    parcels BIGINT NOT NULL,
    items BIGINT NOT NULL,
    -- In a row, since something was taken last.
    failures BIGINT NOT NULL,
    next_try BIGINT NOT NULL,
    last_success BIGINT,
    last_failure BIGINT,
    last_code TEXT,
    last_status BIGINT,
    -- Which process is at it, and until when no other is.
    holder BIGINT NOT NULL,
    held_until BIGINT NOT NULL
) /*clustered*/ /*kept*/;

-- What became of the question to an account's bank whose it is: one for each proposal whose bank is asked.
CREATE TABLE inquiry (
    proposal BIGINT NOT NULL PRIMARY KEY,
    -- Where it is asked.
    delivery BIGINT NOT NULL,
    -- Whether it waits, was answered, was given up, or nobody wants to know any more; and when it is asked, or since when it stands there.
    state BIGINT NOT NULL,
    at BIGINT NOT NULL,
    -- Until when an answer is waited for.
    until BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    -- How often an operator has had it asked anew.
    round BIGINT NOT NULL,
    -- Which process took it last.
    holder BIGINT NOT NULL,
    last_failure BIGINT,
    last_code TEXT,
    last_status BIGINT
) /*clustered*/ /*kept*/;
CREATE INDEX inquiry_due ON inquiry (state, delivery, at, proposal);
CREATE INDEX inquiry_until ON inquiry (state, until, proposal);

-- What payees are told, one row for each place that is told. What it says and to whom is sealed.
CREATE TABLE notice (
    id BIGINT NOT NULL PRIMARY KEY,
    payee BYTEA NOT NULL,
    kind BIGINT NOT NULL,
    language BIGINT NOT NULL,
    said BYTEA NOT NULL
) /*clustered*/ /*append-only*/;

-- What became of each.
CREATE TABLE notice_progress (
    notice BIGINT NOT NULL PRIMARY KEY,
    medium BIGINT NOT NULL,
    -- Whether it waits, was sent, or was given up; and when it is tried, or since when it stands there.
    state BIGINT NOT NULL,
    at BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    -- Which process took it last.
    holder BIGINT NOT NULL,
    last_failure BIGINT,
    last_code TEXT,
    last_status BIGINT
) /*clustered*/ /*kept*/;
CREATE INDEX notice_progress_due ON notice_progress (state, medium, at, notice);

-- What became of the messages of a mapper's clients, for as long as they can ask. Swept then. An id is our own name for the
-- message, given by time.
CREATE TABLE mapper_message (
    id BIGINT NOT NULL PRIMARY KEY,
    client TEXT NOT NULL,
    kind BIGINT NOT NULL,
    -- The client's own name for it, blind.
    transaction_key BYTEA NOT NULL,
    message BYTEA NOT NULL
);
CREATE INDEX mapper_message_transaction ON mapper_message (transaction_key, id);
CREATE INDEX mapper_message_client ON mapper_message (client, kind, id);

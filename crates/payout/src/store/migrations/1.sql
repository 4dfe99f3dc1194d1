-- The payouts' tables. A batch is visible when it has a row in batch; what is staged for one that has none is nobody's.

CREATE TABLE batch (
    id BIGINT NOT NULL PRIMARY KEY,
    -- The entry that recorded it.
    entry BIGINT NOT NULL UNIQUE,
    payer_version BIGINT NOT NULL,
    -- The payer, whichever version of its agreement: by it, and by entry, a payer's batches are listed.
    payer BIGINT NOT NULL,
    -- Blind: payer and message id. A message id is used once, for ever.
    message_key BYTEA NOT NULL UNIQUE,
    file_hash BYTEA NOT NULL,
    -- The bank directory of the moment: the size of the journal.
    banks_at BIGINT NOT NULL,
    input_kept BOOLEAN NOT NULL,
    -- How many: the record says so too.
    payments BIGINT NOT NULL,
    record BYTEA NOT NULL
) /*append-only*/;
CREATE INDEX batch_payer ON batch (payer, entry);

-- One row a payment, as it was decided when the file came in. Never changed: see payment_change.
CREATE TABLE payment (
    batch BIGINT NOT NULL,
    number BIGINT NOT NULL,
    payee BYTEA,
    end_to_end BYTEA NOT NULL,
    designation BIGINT,
    amount BIGINT,
    currency TEXT,
    state BIGINT NOT NULL,
    code TEXT,
    -- What was new of the account, where something was.
    news BIGINT,
    PRIMARY KEY (batch, number)
) /*clustered*/;

-- Where payments are found by their payees and by their end-to-end ids: marks of a batch's payments, some 128 in a row. They
-- follow from the payments, and are written with them.
CREATE TABLE payment_index (
    -- Batch, slice of the batch, and bucket of the slice: 8, 4 and 2 bytes.
    place BYTEA NOT NULL PRIMARY KEY,
    marks BYTEA NOT NULL
);

-- The payer's own texts of the payments of a batch, sealed together for some thousand payments in a row.
CREATE TABLE payment_ids (
    batch BIGINT NOT NULL,
    -- The number of the first of those payments.
    first BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (batch, first)
);

-- What was done with a batch after it came in, or with its payments: releases, cancellations, returns and so on, numbered from 1.
CREATE TABLE batch_stage (
    batch BIGINT NOT NULL,
    stage BIGINT NOT NULL,
    entry BIGINT NOT NULL,
    at BIGINT NOT NULL,
    banks_at BIGINT NOT NULL,
    writes_file BOOLEAN NOT NULL,
    -- Whether its files are made of what was recorded, and not of the input.
    of_record BOOLEAN NOT NULL,
    -- What holds of the batch from then on, sealed.
    counts BYTEA NOT NULL,
    PRIMARY KEY (batch, stage)
) /*clustered*/ /*append-only*/;
CREATE INDEX batch_stage_entry ON batch_stage (entry);

-- What became of a payment after its file came in.
CREATE TABLE payment_change (
    batch BIGINT NOT NULL,
    number BIGINT NOT NULL,
    stage BIGINT NOT NULL,
    designation BIGINT,
    state BIGINT NOT NULL,
    code TEXT,
    news BIGINT,
    PRIMARY KEY (batch, number, stage)
) /*clustered*/ /*append-only*/;

-- Money of payments that came back from banks, each time once.
CREATE TABLE money_back (
    id BIGINT NOT NULL PRIMARY KEY,
    -- Blind: what the bank's message called it.
    key BYTEA NOT NULL UNIQUE,
    batch BIGINT NOT NULL,
    number BIGINT NOT NULL,
    -- The stage of the batch by which it was booked.
    stage BIGINT NOT NULL,
    -- In the smallest unit of the payment's currency.
    amount BIGINT NOT NULL,
    -- By a return, or by a recall.
    how BIGINT NOT NULL,
    code TEXT NOT NULL,
    -- What the bank called it, sealed.
    said BYTEA NOT NULL
) /*clustered*/ /*append-only*/;
CREATE INDEX money_back_payment ON money_back (batch, number);

-- That money arrived which a bank had said it gives back.
CREATE TABLE money_arrived (
    id BIGINT NOT NULL PRIMARY KEY,
    -- Which row of money_back it is.
    back BIGINT NOT NULL UNIQUE,
    -- Blind: what the return that brought it is known by.
    key BYTEA NOT NULL
) /*clustered*/ /*append-only*/;
CREATE INDEX money_arrived_key ON money_arrived (key);

-- That somebody confirmed that money is there which a bank had said it gives back.
CREATE TABLE money_confirmed (
    id BIGINT NOT NULL PRIMARY KEY,
    -- Which row of money_back it is.
    back BIGINT NOT NULL UNIQUE,
    at BIGINT NOT NULL,
    -- By whom, and why, sealed.
    why BYTEA NOT NULL
) /*clustered*/ /*append-only*/;

-- Returns of which it is yet to be seen what follows for the account. It follows from the above.
CREATE TABLE unfollowed_return (
    back BIGINT NOT NULL PRIMARY KEY
);

-- What banks returned, or answered to recalls, and of what it was not known which payment of ours it is: the work lists.
CREATE TABLE stray (
    id BIGINT NOT NULL PRIMARY KEY,
    -- 1: a return. 2: an answer to a recall.
    list BIGINT NOT NULL,
    -- Blind: by what the same is known again.
    key BYTEA NOT NULL UNIQUE,
    at BIGINT NOT NULL,
    -- What the bank said, and why it is here, sealed.
    said BYTEA NOT NULL
) /*clustered*/ /*append-only*/;

-- What somebody decided about one of them.
CREATE TABLE stray_end (
    id BIGINT NOT NULL PRIMARY KEY,
    stray BIGINT NOT NULL UNIQUE,
    -- Of which payment it is; null where that is not said.
    batch BIGINT,
    number BIGINT,
    -- By whom, and why, sealed.
    why BYTEA NOT NULL
) /*clustered*/ /*append-only*/;

-- What people did about what a batch holds, or about one of its payments: asked for its release, approved that, stopped it, resumed it.
CREATE TABLE batch_act (
    id BIGINT NOT NULL PRIMARY KEY,
    batch BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    -- Null for the batch, and where several payments were tried again together.
    number BIGINT,
    at BIGINT NOT NULL,
    -- By whom, and why; which payments were tried again.
    act BYTEA NOT NULL
) /*clustered*/ /*append-only*/;
CREATE INDEX batch_act_batch ON batch_act (batch, id);

-- Cases of victims. An id is given before the entry is.
CREATE TABLE victim_case (
    id BIGINT NOT NULL PRIMARY KEY,
    -- The entry that recorded it, and its moment.
    entry BIGINT NOT NULL UNIQUE,
    at BIGINT NOT NULL,
    payee BYTEA NOT NULL,
    -- From when on the payee's accounts are in doubt.
    since BIGINT NOT NULL,
    -- Whose, by whom, and why.
    opened BYTEA NOT NULL
) /*append-only*/;
CREATE INDEX victim_case_payee ON victim_case (payee, id);

-- What was done under them.
CREATE TABLE victim_case_act (
    id BIGINT NOT NULL PRIMARY KEY,
    victim_case BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    at BIGINT NOT NULL,
    -- By whom, about what, and why.
    act BYTEA NOT NULL
) /*append-only*/;
CREATE INDEX victim_case_act_case ON victim_case_act (victim_case, id);

-- Batches that wait to be let go, by people or at a moment. It follows from the above.
CREATE TABLE waiting_batch (
    batch BIGINT NOT NULL PRIMARY KEY
);

-- Payments of batches that were let go which wait for a reason of their own, with what is to be known to decide them anew. It follows
-- from the above.
CREATE TABLE held_payment (
    batch BIGINT NOT NULL,
    number BIGINT NOT NULL,
    payee BYTEA,
    purpose BYTEA,
    -- The currency that reaches the payee.
    currency TEXT,
    -- The account, where its file names that.
    account_key BYTEA,
    PRIMARY KEY (batch, number)
) /*clustered*/;

-- Payments whose money lies in their payer's waiting account, likewise.
CREATE TABLE waiting_payment (
    batch BIGINT NOT NULL,
    number BIGINT NOT NULL,
    payee BYTEA,
    purpose BYTEA,
    currency TEXT,
    since BIGINT NOT NULL,
    PRIMARY KEY (batch, number)
) /*clustered*/;

-- The input of a batch, compressed and sealed in pieces: of one that came in over the network, of one that may hold something,
-- and of one whose completed files a bank fetches.
CREATE TABLE kept_input (
    batch BIGINT NOT NULL,
    piece BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (batch, piece)
);

-- Completed files that a bank or another intermediary fetches, in the order in which they came about.
CREATE TABLE bank_file (
    -- Its place in the journal: in the entry of a release, of the file's coming in, or of returns.
    place BIGINT NOT NULL PRIMARY KEY,
    -- Blind: the bank's name.
    bank BYTEA NOT NULL,
    batch BIGINT NOT NULL,
    stage BIGINT NOT NULL,
    -- How many payments stand in it and what they come to, sealed.
    sent BYTEA NOT NULL
) /*append-only*/;
CREATE INDEX bank_file_bank ON bank_file (bank, place);

-- What was asked back of banks: one row a message, about payments of one completed file.
CREATE TABLE recall (
    -- Its place in the journal.
    place BIGINT NOT NULL PRIMARY KEY,
    -- By it the message, the case and the answers are known.
    id BIGINT NOT NULL UNIQUE,
    payer BIGINT NOT NULL,
    batch BIGINT NOT NULL,
    -- The stage at which the payments were sent on.
    stage BIGINT NOT NULL,
    -- Blind: the name of the bank that fetches it, if one does.
    bank BYTEA,
    at BIGINT NOT NULL,
    reason TEXT NOT NULL,
    -- By whom, why, and to which bank, sealed.
    record BYTEA NOT NULL
) /*append-only*/;
CREATE INDEX recall_bank ON recall (bank, place);
CREATE INDEX recall_payer ON recall (payer, place);

-- Its payments.
CREATE TABLE recalled_payment (
    recall BIGINT NOT NULL,
    number BIGINT NOT NULL,
    batch BIGINT NOT NULL,
    PRIMARY KEY (recall, number)
) /*clustered*/ /*append-only*/;
CREATE INDEX recalled_payment_batch ON recalled_payment (batch, number);

-- What banks answered about them.
CREATE TABLE recall_answer (
    place BIGINT NOT NULL PRIMARY KEY,
    recall BIGINT NOT NULL,
    number BIGINT NOT NULL,
    -- Blind: by what the same answer is known again.
    answer BYTEA NOT NULL UNIQUE,
    status TEXT NOT NULL,
    -- What comes back, where the bank said how much.
    amount BIGINT,
    at BIGINT NOT NULL,
    -- By whom it was brought, and what the bank called it and gave as its reasons, sealed.
    record BYTEA NOT NULL
) /*append-only*/;
CREATE INDEX recall_answer_payment ON recall_answer (recall, number, place);

-- How banks made payments, as they told: which message of theirs a payment stood in.
CREATE TABLE interbank_fact (
    place BIGINT NOT NULL PRIMARY KEY,
    batch BIGINT NOT NULL,
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    -- Sealed.
    record BYTEA NOT NULL
) /*append-only*/;
CREATE INDEX interbank_fact_payment ON interbank_fact (batch, number, place);

-- Stages on record whose files may not all have their names yet: a process was killed in between, or a folder went away.
CREATE TABLE unwritten_stage (
    batch BIGINT NOT NULL,
    stage BIGINT NOT NULL,
    PRIMARY KEY (batch, stage)
);

-- Work that is under way: rows of payment and kept_input that nobody can see yet. Swept when it was abandoned.
CREATE TABLE staging (
    batch BIGINT NOT NULL PRIMARY KEY,
    touched_at BIGINT NOT NULL
);

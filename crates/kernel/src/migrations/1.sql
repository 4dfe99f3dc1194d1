-- The kernel's tables. Types are PostgreSQL's; SQLite takes them as they are. Marks behind a table are for kernel::db: rows that
-- lie in the order of their key, and what may become of them.

CREATE TABLE schema_version (
    service TEXT NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL
) /*kept*/;

-- One row: the data keys, wrapped by the master key that lies outside the data.
CREATE TABLE keyring (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    synthetic BOOLEAN NOT NULL,
    wrapped BYTEA NOT NULL
) /*kept*/;

-- The journal's leaves, without their content.
CREATE TABLE journal_entry (
    number BIGINT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    digest BYTEA NOT NULL
) /*append-only*/;

CREATE INDEX journal_entry_at ON journal_entry (at, number);

-- Their content, sealed, in a table of its own: the tree is over digests, so that it will still verify when retention deletes
-- what is due.
CREATE TABLE journal_payload (
    number BIGINT NOT NULL PRIMARY KEY,
    sealed BYTEA NOT NULL
) /*append-only*/;

-- One row: the size and the right edge of the tree.
CREATE TABLE journal_head (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    size BIGINT NOT NULL,
    peaks BYTEA NOT NULL,
    at BIGINT NOT NULL
) /*kept*/;

-- What a command with an idempotency key answered.
CREATE TABLE answer (
    key BYTEA NOT NULL PRIMARY KEY,
    entry BIGINT NOT NULL,
    sealed BYTEA NOT NULL
) /*clustered*/ /*append-only*/;
CREATE INDEX answer_entry ON answer (entry);

-- Operators and caseworkers: one name and one key are one person's, whatever they are.
CREATE TABLE officer (
    id BIGINT NOT NULL PRIMARY KEY,
    role TEXT NOT NULL,
    name_key BYTEA NOT NULL UNIQUE,
    name BYTEA NOT NULL,
    public_key BYTEA NOT NULL UNIQUE
) /*append-only*/;

-- Operators who act no more. That caseworkers were ended, whoever keeps what they may decide about knows.
CREATE TABLE operator_end (
    id BIGINT NOT NULL PRIMARY KEY,
    name_key BYTEA NOT NULL UNIQUE
) /*append-only*/;

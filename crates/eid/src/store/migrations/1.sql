-- Who comes in. An id is the place in the journal at which its row was recorded (see kernel::journal::Entry::row).

-- Clients and their registrations, every version. All versions of one client share the first one's id.
CREATE TABLE client (
    id BIGINT NOT NULL PRIMARY KEY,
    client BIGINT NOT NULL,
    previous BIGINT,
    name_key BYTEA NOT NULL,
    ended BOOLEAN NOT NULL,
    registration BYTEA NOT NULL
) /*append-only*/;
CREATE INDEX client_name ON client (name_key, id);
CREATE INDEX client_versions ON client (client, id);

-- The server's own keys.
CREATE TABLE signing_key (
    id BIGINT NOT NULL PRIMARY KEY,
    public BYTEA NOT NULL,
    private BYTEA NOT NULL,
    signs_from BIGINT NOT NULL,
    -- Until when those before it are published.
    former_until BIGINT NOT NULL
) /*append-only*/;

-- What was used and may not be used again: assertions and messages, until they have expired. Swept then.
CREATE TABLE used_once (
    key BYTEA NOT NULL PRIMARY KEY,
    expires BIGINT NOT NULL
) /*clustered*/;
CREATE INDEX used_once_expires ON used_once (expires);

-- What ends when; the newest row on a subject counts.
CREATE TABLE phase_out (
    id BIGINT NOT NULL PRIMARY KEY,
    subject TEXT NOT NULL,
    version TEXT NOT NULL,
    -- Null: it has no end.
    ends BIGINT
) /*append-only*/;

-- Which client came in how: counted. Days since 1970.
CREATE TABLE interface_use (
    client BIGINT NOT NULL,
    interface TEXT NOT NULL,
    version TEXT NOT NULL,
    tls TEXT NOT NULL,
    algorithm TEXT NOT NULL,
    first_day BIGINT NOT NULL,
    last_day BIGINT NOT NULL,
    uses BIGINT NOT NULL,
    PRIMARY KEY (client, interface, version, tls, algorithm)
) /*clustered*/ /*kept*/;

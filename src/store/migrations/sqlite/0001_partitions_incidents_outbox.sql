CREATE TABLE partitions (
    consumer_group TEXT NOT NULL,
    topic TEXT NOT NULL,
    number INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    owner TEXT NOT NULL,
    position INTEGER,
    saved_at INTEGER,
    PRIMARY KEY (consumer_group, topic, number)
);

CREATE TABLE parts (
    consumer_group TEXT NOT NULL,
    topic TEXT NOT NULL,
    number INTEGER NOT NULL,
    name TEXT NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (consumer_group, topic, number, name),
    FOREIGN KEY (consumer_group, topic, number) REFERENCES partitions (consumer_group, topic, number)
);

CREATE TABLE incidents (
    id TEXT PRIMARY KEY,
    consumer_group TEXT NOT NULL,
    topic TEXT NOT NULL,
    number INTEGER NOT NULL,
    subject TEXT NOT NULL,
    brand TEXT NOT NULL,
    state TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    change TEXT NOT NULL
);

CREATE INDEX incidents_of_partition ON incidents (consumer_group, topic, number, state);

CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    route TEXT NOT NULL,
    change_id TEXT NOT NULL,
    incident_id TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    change TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    first_try_at INTEGER,
    held_by TEXT,
    held_until INTEGER,
    ended_at INTEGER,
    reason TEXT,
    UNIQUE (route, change_id)
);

CREATE INDEX outbox_pending ON outbox (route, incident_id, sequence) WHERE state = 'pending';
CREATE INDEX outbox_ended ON outbox (state, ended_at);

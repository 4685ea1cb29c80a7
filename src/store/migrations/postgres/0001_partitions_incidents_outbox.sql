CREATE TABLE partitions (
    consumer_group TEXT NOT NULL,
    topic TEXT NOT NULL,
    number BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    owner TEXT NOT NULL,
    position BIGINT,
    saved_at BIGINT,
    PRIMARY KEY (consumer_group, topic, number)
);

CREATE TABLE parts (
    consumer_group TEXT NOT NULL,
    topic TEXT NOT NULL,
    number BIGINT NOT NULL,
    name TEXT NOT NULL,
    bytes BYTEA NOT NULL,
    PRIMARY KEY (consumer_group, topic, number, name),
    FOREIGN KEY (consumer_group, topic, number) REFERENCES partitions (consumer_group, topic, number)
);

CREATE TABLE incidents (
    id TEXT PRIMARY KEY,
    consumer_group TEXT NOT NULL,
    topic TEXT NOT NULL,
    number BIGINT NOT NULL,
    subject TEXT NOT NULL,
    brand TEXT NOT NULL,
    state TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    change TEXT NOT NULL
);

CREATE INDEX incidents_of_partition ON incidents (consumer_group, topic, number, state);

CREATE TABLE outbox (
    seq BIGSERIAL PRIMARY KEY,
    route TEXT NOT NULL,
    change_id TEXT NOT NULL,
    incident_id TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    change TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    first_try_at BIGINT,
    held_by TEXT,
    held_until BIGINT,
    ended_at BIGINT,
    reason TEXT,
    UNIQUE (route, change_id)
);

CREATE INDEX outbox_pending ON outbox (route, incident_id, sequence) WHERE state = 'pending';
CREATE INDEX outbox_ended ON outbox (state, ended_at);

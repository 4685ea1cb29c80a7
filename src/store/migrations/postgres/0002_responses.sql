-- What people do about incidents, and what follows for the outbox.

ALTER TABLE incidents ADD COLUMN detected_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE incidents ADD COLUMN severity BIGINT NOT NULL DEFAULT 0;
ALTER TABLE incidents ADD COLUMN acknowledged_by TEXT;
ALTER TABLE incidents ADD COLUMN acknowledged_at BIGINT;

UPDATE incidents SET detected_at = CAST(floor(extract(epoch FROM CAST(CAST(change AS json) -> 'incident' ->> 'detected_at' AS timestamptz)) * 1000) AS BIGINT),
    severity = CASE CAST(change AS json) -> 'incident' ->> 'severity' WHEN 'critical' THEN 2 WHEN 'warning' THEN 1 ELSE 0 END;

CREATE INDEX incidents_open ON incidents (brand) WHERE state <> 'resolved';

CREATE INDEX incidents_by_time ON incidents (detected_at, id);

CREATE TABLE incident_changes (
    incident_id TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    state TEXT NOT NULL,
    severity TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (incident_id, sequence)
);

CREATE TABLE responses (
    seq BIGSERIAL PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    incident_id TEXT NOT NULL,
    brand TEXT NOT NULL,
    monitor TEXT NOT NULL,
    act TEXT NOT NULL,
    said_by TEXT NOT NULL,
    said_at BIGINT NOT NULL,
    until BIGINT,
    note TEXT
);

CREATE INDEX responses_of_incident ON responses (incident_id, seq);

-- Of one incident, or, without one, of all incidents of the brand.
CREATE TABLE silences (
    id TEXT PRIMARY KEY,
    brand TEXT NOT NULL,
    incident_id TEXT,
    severity BIGINT NOT NULL,
    until BIGINT NOT NULL
);

CREATE INDEX silences_of_brand ON silences (brand, until);

-- planned_at: when it is due by its route; due_at is later while people are silenced, or it is tried again.
ALTER TABLE outbox ADD COLUMN planned_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN severity BIGINT NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN until_acknowledged BIGINT NOT NULL DEFAULT 0;

-- 99: an end, which no silence puts off.
UPDATE outbox SET planned_at = created_at, severity =
    CASE WHEN CAST(change AS json) -> 'incident' ->> 'state' IN ('resolved', 'acknowledged') THEN 99 ELSE CASE CAST(change AS json) -> 'incident' ->> 'severity' WHEN 'critical' THEN 2 WHEN 'warning' THEN 1 ELSE 0 END END;

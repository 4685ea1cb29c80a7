-- Where a route tells of an incident, for channels whose messages change.

CREATE TABLE messages (
    route TEXT NOT NULL,
    incident_id TEXT NOT NULL,
    place TEXT NOT NULL,
    PRIMARY KEY (route, incident_id)
);

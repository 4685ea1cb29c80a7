//! Groundswell against real servers: Apache Kafka, PostgreSQL, Alertmanager, and HTTP receivers. `./test` installs what they need.
//!
//! One binary holds all of these tests, so that they are linked once and share one broker.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/mod.rs"]
mod support;

#[path = "live/airlines.rs"]
mod airlines;
#[path = "live/alert_topic.rs"]
mod alert_topic;
#[path = "live/alertmanager.rs"]
mod alertmanager;
#[path = "live/api.rs"]
mod api;
#[path = "live/bad_input.rs"]
mod bad_input;
#[path = "live/broker_faults.rs"]
mod broker_faults;
#[path = "live/cluster.rs"]
mod cluster;
#[path = "live/commands.rs"]
mod commands;
#[path = "live/email.rs"]
mod email;
#[path = "live/faults.rs"]
mod faults;
#[path = "live/grafana.rs"]
mod grafana;
#[path = "live/kafka_support.rs"]
mod kafka_support;
#[path = "live/limits.rs"]
mod limits;
#[path = "live/members.rs"]
mod members;
#[path = "live/outbox.rs"]
mod outbox;
#[path = "live/page.rs"]
mod page;
#[path = "live/planted_secrets.rs"]
mod planted_secrets;
#[path = "live/postgres_support.rs"]
mod postgres_support;
#[path = "live/program_support.rs"]
mod program_support;
#[path = "live/receiver_support.rs"]
mod receiver_support;
#[path = "live/responses.rs"]
mod responses;
#[path = "live/restart.rs"]
mod restart;
#[path = "live/route.rs"]
mod route;
#[path = "live/signatures.rs"]
mod signatures;
#[path = "live/silences.rs"]
mod silences;
#[path = "live/slack.rs"]
mod slack;
#[path = "live/slack_support.rs"]
mod slack_support;
#[path = "live/soak.rs"]
mod soak;
#[path = "live/source.rs"]
mod source;
#[path = "live/store.rs"]
mod store;
#[path = "live/stream_support.rs"]
mod stream_support;
#[path = "live/trial.rs"]
mod trial;

//! Groundswell watches what people say about a brand and wakes the on-call communications team
//! when it swings.
//!
//! # Layout
//!
//! Rooms in layers; a room uses only rooms above it in this list. `ARCHITECTURE.md` says why.
//!
//! Core, pure: no clock, no I/O, no randomness; the same input gives the same incidents.
//!
//! - [`mention`]: the event everything is about; event time.
//! - [`secret`]: a value that is never printed.
//! - [`window`]: panes, sliding windows, watermark, deduplication.
//! - [`baseline`]: what is typical for a series at this hour of the week, and how unusual a count is.
//! - [`incident`]: signals grouped into what people are told; severity; life cycle.
//! - [`detect`]: limits from a budget of false pages, swings, their onset, hysteresis.
//! - [`attribute`]: what an excess comes from.
//!
//! Engine:
//!
//! - [`checkpoint`]: what is kept of a partition's state, part by part.
//! - [`shard`]: one partition's state and its tick.
//!
//! Adapters, thin:
//!
//! - [`chart`]: a measure over time against what is typical, as SVG and PNG.
//! - [`proto`]: the wire types, generated from `proto/`.
//! - [`decode`]: bytes to mentions, or a dead letter with the reason.
//! - [`classify`]: brands, tone, crisis words, author role.
//! - [`source`]: where mentions come from: Kafka, files, standard input.
//! - [`relay`]: from Kafka topics into others, exactly once.
//! - [`store`]: what outlives the process: checkpoints, incidents, the outbox, what people do.
//! - [`notify`]: Slack and webhooks, retried, in order.
//! - [`telemetry`]: metrics and logs.
//! - [`desk`]: what people see and do, for the page and the API.
//! - [`http`]: the on-call page, the API, metrics and health.
//!
//! Program:
//!
//! - [`config`]: one TOML file, validated whole.
//! - [`pipeline`]: the rooms put together, live and in replay.
//! - [`demo`]: a made crisis.
//! - [`cli`]: the commands.

pub mod mention;
pub mod secret;
pub mod window;

pub mod baseline;
pub mod incident;

pub mod attribute;
pub mod detect;

pub mod checkpoint;
pub mod shard;

pub mod chart;
pub mod classify;
pub mod decode;
pub mod desk;
pub mod http;
pub mod notify;
pub mod proto;
pub mod relay;
pub mod source;
pub mod store;
pub mod telemetry;

pub mod cli;
pub mod config;
pub mod demo;
pub mod pipeline;

//! Groundswell watches what people say about a brand and wakes the on-call communications team
//! when it swings.
//!
//! # Layout
//!
//! Rooms, in the order the data goes through them; a room uses only rooms of its own layer's left
//! side or of a lower layer.
//!
//! Core, pure (no clock, no I/O):
//!
//! - [`mention`]: the event everything is about.
//! - [`detect`]: what is watched, and what is unusual.
//! - [`incident`]: signals grouped into what people are told.
//!
//! Adapters:
//!
//! - [`source`]: where mentions come from: Kafka, files, standard input.
//! - [`decode`]: bytes to mentions.
//! - [`classify`]: brands, tone, crisis words, author role.
//! - [`notify`]: Slack and webhooks.
//! - [`proto`]: the wire types, generated from `proto/`.

pub mod mention;
pub mod secret;

pub mod window;

pub mod attribute;
pub mod baseline;
pub mod detect;
pub mod incident;

pub mod shard;

pub mod classify;
pub mod decode;
pub mod notify;
pub mod proto;
pub mod source;
pub mod telemetry;

pub mod http;

pub mod cli;
pub mod config;
pub mod demo;
pub mod pipeline;

//! Tells people: Slack first, then any webhook.
//!
//! # Layout
//!
//! What is told:
//!
//! - [`story`]: a change in plain words, the same for every channel people read.
//! - [`slack`], [`pagerduty`], `alertmanager`, [`webhook`], [`email`], `topic`: what is particular to each channel.
//! - [`alert`]: a change for programs.
//! - [`terminal`]: the same on a terminal.
//! - `storm`: many incidents in one message.
//!
//! How it gets there:
//!
//! - `channel`: the ways by which a change reaches a receiver.
//! - `post`, `http`: a POST of JSON; `receiver`: what whoever is posted to must be able to say.
//! - `links`: how they come to the on-call page; `telling`: how people are told; `picture`: what it looks like.
//! - `pipeline`: the [`Notifier`]: a `worker` for each route (`builder` makes it), which takes what stands in the outbox;
//!   `filter` says what a route carries.
//! - `rest`: what is left to do once people have been told.
//! - `told`: what is told again to a receiver that forgets.
//! - `targets`: where it may go.
//! - `backoff`, `retry_after`, `rate_limit`: when the next try may follow.
//! - `observer`: who hears how it went.

pub mod alert;
mod alertmanager;
mod backoff;
mod builder;
mod channel;
pub mod email;
mod error;
mod filter;
#[cfg(test)]
mod hostile;
mod hours;
mod http;
mod links;
mod observer;
pub mod pagerduty;
mod picture;
mod pipeline;
mod post;
mod rate_limit;
mod receiver;
mod rest;
mod retry_after;
mod settings;
pub mod slack;
mod storm;
pub mod story;
mod targets;
mod telling;
pub mod terminal;
mod told;
mod topic;
pub mod webhook;
mod worker;

pub use error::NotifyError;
pub use filter::carriers;
pub use hours::{Hours, NoHours};
pub use http::http_client;
pub use links::{LinkSigning, PageLinks};
pub use observer::{DeliveryObserver, Failure, GivenUp};
pub use picture::{Picture, Pictures};
pub use pipeline::{Notifier, NotifierSettings};
pub use settings::{AlertFormat, RetrySettings, Route, Target};
pub use targets::{HostPattern, NoHostPattern, Special, TargetPolicy, TargetRefused};
pub use telling::Telling;

#[cfg(test)]
pub(crate) mod tests;

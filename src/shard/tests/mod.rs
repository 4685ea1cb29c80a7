//! The core on made and on real mentions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod life;
mod order;
mod silence;
mod streams;

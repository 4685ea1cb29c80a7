//! The core on made and on real mentions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod activation;
mod advocates;
mod airlines;
mod anger;
mod budget;
mod calibration;
mod calm;
mod cold_start;
mod feedback;
mod life;
mod measures;
mod order;
mod quiet;
mod refused;
mod saved;
mod silence;
mod single;
mod spread;
pub(in crate::shard) mod streams;
mod told;
mod worse;

//! How well it detects, measured on series whose truth is known.
//!
//!     cargo bench --bench detection

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod calibration;
mod sim;

fn main() {
    let start = std::time::Instant::now();
    calibration::print(&calibration::measure(std::env::var("N").map_or(3, |n| n.parse().unwrap())));
    eprintln!("{:?}", start.elapsed());
}

//! When ordinary mentions come: the rhythm of a day, and restless as real ones are.

use std::f64::consts::TAU;

use rand::RngExt;
use rand::rngs::StdRng;

/// Mentions in each hour of the day, as a part of those in the busiest: little at night, most with
/// the first cup and after lunch.
const DAY: [f64; 24] = [
    0.16, 0.10, 0.08, 0.07, 0.09, 0.20, 0.42, 0.70, 0.95, 1.00, 0.92, 0.85, 0.84, 0.90, 0.96, 0.98,
    0.93, 0.85, 0.76, 0.66, 0.56, 0.46, 0.36, 0.25,
];

/// How far the level strays from the rhythm: the standard deviation of its logarithm.
const RESTLESSNESS: f64 = 0.15;
/// How much of its straying a quarter of an hour passes on to the next.
const MEMORY: f64 = 0.8;

/// The part of the busiest hour's rate at `hour` (fractional, any number) of the day.
pub(super) fn of_day(hour: f64) -> f64 {
    let hour = hour.rem_euclid(24.0);
    let at = hour as usize % 24;
    let part = hour.fract();
    DAY[at] * (1.0 - part) + DAY[(at + 1) % 24] * part
}

/// What the rate is multiplied by in each of `quarters` quarters of an hour: the exponential of a
/// first-order autoregression, with mean 1. It makes counts over-dispersed, as real ones are.
pub(super) fn restless(rng: &mut StdRng, quarters: usize) -> Vec<f64> {
    let fresh = (1.0 - MEMORY * MEMORY).sqrt();
    let mut strays = normal(rng);
    let mut level = || {
        strays = MEMORY * strays + fresh * normal(rng);
        (RESTLESSNESS * strays - 0.5 * RESTLESSNESS * RESTLESSNESS).exp()
    };
    (0..quarters).map(|_| level()).collect()
}

/// The minutes in `0..length` at which a Poisson process with `rate` mentions a minute, nowhere
/// above `ceiling`, has one: a process of rate `ceiling`, thinned (Lewis & Shedler 1979).
pub(super) fn arrivals(
    rng: &mut StdRng,
    length: f64,
    ceiling: f64,
    rate: impl Fn(f64) -> f64,
) -> Vec<f64> {
    let mut minutes = Vec::new();
    let mut minute = 0.0;
    loop {
        minute -= positive(rng).ln() / ceiling;
        if minute >= length {
            return minutes;
        }
        if rng.random::<f64>() * ceiling < rate(minute) {
            minutes.push(minute);
        }
    }
}

/// Uniform in (0, 1].
pub(super) fn positive(rng: &mut StdRng) -> f64 {
    1.0 - rng.random::<f64>()
}

/// A standard normal variate (Box & Muller 1958).
fn normal(rng: &mut StdRng) -> f64 {
    (-2.0 * positive(rng).ln()).sqrt() * (TAU * rng.random::<f64>()).cos()
}

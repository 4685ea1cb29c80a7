//! z means what it says: of the hours of a calm series one in 741 lies at 3 or beyond.

use rand_distr::Gamma;

use super::*;

const Z: f64 = 3.0;
const WEEKS: i64 = 350;
const LEARNING: i64 = 12;

/// A negative binomial count, Poisson with a gamma rate, or a Poisson one.
fn draw(rng: &mut StdRng, mean: f64, dispersion: f64) -> f64 {
    let restless = match dispersion {
        0.0 => 1.0,
        _ => Gamma::new(1.0 / dispersion, dispersion).unwrap().sample(rng),
    };
    Poisson::new((mean * restless).max(1e-9)).unwrap().sample(rng)
}

/// How many times the nominal part of the hours lies beyond 3, for a series of so many mentions in
/// an average hour of which this part of the hours is missing.
fn ratio(level: f64, dispersion: f64, missing: f64) -> f64 {
    let mut rng = StdRng::seed_from_u64(level.to_bits() ^ dispersion.to_bits());
    let mut baseline = baseline(Scale::Count);
    let (mut hours, mut hits) = (0.0, 0.0);
    for hour in 0..WEEKS * 168 {
        let count = draw(&mut rng, level * rhythm(hour) / 100.0, dispersion);
        if rand::RngExt::random_bool(&mut rng, missing) {
            continue;
        }
        if let Some(expected) = baseline.expect(1, &hour_shape(hour)) {
            if hour >= LEARNING * 168 {
                hours += 1.0;
                hits += expected.part_beyond(Z, count);
            }
            baseline.settle(1, MONDAY + hour, &expected, count);
        }
        baseline.learn(bucket(hour, count));
    }
    hits / hours / tail::normal_upper_tail(Z)
}

/// From one mention in 100 minutes to ten thousand a minute. The table in docs/detection.md has all
/// windows and is measured over more series.
#[test]
fn whatever_the_rate_z_3_is_as_rare_as_it_says() {
    for level in [0.01, 0.1, 1.0, 10.0, 100.0, 1_000.0, 10_000.0].map(|rate| 60.0 * rate) {
        for (dispersion, missing) in [(0.0, 0.05), (0.05, 0.0)] {
            let ratio = ratio(level, dispersion, missing);
            println!("{level} {dispersion}: {ratio:.2}");
            assert!((1.0 / 1.5..1.5).contains(&ratio), "{level} an hour, {dispersion}: {ratio}");
        }
    }
}

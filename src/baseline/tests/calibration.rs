//! z means what it says: under the baseline, how rare is rare.

use rand_distr::Gamma;

use super::*;

/// A negative binomial count: Poisson with a gamma rate.
fn draw(rng: &mut StdRng, mean: f64, dispersion: f64) -> f64 {
    let restless = Gamma::new(1.0 / dispersion, dispersion).unwrap().sample(rng);
    Poisson::new((mean * restless).max(1e-9)).unwrap().sample(rng)
}

/// The share of hours, from the third week to the eighth, with z at or beyond 2 and 3, up and down.
fn beyond(seed: u64, level: f64, dispersion: f64) -> (f64, [f64; 4]) {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut baseline = baseline(Scale::Count);
    let (mut windows, mut beyond) = (0.0, [0.0; 4]);
    for hour in 0..8 * 168 {
        let count = draw(&mut rng, level * rhythm(hour), dispersion);
        if let Some(expected) = baseline.expect(1, &hour_shape(hour)) {
            if hour >= 14 * 24 {
                let z = expected.z(count);
                windows += 1.0;
                for (sum, is) in beyond.iter_mut().zip([z >= 2.0, z >= 3.0, z <= -2.0, z <= -3.0]) {
                    *sum += f64::from(u8::from(is));
                }
            }
            baseline.settle(1, &expected, count);
        }
        baseline.learn(bucket(hour, count));
    }
    (windows, beyond)
}

/// Six series of each level, six weeks each: of the hours of a well-behaved series no more than
/// three times the nominal part, and no less than a third of it, lies beyond 2 and 3.
#[test]
fn z_of_a_negative_binomial_series_is_calibrated_within_a_factor_of_three() {
    for (level, dispersion) in [(0.05, 0.1), (1.0, 0.03)] {
        let (mut windows, mut sums) = (0.0, [0.0; 4]);
        for seed in 0..6 {
            let (n, counts) = beyond(seed, level, dispersion);
            windows += n;
            sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        }
        let two = tail::normal_upper_tail(2.0);
        let three = tail::normal_upper_tail(3.0);
        let nominal = [two, three, two, three].map(|part| part * windows);
        for (at, (sum, nominal)) in sums.into_iter().zip(nominal).enumerate() {
            // A count of about 2 mentions cannot fall to z = -3: nothing is rarer than none.
            if level < 0.5 && at >= 2 {
                assert!(sum <= 3.0 * nominal, "level {level}: {sums:?} {nominal}");
                continue;
            }
            let ratio = sum / nominal;
            assert!((1.0 / 3.0..=3.0).contains(&ratio), "level {level}, {at}: {sums:?} {nominal}");
        }
    }
}

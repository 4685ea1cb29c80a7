//! Where theory gives a number, the baseline gives the same.

use statrs::distribution::Poisson as PoissonTail;

use super::*;

/// What a flat past of `hours` hours of `count` mentions says of those of `of`, whose dispersion is
/// still the prior one, and the variance of that: each hour has that of a negative binomial.
fn counted(hours: i64, count: f64, of: impl Fn(i64) -> bool) -> (f64, f64) {
    let half_life_hours = 7.0 * 24.0;
    let prior_dispersion = 0.12;
    let weights = (0..hours).filter(|&hour| of(hour)).map(|hour| {
        let age = (hours - 1 - hour) as f64;
        (-age / half_life_hours).exp2() / (1.0 + prior_dispersion * count)
    });
    let variance = count * (1.0 + prior_dispersion * count);
    weights.fold((0.0, 0.0), |sum, it| (sum.0 + it * count, sum.1 + it * it * variance))
}

/// Gamma posteriors: the squared relative error of a mean learnt from `n` (weighted) mentions of
/// variance `v` with a prior worth `k` is `(v + k) / (n + k)²`; errors of independent factors add.
#[test]
fn doubt_is_that_of_the_gamma_posteriors() {
    for (hours, count) in [(30, 4.0), (14 * 24, 30.0), (28 * 24, 0.5)] {
        let mut baseline = baseline(Scale::Count);
        (0..hours).for_each(|hour| baseline.learn(bucket(hour, count)));
        let asked = slot(hours - 1);
        let of = |of: &dyn Fn(Slot) -> bool, k: f64| {
            let (n, v) = counted(hours, count, |hour| of(slot(hour)));
            ((v + k) / (n + k).powi(2), v / (n + k).powi(2))
        };
        let parts = [
            of(&|_| true, 0.5),
            of(&|it| it.hour() == asked.hour(), 1.0),
            of(&|it| it.weekday() == asked.weekday(), 25.0),
            of(&|it| it == asked, 50.0),
        ];
        let (doubt, chance) = parts.iter().fold((0.0, 0.0), |sum, it| (sum.0 + it.0, sum.1 + it.1));
        // Of the variance of an hour this part is restlessness.
        let error = chance * 0.12 * count / (1.0 + 0.12 * count);
        let got = baseline.expect(1, &[Part::even(asked, 60.0)]).unwrap();
        let close = |got: f64, want: f64| (got / want - 1.0).abs() < 0.03;
        assert!(close(got.doubt, doubt), "{hours} h of {count}: {} {doubt}", got.doubt);
        assert!(close(got.error, error), "{hours} h of {count}: {} {error}", got.error);
        assert!(close(got.mean, count), "{hours} h of {count}: {}", got.mean);
        assert!((got.dispersion - got.doubt - 0.12).abs() < 1e-9, "no window settled yet");
    }
}

/// A true Poisson series of which everything is known is scored as Poisson.
#[test]
fn a_well_known_poisson_series_is_scored_almost_as_poisson() {
    let mut rng = StdRng::seed_from_u64(17);
    let mean = 40.0;
    let mut baseline = baseline(Scale::Count);
    for hour in 0..28 * 24 {
        let count = Poisson::new(mean).unwrap().sample(&mut rng);
        if let Some(expected) = baseline.expect(1, &hour_shape(hour)) {
            baseline.settle(1, MONDAY + hour, &expected, count);
        }
        baseline.learn(bucket(hour, count));
    }
    let expected = baseline.expect(1, &hour_shape(28 * 24 + 10)).unwrap();
    // What is left beyond Poisson: the doubt about four Mondays' tenth hour, and little else.
    assert!(expected.dispersion - expected.doubt < 0.01, "{expected:?}");
    let poisson = PoissonTail::new(mean).unwrap();
    for x in [20_u64, 30, 40, 50, 65] {
        let lower = poisson.cdf(x) - poisson.pmf(x) / 2.0;
        let want = -tail::z_of_upper_tail(lower.ln());
        let got = expected.z(x as f64);
        let honest = (expected.variance() / mean).sqrt();
        assert!((got * honest - want).abs() < 0.3, "{x}: {got} x {honest}, Poisson {want}");
        assert!(honest < 1.5, "{expected:?}");
    }
}

/// A window over several hours expects the sum of them; doubt about the rate and about the weekday is
/// shared by all of them, doubt about each hour averages out.
#[test]
fn a_day_expects_the_sum_of_its_hours_and_is_surer_than_each() {
    let mut baseline = baseline(Scale::Count);
    (0..14 * 24).for_each(|hour| baseline.learn(bucket(hour, rhythm(hour))));
    let day: Shape = (0..24).map(|hour| Part::even(slot(hour), 60.0)).collect();
    let whole = baseline.expect(2, &day).unwrap();
    let sum: f64 = (0..24).map(|hour| expected(&baseline, hour)).sum();
    assert!((whole.mean / sum - 1.0).abs() < 1e-9);
    let noon = baseline.expect(1, &hour_shape(12)).unwrap();
    assert!(whole.doubt < noon.doubt, "{} {}", whole.doubt, noon.doubt);
    // Half an hour of exposure is half the mentions, a dead hour none.
    let half = baseline.expect(1, &[Part::even(slot(12), 30.0)]).unwrap();
    assert!((half.mean * 2.0 - noon.mean).abs() < 1e-9);
    let dead = baseline.expect(1, &[]).unwrap();
    assert_eq!((dead.mean, dead.z(0.0).abs() < 1e-9), (0.0, true));
}

/// Every hour of a weekday never seen is off by the same factor, so its sum is, too.
#[test]
fn what_is_not_known_of_a_weekday_does_not_average_out_over_its_hours() {
    let mut baseline = baseline(Scale::Count);
    (0..5 * 24).for_each(|hour| baseline.learn(bucket(hour, 1_000.0)));
    let morning =
        |day: i64| (0..6).map(|hour| Part::even(slot(24 * day + hour), 60.0)).collect::<Shape>();
    let friday = baseline.expect(2, &morning(4)).unwrap().doubt;
    let saturday = baseline.expect(2, &morning(5)).unwrap().doubt;
    let of = |of: &dyn Fn(i64) -> bool, k: f64| {
        let (n, v) = counted(120, 1_000.0, of);
        (v + k) / (n + k).powi(2)
    };
    let unknown = 1.0 / 25.0 - of(&|hour| hour >= 96, 25.0);
    let slots = 1.0 / 50.0 - of(&|hour| hour == 96, 50.0);
    let more = unknown + slots / 6.0;
    assert!(((saturday - friday) / more - 1.0).abs() < 0.03, "{friday} {saturday} {more}");
}

/// One day shows an hour of the day once: its factor lies between "no rhythm" and what was seen.
#[test]
fn after_one_day_a_factor_lies_between_one_and_the_raw_ratio() {
    let mut baseline = baseline(Scale::Count);
    let busy = |hour: i64| if hour % 24 == 12 { 40.0 } else { 8.0 };
    (0..24).for_each(|hour| baseline.learn(bucket(hour, busy(hour))));
    let ratio = expected(&baseline, 24 + 12) / expected(&baseline, 24 + 6);
    assert!((1.5..5.0).contains(&ratio), "five times the others, once: {ratio}");
    let after_a_day = ratio;
    (24..28 * 24).for_each(|hour| baseline.learn(bucket(hour, busy(hour))));
    let ratio = expected(&baseline, 28 * 24 + 12) / expected(&baseline, 28 * 24 + 6);
    assert!(ratio > after_a_day && (ratio - 5.0).abs() < 0.5, "and then every day: {ratio}");
}

#[test]
fn a_past_without_exposure_teaches_nothing() {
    let mut baseline = baseline(Scale::Count);
    (0..14 * 24).for_each(|hour| baseline.learn(bucket(hour, 20.0)));
    let before = expected(&baseline, 14 * 24);
    for hour in 14 * 24..16 * 24 {
        baseline.learn(Bucket { part: Part::even(slot(hour), 0.0), ..bucket(hour, 0.0) });
    }
    assert_eq!(expected(&baseline, 14 * 24), before);
    // Half a dead hour with half its mentions is an ordinary one.
    baseline.learn(Bucket { part: Part::even(slot(16 * 24), 30.0), ..bucket(16 * 24, 10.0) });
    assert!((expected(&baseline, 14 * 24) / before - 1.0).abs() < 0.02);
}

/// What is lost by clipping, against the sum over all counts.
#[test]
fn what_clipping_leaves_of_the_variance_is_its_sum() {
    for (mean, dispersion) in [(0.3, 0.5), (3.0, 0.0), (3.0, 0.3), (40.0, 0.12), (900.0, 0.3)] {
        let expected = Expected::count(mean, dispersion);
        let top = 2.0 * expected.variance().sqrt();
        let clipped: f64 = (0..40_000)
            .map(f64::from)
            .map(|x| {
                let off: f64 = (x - mean).abs().min(if x > mean { top } else { f64::INFINITY });
                tail::ln_count(x, mean, dispersion).exp() * off * off
            })
            .sum();
        let (left, truth) = (expected.part_within(top), clipped / expected.variance());
        assert!((left - truth).abs() < 0.01, "{mean} {dispersion}: {left}, {truth}");
    }
}

/// An hour of which the second half alone is ever watched, on a slope: what is learnt of it is what
/// the whole hour holds.
#[test]
fn an_hour_watched_in_part_is_learnt_as_whole() {
    let between = |from: f64, to: f64| 20.0 * (1.2_f64.powf(to) - 1.2_f64.powf(from));
    let learn = |in_part: bool| {
        let mut baseline = baseline(Scale::Count);
        for hour in 0..28 * 24 {
            let (start, of_day) = (slot(hour), (hour % 24) as f64);
            let mut whole = bucket(hour, between(of_day, of_day + 1.0));
            if in_part && hour % 24 == 12 {
                whole.count = between(of_day + 0.5, of_day + 1.0);
                whole.part = Part::even(start, 0.0);
                let minute = |it: i32| Part::pane(start, f64::from(it) / 60.0, 1.0 / 60.0);
                (30..60).for_each(|it| whole.part.add(minute(it)));
            }
            baseline.learn(whole);
        }
        expected(&baseline, 28 * 24 + 12)
    };
    let (whole, in_part) = (learn(false), learn(true));
    assert!((in_part / whole - 1.0).abs() < 0.01, "{whole} {in_part}");
}

//! Ordinary weeks, as restless as real ones.

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand_distr::{Distribution, Poisson};

use crate::incident::Subject;
use crate::mention::BrandIndex;
use crate::shard::Shard;

use super::calm::{PANE, WEEK, counts, start_of};
use super::streams::{DAY, HOUR, at, opened, ordinary, restless, rhythm, run};

/// Pages from the third day on, over four quiet weeks.
fn pages(seed: u64, dispersion: f64) -> Vec<String> {
    let made = ordinary(seed, 0, 28 * DAY, restless(seed, 28, dispersion));
    opened(&run(&made))
        .into_iter()
        .filter(|it| it.incident.detected_at >= at(2 * DAY))
        .map(|it| {
            let (incident, on) = (&it.incident, &it.incident.detected_at);
            format!("{on} {} {} z {:.1}", incident.brand, incident.monitor, incident.peak_z)
        })
        .collect()
}

/// The default budget is one false page a week; hours that swing by a quarter at random keep to it.
#[test]
fn restless_weeks_are_quiet_too() {
    let pages = pages(61, 0.06);
    assert!(pages.len() <= 4, "{} pages in four quiet weeks: {pages:#?}", pages.len());
}

/// When clocks change an hour of the week comes twice or not at all, and people live by the new time.
#[test]
fn a_change_of_the_clocks_is_no_swing() {
    // 25 October 2026 and 28 March 2027, both at 01:00 UTC of a Sunday.
    for (day, back) in [(41, HOUR), (195, -HOUR)] {
        let furthest = |zone: &str| furthest_after(day * DAY + HOUR, back, zone);
        let (known, unknown) = (furthest("Europe/Berlin"), furthest("Etc/GMT-1"));
        assert!(known < 5.0 && unknown > 10.0, "day {day}: {known}, by a fixed clock {unknown}");
    }
}

/// The furthest that a window of a busy, steady brand lies out in the two days after the clocks have been
/// put `back` at `change`, to one who lives in `zone`.
fn furthest_after(change: i64, back: i64, zone: &str) -> f64 {
    let mut plan = counts(1, 1.0);
    plan.time_zone = jiff::tz::TimeZone::get(zone).unwrap();
    plan.sensitivity.min_excess = f64::INFINITY;
    let mut shard = Shard::new(plan.into(), "feed");
    let mut rng = StdRng::seed_from_u64(64);
    let first = change / PANE - 3 * WEEK;
    let mut furthest: f64 = 0.0;
    for pane in first..first + 3 * WEEK + 2 * WEEK / 7 {
        let now = pane * PANE;
        let by_the_clock = if now < change { now } else { now - back };
        let count = Poisson::new(300.0 * rhythm(by_the_clock)).unwrap().sample(&mut rng);
        shard.tally(start_of(pane), BrandIndex(0), count as u32, &mut Vec::new());
        if now >= change {
            let z = shard.surprises().map(|it| it.reading.z.abs());
            furthest = z.fold(furthest, f64::max);
        }
    }
    furthest
}

/// However restless its hours, a feed that lives is not said to be dead.
#[test]
fn no_living_feed_is_dead() {
    for dispersion in [0.25, 1.0] {
        let hours = restless(90, 28, dispersion);
        let only = |brand: usize, now: i64| if brand == 0 { 2.0 * hours(brand, now) } else { 0.0 };
        let told = run(&ordinary(90, 0, 28 * DAY, only));
        let dead: Vec<_> = opened(&told)
            .into_iter()
            .filter(|it| it.incident.subject == Subject::Feed)
            .filter(|it| it.incident.detected_at >= at(3 * DAY))
            .collect();
        assert!(dead.is_empty(), "{dispersion}: {dead:#?}");
    }
}

//! Ordinary weeks, as restless as real ones.

use crate::incident::{Change, Subject};

use super::streams::{DAY, HOUR, at, lines, opened, ordinary, restless, rhythm, run};

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
/// Three brands page then no more often than a calm week may: 24 days of them, a page a week allowed.
#[test]
fn a_change_of_the_clocks_pages_nobody() {
    use super::streams::{feed, plan};
    use crate::detect::Plan;
    use crate::shard::Shard;
    let mut paged = Vec::new();
    // 25 October 2026 and 28 March 2027, both at 01:00 UTC of a Sunday.
    for (seed, (day, back)) in (64..67).flat_map(|it| [(it, (41, HOUR)), (it, (195, -HOUR))]) {
        let zone = jiff::tz::TimeZone::get("Europe/Berlin").unwrap();
        let mut shard = Shard::new(Plan { time_zone: zone, ..(*plan()).clone() }.into(), "feed");
        let change = day * DAY + HOUR;
        let by_the_clock = |_: usize, now: i64| {
            if now < change { 1.0 } else { rhythm(now - back) / rhythm(now) }
        };
        let (from, to) = ((day - 21) * DAY, (day + 4) * DAY);
        let changes = feed(&mut shard, &ordinary(seed, from, to, by_the_clock));
        let since = |it: &&Change| it.incident.detected_at >= at(change - 2 * HOUR);
        paged.extend(opened(&changes).into_iter().filter(since).cloned());
    }
    assert!(paged.len() <= 24 / 7, "{:#?}", lines(&paged));
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

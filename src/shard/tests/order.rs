//! Duplicates, order, lateness, determinism.

use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::shard::{Outcome, Shard};

use super::streams::{
    DAY, HOUR, MINUTE, Made, START, feed, made, observe, opened, ordinary, plan, run, usual,
};

fn stream() -> Vec<Made> {
    let burst = |brand: usize, now: i64| {
        if brand == 2 && (3 * DAY + 12 * HOUR..3 * DAY + 14 * HOUR).contains(&now) {
            8.0
        } else {
            1.0
        }
    };
    ordinary(21, 0, 4 * DAY, burst)
}

fn json(changes: &[crate::incident::Change]) -> String {
    serde_json::to_string(changes).unwrap()
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let stream = stream();
    let once = run(&stream);
    assert!(!opened(&once).is_empty(), "there is something to compare");
    assert_eq!(json(&once), json(&run(&stream)));
}

#[test]
fn every_mention_sent_twice_counts_once() {
    let stream = stream();
    let twice: Vec<Made> = stream.iter().flat_map(|it| [*it, *it]).collect();
    assert_eq!(json(&run(&stream)), json(&run(&twice)));
}

/// A consumer that starts over reads the last hours again.
#[test]
fn hours_read_again_count_once() {
    let stream = stream();
    let mut shard = Shard::new(plan(), "feed");
    let mut changes = feed(&mut shard, &stream);
    let readings = shard.readings();
    for again in &stream[stream.len() - 2_000..] {
        let outcome = observe(&mut shard, again, &mut changes);
        assert!(matches!(outcome, Outcome::Duplicate | Outcome::Late), "{outcome:?}");
    }
    assert_eq!(shard.readings(), readings);
    shard.finish(&mut changes);
    assert_eq!(json(&run(&stream)), json(&changes));
}

#[test]
fn the_order_within_a_few_seconds_is_lost_in_the_counts() {
    let stream = stream();
    let mut rng = StdRng::seed_from_u64(22);
    let mut disordered = stream.clone();
    // Every mention arrives up to 4.9 s after it was made.
    disordered.sort_by_cached_key(|it| it.at + rng.random_range(0..4_900));
    assert_ne!(stream, disordered);
    let last = |stream: &[Made]| {
        let mut shard = Shard::new(plan(), "feed");
        let mut changes = feed(&mut shard, stream);
        shard.finish(&mut changes);
        let told: Vec<_> = changes
            .iter()
            .map(|it| (it.id, it.incident.updated_at, it.incident.mentions, it.incident.peak_z))
            .collect();
        (told, shard.readings())
    };
    assert_eq!(last(&stream), last(&disordered));
}

/// Late but within the allowed lateness: the windows that have passed over its pane are corrected.
#[test]
fn a_late_mention_is_counted_in_every_window_that_holds_its_pane() {
    let mut shard = Shard::new(plan(), "feed");
    let mut changes = feed(&mut shard, &ordinary(23, 0, 12 * HOUR, usual));
    let hour = |shard: &Shard| {
        let is = |it: &&crate::shard::WindowReading| {
            (it.brand.0, it.monitor.as_str(), it.window_seconds) == (0, "mentions-up", 3_600)
        };
        shard.readings().iter().find(is).unwrap().observed
    };
    // Two streams that differ by thirty mentions made 8 minutes before they arrive.
    let mut other = Shard::new(plan(), "feed");
    feed(&mut other, &ordinary(23, 0, 12 * HOUR, usual));
    for id in 0..30 {
        let late = made(9_000 + id, 12 * HOUR - 9 * MINUTE, 0);
        assert_eq!(observe(&mut other, &late, &mut changes), Outcome::Counted);
    }
    for shard in [&mut shard, &mut other] {
        feed(shard, &ordinary(24, 12 * HOUR, 12 * HOUR + 2 * MINUTE, usual));
    }
    assert_eq!(hour(&other) - hour(&shard), 30.0);
    for shard in [&mut shard, &mut other] {
        feed(shard, &ordinary(25, 12 * HOUR + 2 * MINUTE, 14 * HOUR, usual));
    }
    assert_eq!(hour(&other), hour(&shard), "and they leave it with their pane");
}

#[test]
fn a_mention_is_late_only_after_the_allowed_lateness() {
    let mut shard = Shard::new(plan(), "feed");
    let mut changes = Vec::new();
    let made = |id: u64, at: i64| made(id, at, 0);
    assert_eq!(observe(&mut shard, &made(1, HOUR), &mut changes), Outcome::Counted);
    assert_eq!(observe(&mut shard, &made(2, HOUR - 9 * MINUTE), &mut changes), Outcome::Counted);
    assert_eq!(observe(&mut shard, &made(3, HOUR - 12 * MINUTE), &mut changes), Outcome::Late);
    assert_eq!(observe(&mut shard, &made(1, HOUR), &mut changes), Outcome::Duplicate);
    // What is late is not remembered: sent again in time it would count.
    assert_eq!(observe(&mut shard, &made(4, HOUR + 30 * MINUTE), &mut changes), Outcome::Counted);
}

#[test]
fn disorder_within_the_out_of_orderness_changes_no_window() {
    let stream = stream();
    let mut disordered = stream.clone();
    // Neighbours less than five seconds apart change places.
    for pair in disordered.chunks_exact_mut(2) {
        if pair[1].at - pair[0].at < 4_000 {
            pair.swap(0, 1);
        }
    }
    assert_ne!(stream, disordered);
    let key = |made: &[Made]| -> Vec<_> {
        run(made)
            .iter()
            .map(|it| (it.id, it.incident.peak_z.to_bits(), it.incident.updated_at))
            .collect()
    };
    assert_eq!(key(&stream), key(&disordered));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn no_order_of_times_panics(times in prop::collection::vec(prop_oneof![
        8 => -2 * DAY..20 * DAY,
        1 => 0..4_000_000_000_000_i64,
        1 => any::<i64>(),
    ], 1..20)) {
        let mut shard = Shard::new(plan(), "feed");
        let mut changes = Vec::new();
        for (id, at) in times.into_iter().enumerate() {
            let made = Made { id: id as u64, at: START.saturating_add(at), brand: (id % 3) as u32, sentiment: -0.5 };
            observe(&mut shard, &made, &mut changes);
        }
        shard.finish(&mut changes);
        for change in &changes {
            prop_assert!(change.incident.peak_z.is_finite());
        }
    }
}

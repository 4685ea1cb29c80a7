//! Duplicates, order, lateness, determinism.

use proptest::prelude::*;

use crate::shard::{Outcome, Shard};

use super::streams::{DAY, HOUR, MINUTE, Made, START, observe, opened, ordinary, plan, run};

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

#[test]
fn a_mention_is_late_only_after_the_allowed_lateness() {
    let mut shard = Shard::new(plan());
    let mut changes = Vec::new();
    let made = |id: u64, at: i64| Made { id, at: START + at, brand: 0, sentiment: 0.0 };
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
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn no_order_of_times_panics(times in prop::collection::vec(prop_oneof![
        8 => -2 * DAY..20 * DAY,
        1 => 0..4_000_000_000_000_i64,
        1 => any::<i64>(),
    ], 1..20)) {
        let mut shard = Shard::new(plan());
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

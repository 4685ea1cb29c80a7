//! The window gauges: right, bounded, finite, one voice for each brand.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;

use super::super::windows::window_name;
use super::*;
use crate::detect::{BaselineSettings, Monitor, Plan, Sensitivity, TimeSettings};
use crate::mention::{Classified, Mention, Role, Tone};
use crate::shard::Shard;

const GAUGES: [&str; 5] = ["value", "expected", "lower", "upper", "z"];

/// The label sets shown, over all five gauges.
fn shown(metrics: &Metrics) -> BTreeSet<Vec<String>> {
    let families = scrape(metrics);
    GAUGES
        .iter()
        .filter_map(|gauge| families.get(&format!("groundswell_window_{gauge}")))
        .flat_map(|family| &family.samples)
        .map(|sample| sample.labels.values().cloned().collect())
        .collect()
}

fn of(metrics: &Metrics, gauge: &str, brand: &str, monitor: &str, window: &str) -> Option<f64> {
    let labels = [("brand", brand), ("monitor", monitor), ("window", window)];
    value(metrics, &format!("groundswell_window_{gauge}"), &labels)
}

fn plain(metrics: &Metrics, name: &str) -> f64 {
    value(metrics, name, &[]).unwrap()
}

#[test]
fn a_window_is_shown_as_it_was_read() {
    let metrics = Metrics::new(10).unwrap();
    let partition = metrics.partition("mentions", 0);
    let reading = WindowReading {
        observed: 40.0,
        expected: 20.0,
        lower: 12.0,
        upper: 30.0,
        z: 3.25,
        ..reading(1, "mentions-up", 21_600, 0.0)
    };
    partition.set_windows(&brands(&["Delta", "אל \"על\"\n\\"]), &[reading]);
    let shown = GAUGES.map(|gauge| of(&metrics, gauge, "אל \"על\"\n\\", "mentions-up", "6h"));
    assert_eq!(shown, [40.0, 20.0, 12.0, 30.0, 3.25].map(Some));
    assert_eq!(plain(&metrics, "groundswell_window_series"), 1.0);
    assert_eq!(plain(&metrics, "groundswell_window_series_omitted"), 0.0);
}

#[test]
fn lengths_are_written_as_people_say_them() {
    let written = [45, 60, 90, 300, 3_600, 5_400, 86_400].map(window_name);
    assert_eq!(written, ["45s", "1m", "90s", "5m", "1h", "90m", "24h"]);
}

#[test]
fn what_is_not_a_number_leaves_a_gap() {
    let metrics = Metrics::new(10).unwrap();
    let partition = metrics.partition("mentions", 0);
    let broken =
        WindowReading { z: f64::INFINITY, upper: f64::NAN, ..reading(0, "mentions-up", 300, 10.0) };
    partition.set_windows(&brands(&["Delta"]), &[broken]);
    let shown = GAUGES.map(|gauge| of(&metrics, gauge, "Delta", "mentions-up", "5m"));
    assert_eq!(shown, [Some(10.0), Some(10.0), Some(5.0), None, None]);
}

#[test]
fn beyond_the_limit_what_is_shown_stays_and_the_rest_is_told() {
    let metrics = Metrics::new(3).unwrap();
    let brands = brands(&["Delta", "United"]);
    let first = metrics.partition("mentions", 0);
    let second = metrics.partition("mentions", 1);
    first.set_windows(&brands, &[reading(0, "up", 300, 1.0), reading(0, "up", 3_600, 12.0)]);
    let united = [300, 3_600, 86_400].map(|window| reading(1, "up", window, 50.0));
    second.set_windows(&brands, &united);
    assert_eq!(shown(&metrics).len(), 3);
    assert_eq!(of(&metrics, "value", "United", "up", "5m"), Some(50.0));
    assert_eq!(plain(&metrics, "groundswell_window_series_limit"), 3.0);
    assert_eq!(plain(&metrics, "groundswell_window_series_omitted"), 2.0);
    // A window that turns up before the known ones does not push them out.
    let more = ["down", "up"].map(|monitor| reading(0, monitor, 300, 2.0));
    let more = [more.as_slice(), &[reading(0, "up", 3_600, 12.0)]].concat();
    first.set_windows(&brands, &more);
    assert_eq!(of(&metrics, "value", "Delta", "up", "5m"), Some(2.0));
    assert_eq!(of(&metrics, "value", "Delta", "down", "5m"), None);
    assert_eq!(plain(&metrics, "groundswell_window_series_omitted"), 3.0);
    // Room that is given back is used.
    drop(first);
    second.set_windows(&brands, &united);
    assert_eq!(shown(&metrics).len(), 3);
    assert_eq!(of(&metrics, "value", "United", "up", "24h"), Some(50.0));
    assert_eq!(plain(&metrics, "groundswell_window_series_omitted"), 0.0);
}

#[test]
fn the_shard_that_hears_most_of_a_brand_speaks_for_it() {
    let metrics = Metrics::new(10).unwrap();
    let brands = brands(&["Delta"]);
    let few = metrics.partition("mentions", 0);
    let many = metrics.partition("mentions", 1);
    few.set_windows(&brands, &[reading(0, "up", 300, 1.0)]);
    many.set_windows(&brands, &[reading(0, "up", 300, 80.0)]);
    few.set_windows(&brands, &[reading(0, "up", 300, 2.0)]);
    let now = || of(&metrics, "value", "Delta", "up", "5m");
    assert_eq!(now(), Some(80.0));
    many.set_windows(&brands, &[reading(0, "up", 300, 60.0)]);
    assert_eq!(now(), Some(60.0), "its own words replace what it said");
    drop(many);
    assert_eq!(now(), None);
    few.set_windows(&brands, &[reading(0, "up", 300, 3.0)]);
    assert_eq!(now(), Some(3.0), "whoever is left speaks");
    few.set_windows(&brands, &[]);
    assert_eq!(now(), None, "nothing is read, so nothing is shown");
}

#[test]
fn a_shard_does_not_speak_for_brands_it_never_heard_of() {
    let metrics = Metrics::new(100).unwrap();
    let partition = metrics.partition("mentions", 0);
    let brands = brands(&["Delta", "United"]);
    let mut shard = shard(&brands);
    for minute in 0..3 * 1_440 {
        hear_of(BrandIndex(0), minute, &mut shard);
        if minute % 90 == 0 {
            let readings = shard.readings();
            partition.set_windows(&brands, &readings);
            let read = readings.iter().any(|reading| reading.brand == BrandIndex(0));
            let shown = of(&metrics, "value", "Delta", "mentions-up", "1h");
            assert_eq!(shown.is_some(), read, "minute {minute}");
            let silent = shown_brands(&metrics).contains("United");
            assert!(!silent, "minute {minute}");
        }
    }
    let every = shard.readings().iter().any(|reading| reading.brand == BrandIndex(1));
    assert!(every, "a shard watches every brand");
    for minute in 3 * 1_440..3 * 1_440 + 3 {
        hear_of(BrandIndex(1), minute, &mut shard);
    }
    partition.set_windows(&brands, &shard.readings());
    assert!(shown_brands(&metrics).contains("United"), "now it has been heard of");
}

fn shown_brands(metrics: &Metrics) -> BTreeSet<String> {
    shown(metrics).into_iter().map(|labels| labels[0].clone()).collect()
}

fn shard(brands: &[Brand]) -> Shard {
    let plan = Plan {
        brands: brands.to_vec(),
        time_zone: jiff::tz::TimeZone::UTC,
        time: TimeSettings::default(),
        monitors: Monitor::defaults(),
        sensitivity: Sensitivity::default(),
        baseline: BaselineSettings::default(),
    };
    Shard::new(Arc::new(plan), "feed")
}

/// Two mentions of `brand` in the `minute`th minute.
fn hear_of(brand: BrandIndex, minute: i64, shard: &mut Shard) {
    for second in [0, 30] {
        let created_at = at(1_424_563_200 + 60 * minute + second);
        let mention = Mention {
            id: created_at.to_string().into(),
            created_at,
            channel: "twitter".into(),
            ..Mention::default()
        };
        let classified = Classified {
            mention: &mention,
            brands: vec![brand],
            sentiment: 0.0,
            tone: Tone::Neutral,
            crisis_terms: Vec::new(),
            role: Role::Customer,
            normal_text: mention.text.to_lowercase(),
            names: Vec::new(),
        };
        shard.observe(&classified, &mut Vec::new());
    }
}

fn readings() -> impl Strategy<Value = Vec<WindowReading>> {
    let number = prop_oneof![
        8 => 0.0..1e6,
        1 => Just(f64::NAN),
        1 => Just(f64::INFINITY),
        1 => Just(f64::NEG_INFINITY),
    ];
    let keys = prop::collection::btree_set((0_u32..7, 0_usize..3, 1_u64..4), 0..40);
    keys.prop_flat_map(move |keys| {
        let values = prop::collection::vec(prop::array::uniform5(number.clone()), keys.len());
        values.prop_map(move |values| {
            let reading = |((brand, monitor, hours), values): (&(u32, usize, u64), [f64; 5])| {
                let [observed, expected, lower, upper, z] = values;
                WindowReading {
                    observed,
                    expected,
                    lower,
                    upper,
                    z,
                    ..reading(*brand, ["up", "down", "share"][*monitor], hours * 3_600, 0.0)
                }
            };
            keys.iter().zip(values).map(reading).collect()
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever three shards say, in whatever order, come and go as they may: never more label sets
    /// than the cap, none that is not a number, and the count of them is true.
    #[test]
    fn the_number_of_series_is_bounded(
        cap in 0_usize..30,
        said in prop::collection::vec((0_usize..3, any::<bool>(), readings()), 1..12),
    ) {
        let metrics = Metrics::new(cap).unwrap();
        // One brand fewer than the readings speak of.
        let brands = brands(&["a", "b", "c", "d", "e", "f"]);
        let mut partitions: [_; 3] = std::array::from_fn(|n| metrics.partition("t", n as i32));
        let mut last: [Vec<WindowReading>; 3] = Default::default();
        for (who, restarted, readings) in said {
            if restarted {
                partitions[who] = metrics.partition("t", who as i32);
            }
            partitions[who].set_windows(&brands, &readings);
            let shown = shown(&metrics);
            let series = plain(&metrics, "groundswell_window_series");
            prop_assert!(series <= cap as f64);
            prop_assert!(shown.len() as f64 <= series);
            for family in scrape(&metrics).values() {
                prop_assert!(family.samples.iter().all(|sample| sample.value.is_finite()));
            }
            last[who] = readings;
        }
        // Room that somebody gave back is taken when the others speak again.
        for _ in 0..2 {
            for (partition, readings) in partitions.iter().zip(&last) {
                partition.set_windows(&brands, readings);
            }
        }
        if plain(&metrics, "groundswell_window_series_omitted") > 0.0 {
            prop_assert_eq!(plain(&metrics, "groundswell_window_series"), cap as f64);
        }
        drop(partitions);
        prop_assert!(shown(&metrics).is_empty());
        prop_assert_eq!(plain(&metrics, "groundswell_window_series"), 0.0);
    }
}

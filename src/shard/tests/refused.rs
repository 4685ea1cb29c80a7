//! What cannot be used is refused, part by part, and made good.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

use crate::checkpoint::{CheckpointError, PartKey, Problem, decode, framed};
use crate::detect::{Brand, Monitor, Plan};
use crate::incident::{Change, Direction, Measure};
use crate::mention::BrandIndex;
use crate::shard::{Loaded, Shard};

use super::saved::{Step, Stored, busy, say, weekly, weeks};
use super::streams::{BRANDS, DAY, HOUR, MINUTE, Made, START, at, false_alarm, plan};

/// The shard that has heard the first `share` of `steps`, and what it has told.
fn heard(plan: &Arc<Plan>, steps: &[Step], share: f64) -> (Shard, Vec<Change>) {
    let mut shard = Shard::new(Arc::clone(plan), "feed");
    let mut changes = Vec::new();
    let count = (steps.len() as f64 * share) as usize;
    hear(&mut shard, &steps[..count], &mut changes);
    (shard, changes)
}

fn hear(shard: &mut Shard, steps: &[Step], changes: &mut Vec<Change>) {
    for step in steps {
        if let Step::Said(made) = step {
            say(shard, made, changes);
        }
    }
}

fn changed(change: impl FnOnce(&mut Plan)) -> Arc<Plan> {
    let mut plan = (*weekly()).clone();
    change(&mut plan);
    plan.into()
}

fn load(stored: &Stored, plan: &Arc<Plan>) -> Result<Loaded, CheckpointError> {
    Shard::load(Arc::clone(plan), "feed", stored.parts())
}

fn stored() -> Stored {
    Stored::of(&mut heard(&weekly(), &weeks(), 0.5).0)
}

/// The brands that are missing, and why.
fn missing(loaded: &Loaded) -> Vec<(u32, String)> {
    let told = loaded.missing.iter().map(|it| (it.brand.0, it.error.to_string())).collect();
    let missing: Vec<BrandIndex> = loaded.shard.brands_missing().collect();
    assert_eq!(missing, loaded.missing.iter().map(|it| it.brand).collect::<Vec<_>>());
    told
}

#[test]
fn every_part_that_is_damaged_or_gone_is_refused_and_takes_no_more_than_its_brand() {
    let (plan, stored) = (weekly(), stored());
    let mut kinds = BTreeSet::new();
    for key in stored.parts.keys() {
        for problem in ["is damaged", "is not there"] {
            let mut broken = stored.clone();
            if problem == "is damaged" {
                let bytes = broken.parts.get_mut(key).unwrap();
                let at = bytes.len() / 2;
                bytes[at] ^= 4;
            } else {
                broken.parts.remove(key);
            }
            kinds.insert(key.to_string().split('/').next().unwrap().to_owned());
            let wanted = format!("the part {key} of the checkpoint {problem}");
            match (load(&broken, &plan), key.brand()) {
                (Err(error), None) => assert!(error.to_string().starts_with(&wanted), "{error}"),
                (Ok(loaded), Some(brand)) => {
                    let [(at, why)] = &missing(&loaded)[..] else { panic!("{key}") };
                    assert_eq!(BRANDS[*at as usize], brand);
                    assert!(why.starts_with(&wanted), "{why}");
                }
                (loaded, _) => panic!("{key}: {loaded:?}"),
            }
        }
    }
    let all = ["authors", "baselines", "brand", "feed", "partition", "seen", "talk", "usual"];
    assert!(kinds.iter().eq(all), "{kinds:?}");
}

#[test]
fn a_changed_configuration_says_what_it_makes_useless() {
    let stored = stored();
    let monitor = Monitor {
        name: "praise-up".to_owned(),
        measure: Measure::PositiveMentions,
        direction: Direction::Up,
        windows: vec![Duration::from_secs(3_600)],
    };
    for (plan, wanted) in [
        (
            changed(|it| it.time_zone = jiff::tz::TimeZone::get("Asia/Jerusalem").unwrap()),
            "the time zone was UTC, now Asia/Jerusalem",
        ),
        (changed(|it| it.time.pane = Duration::from_secs(300)), "a pane was 15 min, now 5 min"),
        (
            changed(|it| it.monitors[0].windows.push(Duration::from_secs(43_200))),
            "the windows were 1 h, 6 h, 24 h, now 1 h, 6 h, 12 h, 24 h",
        ),
    ] {
        let error = load(&stored, &plan).unwrap_err();
        assert_eq!(error.problem, Problem::Shape { differs: wanted.to_owned() });
    }
    for (plan, wanted) in [
        (
            changed(|it| it.monitors.push(monitor.clone())),
            "monitors were added: praise-up over 1 h (positive_mentions up)",
        ),
        (
            changed(|it| drop(it.monitors.remove(1).windows)),
            "monitors are gone: mentions-down over 1 h (mentions down), mentions-down over 6 h \
             (mentions down), mentions-down over 24 h (mentions down)",
        ),
        (changed(|it| it.monitors.reverse()), "the monitors stand in another order"),
    ] {
        let told = missing(&load(&stored, &plan).unwrap());
        assert_eq!(told.len(), 3);
        assert!(told.iter().all(|it| it.1.contains(wanted)), "{told:?}");
    }
}

/// What only judges may change: the same series go on under other limits.
#[test]
fn a_setting_that_only_judges_may_change() {
    let steps = weeks();
    let half = steps.len() / 2;
    let plan = changed(|it| {
        it.sensitivity.false_pages_per_week = 20.0;
        it.sensitivity.min_post_shares = 5.0;
        it.time.allowed_lateness = Duration::from_secs(3 * 3_600);
        it.time.out_of_orderness = Duration::from_secs(1_800);
        it.time.dedup_capacity = 1_000;
        it.baseline.memory = Duration::from_secs(14 * 86_400);
        it.brands[1].market = Some("another".to_owned());
    });
    let loaded = load(&stored(), &plan).unwrap();
    assert_eq!(missing(&loaded), []);
    let (mut strict, mut changes) = heard(&weekly(), &steps, 0.5);
    let told = changes.len();
    hear(&mut strict, &steps[half..], &mut changes);
    let mut shard = loaded.shard;
    let mut lenient = Vec::new();
    hear(&mut shard, &steps[half..], &mut lenient);
    assert!(lenient.len() > changes.len() - told, "{} of {}", lenient.len(), changes.len() - told);
    strict.finish(&mut changes);
    shard.finish(&mut lenient);
    let counted = |shard: &Shard| -> Vec<f64> {
        shard.readings().iter().filter(|it| it.brand.0 == 2).map(|it| it.observed).collect()
    };
    let (counted, wanted) = (counted(&shard), counted(&strict));
    let same = counted.iter().zip(&wanted).all(|(a, b)| (a - b).abs() < 1e-9);
    assert!(same && counted.len() == wanted.len(), "{counted:?}, not {wanted:?}");
    assert!(shard.fullness().dedup <= 1_000);
}

/// A new brand, and one that was damaged, cost a reading of the past.
#[test]
fn what_is_missing_is_adopted_from_the_past_read_again() {
    let steps = weeks();
    let half = steps.len() / 2;
    let plan = weekly();
    let (mut undisturbed, mut wanted) = heard(&plan, &steps, 0.5);
    // The wall clock has moved it on; who reads the past again does not know of that.
    let now = undisturbed.watermark().unwrap().plus_millis(HOUR);
    undisturbed.idle(now, HOUR, &mut wanted);
    undisturbed.mark([false_alarm("mentions-up", at(0))]);
    let told = wanted.len();
    let mut stored = Stored::of(&mut undisturbed);
    stored.parts.get_mut(&PartKey::Brand(BRANDS[1].to_owned())).unwrap()[20] ^= 1;
    let Loaded { mut shard, .. } = load(&stored, &plan).unwrap();
    // Until it is adopted it is not saved: it would be taken for known.
    let mut without = stored.clone();
    without.take(shard.save().unwrap());
    assert!(without.parts.keys().all(|key| key.brand() != Some(BRANDS[1])));
    let absent = missing(&load(&without, &plan).unwrap());
    assert!(absent[0].1.contains("is not there"), "{absent:?}");

    let rebuilt = heard(&plan, &steps, 0.5).0;
    let mut changes = Vec::new();
    shard.adopt(rebuilt, &mut changes);
    assert_eq!((changes.len(), shard.brands_missing().count()), (0, 0));
    without.take(shard.save().unwrap());
    shard = without.load(&plan);
    hear(&mut undisturbed, &steps[half..], &mut wanted);
    hear(&mut shard, &steps[half..], &mut changes);
    assert_eq!(changes, wanted[told..]);
    assert_eq!(shard.readings(), undisturbed.readings());
    for shard in [&mut undisturbed, &mut shard] {
        shard.unsave();
    }
    let brands = |shard: &mut Shard| {
        let parts = Stored::of(shard).parts;
        parts.into_iter().filter(|part| part.0.brand().is_some()).collect::<Vec<_>>()
    };
    assert!(brands(&mut shard) == brands(&mut undisturbed), "the same to the byte");
}

#[test]
fn brands_come_and_go_with_the_configuration() {
    let old = weekly();
    let new = changed(|it| {
        it.brands[0] = Brand { name: "Delta".to_owned(), market: None };
        it.brands.swap(1, 2);
    });
    let mut stored = stored();
    let Loaded { mut shard, missing: told } = load(&stored, &new).unwrap();
    let told: Vec<_> = told.into_iter().map(|it| (it.brand, it.error.problem)).collect();
    assert_eq!(told, [(BrandIndex(0), Problem::Absent)]);
    shard.adopt(Shard::new(Arc::clone(&new), "feed"), &mut Vec::new());
    stored.take(shard.save().unwrap());
    let brands: BTreeSet<&str> = stored.parts.keys().filter_map(PartKey::brand).collect();
    assert!(!brands.contains(BRANDS[0]), "{brands:?}");
    assert_eq!(missing(&load(&stored, &old).unwrap()).len(), 1, "the other two are told by name");
}

/// Nothing else tells them apart: of rows no talk is kept.
#[test]
fn a_part_of_another_moment_is_refused() {
    let plan = weekly();
    let mut shard = Shard::new(Arc::clone(&plan), "feed");
    let mut row = |quarter: i64| {
        shard.tally(at(quarter * 15 * MINUTE), BrandIndex(0), 3, &mut Vec::new());
        shard.unsave();
        Stored::of(&mut shard)
    };
    let [earlier, mut later] = [1, 2].map(&mut row);
    assert_eq!(missing(&load(&later, &plan).unwrap()), []);
    let key = PartKey::Brand(BRANDS[2].to_owned());
    later.parts.insert(key.clone(), earlier.parts[&key].clone());
    let told = missing(&load(&later, &plan).unwrap());
    assert_eq!(told.len(), 1);
    assert!(told[0].1.contains("does not fit"), "{told:?}");
}

/// However often its number stands among those of the segments, it is unfolded once.
#[test]
fn a_part_that_is_named_over_and_over_is_refused() {
    let mut stored = stored();
    let mut plain = plain(&stored.parts[&PartKey::Partition]);
    let list = b"\xA5small\x91";
    let at = plain.windows(list.len()).position(|it| it == list).unwrap() + list.len();
    let number = plain[at];
    plain.splice(at - 1..at, [0xDC, 0x40, 0]);
    plain.splice(at + 2..at + 2, [number; 0x4000 - 1]);
    stored.parts.insert(PartKey::Partition, framed(&plain));
    let error = load(&stored, &weekly()).unwrap_err();
    assert_eq!(error.key, PartKey::Seen(number.into()));
    assert!(error.to_string().contains("does not fit"), "{error}");
}

#[test]
fn a_shard_that_was_never_saved_is_not_loaded() {
    let error = load(&Stored::default(), &weekly()).unwrap_err();
    assert_eq!(error, CheckpointError::new(&PartKey::Partition, Problem::Absent));
}

/// What a part holds, as it is before it is packed.
fn plain(bytes: &[u8]) -> Vec<u8> {
    zstd::decode_all(&bytes[14..]).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Whatever a part says, as long as it says it in the right form, nothing panics: neither loading
    /// nor saving again.
    #[test]
    fn a_part_that_lies_is_refused_in_peace(
        which in any::<prop::sample::Index>(),
        lies in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        static STORED: std::sync::OnceLock<Stored> = std::sync::OnceLock::new();
        let stored = STORED.get_or_init(stored);
        let mut broken = stored.clone();
        let key = which.get(&stored.parts.keys().collect::<Vec<_>>()).to_owned().clone();
        let mut plain = plain(&stored.parts[&key]);
        for (at, byte) in lies {
            let at = at.index(plain.len());
            plain[at] = byte;
        }
        let bytes = framed(&plain);
        broken.parts.insert(key, bytes);
        if let Ok(mut loaded) = load(&broken, &weekly()) {
            loaded.shard.save().unwrap();
        }
    }
}

/// A morning of one brand, its last hour a crisis.
fn golden() -> (Arc<Plan>, Vec<Step>) {
    let plan = Plan { brands: plan().brands[1..2].to_vec(), ..(*plan()).clone() };
    let day = START + 4 * DAY + 5 * HOUR..START + 4 * DAY + 13 * HOUR;
    let steps = busy().into_iter().filter_map(|step| match step {
        Step::Said(it) if it.brand == 1 && day.contains(&it.at) => {
            Some(Step::Said(Made { brand: 0, ..it }))
        }
        _ => None,
    });
    (plan.into(), steps.collect())
}

/// A checkpoint that version 1 of the format has written: it must be read for as long as there are
/// any. Written by `GOLDEN=write` when the format gets another version, under another name.
#[test]
fn what_was_written_by_the_first_version_is_read() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/checkpoint-v1.txt");
    let (plan, steps) = golden();
    let known = steps.len() - 100;
    let (mut shard, _) = heard(&plan, &steps[..known], 1.0);
    if std::env::var_os("GOLDEN").is_some() {
        let line = |(key, bytes)| format!("{key}\t{}\n", STANDARD.encode(bytes));
        let lines: String = Stored::of(&mut shard).parts.into_iter().map(line).collect();
        std::fs::write(&file, lines).unwrap();
    }
    let text = std::fs::read_to_string(&file).unwrap();
    let parts = text.lines().map(|line| line.split_once('\t').unwrap());
    let parts = parts.map(|(key, it)| (key.parse().unwrap(), STANDARD.decode(it).unwrap()));
    let golden = Stored { parts: parts.collect() };
    let mut loaded = golden.load(&plan);
    assert_eq!(loaded.watermark(), shard.watermark());
    assert_eq!(loaded.open_incidents().count(), 1);
    let (mut wanted, mut told) = (Vec::new(), Vec::new());
    for (shard, changes) in [(&mut shard, &mut wanted), (&mut loaded, &mut told)] {
        hear(shard, &steps[known..], changes);
    }
    let seen = |changes: &[Change]| changes.iter().map(|it| it.id).collect::<Vec<_>>();
    assert_eq!(seen(&told), seen(&wanted));

    /// What a later release may make of it.
    #[derive(serde::Deserialize)]
    struct Later {
        #[serde(default)]
        added: Vec<String>,
    }
    let Later { added } = decode(&PartKey::Partition, &golden.parts[&PartKey::Partition]).unwrap();
    assert!(added.is_empty());
}

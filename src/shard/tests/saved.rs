//! What is saved and loaded goes on as if nothing had happened.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::checkpoint::{Part, PartKey, Saved};
use crate::detect::{Mark, MarkedAs, Plan};
use crate::incident::{Change, Direction};
use crate::mention::{Author, BrandIndex, Classified, Kind, Mention, Role, Timestamp, Tone};
use crate::shard::{Loaded, Shard, WindowReading};

use super::streams::{
    BRANDS, DAY, HOUR, MINUTE, Made, START, at, false_alarm, lines, made, ordinary_but, plan,
    series,
};

/// What a store holds of one shard.
#[derive(Debug, Default, Clone)]
pub struct Stored {
    pub parts: BTreeMap<PartKey, Vec<u8>>,
}

impl Stored {
    pub fn take(&mut self, saved: Saved) {
        let put: BTreeSet<PartKey> = saved.put.iter().map(|part| part.key.clone()).collect();
        assert_eq!(put.len(), saved.put.len(), "each once");
        for key in saved.remove {
            assert!(!put.contains(&key), "{key} is put and removed");
            self.parts.remove(&key);
        }
        self.parts.extend(saved.put.into_iter().map(|part| (part.key, part.bytes)));
    }

    pub fn parts(&self) -> impl Iterator<Item = Part> {
        self.parts.iter().map(|(key, bytes)| Part { key: key.clone(), bytes: bytes.clone() })
    }

    pub fn load(&self, plan: &Arc<Plan>) -> Shard {
        let Loaded { shard, missing } =
            Shard::load(Arc::clone(plan), "feed", self.parts()).unwrap();
        assert_eq!(missing, []);
        shard
    }

    pub fn of(shard: &mut Shard) -> Self {
        let mut stored = Self::default();
        stored.take(shard.save().unwrap());
        stored
    }
}

/// What happens to a shard.
#[derive(Debug, Clone)]
pub enum Step {
    Said(Made),
    Idle { now: i64, idle: i64 },
    Marked(Mark),
}

/// Mentions of `id`s beyond these are of one kind.
const POST: u64 = 1 << 50;
const ALARM: u64 = 1 << 51;
const ADVOCATE: u64 = 1 << 52;
const FOLLOWER: u64 = 1 << 53;

pub fn say(shard: &mut Shard, made: &Made, changes: &mut Vec<Change>) {
    let alarm = made.id & ALARM > 0;
    let handle = match made.id {
        id if id & ADVOCATE > 0 => format!("fan_{}", id >> 32 & 0xFF),
        id => format!("passer_by_{}", id % 997),
    };
    let mut mention = Mention {
        id: made.id.to_string().into(),
        created_at: Timestamp::from_millis(made.at),
        channel: if made.id.is_multiple_of(3) { "twitter".into() } else { "reddit".into() },
        text: format!("my order {} was late again, no answer", made.id % 11).into(),
        author: Author {
            handle: Some(handle.into()),
            followers: Some(if alarm { 400_000 } else { made.id % 5_000 }),
            ..Author::default()
        },
        country: Some(["us", "de", "il"][made.id as usize % 3].into()),
        links: vec![format!("https://example.com/{}", made.id % 40).into()],
        ..Mention::default()
    };
    if made.id & POST > 0 {
        mention.kind = Kind::Share;
        mention.parent = Some((made.id >> 32 & 0xFF).to_string().into());
    }
    if made.id & FOLLOWER > 0 {
        mention.intent = Some("follow".into());
    }
    let alive = 3 * DAY + 14 * HOUR;
    mention.hashtags = match made.id % 10 {
        0 => vec!["Coffee".into()],
        1 => vec![format!("once{}", made.id).into()],
        // It comes to life, though no more is said than ever.
        2..8 if made.brand == 0 && (alive..alive + 2 * HOUR).contains(&(made.at - START)) => {
            vec!["OnFleek".into()]
        }
        _ => Vec::new(),
    };
    let terms =
        if alarm || made.id.is_multiple_of(97) { vec!["recall".into()] } else { Vec::new() };
    shard.observe(
        &Classified {
            mention: &mention,
            brands: vec![BrandIndex(made.brand)],
            sentiment: made.sentiment,
            tone: Tone::of(made.sentiment),
            crisis_terms: terms,
            role: Role::Customer,
            normal_text: mention.text.to_lowercase(),
            names: Vec::new(),
        },
        changes,
    );
}

fn take(shard: &mut Shard, step: &Step, changes: &mut Vec<Change>) {
    match step {
        Step::Said(made) => say(shard, made, changes),
        Step::Idle { now, idle } => shard.idle(at(*now), *idle, changes),
        Step::Marked(mark) => shard.mark([mark.clone()]),
    }
}

/// Thirteen days in which about everything happens.
pub fn busy() -> Vec<Step> {
    let crisis = 4 * DAY + 12 * HOUR..4 * DAY + 17 * HOUR;
    let dead = 6 * DAY + 9 * HOUR..6 * DAY + 11 * HOUR;
    let gap = 8 * DAY..11 * DAY + 12 * HOUR;
    let times = |brand: usize, now: i64| match brand {
        _ if dead.contains(&now) || gap.contains(&now) => 0.0,
        1 if crisis.contains(&now) => 6.0,
        2 if now >= 12 * DAY => 0.0,
        _ => 1.0,
    };
    let anger =
        |brand: usize, now: i64| if brand == 1 && crisis.contains(&now) { 0.8 } else { 0.3 };
    let mut said = ordinary_but(301, 0, 13 * DAY, times, anger);
    for day in 0..13 {
        if gap.contains(&(day * DAY + 10 * HOUR)) {
            continue;
        }
        let shares = if day == 7 { 900 } else { 12 };
        for share in 0..shares {
            let at = day * DAY + 10 * HOUR + share * 40 * MINUTE / shares;
            let id = POST | (day as u64) << 32 | share as u64;
            said.push(Made { sentiment: -0.5, ..made(id, at, 0) });
        }
    }
    for (number, at) in [(0, 3 * DAY + HOUR), (1, crisis.start + HOUR), (2, 12 * DAY)] {
        said.push(Made { sentiment: -0.9, ..made(ALARM | number, at, 0) });
    }
    // One in fifty comes up to nine minutes late.
    let late = |it: &Made| if it.id.is_multiple_of(50) { it.at + 9 * MINUTE } else { it.at };
    said.sort_by_key(|it| (late(it), it.id));
    let silences = |from: i64| (1..60).map(move |minute| (from, minute));
    let silences = silences(dead.start).chain(silences(gap.start));
    let mut steps: Vec<(i64, Step)> =
        said.into_iter().map(|it| (late(&it) - START, Step::Said(it))).collect();
    steps.extend(silences.map(|(from, minute)| {
        let now = from + minute * MINUTE;
        (now, Step::Idle { now, idle: minute * MINUTE })
    }));
    let mut marks = vec![false_alarm("post-velocity", at(2 * DAY)); 2];
    marks.push(Mark { brand: BRANDS[1].to_owned(), ..false_alarm("negative-up", at(5 * DAY)) });
    marks.push(Mark { verdict: MarkedAs::Real, ..false_alarm("mentions-up", at(7 * DAY)) });
    // Known a day before its time.
    marks.push(false_alarm("activation", at(12 * DAY)));
    for mark in marks {
        steps.push((mark.at.as_millis() - START - DAY, Step::Marked(mark)));
    }
    steps.sort_by_key(|step| step.0);
    steps.into_iter().map(|step| step.1).collect()
}

/// Longer panes, so that weeks pass quickly.
pub fn weekly() -> Arc<Plan> {
    let mut plan = (*plan()).clone();
    plan.time.pane = Duration::from_secs(900);
    for monitor in &mut plan.monitors {
        monitor.windows.retain(|&window| window > plan.time.pane);
    }
    plan.into()
}

/// Forty days: a level that lasts, and advocates who go quiet.
pub fn weeks() -> Vec<Step> {
    let rise = 15 * DAY;
    let times = |brand: usize, now: i64| if brand == 1 && now >= rise { 0.5 } else { 0.1 };
    let mut said = ordinary_but(302, 0, 40 * DAY, times, |_, _| 0.3);
    for day in 0..32 {
        for fan in 0..12 {
            if (day + fan) % 2 == 0 {
                let id = ADVOCATE | (fan as u64) << 32 | day as u64;
                let at = day * DAY + 12 * HOUR + fan * 7 * MINUTE;
                said.push(Made { sentiment: 0.7, ..made(id, at, 0) });
            }
        }
    }
    for day in 0..40 {
        (0..5)
            .for_each(|it| said.push(made(FOLLOWER | (day as u64 * 5 + it), day * DAY + HOUR, 2)));
    }
    said.sort_by_key(|it| (it.at, it.id));
    said.into_iter().map(Step::Said).collect()
}

/// What a shard that has taken all of `steps` has told, and what it then holds.
#[derive(Debug, PartialEq)]
struct Run {
    changes: Vec<Change>,
    open: Vec<Change>,
    readings: Vec<WindowReading>,
    marks: u64,
    whole: Vec<(PartKey, Vec<u8>)>,
}

impl Run {
    fn end(mut shard: Shard, mut changes: Vec<Change>) -> Self {
        shard.finish(&mut changes);
        shard.unsave();
        let saved = shard.save().unwrap();
        Self {
            changes,
            open: shard.open_changes(),
            readings: shard.readings(),
            marks: shard.marks_counted(),
            whole: saved.put.into_iter().map(|part| (part.key, part.bytes)).collect(),
        }
    }

    fn undisturbed(plan: &Arc<Plan>, steps: &[Step]) -> Self {
        let mut shard = Shard::new(Arc::clone(plan), "feed");
        let mut changes = Vec::new();
        steps.iter().for_each(|step| take(&mut shard, step, &mut changes));
        Self::end(shard, changes)
    }

    /// Saved and loaded again at about `moments` random steps each, of which a third are followed
    /// at once by the other.
    fn disturbed(plan: &Arc<Plan>, steps: &[Step], seed: u64, moments: usize) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut shard = Shard::new(Arc::clone(plan), "feed");
        let (mut changes, mut stored) = (Vec::new(), Stored::default());
        let mut marks = Vec::new();
        let mut failed: Option<Saved> = None;
        for step in steps {
            if rng.random_range(0..steps.len()) < 2 * moments {
                let saved = shard.save().unwrap();
                let saved = failed.take().map_or(saved.clone(), |failed| failed.then(saved));
                if rng.random_bool(0.2) {
                    failed = Some(saved);
                } else {
                    stored.take(saved);
                    if rng.random_bool(0.5) {
                        shard = stored.load(plan);
                        shard.mark(marks.clone());
                    }
                }
            }
            if let Step::Marked(mark) = step {
                marks.push(mark.clone());
            }
            take(&mut shard, step, &mut changes);
        }
        Self::end(shard, changes)
    }

    fn assert_same(&self, other: &Self) {
        assert_eq!(lines(&self.changes), lines(&other.changes));
        assert_eq!(self.changes, other.changes);
        assert_eq!(self.readings, other.readings);
        assert_eq!((&self.open, self.marks), (&other.open, other.marks));
        let keys = |it: &Self| it.whole.iter().map(|part| part.0.clone()).collect::<Vec<_>>();
        assert_eq!(keys(self), keys(other));
        let differ = self.whole.iter().zip(&other.whole).filter(|(a, b)| a != b);
        assert_eq!(differ.map(|it| it.0.0.to_string()).collect::<Vec<_>>(), [""; 0]);
    }
}

fn monitors(changes: &[Change]) -> BTreeSet<&str> {
    let signals = changes.iter().flat_map(|it| &it.incident.signals);
    signals.map(|it| it.monitor.as_str()).collect()
}

#[test]
fn nobody_can_tell_that_a_shard_was_saved_and_loaded() {
    let (plan, steps) = (plan(), busy());
    let undisturbed = Run::undisturbed(&plan, &steps);
    let told = monitors(&undisturbed.changes);
    for monitor in ["feed-silent", "post-velocity", "activation", "single-mention", "negative-up"] {
        assert!(told.contains(monitor), "{monitor}: {:#?}", lines(&undisturbed.changes));
    }
    assert!(!undisturbed.open.is_empty() && undisturbed.marks == 5, "{}", undisturbed.marks);
    for seed in 0..4 {
        Run::disturbed(&plan, &steps, seed, 60).assert_same(&undisturbed);
    }
}

#[test]
fn nor_that_it_was_over_weeks() {
    let (plan, steps) = (weekly(), weeks());
    let undisturbed = Run::undisturbed(&plan, &steps);
    assert!(monitors(&undisturbed.changes).contains("advocates-quiet"));
    let rises = undisturbed.changes.iter().filter(|it| it.incident.direction == Direction::Up);
    assert!(rises.count() > 0);
    for seed in 0..4 {
        Run::disturbed(&plan, &steps, seed, 40).assert_same(&undisturbed);
    }
}

#[test]
fn rows_go_on_as_mentions_do() {
    let count = |minute: i64| (minute % 7) as u32 + if minute > 9_000 { 40 } else { 0 };
    let plan = Arc::clone(&series().plan);
    let [mut undisturbed, mut disturbed] = [(); 2].map(|()| Shard::new(Arc::clone(&plan), "feed"));
    let (mut wanted, mut told, mut stored) = (Vec::new(), Vec::new(), Stored::default());
    for minute in (0..10_000).step_by(5).filter(|it| it % 1_000 < 900) {
        if minute % 700 == 0 {
            stored.take(disturbed.save().unwrap());
            disturbed = stored.load(&plan);
        }
        let at = at(minute * MINUTE);
        undisturbed.tally(at, BrandIndex(1), count(minute), &mut wanted);
        disturbed.tally(at, BrandIndex(1), count(minute), &mut told);
    }
    assert!(!wanted.is_empty());
    assert_eq!(lines(&told), lines(&wanted));
    assert_eq!(disturbed.readings(), undisturbed.readings());
}

#[test]
fn a_shard_that_has_seen_nothing_is_loaded_so() {
    let mut shard = Shard::new(plan(), "feed");
    shard.mark([false_alarm("mentions-up", at(DAY))]);
    let mut loaded = Stored::of(&mut shard).load(&plan());
    assert_eq!(loaded.watermark(), None);
    loaded.mark([false_alarm("mentions-up", at(DAY))]);
    let mut changes = Vec::new();
    say(&mut loaded, &made(1, 2 * DAY, 0), &mut changes);
    say(&mut loaded, &made(2, 3 * DAY, 0), &mut changes);
    assert_eq!(loaded.marks_counted(), 1, "given twice, it is one");
}

/// Only what has changed is written.
#[test]
fn a_brand_of_which_nothing_was_said_is_not_written_again() {
    let mut shard = Shard::new(plan(), "feed");
    let mut changes = Vec::new();
    for it in &busy()[..20_000] {
        take(&mut shard, it, &mut changes);
    }
    let mut stored = Stored::of(&mut shard);
    let nothing = shard.save().unwrap();
    let keys = |saved: &Saved| saved.put.iter().map(|it| it.key.to_string()).collect::<Vec<_>>();
    assert_eq!((keys(&nothing), nothing.remove), (vec!["partition".to_owned()], vec![]));
    let now = shard.watermark().unwrap().as_millis() + 5_000 - START;
    say(&mut shard, &made(ALARM - 1, now, 2), &mut changes);
    let saved = shard.save().unwrap();
    let stretch = (START + now).div_euclid(1_800_000);
    let wanted = ["brand/Gamma", "partition", "seen/2", &format!("talk/{stretch}/Gamma")];
    let mut written = keys(&saved);
    written.sort();
    assert_eq!(written, wanted, "neither baselines nor what is usual, nor any other brand");
    let before = stored.parts.len();
    stored.take(saved);
    assert!(stored.parts.len() <= before + 3);
}

//! False pages of all that is watched by default: brands of which people talk as ever.

use std::collections::BTreeMap;
use std::sync::Arc;

use groundswell::incident::{Change, Subject};
use groundswell::mention::{BrandIndex, Classified, Kind, Mention, Role, Tone};
use groundswell::shard::Shard;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, Gamma, LogNormal, Pareto, Poisson, Zipf};

use super::sim::{PANE, PANES_PER_HOUR, PANES_PER_WEEK, in_parallel, plan, rhythm, start_of};

/// Brands of one shard, which share one false page a week.
pub const BRANDS: usize = 30;
const LEARNING: i64 = 4;
const WEEKS: i64 = 12;

/// False pages a week by monitor, from the fifth week on, of [`BRANDS`] brands together; `shards` such
/// are simulated.
pub fn measure(shards: usize) -> BTreeMap<String, f64> {
    let seeds: Vec<u64> = (0..shards as u64).collect();
    let mut pages: BTreeMap<String, f64> = BTreeMap::new();
    for change in in_parallel(&seeds, |&seed| told(seed)).into_iter().flatten() {
        let weeks = (WEEKS - LEARNING) as f64 * shards as f64;
        *pages.entry(change.incident.monitor).or_default() += 1.0 / weeks;
    }
    pages
}

fn told(seed: u64) -> Vec<Change> {
    let mut shard = Shard::new(Arc::new(plan(BRANDS, 1.0)), "simulated");
    let mut rng = StdRng::seed_from_u64(seed);
    let mut brands: Vec<Talk> = (0..BRANDS).map(|at| Talk::new(at, &mut rng)).collect();
    let mut changes = Vec::new();
    for pane in 0..WEEKS * PANES_PER_WEEK {
        for (at, talk) in brands.iter_mut().enumerate() {
            talk.pane(pane, &mut rng, |said| {
                shard.observe(&said.as_classified(at as u32), &mut changes);
            });
        }
    }
    changes.retain(|it| {
        it.sequence == 0
            && it.incident.subject == Subject::Brand
            && it.incident.detected_at >= start_of(LEARNING * PANES_PER_WEEK)
    });
    changes
}

/// What is said of one brand.
struct Talk {
    brand: usize,
    /// Mentions in an average pane, and the part of them that is negative.
    rate: f64,
    negative: f64,
    /// Both are restless from hour to hour.
    now: (f64, f64),
    said: u64,
    /// The posts of late that may be shared: id, and how attractive each is.
    posts: Vec<(u64, f64)>,
}

struct Said {
    mention: Mention<'static>,
    sentiment: f32,
    crisis: bool,
}

impl Talk {
    fn new(brand: usize, rng: &mut StdRng) -> Self {
        let rate = 10_f64.powf(rng.random_range(-1.5..1.0));
        let negative = rng.random_range(0.1..0.5);
        Self { brand, rate, negative, now: (1.0, negative), said: 0, posts: vec![] }
    }

    fn pane(&mut self, pane: i64, rng: &mut StdRng, mut say: impl FnMut(Said)) {
        if pane % PANES_PER_HOUR == 0 {
            let busy = Gamma::new(10.0, 0.1).unwrap().sample(rng);
            let angry = Gamma::new(50.0, 0.02).unwrap().sample(rng);
            self.now = (busy, (self.negative * angry).min(0.9));
        }
        let mean = self.rate * rhythm(pane) * self.now.0;
        let count = Poisson::new(mean).unwrap().sample(rng) as u64;
        let mut at: Vec<i64> =
            (0..count).map(|_| rng.random_range(0..PANE.as_millis() as i64)).collect();
        at.sort_unstable();
        for millis in at {
            let mut said = self.say(rng);
            said.mention.created_at = start_of(pane).plus_millis(millis);
            say(said);
        }
    }

    /// One mention with all that it may carry: few authors speak often, few posts are shared much, few
    /// hashtags are common.
    fn say(&mut self, rng: &mut StdRng) -> Said {
        self.said += 1;
        let author = Zipf::new(2_000.0, 0.8).unwrap().sample(rng) as u64;
        let tag = Zipf::new(300.0, 1.1).unwrap().sample(rng) as u64;
        let sentiment = match rng.random_range(0.0..1.0) {
            part if part < self.now.1 => -0.6,
            part if part < 0.7 => 0.0,
            _ => 0.6,
        };
        let mut mention = Mention {
            id: self.id(self.said),
            channel: ["a", "b", "c", "d"][rng.random_range(0..4)].into(),
            country: Some(["US", "GB", "DE", "FR", "IL"][rng.random_range(0..5)].into()),
            text: format!("what {} has to say", self.said).into(),
            ..Mention::default()
        };
        mention.author.handle = Some(author.to_string().into());
        mention.author.followers = Some(LogNormal::new(5.3, 1.8).unwrap().sample(rng) as u64);
        match rng.random_range(0..100) {
            0..20 => self.share(&mut mention, rng),
            20..25 => mention.intent = Some("purchase".into()),
            25..35 => mention.intent = Some("follow".into()),
            35..60 => mention.hashtags = vec![format!("tag{tag}").into()],
            60..65 => mention.campaign = Some(format!("campaign{}", tag % 3).into()),
            _ => self.posts.push((self.said, Pareto::new(1.0, 1.5).unwrap().sample(rng))),
        }
        if self.posts.len() > 50 {
            self.posts.remove(0);
        }
        Said { mention, sentiment, crisis: rng.random_bool(0.005) }
    }

    fn id(&self, number: u64) -> std::borrow::Cow<'static, str> {
        format!("{} of {}", number, self.brand).into()
    }

    fn share(&self, mention: &mut Mention<'static>, rng: &mut StdRng) {
        mention.kind = Kind::Share;
        let all: f64 = self.posts.iter().map(|it| it.1).sum();
        let mut left = if all > 0.0 { rng.random_range(0.0..all) } else { 0.0 };
        let of = self.posts.iter().find(|it| {
            left -= it.1;
            left < 0.0
        });
        mention.parent = of.map(|it| self.id(it.0));
    }
}

impl Said {
    fn as_classified(&self, brand: u32) -> Classified<'_> {
        Classified {
            mention: &self.mention,
            brands: vec![BrandIndex(brand)],
            sentiment: self.sentiment,
            tone: Tone::of(self.sentiment),
            crisis_terms: if self.crisis { vec!["boycott".into()] } else { vec![] },
            role: Role::Customer,
            normal_text: self.mention.text.to_lowercase(),
            names: Vec::new(),
        }
    }
}

//! Who speaks: an invented public, of whom a few are heard by many.

use rand::RngExt;
use rand::rngs::StdRng;

use super::rhythm::positive;
use super::texts::Lang;

const FIRST: [&str; 20] = [
    "maya", "tom", "ines", "jonas", "lior", "amy", "raj", "clara", "ben", "yael", "oskar", "nina",
    "sam", "tal", "greta", "ivo", "ruth", "noam", "pia", "alex",
];
const SECOND: [&str; 16] = [
    "reads",
    "outside",
    "on_foot",
    "writes",
    "cooks",
    "at_work",
    "and_dog",
    "rides",
    "in_town",
    "at_home",
    "paints",
    "sings",
    "awake",
    "by_the_sea",
    "talks",
    "again",
];
const COUNTRIES: [&str; 8] = ["US", "GB", "US", "CA", "IE", "AU", "US", "GB"];

/// Most have few followers: at least this many...
const FEWEST_FOLLOWERS: f64 = 30.0;
/// ...and the number with more than x falls with this power of x (a Pareto tail)...
const FOLLOWER_POWER: f64 = 0.95;
/// ...up to this many.
const MOST_FOLLOWERS: f64 = 900_000.0;
/// From here on a channel vouches for who they are.
const VERIFIED_FROM: u64 = 50_000;

/// One of the public.
#[derive(Debug)]
pub(super) struct Person {
    pub handle: String,
    pub followers: u64,
    pub verified: bool,
    pub country: &'static str,
}

/// The public, by language.
#[derive(Debug)]
pub(super) struct People {
    english: Vec<Person>,
    hebrew: Vec<Person>,
}

impl People {
    pub(super) fn new(rng: &mut StdRng) -> Self {
        let mut crowd = |size: usize, first: usize, countries: &[&'static str]| {
            (first..first + size).map(|number| person(rng, number, countries)).collect()
        };
        Self { english: crowd(2_600, 100, &COUNTRIES), hebrew: crowd(400, 3_000, &["IL"]) }
    }

    /// Somebody; some speak more often than others.
    pub(super) fn pick(&self, rng: &mut StdRng, lang: Lang) -> &Person {
        let crowd = match lang {
            Lang::English => &self.english,
            Lang::Hebrew => &self.hebrew,
        };
        let place: f64 = rng.random::<f64>().powf(1.4);
        &crowd[(place * crowd.len() as f64) as usize % crowd.len()]
    }
}

fn person(rng: &mut StdRng, number: usize, countries: &[&'static str]) -> Person {
    let (first, second) = (pick(rng, &FIRST), pick(rng, &SECOND));
    let followers = FEWEST_FOLLOWERS * positive(rng).powf(-1.0 / FOLLOWER_POWER);
    let followers = followers.min(MOST_FOLLOWERS) as u64;
    Person {
        handle: format!("{first}_{second}_{number}"),
        followers,
        verified: followers >= VERIFIED_FROM,
        country: pick(rng, countries),
    }
}

/// One of `choices`, each as likely as the others.
pub(super) fn pick<T: Copy>(rng: &mut StdRng, choices: &[T]) -> T {
    choices[rng.random_range(0..choices.len())]
}

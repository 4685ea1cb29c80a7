//! Made crowds and made campaigns.
#![allow(clippy::unwrap_used)]

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::*;
use crate::attribute::tests::{attribution, counted, rise};
use crate::attribute::{ALL, Attribution, Question};
use crate::mention::{Author, Classified, Kind, Mention, Role, Tone};

const DAY: i64 = 1_440;
/// The made rise lies after three ordinary days.
const RISE: Question = rise(4 * DAY, 4 * DAY + 60, ALL, 10.0);

struct Stream {
    attribution: Attribution,
    rng: StdRng,
    ids: u64,
}

impl Stream {
    /// Three days in which 200 people speak, and now and then somebody new.
    fn after_ordinary_days() -> Self {
        let mut stream =
            Self { attribution: attribution(), rng: StdRng::seed_from_u64(11), ids: 0 };
        for pane in 0..3 * DAY {
            let author = match stream.rng.random_range(0..10) {
                0 => format!("once{pane}"),
                _ => format!("regular{}", stream.rng.random_range(0..200)),
            };
            let text = stream.own_words();
            stream.says(pane, &author, Kind::Post, &text);
        }
        stream
    }

    /// Ten words as they come to mind.
    fn own_words(&mut self) -> String {
        let word = |rng: &mut StdRng| format!("word{}", (rng.random::<f64>().powi(3) * 3e3) as u32);
        (0..10).map(|_| word(&mut self.rng)).collect::<Vec<_>>().join(" ")
    }

    fn pane(&mut self) -> i64 {
        self.rng.random_range(RISE.from..RISE.to)
    }

    fn says(&mut self, pane: i64, author: &str, kind: Kind, text: &str) {
        self.ids += 1;
        let mention = Mention {
            id: self.ids.to_string().into(),
            channel: "twitter".into(),
            kind,
            author: Author { handle: Some(author.into()), ..Author::default() },
            text: text.into(),
            ..Mention::default()
        };
        let classified = Classified {
            mention: &mention,
            brands: Vec::new(),
            sentiment: 0.0,
            tone: Tone::Negative,
            crisis_terms: Vec::new(),
            role: Role::Customer,
            normal_text: text.to_lowercase(),
            names: Vec::new(),
        };
        self.attribution.observe(pane, &classified, counted(&classified));
    }

    fn origin(&self) -> Origin {
        self.attribution.explain(&RISE).origin.unwrap()
    }
}

#[test]
fn an_outraged_crowd_is_organic() {
    let mut stream = Stream::after_ordinary_days();
    for n in 0..600 {
        let (pane, text) = (stream.pane(), stream.own_words());
        // Every crisis draws in people who had not spoken before.
        let author =
            if n % 2 == 0 { format!("new{}", n / 3) } else { format!("regular{}", n % 200) };
        stream.says(pane, &author, Kind::Post, &text);
    }
    let origin = stream.origin();
    assert_eq!(origin.provenance, Provenance::Organic, "{origin:?}");
    assert!(origin.pasted < 0.02 && origin.shared == 0.0, "{origin:?}");
    assert!((200..400).contains(&origin.authors), "of 300 in truth: {origin:?}");
    let usual = origin.usual_new_authors.unwrap();
    assert!((0.1..0.4).contains(&usual), "a tenth, and in the first days everybody: {usual}");
}

#[test]
fn passing_on_one_post_is_organic() {
    let mut stream = Stream::after_ordinary_days();
    for n in 0..400 {
        let (pane, author) = (stream.pane(), format!("new{n}"));
        let post = "they let my dog die in the hold and nobody answers";
        match n % 2 {
            0 => stream.says(pane, &author, Kind::Share, post),
            _ => stream.says(pane, &author, Kind::Post, &format!("rt @owner: {post}")),
        }
    }
    let origin = stream.origin();
    assert_eq!(origin.provenance, Provenance::Organic, "{origin:?}");
    assert_eq!((origin.shared, origin.pasted), (1.0, 0.0));
}

#[test]
fn a_few_who_paste_the_same_text_are_a_campaign() {
    let mut stream = Stream::after_ordinary_days();
    for n in 0..180 {
        let (pane, author) = (stream.pane(), format!("bot{}", n % 9));
        let text = match n % 10 {
            0..6 => format!("@user{n} boycott this brand now they poison children https://x/{n}"),
            _ => stream.own_words(),
        };
        stream.says(pane, &author, Kind::Post, &text);
    }
    let origin = stream.origin();
    assert_eq!(origin.provenance, Provenance::Coordinated, "{origin:?}");
    assert!((origin.pasted - 0.6).abs() < 0.02, "{origin:?}");
    assert_eq!((origin.authors, origin.new_authors, origin.mentions_per_author), (9, 1.0, 20.0));
}

#[test]
fn a_few_who_flood_in_ever_new_words_are_a_campaign() {
    let mut stream = Stream::after_ordinary_days();
    for n in 0..120 {
        let (pane, text) = (stream.pane(), stream.own_words());
        stream.says(pane, &format!("regular{}", n % 8), Kind::Post, &text);
    }
    let origin = stream.origin();
    assert_eq!((origin.provenance, origin.authors), (Provenance::Coordinated, 8), "{origin:?}");
    assert_eq!((origin.new_authors, origin.pasted), (0.0, 0.0));
}

/// A third fill in a template each with a name and a place, the rest chime in freely.
#[test]
fn a_swarm_of_new_authors_with_templates_is_a_campaign() {
    let crowd = |author: fn(i32) -> String| {
        let mut stream = Stream::after_ordinary_days();
        for n in 0..300 {
            let pane = stream.pane();
            let text = if n % 3 == 0 {
                format!(
                    "my friend name{n} in place{n} got very sick after drinking their coffee last \
                     week"
                )
            } else {
                stream.own_words()
            };
            stream.says(pane, &author(n), Kind::Post, &text);
        }
        stream.origin()
    };
    let swarm = crowd(|n| format!("fresh{n}"));
    assert_eq!(swarm.provenance, Provenance::Coordinated, "{swarm:?}");
    assert!((swarm.pasted - 1.0 / 3.0).abs() < 0.05, "{swarm:?}");
    let regulars = crowd(|n| format!("regular{}", n % 200));
    assert_eq!(regulars.provenance, Provenance::Unclear, "those who are known: {regulars:?}");
}

#[test]
fn of_a_handful_nothing_is_said_and_of_a_small_brand_only_what_is_plain() {
    let mut stream = Stream::after_ordinary_days();
    for n in 0..19 {
        stream.says(RISE.from, &format!("new{n}"), Kind::Post, "exactly the same five words here");
    }
    assert_eq!(stream.attribution.explain(&RISE).origin, None);
    stream.says(RISE.from, "new19", Kind::Post, "and one that is of its own mind");
    assert_eq!(stream.origin().provenance, Provenance::Coordinated);

    let mut small = Stream { attribution: attribution(), rng: StdRng::seed_from_u64(5), ids: 0 };
    for n in 0..24 {
        let text = if n % 4 == 0 { "thanks for nothing".to_owned() } else { small.own_words() };
        small.says(RISE.from, &format!("anyone{}", n % 15), Kind::Post, &text);
    }
    let origin = small.origin();
    assert_eq!(
        origin.provenance,
        Provenance::Organic,
        "short texts are alike by chance: {origin:?}"
    );
    assert_eq!(origin.usual_new_authors, None, "nobody is known yet, so nobody is new");
}

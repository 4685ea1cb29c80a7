//! Phrases of made crowds.
#![allow(clippy::unwrap_used)]

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_distr::Zipf;

use super::*;
use crate::attribute::tests::{attribution, counted, rise};
use crate::attribute::{self, Attribution, Counted, NEGATIVE, Question};
use crate::mention::{Classified, Mention, Role, Tone};

fn hear(attribution: &mut Attribution, pane: i64, id: usize, text: &str, tone: Tone) {
    let mention = Mention {
        id: id.to_string().into(),
        channel: "twitter".into(),
        text: text.into(),
        ..Mention::default()
    };
    let classified = Classified {
        mention: &mention,
        brands: Vec::new(),
        sentiment: 0.0,
        tone,
        crisis_terms: Vec::new(),
        role: Role::Customer,
        normal_text: text.to_lowercase(),
        names: Vec::new(),
    };
    attribution.observe(pane, &classified, counted(&classified));
}

fn phrases(attribution: &Attribution, question: &Question) -> Vec<SourceShare> {
    let mut sources = attribution.explain(question).sources;
    sources.retain(|source| source.kind == SourceKind::Phrase);
    sources
}

fn values(sources: &[SourceShare]) -> Vec<&str> {
    sources.iter().map(|source| source.value.as_str()).collect()
}

const ALL: Question = rise(0, 5, attribute::ALL, 0.0);

/// Ten words each, Zipf-distributed as those of a language are: a tail of phrases never heard again.
fn babble(count: usize) -> Vec<String> {
    let mut rng = StdRng::seed_from_u64(7);
    let words = Zipf::new(20_000.0, 1.0).unwrap();
    let word = |rng: &mut StdRng| format!("word{}", rng.sample::<f64, _>(words));
    (0..count).map(|_| (0..10).map(|_| word(&mut rng)).collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn the_phrase_of_many_stands_out_of_twenty_thousand_mentions_in_one_bucket() {
    let mut texts = babble(20_000);
    for text in texts.iter_mut().step_by(3) {
        text.push_str(" cancelled my flight");
    }
    let mut attribution = attribution();
    for (id, text) in texts.iter().enumerate() {
        hear(&mut attribution, 0, id, text, Tone::Negative);
    }
    let told = phrases(&attribution, &ALL);
    assert_eq!(told[0].value, "cancelled my flight");
    // 4.2 % is the standard error of a third of 128.
    assert!((told[0].share - 1.0 / 3.0).abs() < 3.0 * 0.042, "{told:?}");
    for source in &told {
        let whole = format!(" {} ", source.value);
        let holds = |text: &&String| format!(" {text} ").contains(&whole);
        let truth = texts.iter().filter(holds).count() as f64;
        let error = (truth / 20_000.0 - source.share).abs();
        assert!(error < 0.13, "{source:?} is in {truth}");
    }
}

#[test]
fn the_order_of_arrival_does_not_matter() {
    let texts = babble(3_000);
    let mut order: Vec<usize> = (0..texts.len()).collect();
    let mut told = Vec::new();
    for seed in 0..2 {
        let mut attribution = attribution();
        order.iter().for_each(|&id| hear(&mut attribution, 0, id, &texts[id], Tone::Neutral));
        told.push(phrases(&attribution, &ALL));
        order.shuffle(&mut StdRng::seed_from_u64(seed));
    }
    assert_eq!(told[0], told[1]);
    assert!(!told[0].is_empty());
}

#[test]
fn the_longest_of_the_same_mentions_is_told_once_and_what_others_say_beside_it() {
    let mut attribution = attribution();
    for id in 0..100 {
        let text = match id {
            0..50 => format!("n{id} cold old flight cancelled without notice x{id}"),
            50..54 => format!("n{id} flight cancelled early x{id}"),
            54..74 => format!("n{id} lost luggage x{id}"),
            74..76 => "a chance coincidence".to_owned(),
            _ => format!("n{id} x{id}"),
        };
        hear(&mut attribution, id % 5, id as usize, &text, Tone::Neutral);
    }
    let told = phrases(&attribution, &ALL);
    assert_eq!(values(&told), ["flight cancelled without notice", "lost luggage"]);
    assert_eq!((told[0].count, told[0].share), (50, 0.5));
    assert_eq!((told[1].count, told[1].share), (20, 0.2));
}

#[test]
fn what_people_usually_say_does_not_carry_the_excess() {
    let mut attribution = attribution();
    let day = 1_440;
    for pane in 0..4 * day {
        let text = if pane % 2 == 0 { "great coffee" } else { "hello world" };
        hear(&mut attribution, pane, pane as usize, text, Tone::Neutral);
    }
    for id in 0..200 {
        let text = if id % 2 == 0 { "great coffee" } else { "found glass inside" };
        hear(&mut attribution, 5 * day, 1_000_000 + id, text, Tone::Neutral);
    }
    let question = rise(5 * day, 5 * day + 5, attribute::ALL, 100.0);
    let told = phrases(&attribution, &question);
    assert_eq!(values(&told), ["found glass inside", "great coffee"]);
    assert!((told[0].share - 1.0).abs() < 0.25, "100 of an excess of 100: {told:?}");
    assert!((told[1].share - 0.5).abs() < 0.25, "50 of them had been expected: {told:?}");

    // What an incident holds is not usual when it is over.
    attribution.hold_since(5 * day);
    for pane in 5 * day + 5..7 * day {
        hear(
            &mut attribution,
            pane,
            2_000_000 + pane as usize,
            "found glass inside",
            Tone::Neutral,
        );
    }
    assert!(attribution.usual.texts.len() <= USUAL_TEXTS);
    let usual = |phrase: &str| {
        attribution.usual.texts.iter().filter(|it| it.wording.phrases().contains(&phrase)).count()
    };
    assert_eq!((usual("found glass inside"), usual("great coffee") > 400), (0, true));
}

/// The past fades: a level that has been accepted is soon what is usual.
#[test]
fn the_sample_of_the_past_prefers_what_is_recent() {
    let mut usual = UsualTexts::default();
    for bucket in 0..4_000_u64 {
        let mut texts = Texts::default();
        let said = if bucket < 2_000 { "old words" } else { "new words" };
        let text =
            Text { wording: Wording::of(said, &[]), counted: Counted::default(), shared: false };
        texts.offer(bucket.wrapping_mul(0x9e37_79b9_7f4a_7c15), || text);
        usual.take(texts, 1.0, f64::from(bucket as u32) / 2_000.0);
    }
    let recent = usual.iter().filter(|text| text.wording.phrases() == ["new words"]).count();
    assert_eq!(usual.len(), USUAL_TEXTS);
    // A half-life apart on average: at least half as many again, short of twice by depletion.
    assert!((580..760).contains(&recent), "{recent} of {USUAL_TEXTS}");
}

#[test]
fn of_negative_mentions_only_when_those_are_in_question() {
    let mut attribution = attribution();
    for id in 0..60 {
        let (text, tone) = if id % 3 == 0 {
            ("lovely crew today crew", Tone::Positive)
        } else {
            ("המזוודה שלי אבדה", Tone::Negative)
        };
        hear(&mut attribution, 0, id, text, tone);
    }
    let told = phrases(&attribution, &rise(0, 5, NEGATIVE, 0.0));
    assert_eq!((values(&told), told[0].count), (vec!["המזוודה שלי אבדה"], 40));
}

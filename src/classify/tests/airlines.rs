//! Agreement with people, on the airline mentions of February 2015 (see the data's own README).

use std::fs::File;
use std::io::{BufRead, BufReader};

use flate2::read::GzDecoder;

use super::*;
use crate::mention::Tone;

const FILE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data/airline-2015/mentions.ndjson.gz");

#[derive(serde::Deserialize)]
struct Labelled {
    text: String,
    brand: String,
    sentiment: f32,
}

fn labelled() -> Vec<Labelled> {
    let file = File::open(FILE).unwrap_or_else(|error| panic!("{FILE}: {error}"));
    let lines = BufReader::new(GzDecoder::new(file)).lines();
    lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect()
}

fn airlines() -> Classifier {
    classifier(&rules(&[
        ("American", &["americanair", "american airlines", "aa"]),
        ("Delta", &["delta", "deltaassist", "jetblue"]),
        ("Southwest", &["southwest", "southwestair", "swa"]),
        ("US Airways", &["usairways", "us airways"]),
        ("United", &["united", "united airlines"]),
        ("Virgin America", &["virginamerica", "virgin america"]),
    ]))
}

/// The texts without their labels, scored, against the labels. The floors lie a little below what
/// VADER gives; a scorer that hears praise in the name "United" falls below them.
#[test]
fn the_tone_agrees_with_the_labels_as_well_as_vader_can() {
    let classifier = airlines();
    let (mut hits, mut false_alarms, mut misses, mut praised) = (0_u32, 0_u32, 0_u32, 0_u32);
    for labelled in labelled() {
        let mention = says(&labelled.text);
        let scored = classifier.classify(&mention).unwrap().tone;
        match (Tone::of(labelled.sentiment), scored) {
            (Tone::Negative, Tone::Negative) => hits += 1,
            (Tone::Negative, _) => misses += 1,
            (_, Tone::Negative) => false_alarms += 1,
            (Tone::Positive, Tone::Positive) => praised += 1,
            _ => {}
        }
    }
    let precision = f64::from(hits) / f64::from(hits + false_alarms);
    let recall = f64::from(hits) / f64::from(hits + misses);
    assert!(
        precision >= 0.89 && recall >= 0.50,
        "negative tone: precision {precision:.3}, recall {recall:.3}; \
         {hits} hits, {false_alarms} false alarms, {misses} misses; praise heard {praised} times"
    );
}

/// The handle in the text says which airline it is; the source's labels agree but for a few.
#[test]
fn the_text_tells_the_airline_as_the_source_does() {
    let classifier = airlines();
    let names = ["American", "Delta", "Southwest", "US Airways", "United", "Virgin America"];
    let all = labelled();
    let missed: Vec<&str> = all
        .iter()
        .filter(|labelled| {
            let mention = says(&labelled.text);
            let brands = classifier.classify(&mention).unwrap().brands;
            !brands.iter().any(|brand| names[brand.0 as usize] == labelled.brand)
        })
        .map(|labelled| labelled.text.as_str())
        .collect();
    assert!(missed.len() * 200 < all.len(), "{} missed, such as {:#?}", missed.len(), &missed[..5]);
}

/// An ordinary week of a large brand is not full of crisis words, or they would say nothing.
#[test]
fn crisis_words_are_rare() {
    let classifier = airlines();
    let mut counts = std::collections::BTreeMap::<String, u32>::new();
    let mut with_terms = 0;
    let all = labelled();
    for labelled in &all {
        let mention = says(&labelled.text);
        let terms = classifier.classify(&mention).unwrap().crisis_terms;
        with_terms += usize::from(!terms.is_empty());
        for term in terms {
            *counts.entry(term.to_string()).or_default() += 1;
        }
    }
    assert!(with_terms * 100 < all.len(), "{with_terms} of {}: {counts:#?}", all.len());
}

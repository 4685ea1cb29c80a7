//! A mention in JSON, from who speaks and what is said.

use rand::RngExt;
use rand::rngs::StdRng;
use serde::Serialize;

use super::CRISIS_LINK;
use super::people::{People, Person, pick};
use super::texts::{self, BRANDS, CRISIS, DRINKS, Lang, PLACES, PRAISED, Sayings};
use crate::mention::{Kind, Role, Timestamp, Tone};

/// The part of the public that writes Hebrew.
const HEBREW: f64 = 0.12;
/// The part of the mentions whose producer has scored them; the others' text is scored.
const SCORED: f64 = 0.5;

/// What a mention is about.
#[derive(Debug, Clone, Copy)]
pub(super) enum Scene {
    /// An ordinary word about the brand at this position.
    Ordinary(usize),
    /// One voice of many about the recall.
    Outcry,
    /// One voice of many in praise of the competitor.
    Praise,
    /// One who has more to tell than the others.
    Told(Told),
    /// The press, by its position in [`texts::PRESS`].
    Article(usize),
}

/// Those who have more to tell.
#[derive(Debug, Clone, Copy)]
pub(super) enum Told {
    Journalist,
    Employee,
    Influencer,
    Statement,
    Apology,
}

/// The wire form, by the fields of `docs/mention.md`.
#[derive(Debug, Serialize)]
struct Wire<'a> {
    id: String,
    created_at: Timestamp,
    channel: &'a str,
    kind: Kind,
    #[serde(skip_serializing_if = "Option::is_none")]
    brand: Option<&'a str>,
    author: Author<'a>,
    text: String,
    lang: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sentiment: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    engagement: Option<Engagement>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reach: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hashtags: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    links: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    campaign: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    intent: Option<&'a str>,
}

#[derive(Debug, Default, Serialize)]
struct Author<'a> {
    handle: &'a str,
    followers: u64,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    verified: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<Role>,
}

#[derive(Debug, Serialize)]
struct Engagement {
    likes: u64,
    shares: u64,
    comments: u64,
}

/// Writes one mention after the other.
#[derive(Debug)]
pub(super) struct Writer {
    people: People,
    written: u64,
}

impl Writer {
    pub(super) fn new(rng: &mut StdRng) -> Self {
        Self { people: People::new(rng), written: 0 }
    }

    /// The next mention, in JSON.
    pub(super) fn write(&mut self, rng: &mut StdRng, at: Timestamp, scene: Scene) -> Vec<u8> {
        self.written += 1;
        let lang = if rng.random_bool(HEBREW) { Lang::Hebrew } else { Lang::English };
        let person = self.people.pick(rng, lang);
        let mut wire = match scene {
            Scene::Ordinary(brand) => ordinary(rng, person, lang, brand),
            Scene::Outcry => outcry(rng, person, lang),
            Scene::Praise => praise(rng, person, lang),
            Scene::Told(told) => special(told),
            Scene::Article(number) => article(number),
        };
        wire.id = format!("made-{}", self.written);
        wire.created_at = at;
        // A mention is plain data: writing it into memory does not fail.
        serde_json::to_vec(&wire).unwrap_or_default()
    }
}

fn ordinary<'a>(rng: &mut StdRng, person: &'a Person, lang: Lang, brand: usize) -> Wire<'a> {
    let sayings = &texts::ORDINARY[usize::from(lang == Lang::Hebrew)];
    let tone = match rng.random_range(0..100) {
        0..33 => Tone::Positive,
        33..78 => Tone::Neutral,
        _ => Tone::Negative,
    };
    let mut wire = said(rng, person, sayings, brand, tone);
    (wire.channel, wire.kind) = match rng.random_range(0..100) {
        0..22 => ("twitter", Kind::Post),
        22..36 => ("twitter", Kind::Reply),
        36..42 => ("twitter", Kind::Share),
        42..62 => ("instagram", Kind::Post),
        62..78 => ("facebook", Kind::Comment),
        78..84 => ("facebook", Kind::Review),
        84..93 => ("reddit", Kind::Comment),
        93..98 => ("youtube", Kind::Comment),
        _ => ("news", Kind::Article),
    };
    let campaign = BRANDS[brand].campaign;
    if tone != Tone::Negative && rng.random_bool(0.08) {
        (wire.hashtags, wire.campaign) = (vec![campaign], Some(campaign));
    } else if rng.random_bool(0.12) {
        wire.hashtags = vec![pick(rng, &["coffee", "MorningCoffee", "latteart", "cafe"])];
    }
    if rng.random_bool(0.06) {
        let page = pick(rng, &["menu", "shops", "jobs", "stories", "offers"]);
        let name = BRANDS[brand].name.to_lowercase();
        wire.links = vec![format!("https://{name}.example/{page}")];
    }
    if tone == Tone::Positive && rng.random_bool(0.1) {
        wire.intent = Some("purchase");
    }
    wire
}

fn outcry<'a>(rng: &mut StdRng, person: &'a Person, lang: Lang) -> Wire<'a> {
    let sayings = &texts::OUTCRY[usize::from(lang == Lang::Hebrew)];
    if rng.random_bool(0.45) {
        return passed_on(rng, person);
    }
    let tone = if rng.random_bool(0.1) { Tone::Neutral } else { Tone::Negative };
    let mut wire = said(rng, person, sayings, CRISIS, tone);
    (wire.channel, wire.kind) = match rng.random_range(0..100) {
        0..35 => ("twitter", Kind::Reply),
        35..55 => ("twitter", Kind::Post),
        55..75 => ("facebook", Kind::Comment),
        75..85 => ("instagram", Kind::Comment),
        85..95 => ("reddit", Kind::Comment),
        _ => ("youtube", Kind::Comment),
    };
    if rng.random_bool(0.35) {
        wire.links = vec![CRISIS_LINK.to_owned()];
    }
    if tone == Tone::Negative && rng.random_bool(0.4) {
        wire.hashtags = vec![texts::CRISIS_HASHTAG];
    }
    if lang == Lang::English && tone == Tone::Negative && rng.random_bool(0.03) {
        let other = BRANDS[(CRISIS + 1) + rng.random_range(0..2)].name;
        let text = filled(rng, texts::SWITCHING, CRISIS, lang).replace("{o}", other);
        wire.text = with_asides(person, text, lang);
        wire.intent = Some("cancel");
    }
    wire
}

/// The headline and its link, passed on.
fn passed_on<'a>(rng: &mut StdRng, person: &'a Person) -> Wire<'a> {
    let headline = filled(rng, texts::HEADLINE, CRISIS, Lang::English);
    let mut wire = by(person, format!("RT @noa_reports: {headline}"), Lang::English);
    wire.kind = Kind::Share;
    wire.channel = if rng.random_bool(0.8) { "twitter" } else { "facebook" };
    wire.links = vec![CRISIS_LINK.to_owned()];
    wire.sentiment = scored(rng, Tone::Negative);
    wire
}

fn praise<'a>(rng: &mut StdRng, person: &'a Person, lang: Lang) -> Wire<'a> {
    let sayings = &texts::PRAISE[usize::from(lang == Lang::Hebrew)];
    let plain = rng.random_bool(0.08) && !sayings.plain.is_empty();
    let tone = if plain { Tone::Neutral } else { Tone::Positive };
    let mut wire = said(rng, person, sayings, PRAISED, tone);
    (wire.channel, wire.kind) = match rng.random_range(0..100) {
        0..50 => ("instagram", Kind::Post),
        50..65 => ("instagram", Kind::Comment),
        65..80 => ("twitter", Kind::Post),
        80..90 => ("twitter", Kind::Share),
        _ => ("youtube", Kind::Comment),
    };
    if rng.random_bool(0.9) {
        wire.hashtags = vec![texts::PRAISE_HASHTAG];
    }
    wire
}

/// Those of whom there is one each.
fn special(told: Told) -> Wire<'static> {
    let name = BRANDS[CRISIS].name;
    let (handle, followers, role, kind, text) = match told {
        Told::Journalist => (
            "noa_reports",
            48_000,
            Some(Role::Journalist),
            Kind::Post,
            texts::HEADLINE.replace("{b}", name),
        ),
        Told::Employee => (
            "dana_behind_the_bar",
            900,
            None,
            Kind::Reply,
            format!(
                "I work at {name}. We were told to keep using the contaminated batch and say \
                 nothing. I am ashamed. People got sick"
            ),
        ),
        Told::Influencer => (
            "cup_by_cup",
            310_000,
            None,
            Kind::Post,
            format!("Every {name} drinker needs to read this. Boycott until there is a recall"),
        ),
        Told::Statement => (
            "morvanto",
            120_000,
            None,
            Kind::Post,
            format!("{name} has begun a recall of one batch of milk. We are looking into it"),
        ),
        Told::Apology => (
            "morvanto",
            120_000,
            None,
            Kind::Post,
            format!("We failed you. {name} has closed the dairy line and pays for every checkup"),
        ),
    };
    let person = Author { handle, followers, verified: role.is_some(), role };
    let mut wire = blank(person, text, Lang::English);
    wire.kind = kind;
    wire.country = Some("IE");
    if kind == Kind::Post && matches!(told, Told::Journalist | Told::Influencer) {
        wire.links = vec![CRISIS_LINK.to_owned()];
        wire.engagement = Some(Engagement { likes: 420, shares: 310, comments: 95 });
    }
    wire
}

fn article(number: usize) -> Wire<'static> {
    let (outlet, headline) = texts::PRESS[number % texts::PRESS.len()];
    let author =
        Author { handle: outlet, followers: 180_000, verified: true, role: Some(Role::Journalist) };
    let mut wire = blank(author, headline.replace("{b}", BRANDS[CRISIS].name), Lang::English);
    (wire.channel, wire.kind) = ("news", Kind::Article);
    wire.brand = Some(BRANDS[CRISIS].name);
    wire.reach = Some(240_000);
    wire.links = vec![CRISIS_LINK.to_owned()];
    wire
}

/// One of `sayings` about `brand` in `tone`.
fn said<'a>(
    rng: &mut StdRng,
    person: &'a Person,
    sayings: &Sayings,
    brand: usize,
    tone: Tone,
) -> Wire<'a> {
    let choices = match tone {
        Tone::Positive => sayings.praise,
        Tone::Neutral => sayings.plain,
        Tone::Negative => sayings.blame,
    };
    let chosen = pick(rng, choices);
    let text = filled(rng, chosen, brand, sayings.lang);
    let text = with_asides(person, text, sayings.lang);
    let mut wire = by(person, text, sayings.lang);
    wire.sentiment = scored(rng, tone);
    if rng.random_bool(0.3) {
        let heard = rng.random_range(0.0..0.02) * person.followers as f64;
        let part = |of: f64| (heard * of) as u64;
        wire.engagement =
            Some(Engagement { likes: part(1.0), shares: part(0.1), comments: part(0.2) });
    }
    wire
}

/// What makes a text its author's own.
fn with_asides(person: &Person, mut text: String, lang: Lang) -> String {
    let mut chosen = person
        .handle
        .bytes()
        .fold(7_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(byte)));
    for asides in texts::ASIDES[usize::from(lang == Lang::Hebrew)] {
        text.push_str(". ");
        text.push_str(asides[chosen % asides.len()]);
        chosen /= asides.len();
    }
    text
}

/// `saying` with its gaps filled.
fn filled(rng: &mut StdRng, saying: &str, brand: usize, lang: Lang) -> String {
    let name = match lang {
        Lang::English => BRANDS[brand].name,
        Lang::Hebrew => BRANDS[brand].hebrew,
    };
    let text = saying.replace("{b}", name);
    let text = text.replace("{d}", pick(rng, &DRINKS)).replace("{p}", pick(rng, &PLACES));
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// What a producer that scores would say of `tone`; half of them do not score.
fn scored(rng: &mut StdRng, tone: Tone) -> Option<f64> {
    if !rng.random_bool(SCORED) {
        return None;
    }
    let hundredths = match tone {
        Tone::Positive => rng.random_range(25..95),
        Tone::Neutral => rng.random_range(-4..5),
        Tone::Negative => -rng.random_range(25..95),
    };
    Some(f64::from(hundredths) / 100.0)
}

fn by<'a>(person: &'a Person, text: String, lang: Lang) -> Wire<'a> {
    let author = Author {
        handle: &person.handle,
        followers: person.followers,
        verified: person.verified,
        role: None,
    };
    Wire { country: Some(person.country), ..blank(author, text, lang) }
}

/// A post with nothing but its author and its words.
fn blank<'a>(author: Author<'a>, text: String, lang: Lang) -> Wire<'a> {
    Wire {
        id: String::new(),
        created_at: Timestamp::default(),
        channel: "twitter",
        kind: Kind::Post,
        brand: None,
        author,
        text,
        lang: lang.tag(),
        sentiment: None,
        engagement: None,
        reach: None,
        hashtags: Vec::new(),
        links: Vec::new(),
        campaign: None,
        country: None,
        intent: None,
    }
}

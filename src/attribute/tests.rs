//! What an excess comes from, by construction.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::mention::{Author, Role, Timestamp, Tone};

/// Where shares are counted, beside all mentions and the negative ones.
pub(super) const SHARES: usize = 2;

pub(super) fn attribution() -> Attribution {
    Attribution::new(1_440, 3)
}

pub(super) fn counted(classified: &Classified<'_>) -> Counted {
    let negative = classified.tone == Tone::Negative;
    [true, negative, classified.mention.kind == Kind::Share].into_iter().collect()
}

/// A rise of `count` in the panes `from..to`.
pub(super) const fn rise(from: Pane, to: Pane, count: usize, expected: f64) -> Question {
    let swing = Swing { count, direction: Direction::Up, expected, least: 0.0 };
    Question { from, to, swing: Some(swing) }
}

fn observe(attribution: &mut Attribution, pane: Pane, id: u64, link: Option<&str>, text: &str) {
    let mention = Mention {
        id: id.to_string().into(),
        created_at: Timestamp::from_millis(pane * 60_000),
        channel: if id.is_multiple_of(2) { "twitter".into() } else { "reddit".into() },
        text: text.into(),
        links: link.into_iter().map(Into::into).collect(),
        hashtags: vec!["Fail".into(), "fail".into()],
        author: Author {
            handle: Some(format!("user{id}").into()),
            followers: Some(id),
            ..Author::default()
        },
        ..Mention::default()
    };
    let classified = Classified {
        mention: &mention,
        brands: Vec::new(),
        sentiment: -0.5,
        tone: if id.is_multiple_of(10) { Tone::Positive } else { Tone::Negative },
        crisis_terms: if id.is_multiple_of(4) { vec!["recall".into()] } else { Vec::new() },
        role: Role::Customer,
        normal_text: mention.text.to_lowercase(),
        names: Vec::new(),
    };
    attribution.observe(pane, &classified, counted(&classified));
}

fn share(answer: &Evidence, kind: SourceKind, value: &str) -> Option<f64> {
    answer.sources.iter().find(|it| it.kind == kind && it.value == value).map(|it| it.share)
}

#[test]
fn the_link_that_carries_most_of_the_excess_is_named_with_its_part() {
    let mut attribution = attribution();
    for id in 0..120 {
        // 78 of the 100 that nobody expected carry one link.
        let link = (id < 78).then_some("https://a.example/x");
        observe(&mut attribution, (id % 5) as Pane, id, link, "text");
    }
    let answer = attribution.explain(&rise(0, 5, ALL, 20.0));
    assert_eq!((answer.mentions, answer.negative_mentions), (120, 108));
    assert_eq!(share(&answer, SourceKind::Link, "https://a.example/x"), Some(0.78));
    assert_eq!(
        share(&answer, SourceKind::Hashtag, "fail"),
        Some(1.0),
        "one hashtag, however written, once"
    );
    assert_eq!(answer.crisis_terms, [TermCount { term: "recall".to_owned(), count: 30 }]);
    assert!(share(&answer, SourceKind::Author, "user7").is_none(), "one mention is a coincidence");
}

#[test]
fn what_is_usual_is_not_held_to_carry_the_excess() {
    let mut attribution = attribution();
    let day = 1_440;
    // A week in which half of all mentions carry the brand's own link.
    for pane in 0..7 * day {
        observe(
            &mut attribution,
            pane,
            pane as u64,
            (pane % 2 == 0).then_some("https://own.example"),
            "usual",
        );
    }
    for id in 0..100 {
        observe(&mut attribution, 8 * day, 1_000_000 + id, Some("https://new.example"), "new");
    }
    for id in 0..50 {
        observe(&mut attribution, 8 * day, 2_000_000 + id, Some("https://own.example"), "usual");
    }
    let question = rise(8 * day, 8 * day + 5, ALL, 50.0);
    let answer = attribution.explain(&question);
    assert_eq!(share(&answer, SourceKind::Link, "https://new.example"), Some(1.0));
    let own = share(&answer, SourceKind::Link, "https://own.example").unwrap_or(0.0);
    assert!((own - 0.25).abs() < 0.05, "50 came, 25 were usual, of an excess of 100: {own}");
}

#[test]
fn memory_is_bounded_however_many_authors_and_links_come() {
    let mut attribution = attribution();
    let bucket = 272 + phrase::TEXTS_PER_BUCKET + origin::AUTHORS;
    let bound = 289 * bucket + 2_240 + phrase::USUAL_TEXTS + 2 * origin::GENERATION;
    for id in 0..60_000 {
        let link = format!("https://{id}.example");
        observe(&mut attribution, id as Pane / 20, id, Some(&link), "churn");
    }
    assert!(attribution.len() <= bound, "{}", attribution.len());
    assert!(attribution.buckets.len() <= 290);
}

#[test]
fn samples_are_telling_different_and_negative_when_that_is_the_question() {
    let mut attribution = attribution();
    for id in 0..50 {
        observe(&mut attribution, 0, id, None, if id >= 40 { "the same words" } else { "another" });
    }
    observe(&mut attribution, 1, 61, None, "small but earlier");
    let answer = attribution.explain(&rise(0, 5, NEGATIVE, 0.0));
    let texts: Vec<&str> = answer.samples.iter().map(|it| it.text.as_str()).collect();
    assert_eq!(
        texts,
        ["the same words", "another", "small but earlier"],
        "crisis words, then audience"
    );
    assert!(answer.samples.iter().all(|it| it.tone == Tone::Negative));
}

#[test]
fn a_late_mention_finds_its_old_bucket() {
    let mut attribution = attribution();
    observe(&mut attribution, 100, 1, None, "first");
    observe(&mut attribution, 300, 2, None, "later");
    observe(&mut attribution, 150, 3, None, "late");
    let answer = attribution.explain(&rise(150, 151, ALL, 0.0));
    assert_eq!(answer.mentions, 1);
}

fn neutral<'m>(mention: &'m Mention<'m>) -> Classified<'m> {
    Classified {
        mention,
        brands: Vec::new(),
        sentiment: 0.0,
        tone: Tone::Neutral,
        crisis_terms: Vec::new(),
        role: Role::Customer,
        normal_text: mention.text.to_lowercase(),
        names: Vec::new(),
    }
}

/// A mention with everything chosen.
fn observe_as(
    attribution: &mut Attribution,
    pane: Pane,
    id: u64,
    (channel, author, text): (&str, &str, &str),
) {
    let mention = Mention {
        id: id.to_string().into(),
        created_at: Timestamp::from_millis(pane * 60_000),
        channel: channel.into(),
        text: text.into(),
        links: vec![format!("https://{author}.example").into()],
        hashtags: vec![author.into(), "תקלה".into()],
        author: Author { handle: Some(author.into()), ..Author::default() },
        ..Mention::default()
    };
    attribution.observe(pane, &neutral(&mention), counted(&neutral(&mention)));
}

/// Everyone once: in a full memory each newcomer inherits the count of whom it drives out. That
/// must not make a carrier of the excess out of it.
#[test]
fn a_crowd_of_strangers_has_no_ringleader() {
    let mut attribution = attribution();
    for id in 0..5_000 {
        let channel = if id % 4 == 0 { format!("forum{}", id / 4) } else { "twitter".to_owned() };
        observe_as(
            &mut attribution,
            (id % 5) as Pane,
            id,
            (&channel, &format!("user{id}"), "text"),
        );
    }
    // Most of them had been expected, so that each weighs the more in what is left.
    let answer = attribution.explain(&rise(0, 5, ALL, 4_500.0));
    let named: Vec<(SourceKind, &str)> =
        answer.sources.iter().map(|it| (it.kind, it.value.as_str())).collect();
    assert_eq!(named, [(SourceKind::Hashtag, "תקלה"), (SourceKind::Channel, "twitter")]);
}

#[test]
fn the_ringleader_in_a_crowd_is_named_with_what_is_certain() {
    let mut attribution = attribution();
    for id in 0..3_000 {
        let author = if id % 3 == 0 { "bot".to_owned() } else { format!("user{id}") };
        observe_as(&mut attribution, (id % 5) as Pane, id, ("twitter", &author, "text"));
    }
    let answer = attribution.explain(&rise(0, 5, ALL, 0.0));
    let bot = share(&answer, SourceKind::Author, "bot").unwrap();
    assert!((bot - 1.0 / 3.0).abs() < 0.01, "{bot}");
    assert_eq!(answer.sources.iter().filter(|it| it.kind == SourceKind::Author).count(), 1);
}

#[test]
fn one_mention_counts_a_link_and_a_hashtag_once() {
    let mut attribution = attribution();
    let mention = Mention {
        id: "1".into(),
        channel: "twitter".into(),
        links: vec!["https://a.example".into(), "https://a.example".into()],
        hashtags: vec!["Fail".into(), "FAIL".into(), "fail".into()],
        ..Mention::default()
    };
    for _ in 0..2 {
        attribution.observe(0, &neutral(&mention), counted(&neutral(&mention)));
    }
    let answer = attribution.explain(&rise(0, 1, ALL, 0.0));
    let counts: Vec<(&str, u64)> =
        answer.sources.iter().map(|it| (it.value.as_str(), it.count)).collect();
    assert_eq!(counts, [("https://a.example", 2), ("fail", 2), ("twitter", 2)]);
}

#[test]
fn a_long_hebrew_text_is_cut_between_letters() {
    let mut attribution = attribution();
    let text = "הטיסה בוטלה שוב ואין מענה ".repeat(100);
    observe_as(&mut attribution, 0, 1, ("twitter", "דנה", &text));
    let answer = attribution.explain(&rise(0, 1, ALL, 0.0));
    let sample = &answer.samples[0];
    assert_eq!((sample.text.chars().count(), sample.author.as_deref()), (500, Some("דנה")));
    assert!(text.starts_with(&sample.text));
}

#[test]
fn nothing_is_explained_where_there_is_no_excess() {
    let mut attribution = attribution();
    assert_eq!(attribution.explain(&rise(0, 5, ALL, 3.0)), Evidence::default());
    (0..10).for_each(|id| observe(&mut attribution, 0, id, Some("https://a.example"), "text"));
    let answer = attribution.explain(&rise(0, 5, ALL, 12.0));
    assert_eq!((answer.mentions, answer.sources.len()), (10, 0));
}

#[test]
fn a_mention_older_than_all_that_is_remembered_is_left_out() {
    let mut attribution = attribution();
    observe(&mut attribution, 0, 1, None, "first");
    observe(&mut attribution, 3 * 1_440, 2, None, "three days on");
    observe(&mut attribution, 0, 3, None, "too late");
    let all = rise(0, 4 * 1_440, ALL, 0.0);
    assert_eq!(attribution.explain(&all).mentions, 1, "what is a day old has become usual");
    assert_eq!(attribution.usual.total[ALL], 1.0);
}

/// A crisis of days does not become what is usual, unless its level does.
#[test]
fn what_is_held_never_becomes_usual() {
    let mut attribution = attribution();
    let (usual, crisis) = (Some("https://usual.example"), Some("https://crisis.example"));
    (0..1_440).for_each(|pane| observe(&mut attribution, pane, pane as u64, usual, "text"));
    attribution.hold_since(1_437);
    (1_440..5_000).for_each(|pane| observe(&mut attribution, pane, pane as u64, crisis, "text"));
    let usual_of = |attribution: &Attribution, value: Option<&str>| {
        attribution.usual.values[0].get(value.unwrap_or_default(), ALL)
    };
    assert!(usual_of(&attribution, usual) > 1_000.0);
    assert_eq!(attribution.usual.values[0].get("https://crisis.example", ALL), 0.0);
    attribution.release();
    (5_000..7_500).for_each(|pane| observe(&mut attribution, pane, pane as u64, usual, "text"));
    assert_eq!(usual_of(&attribution, crisis), 0.0, "nor after it is over");

    let burst = Some("https://burst.example");
    attribution.hold_since(7_500);
    (7_500..7_600).for_each(|pane| observe(&mut attribution, pane, pane as u64, burst, "text"));
    attribution.release();
    attribution.hold_since(7_600);
    (7_600..8_000).for_each(|pane| observe(&mut attribution, pane, pane as u64, crisis, "text"));
    attribution.accept_since(7_600);
    (8_000..11_000).for_each(|pane| observe(&mut attribution, pane, pane as u64, crisis, "text"));
    let accepted = usual_of(&attribution, crisis);
    assert!(accepted > 300.0, "its level has been accepted");
    assert!(accepted < 401.0, "but not what it has grown to since: {accepted}");
    assert_eq!(usual_of(&attribution, burst), 0.0, "that of the one before has not");
}

#[test]
fn only_whole_buckets_that_are_remembered_can_be_asked_about() {
    let mut attribution = attribution();
    assert_eq!(attribution.covered(103, 107), 100..110);
    observe(&mut attribution, 5_000, 1, None, "text");
    assert_eq!(attribution.covered(4_998, 5_001), 4_995..5_005);
    assert_eq!(attribution.covered(10, 5_001), 3_560..5_005, "a day before the bucket of now");
    assert!(attribution.covered(-7, -5).is_empty(), "forgotten");
}

#[test]
fn a_country_is_told_by_its_code_in_upper_case() {
    let mut attribution = attribution();
    for (id, country) in ["us", "US", " Us", "il", "", "us"].into_iter().enumerate() {
        let mention = Mention {
            id: id.to_string().into(),
            channel: "twitter".into(),
            country: (!country.is_empty()).then(|| country.into()),
            ..Mention::default()
        };
        attribution.observe(0, &neutral(&mention), counted(&neutral(&mention)));
    }
    let answer = attribution.explain(&rise(0, 1, ALL, 0.0));
    let countries = answer.sources.iter().filter(|it| it.kind == SourceKind::Country);
    let countries: Vec<(&str, u64)> = countries.map(|it| (it.value.as_str(), it.count)).collect();
    assert_eq!(countries, [("US", 4)], "one mention of another is a coincidence");
}

/// Fifty shares of one link among a hundred posts, which one author in three writes and which have a
/// link of their own.
fn shared_among_posts() -> Attribution {
    let mut attribution = attribution();
    for id in 0..150 {
        let is_share = id % 3 == 0;
        let (link, author) = match is_share {
            true => ("https://shared.example", format!("fan{id}")),
            false => ("https://posted.example", format!("writer{}", id % 10)),
        };
        let mention = Mention {
            id: id.to_string().into(),
            channel: "twitter".into(),
            kind: if is_share { Kind::Share } else { Kind::Post },
            links: vec![link.into()],
            text: (if is_share { "pass this on please" } else { "what i had to say" }).into(),
            author: Author { handle: Some(author.into()), ..Author::default() },
            ..Mention::default()
        };
        let classified = neutral(&mention);
        attribution.observe(id % 5, &classified, counted(&classified));
    }
    attribution
}

#[test]
fn a_rise_is_explained_by_what_it_counts() {
    let answer = shared_among_posts().explain(&rise(0, 5, SHARES, 10.0));
    assert_eq!(share(&answer, SourceKind::Link, "https://shared.example"), Some(1.0));
    assert_eq!(share(&answer, SourceKind::Link, "https://posted.example"), None);
    let of = |kind| answer.sources.iter().filter(move |it| it.kind == kind);
    assert!(of(SourceKind::Phrase).all(|it| it.value.contains("pass")), "{:?}", answer.sources);
    assert_eq!(of(SourceKind::Author).count(), 0, "writers of posts share nothing");
    let origin = answer.origin.unwrap();
    assert_eq!((origin.authors, origin.mentions_per_author, origin.shared), (50, 1.0, 1.0));
    assert_eq!(answer.mentions, 150, "all are told");
}

#[test]
fn what_is_hardly_off_or_not_counted_comes_from_nowhere() {
    let attribution = shared_among_posts();
    let mut question = rise(0, 5, ALL, 141.0);
    let asked = |question: &Question| {
        let answer = attribution.explain(question);
        (answer.sources.len(), answer.origin.is_some(), answer.samples.len())
    };
    question.swing.iter_mut().for_each(|it| it.least = 9.0);
    assert!(matches!(asked(&question), (1.., true, 2)), "nine more: {:?}", asked(&question));
    question.swing.iter_mut().for_each(|it| it.least = 10.0);
    assert_eq!(asked(&question), (0, false, 2));
    assert_eq!(asked(&Question { swing: None, ..question }), (0, false, 2));
    assert_eq!(asked(&rise(0, 5, 7, 0.0)), (0, false, 2), "a count that is not kept");
}

#[test]
fn what_is_missing_of_a_fall_is_named_with_its_part() {
    let mut attribution = attribution();
    // Eight in ten on one channel, two of them with a hashtag; everybody has a link.
    let usual = |attribution: &mut Attribution, pane: Pane, only_news: bool| {
        let (channel, tagged) =
            if pane % 5 == 0 { ("news", false) } else { ("app", pane % 5 == 1) };
        if only_news && channel != "news" {
            return;
        }
        let mention = Mention {
            id: pane.to_string().into(),
            channel: channel.into(),
            country: Some("US".into()),
            hashtags: tagged.then(|| "sale".into()).into_iter().collect(),
            links: vec!["https://own.example".into()],
            text: "as ever".into(),
            ..Mention::default()
        };
        let classified = neutral(&mention);
        attribution.observe(pane, &classified, counted(&classified));
    };
    let day = 1_440;
    (0..3 * day).for_each(|pane| usual(&mut attribution, pane, false));
    (3 * day..3 * day + 100).for_each(|pane| usual(&mut attribution, pane, true));
    let mut question = rise(3 * day, 3 * day + 100, ALL, 100.0);
    question.swing.iter_mut().for_each(|it| it.direction = Direction::Down);
    let answer = attribution.explain(&question);
    let named: Vec<(SourceKind, &str, u64)> =
        answer.sources.iter().map(|it| (it.kind, it.value.as_str(), it.count)).collect();
    let (hashtag, country) = (SourceKind::Hashtag, SourceKind::Country);
    assert_eq!(
        named,
        [(hashtag, "sale", 0), (country, "US", 20), (SourceKind::Channel, "app", 0)],
        "the news goes on, and nobody misses a link"
    );
    assert!((share(&answer, hashtag, "sale").unwrap() - 0.25).abs() < 0.01, "{answer:?}");
    assert!((share(&answer, SourceKind::Channel, "app").unwrap() - 1.0).abs() < 0.01);
    assert_eq!(answer.origin, None);

    // Before it is known what is usual nothing can be missing.
    let mut young = self::attribution();
    (0..100).for_each(|pane| usual(&mut young, pane, true));
    let mut question = rise(0, 100, ALL, 100.0);
    question.swing.iter_mut().for_each(|it| it.direction = Direction::Down);
    assert_eq!(young.explain(&question).sources, []);
}

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;
use crate::incident::fixtures::{
    ONSET, change_of, fall, incident, resolved, signal, silent_feed, silent_partitions,
};
use crate::incident::{
    Acknowledgement, Origin, Provenance, Sample, SourceKind, SourceShare, Tracker,
};
use crate::mention::{Role, Tone};

fn story(incident: Incident) -> Story {
    let new_york = TimeZone::get("America/New_York").unwrap();
    Story::of(&change_of(incident, 0), &new_york)
}

fn headline(change: impl FnOnce(&mut Incident)) -> String {
    let mut incident = incident();
    change(&mut incident);
    story(incident).headline
}

#[test]
fn rises_are_told_as_multiples() {
    assert_eq!(headline(|_| {}), "American: anger at 6.2x its usual level, since 14:20");
    assert_eq!(
        headline(|i| {
            i.measure = Measure::Mentions;
            i.observed = 232.0;
            i.expected = 58.0;
        }),
        "American: attention at 4.0x its usual level, since 14:20"
    );
}

#[test]
fn a_rise_from_nothing_has_no_multiple() {
    assert_eq!(
        headline(|i| {
            i.observed = 34.0;
            i.expected = 0.0;
        }),
        "American: anger out of nothing: 34 negative mentions where none are usual, since 14:20"
    );
    let mut from_nothing = incident();
    from_nothing.expected = 0.0;
    from_nothing.lower = 0.0;
    from_nothing.upper = 2.0;
    assert_eq!(
        story(from_nothing).what_changed,
        "186 negative mentions in the last hour, where none are usual (typically 0 to 2)."
    );
}

#[test]
fn shares_are_told_in_percent() {
    let share = |observed, expected, z| {
        headline(|i| {
            i.measure = Measure::NegativeShare;
            (i.observed, i.expected, i.peak_z) = (observed, expected, z);
        })
    };
    assert_eq!(
        share(0.86, 0.61, 5.0),
        "American: share of negative mentions at 86 % (usually 61 %), since 14:20"
    );
    assert_eq!(
        share(0.2, 0.61, -5.0),
        "American: share of negative mentions down to 20 % (usually 61 %), since 14:20"
    );
}

#[test]
fn other_measures_have_their_own_words() {
    let told = |measure, observed, expected, z| {
        let band = (expected - 0.2, expected + 0.2);
        let story = story(Incident {
            measure,
            observed,
            expected,
            lower: band.0,
            upper: band.1,
            peak_z: z,
            ..incident()
        });
        (story.headline, story.what_changed)
    };
    let (headline, changed) = told(Measure::Sentiment, -0.42, 0.1, -5.0);
    assert_eq!(headline, "American: mean sentiment down to -0.42 (usually 0.10), since 14:20");
    assert_eq!(
        changed,
        "Mean sentiment was -0.42 in the last hour, where 0.10 is usual (typically -0.10 to 0.30)."
    );
    assert_eq!(
        told(Measure::PurchaseIntent, 40.0, 10.0, 5.0).0,
        "American: intent to buy at 4.0x its usual level, since 14:20"
    );
    assert_eq!(
        told(Measure::NewFollowers, 3.0, 30.0, -5.0).0,
        "American: new followers down to 10 % of usual, since 14:20"
    );
    let (headline, changed) = told(Measure::Shares, 44.0, 4.0, 5.0);
    assert_eq!(headline, "American: sharing at 11x its usual level, since 14:20");
    assert!(changed.starts_with("44 shares in the last hour, where 4 are usual"), "{changed}");
}

#[test]
fn a_single_mention_is_told_by_who_says_what_to_how_many() {
    let mut alone = Incident {
        measure: Measure::Audience,
        peak_z: 0.0,
        observed: 310_000.0,
        upper: 100_000.0,
        ..incident()
    };
    alone.samples.truncate(1);
    alone.samples[0].role = Role::Journalist;
    alone.samples[0].audience = 310_000;
    alone.samples[0].crisis_terms = ["contamination", "lawsuit", "recall"].map(Into::into).into();
    let told = story(alone.clone());
    assert_eq!(
        told.headline,
        "American: a journalist reaching 310,000 people writes of \"contamination\" and \"lawsuit\", \
         since 14:20"
    );
    assert_eq!(
        told.what_changed,
        "One mention with an audience of 310,000; an ordinary author's, with one crisis term, would \
         be told from 100,000 on."
    );
    assert!(told.how_unusual.contains("judged by its words"), "{}", told.how_unusual);
    assert_eq!(
        story(resolved(alone.clone(), 31)).headline,
        "American: back to normal after 31 min",
        "windows were out of line, too"
    );
    alone.signals.clear();
    assert_eq!(
        story(resolved(alone.clone(), 31)).headline,
        "American: no further such mention after 31 min"
    );
    alone.samples[0].crisis_terms.clear();
    alone.samples[0].role = Role::Employee;
    assert!(story(alone).headline.contains("an employee reaching 310,000 people speaks ill of it"));
}

/// The record of a brand that is hardly shared has nothing to divide by.
#[test]
fn a_post_that_spreads_is_told_beside_the_most_shared_ones_so_far() {
    let told = |observed, expected, upper| {
        let measure = Measure::PostShares;
        let (lower, sources) = (0.0, Vec::new());
        let told =
            story(Incident { measure, observed, expected, lower, upper, sources, ..incident() });
        [told.headline, told.what_changed].join("\n")
    };
    insta::assert_snapshot!(
        [
            told(57.0, 0.0, 0.0),
            told(57.0, 0.0, 4.0),
            told(570.0, 12.0, 80.0),
            told(57.0, f64::NAN, f64::NAN),
            told(f64::NAN, 12.0, 80.0),
        ]
        .join("\n\n")
    );
}

#[test]
fn falls_are_told_as_what_is_left() {
    assert_eq!(story(fall()).headline, "American: mentions down to 12 % of usual, since 14:20");
    let nothing = Incident { observed: 0.0, ..fall() };
    assert_eq!(story(nothing.clone()).headline, "American: no mentions at all, since 14:20");
    assert_eq!(
        story(nothing).what_changed,
        "No mentions in the last hour, where 58 are usual (typically 36 to 82)."
    );
}

#[test]
fn the_leading_signal_gives_the_direction() {
    // Opened by a fall of mentions, led by a rise of negative ones.
    let told = headline(|i| i.direction = Direction::Down);
    assert_eq!(told, "American: anger at 6.2x its usual level, since 14:20");
}

#[test]
fn each_state_has_its_words() {
    let state = |state| headline(|i| i.state = state);
    assert_eq!(
        state(State::Escalated),
        "American: now critical: anger at 6.2x its usual level, since 14:20"
    );
    assert_eq!(
        state(State::Acknowledged),
        "American: someone has taken it: anger at 6.2x its usual level"
    );
    let by = Acknowledgement { by: "Dana *Levi*\u{202e}".into(), at: ONSET.plus_millis(1_800_000) };
    let taken = Incident { acknowledged: Some(by), state: State::Acknowledged, ..incident() };
    let told = story(taken);
    assert_eq!(told.headline, "American: Dana *Levi* has taken it: anger at 6.2x its usual level");
    let taken = told.facts.iter().find(|fact| fact.label == "Taken").map(|fact| &*fact.text);
    assert_eq!(taken, Some("by Dana *Levi*, 14:50"));
    assert_eq!(
        story(resolved(incident(), 190)).headline,
        "American: back to normal after 3 h 10 min"
    );
    assert_eq!(
        story(silent_feed()).headline,
        "No mentions are arriving from feed kafka, since 14:20"
    );
    assert_eq!(
        story(resolved(silent_feed(), 25)).headline,
        "Feed kafka: mentions are arriving again after 25 min"
    );
}

/// The page was decided by the brand's own record, so that is what people are told of.
#[test]
fn how_unusual_it_is_says_the_record_once_there_is_one() {
    let told = |days| {
        let mut incident = incident();
        incident.signals[0].return_days = days;
        // That of another window says nothing of the one people read of.
        incident.signals[1].return_days = Some(3.0);
        story(incident).how_unusual
    };
    assert_eq!(told(Some(40.2)), "About once in 40 days for this brand (z 6.9).");
    let fitted = "Less than one window in a billion when nothing is wrong (z 6.9).";
    assert_eq!(told(None), fitted);
    assert_eq!(told(Some(f64::NAN)), fitted);
    assert_eq!(told(Some(f64::INFINITY)), fitted);
}

#[test]
fn what_goes_on_is_told_by_what_has_changed() {
    let told = |measure, z: f64, severity| {
        let direction = if z < 0.0 { Direction::Down } else { Direction::Up };
        let story = story(Incident {
            state: State::Updated,
            peak_z: z,
            measure,
            severity,
            direction,
            ..incident()
        });
        assert_eq!(story.mark == Mark::Worse, story.headline.contains("got worse"));
        assert!(story.what_to_do.is_some());
        story.headline
    };
    insta::assert_snapshot!(
        [
            told(Measure::NegativeMentions, 9.0, Severity::Critical),
            told(Measure::Audience, 0.0, Severity::Critical),
            told(Measure::Mentions, 9.0, Severity::Warning),
            told(Measure::Mentions, 9.0, Severity::Notice),
            told(Measure::PurchaseIntent, 9.0, Severity::Notice),
            told(Measure::PurchaseIntent, -9.0, Severity::Notice),
        ]
        .join("\n")
    );
}

#[test]
fn a_feed_that_is_silent_in_part_is_told_from_a_dead_one() {
    let told = |incident: Incident| {
        let story = story(incident);
        let meaning = story.facts.iter().find(|fact| fact.label == "What it means").unwrap();
        format!("{}\n{}\n{}", story.headline, story.what_changed, meaning.text)
    };
    let (one, three, twelve): (_, _, Vec<i32>) = ([3], [3, 0, 5], (0..12).collect());
    let worse = Incident { state: State::Escalated, ..silent_partitions(&twelve, 12) };
    insta::assert_snapshot!(
        [
            told(silent_partitions(&one, 12)),
            told(silent_partitions(&three, 12)),
            told(silent_partitions(&twelve, 24)),
            told(silent_partitions(&twelve, 12)),
            told(worse),
            told(resolved(silent_partitions(&three, 12), 25)),
        ]
        .join("\n\n")
    );
}

/// What the last line names can be marked: not what opened the incident and was outdone since.
#[test]
fn the_last_line_names_the_monitor_that_leads() {
    let mut opened_alone = incident();
    opened_alone.monitor = "single-mention".into();
    let footer = story(opened_alone.clone()).footer;
    assert!(footer.contains(" · monitor anger · "), "{footer}");
    opened_alone.signals.clear();
    let footer = story(opened_alone).footer;
    assert!(footer.contains(" · monitor single-mention · "), "{footer}");
}

#[test]
fn yesterday_has_a_date() {
    assert_eq!(
        headline(|i| i.updated_at = i.onset.plus_millis(12 * 3_600_000)),
        "American: anger at 6.2x its usual level, since 22 Feb 14:20"
    );
}

#[test]
fn what_is_not_known_is_left_out() {
    let unknown = Incident {
        observed: f64::NAN,
        expected: f64::NAN,
        lower: f64::NAN,
        upper: f64::INFINITY,
        peak_z: f64::NAN,
        ..incident()
    };
    let told = story(unknown);
    assert_eq!(told.headline, "American: anger far above its usual level, since 14:20");
    assert_eq!(told.what_changed, "Negative mentions left the typical band in the last hour.");
    assert_eq!(told.how_unusual, "How unusual it is could not be worked out.");
}

#[test]
fn a_hebrew_name_does_not_turn_its_sentence() {
    assert_eq!(
        headline(|i| i.brand = "אל\u{202e} על".into()),
        "\u{2068}אל על\u{2069}: anger at 6.2x its usual level, since 14:20"
    );
    assert!(headline(|i| i.brand = "\n".into()).starts_with("(unnamed): "));
}

#[test]
fn one_cause_is_told_from_many() {
    let lead = |change: &dyn Fn(&mut Incident)| {
        let mut incident = incident();
        change(&mut incident);
        story(incident).carriers.lead
    };
    assert_eq!(lead(&|_| {}).as_deref(), Some("78 % of the excess carries one link"));
    assert_eq!(
        lead(&|i| i.sources.retain(|s| s.kind != SourceKind::Link)).as_deref(),
        Some("No single link, hashtag, phrase or author is behind half of the excess")
    );
    assert_eq!(
        lead(&|i| i.sources.retain(|s| s.kind >= SourceKind::Country)),
        None,
        "most brands have a country and a channel that lead anyway"
    );
    let phrase_at = |share: f64| {
        lead(&move |i| {
            i.sources.iter_mut().filter(|s| s.kind == SourceKind::Phrase).for_each(|s| {
                s.share = share;
            });
        })
    };
    assert_eq!(
        phrase_at(0.95).as_deref(),
        Some("95 % of the excess says “on hold for 3 hours”"),
        "it explains more than the link"
    );
    assert_eq!(
        phrase_at(0.8).as_deref(),
        Some("78 % of the excess carries one link"),
        "they are alike, and the link says more"
    );
    assert_eq!(
        lead(&|i| {
            i.peak_z = -4.0;
            i.sources.retain(|s| s.kind == SourceKind::Author);
            i.sources[0].share = 0.6;
        })
        .as_deref(),
        Some("60 % of the fall comes from one author")
    );
}

#[test]
fn what_is_missing_of_a_fall_is_told_and_where_to_look() {
    let source =
        |kind, value: &str, count, share| SourceShare { kind, value: value.into(), count, share };
    let told = |measure, sources| {
        let told = story(Incident { measure, sources, ..fall() });
        let kinds = told.carriers.kinds.iter();
        let kinds: Vec<String> = kinds
            .flat_map(|(title, carriers)| carriers.iter().map(move |it| (title, it)))
            .map(|(title, it)| format!("{title}: {} {} ({})", it.name, it.share, it.mentions))
            .collect();
        let lead = told.carriers.lead.unwrap_or_else(|| "no lead".into());
        format!("{lead}\n{}\n{}\n", kinds.join("\n"), told.what_to_do.unwrap())
    };
    let (channel, hashtag) = (SourceKind::Channel, SourceKind::Hashtag);
    let of_twitter = |share| {
        vec![
            source(SourceKind::Country, "US", 1, 0.7),
            source(channel, "twitter", 0, share),
            source(channel, "news", 7, 1.0 - share),
        ]
    };
    insta::assert_snapshot!(
        [
            told(Measure::Mentions, of_twitter(0.97)),
            told(Measure::PurchaseIntent, of_twitter(0.97)),
            told(Measure::Mentions, of_twitter(0.85)),
            told(Measure::Mentions, vec![source(hashtag, "sale", 1, 0.64)]),
            told(Measure::Mentions, vec![source(hashtag, "sale", 1, 0.3)]),
            told(Measure::Mentions, Vec::new()),
        ]
        .join("\n")
    );
}

#[test]
fn the_leading_signal_is_not_told_twice() {
    assert_eq!(
        story(incident()).also,
        [
            "negative share in a window of 1 hour: 86 % (usually 61 %)",
            "mentions in a window of 1 hour: 232 (usually 58)",
        ]
    );
}

#[test]
fn whoever_is_woken_knows_where_to_look_first() {
    let advice = |change: &dyn Fn(&mut Incident)| {
        let mut incident = incident();
        change(&mut incident);
        story(incident).what_to_do.unwrap_or_default()
    };
    let only = |kind: SourceKind, share: f64| {
        advice(&|i| {
            i.sources.retain(|source| source.kind == kind);
            i.sources.iter_mut().for_each(|source| source.share = share);
        })
    };
    insta::assert_snapshot!(
        [
            only(SourceKind::Link, 0.7),
            only(SourceKind::Hashtag, 0.7),
            only(SourceKind::Phrase, 0.7),
            only(SourceKind::Author, 0.7),
            only(SourceKind::Phrase, 0.2),
            only(SourceKind::Channel, 1.0),
            advice(&|i| (i.measure, i.negative_mentions) = (Measure::Mentions, 3)),
            advice(&|i| {
                (i.measure, i.negative_mentions) = (Measure::Mentions, 3);
                i.sources.clear();
            }),
            story(fall()).what_to_do.unwrap_or_default(),
        ]
        .join("\n")
    );
    assert_eq!(advice(&|i| i.state = State::Acknowledged), "");
    assert_eq!(story(resolved(incident(), 190)).what_to_do, None);
    assert_eq!(story(silent_feed()).what_to_do, None);
}

#[test]
fn each_measure_has_its_own_advice() {
    let told = |measure, z, change: &dyn Fn(&mut Incident)| {
        let mut incident = Incident { measure, peak_z: z, negative_mentions: 3, ..incident() };
        incident.sources.clear();
        change(&mut incident);
        format!("{} {z:+}: {}", measure.name(), story(incident).what_to_do.unwrap_or_default())
    };
    let by = |role| told(Measure::Audience, 0.0, &move |i| i.samples[0].role = role);
    let calm = |i: &mut Incident| {
        i.samples[0].tone = Tone::Neutral;
        i.samples[0].crisis_terms.clear();
    };
    let go = |measure, z| told(measure, z, &|_| {});
    insta::assert_snapshot!(
        [
            by(Role::Journalist),
            by(Role::Employee),
            by(Role::Influencer),
            go(Measure::PostShares, 5.0),
            told(Measure::PostShares, 5.0, &calm),
            told(Measure::Activation, 5.0, &|i| i.topic = Some("#onfleek".into())),
            told(Measure::Activation, 5.0, &|i| {
                (i.topic, i.negative_mentions) = (Some("spring sale".into()), i.mentions);
            }),
            told(Measure::Advocates, -5.0, &|i| i.sources = silent(&["ann", "ben", "cleo"])),
            told(Measure::Advocates, -5.0, &|i| i.sources = silent(&["ann"])),
            go(Measure::Advocates, -5.0),
            go(Measure::Shares, 5.0),
            go(Measure::PurchaseIntent, 5.0),
            go(Measure::PurchaseIntent, -5.0),
            go(Measure::NewFollowers, 5.0),
            go(Measure::NewFollowers, -5.0),
            told(Measure::NewFollowers, 5.0, &|i| (i.mentions, i.negative_mentions) = (0, 0)),
            told(Measure::NewFollowers, 5.0, &|i| i.negative_mentions = i.mentions),
            go(Measure::PositiveMentions, 5.0),
            go(Measure::Sentiment, 5.0),
            go(Measure::Sentiment, -5.0),
            go(Measure::NegativeShare, 5.0),
        ]
        .join("\n")
    );
}

fn silent(names: &[&str]) -> Vec<SourceShare> {
    let share = 1.0 / names.len() as f64;
    let kind = SourceKind::Author;
    names.iter().map(|&name| SourceShare { kind, value: name.into(), count: 0, share }).collect()
}

/// Whichever comes first: anger before what may be a chance, what is welcome last, however unusual.
#[test]
fn what_cannot_wait_is_read_first() {
    let voice = Signal {
        z: 0.0,
        upper: 100_000.0,
        ..signal("single-mention", Measure::Audience, 0, 48_000.0, 0.0, 0.0)
    };
    let signals = [
        ("voice", voice),
        ("anger", signal("negative-up", Measure::NegativeMentions, 3600, 90.0, 30.0, 5.0)),
        ("mood", signal("sentiment-down", Measure::Sentiment, 21_600, -0.4, 0.1, -4.5)),
        ("attention", signal("mentions-up", Measure::Mentions, 3600, 500.0, 50.0, 9.0)),
        ("post", signal("post-velocity", Measure::PostShares, 3600, 240.0, 40.0, 3.6)),
        ("buying", signal("purchase-intent-up", Measure::PurchaseIntent, 21_600, 90.0, 30.0, 8.0)),
        ("followers", signal("new-followers-up", Measure::NewFollowers, 86_400, 120.0, 10.0, 12.0)),
    ];
    let told = |first: &Signal, second: &Signal| {
        let subject = (Subject::Brand, "American", None);
        let mut opened = Incident::open(subject, first, std::slice::from_ref(first), ONSET);
        opened.severity = Severity::Warning;
        opened.samples = vec![Sample {
            role: Role::Journalist,
            audience: 48_000,
            crisis_terms: vec!["contaminated".into()],
            ..incident().samples[1].clone()
        }];
        let mut tracker = Tracker::default();
        tracker.open(opened);
        tracker.observe(std::slice::from_ref(second));
        let story = story(tracker.incident().unwrap().clone());
        let (what, advice) = (story.headline, story.what_to_do.unwrap_or_default());
        format!("{what}\n    {advice}\n    also {}", story.also.join("; "))
    };
    let mut pairs = Vec::new();
    for (at, (name, first)) in signals.iter().enumerate() {
        for (other, second) in &signals[at + 1..] {
            let forth = told(first, second);
            assert_eq!(forth, told(second, first), "{name} and {other}");
            pairs.push(format!("{name} and {other}\n    {forth}"));
        }
    }
    insta::assert_snapshot!(pairs.join("\n"));
}

#[test]
fn advocates_gone_quiet_are_told_by_name() {
    let told = story(Incident {
        monitor: "advocates-quiet".into(),
        measure: Measure::Advocates,
        direction: Direction::Down,
        severity: Severity::Notice,
        peak_z: -5.1,
        observed: 4.0,
        expected: 9.6,
        lower: 8.0,
        upper: 10.0,
        window_seconds: 604_800,
        sources: silent(&["ann", "ben", "cleo", "dan", "eve", "finn"]),
        signals: Vec::new(),
        ..fall()
    });
    insta::assert_debug_snapshot!(told);
}

#[test]
fn a_worse_sentiment_is_an_excess_of_anger() {
    let worse = Incident { measure: Measure::Sentiment, peak_z: -5.0, ..incident() };
    assert_eq!(story(worse).carriers.lead.as_deref(), Some("78 % of the excess carries one link"));
}

#[test]
fn organic_is_told_from_coordinated_with_the_reason() {
    let origin = |change: &dyn Fn(&mut Origin)| {
        let mut incident = incident();
        incident.origin.iter_mut().for_each(change);
        story(incident).carriers.origin.unwrap_or_default()
    };
    let told = [
        origin(&|_| {}),
        origin(&|origin| {
            *origin = Origin {
                provenance: Provenance::Coordinated,
                authors: 9,
                mentions_per_author: 20.0,
                new_authors: 8.0 / 9.0,
                usual_new_authors: Some(0.2),
                pasted: 0.64,
                shared: 0.0,
            };
        }),
        origin(&|origin| {
            (origin.provenance, origin.pasted) = (Provenance::Unclear, 0.2);
            (origin.new_authors, origin.usual_new_authors) = (1.0, None);
        }),
        origin(&|origin| {
            (origin.authors, origin.pasted, origin.shared) = (0, 0.0, f64::NAN);
        }),
    ];
    insta::assert_snapshot!(told.join("\n"));
    let mut campaign = incident();
    campaign.origin.iter_mut().for_each(|it| it.provenance = Provenance::Coordinated);
    assert!(story(campaign).what_to_do.is_some_and(|it| it.starts_with("It looks coordinated")));
}

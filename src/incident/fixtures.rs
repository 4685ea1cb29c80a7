//! Made-up incidents for tests, the same in every run.

use uuid::Uuid;

use super::{
    Change, Direction, Incident, Measure, Origin, Provenance, Sample, Severity, Signal,
    SilentPartitions, SourceKind, SourceShare, State, Subject, TermCount,
};
use crate::mention::{Role, Timestamp, Tone};

/// 2015-02-22T19:20:00Z, 14:20 in New York: the onset of [`change`].
pub const ONSET: Timestamp = Timestamp::from_millis(1_424_632_800_000);

/// A `sequence`th change that says what `incident` says.
pub fn change_of(incident: Incident, sequence: u32) -> Change {
    let id = Uuid::new_v5(&incident.id, &sequence.to_be_bytes());
    Change { id, sequence, incident }
}

/// The opening of [`incident`].
pub fn change() -> Change {
    change_of(incident(), 0)
}

/// A critical rise of negative mentions of the brand "American", with everything filled in.
pub fn incident() -> Incident {
    let detected_at = ONSET.plus_millis(15 * 60_000);
    Incident {
        id: Uuid::from_u128(0x0f5e_7a1c_9b34_5d2e_8c61_3a4b_5c6d_7e8f),
        subject: Subject::Brand,
        brand: "American".into(),
        market: Some("airlines".into()),
        topic: None,
        monitor: "anger".into(),
        measure: Measure::NegativeMentions,
        direction: Direction::Up,
        severity: Severity::Critical,
        state: State::Opened,
        onset: ONSET,
        detected_at,
        updated_at: detected_at,
        resolved_at: None,
        peak_z: 6.9,
        observed: 186.0,
        expected: 30.0,
        lower: 17.0,
        upper: 46.0,
        window_seconds: 3600,
        mentions: 232,
        negative_mentions: 186,
        signals: vec![
            signal("anger", Measure::NegativeMentions, 3600, 186.0, 30.0, 6.9),
            signal("attention", Measure::Mentions, 3600, 232.0, 58.0, 4.4),
            signal("mood", Measure::NegativeShare, 3600, 0.86, 0.61, 3.4),
        ],
        sources: vec![
            source(SourceKind::Link, "https://t.co/aa?x=1&y=2", 149, 0.78),
            source(SourceKind::Hashtag, "cancelled", 61, 0.33),
            source(SourceKind::Phrase, "on hold for 3 hours", 44, 0.24),
            source(SourceKind::Author, "stuck_in_dfw", 9, 0.05),
            source(SourceKind::Country, "US", 170, 0.86),
            source(SourceKind::Channel, "twitter", 180, 0.91),
            source(SourceKind::Channel, "news", 14, 0.07),
        ],
        origin: Some(Origin {
            provenance: Provenance::Organic,
            authors: 204,
            mentions_per_author: 1.14,
            new_authors: 0.71,
            usual_new_authors: Some(0.62),
            pasted: 0.03,
            shared: 0.55,
        }),
        crisis_terms: vec![term("stranded", 14), term("lawsuit", 3)],
        samples: vec![
            Sample {
                id: "1".into(),
                created_at: ONSET.plus_millis(2 * 60_000),
                channel: "twitter".into(),
                author: Some("stuck_in_dfw".into()),
                role: Role::Customer,
                audience: 812,
                tone: Tone::Negative,
                text: "@American on hold for 3 hours & <still> *nobody* answers".into(),
                url: Some("https://twitter.example/stuck_in_dfw/1?a=1&b=2".into()),
                crisis_terms: vec![],
            },
            Sample {
                id: "2".into(),
                created_at: ONSET.plus_millis(9 * 60_000),
                channel: "news".into(),
                author: Some("Dana Levi".into()),
                role: Role::Journalist,
                audience: 1_250_000,
                tone: Tone::Negative,
                text: "נוסעים תקועים בשדה התעופה, אין מענה".into(),
                url: Some("https://news.example/stranded".into()),
                crisis_terms: vec!["stranded".into()],
            },
            Sample {
                id: "3".into(),
                created_at: ONSET.plus_millis(11 * 60_000),
                channel: "twitter".into(),
                author: None,
                role: Role::Customer,
                audience: 0,
                tone: Tone::Negative,
                text: "stranded again 😡\nthird cancellation this week".into(),
                url: None,
                crisis_terms: vec!["stranded".into()],
            },
        ],
        partitions: None,
        acknowledged: None,
    }
}

/// A warning that the brand is hardly spoken of any more.
pub fn fall() -> Incident {
    Incident {
        monitor: "silence".into(),
        measure: Measure::Mentions,
        direction: Direction::Down,
        severity: Severity::Warning,
        peak_z: -4.1,
        observed: 7.0,
        expected: 58.0,
        lower: 36.0,
        upper: 82.0,
        mentions: 7,
        negative_mentions: 3,
        signals: vec![signal("silence", Measure::Mentions, 3600, 7.0, 58.0, -4.1)],
        sources: vec![],
        origin: None,
        crisis_terms: vec![],
        samples: vec![],
        ..incident()
    }
}

/// The feed "kafka" has gone silent.
pub fn silent_feed() -> Incident {
    Incident {
        subject: Subject::Feed,
        brand: "kafka".into(),
        market: None,
        monitor: "feed-silent".into(),
        observed: 0.0,
        expected: 40.0,
        lower: 24.0,
        upper: 58.0,
        window_seconds: 600,
        peak_z: -5.2,
        severity: Severity::Warning,
        mentions: 0,
        negative_mentions: 0,
        signals: vec![signal("feed-silent", Measure::Mentions, 600, 0.0, 40.0, -5.2)],
        ..fall()
    }
}

/// Of the feed "kafka", which has `of` partitions, those in `silent` have gone silent.
pub fn silent_partitions(silent: &[i32], of: u32) -> Incident {
    let whole = silent.len() == of as usize;
    Incident {
        severity: if whole { Severity::Warning } else { Severity::Notice },
        partitions: Some(SilentPartitions { silent: silent.to_vec(), of }),
        ..silent_feed()
    }
}

/// `incident` as it stands once it has been over for a moment, `minutes` after its onset.
pub fn resolved(incident: Incident, minutes: i64) -> Incident {
    let at = incident.onset.plus_millis(minutes * 60_000);
    Incident { state: State::Resolved, updated_at: at, resolved_at: Some(at), ..incident }
}

/// A signal detected 15 minutes after [`ONSET`], its band 50 % around what is expected.
pub fn signal(
    monitor: &str,
    measure: Measure,
    window_seconds: u64,
    observed: f64,
    expected: f64,
    z: f64,
) -> Signal {
    Signal {
        monitor: monitor.into(),
        measure,
        direction: if z < 0.0 { Direction::Down } else { Direction::Up },
        window_seconds,
        at: ONSET.plus_millis(15 * 60_000),
        observed,
        expected,
        lower: expected * 0.5,
        upper: expected * 1.5,
        z,
        return_days: None,
    }
}

fn source(kind: SourceKind, value: &str, count: u64, share: f64) -> SourceShare {
    SourceShare { kind, value: value.into(), count, share }
}

fn term(term: &str, count: u64) -> TermCount {
    TermCount { term: term.into(), count }
}

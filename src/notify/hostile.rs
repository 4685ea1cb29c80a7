//! Changes as bad as they can be, for property tests.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::incident::fixtures::{change_of, incident};
use crate::incident::{
    Acknowledgement, Change, Direction, Incident, Measure, Origin, Provenance, Sample, Severity,
    Signal, SilentPartitions, SourceKind, SourceShare, State, Subject, TermCount,
};
use crate::mention::{Role, Timestamp, Tone};

/// What people write to break things, in any order and number.
pub fn text() -> impl Strategy<Value = String> {
    let pieces = select(vec![
        "<!channel>",
        "<!here>",
        "<!everyone>",
        "<!subteam^S123>",
        "<@U123>",
        "@channel",
        "@here",
        "*_~`",
        "```\n",
        ">>> ",
        "&amp;&lt;!channel&gt;",
        "&",
        "<https://evil.example|https://bank.example>",
        ":boom:",
        "שלום עולם",
        "مرحبا",
        "\u{202e}\u{2066}",
        "😡👨‍👩‍👧",
        "\u{1b}[2J\u{7}\0",
        "\r\n\u{2028}",
        "\u{e0001}\u{feff}",
    ]);
    let piece = prop_oneof![
        4 => pieces.prop_map(str::to_owned),
        2 => any::<String>(),
        1 => (select(vec!["&", "<>", "a", "a_*", "😡"]), 200..4000_usize)
            .prop_map(|(piece, times)| piece.repeat(times)),
    ];
    vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

fn url() -> impl Strategy<Value = String> {
    prop_oneof![
        text(),
        text().prop_map(|text| format!("https://a.example/{text}")),
        (400..3000_usize).prop_map(|n| format!("https://a.example/?{}", "&a".repeat(n))),
    ]
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => 0.0..1e6_f64,
        2 => Just(0.0),
        1 => any::<f64>(),
        1 => select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, f64::MAX, f64::MIN_POSITIVE]),
    ]
}

fn moment() -> impl Strategy<Value = Timestamp> {
    prop_oneof![
        4 => (1_400_000_000_000..1_900_000_000_000_i64).prop_map(Timestamp::from_millis),
        1 => any::<i64>().prop_map(Timestamp::from_millis),
    ]
}

fn measure() -> impl Strategy<Value = Measure> {
    select(Measure::ALL.to_vec())
}

fn direction() -> impl Strategy<Value = Direction> {
    select(vec![Direction::Up, Direction::Down])
}

prop_compose! {
    fn signal()(
        monitor in text(),
        measure in measure(),
        direction in direction(),
        window_seconds in any::<u64>(),
        at in moment(),
        [observed, expected, lower, upper, z] in [number(), number(), number(), number(), number()],
        return_days in option::of(number()),
    ) -> Signal {
        Signal { monitor, measure, direction, window_seconds, at, observed, expected, lower, upper, z, return_days }
    }
}

prop_compose! {
    fn source()(
        kind in select(SourceKind::ALL.to_vec()),
        value in url(),
        count in any::<u64>(),
        share in number(),
    ) -> SourceShare {
        SourceShare { kind, value, count, share }
    }
}

prop_compose! {
    fn sample()(
        id in text(),
        created_at in moment(),
        channel in text(),
        author in option::of(text()),
        role in select(vec![Role::Customer, Role::Employee, Role::Journalist, Role::Influencer, Role::Official]),
        audience in any::<u64>(),
        tone in select(vec![Tone::Negative, Tone::Neutral, Tone::Positive]),
        text in text(),
        url in option::of(url()),
        crisis_terms in vec(self::text(), 0..3),
    ) -> Sample {
        Sample { id, created_at, channel, author, role, audience, tone, text, url, crisis_terms }
    }
}

prop_compose! {
    fn origin()(
        provenance in select(Provenance::ALL.to_vec()),
        authors in any::<u64>(),
        [mentions_per_author, new_authors, pasted, shared] in [number(), number(), number(), number()],
        usual_new_authors in option::of(number()),
    ) -> Origin {
        Origin { provenance, authors, mentions_per_author, new_authors, usual_new_authors, pasted, shared }
    }
}

prop_compose! {
    fn term()(term in text(), count in any::<u64>()) -> TermCount {
        TermCount { term, count }
    }
}

prop_compose! {
    fn partitions()(silent in vec(any::<i32>(), 0..20), of in any::<u32>()) -> SilentPartitions {
        SilentPartitions { silent, of }
    }
}

prop_compose! {
    fn acknowledgement()(by in text(), at in moment()) -> Acknowledgement {
        Acknowledgement { by, at }
    }
}

prop_compose! {
    fn lists()(
        signals in vec(signal(), 0..8),
        sources in vec(source(), 0..20),
        crisis_terms in vec(term(), 0..20),
        samples in vec(sample(), 0..6),
        origin in option::of(origin()),
        partitions in option::of(partitions()),
        acknowledged in option::of(acknowledgement()),
    ) -> Incident {
        Incident {
            signals, sources, crisis_terms, samples, origin, partitions, acknowledged, ..incident()
        }
    }
}

prop_compose! {
    /// Any change at all.
    pub fn change()(
        lists in lists(),
        (brand, market, monitor) in (text(), option::of(text()), text()),
        subject in select(vec![Subject::Brand, Subject::Feed]),
        measure in measure(),
        direction in direction(),
        severity in select(Severity::ALL.to_vec()),
        state in select(vec![State::Opened, State::Escalated, State::Updated, State::Acknowledged, State::Resolved]),
        [onset, detected_at, updated_at] in [moment(), moment(), moment()],
        resolved_at in option::of(moment()),
        [peak_z, observed, expected, lower, upper] in [number(), number(), number(), number(), number()],
        (window_seconds, mentions, negative_mentions) in any::<(u64, u64, u64)>(),
        sequence in any::<u32>(),
    ) -> Change {
        let incident = Incident {
            brand, market, monitor, subject, measure, direction, severity, state,
            onset, detected_at, updated_at, resolved_at,
            peak_z, observed, expected, lower, upper,
            window_seconds, mentions, negative_mentions,
            ..lists
        };
        change_of(incident, sequence)
    }
}

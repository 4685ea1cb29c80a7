//! The protobuf that carries the same information as the JSON.

use super::SCHEMA_VERSION;
use crate::incident::{
    Acknowledgement, Change, Direction, Measure, Origin, Provenance, Sample, Severity, Signal,
    SilentPartitions, SourceKind, SourceShare, State, Subject, TermCount,
};
use crate::mention::{Role, Timestamp, Tone};
use crate::notify::story;
use crate::proto;

impl From<&Change> for proto::Alert {
    fn from(change: &Change) -> Self {
        let incident = &change.incident;
        Self {
            schema_version: SCHEMA_VERSION,
            event_id: change.id.to_string(),
            sequence: change.sequence,
            summary: story::summary(incident),
            id: incident.id.to_string(),
            subject: subject(incident.subject).into(),
            brand: incident.brand.clone(),
            market: incident.market.clone(),
            topic: incident.topic.clone(),
            monitor: incident.monitor.clone(),
            measure: measure(incident.measure).into(),
            direction: direction(incident.direction).into(),
            severity: severity(incident.severity).into(),
            state: state(incident.state).into(),
            onset: Some(timestamp(incident.onset)),
            detected_at: Some(timestamp(incident.detected_at)),
            updated_at: Some(timestamp(incident.updated_at)),
            resolved_at: incident.resolved_at.map(timestamp),
            peak_z: finite(incident.peak_z),
            observed: finite(incident.observed),
            expected: finite(incident.expected),
            lower: finite(incident.lower),
            upper: finite(incident.upper),
            window_seconds: incident.window_seconds,
            mentions: incident.mentions,
            negative_mentions: incident.negative_mentions,
            signals: incident.signals.iter().map(Into::into).collect(),
            sources: incident.sources.iter().map(Into::into).collect(),
            origin: incident.origin.as_ref().map(Into::into),
            crisis_terms: incident.crisis_terms.iter().map(Into::into).collect(),
            samples: incident.samples.iter().map(Into::into).collect(),
            partitions: incident.partitions.as_ref().map(Into::into),
            acknowledged: incident.acknowledged.as_ref().map(Into::into),
        }
    }
}

impl From<&Signal> for proto::Signal {
    fn from(signal: &Signal) -> Self {
        Self {
            monitor: signal.monitor.clone(),
            measure: measure(signal.measure).into(),
            direction: direction(signal.direction).into(),
            window_seconds: signal.window_seconds,
            at: Some(timestamp(signal.at)),
            observed: finite(signal.observed),
            expected: finite(signal.expected),
            lower: finite(signal.lower),
            upper: finite(signal.upper),
            z: finite(signal.z),
            return_days: signal.return_days.and_then(finite),
        }
    }
}

impl From<&SourceShare> for proto::SourceShare {
    fn from(source: &SourceShare) -> Self {
        Self {
            kind: kind(source.kind).into(),
            value: source.value.clone(),
            count: source.count,
            share: finite(source.share),
        }
    }
}

impl From<&Origin> for proto::Origin {
    fn from(origin: &Origin) -> Self {
        Self {
            provenance: provenance(origin.provenance).into(),
            authors: origin.authors,
            mentions_per_author: finite(origin.mentions_per_author),
            new_authors: finite(origin.new_authors),
            usual_new_authors: origin.usual_new_authors.and_then(finite),
            pasted: finite(origin.pasted),
            shared: finite(origin.shared),
        }
    }
}

impl From<&Acknowledgement> for proto::Acknowledgement {
    fn from(acknowledged: &Acknowledgement) -> Self {
        Self { by: acknowledged.by.clone(), at: Some(timestamp(acknowledged.at)) }
    }
}

impl From<&SilentPartitions> for proto::SilentPartitions {
    fn from(partitions: &SilentPartitions) -> Self {
        Self { silent: partitions.silent.clone(), of: partitions.of }
    }
}

impl From<&TermCount> for proto::TermCount {
    fn from(found: &TermCount) -> Self {
        Self { term: found.term.clone(), count: found.count }
    }
}

impl From<&Sample> for proto::Sample {
    fn from(sample: &Sample) -> Self {
        Self {
            id: sample.id.clone(),
            created_at: Some(timestamp(sample.created_at)),
            channel: sample.channel.clone(),
            author: sample.author.clone(),
            role: role(sample.role).into(),
            audience: sample.audience,
            tone: tone(sample.tone).into(),
            text: sample.text.clone(),
            url: sample.url.clone(),
            crisis_terms: sample.crisis_terms.clone(),
        }
    }
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

/// Clamped to what `jiff` can hold, as the JSON is.
fn timestamp(at: Timestamp) -> prost_types::Timestamp {
    const SECOND: i128 = 1_000_000_000;
    let nanos = at.to_jiff().as_nanosecond();
    // Both casts fit: jiff holds the years -9999 to 9999.
    prost_types::Timestamp {
        seconds: nanos.div_euclid(SECOND) as i64,
        nanos: nanos.rem_euclid(SECOND) as i32,
    }
}

fn subject(subject: Subject) -> proto::Subject {
    match subject {
        Subject::Brand => proto::Subject::Brand,
        Subject::Feed => proto::Subject::Feed,
    }
}

fn measure(measure: Measure) -> proto::Measure {
    match measure {
        Measure::Mentions => proto::Measure::Mentions,
        Measure::NegativeMentions => proto::Measure::NegativeMentions,
        Measure::NegativeShare => proto::Measure::NegativeShare,
        Measure::Sentiment => proto::Measure::Sentiment,
        Measure::PositiveMentions => proto::Measure::PositiveMentions,
        Measure::Shares => proto::Measure::Shares,
        Measure::PurchaseIntent => proto::Measure::PurchaseIntent,
        Measure::NewFollowers => proto::Measure::NewFollowers,
        Measure::Audience => proto::Measure::Audience,
        Measure::PostShares => proto::Measure::PostShares,
        Measure::Advocates => proto::Measure::Advocates,
        Measure::Activation => proto::Measure::Activation,
    }
}

fn direction(direction: Direction) -> proto::Direction {
    match direction {
        Direction::Up => proto::Direction::Up,
        Direction::Down => proto::Direction::Down,
    }
}

fn severity(severity: Severity) -> proto::Severity {
    match severity {
        Severity::Notice => proto::Severity::Notice,
        Severity::Warning => proto::Severity::Warning,
        Severity::Critical => proto::Severity::Critical,
    }
}

fn state(state: State) -> proto::State {
    match state {
        State::Opened => proto::State::Opened,
        State::Escalated => proto::State::Escalated,
        State::Updated => proto::State::Updated,
        State::Acknowledged => proto::State::Acknowledged,
        State::Resolved => proto::State::Resolved,
    }
}

fn kind(kind: SourceKind) -> proto::SourceKind {
    match kind {
        SourceKind::Link => proto::SourceKind::Link,
        SourceKind::Hashtag => proto::SourceKind::Hashtag,
        SourceKind::Phrase => proto::SourceKind::Phrase,
        SourceKind::Author => proto::SourceKind::Author,
        SourceKind::Country => proto::SourceKind::Country,
        SourceKind::Channel => proto::SourceKind::Channel,
    }
}

fn provenance(provenance: Provenance) -> proto::Provenance {
    match provenance {
        Provenance::Organic => proto::Provenance::Organic,
        Provenance::Coordinated => proto::Provenance::Coordinated,
        Provenance::Unclear => proto::Provenance::Unclear,
    }
}

fn role(role: Role) -> proto::Role {
    match role {
        Role::Customer => proto::Role::Customer,
        Role::Employee => proto::Role::Employee,
        Role::Journalist => proto::Role::Journalist,
        Role::Influencer => proto::Role::Influencer,
        Role::Official => proto::Role::Official,
    }
}

fn tone(tone: Tone) -> proto::Tone {
    match tone {
        Tone::Negative => proto::Tone::Negative,
        Tone::Neutral => proto::Tone::Neutral,
        Tone::Positive => proto::Tone::Positive,
    }
}

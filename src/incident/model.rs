//! The words of an alert: what is measured, which way it went, how bad it is, where it stands.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::measure::{Measure, Mood};
use super::response::Acknowledgement;
use crate::mention::{Role, Timestamp, Tone};

/// Which way a measure left its typical band.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Above what is typical.
    Up,
    /// Below what is typical.
    Down,
}

impl Direction {
    /// Both directions, in the order of their discriminants.
    pub const ALL: [Self; 2] = [Self::Up, Self::Down];

    /// `up` or `down`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
        }
    }
}

/// How much an incident asks of the people on call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing; can wait for the morning.
    Notice,
    /// Look at it now.
    Warning,
    /// Wake people up.
    Critical,
}

impl Severity {
    /// 0 for the mildest, then one more for each.
    pub const fn rank(self) -> u8 {
        self as u8
    }

    /// All severities, mildest first.
    pub const ALL: [Self; 3] = [Self::Notice, Self::Warning, Self::Critical];

    /// `notice`, `warning` or `critical`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// What an incident is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// One brand's mentions swing.
    Brand,
    /// Nothing arrives at all, for any brand: the feed itself is the suspect.
    Feed,
}

impl Subject {
    /// `brand` or `feed`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Brand => "brand",
            Self::Feed => "feed",
        }
    }
}

/// Where an incident stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// A signal was raised; nobody has said anything yet.
    Opened,
    /// It got worse after it was opened: its severity rose.
    Escalated,
    /// It got worse, or another severe mention came, while its severity stayed as it was.
    Updated,
    /// A person has taken it.
    Acknowledged,
    /// Every signal has been back inside its typical band for the hold time.
    Resolved,
}

impl State {
    /// `opened`, `escalated`, `updated`, `acknowledged` or `resolved`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Escalated => "escalated",
            Self::Updated => "updated",
            Self::Acknowledged => "acknowledged",
            Self::Resolved => "resolved",
        }
    }
}

/// One series out of line in one window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Signal {
    /// The monitor that raised it, by its configured name.
    pub monitor: String,
    /// What it counts.
    pub measure: Measure,
    /// Which way it went.
    pub direction: Direction,
    /// Length of the window, in seconds.
    pub window_seconds: u64,
    /// End of the window, exclusive.
    pub at: Timestamp,
    /// The window's value in the measure's unit: mentions, a share in 0..=1, or a sentiment in -1..=1.
    pub observed: f64,
    /// What is typical for this window, in the unit of `observed`.
    pub expected: f64,
    /// Lower edge of the typical band, in the unit of `observed`.
    pub lower: f64,
    /// Upper edge of the typical band, in the unit of `observed`.
    pub upper: f64,
    /// Tail probability under the baseline as a standard normal quantile; its sign is the direction.
    pub z: f64,
    /// In how many days the series lies so far out once, by its own record: finite, above 0. `None`
    /// while that is shorter than 14 days, and for what keeps none.
    pub return_days: Option<f64>,
}

impl Signal {
    /// What it says of the brand. One mention that may be a crisis by itself weighs as anger does.
    pub fn mood(&self) -> Mood {
        match self.measure {
            Measure::Audience => Mood::Angry,
            measure => measure.mood(self.direction),
        }
    }

    /// Whether one window of one monitor raised both.
    pub fn is_of_same_window(&self, other: &Self) -> bool {
        self.monitor == other.monitor && self.window_seconds == other.window_seconds
    }

    /// Compares by what must be read first; the greater comes first. Anger goes before what says
    /// nothing by itself, and what is welcome last, however unusual it is; then the more unusual,
    /// so that the anger of many goes before one mention, whose z is 0; then the larger.
    pub fn precedence(&self, other: &Self) -> Ordering {
        let mood = self.mood().cmp(&other.mood());
        let unusual = || self.z.abs().total_cmp(&other.z.abs());
        mood.then_with(unusual).then_with(|| self.observed.total_cmp(&other.observed))
    }
}

/// What sort of thing carries an excess.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// A link in the mention.
    Link,
    /// A hashtag, without `#`.
    Hashtag,
    /// Two to four words in a row, in normal form.
    Phrase,
    /// Who wrote it.
    Author,
    /// The country the mention comes from, by its code in upper case.
    Country,
    /// Where the mention was made.
    Channel,
}

impl SourceKind {
    /// All kinds, in the order alerts show them: the more one alone would explain, the earlier.
    pub const ALL: [Self; 6] =
        [Self::Link, Self::Hashtag, Self::Phrase, Self::Author, Self::Country, Self::Channel];

    /// `link`, `hashtag`, `phrase`, `author`, `country` or `channel`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Hashtag => "hashtag",
            Self::Phrase => "phrase",
            Self::Author => "author",
            Self::Country => "country",
            Self::Channel => "channel",
        }
    }
}

/// One thing that carries part of an incident's excess, or that part of a fall is missing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SourceShare {
    /// What sort of thing it is.
    pub kind: SourceKind,
    /// The link, hashtag, phrase, author, country or channel itself.
    pub value: String,
    /// Mentions of those that the incident counts (shares, negative ones ...) that carry it, since the
    /// onset, of the last day at most; of a phrase, an estimate when there are more than 128 mentions in five minutes or 2,048 in all.
    pub count: u64,
    /// The part of the excess over the baseline that carries it, 0..=1; of a fall, the part of what is
    /// missing. One mention may carry several things, so the shares need not add up to 1.
    pub share: f64,
}

/// Whether an excess is what people say of their own accord.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provenance {
    /// Many people, each in their own words, or passing on what others wrote.
    Organic,
    /// A few authors, or many who paste the same text.
    Coordinated,
    /// Neither is plain.
    Unclear,
}

impl Provenance {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Organic, Self::Coordinated, Self::Unclear];

    /// `organic`, `coordinated` or `unclear`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Organic => "organic",
            Self::Coordinated => "coordinated",
            Self::Unclear => "unclear",
        }
    }
}

/// How the mentions of a rise (those that it counts) were written, and what that says of where they
/// come from. All of mentions since the onset, of the last day at most.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    /// What the rest adds up to.
    pub provenance: Provenance,
    /// Different authors; an estimate when there are more than 128. 0 when no mention names one.
    pub authors: u64,
    /// Mentions for each author, on average.
    pub mentions_per_author: f64,
    /// The part of the authors that had not spoken of the brand in the last four weeks at least,
    /// 0..=1.
    pub new_authors: f64,
    /// What `new_authors` usually is, in five minutes; `None` until about a hundred have been
    /// heard.
    pub usual_new_authors: Option<f64>,
    /// The part of the mentions that say nearly the same as others in words that pretend to be the
    /// author's own, 0..=1.
    pub pasted: f64,
    /// The part of the mentions that pass on a post of somebody else, 0..=1.
    pub shared: f64,
}

/// A mention shown in an alert, as it was written (cut to a bounded length).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// The mention's id within its channel.
    pub id: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Where it was made.
    pub channel: String,
    /// The author's handle, or else the author's id.
    pub author: Option<String>,
    /// Who the author is to the brand.
    pub role: Role,
    /// Its audience in persons; 0 when unknown.
    pub audience: u64,
    /// Whether it speaks well or ill.
    pub tone: Tone,
    /// Its words.
    pub text: String,
    /// Where it can be read.
    pub url: Option<String>,
    /// Crisis terms found in it.
    pub crisis_terms: Vec<String>,
}

/// A crisis term and how many of the incident's mentions carry it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TermCount {
    /// The term, in lexicon form.
    pub term: String,
    /// Mentions since the onset, of the last day at most, that carry it.
    pub count: u64,
}

/// Which partitions of a feed are silent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SilentPartitions {
    /// The partitions in which nothing arrives, by number; first the one whose silence was noticed
    /// first, which the incident's figures are of.
    pub silent: Vec<i32>,
    /// Partitions that the feed has.
    pub of: u32,
}

/// Signals of one brand grouped over time: the thing people are told about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// Deterministic: a UUID version 5 of brand, monitor and onset (and of the post or topic, if it
    /// was opened for one, and of the partition of a feed), so that a replay after a crash names the
    /// same incident the same.
    pub id: Uuid,
    /// What it is about.
    pub subject: Subject,
    /// The brand; for [`Subject::Feed`] the name of the feed.
    pub brand: String,
    /// The market the brand belongs to.
    pub market: Option<String>,
    /// The hashtag (with `#`) or campaign it was opened for, if it was for one.
    pub topic: Option<String>,
    /// The monitor of the signal that opened it.
    pub monitor: String,
    /// What the leading signal counts: the first by [`Signal::precedence`], or what an alert is sent
    /// for.
    pub measure: Measure,
    /// Which way the opening signal went.
    pub direction: Direction,
    /// The highest severity it has had.
    pub severity: Severity,
    /// Where it stands.
    pub state: State,
    /// When it really began, estimated from the panes before the detection.
    pub onset: Timestamp,
    /// When it was detected: end of the first window out of line.
    pub detected_at: Timestamp,
    /// Event time of the latest change.
    pub updated_at: Timestamp,
    /// When it was resolved.
    pub resolved_at: Option<Timestamp>,
    /// The z of the leading signal, with its sign; 0 of a single mention.
    pub peak_z: f64,
    /// Value of the leading signal's window, in the measure's unit: mentions, a share in 0..=1, or a
    /// sentiment in -1..=1.
    pub observed: f64,
    /// What is typical for the leading signal's window.
    pub expected: f64,
    /// Lower edge of the leading signal's typical band.
    pub lower: f64,
    /// Upper edge of the leading signal's typical band.
    pub upper: f64,
    /// Length of the leading signal's window, in seconds.
    pub window_seconds: u64,
    /// Mentions of the brand since the onset.
    pub mentions: u64,
    /// Those of them that are negative.
    pub negative_mentions: u64,
    /// The most unusual moment of every monitor and window that has signalled.
    pub signals: Vec<Signal>,
    /// What carries the swing of what is counted, largest share first within each kind; nothing for
    /// a measure that is no count of mentions, or when it is off by less than the sensitivity's
    /// `min_excess`.
    pub sources: Vec<SourceShare>,
    /// Whether a rise is organic or coordinated; `None` for a fall, for a mention that is told by
    /// itself, and when there are fewer than 20 mentions to tell by.
    pub origin: Option<Origin>,
    /// Crisis terms found since the onset, of the last day at most, most frequent first.
    pub crisis_terms: Vec<TermCount>,
    /// Up to three mentions that speak for the rest.
    pub samples: Vec<Sample>,
    /// For [`Subject::Feed`]: which of the feed's partitions are silent; `None` when it has but one.
    pub partitions: Option<SilentPartitions>,
    /// Who has taken it since it last became more severe, as far as people were told. Detection leaves
    /// this open; it is filled in where people are told.
    #[serde(default)]
    pub acknowledged: Option<Acknowledgement>,
}

/// Something happened to an incident that people should hear of.
///
/// `incident` is a snapshot at that moment; `incident.state` tells what happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Deterministic: a UUID version 5 of the incident's id and `sequence`. Receivers use it to
    /// drop what they have already seen.
    pub id: Uuid,
    /// 0 for the opening, then one more for each change of this incident; an acknowledgement has that
    /// of the change that it answers.
    pub sequence: u32,
    /// The incident as it now stands.
    pub incident: Incident,
}

impl Change {
    /// What people are told when `by` takes the incident, which stands as this change says.
    pub fn acknowledged(&self, response: Uuid, by: Acknowledgement) -> Self {
        let id = Uuid::new_v5(&self.incident.id, response.as_bytes());
        let incident = Incident {
            state: State::Acknowledged,
            acknowledged: Some(by),
            ..self.incident.clone()
        };
        Self { id, sequence: self.sequence, incident }
    }
}

impl Incident {
    /// The signal that it is told by.
    pub fn leading(&self) -> Option<&Signal> {
        self.signals.iter().find(|signal| self.is_led_by(signal))
    }

    /// Whether it is told by `signal`.
    pub fn is_led_by(&self, signal: &Signal) -> bool {
        signal.measure == self.measure
            && signal.window_seconds == self.window_seconds
            // Of single mentions a smaller one may lead an alert of its own.
            && (signal.measure != Measure::Audience || signal.observed == self.observed)
    }

    /// The monitor that it is told by, which is the one to mark.
    pub fn leading_monitor(&self) -> &str {
        self.leading().map_or(&self.monitor, |signal| &signal.monitor)
    }

    /// Whether it tells of `partition` of a feed.
    pub(crate) fn is_of(&self, partition: i32) -> bool {
        self.partitions.as_ref().is_none_or(|known| known.silent.contains(&partition))
    }

    /// The incident that `leading`, the first of `signals`, opens. Its severity and evidence
    /// are still to be judged.
    pub(crate) fn open(
        (subject, brand, market): (Subject, &str, Option<&str>),
        leading: &Signal,
        signals: &[Signal],
        onset: Timestamp,
    ) -> Self {
        Self {
            id: super::incident_id(brand, &leading.monitor, onset),
            subject,
            brand: brand.to_owned(),
            market: market.map(str::to_owned),
            topic: None,
            monitor: leading.monitor.clone(),
            measure: leading.measure,
            direction: leading.direction,
            severity: Severity::Notice,
            state: State::Opened,
            onset,
            detected_at: leading.at,
            updated_at: leading.at,
            resolved_at: None,
            peak_z: leading.z,
            observed: leading.observed,
            expected: leading.expected,
            lower: leading.lower,
            upper: leading.upper,
            window_seconds: leading.window_seconds,
            mentions: 0,
            negative_mentions: 0,
            signals: signals.to_vec(),
            sources: Vec::new(),
            origin: None,
            crisis_terms: Vec::new(),
            samples: Vec::new(),
            partitions: None,
            acknowledged: None,
        }
    }

    /// The same incident, of this one thing: of two posts, hashtags or campaigns that begin at the
    /// same moment each has an incident of its own, with an id of its own.
    pub(crate) fn about(mut self, thing: &str) -> Self {
        self.id = Uuid::new_v5(&self.id, thing.as_bytes());
        self
    }
}

//! What people say of incidents moves limits: a false alarm raises the limit of what paged for
//! nothing, a real one takes that back.
//!
//! Each series (a monitor of a brand, all windows together; also posts that spread, hashtags and
//! campaigns, advocates) keeps a number of steps, 0 to 4. A
//! false alarm adds one, a real incident takes one away, and the steps halve every 90 days. The
//! limit is multiplied by `1.15^steps`, so the factor lies in 1 to 1.75: feedback never takes a
//! limit below the one that the budget of false pages sets, and never mutes a series.
//!
//! Why 1.15: the tail of real series is taken to fall as the sixth power of z
//! ([`Record`](super::Record)), so one step makes what pages for nothing 1.15^6 = 2.3 times as
//! rare, and four make it 28 times as rare, while a swing that lies 1.75 times as far out as the
//! limit still pages whatever was marked. Why 90 days: three months is how long a record
//! remembers, so that a judgement fades as the days do that it was about. The numbers are
//! judgements, not measurements.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::mention::Timestamp;

/// What one step multiplies a limit by.
const STEP: f64 = 1.15;
/// The power with which the tail of z is taken to fall.
const TAIL_INDEX: f64 = 6.0;
/// Most steps a limit is raised by.
const MOST_STEPS: f64 = 4.0;
/// Milliseconds after which the steps have halved: 90 days.
const HALF_LIFE_MS: f64 = 90.0 * 86_400_000.0;

/// What an incident turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkedAs {
    /// It paged for nothing.
    FalseAlarm,
    /// It was worth the page.
    Real,
}

/// What a person said of an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// When it was said.
    pub at: Timestamp,
    /// The brand's name.
    pub brand: String,
    /// The name of the monitor that led the incident.
    pub monitor: String,
    /// What it turned out to be.
    pub verdict: MarkedAs,
    /// The incident, if it was named. It moves no limit; it tells a second mark of the same one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<Uuid>,
}

/// What the marks of one series come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Feedback {
    /// As of `since`.
    steps: f64,
    since: Timestamp,
}

impl Feedback {
    /// Takes a mark made `at`; marks come in the order of their times. One dated before the latest
    /// counts as made with it.
    pub fn take(&mut self, verdict: MarkedAs, at: Timestamp) {
        let step = match verdict {
            MarkedAs::FalseAlarm => 1.0,
            MarkedAs::Real => -1.0,
        };
        self.steps = (self.steps_at(at) + step).clamp(0.0, MOST_STEPS);
        self.since = self.since.max(at);
    }

    /// What a limit is multiplied by `at` a time, in 1..=1.75.
    pub fn factor(&self, at: Timestamp) -> f64 {
        // Most series have never been marked.
        if self.steps == 0.0 { 1.0 } else { STEP.powf(self.steps_at(at)) }
    }

    /// How many times as rare `at` a time that has to be which pages, in 1..=28: what
    /// [`factor`](Self::factor) comes to where the limit is not one of z.
    pub fn rarity(&self, at: Timestamp) -> f64 {
        self.factor(at).powf(TAIL_INDEX)
    }

    fn steps_at(&self, at: Timestamp) -> f64 {
        let age = at.millis_since(self.since).max(0) as f64;
        self.steps * (-age / HALF_LIFE_MS).exp2()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::MarkedAs::{FalseAlarm, Real};
    use super::*;

    const DAY: i64 = 86_400_000;

    fn day(number: i64) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000 + number * DAY)
    }

    fn marked(marks: impl IntoIterator<Item = MarkedAs>) -> Feedback {
        let mut feedback = Feedback::default();
        marks.into_iter().for_each(|verdict| feedback.take(verdict, day(0)));
        feedback
    }

    #[test]
    fn a_false_alarm_raises_by_a_step_and_a_real_one_takes_it_back() {
        let factor = |marks: &[MarkedAs]| marked(marks.iter().copied()).factor(day(0));
        assert_eq!(factor(&[]), 1.0);
        assert_eq!(factor(&[FalseAlarm]), 1.15);
        assert!((factor(&[FalseAlarm, FalseAlarm]) - 1.15 * 1.15).abs() < 1e-12);
        assert_eq!(factor(&[FalseAlarm, FalseAlarm, Real]), 1.15);
        assert_eq!(factor(&[FalseAlarm, Real]), 1.0);
        assert_eq!(factor(&[Real, Real, FalseAlarm]), 1.15, "none goes below the budget's limit");
    }

    #[test]
    fn nothing_is_muted_and_everything_fades() {
        let feedback = marked([FalseAlarm; 50]);
        let most = STEP.powf(MOST_STEPS);
        assert_eq!(feedback.factor(day(0)), most);
        assert!(most < 1.75);
        assert!((feedback.factor(day(90)) - 1.15 * 1.15).abs() < 1e-9, "half the steps");
        assert!((feedback.factor(day(180)) - 1.15).abs() < 1e-9, "a quarter");
        assert!(feedback.factor(day(3_600)) < 1.000_001);
    }

    #[test]
    fn a_mark_dated_before_the_latest_counts_with_it() {
        let mut feedback = marked([FalseAlarm]);
        feedback.take(FalseAlarm, day(-30));
        assert_eq!(feedback, marked([FalseAlarm, FalseAlarm]));
        assert_eq!(feedback.factor(day(-1)), feedback.factor(day(0)), "no time runs backwards");
    }

    #[test]
    fn a_mark_is_written_as_people_would_read_it() {
        let mark = Mark {
            at: day(0),
            brand: "Acme".to_owned(),
            monitor: "mentions-up".to_owned(),
            verdict: FalseAlarm,
            incident: None,
        };
        let line = serde_json::to_string(&mark).unwrap();
        let wanted = r#"{"at":"2027-01-15T08:00:00Z","brand":"Acme","monitor":"mentions-up","verdict":"false_alarm"}"#;
        assert_eq!(line, wanted);
        assert_eq!(serde_json::from_str::<Mark>(&line).unwrap(), mark);
    }

    proptest! {
        #[test]
        fn whatever_is_marked_the_factor_stays_within_its_bounds(
            marks in prop::collection::vec((any::<bool>(), any::<i64>()), 0..40),
            at in any::<i64>(),
        ) {
            let mut feedback = Feedback::default();
            for (real, millis) in marks {
                feedback.take(if real { Real } else { FalseAlarm }, Timestamp::from_millis(millis));
                let factor = feedback.factor(Timestamp::from_millis(at));
                prop_assert!((1.0..1.75).contains(&factor), "{factor}");
            }
        }
    }
}

//! A hashtag or campaign that comes to life while the brand's mentions are as many as ever.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::attribute::sample;
use crate::detect::{Activation, Activations, BuiltIn, Feedback, is_follow};
use crate::incident::{Change, Direction, Measure, Severity, Signal};
use crate::mention::Classified;

use super::brand::{BrandState, TYPICAL_Z, Tick};
use super::post::{Post, Told};

/// What is judged: the last hour.
const HOUR: Duration = Duration::from_secs(3_600);

/// What is known of a brand's hashtags and campaigns.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Topics {
    activations: Activations,
    told: Told<String>,
    /// What people have said of those that were told.
    pub(super) feedback: Feedback,
}

impl Topics {
    /// Closes a pane in which the feed was alive.
    pub(super) fn close(&mut self, panes_per_day: usize) {
        self.activations.close(panes_per_day);
    }

    /// Values remembered now.
    pub(super) fn len(&self) -> usize {
        self.activations.len()
    }
}

impl BrandState {
    /// Judges the hashtags and the campaign of a mention, each by its own usual. While the brand
    /// has an incident of a rise nothing is told: what the rise comes from is told there.
    pub(super) fn judge_topics(
        &mut self,
        tick: &Tick<'_>,
        classified: &Classified<'_>,
        changes: &mut Vec<Change>,
    ) {
        if is_follow(classified) {
            return;
        }
        let mention = classified.mention;
        let known = self.topics.len() > 0;
        let least = tick.plan.sensitivity.min_excess.max(1.0);
        let most = self.topics.activations.observe(mention, least);
        if !known && self.topics.len() > 0 {
            self.set_limits(tick.watch);
        }
        let Some(most) = most.filter(|it| self.is_news(tick, it)) else { return };
        let at = tick.at;
        let case = self.case_mut(Direction::Up);
        if let Some(open) = case.tracker.incident() {
            if open.topic.as_ref() == Some(&most.topic) {
                case.tracker.disturb();
            }
            return;
        }
        if self.topics.told.again(most.topic.clone(), at) {
            return;
        }
        let (lower, upper) = most.expected.band(TYPICAL_Z);
        let signal = Signal {
            monitor: BuiltIn::Activation.name().to_owned(),
            measure: Measure::Activation,
            direction: Direction::Up,
            window_seconds: 3_600,
            at,
            observed: most.count,
            expected: most.expected.mean,
            lower,
            upper,
            z: most.z,
            return_days: None,
        };
        let post = Post {
            signal,
            severity: Severity::Notice,
            onset: most.since,
            sample: sample(classified),
            about: most.topic.clone(),
            topic: Some(most.topic),
            weight: None,
        };
        self.tell(tick, post, changes);
    }

    /// Whether it is unusual enough, by the part of the budget that each value has and by the
    /// brand's own record, and large enough to matter.
    fn is_news(&self, tick: &Tick<'_>, most: &Activation) -> bool {
        let sensitivity = &tick.plan.sensitivity;
        let usual = most.expected.mean;
        let matters = most.count - usual >= sensitivity.min_excess
            && most.count >= sensitivity.min_ratio * usual;
        let each = tick.watch.limit_of(self.limits.page_days, self.topics.len(), HOUR);
        let limit = self.topics.activations.limit(each, self.limits.page_days);
        matters && most.z >= limit * self.topics.feedback.factor(tick.at)
    }
}

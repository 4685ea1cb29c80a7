//! What the core is told: brands, time, monitors and how sensitive they are.

use std::time::Duration;

use jiff::tz::TimeZone;

use crate::baseline::BaselineSettings;
use crate::incident::{Direction, Measure};

/// A watched brand, as the core knows it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Brand {
    /// Its name.
    pub name: String,
    /// The market it belongs to.
    pub market: Option<String>,
}

impl Brand {
    /// The market it belongs to; a brand that is given none is a market of its own, of its name.
    pub fn market_name(&self) -> &str {
        self.market.as_deref().unwrap_or(&self.name)
    }
}

/// How event time is cut and waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeSettings {
    /// Length of a pane, the smallest time slot; divides an hour.
    pub pane: Duration,
    /// The watermark trails the latest mention by this much: how far out of order a healthy
    /// partition may be.
    pub out_of_orderness: Duration,
    /// How long after the watermark has passed a pane's end the pane still takes mentions.
    pub allowed_lateness: Duration,
    /// Duplicates of a mention are recognised for at least this long.
    pub dedup_horizon: Duration,
    /// At most this many mentions are remembered for it, per partition.
    pub dedup_capacity: usize,
}

/// One measure watched in one direction over several windows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Monitor {
    /// Unique; the `monitor` label in metrics.
    pub name: String,
    /// What is counted.
    pub measure: Measure,
    /// Which way it must go to signal.
    pub direction: Direction,
    /// Window lengths, each a multiple of the pane, ascending, at most 24 h.
    pub windows: Vec<Duration>,
}

/// How sure the core must be, and how large a swing must be to matter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sensitivity {
    /// False pages the team puts up with, per week, over all brands and monitors together.
    pub false_pages_per_week: f64,
    /// A rise must reach this multiple of what is expected (a fall, its inverse).
    pub min_ratio: f64,
    /// A count must differ from what is expected by at least this many mentions.
    pub min_excess: f64,
    /// A share must differ from what is expected by at least this much (0..=1).
    pub min_share_change: f64,
    /// A single mention is a crisis by itself when it weighs as much as one that an ordinary author
    /// writes in anger, with one crisis term, for so many persons; `None`: none ever is.
    pub min_audience: Option<f64>,
    /// Shares of one post within an hour, fewer of which are never told.
    pub min_post_shares: f64,
    /// Whether it is told when many of those who regularly speak well of a brand fall silent.
    pub advocates: bool,
    /// An incident resolves after all its series have stayed inside the lower limit this long.
    pub resolve_after: Duration,
    /// The lower limit: |z| below which a series is calm again.
    pub calm_z: f64,
}

/// Everything the core needs to know. Built and validated by the configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The watched brands; a brand's position is its [`crate::mention::BrandIndex`].
    pub brands: Vec<Brand>,
    /// Whose hours and weekdays the baseline follows.
    pub time_zone: TimeZone,
    /// How event time is cut and waited for.
    pub time: TimeSettings,
    /// What is watched.
    pub monitors: Vec<Monitor>,
    /// How sure the core must be.
    pub sensitivity: Sensitivity,
    /// How the baseline learns.
    pub baseline: BaselineSettings,
}

impl Plan {
    /// How many windows are watched: brand x monitor x length.
    pub fn series(&self) -> usize {
        let windows: usize = self.monitors.iter().map(|monitor| monitor.windows.len()).sum();
        windows * self.brands.len()
    }
}

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

impl Default for TimeSettings {
    fn default() -> Self {
        Self {
            pane: MINUTE,
            out_of_orderness: Duration::from_secs(5),
            allowed_lateness: 10 * MINUTE,
            dedup_horizon: DAY,
            dedup_capacity: 1 << 20,
        }
    }
}

impl Default for Sensitivity {
    fn default() -> Self {
        Self {
            false_pages_per_week: 1.0,
            min_ratio: 1.5,
            min_excess: 10.0,
            min_share_change: 0.1,
            min_audience: Some(100_000.0),
            min_post_shares: 20.0,
            advocates: true,
            resolve_after: 30 * MINUTE,
            calm_z: 2.0,
        }
    }
}

impl Monitor {
    /// The monitors a configuration without any gets: rises and falls of mentions, rises of
    /// negative mentions and of negative share, each over 5 min, 1 h, 6 h and 24 h (falls and
    /// shares leave out the 5 min window, which says little about either); then what a
    /// communications team asks for by the day, over windows long enough for its small numbers.
    /// Each window takes its part of the budget, so there are few of them.
    pub fn defaults() -> Vec<Self> {
        let monitor = |name: &str, measure, direction, windows: &[Duration]| Self {
            name: name.to_owned(),
            measure,
            direction,
            windows: windows.to_vec(),
        };
        let all = [5 * MINUTE, HOUR, 6 * HOUR, DAY];
        vec![
            monitor("mentions-up", Measure::Mentions, Direction::Up, &all),
            monitor("mentions-down", Measure::Mentions, Direction::Down, &all[1..]),
            monitor("negative-up", Measure::NegativeMentions, Direction::Up, &all),
            monitor("negative-share-up", Measure::NegativeShare, Direction::Up, &all[1..]),
            monitor("sentiment-down", Measure::Sentiment, Direction::Down, &all[2..]),
            monitor("shares-up", Measure::Shares, Direction::Up, &all[1..3]),
            monitor("purchase-intent-up", Measure::PurchaseIntent, Direction::Up, &all[2..]),
            monitor("purchase-intent-down", Measure::PurchaseIntent, Direction::Down, &all[3..]),
            monitor("new-followers-up", Measure::NewFollowers, Direction::Up, &all[2..]),
            monitor("new-followers-down", Measure::NewFollowers, Direction::Down, &all[3..]),
        ]
    }
}

//! What a chart shows.

use jiff::tz::TimeZone;

use crate::incident::{Measure, Severity};
use crate::mention::Timestamp;
pub use crate::shard::Typical;

/// One measure over a stretch of time, against what is typical of it.
///
/// Nothing in it needs to be sound: names may hold markup, numbers may be infinite, buckets may be out of
/// order, overlap or lie outside of the stretch. What cannot be shown is left out.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// What it is about, such as `Acme: negative mentions`; cut to fit.
    pub title: String,
    /// What is drawn: it says the unit and what a value is called.
    pub measure: Measure,
    /// Where the time axis begins.
    pub from: Timestamp,
    /// Where it ends: for a live chart, now. Not later than `from`: a chart that says it is empty.
    pub until: Timestamp,
    /// Buckets of time, as many as there are: those that share a pixel become one ([`svg`](super::svg)).
    pub points: Vec<Point>,
    /// Incidents that touch this time. The most severe ones are drawn, all are counted.
    pub incidents: Vec<Span>,
    /// In which times of day are told.
    pub time_zone: TimeZone,
}

/// One bucket of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Its beginning.
    pub from: Timestamp,
    /// Its end.
    pub until: Timestamp,
    /// What was observed, in the measure's unit. `None`: nobody watched; the line is broken.
    pub observed: Option<f64>,
    /// What is typical of this time. `None`: not known yet; the band is broken.
    pub typical: Option<Typical>,
}

/// An incident.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// Its onset.
    pub from: Timestamp,
    /// When it was over; `None` while it is open.
    pub until: Option<Timestamp>,
    /// How severe it is.
    pub severity: Severity,
    /// What it is called, in a few words; cut to fit.
    pub label: String,
}

/// How large a chart is drawn, in CSS pixels, clamped to what can be read and paid for.
///
/// How many ticks and words there are follows from it: a small chart is not a large one made smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    width: u32,
    height: u32,
}

impl Size {
    /// For a telephone.
    pub const PHONE: Self = Self::new(360, 240);
    /// For a page, a wall or Slack.
    pub const WIDE: Self = Self::new(960, 360);

    /// `width` from 280 to 4,000 pixels, `height` from 160 to 2,000.
    pub const fn new(width: u32, height: u32) -> Self {
        const fn clamp(value: u32, least: u32, most: u32) -> u32 {
            if value < least {
                least
            } else if value > most {
                most
            } else {
                value
            }
        }
        Self { width: clamp(width, 280, 4000), height: clamp(height, 160, 2000) }
    }

    /// How wide it is.
    pub const fn width(self) -> u32 {
        self.width
    }

    /// How high it is.
    pub const fn height(self) -> u32 {
        self.height
    }
}

/// On which side of what is typical a value lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Above,
    Below,
}

impl Point {
    /// The value and the side of what is typical on which it lies, if it does lie outside.
    pub(super) fn outside(&self) -> Option<(f64, Side)> {
        let (observed, typical) = (self.observed?, self.typical?);
        if observed > typical.upper {
            Some((observed, Side::Above))
        } else if observed < typical.lower {
            Some((observed, Side::Below))
        } else {
            None
        }
    }

    /// How far outside of what is typical it lies, in its unit; 0 within, or when that is not known.
    pub(super) fn excess(&self) -> f64 {
        match (self.observed, self.typical) {
            (Some(observed), Some(typical)) => {
                (observed - typical.upper).max(typical.lower - observed).max(0.0)
            }
            _ => 0.0,
        }
    }
}

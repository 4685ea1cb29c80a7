//! A brand over time, out of what its partition last kept.

use std::time::Duration;

use jiff::tz::TimeZone;
use tracing::warn;

use super::{Desk, DeskError};
use crate::chart::{Chart, Point, Span};
use crate::checkpoint::{Part, PartKey};
use crate::incident::{Incident, Measure, State};
use crate::mention::{Timestamp, millis};
use crate::notify::story;
use crate::shard::{BrandView, SeriesPoint, SeriesRange};
use crate::source::wall_clock;
use crate::store::{IncidentFilter, PartitionKey, Standing};

/// Partitions looked through for the one in which a brand is counted.
const MOST_PARTITIONS: usize = 64;
/// Most incidents marked in a chart.
const MOST_INCIDENTS: u32 = 100;

/// How much of the past is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stretch {
    /// Six hours, every five minutes.
    #[default]
    SixHours,
    /// A day, every quarter of an hour.
    Day,
    /// A week, every hour.
    Week,
}

impl Stretch {
    /// All of them, the shortest first.
    pub const ALL: [Self; 3] = [Self::SixHours, Self::Day, Self::Week];

    /// `6h`, `24h` or `7d`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SixHours => "6h",
            Self::Day => "24h",
            Self::Week => "7d",
        }
    }

    /// That of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }

    fn length_and_step(self) -> (Duration, Duration) {
        let hours = |count: u64| Duration::from_secs(count * 3_600);
        match self {
            Self::SixHours => (hours(6), Duration::from_secs(300)),
            Self::Day => (hours(24), Duration::from_secs(900)),
            Self::Week => (hours(7 * 24), hours(1)),
        }
    }

    /// The moments up to `until`.
    fn range(self, until: Timestamp) -> SeriesRange {
        let (length, step) = self.length_and_step();
        SeriesRange { from: until.plus_millis(-millis(length)), until, step }
    }
}

impl Desk {
    /// `measure` of the brand `name` over the last `stretch` that was counted; each point is the hour
    /// that ends there. Nothing when the brand has not been counted yet, or no monitor watches the measure.
    ///
    /// # Errors
    ///
    /// When no such brand is watched, its state cannot be read, or the store fails.
    pub async fn series(
        &self,
        name: &str,
        measure: Measure,
        stretch: Stretch,
    ) -> Result<Vec<SeriesPoint>, DeskError> {
        let view = self.view(name).await?;
        Ok(view.map_or_else(Vec::new, |it| it.series(measure, stretch.range(it.until()))))
    }

    /// A chart of `measure` of the brand `name`, with its incidents of that time marked.
    ///
    /// # Errors
    ///
    /// As for [`Desk::series`].
    pub async fn chart(
        &self,
        name: &str,
        measure: Measure,
        stretch: Stretch,
    ) -> Result<Chart, DeskError> {
        let view = self.view(name).await?;
        let incidents = self.incidents_of(name).await?;
        Ok(self.draw(name, view.as_ref(), &incidents, measure, stretch))
    }

    /// As [`Desk::chart`], of each measure that monitors watch; nothing when the brand has not been counted
    /// yet.
    ///
    /// # Errors
    ///
    /// As for [`Desk::series`].
    pub async fn charts(&self, name: &str, stretch: Stretch) -> Result<Vec<Chart>, DeskError> {
        let Some(view) = self.view(name).await? else { return Ok(Vec::new()) };
        let incidents = self.incidents_of(name).await?;
        let draw = |measure| self.draw(name, Some(&view), &incidents, measure, stretch);
        Ok(view.measures().map(draw).collect())
    }

    fn draw(
        &self,
        name: &str,
        view: Option<&BrandView>,
        incidents: &[Standing],
        measure: Measure,
        stretch: Stretch,
    ) -> Chart {
        let range = stretch.range(view.map_or_else(wall_clock, BrandView::until));
        let points = view.map_or_else(Vec::new, |it| it.series(measure, range));
        let incidents = incidents.iter().map(|it| &it.incident);
        chart_of(name, measure, range, &points, incidents, &self.plan().time_zone)
    }

    /// The incidents that are marked in charts of the brand `name`.
    async fn incidents_of(&self, name: &str) -> Result<Vec<Standing>, DeskError> {
        let filter = IncidentFilter {
            brand: Some(name.to_owned()),
            limit: MOST_INCIDENTS,
            ..IncidentFilter::default()
        };
        self.incidents(&filter).await
    }

    /// The brand `name` as it was last kept, where most of its mentions are counted.
    async fn view(&self, name: &str) -> Result<Option<BrandView>, DeskError> {
        let brand = self.brand(name)?;
        let key = PartKey::Brand(name.to_owned());
        let partitions = self.0.store.partitions_with(&self.0.group, &key.to_string()).await?;
        let (mut fullest, mut failure) = (None::<BrandView>, None);
        for partition in partitions.iter().take(MOST_PARTITIONS) {
            let parts = self.parts(partition, &BrandView::parts(name)).await?;
            match BrandView::load(&self.0.plan, brand, parts) {
                Ok(Some(view)) => {
                    let fuller = fullest.as_ref().is_none_or(|it| it.mentions() < view.mentions());
                    fullest = if fuller { Some(view) } else { fullest };
                }
                Ok(None) => {}
                Err(problem) => failure = Some(problem),
            }
        }
        match (fullest, failure) {
            (None, Some(failure)) => Err(failure.into()),
            (fullest, _) => Ok(fullest),
        }
    }

    /// The brand of an incident, where the incident is counted; `None` when its state cannot be read,
    /// or it is a feed's.
    pub(super) async fn view_of(&self, of: &Standing) -> Result<Option<BrandView>, DeskError> {
        let Ok(brand) = self.brand(&of.incident.brand) else { return Ok(None) };
        let parts = self.parts(&of.partition, &BrandView::parts(&brand.name)).await?;
        match BrandView::load(&self.0.plan, brand, parts) {
            Ok(view) => Ok(view),
            Err(problem) => {
                warn!(%problem, "an incident is shown without what was said lately");
                Ok(None)
            }
        }
    }

    /// Those of the parts named `keys` that are kept of `partition`.
    pub(super) async fn parts(
        &self,
        partition: &PartitionKey,
        keys: &[PartKey],
    ) -> Result<Vec<Part>, DeskError> {
        let names: Vec<String> = keys.iter().map(ToString::to_string).collect();
        let parts = self.0.store.parts_named(partition, &names).await?;
        let part = |(name, bytes): (String, Vec<u8>)| Some(Part { key: name.parse().ok()?, bytes });
        Ok(parts.into_iter().filter_map(part).collect())
    }
}

/// A chart of `measure` of a brand, of which `points` of `range` are known, and `incidents`.
pub(crate) fn chart_of<'a>(
    brand: &str,
    measure: Measure,
    range: SeriesRange,
    points: &[SeriesPoint],
    incidents: impl IntoIterator<Item = &'a Incident>,
    time_zone: &TimeZone,
) -> Chart {
    Chart {
        title: format!("{brand}: {} an hour", measure.noun()),
        measure,
        from: range.from,
        until: range.until,
        points: points.iter().map(|it| point(it, range.step)).collect(),
        incidents: incidents.into_iter().map(span).collect(),
        time_zone: time_zone.clone(),
    }
}

/// What an incident is drawn by: what it is told by, if that is a series.
pub(crate) fn drawn_by(incident: &Incident) -> Measure {
    match incident.measure {
        Measure::Audience | Measure::PostShares | Measure::Activation | Measure::Advocates => {
            Measure::Mentions
        }
        measure => measure,
    }
}

fn point(at: &SeriesPoint, step: Duration) -> Point {
    Point {
        from: at.at.plus_millis(-millis(step)),
        until: at.at,
        observed: at.observed,
        typical: at.typical,
    }
}

fn span(incident: &Incident) -> Span {
    let over = incident.state == State::Resolved;
    Span {
        from: incident.onset,
        until: over.then_some(incident.resolved_at.unwrap_or(incident.updated_at)),
        severity: incident.severity,
        label: story::in_short(incident),
    }
}

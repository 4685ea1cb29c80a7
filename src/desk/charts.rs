//! A brand over time, out of what its partition last kept.

use std::time::Duration;

use jiff::tz::TimeZone;

use super::{Desk, DeskError};
use crate::chart::{Chart, Point, Span};
use crate::checkpoint::{Part, PartKey};
use crate::incident::{Incident, Measure, State};
use crate::mention::{Timestamp, millis};
use crate::notify::story;
use crate::shard::{BrandView, SeriesPoint, SeriesRange};
use crate::source::wall_clock;
use crate::store::{IncidentFilter, PartitionKey, Standing};

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

    /// The shortest that shows all of `incident` up to `until`, and as much before it as there is room for.
    pub fn covering(incident: &Incident, until: Timestamp) -> Self {
        let lasts = until.millis_since(incident.onset);
        let covers = |it: &Self| lasts * 4 <= 3 * millis(it.length_and_step().0);
        Self::ALL.into_iter().find(covers).unwrap_or(Self::Week)
    }

    /// Where a chart of `incident` ends, at `now`: of one that is over a while after its end.
    fn end_for(self, incident: &Incident, now: Timestamp) -> Timestamp {
        let (length, _) = self.length_and_step();
        let over = incident.resolved_at.filter(|_| incident.state == State::Resolved);
        over.map_or(now, |at| at.plus_millis(millis(length) / 6).min(now))
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
        let range = stretch.range(view.as_ref().map_or_else(wall_clock, |it| it.until()));
        Ok(self.draw(name, view.as_deref(), &incidents, measure, range))
    }

    /// A chart of what the incident is told by, where it is counted: up to now, or to a while after its end.
    ///
    /// # Errors
    ///
    /// When its brand is not watched (a feed has none), its state cannot be read, or the store fails.
    pub async fn chart_of(
        &self,
        standing: &Standing,
        stretch: Stretch,
    ) -> Result<Chart, DeskError> {
        let incident = &standing.incident;
        let name = &incident.brand;
        self.brand(name)?;
        let view = self.view_of(standing).await?;
        let others = self.incidents_of(name).await?;
        let now = view.as_ref().map_or_else(wall_clock, |it| it.until());
        let until = stretch.end_for(incident, now);
        Ok(self.draw(name, view.as_deref(), &others, drawn_by(incident), stretch.range(until)))
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
        let range = stretch.range(view.until());
        let draw = |measure| self.draw(name, Some(&view), &incidents, measure, range);
        Ok(view.measures().map(draw).collect())
    }

    fn draw(
        &self,
        name: &str,
        view: Option<&BrandView>,
        incidents: &[Standing],
        measure: Measure,
        range: SeriesRange,
    ) -> Chart {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::fixtures::{incident, resolved};

    const HOUR: i64 = 3_600_000;

    #[test]
    fn a_picture_shows_all_of_an_incident_and_what_was_before() {
        let covering = |hours: i64| {
            let incident = incident();
            Stretch::covering(&incident, incident.onset.plus_millis(hours * HOUR))
        };
        assert_eq!(covering(0), Stretch::SixHours);
        assert_eq!(covering(4), Stretch::SixHours);
        assert_eq!(covering(5), Stretch::Day);
        assert_eq!(covering(18), Stretch::Day);
        assert_eq!(covering(19), Stretch::Week);
        assert_eq!(covering(1_000), Stretch::Week, "the longest there is");
    }

    #[test]
    fn what_is_over_is_shown_as_it_was() {
        let over = resolved(incident(), 190);
        let end = over.resolved_at.unwrap_or_default();
        let now = end.plus_millis(100 * HOUR);
        assert_eq!(Stretch::SixHours.end_for(&over, now), end.plus_millis(HOUR));
        assert_eq!(Stretch::Day.end_for(&over, now), end.plus_millis(4 * HOUR));
        let soon = end.plus_millis(60_000);
        assert_eq!(Stretch::SixHours.end_for(&over, soon), soon, "what is to come is not shown");
        assert_eq!(Stretch::SixHours.end_for(&incident(), now), now, "it is open");
    }
}

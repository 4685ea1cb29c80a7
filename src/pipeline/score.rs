//! A series that was counted elsewhere, scored row by row by the core that watches mentions.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;

use crate::detect::{BaselineSettings, Brand, Monitor, News, Plan, Sensitivity, TimeSettings};
use crate::incident::{Direction, Measure};
use crate::mention::{BrandIndex, Timestamp};
use crate::shard::{Outcome, Shard};

use super::moment::moment;

/// Rows by whose distance the pane is chosen; those before the last of them have no score.
const LOOKED_AT: usize = 20;
/// Pane lengths to choose from, in seconds: they divide an hour, and a window of an hour needs some.
const PANES: [u64; 12] = [1, 5, 10, 30, 60, 120, 300, 600, 900, 1_200, 1_800, 3_600];

/// A series that cannot be scored.
#[derive(Debug, thiserror::Error)]
pub enum ScoreError {
    /// It cannot be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: csv::Error,
    },
    /// It is not what is expected.
    #[error("{}:{line}: {problem}", path.display())]
    Row {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong and what to do.
        problem: String,
    },
    /// The scores cannot be written.
    #[error("{}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: csv::Error,
    },
}

/// What was scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scored {
    /// Rows written.
    pub rows: u64,
    /// Rows without a value: their time passes unseen.
    pub missing: u64,
    /// Rows that came too late to be counted.
    pub late: u64,
}

/// One row as it was read.
struct Row {
    timestamp: String,
    at: Timestamp,
    text: String,
    /// `None`: not measured.
    value: Option<u32>,
}

/// Scores the series in `input`, a CSV of `timestamp,value`, into `output`, a CSV of
/// `timestamp,value,anomaly_score` with the same rows.
///
/// A score is known when its row is: nothing is read from the future. It is `log10(1 + days)`,
/// `days` being how seldom the series' own record has seen a rise that far out (in the window in
/// which it is rarest), or 0 where there is nothing, or nothing new since the last alarm. 1 stands
/// for once in nine days, 2 for once in three months. `zone` gives a time without one its place,
/// and the hours of the day theirs. `adjust` may change the plan by which it is watched, to measure
/// what its parts are worth.
///
/// # Errors
///
/// When a file cannot be read or written, or a row makes no sense; a row without a value does.
pub fn score(
    input: &Path,
    output: impl Write,
    output_path: &Path,
    zone: &TimeZone,
    adjust: impl FnOnce(&mut Plan),
) -> Result<Scored, ScoreError> {
    let file = std::fs::File::open(input).map_err(|error| read_error(input, error.into()))?;
    let rows = read(input, file, zone)?;
    let mut series = Series::new(pane(&rows), zone.clone(), adjust);
    let mut scored = Scored::default();
    let mut out = csv::Writer::from_writer(output);
    let write_error =
        |source: csv::Error| ScoreError::Write { path: output_path.to_owned(), source };
    out.write_record(["timestamp", "value", "anomaly_score"]).map_err(write_error)?;
    for row in rows {
        let unusual = series.score(&row, &mut scored);
        let score = if scored.rows + 1 < LOOKED_AT as u64 { 0.0 } else { unusual };
        out.write_record([&row.timestamp, &row.text, &format!("{score:.4}")])
            .map_err(write_error)?;
        scored.rows += 1;
    }
    out.flush().map_err(|error| write_error(error.into()))?;
    Ok(scored)
}

/// One series, watched as a brand's mentions are.
struct Series {
    shard: Shard,
    news: News,
}

impl Series {
    fn new(pane: Duration, zone: TimeZone, adjust: impl FnOnce(&mut Plan)) -> Self {
        let whole = |it: &Duration| it.as_secs().is_multiple_of(pane.as_secs().max(1));
        let monitors = Monitor::defaults()
            .into_iter()
            .filter(|monitor| monitor.measure == Measure::Mentions)
            .map(|it| Monitor { windows: it.windows.into_iter().filter(whole).collect(), ..it })
            .collect();
        let mut plan = Plan {
            brands: vec![Brand { name: "series".to_owned(), market: None }],
            time_zone: zone,
            // Rows come in order, and a row is all there is of its pane.
            time: TimeSettings {
                pane,
                out_of_orderness: Duration::ZERO,
                ..TimeSettings::default()
            },
            monitors,
            sensitivity: Sensitivity::default(),
            baseline: BaselineSettings::default(),
        };
        adjust(&mut plan);
        Self { shard: Shard::new(Arc::new(plan), "series"), news: News::default() }
    }

    fn score(&mut self, row: &Row, scored: &mut Scored) -> f64 {
        let Some(value) = row.value else {
            scored.missing += 1;
            return 0.0;
        };
        // Incidents are told by `replay`; here every row is.
        let mut changes = Vec::new();
        if self.shard.tally(row.at, BrandIndex(0), value, &mut changes) == Outcome::Late {
            scored.late += 1;
            return 0.0;
        }
        self.shard.finish(&mut changes);
        let rises = self.shard.surprises().filter(|window| window.direction == Direction::Up);
        let days = rises.filter_map(|window| window.return_days).fold(0.0, f64::max);
        if self.news.is_new(row.at, days) { (1.0 + days).log10() } else { 0.0 }
    }
}

/// The longest pane that most rows are not closer together than.
fn pane(rows: &[Row]) -> Duration {
    let mut steps: Vec<i64> = rows
        .windows(2)
        .take(LOOKED_AT - 1)
        .map(|pair| pair[1].at.millis_since(pair[0].at))
        .filter(|step| *step > 0)
        .collect();
    steps.sort_unstable();
    let usual = steps.get(steps.len() / 2).map_or(60, |step| step / 1_000);
    let fits = |seconds: &&u64| i64::try_from(**seconds).is_ok_and(|seconds| seconds <= usual);
    Duration::from_secs(PANES.iter().rev().find(fits).copied().unwrap_or(1))
}

fn read(path: &Path, input: impl Read, zone: &TimeZone) -> Result<Vec<Row>, ScoreError> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(input);
    let headers = reader.headers().map_err(|error| read_error(path, error))?;
    let column = |name: &str| headers.iter().position(|header| header == name);
    let (Some(timestamp), Some(value)) = (column("timestamp"), column("value")) else {
        let problem = "the first line must name the columns timestamp and value".to_owned();
        return Err(ScoreError::Row { path: path.to_owned(), line: 1, problem });
    };
    let mut rows = Vec::new();
    for record in reader.into_records() {
        let record = record.map_err(|error| read_error(path, error))?;
        let field = |at: usize| record.get(at).unwrap_or_default().to_owned();
        let (timestamp, text) = (field(timestamp), field(value));
        let complain = |problem: String| ScoreError::Row {
            path: path.to_owned(),
            line: record.position().map_or(0, csv::Position::line),
            problem,
        };
        let at = moment(&timestamp, zone).ok_or_else(|| {
            complain(format!(
                "timestamp {timestamp:?} is no time; write 2015-02-26 21:42:53 or RFC 3339"
            ))
        })?;
        let value = count(&text).map_err(complain)?;
        rows.push(Row { timestamp, at, text, value });
    }
    Ok(rows)
}

fn read_error(path: &Path, source: csv::Error) -> ScoreError {
    ScoreError::Read { path: path.to_owned(), source }
}

/// A number of mentions; `None` when there is none.
fn count(text: &str) -> Result<Option<u32>, String> {
    if text.is_empty() || text.eq_ignore_ascii_case("nan") || text.eq_ignore_ascii_case("null") {
        return Ok(None);
    }
    let value: f64 = text.parse().map_err(|_| format!("value {text:?} is no number"))?;
    if !(0.0..=f64::from(u32::MAX)).contains(&value) {
        return Err(format!("value {text} is no count: it must lie in 0 to {}", u32::MAX));
    }
    Ok(Some(value.round() as u32))
}

#[cfg(test)]
#[path = "score_tests.rs"]
mod tests;

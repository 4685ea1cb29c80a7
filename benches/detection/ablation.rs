//! What each element is worth: switched off in turn.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use groundswell::detect::Plan;
use groundswell::pipeline::score;
use jiff::tz::TimeZone;

use super::{budget, surge};

type Adjust = fn(&mut Plan);

pub struct Row {
    pub name: &'static str,
    /// On the benchmark's series; `None` where they are not at hand.
    pub score: Option<f64>,
    /// Of ten calm series, in a week.
    pub false_pages: f64,
    /// A surge to three times the usual.
    pub surge: surge::Surge,
    /// The same, two days after a crisis of three.
    pub after_crisis: surge::Surge,
}

const ELEMENTS: [(&str, Adjust); 7] = [
    ("all of it", |_| {}),
    ("without seasonality", |plan| plan.baseline.elements.seasonality = false),
    ("without the robust update", |plan| plan.baseline.elements.robust = false),
    ("Poisson, not negative binomial", |plan| plan.baseline.elements.over_dispersion = false),
    ("one window, an hour", |plan| {
        for monitor in &mut plan.monitors {
            monitor.windows.retain(|it| *it == Duration::from_secs(3_600));
        }
    }),
    ("without the record", |plan| plan.baseline.elements.record = false),
    ("z 3, not a budget", |plan| plan.sensitivity.false_pages_per_week = 1e6),
];

pub fn measure() -> Vec<Row> {
    ELEMENTS
        .into_iter()
        .map(|(name, adjust)| Row {
            name,
            score: nab(name, adjust),
            false_pages: budget::measure(10, 200, adjust).per_week,
            surge: surge::measure((10.0, 3.0, 10), false, adjust),
            after_crisis: surge::measure((10.0, 3.0, 10), true, adjust),
        })
        .collect()
}

/// The benchmark's score, by its own program.
fn nab(name: &str, adjust: Adjust) -> Option<f64> {
    let bench = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/bench/nab");
    let folder = "realTweets";
    let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/ablation").join(name);
    std::fs::create_dir_all(results.join(folder)).ok()?;
    let entries = std::fs::read_dir(bench.join("data").join(folder)).ok()?;
    let series: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    let scored = super::sim::in_parallel(&series, |input| {
        let output = results.join(folder).join(input.file_name()?);
        let file = std::fs::File::create(&output).ok()?;
        score(input, file, &output, &TimeZone::UTC, adjust).ok()
    });
    if scored.is_empty() || scored.iter().any(Option::is_none) {
        return None;
    }
    let told = Command::new("python3")
        .arg(bench.join("nab_score.py"))
        .arg("--labels")
        .arg(bench.join("labels.json"))
        .arg("--results")
        .arg(&results)
        .output()
        .ok()?;
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    let line = told.lines().find(|line| line.starts_with("standard"))?;
    line.split_whitespace().nth(2)?.parse().ok()
}

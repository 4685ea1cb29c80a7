//! The Numenta Anomaly Benchmark's series of mentions, by its own program.

use std::path::{Path, PathBuf};
use std::process::Command;

use groundswell::detect::Plan;
use groundswell::pipeline::score;
use jiff::tz::TimeZone;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand_distr::{Binomial, Distribution};

use super::sim::in_parallel;

const FOLDER: &str = "realTweets";

/// The score of the series as they are under the plan so adjusted, 100 at most; `None` where they
/// are not at hand.
pub fn measure(name: &str, adjust: impl Fn(&mut Plan) + Sync) -> Option<f64> {
    scored(&bench().join("data").join(FOLDER), name, adjust)
}

/// The same, had each mention been seen with the probability `part` only: series like them that
/// nobody has looked at.
pub fn thinned(part: f64, seed: u64) -> Option<f64> {
    let name = format!("{part} of the mentions, {seed}");
    let folder = results(&name).join("data");
    std::fs::create_dir_all(&folder).ok()?;
    let mut rng = StdRng::seed_from_u64(seed);
    for input in series(&bench().join("data").join(FOLDER))? {
        let mut reader = csv::Reader::from_path(&input).ok()?;
        let mut writer = csv::Writer::from_path(folder.join(input.file_name()?)).ok()?;
        writer.write_record(["timestamp", "value"]).ok()?;
        for row in reader.records() {
            let row = row.ok()?;
            let value: f64 = row.get(1)?.parse().ok()?;
            let seen = Binomial::new(value as u64, part).ok()?.sample(&mut rng);
            writer.write_record([row.get(0)?, &seen.to_string()]).ok()?;
        }
        writer.flush().ok()?;
    }
    scored(&folder, &name, |_| {})
}

/// The published detectors and their scores on the same series, as the benchmark's folder tells.
pub fn published() -> Vec<(String, f64)> {
    let text = std::fs::read_to_string(bench().join("README.md")).unwrap_or_default();
    let row = |line: &str| {
        let mut cells = line.split('|').map(str::trim).skip(1);
        Some((cells.next()?.to_owned(), cells.next()?.parse().ok()?))
    };
    text.lines().filter_map(row).collect()
}

fn scored(data: &Path, name: &str, adjust: impl Fn(&mut Plan) + Sync) -> Option<f64> {
    let results = results(name);
    std::fs::create_dir_all(results.join(FOLDER)).ok()?;
    let scored = in_parallel(&series(data)?, |input| {
        let output = results.join(FOLDER).join(input.file_name()?);
        let file = std::fs::File::create(&output).ok()?;
        score(input, file, &output, &TimeZone::UTC, &adjust).ok()
    });
    if scored.is_empty() || scored.iter().any(Option::is_none) {
        return None;
    }
    let told = Command::new("python3")
        .arg(bench().join("nab_score.py"))
        .arg("--labels")
        .arg(bench().join("labels.json"))
        .arg("--results")
        .arg(&results)
        .output()
        .ok()?;
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    let line = told.lines().find(|line| line.starts_with("standard"))?;
    line.split_whitespace().nth(2)?.parse().ok()
}

fn series(folder: &Path) -> Option<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).ok()?;
    let mut series: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    series.sort();
    Some(series)
}

fn bench() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/bench/nab")
}

fn results(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/detection").join(name)
}

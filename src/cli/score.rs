//! `groundswell score`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use jiff::tz::TimeZone;

use crate::pipeline::{Scored, score};

use super::Failure;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A CSV file with the columns timestamp and value (mentions counted since the row before), or
    /// a folder of such files, below which every .csv is scored.
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
    /// Where timestamp, value and anomaly_score are written: a file, or a folder for a folder.
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
    /// The time zone whose hours of the day and days of the week the series follows.
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    time_zone: String,
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let zone = TimeZone::get(&args.time_zone).map_err(Failure::other)?;
    if !args.input.is_dir() {
        return one(&args.input, &args.output, &zone).map(|()| ExitCode::SUCCESS);
    }
    let files = below(&args.input)?;
    if files.is_empty() {
        return Err(Failure::Other(format!("{}: no .csv file lies here", args.input.display())));
    }
    for file in files {
        let name = file.strip_prefix(&args.input).unwrap_or(&file);
        one(&file, &args.output.join(name), &zone)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn one(input: &Path, output: &Path, zone: &TimeZone) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::Other(format!("{}: {error}", output.display()));
    if let Some(folder) = output.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let same = fs::canonicalize(input)
        .ok()
        .filter(|it| fs::canonicalize(output).is_ok_and(|out| out == *it));
    if same.is_some() {
        return Err(Failure::Other(format!(
            "{}: is the input too; choose another output",
            output.display()
        )));
    }
    let file = fs::File::create(output).map_err(failed)?;
    let scored = score(input, std::io::BufWriter::new(file), output, zone, |_| {})
        .map_err(Failure::other)?;
    eprintln!("{}", told(input, scored));
    Ok(())
}

fn told(input: &Path, scored: Scored) -> String {
    let Scored { rows, missing, late } = scored;
    let mut text = format!("{}: {rows} rows", input.display());
    if missing > 0 {
        text.push_str(&format!(", {missing} without a value"));
    }
    if late > 0 {
        text.push_str(&format!(", {late} too late to be counted: is the file in order?"));
    }
    text
}

/// Every .csv file below `folder`, in order of its path.
fn below(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let failed = |error: std::io::Error| Failure::Other(format!("{}: {error}", folder.display()));
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let path = entry.path();
        // A link may lead round in a circle.
        if entry.file_type().map_err(failed)?.is_dir() {
            files.extend(below(&path)?);
        } else if path.extension().is_some_and(|it| it.eq_ignore_ascii_case("csv")) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

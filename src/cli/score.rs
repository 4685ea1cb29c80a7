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
    // One bad file does not keep the others from being scored.
    let mut done = ExitCode::SUCCESS;
    for file in files {
        let name = file.strip_prefix(&args.input).unwrap_or(&file);
        if let Err(failure) = one(&file, &args.output.join(name), &zone) {
            eprintln!("groundswell: {failure}");
            done = ExitCode::FAILURE;
        }
    }
    Ok(done)
}

fn one(input: &Path, output: &Path, zone: &TimeZone) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::Other(format!("{}: {error}", output.display()));
    if let Some(folder) = output.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    // Through a link, what it leads to is written.
    let target = fs::canonicalize(output).unwrap_or_else(|_| output.to_owned());
    if fs::canonicalize(input).is_ok_and(|input| input == target) {
        return Err(Failure::Other(format!(
            "{}: is the input too; choose another output",
            output.display()
        )));
    }
    let scored = if fs::metadata(&target).is_ok_and(|it| !it.is_file()) {
        // A pipe or a terminal holds nothing that could be lost.
        write(input, &target, zone)?
    } else {
        let part = beside(&target);
        let written = write(input, &part, zone)
            .and_then(|scored| fs::rename(&part, &target).map(|()| scored).map_err(failed));
        if written.is_err() {
            let _gone = fs::remove_file(&part);
        }
        written?
    };
    eprintln!("{}", told(input, scored));
    Ok(())
}

/// Where scores are written until all are there: what stood in `output` is kept when they cannot be.
fn beside(output: &Path) -> PathBuf {
    let mut name = output.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    output.with_file_name(name)
}

fn write(input: &Path, output: &Path, zone: &TimeZone) -> Result<Scored, Failure> {
    let file = fs::File::create(output)
        .map_err(|error| Failure::Other(format!("{}: {error}", output.display())))?;
    score(input, std::io::BufWriter::new(file), output, zone, |_| {}).map_err(Failure::other)
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const GOOD: &str = "timestamp,value\n2015-02-26 21:42:53,5\n2015-02-26 21:47:53,6\n";
    const BAD: &str = "timestamp,value\n2015-02-26 21:42:53,5\nyesterday,6\n";

    fn args(input: &Path, output: &Path) -> Args {
        Args { input: input.to_owned(), output: output.to_owned(), time_zone: "UTC".to_owned() }
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap().map(|it| it.unwrap().file_name());
        let mut names: Vec<String> = entries.map(|it| it.into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_bad_file_keeps_its_old_scores_and_no_other_from_being_scored() {
        let folder = tempfile::tempdir().unwrap();
        let (input, output) = (folder.path().join("in"), folder.path().join("out"));
        fs::create_dir(&input).unwrap();
        fs::create_dir(&output).unwrap();
        for (name, text) in [("a.csv", GOOD), ("b.csv", BAD), ("c.csv", GOOD)] {
            fs::write(input.join(name), text).unwrap();
        }
        fs::write(output.join("b.csv"), "of yesterday").unwrap();
        let code = run(&args(&input, &output)).unwrap();
        assert_eq!(format!("{code:?}"), format!("{:?}", ExitCode::FAILURE));
        assert_eq!(names(&output), ["a.csv", "b.csv", "c.csv"], "nothing half written is left");
        let text = |name: &str| fs::read_to_string(output.join(name)).unwrap();
        assert_eq!(text("b.csv"), "of yesterday");
        assert_eq!(text("c.csv").lines().count(), 3);
        assert_eq!(text("a.csv"), text("c.csv"));
    }

    #[test]
    fn a_file_is_never_its_own_output() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.csv");
        fs::write(&file, GOOD).unwrap();
        assert!(run(&args(&file, &file)).is_err());
        assert_eq!(fs::read_to_string(&file).unwrap(), GOOD);
        assert_eq!(names(folder.path()), ["a.csv"]);
    }
}

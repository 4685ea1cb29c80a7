//! `groundswell replay`.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::config::Secrets;
use crate::decode::DeadLetterFile;
use crate::detect::Plan;
use crate::incident::{Direction, Incident, Measure, Origin, Severity, SourceShare, State};
use crate::mention::Timestamp;
use crate::pipeline::{Judgement, Labels, Replayed, Turned, Verdict, judge, replay};
use crate::shard::Outcome;
use crate::source::wall_clock;

use super::report::Gathered;
use super::{ConfigArg, Failure, labels, table};

/// Bad lines shown one by one; the rest is only counted.
const SHOWN: u64 = 10;
/// Lines between two moves of the progress bar.
const PROGRESS_EVERY: u64 = 4_096;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArg,
    /// Print one JSON object a line instead of a table.
    #[arg(long)]
    json: bool,
    /// Keep lines that cannot be counted in this file, with the reason.
    #[arg(long, value_name = "FILE")]
    dead_letters: Option<PathBuf>,
    /// Write a page with the incidents and their charts to this file (HTML); it needs nothing else.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Judge the incidents by what is known to have happened: JSON, {"brand": [[from, to], ...]},
    /// [] for a brand to which nothing did. A brand that is not in it is not judged.
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// NDJSON files, plain, .gz or .zst, merged in event-time order; `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let config = args.config.load(Secrets::Ignore)?;
    let plan = &config.plan;
    let labels = args
        .labels
        .as_deref()
        .map(|file| Labels::read(file, &plan.brands, &plan.time_zone))
        .transpose()
        .map_err(Failure::other)?;
    let mut kept = args
        .dead_letters
        .as_deref()
        .map(DeadLetterFile::open)
        .transpose()
        .map_err(Failure::other)?;
    let bar = bar();
    let mut shown = 0;
    let mut keeping = Ok(());
    let mut gathered = args.report.as_ref().map(|_| Gathered::new());
    let (replayed, shard) = replay(
        &config,
        &args.files,
        wall_clock(),
        |change, shard| {
            if let Some(gathered) = &mut gathered {
                gathered.hear(change, shard, plan);
            }
        },
        |turned| {
            keeping =
                std::mem::replace(&mut keeping, Ok(())).and_then(|()| keep(&turned, kept.as_mut()));
            shown += 1;
            if shown <= SHOWN || matches!(turned, Turned::File(_)) {
                bar.suspend(|| eprintln!("groundswell: {}", describe(&turned)));
            }
        },
        |bytes, lines| {
            if lines % PROGRESS_EVERY == 1 {
                bar.set_length(bytes.total().unwrap_or(0));
                bar.set_position(bytes.read());
            }
        },
    )
    .map_err(Failure::other)?;
    bar.finish_and_clear();
    keeping
        .and_then(|()| kept.as_mut().map_or(Ok(()), DeadLetterFile::flush))
        .map_err(Failure::other)?;
    let judgement = labels.map(|labels| judge(&labels, &replayed.incidents, replayed.span));
    let mut out = std::io::stdout().lock();
    let written = if args.json {
        write_json(&mut out, &replayed.incidents, judgement.as_ref(), plan)
    } else {
        write_tables(&mut out, &replayed.incidents, judgement.as_ref(), plan)
    };
    written.and_then(|()| out.flush()).map_err(Failure::other)?;
    let zone = plan.time_zone.iana_name().unwrap_or("local time");
    let summary = summary(&replayed, zone);
    eprintln!("{summary}");
    if let Some((file, gathered)) = args.report.as_deref().zip(gathered) {
        let verdicts = judgement.as_ref().map(|it| &*it.verdicts);
        gathered.write(file, (&replayed, &shard), &summary, verdicts, plan)?;
        eprintln!("The report is in {}.", file.display());
    }
    Ok(if replayed.failed_files > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn write_tables(
    out: &mut impl Write,
    incidents: &[Incident],
    judgement: Option<&Judgement>,
    plan: &Plan,
) -> std::io::Result<()> {
    let verdicts = judgement.map(|judgement| &*judgement.verdicts);
    writeln!(out, "{}", table::incidents(incidents, verdicts, &plan.time_zone))?;
    judgement.map_or(Ok(()), |judgement| writeln!(out, "\n{}", labels::text(judgement, plan)))
}

/// A line an incident, and one more for the judgement.
fn write_json(
    out: &mut impl Write,
    incidents: &[Incident],
    judgement: Option<&Judgement>,
    plan: &Plan,
) -> std::io::Result<()> {
    for (number, incident) in incidents.iter().enumerate() {
        let verdict = judgement.and_then(|judgement| judgement.verdicts.get(number).copied());
        serde_json::to_writer(&mut *out, &Row::of(incident, verdict))?;
        out.write_all(b"\n")?;
    }
    if let Some(judgement) = judgement {
        serde_json::to_writer(&mut *out, &labels::json(judgement, plan))?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// What `--json` says of an incident.
#[derive(Debug, Serialize)]
struct Row<'a> {
    id: uuid::Uuid,
    brand: &'a str,
    market: Option<&'a str>,
    monitor: &'a str,
    measure: Measure,
    direction: Direction,
    severity: Severity,
    state: State,
    onset: Timestamp,
    detected_at: Timestamp,
    resolved_at: Option<Timestamp>,
    peak_z: f64,
    observed: f64,
    expected: f64,
    window_seconds: u64,
    mentions: u64,
    negative_mentions: u64,
    sources: &'a [SourceShare],
    origin: Option<&'a Origin>,
    /// Only with `--labels`.
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<Verdict>,
}

impl<'a> Row<'a> {
    fn of(incident: &'a Incident, verdict: Option<Verdict>) -> Self {
        Self {
            id: incident.id,
            brand: &incident.brand,
            market: incident.market.as_deref(),
            monitor: &incident.monitor,
            measure: incident.measure,
            direction: incident.direction,
            severity: incident.severity,
            state: incident.state,
            onset: incident.onset,
            detected_at: incident.detected_at,
            resolved_at: incident.resolved_at,
            peak_z: incident.peak_z,
            observed: incident.observed,
            expected: incident.expected,
            window_seconds: incident.window_seconds,
            mentions: incident.mentions,
            negative_mentions: incident.negative_mentions,
            sources: &incident.sources,
            origin: incident.origin.as_ref(),
            verdict,
        }
    }
}

fn keep(
    turned: &Turned,
    kept: Option<&mut DeadLetterFile>,
) -> Result<(), crate::decode::DeadLetterError> {
    match (turned, kept) {
        (Turned::Line(letter), Some(kept)) => kept.write(letter),
        _ => Ok(()),
    }
}

fn describe(turned: &Turned) -> String {
    match turned {
        Turned::Line(letter) => {
            format!(
                "{}:{}: {}: {}",
                letter.source,
                letter.position,
                letter.reason.name(),
                letter.detail
            )
        }
        Turned::File(error) => error.to_string(),
        Turned::Mark(error) => error.to_string(),
    }
}

fn summary(replayed: &Replayed, zone: &str) -> String {
    let mut text = format!(
        "{} incidents from {} mentions ({} duplicates, {} of no watched brand, {} rejected)",
        replayed.incidents.len(),
        replayed.count(Outcome::Counted),
        replayed.count(Outcome::Duplicate),
        replayed.count(Outcome::Unmatched),
        replayed.rejected_in_all(),
    );
    if let Some((from, to)) = replayed.span {
        text.push_str(&format!(", {from} to {to}; times above are {zone}"));
    }
    if let (counted, all @ 1..) = replayed.marks {
        text.push_str(&format!(
            "\n  feedback: {counted} of {all} marks counted (the others are of another time, brand or \
             monitor)"
        ));
    }
    if replayed.no_marks > 0 {
        text.push_str(&format!("\n  feedback: {} lines are no marks", replayed.no_marks));
    }
    for (reason, count) in &replayed.rejected {
        text.push_str(&format!("\n  rejected, {reason}: {count}"));
    }
    let late = replayed.rejected_for(crate::decode::Reason::Late);
    if late * 10 > replayed.lines {
        text.push_str("\n  many lines came late: is the file in event-time order (oldest first)?");
    }
    text
}

fn bar() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {elapsed} eta {eta}");
    let bar =
        ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

//! `groundswell mark`.

use std::path::Path;
use std::process::ExitCode;

use uuid::Uuid;

use crate::config::{Config, Secrets, closest};
use crate::detect::{BuiltIn, Feedback, Mark, MarkedAs};
use crate::mention::Timestamp;
use crate::source::wall_clock;
use crate::store::MarkFile;

use super::{ConfigArg, Failure};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArg,
    #[command(flatten)]
    verdict: Verdict,
    /// The brand, as the alert names it.
    #[arg(long, value_name = "NAME")]
    brand: String,
    /// The monitor, as the alert's last line names it.
    #[arg(long, value_name = "NAME")]
    monitor: String,
    /// The incident's id, from the alert's last line: the same verdict on it counts once.
    #[arg(value_name = "INCIDENT_ID")]
    incident: Option<Uuid>,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Verdict {
    /// It paged for nothing: the limit rises by 15 % (at most four times).
    #[arg(long)]
    false_alarm: bool,
    /// It was worth the page: takes a false alarm back.
    #[arg(long)]
    real: bool,
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let config = args.config.load(Secrets::Ignore)?;
    check(&config, args).map_err(Failure::Other)?;
    let mark = Mark {
        at: wall_clock(),
        brand: args.brand.clone(),
        monitor: args.monitor.clone(),
        verdict: if args.verdict.real { MarkedAs::Real } else { MarkedAs::FalseAlarm },
        incident: args.incident,
    };
    println!("{}", take(&config.feedback_file, mark)?);
    Ok(ExitCode::SUCCESS)
}

/// Whether there is such a brand and such a monitor.
fn check(config: &Config, args: &Args) -> Result<(), String> {
    let brands: Vec<&str> = config.plan.brands.iter().map(|it| it.name.as_str()).collect();
    known("--brand", "brand", &args.brand, &brands)?;
    if let Some(key) = BuiltIn::named(&args.monitor).and_then(instead_of_marking) {
        let name = &args.monitor;
        return Err(format!(
            "--monitor {name}: feedback moves no limit of this one; raise {key} instead"
        ));
    }
    let mut monitors: Vec<&str> = config.plan.monitors.iter().map(|it| it.name.as_str()).collect();
    let built_in = BuiltIn::ALL.into_iter().filter(|it| instead_of_marking(*it).is_none());
    built_in.for_each(|it| monitors.push(it.name()));
    known("--monitor", "monitor", &args.monitor, &monitors)
}

/// What to set where a mark moves nothing: one mention has no record to be held against, and a feed
/// is no brand.
const fn instead_of_marking(monitor: BuiltIn) -> Option<&'static str> {
    match monitor {
        BuiltIn::SingleMention => Some("[sensitivity] min_audience"),
        BuiltIn::FeedSilent => Some("[sensitivity] min_excess"),
        BuiltIn::PostVelocity | BuiltIn::Activation | BuiltIn::AdvocatesQuiet => None,
    }
}

fn known(option: &str, noun: &str, name: &str, names: &[&str]) -> Result<(), String> {
    if names.contains(&name) {
        return Ok(());
    }
    let hint = match closest(name, names.iter().copied()) {
        Some(meant) => format!("did you mean {meant:?}?"),
        None => format!("there are {}", names.join(", ")),
    };
    Err(format!("{option} {name:?}: the configuration has no such {noun}; {hint}"))
}

/// Keeps `mark` in the file at `path`, and says what it comes to.
fn take(path: &Path, mark: Mark) -> Result<String, Failure> {
    let mut marks = MarkFile::read_all(path).map_err(Failure::other)?;
    let same = |it: &&Mark| {
        (it.incident, &it.brand, &it.monitor) == (mark.incident, &mark.brand, &mark.monitor)
    };
    let latest = marks.iter().rev().filter(|it| it.incident.is_some()).find(same);
    let again = latest.is_some_and(|it| it.verdict == mark.verdict);
    if !again {
        MarkFile::append(path, &mark).map_err(Failure::other)?;
        marks.push(mark.clone());
    }
    let factor = factor(marks, &mark, mark.at);
    let Mark { brand, monitor, .. } = &mark;
    let already = if again { "This has been marked so before. " } else { "" };
    Ok(if factor >= 1.005 {
        format!(
            "{already}{brand}, {monitor}: the limit is {factor:.2} times that of the budget (1.75 at \
             most; fading by half in 90 days)."
        )
    } else {
        format!(
            "{already}{brand}, {monitor}: the limit is that of the budget, the lowest there is."
        )
    })
}

/// What the `marks` of the series that `of` is about come to.
fn factor(mut marks: Vec<Mark>, of: &Mark, at: Timestamp) -> f64 {
    marks.sort_by_key(|mark| mark.at);
    let mut feedback = Feedback::default();
    for mark in marks.iter().filter(|it| it.brand == of.brand && it.monitor == of.monitor) {
        feedback.take(mark.verdict, mark.at);
    }
    feedback.factor(at)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const ID: Uuid = Uuid::from_u128(7);

    fn mark(day: i64, verdict: MarkedAs, incident: Option<Uuid>) -> Mark {
        Mark {
            at: Timestamp::from_millis(1_800_000_000_000 + day * 86_400_000),
            brand: "Acme".to_owned(),
            monitor: "mentions-up".to_owned(),
            verdict,
            incident,
        }
    }

    #[test]
    fn what_was_marked_is_kept_and_its_effect_told() {
        use MarkedAs::{FalseAlarm, Real};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("marks.ndjson");
        let told: Vec<String> = [
            mark(0, FalseAlarm, Some(ID)),
            mark(1, FalseAlarm, Some(ID)),
            Mark { monitor: "negative-up".to_owned(), ..mark(1, FalseAlarm, Some(ID)) },
            mark(1, FalseAlarm, None),
            mark(1, FalseAlarm, None),
            Mark { brand: "Zenith".to_owned(), ..mark(1, Real, None) },
            mark(2, Real, Some(ID)),
            mark(200, Real, None),
        ]
        .map(|mark| take(&path, mark).unwrap())
        .to_vec();
        insta::assert_snapshot!("marked", told.join("\n"));
        let kept = MarkFile::read_all(&path).unwrap();
        assert_eq!(kept.len(), 7, "the second mark of an incident's monitor is not kept");
    }

    #[test]
    fn who_is_not_known_is_told_with_the_nearest_name() {
        let brands = ["Acme", "Zenith"];
        assert_eq!(known("--brand", "brand", "Acme", &brands), Ok(()));
        let told = |name| known("--brand", "brand", name, &brands).unwrap_err();
        let wrong =
            "--brand \"acmee\": the configuration has no such brand; did you mean \"Acme\"?";
        assert_eq!(told("acmee"), wrong);
        assert!(told("Qx").ends_with("; there are Acme, Zenith"), "{}", told("Qx"));
    }
}

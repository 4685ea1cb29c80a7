//! Yesterday's mentions through today's configuration.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::classify::{Classifier, ClassifyError};
use crate::config::Config;
use crate::decode::{DeadLetter, Format, Reason, Rejected};
use crate::incident::{Change, Incident};
use crate::mention::Timestamp;
use crate::shard::{Outcome, Shard};
use crate::source::{MergedFiles, Progress};
use crate::store::{MarkFile, MarkFileError, ReadMarks};

use super::Intake;

/// A replay that cannot be begun.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The configuration's word lists are at fault.
    #[error(transparent)]
    Classify(#[from] ClassifyError),
    /// What people have said of incidents cannot be read.
    #[error(transparent)]
    Feedback(#[from] MarkFileError),
}

/// Something a replay turned away.
#[derive(Debug)]
pub enum Turned {
    /// A line that could not be counted.
    Line(DeadLetter),
    /// A file that could not be read (further).
    File(crate::source::FileError),
    /// A line of the feedback file that is no mark.
    Mark(MarkFileError),
}

/// What a replay came to.
#[derive(Debug, Default)]
pub struct Replayed {
    /// Lines read.
    pub lines: u64,
    /// Lines by what became of them; rejected ones by reason under [`Replayed::rejected`].
    pub outcomes: BTreeMap<&'static str, u64>,
    /// Rejected lines by reason.
    pub rejected: BTreeMap<&'static str, u64>,
    /// Files that could not be read to their end.
    pub failed_files: u64,
    /// Event time of the earliest and the latest mention counted.
    pub span: Option<(Timestamp, Timestamp)>,
    /// What people have said of incidents: the marks that moved a limit, and all there are.
    pub marks: (u64, u64),
    /// Lines of the feedback file that are no marks.
    pub no_marks: u64,
    /// Every incident as it stood at its end, or at the end of the input, in order of detection.
    pub incidents: Vec<Incident>,
}

/// Runs the mentions of `files` (`-` is standard input), merged in event-time order, through the
/// same way as live ones. `now` is the wall clock at the start; `each_change` hears of every change
/// as it happens, and what is known then, `each_turned` of what could not be counted, `progress` of how far it is.
///
/// Returns what it came to, and what is known at its end.
///
/// # Errors
///
/// When the configuration's word lists are at fault, or its feedback file cannot be read. Bad lines, of that too, and
/// unreadable files of mentions are no errors: they are reported and counted.
pub fn replay(
    config: &Config,
    files: &[PathBuf],
    now: Timestamp,
    mut each_change: impl FnMut(&Change, &Shard),
    mut each_turned: impl FnMut(Turned),
    mut progress: impl FnMut(&Progress, u64),
) -> Result<(Replayed, Shard), ReplayError> {
    let classifier = Arc::new(Classifier::new(&config.rules)?);
    let mut intake = Intake::new(config, &config.feed, classifier);
    let ReadMarks { marks, faults } = MarkFile::new(&config.feedback_file).read_new()?;
    let no_marks = faults.len() as u64;
    faults.into_iter().for_each(|fault| each_turned(Turned::Mark(fault)));
    let all_marks = marks.len() as u64;
    intake.shard_mut().mark(marks);
    let merged = MergedFiles::open(files, &intake.limits(now));
    let bytes = merged.progress();
    let mut replayed = Replayed::default();
    let mut changes = Vec::new();
    for record in merged {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                replayed.failed_files += 1;
                each_turned(Turned::File(error));
                continue;
            }
        };
        replayed.lines += 1;
        progress(&bytes, replayed.lines);
        let taken = match record.line.rejected {
            Some(rejected) => Err(rejected),
            None => intake.take(Format::Json, &record.line.bytes, None, now, &mut changes),
        };
        match taken {
            Ok(taken) => *replayed.outcomes.entry(taken.outcome.name()).or_default() += 1,
            Err(rejected) => {
                replayed.reject(&rejected);
                let (file, number) = (record.file.to_string(), record.line.number);
                let letter = DeadLetter::new(rejected, file, None, number, now, record.line.bytes);
                each_turned(Turned::Line(letter));
            }
        }
        replayed.take(&mut changes, intake.shard(), &mut each_change);
    }
    intake.shard_mut().finish(&mut changes);
    replayed.take(&mut changes, intake.shard(), &mut each_change);
    // What is still open has gone on since its last change.
    intake.shard().open_incidents().for_each(|incident| replayed.put(incident.clone()));
    replayed.span = intake.shard().span();
    replayed.marks = (intake.shard().marks_counted(), all_marks);
    replayed.no_marks = no_marks;
    Ok((replayed, intake.into_shard()))
}

impl Replayed {
    /// Lines whose outcome was `outcome`.
    pub fn count(&self, outcome: Outcome) -> u64 {
        self.outcomes.get(outcome.name()).copied().unwrap_or(0)
    }

    /// Lines rejected for whatever reason.
    pub fn rejected_in_all(&self) -> u64 {
        self.rejected.values().sum()
    }

    /// Lines rejected for `reason`.
    pub fn rejected_for(&self, reason: Reason) -> u64 {
        self.rejected.get(reason.name()).copied().unwrap_or(0)
    }

    fn reject(&mut self, rejected: &Rejected) {
        *self.rejected.entry(rejected.reason.name()).or_default() += 1;
    }

    fn take(
        &mut self,
        changes: &mut Vec<Change>,
        shard: &Shard,
        each_change: &mut impl FnMut(&Change, &Shard),
    ) {
        for change in changes.drain(..) {
            each_change(&change, shard);
            self.put(change.incident);
        }
    }

    fn put(&mut self, incident: Incident) {
        match self.incidents.iter_mut().rev().find(|known| known.id == incident.id) {
            Some(known) => *known = incident,
            None => self.incidents.push(incident),
        }
    }
}

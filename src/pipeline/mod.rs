//! The rooms put together: bytes in, changes of incidents out, the same way live and in replay.

mod chores;
mod dead_letters;
mod feed;
mod feedback;
mod intake;
mod keeper;
mod labels;
mod live;
mod moment;
mod partition;
mod reader;
mod replay;
mod route;
mod run;
mod score;

pub use dead_letters::DeadLetters;
pub use intake::{Intake, Taken};
pub use labels::{
    Found, JudgedWindow, Judgement, LabelledWindow, Labels, LabelsError, Tally, Verdict, judge,
};
pub use replay::{ReplayError, Replayed, Turned, replay};
pub use route::{RouteError, route};
pub use run::{RunError, Service, run};
pub use score::{ScoreError, Scored, score};

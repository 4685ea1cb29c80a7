#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod drawn;
mod fixtures;
mod golden;
mod hostile;
mod pictures;
mod style;

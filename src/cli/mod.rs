//! The command line.

mod check;
mod demo;
mod labels;
mod mark;
mod outbox;
mod replay;
mod report;
mod route;
mod run;
mod score;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{Config, ConfigErrors, Secrets};

/// Watches what people say about a brand and wakes the on-call communications team when it swings.
#[derive(Debug, Parser)]
#[command(name = "groundswell", version, about, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Watch a made crisis unfold: everything in one process, nothing to install.
    Demo(demo::Args),
    /// Run the service: mentions from Kafka, notifications to people.
    Run(run::Args),
    /// Key a topic by market: one record for each market that a mention speaks of, exactly once.
    Route(run::Args),
    /// Run yesterday's mentions through today's configuration: what would have paged us, and when.
    Replay(replay::Args),
    /// Mark an incident as a false alarm or as real: its series' limit follows.
    Mark(mark::Args),
    /// Show the notifications that are on their way or were given up, and send those again.
    Outbox(outbox::Args),
    /// Score a series of counts row by row: how unusual is each, by its own past?
    Score(score::Args),
    /// Validate a configuration and say in plain words what it will do.
    Check(check::Args),
}

/// Where the configuration lies.
#[derive(Debug, Clone, clap::Args)]
pub struct ConfigArg {
    /// The configuration file.
    #[arg(
        long,
        short,
        value_name = "FILE",
        default_value = "groundswell.toml",
        env = "GROUNDSWELL_CONFIG"
    )]
    config: PathBuf,
}

impl ConfigArg {
    fn load(&self, secrets: Secrets) -> Result<Config, ConfigErrors> {
        Config::load(&self.config, secrets)
    }
}

/// A command failed in a way that people can mend.
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// The configuration is wrong. Exit code 2.
    #[error("{0}")]
    Config(#[from] ConfigErrors),
    /// Something else. Exit code 1.
    #[error("{0}")]
    Other(String),
}

impl Failure {
    fn other(error: impl std::fmt::Display) -> Self {
        Self::Other(error.to_string())
    }
}

impl Cli {
    /// Does what the command line asks. Exit code 0 when all went well, 1 when not, 2 when the
    /// configuration or the command line is wrong.
    pub fn run(self) -> ExitCode {
        let done = match self.command {
            Command::Demo(args) => demo::run(&args),
            Command::Run(args) => run::run(&args),
            Command::Route(args) => route::run(&args),
            Command::Replay(args) => replay::run(&args),
            Command::Mark(args) => mark::run(&args),
            Command::Outbox(args) => outbox::run(&args),
            Command::Score(args) => score::run(&args),
            Command::Check(args) => check::run(&args),
        };
        match done {
            Ok(code) => code,
            Err(failure) => {
                eprintln!("groundswell: {failure}");
                ExitCode::from(if matches!(failure, Failure::Config(_)) { 2 } else { 1 })
            }
        }
    }
}

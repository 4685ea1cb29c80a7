//! The `groundswell` command: a thin shell around the library.

use std::process::ExitCode;

use clap::Parser;
use groundswell::cli::Cli;

fn main() -> ExitCode {
    Cli::parse().run()
}

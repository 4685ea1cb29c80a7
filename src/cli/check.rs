//! `groundswell check`.

use std::process::ExitCode;

use crate::config::{Secrets, explain};

use super::{ConfigArg, Failure};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArg,
    /// Do not read secrets (environment variables and secret files): check the rest.
    #[arg(long)]
    without_secrets: bool,
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let secrets = if args.without_secrets { Secrets::Ignore } else { Secrets::Resolve };
    let config = args.config.load(secrets)?;
    println!("{}", explain(&config));
    Ok(ExitCode::SUCCESS)
}

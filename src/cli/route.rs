//! `groundswell route`.

use std::process::ExitCode;

use crate::config::{Config, Secrets};
use crate::pipeline;

use super::Failure;
use super::run::{Args, carry_out, serving, start, stop_signal};

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let config = start(args, Secrets::ResolveForRoute)?;
    carry_out(serve(config))?;
    Ok(ExitCode::SUCCESS)
}

async fn serve(config: Config) -> Result<(), Failure> {
    let listener = serving(&config).await?;
    let stop = stop_signal()?;
    pipeline::route(config, listener, stop).await.map_err(Failure::other)
}

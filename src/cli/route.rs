//! `groundswell route`.

use std::process::ExitCode;

use tracing::info;

use crate::config::{Config, Secrets};
use crate::pipeline;
use crate::telemetry::log;

use super::run::{listen, runtime, stop_signal};
use super::{ConfigArg, Failure};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArg,
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let config = args.config.load(Secrets::ResolveSource)?;
    log::init(config.log.format, &config.log.level).map_err(Failure::other)?;
    runtime()?.block_on(serve(config))?;
    Ok(ExitCode::SUCCESS)
}

async fn serve(config: Config) -> Result<(), Failure> {
    let listener = listen(&config).await?;
    info!(address = %config.http.listen, tls = config.http.tls.is_some(), "serving metrics and health");
    let stop = stop_signal()?;
    pipeline::route(config, listener, stop).await.map_err(Failure::other)
}

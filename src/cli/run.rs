//! `groundswell run`.

use std::process::ExitCode;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing::info;

use crate::config::{Config, Secrets};
use crate::http::Readiness;
use crate::pipeline::{self, Service};
use crate::telemetry::log;

use super::{ConfigArg, Failure};

/// What `route` is told, too.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArg,
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let config = start(args, Secrets::Resolve)?;
    carry_out(serve(config))?;
    Ok(ExitCode::SUCCESS)
}

/// Loads the configuration and begins to log as it says.
pub(super) fn start(args: &Args, secrets: Secrets) -> Result<Config, Failure> {
    let config = args.config.load(secrets)?;
    log::init(config.log.format, &config.log.level).map_err(Failure::other)?;
    log::hear_panics();
    Ok(config)
}

async fn serve(config: Config) -> Result<(), Failure> {
    let listener = serving(&config).await?;
    let stop = stop_signal()?;
    let service =
        Service { listener, readiness: Readiness::default(), on_change: Box::new(|_| {}) };
    pipeline::run(config, service, stop).await.map_err(Failure::other)
}

/// Listens where the configuration says, and tells of it.
pub(super) async fn serving(config: &Config) -> Result<TcpListener, Failure> {
    let listener = listen(config).await?;
    info!(address = %config.http.listen, tls = config.http.tls.is_some(), "serving metrics and health");
    Ok(listener)
}

pub(super) async fn listen(config: &Config) -> Result<TcpListener, Failure> {
    TcpListener::bind(config.http.listen).await.map_err(|error| {
        Failure::Other(format!(
            "cannot listen at {}: {error}; choose another address with [http] listen",
            config.http.listen
        ))
    })
}

/// Does `work`. What it has left behind because nobody answers is not waited for.
pub(super) fn carry_out<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = runtime()?;
    let done = runtime.block_on(work);
    runtime.shutdown_background();
    done
}

pub(super) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(Failure::other)
}

/// Resolves when the process is asked to end, politely (SIGTERM) or by Ctrl-C.
pub(super) fn stop_signal() -> Result<impl Future<Output = ()>, Failure> {
    let mut term = signal(SignalKind::terminate()).map_err(Failure::other)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Failure::other)?;
    Ok(async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

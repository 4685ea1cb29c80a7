//! The certificate in use, and the next one.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::ServerConfig;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tracing::{error, info, warn};

use super::TlsError;
use super::files::{Contents, Usable};
use crate::http::TlsFiles;
use crate::source::wall_clock;
use crate::telemetry::Metrics;

/// What new connections are secured with: the files as they last could be used.
pub(in crate::http) struct Certificates {
    files: TlsFiles,
    metrics: Metrics,
    in_use: watch::Sender<Arc<ServerConfig>>,
    seen: Mutex<Seen>,
}

/// What the files were when they were last looked at; each state is acted on once.
#[derive(PartialEq, Eq)]
enum Seen {
    Contents(Vec<u8>),
    /// With what the system said.
    Unreadable(String),
}

impl Certificates {
    /// Loads `files`.
    pub fn load(files: &TlsFiles, metrics: Metrics) -> Result<Self, TlsError> {
        let contents = Contents::read(files)?;
        let Usable { config, expiry } = contents.usable(files)?;
        metrics.http().certificate_loaded(expiry);
        if expiry < wall_clock() {
            warn!(cert = %files.cert.display(), %expiry, "the certificate has run out; clients will refuse it");
        }
        let seen = Mutex::new(Seen::Contents(contents.digest()));
        Ok(Self { files: files.clone(), metrics, in_use: watch::Sender::new(config), seen })
    }

    /// What a new connection is secured with. A session that was begun under something older is not
    /// resumed under it.
    pub fn in_use(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.in_use.borrow())
    }

    /// Looks at the files again and again, and uses what has changed.
    pub async fn follow(self: Arc<Self>, every: Duration) -> Infallible {
        // They have just been loaded.
        let mut ticks = interval_at(Instant::now() + every, every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let this = Arc::clone(&self);
            // A disk may be slow.
            if tokio::task::spawn_blocking(move || this.reload()).await.is_err() {
                error!("looking at the TLS files failed");
            }
        }
    }

    /// Looks at the files; uses them if they have changed and can be used, else keeps what is in use.
    pub fn reload(&self) {
        let contents = Contents::read(&self.files);
        let seen = match &contents {
            Ok(contents) => Seen::Contents(contents.digest()),
            Err(failure) => Seen::Unreadable(failure.to_string()),
        };
        let mut last = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if *last == seen {
            return;
        }
        *last = seen;
        match contents.and_then(|contents| contents.usable(&self.files)) {
            Ok(Usable { config, expiry }) => {
                self.metrics.http().certificate_loaded(expiry);
                info!(cert = %self.files.cert.display(), %expiry, "new TLS files are in use");
                self.in_use.send_replace(config);
            }
            Err(failure) => {
                self.metrics.http().certificate_reload_failed();
                warn!(%failure, "the TLS files have changed and cannot be used; those loaded before still are");
            }
        }
    }
}

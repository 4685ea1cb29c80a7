//! Connections: taken, secured, bounded in number and time, and ended.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_io_timeout::TimeoutWriter;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;
use tracing::{debug, error, warn};

use super::access::Access;
use super::limit::{self, Connection};
use super::settings::{HttpLimits, HttpSettings};
use super::tls::{Certificates, TlsError};
use super::{HttpState, routes};
use crate::telemetry::{Metrics, Refusal};

/// How long answers under way may take once the server is told to stop.
const GRACE: Duration = Duration::from_secs(5);
/// How often the TLS files are looked at.
const RELOAD_EVERY: Duration = Duration::from_secs(5);
/// Connections taken beyond the limit, to tell that there are too many, and to answer probes.
const SURPLUS: usize = 32;
/// Most bytes of a request's head, and of input and output that wait on a connection.
const BUFFER: usize = 64 << 10;
/// How long to wait when the system has no connection left to give.
const EXHAUSTED: Duration = Duration::from_secs(1);

/// Why the server cannot start.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum HttpError {
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("cannot tell the address that HTTP is served at: {0}")]
    Address(#[from] io::Error),
}

/// An HTTP server that is ready to serve.
pub struct Server {
    listener: TcpListener,
    pub(super) certificates: Option<Arc<Certificates>>,
    pub(super) router: Router,
    limits: HttpLimits,
    metrics: Metrics,
    pub(super) grace: Duration,
    /// How often TLS files are looked at.
    pub(super) reload_every: Duration,
}

/// What the server does with each of its connections.
struct Service {
    certificates: Option<Arc<Certificates>>,
    router: Router,
    limits: HttpLimits,
    metrics: Metrics,
    http: http1::Builder,
    /// Becomes true when the server stops.
    stopping: watch::Receiver<bool>,
}

impl Server {
    /// Loads what `settings` name, and warns of what they leave open.
    ///
    /// # Errors
    ///
    /// [`HttpError`]: above all, TLS files that cannot be used.
    pub fn new(
        listener: TcpListener,
        settings: &HttpSettings,
        state: HttpState,
    ) -> Result<Self, HttpError> {
        let settings = &HttpSettings { listen: listener.local_addr()?, ..settings.clone() };
        let metrics = state.metrics.clone();
        let access = Access::new(settings, metrics.clone());
        let certificates = settings.tls.as_ref();
        let certificates =
            certificates.map(|files| Certificates::load(files, metrics.clone())).transpose()?;
        metrics.http().set_limits(settings.limits.max_connections, limit::CLIENTS);
        for warning in settings.warnings() {
            warn!("{warning}");
        }
        Ok(Self {
            listener,
            certificates: certificates.map(Arc::new),
            router: routes(state, &access, settings),
            limits: settings.limits,
            metrics,
            grace: GRACE,
            reload_every: RELOAD_EVERY,
        })
    }

    /// Answers until `shutdown` resolves; then takes no more connections, finishes the answers under
    /// way, and after five seconds leaves those whose readers are too slow.
    pub async fn serve(self, shutdown: impl Future<Output = ()>) {
        let Self { listener, certificates, router, limits, metrics, grace, reload_every } = self;
        let reload = follow(certificates.clone(), reload_every);
        let (stop, stopping) = watch::channel(false);
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(limits.header_timeout)
            .max_buf_size(BUFFER);
        let router = limit::within(limits, metrics.clone(), router);
        let service = Service { certificates, router, limits, metrics, http, stopping };
        let mut connections = JoinSet::new();
        tokio::select! {
            () = shutdown => {}
            never = take(&listener, Arc::new(service), &mut connections) => match never {},
            never = reload => match never {},
        }
        drop(listener);
        stop.send_replace(true);
        let ended = async { while connections.join_next().await.is_some() {} };
        // Those that have not ended by then are dropped.
        let _overdue = timeout(grace, ended).await;
    }
}

async fn follow(certificates: Option<Arc<Certificates>>, every: Duration) -> Infallible {
    match certificates {
        Some(certificates) => certificates.follow(every).await,
        None => std::future::pending().await,
    }
}

/// Takes connections for ever.
async fn take(
    listener: &TcpListener,
    service: Arc<Service>,
    connections: &mut JoinSet<()>,
) -> Infallible {
    let max = service.limits.max_connections;
    let metrics = service.metrics.http();
    loop {
        metrics.set_connections(connections.len());
        tokio::select! {
            // Those that have ended make room before another is taken.
            biased;
            Some(_ended) = connections.join_next() => {}
            (stream, peer) = accept(listener) => match connections.len() {
                open if open >= max + SURPLUS => metrics.refused(Refusal::TooManyConnections),
                open => {
                    let connection = Connection { peer, surplus: open >= max };
                    connections.spawn(Arc::clone(&service).converse(stream, connection));
                }
            },
        }
    }
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(taken) => return taken,
            Err(failure) if is_of_the_connection(&failure) => {}
            Err(failure) => {
                error!(%failure, "no HTTP connection can be taken");
                sleep(EXHAUSTED).await;
            }
        }
    }
}

/// Whether the connection was lost before it was taken, which is no fault of this side.
fn is_of_the_connection(failure: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(failure.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

impl Service {
    /// Resolves when the server stops.
    async fn stopped(&self) {
        let mut stopping = self.stopping.clone();
        let _closed = stopping.wait_for(|stopping| *stopping).await;
    }

    /// Serves one connection to its end.
    async fn converse(self: Arc<Self>, stream: TcpStream, connection: Connection) {
        // Answers are short; they must not wait for more.
        let _unset = stream.set_nodelay(true);
        let mut stream = TimeoutWriter::new(stream);
        stream.set_timeout(Some(self.limits.request_timeout));
        let stream = Box::pin(stream);
        let refused = match &self.certificates {
            None => self.answer(stream, connection).await,
            Some(certificates) => self.secure(stream, connection, certificates).await,
        };
        if let Err(reason) = refused {
            debug!(peer = %connection.peer, reason = reason.name(), "a connection was ended");
            self.metrics.http().refused(reason);
        }
    }

    async fn secure(
        &self,
        stream: Pin<Box<TimeoutWriter<TcpStream>>>,
        connection: Connection,
        certificates: &Certificates,
    ) -> Result<(), Refusal> {
        let handshake = TlsAcceptor::from(certificates.in_use()).accept(stream);
        tokio::select! {
            secured = timeout(self.limits.header_timeout, handshake) => match secured {
                Ok(Ok(stream)) => self.answer(stream, connection).await,
                Ok(Err(_)) | Err(_) => Err(Refusal::TlsHandshake),
            },
            () = self.stopped() => Ok(()),
        }
    }

    /// Answers request after request.
    async fn answer<S>(&self, stream: S, connection: Connection) -> Result<(), Refusal>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let router = self.router.clone().map_request(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(connection);
            request
        });
        let mut http = self.http.clone();
        http.keep_alive(!connection.surplus);
        let mut talk =
            http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
        let ended = tokio::select! {
            ended = &mut talk => ended,
            () = self.stopped() => {
                Pin::new(&mut talk).graceful_shutdown();
                (&mut talk).await
            }
        };
        match ended {
            // A connection on which nothing is asked any more ends in the same way.
            Err(failure) if failure.is_timeout() && !talk.into_parts().read_buf.is_empty() => {
                Err(Refusal::HeaderTimeout)
            }
            Err(failure) if is_slow_reader(&failure) => Err(Refusal::SlowReader),
            // The other side has gone, or speaks no HTTP.
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

/// Whether the client has left an answer untouched for too long.
fn is_slow_reader(failure: &hyper::Error) -> bool {
    let cause = std::error::Error::source(failure).and_then(|it| it.downcast_ref::<io::Error>());
    cause.is_some_and(|cause| cause.kind() == io::ErrorKind::TimedOut)
}

//! An HTTP server that notifications are sent to.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt;
use std::future::pending;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::Response;
use axum::serve::Listener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

use super::DEADLINE;
use super::cut::{Cut, CuttableListener};
use super::ports::free_port;

/// A request as it came in.
#[derive(Debug, Clone)]
pub struct Received {
    /// `POST`, as a rule.
    pub method: Method,
    /// Path and query.
    pub path: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
    /// When the request's headers were here.
    pub at: Instant,
}

impl Received {
    /// The idempotency key, by which a receiver knows what it has already got.
    pub fn key(&self) -> &str {
        let key = self.headers.get("idempotency-key").expect("an idempotency key");
        key.to_str().expect("a key of ASCII")
    }

    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }
}

/// What the receiver does with a request, after it has recorded it.
#[derive(Debug, Clone)]
pub enum Answer {
    /// Answers with a status, headers and a body.
    Respond(StatusCode, HeaderMap, Bytes),
    /// Never answers, and keeps the connection open.
    Hang,
    /// Closes the connection without a byte of an answer.
    Close,
}

impl Answer {
    /// A bare status, e.g. `Answer::status(429).header("retry-after", "2")`.
    pub fn status(code: u16) -> Self {
        let code = StatusCode::from_u16(code).expect("an HTTP status");
        Self::Respond(code, HeaderMap::new(), Bytes::new())
    }

    /// What Slack says to a message that it takes.
    pub fn ok() -> Self {
        Self::status(200).body("ok")
    }

    /// Adds a header.
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        if let Self::Respond(_, headers, _) = &mut self {
            let value = HeaderValue::from_str(value).expect("a header value");
            headers.insert(HeaderName::from_static(name), value);
        }
        self
    }

    /// Sets the body.
    pub fn body(mut self, text: &str) -> Self {
        if let Self::Respond(_, _, body) = &mut self {
            *body = Bytes::copy_from_slice(text.as_bytes());
        }
        self
    }
}

/// A receiver on loopback. Dropping it closes its port and every connection.
pub struct HttpReceiver {
    address: SocketAddr,
    shared: Arc<Shared>,
    /// A runtime of its own, so that dropping it ends every task and connection, also the hanging ones.
    runtime: Option<Runtime>,
}

struct Shared {
    received: watch::Sender<Vec<Received>>,
    script: Mutex<Script>,
}

struct Script {
    next: VecDeque<Answer>,
    otherwise: Answer,
}

impl HttpReceiver {
    /// Listens on a free port and answers everything with [`Answer::ok`].
    pub fn start() -> Self {
        Self::start_on(free_port())
    }

    /// As [`start`](Self::start), on a given port: e.g. that of a receiver that was dropped before.
    pub fn start_on(port: u16) -> Self {
        let runtime =
            Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let listener = {
            let _inside = runtime.enter();
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("a free port");
            listener.set_nonblocking(true).expect("a nonblocking listener");
            CuttableListener::from_std(listener)
        };
        let address = listener.local_addr().expect("the listener's address");
        let shared = Arc::new(Shared {
            received: watch::Sender::new(Vec::new()),
            script: Mutex::new(Script { next: VecDeque::new(), otherwise: Answer::ok() }),
        });
        let router = Router::new().fallback(receive).with_state(Arc::clone(&shared));
        let service = router.into_make_service_with_connect_info::<Cut>();
        runtime.spawn(async move { axum::serve(listener, service).await });
        Self { address, shared, runtime: Some(runtime) }
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The address to send to; `path` starts with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Answers the next requests with these, one each, after those that were queued before.
    pub fn answer_next(&self, answers: impl IntoIterator<Item = Answer>) {
        self.shared.script.lock().expect("the script").next.extend(answers);
    }

    /// Answers with this whenever nothing is queued.
    pub fn answer_otherwise(&self, answer: Answer) {
        self.shared.script.lock().expect("the script").otherwise = answer;
    }

    /// Everything so far, in the order of arrival of the last byte.
    pub fn received(&self) -> Vec<Received> {
        self.shared.received.borrow().clone()
    }

    /// Everything so far, which is forgotten.
    pub fn take(&self) -> Vec<Received> {
        let mut taken = Vec::new();
        self.shared.received.send_modify(|all| taken = std::mem::take(all));
        taken
    }

    /// Waits for at least `count` requests and returns everything so far.
    pub async fn wait_for(&self, count: usize) -> Vec<Received> {
        self.wait_until(|received| received.len() >= count).await
    }

    /// Waits until what was received satisfies `enough` and returns everything so far.
    ///
    /// # Panics
    ///
    /// When that does not happen within [`DEADLINE`]; it lists what did come.
    pub async fn wait_until(&self, enough: impl Fn(&[Received]) -> bool) -> Vec<Received> {
        let mut changes = self.shared.received.subscribe();
        let waiting = changes.wait_for(|received| enough(received));
        if let Ok(Ok(received)) = tokio::time::timeout(DEADLINE, waiting).await {
            return received.clone();
        }
        panic!(
            "what was awaited has not come within {DEADLINE:?}. What has:\n{}",
            Listing(&self.received())
        );
    }
}

impl Drop for HttpReceiver {
    fn drop(&mut self) {
        // A runtime may not be waited for inside another one, and a test's thread may be inside one.
        if let Some(runtime) = self.runtime.take() {
            let _ = std::thread::spawn(move || drop(runtime)).join();
        }
    }
}

async fn receive(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    request: Request,
) -> Result<Response, Infallible> {
    let at = Instant::now();
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        // The sender went away in the middle: there is no whole request to record, and nobody to answer.
        cut.cut();
        return Ok(Response::new(Body::empty()));
    };
    let answer = {
        let mut script = shared.script.lock().expect("the script");
        script.next.pop_front().unwrap_or_else(|| script.otherwise.clone())
    };
    let path = parts.uri.path_and_query().map_or_else(String::new, ToString::to_string);
    let received = Received { method: parts.method, path, headers: parts.headers, body, at };
    shared.received.send_modify(|all| all.push(received));
    match answer {
        Answer::Respond(status, headers, body) => {
            let mut response = Response::new(Body::from(body));
            *response.status_mut() = status;
            *response.headers_mut() = headers;
            Ok(response)
        }
        Answer::Hang => pending().await,
        Answer::Close => {
            cut.cut();
            Ok(Response::new(Body::empty()))
        }
    }
}

struct Listing<'a>(&'a [Received]);

impl fmt::Display for Listing<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Received { method, path, body, .. } in self.0 {
            let start = &body[..body.len().min(200)];
            writeln!(
                out,
                "{method} {path} ({} bytes): {}",
                body.len(),
                String::from_utf8_lossy(start)
            )?;
        }
        write!(out, "({} requests)", self.0.len())
    }
}

//! A workspace of Slack, as far as a bot sees it: built to what Slack publishes of its Web API
//! (<https://docs.slack.dev/reference/methods>), since no real one can be had here.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Form, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// The only bot token that it knows.
pub const BOT_TOKEN: &str = "xoxb-0-bot-of-the-tests";
/// The only channel that the bot is in.
pub const CHANNEL: &str = "C0123456789";

/// A message in the channel.
#[derive(Debug, Clone)]
pub struct Message {
    pub ts: String,
    /// The message below which it stands.
    pub thread: Option<String>,
    /// As it stands now.
    pub content: Value,
    /// How often it has been changed.
    pub updates: usize,
}

/// What has come to the workspace.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    pub messages: Vec<Message>,
    /// Uploaded files that may be shown, by id.
    pub files: BTreeMap<String, Bytes>,
    /// What was posted to response URLs.
    pub replies: Vec<Value>,
    /// Methods that were called, in order.
    pub calls: Vec<String>,
}

#[derive(Default)]
struct Inside {
    /// Uploaded, and not completed.
    uploads: BTreeMap<String, (usize, Bytes)>,
    /// Files that have been looked at, so that they may be shown.
    looked_at: Vec<String>,
    /// What the next calls of a method are answered with, instead of what is right.
    script: VecDeque<(&'static str, Failing)>,
    count: u64,
}

/// How a call fails.
#[derive(Debug, Clone)]
pub enum Failing {
    /// Slack says no.
    Error(&'static str),
    /// It asks to wait for so many seconds.
    Limited(u32),
    /// The call has its effect, and its answer is lost.
    Lost,
}

/// A workspace on loopback.
pub struct SlackWorkspace {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    address: SocketAddr,
    seen: watch::Sender<Seen>,
    inside: Mutex<Inside>,
}

impl SlackWorkspace {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = watch::Sender::new(Seen::default());
        let shared = Arc::new(Shared { address, seen, inside: Mutex::default() });
        let router = Router::new()
            .route("/api/chat.postMessage", post(post_message))
            .route("/api/chat.update", post(update))
            .route("/api/files.getUploadURLExternal", post(upload_url))
            .route("/api/files.completeUploadExternal", post(complete))
            .route("/upload/{file}", post(upload))
            .route("/response", post(reply))
            .with_state(Arc::clone(&shared));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, shared, task }
    }

    /// Below it lie the methods.
    pub fn url(&self) -> String {
        format!("http://{}/api/", self.address)
    }

    /// Where whoever presses a button is answered.
    pub fn response_url(&self) -> String {
        format!("http://{}/response", self.address)
    }

    /// Lets the next call of `method` fail.
    pub fn fail_next(&self, method: &'static str, failing: Failing) {
        self.shared.inside.lock().unwrap().script.push_back((method, failing));
    }

    /// What is there.
    pub fn seen(&self) -> Seen {
        self.shared.seen.borrow().clone()
    }

    /// Somebody deletes a message.
    pub fn delete(&self, ts: &str) {
        self.shared.seen.send_modify(|seen| seen.messages.retain(|it| it.ts != ts));
    }

    /// Waits until `enough` has come.
    pub async fn wait_until(&self, enough: impl Fn(&Seen) -> bool) -> Seen {
        let mut changes = self.shared.seen.subscribe();
        let waiting = changes.wait_for(|seen| enough(seen));
        match tokio::time::timeout(Duration::from_secs(120), waiting).await {
            Ok(Ok(seen)) => seen.clone(),
            _ => panic!("what was awaited has not come; what has: {:#?}", self.seen()),
        }
    }
}

impl Drop for SlackWorkspace {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Seen {
    /// The messages that stand in the channel itself.
    pub fn roots(&self) -> Vec<&Message> {
        self.messages.iter().filter(|it| it.thread.is_none()).collect()
    }

    /// Those below one of them.
    pub fn thread_of(&self, ts: &str) -> Vec<&Message> {
        self.messages.iter().filter(|it| it.thread.as_deref() == Some(ts)).collect()
    }
}

/// What goes wrong before a method has looked at its arguments.
fn refused(shared: &Shared, method: &'static str, headers: &HeaderMap) -> Option<Response> {
    shared.seen.send_modify(|seen| seen.calls.push(method.to_owned()));
    let authorization = headers.get("authorization").and_then(|it| it.to_str().ok());
    match authorization.and_then(|it| it.strip_prefix("Bearer ")) {
        None => return Some(error("not_authed")),
        Some(BOT_TOKEN) => {}
        Some(_) => return Some(error("invalid_auth")),
    }
    let mut inside = shared.inside.lock().unwrap();
    let at =
        inside.script.iter().position(|it| it.0 == method && !matches!(it.1, Failing::Lost))?;
    match inside.script.remove(at)?.1 {
        Failing::Error(code) => Some(error(code)),
        Failing::Limited(seconds) => Some(
            (StatusCode::TOO_MANY_REQUESTS, [("retry-after", seconds.to_string())]).into_response(),
        ),
        Failing::Lost => None,
    }
}

/// `answer`, unless it is to be lost.
fn answered(shared: &Shared, method: &'static str, answer: Value) -> Response {
    let mut inside = shared.inside.lock().unwrap();
    let lost = inside.script.iter().position(|it| it.0 == method && matches!(it.1, Failing::Lost));
    match lost {
        Some(at) => {
            inside.script.remove(at);
            StatusCode::BAD_GATEWAY.into_response()
        }
        None => axum::Json(answer).into_response(),
    }
}

fn error(code: &str) -> Response {
    axum::Json(json!({"ok": false, "error": code})).into_response()
}

/// The arguments of a method that takes JSON, of a message that Slack would take; or Slack's word for what is wrong.
fn message(shared: &Shared, headers: &HeaderMap, body: &[u8]) -> Result<Value, &'static str> {
    let is_json = headers.get("content-type").and_then(|it| it.to_str().ok());
    if is_json != Some("application/json; charset=utf-8") {
        return Err("invalid_post_type");
    }
    let mut message: Value = serde_json::from_slice(body).map_err(|_| "invalid_json")?;
    if message["channel"] != CHANNEL {
        return Err("channel_not_found");
    }
    if message["text"].as_str().is_none_or(str::is_empty) {
        return Err("no_text");
    }
    let files = message["blocks"].as_array().into_iter().flatten();
    let mut inside = shared.inside.lock().unwrap();
    for file in files.filter_map(|block| block["slack_file"]["id"].as_str()) {
        if !shared.seen.borrow().files.contains_key(file) {
            return Err("invalid_blocks");
        }
        // It looks at a file after it has been uploaded, and does not show it before.
        if !inside.looked_at.iter().any(|it| it == file) {
            inside.looked_at.push(file.to_owned());
            return Err("invalid_blocks");
        }
    }
    if let Some(message) = message.as_object_mut() {
        message.remove("channel");
    }
    Ok(message)
}

async fn post_message(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    const METHOD: &str = "chat.postMessage";
    if let Some(refused) = refused(&shared, METHOD, &headers) {
        return refused;
    }
    let content = match message(&shared, &headers, &body) {
        Ok(content) => content,
        Err(code) => return error(code),
    };
    let thread = content["thread_ts"].as_str().map(str::to_owned);
    let is_there = |ts: &String| shared.seen.borrow().messages.iter().any(|it| it.ts == *ts);
    if thread.as_ref().is_some_and(|ts| !is_there(ts)) {
        return error("thread_not_found");
    }
    let ts = {
        let mut inside = shared.inside.lock().unwrap();
        inside.count += 1;
        format!("1700000000.{:06}", inside.count)
    };
    let message = Message { ts: ts.clone(), thread, content, updates: 0 };
    shared.seen.send_modify(|seen| seen.messages.push(message));
    answered(&shared, METHOD, json!({"ok": true, "channel": CHANNEL, "ts": ts}))
}

async fn update(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    const METHOD: &str = "chat.update";
    if let Some(refused) = refused(&shared, METHOD, &headers) {
        return refused;
    }
    let content = match message(&shared, &headers, &body) {
        Ok(content) => content,
        Err(code) => return error(code),
    };
    let ts = content["ts"].as_str().unwrap_or_default().to_owned();
    let mut found = false;
    shared.seen.send_modify(|seen| {
        if let Some(message) = seen.messages.iter_mut().find(|it| it.ts == ts) {
            (message.content, message.updates, found) = (content, message.updates + 1, true);
        }
    });
    if !found {
        return error("message_not_found");
    }
    answered(&shared, METHOD, json!({"ok": true, "channel": CHANNEL, "ts": ts}))
}

/// Takes no JSON.
async fn upload_url(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Form(form): Form<BTreeMap<String, String>>,
) -> Response {
    const METHOD: &str = "files.getUploadURLExternal";
    if let Some(refused) = refused(&shared, METHOD, &headers) {
        return refused;
    }
    let length = form.get("length").and_then(|it| it.parse::<usize>().ok());
    let (Some(length), true) = (length, form.contains_key("filename")) else {
        return error("invalid_arguments");
    };
    let mut inside = shared.inside.lock().unwrap();
    inside.count += 1;
    let file = format!("F{:010}", inside.count);
    inside.uploads.insert(file.clone(), (length, Bytes::new()));
    let url = format!("http://{}/upload/{file}", shared.address);
    drop(inside);
    answered(&shared, METHOD, json!({"ok": true, "upload_url": url, "file_id": file}))
}

async fn upload(
    State(shared): State<Arc<Shared>>,
    Path(file): Path<String>,
    body: Bytes,
) -> StatusCode {
    let mut inside = shared.inside.lock().unwrap();
    match inside.uploads.get_mut(&file) {
        Some((length, bytes)) if *length == body.len() => {
            *bytes = body;
            StatusCode::OK
        }
        _ => StatusCode::BAD_REQUEST,
    }
}

async fn complete(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Form(form): Form<BTreeMap<String, String>>,
) -> Response {
    const METHOD: &str = "files.completeUploadExternal";
    if let Some(refused) = refused(&shared, METHOD, &headers) {
        return refused;
    }
    let files = form.get("files").and_then(|it| serde_json::from_str::<Value>(it).ok());
    let Some(files) = files.as_ref().and_then(Value::as_array) else {
        return error("invalid_arguments");
    };
    for file in files {
        let id = file["id"].as_str().unwrap_or_default();
        match shared.inside.lock().unwrap().uploads.remove(id) {
            Some((_, bytes)) if !bytes.is_empty() => {
                shared.seen.send_modify(|seen| drop(seen.files.insert(id.to_owned(), bytes)));
            }
            _ => return error("file_not_found"),
        }
    }
    answered(&shared, METHOD, json!({"ok": true, "files": files}))
}

async fn reply(
    State(shared): State<Arc<Shared>>,
    axum::Json(reply): axum::Json<Value>,
) -> &'static str {
    shared.seen.send_modify(|seen| seen.replies.push(reply));
    "ok"
}

//! Buttons that are pressed in Slack.
//!
//! Slack posts what was pressed, and signs it
//! (<https://docs.slack.dev/authentication/verifying-requests-from-slack>). It waits three seconds for an answer;
//! what came of it is told afterwards to whoever has pressed, and to nobody else.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, FromRequest, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Form, Router};
use ring::hmac;
use serde::Deserialize;
use subtle::ConstantTimeEq;
use tokio::time::timeout;
use tracing::warn;
use uuid::Uuid;

use super::access::{Caller, Role};
use super::api::{Fault, Given, LONGEST_NAME};
use super::problem::refuse;
use super::settings::SlackSettings;
use crate::desk::Desk;
use crate::mention::Timestamp;
use crate::notify::slack::{Pressed, Replies};
use crate::source::wall_clock;
use crate::store::Responded;
use crate::telemetry::{Metrics, Refusal};

/// Where Slack posts.
pub(super) const PATH: &str = "/slack/interactions";
/// The largest that it posts, in bytes: the whole message comes back with what was pressed.
pub(super) const MOST_BYTES: usize = 1 << 20;

/// How old a request may be, in seconds: an older one may be one that was overheard.
const FRESH: i64 = 300;
/// How long Slack is kept waiting.
const PATIENCE: Duration = Duration::from_secs(2);
/// Beside it the request's time is signed, and its body.
const VERSION: &str = "v0";

/// Hears what people press.
struct Hearing {
    desk: Desk,
    key: hmac::Key,
    replies: Replies,
    metrics: Metrics,
}

/// Where Slack tells what was pressed.
pub(super) fn routes(desk: Desk, settings: &SlackSettings, metrics: Metrics) -> Router {
    let secret = settings.signing_secret.expose();
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let replies = Replies::new(settings.targets.clone());
    let hearing = Hearing { desk, key, replies, metrics };
    Router::new()
        .route(PATH, post(hear))
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .with_state(Arc::new(hearing))
}

/// The form that Slack posts.
#[derive(Deserialize)]
struct Posted {
    payload: String,
}

/// What has happened, as far as it counts
/// (<https://docs.slack.dev/reference/interaction-payloads/block_actions-payload>).
#[derive(Deserialize)]
struct Interaction {
    user: User,
    #[serde(default)]
    actions: Vec<Action>,
    response_url: Option<String>,
}

#[derive(Deserialize)]
struct User {
    id: String,
    name: Option<String>,
    username: Option<String>,
}

#[derive(Deserialize)]
struct Action {
    action_id: String,
    #[serde(default)]
    value: String,
    #[serde(default)]
    action_ts: String,
}

async fn hear(State(hearing): State<Arc<Hearing>>, headers: HeaderMap, body: Bytes) -> Response {
    if !hearing.is_slacks(&headers, &body, wall_clock()) {
        let detail = "Only Slack is heard here: the request is not signed with the signing secret of [http] \
                      slack, or is older than five minutes. Compare the secret with the one in the app's \
                      \"Basic Information\", and this machine's clock with the right time.";
        let http = hearing.metrics.http();
        return refuse(http, StatusCode::UNAUTHORIZED, Refusal::BadSignature, detail);
    }
    match read(body).await {
        Some(interaction) => {
            // Slack hangs up after three seconds; what was pressed is done all the same.
            let done = tokio::spawn(async move { hearing.carry_out(interaction).await });
            let _later = timeout(PATIENCE, done).await;
            StatusCode::OK.into_response()
        }
        None => (StatusCode::BAD_REQUEST, "this is no interaction\n").into_response(),
    }
}

/// The interaction in a body; also of a kind that has no buttons, of which nothing follows.
async fn read(body: Bytes) -> Option<Interaction> {
    let form = "application/x-www-form-urlencoded";
    let request =
        Request::post(PATH).header(header::CONTENT_TYPE, form).body(Body::from(body)).ok()?;
    let Form(Posted { payload }) = Form::from_request(request, &()).await.ok()?;
    serde_json::from_str(&payload).ok()
}

impl Hearing {
    /// Whether Slack has signed `body` just before `now`.
    fn is_slacks(&self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> bool {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let Some(time) = text("x-slack-request-timestamp") else { return false };
        let Some(signature) = text("x-slack-signature") else { return false };
        let Ok(at) = time.parse::<i64>() else { return false };
        let is_fresh = (now.as_millis() / 1_000).abs_diff(at) <= FRESH.unsigned_abs();
        let signed = [format!("{VERSION}:{time}:").as_bytes(), body].concat();
        let tag = hmac::sign(&self.key, &signed);
        let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        let expected = format!("{VERSION}={hex}");
        is_fresh && bool::from(expected.as_bytes().ct_eq(signature.as_bytes()))
    }

    /// Does what was pressed, and has whoever pressed told what came of it.
    async fn carry_out(&self, Interaction { user, actions, response_url }: Interaction) {
        for action in actions {
            // A button that leads to the page is heard of, too.
            let Some(pressed) = Pressed::parse(&action.value) else { continue };
            let done = self.act(&user, &action, &pressed).await.map(str::to_owned);
            let words =
                done.unwrap_or_else(|fault| format!("That could not be done. {}", fault.detail()));
            if let Some(url) = response_url.clone() {
                let replies = self.replies.clone();
                tokio::spawn(async move {
                    if let Err(failure) = replies.tell(&url, &words).await {
                        warn!(
                            failure,
                            "whoever has pressed a button in Slack is not told what came of it"
                        );
                    }
                });
            }
        }
    }

    async fn act(
        &self,
        user: &User,
        action: &Action,
        pressed: &Pressed,
    ) -> Result<&'static str, Fault> {
        let name = user.name.as_deref().or(user.username.as_deref()).unwrap_or(&user.id);
        let name: String = name.chars().take(LONGEST_NAME).collect();
        let caller = Caller { name: name.as_str().into(), role: Role::Responder };
        // Pressed once, it counts once, however often Slack tells of it.
        let press = format!("{} {} {}", user.id, action.action_id, action.action_ts);
        let id = Uuid::new_v5(&pressed.incident, press.as_bytes());
        let (name, shown) = (Some(name), Some(pressed.shown));
        let given = Given::by_button(&action.action_id, Some(id), name, None, shown)?;
        let response = given.response(pressed.incident, &caller, wall_clock())?;
        Ok(match self.desk.respond(&response).await? {
            Responded::Moot => "That has been done already, or the incident is over.",
            Responded::Done | Responded::Known => done(&action.action_id),
        })
    }
}

/// What has been done, in words.
fn done(act: &str) -> &'static str {
    match act {
        "acknowledge" => "You have taken the incident; everybody who was told of it hears so.",
        "false_alarm" => {
            "Noted as a false alarm. Nobody hears more of this incident unless it becomes more severe, and it will \
             take more to page you."
        }
        _ => {
            "You have silenced the brand; what is more severe than what you saw is told all the same. The page shows \
             until when, and ends it sooner."
        }
    }
}

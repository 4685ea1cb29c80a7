//! Slack, through its Web API as a bot: one message an incident, changed in place, and a thread below it
//! for what happens.

mod call;
mod picture;

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::timeout;
use tracing::warn;
use uuid::Uuid;

use super::message::{compose, reply, written};
use super::storm;
use crate::incident::{Change, State};
use crate::notify::Telling;
use crate::notify::channel::Refusal;
use crate::notify::observer::Failure;
use crate::notify::picture::Pictures;
use crate::notify::storm::Storm;
use crate::notify::story::Mark;
use crate::store::{Store, StoreError};

use call::Problem;

pub use call::{ENDPOINT, WebApi};

/// Slack takes one message a second for a channel (<https://docs.slack.dev/apis/web-api/rate-limits>).
const PACE: Duration = Duration::from_secs(1);
/// How long what comes after the telling may take: a picture, messages that are brought up to date.
const FINISHING: Duration = Duration::from_secs(15);

/// What Slack says of a message that is there no more, or is in a channel that is told no more.
const GONE: [&str; 4] = ["message_not_found", "channel_not_found", "is_archived", "not_in_channel"];
/// What Slack says of a message that may not be changed.
const UNCHANGEABLE: [&str; 2] = ["cant_update_message", "edit_window_closed"];

/// A channel of Slack that a bot tells.
pub struct SlackApi {
    /// The route, under which messages are remembered.
    pub route: String,
    /// Slack.
    pub api: WebApi,
    /// The channel's id.
    pub channel: String,
    /// How it tells.
    pub telling: Telling,
    /// Where it is remembered which message is of which incident.
    pub store: Store,
    /// Draws what is told, if anything does.
    pub pictures: Option<Arc<dyn Pictures>>,
}

/// A message that Slack has taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Posted {
    /// The channel's id, also where its name was given.
    channel: String,
    /// Names the message within it.
    ts: String,
    /// The change that was told last.
    told: Uuid,
}

impl SlackApi {
    /// The shortest time between two changes.
    pub const fn pace() -> Duration {
        PACE
    }

    /// How long one try may take: three calls and the store at most, and what comes after them.
    pub fn patience(request: Duration) -> Duration {
        3 * request + 2 * FINISHING
    }

    /// Names the channel and who writes there. A secret.
    pub fn identity(&self) -> String {
        format!("{} {}", self.api.identity(), self.channel)
    }

    /// Tells `change`: as the incident's message, or in that and in the thread below it.
    ///
    /// What has been told is remembered before its picture is drawn, so that a try that is cut off then tells
    /// nobody twice. Where Slack's answer is lost it is told once more: Slack knows no idempotency key.
    pub async fn deliver(&self, change: &Change) -> Result<(), Refusal> {
        // Each call has its limit; what has been told must not be cut off before it is remembered.
        let posted = match self.known(change).await? {
            Some(posted) if posted.told == change.id => posted,
            Some(posted) if self.go_on(&posted, change).await? => posted,
            _ => self.begin(change).await?,
        };
        if timeout(FINISHING, self.show(&posted, change)).await.is_err() {
            let (route, incident) = (&self.route, change.incident.id);
            warn!(route, %incident, "its picture takes too long, and is left out");
        }
        Ok(())
    }

    /// Tells all of `changes` in one message of its own, and brings those up to date that tell of one of them.
    pub async fn deliver_storm(&self, changes: &[Change]) -> Result<(), Refusal> {
        let mut message = written(&storm::message(&Storm::of(changes, &self.telling)));
        message["channel"] = json!(self.channel);
        self.api.call("chat.postMessage", &message).await?;
        let route = &self.route;
        let rest = async {
            for change in changes {
                if let Err(Refusal { failure, .. }) = self.bring_up_to_date(change).await {
                    let incident = change.incident.id;
                    warn!(route, %incident, %failure, "its message does not say yet what was told of it");
                }
            }
        };
        if timeout(FINISHING, rest).await.is_err() {
            warn!(route, "not all messages say yet what was told of their incidents in one");
        }
        Ok(())
    }

    async fn bring_up_to_date(&self, change: &Change) -> Result<(), Refusal> {
        let Some(posted) = self.known(change).await? else { return Ok(()) };
        let message = written(&compose(change, &self.telling, None));
        Ok(self.update(&posted, message).await?)
    }

    /// The message that tells of the incident.
    async fn known(&self, change: &Change) -> Result<Option<Posted>, Refusal> {
        let known = self.store.message(&self.route, change.incident.id).await.map_err(forgotten)?;
        Ok(known.and_then(|place| serde_json::from_str(&place).ok()))
    }

    /// Posts the incident's message.
    async fn begin(&self, change: &Change) -> Result<Posted, Refusal> {
        let mut message = written(&compose(change, &self.telling, None));
        message["channel"] = json!(self.channel);
        let answer = self.api.call("chat.postMessage", &message).await?;
        let (channel, ts) = (text(&answer, "channel")?, text(&answer, "ts")?);
        let posted = Posted { channel, ts, told: change.id };
        self.remember(&posted, change).await;
        Ok(posted)
    }

    /// People have been told: whatever is wrong with the store, they are not told again for that.
    async fn remember(&self, posted: &Posted, change: &Change) {
        let (route, incident) = (&self.route, change.incident.id);
        let Ok(place) = serde_json::to_string(posted) else { return };
        if let Err(failure) = self.store.remember_message(route, incident, &place).await {
            warn!(route, %incident, %failure, "it is not known which message is this incident's; what happens next begins another");
        }
    }

    /// Changes the incident's message, and tells below it what has happened; `false` when somebody has
    /// deleted it.
    async fn go_on(&self, posted: &Posted, change: &Change) -> Result<bool, Refusal> {
        let message = written(&compose(change, &self.telling, None));
        match self.update(posted, message).await {
            Ok(()) => {}
            Err(Problem::Said(code)) if GONE.contains(&code.as_str()) => return Ok(false),
            // Some workspaces let nobody change what is older; the thread says it.
            Err(Problem::Said(code)) if UNCHANGEABLE.contains(&code.as_str()) => {}
            Err(problem) => return Err(problem.into()),
        }
        let mut reply = written(&reply(change, &self.telling));
        reply["channel"] = json!(posted.channel);
        reply["thread_ts"] = json!(posted.ts);
        // Nobody who does not follow a thread is told of what stands in it.
        reply["reply_broadcast"] = json!(is_worse(change, &self.telling));
        self.api.call("chat.postMessage", &reply).await?;
        self.remember(&Posted { told: change.id, ..posted.clone() }, change).await;
        Ok(true)
    }

    /// Adds a picture to the message, if one can be had: people have been told by then.
    async fn show(&self, posted: &Posted, change: &Change) {
        let Some(pictures) = &self.pictures else { return };
        let Some(picture) = pictures.of(&change.incident).await else { return };
        let shown = async {
            let file = picture::upload(&self.api, &picture).await?;
            let block = picture::block(file, &picture);
            let message = written(&compose(change, &self.telling, Some(block)));
            picture::until_it_is_there(|| self.update(posted, message.clone())).await
        };
        if let Err(problem) = shown.await {
            let (route, incident) = (&self.route, change.incident.id);
            let failure = Refusal::from(problem).failure;
            warn!(route, %incident, %failure, "an incident is told without its picture");
        }
    }

    async fn update(&self, posted: &Posted, mut message: Value) -> Result<(), Problem> {
        message["channel"] = json!(posted.channel);
        message["ts"] = json!(posted.ts);
        self.api.call("chat.update", &message).await.map(drop)
    }
}

/// Whether people must hear of it who have not been in the thread.
fn is_worse(change: &Change, telling: &Telling) -> bool {
    change.incident.state == State::Escalated || telling.story(change).mark == Mark::Worse
}

/// A field of Slack's answer without which nothing can follow.
fn text(answer: &Value, key: &str) -> Result<String, Failure> {
    let text = answer[key].as_str().map(str::to_owned);
    text.ok_or_else(|| Failure::Deferred { words: format!("Slack's answer names no {key}") })
}

/// The store does not say which message is the incident's.
fn forgotten(failure: StoreError) -> Failure {
    Failure::Deferred { words: format!("which message is the incident's is not known: {failure}") }
}

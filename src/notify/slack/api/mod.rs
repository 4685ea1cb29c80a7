//! Slack, through its Web API as a bot: one message an incident, changed in place, and a thread below it
//! for what happens.

mod call;
mod picture;
mod rest;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tracing::warn;
use uuid::Uuid;

use super::message::{compose, reply, written};
use super::storm;
use crate::incident::{Change, State};
use crate::notify::Telling;
use crate::notify::channel::Refusal;
use crate::notify::observer::Failure;
use crate::notify::picture::Pictures;
use crate::notify::rest::Rest;
use crate::notify::storm::{Storm, latest};
use crate::notify::story::Mark;
use crate::store::{Store, StoreError};

use call::Problem;
use rest::Finish;

pub use call::{ENDPOINT, WebApi};

/// Slack takes one message a second for a channel (<https://docs.slack.dev/apis/web-api/rate-limits>).
const PACE: Duration = Duration::from_secs(1);
/// How long the store may take to say which message is whose, and to remember it.
const STORE: Duration = Duration::from_secs(15);

/// What Slack says of a message that is there no more, or is in a channel that is told no more.
const GONE: [&str; 6] = [
    "cannot_reply_to_message",
    "channel_not_found",
    "is_archived",
    "message_not_found",
    "not_in_channel",
    "thread_not_found",
];
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
    /// Whether it tells of many incidents.
    #[serde(default)]
    is_storm: bool,
}

impl SlackApi {
    /// The shortest time between two changes.
    pub const fn pace() -> Duration {
        PACE
    }

    /// How long one try may take: three calls, and the store, at most.
    pub fn patience(request: Duration) -> Duration {
        3 * request + STORE
    }

    /// Names the channel and who writes there. A secret.
    pub fn identity(&self) -> String {
        format!("{} {}", self.api.identity(), self.channel)
    }

    /// Tells `change`: as the incident's message, or in that and in the thread below it. What is left then is its
    /// picture.
    ///
    /// What has been told is remembered, so that a try that is cut off then tells nobody twice. Where Slack's
    /// answer is lost it is told once more: Slack knows no idempotency key.
    pub async fn deliver(self: &Arc<Self>, change: &Change) -> Result<Vec<Box<dyn Rest>>, Refusal> {
        let known = self.known(&[change]).await?.pop().flatten();
        let posted = match known {
            // A try that was cut off has told it; whether it came to the end is not known.
            Some(posted) if posted.told == change.id && !posted.is_storm => {
                return Ok(vec![Box::new(Finish::all(self, posted, change))]);
            }
            Some(posted) if posted.told == change.id => return Ok(Vec::new()),
            Some(posted) if self.go_on(&posted, change).await? => posted,
            _ => self.begin(change).await?,
        };
        let picture = Finish::picture(self, posted, change);
        Ok(picture.map(|it| Box::new(it) as Box<dyn Rest>).into_iter().collect())
    }

    /// Tells all of `changes` in one message of its own. What is left then is to bring those up to date that tell
    /// of one of the incidents.
    pub async fn deliver_storm(
        self: &Arc<Self>,
        changes: &[Change],
    ) -> Result<Vec<Box<dyn Rest>>, Refusal> {
        let latest = latest(changes);
        let known = self.known(&latest).await?;
        let is_told = |(known, change): (&Option<Posted>, &&Change)| {
            known.as_ref().is_some_and(|posted| posted.told == change.id)
        };
        if !known.iter().zip(&latest).all(is_told) {
            let message = written(&storm::message(&Storm::of(changes, &self.telling)));
            let storm = Posted { is_storm: true, ..self.post(message, Uuid::nil()).await? };
            let place = |(known, change): (&Option<Posted>, &&Change)| {
                let own = known.as_ref().filter(|posted| !posted.is_storm);
                (change.incident.id, Posted { told: change.id, ..own.unwrap_or(&storm).clone() })
            };
            self.remember(known.iter().zip(&latest).map(place)).await;
        }
        let own = known.into_iter().zip(latest).filter_map(|(known, change)| {
            let posted = known.filter(|posted| !posted.is_storm)?;
            Some(Box::new(Finish::all(self, posted, change)) as Box<dyn Rest>)
        });
        Ok(own.collect())
    }

    /// The messages that tell of these incidents.
    async fn known(&self, changes: &[&Change]) -> Result<Vec<Option<Posted>>, Refusal> {
        let incidents: Vec<Uuid> = changes.iter().map(|change| change.incident.id).collect();
        let places = self.store.messages(&self.route, &incidents).await.map_err(forgotten)?;
        let read = |place: Option<String>| place.and_then(|it| serde_json::from_str(&it).ok());
        Ok(places.into_iter().map(read).collect())
    }

    /// Posts the incident's message.
    async fn begin(&self, change: &Change) -> Result<Posted, Refusal> {
        let message = written(&compose(change, &self.telling, None));
        let posted = self.post(message, change.id).await?;
        self.remember([(change.incident.id, posted.clone())]).await;
        Ok(posted)
    }

    /// Posts `message`, which tells `change`.
    async fn post(&self, mut message: Value, change: Uuid) -> Result<Posted, Refusal> {
        message["channel"] = json!(self.channel);
        let answer = self.api.call("chat.postMessage", &message).await?;
        let (channel, ts) = (text(&answer, "channel")?, text(&answer, "ts")?);
        Ok(Posted { channel, ts, told: change, is_storm: false })
    }

    /// People have been told: whatever is wrong with the store, they are not told again for that.
    async fn remember(&self, posted: impl IntoIterator<Item = (Uuid, Posted)>) {
        let place = |(incident, posted)| Some((incident, serde_json::to_string(&posted).ok()?));
        let places: BTreeMap<Uuid, String> = posted.into_iter().filter_map(place).collect();
        if let Err(failure) = self.store.remember_messages(&self.route, &places).await {
            let (route, incidents) = (&self.route, places.len());
            warn!(route, incidents, %failure, "it is not known which message is an incident's; what happens next begins another");
        }
    }

    /// Changes the incident's message, and tells below it what has happened; `false` when it must be posted anew:
    /// somebody has deleted it, or it is one of many incidents, and more is to be said of this one.
    async fn go_on(&self, posted: &Posted, change: &Change) -> Result<bool, Refusal> {
        let mark = self.telling.story(change).mark;
        if posted.is_storm {
            if !matches!(mark, Mark::Taken | Mark::Over) {
                return Ok(false);
            }
        } else {
            let message = written(&compose(change, &self.telling, None));
            match self.update(posted, message).await {
                Ok(()) => {}
                Err(Problem::Said(code)) if GONE.contains(&&*code) => return Ok(false),
                // Some workspaces let nobody change what is older; the thread says it.
                Err(Problem::Said(code)) if UNCHANGEABLE.contains(&&*code) => {}
                Err(problem) => return Err(problem.into()),
            }
        }
        let mut reply = written(&reply(change, &self.telling));
        reply["channel"] = json!(posted.channel);
        reply["thread_ts"] = json!(posted.ts);
        // Nobody who does not follow a thread is told of what stands in it.
        reply["reply_broadcast"] =
            json!(change.incident.state == State::Escalated || mark == Mark::Worse);
        match self.api.call("chat.postMessage", &reply).await {
            Ok(_) => {}
            Err(Problem::Said(code)) if GONE.contains(&&*code) => return Ok(false),
            Err(problem) => return Err(problem.into()),
        }
        let told = Posted { told: change.id, ..posted.clone() };
        self.remember([(change.incident.id, told)]).await;
        Ok(true)
    }

    async fn update(&self, posted: &Posted, mut message: Value) -> Result<(), Problem> {
        message["channel"] = json!(posted.channel);
        message["ts"] = json!(posted.ts);
        self.api.call("chat.update", &message).await.map(drop)
    }
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

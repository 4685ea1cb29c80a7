//! The ways by which a change reaches a receiver.

use std::sync::Arc;
use std::time::Duration;

use super::email::Email;
use super::observer::Failure;
use super::post::Post;
use super::rest::Rest;
use super::slack::SlackApi;
use super::told::Told;
use super::topic::AlertTopic;
use crate::incident::Change;

/// Where a route leads, ready to deliver. When, how often and in which order is the worker's part.
///
/// To add a way: a variant, a line in each function here, and one in `Builder::channel`.
pub(super) enum Channel {
    /// A POST of JSON.
    Post(Box<Post>),
    /// A channel of Slack, by its Web API.
    Slack(Arc<SlackApi>),
    /// People, by e-mail.
    Email(Box<Email>),
    /// A topic of Kafka.
    Topic(AlertTopic),
}

/// A try that was not accepted.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// What went wrong.
    pub failure: Failure,
    /// How long the receiver asks to wait.
    pub retry_after: Option<Duration>,
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self { failure, retry_after: None }
    }
}

impl Channel {
    /// One try to tell `change`. Once it is accepted, it is the receiver's to keep; what is left to do then.
    pub async fn deliver(&self, change: &Change) -> Result<Vec<Box<dyn Rest>>, Refusal> {
        match self {
            Self::Post(post) => post.deliver(change).await.map(|()| Vec::new()),
            Self::Slack(slack) => slack.deliver(change).await,
            Self::Email(email) => email.deliver(change).await,
            Self::Topic(topic) => topic.deliver(change).await.map(|()| Vec::new()),
        }
    }

    /// Whether one message can tell of many incidents: people read it.
    pub fn tells_storms(&self) -> bool {
        match self {
            Self::Post(post) => post.tells_storms(),
            Self::Slack(_) | Self::Email(_) => true,
            Self::Topic(_) => false,
        }
    }

    /// As [`Self::deliver`], of all of `changes` in one message.
    pub async fn deliver_storm(&self, changes: &[Change]) -> Result<Vec<Box<dyn Rest>>, Refusal> {
        match self {
            Self::Post(post) => post.deliver_storm(changes).await.map(|()| Vec::new()),
            Self::Slack(slack) => slack.deliver_storm(changes).await,
            Self::Email(email) => email.deliver_storm(changes).await,
            Self::Topic(_) => Err(Failure::no_storms().into()),
        }
    }

    /// How often the receiver must be told again of what is open; `None`: it remembers.
    pub fn repeat_every(&self) -> Option<Duration> {
        match self {
            Self::Post(post) => post.repeat_every(),
            Self::Slack(_) | Self::Email(_) | Self::Topic(_) => None,
        }
    }

    /// One try to tell all of `told` again.
    pub async fn repeat(&self, told: &[Told]) -> Result<(), Refusal> {
        match self {
            Self::Post(post) => post.repeat(told).await,
            Self::Slack(_) | Self::Email(_) | Self::Topic(_) => Ok(()),
        }
    }

    /// How long one try may take, where a request may take `request`.
    pub fn patience(&self, request: Duration) -> Duration {
        match self {
            Self::Post(_) | Self::Topic(_) => request,
            Self::Slack(_) => SlackApi::patience(request),
            Self::Email(email) => email.patience(request),
        }
    }

    /// Names the receiver among those of all routes: those that lead to one share its pace. A secret.
    pub fn address(&self) -> String {
        match self {
            Self::Post(post) => post.address().to_owned(),
            Self::Slack(slack) => slack.identity(),
            Self::Email(email) => email.identity(),
            Self::Topic(topic) => topic.identity(),
        }
    }

    /// The shortest time that the receiver allows between two messages.
    pub fn pace(&self) -> Duration {
        match self {
            Self::Post(post) => post.pace(),
            Self::Slack(_) => SlackApi::pace(),
            // Servers publish no number.
            Self::Email(_) => Duration::from_secs(1),
            Self::Topic(_) => Duration::ZERO,
        }
    }
}

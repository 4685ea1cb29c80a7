//! What notification is told by the configuration.

use std::time::Duration;

use jiff::tz::TimeZone;
use lettre::message::Mailbox;

use super::email::Encryption;
use super::hours::Hours;
use crate::incident::{Direction, Severity};
use crate::secret::Secret;
use crate::source::KafkaSettings;

/// So many incidents at once are a storm, unless a route says otherwise.
pub const STORM_FROM: u32 = 6;

/// Where a route leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A Slack incoming webhook; its address is the credential.
    Slack {
        /// `https://hooks.slack.com/services/...`.
        webhook_url: Secret,
    },
    /// A channel of Slack, by its Web API.
    SlackApi {
        /// [`ENDPOINT`](super::slack::ENDPOINT), or that of GovSlack.
        url: Secret,
        /// The bot's, `xoxb-...`.
        bot_token: Secret,
        /// The channel's id, e.g. `C0123456789`.
        channel: String,
    },
    /// An integration of a PagerDuty service, by its Events API v2.
    PagerDuty {
        /// [`ENDPOINT`](super::pagerduty::ENDPOINT), or that of the European region.
        url: Secret,
        /// The integration's key.
        routing_key: Secret,
    },
    /// An instance of Prometheus' Alertmanager, by its API v2.
    Alertmanager {
        /// Its address, as its pages have it: without `/api/v2`.
        url: Secret,
        /// Sent with every request, e.g. `Authorization`.
        headers: Vec<(String, Secret)>,
        /// How often it is told again of what is open.
        repeat_every: Duration,
    },
    /// People, by e-mail.
    Email {
        /// The server that takes it: a name or an address, and a port.
        server: (String, u16),
        /// How mail gets there unread.
        encryption: Encryption,
        /// The user name and the password, if it asks for them.
        credentials: Option<(String, Secret)>,
        /// From whom it comes.
        from: Mailbox,
        /// To whom it goes; never empty.
        to: Vec<Mailbox>,
    },
    /// A topic of Kafka, for `groundswell.v1.Alert`.
    Kafka {
        /// Where its brokers are; what else it says is of the source.
        kafka: Box<KafkaSettings>,
        /// The topic's name.
        topic: String,
        /// How alerts are written.
        format: AlertFormat,
    },
    /// Any HTTP receiver of `groundswell.v1.Alert` in JSON.
    Webhook {
        /// Where to POST.
        url: Secret,
        /// Sent with every request, e.g. `Authorization`.
        headers: Vec<(String, Secret)>,
        /// Each signs every request, as Standard Webhooks has it; none: not signed.
        signing_secrets: Vec<Secret>,
    },
}

/// How an alert is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AlertFormat {
    /// Protobuf's binary form.
    #[default]
    Protobuf,
    /// The JSON that webhooks get.
    Json,
}

/// Which incidents go where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Unique; the `route` label in metrics.
    pub name: String,
    /// Where it leads.
    pub target: Target,
    /// Brands it carries; empty means all.
    pub brands: Vec<String>,
    /// The mildest severity it carries.
    pub min_severity: Severity,
    /// Whether resolutions are sent too.
    pub send_resolved: bool,
    /// Ways it carries: a rise, a fall; none: both.
    pub directions: Vec<Direction>,
    /// When it carries anything; none: always.
    pub hours: Vec<Hours>,
    /// When what is milder than `wake_from` waits until they are over.
    pub quiet_hours: Vec<Hours>,
    /// What quiet hours do not hold back.
    pub wake_from: Severity,
    /// It carries only what nobody has acknowledged by then.
    pub after: Option<Duration>,
    /// From so many incidents on that are to be told at once they are told in one message, where people read
    /// it; `None`: never.
    pub storm_from: Option<u32>,
    /// That of its hours.
    pub time_zone: TimeZone,
}

impl Route {
    /// A route that carries everything to `target` at once.
    pub fn new(name: impl Into<String>, target: Target) -> Self {
        Self {
            name: name.into(),
            target,
            brands: Vec::new(),
            min_severity: Severity::Notice,
            send_resolved: true,
            directions: Vec::new(),
            hours: Vec::new(),
            quiet_hours: Vec::new(),
            wake_from: Severity::Critical,
            after: None,
            storm_from: Some(STORM_FROM),
            time_zone: TimeZone::UTC,
        }
    }
}

/// How deliveries are tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetrySettings {
    /// Wait before the second try; doubles from try to try.
    pub initial_backoff: Duration,
    /// Longest wait between two tries, unless the receiver asks for a longer one.
    pub max_backoff: Duration,
    /// A delivery is given up (and kept as a dead letter) this long after its first try.
    pub give_up_after: Duration,
    /// A request without an answer is abandoned after this long.
    pub request_timeout: Duration,
}

//! Makes of each route what delivers over it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use super::alertmanager::Alertmanager;
use super::backoff::Backoff;
use super::channel::Channel;
use super::email::{Email, MailServer};
use super::error::NotifyError;
use super::http::Clients;
use super::observer::DeliveryObserver;
use super::pagerduty::PagerDuty;
use super::picture::Pictures;
use super::pipeline::Tuning;
use super::post::Post;
use super::rate_limit::RateLimit;
use super::receiver::Receiver;
use super::rest::{Effort, Rests};
use super::settings::{RetrySettings, Route, Target};
use super::slack::{Slack, SlackApi, WebApi};
use super::telling::Telling;
use super::topic::AlertTopic;
use super::webhook::Webhook;
use super::worker::Worker;
use crate::store::Store;

/// What the workers of all routes share while they are built.
pub(super) struct Builder {
    pub clients: Clients,
    pub retry: RetrySettings,
    pub telling: Telling,
    pub store: Store,
    pub observer: Arc<dyn DeliveryObserver>,
    pub pictures: Option<Arc<dyn Pictures>>,
    pub tuning: Tuning,
    /// By address and pace.
    pub limits: HashMap<(String, Duration), Arc<RateLimit>>,
    pub names: HashSet<String>,
}

impl Builder {
    /// What delivers over `route`.
    pub fn worker(&mut self, route: &Route) -> Result<Worker, NotifyError> {
        if !self.names.insert(route.name.clone()) {
            return Err(NotifyError::SameName(route.name.clone()));
        }
        let channel = self.channel(route)?;
        let pace = self.tuning.pace.unwrap_or(channel.pace());
        let address = channel.address();
        let limit =
            self.limits.entry((address, pace)).or_insert_with(|| Arc::new(RateLimit::new(pace)));
        // Routes that fail together shall not come back together.
        let seed = self.tuning.seed.wrapping_add(self.names.len() as u64);
        let backoff = Backoff::new(&self.retry, seed)?;
        let effort = Effort {
            route: route.name.clone(),
            limit: Arc::new(RateLimit::new(pace)),
            backoff: backoff.clone(),
            give_up_after: self.retry.give_up_after,
            observer: Arc::clone(&self.observer),
            turn: Arc::default(),
        };
        Ok(Worker {
            route: route.clone(),
            store: self.store.clone(),
            channel,
            limit: Arc::clone(limit),
            backoff,
            give_up_after: self.retry.give_up_after,
            request_timeout: self.retry.request_timeout,
            observer: Arc::clone(&self.observer),
            rests: Rests::new(effort),
            one_by_one_until: None,
        })
    }

    fn channel(&mut self, route: &Route) -> Result<Channel, NotifyError> {
        let telling = self.telling.clone();
        match &route.target {
            Target::Slack { webhook_url } => {
                self.post(route, Slack { webhook_url: webhook_url.clone(), telling })
            }
            Target::SlackApi { url, bot_token, channel } => {
                let (name, timeout) = (&route.name, self.retry.request_timeout);
                Ok(Channel::Slack(Arc::new(SlackApi {
                    route: name.clone(),
                    api: WebApi::new(&mut self.clients, name, url, bot_token, timeout)?,
                    channel: channel.clone(),
                    telling,
                    store: self.store.clone(),
                    pictures: self.pictures.clone(),
                })))
            }
            Target::PagerDuty { url, routing_key } => {
                let (url, routing_key) = (url.clone(), routing_key.clone());
                self.post(route, PagerDuty { url, routing_key, telling })
            }
            Target::Alertmanager { url, headers, repeat_every } => {
                let receiver =
                    Alertmanager::new(&route.name, url, headers, *repeat_every, telling)?;
                self.post(route, receiver)
            }
            Target::Email { server: (host, port), encryption, credentials, from, to } => {
                let server = (host.as_str(), *port, *encryption);
                let credentials = credentials.as_ref().map(|it| (it.0.as_str(), &it.1));
                let (targets, timeout) =
                    (self.clients.policy(), Email::limit(self.retry.request_timeout));
                let server = MailServer::new(&route.name, server, credentials, targets, timeout)?;
                let server = Arc::new(server);
                let (from, to, pictures) = (from.clone(), to.clone(), self.pictures.clone());
                Ok(Channel::Email(Box::new(Email {
                    route: route.name.clone(),
                    server,
                    from,
                    to,
                    telling,
                    store: self.store.clone(),
                    pictures,
                })))
            }
            Target::Kafka { kafka, topic, format } => {
                let timeout = self.retry.request_timeout;
                let topic = AlertTopic::new(&route.name, kafka, topic, *format, timeout)?;
                Ok(Channel::Topic(topic))
            }
            Target::Webhook { url, headers, signing_secrets } => {
                let receiver = Webhook::new(&route.name, url.clone(), headers, signing_secrets)?;
                self.post(route, receiver)
            }
        }
    }

    fn post(
        &mut self,
        route: &Route,
        receiver: impl Receiver + 'static,
    ) -> Result<Channel, NotifyError> {
        let timeout = self.retry.request_timeout;
        let receiver = Box::new(receiver);
        let post = Post::new(&mut self.clients, &route.name, receiver, timeout)?;
        Ok(Channel::Post(Box::new(post)))
    }
}

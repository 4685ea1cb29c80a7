//! E-mail, through a server that takes it by SMTP.

mod compose;
mod rest;
mod server;

use std::sync::Arc;
use std::time::Duration;

use lettre::message::Mailbox;
use tokio::time::timeout;
use tracing::warn;

use super::channel::Refusal;
use super::observer::Failure;
use super::picture::{Picture, Pictures};
use super::rest::Rest;
use super::storm::latest;
use super::telling::Telling;
use crate::incident::Change;
use crate::store::Store;

use compose::Mail;
use rest::Later;

pub use server::Encryption;
pub(super) use server::MailServer;

/// How long a server may take over a mail, whatever requests may take.
const LEAST: Duration = Duration::from_secs(60);
/// How long a picture may take.
const PICTURE: Duration = Duration::from_secs(10);

/// People who are told by e-mail.
pub(super) struct Email {
    /// The route.
    pub route: String,
    /// Who takes their mail.
    pub server: Arc<MailServer>,
    /// From whom it comes.
    pub from: Mailbox,
    /// To whom it goes.
    pub to: Vec<Mailbox>,
    /// How it tells.
    pub telling: Telling,
    /// Where it is known what has been told.
    pub store: Store,
    /// Draws what is told, if anything does.
    pub pictures: Option<Arc<dyn Pictures>>,
}

impl Email {
    /// How long one try may take: a picture, all together, and each of them alone.
    pub fn patience(&self, request: Duration) -> Duration {
        let tries = 1 + u32::try_from(self.to.len()).unwrap_or(u32::MAX);
        PICTURE + Self::limit(request).saturating_mul(tries)
    }

    /// How long a mail may take, where a request may take `request`: servers look at what is in it before they
    /// say that they have taken it.
    pub fn limit(request: Duration) -> Duration {
        request.max(LEAST)
    }

    /// Names the server and the people. A secret.
    pub fn identity(&self) -> String {
        let to: Vec<String> = self.to.iter().map(|it| it.email.to_string()).collect();
        format!("{} {}", self.server.name(), to.join(" "))
    }

    /// Tells `change`. What is left then are those whose mailbox does not take it for now.
    pub async fn deliver(&self, change: &Change) -> Result<Vec<Box<dyn Rest>>, Refusal> {
        let picture = self.picture(change).await;
        self.send(&Mail::of(change, &self.telling, picture), &[change]).await
    }

    /// As [`Self::deliver`], of all of `changes` in one mail.
    pub async fn deliver_storm(&self, changes: &[Change]) -> Result<Vec<Box<dyn Rest>>, Refusal> {
        self.send(&Mail::of_storm(changes, &self.telling), &latest(changes)).await
    }

    /// A mail is not changed once it is sent: it has its picture then, or none.
    async fn picture(&self, change: &Change) -> Option<Picture> {
        let picture = timeout(PICTURE, self.pictures.as_ref()?.of(&change.incident)).await;
        let late = |_| Err(format!("drawing it takes longer than {PICTURE:?}"));
        picture.unwrap_or_else(late).unwrap_or_else(|failure| {
            let (route, incident) = (&self.route, change.incident.id);
            warn!(route, %incident, failure, "an incident is mailed without its picture");
            None
        })
    }

    /// Sends `mail`, which tells `changes`.
    async fn send(&self, mail: &Mail, changes: &[&Change]) -> Result<Vec<Box<dyn Rest>>, Refusal> {
        let message = mail.written(&self.from, &self.to);
        let message = message.map_err(|error| Failure::Encoding(error.to_string()))?.formatted();
        let unreached = self.server.send(&self.from.email, &self.to, &message).await?;
        if unreached.why().is_none() {
            return Ok(Vec::new());
        }
        Ok(vec![Box::new(Later {
            server: Arc::clone(&self.server),
            from: self.from.email.clone(),
            unreached,
            mail: message,
            tells: changes.iter().map(|change| (change.incident.id, change.id)).collect(),
            route: self.route.clone(),
            store: self.store.clone(),
        })])
    }
}

#[cfg(test)]
mod tests;

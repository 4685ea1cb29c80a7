//! E-mail, through a server that takes it by SMTP.

mod compose;
mod server;

use std::sync::Arc;
use std::time::Duration;

use lettre::message::Mailbox;
use tokio::time::timeout;

use super::channel::Refusal;
use super::observer::Failure;
use super::picture::Pictures;
use super::telling::Telling;
use crate::incident::Change;

use compose::Mail;

pub use server::Encryption;
pub(super) use server::MailServer;

/// How long a server may take over a mail, whatever requests may take.
const LEAST: Duration = Duration::from_secs(60);
/// How long a picture may take.
const PICTURE: Duration = Duration::from_secs(5);

/// People who are told by e-mail.
pub(super) struct Email {
    /// Who takes their mail.
    pub server: MailServer,
    /// From whom it comes.
    pub from: Mailbox,
    /// To whom it goes.
    pub to: Vec<Mailbox>,
    /// How it tells.
    pub telling: Telling,
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

    /// Tells `change`.
    pub async fn deliver(&self, change: &Change) -> Result<(), Refusal> {
        let picture = match &self.pictures {
            Some(pictures) => {
                timeout(PICTURE, pictures.of(&change.incident)).await.unwrap_or_default()
            }
            None => None,
        };
        self.send(&Mail::of(change, &self.telling, picture)).await
    }

    /// Tells all of `changes` in one mail.
    pub async fn deliver_storm(&self, changes: &[Change]) -> Result<(), Refusal> {
        self.send(&Mail::of_storm(changes, &self.telling)).await
    }

    async fn send(&self, mail: &Mail) -> Result<(), Refusal> {
        let message = mail.written(&self.from, &self.to);
        let message = message.map_err(|error| Failure::Encoding(error.to_string()))?;
        Ok(self.server.send(&self.from.email, &self.to, &message.formatted()).await?)
    }
}

#[cfg(test)]
mod tests;

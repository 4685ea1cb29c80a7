//! E-mail, through a server that takes it by SMTP.

mod compose;
mod server;

use std::sync::Arc;

use lettre::message::Mailbox;

use super::channel::Refusal;
use super::observer::Failure;
use super::picture::Pictures;
use super::telling::Telling;
use crate::incident::Change;

use compose::Mail;

pub use server::Encryption;
pub(super) use server::MailServer;

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
    /// Names the server and the people. A secret.
    pub fn identity(&self) -> String {
        let to: Vec<String> = self.to.iter().map(|it| it.email.to_string()).collect();
        format!("{} {}", self.server.name(), to.join(" "))
    }

    /// Tells `change`.
    pub async fn deliver(&self, change: &Change) -> Result<(), Refusal> {
        let picture = match &self.pictures {
            Some(pictures) => pictures.of(&change.incident).await,
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

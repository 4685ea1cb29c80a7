//! Those whose mailbox does not take a mail for now: a server that wants to be asked twice, a mailbox that is full.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use lettre::Address;
use lettre::message::Mailbox;
use uuid::Uuid;

use super::server::{MailServer, Unreached};
use crate::notify::channel::Refusal;
use crate::notify::observer::Failure;
use crate::notify::rest::Rest;
use crate::store::Store;

/// A mail that some have, and some have not.
pub struct Later {
    pub server: Arc<MailServer>,
    pub from: Address,
    /// Who has it not.
    pub unreached: Unreached,
    /// All of it.
    pub mail: Vec<u8>,
    /// What it tells: the change of each incident.
    pub tells: Vec<(Uuid, Uuid)>,
    pub route: String,
    /// Where it is known what has been told since.
    pub store: Store,
}

impl Later {
    async fn send(&mut self) -> Result<(), Refusal> {
        if !self.unreached.later.is_empty() && self.is_told_last().await? {
            let later = std::mem::take(&mut self.unreached.later);
            let people: Vec<Mailbox> = later.into_iter().map(|(person, _)| person).collect();
            let unreached = self.server.send_to_each(&self.from, &people, &self.mail).await;
            self.unreached.later = unreached.later;
            self.unreached.refused.extend(unreached.refused);
        } else {
            // Who is reached by then has a later mail of it.
            self.unreached.later.clear();
        }
        self.unreached.why().map_or(Ok(()), |why| Err(why.into()))
    }

    /// Whether nothing has been told since of one of the incidents at least.
    async fn is_told_last(&self) -> Result<bool, Failure> {
        for (incident, change) in &self.tells {
            let last = self.store.told_last(&self.route, *incident).await;
            let last = last.map_err(|failure| Failure::Deferred {
                words: format!("what has been told since is not known: {failure}"),
            })?;
            if last == Some(*change) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Rest for Later {
    fn incident(&self) -> Option<Uuid> {
        match self.tells[..] {
            [(incident, _)] => Some(incident),
            _ => None,
        }
    }

    fn lacks(&self) -> String {
        let people: Vec<String> =
            self.unreached.people().map(|person| person.email.to_string()).collect();
        format!("reaching {}", people.join(", "))
    }

    fn attempt(&mut self) -> BoxFuture<'_, Result<(), Refusal>> {
        self.send().boxed()
    }
}

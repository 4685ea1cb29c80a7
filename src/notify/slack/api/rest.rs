//! What is left to do in Slack once people have been told.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use uuid::Uuid;

use super::picture::{block, until_it_is_there, upload};
use super::{GONE, Posted, Problem, SlackApi, UNCHANGEABLE};
use crate::incident::Change;
use crate::notify::channel::Refusal;
use crate::notify::observer::Failure;
use crate::notify::rest::Rest;
use crate::notify::slack::blocks::Block;
use crate::notify::slack::message::{compose, written};

/// Makes of the message that tells of an incident what it should be: up to date, and with a picture.
pub struct Finish {
    slack: Arc<SlackApi>,
    posted: Posted,
    change: Change,
    is_stale: bool,
    /// What shows the picture, once it is uploaded.
    picture: Option<Block>,
}

impl Finish {
    /// Adds a picture to `posted`, which tells `change`; none when nothing draws, or it tells of others, too.
    pub fn picture(slack: &Arc<SlackApi>, posted: Posted, change: &Change) -> Option<Self> {
        let is_drawn = slack.pictures.is_some() && !posted.is_storm;
        is_drawn.then(|| Self { is_stale: false, ..Self::all(slack, posted, change) })
    }

    /// Lets `posted` say what `change` does.
    pub fn all(slack: &Arc<SlackApi>, posted: Posted, change: &Change) -> Self {
        let (slack, change) = (Arc::clone(slack), change.clone());
        Self { slack, posted, change, is_stale: true, picture: None }
    }

    async fn finish(&mut self) -> Result<(), Problem> {
        if self.is_stale {
            self.show(None).await?;
            self.is_stale = false;
        }
        if self.picture.is_none() && self.is_told_last().await? {
            self.picture = self.draw().await?;
        }
        match self.picture.clone() {
            Some(picture) => until_it_is_there(|| self.show(Some(picture.clone()))).await,
            None => Ok(()),
        }
    }

    /// Draws and uploads.
    async fn draw(&self) -> Result<Option<Block>, Problem> {
        let Some(pictures) = &self.slack.pictures else { return Ok(None) };
        let picture = pictures.of(&self.change.incident).await;
        let picture = picture.map_err(|words| Failure::Deferred { words })?;
        let Some(picture) = picture else { return Ok(None) };
        let file = upload(&self.slack.api, &picture).await?;
        Ok(Some(block(file, &picture)))
    }

    /// Changes the message, as long as nothing has been told of the incident since.
    async fn show(&self, picture: Option<Block>) -> Result<(), Problem> {
        if !self.is_told_last().await? {
            return Ok(());
        }
        let message = written(&compose(&self.change, &self.slack.telling, picture));
        self.slack.update(&self.posted, message).await
    }

    async fn is_told_last(&self) -> Result<bool, Refusal> {
        let known = self.slack.known(&[&self.change]).await?.pop().flatten();
        Ok(known.is_some_and(|it| it.ts == self.posted.ts && it.told == self.change.id))
    }
}

impl Rest for Finish {
    fn incident(&self) -> Option<Uuid> {
        Some(self.change.incident.id)
    }

    fn lacks(&self) -> String {
        let lacks = if self.is_stale { "its own message saying so" } else { "its picture" };
        lacks.to_owned()
    }

    fn attempt(&mut self) -> BoxFuture<'_, Result<(), Refusal>> {
        self.finish().map(where_it_can).boxed()
    }
}

/// Of a message that is gone, or that nobody may change, nothing is left to do.
fn where_it_can(done: Result<(), Problem>) -> Result<(), Refusal> {
    match done {
        Err(Problem::Said(code)) if GONE.contains(&&*code) || UNCHANGEABLE.contains(&&*code) => {
            Ok(())
        }
        done => Ok(done?),
    }
}

//! Keeps a partition's state in the store: when, and again until it is there.

use std::sync::Arc;
use std::time::Instant;

use tracing::warn;

use super::live::{Live, STORE_RETRY};
use crate::source::kafka::Kept;
use crate::source::wall_clock;
use crate::store::{Checkpoint, Claim, StoreError};

/// One partition's way into the store.
pub(super) struct Keeper {
    live: Arc<Live>,
    claim: Claim,
    /// Everything before this offset is in the store.
    kept: Option<i64>,
    kept_at: Instant,
    /// Whether the source has been told so.
    said: bool,
    /// What could not be written yet.
    pending: Option<Checkpoint>,
    tried_at: Instant,
    /// Whether another instance has the partition.
    lost: bool,
}

impl Keeper {
    /// The partition of `claim`, of which everything before `kept` is in the store.
    pub(super) fn new(live: Arc<Live>, claim: Claim, kept: Option<i64>) -> Self {
        let now = Instant::now();
        Self {
            live,
            claim,
            kept,
            kept_at: now,
            said: false,
            pending: None,
            tried_at: now,
            lost: false,
        }
    }

    /// Whether it is time for a checkpoint at `position`.
    pub(super) fn is_due(&self, position: i64) -> bool {
        let every = self.live.config.store.checkpoint_every;
        self.kept.is_none() || self.is_behind(position) && self.kept_at.elapsed() >= every
    }

    /// How far it is kept, if the source has not been told yet.
    pub(super) fn news(&mut self) -> Kept {
        let said = std::mem::replace(&mut self.said, true);
        Kept::UpTo(self.kept.filter(|_| !said))
    }

    /// Whether anything has been handled that is not kept.
    pub(super) fn is_behind(&self, position: i64) -> bool {
        self.kept != Some(position)
    }

    /// Whether a checkpoint waits to be written; no other may be made meanwhile.
    pub(super) const fn waits(&self) -> bool {
        self.pending.is_some() || self.lost
    }

    /// Writes `checkpoint`.
    pub(super) fn keep(&mut self, checkpoint: Checkpoint) -> Kept {
        self.pending = Some(checkpoint);
        self.write()
    }

    /// What has been handled since the last checkpoint cannot be kept: the partition is begun anew
    /// from there, as by another instance.
    pub(super) fn give_up(&mut self) -> Kept {
        self.pending = None;
        self.lost = true;
        Kept::Lost
    }

    /// Tries again to write what waits, if it is time.
    pub(super) fn retry(&mut self) -> Kept {
        if self.tried_at.elapsed() < STORE_RETRY && !self.lost { Kept::Waits } else { self.write() }
    }

    /// One try to write what waits.
    pub(super) fn write(&mut self) -> Kept {
        if self.lost {
            return Kept::Lost;
        }
        let Some(checkpoint) = &self.pending else { return Kept::UpTo(None) };
        self.tried_at = Instant::now();
        // A dead letter must not be lost with the offset that it came from.
        let kept = self.live.dead_letters.flush();
        self.live.dead_letters_are(kept.as_ref().copied());
        if kept.is_err() {
            return Kept::Waits;
        }
        if self.live.dead_letters.has_lost() {
            return Kept::Waits;
        }
        let written = self.live.runtime.block_on(self.live.store.commit(
            &self.claim,
            checkpoint,
            wall_clock(),
        ));
        match written {
            Ok(()) => self.written(),
            Err(failure @ StoreError::Fenced { .. }) => {
                warn!(%failure, "fenced");
                self.live.metrics.checkpoints().fenced();
                self.give_up()
            }
            Err(failure) => {
                self.live.store_is(Err(&failure));
                Kept::Waits
            }
        }
    }

    fn written(&mut self) -> Kept {
        self.live.store_is(Ok(()));
        let Some(checkpoint) = self.pending.take() else { return Kept::UpTo(None) };
        let bytes = checkpoint.put.iter().map(|(_, bytes)| bytes.len() as u64).sum();
        self.live.metrics.checkpoints().written(bytes, self.tried_at.elapsed());
        for (change, _) in &checkpoint.changes {
            self.live.told(change);
        }
        self.kept = Some(checkpoint.position);
        self.kept_at = Instant::now();
        self.said = true;
        Kept::UpTo(self.kept)
    }
}

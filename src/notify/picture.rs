//! What an incident looks like, for channels that show pictures.

use futures_util::future::BoxFuture;

use crate::incident::Incident;

/// A picture of a measure against what is typical.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// The file, PNG.
    pub png: Vec<u8>,
    /// What it shows, for those who do not see it.
    pub title: String,
}

/// Draws incidents.
pub trait Pictures: Send + Sync {
    /// `incident` among what came before it; `None` when there is nothing to draw.
    ///
    /// # Errors
    ///
    /// Why it cannot be drawn for now, in plain words.
    fn of<'a>(&'a self, incident: &'a Incident) -> BoxFuture<'a, Result<Option<Picture>, String>>;
}

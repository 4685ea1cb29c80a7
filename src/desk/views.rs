//! Brands as they were last read: a checkpoint is read once for all who look.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::task::spawn_blocking;
use tracing::warn;

use super::{Desk, DeskError};
use crate::checkpoint::{Part, PartKey};
use crate::detect::Brand;
use crate::mention::Timestamp;
use crate::shard::BrandView;
use crate::source::lock;
use crate::store::{Holding, PartitionKey, Standing};

/// Most brands that are remembered; what was asked for longest ago is read anew.
const MOST_REMEMBERED: usize = 64;
/// Partitions looked through for the one in which a brand is counted: those that hold the most of it.
const MOST_PARTITIONS: u32 = 4;

/// Brands by partition, as they were last read.
#[derive(Debug, Default)]
pub(super) struct Views(Mutex<HashMap<(PartitionKey, String), Remembered>>);

#[derive(Debug)]
struct Remembered {
    /// When what was read had been saved.
    saved_at: Option<Timestamp>,
    view: Option<Arc<BrandView>>,
    /// Counts what has been asked for.
    asked: u64,
}

impl Views {
    /// That of the brand, if it was read as it was saved last; `None` when it must be read.
    fn known(&self, holding: &Holding, brand: &str) -> Option<Option<Arc<BrandView>>> {
        let mut views = lock(&self.0);
        let latest = views.values().map(|it| it.asked).max().unwrap_or(0);
        let known = views.get_mut(&(holding.partition.clone(), brand.to_owned()))?;
        if known.saved_at != holding.saved_at {
            return None;
        }
        known.asked = latest + 1;
        Some(known.view.clone())
    }

    fn remember(&self, holding: &Holding, brand: &str, view: Option<Arc<BrandView>>) {
        let mut views = lock(&self.0);
        let asked = views.values().map(|it| it.asked).max().unwrap_or(0) + 1;
        let key = (holding.partition.clone(), brand.to_owned());
        if views.len() >= MOST_REMEMBERED && !views.contains_key(&key) {
            let oldest = views.iter().min_by_key(|it| it.1.asked).map(|it| it.0.clone());
            oldest.and_then(|key| views.remove(&key));
        }
        views.insert(key, Remembered { saved_at: holding.saved_at, view, asked });
    }
}

impl Desk {
    /// The brand `name` as it was last kept, where most of its mentions are counted.
    pub(super) async fn view(&self, name: &str) -> Result<Option<Arc<BrandView>>, DeskError> {
        let brand = self.brand(name)?;
        let part = PartKey::Brand(name.to_owned()).to_string();
        let holdings = self.0.store.holding(&self.0.group, &part, MOST_PARTITIONS).await?;
        let (mut fullest, mut failure) = (None::<Arc<BrandView>>, None);
        for holding in &holdings {
            match self.view_in(holding, brand).await {
                Ok(Some(view)) => {
                    let fuller = fullest.as_ref().is_none_or(|it| it.mentions() < view.mentions());
                    fullest = if fuller { Some(view) } else { fullest };
                }
                Ok(None) => {}
                Err(problem) => failure = Some(problem),
            }
        }
        match (fullest, failure) {
            (None, Some(failure)) => Err(failure),
            (fullest, _) => Ok(fullest),
        }
    }

    /// The brand of an incident, where the incident is counted; `None` when its state cannot be read,
    /// or it is a feed's.
    pub(super) async fn view_of(&self, of: &Standing) -> Result<Option<Arc<BrandView>>, DeskError> {
        let Ok(brand) = self.brand(&of.incident.brand) else { return Ok(None) };
        let saved_at = self.0.store.saved_at(&of.partition).await?;
        let holding = Holding { partition: of.partition.clone(), saved_at };
        match self.view_in(&holding, brand).await {
            Err(DeskError::Unreadable(problem)) => {
                warn!(%problem, "an incident is shown without what was said lately");
                Ok(None)
            }
            view => view,
        }
    }

    /// `brand` as it was last kept of one partition.
    async fn view_in(
        &self,
        holding: &Holding,
        brand: &Brand,
    ) -> Result<Option<Arc<BrandView>>, DeskError> {
        if let Some(known) = self.0.views.known(holding, &brand.name) {
            return Ok(known);
        }
        let parts = self.parts(&holding.partition, &BrandView::parts(&brand.name)).await?;
        let view = self.load(brand, parts).await?.map(Arc::new);
        self.0.views.remember(holding, &brand.name, view.clone());
        Ok(view)
    }

    /// Puts `parts` together: work for a processor.
    async fn load(&self, brand: &Brand, parts: Vec<Part>) -> Result<Option<BrandView>, DeskError> {
        let (plan, brand) = (Arc::clone(&self.0.plan), brand.clone());
        let loaded = spawn_blocking(move || BrandView::load(&plan, &brand, parts)).await;
        Ok(loaded.map_err(|died| DeskError::Died(died.to_string()))??)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holding(number: i32, saved_at: i64) -> Holding {
        let partition = PartitionKey { group: "g".to_owned(), topic: "t".to_owned(), number };
        Holding { partition, saved_at: Some(Timestamp::from_millis(saved_at)) }
    }

    #[test]
    fn what_has_been_saved_since_is_read_anew() {
        let views = Views::default();
        assert!(views.known(&holding(0, 1), "Acme").is_none());
        views.remember(&holding(0, 1), "Acme", None);
        assert!(views.known(&holding(0, 1), "Acme").is_some());
        assert!(views.known(&holding(0, 2), "Acme").is_none(), "saved since");
        assert!(views.known(&holding(1, 1), "Acme").is_none(), "another partition");
        assert!(views.known(&holding(0, 1), "Zenith").is_none(), "another brand");
    }

    #[test]
    fn what_was_asked_for_longest_ago_is_forgotten() {
        let views = Views::default();
        let name = |number: usize| format!("brand {number}");
        for number in 0..MOST_REMEMBERED {
            views.remember(&holding(0, 1), &name(number), None);
        }
        assert!(views.known(&holding(0, 1), &name(0)).is_some(), "it is asked for again");
        views.remember(&holding(0, 1), "one more", None);
        assert!(views.known(&holding(0, 1), &name(0)).is_some());
        assert!(views.known(&holding(0, 1), &name(1)).is_none());
        assert_eq!(lock(&views.0).len(), MOST_REMEMBERED);
    }
}

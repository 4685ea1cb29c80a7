//! What people see of incidents and brands, and what they do about them: the page and the API show and do the same.
//!
//! All of it comes out of the store, so any instance tells of all partitions, whoever counts them.

mod charts;
mod error;
mod pictures;
mod views;

use std::cmp::Reverse;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};
use uuid::Uuid;

pub use charts::Stretch;
pub(crate) use charts::{chart_of, drawn_by};
pub use error::DeskError;

use crate::detect::{Brand, Plan};
use views::Views;

use crate::incident::{Change, Incident, Response, Sample};
use crate::mention::Timestamp;
use crate::notify::{Route, carriers};
use crate::shard::BrandView;
use crate::source::wall_clock;
use crate::store::{Event, IncidentFilter, Responded, Standing, Store};

/// How often what others have changed is looked for.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Most open incidents that are shown.
const MOST_OPEN: u32 = 500;
/// Half hours of talk that are looked through for what was said lately.
const MOST_TALK: usize = 6;
/// Most mentions shown of an incident.
const MOST_MENTIONS: usize = 50;

/// What people see and do. Clones share it.
#[derive(Debug, Clone)]
pub struct Desk(Arc<Inner>);

/// How the pages look.
#[derive(Debug, Clone, Default)]
pub struct Look {
    /// What stands above all of them.
    pub notice: Option<String>,
    /// How often what is counted is kept.
    pub kept_every: Duration,
}

#[derive(Debug)]
struct Inner {
    store: Store,
    plan: Arc<Plan>,
    /// The consumer group that counts.
    group: String,
    routes: Vec<Route>,
    look: Look,
    views: Views,
    /// As last seen; `None` before.
    open: watch::Sender<Option<Arc<Vec<Standing>>>>,
}

impl Desk {
    /// That of what the consumer group `group` counts by `plan` and keeps in `store`; `routes` hear what
    /// people do.
    pub fn new(store: Store, plan: Arc<Plan>, group: &str, routes: &[Route], look: Look) -> Self {
        let (group, routes) = (group.to_owned(), routes.to_vec());
        let open = watch::Sender::new(None);
        Self(Arc::new(Inner { store, plan, group, routes, look, views: Views::default(), open }))
    }

    /// What stands above all pages, if anything does.
    pub fn notice(&self) -> Option<&str> {
        self.0.look.notice.as_deref()
    }

    /// How often a chart is drawn anew, in seconds: as often as what it is drawn from is kept, within reason.
    pub fn redraw_every(&self) -> u64 {
        self.0.look.kept_every.as_secs().clamp(1, 60)
    }

    /// What is watched.
    pub fn plan(&self) -> &Plan {
        &self.0.plan
    }

    /// The watched brand of this name.
    pub fn brand(&self, name: &str) -> Result<&Brand, DeskError> {
        let brand = self.0.plan.brands.iter().find(|brand| brand.name == name);
        brand.ok_or(DeskError::NoBrand)
    }

    /// The open incidents: what nobody has taken first, then the most severe, then the latest.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn open(&self) -> Result<Vec<Standing>, DeskError> {
        let filter =
            IncidentFilter { open: Some(true), limit: MOST_OPEN, ..IncidentFilter::default() };
        let mut open = self.0.store.incidents(&filter, wall_clock()).await?;
        let is_taken =
            |it: &Standing| it.incident.acknowledged.is_some() || it.silenced_until.is_some();
        open.sort_by_key(|it| (is_taken(it), Reverse(it.incident.severity)));
        Ok(open)
    }

    /// The incidents that `filter` asks for, latest detection first.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn incidents(&self, filter: &IncidentFilter) -> Result<Vec<Standing>, DeskError> {
        Ok(self.0.store.incidents(filter, wall_clock()).await?)
    }

    /// The incident `id`.
    ///
    /// # Errors
    ///
    /// When there is none, or the store fails.
    pub async fn incident(&self, id: Uuid) -> Result<Standing, DeskError> {
        self.0.store.incident(id, wall_clock()).await?.ok_or(DeskError::NoIncident)
    }

    /// What has happened to the incident `id`, in order.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn events(&self, id: Uuid) -> Result<Vec<Event>, DeskError> {
        Ok(self.0.store.events(id).await?)
    }

    /// Mentions that speak for what was said of the incident's brand in its time, latest first: those
    /// of the last hours, and those that the incident is told with. They were chosen when they came,
    /// the most telling of each five minutes.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn mentions(&self, standing: &Standing) -> Result<Vec<Sample>, DeskError> {
        let Incident { onset, resolved_at, samples, .. } = &standing.incident;
        let mut mentions = samples.clone();
        if let Some(view) = self.view_of(standing).await? {
            let until = resolved_at.unwrap_or_else(|| view.until());
            let talk = view.talk(*onset, until, MOST_TALK);
            let parts = self.parts(&standing.partition, &talk).await?;
            let latest = resolved_at.unwrap_or(Timestamp::from_millis(i64::MAX));
            let said = BrandView::samples(parts, *onset);
            let is_told = |it: &Sample| {
                samples.iter().any(|told| (&told.channel, &told.id) == (&it.channel, &it.id))
            };
            mentions.extend(said.into_iter().filter(|it| it.created_at <= latest && !is_told(it)));
        }
        mentions.sort_by_key(|sample| Reverse(sample.created_at));
        mentions.truncate(MOST_MENTIONS);
        Ok(mentions)
    }

    /// Keeps what a person does about an incident, and does it; who was told of the incident hears of
    /// it.
    ///
    /// # Errors
    ///
    /// When there is no such incident, or the store fails.
    pub async fn respond(&self, response: &Response) -> Result<Responded, DeskError> {
        let told_by = |change: &Change| carriers(&self.0.routes, change, response.at);
        Ok(self.0.store.respond(response, told_by).await?)
    }

    /// The open incidents as they are seen again and again while [`Desk::follow`] runs.
    pub fn watch(&self) -> watch::Receiver<Option<Arc<Vec<Standing>>>> {
        self.0.open.subscribe()
    }

    /// Looks, again and again, whether anything has changed that people see; when this process has
    /// changed it, at once.
    pub async fn follow(self) -> Infallible {
        let mut posted = self.0.store.posted();
        let mut ticks = interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _tick = ticks.tick() => {}
                // The store lives as long as this does.
                _posted = posted.changed() => {}
            }
            if self.0.open.receiver_count() == 0 {
                continue;
            }
            // That the store fails others say.
            let Ok(open) = self.open().await else { continue };
            self.0.open.send_if_modified(|known| {
                let changed = known.as_deref() != Some(&open);
                if changed {
                    *known = Some(Arc::new(open));
                }
                changed
            });
        }
    }
}

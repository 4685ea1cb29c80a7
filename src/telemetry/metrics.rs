//! All metrics of one process, in a registry of their own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use prometheus::{Registry, TextEncoder};

use super::MetricsError;
use super::checkpoints::Checkpoints;
use super::family::{Family, Registrar};
use super::http::Http;
use super::incidents::Incidents;
use super::intake::Intake;
use super::notifications::Notifications;
use super::partition::{PartitionMetrics, Partitions};
use super::room::{Caps, Room};
use super::route::Route;
use super::windows::Windows;

/// All metrics of one process. Clones share them.
#[derive(Debug, Clone)]
pub struct Metrics(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    registry: Registry,
    families: Vec<Family>,
    intake: Intake,
    partitions: Partitions,
    room: Room,
    windows: Windows,
    incidents: Incidents,
    notifications: Notifications,
    checkpoints: Checkpoints,
    http: Http,
    route: Route,
    shards: AtomicU64,
}

impl Metrics {
    /// Registers everything. The window gauges show at most `series_cap` windows (brand, monitor
    /// and length), each with five series, and as many open incidents are told of; every other label
    /// has few values by nature.
    ///
    /// # Errors
    ///
    /// [`MetricsError::Register`]: two metrics share a name, or one's definition is not valid.
    pub fn new(series_cap: usize) -> Result<Self, MetricsError> {
        let mut registrar = Registrar::default();
        let build = registrar.gauges(
            &["version"],
            (
                "groundswell_build_info",
                "",
                "Always 1; the label tells which version of Groundswell runs.",
            ),
        )?;
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1.0);
        let intake = Intake::new(&mut registrar)?;
        let partitions = Partitions::new(&mut registrar)?;
        let room = Room::new(&mut registrar)?;
        let windows = Windows::new(&mut registrar, series_cap)?;
        let incidents = Incidents::new(&mut registrar, series_cap)?;
        let notifications = Notifications::new(&mut registrar)?;
        let checkpoints = Checkpoints::new(&mut registrar)?;
        let http = Http::new(&mut registrar)?;
        let route = Route::new(&mut registrar)?;
        let Registrar { registry, families } = registrar;
        Ok(Self(Arc::new(Inner {
            registry,
            families,
            intake,
            partitions,
            room,
            windows,
            incidents,
            notifications,
            checkpoints,
            http,
            route,
            shards: AtomicU64::new(0),
        })))
    }

    /// What comes in and what becomes of it.
    pub fn intake(&self) -> &Intake {
        &self.0.intake
    }

    /// Incidents over all shards.
    pub fn incidents(&self) -> &Incidents {
        &self.0.incidents
    }

    /// Deliveries over all routes.
    pub fn notifications(&self) -> &Notifications {
        &self.0.notifications
    }

    /// Checkpoints of all partitions.
    pub fn checkpoints(&self) -> &Checkpoints {
        &self.0.checkpoints
    }

    /// The HTTP server.
    pub fn http(&self) -> &Http {
        &self.0.http
    }

    /// What `groundswell route` reads and writes.
    pub fn route(&self) -> &Route {
        &self.0.route
    }

    /// The metrics of `partition` of `topic` (of files: the feed's name and 0), there until they
    /// are dropped.
    #[must_use = "the partition's series go when this is dropped"]
    pub fn partition(&self, topic: &str, partition: i32) -> PartitionMetrics {
        let shard = self.0.shards.fetch_add(1, Relaxed);
        PartitionMetrics::new(self.clone(), shard, topic, partition)
    }

    /// The caps, and how many brands and windows (brand, monitor and length) are watched.
    pub fn set_room(&self, caps: &Caps, brands: usize, series: usize) {
        self.0.room.set(caps, brands, series);
    }

    /// Everything there is, in the order it was registered.
    pub fn families(&self) -> &[Family] {
        &self.0.families
    }

    /// All series as they now stand, in Prometheus' text format 0.0.4
    /// ([`prometheus::TEXT_FORMAT`]), by name.
    ///
    /// # Errors
    ///
    /// [`MetricsError::Encode`], when a metric cannot be written in that format.
    pub fn exposition(&self) -> Result<String, MetricsError> {
        let families = self.0.registry.gather();
        TextEncoder::new().encode_to_string(&families).map_err(MetricsError::Encode)
    }

    pub(super) fn partitions(&self) -> &Partitions {
        &self.0.partitions
    }

    pub(super) fn windows(&self) -> &Windows {
        &self.0.windows
    }
}

//! The catalogue of metrics: each is registered once, and described as it is registered.

use std::fmt;

use prometheus::core::Collector;
use prometheus::{
    Gauge, GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, Opts,
    Registry,
};

use super::MetricsError;

/// What sort of metric it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows, until the process starts anew.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Observations counted in buckets, with their sum.
    Histogram,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        })
    }
}

/// One metric, whatever its labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Family {
    /// Its full name.
    pub name: &'static str,
    /// Counter, gauge or histogram.
    pub kind: Kind,
    /// Its labels, in order.
    pub labels: &'static [&'static str],
    /// What one unit of its value is.
    pub unit: &'static str,
    /// What it says, in one sentence.
    pub help: &'static str,
}

/// A family's name, unit and help.
pub(super) type About = (&'static str, &'static str, &'static str);

/// Registers metrics and remembers what they are.
#[derive(Debug, Default)]
pub(super) struct Registrar {
    pub registry: Registry,
    pub families: Vec<Family>,
}

impl Registrar {
    pub fn counter(&mut self, about: About) -> Result<IntCounter, MetricsError> {
        self.add(Kind::Counter, &[], about, IntCounter::with_opts(opts(about)))
    }

    pub fn counters(
        &mut self,
        labels: &'static [&'static str],
        about: About,
    ) -> Result<IntCounterVec, MetricsError> {
        self.add(Kind::Counter, labels, about, IntCounterVec::new(opts(about), labels))
    }

    pub fn gauge(&mut self, about: About) -> Result<Gauge, MetricsError> {
        self.add(Kind::Gauge, &[], about, Gauge::with_opts(opts(about)))
    }

    pub fn gauges(
        &mut self,
        labels: &'static [&'static str],
        about: About,
    ) -> Result<GaugeVec, MetricsError> {
        self.add(Kind::Gauge, labels, about, GaugeVec::new(opts(about), labels))
    }

    /// A histogram whose buckets end at `bounds`.
    pub fn histogram(&mut self, bounds: &[f64], about: About) -> Result<Histogram, MetricsError> {
        let histogram = Histogram::with_opts(buckets(about, bounds));
        self.add(Kind::Histogram, &[], about, histogram)
    }

    /// As [`Self::histogram`], one for each label set.
    pub fn histograms(
        &mut self,
        labels: &'static [&'static str],
        bounds: &[f64],
        about: About,
    ) -> Result<HistogramVec, MetricsError> {
        let histograms = HistogramVec::new(buckets(about, bounds), labels);
        self.add(Kind::Histogram, labels, about, histograms)
    }

    /// Gauges that `collector` fills when they are asked for, instead of whoever changes them.
    pub fn collected<C: Collector + 'static>(
        &mut self,
        families: impl IntoIterator<Item = Family>,
        collector: C,
    ) -> Result<(), MetricsError> {
        let before = self.families.len();
        self.families.extend(families);
        let name = self.families.get(before).map_or("", |family| family.name);
        let registered = self.registry.register(Box::new(collector));
        registered.map_err(|source| MetricsError::Register { name, source })
    }

    fn add<C: Collector + Clone + 'static>(
        &mut self,
        kind: Kind,
        labels: &'static [&'static str],
        (name, unit, help): About,
        collector: prometheus::Result<C>,
    ) -> Result<C, MetricsError> {
        let failed = |source| MetricsError::Register { name, source };
        let collector = collector.map_err(failed)?;
        self.registry.register(Box::new(collector.clone())).map_err(failed)?;
        self.families.push(Family { name, kind, labels, unit, help });
        Ok(collector)
    }
}

fn opts((name, _, help): About) -> Opts {
    Opts::new(name, help)
}

fn buckets((name, _, help): About, bounds: &[f64]) -> HistogramOpts {
    HistogramOpts::new(name, help).buckets(bounds.to_vec())
}

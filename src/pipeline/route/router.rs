//! Where a mention goes: to one record for each market that it speaks of.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::classify::{Classifier, ClassifyError};
use crate::config::{Config, RouteSettings};
use crate::decode::{DeadLetter, DeadLetterError, DeadLetterFile, Reason, Rejected};
use crate::relay::{Forward, Received, RelayError, RelayHandler};
use crate::source::kafka::{MARKET_HEADER, dead_letter_headers};
use crate::source::wall_clock;
use crate::telemetry::{Metrics, Routed, RoutedRecords};

use super::super::reader::Reader;

/// The markets, and which one each brand belongs to.
struct Markets {
    names: Vec<String>,
    /// By brand: its market's position in `names`.
    of_brand: Vec<usize>,
}

impl Markets {
    fn new(config: &Config) -> Self {
        let mut markets = Self { names: Vec::new(), of_brand: Vec::new() };
        for brand in &config.plan.brands {
            let name = brand.market_name();
            let known = markets.names.iter().position(|known| known == name);
            markets.of_brand.push(known.unwrap_or(markets.names.len()));
            if known.is_none() {
                markets.names.push(name.to_owned());
            }
        }
        markets
    }
}

/// Writes each mention where it belongs, and keeps what is none.
pub(super) struct Router {
    reader: Reader,
    markets: Markets,
    output: String,
    dead_letter_topic: Option<String>,
    dead_letter_file: PathBuf,
    max_bytes: usize,
    metrics: Metrics,
    records: RoutedRecords,
    /// The open transaction's.
    tally: Tally,
}

/// What a transaction comes to; counted when it is committed.
#[derive(Default)]
struct Tally {
    bytes: u64,
    routed: u64,
    unmatched: u64,
    rejected: Vec<Reason>,
    /// Records written, by market.
    records: Vec<u64>,
    /// To be kept in the file.
    letters: Vec<DeadLetter>,
}

impl Router {
    pub(super) fn new(
        config: &Config,
        settings: &RouteSettings,
        metrics: &Metrics,
    ) -> Result<Self, ClassifyError> {
        let markets = Markets::new(config);
        let shown = config.limits.metric_series;
        Ok(Self {
            reader: Reader::new(config, Arc::new(Classifier::new(&config.rules)?)),
            records: metrics.route().expect_markets(&markets.names, shown),
            tally: Tally::of(markets.names.len()),
            markets,
            output: settings.output.clone(),
            dead_letter_topic: settings.dead_letter_topic.clone(),
            dead_letter_file: config.dead_letter_file.clone(),
            max_bytes: config.limits.max_message_bytes,
            metrics: metrics.clone(),
        })
    }

    /// Whether what is not routed can be kept in the file.
    pub(super) fn try_file(&self) -> Result<(), DeadLetterError> {
        DeadLetterFile::open(&self.dead_letter_file).map(drop)
    }

    /// The markets of the message, each once, by their positions.
    fn markets(&self, message: &Received<'_>) -> Result<Vec<usize>, Rejected> {
        let now = wall_clock();
        // What comes again is judged by the clock of the day on which it came.
        let came = message.timestamp.map_or(now, |timestamp| timestamp.min(now));
        let mention = self.reader.decode(message.topic.format, message.payload, came)?;
        let classified = self.reader.classify(&mention, message.market)?;
        let mut markets = Vec::new();
        for brand in &classified.brands {
            let market = self.markets.of_brand[brand.0 as usize];
            if !markets.contains(&market) {
                markets.push(market);
            }
        }
        Ok(markets)
    }

    fn reject(
        &mut self,
        message: &Received<'_>,
        rejected: Rejected,
        forward: &Forward<'_>,
    ) -> Result<(), RelayError> {
        self.tally.rejected.push(rejected.reason);
        // What is larger than a mention may be need not fit into a topic either: the file takes it.
        let fits = forward.message_size().is_some_and(|size| size <= self.max_bytes);
        if let Some(topic) = self.dead_letter_topic.as_deref().filter(|_| fits) {
            let fault = (rejected.reason, &*rejected.detail);
            let place = (&*message.topic.name, message.partition, message.offset);
            let headers = dead_letter_headers(fault, place);
            let headers = headers.each_ref().map(|(key, value)| (*key, value.as_bytes()));
            return forward.to(topic, message.key, &headers);
        }
        let position = u64::try_from(message.offset).unwrap_or(0);
        let partition = Some(message.partition);
        let topic = &*message.topic.name;
        let letter =
            DeadLetter::new(rejected, topic, partition, position, wall_clock(), message.payload);
        self.tally.letters.push(letter);
        Ok(())
    }

    fn fresh_tally(&mut self) -> Tally {
        let fresh = Tally::of(self.markets.names.len());
        std::mem::replace(&mut self.tally, fresh)
    }
}

impl RelayHandler for Router {
    fn message(&mut self, message: &Received<'_>, forward: &Forward<'_>) -> Result<(), RelayError> {
        self.tally.bytes += message.payload.len() as u64;
        let markets = match self.markets(message) {
            Ok(markets) => markets,
            Err(rejected) => return self.reject(message, rejected, forward),
        };
        if markets.is_empty() {
            self.tally.unmatched += 1;
            return Ok(());
        }
        for at in &markets {
            let market = self.markets.names[*at].as_bytes();
            // One that was routed before carries its market already.
            let header = [(MARKET_HEADER, market)];
            let headers = if message.market.is_none() { &header[..] } else { &[] };
            match forward.to(&self.output, Some(market), headers) {
                // The first, then: the others would be as large, give or take a name.
                Err(RelayError::TooLarge { bytes }) => {
                    let detail = format!("{bytes} bytes, and too much in its headers for a record");
                    let rejected = Rejected::new(Reason::TooLarge, detail);
                    return self.reject(message, rejected, forward);
                }
                written => written?,
            }
            self.tally.records[*at] += 1;
        }
        self.tally.routed += 1;
        Ok(())
    }

    fn keep(&mut self) -> Result<(), RelayError> {
        if self.tally.letters.is_empty() {
            return Ok(());
        }
        let kept = DeadLetterFile::open(&self.dead_letter_file).and_then(|mut file| {
            self.tally.letters.iter().try_for_each(|letter| file.write(letter))?;
            file.flush()
        });
        kept.map_err(|failure| {
            self.metrics.intake().dead_letter_failed();
            RelayError::Keep(failure.to_string())
        })
    }

    fn committed(&mut self, open: Duration) {
        let tally = self.fresh_tally();
        let route = self.metrics.route();
        route.committed(open);
        route.add(Routed::Routed, tally.routed);
        route.add(Routed::Unmatched, tally.unmatched);
        route.add(Routed::Rejected, tally.rejected.len() as u64);
        self.records.add(&tally.records);
        let intake = self.metrics.intake();
        intake.add_read_bytes(tally.bytes);
        tally.rejected.into_iter().for_each(|reason| intake.dead_letter(reason));
    }

    fn aborted(&mut self) {
        self.fresh_tally();
        self.metrics.route().aborted();
    }
}

impl Tally {
    fn of(markets: usize) -> Self {
        Self { records: vec![0; markets], ..Self::default() }
    }
}

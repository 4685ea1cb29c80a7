//! From a message's bytes to the brands it speaks of: the same way in `run`, `replay` and `route`.

use std::sync::Arc;
use std::time::Duration;

use crate::classify::Classifier;
use crate::config::Config;
use crate::decode::{Format, Limits, Reason, Rejected, decode};
use crate::detect::Plan;
use crate::mention::{Classified, Mention, Timestamp, millis};

/// Decodes and classifies.
#[derive(Debug)]
pub(super) struct Reader {
    classifier: Arc<Classifier>,
    plan: Arc<Plan>,
    max_bytes: usize,
    max_future: Duration,
}

impl Reader {
    pub(super) fn new(config: &Config, classifier: Arc<Classifier>) -> Self {
        Self {
            classifier,
            plan: Arc::clone(&config.plan),
            max_bytes: config.limits.max_message_bytes,
            max_future: config.max_future,
        }
    }

    /// What decoding refuses when the wall clock shows `now`.
    pub(super) fn limits(&self, now: Timestamp) -> Limits {
        Limits { max_bytes: self.max_bytes, latest: now.plus_millis(millis(self.max_future)) }
    }

    /// Decodes `payload`; a mention dated further ahead of `now` than is allowed is refused.
    pub(super) fn decode<'p>(
        &self,
        format: Format,
        payload: &'p [u8],
        now: Timestamp,
    ) -> Result<Mention<'p>, Rejected> {
        decode(format, payload, &self.limits(now))
    }

    /// Classifies `mention`; when it was routed for one `market`, it speaks of no other's brands.
    pub(super) fn classify<'m>(
        &self,
        mention: &'m Mention<'m>,
        market: Option<&[u8]>,
    ) -> Result<Classified<'m>, Rejected> {
        let mut classified = self
            .classifier
            .classify(mention)
            .map_err(|unknown| Rejected::new(Reason::UnknownBrand, unknown.to_string()))?;
        if let Some(market) = market {
            let brands = &self.plan.brands;
            classified
                .brands
                .retain(|brand| brands[brand.0 as usize].market_name().as_bytes() == market);
        }
        Ok(classified)
    }
}

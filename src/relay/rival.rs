//! Whether another instance runs under this one's name.
//!
//! That Kafka refuses this one's name does not say so: a request of its own that was delayed (by a
//! broker that was away, by a pause of the process) and comes after it has joined anew is refused in
//! the same words, and so is a transaction that was open for too long. Who is still a member when
//! this one has been away for longer than its session is another.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use uuid::Uuid;

use super::{NAP, RelayError, RelaySettings};
use crate::source::{KafkaSettings, rest};

/// How long the group may take to say who its members are.
const LOOKUP: Duration = Duration::from_secs(5);

/// Waits until this instance, whose clients are gone, is no member any more; returns whether there is
/// still one of its name then. When nobody could be asked, there is none.
pub(super) fn lives(
    kafka: &KafkaSettings,
    settings: &RelaySettings,
    stop: &AtomicBool,
) -> Result<bool, RelayError> {
    let config = settings.consumer(kafka);
    let session = config.get("session.timeout.ms").and_then(|it| it.parse().ok()).unwrap_or(0);
    let asks: BaseConsumer = config.create().map_err(RelayError::Settings)?;
    // A broker that is busy is late to give a member up.
    let until = Instant::now() + 2 * Duration::from_millis(session);
    while !stop.load(Ordering::Acquire) {
        let group = asks.fetch_group_list(Some(&settings.group), LOOKUP);
        let is_there = group.map(|list| {
            let mut members = list.groups().iter().flat_map(|group| group.members());
            members.any(|member| is_of(&settings.transactional_id, member.id()))
        });
        if matches!(is_there, Ok(false)) || Instant::now() >= until {
            return Ok(is_there.unwrap_or(false));
        }
        rest(NAP, stop);
    }
    Ok(false)
}

/// Whether `member` is the id that Kafka gives a static member named `instance`.
fn is_of(instance: &str, member: &str) -> bool {
    let own = member.strip_prefix(instance).and_then(|rest| rest.strip_prefix('-'));
    own.is_some_and(|own| Uuid::try_parse(own).is_ok())
}

#[cfg(test)]
mod tests {
    use super::is_of;

    #[test]
    fn a_member_is_known_by_its_name_and_not_by_one_that_begins_alike() {
        let uuid = "0b9e37a7-5ac4-4d70-a2a3-62c1fa2ac5d3";
        assert!(is_of("route-1", &format!("route-1-{uuid}")));
        assert!(!is_of("route", &format!("route-1-{uuid}")));
        assert!(!is_of("route-1", "route-1"));
    }
}

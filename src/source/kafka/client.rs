//! What every Kafka client of this program is told, so that each mention counts once.

use rdkafka::ClientConfig;

use super::settings::{FETCH_QUEUE, FETCH_QUEUE_BYTES, KIB, KafkaSettings};

/// A client named `id`. `defaults` may be changed by the user's properties; what is set afterwards
/// may not.
pub(crate) fn client(kafka: &KafkaSettings, id: &str, defaults: &[(&str, &str)]) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("client.id", id);
    for (key, value) in defaults {
        config.set(*key, *value);
    }
    for (key, value) in &kafka.properties {
        config.set(key, value.expose());
    }
    config.set("bootstrap.servers", kafka.brokers.join(",")).set("statistics.interval.ms", "5000");
    config
}

/// What a record holds beside its payload, in bytes: key, headers and framing.
const ROOM_BESIDE_PAYLOAD: usize = 1 << 20;
/// The largest message that librdkafka knows, in bytes.
const LARGEST_MESSAGE: usize = 1_000_000_000;

/// A client that writes records with payloads of up to `max_bytes`. Its partitioner is that of Java's
/// clients, so that records of one key lie together whoever wrote them.
pub(crate) fn producer(kafka: &KafkaSettings, id: &str, max_bytes: usize) -> ClientConfig {
    let largest = (max_bytes + ROOM_BESIDE_PAYLOAD).min(LARGEST_MESSAGE).to_string();
    let defaults = [("compression.type", "lz4"), ("partitioner", "murmur2_random")];
    let mut config = client(kafka, id, &defaults);
    config.set("message.max.bytes", largest);
    config
}

/// A client that is a member of `group`; a static one (KIP-345) when `instance` names it.
///
/// A static member takes part in eager rebalances: one that is started anew between the two halves of
/// a cooperative one gets back what it had left without the second half, and what it had let go of is
/// nobody's. As it comes and goes without a rebalance, it has to let go of everything but seldom.
pub(crate) fn consumer(
    kafka: &KafkaSettings,
    id: &str,
    (group, instance): (&str, Option<&str>),
    defaults: &[(&str, &str)],
) -> ClientConfig {
    let fetch_queue = (FETCH_QUEUE_BYTES / KIB).to_string();
    let defaults = [&[(FETCH_QUEUE, &*fetch_queue)], defaults].concat();
    let mut config = client(kafka, id, &defaults);
    let strategy = match instance {
        Some(instance) => {
            config.set("group.instance.id", instance);
            "roundrobin"
        }
        None => "cooperative-sticky",
    };
    config
        .set("group.id", group)
        .set("partition.assignment.strategy", strategy)
        // What `route` has written in a transaction that was aborted has never been.
        .set("isolation.level", "read_committed")
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("auto.offset.reset", "earliest")
        .set("allow.auto.create.topics", "false");
    config
}

//! What is counted is what happened.

use super::*;
use crate::incident::fixtures::{ONSET, change_of, resolved, silent_feed};
use crate::incident::{Incident, Severity, State};

#[test]
fn every_outcome_and_reason_is_there_from_the_start() {
    let metrics = Metrics::new(10).unwrap();
    let zero = |name, label, of| assert_eq!(value(&metrics, name, &[(label, of)]), Some(0.0));
    for outcome in Outcome::ALL {
        zero("groundswell_mentions_total", "outcome", outcome.name());
    }
    zero("groundswell_mentions_total", "outcome", "rejected");
    for reason in Reason::ALL {
        zero("groundswell_dead_letters_total", "reason", reason.name());
    }
    for severity in Severity::ALL {
        zero("groundswell_incidents_open", "severity", severity.name());
    }
    zero("groundswell_incident_changes_total", "state", "resolved");
    for reason in Refusal::ALL {
        zero("groundswell_http_refused_total", "reason", reason.name());
    }
}

#[test]
fn each_outcome_and_reason_has_its_own_counter() {
    let metrics = Metrics::new(10).unwrap();
    for (n, outcome) in (1..).zip(Outcome::ALL) {
        metrics.intake().add(outcome, n);
    }
    metrics.intake().add_rejected(9);
    for (n, reason) in (1..).zip(Reason::ALL) {
        (0..n).for_each(|_| metrics.intake().dead_letter(reason));
    }
    let is = |name, label, of, n: u32| {
        assert_eq!(value(&metrics, name, &[(label, of)]), Some(f64::from(n)), "{of}");
    };
    for (n, outcome) in (1..).zip(Outcome::ALL) {
        is("groundswell_mentions_total", "outcome", outcome.name(), n);
    }
    is("groundswell_mentions_total", "outcome", "rejected", 9);
    for (n, refusal) in (1..).zip(Refusal::ALL) {
        (0..n).for_each(|_| metrics.http().refused(refusal));
        is("groundswell_http_refused_total", "reason", refusal.name(), n);
    }
    for (n, reason) in (1..).zip(Reason::ALL) {
        is("groundswell_dead_letters_total", "reason", reason.name(), n);
    }
}

#[test]
fn clones_share() {
    let metrics = Metrics::new(10).unwrap();
    metrics.clone().intake().add_read_bytes(5);
    assert_eq!(value(&metrics, "groundswell_source_read_bytes_total", &[]), Some(5.0));
    let other = Metrics::new(10).unwrap();
    assert_eq!(value(&other, "groundswell_source_read_bytes_total", &[]), Some(0.0));
}

#[test]
fn incidents_are_counted_when_they_open() {
    let metrics = Metrics::new(10).unwrap();
    let told = metrics.incidents();
    told.changed(&change_of(incident(), 0));
    told.changed(&change_of(Incident { state: State::Escalated, ..incident() }, 1));
    told.changed(&change_of(resolved(incident(), 90), 2));
    told.changed(&change_of(fall(), 0));
    let of = |severity, direction| {
        let labels = [("severity", severity), ("direction", direction)];
        value(&metrics, "groundswell_incidents_total", &labels)
    };
    assert_eq!(of("critical", "up"), Some(1.0));
    assert_eq!(of("warning", "down"), Some(1.0));
    assert_eq!(of("notice", "up"), Some(0.0));
    let changes =
        |state| value(&metrics, "groundswell_incident_changes_total", &[("state", state)]);
    assert_eq!(changes("opened"), Some(2.0));
    assert_eq!(changes("escalated"), Some(1.0));
    assert_eq!(changes("resolved"), Some(1.0));
}

#[test]
fn open_incidents_add_up_over_partitions_and_go_with_them() {
    let metrics = Metrics::new(10).unwrap();
    let open = |severity| {
        value(&metrics, "groundswell_incidents_open", &[("severity", severity)]).unwrap()
    };
    let first = metrics.partition("mentions", 0);
    let second = metrics.partition("mentions", 1);
    first.set_open_incidents([&incident(), &fall()]);
    second.set_open_incidents([&incident()]);
    assert_eq!((open("critical"), open("warning"), open("notice")), (2.0, 1.0, 0.0));
    first.set_open_incidents([&fall()]);
    assert_eq!((open("critical"), open("warning")), (1.0, 1.0));
    drop(first);
    assert_eq!((open("critical"), open("warning")), (1.0, 0.0));
    second.set_open_incidents([]);
    assert_eq!(open("critical"), 0.0);
}

/// The onset shown for an open incident.
fn onset(metrics: &Metrics, of: &Incident) -> Option<f64> {
    let labels = [
        ("brand", of.brand.as_str()),
        ("monitor", of.monitor.as_str()),
        ("direction", of.direction.name()),
        ("severity", of.severity.name()),
    ];
    value(metrics, "groundswell_incident_onset_timestamp_seconds", &labels)
}

#[test]
fn whose_incident_is_open_and_since_when_is_told_while_it_is() {
    let metrics = Metrics::new(10).unwrap();
    let first = metrics.partition("mentions", 0);
    let second = metrics.partition("mentions", 1);
    let began = ONSET.as_millis() as f64 / 1_000.0;
    let earlier = Incident { onset: ONSET.plus_millis(-90_500), ..incident() };
    first.set_open_incidents([&incident(), &silent_feed()]);
    assert_eq!(onset(&metrics, &incident()), Some(began));
    assert_eq!(onset(&metrics, &silent_feed()), Some(began));
    assert_eq!(onset(&metrics, &fall()), None);
    second.set_open_incidents([&earlier]);
    assert_eq!(onset(&metrics, &incident()), Some(began - 90.5), "of two alike, the earlier");
    drop(second);
    assert_eq!(onset(&metrics, &incident()), Some(began));
    first.set_open_incidents([]);
    assert_eq!(onset(&metrics, &incident()), None, "it is over");
}

#[test]
fn beyond_the_limit_the_most_severe_incidents_are_shown() {
    let metrics = Metrics::new(2).unwrap();
    let partition = metrics.partition("mentions", 0);
    let of = |brand: &str, severity, minutes: i64| Incident {
        brand: brand.to_owned(),
        severity,
        onset: ONSET.plus_millis(minutes * 60_000),
        ..incident()
    };
    let old = of("El Al", Severity::Notice, 0);
    let new = of("Delta", Severity::Notice, 5);
    let grave = of("United", Severity::Critical, 9);
    partition.set_open_incidents([&new, &old, &grave]);
    assert!(onset(&metrics, &grave).is_some() && onset(&metrics, &old).is_some());
    assert_eq!(onset(&metrics, &new), None);
    let notices = value(&metrics, "groundswell_incidents_open", &[("severity", "notice")]);
    assert_eq!(notices, Some(2.0), "counted all the same");
}

#[test]
fn a_partition_leaves_nothing_behind() {
    let (metrics, partition) = busy();
    let of = |name| value(&metrics, name, &[("topic", "mentions"), ("partition", "3")]);
    let families = [
        ("groundswell_consumer_lag_messages", 7.0),
        ("groundswell_watermark_lag_seconds", 6.0),
        ("groundswell_dedup_entries", 9.0),
        ("groundswell_dedup_early_turnovers_total", 1.0),
        ("groundswell_attributed_values", 5.0),
        ("groundswell_fetch_queue_bytes", 4_096.0),
        ("groundswell_largest_message_bytes", 512.0),
    ];
    for (name, expected) in families {
        assert_eq!(of(name), Some(expected), "{name}");
    }
    // Handed over within the process: the new owner is there before the old one has gone.
    let successor = metrics.partition("mentions", 3);
    successor.set_consumer_lag(4);
    drop(partition);
    assert_eq!(of("groundswell_consumer_lag_messages"), Some(4.0));
    drop(successor);
    for (name, _) in families {
        assert_eq!(of(name), None, "{name}");
    }
    assert_eq!(value(&metrics, "groundswell_window_series", &[]), Some(0.0));
}

#[test]
fn what_is_watched_stands_beside_its_limit() {
    let (metrics, _partition) = busy();
    let shown = [
        ("groundswell_brands", 2),
        ("groundswell_brands_limit", 1_000),
        ("groundswell_series", 48),
        ("groundswell_series_limit", 50_000),
        ("groundswell_dedup_entries_limit", 1 << 20),
        ("groundswell_message_limit_bytes", 1 << 20),
        ("groundswell_fetch_queue_limit_bytes", 16 << 20),
        ("groundswell_dead_letters_waiting_bytes", 2_048),
        ("groundswell_dead_letters_waiting_limit_bytes", 64 << 20),
    ];
    for (name, expected) in shown {
        assert_eq!(value(&metrics, name, &[]), Some(f64::from(expected)), "{name}");
    }
}

#[test]
fn nothing_is_said_of_a_watermark_that_is_not_there() {
    let metrics = Metrics::new(10).unwrap();
    let partition = metrics.partition("mentions", 0);
    partition.set_watermark(None, at(10));
    let lag = || {
        let labels = [("topic", "mentions"), ("partition", "0")];
        value(&metrics, "groundswell_watermark_lag_seconds", &labels)
    };
    assert_eq!(lag(), None);
    partition.set_watermark(Some(at(12)), at(10));
    assert_eq!(lag(), Some(-2.0), "ahead of the clock, and shown as such");
}

#[test]
fn early_turnovers_only_grow() {
    let metrics = Metrics::new(10).unwrap();
    let mut partition = metrics.partition("mentions", 0);
    let mut after = |dedup_early_turnovers| {
        partition.set_fullness(Fullness { dedup_early_turnovers, ..Fullness::default() });
        let labels = [("topic", "mentions"), ("partition", "0")];
        value(&metrics, "groundswell_dedup_early_turnovers_total", &labels).unwrap()
    };
    assert_eq!(after(0), 0.0);
    assert_eq!(after(4), 4.0);
    assert_eq!(after(4), 4.0);
    assert_eq!(after(2), 6.0, "the shard was built anew, and has turned over twice since");
}

#[test]
fn a_mention_from_the_future_is_not_delayed() {
    let metrics = Metrics::new(10).unwrap();
    metrics.intake().observe_delay(at(100), at(40));
    assert_eq!(value(&metrics, "groundswell_mention_delay_seconds_sum", &[]), Some(0.0));
    metrics.intake().observe_delay(at(100), at(102));
    assert_eq!(value(&metrics, "groundswell_mention_delay_seconds_sum", &[]), Some(2.0));
    assert_eq!(value(&metrics, "groundswell_mention_delay_seconds_count", &[]), Some(2.0));
}

#[test]
fn without_tls_there_is_no_certificate_that_could_have_run_out() {
    let metrics = Metrics::new(10).unwrap();
    let expiry = || value(&metrics, "groundswell_http_certificate_expiry_timestamp_seconds", &[]);
    assert_eq!(expiry(), None);
    metrics.http().certificate_reload_failed();
    metrics.http().certificate_loaded(at(4_102_444_800));
    assert_eq!(expiry(), Some(4_102_444_800.0));
    assert_eq!(value(&metrics, "groundswell_http_certificate_reload_failed", &[]), Some(0.0));
}

#[test]
fn markets_beyond_the_cap_share_a_series() {
    let metrics = Metrics::new(10).unwrap();
    let markets = ["airlines", "anvils", "coffee"].map(str::to_owned);
    let records = metrics.route().expect_markets(&markets, 1);
    let of = |market| value(&metrics, "groundswell_route_records_total", &[("market", market)]);
    assert_eq!((of("airlines"), of("other")), (Some(0.0), Some(0.0)));
    records.add(&[2, 3, 4]);
    assert_eq!((of("airlines"), of("other"), of("anvils")), (Some(2.0), Some(7.0), None));
}

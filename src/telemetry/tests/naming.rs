//! The rules of `promtool check metrics` (Prometheus' promlint), and this project's own.

use super::*;

/// Units by their parts in a name, each with the base unit promlint asks for in its stead.
const NOT_BASE: &[(&str, &str)] = &[
    ("milliseconds", "seconds"),
    ("microseconds", "seconds"),
    ("nanoseconds", "seconds"),
    ("minutes", "seconds"),
    ("hours", "seconds"),
    ("days", "seconds"),
    ("weeks", "seconds"),
    ("percent", "ratio"),
    ("kilobytes", "bytes"),
    ("megabytes", "bytes"),
    ("bits", "bytes"),
    ("celcius", "celsius"),
];
const ABBREVIATED: &[&str] =
    &["s", "ms", "us", "ns", "sec", "b", "kb", "mb", "gb", "tb", "pb", "m", "h", "d"];

fn complaints(family: &Family) -> Vec<String> {
    let Family { name, kind, labels, help, .. } = *family;
    let mut complaints = Vec::new();
    let mut complain = |wrong: bool, what: &str| {
        if wrong {
            complaints.push(format!("{name}: {what}"));
        }
    };
    let bare = |part: &str| part.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    complain(!name.starts_with("groundswell_"), "lacks the prefix");
    complain(!bare(name), "is not lower case with underscores");
    complain(!labels.iter().all(|label| bare(label)), "has a label in another case");
    complain(labels.contains(&"le") || labels.contains(&"quantile"), "has a reserved label");
    complain(help.len() < 20 || !help.ends_with('.'), "does not explain itself in a sentence");
    complain((kind == Kind::Counter) != name.ends_with("_total"), "`_total` is for counters");
    complain(
        ["_bucket", "_sum", "_count", "_info_total"].iter().any(|end| name.ends_with(end)),
        "has a reserved ending",
    );
    for part in name.split('_') {
        complain(
            ["counter", "gauge", "histogram", "metric", "summary"].contains(&part),
            "names its own type",
        );
        complain(ABBREVIATED.contains(&part), "abbreviates a unit");
        complain(NOT_BASE.iter().any(|(unit, _)| part == *unit), "is not in a base unit");
        complain(labels.contains(&part) && part != "window", "repeats its label");
    }
    let unit_in_name =
        ["seconds", "bytes"].into_iter().find(|unit| name.contains(&format!("_{unit}")));
    let unit = ["seconds", "bytes"].into_iter().find(|unit| family.unit == *unit);
    complain(unit_in_name != unit, "name and unit differ");
    complaints
}

#[test]
fn every_name_follows_the_rules() {
    let metrics = Metrics::new(10).unwrap();
    let complaints: Vec<String> = metrics.families().iter().flat_map(complaints).collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
}

#[test]
fn the_rules_find_what_is_wrong() {
    let good = Family {
        name: "groundswell_waits_seconds_total",
        kind: Kind::Counter,
        labels: &["topic"],
        unit: "seconds",
        help: "A sentence that explains.",
    };
    assert_eq!(complaints(&good), Vec::<String>::new());
    let bad = [
        Family { name: "waits_seconds_total", ..good },
        Family { name: "groundswell_waits_seconds", ..good },
        Family { name: "groundswell_waits_milliseconds_total", unit: "", ..good },
        Family { name: "groundswell_waits_total", ..good },
        Family { name: "groundswell_waitSeconds_total", unit: "", ..good },
        Family { name: "groundswell_waits_ms_total", unit: "", ..good },
        Family { name: "groundswell_waits_by_topic_seconds_total", ..good },
        Family { kind: Kind::Gauge, ..good },
        Family { labels: &["le"], ..good },
        Family { labels: &["topicName"], ..good },
        Family { help: "Waits", ..good },
    ];
    for family in bad {
        assert!(!complaints(&family).is_empty(), "{family:?}");
    }
}

#[test]
fn what_is_written_is_what_is_catalogued() {
    let (metrics, _partition) = busy();
    let written = scrape(&metrics);
    let names: Vec<&str> = written.keys().map(String::as_str).collect();
    let mut catalogued: Vec<&str> = metrics.families().iter().map(|f| f.name).collect();
    catalogued.sort_unstable();
    assert_eq!(names, catalogued, "every family is written, and none besides");
    for family in metrics.families() {
        let found = &written[family.name];
        assert_eq!(found.help, family.help);
        assert_eq!(found.kind, family.kind.to_string());
        for sample in &found.samples {
            let mut labels: Vec<&str> = family.labels.to_vec();
            if sample.name.ends_with("_bucket") {
                labels.push("le");
            }
            labels.sort_unstable();
            let of_sample: Vec<&str> = sample.labels.keys().map(String::as_str).collect();
            assert_eq!(of_sample, labels, "{}", sample.name);
            assert!(sample.value.is_finite());
        }
    }
}

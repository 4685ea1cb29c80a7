//! The examples work as they stand, and the reference names every key.

use std::collections::BTreeSet;

use super::*;
use crate::baseline::BaselineSettings;
use crate::detect::{Monitor, Sensitivity, TimeSettings};
use crate::http::HttpSettings;
use crate::store::Engine;
use crate::telemetry::log::LogFormat;

const SECRETS: &[(&str, &str)] = &[
    ("SLACK_WEBHOOK_URL", "https://hooks.slack.example/services/T0/B0/xyz"),
    ("SMTP_PASSWORD", "opensesame"),
    ("SLACK_BOT_TOKEN", "xoxb-1-2-abc"),
    ("SLACK_SIGNING_SECRET", "8f742231b10e8888abcd99yyyzzz85a5"),
    ("GROUNDSWELL_LINK_SECRET", "4f1c2b9e0d7a4c35"),
    ("PAGERDUTY_ROUTING_KEY", "e93facc04764012d7bfb002500d5d1a6"),
    ("ALERTMANAGER_AUTHORIZATION", "Basic YTpi"),
    ("KAFKA_PASSWORD", "opensesame"),
    ("POD_NAME", "groundswell-0"),
    ("CASES_URL", "https://cases.example/in"),
    ("CASES_AUTHORIZATION", "Bearer abc"),
    ("GROUNDSWELL_GRAFANA_TOKEN", "6f1c2b9e0d7a4c35"),
    ("GROUNDSWELL_ON_CALL_TOKEN", "93b0a1d2e4f5c687"),
    ("CASES_SIGNING_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
];

fn example(name: &str) -> Config {
    parse(&repository(&format!("examples/{name}.toml")), SECRETS).unwrap()
}

#[test]
fn one_brand_and_one_slack_webhook_are_enough() {
    let config = example("minimal");
    assert_eq!(config.plan.brands.len(), 1);
    assert_eq!(config.routes.len(), 1);
    let kafka = config.kafka.unwrap();
    assert_eq!(kafka.brokers, ["localhost:9092"]);
    assert_eq!(kafka.topics[0].name, "mentions");
    assert_eq!(config.feed, "mentions");
}

#[test]
fn the_airlines_need_no_secret() {
    let config = parse(&repository("examples/airlines.toml"), &[]).unwrap();
    let names: Vec<&str> = config.plan.brands.iter().map(|brand| brand.name.as_str()).collect();
    assert_eq!(names, ["American", "Delta", "Southwest", "US Airways", "United", "Virgin America"]);
    let one_market = |brand: &crate::detect::Brand| brand.market.as_deref() == Some("us-airlines");
    assert!(config.plan.brands.iter().all(one_market));
    assert_eq!(config.plan.time_zone.iana_name(), Some("America/New_York"));
    assert!(config.routes.is_empty());
}

#[test]
fn the_full_example_shows_the_defaults() {
    let full = example("full");
    let bare = parse(&with_brand(""), &[]).unwrap();
    assert_eq!(full.plan.time, TimeSettings::default());
    assert_eq!(full.plan.sensitivity, Sensitivity::default());
    assert_eq!(full.plan.baseline, BaselineSettings::default());
    assert_eq!(full.plan.monitors, Monitor::defaults());
    assert_eq!(full.feed, bare.feed);
    assert_eq!(full.plan.time_zone, bare.plan.time_zone);
    assert_eq!(full.max_future, bare.max_future);
    assert_eq!(full.retry, bare.retry);
    assert_eq!(full.store, bare.store);
    assert_eq!(full.dead_letter_file, bare.dead_letter_file);
    assert_eq!(full.feedback_file, bare.feedback_file);
    assert_eq!(full.limits, bare.limits);
    let without_examples = HttpSettings {
        tls: None,
        tokens: Vec::new(),
        page: None,
        slack: None,
        notice: None,
        ..full.http
    };
    assert_eq!((&without_examples, &bare.http), (&bare.http, &HttpSettings::default()));
    assert_eq!((full.log.format, &*full.log.level), (LogFormat::Text, "info"));
    assert_eq!(full.log, bare.log);
    assert_eq!(full.rules.influencer_followers, bare.rules.influencer_followers);
    let (full, bare) = (full.kafka.unwrap(), bare.kafka.unwrap());
    assert_eq!(
        (full.brokers, full.topics, full.group, full.history, full.idle_timeout),
        (bare.brokers, bare.topics, bare.group, bare.history, bare.idle_timeout)
    );
}

#[test]
fn the_cluster_configurations_are_valid() {
    for base in ["base", "route"] {
        let text = repository(&format!("k8s/{base}/groundswell.toml"));
        let config = parse(&text, SECRETS).unwrap();
        assert!(config.http.listen.ip().is_unspecified(), "probes come from outside the container");
        assert_eq!(config.route.is_some(), base == "route");
    }
}

/// The mounts of the shipped pod: the volume's name, where it is, and whether it is read-only.
fn mounts(manifest: &str) -> Vec<(&str, &Path, bool)> {
    let (_, after) = manifest.split_once("volumeMounts:\n").unwrap();
    let (mounts, _) = after.split_once("      volumes:\n").unwrap();
    mounts
        .split("- name:")
        .skip(1)
        .map(|mount| {
            let of = |key: &str| mount.lines().find_map(|line| line.trim().strip_prefix(key));
            let path = Path::new(of("mountPath:").unwrap().trim());
            let read_only = of("readOnly:").is_some_and(|it| it.trim() == "true");
            (mount.lines().next().unwrap().trim(), path, read_only)
        })
        .collect()
}

#[test]
fn what_the_cluster_configuration_writes_lies_on_a_volume_that_lasts() {
    ["base", "route"].into_iter().for_each(assert_writes_where_it_lasts);
}

fn assert_writes_where_it_lasts(base: &str) {
    let config = parse(&repository(&format!("k8s/{base}/groundswell.toml")), SECRETS).unwrap();
    let manifest = repository(&format!("k8s/{base}/statefulset.yaml"));
    assert!(manifest.contains("readOnlyRootFilesystem: true"));
    assert!(manifest.contains("fsGroup: 65532"), "a fresh volume belongs to root");
    let (_, claims) = manifest.split_once("\n  volumeClaimTemplates:\n").unwrap();
    let lasting: Vec<&Path> = mounts(&manifest)
        .into_iter()
        .filter(|(volume, _, read_only)| {
            !read_only && claims.contains(&format!("name: {volume}\n"))
        })
        .map(|(_, path, _)| path)
        .collect();
    let directory = manifest.lines().find_map(|line| line.trim().strip_prefix("workingDir: "));
    let directory = Path::new(directory.unwrap());
    let Engine::Sqlite { file: store } = &config.store.engine else { panic!("no file") };
    for written in [&*config.dead_letter_file, &*config.feedback_file, store, directory] {
        assert!(
            lasting.iter().any(|mount| written.starts_with(mount)),
            "{} is on none of {lasting:?}",
            written.display()
        );
    }
}

/// Every key that the reader asks for while it reads the full example.
fn known_keys(text: &str) -> BTreeSet<(String, String)> {
    let (table, syntax) = DeTable::parse_recoverable(text);
    let reader = Reader::new(text, &syntax, Secrets::Ignore, &|_| None);
    let _config = Config::build(Section::root(&reader, &table));
    reader.into_outcome().asked
}

/// Tables themselves are written as headers.
fn is_table(header: &str, key: &str, keys: &BTreeSet<(String, String)>) -> bool {
    let path = format!("{}.{key}", header.trim_matches(['[', ']']));
    let path = path.trim_start_matches('.');
    keys.iter().any(|(other, _)| {
        let other = other.trim_matches(['[', ']']);
        other == path || other.starts_with(&format!("{path}."))
    }) || path == "source.kafka.properties"
}

#[test]
fn the_reference_names_every_key_in_its_table() {
    let document = repository("docs/configuration.md");
    let full = repository("examples/full.toml");
    let keys = known_keys(&full);
    assert!(keys.len() > 50, "{keys:?}");
    for (header, key) in &keys {
        let in_route = header.starts_with("[route.");
        if is_table(header, key, &keys) && !in_route {
            continue;
        }
        // The keys of a route's target stand in the route's own table of the reference.
        let (heading, key) = match header.strip_prefix("[route.") {
            Some(target) => ("[[route]]", format!("{}.{key}", target.trim_end_matches(']'))),
            None => (header.as_str(), key.clone()),
        };
        let heading = match heading {
            "" => "### Top of the file".to_owned(),
            header => format!("### `{header}`"),
        };
        let after = document.split_once(&format!("{heading}\n"));
        let after = after.unwrap_or_else(|| panic!("no heading {heading}")).1;
        let section = after.split("\n### ").next().unwrap();
        assert!(section.contains(&format!("| `{key}` |")), "{heading} does not name {key}");
    }
}

#[test]
fn the_reference_names_no_other_key() {
    let document = repository("docs/configuration.md");
    let keys = known_keys(&repository("examples/full.toml"));
    let (_, tables) = document.split_once("\n## Keys\n").unwrap();
    let mut named = 0;
    for section in tables.split("\n### ").skip(1) {
        let (heading, rows) = section.split_once('\n').unwrap();
        let header = if heading == "Top of the file" { "" } else { heading.trim_matches('`') };
        for row in rows.lines().filter_map(|row| row.strip_prefix("| `")) {
            let (name, _) = row.split_once('`').unwrap();
            let known = match name.split_once('.') {
                Some((target, key)) => (format!("[route.{target}]"), key.to_owned()),
                None => (header.to_owned(), name.to_owned()),
            };
            assert!(keys.contains(&known), "{heading} names {name}, which no one reads");
            named += 1;
        }
    }
    assert!(named > 50, "{named}");
}

#[test]
fn numbers_may_be_written_as_toml_has_them() {
    let text = with_brand(
        "[sensitivity]\nmin_excess = 0x10\nmin_ratio = 1_0.5\nmin_share_change = 5e-1\n",
    );
    let sensitivity = parse(&text, &[]).unwrap().plan.sensitivity;
    assert_eq!(sensitivity.min_excess, 16.0);
    assert_eq!(sensitivity.min_ratio, 10.5);
    assert_eq!(sensitivity.min_share_change, 0.5);
}

#[test]
fn the_full_example_holds_every_key() {
    let text = repository("examples/full.toml");
    let table = DeTable::parse(&text).unwrap();
    let mut held = BTreeSet::new();
    collect(table.get_ref(), "", &mut held);
    for (header, key) in known_keys(&text) {
        let path = format!("{}.{key}", header.trim_matches(['[', ']']));
        let path = path.trim_start_matches('.');
        // One of two that exclude each other stands as a comment.
        let comment = text.lines().any(|line| line.starts_with(&format!("# {key} = ")));
        assert!(held.contains(path) || comment, "examples/full.toml lacks {path}");
    }
}

fn collect(table: &DeTable<'_>, prefix: &str, held: &mut BTreeSet<String>) {
    for (key, value) in table.iter() {
        let path = format!("{prefix}{}", key.get_ref());
        let children = match value.get_ref() {
            toml::de::DeValue::Array(list) => list.iter().map(|item| item.get_ref()).collect(),
            single => vec![single],
        };
        for table in children.into_iter().filter_map(|child| child.as_table()) {
            collect(table, &format!("{path}."), held);
        }
        held.insert(path);
    }
}

#[test]
fn default_monitors_fit_the_pane() {
    let config = parse(&with_brand("[time]\npane = \"20m\"\n"), &[]).unwrap();
    for monitor in &config.plan.monitors {
        let multiple = |it: &Duration| it.as_secs().is_multiple_of(1_200);
        assert!(monitor.windows.iter().all(multiple), "{monitor:?}");
        assert!(!monitor.windows.is_empty());
    }
}

#[test]
fn windows_are_sorted_and_handles_bare() {
    let text = "[[brand]]\nname = \"Acme\"\nofficials = [\"@acme\", \"acme2\"]\n\
                [[monitor]]\nmeasure = \"mentions\"\nwindows = [\"6h\", \"5m\", \"1h\", \"60m\"]\n";
    let config = parse(text, &[]).unwrap();
    let minutes: Vec<u64> =
        config.plan.monitors[0].windows.iter().map(|window| window.as_secs() / 60).collect();
    assert_eq!(minutes, [5, 60, 360]);
    assert_eq!(config.rules.brands[0].officials, ["acme", "acme2"]);
    assert_eq!(config.plan.monitors[0].name, "mentions-up");
}

#[test]
fn kafka_properties_may_go_without_quotation_marks() {
    let text = with_brand(
        "[source.kafka.properties]\nsecurity.protocol = \"SASL_SSL\"\nsasl.password = { env = \"P\" }\n\
         \"fetch.min.bytes\" = 1_000\nssl.ca.pem = \"x\"\n",
    );
    let kafka = parse(&text, &[("P", "opensesame\n")]).unwrap().kafka.unwrap();
    let mut properties: Vec<(&str, &str)> =
        kafka.properties.iter().map(|(name, value)| (name.as_str(), value.expose())).collect();
    properties.sort_unstable();
    assert_eq!(
        properties,
        [
            ("fetch.min.bytes", "1000"),
            ("sasl.password", "opensesame"),
            ("security.protocol", "SASL_SSL"),
            ("ssl.ca.pem", "x"),
        ]
    );
}

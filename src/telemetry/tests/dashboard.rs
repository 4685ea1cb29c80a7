//! The Grafana dashboard asks only for what there is.

use std::collections::BTreeSet;

use serde_json::Value;

use super::*;

const DASHBOARD: &str = include_str!("../../../grafana/groundswell-overview.json");

fn dashboard() -> Value {
    serde_json::from_str(DASHBOARD).unwrap()
}

fn panels(dashboard: &Value) -> impl Iterator<Item = &Value> {
    dashboard["panels"].as_array().unwrap().iter()
}

fn queries(dashboard: &Value) -> Vec<String> {
    let targets = panels(dashboard)
        .filter_map(|panel| panel["targets"].as_array())
        .flatten()
        .map(|target| target["expr"].as_str().expect("a target has a query"));
    let variables = dashboard["templating"]["list"].as_array().unwrap().iter();
    let variables = variables
        .filter(|variable| variable["type"] == "query")
        .map(|variable| variable["query"]["query"].as_str().expect("a variable has a query"));
    let annotations = dashboard["annotations"]["list"].as_array().unwrap().iter();
    let annotations = annotations.filter_map(|annotation| annotation["expr"].as_str());
    targets.chain(variables).chain(annotations).map(str::to_owned).collect()
}

/// Panics when `query` names a metric, or asks a metric for a label, that is not there. Returns the
/// metrics it names.
pub fn check_query(metrics: &Metrics, query: &str) -> BTreeSet<&'static str> {
    let mut named = BTreeSet::new();
    let mut labels_of_all: BTreeSet<&str> = BTreeSet::from(["le", "instance"]);
    let mut rest = query;
    while let Some(start) = rest.find("groundswell_") {
        let name_end = rest[start..].find(|c: char| !c.is_ascii_lowercase() && c != '_');
        let (name, after) = rest[start..].split_at(name_end.unwrap_or(rest.len() - start));
        let family = family(metrics, name).unwrap_or_else(|| panic!("{name} in {query}"));
        named.insert(family.name);
        labels_of_all.extend(family.labels);
        if let Some((matchers, _)) = after.strip_prefix('{').and_then(|all| all.split_once('}')) {
            for matcher in matchers.split(',') {
                let label = matcher.split(['=', '!']).next().unwrap().trim();
                let bound = label == "le" && name.ends_with("_bucket");
                assert!(
                    bound || family.labels.contains(&label),
                    "{name} has no `{label}`: {query}"
                );
            }
        }
        rest = after;
    }
    for grouped in query.split("by (").skip(1) {
        for label in grouped.split(')').next().unwrap().split(',') {
            assert!(labels_of_all.contains(label.trim()), "no `{label}`: {query}");
        }
    }
    named
}

/// The family a series named `name` belongs to.
fn family<'a>(metrics: &'a Metrics, name: &str) -> Option<&'a Family> {
    metrics.families().iter().find(|family| match family.kind {
        Kind::Histogram => name
            .strip_prefix(family.name)
            .is_some_and(|suffix| ["_bucket", "_sum", "_count"].contains(&suffix)),
        _ => family.name == name,
    })
}

#[test]
fn every_query_asks_for_what_there_is() {
    let metrics = Metrics::new(10).unwrap();
    let queries = queries(&dashboard());
    assert!(queries.len() > 20, "{}", queries.len());
    for query in &queries {
        assert!(!check_query(&metrics, query).is_empty(), "names no metric of ours: {query}");
        let depth = |open, close| query.matches(open).count() == query.matches(close).count();
        assert!(depth('(', ')') && depth('{', '}') && query.matches('"').count() % 2 == 0);
    }
}

#[test]
fn counters_are_never_shown_bare() {
    for query in queries(&dashboard()) {
        for part in query.split("groundswell_").skip(1) {
            let name: String =
                part.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
            if name.ends_with("_total") || name.ends_with("_bucket") {
                let before = query.split(&format!("groundswell_{name}")).next().unwrap();
                let called = ["rate(", "increase(", "label_values("];
                assert!(called.iter().any(|f| before.ends_with(f)), "{name} in {query}");
            }
        }
    }
}

#[test]
fn the_checks_find_what_is_wrong() {
    let metrics = Metrics::new(10).unwrap();
    let wrong = [
        "groundswell_nothing",
        "groundswell_window_value{channel=\"x\"}",
        "sum by (colour) (groundswell_window_value)",
        "groundswell_mention_delay_seconds",
    ];
    for query in wrong {
        let check = || check_query(&metrics, query);
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(check)).is_err(), "{query}");
    }
}

#[test]
fn it_can_be_provisioned_as_it_is() {
    let dashboard = dashboard();
    assert!(dashboard["id"].is_null(), "the id is the database's");
    assert_eq!(dashboard["uid"], "groundswell-overview");
    assert!(dashboard.get("__inputs").is_none(), "nobody is asked anything");
    let mut ids = BTreeSet::new();
    let mut taken = BTreeSet::new();
    for panel in panels(&dashboard) {
        let title = panel["title"].as_str().unwrap();
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{title}: id twice");
        let side = |key: &str| panel["gridPos"][key].as_u64().unwrap();
        assert!(side("x") + side("w") <= 24, "{title} is wider than the grid");
        for x in side("x")..side("x") + side("w") {
            for y in side("y")..side("y") + side("h") {
                assert!(taken.insert((x, y)), "{title} covers another panel");
            }
        }
        if panel["type"] != "row" {
            assert_eq!(panel["datasource"]["uid"], "${datasource}", "{title}");
            assert!(panel["description"].as_str().is_some_and(|d| d.ends_with('.')), "{title}");
            let targets = panel["targets"].as_array().unwrap();
            let refs: BTreeSet<_> = targets.iter().map(|t| t["refId"].as_str().unwrap()).collect();
            assert_eq!(refs.len(), targets.len(), "{title}: refId twice");
        }
    }
    let variables: BTreeSet<&str> = dashboard["templating"]["list"]
        .as_array()
        .unwrap()
        .iter()
        .map(|variable| variable["name"].as_str().unwrap())
        .collect();
    assert_eq!(variables, BTreeSet::from(["brand", "datasource", "monitor", "window"]));
}

#[test]
fn it_shows_every_subject() {
    let metrics = Metrics::new(10).unwrap();
    let shown: BTreeSet<&str> =
        queries(&dashboard()).iter().flat_map(|query| check_query(&metrics, query)).collect();
    let hidden: Vec<&str> =
        metrics.families().iter().map(|f| f.name).filter(|name| !shown.contains(name)).collect();
    // What is there for looking closer, and on no overview.
    let close_up = [
        "groundswell_attributed_values",
        "groundswell_window_series_limit",
        "groundswell_notifications_waiting",
        "groundswell_incident_onset_timestamp_seconds",
    ];
    assert_eq!(hidden, close_up);
}

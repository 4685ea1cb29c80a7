//! The Grafana dashboards ask only for what there is, and show all of it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::*;

const DASHBOARDS: [(&str, &str); 3] = [
    ("groundswell-overview", include_str!("../../../grafana/groundswell-overview.json")),
    ("groundswell-brand", include_str!("../../../grafana/groundswell-brand.json")),
    ("groundswell-pipeline", include_str!("../../../grafana/groundswell-pipeline.json")),
];

fn dashboards() -> [(&'static str, Value); 3] {
    DASHBOARDS.map(|(name, text)| (name, serde_json::from_str(text).unwrap()))
}

fn list<'a>(of: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    of[key].as_array().unwrap_or_else(|| panic!("no {key}: {of}")).iter()
}

/// What a dashboard asks: its panels, its variables, its annotations.
fn queries_of(dashboard: &Value) -> Vec<String> {
    let targets = list(dashboard, "panels")
        .filter_map(|panel| panel["targets"].as_array())
        .flatten()
        .map(|target| target["expr"].as_str().expect("a target has a query"));
    let variables = list(&dashboard["templating"], "list")
        .filter(|variable| variable["type"] == "query")
        .map(|variable| variable["query"]["query"].as_str().expect("a variable has a query"));
    let annotations = list(&dashboard["annotations"], "list")
        .filter_map(|annotation| annotation["expr"].as_str());
    targets.chain(variables).chain(annotations).map(str::to_owned).collect()
}

/// What all dashboards ask.
pub fn queries() -> Vec<String> {
    dashboards().iter().flat_map(|(_, dashboard)| queries_of(dashboard)).collect()
}

/// Panics when `query` names a metric, or asks a metric for a label, that is not there. Returns the
/// metrics it names.
pub fn check_query(metrics: &Metrics, query: &str) -> BTreeSet<&'static str> {
    let mut named = BTreeSet::new();
    // Those of buckets, those that Prometheus adds, and what the rules add.
    let mut labels_of_all: BTreeSet<&str> = BTreeSet::from(["le", "instance", "job", "bound"]);
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
    let queries = queries();
    assert!(queries.len() > 60, "{}", queries.len());
    for query in &queries {
        let named = !check_query(&metrics, query).is_empty();
        let alerts = query.contains("ALERTS{alertname=~\"Groundswell.+\"}");
        let ours = rules::check_recorded(query) || named || alerts;
        assert!(ours, "names no metric of ours: {query}");
        let depth = |open, close| query.matches(open).count() == query.matches(close).count();
        assert!(depth('(', ')') && depth('{', '}') && query.matches('"').count() % 2 == 0);
    }
}

#[test]
fn counters_are_never_shown_bare() {
    for query in queries() {
        for part in query.split("groundswell_").skip(1) {
            let name: String =
                part.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
            if ["_total", "_bucket", "_count"].iter().any(|end| name.ends_with(end)) {
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
fn each_can_be_provisioned_as_it_is() {
    for (name, dashboard) in dashboards() {
        assert!(dashboard["id"].is_null(), "the id is the database's");
        assert_eq!(dashboard["uid"], name);
        assert!(dashboard.get("__inputs").is_none(), "nobody is asked anything");
        let mut ids = BTreeSet::new();
        let mut taken = BTreeSet::new();
        for panel in list(&dashboard, "panels") {
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
                assert_is_explained(title, panel);
            }
        }
        for asks in list(&dashboard["templating"], "list").chain(list(&dashboard, "panels")) {
            let fixed = asks["type"] == "row" || asks["type"] == "datasource";
            assert!(fixed || asks["datasource"]["uid"] == "${datasource}", "{name}: {asks}");
        }
    }
}

fn assert_is_explained(title: &str, panel: &Value) {
    assert!(panel["description"].as_str().is_some_and(|it| it.ends_with('.')), "{title}");
    let refs: Vec<_> = list(panel, "targets").map(|it| it["refId"].as_str().unwrap()).collect();
    assert_eq!(refs.iter().collect::<BTreeSet<_>>().len(), refs.len(), "{title}: refId twice");
}

#[test]
fn each_leads_to_the_others() {
    for (name, dashboard) in dashboards() {
        let links: BTreeSet<&str> = list(&dashboard, "links")
            .map(|link| link["url"].as_str().unwrap())
            .map(|url| url.trim_start_matches("/d/").split('?').next().unwrap())
            .collect();
        let others = DASHBOARDS.iter().map(|(other, _)| *other).filter(|other| *other != name);
        assert_eq!(links, others.collect(), "{name}");
    }
}

/// A `$name` in a query is a variable of that dashboard, or Grafana's own.
#[test]
fn every_variable_that_is_asked_with_is_there() {
    for (name, dashboard) in dashboards() {
        let variables: BTreeSet<&str> = list(&dashboard["templating"], "list")
            .map(|variable| variable["name"].as_str().unwrap())
            .collect();
        for query in queries_of(&dashboard) {
            for part in query.split('$').skip(1) {
                let end = part.find(|c: char| !c.is_ascii_lowercase() && c != '_');
                let asked = &part[..end.unwrap_or(part.len())];
                let known = asked == "__rate_interval" || variables.contains(asked);
                assert!(known, "{name} has no variable {asked}: {query}");
            }
        }
    }
}

#[test]
fn they_show_every_subject() {
    let metrics = Metrics::new(10).unwrap();
    let recorded = rules::expressions();
    let asked = queries().into_iter().chain(recorded);
    let shown: BTreeSet<&str> = asked.flat_map(|query| check_query(&metrics, &query)).collect();
    let hidden: Vec<&str> =
        metrics.families().iter().map(|f| f.name).filter(|name| !shown.contains(name)).collect();
    // What is there for looking closer, and on no dashboard.
    assert_eq!(hidden, ["groundswell_attributed_values"]);
}

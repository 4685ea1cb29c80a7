//! What the dashboards ask, as Grafana would send it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;

use crate::support::{Prometheus, repository};

const DASHBOARDS: [&str; 3] = ["groundswell-overview", "groundswell-brand", "groundswell-pipeline"];

/// How long a range of counters reaches back.
const RATE_INTERVAL: &str = "5m";

/// Every query of every dashboard, its variables filled in.
pub async fn all(prometheus: &Prometheus) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for name in DASHBOARDS {
        let file = repository(&format!("grafana/{name}.json"));
        let dashboard: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        let variables = variables(&dashboard, prometheus).await;
        let panels = list(&dashboard["panels"]).iter().flat_map(|panel| list(&panel["targets"]));
        let annotations = list(&dashboard["annotations"]["list"]).iter();
        let queries = panels.chain(annotations).filter_map(|it| it["expr"].as_str());
        let queries: BTreeSet<String> =
            queries.flat_map(|query| filled_in(query, &variables)).collect();
        assert!(!queries.is_empty(), "{name} asks nothing");
        all.extend(queries);
    }
    all
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The values of each variable that Grafana would ask with.
async fn variables(dashboard: &Value, prometheus: &Prometheus) -> BTreeMap<String, Vec<String>> {
    let mut variables =
        BTreeMap::from([("__rate_interval".to_owned(), vec![RATE_INTERVAL.to_owned()])]);
    for variable in list(&dashboard["templating"]["list"]) {
        let Some(query) = variable["query"]["query"].as_str() else { continue };
        let asked = query.strip_prefix("label_values(").and_then(|it| it.strip_suffix(')'));
        let (selector, label) = asked.and_then(|it| it.rsplit_once(", ")).expect("label_values");
        let mut values = Vec::new();
        for selector in filled_in(selector, &variables) {
            values.extend(prometheus.label_values(label, &selector).await);
        }
        assert!(!values.is_empty(), "{variable} has no values");
        let chosen = variable["current"]["value"].as_str().map(str::to_owned);
        if variable["includeAll"] != true {
            let chosen = chosen.filter(|it| values.contains(it));
            values = vec![chosen.unwrap_or_else(|| values[0].clone())];
        }
        variables.insert(variable["name"].as_str().unwrap().to_owned(), values);
    }
    variables
}

/// The query with every combination of the variables that it names.
fn filled_in(query: &str, variables: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let mut queries = vec![query.to_owned()];
    for (name, values) in variables {
        let name = format!("${name}");
        let fill = |query: &String| {
            let values = if query.contains(&name) { values.as_slice() } else { &values[..1] };
            values.iter().map(|value| query.replace(&name, value)).collect::<Vec<_>>()
        };
        queries = queries.iter().flat_map(fill).collect();
    }
    assert!(queries.iter().all(|query| !query.contains('$')), "not filled in: {queries:?}");
    queries
}

/// The series that an expression of a rule looks at: each name with its matchers.
pub fn selectors(expression: &str) -> BTreeSet<String> {
    let part_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let mut selectors = BTreeSet::new();
    let mut rest = expression;
    while let Some(start) = rest.find(part_of_name) {
        let (word, after) = rest[start..]
            .split_at(rest[start..].find(|c| !part_of_name(c)).unwrap_or(rest.len() - start));
        let matchers = after.strip_prefix('{').and_then(|it| it.split_once('}'));
        rest = matchers.map_or(after, |(_, rest)| rest);
        if word.starts_with("groundswell") || word == "up" {
            let matchers = matchers.map_or(String::new(), |(inside, _)| format!("{{{inside}}}"));
            selectors.insert(format!("{word}{matchers}"));
        }
    }
    selectors
}

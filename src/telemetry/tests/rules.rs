//! The rules for Prometheus ask only for what there is, and each alert is explained.

use std::collections::BTreeSet;

use super::*;

const RULES: &str = include_str!("../../../prometheus/groundswell.rules.yml");
const TESTS: &str = include_str!("../../../prometheus/groundswell.rules.test.yml");
const DOCUMENT: &str = include_str!("../../../docs/alerts.md");

/// One rule, as it is written.
struct Rule {
    /// `record` or `alert`.
    kind: &'static str,
    name: String,
    text: &'static str,
}

impl Rule {
    /// What it asks: what stands after `expr:`, up to the next key of the rule.
    fn expression(&self) -> &'static str {
        let (_, rest) = self.text.split_once("expr: ").expect("a rule has an expression");
        let ends = ["\n        for:", "\n        labels:", "\n        annotations:"];
        let end = ends.iter().filter_map(|key| rest.find(key)).min();
        &rest[..end.unwrap_or(rest.len())]
    }
}

fn rules() -> Vec<Rule> {
    let of = |kind: &'static str| {
        RULES.split("\n      - ").filter_map(move |text| {
            let (name, _) = text.strip_prefix(kind)?.strip_prefix(": ")?.split_once('\n')?;
            Some(Rule { kind, name: name.to_owned(), text })
        })
    };
    of("record").chain(of("alert")).collect()
}

fn names(kind: &str) -> BTreeSet<String> {
    rules().into_iter().filter(|rule| rule.kind == kind).map(|rule| rule.name).collect()
}

/// The names under which something is recorded.
pub fn recorded() -> BTreeSet<String> {
    names("record")
}

/// What all rules ask.
pub fn expressions() -> Vec<String> {
    rules().iter().map(|rule| rule.expression().to_owned()).collect()
}

/// Panics when `query` names something as recorded that is not. Returns whether it names anything
/// recorded.
pub fn check_recorded(query: &str) -> bool {
    let recorded = recorded();
    let mut any = false;
    for part in query.split("groundswell:").skip(1) {
        let end = part.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != ':');
        let name = format!("groundswell:{}", &part[..end.unwrap_or(part.len())]);
        assert!(recorded.contains(&name), "{name} is not recorded: {query}");
        any = true;
    }
    any
}

#[test]
fn every_rule_asks_for_what_there_is() {
    let metrics = Metrics::new(10).unwrap();
    let rules = rules();
    assert_eq!(rules.len(), RULES.matches("expr: ").count(), "each rule is found");
    for rule in rules {
        let expression = rule.expression();
        let named = !dashboard::check_query(&metrics, expression).is_empty();
        let ours = check_recorded(expression) || named || expression.starts_with("up{");
        assert!(ours, "{} names no metric of ours: {expression}", rule.name);
    }
}

#[test]
fn what_is_recorded_is_used() {
    let alerts = rules().into_iter().filter(|rule| rule.kind == "alert");
    let alerts = alerts.map(|rule| rule.expression().to_owned());
    let asked: Vec<String> = alerts.chain(dashboard::queries()).collect();
    for name in recorded() {
        assert!(asked.iter().any(|query| query.contains(&name)), "nobody asks for {name}");
    }
}

#[test]
fn each_alert_is_explained_and_tested() {
    for rule in rules().iter().filter(|rule| rule.kind == "alert") {
        let name = &rule.name;
        let severity = ["critical", "warning"].map(|it| format!("labels: {{ severity: {it} }}"));
        assert!(severity.iter().any(|it| rule.text.contains(it)), "{name} has no severity");
        assert!(rule.text.contains("\n          summary: "), "{name} has no summary");
        assert!(rule.text.contains("\n          description: "), "{name} has no description");
        let runbook = format!("runbook: docs/alerts.md#{}", name.to_lowercase());
        assert!(rule.text.contains(&runbook), "{name} has no {runbook}");
        let tested = format!("alertname=\"{name}\",alertstate=\"firing\",severity=");
        assert!(TESTS.contains(&tested), "{name} is never seen to fire");
    }
    let described: BTreeSet<String> =
        DOCUMENT.lines().filter_map(|line| line.strip_prefix("### ")).map(str::to_owned).collect();
    assert_eq!(described, names("alert"), "docs/alerts.md has a section for each alert");
}

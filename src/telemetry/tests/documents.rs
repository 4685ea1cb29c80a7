//! `docs/metrics.md` says what there is: all of it, and nothing else.

use super::*;

const DOCUMENT: &str = include_str!("../../../docs/metrics.md");

fn row(family: &Family) -> String {
    let Family { name, kind, labels, unit, help } = family;
    let labels: Vec<String> = labels.iter().map(|label| format!("`{label}`")).collect();
    format!("| `{name}` | {kind} | {} | {unit} | {help} |", labels.join(" "))
}

#[test]
fn the_document_lists_every_metric_and_no_other() {
    let metrics = Metrics::new(10).unwrap();
    let mut rows: Vec<String> = metrics.families().iter().map(row).collect();
    let mut written: Vec<&str> =
        DOCUMENT.lines().filter(|line| line.starts_with("| `groundswell_")).collect();
    rows.sort_unstable();
    written.sort_unstable();
    let joined = rows.join("\n");
    assert_eq!(written, rows, "docs/metrics.md should hold these rows:\n{joined}");
}

#[test]
fn the_document_names_no_metric_that_is_not_there() {
    let metrics = Metrics::new(10).unwrap();
    for query in DOCUMENT.lines().filter(|line| !line.starts_with("| `")) {
        dashboard::check_query(&metrics, query);
    }
}

//! What people and scripts read.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::detect::{BaselineSettings, Brand, Monitor, Sensitivity, TimeSettings};
use crate::incident::{Incident, fixtures};
use crate::pipeline::judge;

fn plan(brands: &[&str]) -> Plan {
    let brand = |name: &&str| Brand { name: (*name).to_owned(), market: None };
    Plan {
        brands: brands.iter().map(brand).collect(),
        time_zone: TimeZone::get("America/New_York").unwrap(),
        time: TimeSettings::default(),
        monitors: Monitor::defaults(),
        sensitivity: Sensitivity::default(),
        baseline: BaselineSettings::default(),
    }
}

fn judged(plan: &Plan, labels: &str, incidents: &[Incident]) -> Judgement {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("labels.json");
    std::fs::write(&file, labels).unwrap();
    let labels = crate::pipeline::Labels::read(&file, &plan.brands, &plan.time_zone).unwrap();
    let day = 86_400_000;
    let span = (fixtures::ONSET.plus_millis(-5 * day), fixtures::ONSET.plus_millis(2 * day));
    judge(&labels, incidents, Some(span))
}

#[test]
fn the_tables_and_the_figures_read_well() {
    let plan = plan(&["American", "Delta", "United", "Virgin America"]);
    let of = |brand: &str, minutes: i64| {
        let it = fixtures::incident();
        let detected_at = it.detected_at.plus_millis(minutes * 60_000);
        Incident { brand: brand.to_owned(), detected_at, ..it }
    };
    let incidents = [
        of("American", 0),
        of("American", -2_000),
        of("United", -20),
        of("Virgin America", 0),
        of("Delta", 0),
    ];
    let labels = r#"{
        "American": [["2015-02-22T19:00:00Z", "2015-02-23T00:00:00Z"], ["2015-03-01", "2015-03-02"]],
        "United": [["2015-02-22 14:20:00", "2015-02-26"]],
        "Virgin America": []
    }"#;
    insta::assert_snapshot!("tables", text(&judged(&plan, labels, &incidents), &plan));
}

#[test]
fn incidents_are_shown_with_their_verdicts() {
    let plan = plan(&["American"]);
    let incidents = [fixtures::incident(), fixtures::silent_feed()];
    let judgement = judged(&plan, r#"{"American": []}"#, &incidents);
    let shown = crate::cli::table::incidents;
    let verdicts = Some(&*judgement.verdicts);
    insta::assert_snapshot!("incidents", shown(&incidents, verdicts, &plan.time_zone));
    assert!(!shown(&incidents, None, &plan.time_zone).contains("verdict"));
}

#[test]
fn where_nothing_is_a_dash_or_null_stands() {
    let plan = plan(&["American"]);
    let judgement = judged(&plan, r#"{"American": []}"#, &[]);
    insta::assert_snapshot!("nothing", text(&judgement, &plan));
    let line = serde_json::to_string_pretty(&json(&judgement, &plan)).unwrap();
    insta::assert_snapshot!("nothing_json", line);
}

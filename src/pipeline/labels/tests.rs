//! Verdicts, figures and broken files.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;
use crate::detect::Brand;
use crate::incident::fixtures;

const DAY: i64 = 86_400_000;

fn at(hour: i64) -> Timestamp {
    Timestamp::from_millis(hour * 3_600_000)
}

/// Two weeks.
fn span() -> Option<(Timestamp, Timestamp)> {
    Some((at(0), at(14 * 24)))
}

fn labels(brands: &[(&str, &[(i64, i64)])]) -> Labels {
    let window = |&(from, to): &(i64, i64)| LabelledWindow { from: at(from), to: at(to) };
    let brands = brands
        .iter()
        .map(|(brand, windows)| ((*brand).to_owned(), windows.iter().map(window).collect()));
    Labels { brands: brands.collect() }
}

fn incident(brand: &str, detected: i64, resolved: Option<i64>) -> Incident {
    Incident {
        brand: brand.to_owned(),
        detected_at: at(detected),
        resolved_at: resolved.map(at),
        ..fixtures::incident()
    }
}

fn verdicts(labels: &Labels, incidents: &[Incident]) -> Vec<Verdict> {
    judge(labels, incidents, span()).verdicts
}

#[test]
fn an_incident_hits_the_window_it_was_detected_in() {
    let labels = labels(&[("A", &[(10, 20)]), ("B", &[(40, 50)]), ("C", &[])]);
    let incidents = [
        incident("A", 10, Some(30)),
        incident("A", 19, None),
        incident("A", 20, None),
        incident("A", 9, Some(10)),
        incident("A", 9, Some(11)),
        incident("A", 9, None),
        incident("B", 15, Some(16)),
        incident("C", 15, None),
        incident("D", 15, None),
        Incident { subject: Subject::Feed, ..incident("A", 15, None) },
    ];
    use Verdict::{Early, False, Hit, NotJudged};
    assert_eq!(
        verdicts(&labels, &incidents),
        [Hit, Hit, False, False, Early, Early, False, False, NotJudged, NotJudged]
    );
    let judgement = judge(&labels, &incidents, span());
    let of_a = Tally {
        windows: 1,
        windows_hit: 1,
        hits: 2,
        early: 2,
        false_pages: 2,
        times: vec![Duration::ZERO],
    };
    assert_eq!(judgement.brands[0], ("A".to_owned(), of_a));
    assert_eq!((judgement.total.incidents(), judgement.not_judged()), (8, 2));
    assert_eq!(judgement.total.precision(), Some(2.0 / 6.0), "early ones are left out");
    assert_eq!(judgement.total.recall(), Some(0.5));
    assert_eq!(judgement.false_pages_per_week(), Some(2.0));
}

#[test]
fn an_incident_that_is_always_open_finds_nothing() {
    let judgement =
        judge(&labels(&[("A", &[(10, 20), (40, 50)])]), &[incident("A", 1, None)], span());
    assert_eq!(judgement.total.recall(), Some(0.0));
    assert_eq!(judgement.total.precision(), None);
    assert_eq!(judgement.false_pages_per_week(), Some(0.0));
}

#[test]
fn time_to_detect_is_that_of_the_first_detection() {
    let labels = labels(&[("A", &[(10, 20), (40, 50), (60, 70)]), ("B", &[(0, 9)])]);
    let found = [incident("A", 15, None), incident("A", 12, None), incident("A", 41, None)];
    let total = judge(&labels, &found, span()).total;
    assert_eq!(total.median_time_to_detect(), Some(Duration::from_secs(5_400)), "of two");
    assert_eq!(total.worst_time_to_detect(), Some(Duration::from_secs(7_200)));
    let more = [&found[..], &[incident("B", 8, None)]].concat();
    let total = judge(&labels, &more, span()).total;
    assert_eq!(total.median_time_to_detect(), Some(Duration::from_secs(7_200)), "of three");
    assert_eq!(total.worst_time_to_detect(), Some(Duration::from_secs(8 * 3_600)));
    assert_eq!(total.recall(), Some(0.75));
}

#[test]
fn what_was_not_replayed_is_not_missed() {
    let labels = labels(&[("A", &[(-30, -20), (-10, 5), (330, 340), (350, 360)])]);
    let incidents = [incident("A", 3, Some(4)), incident("A", 300, None)];
    let judgement = judge(&labels, &incidents, span());
    let told: Vec<(Found, bool)> =
        judgement.windows.iter().map(|it| (it.found, it.partly)).collect();
    let hit = Found::Hit { detected_at: at(3), time_to_detect: Duration::from_secs(3 * 3_600) };
    assert_eq!(
        told,
        [(Found::Outside, false), (hit, true), (Found::Missed, true), (Found::Outside, false)]
    );
    assert_eq!(judgement.verdicts, [Verdict::Hit, Verdict::Early]);
    assert_eq!(judgement.total.recall(), Some(0.5));
    // Nothing that was replayed can be early for what was not.
    let later = self::labels(&[("A", &[(350, 360)])]);
    assert_eq!(verdicts(&later, &incidents[1..]), [Verdict::False]);
}

#[test]
fn where_nothing_is_there_is_no_figure() {
    let judgement = judge(&labels(&[("A", &[(10, 20)])]), &[], None);
    let total = &judgement.total;
    assert_eq!((total.precision(), total.recall()), (None, None));
    assert_eq!((total.median_time_to_detect(), total.worst_time_to_detect()), (None, None));
    assert_eq!(judgement.false_pages_per_week(), None);
    assert_eq!(judgement.windows[0].found, Found::Outside);
    let moment = judge(&labels(&[("A", &[])]), &[incident("A", 1, None)], Some((at(1), at(1))));
    assert_eq!((moment.weeks, moment.false_pages_per_week()), (0.0, None));
}

fn read(text: &str) -> Result<Labels, String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("labels.json");
    std::fs::write(&file, text).unwrap();
    let brand = |name: &str| Brand { name: name.to_owned(), market: None };
    let zone = TimeZone::get("America/New_York").unwrap();
    let read = Labels::read(&file, &["American", "United", "Delta"].map(brand), &zone);
    let folder = format!("{}/", folder.path().display());
    read.map_err(|error| error.to_string().replace(&folder, ""))
}

#[test]
fn times_are_rfc_3339_or_local() {
    let read = read(
        r#"{"United": [["2015-02-24 00:00:00.000000", "2015-02-25"],
                       ["2015-02-21T23:00:00-05:00", "2015-02-22T12:00:00Z"]], "Delta": []}"#,
    )
    .unwrap();
    let window = |from: &str, to: &str| {
        let parse = |text: &str| {
            let moment: jiff::Timestamp = text.parse().unwrap();
            Timestamp::from_millis(moment.as_millisecond())
        };
        LabelledWindow { from: parse(from), to: parse(to) }
    };
    let windows = [
        window("2015-02-22T04:00:00Z", "2015-02-22T12:00:00Z"),
        window("2015-02-24T05:00:00Z", "2015-02-25T05:00:00Z"),
    ];
    assert_eq!(read.brands["United"], windows);
    assert_eq!(read.brands["Delta"], []);
    assert!(!read.brands.contains_key("American"));
}

/// The labels that the benchmark publishes, under the name of a brand.
#[test]
fn the_benchmarks_own_labels_are_read() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/bench/nab/labels.json");
    let text = std::fs::read_to_string(path).unwrap();
    let brands: Vec<Brand> = serde_json::from_str::<BTreeMap<String, serde_json::Value>>(&text)
        .unwrap()
        .into_keys()
        .map(|name| Brand { name, market: None })
        .collect();
    let read = Labels::read(Path::new(path), &brands, &TimeZone::UTC).unwrap();
    assert_eq!(read.brands.values().map(Vec::len).sum::<usize>(), 17);
}

#[test]
fn broken_labels_say_what_is_wrong_and_what_to_write() {
    let broken = [
        r#"{"Unitd": []}"#,
        r#"{"Lufthansa": []}"#,
        r#"{"United": [["2015-02-22T04:00:00Z", "2015-02-22T04:00:00Z"]]}"#,
        r#"{"United": [["2015-02-23", "2015-02-25"], ["2015-02-22", "2015-02-23 00:00:01"]]}"#,
        r#"{"United": [["yesterday", "2015-02-25"]]}"#,
        r#"{"United": [["2015-02-25"]]}"#,
        r#"{"United": ["2015-02-24", "2015-02-25"]}"#,
        r#"{"United": null}"#,
        r#"{"United": [], "United": []}"#,
        r#"{}"#,
        r#"[]"#,
        r#"{"United": []"#,
        r#"{"United": []} {}"#,
        "",
    ];
    let mut said = String::new();
    for text in broken {
        said.push_str(&format!("{text}\n  {}\n", read(text).unwrap_err()));
    }
    insta::assert_snapshot!("broken", said);
    let missing = Labels::read(Path::new("none.json"), &[], &TimeZone::UTC);
    assert!(missing.unwrap_err().to_string().starts_with("none.json: "));
}

/// Windows of two brands, disjoint, in hours.
fn any_labels() -> impl Strategy<Value = Labels> {
    let windows = || {
        prop::collection::vec((1_i64..40, 1_i64..40), 0..6).prop_map(|steps| {
            let mut end = -30;
            let window = |(gap, length)| {
                let from = end + gap;
                end = from + length;
                LabelledWindow { from: at(from), to: at(end) }
            };
            steps.into_iter().map(window).collect::<Vec<_>>()
        })
    };
    (windows(), windows())
        .prop_map(|(a, b)| Labels { brands: [("A".to_owned(), a), ("B".to_owned(), b)].into() })
}

fn any_incident() -> impl Strategy<Value = Incident> {
    ("[ABC]", 0_i64..14 * 24, prop::option::of(1_i64..60)).prop_map(|(brand, detected, lasted)| {
        incident(&brand, detected, lasted.map(|lasted| detected + lasted))
    })
}

proptest! {
    #[test]
    fn figures_lie_in_their_range_and_add_up(
        labels in any_labels(),
        incidents in prop::collection::vec(any_incident(), 0..20),
        days in prop::option::of(0_i64..14),
    ) {
        let span = days.map(|days| (at(0), Timestamp::from_millis(days * DAY)));
        let judgement = judge(&labels, &incidents, span);
        let total = &judgement.total;
        for tally in judgement.brands.iter().map(|(_, tally)| tally).chain([total]) {
            for part in [tally.precision(), tally.recall()].into_iter().flatten() {
                prop_assert!((0.0..=1.0).contains(&part), "{part}");
            }
            prop_assert!(tally.windows_hit <= tally.hits, "one detection hits one window");
            prop_assert!(tally.median_time_to_detect() <= tally.worst_time_to_detect());
            prop_assert_eq!(tally.worst_time_to_detect().is_some(), tally.windows_hit > 0);
        }
        prop_assert!(judgement.false_pages_per_week().is_none_or(f64::is_finite));
        prop_assert_eq!(total.incidents() + judgement.not_judged(), incidents.len() as u64);
        let outside = judgement.windows.iter().filter(|it| it.found == Found::Outside).count();
        prop_assert_eq!(total.windows as usize + outside, judgement.windows.len());
    }

    #[test]
    fn another_hit_never_lowers_a_figure(
        labels in any_labels(),
        incidents in prop::collection::vec(any_incident(), 0..20),
        added in any_incident(),
    ) {
        let before = judge(&labels, &incidents, span()).total;
        let more = [&incidents[..], std::slice::from_ref(&added)].concat();
        let judgement = judge(&labels, &more, span());
        if judgement.verdicts.last() == Some(&Verdict::Hit) {
            prop_assert!(judgement.total.recall() >= before.recall());
            prop_assert!(judgement.total.precision() >= before.precision());
            prop_assert_eq!(judgement.total.false_pages, before.false_pages);
        }
    }

    #[test]
    fn the_order_of_incidents_is_of_no_consequence(
        labels in any_labels(),
        (incidents, shuffled) in prop::collection::vec(any_incident(), 0..20)
            .prop_flat_map(|it| (Just(it.clone()), Just(it).prop_shuffle())),
    ) {
        let (one, other) = (judge(&labels, &incidents, span()), judge(&labels, &shuffled, span()));
        prop_assert_eq!((one.windows, one.brands, one.total), (other.windows, other.brands, other.total));
    }
}

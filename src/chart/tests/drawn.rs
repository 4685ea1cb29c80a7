//! What is drawn of what.

use resvg::usvg::roxmltree::{Document, Node};

use super::fixtures::{at, calm_day, chart, crisis, empty};
use crate::chart::{Chart, Point, Size, Span, Typical, svg};
use crate::incident::Severity;
use crate::mention::Timestamp;

/// The values of an attribute of the elements with a class.
fn all(svg: &str, class: &str, attribute: &str) -> Vec<String> {
    let document = Document::parse(svg).unwrap();
    let of_class = |node: &Node<'_, '_>| {
        node.attribute("class").is_some_and(|names| names.split(' ').any(|name| name == class))
    };
    let wanted = |node: Node<'_, '_>| match attribute {
        "text" => node.text().map(str::to_owned),
        name => node.attribute(name).map(str::to_owned),
    };
    document.descendants().filter(of_class).filter_map(wanted).collect()
}

/// How many lines the paths with a class are made of. The legend's sample is no path.
fn lines(chart: &Chart, class: &str) -> usize {
    let drawn = svg(chart, Size::WIDE, "a");
    all(&drawn, class, "d").iter().map(|d| d.matches('M').count()).sum()
}

#[test]
fn no_line_crosses_what_nobody_watched() {
    let mut chart = calm_day();
    assert_eq!((lines(&chart, "chart-observed"), lines(&chart, "chart-band")), (1, 1));
    chart.points[9].observed = None;
    assert_eq!((lines(&chart, "chart-observed"), lines(&chart, "chart-band")), (2, 1));
    chart.points.remove(30);
    assert_eq!((lines(&chart, "chart-observed"), lines(&chart, "chart-band")), (3, 2));
    chart.points[4].typical = None;
    assert_eq!((lines(&chart, "chart-observed"), lines(&chart, "chart-band")), (3, 3));

    let mut sliding = calm_day();
    for point in &mut sliding.points {
        point.until = point.until.plus_millis(3_600_000);
    }
    sliding.points[9].observed = None;
    assert_eq!(lines(&sliding, "chart-observed"), 2);
}

#[test]
fn what_is_not_typical_has_a_line_of_its_own_and_an_arrowhead() {
    let swings = [(5, 300), (6, 300), (20, 10)];
    let swing = |i| swings.iter().find(|(at, _)| *at == i).map_or(100, |(_, swing)| *swing);
    let chart = chart("2026-11-24T00:00:00Z", (48, 30), 60, swing);
    assert_eq!(lines(&chart, "chart-outside"), 2);
    assert_eq!(lines(&chart, "chart-head"), 2);
    let values = all(&svg(&chart, Size::WIDE, "a"), "chart-peak", "text");
    let told = |i: usize| chart.points[i].observed.unwrap().to_string();
    // The furthest out first.
    assert_eq!(values, [told(20), told(5)]);
    assert_eq!(lines(&calm_day(), "chart-outside") + lines(&calm_day(), "chart-head"), 0);
}

#[test]
fn of_what_shares_a_pixel_the_highest_and_the_deepest_are_drawn() {
    let spike = |value: f64| {
        let mut chart = chart("2026-11-24T00:00:00Z", (20_000, 1), 1_000, |_| 100);
        chart.points[10_000].observed = Some(value);
        all(&svg(&chart, Size::PHONE, "a"), "chart-peak", "text")
    };
    assert_eq!(spike(98_765.0), ["99k"]);
    assert_eq!(spike(1.0), ["1"]);
}

#[test]
fn a_million_points_are_as_many_as_there_are_pixels() {
    let chart = chart("2025-01-01T00:00:00Z", (1_000_000, 1), 1_000, |i| 40 + i * 7_919 % 300);
    let drawn = svg(&chart, Size::WIDE, "a");
    let corners = all(&drawn, "chart-observed", "d")[0].matches(['M', 'L']).count();
    assert!((800..=962).contains(&corners), "{corners}");
    assert!(drawn.len() < 200_000, "{}", drawn.len());
}

#[test]
fn severity_is_told_by_a_word_and_a_shape() {
    let mut shapes = Vec::new();
    for severity in Severity::ALL {
        let incidents = vec![Span {
            from: at("2026-11-24T03:00:00Z"),
            until: Some(at("2026-11-24T04:00:00Z")),
            severity,
            label: "it".into(),
        }];
        let drawn = svg(&Chart { incidents, ..calm_day() }, Size::WIDE, "a");
        assert_eq!(all(&drawn, "chart-label", "text"), [format!("{} · it", severity.name())]);
        let mut shape = all(&drawn, "chart-shape", "d");
        shape.extend(all(&drawn, "chart-shape", "r"));
        assert!(!shapes.contains(&shape), "{severity:?} looks like another");
        shapes.push(shape);
    }
}

#[test]
fn flags_that_stand_close_give_way_to_the_most_severe() {
    let labels = |size| all(&svg(&crisis(), size, "a"), "chart-label", "text");
    assert_eq!(
        labels(Size::WIDE),
        [
            "critical, open · anger at 12x its usual level",
            "warning · a journalist reaching 48,000 people",
            "notice · #morvantomorning comes to life",
        ]
    );
    let narrow = labels(Size::PHONE);
    assert_eq!(narrow.len(), 3);
    assert!(narrow[0].starts_with("critical, open"), "{narrow:?}");

    let mut crowded = crisis();
    crowded.incidents = vec![crowded.incidents[1].clone(); 1_000];
    crowded.incidents.push(crisis().incidents.remove(0));
    let drawn = svg(&crowded, Size::WIDE, "a");
    assert!(drawn.len() < 30_000, "{}", drawn.len());
    assert!(drawn.contains("1001 incidents: critical, since 24 Nov 12:45, open"));
    assert!(drawn.contains("; and 998 more."));
    // The critical one, and the warnings beside it once in each row.
    assert_eq!(all(&drawn, "chart-shape", "d").len(), 3);
}

#[test]
fn incidents_of_another_time_are_not_shown() {
    let span = |from: &str, until: Option<&str>| Span {
        from: at(from),
        until: until.map(at),
        severity: Severity::Notice,
        label: "it".into(),
    };
    let mut chart = calm_day();
    chart.incidents = vec![
        span("2026-11-20T00:00:00Z", Some("2026-11-20T01:00:00Z")),
        span("2026-11-25T00:00:00Z", None),
        span("2026-11-24T09:00:00Z", Some("2026-11-24T08:00:00Z")),
    ];
    assert!(svg(&chart, Size::WIDE, "a").contains("No incident."));
    chart.incidents.push(span("2026-11-20T00:00:00Z", None));
    let drawn = svg(&chart, Size::WIDE, "a");
    assert!(drawn.contains("1 incident: notice"));
    // It began before: there is no onset to be seen.
    assert!(all(&drawn, "chart-onset", "x1").is_empty());
}

#[test]
fn the_words_say_what_is_seen() {
    let words = |chart: &Chart| {
        let drawn = svg(chart, Size::PHONE, "a");
        let document = Document::parse(&drawn).unwrap();
        let desc = document.descendants().find(|node| node.has_tag_name("desc")).unwrap();
        desc.text().unwrap().to_owned()
    };
    insta::assert_snapshot!(words(&crisis()), @"From Tue 24 Nov 2026, 09:00 to Tue 24 Nov 2026, 15:00 (America/New_York). The latest negative mentions, at 24 Nov 14:55: 170; typically 5 to 14. The highest, at 24 Nov 14:50: 188. Of 68 values 26 are above and 0 below what is typical. 3 incidents: critical, since 24 Nov 12:45, open: anger at 12x its usual level; warning, since 24 Nov 12:35, to 24 Nov 13:00: a journalist reaching 48,000 people; notice, since 24 Nov 09:50, to 24 Nov 10:20: #morvantomorning comes to life.");
    insta::assert_snapshot!(words(&calm_day()), @"From Mon 23 Nov 2026, 20:00 to Tue 24 Nov 2026, 20:00 (UTC). The latest mentions, at 24 Nov 19:30: 78; typically 58 to 120. The highest, at 24 Nov 17:00: 96. Of 48 values 0 are above and 0 below what is typical. No incident.");
    insta::assert_snapshot!(words(&empty()), @"From Mon 23 Nov 2026, 20:00 to Tue 24 Nov 2026, 20:00 (UTC). Nothing is known of mentions in this time. No incident.");
}

#[test]
fn two_charts_of_a_page_share_no_id() {
    let page = format!(
        "<body>{}{}</body>",
        svg(&calm_day(), Size::WIDE, "first"),
        svg(&crisis(), Size::WIDE, "\"second & last\"")
    );
    let document = Document::parse(&page).unwrap();
    let mut ids: Vec<&str> =
        document.descendants().filter_map(|node| node.attribute("id")).collect();
    let named: Vec<&str> = document
        .descendants()
        .filter_map(|node| node.attribute("aria-labelledby"))
        .flat_map(str::split_whitespace)
        .collect();
    assert_eq!(ids, named);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 4);
}

#[test]
fn a_bucket_among_gaps_is_seen() {
    let mut chart = empty();
    chart.points.push(Point {
        from: chart.from.plus_millis(3_600_000),
        until: chart.from.plus_millis(7_200_000),
        observed: Some(5.0),
        typical: Some(Typical { lower: 1.0, expected: 3.0, upper: 9.0 }),
    });
    let drawn = svg(&chart, Size::WIDE, "a");
    assert!(all(&drawn, "chart-observed", "d")[0].len() > 15);
}

#[test]
fn a_chart_of_no_time_says_so() {
    let chart = Chart { until: Timestamp::from_millis(0), ..calm_day() };
    let drawn = svg(&chart, Size::PHONE, "a");
    assert_eq!(
        all(&drawn, "chart-nothing", "text"),
        ["Nothing is known of mentions in this time."]
    );
}

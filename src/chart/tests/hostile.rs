//! Whatever a chart is given, what comes out is a chart.

use jiff::tz::TimeZone;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use resvg::usvg::roxmltree::{Document, Node};

use crate::chart::{Chart, Point, Size, Span, Typical, png, standalone, svg};
use crate::incident::{Measure, Severity};
use crate::mention::Timestamp;

fn text() -> impl Strategy<Value = String> {
    let pieces = select(vec![
        "</title><script>alert(1)</script>",
        "]]><!--&amp;&#0;\" onload='x'",
        "שלום עולם",
        "مرحبا",
        "\u{202e}\u{2066}\u{200f}",
        "😡👨‍👩‍👧",
        "\u{1b}[2J\u{7}\0\r\n\u{2028}\u{fffe}\u{ffff}",
        "e\u{301}\u{302}\u{303}",
        "Acme",
    ]);
    let piece = prop_oneof![
        4 => pieces.prop_map(str::to_owned),
        2 => any::<String>(),
        1 => (select(vec!["&", "<>", "a", "\u{301}", "😡"]), 200..4000_usize)
            .prop_map(|(piece, times)| piece.repeat(times)),
    ];
    vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![0.0..1e4, -1.0..1.0, any::<f64>()]
}

/// Mostly within some days of another, else anywhere at all.
fn moment() -> impl Strategy<Value = Timestamp> {
    let near = (0..600_000_000_i64).prop_map(|n| 1_793_000_000_000 + n);
    prop_oneof![8 => near, 1 => any::<i64>(), 1 => select(vec![i64::MIN, 0, i64::MAX])]
        .prop_map(Timestamp::from_millis)
}

fn point() -> impl Strategy<Value = Point> {
    let typical = (number(), number(), number()).prop_map(|(lower, expected, upper)| Typical {
        lower,
        expected,
        upper,
    });
    (moment(), moment(), option::of(number()), option::of(typical))
        .prop_map(|(from, until, observed, typical)| Point { from, until, observed, typical })
}

fn span() -> impl Strategy<Value = Span> {
    (moment(), option::of(moment()), select(Severity::ALL.to_vec()), text())
        .prop_map(|(from, until, severity, label)| Span { from, until, severity, label })
}

fn chart() -> impl Strategy<Value = Chart> {
    let zones = ["UTC", "America/New_York", "Asia/Jerusalem", "Pacific/Apia", "America/Sao_Paulo"];
    (
        text(),
        select(Measure::ALL.to_vec()),
        (moment(), moment()),
        vec(point(), 0..60),
        vec(span(), 0..12),
        select(zones.to_vec()),
    )
        .prop_map(|(title, measure, (from, until), points, incidents, zone)| Chart {
            title,
            measure,
            from,
            until,
            points,
            incidents,
            time_zone: TimeZone::get(zone).unwrap(),
        })
}

fn size() -> impl Strategy<Value = Size> {
    prop_oneof![
        4 => (200..1200_u32, 100..800_u32).prop_map(|(width, height)| Size::new(width, height)),
        1 => any::<(u32, u32)>().prop_map(|(width, height)| Size::new(width, height)),
    ]
}

/// All numbers of an element's place and shape, each with whether it goes across.
fn places(node: Node<'_, '_>) -> Vec<(bool, f64)> {
    let mut places = Vec::new();
    for attribute in node.attributes() {
        let across = matches!(attribute.name(), "x" | "x1" | "x2" | "cx" | "width");
        let down = matches!(attribute.name(), "y" | "y1" | "y2" | "cy" | "height");
        if across || down {
            places.push((across, attribute.value().parse().unwrap()));
        } else if attribute.name() == "d" {
            let numbers = attribute.value().split(['M', 'L', 'Z', ' ']).filter(|n| !n.is_empty());
            places.extend(numbers.enumerate().map(|(i, n)| (i % 2 == 0, n.parse().unwrap())));
        }
    }
    places
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn strangers_cannot_break_a_page(chart in chart(), size in size(), id in text()) {
        let drawn = svg(&chart, size, &id);
        let document = Document::parse(&drawn).expect(&drawn);
        let known = ["svg", "title", "desc", "text", "line", "rect", "path", "circle", "g"];
        for node in document.descendants().filter(Node::is_element) {
            prop_assert!(known.contains(&node.tag_name().name()), "{node:?}");
            prop_assert!(node.attribute("style").is_none());
            prop_assert!(node.attributes().all(|attribute| !attribute.name().starts_with("on")));
        }
        let hidden = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202a}'..='\u{202e}');
        prop_assert!(!drawn.contains(hidden));
    }

    #[test]
    fn nothing_is_drawn_outside(chart in chart(), size in size()) {
        let drawn = svg(&chart, size, "a");
        let (wide, high) = (f64::from(size.width()), f64::from(size.height()));
        for node in Document::parse(&drawn).unwrap().descendants() {
            for (across, place) in places(node) {
                let most = if across { wide } else { high };
                prop_assert!((0.0..=most).contains(&place), "{place} of {most}: {node:?}");
            }
        }
    }

    #[test]
    fn a_drawing_is_no_larger_than_its_size_wants(chart in chart(), size in size()) {
        prop_assert!(svg(&chart, size, "a").len() < 60_000);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_is_drawn_is_a_picture_too(chart in chart()) {
        prop_assert!(Document::parse(&standalone(&chart, Size::PHONE)).is_ok());
        prop_assert!(png(&chart, Size::PHONE, 1).is_ok());
    }
}

//! The stylesheet: that it is whole, and that what it colours can be read.

use std::collections::{BTreeMap, BTreeSet};

use resvg::usvg::roxmltree::Document;

use super::fixtures::{calm_day, cold_start, crisis, empty, sentiment};
use crate::chart::{CSS, Size, svg};

/// Property by property, what a selector is given.
type Rules = BTreeMap<String, BTreeMap<String, String>>;

fn rules(css: &str) -> Rules {
    let mut rules = Rules::new();
    for rule in css.split('}').filter(|rule| rule.contains('{')) {
        let (selectors, body) = rule.split_once('{').unwrap();
        for selector in selectors.split(',') {
            for property in body.split(';').filter(|property| property.contains(':')) {
                let (name, value) = property.split_once(':').unwrap();
                let rule = rules.entry(selector.trim().to_owned()).or_default();
                rule.insert(name.trim().to_owned(), value.trim().to_owned());
            }
        }
    }
    rules
}

/// The rules in the light, and those in the dark: what is not said there stays as it is.
fn themes() -> [Rules; 2] {
    let (light, dark) = CSS.split_once("@media (prefers-color-scheme: dark) {").unwrap();
    let light = rules(light);
    let mut both = light.clone();
    for (selector, properties) in rules(dark) {
        both.entry(selector).or_default().extend(properties);
    }
    [light, both]
}

/// `#rrggbb` as red, green and blue, 0 to 1.
fn colour(text: &str) -> [f64; 3] {
    let part = |i: usize| f64::from(u8::from_str_radix(&text[i..i + 2], 16).unwrap()) / 255.0;
    [part(1), part(3), part(5)]
}

/// The contrast of two colours, 1 to 21 (WCAG 2.2).
fn contrast(a: [f64; 3], b: [f64; 3]) -> f64 {
    let luminance = |colour: [f64; 3]| {
        let [r, g, b] = colour.map(|part| {
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * r + 0.7152 * g + 0.0722 * b
    };
    let (a, b) = (luminance(a) + 0.05, luminance(b) + 0.05);
    a.max(b) / a.min(b)
}

#[test]
fn text_and_lines_stand_out_in_the_light_and_in_the_dark() {
    // What only helps the eye along, or lies under something that is told otherwise.
    let quiet = ["chart-ground", "chart-grid", "chart-day", "chart-band", "chart-latest"];
    for theme in themes() {
        let ground = colour(&theme[".chart-ground"]["fill"]);
        for (selector, properties) in &theme {
            if quiet.iter().any(|class| selector.contains(class)) {
                continue;
            }
            let text = selector.starts_with(".chart ");
            let (property, least) = if text { ("fill", 4.5) } else { ("stroke", 3.0) };
            let given = properties.get(property).or(properties.get("fill"));
            let Some(given) = given.filter(|given| given.starts_with('#')) else { continue };
            let reached = contrast(colour(given), ground);
            assert!(reached >= least, "{selector} {given}: {reached:.2} of {least}");
        }
    }
}

#[test]
fn lines_and_words_stand_out_from_what_lies_under_them() {
    let over = |ground: [f64; 3], shade: &str, opacity: &str| {
        let (shade, opacity): (_, f64) = (colour(shade), opacity.parse().unwrap());
        [0, 1, 2].map(|i| ground[i] * (1.0 - opacity) + shade[i] * opacity)
    };
    for theme in themes() {
        let ground = colour(&theme[".chart-ground"]["fill"]);
        let opacity = &theme[".chart-shade"]["fill-opacity"];
        let band = &theme[".chart-band"];
        for severity in ["notice", "warning", "critical"] {
            let shade = &theme[&format!(".chart-shade.chart-{severity}")]["fill"];
            let shaded = over(ground, shade, opacity);
            let banded = over(shaded, &band["fill"], &band["fill-opacity"]);
            for class in ["chart-observed", "chart-outside"] {
                let line = colour(&theme[&format!(".{class}")]["stroke"]);
                assert!(contrast(line, banded) >= 3.0, "{class} in the band, {severity}");
            }
            let expected = colour(&theme[".chart-expected"]["stroke"]);
            assert!(contrast(expected, banded) >= 2.5, "expected, {severity}");
        }
    }
}

#[test]
fn every_class_has_a_rule_in_both() {
    let mut classes = BTreeSet::new();
    for chart in [calm_day(), crisis(), cold_start(), sentiment(), empty()] {
        let drawn = svg(&chart, Size::WIDE, "a");
        for node in Document::parse(&drawn).unwrap().descendants() {
            let names = node.attribute("class").unwrap_or_default().split_whitespace();
            classes.extend(names.map(str::to_owned));
        }
    }
    // Words in the colour of all text, or of their flag; the flag itself only holds others.
    let plain = ["chart-name", "chart-tick", "chart-zone", "chart-nothing", "chart-label"];
    for class in classes.iter().filter(|class| !plain.contains(&class.as_str())) {
        let given =
            CSS.matches(&format!(".{class} ")).count() + CSS.matches(&format!(".{class},")).count();
        assert!(given >= 2 || class == "chart-flag", "{class} has {given} rules");
    }
    let [light, dark] = themes();
    for (selector, properties) in &light {
        for property in ["fill", "stroke"] {
            let given = properties.get(property).filter(|given| given.starts_with('#'));
            assert!(
                given.is_none_or(|given| dark[selector][property] != *given),
                "{selector} has its light {property} in the dark"
            );
        }
    }
}

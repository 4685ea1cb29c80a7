//! Charts on a page, and how much of the past they show.

use askama::Template;
use serde::Deserialize;

use super::drawn::{Drawn, behind};
use crate::chart::Chart;
use crate::desk::Stretch;
use crate::source::wall_clock;

/// How much of the past somebody wants to see.
#[derive(Debug, Default, Deserialize)]
pub struct Ranged {
    range: Option<String>,
}

impl Ranged {
    pub fn stretch(&self) -> Stretch {
        self.range.as_deref().and_then(Stretch::named).unwrap_or_default()
    }
}

/// A choice of how much of the past is shown.
pub struct Tab {
    pub name: &'static str,
    pub chosen: bool,
}

/// All choices.
pub fn tabs(chosen: Stretch) -> Vec<Tab> {
    Stretch::ALL.map(|it| Tab { name: it.name(), chosen: it == chosen }).into()
}

#[derive(Template)]
#[template(path = "charts.html")]
pub struct ChartsPart {
    behind: Option<String>,
    charts: Vec<Drawn>,
}

impl ChartsPart {
    pub fn of(charts: &[Chart]) -> Self {
        let now = wall_clock();
        Self {
            behind: charts.iter().find_map(|chart| behind(chart, now)),
            charts: charts.iter().map(|it| Drawn::of(it, it.measure.name())).collect(),
        }
    }
}

/// `text` as one segment of a path.
pub fn path_segment(text: &str) -> String {
    let mut url = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'~' => url.push(byte.into()),
            _ => url.push_str(&format!("%{byte:02X}")),
        }
    }
    url
}

#[cfg(test)]
mod tests {
    use super::super::guard::query_value;
    use super::*;

    #[test]
    fn a_brand_is_one_segment_whatever_its_name() {
        assert_eq!(path_segment("AC/DC & Söhne?"), "AC%2FDC%20%26%20S%C3%B6hne%3F");
        assert_eq!(query_value("a b&c=d"), "a+b%26c%3Dd");
    }
}

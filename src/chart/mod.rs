//! The one chart of the product: a measure over time against what is typical of it, and its incidents.
//!
//! It is drawn once and shown in three ways: [`svg`] for a page, whose stylesheet ([`CSS`]) colours it in
//! light and dark; [`standalone`] for a file; [`png`] for those who show no SVG. All are pure functions: the same
//! chart gives the same bytes, on every machine.
//!
//! What is drawn, from the back: shaded incidents; the typical band, with a dashed line for what is expected; what was
//! observed, thicker and with an arrowhead where it is not typical; a flag at each incident's onset, whose shape
//! says the severity; the latest value. Where nothing is known there is no line. Nothing is told by
//! colour alone, and `<desc>` says it in words.
//!
//! ```
//! use groundswell::chart::{Chart, Point, Size, Typical, svg};
//! use groundswell::incident::Measure;
//! use groundswell::mention::Timestamp;
//!
//! let minute = |n: i64| Timestamp::from_millis(n * 60_000);
//! let chart = Chart {
//!     title: "Acme <b>kettles</b>".into(),
//!     measure: Measure::Mentions,
//!     from: minute(0),
//!     until: minute(60),
//!     points: vec![Point {
//!         from: minute(0),
//!         until: minute(5),
//!         observed: Some(12.0),
//!         typical: Some(Typical { lower: 2.0, expected: 4.0, upper: 7.0 }),
//!     }],
//!     incidents: Vec::new(),
//!     time_zone: jiff::tz::TimeZone::UTC,
//! };
//! let drawn = svg(&chart, Size::PHONE, "acme");
//! assert!(drawn.contains("Acme &lt;b&gt;kettles&lt;/b&gt;"));
//! ```

mod draw;
mod incidents;
mod legend;
mod lines;
mod markup;
mod model;
mod number;
mod plot;
mod png;
mod scale;
mod series;
mod text;
mod time_axis;
mod words;

#[cfg(test)]
mod tests;

pub use model::{Chart, Point, Size, Span, Typical};
pub use png::ChartError;

use draw::{Place, draw};

/// Without what it has in the dark: for what has a light ground of its own.
const LIGHT: &str = include_str!("light.css");

/// The stylesheet of the charts in a page, light and dark as the reader prefers. Its classes begin with `chart`. The face is
/// the page's. It goes with a ground of about white (or `#14181d` in the dark): on it text has a
/// contrast of 4.5 at least, and lines of 3.
pub const CSS: &str = concat!(
    include_str!("light.css"),
    "@media (prefers-color-scheme: dark) {\n",
    include_str!("dark.css"),
    "}\n"
);

/// `chart` as an element for a page, which holds [`CSS`] once.
///
/// It has no style of its own, so it needs nothing of a Content-Security-Policy. `id` must be the chart's alone among the page's;
/// other characters than ASCII letters and digits become `-`. However many points there are, no more than one for each
/// pixel of the width is drawn: of those that share one the highest, or the deepest of those below what is typical.
pub fn svg(chart: &Chart, size: Size, id: &str) -> String {
    draw(chart, size, Place::Page { id })
}

/// `chart` as an SVG file of its own, on a light ground.
pub fn standalone(chart: &Chart, size: Size) -> String {
    let face = ".chart { font-family: \"Open Sans\", \"Segoe UI\", Roboto, Arial, sans-serif; }\n";
    draw(chart, size, Place::Alone { style: &format!("\n{face}{LIGHT}") })
}

/// `chart` as PNG, on a light ground: `size` times `scale` (1 to 4) pixels, 2 for what is looked at on
/// ordinary screens. The letters are embedded: Latin, Greek, Cyrillic, Hebrew and Arabic; an ellipsis stands for others.
///
/// # Errors
///
/// When there is no memory for the picture.
pub fn png(chart: &Chart, size: Size, scale: u8) -> Result<Vec<u8>, ChartError> {
    png::picture(&standalone(chart, size), scale)
}

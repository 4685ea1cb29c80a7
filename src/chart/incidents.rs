//! Incidents: shaded time, and a flag at the onset that says how severe it is.

use std::cmp::Reverse;

use super::markup::{Markup, Path, Px};
use super::model::{Chart, Span};
use super::plot::{Anchor, Plot, ROW, line, write};
use super::series::Extent;
use super::text::{clean, fit, isolated, width};
use crate::incident::Severity;

/// More are counted, not drawn.
const MOST_DRAWN: usize = 40;
/// A label that is cut to fewer ems than this says too little.
const LEAST_LABEL: f64 = 6.0;

/// The incidents within `extent`, the most severe first, of those the latest.
pub fn within(chart: &Chart, extent: Extent) -> Vec<&Span> {
    let mut spans: Vec<&Span> = chart
        .incidents
        .iter()
        .filter(|span| span.from <= extent.until)
        .filter(|span| span.until.is_none_or(|until| until >= extent.from.max(span.from)))
        .collect();
    spans.sort_by_key(|span| Reverse((span.severity, span.from)));
    spans
}

/// How many rows of flags so many incidents want.
pub fn lanes(incidents: usize) -> usize {
    incidents.min(2)
}

/// The shaded times, the longest lowest.
pub fn draw_shades(out: &mut Markup, plot: &Plot, spans: &[&Span]) {
    let mut shades: Vec<(f64, f64, Severity)> = spans
        .iter()
        .take(MOST_DRAWN)
        .map(|span| {
            let until = span.until.unwrap_or(plot.extent.until);
            // What is shorter than a pixel is shown as one.
            (plot.x(span.from), plot.x(until).max(plot.x(span.from) + 1.0), span.severity)
        })
        .collect();
    shades.sort_by(|a, b| (b.1 - b.0).total_cmp(&(a.1 - a.0)));
    for (from, until, severity) in shades {
        out.element("rect")
            .attr("class", format_args!("chart-shade chart-{}", severity.name()))
            .attr("x", Px(from))
            .attr("y", Px(plot.top))
            .attr("width", Px(until - from))
            .attr("height", Px(plot.bottom - plot.top))
            .empty();
    }
}

/// The onsets, and above the plot a flag for each: its shape and words say the severity. Where there is no
/// room a label is cut, then left out; then the flag is.
pub fn draw_flags(out: &mut Markup, plot: &Plot, spans: &[&Span], lanes: usize) {
    let mut taken = vec![Vec::new(); lanes];
    let spans = spans.iter().take(MOST_DRAWN);
    // First all flags, then labels in what is free between them.
    let flags: Vec<Flag<'_>> =
        spans.filter_map(|span| Flag::placed(plot, span, &mut taken)).collect();
    for flag in flags {
        if let Some(lane) = taken.get_mut(flag.lane) {
            flag.draw(out, plot, lane);
        }
    }
}

/// A stretch of a row that has been taken, from its left to its right.
type Taken = (f64, f64);

/// A flag that has its place.
struct Flag<'a> {
    span: &'a Span,
    x: f64,
    lane: usize,
}

/// How far a flag reaches to either side, and how far its label stands off, in ems.
const HALF: f64 = 0.7;
const ASIDE: f64 = 0.8;

impl<'a> Flag<'a> {
    /// In the row that leaves the most room for a label; `None` when other flags stand there in all.
    fn placed(plot: &Plot, span: &'a Span, taken: &mut [Vec<Taken>]) -> Option<Self> {
        let x = plot.x(span.from);
        let own = (x - HALF * plot.em, x + HALF * plot.em);
        let free =
            |lane: &Vec<Taken>| lane.iter().all(|other| own.1 <= other.0 || other.1 <= own.0);
        let room = |lane: &Vec<Taken>| {
            let (left, right) = rooms(plot, lane, own);
            left.max(right)
        };
        let (lane, row) = taken
            .iter_mut()
            .enumerate()
            .filter(|(_, lane)| free(lane))
            // The first of equals, which is the lowest row.
            .min_by(|a, b| room(b.1).total_cmp(&room(a.1)))?;
        row.push(own);
        Some(Self { span, x, lane })
    }

    /// The words beside it, as much as has room, and on which side.
    fn label(&self, plot: &Plot, row: &[Taken]) -> Option<(String, Anchor)> {
        let em = plot.em;
        let own = (self.x - HALF * em, self.x + HALF * em);
        let (left, right) = rooms(plot, row, own);
        let severity = self.span.severity.name();
        let state = if self.span.until.is_none() { ", open" } else { "" };
        let begin = format!("{severity}{state}");
        let name = clean(&self.span.label);
        let whole = width(&format!("{begin} · {name}"), em);
        let (room, anchor) = if right >= whole || right >= left {
            (right, Anchor::Start)
        } else {
            (left, Anchor::End)
        };
        let cut = fit(&name, room - width(&format!("{begin} · "), em), em);
        if !name.is_empty() && (cut == name || width(&cut, em) >= LEAST_LABEL * em) {
            Some((format!("{begin} · {}", isolated(cut)), anchor))
        } else if width(&begin, em) <= room {
            Some((begin, anchor))
        } else {
            None
        }
    }
}

/// How much of a row is free to the left and to the right of `own`, for a label.
fn rooms(plot: &Plot, row: &[Taken], own: Taken) -> (f64, f64) {
    let em = plot.em;
    let before = row.iter().map(|other| other.1).filter(|end| *end <= own.0);
    let after = row.iter().map(|other| other.0).filter(|begin| *begin >= own.1);
    let left = before.fold(plot.left / 2.0, f64::max);
    let right = after.fold(plot.right + em, f64::min);
    (own.0 - left - em, right - own.1 - em)
}

impl Flag<'_> {
    fn draw(&self, out: &mut Markup, plot: &Plot, row: &mut Vec<Taken>) {
        let em = plot.em;
        let (x, y) = (self.x, plot.top - (self.lane as f64 * ROW + 1.0) * em);
        let severity = self.span.severity.name();
        out.element("g").attr("class", format_args!("chart-flag chart-{severity}")).open();
        if self.span.from >= plot.extent.from {
            line(out, "chart-onset", (x, y), (x, plot.bottom));
        }
        draw_shape(out, self.span.severity, (x, y), 0.5 * em);
        if let Some((label, anchor)) = self.label(plot, row) {
            let away = if anchor == Anchor::End { -1.0 } else { 1.0 };
            let end = x + away * (ASIDE * em + width(&label, em));
            row.push((end.min(x), end.max(x)));
            write(out, "chart-label", (x + away * ASIDE * em, y + 0.35 * em), em, anchor, &label);
        }
        out.close();
    }
}

/// A disc for a notice, a triangle for a warning, a square on its corner for what is critical.
fn draw_shape(out: &mut Markup, severity: Severity, (x, y): (f64, f64), r: f64) {
    let corners = match severity {
        Severity::Notice => {
            out.element("circle")
                .attr("class", "chart-shape")
                .attr("cx", Px(x))
                .attr("cy", Px(y))
                .attr("r", Px(r * 0.8))
                .empty();
            return;
        }
        Severity::Warning => {
            vec![(x, y - r), (x + 1.1 * r, y + 0.9 * r), (x - 1.1 * r, y + 0.9 * r)]
        }
        Severity::Critical => {
            let r = 1.25 * r;
            vec![(x, y - r), (x + r, y), (x, y + r), (x - r, y)]
        }
    };
    let mut path = Path::default();
    path.area(corners);
    out.element("path").attr("class", "chart-shape").attr("d", path).empty();
}

//! What was observed, against what is typical.

use super::markup::{Markup, Path, Px};
use super::model::{Point, Side, Typical};
use super::number::short;
use super::plot::{Anchor, Plot, write};
use super::series::runs;
use crate::incident::Unit;

type Corner = (f64, f64);

/// The band, and within it what is expected. A band that reaches beyond the axis has no edge there.
pub fn draw_typical(out: &mut Markup, plot: &Plot, points: &[Point]) {
    let (mut area, mut edges, mut expected) = (Path::default(), Path::default(), Path::default());
    let lines =
        |value: fn(&Typical) -> f64| runs(points, move |point| point.typical.as_ref().map(value));
    let upper = |typical: &Typical| typical.upper;
    let lower = |typical: &Typical| typical.lower;
    // Both break where the band does, so they have the same runs.
    for (upper, lower) in lines(upper).iter().zip(&lines(lower)) {
        let back = corners(plot, lower).into_iter().rev();
        area.area(corners(plot, upper).into_iter().chain(back));
    }
    for edge in [upper, lower] {
        let held =
            |point: &Point| point.typical.as_ref().map(edge).filter(|v| plot.scale.holds(*v));
        runs(points, held).iter().for_each(|run| edges.line(corners(plot, run)));
    }
    lines(|typical| typical.expected).iter().for_each(|run| expected.line(corners(plot, run)));
    draw_path(out, "chart-band", &area);
    draw_path(out, "chart-edge", &edges);
    draw_path(out, "chart-expected", &expected);
}

/// What was observed; what is not typical is a thicker line, with an arrowhead at the extreme of each stretch
/// and, where there is room, the value.
pub fn draw_observed(out: &mut Markup, plot: &Plot, points: &[Point], unit: Unit) {
    let (mut line, mut outside) = (Path::default(), Path::default());
    let mut peaks = Vec::new();
    for run in runs(points, |point| point.observed) {
        let corners = corners(plot, &run);
        let sides = run.iter().map(|(point, _)| point.outside().map(|(_, side)| side));
        for (first, last, side) in stretches(&sides.collect::<Vec<_>>()) {
            outside.line(part(&corners, first, last));
            let towards = if side == Side::Above { 1.0 } else { -1.0 };
            let stretch = run.iter().skip(first).take(last - first + 1);
            let extreme = stretch.max_by(|a, b| (towards * a.1).total_cmp(&(towards * b.1)));
            peaks.extend(extreme.map(|(point, _)| (*point, side)));
        }
        line.line(corners);
    }
    draw_path(out, "chart-observed", &line);
    draw_path(out, "chart-outside", &outside);
    let latest = points.iter().rev().find_map(|point| Some((point, point.observed?)));
    draw_peaks(out, plot, peaks, latest.map(|(point, _)| point), unit);
    if let Some((point, value)) = latest {
        draw_latest(out, plot, (plot.x(point.until), plot.y(value)), &short(unit, value));
    }
}

/// A line through the middles of the buckets, level to the edges of the first and the last.
fn corners(plot: &Plot, run: &[(&Point, f64)]) -> Vec<Corner> {
    let begin = run.first().map(|(point, value)| (plot.x(point.from), plot.y(*value)));
    let end = run.last().map(|(point, value)| (plot.x(point.until), plot.y(*value)));
    let middles = run.iter().map(|(point, value)| (plot.middle(point), plot.y(*value)));
    begin.into_iter().chain(middles).chain(end).collect()
}

/// The neighbours on one side of what is typical: first, last, side.
fn stretches(sides: &[Option<Side>]) -> Vec<(usize, usize, Side)> {
    let mut stretches: Vec<(usize, usize, Side)> = Vec::new();
    for (i, side) in sides.iter().enumerate() {
        let Some(side) = *side else { continue };
        match stretches.last_mut() {
            Some((_, last, same)) if *last + 1 == i && *same == side => *last = i,
            _ => stretches.push((i, i, side)),
        }
    }
    stretches
}

/// The part of a line through `corners` that belongs to the buckets `first..=last`: from half-way to the
/// neighbour before to half-way to the one after. The corner of bucket `i` is the `i + 1`st.
fn part(corners: &[Corner], first: usize, last: usize) -> Vec<Corner> {
    let half_way = |a: Corner, b: Corner| ((a.0 + b.0) / 2.0, (a.1 + b.1) / 2.0);
    // What stands at both ends is level, and belongs to its bucket whole.
    let begin = if first == 0 { corners[0] } else { half_way(corners[first], corners[first + 1]) };
    let end = if last + 3 == corners.len() {
        corners[last + 2]
    } else {
        half_way(corners[last + 1], corners[last + 2])
    };
    let mut part = vec![begin];
    part.extend_from_slice(&corners[first + 1..=last + 1]);
    part.push(end);
    part
}

/// The arrowheads, the furthest out first, as long as they do not touch; the value stands at those with room.
/// The latest value stands beside the plot anyway.
fn draw_peaks(
    out: &mut Markup,
    plot: &Plot,
    mut peaks: Vec<(&Point, Side)>,
    latest: Option<&Point>,
    unit: Unit,
) {
    let em = plot.em;
    let mut heads: Vec<f64> = Vec::new();
    let mut labels: Vec<f64> = Vec::new();
    let clear = |others: &[f64], x: f64, room: f64| others.iter().all(|o| (o - x).abs() >= room);
    peaks.sort_by(|a, b| b.0.excess().total_cmp(&a.0.excess()));
    for (point, side) in peaks {
        let (x, value) = (plot.middle(point), point.observed.unwrap_or_default());
        if !clear(&heads, x, 1.2 * em) {
            continue;
        }
        heads.push(x);
        let y = plot.y(value);
        // Below the line, unless that were in the axis.
        let under = side == Side::Below && y + 2.4 * em < plot.bottom;
        let away = if under { 1.0 } else { -1.0 };
        draw_head(out, (x, y + away * 0.9 * em), 0.4 * em, side);
        let is_latest = latest.is_some_and(|latest| std::ptr::eq(latest, point));
        if !is_latest && clear(&labels, x, 4.5 * em) && x < plot.right - 2.0 * em {
            labels.push(x);
            let foot = y + away * 1.6 * em + if under { 0.7 * em } else { 0.0 };
            write(out, "chart-peak", (x, foot), em, Anchor::Middle, &short(unit, value));
        }
    }
}

/// An arrowhead about `(x, y)` that points to where the value went.
fn draw_head(out: &mut Markup, (x, y): Corner, r: f64, side: Side) {
    let tip = if side == Side::Above { -r } else { r };
    let mut path = Path::default();
    path.area([(x, y + tip), (x + r, y - tip), (x - r, y - tip)]);
    out.element("path").attr("class", "chart-head").attr("d", path).empty();
}

/// A dot at the end of the line, and the value beside the plot.
fn draw_latest(out: &mut Markup, plot: &Plot, (x, y): Corner, value: &str) {
    let em = plot.em;
    out.element("circle")
        .attr("class", "chart-latest")
        .attr("cx", Px(x))
        .attr("cy", Px(y))
        .attr("r", Px(0.3 * em))
        .empty();
    write(out, "chart-value", (x + 0.6 * em, y + 0.35 * em), em, Anchor::Start, value);
}

fn draw_path(out: &mut Markup, class: &str, path: &Path) {
    if !path.is_empty() {
        out.element("path").attr("class", class).attr("d", path).empty();
    }
}

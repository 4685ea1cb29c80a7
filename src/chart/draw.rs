//! A chart, put together from its parts.

use super::incidents;
use super::legend::Legend;
use super::lines;
use super::markup::Markup;
use super::model::{Chart, Point, Size, Span};
use super::number::short;
use super::plot::{Anchor, Plot, ROW, line, write};
use super::scale::Scale;
use super::series::{Extent, sound, thinned};
use super::text::{fit, width};
use super::time_axis::{Tick, ticks};
use super::words;
use crate::incident::Unit;

/// Where a drawing is to stand.
#[derive(Debug, Clone, Copy)]
pub enum Place<'a> {
    /// In a page, whose stylesheet colours it, under an id of its own.
    Page { id: &'a str },
    /// By itself, with its stylesheet.
    Alone { style: &'a str },
}

/// Below this height there is no room for a legend, nor for a second row of flags.
const LEAST_HEIGHT_FOR_LEGEND: u32 = 200;
/// The free place around all, and where the legend begins, in ems.
const MARGIN: f64 = 0.6;
const LEGEND_TOP: f64 = 2.3;

/// What is drawn on, in pixels.
#[derive(Debug, Clone, Copy)]
struct Sheet {
    wide: f64,
    high: f64,
    /// The size of ordinary letters: it grows with what is to be seen from afar.
    em: f64,
    low: bool,
}

impl Sheet {
    fn of(size: Size) -> Self {
        let (wide, high) = (f64::from(size.width()), f64::from(size.height()));
        let em = (wide / 74.0).min(high / 15.0).clamp(11.5, 24.0);
        Self { wide, high, em, low: size.height() < LEAST_HEIGHT_FOR_LEGEND }
    }
}

/// Draws `chart`.
pub fn draw(chart: &Chart, size: Size, place: Place<'_>) -> String {
    let mut out = Markup::default();
    let extent = Extent::of(chart);
    let points = extent.map_or_else(Vec::new, |extent| sound(chart, extent));
    let spans = extent.map_or_else(Vec::new, |extent| incidents::within(chart, extent));
    let told = match extent {
        Some(extent) => words::description(chart, extent, &points, &spans),
        None => words::nothing(chart),
    };
    open(&mut out, chart, size, place, &told);

    let sheet = Sheet::of(size);
    let em = sheet.em;
    let title = fit(&words::title(chart), sheet.wide - 2.0 * MARGIN * em, 1.25 * em);
    write(&mut out, "chart-title", (MARGIN * em, 1.7 * em), 1.25 * em, Anchor::Start, &title);
    match extent {
        Some(extent) => draw_body(&mut out, chart, sheet, extent, points, &spans),
        None => {
            let middle = (sheet.wide / 2.0, sheet.high / 2.0);
            draw_nothing(&mut out, chart, middle, sheet.wide, em);
        }
    }
    out.finish()
}

fn open(out: &mut Markup, chart: &Chart, size: Size, place: Place<'_>, told: &str) {
    let id = match place {
        Place::Page { id } => sound_id(id),
        Place::Alone { .. } => "chart".to_owned(),
    };
    out.element("svg")
        .attr("xmlns", "http://www.w3.org/2000/svg")
        .attr("class", "chart")
        .attr("width", size.width())
        .attr("height", size.height())
        .attr("viewBox", format_args!("0 0 {} {}", size.width(), size.height()))
        .attr("direction", "ltr")
        .attr("role", "img")
        .attr("aria-labelledby", format_args!("{id}-title {id}-desc"))
        .open();
    out.element("title").attr("id", format_args!("{id}-title")).text(&words::title(chart));
    out.element("desc").attr("id", format_args!("{id}-desc")).text(told);
    if let Place::Alone { style } = place {
        out.element("style").text(style);
        out.element("rect")
            .attr("class", "chart-ground")
            .attr("width", "100%")
            .attr("height", "100%")
            .empty();
    }
}

/// What may be an id, and be named in a list of ids.
fn sound_id(id: &str) -> String {
    id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(100).collect()
}

fn draw_body(
    out: &mut Markup,
    chart: &Chart,
    sheet: Sheet,
    extent: Extent,
    points: Vec<Point>,
    spans: &[&Span],
) {
    let em = sheet.em;
    let unit = chart.measure.unit();
    let points = thinned(points, extent, sheet.wide as usize);
    let legend = Legend::of(chart, &points, sheet.wide - 2.0 * MARGIN * em, em);
    let (legend_rows, most_lanes) = if sheet.low { (0, 1) } else { (legend.rows(), 2) };
    let lanes = incidents::lanes(spans.len()).min(most_lanes);
    let top = LEGEND_TOP * em + (legend_rows + lanes) as f64 * ROW * em + 0.3 * em;
    let plot = lay_out(sheet, unit, extent, &points, top);

    if !sheet.low {
        legend.draw(out, (MARGIN * em, LEGEND_TOP * em));
        draw_zone(out, &plot, chart, &legend);
    }
    incidents::draw_shades(out, &plot, spans);
    if legend.rows() > 0 {
        draw_value_axis(out, &plot, unit);
    }
    draw_time_axis(out, &plot, chart, sheet.wide);
    lines::draw_typical(out, &plot, &points);
    incidents::draw_flags(out, &plot, spans, lanes);
    if points.iter().all(|point| point.observed.is_none()) {
        let middle = ((plot.left + plot.right) / 2.0, (plot.top + plot.bottom) / 2.0);
        draw_nothing(out, chart, middle, plot.right - plot.left, em);
    }
    lines::draw_observed(out, &plot, &points, unit);
}

/// The plot below `top`: to its left there is room for the labels of values, to its right for the latest value, and
/// within it for the value at a peak.
fn lay_out(sheet: Sheet, unit: Unit, extent: Extent, points: &[Point], top: f64) -> Plot {
    let em = sheet.em;
    let bottom = sheet.high - 3.0 * em;
    let height = bottom - top;
    let scale = Scale::of(unit, points, height / (2.8 * em), (2.4 * em / height).min(0.4));
    let wide = |value: f64| width(&short(unit, value), em);
    let widest = scale.ticks().into_iter().map(wide).fold(0.0, f64::max);
    let latest = points.iter().rev().find_map(|point| point.observed);
    let beside = latest.map_or(0.0, |value| 0.6 * em + wide(value)).max(em);
    Plot {
        left: (MARGIN + 0.5) * em + widest,
        right: sheet.wide - MARGIN * em - beside,
        top,
        bottom,
        em,
        extent,
        scale,
    }
}

fn draw_nothing(out: &mut Markup, chart: &Chart, place: (f64, f64), room: f64, em: f64) {
    let told = fit(&words::nothing(chart), room, em);
    write(out, "chart-nothing", place, em, Anchor::Middle, &told);
}

/// Whose time of day it is, above the plot's right corner, where the legend leaves room.
fn draw_zone(out: &mut Markup, plot: &Plot, chart: &Chart, legend: &Legend) {
    let em = plot.em;
    let Some(name) = chart.time_zone.iana_name() else {
        return;
    };
    if MARGIN * em + legend.end() + 2.0 * em + width(name, em) < plot.right {
        let rows = legend.rows().max(1) as f64;
        let foot = (LEGEND_TOP + (rows - 0.5) * ROW + 0.35) * em;
        write(out, "chart-zone", (plot.right, foot), em, Anchor::End, name);
    }
}

fn draw_value_axis(out: &mut Markup, plot: &Plot, unit: Unit) {
    for tick in plot.scale.ticks() {
        let y = plot.y(tick);
        let class = if tick.abs() < f64::EPSILON { "chart-axis" } else { "chart-grid" };
        line(out, class, (plot.left, y), (plot.right, y));
        let place = (plot.left - 0.5 * plot.em, y + 0.35 * plot.em);
        write(out, "chart-tick", place, plot.em, Anchor::End, &short(unit, tick));
    }
}

fn draw_time_axis(out: &mut Markup, plot: &Plot, chart: &Chart, wide: f64) {
    let em = plot.em;
    let most = ((plot.right - plot.left) / (4.6 * em)) as usize;
    let ticks = ticks(plot.extent, &chart.time_zone, most);
    for tick in &ticks {
        let x = plot.x(tick.at);
        if tick.new_day {
            line(out, "chart-day", (x, plot.top), (x, plot.bottom));
        }
        line(out, "chart-axis", (x, plot.bottom), (x, plot.bottom + 0.35 * em));
        let place = (inside(x, &tick.label, wide, em), plot.bottom + 1.4 * em);
        write(out, "chart-tick", place, em, Anchor::Middle, &tick.label);
    }
    for (x, label) in dates(plot, &ticks, wide) {
        write(out, "chart-tick", (x, plot.bottom + 2.6 * em), em, Anchor::Middle, label);
    }
    line(out, "chart-axis", (plot.left, plot.bottom), (plot.right, plot.bottom));
    // The present, when the chart is of now: the end of what is known.
    line(out, "chart-end", (plot.right, plot.top), (plot.right, plot.bottom));
}

/// The labels below those of the ticks, without those that would touch the next.
fn dates<'a>(plot: &Plot, ticks: &'a [Tick], wide: f64) -> Vec<(f64, &'a str)> {
    let mut dates: Vec<(f64, &str)> = Vec::new();
    for tick in ticks {
        let Some(label) = tick.below.as_deref() else {
            continue;
        };
        let x = inside(plot.x(tick.at), label, wide, plot.em);
        let room = width(label, plot.em) + 0.4 * plot.em;
        if dates.last().is_some_and(|(last, _)| x - last < room) {
            dates.pop();
        }
        dates.push((x, label));
    }
    dates
}

/// Where the middle of `label` stands, so that all of it is within the chart.
fn inside(x: f64, label: &str, wide: f64, em: f64) -> f64 {
    let half = width(label, em) / 2.0;
    x.min(wide - half).max(half)
}

//! What a chart shows, in words, for those who do not see it.

use jiff::tz::TimeZone;

use super::model::{Chart, Point, Side, Span};
use super::number::full;
use super::series::Extent;
use super::text::{clean, fit};
use crate::mention::Timestamp;

/// Of so many incidents, the most severe and latest, is told what they are.
const TOLD_INCIDENTS: usize = 3;

/// The time, the latest and the highest value, what is typical, and the incidents. `points` are sound, and all of
/// them; `incidents` the ones within the time, the most severe and latest first.
pub fn description(chart: &Chart, extent: Extent, points: &[Point], incidents: &[&Span]) -> String {
    let zone = &chart.time_zone;
    let mut text = format!("{}. ", time_told(extent, zone));
    text.push_str(&values(chart, points));
    text.push(' ');
    text.push_str(&incidents_told(incidents, zone));
    text
}

/// That there is nothing to see.
pub fn nothing(chart: &Chart) -> String {
    format!("Nothing is known of {} in this time.", chart.measure.noun())
}

fn time_told(extent: Extent, zone: &TimeZone) -> String {
    let told =
        |at: Timestamp| zone.to_datetime(at.to_jiff()).strftime("%a %-d %b %Y, %H:%M").to_string();
    let name = zone.iana_name().map(|name| format!(" ({name})")).unwrap_or_default();
    format!("From {} to {}{name}", told(extent.from), told(extent.until))
}

fn values(chart: &Chart, points: &[Point]) -> String {
    let unit = chart.measure.unit();
    let observed = || points.iter().filter_map(|point| Some((point, point.observed?)));
    let Some((latest, value)) = observed().next_back() else {
        return nothing(chart);
    };
    let mut text = format!(
        "The latest {}, at {}: {}",
        chart.measure.noun(),
        moment(latest.from, &chart.time_zone),
        full(unit, value),
    );
    match latest.typical {
        Some(typical) => {
            let (lower, upper) = (full(unit, typical.lower), full(unit, typical.upper));
            text.push_str(&format!("; typically {lower} to {upper}."));
        }
        None => text.push_str("; what is typical is not known yet."),
    }
    if let Some((highest, value)) = observed().max_by(|a, b| a.1.total_cmp(&b.1)) {
        let at = moment(highest.from, &chart.time_zone);
        text.push_str(&format!(" The highest, at {at}: {}.", full(unit, value)));
    }
    let on = |side| points.iter().filter(|p| p.outside().is_some_and(|(_, s)| s == side)).count();
    let (above, below) = (on(Side::Above), on(Side::Below));
    let all = observed().count();
    text.push_str(&format!(
        " Of {all} values {above} are above and {below} below what is typical."
    ));
    text
}

fn incidents_told(incidents: &[&Span], zone: &TimeZone) -> String {
    let told: Vec<String> = incidents
        .iter()
        .take(TOLD_INCIDENTS)
        .map(|span| {
            let since = moment(span.from, zone);
            let end = match span.until {
                Some(until) => format!("to {}", moment(until, zone)),
                None => "open".to_owned(),
            };
            let label = fit(&span.label, 600.0, 10.0);
            format!("{}, since {since}, {end}: {label}", span.severity.name())
        })
        .collect();
    let more = incidents.len() - told.len();
    let mut text = match incidents.len() {
        0 => return "No incident.".to_owned(),
        1 => "1 incident: ".to_owned(),
        n => format!("{n} incidents: "),
    };
    text.push_str(&told.join("; "));
    if more > 0 {
        text.push_str(&format!("; and {more} more"));
    }
    text.push('.');
    text
}

fn moment(at: Timestamp, zone: &TimeZone) -> String {
    zone.to_datetime(at.to_jiff()).strftime("%-d %b %H:%M").to_string()
}

/// What the chart is about: its title, or what is drawn when it has none.
pub fn title(chart: &Chart) -> String {
    let title = clean(&chart.title);
    if title.is_empty() { chart.measure.noun().to_owned() } else { title }
}

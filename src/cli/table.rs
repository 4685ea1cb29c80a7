//! The incident table that replay prints.

use comfy_table::{Cell, CellAlignment, Table, presets};
use jiff::tz::TimeZone;

use crate::incident::{Incident, Measure, SourceKind, Unit};
use crate::mention::Timestamp;

/// A link or hashtag longer than this is cut, in characters.
const SOURCE_CHARS: usize = 32;

/// The table of `incidents`, times in `zone`.
pub(super) fn incidents(incidents: &[Incident], zone: &TimeZone) -> String {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN).set_header([
        "onset",
        "detected",
        "resolved",
        "brand",
        "direction",
        "severity",
        "peak z",
        "observed / expected",
        "top source",
    ]);
    for incident in incidents {
        table.add_row([
            Cell::new(moment(incident.onset, zone)),
            Cell::new(moment(incident.detected_at, zone)),
            Cell::new(
                incident.resolved_at.map_or_else(|| "open".to_owned(), |at| moment(at, zone)),
            ),
            Cell::new(&incident.brand),
            Cell::new(incident.direction.name()),
            Cell::new(incident.severity.name()),
            Cell::new(format!("{:.1}", incident.peak_z)).set_alignment(CellAlignment::Right),
            Cell::new(measured(incident)),
            Cell::new(top_source(incident)),
        ]);
    }
    table.trim_fmt()
}

/// `Sun 22 Feb 15:05`, in `zone`.
fn moment(at: Timestamp, zone: &TimeZone) -> String {
    at.to_jiff().to_zoned_datetime(zone.clone()).strftime("%a %d %b %H:%M").to_string()
}

fn measured(incident: &Incident) -> String {
    let window = match incident.window_seconds {
        seconds if seconds % 3_600 == 0 => format!("{} h", seconds / 3_600),
        seconds => format!("{} min", seconds / 60),
    };
    let what = match incident.measure {
        Measure::Mentions => "",
        Measure::NegativeMentions | Measure::NegativeShare => " negative",
        Measure::PositiveMentions => " positive",
        Measure::PurchaseIntent => " to buy",
        Measure::Audience => return format!("{:.0} people by one mention", incident.observed),
        Measure::Sentiment
        | Measure::Shares
        | Measure::NewFollowers
        | Measure::PostShares
        | Measure::Activation => {
            return format!("{} {} in {window}", pair(incident), incident.measure.noun());
        }
    };
    format!("{}{what} in {window}", pair(incident))
}

/// What was observed, and what is usual.
fn pair(incident: &Incident) -> String {
    let (observed, expected) = (incident.observed, incident.expected);
    match incident.measure.unit() {
        Unit::Mentions | Unit::Persons => format!("{observed:.0} / {expected:.1}"),
        Unit::Share => format!("{:.0} % / {:.0} %", observed * 100.0, expected * 100.0),
        Unit::Sentiment => format!("{observed:.2} / {expected:.2}"),
    }
}

/// The source that tells most: the largest share, but a channel only when nothing else is known.
fn top_source(incident: &Incident) -> String {
    let telling = incident.sources.iter().filter(|source| source.kind != SourceKind::Channel);
    let top = telling
        .max_by(|a, b| a.share.total_cmp(&b.share))
        .or_else(|| incident.sources.iter().max_by(|a, b| a.share.total_cmp(&b.share)));
    top.map_or_else(String::new, |source| {
        let mut value: String = source.value.chars().take(SOURCE_CHARS).collect();
        if value.len() < source.value.len() {
            value.push('…');
        }
        let mark = if source.kind == SourceKind::Hashtag { "#" } else { "" };
        format!("{} {mark}{value} {:.0} %", source.kind.name(), source.share * 100.0)
    })
}

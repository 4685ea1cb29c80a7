//! The incident table that replay prints.

use comfy_table::{Cell, CellAlignment, Table, presets};
use jiff::tz::TimeZone;

use crate::incident::{Incident, Measure, SourceKind, Unit};
use crate::mention::Timestamp;
use crate::pipeline::Verdict;

/// A longer source is cut, in characters.
const SOURCE_CHARS: usize = 32;

/// The table of `incidents`, times in `zone`, with what each is by the labels if there are any.
pub(super) fn incidents(
    incidents: &[Incident],
    verdicts: Option<&[Verdict]>,
    zone: &TimeZone,
) -> String {
    let mut header = vec![
        "onset",
        "detected",
        "resolved",
        "brand",
        "direction",
        "severity",
        "peak z",
        "observed / expected",
        "top source",
    ];
    header.extend(verdicts.map(|_| "verdict"));
    let mut table = table(header);
    for (number, incident) in incidents.iter().enumerate() {
        let mut row = vec![
            Cell::new(moment(incident.onset, zone)),
            Cell::new(moment(incident.detected_at, zone)),
            Cell::new(
                incident.resolved_at.map_or_else(|| "open".to_owned(), |at| moment(at, zone)),
            ),
            Cell::new(&incident.brand),
            Cell::new(incident.direction.name()),
            Cell::new(incident.severity.name()),
            right(format!("{:.1}", incident.peak_z)),
            Cell::new(measured(incident)),
            Cell::new(top_source(incident)),
        ];
        let verdict = verdicts.and_then(|verdicts| verdicts.get(number));
        row.extend(verdict.map(|verdict| Cell::new(verdict.name())));
        table.add_row(row);
    }
    table.trim_fmt()
}

/// A table as Markdown has them.
pub(super) fn table(header: Vec<&str>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN).set_header(header);
    table
}

/// A number, or what stands for one.
pub(super) fn right(text: impl ToString) -> Cell {
    Cell::new(text).set_alignment(CellAlignment::Right)
}

/// `Sun 22 Feb 15:05`, in `zone`.
pub(super) fn moment(at: Timestamp, zone: &TimeZone) -> String {
    at.to_jiff().to_zoned_datetime(zone.clone()).strftime("%a %d %b %H:%M").to_string()
}

fn measured(incident: &Incident) -> String {
    let window = match incident.window_seconds {
        seconds if seconds > 86_400 && seconds % 86_400 == 0 => format!("{} d", seconds / 86_400),
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
        | Measure::Activation
        | Measure::Advocates => {
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

/// The source that tells most: the largest share, but a country or a channel only when nothing else
/// is known.
fn top_source(incident: &Incident) -> String {
    let telling = incident
        .sources
        .iter()
        .filter(|source| !matches!(source.kind, SourceKind::Country | SourceKind::Channel));
    let top = telling
        .max_by(|a, b| a.share.total_cmp(&b.share))
        .or_else(|| incident.sources.iter().max_by(|a, b| a.share.total_cmp(&b.share)));
    top.map_or_else(String::new, |source| {
        let mut value: String = source.value.chars().take(SOURCE_CHARS).collect();
        if value.len() < source.value.len() {
            value.push('…');
        }
        let value = match source.kind {
            SourceKind::Hashtag => format!("#{value}"),
            SourceKind::Phrase => format!("“{value}”"),
            _ => value,
        };
        format!("{} {value} {:.0} %", source.kind.name(), source.share * 100.0)
    })
}

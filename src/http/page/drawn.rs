//! Charts as a page holds them: drawn for a wide and for a narrow screen, of which the stylesheet shows one.

use crate::chart::{Chart, Size, svg};
use crate::mention::Timestamp;
use crate::notify::story;

/// A chart, drawn twice.
pub struct Drawn {
    pub wide: String,
    pub narrow: String,
}

impl Drawn {
    /// Draws `chart`; `id` is its alone on the page.
    pub fn of(chart: &Chart, id: &str) -> Self {
        Self {
            wide: svg(chart, Size::new(960, 280), &format!("{id}-wide")),
            narrow: svg(chart, Size::PHONE, &format!("{id}-narrow")),
        }
    }
}

/// How long what is shown may lie behind before it is said, in milliseconds.
const BEHIND: i64 = 5 * 60_000;

/// Says that a chart is old, when it is.
pub fn behind(chart: &Chart, now: Timestamp) -> Option<String> {
    let late = now.millis_since(chart.until);
    (late > BEHIND && !chart.points.is_empty()).then(|| {
        let at = story::short_moment(chart.until, now, &chart.time_zone);
        format!("Counted up to {at}, {} ago", story::span(late))
    })
}

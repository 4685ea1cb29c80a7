//! Times as people write them in files beside the mentions.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::mention::Timestamp;

/// Reads RFC 3339, or a local time (`2015-02-26 21:42:53`, with or without a fraction; a date alone
/// is its midnight), which is taken to be `zone`'s. `None` when it is neither.
pub(super) fn moment(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let with_zone = text.parse::<jiff::Timestamp>();
    let moment =
        with_zone.or_else(|_| text.parse::<DateTime>().and_then(|local| zone.to_timestamp(local)));
    moment.ok().map(|moment| Timestamp::from_millis(moment.as_millisecond()))
}

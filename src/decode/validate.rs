//! What every mention must fulfil, however it was written.

use std::borrow::Cow;

use super::reason::{Reason, Rejected};
use super::settings::Limits;
use crate::mention::{Mention, Timestamp};

/// 2000-01-01T00:00:00Z, in milliseconds. Nobody spoke of a brand on a watched channel before it;
/// what claims to be older has lost its time on the way.
const EARLIEST: Timestamp = Timestamp::from_millis(946_684_800_000);

/// Brings `mention` into its one form (no empty texts, no `#` and `@` in front, each brand once),
/// then checks all but its time.
pub(super) fn validated(mut mention: Mention<'_>) -> Result<Mention<'_>, Rejected> {
    tidy(&mut mention);
    if is_blank(&mention.id) {
        return Err(Rejected::missing("id"));
    }
    if is_blank(&mention.channel) {
        return Err(Rejected::missing("channel"));
    }
    if mention.brands.is_empty() && is_blank(&mention.text) {
        return Err(Rejected::new(
            Reason::MissingField,
            "`brand`, `brands` and `text` are all absent or empty: one of them is required",
        ));
    }
    if let Some(sentiment) = mention.sentiment
        && !(-1.0..=1.0).contains(&sentiment)
    {
        return Err(Rejected::new(
            Reason::OutOfRange,
            format!(
                "`sentiment` is {sentiment}: write a number from -1 (hostile) to 1 (friendly), \
                 or leave it out and it is scored from the text"
            ),
        ));
    }
    Ok(mention)
}

/// Checks that `created_at` is a moment at which the mention may have been made.
pub(super) fn check_time(created_at: Timestamp, limits: &Limits) -> Result<(), Rejected> {
    let bound = if created_at < EARLIEST {
        format!("before {EARLIEST}, the earliest accepted")
    } else if created_at > limits.latest {
        format!("after {}, the latest accepted", limits.latest)
    } else {
        return Ok(());
    };
    let hint = wrong_unit(created_at, limits).map_or_else(
        || "check the clock and the time zone of whoever wrote it".to_owned(),
        |unit| format!("it looks like {unit}; write milliseconds since 1970, or RFC 3339"),
    );
    Err(Rejected::new(
        Reason::BadTime,
        format!("`created_at` is {}, {bound}: {hint}", shown(created_at)),
    ))
}

/// `created_at` as RFC 3339, or as a number when it is beyond the years that have four digits.
fn shown(created_at: Timestamp) -> String {
    match jiff::Timestamp::from_millisecond(created_at.as_millis()) {
        Ok(time) => time.to_string(),
        Err(_) => format!("{} ms after 1970", created_at.as_millis()),
    }
}

/// The unit in which the number would have been a believable time.
fn wrong_unit(created_at: Timestamp, limits: &Limits) -> Option<&'static str> {
    let millis = created_at.as_millis();
    let believable =
        |millis: i64| (EARLIEST.as_millis()..=limits.latest.as_millis()).contains(&millis);
    if believable(millis.saturating_mul(1_000)) {
        Some("seconds")
    } else if believable(millis / 1_000) {
        Some("microseconds")
    } else if believable(millis / 1_000_000) {
        Some("nanoseconds")
    } else {
        None
    }
}

fn tidy(mention: &mut Mention<'_>) {
    for text in [
        &mut mention.lang,
        &mut mention.url,
        &mut mention.campaign,
        &mut mention.country,
        &mut mention.intent,
        &mut mention.parent,
        &mut mention.author.id,
    ] {
        drop_blank(text);
    }
    if let Some(handle) = &mut mention.author.handle {
        strip_sign(handle, ['@', '＠']);
    }
    drop_blank(&mut mention.author.handle);
    for tag in &mut mention.hashtags {
        strip_sign(tag, ['#', '＃']);
    }
    for list in [&mut mention.brands, &mut mention.hashtags, &mut mention.links, &mut mention.media]
    {
        list.retain(|text| !is_blank(text));
    }
    drop_repeated(&mut mention.brands);
}

fn is_blank(text: &str) -> bool {
    text.trim_start().is_empty()
}

fn drop_blank(text: &mut Option<Cow<'_, str>>) {
    if text.as_deref().is_some_and(is_blank) {
        *text = None;
    }
}

/// Takes the signs in front of `text` off, without copying it.
fn strip_sign(text: &mut Cow<'_, str>, signs: [char; 2]) {
    match text {
        Cow::Borrowed(text) => *text = text.trim_start_matches(signs),
        Cow::Owned(text) => {
            let signs = text.len() - text.trim_start_matches(signs).len();
            text.drain(..signs);
        }
    }
}

/// Keeps the first of equal texts. Quadratic, for the few brands that one mention names; a
/// hostile list is sorted instead.
fn drop_repeated(texts: &mut Vec<Cow<'_, str>>) {
    const FEW: usize = 32;
    if texts.len() > FEW {
        texts.sort_unstable();
        texts.dedup();
        return;
    }
    let mut kept = 0;
    for index in 0..texts.len() {
        if !texts[..kept].contains(&texts[index]) {
            texts.swap(kept, index);
            kept += 1;
        }
    }
    texts.truncate(kept);
}

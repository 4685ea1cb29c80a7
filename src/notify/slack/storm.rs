//! A storm as a Slack message.

use super::blocks::{Block, MAX_ALL, MAX_FALLBACK, MAX_HEADER, Message, fit};
use super::buttons::opens;
use super::escape::{link, mrkdwn, plain, units};
use super::message::mark;
use crate::incident::Severity;
use crate::notify::storm::{Gust, Storm};
use crate::notify::story::Mark;

/// Longest headline of an incident.
const MAX_LINE: usize = 300;
/// Longest address made into a link; a longer one is left out.
const MAX_URL: usize = 500;
/// Longest that the incidents may be together, so that there is room for the rest.
const MAX_LINES: usize = MAX_ALL - 1_000;
/// Incidents in a section: as many as have room there, whatever they hold.
const IN_A_SECTION: usize = 3;

/// The message that tells `storm`. It keeps within Slack's published limits.
pub fn message(storm: &Storm) -> Message {
    let sign = mark(worst(storm));
    let room = MAX_HEADER - units(sign) - 1;
    let mut blocks = vec![Block::header(format!("{sign} {}", plain(&storm.headline, room)))];
    let mut left = MAX_LINES;
    let fits = |line: &String| {
        left = left.saturating_sub(units(line));
        left > 0
    };
    let lines: Vec<String> = storm.told.iter().map(line).take_while(fits).collect();
    for lines in lines.chunks(IN_A_SECTION) {
        blocks.extend(Block::section(lines));
    }
    let more = storm.more + storm.told.len() - lines.len();
    if more > 0 {
        blocks.extend(Block::context(format!("and {more} more")));
    }
    blocks.extend(storm.page.as_deref().and_then(opens));
    let blocks = fit(blocks);
    let text = mrkdwn(&format!("{sign} {}", storm.headline), MAX_FALLBACK);
    Message { text, blocks, unfurl_links: false, unfurl_media: false }
}

fn worst(storm: &Storm) -> Mark {
    storm.told.first().map_or(Mark::Open(Severity::Notice), |gust| gust.mark)
}

fn line(gust: &Gust) -> String {
    let headline = mrkdwn(&gust.headline, MAX_LINE);
    let headline = match &gust.page {
        Some(page) => link(page, &headline, MAX_URL),
        None => headline,
    };
    format!("{} {headline}", mark(gust.mark))
}

//! A storm as a Slack message.

use super::blocks::{Block, Button, MAX_BLOCKS, MAX_BUTTON_URL, MAX_FALLBACK, MAX_HEADER, Message};
use super::escape::{link, mrkdwn, plain, units};
use super::message::mark;
use crate::incident::Severity;
use crate::notify::storm::{Gust, Storm};
use crate::notify::story::Mark;

/// Longest headline of an incident.
const MAX_LINE: usize = 300;
/// Longest address made into a link; a longer one is left out.
const MAX_URL: usize = 500;
/// Incidents in a section: as many as have room there, whatever they hold.
const IN_A_SECTION: usize = 3;

/// The message that tells `storm`. It keeps within Slack's published limits.
pub fn message(storm: &Storm) -> Message {
    let sign = mark(worst(storm));
    let room = MAX_HEADER - units(sign) - 1;
    let mut blocks = vec![Block::header(format!("{sign} {}", plain(&storm.headline, room)))];
    for gusts in storm.told.chunks(IN_A_SECTION) {
        let lines: Vec<String> = gusts.iter().map(line).collect();
        blocks.extend(Block::section(&lines));
    }
    if storm.more > 0 {
        blocks.extend(Block::context(format!("and {} more", storm.more)));
    }
    let page = storm.page.as_ref().filter(|page| units(page) <= MAX_BUTTON_URL);
    let button = page.map(|page| Button::link("Open the page", "open", page));
    blocks.extend(button.map(|button| Block::Actions { elements: vec![button] }));
    blocks.truncate(MAX_BLOCKS);
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

//! A change as a Slack message.

use serde_json::{Value, json};

use super::blocks::{Block, MAX_FALLBACK, MAX_HEADER, Message, fit};
use super::buttons;
use super::escape::{link, mrkdwn, plain, units};
use crate::incident::{Change, Severity};
use crate::notify::Telling;
use crate::notify::story::{Carrier, Carriers, Mark, Quote, Story};

/// Longest sentence of a story in a message, in UTF-16 code units.
const MAX_SENTENCE: usize = 900;
/// Longest quoted text.
const MAX_QUOTE: usize = 1500;
/// Longest name in a list.
const MAX_NAME: usize = 150;
/// Longest address made into a link; a longer one is left out.
const MAX_URL: usize = 500;

/// The Block Kit message that tells `change`: what is posted to an incoming webhook.
///
/// It keeps within Slack's published limits whatever the change holds, and calls nobody
/// (`@channel`), whatever strangers have written.
pub fn message(change: &Change, telling: &Telling) -> Value {
    written(&compose(change, telling, None))
}

/// `message` as JSON.
pub(super) fn written(message: &Message) -> Value {
    // Strings, lists and flags always serialise; should that ever change, people are still told.
    serde_json::to_value(message).unwrap_or_else(|_| json!({ "text": message.text }))
}

/// What tells `change`, with a `picture` of it.
pub(super) fn compose(change: &Change, telling: &Telling, picture: Option<Block>) -> Message {
    let story = &telling.story(change);
    let mark = mark(story.mark);
    let mut blocks = vec![Block::header(headline(mark, story))];
    let mut told = vec![
        titled("What changed", &story.what_changed),
        titled("How unusual", &story.how_unusual),
    ];
    told.extend(story.what_to_do.iter().map(|advice| titled("What to do", advice)));
    blocks.extend(Block::section(&told));
    blocks.extend(Block::fields(&facts(story)));
    blocks.extend(buttons::below(&change.incident, story, telling.buttons));
    blocks.extend(picture);
    blocks.extend(Block::section(&list("Also out of line", &story.also)));
    blocks.extend(Block::section(&carriers(&story.carriers)));
    blocks.extend(Block::section(&crisis_terms(&story.crisis_terms)));
    for (i, quote) in story.quotes.iter().enumerate() {
        blocks.extend(Block::section(&quoted(quote, i == 0)));
    }
    blocks.extend(Block::context(mrkdwn(&story.footer, MAX_SENTENCE)));
    let blocks = fit(blocks);
    Message { text: fallback(mark, story), blocks, unfurl_links: false, unfurl_media: false }
}

/// The short form of a message about `change`: what has happened, below what has been told of its incident.
pub(super) fn reply(change: &Change, telling: &Telling) -> Message {
    let story = telling.story(change);
    let mark = mark(story.mark);
    let headline = format!("{mark} *{}*", mrkdwn(&story.headline, MAX_SENTENCE));
    let told = [headline, mrkdwn(&story.what_changed, MAX_SENTENCE)];
    let blocks = Block::section(&told).into_iter().collect();
    Message { text: fallback(mark, &story), blocks, unfurl_links: false, unfurl_media: false }
}

/// What is shown where blocks are not.
fn fallback(mark: &str, story: &Story) -> String {
    mrkdwn(&format!("{mark} {}\n{}", story.headline, story.what_changed), MAX_FALLBACK)
}

pub(super) fn mark(mark: Mark) -> &'static str {
    match mark {
        Mark::Open(Severity::Critical) => ":rotating_light:",
        Mark::Open(Severity::Warning) => ":warning:",
        Mark::Open(Severity::Notice) => ":eyes:",
        Mark::Worse => ":small_red_triangle:",
        Mark::Taken => ":raising_hand:",
        Mark::Over => ":white_check_mark:",
    }
}

fn headline(mark: &str, story: &Story) -> String {
    let room = MAX_HEADER - units(mark) - 1;
    format!("{mark} {}", plain(&story.headline, room))
}

fn titled(title: &str, text: &str) -> String {
    format!("*{title}*  {}", mrkdwn(text, MAX_SENTENCE))
}

fn facts(story: &Story) -> Vec<[String; 2]> {
    story
        .facts
        .iter()
        .map(|fact| [format!("*{}*", fact.label), mrkdwn(&fact.text, MAX_SENTENCE)])
        .collect()
}

/// `items` under `title`; nothing when there are none.
fn list(title: &str, items: &[String]) -> Vec<String> {
    if items.is_empty() {
        return Vec::new();
    }
    let bullets = items.iter().map(|item| format!("•  {}", mrkdwn(item, MAX_SENTENCE)));
    std::iter::once(format!("*{title}*")).chain(bullets).collect()
}

fn carriers(carriers: &Carriers) -> Vec<String> {
    if carriers.kinds.is_empty() && carriers.origin.is_none() {
        return Vec::new();
    }
    let mut lines = vec!["*Where it comes from*".to_owned()];
    let sentences = [&carriers.origin, &carriers.lead].into_iter().flatten();
    lines.extend(sentences.map(|sentence| mrkdwn(sentence, MAX_SENTENCE)));
    for (title, carriers) in &carriers.kinds {
        let items: Vec<String> = carriers.iter().map(carrier).collect();
        lines.push(format!("•  {title}: {}", items.join(", ")));
    }
    lines
}

/// `<https://t.co/aa|t.co/aa> 78 % (149 mentions)`.
fn carrier(carrier: &Carrier) -> String {
    let name = mrkdwn(&carrier.name, MAX_NAME);
    let name = match &carrier.url {
        Some(url) => link(url, &name, MAX_URL),
        None => name,
    };
    format!("{name} {} ({})", carrier.share, carrier.mentions)
}

fn crisis_terms(terms: &[String]) -> Vec<String> {
    if terms.is_empty() {
        return Vec::new();
    }
    vec![titled("Crisis terms", &terms.join(", "))]
}

fn quoted(quote: &Quote, first: bool) -> Vec<String> {
    let mut lines = Vec::new();
    if first {
        lines.push("*In their words*".to_owned());
    }
    lines.push(format!("> {}", mrkdwn(&quote.text, MAX_QUOTE)));
    let by = mrkdwn(&quote.by, MAX_SENTENCE);
    lines.push(match &quote.url {
        Some(url) => format!("{by} · {}", link(url, "open", MAX_URL)),
        None => by,
    });
    lines
}

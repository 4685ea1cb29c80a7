//! A change as Slack would show it, on a terminal.

use jiff::tz::TimeZone;

use super::story::{Mark, Story};
use crate::incident::{Change, Severity};

const RESET: &str = "\u{1b}[0m";
const BOLD: &str = "\u{1b}[1m";
const DIM: &str = "\u{1b}[2m";
const RED: &str = "\u{1b}[31m";
const GREEN: &str = "\u{1b}[32m";
const YELLOW: &str = "\u{1b}[33m";
const BLUE: &str = "\u{1b}[34m";

/// The same content as [`slack::message`](super::slack::message), a line each, every line ended.
/// `color`: whether to use ANSI colours. What strangers have written cannot control the terminal.
pub fn render(change: &Change, time_zone: &TimeZone, color: bool) -> String {
    let story = Story::of(change, time_zone);
    let mut page = Page { text: String::new(), color, bar: bar(story.mark) };
    tell(&story, &mut page);
    page.text
}

fn tell(story: &Story, page: &mut Page) {
    page.line(BOLD, &format!("{} {}", icon(story.mark), story.headline));
    page.labelled("What changed", &story.what_changed);
    page.labelled("How unusual", &story.how_unusual);
    if let Some(advice) = &story.what_to_do {
        page.labelled("What to do", advice);
    }
    for fact in &story.facts {
        page.labelled(fact.label, &fact.text);
    }
    page.list("Also out of line", &story.also);
    page.list("Where it comes from", &story.carriers.lines());
    if !story.crisis_terms.is_empty() {
        page.labelled("Crisis terms", &story.crisis_terms.join(", "));
    }
    if !story.quotes.is_empty() {
        page.line(BOLD, "In their words");
    }
    for quote in &story.quotes {
        page.line("", &format!("  “{}”", quote.text));
        let url = quote.url.as_deref().map(|url| format!(" · {url}"));
        page.line(DIM, &format!("    {}{}", quote.by, url.unwrap_or_default()));
    }
    page.line(DIM, &story.footer);
}

fn icon(mark: Mark) -> &'static str {
    match mark {
        Mark::Open(Severity::Critical) => "🚨",
        Mark::Open(Severity::Warning) => "⚠️ ",
        Mark::Open(Severity::Notice) => "👀",
        Mark::Worse => "🔺",
        Mark::Taken => "🙋",
        Mark::Over => "✅",
    }
}

fn bar(mark: Mark) -> &'static str {
    match mark {
        Mark::Open(Severity::Critical) | Mark::Worse => RED,
        Mark::Open(Severity::Warning) => YELLOW,
        Mark::Open(Severity::Notice) | Mark::Taken => BLUE,
        Mark::Over => GREEN,
    }
}

struct Page {
    text: String,
    color: bool,
    bar: &'static str,
}

impl Page {
    fn line(&mut self, style: &str, text: &str) {
        let bar = self.styled(self.bar, "┃");
        let text = self.styled(style, text);
        self.text.push_str(&format!("{bar} {text}\n"));
    }

    fn labelled(&mut self, label: &str, text: &str) {
        let label = self.styled(BOLD, &format!("{label:<15}"));
        self.line("", &format!("{label} {text}"));
    }

    fn list(&mut self, title: &str, items: &[String]) {
        if items.is_empty() {
            return;
        }
        self.line(BOLD, title);
        for item in items {
            self.line("", &format!("  • {item}"));
        }
    }

    fn styled(&self, style: &str, text: &str) -> String {
        if self.color && !style.is_empty() { format!("{style}{text}{RESET}") } else { text.into() }
    }
}

#[cfg(test)]
mod tests;

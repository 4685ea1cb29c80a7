//! A story part by part, for channels that have no markup of their own for it.

use super::{Quote, Story};

/// A titled part of a story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What it says, e.g. `What changed`.
    pub title: &'static str,
    /// The text.
    pub body: Body,
}

/// What stands under a title.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// One sentence or value.
    Text(String),
    /// Several things of a kind; never empty.
    List(Vec<String>),
}

impl Story {
    /// What lies between the headline and the quotes, in the order in which people read it; links are
    /// left out.
    pub fn parts(&self) -> Vec<Part> {
        let text = |title, text: &String| Part { title, body: Body::Text(text.clone()) };
        let mut parts =
            vec![text("What changed", &self.what_changed), text("How unusual", &self.how_unusual)];
        parts.extend(self.what_to_do.iter().map(|advice| text("What to do", advice)));
        parts.extend(self.facts.iter().map(|fact| text(fact.label, &fact.text)));
        let lists = [
            ("Also out of line", self.also.clone()),
            ("Where it comes from", self.carriers.lines()),
            ("Crisis terms", self.crisis_terms.clone()),
        ];
        let lists = lists.into_iter().filter(|(_, list)| !list.is_empty());
        parts.extend(lists.map(|(title, list)| Part { title, body: Body::List(list) }));
        parts
    }

    /// All but the headline as plain text, a line or a list for each part.
    pub fn plain(&self) -> String {
        let quotes: Vec<String> = self.quotes.iter().map(quoted).collect();
        let quotes = Part { title: "In their words", body: Body::List(quotes) };
        let quotes = (!self.quotes.is_empty()).then_some(quotes);
        let mut lines: Vec<String> = Vec::new();
        for Part { title, body } in self.parts().into_iter().chain(quotes) {
            match body {
                Body::Text(text) => lines.push(format!("{title}: {text}")),
                Body::List(list) => {
                    lines.push(format!("{title}:"));
                    lines.extend(list.into_iter().map(|item| format!("- {item}")));
                }
            }
        }
        lines.push(self.footer.clone());
        lines.join("\n")
    }
}

fn quoted(Quote { text, by, url }: &Quote) -> String {
    let url = url.as_deref().map(|url| format!(" {url}"));
    format!("“{text}” {by}{}", url.unwrap_or_default())
}

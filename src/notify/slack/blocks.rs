//! The part of Slack's Block Kit that alerts use, with its published limits built in: what these
//! types hold, Slack accepts.
//!
//! Limits: <https://docs.slack.dev/reference/block-kit/blocks>.

use serde::Serialize;

use super::escape::units;

/// Longest text of a header, in characters.
pub const MAX_HEADER: usize = 150;
/// Longest text of a section or a context element, in characters.
pub const MAX_TEXT: usize = 3000;
/// Longest field of a section, in characters.
pub const MAX_FIELD: usize = 2000;
/// Most fields of a section.
pub const MAX_FIELDS: usize = 10;
/// Most blocks of a message.
pub const MAX_BLOCKS: usize = 50;
/// Most text of all blocks of a message, in characters. Slack publishes no such limit, and refuses messages of
/// more than about twelve thousand (`msg_blocks_too_long`).
pub const MAX_ALL: usize = 10_000;
/// Longest `text` of a message, in characters: Slack cuts it at 40,000 but asks for no more than
/// 4,000.
pub const MAX_FALLBACK: usize = 4000;

/// Longest address that a button leads to, in characters.
pub const MAX_BUTTON_URL: usize = 3000;
/// Longest description of a picture, in characters.
pub const MAX_ALT: usize = 2000;

/// What is posted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Message {
    /// Shown in notifications, and by clients that know no blocks.
    pub text: String,
    /// The message itself.
    pub blocks: Vec<Block>,
    /// Never: a preview of the post that started it would repeat it to everyone.
    pub unfurl_links: bool,
    /// Never, likewise.
    pub unfurl_media: bool,
}

/// A layout block.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Block {
    /// Large and bold.
    Header {
        /// At most [`MAX_HEADER`] characters.
        text: Text,
    },
    /// Text, or fields in two columns.
    Section {
        /// At most [`MAX_TEXT`] characters.
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<Text>,
        /// At most [`MAX_FIELDS`], each of at most [`MAX_FIELD`] characters.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        fields: Vec<Text>,
    },
    /// Small print.
    Context {
        /// One to ten.
        elements: Vec<Text>,
    },
    /// Buttons in a row.
    Actions {
        /// One to 25, of which no two have one `action_id`.
        elements: Vec<Button>,
    },
    /// A picture.
    Image {
        /// What has been uploaded.
        slack_file: SlackFile,
        /// What it shows, for those who do not see it; at most [`MAX_ALT`] characters.
        alt_text: String,
    },
}

/// A file that has been uploaded.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SlackFile {
    /// Slack's name for it.
    pub id: String,
}

/// A button.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename = "button")]
pub struct Button {
    /// At most 75 characters.
    pub text: Text,
    /// What it does.
    pub action_id: &'static str,
    /// What Slack sends when it is pressed; at most 2,000 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// What it opens; at most [`MAX_BUTTON_URL`] characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// How it looks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub style: Option<Style>,
    /// What is asked before it counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirm: Option<Confirmation>,
}

/// How a button looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Style {
    /// Green: what most people want.
    Primary,
}

/// A question that is asked before a button counts: title of 100, text of 300, answers of 30 characters.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Confirmation {
    title: Text,
    text: Text,
    confirm: Text,
    deny: Text,
}

impl Confirmation {
    /// Asks `text` under `title`; `confirm` and `deny` are the answers.
    pub fn new(title: &str, text: &str, confirm: &str, deny: &str) -> Self {
        let [title, text, confirm, deny] = [title, text, confirm, deny].map(Text::plain);
        Self { title, text, confirm, deny }
    }
}

impl Button {
    /// One that does `action`, of which Slack sends `value`.
    pub fn act(text: &str, action: &'static str, value: &str) -> Self {
        Self { value: Some(value.to_owned()), ..Self::new(text, action) }
    }

    /// One that opens `url`.
    pub fn link(text: &str, action: &'static str, url: &str) -> Self {
        Self { url: Some(url.to_owned()), ..Self::new(text, action) }
    }

    fn size(&self) -> usize {
        let more = [&self.value, &self.url].into_iter().flatten();
        self.text.size() + more.map(|it| units(it)).sum::<usize>()
    }

    fn new(text: &str, action_id: &'static str) -> Self {
        Self {
            text: Text::plain(text),
            action_id,
            value: None,
            url: None,
            style: None,
            confirm: None,
        }
    }
}

/// A text object.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Text {
    /// Nothing but `:emoji:` is interpreted.
    PlainText {
        /// The text; not empty.
        text: String,
        /// Whether `:emoji:` is interpreted.
        emoji: bool,
    },
    /// Slack's markup.
    Mrkdwn {
        /// The text; not empty.
        text: String,
        /// Stops Slack from making links and mentions of words that look like ones.
        verbatim: bool,
    },
}

/// `blocks` without those that would go beyond [`MAX_ALL`]: what stands first is kept.
pub fn fit(blocks: Vec<Block>) -> Vec<Block> {
    let mut left = MAX_ALL;
    let fits = |block: &Block| {
        let size = block.size();
        let fits = size <= left;
        left -= if fits { size } else { 0 };
        fits
    };
    blocks.into_iter().filter(fits).take(MAX_BLOCKS).collect()
}

impl Block {
    /// How much text it holds.
    fn size(&self) -> usize {
        match self {
            Self::Header { text } => text.size(),
            Self::Section { text, fields } => text.iter().chain(fields).map(Text::size).sum(),
            Self::Context { elements } => elements.iter().map(Text::size).sum(),
            Self::Actions { elements } => elements.iter().map(Button::size).sum(),
            Self::Image { alt_text, .. } => units(alt_text),
        }
    }

    /// A header; `text` must keep within [`MAX_HEADER`].
    pub fn header(text: String) -> Self {
        Self::Header { text: Text::PlainText { text, emoji: true } }
    }

    /// A section of `lines`; `None` if there are none. Lines that would go beyond [`MAX_TEXT`]
    /// are left out whole, never cut inside their markup.
    pub fn section(lines: &[String]) -> Option<Self> {
        let text = join(lines, MAX_TEXT)?;
        Some(Self::Section { text: Some(Text::mrkdwn(text)), fields: Vec::new() })
    }

    /// A section of two columns, each cell made of lines; `None` if there are none.
    pub fn fields(cells: &[[String; 2]]) -> Option<Self> {
        let fields: Vec<Text> = cells
            .iter()
            .filter_map(|lines| join(lines, MAX_FIELD).map(Text::mrkdwn))
            .take(MAX_FIELDS)
            .collect();
        (!fields.is_empty()).then_some(Self::Section { text: None, fields })
    }

    /// A line of small print; `None` if it is empty or too long.
    pub fn context(line: String) -> Option<Self> {
        let text = join(&[line], MAX_TEXT)?;
        Some(Self::Context { elements: vec![Text::mrkdwn(text)] })
    }
}

impl Text {
    fn size(&self) -> usize {
        match self {
            Self::PlainText { text, .. } | Self::Mrkdwn { text, .. } => units(text),
        }
    }

    fn plain(text: &str) -> Self {
        Self::PlainText { text: text.to_owned(), emoji: true }
    }

    fn mrkdwn(text: String) -> Self {
        Self::Mrkdwn { text, verbatim: true }
    }
}

fn join(lines: &[String], max_units: usize) -> Option<String> {
    let mut text = String::new();
    let mut used = 0;
    for line in lines {
        let needed = units(line) + usize::from(!text.is_empty());
        if line.is_empty() || used + needed > max_units {
            continue;
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(line);
        used += needed;
    }
    (!text.is_empty()).then_some(text)
}

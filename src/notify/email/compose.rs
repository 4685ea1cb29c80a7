//! A change as a mail: plain text, and HTML that needs nothing from elsewhere.

use askama::Template;
use lettre::Message;
use lettre::error::Error;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};
use uuid::Uuid;

use crate::incident::{Change, Severity, State};
use crate::notify::Telling;
use crate::notify::picture::Picture;
use crate::notify::storm::Storm;
use crate::notify::story::{Body, Mark, Part, Quote, Story};

/// Longest subject, in characters: more is not shown anywhere.
const MAX_SUBJECT: usize = 200;
/// The right-hand side of ids, which are no addresses.
const ID_HOST: &str = "groundswell.invalid";
/// By this the HTML shows the picture.
const PICTURE: &str = "picture@groundswell.invalid";

/// What is mailed.
pub struct Mail {
    subject: String,
    plain: String,
    html: Result<String, askama::Error>,
    picture: Option<Picture>,
    /// Names this mail: the same one sent twice has one name.
    id: Uuid,
    /// Names the mails that belong together; none: it stands alone.
    thread: Option<Uuid>,
    is_urgent: bool,
}

#[derive(Template)]
#[template(path = "mail.html")]
struct Html<'a> {
    story: &'a Story,
    colour: &'static str,
    parts: Vec<Part>,
    picture: Option<Shown<'a>>,
}

struct Shown<'a> {
    id: &'static str,
    title: &'a str,
}

#[derive(Template)]
#[template(path = "storm.html")]
struct StormHtml<'a> {
    storm: &'a Storm,
    colours: Vec<&'static str>,
}

impl Mail {
    /// What tells `change`, with a `picture` of it.
    pub fn of(change: &Change, telling: &Telling, picture: Option<Picture>) -> Self {
        let story = telling.story(change);
        let shown = picture.as_ref().map(|it| Shown { id: PICTURE, title: &it.title });
        let (colour, parts) = (colour(story.mark), story.parts());
        let html = Html { story: &story, colour, parts, picture: shown }.render();
        let page = story.page.as_ref().map(|page| format!("\n\nThe page: {page}"));
        let incident = &change.incident;
        Self {
            subject: format!("{}: {}", word(story.mark), story.headline),
            plain: format!("{}\n\n{}{}\n", story.headline, story.plain(), page.unwrap_or_default()),
            html,
            picture,
            id: change.id,
            thread: Some(incident.id),
            is_urgent: incident.severity == Severity::Critical && incident.state != State::Resolved,
        }
    }

    /// What tells all of `changes`.
    pub fn of_storm(changes: &[Change], telling: &Telling) -> Self {
        let storm = Storm::of(changes, telling);
        let colours = storm.told.iter().map(|gust| colour(gust.mark)).collect();
        let html = StormHtml { storm: &storm, colours }.render();
        let lines = storm.told.iter().map(|it| format!("- {}: {}", word(it.mark), it.headline));
        let mut plain: Vec<String> = vec![storm.headline.clone(), String::new()];
        plain.extend(lines);
        plain.extend((storm.more > 0).then(|| format!("and {} more", storm.more)));
        plain.extend(storm.page.as_ref().map(|page| format!("\nThe page: {page}")));
        let ids: Vec<u8> = changes.iter().flat_map(|change| *change.id.as_bytes()).collect();
        let is_urgent = matches!(
            storm.told.first().map(|it| it.mark),
            Some(Mark::Open(Severity::Critical) | Mark::Worse)
        );
        Self {
            subject: storm.headline.clone(),
            plain: plain.join("\n") + "\n",
            html,
            picture: None,
            id: Uuid::new_v5(&Uuid::nil(), &ids),
            thread: None,
            is_urgent,
        }
    }

    /// Its subject.
    #[cfg(test)]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Its plain text.
    #[cfg(test)]
    pub fn plain(&self) -> &str {
        &self.plain
    }

    /// Its HTML.
    #[cfg(test)]
    pub fn html(&self) -> &str {
        self.html.as_deref().unwrap_or_default()
    }

    /// The whole mail.
    pub fn written(&self, from: &Mailbox, to: &[Mailbox]) -> Result<Message, Error> {
        let subject: String = self.subject.chars().take(MAX_SUBJECT).collect();
        let mut mail = Message::builder()
            .from(from.clone())
            .subject(subject)
            .message_id(Some(id(self.id)))
            .user_agent(concat!("Groundswell/", env!("CARGO_PKG_VERSION")).to_owned())
            // Nobody's absence answers it (RFC 3834).
            .raw_header(header("Auto-Submitted", "auto-generated"))
            .raw_header(header("X-Auto-Response-Suppress", "All"));
        for person in to {
            mail = mail.to(person.clone());
        }
        if let Some(thread) = self.thread {
            // None has this id; all that refer to it belong together.
            mail = mail.in_reply_to(id(thread)).references(id(thread));
        }
        if self.is_urgent {
            let urgent = [("Importance", "high"), ("X-Priority", "1")];
            mail = urgent.into_iter().fold(mail, |mail, it| mail.raw_header(header(it.0, it.1)));
        }
        let plain = SinglePart::plain(self.plain.clone());
        // Whatever is wrong with the HTML, people are told.
        let Ok(html) = &self.html else { return mail.singlepart(plain) };
        let html = SinglePart::html(html.clone());
        let both = MultiPart::alternative().singlepart(plain);
        let both = match self.picture.as_ref().zip(ContentType::parse("image/png").ok()) {
            Some((picture, png)) => {
                let shown =
                    Attachment::new_inline(PICTURE.to_owned()).body(picture.png.clone(), png);
                both.multipart(MultiPart::related().singlepart(html).singlepart(shown))
            }
            None => both.singlepart(html),
        };
        mail.multipart(both)
    }
}

fn id(of: Uuid) -> String {
    format!("<{of}@{ID_HOST}>")
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

/// What has happened in a word, as a subject begins.
fn word(mark: Mark) -> &'static str {
    match mark {
        Mark::Open(Severity::Critical) => "Critical",
        Mark::Open(Severity::Warning) => "Warning",
        Mark::Open(Severity::Notice) => "Notice",
        Mark::Worse => "Worse",
        Mark::Taken => "Taken",
        Mark::Over => "Over",
    }
}

/// Seen on light and on dark ground.
fn colour(mark: Mark) -> &'static str {
    match mark {
        Mark::Open(Severity::Critical) | Mark::Worse => "#d0342c",
        Mark::Open(Severity::Warning) => "#c77700",
        Mark::Open(Severity::Notice) => "#3273c8",
        Mark::Taken => "#7a5cc0",
        Mark::Over => "#2e8b57",
    }
}

/// Whether a part is a sentence, for the template.
impl Part {
    /// Its lines: one of a sentence.
    fn lines(&self) -> &[String] {
        match &self.body {
            Body::Text(text) => std::slice::from_ref(text),
            Body::List(list) => list,
        }
    }
}

/// What is quoted, for the template.
impl Quote {
    fn link(&self) -> Option<&str> {
        self.url.as_deref()
    }
}

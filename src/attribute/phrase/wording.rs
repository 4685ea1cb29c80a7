//! A mention's own words: what its author wrote, without what other kinds of source tell of.

use std::ops::Range;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_bytes::ByteBuf;
use unicode_segmentation::UnicodeSegmentation;

use super::stop_words;

/// Words read of one mention, from its beginning: an article says early what it is about.
const MOST_WORDS: usize = 48;
/// A longer word is no word of a language, in bytes.
const LONGEST_WORD: usize = 48;
/// Words of a phrase. One word is seldom a message, and five are seldom the same twice.
const PHRASE_WORDS: Range<usize> = 2..5;

/// What a word can be in a phrase. Saved by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It says something.
    Content,
    /// It says something with another word: `on hold`.
    Particle,
    /// No phrase begins or ends with it.
    Empty,
}

/// The words of one mention, in normal form. Left out are handles, links, hashtags and the mark of
/// a repost; phrases do not run over them, nor over punctuation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wording {
    text: Box<str>,
    words: Box<[Word]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Word {
    start: u16,
    end: u16,
    role: Role,
    /// Whether no phrase runs from the word before into it.
    begins_clause: bool,
}

/// A [`Wording`] as it is saved.
#[derive(Serialize, Deserialize)]
struct Packed<T> {
    text: T,
    /// Two bytes a word: its length; then whether anything stands between the one before and it,
    /// whether it begins a clause, and its role.
    words: ByteBuf,
}

impl Serialize for Wording {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut words = Vec::with_capacity(2 * self.words.len());
        let mut end = 0;
        for word in &self.words {
            let (joined, clause) = (u8::from(word.start > end), u8::from(word.begins_clause));
            // A word has at most 48 bytes.
            let role = word.role as u8;
            words.extend([(word.end - word.start) as u8, joined | clause << 1 | role << 2]);
            end = word.end;
        }
        Packed { text: &*self.text, words: ByteBuf::from(words) }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Wording {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Packed::<Box<str>> { text, words: packed } = Packed::deserialize(deserializer)?;
        let mut words = Vec::with_capacity(packed.len() / 2);
        let mut end = 0_u16;
        for &[length, bits] in packed.as_chunks().0 {
            let role = [Role::Content, Role::Particle, Role::Empty].get(usize::from(bits >> 2));
            let start = end.checked_add(u16::from(bits & 1));
            let ends = start.and_then(|start| start.checked_add(u16::from(length)));
            let (Some(&role), Some(start), Some(ends)) = (role, start, ends) else {
                return Err(D::Error::custom("no words of a text"));
            };
            words.push(Word { start, end: ends, role, begins_clause: bits & 2 > 0 });
            end = ends;
        }
        Ok(Self { text, words: words.into() })
    }
}

impl Wording {
    /// The words of `normal_text`, in normal form; those inside `names` are a brand's name, which
    /// is no news.
    pub fn of(normal_text: &str, names: &[Range<usize>]) -> Self {
        let mut writer = Writer::default();
        let mut chunks = normal_text.split(' ').peekable();
        let mut at = 0;
        while let Some(chunk) = chunks.next() {
            let is_repost_mark =
                chunk == "rt" && chunks.peek().is_some_and(|next| next.starts_with('@'));
            if is_repost_mark || is_reference(chunk) {
                writer.joint = Joint::Break;
            } else {
                writer.chunk(chunk, |range| {
                    let (start, end) = (at + range.start, at + range.end);
                    names.iter().any(|name| name.start <= start && end <= name.end)
                });
            }
            if writer.words.len() >= MOST_WORDS {
                break;
            }
            at += chunk.len() + 1;
            writer.joint = writer.joint.max(Joint::Space);
        }
        Self { text: writer.text.into(), words: writer.words.into() }
    }

    /// Its words in the order they stand in.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.words
            .iter()
            .filter_map(|word| self.text.get(usize::from(word.start)..usize::from(word.end)))
    }

    /// Every different phrase of it, each once, in order of their words.
    pub fn phrases(&self) -> Vec<&str> {
        let mut phrases = Vec::new();
        for first in 0..self.words.len() {
            for count in PHRASE_WORDS {
                let Some(words) = self.words.get(first..first + count) else { break };
                if words[1..].iter().any(|word| word.begins_clause) {
                    break;
                }
                if is_phrase(words) {
                    let (start, end) = (words[0].start, words[count - 1].end);
                    phrases.extend(self.text.get(usize::from(start)..usize::from(end)));
                }
            }
        }
        phrases.sort_unstable();
        phrases.dedup();
        phrases
    }
}

fn is_phrase(words: &[Word]) -> bool {
    let edges = [words.first(), words.last()];
    edges.iter().flatten().all(|word| word.role != Role::Empty)
        && words.iter().any(|word| word.role == Role::Content)
}

/// A handle, a hashtag, an address.
fn is_reference(chunk: &str) -> bool {
    chunk.contains(['@', '#']) || chunk.contains("://") || chunk.starts_with("www.")
}

/// What stands between two words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
enum Joint {
    #[default]
    Nothing,
    Hyphen,
    Space,
    /// A phrase ends here.
    Break,
}

#[derive(Debug, Default)]
struct Writer {
    text: String,
    words: Vec<Word>,
    joint: Joint,
    after_unspaced: bool,
}

impl Writer {
    fn chunk(&mut self, chunk: &str, is_name: impl Fn(Range<usize>) -> bool) {
        if !chunk.is_empty()
            && chunk.len() <= LONGEST_WORD
            && chunk.bytes().all(|byte| byte.is_ascii_alphanumeric())
        {
            // Most are one word, and need no search for where words end.
            self.word(chunk, is_name(0..chunk.len()));
            return;
        }
        for (start, piece) in chunk.split_word_bound_indices() {
            if piece == "-" && self.joint == Joint::Nothing {
                self.joint = Joint::Hyphen;
            } else if piece.len() > LONGEST_WORD || !piece.chars().any(char::is_alphanumeric) {
                self.joint = Joint::Break;
            } else if self.words.len() < MOST_WORDS {
                self.word(piece, is_name(start..start + piece.len()));
            }
        }
    }

    fn word(&mut self, word: &str, is_name: bool) {
        // Thai, Lao, Khmer and Burmese put spaces between clauses only, and their words cannot be
        // told apart without a dictionary: what stands between two spaces is one.
        let unspaced = word.chars().next().is_some_and(is_unspaced);
        let goes_on = self.joint == Joint::Nothing && unspaced && self.after_unspaced;
        self.after_unspaced = unspaced;
        if let (true, Some(last)) = (goes_on, self.words.last_mut())
            && usize::from(last.end - last.start) + word.len() <= LONGEST_WORD
        {
            self.text.push_str(word);
            last.end += word.len() as u16;
            return;
        }
        let begins_clause = self.joint == Joint::Break;
        self.text.push_str(match self.joint {
            Joint::Nothing => "",
            Joint::Hyphen => "-",
            Joint::Space => " ",
            Joint::Break => "\n",
        });
        self.joint = Joint::Nothing;
        // Both fit: there are at most 48 words of at most 48 bytes.
        let start = self.text.len() as u16;
        self.text.push_str(word);
        let end = self.text.len() as u16;
        let role = if is_name { Role::Empty } else { stop_words::role(word) };
        self.words.push(Word { start, end, role, begins_clause });
    }
}

fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{0E00}'..='\u{0EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn phrases(text: &str) -> Vec<String> {
        Wording::of(text, &[]).phrases().into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn a_phrase_is_what_a_person_would_quote() {
        for (text, expected) in [
            ("cancelled flight", vec!["cancelled flight"]),
            (
                "the cancelled flight was late",
                vec!["cancelled flight", "cancelled flight was late", "flight was late"],
            ),
            (
                "on hold for 3 hours",
                vec!["hold for 3", "hold for 3 hours", "on hold", "on hold for 3", "3 hours"],
            ),
            ("hung up on me", vec!["hung up", "hung up on"]),
            ("up on the", vec![]),
            ("rt @delta: no answer http://t.co/x #fail #delta", vec!["no answer"]),
            ("cancelled @united flight. late again", vec!["late again"]),
            (
                "customer-service line",
                vec!["customer-service", "customer-service line", "service line"],
            ),
            ("won't rebook 😡 won't rebook", vec!["won't rebook"]),
            ("הטיסה של אתמול בוטלה", vec!["הטיסה של אתמול", "הטיסה של אתמול בוטלה", "אתמול בוטלה"]),
            ("航班取消", vec!["班取", "班取消", "取消", "航班", "航班取", "航班取消"]),
            ("ยกเลิกเที่ยวบิน ไม่คืนเงิน", vec!["ยกเลิกเที่ยวบิน ไม่คืนเงิน"]),
            ("항공편 취소", vec!["항공편 취소"]),
            ("rt rumours", vec!["rt rumours"]),
            ("", vec![]),
        ] {
            let mut expected = expected;
            expected.sort_unstable();
            assert_eq!(phrases(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_brands_name_is_no_news_at_the_edge_of_a_phrase() {
        let text = "american airlines cancelled us. thanks american airlines thanks";
        let names = [0..17, 39..56];
        assert_eq!(Wording::of(text, &names).phrases(), ["thanks american airlines thanks"]);
        assert!(Wording::of(text, &[]).phrases().contains(&"american airlines"));
    }

    #[test]
    fn a_long_text_is_read_from_its_beginning() {
        let text: Vec<String> = (0..1_000).map(|n| format!("word{n}")).collect();
        let wording = Wording::of(&text.join(" "), &[]);
        assert_eq!(wording.words.len(), MOST_WORDS);
        assert_eq!(phrases(&"a".repeat(1_000)), Vec::<String>::new());
    }

    proptest! {
        #[test]
        fn any_text_gives_bounded_phrases(text in any::<String>()) {
            let wording = Wording::of(&text, &[]);
            prop_assert!(wording.text.len() <= MOST_WORDS * (LONGEST_WORD + 1));
            let saved = serde_json::to_string(&wording).unwrap_or_default();
            prop_assert_eq!(&serde_json::from_str::<Wording>(&saved).ok(), &Some(wording.clone()));
            let phrases = wording.phrases();
            prop_assert!(phrases.len() <= MOST_WORDS * PHRASE_WORDS.len());
            prop_assert!(phrases.is_sorted() && phrases.iter().all(|it| !it.contains(['@', '\n'])));
        }
    }
}

//! All words of all lists in one automaton, and what a text holds of them.

use std::collections::HashMap;
use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind, BuildError, MatchKind};

use super::boundary::{Joining, stands_alone, without_prefix};

/// Up to this many bytes of words the automaton is a DFA, several times faster to run; a state
/// costs it up to 1 KiB, so this bounds it to 32 MiB.
const MAX_DFA_BYTES: usize = 32 * 1024;

/// Identifies a distinct word, whatever the number of lists it stands in.
pub(super) type TermId = u32;

/// Why a word is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// It stands in `any` of the brand at this position.
    Brand(u32),
    /// It is the crisis term at this position.
    Crisis(u32),
    /// Crisis terms inside it do not count.
    Harmless,
    /// It praises.
    Praise,
    /// It blames.
    Blame,
}

/// Words gathered before they are compiled.
#[derive(Debug, Default)]
pub(super) struct TermsBuilder {
    ids: HashMap<String, TermId>,
    texts: Vec<String>,
    terms: Vec<Term>,
}

/// A compiled word: why it is looked for, and what may be joined to its front.
#[derive(Debug)]
struct Term {
    meanings: Vec<Meaning>,
    joining: Joining,
}

/// The compiled automaton.
#[derive(Debug)]
pub(super) struct Terms {
    automaton: AhoCorasick,
    terms: Vec<Term>,
}

/// Where a crisis term or a harmless phrase stands, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    start: usize,
    end: usize,
}

/// What a text holds.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// One bit for each word, by [`TermId`]; empty when nothing was found.
    present: Vec<u64>,
    /// Brands of which a word in `any` is present; may repeat.
    pub(super) candidates: Vec<u32>,
    /// Where words in `any` of a brand stand.
    names: Vec<Span>,
    crisis: Vec<(Span, u32)>,
    harmless: Vec<Span>,
    /// Distinct words of praise, blame under a negation counted in.
    pub(super) praise: u32,
    /// Distinct words of blame, praise under a negation counted in.
    pub(super) blame: u32,
}

impl TermsBuilder {
    /// The id of `text`, which is in normal form and not empty.
    pub(super) fn intern(&mut self, text: String) -> TermId {
        let next = self.texts.len() as TermId;
        *self.ids.entry(text).or_insert_with_key(|text| {
            self.texts.push(text.clone());
            self.terms.push(Term { meanings: Vec::new(), joining: Joining::of(text) });
            next
        })
    }

    /// Looks for `text` for the reason `meaning` as well.
    pub(super) fn add(&mut self, text: String, meaning: Meaning) -> TermId {
        let id = self.intern(text);
        let meanings = &mut self.terms[id as usize].meanings;
        if !meanings.contains(&meaning) {
            meanings.push(meaning);
        }
        id
    }

    /// Compiles what was gathered.
    pub(super) fn build(self) -> Result<Terms, BuildError> {
        let bytes: usize = self.texts.iter().map(String::len).sum();
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard) // the kind that can report overlapping matches
            .kind((bytes <= MAX_DFA_BYTES).then_some(AhoCorasickKind::DFA))
            .build(&self.texts)?;
        Ok(Terms { automaton, terms: self.terms })
    }
}

impl Terms {
    /// Everything that stands as a word of its own in `text`, which is in normal form.
    pub(super) fn find(&self, text: &str) -> Findings {
        let mut findings = Findings::default();
        for hit in self.automaton.find_overlapping_iter(text) {
            let id = hit.pattern().as_u32();
            let term = &self.terms[id as usize];
            let (start, end) = (hit.start(), hit.end());
            let is_new = !findings.has(id);
            if (is_new || term.counts_where_it_stands())
                && stands_alone(text, start, end, term.joining)
            {
                findings.note_place(term, Span { start, end });
                if is_new {
                    findings.mark(id, self.terms.len());
                    findings.note(term, &text[..start]);
                }
            }
        }
        findings.settle_crisis();
        findings
    }
}

impl Term {
    /// Whether each place where it stands matters, not only that it is there.
    fn counts_where_it_stands(&self) -> bool {
        let meanings = &self.meanings;
        let placed = |meaning: &Meaning| !matches!(meaning, Meaning::Praise | Meaning::Blame);
        meanings.iter().any(placed)
    }
}

impl Findings {
    /// Whether the word is in the text.
    pub(super) fn has(&self, id: TermId) -> bool {
        let word = self.present.get(id as usize / 64);
        word.is_some_and(|word| word >> (id % 64) & 1 == 1)
    }

    fn mark(&mut self, id: TermId, terms: usize) {
        if self.present.is_empty() {
            self.present = vec![0; terms.div_ceil(64)];
        }
        self.present[id as usize / 64] |= 1 << (id % 64);
    }

    /// The crisis terms of the text, each once, with the byte at which it first begins.
    pub(super) fn crisis(&self) -> impl ExactSizeIterator<Item = (usize, u32)> {
        self.crisis.iter().map(|(span, index)| (span.start, *index))
    }

    /// Where brands are named, in bytes, in order of their ends; may overlap.
    pub(super) fn names(&self) -> impl Iterator<Item = Range<usize>> {
        self.names.iter().map(|span| span.start..span.end)
    }

    fn note_place(&mut self, term: &Term, span: Span) {
        for meaning in &term.meanings {
            match *meaning {
                Meaning::Crisis(index) => self.crisis.push((span, index)),
                Meaning::Harmless => self.harmless.push(span),
                Meaning::Brand(_) if self.names.last() == Some(&span) => {}
                Meaning::Brand(_) => self.names.push(span),
                Meaning::Praise | Meaning::Blame => {}
            }
        }
    }

    fn note(&mut self, term: &Term, before: &str) {
        for meaning in &term.meanings {
            match *meaning {
                Meaning::Brand(brand) => self.candidates.push(brand),
                Meaning::Praise if is_negated(before) => self.blame += 1,
                Meaning::Blame if is_negated(before) => self.praise += 1,
                Meaning::Praise => self.praise += 1,
                Meaning::Blame => self.blame += 1,
                Meaning::Crisis(_) | Meaning::Harmless => {}
            }
        }
    }

    /// Leaves of each crisis term the first place that is not inside a harmless phrase.
    fn settle_crisis(&mut self) {
        if !self.harmless.is_empty() {
            self.harmless.sort_unstable_by_key(|span| span.start);
            self.crisis.sort_by_key(|(span, _)| span.start);
            // Both in order of their beginnings, a place is inside some phrase when it ends before
            // the furthest end of the phrases begun so far.
            let mut phrases = self.harmless.iter().peekable();
            let mut covered_until = 0;
            self.crisis.retain(|(span, _)| {
                while let Some(phrase) = phrases.next_if(|phrase| phrase.start <= span.start) {
                    covered_until = covered_until.max(phrase.end);
                }
                span.end > covered_until
            });
        }
        self.crisis.sort_unstable_by_key(|(span, index)| (*index, span.start));
        self.crisis.dedup_by_key(|(_, index)| *index);
    }
}

/// Whether the word in front of a polarity word is a Hebrew negation.
fn is_negated(before: &str) -> bool {
    let word_before = |text: &str| -> Option<bool> {
        let word = text.strip_suffix(' ')?.rsplit(' ').next()?;
        Some(matches!(
            word,
            "לא" | "ולא"
                | "שלא"
                | "אין"
                | "ואין"
                | "שאין"
                | "בלי"
                | "ובלי"
                | "אינו"
                | "אינה"
                | "אינם"
        ))
    };
    word_before(without_prefix(before)).unwrap_or(false)
}

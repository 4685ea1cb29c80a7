//! A single mention that may be a crisis by itself: severe words x reach x who says it.

use crate::incident::Severity;
use crate::mention::{Classified, Role, Tone};

use super::is_follow;

/// A mention that weighs so many times the least audience wakes people up: an order of magnitude,
/// because audiences differ by orders of magnitude.
const CRITICAL: f64 = 10.0;

/// What a mention weighs: its audience, in persons, as if an ordinary author had said it in one
/// severe word and in anger. The factors are judgements, to be read as "so many times as many
/// people would have to see it, were it not for this":
///
/// | what | factor |
/// |---|---|
/// | words: one crisis term; two; three or more | 1; 2; 3 |
/// | ... none, but an employee speaks ill | 0.1 |
/// | ... none otherwise | 0 |
/// | tone: negative; neutral; positive | 1; 0.3; 0.01 |
/// | author: customer, influencer (verified: twice as much) | 1 |
/// | ... journalist, or an authority that the event calls official | 10 |
/// | ... employee | 1000 |
/// | ... an account that the configuration says speaks for the brand | 0 |
pub fn weight(classified: &Classified<'_>) -> f64 {
    let employee = classified.role == Role::Employee;
    let words = match classified.crisis_terms.len() {
        0 if employee && classified.tone == Tone::Negative => 0.1,
        terms => terms.min(3) as f64,
    };
    if words == 0.0 || is_follow(classified) {
        return 0.0;
    }
    let tone = match classified.tone {
        Tone::Negative => 1.0,
        Tone::Neutral => 0.3,
        Tone::Positive => 0.01,
    };
    let author = &classified.mention.author;
    let role = match classified.role {
        Role::Employee => 1_000.0,
        Role::Journalist => 10.0,
        Role::Official if author.role.is_some() => 10.0,
        Role::Official => 0.0,
        Role::Customer | Role::Influencer if author.verified => 2.0,
        Role::Customer | Role::Influencer => 1.0,
    };
    words * tone * role * classified.mention.audience() as f64
}

/// How severe a mention of `weight` is where ordinary authors are heard from `min_audience` persons
/// on; `None` when it is no crisis by itself.
pub fn severity(weight: f64, min_audience: f64) -> Option<Severity> {
    if weight <= 0.0 || weight < min_audience {
        None
    } else if weight < CRITICAL * min_audience {
        Some(Severity::Warning)
    } else {
        Some(Severity::Critical)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mention::{Author, Mention};

    fn weigh(role: Role, terms: usize, sentiment: f32, followers: u64, verified: bool) -> f64 {
        let author = Author { followers: Some(followers), verified, ..Author::default() };
        let mention = Mention { author, ..Mention::default() };
        weight(&Classified {
            mention: &mention,
            brands: Vec::new(),
            sentiment,
            tone: Tone::of(sentiment),
            crisis_terms: vec!["recall".into(); terms],
            role,
            normal_text: String::new(),
            names: Vec::new(),
        })
    }

    #[test]
    fn the_table_holds() {
        assert_eq!(weigh(Role::Customer, 1, -0.5, 500, false), 500.0);
        assert_eq!(weigh(Role::Customer, 9, -0.5, 500, true), 3_000.0);
        assert_eq!(weigh(Role::Journalist, 2, 0.0, 1_000, true), 6_000.0);
        assert_eq!(weigh(Role::Employee, 0, -0.5, 300, false), 30_000.0);
        assert_eq!(weigh(Role::Employee, 0, 0.0, 300, false), 0.0, "says nothing ill");
        assert_eq!(weigh(Role::Influencer, 1, 0.9, 100_000, false), 1_000.0, "praise");
        assert_eq!(weigh(Role::Influencer, 0, -0.9, 9_000_000, true), 0.0, "no severe word");
        assert_eq!(weigh(Role::Official, 3, -0.9, 9_000_000, true), 0.0, "the brand itself");
    }

    #[test]
    fn an_authority_is_heard_when_the_event_says_it_is_one() {
        let author =
            Author { followers: Some(100), role: Some(Role::Official), ..Author::default() };
        let mention = Mention { author, ..Mention::default() };
        let mut classified = Classified {
            mention: &mention,
            brands: Vec::new(),
            sentiment: -0.5,
            tone: Tone::Negative,
            crisis_terms: vec!["recall".into()],
            role: Role::Official,
            normal_text: String::new(),
            names: Vec::new(),
        };
        assert_eq!(weight(&classified), 1_000.0);
        let follows = Mention { intent: Some("follow".into()), ..mention.clone() };
        classified.mention = &follows;
        assert_eq!(weight(&classified), 0.0);
    }

    #[test]
    fn an_order_of_magnitude_more_is_critical() {
        assert_eq!(severity(99_999.0, 1e5), None);
        assert_eq!(severity(1e5, 1e5), Some(Severity::Warning));
        assert_eq!(severity(1e6, 1e5), Some(Severity::Critical));
        assert_eq!(severity(0.0, 0.0), None);
    }
}

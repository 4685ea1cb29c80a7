//! Who speaks.

use std::sync::LazyLock;

use super::*;
use crate::mention::{Author, Role};

static CLASSIFIER: LazyLock<Classifier> = LazyLock::new(|| {
    let mut rules = rules(&[("Delta", &[]), ("United", &[])]);
    rules.brands[0].officials = strings(&["@Delta", "press"]);
    rules.brands[0].employees = strings(&["AnnAtDelta", "press"]);
    rules.journalists = strings(&["reporter", "AnnAtDelta"]);
    rules.influencer_followers = 1_000;
    classifier(&rules)
});

fn role(text: &str, author: Author<'_>) -> Role {
    let mention = Mention { text: text.into(), author, ..Mention::default() };
    CLASSIFIER.classify(&mention).unwrap().role
}

fn handle(handle: &str) -> Author<'_> {
    Author { handle: Some(handle.into()), ..Author::default() }
}

#[test]
fn a_handle_has_a_role_for_its_own_brand_only() {
    assert_eq!(role("delta", handle("DELTA")), Role::Official);
    assert_eq!(role("delta", handle("@press")), Role::Official);
    assert_eq!(role("delta", handle("annatdelta")), Role::Employee);
    assert_eq!(role("united", handle("annatdelta")), Role::Journalist);
    assert_eq!(role("united", handle("delta")), Role::Customer);
    assert_eq!(role("nobody", handle("delta")), Role::Customer);
    assert_eq!(role("united and delta", handle("delta")), Role::Official);
}

#[test]
fn journalist_then_influencer_then_customer() {
    let with_followers = |handle: Option<&'static str>, followers| Author {
        handle: handle.map(Into::into),
        followers: Some(followers),
        ..Author::default()
    };
    assert_eq!(role("", with_followers(Some("Reporter"), 5_000)), Role::Journalist);
    assert_eq!(role("", with_followers(Some("star"), 1_000)), Role::Influencer);
    assert_eq!(role("", with_followers(None, 1_000)), Role::Influencer);
    assert_eq!(role("", with_followers(Some("fan"), 999)), Role::Customer);
    assert_eq!(role("", Author::default()), Role::Customer);
}

#[test]
fn the_events_own_role_is_kept() {
    let author = Author { role: Some(Role::Customer), ..handle("delta") };
    assert_eq!(role("delta", author), Role::Customer);
}

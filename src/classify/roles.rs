//! Who the author is to the brands a mention speaks of.

use std::collections::HashMap;

use super::Rules;
use super::normalise::normalise;
use crate::mention::{Author, BrandIndex, Role};

/// The handles the rules name, and the limit of an influencer.
#[derive(Debug)]
pub(super) struct Roles {
    handles: HashMap<String, Posts>,
    influencer_followers: u64,
}

/// What one handle is known as.
#[derive(Debug, Default)]
struct Posts {
    speaks_for: Vec<BrandIndex>,
    works_for: Vec<BrandIndex>,
    journalist: bool,
}

impl Roles {
    pub(super) fn new(rules: &Rules) -> Self {
        let mut handles: HashMap<String, Posts> = HashMap::new();
        for (brand, index) in rules.brands.iter().zip(0..) {
            for handle in &brand.officials {
                let posts = handles.entry(bare(handle)).or_default();
                posts.speaks_for.push(BrandIndex(index));
            }
            for handle in &brand.employees {
                let posts = handles.entry(bare(handle)).or_default();
                posts.works_for.push(BrandIndex(index));
            }
        }
        for handle in &rules.journalists {
            handles.entry(bare(handle)).or_default().journalist = true;
        }
        Self { handles, influencer_followers: rules.influencer_followers }
    }

    /// The role the event states, else the first that fits: official or employee of one of
    /// `brands`, journalist, influencer, customer.
    pub(super) fn of(&self, author: &Author<'_>, brands: &[BrandIndex]) -> Role {
        if let Some(role) = author.role {
            return role;
        }
        if let Some(posts) = self.posts(author) {
            let among = |known: &[BrandIndex]| known.iter().any(|brand| brands.contains(brand));
            if among(&posts.speaks_for) {
                return Role::Official;
            }
            if among(&posts.works_for) {
                return Role::Employee;
            }
            if posts.journalist {
                return Role::Journalist;
            }
        }
        match author.followers {
            Some(followers) if followers >= self.influencer_followers => Role::Influencer,
            _ => Role::Customer,
        }
    }

    fn posts(&self, author: &Author<'_>) -> Option<&Posts> {
        let handle = author.handle.as_deref()?;
        if self.handles.is_empty() {
            return None;
        }
        self.handles.get(&bare(handle))
    }
}

/// A handle as it is compared: in normal form, without `@`.
fn bare(handle: &str) -> String {
    let mut bare = normalise(handle);
    let after_signs = bare.trim_start_matches('@').len();
    bare.drain(..bare.len() - after_signs);
    bare
}

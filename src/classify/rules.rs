//! What classification is told by the configuration.

/// How one brand is recognised in a text. A word or phrase matches on word boundaries, whatever
/// its case or script.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BrandRule {
    /// The brand's name; a mention that names it in its `brands` field matches without its text
    /// being read.
    pub name: String,
    /// The market (brand with its competitors) it belongs to.
    pub market: Option<String>,
    /// At least one of these must be in the text; when there are none, the name must.
    pub any: Vec<String>,
    /// Every one of these must be in the text.
    pub all: Vec<String>,
    /// None of these may be in the text.
    pub none: Vec<String>,
    /// Handles of people who work for the brand, without `@`.
    pub employees: Vec<String>,
    /// Handles that speak for the brand, without `@`.
    pub officials: Vec<String>,
}

/// Everything classification needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// The watched brands; a brand's position is its [`crate::mention::BrandIndex`].
    pub brands: Vec<BrandRule>,
    /// The team's own crisis words, added to the built-in English and Hebrew lexicon.
    pub crisis_terms: Vec<String>,
    /// Built-in crisis words the team does not want.
    pub ignored_crisis_terms: Vec<String>,
    /// Handles of journalists, without `@`.
    pub journalists: Vec<String>,
    /// An author with at least this many followers is an influencer.
    pub influencer_followers: u64,
}

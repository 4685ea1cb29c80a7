//! Monitors that nobody has to configure: their names, in incidents and marks.

/// A monitor that is always there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BuiltIn {
    /// One mention that is a crisis by itself ([`alone_severity`](super::alone_severity)).
    SingleMention,
    /// A post that is shared faster than any of its brand ([`Velocity`](super::Velocity)).
    PostVelocity,
    /// A hashtag or campaign that comes to life ([`Activations`](super::Activations)).
    Activation,
    /// Advocates who go quiet ([`Advocates`](super::Advocates)).
    AdvocatesQuiet,
    /// A feed that has gone silent.
    FeedSilent,
}

impl BuiltIn {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::SingleMention,
        Self::PostVelocity,
        Self::Activation,
        Self::AdvocatesQuiet,
        Self::FeedSilent,
    ];

    /// The name, which no configured monitor may have.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SingleMention => "single-mention",
            Self::PostVelocity => "post-velocity",
            Self::Activation => "activation",
            Self::AdvocatesQuiet => "advocates-quiet",
            Self::FeedSilent => "feed-silent",
        }
    }

    /// The one named `name`.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }
}

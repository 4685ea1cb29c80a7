//! How much an incident asks of the people on call.

use super::model::{Direction, Severity};

/// What severity is judged by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Facts {
    /// Whether it is told as a rise or as a fall.
    pub direction: Direction,
    /// How many times the usual (for a fall, its inverse) its count is in a window that has signalled.
    pub ratio: f64,
    /// Mentions beyond (for a fall, short of) what was expected in that window.
    pub excess: f64,
    /// Whether anger has signalled: more negative mentions, a larger share of them, a worse sentiment.
    pub negative_signal: bool,
    /// Whether nothing has signalled but what is welcome: purchase intent, new followers, positive
    /// mentions, a better sentiment.
    pub only_glad: bool,
    /// Negative mentions as a share of all since the onset, 0..=1.
    pub negative_share: f64,
    /// Mentions with a crisis term as a share of all since the onset, 0..=1.
    pub crisis_share: f64,
}

/// A rise is angry when its negative mentions have signalled or are at least half of it.
const ANGRY_SHARE: f64 = 0.5;
/// An angry rise to this multiple of the usual wakes people up, if it is large.
const CRITICAL_RATIO: f64 = 3.0;
/// A rise is large by this many mentions beyond the expected ones.
const LARGE_EXCESS: f64 = 50.0;
/// A rise in which this part of the mentions carries a crisis term wakes people up.
const CRISIS_SHARE: f64 = 0.2;
/// A friendly rise to this multiple of the usual is worth a look now, if it is large.
const LOUD_RATIO: f64 = 10.0;
/// A fall to this part of the usual (its inverse) is worth a look now.
const QUIET_RATIO: f64 = 5.0;

impl Severity {
    /// Judges the facts:
    ///
    /// | what | severity |
    /// |---|---|
    /// | angry rise to 3x the usual or more, by 50 mentions or more | critical |
    /// | rise to 2x or more by 10 mentions or more, a fifth of it with crisis terms | critical |
    /// | any other angry rise; a friendly rise to 10x by 50 mentions; a fall to a fifth | warning |
    /// | anything else; a rise of nothing but what is welcome | notice |
    ///
    /// Angry is a rise of negative mentions or of their share, a fall of sentiment, and any rise half
    /// of which is negative. Welcome are purchase intent, new followers, positive mentions and a
    /// better sentiment; a fall of one of them, or of shares, is judged as any other fall.
    pub fn of(facts: &Facts) -> Self {
        if facts.only_glad {
            return Self::Notice;
        }
        if facts.direction == Direction::Down {
            return if facts.ratio >= QUIET_RATIO { Self::Warning } else { Self::Notice };
        }
        let angry = facts.negative_signal || facts.negative_share >= ANGRY_SHARE;
        let large = facts.excess >= LARGE_EXCESS;
        let crisis =
            facts.crisis_share >= CRISIS_SHARE && facts.ratio >= 2.0 && facts.excess >= 10.0;
        if (angry && large && facts.ratio >= CRITICAL_RATIO) || crisis {
            Self::Critical
        } else if angry || (large && facts.ratio >= LOUD_RATIO) {
            Self::Warning
        } else {
            Self::Notice
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rise() -> Facts {
        Facts {
            direction: Direction::Up,
            ratio: 2.0,
            excess: 30.0,
            negative_signal: false,
            only_glad: false,
            negative_share: 0.1,
            crisis_share: 0.0,
        }
    }

    #[test]
    fn the_table_holds() {
        use Severity::{Critical, Notice, Warning};
        let cases = [
            (rise(), Notice),
            (Facts { ratio: 12.0, ..rise() }, Notice),
            (Facts { ratio: 12.0, excess: 60.0, ..rise() }, Warning),
            (Facts { crisis_share: 0.3, ratio: 1.9, ..rise() }, Notice),
            (Facts { negative_share: 0.6, ..rise() }, Warning),
            (Facts { negative_signal: true, ratio: 4.0, ..rise() }, Warning),
            (Facts { negative_signal: true, ratio: 4.0, excess: 80.0, ..rise() }, Critical),
            (Facts { ratio: 9.0, excess: 80.0, ..rise() }, Notice),
            (Facts { crisis_share: 0.3, ..rise() }, Critical),
            (
                Facts { only_glad: true, negative_share: 0.6, ratio: 20.0, excess: 99.0, ..rise() },
                Notice,
            ),
            (Facts { direction: Direction::Down, ..rise() }, Notice),
            (Facts { direction: Direction::Down, ratio: f64::INFINITY, ..rise() }, Warning),
        ];
        for (facts, want) in cases {
            assert_eq!(Severity::of(&facts), want, "{facts:?}");
        }
    }
}

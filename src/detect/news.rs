//! What is new: an alarm that tells no more than the one before it is none.

use std::collections::VecDeque;

use crate::mention::Timestamp;

/// How long an alarm holds back those after it.
const HOLD_MS: i64 = 86_400_000;
/// An alarm within that time is new if it is so many times rarer: by the usual tail of a record,
/// about 1.8 times as far out.
const RARER: f64 = 32.0;

/// The alarms of the last day.
#[derive(Debug, Clone, Default)]
pub struct News {
    alarms: VecDeque<(Timestamp, f64)>,
}

impl News {
    /// Whether something that comes once in `days` is new at `at`; if so it is an alarm itself.
    /// Times do not go back.
    pub fn is_new(&mut self, at: Timestamp, days: f64) -> bool {
        while self.alarms.front().is_some_and(|alarm| at.millis_since(alarm.0) > HOLD_MS) {
            self.alarms.pop_front();
        }
        let rarest = self.alarms.iter().fold(0.0, |rarest, alarm| alarm.1.max(rarest));
        let new = days > 0.0 && days >= RARER * rarest;
        if new {
            self.alarms.push_back((at, days));
        }
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alarm_holds_back_all_but_much_rarer_ones_for_a_day() {
        let mut news = News::default();
        let mut at =
            |hour: i64, days: f64| news.is_new(Timestamp::from_millis(hour * 3_600_000), days);
        assert!(!at(0, 0.0), "nothing is no news");
        assert!(at(1, 10.0));
        assert!(!at(2, 10.0) && !at(3, 319.0));
        assert!(at(4, 320.0), "much rarer");
        assert!(!at(25, 320.0) && !at(28, 9_000.0), "held by the second now");
        assert!(at(29, 1.0), "a day after the second");
    }
}

//! Hysteresis: a window signals when it passes its limit, and not again before it has been calm.

use serde::{Deserialize, Serialize};

use crate::incident::Direction;

use super::{Reading, Sensitivity};

/// Whether one monitor's window is out of line (a Schmitt trigger).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trigger {
    on: bool,
}

/// What a trigger says about a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It has just passed its limit.
    Fired,
    /// It passed its limit before and still lies beyond it.
    Beyond,
    /// It lies within its limit.
    Within,
}

impl Trigger {
    /// Takes a reading.
    pub fn step(
        &mut self,
        reading: &Reading,
        direction: Direction,
        z_limit: f64,
        sensitivity: &Sensitivity,
    ) -> Verdict {
        if reading.swings(direction, z_limit, sensitivity) {
            let fired = !self.on;
            self.on = true;
            return if fired { Verdict::Fired } else { Verdict::Beyond };
        }
        if reading.z_towards(direction) < sensitivity.calm_z {
            self.on = false;
        }
        Verdict::Within
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::Expected;

    fn reading(observed: f64) -> Reading {
        Reading::new(Expected::count(100.0, 0.01), observed)
    }

    #[test]
    fn it_fires_once_and_again_only_after_calm() {
        let mut trigger = Trigger::default();
        let mut step = |observed| {
            trigger.step(&reading(observed), Direction::Up, 4.0, &Sensitivity::default())
        };
        assert_eq!(step(110.0), Verdict::Within);
        assert_eq!(step(300.0), Verdict::Fired);
        assert_eq!(step(310.0), Verdict::Beyond);
        assert_eq!(step(145.0), Verdict::Within, "under the limit, but not calm");
        assert_eq!(step(300.0), Verdict::Beyond, "so it does not fire again");
        assert_eq!(step(100.0), Verdict::Within);
        assert_eq!(step(300.0), Verdict::Fired);
    }
}

//! How an outburst grows and fades.

/// Rate over time: grows exponentially while few have heard of it, saturates when all have (a
/// logistic curve, the usual first model of how news spreads), holds, and fades by halves.
#[derive(Debug, Clone, Copy)]
pub(super) struct Swing {
    /// Mentions a minute at the height.
    pub height: f64,
    /// The minute at which half of the height is reached.
    pub half_way: f64,
    /// Minutes in which it grows e-fold at first.
    pub growth: f64,
    /// The minute from which it fades.
    pub fades_at: f64,
    /// Minutes in which it then halves.
    pub halves_in: f64,
}

/// The recall: passed on by everybody within a quarter of an hour, talked of for more than an hour.
pub(super) const OUTCRY: Swing =
    Swing { height: 12.0, half_way: 12.0, growth: 3.5, fades_at: 70.0, halves_in: 12.0 };

/// The friendly hashtag: smaller and shorter.
pub(super) const PRAISE: Swing =
    Swing { height: 6.5, half_way: 7.0, growth: 2.5, fades_at: 35.0, halves_in: 10.0 };

impl Swing {
    /// Mentions a minute, `minute` minutes after the first word.
    pub(super) fn rate(&self, minute: f64) -> f64 {
        let heard = 1.0 / (1.0 + (-(minute - self.half_way) / self.growth).exp());
        let kept = (-(minute - self.fades_at).max(0.0) / self.halves_in).exp2();
        self.height * heard * kept
    }
}

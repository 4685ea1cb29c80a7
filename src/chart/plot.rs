//! Where things stand: the plot's edges, and from time and value to pixels.

use super::markup::{Markup, Px};
use super::model::Point;
use super::scale::Scale;
use super::series::Extent;
use crate::mention::Timestamp;

/// How high a row of words is, in ems.
pub const ROW: f64 = 1.6;

/// The rectangle in which lines are drawn, in pixels from the chart's upper left corner.
#[derive(Debug, Clone, Copy)]
pub struct Plot {
    pub left: f64,
    pub right: f64,
    pub top: f64,
    pub bottom: f64,
    /// The size of ordinary letters; distances are told in it, too.
    pub em: f64,
    pub extent: Extent,
    pub scale: Scale,
}

impl Plot {
    /// Where `at` stands; what is outside is brought to the edge.
    pub fn x(&self, at: Timestamp) -> f64 {
        self.left + self.extent.share(at).clamp(0.0, 1.0) * (self.right - self.left)
    }

    /// Where the middle of a bucket stands.
    pub fn middle(&self, point: &Point) -> f64 {
        (self.x(point.from) + self.x(point.until)) / 2.0
    }

    /// Where `value` stands; what is beyond the axis is brought to its end.
    pub fn y(&self, value: f64) -> f64 {
        self.bottom - self.scale.share(value) * (self.bottom - self.top)
    }
}

/// Where a text begins, ends or has its middle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

/// Writes `text` with its foot at `(x, y)`, in letters of `size` pixels.
pub fn write(
    out: &mut Markup,
    class: &str,
    (x, y): (f64, f64),
    size: f64,
    anchor: Anchor,
    text: &str,
) {
    let tag = out
        .element("text")
        .attr("class", class)
        .attr("x", Px(x))
        .attr("y", Px(y))
        .attr("font-size", Px(size));
    match anchor {
        Anchor::Start => tag,
        Anchor::Middle => tag.attr("text-anchor", "middle"),
        Anchor::End => tag.attr("text-anchor", "end"),
    }
    .text(text);
}

/// Draws a straight line.
pub fn line(out: &mut Markup, class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
    out.element("line")
        .attr("class", class)
        .attr("x1", Px(x1))
        .attr("y1", Px(y1))
        .attr("x2", Px(x2))
        .attr("y2", Px(y2))
        .empty();
}

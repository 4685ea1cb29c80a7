//! What the lines are.

use super::markup::{Markup, Px};
use super::model::{Chart, Point};
use super::plot::{Anchor, ROW, line, write};
use super::text::{fit, width};

/// How wide a sample is, and what is free beside it and beside its name, in ems.
const SAMPLE: f64 = 1.6;
const BESIDE: f64 = 0.5;
const BETWEEN: f64 = 1.4;

#[derive(Debug, Clone, Copy)]
enum Sample {
    Line(&'static str),
    /// With what is expected in the middle.
    Band,
}

/// The names of what is drawn, each with its place.
pub struct Legend {
    em: f64,
    rows: usize,
    items: Vec<(f64, usize, Sample, String)>,
}

impl Legend {
    /// Of what is among `points`, in rows of `room` pixels.
    pub fn of(chart: &Chart, points: &[Point], room: f64, em: f64) -> Self {
        let mut legend = Self { em, rows: 0, items: Vec::new() };
        let any = |wanted: fn(&Point) -> bool| points.iter().any(wanted);
        if any(|point| point.observed.is_some()) {
            legend.add(Sample::Line("chart-observed"), chart.measure.noun(), room);
        }
        if any(|point| point.typical.is_some()) {
            legend.add(Sample::Band, "typical", room);
        }
        if any(|point| point.outside().is_some()) {
            legend.add(Sample::Line("chart-outside"), "not typical", room);
        }
        legend
    }

    /// How many rows it has.
    pub fn rows(&self) -> usize {
        self.rows
    }

    fn add(&mut self, sample: Sample, name: &str, room: f64) {
        let em = self.em;
        let name = fit(name, room - (SAMPLE + BESIDE) * em, em);
        let end = self.end() + if self.rows == 0 { 0.0 } else { BETWEEN * em };
        let item = (SAMPLE + BESIDE) * em + width(&name, em);
        if self.rows == 0 || end + item > room {
            self.rows += 1;
            self.items.push((0.0, self.rows - 1, sample, name));
        } else {
            self.items.push((end, self.rows - 1, sample, name));
        }
    }

    /// Where the last row ends, from its beginning.
    pub fn end(&self) -> f64 {
        self.items
            .last()
            .map_or(0.0, |(x, _, _, name)| x + (SAMPLE + BESIDE) * self.em + width(name, self.em))
    }

    /// Draws it, with its upper left corner at `(left, top)`.
    pub fn draw(&self, out: &mut Markup, (left, top): (f64, f64)) {
        let em = self.em;
        for (x, row, sample, name) in &self.items {
            let x = left + x;
            let middle = top + (*row as f64 + 0.5) * ROW * em;
            match sample {
                Sample::Line(class) => line(out, class, (x, middle), (x + SAMPLE * em, middle)),
                Sample::Band => {
                    out.element("rect")
                        .attr("class", "chart-band chart-edge")
                        .attr("x", Px(x))
                        .attr("y", Px(middle - 0.5 * em))
                        .attr("width", Px(SAMPLE * em))
                        .attr("height", Px(em))
                        .empty();
                    line(out, "chart-expected", (x, middle), (x + SAMPLE * em, middle));
                }
            }
            let place = (x + (SAMPLE + BESIDE) * em, middle + 0.35 * em);
            write(out, "chart-name", place, em, Anchor::Start, name);
        }
    }
}

//! The figures of docs/detection.md.

use std::path::{Path, PathBuf};

use plotters::prelude::*;

/// One line of a figure.
pub struct Line {
    pub name: String,
    pub points: Vec<(f64, f64)>,
}

/// A figure whose axes are logarithmic.
pub struct Figure<'a> {
    pub file: &'a str,
    pub title: &'a str,
    pub x: &'a str,
    pub y: &'a str,
    pub x_range: (f64, f64),
    pub y_range: (f64, f64),
    /// Horizontal lines: what is promised.
    pub marks: &'a [f64],
}

/// Draws a bar for each of `rows`, the first on top, 100 at most.
pub fn bars(file: &str, title: &str, rows: &[(String, f64)]) {
    let path = path(file);
    let area = SVGBackend::new(&path, (760, 60 + 26 * rows.len() as u32)).into_drawing_area();
    area.fill(&WHITE).unwrap();
    let last = rows.len() as f64 - 0.5;
    let mut chart = ChartBuilder::on(&area)
        .caption(title, ("sans-serif", 18))
        .margin(12)
        .build_cartesian_2d(-34.0..106.0, last..-0.5)
        .unwrap();
    for (at, (name, score)) in rows.iter().enumerate() {
        let y = at as f64;
        let colour = if name == "Groundswell" { BLUE.mix(0.6) } else { BLACK.mix(0.25) };
        let bar = Rectangle::new([(0.0, y - 0.36), (*score, y + 0.36)], colour.filled());
        chart.draw_series([bar]).unwrap();
        let text = |text: String, x: f64| Text::new(text, (x, y - 0.25), ("sans-serif", 14));
        chart.draw_series([text(name.clone(), -34.0)]).unwrap();
        chart.draw_series([text(format!("{score:.2}"), score + 1.0)]).unwrap();
    }
    area.present().unwrap();
}

/// Where a figure of the docs lies.
fn path(file: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/detection");
    std::fs::create_dir_all(&folder).unwrap();
    folder.join(file)
}

impl Figure<'_> {
    /// Draws it into docs/detection/.
    pub fn draw(&self, lines: &[Line]) {
        let path = path(self.file);
        let area = SVGBackend::new(&path, (760, 420)).into_drawing_area();
        area.fill(&WHITE).unwrap();
        let mut chart = ChartBuilder::on(&area)
            .caption(self.title, ("sans-serif", 18))
            .margin(12)
            .x_label_area_size(42)
            .y_label_area_size(58)
            .build_cartesian_2d(
                (self.x_range.0..self.x_range.1).log_scale(),
                (self.y_range.0..self.y_range.1).log_scale(),
            )
            .unwrap();
        chart
            .configure_mesh()
            .x_desc(self.x)
            .y_desc(self.y)
            .light_line_style(WHITE)
            .draw()
            .unwrap();
        for &mark in self.marks {
            let ends = [(self.x_range.0, mark), (self.x_range.1, mark)];
            chart.draw_series(LineSeries::new(ends, BLACK.mix(0.35))).unwrap();
        }
        for (at, line) in lines.iter().enumerate() {
            let colour = Palette99::pick(at).to_rgba();
            chart
                .draw_series(
                    LineSeries::new(line.points.iter().copied(), colour.stroke_width(2))
                        .point_size(3),
                )
                .unwrap()
                .label(&line.name)
                .legend(move |(x, y)| {
                    PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2))
                });
        }
        chart
            .configure_series_labels()
            .background_style(WHITE.mix(0.8))
            .border_style(BLACK.mix(0.2))
            .draw()
            .unwrap();
        area.present().unwrap();
    }
}

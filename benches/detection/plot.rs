//! The figures of docs/detection.md.

use std::path::Path;

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

impl Figure<'_> {
    /// Draws it into docs/detection/.
    pub fn draw(&self, lines: &[Line]) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/detection").join(self.file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
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

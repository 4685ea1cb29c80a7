//! How well it detects, measured on series whose truth is known.
//!
//!     cargo bench --bench detection                        all of it: tables here, figures in docs/detection/
//!     cargo bench --bench detection -- calibration         or nab, budget, talk, surge, ablation: one of them
//!     cargo bench --bench detection -- budget 40000        simulating so many of 100,000 series, not 2,000
//!     cargo bench --bench detection -- calibration 64      with so many series a row, not 32

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod ablation;
mod budget;
mod calibration;
mod nab;
mod plot;
mod sim;
mod surge;
mod talk;

use plot::{Figure, Line};
use surge::Event;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|it| !it.starts_with("--")).collect();
    let asked = |name: &str| words.is_empty() || words.iter().any(|word| word == name);
    let series: Option<usize> = words.iter().find_map(|word| word.parse().ok());
    if asked("nab") {
        benchmarked();
    }
    if asked("calibration") {
        calibrated(series.unwrap_or(32));
    }
    if asked("budget") {
        budgeted(series.unwrap_or(2_000));
    }
    if asked("talk") {
        talked(series.unwrap_or(8));
    }
    if asked("surge") {
        surges();
    }
    if asked("ablation") {
        ablated();
    }
}

fn benchmarked() {
    let Some(ours) = nab::measure("as they are", |_| {}) else {
        println!("not at hand: ../shared/bench/nab, or python3, which its scorer needs");
        return;
    };
    let mut rows = nab::published();
    rows.push(("Groundswell".to_owned(), ours));
    rows.sort_by(|a, b| b.1.total_cmp(&a.1));
    println!("| detector | score |\n|---|---|");
    for (name, score) in &rows {
        let bold = if name == "Groundswell" { "**" } else { "" };
        println!("| {bold}{name}{bold} | {bold}{score:.2}{bold} |");
    }
    println!("\n| each mention seen with probability | score |\n|---|---|");
    for part in [0.6, 0.3, 0.12] {
        let scores: Vec<String> = (1..=4)
            .filter_map(|seed| nab::thinned(part, seed))
            .map(|score| format!("{score:.1}"))
            .collect();
        println!("| {part} | {} |", scores.join(", "));
    }
    plot::bars("nab.svg", "Numenta Anomaly Benchmark, five series of mentions", &rows);
}

fn calibrated(series: usize) {
    let cells = calibration::measure(series as u64);
    println!("| mentions a pane | restlessness | missing | 5 min | 1 h | 6 h | 24 h | all |");
    println!("|---|---|---|---|---|---|---|---|");
    for cell in &cells {
        let calibration::Cell { calm, windows, .. } = cell;
        let shares: Vec<String> = windows.iter().map(|it| format!("{:.2}", it.ratio())).collect();
        let (rate, (restless, missing)) = (calm.rate, calm.percents());
        println!(
            "| {rate} | {restless:.0} % | {missing:.0} % | {} | **{:.2}** |",
            shares.join(" | "),
            cell.all().ratio()
        );
    }
    let kinds = || cells.chunk_by(|a, b| a.calm.kind() == b.calm.kind());
    let levels = calibration::LEVELS.map(|z| format!(" z {z} |")).concat();
    println!("\n| all rates, all windows | weeks |{levels}\n|---|---|---|---|---|");
    for cells in kinds() {
        let young = calibration::Tally::sum(cells.iter().map(|it| it.young));
        let all = calibration::Tally::sum(cells.iter().map(calibration::Cell::all));
        for (weeks, tally) in [("5 to 12", young), ("13 to 28", all)] {
            let ratios = tally.ratios().map(|it| format!(" {it:.2} |")).concat();
            println!("| {} | {weeks} |{ratios}", cells[0].calm.kind());
        }
    }
    let line = |cells: &[calibration::Cell]| Line {
        name: cells[0].calm.kind(),
        points: cells.iter().map(|it| (it.calm.rate, it.all().ratio().max(0.11))).collect(),
    };
    let lines: Vec<Line> = kinds().map(line).collect();
    Figure {
        file: "calibration.svg",
        title: "Windows at z 3 or beyond, next to one in 741",
        x: "mentions a pane",
        y: "times as many",
        x_range: (0.01, 10_000.0),
        y_range: (0.1, 10.0),
        marks: &[1.0 / 1.5, 1.0, 1.5],
    }
    .draw(&lines);
}

fn budgeted(most: usize) {
    println!(
        "| series | simulated | false pages found | a week, of all series | in the first weeks | budget |"
    );
    println!("|---|---|---|---|---|---|");
    let mut points = Vec::new();
    for (series, simulated) in [(10, 400), (1_000, 2_000), (100_000, most)] {
        let found = budget::measure(series, simulated, |_| {});
        println!(
            "| {} | {} | {} | {:.2} | {:.2} | 1 |",
            found.series, found.simulated, found.pages, found.per_week, found.while_learning
        );
        points.push((series as f64, found.drawn()));
    }
    println!("\n| series | 4x surge found | minutes |\n|---|---|---|");
    for series in [10, 1_000, 100_000] {
        for rate in surge::RATES {
            let surge = surge::measure(Event::hour(rate, 4.0, series), |_| {});
            println!("| {series}, {rate} a pane | {}", shown(&surge));
        }
    }
    Figure {
        file: "budget.svg",
        title: "False pages a week, of series in which nothing happens",
        x: "series",
        y: "false pages a week",
        x_range: (10.0, 100_000.0),
        y_range: (0.01, 100.0),
        marks: &[1.0],
    }
    .draw(&[Line {
        name: "found, or the 95 % bound where none was (line: budget)".to_owned(),
        points,
    }]);
}

fn talked(shards: usize) {
    println!("| monitor | false pages a week, of {} brands |\n|---|---|", talk::BRANDS);
    let pages = talk::measure(shards);
    for (monitor, pages) in &pages {
        println!("| {monitor} | {pages:.2} |");
    }
    println!("| all | **{:.2}** |", pages.values().sum::<f64>());
}

fn surges() {
    println!("| mentions a pane | surge | found | minutes |\n|---|---|---|---|");
    let mut lines = Vec::new();
    for rate in surge::RATES {
        let mut points = Vec::new();
        for size in surge::SIZES {
            let surge = surge::measure(Event::hour(rate, size, 10), |_| {});
            println!("| {rate} | {size}x | {}", shown(&surge));
            // A median over few surges says nothing.
            points.extend(surge.minutes.filter(|_| surge.found >= 0.5).map(|it| (size, it)));
        }
        lines.push(Line { name: format!("{rate} mentions a pane"), points });
    }
    Figure {
        file: "surge.svg",
        title: "Minutes from the beginning of a surge to the page",
        x: "times the usual",
        y: "minutes",
        x_range: (1.5, 10.0),
        y_range: (4.0, 120.0),
        marks: &[60.0],
    }
    .draw(&lines);
}

fn ablated() {
    let events: String = ablation::EVENTS.map(|(name, _)| format!(" {name} |")).concat();
    println!("| | NAB | beyond z 3 | false pages a week |{events}");
    println!("|---|---|---|---|{}", "---|".repeat(ablation::EVENTS.len()));
    for row in ablation::measure() {
        let score = row.score.map_or("-".to_owned(), |score| format!("{score:.2}"));
        let events: String = row
            .events
            .iter()
            .map(|it| match it.minutes {
                Some(minutes) => format!(" {:.0} %, {minutes:.0} min |", 100.0 * it.found),
                None => " 0 % |".to_owned(),
            })
            .collect();
        let beyond = row.beyond.map_or("-".to_owned(), |it| format!("{it:.2}"));
        println!("| {} | {score} | {beyond} | {:.2} |{events}", row.name, row.false_pages);
    }
}

fn shown(surge: &surge::Surge) -> String {
    let minutes = surge.minutes.map_or("-".to_owned(), |it| format!("{it:.0}"));
    format!("{:.0} % | {minutes} |", 100.0 * surge.found)
}

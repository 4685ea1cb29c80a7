//! Series as they come: dull, wild, broken.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

const MINUTE: i64 = 60;

/// Scores what `text` holds; the scores as written.
fn scored(text: &str) -> Result<(Vec<f64>, Scored), ScoreError> {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("series.csv");
    std::fs::write(&input, text).unwrap();
    let mut output = Vec::new();
    let scored = score(&input, &mut output, Path::new("out.csv"), &TimeZone::UTC, |_| {})?;
    let written = String::from_utf8(output).unwrap();
    let mut lines = written.lines();
    assert_eq!(lines.next(), Some("timestamp,value,anomaly_score"));
    let mut scores = Vec::new();
    for (line, row) in lines.zip(text.lines().skip(1)) {
        let (same, score) = line.rsplit_once(',').unwrap();
        assert_eq!(same, row, "the row itself is kept as it was");
        scores.push(score.parse::<f64>().unwrap());
    }
    assert_eq!(scores.len(), text.lines().count() - 1);
    assert!(scores.iter().all(|score| score.is_finite() && *score >= 0.0));
    Ok((scores, scored))
}

/// Rows five minutes apart from 2015-02-26 on.
fn series(values: impl IntoIterator<Item = u64>) -> String {
    let mut text = "timestamp,value\n".to_owned();
    for (row, value) in values.into_iter().enumerate() {
        let at = jiff::Timestamp::from_second(1_424_908_800 + row as i64 * 5 * MINUTE).unwrap();
        let at = TimeZone::UTC.to_datetime(at);
        text.push_str(&format!("{},{value}\n", at.strftime("%Y-%m-%d %H:%M:%S")));
    }
    text
}

/// Four weeks that rise and fall with the day and are never quite the same.
fn weeks(spike: Option<(usize, u64)>) -> Vec<u64> {
    let mut values: Vec<u64> = (0..28 * 288_u64)
        .map(|row| {
            let (hour, noise) = (row / 12 % 24, row.wrapping_mul(2_654_435_761) >> 7);
            20 + hour + noise % 15
        })
        .collect();
    if let Some((at, height)) = spike {
        values[at..at + 6].iter_mut().for_each(|value| *value += height);
    }
    values
}

#[test]
fn a_surge_stands_out_from_the_row_on_which_it_begins_and_once() {
    let at = 25 * 288 + 100;
    let (scores, _) = scored(&series(weeks(Some((at, 400))))).unwrap();
    let highest = scores.iter().copied().fold(0.0, f64::max);
    assert!(scores[at] > 2.0 && scores[at] >= 0.6 * highest, "{} {highest}", scores[at]);
    let alarms = scores[at..].iter().filter(|score| **score > 1.0).count();
    assert!((1..=3).contains(&alarms), "{alarms}");
    let before = scores[..at].iter().filter(|score| **score > 1.2).count();
    assert!(before <= 4, "{before} alarms, each once in 15 days, in four calm weeks");
}

#[test]
fn nothing_is_read_from_the_future() {
    let whole = weeks(Some((25 * 288, 400)));
    let (all, _) = scored(&series(whole.clone())).unwrap();
    for cut in [1, 1_000, 25 * 288 + 3] {
        let (part, _) = scored(&series(whole[..cut].iter().copied())).unwrap();
        assert_eq!(part[..], all[..cut]);
    }
    // Nor how far apart the rows of the future are.
    let minutes =
        (0..3_000).map(|row| 450 * 5 + row).map(|minute| (minute, 3 + (minute * 7 % 5) as u32));
    let dense: Vec<(i64, u32)> = (0..450)
        .map(|row| (row * 5, if row == 400 { 90 } else { 20 + (row * 7 % 11) as u32 }))
        .chain(minutes)
        .collect();
    let text = |rows: &[(i64, u32)]| {
        let lines = rows.iter().map(|(minute, value)| {
            let (day, hour) = (1 + minute / 1_440, minute / 60 % 24);
            format!("2015-03-{day:02} {hour:02}:{:02}:00,{value}\n", minute % 60)
        });
        std::iter::once("timestamp,value\n".to_owned()).chain(lines).collect::<String>()
    };
    let (all, _) = scored(&text(&dense)).unwrap();
    for cut in [3, 19, 20, 450] {
        let (part, _) = scored(&text(&dense[..cut])).unwrap();
        assert_eq!(part[..], all[..cut], "{cut}");
    }
}

#[test]
fn zeros_a_spike_at_the_start_and_huge_counts_have_scores() {
    assert!(scored(&series([0; 3_000])).unwrap().0.iter().all(|score| *score == 0.0));
    let calm = || (0..2_990).map(|row| 4 + row % 3);
    let spikes = std::iter::once(1_000).chain(calm()).chain(std::iter::repeat_n(100, 10));
    let (scores, _) = scored(&series(spikes)).unwrap();
    assert!(
        scores[..2_990].iter().all(|score| *score < 1.5),
        "it is taken for no habit, nor for a fall"
    );
    assert!(scores[2_990..].iter().any(|score| *score > 1.5), "nor does it hide the next");
    let huge = (0..3_000).map(|row| 1_000_000_000 + row % 7 * 1_000_000);
    let (scores, _) = scored(&series(huge)).unwrap();
    assert!(scores.iter().all(|score| score.is_finite()));
}

#[test]
fn a_jump_of_a_year_and_missing_values_are_no_alarm() {
    let mut text = series(weeks(None));
    let calm = weeks(None).len();
    for row in 0..288 {
        let minutes = row * 5;
        let value = 27 + minutes / 60;
        text.push_str(&format!("2016-03-10 {:02}:{:02}:00,{value}\n", minutes / 60, minutes % 60));
    }
    let (scores, _) = scored(&text).unwrap();
    assert!(scores[calm..].iter().all(|score| *score < 1.5), "a year later");

    let holes = series(weeks(None)).replace(",31\n", ",\n").replace(",32\n", ",NaN\n");
    let (scores, told) = scored(&holes).unwrap();
    assert!(told.missing > 100 && told.late == 0, "{told:?}");
    assert!(scores.iter().filter(|score| **score > 1.5).count() <= 2);
}

#[test]
fn rows_out_of_order_are_counted_as_late() {
    let text = series([5; 600]) + "2015-02-26 00:00:00,7\n";
    let (_, told) = scored(&text).unwrap();
    assert_eq!((told.rows, told.late), (601, 1));
}

/// Time never goes back: what comes after a row of next year is late.
#[test]
fn a_row_of_next_year_makes_all_that_follow_late() {
    let rows = series([5; 600]);
    let at = rows.lines().nth(500).unwrap();
    let wrong = rows.replace(at, &at.replace("2015", "2016"));
    assert_ne!(rows, wrong);
    let (scores, told) = scored(&wrong).unwrap();
    assert_eq!((told.rows, told.late), (600, 100));
    assert!(scores.iter().all(|score| *score < 1.5), "{scores:?}");
}

#[test]
fn what_makes_no_sense_is_told_with_its_line() {
    let told = |text: &str| scored(text).unwrap_err().to_string();
    assert!(told("time,value\n").contains(":1: the first line must name"));
    let row = "timestamp,value\n2015-02-26 21:42:53,4\n";
    let negative = told(&format!("{row}2015-02-26 21:47:53,-4\n"));
    assert!(
        negative.ends_with("series.csv:3: value -4 is no count: it must lie in 0 to 4294967295")
    );
    assert!(
        told(&format!("{row}yesterday,4\n")).contains(":3: timestamp \"yesterday\" is no time")
    );
    assert!(told(&format!("{row}2015-02-26 21:47:53,many\n")).contains(":3: value \"many\""));
    assert!(told(&format!("{row}2015-02-26 21:47:53\n")).contains("series.csv"));
    let missing = score(Path::new("none.csv"), Vec::new(), Path::new("o"), &TimeZone::UTC, |_| {});
    assert!(missing.unwrap_err().to_string().starts_with("none.csv: "));
}

#[test]
fn panes_follow_the_distance_of_the_rows() {
    let rows = |step: i64| -> Vec<Row> {
        let row = |at| Row { timestamp: String::new(), at, text: String::new(), value: None };
        (0..50).map(|number| row(Timestamp::from_millis(number * step * 1_000))).collect()
    };
    for (step, seconds) in
        [(300, 300), (317, 300), (60, 60), (3_600, 3_600), (86_400, 3_600), (1, 1)]
    {
        assert_eq!(pane(&rows(step)), Duration::from_secs(seconds), "{step}");
    }
    assert_eq!(pane(&[]), Duration::from_secs(60));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_series_has_finite_scores(
        rows in prop::collection::vec((0_i64..4_000_000_000, prop_oneof![0_u64..50, Just(4_294_967_295)]), 0..60),
    ) {
        let mut text = "timestamp,value\n".to_owned();
        for (at, value) in rows {
            text.push_str(&format!("{},{value}\n", jiff::Timestamp::from_second(at).unwrap()));
        }
        scored(&text).unwrap();
    }
}

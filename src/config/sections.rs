//! The tables of the file, one function each, into the settings of the rooms.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use jiff::tz::TimeZone;

use super::reader::closest;
use super::section::Section;
use super::{Limits, LogSettings, duration};
use crate::detect::{BaselineSettings, BuiltIn, Monitor, Parts, Sensitivity, TimeSettings};
use crate::incident::{Direction, Measure};
use crate::telemetry::log::LogFormat;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

/// Panes to suggest, in seconds.
const PANES: [u64; 15] = [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1_200, 1_800, 3_600];

pub(super) fn time_zone(root: &mut Section<'_, '_>) -> TimeZone {
    let Some((name, at)) = root.string("time_zone") else { return TimeZone::UTC };
    TimeZone::get(&name).unwrap_or_else(|_| {
        let zones: Vec<String> =
            jiff::tz::db().available().map(|zone| zone.as_str().to_owned()).collect();
        let hint = likely_zone(&name, &zones).unwrap_or("America/New_York");
        root.complain(
            "time_zone",
            &at,
            format_args!(
                "there is no such time zone; expected an IANA name, e.g. \"{hint}\" or \"UTC\""
            ),
        );
        TimeZone::UTC
    })
}

/// The zone that `name` may mean: its city alone (`New York`), or a slip in it.
fn likely_zone<'z>(name: &str, zones: &'z [String]) -> Option<&'z str> {
    let city = name.replace(' ', "_").to_lowercase();
    let of_city = |zone: &&str| zone.to_lowercase().ends_with(&format!("/{city}"));
    let mut zones = zones.iter().map(String::as_str);
    zones.clone().find(of_city).or_else(|| closest(name, &mut zones))
}

pub(super) fn time(root: &mut Section<'_, '_>) -> (TimeSettings, Duration) {
    let mut section = root.section("time");
    let default = TimeSettings::default();
    let pane = pane(&mut section, default.pane);
    let lateness =
        section.duration("allowed_lateness", default.allowed_lateness, Duration::ZERO, DAY);
    let horizon = section.duration("dedup_horizon", default.dedup_horizon, MINUTE, 28 * DAY);
    if horizon < lateness
        && let Some(at) = section.place("dedup_horizon")
    {
        section.disagree(
            "dedup_horizon",
            &at,
            "must not be shorter than allowed_lateness, or late duplicates would count",
        );
    }
    let settings = TimeSettings {
        pane,
        out_of_orderness: section.duration(
            "out_of_orderness",
            default.out_of_orderness,
            Duration::ZERO,
            HOUR,
        ),
        allowed_lateness: lateness,
        dedup_horizon: horizon,
        dedup_capacity: section.integer("dedup_capacity", default.dedup_capacity as u64, 2..1 << 32)
            as usize,
    };
    // A mention dated ahead moves the watermark ahead: punctual ones must still count after it.
    let slack = settings.out_of_orderness + settings.allowed_lateness;
    let max_future = section.duration("max_future", slack.min(5 * MINUTE), Duration::ZERO, DAY);
    if max_future > slack
        && let Some(at) = section.place("max_future")
    {
        section.disagree(
            "max_future",
            &at,
            "must not exceed out_of_orderness and allowed_lateness together, or one fast clock \
             would make punctual mentions late",
        );
    }
    section.finish();
    (settings, max_future)
}

fn pane(section: &mut Section<'_, '_>, default: Duration) -> Duration {
    let pane = section.duration("pane", default, SECOND, HOUR);
    let divides = HOUR.as_nanos().is_multiple_of(pane.as_nanos()) && pane.subsec_nanos() == 0;
    if let Some(at) = section.place("pane").filter(|_| !divides) {
        let longer = PANES.into_iter().map(Duration::from_secs).find(|it| *it >= pane);
        let longer = duration::show(longer.unwrap_or(HOUR));
        section.complain(
            "pane",
            &at,
            format_args!("must be whole seconds that divide an hour; write e.g. \"{longer}\""),
        );
        return default;
    }
    pane
}

pub(super) fn sensitivity(root: &mut Section<'_, '_>) -> Sensitivity {
    let mut section = root.section("sensitivity");
    let default = Sensitivity::default();
    let settings = Sensitivity {
        false_pages_per_week: section.number(
            "false_pages_per_week",
            default.false_pages_per_week,
            |it| it > 0.0 && it <= 1_000.0,
            "a number above 0 and at most 1000, e.g. 1.0",
        ),
        min_ratio: section.number(
            "min_ratio",
            default.min_ratio,
            |it| (1.0..=100.0).contains(&it),
            "a number from 1 to 100, e.g. 1.5",
        ),
        min_excess: section.number(
            "min_excess",
            default.min_excess,
            |it| (0.0..=1e9).contains(&it),
            "a number of mentions, e.g. 10",
        ),
        min_share_change: section.number(
            "min_share_change",
            default.min_share_change,
            |it| (0.0..=1.0).contains(&it),
            "a share from 0 to 1, e.g. 0.1",
        ),
        min_audience: {
            let on = section.boolean("single_mentions", true);
            let least = section.number(
                "min_audience",
                default.min_audience.unwrap_or(100_000.0),
                |it| (1.0..=1e10).contains(&it),
                "a number of persons, e.g. 100_000",
            );
            on.then_some(least)
        },
        min_post_shares: section.number(
            "min_post_shares",
            default.min_post_shares,
            |it| (1.0..=1e9).contains(&it),
            "a number of shares, e.g. 20",
        ),
        advocates: section.boolean("advocates", default.advocates),
        resolve_after: section.duration("resolve_after", default.resolve_after, MINUTE, DAY),
        calm_z: section.number(
            "calm_z",
            default.calm_z,
            |it| it > 0.0 && it < 3.0,
            "a number above 0 and below 3, e.g. 2.0",
        ),
    };
    section.finish();
    settings
}

pub(super) fn baseline(root: &mut Section<'_, '_>) -> BaselineSettings {
    let mut section = root.section("baseline");
    let default = BaselineSettings::default();
    let settings = BaselineSettings {
        memory: section.duration("memory", default.memory, 2 * DAY, 366 * DAY),
        half_life: section.duration("half_life", default.half_life, HOUR, 366 * DAY),
        warm_up: section.duration("warm_up", default.warm_up, MINUTE, 28 * DAY),
        level_shift_after: section.duration(
            "level_shift_after",
            default.level_shift_after,
            HOUR,
            366 * DAY,
        ),
        elements: default.elements,
    };
    section.finish();
    settings
}

pub(super) fn monitors(root: &mut Section<'_, '_>, pane: Duration) -> Vec<Monitor> {
    let sections = root.sections("monitor");
    if sections.is_empty() {
        return Monitor::defaults()
            .into_iter()
            .map(|mut monitor| {
                monitor.windows.retain(|window| window.as_millis() % pane.as_millis() == 0);
                monitor
            })
            .collect();
    }
    let mut names = BTreeSet::new();
    let mut monitors = Vec::new();
    for mut section in sections {
        let measures: Vec<(&str, Measure)> = Measure::ALL
            .into_iter()
            .filter(|&it| Parts::of(it).is_some())
            .map(|it| (it.name(), it))
            .collect();
        let directions = [Direction::Up, Direction::Down].map(|it| (it.name(), it));
        if section.take("measure").is_none() {
            let names: Vec<String> = measures.iter().map(|it| format!("\"{}\"", it.0)).collect();
            let names = names.join(" or ");
            section.miss("measure", &names);
        }
        let measure = section.choice("measure", &measures).unwrap_or(Measure::Mentions);
        let direction = section.choice("direction", &directions).unwrap_or(Direction::Up);
        let default_name = format!("{}-{}", measure.name().replace('_', "-"), direction.name());
        let at = section.at.clone();
        let (name, at) = section.string("name").unwrap_or((default_name, at));
        if BuiltIn::named(&name).is_some() {
            let message = format_args!(
                "monitor.name: \"{name}\" is the name of a monitor that is always there; write another"
            );
            section.reader.report(&at, message);
        } else if !names.insert(name.clone()) {
            let message = format_args!(
                "monitor.name: there is another monitor named \"{name}\"; write name = \"...\""
            );
            section.reader.report(&at, message);
        }
        let windows = windows(&mut section, pane);
        monitors.push(Monitor { name, measure, direction, windows });
        section.finish();
    }
    monitors
}

fn windows(section: &mut Section<'_, '_>, pane: Duration) -> Vec<Duration> {
    let default = vec![HOUR, 6 * HOUR, DAY];
    let Some(list) = section.durations("windows", pane, DAY) else { return default };
    let mut windows = Vec::new();
    for (window, at) in list {
        let over = Duration::from_millis((window.as_millis() % pane.as_millis()) as u64);
        if over.is_zero() {
            windows.push(window);
            continue;
        }
        let (pane, below) = (duration::show(pane), duration::show(window - over));
        section.disagree(
            "windows",
            &at,
            format_args!("must be a multiple of the pane, {pane}; write e.g. \"{below}\""),
        );
    }
    windows.sort_unstable();
    windows.dedup();
    windows
}

/// The `file` of a table that has no other key.
pub(super) fn file(root: &mut Section<'_, '_>, table: &'static str, default: &str) -> PathBuf {
    let mut section = root.section(table);
    let file = section.string("file").map(|file| file.0);
    section.finish();
    PathBuf::from(file.unwrap_or_else(|| default.to_owned()))
}

pub(super) fn limits(root: &mut Section<'_, '_>) -> Limits {
    let mut section = root.section("limits");
    let limits = Limits {
        max_message_bytes: section.integer("max_message_bytes", 1 << 20, 1_024..(1 << 30) + 1)
            as usize,
        brands: section.integer("brands", 1_000, 1..1_000_001) as usize,
        series: section.integer("series", 50_000, 1..10_000_001) as usize,
        metric_series: section.integer("metric_series", 1_000, 0..1_000_001) as usize,
    };
    section.finish();
    limits
}

pub(super) fn log(root: &mut Section<'_, '_>) -> LogSettings {
    let mut section = root.section("log");
    let levels = ["error", "warn", "info", "debug", "trace"].map(|level| (level, level));
    let formats = [("text", LogFormat::Text), ("json", LogFormat::Json)];
    let settings = LogSettings {
        format: section.choice("format", &formats).unwrap_or_default(),
        level: section.choice("level", &levels).unwrap_or("info").to_owned(),
    };
    section.finish();
    settings
}

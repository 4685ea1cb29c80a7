//! A quiet brand, and a dead feed.

use std::time::Duration;

use crate::incident::{Change, Direction, State, Subject};
use crate::mention::{BrandIndex, Timestamp};
use crate::shard::{Outcome, Shard};

use super::streams::{
    BRANDS, DAY, HOUR, MINUTE, Made, START, at, feed, lines, made, observe, opened, ordinary, plan,
    run, silence, usual,
};

/// What each change is about.
fn subjects(changes: &[Change]) -> Vec<Subject> {
    changes.iter().map(|it| it.incident.subject).collect()
}

#[test]
fn a_brand_that_falls_silent_is_told_and_the_feed_is_not_blamed() {
    let from = 4 * DAY + 9 * HOUR;
    let times = |brand: usize, now: i64| if brand == 0 && now >= from { 0.0 } else { 1.0 };
    let changes = run(&ordinary(11, 0, 5 * DAY, times));
    let after: Vec<_> = changes.iter().filter(|it| it.incident.detected_at >= at(from)).collect();
    let fall = after.first().expect("the fall is told");
    assert_eq!((fall.incident.subject, fall.incident.brand.as_str()), (Subject::Brand, BRANDS[0]));
    assert_eq!(fall.incident.direction, Direction::Down);
    assert!(
        fall.incident.onset.millis_since(at(from)).abs() <= 15 * MINUTE,
        "{}",
        fall.incident.onset
    );
    assert!(after.iter().all(|it| it.incident.subject == Subject::Brand));
}

#[test]
fn a_dead_feed_is_one_incident_and_no_brands() {
    let (dead, back) = (4 * DAY + 9 * HOUR, 4 * DAY + 14 * HOUR);
    let before = ordinary(12, 0, dead, usual);
    let after = ordinary(13, back, 6 * DAY, usual);
    let mut shard = Shard::new(plan(), "feed");
    let mut changes = Vec::new();
    for made in &before {
        observe(&mut shard, made, &mut changes);
    }
    let quiet = changes.len();
    // The wall clock moves on while nothing comes.
    for minute in 1..=5 * 60 {
        let now = Timestamp::from_millis(START + dead + minute * MINUTE);
        shard.idle(now, minute * MINUTE, &mut changes);
    }
    let told = &changes[quiet..];
    assert_eq!(told.len(), 1, "one incident while the feed is dead: {:#?}", lines(told));
    assert_eq!((told[0].incident.subject, told[0].incident.state), (Subject::Feed, State::Opened));
    assert!(told[0].incident.onset.millis_since(at(dead)).abs() <= 5 * MINUTE);
    assert!(told[0].incident.detected_at.millis_since(at(dead)) <= 30 * MINUTE);
    assert_eq!(shard.open_changes(), told, "what is open can be told again, the same");

    for made in &after {
        observe(&mut shard, made, &mut changes);
    }
    let told = &changes[quiet + 1..];
    assert_eq!(
        told.first().map(|it| (it.incident.subject, it.incident.state)),
        Some((Subject::Feed, State::Resolved))
    );
    assert_eq!(told.len(), 1, "the gap is held against no brand: {:#?}", lines(told));
}

#[test]
fn a_year_of_nothing_passes_at_once() {
    let mut shard = Shard::new(plan(), "feed");
    let mut changes = Vec::new();
    let made = ordinary(14, 0, 3 * DAY, usual);
    for made in &made {
        observe(&mut shard, made, &mut changes);
    }
    let last = *made.last().unwrap();
    for years in [1, 1_000, 100_000] {
        let mut late = last;
        late.at += years * 365 * DAY;
        late.id += years as u64;
        observe(&mut shard, &late, &mut changes);
    }
    // What follows the jump, from before it, is told from what came in time.
    let follows = Made { id: u64::MAX, ..last };
    assert_eq!(observe(&mut shard, &follows, &mut changes), Outcome::Late);
    // Pane by pane this would not end today.
    assert!(shard.watermark().unwrap() > at(90_000 * 365 * DAY));
}

/// The source delivers late what was said while it was away: the mentions fall into panes that
/// were closed as dead, and are no rise.
#[test]
fn a_backlog_after_an_outage_is_no_rise() {
    let dead = 4 * DAY + 10 * HOUR;
    let mut shard = Shard::new(plan(), "feed");
    feed(&mut shard, &ordinary(31, 0, dead, usual));
    let told = silence(&mut shard, dead, 30);
    assert_eq!(told.len(), 1, "the feed: {:#?}", lines(&told));
    // At 30 minutes all of it comes at once; what is older than the allowed lateness is lost.
    let backlog = ordinary(32, dead, dead + 30 * MINUTE, usual);
    let mut told = feed(&mut shard, &backlog);
    told.extend(feed(&mut shard, &ordinary(33, dead + 30 * MINUTE, dead + 6 * HOUR, usual)));
    let brands: Vec<_> = told.iter().filter(|it| it.incident.subject == Subject::Brand).collect();
    assert!(brands.is_empty(), "{brands:#?}");
    assert_eq!(told.iter().filter(|it| it.incident.state == State::Resolved).count(), 1);
}

/// Neither the hours in which nothing came nor those in which two came at once are learnt as they
/// looked: when no window reaches back to them any more, what is typical is what it is for a feed that
/// was never away.
#[test]
fn a_backlog_after_an_outage_poisons_no_baseline() {
    let (dead, back) = (4 * DAY + 10 * HOUR, 4 * DAY + 12 * HOUR);
    let typical = |outage: bool| {
        let mut shard = Shard::new(plan(), "feed");
        feed(&mut shard, &ordinary(31, 0, dead, usual));
        if outage {
            silence(&mut shard, dead, 120);
        }
        feed(&mut shard, &ordinary(32, dead, back, usual));
        let mut means = Vec::new();
        feed(&mut shard, &ordinary(33, back, back + DAY, usual));
        for hour in 0..24 {
            let from = back + DAY + hour * HOUR;
            feed(&mut shard, &ordinary(40 + hour as u64, from, from + HOUR, usual));
            means.push(shard.surprises().map(|it| it.reading.expected.mean).collect::<Vec<_>>());
        }
        means
    };
    for (hour, (away, never)) in typical(true).iter().zip(typical(false)).enumerate() {
        assert!(!away.is_empty() && away.len() == never.len());
        for (at, (away, never)) in away.iter().zip(never).enumerate() {
            let off = (away - never).abs() / (never + 0.5);
            assert!(off < 0.15, "hour {hour}, window {at}: {away} instead of {never}");
        }
    }
}

/// Ten to fifteen minutes late is the feed's ordinary pace, and the wall clock runs ahead of it:
/// no pane stays silent for good, so nothing is dead.
#[test]
fn a_feed_that_trails_the_wall_clock_is_not_dead() {
    let mut shard = Shard::new(plan(), "feed");
    let known = 4 * DAY;
    feed(&mut shard, &ordinary(34, 0, known, usual));
    let mut changes = Vec::new();
    // Every five minutes the mentions of the five minutes before come, four minutes late.
    for batch in 0..12 * 12 {
        let from = known + batch * 5 * MINUTE;
        let now = from + 9 * MINUTE;
        shard.idle(at(now), 5 * MINUTE, &mut changes);
        let batch = ordinary(40 + batch as u64, from, from + 5 * MINUTE, usual);
        changes.extend(feed(&mut shard, &batch));
    }
    assert!(changes.is_empty(), "{:#?}", lines(&changes));
}

/// While the feed is dead nothing is known of a crisis, least of all that it is over.
#[test]
fn an_open_incident_stays_open_while_the_feed_is_dead() {
    let (crisis, dead) = (4 * DAY + 12 * HOUR, 4 * DAY + 14 * HOUR);
    let times = |brand: usize, now: i64| if brand == 1 && now >= crisis { 6.0 } else { 1.0 };
    let mut shard = Shard::new(plan(), "feed");
    feed(&mut shard, &ordinary(35, 0, dead, times));
    let open =
        |shard: &Shard| -> Vec<Subject> { shard.open_incidents().map(|it| it.subject).collect() };
    assert_eq!(open(&shard), [Subject::Brand]);
    let told = silence(&mut shard, dead, 5 * 60);
    assert_eq!(told.len(), 1, "{:#?}", lines(&told));
    assert_eq!(open(&shard), [Subject::Feed, Subject::Brand]);
    let told = feed(&mut shard, &ordinary(36, dead + 5 * HOUR, dead + 8 * HOUR, usual));
    assert!(told.iter().all(|it| it.incident.state == State::Resolved), "{:#?}", lines(&told));
    assert_eq!((told.len(), open(&shard).len()), (2, 0), "the feed is back, the crisis over");
}

/// Days of a dead feed are no days of a lasting level.
#[test]
fn a_crisis_cut_off_by_a_long_gap_is_not_the_new_normal() {
    let (crisis, dead, back) = (4 * DAY + 12 * HOUR, 4 * DAY + 15 * HOUR, 10 * DAY);
    let times = |brand: usize, now: i64| if brand == 1 && now >= crisis { 8.0 } else { 1.0 };
    let mut shard = Shard::new(plan(), "feed");
    feed(&mut shard, &ordinary(37, 0, dead, times));
    silence(&mut shard, dead, 60);
    let told = feed(&mut shard, &ordinary(38, back, back + 2 * DAY, usual));
    let falls = opened(&told).into_iter().any(|it| it.incident.brand == BRANDS[1]);
    assert!(!falls, "usual hours are no fall: {:#?}", lines(&told));
}

/// Nor is a level that is over, but for the wait before it is said to be, or of which next to
/// nothing has been seen since the feed came back.
#[test]
fn a_level_that_nothing_shows_to_last_is_not_the_new_normal() {
    let from = 6 * DAY;
    let over = |now: i64| now < from + 4 * DAY - 70 * MINUTE;
    let gap = from + 3 * DAY + 12 * HOUR..from + 5 * DAY;
    let around_gap = |now: i64| now < gap.start || (gap.end..gap.end + 6 * MINUTE).contains(&now);
    for (crisis, gap) in [(&over as &dyn Fn(i64) -> bool, None), (&around_gap, Some(gap.clone()))] {
        let times = |brand: usize, now: i64| match gap.as_ref() {
            Some(gap) if gap.contains(&now) => 0.0,
            _ if brand == 1 && now >= from && crisis(now) => 8.0,
            _ => 1.0,
        };
        let told = run(&ordinary(44, 0, from + 9 * DAY, times));
        let falls = opened(&told).into_iter().filter(|it| it.incident.direction == Direction::Down);
        let falls: Vec<Subject> = falls.map(|it| it.incident.subject).collect();
        // Nor has the crisis taught the feed that usual nights are silent.
        let feed = gap.iter().map(|_| Subject::Feed).collect::<Vec<_>>();
        assert_eq!(falls, feed, "usual hours are no fall: {:#?}", lines(&told));
        let over = told.iter().filter(|it| it.incident.state == State::Resolved).count();
        assert_eq!(over, opened(&told).len(), "all is over: {:#?}", lines(&told));
    }
}

#[test]
fn a_lone_brand_in_its_feed_is_never_said_to_fall_when_all_is_silent() {
    let dead = 4 * DAY + 9 * HOUR;
    let only = |brand: usize, now: i64| if brand == 0 && now < dead { 1.0 } else { 0.0 };
    let mut shard = Shard::new(plan(), "feed");
    feed(&mut shard, &ordinary(39, 0, dead, only));
    let told = silence(&mut shard, dead, 26 * 60);
    assert_eq!(subjects(&told), [Subject::Feed]);
}

#[test]
fn the_wall_clock_moves_nothing_before_the_first_mention() {
    let mut shard = Shard::new(plan(), "feed");
    assert!(silence(&mut shard, 0, 120).is_empty());
    assert_eq!(shard.watermark(), None);
    assert!(feed(&mut shard, &[made(1, 0, 0)]).is_empty());
    // One mention and then nothing: too little is known to miss anything for a week.
    let told = silence(&mut shard, 0, 8 * 24 * 60);
    assert_eq!(subjects(&told), [Subject::Feed]);
    assert!(told[0].incident.detected_at >= at(7 * DAY), "{:#?}", lines(&told));
}

/// Of a feed that is dying a mention gets through every quarter of an hour: one long trouble, and
/// not a page a quarter of an hour.
#[test]
fn a_dying_feed_does_not_flap() {
    let dying = 4 * DAY + 9 * HOUR;
    let mut shard = Shard::new(plan(), "feed");
    feed(&mut shard, &ordinary(41, 0, dying, usual));
    let mut changes = Vec::new();
    for quarter in 0..24 {
        let since = dying + quarter * 15 * MINUTE;
        changes.extend(silence(&mut shard, since, 15));
        changes.extend(feed(&mut shard, &[made(900 + quarter as u64, since + 15 * MINUTE, 0)]));
    }
    let feeds = opened(&changes).into_iter().filter(|it| it.incident.subject == Subject::Feed);
    let feeds = feeds.count();
    assert!(feeds <= 2, "{feeds} pages: {:#?}", lines(&changes));
}

/// A crisis is a rise: it is no restlessness that would make a silence after it look ordinary.
#[test]
fn a_feed_that_dies_in_a_crisis_is_told_within_the_quarter_of_an_hour() {
    let (crisis, dead) = (5 * DAY, 8 * DAY + 12 * HOUR);
    let times = |brand: usize, now: i64| if brand == 1 && now >= crisis { 8.0 } else { 1.0 };
    let mut shard = Shard::new(plan(), "feed");
    feed(&mut shard, &ordinary(43, 0, dead, times));
    let told = silence(&mut shard, dead, 15);
    assert_eq!(subjects(&told), [Subject::Feed], "{:#?}", lines(&told));
}

/// Hours in which next to nothing comes are ordinary to this feed; a whole day of them is not.
#[test]
fn a_restless_feed_that_dies_is_told_within_the_day() {
    let dead = 10 * DAY + 9 * HOUR;
    let hours = super::streams::restless(44, 11, 1.5);
    let only = |brand: usize, now: i64| if brand == 2 { hours(brand, now) } else { 0.0 };
    let mut shard = Shard::new(plan(), "feed");
    feed(&mut shard, &ordinary(44, 0, dead, only));
    let told = silence(&mut shard, dead, 24 * 60);
    assert_eq!(subjects(&told), [Subject::Feed], "{:#?}", lines(&told));
}

/// A feed that brings six times as much for good is missed by its new level.
#[test]
fn a_lasting_rise_of_the_feed_is_its_new_level() {
    let (rise, night) = (5 * DAY, 12 * DAY + 3 * HOUR);
    let times = |_: usize, now: i64| if now >= rise { 6.0 } else { 1.0 };
    let mut shard = Shard::new(plan(), "feed");
    feed(&mut shard, &ordinary(45, 0, night, times));
    let told = silence(&mut shard, night, 30);
    assert_eq!(subjects(&told), [Subject::Feed], "in the quietest hour: {:#?}", lines(&told));
}

/// It delivers every three minutes what was said in the three before: nothing ever comes into an
/// open pane, and yet it is back.
#[test]
fn a_dead_feed_that_comes_back_late_is_back() {
    let (dead, back) = (4 * DAY + 9 * HOUR, 4 * DAY + 11 * HOUR);
    let mut shard = Shard::new(plan(), "feed");
    feed(&mut shard, &ordinary(34, 0, dead, usual));
    assert_eq!(silence(&mut shard, dead, 120).len(), 1);
    let mut told = Vec::new();
    for batch in 0..60 {
        let from = back + batch * 3 * MINUTE;
        shard.idle(at(from + 6 * MINUTE), 3 * MINUTE, &mut told);
        told.extend(feed(
            &mut shard,
            &ordinary(400 + batch as u64, from, from + 3 * MINUTE, usual),
        ));
    }
    let states: Vec<State> = told.iter().map(|it| it.incident.state).collect();
    assert_eq!(states, [State::Resolved], "{:#?}", lines(&told));
}

/// After days of nothing the latest comes first: its time was not dead.
#[test]
fn a_backlog_that_comes_newest_first_is_no_rise() {
    let (dead, back) = (4 * DAY + 9 * HOUR, 7 * DAY + 9 * HOUR);
    let busy = |_: usize, _: i64| 20.0;
    let mut shard = Shard::new(plan(), "feed");
    feed(&mut shard, &ordinary(77, 0, dead, busy));
    silence(&mut shard, dead, 60);
    let mut backlog = ordinary(78, back - 9 * MINUTE, back, busy);
    backlog.reverse();
    let mut told = feed(&mut shard, &backlog);
    told.extend(feed(&mut shard, &ordinary(79, back, back + 2 * HOUR, busy)));
    assert_eq!(subjects(&told), [Subject::Feed], "{:#?}", lines(&told));
}

/// Rows counted elsewhere: one that counts nothing shows that nothing was said, none shows nothing.
#[test]
fn a_row_of_zero_is_no_silence_of_the_feed() {
    for (rows_of_zero, subject) in [(true, Subject::Brand), (false, Subject::Feed)] {
        let mut shard = Shard::new(plan(), "feed");
        let mut changes = Vec::new();
        let known = 5 * 24 * 60;
        for minute in 0..known {
            let count = 3 + (minute % 3) as u32;
            shard.tally(at(minute * MINUTE), BrandIndex(0), count, &mut changes);
        }
        changes.clear();
        for minute in known..known + 120 {
            if rows_of_zero {
                shard.tally(at(minute * MINUTE), BrandIndex(0), 0, &mut changes);
            }
        }
        changes.extend(silence(&mut shard, (known + 120) * MINUTE, 1));
        let told = subjects(&changes);
        let all = !told.is_empty() && told.iter().all(|it| *it == subject);
        assert!(all, "{:#?}", lines(&changes));
    }
}

/// An old article comes first: what follows it is no silence, and says nothing about today.
#[test]
fn a_mention_of_years_ago_is_no_past() {
    let now = 4_000 * DAY;
    let mut shard = Shard::new(plan(), "feed");
    feed(&mut shard, &[made(1, 0, 0)]);
    let today = feed(&mut shard, &ordinary(51, now, now + 3 * DAY, usual));
    let told: Vec<_> = opened(&today)
        .into_iter()
        .filter(|it| it.incident.subject == Subject::Brand && it.incident.onset >= at(now))
        .collect();
    let from_now = run(&ordinary(51, now, now + 3 * DAY, usual));
    assert_eq!(told.len(), opened(&from_now).len(), "as if it had not come: {told:#?}");
}

/// A row says what was counted; where there is none, nothing was.
#[test]
fn a_row_that_is_missing_is_no_silence() {
    let minute = |it: i64| Timestamp::from_millis(START + it * MINUTE);
    let mut shard = Shard::new(plan(), "series");
    let mut changes = Vec::new();
    let missing = |it: i64| it % 60 >= 30 && it >= 3 * 24 * 60;
    for it in (0..4 * 24 * 60).filter(|it| !missing(*it)) {
        shard.tally(minute(it), BrandIndex(0), 100, &mut changes);
    }
    let hour = Duration::from_secs(3_600);
    let reading = shard.surprises().find(|it| it.brand.0 == 0 && it.window == hour);
    let reading = reading.expect("it is read").reading;
    assert!((2_900.0..3_100.0).contains(&reading.expected.mean), "{reading:?}");
    assert!(reading.z.abs() < 1.0, "{reading:?}");
    let of_brands = changes.iter().filter(|it| it.incident.subject == Subject::Brand).count();
    assert_eq!(of_brands, 0, "{:#?}", lines(&changes));
}

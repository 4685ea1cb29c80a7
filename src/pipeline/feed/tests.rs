#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::incident::fixtures::{change_of, silent_feed};
use crate::incident::incident_id;

const MINUTE: i64 = 60_000;
/// When the producer dies.
const DEATH: i64 = 10 * 60;

fn at(minute: i64) -> Timestamp {
    Timestamp::from_millis(minute * MINUTE)
}

/// A feed whose partitions are followed, each with its last mention in the minute given.
fn followed(last_mentions: &[i64]) -> TopicFeed {
    followed_after(last_mentions, None)
}

/// ... when people know of an incident of it.
fn followed_after(last_mentions: &[i64], known: Option<&Change>) -> TopicFeed {
    let mut feed = TopicFeed::new("kafka", Duration::from_secs(60));
    feed.has_partitions(u32::try_from(last_mentions.len()).unwrap());
    for (number, minute) in (0..).zip(last_mentions) {
        let heard = Arc::new(Heard::default());
        heard.hear(at(*minute), None);
        heard.idle();
        feed.assign(number, heard, known.cloned());
        assert_eq!(feed.follow(number, None, false, at(*minute)), None);
    }
    feed
}

/// ... of two partitions, whose incident is resumed by the first; nobody has found the second silent.
fn resumed_with_a_thin_partition() -> (Change, TopicFeed) {
    let mut whole = silence(DEATH, DEATH + 12);
    whole.incident.partitions = Some(SilentPartitions { silent: vec![0, 1], of: 2 });
    let mut feed = followed_after(&[DEATH, DEATH - 9], Some(&whole));
    assert_eq!(feed.follow(0, Some(whole.incident.clone()), true, at(DEATH + 20)), None);
    (whole, feed)
}

fn hear(feed: &TopicFeed, partition: i32, minute: i64) {
    feed.partitions[&partition].heard.hear(at(minute), Some(at(minute)));
}

/// What a shard says: silent since the minute after `last`, found in the minute `found`.
fn silence(last: i64, found: i64) -> Change {
    let (onset, detected_at) = (at(last + 1), at(found));
    let id = incident_id("kafka", "feed-silent", onset);
    let incident = Incident { id, onset, detected_at, updated_at: detected_at, ..silent_feed() };
    change_of(incident, 0)
}

fn back(silence: &Change, minute: i64) -> Change {
    let resolved_at = Some(at(minute));
    let incident = Incident {
        state: State::Resolved,
        updated_at: at(minute),
        resolved_at,
        ..silence.incident.clone()
    };
    change_of(incident, 1)
}

type Told = (State, Severity, Option<Vec<i32>>);

fn told(change: Option<Change>) -> Told {
    let Incident { state, severity, partitions, .. } = change.unwrap().incident;
    (state, severity, partitions.map(|it| it.silent))
}

#[test]
fn a_dead_topic_is_one_incident_of_all_its_partitions() {
    let last: Vec<i64> = (0..12).map(|number| DEATH - number % 3).collect();
    let mut feed = followed(&last);
    let silences: Vec<Change> =
        (0..12).map(|number| silence(last[number], DEATH + 12 + number as i64)).collect();
    let mut changes = Vec::new();
    for (number, silence) in (0..).zip(&silences) {
        changes.extend(feed.take(number, silence.clone(), silence.incident.detected_at));
        changes.extend(feed.judge(silence.incident.detected_at));
    }
    assert_eq!(changes.len(), 1, "{changes:#?}");
    let opened = changes.pop();
    let onset = opened.as_ref().unwrap().incident.onset;
    assert_eq!(onset, at(DEATH + 1), "since the last of all mentions");
    assert_eq!(told(opened), (State::Opened, Severity::Warning, Some((0..12).collect())));
    for (number, silence) in (0..).zip(&silences) {
        changes.extend(feed.take(number, back(silence, DEATH + 90), at(DEATH + 90)));
    }
    assert_eq!(changes.len(), 1, "{changes:#?}");
    assert_eq!(changes[0].sequence, 1);
    assert_eq!(changes[0].incident.state, State::Resolved);
    assert_eq!(feed.incident(), None);
}

#[test]
fn one_silent_partition_is_told_as_such_and_the_rest_when_it_follows() {
    let mut feed = followed(&[DEATH, DEATH + 11, DEATH + 12]);
    let first = feed.take(0, silence(DEATH, DEATH + 12), at(DEATH + 12));
    let id = first.as_ref().unwrap().incident.id;
    assert_eq!(told(first), (State::Opened, Severity::Notice, Some(vec![0])));
    hear(&feed, 1, DEATH + 30);
    hear(&feed, 2, DEATH + 30);
    assert_eq!(feed.judge(at(DEATH + 35)), None);
    let second = silence(DEATH + 30, DEATH + 45);
    assert_eq!(feed.take(1, second.clone(), at(DEATH + 45)), None, "it is open already");
    let worse = feed.judge(at(DEATH + 60));
    assert_eq!(worse.as_ref().unwrap().incident.id, id);
    assert_eq!(told(worse), (State::Escalated, Severity::Warning, Some(vec![0, 1, 2])));
    assert_eq!(feed.judge(at(DEATH + 61)), None, "told once");
    assert_eq!(feed.take(1, back(&second, DEATH + 99), at(DEATH + 99)), None);
    let over = feed.take(0, back(&silence(DEATH, DEATH + 12), DEATH + 100), at(DEATH + 100));
    assert_eq!(over.unwrap().sequence, 2);
}

#[test]
fn a_topic_of_one_partition_says_what_its_shard_says() {
    let mut feed = followed(&[DEATH]);
    let opened = silence(DEATH, DEATH + 12);
    let mut expected = opened.clone();
    expected.id = Uuid::new_v5(&opened.incident.id, &0_u32.to_be_bytes());
    assert_eq!(feed.take(0, opened.clone(), at(DEATH + 12)), Some(expected));
    let over = feed.take(0, back(&opened, DEATH + 50), at(DEATH + 50)).unwrap();
    assert_eq!(over.incident, back(&opened, DEATH + 50).incident);
}

/// A partition alone on its instance is not taken for the topic.
#[test]
fn what_other_instances_read_is_not_taken_to_be_silent() {
    let mut feed = TopicFeed::new("kafka", Duration::from_secs(60));
    feed.assign(3, Arc::default(), None);
    feed.follow(3, None, false, at(DEATH));
    let change = feed.take(3, silence(DEATH, DEATH + 12), at(DEATH + 12)).unwrap();
    assert_eq!(change.incident.partitions, Some(SilentPartitions { silent: vec![3], of: 4 }));
    let mut feed = followed(&[DEATH]);
    feed.has_partitions(12);
    let change = feed.take(0, silence(DEATH, DEATH + 12), at(DEATH + 12)).unwrap();
    assert_eq!(change.incident.partitions, Some(SilentPartitions { silent: vec![0], of: 12 }));
}

#[test]
fn what_was_told_before_a_restart_is_not_told_again_but_its_end_is() {
    let known = silence(DEATH, DEATH + 12);
    let mut feed = followed_after(&[DEATH, DEATH], Some(&known));
    assert_eq!(feed.follow(0, Some(known.incident.clone()), true, at(DEATH + 13)), None);
    assert_eq!(feed.judge(at(DEATH + 14)), None);
    assert!(feed.incident().is_some());
    let over = feed.take(0, back(&known, DEATH + 50), at(DEATH + 50));
    assert_eq!(over.unwrap().incident.state, State::Resolved);
    // It was found, and waited for another partition; nobody has been told.
    assert!(followed(&[DEATH]).follow(0, Some(known.incident), true, at(DEATH + 60)).is_some());
}

/// Its end was told, and then a crash: what ended it is read again.
#[test]
fn an_old_silence_waits_for_what_its_partition_has_got_since() {
    let old = silence(DEATH, DEATH + 12);
    let mut feed = followed(&[DEATH]);
    feed.partitions[&0].heard.busy();
    assert_eq!(feed.follow(0, Some(old.incident.clone()), true, at(DEATH + 90)), None);
    assert_eq!(feed.take(0, back(&old, DEATH + 80), at(DEATH + 90)), None, "nobody knows of it");
    assert_eq!(feed.follow(0, Some(old.incident), true, at(DEATH + 90)), None);
    feed.partitions[&0].heard.idle();
    assert!(feed.judge(at(DEATH + 91)).is_some(), "nothing has come");
}

/// A thin partition is found silent long after the feed's incident, which it was part of, has ended.
#[test]
fn what_has_ended_here_hides_no_silence_of_a_thin_partition() {
    let (whole, mut feed) = resumed_with_a_thin_partition();
    assert!(feed.take(0, back(&whole, DEATH + 50), at(DEATH + 50)).is_some());
    hear(&feed, 0, DEATH + 399);
    let opened = feed.take(1, silence(DEATH - 9, DEATH + 400), at(DEATH + 400)).unwrap();
    assert_ne!(opened.incident.id, whole.incident.id);
}

/// Another instance, whose partition came back, has told of the end: this one's lasts.
#[test]
fn a_silence_that_outlasts_its_incident_is_told_under_another_id() {
    let silent = silence(DEATH, DEATH + 12);
    let mut feed = followed(&[DEATH, DEATH]);
    let whole = feed.take(0, silent.clone(), at(DEATH + 12)).unwrap();
    let id = whole.incident.id;
    let of_it = |change: Change| change.incident.id == id || change.id == whole.id;

    let mut known = followed_after(&[DEATH, DEATH], Some(&whole));
    known.know(0, id, None);
    let mut assigned = followed(&[DEATH, DEATH]);
    assigned.have_ended([id]);
    for mut feed in [known, assigned] {
        let opened = feed.follow(0, Some(silent.incident.clone()), true, at(DEATH + 60)).unwrap();
        assert!(!of_it(opened));
    }
}

/// Its state is lost: what it finds anew is what people know of.
#[test]
fn a_silence_that_is_found_again_is_the_one_that_was_told() {
    let mut known = silence(DEATH, DEATH + 12);
    known.incident.severity = Severity::Warning;
    known.sequence = 3;
    let mut feed = followed_after(&[DEATH], Some(&known));
    let found = silence(DEATH, DEATH + 40);
    assert_eq!(feed.take(0, found.clone(), at(DEATH + 40)), None);
    let over = feed.take(0, back(&found, DEATH + 50), at(DEATH + 50)).unwrap();
    assert_eq!((over.sequence, over.incident.id), (4, known.incident.id));
}

/// Another instance, whose partition it was of, has told of its end.
#[test]
fn an_incident_of_others_hides_no_later_silence() {
    let mut of_another = silence(DEATH, DEATH + 12);
    of_another.incident.partitions = Some(SilentPartitions { silent: vec![7], of: 8 });
    let mut of_all = of_another.clone();
    of_all.incident.partitions = None;
    for known in [of_another, of_all] {
        let mut feed = followed_after(&[DEATH + 90, DEATH + 90], Some(&known));
        assert_eq!(feed.incident(), None, "nothing is silent here");
        let found = silence(DEATH + 90, DEATH + 102);
        let opened = feed.take(0, found, at(DEATH + 102)).unwrap();
        assert_eq!((opened.sequence, opened.incident.state), (0, State::Opened));
        assert_ne!(opened.incident.id, known.incident.id);
    }
}

/// Found silent before the restart, and not told: the incident is of another's partition.
#[test]
fn an_incident_of_others_is_not_ended_here() {
    let mut of_another = silence(DEATH, DEATH + 12);
    of_another.incident.partitions = Some(SilentPartitions { silent: vec![7], of: 8 });
    let mut feed = followed_after(&[DEATH + 1], Some(&of_another));
    let own = silence(DEATH + 1, DEATH + 13).incident;
    let opened = feed.follow(0, Some(own), true, at(DEATH + 20)).unwrap();
    assert_ne!(opened.incident.id, of_another.incident.id);
}

#[test]
fn a_silence_waits_for_partitions_that_are_still_read_but_not_for_ever() {
    let still_read = || {
        let mut feed = followed(&[DEATH, DEATH]);
        feed.assign(2, Arc::default(), None);
        // The silence itself is an old one: it is heard of after the start.
        assert_eq!(feed.take(0, silence(DEATH, DEATH + 12), at(DEATH + 40)), None);
        assert_eq!(feed.judge(at(DEATH + 49)), None);
        feed
    };
    assert_eq!(told(still_read().judge(at(DEATH + 50))).1, Severity::Notice, "after ten minutes");

    let mut gets_mentions = still_read();
    hear(&gets_mentions, 2, DEATH + 45);
    assert_eq!(told(gets_mentions.judge(at(DEATH + 49))).1, Severity::Notice);

    let mut lags = still_read();
    lags.partitions[&2].heard.hear(at(DEATH), None);
    assert_eq!(lags.follow(2, None, false, at(DEATH + 49)), None, "more may be waiting");
    lags.partitions[&2].heard.idle();
    assert_eq!(told(lags.judge(at(DEATH + 49))).1, Severity::Warning, "its end is reached");
}

#[test]
fn a_partition_that_leaves_takes_its_silence_along() {
    let mut feed = followed(&[DEATH, DEATH + 12]);
    assert!(feed.take(0, silence(DEATH, DEATH + 12), at(DEATH + 12)).is_some());
    feed.revoke(0, &Arc::default());
    assert!(feed.incident().is_some(), "that was an earlier life of the partition");
    feed.revoke(0, &Arc::clone(&feed.partitions[&0].heard));
    assert_eq!(feed.incident(), None);
    assert_eq!(feed.judge(at(DEATH + 20)), None);
    assert!(feed.begins_with(1));
}

/// Whoever reads that partition by now goes on with the incident; here people know of it all the same.
#[test]
fn an_incident_that_leaves_is_still_known() {
    let (whole, mut feed) = resumed_with_a_thin_partition();
    feed.revoke(0, &Arc::clone(&feed.partitions[&0].heard));
    assert_eq!(feed.incident(), None);
    assert_eq!(feed.take(1, silence(DEATH - 9, DEATH + 400), at(DEATH + 400)), None);
    assert_eq!(feed.incident().map(|it| it.id), Some(whole.incident.id));
}

proptest! {
    /// Told by several instances, or one after the other: an alert with the id of another is not sent.
    #[test]
    fn whoever_is_found_silent_first_tells_of_the_same_onset_under_an_id_of_its_own(
        last in proptest::collection::vec(DEATH - 3..=DEATH, 2..20),
        first in any::<prop::sample::Index>(),
        found in 12_i64..40,
    ) {
        let open = |first: usize, found: i64| {
            let change = silence(last[first], DEATH + found);
            let number = i32::try_from(first).unwrap();
            followed(&last).take(number, change, at(DEATH + found)).unwrap()
        };
        let first = first.index(last.len());
        let (change, other) = (open(first, found), open((first + 1) % last.len(), 12));
        prop_assert_eq!(change.incident.onset, other.incident.onset);
        prop_assert_ne!(change.id, other.id);
        prop_assert_ne!(change.incident.id, other.incident.id);
        prop_assert_eq!(change.id, open(first, found + 1).id, "found again after a crash, it is the same");
        prop_assert_eq!(change.incident.severity, Severity::Warning);
    }
}

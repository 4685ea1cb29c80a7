//! A shard that was rebuilt goes on from what people know.

use uuid::Uuid;

use crate::incident::{Change, Direction, State};
use crate::mention::Timestamp;
use crate::shard::Shard;

use super::streams::{HOUR, START, feed, ordinary, plan};

/// A shard in which a rise is open, and the change that told it.
fn risen() -> (Shard, Change) {
    let storm = 30 * HOUR;
    let times = |brand: usize, now: i64| if brand == 1 && now >= storm { 15.0 } else { 1.0 };
    let mut shard = Shard::new(plan(), "feed");
    feed(&mut shard, &ordinary(2, 0, storm + HOUR, times));
    let open = shard.open_changes().remove(0);
    assert_eq!(open.incident.direction, Direction::Up);
    (shard, open)
}

#[test]
fn what_is_open_in_both_goes_on_as_people_know_it() {
    let (mut shard, open) = risen();
    let mut told = open.clone();
    told.incident.onset = Timestamp::from_millis(START + HOUR);
    told.incident.id = Uuid::from_u128(7);
    told.sequence = 4;
    let mut changes = Vec::new();
    shard.go_on_from(std::slice::from_ref(&told), &mut changes);
    assert_eq!(changes, []);
    let now = shard.open_changes().remove(0);
    assert_eq!((now.incident.id, now.incident.onset), (told.incident.id, told.incident.onset));
    assert_eq!((now.sequence, now.incident.mentions), (4, open.incident.mentions));
}

#[test]
fn what_is_known_by_name_is_left_as_it_is() {
    let (mut shard, open) = risen();
    shard.save().unwrap();
    let before = shard.open_changes();
    shard.go_on_from(&before, &mut Vec::new());
    assert_eq!(shard.open_changes(), before);
    let saved = shard.save().unwrap();
    assert!(saved.put.iter().all(|part| part.key.brand().is_none()), "nothing has changed");
    assert_eq!(open.incident.state, before[0].incident.state);
}

#[test]
fn what_is_open_no_more_is_resolved() {
    let (mut shard, open) = risen();
    let mut fall = open.clone();
    fall.incident.direction = Direction::Down;
    fall.incident.id = Uuid::from_u128(7);
    let mut gone = open.clone();
    gone.incident.brand = "Nobody's".to_owned();
    let mut changes = Vec::new();
    shard.go_on_from(&[fall.clone(), gone.clone()], &mut changes);
    for (change, told) in changes.iter().zip([&fall, &gone]) {
        assert_eq!(change.incident.id, told.incident.id);
        assert_eq!((change.sequence, change.incident.state), (told.sequence + 1, State::Resolved));
        assert_eq!(change.incident.resolved_at, shard.watermark());
        assert_eq!(change.incident.samples, told.incident.samples);
    }
    assert_eq!(changes.len(), 2);
    assert_eq!(shard.open_changes(), [open]);
}

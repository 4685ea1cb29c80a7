//! The store, the same with SQLite and with PostgreSQL.

use std::path::Path;
use std::time::{Duration, Instant};

use groundswell::incident::{Change, State, Subject};
use groundswell::mention::Timestamp;
use groundswell::secret::Secret;
use groundswell::store::{
    Carrier, Checkpoint, Engine, PartitionKey, Store, StoreError, StoreSettings,
};
use tempfile::TempDir;

use crate::support::{Postgres, unique};

/// A store of each engine.
pub fn engines(folder: &TempDir) -> [StoreSettings; 2] {
    let url = Postgres::shared().create_database(&unique("store"));
    [sqlite(folder.path()), settings(Engine::Postgres { url: Secret::new(url) })]
}

fn sqlite(folder: &Path) -> StoreSettings {
    settings(Engine::Sqlite { file: folder.join("a store?.db") })
}

fn settings(engine: Engine) -> StoreSettings {
    StoreSettings { engine, checkpoint_every: Duration::from_secs(10) }
}

pub fn at(second: i64) -> Timestamp {
    Timestamp::from_millis(1_424_640_000_000 + second * 1_000)
}

pub fn partition(number: i32) -> PartitionKey {
    PartitionKey { group: "test".to_owned(), topic: "mentions".to_owned(), number }
}

/// Alert `sequence` of incident `number`, in `state`.
pub fn change(number: u32, sequence: u32, state: State) -> Change {
    let json = include_str!("change.json");
    let mut change: Change = serde_json::from_str(json).unwrap();
    change.incident.id = uuid::Uuid::from_u128(u128::from(number));
    change.id = uuid::Uuid::new_v5(&change.incident.id, &sequence.to_be_bytes());
    change.sequence = sequence;
    change.incident.state = state;
    change
}

pub fn routes(names: &[&str]) -> Vec<Carrier> {
    names.iter().map(|&name| Carrier::now(name)).collect()
}

fn part(name: &str, bytes: &[u8]) -> (String, Vec<u8>) {
    (name.to_owned(), bytes.to_vec())
}

pub const HOLD: Duration = Duration::from_secs(15);

#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_is_loaded_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    for settings in engines(&folder) {
        let store = Store::open(&settings).await.unwrap();
        let fresh = store.claim(&partition(0)).await.unwrap();
        assert_eq!((fresh.position, fresh.parts.len(), fresh.open.len()), (None, 0, 0));
        let opened = change(1, 0, State::Opened);
        let first = Checkpoint {
            position: 5,
            put: vec![
                part("partition", b"one"),
                part("brand/Acme", &[0, 255]),
                part("seen/1", b""),
            ],
            remove: Vec::new(),
            changes: vec![(opened.clone(), routes(&["slack", "crm"]))],
        };
        store.commit(&fresh.claim, &first, at(0)).await.unwrap();
        let second = Checkpoint {
            position: 9,
            put: vec![part("partition", b"two")],
            remove: vec!["seen/1".to_owned(), "seen/0".to_owned()],
            changes: Vec::new(),
        };
        store.commit(&fresh.claim, &second, at(1)).await.unwrap();
        store.close().await;

        // The tables are there by now.
        let store = Store::open(&settings).await.unwrap();
        let stored = store.claim(&partition(0)).await.unwrap();
        assert_eq!(stored.position, Some(9));
        assert_eq!(stored.parts, [part("brand/Acme", &[0, 255]), part("partition", b"two")]);
        assert_eq!(stored.open, std::slice::from_ref(&opened));
        assert_eq!(stored.feed, None);
        let other = store.claim(&partition(1)).await.unwrap();
        assert_eq!((other.position, other.parts.len(), other.open.len()), (None, 0, 0));
        for route in ["slack", "crm"] {
            let delivery = store.take(route, at(2), HOLD).await.unwrap().unwrap();
            assert_eq!(delivery.change, opened);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_lost_a_partition_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for settings in engines(&folder) {
        let (one, two) =
            (Store::open(&settings).await.unwrap(), Store::open(&settings).await.unwrap());
        let zombie = one.claim(&partition(0)).await.unwrap().claim;
        let checkpoint = |position| Checkpoint {
            position,
            put: vec![part("partition", &[position as u8])],
            changes: vec![(change(position as u32, 0, State::Opened), routes(&["slack"]))],
            ..Checkpoint::default()
        };
        one.commit(&zombie, &checkpoint(1), at(0)).await.unwrap();
        let heir = two.claim(&partition(0)).await.unwrap();
        let refused = one.commit(&zombie, &checkpoint(2), at(1)).await.unwrap_err();
        assert!(matches!(refused, StoreError::Fenced { number: 0, .. }), "{refused}");
        two.commit(&heir.claim, &checkpoint(3), at(2)).await.unwrap();
        assert!(one.commit(&zombie, &checkpoint(4), at(3)).await.is_err());

        let stored = two.claim(&partition(0)).await.unwrap();
        assert_eq!((stored.position, stored.parts), (Some(3), vec![part("partition", &[3])]));
        assert_eq!(
            two.outbox_counts(at(1_000)).await.unwrap()[0].pending,
            2,
            "1 and 3, not 2 and 4"
        );
    }
}

/// Of two that claim and write at once, over and over, none ever writes after the other's claim.
#[tokio::test(flavor = "multi_thread")]
async fn claims_and_checkpoints_do_not_interleave() {
    let folder = tempfile::tempdir().unwrap();
    for settings in engines(&folder) {
        let mut writers = tokio::task::JoinSet::new();
        for _ in 0..3 {
            let store = Store::open(&settings).await.unwrap();
            writers.spawn(async move {
                for _ in 0..20 {
                    let stored = store.claim(&partition(0)).await.unwrap();
                    let next = stored.position.unwrap_or(0) + 1;
                    let checkpoint = Checkpoint {
                        position: next,
                        put: vec![part("count", &next.to_be_bytes())],
                        changes: vec![(change(next as u32, 0, State::Opened), routes(&["slack"]))],
                        ..Checkpoint::default()
                    };
                    match store.commit(&stored.claim, &checkpoint, at(next)).await {
                        Ok(()) | Err(StoreError::Fenced { .. }) => {}
                        Err(failure) => panic!("{failure}"),
                    }
                }
            });
        }
        while let Some(ended) = writers.join_next().await {
            ended.unwrap();
        }
        let store = Store::open(&settings).await.unwrap();
        let stored = store.claim(&partition(0)).await.unwrap();
        let position = stored.position.unwrap();
        assert_eq!(stored.parts, [part("count", &position.to_be_bytes())]);
        let pending = store.outbox_counts(at(1_000)).await.unwrap()[0].pending;
        assert_eq!(pending, position as u64, "each count was written once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn incidents_are_open_until_they_are_resolved_and_a_feeds_is_its_topics() {
    let folder = tempfile::tempdir().unwrap();
    for settings in engines(&folder) {
        let store = Store::open(&settings).await.unwrap();
        let claim = store.claim(&partition(0)).await.unwrap().claim;
        let mut silence = change(9, 0, State::Opened);
        silence.incident.subject = Subject::Feed;
        let changes = [
            change(1, 0, State::Opened),
            change(2, 0, State::Opened),
            change(1, 1, State::Escalated),
            change(2, 1, State::Resolved),
            silence.clone(),
        ];
        let write = |changes: &[Change], position| Checkpoint {
            position,
            changes: changes.iter().map(|change| (change.clone(), Vec::new())).collect(),
            ..Checkpoint::default()
        };
        store.commit(&claim, &write(&changes, 1), at(0)).await.unwrap();
        // Written again, as after a commit whose answer was lost: nothing turns back.
        store.commit(&claim, &write(&changes[..1], 1), at(0)).await.unwrap();
        let open = store.claim(&partition(0)).await.unwrap();
        assert_eq!((open.open, open.feed), (vec![changes[2].clone()], Some(silence.clone())));
        let elsewhere = store.claim(&partition(7)).await.unwrap();
        assert_eq!((elsewhere.open, elsewhere.feed), (Vec::new(), Some(silence.clone())));
        assert!(elsewhere.feed_ended.is_empty());
        let incident = silence.incident.id;
        assert_eq!(store.latest_of(incident).await.unwrap(), Some(silence));

        let mut over = change(9, 1, State::Resolved);
        over.incident.subject = Subject::Feed;
        store.commit(&open.claim, &write(&[over], 2), at(0)).await.unwrap();
        let elsewhere = store.claim(&partition(7)).await.unwrap();
        assert_eq!((elsewhere.feed, elsewhere.feed_ended), (None, vec![incident]));
        assert_eq!(store.latest_of(incident).await.unwrap(), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn incidents_resolved_long_ago_are_forgotten_and_open_ones_are_not() {
    let folder = tempfile::tempdir().unwrap();
    for settings in engines(&folder) {
        let store = Store::open(&settings).await.unwrap();
        let claim = store.claim(&partition(0)).await.unwrap().claim;
        let (open, mut resolved, mut lately) = (
            change(1, 0, State::Opened),
            change(2, 0, State::Resolved),
            change(3, 0, State::Resolved),
        );
        resolved.incident.updated_at = open.incident.updated_at;
        lately.incident.updated_at = open.incident.updated_at.plus_millis(1);
        let changes = [&open, &resolved, &lately].map(|it| (it.clone(), Vec::new())).to_vec();
        let checkpoint = Checkpoint { position: 1, changes, ..Checkpoint::default() };
        store.commit(&claim, &checkpoint, at(0)).await.unwrap();
        for change in [&open, &resolved] {
            let id = change.incident.id;
            store.remember_messages("slack", &[(id, "there".to_owned())].into()).await.unwrap();
        }
        let before = open.incident.updated_at.plus_millis(1);
        assert_eq!(store.forget_resolved(before).await.unwrap(), 1);
        assert_eq!(store.forget_resolved(before).await.unwrap(), 0);
        let message = async |change: &Change| {
            store.messages("slack", &[change.incident.id]).await.unwrap()[0].is_some()
        };
        assert!(message(&open).await);
        assert!(!message(&resolved).await, "it is forgotten with its incident");
        assert_eq!(store.claim(&partition(0)).await.unwrap().open, [open]);
    }
}

/// As of a thousand brands that are read for the first time.
#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_of_many_parts_is_written_and_their_end_too() {
    let folder = tempfile::tempdir().unwrap();
    for settings in engines(&folder) {
        let store = Store::open(&settings).await.unwrap();
        let claim = store.claim(&partition(0)).await.unwrap().claim;
        let names = || (0..50_000).map(|number| format!("brand/{number}"));
        let mut checkpoint = Checkpoint {
            position: 1,
            put: names().map(|name| part(&name, name.as_bytes())).collect(),
            remove: Vec::new(),
            changes: Vec::new(),
        };
        store.commit(&claim, &checkpoint, at(0)).await.unwrap();
        let stored = store.claim(&partition(0)).await.unwrap();
        assert_eq!(stored.parts.len(), 50_000);
        assert!(stored.parts.iter().all(|(name, bytes)| name.as_bytes() == bytes));
        checkpoint.put.clear();
        checkpoint.remove = names().skip(1).collect();
        store.commit(&stored.claim, &checkpoint, at(1)).await.unwrap();
        let stored = store.claim(&partition(0)).await.unwrap();
        assert_eq!(stored.parts, [part("brand/0", b"brand/0")]);
    }
}

/// Of a server that needs longer for all of it than it may take for a part.
#[tokio::test(flavor = "multi_thread")]
async fn a_large_state_is_claimed_however_slow_the_server() {
    let (server, database) = (Postgres::shared(), unique("slow"));
    let url = Secret::new(server.create_database(&database));
    let settings = settings(Engine::Postgres { url });
    let store = Store::open(&settings).await.unwrap();
    let claim = store.claim(&partition(0)).await.unwrap().claim;
    let put = (0..300).map(|number| part(&format!("brand/{number}"), b"of it")).collect();
    let checkpoint = Checkpoint { position: 1, put, ..Checkpoint::default() };
    store.commit(&claim, &checkpoint, at(0)).await.unwrap();
    store.close().await;
    server.query(
        &database,
        &format!(
            "ALTER TABLE parts RENAME TO kept; \
             CREATE VIEW parts AS SELECT kept.* FROM kept, \
             LATERAL (SELECT pg_sleep(0.02 + 0 * length(kept.name))) AS slowly; \
             ALTER DATABASE \"{database}\" SET enable_sort = off; \
             ALTER DATABASE \"{database}\" SET enable_seqscan = off; \
             ALTER DATABASE \"{database}\" SET enable_bitmapscan = off"
        ),
    );
    let store = Store::open(&settings).await.unwrap();
    let began = Instant::now();
    let stored = store.claim(&partition(0)).await.unwrap();
    assert!(began.elapsed() > Duration::from_secs(5), "it was not slow: {:?}", began.elapsed());
    assert_eq!((stored.position, stored.parts.len()), (Some(1), 300));
}

/// A newer version's, say: the partition is read without it.
#[tokio::test(flavor = "multi_thread")]
async fn an_incident_that_cannot_be_read_keeps_nobody_from_its_partition() {
    let (server, database) = (Postgres::shared(), unique("newer"));
    let url = Secret::new(server.create_database(&database));
    let store = Store::open(&settings(Engine::Postgres { url })).await.unwrap();
    let claim = store.claim(&partition(0)).await.unwrap().claim;
    let changes = [1, 2].map(|number| (change(number, 0, State::Opened), Vec::new()));
    let checkpoint = Checkpoint { position: 1, changes: changes.to_vec(), ..Checkpoint::default() };
    store.commit(&claim, &checkpoint, at(0)).await.unwrap();
    let newer = format!(
        "UPDATE incidents SET change = replace(change, 'opened', 'pondered') WHERE id = '{}'",
        changes[0].0.incident.id
    );
    server.query(&database, &newer);
    let stored = store.claim(&partition(0)).await.unwrap();
    assert_eq!(stored.open, [changes[1].0.clone()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_not_there_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = sqlite(&folder.path().join("missing"));
    let words = Store::open(&nowhere).await.unwrap_err().to_string();
    assert!(words.contains("SQLite at") && words.contains("[store]"), "{words}");
    let url = Secret::new("postgres://user:hunter-two@127.0.0.1:1/groundswell");
    let words = Store::open(&settings(Engine::Postgres { url })).await.unwrap_err().to_string();
    assert!(words.contains("PostgreSQL") && words.contains("[store] postgres"), "{words}");
    assert!(!words.contains("hunter"), "{words}");
}

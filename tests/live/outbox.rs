//! What waits to be told, and who takes it: the same with SQLite and with PostgreSQL.

use std::collections::BTreeMap;

use groundswell::incident::{Change, State};
use groundswell::store::{Checkpoint, Delivery, Store};
use uuid::Uuid;

use crate::store::{HOLD, at, change, engines, partition, routes};

#[tokio::test(flavor = "multi_thread")]
async fn the_outbox_keeps_the_order_of_an_incident_and_holds_up_no_other() {
    let folder = tempfile::tempdir().unwrap();
    for settings in engines(&folder) {
        let (store, other) =
            (Store::open(&settings).await.unwrap(), Store::open(&settings).await.unwrap());
        let (first, second) = (change(1, 0, State::Opened), change(1, 1, State::Resolved));
        let another = change(2, 0, State::Opened);
        for change in [&first, &second, &another, &first] {
            store.post(change, &routes(&["slack"]), at(0)).await.unwrap();
        }
        assert_eq!(store.next_due("slack").await.unwrap(), Some(at(0)));
        assert_eq!(store.next_due("crm").await.unwrap(), None);
        assert_eq!(store.take("crm", at(0), HOLD).await.unwrap(), None);

        let taken = store.take("slack", at(0), HOLD).await.unwrap().unwrap();
        assert_eq!((&taken.change, taken.attempt, taken.first_try_at), (&first, 1, at(0)));
        let beside = other.take("slack", at(0), HOLD).await.unwrap().unwrap();
        assert_eq!(beside.change, another, "the resolution waits for the opening");
        assert_eq!(other.take("slack", at(0), HOLD).await.unwrap(), None);
        assert_eq!(store.next_due("slack").await.unwrap(), Some(at(15)), "when it is held no more");

        // Its holder has died; then it fails.
        let again = other.take("slack", at(15), HOLD).await.unwrap().unwrap();
        assert_eq!((&again.change, again.attempt, again.first_try_at), (&first, 2, at(0)));
        other.put_back(&again, at(100)).await.unwrap();
        other.accepted(&[beside], at(16)).await.unwrap();
        assert_eq!(store.take("slack", at(99), HOLD).await.unwrap(), None);
        assert_eq!(store.next_due("slack").await.unwrap(), Some(at(100)));
        let again = store.take("slack", at(100), HOLD).await.unwrap().unwrap();
        store.accepted(std::slice::from_ref(&again), at(101)).await.unwrap();
        // Whoever held it before, and thinks that it failed, comes too late.
        other.put_back(&again, at(102)).await.unwrap();
        store.park(&taken, "too late", at(103)).await.unwrap();
        let last = store.take("slack", at(104), HOLD).await.unwrap().unwrap();
        assert_eq!(last.change, second);
        assert_eq!(store.take("slack", at(104), HOLD).await.unwrap(), None);

        store.let_go().await.unwrap();
        assert_eq!(other.take("slack", at(105), HOLD).await.unwrap().unwrap().change, second);
        assert_eq!(store.forget_delivered(at(102)).await.unwrap(), 2);
        let counts = store.outbox_counts(at(1_000)).await.unwrap().remove(0);
        assert_eq!((counts.pending, counts.parked, counts.oldest_pending), (1, 0, Some(at(0))));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_route_was_told_is_known_as_long_as_it_is_open_and_a_while_longer() {
    let folder = tempfile::tempdir().unwrap();
    for settings in engines(&folder) {
        let store = Store::open(&settings).await.unwrap();
        let claim = store.claim(&partition(0)).await.unwrap().claim;
        let deliver = async |change: &Change, second, accepted| {
            let changes = vec![(change.clone(), routes(&["alerts", "crm"]))];
            let checkpoint = Checkpoint { changes, ..Checkpoint::default() };
            store.commit(&claim, &checkpoint, at(second)).await.unwrap();
            let delivery = store.take("alerts", at(second), HOLD).await.unwrap().unwrap();
            if accepted {
                store.accepted(&[delivery], at(second)).await.unwrap();
            } else {
                store.park(&delivery, "refused", at(second)).await.unwrap();
            }
        };
        let [opened, worse] =
            [(0, State::Opened), (1, State::Escalated)].map(|it| change(1, it.0, it.1));
        let [other, over] =
            [(0, State::Opened), (1, State::Resolved)].map(|it| change(2, it.0, it.1));
        let refused = change(3, 0, State::Opened);
        deliver(&opened, 0, true).await;
        deliver(&other, 1, true).await;
        deliver(&refused, 2, false).await;
        deliver(&worse, 3, true).await;
        deliver(&over, 4, true).await;
        let told = async |route: &str, second| store.told(route, at(second)).await.unwrap();
        assert_eq!(told("alerts", 5).await, [opened.clone(), worse.clone()]);
        assert_eq!(told("alerts", 4).await, [opened, worse, other, over]);
        assert_eq!(told("crm", 0).await, []);
    }
}

/// Several instances share an outbox: whoever takes some or all of what is due, of an incident nobody has what comes
/// after something that another has.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn however_many_take_at_once_an_incident_keeps_its_order() {
    const INCIDENTS: u32 = 20;
    const CHANGES: u32 = 3;
    let folder = tempfile::tempdir().unwrap();
    for settings in engines(&folder) {
        let mut stores = Vec::new();
        for _ in 0..3 {
            stores.push(Store::open(&settings).await.unwrap());
        }
        for round in 0..20 {
            let route = format!("route {round}");
            for sequence in 0..CHANGES {
                for incident in 0..INCIDENTS {
                    let change = change(incident, sequence, State::Updated);
                    stores[0].post(&change, &routes(&[&route]), at(0)).await.unwrap();
                }
            }
            let taking: Vec<_> = (stores.iter().cloned().zip([1, INCIDENTS + 7, 500]))
                .map(|(store, most)| tokio::spawn(take_until_nothing(store, route.clone(), most)))
                .collect();
            let mut taken = 0;
            let mut by_holder: Vec<BTreeMap<Uuid, Vec<u32>>> = Vec::new();
            for task in taking {
                let mut of_incidents = BTreeMap::<Uuid, Vec<u32>>::new();
                for Delivery { change, .. } in task.await.unwrap() {
                    taken += 1;
                    of_incidents.entry(change.incident.id).or_default().push(change.sequence);
                }
                by_holder.push(of_incidents);
            }
            // Nobody gives back: of an incident one has the first, and alone what comes after it.
            for sequences in by_holder.iter().flat_map(BTreeMap::values) {
                let in_order: Vec<u32> = (0..CHANGES).take(sequences.len()).collect();
                assert_eq!(*sequences, in_order, "round {round}: {by_holder:?}");
            }
            assert!(taken >= INCIDENTS, "each incident's first is somebody's");
        }
    }
}

/// All that one gets who asks, `most` at a time, and ends nothing.
async fn take_until_nothing(store: Store, route: String, most: u32) -> Vec<Delivery> {
    let mut all: Vec<Delivery> = Vec::new();
    loop {
        let taken = match most {
            1 => store.take(&route, at(1), HOLD).await.unwrap().into_iter().collect(),
            most => store.take_all(&route, at(1), HOLD, most).await.unwrap(),
        };
        if taken.is_empty() {
            return all;
        }
        all.extend(taken);
    }
}

//! What people do about incidents, and who is told what then: the same with SQLite and with PostgreSQL.

use groundswell::incident::{Act, Change, Response, Severity, State};
use groundswell::mention::Timestamp;
use groundswell::store::{
    Carrier, Checkpoint, Claim, Event, IncidentFilter, Responded, Store, StoreError,
};
use uuid::Uuid;

use crate::store::{HOLD, at, change, engines, partition};

/// A store with a partition that is claimed.
pub struct Scene {
    pub store: Store,
    pub claim: Claim,
}

impl Scene {
    pub async fn of_each_engine(folder: &tempfile::TempDir) -> Vec<Self> {
        let mut scenes = Vec::new();
        for settings in engines(folder) {
            let store = Store::open(&settings).await.unwrap();
            let claim = store.claim(&partition(0)).await.unwrap().claim;
            scenes.push(Self { store, claim });
        }
        scenes
    }

    /// Mentions cause `change` at second `now`.
    pub async fn tell(&self, change: &Change, carriers: &[Carrier], now: i64) {
        let changes = vec![(change.clone(), carriers.to_vec())];
        let checkpoint = Checkpoint { position: now, changes, ..Checkpoint::default() };
        self.store.commit(&self.claim, &checkpoint, at(now)).await.unwrap();
        // What is not known to be written is written again.
        self.store.commit(&self.claim, &checkpoint, at(now)).await.unwrap();
    }

    pub async fn respond(&self, response: &Response, carriers: &[Carrier]) -> Responded {
        self.store.respond(response, |_| carriers.to_vec()).await.unwrap()
    }

    /// What is sent on `route` until second `now`: `sequence state`, each.
    pub async fn sent(&self, route: &str, now: i64) -> Vec<String> {
        let mut sent = Vec::new();
        while let Some(delivery) = self.store.take(route, at(now), HOLD).await.unwrap() {
            self.store.accepted(std::slice::from_ref(&delivery), at(now)).await.unwrap();
            let incident = &delivery.change.incident;
            let by =
                incident.acknowledged.as_ref().map_or(String::new(), |it| format!(" by {}", it.by));
            sent.push(format!("{} {}{by}", delivery.change.sequence, incident.state.name()));
        }
        sent
    }
}

pub fn slack() -> Vec<Carrier> {
    vec![Carrier::now("slack")]
}

pub fn response(number: u128, incident: u32, act: Act, now: i64) -> Response {
    let (id, incident) = (Uuid::from_u128(number), Uuid::from_u128(u128::from(incident)));
    Response { id, incident, by: "Dana".to_owned(), at: at(now), act, shown: None }
}

/// Alert `sequence` of incident 1, this severe.
pub fn of_severity(sequence: u32, state: State, severity: Severity) -> Change {
    let mut change = change(1, sequence, state);
    change.incident.severity = severity;
    change
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_told_of_an_incident_hears_who_has_taken_it() {
    let folder = tempfile::tempdir().unwrap();
    for scene in Scene::of_each_engine(&folder).await {
        let both = [Carrier::now("slack"), Carrier::now("pager")];
        scene.tell(&change(1, 0, State::Opened), &slack(), 0).await;
        let acknowledge = response(1, 1, Act::Acknowledge, 5);
        assert_eq!(scene.respond(&acknowledge, &both).await, Responded::Done);
        assert_eq!(scene.respond(&acknowledge, &both).await, Responded::Known, "given again");
        let late = response(2, 1, Act::Acknowledge, 6);
        assert_eq!(scene.respond(&late, &both).await, Responded::Moot, "Dana was first");
        assert_eq!(scene.sent("slack", 6).await, ["0 opened", "0 acknowledged by Dana"]);
        assert!(scene.sent("pager", 6).await.is_empty(), "it was never told of the incident");

        scene.tell(&change(1, 1, State::Updated), &both, 7).await;
        assert_eq!(scene.sent("slack", 7).await, ["1 updated by Dana"]);
        // What has become more severe is no longer what Dana took.
        scene.tell(&change(1, 2, State::Escalated), &both, 8).await;
        assert_eq!(scene.sent("slack", 8).await, ["2 escalated"]);
        let again = response(3, 1, Act::Acknowledge, 9);
        assert_eq!(scene.respond(&again, &both).await, Responded::Done);
        scene.tell(&change(1, 3, State::Resolved), &both, 10).await;
        assert_eq!(scene.sent("slack", 10).await, ["2 acknowledged by Dana", "3 resolved by Dana"]);
        let over = response(4, 1, Act::Acknowledge, 11);
        assert_eq!(scene.respond(&over, &both).await, Responded::Moot);

        let nobody = scene.store.respond(&response(5, 9, Act::Acknowledge, 11), |_| slack()).await;
        assert!(matches!(nobody, Err(StoreError::NoIncident(_))), "{nobody:?}");
    }
}

/// A receiver that is away must not hear that an incident was taken before it hears of the incident.
#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledgement_waits_behind_what_it_answers() {
    let folder = tempfile::tempdir().unwrap();
    for scene in Scene::of_each_engine(&folder).await {
        scene.tell(&change(1, 0, State::Opened), &slack(), 0).await;
        let opening = scene.store.take("slack", at(0), HOLD).await.unwrap().unwrap();
        scene.store.put_back(&opening, at(100)).await.unwrap();
        scene.respond(&response(1, 1, Act::Acknowledge, 5), &slack()).await;
        assert!(scene.sent("slack", 99).await.is_empty());
        assert_eq!(scene.store.next_due("slack").await.unwrap(), Some(at(100)));
        assert_eq!(scene.sent("slack", 100).await, ["0 opened", "0 acknowledged by Dana"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn others_are_woken_only_while_nobody_has_taken_the_incident() {
    let folder = tempfile::tempdir().unwrap();
    for scene in Scene::of_each_engine(&folder).await {
        let boss = |due| {
            [Carrier { route: "boss".to_owned(), due_at: Some(at(due)), until_acknowledged: true }]
        };
        scene.tell(&change(1, 0, State::Opened), &boss(600), 0).await;
        // Newer words take the place in time of the older ones.
        scene.tell(&change(1, 1, State::Updated), &boss(900), 300).await;
        let counts = scene.store.outbox_counts(at(599)).await.unwrap();
        assert_eq!((counts[0].pending, counts[0].waiting, counts[0].oldest_pending), (0, 1, None));
        assert!(scene.sent("boss", 599).await.is_empty());
        assert_eq!(scene.sent("boss", 600).await, ["1 updated"]);
        scene.respond(&response(1, 1, Act::Acknowledge, 700), &boss(1300)).await;
        scene.tell(&change(1, 2, State::Updated), &boss(1310), 710).await;
        assert_eq!(scene.sent("boss", 2000).await, ["1 acknowledged by Dana"], "it is taken");
        scene.tell(&change(1, 3, State::Resolved), &boss(2700), 2100).await;
        assert_eq!(scene.sent("boss", 2100).await, ["3 resolved by Dana"], "it was told of it");

        scene.tell(&change(2, 0, State::Opened), &boss(4000), 3000).await;
        scene.respond(&response(2, 2, Act::Acknowledge, 3100), &boss(4100)).await;
        scene.tell(&change(2, 1, State::Resolved), &boss(4200), 3200).await;
        assert!(scene.sent("boss", 9000).await.is_empty(), "taken in time");
        scene.tell(&change(4, 0, State::Opened), &boss(9_010), 9_000).await;
        scene.respond(&response(3, 4, Act::Acknowledge, 9_020), &boss(9_100)).await;
        assert!(scene.sent("boss", 9_030).await.is_empty(), "taken before it was sent, though due");
        scene.tell(&change(3, 0, State::Opened), &boss(9600), 9000).await;
        scene.tell(&change(3, 1, State::Resolved), &boss(9700), 9100).await;
        assert!(scene.sent("boss", 9999).await.is_empty(), "over in time");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_hears_of_things_in_the_morning_hears_once_how_they_stand_then() {
    let folder = tempfile::tempdir().unwrap();
    for scene in Scene::of_each_engine(&folder).await {
        let morning = [Carrier {
            route: "team".to_owned(),
            due_at: Some(at(500)),
            until_acknowledged: false,
        }];
        scene.tell(&change(1, 0, State::Opened), &morning, 0).await;
        scene.tell(&change(1, 1, State::Updated), &morning, 50).await;
        scene.tell(&change(2, 0, State::Opened), &morning, 60).await;
        scene.tell(&change(2, 1, State::Resolved), &morning, 70).await;
        scene.tell(&change(3, 0, State::Opened), &morning, 80).await;
        scene.respond(&response(1, 3, Act::Acknowledge, 90), &morning).await;
        assert!(scene.sent("team", 499).await.is_empty());
        let mut sent = scene.sent("team", 500).await;
        sent.sort();
        assert_eq!(sent, ["0 acknowledged by Dana", "1 resolved", "1 updated"]);
        let late = [Carrier { due_at: Some(at(900)), ..Carrier::now("team") }];
        scene.tell(&change(1, 2, State::Resolved), &late, 600).await;
        assert_eq!(scene.sent("team", 600).await, ["2 resolved"], "an end is told at once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_happened_to_an_incident_is_there_in_order_until_it_is_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    for scene in Scene::of_each_engine(&folder).await {
        let moved = |sequence, state, second| {
            let mut change = change(1, sequence, state);
            change.incident.updated_at = at(second);
            change
        };
        scene.tell(&moved(0, State::Opened, 0), &slack(), 0).await;
        let id = Uuid::from_u128(1);
        let version = async || scene.store.incident(id, at(9)).await.unwrap().unwrap().version;
        let first = version().await;
        let note = Act::Note { text: "לא \u{202e}<b>us</b>".to_owned() };
        let (note, silence) =
            (response(1, 1, note, 2), response(2, 1, Act::Silence { until: at(60) }, 4));
        for response in [&note, &silence] {
            assert_eq!(scene.respond(response, &slack()).await, Responded::Done);
        }
        assert_eq!(scene.respond(&note, &slack()).await, Responded::Known);
        assert!(version().await > first);
        scene.tell(&moved(1, State::Resolved, 6), &slack(), 6).await;
        let changed = |second, state: &str| Event::Changed {
            at: at(second),
            state: state.to_owned(),
            severity: "critical".to_owned(),
        };
        let expected = [
            changed(0, "opened"),
            Event::Answered(note),
            Event::Answered(silence),
            changed(6, "resolved"),
        ];
        assert_eq!(scene.store.events(id).await.unwrap(), expected);
        assert_eq!(scene.store.forget_silences(at(59)).await.unwrap(), 0);
        assert!(scene.store.incident(id, at(9)).await.unwrap().unwrap().silenced_until.is_some());
        assert_eq!(scene.store.forget_silences(at(60)).await.unwrap(), 1);
        scene.store.forget_resolved(at(7)).await.unwrap();
        assert!(scene.store.events(id).await.unwrap().is_empty());
        assert_eq!(scene.store.incident(id, at(9)).await.unwrap(), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn incidents_are_listed_latest_first_page_after_page() {
    let folder = tempfile::tempdir().unwrap();
    for scene in Scene::of_each_engine(&folder).await {
        for number in 1..=7 {
            let state = if number % 2 == 0 { State::Resolved } else { State::Opened };
            let mut change = change(number, 0, state);
            // Three were detected at the same moment.
            change.incident.detected_at = at(i64::from(number.clamp(2, 5)));
            change.incident.brand = if number < 3 { "Delta" } else { "American" }.to_owned();
            scene.tell(&change, &[], i64::from(number)).await;
        }
        let numbers = async |filter: &IncidentFilter| -> Vec<u128> {
            let found = scene.store.incidents(filter, at(9)).await.unwrap();
            found.iter().map(|it| it.incident.id.as_u128()).collect()
        };
        let mut filter = IncidentFilter { limit: 3, ..IncidentFilter::default() };
        let mut pages = Vec::new();
        loop {
            let found = scene.store.incidents(&filter, at(9)).await.unwrap();
            let Some(last) = found.last() else { break };
            filter.after = Some((last.incident.detected_at, last.incident.id));
            pages.push(found.iter().map(|it| it.incident.id.as_u128()).collect::<Vec<_>>());
        }
        assert_eq!(pages, [vec![7, 6, 5], vec![4, 3, 2], vec![1]]);
        let all = IncidentFilter { limit: 10, ..IncidentFilter::default() };
        assert_eq!(
            numbers(&IncidentFilter { open: Some(true), ..all.clone() }).await,
            [7, 5, 3, 1]
        );
        assert_eq!(numbers(&IncidentFilter { open: Some(false), ..all.clone() }).await, [6, 4, 2]);
        let delta = IncidentFilter { brand: Some("Delta".to_owned()), ..all };
        assert_eq!(numbers(&delta).await, [2, 1]);
    }
}

/// A route that does not carry the end must not tell of the beginning after it.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_told_later_of_what_is_over() {
    let folder = tempfile::tempdir().unwrap();
    for scene in Scene::of_each_engine(&folder).await {
        let boss =
            [Carrier { route: "boss".to_owned(), due_at: Some(at(900)), until_acknowledged: true }];
        scene.tell(&change(1, 0, State::Opened), &boss, 0).await;
        scene.tell(&change(1, 1, State::Resolved), &[], 300).await;
        assert!(scene.sent("boss", 9_000).await.is_empty());
    }
}

/// Whoever takes an incident and the mentions that change it may come at the same moment.
#[tokio::test(flavor = "multi_thread")]
async fn responses_and_checkpoints_at_once_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for scene in Scene::of_each_engine(&folder).await {
        for incident in 1..=2 {
            scene.tell(&change(incident, 0, State::Opened), &slack(), 0).await;
        }
        let people = scene.store.clone();
        let responding = tokio::spawn(async move {
            for number in 1..=40 {
                let incident = 1 + number as u32 % 2;
                let act = if number % 4 < 2 {
                    Act::Silence { until: Timestamp::from_millis(at(100).as_millis()) }
                } else {
                    Act::Unsilence
                };
                let response = response(number, incident, act, 1);
                people.respond(&response, |_| slack()).await.unwrap();
            }
        });
        for sequence in 1..=20 {
            for incident in 1..=2 {
                let change = change(incident, sequence, State::Updated);
                let changes = vec![(change, slack())];
                let checkpoint = Checkpoint { position: 1, changes, ..Checkpoint::default() };
                // The store may ask to be asked again.
                while scene.store.commit(&scene.claim, &checkpoint, at(2)).await.is_err() {}
            }
        }
        responding.await.unwrap();
        for incident in 1..=2 {
            let id = Uuid::from_u128(incident);
            let standing = scene.store.incident(id, at(3)).await.unwrap().unwrap();
            assert_eq!(standing.version.sequence, 20);
            let answered = |it: &&Event| matches!(it, Event::Answered(_));
            let events = scene.store.events(id).await.unwrap();
            assert_eq!(events.iter().filter(answered).count(), 20);
        }
        let last = scene.sent("slack", 200).await;
        assert_eq!(last.iter().filter(|it| it.starts_with("20 updated")).count(), 2, "{last:?}");
    }
}

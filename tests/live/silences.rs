//! When people want to hear nothing: the same with SQLite and with PostgreSQL.

use groundswell::detect::MarkedAs;
use groundswell::incident::{Act, Severity, State};
use groundswell::store::Responded;
use uuid::Uuid;

use crate::responses::{Scene, of_severity, response, slack};
use crate::store::{at, change};

#[tokio::test(flavor = "multi_thread")]
async fn a_silence_puts_off_what_is_not_more_severe() {
    let folder = tempfile::tempdir().unwrap();
    for scene in Scene::of_each_engine(&folder).await {
        let (warning, critical) = (Severity::Warning, Severity::Critical);
        scene.tell(&of_severity(0, State::Opened, warning), &slack(), 0).await;
        assert_eq!(scene.sent("slack", 0).await, ["0 opened"]);
        scene.tell(&of_severity(1, State::Updated, warning), &slack(), 1).await;
        scene.respond(&response(1, 1, Act::Silence { until: at(1_000) }, 2), &slack()).await;
        // What had not been sent is told before it is silent.
        assert_eq!(scene.sent("slack", 3).await, ["1 updated", "1 acknowledged by Dana"]);
        scene.tell(&of_severity(2, State::Updated, warning), &slack(), 4).await;
        scene.tell(&of_severity(3, State::Updated, warning), &slack(), 5).await;
        let mut other = change(2, 0, State::Opened);
        other.incident.severity = Severity::Notice;
        scene.tell(&other, &slack(), 6).await;
        assert!(scene.sent("slack", 999).await.is_empty(), "the brand is silenced");
        let counts = scene.store.outbox_counts(at(999)).await.unwrap();
        assert_eq!((counts[0].pending, counts[0].waiting), (0, 2));
        let standing = scene.store.incident(other.incident.id, at(999)).await.unwrap().unwrap();
        assert_eq!(standing.silenced_until, Some(at(1_000)));
        assert_eq!(scene.sent("slack", 1_000).await, ["3 updated by Dana", "0 opened"]);

        scene.respond(&response(2, 1, Act::Silence { until: at(5_000) }, 2_000), &slack()).await;
        scene.tell(&of_severity(4, State::Updated, warning), &slack(), 2_001).await;
        scene.tell(&of_severity(5, State::Escalated, critical), &slack(), 2_002).await;
        assert_eq!(scene.sent("slack", 2_002).await, ["5 escalated"], "it is worse than that");
        scene.respond(&response(3, 1, Act::Silence { until: at(5_000) }, 2_100), &slack()).await;
        assert_eq!(scene.sent("slack", 2_100).await, ["5 acknowledged by Dana"]);
        scene.tell(&of_severity(6, State::Updated, critical), &slack(), 2_200).await;
        scene.tell(&of_severity(7, State::Resolved, critical), &slack(), 2_300).await;
        assert_eq!(scene.sent("slack", 2_300).await, ["7 resolved by Dana"], "an end wakes nobody");

        // What of another incident was on its way, and nobody has tried to send, waits as well.
        scene.tell(&change(3, 0, State::Opened), &slack(), 6_000).await;
        scene.respond(&response(4, 1, Act::Silence { until: at(7_000) }, 6_001), &slack()).await;
        assert!(scene.sent("slack", 6_999).await.is_empty());
        assert_eq!(scene.sent("slack", 7_000).await, ["0 opened"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waited_for_a_silence_is_told_when_people_end_it() {
    let folder = tempfile::tempdir().unwrap();
    for scene in Scene::of_each_engine(&folder).await {
        scene.tell(&change(1, 0, State::Opened), &slack(), 0).await;
        scene.respond(&response(1, 1, Act::Silence { until: at(1_000) }, 1), &slack()).await;
        scene.tell(&change(1, 1, State::Updated), &slack(), 2).await;
        // Begun and over in the silence.
        scene.tell(&change(2, 0, State::Opened), &slack(), 3).await;
        scene.tell(&change(2, 1, State::Resolved), &slack(), 4).await;
        assert!(scene.sent("slack", 10).await.iter().all(|it| it.starts_with('0')));
        scene.respond(&response(2, 1, Act::Unsilence, 20), &slack()).await;
        assert_eq!(scene.sent("slack", 20).await, ["1 updated by Dana"]);
        let standing = scene.store.incident(Uuid::from_u128(1), at(20)).await.unwrap().unwrap();
        assert_eq!(standing.silenced_until, None);
        scene.tell(&change(1, 2, State::Updated), &slack(), 21).await;
        assert_eq!(scene.sent("slack", 21).await, ["2 updated by Dana"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_false_alarm_silences_its_incident_alone_and_is_heard_by_everybody() {
    let folder = tempfile::tempdir().unwrap();
    for scene in Scene::of_each_engine(&folder).await {
        scene.tell(&change(1, 0, State::Opened), &slack(), 0).await;
        scene.tell(&change(2, 0, State::Opened), &slack(), 0).await;
        let _opened = scene.sent("slack", 0).await;
        let false_alarm = |number, now| response(number, 1, Act::FalseAlarm, now);
        assert_eq!(scene.respond(&false_alarm(1, 1), &slack()).await, Responded::Done);
        assert_eq!(scene.respond(&false_alarm(2, 2), &slack()).await, Responded::Moot);
        scene.tell(&change(1, 1, State::Updated), &slack(), 3).await;
        scene.tell(&change(2, 1, State::Updated), &slack(), 3).await;
        assert_eq!(scene.sent("slack", 1_000_000).await, ["0 acknowledged by Dana", "1 updated"]);
        let standing = scene.store.incident(Uuid::from_u128(1), at(4)).await.unwrap().unwrap();
        assert_eq!(standing.marked, Some(MarkedAs::FalseAlarm));

        let (marks, last) = scene.store.marks_after(0).await.unwrap();
        let told: Vec<_> = marks.iter().map(|it| (&*it.brand, &*it.monitor, it.verdict)).collect();
        assert_eq!(told, [("American", "anger", MarkedAs::FalseAlarm)]);
        assert_eq!(marks[0].incident, Some(Uuid::from_u128(1)));
        assert_eq!(scene.respond(&response(3, 1, Act::Real, 5), &slack()).await, Responded::Done);
        assert_eq!(scene.sent("slack", 6).await, ["1 updated by Dana"], "it is told again");
        let (marks, _) = scene.store.marks_after(last).await.unwrap();
        assert_eq!(marks.iter().map(|it| it.verdict).collect::<Vec<_>>(), [MarkedAs::Real]);
    }
}

/// What is more severe than a silence waits for nothing that the silence puts off.
#[tokio::test(flavor = "multi_thread")]
async fn a_silence_of_what_is_milder_holds_nothing_back_that_is_more_severe_or_over() {
    let folder = tempfile::tempdir().unwrap();
    for scene in Scene::of_each_engine(&folder).await {
        let (warning, critical) = (Severity::Warning, Severity::Critical);
        let mut other = change(2, 0, State::Opened);
        other.incident.severity = warning;
        scene.tell(&other, &[], 0).await;
        let silence = |number, now| response(number, 2, Act::Silence { until: at(9_000) }, now);
        // Two alerts of another incident wait for their receiver.
        scene.tell(&of_severity(0, State::Opened, warning), &slack(), 0).await;
        scene.tell(&of_severity(1, State::Escalated, critical), &slack(), 1).await;
        scene.respond(&silence(1, 2), &slack()).await;
        assert_eq!(scene.sent("slack", 3).await, ["0 opened", "1 escalated"]);
        let standing = scene.store.incident(Uuid::from_u128(1), at(3)).await.unwrap().unwrap();
        assert_eq!(standing.silenced_until, None, "it is more severe than what is silenced");
        // So does an end, and that somebody has taken it.
        scene.respond(&response(2, 1, Act::Acknowledge, 4), &slack()).await;
        scene.respond(&response(3, 1, Act::FalseAlarm, 5), &slack()).await;
        scene.tell(&of_severity(2, State::Resolved, critical), &slack(), 6).await;
        scene.respond(&response(4, 1, Act::Silence { until: at(9_000) }, 7), &slack()).await;
        let sent = scene.sent("slack", 8).await;
        assert_eq!(sent, ["1 acknowledged by Dana", "2 resolved by Dana"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_silence_ends_by_itself_and_leaves_the_others() {
    let folder = tempfile::tempdir().unwrap();
    for scene in Scene::of_each_engine(&folder).await {
        for incident in 1..=2 {
            scene.tell(&change(incident, 0, State::Opened), &slack(), 0).await;
        }
        let _opened = scene.sent("slack", 0).await;
        scene.respond(&response(1, 1, Act::FalseAlarm, 1), &slack()).await;
        scene.respond(&response(2, 2, Act::Silence { until: at(4_000) }, 2), &slack()).await;
        let _taken = scene.sent("slack", 2).await;
        for incident in 1..=2 {
            scene.tell(&change(incident, 1, State::Updated), &slack(), 3).await;
        }
        // It is real, and the brand is silent all the same.
        scene.respond(&response(3, 1, Act::Real, 4), &slack()).await;
        assert!(scene.sent("slack", 5).await.is_empty());
        scene.respond(&response(4, 1, Act::FalseAlarm, 6), &slack()).await;
        scene.respond(&response(5, 2, Act::Unsilence, 7), &slack()).await;
        assert_eq!(
            scene.sent("slack", 8).await,
            ["1 updated by Dana"],
            "the one that is no false alarm"
        );
    }
}

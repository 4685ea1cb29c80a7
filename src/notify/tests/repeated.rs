//! A receiver that forgets is told again of what is open.

use std::time::Duration;

use serde_json::Value;

use super::support::{OK, Outbox, Received, Reply, Server, retry};
use super::{TUNING, start};
use crate::incident::fixtures::{change_of, fall, incident, resolved};
use crate::incident::{Change, Incident, Severity, State};
use crate::notify::{Route, Target, carriers};
use crate::source::wall_clock;
use crate::store::{Checkpoint, PartitionKey};

fn alertmanager(server: &Server) -> Route {
    let Target::Webhook { url, headers, .. } = server.webhook("alerts").target else {
        panic!("no webhook");
    };
    let repeat_every = Duration::from_millis(20);
    let target = Target::Alertmanager { url, headers, repeat_every };
    Route { target, ..server.webhook("alerts") }
}

/// What a partition's checkpoint does with `changes`.
async fn commit(outbox: &Outbox, changes: &[Change]) {
    let (group, topic) = ("test".to_owned(), "mentions".to_owned());
    let claimed = outbox.store.claim(&PartitionKey { group, topic, number: 0 }).await.unwrap();
    let to = |change: &Change| (change.clone(), carriers(&outbox.routes, change, wall_clock()));
    let checkpoint =
        Checkpoint { changes: changes.iter().map(to).collect(), ..Checkpoint::default() };
    outbox.store.commit(&claimed.claim, &checkpoint, wall_clock()).await.unwrap();
}

fn is_repeated(request: &Received) -> bool {
    !request.headers.contains_key("idempotency-key")
}

/// The request that tells `change` for the first time.
async fn told(server: &mut Server, change: &Change) -> Received {
    loop {
        let request = server.received().await;
        if !is_repeated(&request) && request.key() == change.id {
            return request;
        }
    }
}

/// Incident, severity and whether it is open, of each alert that is told again next.
async fn repeated(server: &mut Server) -> Vec<(String, String, bool)> {
    let request = loop {
        let request = server.received().await;
        if is_repeated(&request) {
            break request;
        }
    };
    assert_eq!(request.path, "/alerts/api/v2/alerts");
    assert_eq!(request.header("authorization"), "Bearer t0ken");
    let text = |alert: &Value, at: &str| alert.pointer(at).unwrap().as_str().unwrap().to_owned();
    let alert = |alert: &Value| {
        let ends_at: jiff::Timestamp = text(alert, "/endsAt").parse().unwrap();
        let open = ends_at > jiff::Timestamp::now();
        (text(alert, "/labels/incident"), text(alert, "/labels/severity"), open)
    };
    request.body.as_array().unwrap().iter().map(alert).collect()
}

#[tokio::test]
async fn what_is_open_is_told_again_until_it_is_over_and_a_while_longer() {
    let mut server = Server::start([]).await;
    let (outbox, _notifier, _events) = start(vec![alertmanager(&server)], retry(), TUNING).await;
    let id = incident().id.to_string();
    let opened = change_of(Incident { severity: Severity::Warning, ..incident() }, 0);
    let worse = change_of(Incident { state: State::Escalated, ..incident() }, 1);
    let over = change_of(resolved(incident(), 190), 2);
    let alert = |severity: &str, open| (id.clone(), severity.to_owned(), open);

    commit(&outbox, std::slice::from_ref(&opened)).await;
    told(&mut server, &opened).await;
    for _time in 0..3 {
        assert_eq!(repeated(&mut server).await, [alert("warning", true)]);
    }
    commit(&outbox, std::slice::from_ref(&worse)).await;
    told(&mut server, &worse).await;
    for _time in 0..3 {
        let both = [alert("warning", true), alert("critical", true)];
        assert_eq!(repeated(&mut server).await, both);
    }
    commit(&outbox, std::slice::from_ref(&over)).await;
    told(&mut server, &over).await;
    for _time in 0..3 {
        let ended = ["warning", "critical"].map(|severity| alert(severity, false));
        assert_eq!(repeated(&mut server).await, ended);
    }
}

#[tokio::test]
async fn nobody_is_reminded_of_what_they_were_not_told() {
    let mut server = Server::start([Reply::Status(400, "", ""), OK]).await;
    let (outbox, _notifier, mut events) = start(vec![alertmanager(&server)], retry(), TUNING).await;
    let other = uuid::Uuid::from_u128(7);
    let refused = change_of(incident(), 0);
    let accepted = change_of(Incident { id: other, ..fall() }, 0);
    commit(&outbox, std::slice::from_ref(&refused)).await;
    events.until_ended(1).await;
    commit(&outbox, std::slice::from_ref(&accepted)).await;
    told(&mut server, &accepted).await;
    let alert = (other.to_string(), "warning".to_owned(), true);
    for _time in 0..3 {
        assert_eq!(repeated(&mut server).await, std::slice::from_ref(&alert));
    }
}

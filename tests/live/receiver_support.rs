//! The HTTP receiver that the other tests trust.

use std::time::{Duration, Instant};

use crate::support::{Answer, HttpReceiver};

fn client() -> reqwest::Client {
    // An error means that another test has installed it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

#[tokio::test]
async fn requests_are_recorded_whole() {
    let receiver = HttpReceiver::start();
    let before = Instant::now();

    let request = client().post(receiver.url("/services/T0/B0?x=1")).header("x-from", "a test");
    let answer = request.json(&serde_json::json!({"text": "שלום"})).send().await.unwrap();

    assert_eq!(answer.status(), 200);
    assert_eq!(answer.text().await.unwrap(), "ok");
    let received = receiver.wait_for(1).await;
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].method, "POST");
    assert_eq!(received[0].path, "/services/T0/B0?x=1");
    assert_eq!(received[0].headers["x-from"], "a test");
    assert_eq!(received[0].json(), serde_json::json!({"text": "שלום"}));
    assert!(received[0].at >= before && received[0].at <= Instant::now());
}

#[tokio::test]
async fn answers_follow_the_script_and_then_the_rule() {
    let receiver = HttpReceiver::start();
    let client = client();
    let post = |body: &'static str| client.post(receiver.url("/")).body(body).send();
    receiver.answer_next([Answer::status(429).header("retry-after", "2"), Answer::Close]);
    receiver.answer_otherwise(Answer::status(500).body("no_service"));

    let limited = post("first").await.unwrap();
    assert_eq!(limited.status(), 429);
    assert_eq!(limited.headers()["retry-after"], "2");

    let closed = post("second").await.unwrap_err();
    assert!(closed.is_request() && !closed.is_timeout() && !closed.is_connect(), "{closed:?}");

    for body in ["third", "fourth"] {
        let failed = post(body).await.unwrap();
        assert_eq!(failed.status(), 500);
        assert_eq!(failed.text().await.unwrap(), "no_service");
    }
    let bodies: Vec<_> = receiver.received().into_iter().map(|request| request.body).collect();
    assert_eq!(bodies, ["first", "second", "third", "fourth"]);
}

#[tokio::test]
async fn a_hanging_answer_hangs_until_the_receiver_goes() {
    let receiver = HttpReceiver::start();
    receiver.answer_next([Answer::Hang]);
    let client = client();
    let url = receiver.url("/");
    let hanging = tokio::spawn(client.get(&url).timeout(Duration::from_secs(600)).send());

    receiver.wait_for(1).await;
    assert!(!hanging.is_finished());
    let port = receiver.port();
    drop(receiver);

    let error = hanging.await.unwrap().unwrap_err();
    assert!(!error.is_timeout(), "{error:?}");
    let refused = client.get(&url).send().await.unwrap_err();
    assert!(refused.is_connect(), "{refused:?}");

    let receiver = HttpReceiver::start_on(port);
    assert_eq!(client.get(&url).send().await.unwrap().status(), 200);
    assert_eq!(receiver.received().len(), 1);
}

#[tokio::test]
async fn what_is_awaited_may_come_later() {
    let receiver = HttpReceiver::start();
    let (client, url) = (client(), receiver.url("/"));

    let waiting =
        receiver.wait_until(|received| received.iter().any(|request| request.body == "2"));
    let sending = async {
        for body in ["1", "2"] {
            client.post(&url).body(body).send().await.unwrap();
        }
    };
    let (received, ()) = tokio::join!(waiting, sending);

    assert_eq!(received.len(), 2);
}

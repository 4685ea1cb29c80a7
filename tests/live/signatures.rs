//! What is signed here is taken by those who know the standard and nothing of Groundswell.

use crate::support::service::{self, RunningService};
use crate::support::standard_webhooks::verify;
use crate::support::{Answer, HttpReceiver, KafkaBroker, unique};

const NEW: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OLD: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const STRANGE: &str = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

#[tokio::test(flavor = "multi_thread")]
async fn alerts_verify_with_the_library_of_standard_webhooks() {
    let (broker, receiver) = (KafkaBroker::shared(), HttpReceiver::start());
    receiver.answer_next([Answer::status(503).header("retry-after", "1")]);
    let topic = unique("signed");
    broker.create_topic(&topic, 1).await;
    broker.produce(&topic, &crate::restart::burst(40)).await;
    let folder = tempfile::tempdir().unwrap();
    let held = |name: &str, secret: &str| {
        let file = folder.path().join(name);
        std::fs::write(&file, secret).unwrap();
        format!("{{ file = {:?} }}", file.to_str().unwrap())
    };
    let toml = format!(
        "brand = [{{ name = \"Acme\" }}]\n[source.kafka]\nbrokers = [\"{}\"]\ngroup = \"{topic}\"\n\
         [[source.kafka.topic]]\nname = \"{topic}\"\n\
         [[route]]\nbrands = [\"Acme\"]\n[route.webhook]\nurl = {}\nsigning_secret = [{}, {}]\n\
         [delivery]\nallow_networks = [\"127.0.0.0/8\"]\n",
        broker.address(),
        held("url", &receiver.url("/alerts")),
        held("new", NEW),
        held("old", OLD),
    );
    let running = RunningService::ready(service::config(&toml, "", folder.path())).await;
    let received = receiver.wait_for(2).await;
    running.stop().await.unwrap();

    let [first, again] = [&received[0], &received[1]];
    for request in [first, again] {
        for secret in [NEW, OLD] {
            assert_eq!(verify(secret, request, &request.body), Ok(()), "{request:?}");
        }
        assert_eq!(
            verify(STRANGE, request, &request.body).unwrap_err(),
            "No matching signature found"
        );
        let changed = String::from_utf8_lossy(&request.body).replace("Acme", "Apex");
        assert_eq!(
            verify(NEW, request, changed.as_bytes()).unwrap_err(),
            "No matching signature found"
        );
    }
    let header = |request: &crate::support::Received, name: &str| {
        request.headers[name].to_str().unwrap().to_owned()
    };
    assert_eq!(header(first, "webhook-id"), first.json()["event_id"].as_str().unwrap());
    assert_eq!(header(first, "webhook-id"), header(again, "webhook-id"), "the same alert");
    let at = |request| header(request, "webhook-timestamp").parse::<i64>().unwrap();
    assert!(at(again) > at(first), "signed when it was sent again");
    // What somebody recorded cannot be sent again as if it were fresh.
    let mut replayed = again.clone();
    replayed.headers.insert("webhook-timestamp", first.headers["webhook-timestamp"].clone());
    assert_eq!(verify(NEW, &replayed, &replayed.body).unwrap_err(), "No matching signature found");
}

//! The program that the tests of failures kill.

use std::time::Duration;

use tokio::task::block_in_place;
use tokio::time::timeout;

use crate::support::{KafkaBroker, Program, unique};

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_program_goes_on_and_a_killed_one_starts_again() {
    let broker = KafkaBroker::shared();
    let topic = unique("program");
    broker.create_topic(&topic, 1).await;
    let toml = format!(
        "[[brand]]\nname = \"Acme\"\n[source.kafka]\nbrokers = [\"{}\"]\ngroup = \"{topic}\"\n\
         [[source.kafka.topic]]\nname = \"{topic}\"\n\
         [source.kafka.properties]\n\"session.timeout.ms\" = \"3000\"\n",
        broker.address(),
    );
    let mut program = Program::start(&toml, &[]);
    program.ready().await;

    program.suspend();
    let asked = timeout(Duration::from_millis(500), program.http().get("/healthz")).await;
    assert!(asked.is_err(), "{asked:?}");
    program.resume();
    assert_eq!(program.http().get("/healthz").await, Some((200, "ok\n".to_owned())));

    block_in_place(|| program.kill());
    assert_eq!(program.http().get("/healthz").await, None);
    program.start_again();
    program.ready().await;
    assert_eq!(program.log().matches("joining the consumer group").count(), 2, "{}", program.log());
    assert_eq!(block_in_place(|| program.stop()).code(), Some(0), "{}", program.log());
}

#[test]
fn a_program_that_cannot_run_ends_by_itself() {
    let mut program = Program::start("", &[]);
    assert_eq!(program.wait().code(), Some(2), "{}", program.log());
}

//! Static members of the group: they come back to what they had, and nobody else has their name.

use tokio::task::block_in_place;

use crate::support::{Postgres, Program, eventually};
use crate::trial::{SHARED, Trial, handled, postgres};

/// Shared by instances with names; one that is gone is waited for.
fn named(name: &str) -> String {
    format!("instance = \"{name}\"\n{}", SHARED.replace("6000", "30000"))
}

fn assigned(program: &Program) -> usize {
    program.log().matches("partition assigned").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_comes_back_in_time_moves_no_partition() {
    let mut trial = Trial::new(21).await;
    let url = Postgres::shared().create_database(&trial.topic);
    let mut first = trial.start(&named("one"), &url);
    trial.begun(&first).await;
    let mut second = trial.start(&named("two"), &url);
    eventually("they share the partitions", || assigned(&second) == 2);
    trial.send(1, 2).await;
    trial.await_handled();
    let before = assigned(&first);
    assert!(first.stop().success());
    assert_eq!(trial.kafka.members(&trial.topic), 2, "it is waited for");
    first.start_again();
    first.ready().await;
    first.kill();
    first.start_again();
    trial.send(2, 2).await;
    trial.settled().await;
    assert_eq!(assigned(&first), before + 2 * 2, "it has its own again");
    assert_eq!(assigned(&second), 2, "and nobody else has");
    assert!(first.stop().success() && second.stop().success());
    trial.judge(postgres(&url)).await;
}

/// The group knows already that it has fewer, and nobody has what it was to let go of.
#[tokio::test(flavor = "multi_thread")]
async fn killed_as_it_lets_go_of_partitions_it_leaves_them_to_others() {
    let mut trial = Trial::new(22).await;
    let server = Postgres::shared();
    let url = server.create_database(&trial.topic);
    let seldom = ("checkpoint_every = \"200ms\"", "checkpoint_every = \"1h\"");
    let mut first = trial.start(&named("one").replace(seldom.0, seldom.1), &url);
    trial.begun(&first).await;
    trial.send(1, 2).await;
    let all = trial.sent as f64;
    first.http().wait_for("/metrics", |_, text| handled(text) >= all).await;
    let slow = "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS \
                $$ BEGIN PERFORM pg_sleep(2); RETURN NULL; END $$; \
                CREATE TRIGGER slow AFTER UPDATE ON partitions EXECUTE FUNCTION slow()";
    server.query(&trial.topic, slow);
    let mut second = trial.start(&named("two"), &url);
    eventually("it lets go of partitions", || first.log().contains("partition revoked"));
    first.kill();
    server.query(&trial.topic, "DROP FUNCTION slow() CASCADE");
    let file = first.folder().join("groundswell.toml");
    let toml = std::fs::read_to_string(&file).unwrap().replace(seldom.1, seldom.0);
    std::fs::write(&file, toml).unwrap();
    first.start_again();
    trial.send(2, 2).await;
    trial.settled().await;
    assert!(first.stop().success() && second.stop().success());
    trial.judge(postgres(&url)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_whose_name_is_taken_says_so_and_ends() {
    let mut trial = Trial::new(23).await;
    let url = Postgres::shared().create_database(&trial.topic);
    let mut old = trial.start(&named("one"), &url);
    trial.begun(&old).await;
    trial.send(1, 2).await;
    let mut new = trial.start(&named("one"), &url);
    assert_eq!(block_in_place(|| old.wait()).code(), Some(1), "{}", old.log());
    assert!(old.log().contains("another runs under the same [source.kafka] instance"));
    trial.send(2, 2).await;
    trial.settled().await;
    assert!(new.stop().success());
    trial.judge(postgres(&url)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn members_that_share_in_another_way_are_told_so() {
    let trial = Trial::new(24).await;
    let url = Postgres::shared().create_database(&trial.topic);
    let mut first = trial.start(SHARED, &url);
    trial.begun(&first).await;
    let mut second = trial.start(&named("two"), &url);
    let told = |status: u16, body: &str| status == 503 && body.contains("in another way");
    second.http().wait_for("/readyz", told).await;
    assert!(second.stop().success());
    first.ready().await;
    assert!(first.stop().success());
}

//! The PostgreSQL that the other tests trust.

use std::net::TcpStream;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::support::{Postgres, eventually, unique};

#[test]
fn databases_of_one_server_do_not_know_of_each_other() {
    let postgres = Postgres::shared();
    let (mine, yours) = (unique("mine"), unique("yours"));
    let url = postgres.create_database(&mine);
    assert_eq!(url, postgres.url(&mine));
    postgres.create_database(&yours);

    postgres.query(&mine, "CREATE TABLE words AS SELECT 'אבג' AS word, 1 AS number");

    assert_eq!(postgres.query(&mine, "SELECT * FROM words"), "אבג|1\n");
    assert_eq!(
        postgres.query(&yours, "SELECT count(*) FROM pg_tables WHERE tablename = 'words'"),
        "0\n"
    );
    assert_eq!(postgres.query(&mine, "SHOW fsync"), "on\n");
    assert_eq!(postgres.query(&mine, "SHOW synchronous_commit"), "on\n");
}

#[test]
fn what_was_committed_outlives_a_crash_and_a_dropped_server_leaves_nothing() {
    let mut postgres = Postgres::start();
    let address = postgres.address();
    let listens = || TcpStream::connect(&address).is_ok();
    postgres.create_database("kept");
    postgres.query("kept", "CREATE TABLE numbers AS SELECT 1 AS number");

    postgres.kill();
    assert!(!listens());
    postgres.start_again();
    assert!(postgres.log().contains("not properly shut down"), "{}", postgres.log());
    postgres.query("kept", "INSERT INTO numbers VALUES (2)");

    postgres.stop();
    assert!(!listens());
    postgres.start_again();
    assert_eq!(postgres.query("kept", "SELECT number FROM numbers ORDER BY number"), "1\n2\n");

    let folder = postgres.folder().to_owned();
    assert!(folder.exists() && listens());
    let failed = catch_unwind(AssertUnwindSafe(move || {
        let _moved_here = postgres;
        panic!("as a test that fails");
    }));
    assert!(failed.is_err());
    assert!(!listens());
    eventually("the folder is gone", || !folder.exists());
}

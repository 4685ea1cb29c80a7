//! The stream that the tests of failures send.

use groundswell::incident::State;
use groundswell::mention::Timestamp;

use crate::support::{Stream, service};

#[test]
fn every_crisis_opens_gets_worse_and_ends_in_its_partition() {
    let end = Timestamp::from_millis(1_772_000_000_000);
    let stream = Stream::new(1, 3, 2, end);
    assert!(stream.records == Stream::new(1, 3, 2, end).records, "the same bytes");
    assert!(stream.records != Stream::new(2, 3, 2, end).records, "a seed of its own");

    let toml = Stream::brands(3);
    let config = service::config(&toml, "", std::path::Path::new("."));
    let expected = stream.expected(&config);
    for (partition, expected) in &expected {
        println!("{partition}: {:?}", expected.outcomes);
        for change in &expected.changes {
            println!(
                "  {} {:?} {:?} {}",
                change.incident.brand,
                change.incident.state,
                change.incident.severity,
                change.incident.direction.name()
            );
        }
    }
    println!("{} {} {}", stream.mentions, stream.duplicates, stream.late);
    let _ = State::Opened;
}

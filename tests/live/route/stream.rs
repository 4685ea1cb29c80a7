//! A stream of which it is known what must become of it.

use std::collections::BTreeMap;

use groundswell::source::kafka::MARKET_HEADER;
use rdkafka::Message;
use rdkafka::message::OwnedMessage;
use serde_json::json;

use super::header;
use super::instance::Setup;
use crate::support::{KafkaBroker, Record};

/// The watched brands; `airlines` and `anvils` are markets, `Solo` is one of its own.
pub const BRANDS: &str = "\
[[brand]]\nname = \"Delta\"\nmarket = \"airlines\"\n\
[[brand]]\nname = \"United\"\nmarket = \"airlines\"\n\
[[brand]]\nname = \"Acme\"\nmarket = \"anvils\"\n\
[[brand]]\nname = \"Solo\"\n";

/// What a message says, the markets that it must go to, and the reason why it is none.
const SORTS: [(&str, &[&str], Option<&str>); 9] = [
    ("Delta is late", &["airlines"], None),
    ("An Acme anvil on a Delta flight", &["airlines", "anvils"], None),
    ("Delta or United?", &["airlines"], None),
    ("Solo!", &["Solo"], None),
    ("What a day", &[], None),
    ("Solo, Acme, United", &["airlines", "anvils", "Solo"], None),
    ("{", &[], Some("truncated")),
    ("@nobody", &[], Some("unknown_brand")),
    ("Acme again", &["anvils"], None),
];

/// A mention in JSON.
pub fn mention(id: &str, text: &str) -> String {
    json!({"id": id, "created_at": "2024-11-20T08:00:00Z", "channel": "test", "text": text})
        .to_string()
}

/// What is sent, and what must become of it.
pub struct Stream {
    pub records: Vec<Record>,
    /// When it was made; its records' own times lie before.
    pub began: i64,
    /// Mentions of no watched brand.
    pub unmatched: usize,
    /// Records that must be written, in the order of each input partition: market and payload.
    expected: BTreeMap<i32, Vec<(&'static str, Vec<u8>)>>,
    dead: Vec<((i32, i64), String, Vec<u8>)>,
}

impl Stream {
    pub fn new(count: usize, partitions: i32) -> Self {
        let began = jiff::Timestamp::now().as_millisecond();
        let mut stream = Self {
            records: Vec::new(),
            began,
            unmatched: 0,
            expected: BTreeMap::new(),
            dead: Vec::new(),
        };
        for number in 0..count {
            let partition = number as i32 % partitions;
            // Not in step with the partitions.
            let (text, markets, reason) = SORTS[(number / partitions as usize) % SORTS.len()];
            let id = format!("{partition}-{number}");
            let payload = match reason {
                Some("unknown_brand") => {
                    mention(&id, text).replacen('{', "{\"brand\":\"Nobody\",", 1)
                }
                Some(_) => format!("{{\"id\":\"{id}\""),
                None => mention(&id, text),
            };
            let payload = payload.into_bytes();
            if let Some(reason) = reason {
                let offset = (number / partitions as usize) as i64;
                stream.dead.push(((partition, offset), reason.to_owned(), payload.clone()));
            } else if markets.is_empty() {
                stream.unmatched += 1;
            }
            let expected = stream.expected.entry(partition).or_default();
            expected.extend(markets.iter().map(|market| (*market, payload.clone())));
            let record = Record::new(payload).partition(partition).header("trace", "kept");
            stream.records.push(Record { timestamp: Some(began - 60_000), ..record });
        }
        stream.dead.sort();
        stream
    }

    /// What must be kept as dead letters: place, reason and bytes.
    pub fn dead_letters(&self) -> Vec<((i32, i64), String, Vec<u8>)> {
        self.dead.clone()
    }

    /// How many records each market must get.
    pub fn by_market(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for (market, _) in self.expected.values().flatten() {
            *counts.entry(*market).or_default() += 1;
        }
        counts
    }

    /// Asserts that `output` holds exactly what it must: nothing twice, nothing missing, each under
    /// its market, the order of each input partition and market kept. Returns what it holds.
    pub async fn assert_exact(&self, broker: &KafkaBroker, output: &str) -> Vec<OwnedMessage> {
        let written = broker.read_to_end(output, "read_committed").await;
        let mut found: BTreeMap<(i32, String), Vec<Vec<u8>>> = BTreeMap::new();
        let mut homes: BTreeMap<String, i32> = BTreeMap::new();
        for record in &written {
            let key = String::from_utf8(record.key().expect("a key").to_vec()).unwrap();
            assert_eq!(header(record, MARKET_HEADER).as_deref(), Some(&*key));
            let home = homes.entry(key.clone()).or_insert(record.partition());
            assert_eq!(*home, record.partition(), "{key} lies in one partition");
            let payload = record.payload().unwrap();
            found.entry((source_of(payload), key)).or_default().push(payload.to_vec());
        }
        let mut expected: BTreeMap<(i32, String), Vec<Vec<u8>>> = BTreeMap::new();
        for (partition, records) in &self.expected {
            for (market, payload) in records {
                let of = (*partition, (*market).to_owned());
                expected.entry(of).or_default().push(payload.clone());
            }
        }
        let counts = |of: &BTreeMap<(i32, String), Vec<Vec<u8>>>| -> Vec<_> {
            of.iter().map(|(of, records)| (of.clone(), records.len())).collect()
        };
        assert_eq!(counts(&found), counts(&expected), "records by input partition and market");
        assert!(found == expected, "the same records, in another order or with other bytes");
        written
    }

    /// Asserts that the dead-letter topic holds each once.
    pub async fn assert_dead_letters_exact(&self, broker: &KafkaBroker, setup: &Setup) {
        let letters = broker.read_to_end(&setup.dead_letters, "read_committed").await;
        let mut found: Vec<_> = letters.iter().map(|it| it.payload().unwrap().to_vec()).collect();
        let mut expected: Vec<_> =
            self.dead.iter().map(|(_, _, payload)| payload.clone()).collect();
        found.sort();
        expected.sort();
        assert_eq!(found.len(), expected.len(), "dead letters");
        assert!(found == expected);
    }
}

/// The input partition that the id in `payload` begins with.
fn source_of(payload: &[u8]) -> i32 {
    let mention: serde_json::Value = serde_json::from_slice(payload).unwrap();
    mention["id"].as_str().unwrap().split('-').next().unwrap().parse().unwrap()
}

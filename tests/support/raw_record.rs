//! Sends a record whose header has a name that is not UTF-8, as other programs may. No client library lets one be
//! made, so this speaks Kafka's protocol itself.
//!
//! Source: <https://kafka.apache.org/protocol.html#The_Messages_Produce> (version 3) and
//! <https://kafka.apache.org/documentation/#recordbatch>.

use std::io::{Read, Write};
use std::net::TcpStream;

use crc::{CRC_32_ISCSI, Crc};

use super::DEADLINE;

/// The name of the header: Latin-1 for "für".
const NAME: &[u8] = b"f\xfcr";

/// Sends `payload`, with such a header of `value`, to partition 0 of `topic` at `broker`.
///
/// # Panics
///
/// When the broker does not take it.
pub fn send_with_unreadable_header(broker: &str, topic: &str, payload: &[u8], value: &[u8]) {
    let mut stream = TcpStream::connect(broker).expect("a connection to the broker");
    stream.set_read_timeout(Some(DEADLINE)).expect("a time-out");
    let request = request(topic, &batch(&record(payload, value)));
    stream.write_all(&with_length(&request)).expect("send to the broker");
    let mut length = [0; 4];
    stream.read_exact(&mut length).expect("an answer");
    let mut answer = vec![0; u32::from_be_bytes(length) as usize];
    stream.read_exact(&mut answer).expect("all of it");
    // The correlation id, one topic with its name, one partition with its number.
    let error = &answer[4 + 4 + 2 + topic.len() + 4 + 4..][..2];
    assert_eq!(error, [0, 0], "the broker refuses the record");
}

fn request(topic: &str, batch: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend([0, 0, 0, 3]); // Produce, version 3
    bytes.extend([0; 4]); // correlation id
    bytes.extend((-1_i16).to_be_bytes()); // no client id
    bytes.extend((-1_i16).to_be_bytes()); // no transaction
    bytes.extend((-1_i16).to_be_bytes()); // acknowledged by all replicas
    bytes.extend(10_000_i32.to_be_bytes()); // within ten seconds
    bytes.extend(1_i32.to_be_bytes()); // topics
    bytes.extend((topic.len() as i16).to_be_bytes());
    bytes.extend(topic.as_bytes());
    bytes.extend(1_i32.to_be_bytes()); // partitions
    bytes.extend(0_i32.to_be_bytes());
    bytes.extend(with_length(batch));
    bytes
}

/// A batch of one record.
fn batch(record: &[u8]) -> Vec<u8> {
    let now = jiff::Timestamp::now().as_millisecond();
    let mut summed = Vec::new();
    summed.extend([0; 2]); // attributes: no compression
    summed.extend([0; 4]); // last offset, from the first
    summed.extend(now.to_be_bytes()); // first time
    summed.extend(now.to_be_bytes()); // last time
    summed.extend((-1_i64).to_be_bytes()); // no producer id
    summed.extend((-1_i16).to_be_bytes()); // no producer epoch
    summed.extend((-1_i32).to_be_bytes()); // no sequence
    summed.extend(1_i32.to_be_bytes()); // records
    summed.extend(varint(record.len()));
    summed.extend(record);

    let mut after_length = Vec::new();
    after_length.extend((-1_i32).to_be_bytes()); // leader's epoch
    after_length.push(2); // version of the batch
    after_length.extend(Crc::<u32>::new(&CRC_32_ISCSI).checksum(&summed).to_be_bytes());
    after_length.extend(summed);
    [&[0; 8], &*with_length(&after_length)].concat() // from offset 0 on
}

fn record(payload: &[u8], value: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 0]; // attributes, time and offset, from those of the batch
    bytes.push(1); // no key: -1 as a varint
    bytes.extend(varint(payload.len()));
    bytes.extend(payload);
    bytes.extend(varint(1)); // headers
    bytes.extend(varint(NAME.len()));
    bytes.extend(NAME);
    bytes.extend(varint(value.len()));
    bytes.extend(value);
    bytes
}

fn with_length(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u32).to_be_bytes(), bytes].concat()
}

/// A length as a zigzag varint.
fn varint(length: usize) -> Vec<u8> {
    let mut rest = length << 1;
    let mut bytes = Vec::new();
    while rest > 0x7f {
        bytes.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    bytes.push(rest as u8);
    bytes
}

//! Real mentions, as people wrote them.

use std::path::Path;

use super::*;
use crate::source::{FileLines, Progress};

#[test]
fn every_real_mention_decodes() {
    let path = Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../shared/data/airline-2015/mentions.ndjson.gz"
    ));
    let lines = FileLines::open(path, LIMITS.max_bytes, &Progress::default()).unwrap();
    let (mut count, mut negative, mut tagged) = (0, 0, 0);
    for line in lines {
        let line = line.unwrap();
        let mention = decode(Format::Json, &line.bytes, &LIMITS)
            .unwrap_or_else(|rejected| panic!("line {}: {rejected}", line.number));
        assert_eq!(mention.channel, "twitter");
        assert_eq!(mention.brands.len(), 1);
        count += 1;
        negative += usize::from(mention.sentiment.unwrap() < 0.0);
        tagged += usize::from(!mention.hashtags.is_empty());
    }
    assert_eq!((count, negative, tagged), (14_640, 9_178, 2_375));
}

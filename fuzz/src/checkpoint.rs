//! A stored checkpoint of which one part is not what was written.

use std::sync::{Arc, LazyLock};

use groundswell::checkpoint::{Part, framed};
use groundswell::config::{Config, Secrets};
use groundswell::detect::Plan;
use groundswell::mention::{Author, BrandIndex, Classified, Kind, Mention, Role, Timestamp, Tone};
use groundswell::shard::Shard;

/// Few and long panes, so that a part is small and an input soon reaches all of it.
const PLAN: &str = r#"
brand = [{ name = "Acme" }]
time = { pane = "15m" }
[[monitor]]
measure = "mentions"
windows = ["1h", "6h"]
[[monitor]]
measure = "negative_share"
windows = ["1h"]
"#;
/// A Monday, 06:00 UTC.
const START: Timestamp = Timestamp::from_millis(1_789_365_600_000);
const MINUTE: i64 = 60_000;

static STORED: LazyLock<(Arc<Plan>, Vec<Part>)> = LazyLock::new(|| {
    let plan = Config::parse(PLAN, "fuzz.toml", Secrets::Ignore, &|_| None).map(|it| it.plan);
    let plan = plan.unwrap_or_else(|errors| unreachable!("{errors}"));
    let mut shard = Shard::new(Arc::clone(&plan), "feed");
    hear(&mut shard, 90);
    let parts = shard.save().map(|saved| saved.put).unwrap_or_else(|error| unreachable!("{error}"));
    (plan, parts)
});

/// The parts of the checkpoint that is written of a good day.
pub fn parts() -> &'static [Part] {
    &STORED.1
}

/// That checkpoint, but for the part that the first byte of `input` counts off: it holds the rest,
/// behind a right head and checksum, or, from 128 on, is the rest as it stands. Whether all of it is
/// loaded; what is, can be read and saved. That it can go on is not promised: whoever writes a right
/// checksum can write of a day that never was.
pub fn checkpoint(input: &[u8]) -> bool {
    let (plan, stored) = &*STORED;
    let Some((first, rest)) = input.split_first() else { return false };
    let mut parts = stored.clone();
    let chosen = usize::from(first & 0x7F) % parts.len();
    parts[chosen].bytes = if *first < 0x80 { framed(rest) } else { rest.to_vec() };
    match Shard::load(Arc::clone(plan), "feed", parts) {
        Ok(mut loaded) => {
            loaded.shard.readings();
            loaded.shard.open_changes();
            assert!(loaded.shard.save().is_ok());
            loaded.missing.is_empty()
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            false
        }
    }
}

/// `shard` hears as many mentions as `count`, one every three minutes.
fn hear(shard: &mut Shard, count: usize) {
    for at in 0..count {
        let angry = at % 5 == 0;
        let created_at = START.plus_millis(at as i64 * 3 * MINUTE);
        let mention = Mention {
            id: created_at.to_string().into(),
            created_at,
            channel: ["twitter", "reddit"][at % 2].into(),
            kind: if at % 3 == 0 { Kind::Share } else { Kind::Post },
            text: format!("my order {} from Acme was late again", at % 7).into(),
            author: Author {
                handle: Some(format!("author_{}", at % 11).into()),
                followers: Some(if at == 70 { 900_000 } else { 120 }),
                ..Author::default()
            },
            hashtags: vec!["late".into()],
            links: vec![format!("https://example.com/{}", at % 4).into()],
            country: Some("de".into()),
            parent: (at % 3 == 0).then(|| "post".into()),
            ..Mention::default()
        };
        let sentiment = if angry { -0.8 } else { 0.3 };
        let classified = Classified {
            brands: vec![BrandIndex(0)],
            sentiment,
            tone: Tone::of(sentiment),
            crisis_terms: if angry { vec!["recall".into()] } else { Vec::new() },
            role: Role::Customer,
            normal_text: mention.text.to_lowercase(),
            names: Vec::new(),
            mention: &mention,
        };
        shard.observe(&classified, &mut Vec::new());
    }
}

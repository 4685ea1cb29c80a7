//! What each stage costs: decode, classify, count, score, save. Made mentions, so that it runs anywhere.
//!
//!     cargo bench --bench stages

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use groundswell::baseline::Expected;
use groundswell::classify::Classifier;
use groundswell::config::{Config, Secrets};
use groundswell::decode::{Format, Limits, decode};
use groundswell::demo::{CONFIG, Script};
use groundswell::mention::{Mention, Timestamp};
use groundswell::shard::Shard;
use groundswell::window::SlidingCounter;

const END: Timestamp = Timestamp::from_millis(1_790_000_000_000);

fn limits() -> Limits {
    Limits { max_bytes: 1 << 20, latest: END.plus_millis(86_400_000) }
}

fn payloads() -> Vec<Vec<u8>> {
    Script::new(7, END).events().iter().map(|event| event.payload.clone()).collect()
}

fn config() -> Config {
    Config::parse(CONFIG, "demo", Secrets::Ignore, &|_| None).unwrap()
}

fn mentions(payloads: &[Vec<u8>]) -> Vec<Mention<'_>> {
    payloads.iter().map(|payload| decode(Format::Json, payload, &limits()).unwrap()).collect()
}

fn stages(c: &mut Criterion) {
    let payloads = payloads();
    let mentions = mentions(&payloads);
    let config = config();
    let classifier = Classifier::new(&config.rules).unwrap();
    let count = mentions.len() as u64;

    let mut group = c.benchmark_group("a script of mentions");
    group.throughput(Throughput::Elements(count)).sample_size(20);
    group.bench_function("decode", |b| {
        b.iter(|| {
            for payload in &payloads {
                black_box(decode(Format::Json, payload, &limits()).unwrap());
            }
        });
    });
    group.bench_function("classify", |b| {
        b.iter(|| {
            for mention in &mentions {
                black_box(classifier.classify(mention).unwrap());
            }
        });
    });
    let classified: Vec<_> =
        mentions.iter().map(|mention| classifier.classify(mention).unwrap()).collect();
    let plan = config.plan;
    group.bench_function("count and score (53 h of panes)", |b| {
        b.iter_batched(
            || Shard::new(Arc::clone(&plan), "bench"),
            |mut shard| {
                let mut changes = Vec::new();
                for mention in &classified {
                    shard.observe(mention, &mut changes);
                }
                shard.finish(&mut changes);
                changes
            },
            BatchSize::LargeInput,
        );
    });
    let counted = || {
        let mut shard = Shard::new(Arc::clone(&plan), "bench");
        classified.iter().for_each(|mention| {
            shard.observe(mention, &mut Vec::new());
        });
        shard
    };
    group.bench_function("save: all of it", |b| {
        b.iter_batched(counted, |mut shard| shard.save().unwrap(), BatchSize::LargeInput);
    });
    let saved = counted().save().unwrap();
    let load = || Shard::load(Arc::clone(&plan), "bench", saved.put.clone()).unwrap().shard;
    group.bench_function("load", |b| b.iter(load));
    group.bench_function("save: a minute later", |b| {
        let later = || {
            let mut shard = load();
            shard.idle(END.plus_millis(60_000), 60_000, &mut Vec::new());
            shard
        };
        b.iter_batched(later, |mut shard| shard.save().unwrap(), BatchSize::LargeInput);
    });
    group.finish();
}

fn core(c: &mut Criterion) {
    c.bench_function("count: add to and close a pane of four windows", |b| {
        let mut counter = SlidingCounter::new(0, &[5, 60, 360, 1_440], 1_600, 2);
        b.iter(|| {
            for _ in 0..10 {
                counter.add(counter.end(), 1);
            }
            counter.close();
            black_box(counter.sum(3))
        });
    });
    for (name, mean, observed) in
        [("small", 8.0, 21.0), ("large", 9_000.0, 14_000.0), ("far out", 0.4, 60.0)]
    {
        let expected = Expected { doubt: 0.01, ..Expected::count(mean, 0.12) };
        c.bench_function(&format!("score: z of a {name} count"), |b| {
            b.iter(|| black_box(expected).z(black_box(observed)));
        });
    }
}

criterion_group!(benches, stages, core);
criterion_main!(benches);

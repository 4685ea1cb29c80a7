//! Whatever is in the file, it is read or refused: nothing panics, and nothing that cannot be used
//! gets through.

use proptest::prelude::*;

use super::*;

/// What a slip of the hand, or malice, puts into a file.
const SCRAPS: &[&str] = &[
    "\"",
    "'",
    "\"\"\"",
    "[",
    "]",
    "[[",
    "]]",
    "{",
    "}",
    "=",
    ".",
    ",",
    "#",
    "\n",
    "\r",
    "\0",
    "\u{feff}",
    "-1",
    "0",
    "1e309",
    "nan",
    "inf",
    "0x7f",
    "99999999999999999999",
    "true",
    "1979-05-27",
    "\"0s\"",
    "\"9999999999999999w\"",
    "\"1ms\"",
    "[time]",
    "[[brand]]",
    "[route]",
    "[[source.kafka]]",
    "[source.kafka.topic]",
    "name = \"Acme\"",
    "pane = \"61s\"",
    "a.b.c = 1",
    "time.pane = 3",
    "קמפיין",
    "{ env = \"X\" }",
    "{}",
    "[[[[[[[[[[[[[[[[",
    "\\u0000",
    "\\uD800",
];

fn mutate(text: &str, edits: &[(prop::sample::Index, usize, prop::sample::Index)]) -> String {
    let mut text = text.to_owned();
    for (place, cut, scrap) in edits {
        let starts: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        let Some(&from) = starts.get(place.index(starts.len().max(1))) else { break };
        let to = text[from..].char_indices().nth(*cut).map_or(text.len(), |(at, _)| from + at);
        text.replace_range(from..to, SCRAPS[scrap.index(SCRAPS.len())]);
    }
    text
}

/// What the rooms rely on.
fn assert_usable(config: &Config) {
    let time = &config.plan.time;
    assert_eq!(3_600 % time.pane.as_secs(), 0);
    assert!(time.dedup_horizon >= time.allowed_lateness);
    assert!(config.max_future <= time.out_of_orderness + time.allowed_lateness);
    assert!(!config.plan.brands.is_empty());
    assert!(config.plan.brands.iter().all(|brand| !brand.name.trim().is_empty()));
    for monitor in &config.plan.monitors {
        assert!(!monitor.windows.is_empty());
        assert!(monitor.windows.is_sorted());
        assert!(monitor.windows.iter().all(|it| it.as_millis() % time.pane.as_millis() == 0));
    }
    if let Some(route) = &config.route {
        let names = || route.relay.topics.iter().map(|topic| &topic.name);
        assert!(names().next().is_some() && !route.output.is_empty());
        assert!(names().all(|name| !route.relay.outputs.contains(name)), "it would read itself");
        assert_ne!(Some(&route.output), route.dead_letter_topic.as_ref());
        assert!(route.relay.commit_messages > 0 && !route.relay.commit_interval.is_zero());
    }
    let kafka = config.kafka.as_ref().unwrap();
    assert!(!kafka.topics.is_empty() && !kafka.brokers.is_empty() && kafka.shards > 0);
    assert!(config.retry.initial_backoff <= config.retry.max_backoff);
    let _said = explain(config);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_mutated_file_never_panics(
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..40, any::<prop::sample::Index>()), 1..6),
    ) {
        let text = mutate(&repository("examples/full.toml"), &edits);
        match Config::parse(&text, "mutated", Secrets::Ignore, &|_| None) {
            Ok(config) => assert_usable(&config),
            Err(errors) => prop_assert!(!errors.problems.is_empty()),
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[\\PC\n]{0,200}") {
        let _read = Config::parse(&text, "any", Secrets::Resolve, &|_| Some("x".to_owned()));
    }

    #[test]
    fn lines_in_any_order_never_panic(order in any::<u64>()) {
        let text = repository("examples/full.toml");
        let mut lines: Vec<&str> = text.lines().collect();
        let mut state = order | 1;
        for at in (1..lines.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            lines.swap(at, (state >> 33) as usize % (at + 1));
        }
        let _read = Config::parse(&lines.join("\n"), "shuffled", Secrets::Ignore, &|_| None);
    }
}

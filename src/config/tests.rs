//! Wrong files are told whole, right ones become what they say, secrets stay secret.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

fn env(name: &str) -> Option<String> {
    match name {
        "SLACK_WEBHOOK_URL" => Some("https://hooks.slack.com/services/T0/B0/TOPSECRET".to_owned()),
        "PLAIN_URL" => Some("http://chat.example.com/TOPSECRET".to_owned()),
        "WEBHOOK_URL" => Some("https://crm.example.com/hook/TOPSECRET".to_owned()),
        "WEBHOOK_TOKEN" | "KAFKA_PASSWORD" => Some("TOPSECRET".to_owned()),
        _ => None,
    }
}

fn parse(text: &str) -> Result<Config, ConfigErrors> {
    Config::parse(text, "groundswell.toml", Secrets::Resolve, &env)
}

fn errors(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

fn example(name: &str) -> Config {
    let path = format!("{}/examples/{name}.toml", env!("CARGO_MANIFEST_DIR"));
    parse(&std::fs::read_to_string(path).unwrap()).unwrap()
}

const WRONG: &str = r#"time_zone = "Mars/Base"
[[brand]]
nme = "x"
[[brand]]
name = "Acme"
any = ["", 5]
[[brand]]
name = "ACME"
[time]
pane = "7m"
allowed_lateness = "2h"
dedup_horizon = "1h"
[sensitivity]
false_pages_per_week = "many"
min_share_change = 7
[[monitor]]
measure = "mention"
windows = ["90s"]
[[route]]
slack = { webhook_url = "https://hooks.slack.com/services/T0/B0/TOPSECRET" }
brands = ["Acm"]
[[route]]
slack = { webhook_url = { env = "PLAIN_URL" } }
[[route]]
name = "nowhere"
[[route]]
name = "unset"
slack = { webhook_url = { env = "UNSET_VARIABLE" } }
[source.kafka]
shards = 0
[source.kafka.properties]
"group.id" = "mine"
"sasl.password" = "TOPSECRET"
[http]
listen = "everywhere"
[logs]
level = "info"
"#;

#[test]
fn everything_that_is_wrong_is_told_at_once_with_its_place_and_what_to_write() {
    let told = errors(WRONG);
    assert!(!told.contains("TOPSECRET"), "{told}");
    insta::assert_snapshot!(told);
}

#[test]
fn what_is_not_toml_is_told_with_its_place() {
    insta::assert_snapshot!(errors("[[brand]]\nname = \"Acme\nany = [\"acme\"\n"));
}

#[test]
fn a_file_that_is_not_there_says_what_to_do() {
    let told = Config::load(Path::new("no/such.toml"), Secrets::Resolve).unwrap_err().to_string();
    assert!(told.contains("no/such.toml") && told.contains("--config"), "{told}");
}

#[test]
fn one_brand_and_one_webhook_are_enough() {
    let config = example("minimal");
    assert_eq!(config.plan.brands.len(), 1);
    assert_eq!(config.routes.len(), 1);
    assert_eq!(config.kafka.unwrap().brokers, ["localhost:9092"]);
    assert_eq!(config.plan.monitors, crate::detect::Monitor::defaults());
}

#[test]
fn the_airlines_are_one_market() {
    let config = example("airlines");
    assert!(config.plan.brands.iter().all(|it| it.market.as_deref() == Some("us-airlines")));
    insta::assert_snapshot!(explain(&config));
}

#[test]
fn the_full_example_is_valid_and_explained() {
    insta::assert_snapshot!(explain(&example("full")));
}

#[test]
fn the_cluster_configuration_is_valid() {
    let path = format!("{}/k8s/base/groundswell.toml", env!("CARGO_MANIFEST_DIR"));
    parse(&std::fs::read_to_string(path).unwrap()).unwrap();
}

#[test]
fn secrets_are_shown_nowhere() {
    let config = example("full");
    let shown = format!("{config:?}\n{}", explain(&config));
    assert!(!shown.contains("TOPSECRET") && !shown.contains("hooks.slack.com"), "{shown}");
}

#[test]
fn commands_that_speak_to_nobody_need_no_secrets() {
    let text =
        "[[brand]]\nname = \"A\"\n[[route]]\nslack = { webhook_url = { env = \"UNSET\" } }\n";
    assert!(Config::parse(text, "x", Secrets::Ignore, &|_| None).is_ok());
    assert!(Config::parse(text, "x", Secrets::Resolve, &|_| None).is_err());
}

#[test]
fn a_secret_file_is_read_without_its_last_line_end() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("url");
    std::fs::write(&file, "https://hooks.slack.com/services/X\n").unwrap();
    let text = format!(
        "[[brand]]\nname = \"A\"\n[[route]]\nslack = {{ webhook_url = {{ file = {:?} }} }}\n",
        file.display().to_string()
    );
    let config = parse(&text).unwrap();
    let crate::notify::Target::Slack { webhook_url } = &config.routes[0].target else {
        unreachable!()
    };
    assert_eq!(webhook_url.expose(), "https://hooks.slack.com/services/X");
}

/// Every key of the full example, which has them all, is in the documentation.
#[test]
fn every_key_is_documented() {
    let read = |name: &str| {
        std::fs::read_to_string(format!("{}/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
    };
    let (full, sections, routes) =
        (read("examples/full.toml"), include_str!("sections.rs"), include_str!("routes.rs"));
    let docs = read("docs/configuration.md");
    let known = sections.split('"').chain(routes.split('"')).filter(|word| {
        word.len() > 2 && word.chars().all(|it| it.is_ascii_lowercase() || it == '_')
    });
    for line in full.lines() {
        let line = line.trim_start_matches(['#', ' ']);
        let Some((key, _)) = line.split_once(" = ") else { continue };
        if key.chars().all(|it| it.is_ascii_lowercase() || it == '_') {
            assert!(docs.contains(&format!("`{key}`")), "{key} is not in docs/configuration.md");
        }
    }
    for key in known.filter(|word| word.contains('_')) {
        assert!(docs.contains(key), "{key} is not in docs/configuration.md");
    }
}

proptest! {
    #[test]
    fn no_text_panics(at in 0..WRONG.len(), cut in 0_usize..40, put in "[\\[\\]={}\",.a-z0-9\n]{0,12}") {
        let mut text = WRONG.to_owned();
        if let (true, true) = (text.is_char_boundary(at), text.is_char_boundary((at + cut).min(text.len()))) {
            let end = (at + cut).min(text.len());
            text.replace_range(at..end, &put);
        }
        if let Err(told) = parse(&text) {
            prop_assert!(!told.problems.is_empty());
        }
    }
}

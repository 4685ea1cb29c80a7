//! The commands, as people type them.

use std::process::{Command, Output};

use groundswell::demo::{CRISIS_BRAND, CRISIS_LINK};

use crate::support::{KafkaBroker, Program, repository, unique};

fn groundswell(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_groundswell"))
        .args(arguments)
        .current_dir(repository("."))
        .env_remove("SLACK_WEBHOOK_URL")
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

const MENTIONS: &str = "../shared/data/airline-2015/mentions.ndjson.gz";

#[test]
fn replay_prints_an_object_per_incident() {
    let output = groundswell(&["replay", "--config", "examples/airlines.toml", "--json", MENTIONS]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let incidents: Vec<serde_json::Value> =
        text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for incident in &incidents {
        for field in [
            "id",
            "brand",
            "monitor",
            "direction",
            "severity",
            "onset",
            "detected_at",
            "resolved_at",
            "peak_z",
            "observed",
            "expected",
            "sources",
        ] {
            assert!(incident.get(field).is_some(), "{field} in {incident}");
        }
    }
    let detected =
        |incident: &serde_json::Value| incident["detected_at"].as_str().unwrap().to_owned();
    let within = |brand: &str, from: &str, to: &str| {
        incidents.iter().any(|it| it["brand"] == brand && (from..to).contains(&&*detected(it)))
    };
    assert!(within("American", "2015-02-22T19:50", "2015-02-22T21:00"));
    assert!(within("US Airways", "2015-02-22T00:00", "2015-02-22T08:00"));
    let quiet = incidents.iter().filter(|it| *detected(it) < *"2015-02-22").count();
    assert!(quiet <= 5, "{quiet} incidents in the quiet days");
}

/// The report of the airline week, to be looked at by hand: `GROUNDSWELL_PICTURES=FOLDER`.
#[test]
fn a_replay_is_reported_on_one_page_that_needs_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let pictures = std::env::var_os("GROUNDSWELL_PICTURES").map(std::path::PathBuf::from);
    let file = pictures.unwrap_or(folder.path().to_owned()).join("report.html");
    let report = ["--report", file.to_str().unwrap(), MENTIONS];
    let labels = ["--labels", "examples/airlines-labels.json"];
    let replay = ["replay", "--config", "examples/airlines.toml", "--json"];
    let output = groundswell(&[&replay[..], &labels, &report].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    let page = std::fs::read_to_string(&file).unwrap();
    let told = text(&output.stdout).lines().filter(|line| line.contains("\"onset\"")).count();
    assert!(told > 3);
    assert_eq!(page.matches("<article").count(), told, "every incident is told");
    let brands = 6;
    // Each is drawn for a wide and for a narrow screen.
    assert_eq!(
        page.matches("<svg").count(),
        2 * (told + brands),
        "and drawn, and so is every brand"
    );
    assert!(page.contains("chart-outside"), "a swing leaves the typical band");
    for outside in ["<script", "<link", "src=", "@import", "url("] {
        assert!(!page.contains(outside), "{outside} asks for something else");
    }
    let nowhere = ["--report", "/nowhere/report.html", MENTIONS];
    let output = groundswell(&[&replay[..], &nowhere].concat());
    assert!(!output.status.success());
    let said = text(&output.stderr);
    assert!(said.contains("cannot write the report to /nowhere/report.html"), "{said}");
}

#[test]
fn replay_is_judged_by_labels() {
    let judged = |labels: &str, more: &[&str]| {
        let given = ["replay", "--config", "examples/airlines.toml", "--labels", labels];
        groundswell(&[&given[..], more, &[MENTIONS]].concat())
    };
    let output = judged("examples/airlines-labels.json", &["--json"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let lines: Vec<serde_json::Value> =
        text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (last, incidents) = lines.split_last().unwrap();
    let labels = &last["labels"];
    let with = |verdict: &str| incidents.iter().filter(|it| it["verdict"] == verdict).count();
    for (field, verdict) in
        [("hits", "hit"), ("false", "false"), ("early", "early"), ("not_judged", "not_judged")]
    {
        assert_eq!(labels[field], with(verdict), "{field}: {labels}");
    }
    let number = |value: &serde_json::Value| value.as_f64().unwrap();
    assert!(number(&labels["precision"]) >= 0.75, "{labels}");
    assert!(number(&labels["recall"]) >= 0.66, "{labels}");
    assert!(number(&labels["false_pages_per_week"]) <= 1.0, "{labels}");
    let waited = |brand: &str| {
        let windows = labels["windows"].as_array().unwrap();
        number(&windows.iter().find(|it| it["brand"] == brand).unwrap()["seconds_to_detect"])
    };
    assert!(waited("American") <= 4_200.0, "before 21:00: {labels}");
    assert!(waited("US Airways") <= 14_400.0, "before 08:00: {labels}");
    assert_eq!(labels["without_labels"], serde_json::json!(["Delta", "Southwest"]));

    let folder = tempfile::tempdir().unwrap();
    let wrong = folder.path().join("wrong.json");
    std::fs::write(&wrong, r#"{"Untied": []}"#).unwrap();
    for (labels, words) in [
        (wrong.to_str().unwrap(), "wrong.json: \"Untied\": the configuration has no such brand"),
        ("none.json", "none.json: "),
    ] {
        let output = judged(labels, &[]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(words), "{said}");
        assert!(output.stdout.is_empty(), "nothing is replayed");
    }
}

#[test]
fn what_is_marked_is_kept_and_read_by_replay() {
    let folder = tempfile::tempdir().unwrap();
    let (file, marks) = (folder.path().join("marked.toml"), folder.path().join("marks.ndjson"));
    let toml = std::fs::read_to_string(repository("examples/airlines.toml")).unwrap();
    std::fs::write(
        &file,
        format!("{toml}\n[feedback]\nfile = {:?}\n", marks.display().to_string()),
    )
    .unwrap();
    let with = |command: &str, more: &[&str]| {
        groundswell(&[&[command, "--config", file.to_str().unwrap()], more].concat())
    };
    let replay = || {
        let output = with("replay", &["--json", MENTIONS]);
        (text(&output.stdout), text(&output.stderr))
    };
    let (unmarked, summary) = replay();
    assert!(!summary.contains("feedback"), "{summary}");

    let delta = ["--brand", "Delta", "--monitor", "negative-up"];
    let output = with("mark", &[&["--false-alarm"], &delta[..]].concat());
    let said = text(&output.stdout);
    assert!(said.starts_with("Delta, negative-up: the limit is 1.15 times"), "{said}");
    let (later, summary) = replay();
    assert_eq!(later, unmarked, "it was said years after these mentions");
    assert!(summary.contains("feedback: 0 of 1 marks counted"), "{summary}");

    let early = r#"{"at":"2015-02-17T15:00:00Z","brand":"Delta","monitor":"negative-up","verdict":"false_alarm"}"#;
    let kept = std::fs::read_to_string(&marks).unwrap();
    std::fs::write(&marks, format!("{kept}{}", format!("{early}\n").repeat(4))).unwrap();
    let (marked, summary) = replay();
    assert!(summary.contains("feedback: 4 of 5 marks counted"), "{summary}");
    let angry = |incidents: &str| {
        let of_it =
            ["\"Delta\"", "\"detected_at\":\"2015-02-19", "\"measure\":\"negative_mentions\""];
        incidents.lines().filter(|line| of_it.iter().all(|part| line.contains(part))).count()
    };
    assert_eq!((angry(&unmarked), angry(&marked)), (1, 0), "{marked}");
    assert_eq!(replay().0, marked, "byte for byte");

    std::fs::write(&marks, format!("{kept}good morning\n")).unwrap();
    for (arguments, words) in [
        (
            vec!["mark", "--real", "--brand", "Dleta", "--monitor", "mentions-up"],
            "did you mean \"Delta\"?",
        ),
        (
            vec!["mark", "--real", "--brand", "Delta", "--monitor", "mention-up"],
            "did you mean \"mentions-up\"?",
        ),
        (
            vec!["mark", "--real", "--brand", "Delta", "--monitor", "single-mention"],
            "raise [sensitivity] min_audience",
        ),
        (
            vec!["mark", "--real", "--brand", "Delta", "--monitor", "mentions-up"],
            "marks.ndjson:2: this is no mark",
        ),
        (vec!["check"], "marks.ndjson:2: this is no mark"),
    ] {
        let output = with(arguments[0], &arguments[1..]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(words), "{said}");
    }
    let output = with("replay", &[MENTIONS]);
    let said = text(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("marks.ndjson:2: this is no mark"), "{said}");
    assert!(said.contains("feedback: 1 lines are no marks"), "{said}");
}

/// Above the best published detector on these series (ARTime), all decisions causal, one setting.
#[test]
fn score_beats_what_is_published() {
    let folder = tempfile::tempdir().unwrap();
    let results = folder.path().to_str().unwrap();
    let output =
        groundswell(&["score", "--input", "../shared/bench/nab/data", "--output", results]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let judged = Command::new("python3")
        .arg(repository("../shared/bench/nab/nab_score.py"))
        .arg("--labels")
        .arg(repository("../shared/bench/nab/labels.json"))
        .args(["--results", results])
        .output()
        .unwrap();
    assert!(judged.status.success(), "{}", text(&judged.stderr));
    let judged = text(&judged.stdout);
    let standard = judged.lines().find(|line| line.starts_with("standard")).unwrap();
    let score: f64 = standard.split_whitespace().nth(2).unwrap().parse().unwrap();
    assert!(score > 86.96, "{judged}");
}

#[test]
fn replay_goes_on_after_a_file_that_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let cut = folder.path().join("cut.ndjson.gz");
    let whole = std::fs::read(repository(MENTIONS)).unwrap();
    std::fs::write(&cut, &whole[..whole.len() / 2]).unwrap();
    let cut = cut.to_str().unwrap();
    let output = groundswell(&[
        "replay",
        "--config",
        "examples/airlines.toml",
        "missing.ndjson",
        cut,
        MENTIONS,
    ]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("missing.ndjson") && said.contains("cut.ndjson.gz"), "{said}");
    assert!(text(&output.stdout).contains("American"), "the whole file is replayed all the same");
}

#[test]
fn a_wrong_configuration_is_told_whole_and_exits_with_2() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("wrong.toml");
    std::fs::write(&file, "[[brand]]\nnme = \"x\"\n[http]\nlisten = 5\n").unwrap();
    let output = groundswell(&["check", "--config", file.to_str().unwrap()]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2));
    assert!(said.contains("wrong.toml:2:1") && said.contains("wrong.toml:4:10"), "{said}");
    let output = groundswell(&["run", "--config", "examples/minimal.toml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("SLACK_WEBHOOK_URL is not set"),
        "{}",
        text(&output.stderr)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn run_serves_and_ends_well_when_it_is_asked_to() {
    let broker = KafkaBroker::shared();
    let topic = unique("run");
    broker.create_topic(&topic, 1).await;
    let kept = tempfile::tempdir().unwrap();
    let toml = format!(
        "[[brand]]\nname = \"Acme\"\n[source.kafka]\nbrokers = [\"{}\"]\ngroup = \"{topic}\"\n\
         [[source.kafka.topic]]\nname = \"{topic}\"\n[log]\nformat = \"json\"\n[feedback]\nfile = {:?}\n",
        broker.address(),
        kept.path().join("marks.ndjson").display().to_string(),
    );
    let mut program = Program::start(&toml, &[]);
    program.ready().await;
    let marked = groundswell(&[
        "mark",
        "--config",
        program.folder().join("groundswell.toml").to_str().unwrap(),
        "--false-alarm",
        "--brand",
        "Acme",
        "--monitor",
        "mentions-up",
    ]);
    assert!(marked.status.success(), "{}", text(&marked.stderr));
    let taken = "groundswell_feedback_marks_total{outcome=\"taken\"} 1\n";
    program.http().wait_for("/metrics", |_, metrics| metrics.contains(taken)).await;
    let status = tokio::task::block_in_place(|| program.stop());
    let log = program.log();
    assert_eq!(status.code(), Some(0), "{log}");
    for line in log.lines() {
        serde_json::from_str::<serde_json::Value>(line).expect("each line of the log is JSON");
    }
    assert!(log.contains("joining the consumer group"), "{log}");
}

#[test]
fn the_demo_tells_the_crisis_and_its_end() {
    let output = groundswell(&["demo"]);
    let said = text(&output.stdout);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let link = CRISIS_LINK.trim_start_matches("https://");
    for words in [
        format!("{CRISIS_BRAND}: a journalist"),
        format!("{CRISIS_BRAND}: now critical: anger"),
        link.to_owned(),
        format!("{CRISIS_BRAND}: back to normal"),
    ] {
        assert!(said.contains(&words), "{words} in {said}");
    }
}

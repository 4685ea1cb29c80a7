//! What people read when a file is wrong.

use super::*;

/// Files with one fault each, or several that belong together; the golden text shows what is said.
const BROKEN: &[(&str, &str)] = &[
    ("nothing at all", ""),
    ("no brand, and a key that nobody knows", "colour = \"blue\"\n"),
    ("brand without a name", "[[brand]]\nmarket = \"tools\"\n"),
    ("one bracket", "[brand]\nname = \"Acme\"\n[route]\nname = \"x\"\n"),
    ("brand is a text", "brand = \"Acme\"\n"),
    ("the same brand twice", "[[brand]]\nname = \"Acme\"\n[[brand]]\nname = \"ACME\"\n"),
    ("brands that look alike", "[[brand]]\nname = \"Café\"\n[[brand]]\nname = \"Cafe\\u0301\"\n"),
    (
        "words that cannot be looked for",
        "[[brand]]\nname = \"Acme\"\nany = [\"\", \"acme\", 3]\nnone = [\"ACME\"]\n[[brand]]\nname = \"Apex\"\nany = [\"...\"]\n",
    ),
    (
        "the same useless word in several places, and beside a brand without a name",
        "[[brand]]\nname = \"Acme\"\nany = [\n  \"acme\",\n  \"...\",\n  \"...\",\n]\n[[brand]]\nmarket = \"tools\"\n[classification]\ncrisis_terms = [\"recall\", \"!!\"]\n",
    ),
    ("time zone by its city", "time_zone = \"New York\"\n[[brand]]\nname = \"Acme\"\n"),
    ("time zone with a slip", "time_zone = \"Europe/Berlim\"\n[[brand]]\nname = \"Acme\"\n"),
    (
        "durations",
        "brand = [{ name = \"Acme\" }]\n[time]\npane = 60\nallowed_lateness = \"10 minutes\"\nmax_future = \"-5m\"\ndedup_horizon = \"1y\"\n",
    ),
    ("pane that does not divide an hour", "brand = [{ name = \"Acme\" }]\n[time]\npane = \"7m\"\n"),
    (
        "dedup shorter than lateness",
        "brand = [{ name = \"Acme\" }]\n[time]\nallowed_lateness = \"2h\"\ndedup_horizon = \"1h\"\n",
    ),
    (
        "future beyond lateness",
        "brand = [{ name = \"Acme\" }]\n[time]\nallowed_lateness = \"2m\"\nmax_future = \"3m\"\n",
    ),
    (
        "windows",
        "brand = [{ name = \"Acme\" }]\n[time]\npane = \"5m\"\n[[monitor]]\nmeasure = \"mentions\"\nwindows = [\"12m\", \"2d\", 5]\n[[monitor]]\nmeasure = \"negative_share\"\nwindows = []\n[[monitor]]\nmeasure = \"mentions\"\n",
    ),
    (
        "monitor with slips",
        "brand = [{ name = \"Acme\" }]\n[[monitor]]\nmeasure = \"negative_mention\"\ndirection = \"upwards\"\n[[monitor]]\nname = \"x\"\nwindow = [\"5m\"]\n",
    ),
    (
        "monitor named as one that is always there",
        "brand = [{ name = \"Acme\" }]\n[[monitor]]\nname = \"advocates-quiet\"\nmeasure = \"mentions\"\n",
    ),
    (
        "numbers",
        "brand = [{ name = \"Acme\" }]\n[sensitivity]\nfalse_pages_per_week = \"many\"\nmin_ratio = 0.5\nmin_excess = nan\nmin_share_change = 10\ncalm_z = 0\n[limits]\nmetric_series = -1\nmax_message_bytes = 1.5\n",
    ),
    (
        "more brands and windows than the limits",
        "[limits]\nbrands = 2\nseries = 5\n[[brand]]\nname = \"Acme\"\n[[brand]]\nname = \"Apex\"\n[[brand]]\nname = \"Anvil\"\n[[monitor]]\nmeasure = \"mentions\"\nwindows = [\"5m\", \"1h\"]\n",
    ),
    ("limits of nothing", "brand = [{ name = \"Acme\" }]\n[limits]\nbrands = 0\nseries = 0\n"),
    (
        "keys with slips, and in the wrong table",
        "pane = \"1m\"\nbrand = [{ name = \"Acme\", markt = \"x\" }]\n[sensitivity]\nmin_rato = 2\n[Time]\n[log]\nlevel = \"verbose\"\nbanana = 1\n",
    ),
    (
        "kafka",
        "brand = [{ name = \"Acme\" }]\n[source.kafka]\nbrokers = [\"kafka\", \"ssl://kafka:9093\", \"a:9092,b:9092\"]\nshards = 0\n[[source.kafka.topic]]\nformat = \"avro\"\n[[source.kafka.topic]]\nname = \"^men.*\"\n[[source.kafka.topic]]\nname = \"m\"\n[[source.kafka.topic]]\nname = \"m\"\n",
    ),
    (
        "kafka properties",
        "brand = [{ name = \"Acme\" }]\n[source.kafka.properties]\n\"group.id\" = \"mine\"\n\"enable.auto.commit\" = true\n\"securty.protocol\" = \"SSL\"\nsecurity.protocol = \"TLS\"\n\"fetch.min.bytes\" = [1]\n\"fetch.wait.max.ms\" = -3\n",
    ),
    ("route without anything", "brand = [{ name = \"Acme\" }]\n[source.kafka.route]\n"),
    (
        "route that reads what it writes, and what run reads",
        "brand = [{ name = \"Acme\" }]\n[source.kafka]\ngroup = \"g\"\ndead_letter_topic = \"in2\"\n[[source.kafka.topic]]\nname = \"in\"\n[[source.kafka.topic]]\nname = \"out\"\nformat = \"protobuf\"\n[source.kafka.route]\noutput = \"out\"\ndead_letter_topic = \"in\"\ngroup = \"g\"\ncommit_interval = \"1m\"\ncommit_messages = 0\nunmatched = \"key\"\n[[source.kafka.route.topic]]\nname = \"in\"\n[[source.kafka.route.topic]]\nname = \"in2\"\nformat = \"protobuf\"\n[source.kafka.properties]\n\"transactional.id\" = \"x\"\n",
    ),
    (
        "routes",
        "brand = [{ name = \"Acme\" }]\n[[route]]\n[[route]]\nslack = { webhook_url = { env = \"HOOK\" } }\nwebhook = { url = { env = \"HOOK\" } }\n[[route]]\nslack = { webhook_url = { env = \"HOOK\" } }\nbrands = [\"acme\", \"Apex\"]\nmin_severity = \"warn\"\nsend_resolved = \"yes\"\n[[route]]\nslack = {}\n",
    ),
    (
        "a bot of Slack",
        "brand = [{ name = \"Acme\" }]\n[[route]]\nslack = { bot_token = { env = \"HOOK\" } }\n[[route]]\nname = \"b\"\nslack = { channel = \"C0\" }\n[[route]]\nname = \"c\"\nslack = { bot_token = { env = \"HOOK\" }, channel = \"C0\", url = \"slack.com\", webhook_url = { env = \"HOOK\" } }\n",
    ),
    (
        "topics for alerts",
        "brand = [{ name = \"Acme\" }]\n[[route]]\nkafka = {}\n[[route]]\nname = \"b\"\nkafka = { topic = \"mentions\", format = \"avro\" }\n[[route]]\nname = \"c\"\nkafka = { topic = \"a b\", properties = { \"security.protocol\" = \"SSL\" } }\n[[route]]\nname = \"d\"\nkafka = { topic = \"mentions\", brokers = [\"kafka\"], properties = { \"acks\" = \"0\" } }\n",
    ),
    (
        "e-mail",
        "brand = [{ name = \"Acme\" }]\n[[route]]\nemail = {}\n[[route]]\nname = \"b\"\nemail = { server = \"smtp://smtp.example.com:25\", port = 0, encryption = \"ssl\", username = \"u\", from = \"alerts\", to = [\"dana@\", \"noa@example.com\"] }\n[[route]]\nname = \"c\"\nemail = { server = \"smtp.example.com\", encryption = \"none\", password = { env = \"HOOK\" }, from = \"a@example.com\", to = \"a@example.com\" }\n[[route]]\nname = \"d\"\nemail = { server = \"10.1.2.3\", from = \"a@example.com\", to = [] }\n",
    ),
    (
        "how people come to the page",
        "brand = [{ name = \"Acme\" }]\n[http]\npublic_url = \"https://page.example/groundswell\"\n[http.links]\nsecret = { env = \"SHORT\" }\nrole = \"admin\"\nvalid_for = \"1s\"\n[http.slack]\n",
    ),
    (
        "back-off",
        "brand = [{ name = \"Acme\" }]\n[delivery]\ninitial_backoff = \"1m\"\nmax_backoff = \"10s\"\nrequest_timeout = \"1h\"\n",
    ),
    (
        "where deliveries may go",
        "brand = [{ name = \"Acme\" }]\n[[route]]\nslack = { webhook_url = { env = \"HOOK\" } }\n[[route]]\nname = \"inside\"\nwebhook = { url = { env = \"INSIDE\" } }\n[[route]]\nname = \"plain\"\nwebhook = { url = { env = \"PLAIN\" } }\n[delivery]\nallow_hosts = [\"10.1.2.3\", \"plain.example\", \"https://a.example/x\", \"*\"]\nallow_networks = [\"10.1.2.3\", \"10.1.0.0/33\"]\nallow_private = \"no\"\n",
    ),
    (
        "where it listens",
        "brand = [{ name = \"Acme\" }]\n[http]\nlisten = \"localhost:9464\"\n[dead_letter]\nfile = \"\"\n",
    ),
    (
        "how much is taken over HTTP",
        "brand = [{ name = \"Acme\" }]\n[http]\nopen_metrics = \"no\"\nmax_body_bytes = 10\nheader_timeout = 10\nrequest_timeout = \"1h\"\nmax_connections = 0\nrequests_per_second = 0.5\nrate = 3\n",
    ),
    ("TLS as a file", "brand = [{ name = \"Acme\" }]\n[http]\ntls = \"cert.pem\"\n"),
    (
        "TLS without its files",
        "brand = [{ name = \"Acme\" }]\n[http.tls]\ncert = \"\"\nclient_ca = 3\nca = \"ca.pem\"\n",
    ),
    (
        "tokens",
        "brand = [{ name = \"Acme\" }]\n[[http.token]]\n[[http.token]]\nname = \"a\"\nrole = \"view\"\ntoken = { env = \"SHORT\" }\n[[http.token]]\nname = \"a\"\nrole = \"admin\"\ntoken = { env = \"TOKEN\" }\n[[http.token]]\nname = \"b\"\nrole = \"viewer\"\ntoken = { env = \"TOKEN\" }\n[[http.token]]\nname = \"c\"\nrole = \"viewer\"\ntoken = { env = \"HOOK\" }\n[[http.token]]\nname = \"d\"\nrole = \"viewer\"\ntoken = { env = \"UNSET\" }\nrights = 1\n",
    ),
    (
        "an open quotation mark",
        "brand = [{ name = \"Acme }]\n[sensitivity]\nmin_ratio = 0.5\nmin_excess 10\ncalm_z = 2.0\n",
    ),
    (
        "not TOML in one line: what is wrong by itself elsewhere is told, what may follow from it is not",
        "brand = [{ name = \"Acme\" }]\ncolour = 1\n[sensitivity]\nmin_excess 10\nmin_ratio = 0.5\n[log]\nlevel = \"loud\"\n",
    ),
    ("a table twice", "[brand]\nname = \"Acme\"\n[brand]\nname = \"Apex\"\n"),
    ("a key twice", "feed = \"a\"\nfeed = \"b\"\n[[brand]]\nname = \"Acme\"\n"),
];

const ENV: &[(&str, &str)] = &[
    ("HOOK", "https://hooks.example/x"),
    ("SHORT", "0123456789abcde"),
    ("TOKEN", "0123456789abcdef"),
    ("INSIDE", "https://10.1.2.3/x"),
    ("PLAIN", "http://plain.example/x"),
];

#[test]
fn every_fault_says_where_it_is_and_what_to_write() {
    let mut said = String::new();
    for (title, text) in BROKEN {
        let errors = parse(text, ENV).expect_err(&format!("{title} was taken"));
        said.push_str(&format!("## {title}\n{errors}\n\n"));
    }
    insta::assert_snapshot!("broken", said);
}

#[test]
fn fifteen_errors_are_told_at_once() {
    let text = r#"
time_zone = "Mars/Olympus"
fed = "x"
[[brand]]
name = "Acme"
any = "acme"
all = 7
[[brand]]
market = "tools"
[classification]
influencer_followers = "lots"
[source.kafka]
brokers = "localhost:9092"
histroy = "14d"
idle_timeout = 30
[source.kafka.properties]
"sasl.password" = "hunter2"
[time]
pane = "11m"
[sensitivity]
false_pages_per_week = 0
[baseline]
memory = "1h"
[[monitor]]
measure = "likes"
[[route]]
brands = ["Acmee"]
slack = { webhook_url = { env = "UNSET" } }
[http]
listen = 9464
[log]
format = "xml"
"#;
    let errors = parse(text, &[]).unwrap_err();
    let lines: Vec<usize> = errors.problems.iter().map(|problem| problem.line).collect();
    assert_eq!(lines, [2, 3, 7, 8, 11, 14, 15, 17, 19, 21, 23, 25, 27, 28, 30, 32], "{errors}");
    assert!(errors.to_string().starts_with("the configuration has 16 errors\n"), "{errors}");
    assert!(errors.problems.iter().all(|problem| problem.column > 0));
}

#[test]
fn columns_count_characters() {
    let text = "feed = \"הזנה\" \nbrand = [{ name = \"קולה\", any = [\"קולה\", 5] }]\n";
    let errors = parse(text, &[]).unwrap_err();
    let place = (errors.problems[0].line, errors.problems[0].column);
    assert_eq!(place, (2, 42), "{errors}");
}

#[test]
fn a_file_that_cannot_be_read_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("groundswell.toml");
    let error = Config::load(&missing, Secrets::Ignore).unwrap_err().to_string();
    assert!(error.contains("groundswell.toml: cannot be read: No such file"), "{error}");
    std::fs::write(&missing, b"feed = \"\xff\"").unwrap();
    let error = Config::load(&missing, Secrets::Ignore).unwrap_err().to_string();
    assert!(error.contains("groundswell.toml: cannot be read: stream did not contain"), "{error}");
}

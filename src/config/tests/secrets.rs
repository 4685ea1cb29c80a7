//! Secrets come from elsewhere, and go nowhere.

use super::*;
use crate::notify::Target;
use crate::secret::Secret;

/// What must never be shown.
const MARK: &str = "s3cr3t-M4RK";
const SIGNING_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Every way of pasting a secret where it does not belong; `{}` stands for it.
const PASTED: &[&str] = &[
    "[[route]]\nslack = \"https://hooks.example/{}\"\n",
    "[[route]]\nslack = { webhook_url = \"https://hooks.example/{}\" }\n",
    "[[route]]\nslack = { webhook_url = { env = \"https://hooks.example/{}\" } }\n",
    "[[route]]\nslack = { webhook_url = { env = \"{}\" } }\n",
    "[[route]]\nslack = { webhook_url = { file = \"https://hooks.example/{}\" } }\n",
    "[[route]]\nslack = { webhook_url = { value = \"{}\" } }\n",
    "[[route]]\nslack = { webhook_url = { env = \"OK\", file = \"{}\" } }\n",
    "[[route]]\nslack = { webhook_url = [\"https://hooks.example/{}\"] }\n",
    "[[route]]\nslack = { url = \"https://hooks.example/{}\" }\n",
    "[[route]]\nslack = { bot_token = \"xoxb-{}\", channel = \"C0\" }\n",
    "[[route]]\nslack = { bot_token = { env = \"OK\" }, channel = \"C0\", webhook_url = \"https://hooks.example/{}\" }\n",
    "[[route]]\nkafka = { topic = \"a\", brokers = \"k:9092\", properties = { \"sasl.password\" = \"{}\" } }\n",
    "[[route]]\nemail = { server = \"s\", username = \"u\", password = \"{}\", from = \"a@b.example\", to = \"a@b.example\" }\n",
    "[http.slack]\nsigning_secret = \"{}\"\n",
    "[http]\npublic_url = \"https://page.example\"\n[http.links]\nsecret = \"{}\"\n",
    "[http]\npublic_url = \"https://me:{}@page.example\"\n",
    "[[route]]\nwebhook_url = \"https://hooks.example/{}\"\n",
    "[[route]]\nwebhook = { url = { env = \"OK\" }, headers = \"Bearer {}\" }\n",
    "[[route]]\nwebhook = { url = { env = \"OK\" }, headers = { Authorization = \"Bearer {}\" } }\n",
    "[[route]]\nwebhook = { url = { env = \"OK\" }, headers = { Authorization = { env = \"TWO_LINES\" } } }\n",
    "[[route]]\nwebhook = { url = { env = \"OK\" }, signing_secret = \"whsec_{}\" }\n",
    "[[route]]\nwebhook = { url = { env = \"OK\" }, signing_secret = [\"whsec_{}\"] }\n",
    "[[route]]\nwebhook = { url = { env = \"OK\" }, signing_secret = [{ env = \"OK_KEY\" }, { env = \"NO_ADDRESS\" }] }\n",
    "[[route]]\nalertmanager = { url = \"https://me:{}@alerts.example\" }\n",
    "[[route]]\nalertmanager = { url = \"https://alerts.example\", headers = { Authorization = \"Basic {}\" } }\n",
    "[[route]]\nslack = { webhook_url = { env = \"PLAIN_HTTP\" } }\n",
    "[[route]]\nslack = { webhook_url = { env = \"OWN\" } }\n",
    "[[route]]\nslack = { webhook_url = { env = \"OK\" } }\n[delivery]\nallow_hosts = \"https://hooks.example/{}\"\n",
    "[[route]]\nslack = { webhook_url = { env = \"NO_ADDRESS\" } }\n",
    "feed = [\"https://h.example/{}\"]\n",
    "[http]\nlisten = \"https://h.example/{}\"\n",
    "[[route]]\nslack = { webhook_url = { env = \"OK\" } }\nmin_severity = \"https://h.example/{}\"\nbrands = \"http://h.example/{}\"\n",
    "route = \"https://hooks.example/{}\"\n",
    "slack = \"https://hooks.example/{}\"\n",
    "[[http.token]]\nname = \"a\"\nrole = \"viewer\"\ntoken = \"{}\"\n",
    "[[http.token]]\nname = \"a\"\nrole = \"viewer\"\ntoken = { env = \"{}\" }\n",
    "[[http.token]]\nname = \"a\"\nrole = \"viewer\"\ntoken = { env = \"TWO_LINES\" }\n",
    "[[http.token]]\nname = \"a\"\nrole = \"viewer\"\ntoken = { env = \"NO_ADDRESS\" }\n",
    "[http]\ntoken = \"{}\"\n",
    "[http]\ntls = { cert = \"a.pem\", key = \"-----BEGIN PRIVATE KEY----- {}\" }\n",
    "[http]\ntls = { cert = \"a.pem\", key = \"\"\"\n{}\n\"\"\" }\n",
    "[source.kafka.properties]\n\"sasl.password\" = \"{}\"\n",
    "[source.kafka.properties]\nsasl.password = \"{}\"\n",
    "[source.kafka.properties]\n\"ssl.key.pem\" = \"{}\"\n",
    "[source.kafka.properties]\n\"ssl.key.password\" = [\"{}\"]\n",
    "[source.kafka.properties]\n\"sasl.oauthbearer.client.secret\" = \"{}\"\n",
    "[source.kafka.properties]\n\"security.protocol\" = { env = \"NO_ADDRESS\" }\n",
    "[source.kafka]\nproperties = \"{}\"\n",
    "[source]\nkafka = \"{}\"\n",
    "[[route]]\nslack = { webhook_url = \"https://hooks.example/{} }\n",
];

#[test]
fn a_pasted_secret_is_refused_and_not_repeated() {
    let env = [
        ("OK", "https://hooks.example/x".to_owned()),
        ("TWO_LINES", format!("{MARK}\nX-Evil: {MARK}")),
        ("OK_KEY", SIGNING_SECRET.to_owned()),
        ("PLAIN_HTTP", format!("http://hooks.example/{MARK}")),
        ("OWN", format!("https://{MARK}:{MARK}@127.0.0.1/{MARK}?{MARK}")),
        ("NO_ADDRESS", MARK.to_owned()),
    ];
    let env: Vec<(&str, &str)> = env.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut said = String::new();
    for pasted in PASTED {
        let text = with_brand(&pasted.replace("{}", MARK));
        let errors = parse(&text, &env).expect_err(pasted);
        let shown = format!("{errors}\n{errors:?}");
        assert!(!shown.contains(MARK), "{pasted} shows the secret: {shown}");
        said.push_str(&format!("{pasted}{errors}\n\n"));
    }
    insta::assert_snapshot!("pasted_secrets", said);
}

#[test]
fn a_resolved_secret_is_not_in_debug_or_the_explanation() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, format!("Bearer {MARK}\r\n")).unwrap();
    let text = with_brand(&format!(
        "[[route]]\nslack = {{ webhook_url = {{ env = \"SLACK\" }} }}\n\
         [[route]]\nwebhook = {{ url = {{ env = \"HOOK\" }}, headers = {{ Authorization = {{ file = {:?} }} }}, signing_secret = [{{ env = \"NEW\" }}, {{ env = \"OLD\" }}] }}\n\
         [source.kafka.properties]\n\"sasl.password\" = {{ env = \"PASSWORD\" }}\n\
         [[http.token]]\nname = \"a\"\nrole = \"admin\"\ntoken = {{ env = \"TOKEN\" }}\n",
        file.to_str().unwrap()
    ));
    let address = format!("https://hooks.example/{MARK}");
    let token = format!("{MARK}-{MARK}");
    let env = [
        ("SLACK", address.as_str()),
        ("HOOK", &address),
        ("NEW", SIGNING_SECRET),
        ("OLD", SIGNING_SECRET),
        ("PASSWORD", MARK),
        ("TOKEN", &token),
    ];
    let config = parse(&text, &env).unwrap();
    for shown in [format!("{config:?}"), format!("{config:#?}"), explain(&config)] {
        assert!(!shown.contains(MARK) && !shown.contains("MfKQ9r8"), "{shown}");
    }
    let Target::Webhook { url, headers, signing_secrets } = &config.routes[1].target else {
        panic!()
    };
    assert_eq!(url.expose(), address);
    assert_eq!(signing_secrets, &[Secret::new(SIGNING_SECRET), Secret::new(SIGNING_SECRET)]);
    assert!(explain(&config).contains("(with header Authorization; signed with 2 secrets)"));
    assert_eq!(headers[0].1.expose(), format!("Bearer {MARK}"), "without the line break");
    let keys: Vec<&str> = config.secrets.iter().map(|source| source.key.as_str()).collect();
    assert_eq!(
        keys,
        [
            "source.kafka.properties.sasl.password",
            "route.slack.webhook_url",
            "route.webhook.url",
            "route.webhook.headers.Authorization",
            "route.webhook.signing_secret",
            "route.webhook.signing_secret",
            "http.token.token",
        ]
    );
    assert_eq!(config.http.tokens[0].token.expose(), token);
}

#[test]
fn what_holds_no_secret_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty");
    std::fs::write(&empty, "\n").unwrap();
    let missing = folder.path().join("missing");
    for (holder, said) in [
        ("env = \"UNSET\"".to_owned(), "environment variable UNSET is not set"),
        ("env = \"EMPTY\"".to_owned(), "environment variable EMPTY is empty"),
        (format!("file = {:?}", empty.to_str().unwrap()), "empty is empty"),
        (format!("file = {:?}", missing.to_str().unwrap()), "missing cannot be read: No such"),
    ] {
        let text = with_brand(&format!("[[route]]\nslack = {{ webhook_url = {{ {holder} }} }}\n"));
        let errors = parse(&text, &[("EMPTY", " ")]).unwrap_err().to_string();
        assert!(errors.contains(said), "{errors}");
        assert!(errors.contains(":3:25: route.slack.webhook_url: "), "{errors}");
    }
}

#[test]
fn replay_needs_no_secret() {
    let text = repository("examples/full.toml");
    let config = Config::parse(&text, "full", Secrets::Ignore, &|_| panic!("looked up")).unwrap();
    let Target::Slack { webhook_url } = &config.routes[0].target else { panic!() };
    assert_eq!(webhook_url.expose(), "");
    assert_eq!(config.secrets.len(), 13);
}

#[test]
fn route_needs_the_secrets_of_its_source_and_of_http_alone() {
    let text = repository("examples/full.toml");
    let asked = |name: &str| match name {
        "KAFKA_PASSWORD" => Some("opensesame".to_owned()),
        "GROUNDSWELL_GRAFANA_TOKEN" | "GROUNDSWELL_ON_CALL_TOKEN" => Some(format!("of-{name}")),
        _ => None,
    };
    let config = Config::parse(&text, "full", Secrets::ResolveForRoute, &asked).unwrap();
    assert_eq!(config.http.tokens[0].token.expose(), "of-GROUNDSWELL_GRAFANA_TOKEN");
    let Target::Slack { webhook_url } = &config.routes[0].target else { panic!() };
    assert_eq!(webhook_url.expose(), "");
    let mut properties = config.kafka.as_ref().unwrap().properties.iter();
    assert!(properties.any(|(_, value)| value.expose() == "opensesame"));
}

#[test]
fn addresses_are_held_against_delivery() {
    let route = "[[route]]\nslack = { webhook_url = { env = \"HOOK\" } }\n";
    let good = |delivery: &str, address: &str| {
        let text = with_brand(&format!("{route}[delivery]\n{delivery}\n"));
        parse(&text, &[("HOOK", address)]).is_ok()
    };
    let (closed, open) = ("", "allow_private = true");
    let network = "allow_networks = [\"127.0.0.0/8\", \"::1/128\"]";
    let hosts = "allow_hosts = [\"hooks.slack.com\"]";
    let slack = "https://hooks.slack.com/services/T/B/x";
    for delivery in [closed, open, network, hosts] {
        assert!(good(delivery, slack), "{delivery}");
        for bad in ["ftp://localhost/", "x", "http://1.1.1.1/", "https://169.254.169.254/x"] {
            assert!(!good(delivery, bad), "{delivery} {bad}");
        }
    }
    for own in ["http://127.0.0.1:1/", "https://127.0.0.1/x", "http://[::1]:1/x"] {
        assert!(good(open, own) && good(network, own), "{own}");
        assert!(!good(closed, own) && !good(hosts, own), "{own}");
    }
    assert!(!good(closed, "http://localhost:8080/x"), "not before it is looked up, either");
    assert!(!good(hosts, "https://hooks.example/x"));
}

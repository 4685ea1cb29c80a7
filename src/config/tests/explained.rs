//! What `groundswell check` says.

use super::*;

fn explained(text: &str) -> String {
    let mut config = Config::parse(text, "test", Secrets::Ignore, &|_| None).unwrap();
    if let Some(kafka) = &mut config.kafka {
        // Whatever machine the test runs on.
        kafka.shards = 2;
    }
    explain(&config)
}

#[test]
fn the_minimal_example_in_words() {
    insta::assert_snapshot!("explain_minimal", explained(&repository("examples/minimal.toml")));
}

#[test]
fn the_airlines_in_words() {
    insta::assert_snapshot!("explain_airlines", explained(&repository("examples/airlines.toml")));
}

#[test]
fn the_full_example_in_words() {
    insta::assert_snapshot!("explain_full", explained(&repository("examples/full.toml")));
}

#[test]
fn a_cap_that_hides_windows_is_told() {
    let text = with_brand("[limits]\nmetric_series = 3\n[time]\npane = \"30s\"\n");
    let said = explained(&text);
    assert!(said.contains("Shows 3 of the 24 windows as metrics"), "{said}");
    assert!(said.contains("A page leaves within 35s of"), "{said}");
}

#[test]
fn what_route_writes_is_what_run_reads_unless_something_else_is_said() {
    let route = "[source.kafka.route]\noutput = \"by-market\"\n[[source.kafka.route.topic]]\nname = \"all\"\nformat = \"protobuf\"\n";
    let said = explained(&with_brand(route));
    for words in [
        "Reads by-market (protobuf) from Kafka",
        "`groundswell route` reads all (protobuf) there as group groundswell-route, and writes to by-market",
        "what is no mention it keeps in groundswell-dead-letters.ndjson",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(!said.contains("Warning"), "{said}");
    let said = explained(&with_brand(&format!("{route}[[source.kafka.topic]]\nname = \"b\"\n")));
    assert!(said.contains("Warning: run does not read by-market"), "{said}");
}

#[test]
fn a_start_that_reads_less_than_is_remembered_is_warned_of() {
    let said = |text: &str| explained(&with_brand(text));
    let warning = "Warning: that is less than the 28d that are remembered";
    assert!(!said("").contains("Warning"), "{}", said(""));
    assert!(said("[source.kafka]\nhistory = \"27d\"\n").contains(warning));
    // What is remembered longer is read back as far, unless something else is said.
    let longer = said("[baseline]\nmemory = \"60d\"\n");
    assert!(longer.contains("a start reads 60d back") && !longer.contains("Warning"), "{longer}");
}

#[test]
fn who_may_ask_is_told_and_what_is_left_open_is_warned_of() {
    let token = "[[http.token]]\nname = \"grafana\"\nrole = \"viewer\"\ntoken = { env = \"T\" }\n";
    let tls = "[http.tls]\ncert = \"tls.crt\"\nkey = \"tls.key\"\n";
    let ca = "client_ca = \"clients.crt\"\n";
    let mut said = String::new();
    for (title, more) in [
        ("this machine alone", String::new()),
        ("this machine alone, with a token", token.to_owned()),
        ("all", "[http]\nlisten = \"0.0.0.0:9464\"\n".to_owned()),
        ("all, with a token", format!("[http]\nlisten = \"[::]:9464\"\n{token}")),
        ("all, with TLS", format!("[http]\nlisten = \"[::]:9464\"\n{tls}")),
        ("all, with certificates", format!("[http]\nlisten = \"[::]:9464\"\n{tls}{ca}")),
        (
            "all, with everything",
            format!("[http]\nlisten = \"[::]:9464\"\nopen_metrics = true\n{tls}{ca}{token}"),
        ),
    ] {
        let all = explained(&with_brand(&more));
        let of_http = all.split_once("Serves ").unwrap().1;
        said.push_str(&format!("## {title}\nServes {of_http}\n\n"));
    }
    insta::assert_snapshot!("explain_http", said);
}

#[test]
fn where_deliveries_may_go_is_told() {
    let said = |delivery: &str| {
        let route = "[[route]]\nslack = { webhook_url = { env = \"HOOK\" } }\n[delivery]\n";
        let said = explained(&with_brand(&format!("{route}{delivery}\n")));
        said.lines().find(|line| line.starts_with("Sends to")).unwrap().to_owned()
    };
    assert_eq!(said(""), "Sends to any host on the Internet, over https only.");
    assert_eq!(
        said(
            "allow_hosts = [\"hooks.slack.com\", \"*.example.com\"]\nallow_networks = \"10.1.0.0/16\"\nallow_private = true"
        ),
        "Sends to hooks.slack.com, *.example.com on the Internet, over https only; to this machine and private \
         networks, 10.1.0.0/16 over http too."
    );
}

//! Who may ask for what.

use super::*;
use crate::telemetry::Refusal;

/// Each way of asking, and the least role that it needs.
const ROUTES: [(&str, &str, Option<Role>); 7] = [
    ("GET", "/", None),
    ("GET", "/healthz", None),
    ("GET", "/nothing", None),
    ("GET", "/metrics", Some(Role::Viewer)),
    ("GET", "/view", Some(Role::Viewer)),
    ("POST", "/respond", Some(Role::Responder)),
    ("POST", "/administer", Some(Role::Admin)),
];

async fn ask_as(server: &Running, token: &str, method: &str, path: &str) -> reqwest::Response {
    let request = server.request(method.parse().unwrap(), path);
    request.header("Authorization", format!("Bearer {token}")).send().await.unwrap()
}

#[tokio::test]
async fn each_role_may_do_what_those_below_it_may() {
    let server = Setup::with_tokens().start().await;
    let tokens = [VIEWER, RESPONDER, ADMIN].into_iter().zip(Role::ALL);
    for (token, role) in tokens {
        for (method, path, needed) in ROUTES {
            let answer = ask_as(&server, token, method, path).await;
            let allowed = needed.is_none_or(|needed| role >= needed);
            let expected = match path {
                "/nothing" => 404,
                _ if allowed => 200,
                _ => 403,
            };
            assert_eq!(answer.status(), expected, "{path} as {}", role.name());
            if let ("/view" | "/respond" | "/administer", 200) = (path, expected) {
                let caller = format!("the-{0} {0}", role.name());
                assert_eq!(answer.text().await.unwrap(), caller, "{path}");
            }
        }
    }
    assert_eq!(server.refused("role_too_low"), 3.0);
}

#[tokio::test]
async fn without_a_token_only_health_is_told() {
    let server = Setup::with_tokens().start().await;
    for (method, path, needed) in ROUTES {
        let answer = server.ask(method.parse().unwrap(), path).await;
        let expected = match (path, needed) {
            ("/nothing", _) => 404,
            (_, None) => 200,
            (_, Some(_)) => 401,
        };
        assert_eq!(answer.status(), expected, "{path}");
    }
    assert_eq!(server.get("/readyz").await.0, 503, "open, and not ready");
    assert_eq!(server.refused("no_token"), 4.0);
}

#[tokio::test]
async fn whoever_is_turned_away_is_told_why_and_what_to_do() {
    let server = Setup::with_tokens().start().await;
    let mut said = String::new();
    for (title, token) in
        [("no token", None), ("an unknown token", Some("x")), ("a low role", Some(VIEWER))]
    {
        let request = server.request(Method::POST, "/respond");
        let request = match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        let answer = request.send().await.unwrap();
        let challenge = answer.headers()["www-authenticate"].to_str().unwrap().to_owned();
        let (status, problem) = problem(answer).await;
        said.push_str(&format!(
            "## {title}\n{status}\nWWW-Authenticate: {challenge}\n{}\n\n",
            serde_json::to_string_pretty(&problem).unwrap()
        ));
    }
    insta::assert_snapshot!("turned_away", said);
}

#[tokio::test]
async fn only_one_whole_token_in_the_right_place_counts() {
    let server = Setup::with_tokens().start().await;
    let statuses = async |headers: &[String], query: &str| {
        let mut request = server.request(Method::GET, &format!("/view{query}"));
        for header in headers {
            request = request.header("Authorization", header);
        }
        request.send().await.unwrap().status().as_u16()
    };
    let one = |header: &str| [header.to_owned()];
    assert_eq!(statuses(&one(&format!("bearer   {VIEWER}")), "").await, 200, "in any case");
    let almost = &VIEWER[..VIEWER.len() - 1];
    for wrong in [
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        VIEWER.to_owned(),
        format!("Basic {VIEWER}"),
        format!("Bearer {almost}"),
        format!("Bearer {almost}G"),
        format!("Bearer {VIEWER}0"),
        format!("Bearer {}", VIEWER.to_uppercase()),
        format!("Bearer {VIEWER}, Bearer {ADMIN}"),
        format!("Bearer {VIEWER} {VIEWER}"),
    ] {
        assert_eq!(statuses(&one(&wrong), "").await, 401, "{wrong}");
    }
    let two = [format!("Bearer {VIEWER}"), format!("Bearer {ADMIN}")];
    assert_eq!(statuses(&two, "").await, 401, "which of the two?");
    assert_eq!(
        statuses(&[], &format!("?access_token={VIEWER}")).await,
        401,
        "addresses are logged"
    );
    assert_eq!(server.refused("unknown_token") + server.refused("no_token"), 12.0);
}

#[tokio::test]
async fn metrics_may_be_left_open() {
    let mut setup = Setup::with_tokens();
    setup.settings.open_metrics = true;
    let server = setup.start().await;
    assert_eq!(server.get("/metrics").await.0, 200);
    assert_eq!(server.get("/view").await.0, 401);
}

#[tokio::test]
async fn without_tokens_this_machine_may_do_everything() {
    let server = Setup::local().start().await;
    for (method, path, _) in ROUTES {
        let expected = if path == "/nothing" { 404 } else { 200 };
        assert_eq!(server.ask(method.parse().unwrap(), path).await.status(), expected, "{path}");
    }
    assert_eq!(server.get("/view").await.1, "local admin");
}

#[tokio::test]
async fn without_tokens_no_foreign_web_page_may_do_anything() {
    let server = Setup::local().start().await;
    let status = async |host: &str, origin: Option<&str>| {
        let mut request = server.request(Method::POST, "/respond").header("Host", host);
        if let Some(origin) = origin {
            request = request.header("Origin", origin);
        }
        request.send().await.unwrap().status().as_u16()
    };
    for host in ["localhost", "LOCALHOST:9464", "127.0.0.1:1", "[::1]:9464", "127.9.9.9"] {
        assert_eq!(status(host, None).await, 200, "{host}");
    }
    // A page whose name has been made to lead to this machine, after it was loaded.
    for host in ["evil.example", "localhost.evil.example", "192.0.2.1", "[2001:db8::1]", ""] {
        assert_eq!(status(host, None).await, 403, "{host}");
    }
    for origin in ["http://localhost:3000", "http://127.0.0.1:9464", "https://[::1]"] {
        assert_eq!(status("localhost", Some(origin)).await, 200, "{origin}");
    }
    // A page that sends a form here.
    for origin in ["https://evil.example", "null", "http://localhost.evil.example"] {
        assert_eq!(status("localhost", Some(origin)).await, 403, "{origin}");
    }
    assert_eq!(server.refused("foreign_site"), 8.0);
}

#[tokio::test]
async fn without_tokens_nobody_has_a_role_where_others_can_ask() {
    let log = Log::default();
    let logging = log.listen();
    let server = Setup::at("0.0.0.0").start().await;
    drop(logging);
    let log = log.text();
    assert!(log.contains("WARN") && log.contains("/metrics is open to everybody"), "{log}");
    for path in ["/", "/healthz", "/metrics"] {
        assert_eq!(server.get(path).await.0, 200, "{path}");
    }
    let (status, problem) = problem(server.ask(Method::GET, "/view").await).await;
    assert_eq!(status, 403);
    assert!(problem["detail"].as_str().unwrap().contains("[[http.token]]"), "{problem}");
    assert_eq!(problem["reason"], "no_tokens_set_up");
    assert_eq!(server.refused("no_tokens_set_up"), 1.0);
}

#[tokio::test]
async fn no_token_is_shown() {
    let setup = Setup::with_tokens();
    let access = Access::new(&setup.settings, Metrics::new(0).unwrap());
    let mut shown = format!("{:?}{access:?}", setup.settings);
    let log = Log::default();
    let _logging = log.listen();
    let server = setup.start().await;
    let guessed = format!("{ADMIN}0");
    for (token, path) in [(VIEWER, "/view"), (VIEWER, "/administer"), (&*guessed, "/view")] {
        for method in ["GET", "POST"] {
            let answer = ask_as(&server, token, method, path).await;
            shown.push_str(&format!("{:?}", answer.headers()));
            shown.push_str(&answer.text().await.unwrap());
        }
    }
    shown.push_str(&server.state.metrics.exposition().unwrap());
    let log = log.text();
    assert!(log.contains("turned away") && log.contains("unknown_token"), "{log}");
    shown.push_str(&log);
    for token in [VIEWER, RESPONDER, ADMIN] {
        assert!(!shown.contains(&token[..token.len() - 4]), "{shown}");
    }
}

#[test]
fn the_documents_name_every_reason() {
    let security = include_str!("../../../docs/security.md");
    let metrics = include_str!("../../../docs/metrics.md");
    for reason in Refusal::ALL {
        let name = format!("`{}`", reason.name());
        assert!(security.contains(&format!("| {name} |")), "docs/security.md lacks {name}");
        assert!(metrics.contains(&name), "docs/metrics.md lacks {name}");
    }
}

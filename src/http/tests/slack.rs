//! Buttons that are pressed in Slack, and links that Slack and others show.

use serde_json::json;

use super::page::{Scene, session_of};
use super::*;
use crate::incident::Severity;
use crate::incident::fixtures::{change_of, incident};
use crate::mention::Timestamp;
use crate::notify::{LinkSigning, PageLinks, TargetPolicy};
use crate::source::wall_clock;
use crate::store::Event;

const SIGNING_SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";

fn setup() -> Setup {
    let mut setup = Setup::with_tokens();
    let targets = TargetPolicy {
        allow_networks: vec!["127.0.0.0/8".parse().unwrap()],
        ..TargetPolicy::default()
    };
    let signing_secret = Secret::new(SIGNING_SECRET);
    setup.settings.slack = Some(SlackSettings { signing_secret, targets });
    let valid_for = Duration::from_secs(3_600);
    let signing = Some(LinkSigning { secret: Secret::new("link-secret-0123456789"), valid_for });
    setup.settings.page =
        Some(PageLinks { public_url: "http://page.example".parse().unwrap(), signing });
    setup
}

/// As Slack signs `body` at `second`.
fn signature(secret: &str, second: i64, body: &str) -> String {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret.as_bytes());
    let tag = ring::hmac::sign(&key, format!("v0:{second}:{body}").as_bytes());
    let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("v0={hex}")
}

/// The form that Slack posts when Dana presses `action` of what was shown as `severity`.
fn press(action: &str, severity: &str, response_url: Option<&str>) -> String {
    let payload = json!({
        "type": "block_actions",
        "user": {"id": "U1", "username": "dana", "name": "Dana Levi", "team_id": "T1"},
        "response_url": response_url,
        "actions": [{
            "type": "button", "action_id": action, "block_id": "b",
            "value": format!("{} {severity}", incident().id), "action_ts": "1548426417.840180",
        }],
    });
    let form = [("payload", payload.to_string())];
    reqwest::Url::parse_with_params("http://x/", form).unwrap().query().unwrap().to_owned()
}

impl Running {
    async fn hears(&self, body: &str, second: i64, signature: &str) -> u16 {
        let request = self.request(Method::POST, "/slack/interactions");
        let request = request
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("X-Slack-Request-Timestamp", second)
            .header("X-Slack-Signature", signature)
            .body(body.to_owned());
        request.send().await.unwrap().status().as_u16()
    }

    async fn pressed(&self, body: &str) -> u16 {
        let now = wall_clock().as_millis() / 1_000;
        self.hears(body, now, &signature(SIGNING_SECRET, now, body)).await
    }
}

/// What people have done about the incident, by name.
async fn done(scene: &Scene) -> Vec<(String, &'static str)> {
    let events = scene.store.events(incident().id).await.unwrap();
    let done = events.into_iter().filter_map(|event| match event {
        Event::Answered(response) => Some((response.by, response.act.name())),
        Event::Changed { .. } => None,
    });
    done.collect()
}

/// The example of Slack's documentation of how requests are verified.
#[test]
fn it_is_signed_as_slack_signs() {
    let body = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V\
                &channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=\
                &response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN\
                &trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    assert_eq!(
        signature(SIGNING_SECRET, 1_531_420_618, body),
        "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    );
}

#[tokio::test]
async fn what_is_pressed_is_done_once_and_answered() {
    let scene = Scene::start(setup()).await;
    scene.tell(change_of(incident(), 0)).await;
    let replies = crate::notify::tests::support::Server::start([]).await;
    let response_url = format!("http://{}/response", replies.address);
    let mut replies = replies;
    let press = press("acknowledge", "critical", Some(&response_url));
    for _twice in 0..2 {
        assert_eq!(scene.server.pressed(&press).await, 200);
        let reply = replies.received().await.body;
        assert_eq!(reply["response_type"], "ephemeral");
        assert_eq!(reply["replace_original"], false);
        let text = reply["text"].as_str().unwrap();
        assert!(text.starts_with("You have taken the incident"), "{text}");
    }
    assert_eq!(done(&scene).await, [("Dana Levi".to_owned(), "acknowledge")]);
    assert_eq!(scene.server.pressed(&self::press("open", "critical", None)).await, 200);
    let unknown = press.replace(&incident().id.to_string(), &uuid::Uuid::nil().to_string());
    assert_eq!(scene.server.pressed(&unknown).await, 200);
    let text = replies.received().await.body["text"].as_str().unwrap().to_owned();
    assert!(text.contains("there is no such incident"), "{text}");
}

#[tokio::test]
async fn what_became_more_severe_than_was_seen_is_not_silenced() {
    let scene = Scene::start(setup()).await;
    scene.tell(change_of(incident(), 0)).await;
    assert_eq!(incident().severity, Severity::Critical);
    let silenced = async || {
        let standing = scene.store.incident(incident().id, wall_clock()).await.unwrap().unwrap();
        standing.silenced_until.is_some()
    };
    assert_eq!(scene.server.pressed(&press("silence-60", "warning", None)).await, 200);
    assert!(!silenced().await, "it was a warning when it was seen");
    assert_eq!(scene.server.pressed(&press("silence-240", "critical", None)).await, 200);
    assert!(silenced().await);
}

#[tokio::test]
async fn only_slack_is_heard() {
    let scene = Scene::start(setup()).await;
    scene.tell(change_of(incident(), 0)).await;
    let (body, now) = (press("acknowledge", "critical", None), wall_clock().as_millis() / 1_000);
    let right = signature(SIGNING_SECRET, now, &body);
    let other = body.replace("Dana", "Evil");
    for (what, body, second, signature) in [
        ("another secret", &body, now, signature("another", now, &body)),
        ("another body", &other, now, right.clone()),
        ("another time", &body, now + 1, right.clone()),
        ("overheard", &body, now - 301, signature(SIGNING_SECRET, now - 301, &body)),
        ("of the future", &body, now + 400, signature(SIGNING_SECRET, now + 400, &body)),
        ("no signature", &body, now, String::new()),
        ("half of it", &body, now, right[..20].to_owned()),
    ] {
        assert_eq!(scene.server.hears(body, second, &signature).await, 401, "{what}");
    }
    assert_eq!(scene.server.refused("bad_signature"), 7.0);
    assert_eq!(done(&scene).await, []);
    let unsigned = scene.server.request(Method::POST, "/slack/interactions").body(body);
    assert_eq!(unsigned.send().await.unwrap().status(), 401);
    assert_eq!(scene.server.pressed("payload=nothing").await, 400);
    // The whole message comes with it.
    let long = format!("https://hooks.example/{}", "x".repeat(200_000));
    assert_eq!(scene.server.pressed(&press("open", "critical", Some(&long))).await, 200);
}

#[tokio::test]
async fn without_a_signing_secret_nothing_is_heard() {
    let mut setup = setup();
    setup.settings.slack = None;
    let scene = Scene::start(setup).await;
    assert_eq!(scene.server.pressed(&press("acknowledge", "critical", None)).await, 404);
}

/// The path and query of the link to the incident that is sent at `now`.
fn link(setup: &Setup, now: Timestamp) -> String {
    let link = setup.settings.page.as_ref().unwrap().to(incident().id, now);
    link.strip_prefix("http://page.example").unwrap().to_owned()
}

#[tokio::test]
async fn a_link_lets_in_and_is_over_then() {
    let setup = setup();
    let (link, old) = (link(&setup, wall_clock()), link(&setup, Timestamp::from_millis(0)));
    let page = setup.settings.page.clone().unwrap();
    let scene = Scene::start(setup).await;
    scene.tell(change_of(incident(), 0)).await;
    let there = format!("/incidents/{}", incident().id);
    let follow = async |link: &str, cookie: &str| {
        let request = scene.server.request(Method::GET, link).header("Cookie", cookie);
        request.send().await.unwrap()
    };
    let led = follow(&link, "").await;
    assert_eq!(
        (led.status().as_u16(), led.headers()["location"].to_str().unwrap()),
        (303, &*there)
    );
    let session = session_of(&led);
    assert_eq!(follow(&there, &session).await.status(), 200);
    // It is a viewer's: who wants to do something signs in.
    let path = format!("{there}/responses");
    let act = scene.server.request(Method::POST, &path).header("Cookie", &session);
    let act = act.header("Content-Type", "application/x-www-form-urlencoded");
    assert_eq!(act.body("act=acknowledge").send().await.unwrap().status(), 403);

    for useless in
        [&old, &link.replace("signature=", "signature=A"), &format!("/open/{}", incident().id)]
    {
        let led = follow(useless, "").await;
        assert_eq!(
            (led.status().as_u16(), led.headers()["location"].to_str().unwrap()),
            (303, &*there)
        );
        assert!(!led.headers().contains_key("set-cookie"), "{useless}");
    }
    // As from a message that tells of many.
    let home = page.home(wall_clock()).replace("http://page.example", "");
    let led = follow(&home, "").await;
    assert_eq!((led.status().as_u16(), led.headers()["location"].to_str().unwrap()), (303, "/"));
    assert_eq!(follow("/", &session_of(&led)).await.status(), 200);
    // Who is signed in stays who they are.
    assert!(!follow(&link, &session).await.headers().contains_key("set-cookie"));
    // The secret of links is no token.
    let request = scene.server.request(Method::GET, &there);
    let request = request.header("Authorization", "Bearer link-secret-0123456789");
    assert_ne!(request.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_link_lets_do_what_its_role_allows() {
    let mut setup = setup();
    setup.settings.link_role = Role::Responder;
    let link = link(&setup, wall_clock());
    let scene = Scene::start(setup).await;
    scene.tell(change_of(incident(), 0)).await;
    let session = session_of(&scene.server.ask(Method::GET, &link).await);
    let path = format!("/incidents/{}/responses", incident().id);
    let act = scene.server.request(Method::POST, &path).header("Cookie", &session);
    let act = act.header("Content-Type", "application/x-www-form-urlencoded");
    assert_eq!(act.body("act=acknowledge").send().await.unwrap().status(), 303);
    assert_eq!(done(&scene).await, [("someone".to_owned(), "acknowledge")]);
}

/// `route` looks no secret of links up: what is signed with nothing is signed by everybody.
#[tokio::test]
async fn a_secret_that_was_not_looked_up_lets_nobody_in() {
    let mut setup = setup();
    let signing = setup.settings.page.as_mut().unwrap().signing.as_mut().unwrap();
    signing.secret = Secret::new("");
    let link = link(&setup, wall_clock());
    let scene = Scene::start(setup).await;
    let led = scene.server.ask(Method::GET, &link).await;
    assert!(!led.headers().contains_key("set-cookie"));
    let digest = ring::digest::digest(&ring::digest::SHA256, b"");
    let forged = crate::http::session::begin("link", digest.as_ref(), wall_clock());
    let request = scene.server.request(Method::GET, "/metrics");
    let request = request.header("Cookie", format!("groundswell_session={forged}"));
    assert_eq!(request.send().await.unwrap().status(), 401);
}

/// Behind something that encrypts, a page that people are told of is everybody's to reach.
#[tokio::test]
async fn who_has_a_public_address_is_not_of_this_machine_alone() {
    let mut setup = setup();
    setup.settings.tokens.clear();
    let link = link(&setup, wall_clock());
    setup.settings.page.as_mut().unwrap().public_url = "https://page.example".parse().unwrap();
    let scene = Scene::start(setup).await;
    scene.tell(change_of(incident(), 0)).await;
    let there = format!("/incidents/{}", incident().id);
    assert_ne!(scene.server.get(&there).await.0, 200);
    let led = scene.server.ask(Method::GET, &link).await;
    let cookie = led.headers()["set-cookie"].to_str().unwrap();
    assert!(cookie.ends_with("; Secure"), "{cookie}");
    let request = scene.server.request(Method::GET, &there).header("Cookie", session_of(&led));
    assert_eq!(request.send().await.unwrap().status(), 200);
    // What is in front may call this server something else; the browser knows the page by its address.
    for origin in ["https://page.example", "https://evil.example"] {
        let path = format!("{there}/responses");
        let act = scene.server.request(Method::POST, &path).header("Cookie", session_of(&led));
        let act = act.header("Content-Type", "application/x-www-form-urlencoded");
        let act = act.header("Origin", origin).body("act=acknowledge").send().await.unwrap();
        assert_eq!(act.status(), 403);
        let told = act.text().await.unwrap();
        assert_eq!(told.contains("has the role viewer"), origin.contains("page"), "{told}");
    }
}

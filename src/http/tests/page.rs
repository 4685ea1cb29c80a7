//! The on-call page and the API, to those who may see and do.

use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::config::{Config, Secrets};
use crate::desk::{Desk, Look};
use crate::incident::fixtures::{change_of, incident};
use crate::incident::{Change, Incident, Sample};
use crate::notify::Target;
use crate::source::wall_clock;
use crate::store::{Carrier, Checkpoint, Engine, PartitionKey, Store, StoreSettings};

/// A server with a desk, and a store in which things may happen.
pub struct Scene {
    pub server: Running,
    pub store: Store,
    _folder: TempDir,
}

impl Scene {
    pub async fn start(mut setup: Setup) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let engine = Engine::Sqlite { file: folder.path().join("groundswell.db") };
        let settings = StoreSettings { engine, checkpoint_every: Duration::from_secs(1) };
        let store = Store::open(&settings).await.unwrap();
        let toml = "brand = [{ name = \"American\" }, { name = \"AC/DC & Söhne\" }]";
        let config = Config::parse(toml, "test", Secrets::Ignore, &|_| None).unwrap();
        let target = Target::Slack { webhook_url: Secret::new("https://hooks.example/x") };
        let look = Look { notice: setup.settings.notice.clone(), ..Look::default() };
        let route = crate::notify::Route::new("slack", target);
        let desk = Desk::new(store.clone(), config.plan, "test", &[route], look);
        setup.desk = Some(desk.clone());
        tokio::spawn(desk.follow());
        Self { server: setup.start().await, store, _folder: folder }
    }

    /// Mentions cause `change`, which Slack is told.
    pub async fn tell(&self, change: Change) {
        let partition =
            PartitionKey { group: "test".to_owned(), topic: "mentions".to_owned(), number: 0 };
        let claim = self.store.claim(&partition).await.unwrap().claim;
        let changes = vec![(change, vec![Carrier::now("slack")])];
        let checkpoint = Checkpoint { position: 1, changes, ..Checkpoint::default() };
        self.store.commit(&claim, &checkpoint, wall_clock()).await.unwrap();
    }

    async fn respond(&self, body: &Value) -> reqwest::Response {
        let path = format!("/api/v1/incidents/{}/responses", incident().id);
        self.server.request(Method::POST, &path).json(body).send().await.unwrap()
    }

    async fn json(&self, path: &str) -> Value {
        let (status, body) = self.server.get(path).await;
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str(&body).unwrap()
    }
}

/// What a browser is sent after it has signed in with `token`.
async fn sign_in(server: &Running, token: &str, next: &str) -> reqwest::Response {
    let form = [("token", token), ("next", next)];
    let body = reqwest::Url::parse_with_params("http://x/", form).unwrap();
    server
        .request(Method::POST, "/login")
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(body.query().unwrap().to_owned())
        .send()
        .await
        .unwrap()
}

pub fn session_of(response: &reqwest::Response) -> String {
    let cookie = response.headers()["set-cookie"].to_str().unwrap();
    assert!(cookie.contains("; HttpOnly; SameSite=Lax"), "{cookie}");
    cookie.split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_person_signs_in_and_does_what_the_token_allows() {
    let scene = Scene::start(Setup::with_tokens()).await;
    scene.tell(change_of(incident(), 0)).await;
    let server = &scene.server;
    let page = server.ask(Method::GET, "/?x=1").await;
    assert_eq!(page.status(), 303, "whoever has no session signs in first");
    assert_eq!(page.headers()["location"], "/login?next=%2F%3Fx%3D1");
    assert_eq!(server.get("/parts/open").await.0, 401, "the script is not led astray");

    let refused = sign_in(server, "guessed-0123456789abcdef", "/").await;
    assert_eq!(refused.status(), 401);
    assert!(refused.headers().get("set-cookie").is_none());
    let viewer = sign_in(server, VIEWER, "/history").await;
    assert_eq!(viewer.headers()["location"], "/history");
    let responder = sign_in(server, RESPONDER, "//evil.example").await;
    assert_eq!(responder.headers()["location"], "/");
    let (viewer, responder) = (session_of(&viewer), session_of(&responder));

    let path = format!("/incidents/{}/responses", incident().id);
    let press = async |session: &str, origin: Option<String>| {
        let mut request = server.request(Method::POST, &path).header("Cookie", session);
        if let Some(origin) = origin {
            request = request.header("Origin", origin);
        }
        let kind = "application/x-www-form-urlencoded";
        let request = request.header("Content-Type", kind).header("Accept", "application/json");
        request.body("act=acknowledge").send().await.unwrap().status().as_u16()
    };
    let here = Some(format!("http://{}", server.address));
    let seen = server.request(Method::GET, &format!("/incidents/{}", incident().id));
    let seen = seen.header("Cookie", &viewer).send().await.unwrap().text().await.unwrap();
    assert!(!seen.contains("value=\"acknowledge\"") && seen.contains("You may look"), "{seen}");
    assert_eq!(press(&viewer, here.clone()).await, 403, "a viewer sees");
    assert_eq!(press(&responder, Some("https://evil.example".into())).await, 403, "from elsewhere");
    assert_eq!(press(&format!("{responder}x"), here.clone()).await, 401, "forged");
    assert_eq!(press(&responder, here).await, 204);
    let page = server.request(Method::GET, "/").header("Cookie", &viewer).send().await.unwrap();
    assert!(page.text().await.unwrap().contains("taken by the-responder"));
    let told = scene.store.take("slack", wall_clock(), DEADLINE).await.unwrap().unwrap();
    assert_eq!(told.change.incident.id, incident().id);
}

/// A page of another site can sign nobody in under somebody else's name, nor out.
#[tokio::test]
async fn a_person_sees_who_they_are_and_signs_out() {
    let scene = Scene::start(Setup::with_tokens()).await;
    let server = &scene.server;
    let session = session_of(&sign_in(server, RESPONDER, "/").await);
    let account = server.request(Method::GET, "/login").header("Cookie", &session);
    let account = account.send().await.unwrap().text().await.unwrap();
    assert!(account.contains("the-responder") && account.contains("a responder"), "{account}");
    let sign_out = async |origin: &str| {
        let request = server.request(Method::POST, "/logout").header("Cookie", &session);
        request.header("Origin", origin).send().await.unwrap()
    };
    assert_eq!(sign_out("https://evil.example").await.status(), 403);
    let out = sign_out(&format!("http://{}", server.address)).await;
    assert_eq!(out.headers()["location"], "/login");
    assert!(out.headers()["set-cookie"].to_str().unwrap().contains("session=; Path=/; Max-Age=0"));
    let foreign = server.request(Method::POST, "/login").header("Origin", "https://evil.example");
    let foreign = foreign.header("Content-Type", "application/x-www-form-urlencoded");
    let foreign = foreign.body(format!("token={RESPONDER}")).send().await.unwrap();
    assert_eq!(
        (foreign.status(), foreign.headers().get("set-cookie")),
        (StatusCode::FORBIDDEN, None)
    );
    let local = Scene::start(Setup::local()).await;
    let (_, account) = local.server.get("/login").await;
    assert!(
        account.contains("No token is needed") && !account.contains("name=\"token\""),
        "{account}"
    );
}

/// The script tells a person why in its own place.
#[tokio::test]
async fn the_script_is_told_as_a_program() {
    let scene = Scene::start(Setup::with_tokens()).await;
    let path = format!("/incidents/{}/responses", incident().id);
    let request = scene.server.request(Method::POST, &path).header("Accept", "application/json");
    let (status, told) = problem(request.send().await.unwrap()).await;
    assert_eq!(status, 401);
    assert!(told["detail"].as_str().unwrap().contains("token"), "{told}");
}

#[tokio::test]
async fn a_page_is_hardened_and_shows_strangers_words_as_text() {
    let scene = Scene::start(Setup::local()).await;
    let mut hostile = incident();
    hostile.samples = vec![Sample {
        text: "<script>alert(1)</script> \u{202e}קומקום & \"x\"".to_owned(),
        url: Some("javascript:alert(1)".to_owned()),
        ..hostile.samples[0].clone()
    }];
    scene.tell(change_of(hostile, 0)).await;
    let path = format!("/incidents/{}", incident().id);
    let page = scene.server.ask(Method::GET, &path).await;
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    for part in ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"] {
        assert!(policy.contains(part) && !policy.contains("unsafe"), "{policy}");
    }
    assert_eq!(page.headers()["x-content-type-options"], "nosniff");
    assert_eq!(page.headers()["cache-control"], "no-store");
    let text = page.text().await.unwrap();
    assert!(!text.contains("<script>alert") && !text.contains("javascript:"), "{text}");
    assert!(text.contains("&#60;script&#62;alert(1)&#60;/script&#62;"), "{text}");
    for gone in ["/incidents/7", "/incidents/00000000-0000-0000-0000-000000000007", "/brands/Acme"]
    {
        let answer = scene.server.ask(Method::GET, gone).await;
        assert_eq!(answer.status(), 404, "{gone}");
        assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    }
    assert_eq!(scene.server.get("/brands/AC%2FDC%20%26%20S%C3%B6hne").await.0, 200);
    let asset = text.split('"').find(|it| it.starts_with("/assets/page.js?")).unwrap();
    let script = scene.server.ask(Method::GET, asset).await;
    assert!(script.headers()["cache-control"].to_str().unwrap().contains("immutable"));
}

#[tokio::test]
async fn the_api_tells_what_is_and_takes_what_people_do() {
    let scene = Scene::start(Setup::local()).await;
    scene.tell(change_of(incident(), 0)).await;
    let listed = scene.json("/api/v1/incidents?state=open&limit=1").await;
    assert_eq!(listed["items"][0]["brand"], "American");
    let next = listed["next"].as_str().unwrap();
    let rest = scene.json(&format!("/api/v1/incidents?state=open&cursor={next}")).await;
    assert_eq!((rest["items"].as_array().unwrap().len(), &rest["next"]), (0, &Value::Null));

    assert_eq!(
        scene.server.ask(Method::GET, "/api/v1/brands").await.headers()["x-content-type-options"],
        "nosniff"
    );
    let id = "5f0c7b9e-0c1c-4f57-9d0e-6a3f5f1c2b3a";
    let silence = json!({"id": id, "act": "silence", "minutes": 60, "by": "Dana"});
    let done: Value = scene.respond(&silence).await.json().await.unwrap();
    assert_eq!(done, json!({"id": id, "outcome": "done"}));
    let again: Value = scene.respond(&silence).await.json().await.unwrap();
    assert_eq!(again["outcome"], "known");
    let one = scene.json(&format!("/api/v1/incidents/{}", incident().id)).await;
    assert_eq!(one["acknowledged"]["by"], "Dana");
    assert!(one["silenced_until"].is_string(), "{one}");
    let events = scene.json(&format!("/api/v1/incidents/{}/events", incident().id)).await;
    assert_eq!(events["items"][1]["act"], "silence", "{events}");
    let brands = scene.json("/api/v1/brands").await;
    let american =
        json!({"name": "American", "market": null, "open_incidents": 1, "severity": "critical"});
    assert_eq!(brands["items"][0], american);
    let series = scene.json("/api/v1/brands/American/series?measure=negative_share&range=7d").await;
    assert_eq!((&series["points"], &series["measure"]), (&json!([]), &json!("negative_share")));
}

#[tokio::test]
async fn what_cannot_be_done_is_told_as_a_problem() {
    let scene = Scene::start(Setup::local()).await;
    scene.tell(change_of(incident(), 0)).await;
    for (path, status) in [
        ("incidents?state=closed", 400),
        ("incidents?limit=0", 400),
        ("incidents?cursor=x", 400),
        ("incidents?colour=red", 400),
        ("incidents/7", 400),
        ("incidents/00000000-0000-0000-0000-000000000007", 404),
        ("brands/Acme/series", 404),
        ("brands/American/series?measure=noise", 400),
        ("nothing", 404),
        ("", 404),
    ] {
        let answer = scene.server.ask(Method::GET, &format!("/api/v1/{path}")).await;
        assert_eq!(problem(answer).await.0, status, "{path}");
    }
    let answer = scene.server.ask(Method::DELETE, "/api/v1/incidents").await;
    assert_eq!(problem(answer).await.0, 405);
    for body in [
        json!({"act": "silence", "minutes": 0}),
        json!({"act": "silence", "minutes": 10_081}),
        json!({"act": "note", "text": " \u{7} "}),
        json!({"act": "acknowledge", "by": "x".repeat(81)}),
    ] {
        assert_eq!(problem(scene.respond(&body).await).await.0, 400, "{body}");
    }
    for body in [
        json!({"act": "explode"}),
        json!({"act": "silence"}),
        json!({"act": "acknowledge", "minutes": 5}),
        json!({"act": "silence", "minutes": 5, "severity": "mild"}),
    ] {
        assert_eq!(problem(scene.respond(&body).await).await.0, 422, "{body}");
    }
    let standing = scene.store.incident(incident().id, wall_clock()).await.unwrap().unwrap();
    assert_eq!(standing.version.response, 0, "nothing of it was done");
}

#[tokio::test]
async fn whoever_follows_hears_what_changes() {
    let scene = Scene::start(Setup::local()).await;
    let mut stream = scene.server.ask(Method::GET, "/api/v1/stream").await;
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let mut heard = String::new();
    let mut until = async |text: &str| {
        while !heard.contains(text) {
            let chunk = timeout(DEADLINE, stream.chunk()).await.unwrap().unwrap().unwrap();
            heard.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    };
    until("event: incidents\ndata: []").await;
    scene.tell(change_of(incident(), 0)).await;
    until("\"brand\":\"American\"").await;
    scene.respond(&json!({"act": "acknowledge", "by": "Dana"})).await;
    until("\"acknowledged\":{\"by\":\"Dana\"").await;
    scene
        .tell(change_of(Incident { state: crate::incident::State::Resolved, ..incident() }, 1))
        .await;
    until("\n\nevent: incidents\ndata: []").await;
}

#[tokio::test]
async fn the_document_describes_every_path() {
    let scene = Scene::start(Setup::local()).await;
    let document = scene.json("/api/v1/openapi.json").await;
    assert_eq!(document["openapi"], "3.1.0");
    let mut paths: Vec<&String> = document["paths"].as_object().unwrap().keys().collect();
    paths.sort();
    insta::assert_snapshot!("openapi", serde_json::to_string_pretty(&document).unwrap());
    assert_eq!(paths.len(), 8, "{paths:?}");
}

#[tokio::test]
async fn a_notice_stands_above_all_pages_as_text() {
    let mut setup = Setup::local();
    setup.settings.notice = Some("Staging: <b>made</b> data".to_owned());
    let scene = Scene::start(setup).await;
    scene.tell(change_of(incident(), 0)).await;
    let id = incident().id;
    for path in ["/", "/history", "/brands/American", &format!("/incidents/{id}")] {
        let seen = scene.server.ask(Method::GET, path).await.text().await.unwrap();
        assert!(seen.contains("Staging: &#60;b&#62;made&#60;/b&#62; data"), "{path}: {seen}");
    }
}

/// What is offered follows from what has been done, by the stylesheet.
#[tokio::test]
async fn a_page_says_how_people_stand_to_its_incident() {
    let scene = Scene::start(Setup::local()).await;
    scene.tell(change_of(incident(), 0)).await;
    let path = format!("/parts/incidents/{}", incident().id);
    let states = async || {
        let seen = scene.server.ask(Method::GET, &path).await.text().await.unwrap();
        let rest = seen.split_once("data-state=\"").unwrap().1;
        rest.split_once('"').unwrap().0.to_owned()
    };
    assert_eq!(states().await, "");
    scene.respond(&json!({"act": "silence", "minutes": 60, "by": "Dana"})).await;
    assert_eq!(states().await, "taken silenced");
    scene.respond(&json!({"act": "unsilence", "by": "Dana"})).await;
    scene.respond(&json!({"act": "false_alarm", "by": "Dana"})).await;
    assert_eq!(states().await, "taken silenced false-alarm");
    scene.respond(&json!({"act": "real", "by": "Dana"})).await;
    assert_eq!(states().await, "taken real");
}

//! A crisis in Slack, from the mention to the button: the running program beside a workspace.

use std::io::{Seek, SeekFrom, Write};
use std::process::Command;

use groundswell::notify::http_client;
use serde_json::{Value, json};

use crate::page::{Crisis, mentions};
use crate::support::service::RunningService;
use crate::support::{BOT_TOKEN, CHANNEL, Seen, SlackWorkspace, free_port, repository, run};

const SIGNING_SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";

/// The headers with which Slack's own SDK signs `body`.
fn signed(body: &str) -> Vec<(String, String)> {
    let script = "import sys, time; from slack_sdk.signature import SignatureVerifier; now = str(int(time.time())); \
                  print(now, SignatureVerifier(sys.argv[1]).generate_signature(timestamp=now, body=sys.stdin.read()))";
    let mut input = tempfile::tempfile().unwrap();
    input.write_all(body.as_bytes()).unwrap();
    input.seek(SeekFrom::Start(0)).unwrap();
    let python = repository("target/venv/bin/python");
    let said = run(Command::new(python).args(["-c", script, SIGNING_SECRET]).stdin(input));
    let (now, signature) = said.trim().split_once(' ').unwrap();
    vec![
        ("X-Slack-Request-Timestamp".to_owned(), now.to_owned()),
        ("X-Slack-Signature".to_owned(), signature.to_owned()),
    ]
}

/// The buttons of a message.
fn buttons(message: &Value) -> Vec<Value> {
    let blocks = message["blocks"].as_array().unwrap();
    let row = blocks.iter().find(|block| block["type"] == "actions").expect("it has buttons");
    row["elements"].as_array().unwrap().clone()
}

/// The button that does `action`.
fn button(message: &Value, action: &str) -> Value {
    let all = buttons(message);
    all.into_iter().find(|it| it["action_id"] == action).unwrap_or_else(|| panic!("no {action}"))
}

/// Dana presses `button`, and Slack tells of it.
async fn press(page: &str, workspace: &SlackWorkspace, button: &Value) {
    let payload = json!({
        "type": "block_actions",
        "user": {"id": "U1", "username": "dana", "name": "Dana"},
        "channel": {"id": CHANNEL},
        "response_url": workspace.response_url(),
        "actions": [{
            "type": "button", "action_id": button["action_id"], "value": button["value"],
            "action_ts": format!("1548426417.{}", button["action_id"]),
        }],
    });
    let form = [("payload", payload.to_string())];
    let body =
        reqwest::Url::parse_with_params("http://x/", form).unwrap().query().unwrap().to_owned();
    let mut request = http_client().unwrap().post(format!("{page}/slack/interactions"));
    for (name, value) in signed(&body) {
        request = request.header(name, value);
    }
    let request = request.header("Content-Type", "application/x-www-form-urlencoded");
    assert_eq!(request.body(body).send().await.unwrap().status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crisis_is_seen_taken_and_marked_in_slack() {
    let (crisis, port, workspace) =
        (Crisis::new("slack").await, free_port(), SlackWorkspace::start().await);
    let folder = crisis.folder();
    let held = |name: &str, secret: &str| {
        let file = folder.join(name);
        std::fs::write(&file, secret).unwrap();
        format!("{{ file = {:?} }}", file.to_str().unwrap())
    };
    let page = format!("http://127.0.0.1:{port}");
    let more = format!(
        "public_url = \"{page}\"\nlinks = {{ secret = {}, role = \"responder\" }}\nslack = {{ signing_secret = {} }}\n\
         token = [{{ name = \"on-call\", role = \"viewer\", token = {} }}]\n\
         [[route]]\nname = \"bot\"\nslack = {{ bot_token = {}, channel = \"{CHANNEL}\", url = \"{}\" }}\n",
        held("link", "link-secret-0123456789"),
        held("signing", SIGNING_SECRET),
        held("token", "on-call-0123456789abcdef"),
        held("bot", BOT_TOKEN),
        workspace.url(),
    );
    crisis.tell(mentions(-36 * 60..0)).await;
    let running = RunningService::ready_at(crisis.config_with(&more), port).await;

    let told = workspace
        .wait_until(|seen| {
            seen.roots().iter().any(|it| it.content.to_string().contains("slack_file"))
        })
        .await;
    let roots = told.roots();
    assert_eq!(roots.len(), 1, "one incident, one message: {roots:#?}");
    let message = &roots[0].content;
    let file = message["blocks"].as_array().unwrap().iter();
    let file = file.filter_map(|block| block["slack_file"]["id"].as_str()).next().unwrap();
    let picture = &told.files[file];
    assert!(picture.starts_with(b"\x89PNG\r\n"), "it is a picture");
    let size = |at: usize| u32::from_be_bytes(picture[at..at + 4].try_into().unwrap());
    assert_eq!((size(16), size(20)), (1_440, 560));

    if let Ok(folder) = std::env::var("GROUNDSWELL_PICTURES") {
        std::fs::write(format!("{folder}/slack.json"), message.to_string()).unwrap();
        std::fs::write(format!("{folder}/slack-chart.png"), picture).unwrap();
    }
    press(&page, &workspace, &button(message, "acknowledge")).await;
    let has_been_told = |seen: &Seen| {
        let thread = seen.thread_of(&seen.roots()[0].ts);
        thread.iter().any(|it| it.content["text"].to_string().contains("Dana has taken it"))
    };
    let told = workspace.wait_until(|seen| !seen.replies.is_empty() && has_been_told(seen)).await;
    assert!(told.replies[0]["text"].as_str().unwrap().starts_with("You have taken"), "{told:#?}");
    let message = told.roots()[0].content.clone();
    assert!(message.to_string().contains("by Dana"), "{message:#}");
    assert!(buttons(&message).iter().all(|it| it["action_id"] != "acknowledge"), "it is taken");

    press(&page, &workspace, &button(&message, "false_alarm")).await;
    let told = workspace.wait_until(|seen| seen.replies.len() == 2).await;
    assert!(told.replies[1]["text"].as_str().unwrap().contains("false alarm"), "{told:#?}");

    // The button that opens the page lets in; without the link nobody is.
    let link = button(&message, "open")["url"].as_str().unwrap().to_owned();
    let client = http_client().unwrap();
    let led = client.get(&link).send().await.unwrap();
    let there = led.headers()["location"].to_str().unwrap().to_owned();
    let cookie =
        led.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let shown = async |cookie: &str| {
        let request = client.get(format!("{page}{there}")).header("Cookie", cookie);
        request.send().await.unwrap().text().await.unwrap()
    };
    let seen = shown(&cookie).await;
    assert!(seen.contains("taken by Dana") && seen.contains("false alarm"), "{seen}");
    assert!(!shown("").await.contains("Acme"), "without it there is nothing to see");
    running.stop().await.unwrap();
}

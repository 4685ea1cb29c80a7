//! What a bot does in a workspace.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::incident::fixtures::{change_of, incident, resolved};
use crate::incident::{Acknowledgement, Change, Incident, Severity, State};
use crate::notify::http::Clients;
use crate::notify::pipeline::Tuning;
use crate::notify::slack::{SlackApi, WebApi};
use crate::notify::tests::support::{Event, Events, Outbox, loopback, recorder, retry, settings};
use crate::notify::{Notifier, Picture, Pictures, Route, Target, Telling};
use crate::secret::Secret;
use crate::store::Store;

#[allow(dead_code)]
#[path = "../../../../tests/support/slack_workspace.rs"]
mod slack_workspace;

use slack_workspace::{BOT_TOKEN, CHANNEL, Failing, Seen, SlackWorkspace};

/// Draws the same picture of everything.
struct Same(Vec<u8>);

impl Pictures for Same {
    fn of<'a>(&'a self, _: &'a Incident) -> BoxFuture<'a, Option<Picture>> {
        let picture = Picture { png: self.0.clone(), title: "Acme: mentions an hour".to_owned() };
        Box::pin(async move { Some(picture) })
    }
}

/// A route that leads to a channel of `workspace`, and what it delivers.
struct Bot {
    outbox: Outbox,
    events: Events,
    _notifier: Notifier,
}

impl Bot {
    async fn of(workspace: &SlackWorkspace, token: &str, picture: Option<&[u8]>) -> Self {
        let target = Target::SlackApi {
            url: Secret::new(workspace.url()),
            bot_token: Secret::new(token),
            channel: CHANNEL.to_owned(),
        };
        Self::with(Outbox::of(vec![Route::new("slack", target)]).await, picture)
    }

    fn with(outbox: Outbox, picture: Option<&[u8]>) -> Self {
        let (observer, events) = recorder();
        let pictures = picture.map(|png| Arc::new(Same(png.to_vec())) as Arc<dyn Pictures>);
        let tuning = Tuning { pace: Some(std::time::Duration::ZERO), seed: 1 };
        let (settings, store) = (settings(loopback(), retry()), outbox.store.clone());
        let notifier =
            Notifier::start_tuned(&outbox.routes, settings, store, observer, pictures, tuning);
        Self { outbox, events, _notifier: notifier.unwrap() }
    }

    async fn tells(&mut self, change: Change) -> Vec<Event> {
        self.outbox.send(&[change]).await;
        self.events.until_ended(1).await
    }
}

fn opened() -> Change {
    change_of(Incident { severity: Severity::Warning, ..incident() }, 0)
}

fn escalated() -> Change {
    change_of(Incident { state: State::Escalated, ..incident() }, 1)
}

fn taken() -> Change {
    let by = Acknowledgement { by: "Dana".to_owned(), at: incident().updated_at };
    escalated().acknowledged(uuid::Uuid::from_u128(1), by)
}

fn header(message: &slack_workspace::Message) -> &str {
    message.content["blocks"][0]["text"]["text"].as_str().unwrap()
}

fn picture_in(content: &Value) -> Option<&str> {
    let mut blocks = content["blocks"].as_array().unwrap().iter();
    blocks.find_map(|block| block["slack_file"]["id"].as_str())
}

fn is_delivered(events: &[Event]) -> bool {
    matches!(events, [.., Event::Delivered(..)])
}

#[tokio::test]
async fn an_incident_is_one_message_and_what_happens_stands_below_it() {
    let workspace = SlackWorkspace::start().await;
    let mut bot = Bot::of(&workspace, BOT_TOKEN, None).await;
    for change in [opened(), escalated(), taken(), change_of(resolved(incident(), 190), 2)] {
        assert!(is_delivered(&bot.tells(change).await));
    }
    let Seen { messages, .. } = workspace.seen();
    let [root, below @ ..] = &messages[..] else { panic!("{messages:#?}") };
    assert_eq!((root.thread.as_ref(), root.updates), (None, 3));
    assert!(header(root).contains("back to normal"), "{}", header(root));
    let said: Vec<_> = below
        .iter()
        .map(|it| {
            assert_eq!(it.thread.as_deref(), Some(&*root.ts));
            let text = it.content["text"].as_str().unwrap().lines().next().unwrap();
            (text, it.content["reply_broadcast"].as_bool().unwrap())
        })
        .collect();
    let [(worse, true), (taken, false), (over, false)] = said[..] else { panic!("{said:#?}") };
    assert!(worse.contains("now critical"), "{worse}");
    assert!(taken.contains("has taken it"), "{taken}");
    assert!(over.contains("back to normal"), "{over}");
}

#[tokio::test]
async fn another_instance_goes_on_with_the_same_message() {
    let workspace = SlackWorkspace::start().await;
    let mut bot = Bot::of(&workspace, BOT_TOKEN, None).await;
    bot.tells(opened()).await;
    let Bot { outbox, _notifier: notifier, .. } = bot;
    notifier.shutdown(std::time::Duration::from_secs(5)).await;
    Bot::with(outbox, None).tells(escalated()).await;
    assert_eq!(workspace.seen().roots().len(), 1);
}

#[tokio::test]
async fn a_picture_is_shown_once_slack_has_looked_at_it() {
    let workspace = SlackWorkspace::start().await;
    let mut bot = Bot::of(&workspace, BOT_TOKEN, Some(b"a picture")).await;
    assert!(is_delivered(&bot.tells(opened()).await));
    let seen = workspace.seen();
    let file = picture_in(&seen.messages[0].content).expect("it is shown");
    assert_eq!(&seen.files[file][..], b"a picture");
    let first = seen.calls.iter().position(|it| it == "chat.postMessage");
    let upload = seen.calls.iter().position(|it| it == "files.getUploadURLExternal");
    assert!(first < upload, "people are told before anything is drawn: {:?}", seen.calls);
    // A thread has none of its own.
    bot.tells(escalated()).await;
    let seen = workspace.seen();
    assert_ne!(picture_in(&seen.messages[0].content).unwrap(), file, "as it looks now");
    assert_eq!(picture_in(&seen.messages[1].content), None);
}

#[tokio::test]
async fn without_its_picture_people_are_told_all_the_same() {
    let workspace = SlackWorkspace::start().await;
    workspace.fail_next("files.getUploadURLExternal", Failing::Error("missing_scope"));
    let mut bot = Bot::of(&workspace, BOT_TOKEN, Some(b"a picture")).await;
    assert!(is_delivered(&bot.tells(opened()).await));
    let seen = workspace.seen();
    assert_eq!((seen.messages.len(), seen.files.len()), (1, 0));
}

#[tokio::test]
async fn a_message_that_was_deleted_is_posted_anew() {
    let workspace = SlackWorkspace::start().await;
    let mut bot = Bot::of(&workspace, BOT_TOKEN, None).await;
    bot.tells(opened()).await;
    let first = workspace.seen().messages[0].ts.clone();
    workspace.delete(&first);
    assert!(is_delivered(&bot.tells(escalated()).await));
    assert!(is_delivered(&bot.tells(taken()).await));
    let seen = workspace.seen();
    assert_eq!(seen.roots().len(), 1, "{seen:#?}");
    assert_eq!(seen.thread_of(&seen.roots()[0].ts).len(), 1);
}

#[tokio::test]
async fn a_message_that_may_not_be_changed_is_gone_on_with_below() {
    let workspace = SlackWorkspace::start().await;
    let mut bot = Bot::of(&workspace, BOT_TOKEN, None).await;
    bot.tells(opened()).await;
    workspace.fail_next("chat.update", Failing::Error("edit_window_closed"));
    assert!(is_delivered(&bot.tells(escalated()).await));
    let seen = workspace.seen();
    assert_eq!((seen.messages.len(), seen.messages[0].updates), (2, 0));
}

#[tokio::test]
async fn what_passes_is_waited_for() {
    let workspace = SlackWorkspace::start().await;
    workspace.fail_next("chat.postMessage", Failing::Limited(1));
    workspace.fail_next("chat.postMessage", Failing::Error("internal_error"));
    let mut bot = Bot::of(&workspace, BOT_TOKEN, None).await;
    let events = bot.tells(opened()).await;
    let [Event::Retrying(.., limited), Event::Retrying(.., passing, _), Event::Delivered(..)] =
        &events[..]
    else {
        panic!("{events:#?}")
    };
    assert!(*limited >= std::time::Duration::from_secs(1), "as long as it asks for");
    assert_eq!(passing.to_string(), "Slack refused it (internal_error)");
    assert_eq!(workspace.seen().messages.len(), 1);
}

#[tokio::test]
async fn what_slack_refuses_for_good_is_given_up_and_says_what_to_do() {
    let workspace = SlackWorkspace::start().await;
    let mut bot = Bot::of(&workspace, "xoxb-wrong", None).await;
    let events = bot.tells(opened()).await;
    let [Event::GivenUp(_, _, given_up)] = &events[..] else { panic!("{events:#?}") };
    let words = given_up.to_string();
    assert!(words.contains("(invalid_auth): the bot token is none"), "{words}");
    assert!(!words.contains("xoxb"), "{words}");
}

/// Slack knows no idempotency key: what is not known to have arrived is sent again.
#[tokio::test]
async fn an_answer_that_is_lost_loses_nothing() {
    let workspace = SlackWorkspace::start().await;
    workspace.fail_next("chat.postMessage", Failing::Lost);
    let mut bot = Bot::of(&workspace, BOT_TOKEN, None).await;
    assert!(is_delivered(&bot.tells(opened()).await));
    assert_eq!(workspace.seen().messages.len(), 2);
    bot.tells(escalated()).await;
    let seen = workspace.seen();
    let last = &seen.roots()[1].ts;
    assert_eq!(seen.thread_of(last).len(), 1, "it goes on with the one that it knows of");
}

#[tokio::test]
async fn a_storm_is_one_message_and_those_that_are_there_are_brought_up_to_date() {
    let workspace = SlackWorkspace::start().await;
    let mut bot = Bot::of(&workspace, BOT_TOKEN, None).await;
    bot.tells(opened()).await;
    let Bot { outbox, _notifier: notifier, .. } = bot;
    notifier.shutdown(std::time::Duration::from_secs(5)).await;
    let others = (1..7).map(|number| {
        let id = uuid::Uuid::from_u128(number);
        Change {
            id: uuid::Uuid::from_u128(100 + number),
            ..change_of(Incident { id, ..incident() }, 0)
        }
    });
    let storm: Vec<Change> = others.chain([escalated()]).collect();
    outbox.send(&storm).await;
    let mut bot = Bot::with(outbox, None);
    bot.events.until_ended(7).await;
    let seen = workspace.wait_until(|seen| seen.messages[0].updates == 1).await;
    assert_eq!(seen.messages.len(), 2, "{seen:#?}");
    assert!(header(&seen.messages[1]).contains("7 incidents at once"));
    assert!(header(&seen.messages[0]).contains("now critical"));
}

/// As after a restart that has cut off a try in the middle of a picture.
#[tokio::test]
async fn what_has_been_told_is_not_told_again() {
    let workspace = SlackWorkspace::start().await;
    let store = Outbox::of(Vec::new()).await;
    let (url, token) = (Secret::new(workspace.url()), Secret::new(BOT_TOKEN));
    let (mut clients, limit) = (Clients::new(loopback()), std::time::Duration::from_secs(20));
    let slack = SlackApi {
        route: "slack".to_owned(),
        api: WebApi::new(&mut clients, "slack", &url, &token, limit).unwrap(),
        channel: CHANNEL.to_owned(),
        telling: Telling::within(TimeZone::UTC),
        store: store.store.clone(),
        pictures: None,
    };
    for change in [opened(), opened(), escalated(), escalated()] {
        slack.deliver(&change).await.unwrap();
    }
    let seen = workspace.seen();
    assert_eq!((seen.roots().len(), seen.messages.len()), (1, 2), "{seen:#?}");
}

#[tokio::test]
async fn of_messages_the_last_is_remembered() {
    let store: Store = Outbox::of(Vec::new()).await.store;
    let id = incident().id;
    store.remember_message("slack", id, "here").await.unwrap();
    store.remember_message("slack", id, "there").await.unwrap();
    assert_eq!(store.message("slack", id).await.unwrap().as_deref(), Some("there"));
    assert_eq!(store.message("another", id).await.unwrap(), None);
}

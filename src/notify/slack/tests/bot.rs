//! What a bot does in a workspace.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde_json::Value;

use crate::incident::fixtures::{change_of, incident, resolved};
use crate::incident::{Acknowledgement, Change, Incident, Severity, State};
use crate::notify::pipeline::Tuning;
use crate::notify::tests::support::{Event, Events, Outbox, loopback, recorder, retry, settings};
use crate::notify::{Notifier, Picture, Pictures, Route, Target};
use crate::secret::Secret;

#[allow(dead_code)]
#[path = "../../../../tests/support/slack_workspace.rs"]
pub mod slack_workspace;

use slack_workspace::{BOT_TOKEN, CHANNEL, Failing, Seen, SlackWorkspace};

/// Draws the same picture of everything.
struct Same(Vec<u8>);

impl Pictures for Same {
    fn of<'a>(&'a self, _: &'a Incident) -> BoxFuture<'a, Result<Option<Picture>, String>> {
        let picture = Picture { png: self.0.clone(), title: "Acme: mentions an hour".to_owned() };
        Box::pin(async move { Ok(Some(picture)) })
    }
}

/// A route that leads to a channel of `workspace`.
pub fn route(workspace: &SlackWorkspace, token: &str) -> Route {
    let target = Target::SlackApi {
        url: Secret::new(workspace.url()),
        bot_token: Secret::new(token),
        channel: CHANNEL.to_owned(),
    };
    Route::new("slack", target)
}

/// A route that leads to a channel of a workspace, and what it delivers.
pub struct Bot {
    pub outbox: Outbox,
    pub events: Events,
    pub notifier: Notifier,
}

impl Bot {
    pub async fn of(workspace: &SlackWorkspace, token: &str, picture: Option<&[u8]>) -> Self {
        let pictures = picture.map(|png| Arc::new(Same(png.to_vec())) as Arc<dyn Pictures>);
        Self::with(Outbox::of(vec![route(workspace, token)]).await, pictures)
    }

    pub fn with(outbox: Outbox, pictures: Option<Arc<dyn Pictures>>) -> Self {
        let (observer, events) = recorder();
        let tuning = Tuning { pace: Some(std::time::Duration::ZERO), seed: 1 };
        let (settings, store) = (settings(loopback(), retry()), outbox.store.clone());
        let notifier =
            Notifier::start_tuned(&outbox.routes, settings, store, observer, pictures, tuning);
        Self { outbox, events, notifier: notifier.unwrap() }
    }

    pub async fn tells(&mut self, change: Change) -> Vec<Event> {
        self.outbox.send(&[change]).await;
        self.events.until_ended(1).await
    }
}

pub fn opened() -> Change {
    change_of(Incident { severity: Severity::Warning, ..incident() }, 0)
}

pub fn escalated() -> Change {
    change_of(Incident { state: State::Escalated, ..incident() }, 1)
}

pub fn taken() -> Change {
    let by = Acknowledgement { by: "Dana".to_owned(), at: incident().updated_at };
    escalated().acknowledged(uuid::Uuid::from_u128(1), by)
}

pub fn header(message: &slack_workspace::Message) -> &str {
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
    let Bot { outbox, notifier, .. } = bot;
    notifier.shutdown(std::time::Duration::from_secs(5)).await;
    Bot::with(outbox, None).tells(escalated()).await;
    assert_eq!(workspace.seen().roots().len(), 1);
}

#[tokio::test]
async fn a_picture_is_shown_once_slack_has_looked_at_it() {
    let workspace = SlackWorkspace::start().await;
    let mut bot = Bot::of(&workspace, BOT_TOKEN, Some(b"a picture")).await;
    assert!(is_delivered(&bot.tells(opened()).await));
    let picture = |seen: &Seen| picture_in(&seen.messages[0].content).map(str::to_owned);
    let seen = workspace.wait_until(|seen| picture(seen).is_some()).await;
    let file = &*picture(&seen).unwrap();
    assert_eq!(&seen.files[file][..], b"a picture");
    let first = seen.calls.iter().position(|it| it == "chat.postMessage");
    let upload = seen.calls.iter().position(|it| it == "files.getUploadURLExternal");
    assert!(first < upload, "people are told before anything is drawn: {:?}", seen.calls);
    // A thread has none of its own.
    bot.tells(escalated()).await;
    let as_it_looks_now = |seen: &Seen| picture(seen).is_some_and(|it| it != file);
    let seen = workspace.wait_until(as_it_looks_now).await;
    assert_eq!(picture_in(&seen.messages[1].content), None);
}

#[tokio::test]
async fn without_its_picture_people_are_told_all_the_same() {
    let workspace = SlackWorkspace::start().await;
    workspace.fail_next("files.getUploadURLExternal", Failing::Error("missing_scope"));
    let mut bot = Bot::of(&workspace, BOT_TOKEN, Some(b"a picture")).await;
    assert!(is_delivered(&bot.tells(opened()).await));
    let Event::Incomplete(_, incident, lacks, why) = bot.events.next().await else { panic!() };
    assert_eq!((incident, &*lacks), (Some(opened().incident.id), "its picture"));
    assert!(why.to_string().contains("add them and install the app anew"), "{why}");
    let seen = workspace.seen();
    assert_eq!((seen.messages.len(), seen.files.len()), (1, 0));
}

#[tokio::test]
async fn a_picture_that_slack_has_no_time_for_comes_later() {
    let workspace = SlackWorkspace::start().await;
    workspace.fail_next("chat.update", Failing::Error("internal_error"));
    workspace.fail_next("files.getUploadURLExternal", Failing::Limited(1));
    let mut bot = Bot::of(&workspace, BOT_TOKEN, Some(b"a picture")).await;
    assert!(is_delivered(&bot.tells(opened()).await));
    let is_shown = |seen: &Seen| picture_in(&seen.messages[0].content).is_some();
    let seen = workspace.wait_until(is_shown).await;
    let uploads = seen.calls.iter().filter(|it| *it == "files.getUploadURLExternal");
    assert_eq!((uploads.count(), seen.files.len()), (2, 1), "what is there is not uploaded again");
}

#[tokio::test]
async fn what_slack_asks_of_pictures_holds_up_no_message() {
    let workspace = SlackWorkspace::start().await;
    workspace.fail_next("files.getUploadURLExternal", Failing::Limited(60));
    let mut bot = Bot::of(&workspace, BOT_TOKEN, Some(b"a picture")).await;
    bot.tells(opened()).await;
    let is_asked = |seen: &Seen| seen.calls.iter().any(|it| it == "files.getUploadURLExternal");
    workspace.wait_until(is_asked).await;
    assert!(is_delivered(&bot.tells(escalated()).await), "within half a minute");
}

/// Draws nothing before it is let.
struct Slow(tokio::sync::Semaphore);

impl Pictures for Slow {
    fn of<'a>(&'a self, _: &'a Incident) -> BoxFuture<'a, Result<Option<Picture>, String>> {
        Box::pin(async {
            self.0.acquire().await.unwrap().forget();
            Ok(Some(Picture { png: b"late".to_vec(), title: "late".to_owned() }))
        })
    }
}

/// Another incident.
fn other(number: u128) -> Change {
    change_of(Incident { id: uuid::Uuid::from_u128(number), ..incident() }, 0)
}

#[tokio::test]
async fn a_message_that_was_deleted_lacks_nothing() {
    let workspace = SlackWorkspace::start().await;
    let outbox = Outbox::of(vec![route(&workspace, BOT_TOKEN)]).await;
    let slow = Arc::new(Slow(tokio::sync::Semaphore::new(0)));
    let mut bot = Bot::with(outbox, Some(Arc::clone(&slow) as Arc<dyn Pictures>));
    bot.tells(opened()).await;
    workspace.delete(&workspace.seen().messages[0].ts);
    bot.tells(other(7)).await;
    slow.0.add_permits(2);
    // By then the first is done with.
    workspace.wait_until(|seen| picture_in(&seen.messages[0].content).is_some()).await;
    let events = bot.tells(other(8)).await;
    assert!(matches!(events[..], [Event::Delivered(..)]), "{events:#?}");
}

#[tokio::test]
async fn nobody_waits_for_a_picture() {
    let workspace = SlackWorkspace::start().await;
    let outbox = Outbox::of(vec![route(&workspace, BOT_TOKEN)]).await;
    let slow = Arc::new(Slow(tokio::sync::Semaphore::new(0)));
    let mut bot = Bot::with(outbox, Some(Arc::clone(&slow) as Arc<dyn Pictures>));
    for change in [opened(), other(7), escalated()] {
        assert!(is_delivered(&bot.tells(change).await));
    }
    // What has been told of anew is not made to look as it did before.
    slow.0.add_permits(3);
    let shown = |seen: &Seen| {
        let roots = seen.roots();
        roots.iter().filter(|it| picture_in(&it.content).is_some()).count()
    };
    let seen = workspace.wait_until(|seen| shown(seen) == 2).await;
    assert!(header(&seen.messages[0]).contains("now critical"), "{seen:#?}");
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

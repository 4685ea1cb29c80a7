//! Many incidents in one message of a bot's, and what is remembered of messages.

use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use uuid::Uuid;

use super::bot::slack_workspace::{BOT_TOKEN, CHANNEL, Failing, Seen, SlackWorkspace};
use super::bot::{Bot, escalated, header, opened, route, taken};
use crate::incident::fixtures::{change_of, incident, resolved};
use crate::incident::{Change, Incident, State};
use crate::notify::Telling;
use crate::notify::http::Clients;
use crate::notify::slack::{SlackApi, WebApi};
use crate::notify::tests::support::{Outbox, loopback};
use crate::secret::Secret;

/// Six incidents that are opened.
fn others() -> Vec<Change> {
    let other = |number| {
        let incident = Incident { id: Uuid::from_u128(number), ..incident() };
        Change { id: Uuid::from_u128(100 + number), ..change_of(incident, 0) }
    };
    (1..7).map(other).collect()
}

/// What `at` becomes of the first of the six, as its alert number `sequence`.
fn first(sequence: u32, at: impl Fn(Incident) -> Incident) -> Change {
    let incident = at(Incident { id: Uuid::from_u128(1), ..incident() });
    Change { id: Uuid::from_u128(200 + u128::from(sequence)), ..change_of(incident, sequence) }
}

/// A bot that finds `changes` waiting.
async fn finds(workspace: &SlackWorkspace, changes: &[Change]) -> Bot {
    let outbox = Outbox::of(vec![route(workspace, BOT_TOKEN)]).await;
    outbox.send(changes).await;
    Bot::with(outbox, None)
}

fn slack(workspace: &SlackWorkspace, outbox: &Outbox) -> Arc<SlackApi> {
    let (url, token) = (Secret::new(workspace.url()), Secret::new(BOT_TOKEN));
    let (mut clients, limit) = (Clients::new(loopback()), Duration::from_secs(20));
    Arc::new(SlackApi {
        route: "slack".to_owned(),
        api: WebApi::new(&mut clients, "slack", &url, &token, limit).unwrap(),
        channel: CHANNEL.to_owned(),
        telling: Telling::within(TimeZone::UTC),
        store: outbox.store.clone(),
        pictures: None,
    })
}

#[tokio::test]
async fn a_storm_is_one_message_and_those_that_are_there_are_brought_up_to_date() {
    let workspace = SlackWorkspace::start().await;
    let mut bot = Bot::of(&workspace, BOT_TOKEN, None).await;
    bot.tells(opened()).await;
    let Bot { outbox, notifier, .. } = bot;
    notifier.shutdown(Duration::from_secs(5)).await;
    outbox.send(&[others(), vec![escalated()]].concat()).await;
    // It goes on when Slack has time again.
    workspace.fail_next("chat.update", Failing::Limited(1));
    let mut bot = Bot::with(outbox, None);
    bot.events.until_ended(7).await;
    let seen = workspace.wait_until(|seen| seen.messages[0].updates == 1).await;
    assert_eq!(seen.messages.len(), 2, "{seen:#?}");
    assert!(header(&seen.messages[1]).contains("7 incidents at once"));
    assert!(header(&seen.messages[0]).contains("now critical"));
    // What has a message of its own keeps it.
    bot.tells(taken()).await;
    let seen = workspace.seen();
    assert_eq!(seen.thread_of(&seen.messages[0].ts).len(), 1, "{seen:#?}");
}

#[tokio::test]
async fn what_becomes_of_a_storms_incidents_stands_below_it_unless_it_is_worse() {
    let workspace = SlackWorkspace::start().await;
    let mut bot = finds(&workspace, &others()).await;
    bot.events.until_ended(6).await;
    bot.tells(Change { id: Uuid::from_u128(300), ..first(1, |it| resolved(it, 190)) }).await;
    let seen = workspace.seen();
    let storm = seen.messages[0].clone();
    assert!(header(&storm).contains("6 incidents at once"));
    let said = seen.thread_of(&storm.ts)[0].content.to_string();
    assert!(said.contains("back to normal"), "{said}");
    assert_eq!((seen.messages.len(), storm.updates), (2, 0), "the storm stays as it was told");

    let second = Incident { id: Uuid::from_u128(2), state: State::Escalated, ..incident() };
    bot.tells(change_of(second.clone(), 1)).await;
    bot.tells(change_of(resolved(second, 190), 2)).await;
    let seen = workspace.seen();
    let [_, own] = seen.roots()[..] else { panic!("{seen:#?}") };
    assert_eq!((own.updates, seen.thread_of(&own.ts).len()), (1, 1), "it has one of its own");
}

#[tokio::test]
async fn below_a_storm_that_was_deleted_nothing_can_stand() {
    let workspace = SlackWorkspace::start().await;
    let mut bot = finds(&workspace, &others()).await;
    bot.events.until_ended(6).await;
    workspace.delete(&workspace.seen().messages[0].ts);
    bot.tells(first(1, |it| resolved(it, 190))).await;
    let seen = workspace.seen();
    assert!(header(seen.roots()[0]).contains("back to normal"), "{seen:#?}");
}

/// As after a restart that has cut off a try before it was written down.
#[tokio::test]
async fn what_has_been_told_is_not_told_again() {
    let workspace = SlackWorkspace::start().await;
    let outbox = Outbox::of(Vec::new()).await;
    let slack = slack(&workspace, &outbox);
    for change in [opened(), escalated()] {
        assert!(slack.deliver(&change).await.unwrap().is_empty());
        let rests = slack.deliver(&change).await.unwrap();
        assert_eq!(rests.len(), 1, "whether its message came to the end is not known");
    }
    let seen = workspace.seen();
    assert_eq!((seen.roots().len(), seen.messages.len()), (1, 2), "{seen:#?}");

    let storm = [others(), vec![taken()]].concat();
    for _ in 0..2 {
        let rests = slack.deliver_storm(&storm).await.unwrap();
        assert_eq!(rests.len(), 1, "the one that has a message is brought up to date");
    }
    let storms = |seen: &Seen| seen.roots().len() - 1;
    assert_eq!(storms(&workspace.seen()), 1);
    let more = [storm, vec![first(1, |it| Incident { state: State::Escalated, ..it })]].concat();
    for _ in 0..2 {
        slack.deliver_storm(&more).await.unwrap();
        assert_eq!(storms(&workspace.seen()), 2, "something has happened since, once");
    }
}

#[tokio::test]
async fn of_messages_the_last_is_remembered() {
    let store = Outbox::of(Vec::new()).await.store;
    let [id, other] = [incident().id, Uuid::from_u128(1)];
    for place in ["here", "there"] {
        store.remember_messages("slack", &[(id, place.to_owned())].into()).await.unwrap();
    }
    let there = Some("there".to_owned());
    assert_eq!(store.messages("slack", &[other, id]).await.unwrap(), [None, there]);
    assert_eq!(store.messages("another", &[id]).await.unwrap(), [None]);
}

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::tz::TimeZone;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::Value;

use super::compose::Mail;
use super::{Email, Encryption};
use crate::incident::fixtures::{change, change_of, incident, resolved};
use crate::incident::{Incident, State};
use crate::notify::pipeline::Tuning;
use crate::notify::tests::support::{Event, Events, Outbox, loopback, recorder, retry, settings};
use crate::notify::{
    Notifier, PageLinks, Picture, Pictures, Route, Target, TargetPolicy, Telling, hostile,
};

#[allow(dead_code)]
#[path = "../../../tests/support/mail_server.rs"]
mod mail_server;

use mail_server::MailServer;

const DEADLINE: Duration = Duration::from_secs(120);

fn repository(path: &str) -> std::path::PathBuf {
    std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn telling() -> Telling {
    let public_url = "https://groundswell.example".parse().unwrap();
    let page = Some(PageLinks { public_url, signing: None });
    Telling { page, ..Telling::within(TimeZone::get("America/New_York").unwrap()) }
}

/// Draws the same picture of everything.
struct Same;

impl Pictures for Same {
    fn of<'a>(&'a self, _: &'a Incident) -> BoxFuture<'a, Result<Option<Picture>, String>> {
        let picture = Picture { png: vec![7; 1_000], title: "Acme: mentions <an> hour".to_owned() };
        Box::pin(async move { Ok(Some(picture)) })
    }
}

/// A route that leads to `to` through `server`.
fn route(server: &MailServer, encryption: Encryption, to: &[&str]) -> Route {
    let target = Target::Email {
        server: ("127.0.0.1".to_owned(), server.port()),
        encryption,
        credentials: None,
        from: "Groundswell <alerts@example.com>".parse().unwrap(),
        to: to.iter().map(|it| it.parse().unwrap()).collect(),
    };
    Route { storm_from: None, ..Route::new("mail", target) }
}

/// What tells `to` through `server`, beside a worker.
fn email(server: &MailServer, outbox: &Outbox, to: &[&str]) -> Email {
    let name = ("127.0.0.1", server.port(), Encryption::None);
    Email {
        route: "mail".to_owned(),
        server: super::MailServer::new("mail", name, None, loopback(), DEADLINE).unwrap().into(),
        from: "alerts@example.com".parse().unwrap(),
        to: to.iter().map(|it| it.parse().unwrap()).collect(),
        telling: telling(),
        store: outbox.store.clone(),
        pictures: None,
    }
}

async fn start(route: Route, pictures: Option<Arc<dyn Pictures>>) -> (Outbox, Notifier, Events) {
    let outbox = Outbox::of(vec![route]).await;
    let (observer, events) = recorder();
    let tuning = Tuning { pace: Some(Duration::ZERO), seed: 1 };
    let (settings, store) = (settings(loopback(), retry()), outbox.store.clone());
    let notifier =
        Notifier::start_tuned(&outbox.routes, settings, store, observer, pictures, tuning);
    (outbox, notifier.unwrap(), events)
}

fn the<'a>(mail: &'a Value, header: &str) -> &'a str {
    let values =
        mail["headers"][header].as_array().unwrap_or_else(|| panic!("no {header}: {mail:#}"));
    assert_eq!(values.len(), 1, "{header}: {values:?}");
    values[0].as_str().unwrap()
}

#[test]
fn a_mail_tells_the_story_as_text_and_as_html() {
    let mail = Mail::of(&change(), &telling(), None);
    insta::assert_snapshot!("plain", format!("{}\n\n{}", mail.subject(), mail.plain()));
    insta::assert_snapshot!("html", mail.html());
}

#[test]
fn a_storm_is_told_in_one_mail() {
    let other = Incident { id: uuid::Uuid::from_u128(7), ..resolved(incident(), 9) };
    let mail = Mail::of_storm(&[change(), change_of(other, 1)], &telling());
    insta::assert_snapshot!(
        "storm",
        format!("{}\n\n{}\n{}", mail.subject(), mail.plain(), mail.html())
    );
}

#[tokio::test]
async fn mails_of_an_incident_belong_together_and_nobodys_absence_answers_them() {
    let server = MailServer::start(&[]);
    let to = ["Dana <dana@example.com>", "noa@example.com"];
    let route = route(&server, Encryption::None, &to);
    let (outbox, _notifier, mut events) = start(route, Some(Arc::new(Same))).await;
    let worse = Incident { state: State::Escalated, ..incident() };
    let over = change_of(resolved(incident(), 190), 2);
    outbox.send(&[change(), change_of(worse, 1), over]).await;
    events.until_ended(3).await;
    let mails = server.wait_for(3).await;
    let thread = format!("<{}@groundswell.invalid>", incident().id);
    let mut ids = Vec::new();
    for mail in &mails {
        assert_eq!(the(mail, "In-Reply-To"), thread);
        assert_eq!(the(mail, "References"), thread);
        assert_eq!(the(mail, "Auto-Submitted"), "auto-generated");
        assert_eq!(the(mail, "To"), "Dana <dana@example.com>, noa@example.com");
        assert_eq!(mail["to"], serde_json::json!(["dana@example.com", "noa@example.com"]));
        assert_eq!(mail["images"][0]["id"], "<picture@groundswell.invalid>");
        assert_eq!(mail["images"][0]["bytes"], 1_000);
        assert!(mail["html"].as_str().unwrap().contains("src=\"cid:picture@groundswell.invalid\""));
        ids.push(the(mail, "Message-ID").to_owned());
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 3, "each is a mail of its own");
    assert!(the(&mails[0], "Subject").starts_with("Critical: American: anger"));
    assert_eq!(the(&mails[1], "Importance"), "high");
    assert!(mails[2]["headers"].get("Importance").is_none(), "nothing is urgent when it is over");
}

#[tokio::test]
async fn whatever_strangers_write_is_a_mail_that_programs_read() {
    let server = MailServer::start(&[]);
    let outbox = Outbox::of(Vec::new()).await;
    let email = email(&server, &outbox, &["dana@example.com"]);
    let (mut runner, strategy) = (TestRunner::deterministic(), hostile::change());
    for _ in 0..200 {
        let change = strategy.new_tree(&mut runner).unwrap().current();
        email.deliver(&change).await.unwrap();
    }
    for mail in server.wait_for(200).await {
        assert_eq!(mail["defects"], serde_json::json!([]), "{mail:#}");
        let subject = the(&mail, "Subject");
        assert!(!subject.is_empty() && !subject.contains(['\r', '\n']), "{subject}");
        for header in ["From", "To", "Date", "Message-ID"] {
            the(&mail, header);
        }
        assert_eq!(mail["to"], serde_json::json!(["dana@example.com"]));
        assert!(mail["headers"].get("Bcc").is_none());
        let plain = mail["plain"].as_str().unwrap();
        assert!(plain.contains("What changed"), "{plain}");
        let tags = mail["tags"].as_array().unwrap();
        assert!(tags.len() > 20, "{mail:#}");
        tags.iter().for_each(harmless);
    }
}

/// It is an element of ours, with attributes of ours; a link leads to the web.
fn harmless(element: &Value) {
    const TAGS: [&str; 17] = [
        "a",
        "blockquote",
        "body",
        "br",
        "div",
        "h1",
        "h2",
        "head",
        "html",
        "meta",
        "p",
        "span",
        "table",
        "td",
        "title",
        "tr",
        "tbody",
    ];
    const ATTRIBUTES: [&str; 11] = [
        "cellpadding",
        "cellspacing",
        "charset",
        "content",
        "dir",
        "href",
        "lang",
        "name",
        "rel",
        "role",
        "style",
    ];
    assert!(TAGS.contains(&element[0].as_str().unwrap()), "{element}");
    for (name, value) in element[1].as_object().unwrap() {
        let value = value.as_str().unwrap_or_default();
        assert!(ATTRIBUTES.contains(&&**name), "{element}");
        let is_web = value.starts_with("https://") || value.starts_with("http://");
        assert!(name != "href" || is_web, "{element}");
        assert!(name != "style" || !value.contains("url("), "{element}");
    }
}

#[tokio::test]
async fn what_passes_is_waited_for_and_what_does_not_is_told() {
    let server =
        MailServer::start(&["--data", "451 4.3.0 come again", "--data", "554 5.7.1 not from you"]);
    let route = route(&server, Encryption::None, &["dana@example.com"]);
    let (outbox, _notifier, mut events) = start(route, None).await;
    outbox.send(&[change()]).await;
    let seen = events.until_ended(1).await;
    let [Event::Retrying(.., later, _), Event::GivenUp(.., given_up)] = &seen[..] else {
        panic!("{seen:#?}")
    };
    assert!(
        later.to_string().contains("does not take it now")
            && later.to_string().contains("come again"),
        "{later}"
    );
    let words = given_up.to_string();
    assert!(words.contains("refused it") && words.contains("not from you"), "{words}");
}

#[tokio::test]
async fn whom_the_server_does_not_know_keeps_it_from_nobody_else() {
    let server = MailServer::start(&[]);
    let to = ["gone@example.com", "dana@example.com", "noa@example.com"];
    let route = route(&server, Encryption::None, &to);
    let (outbox, _notifier, mut events) = start(route, None).await;
    outbox.send(&[change()]).await;
    assert!(matches!(events.until_ended(1).await[..], [Event::Delivered(..)]));
    let mails = server.wait_for(2).await;
    assert_eq!(reached(&mails), ["dana@example.com", "noa@example.com"]);
    let Event::Incomplete(_, incident, lacks, why) = events.next().await else { panic!() };
    assert_eq!((incident, &*lacks), (Some(change().incident.id), "reaching gone@example.com"));
    assert!(why.to_string().contains("no such person here"), "{why}");
}

fn reached(mails: &[Value]) -> Vec<&str> {
    mails.iter().map(|mail| mail["to"][0].as_str().unwrap()).collect()
}

#[tokio::test]
async fn who_is_asked_for_again_is_reached_later_and_holds_up_nobody() {
    let server = MailServer::start(&[]);
    let to = ["later@example.com", "gone@example.com", "dana@example.com"];
    let route = route(&server, Encryption::None, &to);
    let (outbox, _notifier, mut events) = start(route, None).await;
    outbox.send(&[change()]).await;
    assert!(matches!(events.until_ended(1).await[..], [Event::Delivered(..)]));
    let mails = server.wait_for(2).await;
    assert_eq!(reached(&mails), ["dana@example.com", "later@example.com"]);
    assert_eq!(the(&mails[0], "Message-ID"), the(&mails[1], "Message-ID"));
    let Event::Incomplete(.., lacks, _) = events.next().await else { panic!() };
    assert_eq!(lacks, "reaching gone@example.com");
}

#[tokio::test]
async fn who_has_not_been_reached_gets_no_mail_when_there_is_a_later_one() {
    let server = MailServer::start(&[]);
    let to = ["later@example.com", "dana@example.com"];
    let outbox = Outbox::of(vec![route(&server, Encryption::None, &to)]).await;
    let email = email(&server, &outbox, &to);
    let worse = change_of(Incident { state: State::Escalated, ..incident() }, 1);
    outbox.send(&[change(), worse]).await;
    let tell = async || {
        let (now, hold) = (crate::source::wall_clock(), DEADLINE);
        let delivery = outbox.store.take("mail", now, hold).await.unwrap().unwrap();
        let rests = email.deliver(&delivery.change).await.unwrap();
        outbox.store.accepted(&[delivery], now).await.unwrap();
        rests
    };
    let mut first = tell().await;
    let second = tell().await;
    assert_eq!((first.len(), second.len()), (1, 0));
    let mails = server.wait_for(2).await;
    assert_eq!(mails[1]["to"], serde_json::json!(to), "the later one reaches all");
    first[0].attempt().await.unwrap();
    let over = change_of(resolved(incident(), 190), 2);
    email.deliver(&over).await.unwrap();
    let next = &server.wait_for(3).await[2];
    assert_eq!(the(next, "Message-ID"), format!("<{}@groundswell.invalid>", over.id));
}

/// Nobody is reached yet: it is not given up for the one whom the server will never know.
#[tokio::test]
async fn while_somebody_may_be_reached_it_is_not_given_up() {
    let server = MailServer::start(&[]);
    let to = ["gone@example.com", "later@example.com"];
    let (outbox, _notifier, mut events) = start(route(&server, Encryption::None, &to), None).await;
    outbox.send(&[change()]).await;
    let seen = events.until_ended(1).await;
    assert!(matches!(seen[..], [Event::Retrying(..), .., Event::Delivered(..)]), "{seen:#?}");
    assert_eq!(reached(&server.wait_for(1).await), ["later@example.com"]);
}

#[tokio::test]
async fn without_starttls_nothing_is_sent() {
    let server = MailServer::start(&[]);
    let route = route(&server, Encryption::StartTls, &["dana@example.com"]);
    let (outbox, _notifier, mut events) = start(route, None).await;
    outbox.send(&[change()]).await;
    let Event::Retrying(.., failure, _) = events.next().await else { panic!("it is tried again") };
    let words = failure.to_string();
    assert!(words.contains("check encryption"), "{words}");
    assert_eq!(server.mails(), [Value::Null; 0]);
}

#[tokio::test]
async fn mail_goes_nowhere_where_nothing_may_go() {
    let server = MailServer::start(&[]);
    let mut to_name = route(&server, Encryption::StartTls, &["dana@example.com"]);
    let Target::Email { server: (host, _), .. } = &mut to_name.target else { panic!() };
    *host = "localhost".to_owned();
    let outbox = Outbox::of(vec![to_name]).await;
    let tuning = Tuning { pace: Some(Duration::ZERO), seed: 1 };
    // A name is judged by what it leads to.
    let (_notifier, mut events) = outbox.notifier_to(TargetPolicy::default(), retry(), tuning);
    outbox.send(&[change()]).await;
    let Event::Retrying(.., failure, _) = events.next().await else { panic!("it is tried again") };
    assert!(failure.to_string().contains("refused: it leads to"), "{failure}");
    assert_eq!(server.mails(), [Value::Null; 0]);
}

//! The running program tells people by e-mail, through a server that demands TLS and a password.

use crate::page::mentions;
use crate::support::{KafkaBroker, MailServer, Program, eventually, unique};

#[tokio::test(flavor = "multi_thread")]
async fn a_crisis_is_mailed_over_starttls_with_its_picture() {
    let folder = tempfile::tempdir().unwrap();
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let file = |name: &str, text: String| {
        let file = folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        file.to_str().unwrap().to_owned()
    };
    let cert = file("cert.pem", own.cert.pem());
    let key = file("key.pem", own.signing_key.serialize_pem());
    let user = ["--user", "groundswell", "opensesame"];
    let starttls = MailServer::start(&[&["--tls", &cert, &key][..], &user].concat());
    let wrapped = MailServer::start(&[&["--tls", &cert, &key, "--wrapped"][..], &user].concat());
    let (broker, topic) = (KafkaBroker::shared(), unique("email"));
    broker.create_topic(&topic, 1).await;
    broker.produce(&topic, &mentions(-36 * 60..0)).await;
    let email = |port: u16, more: &str| {
        format!(
            "[[route]]\nname = \"{more}\"\nemail = {{ server = \"localhost\", port = {port}, encryption = \"{more}\", \
             username = \"groundswell\", password = {{ env = \"SMTP_PASSWORD\" }}, \
             from = \"alerts@example.com\", to = [\"dana@example.com\"] }}\n"
        )
    };
    let toml = format!(
        "time_zone = \"Asia/Jerusalem\"\nbrand = [{{ name = \"Acme\" }}]\n[source.kafka]\nbrokers = [\"{}\"]\n\
         group = \"{topic}\"\nhistory = \"14d\"\n[[source.kafka.topic]]\nname = \"{topic}\"\n{}{}\
         [delivery]\nallow_networks = [\"127.0.0.0/8\", \"::1/128\"]\n",
        broker.address(),
        email(starttls.port(), "starttls"),
        email(wrapped.port(), "tls"),
    );
    let environment = [("SMTP_PASSWORD", "opensesame"), ("SSL_CERT_FILE", &*cert)];
    let program = Program::start(&toml, &environment);
    for server in [&starttls, &wrapped] {
        let mails = server.wait_for(1).await;
        let mail = &mails[0];
        assert_eq!((&mail["encrypted"], &mail["user"]), (&true.into(), &"groundswell".into()));
        let subject = mail["headers"]["Subject"][0].as_str().unwrap();
        assert!(subject.contains(": Acme: "), "{subject}");
        let picture = &mail["images"][0];
        assert_eq!(picture["type"], "image/png", "{mail:#}\n{}", program.log());
        assert!(picture["bytes"].as_u64().unwrap() > 5_000);
        let html = mail["html"].as_str().unwrap();
        assert!(!html.contains("<script") && !html.contains("<img src=x"), "{html}");
    }
    drop(program);

    // Whose certificate nobody vouches for gets nothing.
    let stranger = MailServer::start(&[&["--tls", &cert, &key][..], &user].concat());
    let toml = toml.replace(&email(wrapped.port(), "tls"), "");
    let toml = toml.replace(&starttls.port().to_string(), &stranger.port().to_string());
    let program = Program::start(&toml, &[("SMTP_PASSWORD", "opensesame")]);
    eventually("it is told why", || program.log().contains("certificate"));
    assert!(stranger.mails().is_empty());
}

//! TLS with real certificates, made here.

use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tempfile::TempDir;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::*;

const ASK: &str = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
const EXPIRY: &str = "groundswell_http_certificate_expiry_timestamp_seconds";
const FAILED: &str = "groundswell_http_certificate_reload_failed";

/// Whoever signs certificates.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

/// A certificate and its key, in PEM.
struct Pair {
    cert: String,
    key: String,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    fn sign(&self, usage: ExtendedKeyUsagePurpose, until: i32) -> Pair {
        let names = ["localhost", "127.0.0.1"].map(str::to_owned);
        let mut params = CertificateParams::new(names).unwrap();
        params.extended_key_usages = vec![usage];
        params.not_after = date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().unwrap();
        let cert = params.signed_by(&key, &self.issuer).unwrap();
        Pair { cert: cert.pem(), key: key.serialize_pem() }
    }

    /// A server's certificate that is valid until the start of the year `until`.
    fn server(&self, until: i32) -> Pair {
        self.sign(ExtendedKeyUsagePurpose::ServerAuth, until)
    }

    fn client(&self) -> Pair {
        self.sign(ExtendedKeyUsagePurpose::ClientAuth, 2_100)
    }
}

impl Pair {
    fn der(&self) -> CertificateDer<'static> {
        CertificateDer::from_pem_slice(self.cert.as_bytes()).unwrap()
    }
}

/// The files that a server is told of.
struct Files(TempDir);

impl Files {
    fn new(pair: &Pair) -> Self {
        let files = Self(tempfile::tempdir().unwrap());
        files.put(pair);
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    fn put(&self, pair: &Pair) {
        self.write("cert.pem", &pair.cert);
        self.write("key.pem", &pair.key);
    }

    fn settings(&self, client_ca: bool) -> TlsFiles {
        TlsFiles {
            cert: self.path("cert.pem"),
            key: self.path("key.pem"),
            client_ca: client_ca.then(|| self.path("ca.pem")),
        }
    }

    async fn serve(&self) -> Running {
        self.serve_to(None).await
    }

    /// Serves those alone whose certificate is signed by `clients`.
    async fn serve_to(&self, clients: Option<&Authority>) -> Running {
        if let Some(clients) = clients {
            self.write("ca.pem", &clients.pem);
        }
        let mut setup = Setup::local();
        setup.settings.tls = Some(self.settings(clients.is_some()));
        setup.start().await
    }
}

/// A client that trusts `authority` and shows `own`.
fn client(
    authority: &Authority,
    own: Option<&Pair>,
    versions: &[&'static SupportedProtocolVersion],
) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.pem.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match own {
        None => config.with_no_client_auth(),
        Some(own) => {
            let key = PrivateKeyDer::from_pem_slice(own.key.as_bytes()).unwrap();
            config.with_client_auth_cert(vec![own.der()], key).unwrap()
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    TlsConnector::from(Arc::new(config))
}

fn any(authority: &Authority) -> TlsConnector {
    client(authority, None, &[&TLS13, &TLS12])
}

async fn shake(client: &TlsConnector, server: &Running) -> std::io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from("localhost").unwrap();
    client.connect(name, server.connect().await).await
}

/// Asks over `stream`, which stays open; the first line of the answer.
async fn ask(stream: &mut TlsStream<TcpStream>) -> std::io::Result<String> {
    stream.write_all(ASK.as_bytes()).await?;
    let mut answer = Vec::new();
    while !answer.ends_with(b"ok\n") {
        let byte = timeout(DEADLINE, stream.read_u8()).await.expect("an answer, or an end")?;
        answer.push(byte);
    }
    Ok(String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned())
}

/// Connects and asks.
async fn shake_and_ask(client: &TlsConnector, server: &Running) -> std::io::Result<String> {
    ask(&mut shake(client, server).await?).await
}

/// The certificate that the server shows on a new connection.
async fn shown(client: &TlsConnector, server: &Running) -> CertificateDer<'static> {
    let stream = shake(client, server).await.unwrap();
    stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
}

/// Looks at the files, as the server does every few seconds.
async fn look(server: &Running) {
    let certificates = server.certificates.clone().unwrap();
    tokio::task::spawn_blocking(move || certificates.reload()).await.unwrap();
}

#[tokio::test]
async fn tls_1_2_and_1_3_are_spoken_and_nothing_plain() {
    let authority = Authority::new("a");
    let files = Files::new(&authority.server(2_100));
    let server = files.serve().await;
    for version in [&TLS12, &TLS13] {
        let mut stream = shake(&client(&authority, None, &[version]), &server).await.unwrap();
        assert_eq!(stream.get_ref().1.protocol_version(), Some(version.version));
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
        assert_eq!(ask(&mut stream).await.unwrap(), "HTTP/1.1 200 OK");
    }
    let stranger = any(&Authority::new("b"));
    assert!(shake(&stranger, &server).await.is_err(), "signed by somebody else");
    let plain = say(server.connect().await, ASK).await;
    assert!(!plain.contains("HTTP"), "{plain:?}");
    server.until("groundswell_http_refused_total{reason=\"tls_handshake\"}", 2.0).await;
    assert_eq!(server.metric(EXPIRY), Some(4_102_444_800.0), "2100-01-01");
}

#[tokio::test]
async fn reqwest_asks_over_tls() {
    let authority = Authority::new("a");
    let files = Files::new(&authority.server(2_100));
    let server = files.serve().await;
    let root = reqwest::Certificate::from_pem(authority.pem.as_bytes()).unwrap();
    let client = Client::builder().tls_certs_only([root]).build().unwrap();
    let url = format!("https://{}/metrics", server.address);
    let answer = client.get(url).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.text().await.unwrap().contains(EXPIRY));
}

#[tokio::test]
async fn a_handshake_that_does_not_come_is_given_up() {
    let authority = Authority::new("a");
    let files = Files::new(&authority.server(2_100));
    let mut setup = Setup::limited(|limits| limits.header_timeout = SHORT);
    setup.settings.tls = Some(files.settings(false));
    let server = setup.start().await;
    assert_eq!(read_to_end(server.connect().await).await, "");
    assert_eq!(server.refused("tls_handshake"), 1.0);
}

#[tokio::test]
async fn a_handshake_under_way_does_not_hold_the_end_up() {
    let authority = Authority::new("a");
    let files = Files::new(&authority.server(2_100));
    let server = files.serve().await;
    let stream = server.connect().await;
    server.until("groundswell_http_connections", 1.0).await;
    server.stop.send(()).unwrap();
    let stopped = timeout(Duration::from_secs(4), server.task).await;
    stopped.expect("it does not wait for the handshake").unwrap();
    drop(stream);
}

#[tokio::test]
async fn clients_need_a_certificate_of_the_right_authority() {
    let (authority, staff, strangers) =
        (Authority::new("a"), Authority::new("staff"), Authority::new("strangers"));
    let files = Files::new(&authority.server(2_100));
    let server = files.serve_to(Some(&staff)).await;
    for version in [&TLS12, &TLS13] {
        let with = |own: Option<&Pair>| client(&authority, own, &[version]);
        let welcome = shake_and_ask(&with(Some(&staff.client())), &server).await.unwrap();
        assert_eq!(welcome, "HTTP/1.1 200 OK");
        for refused in [
            with(None),
            with(Some(&strangers.client())),
            // Not made for clients.
            with(Some(&staff.server(2_100))),
            // Has run out.
            with(Some(&staff.sign(ExtendedKeyUsagePurpose::ClientAuth, 2_020))),
        ] {
            assert!(shake_and_ask(&refused, &server).await.is_err());
        }
    }
    server.until("groundswell_http_refused_total{reason=\"tls_handshake\"}", 8.0).await;
}

#[tokio::test]
async fn new_connections_get_the_new_certificate_and_an_open_one_lives_on() {
    let authority = Authority::new("a");
    let (old, new) = (authority.server(2_098), authority.server(2_099));
    let files = Files::new(&old);
    let server = files.serve().await;
    let client = any(&authority);
    let mut open = shake(&client, &server).await.unwrap();
    assert_eq!(ask(&mut open).await.unwrap(), "HTTP/1.1 200 OK");
    let before = server.metric(EXPIRY).unwrap();
    look(&server).await;
    assert_eq!(shown(&client, &server).await, old.der());
    files.put(&new);
    look(&server).await;
    assert_eq!(shown(&client, &server).await, new.der());
    assert_eq!(ask(&mut open).await.unwrap(), "HTTP/1.1 200 OK");
    let year = 365.0 * 86_400.0;
    assert_eq!(server.metric(EXPIRY), Some(before + year));
}

#[tokio::test]
async fn a_change_is_seen_without_being_told_of() {
    let authority = Authority::new("a");
    let (old, new) = (authority.server(2_098), authority.server(2_099));
    let files = Files::new(&old);
    let certificates =
        Arc::new(Certificates::load(&files.settings(false), Metrics::new(0).unwrap()).unwrap());
    let first = certificates.in_use();
    let following = tokio::spawn(Arc::clone(&certificates).follow(Duration::from_millis(5)));
    files.put(&new);
    let changed = async {
        while Arc::ptr_eq(&certificates.in_use(), &first) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(DEADLINE, changed).await.expect("the change is seen");
    following.abort();
}

#[tokio::test]
async fn files_that_cannot_be_used_change_nothing_and_are_told_once() {
    let authority = Authority::new("a");
    let (old, new) = (authority.server(2_098), authority.server(2_099));
    let files = Files::new(&old);
    let server = files.serve().await;
    let client = any(&authority);
    let certificates = server.certificates.clone().unwrap();
    let log = Log::default();
    let _logging = log.listen();
    let told = || log.text().matches("files have changed").count();
    type Fault = (&'static str, fn(&Files, &Pair));
    let faults: [Fault; 6] = [
        ("cut off", |files, new| files.write("cert.pem", &new.cert[..200])),
        ("empty", |files, _| files.write("cert.pem", "")),
        ("of another key", |files, new| files.write("cert.pem", &new.cert)),
        ("no key", |files, new| files.write("key.pem", &new.cert)),
        ("gone", |files, _| std::fs::remove_file(files.path("key.pem")).unwrap()),
        ("no certificate", |files, _| {
            files.write(
                "cert.pem",
                "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            );
        }),
    ];
    for (n, (title, spoil)) in (1..).zip(faults) {
        files.put(&old);
        certificates.reload();
        assert_eq!(server.metric(FAILED), Some(0.0), "{title}");
        spoil(&files, &new);
        for _ in 0..3 {
            certificates.reload();
        }
        assert_eq!(server.metric(FAILED), Some(1.0), "{title}");
        assert_eq!(told(), n, "{title}: {}", log.text());
        assert_eq!(shown(&client, &server).await, old.der(), "{title}");
    }
    files.put(&new);
    certificates.reload();
    assert_eq!(server.metric(FAILED), Some(0.0));
    assert_eq!(shown(&client, &server).await, new.der());
    let log = log.text();
    // The words of an error name what a key begins with.
    assert!(!log.contains(&old.key[40..60]) && !log.contains(&new.key[40..60]), "{log}");
}

#[tokio::test]
async fn authorities_of_clients_are_replaced_too_and_old_sessions_are_not_resumed() {
    let (authority, first, second) =
        (Authority::new("a"), Authority::new("first"), Authority::new("second"));
    for version in [&TLS12, &TLS13] {
        let files = Files::new(&authority.server(2_100));
        let server = files.serve_to(Some(&first)).await;
        let before = client(&authority, Some(&first.client()), &[version]);
        let after = client(&authority, Some(&second.client()), &[version]);
        assert!(shake_and_ask(&before, &server).await.is_ok());
        assert!(shake_and_ask(&after, &server).await.is_err());
        let mut resumed = shake(&before, &server).await.unwrap();
        assert_eq!(ask(&mut resumed).await.unwrap(), "HTTP/1.1 200 OK");
        let kind = resumed.get_ref().1.handshake_kind();
        assert_eq!(kind, Some(rustls::HandshakeKind::Resumed), "the client remembers a session");
        files.write("ca.pem", &second.pem);
        look(&server).await;
        assert!(shake_and_ask(&before, &server).await.is_err());
        assert!(shake_and_ask(&after, &server).await.is_ok());
    }
}

#[tokio::test]
async fn unusable_files_are_told_at_the_start() {
    let authority = Authority::new("a");
    let (one, other) = (authority.server(2_100), authority.server(2_100));
    let files = Files::new(&one);
    let folder = files.0.path().to_owned();
    let mut said = String::new();
    let mut tell = |title: &str, files: &Files| {
        let failure = certificate_expiry(&files.settings(true)).unwrap_err().to_string();
        said.push_str(&format!("## {title}\n{}\n\n", without(&folder, &failure)));
    };
    tell("no file of authorities", &files);
    files.write("ca.pem", "");
    tell("no authority in it", &files);
    files.write("ca.pem", &authority.pem.replace("MII", "AAA"));
    tell("an authority that is none", &files);
    files.write("ca.pem", &authority.pem);
    certificate_expiry(&files.settings(true)).unwrap();
    files.write("key.pem", &other.key);
    tell("the key of another certificate", &files);
    files.write("key.pem", &one.key.replace("BEGIN PRIVATE", "BEGIN ENCRYPTED PRIVATE"));
    tell("a key with a passphrase", &files);
    files.write("key.pem", &one.cert);
    tell("certificate and key confused", &files);
    files.write("cert.pem", &one.key);
    tell("a key for a certificate", &files);
    files.write("cert.pem", &one.cert[..one.cert.len() / 2]);
    tell("half a certificate", &files);
    std::fs::remove_file(files.path("cert.pem")).unwrap();
    tell("no certificate", &files);
    insta::assert_snapshot!("unusable_files", said);
}

/// `text` wherever the test runs.
fn without(folder: &Path, text: &str) -> String {
    text.replace(&format!("{}/", folder.display()), "")
}

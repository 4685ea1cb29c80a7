//! A server that takes mail by SMTP (RFC 5321), and what its answers mean.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use lettre::address::Envelope;
use lettre::message::Mailbox;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::notify::TargetPolicy;
use crate::notify::error::NotifyError;
use crate::notify::observer::Failure;
use crate::secret::Secret;

/// How long one of several addresses may take to answer.
const CONNECT: Duration = Duration::from_secs(3);

/// How mail gets to the server unread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encryption {
    /// TLS begins on a plain connection (RFC 3207); without it nothing is sent.
    #[default]
    StartTls,
    /// TLS from the first byte (RFC 8314).
    Tls,
    /// None: for this machine, and networks of one's own.
    None,
}

/// A server that takes mail.
pub struct MailServer {
    host: String,
    port: u16,
    tls: Tls,
    credentials: Option<Credentials>,
    targets: TargetPolicy,
    timeout: Duration,
}

impl MailServer {
    /// `host` at `port`, where `targets` let mail go; `route` names the route in errors.
    pub fn new(
        route: &str,
        (host, port, encryption): (&str, u16, Encryption),
        credentials: Option<(&str, &Secret)>,
        targets: TargetPolicy,
        timeout: Duration,
    ) -> Result<Self, NotifyError> {
        let plain = encryption == Encryption::None;
        let refuse = |why| NotifyError::Target { route: route.into(), why };
        targets.admit_host(host, plain).map_err(refuse)?;
        // The certificate must be the name's, whatever address that leads to.
        let parameters = || TlsParameters::new_rustls(host.to_owned());
        let tls = match encryption {
            Encryption::StartTls => parameters().map(Tls::Required),
            Encryption::Tls => parameters().map(Tls::Wrapper),
            Encryption::None => Ok(Tls::None),
        };
        Ok(Self {
            host: host.to_owned(),
            port,
            tls: tls.map_err(|error| NotifyError::Client(error.to_string()))?,
            credentials: credentials
                .map(|(user, password)| Credentials::new(user.into(), password.expose().into())),
            targets,
            timeout,
        })
    }

    /// `host:port`.
    pub fn name(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Hands `mail` over for all of `to`; who is not reached while others are.
    pub async fn send(
        &self,
        from: &Address,
        to: &[Mailbox],
        mail: &[u8],
    ) -> Result<Unreached, Failure> {
        match self.send_to(from, to, mail).await {
            Err(Problem::Somebody(_)) if to.len() > 1 => {
                let unreached = self.send_to_each(from, to, mail).await;
                let is_anybody_reached = unreached.people().count() < to.len();
                match unreached.why() {
                    Some(why) if !is_anybody_reached => Err(why),
                    _ => Ok(unreached),
                }
            }
            Err(Problem::Somebody(failure) | Problem::Failure(failure)) => Err(failure),
            Ok(()) => Ok(Unreached::default()),
        }
    }

    /// Hands `mail` over for each of `to` alone.
    pub async fn send_to_each(&self, from: &Address, to: &[Mailbox], mail: &[u8]) -> Unreached {
        let mut unreached = Unreached::default();
        for person in to {
            let sent = self.send_to(from, std::slice::from_ref(person), mail).await;
            let Err(Problem::Somebody(why) | Problem::Failure(why)) = sent else { continue };
            if why.is_transient() {
                unreached.later.push((person.clone(), why));
            } else {
                unreached.refused.push((person.clone(), why));
            }
        }
        unreached
    }

    async fn send_to(&self, from: &Address, to: &[Mailbox], mail: &[u8]) -> Result<(), Problem> {
        let to = to.iter().map(|it| it.email.clone()).collect();
        let envelope = Envelope::new(Some(from.clone()), to);
        let envelope = envelope.map_err(|error| Failure::Encoding(error.to_string()))?;
        let sent = async {
            let transport = self.transport(self.address().await?);
            match transport.send_raw(&envelope, mail).await {
                Ok(_) => Ok(()),
                Err(error) if is_of_somebody(&error) => {
                    Err(Problem::Somebody(self.failure(&error)))
                }
                Err(error) => Err(self.failure(&error).into()),
            }
        };
        let late = |_| Problem::Failure(Failure::Timeout(self.timeout));
        timeout(self.timeout, sent).await.map_err(late)?
    }

    /// An address of the server that answers. Which one is found out before anything is said: what may have
    /// been taken at one address is not sent to the next.
    async fn address(&self) -> Result<SocketAddr, Failure> {
        let addresses = self.addresses().await?;
        if let [one] = addresses[..] {
            return Ok(one);
        }
        for address in &addresses {
            let connected = timeout(CONNECT, TcpStream::connect(address)).await;
            if connected.is_ok_and(|it| it.is_ok()) {
                return Ok(*address);
            }
        }
        Err(Failure::Connection(format!("no address of {} answers", self.name())))
    }

    /// Where the name leads, as far as mail may go there.
    async fn addresses(&self) -> Result<Vec<SocketAddr>, Failure> {
        let found = tokio::net::lookup_host((self.host.as_str(), self.port)).await;
        let found = found
            .map_err(|error| Failure::Connection(format!("{} is not found: {error}", self.host)))?;
        let plain = matches!(self.tls, Tls::None);
        let chosen = self.targets.choose(found, plain);
        chosen.map_err(|refused| Failure::Connection(format!("refused: {refused}")))
    }

    /// One connection to `address`, where TLS is still held against the server's name.
    fn transport(&self, address: SocketAddr) -> AsyncSmtpTransport<Tokio1Executor> {
        let host = match address.ip() {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => ip.to_string(),
        };
        let transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(address.port())
            .tls(self.tls.clone())
            .timeout(Some(self.timeout));
        match &self.credentials {
            Some(credentials) => transport.credentials(credentials.clone()).build(),
            None => transport.build(),
        }
    }

    fn failure(&self, error: &Error) -> Failure {
        let (server, words) = (self.name(), error.to_string());
        let code = error.status().map(u16::from);
        if error.is_permanent() {
            let advice = match code {
                Some(530 | 534 | 535 | 538) => "; check username and password of the route's email",
                _ => "",
            };
            return Failure::Refused { words: format!("{server} refused it: {words}{advice}") };
        }
        if error.is_client() {
            // It cannot do what is demanded of it: STARTTLS, a way to sign in.
            let advice = "check encryption, username and password of the route's email";
            return Failure::Deferred { words: format!("{server}: {words}; {advice}") };
        }
        if error.is_transient() {
            return Failure::Deferred { words: format!("{server} does not take it now: {words}") };
        }
        Failure::Connection(format!("{server}: {words}"))
    }
}

/// Those for whom a mail was not taken, each with the reason.
#[derive(Default)]
pub struct Unreached {
    /// Who may be reached later.
    pub later: Vec<(Mailbox, Failure)>,
    /// Whom the server refuses for good.
    pub refused: Vec<(Mailbox, Failure)>,
}

impl Unreached {
    /// All of them.
    pub fn people(&self) -> impl Iterator<Item = &Mailbox> {
        self.all().map(|(person, _)| person)
    }

    /// Why somebody is not reached; what passes before what does not.
    pub fn why(&self) -> Option<Failure> {
        self.all().map(|(_, why)| why.clone()).next()
    }

    fn all(&self) -> impl Iterator<Item = &(Mailbox, Failure)> {
        self.later.iter().chain(&self.refused)
    }
}

/// Why a mail was not taken.
enum Problem {
    /// It may be for one of those to whom it goes.
    Somebody(Failure),
    /// Whoever it goes to.
    Failure(Failure),
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// Whether the server may take the mail for others: it refuses a mailbox, for now or for good, not
/// the sender's name or password (RFC 5321, section 4.2.2).
fn is_of_somebody(error: &Error) -> bool {
    error.status().map(u16::from).is_some_and(|code| matches!(code, 450..=452 | 550..=553))
}

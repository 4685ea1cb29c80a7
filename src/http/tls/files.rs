//! The files as they are now, and what the server makes of them.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use ring::digest::{Context, SHA256};
use rustls::RootCertStore;
use rustls::crypto::{self, CryptoProvider};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{ServerConfig, WebPkiClientVerifier};
use x509_cert::Certificate;
use x509_cert::der::Decode;

use super::TlsError;
use crate::http::TlsFiles;
use crate::mention::{Timestamp, millis};

/// Largest file read, in bytes.
const MAX_FILE_BYTES: u64 = 1 << 20;
/// HTTP/1.1 is all that is spoken.
const PROTOCOL: &[u8] = b"http/1.1";

const CERT: &str = "cert";
const KEY: &str = "key";
const CLIENT_CA: &str = "client_ca";
const CERTIFICATE_LABEL: &str = "CERTIFICATE";
const KEY_LABEL: &str = "PRIVATE KEY";

/// When the certificate in `files` runs out. They are tried out as the server would use them.
///
/// # Errors
///
/// What is wrong with them.
pub fn certificate_expiry(files: &TlsFiles) -> Result<Timestamp, TlsError> {
    Ok(Contents::read(files)?.usable(files)?.expiry)
}

/// What stands in the files.
pub(super) struct Contents {
    cert: Vec<u8>,
    key: Vec<u8>,
    client_ca: Option<Vec<u8>>,
}

/// What the server works with.
pub(super) struct Usable {
    pub config: Arc<ServerConfig>,
    /// When the server's certificate runs out.
    pub expiry: Timestamp,
}

impl Contents {
    pub fn read(files: &TlsFiles) -> Result<Self, TlsError> {
        let client_ca = files.client_ca.as_deref();
        Ok(Self {
            cert: read(CERT, &files.cert)?,
            key: read(KEY, &files.key)?,
            client_ca: client_ca.map(|path| read(CLIENT_CA, path)).transpose()?,
        })
    }

    /// Tells these contents from others.
    pub fn digest(&self) -> Vec<u8> {
        let mut context = Context::new(&SHA256);
        for part in [Some(&self.cert), Some(&self.key), self.client_ca.as_ref()] {
            let part = part.map_or(&[][..], Vec::as_slice);
            context.update(&part.len().to_be_bytes());
            context.update(part);
        }
        context.finish().as_ref().to_vec()
    }

    pub fn usable(&self, files: &TlsFiles) -> Result<Usable, TlsError> {
        let chain = certificates(CERT, &files.cert, &self.cert)?;
        let expiry = expiry(&files.cert, &chain)?;
        let key = private_key(&files.key, &self.key)?;
        let provider = Arc::new(crypto::ring::default_provider());
        let clients = match (&files.client_ca, &self.client_ca) {
            (Some(path), Some(pem)) => signed_by(path, pem, &provider)?,
            _ => WebPkiClientVerifier::no_client_auth(),
        };
        let pair =
            |reason| TlsError::Pair { cert: files.cert.clone(), key: files.key.clone(), reason };
        let mut config = ServerConfig::builder_with_provider(provider)
            // 1.2 and 1.3.
            .with_safe_default_protocol_versions()
            .map_err(pair)?
            .with_client_cert_verifier(clients)
            .with_single_cert(chain, key)
            .map_err(pair)?;
        config.alpn_protocols = vec![PROTOCOL.to_vec()];
        Ok(Usable { config: Arc::new(config), expiry })
    }
}

fn read(key: &'static str, path: &Path) -> Result<Vec<u8>, TlsError> {
    let mut content = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_FILE_BYTES).read_to_end(&mut content))
        .map_err(|source| TlsError::Read { key, path: path.to_owned(), source })?;
    Ok(content)
}

/// All certificates of PEM text; one at least.
fn certificates(
    key: &'static str,
    path: &Path,
    pem: &[u8],
) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let content = |wrong| content(key, path, wrong, CERTIFICATE_LABEL);
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match found {
        Ok(found) if found.is_empty() => Err(content("holds no certificate")),
        Ok(found) => Ok(found),
        Err(_) => Err(content("is damaged")),
    }
}

fn private_key(path: &Path, pem: &[u8]) -> Result<PrivateKeyDer<'static>, TlsError> {
    let encrypted = b"-----BEGIN ENCRYPTED PRIVATE KEY-----";
    if pem.windows(encrypted.len()).any(|it| it == encrypted) {
        let wrong = "holds a private key that only a passphrase opens, and none is asked for";
        return Err(content(KEY, path, wrong, KEY_LABEL));
    }
    PrivateKeyDer::from_pem_slice(pem)
        .map_err(|_| content(KEY, path, "holds no private key, or a damaged one", KEY_LABEL))
}

fn expiry(path: &Path, chain: &[CertificateDer<'_>]) -> Result<Timestamp, TlsError> {
    let own = chain.first().and_then(|der| Certificate::from_der(der).ok());
    let own = own.ok_or_else(|| {
        content(CERT, path, "begins with something that is no X.509 certificate", CERTIFICATE_LABEL)
    })?;
    let since_epoch = own.tbs_certificate().validity().not_after.to_unix_duration();
    Ok(Timestamp::from_millis(millis(since_epoch)))
}

/// Takes clients whose certificate is signed by one of the authorities of `pem`, and no others.
fn signed_by(
    path: &Path,
    pem: &[u8],
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let failed = |reason: String| TlsError::ClientCa { path: path.to_owned(), reason };
    let mut authorities = RootCertStore::empty();
    for certificate in certificates(CLIENT_CA, path, pem)? {
        authorities.add(certificate).map_err(|error| failed(error.to_string()))?;
    }
    WebPkiClientVerifier::builder_with_provider(Arc::new(authorities), Arc::clone(provider))
        .build()
        .map_err(|error| failed(error.to_string()))
}

fn content(key: &'static str, path: &Path, wrong: &'static str, label: &'static str) -> TlsError {
    TlsError::Content { key, path: path.to_owned(), wrong, label }
}

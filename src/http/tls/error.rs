//! Why TLS files cannot be used.

use std::io;
use std::path::PathBuf;

/// Why TLS files cannot be used. What they hold is not shown.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error(
        "http.tls.{key}: {path} cannot be read: {source}; name another file, or let the user that \
         runs groundswell read it"
    )]
    Read {
        /// The key that names the file.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file does not hold what its key says.
    #[error(
        "http.tls.{key}: {path} {wrong}; expected PEM text that begins with -----BEGIN {label}-----"
    )]
    Content {
        /// The key that names the file.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        wrong: &'static str,
        /// How PEM text of the kind that is expected begins.
        label: &'static str,
    },
    /// The certificate and the private key do not go together.
    #[error(
        "http.tls: the certificate in {cert} and the private key in {key} cannot be used together: \
         {reason}; replace both, with the server's own certificate first in its file"
    )]
    Pair {
        /// The certificate's file.
        cert: PathBuf,
        /// The private key's file.
        key: PathBuf,
        /// What is wrong.
        reason: rustls::Error,
    },
    /// Clients cannot be checked against these authorities.
    #[error(
        "http.tls.client_ca: the certificates in {path} cannot vouch for clients: {reason}; name a \
         file with the certificates of the authorities that sign those of clients"
    )]
    ClientCa {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

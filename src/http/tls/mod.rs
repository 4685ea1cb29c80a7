//! TLS from PEM files, which may be replaced while the server runs.

mod certificates;
mod error;
mod files;

pub(super) use certificates::Certificates;
pub use error::TlsError;
pub use files::certificate_expiry;

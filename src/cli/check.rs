//! `groundswell check`.

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use crate::config::{Secrets, explain};
use crate::http::{TlsFiles, certificate_expiry};
use crate::source::wall_clock;
use crate::store::MarkFile;

use super::{ConfigArg, Failure};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArg,
    /// Do not read secrets (environment variables, secret files, TLS files): check the rest.
    #[arg(long)]
    without_secrets: bool,
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let secrets = if args.without_secrets { Secrets::Ignore } else { Secrets::Resolve };
    let config = args.config.load(secrets)?;
    MarkFile::read_all(&config.feedback_file).map_err(Failure::other)?;
    let mut text = explain(&config);
    if let (Secrets::Resolve, Some(files)) = (secrets, &config.http.tls) {
        text.push_str(&certificate(files)?);
    }
    say(&text, io::stdout().lock()).map_err(Failure::other)?;
    Ok(ExitCode::SUCCESS)
}

/// How long the certificate is valid, as a line of its own.
fn certificate(files: &TlsFiles) -> Result<String, Failure> {
    let expiry = certificate_expiry(files).map_err(Failure::other)?;
    Ok(match expiry < wall_clock() {
        true => {
            format!("\n  Warning: the certificate ran out at {expiry}; clients will refuse it.")
        }
        false => format!("\n  The certificate is valid until {expiry}."),
    })
}

/// Writes `text`; a reader that has read enough (`| head`) is no failure.
fn say(text: &str, mut out: impl Write) -> io::Result<()> {
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    struct Refuses(ErrorKind);

    impl Write for Refuses {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_goes_away_is_no_failure_and_a_full_disk_is() {
        assert!(say("Watches", Refuses(ErrorKind::BrokenPipe)).is_ok());
        assert!(say("Watches", Refuses(ErrorKind::StorageFull)).is_err());
    }
    #[test]
    fn how_long_the_certificate_is_valid_is_told() {
        for (until, said) in [
            (2_100, "\n  The certificate is valid until 2100-01-01T00:00:00Z."),
            (
                2_020,
                "\n  Warning: the certificate ran out at 2020-01-01T00:00:00Z; clients will refuse it.",
            ),
        ] {
            let mut params = rcgen::CertificateParams::default();
            params.not_after = rcgen::date_time_ymd(until, 1, 1);
            let pair = rcgen::KeyPair::generate().unwrap();
            let folder = tempfile::tempdir().unwrap();
            let files = TlsFiles {
                cert: folder.path().join("cert.pem"),
                key: folder.path().join("key.pem"),
                client_ca: None,
            };
            std::fs::write(&files.cert, params.self_signed(&pair).unwrap().pem()).unwrap();
            std::fs::write(&files.key, pair.serialize_pem()).unwrap();
            assert_eq!(certificate(&files).unwrap(), said);
            std::fs::write(&files.key, "").unwrap();
            assert!(certificate(&files).unwrap_err().to_string().contains("http.tls.key"));
        }
    }
}

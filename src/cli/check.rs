//! `groundswell check`.

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use crate::config::{Secrets, explain};
use crate::store::MarkFile;

use super::{ConfigArg, Failure};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArg,
    /// Do not read secrets (environment variables and secret files): check the rest.
    #[arg(long)]
    without_secrets: bool,
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let secrets = if args.without_secrets { Secrets::Ignore } else { Secrets::Resolve };
    let config = args.config.load(secrets)?;
    MarkFile::read_all(&config.feedback_file).map_err(Failure::other)?;
    say(&explain(&config), io::stdout().lock()).map_err(Failure::other)?;
    Ok(ExitCode::SUCCESS)
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
}

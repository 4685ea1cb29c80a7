#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod broken;
mod examples;
mod explained;
mod mutated;
mod secrets;

use super::*;

/// Parses `text` with the environment variables `env`.
fn parse(text: &str, env: &[(&str, &str)]) -> Result<Config, ConfigErrors> {
    let lookup = |name: &str| {
        env.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    };
    Config::parse(text, "groundswell.toml", Secrets::Resolve, &lookup)
}

/// The smallest valid file, and `more` below it.
fn with_brand(more: &str) -> String {
    format!("brand = [{{ name = \"Acme\" }}]\n{more}")
}

fn repository(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

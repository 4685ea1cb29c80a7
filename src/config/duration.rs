//! Durations as people write them: `90s`, `5m`, `1h30m`, `14d`, `1w`.

use std::time::Duration;

const UNITS: [(&str, u64); 5] = [("w", 604_800), ("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];

/// Reads a duration; a day is 24 hours. `None` when it is not one.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut total = Duration::ZERO;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: u64 = rest[..digits].parse().ok()?;
        rest = rest[digits..].trim_start();
        let unit = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let part = match &rest[..unit] {
            "ms" => Duration::from_millis(number),
            name => {
                let seconds = UNITS.iter().find(|(known, _)| *known == name)?.1;
                Duration::from_secs(number.checked_mul(seconds)?)
            }
        };
        total = total.checked_add(part)?;
        rest = rest[unit..].trim_start();
    }
    Some(total)
}

/// Writes a duration the way it is read.
pub(crate) fn show(duration: Duration) -> String {
    let mut seconds = duration.as_secs();
    if duration.is_zero() {
        return "0s".to_owned();
    }
    let mut text = String::new();
    for (unit, length) in &UNITS[1..] {
        if seconds >= *length {
            text.push_str(&format!("{}{unit}", seconds / length));
            seconds %= length;
        }
    }
    if duration.subsec_millis() > 0 {
        text.push_str(&format!("{}ms", duration.subsec_millis()));
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_are_read_as_written() {
        for (text, seconds) in [
            ("90s", 90),
            ("5m", 300),
            ("1h30m", 5_400),
            ("14d", 1_209_600),
            ("1w", 604_800),
            ("1h 5s", 3_605),
        ] {
            assert_eq!(parse(text), Some(Duration::from_secs(seconds)), "{text}");
        }
        for text in
            ["", "5", "m", "5x", "-5m", "5m5", "99999999999999999999s", "999999999999999999w"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_can_be_read(millis in 0_u64..100_000_000_000) {
            let duration = Duration::from_millis(millis);
            prop_assert_eq!(parse(&show(duration)), Some(duration));
        }

        #[test]
        fn reading_never_panics(text in "\\PC*") {
            let _ = parse(&text);
        }
    }
}

//! Numbers as a chart tells them.

use crate::incident::Unit;

/// A value in few characters: `850`, `12k`, `1.5M`; `12 %`; `+0.25`.
pub fn short(unit: Unit, value: f64) -> String {
    match unit {
        Unit::Mentions | Unit::Persons => count(value),
        Unit::Share => format!("{} %", decimals(value * 100.0, if value < 0.1 { 1 } else { 0 })),
        Unit::Sentiment => signed(value),
    }
}

/// A value in full: `1,203`; `12.5 %`; `+0.25`.
pub fn full(unit: Unit, value: f64) -> String {
    match unit {
        Unit::Mentions | Unit::Persons if value >= 10.0 => thousands(value),
        Unit::Mentions | Unit::Persons => decimals(value, 1),
        Unit::Share => format!("{} %", decimals(value * 100.0, 1)),
        Unit::Sentiment => signed(value),
    }
}

fn count(value: f64) -> String {
    const STEPS: [(f64, &str); 4] = [(1e12, "T"), (1e9, "bn"), (1e6, "M"), (1e3, "k")];
    // 999.7k is told as 1M, not as 1000k.
    match STEPS.iter().find(|(step, _)| value >= step * 0.9995) {
        Some((step, name)) if value >= step * 9.995 => {
            format!("{}{name}", decimals(value / step, 0))
        }
        Some((step, name)) => format!("{}{name}", decimals(value / step, 1)),
        None if value >= 10.0 => decimals(value, 0),
        None => decimals(value, 1),
    }
}

/// With a true minus sign, which is as wide as the plus.
fn signed(value: f64) -> String {
    let size = decimals(value.abs(), 2);
    match size.as_str() {
        "0" => size,
        _ if value < 0.0 => format!("−{size}"),
        _ => format!("+{size}"),
    }
}

/// At most so many decimals: `3`, `3.2`.
fn decimals(value: f64, most: usize) -> String {
    let text = format!("{value:.most$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::with_capacity(digits.len() * 4 / 3 + 1);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_short() {
        let told = |value| short(Unit::Mentions, value);
        assert_eq!(told(0.0), "0");
        assert_eq!(told(2.5), "2.5");
        assert_eq!(told(850.0), "850");
        assert_eq!(told(999.7), "1k");
        assert_eq!(told(1_203.0), "1.2k");
        assert_eq!(told(12_000.0), "12k");
        assert_eq!(told(999_700.0), "1M");
        assert_eq!(told(3.4e9), "3.4bn");
        assert_eq!(told(1e15), "1000T");
    }

    #[test]
    fn shares_and_sentiments_have_their_signs() {
        assert_eq!(short(Unit::Share, 0.125), "12 %");
        assert_eq!(short(Unit::Share, 0.025), "2.5 %");
        assert_eq!(full(Unit::Share, 0.125), "12.5 %");
        assert_eq!(short(Unit::Sentiment, -0.25), "−0.25");
        assert_eq!(short(Unit::Sentiment, 0.5), "+0.5");
        assert_eq!(short(Unit::Sentiment, -0.001), "0");
    }

    #[test]
    fn in_full_a_count_is_exact() {
        assert_eq!(full(Unit::Mentions, 1_234_567.0), "1,234,567");
        assert_eq!(full(Unit::Mentions, 120.0), "120");
        assert_eq!(full(Unit::Mentions, 3.25), "3.2");
        assert_eq!(full(Unit::Persons, 0.0), "0");
    }
}

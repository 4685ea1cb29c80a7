//! How unusual a z is, in words.

use statrs::distribution::{ContinuousCDF, Normal};

use super::words;

/// A frequency people can picture, e.g. `about one window in 741 when nothing is wrong`.
///
/// It is the reciprocal of the one-sided tail of the standard normal distribution beyond `|z|`;
/// z is by definition that quantile (see [`Signal::z`](crate::incident::Signal::z)).
pub fn in_words(z: f64) -> String {
    if z.is_nan() {
        return "how unusual it is could not be worked out".into();
    }
    let windows = 1.0 / Normal::standard().sf(z.abs());
    if windows >= 1e9 {
        "less than one window in a billion when nothing is wrong".into()
    } else if windows < 5.0 {
        "not unusual at all".into()
    } else {
        format!("about one window in {} when nothing is wrong", words::about(windows))
    }
}

/// Days beyond which a record of three months says no more than "longer".
const LONGEST: f64 = 3_652.0;

/// How often the brand's own record has it that this comes, e.g. `about once in 40 days for this
/// brand`; `None` when `days` make no sense.
pub fn by_record(days: f64) -> Option<String> {
    if !days.is_finite() || days <= 0.0 {
        return None;
    }
    Some(match days {
        d if d < 1.5 => "about once a day, or more often, for this brand".into(),
        d if d < 60.0 => format!("about once in {} days for this brand", d.round()),
        d if d < 730.0 => format!("about once in {} months for this brand", (d / 30.4).round()),
        d if d <= LONGEST => format!("about once in {} years for this brand", (d / 365.0).round()),
        _ => "less than once in ten years for this brand".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::{by_record, in_words};

    #[test]
    fn days_become_a_span_people_can_picture() {
        let told = |days| by_record(days).unwrap_or_default();
        assert_eq!(told(0.2), "about once a day, or more often, for this brand");
        assert_eq!(told(1.5), "about once in 2 days for this brand");
        assert_eq!(told(40.2), "about once in 40 days for this brand");
        assert_eq!(told(61.0), "about once in 2 months for this brand");
        assert_eq!(told(729.0), "about once in 24 months for this brand");
        assert_eq!(told(800.0), "about once in 2 years for this brand");
        assert_eq!(told(3_600.0), "about once in 10 years for this brand");
        assert_eq!(told(1e300), "less than once in ten years for this brand");
        for nonsense in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(by_record(nonsense), None);
        }
    }

    #[test]
    fn z_becomes_one_window_in_so_many() {
        // Tails of the standard normal: 0.0013499 at 3, 3.1671e-5 at 4, 2.8665e-7 at 5,
        // 9.8659e-10 at 6.
        assert_eq!(in_words(3.0), "about one window in 741 when nothing is wrong");
        assert_eq!(in_words(-4.0), "about one window in 31,600 when nothing is wrong");
        assert_eq!(in_words(5.0), "about one window in 3.49 million when nothing is wrong");
        for z in [6.0, 40.0, -1e9, f64::INFINITY] {
            assert_eq!(in_words(z), "less than one window in a billion when nothing is wrong");
        }
        assert_eq!(in_words(0.0), "not unusual at all");
        assert_eq!(in_words(f64::NAN), "how unusual it is could not be worked out");
    }
}

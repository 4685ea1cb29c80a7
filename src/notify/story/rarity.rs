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

#[cfg(test)]
mod tests {
    use super::in_words;

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

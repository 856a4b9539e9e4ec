//! Owns what is kept of a channel's own words: a text that was masked before, of bounded length. It does not know what is
//! masked, which the channels do.

use std::fmt;
use std::sync::Arc;

/// A channel's own words, without what is secret or personal in them: so they were before anybody kept them.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RawAnswer(Arc<str>);

impl RawAnswer {
    /// The most bytes that are kept.
    pub const BYTES_MAX: usize = 4 * 1024;
    /// Stands behind a text of which the end is missing.
    pub const CUT: &'static str = "… (cut)";

    /// Words that are masked already; of what is too long, the beginning.
    pub fn of_masked(text: &str) -> Self {
        if text.len() <= Self::BYTES_MAX {
            return Self(text.into());
        }
        let kept = text.floor_char_boundary(Self::BYTES_MAX - Self::CUT.len());
        Self(format!("{}{}", &text[..kept], Self::CUT).into())
    }

    /// Words as they were stored.
    pub fn from_stored(text: &str) -> Self {
        Self(text.into())
    }

    /// The words.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Without the words: they are for the people who may read the payment, and not for a log.
impl fmt::Debug for RawAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawAnswer({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::RawAnswer;

    #[test]
    fn what_is_too_long_is_cut_between_characters() {
        for (text, whole) in [
            (String::new(), true),
            ("a".repeat(RawAnswer::BYTES_MAX), true),
            ("a".repeat(RawAnswer::BYTES_MAX + 1), false),
            ("字".repeat(RawAnswer::BYTES_MAX / 3), true),
            ("字".repeat(RawAnswer::BYTES_MAX), false),
            (format!("a{}", "😀".repeat(RawAnswer::BYTES_MAX)), false),
        ] {
            let kept = RawAnswer::of_masked(&text);
            assert!(kept.as_str().len() <= RawAnswer::BYTES_MAX, "{} bytes", text.len());
            assert_eq!(kept.as_str() == text, whole, "{} bytes", text.len());
            let beginning = kept.as_str().strip_suffix(RawAnswer::CUT);
            assert_eq!(beginning.is_some_and(|beginning| text.starts_with(beginning)), !whole, "{} bytes", text.len());
        }
    }

    #[test]
    fn no_debug_tells_them() {
        assert_eq!(format!("{:?}", RawAnswer::of_masked("words")), "RawAnswer(5 bytes)");
    }
}

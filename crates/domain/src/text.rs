//! Owns the texts that come from outside and the rules each of them keeps: length, blanks, control characters.

use std::fmt;
use std::sync::Arc;

use thiserror::Error;

/// Why a text is not taken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Invalid {
    /// No characters.
    #[error("{what} is empty")]
    Empty {
        /// The text's name.
        what: &'static str,
    },
    /// Too many characters.
    #[error("{what} is longer than {max} characters")]
    TooLong {
        /// The text's name.
        what: &'static str,
        /// The most it may have.
        max: usize,
    },
    /// A control character, which would break logs, labels and file exports.
    #[error("{what} holds a control character")]
    Control {
        /// The text's name.
        what: &'static str,
    },
    /// A blank at an end, which some databases would drop and so make two texts one.
    #[error("{what} begins or ends with a blank")]
    Blank {
        /// The text's name.
        what: &'static str,
    },
    /// A slash where none may stand.
    #[error("{what} has a slash")]
    Slash {
        /// The text's name.
        what: &'static str,
    },
}

#[derive(Clone, Copy, PartialEq)]
enum Ends {
    Tight,
    Free,
}

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $what:literal, $max:literal, $ends:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks a text from outside.
            pub fn new(text: &str) -> Result<Self, Invalid> {
                check(text, $what, $max, $ends)?;
                Ok(Self(text.into()))
            }

            /// A text as it was stored, checked when it came in.
            pub fn from_stored(text: &str) -> Self {
                Self(text.into())
            }

            /// The characters.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
    };
}

text!(
    /// A product's code, 1 to 64 characters, compared byte by byte: 85123A and 85123a are two products.
    Sku, "sku", 64, Ends::Tight
);
text!(
    /// A product's name, 1 to 200 characters.
    ProductName, "name", 200, Ends::Free
);
text!(
    /// The merchant's own id of the buyer, 1 to 64 characters.
    CustomerId, "customer_id", 64, Ends::Tight
);
text!(
    /// The buyer's note on an order, 1 to 500 characters.
    Note, "note", 500, Ends::Free
);
text!(
    /// Why stock was moved by hand, 1 to 200 characters.
    MoveReason, "reason", 200, Ends::Free
);
text!(
    /// Who carries a parcel, 1 to 64 characters.
    Carrier, "carrier", 64, Ends::Tight
);
text!(
    /// The carrier's number of a parcel, 1 to 64 characters.
    TrackingNo, "tracking_no", 64, Ends::Tight
);

text!(
    /// What a person is called, 1 to 100 characters.
    PersonName, "name", 100, Ends::Free
);
text!(
    /// What an account of a server is called, 1 to 64 characters; unique among those of the tenant.
    AccountName, "account", 64, Ends::Free
);
text!(
    /// A person or an account of the tenant as others name them, `per_…` or `acc_…`.
    ActorId, "actor", 40, Ends::Tight
);
text!(
    /// Why one of the staff did something, 1 to 200 characters.
    Reason, "reason", 200, Ends::Free
);
text!(
    /// What somebody did about a review, 1 to 500 characters.
    Resolution, "resolution", 500, Ends::Free
);
text!(
    /// A tenant's name, 1 to 64 characters; unique in the installation.
    TenantName, "name", 64, Ends::Tight
);

text!(
    /// Our number of a charge or a refund as a channel repeats it, 1 to 64 characters.
    Reference, "reference", 64, Ends::Tight
);
text!(
    /// A channel's own number of a charge or a refund, 1 to 128 characters.
    ChannelNo, "channel_no", 128, Ends::Tight
);
text!(
    /// A short text for programs and operators, such as a channel's error code, 1 to 128 characters.
    Code, "code", 128, Ends::Free
);
text!(
    /// Why money is given back, 1 to 200 characters.
    RefundReason, "reason", 200, Ends::Free
);

fn check(text: &str, what: &'static str, max: usize, ends: Ends) -> Result<(), Invalid> {
    if text.is_empty() {
        Err(Invalid::Empty { what })
    } else if text.chars().count() > max {
        Err(Invalid::TooLong { what, max })
    } else if text.chars().any(char::is_control) {
        Err(Invalid::Control { what })
    } else if ends == Ends::Tight && text.trim().len() != text.len() {
        Err(Invalid::Blank { what })
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Invalid, Note, Sku};

    #[test]
    fn the_rules_of_a_text() {
        assert!(Sku::new("85123A").is_ok());
        assert!(Sku::new("BANK CHARGES").is_ok());
        assert!(Sku::new(&"字".repeat(64)).is_ok());
        assert_eq!(Sku::new(""), Err(Invalid::Empty { what: "sku" }));
        assert_eq!(Sku::new(&"a".repeat(65)), Err(Invalid::TooLong { what: "sku", max: 64 }));
        assert_eq!(Sku::new("a\n"), Err(Invalid::Control { what: "sku" }));
        assert_eq!(Sku::new("a "), Err(Invalid::Blank { what: "sku" }));
        assert!(Note::new("ring twice ").is_ok());
    }
}

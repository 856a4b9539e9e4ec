//! Owns what makes two requests the same: the fingerprint over target, precondition and canonical body.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// The version that new fingerprints are made with. A change of the recipe raises it and keeps the old recipe
/// in [`Fingerprints`] for as long as records of it live, so that old keys are still recognised.
pub const VERSION: u8 = 1;

/// A SHA-256 over what a request asks for, with the version of the recipe.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint {
    /// Which recipe made it.
    pub version: u8,
    /// The hash.
    pub digest: [u8; 32],
}

/// A request's fingerprint by every recipe that stored records may have: today's, and at most one older.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprints {
    /// Today's recipe; this one is stored.
    pub current: Fingerprint,
    /// The recipe before, while records made with it may still be asked for.
    pub earlier: Option<Fingerprint>,
}

/// Where a request goes: all of it counts for identity, the body's meaning aside.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The HTTP method.
    pub method: &'a str,
    /// The route's template from the root, for example `/api/v1/orders/{order_no}/cancel`.
    pub route: &'a str,
    /// The decoded values of the template's parameters, in order.
    pub ids: &'a [&'a str],
    /// The raw query, empty where there is none.
    pub query: &'a str,
    /// The `If-Match` header, empty where there is none.
    pub precondition: &'a str,
}

impl Fingerprints {
    /// Takes the fingerprint of a request; `canonical_body` is the text of [`crate::canonical::text`].
    pub fn of(target: &Target<'_>, canonical_body: &str) -> Self {
        Self { current: recipe_1(target, canonical_body), earlier: None }
    }

    /// Takes the fingerprint of a request whose body's meaning is told in parts: `reading` names how they were read, for
    /// example `bytes` or `multipart`, so that two ways of reading never agree by chance.
    pub fn of_parts(target: &Target<'_>, reading: &str, parts: &[&[u8]]) -> Self {
        Self { current: recipe_2(target, reading, parts), earlier: None }
    }

    /// The same, of which records may also be known by another fingerprint, made as it was made before (R-07).
    #[must_use]
    pub const fn or_earlier(self, earlier: Fingerprint) -> Self {
        Self { current: self.current, earlier: Some(earlier) }
    }

    /// True if `stored` was made from the same request, by whichever recipe.
    pub(crate) fn matches(&self, stored: &Fingerprint) -> bool {
        self.current == *stored || self.earlier == Some(*stored)
    }
}

/// Each field is preceded by its length, so that no two requests give the same bytes.
fn recipe_1(target: &Target<'_>, canonical_body: &str) -> Fingerprint {
    let mut hash = Sha256::new();
    let mut field = |text: &str| {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    };
    field(target.method);
    field(target.route);
    field(target.query);
    field(target.precondition);
    for id in target.ids {
        field(id);
    }
    field(canonical_body);
    Fingerprint { version: 1, digest: hash.finalize().into() }
}

/// As recipe 1, for bodies that are no JSON. It begins with a text that is no method, so that the two never agree.
fn recipe_2(target: &Target<'_>, reading: &str, parts: &[&[u8]]) -> Fingerprint {
    let mut hash = Sha256::new();
    let mut field = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    for text in ["recipe 2", target.method, target.route, target.query, target.precondition, reading] {
        field(text.as_bytes());
    }
    field(&(target.ids.len() as u64).to_le_bytes());
    for id in target.ids {
        field(id.as_bytes());
    }
    for part in parts {
        field(part);
    }
    Fingerprint { version: 2, digest: hash.finalize().into() }
}

/// The hash in hexadecimal.
impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.digest.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}:", self.version)?;
        self.digest[..6].iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::{Fingerprints, Target};

    const TARGET: Target<'_> = Target {
        method: "POST",
        route: "/api/v1/orders/{order_no}/cancel",
        ids: &["ord_1"],
        query: "",
        precondition: "",
    };

    #[test]
    fn r_05_every_part_of_the_target_counts() {
        let base = Fingerprints::of(&TARGET, "{}").current;
        let others = [
            Target { method: "PUT", ..TARGET },
            Target { route: "/v2/orders/{order_no}/cancel", ..TARGET },
            Target { ids: &["ord_2"], ..TARGET },
            Target { ids: &["ord", "_1"], ..TARGET },
            Target { query: "a=1", ..TARGET },
            Target { precondition: "\"1\"", ..TARGET },
        ];
        for other in others {
            assert_ne!(Fingerprints::of(&other, "{}").current, base, "{other:?}");
        }
        assert_ne!(Fingerprints::of(&TARGET, r#"{"a":1}"#).current, base);
    }

    /// Stored records hold these bytes: a change here orphans every key of every installation.
    #[test]
    fn recipe_1_is_frozen() {
        let fingerprint = Fingerprints::of(&TARGET, r#"{"reason":"customer"}"#).current;
        assert_eq!(fingerprint.to_string(), "b0aab19b5ee77de3e848142e83a3f4973e9cc4181f0870a192490732609ee4bd");
    }

    #[test]
    fn recipe_2_is_frozen_and_every_part_counts() {
        let base = Fingerprints::of_parts(&TARGET, "bytes", &[b"a", b"b"]).current;
        assert_eq!(base.to_string(), "4cfdd13e25503edf680ec7ca89410acc3f15de56d228d6f51dfbddb8be1f3f5f");
        for other in [
            Fingerprints::of_parts(&TARGET, "bytes", &[b"ab"]),
            Fingerprints::of_parts(&TARGET, "bytes", &[b"b", b"a"]),
            Fingerprints::of_parts(&TARGET, "multipart", &[b"a", b"b"]),
            Fingerprints::of_parts(&Target { ids: &["ord_1", "a"], ..TARGET }, "bytes", &[b"b"]),
            Fingerprints::of_parts(&Target { ids: &[], ..TARGET }, "bytes", &[b"ord_1", b"a", b"b"]),
            Fingerprints::of_parts(&Target { method: "PUT", ..TARGET }, "bytes", &[b"a", b"b"]),
            Fingerprints::of_parts(&Target { query: "a=1", ..TARGET }, "bytes", &[b"a", b"b"]),
        ] {
            assert_ne!(other.current, base);
        }
    }
}

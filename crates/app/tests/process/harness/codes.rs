//! Owns the app that shows codes of a second factor.

use totp_rs::{Algorithm, Builder, Secret};

/// What an app shows now that has this secret.
pub(crate) fn shown(secret: &str) -> String {
    let secret = Secret::try_from_base32(secret).expect("base32");
    let totp = Builder::new().with_algorithm(Algorithm::SHA1).with_digits(6).with_secret(secret).build();
    totp.expect("a whole secret").generate(api::now().0.unsigned_abs() / 1_000).to_string()
}

//! Owns the cryptography of the providers, all of it over `ring`. It does not know what is signed or sealed.

mod der;
mod pem;
mod rsa;
mod seal;
mod stamp;

pub(crate) use rsa::{PrivateKey, PublicKey};
pub(crate) use seal::SealKey;
pub(crate) use stamp::{MacKey, sha1_hex, token};

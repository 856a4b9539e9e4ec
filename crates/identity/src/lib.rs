//! Proofs of who somebody is: passwords, second factors, tokens, login providers. It knows no SQL, no routes, and nobody
//! by name: what is stored about a person is handed in.

pub mod access;
pub mod opaque;
pub mod password;
pub mod provider;
mod randomness;
pub mod sealed;
pub mod totp;

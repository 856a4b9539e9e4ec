//! Signs as the merchant and verifies as the merchant, with `ring` alone.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey};

fn der(pem: &str) -> Vec<u8> {
    STANDARD.decode(pem.lines().filter(|line| !line.starts_with("-----")).collect::<String>()).unwrap()
}

pub fn sign(private: &str, text: &str) -> String {
    let key = RsaKeyPair::from_pkcs8(&der(private)).unwrap();
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).unwrap();
    STANDARD.encode(signature)
}

pub fn holds(public: &str, text: &str, signature: &str) -> bool {
    // In front of the key itself stand 24 bytes, which say that it is one of RSA with 2048 bits.
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der(public)[24..].to_vec());
    key.verify(text.as_bytes(), &STANDARD.decode(signature).unwrap()).is_ok()
}
